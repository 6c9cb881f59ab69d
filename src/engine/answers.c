/* answers.c: what a reply changes. Transport and status are judged once, here, for breakers, budgets and authorisation; only a
 * sound body goes on to its decoder, and a decoder that fails leaves the state as it was. */
#include "engine/private.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABSENT_RETRY_US (10 * US_PER_MIN) /* PRODUCT 6: a 404 endpoint is asked again every 10 minutes */
#define LISTEN_KEY_RETRY_US (10 * US_PER_S)
#define UNAUTHORIZED_RETRY_US (10 * US_PER_S) /* PRODUCT 6: at most once in 10 s */
#define KEY_RETRY_US US_PER_MIN               /* PRODUCT 6: a refused key at most once a minute */
#define WIPE_AGAIN_US (10 * US_PER_S)         /* answers that lag have caught up by then */
#define SETTLED_US US_PER_MIN                 /* no clock is off by that much */
#define ORDERS_AGAIN_US (5 * US_PER_S)        /* open orders that could not be read */
enum {
    CODE_TIMESTAMP = -1021,
    CODE_BAD_KEY = -2015,
    CODE_KEY_FORMAT = -2014,
    CODE_SIGNATURE = -1022,
    CODE_SYMBOL = -1121,
    CODE_UNAUTHORIZED = -1002,
    CODE_ALREADY_SUBSCRIBED = -2035,
    CODE_LIMIT = -1003,
    TRADES_PAGE = 1000
};

enum verdict { VERDICT_OK, VERDICT_FAILED, VERDICT_ABSENT, VERDICT_UNAUTHORIZED, VERDICT_LIMITED, VERDICT_REFUSED };

static enum verdict judge(const struct answer *a) {
    if (a->err != ERR_OK || a->status >= 500) return VERDICT_FAILED;
    if (a->status == 200) return VERDICT_OK;
    if (a->status == 429 || a->status == 418 || a->code == CODE_LIMIT) return VERDICT_LIMITED;
    bool bad_key = a->code == CODE_BAD_KEY || a->code == CODE_KEY_FORMAT || a->code == CODE_SIGNATURE ||
                   a->code == CODE_UNAUTHORIZED;
    if (a->status == 401 || a->status == 403 || bad_key) return VERDICT_UNAUTHORIZED;
    if (a->status == 404 || a->status == 410) return VERDICT_ABSENT;
    return VERDICT_REFUSED;
}

static void describe(char out[static BREAKER_ERROR_MAX], const struct answer *a) {
    if (a->err != ERR_OK)
        (void)snprintf(out, BREAKER_ERROR_MAX, "%s", a->error != NULL && a->error[0] ? a->error : err_text(a->err));
    else if (a->code != 0)
        (void)snprintf(out, BREAKER_ERROR_MAX, "status %d, code %d: %.80s", a->status, a->code, a->message);
    else (void)snprintf(out, BREAKER_ERROR_MAX, "status %d", a->status);
}

/* One poll counts one failure, however many requests it took (PRODUCT 6): those already under way when the last failure was
 * counted belong to the same poll. Half-open, only the trial's own answer speaks. */
static bool breaker_hears(struct engine *e, const struct breaker *b, const struct request *r, enum verdict v) {
    uint32_t *last = &e->priv->last_failure[r->ask >= ASK_BOT_HEALTH ? UPSTREAM_BOT : UPSTREAM_BINANCE];
    if (b->state == BREAKER_HALF_OPEN) return r->trial;
    if (v != VERDICT_FAILED || b->state != BREAKER_CLOSED) return true;
    if (r->generation <= *last) return false;
    *last = e->priv->request_generation;
    return true;
}

static void tell_breaker(struct engine *e, struct breaker *b, const struct request *r, enum verdict v,
                         const struct answer *a) {
    const char *topic = r->ask >= ASK_BOT_HEALTH ? "bot" : "binance";
    char why[BREAKER_ERROR_MAX];
    enum breaker_state before = b->state;
    describe(why, a);
    if (v != VERDICT_FAILED) e->upstream_ok_at = e->now.wall;
    e->dirty |= DIRTY_HEADER;
    if (!breaker_hears(e, b, r, v)) return;
    if (v == VERDICT_OK || v == VERDICT_REFUSED) breaker_success(b, e->now);
    else if (v == VERDICT_FAILED) breaker_failure(b, e->now, why);
    else breaker_neutral(b, e->now);
    if (b->state == before) return;
    engine_log(e, b->state == BREAKER_CLOSED ? LOG_INFO : LOG_WARN, topic, "circuit breaker %s%s%s",
               breaker_state_name(b->state), b->state == BREAKER_OPEN ? ": " : "", b->state == BREAKER_OPEN ? why : "");
}

/* ---- collecting decoded rows: state changes only after the whole body was sound ---- */

struct rows {
    struct engine *e;
    size_t pair, count;
    int64_t last_id;
    struct order *orders;
    size_t order_count, order_capacity;
    struct candle *candles;
    size_t candle_count, candle_capacity;
    bool failed;
    bool any_known; /* of a list of fills: one that we had already */
};

static bool grow(void **rows, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return true;
    size_t bigger = *capacity == 0 ? 64 : *capacity * 2;
    void *at = realloc(*rows, bigger * size);
    if (at == NULL) return false;
    *rows = at;
    *capacity = bigger;
    return true;
}

/* The bot answers a symbol that it cannot read ("W/USDT", of one letter) with everybody's rows (BOT_API 4). */
static bool of_another(const struct rows *rows, const struct name *symbol) {
    const struct pair *p = rows->e->pairs[rows->pair];
    return !name_eq(symbol, &p->symbol) && !name_eq(symbol, &p->exchange_symbol);
}

static void take_fill(void *arg, const struct fill *f) {
    struct rows *rows = arg;
    struct fill copy = *f;
    rows->count++; /* also another's: a full list is a full list */
    if (of_another(rows, &f->symbol)) {
        rows->e->count.other_symbol_fills++;
        return;
    }
    if (f->trade_id > rows->last_id) rows->last_id = f->trade_id;
    copy.received_at = rows->e->now.wall;
    rows->any_known |= ledger_knows(rows->e->pairs[rows->pair]->ledger, f->trade_id, f->side);
    if (!fills_accept(rows->e, rows->pair, &copy)) rows->failed = true;
}

static void take_order(void *arg, const struct order *o) {
    struct rows *rows = arg;
    if (of_another(rows, &o->symbol)) return;
    if (rows->order_count >= ORDERS_MAX ||
        !grow((void **)&rows->orders, &rows->order_capacity, rows->order_count, sizeof *rows->orders)) {
        rows->failed = true;
        return;
    }
    rows->orders[rows->order_count] = *o;
    rows->orders[rows->order_count++].symbol = rows->e->pairs[rows->pair]->symbol;
}

static void take_candle(void *arg, const struct candle *c) {
    struct rows *rows = arg;
    if (!grow((void **)&rows->candles, &rows->candle_capacity, rows->candle_count, sizeof *rows->candles)) {
        rows->failed = true;
        return;
    }
    rows->candles[rows->candle_count++] = *c;
}

/* A list that was asked for before the one that stands is older, whoever was slow. */
static void adopt_orders(struct engine *e, const struct request *r, struct rows *rows) {
    struct pair *p = e->pairs[r->pair];
    if (r->sent.us < p->orders_as_of.us) {
        free(rows->orders);
        return;
    }
    if (!rows->failed) p->orders_as_of = r->sent;
    /* The user stream goes on from the exchange's list: a bot's that came since its subscription is not the last word. */
    bool streams = e->user.state == FEED_SYNCING || feed_is_live(&e->user);
    if (r->ask == ASK_BOT_ORDERS && engine_has_key(e) && streams) p->orders_wanted = true;
    bool changed =
        !rows->failed && orders_replace(p->orders, rows->orders, rows->order_count, engine_steady_time(e, r->sent));
    free(rows->orders);
    p->orders_read_at = e->now.wall;
    if (!p->orders_known) changed = p->orders_known = true;
    if (!p->grid_from_bot) orders_grid(p->orders, &p->grid);
    if (!changed) return;
    engine_dirty_pair(e, r->pair);
    struct effect *f = engine_effect(e, EFFECT_ORDERS_CHANGED);
    if (f != NULL) f->symbol = p->symbol;
}

/* ---- Binance ---- */

static enum err result_of(struct engine *e, const struct answer *a, struct json_value *out) {
    if (a->has_result) {
        *out = a->result;
        return ERR_OK;
    }
    return json_parse(e->priv->json, a->body, LIMIT_HTTP_BODY_BYTES, out);
}

static void newest_id(void *arg, const struct fill *f) {
    int64_t *id = arg;
    if (f->trade_id > *id) *id = f->trade_id;
}

/* Another exchange under the same name: ids begin anew, so that what is known would stand in the way of what comes. */
static void new_epoch(struct engine *e) {
    struct engine_private *priv = e->priv;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        struct ledger *fresh = ledger_new(&p->symbol, &p->base, &p->quote, e->config->since);
        if (fresh == NULL) continue; /* without memory it keeps what it has */
        ledger_free(p->ledger);
        p->ledger = fresh;
        p->history = (struct history){.complete_to = -1,
                                      .marked = -1,
                                      .wanted = true,
                                      .in_flight = p->history.in_flight,
                                      .sync_wanted = p->history.sync_wanted,
                                      .sync_from = p->history.sync_from};
        engine_dirty_pair(e, i);
    }
    priv->fee_wait_count = priv->pending_count = priv->pending_shown = 0; /* read again, under the new epoch */
    figures_starts_changed(e);
    struct effect *f = engine_effect(e, EFFECT_REMEMBER);
    if (f != NULL) f->key = "epoch", f->text = strdup("");
    engine_log(e, LOG_WARN, "binance",
               "the exchange was wiped: its newest trade is older than one we know; a new history begins");
}

/* A testnet that was wiped shows a newest id below a known one (ACCOUNTING 2); so do answers that lag: asked twice. True where
 * the answer says nothing yet. */
static bool doubts_history(struct engine *e, struct pair *p, struct json_value result) {
    struct history *h = &p->history;
    int64_t newest = -1;
    struct wire_fault fault;
    if (!h->verify || my_trades_decode(result, newest_id, &newest, &fault) != ERR_OK) return false;
    bool lower = newest < poll_newest_known(e, p), suspected = h->suspect;
    h->suspect = lower && !suspected;
    h->verify = h->suspect;
    if (h->suspect) h->wanted = true, h->not_before = mono_add(e->now.mono, WIPE_AGAIN_US);
    else if (lower) new_epoch(e);
    return h->suspect;
}

static void on_trades(struct engine *e, struct request *r, struct json_value result, struct wire_fault *fault,
                      enum err *err) {
    struct pair *p = e->pairs[r->pair];
    struct rows rows = {.e = e, .pair = r->pair, .last_id = -1};
    p->history.in_flight = false;
    if (r->ask == ASK_NEWEST_TRADES && doubts_history(e, p, result)) return;
    *err = my_trades_decode(result, take_fill, &rows, fault);
    bool stuck = r->ask == ASK_TRADES && rows.count >= TRADES_PAGE && rows.last_id <= p->history.complete_to;
    if (*err == ERR_OK &&
        (rows.failed || stuck)) { /* no room for all of it, or a page that leads nowhere: asked again, later */
        *err = rows.failed ? ERR_MEMORY : ERR_VALUE;
        wire_fault_set(fault, *err,
                       rows.failed ? "a page of trades that there is no room for"
                                   : "a page of trades older than asked for");
    }
    if (*err != ERR_OK) return;
    backoff_reset(&p->history.backoff);
    p->history.pages++;
    p->trades_read_at = e->fills_read_at = e->now.wall;
    e->fallback_proven[FEED_USER] = true;
    bool last_page = rows.count < TRADES_PAGE;
    bool newest = r->ask == ASK_NEWEST_TRADES;
    bool apart = r->ask == ASK_TRADES && r->from_id > p->history.complete_to + 1; /* asked before an epoch ended */
    p->history.caught_up = last_page && !apart;
    if (!apart && (newest || last_page) && r->sent.us >= p->history.sync_from.us) p->history.sync_wanted = false;
    if (!apart && (!newest || last_page) && rows.last_id > p->history.complete_to)
        p->history.complete_to = rows.last_id;
    p->history.wanted =
        !p->history.caught_up || p->history.sync_wanted; /* this answer may be older than the subscription */
    p->history.state = p->history.caught_up ? HISTORY_COMPLETE : HISTORY_LOADING;
    p->history.compare |= p->history.caught_up;
    engine_dirty_pair(e, r->pair);
    poll_synced(e);
}

struct info_rows {
    struct symbol_table *table;
    struct engine *e;
};

static void take_symbol(void *arg, const struct symbol_info *s) {
    struct info_rows *rows = arg;
    if (rows->table != NULL) symbols_append(rows->table, s);
    else symbols_put(&rows->e->priv->symbols, s);
}

/* All of them: which exist decides over the paths of conversion. */
static void keep_markets(struct engine *e, int64_t weight_limit) {
    const struct symbol_table *t = &e->priv->symbols;
    struct symbol_info *copy = t->count > 0 ? malloc(t->count * sizeof *copy) : NULL;
    struct effect *f = copy != NULL ? engine_effect(e, EFFECT_KEEP_MARKETS) : NULL;
    if (f == NULL) {
        free(copy);
        return;
    }
    memcpy(copy, t->rows, t->count * sizeof *copy);
    f->markets = copy;
    f->market_count = t->count;
    f->weight_limit = weight_limit;
}

static void on_exchange_info(struct engine *e, struct request *r, struct json_value result, struct wire_fault *fault,
                             enum err *err) {
    struct symbol_table fresh = {0};
    struct exchange_limits limits = {-1};
    struct info_rows rows = {r->ask == ASK_EXCHANGE_INFO ? &fresh : NULL, e};
    size_t skipped = 0;
    *err = exchange_info_decode(result, &limits, take_symbol, &rows, &skipped, fault);
    if (*err == ERR_OK &&
        fresh.incomplete) { /* asked again soon: a market left out would pass for one that does not exist */
        *err = ERR_MEMORY;
        wire_fault_set(fault, *err, "exchange information that there is no room for");
    }
    if (*err != ERR_OK) {
        symbols_free(&fresh);
        return;
    }
    if (r->ask == ASK_EXCHANGE_INFO) {
        symbols_free(&e->priv->symbols);
        e->priv->symbols = fresh;
        symbols_sort(&e->priv->symbols);
    }
    weight_learn(&e->exchange.weight, engine_exchange_time(e), -1, limits.weight_limit_1m);
    e->exchange.info_known = true;
    if (r->ask == ASK_EXCHANGE_INFO) keep_markets(e, limits.weight_limit_1m);
    if (skipped > 0)
        engine_log(e, LOG_WARN, "binance", "%zu markets of the exchange information could not be read", skipped);
    pairs_apply_info(e);
    fills_adopt_early(e);
}

static void on_time(struct engine *e, const struct request *r, struct json_value result, struct wire_fault *fault,
                    enum err *err) {
    struct wall server;
    *err = server_time_decode(result, &server, fault);
    if (*err != ERR_OK) return;
    int64_t elapsed = e->now.mono.us - r->sent.us;
    e->priv->clock_base_us = server.us - (e->now.mono.us - elapsed / 2);
    e->priv->clock_based = true;
    e->exchange.clock_offset_us = engine_exchange_time(e).us - e->now.wall.us;
    e->exchange.clock_known = true;
}

static void on_klines(struct engine *e, struct request *r, struct json_value result, struct wire_fault *fault,
                      enum err *err) {
    struct rows rows = {.e = e};
    struct wall asked_at = {engine_exchange_time(e).us - (e->now.mono.us - r->sent.us)}; /* the answer may be late */
    *err = klines_decode(result, asked_at, take_candle, &rows, fault);
    if (*err == ERR_OK && rows.failed) *err = ERR_MEMORY;
    if (*err != ERR_OK) {
        free(rows.candles);
        return;
    }
    if (r->on_demand) {
        candles_answered(e, r, ERR_OK, rows.candles, rows.candle_count);
        return;
    }
    size_t market;
    bool there = false; /* the minute that was asked for, not only others */
    if (market_by_exchange_symbol(e, &r->symbol, &market) != NULL) {
        for (size_t i = 0; i < rows.candle_count; i++) {
            bool followed = i + 1 < rows.candle_count; /* by its own clock the exchange has begun the next one */
            bool settled = e->priv->clock_based && rows.candles[i].close_time.us <= asked_at.us - SETTLED_US;
            if (!followed && !settled) continue;
            there |= rows.candles[i].open_time.us == r->start.us;
            fills_minute_closed(e, market, rows.candles[i].open_time, rows.candles[i].close);
        }
        candles_keep_settled(e, market, &r->interval, rows.candles, rows.candle_count);
        bool long_ago =
            engine_exchange_time(e).us - r->start.us > US_PER_HOUR; /* the answers of a young minute may lag */
        bool before_listing =
            r->start.us != 0 && long_ago && (rows.candle_count == 0 || rows.candles[0].open_time.us > r->start.us);
        if (before_listing)
            fills_minute_closed(e, market, r->start, DEC8_ZERO); /* the market has no such minute: never asked again */
        there |= before_listing;
    }
    if (there) backoff_reset(&e->priv->minutes_backoff);
    else e->priv->minutes_again = mono_add(e->now.mono, backoff_next(&e->priv->minutes_backoff, &e->rng));
    free(rows.candles);
}

static void take_price(void *arg, const struct ticker *t) {
    struct engine *e = arg;
    size_t market;
    if (feed_is_live(&e->market) || market_by_exchange_symbol(e, &t->exchange_symbol, &market) == NULL) return;
    engine_set_price(e, market, t->price, PRICE_POLL);
}

struct account_taker {
    struct engine *e;
    struct mono asked;
    bool begun;
};

/* The rows come once all of them are sound. */
static void take_balance(void *arg, const struct balance *b) {
    struct account_taker *t = arg;
    if (!t->begun) balances_begin(t->e, t->asked);
    t->begun = true;
    balances_take(t->e, b, BALANCE_ACCOUNT);
}

/* Tells whoever keeps the fills whose they are; false where there is no room for it. */
static bool remember_account(struct engine *e, int64_t uid) {
    struct buf text;
    buf_init(&text, 96);
    buf_putf(&text, "%s:%lld", e->config->environment, (long long)uid);
    size_t len = text.len;
    char *name = engine_text(&text);
    struct effect *f = name != NULL ? engine_effect(e, EFFECT_REMEMBER) : NULL;
    if (f == NULL) {
        free(name);
        return false;
    }
    f->key = "account";
    f->text = name;
    f->text_len = len;
    return true;
}

static void on_account(struct engine *e, const struct request *r, struct json_value result, struct wire_fault *fault,
                       enum err *err) {
    struct account_info info;
    struct account_taker taker = {e, r->sent, false};
    *err = account_decode(result, &info, take_balance, &taker, fault);
    if (*err != ERR_OK) return;
    if (!taker.begun) balances_begin(e, r->sent);
    balances_end(e);
    bool known = e->exchange.uid == info.uid;
    e->exchange.maker_rate = info.maker_rate;
    e->exchange.taker_rate = info.taker_rate;
    if (info.uid >= 0 && !known && !remember_account(e, info.uid)) return; /* not known yet: asked again */
    e->exchange.uid = info.uid;
    if (info.uid < 0 || known) return;
    for (size_t i = 0; i < e->pair_count; i++) e->pairs[i]->history.marked = -1; /* said again, under this account */
}

static void on_listen_key(struct engine *e, struct json_value result, enum err *err) {
    struct span text;
    *err = json_text(json_get(result, "listenKey"), &text);
    if (*err == ERR_OK && (text.len == 0 || text.len >= sizeof e->priv->listen_key)) *err = ERR_TOO_BIG;
    if (*err != ERR_OK) return;
    memcpy(e->priv->listen_key, text.at, text.len);
    e->priv->listen_key[text.len] = '\0';
    e->priv->poll.listen_key_at = mono_add(e->now.mono, 25 * US_PER_MIN);
    bool awaited = (e->user.state == FEED_CONNECTING && e->user.cur.id == 0) ||
                   (e->user.state == FEED_DRAINING && e->user.next.id == 0);
    if (awaited) streams_do(e, &e->user, (struct feed_todo){FEED_CONNECT, 0});
}

static void binance_ok(struct engine *e, struct request *r, const struct answer *a, struct wire_fault *fault,
                       enum err *err) {
    struct json_value result;
    struct rows rows = {.e = e, .pair = r->pair};
    *err = ERR_OK;
    if (r->ask == ASK_PING || r->ask == ASK_LISTEN_KEY_KEEP) return;
    *err = result_of(e, a, &result);
    if (*err != ERR_OK) {
        wire_fault_set(fault, *err, "body");
        return;
    }
    switch (r->ask) {
    case ASK_TIME: on_time(e, r, result, fault, err); break;
    case ASK_EXCHANGE_INFO:
    case ASK_SYMBOL_INFO: on_exchange_info(e, r, result, fault, err); break;
    case ASK_ACCOUNT: on_account(e, r, result, fault, err); break;
    case ASK_TRADES:
    case ASK_NEWEST_TRADES: on_trades(e, r, result, fault, err); break;
    case ASK_OPEN_ORDERS:
        *err = open_orders_decode(result, take_order, &rows, fault);
        if (*err == ERR_OK) adopt_orders(e, r, &rows);
        else free(rows.orders);
        break;
    case ASK_KLINES: on_klines(e, r, result, fault, err); break;
    case ASK_PRICES:
        *err = ticker_prices_decode(result, take_price, e, fault);
        if (*err == ERR_OK) e->fallback_proven[FEED_MARKET] = true;
        break;
    case ASK_SUBSCRIBE:
        feed_subscribed(&e->user, r->ws_id, e->now);
        poll_history_wanted(e);
        break;
    case ASK_SUBSCRIPTIONS:
        if (json_is_array(result) && json_size(result) == 0)
            streams_user_ended(e, r->ws_id, "the subscription was gone");
        break;
    case ASK_LISTEN_KEY: on_listen_key(e, result, err); break;
    default: break;
    }
    if (*err == ERR_OK && e->exchange.unauthorized && ask_proves_key(r->ask)) {
        e->exchange.unauthorized = false;
        e->dirty |= DIRTY_HEADER;
        engine_log(e, LOG_INFO, "binance", "the key is accepted again");
        poll_history_wanted(e);
    }
}

/* The question failed: who waits for it must know. */
static void binance_failed(struct engine *e, struct request *r, const char *why) {
    if (r->on_demand) candles_answered(e, r, ERR_IO, NULL, 0);
    if (r->ask == ASK_KLINES && !r->on_demand)
        e->priv->minutes_again = mono_add(e->now.mono, backoff_next(&e->priv->minutes_backoff, &e->rng));
    if (r->ask == ASK_TRADES || r->ask == ASK_NEWEST_TRADES) {
        struct history *h = &e->pairs[r->pair]->history;
        h->in_flight = false;
        h->wanted = true;
        h->not_before = mono_add(e->now.mono, backoff_next(&h->backoff, &e->rng));
    }
    if (r->ask == ASK_OPEN_ORDERS) {
        e->pairs[r->pair]->orders_wanted = true;
        e->pairs[r->pair]->orders_not_before = mono_add(e->now.mono, ORDERS_AGAIN_US);
    }
    if (r->ask == ASK_ACCOUNT) e->priv->poll.account_wanted = true;
    if (r->ask == ASK_EXCHANGE_INFO) e->priv->poll.info_at = mono_add(e->now.mono, 5 * US_PER_S);
    if (r->ask == ASK_SUBSCRIBE) streams_user_refused(e, why);
    if (r->ask == ASK_LISTEN_KEY) {
        e->priv->listen_key_again = mono_add(e->now.mono, LISTEN_KEY_RETRY_US);
        streams_user_refused(e, why);
    }
    if (r->ask == ASK_LISTEN_KEY_KEEP) e->priv->poll.listen_key_at = mono_add(e->now.mono, US_PER_MIN);
    if (r->ask == ASK_SUBSCRIPTIONS) streams_user_ended(e, r->ws_id, "no answer to the liveness question");
}

static void on_limited(struct engine *e, const struct answer *a) {
    weight_ban(&e->exchange.weight, e->now, a->retry_after_us);
    engine_log(e, LOG_WARN, "binance", "rate limit (status %d): silent for %lld s", a->status,
               (long long)((e->exchange.weight.banned_until.us - e->now.mono.us) / US_PER_S));
}

/* -1021: the clock is off; it is set and the question repeated once (BINANCE 4.2). */
static bool repeat_with_new_clock(struct engine *e, const struct request *r) {
    struct request time = {.ask = ASK_TIME};
    if (r->retried) return false;
    e->exchange.clock_known = false;
    e->priv->poll.time_at = e->now.mono; /* and again, should this question fail */
    if (!request_under_way(e, ASK_TIME, SIZE_MAX)) (void)ask_binance(e, &time, NEED_PNL);
    if (r->ask == ASK_SUBSCRIBE) {
        e->priv->subscribe_retry = r->ws_id; /* sent again when the time is known */
        return true;
    }
    return false; /* the others are repeated by their own backoff, with the new clock */
}

/* 401 and 403: the key is refused where the question was signed or says so; else it is us, whoever we are (a firewall). */
static void on_unauthorized(struct engine *e, const struct request *r, const struct answer *a, const char *why) {
    bool key = ask_proves_key(r->ask) || a->code != 0;
    struct mono *again = key ? &e->priv->key_again : &e->priv->rest_again;
    *again = mono_add(e->now.mono, KEY_RETRY_US);
    if (key && e->exchange.unauthorized) return;
    if (key) e->exchange.unauthorized = true;
    e->dirty |= DIRTY_HEADER;
    engine_log(e, LOG_ERROR, "binance", "%s: %s", key ? "the key was refused" : "a question was refused", why);
}

static void answer_binance(struct engine *e, struct request *r, const struct answer *a) {
    struct wire_fault fault = {0};
    enum verdict v = judge(a);
    enum err err = ERR_OK;
    char why[BREAKER_ERROR_MAX];
    if (v == VERDICT_OK) binance_ok(e, r, a, &fault, &err);
    if (err != ERR_OK) { /* an unreadable body is a failure of the upstream */
        engine_fault(e, r->ask, "binance", &fault);
        v = VERDICT_FAILED;
    }
    struct answer judged = *a;
    if (err != ERR_OK) judged.err = err, judged.error = fault.what[0] ? fault.what : "the answer could not be read";
    if (!r->by_ws) tell_breaker(e, &e->exchange.breaker, r, v, &judged);
    else if (v != VERDICT_FAILED) e->upstream_ok_at = e->now.wall;
    if (v == VERDICT_OK) {
        e->exchange.last_ok = e->now.wall;
        e->exchange.latency_ms = (e->now.mono.us - r->sent.us) / US_PER_MS;
        return;
    }
    describe(why, &judged);
    if (v == VERDICT_LIMITED) on_limited(e, a);
    if (a->code == CODE_TIMESTAMP && repeat_with_new_clock(e, r)) return;
    if (v == VERDICT_UNAUTHORIZED) on_unauthorized(e, r, a, why);
    if (r->ask == ASK_SUBSCRIBE && a->code == CODE_ALREADY_SUBSCRIBED) {
        feed_subscribed(&e->user, r->ws_id, e->now);
        poll_history_wanted(e);
        return;
    }
    binance_failed(e, r, why);
    bool key_gone = r->ask == ASK_LISTEN_KEY_KEEP && (v == VERDICT_REFUSED || v == VERDICT_ABSENT);
    if (key_gone) {
        e->priv->listen_key[0] = '\0';
        streams_user_ended(e, e->user.cur.id, "the listen key was not known any more");
    }
}

/* ---- the bot ---- */

static void take_strategy(void *arg, const struct bot_strategy *s) {
    struct engine *e = arg;
    size_t index;
    if (!s->is_grid || name_empty(&s->symbol)) return;
    struct pair *p =
        e->config->symbol_count > 0 ? pair_by_symbol(e, &s->symbol, &index) : pair_ensure(e, &s->symbol, &index);
    if (p == NULL) return;
    bool fresh = !p->active || !p->grid_from_bot;
    p->active = true;
    p->grid = s->grid;
    p->grid.from_bot = true;
    p->grid_from_bot = true;
    memcpy(p->strategy, s->name, sizeof p->strategy);
    if (fresh) e->dirty |= DIRTY_PAIRS_SET;
    e->pair_dirty[index] = 1;
}

static void remember_symbols(struct engine *e) {
    struct effect *f = engine_effect(e, EFFECT_REMEMBER);
    struct buf text;
    if (f == NULL) return;
    buf_init(&text, LIMIT_PAIRS * NAME_MAX);
    for (size_t i = 0; i < e->pair_count; i++)
        if (e->pairs[i]->active) buf_putf(&text, "%s%s", text.len > 0 ? "," : "", e->pairs[i]->symbol.text);
    f->key = "symbols";
    f->text_len = text.len;
    f->text = engine_text(&text);
}

static enum err on_strategies(struct engine *e, const struct answer *a, struct wire_fault *fault) {
    bool was_active[LIMIT_PAIRS];
    size_t before = e->pair_count;
    struct dec16 investment = DEC16_ZERO;
    for (size_t i = 0; i < before; i++) {
        was_active[i] = e->pairs[i]->active;
        if (e->config->symbol_count == 0) e->pairs[i]->active = false;
    }
    enum err err = bot_strategies_decode(e->priv->json, a->body, take_strategy, e, fault);
    if (err != ERR_OK) {
        for (size_t i = 0; i < before; i++) e->pairs[i]->active = was_active[i];
        return err;
    }
    bool changed = e->pair_count != before;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        changed |= i < before && p->active != was_active[i];
        if (p->active && p->grid_from_bot && p->grid.investment.v > 0 &&
            dec16_add(&investment, investment, p->grid.investment) != ERR_OK)
            investment = DEC16_ZERO;
    }
    if (!e->config->has_investment) {
        e->has_investment = e->investment_from_bot = investment.v > 0;
        e->investment = investment;
        e->dirty |= DIRTY_PNL;
    }
    bool first = !e->bot.strategies_known;
    e->bot.strategies_known = true;
    e->priv->symbols_known = true;
    if (changed || first) {
        remember_symbols(e);
        pairs_apply_info(e);
        poll_history_wanted(e);
        fills_adopt_early(e);
        e->dirty |= DIRTY_PAIRS_SET;
    }
    return ERR_OK;
}

/* What the page says of a bot that answers: the most that the user must know. */
static void bot_message(struct bot_state *b, bool tells_running) {
    size_t len = 0;
    b->message[0] = '\0';
    if (b->other_account) {
        (void)snprintf(b->message, sizeof b->message,
                       "the bot and the key are different accounts: their trades are mixed here");
        return;
    }
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++) {
        if (!b->refused[i]) continue;
        const char *before = len == 0 ? "the bot refuses the key for: " : ", ";
        int n = snprintf(b->message + len, sizeof b->message - len, "%s%s", before, bot_endpoint_name(i));
        CHECK(n > 0 && len + (size_t)n < sizeof b->message);
        len += (size_t)n;
    }
    if (len > 0) return;
    if (b->health == BOT_DEGRADED) (void)snprintf(b->message, sizeof b->message, "the bot is alive, but not trading");
    else if (!tells_running)
        (void)snprintf(b->message, sizeof b->message, "alive; this bot does not say whether it trades");
}

static enum err on_bot_health(struct engine *e, struct request *r, const struct answer *a, struct wire_fault *fault) {
    struct bot_health h;
    struct bot_state *b = &e->bot;
    enum err err = bot_health_decode(e->priv->json, a->body, &h, fault);
    if (err != ERR_OK) return err;
    b->health = h.has_running && !h.running ? BOT_DEGRADED : BOT_HEALTHY;
    bot_message(b, h.has_running);
    b->uptime_seconds = h.uptime_seconds;
    if (!name_empty(&h.name)) b->name = h.name;
    if (r->endpoint == BOT_METRICS) b->unavailable[BOT_METRICS] = false;
    b->latency_ms = (e->now.mono.us - r->sent.us) / US_PER_MS;
    return ERR_OK;
}

static enum err on_bot_candle(struct engine *e, struct request *r, const struct answer *a, struct wire_fault *fault) {
    struct rows rows = {.e = e, .pair = r->pair};
    struct pair *p = e->pairs[r->pair];
    struct name symbol, frame;
    enum err err = bot_ohlcv_decode(e->priv->json, a->body, &symbol, &frame, take_candle, &rows, fault);
    bool ours = name_empty(&symbol) ||
                name_eq(&symbol, &p->symbol); /* a malformed symbol is answered with another's (BOT_API 4) */
    if (err == ERR_OK && r->ask == ASK_BOT_OHLCV && ours && rows.candle_count > 0 && !feed_is_live(&e->market)) {
        engine_set_price(e, p->market, rows.candles[rows.candle_count - 1].close, PRICE_CANDLE);
        e->fallback_proven[FEED_MARKET] = true;
    }
    if (r->ask == ASK_BOT_CANDLES) {
        candles_answered(e, r, err == ERR_OK && !ours ? ERR_UNKNOWN : err, rows.candles, rows.candle_count);
        return err;
    }
    free(rows.candles);
    return err;
}

/* A list that lost all its rows is what an outage of the exchange looks like (BOT_API 3): no read of anything. A full list of
 * which nothing was known leaves room for trades that nobody will ever show us: a gap. */
static void on_bot_trades(struct engine *e, const struct request *r, const struct rows *rows) {
    struct pair *p = e->pairs[r->pair];
    size_t known = ledger_count(p->ledger);
    if (rows->count == 0 && known > 0) return;
    p->trades_read_at = e->fills_read_at = e->now.wall;
    e->fallback_proven[FEED_USER] = true;
    if (!engine_has_key(e) && rows->count >= BOT_TRADES_LIMIT && known > 0 && !rows->any_known) {
        struct effect *f = p->history.state != HISTORY_GAP ? engine_effect(e, EFFECT_HISTORY) : NULL;
        if (f != NULL) f->symbol = p->symbol, f->complete_to = -1, f->gap = true;
        p->history.state = HISTORY_GAP;
    } else if (!engine_has_key(e) && p->history.state != HISTORY_GAP) p->history.state = HISTORY_SINCE;
    engine_dirty_pair(e, r->pair);
}

/* The same of the open orders: believed when it is said twice. */
static bool doubtful_orders(struct engine *e, const struct request *r, const struct rows *rows) {
    struct pair *p = e->pairs[r->pair];
    bool vanished = rows->order_count == 0 && p->orders->count > 0;
    bool doubt = vanished && !p->orders_vanished;
    p->orders_vanished = doubt;
    if (doubt && engine_has_key(e)) p->orders_polled = (struct mono){0}; /* no poll may follow: ask once more now */
    return doubt;
}

static enum err bot_ok(struct engine *e, struct request *r, const struct answer *a, struct wire_fault *fault) {
    struct rows rows = {.e = e, .pair = r->pair, .last_id = -1};
    size_t refused = 0;
    enum err err = ERR_OK;
    switch (r->ask) {
    case ASK_BOT_HEALTH: return on_bot_health(e, r, a, fault);
    case ASK_BOT_STRATEGIES: return on_strategies(e, a, fault);
    case ASK_BOT_TRADES:
        err = bot_trades_decode(e->priv->json, a->body, take_fill, &rows, &refused, fault);
        if (err == ERR_OK) {
            on_bot_trades(e, r, &rows);
        }
        break;
    case ASK_BOT_ORDERS:
        err = bot_orders_decode(e->priv->json, a->body, take_order, &rows, &refused, fault);
        if (err == ERR_OK && !doubtful_orders(e, r, &rows)) adopt_orders(e, r, &rows);
        else free(rows.orders);
        break;
    case ASK_BOT_OHLCV:
    case ASK_BOT_CANDLES: return on_bot_candle(e, r, a, fault);
    default: break;
    }
    e->count.fills_refused += refused;
    if (err == ERR_OK && refused > 0) engine_fault(e, r->ask, "bot", fault);
    return err;
}

/* A refused key is tried by one question in 10 s: by the health request where that is refused too, else by the strategies. Where
 * another endpoint alone is refused, the strategies, asked at once, show that the key is good for the rest. */
static void bot_refused(struct engine *e, const struct request *r) {
    struct bot_state *b = &e->bot;
    bool health = r->ask == ASK_BOT_HEALTH, key = health || r->ask == ASK_BOT_STRATEGIES;
    bool news = !b->refused[r->endpoint];
    b->refused[r->endpoint] = true;
    b->unauthorized |= key;
    b->health_unauthorized |= health;
    if (key) e->priv->poll.strategies_at = e->now.mono;
    else if (news) e->priv->poll.strategies_at = (struct mono){0};
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++)
        if (health || i == r->endpoint || (key && i != BOT_METRICS && i != BOT_HEALTH))
            b->ask_again[i] = mono_add(e->now.mono, UNAUTHORIZED_RETRY_US);
    if (!health) return;
    b->health = BOT_ERROR;
    (void)snprintf(b->message, sizeof b->message, "the bot refuses the key");
}

/* The health request may need no key: only another answer says that the key is taken. */
static void bot_authorized(struct engine *e, const struct request *r) {
    struct bot_state *b = &e->bot;
    bool health = r->ask == ASK_BOT_HEALTH;
    b->refused[r->endpoint] = false;
    if (!b->unauthorized || (health && !b->health_unauthorized)) return;
    b->health_unauthorized = false;
    b->unauthorized = health;
    e->priv->poll.strategies_at = (struct mono){0}; /* asked at once: it proves the key, or knows new pairs */
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++) {
        if (!b->unavailable[i]) b->ask_again[i] = e->now.mono;
        if (!health) b->refused[i] = false; /* of another key: each is asked again */
    }
    e->dirty |= DIRTY_HEADER;
}

static void bot_endpoint_answered(struct engine *e, const struct request *r, enum verdict v) {
    struct bot_state *b = &e->bot;
    enum bot_endpoint p = r->endpoint;
    if (v == VERDICT_OK) {
        b->unavailable[p] = false;
        backoff_reset(&b->endpoint_backoff[p]);
        bot_authorized(e, r);
    } else if (v == VERDICT_ABSENT) {
        b->unavailable[p] = true;
        b->refused[p] = false;
        b->ask_again[p] = mono_add(e->now.mono, ABSENT_RETRY_US);
    } else if (v == VERDICT_UNAUTHORIZED) {
        bot_refused(e, r);
    } else if (v == VERDICT_FAILED && r->ask != ASK_BOT_HEALTH) {
        b->ask_again[p] = mono_add(e->now.mono, backoff_next(&b->endpoint_backoff[p], &e->rng));
    }
}

/* Nothing is asked until then: the next answer says something else of the bot. */
static void bot_limited(struct engine *e, const struct answer *a) {
    struct bot_state *b = &e->bot;
    char until[WALL_TEXT_MAX];
    bool news = mono_reached(e->now.mono, b->rate.silent_until); /* several questions may have been under way */
    rate_silence(&b->rate, e->now, a->retry_after_us > 0 ? a->retry_after_us : US_PER_MIN);
    wall_format(until, b->rate.silent_until_at);
    (void)snprintf(b->message, sizeof b->message, "the bot asks us to slow down: it is asked again at %.8s UTC",
                   until + 11);
    if (news) engine_log(e, LOG_WARN, "bot", "rate limit (status %d): silent until %s", a->status, until);
}

static void answer_bot(struct engine *e, struct request *r, const struct answer *a) {
    struct bot_state *b = &e->bot;
    struct wire_fault fault = {0};
    struct answer judged = *a;
    enum verdict v = judge(a);
    enum err err = v == VERDICT_OK ? bot_ok(e, r, a, &fault) : ERR_OK;
    if (err != ERR_OK) {
        engine_fault(e, r->ask, "bot", &fault);
        v = VERDICT_FAILED;
        judged.err = err;
        judged.error = fault.what[0] ? fault.what : "the answer could not be read";
    }
    rate_heard(&b->rate);
    bool metrics_broken = r->ask == ASK_BOT_HEALTH && r->endpoint == BOT_METRICS && a->err == ERR_OK &&
                          (a->status == 404 || a->status == 500);
    if (metrics_broken) {                                /* PRODUCT 6: /health where /metrics answers 404 or 500 */
        if (r->trial) breaker_forget_trial(&b->breaker); /* the next ask gives it another, to /health */
        b->unavailable[BOT_METRICS] = true;
        b->refused[BOT_METRICS] = false;
        b->ask_again[BOT_METRICS] = mono_add(e->now.mono, ABSENT_RETRY_US);
        e->priv->poll.health_at = e->now.mono;
        return;
    }
    tell_breaker(e, &b->breaker, r, v, &judged);
    bot_endpoint_answered(e, r, v);
    if (v != VERDICT_OK && r->ask == ASK_BOT_ORDERS && engine_has_key(e))
        e->pairs[r->pair]->orders_polled = (struct mono){0}; /* no poll may follow: still to be asked */
    if (v == VERDICT_LIMITED) bot_limited(e, a);
    if (v == VERDICT_OK) {
        b->last_ok = e->now.wall;
        e->priv->bot_seen = true;
    } else if (v == VERDICT_FAILED && r->ask == ASK_BOT_HEALTH) {
        b->health = a->err == ERR_OK && a->status >= 500 ? BOT_ERROR : BOT_UNKNOWN;
        describe(b->message, &judged);
    }
    if (v != VERDICT_OK && r->on_demand) candles_answered(e, r, ERR_IO, NULL, 0);
    e->dirty |= DIRTY_HEADER;
}

void answer_handle(struct engine *e, struct request *r, const struct answer *a) {
    struct request copy = *r;
    CHECK(r->ask != ASK_NONE);
    r->ask = ASK_NONE; /* the slot is free before anything new is asked */
    e->priv->poll.soon = true;
    if (copy.ask >= ASK_BOT_HEALTH) answer_bot(e, &copy, a);
    else answer_binance(e, &copy, a);
    if (copy.ask == ASK_TIME && e->priv->subscribe_retry != 0 && e->exchange.clock_known) {
        struct request again = {.ask = ASK_SUBSCRIBE, .retried = true, .ws_id = e->priv->subscribe_retry};
        e->priv->subscribe_retry = 0;
        (void)ask_binance(e, &again, NEED_PNL); /* nothing where that link is gone */
    }
}
