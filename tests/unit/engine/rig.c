#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define ANSWER_US (10 * US_PER_MS)
#define STORE_US (3 * US_PER_MS)
#define EPOCH INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static const char info_body[] =
    "{\"rateLimits\":[{\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":6000}],"
    "\"symbols\":["
    "{\"symbol\":\"BTCUSDT\",\"status\":\"TRADING\",\"baseAsset\":\"BTC\",\"quoteAsset\":\"USDT\",\"filters\":[]},"
    "{\"symbol\":\"ETHUSDT\",\"status\":\"TRADING\",\"baseAsset\":\"ETH\",\"quoteAsset\":\"USDT\",\"filters\":[]},"
    "{\"symbol\":\"ETHBTC\",\"status\":\"TRADING\",\"baseAsset\":\"ETH\",\"quoteAsset\":\"BTC\",\"filters\":[]},"
    "{\"symbol\":\"EURUSDT\",\"status\":\"TRADING\",\"baseAsset\":\"EUR\",\"quoteAsset\":\"USDT\",\"filters\":[]},"
    "{\"symbol\":\"BNBUSDT\",\"status\":\"TRADING\",\"baseAsset\":\"BNB\",\"quoteAsset\":\"USDT\",\"filters\":[]}]}";
static const char strategies_body[] =
    "{\"strategies\": [{\"name\": \"grid\", \"symbol\": \"BTC/USDT\", \"statistics\": {\"total_profit\": \"1\", "
    "\"total_fees\": \"0\", "
    "\"completed_cycles\": 0, \"active_buy_orders\": 0, \"active_sell_orders\": 0}, \"config\": {\"type\": \"grid\", "
    "\"lower_price\": \"1\", \"upper_price\": \"2\", \"num_grids\": 3, \"total_investment\": \"100\"}}]}";

void rig_begin(struct rig *r) {
    const struct feed_config feed = {10 * US_PER_S, 5 * US_PER_S, 30 * US_PER_S, 23 * US_PER_HOUR, 10 * US_PER_S};
    *r = (struct rig){
        .now = {{1000 * US_PER_S}, {EPOCH + 7 * US_PER_S}}, .commit_after_us = 5 * US_PER_MS, .history_mark = -1};
    r->seen = calloc(RIG_SEEN_MAX, sizeof *r->seen);
    r->queue = calloc(RIG_QUEUE_MAX, sizeof *r->queue);
    assert_true(r->seen != NULL && r->queue != NULL);
    r->config = (struct engine_config){
        .source = SOURCE_IS_BOT,
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
        .environment = "testnet",
        .persist = true,
        .seed = 1,
    };
    r->config.user_feed.dead_after_us = 60 * US_PER_S;
}

void rig_key(struct rig *r) { r->config.key = (struct signing_key){KEY_HMAC, SPAN("key"), SPAN("secret")}; }

void rig_symbols(struct rig *r, const char *one, const char *two) {
    r->config.symbols[r->config.symbol_count++] = name_of(one);
    if (two != NULL) r->config.symbols[r->config.symbol_count++] = name_of(two);
}

void rig_restart(struct rig *r) {
    engine_free(r->e);
    for (size_t i = 0; i < r->queue_count; i++) free(r->queue[i].body);
    r->queue_count = 0;
    for (size_t i = 0; i < r->link_count; i++) r->links[i].gone = true;
    r->e = engine_new(&r->config, r->now);
    assert_non_null(r->e);
}

void rig_end(struct rig *r) {
    engine_free(r->e);
    for (size_t i = 0; i < r->queue_count; i++) free(r->queue[i].body);
    free(r->queue);
    free(r->seen);
    free(r->kept);
}

void rig_rule_retry(struct rig *r, const char *match, int status, const char *body, int64_t retry_after_us) {
    assert_true(r->rule_count < RIG_RULES_MAX);
    r->rules[r->rule_count++] = (struct rig_rule){match, status, body, retry_after_us};
}

void rig_rule(struct rig *r, const char *match, int status, const char *body) {
    rig_rule_retry(r, match, status, body, 0);
}
void rig_no_rules(struct rig *r) { r->rule_count = 0; }

/* ---- what comes back ---- */

static void later(struct rig *r, int64_t us, struct event event, const char *body) {
    assert_true(r->queue_count < RIG_QUEUE_MAX);
    event.weight_used = -1;
    event.remaining = -1;
    r->queue[r->queue_count++] =
        (struct rig_event){mono_add(r->now.mono, us), event, body != NULL ? strdup(body) : NULL};
}

static const struct rig_rule *rule_for(const struct rig *r, const char *text) {
    for (size_t i = r->rule_count; i-- > 0;)
        if (strstr(text, r->rules[i].match) != NULL) return &r->rules[i];
    return NULL;
}

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

static const char *default_body(struct rig *r, const char *text, char *scratch, size_t size) {
    long long ms = (long long)((r->now.wall.us + r->clock_offset_us) / US_PER_MS);
    if (has(text, "/metrics"))
        return "{\"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": 5.5, \"heartbeat_age_seconds\": 5.5, "
               "\"bot_running\": true}";
    if (has(text, "/health"))
        return "{\"status\": \"healthy\", \"timestamp\": \"2026-01-01T00:00:00\", \"uptime_seconds\": 5.5}";
    if (has(text, "/api/strategies")) return strategies_body;
    if (has(text, "/api/trades")) return "{\"trades\": []}";
    if (has(text, "/api/orders")) return "{\"orders\": []}";
    if (has(text, "/api/ohlcv")) return "{\"ohlcv\": []}";
    if (has(text, "xchangeInfo")) return info_body;
    if (has(text, "myTrades") || has(text, "openOrders") || has(text, "klines")) return "[]";
    if (has(text, "ticker"))
        return "[{\"symbol\":\"BTCUSDT\",\"price\":\"100\"},{\"symbol\":\"BNBUSDT\",\"price\":\"600\"}]";
    if (has(text, "/account") || has(text, "account.status"))
        return "{\"uid\":42,\"commissionRates\":{\"maker\":\"0.001\",\"taker\":\"0.001\"},\"canTrade\":false,"
               "\"canWithdraw\":false,\"balances\":[]}";
    if (has(text, "session.subscriptions")) return "[{\"subscriptionId\":0}]";
    if (has(text, "subscribe.signature")) return "{\"subscriptionId\":0}";
    if (has(text, "userDataStream")) return "{\"listenKey\":\"abc\"}";
    if (has(text, "/time") || has(text, "\"method\":\"time\"")) {
        (void)snprintf(scratch, size, "{\"serverTime\":%lld}", ms);
        return scratch;
    }
    return "{}";
}

static struct rig_link *link_of(struct rig *r, uint64_t id) {
    for (size_t i = 0; i < r->link_count; i++)
        if (r->links[i].id == id) return &r->links[i];
    return NULL;
}

static void on_http(struct rig *r, const struct effect *f) {
    char scratch[100], *klines = r->klines != NULL && has(f->target, "klines") ? r->klines(r, f->target) : NULL;
    const struct rig_rule *rule = rule_for(r, f->target);
    struct event v = {.kind = EVENT_HTTP, .id = f->id, .status = 200};
    if (rule != NULL && rule->status < 0) {
        free(klines);
        return;
    }
    if (rule != NULL) {
        v.status = rule->status;
        v.err = rule->status == 0 ? ERR_CONNECT : ERR_OK;
        v.error = "refused";
        v.retry_after_us = rule->retry_after_us;
    }
    later(r, ANSWER_US, v,
          rule != NULL && rule->body != NULL ? rule->body
          : klines != NULL                   ? klines
                                             : default_body(r, f->target, scratch, sizeof scratch));
    free(klines);
}

static void on_send(struct rig *r, const struct effect *f) {
    char scratch[100];
    const struct rig_rule *rule = rule_for(r, f->text);
    const char *id = strstr(f->text, "\"id\":");
    struct rig_link *l = link_of(r, f->id);
    size_t n = id != NULL ? strcspn(id + 5, ",}") : 0;
    if (l == NULL || l->gone || (rule != NULL && rule->status < 0)) return;
    char *klines = r->klines != NULL && has(f->text, "klines") ? r->klines(r, f->text) : NULL;
    const char *body = rule != NULL && rule->body != NULL ? rule->body
                       : klines != NULL                   ? klines
                                                          : default_body(r, f->text, scratch, sizeof scratch);
    size_t size = strlen(body) + 200;
    char *frame = malloc(size);
    assert_non_null(frame);
    if (l->market && has(f->text, "LIST"))
        (void)snprintf(frame, size, "{\"result\":[\"btcusdt@ticker\"],\"id\":%.*s}", (int)n, id + 5);
    else if (l->market) (void)snprintf(frame, size, "{\"result\":null,\"id\":%.*s}", (int)n, id + 5);
    else if (rule != NULL && rule->status != 200)
        (void)snprintf(frame, size, "{\"id\":%.*s,\"status\":%d,\"error\":%s}", (int)n, id + 5, rule->status, body);
    else (void)snprintf(frame, size, "{\"id\":%.*s,\"status\":200,\"result\":%s}", (int)n, id + 5, body);
    later(r, ANSWER_US, (struct event){.kind = EVENT_WS_TEXT, .id = f->id}, frame);
    free(frame);
    free(klines);
    if (l->market && !r->silent_market)
        later(r, ANSWER_US + 1, (struct event){.kind = EVENT_WS_TEXT, .id = f->id},
              "{\"stream\":\"btcusdt@ticker\",\"data\":{\"e\":\"24hrTicker\",\"E\":1767225600000,\"s\":\"BTCUSDT\","
              "\"c\":\"100\"}}");
}

static void on_connect(struct rig *r, const struct effect *f) {
    bool refused = r->refuse_connections;
    const struct rig_rule *rule = rule_for(r, f->target);
    assert_true(r->link_count < RIG_LINKS_MAX);
    r->links[r->link_count++] = (struct rig_link){
        .id = f->id, .market = has(f->target, "ws://market/stream"), .open = !refused, .gone = refused};
    if (rule != NULL && rule->status < 0) return; /* never answered */
    if (rule != NULL && rule->status != 200)
        later(r, ANSWER_US,
              (struct event){.kind = EVENT_WS_CLOSED,
                             .id = f->id,
                             .err = ERR_CONNECT,
                             .status = rule->status,
                             .retry_after_us = rule->retry_after_us},
              NULL);
    else if (refused)
        later(r, ANSWER_US, (struct event){.kind = EVENT_WS_CLOSED, .id = f->id, .err = ERR_CONNECT}, NULL);
    else later(r, ANSWER_US, (struct event){.kind = EVENT_WS_OPEN, .id = f->id}, NULL);
}

static void see(struct rig *r, const struct effect *f, const char *text) {
    assert_true(r->seen_count < RIG_SEEN_MAX);
    struct rig_seen *s = &r->seen[r->seen_count++];
    *s = (struct rig_seen){.at = r->now.mono, .kind = f->kind, .id = f->id};
    (void)snprintf(s->text, sizeof s->text, "%s", text);
}

static void on_persist(struct rig *r, const struct effect *f) {
    assert_in_range(f->fill_count, 1, LIMIT_STORE_GROUP_FILLS); /* the store takes no more at a time */
    if (f->id == 0) {
        r->valued_fills += f->fill_count;
        return;
    }
    see(r, f, "persist");
    if (r->commit_after_us < 0) return;
    if (r->commit_err == ERR_OK) r->committed_fills += f->fill_count;
    later(r, r->commit_after_us,
          (struct event){.kind = EVENT_COMMITTED, .id = f->id, .err = r->commit_err, .error = "disk full"}, NULL);
}

/* ---- a store of candles, in the order of their opening ---- */

static void on_keep_candles(struct rig *r, const struct effect *f) {
    if (r->kept == NULL) r->kept = calloc(RIG_KEPT_MAX, sizeof *r->kept);
    for (size_t i = 0; i < f->candle_count; i++) {
        const struct rig_kept k = {f->symbol, f->interval, f->candles[i]};
        size_t at = r->kept_count;
        assert_true(f->candles[i].closed && r->kept_count < RIG_KEPT_MAX);
        while (at > 0 && r->kept[at - 1].candle.open_time.us >= k.candle.open_time.us) at--;
        while (at < r->kept_count && r->kept[at].candle.open_time.us == k.candle.open_time.us &&
               !(name_eq(&r->kept[at].symbol, &k.symbol) && name_eq(&r->kept[at].interval, &k.interval)))
            at++;
        bool same = at < r->kept_count && r->kept[at].candle.open_time.us == k.candle.open_time.us;
        if (!same) memmove(r->kept + at + 1, r->kept + at, (r->kept_count++ - at) * sizeof *r->kept);
        r->kept[at] = k;
    }
}

static void on_ask_candles(struct rig *r, const struct effect *f) {
    static struct candle answers[8][RIG_CANDLES_MAX]; /* borrowed until they are delivered */
    static size_t turn;
    struct candle *out = answers[turn++ % 8];
    size_t count = 0;
    if (r->store_silent) return;
    assert_in_range(f->limit, 1, RIG_CANDLES_MAX);
    for (size_t i = r->kept_count; i > 0 && count < (size_t)f->limit; i--) {
        const struct rig_kept *k = &r->kept[i - 1];
        bool wanted = name_eq(&k->symbol, &f->symbol) && name_eq(&k->interval, &f->interval);
        if (wanted && (f->time.us == 0 || k->candle.open_time.us < f->time.us)) out[count++] = k->candle;
    }
    for (size_t i = 0; i < count / 2; i++) {
        struct candle c = out[i];
        out[i] = out[count - 1 - i];
        out[count - 1 - i] = c;
    }
    later(r, STORE_US, (struct event){.kind = EVENT_STORED_CANDLES, .id = f->id, .candles = out, .candle_count = count},
          NULL);
}

static void perform(struct rig *r) {
    struct effect f;
    while (engine_next_effect(r->e, &f)) {
        struct rig_link *l = link_of(r, f.id);
        switch (f.kind) {
        case EFFECT_HTTP: see(r, &f, f.target), on_http(r, &f); break;
        case EFFECT_WS_CONNECT: see(r, &f, f.target), on_connect(r, &f); break;
        case EFFECT_WS_SEND: see(r, &f, f.text), on_send(r, &f); break;
        case EFFECT_WS_CLOSE:
            see(r, &f, "close");
            if (l != NULL) l->gone = true;
            break;
        case EFFECT_PERSIST: on_persist(r, &f); break;
        case EFFECT_HISTORY: r->history_mark = f.complete_to, r->gap_told |= f.gap; break;
        case EFFECT_KEEP_CANDLES: on_keep_candles(r, &f); break;
        case EFFECT_ASK_CANDLES: see(r, &f, "ask the store"), on_ask_candles(r, &f); break;
        case EFFECT_KEEP_MARKETS: r->markets_kept = f.market_count; break;
        case EFFECT_REMEMBER:
            see(r, &f, f.key), (void)snprintf(r->remembered, sizeof r->remembered, "%s=%s", f.key, f.text);
            break;
        case EFFECT_FILLS_APPLIED: r->applied_fills += f.fill_count; break;
        case EFFECT_CANDLES:
            r->candles_answers++, r->candles_err = f.err, r->candles_count = f.candle_count;
            assert_true(f.candle_count <= RIG_CANDLES_MAX);
            if (f.candle_count > 0) memcpy(r->candles, f.candles, f.candle_count * sizeof *f.candles);
            break;
        case EFFECT_LOG: see(r, &f, f.text), r->logs++; break;
        default: break;
        }
        effect_free(&f);
    }
}

static void turn(struct rig *r) {
    for (int i = 0; i < 1000; i++) {
        bool more = engine_turn(r->e, r->now);
        perform(r);
        if (!more) break;
    }
    engine_clean(r->e);
}

void rig_handle(struct rig *r, const struct event *event) {
    engine_handle(r->e, event, r->now);
    turn(r);
}

void rig_go(struct rig *r) {
    engine_start(r->e, r->now);
    turn(r);
}

void rig_start(struct rig *r) {
    rig_restart(r);
    rig_go(r);
}

static struct rig_event next_event(struct rig *r) {
    size_t first = 0;
    for (size_t i = 1; i < r->queue_count; i++)
        if (r->queue[i].at.us < r->queue[first].at.us) first = i;
    struct rig_event v = r->queue[first];
    memmove(&r->queue[first], &r->queue[first + 1], (r->queue_count - first - 1) * sizeof *r->queue);
    r->queue_count--;
    return v;
}

static int64_t next_at(const struct rig *r) {
    int64_t at = INT64_MAX;
    for (size_t i = 0; i < r->queue_count; i++)
        if (r->queue[i].at.us < at) at = r->queue[i].at.us;
    return at;
}

static void go_to(struct rig *r, int64_t mono_us) {
    if (mono_us <= r->now.mono.us) return;
    r->now.wall.us += mono_us - r->now.mono.us;
    r->now.mono.us = mono_us;
}

static void arrive(struct rig *r) {
    struct rig_event v = next_event(r);
    struct rig_link *l = link_of(r, v.event.id);
    bool ws = v.event.kind == EVENT_WS_TEXT || v.event.kind == EVENT_WS_OPEN || v.event.kind == EVENT_WS_CLOSED;
    if (v.body != NULL) v.event.body = span_of(v.body);
    if (!ws || v.event.kind == EVENT_WS_CLOSED || (l != NULL && !l->gone)) rig_handle(r, &v.event);
    free(v.body);
}

void rig_pass(struct rig *r, int64_t us) {
    int64_t end = r->now.mono.us + us;
    while (true) {
        int64_t timer = engine_deadline(r->e).us, queued = next_at(r);
        if (timer > end && queued > end) break;
        go_to(r, queued <= timer ? queued : timer);
        if (queued <= timer) {
            arrive(r);
            continue;
        }
        r->timers++;
        rig_handle(r, &(struct event){.kind = EVENT_TIMER, .weight_used = -1, .remaining = -1});
    }
    go_to(r, end);
}

void rig_live(struct rig *r) {
    for (int i = 0; i < 600; i++) {
        bool user = r->config.key.kind == KEY_NONE || feed_is_live(&r->e->user);
        if (feed_is_live(&r->e->market) && user) return;
        rig_pass(r, 100 * US_PER_MS);
    }
    fail_msg("not live: market %s, user %s (%s)", feed_state_name(r->e->market.state),
             feed_state_name(r->e->user.state), r->e->user.reason);
}

void rig_tick(struct rig *r, const char *exchange_symbol, const char *price) {
    char text[300];
    (void)snprintf(text, sizeof text,
                   "{\"stream\":\"x@ticker\",\"data\":{\"e\":\"24hrTicker\",\"E\":%lld,\"s\":\"%s\",\"c\":\"%s\"}}",
                   (long long)(r->now.wall.us / US_PER_MS), exchange_symbol, price);
    rig_handle(r, &(struct event){.kind = EVENT_WS_TEXT,
                                  .id = r->e->market.cur.id,
                                  .body = span_of(text),
                                  .weight_used = -1,
                                  .remaining = -1});
}

void rig_user_ping(struct rig *r) {
    rig_handle(r, &(struct event){.kind = EVENT_WS_PING, .id = r->e->user.cur.id, .weight_used = -1, .remaining = -1});
}

void rig_ticks(struct rig *r, int64_t us) {
    for (int64_t t = 0; t < us; t += US_PER_S) {
        rig_pass(r, US_PER_S);
        if (r->e->market.cur.phase >= LINK_SUBSCRIBED) rig_tick(r, "BTCUSDT", "100");
        if (t / US_PER_S % 20 == 0 && r->e->user.cur.phase >= LINK_OPEN) rig_user_ping(r);
    }
}

void rig_start_live(struct rig *r, int64_t us) {
    rig_start(r);
    rig_live(r);
    rig_ticks(r, us);
}

void rig_begin_live(struct rig *r, bool key, int64_t us) {
    rig_begin(r);
    if (key) rig_key(r);
    rig_start_live(r, us);
}

void rig_user(struct rig *r, const char *frame) {
    rig_handle(r, &(struct event){.kind = EVENT_WS_TEXT,
                                  .id = r->e->user.cur.id,
                                  .body = span_of(frame),
                                  .weight_used = -1,
                                  .remaining = -1});
}

void rig_fill(struct rig *r, int64_t trade_id, const char *side, const char *price, const char *quantity,
              const char *fee, const char *fee_asset) {
    char text[1200];
    long long ms = (long long)((r->now.wall.us + r->clock_offset_us) / US_PER_MS);
    (void)snprintf(text, sizeof text,
                   "{\"subscriptionId\":0,\"event\":{\"e\":\"executionReport\",\"E\":%lld,\"s\":\"BTCUSDT\",\"c\":"
                   "\"x\",\"S\":\"%s\",\"o\":\"LIMIT\",\"f\":\"GTC\","
                   "\"q\":\"%s\",\"p\":\"%s\",\"P\":\"0\",\"F\":\"0\",\"g\":-1,\"C\":\"\",\"x\":\"TRADE\",\"X\":"
                   "\"FILLED\",\"r\":\"NONE\",\"i\":%lld,\"l\":\"%s\","
                   "\"z\":\"%s\",\"L\":\"%s\",\"n\":\"%s\",\"N\":\"%s\",\"T\":%lld,\"t\":%lld,\"I\":1,\"w\":false,"
                   "\"m\":true,\"M\":false,\"O\":%lld,\"Z\":\"0\","
                   "\"Y\":\"0\",\"Q\":\"0\",\"W\":1,\"V\":\"NONE\"}}",
                   ms, side, quantity, price, (long long)trade_id, quantity, quantity, price, fee, fee_asset, ms,
                   (long long)trade_id, ms);
    rig_user(r, text);
}

void rig_close(struct rig *r, uint64_t link) {
    struct rig_link *l = link_of(r, link);
    if (l != NULL) l->gone = true;
    rig_handle(
        r,
        &(struct event){
            .kind = EVENT_WS_CLOSED, .id = link, .err = ERR_CLOSED, .code = 1006, .weight_used = -1, .remaining = -1});
}

size_t rig_count(const struct rig *r, const char *text, struct mono from) {
    size_t n = 0;
    for (size_t i = 0; i < r->seen_count; i++)
        n += r->seen[i].at.us >= from.us && strstr(r->seen[i].text, text) != NULL;
    return n;
}

const struct rig_seen *rig_last(const struct rig *r, const char *text) {
    for (size_t i = r->seen_count; i-- > 0;)
        if (strstr(r->seen[i].text, text) != NULL) return &r->seen[i];
    return NULL;
}

size_t rig_connects(const struct rig *r, const char *text, struct mono from) {
    size_t n = 0;
    for (size_t i = 0; i < r->seen_count; i++)
        n += r->seen[i].kind == EFFECT_WS_CONNECT && r->seen[i].at.us >= from.us &&
             strstr(r->seen[i].text, text) != NULL;
    return n;
}

struct pair *rig_pair(struct rig *r, const char *symbol) {
    struct name name = name_of(symbol);
    struct pair *p = pair_by_symbol(r->e, &name, NULL);
    if (p == NULL) fail_msg("no pair %s", symbol);
    return p;
}
