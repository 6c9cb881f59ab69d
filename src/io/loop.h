/* loop.h: the event loop (libuv behind this door), clocks and timers, signals, and the worker pool. One loop, one thread;
 * only jobs run elsewhere. Everything that was started is closed by loop_stop's grace or by its owner; loop_free checks
 * that nothing is left (DESIGN: shutdown that works). */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"

struct loop; /* opaque */

/* NULL without memory or descriptors. From here on the process ignores SIGPIPE. */
struct loop *loop_new(const struct log *log);
void loop_run(struct loop *l);   /* until nothing is left or loop_break */
void loop_break(struct loop *l); /* loop_run returns after this turn */
/* Frees whatever timers and queues are left (jobs that have not begun are told so), runs the loop until every closed
 * server, client and job is gone, frees. One that was not closed by its owner stops the program after 10 s. Timers still
 * fire while others are closing, but the loop does not wait for them. */
void loop_free(struct loop *l);

/* Both clocks, read once per turn of the loop and cached until the next; loop_clock_refresh reads again. */
struct now loop_now(struct loop *l);
void loop_clock_refresh(struct loop *l);

/* Called once a turn, after its callbacks and before the loop sleeps: one place to publish what changed. */
typedef void turn_fn(void *arg);
void loop_on_turn(struct loop *l, turn_fn *fn, void *arg);

/* A one-shot timer, owned by the loop until timer_free. It fires only once loop_now has reached its time, and keeps the
 * loop running while it is armed. */
struct timer;
typedef void timer_fn(void *arg);
struct timer *timer_new(struct loop *l, timer_fn *fn, void *arg);
void timer_at(struct timer *t, struct mono when); /* re-arms; a past time fires in the next turn */
void timer_stop(struct timer *t);
void timer_free(struct timer *t); /* NULL is allowed; never fires again */

/* fn is called in the loop for each SIGINT and SIGTERM; SIGHUP is ignored. Once per loop. ERR_IO. */
typedef void signal_fn(void *arg, int signal_number);
MUST_CHECK enum err loop_on_signals(struct loop *l, signal_fn *fn, void *arg);

/* A job: work runs on a pool thread and may touch only its arg; done runs in the loop afterwards (also after a cancel at
 * shutdown, with ran false). A queue runs its jobs one after the other, in order (one for the database). */
struct job_queue;
typedef void job_fn(void *arg);
typedef void job_done_fn(void *arg, bool ran);
struct job_queue *job_queue_new(struct loop *l, size_t max_waiting);
/* ERR_FULL over max_waiting (the running one is not counted), ERR_BAD_STATE after job_queue_close, ERR_MEMORY. */
MUST_CHECK enum err job_put(struct job_queue *q, job_fn *work, job_done_fn *done, void *arg);
size_t job_queue_waiting(const struct job_queue *q); /* not done yet, the running one included */
/* No more jobs; those waiting still run. Freed when the last one is done. */
void job_queue_close(struct job_queue *q);

#endif
