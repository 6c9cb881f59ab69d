#include "world.h"

#include "view/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TRADES_MAX = 60000,
    QUEUE_MAX = 60000,
    LINKS_MAX = 4096,
    SYMBOLS = 6,
    PAGE = 1000,
    OLD_TRADES = 2400,
    ORDERS_OPEN_MAX = 40,
    STEPS_KEPT = 60,
    BOT_LIMIT = 90
};

static const struct model_symbol {
    const char *symbol, *exchange, *base, *quote;
    int64_t price; /* in 1e-8 */
} symbols[SYMBOLS] = {
    {"BTC/USDT", "BTCUSDT", "BTC", "USDT", 6400000000000}, {"ETH/USDT", "ETHUSDT", "ETH", "USDT", 318000000000},
    {"SOL/USDT", "SOLUSDT", "SOL", "USDT", 15500000000},   {"ETH/BTC", "ETHBTC", "ETH", "BTC", 4968750},
    {"BNB/USDT", "BNBUSDT", "BNB", "USDT", 60000000000},   {"PEPE/USDT", "PEPEUSDT", "PEPE", "USDT", 1234},
};

struct trade {
    int symbol;
    int64_t id, order;
    bool buy, maker;
    int64_t price, quantity; /* 1e-8 */
    int64_t fee;             /* 1e-8 of the fee asset */
    const char *fee_asset;
    int64_t time_ms;
};

enum delivery_kind { DELIVER_HTTP, DELIVER_OPEN, DELIVER_TEXT, DELIVER_PING, DELIVER_CLOSED, DELIVER_COMMIT };

struct delivery {
    int64_t at;
    uint64_t order; /* ties in the order of scheduling */
    enum delivery_kind kind;
    uint64_t id;
    int status;
    enum err err;
    char *body;
    int64_t retry_after_us;
    int life; /* of the engine: what was meant for an earlier one never arrives */
};

struct model_link {
    uint64_t id;
    bool market, open, dead, stalled;
    bool subscribed;
    int64_t opened;
    int64_t order_at; /* when the last order event arrives: one connection keeps their order */
};

struct model_order {
    int symbol;
    int64_t id;
    bool buy;
    int64_t price, quantity;
};

struct world {
    struct world_config config;
    struct rng rng;
    int64_t now; /* us, wall = mono + epoch */
    struct engine *engine;
    struct view *view; /* as a page follows it, delta by delta */
    struct mono view_beat;
    struct buf told[3]; /* delta, what the page knows, what is */
    struct engine_config engine_config;
    int life;
    struct trade *trades;
    size_t trade_count;
    int64_t next_id[SYMBOLS], next_order;
    int64_t prices[SYMBOLS];
    int64_t holdings[SYMBOLS];
    struct delivery *queue;
    size_t queue_count;
    uint64_t queue_order;
    struct model_link links[LINKS_MAX];
    size_t link_count;
    struct fill *stored; /* what the store has committed */
    size_t stored_count, stored_capacity;
    const struct fill *batch; /* the engine's, until it is told of the commit */
    size_t batch_count;
    int64_t history[SYMBOLS];
    bool store_broken, store_gone;
    struct model_order orders[ORDERS_OPEN_MAX]; /* open */
    size_t order_count;
    int64_t next_open_order;
    bool inactive[SYMBOLS]; /* left the bot's strategies */
    int64_t key_refused_until, wall_shift;
    /* what the invariants look at */
    char (*steps)[160]; /* a ring of the last steps, for a failing seed */
    size_t step_count;
    int64_t silent_until; /* as the engine was told with a 429 */
    int64_t key_tried;    /* the last try of a key known to be refused; 0 none */
    int64_t bot_times[BOT_LIMIT];
    size_t bot_next;
    uint64_t committed;  /* fills, in this life */
    bool always_durable; /* in this life */
    bool calm, quiet;    /* no more faults; no more trades */
    int64_t rest_down_until, bot_down_until, ws_down_until, ban_until, clock_offset;
    uint64_t rest_requests, bot_requests;
    struct world_result *result;
};

#define EPOCH INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static struct now world_now(const struct world *w) { return (struct now){{w->now}, {EPOCH + w->now + w->wall_shift}}; }
static int64_t exchange_ms(const struct world *w) { return (EPOCH + w->now + w->clock_offset) / 1000; }
static uint64_t below(struct world *w, uint64_t n) { return rng_below(&w->rng, n); }
static bool chance(struct world *w, unsigned in) { return w->config.faults && !w->calm && rng_below(&w->rng, in) == 0; }

static void trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void trace(struct world *w, const char *format, ...) {
    char *step = w->steps[w->step_count++ % STEPS_KEPT];
    int n = snprintf(step, sizeof *w->steps, "%12.3f ", (double)w->now / 1e6);
    va_list args;
    va_start(args, format);
    vsnprintf(step + n, sizeof *w->steps - (size_t)n, format, args);
    va_end(args);
    if (w->config.trace) fprintf(stderr, "%s\n", step);
}

static void fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct world *w, const char *format, ...) {
    va_list args;
    if (!w->result->ok) return;
    w->result->ok = false;
    va_start(args, format);
    vsnprintf(w->result->why, sizeof w->result->why, format, args);
    va_end(args);
}

/* ---- the network ---- */

static void schedule(struct world *w, int64_t delay, struct delivery d) {
    if (w->queue_count == QUEUE_MAX) {
        free(d.body);
        fail(w, "the model's queue is full");
        return;
    }
    d.at = w->now + delay;
    d.order = w->queue_order++;
    d.life = w->life;
    size_t i = w->queue_count++;
    while (i > 0) { /* a heap by (time, order) */
        size_t up = (i - 1) / 2;
        if (w->queue[up].at < d.at || (w->queue[up].at == d.at && w->queue[up].order < d.order)) break;
        w->queue[i] = w->queue[up];
        i = up;
    }
    w->queue[i] = d;
}

static struct delivery take(struct world *w) {
    struct delivery top = w->queue[0], last = w->queue[--w->queue_count];
    size_t i = 0;
    while (true) {
        size_t c = 2 * i + 1;
        if (c >= w->queue_count) break;
        if (c + 1 < w->queue_count &&
            (w->queue[c + 1].at < w->queue[c].at ||
             (w->queue[c + 1].at == w->queue[c].at && w->queue[c + 1].order < w->queue[c].order)))
            c++;
        if (last.at < w->queue[c].at || (last.at == w->queue[c].at && last.order < w->queue[c].order)) break;
        w->queue[i] = w->queue[c];
        i = c;
    }
    if (w->queue_count > 0) w->queue[i] = last;
    return top;
}

static int64_t delay(struct world *w) {
    return (int64_t)(1000 + below(w, 60000)) + (chance(w, 40) ? (int64_t)below(w, 3000000) : 0);
}

static struct model_link *find_link(struct world *w, uint64_t id) {
    for (size_t i = w->link_count; i-- > 0;)
        if (w->links[i].id == id) return &w->links[i];
    return NULL;
}

static char *copy(const struct buf *b) {
    char *text = malloc(b->len + 1);
    memcpy(text, b->len > 0 ? b->at : "", b->len);
    text[b->len] = '\0';
    return text;
}

static void deliver_text(struct world *w, struct model_link *l, const char *text, int64_t after) {
    struct buf b;
    if (l->dead || l->stalled) return;
    buf_init(&b, 1 << 20);
    buf_puts(&b, text);
    schedule(w, after, (struct delivery){.kind = DELIVER_TEXT, .id = l->id, .body = copy(&b)});
    buf_free(&b);
}

static void drop_link(struct world *w, struct model_link *l) {
    if (l->dead) return;
    l->dead = true;
    trace(w, "link %" PRIu64 " dropped by the world", l->id);
    schedule(w, 1000, (struct delivery){.kind = DELIVER_CLOSED, .id = l->id, .err = ERR_CLOSED});
}

/* ---- the model exchange ---- */

static void put_dec(struct buf *b, int64_t v) {
    char text[DEC_TEXT_MAX];
    dec8_format_fixed(text, (struct dec8){v}, 8);
    buf_puts(b, text);
}

static void put_product(struct buf *b, int64_t p, int64_t q) {
    char text[DEC_TEXT_MAX];
    struct dec16 product;
    if (dec8_mul(&product, (struct dec8){p}, (struct dec8){q}) != ERR_OK) abort();
    dec16_format(text, product);
    buf_puts(b, text);
}

static void put_trade(struct buf *b, const struct trade *t) {
    buf_putf(b, "{\"symbol\":\"%s\",\"id\":%" PRId64 ",\"orderId\":%" PRId64 ",\"orderListId\":-1,\"price\":\"",
             symbols[t->symbol].exchange, t->id, t->order);
    put_dec(b, t->price);
    buf_puts(b, "\",\"qty\":\"");
    put_dec(b, t->quantity);
    buf_puts(b, "\",\"quoteQty\":\"");
    put_product(b, t->price, t->quantity);
    buf_puts(b, "\",\"commission\":\"");
    put_dec(b, t->fee);
    buf_putf(b,
             "\",\"commissionAsset\":\"%s\",\"time\":%" PRId64 ",\"isBuyer\":%s,\"isMaker\":%s,\"isBestMatch\":true}",
             t->fee_asset, t->time_ms, t->buy ? "true" : "false", t->maker ? "true" : "false");
}

static void put_report(struct buf *b, const struct trade *t, int64_t now_ms) {
    buf_putf(b,
             "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":%" PRId64
             ",\"s\":\"%s\",\"c\":\"x\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"",
             now_ms, symbols[t->symbol].exchange, t->buy ? "BUY" : "SELL");
    put_dec(b, t->quantity * 3);
    buf_puts(b, "\",\"p\":\"");
    put_dec(b, t->price + 1000);
    buf_putf(
        b,
        "\",\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"TRADE\",\"X\":\"FILLED\",\"r\":\"NONE\",\"i\":%" PRId64
        ",\"l\":\"",
        t->order);
    put_dec(b, t->quantity);
    buf_puts(b, "\",\"z\":\"");
    put_dec(b, t->quantity * 3);
    buf_puts(b, "\",\"L\":\"");
    put_dec(b, t->price);
    buf_puts(b, "\",\"n\":\"");
    put_dec(b, t->fee);
    buf_putf(b,
             "\",\"N\":\"%s\",\"T\":%" PRId64 ",\"t\":%" PRId64
             ",\"I\":1,\"w\":false,\"m\":%s,\"M\":false,\"O\":%" PRId64 ",\"Z\":\"0\",\"Y\":\"",
             t->fee_asset, t->time_ms, t->id, t->maker ? "true" : "false", t->time_ms);
    put_product(b, t->price, t->quantity);
    buf_puts(b, "\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}}");
}

static void trade_now(struct world *w, bool announce) {
    if (w->trade_count == TRADES_MAX) return;
    int s = (int)below(w, w->config.symbols);
    struct trade t = {
        .symbol = s, .id = w->next_id[s], .order = w->next_order, .maker = below(w, 2), .time_ms = exchange_ms(w)};
    w->next_id[s] += 1 + (int64_t)below(w, 3);
    if (below(w, 3) > 0) w->next_order++; /* else the next fill belongs to the same order */
    t.buy = w->holdings[s] < 200000000 || below(w, 2);
    t.price = w->prices[s];
    t.quantity = (int64_t)(1 + below(w, 50)) * 1000000;
    if (!t.buy && t.quantity > w->holdings[s]) t.quantity = w->holdings[s];
    if (t.quantity <= 0) return;
    bool bnb = w->config.fees_in_bnb && below(w, 2);
    t.fee_asset = bnb ? "BNB" : t.buy ? symbols[s].base : symbols[s].quote;
    t.fee = bnb     ? (int64_t)(1 + below(w, 5000))
            : t.buy ? t.quantity / 1000
                    : (int64_t)((i128)t.quantity * t.price / DEC8_ONE / 1000);
    w->holdings[s] += t.buy ? t.quantity - (t.fee_asset == symbols[s].base ? t.fee : 0) : -t.quantity;
    w->trades[w->trade_count++] = t;
    if (!announce) return;
    struct buf b;
    buf_init(&b, 4096);
    put_report(&b, &t, exchange_ms(w));
    for (size_t i = 0; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->market || !l->open || !l->subscribed) continue;
        if (chance(w, 200)) { /* the connection breaks between the fill and its report */
            drop_link(w, l);
            continue;
        }
        deliver_text(w, l, b.at, delay(w));
        if (chance(w, 30)) deliver_text(w, l, b.at, delay(w)); /* repeated */
    }
    buf_free(&b);
}

static void put_order_report(struct buf *b, const struct model_order *o, bool open, int64_t now_ms) {
    buf_putf(b,
             "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":%" PRId64
             ",\"s\":\"%s\",\"c\":\"x\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"",
             now_ms, symbols[o->symbol].exchange, o->buy ? "BUY" : "SELL");
    put_dec(b, o->quantity);
    buf_puts(b, "\",\"p\":\"");
    put_dec(b, o->price);
    buf_putf(b,
             "\",\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"%s\",\"X\":\"%s\",\"r\":\"NONE\",\"i\":%" PRId64
             ",\"l\":\"0\",\"z\":\"0\",\"L\":\"0\",\"n\":\"0\",\"N\":null,"
             "\"T\":%" PRId64 ",\"t\":-1,\"I\":1,\"w\":true,\"m\":false,\"M\":false,\"O\":%" PRId64
             ",\"Z\":\"0\",\"Y\":\"0\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}}",
             open ? "NEW" : "CANCELED", open ? "NEW" : "CANCELED", o->id, now_ms, now_ms);
}

/* An order is placed or cancelled. On one connection the reports keep their order; two connections know nothing of each other. */
static void order_now(struct world *w) {
    bool open = w->order_count < 4 || (w->order_count < ORDERS_OPEN_MAX && below(w, 2));
    struct model_order o;
    if (open) {
        int s = (int)below(w, w->config.symbols);
        o = (struct model_order){s, w->next_open_order++, below(w, 2),
                                 w->prices[s] - w->prices[s] / 50 + (int64_t)below(w, 1000), 1000000};
        w->orders[w->order_count++] = o;
    } else {
        size_t i = below(w, w->order_count);
        o = w->orders[i];
        w->orders[i] = w->orders[--w->order_count];
    }
    struct buf b;
    buf_init(&b, 4096);
    put_order_report(&b, &o, open, exchange_ms(w));
    for (size_t i = 0; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->market || l->dead || !l->open || !l->subscribed) continue;
        int64_t at = w->now + delay(w);
        if (at <= l->order_at) at = l->order_at + 1;
        l->order_at = at;
        deliver_text(w, l, b.at, at - w->now);
    }
    buf_free(&b);
}

static void tick(struct world *w) {
    char text[400];
    struct buf b;
    for (size_t s = 0; s < w->config.symbols || s == 4; s++) {
        if (s >= SYMBOLS) break;
        int64_t step = w->prices[s] / 2000 + 1;
        w->prices[s] += (int64_t)below(w, (uint64_t)(2 * step + 1)) - step;
        if (w->prices[s] < 100) w->prices[s] = 100;
        buf_init(&b, 400);
        put_dec(&b, w->prices[s]);
        char lower[16];
        size_t n = 0;
        for (; symbols[s].exchange[n] != '\0'; n++) lower[n] = (char)(symbols[s].exchange[n] | 32);
        lower[n] = '\0';
        (void)snprintf(text, sizeof text,
                       "{\"stream\":\"%s@ticker\",\"data\":{\"e\":\"24hrTicker\",\"E\":%" PRId64
                       ",\"s\":\"%s\",\"c\":\"%s\"}}",
                       lower, exchange_ms(w), symbols[s].exchange, b.at);
        for (size_t i = 0; i < w->link_count; i++)
            if (w->links[i].market && w->links[i].open && w->links[i].subscribed)
                deliver_text(w, &w->links[i], text, delay(w));
        buf_free(&b);
        if (s >= w->config.symbols) break;
        if (s + 1 >= w->config.symbols && w->config.symbols <= 4) s = 3; /* BNB prices the fees */
    }
}

static int symbol_in(const char *text) {
    for (int s = 0; s < SYMBOLS; s++) {
        char one[40], two[40];
        (void)snprintf(one, sizeof one, "symbol=%s&", symbols[s].exchange);
        (void)snprintf(two, sizeof two, "\"symbol\":\"%s\"", symbols[s].exchange);
        if (strstr(text, one) || strstr(text, two)) return s;
        (void)snprintf(one, sizeof one, "symbol=%s%%2F%s", symbols[s].base, symbols[s].quote);
        if (strstr(text, one)) return s;
    }
    return -1;
}

static int64_t number_after(const char *text, const char *key, int64_t absent) {
    const char *at = strstr(text, key);
    return at == NULL ? absent : strtoll(at + strlen(key), NULL, 10);
}

static void put_my_trades(struct world *w, struct buf *b, const char *text) {
    int s = symbol_in(text);
    int64_t from = number_after(text, "fromId=", number_after(text, "\"fromId\":", -1));
    size_t rows = 0, skip = 0, lag = chance(w, 15) ? 1 + below(w, 3) : 0; /* the database behind the answers lags */
    size_t total = 0;
    for (size_t i = 0; i < w->trade_count; i++) total += w->trades[i].symbol == s && w->trades[i].id >= from;
    total = total > lag ? total - lag : 0;
    if (from < 0 && total > PAGE) skip = total - PAGE;
    buf_putc(b, '[');
    for (size_t i = 0; i < w->trade_count && total > 0 && rows < PAGE; i++) {
        if (w->trades[i].symbol != s || w->trades[i].id < from) continue;
        total--;
        if (skip > 0) {
            skip--;
            continue;
        }
        if (rows++ > 0) buf_putc(b, ',');
        put_trade(b, &w->trades[i]);
    }
    buf_putc(b, ']');
}

static void put_open_orders(const struct world *w, struct buf *b, int s) {
    const char *comma = "";
    buf_putc(b, '[');
    for (size_t i = 0; i < w->order_count; i++) {
        const struct model_order *o = &w->orders[i];
        if (o->symbol != s) continue;
        buf_putf(b,
                 "%s{\"symbol\":\"%s\",\"orderId\":%" PRId64 ",\"orderListId\":-1,\"clientOrderId\":\"x\",\"price\":\"",
                 comma, symbols[s].exchange, o->id);
        put_dec(b, o->price);
        buf_puts(b, "\",\"origQty\":\"");
        put_dec(b, o->quantity);
        buf_putf(b,
                 "\",\"executedQty\":\"0\",\"cummulativeQuoteQty\":\"0\",\"status\":\"NEW\",\"timeInForce\":\"GTC\","
                 "\"type\":\"LIMIT\",\"side\":\"%s\",\"stopPrice\":\"0\","
                 "\"icebergQty\":\"0\",\"time\":1767225600000,\"updateTime\":1767225600000,\"isWorking\":true,"
                 "\"workingTime\":1767225600000,\"origQuoteOrderQty\":\"0\",\"selfTradePreventionMode\":\"NONE\"}",
                 o->buy ? "BUY" : "SELL");
        comma = ",";
    }
    buf_putc(b, ']');
}

static void put_bot_orders(const struct world *w, struct buf *b, int s) {
    const char *comma = "";
    buf_puts(b, "{\"orders\": [");
    for (size_t i = 0; i < w->order_count; i++) {
        const struct model_order *o = &w->orders[i];
        if (o->symbol != s) continue;
        buf_putf(b,
                 "%s{\"id\": \"%" PRId64 "\", \"symbol\": \"%s\", \"side\": \"%s\", \"type\": \"limit\", \"price\": \"",
                 comma, o->id, symbols[s].symbol, o->buy ? "buy" : "sell");
        put_dec(b, o->price);
        buf_puts(b, "\", \"amount\": \"");
        put_dec(b, o->quantity);
        buf_puts(b, "\", \"filled\": \"0\", \"remaining\": \"0\", \"status\": \"open\", \"timestamp\": "
                    "\"2026-01-01T00:00:00+00:00\"}");
        comma = ", ";
    }
    buf_puts(b, "]}");
}

static void put_info(struct buf *b) {
    buf_puts(b, "{\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,"
                "\"limit\":6000}],\"symbols\":[");
    for (int s = 0; s < SYMBOLS; s++)
        buf_putf(b,
                 "%s{\"symbol\":\"%s\",\"status\":\"TRADING\",\"baseAsset\":\"%s\",\"quoteAsset\":\"%s\",\"filters\":[{"
                 "\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"0.00000001\"}]}",
                 s ? "," : "", symbols[s].exchange, symbols[s].base, symbols[s].quote);
    buf_puts(b, "]}");
}

/* A candle's close is a function of market and minute, so that every source tells the same. */
static int64_t minute_close_of(int s, int64_t minute) {
    return symbols[s].price +
           (int64_t)(mix64((uint64_t)minute * 7 + (uint64_t)s) % (uint64_t)(symbols[s].price / 100 + 1));
}

static void put_klines(struct world *w, struct buf *b, const char *text) {
    int s = symbol_in(text);
    int64_t start =
        number_after(text, "startTime=", number_after(text, "\"startTime\":", (exchange_ms(w) / 60000 - 10) * 60000));
    const char *comma = "";
    buf_putc(b, '[');
    for (int64_t t = start; s >= 0 && t <= exchange_ms(w) && t < start + 1000 * 60000; t += 60000) {
        buf_putf(b, "%s[%" PRId64 ",\"1\",\"9\",\"1\",\"", comma, t);
        put_dec(b, minute_close_of(s, t / 60000));
        buf_putf(b, "\",\"5\",%" PRId64 ",\"1\",1,\"1\",\"1\",\"0\"]", t + 59999);
        comma = ",";
    }
    buf_putc(b, ']');
}

static void put_prices(struct world *w, struct buf *b) {
    for (int s = 0; s < SYMBOLS; s++) {
        buf_putf(b, "%s{\"symbol\":\"%s\",\"price\":\"", s ? "," : "[", symbols[s].exchange);
        put_dec(b, w->prices[s]);
        buf_puts(b, "\"}");
    }
    buf_putc(b, ']');
}

/* The result of a question to Binance, by what its text mentions. */
static bool put_result(struct world *w, struct buf *b, const char *text) {
    if (strstr(text, "myTrades")) put_my_trades(w, b, text);
    else if (strstr(text, "openOrders")) put_open_orders(w, b, symbol_in(text));
    else if (strstr(text, "exchangeInfo")) put_info(b);
    else if (strstr(text, "klines")) put_klines(w, b, text);
    else if (strstr(text, "ticker")) put_prices(w, b);
    else if (strstr(text, "/time") || strstr(text, "\"method\":\"time\""))
        buf_putf(b, "{\"serverTime\":%" PRId64 "}", exchange_ms(w));
    else if (strstr(text, "account"))
        buf_puts(b, "{\"uid\":42,\"commissionRates\":{\"maker\":\"0.001\",\"taker\":\"0.001\"},\"canTrade\":false,"
                    "\"canWithdraw\":false,\"balances\":[]}");
    else if (strstr(text, "ping")) buf_puts(b, "{}");
    else if (strstr(text, "session.subscriptions")) buf_puts(b, "[{\"subscriptionId\":0}]");
    else if (strstr(text, "subscribe.signature")) buf_puts(b, "{\"subscriptionId\":0}");
    else return false;
    return true;
}

static void put_bot_trades(struct world *w, struct buf *b, int s) {
    size_t rows = 0;
    buf_puts(b, "{\"trades\": [");
    for (size_t i = w->trade_count; i-- > 0 && rows < PAGE;) {
        const struct trade *t = &w->trades[i];
        if (t->symbol != s) continue;
        char time[WALL_TEXT_MAX];
        wall_format(time, wall_of_ms(t->time_ms));
        time[26] = '\0';
        buf_putf(b,
                 "%s{\"id\": \"%" PRId64 "\", \"order_id\": \"%" PRId64
                 "\", \"symbol\": \"%s\", \"side\": \"%s\", \"amount\": \"",
                 rows++ ? ", " : "", t->id, t->order, symbols[s].symbol, t->buy ? "buy" : "sell");
        put_dec(b, t->quantity);
        buf_puts(b, "\", \"price\": \"");
        put_dec(b, t->price);
        buf_puts(b, "\", \"cost\": \"");
        put_product(b, t->price, t->quantity);
        buf_puts(b, "\", \"fee\": ");
        if (t->fee == 0) buf_puts(b, "null");
        else {
            buf_putc(b, '"');
            put_dec(b, t->fee);
            buf_putc(b, '"');
        }
        buf_putf(b, ", \"timestamp\": \"%s+00:00\"}", time);
    }
    buf_puts(b, "]}");
}

static void put_strategies(struct world *w, struct buf *b) {
    buf_puts(b, "{\"strategies\": [");
    const char *comma = "";
    for (size_t s = 0; s < w->config.symbols; s++) {
        if (w->inactive[s]) continue;
        buf_putf(b,
                 "%s{\"name\": \"grid\", \"symbol\": \"%s\", \"statistics\": {\"total_profit\": \"1\", \"total_fees\": "
                 "\"0\", \"completed_cycles\": 0, \"active_buy_orders\": 0, \"active_sell_orders\": 0}, \"config\": "
                 "{\"type\": \"grid\", \"lower_price\": \"1\", \"upper_price\": \"2\", \"num_grids\": 3, "
                 "\"total_investment\": \"100\"}}",
                 comma, symbols[s].symbol);
        comma = ", ";
    }
    buf_puts(b, "]}");
}

/* ---- effects ---- */

/* ---- invariants of what goes out ---- */

enum { CLOCK_SLACK_S = 21 }; /* the model's exchange may set its clock by 20 s: a time told before is off by so much */

static void see_binance(struct world *w, const char *what) {
    if (w->now < w->silent_until - CLOCK_SLACK_S * US_PER_S) fail(w, "silence_after_429: %s was sent", what);
}

/* Told that the key is refused, the engine tries it once a minute at most (what was sent before it knew does not count). */
static void see_key(struct world *w) {
    if (!w->engine->exchange.unauthorized) w->key_tried = 0;
    else if (w->key_tried != 0 && w->now - w->key_tried < 59 * US_PER_S)
        fail(w, "refused_key_once_a_minute: tried after %.1f s", (double)(w->now - w->key_tried) / 1e6);
    else w->key_tried = w->now;
}

static void see_request(struct world *w, const struct effect *f, bool bot) {
    if (!bot) {
        see_binance(w, "a request");
        if (strstr(f->target, "signature=") != NULL) see_key(w);
        return;
    }
    int64_t oldest = w->bot_times[w->bot_next];
    if (oldest != 0 && w->now - oldest < US_PER_MIN) fail(w, "bot_limit: over %d requests in a minute", BOT_LIMIT);
    w->bot_times[w->bot_next] = w->now;
    w->bot_next = (w->bot_next + 1) % BOT_LIMIT;
    if (w->engine->bot.breaker.state == BREAKER_OPEN) fail(w, "open_breaker_refuses: the bot was asked");
}

static void on_http(struct world *w, const struct effect *f) {
    bool bot = f->upstream == UPSTREAM_BOT;
    struct delivery d = {.kind = DELIVER_HTTP, .id = f->id, .status = 200};
    struct buf b;
    buf_init(&b, 16 << 20);
    trace(w, "%s %.60s", bot ? "bot " : "REST", strstr(f->target, "/api") ? strstr(f->target, "/api") : f->target);
    w->result->requests++;
    if (bot) w->bot_requests++;
    else w->rest_requests++;
    see_request(w, f, bot);
    int64_t down = bot ? w->bot_down_until : w->rest_down_until;
    if (w->now < down) d.err = ERR_CONNECT;
    else if (!bot && w->now < w->ban_until) d.status = 429, d.retry_after_us = w->ban_until - w->now;
    else if (!bot && w->now < w->key_refused_until && strstr(f->target, "signature="))
        d.status = 401, buf_puts(&b, "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}");
    else if (chance(w, 25)) d.err = ERR_TIMEOUT;
    else if (chance(w, 25)) d.status = 502, buf_puts(&b, "<html>bad gateway</html>");
    else if (chance(w, 40)) buf_puts(&b, "{\"half\":");
    else if (!bot && !put_result(w, &b, f->target)) fail(w, "unexpected request %.100s", f->target);
    else if (bot && strstr(f->target, "/metrics"))
        buf_puts(&b, "{\"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": 5.5, \"heartbeat_age_seconds\": "
                     "5.5, \"bot_running\": true}");
    else if (bot && strstr(f->target, "/api/strategies")) put_strategies(w, &b);
    else if (bot && strstr(f->target, "/api/trades")) {
        if (chance(w, 20)) buf_puts(&b, "{\"trades\": []}"); /* an outage of the exchange looks like this (BOT_API 3) */
        else put_bot_trades(w, &b, symbol_in(f->target));
    } else if (bot && strstr(f->target, "/api/orders")) put_bot_orders(w, &b, symbol_in(f->target));
    else if (bot && strstr(f->target, "/api/ohlcv")) buf_puts(&b, "{\"ohlcv\": []}");
    d.body = copy(&b);
    buf_free(&b);
    schedule(w, d.err == ERR_TIMEOUT ? f->timeout_us : delay(w), d);
}

static void on_connect(struct world *w, const struct effect *f) {
    struct delivery d = {.kind = DELIVER_OPEN, .id = f->id};
    if (strstr(f->target, "ws-api")) see_binance(w, "a connection");
    if (w->link_count == LINKS_MAX) {
        fail(w, "over %d connections", LINKS_MAX);
        return;
    }
    w->links[w->link_count++] = (struct model_link){.id = f->id, .market = strstr(f->target, "/stream") != NULL};
    trace(w, "connect %" PRIu64 " %s", f->id, f->target);
    if (w->now < w->ws_down_until || chance(w, 6)) {
        w->links[w->link_count - 1].dead = true;
        d = (struct delivery){.kind = DELIVER_CLOSED, .id = f->id, .err = ERR_CONNECT};
    }
    schedule(w, delay(w), d);
}

static void on_send(struct world *w, const struct effect *f) {
    struct model_link *l = find_link(w, f->id);
    struct buf b;
    if (l == NULL || l->dead || !l->open) return;
    trace(w, "send %" PRIu64 " %.80s", f->id, f->text);
    bool keyed = strstr(f->text, "\"signature\":") != NULL;
    if (!l->market) see_binance(w, "a question");
    if (keyed) see_key(w);
    buf_init(&b, 16 << 20);
    if (l->market) {
        buf_putf(&b, "{\"result\":null,\"id\":%" PRId64 "}", number_after(f->text, "\"id\":", 0));
        l->subscribed = true;
    } else if (chance(w, 30)) {
        buf_free(&b);
        return; /* never answered */
    } else {
        const char *id = strstr(f->text, "\"id\":");
        size_t n = id ? strcspn(id + 5, ",}") : 0;
        bool no_key = keyed && w->now < w->key_refused_until, refused = chance(w, 20);
        buf_putf(&b, "{\"id\":%.*s,\"status\":%d,", (int)n, id ? id + 5 : "", no_key ? 401 : refused ? 400 : 200);
        if (no_key)
            buf_puts(&b, "\"error\":{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}}");
        else if (refused)
            buf_puts(
                &b, "\"error\":{\"code\":-1021,\"msg\":\"Timestamp for this request is outside of the recvWindow.\"}}");
        else {
            buf_puts(&b, "\"result\":");
            if (!put_result(w, &b, f->text)) fail(w, "unexpected frame %.100s", f->text);
            buf_puts(&b, "}");
            if (strstr(f->text, "subscribe.signature")) l->subscribed = true;
        }
    }
    deliver_text(w, l, b.at, delay(w));
    buf_free(&b);
}

static void keep(struct world *w, const struct fill *fills, size_t count) {
    size_t need = w->stored_count + count;
    if (need > w->stored_capacity) {
        w->stored_capacity = need * 2;
        w->stored = realloc(w->stored, w->stored_capacity * sizeof *w->stored);
    }
    memcpy(w->stored + w->stored_count, fills, count * sizeof *fills);
    w->stored_count += count;
}

/* Durable when the commit is told: a crash before it loses the batch, and nothing of it was shown. */
static void on_persist(struct world *w, const struct effect *f) {
    bool broken = w->store_broken;
    if (w->store_gone) fail(w, "nothing_for_a_dead_store: a batch was handed to it");
    if (f->id == 0) {
        if (!broken) keep(w, f->fills, f->fill_count);
        return;
    }
    w->batch = f->fills;
    w->batch_count = f->fill_count;
    schedule(w, (int64_t)below(w, 20000) + (chance(w, 50) ? 3 * US_PER_S : 0),
             (struct delivery){.kind = DELIVER_COMMIT, .id = f->id, .err = broken ? ERR_IO : ERR_OK});
}

static void perform(struct world *w) {
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
        case EFFECT_HISTORY:
            for (int s = 0; s < SYMBOLS; s++)
                if (name_is(&f.symbol, symbols[s].symbol)) w->history[s] = f.complete_to;
            break;
        case EFFECT_LOG: trace(w, "log %s: %s", f.topic, f.text); break;
        default: break;
        }
        effect_free(&f);
    }
}

/* ---- invariants: after every step ---- */

/* All invariants of the state, in one place; those of what goes out: see_request and its neighbours. */
static void check_step(struct world *w) {
    const struct engine *e = w->engine;
    const struct portfolio *p = &e->portfolio;
    struct dec16 sum;
    if (dec16_add(&sum, p->realized, p->unrealized) != ERR_OK || sum.v != p->total.v)
        fail(w, "total_is_the_sum: total is not realized + unrealized");
    if (e->bot.other_account)
        fail(w, "one_account: the bot is taken for a stranger, but key and bot are of one account");
    w->always_durable &= e->durable;
    if (w->always_durable && e->count.fills_applied > w->committed)
        fail(w, "persist_then_show: %" PRIu64 " shown, %" PRIu64 " kept", e->count.fills_applied, w->committed);
    if (engine_deadline(e).us <= w->now) fail(w, "deadlines_lie_ahead");
    if (e->user.cur.id != 0 && e->user.cur.id == e->user.next.id) fail(w, "one_link_one_place");
    if (feed_is_live(&e->user) && e->user.cur.phase != LINK_PROVEN) fail(w, "live_means_proven: user");
    if (feed_is_live(&e->market) && e->market.cur.phase != LINK_PROVEN) fail(w, "live_means_proven: market");
    if (e->count.effects_dropped > 0) fail(w, "no_effect_is_dropped");
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct ledger_totals *t = ledger_totals(e->pairs[i]->ledger);
        if (t->holdings.v < 0) fail(w, "never_below_zero: holdings of %s are negative", e->pairs[i]->symbol.text);
        if (t->fills > w->trade_count)
            fail(w, "no_invented_fill: %s shows more fills than there were trades", e->pairs[i]->symbol.text);
    }
}

/* Whatever happened, a page that was given every delta knows what a new one would be told: nothing was changed without a
 * mark. Compared on the view's slow beat, when even counters are up to date. */
static void check_view(struct world *w) {
    struct now now = world_now(w);
    struct buf *delta = &w->told[0], *known = &w->told[1], *is = &w->told[2];
    bool beat = now.mono.us - w->view_beat.us >= VIEW_SLOW_US;
    for (size_t i = 0; i < 3; i++) buf_clear(&w->told[i]);
    (void)view_delta(w->view, delta, w->engine, now, 1);
    if (!beat) return;
    w->view_beat = now.mono;
    view_known(w->view, known, now, 1);
    view_snapshot(is, w->engine, now, 1);
    size_t same = 0;
    while (same < known->len && same < is->len && known->at[same] == is->at[same]) same++;
    size_t from = same < 60 ? 0 : same - 60;
    if (delta->failed != ERR_OK || known->failed != ERR_OK || is->failed != ERR_OK) fail(w, "the view ran out of room");
    else if (known->len != is->len || same < is->len)
        fail(w, "a page knows %.90s but it is %.90s", known->at + from, is->at + from);
}

static void turn(struct world *w) {
    int turns = 0;
    while (engine_turn(w->engine, world_now(w)) && ++turns < 1000) perform(w);
    perform(w);
    check_step(w);
    check_view(w);
    engine_clean(w->engine);
}

/* ---- life and death of the engine ---- */

static void start_engine(struct world *w) {
    struct engine_config *c = &w->engine_config;
    w->life++;
    w->store_gone = false;
    w->committed = 0;
    w->always_durable = true;
    w->silent_until = w->key_tried = 0;
    memset(w->bot_times, 0,
           sizeof w->bot_times); /* a new process knows nothing of what the old one asked: the bot says 429 */
    c->seed = rng_next(&w->rng);
    w->engine = engine_new(c, world_now(w));
    for (size_t i = 0; i < w->stored_count; i++) engine_load_fill(w->engine, &w->stored[i]);
    for (int s = 0; s < SYMBOLS; s++) {
        struct name symbol = name_of(symbols[s].symbol);
        if (w->history[s] >= 0) engine_load_history(w->engine, &symbol, w->history[s]);
    }
    engine_start(w->engine, world_now(w));
    view_free(w->view);
    w->view = view_new(w->engine, world_now(w));
    w->view_beat = world_now(w).mono;
    if (w->view == NULL) abort();
    turn(w);
}

static void crash(struct world *w) {
    trace(w, "CRASH");
    engine_free(w->engine);
    for (size_t i = 0; i < w->link_count; i++) w->links[i].dead = true;
    w->result->restarts++;
    start_engine(w);
}

static void arrive(struct world *w, struct delivery *d) {
    struct event e = {.id = d->id,
                      .err = d->err,
                      .error = "model",
                      .status = d->status,
                      .weight_used = -1,
                      .remaining = -1,
                      .retry_after_us = d->retry_after_us,
                      .body = d->body ? span_of(d->body) : (struct span){0}};
    struct model_link *l = find_link(w, d->id);
    if (d->life != w->life) return;
    if (d->kind == DELIVER_COMMIT && d->err == ERR_OK)
        keep(w, w->batch, w->batch_count), w->committed += w->batch_count;
    if (d->kind == DELIVER_HTTP && d->status == 429 && d->retry_after_us > 0)
        w->silent_until = w->now + d->retry_after_us;
    switch (d->kind) {
    case DELIVER_HTTP: e.kind = EVENT_HTTP; break;
    case DELIVER_OPEN:
        if (l == NULL || l->dead) return;
        l->open = true;
        l->opened = w->now;
        e.kind = EVENT_WS_OPEN;
        break;
    case DELIVER_TEXT:
        if (l == NULL || l->dead) return;
        e.kind = EVENT_WS_TEXT;
        break;
    case DELIVER_PING:
        if (l == NULL || l->dead) return;
        e.kind = EVENT_WS_PING;
        break;
    case DELIVER_CLOSED: e.kind = EVENT_WS_CLOSED, e.code = 1006, e.status = 0; break;
    case DELIVER_COMMIT: e.kind = EVENT_COMMITTED, e.status = 0; break;
    }
    engine_handle(w->engine, &e, world_now(w));
}

static void misfortune(struct world *w) {
    if (!w->config.faults || w->calm) return;
    uint64_t what = below(w, 600);
    if (what < 4) w->rest_down_until = w->now + (int64_t)below(w, 200) * US_PER_S;
    else if (what < 8) w->bot_down_until = w->now + (int64_t)below(w, 200) * US_PER_S;
    else if (what < 12) w->ws_down_until = w->now + (int64_t)below(w, 120) * US_PER_S;
    else if (what < 14) w->ban_until = w->now + (int64_t)below(w, 120) * US_PER_S;
    else if (what < 16) w->clock_offset = (int64_t)below(w, 20 * US_PER_S) - 10 * US_PER_S;
    else if (what < 18) crash(w);
    else if (what < 20) w->store_broken = !w->store_broken;
    else if (what == 36 && w->config.credentials) w->key_refused_until = w->now + (int64_t)below(w, 200) * US_PER_S;
    else if (what == 37) w->wall_shift += (int64_t)below(w, 2 * 600) * US_PER_S - 600 * US_PER_S;
    else if (what < 40 && what > 37) w->inactive[below(w, SYMBOLS)] ^= true;
    else if (what == 40 && below(w, 8) == 0 && !w->store_gone) {
        struct event gone = {
            .kind = EVENT_STORE_FAILED, .error = "the disk is gone", .weight_used = -1, .remaining = -1};
        w->store_gone = true;
        engine_handle(w->engine, &gone, world_now(w));
    } else if (what < 30) {
        for (size_t i = 0; i < w->link_count; i++) {
            struct model_link *l = &w->links[i];
            if (l->dead || !l->open) continue;
            if (below(w, 2)) drop_link(w, l);
            else if (below(w, 2)) l->stalled = true;
        }
    } else if (what < 34) {
        for (size_t i = 0; i < w->link_count; i++)
            if (w->links[i].open && !w->links[i].dead)
                deliver_text(w, &w->links[i],
                             w->links[i].market
                                 ? "{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\",\"E\":1}}"
                                 : "{\"event\":{\"e\":\"serverShutdown\",\"E\":1}}",
                             1000);
    } else if (what < 36) {
        for (size_t i = 0; i < w->link_count; i++)
            if (w->links[i].open && !w->links[i].dead) deliver_text(w, &w->links[i], "}garbage{", 1000);
    }
}

static void second_passes(struct world *w) {
    tick(w);
    for (size_t i = 0; i < w->link_count; i++)
        if (w->links[i].open && !w->links[i].dead && !w->links[i].stalled && w->now / US_PER_S % 20 == 0)
            schedule(w, 1000, (struct delivery){.kind = DELIVER_PING, .id = w->links[i].id});
    if (!w->quiet && w->now / US_PER_S % 3 == 0 && below(w, 2)) trade_now(w, true);
    if (!w->quiet && below(w, 4) == 0) order_now(w);
    if (exchange_ms(w) / 1000 % 60 == 0) { /* the minute that ended is streamed as closed */
        int64_t minute = exchange_ms(w) / 60000 - 1;
        char text[500];
        struct buf b;
        buf_init(&b, 64);
        put_dec(&b, minute_close_of(4, minute));
        (void)snprintf(text, sizeof text,
                       "{\"stream\":\"bnbusdt@kline_1m\",\"data\":{\"e\":\"kline\",\"E\":%" PRId64
                       ",\"s\":\"BNBUSDT\",\"k\":{\"t\":%" PRId64 ",\"T\":%" PRId64
                       ",\"s\":\"BNBUSDT\",\"i\":\"1m\",\"o\":\"1\",\"c\":\"%s\",\"h\":\"1\",\"l\":\"1\",\"v\":\"1\","
                       "\"x\":true}}}",
                       exchange_ms(w), minute * 60000, minute * 60000 + 59999, b.at);
        for (size_t i = 0; i < w->link_count; i++)
            if (w->links[i].market && w->links[i].open && w->links[i].subscribed)
                deliver_text(w, &w->links[i], text, 2000);
        buf_free(&b);
    }
    misfortune(w);
}

/* Runs until `until` or so many deliveries. */
static void run(struct world *w, size_t events, int64_t until) {
    int64_t next_second = (w->now / US_PER_S + 1) * US_PER_S;
    while (w->result->ok && events > 0 && w->now < until) {
        int64_t timer = engine_deadline(w->engine).us, next = timer < next_second ? timer : next_second;
        if (w->queue_count > 0 && w->queue[0].at <= next) {
            struct delivery d = take(w);
            w->now = d.at > w->now ? d.at : w->now;
            arrive(w, &d);
            free(d.body);
            events--;
        } else if (next_second <= timer) {
            w->now = next_second;
            next_second += US_PER_S;
            second_passes(w);
        } else {
            w->now = timer > w->now ? timer : w->now;
            engine_handle(w->engine, &(struct event){.kind = EVENT_TIMER, .weight_used = -1, .remaining = -1},
                          world_now(w));
            events--;
        }
        turn(w);
    }
}

/* ---- the end: figures against the truth ---- */

static void compare(struct world *w) {
    struct engine *e = w->engine;
    for (size_t s = 0; s < w->config.symbols && w->result->ok; s++) {
        struct name symbol = name_of(symbols[s].symbol);
        const struct pair *p = NULL;
        for (size_t i = 0; i < e->pair_count; i++)
            if (name_eq(&e->pairs[i]->symbol, &symbol)) p = e->pairs[i];
        size_t fills = 0;
        i128 bought = 0, sold = 0;
        for (size_t i = 0; i < w->trade_count; i++) {
            const struct trade *t = &w->trades[i];
            if (t->symbol != (int)s) continue;
            fills++;
            if (t->buy) bought += (i128)t->price * t->quantity;
            else sold += (i128)t->price * t->quantity;
        }
        if (p == NULL) {
            fail(w, "the pair %s is missing", symbol.text);
            return;
        }
        size_t open = 0, shown = 0;
        for (size_t i = 0; i < w->order_count; i++) {
            if (w->orders[i].symbol != (int)s) continue;
            open++;
            for (size_t k = 0; k < p->orders->count; k++) shown += p->orders->rows[k].order_id == w->orders[i].id;
        }
        if ((w->config.credentials || w->config.source == SOURCE_IS_BOT) &&
            (shown != open || p->orders->count != open)) {
            fail(w, "%s: %zu orders are open, %zu shown, %zu of them right", symbol.text, open, p->orders->count,
                 shown);
            return;
        }
        const struct ledger_totals *t = ledger_totals(p->ledger);
        size_t reachable = w->config.credentials ? fills : fills < PAGE ? fills : t->fills;
        for (size_t i = 0; w->config.trace && i < ledger_count(p->ledger); i++) { /* the first that differs */
            struct fill f;
            bool found = false;
            ledger_get(p->ledger, i, &f, NULL);
            for (size_t k = 0; k < w->trade_count && !found; k++)
                found = w->trades[k].symbol == (int)s && w->trades[k].id == f.trade_id &&
                        w->trades[k].buy == (f.side == SIDE_BUY);
            if (!found)
                trace(w, "shown but never made: %" PRId64 " %s", f.trade_id, f.side == SIDE_BUY ? "buy" : "sell");
        }
        for (size_t k = 0; w->config.trace && k < w->trade_count; k++)
            if (w->trades[k].symbol == (int)s &&
                !ledger_knows(p->ledger, w->trades[k].id, w->trades[k].buy ? SIDE_BUY : SIDE_SELL))
                trace(w, "made but not shown: %" PRId64, w->trades[k].id);
        if (t->fills != reachable) {
            fail(w, "%s: %" PRIu64 " fills shown, %zu made", symbol.text, t->fills, fills);
            return;
        }
        if (t->fills == fills && (t->bought.v != bought || t->sold.v != sold)) {
            fail(w, "%s: turnover differs", symbol.text);
            return;
        }
        if (w->config.credentials && t->holdings.v != w->holdings[s]) {
            fail(w, "%s: holdings differ", symbol.text);
            return;
        }
        if (w->config.credentials && t->unmatched.v != 0) {
            fail(w, "%s: unmatched with complete history", symbol.text);
            return;
        }
        if (w->config.credentials && t->unvalued_fees != 0) {
            fail(w, "%s: %" PRIu64 " fees without a value", symbol.text, t->unvalued_fees);
            return;
        }
        if (w->config.credentials && p->history.state != HISTORY_COMPLETE) {
            fail(w, "%s: history is not complete", symbol.text);
            return;
        }
        if (!p->unrealized_known) {
            fail(w, "%s has no unrealized P&L", symbol.text);
            return;
        }
        /* total = cash flows + holdings at the mark, to the last digit (ACCOUNTING 7) */
        struct dec16 value;
        if (dec8_mul(&value, t->holdings, e->markets[p->market]->price) != ERR_OK) {
            fail(w, "overflow");
            return;
        }
        i128 fees_off_ledger = t->fees_quote.v, base_fee_value = 0;
        for (size_t k = 0; k < w->trade_count;
             k++) { /* a base fee is paid in coins, not out of the quote: it is in the holdings already */
            const struct trade *x = &w->trades[k];
            if (x->symbol == (int)s && strcmp(x->fee_asset, symbols[s].base) == 0)
                base_fee_value += (i128)x->fee * x->price;
        }
        if (w->config.credentials && p->total.v != sold - bought - (fees_off_ledger - base_fee_value) + value.v) {
            fail(w, "%s: total differs from cash flows plus holdings at the mark", symbol.text);
            return;
        }
    }
    if (e->status != STATUS_CONNECTED)
        fail(w, "healed, but status is %s (%s)", status_name(e->status),
             status_reason_name(e->reason) ? status_reason_name(e->reason) : "-");
    if (e->mode != MODE_STREAMING)
        fail(w, "healed, but mode is %s: market %s, user %s (%s)", mode_name(e->mode), feed_state_name(e->market.state),
             feed_state_name(e->user.state), e->user.reason);
}

static void configure(struct world *w) {
    struct engine_config *c = &w->engine_config;
    const struct feed_config feed = {10 * US_PER_S, 5 * US_PER_S, 30 * US_PER_S, 23 * US_PER_HOUR, 10 * US_PER_S};
    *c = (struct engine_config){
        .source = w->config.source,
        .bot_url = "http://bot",
        .rest_url = "http://rest",
        .stream_url = "ws://market",
        .ws_api_url = "ws://api/ws-api/v3",
        .tier1_us = 2 * US_PER_S,
        .tier2_us = 5 * US_PER_S,
        .bot_timeout_us = 15 * US_PER_S,
        .breaker = {5, 60 * US_PER_S, 1},
        .market_feed = feed,
        .user_feed = feed,
        .heartbeat_stream = "btcusdt@miniTicker",
        .environment = "production",
        .persist = true,
    };
    c->user_feed.dead_after_us = 60 * US_PER_S;
    if (w->config.short_lives)
        c->market_feed.lifetime_us = 4 * US_PER_MIN,
        c->user_feed.lifetime_us = 3 * US_PER_MIN; /* planned renewal, often */
    if (w->config.credentials) c->key = (struct signing_key){KEY_HMAC, SPAN("key"), SPAN("secret")};
    for (size_t s = 0; w->config.source == SOURCE_IS_EXCHANGE && s < w->config.symbols; s++)
        c->symbols[c->symbol_count++] = name_of(symbols[s].symbol);
}

void world_run(const struct world_config *config, struct world_result *out) {
    struct world *w = calloc(1, sizeof *w);
    *out = (struct world_result){.ok = true};
    w->config = *config;
    w->result = out;
    w->now = US_PER_S;
    for (size_t i = 0; i < 3; i++) buf_init(&w->told[i], 1 << 20);
    w->trades = calloc(TRADES_MAX, sizeof *w->trades);
    w->steps = calloc(STEPS_KEPT, sizeof *w->steps);
    w->next_open_order = 10000000;
    w->queue = calloc(QUEUE_MAX, sizeof *w->queue);
    rng_seed(&w->rng, config->seed);
    for (int s = 0; s < SYMBOLS; s++) w->prices[s] = symbols[s].price, w->next_id[s] = 100 + s, w->history[s] = -1;
    w->next_order = 1;
    configure(w);
    size_t old = config->credentials ? below(w, OLD_TRADES) : below(w, 300);
    for (size_t i = 0; i < old; i++) {
        w->now += (int64_t)below(w, 20) * US_PER_S;
        trade_now(w, false);
    }
    start_engine(w);
    run(w, config->events, INT64_MAX);
    /* everything heals */
    w->calm = true;
    w->store_broken = false;
    w->key_refused_until = 0;
    memset(w->inactive, 0, sizeof w->inactive);
    w->rest_down_until = w->bot_down_until = w->ws_down_until = w->ban_until = 0;
    for (size_t i = 0; i < w->link_count; i++)
        if (w->links[i].stalled) drop_link(w, &w->links[i]);
    run(w, SIZE_MAX, w->now + 10 * US_PER_MIN);
    uint64_t rest = w->rest_requests, bot = w->bot_requests;
    run(w, SIZE_MAX, w->now + 20 * US_PER_MIN);
    w->quiet = true;
    run(w, SIZE_MAX, w->now + 2 * US_PER_MIN);
    out->calm_seconds = 22 * 60;
    out->rest_while_calm = w->rest_requests - rest;
    out->bot_while_calm = w->bot_requests - bot;
    if (out->ok) compare(w);
    out->fills = w->trade_count;
    out->reconnects = w->engine->market.reconnects + w->engine->user.reconnects;
    out->fill_duplicates = w->engine->count.duplicates_dropped;
    engine_free(w->engine);
    view_free(w->view);
    for (size_t i = 0; i < 3; i++) buf_free(&w->told[i]);
    while (w->queue_count > 0) free(take(w).body);
    for (size_t i = config->tell_steps && !out->ok && w->step_count > STEPS_KEPT ? w->step_count - STEPS_KEPT : 0;
         config->tell_steps && !out->ok && i < w->step_count; i++)
        printf("#   %s\n", w->steps[i % STEPS_KEPT]);
    free(w->steps);
    free(w->queue);
    free(w->trades);
    free(w->stored);
    free(w);
}
