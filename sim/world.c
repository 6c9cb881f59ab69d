/* world.c: see world.h. How long the past takes until there are enough fills is known only afterwards, so it is lived on a
 * clock that starts at zero, and all its times are then moved, by whole minutes so that candles keep their borders. */
#include "sim/world.h"

#include "base/check.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COIN_NAME = 16, BNB_REFILL_FILLS = 30, BNB_ON_FILLS = 150, BNB_OFF_FILLS = 40 };

static const struct coin {
    const char *name;
    int64_t price;                      /* USDT, units of 10^-8 */
    int64_t sigma_ppb;                  /* of a full step */
    unsigned price_digits, step_digits; /* against a quote of about one USDT; their sum at most 8 */
    bool follows;
} coins[] = {
    {"USDT", NUM_ONE, 0, 4, 2, false},           {"FDUSD", 99980000, 8000, 4, 2, false},
    {"EUR", 108500000, 60000, 4, 2, false},      {"BTC", 91250 * NUM_ONE, 800000, 2, 5, true},
    {"ETH", 3120 * NUM_ONE, 950000, 2, 4, true}, {"BNB", 874 * NUM_ONE, 850000, 2, 3, true},
    {"SOL", 138 * NUM_ONE, 1200000, 2, 3, true}, {"XRP", 214000000, 1100000, 4, 1, true},
    {"ADA", 47000000, 1150000, 4, 1, true},      {"DOGE", 15600000, 1300000, 5, 0, true},
    {"SHIB", 880, 1500000, 8, 0, true},          {"LTC", 84 * NUM_ONE, 1000000, 2, 3, true},
};
enum { COINS = sizeof coins / sizeof coins[0] };

static const char demo_symbols[] = "BTC/USDT,ETH/USDT,BNB/USDT,SOL/USDT,ETH/BTC,BTC/EUR";

static const struct coin *coin_find(const char *name) {
    for (size_t i = 0; i < COINS; i++)
        if (strcmp(coins[i].name, name) == 0) return &coins[i];
    return NULL;
}

static void add_coin(struct world *w, const struct coin *c) {
    sim_market_add(&w->venue.market, c->name, c->price, c->sigma_ppb, c->follows);
}

/* Ticks against a dear quote (BTC) are finer; the step stays coarse enough for exact products. */
static void pair_digits(const struct coin *base, const struct coin *quote, unsigned *price_digits,
                        unsigned *step_digits) {
    *price_digits = base->price_digits;
    *step_digits = base->step_digits;
    for (int64_t p = quote->price; p >= 10 * NUM_ONE && *price_digits < 8; p /= 10) ++*price_digits;
    if (*price_digits + *step_digits > 8) *step_digits = 8 - *price_digits;
}

static bool add_pair(struct world *w, const char *base, const char *quote, bool watched_only) {
    const struct coin *b = coin_find(base), *q = coin_find(quote);
    if (b == NULL || q == NULL || b == q) return false;
    char name[48];
    snprintf(name, sizeof name, "%s%s", base, quote);
    if (venue_find(&w->venue, span_of(name)) != NULL) return true;
    add_coin(w, b);
    add_coin(w, q);
    unsigned price_digits, step_digits;
    pair_digits(b, q, &price_digits, &step_digits);
    int64_t min_notional = sim_num_div(5 * NUM_ONE, q->price); /* about five USDT */
    venue_add_symbol(&w->venue, base, quote, sim_num_pow10(8 - price_digits), sim_num_pow10(8 - step_digits),
                     min_notional, watched_only);
    return true;
}

static bool add_listed(struct world *w, const char *list) {
    while (*list != '\0') {
        char base[COIN_NAME], quote[COIN_NAME];
        int used = 0;
        if (sscanf(list, "%15[A-Z0-9]/%15[A-Z0-9]%n", base, quote, &used) != 2 || used == 0) return false;
        if (w->venue.symbol_count >= WORLD_SYMBOLS_MAX || !add_pair(w, base, quote, false)) return false;
        list += used;
        if (*list == ',' && list[1] != '\0') list++;
        else if (*list != '\0') return false;
    }
    return true;
}

/* Conversion needs a way to USDT for each quote, and BNB's price for fees: those markets exist without being traded. */
static void add_watched(struct world *w) {
    size_t count = w->venue.symbol_count;
    for (size_t i = 0; i < count; i++) {
        const char *quote = w->venue.market.assets[w->venue.symbols[i]->quote].name;
        if (strcmp(quote, "USDT") != 0) CHECK(add_pair(w, quote, "USDT", true));
    }
    CHECK(add_pair(w, "BNB", "USDT", true));
    CHECK(add_pair(w, "BTC", "USDT", true));
}

static void add_synthetic(struct world *w, unsigned count) {
    struct rng r;
    rng_seed(&r, w->config.seed ^ 77);
    add_coin(w, coin_find("USDT"));
    for (unsigned i = 1; i <= count && w->venue.symbol_count < WORLD_SYMBOLS_MAX; i++) {
        char name[COIN_NAME];
        snprintf(name, sizeof name, "S%03u", i);
        unsigned digits = 2 + (unsigned)rng_below(&r, 3); /* 0.5 .. 500 USDT by its digits */
        int64_t price = (int64_t)(50 + rng_below(&r, 450)) * sim_num_pow10(8 - digits + 2);
        sim_market_add(&w->venue.market, name, price, 700000 + (int64_t)rng_below(&r, 800000), true);
        venue_add_symbol(&w->venue, name, "USDT", sim_num_pow10(8 - digits), sim_num_pow10(8 - (6 - digits)),
                         5 * NUM_ONE, false);
    }
}

static void add_bots(struct world *w) {
    w->bots = calloc(w->venue.symbol_count + 1, sizeof *w->bots);
    CHECK(w->bots != NULL);
    for (size_t i = 0; i < w->venue.symbol_count; i++) {
        struct venue_symbol *s = w->venue.symbols[i];
        if (s->watched_only) continue;
        const struct market_asset *base = &w->venue.market.assets[s->base], *quote = &w->venue.market.assets[s->quote];
        struct bot_config c = {.grids = 16, .spacing_ppm = base->sigma_ppb * 8 / 1000};
        c.slot_value = sim_num_div(120 * NUM_ONE, (int64_t)(quote->value / NUM_ONE));
        bot_init(&w->bots[w->bot_count++], &w->venue, s, &c);
    }
}

/* Enough of every asset that is paid with, so that no grid starves; coins to sell are bought, never given. */
static void deposit_all(struct world *w) {
    struct venue *v = &w->venue;
    for (size_t i = 0; i < w->bot_count; i++) {
        const struct venue_symbol *s = w->bots[i].symbol;
        venue_deposit(v, s->quote, sim_num_mul(w->bots[i].config.slot_value, 40 * NUM_ONE));
    }
    if (v->fees.bnb >= 0 && w->config.bnb_fees) venue_deposit(v, (uint32_t)v->fees.bnb, w->config.bnb_deposit);
}

static bool world_build(struct world *w, const struct world_config *config) {
    *w = (struct world){.config = *config};
    venue_init(&w->venue, config->seed);
    const char *symbols = config->symbols != NULL ? config->symbols : demo_symbols;
    if (!add_listed(w, symbols)) return false;
    add_synthetic(w, config->synthetic);
    add_watched(w);
    w->venue.fees.maker = w->venue.fees.taker = config->fee_rate;
    w->venue.fees.in_bnb = config->bnb_fees;
    w->venue.fees.bnb = sim_market_find(&w->venue.market, "BNB");
    add_bots(w);
    return true;
}

static size_t fills(const struct world *w) {
    size_t sum = 0;
    for (size_t i = 0; i < w->venue.symbol_count; i++) sum += w->venue.symbols[i]->fill_count;
    return sum;
}

/* When BNB has been missing for a while, some is deposited from outside. And now and then the owner turns paying fees in
 * BNB off for some fills, so that fees come in every asset even where a BNB grid keeps coins lying about. */
static void mind_bnb(struct world *w) {
    if (!w->config.bnb_fees) return;
    if (w->venue.bnb_short >= BNB_REFILL_FILLS)
        venue_deposit(&w->venue, (uint32_t)w->venue.fees.bnb, w->config.bnb_deposit);
    w->venue.fees.in_bnb = fills(w) % (BNB_ON_FILLS + BNB_OFF_FILLS) < BNB_ON_FILLS;
}

static void step(struct world *w, int64_t step_us, int64_t dt_ppm) {
    venue_reach(&w->venue, w->venue.now_us + step_us);
    w->venue.steps++;
    if (!w->market_paused) {
        sim_market_step(&w->venue.market, dt_ppm);
        for (size_t i = 0; i < w->venue.symbol_count; i++) venue_crowd_step(&w->venue, w->venue.symbols[i]);
    }
    if (w->bots_paused) return;
    for (size_t i = 0; i < w->bot_count; i++) bot_step(&w->bots[i]);
    mind_bnb(w);
}

enum { HISTORY_STEPS_LEAST = 60, HISTORY_STEPS_MOST = 2000000 };

/* A start long ago, so that no time of the past is below zero and weeks and months look as usual. */
#define PAST_ORIGIN_US (INT64_C(4) * 7 * US_PER_DAY)

/* The market is older than the first order, so that the first fee has closed candles to be priced by. */
#define LEAD_US (3 * US_PER_MIN)

static void live_past(struct world *w) {
    size_t wanted = (size_t)w->config.history_fills * w->bot_count;
    venue_reach(&w->venue, PAST_ORIGIN_US);
    deposit_all(w);
    w->bots_paused = true;
    while (w->venue.now_us < PAST_ORIGIN_US + LEAD_US) step(w, w->config.history_step_us, MARKET_STEP_PPM);
    w->bots_paused = false;
    for (uint64_t n = 0; (fills(w) < wanted || n < HISTORY_STEPS_LEAST) && n < HISTORY_STEPS_MOST; n++)
        step(w, w->config.history_step_us, MARKET_STEP_PPM);
}

static void shift_symbol(struct venue_symbol *s, int64_t by_us) {
    for (size_t i = 0; i < TRADES_KEPT; i++) {
        s->trades[i].time_us += by_us;
        s->aggs[i].time_us += by_us;
    }
    for (size_t i = 0; i < s->order_count; i++) {
        s->orders[i].time_us += by_us;
        s->orders[i].update_us += by_us;
    }
    for (size_t i = 0; i < s->fill_count; i++) s->fills[i].time_us += by_us;
    for (size_t i = 0; i < s->minutes.count; i++) s->minutes.all[i].open_us += by_us;
    sim_candles_free(&s->seconds); /* seconds begin with the present */
    s->day_minute = -1;
}

/* The past ends less than a minute before now. */
static void shift_past(struct world *w, int64_t now_us) {
    int64_t by_us = (now_us - w->venue.now_us) / US_PER_MIN * US_PER_MIN;
    CHECK(by_us >= 0);
    for (size_t i = 0; i < w->venue.symbol_count; i++) shift_symbol(w->venue.symbols[i], by_us);
    w->venue.now_us += by_us;
    w->venue.account_update_us += by_us;
}

bool world_init(struct world *w, const struct world_config *config, int64_t now_us) {
    if (!world_build(w, config)) {
        world_free(w);
        return false;
    }
    now_us = now_us / US_PER_MS * US_PER_MS;
    live_past(w);
    shift_past(w, now_us);
    venue_reach(&w->venue, now_us);
    w->started_us = now_us;
    return true;
}

void world_free(struct world *w) {
    free(w->bots);
    venue_free(&w->venue);
    w->bots = NULL;
    w->bot_count = 0;
}

void world_step(struct world *w) {
    int64_t dt_ppm = MARKET_STEP_PPM * w->config.tick_us / w->config.history_step_us * w->config.pace_percent / 100;
    step(w, w->config.tick_us, dt_ppm > 0 ? dt_ppm : 1);
}

uint64_t world_digest(const struct world *w) {
    uint64_t h = mix64(w->venue.steps);
    for (size_t i = 0; i < w->venue.symbol_count; i++) {
        const struct venue_symbol *s = w->venue.symbols[i];
        h = mix64(h ^ (uint64_t)s->last_price);
        h = mix64(h ^ (uint64_t)s->next_trade);
        for (size_t f = 0; f < s->fill_count; f++) {
            h = mix64(h ^ (uint64_t)s->fills[f].price);
            h = mix64(h ^ (uint64_t)s->fills[f].quantity);
            h = mix64(h ^ (uint64_t)s->fills[f].fee);
        }
    }
    return h;
}

struct grid_bot *world_bot(struct world *w, const struct venue_symbol *s) {
    for (size_t i = 0; i < w->bot_count; i++)
        if (w->bots[i].symbol == s) return &w->bots[i];
    return NULL;
}
