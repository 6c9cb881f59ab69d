/* store.h: the program's memory: fills for ever, and what is worth keeping beside them. The asynchronous door to the
 * database: every request is copied, runs on the loop's worker, one after the other in the order of asking, and is answered
 * in the loop by an event that carries the id it was asked with (the caller's; any number). Nothing of SQLite shows.
 *
 *     OPENING --opened--> READY
 *        |                  |            FAILED is for good: what waits is answered with the error, further requests are
 *        +---> FAILED <-----+            refused, and the program goes on in memory (DESIGN 3). The file stays as the
 *                 |         |            last commit left it.
 *                 +--> CLOSING
 *
 * Writes that wait together are committed together (WAL, synchronous=FULL: one fsync for all of them); they take effect in
 * order and as a whole. So what a request relies on (a history mark on its fills) is on the disk no later than itself. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/log.h"
#include "io/loop.h"
#include "store/stored.h"

struct store;

enum store_state { STORE_OPENING, STORE_READY, STORE_FAILED, STORE_CLOSING };

struct store_point { /* of the equity series: the marks and rates of a moment, in the caller's encoding */
    struct wall time;
    struct span marks;
};

/* All are called in the loop, never from inside a request; NULL: not of interest. What they are given is valid until they
 * return. err other than ERR_OK: nothing of the request took effect; the other arguments are then empty. */
struct store_events {
    /* READY. Every account in the database, older epochs too: number n at n - 1. */
    void (*opened)(void *arg, const struct stored_account *accounts, size_t count);
    /* FAILED, once, before the answers that carry the error. words: a sentence with the file, the cause and what to do. */
    void (*failed)(void *arg, enum err err, const char *words);
    /* store_load: the fills in the order (time, trade id, buy before sell), in batches; then loaded. */
    void (*fills)(void *arg, uint64_t id, const struct fill *fills, size_t count);
    void (*loaded)(void *arg, uint64_t id, enum err err, uint64_t total, const struct stored_history *histories,
                   size_t count);
    /* store_put: the fills are on the disk. */
    void (*committed)(void *arg, uint64_t id, enum err err, const struct put_counts *counts);
    /* Every other write. */
    void (*written)(void *arg, uint64_t id, enum err err);
    void (*metas)(void *arg, uint64_t id, enum err err, const struct stored_meta *metas, size_t count);
    void (*markets)(void *arg, uint64_t id, enum err err, const struct stored_markets *markets);
    void (*candles)(void *arg, uint64_t id, enum err err, const struct candle *candles, size_t count);
    void (*points)(void *arg, uint64_t id, enum err err, const struct store_point *points, size_t count);
    void (*verified)(void *arg, uint64_t id, enum err err, const struct verdict *verdict);
    /* The last event: the database is closed and the store is gone. */
    void (*closed)(void *arg);
};

enum store_use {
    STORE_USE,
    STORE_VERIFY, /* for store_verify alone: opens a journal that is not whole, too */
};

/* Begins to open: `opened` or `failed` follows. path: a file (made, with its folders, where there is none) or ":memory:".
 * *events and log are borrowed for the store's life. ERR_MEMORY, ERR_TOO_BIG (path). */
MUST_CHECK enum err store_open(struct store **out, struct loop *l, const char *path, enum store_use use,
                               const struct log *log, const struct store_events *events, void *arg);
/* What was asked before is still done and answered, except that a load or a walk of the journal that is not through yet ends
 * with ERR_CANCELED; then `closed`. Once. */
void store_close(struct store *s);

enum store_state store_state(const struct store *s);
const char *store_state_name(enum store_state state); /* "opening", "ready", "failed", "closing" */
/* The words of the failure; "" without one. */
const char *store_why(const struct store *s);
/* Requests and fills that wait or are being worked on. */
size_t store_waiting(const struct store *s);

/* Every request: ERR_BAD_STATE once failed or closing, ERR_FULL where too much waits (LIMIT_STORE_OPS, LIMIT_PENDING_FILLS),
 * ERR_TOO_BIG for a text or a count over its limit, ERR_MEMORY; no event follows then. account: 1 ..
 * ACCOUNT_TEXT_MAX - 1 bytes. */

/* ---- fills ---- */

/* The account's fills as they stand, corrections applied, and its histories; none for an account not known. */
MUST_CHECK enum err store_load(struct store *s, uint64_t id, const char *account);
/* Each fill as it stands now (ACCOUNTING 2): new; or of a known identity (account, symbol, trade_id, side), then it becomes a
 * correction where its source is more authoritative, or where its fee is valued and was not; else a duplicate. At most
 * LIMIT_STORE_GROUP_FILLS, each valid (fill_validate). fee_state is kept only where it is FEE_VALUED. */
MUST_CHECK enum err store_put(struct store *s, uint64_t id, const char *account, const struct fill *fills,
                              size_t count);
/* A wiped testnet: from now on the account has no fills and no histories; the old ones are kept under the old epoch. */
MUST_CHECK enum err store_new_epoch(struct store *s, uint64_t id, const char *account);
/* `from`, which must be known, goes on as `into`: its fills are put there (the bot's, once the uid is known). */
MUST_CHECK enum err store_join(struct store *s, uint64_t id, const char *from, const char *into);
MUST_CHECK enum err store_put_history(struct store *s, uint64_t id, const char *account,
                                      const struct stored_history *h);
/* Walks the whole journal in slices between other requests. */
MUST_CHECK enum err store_verify(struct store *s, uint64_t id);

/* ---- beside them ---- */

MUST_CHECK enum err store_put_meta(struct store *s, uint64_t id, const char *key, const char *value); /* NULL removes */
/* Every key that begins with prefix ("" for all), by key; at most LIMIT_STORE_METAS, LIMIT_STORE_ANSWER_BYTES. */
MUST_CHECK enum err store_get_metas(struct store *s, uint64_t id, const char *prefix);
/* Exchange information and candles belong to an environment ("production", "testnet", a host): 1 .. ACCOUNT_TEXT_MAX - 1
 * bytes. */
/* In the place of what was known; at most LIMIT_STORE_MARKETS. */
MUST_CHECK enum err store_put_markets(struct store *s, uint64_t id, const char *environment,
                                      const struct stored_markets *m);
MUST_CHECK enum err store_get_markets(struct store *s, uint64_t id, const char *environment);
/* Closed ones, at most LIMIT_STORE_CANDLES. What is kept in all is bounded (facts.h). */
MUST_CHECK enum err store_put_candles(struct store *s, uint64_t id, const char *environment, const struct name *symbol,
                                      const struct name *interval, const struct candle *candles, size_t count);
/* The newest `max` (at most LIMIT_STORE_CANDLES) of those that open before `before` (0: no bound), oldest first. */
MUST_CHECK enum err store_get_candles(struct store *s, uint64_t id, const char *environment, const struct name *symbol,
                                      const struct name *interval, struct wall before, size_t max);
/* A wiped testnet: neither its markets nor its candles are what they were. */
MUST_CHECK enum err store_drop_market_data(struct store *s, uint64_t id, const char *environment);
/* marks: at most LIMIT_STORE_BLOB_BYTES. */
MUST_CHECK enum err store_put_point(struct store *s, uint64_t id, const char *account, struct wall time,
                                    struct span marks);
/* from <= time < to, oldest first; with a step only the first point of each (steps begin at multiples of it); at most LIMIT_STORE_EQUITY_POINTS and LIMIT_STORE_ANSWER_BYTES: where points may be left,
 * ask again behind the last one's time. */
MUST_CHECK enum err store_get_points(struct store *s, uint64_t id, const char *account, struct wall from,
                                     struct wall to, int64_t step_us);
/* Keeps the first point of every step_us of from <= time < to (ACCOUNTING 6: hourly after 90 days). */
MUST_CHECK enum err store_thin_points(struct store *s, uint64_t id, const char *account, struct wall from,
                                      struct wall to, int64_t step_us);

#endif
