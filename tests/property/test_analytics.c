/* The metrics over random histories against a plain reading: cycles and sums by the naive account, every ratio by multiplying back. */
#include "history.h"
#include "seed.h"
#include "unit/view/rig.h"

enum { ROUNDS = 40 };

/* The text is num x factor / den, rounded to the nearest of eight digits; null where den is not above zero. */
static void assert_ratio(yyjson_doc *d, const char *path, i128 num, i128 factor, i128 den) {
    if (den <= 0) {
        assert_json(d, path, "null");
        return;
    }
    i128 off = D8(rig_text(d, path)).v * den - num * factor * DEC8_ONE;
    assert_true(2 * (off < 0 ? -off : off) <= den);
}

static void assert_amount(yyjson_doc *d, const char *path, i128 v) { assert_true(D16(rig_text(d, path)).v == v); }

static void assert_count(yyjson_doc *d, const char *path, uint64_t n) {
    assert_true(strtoull(rig_text(d, path), NULL, 10) == n);
}

/* Fills of a complete history into the rig's pair, every fee valued. */
static void load(struct rig *r, const struct fill *fills, size_t n) {
    struct ledger *l = r->e->pairs[0]->ledger;
    struct fill f;
    enum ledger_added what;
    for (size_t i = 0; i < n; i++) assert_int_equal(ledger_add(l, &fills[i], &what, NULL), ERR_OK);
    assert_true(ledger_recompute(l, SIZE_MAX));
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        struct dec8 price;
        struct dec16 value = history_fee_value(&f, &price);
        assert_int_equal(ledger_value_fee(l, f.trade_id, f.side, value, price, (struct wall){0}), ERR_OK);
    }
    assert_true(ledger_recompute(l, SIZE_MAX));
}

static yyjson_doc *performance(struct rig *r) {
    const struct name all = {{0}};
    struct view_performance *v = view_performance_new(r->e, &all, METHOD_FIFO, r->now);
    struct buf b;
    assert_non_null(v);
    buf_init(&b, 1 << 22);
    for (int steps = 0; !view_performance_step(v, &b, r->e); steps++) assert_true(steps < 100);
    yyjson_doc *d = rig_json(&b);
    buf_free(&b);
    view_performance_free(v);
    return d;
}

static void check_cycles(yyjson_doc *d, const struct naive *n) {
    i128 grid = n->profit - n->loss, one = DEC16_ONE;
    assert_amount(d, "realized", n->realized);
    assert_amount(d, "grid_profit", grid);
    assert_amount(d, "gross_profit", n->profit);
    assert_amount(d, "gross_loss", n->loss);
    assert_amount(d, "fees", n->fees);
    assert_count(d, "cycles", n->cycles);
    assert_count(d, "wins", n->wins);
    assert_count(d, "losses", n->losses);
    assert_count(d, "fills", n->fills);
    assert_ratio(d, "win_rate", (i128)n->wins, 100, (i128)n->cycles);
    assert_ratio(d, "profit_factor", n->profit, 1, n->loss);
    assert_ratio(d, "average_win", n->profit, 1, (i128)n->wins * one);
    assert_ratio(d, "average_loss", n->loss, 1, (i128)n->losses * one);
    assert_ratio(d, "expectancy", grid, 1, (i128)n->cycles * one);
    assert_ratio(d, "fees_share", n->fees, 100, n->profit);
    assert_json(d, "no_losses", n->cycles > 0 && n->loss == 0 ? "true" : "false");
}

/* The investment at work, and held; first: the price of the first fill. */
static void check_money(yyjson_doc *d, const struct naive *n, i128 investment, i128 mark, i128 first, int64_t seconds) {
    i128 worth = n->holdings * mark, total = n->realized + worth - n->basis;
    assert_amount(d, "total", total);
    assert_amount(d, "exposure.value", worth);
    assert_amount(d, "exposure.cost_basis", n->basis);
    assert_ratio(d, "exposure.percent", worth, 100, investment);
    assert_ratio(d, "apr.total", total, (i128)36500 * 86400, investment * seconds);
    assert_ratio(d, "apr.grid", n->profit - n->loss, (i128)36500 * 86400, investment * seconds);
    i128 held = D16(rig_text(d, "holding.value")).v, off = held * first - investment * mark;
    assert_true(held % DEC8_ONE == 0 &&
                2 * (off < 0 ? -off : off) <= first * (DEC8_ONE + 2)); /* rounded to 16 digits before */
    assert_amount(d, "holding.equity", investment + total);
    assert_amount(d, "holding.difference", investment + total - held);
    assert_ratio(d, "holding.percent", investment + total - held, 100, investment);
}

static void every_metric_equals_the_plain_reading(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("analytics"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {1 + (size_t)rng_below(&rng, 250), rng_chance(&rng, 1, 2), rng_chance(&rng, 1, 4)};
        struct fill *fills = history_make(&rng, &shape);
        struct dec8 mark = {(i128)(rng_below(&rng, 90000) + 10000) * 1000000};
        struct naive n;
        struct rig r;
        rig_begin(&r);
        (void)rig_pair(&r, "BTC", "USDT");
        load(&r, fills, shape.fills);
        history_sort(fills, shape.fills);
        naive_account(&n, fills, shape.fills, (struct wall){0});
        r.now.wall.us = fills[shape.fills - 1].time.us + 2 * US_PER_HOUR;
        rig_tick(&r, 0, mark);
        yyjson_doc *d = performance(&r); /* no investment: nothing in percent of it */
        check_cycles(d, &n);
        assert_json(d, "exposure.percent", "null");
        assert_json(d, "holding.value", "null");
        yyjson_doc_free(d);
        r.e->has_investment = true;
        r.e->investment.v = (i128)(1 + rng_below(&rng, 100000)) * DEC16_ONE;
        d = performance(&r);
        check_cycles(d, &n);
        check_money(d, &n, r.e->investment.v, mark.v, fills[0].price.v, (r.now.wall.us - fills[0].time.us) / US_PER_S);
        yyjson_doc_free(d);
        rig_end(&r);
        free(n.results);
        free(fills);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_equals_the_plain_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
