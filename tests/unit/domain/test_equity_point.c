#include "base/rng.h"
#include "domain/equity.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LINES = 6 };

struct world {
    struct name symbols[LINES], quotes[LINES], display;
    struct equity_line lines[LINES];
};

static struct dec8 d8(const char *text) {
    struct dec8 d = {0};
    assert_int_equal(dec8_parse(&d, span_of(text)), ERR_OK);
    return d;
}

/* Empty lines: no mark, no rate but the display currency's own. */
static void clear(struct world *w) {
    static const char *const symbols[] = {"BTC/USDT", "ETH/USDT", "ETH/BTC", "SHIB/TRY", "ODDNAME", "BNB/EUR"};
    static const char *const quotes[] = {"USDT", "USDT", "BTC", "TRY", "USDT", "EUR"};
    w->display = name_of("USDT");
    for (size_t i = 0; i < LINES; i++) {
        w->symbols[i] = name_of(symbols[i]);
        w->quotes[i] = name_of(quotes[i]);
        w->lines[i] = (struct equity_line){.quote = &w->quotes[i], .now = {.symbol = &w->symbols[i]}};
        w->lines[i].now.rate_is_one = w->lines[i].now.has_rate = name_eq(&w->quotes[i], &w->display);
    }
}

static void fill(struct world *w) {
    static const char *const marks[] = {"64250.1", "3100", "0.04812", "0.00001234", "92233720368.54775807", NULL};
    clear(w);
    for (size_t i = 0; i < LINES; i++) {
        w->lines[i].now.has_mark = marks[i] != NULL;
        if (marks[i] != NULL) w->lines[i].now.mark = d8(marks[i]);
    }
    w->lines[2].now.has_rate = w->lines[3].now.has_rate = true;
    w->lines[2].now.rate = (struct conversion){.legs = 1, .mul = {d8("64250.1")}, .div = {d8("1")}};
    w->lines[3].now.rate =
        (struct conversion){.legs = 2, .mul = {d8("1"), d8("0.00001558")}, .div = {d8("2740001"), d8("1")}};
}

static void assert_same(const struct world *a, const struct world *b) {
    for (size_t i = 0; i < LINES; i++) {
        const struct portfolio_line *x = &a->lines[i].now, *y = &b->lines[i].now;
        assert_int_equal(x->has_mark, y->has_mark);
        assert_true(x->mark.v == y->mark.v);
        assert_int_equal(x->has_rate, y->has_rate);
        assert_int_equal(x->rate_is_one, y->rate_is_one);
        assert_int_equal(x->rate.legs, y->rate.legs);
        for (int leg = 0; leg < x->rate.legs; leg++) {
            assert_true(x->rate.mul[leg].v == y->rate.mul[leg].v);
            assert_true(x->rate.div[leg].v == y->rate.div[leg].v);
        }
    }
}

static struct buf written(const struct world *w) {
    struct buf b;
    buf_init(&b, 4096);
    equity_point_write(&b, &w->display, w->lines, LINES);
    assert_int_equal(b.failed, ERR_OK);
    return b;
}

static enum err read_into(struct world *w, struct span point) {
    return equity_point_read(point, &w->display, w->lines, LINES);
}

static void a_point_comes_back_to_the_last_digit(void **state) {
    (void)state;
    struct world w, back;
    fill(&w);
    struct buf b = written(&w);
    assert_true(b.len < 100); /* six symbols, four quotes, two rates */
    clear(&back);
    assert_int_equal(read_into(&back, buf_span(&b)), ERR_OK);
    assert_same(&w, &back);
    buf_free(&b);
}

static void what_memory_would_not_keep_is_left_out(void **state) {
    (void)state;
    struct world w, back;
    fill(&w);
    w.lines[0].now.mark = d8("92233720368.54775808");
    w.lines[2].now.rate.mul[0] = d8("92233720369");
    struct buf b = written(&w);
    clear(&back);
    assert_int_equal(read_into(&back, buf_span(&b)), ERR_OK);
    assert_false(back.lines[0].now.has_mark);
    assert_true(back.lines[1].now.has_mark);
    assert_false(back.lines[2].now.has_rate);
    assert_true(back.lines[3].now.has_rate);
    buf_free(&b);
}

static void rates_of_another_display_currency_are_unknown_but_its_own(void **state) {
    (void)state;
    struct world w, back;
    fill(&w);
    struct buf b = written(&w);
    clear(&back);
    back.display = name_of("EUR");
    for (size_t i = 0; i < LINES; i++) back.lines[i].now.rate_is_one = i == 5;
    assert_int_equal(read_into(&back, buf_span(&b)), ERR_OK);
    for (size_t i = 0; i < LINES; i++) {
        assert_int_equal(back.lines[i].now.has_rate, i == 5);
        assert_int_equal(back.lines[i].now.has_mark, i != 5);
    }
    buf_free(&b);
}

static void symbols_that_are_not_asked_for_are_passed_over(void **state) {
    (void)state;
    struct world w, back;
    fill(&w);
    struct buf b = written(&w);
    clear(&back);
    assert_int_equal(equity_point_read(buf_span(&b), &back.display, back.lines + 2, 1), ERR_OK);
    assert_true(back.lines[2].now.has_mark && back.lines[2].now.mark.v == w.lines[2].now.mark.v);
    assert_false(back.lines[0].now.has_mark);
    buf_free(&b);
}

static void assert_knows_nothing(const struct world *w) {
    for (size_t i = 0; i < LINES; i++) {
        assert_false(w->lines[i].now.has_mark);
        assert_int_equal(w->lines[i].now.has_rate, w->lines[i].now.rate_is_one);
    }
}

static void a_cut_or_longer_point_is_refused_as_a_whole(void **state) {
    (void)state;
    struct world w, back;
    fill(&w);
    struct buf b = written(&w);
    for (size_t len = 0; len < b.len; len++) {
        char *cut = malloc(len + 1); /* its own block: a read behind it is seen */
        assert_non_null(cut);
        memcpy(cut, b.at, len);
        fill(&back);
        assert_int_equal(read_into(&back, span_from(cut, len)), ERR_CORRUPT);
        assert_knows_nothing(&back);
        free(cut);
    }
    buf_putc(&b, 0);
    fill(&back);
    assert_int_equal(read_into(&back, buf_span(&b)), ERR_CORRUPT);
    assert_knows_nothing(&back);
    b.at[0] = 2; /* a version of the future */
    assert_int_equal(read_into(&back, span_from(b.at, b.len - 1)), ERR_CORRUPT);
    buf_free(&b);
}

/* Whatever a damaged file holds, reading ends, and what is read is within its bounds. */
static void changed_bytes_are_refused_or_give_lawful_numbers(void **state) {
    (void)state;
    struct world w, back;
    struct rng rng;
    fill(&w);
    struct buf b = written(&w);
    rng_seed(&rng, 7);
    for (int round = 0; round < 20000; round++) {
        char copy[4096];
        memcpy(copy, b.at, b.len);
        for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--) copy[rng_below(&rng, b.len)] = (char)rng_below(&rng, 256);
        clear(&back);
        if (read_into(&back, span_from(copy, b.len)) != ERR_OK) assert_knows_nothing(&back);
        for (size_t i = 0; i < LINES; i++)
            if (back.lines[i].now.has_mark)
                assert_true(back.lines[i].now.mark.v > 0 && back.lines[i].now.mark.v <= INT64_MAX);
    }
    buf_free(&b);
}

static void a_point_is_found_and_given_to_the_lines(void **state) {
    (void)state;
    struct world w, back;
    struct wall at = {0};
    struct equity *e = equity_new();
    assert_non_null(e);
    fill(&w);
    const int64_t start = 100000 * US_PER_MIN;
    for (int64_t i = 0; i < 2 * EQUITY_MINUTES; i++) {
        w.lines[0].now.mark.v = 1 + i;
        assert_int_equal(equity_record(e, EQUITY_MINUTE, (struct wall){start + i * US_PER_MIN}, w.lines, LINES),
                         ERR_OK);
    }
    assert_int_equal(equity_record(e, EQUITY_FILL, (struct wall){start + 5}, w.lines, LINES), ERR_OK);
    assert_true(equity_next(e, (struct wall){0}, &at));
    assert_int_equal(at.us, start); /* one minute in nine is kept */
    assert_true(equity_next(e, (struct wall){start + 1}, &at));
    assert_int_equal(at.us, start + 5);
    assert_true(equity_next(e, (struct wall){start + 6}, &at));
    clear(&back);
    assert_true(equity_marks_at(e, at, back.lines, LINES));
    assert_int_equal(back.lines[0].now.mark.v, 1 + (at.us - start) / US_PER_MIN);
    assert_int_equal(back.lines[3].now.rate.legs, 2);
    assert_false(back.lines[5].now.has_mark);
    assert_false(equity_marks_at(e, (struct wall){start + 6}, back.lines, LINES));
    assert_true(equity_next(e, (struct wall){start + (2 * EQUITY_MINUTES - 1) * US_PER_MIN}, &at));
    assert_false(equity_next(e, (struct wall){at.us + 1}, &at));
    equity_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_comes_back_to_the_last_digit),
        cmocka_unit_test(what_memory_would_not_keep_is_left_out),
        cmocka_unit_test(rates_of_another_display_currency_are_unknown_but_its_own),
        cmocka_unit_test(symbols_that_are_not_asked_for_are_passed_over),
        cmocka_unit_test(a_cut_or_longer_point_is_refused_as_a_whole),
        cmocka_unit_test(changed_bytes_are_refused_or_give_lawful_numbers),
        cmocka_unit_test(a_point_is_found_and_given_to_the_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
