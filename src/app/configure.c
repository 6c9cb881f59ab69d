#include "app/configure.h"

#include <time.h>

#define PHASE_LIMIT_US (10 * US_PER_S)             /* connect with TLS over a slow line takes a second or two */
#define ANSWER_WITHIN_US (5 * US_PER_S)            /* PRODUCT 6, watchdogs */
#define LIFETIME_US (23 * US_PER_HOUR + 30 * US_PER_MIN) /* half an hour before the exchange's 24 h limit */

static int64_t day_offset(void *arg, struct wall now) {
    const struct settings *s = arg;
    time_t at = (time_t)(now.us / US_PER_S);
    struct tm local;
    if (s->day_zone_fixed) return s->day_offset_us;
    /* the process's zone is the day zone: set once at the start (main.c), so that the C library's rules apply */
    return localtime_r(&at, &local) != NULL ? (int64_t)local.tm_gmtoff * US_PER_S : 0;
}

static struct feed_config feed(const struct settings *s, int64_t dead_us) {
    return (struct feed_config){.ask_after_us = s->market_ask_us, .answer_within_us = ANSWER_WITHIN_US, .dead_after_us = dead_us,
                                .lifetime_us = LIFETIME_US, .phase_limit_us = PHASE_LIMIT_US};
}

static void settings_json(void *arg, struct buf *out) {
    const struct settings *s = arg;
    char investment[DEC_TEXT_MAX];
    buf_puts(out, "{\"source\":");
    buf_puts(out, s->source == SOURCE_IS_BOT ? "\"bot\"" : "\"exchange\"");
    buf_puts(out, ",\"environment\":\"");
    buf_put_json_text(out, span_of(s->environment));
    buf_puts(out, "\",\"bot_url\":\"");
    buf_put_json_text(out, span_of(s->bot_url));
    buf_puts(out, "\",\"rest_url\":\"");
    buf_put_json_text(out, span_of(s->rest_url));
    buf_puts(out, "\",\"stream_url\":\"");
    buf_put_json_text(out, span_of(s->stream_url));
    buf_puts(out, "\",\"ws_api_url\":\"");
    buf_put_json_text(out, span_of(s->ws_api_url));
    buf_putf(out, "\",\"credentials\":\"%s\"", s->key_kind == KEY_NONE ? "none" : s->key_kind == KEY_HMAC ? "HMAC" : "Ed25519");
    buf_putf(out, ",\"tier1_ms\":%lld,\"tier2_ms\":%lld", (long long)(s->tier1_us / US_PER_MS), (long long)(s->tier2_us / US_PER_MS));
    buf_putf(out, ",\"breaker\":{\"fail_max\":%d,\"reset_seconds\":%lld,\"successes\":%d}", s->breaker.fail_max,
             (long long)(s->breaker.reset_us / US_PER_S), s->breaker.successes_needed);
    buf_puts(out, ",\"day_zone\":\"");
    buf_put_json_text(out, span_of(s->day_zone));
    buf_puts(out, "\",\"currency_sign\":");
    if (s->currency_sign[0] == '\0') buf_puts(out, "null");
    else {
        buf_putc(out, '"');
        buf_put_json_text(out, span_of(s->currency_sign));
        buf_putc(out, '"');
    }
    (void)dec16_format(investment, s->investment);
    if (s->has_investment) buf_putf(out, ",\"investment\":\"%s\"", investment);
    else buf_puts(out, ",\"investment\":null");
    buf_putf(out, ",\"login\":%s,\"store\":\"%s\"}", s->auth ? "true" : "false", s->db[0] == ':' ? "memory" : "file");
}

void configure(struct app_config *out, const struct settings *s, struct wall now) {
    struct engine_config *c = &out->engine;
    *out = (struct app_config){.db_path = s->db, .ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
                               .port_file = s->port_file[0] != '\0' ? s->port_file : NULL,
                               .settings_json = settings_json, .day_offset = day_offset, .settings_arg = (void *)(uintptr_t)s};
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
    out->server = (struct server_config){.host = s->listen_host, .port = s->listen_port, .auth_enabled = s->auth,
                                         .password = secret_span(&s->password), .login_lifetime_us = s->session_us};
}
