/* fill.h: one trade of ours (ACCOUNTING section 2). A fill is a fact: it is kept for ever, figures are functions of it. */
#ifndef DOMAIN_FILL_H
#define DOMAIN_FILL_H

#include "base/dec.h"
#include "base/name.h"
#include "base/time.h"

enum side { SIDE_BUY, SIDE_SELL }; /* buy sorts before sell at the same time and id */

/* In rising authority: a record of a higher source replaces one of a lower (ACCOUNTING 2). */
enum fill_source { SOURCE_IMPORT, SOURCE_BOT, SOURCE_STREAM, SOURCE_REST };

enum maker { MAKER_UNKNOWN, MAKER_NO, MAKER_YES };

enum fee_state {
    FEE_NONE,     /* no fee, or a fee of zero */
    FEE_OWN,      /* paid in the quote or the base asset: its value follows from the fill itself */
    FEE_ASSUMED,  /* the source names no asset: taken as quote, marked */
    FEE_UNVALUED, /* a third asset whose price is not known yet: left out of realized, and said so */
    FEE_VALUED,   /* a third asset, valued once; fee_value, fee_price, fee_candle stand */
};

#define ORDER_ID_NONE INT64_C(-1) /* ids of other kinds (not decimal digits) are hashed to -2 and below */

struct fill {
    struct name symbol; /* canonical: "BTC/USDT" once the symbol is known, else as the source spells it */
    int64_t trade_id;   /* >= 0; unique per (symbol, side) within an account */
    int64_t order_id;   /* ORDER_ID_NONE where the source has none */
    enum side side;
    enum maker maker;
    enum fill_source source;
    struct dec8 price, quantity; /* > 0: the executed ones */
    struct dec16 quote_amount;   /* what the source says; 0: not said, price x quantity stands */
    struct dec16 fee;            /* >= 0, in fee_asset */
    struct name fee_asset;       /* empty: not named by the source */
    struct wall time;            /* of the execution, by the exchange */
    struct wall received_at;     /* when we first heard of it; 0 unknown */
    /* Kept with the fill once valued, never recomputed unless the fee itself is corrected (ACCOUNTING 3). */
    enum fee_state fee_state; /* set by the ledger; a source may only pre-set FEE_VALUED (from the store) */
    struct dec16 fee_value;   /* in quote */
    struct dec8 fee_price;    /* quote per fee asset, as valued; rounded half-even to 8 digits, for display */
    struct wall fee_candle;   /* open time of the one-minute candle that priced it */
};

/* "buy", "sell"; "import", "bot", "stream", "rest". Static text. */
const char *side_name(enum side s);
const char *fill_source_name(enum fill_source s);

/* Field by field: ERR_VALUE with *field naming the first field that makes it no fill (price, quantity, trade_id, fee,
 * quote_amount); ERR_OK else. field may not be NULL. */
MUST_CHECK enum err fill_validate(const struct fill *f, const char **field);

#endif
