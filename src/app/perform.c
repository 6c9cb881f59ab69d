/* perform.c: the engine's effects done with io, store and server; what comes back is told to the engine as events. Ids carry
 * generations, so an answer to something forgotten finds nothing. */
#include "app/private.h"

#include <stdlib.h>
#include <strings.h>

void tell_engine(struct app *a, const struct event *event) { engine_handle(a->engine, event, loop_now(a->loop)); }

void tell_late(struct app *a, const struct event *event) {
    if (a->late_count < LATE_MAX) a->late[a->late_count++] = (struct late){*event};
    else
        log_say(a->log, LOG_ERROR, "app",
                "more calls failed in one turn than can be told; the engine's own deadlines catch them");
}

/* ---- HTTP ---- */

static int64_t header_number(const struct http_answer *answer, const char *name, int64_t absent) {
    const struct http_header *h = http_answer_header(answer, name);
    int64_t value = 0;
    if (h == NULL || h->value.len == 0 || h->value.len > 9)
        return absent; /* 31 years of Retry-After: more is no number */
    for (size_t i = 0; i < h->value.len; i++) {
        if (h->value.at[i] < '0' || h->value.at[i] > '9') return absent;
        value = value * 10 + (h->value.at[i] - '0');
    }
    return value;
}

static void on_http(void *arg, uint64_t id, const struct http_answer *answer) {
    struct app *a = arg;
    struct event e = {
        .kind = EVENT_HTTP,
        .id = id,
        .err = answer->err,
        .error = answer->error,
        .status = answer->status,
        .body = answer->body,
        .elapsed_us = answer->elapsed_us,
        .retry_after_us = header_number(answer, "Retry-After", 0) * US_PER_S,
        .weight_used = header_number(answer, "X-MBX-USED-WEIGHT-1M", -1),
        .remaining = (int)header_number(answer, "X-RateLimit-Remaining", -1),
    };
    if (!a->stopping) tell_engine(a, &e);
}

static void do_http(struct app *a, const struct effect *f) {
    struct http_header header = {0};
    bool binance = f->upstream == UPSTREAM_BINANCE;
    struct span key = binance ? a->config.key.api_key : a->config.bot_api_key;
    if (f->with_key && key.len > 0)
        header = (struct http_header){binance ? SPAN("X-MBX-APIKEY") : SPAN("X-API-Key"), key};
    struct http_request r = {.method = f->method,
                             .url = f->target,
                             .headers = &header,
                             .header_count = header.name.len > 0,
                             .timeout_us = f->timeout_us,
                             .max_body = f->max_body};
    enum err err = http_start(a->http, f->id, &r, on_http, a);
    if (err != ERR_OK)
        tell_late(a, &(struct event){.kind = EVENT_HTTP,
                                     .id = f->id,
                                     .err = err,
                                     .error = err_text(err),
                                     .weight_used = -1,
                                     .remaining = -1});
}

/* ---- WebSocket ---- */

static void on_ws(void *arg, uint64_t id, const struct ws_client_event *w) {
    struct app *a = arg;
    struct event e = {.id = id,
                      .body = w->data,
                      .err = w->err,
                      .code = w->code,
                      .status = w->status,
                      .retry_after_us = w->retry_after * US_PER_S,
                      .weight_used = -1,
                      .remaining = -1};
    if (a->stopping) return;
    switch (w->kind) {
    case WS_CLIENT_OPEN: e.kind = EVENT_WS_OPEN; break;
    case WS_CLIENT_TEXT: e.kind = EVENT_WS_TEXT; break;
    case WS_CLIENT_PING: e.kind = EVENT_WS_PING; break;
    case WS_CLIENT_PONG: return; /* we send no pings: a pong proves no delivery (PRODUCT 6) */
    case WS_CLIENT_CLOSED: e.kind = EVENT_WS_CLOSED; break;
    }
    tell_engine(a, &e);
}

static void do_connect(struct app *a, const struct effect *f) {
    enum err err = ws_client_connect(a->ws, f->id, f->target, f->timeout_us, LIMIT_WS_MESSAGE_BYTES, on_ws, a);
    if (err != ERR_OK)
        tell_late(
            a, &(struct event){
                   .kind = EVENT_WS_CLOSED, .id = f->id, .err = err, .code = 1006, .weight_used = -1, .remaining = -1});
}

static void do_send(struct app *a, const struct effect *f) {
    enum err err = ws_client_send(a->ws, f->id, span_from(f->text, f->text_len));
    if (err == ERR_OK || err == ERR_BAD_STATE) return; /* it closed meanwhile: its own event says so */
    log_say(a->log, LOG_WARN, "app", "a message could not be sent: %s", err_text(err));
    ws_client_close(a->ws, f->id, 1011);
}

static void perform(struct app *a, const struct effect *f) {
    switch (f->kind) {
    case EFFECT_HTTP: do_http(a, f); break;
    case EFFECT_HTTP_CANCEL: http_cancel(a->http, f->id); break;
    case EFFECT_WS_CONNECT: do_connect(a, f); break;
    case EFFECT_WS_SEND: do_send(a, f); break;
    case EFFECT_WS_CLOSE: ws_client_close(a->ws, f->id, 1000); break;
    case EFFECT_PERSIST: keep_fills(a, f); break;
    case EFFECT_REMEMBER: keep_fact(a, f); break;
    case EFFECT_HISTORY: keep_history(a, f); break;
    case EFFECT_POINT: keep_point(a, f); break;
    case EFFECT_ASK_CANDLES: keep_ask_candles(a, f); break;
    case EFFECT_KEEP_CANDLES: keep_candles(a, f); break;
    case EFFECT_KEEP_MARKETS: keep_markets(a, f); break;
    case EFFECT_CANDLES: answer_candles(a, f); break;
    case EFFECT_LIVE_CANDLE: publish_candle(a, f); break;
    case EFFECT_ORDERS_CHANGED: publish_orders(a, &f->symbol); break;
    case EFFECT_FILLS_APPLIED: publish_fills(a, f->fills, f->fill_count); break;
    case EFFECT_LOG: log_say(a->log, f->level, f->topic, "%.*s", (int)f->text_len, f->text); break;
    }
}

void perform_effects(struct app *a) {
    struct effect f;
    while (engine_next_effect(a->engine, &f)) {
        perform(a, &f);
        effect_free(&f);
    }
}
