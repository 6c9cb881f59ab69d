/* oracle.h: a small world of ledgers fed from the oracle's JSON rows. The JSON is read here directly, not through
 * wire/, so that these tests judge the accounting alone. */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "domain/market.h"
#include "domain/portfolio.h"

#include <yyjson.h>

enum { WORLD_SYMBOLS = 8 };

struct world {
    struct name symbols[WORLD_SYMBOLS];
    struct name exchange_symbols[WORLD_SYMBOLS]; /* without the slash */
    struct ledger *ledgers[WORLD_SYMBOLS];
    bool has_mark[WORLD_SYMBOLS];
    struct dec16 marks[WORLD_SYMBOLS];
    size_t count;
    yyjson_val *fee_prices; /* borrowed from the case; NULL none */
    size_t refused;         /* rows that were no fill */
};

yyjson_doc *oracle_open(const char *file); /* under tests/data/oracle; fails the test where it cannot be read */

/* A ledger for each symbol named by the case's marks or (with a slash) by its trades. */
void world_init(struct world *w, yyjson_val *a_case, const char *trades_key);
void world_free(struct world *w);

/* Index of the symbol, spelled either way. */
size_t world_symbol(const struct world *w, const char *symbol);

/* A row in the bot's shape. */
struct fill fill_of_row(const struct world *w, yyjson_val *row);
/* Adds it to its symbol's ledger and values a third fee; rows that are no fill are counted. */
void world_add(struct world *w, const struct fill *f);
/* In slices of that many fills. */
void world_recompute(struct world *w, size_t slice);

struct dec8 dec8_text(const char *text);
struct dec16 dec16_text(const char *text);
int64_t order_id_text(const char *text);

#endif
