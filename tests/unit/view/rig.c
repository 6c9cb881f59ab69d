#include "rig.h"

#include <stdio.h>

struct dec8 rig_dec8(const char *text) {
    struct dec8 d;
    assert_int_equal(dec8_parse(&d, span_of(text)), ERR_OK);
    return d;
}

struct dec16 rig_dec16(const char *text) {
    struct dec16 d;
    assert_int_equal(dec16_parse(&d, span_of(text)), ERR_OK);
    return d;
}

struct wall rig_time(const char *iso) {
    struct wall t;
    assert_int_equal(wall_parse(&t, span_of(iso)), ERR_OK);
    return t;
}

void rig_begin(struct rig *r) {
    static const struct breaker_config breaker = {5, 60 * US_PER_S, 1};
    *r = (struct rig){.now = {{1000 * US_PER_S}, rig_time("2026-11-20T10:15:30.123456Z")}, .next_trade_id = 1000};
    r->config.source = SOURCE_IS_BOT;
    r->config.key.kind = KEY_HMAC;
    r->config.tier1_us = 2 * US_PER_S;
    r->config.tier2_us = 5 * US_PER_S;
    r->e = calloc(1, sizeof *r->e);
    assert_non_null(r->e);
    struct engine *e = r->e;
    e->config = &r->config;
    e->display = name_of("USDT");
    e->equity = equity_new();
    assert_non_null(e->equity);
    e->durable = true;
    e->mode = MODE_STARTING;
    e->status = STATUS_OFFLINE;
    e->reason = REASON_STARTING;
    breaker_init(&e->bot.breaker, &breaker, r->now);
    breaker_init(&e->exchange.breaker, &breaker, r->now);
    weight_init(&e->exchange.weight);
    rate_init(&e->bot.rate);
    e->bot.latency_ms = e->exchange.latency_ms = e->market.latency_ms = e->user.latency_ms = -1;
    e->market.kind = FEED_MARKET;
    e->user.kind = FEED_USER;
    e->exchange.uid = -1;
}

static void free_pair(struct pair *p) {
    ledger_free(p->ledger);
    orders_free(p->orders);
    free(p);
}

void rig_end(struct rig *r) {
    for (size_t i = 0; i < r->e->pair_count; i++) free_pair(r->e->pairs[i]);
    for (size_t i = 0; i < r->e->market_count; i++) free(r->e->markets[i]);
    equity_free(r->e->equity);
    free(r->e->balances.rows);
    free(r->e);
}

size_t rig_pair(struct rig *r, const char *base, const char *quote) {
    struct engine *e = r->e;
    assert_true(e->pair_count < LIMIT_PAIRS);
    struct pair *p = calloc(1, sizeof *p);
    struct market *m = calloc(1, sizeof *m);
    assert_true(p != NULL && m != NULL);
    char text[2 * NAME_MAX];
    (void)snprintf(text, sizeof text, "%s/%s", base, quote);
    p->symbol = m->symbol = name_of(text);
    (void)snprintf(text, sizeof text, "%s%s", base, quote);
    p->exchange_symbol = name_of(text);
    p->base = name_of(base);
    p->quote = name_of(quote);
    p->active = true;
    p->ledger = ledger_new(&p->symbol, &p->base, &p->quote, (struct wall){0});
    p->orders = orders_new();
    assert_true(p->ledger != NULL && p->orders != NULL);
    p->history.complete_to = -1;
    p->market = e->market_count;
    e->markets[e->market_count++] = m;
    e->pairs[e->pair_count] = p;
    e->pair_dirty[e->pair_count] = 1;
    e->dirty |= DIRTY_PAIRS_SET | DIRTY_PNL;
    return e->pair_count++;
}

void rig_drop_pair(struct rig *r, size_t index) {
    struct engine *e = r->e;
    free_pair(e->pairs[index]);
    for (size_t i = index + 1; i < e->pair_count; i++) e->pairs[i - 1] = e->pairs[i];
    e->pair_count--;
    e->dirty |= DIRTY_PAIRS_SET | DIRTY_PNL;
}

static void pair_figures(struct rig *r, size_t i) {
    struct pair *p = r->e->pairs[i];
    const struct market *m = r->e->markets[p->market];
    const struct ledger_totals *t = ledger_totals(p->ledger);
    p->unrealized_known = m->price_at.us != 0 || t->holdings.v == 0;
    if (p->unrealized_known) assert_int_equal(ledger_unrealized(t, m->price, &p->unrealized, &p->total), ERR_OK);
    proof_of(&p->proof, ledger_flows(p->ledger), t, m->price_at.us != 0, m->price);
    p->today_known = p->unrealized_known;
    p->today = p->total;
}

/* In one currency: the worst state, and the drifts together. */
static void proof_figures(struct engine *e) {
    e->proof.state = PROOF_EXACT;
    e->proof.drift = DEC16_ZERO;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct proof *p = &e->pairs[i]->proof;
        if (p->state == PROOF_DRIFT || e->proof.state == PROOF_EXACT) e->proof.state = p->state;
        e->proof.drift.v += p->drift.v;
    }
    e->proof.has_drift = e->proof.state != PROOF_UNCHECKED;
}

void rig_figures(struct rig *r) {
    struct engine *e = r->e;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        pair_figures(r, i);
        e->lines[i] = (struct portfolio_line){.symbol = &p->symbol,
                                              .totals = ledger_totals(p->ledger),
                                              .has_mark = e->markets[p->market]->price_at.us != 0,
                                              .mark = e->markets[p->market]->price,
                                              .has_rate = true,
                                              .rate_is_one = true};
    }
    portfolio_sum(&e->portfolio, e->left_out, e->lines, e->pair_count);
    proof_figures(e);
    e->dirty |= DIRTY_PNL;
    e->last_update = r->now.wall;
}

void rig_tick(struct rig *r, size_t pair, struct dec8 price) {
    struct engine *e = r->e;
    struct market *m = e->markets[e->pairs[pair]->market];
    m->price = price;
    m->price_at = r->now.wall;
    m->price_source = PRICE_STREAM;
    e->market.messages++;
    e->market.last_message_at = r->now.wall;
    e->pair_dirty[pair] = 1;
    e->dirty |= DIRTY_STREAMS;
    rig_figures(r);
}

void rig_fill(struct rig *r, size_t pair, enum side side, const char *price, const char *quantity, const char *fee,
              const char *fee_asset) {
    struct pair *p = r->e->pairs[pair];
    struct fill f = {.symbol = p->symbol,
                     .trade_id = r->next_trade_id++,
                     .order_id = 77,
                     .side = side,
                     .source = SOURCE_STREAM,
                     .maker = MAKER_YES,
                     .time = r->now.wall,
                     .received_at = r->now.wall};
    f.price = D8(price);
    f.quantity = D8(quantity);
    f.fee = D16(fee);
    f.fee_asset = name_of(fee_asset);
    enum ledger_added what;
    assert_int_equal(ledger_add(p->ledger, &f, &what, NULL), ERR_OK);
    assert_int_equal(what, LEDGER_ADDED);
    r->e->pair_dirty[pair] = 1;
    rig_figures(r);
}

void rig_order(struct rig *r, size_t pair, int64_t id, enum side side, const char *price, bool open) {
    struct pair *p = r->e->pairs[pair];
    struct order o = {.symbol = p->symbol,
                      .order_id = id,
                      .side = side,
                      .type = ORDER_LIMIT,
                      .price = D8(price),
                      .quantity = D8("0.01"),
                      .time = r->now.wall};
    p->orders_known = true;
    (void)orders_event(p->orders, &o, open, r->now.wall);
    r->e->pair_dirty[pair] = 1;
}

void rig_clean(struct rig *r) {
    r->e->dirty = 0;
    memset(r->e->pair_dirty, 0, sizeof r->e->pair_dirty);
}

void rig_wait(struct rig *r, int64_t us) {
    r->now.mono.us += us;
    r->now.wall.us += us;
}

yyjson_doc *rig_json(const struct buf *b) {
    assert_int_equal(b->failed, ERR_OK);
    yyjson_read_err error;
    yyjson_doc *doc = yyjson_read_opts(b->at, b->len, YYJSON_READ_NUMBER_AS_RAW, NULL, &error);
    if (doc == NULL) fail_msg("not JSON (%s at %zu): %.300s", error.msg, error.pos, b->at);
    return doc;
}

yyjson_val *rig_at(yyjson_doc *doc, const char *path) {
    yyjson_val *v = yyjson_doc_get_root(doc);
    while (v != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        if (yyjson_is_arr(v)) v = yyjson_arr_get(v, strtoul(path, NULL, 10));
        else v = yyjson_obj_getn(v, path, len);
        path += len + (path[len] == '.');
    }
    return v;
}

const char *rig_text(yyjson_doc *doc, const char *path) {
    yyjson_val *v = rig_at(doc, path);
    if (v == NULL) fail_msg("no member %s", path);
    if (yyjson_is_null(v)) return "null";
    if (yyjson_is_bool(v)) return yyjson_get_bool(v) ? "true" : "false";
    if (yyjson_is_str(v)) return yyjson_get_str(v);
    if (yyjson_is_raw(v)) return yyjson_get_raw(v);
    return yyjson_is_arr(v) ? "array" : "object";
}
