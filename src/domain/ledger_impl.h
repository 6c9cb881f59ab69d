/* ledger_impl.h: the ledger's inside, shared by ledger.c (the contract), ledger_facts.c (storage) and ledger_walk.c
 * (accounting). Nobody else includes it.
 *
 * Facts and what follows from them are kept apart. A *row* is one fill as its source told it (88 bytes) and never
 * moves; a sell's row has a *sale* beside it (64 bytes), which the computation fills in. `order` lists the rows by
 * (time, id, side): a *position* is an index into it. A *walk* is the accounting state behind some number of
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

enum row_flag {
    ROW_SELL = 1,
    ROW_DEAD = 2,    /* a corrected record stands elsewhere; still in `order` until the next recomputation */
    ROW_STAGED = 4,  /* not in `order` yet */
    ROW_REFUSED = 8, /* its sums would overflow: it counts nowhere, and the ledger is partial */
};

struct row {
    int64_t time, trade_id, order_id, received_at;
    int64_t price, quantity, fee, fee_value, fee_price; /* of the scales in struct fill */
    uint32_t candle;                                    /* minutes since 1970, 0 none */
    uint32_t wide;  /* 1 + index of its struct wide_row; 0: the numbers above are all, quote = price x quantity */
    uint32_t sale;  /* of a sell: its struct sale */
    uint16_t asset; /* index into assets */
    uint8_t flags;  /* enum row_flag */
    uint8_t words;  /* fee_state, maker << 3, source << 5 */
};

struct wide_row { /* for the few fills whose numbers need more than 64 bits or whose quote is not price x quantity */
    i128 price, quantity, quote, fee, fee_value, fee_price;
    int64_t candle_us;
};

struct amounts { /* what the accounting needs of a row */
    i128 price, quantity, quote, fee, fee_value;
};

enum sale_flag {
    SALE_LINKED = 1,    /* applied: the order's figures below hold */
    SALE_CONSUMED = 2,  /* its order consumed lots, up to and with this fill */
    SALE_UNMATCHED = 4, /* its order left something unmatched, up to and with this fill */
};

struct sale {
    i128 realized;        /* of this fill */
    i128 result;          /* the cycle's, over the order's fills up to and with this one */
    i128 unmatched;       /* of this fill */
    uint32_t first, last; /* rows of the buys it consumed; ROW_NONE */
    uint32_t prev;        /* row of the order's fill before; ROW_NONE */
    uint32_t flags;       /* enum sale_flag */
};

struct facts {
    struct row *rows;
    size_t count, capacity;
    struct sale *sales;
    size_t sale_count, sale_capacity;
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

/* Grows *array of `size`-byte elements to hold `count`; ERR_MEMORY leaves it. */
MUST_CHECK enum err array_grow(void *array_pointer, size_t *capacity, size_t count, size_t size);

static inline MUST_CHECK enum err array_reserve(void *array_pointer, size_t *capacity, size_t count, size_t size) {
    return count <= *capacity ? ERR_OK : array_grow(array_pointer, capacity, count, size);
}

static inline enum side row_side(const struct row *r) { return (r->flags & ROW_SELL) != 0 ? SIDE_SELL : SIDE_BUY; }
static inline enum fee_state row_fee_state(const struct row *r) { return (enum fee_state)(r->words & 7); }

/* (time, trade id, buy before sell) */
static inline bool row_before(const struct row *a, const struct row *b) {
    if (a->time != b->time) return a->time < b->time;
    if (a->trade_id != b->trade_id) return a->trade_id < b->trade_id;
    return (a->flags & ROW_SELL) < (b->flags & ROW_SELL);
}

/* ledger_walk.c: applies the fill at `position`. prev: row of the fill of the same sell order before it, ROW_NONE.
 * *sale is written for a sell. ERR_RANGE: *walk and *sale are as before. */
MUST_CHECK enum err walk_apply(struct walk *walk, struct sale *sale, const struct ledger *l, size_t position,
                               uint32_t prev);
/* The open lots behind `end` positions, added up the slow way. */
void walk_open_lots(const struct ledger *l, const struct walk *walk, size_t end, struct dec8 *holdings,
                    struct dec16 *basis);

#endif
