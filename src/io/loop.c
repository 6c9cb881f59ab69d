/* loop.c: one libuv loop. Its turn, as libuv runs it: socket callbacks, closed handles, due timers, then the turn hook
 * (a prepare handle), then sleep. The clock is read at the first question after the sleep and kept until the next one, so
 * that everything of one turn happens at one time.
 *
 * Timers are armed with absolute times on libuv's own clock, so a long callback cannot make them drift, and a timer never
 * fires before loop_now() has reached its time: owners that compare the two may rely on it.
 *
 * A job queue has at most one job on the pool; the rest wait here in order. */
#include "io/loop.h"

#include "base/check.h"
#include "io/loop_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LOOP_DESCRIPTORS = 8 }; /* two pipes, an eventfd and epoll, with room */

enum {
    FREE_PATIENCE_MS = 10000
}; /* loop_free: grace of servers, one long database job; then somebody forgot a handle */

enum { SIGNALS = 2 };
static const int signal_numbers[SIGNALS] = {SIGINT, SIGTERM};

struct loop {
    uv_loop_t uv;
    uv_prepare_t turn;
    uv_timer_t patience; /* loop_free's */
    uv_signal_t signals[SIGNALS];
    bool signals_on;
    const struct log *log;
    turn_fn *on_turn;
    void *turn_arg;
    signal_fn *on_signal;
    void *signal_arg;
    struct now now;
    bool now_known;
    bool ending;              /* in loop_free: timers no longer keep the loop running */
    struct timer *timers;     /* all that are not freed */
    struct job_queue *queues; /* all that are not freed */
    struct tls_trust *trust;  /* its users' */
};

struct timer {
    uv_timer_t handle;
    struct loop *loop;
    timer_fn *fn;
    void *arg;
    struct mono when;
    struct timer *next, **link;
};

struct job {
    job_fn *work;
    job_done_fn *done;
    void *arg;
    struct job *next;
};

struct job_queue {
    struct loop *loop;
    uv_work_t request;
    struct job *running, *first, **last;
    size_t waiting, max_waiting; /* the running one is not counted */
    bool closed, answering;      /* answering: done runs and may close the queue, which must outlive it */
    struct job_queue *next, **link;
};

uv_loop_t *loop_uv(struct loop *l) { return &l->uv; }

struct tls_trust **loop_trust(struct loop *l) {
    return &l->trust;
}

/* ---- clocks ---- */

void loop_clock_refresh(struct loop *l) {
    struct timespec t;
    CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
    l->now.wall.us = (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
    l->now.mono.us = (int64_t)(uv_hrtime() / 1000);
    l->now_known = true;
}

struct now loop_now(struct loop *l) {
    if (!l->now_known) loop_clock_refresh(l);
    return l->now;
}

static void on_prepare(uv_prepare_t *handle) {
    struct loop *l = handle->data;
    if (l->on_turn != NULL) l->on_turn(l->turn_arg);
    l->now_known = false;
}

void loop_on_turn(struct loop *l, turn_fn *fn, void *arg) {
    l->on_turn = fn;
    l->turn_arg = arg;
}

/* ---- life ---- */

/* libuv ends the process where it finds no descriptors for its own pipes. */
static bool descriptors_are_left(void) {
    int taken[LOOP_DESCRIPTORS], count = 0;
    while (count < LOOP_DESCRIPTORS && (taken[count] = dup(STDERR_FILENO)) >= 0) count++;
    bool enough = count == LOOP_DESCRIPTORS;
    while (count > 0) CHECK(close(taken[--count]) == 0);
    return enough;
}

struct loop *loop_new(const struct log *log) {
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL) return NULL;
    if (!descriptors_are_left() || uv_loop_init(&l->uv) != 0) {
        free(l);
        return NULL;
    }
    /* libcurl and OpenSSL write without MSG_NOSIGNAL: a peer that went away is an error code, never a signal */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGPIPE, &ignore, NULL) == 0);
    l->log = log;
    CHECK(uv_prepare_init(&l->uv, &l->turn) == 0);
    CHECK(uv_timer_init(&l->uv, &l->patience) == 0);
    l->turn.data = l;
    l->patience.data = l;
    CHECK(uv_prepare_start(&l->turn, on_prepare) == 0);
    uv_unref((uv_handle_t *)&l->turn);
    uv_unref((uv_handle_t *)&l->patience);
    return l;
}

void loop_run(struct loop *l) { (void)uv_run(&l->uv, UV_RUN_DEFAULT); }

void loop_break(struct loop *l) { uv_stop(&l->uv); }

static void queue_abandon(struct job_queue *q);

static void on_patience_over(uv_timer_t *handle) {
    struct loop *l = handle->data;
    log_say(l->log, LOG_ERROR, "loop", "a server, client or queue was not closed before its loop");
    CHECK(uv_loop_alive(&l->uv) == 0);
}

void loop_free(struct loop *l) {
    if (l == NULL) return;
    l->on_turn = NULL;
    for (struct job_queue *q = l->queues, *next; q != NULL; q = next) {
        next = q->next;
        queue_abandon(q);
    }
    l->ending = true;
    for (struct timer *t = l->timers; t != NULL; t = t->next) uv_unref((uv_handle_t *)&t->handle);
    for (int i = 0; l->signals_on && i < SIGNALS; i++) uv_close((uv_handle_t *)&l->signals[i], NULL);
    CHECK(uv_timer_start(&l->patience, on_patience_over, FREE_PATIENCE_MS, 0) == 0);
    while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0) {
    } /* a loop_break of before ends one run early */
    while (l->timers != NULL) timer_free(l->timers);
    uv_close((uv_handle_t *)&l->turn, NULL);
    uv_close((uv_handle_t *)&l->patience, NULL);
    while (uv_run(&l->uv, UV_RUN_DEFAULT) != 0) {
    }
    CHECK(uv_loop_close(&l->uv) == 0);
    free(l);
}

/* ---- timers ---- */

struct timer *timer_new(struct loop *l, timer_fn *fn, void *arg) {
    struct timer *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    CHECK(uv_timer_init(&l->uv, &t->handle) == 0);
    if (l->ending) uv_unref((uv_handle_t *)&t->handle);
    t->handle.data = t;
    t->loop = l;
    t->fn = fn;
    t->arg = arg;
    t->next = l->timers;
    t->link = &l->timers;
    if (t->next != NULL) t->next->link = &t->next;
    l->timers = t;
    return t;
}

static void on_timer(uv_timer_t *handle) {
    struct timer *t = handle->data;
    if (loop_now(t->loop).mono.us < t->when.us) loop_clock_refresh(t->loop);
    t->fn(t->arg);
}

void timer_at(struct timer *t, struct mono when) {
    uint64_t due_ms = when.us > 0 ? ((uint64_t)when.us + 999) / 1000 : 0;
    uint64_t now_ms = uv_now(&t->loop->uv);
    t->when = when;
    CHECK(uv_timer_start(&t->handle, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0) == 0);
}

void timer_stop(struct timer *t) { CHECK(uv_timer_stop(&t->handle) == 0); }

static void on_timer_closed(uv_handle_t *handle) { free(handle->data); }

void timer_free(struct timer *t) {
    if (t == NULL) return;
    *t->link = t->next;
    if (t->next != NULL) t->next->link = t->link;
    uv_close((uv_handle_t *)&t->handle, on_timer_closed);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number) {
    struct loop *l = handle->data;
    l->on_signal(l->signal_arg, number);
}

enum err loop_on_signals(struct loop *l, signal_fn *fn, void *arg) {
    CHECK(!l->signals_on);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    CHECK(sigaction(SIGHUP, &ignore, NULL) == 0);
    l->on_signal = fn;
    l->signal_arg = arg;
    for (int i = 0; i < SIGNALS; i++) {
        CHECK(uv_signal_init(&l->uv, &l->signals[i]) == 0);
        l->signals[i].data = l;
        uv_unref((uv_handle_t *)&l->signals[i]);
    }
    l->signals_on = true;
    for (int i = 0; i < SIGNALS; i++)
        if (uv_signal_start(&l->signals[i], on_signal, signal_numbers[i]) != 0) return ERR_IO;
    return ERR_OK;
}

/* ---- jobs ---- */

struct job_queue *job_queue_new(struct loop *l, size_t max_waiting) {
    struct job_queue *q = calloc(1, sizeof *q);
    if (q == NULL) return NULL;
    q->loop = l;
    q->max_waiting = max_waiting;
    q->last = &q->first;
    q->request.data = q;
    q->next = l->queues;
    q->link = &l->queues;
    if (q->next != NULL) q->next->link = &q->next;
    l->queues = q;
    return q;
}

static void queue_free_when_done(struct job_queue *q) {
    if (!q->closed || q->answering || q->running != NULL || q->first != NULL) return;
    *q->link = q->next;
    if (q->next != NULL) q->next->link = q->link;
    free(q);
}

static struct job *queue_pop(struct job_queue *q) {
    struct job *j = q->first;
    if (j == NULL) return NULL;
    q->first = j->next;
    if (q->first == NULL) q->last = &q->first;
    q->waiting--;
    return j;
}

static void on_pool(uv_work_t *request) { /* on the pool's thread: touches the running job alone */
    const struct job_queue *q = request->data;
    q->running->work(q->running->arg);
}

static void queue_answer(struct job_queue *q, struct job *j, bool ran) {
    q->answering = true;
    j->done(j->arg, ran);
    q->answering = false;
    free(j);
}

static void queue_start_next(struct job_queue *q);

static void on_job_done(uv_work_t *request, int status) {
    struct job_queue *q = request->data;
    struct job *j = q->running;
    q->running = NULL;
    queue_start_next(q); /* before done: the pool works on while the loop looks at the result */
    queue_answer(q, j, status == 0);
    queue_free_when_done(q);
}

static void queue_start_next(struct job_queue *q) {
    if (q->running != NULL) return;
    q->running = queue_pop(q);
    if (q->running != NULL) CHECK(uv_queue_work(&q->loop->uv, &q->request, on_pool, on_job_done) == 0);
}

enum err job_put(struct job_queue *q, job_fn *work, job_done_fn *done, void *arg) {
    if (q->closed) return ERR_BAD_STATE;
    if (q->waiting >= q->max_waiting && q->running != NULL) return ERR_FULL;
    struct job *j = malloc(sizeof *j);
    if (j == NULL) return ERR_MEMORY;
    *j = (struct job){.work = work, .done = done, .arg = arg};
    *q->last = j;
    q->last = &j->next;
    q->waiting++;
    queue_start_next(q);
    return ERR_OK;
}

size_t job_queue_waiting(const struct job_queue *q) { return q->waiting + (q->running != NULL); }

void job_queue_close(struct job_queue *q) {
    if (q == NULL) return;
    q->closed = true;
    queue_free_when_done(q);
}

/* The loop goes: what has not begun is told so, what runs is waited for. */
static void queue_abandon(struct job_queue *q) {
    q->closed = true;
    if (q->running != NULL) (void)uv_cancel((uv_req_t *)&q->request); /* refused where it runs already: then it ends */
    for (struct job *j; (j = queue_pop(q)) != NULL;) queue_answer(q, j, false);
    queue_free_when_done(q);
}
