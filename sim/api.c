/* api.c: see api.h. Market questions first, then the account's, then the table. */
#include "sim/api.h"

#include "base/check.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum {
    LIMIT_DEFAULT = 500,
    LIMIT_MOST = 1000,
    DEPTH_DEFAULT = 100,
    DEPTH_MOST = 5000,
    RECV_DEFAULT_MS = 5000,
    RECV_MOST_MS = 60000
};

bool api_refuse(struct api_error *e, int status, int code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    e->status = status;
    e->code = code;
    vsnprintf(e->msg, sizeof e->msg, format, args);
    va_end(args);
    return false;
}

const struct api_param *api_param(const struct api_params *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (span_is(p->all[i].name, name)) return &p->all[i];
    return NULL;
}

/* --- parameters ------------------------------------------------------------------------------------------------------ */

/* Walks a list of names separated by blanks; false at its end. */
static bool next_name(const char **list, struct span *name, bool *mandatory) {
    while (**list == ' ') ++*list;
    if (**list == '\0') return false;
    name->at = *list;
    name->len = strcspn(*list, " !");
    *list += name->len;
    *mandatory = **list == '!';
    if (*mandatory) ++*list;
    return true;
}

static bool listed(const char *list, struct span wanted) {
    struct span name;
    bool mandatory;
    while (next_name(&list, &name, &mandatory))
        if (span_eq(name, wanted)) return true;
    return false;
}

bool api_check_params(const struct api_endpoint *ep, const struct api_params *p, const char *extra,
                      struct api_error *e) {
    const char *list = ep->params;
    struct span name;
    bool mandatory;
    while (next_name(&list, &name, &mandatory)) {
        const struct api_param *found = NULL;
        for (size_t i = 0; i < p->count && found == NULL; i++)
            if (span_eq(p->all[i].name, name)) found = &p->all[i];
        if (mandatory && (found == NULL || found->value.len == 0))
            return api_refuse(e, 400, -1102, "Mandatory parameter '%.*s' was not sent, was empty/null, or malformed.",
                              (int)name.len, name.at);
    }
    size_t read = 0;
    for (size_t i = 0; i < p->count; i++) {
        read += listed(ep->params, p->all[i].name) || listed(extra, p->all[i].name);
        for (size_t k = 0; k < i; k++)
            if (span_eq(p->all[i].name, p->all[k].name))
                return api_refuse(e, 400, -1101, "Duplicate values for parameter '%.*s'.", (int)p->all[i].name.len,
                                  p->all[i].name.at);
    }
    if (read == p->count) return true;
    if (ep->params[0] == '\0' && ep->path != NULL) /* the WebSocket API's session methods say -1104 here too */
        return api_refuse(e, 400, -1101, "Too many parameters; expected '0' and received '%zu'.", p->count);
    return api_refuse(e, 400, -1104, "Not all sent parameters were read; read '%zu' parameter(s) but was sent '%zu'.",
                      read, p->count);
}

/* recvWindow in microseconds: milliseconds with up to three decimals. */
static bool recv_window(const struct api_params *p, int64_t *out, struct api_error *e) {
    const struct api_param *r = api_param(p, "recvWindow");
    int64_t units = RECV_DEFAULT_MS * NUM_ONE;
    if (r != NULL && (!sim_num_parse(&units, r->value) || units < 0 || units % (NUM_ONE / 1000) != 0))
        return api_refuse(e, 400, -1102,
                          "Mandatory parameter 'recvWindow' was not sent, was empty/null, or malformed.");
    if (units > RECV_MOST_MS * NUM_ONE) return api_refuse(e, 400, -1131, "recvWindow must be less than 60000.");
    *out = units / (NUM_ONE / 1000);
    return true;
}

/* A time parameter in milliseconds or microseconds. */
static bool read_time(int64_t *out_us, struct span text) {
    int64_t v;
    if (!sim_num_parse_int(&v, text) || v < 0) return false;
    *out_us = v >= INT64_C(100000000000000) ? v : v * US_PER_MS;
    return true;
}

bool api_check_time(const struct api *a, const struct api_params *p, struct api_error *e) {
    int64_t window = 0, stamp = 0;
    const struct api_param *t = api_param(p, "timestamp");
    if (t == NULL || !read_time(&stamp, t->value) || stamp < INT64_C(1483228800) * US_PER_S) /* 2017-01-01 */
        return api_refuse(e, 400, -1102, "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
    if (!recv_window(p, &window, e)) return false;
    if (stamp >= a->clock_us + US_PER_S)
        return api_refuse(e, 400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.");
    if (a->clock_us - stamp > window)
        return api_refuse(e, 400, -1021, "Timestamp for this request is outside of the recvWindow.");
    return true;
}

static bool want_symbol(const struct api *a, const struct api_params *p, struct venue_symbol **out,
                        struct api_error *e) {
    const struct api_param *s = api_param(p, "symbol");
    *out = s != NULL ? venue_find(&a->world->venue, s->value) : NULL;
    if (*out != NULL) return true;
    (void)api_refuse(e, 400, -1121, "Invalid symbol.");
    return false;
}

/* A whole number, clipped into least..most; absent: the default. */
static bool want_int(const struct api_params *p, const char *name, int64_t *out, int64_t standard, int64_t least,
                     int64_t most, struct api_error *e) {
    const struct api_param *v = api_param(p, name);
    *out = standard;
    if (v == NULL) return true;
    if (!sim_num_parse_int(out, v->value))
        return api_refuse(e, 400, -1100, "Illegal characters found in parameter '%s'; legal range is '^[0-9]{1,20}$'.",
                          name);
    if (*out < least) *out = least;
    if (*out > most) *out = most;
    return true;
}

struct listing { /* how a list is asked for: ACCORDING to BINANCE 4.3, listing rules */
    int64_t limit, from_us, to_us, from_id;
    bool has_from, has_to, has_id;
};

static bool want_listing(const struct api_params *p, const char *id_name, struct listing *l, struct api_error *e) {
    *l = (struct listing){.to_us = INT64_MAX};
    if (!want_int(p, "limit", &l->limit, LIMIT_DEFAULT, 1, LIMIT_MOST, e)) return false;
    const struct api_param *from = api_param(p, "startTime"), *to = api_param(p, "endTime");
    l->has_from = from != NULL;
    l->has_to = to != NULL;
    if ((from != NULL && !read_time(&l->from_us, from->value)) || (to != NULL && !read_time(&l->to_us, to->value)))
        return api_refuse(e, 400, -1100, "Illegal characters found in parameter '%s'; legal range is '^[0-9]{1,20}$'.",
                          from != NULL && !read_time(&l->from_us, from->value) ? "startTime" : "endTime");
    l->has_id = api_param(p, id_name) != NULL;
    return want_int(p, id_name, &l->from_id, 0, 0, INT64_MAX, e);
}

/* --- markets: which ones ---------------------------------------------------------------------------------------------- */

struct choice {
    struct venue_symbol **all; /* owned by the caller's array, at most symbol_count */
    size_t count;
    bool single; /* asked by `symbol`: the answer is an object */
};

static bool choose_listed(const struct api *a, struct span json, struct choice *c, struct api_error *e) {
    yyjson_doc *doc = yyjson_read(json.at, json.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *item;
    size_t i, n;
    bool fine = yyjson_is_arr(root) && yyjson_arr_size(root) > 0;
    if (!fine) api_refuse(e, 400, -1100, "Illegal characters found in parameter 'symbols'.");
    if (fine) {
        yyjson_arr_foreach(root, i, n, item) {
            struct venue_symbol *s =
                yyjson_is_str(item)
                    ? venue_find(&a->world->venue, span_from(yyjson_get_str(item), yyjson_get_len(item)))
                    : NULL;
            if (s == NULL) fine = api_refuse(e, 400, -1121, "Invalid symbol.");
            for (size_t k = 0; k < c->count && fine; k++)
                if (c->all[k] == s) fine = api_refuse(e, 400, -1151, "Symbol is present multiple times in the list.");
            if (!fine) break;
            c->all[c->count++] = s;
        }
    }
    yyjson_doc_free(doc);
    return fine;
}

static bool status_known(struct span s) { return span_is(s, "TRADING") || span_is(s, "HALT") || span_is(s, "BREAK"); }

/* symbol, symbols or neither (all); symbolStatus filters, and contradicts a single symbol (-1220): all here are TRADING. */
static bool choose(const struct api *a, const struct api_params *p, struct choice *c, struct api_error *e) {
    const struct api_param *one = api_param(p, "symbol"), *some = api_param(p, "symbols"),
                           *status = api_param(p, "symbolStatus");
    if (one != NULL && some != NULL) return api_refuse(e, 400, -1128, "Combination of optional parameters invalid.");
    if (status != NULL && !status_known(status->value)) return api_refuse(e, 400, -1122, "Invalid symbolStatus.");
    bool none = status != NULL && !span_is(status->value, "TRADING");
    c->single = one != NULL;
    if (one != NULL) {
        if (!want_symbol(a, p, &c->all[0], e)) return false;
        c->count = 1;
        return !none || api_refuse(e, 400, -1220, "The symbol's status does not match the requested symbolStatus.");
    }
    if (some != NULL) {
        if (!choose_listed(a, some->value, c, e)) return false;
    } else {
        for (; c->count < a->world->venue.symbol_count; c->count++)
            c->all[c->count] = a->world->venue.symbols[c->count];
    }
    if (none) c->count = 0;
    return true;
}

typedef void each_fn(struct api *a, struct venue_symbol *s, const struct api_params *p, struct jout *out);

static bool for_choice(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e,
                       each_fn *each) {
    struct choice c = {.all = calloc(a->world->venue.symbol_count + 1, sizeof(struct venue_symbol *))};
    CHECK(c.all != NULL);
    bool fine = choose(a, p, &c, e);
    if (fine && !c.single) jo_open(out, NULL, '[');
    for (size_t i = 0; i < c.count && fine; i++) each(a, c.all[i], p, out);
    if (fine && !c.single) jo_close(out, ']');
    free(c.all);
    return fine;
}

/* --- markets: answers --------------------------------------------------------------------------------------------------- */

static bool answer_ping(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    (void)a, (void)p, (void)e;
    jo_open(out, NULL, '{');
    jo_close(out, '}');
    return true;
}

static bool answer_time(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    (void)p, (void)e;
    jo_open(out, NULL, '{');
    jo_time(out, "serverTime", a->clock_us);
    jo_close(out, '}');
    return true;
}

static void put_limit(struct jout *out, const char *type, const char *interval, int64_t num, int64_t limit,
                      int64_t count) {
    jo_open(out, NULL, '{');
    jo_text(out, "rateLimitType", type);
    jo_text(out, "interval", interval);
    jo_int(out, "intervalNum", num);
    jo_int(out, "limit", limit);
    if (count >= 0) jo_int(out, "count", count);
    jo_close(out, '}');
}

void api_rate_limits(const struct api *a, const struct api_params *p, struct jout *out, const char *key) {
    jo_open(out, key, '[');
    put_limit(out, "REQUEST_WEIGHT", "MINUTE", 1, a->weights.limit, -1);
    put_limit(out, "ORDERS", "SECOND", 10, 50, -1);
    put_limit(out, "ORDERS", "DAY", 1, 160000, -1);
    put_limit(out, "RAW_REQUESTS", "MINUTE", 5, 300000, -1);
    if (p->websocket) put_limit(out, "CONNECTIONS", "MINUTE", 5, 300, -1);
    jo_close(out, ']');
}

static void put_filters(struct jout *out, const struct venue_symbol *s) {
    jo_open(out, "filters", '[');
    jo_open(out, NULL, '{');
    jo_text(out, "filterType", "PRICE_FILTER");
    jo_amount(out, "minPrice", s->tick);
    jo_amount(out, "maxPrice", s->tick * 1000000000);
    jo_amount(out, "tickSize", s->tick);
    jo_close(out, '}');
    jo_open(out, NULL, '{');
    jo_text(out, "filterType", "LOT_SIZE");
    jo_amount(out, "minQty", s->step);
    jo_amount(out, "maxQty", s->step * 900000000);
    jo_amount(out, "stepSize", s->step);
    jo_close(out, '}');
    jo_raw(out, NULL, SPAN("{\"filterType\":\"ICEBERG_PARTS\",\"limit\":10}"));
    jo_raw(out, NULL,
           SPAN("{\"filterType\":\"PERCENT_PRICE_BY_SIDE\",\"bidMultiplierUp\":\"5\",\"bidMultiplierDown\":\"0.2\","
                "\"askMultiplierUp\":\"5\",\"askMultiplierDown\":\"0.2\",\"avgPriceMins\":5}"));
    jo_open(out, NULL, '{');
    jo_text(out, "filterType", "NOTIONAL");
    jo_amount(out, "minNotional", s->min_notional);
    jo_bool(out, "applyMinToMarket", true);
    jo_amount(out, "maxNotional", 9000000 * NUM_ONE);
    jo_bool(out, "applyMaxToMarket", false);
    jo_int(out, "avgPriceMins", 5);
    jo_close(out, '}');
    jo_raw(out, NULL, SPAN("{\"filterType\":\"MAX_NUM_ORDERS\",\"maxNumOrders\":200}"));
    jo_raw(out, NULL, SPAN("{\"filterType\":\"MAX_NUM_ORDER_LISTS\",\"maxNumOrderLists\":20}"));
    jo_raw(out, NULL, SPAN("{\"filterType\":\"MAX_NUM_ALGO_ORDERS\",\"maxNumAlgoOrders\":5}"));
    jo_raw(out, NULL, SPAN("{\"filterType\":\"MAX_NUM_ORDER_AMENDS\",\"maxNumOrderAmends\":10}"));
    jo_close(out, ']');
}

static const char *asset_name(const struct api *a, uint32_t asset) { return a->world->venue.market.assets[asset].name; }

static void put_symbol_info(struct api *a, struct venue_symbol *s, const struct api_params *p, struct jout *out) {
    const struct api_param *sets = api_param(p, "showPermissionSets");
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    jo_text(out, "status", "TRADING");
    jo_text(out, "baseAsset", asset_name(a, s->base));
    jo_int(out, "baseAssetPrecision", 8);
    jo_text(out, "quoteAsset", asset_name(a, s->quote));
    jo_raw(out, NULL,
           SPAN("\"quotePrecision\":8,\"quoteAssetPrecision\":8,\"baseCommissionPrecision\":8,"
                "\"quoteCommissionPrecision\":8,"
                "\"orderTypes\":[\"LIMIT\",\"LIMIT_MAKER\",\"MARKET\",\"STOP_LOSS_LIMIT\",\"TAKE_PROFIT_LIMIT\"],"
                "\"icebergAllowed\":true,\"ocoAllowed\":true,\"otoAllowed\":true,\"opoAllowed\":true,"
                "\"quoteOrderQtyMarketAllowed\":true,\"allowTrailingStop\":true,\"cancelReplaceAllowed\":true,"
                "\"amendAllowed\":true,\"pegInstructionsAllowed\":true,\"isSpotTradingAllowed\":true,"
                "\"isMarginTradingAllowed\":false"));
    put_filters(out, s);
    jo_raw(out, "permissions", SPAN("[]"));
    if (sets == NULL || !span_is(sets->value, "false")) jo_raw(out, "permissionSets", SPAN("[[\"SPOT\"]]"));
    else jo_raw(out, "permissionSets", SPAN("[]"));
    jo_text(out, "defaultSelfTradePreventionMode", "NONE");
    jo_raw(out, "allowedSelfTradePreventionModes",
           SPAN("[\"NONE\",\"EXPIRE_TAKER\",\"EXPIRE_MAKER\",\"EXPIRE_BOTH\",\"DECREMENT\"]"));
    jo_close(out, '}');
}

static bool answer_exchange_info(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct choice c = {.all = calloc(a->world->venue.symbol_count + 1, sizeof(struct venue_symbol *))};
    CHECK(c.all != NULL);
    bool both =
        api_param(p, "symbolStatus") != NULL && (api_param(p, "symbol") != NULL || api_param(p, "symbols") != NULL);
    bool fine = both ? api_refuse(e, 400, -1128, "Combination of optional parameters invalid.") : choose(a, p, &c, e);
    if (fine) {
        jo_open(out, NULL, '{');
        jo_text(out, "timezone", "UTC");
        jo_time(out, "serverTime", a->clock_us);
        api_rate_limits(a, p, out, "rateLimits");
        jo_raw(out, "exchangeFilters", SPAN("[]"));
        jo_open(out, "symbols", '[');
        for (size_t i = 0; i < c.count; i++) put_symbol_info(a, c.all[i], p, out);
        jo_close(out, ']');
        jo_close(out, '}');
    }
    free(c.all);
    return fine;
}

static void put_levels(struct jout *out, const char *key, const struct book *b, enum side side, size_t limit) {
    jo_open(out, key, '[');
    for (size_t i = 0; i < limit && i < sim_book_levels(b, side); i++) {
        const struct book_level *l = sim_book_at(b, side, i);
        jo_open(out, NULL, '[');
        jo_amount(out, NULL, l->price);
        jo_amount(out, NULL, l->quantity);
        jo_close(out, ']');
    }
    jo_close(out, ']');
}

static bool answer_depth(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    int64_t limit;
    if (!want_symbol(a, p, &s, e) || !want_int(p, "limit", &limit, DEPTH_DEFAULT, 1, DEPTH_MOST, e)) return false;
    jo_open(out, NULL, '{');
    jo_int(out, "lastUpdateId", (int64_t)s->book.updates);
    put_levels(out, "bids", &s->book, SIDE_BUY, (size_t)limit);
    put_levels(out, "asks", &s->book, SIDE_SELL, (size_t)limit);
    jo_close(out, '}');
    return true;
}

static bool answer_trades(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    int64_t limit;
    if (!want_symbol(a, p, &s, e) || !want_int(p, "limit", &limit, LIMIT_DEFAULT, 1, LIMIT_MOST, e)) return false;
    jo_open(out, NULL, '[');
    for (int64_t id = s->next_trade - limit; id < s->next_trade; id++) {
        const struct venue_trade *t = &s->trades[(id % TRADES_KEPT + TRADES_KEPT) % TRADES_KEPT];
        if (t->id != id) continue;
        jo_open(out, NULL, '{');
        jo_int(out, "id", t->id);
        jo_amount(out, "price", t->price);
        jo_amount(out, "qty", t->quantity);
        jo_amount(out, "quoteQty", t->quote);
        jo_time(out, "time", t->time_us);
        jo_bool(out, "isBuyerMaker", t->buyer_is_maker);
        jo_bool(out, "isBestMatch", true);
        jo_close(out, '}');
    }
    jo_close(out, ']');
    return true;
}

static void put_agg(struct jout *out, const struct venue_agg *t) {
    jo_open(out, NULL, '{');
    jo_int(out, "a", t->id);
    jo_amount(out, "p", t->price);
    jo_amount(out, "q", t->quantity);
    jo_int(out, "f", t->first_id);
    jo_int(out, "l", t->last_id);
    jo_time(out, "T", t->time_us);
    jo_bool(out, "m", t->buyer_is_maker);
    jo_bool(out, "M", true);
    jo_close(out, '}');
}

static bool answer_agg_trades(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    struct listing l;
    if (!want_symbol(a, p, &s, e) || !want_listing(p, "fromId", &l, e)) return false;
    if (l.has_id && (l.has_from || l.has_to))
        return api_refuse(e, 400, -1128, "Combination of optional parameters invalid.");
    int64_t oldest = s->next_agg > TRADES_KEPT ? s->next_agg - TRADES_KEPT : 0, left = l.limit;
    int64_t id = l.has_id && l.from_id > oldest ? l.from_id : oldest;
    if (!l.has_id && !l.has_from) { /* the newest ones, up to the end time */
        int64_t fit = 0;
        for (int64_t k = s->next_agg - 1; k >= oldest && fit < l.limit; k--) {
            const struct venue_agg *t = &s->aggs[k % TRADES_KEPT];
            if (t->id == k && t->time_us <= l.to_us) fit++;
            id = k;
        }
    }
    jo_open(out, NULL, '[');
    for (; id < s->next_agg && left > 0; id++) {
        const struct venue_agg *t = &s->aggs[id % TRADES_KEPT];
        if (t->id != id || t->time_us < l.from_us || t->time_us > l.to_us) continue;
        put_agg(out, t);
        left--;
    }
    jo_close(out, ']');
    return true;
}

/* "+08:00", "-3", "5:45": minutes, or false beyond -12:00 .. +14:00. */
static bool zone_offset(struct span text, int64_t *out_us) {
    char copy[8], sign = '+';
    int hours = 0, minutes = 0, used = 0;
    if (text.len >= sizeof copy || text.len == 0) return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    const char *at = copy;
    if (*at == '+' || *at == '-') sign = *at++;
    if (sscanf(at, "%2d%n", &hours, &used) != 1) return false;
    at += used;
    if (*at == ':' && sscanf(at, ":%2d%n", &minutes, &used) == 1) at += used;
    int64_t total = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    if (*at != '\0' || total < -12 * 60 || total > 14 * 60) return false;
    *out_us = total * US_PER_MIN;
    return true;
}

static void put_kline(struct jout *out, const struct candle *c, int64_t close_us) {
    jo_open(out, NULL, '[');
    jo_time(out, NULL, c->open_us);
    jo_amount(out, NULL, c->open);
    jo_amount(out, NULL, c->high);
    jo_amount(out, NULL, c->low);
    jo_amount(out, NULL, c->close);
    jo_amount(out, NULL, c->volume);
    jo_int(out, NULL, out->micros ? close_us - 1 : close_us / 1000 - 1);
    jo_amount(out, NULL, c->quote_volume);
    jo_int(out, NULL, c->trades);
    jo_amount(out, NULL, c->taker_volume);
    jo_amount(out, NULL, c->taker_quote_volume);
    jo_text(out, NULL, "0");
    jo_close(out, ']');
}

static bool answer_klines(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    struct listing l;
    int64_t offset = 0;
    const struct api_param *zone = api_param(p, "timeZone");
    if (!want_symbol(a, p, &s, e) || !want_listing(p, "fromId", &l, e)) return false;
    enum interval iv = sim_interval_find(api_param(p, "interval")->value);
    if (iv == INTERVAL_COUNT) return api_refuse(e, 400, -1120, "Invalid interval.");
    if (zone != NULL && !zone_offset(zone->value, &offset))
        return api_refuse(e, 400, -1130, "Data sent for parameter 'timeZone' is not valid.");
    const struct candle_series *series = iv == INTERVAL_1S ? &s->seconds : &s->minutes;
    if (series->count == 0) {
        jo_raw(out, NULL, SPAN("[]"));
        return true;
    }
    int64_t first = sim_interval_start(iv, series->all[0].open_us, offset), now = a->world->venue.now_us;
    int64_t end = l.to_us < now ? l.to_us : now, start = sim_interval_start(iv, end, offset);
    if (l.has_from) { /* the oldest from there: the first bar that opens at or after it */
        start = sim_interval_start(iv, l.from_us > first ? l.from_us : first, offset);
        if (start < l.from_us) start = sim_interval_next(iv, start, offset);
    } else {
        for (int64_t n = 1; n < l.limit && start > first; n++) start = sim_interval_start(iv, start - 1, offset);
    }
    jo_open(out, NULL, '[');
    struct candle bar;
    for (; l.limit > 0 && start <= end; start = sim_interval_next(iv, start, offset)) {
        if (!sim_candles_bar(series, &bar, iv, start, offset)) continue;
        put_kline(out, &bar, sim_interval_next(iv, start, offset));
        l.limit--;
    }
    jo_close(out, ']');
    return true;
}

static bool answer_average(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    if (!want_symbol(a, p, &s, e)) return false;
    jo_open(out, NULL, '{');
    jo_int(out, "mins", 5);
    jo_amount(out, "price", venue_average(s));
    jo_time(out, "closeTime", a->world->venue.now_us);
    jo_close(out, '}');
    return true;
}

static void put_price(struct api *a, struct venue_symbol *s, const struct api_params *p, struct jout *out) {
    (void)a, (void)p;
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    jo_amount(out, "price", s->last_price);
    jo_close(out, '}');
}

static bool answer_price(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    return for_choice(a, p, out, e, put_price);
}

static void put_touch(const struct venue_symbol *s, struct jout *out) {
    const struct book_level *bid = sim_book_best(&s->book, SIDE_BUY), *ask = sim_book_best(&s->book, SIDE_SELL);
    jo_amount(out, "bidPrice", bid != NULL ? bid->price : 0);
    jo_amount(out, "bidQty", bid != NULL ? bid->quantity : 0);
    jo_amount(out, "askPrice", ask != NULL ? ask->price : 0);
    jo_amount(out, "askQty", ask != NULL ? ask->quantity : 0);
}

static void put_book_ticker(struct api *a, struct venue_symbol *s, const struct api_params *p, struct jout *out) {
    (void)a, (void)p;
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    put_touch(s, out);
    jo_close(out, '}');
}

static bool answer_book_ticker(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    return for_choice(a, p, out, e, put_book_ticker);
}

void api_percent(struct jout *out, const char *key, int64_t change, int64_t open, unsigned digits) {
    jo_digits(out, key, open != 0 ? (int64_t)((num_wide)change * 100 * NUM_ONE / open) : 0, digits);
}

static void put_day(struct api *a, struct venue_symbol *s, const struct api_params *p, struct jout *out) {
    struct candle c = {0};
    int64_t before = 0;
    const struct api_param *type = api_param(p, "type");
    bool full = type == NULL || !span_is(type->value, "MINI");
    venue_day(s, &c, &before);
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    if (full) {
        jo_amount(out, "priceChange", c.close - c.open);
        api_percent(out, "priceChangePercent", c.close - c.open, c.open, 3);
        jo_amount(out, "weightedAvgPrice", c.volume > 0 ? sim_num_div(c.quote_volume, c.volume) : 0);
        jo_amount(out, "prevClosePrice", before);
    }
    jo_amount(out, "lastPrice", s->last_price);
    if (full) {
        jo_amount(out, "lastQty", s->last_quantity);
        put_touch(s, out);
    }
    jo_amount(out, "openPrice", c.open);
    jo_amount(out, "highPrice", c.high);
    jo_amount(out, "lowPrice", c.low);
    jo_amount(out, "volume", c.volume);
    jo_amount(out, "quoteVolume", c.quote_volume);
    jo_time(out, "openTime", a->world->venue.now_us - US_PER_DAY);
    jo_time(out, "closeTime", a->world->venue.now_us);
    jo_int(out, "firstId", c.first_id);
    jo_int(out, "lastId", c.last_id);
    jo_int(out, "count", c.trades);
    jo_close(out, '}');
}

static bool answer_day(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    const struct api_param *type = api_param(p, "type");
    if (type != NULL && !span_is(type->value, "MINI") && !span_is(type->value, "FULL"))
        return api_refuse(e, 400, -1139, "Invalid ticker type.");
    return for_choice(a, p, out, e, put_day);
}

/* --- the account ---------------------------------------------------------------------------------------------------------- */

static void put_rates(struct jout *out, const char *key, int64_t maker, int64_t taker) {
    jo_open(out, key, '{');
    jo_amount(out, "maker", maker);
    jo_amount(out, "taker", taker);
    jo_amount(out, "buyer", 0);
    jo_amount(out, "seller", 0);
    jo_close(out, '}');
}

static bool answer_account(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    const struct venue *v = &a->world->venue;
    const struct api_param *omit = api_param(p, "omitZeroBalances");
    bool all = omit == NULL || !span_is(omit->value, "true");
    (void)e;
    jo_open(out, NULL, '{');
    jo_int(out, "makerCommission", v->fees.maker / 10000);
    jo_int(out, "takerCommission", v->fees.taker / 10000);
    jo_int(out, "buyerCommission", 0);
    jo_int(out, "sellerCommission", 0);
    put_rates(out, "commissionRates", v->fees.maker, v->fees.taker);
    jo_raw(out, NULL,
           SPAN("\"canTrade\":true,\"canWithdraw\":false,\"canDeposit\":true,\"brokered\":false,"
                "\"requireSelfTradePrevention\":false,\"preventSor\":false"));
    jo_time(out, "updateTime", v->account_update_us);
    jo_text(out, "accountType", "SPOT");
    jo_open(out, "balances", '[');
    for (uint32_t i = 0; i < v->market.count; i++) {
        num_wide free_part = venue_free_balance(v, i), locked = venue_locked_balance(v, i);
        if (!all && free_part == 0 && locked == 0) continue;
        jo_open(out, NULL, '{');
        jo_text(out, "asset", v->market.assets[i].name);
        jo_wide(out, "free", free_part);
        jo_wide(out, "locked", locked);
        jo_close(out, '}');
    }
    jo_close(out, ']');
    jo_raw(out, "permissions", SPAN("[\"SPOT\"]"));
    jo_int(out, "uid", a->uid);
    jo_close(out, '}');
    return true;
}

static bool answer_commission(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    const struct fee_rules *f = &a->world->venue.fees;
    struct venue_symbol *s;
    if (!want_symbol(a, p, &s, e)) return false;
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    put_rates(out, "standardCommission", f->maker, f->taker);
    put_rates(out, "specialCommission", 0, 0);
    put_rates(out, "taxCommission", 0, 0);
    jo_open(out, "discount", '{');
    jo_bool(out, "enabledForAccount", f->in_bnb);
    jo_bool(out, "enabledForSymbol", f->in_bnb);
    jo_text(out, "discountAsset", "BNB");
    jo_amount(out, "discount", f->discount);
    jo_close(out, '}');
    jo_close(out, '}');
    return true;
}

const char *api_status_name(enum order_status s) {
    static const char *const names[] = {[STATUS_NEW] = "NEW",
                                        [STATUS_PARTIAL] = "PARTIALLY_FILLED",
                                        [STATUS_FILLED] = "FILLED",
                                        [STATUS_CANCELED] = "CANCELED",
                                        [STATUS_EXPIRED] = "EXPIRED"};
    return names[s];
}

void api_order(struct jout *out, const struct venue_symbol *s, const struct venue_order *o) {
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    jo_int(out, "orderId", o->id);
    jo_int(out, "orderListId", -1);
    jo_text(out, "clientOrderId", o->client_id);
    jo_amount(out, "price", o->price);
    jo_amount(out, "origQty", o->quantity);
    jo_amount(out, "executedQty", o->filled);
    jo_amount(out, "cummulativeQuoteQty", o->quote_filled);
    jo_text(out, "status", api_status_name(o->status));
    jo_text(out, "timeInForce", "GTC");
    jo_text(out, "type", o->type == ORDER_LIMIT ? "LIMIT" : "MARKET");
    jo_text(out, "side", o->side == SIDE_BUY ? "BUY" : "SELL");
    jo_amount(out, "stopPrice", 0);
    jo_amount(out, "icebergQty", 0);
    jo_time(out, "time", o->time_us);
    jo_time(out, "updateTime", o->update_us);
    jo_bool(out, "isWorking", true);
    jo_time(out, "workingTime", o->time_us);
    jo_amount(out, "origQuoteOrderQty", 0);
    jo_text(out, "selfTradePreventionMode", "NONE");
    if (o->status == STATUS_EXPIRED) jo_text(out, "expiryReason", "INSUFFICIENT_LIQUIDITY");
    jo_close(out, '}');
}

static void put_open_orders(const struct venue_symbol *s, struct jout *out) {
    for (size_t i = 0; i < s->order_count; i++)
        if (venue_order_open(&s->orders[i])) api_order(out, s, &s->orders[i]);
}

static bool answer_open_orders(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s = NULL;
    if (api_param(p, "symbol") != NULL && !want_symbol(a, p, &s, e)) return false;
    jo_open(out, NULL, '[');
    for (size_t i = 0; i < a->world->venue.symbol_count; i++)
        if (s == NULL || s == a->world->venue.symbols[i]) put_open_orders(a->world->venue.symbols[i], out);
    jo_close(out, ']');
    return true;
}

static bool answer_order(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    int64_t id;
    const struct api_param *client = api_param(p, "origClientOrderId");
    if (!want_symbol(a, p, &s, e) || !want_int(p, "orderId", &id, -1, 0, INT64_MAX, e)) return false;
    if (id < 0 && client == NULL)
        return api_refuse(e, 400, -1102,
                          "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!");
    const struct venue_order *o = id >= 0 ? venue_order(s, id) : NULL;
    for (size_t i = s->order_count; i-- > 0 && id < 0 && o == NULL;)
        if (span_is(client->value, s->orders[i].client_id)) o = &s->orders[i];
    bool fits = o != NULL && (client == NULL || span_is(client->value, o->client_id));
    if (!fits || o->update_us > a->clock_us - a->lag_us) return api_refuse(e, 400, -2013, "Order does not exist.");
    api_order(out, s, o);
    return true;
}

static bool span_of_day(const struct listing *l, struct api_error *e) {
    if (l->has_from && l->has_to && l->to_us - l->from_us > US_PER_DAY)
        return api_refuse(e, 400, -1127, "More than 24 hours between startTime and endTime.");
    return true;
}

/* Both lists below are walked as: which entries fit, then the oldest `limit` of them, or the newest. */
static bool answer_all_orders(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    struct listing l;
    if (!want_symbol(a, p, &s, e) || !want_listing(p, "orderId", &l, e) || !span_of_day(&l, e)) return false;
    bool timed = l.has_from || l.has_to, newest = !l.has_from && !(l.has_id && !timed);
    int64_t horizon = a->clock_us - a->lag_us;
    size_t fit = 0, skip = 0, seen = 0;
    for (int round = 0; round < 2; round++) {
        if (round == 1) {
            skip = newest && fit > (size_t)l.limit ? fit - (size_t)l.limit : 0;
            jo_open(out, NULL, '[');
        }
        for (size_t i = 0; i < s->order_count; i++) {
            const struct venue_order *o = &s->orders[i];
            if (a->lag_us > 0 && o->update_us > horizon) continue;
            if (timed ? o->update_us < l.from_us || o->update_us > l.to_us : l.has_id && o->id < l.from_id) continue;
            if (round == 0) fit++;
            else if (seen++ >= skip && seen - skip <= (size_t)l.limit) api_order(out, s, o);
        }
    }
    jo_close(out, ']');
    return true;
}

static void put_fill(const struct api *a, const struct venue_symbol *s, const struct venue_fill *f, struct jout *out) {
    jo_open(out, NULL, '{');
    jo_text(out, "symbol", s->name);
    jo_int(out, "id", f->id);
    jo_int(out, "orderId", f->order_id);
    jo_int(out, "orderListId", -1);
    jo_amount(out, "price", f->price);
    jo_amount(out, "qty", f->quantity);
    jo_amount(out, "quoteQty", f->quote);
    jo_amount(out, "commission", f->fee);
    jo_text(out, "commissionAsset", asset_name(a, f->fee_asset));
    jo_time(out, "time", f->time_us);
    jo_bool(out, "isBuyer", f->buyer);
    jo_bool(out, "isMaker", f->maker);
    jo_bool(out, "isBestMatch", true);
    jo_close(out, '}');
}

struct fill_question {
    struct listing l;
    int64_t order_id; /* -1: any */
    int64_t horizon_us;
};

static bool fill_fits(const struct fill_question *q, const struct venue_fill *f) {
    if (f->time_us > q->horizon_us || f->time_us < q->l.from_us || f->time_us > q->l.to_us) return false;
    return (q->order_id < 0 || f->order_id == q->order_id) && (!q->l.has_id || f->id >= q->l.from_id);
}

/* Fills lie in the order of their ids and times: start where the answer starts. */
static size_t first_fill(const struct venue_symbol *s, const struct fill_question *q) {
    size_t low = 0, high = s->fill_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (s->fills[mid].id < q->l.from_id || s->fills[mid].time_us < q->l.from_us) low = mid + 1;
        else high = mid;
    }
    if (low > 0 || q->l.has_id || q->l.has_from) return low;
    size_t left = (size_t)q->l.limit; /* the newest: walk back from the end */
    size_t at = s->fill_count;
    while (at > 0 && left > 0) left -= fill_fits(q, &s->fills[--at]);
    return at;
}

static bool answer_my_trades(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    struct fill_question q = {.horizon_us = a->lag_us > 0 ? a->clock_us - a->lag_us : INT64_MAX};
    if (!want_symbol(a, p, &s, e) || !want_listing(p, "fromId", &q.l, e)) return false;
    if (!want_int(p, "orderId", &q.order_id, -1, 0, INT64_MAX, e)) return false;
    bool timed = q.l.has_from || q.l.has_to;
    if (timed && (q.l.has_id || q.order_id >= 0))
        return api_refuse(e, 400, -1128, "Combination of optional parameters invalid.");
    if (!span_of_day(&q.l, e)) return false;
    jo_open(out, NULL, '[');
    for (size_t i = first_fill(s, &q); i < s->fill_count && q.l.limit > 0; i++) {
        if (!fill_fits(&q, &s->fills[i])) continue;
        put_fill(a, s, &s->fills[i], out);
        q.l.limit--;
    }
    jo_close(out, ']');
    return true;
}

static bool answer_order_limits(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    const struct venue *v = &a->world->venue;
    (void)p, (void)e;
    bool ten = v->orders_10s_window == v->now_us / (10 * US_PER_S),
         day = v->orders_day_window == v->now_us / US_PER_DAY;
    jo_open(out, NULL, '[');
    put_limit(out, "ORDERS", "SECOND", 10, 50, ten ? v->orders_10s : 0);
    put_limit(out, "ORDERS", "DAY", 1, 160000, day ? v->orders_day : 0);
    jo_close(out, ']');
    return true;
}

static bool answer_amendments(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    if (!want_symbol(a, p, &s, e)) return false;
    jo_raw(out, NULL, SPAN("[]")); /* the bot amends nothing */
    return true;
}

static bool answer_my_filters(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e) {
    struct venue_symbol *s;
    if (!want_symbol(a, p, &s, e)) return false;
    jo_raw(out, NULL,
           SPAN("{\"exchangeFilters\":[{\"filterType\":\"EXCHANGE_MAX_NUM_ORDERS\",\"maxNumOrders\":1000}],"
                "\"symbolFilters\":[{\"filterType\":\"MAX_NUM_ORDER_LISTS\",\"maxNumOrderLists\":20}],\"assetFilters\":"
                "[]}"));
    return true;
}

/* --- weights -------------------------------------------------------------------------------------------------------------- */

#define FIXED_WEIGHT(n)                                                                                                \
    static int64_t weight_##n(const struct api *a, const struct api_params *p) {                                       \
        (void)a, (void)p;                                                                                              \
        return n;                                                                                                      \
    }
FIXED_WEIGHT(1)
FIXED_WEIGHT(2)
FIXED_WEIGHT(4)
FIXED_WEIGHT(20)
FIXED_WEIGHT(25)
FIXED_WEIGHT(40)

static int64_t weight_depth(const struct api *a, const struct api_params *p) {
    int64_t limit = DEPTH_DEFAULT;
    const struct api_param *l = api_param(p, "limit");
    (void)a;
    if (l != NULL && !sim_num_parse_int(&limit, l->value)) limit = DEPTH_DEFAULT;
    return limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250;
}

static int64_t weight_one_or_all(const struct api *a, const struct api_params *p) {
    (void)a;
    return api_param(p, "symbol") != NULL ? 2 : 4;
}

static int64_t weight_day(const struct api *a, const struct api_params *p) {
    const struct api_param *some = api_param(p, "symbols");
    (void)a;
    if (api_param(p, "symbol") != NULL) return 2;
    if (some == NULL) return 80;
    size_t count = 1;
    for (size_t i = 0; i < some->value.len; i++) count += some->value.at[i] == ',';
    return count <= 20 ? 2 : count <= 100 ? 40 : 80;
}

static int64_t weight_open_orders(const struct api *a, const struct api_params *p) {
    (void)a;
    return api_param(p, "symbol") != NULL ? 6 : 80;
}

static int64_t weight_my_trades(const struct api *a, const struct api_params *p) {
    (void)a;
    return api_param(p, "orderId") != NULL ? 5 : 20;
}

/* --- the table -------------------------------------------------------------------------------------------------------------- */

static const struct api_endpoint endpoints[] = {
    {"/api/v3/ping", "ping", false, "", weight_1, answer_ping},
    {"/api/v3/time", "time", false, "", weight_1, answer_time},
    {"/api/v3/exchangeInfo", "exchangeInfo", false, "symbol symbols permissions showPermissionSets symbolStatus",
     weight_20, answer_exchange_info},
    {"/api/v3/depth", "depth", false, "symbol! limit symbolStatus", weight_depth, answer_depth},
    {"/api/v3/trades", "trades.recent", false, "symbol! limit", weight_25, answer_trades},
    {"/api/v3/aggTrades", "trades.aggregate", false, "symbol! fromId startTime endTime limit", weight_4,
     answer_agg_trades},
    {"/api/v3/klines", "klines", false, "symbol! interval! startTime endTime timeZone limit", weight_2, answer_klines},
    {"/api/v3/uiKlines", "uiKlines", false, "symbol! interval! startTime endTime timeZone limit", weight_2,
     answer_klines},
    {"/api/v3/avgPrice", "avgPrice", false, "symbol!", weight_2, answer_average},
    {"/api/v3/ticker/price", "ticker.price", false, "symbol symbols symbolStatus", weight_one_or_all, answer_price},
    {"/api/v3/ticker/bookTicker", "ticker.book", false, "symbol symbols symbolStatus", weight_one_or_all,
     answer_book_ticker},
    {"/api/v3/ticker/24hr", "ticker.24hr", false, "symbol symbols type symbolStatus", weight_day, answer_day},
    {"/api/v3/account", "account.status", true, "omitZeroBalances", weight_20, answer_account},
    {"/api/v3/account/commission", "account.commission", true, "symbol!", weight_20, answer_commission},
    {"/api/v3/openOrders", "openOrders.status", true, "symbol", weight_open_orders, answer_open_orders},
    {"/api/v3/order", "order.status", true, "symbol! orderId origClientOrderId", weight_4, answer_order},
    {"/api/v3/allOrders", "allOrders", true, "symbol! orderId startTime endTime limit", weight_20, answer_all_orders},
    {"/api/v3/myTrades", "myTrades", true, "symbol! orderId startTime endTime fromId limit", weight_my_trades,
     answer_my_trades},
    {"/api/v3/rateLimit/order", "account.rateLimits.orders", true, "", weight_40, answer_order_limits},
    {"/api/v3/order/amendments", "order.amendments", true, "symbol! orderId! fromExecutionId limit", weight_4,
     answer_amendments},
    {"/api/v3/myFilters", "myFilters", true, "symbol!", weight_40, answer_my_filters},
};
enum { ENDPOINTS = sizeof endpoints / sizeof endpoints[0] };

size_t api_endpoint_count(void) { return ENDPOINTS; }

const struct api_endpoint *api_endpoint_at(size_t i) {
    CHECK(i < ENDPOINTS);
    return &endpoints[i];
}

const struct api_endpoint *api_by_path(struct span path) {
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (span_is(path, endpoints[i].path)) return &endpoints[i];
    return NULL;
}

const struct api_endpoint *api_by_method(struct span method) {
    if (span_starts(method, SPAN("v3/"))) method = span_skip(method, 3);
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (span_is(method, endpoints[i].method)) return &endpoints[i];
    return NULL;
}
