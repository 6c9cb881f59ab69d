#include "app/configure.h"

#include <stdlib.h>
#include <time.h>

#define PHASE_LIMIT_US (10 * US_PER_S)                   /* connect with TLS over a slow line takes a second or two */
#define ANSWER_WITHIN_US (5 * US_PER_S)                  /* PRODUCT 6, watchdogs */
#define LIFETIME_US (23 * US_PER_HOUR + 30 * US_PER_MIN) /* half an hour before the exchange's 24 h limit */

void settings_zone_use(const struct settings *s) {
    if (s->day_zone_fixed) return;
    (void)setenv("TZ", s->day_zone, 1);
    tzset();
}

int64_t settings_zone_offset(const struct settings *s, struct wall t) {
    time_t at = (time_t)(t.us / US_PER_S);
    struct tm local;
    if (s->day_zone_fixed) return s->day_offset_us;
    return localtime_r(&at, &local) != NULL ? (int64_t)local.tm_gmtoff * US_PER_S : 0;
}

static int64_t day_offset(void *arg, struct wall now) { return settings_zone_offset(arg, now); }

static struct feed_config feed(const struct settings *s, int64_t dead_us) {
    return (struct feed_config){.ask_after_us = s->market_ask_us,
                                .answer_within_us = ANSWER_WITHIN_US,
                                .dead_after_us = dead_us,
                                .lifetime_us = LIFETIME_US,
                                .phase_limit_us = PHASE_LIMIT_US};
}

/* ---- what the configuration view shows: by the names a user would set; no secret is among them ---- */

static void put_name(struct buf *out, const char *name) {
    buf_putf(out, "%s\"%s\":", out->at[out->len - 1] == '{' ? "" : ",", name);
}

static void put_text(struct buf *out, const char *name, const char *text) {
    put_name(out, name);
    if (text[0] == '\0') {
        buf_puts(out, "null");
        return;
    }
    buf_putc(out, '"');
    buf_put_json_text(out, span_of(text));
    buf_putc(out, '"');
}

/* Seconds with up to three digits behind the point. */
static void put_seconds(struct buf *out, const char *name, int64_t us) {
    char text[DEC_TEXT_MAX];
    (void)dec8_format(text, (struct dec8){(i128)us * 100});
    put_name(out, name);
    buf_puts(out, text);
}

static void put_number(struct buf *out, const char *name, int64_t value) {
    put_name(out, name);
    buf_put_i64(out, value);
}

static void put_symbols(struct buf *out, const struct settings *s) {
    put_name(out, "GRIDSCOPE_SYMBOLS");
    if (s->symbol_count == 0) {
        buf_puts(out, "null");
        return;
    }
    for (size_t i = 0; i < s->symbol_count; i++) {
        buf_puts(out, i == 0 ? "\"" : ",");
        buf_put_json_text(out, name_span(&s->symbols[i]));
    }
    buf_putc(out, '"');
}

static void put_amounts(struct buf *out, const struct settings *s) {
    char text[DEC_TEXT_MAX] = "";
    if (s->has_investment) (void)dec16_format(text, s->investment);
    put_text(out, "GRIDSCOPE_INVESTMENT", text);
    text[0] = '\0';
    if (s->since.us != 0) (void)wall_format(text, s->since);
    put_text(out, "GRIDSCOPE_SINCE", text);
}

static void settings_json(void *arg, struct buf *out) {
    const struct settings *s = arg;
    static const char *const keys[] = {[KEY_NONE] = "none", [KEY_HMAC] = "HMAC", [KEY_ED25519] = "Ed25519"};
    buf_putc(out, '{');
    if (out->at == NULL) return; /* no memory: the caller sees it in the buffer */
    put_text(out, "GRIDSCOPE_SOURCE", s->source == SOURCE_IS_BOT ? "bot" : "exchange");
    put_text(out, "Binance credentials", keys[s->key_kind]);
    put_text(out, "environment", s->environment);
    put_text(out, "DASHBOARD_API_BASE_URL", s->bot_url);
    put_text(out, "DASHBOARD_API_KEY", s->bot_api_key.len > 0 ? "set" : "");
    put_seconds(out, "DASHBOARD_API_TIMEOUT", s->bot_timeout_us);
    put_text(out, "GRIDSCOPE_BINANCE_REST_URL", s->rest_url);
    put_text(out, "GRIDSCOPE_BINANCE_STREAM_URL", s->stream_url);
    put_text(out, "GRIDSCOPE_BINANCE_WS_API_URL", s->ws_api_url);
    put_text(out, "GRIDSCOPE_USER_STREAM", s->user_stream == USER_STREAM_WS_API ? "ws_api" : "listen_key");
    put_symbols(out, s);
    put_text(out, "GRIDSCOPE_DISPLAY_CURRENCY", s->display_currency.text);
    put_text(out, "GRIDSCOPE_CURRENCY_SIGN", s->currency_sign);
    put_amounts(out, s);
    put_text(out, "GRIDSCOPE_DAY_ZONE", s->day_zone);
    put_seconds(out, "DASHBOARD_POLL_INTERVAL_TIER1", s->tier1_us);
    put_seconds(out, "DASHBOARD_POLL_INTERVAL_TIER2", s->tier2_us);
    put_number(out, "GRIDSCOPE_BREAKER_FAIL_MAX", s->breaker.fail_max);
    put_seconds(out, "GRIDSCOPE_BREAKER_RESET_SECONDS", s->breaker.reset_us);
    put_number(out, "GRIDSCOPE_BREAKER_SUCCESSES", s->breaker.successes_needed);
    put_text(out, "GRIDSCOPE_HEARTBEAT_STREAM", s->heartbeat_stream);
    put_text(out, "GRIDSCOPE_DB", s->db);
    put_text(out, "DASHBOARD_AUTH_ENABLED", s->auth ? "true" : "false");
    put_seconds(out, "login lasts (seconds)", s->session_us);
    buf_putc(out, '}');
}

void configure(struct app_config *out, const struct settings *s, struct wall now) {
    struct engine_config *c = &out->engine;
    *out = (struct app_config){.db_path = s->db,
                               .ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
                               .port_file = s->port_file[0] != '\0' ? s->port_file : NULL,
                               .settings_json = settings_json,
                               .day_offset = day_offset,
                               .settings_arg = (void *)(uintptr_t)s};
    *c = (struct engine_config){
        .source = s->source,
        .user_stream = s->user_stream,
        .bot_url = s->bot_url,
        .bot_api_key = secret_span(&s->bot_api_key),
        .rest_url = s->rest_url,
        .stream_url = s->stream_url,
        .ws_api_url = s->ws_api_url,
        .key = settings_key(s),
        .symbol_count = s->symbol_count,
        .display_currency = s->display_currency,
        .has_investment = s->has_investment,
        .investment = s->investment,
        .since = s->since,
        .day_offset_us = day_offset(out->settings_arg, now),
        .tier1_us = s->tier1_us,
        .tier2_us = s->tier2_us,
        .bot_timeout_us = s->bot_timeout_us,
        .breaker = s->breaker,
        .market_feed = feed(s, s->market_dead_us),
        .user_feed = feed(s, s->user_dead_us),
        .heartbeat_stream = s->heartbeat_stream,
        .environment = s->environment,
    };
    memcpy(c->symbols, s->symbols, s->symbol_count * sizeof *s->symbols);
    for (size_t i = 0; i < s->public_host_count; i++) out->public_hosts[i] = s->public_hosts[i];
    out->server = (struct server_config){.host = s->listen_host,
                                         .port = s->listen_port,
                                         .public_hosts = out->public_hosts,
                                         .public_host_count = s->public_host_count,
                                         .auth_enabled = s->auth,
                                         .password = secret_span(&s->password),
                                         .login_lifetime_us = s->session_us};
}
