/* Request weight: minutes on the clock, refusal, and bans that grow. */
#include "unit.h"

#include "base/time.h"
#include "sim/weight.h"

#define MINUTE0 (INT64_C(1767700800) * US_PER_S)

static void minutes_are_aligned_to_the_clock(void **state) {
    static struct weights w;
    (void)state;
    sim_weight_init(&w, 100);
    assert_int_equal(sim_weight_use(&w, SPAN("a"), 60, MINUTE0 + 59 * US_PER_S).used, 60);
    assert_int_equal(sim_weight_use(&w, SPAN("b"), 10, MINUTE0 + 59 * US_PER_S).used, 10);
    assert_int_equal(sim_weight_use(&w, SPAN("a"), 60, MINUTE0 + 60 * US_PER_S).used, 60);
}

static void over_the_limit_waits_for_the_next_minute(void **state) {
    static struct weights w;
    (void)state;
    sim_weight_init(&w, 100);
    sim_weight_use(&w, SPAN("a"), 100, MINUTE0);
    struct weight_answer a = sim_weight_use(&w, SPAN("a"), 1, MINUTE0 + 1);
    assert_int_equal(a.verdict, WEIGHT_LIMITED);
    assert_int_equal(a.retry_us, MINUTE0 + US_PER_MIN);
    assert_int_equal(sim_weight_use(&w, SPAN("a"), 1, MINUTE0 + US_PER_MIN).verdict, WEIGHT_OK);
}

static int64_t get_banned(struct weights *w, int64_t now) {
    struct weight_answer a = {WEIGHT_OK, 0, 0};
    for (int i = 0; i < 200 && a.verdict != WEIGHT_BANNED; i++) a = sim_weight_use(w, SPAN("a"), 10, now);
    assert_int_equal(a.verdict, WEIGHT_BANNED);
    return a.retry_us - now;
}

static void whoever_goes_on_is_banned_longer_each_time(void **state) {
    static struct weights w;
    (void)state;
    sim_weight_init(&w, 100);
    assert_int_equal(get_banned(&w, MINUTE0), 2 * US_PER_MIN);
    assert_int_equal(sim_weight_use(&w, SPAN("a"), 1, MINUTE0 + 90 * US_PER_S).verdict, WEIGHT_BANNED);
    assert_int_equal(sim_weight_use(&w, SPAN("a"), 1, MINUTE0 + 121 * US_PER_S).verdict, WEIGHT_OK);
    assert_int_equal(get_banned(&w, MINUTE0 + US_PER_HOUR), 4 * US_PER_MIN);
    int64_t last = 0;
    for (int64_t i = 1; i < 20; i++) last = get_banned(&w, MINUTE0 + i * 10 * US_PER_DAY);
    assert_int_equal(last, 3 * US_PER_DAY);
}

static void three_hundred_connections_in_five_minutes(void **state) {
    static struct weights w;
    (void)state;
    sim_weight_init(&w, 100);
    for (int i = 0; i < 300; i++) assert_true(sim_weight_connect(&w, SPAN("a"), MINUTE0));
    assert_false(sim_weight_connect(&w, SPAN("a"), MINUTE0));
    assert_true(sim_weight_connect(&w, SPAN("a"), MINUTE0 + 5 * US_PER_MIN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_are_aligned_to_the_clock),
        cmocka_unit_test(over_the_limit_waits_for_the_next_minute),
        cmocka_unit_test(whoever_goes_on_is_banned_longer_each_time),
        cmocka_unit_test(three_hundred_connections_in_five_minutes),
    };
    return RUN(tests);
}
