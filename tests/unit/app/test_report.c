/* report.h: periods, currencies and sums, by hand and against the tally itself. */
#include "app/report.h"

#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static int64_t fixed(void *arg, struct wall t) {
    (void)t;
    return *(int64_t *)arg;
}

/* Central Europe in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC. */
static int64_t berlin(void *arg, struct wall t) {
    struct wall from, to;
    (void)arg;
    assert_int_equal(wall_parse(&from, SPAN("2026-03-29T01:00:00Z")), ERR_OK);
    assert_int_equal(wall_parse(&to, SPAN("2026-10-25T01:00:00Z")), ERR_OK);
    return (t.us >= from.us && t.us < to.us ? 2 : 1) * US_PER_HOUR;
}

static int64_t zero = 0;
static struct report_zone utc = {fixed, &zero};

static struct fill fill(const char *symbol, int64_t id, const char *time, enum side side, const char *price,
                        const char *quantity, const char *fee) {
    struct fill f = {
        .symbol = name_of(symbol), .trade_id = id, .order_id = ORDER_ID_NONE, .side = side, .source = SOURCE_REST};
    assert_int_equal(wall_parse(&f.time, span_of(time)), ERR_OK);
    assert_int_equal(dec8_parse(&f.price, span_of(price)), ERR_OK);
    assert_int_equal(dec8_parse(&f.quantity, span_of(quantity)), ERR_OK);
    assert_int_equal(dec16_parse(&f.fee, span_of(fee)), ERR_OK);
    return f;
}

static void add(struct tally *t, struct fill f) { assert_int_equal(tally_add(t, &f), ERR_OK); }

static void make_by(struct report *r, struct tally *t, enum report_by by, const struct report_zone *zone,
                    enum method method) {
    tally_finish(t);
    report_init(r, by, method);
    assert_int_equal(report_make(r, t, zone), ERR_OK);
}

static void make(struct report *r, struct tally *t, enum report_by by, const struct report_zone *zone) {
    make_by(r, t, by, zone, METHOD_FIFO);
}

static void assert_row(const struct report_row *row, const char *group, const char *currency, const char *realized,
                       const char *fees, int fills, int cycles) {
    char text[DEC_TEXT_MAX];
    assert_string_equal(row->group.text, group);
    assert_string_equal(row->currency.text, currency);
    (void)dec16_format(text, row->sums.realized);
    assert_string_equal(text, realized);
    (void)dec16_format(text, row->sums.fees);
    assert_string_equal(text, fees);
    assert_int_equal(row->sums.fills, fills);
    assert_int_equal(row->sums.cycles, cycles);
}

static void three_days(struct tally *t, struct wall since) {
    tally_init(t, since);
    add(t, fill("BTC/USDT", 1, "2026-01-31T10:00:00Z", SIDE_BUY, "100", "2", "0.2"));
    add(t, fill("BTC/USDT", 2, "2026-01-31T23:59:59.999999Z", SIDE_SELL, "110", "1", "0.1"));
    add(t, fill("BTC/USDT", 3, "2026-02-01T00:00:00Z", SIDE_SELL, "120", "1", "0.1"));
    add(t, fill("ETH/USDT", 1, "2026-02-01T08:00:00Z", SIDE_BUY, "10", "1", "0.01"));
    add(t, fill("ETH/BTC", 1, "2026-02-03T08:00:00Z", SIDE_BUY, "0.1", "1", "0.001"));
}

static void by_day(void **state) {
    struct tally t;
    struct report r;
    (void)state;
    three_days(&t, (struct wall){0});
    make(&r, &t, REPORT_BY_DAY, &utc);
    assert_int_equal(r.count, 3); /* 2 February has no fill and no row */
    assert_row(&r.rows[0], "2026-01-31", "USDT", "9.7", "0.3", 2, 1);
    assert_row(&r.rows[1], "2026-02-01", "USDT", "19.89", "0.11", 2, 1);
    assert_row(&r.rows[2], "2026-02-03", "BTC", "-0.001", "0.001", 1, 0);
    assert_int_equal(r.total_count, 2);
    assert_row(&r.totals[0], "all", "BTC", "-0.001", "0.001", 1, 0);
    assert_row(&r.totals[1], "all", "USDT", "29.59", "0.41", 4, 2);
    report_free(&r);
    tally_free(&t);
}

static void by_month_and_by_pair(void **state) {
    struct tally t;
    struct report r;
    (void)state;
    three_days(&t, (struct wall){0});
    make(&r, &t, REPORT_BY_MONTH, &utc);
    assert_int_equal(r.count, 3);
    assert_row(&r.rows[0], "2026-01", "USDT", "9.7", "0.3", 2, 1);
    assert_row(&r.rows[1], "2026-02", "BTC", "-0.001", "0.001", 1, 0);
    assert_row(&r.rows[2], "2026-02", "USDT", "19.89", "0.11", 2, 1);
    report_free(&r);
    make(&r, &t, REPORT_BY_PAIR, &utc);
    assert_int_equal(r.count, 3);
    assert_row(&r.rows[0], "BTC/USDT", "USDT", "29.6", "0.4", 3, 2);
    assert_row(&r.rows[1], "ETH/BTC", "BTC", "-0.001", "0.001", 1, 0);
    assert_row(&r.rows[2], "ETH/USDT", "USDT", "-0.01", "0.01", 1, 0);
    report_free(&r);
    tally_free(&t);
}

/* Bought at 100 and 110, sold at 120 and 130, a month apart: what the first sale takes the second has not. */
static void by_another_method(void **state) {
    static const struct {
        enum method method;
        const char *first, *second;
    } by[] = {
        {METHOD_FIFO, "20", "20"}, {METHOD_LIFO, "10", "30"}, {METHOD_AVERAGE, "15", "25"}, {METHOD_GRID, "10", "30"}};
    (void)state;
    for (size_t i = 0; i < sizeof by / sizeof *by; i++) {
        struct tally t;
        struct report r;
        struct buf out;
        tally_init(&t, (struct wall){0});
        add(&t, fill("BTC/USDT", 1, "2026-01-10", SIDE_BUY, "100", "1", "0"));
        add(&t, fill("BTC/USDT", 2, "2026-01-11", SIDE_BUY, "110", "1", "0"));
        add(&t, fill("BTC/USDT", 3, "2026-02-10", SIDE_SELL, "120", "1", "0"));
        add(&t, fill("BTC/USDT", 4, "2026-03-10", SIDE_SELL, "130", "1", "0"));
        make_by(&r, &t, REPORT_BY_MONTH, &utc, by[i].method);
        assert_row(&r.rows[1], "2026-02", "USDT", by[i].first, "0", 1, 1);
        assert_row(&r.rows[2], "2026-03", "USDT", by[i].second, "0", 1, 1);
        assert_row(&r.totals[0], "all", "USDT", "40", "0", 4, 2);
        buf_init(&out, 1 << 20);
        report_print(&r, &out, REPORT_TABLE, "UTC");
        assert_int_equal(strstr(out.at, method_sentence(by[i].method)) != NULL, by[i].method != METHOD_FIFO);
        buf_free(&out);
        report_free(&r);
        tally_free(&t);
    }
}

static void days_begin_at_midnight_of_the_zone(void **state) {
    int64_t india = 5 * US_PER_HOUR + 30 * US_PER_MIN;
    const struct report_zone zone = {fixed, &india};
    struct tally t;
    struct report r;
    (void)state;
    three_days(&t, (struct wall){0});
    make(&r, &t, REPORT_BY_DAY, &zone);
    assert_int_equal(r.count, 3);
    assert_row(&r.rows[0], "2026-01-31", "USDT", "-0.2", "0.2", 1, 0);
    assert_row(&r.rows[1], "2026-02-01", "USDT", "29.79", "0.21", 3, 2);
    assert_row(&r.rows[2], "2026-02-03", "BTC", "-0.001", "0.001", 1, 0);
    report_free(&r);
    tally_free(&t);
}

static void days_of_23_and_25_hours(void **state) {
    static const char *const times[] = {"2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z",
                                        "2026-03-29T22:00:00Z", "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z",
                                        "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"};
    static const char *const days[] = {"2026-03-28", "2026-03-29", "2026-03-30",
                                       "2026-10-24", "2026-10-25", "2026-10-26"};
    static const int fills[] = {1, 2, 1, 1, 2, 1};
    const struct report_zone zone = {berlin, NULL};
    struct tally t;
    struct report r;
    (void)state;
    tally_init(&t, (struct wall){0});
    for (int i = 0; i < 8; i++) add(&t, fill("BTC/EUR", i, times[i], SIDE_BUY, "1", "1", "0"));
    make(&r, &t, REPORT_BY_DAY, &zone);
    assert_int_equal(r.count, 6);
    for (int i = 0; i < 6; i++) assert_row(&r.rows[i], days[i], "EUR", "0", "0", fills[i], 0);
    report_free(&r);
    make(&r, &t, REPORT_BY_MONTH, &zone);
    assert_int_equal(r.count, 2);
    report_free(&r);
    tally_free(&t);
}

static void fills_before_since_have_no_rows(void **state) {
    struct tally t;
    struct report r;
    struct wall since;
    (void)state;
    assert_int_equal(wall_parse(&since, SPAN("2026-02-01")), ERR_OK);
    three_days(&t, since);
    make(&r, &t, REPORT_BY_DAY, &utc);
    assert_int_equal(r.count, 2);
    assert_row(&r.rows[0], "2026-02-01", "USDT", "19.89", "0.11", 2, 1);
    report_free(&r);
    tally_free(&t);
}

static void assert_same_sums(const struct report_sums *a, const struct report_sums *b) {
    assert_true(a->realized.v == b->realized.v && a->fees.v == b->fees.v);
    assert_true(a->fills == b->fills && a->buys == b->buys && a->sells == b->sells);
    assert_true(a->cycles == b->cycles && a->wins == b->wins && a->losses == b->losses &&
                a->unvalued_fees == b->unvalued_fees);
}

/* Whatever the fills: the periods add up to the ledgers' totals to the last digit. */
static void periods_add_up_to_the_whole(void **state) {
    static const char *const symbols[] = {"BTC/USDT", "ETH/USDT", "ETH/BTC"};
    const struct report_zone zone = {berlin, NULL};
    struct rng rng;
    (void)state;
    rng_seed(&rng, 20260329);
    for (int round = 0; round < 20; round++) {
        struct tally t;
        tally_init(&t, (struct wall){0});
        for (int i = 0; i < 400; i++) {
            struct fill f = fill(symbols[rng_below(&rng, 3)], i, "2026-03-01",
                                 rng_chance(&rng, 1, 2) ? SIDE_SELL : SIDE_BUY, "1", "1", "0.003");
            f.time.us += (int64_t)rng_below(&rng, 60) * US_PER_DAY + (int64_t)rng_below(&rng, (uint64_t)US_PER_DAY);
            f.price.v += (i128)rng_below(&rng, 100000000);
            f.quantity.v += (i128)rng_below(&rng, 100000000);
            f.order_id = 1 + (int64_t)rng_below(&rng, 300); /* some orders last for days */
            if (rng_chance(&rng, 1, 4)) f.fee_asset = name_of("BNB");
            add(&t, f);
        }
        struct report pairs, days, months;
        enum method method = (enum method)(round % METHOD_COUNT);
        make_by(&pairs, &t, REPORT_BY_PAIR, &zone, method);
        make_by(&days, &t, REPORT_BY_DAY, &zone, method);
        make_by(&months, &t, REPORT_BY_MONTH, &zone, method);
        for (size_t i = 0; i < pairs.count; i++) {
            struct tally_line *line = tally_find(&t, &pairs.rows[i].group);
            struct ledger_totals whole;
            assert_non_null(line);
            assert_int_equal(method_totals(&whole, line->ledger, method, &line->base, (struct wall){0}), ERR_OK);
            assert_true(pairs.rows[i].sums.realized.v == whole.realized.v);
            assert_int_equal(pairs.rows[i].sums.wins, whole.wins);
            assert_int_equal(pairs.rows[i].sums.losses, whole.losses);
        }
        assert_int_equal(pairs.total_count, 2);
        for (size_t i = 0; i < pairs.total_count; i++) {
            assert_same_sums(&days.totals[i].sums, &pairs.totals[i].sums);
            assert_same_sums(&months.totals[i].sums, &pairs.totals[i].sums);
        }
        report_free(&pairs);
        report_free(&days);
        report_free(&months);
        tally_free(&t);
    }
}

static void printed_in_three_forms(void **state) {
    struct tally t;
    struct report r;
    struct buf out;
    (void)state;
    three_days(&t, (struct wall){0});
    make(&r, &t, REPORT_BY_DAY, &utc);
    buf_init(&out, 1 << 20);
    report_print(&r, &out, REPORT_CSV, "UTC");
    assert_non_null(strstr(out.at,
                           "day,currency,realized,fees_quote,fills,buys,sells,cycles,wins,losses,unvalued_fees\r\n"
                           "2026-01-31,USDT,9.7,0.3,2,1,1,1,1,0,0\r\n"));
    buf_clear(&out);
    report_print(&r, &out, REPORT_JSON, "UTC");
    assert_non_null(strstr(
        out.at, "{\"by\":\"day\",\"method\":\"fifo\",\"zone\":\"UTC\",\"rows\":[{\"day\":\"2026-01-31\",\"currency\":"
                "\"USDT\",\"realized\":\"9.7\""));
    assert_non_null(strstr(out.at, "\"totals\":[{\"currency\":\"BTC\",\"realized\":\"-0.001\""));
    buf_clear(&out);
    report_print(&r, &out, REPORT_TABLE, "UTC");
    assert_non_null(strstr(out.at, "2026-01-31  USDT"));
    assert_non_null(strstr(out.at, "Days begin at midnight in UTC."));
    buf_free(&out);
    report_free(&r);
    tally_free(&t);
}

static void options(void **state) {
    static const struct {
        const char *words[4], *why;
    } wrong[] = {
        {{"report", "--by", "week"}, "pair, day or month"},
        {{"report", "--by"}, "pair, day or month"},
        {{"report", "--csv", "--json"}, "not both"},
        {{"report", "--account"}, "needs a value"},
        {{"report", "--method", "hifo"}, "fifo, lifo, average or grid"},
        {{"report", "--method"}, "fifo, lifo, average or grid"},
        {{"report", "x"}, "no option \"x\""},
    };
    struct report_options o;
    char why[REPORT_WHY_MAX], *argv[4];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int argc = 0;
        for (; argc < 4 && wrong[i].words[argc] != NULL; argc++)
            memcpy(&argv[argc], &wrong[i].words[argc], sizeof *argv);
        assert_false(report_options_read(&o, why, argc, argv));
        assert_non_null(strstr(why, wrong[i].why));
    }
    const char *const words[] = {"report", "--by=month", "--account=production:1", "--csv"};
    memcpy(argv, words, sizeof words);
    assert_true(report_options_read(&o, why, 4, argv));
    assert_true(o.by == REPORT_BY_MONTH && o.form == REPORT_CSV);
    assert_string_equal(o.account, "production:1");
    assert_int_equal(o.method, METHOD_FIFO);
    const char *const lifo[] = {"report", "--method", "lifo"};
    memcpy(argv, lifo, sizeof lifo);
    assert_true(report_options_read(&o, why, 3, argv));
    assert_int_equal(o.method, METHOD_LIFO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_day),
        cmocka_unit_test(by_month_and_by_pair),
        cmocka_unit_test(by_another_method),
        cmocka_unit_test(days_begin_at_midnight_of_the_zone),
        cmocka_unit_test(days_of_23_and_25_hours),
        cmocka_unit_test(fills_before_since_have_no_rows),
        cmocka_unit_test(periods_add_up_to_the_whole),
        cmocka_unit_test(printed_in_three_forms),
        cmocka_unit_test(options),
    };
    return cmocka_run_group_tests_name("app/report", tests, NULL, NULL);
}
