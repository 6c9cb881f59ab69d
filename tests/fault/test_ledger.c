/* The ledger without memory: what fails leaves it as it was, and asked again it comes to the same figures. */
#include "../property/history.h"
#include "fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

enum { FILLS = 1500, SLICE = 200 };

static struct ledger *new_ledger(void) {
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    return ledger_new(&symbol, &base, &quote, (struct wall){0});
}

static void add_all(struct ledger *l, const struct fill *fills, size_t count, size_t *refused) {
    for (size_t i = 0; i < count; i++) {
        enum ledger_added what;
        bool changed;
        size_t before = ledger_count(l);
        enum err e = ledger_add(l, &fills[i], &what, &changed);
        if (e == ERR_MEMORY) {
            ++*refused;
            fault_pause();
            assert_int_equal(ledger_count(l), before);
            assert_true(ledger_ok(l));
            fault_resume();
            e = ledger_add(l, &fills[i], &what, &changed); /* only one allocation fails */
        }
        assert_int_equal(e, ERR_OK);
        assert_true(ledger_knows(l, fills[i].trade_id, fills[i].side));
    }
}

static void value_all(struct ledger *l) {
    struct fill f;
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        struct dec8 price;
        struct dec16 value = history_fee_value(&f, &price);
        enum err e = ledger_value_fee(l, f.trade_id, f.side, value, price,
                                      (struct wall){f.time.us - f.time.us % US_PER_MIN - US_PER_MIN});
        if (e == ERR_MEMORY) cursor = 0;
        else assert_int_equal(e, ERR_OK);
    }
}

/* A recompute that fails for want of memory has simply not finished. */
static void finish(struct ledger *l) {
    int slices = 0;
    while (!ledger_recompute(l, SLICE)) assert_true(++slices < 10000);
}

static void figures_survive_every_failure(void **state) {
    struct rng rng;
    struct history_shape shape = {.fills = FILLS};
    struct naive truth;
    uint64_t runs = 0;
    (void)state;
    rng_seed(&rng, 20261121);
    struct fill *fills = history_make(&rng, &shape), *sorted = malloc(FILLS * sizeof *sorted);
    assert_non_null(fills);
    assert_non_null(sorted);
    memcpy(sorted, fills, FILLS * sizeof *sorted);
    history_sort(sorted, FILLS);
    naive_account(&truth, sorted, FILLS, (struct wall){0});
    FOR_EACH_FAILURE(n, failed) {
        size_t refused = 0;
        fault_arm(n);
        struct ledger *l = new_ledger();
        if (l != NULL) {
            add_all(l, fills, FILLS / 2, &refused);
            finish(l);
            add_all(l, fills + FILLS / 2, FILLS - FILLS / 2, &refused);
            value_all(l);
            finish(l);
            fault_pause();
            assert_true(ledger_ok(l));
            const struct ledger_totals *t = ledger_totals(l);
            assert_true(t->realized.v == truth.realized && t->holdings.v * 1 == truth.holdings);
            assert_true(t->cost_basis.v == truth.basis && t->fees_quote.v == truth.fees && t->unvalued_fees == 0);
            assert_int_equal(t->fills, FILLS);
        }
        failed = fault_disarm();
        ledger_free(l);
        runs++;
    }
    print_message("# %llu allocations failed in turn\n", (unsigned long long)runs - 1);
    assert_true(runs > 10);
    free(truth.results);
    free(sorted);
    free(fills);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_survive_every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
