/* fills.h: walking the fills of all pairs as one list, newest first, without copying it: the ledgers are merged from
 * their ends by (time, symbol, trade id, side). A place in the list is a key, not a number, so it stays where it is
 * when fills come in above or below it; as text it is the cursor of a page. */
#ifndef VIEW_FILLS_H
#define VIEW_FILLS_H

#include "engine/state.h"

struct fill_key {
    struct wall time;
    struct name symbol;
    int64_t trade_id;
    enum side side;
};

/* Below, at, above zero; a buy stands before a sell of the same id, as in the ledger. */
int fill_key_compare(const struct fill_key *a, const struct fill_key *b);
struct fill_key fill_key_of(const struct fill *f);

/* "<time>-<trade id>-<b|s>-<symbol>", all but the side in hexadecimal: safe in an address as it is. NUL-terminated. */
enum { CURSOR_TEXT_MAX = 16 + 1 + 16 + 1 + 1 + 1 + 2 * NAME_MAX + 1 };
void cursor_write(char out[static CURSOR_TEXT_MAX], const struct fill_key *key);
MUST_CHECK enum err cursor_read(struct fill_key *out, struct span text);

enum { FILTER_TEXT_MAX = 64 };

struct fill_filter {
    struct name symbol; /* "BTC/USDT" or "BTCUSDT", any case; empty: all */
    bool has_side;
    enum side side;
    struct wall from, to; /* from inclusive, to exclusive; 0: open */
    /* part of symbol, trade id, order id, fee asset, side or source, any case; "" any */
    char text[FILTER_TEXT_MAX + 1];
};

/* The position of the first fill of the ledger behind the key. */
size_t fill_position_after(const struct ledger *l, const struct fill_key *key);

bool filter_takes_pair(const struct fill_filter *f, const struct pair *p);
/* Whether side and text let the fill pass; symbol and time are the walk's business. */
bool filter_takes_fill(const struct fill_filter *f, const struct fill *fill);

struct fill_walk {
    const struct engine *e;
    struct wall from;
    size_t count;            /* a heap, the newest on top */
    struct fill_head {       /* a ledger with fills ahead */
        struct fill_key key; /* of the next one */
        size_t pair, left;   /* it is at position left - 1 */
    } heads[LIMIT_PAIRS];
};

/* below: only what stands before it in time's order (the next page); NULL: from the newest on. Valid until the engine's
 * state changes. */
void fill_walk_begin(struct fill_walk *w, const struct engine *e, const struct fill_filter *f,
                     const struct fill_key *below);
/* The next older fill; false at the end. */
bool fill_walk_next(struct fill_walk *w, struct fill *out, struct fill_result *result, size_t *pair);

#endif
