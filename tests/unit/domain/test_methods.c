/* The methods of accounting: worked examples, what stays the same in all of them, and a plain second reading that walks every lot for
 * every sale, over random histories. */
#include "domain/methods.h"

#include "tests/property/history.h"
#include "tests/property/seed.h"

#include "base/check.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ROUNDS = 60 };

static const struct name symbol = {"BTC/USDT"}, base = {"BTC"}, quote = {"USDT"};
static const struct wall ever = {0};

static struct dec8 d8(const char *text) {
    struct dec8 d = {0};
    assert_int_equal(dec8_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static struct dec16 d16(const char *text) {
    struct dec16 d = {0};
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static struct ledger *ledger_of(const struct fill *fills, size_t count, struct wall since) {
    struct ledger *l = ledger_new(&symbol, &base, &quote, since);
    enum ledger_added what;
    assert_non_null(l);
    for (size_t i = 0; i < count; i++) assert_int_equal(ledger_add(l, &fills[i], &what, NULL), ERR_OK);
    assert_true(ledger_recompute(l, SIZE_MAX));
    return l;
}

static struct ledger_totals by(const struct ledger *l, enum method m, struct wall since) {
    struct ledger_totals t;
    assert_int_equal(method_totals(&t, l, m, &base, since), ERR_OK);
    return t;
}

/* Trade number id happens at second id; the fee is in the quote. */
static struct fill fill(int64_t id, enum side side, const char *price, const char *quantity, const char *fee) {
    return (struct fill){.symbol = symbol,
                         .trade_id = id,
                         .order_id = ORDER_ID_NONE,
                         .side = side,
                         .source = SOURCE_REST,
                         .price = d8(price),
                         .quantity = d8(quantity),
                         .fee = d16(fee),
                         .fee_asset = quote,
                         .time = {id * US_PER_S}};
}

static struct fill with_fee(struct fill f, const char *fee, const char *asset) {
    f.fee = d16(fee);
    f.fee_asset = name_of(asset);
    return f;
}

static void assert_is(struct dec16 got, const char *want) {
    char text[DEC_TEXT_MAX];
    (void)dec16_format(text, got);
    assert_string_equal(text, want);
}

/* ---- worked examples ---- */

static void six_fills_by_every_method(void **state) {
    static const struct {
        enum method method;
        const char *realized, *unrealized;
    } expected[] = {{METHOD_FIFO, "-1.596", "3"},
                    {METHOD_LIFO, "1.404", "0"},
                    {METHOD_AVERAGE, "-0.096", "1.5"},
                    {METHOD_GRID, "1.404", "0"}};
    const struct fill fills[] = {fill(1, SIDE_BUY, "100", "1", "0.1"),   fill(2, SIDE_BUY, "100", "1", "0.1"),
                                 fill(3, SIDE_BUY, "99", "1", "0.099"),  fill(4, SIDE_BUY, "98", "1", "0.098"),
                                 fill(5, SIDE_SELL, "99", "1", "0.099"), fill(6, SIDE_SELL, "100", "1", "0.1")};
    struct ledger *l = ledger_of(fills, 6, ever);
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct ledger_totals t = by(l, expected[i].method, ever);
        struct dec16 unrealized, total;
        assert_int_equal(ledger_unrealized(&t, d8("100"), &unrealized, &total), ERR_OK);
        assert_is(t.realized, expected[i].realized);
        assert_is(unrealized, expected[i].unrealized);
        assert_is(total, "1.404");
        assert_is(t.fees_quote, "0.596");
        assert_int_equal(t.cycles, 2);
    }
    ledger_free(l);
}

static void grid_takes_the_most_expensive_lot_below_then_the_nearest_above(void **state) {
    const struct fill fills[] = {
        fill(1, SIDE_BUY, "90", "1", "0"),    fill(2, SIDE_BUY, "105", "1", "0"),    fill(3, SIDE_BUY, "95", "1", "0"),
        fill(4, SIDE_BUY, "120", "1", "0"),   fill(5, SIDE_SELL, "100", "1.5", "0"), /* 95, then half of 90 */
        fill(6, SIDE_SELL, "100", "1", "0"),    /* the rest of 90, then 105: nothing else is below */
        fill(7, SIDE_SELL, "105", "0.5", "0")}; /* at 105 nothing is below: 105 itself */
    (void)state;
    struct ledger *l = ledger_of(fills, 5, ever);
    assert_is(by(l, METHOD_GRID, ever).realized, "10");
    ledger_free(l);
    l = ledger_of(fills, 6, ever);
    assert_is(by(l, METHOD_GRID, ever).realized, "12.5");
    ledger_free(l);
    l = ledger_of(fills, 7, ever);
    assert_is(by(l, METHOD_GRID, ever).realized, "12.5");
    assert_is(by(l, METHOD_GRID, ever).cost_basis, "120");
    ledger_free(l);
}

/* Of several at one price the oldest, from below and from above: told apart by what their fees make of the cycle. */
static void grid_takes_the_oldest_of_one_price(void **state) {
    const struct fill below[] = {fill(1, SIDE_BUY, "90", "1", "1"), fill(2, SIDE_BUY, "90", "1", "2"),
                                 fill(3, SIDE_BUY, "90", "1", "3"), fill(4, SIDE_SELL, "100", "1", "0")};
    const struct fill above[] = {fill(1, SIDE_BUY, "90", "1", "1"), fill(2, SIDE_BUY, "90", "1", "2"),
                                 fill(3, SIDE_BUY, "95", "1", "3"), fill(4, SIDE_SELL, "80", "1", "0")};
    (void)state;
    struct ledger *l = ledger_of(below, 4, ever);
    assert_is(by(l, METHOD_GRID, ever).gross_profit, "9");
    ledger_free(l);
    l = ledger_of(above, 4, ever);
    assert_is(by(l, METHOD_GRID, ever).gross_loss, "11");
    ledger_free(l);
}

static void average_splits_round_and_the_last_piece_takes_what_remains(void **state) {
    const struct fill fills[] = {fill(1, SIDE_BUY, "10", "1", "0"), fill(2, SIDE_BUY, "11", "2", "0"),
                                 fill(3, SIDE_SELL, "12", "1", "0"), fill(4, SIDE_SELL, "12", "1", "0"),
                                 fill(5, SIDE_SELL, "12", "1", "0")};
    (void)state;
    struct ledger *l = ledger_of(fills, 3, ever);
    assert_is(by(l, METHOD_AVERAGE, ever).realized, "1.3333333333333333");
    assert_is(by(l, METHOD_AVERAGE, ever).cost_basis, "21.3333333333333333");
    ledger_free(l);
    l = ledger_of(fills, 5, ever);
    assert_is(by(l, METHOD_AVERAGE, ever).realized, "4");
    assert_is(by(l, METHOD_AVERAGE, ever).cost_basis, "0");
    ledger_free(l);
}

static void a_sale_beyond_what_is_held_stays_unmatched_in_every_method(void **state) {
    const struct fill fills[] = {fill(1, SIDE_BUY, "100", "1", "0"), fill(2, SIDE_SELL, "110", "3", "0.3"),
                                 fill(3, SIDE_BUY, "90", "1", "0")};
    struct ledger *l = ledger_of(fills, 3, ever);
    (void)state;
    for (int m = 0; m < METHOD_COUNT; m++) {
        struct ledger_totals t = by(l, (enum method)m, ever);
        assert_is(t.realized, "9.7");
        assert_true(t.unmatched.v == 2 * DEC8_ONE && t.holdings.v == DEC8_ONE);
        assert_int_equal(t.cycles, 0);
    }
    ledger_free(l);
}

static void a_base_fee_of_a_sale_takes_from_the_lots_of_its_method(void **state) {
    const struct fill fills[] = {fill(1, SIDE_BUY, "600", "1", "0"), fill(2, SIDE_BUY, "500", "1", "0"),
                                 with_fee(fill(3, SIDE_SELL, "610", "0.5", "0"), "0.0005", "BTC")};
    struct ledger *l = ledger_of(fills, 3, ever);
    (void)state;
    assert_is(by(l, METHOD_FIFO, ever).realized, "4.7"); /* 5 less 0.0005 at 600 */
    assert_is(by(l, METHOD_LIFO, ever).realized, "54.75");
    assert_is(by(l, METHOD_AVERAGE, ever).realized, "29.725");
    assert_is(by(l, METHOD_GRID, ever).realized, "4.7");
    ledger_free(l);
}

/* ---- a plain second reading ---- */

struct plain_lot {
    i128 left, basis, fee, price;
};

/* The lot to take from, found by looking at all. Of average there is only one. */
static size_t plain_pick(const struct plain_lot *lots, size_t n, enum method m, i128 price) {
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (lots[i].left == 0) continue;
        if (best == n) best = i;
        const struct plain_lot *x = &lots[i], *y = &lots[best];
        if (m == METHOD_LIFO) best = i;
        if (m != METHOD_GRID) continue;
        bool below = x->price < price, best_below = y->price < price;
        if (below != best_below ? below : below ? x->price > y->price : x->price < y->price) best = i;
    }
    return best;
}

static i128 part_of(i128 of, i128 part, i128 whole) {
    i128 n = of * part, q = n / whole, rest = n % whole;
    int sign = n < 0 ? -1 : 1;
    if (rest < 0) rest = -rest;
    if (2 * rest > whole || (2 * rest == whole && q % 2 != 0)) q += sign;
    return q;
}

struct plain {
    struct plain_lot *lots;
    size_t n;
    i128 realized, basis, profit, loss;
    uint64_t cycles, wins;
};

static i128 plain_take(struct plain *p, enum method m, i128 price, i128 want, i128 *basis, i128 *fee) {
    i128 got = 0;
    while (got < want) {
        size_t at = plain_pick(p->lots, p->n, m, price);
        if (at == p->n) break;
        struct plain_lot *lot = &p->lots[at];
        i128 piece = want - got < lot->left ? want - got : lot->left;
        i128 b = part_of(lot->basis, piece, lot->left), f = part_of(lot->fee, piece, lot->left);
        lot->left -= piece, lot->basis -= b, lot->fee -= f;
        got += piece, *basis += b, *fee += f;
    }
    return got;
}

static void plain_buy(struct plain *p, enum method m, const struct plain_lot *lot) {
    if (m != METHOD_AVERAGE || p->n == 0) {
        p->lots[p->n++] = *lot;
        return;
    }
    p->lots[0].left += lot->left, p->lots[0].basis += lot->basis, p->lots[0].fee += lot->fee;
}

struct plain_sale {
    int64_t order;
    bool consumed, unmatched, counted;
    i128 result;
};

static void plain_cycles(struct plain *p, struct plain_sale *sales, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct plain_sale c = sales[i];
        if (c.counted) continue;
        for (size_t k = i + 1; k < n && c.order != ORDER_ID_NONE; k++) {
            if (sales[k].order != c.order) continue;
            c.consumed |= sales[k].consumed, c.unmatched |= sales[k].unmatched, c.result += sales[k].result;
            sales[k].counted = true;
        }
        if (!c.consumed || c.unmatched) continue;
        p->cycles++;
        p->wins += c.result > 0;
        *(c.result > 0 ? &p->profit : &p->loss) += c.result > 0 ? c.result : -c.result;
    }
}

/* fills as the ledger tells them: fees valued, quote amounts filled in. */
static void plain_account(struct plain *p, const struct ledger *l, enum method m) {
    size_t n = ledger_count(l), sales = 0;
    struct plain_sale *sale = calloc(n + 1, sizeof *sale);
    *p = (struct plain){.lots = calloc(n + 1, sizeof *p->lots)};
    CHECK(sale != NULL && p->lots != NULL);
    for (size_t i = 0; i < n; i++) {
        struct fill f;
        ledger_get(l, i, &f, NULL);
        bool in_base = name_eq(&f.fee_asset, &base);
        i128 base_fee = in_base ? f.fee.v / DEC8_ONE : 0, cost = 0, fees = 0;
        p->realized -= f.fee_value.v;
        if (f.side == SIDE_BUY) {
            struct plain_lot lot = {f.quantity.v - base_fee, f.quote_amount.v - base_fee * f.price.v, f.fee_value.v,
                                    f.price.v};
            plain_buy(p, m, &lot);
            continue;
        }
        i128 got = plain_take(p, m, f.price.v, f.quantity.v, &cost, &fees);
        i128 made = part_of(f.quote_amount.v, got, f.quantity.v);
        made += plain_take(p, m, f.price.v, base_fee, &cost, &fees) * f.price.v - cost;
        p->realized += made;
        sale[sales++] =
            (struct plain_sale){f.order_id, got > 0, got < f.quantity.v, false, made - f.fee_value.v - fees};
    }
    for (size_t i = 0; i < p->n; i++) p->basis += p->lots[i].basis;
    plain_cycles(p, sale, sales);
    free(sale);
    free(p->lots);
}

static void value_fees(struct ledger *l) {
    struct fill f;
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        struct dec8 price;
        struct dec16 value = history_fee_value(&f, &price);
        assert_int_equal(ledger_value_fee(l, f.trade_id, f.side, value, price, (struct wall){60 * US_PER_S}), ERR_OK);
    }
    assert_true(ledger_recompute(l, SIZE_MAX));
}

static struct ledger *random_ledger(struct rng *rng, struct wall since) {
    struct history_shape shape = {(size_t)rng_below(rng, 260), rng_chance(rng, 1, 2), rng_chance(rng, 1, 4)};
    struct fill *fills = history_make(rng, &shape);
    history_sort(fills, shape.fills);
    struct ledger *l = ledger_of(fills, shape.fills, since);
    value_fees(l);
    free(fills);
    return l;
}

static void totals_agree_to_the_last_digit(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("methods/totals"));
    for (int round = 0; round < ROUNDS; round++) {
        struct ledger *l = random_ledger(&rng, ever);
        const struct ledger_totals *fifo = ledger_totals(l);
        struct dec8 mark = {(i128)rng_below(&rng, 100000000000) + 1};
        struct dec16 unrealized, total, expected;
        assert_int_equal(ledger_unrealized(fifo, mark, &unrealized, &expected), ERR_OK);
        for (int m = 0; m < METHOD_COUNT; m++) {
            struct ledger_totals t = by(l, (enum method)m, ever);
            assert_int_equal(ledger_unrealized(&t, mark, &unrealized, &total), ERR_OK);
            assert_true(total.v == expected.v);
            assert_true(t.holdings.v == fifo->holdings.v && t.unmatched.v == fifo->unmatched.v);
            assert_true(t.fees_quote.v == fifo->fees_quote.v && t.fills == fifo->fills);
            assert_true(t.holdings.v != 0 || t.cost_basis.v == 0);
            assert_true(t.cycles == fifo->cycles && t.cycles >= t.wins + t.losses);
        }
        ledger_free(l);
    }
}

static void every_figure_equals_the_plain_reading(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("methods/plain"));
    for (int round = 0; round < ROUNDS; round++) {
        struct ledger *l = random_ledger(&rng, ever);
        for (int m = METHOD_LIFO; m < METHOD_COUNT; m++) {
            struct ledger_totals t = by(l, (enum method)m, ever);
            struct plain p;
            plain_account(&p, l, (enum method)m);
            assert_true(t.realized.v == p.realized);
            assert_true(t.cost_basis.v == p.basis);
            assert_true(t.cycles == p.cycles && t.wins == p.wins);
            assert_true(t.gross_profit.v == p.profit && t.gross_loss.v == p.loss);
        }
        ledger_free(l);
    }
}

/* With a start of the counting, earlier fills build lots only: counts and fees are the ledger's in every method. */
static void what_happened_before_since_builds_lots_only(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("methods/since"));
    for (int round = 0; round < ROUNDS; round++) {
        struct wall since = {INT64_C(1767600000000000) + (int64_t)rng_below(&rng, 100) * 90 * US_PER_S};
        struct ledger *l = random_ledger(&rng, since);
        const struct ledger_totals *fifo = ledger_totals(l);
        for (int m = 0; m < METHOD_COUNT; m++) {
            struct ledger_totals t = by(l, (enum method)m, since);
            assert_true(t.holdings.v == fifo->holdings.v && t.unmatched.v == fifo->unmatched.v &&
                        t.cycles == fifo->cycles);
        }
        ledger_free(l);
    }
}

/* ---- many lots: the set of open ones has several levels ---- */

static void thousands_of_open_lots_by_price(void **state) {
    enum { LOTS = 9000 };
    struct fill *fills = calloc(LOTS + 4, sizeof *fills);
    (void)state;
    assert_non_null(fills);
    for (int i = 0; i < LOTS; i++) { /* each price from 1000 to 9999 once, in a scattered order */
        char price[16];
        (void)snprintf(price, sizeof price, "%d", 1000 + i * 4001 % LOTS);
        fills[i] = fill(i + 1, SIDE_BUY, price, "1", "0");
    }
    fills[LOTS] = fill(LOTS + 1, SIDE_SELL, "5000", "2", "0");      /* 4999 and 4998 */
    fills[LOTS + 1] = fill(LOTS + 2, SIDE_SELL, "1000", "1", "0");  /* none below: the cheapest, 1000 */
    fills[LOTS + 2] = fill(LOTS + 3, SIDE_SELL, "20000", "1", "0"); /* 9999 */
    struct ledger *l = ledger_of(fills, LOTS + 3, ever);
    assert_is(by(l, METHOD_GRID, ever).realized, "10004");
    ledger_free(l);
    fills[LOTS + 3] = fill(LOTS + 4, SIDE_SELL, "20000", "8996", "0"); /* all that are left, from 9998 down */
    l = ledger_of(fills, LOTS + 4, ever);
    assert_is(by(l, METHOD_GRID, ever).realized,
              "130455500"); /* 10000 + 1000 + 20000 + 8996 x 20000 - the 49495500 all have cost */
    assert_true(by(l, METHOD_GRID, ever).holdings.v == 0 && by(l, METHOD_GRID, ever).cost_basis.v == 0);
    ledger_free(l);
    free(fills);
}

/* ---- refusals and words ---- */

/* Fill by fill and in order, FIFO's walk is the ledger's own account; the others add up to their totals. */
static void a_walk_tells_what_each_fill_did(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("methods/walk"));
    for (int round = 0; round < ROUNDS / 2; round++) {
        struct ledger *l = random_ledger(&rng, ever);
        for (int m = 0; m < METHOD_COUNT; m++) {
            struct method_walk *w = method_walk_new(l, (enum method)m, &base, ever);
            struct ledger_totals t, whole = by(l, (enum method)m, ever);
            struct fill f, known;
            struct fill_result r, own;
            i128 realized = 0;
            assert_non_null(w);
            for (size_t i = 0; i < ledger_count(l); i++) {
                assert_int_equal(method_walk_next(w, &f, &r), METHOD_FILL);
                ledger_get(l, i, &known, &own);
                assert_true(f.trade_id == known.trade_id && f.side == known.side);
                assert_true(r.matched.v == own.matched.v && r.unmatched.v == own.unmatched.v);
                assert_true(m != METHOD_FIFO || r.realized.v == own.realized.v);
                realized += r.realized.v;
            }
            assert_int_equal(method_walk_next(w, &f, &r), METHOD_END);
            method_walk_totals(&t, w);
            assert_true(t.realized.v == realized && t.realized.v == whole.realized.v);
            assert_true(t.cost_basis.v == whole.cost_basis.v && t.wins == whole.wins && t.losses == whole.losses);
            assert_true(t.gross_profit.v == whole.gross_profit.v && t.gross_loss.v == whole.gross_loss.v);
            method_walk_free(w);
        }
        ledger_free(l);
    }
}

static void a_walk_takes_in_what_is_added_and_gives_up_on_what_changed(void **state) {
    (void)state;
    struct fill fills[] = {fill(2, SIDE_BUY, "100", "1", "0"), fill(3, SIDE_SELL, "110", "1", "0")};
    struct ledger *l = ledger_of(fills, 1, ever);
    struct method_walk *w = method_walk_new(l, METHOD_GRID, &base, ever);
    struct ledger_totals t;
    struct fill_result r;
    struct fill f, late = fill(1, SIDE_BUY, "90", "1", "0");
    enum ledger_added what;
    assert_non_null(w);
    assert_int_equal(method_walk_next(w, &f, &r), METHOD_FILL);
    assert_int_equal(ledger_add(l, &fills[1], &what, NULL), ERR_OK);
    assert_int_equal(method_walk_next(w, &f, &r), METHOD_FILL);
    assert_is(r.realized, "10");
    assert_int_equal(method_walk_next(w, &f, &r), METHOD_END);
    assert_int_equal(ledger_add(l, &late, &what, NULL), ERR_OK);
    assert_int_equal(method_walk_next(w, &f, &r), METHOD_CHANGED);
    assert_true(ledger_recompute(l, SIZE_MAX));
    assert_int_equal(method_walk_next(w, &f, &r), METHOD_CHANGED);
    method_walk_free(w);
    assert_int_equal(method_totals(&t, l, METHOD_GRID, &base, ever), ERR_OK);
    assert_is(t.realized, "10"); /* the dearest below 110 */
    ledger_free(l);
}

static void not_while_recomputing(void **state) {
    const struct fill fills[] = {fill(2, SIDE_BUY, "100", "1", "0"), fill(1, SIDE_BUY, "90", "1", "0")};
    struct ledger *l = ledger_new(&symbol, &base, &quote, ever);
    struct ledger_totals t;
    enum ledger_added what;
    (void)state;
    for (size_t i = 0; i < 2; i++) assert_int_equal(ledger_add(l, &fills[i], &what, NULL), ERR_OK);
    assert_int_equal(method_totals(&t, l, METHOD_LIFO, &base, ever), ERR_BAD_STATE);
    assert_true(ledger_recompute(l, SIZE_MAX));
    assert_int_equal(method_totals(&t, l, METHOD_LIFO, &base, ever), ERR_OK);
    ledger_free(l);
}

static void an_empty_ledger_has_zeros(void **state) {
    struct ledger *l = ledger_of(NULL, 0, ever);
    (void)state;
    for (int m = 0; m < METHOD_COUNT; m++) assert_is(by(l, (enum method)m, ever).realized, "0");
    ledger_free(l);
}

static void names_and_sentences(void **state) {
    (void)state;
    for (int m = 0; m < METHOD_COUNT; m++) {
        enum method found = METHOD_COUNT;
        assert_true(method_find(&found, span_of(method_name((enum method)m))));
        assert_int_equal(found, m);
        assert_non_null(strstr(method_sentence((enum method)m), "total is the same"));
    }
    enum method untouched = METHOD_GRID;
    assert_false(method_find(&untouched, SPAN("hifo")));
    assert_int_equal(untouched, METHOD_GRID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_fills_by_every_method),
        cmocka_unit_test(grid_takes_the_most_expensive_lot_below_then_the_nearest_above),
        cmocka_unit_test(grid_takes_the_oldest_of_one_price),
        cmocka_unit_test(average_splits_round_and_the_last_piece_takes_what_remains),
        cmocka_unit_test(a_sale_beyond_what_is_held_stays_unmatched_in_every_method),
        cmocka_unit_test(a_base_fee_of_a_sale_takes_from_the_lots_of_its_method),
        cmocka_unit_test(totals_agree_to_the_last_digit),
        cmocka_unit_test(every_figure_equals_the_plain_reading),
        cmocka_unit_test(what_happened_before_since_builds_lots_only),
        cmocka_unit_test(thousands_of_open_lots_by_price),
        cmocka_unit_test(a_walk_tells_what_each_fill_did),
        cmocka_unit_test(a_walk_takes_in_what_is_added_and_gives_up_on_what_changed),
        cmocka_unit_test(not_while_recomputing),
        cmocka_unit_test(an_empty_ledger_has_zeros),
        cmocka_unit_test(names_and_sentences),
    };
    return cmocka_run_group_tests_name("domain/methods", tests, NULL, NULL);
}
