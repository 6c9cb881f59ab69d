/* bot.c: bodies of the bot's HTTP API (BOT_API 4). The bot prints Python decimals and floats, null for what is zero or
 * unknown, and times with or without a zone; all of that is the business of fields.c and base/. What is judged here:
 * which body it is, which rows make sense, and which strategy is a grid on a market. */
#include "wire/bot.h"

#include "base/limits.h"
#include "wire/fields.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct place body_place = {.name = "body"};
static const struct place root_place = {.name = ""};

static enum err body_parse(struct json *j, struct span body, struct json_value *root, struct wire_fault *fault) {
    enum err e = json_parse(j, body, LIMIT_HTTP_BODY_BYTES, root);
    if (e == ERR_OK && !json_is_object(*root)) e = ERR_TYPE;
    return e == ERR_OK ? e : fault_at(fault, &body_place, NULL, e);
}

/* The array under `key` of the body; rows are walked by the caller. */
static enum err list_parse(struct json *j, struct span body, const char *key, struct json_value *root,
                           struct json_value *list, struct wire_fault *fault) {
    enum err e = body_parse(j, body, root, fault);
    if (e != ERR_OK) return e;
    *list = json_get(*root, key);
    if (!json_is_array(*list)) return fault_at(fault, &root_place, key, json_present(*list) ? ERR_TYPE : ERR_MISSING);
    return ERR_OK;
}

/* ---- health ---- */

static const struct field health_fields[] = {
    {"bot_running", FIELD_BOOL, 0, offsetof(struct bot_health, running), NULL},
    {"uptime_seconds", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct bot_health, uptime_seconds), NULL},
};

enum err bot_health_decode(struct json *j, struct span body, struct bot_health *out, struct wire_fault *fault) {
    struct json_value root;
    struct span text;
    struct bot_health h = {.alive = true};
    enum err e = body_parse(j, body, &root, fault);
    if (e != ERR_OK) return e;
    h.has_running = json_is_bool(json_get(root, "bot_running"));
    if (!h.has_running && !json_is_text(json_get(root, "status"))) /* neither /metrics nor /health */
        return fault_at(fault, &root_place, "bot_running", ERR_MISSING);
    e = fields_read(root, health_fields, COUNT(health_fields), &h, &root_place, fault);
    if (e != ERR_OK) return e;
    if (json_text(json_get(json_get(root, "strategy"), "name"), &text) == ERR_OK)
        text_cut(h.name.text, sizeof h.name.text, text);
    *out = h;
    return ERR_OK;
}

/* ---- strategies ---- */

static const struct field statistics_fields[] = {
    {"total_profit", FIELD_DEC16, 0, offsetof(struct bot_strategy, total_profit), NULL},
    {"total_fees", FIELD_DEC16, 0, offsetof(struct bot_strategy, total_fees), NULL},
    {"completed_cycles", FIELD_I64, FIELD_NOT_NEGATIVE, offsetof(struct bot_strategy, completed_cycles), NULL},
};

struct grid_row {
    struct grid grid;
    int64_t levels;
};

static const struct field config_fields[] = {
    {"lower_price", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct grid_row, grid.lower), NULL},
    {"upper_price", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct grid_row, grid.upper), NULL},
    {"num_grids", FIELD_I64, FIELD_NOT_NEGATIVE, offsetof(struct grid_row, levels), NULL},
    {"total_investment", FIELD_DEC16, FIELD_NOT_NEGATIVE, offsetof(struct grid_row, grid.investment), NULL},
};

enum { LEVELS_MAX = 10000 }; /* more open orders than any market allows at once (MAX_NUM_ORDERS is 200) */

/* A grid is on a market. "MULTI/USDT" stands for several coins and "unknown" for none (BOT_API 4). The older commit has
 * grids only and names no type. */
static bool is_grid(const struct bot_strategy *s, struct json_value config) {
    struct json_value type = json_get(config, "type");
    struct span word;
    if (name_empty(&s->symbol) || name_is(&s->symbol, "MULTI/USDT")) return false;
    return !json_present(type) || (json_text(type, &word) == ERR_OK && span_is(word, "grid"));
}

static void strategy_symbol(struct name *out, struct json_value v) {
    struct name symbol, base, quote;
    if (json_name(v, &symbol) == ERR_OK && symbol_split(&base, &quote, name_span(&symbol)) == ERR_OK) *out = symbol;
}

static enum err grid_read(struct grid *out, struct json_value config, const struct place *p, struct wire_fault *fault) {
    struct grid_row row = {.grid = {.from_bot = true}};
    enum err e = fields_read(config, config_fields, COUNT(config_fields), &row, p, fault);
    if (e != ERR_OK) return e;
    if (row.levels > LEVELS_MAX) return fault_at(fault, p, "num_grids", ERR_RANGE);
    row.grid.levels = (int)row.levels;
    row.grid.known = row.grid.lower.v > 0 && dec8_cmp(row.grid.upper, row.grid.lower) > 0 && row.levels > 0;
    *out = row.grid;
    return ERR_OK;
}

static enum err strategy_read(struct bot_strategy *out, struct json_value row, const struct place *p,
                              struct wire_fault *fault) {
    struct bot_strategy s = {.completed_cycles = -1};
    struct span name;
    struct json_value config = json_get(row, "config"), statistics = json_get(row, "statistics");
    enum err e = ERR_OK;
    if (!json_is_object(row)) return fault_at(fault, p, NULL, ERR_TYPE);
    if (json_text(json_get(row, "name"), &name) == ERR_OK) text_cut(s.name, sizeof s.name, name);
    strategy_symbol(&s.symbol, json_get(row, "symbol"));
    s.is_grid = is_grid(&s, config);
    if (json_present(statistics))
        e = fields_read(statistics, statistics_fields, COUNT(statistics_fields), &s, p, fault);
    if (e == ERR_OK && s.is_grid && json_present(config)) e = grid_read(&s.grid, config, p, fault);
    if (e == ERR_OK) *out = s;
    return e;
}

enum err bot_strategies_decode(struct json *j, struct span body, strategy_take *take, void *arg,
                               struct wire_fault *fault) {
    struct json_value root, list, row;
    struct bot_strategy s;
    struct place p = {.name = "strategies", .listed = true};
    enum err e = list_parse(j, body, "strategies", &root, &list, fault);
    if (e != ERR_OK) return e;
    for (struct json_iter it = json_first(list); json_next(&it, &row); p.row++)
        if ((e = strategy_read(&s, row, &p, fault)) != ERR_OK) return e;
    p.row = 0;
    for (struct json_iter it = json_first(list); json_next(&it, &row); p.row++)
        if (strategy_read(&s, row, &p, fault) == ERR_OK) take(arg, &s);
    return ERR_OK;
}

/* ---- trades ---- */

static const struct word sides[] = {{"buy", SIDE_BUY}, {"sell", SIDE_SELL}, {NULL, 0}};

static const struct field trade_fields[] = {
    {"id", FIELD_ID, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct fill, trade_id), NULL}, /* digits only */
    {"order_id", FIELD_ID, 0, offsetof(struct fill, order_id), NULL},
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct fill, symbol), NULL},
    {"side", FIELD_WORD, FIELD_MUST, offsetof(struct fill, side), sides},
    {"amount", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, quantity), NULL},
    {"price", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, price), NULL},
    {"cost", FIELD_DEC16, FIELD_NOT_NEGATIVE, offsetof(struct fill, quote_amount), NULL},
    {"fee", FIELD_DEC16, FIELD_NOT_NEGATIVE, offsetof(struct fill, fee), NULL},
    {"timestamp", FIELD_ISO, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct fill, time), NULL},
};

/* The first refused row is the one that the fault names. */
static void count_refused(size_t *refused, struct wire_fault *fault, const struct wire_fault *row) {
    if ((*refused)++ == 0) *fault = *row;
}

enum err bot_trades_decode(struct json *j, struct span body, fill_take *take, void *arg, size_t *refused,
                           struct wire_fault *fault) {
    struct json_value root, list, row;
    struct wire_fault row_fault;
    struct place p = {.name = "trades", .listed = true};
    enum err e = list_parse(j, body, "trades", &root, &list, fault);
    if (e != ERR_OK) return e;
    *refused = 0;
    for (struct json_iter it = json_first(list); json_next(&it, &row); p.row++) {
        struct fill f = {.order_id = ORDER_ID_NONE, .source = SOURCE_BOT};
        if (fields_read(row, trade_fields, COUNT(trade_fields), &f, &p, &row_fault) == ERR_OK) take(arg, &f);
        else count_refused(refused, fault, &row_fault);
    }
    return ERR_OK;
}

/* ---- orders ---- */

static const struct word order_types[] = {{"limit", ORDER_LIMIT}, {"market", ORDER_MARKET}, {NULL, ORDER_OTHER}};
/* The bot maps what it does not know to "open" (BOT_API 4); only these say that an order is over. */
static const struct word over_words[] = {{"closed", true}, {"canceled", true}, {"expired", true}, {NULL, false}};

struct order_row {
    struct order order;
    int over;
};

static const struct field order_fields[] = {
    {"id", FIELD_ID, FIELD_MUST, offsetof(struct order_row, order.order_id), NULL},
    {"symbol", FIELD_NAME, FIELD_MUST, offsetof(struct order_row, order.symbol), NULL},
    {"side", FIELD_WORD, FIELD_MUST, offsetof(struct order_row, order.side), sides},
    {"type", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct order_row, order.type), order_types},
    {"price", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.price), NULL},
    {"amount", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct order_row, order.quantity), NULL},
    {"filled", FIELD_DEC8, FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.filled), NULL},
    {"status", FIELD_WORD, FIELD_ANY_WORD, offsetof(struct order_row, over), over_words},
    {"timestamp", FIELD_ISO, FIELD_NOT_NEGATIVE, offsetof(struct order_row, order.time), NULL},
};

enum err bot_orders_decode(struct json *j, struct span body, order_take *take, void *arg, size_t *refused,
                           struct wire_fault *fault) {
    struct json_value root, list, row;
    struct wire_fault row_fault;
    struct place p = {.name = "orders", .listed = true};
    enum err e = list_parse(j, body, "orders", &root, &list, fault);
    if (e != ERR_OK) return e;
    *refused = 0;
    for (struct json_iter it = json_first(list); json_next(&it, &row); p.row++) {
        struct order_row o = {.over = false};
        if (fields_read(row, order_fields, COUNT(order_fields), &o, &p, &row_fault) != ERR_OK)
            count_refused(refused, fault, &row_fault);
        else if (!o.over) take(arg, &o.order);
    }
    return ERR_OK;
}

/* ---- candles ---- */

static const struct {
    const char *name;
    int64_t us;
} frames[] = {
    {"1m", US_PER_MIN},  {"5m", 5 * US_PER_MIN},  {"15m", 15 * US_PER_MIN}, {"30m", 30 * US_PER_MIN},
    {"1h", US_PER_HOUR}, {"4h", 4 * US_PER_HOUR}, {"1d", US_PER_DAY},       {"1w", 7 * US_PER_DAY},
};

static const struct field candle_fields[] = {
    {"timestamp", FIELD_ISO, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct candle, open_time), NULL},
    {"open", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, open), NULL},
    {"high", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, high), NULL},
    {"low", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, low), NULL},
    {"close", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct candle, close), NULL},
    {"volume", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct candle, volume), NULL},
};

struct ohlcv_head {
    struct name symbol, timeframe;
};

static const struct field ohlcv_fields[] = {
    {"symbol", FIELD_NAME, 0, offsetof(struct ohlcv_head, symbol), NULL},
    {"timeframe", FIELD_NAME, 0, offsetof(struct ohlcv_head, timeframe), NULL},
};

/* The length of the answer's candles; 0 where it names no timeframe that is known. */
static int64_t frame_length(const struct name *timeframe) {
    for (size_t i = 0; i < COUNT(frames); i++)
        if (name_is(timeframe, frames[i].name)) return frames[i].us;
    return 0;
}

static enum err candle_read(struct candle *out, struct json_value row, int64_t length, const struct place *p,
                            struct wire_fault *fault) {
    *out = (struct candle){.closed = false};
    enum err e = fields_read(row, candle_fields, COUNT(candle_fields), out, p, fault);
    out->close_time.us =
        out->open_time.us + length - US_PER_MS; /* Binance's candles end a millisecond before the next */
    return e;
}

enum err bot_ohlcv_decode(struct json *j, struct span body, struct name *symbol, struct name *timeframe,
                          candle_take *take, void *arg, struct wire_fault *fault) {
    struct json_value root, list, row;
    struct candle c;
    struct ohlcv_head head = {.symbol = {{0}}};
    struct place p = {.name = "ohlcv", .listed = true};
    enum err e = list_parse(j, body, "ohlcv", &root, &list, fault);
    if (e == ERR_OK) e = fields_read(root, ohlcv_fields, COUNT(ohlcv_fields), &head, &root_place, fault);
    if (e != ERR_OK) return e;
    int64_t length = frame_length(&head.timeframe);
    if (length == 0 && json_size(list) > 0)
        return fault_at(fault, &root_place, "timeframe", name_empty(&head.timeframe) ? ERR_MISSING : ERR_UNKNOWN);
    for (struct json_iter it = json_first(list); json_next(&it, &row); p.row++)
        if ((e = candle_read(&c, row, length, &p, fault)) != ERR_OK) return e;
    *symbol = head.symbol;
    *timeframe = head.timeframe;
    for (struct json_iter it = json_first(list); json_next(&it, &row);) {
        if (candle_read(&c, row, length, &p, fault) != ERR_OK) continue;
        c.closed = it.left > 0;
        take(arg, &c);
    }
    return ERR_OK;
}
