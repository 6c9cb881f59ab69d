/* feed.c: the life of one stream, by hand-made times. */
#include "engine/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct feed_config config = {10 * US_PER_S, 5 * US_PER_S, 30 * US_PER_S, 23 * US_PER_HOUR, 10 * US_PER_S};
static struct feed f;
static struct rng rng;
static struct now now;

static void start(enum feed_kind kind) {
    struct feed_config c = config;
    if (kind == FEED_USER) c.dead_after_us = 60 * US_PER_S;
    now = (struct now){{100 * US_PER_S}, {1000 * US_PER_S}};
    rng_seed(&rng, 1);
    feed_init(&f, kind, &c);
    assert_int_equal(feed_want(&f, true, now).actions, FEED_CONNECT);
}

static void pass(int64_t us) {
    now.mono.us += us;
    now.wall.us += us;
}

static void bring(uint64_t id) { /* a link, up to its proof of life */
    feed_opening(&f, id, now);
    feed_open(&f, id, now);
    feed_subscribed(&f, id, now);
    (void)feed_proven(&f, id, now);
    feed_heard(&f, id, true, now);
}

static void live(enum feed_kind kind) {
    start(kind);
    bring(1);
    assert_int_equal(f.state, FEED_LIVE);
}

/* Ticks at every deadline until `until`, or until something is to be done. Never more often than a few times. */
static struct feed_todo tick_until(int64_t until) {
    for (int i = 0; i < 40; i++) {
        struct mono due = feed_deadline(&f);
        if (due.us > until) break;
        if (due.us > now.mono.us) pass(due.us - now.mono.us);
        struct feed_todo todo = feed_tick(&f, &rng, now);
        if (todo.actions != 0) return todo;
        if (i == 39) fail_msg("the deadline stands in the past: the loop would spin");
    }
    if (until > now.mono.us) pass(until - now.mono.us);
    return (struct feed_todo){0};
}

static void walks_to_live(void **state) {
    (void)state;
    start(FEED_MARKET);
    feed_opening(&f, 7, now);
    assert_int_equal(f.state, FEED_CONNECTING);
    feed_open(&f, 7, now);
    assert_int_equal(f.state, FEED_SUBSCRIBING);
    feed_subscribed(&f, 7, now);
    assert_int_equal(f.state, FEED_SYNCING);
    assert_false(feed_is_live(&f));
    assert_int_equal(feed_proven(&f, 7, now).actions, 0);
    assert_int_equal(f.state, FEED_LIVE);
}

static void each_phase_has_a_limit(void **state) {
    (void)state;
    for (int phase = 0; phase < 3; phase++) {
        start(FEED_MARKET);
        feed_opening(&f, 1, now);
        if (phase >= 1) feed_open(&f, 1, now);
        if (phase >= 2) feed_subscribed(&f, 1, now);
        pass(10 * US_PER_S - 1);
        assert_int_equal(feed_tick(&f, &rng, now).actions, 0);
        pass(1);
        struct feed_todo todo = feed_tick(&f, &rng, now);
        assert_int_equal(todo.actions, FEED_CLOSE_CUR);
        assert_int_equal(todo.close_id, 1);
        assert_int_equal(f.state, FEED_WAITING);
        assert_true(f.reason[0] != '\0');
    }
}

static void a_connect_does_not_reset_the_backoff(void **state) {
    (void)state;
    start(FEED_MARKET);
    for (unsigned i = 1; i <= 4; i++) {
        feed_opening(&f, i, now);
        feed_open(&f, i, now);
        feed_subscribed(&f, i, now);
        (void)feed_lost(&f, i, "gone", &rng, now);
        assert_int_equal(f.backoff.attempt, i);
        assert_int_equal(tick_until(now.mono.us + 2 * 60 * US_PER_S).actions, FEED_CONNECT);
    }
    bring(9);
    assert_int_equal(f.backoff.attempt, 0);
}

static void user_backoff_is_reset_by_an_event_or_a_minute(void **state) {
    (void)state;
    for (int by_event = 0; by_event < 2; by_event++) {
        start(FEED_USER);
        feed_opening(&f, 1, now);
        (void)feed_lost(&f, 1, "gone", &rng, now);
        (void)tick_until(now.mono.us + 60 * US_PER_S);
        feed_opening(&f, 2, now);
        feed_open(&f, 2, now);
        feed_subscribed(&f, 2, now);
        (void)feed_proven(&f, 2, now);
        assert_int_equal(f.backoff.attempt, 1);
        if (by_event) feed_heard(&f, 2, true, now);
        pass(50 * US_PER_S);
        feed_heard(&f, 2, false, now);
        (void)feed_tick(&f, &rng, now);
        assert_int_equal(f.backoff.attempt, by_event ? 0 : 1);
        pass(10 * US_PER_S);
        (void)feed_tick(&f, &rng, now);
        assert_int_equal(f.backoff.attempt, 0);
    }
}

static void silence_is_asked_about_then_replaced(void **state) {
    (void)state;
    live(FEED_MARKET);
    struct feed_todo todo = tick_until(now.mono.us + 10 * US_PER_S);
    assert_int_equal(todo.actions, FEED_ASK);
    todo = tick_until(now.mono.us + 5 * US_PER_S); /* no answer */
    assert_int_equal(todo.actions, FEED_CONNECT);
    assert_int_equal(f.state, FEED_DRAINING);
    feed_opening(&f, 2, now);
    feed_open(&f, 2, now);
    feed_subscribed(&f, 2, now);
    todo = feed_proven(&f, 2, now);
    assert_int_equal(todo.actions, FEED_CLOSE_CUR);
    assert_int_equal(todo.close_id, 1);
    assert_int_equal(f.state, FEED_LIVE);
    assert_int_equal(f.cur.id, 2);
}

static void an_answer_buys_time_until_thirty_seconds(void **state) {
    (void)state;
    live(FEED_MARKET);
    int64_t from = now.mono.us;
    struct feed_todo todo = {0};
    while (todo.actions != FEED_CONNECT) {
        todo = tick_until(from + 40 * US_PER_S);
        if (todo.actions == FEED_ASK) feed_answered(&f, 1, now);
        else assert_int_equal(todo.actions, FEED_CONNECT);
    }
    assert_int_equal(now.mono.us - from, 30 * US_PER_S);
}

static void two_fruitless_replacements_then_every_ten_minutes(void **state) {
    (void)state;
    live(FEED_MARKET);
    int64_t connects[8];
    size_t n = 0;
    uint64_t id = 2;
    int64_t end = now.mono.us + 45 * 60 * US_PER_S;
    while (now.mono.us < end && n < 8) {
        struct feed_todo todo = tick_until(end);
        if (todo.actions == FEED_ASK) feed_answered(&f, f.cur.id, now);
        if (todo.actions != FEED_CONNECT) continue;
        connects[n++] = now.mono.us;
        feed_opening(&f, id, now);
        feed_open(&f, id, now);
        feed_subscribed(&f, id++, now); /* and then nothing */
    }
    assert_in_range(n, 5, 7);
    assert_true(connects[1] - connects[0] < 30 * US_PER_S);
    for (size_t i = 2; i < n; i++) assert_in_range(connects[i] - connects[i - 1], 600 * US_PER_S, 620 * US_PER_S);
}

static void data_ends_a_silence(void **state) {
    (void)state;
    live(FEED_MARKET);
    while (f.state != FEED_DRAINING) (void)tick_until(now.mono.us + 60 * US_PER_S);
    feed_opening(&f, 2, now);
    (void)feed_lost(&f, 2, "refused", &rng, now);
    feed_heard(&f, 1, true, now);
    assert_int_equal(f.state, FEED_LIVE);
    assert_true(f.reason[0] == '\0');
}

static void data_does_not_call_off_a_shutdown(void **state) {
    (void)state;
    live(FEED_MARKET);
    assert_int_equal(feed_replace(&f, "shutdown", now).actions, FEED_CONNECT);
    feed_heard(&f, 1, true, now);
    assert_int_equal(f.state, FEED_DRAINING);
}

static void a_failed_replacement_waits_without_spinning(void **state) {
    (void)state;
    live(FEED_MARKET);
    while (f.state != FEED_DRAINING) (void)tick_until(now.mono.us + 60 * US_PER_S);
    feed_opening(&f, 2, now);
    pass(US_PER_S);
    (void)feed_lost(&f, 2, "refused", &rng, now);
    assert_true(feed_deadline(&f).us > now.mono.us);
    assert_int_equal(tick_until(now.mono.us + 2 * US_PER_S).actions, FEED_CONNECT);
    feed_delay(&f, mono_add(now.mono, US_PER_S)); /* it cannot be opened: a ban */
    assert_int_equal(feed_tick(&f, &rng, now).actions, 0);
    assert_int_equal(feed_deadline(&f).us, now.mono.us + US_PER_S);
}

static void lost_while_draining_the_replacement_takes_over(void **state) {
    (void)state;
    static const enum feed_state expected[] = {FEED_CONNECTING, FEED_SUBSCRIBING, FEED_SYNCING};
    for (int phase = 0; phase < 3; phase++) {
        live(FEED_USER);
        (void)feed_replace(&f, "planned", now);
        feed_opening(&f, 2, now);
        if (phase >= 1) feed_open(&f, 2, now);
        if (phase >= 2) feed_subscribed(&f, 2, now);
        assert_int_equal(feed_lost(&f, 1, "gone", &rng, now).actions, 0);
        assert_int_equal(f.state, expected[phase]);
        assert_int_equal(f.cur.id, 2);
        assert_true(f.lost_at.us != 0);
    }
}

static void renewed_before_the_day_is_over(void **state) {
    (void)state;
    live(FEED_USER);
    int64_t from = now.mono.us;
    struct feed_todo todo = {0};
    while (todo.actions == 0 && now.mono.us < from + 25 * US_PER_HOUR) {
        pass(20 * US_PER_S);
        feed_heard(&f, 1, false, now);
        todo = feed_tick(&f, &rng, now);
    }
    assert_int_equal(todo.actions, FEED_CONNECT);
    assert_in_range(now.mono.us - from, 23 * US_PER_HOUR, 23 * US_PER_HOUR + 20 * US_PER_S);
}

static void user_syncing_on_a_dead_link_ends(void **state) {
    (void)state;
    start(FEED_USER);
    feed_opening(&f, 1, now);
    feed_open(&f, 1, now);
    feed_subscribed(&f, 1, now);
    pass(50 * US_PER_S);
    feed_heard(&f, 1, false, now); /* a ping: a long backfill is not a dead link */
    pass(50 * US_PER_S);
    assert_int_equal(feed_tick(&f, &rng, now).actions, 0);
    pass(10 * US_PER_S);
    assert_int_equal(feed_tick(&f, &rng, now).actions, FEED_CLOSE_CUR);
    assert_int_equal(f.state, FEED_WAITING);
}

static void not_wanted_is_off_and_silent(void **state) {
    (void)state;
    live(FEED_USER);
    struct feed_todo todo = feed_want(&f, false, now);
    assert_int_equal(todo.actions, FEED_CLOSE_CUR);
    assert_int_equal(f.state, FEED_OFF);
    assert_null(feed_link(&f, 1));
    assert_int_equal(feed_deadline(&f).us, INT64_MAX);
    assert_int_equal(feed_want(&f, false, now).actions, 0);
}

static void strangers_change_nothing(void **state) {
    (void)state;
    live(FEED_MARKET);
    struct feed before = f;
    feed_open(&f, 99, now);
    feed_subscribed(&f, 99, now);
    feed_heard(&f, 99, true, now);
    feed_answered(&f, 99, now);
    assert_int_equal(feed_proven(&f, 99, now).actions, 0);
    assert_int_equal(feed_lost(&f, 99, "?", &rng, now).actions, 0);
    assert_int_equal(feed_proven(&f, 1, now).actions, 0);
    assert_memory_equal(&before, &f, sizeof f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_to_live),
        cmocka_unit_test(each_phase_has_a_limit),
        cmocka_unit_test(a_connect_does_not_reset_the_backoff),
        cmocka_unit_test(user_backoff_is_reset_by_an_event_or_a_minute),
        cmocka_unit_test(silence_is_asked_about_then_replaced),
        cmocka_unit_test(an_answer_buys_time_until_thirty_seconds),
        cmocka_unit_test(two_fruitless_replacements_then_every_ten_minutes),
        cmocka_unit_test(data_ends_a_silence),
        cmocka_unit_test(data_does_not_call_off_a_shutdown),
        cmocka_unit_test(a_failed_replacement_waits_without_spinning),
        cmocka_unit_test(lost_while_draining_the_replacement_takes_over),
        cmocka_unit_test(renewed_before_the_day_is_over),
        cmocka_unit_test(user_syncing_on_a_dead_link_ends),
        cmocka_unit_test(not_wanted_is_off_and_silent),
        cmocka_unit_test(strangers_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
