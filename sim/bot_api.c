/* bot_api.c: see bot_api.h. The way of a request, as in the bot: CORS preflight, rate limit, key, route. Answers that the
 * web framework makes itself (404, 405) carry none of the bot's headers. */
#include "sim/bot_api.h"

#include "base/check.h"
#include "base/time.h"
#include "sim/jout.h"
#include "sim/pytext.h"
#include "sim/query.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json; charset=utf-8", text_type[] = "text/plain; charset=utf-8";

void bot_server_init(struct bot_server *b, struct world *w, const struct faults *f, const char *key, size_t limit,
                     int64_t now_us) {
    *b = (struct bot_server){
        .world = w, .faults = f, .limit = limit < BOT_LIMIT_MOST ? limit : BOT_LIMIT_MOST, .started_us = now_us};
    if (key != NULL && key[0] != '\0') {
        b->key = strdup(key);
        CHECK(b->key != NULL);
    }
}

void bot_server_free(struct bot_server *b) {
    free(b->key);
    for (size_t i = 0; i < BOT_LIMIT_ADDRESSES; i++) free(b->limiters[i].times);
    *b = (struct bot_server){0};
}

/* --- Python's way of writing -------------------------------------------------------------------------------------------- */

static void put_float(struct jout *out, const char *key, int64_t v) {
    jo_raw(out, key, SPAN(""));
    py_float(out->b, v);
}

static void put_decimal(struct jout *out, const char *key, int64_t v) {
    jo_raw(out, key, SPAN("\""));
    py_decimal(out->b, v);
    buf_putc(out->b, '"');
}

static void put_time(struct jout *out, const char *key, int64_t us, bool zoned) {
    jo_raw(out, key, SPAN("\""));
    py_time(out->b, us, zoned);
    buf_putc(out->b, '"');
}

static void put_seconds(struct jout *out, const char *key, int64_t us) {
    jo_raw(out, key, SPAN(""));
    py_double(out->b, (double)us / 1e6);
}

/* --- parameters: wrong ones are replaced in silence ----------------------------------------------------------------------- */

/* Like Python's int(): blanks around and a sign are allowed; not a number: the default; then clipped. */
static int64_t want_number(const struct api_params *p, const char *name, int64_t standard, int64_t least,
                           int64_t most) {
    const struct api_param *v = api_param(p, name);
    int64_t n = standard;
    if (v == NULL) return standard;
    struct span text = v->value;
    while (text.len > 0 && text.at[0] == ' ') text = span_skip(text, 1);
    while (text.len > 0 && text.at[text.len - 1] == ' ') text.len--;
    if (text.len > 1 && text.at[0] == '+') text = span_skip(text, 1);
    if (!sim_num_parse_int(&n, text)) return standard;
    return n < least ? least : n > most ? most : n;
}

/* "btc/usdt" to "BTC/USDT" where it has the right form: 2 to 10 letters or digits on each side. */
static bool want_pair(const struct api_params *p, char out[static 24]) {
    const struct api_param *v = api_param(p, "symbol");
    size_t part = 0, slashes = 0;
    if (v == NULL || v->value.len > 21) return false;
    for (size_t i = 0; i < v->value.len; i++) {
        char c = (char)toupper((unsigned char)v->value.at[i]);
        if (c == '/') {
            if (part < 2 || slashes++ > 0) return false;
            part = 0;
        } else if (!isalnum((unsigned char)c) || ++part > 10) {
            return false;
        }
        out[i] = c;
    }
    out[v->value.len] = '\0';
    return slashes == 1 && part >= 2;
}

/* --- endpoints ---------------------------------------------------------------------------------------------------------------- */

static bool running(const struct bot_server *b) { return !b->faults->bot_stopped && b->world->bot_count > 0; }

typedef void answer_fn(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out);

static void get_health(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)p, (void)r;
    jo_open(out, NULL, '{');
    jo_text(out, "status", "healthy");
    put_time(out, "timestamp", b->clock_us, false);
    put_seconds(out, "uptime_seconds", b->clock_us - b->started_us);
    jo_close(out, '}');
}

/* Nothing updates the bot's heartbeat: a minute after its start it is never ready again. */
static void get_ready(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    int64_t age = b->clock_us - b->started_us;
    (void)p;
    jo_open(out, NULL, '{');
    if (running(b) && age <= 60 * US_PER_S) {
        jo_text(out, "status", "ready");
        put_time(out, "timestamp", b->clock_us, false);
        put_seconds(out, "heartbeat_age_seconds", age);
    } else {
        char reason[64] = "Bot not running";
        if (running(b)) snprintf(reason, sizeof reason, "Heartbeat stale (%llds)", (long long)(age / US_PER_S));
        r->status = 503;
        jo_text(out, "status", "not_ready");
        jo_text(out, "reason", reason);
    }
    jo_close(out, '}');
}

static void put_strategy_name(const struct grid_bot *g, struct jout *out) {
    char name[48];
    snprintf(name, sizeof name, "grid_%s", g->symbol->pair);
    *strchr(name, '/') = '_';
    jo_text(out, "name", name);
    jo_text(out, "symbol", g->symbol->pair);
}

static void put_statistics(const struct grid_bot *g, struct jout *out) {
    jo_short(out, "total_profit", g->profit);
    jo_short(out, "total_fees", g->fees);
    jo_int(out, "completed_cycles", (int64_t)g->cycles);
    jo_int(out, "active_buy_orders", bot_orders(g, SIDE_BUY));
    jo_int(out, "active_sell_orders", bot_orders(g, SIDE_SELL));
}

static void get_metrics(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)p, (void)r;
    jo_open(out, NULL, '{');
    put_time(out, "timestamp", b->clock_us, false);
    put_seconds(out, "uptime_seconds", b->clock_us - b->started_us);
    put_seconds(out, "heartbeat_age_seconds", b->clock_us - b->started_us);
    jo_bool(out, "bot_running", running(b));
    if (b->world->bot_count > 0) {
        jo_open(out, "strategy", '{');
        put_strategy_name(&b->world->bots[0], out);
        jo_close(out, '}');
        jo_open(out, "strategy_stats", '{');
        put_statistics(&b->world->bots[0], out);
        jo_close(out, '}');
    }
    jo_close(out, '}');
}

static void get_prometheus(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)p, (void)r;
    double up = (double)(b->clock_us - b->started_us) / 1e6;
    const struct grid_bot *g = b->world->bot_count > 0 ? &b->world->bots[0] : NULL;
    buf_puts(out->b, "trading_bot_uptime_seconds ");
    py_double(out->b, up);
    buf_puts(out->b, "\ntrading_bot_heartbeat_age_seconds ");
    py_double(out->b, up);
    buf_putf(out->b, "\ntrading_bot_running %d", running(b));
    if (g != NULL)
        buf_putf(out->b, "\ntrading_bot_completed_cycles %llu\ntrading_bot_active_orders %u",
                 (unsigned long long)g->cycles, bot_orders(g, SIDE_BUY) + bot_orders(g, SIDE_SELL));
}

struct trade_row {
    const struct venue_symbol *symbol;
    const struct venue_fill *fill;
    size_t place; /* before sorting: equal times keep their order */
};

static int newest_first(const void *a, const void *b) {
    const struct trade_row *x = a, *y = b;
    if (x->fill->time_us != y->fill->time_us) return x->fill->time_us < y->fill->time_us ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static void put_id(struct jout *out, const char *key, int64_t id) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)id);
    jo_text(out, key, text);
}

static void put_trade(const struct trade_row *row, struct jout *out) {
    const struct venue_fill *f = row->fill;
    jo_open(out, NULL, '{');
    put_id(out, "id", f->id);
    put_id(out, "order_id", f->order_id);
    jo_text(out, "symbol", row->symbol->pair);
    jo_text(out, "side", f->buyer ? "buy" : "sell");
    put_decimal(out, "amount", f->quantity);
    put_decimal(out, "price", f->price);
    if (f->quote != 0) put_decimal(out, "cost", f->quote);
    else jo_null(out, "cost");
    if (f->fee != 0) put_decimal(out, "fee", f->fee);
    else jo_null(out, "fee");
    put_time(out, "timestamp", f->time_us, true);
    jo_close(out, '}');
}

/* Only the strategies' symbols; `filter` NULL: all of them. */
static bool wanted(const struct grid_bot *g, const char *filter) {
    return filter == NULL || strcmp(filter, g->symbol->pair) == 0;
}

static size_t gather_trades(const struct bot_server *b, const char *filter, size_t limit, struct trade_row *rows) {
    size_t count = 0;
    for (size_t i = 0; i < b->world->bot_count && !b->faults->bot_empty; i++) {
        const struct venue_symbol *s = b->world->bots[i].symbol;
        if (!wanted(&b->world->bots[i], filter)) continue;
        for (size_t f = s->fill_count > limit ? s->fill_count - limit : 0; f < s->fill_count; f++, count++)
            rows[count] = (struct trade_row){s, &s->fills[f], count};
    }
    return count;
}

static void get_trades(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    char pair[24];
    bool filtered = want_pair(p, pair);
    size_t limit = (size_t)want_number(p, "limit", 100, 1, 1000);
    struct trade_row *rows = calloc(b->world->bot_count * limit + 1, sizeof *rows);
    CHECK(rows != NULL);
    size_t count = gather_trades(b, filtered ? pair : NULL, limit, rows);
    (void)r;
    qsort(rows, count, sizeof *rows, newest_first);
    jo_open(out, NULL, '{');
    jo_open(out, "trades", '[');
    for (size_t i = 0; i < count && i < limit; i++) put_trade(&rows[i], out);
    jo_close(out, ']');
    jo_close(out, '}');
    free(rows);
}

static void put_order(const struct venue_symbol *s, const struct venue_order *o, struct jout *out) {
    jo_open(out, NULL, '{');
    put_id(out, "id", o->id);
    jo_text(out, "symbol", s->pair);
    jo_text(out, "side", o->side == SIDE_BUY ? "buy" : "sell");
    jo_text(out, "type", o->type == ORDER_LIMIT ? "limit" : "market");
    if (o->price != 0) put_decimal(out, "price", o->price);
    else jo_null(out, "price");
    put_decimal(out, "amount", o->quantity);
    if (o->filled != 0) put_decimal(out, "filled", o->filled);
    else jo_text(out, "filled", "0");
    put_decimal(out, "remaining", o->quantity - o->filled != 0 ? o->quantity - o->filled : o->quantity);
    jo_text(out, "status", "open");
    put_time(out, "timestamp", o->time_us, true);
    jo_close(out, '}');
}

static void get_orders(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    char pair[24];
    bool filtered = want_pair(p, pair);
    (void)r;
    jo_open(out, NULL, '{');
    jo_open(out, "orders", '[');
    for (size_t i = 0; i < b->world->bot_count && !b->faults->bot_empty; i++) {
        const struct venue_symbol *s = b->world->bots[i].symbol;
        for (size_t k = 0; k < s->order_count && wanted(&b->world->bots[i], filtered ? pair : NULL); k++)
            if (venue_order_open(&s->orders[k])) put_order(s, &s->orders[k], out);
    }
    jo_close(out, ']');
    jo_close(out, '}');
}

static int64_t investment(const struct grid_bot *g) { return g->config.slot_value * (int64_t)(g->level_count - 1); }

static void get_strategies(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)p, (void)r;
    jo_open(out, NULL, '{');
    jo_open(out, "strategies", '[');
    for (size_t i = 0; i < b->world->bot_count; i++) {
        const struct grid_bot *g = &b->world->bots[i];
        jo_open(out, NULL, '{');
        put_strategy_name(g, out);
        jo_open(out, "statistics", '{');
        put_statistics(g, out);
        jo_close(out, '}');
        jo_open(out, "config", '{');
        jo_text(out, "type", "grid");
        jo_short(out, "lower_price", g->levels[0]);
        jo_short(out, "upper_price", g->levels[g->level_count - 1]);
        jo_int(out, "num_grids", g->level_count);
        jo_short(out, "total_investment", investment(g));
        jo_close(out, '}');
        jo_close(out, '}');
    }
    jo_close(out, ']');
    jo_close(out, '}');
}

static void put_error(struct front_reply *r, struct jout *out, int status, const char *text) {
    r->status = status;
    jo_open(out, NULL, '{');
    jo_text(out, "error", text);
    jo_close(out, '}');
}

static const char *want_timeframe(const struct api_params *p) {
    static const char *const known[] = {"1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"};
    const struct api_param *v = api_param(p, "timeframe");
    for (size_t i = 0; v != NULL && i < sizeof known / sizeof known[0]; i++)
        if (v->value.len == strlen(known[i]) && strncasecmp(v->value.at, known[i], v->value.len) == 0) return known[i];
    return "1h";
}

static void put_candle(const struct candle *c, struct jout *out) {
    jo_open(out, NULL, '{');
    put_time(out, "timestamp", c->open_us, true);
    put_float(out, "open", c->open);
    put_float(out, "high", c->high);
    put_float(out, "low", c->low);
    put_float(out, "close", c->close);
    put_float(out, "volume", c->volume);
    jo_close(out, '}');
}

static void get_ohlcv(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    char pair[24];
    if (!want_pair(p, pair)) strcpy(pair, "BTC/USDT");
    const char *frame = want_timeframe(p);
    int64_t limit = want_number(p, "limit", 100, 1, 1000);
    const struct venue_symbol *s = venue_find_pair(&b->world->venue, span_of(pair));
    if (s == NULL) {
        char text[64];
        snprintf(text, sizeof text, "Invalid symbol: %s", pair);
        put_error(r, out, 500, text);
        return;
    }
    enum interval iv = sim_interval_find(span_of(frame));
    int64_t start = sim_interval_start(iv, b->world->venue.now_us, 0), first = s->minutes.all[0].open_us;
    for (int64_t n = 1; n < limit && start > first; n++) start = sim_interval_start(iv, start - 1, 0);
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", pair);
    jo_text(out, "timeframe", frame);
    jo_open(out, "ohlcv", '[');
    struct candle c;
    for (; start <= b->world->venue.now_us; start = sim_interval_next(iv, start, 0))
        if (sim_candles_bar(&s->minutes, &c, iv, start, 0)) put_candle(&c, out);
    jo_close(out, ']');
    jo_close(out, '}');
}

/* The two tables behind these are written by no code of the bot. */
static void get_positions(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)b, (void)p, (void)r;
    buf_puts(out->b, "{\"positions\": []}");
}

static void get_equity(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)b, (void)p, (void)r;
    buf_puts(out->b, "{\"equity_curve\": []}");
}

static void get_pnl(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    static const char *const periods[] = {"daily", "weekly", "monthly", "all"};
    static const int64_t days[] = {0, 7, 30, -1};
    const struct api_param *v = api_param(p, "period");
    size_t at = 0;
    (void)r;
    for (size_t i = 0; v != NULL && i < 4; i++)
        if (span_is(v->value, periods[i])) at = i;
    jo_open(out, NULL, '{');
    jo_text(out, "period", periods[at]);
    if (days[at] < 0) jo_null(out, "start_date");
    else
        put_time(out, "start_date",
                 days[at] == 0 ? b->clock_us / US_PER_DAY * US_PER_DAY : b->clock_us - days[at] * US_PER_DAY, false);
    jo_raw(
        out, NULL,
        SPAN("\"total_trades\": 0, \"winning_trades\": 0, \"losing_trades\": 0, \"win_rate\": 0, \"total_pnl\": \"0\", "
             "\"gross_profit\": \"0\", \"gross_loss\": \"0\", \"average_win\": \"0\", \"average_loss\": \"0\""));
    jo_close(out, '}');
}

static void put_status_grid(const struct grid_bot *g, struct jout *out) {
    int64_t lower = g->levels[0], upper = g->levels[g->level_count - 1], total = investment(g);
    unsigned active = bot_orders(g, SIDE_BUY) + bot_orders(g, SIDE_SELL);
    jo_open(out, "grid_stats", '{');
    jo_int(out, "completed_cycles", (int64_t)g->cycles);
    put_float(out, "total_profit", g->profit);
    jo_int(out, "active_levels", active);
    jo_int(out, "total_levels", g->level_count);
    put_float(out, "avg_profit_per_cycle", g->cycles > 0 ? g->profit / (int64_t)g->cycles : 0);
    jo_close(out, '}');
    jo_open(out, "grid_config", '{');
    jo_text(out, "symbol", g->symbol->pair);
    put_float(out, "lower_price", lower);
    put_float(out, "upper_price", upper);
    jo_int(out, "num_grids", g->level_count);
    put_float(out, "grid_step", (upper - lower) / (int64_t)g->level_count); /* the bot divides by the wrong number */
    put_float(out, "total_investment", total);
    put_float(out, "investment_per_grid", total / (int64_t)g->level_count);
    jo_text(out, "spacing_type", "arithmetic");
    jo_close(out, '}');
    jo_open(out, "pending_levels", '[');
    for (unsigned i = 0; i + 1 < g->level_count; i++)
        if (g->slots[i].state == SLOT_BUYING || g->slots[i].state == SLOT_SELLING) put_float(out, NULL, g->levels[i]);
    jo_close(out, ']');
    jo_raw(out, "filled_levels", SPAN("[]"));
}

static void get_status(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)p, (void)r;
    jo_open(out, NULL, '{');
    put_time(out, "timestamp", b->clock_us, false);
    jo_open(out, "server", '{');
    put_seconds(out, "uptime_seconds", b->clock_us - b->started_us);
    put_seconds(out, "heartbeat_age_seconds", b->clock_us - b->started_us);
    jo_close(out, '}');
    jo_bool(out, "ws_connected", true);
    jo_bool(out, "trading_enabled", running(b));
    jo_raw(out, NULL,
           SPAN("\"db_connected\": true, \"circuit_breaker_active\": false, \"current_drawdown\": 0, "
                "\"max_drawdown_limit\": 10, \"daily_loss\": 0, \"daily_loss_limit\": 1000, \"consecutive_losses\": 0, "
                "\"max_consecutive_losses\": 5, \"peak_equity\": 0, \"circuit_breaker_events\": []"));
    jo_open(out, "bot", '{');
    jo_bool(out, "running", running(b));
    jo_bool(out, "dry_run", false);
    jo_close(out, '}');
    if (b->world->bot_count > 0) {
        const struct grid_bot *g = &b->world->bots[0];
        jo_open(out, "strategy", '{');
        put_strategy_name(g, out);
        jo_open(out, "statistics", '{');
        jo_short(out, "total_profit", g->profit);
        jo_int(out, "completed_cycles", (int64_t)g->cycles);
        jo_close(out, '}');
        jo_close(out, '}');
        put_status_grid(g, out);
    }
    jo_raw(out, "exchange", SPAN("{\"connected\": true, \"name\": \"binance\"}"));
    jo_close(out, '}');
}

static void get_predictions(struct bot_server *b, const struct api_params *p, struct front_reply *r, struct jout *out) {
    (void)b, (void)p, (void)r;
    buf_puts(out->b, "{\"history\": [], \"model_info\": null, \"current_prediction\": null, \"positions\": {\"open\": "
                     "[], \"closed\": []}}");
}

static const struct bot_route {
    const char *path;
    bool open; /* needs no key */
    bool plain;
    answer_fn *answer;
} routes[] = {
    {"/health", true, false, get_health},
    {"/ready", true, false, get_ready},
    {"/metrics", true, false, get_metrics},
    {"/metrics/prometheus", true, true, get_prometheus},
    {"/api/trades", false, false, get_trades},
    {"/api/orders", false, false, get_orders},
    {"/api/positions", false, false, get_positions},
    {"/api/pnl", false, false, get_pnl},
    {"/api/equity", false, false, get_equity},
    {"/api/status", false, false, get_status},
    {"/api/strategies", false, false, get_strategies},
    {"/api/ohlcv", false, false, get_ohlcv},
    {"/api/prediction-history", false, false, get_predictions},
};

/* --- the way of a request ---------------------------------------------------------------------------------------------------- */

static struct bot_limiter *limiter(struct bot_server *b, struct span address) {
    struct name name = {{0}};
    if (name_set(&name, address) != ERR_OK) name = name_of("?");
    for (size_t i = 0; i < BOT_LIMIT_ADDRESSES; i++)
        if (b->limiters[i].times != NULL && name_eq(&b->limiters[i].address, &name)) return &b->limiters[i];
    struct bot_limiter *l = &b->limiters[b->next_limiter++ % BOT_LIMIT_ADDRESSES];
    free(l->times);
    *l = (struct bot_limiter){.address = name, .times = calloc(b->limit, sizeof *l->times)};
    CHECK(l->times != NULL);
    return l;
}

/* A sliding window: the oldest of the last `limit` requests must be a window old. Refused ones do not count. */
static bool within_limit(struct bot_server *b, struct span address, size_t *remaining) {
    struct bot_limiter *l = limiter(b, address);
    while (l->count > 0 &&
           l->times[(l->next + b->limit - l->count) % b->limit] <= b->clock_us - BOT_WINDOW_SECONDS * US_PER_S)
        l->count--;
    if (l->count == b->limit) return false;
    l->times[l->next] = b->clock_us;
    l->next = (l->next + 1) % b->limit;
    l->count++;
    *remaining = b->limit - l->count;
    return true;
}

static void security_headers(struct front_reply *r) {
    front_header(r, "X-Content-Type-Options", "nosniff");
    front_header(r, "X-Frame-Options", "DENY");
    front_header(r, "X-XSS-Protection", "1; mode=block");
    front_header(r, "Referrer-Policy", "strict-origin-when-cross-origin");
    front_header(r, "Content-Security-Policy", "default-src 'none'");
    front_header(r, "Cache-Control", "no-store, no-cache, must-revalidate");
}

/* X-API-Key where it is not empty, else Authorization with or without "Bearer ". */
static bool key_fits(const struct bot_server *b, const struct front_question *q) {
    if (b->key == NULL) return true;
    if (q->api_key.len > 0) return span_is(q->api_key, b->key);
    struct span given = q->authorization;
    if (span_starts(given, SPAN("Bearer "))) given = span_skip(given, 7);
    return span_is(given, b->key);
}

static void answer_options(struct front_reply *r) {
    front_header(r, "Access-Control-Allow-Origin", "%s", "");
    front_header(r, "Access-Control-Allow-Methods", "GET, OPTIONS");
    front_header(r, "Access-Control-Allow-Headers", "X-API-Key, Authorization, Content-Type");
    front_header(r, "Access-Control-Max-Age", "86400");
}

static void run_route(struct bot_server *b, const struct bot_route *route, const struct front_question *q,
                      struct front_reply *r) {
    struct api_params p = {.count = 0};
    struct jout out = {.b = &r->body, .spaced = true};
    char *room = malloc(q->query.len + 1);
    CHECK(room != NULL);
    if (!query_parse(&p, room, q->query, true)) p.count = 0;
    route->answer(b, &p, r, &out);
    front_header(r, "Content-Type", "%s", route->plain ? text_type : json_type);
    free(room);
}

void bot_answer(struct bot_server *b, const struct front_question *q, struct front_reply *r) {
    size_t remaining = 0;
    const struct bot_route *route = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (span_is(q->path, routes[i].path)) route = &routes[i];
    if (span_is(q->method, "OPTIONS")) {
        answer_options(r);
        security_headers(r);
        return;
    }
    if (b->limit > 0 && !within_limit(b, q->peer, &remaining)) {
        security_headers(r);
        front_header(r, "Retry-After", "%d", BOT_WINDOW_SECONDS);
        front_text(r, 429, json_type, "{\"error\": \"Rate limit exceeded\", \"retry_after\": 60}");
        return;
    }
    bool open = route != NULL && route->open;
    bool denied = !open && !key_fits(b, q);
    bool reads = span_is(q->method, "GET") || span_is(q->method, "HEAD");
    if (!denied && route == NULL) {
        front_text(r, 404, text_type, "404: Not Found");
        return;
    }
    if (!denied && !reads) {
        front_header(r, "Allow", "GET,HEAD");
        front_text(r, 405, text_type, "405: Method Not Allowed");
        return;
    }
    security_headers(r);
    if (b->limit > 0) front_header(r, "X-RateLimit-Remaining", "%zu", remaining);
    if (denied) front_text(r, 401, json_type, "{\"error\": \"Unauthorized\", \"message\": \"Valid API key required\"}");
    else run_route(b, route, q, r);
}
