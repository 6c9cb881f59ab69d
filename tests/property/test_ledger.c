/* The ledger is a function of its fills: whatever the order, the repetitions, the corrections and the slices. */
#include "history.h"
#include "seed.h"

#include "base/limits.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

enum { ROUNDS = 60 };

static struct ledger *new_ledger(struct wall since) {
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    struct ledger *l = ledger_new(&symbol, &base, &quote, since);
    assert_non_null(l);
    return l;
}

static void add(struct ledger *l, const struct fill *f) {
    enum ledger_added what;
    bool changed;
    assert_int_equal(ledger_add(l, f, &what, &changed), ERR_OK);
    assert_true(ledger_knows(l, f->trade_id, f->side));
}

static void value_some(struct ledger *l, struct rng *rng, bool all) {
    struct fill f;
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        struct dec8 price;
        if (!all && rng_chance(rng, 1, 2)) continue;
        struct dec16 value = history_fee_value(&f, &price);
        struct wall candle = {f.time.us - f.time.us % US_PER_MIN - US_PER_MIN};
        assert_int_equal(ledger_value_fee(l, f.trade_id, f.side, value, price, candle), ERR_OK);
        assert_int_equal(ledger_value_fee(l, f.trade_id, f.side, value, price, candle), ERR_BAD_STATE);
    }
}

static void finish(struct ledger *l, struct rng *rng) {
    while (!ledger_recompute(l, 1 + (size_t)rng_below(rng, 40))) assert_true(ledger_totals(l)->recomputing);
    value_some(l, rng, true);
    while (!ledger_recompute(l, 1 + (size_t)rng_below(rng, 40))) assert_true(ledger_totals(l)->recomputing);
    assert_int_equal(ledger_totals(l)->unvalued_fees, 0);
    assert_false(ledger_totals(l)->recomputing);
    assert_true(ledger_ok(l));
}

#define SAME(field) assert_true(a->field == b->field)

static void assert_same_totals(const struct ledger_totals *a, const struct ledger_totals *b) {
    SAME(holdings.v), SAME(cost_basis.v), SAME(realized.v), SAME(fees_quote.v), SAME(unmatched.v);
    SAME(fills), SAME(buys), SAME(sells), SAME(cycles), SAME(wins), SAME(losses);
    SAME(gross_profit.v), SAME(gross_loss.v), SAME(bought.v), SAME(sold.v), SAME(turnover_over), SAME(refused);
    SAME(assumed_fees), SAME(unvalued_fees), SAME(fee_count), SAME(first_fill.us), SAME(last_fill.us);
    SAME(partial), SAME(recomputing);
    for (size_t i = 0; i < a->fee_count; i++) {
        assert_string_equal(a->fees[i].asset.text, b->fees[i].asset.text);
        SAME(fees[i].amount.v), SAME(fees[i].unvalued.v);
    }
}

static void assert_same_ledger(const struct ledger *x, const struct ledger *y) {
    assert_same_totals(ledger_totals(x), ledger_totals(y));
    assert_int_equal(ledger_count(x), ledger_count(y));
    for (size_t i = 0; i < ledger_count(x); i++) {
        struct fill f, g;
        struct fill_result fr, gr, *a = &fr, *b = &gr;
        ledger_get(x, i, &f, &fr);
        ledger_get(y, i, &g, &gr);
        assert_memory_equal(&f.price, &g.price, sizeof f.price);
        assert_true(f.trade_id == g.trade_id && f.side == g.side && f.time.us == g.time.us);
        assert_true(f.fee_state == g.fee_state && f.fee_value.v == g.fee_value.v && f.fee_candle.us == g.fee_candle.us);
        SAME(realized.v), SAME(matched.v), SAME(unmatched.v), SAME(closes_first), SAME(closes_last);
    }
}

static void assert_naive(const struct ledger_totals *t, const struct naive *n) {
    assert_true(t->holdings.v == n->holdings && t->cost_basis.v == n->basis && t->realized.v == n->realized);
    assert_true(t->fees_quote.v == n->fees && t->unmatched.v == n->unmatched);
    assert_true(t->gross_profit.v == n->profit && t->gross_loss.v == n->loss);
    assert_true(t->bought.v == n->bought && t->sold.v == n->sold);
    assert_true(t->fills == n->fills && t->buys == n->buys && t->sells == n->sells && t->assumed_fees == n->assumed);
    assert_int_equal(t->cycles, n->cycles);
    assert_true(t->wins == n->wins && t->losses == n->losses);
}

static void assert_naive_results(const struct ledger *l, const struct naive *n) {
    for (size_t i = 0; i < ledger_count(l); i++) {
        struct fill f;
        struct fill_result r;
        ledger_get(l, i, &f, &r);
        assert_true(r.realized.v == n->results[i].realized && r.unmatched.v == n->results[i].unmatched);
        assert_true(r.closes_first == n->results[i].first && r.closes_last == n->results[i].last);
        assert_true(f.side == SIDE_BUY || r.matched.v + r.unmatched.v == f.quantity.v);
    }
}

static struct wall some_since(struct rng *rng, const struct fill *sorted, size_t n) {
    return n > 0 && rng_chance(rng, 1, 4) ? sorted[rng_below(rng, n)].time : (struct wall){0};
}

/* Every fill by one to four records of rising or falling authority, all shuffled; recomputed and valued now and
 * then. */
static void deliver(struct ledger *l, struct rng *rng, const struct fill *fills, size_t n) {
    struct fill *records = calloc(4 * n + 1, sizeof *records);
    size_t count = 0;
    assert_non_null(records);
    for (size_t i = 0; i < n; i++) {
        records[count++] = fills[i];
        if (rng_chance(rng, 1, 3)) records[count++] = fills[i];
        if (rng_chance(rng, 1, 3)) records[count++] = history_lesser(rng, &fills[i], SOURCE_BOT);
        if (rng_chance(rng, 1, 3)) records[count++] = history_lesser(rng, &fills[i], SOURCE_STREAM);
    }
    if (rng_chance(rng, 3, 4)) history_shuffle(rng, records, count);
    for (size_t i = 0; i < count; i++) {
        add(l, &records[i]);
        if (rng_chance(rng, 1, 10)) value_some(l, rng, false);
        if (rng_chance(rng, 1, 10)) (void)ledger_recompute(l, (size_t)rng_below(rng, 30));
        if (rng_chance(rng, 1, 50)) assert_true(ledger_ok(l));
    }
    free(records);
}

static void any_delivery_equals_replay_and_the_naive_reading(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/deliveries"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {(size_t)rng_below(&rng, 300), rng_chance(&rng, 1, 2), rng_chance(&rng, 1, 4)};
        struct fill *fills = history_make(&rng, &shape);
        struct naive naive;
        history_sort(fills, shape.fills);
        struct wall since = some_since(&rng, fills, shape.fills);
        struct ledger *live = new_ledger(since), *replayed = new_ledger(since);
        deliver(live, &rng, fills, shape.fills);
        finish(live, &rng);
        for (size_t i = 0; i < shape.fills; i++) add(replayed, &fills[i]);
        finish(replayed, &rng);
        assert_same_ledger(live, replayed);
        naive_account(&naive, fills, shape.fills, since);
        assert_naive(ledger_totals(live), &naive);
        assert_naive_results(live, &naive);
        ledger_free(live);
        ledger_free(replayed);
        free(naive.results);
        free(fills);
    }
}

/* What a store gives back: the fills with their kept values, in any order, need no valuation again. */
static void stored_fills_replay_to_the_live_state(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/stored"));
    for (int round = 0; round < ROUNDS / 2; round++) {
        struct history_shape shape = {200, false, false};
        struct fill *fills = history_make(&rng, &shape);
        struct ledger *live = new_ledger((struct wall){0}), *replayed = new_ledger((struct wall){0});
        deliver(live, &rng, fills, shape.fills);
        finish(live, &rng);
        for (size_t i = 0; i < shape.fills; i++) ledger_get(live, i, &fills[i], NULL);
        history_shuffle(&rng, fills, shape.fills);
        for (size_t i = 0; i < shape.fills; i++) add(replayed, &fills[i]);
        assert_true(ledger_recompute(replayed, SIZE_MAX));
        assert_same_ledger(live, replayed);
        ledger_free(live);
        ledger_free(replayed);
        free(fills);
    }
}

static void total_is_cash_flows_plus_holdings_at_the_mark(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/cash"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {(size_t)rng_below(&rng, 400), true, false};
        struct fill *fills = history_make(&rng, &shape);
        struct ledger *l = new_ledger((struct wall){0});
        struct dec8 mark = {(i128)rng_below(&rng, 100000000000000) + 1};
        struct dec16 unrealized, total;
        struct naive n;
        deliver(l, &rng, fills, shape.fills);
        finish(l, &rng);
        history_sort(fills, shape.fills);
        naive_account(&n, fills, shape.fills, (struct wall){0});
        const struct ledger_totals *t = ledger_totals(l);
        assert_int_equal(ledger_unrealized(t, mark, &unrealized, &total), ERR_OK);
        assert_true(t->unmatched.v == 0);
        i128 cash = t->sold.v - t->bought.v - (t->fees_quote.v - n.base_fee_value); /* base fees left the holdings */
        assert_true(total.v == cash + t->holdings.v * mark.v);
        assert_true(total.v == t->realized.v + unrealized.v);
        ledger_free(l);
        free(n.results);
        free(fills);
    }
}

static void one_late_fill_equals_its_insertion_in_order(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/late"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {1 + (size_t)rng_below(&rng, 120), false, false};
        struct fill *fills = history_make(&rng, &shape);
        struct ledger *late = new_ledger((struct wall){0}), *ordered = new_ledger((struct wall){0});
        history_sort(fills, shape.fills);
        size_t left_out = (size_t)rng_below(&rng, shape.fills);
        for (size_t i = 0; i < shape.fills; i++) {
            add(ordered, &fills[i]);
            if (i != left_out) add(late, &fills[i]);
        }
        finish(late, &rng);
        add(late, &fills[left_out]);
        finish(late, &rng);
        finish(ordered, &rng);
        assert_same_ledger(late, ordered);
        ledger_free(late);
        ledger_free(ordered);
        free(fills);
    }
}

static void totals_at_a_time_equal_a_ledger_that_ends_there(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/totals_at"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {1 + (size_t)rng_below(&rng, 200), false, false};
        struct fill *fills = history_make(&rng, &shape);
        history_sort(fills, shape.fills);
        struct wall since = some_since(&rng, fills, shape.fills), t = fills[rng_below(&rng, shape.fills)].time;
        struct ledger *whole = new_ledger(since), *prefix = new_ledger(since);
        struct ledger_totals at;
        for (size_t i = 0; i < shape.fills; i++) {
            add(whole, &fills[i]);
            if (fills[i].time.us < t.us) add(prefix, &fills[i]);
        }
        finish(whole, &rng);
        finish(prefix, &rng);
        assert_int_equal(ledger_totals_at(whole, t, &at), ERR_OK);
        assert_same_totals(&at, ledger_totals(prefix));
        ledger_free(whole);
        ledger_free(prefix);
        free(fills);
    }
}

/* Several checkpoints: a long history in pages, newest page first, against the same in order. */
static void pages_of_a_long_history_in_any_order(void **state) {
    enum { PAGE = 1000 };
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/pages"));
    struct history_shape shape = {5 * LIMIT_CHECKPOINT_FILLS + 321, true, false};
    struct fill *fills = history_make(&rng, &shape);
    struct ledger *paged = new_ledger((struct wall){0}), *ordered = new_ledger((struct wall){0});
    history_sort(fills, shape.fills);
    for (size_t end = shape.fills; end > 0;) {
        size_t from = end > PAGE ? end - PAGE : 0;
        for (size_t i = from; i < end; i++) add(paged, &fills[i]);
        (void)ledger_recompute(paged, 1 + (size_t)rng_below(&rng, 3000));
        end = from;
    }
    finish(paged, &rng);
    for (size_t i = 0; i < shape.fills; i++) add(ordered, &fills[i]);
    finish(ordered, &rng);
    assert_same_ledger(paged, ordered);
    struct ledger_totals at;
    struct wall t = fills[3 * LIMIT_CHECKPOINT_FILLS].time;
    struct ledger *prefix = new_ledger((struct wall){0});
    for (size_t i = 0; fills[i].time.us < t.us; i++) add(prefix, &fills[i]);
    finish(prefix, &rng);
    assert_int_equal(ledger_totals_at(paged, t, &at), ERR_OK);
    assert_same_totals(&at, ledger_totals(prefix));
    ledger_free(paged);
    ledger_free(ordered);
    ledger_free(prefix);
    free(fills);
}

/* Of the fills behind the first checkpoint some come late and some are corrected. */
static bool held_back(size_t i) { return i > LIMIT_CHECKPOINT_FILLS && i % 97 == 0; }
static bool corrected(size_t i) { return i > LIMIT_CHECKPOINT_FILLS && i % 101 == 0; }

/* Corrections and late fills behind several checkpoints: only the tail is undone, orders reach across the border. */
static void late_and_corrected_fills_across_checkpoints(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("ledger/checkpoints"));
    struct history_shape shape = {3 * LIMIT_CHECKPOINT_FILLS + 50, false, false};
    struct fill *fills = history_make(&rng, &shape);
    struct ledger *live = new_ledger((struct wall){0}), *ordered = new_ledger((struct wall){0});
    history_sort(fills, shape.fills);
    for (size_t i = 0; i < shape.fills; i++) {
        struct fill less = history_lesser(&rng, &fills[i], SOURCE_BOT);
        add(ordered, &fills[i]);
        if (!held_back(i)) add(live, corrected(i) ? &less : &fills[i]);
    }
    finish(ordered, &rng);
    finish(live, &rng);
    for (size_t i = shape.fills; i-- > 0;) { /* from the newest down: every rewind starts at another checkpoint */
        if (!held_back(i) && !corrected(i)) continue;
        add(live, &fills[i]);
        if (rng_chance(&rng, 1, 4)) (void)ledger_recompute(live, (size_t)rng_below(&rng, 6000));
    }
    finish(live, &rng);
    assert_same_ledger(live, ordered);
    ledger_free(live);
    ledger_free(ordered);
    free(fills);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_delivery_equals_replay_and_the_naive_reading),
        cmocka_unit_test(stored_fills_replay_to_the_live_state),
        cmocka_unit_test(total_is_cash_flows_plus_holdings_at_the_mark),
        cmocka_unit_test(one_late_fill_equals_its_insertion_in_order),
        cmocka_unit_test(totals_at_a_time_equal_a_ledger_that_ends_there),
        cmocka_unit_test(pages_of_a_long_history_in_any_order),
        cmocka_unit_test(late_and_corrected_fills_across_checkpoints),
    };
    return cmocka_run_group_tests_name("property/ledger", tests, NULL, NULL);
}
