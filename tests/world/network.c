/* network.c: the engine's effects become deliveries at a later time: over links that break, to answers that fail, into a
 * store that may be slow or full. */
#include "inside.h"

#include <stdlib.h>

enum { BODY_MAX = 16 << 20 };

/* ---- the queue: a heap by (time, order) ---- */

static bool before(const struct delivery *a, const struct delivery *b) {
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void schedule(struct world *w, int64_t delay, struct delivery d) {
    if (w->queue_count == QUEUE_MAX) {
        free(d.body);
        broken(w, QUESTIONS_ARE_KNOWN, "the model's queue is full");
        return;
    }
    d.at = w->now + delay;
    d.order = w->queue_order++;
    d.life = w->life;
    size_t i = w->queue_count++;
    while (i > 0) {
        size_t up = (i - 1) / 2;
        if (before(&w->queue[up], &d)) break;
        w->queue[i] = w->queue[up];
        i = up;
    }
    w->queue[i] = d;
}

struct delivery take(struct world *w) {
    struct delivery top = w->queue[0], last = w->queue[--w->queue_count];
    size_t i = 0;
    while (true) {
        size_t c = 2 * i + 1;
        if (c >= w->queue_count) break;
        if (c + 1 < w->queue_count && before(&w->queue[c + 1], &w->queue[c])) c++;
        if (before(&last, &w->queue[c])) break;
        w->queue[i] = w->queue[c];
        i = c;
    }
    if (w->queue_count > 0) w->queue[i] = last;
    return top;
}

int64_t network_delay(struct world *w) {
    return (int64_t)(1000 + below(w, 60000)) + (fault_strikes(w, FAULT_LATE) ? drawn(w, 3 * US_PER_S) : 0);
}

/* ---- links ---- */

struct model_link *find_link(struct world *w, uint64_t id) {
    while (w->first_link < w->link_count && w->links[w->first_link].dead) w->first_link++;
    for (size_t i = w->link_count; i-- > w->first_link;)
        if (w->links[i].id == id) return &w->links[i];
    return NULL;
}

char *copy_text(const struct buf *b) {
    char *text = malloc(b->len + 1);
    if (text == NULL) abort();
    memcpy(text, b->len > 0 ? b->at : "", b->len);
    text[b->len] = '\0';
    return text;
}

void deliver_text(struct world *w, struct model_link *l, const char *text, int64_t after) {
    if (l->dead || l->stalled) return;
    schedule(w, after, (struct delivery){.kind = DELIVER_TEXT, .id = l->id, .body = strdup(text)});
}

/* Plain on a connection by listen key, in an envelope on the WebSocket API. */
void deliver_event(struct world *w, struct model_link *l, const char *event, int64_t after) {
    struct buf b;
    if (l->listen_key != 0) {
        deliver_text(w, l, event, after);
        return;
    }
    buf_init(&b, BODY_MAX);
    buf_puts(&b, "{\"subscriptionId\":0,\"event\":");
    buf_puts(&b, event);
    buf_puts(&b, "}");
    deliver_text(w, l, b.at, after);
    buf_free(&b);
}

void drop_link(struct world *w, struct model_link *l) {
    if (l->dead) return;
    l->dead = true;
    trace(w, "link %" PRIu64 " dropped by the world", l->id);
    schedule(w, 1000, (struct delivery){.kind = DELIVER_CLOSED, .id = l->id, .err = ERR_CLOSED});
}

/* ---- requests ---- */

static void put_result(struct world *w, struct buf *b, const char *text) {
    bool known = exchange_result(w, b, text);
    HOLDS(w, QUESTIONS_ARE_KNOWN, known, "Binance was asked %.100s", text);
}

/* In whole seconds, as the header has it. */
static int64_t retry_after(const struct world *w, const struct refusal *r) {
    return r->told ? (r->until - w->now + US_PER_S - 1) / US_PER_S * US_PER_S : 0;
}

static void refuse_limit(struct world *w, struct delivery *d, struct buf *b, const struct refusal *r) {
    d->status = r->status;
    d->retry_after_us = retry_after(w, r);
    buf_puts(b, "{\"code\":-1003,\"msg\":\"Too many requests.\"}");
}

/* By listen key: POST gives one, PUT keeps it. */
static void put_listen_key(struct world *w, struct delivery *d, struct buf *b, const struct effect *f) {
    if (strcmp(f->method, "POST") == 0) {
        if (w->listen_key == 0) w->listen_key = (uint64_t)w->now;
        buf_putf(b, "{\"listenKey\":\"key%" PRIu64 "\"}", w->listen_key);
    } else if (w->listen_key != 0 && (uint64_t)number_after(f->target, "listenKey=key", 0) == w->listen_key) {
        buf_puts(b, "{}");
    } else {
        d->status = 400;
        buf_puts(b, "{\"code\":-1125,\"msg\":\"This listenKey does not exist.\"}");
    }
}

static void answer_binance(struct world *w, struct delivery *d, struct buf *b, const struct effect *f) {
    bool keyed = f->with_key;
    struct refusal r = exchange_refuses(w);
    if (r.until != 0) refuse_limit(w, d, b, &r);
    else if (keyed && w->now < w->key_refused_until)
        d->status = 401, buf_puts(b, "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}");
    else if (exchange_timestamp_off(w, f->target))
        d->status = 400,
        buf_puts(b, "{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the recvWindow.\"}");
    else if (strstr(f->target, "openOrders") && fault_strikes(w, FAULT_ORDERS_FAIL)) d->status = 500;
    else if (strstr(f->target, "userDataStream")) put_listen_key(w, d, b, f);
    else if (!exchange_result(w, b, f->target)) broken(w, QUESTIONS_ARE_KNOWN, "Binance was asked %.100s", f->target);
    if (strstr(f->target, "ticker")) d->ticker = UINT32_MAX;
    d->weight_used = w->weight_used;
    d->weight_minute = w->weight_minute;
    d->info = d->status == 200 && strstr(f->target, "exchangeInfo") != NULL;
}

/* A body that is not looked at cannot be too short. */
static bool body_matters(const struct effect *f) {
    return strstr(f->target, "/ping") == NULL && strcmp(f->method, "PUT") != 0;
}

static void answer_bot(struct world *w, struct delivery *d, struct buf *b, const struct effect *f) {
    bool health = strstr(f->target, "/metrics") || strstr(f->target, "/health");
    if (strstr(f->target, "/api/orders") && fault_strikes(w, FAULT_ORDERS_FAIL)) d->status = 500;
    else if (!health && fault_strikes(w, FAULT_BOT_ABSENT)) d->status = 404, buf_puts(b, "{\"detail\":\"Not Found\"}");
    else if (fault_strikes(w, FAULT_BOT_LIMIT)) d->status = 429, d->retry_after_us = 30 * US_PER_S;
    else bot_answer(w, b, f->target);
}

static void on_http(struct world *w, const struct effect *f) {
    bool bot = f->upstream == UPSTREAM_BOT;
    struct delivery d = {.kind = DELIVER_HTTP, .id = f->id, .status = 200, .weight_used = -1, .remaining = -1};
    struct buf b;
    buf_init(&b, BODY_MAX);
    trace(w, "%s %.60s", bot ? "bot " : "REST", strstr(f->target, "/api") ? strstr(f->target, "/api") : f->target);
    d.number = (uint32_t)++w->result->requests;
    d.bot = bot;
    if (bot) w->bot_requests++;
    else w->rest_requests++;
    see_request(w, f, bot);
    if (!bot) see_kept_asked(w, f->target), exchange_spend(w, exchange_weight(f->target), f->target);
    d.weight_sent = w->life_weight;
    if (w->now < (bot ? w->bot_down_until : w->rest_down_until)) d.err = ERR_CONNECT;
    else if (fault_strikes(w, FAULT_TIMEOUT)) d.err = ERR_TIMEOUT;
    else if (fault_strikes(w, FAULT_BAD_GATEWAY)) d.status = 502, buf_puts(&b, "<html>bad gateway</html>");
    else if (fault_strikes(w, FAULT_TEAPOT)) d.status = 503;
    else if (fault_strikes(w, FAULT_HALF_BODY)) buf_puts(&b, "{\"half\":"), d.failed = body_matters(f);
    else if (bot) answer_bot(w, &d, &b, f);
    else answer_binance(w, &d, &b, f);
    d.failed |= d.err != ERR_OK || d.status >= 500;
    see_orders_asked(w, f->target, d.failed || d.status != 200);
    d.body = copy_text(&b);
    buf_free(&b);
    schedule(w, d.err == ERR_TIMEOUT ? f->timeout_us : network_delay(w), d);
}

/* ---- connections ---- */

static void on_connect(struct world *w, const struct effect *f) {
    struct delivery d = {.kind = DELIVER_OPEN, .id = f->id};
    struct model_link l = {.id = f->id, .market = strstr(f->target, "/stream") != NULL};
    const char *key = strstr(f->target, "/ws/key");
    bool api = !l.market && key == NULL;
    if (w->link_count == LINKS_MAX) {
        broken(w, CONNECTS_ARE_SPACED, "over %d connections in one run", LINKS_MAX);
        return;
    }
    trace(w, "connect %" PRIu64 " %s", f->id, f->target);
    if (api) see_binance(w, "a connection"), exchange_spend(w, 2, "a connection");
    if (key != NULL) l.listen_key = strtoull(key + 7, NULL, 10);
    bool refused = w->now < w->streams_down_until || fault_strikes(w, FAULT_REFUSED);
    struct refusal r = api ? exchange_refuses(w) : (struct refusal){0};
    bool banned = r.until != 0, stranger = key != NULL && l.listen_key != w->listen_key;
    if (refused || banned || stranger) {
        l.dead = true;
        d = (struct delivery){.kind = DELIVER_CLOSED, .id = f->id, .err = ERR_CONNECT};
        if (!refused) d.status = banned ? r.status : 400;
        if (!refused && banned) d.retry_after_us = retry_after(w, &r);
    }
    w->links[w->link_count++] = l;
    see_connect(w, &l);
    schedule(w, network_delay(w), d);
}

static void on_market_send(struct world *w, struct model_link *l, const char *text) {
    char reply[100];
    HOLDS(w, FIVE_MESSAGES_A_SECOND, l->sent[l->sent_next] == 0 || w->now - l->sent[l->sent_next] >= US_PER_S,
          "six in %.3f s", (double)(w->now - l->sent[l->sent_next]) / 1e6);
    l->sent[l->sent_next] = w->now;
    l->sent_next = (l->sent_next + 1) % 5;
    for (int m = 0; m < MARKETS && strstr(text, "\"SUBSCRIBE\""); m++) {
        static const char *const names[STREAMS] = {"ticker", "kline_1m", "kline_5m"};
        for (int i = 0; i < STREAMS; i++) {
            char name[40];
            (void)snprintf(name, sizeof name, "\"%s@%s\"", markets[m].lower, names[i]);
            if (strstr(text, name)) l->streams[i] |= 1U << m;
        }
    }
    (void)snprintf(reply, sizeof reply, "{\"result\":null,\"id\":%" PRId64 "}", number_after(text, "\"id\":", 0));
    deliver_text(w, l, reply, network_delay(w));
}

static void put_reply_error(struct world *w, struct buf *b, int status, const struct refusal *r) {
    if (status == 401)
        buf_puts(b, "\"error\":{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}}");
    else if (status == 400)
        buf_puts(b, "\"error\":{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the recvWindow.\"}}");
    else if (status == 500)
        buf_puts(b, "\"error\":{\"code\":-1000,\"msg\":\"An unknown error occurred while processing the request.\"}}");
    else if (!r->told) buf_puts(b, "\"error\":{\"code\":-1003,\"msg\":\"Too many requests.\"}}");
    else
        buf_putf(b,
                 "\"error\":{\"code\":-1003,\"msg\":\"Too many requests.\",\"data\":{\"serverTime\":%" PRId64
                 ",\"retryAfter\":%" PRId64 "}}}",
                 exchange_ms(w), exchange_ms(w) + (r->until - w->now) / 1000);
}

static void put_reply(struct world *w, struct model_link *l, struct buf *b, const char *text) {
    if (strstr(text, "session.subscriptions")) {
        buf_puts(b, l->subscribed ? "\"result\":[{\"subscriptionId\":0}]," : "\"result\":[],");
    } else {
        buf_puts(b, "\"result\":");
        put_result(w, b, text);
        buf_putc(b, ',');
    }
    buf_putf(b,
             "\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,"
             "\"limit\":%" PRId64 ",\"count\":%" PRId64 "}]}",
             w->weight_limit, w->weight_used);
    if (strstr(text, "subscribe.signature")) l->subscribed = true, l->subscribed_at = w->now;
}

static void on_api_send(struct world *w, struct model_link *l, const char *text) {
    bool keyed = strstr(text, "\"signature\":") != NULL;
    const char *id = strstr(text, "\"id\":");
    size_t n = id ? strcspn(id + 5, ",}") : 0;
    struct buf b;
    see_binance(w, "a question");
    if (keyed) see_key(w);
    see_kept_asked(w, text);
    exchange_spend(w, exchange_weight(text), text);
    see_orders_asked(w, text, true);
    if (l->stalled || fault_strikes(w, FAULT_UNANSWERED)) return;
    bool off = keyed && (exchange_timestamp_off(w, text) || fault_strikes(w, FAULT_BAD_TIMESTAMP));
    struct refusal r = exchange_refuses(w);
    int status = r.until != 0                                                        ? r.status
                 : keyed && w->now < w->key_refused_until                            ? 401
                 : off                                                               ? 400
                 : strstr(text, "openOrders") && fault_strikes(w, FAULT_ORDERS_FAIL) ? 500
                                                                                     : 200;
    struct delivery d = {.kind = DELIVER_TEXT, .id = l->id, .status = status};
    see_orders_asked(w, text, status != 200);
    if (status == 418 || status == 429) d.retry_after_us = r.told ? r.until - w->now : 0;
    d.info = status == 200 && strstr(text, "exchangeInfo") != NULL;
    if (status == 200)
        d.weight_used = w->weight_used, d.weight_minute = w->weight_minute, d.weight_sent = w->life_weight;
    if (strstr(text, "ticker")) d.ticker = UINT32_MAX;
    buf_init(&b, BODY_MAX);
    buf_putf(&b, "{\"id\":%.*s,\"status\":%d,", (int)n, id ? id + 5 : "", status);
    if (status != 200) put_reply_error(w, &b, status, &r);
    else put_reply(w, l, &b, text);
    d.body = copy_text(&b);
    buf_free(&b);
    schedule(w, network_delay(w), d);
}

static void on_send(struct world *w, const struct effect *f) {
    struct model_link *l = find_link(w, f->id);
    if (l == NULL || l->dead || !l->open) return;
    trace(w, "send %" PRIu64 " %.80s", f->id, f->text);
    if (l->market) on_market_send(w, l, f->text);
    else on_api_send(w, l, f->text);
}

/* ---- the store ---- */

/* Fills of an epoch that has ended belong to another account. */
void keep(struct world *w, const struct fill *fills, size_t count, int epoch) {
    size_t need = w->stored_count + count;
    if (epoch != w->epoch) return;
    if (need > w->stored_capacity) {
        w->stored_capacity = need * 2;
        w->stored = realloc(w->stored, w->stored_capacity * sizeof *w->stored);
    }
    memcpy(w->stored + w->stored_count, fills, count * sizeof *fills);
    w->stored_count += count;
}

bool disk_full(const struct world *w) { return w->store_gone || w->now < w->disk_full_until; }

/* Durable when the commit is told: a crash before it loses the batch, and nothing of it was shown. */
static void on_persist(struct world *w, const struct effect *f) {
    HOLDS(w, NOTHING_FOR_A_DEAD_STORE, !w->store_gone, "a batch was handed to it");
    if (f->id == 0) {
        if (!disk_full(w)) keep(w, f->fills, f->fill_count, w->epoch);
        return;
    }
    bool fails = disk_full(w) || fault_strikes(w, FAULT_COMMIT_FAILS);
    w->batch = f->fills;
    w->batch_count = f->fill_count;
    w->batch_epoch = w->epoch;
    struct delivery d = {.kind = DELIVER_COMMIT, .id = f->id, .err = fails ? ERR_IO : ERR_OK};
    int64_t after = (int64_t)below(w, 20000) + (fault_strikes(w, FAULT_COMMIT_LATE) ? 3 * US_PER_S : 0);
    if (fault_strikes(w, FAULT_CRASH_IN_COMMIT)) {
        d.kind = DELIVER_CRASH;
        if (w->draw % 2 == 0) d.err = ERR_IO;
    }
    schedule(w, after, d);
}

static void on_remember(struct world *w, const struct effect *f) {
    if (w->store_gone || f->text == NULL) return;
    if (strcmp(f->key, "symbols") == 0) {
        free(w->symbols);
        w->symbols = strdup(f->text);
    }
    if (strcmp(f->key, "epoch") != 0) return;
    w->epoch++;
    w->wipe_unnoticed = false;
    w->stored_count = 0;
    kept_forget(w);
    for (int m = 0; m < TRADABLE; m++) w->history[m] = -1;
}

static void on_point(struct world *w, const struct effect *f) {
    if (disk_full(w) || w->point_count == POINTS_MAX) return;
    struct point p = {f->time.us, malloc(f->text_len), f->text_len};
    if (p.bytes == NULL) abort();
    memcpy(p.bytes, f->text, f->text_len);
    w->points[w->point_count++] = p;
}

static void on_history(struct world *w, const struct effect *f) {
    for (int m = 0; m < TRADABLE && !disk_full(w); m++)
        if (name_is(&f->symbol, markets[m].symbol)) w->history[m] = f->complete_to;
}

void perform(struct world *w) {
    struct effect f;
    while (engine_next_effect(w->engine, &f)) {
        struct model_link *l;
        switch (f.kind) {
        case EFFECT_HTTP: on_http(w, &f); break;
        case EFFECT_WS_CONNECT: on_connect(w, &f); break;
        case EFFECT_WS_SEND: on_send(w, &f); break;
        case EFFECT_WS_CLOSE:
            if ((l = find_link(w, f.id)) != NULL) l->dead = true;
            break;
        case EFFECT_PERSIST: on_persist(w, &f); break;
        case EFFECT_HISTORY: on_history(w, &f); break;
        case EFFECT_REMEMBER: on_remember(w, &f); break;
        case EFFECT_POINT: on_point(w, &f); break;
        case EFFECT_CANDLES: see_candles(w, &f); break;
        case EFFECT_ASK_CANDLES: kept_ask_candles(w, &f); break;
        case EFFECT_KEEP_CANDLES: kept_take_candles(w, &f); break;
        case EFFECT_KEEP_MARKETS: kept_take_markets(w, &f); break;
        case EFFECT_LOG: trace(w, "log %s: %s", f.topic, f.text); break;
        default: break;
        }
        effect_free(&f);
    }
}
