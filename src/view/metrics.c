/* metrics.c: Prometheus text out of one table. A row is a family: name, type, help, over what it is repeated, and
 * which member of that is its value. What is repeated comes from the same values the page is given (values.h), or
 * straight from the engine's state. Values that are not known are left out. Decimals are written exactly. */
#include "view/values.h"
#include "view/view.h"

#include <stdlib.h>

enum each { EACH_ENGINE, EACH_HEAD, EACH_FEED, EACH_BREAKER, EACH_PAIR, EACH_WINDOW };

enum metric_kind {
    METRIC_U64,
    METRIC_I64,
    METRIC_INT,
    METRIC_BOOL,
    METRIC_DEC8,
    METRIC_DEC16,
    METRIC_TIME,
    METRIC_WORD
};

struct metric {
    const char *name, *type, *help;
    enum each each;
    enum metric_kind kind;
    size_t at;
    const char *const *words; /* METRIC_WORD: every word it can be; one sample each, 1 for the present one */
};

#define METRIC_KIND(T, m)                                                                                              \
    _Generic(FIELD_MEMBER(T, m), uint64_t: METRIC_U64, int64_t: METRIC_I64, int: METRIC_INT, bool: METRIC_BOOL,        \
             struct dec8: METRIC_DEC8, struct dec16: METRIC_DEC16, struct wall: METRIC_TIME, const char *: METRIC_WORD)
#define METRIC(name, type, each, T, m, help)                                                                           \
    { name, type, help, each, METRIC_KIND(T, m), offsetof(T, m), NULL }
#define WORDS(name, each, T, m, words, help)                                                                           \
    { name, "gauge", help, each, METRIC_WORD, offsetof(T, m), words }

static const char *const modes[] = {"starting", "streaming", "partial", "polling", "offline", NULL};
static const char *const statuses[] = {"connected", "reconnecting", "stale", "offline", NULL};
static const char *const reasons[] = {"starting",     "circuit_breaker", "no_response",
                                      "unauthorized", "rate_limited",    NULL};
static const char *const healths[] = {"unknown", "healthy", "degraded", "error", NULL};
static const char *const feed_states[] = {"off",  "connecting", "subscribing", "syncing",
                                          "live", "draining",   "waiting",     NULL};
static const char *const histories[] = {"loading", "complete", "since", "gap", NULL};
static const char *const breaker_states[] = {"closed", "open", "half_open", NULL};

#define ENGINE(name, type, m, help) METRIC("gridscope_" name, type, EACH_ENGINE, struct engine, m, help)
#define HEAD(name, type, m, help) METRIC("gridscope_" name, type, EACH_HEAD, struct head, m, help)
#define FEED(name, type, m, help) METRIC("gridscope_feed_" name, type, EACH_FEED, struct stream_values, m, help)
#define BREAKER(name, type, m, help) METRIC("gridscope_breaker_" name, type, EACH_BREAKER, struct breaker, m, help)
#define PAIR(name, type, m, help) METRIC("gridscope_pair_" name, type, EACH_PAIR, struct pair_values, m, help)

static const struct metric metrics[] = {
    WORDS("gridscope_mode", EACH_HEAD, struct head, mode, modes, "How figures arrive: 1 for the present mode"),
    WORDS("gridscope_status", EACH_HEAD, struct head, status, statuses,
          "Whether the figures can be trusted: 1 for the present status"),
    WORDS("gridscope_status_reason", EACH_HEAD, struct head, status_reason, reasons,
          "Why not: 1 for the present reason"),
    HEAD("last_update_timestamp_seconds", "gauge", last_update, "When any figure last changed"),
    ENGINE("pairs", "gauge", pair_count, "Pairs watched, inactive ones included"),
    ENGINE("trades_cached", "gauge", trades_cached, "Fills in the window for display"),
    ENGINE("fills_applied_total", "counter", count.fills_applied, "Fills that entered a ledger"),
    ENGINE("fills_refused_total", "counter", count.fills_refused, "Records refused as no fill or beyond the range"),
    ENGINE("points_refused_total", "counter", count.points_refused,
           "Stored points of the equity series that could not be read"),
    ENGINE("duplicates_dropped_total", "counter", count.duplicates_dropped, "Repeated records of known fills"),
    ENGINE("corrections_total", "counter", count.corrections, "Fills replaced by a more authoritative record"),
    ENGINE("other_symbol_fills_total", "counter", count.other_symbol_fills, "Fills of symbols that are no pair"),
    ENGINE("turns_total", "counter", count.turns, "Turns of the loop"),
    ENGINE("ignored_events_total", "counter", count.ignored_events, "Events that came too late or for nobody"),
    ENGINE("effects_dropped_total", "counter", count.effects_dropped, "Effects that found no room"),
    ENGINE("pending_overflow_total", "counter", count.pending_overflow,
           "Times the pending fills were over their limit"),
    ENGINE("bad_bodies_total", "counter", count.bad_bodies, "Answers and messages that could not be read"),
    ENGINE("gaps", "gauge", gap_count, "Times without a feed in the list shown"),
    ENGINE("store_durable", "gauge", durable, "1 while fills are committed to the store"),

    WORDS("gridscope_bot_health", EACH_HEAD, struct head, bot.health, healths,
          "Health of the bot: 1 for the present one"),
    HEAD("bot_uptime_seconds", "gauge", bot.uptime_seconds, "How long the bot has been running"),
    HEAD("bot_last_ok_timestamp_seconds", "gauge", bot.last_ok, "When the bot last answered"),
    HEAD("bot_latency_milliseconds", "gauge", bot.latency_ms, "Duration of the bot's last answer"),
    ENGINE("bot_unauthorized", "gauge", bot.unauthorized, "1 while the bot refuses our key"),
    ENGINE("bot_requests_total", "counter", bot.requests, "Requests sent to the bot"),

    HEAD("exchange_weight_used", "gauge", exchange.weight_used_1m, "Request weight used in this minute"),
    HEAD("exchange_weight_limit", "gauge", exchange.weight_limit_1m, "Request weight allowed in a minute"),
    ENGINE("exchange_weight_spent_total", "counter", exchange.weight.spent, "Weight of everything sent"),
    ENGINE("exchange_weighed_requests_total", "counter", exchange.weight.requests, "Requests that weight was spent on"),
    HEAD("exchange_throttled", "gauge", exchange.throttled, "1 while only what P&L needs is sent"),
    HEAD("exchange_banned_until_timestamp_seconds", "gauge", exchange.banned_until, "End of a ban, while there is one"),
    HEAD("exchange_clock_offset_milliseconds", "gauge", exchange.clock_offset_ms, "Exchange clock less ours"),
    HEAD("exchange_latency_milliseconds", "gauge", exchange.latency_ms, "Duration of the exchange's last answer"),
    ENGINE("exchange_unauthorized", "gauge", exchange.unauthorized, "1 while the exchange refuses our key"),
    ENGINE("exchange_rest_requests_total", "counter", exchange.rest_requests, "REST requests sent to the exchange"),
    ENGINE("exchange_ws_requests_total", "counter", exchange.ws_requests,
           "WebSocket API requests sent to the exchange"),
    ENGINE("exchange_on_demand_requests_total", "counter", exchange.on_demand_requests,
           "Requests a user asked for, such as candles"),

    WORDS("gridscope_breaker_state", EACH_BREAKER, struct breaker, state, breaker_states,
          "Circuit breaker: 1 for the present state"),
    BREAKER("consecutive_failures", "gauge", consecutive_failures, "Failures in a row"),
    BREAKER("opened_total", "counter", opened, "How often the breaker opened"),
    BREAKER("refused_total", "counter", refused, "Calls answered without touching the network"),

    WORDS("gridscope_feed_state", EACH_FEED, struct stream_values, state, feed_states,
          "Stream: 1 for the present state"),
    FEED("messages_total", "counter", messages, "Data frames received"),
    FEED("rejected_messages_total", "counter", rejected_messages, "Data frames refused"),
    FEED("reconnects_total", "counter", reconnects, "Connections made anew"),
    FEED("attempt", "gauge", attempt, "Waits since the last proof of life"),
    FEED("last_message_timestamp_seconds", "gauge", last_message_at, "When the last message came"),
    FEED("latency_milliseconds", "gauge", latency_ms, "Exchange event time to our clock, last message"),

    HEAD("pnl_realized", "gauge", pnl.realized, "Realized P&L of all pairs, display currency"),
    HEAD("pnl_unrealized", "gauge", pnl.unrealized, "Unrealized P&L of all pairs, display currency"),
    HEAD("pnl", "gauge", pnl.total, "Total P&L of all pairs, display currency"),
    HEAD("pnl_fees", "gauge", pnl.fees, "Valued fees of all pairs, display currency"),
    HEAD("pnl_partial", "gauge", pnl.partial, "1 where something is left out of the sums"),
    METRIC("gridscope_window_pnl", "gauge", EACH_WINDOW, struct window_values, pnl,
           "P&L of a window, display currency"),

    PAIR("price", "gauge", price, "Last price"),
    PAIR("price_timestamp_seconds", "gauge", price_at, "When the price came"),
    PAIR("price_stale", "gauge", price_stale, "1 while the price is too old"),
    PAIR("holdings", "gauge", holdings, "Base asset held in known lots"),
    PAIR("cost_basis", "gauge", cost_basis, "Cost basis of the open lots, quote"),
    PAIR("pnl_realized", "gauge", realized, "Realized P&L, quote"),
    PAIR("pnl_unrealized", "gauge", unrealized, "Unrealized P&L, quote"),
    PAIR("pnl", "gauge", total, "Total P&L, quote"),
    PAIR("fees", "gauge", fees_quote, "Valued fees, quote"),
    PAIR("fills", "gauge", fills, "Fills counted"),
    PAIR("buys", "gauge", buys, "Buys counted"),
    PAIR("sells", "gauge", sells, "Sells counted"),
    PAIR("cycles", "gauge", cycles, "Sell orders that closed lots with nothing unmatched"),
    PAIR("unmatched_quantity", "gauge", unmatched_quantity, "Base sold without a known lot"),
    PAIR("assumed_fees", "gauge", assumed_fees, "Fills whose fee asset was not named"),
    PAIR("open_orders", "gauge", open_orders, "Open orders"),
    PAIR("active", "gauge", active, "0 once the bot no longer runs it"),
    PAIR("recomputing", "gauge", recomputing, "1 while older figures stand"),
    WORDS("gridscope_pair_history", EACH_PAIR, struct pair_values, history.state, histories,
          "What has been read: 1 for the present state"),
};

/* ---- samples ---- */

static void put_label(struct buf *b, const char *key, const char *value) {
    buf_puts(b, b->at != NULL && b->len > 0 && b->at[b->len - 1] == '{' ? "" : ",");
    buf_puts(b, key);
    buf_puts(b, "=\"");
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') buf_putc(b, '\\');
        if (*value == '\n') buf_puts(b, "\\n");
        else buf_putc(b, *value);
    }
    buf_putc(b, '"');
}

struct label {
    const char *key, *value;
};

static void sample_begin(struct buf *b, const char *name, struct label one, struct label two) {
    buf_puts(b, name);
    if (one.key != NULL || two.key != NULL) {
        buf_putc(b, '{');
        if (one.key != NULL) put_label(b, one.key, one.value);
        if (two.key != NULL) put_label(b, two.key, two.value);
        buf_putc(b, '}');
    }
    buf_putc(b, ' ');
}

static bool is_known(const struct metric *m, const void *at) {
    switch (m->kind) {
    case METRIC_I64: return *(const int64_t *)at != UNKNOWN_INT;
    case METRIC_DEC8: return ((const struct dec8 *)at)->v != UNKNOWN_DEC;
    case METRIC_DEC16: return ((const struct dec16 *)at)->v != UNKNOWN_DEC;
    case METRIC_TIME: return ((const struct wall *)at)->us != 0;
    default: return true;
    }
}

static void put_decimal(struct buf *b, const struct metric *m, const void *at) {
    char text[DEC_TEXT_MAX];
    struct dec8 d;
    if (m->kind == METRIC_DEC16) {
        dec16_format(text, *(const struct dec16 *)at);
    } else { /* times as seconds with six digits */
        d = m->kind == METRIC_DEC8 ? *(const struct dec8 *)at
                                   : (struct dec8){(i128)((const struct wall *)at)->us * 100};
        dec8_format(text, d);
    }
    buf_puts(b, text);
}

static void put_value(struct buf *b, const struct metric *m, const void *at) {
    switch (m->kind) {
    case METRIC_U64: buf_put_u64(b, *(const uint64_t *)at); break;
    case METRIC_I64: buf_put_i64(b, *(const int64_t *)at); break;
    case METRIC_INT: buf_put_i64(b, *(const int *)at); break;
    case METRIC_BOOL: buf_putc(b, *(const bool *)at ? '1' : '0'); break;
    default: put_decimal(b, m, at); break;
    }
}

static void put_words(struct buf *b, const struct metric *m, const char *word, struct label label) {
    for (const char *const *w = m->words; *w != NULL; w++) {
        sample_begin(b, m->name, label, (struct label){"state", *w});
        buf_puts(b, word != NULL && strcmp(word, *w) == 0 ? "1\n" : "0\n");
    }
}

static void put_sample(struct buf *b, const struct metric *m, const void *base, struct label label) {
    const void *at = (const char *)base + m->at;
    if (m->kind == METRIC_WORD) {
        put_words(b, m,
                  m->each == EACH_BREAKER ? breaker_state_name(*(const enum breaker_state *)at)
                                          : *(const char *const *)at,
                  label);
        return;
    }
    if (!is_known(m, at)) return;
    sample_begin(b, m->name, label, (struct label){NULL, NULL});
    put_value(b, m, at);
    buf_putc(b, '\n');
}

/* ---- families ---- */

struct sampled { /* everything a row may speak of */
    const struct engine *e;
    struct head head;
    struct pair_values *pairs;
};

static void put_upstreams(struct buf *b, const struct metric *m, const struct engine *e) {
    if (e->config->source == SOURCE_IS_BOT) put_sample(b, m, &e->bot.breaker, (struct label){"upstream", "bot"});
    put_sample(b, m, &e->exchange.breaker, (struct label){"upstream", "binance"});
}

static void put_family(struct buf *b, const struct metric *m, const struct sampled *s) {
    const struct label none = {NULL, NULL};
    buf_putf(b, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
    switch (m->each) {
    case EACH_ENGINE: put_sample(b, m, s->e, none); return;
    case EACH_HEAD: put_sample(b, m, &s->head, none); return;
    case EACH_BREAKER: put_upstreams(b, m, s->e); return;
    case EACH_FEED:
        put_sample(b, m, &s->head.streams.market, (struct label){"feed", "market"});
        put_sample(b, m, &s->head.streams.user, (struct label){"feed", "user"});
        return;
    case EACH_WINDOW:
        for (size_t i = 0; i < WINDOWS; i++)
            put_sample(b, m, &s->head.windows.of[i], (struct label){"window", window_name((enum window)i)});
        return;
    case EACH_PAIR:
        for (size_t i = 0; i < s->e->pair_count; i++)
            put_sample(b, m, &s->pairs[i], (struct label){"symbol", s->pairs[i].symbol.text});
        return;
    }
}

static void put_fees(struct buf *b, const struct sampled *s) {
    static const char name[] = "gridscope_pair_fees_paid";
    buf_putf(b, "# HELP %s Fees paid, in the asset they were paid in\n# TYPE %s gauge\n", name, name);
    for (size_t i = 0; i < s->e->pair_count; i++) {
        const struct pair_values *p = &s->pairs[i];
        for (size_t k = 0; k < p->fees.count; k++) {
            char amount[DEC_TEXT_MAX];
            dec16_format(amount, p->fees.rows[k].amount);
            sample_begin(b, name, (struct label){"symbol", p->symbol.text},
                         (struct label){"asset", p->fees.rows[k].asset.text});
            buf_puts(b, amount);
            buf_putc(b, '\n');
        }
    }
}

static void put_unavailable(struct buf *b, const struct engine *e) {
    static const char name[] = "gridscope_bot_endpoint_unavailable";
    buf_putf(b, "# HELP %s 1 where this bot does not have the endpoint\n# TYPE %s gauge\n", name, name);
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++) {
        sample_begin(b, name, (struct label){"endpoint", bot_endpoint_name(i)}, (struct label){NULL, NULL});
        buf_puts(b, e->bot.unavailable[i] ? "1\n" : "0\n");
    }
}

static void put_info(struct buf *b, const struct engine *e) {
    static const char name[] = "gridscope_info";
    buf_putf(b, "# HELP %s Version, and the currency of the sums\n# TYPE %s gauge\n", name, name);
    sample_begin(b, name, (struct label){"version", GRIDSCOPE_VERSION}, (struct label){"currency", e->display.text});
    buf_puts(b, "1\n");
}

void view_metrics(struct buf *out, const struct engine *e, struct now now) {
    struct sampled s = {.e = e, .pairs = malloc((e->pair_count + 1) * sizeof *s.pairs)};
    if (s.pairs == NULL) {
        out->failed = ERR_MEMORY;
        return;
    }
    head_init(&s.head);
    head_read(&s.head, e, now, PARTS_ALL);
    for (size_t i = 0; i < e->pair_count; i++) pair_read(&s.pairs[i], e, i, NULL);
    put_info(out, e);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) put_family(out, &metrics[i], &s);
    put_fees(out, &s);
    if (e->config->source == SOURCE_IS_BOT) put_unavailable(out, e);
    head_free(&s.head);
    free(s.pairs);
}
