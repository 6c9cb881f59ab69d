#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/topics.h"

#include <stdio.h>
#include <stdlib.h>

static void only_three_kinds_of_names_exist(void **state) {
    (void)state;
    static const char *const good[] = {"trades", "orders:BTC/USDT", "candles:BTC/USDT:1m", "candles:1000SATS/FDUSD:1w"};
    static const char *const bad[] = {"",
                                      "trade",
                                      "trades:",
                                      "trades:BTC/USDT",
                                      "orders",
                                      "orders:",
                                      "orders:BTCUSDT",
                                      "orders:/USDT",
                                      "orders:BTC/",
                                      "orders:BTC/USDT:1m",
                                      "candles:BTC/USDT",
                                      "candles:BTC/USDT:",
                                      "candles:BTC/USDT:7m",
                                      "candles:BTC/USDT:1m:",
                                      "candles::1m",
                                      "Trades",
                                      "orders:BTC/\x01",
                                      "orders:A/0123456789012345678901234567890123456789",
                                      "orders:A/01234567890123456789012345678901234567890123456789012345678901234567"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(topic_name_ok(span_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(topic_name_ok(span_of(bad[i])));
}

static void a_topic_lives_while_somebody_listens(void **state) {
    (void)state;
    struct topics t;
    struct subscriptions a = {0}, b = {0};
    size_t left;
    topics_init(&t);
    assert_null(topics_find(&t, SPAN("trades")));
    assert_int_equal(topics_subscribe(&t, &a, SPAN("trades")), ERR_OK);
    assert_int_equal(topics_subscribe(&t, &b, SPAN("trades")), ERR_OK);
    assert_int_equal(topics_find(&t, SPAN("trades"))->count, 2);
    assert_int_equal(topics_subscribe(&t, &a, SPAN("trades")), ERR_EXISTS);
    assert_int_equal(topics_subscribe(&t, &a, SPAN("nothing")), ERR_VALUE);
    assert_true(topics_unsubscribe(&t, &a, SPAN("trades"), &left));
    assert_int_equal(left, 1);
    assert_false(topics_unsubscribe(&t, &a, SPAN("trades"), &left));
    assert_true(topics_unsubscribe(&t, &b, SPAN("trades"), &left));
    assert_int_equal(left, 0);
    assert_null(topics_find(&t, SPAN("trades")));
    assert_int_equal(t.count, 0);
    free(a.list);
    free(b.list);
    topics_free(&t);
}

static void a_session_has_a_bound_of_topics(void **state) {
    (void)state;
    struct topics t;
    struct subscriptions s = {0};
    char name[LIMIT_TOPIC_BYTES + 1], gone[LIMIT_TOPIC_BYTES + 1];
    topics_init(&t);
    for (int i = 0; i < LIMIT_SESSION_TOPICS; i++) {
        snprintf(name, sizeof name, "orders:A%d/USDT", i);
        assert_int_equal(topics_subscribe(&t, &s, span_of(name)), ERR_OK);
    }
    assert_int_equal(topics_subscribe(&t, &s, SPAN("trades")), ERR_FULL);
    assert_int_equal(t.count, LIMIT_SESSION_TOPICS);
    while (s.count > 0) topics_leave(&t, &s, 0, gone);
    assert_int_equal(t.count, 0);
    free(s.list);
    topics_free(&t);
}

static void all_sessions_together_have_a_bound_of_topics(void **state) {
    (void)state;
    enum { SESSIONS = LIMIT_TOPICS / LIMIT_SESSION_TOPICS };
    struct topics t;
    static struct subscriptions s[SESSIONS + 1];
    char name[LIMIT_TOPIC_BYTES + 1], gone[LIMIT_TOPIC_BYTES + 1];
    topics_init(&t);
    for (int i = 0; i < LIMIT_TOPICS; i++) {
        snprintf(name, sizeof name, "orders:A%d/USDT", i);
        assert_int_equal(topics_subscribe(&t, &s[i / LIMIT_SESSION_TOPICS], span_of(name)), ERR_OK);
    }
    assert_int_equal(topics_subscribe(&t, &s[SESSIONS], SPAN("trades")), ERR_FULL);
    assert_int_equal(topics_subscribe(&t, &s[SESSIONS], SPAN("orders:A7/USDT")), ERR_OK); /* an old one may be shared */
    for (int i = 0; i <= SESSIONS; i++) {
        while (s[i].count > 0) topics_leave(&t, &s[i], s[i].count - 1, gone);
        free(s[i].list);
    }
    assert_int_equal(t.count, 0);
    topics_free(&t);
}

/* Every place in one list must name the place in the other. */
static void check_places(const struct topics *t, const struct subscriptions *s, size_t sessions) {
    for (uint32_t i = 0; i < t->count; i++) {
        assert_int_equal(t->list[i]->at, i);
        assert_ptr_equal(topics_find(t, span_of(t->list[i]->name)), t->list[i]);
        assert_true(t->list[i]->count > 0);
        for (uint32_t k = 0; k < t->list[i]->count; k++) {
            struct subscriber who = t->list[i]->subscribers[k];
            assert_ptr_equal(who.of->list[who.slot].topic, t->list[i]);
            assert_int_equal(who.of->list[who.slot].at, k);
        }
    }
    for (size_t i = 0; i < sessions; i++)
        for (uint32_t k = 0; k < s[i].count; k++) {
            struct subscription one = s[i].list[k];
            assert_ptr_equal(one.topic->subscribers[one.at].of, &s[i]);
            assert_int_equal(one.topic->subscribers[one.at].slot, k);
        }
}

static void coming_and_going_keeps_both_lists_in_step(void **state) {
    (void)state;
    enum { SESSIONS = 7, NAMES = 11, STEPS = 3000 };
    struct topics t;
    struct subscriptions s[SESSIONS] = {{0}};
    bool has[SESSIONS][NAMES] = {{false}};
    char name[LIMIT_TOPIC_BYTES + 1], gone[LIMIT_TOPIC_BYTES + 1];
    uint64_t x = 1;
    size_t left;
    topics_init(&t);
    for (int step = 0; step < STEPS; step++) {
        x = mix64(x + 1);
        size_t who = x % SESSIONS, what = (x >> 8) % NAMES;
        snprintf(name, sizeof name, "candles:A%zu/B:1m", what);
        if ((x >> 16) % 2 == 0) {
            assert_int_equal(topics_subscribe(&t, &s[who], span_of(name)), has[who][what] ? ERR_EXISTS : ERR_OK);
            has[who][what] = true;
        } else {
            assert_int_equal(topics_unsubscribe(&t, &s[who], span_of(name), &left), has[who][what]);
            has[who][what] = false;
        }
        check_places(&t, s, SESSIONS);
    }
    for (size_t i = 0; i < SESSIONS; i++) {
        while (s[i].count > 0) topics_leave(&t, &s[i], 0, gone);
        free(s[i].list);
    }
    assert_int_equal(t.count, 0);
    topics_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_three_kinds_of_names_exist),
        cmocka_unit_test(a_topic_lives_while_somebody_listens),
        cmocka_unit_test(a_session_has_a_bound_of_topics),
        cmocka_unit_test(all_sessions_together_have_a_bound_of_topics),
        cmocka_unit_test(coming_and_going_keeps_both_lists_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
