/* The ledger where it is seldom: sums at their limit, keys whose hashes are equal, numbers that need a wide row, and a ledger
 * damaged by hand, which its own invariants must find out. It looks inside (ledger_impl.h). */
#include "domain/ledger_impl.h"

#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct ledger *l;

static int setup(void **state) {
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    (void)state;
    l = ledger_new(&symbol, &base, &quote, (struct wall){0});
    return l == NULL;
}

static int teardown(void **state) {
    (void)state;
    ledger_free(l);
    return 0;
}

/* Trade number id happens at second id. fee: "0.1 BNB", NULL none. */
static struct fill fill(int64_t id, enum side side, const char *price, const char *quantity, const char *fee) {
    struct fill f = {.symbol = name_of("BTC/USDT"),
                     .trade_id = id,
                     .order_id = id,
                     .side = side,
                     .source = SOURCE_STREAM,
                     .time = {id * US_PER_S}};
    assert_int_equal(dec8_parse(&f.price, span_of(price)), ERR_OK);
    assert_int_equal(dec8_parse(&f.quantity, span_of(quantity)), ERR_OK);
    if (fee == NULL) return f;
    const char *space = strchr(fee, ' ');
    assert_int_equal(dec16_parse(&f.fee, span_from(fee, (size_t)(space - fee))), ERR_OK);
    f.fee_asset = name_of(space + 1);
    return f;
}

static struct dec16 d16(const char *text) {
    struct dec16 d = {0};
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

static enum err try_add(struct fill f) {
    enum ledger_added what;
    return ledger_add(l, &f, &what, NULL);
}

static void add(struct fill f) { assert_int_equal(try_add(f), ERR_OK); }

static const struct ledger_totals *settled(void) {
    assert_true(ledger_recompute(l, SIZE_MAX));
    assert_true(ledger_ok(l));
    return ledger_totals(l);
}

/* ---- keys ---- */

/* Both pairs of numbers have one 32-bit hash; those between others are kept by hash. */
static void keys_with_equal_hashes_are_told_apart(void **state) {
    (void)state;
    assert_true((uint32_t)mix64(42539 << 1) == (uint32_t)mix64(88963 << 1));
    assert_true((uint32_t)mix64(85078) == (uint32_t)mix64(177926));
    add(fill(200000, SIDE_BUY, "100", "10", NULL));
    add(fill(30000, SIDE_BUY, "100", "10", NULL));
    add(fill(199999, SIDE_BUY, "100", "10", NULL));
    add(fill(42539, SIDE_BUY, "100", "10", NULL));
    assert_false(ledger_knows(l, 88963, SIDE_BUY));
    add(fill(88963, SIDE_BUY, "100", "10", NULL));
    assert_true(ledger_knows(l, 42539, SIDE_BUY) && ledger_knows(l, 88963, SIDE_BUY));
    static const int64_t orders[] = {300000, 70000, 299999, 85078, 177926, 85078, 177926};
    for (int i = 0; i < 7; i++) {
        struct fill f = fill(300000 + i, SIDE_SELL, "110", "1", NULL);
        f.order_id = orders[i];
        add(f);
    }
    assert_int_equal(l->by_id.count, 2);
    assert_int_equal(settled()->cycles, 5);
    assert_int_equal(l->by_order.count, 2);
}

static void both_sides_of_an_id_with_equal_hashes_are_told_apart(void **state) {
    const int64_t id = 2346768004;
    (void)state;
    assert_true((uint32_t)mix64((uint64_t)id << 1) == (uint32_t)mix64((uint64_t)id << 1 | 1));
    struct fill newest = fill(id + 2, SIDE_BUY, "100", "1", NULL), oldest = fill(7, SIDE_BUY, "100", "1", NULL),
                before = fill(id + 1, SIDE_BUY, "100", "1", NULL), bought = fill(id, SIDE_BUY, "100", "1", NULL),
                sold = fill(id, SIDE_SELL, "100", "1", NULL);
    newest.time.us = oldest.time.us = before.time.us = bought.time.us = sold.time.us = US_PER_S;
    add(newest), add(oldest), add(before), add(bought);
    assert_false(ledger_knows(l, id, SIDE_SELL));
    add(sold);
    assert_true(ledger_knows(l, id, SIDE_SELL) && ledger_knows(l, id, SIDE_BUY));
    assert_int_equal(l->by_id.count, 2);
    assert_int_equal(settled()->fills, 5);
}

/* New fills arrive while the history is read, from its end by one source and from its beginning by another. */
static void a_history_read_below_the_newest_is_found_in_all_its_parts(void **state) {
    static const int64_t ids[] = {500, 510, 490, 480, 470, 100, 110, 520, 130, 105, 505, 475, 95, 140, 90};
    enum { COUNT = sizeof ids / sizeof *ids };
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) assert_int_equal(ledger_knows(l, ids[k], SIDE_BUY), k < i);
        add(fill(ids[i], SIDE_BUY, "100", "1", NULL));
    }
    for (int64_t id = 85; id < 530; id += 5) {
        bool known = false;
        for (size_t k = 0; k < COUNT; k++) known |= ids[k] == id;
        assert_int_equal(ledger_knows(l, id, SIDE_BUY), known);
        assert_false(ledger_knows(l, id, SIDE_SELL));
    }
    assert_int_equal(l->by_id.rising.count, 3);  /* 500, 510, 520 */
    assert_int_equal(l->by_id.falling.count, 6); /* 490 480 470 100 95 90 */
    assert_int_equal(l->by_id.below.count, 3);   /* 110 130 475 */
    assert_int_equal(l->by_id.count, 3);         /* 105 505 140 */
    assert_int_equal(settled()->fills, COUNT);
}

static void both_sides_of_an_id_are_found_in_every_part(void **state) {
    static const int64_t ids[] = {500, 510, 400, 300, 350, 360, 320};
    enum { COUNT = sizeof ids / sizeof *ids };
    (void)state;
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < COUNT; i++) {
            enum side first = i % 2 ? SIDE_BUY : SIDE_SELL, second = i % 2 ? SIDE_SELL : SIDE_BUY;
            if (again == 0) add(fill(ids[i], first, "100", "1", NULL));
            else assert_true(ledger_knows(l, ids[i], first) && ledger_knows(l, ids[i], second));
            assert_int_equal(ledger_knows(l, ids[i], second), again);
            add(fill(ids[i], second, "100", "1", NULL));
            assert_true(ledger_knows(l, ids[i], first) && ledger_knows(l, ids[i], second));
        }
    }
    assert_int_equal(l->by_id.rising.count, 2);
    assert_int_equal(l->by_id.falling.count, 2);
    assert_int_equal(l->by_id.below.count, 2);
    assert_int_equal(l->by_id.count, COUNT + 1);
    assert_int_equal(settled()->fills, 2 * COUNT);
}

/* ---- limits ---- */

static void a_sell_that_comes_in_order_and_overflows_is_refused(void **state) {
    (void)state;
    add(fill(1, SIDE_SELL, "0.00000001", "900000000000000000000000000000", NULL));
    assert_int_equal(try_add(fill(2, SIDE_SELL, "0.00000001", "900000000000000000000000000000", NULL)), ERR_RANGE);
    assert_int_equal(settled()->fills, 1);
    assert_false(ledger_knows(l, 2, SIDE_SELL));
    assert_true(ledger_totals(l)->partial);
}

static void holdings_have_a_limit(void **state) {
    (void)state;
    add(fill(1, SIDE_BUY, "0.00000001", "600000000000000000000000000000", NULL));
    assert_int_equal(try_add(fill(2, SIDE_BUY, "0.00000001", "600000000000000000000000000000", NULL)), ERR_RANGE);
    assert_int_equal(settled()->fills, 1);
}

static void a_late_fill_makes_a_sell_overflow_and_the_past_says_so_too(void **state) {
    const struct ledger_totals *at;
    struct ledger_totals then;
    size_t budget = SIZE_MAX;
    (void)state;
    add(fill(100, SIDE_SELL, "0.00000001", "900000000000000000000000000000", NULL));
    add(fill(300, SIDE_BUY, "100", "1", NULL));
    add(fill(50, SIDE_SELL, "0.00000001", "900000000000000000000000000000", NULL));
    assert_int_equal(settled()->refused, 1);
    assert_true(ledger_totals(l)->partial);
    assert_int_equal(ledger_totals_at(l, (struct wall){200 * US_PER_S}, &then), ERR_OK);
    assert_int_equal(then.refused, 1);
    assert_int_equal(then.fills, 1);
    struct ledger_scan *s = ledger_scan_new(l);
    assert_non_null(s);
    assert_int_equal(ledger_scan_to(s, &at, (struct wall){200 * US_PER_S}, &budget), SCAN_THERE);
    assert_int_equal(at->holdings.v, 0);
    add(fill(60, SIDE_BUY, "1", "1", NULL)); /* the past changed under the scan */
    (void)settled();
    assert_int_equal(ledger_scan_to(s, &at, (struct wall){400 * US_PER_S}, &budget), SCAN_CHANGED);
    ledger_scan_free(s);
}

static void sums_of_fees_have_a_limit(void **state) {
    (void)state;
    add(fill(1, SIDE_BUY, "100", "1", "6000000000000000000000 BNB"));
    assert_int_equal(try_add(fill(2, SIDE_BUY, "100", "1", "6000000000000000000000 BNB")), ERR_RANGE);
    add(fill(3, SIDE_BUY, "100", "1", "1 BNB"));
    assert_int_equal(settled()->fills, 2);
}

static void a_base_fee_whose_value_overflows_is_refused(void **state) {
    (void)state;
    assert_int_equal(try_add(fill(1, SIDE_SELL, "1000000000000", "0.00000001", "1000000000000 BTC")), ERR_RANGE);
    assert_int_equal(ledger_count(l), 0);
}

static void a_base_fee_below_the_smallest_unit_is_none(void **state) {
    struct fill out;
    struct fill_result result;
    (void)state;
    add(fill(1, SIDE_BUY, "100", "1", "0.000000001 BTC"));
    assert_int_equal(settled()->holdings.v, DEC8_ONE);
    ledger_get(l, 0, &out, &result);
    assert_int_equal(out.fee_state, FEE_NONE);
    assert_int_equal(result.realized.v, 0);
}

/* A quote amount that is far from price x quantity, whose product no 128 bits hold. */
static void the_quote_amount_stands_where_the_product_overflows(void **state) {
    struct fill f = fill(1, SIDE_BUY, "1000000000000000", "1000000000000000", NULL);
    (void)state;
    f.quote_amount = d16("5");
    add(f);
    assert_true(settled()->cost_basis.v == 5 * DEC16_ONE);
    add(fill(2, SIDE_SELL, "0.00000001", "400000000000000", NULL));
    assert_true(settled()->cost_basis.v == 3 * DEC16_ONE);
}

static void a_fee_that_eats_a_lot_before_the_start_costs_nothing_after_it(void **state) {
    (void)state;
    l->since.us = 100 * US_PER_S;
    struct fill eaten = fill(1, SIDE_BUY, "100", "1", "1 BTC");
    eaten.quote_amount = d16("100.5"); /* rounding leaves something of the cost */
    add(eaten);
    eaten.trade_id = 200, eaten.time.us = 200 * US_PER_S;
    add(eaten);
    assert_int_equal(settled()->holdings.v, 0);
    assert_true(ledger_totals(l)->realized.v == -d16("100.5").v);
}

/* ---- corrections ---- */

static void a_correction_of_one_number_is_a_change(void **state) {
    struct fill told = fill(1, SIDE_BUY, "100", "1", "1 USDT");
    (void)state;
    told.quote_amount = d16("100");
    for (int i = 0; i < 6; i++) {
        enum ledger_added what;
        bool changed = false;
        struct fill f = told;
        f.trade_id += i, f.time.us += i;
        add(f);
        f.source = SOURCE_REST;
        if (i == 0) f.price.v++;
        if (i == 1) f.quantity.v++;
        if (i == 2) f.quote_amount.v++;
        if (i == 3) f.fee.v++;
        if (i == 4) f.fee_asset = name_of("BTC"); /* the same number, another value */
        assert_int_equal(ledger_add(l, &f, &what, &changed), ERR_OK);
        assert_int_equal(changed, i < 5);
        (void)settled();
    }
}

static void what_moved_is_not_asked_for_twice(void **state) {
    struct fill f = fill(5, SIDE_BUY, "100", "1", "1 BNB"), out;
    size_t cursor = 0;
    (void)state;
    add(fill(9, SIDE_BUY, "100", "1", NULL));
    add(f);
    (void)settled();
    f.source = SOURCE_REST;
    f.time.us = 7 * US_PER_S;
    add(f); /* its old row is dead, its new one not in order yet */
    assert_false(ledger_next_unvalued(l, &cursor, &out));
    (void)settled();
    cursor = 0;
    assert_true(ledger_next_unvalued(l, &cursor, &out));
    assert_int_equal(out.time.us, 7 * US_PER_S);
    assert_false(ledger_next_unvalued(l, &cursor, &out));
}

static void a_fee_is_valued_though_its_fill_is_not_in_order_yet(void **state) {
    const struct ledger_totals *at;
    size_t budget = SIZE_MAX;
    (void)state;
    add(fill(9, SIDE_BUY, "100", "1", NULL));
    struct ledger_scan *s = ledger_scan_new(l);
    assert_non_null(s);
    add(fill(5, SIDE_BUY, "100", "1", "1 BNB"));
    assert_int_equal(ledger_scan_to(s, &at, (struct wall){6 * US_PER_S}, &budget), SCAN_CHANGED); /* it waits */
    ledger_scan_free(s);
    assert_int_equal(ledger_value_fee(l, 5, SIDE_BUY, d16("7"), (struct dec8){7 * DEC8_ONE}, (struct wall){0}), ERR_OK);
    assert_true(settled()->fees_quote.v == 7 * DEC16_ONE);
    assert_int_equal(ledger_totals(l)->unvalued_fees, 0);
}

/* ---- storage ---- */

static void each_number_that_is_too_large_for_a_row_is_kept_whole(void **state) {
    static const struct {
        const char *price, *quantity, *fee, *value;
        int64_t price_of_fee, candle;
    } wide[] = {
        {"100", "1", "1 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S}, /* this one is not */
        {"100000000000", "1", "1 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S},
        {"1", "100000000000", "1 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S},
        {"100", "1", "1000 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S},
        {"100", "1", "1 BNB", "1000", 600 * DEC8_ONE, 60 * US_PER_S},
        {"100", "1", "1 BNB", "600", INT64_MAX, 60 * US_PER_S},
        {"100", "1", "1 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S + 1},
        {"100", "1", "1 BNB", "600", 600 * DEC8_ONE, -60 * US_PER_S},
        {"100", "1", "1 BNB", "600", 600 * DEC8_ONE, (INT64_C(1) << 32) * US_PER_MIN},
        {"1000000000000000", "1000000000000000", "1 BNB", "600", 600 * DEC8_ONE, 60 * US_PER_S},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        struct fill f = fill(1 + (int64_t)i, SIDE_BUY, wide[i].price, wide[i].quantity, wide[i].fee), out;
        if (i == 9) f.quote_amount = d16("7");
        f.fee_state = FEE_VALUED;
        f.fee_value = d16(wide[i].value);
        f.fee_price.v = wide[i].price_of_fee;
        if (i == 5) f.fee_price.v = (i128)INT64_MAX + 1;
        f.fee_candle.us = wide[i].candle;
        add(f);
        ledger_get(l, i, &out, NULL);
        assert_true(out.price.v == f.price.v && out.quantity.v == f.quantity.v && out.fee.v == f.fee.v);
        assert_true(out.fee_value.v == f.fee_value.v && out.fee_price.v == f.fee_price.v);
        assert_int_equal(out.fee_candle.us, f.fee_candle.us);
        assert_int_equal(l->facts.wide_count, i);
    }
}

static void same_fill(const struct fill *a, const struct fill *b) {
    assert_true(a->trade_id == b->trade_id && a->order_id == b->order_id && a->side == b->side);
    assert_true(a->maker == b->maker && a->source == b->source && a->fee_state == b->fee_state);
    assert_true(a->price.v == b->price.v && a->quantity.v == b->quantity.v && a->fee.v == b->fee.v);
    assert_true(a->quote_amount.v == b->quote_amount.v && a->fee_value.v == b->fee_value.v);
    assert_true(a->fee_price.v == b->fee_price.v && a->fee_candle.us == b->fee_candle.us);
    assert_true(a->time.us == b->time.us && a->received_at.us == b->received_at.us);
    assert_true(name_eq(&a->fee_asset, &b->fee_asset));
}

/* What the ledger knows of the fill is what was told, with what follows from it. */
static void told_as_it_was(const struct fill *f, enum fee_state state, const char *quote, const char *value) {
    struct fill out, wanted = *f;
    assert_true(ledger_find(l, f->trade_id, f->side, &out));
    wanted.fee_state = state;
    wanted.quote_amount = d16(quote);
    wanted.fee_value = d16(value);
    same_fill(&out, &wanted);
}

static void what_has_no_room_in_a_row_stands_elsewhere(void **state) {
    static const struct {
        int64_t id, time_us, received_us;
        const char *price, *quantity, *quote;
        enum { IN_ROW, FAR, WIDE } where;
    } rows[] = {
        {1, 1, 0, "64250.1", "0.00057", "36.622557", IN_ROW},
        {2, 2, 5, "42.94967296", "1", "42.94967296", FAR}, /* 2^32: no decimal zero to take off */
        {3, 3, 6, "1", "429496.72951", "429496.72951", FAR},
        {4, 4, 7, "42.94967295", "42949672.95", "1844674406.5119617025", IN_ROW},
        {5, 5, 8, "80000000000", "0.00000001", "800", IN_ROW}, /* twelve zeros */
        {6, (INT64_C(1) << 52) - 1, (INT64_C(1) << 52), "1", "1", "1", IN_ROW},
        {7, INT64_C(1) << 52, INT64_C(1) << 52, "1", "1", "1", WIDE},
        {8, -1, 9, "1", "1", "1", WIDE},
        {(INT64_C(1) << 48) - 1, 9, 10, "1", "1", "1", IN_ROW},
        {INT64_C(1) << 48, 9, 10, "1", "1", "1", WIDE},
        {9, INT64_C(1) << 41, 1, "1", "1", "1", WIDE},                 /* received 25 days before it happened */
        {10, INT64_C(1) << 41, INT64_C(1) << 40, "1", "1", "1", WIDE}, /* to the microsecond what stands for unknown */
        {11, INT64_C(1) << 41, (INT64_C(1) << 40) + 1, "1", "1", "1", IN_ROW},
        {12, 12, INT64_C(1) << 48, "1", "1", "1", WIDE}, /* nine years after */
    };
    size_t far = 0, wide = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fill f = fill(1, SIDE_BUY, rows[i].price, rows[i].quantity, NULL);
        f.trade_id = rows[i].id;
        f.order_id = INT64_MIN + (int64_t)i;
        f.time.us = rows[i].time_us;
        f.received_at.us = rows[i].received_us;
        f.maker = MAKER_YES;
        add(f);
        far += rows[i].where == FAR;
        wide += rows[i].where == WIDE;
        assert_int_equal(l->facts.far_number_count, far);
        assert_int_equal(l->facts.wide_count, wide);
        told_as_it_was(&f, FEE_NONE, rows[i].quote, "0");
    }
    assert_int_equal(settled()->fills, sizeof rows / sizeof *rows - 1); /* one is of 1969 */
    assert_int_equal(ledger_totals(l)->first_fill.us, 1);
    assert_int_equal(ledger_position(l, (struct wall){INT64_C(1) << 52}), sizeof rows / sizeof *rows - 1);
    assert_true(ledger_knows(l, INT64_C(1) << 48, SIDE_BUY) && !ledger_knows(l, INT64_C(1) << 48, SIDE_SELL));
}

static void a_fee_with_many_digits_stands_apart(void **state) {
    static const struct {
        const char *fee, *value;
        enum fee_state state;
        size_t far;
    } fees[] = {
        {"0.1 USDT", "0.1", FEE_OWN, 0},
        {"0.1234567890123456 USDT", "0.1234567890123456", FEE_OWN, 1},
        {"42.94967296 BTC", "42.94967296", FEE_OWN, 2},
        {"0.00000001 BTC", "0.00000001", FEE_OWN, 2},
        {"0.0000001234567891 BNB", "0", FEE_UNVALUED, 2},
        {"0.5 ", "0.5", FEE_ASSUMED, 2},
        {"0 BNB", "0", FEE_NONE, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++) {
        struct fill f = fill(1 + (int64_t)i, SIDE_BUY, "1", "100", fees[i].fee);
        add(f);
        told_as_it_was(&f, fees[i].state, "100", fees[i].value);
        assert_int_equal(l->facts.far_fee_count, fees[i].far);
        assert_int_equal(l->facts.wide_count, 0);
    }
    assert_int_equal(settled()->unvalued_fees, 1);
}

static void a_refused_fill_leaves_nothing_behind(void **state) {
    struct fill f = fill(2, SIDE_BUY, "1", "1", "0.1234567890123456 USDT");
    (void)state;
    add(fill(1, SIDE_BUY, "0.00000001", "1000000000000000000000000000000", NULL)); /* the limit itself */
    assert_int_equal(try_add(f), ERR_RANGE);
    assert_int_equal(l->facts.far_fee_count, 0);
    f = fill(2, SIDE_BUY, "42.94967296", "1", "0.01 BNB");
    f.fee_state = FEE_VALUED;
    assert_int_equal(try_add(f), ERR_RANGE);
    assert_int_equal(l->facts.far_number_count, 0);
    assert_int_equal(l->facts.priced_fee_count, 0);
    assert_int_equal(settled()->fills, 1);
}

/* The numbers of one fill through every place that a row has for them. */
static void a_corrected_fill_is_kept_whole_wherever_it_stands(void **state) {
    struct fill f = fill(2, SIDE_SELL, "42.94967296", "1", "1 BNB");
    (void)state;
    f.source = SOURCE_IMPORT;
    add(fill(1, SIDE_BUY, "40", "1", NULL));
    add(f);
    assert_int_equal(l->facts.far_number_count, 1);
    f.source = SOURCE_BOT;
    f.price.v--; /* has room now */
    add(f);
    told_as_it_was(&f, FEE_UNVALUED, "42.94967295", "0");
    (void)settled();
    assert_int_equal(ledger_value_fee(l, 2, SIDE_SELL, d16("600"), (struct dec8){600 * DEC8_ONE}, f.time), ERR_OK);
    assert_int_equal(l->facts.wide_count, 1); /* no whole minute */
    assert_true(settled()->fees_quote.v == 600 * DEC16_ONE);
    f.source = SOURCE_STREAM;
    f.fee_state = FEE_VALUED;
    f.fee = d16("2");
    f.fee_value = d16("700");
    f.fee_price.v = 350 * DEC8_ONE;
    f.fee_candle.us = 3 * US_PER_MIN;
    add(f);
    told_as_it_was(&f, FEE_VALUED, "42.94967295", "700");
    assert_int_equal(l->facts.priced_fee_count, 1);
    f.source = SOURCE_REST;
    f.fee_value = d16("701");
    f.fee = d16("2.5");
    add(f);
    told_as_it_was(&f, FEE_VALUED, "42.94967295", "701");
    assert_int_equal(l->facts.far_fee_count, 1); /* 2.5 x 350 is not 701 */
    assert_true(settled()->fees_quote.v == 701 * DEC16_ONE);
    assert_int_equal(l->facts.wide_count + l->facts.far_number_count, 2);
}

/* What fee x price gives, and what was valued otherwise. */
static void a_valued_fee_is_kept_to_the_last_digit(void **state) {
    static const struct {
        const char *fee, *price, *value;
        int64_t candle;
        bool priced;
    } fees[] = {
        {"0.00010331 BNB", "601.23", "0.0621130713", 29000000, true},
        {"0.1234567891 BNB", "601.23456789", "74.2265024058009999", 29000000, false}, /* the price has 11 digits */
        {"0.0000001234567891 BNB", "1.00000001", "0.0000001234567903", 0, true},      /* 12345679034567891 / 10^8 */
        {"0.0000000000000001 BNB", "0.5", "0", 1, true},                              /* half: to the even 0 */
        {"0.0000000000000003 BNB", "0.5", "0.0000000000000002", 1, true},             /* half: to the even 2 */
        {"0.0000000000000003 BNB", "0.5", "0.0000000000000001", 1, false},
        {"0.0000000000000001 BNB", "0.50000001", "0.0000000000000001", 1, true},
        {"900 BNB", "80000000000", "72000000000000", 1, true}, /* 24 zeros */
        {"0.01 BNB", "600", "6", (INT64_C(1) << 28) - 1, true},
        {"0.01 BNB", "600", "6", INT64_C(1) << 28, false},
        {"0.01 BNB", "100000000000", "6", 1, false},
    };
    size_t priced = 0;
    (void)state;
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++) {
        struct fill f = fill(1 + (int64_t)i, SIDE_BUY, "100", "1", fees[i].fee);
        f.fee_state = FEE_VALUED;
        assert_int_equal(dec8_parse(&f.fee_price, span_of(fees[i].price)), ERR_OK);
        f.fee_value = d16(fees[i].value);
        f.fee_candle.us = fees[i].candle * US_PER_MIN;
        add(f);
        told_as_it_was(&f, FEE_VALUED, "100", fees[i].value);
        priced += fees[i].priced;
        if (l->facts.priced_fee_count != priced) fail_msg("fee %zu", i);
    }
    (void)settled();
}

static void a_valued_fee_that_is_told_again_keeps_its_place(void **state) {
    struct fill f = fill(1, SIDE_BUY, "100", "1", "0.01 BNB");
    (void)state;
    f.fee_state = FEE_VALUED;
    f.fee_price.v = 600 * DEC8_ONE;
    f.fee_value = d16("6");
    add(f);
    f.source = SOURCE_REST;
    f.fee = d16("0.02");
    f.fee_value = d16("12");
    add(f);
    told_as_it_was(&f, FEE_VALUED, "100", "12");
    assert_int_equal(l->facts.priced_fee_count, 1);
    f.fee_value = d16("13"); /* not for a third time: there is no higher source */
    assert_int_equal(try_add(f), ERR_OK);
    assert_true(settled()->fees_quote.v == 12 * DEC16_ONE);
}

static void far_numbers_that_stay_far_keep_their_place(void **state) {
    struct fill f = fill(1, SIDE_BUY, "42.94967296", "1", NULL);
    (void)state;
    add(f);
    f.source = SOURCE_REST;
    f.price.v++;
    add(f);
    told_as_it_was(&f, FEE_NONE, "42.94967297", "0");
    assert_int_equal(l->facts.far_number_count, 1);
    assert_int_equal(settled()->fills, 1);
}

static void a_wide_row_that_stays_wide_keeps_its_place(void **state) {
    struct fill f = fill(1, SIDE_BUY, "100000000000", "1", NULL);
    (void)state;
    add(f);
    f.source = SOURCE_REST;
    f.price.v++;
    add(f);
    told_as_it_was(&f, FEE_NONE, "100000000000.00000001", "0");
    assert_int_equal(l->facts.wide_count, 1);
    assert_int_equal(settled()->fills, 1);
}

/* ---- results of sells that are larger than most ---- */

static struct fill_result result_at(size_t position) {
    struct fill f;
    struct fill_result r;
    ledger_get(l, position, &f, &r);
    return r;
}

static void results_of_any_size_are_kept_whole(void **state) {
    static const char *const prices[] = {"15000000", "16000000", "0.01", "12000000", "12000000"};
    (void)state;
    add(fill(1, SIDE_BUY, "20000000", "10", NULL));
    for (int i = 0; i < 5; i++) {
        struct fill f = fill(2 + i, SIDE_SELL, prices[i], "1", NULL);
        if (i >= 3) f.order_id = 77; /* each has room, their sum has not */
        add(f);
    }
    assert_true(settled()->gross_loss.v == d16("44999999.99").v);
    assert_true(result_at(1).realized.v == -d16("5000000").v);
    assert_true(result_at(2).realized.v == -d16("4000000").v);
    assert_true(result_at(3).realized.v == -d16("19999999.99").v);
    assert_true(result_at(5).realized.v == -d16("8000000").v);
    assert_int_equal(l->facts.far_sale_count, 2);
    add(fill(7, SIDE_SELL, "40000000", "1", NULL)); /* and above zero */
    assert_true(result_at(6).realized.v == d16("20000000").v);
    assert_int_equal(settled()->wins, 1);
    assert_int_equal(l->facts.far_sale_count, 3);
}

static void a_result_that_was_large_once_uses_its_place_again(void **state) {
    (void)state;
    add(fill(10, SIDE_SELL, "100", "2", NULL));
    assert_true(result_at(0).unmatched.v == 2 * DEC8_ONE);
    for (int64_t i = 1; i < 6; i++) { /* coins it may have sold turn up, one by one */
        add(fill(i, SIDE_BUY, "90", "0.5", NULL));
        assert_true(settled()->unmatched.v == (i < 4 ? 2 * DEC8_ONE - i * DEC8_ONE / 2 : 0));
        assert_int_equal(l->facts.far_sale_count, 1);
    }
    assert_true(result_at(5).realized.v == 20 * DEC16_ONE);
    assert_int_equal(result_at(5).closes_last, 4);
}

static void rows_have_a_limit(void **state) {
    size_t count = l->facts.count;
    (void)state;
    add(fill(1, SIDE_BUY, "100", "1", NULL));
    struct fill f = fill(2, SIDE_BUY, "100", "1", NULL);
    uint32_t row;
    count = l->facts.count;
    l->facts.count = ROW_NONE; /* as if there were so many */
    assert_int_equal(facts_add(&l->facts, &row, &f, ASSET_QUOTE), ERR_FULL);
    l->facts.count = count;
    assert_int_equal(settled()->fills, 1);
}

/* ---- a damaged ledger is found out ---- */

static void begin_sound(void) {
    (void)setup(NULL);
    add(fill(1, SIDE_BUY, "100", "2", NULL));
    add(fill(2, SIDE_SELL, "110", "1", NULL));
    add(fill(3, SIDE_SELL, "90", "0.5", "0.1 BNB"));
    (void)settled();
}

static void damage(int kind) {
    struct sums *s = &l->walk.sums;
    uint32_t first = l->order[0];
    switch (kind) {
    case 0: l->applied = l->count + 1; break;
    case 1: l->walk.lot.position = l->count + 1; break;
    case 2: l->order[0] = l->order[1], l->order[1] = first; break;
    case 3: l->facts.rows[first].trade_id = 77; break;
    case 4: l->by_id.rising.at[0] = 1, l->facts.rows[1].trade_id = 1, l->facts.rows[1].sell = false; break;
    case 5: l->staged_count = 1; break;
    case 6: s->realized.v++; break;
    case 7: s->unmatched.v++; break;
    case 8: s->refused++; break;
    case 9: l->unvalued++; break;
    case 10: s->holdings.v++; break;
    case 11: s->cost_basis.v++; break;
    case 12: s->cycles = 0; break;
    case 13: s->gross_profit.v = -1; break;
    case 14: s->gross_loss.v = -1; break;
    default: l->count--, l->applied--; break;
    }
}

static void damage_of_every_kind_is_found_out(void **state) {
    (void)state;
    teardown(NULL);
    for (int kind = 0; kind <= 15; kind++) {
        begin_sound();
        damage(kind);
        if (ledger_ok(l)) fail_msg("damage of kind %d is not seen", kind);
        l->staged_count = 0;
        teardown(NULL);
    }
    begin_sound();
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(keys_with_equal_hashes_are_told_apart),
        T(both_sides_of_an_id_with_equal_hashes_are_told_apart),
        T(a_history_read_below_the_newest_is_found_in_all_its_parts),
        T(both_sides_of_an_id_are_found_in_every_part),
        T(a_sell_that_comes_in_order_and_overflows_is_refused),
        T(holdings_have_a_limit),
        T(a_late_fill_makes_a_sell_overflow_and_the_past_says_so_too),
        T(sums_of_fees_have_a_limit),
        T(a_base_fee_whose_value_overflows_is_refused),
        T(a_base_fee_below_the_smallest_unit_is_none),
        T(the_quote_amount_stands_where_the_product_overflows),
        T(a_fee_that_eats_a_lot_before_the_start_costs_nothing_after_it),
        T(a_correction_of_one_number_is_a_change),
        T(what_moved_is_not_asked_for_twice),
        T(a_fee_is_valued_though_its_fill_is_not_in_order_yet),
        T(each_number_that_is_too_large_for_a_row_is_kept_whole),
        T(what_has_no_room_in_a_row_stands_elsewhere),
        T(a_fee_with_many_digits_stands_apart),
        T(a_refused_fill_leaves_nothing_behind),
        T(a_corrected_fill_is_kept_whole_wherever_it_stands),
        T(a_valued_fee_is_kept_to_the_last_digit),
        T(a_valued_fee_that_is_told_again_keeps_its_place),
        T(far_numbers_that_stay_far_keep_their_place),
        T(a_wide_row_that_stays_wide_keeps_its_place),
        T(results_of_any_size_are_kept_whole),
        T(a_result_that_was_large_once_uses_its_place_again),
        T(rows_have_a_limit),
        T(damage_of_every_kind_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
