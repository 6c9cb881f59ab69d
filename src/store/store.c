/* store.c: the loop's side. Requests become ops (op.h) in one list. At most one job is with the worker: it takes from the
 * front of the list either one op that reads, or as many as there are that write, within LIMIT_STORE_GROUP_FILLS: so a burst
 * of fills shares an fsync, and nothing overtakes anything. While a job runs the worker alone touches `worker` and `group`;
 * the loop touches everything else. */
#include "store/store.h"

#include "base/check.h"
#include "base/limits.h"
#include "store/op.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct store {
    struct job_queue *queue; /* owned; one job of ours at a time */
    const struct log *log;
    const struct store_events *events;
    void *arg;
    enum store_state state;
    struct worker worker;
    struct op *group;                  /* with the worker; NULL: it is idle */
    bool answering;                    /* events are being called: what they ask for starts afterwards */
    struct op *first, **last;          /* waiting */
    size_t waiting_ops, waiting_fills; /* the group included */
    struct op *closing;                /* made at birth, so that closing needs no memory */
    char why[SQL_WHY_MAX];             /* the loop's copy */
    char path[PATH_MAX];
};

/* ---- state ---- */

const char *store_state_name(enum store_state state) {
    static const char *const names[] = {"opening", "ready", "failed", "closing"};
    return (unsigned)state < 4 ? names[state] : "?";
}

static void enter(struct store *s, enum store_state next) {
    static const unsigned may[] = {
        [STORE_OPENING] = 1u << STORE_READY | 1u << STORE_FAILED | 1u << STORE_CLOSING,
        [STORE_READY] = 1u << STORE_FAILED | 1u << STORE_CLOSING,
        [STORE_FAILED] = 1u << STORE_CLOSING,
        [STORE_CLOSING] = 0,
    };
    CHECK(may[s->state] & 1u << next);
    s->state = next;
}

enum store_state store_state(const struct store *s) { return s->state; }

const char *store_why(const struct store *s) { return s->why; }

size_t store_waiting(const struct store *s) { return s->waiting_ops + s->waiting_fills; }

/* ---- the list ---- */

static void append(struct store *s, struct op *o) {
    o->next = NULL;
    *s->last = o;
    s->last = &o->next;
    s->waiting_ops++;
    s->waiting_fills += o->fills;
}

/* A load or a walk with more to do goes behind the others, a slice at a time; before the end, though. */
static void append_again(struct store *s, struct op *o) {
    if (s->state != STORE_CLOSING) {
        append(s, o);
        return;
    }
    o->next = s->first;
    s->first = o;
    s->waiting_ops++;
}

static struct op *take_first(struct store *s) {
    struct op *o = s->first;
    s->first = o->next;
    if (s->first == NULL) s->last = &s->first;
    o->next = NULL;
    return o;
}

/* One that reads, or all that write up to the bound. */
static struct op *take_group(struct store *s) {
    struct op *group = take_first(s), *tail = group;
    size_t fills = group->fills;
    if (!op_writes(group->kind)) return group;
    while (s->first != NULL && op_writes(s->first->kind)) {
        fills += s->first->fills;
        if (fills > LIMIT_STORE_GROUP_FILLS) break;
        tail->next = take_first(s);
        tail = tail->next;
    }
    return group;
}

static void work(void *arg) {
    struct store *s = arg;
    op_run_group(&s->worker, s->group);
}

/* ---- answers ---- */

static void answer_open(struct store *s, struct op *o) {
    if (o->err != ERR_OK || s->state != STORE_OPENING) return;
    enter(s, STORE_READY);
    log_say(s->log, LOG_INFO, "store", "%s is open: %zu accounts", s->path, o->count);
    if (s->events->opened != NULL) s->events->opened(s->arg, o->items, o->count);
}

static void answer_load(struct store *s, struct op *o) {
    if (o->slice_count > 0 && s->events->fills != NULL) s->events->fills(s->arg, o->id, o->slice, o->slice_count);
    if (!o->more && s->events->loaded != NULL)
        s->events->loaded(s->arg, o->id, o->err, o->err == ERR_OK ? o->total : 0, o->items, o->count);
}

static void answer_put(struct store *s, struct op *o) {
    if (s->events->committed != NULL) s->events->committed(s->arg, o->id, o->err, &o->counts);
}

static void answer_written(struct store *s, struct op *o) {
    if (s->events->written != NULL) s->events->written(s->arg, o->id, o->err);
}

static void answer_verify(struct store *s, struct op *o) {
    if (!o->more && s->events->verified != NULL) s->events->verified(s->arg, o->id, o->err, &o->verdict);
}

static void answer_metas(struct store *s, struct op *o) {
    const struct op_meta *in = o->items;
    struct stored_meta *metas = o->count > 0 ? calloc(o->count, sizeof *metas) : NULL;
    if (o->count > 0 && metas == NULL) op_fail(o, ERR_MEMORY);
    for (size_t i = 0; metas != NULL && i < o->count; i++)
        metas[i] = (struct stored_meta){o->heap.at + in[i].key, o->heap.at + in[i].value};
    if (s->events->metas != NULL) s->events->metas(s->arg, o->id, o->err, metas, o->count);
    free(metas);
}

static void answer_markets(struct store *s, struct op *o) {
    struct stored_markets m = {o->from, o->weight_limit, o->items, o->count};
    if (o->err != ERR_OK) m = (struct stored_markets){.weight_limit = -1};
    if (s->events->markets != NULL) s->events->markets(s->arg, o->id, o->err, &m);
}

static void answer_candles(struct store *s, struct op *o) {
    if (s->events->candles != NULL) s->events->candles(s->arg, o->id, o->err, o->items, o->count);
}

static void answer_points(struct store *s, struct op *o) {
    const struct op_point *in = o->items;
    struct store_point *points = o->count > 0 ? calloc(o->count, sizeof *points) : NULL;
    if (o->count > 0 && points == NULL) op_fail(o, ERR_MEMORY);
    for (size_t i = 0; points != NULL && i < o->count; i++)
        points[i] = (struct store_point){in[i].time, span_from(o->heap.at + in[i].at, in[i].len)};
    if (s->events->points != NULL) s->events->points(s->arg, o->id, o->err, points, o->count);
    free(points);
}

static void answer_close(struct store *s, struct op *o) {
    const struct store_events *events = s->events;
    void *arg = s->arg;
    (void)o;
    CHECK(s->first == NULL);
    job_queue_close(s->queue);
    log_say(s->log, LOG_INFO, "store", "%s is closed", s->path);
    free(s);
    if (events->closed != NULL) events->closed(arg);
}

static void (*const answers[OP_KINDS])(struct store *s, struct op *o) = {
    [OP_OPEN] = answer_open,           [OP_CLOSE] = answer_close,
    [OP_LOAD] = answer_load,           [OP_PUT] = answer_put,
    [OP_NEW_EPOCH] = answer_written,   [OP_JOIN] = answer_written,
    [OP_PUT_HISTORY] = answer_written, [OP_VERIFY] = answer_verify,
    [OP_PUT_META] = answer_written,    [OP_GET_METAS] = answer_metas,
    [OP_PUT_MARKETS] = answer_written, [OP_GET_MARKETS] = answer_markets,
    [OP_PUT_CANDLES] = answer_written, [OP_GET_CANDLES] = answer_candles,
    [OP_PUT_POINT] = answer_written,   [OP_GET_POINTS] = answer_points,
    [OP_THIN_POINTS] = answer_written, [OP_DROP_MARKET_DATA] = answer_written,
};

/* The worker's first failure is everybody's: said once, before the answers that carry it. */
static void notice_failure(struct store *s) {
    if (s->worker.failed == ERR_OK || s->why[0] != '\0') return;
    memcpy(s->why, s->worker.why, sizeof s->why);
    if (s->state != STORE_CLOSING) enter(s, STORE_FAILED);
    log_say(s->log, LOG_ERROR, "store", "%s", s->why);
    if (s->events->failed != NULL) s->events->failed(s->arg, s->worker.failed, s->why);
}

static void answer(struct store *s, struct op *o) {
    enum op_kind kind = o->kind;
    if (o->more && s->state == STORE_CLOSING) op_fail(o, ERR_CANCELED);
    s->waiting_ops--;
    s->waiting_fills -= o->fills;
    answers[kind](s, o);
    if (kind != OP_CLOSE && o->more) append_again(s, o);
    else op_free(o);
}

/* The loop ends before the job could run; closing the database is done all the same. */
static void cancel(struct store *s) {
    if (s->group->kind == OP_CLOSE) op_run_group(&s->worker, s->group);
    for (struct op *o = s->group; o != NULL; o = o->next) op_fail(o, ERR_CANCELED);
}

/* The group came back from the worker, or never got there. False: it was the last, and the store is gone. */
static bool finish(struct store *s, bool ran) {
    struct op *group = s->group;
    bool last = group->kind == OP_CLOSE;
    if (!ran) cancel(s);
    s->group = NULL;
    s->answering = true;
    notice_failure(s);
    for (struct op *o = group, *next; o != NULL; o = next) {
        next = o->next;
        answer(s, o);
    }
    if (!last) s->answering = false;
    return !last;
}

static void start(struct store *s);

static void done(void *arg, bool ran) {
    struct store *s = arg;
    if (finish(s, ran)) start(s);
}

/* Where the queue takes no job, the loop is at its end. */
static void start(struct store *s) {
    while (s->group == NULL && s->first != NULL && !s->answering) {
        s->group = take_group(s);
        if (job_put(s->queue, work, done, s) == ERR_OK || !finish(s, false)) return;
    }
}

/* ---- life ---- */

enum err store_open(struct store **out, struct loop *l, const char *path, enum store_use use, const struct log *log,
                    const struct store_events *events, void *arg) {
    if (strlen(path) >= PATH_MAX) return ERR_TOO_BIG;
    struct store *s = calloc(1, sizeof *s);
    struct op *opening = op_new(OP_OPEN, 0), *closing = op_new(OP_CLOSE, 0);
    struct job_queue *queue = job_queue_new(l, 1);
    if (s == NULL || opening == NULL || closing == NULL || queue == NULL) {
        if (queue != NULL) job_queue_close(queue);
        op_free(opening);
        op_free(closing);
        free(s);
        return ERR_MEMORY;
    }
    *s = (struct store){.queue = queue, .log = log, .events = events, .arg = arg, .closing = closing};
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    s->worker = (struct worker){.path = s->path, .use = use == STORE_VERIFY ? DB_VERIFY : DB_USE};
    s->last = &s->first;
    append(s, opening);
    start(s);
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s) {
    enter(s, STORE_CLOSING);
    append(s, s->closing);
    start(s);
}

/* ---- requests ---- */

/* Whether a request of so many fills may be made at all. */
static enum err admit(const struct store *s, size_t fills) {
    if (s->state == STORE_FAILED || s->state == STORE_CLOSING) return ERR_BAD_STATE;
    if (s->waiting_ops >= LIMIT_STORE_OPS || s->waiting_fills + fills > LIMIT_PENDING_FILLS) return ERR_FULL;
    return ERR_OK;
}

/* A new op of an admitted request; account and items may be NULL. */
static enum err make_op(struct op **out, const struct store *s, enum op_kind kind, uint64_t id, const char *account,
                        const void *items, size_t count, size_t size) {
    CHECK(account == NULL || account[0] != '\0');
    CHECK(s->worker.use == DB_USE || kind == OP_VERIFY);
    if (account != NULL && strlen(account) >= ACCOUNT_TEXT_MAX) return ERR_TOO_BIG;
    enum err e = admit(s, kind == OP_PUT ? count : 0);
    if (e != ERR_OK) return e;
    struct op *o = op_new(kind, id);
    if (o == NULL) return ERR_MEMORY;
    if (account != NULL) memcpy(o->account, account, strlen(account));
    if (count > 0 && (o->items = malloc(count * size)) == NULL) {
        op_free(o);
        return ERR_MEMORY;
    }
    if (count > 0) memcpy(o->items, items, count * size);
    o->count = count;
    o->fills = kind == OP_PUT ? count : 0;
    *out = o;
    return ERR_OK;
}

static enum err submit(struct store *s, struct op *o) {
    append(s, o);
    start(s);
    return ERR_OK;
}

enum err store_load(struct store *s, uint64_t id, const char *account) {
    struct op *o;
    enum err e = make_op(&o, s, OP_LOAD, id, account, NULL, 0, 0);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_put(struct store *s, uint64_t id, const char *account, const struct fill *fills, size_t count) {
    struct op *o;
    if (count > LIMIT_STORE_GROUP_FILLS) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_PUT, id, account, fills, count, sizeof *fills);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_new_epoch(struct store *s, uint64_t id, const char *account) {
    struct op *o;
    enum err e = make_op(&o, s, OP_NEW_EPOCH, id, account, NULL, 0, 0);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_join(struct store *s, uint64_t id, const char *from, const char *into) {
    struct op *o;
    CHECK(into[0] != '\0' && strcmp(from, into) != 0);
    if (strlen(into) >= ACCOUNT_TEXT_MAX) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_JOIN, id, from, NULL, 0, 0);
    if (e != ERR_OK) return e;
    memcpy(o->into, into, strlen(into));
    return submit(s, o);
}

enum err store_put_history(struct store *s, uint64_t id, const char *account, const struct stored_history *h) {
    struct op *o;
    enum err e = make_op(&o, s, OP_PUT_HISTORY, id, account, h, 1, sizeof *h);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_verify(struct store *s, uint64_t id) {
    struct op *o;
    enum err e = make_op(&o, s, OP_VERIFY, id, NULL, NULL, 0, 0);
    return e == ERR_OK ? submit(s, o) : e;
}

static enum err ask_meta(struct store *s, enum op_kind kind, uint64_t id, const char *key, const char *value) {
    struct op *o;
    if (strlen(key) >= META_KEY_MAX || (value != NULL && strlen(value) >= META_VALUE_MAX)) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, kind, id, NULL, NULL, 0, 0);
    if (e != ERR_OK) return e;
    memcpy(o->key, key, strlen(key));
    o->has_value = value != NULL;
    if (value != NULL) buf_put(&o->heap, value, strlen(value) + 1);
    if (o->heap.failed == ERR_OK) return submit(s, o);
    op_free(o);
    return ERR_MEMORY;
}

enum err store_put_meta(struct store *s, uint64_t id, const char *key, const char *value) {
    return ask_meta(s, OP_PUT_META, id, key, value);
}

enum err store_get_metas(struct store *s, uint64_t id, const char *prefix) {
    return ask_meta(s, OP_GET_METAS, id, prefix, NULL);
}

enum err store_put_markets(struct store *s, uint64_t id, const char *environment, const struct stored_markets *m) {
    struct op *o;
    if (m->count > LIMIT_STORE_MARKETS) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_PUT_MARKETS, id, environment, m->at, m->count, sizeof *m->at);
    if (e != ERR_OK) return e;
    o->from = m->read_at;
    o->weight_limit = m->weight_limit;
    return submit(s, o);
}

enum err store_get_markets(struct store *s, uint64_t id, const char *environment) {
    struct op *o;
    enum err e = make_op(&o, s, OP_GET_MARKETS, id, environment, NULL, 0, 0);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_put_candles(struct store *s, uint64_t id, const char *environment, const struct name *symbol,
                           const struct name *interval, const struct candle *candles, size_t count) {
    struct op *o;
    if (count > LIMIT_STORE_CANDLES) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_PUT_CANDLES, id, environment, candles, count, sizeof *candles);
    if (e != ERR_OK) return e;
    o->symbol = *symbol;
    o->interval = *interval;
    return submit(s, o);
}

enum err store_get_candles(struct store *s, uint64_t id, const char *environment, const struct name *symbol,
                           const struct name *interval, struct wall before, size_t max) {
    struct op *o;
    if (max > LIMIT_STORE_CANDLES) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_GET_CANDLES, id, environment, NULL, 0, 0);
    if (e != ERR_OK) return e;
    o->symbol = *symbol;
    o->interval = *interval;
    o->to = before;
    o->max = max;
    return submit(s, o);
}

enum err store_drop_market_data(struct store *s, uint64_t id, const char *environment) {
    struct op *o;
    enum err e = make_op(&o, s, OP_DROP_MARKET_DATA, id, environment, NULL, 0, 0);
    return e == ERR_OK ? submit(s, o) : e;
}

enum err store_put_point(struct store *s, uint64_t id, const char *account, struct wall time, struct span marks) {
    struct op *o;
    if (marks.len > LIMIT_STORE_BLOB_BYTES) return ERR_TOO_BIG;
    enum err e = make_op(&o, s, OP_PUT_POINT, id, account, NULL, 0, 0);
    if (e != ERR_OK) return e;
    o->from = time;
    buf_put_span(&o->heap, marks);
    if (o->heap.failed == ERR_OK) return submit(s, o);
    op_free(o);
    return ERR_MEMORY;
}

enum err store_get_points(struct store *s, uint64_t id, const char *account, struct wall from, struct wall to,
                          int64_t step_us) {
    struct op *o;
    enum err e = make_op(&o, s, OP_GET_POINTS, id, account, NULL, 0, 0);
    if (e != ERR_OK) return e;
    o->from = from;
    o->to = to;
    o->step_us = step_us;
    return submit(s, o);
}

enum err store_thin_points(struct store *s, uint64_t id, const char *account, struct wall from, struct wall to,
                           int64_t step_us) {
    struct op *o;
    CHECK(step_us > 0);
    enum err e = make_op(&o, s, OP_THIN_POINTS, id, account, NULL, 0, 0);
    if (e != ERR_OK) return e;
    o->from = from;
    o->to = to;
    o->step_us = step_us;
    return submit(s, o);
}
