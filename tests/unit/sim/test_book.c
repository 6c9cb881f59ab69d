/* The order book: priority, limits, parts; and random work that must leave it sound. */
#include "unit.h"

#include "base/rng.h"
#include "sim/book.h"

struct match {
    uint32_t handle;
    int64_t price, quantity, left;
};

struct matches {
    struct match all[64];
    size_t count;
};

static void note(void *arg, uint32_t handle, const struct book_order *resting, int64_t price, int64_t quantity) {
    struct matches *m = arg;
    assert_true(m->count < 64);
    m->all[m->count++] = (struct match){handle, price, quantity, resting->left};
}

static void best_price_goes_first_then_the_oldest(void **state) {
    struct book b;
    struct matches m = {.count = 0};
    (void)state;
    sim_book_init(&b);
    uint32_t late = sim_book_add(&b, SIDE_SELL, 101, 5, 0, 1);
    uint32_t first = sim_book_add(&b, SIDE_SELL, 100, 5, 0, 2);
    uint32_t second = sim_book_add(&b, SIDE_SELL, 100, 5, 0, 3);
    assert_int_equal(sim_book_take(&b, SIDE_BUY, 0, 12, note, &m), 0);
    assert_int_equal(m.count, 3);
    assert_true(m.all[0].handle == first && m.all[1].handle == second && m.all[2].handle == late);
    assert_int_equal(m.all[2].quantity, 2);
    assert_int_equal(m.all[2].left, 3);
    assert_int_equal(sim_book_best(&b, SIDE_SELL)->quantity, 3);
    assert_true(sim_book_sound(&b));
    sim_book_free(&b);
}

static void a_limit_is_never_passed(void **state) {
    struct book b;
    struct matches m = {.count = 0};
    (void)state;
    sim_book_init(&b);
    sim_book_add(&b, SIDE_BUY, 99, 5, 0, 1);
    sim_book_add(&b, SIDE_BUY, 98, 5, 0, 1);
    assert_int_equal(sim_book_take(&b, SIDE_SELL, 99, 8, note, &m), 3);
    assert_int_equal(m.count, 1);
    assert_int_equal(sim_book_take(&b, SIDE_SELL, 99, 8, note, &m), 8);
    assert_int_equal(sim_book_best(&b, SIDE_BUY)->price, 98);
    sim_book_free(&b);
}

static void a_cancelled_order_leaves_no_trace(void **state) {
    struct book b;
    (void)state;
    sim_book_init(&b);
    uint32_t one = sim_book_add(&b, SIDE_BUY, 50, 1, 7, 1), two = sim_book_add(&b, SIDE_BUY, 50, 2, 8, 1);
    uint64_t updates = b.updates;
    sim_book_cancel(&b, one);
    assert_true(b.updates > updates);
    assert_null(sim_book_order(&b, one));
    assert_int_equal(sim_book_best(&b, SIDE_BUY)->quantity, 2);
    sim_book_cancel(&b, two);
    assert_null(sim_book_best(&b, SIDE_BUY));
    assert_int_equal(sim_book_levels(&b, SIDE_BUY), 0);
    sim_book_free(&b);
}

static void random_work_leaves_it_sound_and_loses_nothing(void **state) {
    struct book b;
    struct rng r;
    int64_t in = 0, out = 0;
    (void)state;
    sim_book_init(&b);
    rng_seed(&r, 42);
    for (int i = 0; i < 4000; i++) {
        struct matches m = {.count = 0};
        enum side side = rng_chance(&r, 1, 2) ? SIDE_BUY : SIDE_SELL;
        int64_t price = 80 + (int64_t)rng_below(&r, 40), quantity = 1 + (int64_t)rng_below(&r, 9);
        uint32_t victim = 1 + (uint32_t)rng_below(&r, b.order_count);
        if (rng_chance(&r, 1, 4) && sim_book_order(&b, victim) != NULL) {
            out += sim_book_order(&b, victim)->left;
            sim_book_cancel(&b, victim);
        }
        int64_t left = sim_book_take(&b, side, price, quantity, note, &m);
        out += quantity - left;
        if (left > 0) sim_book_add(&b, side, price, left, 0, (uint64_t)i);
        in += left;
        assert_true(sim_book_sound(&b));
    }
    int64_t rest = 0;
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sim_book_levels(&b, (enum side)s); i++)
            rest += sim_book_at(&b, (enum side)s, i)->quantity;
    assert_int_equal(in, out + rest);
    sim_book_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_price_goes_first_then_the_oldest),
        cmocka_unit_test(a_limit_is_never_passed),
        cmocka_unit_test(a_cancelled_order_leaves_no_trace),
        cmocka_unit_test(random_work_leaves_it_sound_and_loses_nothing),
    };
    return RUN(tests);
}
