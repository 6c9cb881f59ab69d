#include "engine/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* ---- weight ---- */

static struct wall second(int64_t s) {
    return (struct wall){(INT64_C(28333333) * 60 + s) * US_PER_S};
} /* 0: a full minute */

static void below_eighty_percent_everything_may_go(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    assert_int_equal(b.limit, 6000);
    weight_spend(&b, second(1), 4700);
    assert_true(weight_allows(&b, second(1), 100, NEED_REST)); /* to 4,800 exactly */
    assert_false(weight_allows(&b, second(1), 101, NEED_REST));
    assert_false(weight_throttled(&b, second(1)));
}

static void at_eighty_percent_only_what_pnl_needs_goes(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_spend(&b, second(1), 4800);
    assert_true(weight_throttled(&b, second(1)));
    assert_false(weight_allows(&b, second(1), 1, NEED_REST));
    assert_true(weight_allows(&b, second(1), 900, NEED_PNL)); /* to 95 % */
    assert_false(weight_allows(&b, second(1), 901, NEED_PNL));
}

static void a_new_minute_of_the_clock_starts_at_nothing(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_spend(&b, second(59), 5700);
    assert_false(weight_allows(&b, second(59), 1, NEED_PNL));
    assert_true(weight_allows(&b, second(60), 4800, NEED_REST));
    assert_false(weight_throttled(&b, second(60)));
    assert_int_equal(b.used, 0);
    assert_int_equal(b.spent, 5700);
    assert_int_equal(b.requests, 1);
}

static void what_others_spent_behind_our_address_counts(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_spend(&b, second(1), 10);
    weight_learn(&b, second(1), 4795, -1);
    assert_int_equal(b.used, 4795);
    assert_false(weight_allows(&b, second(1), 10, NEED_REST));
    weight_learn(&b, second(2), 30, -1); /* the late answer to an earlier request */
    assert_int_equal(b.used, 4795);
    weight_learn(&b, second(2), -1, -1); /* an answer without the header */
    assert_int_equal(b.used, 4795);
    assert_int_equal(b.limit, 6000);
}

static void a_learnt_limit_moves_the_thresholds(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_learn(&b, second(1), -1, 1200);
    assert_true(weight_allows(&b, second(1), 960, NEED_REST));
    assert_false(weight_allows(&b, second(1), 961, NEED_REST));
    weight_learn(&b, second(1), -1, 0);
    assert_int_equal(b.limit, 1200);
}

static struct now at(int64_t s) { return (struct now){{s * US_PER_S}, second(s)}; }

static void a_ban_is_silence_until_its_end(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_ban(&b, at(10), 90 * US_PER_S);
    assert_true(weight_banned(&b, at(99).mono));
    assert_true(b.banned_until_at.us == second(100).us);
    assert_false(weight_banned(&b, at(100).mono));
}

static void a_shorter_ban_does_not_shorten_a_longer_one(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_ban(&b, at(0), 1000 * US_PER_S);
    weight_ban(&b, at(1), 5 * US_PER_S);
    assert_true(b.banned_until.us == at(1000).mono.us);
}

static void no_ban_is_longer_than_three_days(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    weight_ban(&b, at(0), 100000 * US_PER_DAY);
    assert_true(b.banned_until.us == 3 * US_PER_DAY);
}

static void bans_without_a_time_double_from_a_minute_to_an_hour(void **state) {
    (void)state;
    static const int64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60};
    struct weight_budget b;
    weight_init(&b);
    int64_t now = 0;
    for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++) {
        weight_ban(&b, at(now), 0);
        now += minutes[i] * 60;
        assert_true(b.banned_until.us == at(now).mono.us);
    }
    weight_learn(&b, second(now), 1, -1); /* answered: the row is over */
    weight_ban(&b, at(now), 0);
    assert_true(b.banned_until.us == at(now + 60).mono.us);
}

static void a_burst_of_refusals_is_one_ban(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    for (int i = 0; i < 8; i++) weight_ban(&b, at(i), 0); /* eight were under way */
    assert_true(b.banned_until.us == at(60).mono.us);
    weight_ban(&b, at(61), 0);
    assert_true(b.banned_until.us == at(61 + 120).mono.us);
}

static void a_ban_with_a_time_doubles_none_without(void **state) {
    (void)state;
    struct weight_budget b;
    weight_init(&b);
    for (int i = 0; i < 5; i++) weight_ban(&b, at(i), (40 - i) * US_PER_S);
    weight_ban(&b, at(50), 0);
    assert_true(b.banned_until.us == at(110).mono.us);
}

/* ---- the bot's rate ---- */

static struct mono ms(int64_t v) { return (struct mono){INT64_C(5000000) + v * US_PER_MS}; }

static unsigned spend_all(struct rate_budget *b, struct mono now, bool health) {
    unsigned n = 0;
    while (n < 1000 && rate_allows(b, now, health)) {
        rate_spend(b, now, health);
        n++;
    }
    return n;
}

static void health_and_the_rest_have_shares_of_their_own(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    rate_heard(&b);
    assert_int_equal(spend_all(&b, ms(0), false), 60);
    assert_int_equal(spend_all(&b, ms(0), true), 30);
    assert_int_equal(rate_used(&b, ms(0)), 90);
    assert_false(rate_allows(&b, ms(59999), true));
    assert_false(rate_allows(&b, ms(59999), false));
}

/* A program that is restarted again and again sends one request each time before it knows what remains. */
static void one_request_goes_out_before_the_first_answer(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    assert_int_equal(spend_all(&b, ms(0), true), 1);
    assert_false(rate_allows(&b, ms(1999), false));
    assert_true(rate_allows(&b, ms(2000), false)); /* it keeps silent: on without its word */
    rate_init(&b);
    assert_int_equal(spend_all(&b, ms(0), true), 1);
    rate_heard(&b);
    rate_learn(&b, ms(5), 2);
    assert_false(rate_allows(&b, ms(6), false)); /* another run of ours has spent it */
    rate_learn(&b, ms(7), 99);
    assert_true(rate_allows(&b, ms(8), false));
}

static void the_window_slides(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    for (int i = 0; i < 60; i++) rate_spend(&b, ms(i * 1000), false);
    assert_false(rate_allows(&b, ms(59999), false));
    assert_true(rate_allows(&b, ms(60000), false)); /* the first is a minute old */
    rate_spend(&b, ms(60000), false);
    assert_false(rate_allows(&b, ms(60999), false));
    assert_true(rate_allows(&b, ms(61000), false));
    assert_int_equal(rate_used(&b, ms(200000)), 0);
    assert_int_equal(b.health, 0);
}

static void never_more_than_ninety_in_any_minute(void **state) {
    (void)state;
    struct rate_budget b;
    struct sent_log {
        int64_t sent[4000];
        size_t count;
    } *log = test_calloc(1, sizeof *log);
    rate_init(&b);
    for (int64_t t = 0; t < 600000 && log->count < 4000; t += 37) {
        bool health = (t / 37) % 3 == 0;
        if (!rate_allows(&b, ms(t), health)) continue;
        rate_spend(&b, ms(t), health);
        log->sent[log->count++] = t;
    }
    assert_true(log->count >= 890); /* ten minutes, and the budget is used */
    for (size_t i = 90; i < log->count; i++) assert_true(log->sent[i] - log->sent[i - 90] >= 60000);
    test_free(log);
}

static void what_the_bot_says_remains_holds_the_rest_back_before_health(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    rate_learn(&b, ms(0), 3);
    assert_false(rate_allows(&b, ms(1), false)); /* three are kept for health */
    assert_true(rate_allows(&b, ms(1), true));
    rate_learn(&b, ms(2), 0);
    assert_false(rate_allows(&b, ms(3), true));
    assert_true(rate_allows(&b, ms(1002), true)); /* a sliding window frees slots: one may be tried */
    rate_learn(&b, ms(1100), 50);
    assert_true(rate_allows(&b, ms(1101), false));
}

static void our_own_requests_count_against_what_remains(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    rate_learn(&b, ms(0), 5);
    assert_true(rate_allows(&b, ms(1), false));
    rate_spend(&b, ms(1), false);
    rate_spend(&b, ms(1), false);
    assert_false(rate_allows(&b, ms(2), false));
}

static void an_old_word_about_what_remains_is_forgotten(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    rate_learn(&b, ms(0), 0);
    assert_true(rate_allows(&b, ms(60000), false));
    assert_int_equal(b.remaining, -1);
}

static void a_429_is_silence(void **state) {
    (void)state;
    struct rate_budget b;
    rate_init(&b);
    struct now now = {ms(0), {1000}};
    rate_silence(&b, now, 60 * US_PER_S);
    assert_false(rate_allows(&b, ms(59999), true));
    assert_true(rate_allows(&b, ms(60000), true));
    assert_true(b.silent_until_at.us == 1000 + 60 * US_PER_S);
    rate_silence(&b, now, US_PER_S); /* shorter: the longer one stands */
    assert_false(rate_allows(&b, ms(59999), true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_eighty_percent_everything_may_go),
        cmocka_unit_test(at_eighty_percent_only_what_pnl_needs_goes),
        cmocka_unit_test(a_new_minute_of_the_clock_starts_at_nothing),
        cmocka_unit_test(what_others_spent_behind_our_address_counts),
        cmocka_unit_test(a_learnt_limit_moves_the_thresholds),
        cmocka_unit_test(a_ban_is_silence_until_its_end),
        cmocka_unit_test(no_ban_is_longer_than_three_days),
        cmocka_unit_test(a_shorter_ban_does_not_shorten_a_longer_one),
        cmocka_unit_test(bans_without_a_time_double_from_a_minute_to_an_hour),
        cmocka_unit_test(a_burst_of_refusals_is_one_ban),
        cmocka_unit_test(a_ban_with_a_time_doubles_none_without),
        cmocka_unit_test(health_and_the_rest_have_shares_of_their_own),
        cmocka_unit_test(one_request_goes_out_before_the_first_answer),
        cmocka_unit_test(the_window_slides),
        cmocka_unit_test(never_more_than_ninety_in_any_minute),
        cmocka_unit_test(what_the_bot_says_remains_holds_the_rest_back_before_health),
        cmocka_unit_test(our_own_requests_count_against_what_remains),
        cmocka_unit_test(an_old_word_about_what_remains_is_forgotten),
        cmocka_unit_test(a_429_is_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
