#include "shown.h"

static yyjson_doc *snapshot(const struct rig *r) {
    struct buf b;
    buf_init(&b, 1 << 22);
    view_snapshot(&b, r->e, r->now, 1);
    assert_int_equal(b.failed, ERR_OK);
    yyjson_doc *doc = yyjson_read(b.at, b.len, YYJSON_READ_NUMBER_AS_RAW);
    assert_non_null(doc);
    buf_free(&b);
    return doc;
}

static yyjson_val *at(yyjson_doc *doc, const char *path) {
    yyjson_val *v = yyjson_doc_get_root(doc);
    for (const char *p = path; v != NULL && *p != '\0';) {
        size_t len = strcspn(p, ".");
        v = yyjson_is_arr(v) ? yyjson_arr_get(v, strtoul(p, NULL, 10)) : yyjson_obj_getn(v, p, len);
        p += len + (p[len] == '.');
    }
    if (v == NULL) fail_msg("no member %s", path);
    return v;
}

const char *shown(const struct rig *r, const char *path) {
    static char texts[8][200];
    static unsigned next;
    char *text = texts[next++ % 8];
    yyjson_doc *doc = snapshot(r);
    yyjson_val *v = at(doc, path);
    if (yyjson_is_null(v)) (void)snprintf(text, 200, "null");
    else if (yyjson_is_bool(v)) (void)snprintf(text, 200, "%s", yyjson_get_bool(v) ? "true" : "false");
    else if (yyjson_is_str(v)) (void)snprintf(text, 200, "%s", yyjson_get_str(v));
    else if (yyjson_is_raw(v)) (void)snprintf(text, 200, "%s", yyjson_get_raw(v));
    else (void)snprintf(text, 200, "%zu members", yyjson_get_len(v));
    yyjson_doc_free(doc);
    return text;
}

size_t shown_pairs(const struct rig *r) {
    yyjson_doc *doc = snapshot(r);
    size_t n = yyjson_arr_size(at(doc, "pairs"));
    yyjson_doc_free(doc);
    return n;
}

static struct dec16 amount_of(const char *what, const char *text) {
    struct dec16 d;
    if (dec16_parse(&d, span_of(text)) != ERR_OK) fail_msg("%s is %s, no amount", what, text);
    return d;
}

void assert_amount(const struct rig *r, const char *path, const char *amount) {
    const char *text = shown(r, path);
    if (dec16_cmp(amount_of(path, text), amount_of("wanted", amount)) != 0)
        fail_msg("%s is %s, not %s", path, text, amount);
}

/* ---- rows of the bot ---- */

void bot_rows_begin(struct bot_rows *b) {
    b->count = 0;
    b->len = (size_t)snprintf(b->text, sizeof b->text, "{\"trades\": [");
}

void bot_row(struct bot_rows *b, int64_t id, const char *symbol, const char *side, const char *price,
             const char *amount, const char *fee, const char *time) {
    b->len += (size_t)snprintf(b->text + b->len, sizeof b->text - b->len,
                               "%s{\"id\": \"%lld\", \"order_id\": \"%lld\", \"symbol\": \"%s\", \"side\": \"%s\", "
                               "\"amount\": \"%s\", \"price\": \"%s\", \"cost\": null, \"fee\": %s, \"timestamp\": %s}",
                               b->count++ > 0 ? ", " : "", (long long)id, (long long)id, symbol, side, amount, price,
                               fee, time);
    assert_true(b->len < sizeof b->text - 10);
}

const char *bot_rows_end(struct bot_rows *b) {
    (void)snprintf(b->text + b->len, sizeof b->text - b->len, "]}");
    return b->text;
}

struct fill stored_fill(const char *symbol, int64_t id, const char *side, const char *price, const char *quantity,
                        const char *fee, struct wall time) {
    struct fill f = {.symbol = name_of(symbol),
                     .trade_id = id,
                     .order_id = id,
                     .side = side[0] == 's' ? SIDE_SELL : SIDE_BUY,
                     .source = SOURCE_REST,
                     .fee_asset = name_of("USDT"),
                     .time = time,
                     .received_at = time};
    assert_int_equal(dec8_parse(&f.price, span_of(price)), ERR_OK);
    assert_int_equal(dec8_parse(&f.quantity, span_of(quantity)), ERR_OK);
    assert_int_equal(dec16_parse(&f.fee, span_of(fee)), ERR_OK);
    return f;
}

/* ---- the oracle ---- */

static yyjson_doc *oracle(const char *file, const char *name, yyjson_val **found) {
    char path[600];
    yyjson_val *c;
    size_t i, n;
    (void)snprintf(path, sizeof path, "%s/tests/data/oracle/%s", getenv("GRIDSCOPE_ROOT"), file);
    yyjson_doc *doc = yyjson_read_file(path, 0, NULL, NULL);
    if (doc == NULL) fail_msg("cannot read %s", path);
    *found = NULL;
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, c) {
        if (strcmp(yyjson_get_str(yyjson_obj_get(c, "name")), name) == 0) *found = c;
    }
    if (*found == NULL) fail_msg("no case %s in %s", name, file);
    return doc;
}

static const char *expected(yyjson_val *c, const char *what) {
    return yyjson_get_str(yyjson_obj_get(yyjson_obj_get(c, "expected"), what));
}

static void begin_symbols(struct rig *r, yyjson_val *c) {
    yyjson_val *key, *value;
    size_t i, n;
    rig_begin(r);
    yyjson_obj_foreach(yyjson_obj_get(c, "marks"), i, n, key, value) rig_symbols(r, yyjson_get_str(key), NULL);
    assert_true(r->config.symbol_count > 0);
}

static void ticks_of(struct rig *r, yyjson_val *c) {
    yyjson_val *key, *value;
    size_t i, n;
    yyjson_obj_foreach(yyjson_obj_get(c, "marks"), i, n, key, value) {
        char symbol[40];
        const char *name = yyjson_get_str(key), *slash = strchr(name, '/');
        (void)snprintf(symbol, sizeof symbol, "%.*s%s", (int)(slash - name), name, slash + 1);
        rig_tick(r, symbol, yyjson_get_str(value));
    }
}

static void assert_figures(struct rig *r, yyjson_val *c) {
    rig_pass(r, US_PER_S);
    ticks_of(r, c);
    assert_amount(r, "pnl.realized", expected(c, "realized"));
    assert_amount(r, "pnl.unrealized", expected(c, "unrealized"));
    assert_amount(r, "pnl.total", expected(c, "total"));
    assert_shown(r, "pnl.partial", "false");
}

static size_t fills_shown(struct rig *r) {
    size_t fills = 0;
    for (size_t i = 0; i < shown_pairs(r); i++) {
        char path[40];
        (void)snprintf(path, sizeof path, "pairs.%zu.fills", i);
        fills += strtoul(shown(r, path), NULL, 10);
    }
    return fills;
}

static void load_fill(void *arg, const struct fill *f) { engine_load_fill(arg, f); }

/* What the bot said before the stream came is taken from the store. */
static void load_rows(struct rig *r, yyjson_val *rows) {
    struct wire_fault fault;
    size_t refused = 0, size = 0;
    struct json *j = json_new();
    char *list = yyjson_val_write(rows, 0, &size), *body = malloc(size + 32);
    assert_true(j != NULL && list != NULL && body != NULL);
    (void)snprintf(body, size + 32, "{\"trades\":%s}", list);
    assert_int_equal(bot_trades_decode(j, span_of(body), load_fill, r->e, &refused, &fault), ERR_OK);
    assert_int_equal(refused, 0);
    free(body), free(list), json_free(j);
}

/* One-minute candles of the fee's asset at the oracle's price, around the events. */
static char *candles_at(const char *price, int64_t minute) {
    char *body = malloc(4000), *p = body;
    assert_non_null(body);
    for (int64_t m = minute - 8; m <= minute; m++)
        p += sprintf(p, "%s[%lld,\"%s\",\"%s\",\"%s\",\"%s\",\"1\",%lld,\"1\",1,\"1\",\"1\",\"0\"]",
                     m > minute - 8 ? "," : "[", (long long)(m * 60000), price, price, price, price,
                     (long long)(m * 60000 + 59999));
    (void)sprintf(p, "]");
    return body;
}

void oracle_events(struct rig *r, const char *name) {
    yyjson_val *c, *event;
    size_t i, n;
    char *candles = NULL;
    yyjson_doc *doc = oracle("execution_reports.json", name, &c);
    yyjson_val *events = yyjson_obj_get(c, "events"), *fee_prices = yyjson_obj_get(c, "fee_prices");
    yyjson_val *first = yyjson_obj_get(yyjson_arr_get_first(events), "event");
    int64_t ms = yyjson_get_sint(yyjson_obj_get(first, "E"));
    begin_symbols(r, c);
    rig_key(r);
    r->now.wall.us = ms * US_PER_MS - 30 * US_PER_S;
    if (fee_prices != NULL) {
        yyjson_obj_iter iter = yyjson_obj_iter_with(fee_prices);
        candles = candles_at(yyjson_get_str(yyjson_obj_iter_get_val(yyjson_obj_iter_next(&iter))), ms / 60000 + 1);
        rig_rule(r, "klines", 200, candles);
    }
    rig_restart(r);
    load_rows(r, yyjson_obj_get(c, "rest_trades_at_start"));
    rig_go(r);
    rig_live(r);
    yyjson_arr_foreach(events, i, n, event) {
        char *frame = yyjson_val_write(event, 0, NULL);
        assert_non_null(frame);
        rig_user(r, frame);
        free(frame);
    }
    rig_ticks(r, 10 * US_PER_S);
    assert_figures(r, c);
    assert_int_equal(fills_shown(r), yyjson_get_uint(yyjson_obj_get(yyjson_obj_get(c, "expected"), "fills")));
    rig_end(r);
    free(candles);
    yyjson_doc_free(doc);
}

void oracle_history(struct rig *r, const char *file, const char *name) {
    yyjson_val *c;
    yyjson_doc *doc = oracle(file, name, &c);
    size_t size;
    char *list = yyjson_val_write(yyjson_obj_get(c, "trades"), 0, &size), *body = malloc(size + 32);
    assert_true(list != NULL && body != NULL);
    (void)snprintf(body, size + 32, "{\"trades\":%s}", list);
    begin_symbols(r, c);
    rig_rule(r, "/api/trades", 200, body);
    rig_start_live(r, 10 * US_PER_S);
    assert_figures(r, c);
    assert_int_equal(fills_shown(r), yyjson_arr_size(yyjson_obj_get(c, "trades")));
    rig_end(r);
    free(body), free(list);
    yyjson_doc_free(doc);
}
