/* The world as a whole: repeatable, balanced, sound, and lively in the ways that tests of the dashboard need. */
#include "unit.h"

#include "base/time.h"
#include "sim/world.h"

#define NOW (INT64_C(1767700800) * US_PER_S + 123456)

static struct world_config usual(void) {
    return (struct world_config){.seed = 5,
                                 .history_fills = 150,
                                 .history_step_us = 20 * US_PER_S,
                                 .tick_us = 200 * US_PER_MS,
                                 .pace_percent = 800,
                                 .bnb_fees = true,
                                 .bnb_deposit = 800000,
                                 .fee_rate = 100000};
}

static void one_seed_gives_one_history_whatever_the_hour(void **state) {
    struct world a, b, c;
    struct world_config config = usual();
    (void)state;
    assert_true(world_init(&a, &config, NOW));
    assert_true(world_init(&b, &config, NOW + 5 * US_PER_HOUR + 77));
    config.seed = 6;
    assert_true(world_init(&c, &config, NOW));
    for (int i = 0; i < 500; i++) {
        world_step(&a);
        world_step(&b);
    }
    assert_true(world_digest(&a) == world_digest(&b));
    assert_true(world_digest(&a) != world_digest(&c));
    world_free(&a);
    world_free(&b);
    world_free(&c);
}

static void books_balance_and_agree_with_the_fills_at_every_step(void **state) {
    struct world w;
    struct world_config config = usual();
    (void)state;
    assert_true(world_init(&w, &config, NOW));
    for (int i = 0; i < 400; i++) {
        world_step(&w);
        assert_true(sim_ledger_balances(&w.venue.ledger));
    }
    for (size_t i = 0; i < w.venue.symbol_count; i++) {
        const struct venue_symbol *s = w.venue.symbols[i];
        num_wide base = 0, quote = 0;
        for (size_t f = 0; f < s->fill_count; f++) {
            int sign = s->fills[f].buyer ? 1 : -1;
            base += sign * (num_wide)s->fills[f].quantity;
            quote -= sign * (num_wide)s->fills[f].quote;
        }
        assert_true(base == venue_flow(&w.venue, s, s->base) && quote == venue_flow(&w.venue, s, s->quote));
        assert_true(sim_book_sound(&s->book));
    }
    world_free(&w);
}

static void fills_come_in_every_kind(void **state) {
    struct world w;
    struct world_config config = usual();
    size_t taker = 0, maker = 0, in_base = 0, in_quote = 0, in_bnb = 0, parts = 0, canceled = 0;
    (void)state;
    config.history_fills = 400;
    assert_true(world_init(&w, &config, NOW));
    for (size_t i = 0; i < w.venue.symbol_count; i++) {
        const struct venue_symbol *s = w.venue.symbols[i];
        for (size_t f = 0; f < s->fill_count; f++) {
            const struct venue_fill *x = &s->fills[f];
            taker += !x->maker;
            maker += x->maker;
            in_bnb += (int)x->fee_asset == w.venue.fees.bnb && s->base != x->fee_asset;
            in_base += x->fee_asset == s->base && (int)x->fee_asset != w.venue.fees.bnb;
            in_quote += x->fee_asset == s->quote;
            parts += f > 0 && s->fills[f - 1].order_id == x->order_id;
        }
        for (size_t o = 0; o < s->order_count; o++) canceled += s->orders[o].status == STATUS_CANCELED;
    }
    assert_true(taker > 20 && maker > 1000 && parts > 50 && canceled > 20);
    assert_true(in_base > 20 && in_quote > 20 && in_bnb > 200);
    world_free(&w);
}

static void the_past_ends_now_and_never_runs_backwards(void **state) {
    struct world w;
    struct world_config config = usual();
    (void)state;
    assert_true(world_init(&w, &config, NOW));
    assert_int_equal(w.venue.now_us, NOW / 1000 * 1000);
    for (size_t i = 0; i < w.venue.symbol_count; i++) {
        const struct venue_symbol *s = w.venue.symbols[i];
        for (size_t f = 1; f < s->fill_count; f++)
            assert_true(s->fills[f].time_us >= s->fills[f - 1].time_us && s->fills[f].id >= s->fills[f - 1].id);
        if (s->fill_count > 0) assert_true(s->fills[s->fill_count - 1].time_us <= w.venue.now_us);
        assert_int_equal(s->minutes.all[0].open_us % US_PER_MIN, 0);
        for (size_t c = 1; c < s->minutes.count; c++)
            assert_int_equal(s->minutes.all[c].open_us - s->minutes.all[c - 1].open_us, US_PER_MIN);
    }
    world_free(&w);
}

static void the_bot_never_sells_what_it_did_not_buy(void **state) {
    struct world w;
    struct world_config config = usual();
    (void)state;
    assert_true(world_init(&w, &config, NOW));
    for (size_t i = 0; i < w.bot_count; i++) {
        const struct venue_symbol *s = w.bots[i].symbol;
        num_wide holdings = 0;
        for (size_t f = 0; f < s->fill_count; f++) {
            const struct venue_fill *x = &s->fills[f];
            holdings += x->buyer ? x->quantity : -(num_wide)x->quantity;
            if (x->fee_asset == s->base) holdings -= x->fee;
            assert_true(holdings >= 0);
        }
    }
    world_free(&w);
}

static void cross_rates_agree(void **state) {
    struct world w;
    struct world_config config = usual();
    (void)state;
    config.history_fills = 20;
    assert_true(world_init(&w, &config, NOW));
    int64_t eth = venue_find(&w.venue, SPAN("ETHUSDT"))->last_price,
            btc = venue_find(&w.venue, SPAN("BTCUSDT"))->last_price;
    int64_t cross = venue_find(&w.venue, SPAN("ETHBTC"))->last_price, ratio = sim_num_div(eth, btc);
    assert_true(llabs(cross - ratio) < ratio / 100);
    world_free(&w);
}

static void symbols_are_checked(void **state) {
    static const char *const bad[] = {"NOPE/USDT", "BTCUSDT", "BTC/USDT,", "BTC/BTC", "BTC/USDT;ETH/USDT", "/"};
    struct world w;
    struct world_config config = usual();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.symbols = bad[i];
        assert_false(world_init(&w, &config, NOW));
    }
    config.symbols = "";
    config.synthetic = 3;
    config.history_fills = 5;
    assert_true(world_init(&w, &config, NOW));
    assert_int_equal(w.bot_count, 3);
    assert_non_null(venue_find(&w.venue, SPAN("S003USDT")));
    world_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_gives_one_history_whatever_the_hour),
        cmocka_unit_test(books_balance_and_agree_with_the_fills_at_every_step),
        cmocka_unit_test(fills_come_in_every_kind),
        cmocka_unit_test(the_past_ends_now_and_never_runs_backwards),
        cmocka_unit_test(the_bot_never_sells_what_it_did_not_buy),
        cmocka_unit_test(cross_rates_agree),
        cmocka_unit_test(symbols_are_checked),
    };
    return RUN(tests);
}
