/* exchange.c: the model exchange. Its truth is the list of trades it made; every answer and report is written from it. */
#include "inside.h"

#include "base/map.h"

#include <stdlib.h>

const struct market_row markets[MARKETS] = {
    {"BTC/USDT", "BTCUSDT", "btcusdt", "BTC", "USDT", 6400000000000},
    {"ETH/USDT", "ETHUSDT", "ethusdt", "ETH", "USDT", 318000000000},
    {"SOL/USDT", "SOLUSDT", "solusdt", "SOL", "USDT", 15500000000},
    {"ETH/BTC", "ETHBTC", "ethbtc", "ETH", "BTC", 4968750},
    {"BNB/USDT", "BNBUSDT", "bnbusdt", "BNB", "USDT", 60000000000},
    {"PEPE/USDT", "PEPEUSDT", "pepeusdt", "PEPE", "USDT", 1234},
    {"EUR/USDT", "EURUSDT", "eurusdt", "EUR", "USDT", 117000000},
};

enum { REPORT_ROOM = 4096, RECV_WINDOW_MS = 5000, AHEAD_MS = 1000, LAG_MS = 30000 };
#define PATIENCE_US (15 * US_PER_S) /* by then the refusal was read */

void exchange_init(struct world *w) {
    int64_t first =
        strcmp(w->config.environment, "testnet") == 0 ? 1000000 : 100; /* after a wipe ids begin far below */
    for (int m = 0; m < TRADABLE; m++) {
        w->trades[m] = calloc(TRADES_MAX, sizeof **w->trades);
        w->next_id[m] = first + m;
        w->history[m] = -1;
    }
    for (int m = 0; m < MARKETS; m++) w->prices[m] = markets[m].price;
    w->next_order = 1;
    w->next_open_order = 10000000;
    w->weight_limit = w->config.low_limit ? 400 : 6000;
}

static void forget_trades(struct world *w) {
    for (int m = 0; m < TRADABLE; m++) {
        for (size_t i = 0; i < w->trade_count[m]; i++) {
            free(w->trades[m][i].row);
            free(w->trades[m][i].bot_row);
        }
        w->trade_count[m] = 0;
        w->holdings[m] = 0;
    }
}

void exchange_free(struct world *w) {
    forget_trades(w);
    for (int m = 0; m < TRADABLE; m++) free(w->trades[m]);
}

/* ---- writing ---- */

void put_dec(struct buf *b, int64_t v) {
    char text[DEC_TEXT_MAX];
    dec8_format_fixed(text, (struct dec8){v}, 8);
    buf_puts(b, text);
}

void put_product(struct buf *b, int64_t p, int64_t q) {
    char text[DEC_TEXT_MAX];
    struct dec16 product;
    if (dec8_mul(&product, (struct dec8){p}, (struct dec8){q}) != ERR_OK) abort();
    dec16_format(text, product);
    buf_puts(b, text);
}

static void put_trade(struct buf *b, int m, const struct trade *t) {
    buf_putf(b, "{\"symbol\":\"%s\",\"id\":%" PRId64 ",\"orderId\":%" PRId64 ",\"orderListId\":-1,\"price\":\"",
             markets[m].exchange, t->id, t->order);
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

static void put_report(struct buf *b, int m, const struct trade *t, int64_t now_ms) {
    buf_putf(b,
             "{\"e\":\"executionReport\",\"E\":%" PRId64
             ",\"s\":\"%s\",\"c\":\"x\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"",
             now_ms, markets[m].exchange, t->buy ? "BUY" : "SELL");
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
    buf_puts(b, "\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}");
}

/* ---- what happens on it ---- */

static struct trade make_trade(struct world *w, int m) {
    uint64_t size = 1 + rng_below(&w->market, 50), order = rng_below(&w->market, 3), step = rng_below(&w->market, 3);
    bool maker = rng_below(&w->market, 2), buy = rng_below(&w->market, 2), bnb = rng_below(&w->market, 2);
    uint64_t bnb_fee = 1 + rng_below(&w->market, 5000);
    struct trade t = {
        .id = w->next_id[m], .order = w->next_order, .maker = maker, .time_ms = exchange_ms(w), .made_at = w->now};
    w->next_id[m] += 1 + (int64_t)step;
    if (order > 0) w->next_order++; /* else the next fill belongs to the same order */
    t.buy = w->holdings[m] < 200000000 || buy;
    t.price = w->prices[m];
    t.quantity = (int64_t)size * 1000000;
    bnb = bnb && w->config.fees_in_bnb && (t.buy || m != BNB_USDT); /* a seller of BNB pays out of the proceeds here */
    t.fee_asset = bnb ? "BNB" : t.buy ? markets[m].base : markets[m].quote;
    t.fee = bnb     ? (int64_t)bnb_fee
            : t.buy ? t.quantity / 1000
                    : (int64_t)((i128)t.quantity * t.price / DEC8_ONE / 1000);
    return t;
}

static void announce_trade(struct world *w, int m, const struct trade *t) {
    struct buf b;
    buf_init(&b, REPORT_ROOM);
    put_report(&b, m, t, exchange_ms(w));
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->market || !l->open || !l->subscribed || l->dead) continue;
        if (fault_strikes(w, FAULT_CUT_BEFORE_REPORT)) {
            drop_link(w, l);
            continue;
        }
        deliver_event(w, l, b.at, network_delay(w));
        if (fault_strikes(w, FAULT_REPEATED)) deliver_event(w, l, b.at, network_delay(w));
    }
    buf_free(&b);
}

void exchange_trade(struct world *w, bool announce) {
    int m = (int)rng_below(&w->market, w->config.symbols);
    if (w->trade_count[m] == TRADES_MAX) return;
    struct trade t = make_trade(w, m);
    w->holdings[m] += t.buy ? t.quantity - (strcmp(t.fee_asset, markets[m].base) == 0 ? t.fee : 0) : -t.quantity;
    w->trades[m][w->trade_count[m]++] = t;
    w->made[m]++;
    if (announce) announce_trade(w, m, &t);
}

/* Balances after a trade, or a deposit: they change no figure, and must disturb nothing. */
void exchange_balance_moves(struct world *w) {
    char text[300];
    bool deposit = rng_below(&w->market, 8) == 0;
    if (deposit)
        (void)snprintf(text, sizeof text,
                       "{\"e\":\"balanceUpdate\",\"E\":%" PRId64 ",\"a\":\"BTC\",\"d\":\"0.5\",\"T\":%" PRId64 "}",
                       exchange_ms(w), exchange_ms(w));
    else
        (void)snprintf(
            text, sizeof text,
            "{\"e\":\"outboundAccountPosition\",\"E\":%" PRId64 ",\"u\":%" PRId64
            ",\"B\":[{\"a\":\"USDT\",\"f\":\"1000.5\",\"l\":\"2\"},{\"a\":\"BTC\",\"f\":\"0\",\"l\":\"0\"}]}",
            exchange_ms(w), exchange_ms(w));
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (!l->market && l->open && l->subscribed && !l->dead) deliver_event(w, l, text, network_delay(w));
    }
}

static void put_order_report(struct buf *b, const struct model_order *o, bool open, int64_t now_ms) {
    buf_putf(b,
             "{\"e\":\"executionReport\",\"E\":%" PRId64
             ",\"s\":\"%s\",\"c\":\"x\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"GTC\",\"q\":\"",
             now_ms, markets[o->market].exchange, o->buy ? "BUY" : "SELL");
    put_dec(b, o->quantity);
    buf_puts(b, "\",\"p\":\"");
    put_dec(b, o->price);
    buf_putf(b,
             "\",\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"%s\",\"X\":\"%s\",\"r\":\"NONE\",\"i\":%" PRId64
             ",\"l\":\"0\",\"z\":\"0\",\"L\":\"0\",\"n\":\"0\",\"N\":null,"
             "\"T\":%" PRId64 ",\"t\":-1,\"I\":1,\"w\":true,\"m\":false,\"M\":false,\"O\":%" PRId64
             ",\"Z\":\"0\",\"Y\":\"0\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}",
             open ? "NEW" : "CANCELED", open ? "NEW" : "CANCELED", o->id, now_ms, now_ms);
}

static struct model_order place_or_cancel(struct world *w, bool open) {
    struct model_order o;
    if (open) {
        int m = (int)rng_below(&w->market, w->config.symbols);
        o = (struct model_order){m, w->next_open_order++, rng_below(&w->market, 2),
                                 w->prices[m] - w->prices[m] / 50 + (int64_t)rng_below(&w->market, 1000), 1000000};
        w->orders[w->order_count++] = o;
    } else {
        size_t i = rng_below(&w->market, w->order_count);
        o = w->orders[i];
        w->orders[i] = w->orders[--w->order_count];
    }
    return o;
}

/* An order is placed or cancelled. On one connection the reports keep their order; two know nothing of each other. */
void exchange_order(struct world *w) {
    bool open = w->order_count < 4 || (w->order_count < ORDERS_OPEN_MAX && rng_below(&w->market, 2));
    struct model_order o = place_or_cancel(w, open);
    struct buf b;
    buf_init(&b, REPORT_ROOM);
    put_order_report(&b, &o, open, exchange_ms(w));
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->market || l->dead || !l->open || !l->subscribed) continue;
        int64_t at = w->now + network_delay(w);
        if (at <= l->order_at) at = l->order_at + 1;
        l->order_at = at;
        deliver_event(w, l, b.at, at - w->now);
    }
    buf_free(&b);
}

/* ---- market data ---- */

bool exchange_subscribes(const struct model_link *l, int m, int stream) {
    return l->market && l->open && !l->dead && !l->stalled && ((l->streams[stream] >> m) & 1) != 0;
}

static bool anyone_watches(const struct world *w, int m, int stream) {
    for (size_t i = w->first_link; i < w->link_count; i++)
        if (exchange_subscribes(&w->links[i], m, stream)) return true;
    return false;
}

static void send_market(struct world *w, int m, int stream, const char *text, int64_t late) {
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (!exchange_subscribes(l, m, stream)) continue;
        struct delivery d = {.kind = DELIVER_TEXT, .id = l->id, .body = strdup(text)};
        if (stream == 0) d.ticker = (uint32_t)m + 1;
        schedule(w, late != 0 ? late : network_delay(w), d);
    }
}

void exchange_tick(struct world *w) {
    for (int m = 0; m < MARKETS; m++) {
        char text[400], price[DEC_TEXT_MAX];
        int64_t step = w->prices[m] / 2000 + 1;
        w->prices[m] += (int64_t)rng_below(&w->market, (uint64_t)(2 * step + 1)) - step;
        if (w->prices[m] < 100) w->prices[m] = 100;
        if (!anyone_watches(w, m, 0)) continue;
        dec8_format_fixed(price, (struct dec8){w->prices[m]}, 8);
        (void)snprintf(text, sizeof text,
                       "{\"stream\":\"%s@ticker\",\"data\":{\"e\":\"24hrTicker\",\"E\":%" PRId64
                       ",\"s\":\"%s\",\"c\":\"%s\"}}",
                       markets[m].lower, exchange_ms(w), markets[m].exchange, price);
        send_market(w, m, 0, text, 0);
    }
}

int64_t exchange_close(int m, int64_t minute) {
    return markets[m].price +
           (int64_t)(mix64((uint64_t)minute * 7 + (uint64_t)m) % (uint64_t)(markets[m].price / 100 + 1));
}

int64_t exchange_candle(int m, int interval, int64_t minute) {
    return exchange_close(m, minute + interval_minutes[interval] - 1);
}

static void stream_candle(struct world *w, int m, int interval, int64_t minute, bool closed) {
    char text[500], close[DEC_TEXT_MAX];
    int64_t open_ms = minute * 60000;
    if (!anyone_watches(w, m, 1 + interval)) return;
    dec8_format_fixed(close, (struct dec8){closed ? exchange_candle(m, interval, minute) : w->prices[m]}, 8);
    (void)snprintf(text, sizeof text,
                   "{\"stream\":\"%s@kline_%s\",\"data\":{\"e\":\"kline\",\"E\":%" PRId64
                   ",\"s\":\"%s\",\"k\":{\"t\":%" PRId64 ",\"T\":%" PRId64
                   ",\"s\":\"%s\",\"i\":\"%s\",\"o\":\"1\",\"c\":\"%s\",\"h\":\"9\",\"l\":\"1\",\"v\":\"5\","
                   "\"x\":%s}}}",
                   markets[m].lower, interval_names[interval], exchange_ms(w), markets[m].exchange, open_ms,
                   open_ms + interval_minutes[interval] * 60000 - 1, markets[m].exchange, interval_names[interval],
                   close, closed ? "true" : "false");
    send_market(w, m, 1 + interval, text, 2000);
}

/* The candles that ended are streamed as closed; in the middle of a minute those that are open, with the price so far. */
void exchange_minute(struct world *w, bool closed) {
    int64_t minute = exchange_ms(w) / 60000 - closed;
    for (int m = 0; m < MARKETS; m++)
        for (int i = 0; i < INTERVALS; i++) {
            int64_t n = interval_minutes[i];
            if (!closed || (minute + 1) % n == 0) stream_candle(w, m, i, minute / n * n, closed);
        }
}

/* A testnet as on its monthly day: everything of every account is gone, and ids begin anew. Answers on their way are lost. */
void exchange_wipe(struct world *w) {
    trace(w, "WIPED");
    forget_trades(w);
    w->order_count = 0;
    w->wipes++;
    w->wipe_unnoticed = true;
    for (int m = 0; m < TRADABLE; m++) w->next_id[m] = 1 + m;
    for (size_t i = w->first_link; i < w->link_count; i++) drop_link(w, &w->links[i]);
    for (size_t i = 0; i < w->queue_count; i++) {
        if (w->queue[i].kind != DELIVER_HTTP) continue;
        free(w->queue[i].body);
        w->queue[i].body = NULL;
        w->queue[i].err = ERR_CLOSED;
    }
}

/* ---- answers ---- */

int market_named(const struct name *symbol) {
    for (int m = 0; m < MARKETS; m++)
        if (name_is(symbol, markets[m].symbol)) return m;
    return -1;
}

int market_in(const char *text) {
    for (int m = 0; m < MARKETS; m++) {
        char name[60];
        (void)snprintf(name, sizeof name, "symbol=%s&", markets[m].exchange);
        if (strstr(text, name)) return m;
        (void)snprintf(name, sizeof name, "\"symbol\":\"%s\"", markets[m].exchange);
        if (strstr(text, name)) return m;
        (void)snprintf(name, sizeof name, "symbol=%s%%2F%s", markets[m].base, markets[m].quote);
        if (strstr(text, name)) return m;
    }
    return -1;
}

int64_t number_after(const char *text, const char *key, int64_t absent) {
    const char *at = strstr(text, key);
    return at == NULL ? absent : strtoll(at + strlen(key), NULL, 10);
}

static const char *trade_row(struct trade *t, int m) {
    struct buf b;
    if (t->row != NULL) return t->row;
    buf_init(&b, REPORT_ROOM);
    put_trade(&b, m, t);
    t->row = copy_text(&b);
    buf_free(&b);
    return t->row;
}

static void put_my_trades(struct world *w, struct buf *b, const char *text) {
    int m = market_in(text);
    int64_t from = number_after(text, "fromId=", number_after(text, "\"fromId\":", -1));
    if (m < 0 || m >= TRADABLE) {
        buf_puts(b, "[]");
        return;
    }
    size_t end = w->trade_count[m], lag = fault_strikes(w, FAULT_ANSWERS_LAG) ? 1 + (size_t)drawn(w, 3) : 0, first = 0;
    while (lag > 0 && end > 0 && w->trades[m][end - 1].time_ms > exchange_ms(w) - LAG_MS)
        end--, lag--, w->lagged_at[m] = w->now;
    if (from < 0 && end > PAGE) first = end - PAGE;
    for (size_t low = 0, high = end; from >= 0 && low <= high;) { /* the first with that id or a later one */
        first = low + (high - low) / 2;
        if (low == high) break;
        if (w->trades[m][first].id < from) low = first + 1;
        else high = first;
    }
    buf_putc(b, '[');
    for (size_t i = first; i < end && i < first + PAGE; i++) {
        if (i > first) buf_putc(b, ',');
        buf_puts(b, trade_row(&w->trades[m][i], m));
    }
    buf_putc(b, ']');
}

static void put_open_orders(const struct world *w, struct buf *b, int m) {
    const char *comma = "";
    buf_putc(b, '[');
    for (size_t i = 0; i < w->order_count; i++) {
        const struct model_order *o = &w->orders[i];
        if (o->market != m) continue;
        buf_putf(b,
                 "%s{\"symbol\":\"%s\",\"orderId\":%" PRId64 ",\"orderListId\":-1,\"clientOrderId\":\"x\",\"price\":\"",
                 comma, markets[m].exchange, o->id);
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

static void put_info(const struct world *w, struct buf *b) {
    buf_putf(b,
             "{\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,"
             "\"limit\":%" PRId64 "}],\"symbols\":[",
             w->weight_limit);
    for (int m = 0; m < MARKETS; m++)
        buf_putf(b,
                 "%s{\"symbol\":\"%s\",\"status\":\"TRADING\",\"baseAsset\":\"%s\",\"quoteAsset\":\"%s\",\"filters\":[{"
                 "\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"0.00000001\"}]}",
                 m ? "," : "", markets[m].exchange, markets[m].base, markets[m].quote);
    buf_puts(b, "]}");
}

int exchange_interval(const char *text) {
    for (int i = 0; i < INTERVALS; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "interval=%s&", interval_names[i]);
        if (strstr(text, name)) return i;
        (void)snprintf(name, sizeof name, "\"interval\":\"%s\"", interval_names[i]);
        if (strstr(text, name)) return i;
    }
    return -1;
}

/* By open time: from startTime on, or the newest up to endTime. The last one is usually open still. */
static void put_klines(struct world *w, struct buf *b, const char *text) {
    int m = market_in(text), interval = exchange_interval(text);
    int64_t len = interval < 0 ? 60000 : (int64_t)interval_minutes[interval] * 60000, now = exchange_ms(w);
    int64_t end = number_after(text, "endTime=", number_after(text, "\"endTime\":", now));
    int64_t limit = number_after(text, "limit=", number_after(text, "\"limit\":", 500)), rows = 0;
    int64_t last = (end < now ? end : now) / len * len, first = last - (limit - 1) * len;
    int64_t start = number_after(text, "startTime=", number_after(text, "\"startTime\":", first));
    const char *comma = "";
    buf_putc(b, '[');
    for (int64_t t = (start + len - 1) / len * len; m >= 0 && interval >= 0 && t <= last && rows < limit;
         t += len, rows++) {
        buf_putf(b, "%s[%" PRId64 ",\"1\",\"9\",\"1\",\"", comma, t);
        put_dec(b, t + len <= now ? exchange_candle(m, interval, t / 60000) : w->prices[m]);
        buf_putf(b, "\",\"5\",%" PRId64 ",\"1\",1,\"1\",\"1\",\"0\"]", t + len - 1);
        comma = ",";
    }
    buf_putc(b, ']');
}

static void put_prices(struct world *w, struct buf *b) {
    for (int m = 0; m < MARKETS; m++) {
        buf_putf(b, "%s{\"symbol\":\"%s\",\"price\":\"", m ? "," : "[", markets[m].exchange);
        put_dec(b, w->prices[m]);
        buf_puts(b, "\"}");
    }
    buf_putc(b, ']');
}

/* The result of a question to Binance, by what its text mentions. */
bool exchange_result(struct world *w, struct buf *b, const char *text) {
    if (strstr(text, "myTrades")) put_my_trades(w, b, text);
    else if (strstr(text, "openOrders")) put_open_orders(w, b, market_in(text));
    else if (strstr(text, "exchangeInfo")) put_info(w, b);
    else if (strstr(text, "klines")) put_klines(w, b, text);
    else if (strstr(text, "ticker")) put_prices(w, b);
    else if (strstr(text, "/time") || strstr(text, "\"method\":\"time\""))
        buf_putf(b, "{\"serverTime\":%" PRId64 "}", exchange_ms(w));
    else if (strstr(text, "account"))
        buf_puts(b, "{\"uid\":42,\"commissionRates\":{\"maker\":\"0.001\",\"taker\":\"0.001\"},\"canTrade\":false,"
                    "\"canWithdraw\":false,\"balances\":[{\"asset\":\"BTC\",\"free\":\"1.5\",\"locked\":\"0\"},"
                    "{\"asset\":\"USDT\",\"free\":\"0\",\"locked\":\"17.25\"}]}");
    else if (strstr(text, "ping")) buf_puts(b, "{}");
    else if (strstr(text, "subscribe.signature")) buf_puts(b, "{\"subscriptionId\":0}");
    else return false;
    return true;
}

/* Weight as Binance documents it, by what the text of a question mentions. */
int exchange_weight(const char *text) {
    static const struct {
        const char *word;
        int weight;
    } weights[] = {{"myTrades", 20}, {"openOrders", 6},     {"exchangeInfo", 20},         {"klines", 2},
                   {"ticker", 4},    {"userDataStream", 2}, {"session.subscriptions", 2}, {"account", 20}};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (strstr(text, weights[i].word)) return weights[i].weight;
    return 1;
}

static int64_t clock_error(const struct world *w) {
    return world_now(w).wall.us + w->engine->exchange.clock_offset_us - exchange_ms(w) * 1000;
}

bool exchange_another_minute(const struct world *w) {
    return (exchange_ms(w) * 1000 + clock_error(w)) / US_PER_MIN != w->weight_minute;
}

static void weight_minute(struct world *w) {
    int64_t minute = exchange_ms(w) / 60000;
    if (minute == w->weight_minute) return;
    w->weight_minute = minute;
    w->weight_used = w->life_weight = w->known_weight = 0;
    w->minute_differs = false;
}

/* What is over the limit is refused until the minute ends; who goes on asking, for two minutes. */
static void use_weight(struct world *w, int64_t weight, bool ours) {
    w->weight_used += weight;
    if (ours && w->now < w->over_until && w->now - w->over_since > PATIENCE_US)
        w->over_until = w->now + 2 * US_PER_MIN, w->over_since = w->now, w->over_418 = true;
    if (!ours || w->weight_used <= w->weight_limit || w->now < w->over_until) return;
    w->over_since = w->now;
    w->over_until = w->now + (60000 - exchange_ms(w) % 60000) * 1000;
    w->over_418 = false;
}

/* Any weight, at times more than there is; or all but what one question of ours takes, so that we learn of it. */
void exchange_others(struct world *w) {
    weight_minute(w);
    int64_t left = w->weight_limit - w->weight_used - 20 - drawn(w, 4);
    use_weight(w, (w->draw >> 32) % 2 == 0 && left > 0 ? left : drawn(w, w->weight_limit * 6 / 5), false);
}

/* The engine cannot know what was used by others, or by a program before it, until an answer tells. */
void exchange_spend(struct world *w, int weight, const char *what) {
    weight_minute(w);
    int64_t off = clock_error(w);
    w->life_weight += weight;
    w->known_weight += weight;
    w->minute_differs |= exchange_another_minute(w) || off > US_PER_S || off < -US_PER_S || !w->limit_told;
    HOLDS(w, WEIGHT_LIMIT, w->known_weight <= w->weight_limit || w->minute_differs,
          "%" PRId64 " of weight used, %" PRId64 " are allowed: %.60s", w->known_weight, w->weight_limit, what);
    use_weight(w, weight, true);
}

struct refusal exchange_refuses(const struct world *w) {
    if (w->now < w->ban_until) return (struct refusal){w->ban_until, w->ban_418 ? 418 : 429, !w->ban_untold};
    if (w->now < w->over_until) return (struct refusal){w->over_until, w->over_418 ? 418 : 429, true};
    return (struct refusal){0};
}

/* A signed question whose time is not the exchange's is refused with -1021. */
bool exchange_timestamp_off(const struct world *w, const char *text) {
    int64_t said = number_after(text, "timestamp=", number_after(text, "\"timestamp\":", -1)), is = exchange_ms(w);
    return said >= 0 && (said > is + AHEAD_MS || is - said > RECV_WINDOW_MS);
}
