/* Candles: flat minutes, intervals, weeks and months, windows. */
#include "unit.h"

#include "base/time.h"
#include "sim/candle.h"

#define T0 (INT64_C(1767700800) * US_PER_S) /* 2026-01-06 12:00, a Tuesday */

static void minutes_without_trades_are_flat(void **state) {
    struct candle_series s;
    (void)state;
    sim_candles_init(&s, US_PER_MIN, 100);
    sim_candles_reach(&s, T0, 500);
    sim_candles_trade(&s, 1, 510, 2, 1020, true);
    sim_candles_reach(&s, T0 + 3 * US_PER_MIN, 0);
    assert_int_equal(s.count, 4);
    assert_int_equal(s.all[0].open, 510);
    assert_int_equal(s.all[3].open, 510);
    assert_int_equal(s.all[3].trades, 0);
    assert_int_equal(s.all[3].first_id, -1);
    sim_candles_free(&s);
}

static void a_long_bar_is_its_minutes_together(void **state) {
    struct candle_series s;
    struct candle bar;
    (void)state;
    sim_candles_init(&s, US_PER_MIN, 100);
    for (int64_t i = 0; i < 7; i++) {
        sim_candles_reach(&s, T0 + i * US_PER_MIN, 100);
        sim_candles_trade(&s, i + 1, 100 + (i % 3) * 10, 1, 100, i % 2 == 0);
    }
    assert_true(sim_candles_bar(&s, &bar, INTERVAL_5M, T0, 0));
    assert_int_equal(bar.open, 100);
    assert_int_equal(bar.high, 120);
    assert_int_equal(bar.close, 110);
    assert_int_equal(bar.trades, 5);
    assert_int_equal(bar.taker_volume, 3);
    assert_true(bar.first_id == 1 && bar.last_id == 5);
    assert_false(sim_candles_bar(&s, &bar, INTERVAL_5M, T0 + 10 * US_PER_MIN, 0));
    sim_candles_free(&s);
}

static void weeks_begin_on_monday_and_months_on_the_first(void **state) {
    int64_t day = T0 / US_PER_DAY * US_PER_DAY;
    (void)state;
    assert_int_equal(sim_interval_start(INTERVAL_1W, T0, 0), day - US_PER_DAY);
    assert_int_equal(sim_interval_start(INTERVAL_1MO, T0, 0), day - 5 * US_PER_DAY);
    assert_int_equal(sim_interval_next(INTERVAL_1MO, day - 5 * US_PER_DAY, 0), day + 26 * US_PER_DAY);
    assert_int_equal(sim_interval_start(INTERVAL_1D, T0, 8 * US_PER_HOUR), day - 8 * US_PER_HOUR);
    assert_int_equal(sim_interval_find(SPAN("1M")), INTERVAL_1MO);
    assert_int_equal(sim_interval_find(SPAN("1m")), INTERVAL_1M);
    assert_int_equal(sim_interval_find(SPAN("7m")), INTERVAL_COUNT);
}

static void old_candles_go_and_the_window_stays(void **state) {
    struct candle_series s;
    struct candle sum;
    int64_t before;
    (void)state;
    sim_candles_init(&s, US_PER_MIN, 10);
    for (int64_t i = 0; i < 95; i++) {
        sim_candles_reach(&s, T0 + i * US_PER_MIN, 100);
        sim_candles_trade(&s, i, i, 1, i, true);
    }
    assert_true(s.count >= 10 && s.count <= 20);
    assert_true(sim_candles_window(&s, &sum, &before, 5));
    assert_true(sum.open == 90 && sum.close == 94 && sum.volume == 5 && before == 89);
    sim_candles_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_without_trades_are_flat),
        cmocka_unit_test(a_long_bar_is_its_minutes_together),
        cmocka_unit_test(weeks_begin_on_monday_and_months_on_the_first),
        cmocka_unit_test(old_candles_go_and_the_window_stays),
    };
    return RUN(tests);
}
