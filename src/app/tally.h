/* tally.h: fills of many symbols counted up outside a running dashboard: a ledger for each symbol, for files and reports. */
#ifndef APP_TALLY_H
#define APP_TALLY_H

#include "domain/ledger.h"
#include "domain/market.h"

struct tally_line {
    struct name symbol, base, quote; /* "BTC/USDT", "BTC", "USDT" */
    struct ledger *ledger;           /* owned by the tally */
};

struct tally {
    struct tally_line *lines;
    size_t count, capacity, last; /* last: the line of the fill before; most fills come in runs */
    struct wall since;            /* of all ledgers */
    uint64_t fills, duplicates;
};

void tally_init(struct tally *t, struct wall since);
void tally_free(struct tally *t);

/* The line of "BTC/USDT"; NULL: none. */
struct tally_line *tally_find(struct tally *t, const struct name *symbol);
/* The line whose base and quote together are "BTCUSDT"; NULL: none. */
struct tally_line *tally_find_joined(struct tally *t, const struct name *exchange_symbol);
bool joined_is(const struct name *base, const struct name *quote, const struct name *exchange_symbol);

/* Adds a fill whose symbol has a slash, with a line of its own where its symbol is new. As ledger_add, and ERR_SYNTAX for a symbol
 * that is not two assets. */
MUST_CHECK enum err tally_add(struct tally *t, const struct fill *f);
/* Brings every ledger up to date and sorts the lines by symbol. */
void tally_finish(struct tally *t);

#endif
