/* Every case of the oracle, to the last digit, in several orders of arrival and with several slices of
 * recomputation. */
#include "oracle.h"

#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { MAX_ROWS = 1000, ARRIVALS = 5 };

static void assert_text(const char *name, const char *field, const char *got, const char *want) {
    if (strcmp(got, want) != 0) fail_msg("%s: %s is %s, the oracle says %s", name, field, got, want);
}

static void assert_dec16(const char *name, yyjson_val *expected, const char *field, struct dec16 got) {
    char text[DEC_TEXT_MAX];
    const char *want = yyjson_get_str(yyjson_obj_get(expected, field));
    assert_non_null(want);
    dec16_format(text, got);
    assert_text(name, field, text, want);
}

static void assert_dec8(const char *name, yyjson_val *expected, const char *field, struct dec8 got) {
    char text[DEC_TEXT_MAX];
    dec8_format(text, got);
    assert_text(name, field, text, yyjson_get_str(yyjson_obj_get(expected, field)));
}

static void assert_count(const char *name, yyjson_val *expected, const char *field, uint64_t got) {
    uint64_t want = yyjson_get_uint(yyjson_obj_get(expected, field));
    assert_true(yyjson_is_uint(yyjson_obj_get(expected, field)));
    if (got != want)
        fail_msg("%s: %s is %llu, the oracle says %llu", name, field, (unsigned long long)got,
                 (unsigned long long)want);
}

static void assert_results(const char *name, yyjson_val *expected, const struct ledger_totals *t) {
    assert_dec16(name, expected, "realized", t->realized);
    assert_dec16(name, expected, "fees_quote", t->fees_quote);
    assert_dec16(name, expected, "gross_profit", t->gross_profit);
    assert_dec16(name, expected, "gross_loss", t->gross_loss);
    assert_dec8(name, expected, "unmatched_quantity", t->unmatched);
    assert_count(name, expected, "cycles", t->cycles);
    assert_count(name, expected, "wins", t->wins);
    assert_count(name, expected, "losses", t->losses);
}

static void assert_symbol(const char *name, yyjson_val *expected, const struct world *w, size_t i) {
    const struct ledger_totals *t = ledger_totals(w->ledgers[i]);
    yyjson_val *mine = yyjson_obj_get(expected, w->symbols[i].text);
    if (mine == NULL) { /* a mark without fills */
        assert_int_equal(t->fills, 0);
        return;
    }
    assert_results(name, mine, t);
    assert_dec8(name, mine, "holdings", t->holdings);
    assert_dec16(name, mine, "cost_basis", t->cost_basis);
    assert_count(name, mine, "buys", t->buys);
    assert_count(name, mine, "sells", t->sells);
    if (!w->has_mark[i] && t->holdings.v != 0) {
        assert_true(yyjson_is_null(yyjson_obj_get(mine, "unrealized")));
        assert_true(yyjson_is_null(yyjson_obj_get(mine, "total")));
        return;
    }
    struct dec16 unrealized, total;
    assert_int_equal(ledger_unrealized_fine(t, w->marks[i], &unrealized, &total), ERR_OK);
    assert_dec16(name, mine, "unrealized", unrealized);
    assert_dec16(name, mine, "total", total);
}

/* The portfolio's counts and sums over the ledgers: what `gridscope pnl --json` answers. */
static struct ledger_totals sum_of_all(const struct world *w) {
    struct ledger_totals sum = {0};
    for (size_t i = 0; i < w->count; i++) {
        const struct ledger_totals *t = ledger_totals(w->ledgers[i]);
        sum.realized.v += t->realized.v;
        sum.fees_quote.v += t->fees_quote.v;
        sum.gross_profit.v += t->gross_profit.v;
        sum.gross_loss.v += t->gross_loss.v;
        sum.unmatched.v += t->unmatched.v;
        sum.cycles += t->cycles;
        sum.wins += t->wins;
        sum.losses += t->losses;
    }
    return sum;
}

/* The one case whose mark has more digits than a price can have is summed by hand. */
static void assert_fine_portfolio(const char *name, yyjson_val *expected, const struct world *w) {
    struct dec16 unrealized, total;
    assert_string_equal(name, "scientific_notation");
    assert_int_equal(w->count, 1);
    assert_int_equal(ledger_unrealized_fine(ledger_totals(w->ledgers[0]), w->marks[0], &unrealized, &total), ERR_OK);
    assert_dec16(name, expected, "unrealized", unrealized);
    assert_dec16(name, expected, "total", total);
}

static void assert_portfolio(const char *name, yyjson_val *expected, const struct world *w) {
    for (size_t i = 0; i < w->count; i++)
        if (w->marks[i].v % DEC8_ONE != 0) {
            assert_fine_portfolio(name, expected, w);
            return;
        }
    struct portfolio_line lines[WORLD_SYMBOLS];
    struct left_out left[2 * WORLD_SYMBOLS];
    struct portfolio p;
    for (size_t i = 0; i < w->count; i++)
        lines[i] = (struct portfolio_line){.symbol = &w->symbols[i],
                                           .totals = ledger_totals(w->ledgers[i]),
                                           .has_mark = w->has_mark[i],
                                           .mark = dec8_of_dec16(w->marks[i]),
                                           .has_rate = true,
                                           .rate_is_one = true};
    portfolio_sum(&p, left, lines, w->count);
    if (yyjson_is_null(yyjson_obj_get(expected, "unrealized"))) {
        assert_true(p.partial);
        assert_true(p.left_out > 0);
        assert_int_equal(left[0].reason, LEFT_OUT_NO_MARK);
        return;
    }
    assert_int_equal(p.left_out, 0);
    assert_false(p.partial);
    assert_true(p.known);
    assert_dec16(name, expected, "realized", p.realized);
    assert_dec16(name, expected, "fees_quote", p.fees);
    assert_dec16(name, expected, "unrealized", p.unrealized);
    assert_dec16(name, expected, "total", p.total);
}

static void assert_expected(const char *name, yyjson_val *expected, const struct world *w) {
    struct ledger_totals sum = sum_of_all(w);
    yyjson_val *per_symbol = yyjson_obj_get(expected, "per_symbol");
    size_t found = 0;
    for (size_t i = 0; i < w->count; i++) {
        assert_false(ledger_totals(w->ledgers[i])->recomputing);
        assert_true(ledger_ok(w->ledgers[i]));
        assert_symbol(name, per_symbol, w, i);
        found += yyjson_obj_get(per_symbol, w->symbols[i].text) != NULL;
    }
    assert_int_equal(found, yyjson_obj_size(per_symbol));
    assert_results(name, expected, &sum);
    assert_portfolio(name, expected, w);
}

static void arrange(size_t *rows, size_t n, int arrival) {
    struct rng rng;
    rng_seed(&rng, (uint64_t)arrival);
    for (size_t i = 0; i < n; i++) rows[i] = arrival == 1 ? n - 1 - i : i;
    for (size_t i = n; arrival > 1 && i > 1; i--) {
        size_t other = (size_t)rng_below(&rng, i), row = rows[other];
        rows[other] = rows[i - 1];
        rows[i - 1] = row;
    }
}

/* arrival 0: as listed, 1: reversed, others: shuffled; odd ones are recomputed in slices after every few rows. */
static void run_case(yyjson_val *a_case, int arrival) {
    const char *name = yyjson_get_str(yyjson_obj_get(a_case, "name"));
    yyjson_val *trades = yyjson_obj_get(a_case, "trades");
    size_t n = yyjson_arr_size(trades), rows[MAX_ROWS], not_fills = 0;
    struct world w;
    assert_true(n <= MAX_ROWS);
    world_init(&w, a_case, "trades");
    arrange(rows, n, arrival);
    for (size_t i = 0; i < n; i++) {
        struct fill f = fill_of_row(&w, yyjson_arr_get(trades, rows[i]));
        not_fills += f.price.v == 0 || f.quantity.v == 0;
        world_add(&w, &f);
        if (arrival % 2 == 1 && i % 3 == 0) world_recompute(&w, 2);
    }
    world_recompute(&w, SIZE_MAX);
    assert_int_equal(w.refused, not_fills);
    assert_expected(name, yyjson_obj_get(a_case, "expected"), &w);
    world_free(&w);
}

static void run_file(const char *file, size_t cases) {
    yyjson_doc *doc = oracle_open(file);
    yyjson_val *a_case;
    size_t i, n;
    assert_int_equal(yyjson_arr_size(yyjson_doc_get_root(doc)), cases);
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, a_case) {
        for (int arrival = 0; arrival < ARRIVALS; arrival++) run_case(a_case, arrival);
    }
    yyjson_doc_free(doc);
}

static void every_case_to_the_last_digit(void **state) {
    (void)state;
    run_file("cases.json", 61);
}

static void history_of_200_fills(void **state) {
    (void)state;
    run_file("gen_200_btc.json", 1);
}

static void history_of_500_fills_in_three_symbols(void **state) {
    (void)state;
    run_file("gen_500_three_symbols.json", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_to_the_last_digit),
        cmocka_unit_test(history_of_200_fills),
        cmocka_unit_test(history_of_500_fills_in_three_symbols),
    };
    return cmocka_run_group_tests_name("oracle/cases", tests, NULL, NULL);
}
