/* control.c: the control interface under /sim/ (sim/README.md): the truth, and faults on demand. */
#include "sim/inside.h"
#include "sim/query.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

struct order_form { /* of /sim/trade */
    struct venue_symbol *symbol;
    enum side side;
    int64_t quantity, price;
};

/* --- reading ------------------------------------------------------------------------------------------------------------------- */

static bool fail(struct front_reply *r, const char *what) {
    struct jout out = {.b = &r->body};
    buf_clear(&r->body);
    r->status = 400;
    jo_open(&out, NULL, '{');
    jo_text(&out, "error", what);
    jo_close(&out, '}');
    return false;
}

static struct span text_of(yyjson_val *body, const char *key) {
    yyjson_val *v = yyjson_obj_get(body, key);
    return span_from(yyjson_get_str(v), yyjson_get_len(v));
}

static int64_t ms_of(yyjson_val *body, const char *key) {
    return yyjson_get_sint(yyjson_obj_get(body, key)) * US_PER_MS;
}

static bool has(yyjson_val *body, const char *key) { return yyjson_obj_get(body, key) != NULL; }

static struct venue_symbol *symbol_of(struct sim *s, struct span name) {
    struct venue_symbol *found = venue_find(&s->world.venue, name);
    return found != NULL ? found : venue_find_pair(&s->world.venue, name);
}

static struct venue_symbol *asked_symbol(struct sim *s, const struct front_question *q) {
    struct span prefix = SPAN("symbol=");
    char text[64], *at = text;
    struct span name;
    if (!span_starts(q->query, prefix) || q->query.len >= sizeof text) return NULL;
    return query_decode(&name, &at, span_skip(q->query, prefix.len), false) ? symbol_of(s, name) : NULL;
}

/* --- the truth ------------------------------------------------------------------------------------------------------------------- */

static const char *asset_name(const struct sim *s, uint32_t asset) { return s->world.venue.market.assets[asset].name; }

static void put_flows(const struct sim *s, const struct venue_symbol *v, struct jout *out) {
    const struct venue *venue = &s->world.venue;
    jo_open(out, "flow", '{');
    jo_short(out, asset_name(s, v->base), venue_flow(venue, v, v->base));
    jo_short(out, asset_name(s, v->quote), venue_flow(venue, v, v->quote));
    jo_close(out, '}');
    jo_open(out, "fees", '{');
    for (uint32_t a = 0; a < venue->market.count; a++)
        if (venue_fees_paid(venue, v, a) != 0) jo_short(out, asset_name(s, a), venue_fees_paid(venue, v, a));
    jo_close(out, '}');
    jo_short(out, "holdings", venue_flow(venue, v, v->base) - venue_fees_paid(venue, v, v->base));
}

static void put_open_orders(const struct venue_symbol *v, struct jout *out) {
    jo_open(out, "open_orders", '[');
    for (size_t i = 0; i < v->order_count; i++) {
        const struct venue_order *o = &v->orders[i];
        if (!venue_order_open(o)) continue;
        jo_open(out, NULL, '{');
        jo_int(out, "id", o->id);
        jo_text(out, "side", o->side == SIDE_BUY ? "buy" : "sell");
        jo_short(out, "price", o->price);
        jo_short(out, "quantity", o->quantity);
        jo_short(out, "filled", o->filled);
        jo_close(out, '}');
    }
    jo_close(out, ']');
}

static void put_truth_symbol(const struct sim *s, const struct venue_symbol *v, struct jout *out) {
    size_t buys = 0;
    for (size_t i = 0; i < v->fill_count; i++) buys += v->fills[i].buyer;
    jo_open(out, v->pair, '{');
    jo_text(out, "symbol", v->name);
    jo_text(out, "base", asset_name(s, v->base));
    jo_text(out, "quote", asset_name(s, v->quote));
    jo_bool(out, "traded", !v->watched_only);
    jo_int(out, "fills", (int64_t)v->fill_count);
    jo_int(out, "buys", (int64_t)buys);
    jo_int(out, "sells", (int64_t)(v->fill_count - buys));
    jo_int(out, "orders", (int64_t)v->order_count);
    jo_int(out, "first_trade_id", v->fill_count > 0 ? v->fills[0].id : -1);
    jo_int(out, "last_trade_id", v->fill_count > 0 ? v->fills[v->fill_count - 1].id : -1);
    put_flows(s, v, out);
    jo_short(out, "last_price", v->last_price);
    put_open_orders(v, out);
    jo_close(out, '}');
}

static bool get_truth(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                      struct jout *out) {
    const struct venue *v = &s->world.venue;
    char digest[24];
    (void)q, (void)body, (void)r;
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)world_digest(&s->world));
    jo_open(out, NULL, '{');
    jo_time(out, "world_time", v->now_us);
    jo_int(out, "seed", (int64_t)s->config.seed);
    jo_int(out, "steps", (int64_t)v->steps);
    jo_text(out, "digest", digest);
    jo_bool(out, "balanced", sim_ledger_balances(&v->ledger));
    jo_int(out, "entries", (int64_t)v->ledger.entries);
    jo_open(out, "assets", '{');
    for (uint32_t a = 0; a < v->market.count; a++) {
        jo_open(out, asset_name(s, a), '{');
        jo_short(out, "free", venue_free_balance(v, a));
        jo_short(out, "locked", venue_locked_balance(v, a));
        jo_short(out, "deposited", -sim_ledger_balance(&v->ledger, ACCOUNT_OUTSIDE, 0, a));
        jo_close(out, '}');
    }
    jo_close(out, '}');
    jo_open(out, "symbols", '{');
    for (size_t i = 0; i < v->symbol_count; i++) put_truth_symbol(s, v->symbols[i], out);
    jo_close(out, '}');
    jo_close(out, '}');
    return true;
}

static bool get_trades(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    const struct venue_symbol *v = asked_symbol(s, q);
    (void)body;
    if (v == NULL) return fail(r, "symbol is missing or unknown");
    jo_open(out, NULL, '[');
    for (size_t i = 0; i < v->fill_count; i++) {
        const struct venue_fill *f = &v->fills[i];
        jo_open(out, NULL, '{');
        jo_int(out, "id", f->id);
        jo_int(out, "order_id", f->order_id);
        jo_text(out, "side", f->buyer ? "buy" : "sell");
        jo_short(out, "price", f->price);
        jo_short(out, "quantity", f->quantity);
        jo_short(out, "quote", f->quote);
        jo_short(out, "fee", f->fee);
        jo_text(out, "fee_asset", asset_name(s, f->fee_asset));
        jo_bool(out, "maker", f->maker);
        jo_time(out, "time", f->time_us);
        jo_close(out, '}');
    }
    jo_close(out, ']');
    return true;
}

/* All minutes: [open time, close, trades]. */
static bool get_candles(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                        struct jout *out) {
    const struct venue_symbol *v = asked_symbol(s, q);
    (void)body;
    if (v == NULL) return fail(r, "symbol is missing or unknown");
    jo_open(out, NULL, '[');
    for (size_t i = 0; i < v->minutes.count; i++) {
        jo_open(out, NULL, '[');
        jo_time(out, NULL, v->minutes.all[i].open_us);
        jo_short(out, NULL, v->minutes.all[i].close);
        jo_int(out, NULL, v->minutes.all[i].trades);
        jo_close(out, ']');
    }
    jo_close(out, ']');
    return true;
}

static bool get_stats(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                      struct jout *out) {
    size_t open[PEER_KINDS] = {0}, subscribed = 0;
    (void)body, (void)r;
    for (size_t i = 0; i < s->peer_count; i++) {
        if (!s->peers[i]->open || s->peers[i]->gone) continue;
        open[s->peers[i]->kind]++;
        subscribed += s->peers[i]->kind == PEER_WS_API && s->peers[i]->session.subscribed;
    }
    jo_open(out, NULL, '{');
    jo_int(out, "requests", (int64_t)s->requests);
    jo_int(out, "weight_total", (int64_t)s->api.weights.total);
    jo_int(out, "weight_minute", sim_weight_used(&s->api.weights, q->peer, s->api.clock_us));
    jo_int(out, "connects", (int64_t)s->connects);
    jo_int(out, "frames_sent", (int64_t)s->frames_sent);
    jo_int(out, "messages_received", (int64_t)s->messages_in);
    jo_open(out, "connections", '{');
    jo_int(out, "market", (int64_t)open[PEER_MARKET]);
    jo_int(out, "ws_api", (int64_t)open[PEER_WS_API]);
    jo_int(out, "listen", (int64_t)open[PEER_LISTEN]);
    jo_int(out, "user_subscriptions", (int64_t)subscribed);
    jo_close(out, '}');
    jo_open(out, "paths", '{');
    for (size_t i = 0; i < s->path_count; i++) {
        jo_open(out, s->paths[i].path, '{');
        jo_int(out, "requests", (int64_t)s->paths[i].requests);
        jo_int(out, "weight", (int64_t)s->paths[i].weight);
        jo_close(out, '}');
    }
    jo_close(out, '}');
    jo_open(out, "methods", '{');
    for (size_t i = 0; i < s->method_count; i++) jo_int(out, s->methods[i].path, (int64_t)s->methods[i].requests);
    jo_close(out, '}');
    jo_close(out, '}');
    return true;
}

/* --- the world ---------------------------------------------------------------------------------------------------------------------- */

static bool done(struct jout *out) {
    jo_open(out, NULL, '{');
    jo_bool(out, "ok", true);
    jo_close(out, '}');
    return true;
}

static bool done_count(struct jout *out, const char *what, int64_t count) {
    jo_open(out, NULL, '{');
    jo_bool(out, "ok", true);
    jo_int(out, what, count);
    jo_close(out, '}');
    return true;
}

/* {"market":true,"bot":true}: absent means both. */
static bool set_paused(struct sim *s, yyjson_val *body, bool paused, struct jout *out) {
    bool both = !has(body, "market") && !has(body, "bot");
    if (both || yyjson_get_bool(yyjson_obj_get(body, "market"))) s->world.market_paused = paused;
    if (both || yyjson_get_bool(yyjson_obj_get(body, "bot"))) s->world.bots_paused = paused;
    return done(out);
}

static bool post_pause(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    (void)q, (void)r;
    return set_paused(s, body, true, out);
}

static bool post_resume(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                        struct jout *out) {
    (void)q, (void)r;
    return set_paused(s, body, false, out);
}

/* Runs the world some steps on, paused or not. Its clock runs ahead of the real one and waits for it afterwards. */
static bool post_step(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                      struct jout *out) {
    int64_t steps = yyjson_get_sint(yyjson_obj_get(body, "steps"));
    bool market = s->world.market_paused, bots = s->world.bots_paused;
    (void)q;
    if (steps < 1 || steps > 100000) return fail(r, "steps must be 1 to 100000");
    s->world.market_paused = s->world.bots_paused = false;
    sim_steps(s, steps);
    s->world.market_paused = market;
    s->world.bots_paused = bots;
    return done_count(out, "steps", (int64_t)s->world.venue.steps);
}

static bool read_order(struct sim *s, yyjson_val *body, struct order_form *f, struct front_reply *r) {
    struct span side = text_of(body, "side"), price = text_of(body, "price");
    f->symbol = symbol_of(s, text_of(body, "symbol"));
    if (f->symbol == NULL) return fail(r, "symbol is missing or unknown");
    bool buy = span_is(side, "buy") || span_is(side, "BUY"), sell = span_is(side, "sell") || span_is(side, "SELL");
    if (!buy && !sell) return fail(r, "side must be buy or sell");
    f->side = buy ? SIDE_BUY : SIDE_SELL;
    if (!sim_num_parse(&f->quantity, text_of(body, "quantity")))
        return fail(r, "quantity must be a decimal in a string");
    if (price.at != NULL && !sim_num_parse(&f->price, price)) return fail(r, "price must be a decimal in a string");
    return true;
}

/* An order of the account, as if somebody had placed it by hand: at the market, or with a price as a limit order. */
static bool post_trade(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    struct order_form f = {.price = 0};
    char id[CLIENT_ID_MAX];
    (void)q;
    if (!read_order(s, body, &f, r)) return false;
    size_t before = f.symbol->fill_count;
    struct venue *v = &s->world.venue;
    snprintf(id, sizeof id, "manual-%llu", (unsigned long long)v->next_execution);
    int64_t order = f.price > 0 ? venue_place_limit(v, f.symbol, f.side, f.price, f.quantity, id)
                                : venue_place_market(v, f.symbol, f.side, f.quantity, id);
    if (order == 0) return fail(r, "refused: balance, step, tick or notional");
    jo_open(out, NULL, '{');
    jo_bool(out, "ok", true);
    jo_int(out, "order_id", order);
    jo_int(out, "fills", (int64_t)(f.symbol->fill_count - before));
    jo_int(out, "last_trade_id", f.symbol->fill_count > before ? f.symbol->fills[f.symbol->fill_count - 1].id : -1);
    jo_close(out, '}');
    return true;
}

static bool post_cancel(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                        struct jout *out) {
    struct venue_symbol *v = symbol_of(s, text_of(body, "symbol"));
    (void)q;
    if (v == NULL) return fail(r, "symbol is missing or unknown");
    int64_t id = yyjson_get_sint(yyjson_obj_get(body, "order_id"));
    return venue_cancel(&s->world.venue, v, id, "manual-cancel") ? done(out) : fail(r, "no such open order");
}

static bool post_deposit(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                         struct jout *out) {
    struct span name = text_of(body, "asset");
    char text[16] = "";
    int64_t amount;
    (void)q;
    if (name.len < sizeof text && name.len > 0) memcpy(text, name.at, name.len);
    int asset = sim_market_find(&s->world.venue.market, text);
    if (asset < 0) return fail(r, "asset is missing or unknown");
    if (!sim_num_parse(&amount, text_of(body, "amount")) || amount <= 0)
        return fail(r, "amount must be a decimal above 0 in a string");
    venue_deposit(&s->world.venue, (uint32_t)asset, amount);
    return done(out);
}

/* {"asset":"BTC","ppm":1010000}: the asset is worth 1 % more at once. */
static bool post_price(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    struct span name = text_of(body, "asset");
    char text[16] = "";
    int64_t ppm = yyjson_get_sint(yyjson_obj_get(body, "ppm"));
    (void)q;
    if (name.len < sizeof text && name.len > 0) memcpy(text, name.at, name.len);
    int asset = sim_market_find(&s->world.venue.market, text);
    if (asset < 0 || ppm < 1000 || ppm > 1000000000) return fail(r, "asset is unknown, or ppm not within 1000 to 10^9");
    sim_market_shift(&s->world.venue.market, (size_t)asset, ppm);
    return done(out);
}

/* --- faults --------------------------------------------------------------------------------------------------------------------------- */

/* "market", "user" (subscribed WebSocket API connections and listenKey streams are one kind each), "ws_api", "all". */
static bool read_kinds(struct span what, unsigned *kinds) {
    if (what.at == NULL || span_is(what, "all")) *kinds = 1U << PEER_MARKET | 1U << PEER_WS_API | 1U << PEER_LISTEN;
    else if (span_is(what, "market")) *kinds = 1U << PEER_MARKET;
    else if (span_is(what, "user") || span_is(what, "ws_api")) *kinds = 1U << PEER_WS_API | 1U << PEER_LISTEN;
    else return false;
    return true;
}

static bool post_drop(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                      struct jout *out) {
    unsigned kinds;
    int64_t code = yyjson_get_sint(yyjson_obj_get(body, "code"));
    (void)q;
    if (!read_kinds(text_of(body, "what"), &kinds)) return fail(r, "what must be market, user, ws_api or all");
    if (code != 0 && (code < 1000 || code > 4999)) return fail(r, "code must be 1000 to 4999, or absent for a reset");
    size_t count =
        peer_drop_all(s, kinds, code != 0 ? DROP_CLOSE : DROP_RESET, (uint16_t)code, text_of(body, "reason"));
    return done_count(out, "dropped", (int64_t)count);
}

static bool post_shutdown(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                          struct jout *out) {
    unsigned kinds;
    (void)q;
    if (!read_kinds(text_of(body, "what"), &kinds)) return fail(r, "what must be market, user, ws_api or all");
    return done_count(out, "told", (int64_t)peer_shutdown_all(s, kinds, ms_of(body, "delay_ms")));
}

static bool post_cut(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                     struct jout *out) {
    unsigned kinds;
    (void)q;
    if (!read_kinds(text_of(body, "what"), &kinds)) return fail(r, "what must be market, user, ws_api or all");
    return done_count(out, "dropped",
                      (int64_t)peer_drop_all(s, kinds, DROP_CLOSE, 1001, SPAN("Connection lifetime is over")));
}

static bool post_refuse(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                        struct jout *out) {
    struct span what = text_of(body, "what");
    int64_t for_us = ms_of(body, "ms");
    (void)q;
    if (!span_is(what, "exchange") && !span_is(what, "bot")) return fail(r, "what must be exchange or bot");
    if (for_us <= 0 || for_us > US_PER_HOUR) return fail(r, "ms must be 1 to 3600000");
    done(out); /* the answer goes out before the listener closes: at the next tick */
    s->reopen_us[span_is(what, "bot") ? 1 : 0] = -for_us;
    return true;
}

static bool add_reply_fault(struct sim *s, yyjson_val *body, enum fault_place place, struct front_reply *r) {
    struct reply_fault f = {.place = place, .left = 1};
    struct span prefix = text_of(body, "path"), kind = text_of(body, "body");
    int64_t for_us = ms_of(body, "ms"), count = yyjson_get_sint(yyjson_obj_get(body, "count"));
    if (prefix.len >= sizeof f.prefix) return fail(r, "path is too long");
    if (prefix.len > 0) memcpy(f.prefix, prefix.at, prefix.len);
    f.status = (int)yyjson_get_sint(yyjson_obj_get(body, "status"));
    if (f.status != 0 && (f.status < 200 || f.status > 599)) return fail(r, "status must be 200 to 599");
    if (kind.at != NULL && !sim_fault_body(kind, &f.body))
        return fail(r, "body must be own, garbage, html, half, empty or drop");
    f.delay_us = ms_of(body, "delay_ms");
    f.retry_after = yyjson_get_sint(yyjson_obj_get(body, "retry_after"));
    if (for_us > 0) f.until_us = sim_mono(s) + for_us;
    if (count > 0) f.left = (uint32_t)count;
    else if (for_us > 0) f.left = UINT32_MAX;
    return sim_faults_add(&s->faults, &f) || fail(r, "too many faults at once");
}

static uint32_t small(yyjson_val *body, const char *key, uint32_t before) {
    return has(body, key) ? (uint32_t)yyjson_get_sint(yyjson_obj_get(body, key)) : before;
}

static void add_frame_fault(struct sim *s, yyjson_val *body, enum fault_place place) {
    struct frame_fault *f = &s->faults.frames[place];
    if (has(body, "stall")) {
        f->stalled = yyjson_get_bool(yyjson_obj_get(body, "stall"));
        f->stalled_until_us = has(body, "ms") ? sim_mono(s) + ms_of(body, "ms") : 0;
    }
    f->duplicate = small(body, "duplicate", f->duplicate);
    f->garbage = small(body, "garbage", f->garbage);
    f->half = small(body, "half", f->half);
    f->swallow = small(body, "swallow", f->swallow);
    if (has(body, "delay_ms")) f->delay_us = ms_of(body, "delay_ms");
}

static void add_general_fault(struct sim *s, yyjson_val *body) {
    if (has(body, "skew_ms")) s->faults.skew_us = ms_of(body, "skew_ms");
    if (has(body, "lag_ms")) s->faults.lag_us = ms_of(body, "lag_ms");
    if (has(body, "no_pings")) s->faults.no_pings = yyjson_get_bool(yyjson_obj_get(body, "no_pings"));
    if (has(body, "bot_empty")) s->faults.bot_empty = yyjson_get_bool(yyjson_obj_get(body, "bot_empty"));
    if (!has(body, "bot_stopped")) return;
    s->faults.bot_stopped = yyjson_get_bool(yyjson_obj_get(body, "bot_stopped"));
    s->world.bots_paused = s->faults.bot_stopped;
}

/* With a place: replies (rest, bot) or frames (market, user, ws_api); without: the general ones. */
static bool post_fault(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    enum fault_place place;
    struct span name = text_of(body, "place");
    (void)q;
    if (name.at == NULL) {
        add_general_fault(s, body);
        return done(out);
    }
    if (!sim_fault_place(name, &place)) return fail(r, "place must be rest, bot, market, user or ws_api");
    if (place == PLACE_REST || place == PLACE_BOT) return add_reply_fault(s, body, place, r) && done(out);
    add_frame_fault(s, body, place);
    return done(out);
}

static bool post_clear(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                       struct jout *out) {
    (void)q, (void)body, (void)r;
    sim_faults_clear(&s->faults);
    sim_weight_forgive(&s->api.weights);
    s->world.bots_paused = s->world.market_paused = false;
    return done(out);
}

/* {"exhaust":true}, {"ban_s":30}, {"forgive":true}, {"limit":100}. */
static bool post_weight(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                        struct jout *out) {
    int64_t ban_s = yyjson_get_sint(yyjson_obj_get(body, "ban_s")),
            limit = yyjson_get_sint(yyjson_obj_get(body, "limit"));
    (void)r;
    if (yyjson_get_bool(yyjson_obj_get(body, "forgive"))) sim_weight_forgive(&s->api.weights);
    if (yyjson_get_bool(yyjson_obj_get(body, "exhaust"))) sim_weight_exhaust(&s->api.weights, q->peer, sim_clock(s));
    if (ban_s > 0) sim_weight_ban(&s->api.weights, q->peer, sim_clock(s) + ban_s * US_PER_S);
    if (limit > 0) s->api.weights.limit = limit;
    return done(out);
}

/* --- the table ------------------------------------------------------------------------------------------------------------------------- */

static const struct control_route {
    const char *method, *path;
    bool (*answer)(struct sim *s, const struct front_question *q, yyjson_val *body, struct front_reply *r,
                   struct jout *out);
} routes[] = {
    {"GET", "/sim/truth", get_truth},     {"GET", "/sim/trades", get_trades},
    {"GET", "/sim/candles", get_candles}, {"GET", "/sim/stats", get_stats},
    {"POST", "/sim/pause", post_pause},   {"POST", "/sim/resume", post_resume},
    {"POST", "/sim/step", post_step},     {"POST", "/sim/trade", post_trade},
    {"POST", "/sim/cancel", post_cancel}, {"POST", "/sim/deposit", post_deposit},
    {"POST", "/sim/price", post_price},   {"POST", "/sim/fault", post_fault},
    {"POST", "/sim/drop", post_drop},     {"POST", "/sim/shutdown", post_shutdown},
    {"POST", "/sim/cut", post_cut},       {"POST", "/sim/refuse", post_refuse},
    {"POST", "/sim/weight", post_weight}, {"POST", "/sim/clear", post_clear},
};

bool control_answer(struct sim *s, const struct front_question *q, struct front_reply *r) {
    const struct control_route *route = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (span_is(q->path, routes[i].path) && span_is(q->method, routes[i].method)) route = &routes[i];
    if (route == NULL) return false;
    struct jout out = {.b = &r->body};
    yyjson_doc *doc = q->body.len > 0 ? yyjson_read(q->body.at, q->body.len, 0) : NULL;
    front_header(r, "Content-Type", "application/json");
    if (q->body.len > 0 && !yyjson_is_obj(yyjson_doc_get_root(doc))) fail(r, "the body is not a JSON object");
    else route->answer(s, q, yyjson_doc_get_root(doc), r, &out);
    yyjson_doc_free(doc);
    return true;
}
