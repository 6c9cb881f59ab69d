/* bot.c: see bot.h. */
#include "sim/bot.h"

#include "base/check.h"

#include <stdio.h>

enum { REPLY_STEPS = 3, OUTSIDE_STEPS = 3000, ASSUMED_FEE = 100000 };

void bot_init(struct grid_bot *b, struct venue *v, struct venue_symbol *s, const struct bot_config *config) {
    CHECK(config->grids >= 4 && config->grids <= BOT_GRIDS_MAX);
    *b = (struct grid_bot){.venue = v, .symbol = s, .config = *config, .level_count = config->grids, .next_client = 1};
    b->rng = s->rng;
    (void)rng_next(&b->rng);
}

static void client_id(struct grid_bot *b, char out[static CLIENT_ID_MAX], enum side side) {
    snprintf(out, CLIENT_ID_MAX, "grid1-%c-%06llu", side == SIDE_BUY ? 'B' : 'S', (unsigned long long)b->next_client++);
}

static void lay_levels(struct grid_bot *b, int64_t price) {
    unsigned half = b->level_count / 2;
    num_wide level = price;
    for (unsigned i = 0; i < half; i++) level = level * 1000000 / (1000000 + b->config.spacing_ppm);
    for (unsigned i = 0; i < b->level_count; i++) {
        b->levels[i] = sim_num_round((int64_t)level, b->symbol->tick);
        if (i > 0 && b->levels[i] <= b->levels[i - 1]) b->levels[i] = b->levels[i - 1] + b->symbol->tick;
        level = level * (1000000 + b->config.spacing_ppm) / 1000000;
    }
}

static int64_t slot_quantity(const struct grid_bot *b, unsigned i) {
    int64_t q = sim_num_floor(sim_num_div(b->config.slot_value, b->levels[i]), b->symbol->step);
    return q > 0 ? q : b->symbol->step;
}

/* Coins the bot has bought and not sold again, net of fees taken in them: what the exchange's books say. */
static int64_t inventory(const struct grid_bot *b) {
    const struct venue_symbol *s = b->symbol;
    return (int64_t)(venue_flow(b->venue, s, s->base) - venue_fees_paid(b->venue, s, s->base));
}

/* Of so many coins, what may be promised in sell orders: where the coin is BNB, fees still to come are taken out of it. */
static int64_t sellable(const struct grid_bot *b, int64_t coins) {
    const struct fee_rules *f = &b->venue->fees;
    if (coins < 0) return 0;
    if (f->in_bnb && f->bnb == (int)b->symbol->base) coins -= coins / 250; /* two fees of 0.075 %, and some room */
    return sim_num_floor(coins, b->symbol->step);
}

static int64_t committed(const struct grid_bot *b) {
    int64_t sum = 0;
    for (unsigned i = 0; i + 1 < b->level_count; i++)
        if (b->slots[i].state == SLOT_COINS || b->slots[i].state == SLOT_SELLING) sum += b->slots[i].quantity;
    return sum;
}

/* Slots above the price need coins: buys at the market what the inventory lacks, or sells what is too much. */
static void balance_inventory(struct grid_bot *b) {
    struct venue_symbol *s = b->symbol;
    int64_t wanted = 0, price = s->last_price;
    for (unsigned i = 0; i + 1 < b->level_count; i++)
        if (b->levels[i] >= price) wanted += slot_quantity(b, i);
    int64_t have = sellable(b, inventory(b));
    int64_t gap = wanted - have;
    char id[CLIENT_ID_MAX];
    enum side side = gap > 0 ? SIDE_BUY : SIDE_SELL;
    int64_t quantity = gap > 0 ? gap : -gap;
    if (sim_num_mul(price, quantity) < s->min_notional) return;
    client_id(b, id, side);
    venue_place_market(b->venue, s, side, quantity, id);
}

static void fill_slots(struct grid_bot *b) {
    int64_t have = sellable(b, inventory(b));
    for (unsigned i = b->level_count - 1; i-- > 0;) {
        struct bot_slot *slot = &b->slots[i];
        int64_t usual = slot_quantity(b, i), take = have < usual ? have : usual;
        bool coins = b->levels[i + 1] > b->symbol->last_price && take > 0 &&
                     sim_num_mul(b->levels[i + 1], take) >= b->symbol->min_notional;
        *slot = (struct bot_slot){.state = coins ? SLOT_COINS : SLOT_CASH, .wait = 1};
        slot->quantity = coins ? take : usual;
        slot->paid = coins ? sim_num_mul(b->symbol->last_price, take) : 0;
        if (coins) have -= take;
    }
}

static void cancel_all(struct grid_bot *b) {
    for (unsigned i = 0; i + 1 < b->level_count; i++) {
        struct bot_slot *slot = &b->slots[i];
        if (slot->state != SLOT_BUYING && slot->state != SLOT_SELLING) continue;
        char id[CLIENT_ID_MAX];
        snprintf(id, sizeof id, "cxl-%llu", (unsigned long long)rng_below(&b->rng, 1000000000));
        venue_cancel(b->venue, b->symbol, slot->order_id, id);
    }
}

static void lay_grid(struct grid_bot *b) {
    lay_levels(b, b->symbol->last_price);
    balance_inventory(b);
    fill_slots(b);
    b->started = true;
    b->outside = 0;
}

static void place(struct grid_bot *b, unsigned i, enum side side) {
    struct bot_slot *slot = &b->slots[i];
    char id[CLIENT_ID_MAX];
    int64_t price = b->levels[side == SIDE_BUY ? i : i + 1];
    client_id(b, id, side);
    int64_t order = venue_place_limit(b->venue, b->symbol, side, price, slot->quantity, id);
    if (order == 0) {
        slot->wait = 50; /* no balance now: later */
        return;
    }
    slot->order_id = order;
    slot->state = side == SIDE_BUY ? SLOT_BUYING : SLOT_SELLING;
}

/* A buy is filled: the coins are what the inventory really has, the fee may have been taken out of them. */
static void bought(struct grid_bot *b, unsigned i, const struct venue_order *o) {
    struct bot_slot *slot = &b->slots[i];
    int64_t free_coins = sellable(b, inventory(b) - committed(b)), filled = sellable(b, o->filled);
    slot->quantity = free_coins < filled ? free_coins : filled;
    slot->paid = o->quote_filled;
    slot->state = SLOT_COINS;
    if (slot->quantity <= 0) *slot = (struct bot_slot){.state = SLOT_CASH, .quantity = slot_quantity(b, i)};
}

static void sold(struct grid_bot *b, unsigned i, const struct venue_order *o) {
    struct bot_slot *slot = &b->slots[i];
    int64_t fees = sim_num_mul(slot->paid, ASSUMED_FEE) + sim_num_mul(o->quote_filled, ASSUMED_FEE);
    b->profit += o->quote_filled - slot->paid - fees;
    b->fees += fees;
    b->cycles++;
    *slot = (struct bot_slot){.state = SLOT_CASH, .quantity = slot_quantity(b, i)};
}

static void slot_step(struct grid_bot *b, unsigned i) {
    struct bot_slot *slot = &b->slots[i];
    if (slot->state == SLOT_BUYING || slot->state == SLOT_SELLING) {
        const struct venue_order *o = venue_order(b->symbol, slot->order_id);
        CHECK(o != NULL);
        if (venue_order_open(o)) return;
        if (slot->state == SLOT_BUYING) bought(b, i, o);
        else sold(b, i, o);
        slot->wait = 1 + (uint32_t)rng_below(&b->rng, REPLY_STEPS);
        return;
    }
    if (slot->wait > 0) {
        slot->wait--;
        return;
    }
    place(b, i, slot->state == SLOT_COINS ? SIDE_SELL : SIDE_BUY);
}

void bot_step(struct grid_bot *b) {
    int64_t price = b->symbol->last_price;
    if (!b->started) {
        if (sim_book_best(&b->symbol->book, SIDE_SELL) != NULL) lay_grid(b);
        return;
    }
    for (unsigned i = 0; i + 1 < b->level_count; i++) slot_step(b, i);
    bool outside = price < b->levels[0] || price > b->levels[b->level_count - 1];
    b->outside = outside ? b->outside + 1 : 0;
    if (b->outside < OUTSIDE_STEPS) return;
    cancel_all(b);
    lay_grid(b);
    b->regrids++;
}

unsigned bot_orders(const struct grid_bot *b, enum side side) {
    unsigned count = 0;
    enum slot_state wanted = side == SIDE_BUY ? SLOT_BUYING : SLOT_SELLING;
    for (unsigned i = 0; i + 1 < b->level_count; i++) count += b->slots[i].state == wanted;
    return count;
}
