/* op.h: one request to the store, from its asking to its answer: copies of what it needs, and what came of it. The worker
 * runs it (op_run_group), the loop answers it (store.c). Seen by this folder only. */
#ifndef STORE_OP_H
#define STORE_OP_H

#include "base/buf.h"
#include "store/db.h"

enum op_kind {
    OP_OPEN,
    OP_CLOSE,
    OP_LOAD,
    OP_PUT,
    OP_NEW_EPOCH,
    OP_JOIN,
    OP_PUT_HISTORY,
    OP_VERIFY,
    OP_PUT_META,
    OP_GET_METAS,
    OP_PUT_MARKETS,
    OP_GET_MARKETS,
    OP_PUT_CANDLES,
    OP_GET_CANDLES,
    OP_DROP_MARKET_DATA,
    OP_PUT_POINT,
    OP_GET_POINTS,
    OP_THIN_POINTS,
    OP_KINDS
};

struct op_meta { /* key and value lie in the op's heap, with their NULs */
    size_t key, value;
};

struct op_point { /* a point's marks lie in the op's heap */
    struct wall time;
    size_t at, len;
};

struct op {
    enum op_kind kind;
    struct op *next;
    uint64_t id;
    enum err err;

    /* in; unused ones are zero */
    char account[ACCOUNT_TEXT_MAX], into[ACCOUNT_TEXT_MAX]; /* of market data: the environment */
    char key[META_KEY_MAX];
    bool has_value; /* of a meta: to be put, not removed */
    struct name symbol, interval;
    struct wall from, to;
    int64_t step_us;
    int64_t weight_limit;
    size_t max;

    /* in or out */
    void *items; /* owned: fills, histories, metas, markets, candles, points */
    size_t count;
    size_t fills;    /* of an OP_PUT: what it counts against the limits */
    struct buf heap; /* a meta value, marks */

    /* out */
    bool more; /* not done: to be run again (loading, verifying) */
    struct put_counts counts;
    struct verdict verdict;
    struct loader *loader; /* owned, between the slices of a load */
    uint64_t total;        /* fills loaded so far */
    struct fill *slice;    /* owned: the fills of this run */
    size_t slice_count;
};

/* What only the worker touches while a group runs. */
struct worker {
    const char *path; /* borrowed, as long as the worker */
    enum db_use use;
    struct db *db;   /* owned; NULL before OP_OPEN and after OP_CLOSE */
    enum err failed; /* the first failure: nothing runs any more but OP_CLOSE */
    char why[SQL_WHY_MAX];
};

/* NULL without memory. */
struct op *op_new(enum op_kind kind, uint64_t id);
void op_free(struct op *o); /* NULL is allowed; not while it runs */

/* Sets err; nothing of the op may look like a result then. */
void op_fail(struct op *o, enum err e);

/* Ops that may be run with those before them, in one transaction. */
bool op_writes(enum op_kind kind);

/* Runs a list of ops, either one that does not write, or any number of those that do. Sets err and the results of each: the
 * same error for all where a write failed. */
void op_run_group(struct worker *w, struct op *first);

#endif
