/* pnl.h: options and text in, figures out. What the figures are is tested against the oracle in tests/e2e. */
#include "app/pnl.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEADER "time,symbol,trade_id,side,price,quantity,fee,fee_asset\n"

static struct pnl_options *options;

static bool read_options(char *why, int argc, const char *const *words) {
    char *argv[16];
    assert_true(argc < 16);
    for (int i = 0; i < argc; i++) memcpy(&argv[i], &words[i], sizeof argv[i]);
    return pnl_options_read(options, why, argc, argv);
}

static int setup(void **state) {
    (void)state;
    options = calloc(1, sizeof *options);
    return options == NULL;
}

static int teardown(void **state) {
    (void)state;
    free(options);
    return 0;
}

static void assert_dec16(struct dec16 got, const char *want) {
    char text[DEC_TEXT_MAX];
    (void)dec16_format(text, got);
    assert_string_equal(text, want);
}

static void options_in_any_order_and_spelling(void **state) {
    const char *const words[] = {"pnl",           "--mark",      "BTC/USDT=67000.5", "fills.csv", "--fee-price=BNB=600",
                                 "--method=grid", "--fee-price", "BNB/EUR=550",      "--json"};
    char why[PNL_WHY_MAX];
    (void)state;
    assert_true(read_options(why, 9, words));
    assert_string_equal(options->file, "fills.csv");
    assert_int_equal(options->mark_count, 1);
    assert_string_equal(options->marks[0].base.text, "BTC");
    assert_string_equal(options->marks[0].quote.text, "USDT");
    assert_dec16(options->marks[0].price, "67000.5");
    assert_int_equal(options->fee_price_count, 2);
    assert_string_equal(options->fee_prices[0].base.text, "BNB");
    assert_true(name_empty(&options->fee_prices[0].quote));
    assert_string_equal(options->fee_prices[1].quote.text, "EUR");
    assert_int_equal(options->method, METHOD_GRID);
    assert_true(options->json);
}

static void wrong_options_say_what_is_allowed(void **state) {
    static const struct {
        const char *words[3], *why;
    } cases[] = {
        {{"pnl", "-", "--mark"}, "--mark needs a value"},
        {{"pnl", "-", "--mark==5"}, "give SYMBOL=PRICE"},
        {{"pnl", "-", "--mark=A/B/C=5"}, "not BASE/QUOTE"},
        {{"pnl", "-", "--mark=A/B=-5"}, "above zero"},
        {{"pnl", "-", "--fee-price=BNB"}, "give ASSET=PRICE"},
        {{"pnl", "-", "--method=x"}, "fifo, lifo, average or grid"},
        {{"pnl", "-", "--nothing"}, "no option"},
        {{"pnl", "-", "again"}, "one file too many"},
        {{"pnl", "--json", "--json"}, "name a file"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[PNL_WHY_MAX] = "";
        assert_false(read_options(why, 3, cases[i].words));
        assert_non_null(strstr(why, cases[i].why));
    }
}

static void reading(struct pnl *p, const char *text, enum err expected, struct csv_fault *fault) {
    pnl_init(p, options);
    assert_int_equal(pnl_read(p, span_of(text), fault), expected);
}

static void a_symbol_without_slash_is_named_by_a_later_row(void **state) {
    struct pnl p;
    struct csv_fault fault;
    (void)state;
    reading(&p, HEADER "2026-01-01,BTCUSDT,2,sell,110,1,,\n2025-12-31,BTC/USDT,1,buy,100,1,,\n", ERR_OK, &fault);
    assert_int_equal(p.tally.count, 1);
    assert_dec16(p.portfolio.total, "10");
    pnl_free(&p);
}

static void a_symbol_that_nobody_names_is_an_error_with_its_line(void **state) {
    struct pnl p;
    struct csv_fault fault;
    (void)state;
    reading(&p, HEADER "2026-01-01,A/B,1,buy,1,1,,\n\n2026-01-01,BTCUSDT,2,sell,110,1,,\n", ERR_UNKNOWN, &fault);
    assert_int_equal(fault.line, 4);
    assert_string_equal(fault.field, "symbol");
    assert_non_null(strstr(fault.what, "line 4, symbol: which assets are \"BTCUSDT\"?"));
    pnl_free(&p);
}

static void a_sum_that_is_too_large_is_an_error_with_its_line(void **state) {
    struct pnl p;
    struct csv_fault fault;
    (void)state;
    reading(&p,
            HEADER "2026-01-01,A/B,1,buy,1000000000000,9000000000,,\n2026-01-02,A/B,2,buy,1000000000000,9000000000,,\n"
                   "2026-01-03,A/B,3,buy,1,1,,\n",
            ERR_RANGE, &fault);
    assert_int_equal(fault.line, 3); /* not the last one read */
    assert_non_null(strstr(fault.what, "line 3, quantity: "));
    pnl_free(&p);
}

static void repeated_rows_are_counted_and_dropped(void **state) {
    struct pnl p;
    struct csv_fault fault;
    struct buf out;
    (void)state;
    reading(&p, HEADER "2026-01-01,A/B,1,buy,2,1,,\n2026-01-01,A/B,1,buy,2,1,,\n2026-01-01,A/B,1,sell,3,1,,\n", ERR_OK,
            &fault);
    assert_int_equal(p.tally.duplicates, 1);
    assert_dec16(p.portfolio.realized, "1"); /* one id on both sides is two fills */
    buf_init(&out, 1 << 20);
    pnl_table(&p, &out);
    assert_non_null(strstr(out.at, "2 fills of 1 symbol, "));
    assert_non_null(strstr(out.at, "; 1 repeated row(s) dropped"));
    buf_free(&out);
    pnl_free(&p);
}

static void a_file_without_rows_has_zeros(void **state) {
    struct pnl p;
    struct csv_fault fault;
    struct buf out;
    (void)state;
    reading(&p, HEADER, ERR_OK, &fault);
    assert_true(p.portfolio.money && p.portfolio.valued);
    assert_dec16(p.portfolio.total, "0");
    buf_init(&out, 1 << 20);
    pnl_json(&p, &out);
    assert_non_null(strstr(out.at, "\"symbols\":{}}"));
    buf_clear(&out);
    pnl_table(&p, &out);
    assert_non_null(strstr(out.at, "0 fills of 0 symbols\n"));
    buf_free(&out);
    pnl_free(&p);
}

static void count_calls(void *arg, uint64_t fills) {
    (void)fills;
    ++*(int *)arg;
}

static void long_files_tell_how_far_they_are(void **state) {
    enum { FILLS = 140000 };
    struct pnl p;
    struct csv_fault fault;
    struct buf text;
    int calls = 0;
    (void)state;
    buf_init(&text, 32 << 20);
    buf_puts(&text, HEADER);
    for (int i = 0; i < FILLS; i++) buf_putf(&text, "2026-01-01,A/B,%d,%s,2,1,,\n", i, i % 2 == 0 ? "buy" : "sell");
    pnl_init(&p, options);
    p.progress = count_calls;
    p.progress_arg = &calls;
    assert_int_equal(pnl_read(&p, buf_span(&text), &fault), ERR_OK);
    assert_int_equal(p.tally.fills, FILLS);
    assert_int_equal(calls, 3);
    pnl_free(&p);
    buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(options_in_any_order_and_spelling),
        TEST(wrong_options_say_what_is_allowed),
        TEST(a_symbol_without_slash_is_named_by_a_later_row),
        TEST(a_symbol_that_nobody_names_is_an_error_with_its_line),
        TEST(a_sum_that_is_too_large_is_an_error_with_its_line),
        TEST(repeated_rows_are_counted_and_dropped),
        TEST(a_file_without_rows_has_zeros),
        TEST(long_files_tell_how_far_they_are),
    };
    return cmocka_run_group_tests_name("app/pnl", tests, NULL, NULL);
}
