#include "domain/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct dec8 price(int64_t whole) { return dec8_of_int(whole); }

static struct order order(int64_t id, enum side side, int64_t at) {
    return (struct order){.order_id = id, .side = side, .price = price(at), .quantity = price(1)};
}

static struct wall t(int64_t seconds) { return (struct wall){seconds * US_PER_S}; }

static bool put(struct orders *o, int64_t id, enum side side, int64_t at, int64_t when) {
    struct order row = order(id, side, at);
    return orders_event(o, &row, true, t(when));
}

static bool gone(struct orders *o, int64_t id, int64_t when) {
    struct order row = order(id, SIDE_BUY, 1);
    return orders_event(o, &row, false, t(when));
}

static void assert_ids(const struct orders *o, const int64_t *ids, size_t count) {
    assert_int_equal(o->count, count);
    for (size_t i = 0; i < count; i++) assert_int_equal(o->rows[i].order_id, ids[i]);
}
#define ASSERT_IDS(o, ...) assert_ids(o, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8)

static void rows_stand_by_price_then_id(void **state) {
    (void)state;
    struct orders *o = orders_new();
    assert_true(put(o, 5, SIDE_SELL, 110, 1));
    assert_true(put(o, 9, SIDE_BUY, 90, 1));
    assert_true(put(o, 7, SIDE_BUY, 95, 1));
    assert_true(put(o, 2, SIDE_BUY, 95, 1));
    assert_true(put(o, 1, SIDE_SELL, 200, 1));
    ASSERT_IDS(o, 9, 2, 7, 5, 1);
    orders_free(o);
}

static void an_event_replaces_and_removes(void **state) {
    (void)state;
    struct orders *o = orders_new();
    assert_true(put(o, 1, SIDE_BUY, 90, 1));
    assert_false(put(o, 1, SIDE_BUY, 90, 2)); /* the same again */
    struct order partly = order(1, SIDE_BUY, 90);
    partly.filled = (struct dec8){DEC8_ONE / 2};
    assert_true(orders_event(o, &partly, true, t(3)));
    assert_true(o->rows[0].filled.v == DEC8_ONE / 2);
    assert_true(put(o, 1, SIDE_BUY, 80, 4)); /* moved */
    assert_int_equal(o->count, 1);
    assert_true(gone(o, 1, 5));
    assert_false(gone(o, 1, 6));
    assert_int_equal(o->count, 0);
    orders_free(o);
}

static void the_version_rises_with_changes_only(void **state) {
    (void)state;
    struct orders *o = orders_new();
    assert_true(o->version >= 1);
    uint64_t before = o->version;
    (void)put(o, 1, SIDE_BUY, 90, 1);
    assert_true(o->version > before);
    before = o->version;
    (void)put(o, 1, SIDE_BUY, 90, 2);
    (void)gone(o, 2, 2);
    struct order same = order(1, SIDE_BUY, 90);
    assert_false(orders_replace(o, &same, 1, t(9)));
    assert_true(o->version == before);
    (void)gone(o, 1, 3);
    assert_true(o->version > before);
    orders_free(o);
}

static void a_snapshot_replaces_what_it_does_not_list(void **state) {
    (void)state;
    struct orders *o = orders_new();
    (void)put(o, 1, SIDE_BUY, 90, 1);
    (void)put(o, 2, SIDE_BUY, 91, 1);
    struct order rows[] = {order(2, SIDE_BUY, 91), order(3, SIDE_SELL, 99)};
    assert_true(orders_replace(o, rows, 2, t(5)));
    ASSERT_IDS(o, 2, 3);
    assert_false(orders_replace(o, rows, 2, t(6)));
    assert_true(orders_replace(o, NULL, 0, t(7)));
    assert_int_equal(o->count, 0);
    orders_free(o);
}

static void an_event_after_the_question_wins_over_the_answer(void **state) {
    (void)state;
    struct orders *o = orders_new();
    (void)put(o, 1, SIDE_BUY, 90, 1);
    /* asked at 10; before the answer comes, 1 is filled and 4 is placed, and 5 is moved from 80 to 85 */
    (void)gone(o, 1, 11);
    (void)put(o, 4, SIDE_SELL, 120, 12);
    (void)put(o, 5, SIDE_BUY, 85, 12);
    struct order rows[] = {order(1, SIDE_BUY, 90), order(5, SIDE_BUY, 80)};
    assert_false(orders_replace(o, rows, 2, t(10))); /* and nothing changed on the way */
    ASSERT_IDS(o, 5, 4);
    assert_true(o->rows[0].price.v == price(85).v);
    orders_free(o);
}

static void an_event_before_the_question_does_not(void **state) {
    (void)state;
    struct orders *o = orders_new();
    (void)put(o, 1, SIDE_BUY, 90, 1);
    (void)gone(o, 2, 2);
    struct order rows[] = {order(2, SIDE_BUY, 80)};
    assert_true(orders_replace(o, rows, 1, t(10)));
    ASSERT_IDS(o, 2);
    orders_free(o);
}

static void of_two_events_the_last_counts(void **state) {
    (void)state;
    struct orders *o = orders_new();
    (void)put(o, 1, SIDE_BUY, 90, 11);
    (void)gone(o, 1, 12);
    struct order row = order(1, SIDE_BUY, 90);
    assert_false(orders_replace(o, &row, 1, t(10)));
    assert_int_equal(o->count, 0);
    orders_free(o);
}

static void the_memory_of_events_is_bounded(void **state) {
    (void)state;
    struct orders *o = orders_new();
    for (int64_t i = 0; i < ORDERS_TOUCHES * 3; i++) (void)put(o, 1000 + i % 5, SIDE_BUY, 10 + i % 7, i);
    assert_int_equal(o->touch_count, ORDERS_TOUCHES);
    assert_int_equal(o->count, 5);
    orders_free(o);
}

static void over_its_limit_it_refuses_and_counts(void **state) {
    (void)state;
    struct orders *o = orders_new();
    for (int64_t i = 0; i < ORDERS_MAX; i++) assert_true(put(o, i, SIDE_BUY, 1 + i, 1));
    assert_false(put(o, ORDERS_MAX, SIDE_BUY, 5, 2));
    assert_int_equal(o->count, ORDERS_MAX);
    assert_int_equal(o->refused, 1);
    assert_true(put(o, 3, SIDE_BUY, 9999, 3)); /* a known one may still change */
    assert_int_equal(o->count, ORDERS_MAX);
    orders_free(o);
}

static void next_levels_are_the_nearest_on_their_side(void **state) {
    (void)state;
    struct orders *o = orders_new();
    struct dec8 out = {-7};
    assert_false(orders_next(o, price(100), SIDE_BUY, &out));
    assert_true(out.v == -7);
    (void)put(o, 1, SIDE_BUY, 80, 1);
    (void)put(o, 2, SIDE_BUY, 90, 1);
    (void)put(o, 3, SIDE_SELL, 110, 1);
    (void)put(o, 4, SIDE_SELL, 120, 1);
    assert_true(orders_next(o, price(100), SIDE_BUY, &out) && out.v == price(90).v);
    assert_true(orders_next(o, price(100), SIDE_SELL, &out) && out.v == price(110).v);
    assert_true(orders_next(o, price(90), SIDE_BUY, &out) && out.v == price(90).v); /* at the price counts */
    assert_true(orders_next(o, price(110), SIDE_SELL, &out) && out.v == price(110).v);
    assert_true(orders_next(o, price(115), SIDE_SELL, &out) && out.v == price(120).v);
    assert_true(orders_next(o, price(115), SIDE_BUY, &out) && out.v == price(90).v); /* over the crossed sell */
    assert_true(orders_next(o, price(85), SIDE_SELL, &out) && out.v == price(110).v);
    assert_false(orders_next(o, price(121), SIDE_SELL, &out));
    assert_false(orders_next(o, price(79), SIDE_BUY, &out));
    orders_free(o);
}

static void without_a_price_the_innermost_levels_count(void **state) {
    (void)state;
    struct orders *o = orders_new();
    struct dec8 out;
    (void)put(o, 1, SIDE_BUY, 80, 1);
    (void)put(o, 2, SIDE_BUY, 90, 1);
    (void)put(o, 3, SIDE_SELL, 110, 1);
    assert_true(orders_next(o, DEC8_ZERO, SIDE_BUY, &out) && out.v == price(90).v);
    assert_true(orders_next(o, DEC8_ZERO, SIDE_SELL, &out) && out.v == price(110).v);
    orders_free(o);
}

static void market_orders_are_no_levels(void **state) {
    (void)state;
    struct orders *o = orders_new();
    struct dec8 out;
    struct grid g;
    (void)put(o, 1, SIDE_BUY, 0, 1);
    assert_false(orders_next(o, price(100), SIDE_BUY, &out));
    assert_false(orders_next(o, DEC8_ZERO, SIDE_BUY, &out));
    orders_grid(o, &g);
    assert_false(g.known);
    orders_free(o);
}

static void the_grid_is_the_distinct_prices(void **state) {
    (void)state;
    struct orders *o = orders_new();
    struct grid g;
    (void)put(o, 1, SIDE_BUY, 0, 1);
    (void)put(o, 2, SIDE_BUY, 80, 1);
    (void)put(o, 3, SIDE_BUY, 80, 1);
    (void)put(o, 4, SIDE_BUY, 90, 1);
    (void)put(o, 5, SIDE_SELL, 120, 1);
    orders_grid(o, &g);
    assert_true(g.known && !g.from_bot);
    assert_int_equal(g.levels, 3);
    assert_true(g.lower.v == price(80).v && g.upper.v == price(120).v);
    orders_free(o);
}

static bool note(struct orders *o, int64_t at, enum order_end end, int64_t when) {
    struct order row = order(1, SIDE_BUY, at);
    return orders_note(o, &row, end, t(when));
}

static void the_end_of_an_order_is_noted_until_one_stands_there(void **state) {
    (void)state;
    struct orders *o = orders_new();
    assert_false(note(o, 90, ORDER_END_NONE, 1));
    assert_true(note(o, 90, ORDER_CANCELED, 1));
    assert_true(note(o, 90, ORDER_REJECTED, 2)); /* the latest */
    assert_true(note(o, 95, ORDER_EXPIRED, 3));
    assert_int_equal(o->note_count, 2);
    assert_int_equal(o->notes[0].end, ORDER_REJECTED);
    assert_true(note(o, 90, ORDER_END_NONE, 4));
    assert_int_equal(o->note_count, 1);
    struct order listed = order(7, SIDE_BUY, 95);
    assert_true(orders_replace(o, &listed, 1, t(5)));
    assert_int_equal(o->note_count, 0);
    assert_false(note(o, 0, ORDER_REJECTED, 6)); /* a market order has no level */
    orders_free(o);
}

static void notes_are_bounded_and_the_oldest_goes(void **state) {
    (void)state;
    struct orders *o = orders_new();
    for (int i = 1; i <= 2 * ORDERS_NOTES; i++) assert_true(note(o, i, ORDER_CANCELED, i));
    assert_int_equal(o->note_count, ORDERS_NOTES);
    assert_true(o->notes[0].price.v == price(ORDERS_NOTES + 1).v);
    assert_true(o->notes[ORDERS_NOTES - 1].price.v == price(2 * ORDERS_NOTES).v);
    orders_free(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_by_price_then_id),
        cmocka_unit_test(an_event_replaces_and_removes),
        cmocka_unit_test(the_version_rises_with_changes_only),
        cmocka_unit_test(a_snapshot_replaces_what_it_does_not_list),
        cmocka_unit_test(an_event_after_the_question_wins_over_the_answer),
        cmocka_unit_test(an_event_before_the_question_does_not),
        cmocka_unit_test(of_two_events_the_last_counts),
        cmocka_unit_test(the_memory_of_events_is_bounded),
        cmocka_unit_test(the_end_of_an_order_is_noted_until_one_stands_there),
        cmocka_unit_test(notes_are_bounded_and_the_oldest_goes),
        cmocka_unit_test(over_its_limit_it_refuses_and_counts),
        cmocka_unit_test(next_levels_are_the_nearest_on_their_side),
        cmocka_unit_test(without_a_price_the_innermost_levels_count),
        cmocka_unit_test(market_orders_are_no_levels),
        cmocka_unit_test(the_grid_is_the_distinct_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
