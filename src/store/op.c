#include "store/op.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum { VERIFY_SLICE_ROWS = 32768 }; /* under 30 ms: what waits behind it is a commit that a page waits for */

struct op *op_new(enum op_kind kind, uint64_t id) {
    struct op *o = calloc(1, sizeof *o);
    if (o == NULL) return NULL;
    o->kind = kind;
    o->id = id;
    buf_init(&o->heap, LIMIT_STORE_ANSWER_BYTES);
    return o;
}

void op_free(struct op *o) {
    if (o == NULL) return;
    loader_free(o->loader);
    buf_free(&o->heap);
    free(o->items);
    free(o->slice);
    free(o);
}

/* ---- one function a kind; each runs inside the group's transaction where it writes ---- */

static enum err run_open(struct worker *w, struct op *o) {
    enum err e = db_open(&w->db, w->path, w->use, w->why);
    if (e != ERR_OK || w->use == DB_VERIFY) return e;
    o->count = journal_accounts(db_journal(w->db));
    struct stored_account *accounts = calloc(o->count + 1, sizeof *accounts);
    o->items = accounts;
    if (accounts == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < o->count; i++) accounts[i] = *journal_account(db_journal(w->db), i);
    return ERR_OK;
}

static enum err run_close(struct worker *w, struct op *o) {
    (void)o;
    db_close(w->db);
    w->db = NULL;
    return ERR_OK;
}

/* The last slice brings the histories. */
static enum err finish_load(struct worker *w, struct op *o, uint64_t account) {
    struct stored_history *all = calloc(LIMIT_PAIRS, sizeof *all);
    o->items = all;
    o->more = false;
    return all == NULL ? ERR_MEMORY : history_get(db_sql(w->db), all, &o->count, LIMIT_PAIRS, account);
}

static enum err run_load(struct worker *w, struct op *o) {
    const struct stored_account *a = journal_known_account(db_journal(w->db), o->account);
    enum err e = ERR_OK;
    if (a == NULL) return ERR_OK; /* no fills, no histories */
    if (o->loader == NULL) {
        o->slice = calloc(LIMIT_STORE_LOAD_FILLS, sizeof *o->slice);
        e = o->slice == NULL ? ERR_MEMORY : loader_open(&o->loader, db_journal(w->db), a->number);
    }
    o->more = true;
    if (e == ERR_OK) e = loader_next(o->loader, o->slice, &o->slice_count, LIMIT_STORE_LOAD_FILLS);
    if (e != ERR_OK) return e;
    o->total += o->slice_count;
    return o->total == loader_count(o->loader) ? finish_load(w, o, a->number) : ERR_OK;
}

static enum err run_put(struct worker *w, struct op *o) {
    const struct fill *fills = o->items;
    uint64_t account;
    enum err e = journal_find_account(db_journal(w->db), &account, o->account);
    for (size_t i = 0; i < o->count && e == ERR_OK; i++)
        e = journal_put(db_journal(w->db), &o->counts, account, &fills[i]);
    return e;
}

static enum err run_new_epoch(struct worker *w, struct op *o) {
    uint64_t account;
    return journal_new_epoch(db_journal(w->db), &account, o->account);
}

/* An account without a fill so far has nothing to join with. */
static enum err run_join(struct worker *w, struct op *o) {
    struct journal *j = db_journal(w->db);
    uint64_t from, into;
    if (journal_known_account(j, o->account) == NULL) return ERR_OK;
    enum err e = journal_find_account(j, &from, o->account);
    if (e == ERR_OK) e = journal_find_account(j, &into, o->into);
    return e == ERR_OK ? journal_join(j, from, into) : e;
}

static enum err run_put_history(struct worker *w, struct op *o) {
    uint64_t account;
    enum err e = journal_find_account(db_journal(w->db), &account, o->account);
    return e == ERR_OK ? history_put(db_sql(w->db), account, o->items) : e;
}

static enum err run_verify(struct worker *w, struct op *o) {
    enum err e = journal_verify(db_journal(w->db), &o->verdict, VERIFY_SLICE_ROWS);
    o->more = e == ERR_OK && !o->verdict.done;
    return e;
}

static enum err run_put_meta(struct worker *w, struct op *o) {
    return meta_put(db_sql(w->db), o->key, o->has_value ? o->heap.at : NULL);
}

static bool keep_meta(void *arg, const char *key, const char *value) {
    struct op *o = arg;
    size_t key_len = strlen(key) + 1, value_len = strlen(value) + 1;
    if (o->count == LIMIT_STORE_METAS || !buf_reserve(&o->heap, key_len + value_len)) return false;
    ((struct op_meta *)o->items)[o->count++] = (struct op_meta){o->heap.len, o->heap.len + key_len};
    buf_put(&o->heap, key, key_len);
    buf_put(&o->heap, value, value_len);
    return true;
}

static enum err run_get_metas(struct worker *w, struct op *o) {
    o->items = calloc(LIMIT_STORE_METAS, sizeof(struct op_meta));
    if (o->items == NULL) return ERR_MEMORY;
    enum err e = meta_get_all(db_sql(w->db), o->key, keep_meta, o);
    return e == ERR_OK ? o->heap.failed : e;
}

static enum err run_put_markets(struct worker *w, struct op *o) {
    struct stored_markets m = {o->from, o->weight_limit, o->items, o->count};
    return markets_put(db_sql(w->db), o->account, &m);
}

static enum err run_get_markets(struct worker *w, struct op *o) {
    struct stored_markets m;
    struct symbol_info *rows;
    enum err e = markets_get(db_sql(w->db), &m, &rows, o->account);
    if (e != ERR_OK) return e;
    o->items = rows;
    o->count = m.count;
    o->from = m.read_at;
    o->weight_limit = m.weight_limit;
    return ERR_OK;
}

static enum err run_put_candles(struct worker *w, struct op *o) {
    return candles_put(db_sql(w->db), o->account, &o->symbol, &o->interval, o->items, o->count);
}

static enum err run_get_candles(struct worker *w, struct op *o) {
    struct candle *candles = calloc(o->max + 1, sizeof *candles);
    o->items = candles;
    if (candles == NULL) return ERR_MEMORY;
    return candles_get(db_sql(w->db), candles, &o->count, o->max, o->account, &o->symbol, &o->interval, o->to);
}

static enum err run_drop_market_data(struct worker *w, struct op *o) {
    return market_data_drop(db_sql(w->db), o->account);
}

static enum err run_put_point(struct worker *w, struct op *o) {
    uint64_t account;
    enum err e = journal_find_account(db_journal(w->db), &account, o->account);
    return e == ERR_OK ? equity_put(db_sql(w->db), account, o->from, buf_span(&o->heap)) : e;
}

static bool keep_point(void *arg, struct wall time, struct span marks) {
    struct op *o = arg;
    if (marks.len > o->heap.max - o->heap.len) return false; /* the asker goes on behind the last one */
    ((struct op_point *)o->items)[o->count++] = (struct op_point){time, o->heap.len, marks.len};
    buf_put_span(&o->heap, marks);
    return o->heap.failed == ERR_OK;
}

static enum err run_get_points(struct worker *w, struct op *o) {
    const struct stored_account *a = journal_known_account(db_journal(w->db), o->account);
    if (a == NULL) return ERR_OK;
    o->items = calloc(LIMIT_STORE_EQUITY_POINTS, sizeof(struct op_point));
    if (o->items == NULL) return ERR_MEMORY;
    enum err e =
        equity_get(db_sql(w->db), LIMIT_STORE_EQUITY_POINTS, a->number, o->from, o->to, o->step_us, keep_point, o);
    return e == ERR_OK ? o->heap.failed : e;
}

static enum err run_thin_points(struct worker *w, struct op *o) {
    const struct stored_account *a = journal_known_account(db_journal(w->db), o->account);
    return a == NULL ? ERR_OK : equity_thin(db_sql(w->db), a->number, o->from, o->to, o->step_us);
}

static const struct {
    enum err (*run)(struct worker *w, struct op *o);
    bool writes;
} kinds[OP_KINDS] = {
    [OP_OPEN] = {run_open, false},
    [OP_CLOSE] = {run_close, false},
    [OP_LOAD] = {run_load, false},
    [OP_PUT] = {run_put, true},
    [OP_NEW_EPOCH] = {run_new_epoch, true},
    [OP_JOIN] = {run_join, true},
    [OP_PUT_HISTORY] = {run_put_history, true},
    [OP_VERIFY] = {run_verify, false},
    [OP_PUT_META] = {run_put_meta, true},
    [OP_GET_METAS] = {run_get_metas, false},
    [OP_PUT_MARKETS] = {run_put_markets, true},
    [OP_GET_MARKETS] = {run_get_markets, false},
    [OP_PUT_CANDLES] = {run_put_candles, true},
    [OP_GET_CANDLES] = {run_get_candles, false},
    [OP_DROP_MARKET_DATA] = {run_drop_market_data, true},
    [OP_PUT_POINT] = {run_put_point, true},
    [OP_GET_POINTS] = {run_get_points, false},
    [OP_THIN_POINTS] = {run_thin_points, true},
};

bool op_writes(enum op_kind kind) { return kinds[kind].writes; }

/* ---- groups ---- */

static enum err run_writes(struct worker *w, struct op *first) {
    enum err e = db_begin(w->db);
    if (e != ERR_OK) return e;
    for (struct op *o = first; o != NULL && e == ERR_OK; o = o->next) e = kinds[o->kind].run(w, o);
    if (e == ERR_OK) return db_commit(w->db);
    db_rollback(w->db);
    return e;
}

static enum err run_group(struct worker *w, struct op *first) {
    if (first->kind == OP_CLOSE || (first->kind == OP_OPEN && w->failed == ERR_OK))
        return kinds[first->kind].run(w, first);
    if (w->failed != ERR_OK) return w->failed;
    return op_writes(first->kind) ? run_writes(w, first) : kinds[first->kind].run(w, first);
}

void op_fail(struct op *o, enum err e) {
    o->err = e;
    o->more = false;
    o->count = o->slice_count = 0;
    o->counts = (struct put_counts){0};
}

void op_run_group(struct worker *w, struct op *first) {
    CHECK(first->next == NULL || op_writes(first->kind));
    enum err e = run_group(w, first);
    if (e != ERR_OK && w->failed == ERR_OK) {
        const char *words = w->db != NULL && db_why(w->db)[0] != '\0' ? db_why(w->db) : err_text(e);
        if (w->why[0] == '\0') (void)snprintf(w->why, sizeof w->why, "%s", words);
        w->failed = e;
    }
    for (struct op *o = first; o != NULL; o = o->next) {
        if (e == ERR_OK) o->err = e;
        else op_fail(o, e);
    }
}
