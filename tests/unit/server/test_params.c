#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/methods.h"
#include "server/params.h"

#include <stdio.h>

static struct server_query q;
static struct param_fault fault;

static enum err parse(enum server_query_kind kind, const char *query) {
    return params_parse(&q, &fault, kind, span_of(query));
}

static void refused(enum server_query_kind kind, const char *query, const char *field) {
    assert_int_equal(parse(kind, query), ERR_VALUE);
    assert_string_equal(fault.field, field);
    assert_true(fault.message[0] != '\0');
}

static void empty_query_has_the_defaults(void **state) {
    (void)state;
    assert_int_equal(parse(QUERY_TRADES, ""), ERR_OK);
    assert_int_equal(q.limit, 100);
    assert_int_equal(q.side, QUERY_SIDE_ANY);
    assert_true(name_empty(&q.symbol) && q.from.us == 0 && q.to.us == 0 && q.q[0] == '\0' && q.cursor[0] == '\0');
    assert_int_equal(parse(QUERY_CANDLES, "symbol=BTC/USDT"), ERR_OK);
    assert_int_equal(q.limit, 500);
    assert_true(name_is(&q.interval, "1h"));
    assert_int_equal(parse(QUERY_TRADES_CSV, ""), ERR_OK);
    assert_int_equal(q.limit, 0);
}

static void every_parameter_is_read(void **state) {
    (void)state;
    assert_int_equal(parse(QUERY_TRADES, "symbol=BTC%2FUSDT&side=sell&from=2026-11-20T10:00:00Z&to=2026-11-21&q=a+b%25"
                                         "&cursor=abc&limit=1000"),
                     ERR_OK);
    assert_true(name_is(&q.symbol, "BTC/USDT"));
    assert_int_equal(q.side, QUERY_SIDE_SELL);
    assert_int_equal(q.from.us, INT64_C(1795168800000000));
    assert_int_equal(q.to.us - q.from.us, 14 * US_PER_HOUR);
    assert_string_equal(q.q, "a b%");
    assert_string_equal(q.cursor, "abc");
    assert_int_equal(q.limit, 1000);
    assert_int_equal(parse(QUERY_CANDLES, "symbol=BTC/USDT&interval=1w&limit=1&before=2026-11-20T10:00:00Z"), ERR_OK);
    assert_true(name_is(&q.interval, "1w"));
    assert_int_equal(q.before.us, INT64_C(1795168800000000));
    for (int m = 0; m < METHOD_COUNT; m++) {
        char query[32];
        snprintf(query, sizeof query, "method=%s", method_name((enum method)m));
        assert_int_equal(parse(QUERY_PERFORMANCE, query), ERR_OK);
        assert_string_equal(q.method, method_name((enum method)m));
    }
    assert_int_equal(parse(QUERY_EQUITY, "days=30"), ERR_OK);
    assert_int_equal(q.days, 30);
}

static void malformed_values_name_their_field(void **state) {
    (void)state;
    static const struct {
        enum server_query_kind kind;
        const char *query, *field;
    } cases[] = {
        {QUERY_TRADES, "limit=0", "limit"},
        {QUERY_TRADES, "limit=1001", "limit"},
        {QUERY_TRADES, "limit=", "limit"},
        {QUERY_TRADES, "limit=-1", "limit"},
        {QUERY_TRADES, "limit=1e2", "limit"},
        {QUERY_TRADES, "limit", "limit"},
        {QUERY_TRADES, "limit=99999999999999999999", "limit"},
        {QUERY_TRADES, "side=both", "side"},
        {QUERY_TRADES, "side=BUY", "side"},
        {QUERY_TRADES, "from=yesterday", "from"},
        {QUERY_TRADES, "to=2026-13-01", "to"},
        {QUERY_TRADES, "from=1970-01-01", "from"},
        {QUERY_TRADES, "symbol=", "symbol"},
        {QUERY_TRADES, "symbol=0123456789012345678901234567890123", "symbol"},
        {QUERY_TRADES, "cursor=", "cursor"},
        {QUERY_CANDLES, "symbol=A/B&interval=7m", "interval"},
        {QUERY_CANDLES, "symbol=A/B&before=x", "before"},
        {QUERY_CANDLES, "interval=1m", "symbol"},
        {QUERY_PERFORMANCE, "method=hifo", "method"},
        {QUERY_PERFORMANCE, "method=", "method"},
        {QUERY_PERFORMANCE, "method=FIFO", "method"},
        {QUERY_PERFORMANCE, "method=averages", "method"},
        {QUERY_PROOF, "method=fifo", "method"},
        {QUERY_PERFORMANCE, "days=7", "days"},
        {QUERY_EQUITY, "days=0", "days"},
        {QUERY_EQUITY, "days=3651", "days"},
        {QUERY_EQUITY, "days=1&from=2026-01-01", "days"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) refused(cases[i].kind, cases[i].query, cases[i].field);
}

static void unknown_and_foreign_parameters_are_refused(void **state) {
    (void)state;
    refused(QUERY_TRADES, "colour=red", "colour");
    refused(QUERY_TRADES, "interval=1m", "interval");
    refused(QUERY_TRADES_CSV, "limit=1", "limit");
    refused(QUERY_CONFIG, "symbol=A/B", "symbol");
    refused(QUERY_ORDERS, "side=buy", "side");
    refused(QUERY_TRADES, "=1", "");
}

static void a_name_that_is_no_word_is_not_echoed(void **state) {
    (void)state;
    refused(QUERY_TRADES, "ab\x01\"<=1", "ab");
    refused(QUERY_TRADES, "abcdefghijabcdefghijabcdefghijabcdefghij=1", "abcdefghijabcdefghijabcdefghija");
}

static void repeated_parameters_are_refused(void **state) {
    (void)state;
    refused(QUERY_TRADES, "limit=1&limit=2", "limit");
}

static void bad_percent_encoding_is_refused(void **state) {
    (void)state;
    refused(QUERY_TRADES, "q=%", "q");
    refused(QUERY_TRADES, "q=%2", "q");
    refused(QUERY_TRADES, "q=%zz", "q");
    refused(QUERY_TRADES, "q=%00", "q");
    refused(QUERY_TRADES, "q=%0a", "q");
}

static void free_text_has_a_bound(void **state) {
    (void)state;
    char query[512] = "q=";
    memset(query + 2, 'x', 64);
    assert_int_equal(parse(QUERY_TRADES, query), ERR_OK);
    assert_int_equal(strlen(q.q), 64);
    query[66] = 'x';
    refused(QUERY_TRADES, query, "q");
    memset(query + 2, 'x', 300);
    refused(QUERY_TRADES, query, "q");
}

static void to_must_be_later_than_from(void **state) {
    (void)state;
    refused(QUERY_TRADES, "from=2026-11-20&to=2026-11-20", "to");
    refused(QUERY_TRADES, "to=2026-11-19&from=2026-11-20", "to");
}

static void stray_ampersands_are_harmless(void **state) {
    (void)state;
    assert_int_equal(parse(QUERY_TRADES, "&&limit=7&"), ERR_OK);
    assert_int_equal(q.limit, 7);
}

static void one_parameter_is_found_alone(void **state) {
    (void)state;
    char out[8];
    assert_int_equal(params_one(out, sizeof out, SPAN("a=1&resume=4%32"), "resume"), ERR_OK);
    assert_string_equal(out, "42");
    assert_int_equal(params_one(out, sizeof out, SPAN("a=1"), "resume"), ERR_MISSING);
    assert_int_equal(params_one(out, sizeof out, SPAN(""), "resume"), ERR_MISSING);
    assert_int_equal(params_one(out, sizeof out, SPAN("resume=1&resume=1"), "resume"), ERR_EXISTS);
    assert_int_equal(params_one(out, sizeof out, SPAN("resume=12345678"), "resume"), ERR_TOO_BIG);
    assert_int_equal(params_one(out, sizeof out, SPAN("resume=%1"), "resume"), ERR_SYNTAX);
}

static void numbers_keep_their_bounds(void **state) {
    (void)state;
    uint64_t n;
    assert_int_equal(params_number(&n, SPAN("9223372036854775807"), 0, INT64_MAX), ERR_OK);
    assert_true(n == INT64_MAX);
    assert_int_equal(params_number(&n, SPAN("9223372036854775808"), 0, INT64_MAX), ERR_RANGE);
    assert_int_equal(params_number(&n, SPAN(" 1"), 0, 9), ERR_SYNTAX);
    assert_int_equal(params_number(&n, SPAN(""), 0, 9), ERR_SYNTAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_query_has_the_defaults),
        cmocka_unit_test(every_parameter_is_read),
        cmocka_unit_test(malformed_values_name_their_field),
        cmocka_unit_test(unknown_and_foreign_parameters_are_refused),
        cmocka_unit_test(a_name_that_is_no_word_is_not_echoed),
        cmocka_unit_test(repeated_parameters_are_refused),
        cmocka_unit_test(bad_percent_encoding_is_refused),
        cmocka_unit_test(free_text_has_a_bound),
        cmocka_unit_test(to_must_be_later_than_from),
        cmocka_unit_test(stray_ampersands_are_harmless),
        cmocka_unit_test(one_parameter_is_found_alone),
        cmocka_unit_test(numbers_keep_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
