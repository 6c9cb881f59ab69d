/* ledger_impl.h: the ledger's inside, shared by ledger.c (the contract), ledger_facts.c (storage) and ledger_walk.c
 * (accounting). Nobody else includes it.
 *
 * Facts and what follows from them are kept apart. A *row* is one fill as its source told it (48 bytes) and never
 * moves; a sell's row has a *kept sale* beside it (32 bytes), which the computation fills in. Both have the widths of what
 * exchanges send; a number that does not fit goes, whole, into a table for such numbers: nothing is ever cut. `order` lists
 * the rows by (time, id, side): a *position* is an index into it. A *walk* is the accounting state behind some number of
 * positions; applying one more fill makes the next. FIFO consumes buys in order, so all open lots are named by one
 * position and what is left of that lot: a checkpoint is a plain copy of a walk.
 *
 *   late fill -> staged ---merge---> order            applied: positions [0, applied) are in `walk`
 *   correction, fee value ---------> dirty            dirty < applied: undo to the checkpoint below it, apply again
 *
 * Nothing is allocated while computing: every add reserves room first. */
#ifndef DOMAIN_LEDGER_IMPL_H
#define DOMAIN_LEDGER_IMPL_H

#include "base/limits.h"
#include "domain/ledger.h"
#include "domain/row_index.h"

/* ---- facts ---- */

enum { ASSET_QUOTE, ASSET_BASE, ASSET_UNNAMED, ASSET_FIRST_OTHER };
enum { ASSETS_MAX = 1024 }; /* Binance lists about 500; a source that names more makes them up */

/* A number of a row is its digits without `zeros` decimal zeros at the end: 64250.1 is 642501000 and 4 zeros. */
struct row {
    uint64_t time : 52;                               /* us since 1970, until 2112 */
    bool sell : 1, dead : 1, staged : 1, refused : 1; /* see below */
    bool wide : 1;         /* all numbers below but order_id stand in the wide row of the number `price` */
    bool far : 1;          /* price and quantity are the far numbers of the number `price` */
    uint64_t fee_form : 2; /* enum fee_form */
    uint64_t maker : 2, source : 2;
    uint64_t trade_id : 48;
    uint64_t price_zeros : 4, quantity_zeros : 4, fee_zeros : 4, fee_state : 3;
    int64_t order_id;              /* 64 bits: a hash where the source has no number */
    uint64_t lag : 48;             /* received_at - time + LAG_BIAS; 0: unknown */
    uint64_t asset : 16;           /* index into assets */
    uint32_t price, quantity, fee; /* of the scales in struct fill; the quote amount is their product */
    uint32_t sale;                 /* of a sell: its kept sale */
};
/* dead: a corrected record stands elsewhere; still in `order` until the next recomputation. staged: not in `order` yet.
 * refused: its sums would overflow: it counts nowhere, and the ledger is partial. */
_Static_assert(sizeof(struct row) == 48, "a row has grown");

enum { ROW_TIME_BITS = 52, ROW_ID_BITS = 48, ROW_LAG_BITS = 48 };
#define LAG_BIAS (UINT64_C(1) << 40) /* us: a clock of ours that is 12 days behind is still none of the exceptions */

struct far_numbers { /* with more digits than an exchange's prices have */
    int64_t price, quantity;
};

enum fee_form {
    FEE_NEAR,   /* the number stands in the row, what it is worth follows */
    FEE_PRICED, /* `fee` is the number of its priced fee */
    FEE_FAR,    /* `fee` is the number of its far fee */
};

struct priced_fee { /* of a third asset, worth fee x price, rounded */
    uint32_t fee, price;
    uint32_t candle : 28, price_zeros : 4; /* minutes since 1970, 0 none */
};

struct far_fee { /* of a third asset that was valued over another one, and of a fee with many digits */
    int64_t fee, value, price;
    uint32_t candle; /* minutes since 1970, 0 none */
};

struct wide_row { /* for the few fills with a number that has no room, or whose quote is not price x quantity */
    i128 price, quantity, quote, fee, fee_value, fee_price;
    int64_t time, trade_id, received_us, candle_us;
};

struct amounts { /* what the accounting needs of a row */
    i128 price, quantity, quote, fee, fee_value;
};

enum sale_flag {
    SALE_LINKED = 1,    /* applied: the order's figures below hold */
    SALE_CONSUMED = 2,  /* its order consumed lots, up to and with this fill */
    SALE_UNMATCHED = 4, /* its order left something unmatched, up to and with this fill */
};

struct sale {             /* what a sell did, as it is computed */
    i128 realized;        /* of this fill */
    i128 result;          /* the cycle's, over the order's fills up to and with this one */
    i128 unmatched;       /* of this fill */
    uint32_t first, last; /* rows of the buys it consumed; ROW_NONE */
    uint32_t prev;        /* row of the order's fill before; ROW_NONE */
    uint32_t flags;       /* enum sale_flag */
};

/* The same as it is kept: 78 bits for realized and result (15 million quote units), nothing for unmatched. */
struct kept_sale {
    uint64_t realized, result; /* their low 64 bits; far: realized is the number of its far sale */
    uint32_t realized_high : 14, result_high : 14;
    uint32_t flags : 3, far : 1; /* far is for ever: a sale that is computed again uses its place again */
    uint32_t first, last, prev;
};
_Static_assert(sizeof(struct kept_sale) == 32, "a kept sale has grown");

struct far_sale {
    i128 realized, result, unmatched;
};

struct facts {
    struct row *rows;
    size_t count, capacity;
    struct kept_sale *sales;
    size_t sale_count, sale_capacity;
    struct far_sale *far_sales;
    size_t far_sale_count, far_sale_capacity;
    struct far_numbers *far_numbers;
    size_t far_number_count, far_number_capacity;
    struct priced_fee *priced_fees;
    size_t priced_fee_count, priced_fee_capacity;
    struct far_fee *far_fees;
    size_t far_fee_count, far_fee_capacity;
    struct wide_row *wides;
    size_t wide_count, wide_capacity;
    struct name *assets;
    size_t asset_count, asset_capacity;
};

/* ---- accounting ---- */

struct lot { /* the oldest open lot; left 0: the next one is looked for from position on */
    size_t position;
    i128 left;       /* base */
    i128 basis, fee; /* of what is left, in quote */
    i128 price;      /* where basis = price x left exactly, else 0 */
};

struct sums {
    struct dec8 holdings, unmatched, fees_outside;
    struct dec16 cost_basis, realized, fees_quote, gross_profit, gross_loss, bought, sold, fees_outside_value;
    uint64_t fills, buys, sells, cycles, wins, losses, assumed, unvalued, refused;
    int64_t first_time, last_time;
    bool turnover_over;
};

struct fee_sum {
    struct dec16 amount, unvalued;
    uint16_t asset;
};

struct walk {
    struct sums sums;
    struct lot lot;
    size_t fee_count;
    struct fee_sum fees[LEDGER_FEE_ASSETS_MAX]; /* in the order of their first fill; the last one is for all others */
};

struct ledger {
    struct name symbol;
    struct wall since;
    struct facts facts;
    struct flows flows;
    uint32_t *order; /* rows by position */
    size_t count, order_capacity;
    uint32_t *staged; /* rows to be merged into order, unsorted */
    size_t staged_count, staged_capacity;
    struct row_index by_id;    /* (trade id, side) -> row */
    struct row_index by_order; /* order id -> row of its latest applied sell; not SALE_LINKED: none */
    struct walk *checkpoints;  /* [k]: before position k x LIMIT_CHECKPOINT_FILLS */
    size_t checkpoint_capacity;
    struct walk walk; /* behind position applied - 1, where dirty >= applied */
    size_t applied;
    size_t dirty;                   /* earliest changed position; SIZE_MAX none */
    size_t dead;                    /* ROW_DEAD rows in order */
    size_t unvalued, unvalued_from; /* rows with an unvalued fee, and a position none of them is before */
    int64_t first_id, last_id;
    bool overflowed;             /* a fill was refused when it came */
    uint64_t revision;           /* counts changes of what was in order already */
    struct ledger_totals totals; /* published */
};

/* ledger_facts.c */
enum err facts_init(struct facts *s, const struct name *base, const struct name *quote);
void facts_free(struct facts *s);
MUST_CHECK enum err facts_asset(struct facts *s, uint16_t *out, const struct name *asset);
/* Appends, or overwrites what is not the identity. ERR_MEMORY, ERR_FULL leave everything as it was. f is settled. */
MUST_CHECK enum err facts_add(struct facts *s, uint32_t *out_row, const struct fill *f, uint16_t asset);
MUST_CHECK enum err facts_set(struct facts *s, uint32_t row, const struct fill *f, uint16_t asset);
void facts_drop_last(struct facts *s);
void facts_get(const struct facts *s, struct fill *out, uint32_t row); /* all but the symbol */
struct amounts facts_amounts(const struct facts *s, uint32_t row);
struct sale facts_sale(const struct facts *s, uint32_t sale);
/* Room for one more far sale, so that the next facts_keep_sale cannot fail. */
MUST_CHECK enum err facts_reserve_sale(struct facts *s);
void facts_keep_sale(struct facts *s, uint32_t sale, const struct sale *from);

/* Grows *array of `size`-byte elements to hold `count`; ERR_MEMORY leaves it. */
MUST_CHECK enum err array_grow(void *array_pointer, size_t *capacity, size_t count, size_t size);

static inline MUST_CHECK enum err array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t size) {
    return count <= *capacity ? ERR_OK : array_grow(array_pointer, capacity, count, size);
}

static inline enum side row_side(const struct row *r) { return r->sell ? SIDE_SELL : SIDE_BUY; }
static inline enum fee_state row_fee_state(const struct row *r) { return (enum fee_state)r->fee_state; }

static inline int64_t facts_time(const struct facts *s, const struct row *r) {
    return r->wide ? s->wides[r->price].time : (int64_t)r->time;
}

static inline int64_t facts_trade_id(const struct facts *s, const struct row *r) {
    return r->wide ? s->wides[r->price].trade_id : (int64_t)r->trade_id;
}

struct place { /* what fills are ordered by: (time, trade id, buy before sell) */
    int64_t time, trade_id;
    bool sell;
};

static inline struct place facts_place(const struct facts *s, uint32_t row) {
    const struct row *r = &s->rows[row];
    return (struct place){facts_time(s, r), facts_trade_id(s, r), r->sell};
}

static inline bool place_before(const struct place *a, const struct place *b) {
    if (a->time != b->time) return a->time < b->time;
    if (a->trade_id != b->trade_id) return a->trade_id < b->trade_id;
    return a->sell < b->sell;
}

/* ledger_walk.c: applies the fill at `position`. prev: row of the fill of the same sell order before it, ROW_NONE.
 * *sale is written for a sell. ERR_RANGE: *walk and *sale are as before. */
MUST_CHECK enum err walk_apply(struct walk *walk, struct sale *sale, const struct ledger *l, size_t position,
                               uint32_t prev);
/* The open lots behind `end` positions, added up the slow way. */
void walk_open_lots(const struct ledger *l, const struct walk *walk, size_t end, struct dec8 *holdings,
                    struct dec16 *basis);

#endif
