/* bot.c: the model bot. It lists what the exchange did, in its own spelling; right after its own start it knows nothing. */
#include "inside.h"

enum { ROW_ROOM = 4096 };

static void put_bot_trade(struct buf *b, int m, const struct trade *t, int64_t price) {
    char time[WALL_TEXT_MAX];
    wall_format(time, wall_of_ms(t->time_ms));
    time[26] = '\0';
    buf_putf(b,
             "{\"id\": \"%" PRId64 "\", \"order_id\": \"%" PRId64
             "\", \"symbol\": \"%s\", \"side\": \"%s\", \"amount\": \"",
             t->id, t->order, markets[m].symbol, t->buy ? "buy" : "sell");
    put_dec(b, t->quantity);
    buf_puts(b, "\", \"price\": \"");
    put_dec(b, price);
    buf_puts(b, "\", \"cost\": \"");
    put_product(b, price, t->quantity);
    buf_puts(b, "\", \"fee\": ");
    if (t->fee == 0) buf_puts(b, "null");
    else {
        buf_putc(b, '"');
        put_dec(b, t->fee);
        buf_putc(b, '"');
    }
    buf_putf(b, ", \"timestamp\": \"%s+00:00\"}", time);
}

static const char *bot_row(struct trade *t, int m) {
    struct buf b;
    if (t->bot_row != NULL) return t->bot_row;
    buf_init(&b, ROW_ROOM);
    put_bot_trade(&b, m, t, t->price);
    t->bot_row = copy_text(&b);
    buf_free(&b);
    return t->bot_row;
}

/* Where there is a key the bot may tell another price: the exchange's own record stands. */
static void put_bot_trades(struct world *w, struct buf *b, int m) {
    bool differs = w->config.credentials && fault_strikes(w, FAULT_BOT_DIFFERS);
    size_t rows = 0;
    buf_puts(b, "{\"trades\": [");
    for (size_t i = w->trade_count[m]; i-- > 0 && rows < PAGE; rows++) {
        struct trade *t = &w->trades[m][i];
        if (rows > 0) buf_puts(b, ", ");
        if (differs && rows < 3) put_bot_trade(b, m, t, t->price + 1);
        else buf_puts(b, bot_row(t, m));
    }
    buf_puts(b, "]}");
}

static void put_bot_orders(const struct world *w, struct buf *b, int m) {
    const char *comma = "";
    buf_puts(b, "{\"orders\": [");
    for (size_t i = 0; i < w->order_count; i++) {
        const struct model_order *o = &w->orders[i];
        if (o->market != m) continue;
        buf_putf(b,
                 "%s{\"id\": \"%" PRId64 "\", \"symbol\": \"%s\", \"side\": \"%s\", \"type\": \"limit\", \"price\": \"",
                 comma, o->id, markets[m].symbol, o->buy ? "buy" : "sell");
        put_dec(b, o->price);
        buf_puts(b, "\", \"amount\": \"");
        put_dec(b, o->quantity);
        buf_puts(b, "\", \"filled\": \"0\", \"remaining\": \"0\", \"status\": \"open\", \"timestamp\": "
                    "\"2026-01-01T00:00:00+00:00\"}");
        comma = ", ";
    }
    buf_puts(b, "]}");
}

static void put_strategies(struct world *w, struct buf *b) {
    buf_puts(b, "{\"strategies\": [");
    const char *comma = "";
    for (size_t m = 0; m < w->config.symbols; m++) {
        if (w->now < w->inactive_until[m]) continue;
        buf_putf(b,
                 "%s{\"name\": \"grid\", \"symbol\": \"%s\", \"statistics\": {\"total_profit\": \"1\", \"total_fees\": "
                 "\"0\", \"completed_cycles\": 0, \"active_buy_orders\": 0, \"active_sell_orders\": 0}, \"config\": "
                 "{\"type\": \"grid\", \"lower_price\": \"1\", \"upper_price\": \"2\", \"num_grids\": 3, "
                 "\"total_investment\": \"100\"}}",
                 comma, markets[m].symbol);
        comma = ", ";
    }
    buf_puts(b, "]}");
}

void bot_answer(struct world *w, struct buf *b, const char *target) {
    bool young = w->now < w->bot_young_until;
    int m = market_in(target);
    if (strstr(target, "/metrics") || strstr(target, "/health"))
        buf_putf(b,
                 "{\"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": %d.5, \"heartbeat_age_seconds\": 0.5, "
                 "\"bot_running\": %s}",
                 young ? 1 : 5, young ? "false" : "true");
    else if (strstr(target, "/api/strategies") && young) buf_puts(b, "{\"strategies\": []}");
    else if (strstr(target, "/api/strategies")) put_strategies(w, b);
    else if (m < 0 || m >= TRADABLE) broken(w, QUESTIONS_ARE_KNOWN, "the bot was asked %.100s", target);
    else if (strstr(target, "/api/trades") && (young || fault_strikes(w, FAULT_BOT_EMPTY)))
        buf_puts(b, "{\"trades\": []}");
    else if (strstr(target, "/api/trades")) put_bot_trades(w, b, m);
    else if (strstr(target, "/api/orders") && young) buf_puts(b, "{\"orders\": []}");
    else if (strstr(target, "/api/orders")) put_bot_orders(w, b, m);
    else if (strstr(target, "/api/ohlcv")) buf_puts(b, "{\"ohlcv\": []}");
    else broken(w, QUESTIONS_ARE_KNOWN, "the bot was asked %.100s", target);
}
