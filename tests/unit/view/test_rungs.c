/* The levels of a grid, from its bounds and what stands on them. */
#include "view/rungs.h"

#include "rig.h"

static struct grid grid_of(const char *lower, const char *upper, int levels) {
    return (struct grid){.known = true, .lower = D8(lower), .upper = D8(upper), .levels = levels};
}

static void assert_at(const struct rungs *r, size_t i, const char *price) {
    char text[DEC_TEXT_MAX];
    dec8_format(text, r->at[i]);
    assert_string_equal(text, price);
}

/* The levels the bot itself laid (its sample): price(i) = lower (upper / lower)^(i / (levels - 1)), two decimals. */
static void geometric_as_the_bot_lays_it(void **state) {
    (void)state;
    static const char *const levels[] = {"88000",    "88647.29", "89299.34", "89956.19", "90617.87",
                                         "91284.42", "91955.87", "92632.26", "93313.62", "94000"};
    struct grid g = grid_of("88000", "94000", 10);
    struct dec8 seen[] = {D8("88647.29"), D8("90617.87"), D8("92632.26")};
    struct rungs r;
    rungs_find(&r, &g, D8("0.01"), seen, 3);
    assert_int_equal(r.count, 10);
    for (size_t i = 0; i < 10; i++) assert_at(&r, i, levels[i]);
}

static void arithmetic_where_the_orders_say_so(void **state) {
    (void)state;
    struct grid g = grid_of("100", "200", 11);
    struct dec8 seen[] = {D8("120"), D8("150"), D8("180")};
    struct rungs r;
    rungs_find(&r, &g, D8("0.01"), seen, 3);
    assert_int_equal(r.count, 11);
    assert_at(&r, 1, "110");
    assert_at(&r, 9, "190");
}

static void prices_are_on_the_tick(void **state) {
    (void)state;
    struct grid g = grid_of("1", "2", 4);
    struct dec8 seen[] = {D8("1.3"), D8("1.6")};
    struct rungs r;
    rungs_find(&r, &g, D8("0.1"), seen, 2);
    assert_int_equal(r.count, 4);
    assert_at(&r, 1, "1.3");
    assert_at(&r, 2, "1.6");
    rungs_find(&r, &g, DEC8_ZERO, seen, 2);
    assert_at(&r, 1, "1.25992104"); /* the third root of 2 */
}

static void orders_by_hand_are_outvoted(void **state) {
    (void)state;
    struct grid g = grid_of("100", "200", 11);
    struct dec8 seen[] = {D8("110"), D8("120"), D8("134.7"), D8("150"), D8("300")};
    struct rungs r;
    rungs_find(&r, &g, D8("0.01"), seen, 5);
    assert_int_equal(r.count, 11);
    seen[1] = D8("124.9");
    rungs_find(&r, &g, D8("0.01"), seen, 5);
    assert_int_equal(r.count, 0);
}

static void one_price_proves_nothing(void **state) {
    (void)state;
    struct grid g = grid_of("100", "200", 11);
    struct dec8 seen[] = {D8("100"), D8("150"), D8("200")}; /* the bounds lie on every grid */
    struct rungs r;
    rungs_find(&r, &g, D8("0.01"), seen, 3);
    assert_int_equal(r.count, 0);
}

static void grids_that_are_none_have_no_levels(void **state) {
    (void)state;
    struct grid many = grid_of("1", "2", RUNGS_MAX + 1), two = grid_of("1", "2", 2), flat = grid_of("2", "2", 9);
    struct grid far = grid_of("0.00000001", "1000000", 9), huge = grid_of("1", "1000000000000000000", 9), unknown = two;
    struct dec8 seen[] = {D8("1.25"), D8("1.5")};
    struct rungs r;
    unknown.known = false;
    const struct grid *all[] = {&many, &two, &flat, &far, &huge, &unknown};
    for (size_t i = 0; i < 6; i++) {
        rungs_find(&r, all[i], D8("0.01"), seen, 2);
        assert_int_equal(r.count, 0);
    }
}

static void nearness_is_an_eighth_of_a_step(void **state) {
    (void)state;
    struct rungs r = {.count = 3, .at = {D8("100"), D8("108"), D8("132")}};
    assert_int_equal(rungs_on(&r, D8("100")), 0);
    assert_int_equal(rungs_on(&r, D8("100.99")), 0);
    assert_true(rungs_on(&r, D8("101")) == SIZE_MAX);
    assert_int_equal(rungs_on(&r, D8("107.01")), 1);
    assert_int_equal(rungs_on(&r, D8("110.99")), 1);
    assert_true(rungs_on(&r, D8("99.99")) == SIZE_MAX);
    assert_true(rungs_on(&r, D8("132.01")) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geometric_as_the_bot_lays_it),    cmocka_unit_test(arithmetic_where_the_orders_say_so),
        cmocka_unit_test(prices_are_on_the_tick),          cmocka_unit_test(orders_by_hand_are_outvoted),
        cmocka_unit_test(one_price_proves_nothing),        cmocka_unit_test(grids_that_are_none_have_no_levels),
        cmocka_unit_test(nearness_is_an_eighth_of_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
