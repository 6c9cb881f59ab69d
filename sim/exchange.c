/* exchange.c: see exchange.h. One fill of the owner's, in ledger entries (a buy; a sell mirrors it):
 *   quote  locked (maker) or free (taker) -> the symbol's market account     price x quantity
 *   base   the symbol's market account    -> free                           quantity
 *   fee    free -> the symbol's fee account, in BNB (discounted) where there is enough, else in what was received */
#include "sim/exchange.h"

#include "base/check.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTES_KEPT = 30 * 1440, SECONDS_KEPT = 600, DAY_MINUTES = 1440, AVERAGE_MINUTES = 5 };

void venue_init(struct venue *v, uint64_t seed) {
    *v = (struct venue){.next_execution = 1};
    sim_market_init(&v->market, seed);
    sim_ledger_open(&v->ledger);
    v->fees = (struct fee_rules){.maker = 100000, .taker = 100000, .discount = 75000000, .bnb = -1};
}

void venue_free(struct venue *v) {
    for (size_t i = 0; i < v->symbol_count; i++) {
        struct venue_symbol *s = v->symbols[i];
        sim_book_free(&s->book);
        sim_candles_free(&s->minutes);
        sim_candles_free(&s->seconds);
        free(s->orders);
        free(s->fills);
        free(s);
    }
    free(v->symbols);
    sim_market_free(&v->market);
    sim_ledger_close(&v->ledger);
    *v = (struct venue){0};
}

struct venue_symbol *venue_add_symbol(struct venue *v, const char *base, const char *quote, int64_t tick, int64_t step,
                                      int64_t min_notional, bool watched_only) {
    int b = sim_market_find(&v->market, base), q = sim_market_find(&v->market, quote);
    CHECK(b >= 0 && q >= 0);
    v->symbols = realloc(v->symbols, (v->symbol_count + 1) * sizeof(struct venue_symbol *));
    struct venue_symbol *s = calloc(1, sizeof *s);
    CHECK(v->symbols != NULL && s != NULL);
    s->number = (uint32_t)v->symbol_count;
    s->base = (uint32_t)b;
    s->quote = (uint32_t)q;
    s->tick = tick;
    s->step = step;
    s->min_notional = min_notional;
    s->watched_only = watched_only;
    snprintf(s->name, sizeof s->name, "%s%s", base, quote);
    snprintf(s->pair, sizeof s->pair, "%s/%s", base, quote);
    sim_book_init(&s->book);
    sim_candles_init(&s->minutes, US_PER_MIN, MINUTES_KEPT);
    sim_candles_init(&s->seconds, US_PER_S, SECONDS_KEPT);
    rng_seed(&s->rng, mix64(v->market.shared.s[0] ^ fnv1a64(s->name, strlen(s->name))));
    s->next_trade = 1000 + (int64_t)rng_below(&s->rng, 900000); /* ids differ between symbols but may meet */
    s->next_order = 5000 + (int64_t)rng_below(&s->rng, 900000);
    s->next_agg = 100 + (int64_t)rng_below(&s->rng, 900000);
    s->day_minute = -1;
    v->symbols[v->symbol_count++] = s;
    return s;
}

struct venue_symbol *venue_find(const struct venue *v, struct span name) {
    for (size_t i = 0; i < v->symbol_count; i++)
        if (span_is(name, v->symbols[i]->name)) return v->symbols[i];
    return NULL;
}

struct venue_symbol *venue_find_pair(const struct venue *v, struct span pair) {
    for (size_t i = 0; i < v->symbol_count; i++)
        if (span_is(pair, v->symbols[i]->pair)) return v->symbols[i];
    return NULL;
}

num_wide venue_free_balance(const struct venue *v, uint32_t asset) {
    return sim_ledger_balance(&v->ledger, ACCOUNT_FREE, 0, asset);
}

num_wide venue_locked_balance(const struct venue *v, uint32_t asset) {
    return sim_ledger_balance(&v->ledger, ACCOUNT_LOCKED, 0, asset);
}

num_wide venue_flow(const struct venue *v, const struct venue_symbol *s, uint32_t asset) {
    return -sim_ledger_balance(&v->ledger, ACCOUNT_MARKET, s->number, asset);
}

num_wide venue_fees_paid(const struct venue *v, const struct venue_symbol *s, uint32_t asset) {
    return sim_ledger_balance(&v->ledger, ACCOUNT_FEES, s->number, asset);
}

static void touch(struct venue *v, uint32_t asset) {
    for (size_t i = 0; i < v->touched_count; i++)
        if (v->touched[i] == asset) return;
    if (v->touched_count < TOUCHED_MAX) v->touched[v->touched_count++] = asset;
}

/* Ends one action: tells the balances it touched, once. */
static void tell_account(struct venue *v) {
    if (v->touched_count == 0) return;
    v->account_update_us = v->now_us;
    if (v->hooks.on_account != NULL) v->hooks.on_account(v->hooks.arg, v->touched, v->touched_count, v->now_us);
    v->touched_count = 0;
}

void venue_deposit(struct venue *v, uint32_t asset, int64_t amount) {
    sim_ledger_move(&v->ledger, ACCOUNT_OUTSIDE, 0, ACCOUNT_FREE, 0, asset, amount);
    if ((int)asset == v->fees.bnb) v->bnb_short = 0;
    touch(v, asset);
    if (v->hooks.on_deposit != NULL) v->hooks.on_deposit(v->hooks.arg, asset, amount, v->now_us);
    tell_account(v);
}

void venue_reach(struct venue *v, int64_t t_us) {
    CHECK(t_us >= v->now_us);
    v->now_us = t_us;
    for (size_t i = 0; i < v->symbol_count; i++) {
        struct venue_symbol *s = v->symbols[i];
        if (s->last_price == 0) s->last_price = sim_num_round(sim_market_rate(&v->market, s->base, s->quote), s->tick);
        sim_candles_reach(&s->minutes, t_us, s->last_price);
        sim_candles_reach(&s->seconds, t_us, s->last_price);
    }
}

/* --- trades of anybody ------------------------------------------------------------------------------------------- */

struct sweep { /* one taker order's way through the book */
    struct venue *v;
    struct venue_symbol *s;
    enum side taker;
    struct venue_order *own; /* the taker where it is the owner's, else NULL */
    struct venue_agg agg;    /* id 0: none open */
};

static void close_agg(struct sweep *w) {
    if (w->agg.id == 0) return;
    w->s->aggs[w->agg.id % TRADES_KEPT] = w->agg;
    if (w->v->hooks.on_agg != NULL) w->v->hooks.on_agg(w->v->hooks.arg, w->s, &w->agg);
    w->agg.id = 0;
}

static const struct venue_trade *record_trade(struct sweep *w, int64_t price, int64_t quantity) {
    struct venue_symbol *s = w->s;
    int64_t quote = sim_num_mul(price, quantity), id = s->next_trade++;
    struct venue_trade *t = &s->trades[id % TRADES_KEPT];
    *t = (struct venue_trade){.id = id,
                              .price = price,
                              .quantity = quantity,
                              .quote = quote,
                              .time_us = w->v->now_us,
                              .buyer_is_maker = w->taker == SIDE_SELL};
    s->last_price = price;
    s->last_quantity = quantity;
    s->changes++;
    sim_candles_trade(&s->minutes, id, price, quantity, quote, w->taker == SIDE_BUY);
    sim_candles_trade(&s->seconds, id, price, quantity, quote, w->taker == SIDE_BUY);
    if (w->agg.id != 0 && w->agg.price != price) close_agg(w);
    if (w->agg.id == 0)
        w->agg = (struct venue_agg){.id = s->next_agg++,
                                    .price = price,
                                    .first_id = id,
                                    .time_us = t->time_us,
                                    .buyer_is_maker = t->buyer_is_maker};
    w->agg.quantity += quantity;
    w->agg.last_id = id;
    if (w->v->hooks.on_trade != NULL) w->v->hooks.on_trade(w->v->hooks.arg, s, t);
    return t;
}

/* --- the owner's side of a trade ---------------------------------------------------------------------------------- */

/* `amount` of a quote asset is worth this much BNB at the last fair price. */
static int64_t in_bnb(const struct venue *v, uint32_t asset, int64_t amount) {
    return sim_num_div(amount, sim_market_rate(&v->market, (size_t)v->fees.bnb, asset));
}

static void take_fee(struct venue *v, struct venue_symbol *s, struct venue_fill *f) {
    int64_t rate = f->maker ? v->fees.maker : v->fees.taker;
    f->fee_asset = f->buyer ? s->base : s->quote;
    f->fee = sim_num_mul(f->buyer ? f->quantity : f->quote, rate);
    if (v->fees.in_bnb && v->fees.bnb >= 0) {
        int64_t bnb = sim_num_mul(in_bnb(v, s->quote, sim_num_mul(f->quote, rate)), v->fees.discount);
        if (venue_free_balance(v, (uint32_t)v->fees.bnb) >= bnb) {
            f->fee_asset = (uint32_t)v->fees.bnb;
            f->fee = bnb;
        } else {
            v->bnb_short++;
        }
    }
    sim_ledger_move(&v->ledger, ACCOUNT_FREE, 0, ACCOUNT_FEES, s->number, f->fee_asset, f->fee);
    touch(v, f->fee_asset);
}

static void report(struct venue *v, struct venue_symbol *s, const struct venue_order *o, enum report_kind kind,
                   const struct venue_fill *fill) {
    struct venue_report r = {.symbol = s,
                             .order = o,
                             .kind = kind,
                             .fill = fill,
                             .execution_id = v->next_execution++,
                             .time_us = v->now_us,
                             .on_book = o->handle != 0 || kind == REPORT_NEW};
    if (v->hooks.on_report != NULL) v->hooks.on_report(v->hooks.arg, &r);
}

static struct venue_fill *fill_new(struct venue_symbol *s) {
    if (s->fill_count == s->fill_capacity) {
        s->fill_capacity = s->fill_capacity == 0 ? 256 : s->fill_capacity * 2;
        s->fills = realloc(s->fills, s->fill_capacity * sizeof *s->fills);
        CHECK(s->fills != NULL);
    }
    return &s->fills[s->fill_count++];
}

/* Gives back what was locked for it and is not needed any more. */
static void unlock(struct venue *v, struct venue_symbol *s, struct venue_order *o, int64_t amount) {
    uint32_t asset = o->side == SIDE_BUY ? s->quote : s->base;
    sim_ledger_move(&v->ledger, ACCOUNT_LOCKED, 0, ACCOUNT_FREE, 0, asset, amount);
    o->locked -= amount;
    touch(v, asset);
}

static void settle(struct venue *v, struct venue_symbol *s, struct venue_order *o, const struct venue_trade *t,
                   bool maker) {
    struct venue_fill *f = fill_new(s);
    *f = (struct venue_fill){.id = t->id,
                             .order_id = o->id,
                             .price = t->price,
                             .quantity = t->quantity,
                             .quote = t->quote,
                             .time_us = t->time_us,
                             .buyer = o->side == SIDE_BUY,
                             .maker = maker};
    enum account_kind from = o->locked > 0 ? ACCOUNT_LOCKED : ACCOUNT_FREE;
    uint32_t paid_asset = f->buyer ? s->quote : s->base, got_asset = f->buyer ? s->base : s->quote;
    int64_t paid = f->buyer ? f->quote : f->quantity, got = f->buyer ? f->quantity : f->quote;
    sim_ledger_move(&v->ledger, from, 0, ACCOUNT_MARKET, s->number, paid_asset, paid);
    sim_ledger_move(&v->ledger, ACCOUNT_MARKET, s->number, ACCOUNT_FREE, 0, got_asset, got);
    touch(v, s->base);
    touch(v, s->quote);
    if (from == ACCOUNT_LOCKED) o->locked -= paid;
    o->filled += f->quantity;
    o->quote_filled += f->quote;
    o->update_us = v->now_us;
    o->status = o->filled == o->quantity ? STATUS_FILLED : STATUS_PARTIAL;
    if (from == ACCOUNT_LOCKED && f->buyer) { /* bought cheaper than the limit: the difference is free again */
        int64_t needed = o->status == STATUS_FILLED ? 0 : sim_num_mul(o->price, o->quantity - o->filled);
        if (o->locked > needed) unlock(v, s, o, o->locked - needed);
    }
    take_fee(v, s, f);
    report(v, s, o, REPORT_TRADE, f);
}

/* Owners are the order's place in the list plus one; 0 is the crowd. */
static void on_match(void *arg, uint32_t handle, const struct book_order *resting, int64_t price, int64_t quantity) {
    struct sweep *w = arg;
    (void)handle;
    const struct venue_trade *t = record_trade(w, price, quantity);
    if (resting->owner > 0) {
        struct venue_order *o = &w->s->orders[resting->owner - 1];
        if (resting->left == 0) o->handle = 0;
        settle(w->v, w->s, o, t, true);
    }
    if (w->own != NULL) settle(w->v, w->s, w->own, t, false);
}

static int64_t sweep_book(struct venue *v, struct venue_symbol *s, enum side taker, int64_t limit, int64_t quantity,
                          struct venue_order *own) {
    struct sweep w = {.v = v, .s = s, .taker = taker, .own = own};
    int64_t left = sim_book_take(&s->book, taker, limit, quantity, on_match, &w);
    close_agg(&w);
    return left;
}

void venue_crowd_take(struct venue *v, struct venue_symbol *s, enum side side, int64_t limit, int64_t quantity) {
    sweep_book(v, s, side, limit, quantity, NULL);
    tell_account(v);
}

/* --- the owner's orders -------------------------------------------------------------------------------------------- */

bool venue_order_open(const struct venue_order *o) { return o->status == STATUS_NEW || o->status == STATUS_PARTIAL; }

static void count_order(struct venue *v) {
    int64_t ten = v->now_us / (10 * US_PER_S), day = v->now_us / US_PER_DAY;
    if (ten != v->orders_10s_window) v->orders_10s = 0;
    if (day != v->orders_day_window) v->orders_day = 0;
    v->orders_10s_window = ten;
    v->orders_day_window = day;
    v->orders_10s++;
    v->orders_day++;
}

static struct venue_order *order_new(struct venue *v, struct venue_symbol *s, enum side side, enum order_type type,
                                     int64_t price, int64_t quantity, const char *client_id) {
    if (s->order_count == s->order_capacity) {
        s->order_capacity = s->order_capacity == 0 ? 256 : s->order_capacity * 2;
        s->orders = realloc(s->orders, s->order_capacity * sizeof *s->orders);
        CHECK(s->orders != NULL);
    }
    struct venue_order *o = &s->orders[s->order_count++];
    s->next_order += 1 + (int64_t)rng_below(&s->rng, 3);
    *o = (struct venue_order){.id = s->next_order,
                              .side = side,
                              .type = type,
                              .price = price,
                              .quantity = quantity,
                              .time_us = v->now_us,
                              .update_us = v->now_us};
    snprintf(o->client_id, sizeof o->client_id, "%s", client_id);
    snprintf(o->placed_id, sizeof o->placed_id, "%s", client_id);
    count_order(v);
    return o;
}

int64_t venue_place_limit(struct venue *v, struct venue_symbol *s, enum side side, int64_t price, int64_t quantity,
                          const char *client_id) {
    uint32_t asset = side == SIDE_BUY ? s->quote : s->base;
    int64_t needed = side == SIDE_BUY ? sim_num_mul(price, quantity) : quantity;
    bool fits = price > 0 && quantity > 0 && price % s->tick == 0 && quantity % s->step == 0 &&
                sim_num_mul(price, quantity) >= s->min_notional;
    if (!fits || venue_free_balance(v, asset) < needed) return 0;
    struct venue_order *o = order_new(v, s, side, ORDER_LIMIT, price, quantity, client_id);
    uint32_t owner = (uint32_t)s->order_count; /* place in the list plus one */
    sim_ledger_move(&v->ledger, ACCOUNT_FREE, 0, ACCOUNT_LOCKED, 0, asset, needed);
    o->locked = needed;
    touch(v, asset);
    report(v, s, o, REPORT_NEW, NULL);
    int64_t left = sweep_book(v, s, side, price, quantity, o);
    if (left > 0) o->handle = sim_book_add(&s->book, side, price, left, owner, v->steps);
    tell_account(v);
    if (v->hooks.on_touch != NULL) v->hooks.on_touch(v->hooks.arg, s);
    return o->id;
}

int64_t venue_place_market(struct venue *v, struct venue_symbol *s, enum side side, int64_t quantity,
                           const char *client_id) {
    const struct book_level *best = sim_book_best(&s->book, side_other(side));
    if (best == NULL || quantity <= 0 || quantity % s->step != 0) return 0;
    uint32_t asset = side == SIDE_BUY ? s->quote : s->base;
    int64_t worst = side == SIDE_BUY ? sim_num_mul(best->price, quantity) * 12 / 10 : quantity;
    if (venue_free_balance(v, asset) < worst) return 0;
    struct venue_order *o = order_new(v, s, side, ORDER_MARKET, 0, quantity, client_id);
    report(v, s, o, REPORT_NEW, NULL);
    int64_t limit = side == SIDE_BUY ? best->price * 12 / 10 : 1; /* never more than the balance that was checked */
    if (sweep_book(v, s, side, limit, quantity, o) > 0) {
        o->status = STATUS_EXPIRED;
        o->update_us = v->now_us;
        report(v, s, o, REPORT_EXPIRED, NULL);
    }
    tell_account(v);
    if (v->hooks.on_touch != NULL) v->hooks.on_touch(v->hooks.arg, s);
    return o->id;
}

const struct venue_order *venue_order(const struct venue_symbol *s, int64_t order_id) {
    size_t low = 0, high = s->order_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->orders[mid].id < order_id) low = mid + 1;
        else high = mid;
    }
    return low < s->order_count && s->orders[low].id == order_id ? &s->orders[low] : NULL;
}

bool venue_cancel(struct venue *v, struct venue_symbol *s, int64_t order_id, const char *client_id) {
    const struct venue_order *found = venue_order(s, order_id);
    if (found == NULL || !venue_order_open(found)) return false;
    struct venue_order *o = &s->orders[found - s->orders];
    sim_book_cancel(&s->book, o->handle);
    o->handle = 0;
    o->status = STATUS_CANCELED;
    o->update_us = v->now_us;
    snprintf(o->client_id, sizeof o->client_id, "%s", client_id);
    unlock(v, s, o, o->locked);
    report(v, s, o, REPORT_CANCELED, NULL);
    tell_account(v);
    if (v->hooks.on_touch != NULL) v->hooks.on_touch(v->hooks.arg, s);
    return true;
}

/* --- figures -------------------------------------------------------------------------------------------------------- */

/* The closed minutes change once a minute; only the open one has to be added for each question. */
bool venue_day(struct venue_symbol *s, struct candle *out, int64_t *price_before) {
    size_t count = s->minutes.count;
    if (count == 0) return false;
    const struct candle *open = &s->minutes.all[count - 1];
    if (count == 1) return sim_candles_window(&s->minutes, out, price_before, DAY_MINUTES);
    if (s->day_minute != open->open_us) {
        struct candle_series closed = s->minutes;
        closed.count--;
        sim_candles_window(&closed, &s->day, &s->day_before, DAY_MINUTES - 1);
        s->day_minute = open->open_us;
    }
    *out = s->day;
    *price_before = s->day_before;
    sim_candle_merge(out, open);
    return true;
}

int64_t venue_average(const struct venue_symbol *s) {
    struct candle c;
    int64_t before;
    if (!sim_candles_window(&s->minutes, &c, &before, AVERAGE_MINUTES) || c.volume == 0) return s->last_price;
    return sim_num_div(c.quote_volume, c.volume);
}
