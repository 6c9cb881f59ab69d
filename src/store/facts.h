/* facts.h: what the store keeps beside the journal. All of it but the equity points can be fetched again, so a newer value
 * simply takes the place of the older. All changes happen inside a transaction of db.h; failures have words in sql_why. */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "store/sql.h"
#include "store/stored.h"

/* ---- meta: a text under a key ("symbols": those last watched; "account": the one last used) ---- */

/* value NULL removes. ERR_TOO_BIG. */
MUST_CHECK enum err meta_put(struct sql *s, const char *key, const char *value);
/* Calls fn for every key that begins with prefix, in the order of their bytes and until it says false; key and value are
 * borrowed until fn returns. */
typedef bool meta_fn(void *arg, const char *key, const char *value);
MUST_CHECK enum err meta_get_all(struct sql *s, const char *prefix, meta_fn *fn, void *arg);

/* ---- history: by account, its number in the journal ---- */

MUST_CHECK enum err history_put(struct sql *s, uint64_t account, const struct stored_history *h);
/* The rows of one account by symbol, at most max. */
MUST_CHECK enum err history_get(struct sql *s, struct stored_history *out, size_t *count, size_t max, uint64_t account);

/* ---- markets: exchange information of an environment, with the time it was read ---- */

/* In the place of what was known of that environment. */
MUST_CHECK enum err markets_put(struct sql *s, const char *environment, const struct stored_markets *m);
/* Never read: all zero. *rows is the caller's to free, and what out->at points to; NULL without rows. */
MUST_CHECK enum err markets_get(struct sql *s, struct stored_markets *out, struct symbol_info **rows,
                                const char *environment);

/* ---- candles: closed ones, of an environment's markets ---- */

/* candles are closed; those already there are replaced. symbol and interval as the caller spells them. Beyond
 * LIMIT_STORE_CANDLES_SERIES of one series its oldest go, beyond LIMIT_STORE_CANDLES_ALL the series whose newest candle is
 * the oldest: the one that nobody has looked at for the longest. */
MUST_CHECK enum err candles_put(struct sql *s, const char *environment, const struct name *symbol,
                                const struct name *interval, const struct candle *candles, size_t count);
/* The newest `max` of those that open before `before` (0: no bound), oldest first. */
MUST_CHECK enum err candles_get(struct sql *s, struct candle *out, size_t *count, size_t max, const char *environment,
                                const struct name *symbol, const struct name *interval, struct wall before);

/* The environment began anew (a wiped testnet): its candles and markets are gone. */
MUST_CHECK enum err market_data_drop(struct sql *s, const char *environment);

/* ---- equity: a point is a time and the marks and rates of that moment, bytes of the caller's ---- */

MUST_CHECK enum err equity_put(struct sql *s, uint64_t account, struct wall time, struct span marks);
/* Calls fn for the points of from <= time < to, oldest first, at most max and until it says false; marks are borrowed
 * until fn returns. step_us above 0: only for the first point of each step, which begin at multiples of it. */
typedef bool equity_fn(void *arg, struct wall time, struct span marks);
MUST_CHECK enum err equity_get(struct sql *s, size_t max, uint64_t account, struct wall from, struct wall to,
                               int64_t step_us, equity_fn *fn, void *arg);
/* Removes the points of from <= time < to except the first of every `step_us`: the thinning of ACCOUNTING 6. */
MUST_CHECK enum err equity_thin(struct sql *s, uint64_t account, struct wall from, struct wall to, int64_t step_us);

#endif
