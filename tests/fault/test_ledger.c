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

/* What grows late: rows that all wait before one recomputation, many fee assets, records that move, numbers that are wide, and
 * a walk over the past. Without a failure and with any one, what is known in the end is the same. */
enum { LATE = 60 };

static struct fill late_fill(int64_t i) {
    char asset[NAME_MAX] = "A";
    asset[1] = (char)('A' + i % 24);
    return (struct fill){.symbol = name_of("BTC/USDT"),
                         .trade_id = 1000 - i,
                         .order_id = 5000 + i * 7 % 64,
                         .side = i % 2 ? SIDE_SELL : SIDE_BUY,
                         .source = SOURCE_STREAM,
                         .price = {100 * DEC8_ONE + (i % 5 == 0)}, /* some with eleven digits */
                         .quantity = {DEC8_ONE},
                         .fee = {DEC16_ONE},
                         .fee_asset = name_of(asset),
                         .time = {(2000 - i) * US_PER_S}};
}

static void add_until_known(struct ledger *l, const struct fill *f) {
    enum ledger_added what;
    enum err e = ledger_add(l, f, &what, NULL);
    if (e == ERR_MEMORY) {
        fault_pause();
        assert_true(ledger_ok(l));
        fault_resume();
        e = ledger_add(l, f, &what, NULL);
    }
    assert_int_equal(e, ERR_OK);
}

static void add_late_and_corrected(struct ledger *l) {
    for (int64_t i = 0; i < LATE; i++) {
        struct fill f = late_fill(i);
        add_until_known(l, &f);
    }
    finish(l);
    for (int64_t i = 0; i < LATE; i++) { /* Binance knows better: half of them moved, the other half is wide now */
        struct fill f = late_fill(i);
        f.source = SOURCE_REST;
        if (i % 2 == 0) f.time.us += 500;
        else f.quote_amount = (struct dec16){(i128)100 * DEC16_ONE + 1};
        add_until_known(l, &f);
    }
    finish(l);
}

static void value_wide(struct ledger *l) {
    struct fill f;
    struct dec16 value = {(i128)4000 * DEC16_ONE};
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        enum err e = ledger_value_fee(l, f.trade_id, f.side, value, (struct dec8){4000 * DEC8_ONE}, (struct wall){0});
        if (e == ERR_MEMORY) cursor = 0;
        else assert_int_equal(e, ERR_OK);
    }
    finish(l);
}

static void look_back(const struct ledger *l) {
    const struct ledger_totals *at;
    size_t budget = SIZE_MAX;
    struct ledger_scan *s = ledger_scan_new(l);
    if (s == NULL) s = ledger_scan_new(l);
    assert_non_null(s);
    assert_int_equal(ledger_scan_to(s, &at, (struct wall){1970 * US_PER_S}, &budget), SCAN_THERE);
    assert_int_equal(at->unvalued_fees, 0);
    ledger_scan_free(s);
}

static void what_grows_late_survives_every_failure(void **state) {
    uint64_t runs = 0;
    i128 realized = 0;
    (void)state;
    FOR_EACH_FAILURE(n, failed) {
        fault_arm(n);
        struct ledger *l = new_ledger();
        if (l != NULL) {
            add_late_and_corrected(l);
            value_wide(l);
            look_back(l);
            fault_pause();
            assert_true(ledger_ok(l));
            const struct ledger_totals *t = ledger_totals(l);
            assert_int_equal(t->fills, LATE);
            if (realized == 0) realized = t->realized.v;
            assert_true(realized != 0 && t->realized.v == realized);
        }
        failed = fault_disarm();
        ledger_free(l);
        runs++;
    }
    print_message("# %llu allocations failed in turn\n", (unsigned long long)runs - 1);
    assert_true(runs > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_survive_every_failure),
                                       cmocka_unit_test(what_grows_late_survives_every_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
