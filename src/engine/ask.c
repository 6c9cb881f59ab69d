/* ask.c: requests out. One table says for each question where it goes, what it weighs and whether it is signed. A question to
 * Binance goes over the WebSocket API connection while that is open, else over REST behind its breaker. */
#include "engine/private.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define BINANCE_TIMEOUT_US (10 * US_PER_S) /* Binance itself gives up after 10 s (BINANCE 6) */
#define EXPIRY_SLACK_US (2 * US_PER_S)     /* io reports its own timeout; later than this it never will */

enum {
    PRICES_NAMED = 100,
    PARAMS_MAX = 8,
    NUMBER_TEXT = 24,
    RECV_WINDOW_MS = 5000,
    TRADES_PAGE = 1000,
    URL_MAX = 8192
};

struct route {
    const char *path;   /* REST */
    const char *method; /* WebSocket API; NULL: REST only */
    const char *verb;   /* of REST; NULL: WebSocket API only */
    int weight;
    bool is_signed;
    bool key_header; /* unsigned, but with the key (listenKey) */
};

static const struct route routes[] = {
    [ASK_TIME] = {"/api/v3/time", "time", "GET", 1, false, false},
    [ASK_EXCHANGE_INFO] = {"/api/v3/exchangeInfo", NULL, "GET", 20, false,
                           false}, /* 5 MB: over the limit of a WebSocket message */
    [ASK_SYMBOL_INFO] = {"/api/v3/exchangeInfo", "exchangeInfo", "GET", 20, false, false},
    [ASK_ACCOUNT] = {"/api/v3/account", "account.status", "GET", 20, true, false},
    [ASK_OPEN_ORDERS] = {"/api/v3/openOrders", "openOrders.status", "GET", 6, true, false},
    [ASK_TRADES] = {"/api/v3/myTrades", "myTrades", "GET", 20, true, false},
    [ASK_NEWEST_TRADES] = {"/api/v3/myTrades", "myTrades", "GET", 20, true, false},
    [ASK_KLINES] = {"/api/v3/klines", "klines", "GET", 2, false, false},
    [ASK_PRICES] = {"/api/v3/ticker/price", "ticker.price", "GET", 4, false, false},
    [ASK_PING] = {"/api/v3/ping", NULL, "GET", 1, false, false},
    [ASK_SUBSCRIBE] = {NULL, "userDataStream.subscribe.signature", NULL, 2, true, false},
    [ASK_SUBSCRIPTIONS] = {NULL, "session.subscriptions", NULL, 2, false, false},
    [ASK_LISTEN_KEY] = {"/api/v3/userDataStream", NULL, "POST", 2, false, true},
    [ASK_LISTEN_KEY_KEEP] = {"/api/v3/userDataStream", NULL, "PUT", 2, false, true},
};

bool ask_proves_key(enum ask ask) { return routes[ask].is_signed || routes[ask].key_header; }

/* ---- the table of requests under way ---- */

uint64_t request_id(const struct engine *e, const struct request *r) {
    return (uint64_t)r->generation << 8 | (uint64_t)(r - e->priv->requests);
}

struct request *request_find(struct engine *e, uint64_t id) {
    size_t slot = id & 0xff;
    if (slot >= REQUESTS_MAX) return NULL;
    struct request *r = &e->priv->requests[slot];
    return r->ask != ASK_NONE && request_id(e, r) == id ? r : NULL;
}

void request_tells_weight(struct engine *e, const struct request *r, int64_t used, int64_t limit) {
    if (r != NULL && used >= 0) used += (int64_t)(e->exchange.weight.spent - r->spent);
    weight_learn(&e->exchange.weight, engine_exchange_time(e), used, limit);
}

bool request_under_way(const struct engine *e, enum ask ask, size_t pair) {
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        if (e->priv->requests[i].ask == ask && (pair == SIZE_MAX || e->priv->requests[i].pair == pair)) return true;
    return false;
}

static size_t on_demand(const struct engine *e) {
    size_t n = 0;
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        n += e->priv->requests[i].ask != ASK_NONE && e->priv->requests[i].on_demand;
    return n;
}

static struct request *request_new(struct engine *e, const struct request *wanted) {
    if (wanted->on_demand && on_demand(e) >= ON_DEMAND_MAX) return NULL;
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        struct request *r = &e->priv->requests[i];
        if (r->ask != ASK_NONE) continue;
        *r = *wanted;
        r->generation = ++e->priv->request_generation;
        r->sent = e->now.mono;
        return r;
    }
    return NULL;
}

static void fail_request(struct engine *e, struct request *r, enum err err, const char *why) {
    struct answer a = {.err = err, .error = why};
    answer_handle(e, r, &a);
}

void requests_expire(struct engine *e) {
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        struct request *r = &e->priv->requests[i];
        if (r->ask != ASK_NONE && mono_reached(e->now.mono, r->deadline))
            fail_request(e, r, ERR_TIMEOUT, "no answer in time");
    }
}

void requests_drop_link(struct engine *e, uint64_t ws_id) {
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        struct request *r = &e->priv->requests[i];
        if (r->ask != ASK_NONE && r->by_ws && r->ws_id == ws_id)
            fail_request(e, r, ERR_CLOSED, "the connection closed before the answer");
    }
}

struct mono requests_deadline(const struct engine *e) {
    struct mono due = {INT64_MAX};
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        if (e->priv->requests[i].ask != ASK_NONE && e->priv->requests[i].deadline.us < due.us)
            due = e->priv->requests[i].deadline;
    return due;
}

/* ---- parameters ---- */

struct params {
    struct param list[PARAMS_MAX];
    size_t count;
    char numbers[PARAMS_MAX][NUMBER_TEXT];
    struct buf symbols; /* of a JSON array; freed by the asker */
};

static void add_text(struct params *p, const char *name, struct span value) {
    CHECK(p->count < PARAMS_MAX);
    p->list[p->count++] = (struct param){name, value, false};
}

static void add_raw(struct params *p, const char *name, struct span value) {
    CHECK(p->count < PARAMS_MAX);
    p->list[p->count++] = (struct param){name, value, true};
}

static void add_number(struct params *p, const char *name, int64_t value) {
    char *text = p->numbers[p->count];
    int n = snprintf(text, NUMBER_TEXT, "%lld", (long long)value);
    add_raw(p, name, span_from(text, (size_t)n));
}

/* ["BTCUSDT","ETHUSDT"] of the watched markets that exist. */
static void add_markets(struct engine *e, struct params *p) {
    const char *between = "[";
    for (size_t i = 0; i < e->market_count; i++) {
        const struct market *m = e->markets[i];
        if (e->exchange.info_known && !m->info_known) continue; /* one unknown symbol would refuse the whole question */
        buf_puts(&p->symbols, between);
        buf_putc(&p->symbols, '"');
        buf_put_json_text(&p->symbols, name_span(&m->info.exchange_symbol));
        buf_putc(&p->symbols, '"');
        between = ",";
    }
    buf_putc(&p->symbols, ']');
    if (p->symbols.len > 2) add_raw(p, "symbols", buf_span(&p->symbols));
}

static void fill_params(struct engine *e, struct params *p, const struct request *r) {
    switch (r->ask) {
    case ASK_EXCHANGE_INFO: add_text(p, "showPermissionSets", SPAN("false")); break;
    case ASK_SYMBOL_INFO:
        if (r->pair != SIZE_MAX) add_text(p, "symbol", name_span(&e->pairs[r->pair]->exchange_symbol));
        else add_markets(e, p);
        break;
    case ASK_PRICES:
        if (e->market_count <= PRICES_NAMED) add_markets(e, p); /* else all: the weight is the same, the URL short */
        break;
    case ASK_OPEN_ORDERS: add_text(p, "symbol", name_span(&e->pairs[r->pair]->exchange_symbol)); break;
    case ASK_TRADES:
    case ASK_NEWEST_TRADES:
        add_text(p, "symbol", name_span(&e->pairs[r->pair]->exchange_symbol));
        if (r->ask == ASK_TRADES) add_number(p, "fromId", r->from_id);
        add_number(p, "limit", TRADES_PAGE);
        break;
    case ASK_KLINES:
        add_text(p, "symbol", name_span(&r->symbol));
        add_text(p, "interval", name_span(&r->interval));
        if (r->start.us != 0) add_number(p, "startTime", r->start.us / US_PER_MS);
        if (r->before.us != 0) add_number(p, "endTime", r->before.us / US_PER_MS - 1);
        add_number(p, "limit", r->limit);
        break;
    case ASK_LISTEN_KEY_KEEP: add_text(p, "listenKey", span_of(e->priv->listen_key)); break;
    default: break;
    }
    if (!routes[r->ask].is_signed) return;
    add_number(p, "timestamp", engine_exchange_time(e).us / US_PER_MS);
    add_number(p, "recvWindow", RECV_WINDOW_MS);
}

/* ---- to Binance ---- */

/* The WebSocket API link that may carry requests, NULL none. A subscription goes out on the link it is for. A replacement has
 * answered its subscription; the link it replaces may be dead without a word, and would leave the gap's trades unmerged. */
static struct link *api_link(struct engine *e, const struct request *r) {
    struct feed *f = &e->user;
    if (e->config->user_stream != USER_STREAM_WS_API) return NULL;
    if (r->ask == ASK_SUBSCRIBE || r->ask == ASK_SUBSCRIPTIONS) return feed_link(f, r->ws_id);
    if (f->next.phase >= LINK_SUBSCRIBED) return &f->next;
    if (f->state == FEED_DRAINING && f->silent) return NULL;
    return f->cur.id != 0 && f->cur.phase >= LINK_OPEN ? &f->cur : NULL;
}

static bool send_by_ws(struct engine *e, struct request *r, const struct params *p, uint64_t link) {
    const struct route *route = &routes[r->ask];
    char id_text[NUMBER_TEXT];
    struct buf frame;
    r->by_ws = true;
    r->ws_id = link;
    r->deadline = mono_add(e->now.mono, BINANCE_TIMEOUT_US);
    int n = snprintf(id_text, sizeof id_text, "%llu", (unsigned long long)request_id(e, r));
    buf_init(&frame, LIMIT_WS_MESSAGE_BYTES);
    enum err err = api_frame(&frame, span_from(id_text, (size_t)n), route->method, p->list, p->count,
                             route->is_signed ? &e->config->key : NULL);
    size_t len = frame.len;
    char *text = engine_text(&frame);
    struct effect *f = err == ERR_OK && text != NULL ? engine_effect(e, EFFECT_WS_SEND) : NULL;
    if (f == NULL) {
        free(text);
        return false;
    }
    f->id = link;
    f->text = text;
    f->text_len = len;
    e->exchange.ws_requests++;
    return true;
}

static bool send_by_rest(struct engine *e, struct request *r, const struct params *p) {
    const struct route *route = &routes[r->ask];
    struct buf url;
    r->by_ws = false;
    r->deadline = mono_add(e->now.mono, BINANCE_TIMEOUT_US + EXPIRY_SLACK_US);
    buf_init(&url, URL_MAX);
    buf_puts(&url, e->config->rest_url);
    enum err err = rest_target(&url, route->path, p->list, p->count, route->is_signed ? &e->config->key : NULL);
    char *target = engine_text(&url);
    struct effect *f = err == ERR_OK && target != NULL ? engine_effect(e, EFFECT_HTTP) : NULL;
    if (f == NULL) {
        free(target);
        return false;
    }
    f->id = request_id(e, r);
    f->upstream = UPSTREAM_BINANCE;
    f->method = route->verb;
    f->with_key = route->is_signed || route->key_header;
    f->target = target;
    f->timeout_us = BINANCE_TIMEOUT_US;
    f->max_body = LIMIT_HTTP_BODY_BYTES;
    e->exchange.rest_requests++;
    return true;
}

/* The half-open breaker lets one cheap call through, whatever was wanted. */
static bool ask_allowed_by_breaker(struct engine *e, const struct request *wanted, bool *trial) {
    *trial = false;
    switch (breaker_ask(&e->exchange.breaker, e->now)) {
    case BREAKER_CALL: return true;
    case BREAKER_REFUSE: return false;
    case BREAKER_TRIAL: break;
    }
    *trial = true;
    return wanted->ask == ASK_PING;
}

/* A refused key is tried again once a minute, by one question that needs it. */
static bool may_probe_key(const struct engine *e, enum ask ask) {
    bool probe = ask == ASK_SUBSCRIBE || ask == ASK_ACCOUNT || ask == ASK_LISTEN_KEY;
    return probe && mono_reached(e->now.mono, e->priv->key_again);
}

bool ask_binance(struct engine *e, const struct request *wanted, enum weight_need need) {
    const struct route *route = &routes[wanted->ask];
    struct request copy = *wanted;
    struct wall at = engine_exchange_time(e);
    bool refused = ask_proves_key(wanted->ask) && e->exchange.unauthorized;
    if (ask_proves_key(wanted->ask) && !engine_has_key(e)) return false;
    if (refused && !may_probe_key(e, wanted->ask)) return false;
    if (weight_banned(&e->exchange.weight, e->now.mono)) return false;
    if (!weight_allows(&e->exchange.weight, at, route->weight, need)) return false;
    struct link *link = route->method != NULL ? api_link(e, wanted) : NULL;
    if (link == NULL && (route->verb == NULL || !mono_reached(e->now.mono, e->priv->rest_again))) return false;
    if (link == NULL) {
        bool trial;
        bool allowed = ask_allowed_by_breaker(e, wanted, &trial);
        if (!allowed && !trial) return false;
        if (!allowed) copy = (struct request){.ask = ASK_PING};
        copy.trial = trial;
    }
    struct request *r = request_new(e, &copy);
    struct params p = {.count = 0};
    bool sent = false;
    buf_init(&p.symbols, URL_MAX * 2);
    if (r != NULL) {
        fill_params(e, &p, r);
        sent = link != NULL ? send_by_ws(e, r, &p, link->id) : send_by_rest(e, r, &p);
    }
    buf_free(&p.symbols);
    if (!sent) {
        if (r != NULL) r->ask = ASK_NONE;
        if (copy.trial) breaker_forget_trial(&e->exchange.breaker);
        return false;
    }
    if (refused) e->priv->key_again = mono_add(e->now.mono, US_PER_MIN);
    weight_spend(&e->exchange.weight, at, routes[copy.ask].weight);
    r->spent = e->exchange.weight.spent;
    return copy.ask == wanted->ask;
}

/* ---- to the bot ---- */

static const struct bot_route {
    const char *path;
    enum bot_endpoint endpoint;
} bot_routes[] = {
    [ASK_BOT_HEALTH] = {"/metrics", BOT_METRICS},   [ASK_BOT_STRATEGIES] = {"/api/strategies", BOT_STRATEGIES},
    [ASK_BOT_TRADES] = {"/api/trades", BOT_TRADES}, [ASK_BOT_ORDERS] = {"/api/orders", BOT_ORDERS},
    [ASK_BOT_OHLCV] = {"/api/ohlcv", BOT_OHLCV},    [ASK_BOT_CANDLES] = {"/api/ohlcv", BOT_OHLCV},
};

static void bot_url(struct engine *e, struct buf *url, const struct request *r) {
    bool fallback = r->ask == ASK_BOT_HEALTH && r->endpoint == BOT_HEALTH;
    buf_puts(url, e->config->bot_url);
    buf_puts(url, fallback ? "/health" : bot_routes[r->ask].path);
    if (r->ask == ASK_BOT_HEALTH || r->ask == ASK_BOT_STRATEGIES) return;
    buf_puts(url, "?symbol=");
    percent_encode(url, name_span(&e->pairs[r->pair]->symbol));
    if (r->ask == ASK_BOT_TRADES) buf_putf(url, "&limit=%d", BOT_TRADES_LIMIT);
    if (r->ask == ASK_BOT_OHLCV) buf_puts(url, "&timeframe=1m&limit=1");
    if (r->ask == ASK_BOT_CANDLES) {
        buf_puts(url, "&timeframe=");
        percent_encode(url, name_span(&r->interval));
        buf_putf(url, "&limit=%d", r->limit);
    }
}

static enum bot_endpoint health_endpoint(const struct engine *e) {
    const struct bot_state *b = &e->bot;
    bool metrics = !b->unavailable[BOT_METRICS] || mono_reached(e->now.mono, b->ask_again[BOT_METRICS]);
    return metrics ? BOT_METRICS : BOT_HEALTH;
}

bool ask_bot_may(const struct engine *e, enum ask ask) {
    const struct bot_state *b = &e->bot;
    bool health = ask == ASK_BOT_HEALTH;
    enum bot_endpoint p = health ? health_endpoint(e) : bot_routes[ask].endpoint;
    bool shut =
        !health || b->unavailable[p] || b->health_unauthorized; /* health is asked again at once after a mere failure */
    return !shut || mono_reached(e->now.mono, b->ask_again[p]);
}

bool ask_bot(struct engine *e, const struct request *wanted) {
    struct request copy = *wanted;
    struct bot_state *b = &e->bot;
    bool health = wanted->ask == ASK_BOT_HEALTH;
    copy.endpoint = health ? health_endpoint(e) : bot_routes[wanted->ask].endpoint;
    if (!ask_bot_may(e, wanted->ask)) return false;
    if (!rate_allows(&b->rate, e->now.mono, health)) return false;
    switch (breaker_ask(&b->breaker, e->now)) {
    case BREAKER_REFUSE: return false;
    case BREAKER_CALL: break;
    case BREAKER_TRIAL:
        copy = (struct request){
            .ask = ASK_BOT_HEALTH, .trial = true, .endpoint = b->unavailable[BOT_METRICS] ? BOT_HEALTH : BOT_METRICS};
        break;
    }
    struct request *r = request_new(e, &copy);
    struct buf url;
    buf_init(&url, URL_MAX);
    if (r != NULL) bot_url(e, &url, r);
    char *target = r != NULL ? engine_text(&url) : NULL;
    struct effect *f = target != NULL ? engine_effect(e, EFFECT_HTTP) : NULL;
    if (f == NULL) {
        free(target);
        if (r != NULL) r->ask = ASK_NONE;
        if (copy.trial) breaker_forget_trial(&b->breaker);
        return false;
    }
    r->deadline = mono_add(e->now.mono, e->config->bot_timeout_us + EXPIRY_SLACK_US);
    *f = (struct effect){.kind = EFFECT_HTTP,
                         .id = request_id(e, r),
                         .upstream = UPSTREAM_BOT,
                         .method = "GET",
                         .with_key = true,
                         .target = target,
                         .timeout_us = e->config->bot_timeout_us,
                         .max_body = LIMIT_HTTP_BODY_BYTES};
    rate_spend(&b->rate, e->now.mono, copy.ask == ASK_BOT_HEALTH);
    b->requests++;
    return copy.ask == wanted->ask;
}
