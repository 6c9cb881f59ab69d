#include "base/time.h"

#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void reads_every_form_the_sources_use(void **state) {
    static const struct {
        const char *text;
        int64_t us;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01", 0},
        {"2026-01-05T08:01:00+00:00", INT64_C(1767600060000000)},
        {"2026-01-05T08:01:00", INT64_C(1767600060000000)},
        {"2026-01-05 08:01:00", INT64_C(1767600060000000)},
        {"2026-01-05T08:01", INT64_C(1767600060000000)},
        {"2026-01-05T09:31:00+01:30", INT64_C(1767600060000000)},
        {"2026-01-05T09:31:00+0130", INT64_C(1767600060000000)},
        {"2026-01-05T02:31:00-05:30", INT64_C(1767600060000000)},
        {"2026-01-05T08:01:00.5Z", INT64_C(1767600060500000)},
        {"2026-01-05T08:01:00.123456Z", INT64_C(1767600060123456)},
        {"2026-01-05T08:01:00.123456999+00:00", INT64_C(1767600060123456)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
        {"2000-02-29", INT64_C(951782400000000)},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wall t = {4711};
        if (wall_parse(&t, span_of(cases[i].text)) != ERR_OK || t.us != cases[i].us)
            fail_msg("%s reads as %lld", cases[i].text, (long long)t.us);
    }
}

static void refuses_other_texts_and_dates_that_do_not_exist(void **state) {
    static const struct {
        const char *text;
        enum err err;
    } cases[] = {
        {"", ERR_SYNTAX},
        {"now", ERR_SYNTAX},
        {"2026", ERR_SYNTAX},
        {"2026-1-05", ERR_SYNTAX},
        {"2026-01-05T", ERR_SYNTAX},
        {"2026-01-05T08", ERR_SYNTAX},
        {"2026-01-05T08:01:", ERR_SYNTAX},
        {"2026-01-05T08:01:00.", ERR_SYNTAX},
        {"2026-01-05T08:01:00.Z", ERR_SYNTAX},
        {"2026-01-05T08:01:00ZZ", ERR_SYNTAX},
        {"2026-01-05T08:01:00 Z", ERR_SYNTAX},
        {"2026-01-05T08:01:00+1", ERR_SYNTAX},
        {"2026-01-05T08:01:00+24:00", ERR_SYNTAX},
        {"2026-01-05T08:01:00+01:60", ERR_SYNTAX},
        {"20260105T080100Z", ERR_SYNTAX},
        {" 2026-01-05", ERR_SYNTAX},
        {"2026-13-01", ERR_RANGE},
        {"2026-00-01", ERR_RANGE},
        {"2026-02-29", ERR_RANGE},
        {"1900-02-29", ERR_RANGE},
        {"2026-04-31", ERR_RANGE},
        {"2026-01-00", ERR_RANGE},
        {"0000-01-01", ERR_RANGE},
        {"2026-01-05T24:00:00Z", ERR_RANGE},
        {"2026-01-05T08:60:00Z", ERR_RANGE},
        {"2026-01-05T08:01:61Z", ERR_RANGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wall t = {4711};
        if (wall_parse(&t, span_of(cases[i].text)) != cases[i].err) fail_msg("\"%s\"", cases[i].text);
        assert_int_equal(t.us, 4711);
    }
}

static void prints_six_digits_and_clamps_years(void **state) {
    char text[WALL_TEXT_MAX];
    (void)state;
    assert_int_equal(wall_format(text, (struct wall){INT64_C(1767600060000001)}), 27);
    assert_string_equal(text, "2026-01-05T08:01:00.000001Z");
    wall_format(text, (struct wall){-1});
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    wall_format(text, (struct wall){INT64_MAX});
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
    wall_format(text, (struct wall){INT64_MIN});
    assert_string_equal(text, "0001-01-01T00:00:00.000000Z");
}

static void text_gives_the_time_back(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        char text[WALL_TEXT_MAX];
        struct wall t = {(int64_t)rng_below(&rng, UINT64_C(250000000000000000)) - INT64_C(60000000000000000)}, back;
        size_t len = wall_format(text, t);
        assert_int_equal(wall_parse(&back, span_from(text, len)), ERR_OK);
        assert_int_equal(back.us, t.us);
    }
}

static void every_day_of_four_centuries_counts_one_up(void **state) {
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1800, month = 1, day = 1;
    (void)state;
    for (int64_t days = days_from_civil(1800, 1, 1); year < 2200; days++) {
        int y, m, d;
        civil_from_days(days, &y, &m, &d);
        assert_true(y == year && m == month && d == day);
        assert_int_equal(days_from_civil(year, month, day), days);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (++day <= month_days[month - 1] + (month == 2 && leap)) continue;
        day = 1;
        if (++month > 12) month = 1, year++;
    }
    assert_int_equal(days_from_civil(1970, 1, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form_the_sources_use),
        cmocka_unit_test(refuses_other_texts_and_dates_that_do_not_exist),
        cmocka_unit_test(prints_six_digits_and_clamps_years),
        cmocka_unit_test(text_gives_the_time_back),
        cmocka_unit_test(every_day_of_four_centuries_counts_one_up),
    };
    return cmocka_run_group_tests_name("base/time", tests, NULL, NULL);
}
