#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/loop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    struct timer *timer;
    int fired, turns, signals, last_signal;
    int64_t due_us, late_us;
    bool early;
    struct job_queue *queue;
    char order[64];
    int jobs_done, jobs_canceled;
    atomic_int running;
    atomic_bool overlapped;
};

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->loop = loop_new(NULL);
    assert_non_null(w->loop);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    loop_free(w->loop);
    free(w);
    return 0;
}

static struct mono in_ms(struct world *w, int64_t ms) { return mono_add(loop_now(w->loop).mono, ms * US_PER_MS); }

static void burn(int64_t ms) {
    const struct timespec t = {0, ms * 1000000};
    assert_int_equal(nanosleep(&t, NULL), 0);
}

static void on_fire(void *arg) {
    struct world *w = arg;
    w->fired++;
    w->early = w->early || loop_now(w->loop).mono.us < w->due_us;
    w->late_us = loop_now(w->loop).mono.us - w->due_us;
}

static void a_timer_fires_once_and_never_early(void **state) {
    struct world *w = *state;
    w->timer = timer_new(w->loop, on_fire, w);
    for (int i = 0; i < 20; i++) {
        w->due_us = in_ms(w, 1).us + i * 137;
        timer_at(w->timer, (struct mono){w->due_us});
        loop_run(w->loop);
        assert_int_equal(w->fired, i + 1);
        assert_false(w->early);
    }
    timer_free(w->timer);
}

static void a_past_time_fires_in_the_next_turn(void **state) {
    struct world *w = *state;
    w->timer = timer_new(w->loop, on_fire, w);
    timer_at(w->timer, (struct mono){0});
    assert_int_equal(w->fired, 0);
    loop_run(w->loop);
    assert_int_equal(w->fired, 1);
    timer_free(w->timer);
}

static void a_stopped_timer_does_not_fire(void **state) {
    struct world *w = *state;
    w->timer = timer_new(w->loop, on_fire, w);
    timer_at(w->timer, in_ms(w, 1));
    timer_stop(w->timer);
    loop_run(w->loop);
    timer_at(w->timer, in_ms(w, 1));
    timer_free(w->timer); /* armed */
    loop_run(w->loop);
    assert_int_equal(w->fired, 0);
    timer_free(NULL);
}

enum { BEATS = 25, BEATS_MAX = 500, BEAT_MS = 20, CALLBACK_MS = 8, PUNCTUAL_MS = 5 };

/* Goes on until enough beats were heard and one of them was punctual: on a busy machine any of them may be late, but a timer that
 * reckons from the time before a long callback makes every one late by as much. */
static void on_beat(void *arg) {
    struct world *w = arg;
    int64_t late_us = loop_now(w->loop).mono.us - w->due_us;
    w->early = w->early || late_us < 0;
    if (w->fired++ == 0 || late_us < w->late_us) w->late_us = late_us;
    burn(CALLBACK_MS);
    w->due_us += BEAT_MS * US_PER_MS;
    bool heard = w->fired >= BEATS && w->late_us < PUNCTUAL_MS * US_PER_MS;
    if (!heard && w->fired < BEATS_MAX) timer_at(w->timer, (struct mono){w->due_us});
}

static void long_callbacks_do_not_make_a_timer_drift(void **state) {
    struct world *w = *state;
    w->timer = timer_new(w->loop, on_beat, w);
    w->due_us = in_ms(w, BEAT_MS).us;
    timer_at(w->timer, (struct mono){w->due_us});
    loop_run(w->loop);
    assert_false(w->early);
    assert_in_range(w->fired, BEATS, BEATS_MAX - 1);
    timer_free(w->timer);
}

static void on_look(void *arg) {
    struct world *w = arg;
    struct now first = loop_now(w->loop);
    burn(3);
    assert_int_equal(loop_now(w->loop).mono.us, first.mono.us);
    assert_int_equal(loop_now(w->loop).wall.us, first.wall.us);
    loop_clock_refresh(w->loop);
    assert_true(loop_now(w->loop).mono.us >= first.mono.us + 3 * US_PER_MS);
    w->fired++;
}

static void the_clock_stands_still_for_a_turn(void **state) {
    struct world *w = *state;
    w->timer = timer_new(w->loop, on_look, w);
    timer_at(w->timer, (struct mono){0});
    loop_run(w->loop);
    assert_int_equal(w->fired, 1);
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &t), 0);
    assert_in_range(loop_now(w->loop).wall.us, ((int64_t)t.tv_sec - 5) * US_PER_S, ((int64_t)t.tv_sec + 5) * US_PER_S);
    timer_free(w->timer);
}

static void on_turn(void *arg) { ((struct world *)arg)->turns += ((struct world *)arg)->fired > 0; }

static void the_turn_hook_runs_after_the_callbacks(void **state) {
    struct world *w = *state;
    loop_on_turn(w->loop, on_turn, w);
    struct timer *many[10];
    for (int i = 0; i < 10; i++) {
        many[i] = timer_new(w->loop, on_fire, w);
        timer_at(many[i], (struct mono){0});
    }
    loop_run(w->loop);
    assert_int_equal(w->fired, 10);
    assert_int_equal(w->turns, 1); /* ten callbacks, one turn */
    for (int i = 0; i < 10; i++) timer_free(many[i]);
}

static void on_signal(void *arg, int number) {
    struct world *w = arg;
    w->signals++;
    w->last_signal = number;
    if (number == SIGTERM) loop_break(w->loop);
    else assert_int_equal(raise(SIGTERM), 0);
}

static void signals_arrive_in_the_loop(void **state) {
    struct world *w = *state;
    assert_int_equal(loop_on_signals(w->loop, on_signal, w), ERR_OK);
    w->timer = timer_new(w->loop, on_fire, w);
    timer_at(w->timer, in_ms(w, 60000)); /* keeps the loop running: a signal handler alone does not */
    assert_int_equal(raise(SIGHUP), 0);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(raise(SIGINT), 0);
    loop_run(w->loop);
    assert_int_equal(w->signals, 2);
    assert_int_equal(w->last_signal, SIGTERM);
    assert_int_equal(w->fired, 0); /* and teardown frees a loop with an armed timer */
}

struct job_of {
    struct world *world;
    int number, milliseconds;
};

static void work(void *arg) {
    struct job_of *j = arg;
    if (atomic_fetch_add(&j->world->running, 1) != 0) atomic_store(&j->world->overlapped, true);
    burn(j->milliseconds);
    atomic_fetch_sub(&j->world->running, 1);
}

static void done(void *arg, bool ran) {
    struct job_of *j = arg;
    struct world *w = j->world;
    if (ran) w->order[w->jobs_done++] = (char)('a' + j->number);
    else w->jobs_canceled++;
    free(j);
}

static enum err put(struct world *w, int number, int milliseconds) {
    struct job_of *j = malloc(sizeof *j);
    assert_non_null(j);
    *j = (struct job_of){w, number, milliseconds};
    enum err e = job_put(w->queue, work, done, j);
    if (e != ERR_OK) free(j);
    return e;
}

static void jobs_run_one_after_the_other_in_order(void **state) {
    struct world *w = *state;
    w->queue = job_queue_new(w->loop, 10);
    for (int i = 0; i < 8; i++) assert_int_equal(put(w, i, 8 - i), ERR_OK);
    assert_int_equal(job_queue_waiting(w->queue), 8);
    assert_int_equal(w->jobs_done, 0);
    job_queue_close(w->queue);
    loop_run(w->loop);
    assert_string_equal(w->order, "abcdefgh");
    assert_false(atomic_load(&w->overlapped));
}

static void a_full_or_closed_queue_refuses(void **state) {
    struct world *w = *state;
    w->queue = job_queue_new(w->loop, 2);
    for (int i = 0; i < 3; i++) assert_int_equal(put(w, i, 5), ERR_OK); /* one runs, two wait */
    assert_int_equal(put(w, 3, 1), ERR_FULL);
    job_queue_close(w->queue);
    assert_int_equal(put(w, 4, 1), ERR_BAD_STATE);
    loop_run(w->loop);
    assert_string_equal(w->order, "abc");
}

static void jobs_left_at_the_end_are_told_so(void **state) {
    struct world *w = *state;
    w->queue = job_queue_new(w->loop, 10);
    for (int i = 0; i < 5; i++) assert_int_equal(put(w, i, 30), ERR_OK);
    loop_free(w->loop);
    assert_int_equal(w->jobs_done + w->jobs_canceled, 5);
    assert_in_range(w->jobs_canceled, 4, 5); /* the first may have begun */
    w->loop = loop_new(NULL);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_timer_fires_once_and_never_early), CASE(a_past_time_fires_in_the_next_turn),
        CASE(a_stopped_timer_does_not_fire),      CASE(long_callbacks_do_not_make_a_timer_drift),
        CASE(the_clock_stands_still_for_a_turn),  CASE(the_turn_hook_runs_after_the_callbacks),
        CASE(signals_arrive_in_the_loop),         CASE(jobs_run_one_after_the_other_in_order),
        CASE(a_full_or_closed_queue_refuses),     CASE(jobs_left_at_the_end_are_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
