/* ws_api.c: see ws_api.h. Session methods are in a table of their own here; everything else is api.h's. A request is
 * signed over its parameters sorted by name, as raw text. */
#include "sim/ws_api.h"

#include "base/check.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { SUBSCRIPTIONS_MOST = 65535, ROOM_PER_VALUE = 64 };

void ws_session_init(struct ws_session *s, bool show_limits, bool micros, int64_t now_us) {
    *s = (struct ws_session){.show_limits = show_limits, .micros = micros, .connected_us = now_us};
}

struct ws_request {
    struct api *api;
    struct ws_session *session;
    struct api_params params;
    yyjson_val *id;
    struct span method;
    struct ws_after *after;
    char *texts[API_PARAMS_MAX]; /* owned: values that were not strings, as text */
    bool show_limits;
};

/* --- parameters ------------------------------------------------------------------------------------------------------- */

static bool take_param(struct ws_request *q, yyjson_val *key, yyjson_val *value) {
    if (q->params.count == API_PARAMS_MAX) return false;
    size_t at = q->params.count++;
    struct api_param *p = &q->params.all[at];
    p->name = span_from(yyjson_get_str(key), yyjson_get_len(key));
    if (yyjson_is_str(value)) {
        p->value = span_from(yyjson_get_str(value), yyjson_get_len(value));
        return true;
    }
    size_t len = 0;
    q->texts[at] = yyjson_val_write(value, 0, &len);
    p->value = span_from(q->texts[at], len);
    return q->texts[at] != NULL && !yyjson_is_null(value);
}

static int by_name(const void *a, const void *b) {
    const struct api_param *x = a, *y = b;
    size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.at, y->name.at, len);
    return order != 0 ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static enum sign_kind signed_by(const struct ws_request *q) {
    struct api_params sorted = q->params;
    struct buf text;
    const struct api_param *signature = api_param(&q->params, "signature");
    qsort(sorted.all, sorted.count, sizeof sorted.all[0], by_name);
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < sorted.count; i++) {
        if (span_is(sorted.all[i].name, "signature")) continue;
        if (text.len > 0) buf_putc(&text, '&');
        buf_put_span(&text, sorted.all[i].name);
        buf_putc(&text, '=');
        buf_put_span(&text, sorted.all[i].value);
    }
    enum sign_kind kind = sim_sign_check(q->api->keys, buf_span(&text), signature->value);
    buf_free(&text);
    return kind;
}

static bool check_signed(const struct ws_request *q, enum sign_kind *kind, struct api_error *e) {
    static const char *const names[] = {"apiKey", "timestamp", "signature"};
    *kind = SIGN_BAD;
    for (size_t i = 0; i < 3; i++) {
        const struct api_param *p = api_param(&q->params, names[i]);
        if (p == NULL || p->value.len == 0)
            return api_refuse(e, 400, -1102, "Mandatory parameter '%s' was not sent, was empty/null, or malformed.",
                              names[i]);
    }
    if (!sim_sign_known(q->api->keys, api_param(&q->params, "apiKey")->value))
        return api_refuse(e, 401, -2015, "Invalid API-key, IP, or permissions for action.");
    if (!api_check_time(q->api, &q->params, e)) return false;
    *kind = signed_by(q);
    return *kind != SIGN_BAD || api_refuse(e, 400, -1022, "Signature for this request is not valid.");
}

/* A method of the account: with its own key and signature, or on the strength of the logon (then only a timestamp). */
static bool check_account(const struct ws_request *q, struct api_error *e) {
    enum sign_kind kind;
    if (q->session->logged_on && api_param(&q->params, "apiKey") == NULL && api_param(&q->params, "signature") == NULL)
        return api_check_time(q->api, &q->params, e);
    return check_signed(q, &kind, e);
}

/* --- session methods ---------------------------------------------------------------------------------------------------- */

static void put_session(const struct ws_request *q, struct jout *out) {
    const struct ws_session *s = q->session;
    jo_open(out, NULL, '{');
    if (s->logged_on) jo_text(out, "apiKey", s->api_key);
    else jo_null(out, "apiKey");
    if (s->logged_on) jo_time(out, "authorizedSince", s->authorized_us);
    else jo_null(out, "authorizedSince");
    jo_time(out, "connectedSince", s->connected_us);
    jo_bool(out, "returnRateLimits", s->show_limits);
    jo_time(out, "serverTime", q->api->clock_us);
    jo_bool(out, "userDataStream", s->subscribed);
    jo_close(out, '}');
}

static bool do_logon(struct ws_request *q, struct jout *out, struct api_error *e) {
    enum sign_kind kind;
    if (!check_signed(q, &kind, e)) return false;
    if (kind != SIGN_ED25519) return api_refuse(e, 400, -4056, "HMAC_SHA256 API key is not supported.");
    struct span key = api_param(&q->params, "apiKey")->value;
    q->session->logged_on = true;
    q->session->authorized_us = q->api->clock_us;
    snprintf(q->session->api_key, sizeof q->session->api_key, "%.*s", (int)key.len, key.at);
    put_session(q, out);
    return true;
}

static bool do_status(struct ws_request *q, struct jout *out, struct api_error *e) {
    (void)e;
    put_session(q, out);
    return true;
}

static void end_subscription(struct ws_request *q) {
    q->after->terminated = true;
    q->after->terminated_id = q->session->subscription;
    q->session->subscribed = false;
}

static bool do_logout(struct ws_request *q, struct jout *out, struct api_error *e) {
    (void)e;
    if (q->session->subscribed && q->session->by_logon) end_subscription(q);
    q->session->logged_on = false;
    put_session(q, out);
    return true;
}

static bool subscribe(struct ws_request *q, bool by_logon, struct jout *out, struct api_error *e) {
    struct ws_session *s = q->session;
    if (s->subscribed) return api_refuse(e, 400, -2035, "User Data Stream subscription already active.");
    if (s->next_subscription >= SUBSCRIPTIONS_MOST)
        return api_refuse(e, 400, -2042, "Maximum subscription ID reached for this connection.");
    s->subscribed = true;
    s->by_logon = by_logon;
    s->subscription = s->next_subscription++;
    jo_open(out, NULL, '{');
    jo_int(out, "subscriptionId", s->subscription);
    jo_close(out, '}');
    return true;
}

static bool do_subscribe(struct ws_request *q, struct jout *out, struct api_error *e) {
    if (!q->session->logged_on) return api_refuse(e, 401, -1002, "You are not authorized to execute this request.");
    return subscribe(q, true, out, e);
}

static bool do_subscribe_signature(struct ws_request *q, struct jout *out, struct api_error *e) {
    enum sign_kind kind;
    return check_signed(q, &kind, e) && subscribe(q, false, out, e);
}

static bool do_unsubscribe(struct ws_request *q, struct jout *out, struct api_error *e) {
    const struct api_param *p = api_param(&q->params, "subscriptionId");
    int64_t id = 0;
    if (p != NULL && !sim_num_parse_int(&id, p->value))
        return api_refuse(e, 400, -1102, "Parameter 'subscriptionId' was malformed.");
    if (!q->session->subscribed || (p != NULL && id != q->session->subscription))
        return api_refuse(e, 400, -2036, "User Data Stream subscription not active.");
    end_subscription(q);
    jo_open(out, NULL, '{');
    jo_close(out, '}');
    return true;
}

static bool do_subscriptions(struct ws_request *q, struct jout *out, struct api_error *e) {
    (void)e;
    jo_open(out, NULL, '[');
    if (q->session->subscribed) {
        jo_open(out, NULL, '{');
        jo_int(out, "subscriptionId", q->session->subscription);
        jo_close(out, '}');
    }
    jo_close(out, ']');
    return true;
}

static bool do_removed(struct ws_request *q, struct jout *out, struct api_error *e) {
    (void)q, (void)out;
    return api_refuse(e, 400, -1020, "This operation is not supported.");
}

static const struct session_method {
    const char *name, *params;
    bool (*answer)(struct ws_request *q, struct jout *out, struct api_error *e);
} session_methods[] = {
    {"session.logon", "apiKey timestamp recvWindow signature", do_logon},
    {"session.status", "", do_status},
    {"session.logout", "", do_logout},
    {"userDataStream.subscribe", "", do_subscribe},
    {"userDataStream.subscribe.signature", "apiKey timestamp recvWindow signature", do_subscribe_signature},
    {"userDataStream.unsubscribe", "subscriptionId", do_unsubscribe},
    {"session.subscriptions", "", do_subscriptions},
    {"userDataStream.start", "apiKey", do_removed},
    {"userDataStream.ping", "apiKey listenKey", do_removed},
    {"userDataStream.stop", "apiKey listenKey", do_removed},
};

static const struct session_method *session_method(struct span name) {
    if (span_starts(name, SPAN("v3/"))) name = span_skip(name, 3);
    for (size_t i = 0; i < sizeof session_methods / sizeof session_methods[0]; i++)
        if (span_is(name, session_methods[i].name)) return &session_methods[i];
    return NULL;
}

/* --- one request ---------------------------------------------------------------------------------------------------------- */

static bool answer(struct ws_request *q, struct jout *out, struct api_error *e) {
    const struct session_method *m = session_method(q->method);
    const struct api_endpoint *ep = api_by_method(q->method);
    if (m != NULL) {
        struct api_endpoint as_endpoint = {.params = m->params};
        return api_check_params(&as_endpoint, &q->params, "returnRateLimits", e) && m->answer(q, out, e);
    }
    if (ep == NULL)
        return api_refuse(e, 400, -1100, "Unknown method '%.*s'.", (int)(q->method.len < 80 ? q->method.len : 80),
                          q->method.at);
    const char *extra = ep->is_signed ? "apiKey timestamp recvWindow signature returnRateLimits" : "returnRateLimits";
    if (!api_check_params(ep, &q->params, extra, e)) return false;
    return (!ep->is_signed || check_account(q, e)) && ep->answer(q->api, &q->params, out, e);
}

static int64_t weight_of(const struct ws_request *q) {
    const struct api_endpoint *ep = api_by_method(q->method);
    return ep != NULL ? ep->weight(q->api, &q->params) : 2;
}

static void put_error(const struct ws_request *q, const struct api_error *e, const struct weight_answer *w,
                      struct jout *out) {
    jo_open(out, "error", '{');
    jo_int(out, "code", e->code);
    jo_text(out, "msg", e->msg);
    if (w->verdict != WEIGHT_OK) {
        jo_open(out, "data", '{');
        jo_time(out, "serverTime", q->api->clock_us);
        jo_time(out, "retryAfter", w->retry_us);
        jo_close(out, '}');
    }
    jo_close(out, '}');
}

static void refuse_weight(const struct ws_request *q, const struct weight_answer *w, struct api_error *e) {
    if (w->verdict == WEIGHT_BANNED)
        api_refuse(
            e, 418, -1003,
            "Way too much request weight used; IP banned until %lld. Please use WebSocket Streams for live updates "
            "to avoid bans.",
            (long long)(w->retry_us / US_PER_MS));
    else
        api_refuse(
            e, 429, -1003,
            "Too much request weight used; current limit is %lld request weight per 1 MINUTE. Please use WebSocket "
            "Streams for live updates to avoid polling the API.",
            (long long)q->api->weights.limit);
    q->after->hang_up = w->verdict == WEIGHT_BANNED;
}

static void put_used(const struct ws_request *q, int64_t used, struct jout *out) {
    jo_open(out, "rateLimits", '[');
    jo_open(out, NULL, '{');
    jo_text(out, "rateLimitType", "REQUEST_WEIGHT");
    jo_text(out, "interval", "MINUTE");
    jo_int(out, "intervalNum", 1);
    jo_int(out, "limit", q->api->weights.limit);
    jo_int(out, "count", used);
    jo_close(out, '}');
    jo_close(out, ']');
}

static void put_id(yyjson_val *id, struct jout *out) {
    char *text = id != NULL ? yyjson_val_write(id, 0, NULL) : NULL;
    jo_raw(out, "id", text != NULL ? span_of(text) : SPAN("null"));
    free(text);
}

static void reply(struct ws_request *q, struct span peer, struct buf *into) {
    struct buf result;
    struct api_error e = {.status = 0};
    buf_init(&result, 64 << 20);
    struct jout inner = {.b = &result, .micros = q->session->micros}, out = {.b = into, .micros = q->session->micros};
    struct weight_answer w = sim_weight_use(&q->api->weights, peer, weight_of(q), q->api->clock_us);
    bool fine = w.verdict == WEIGHT_OK;
    if (!fine) refuse_weight(q, &w, &e);
    else fine = answer(q, &inner, &e);
    jo_open(&out, NULL, '{');
    put_id(q->id, &out);
    jo_int(&out, "status", fine ? 200 : e.status);
    if (fine) jo_raw(&out, "result", buf_span(&result));
    else put_error(q, &e, &w, &out);
    if (q->show_limits) put_used(q, w.used, &out);
    jo_close(&out, '}');
    buf_free(&result);
}

/* Malformed requests are answered without an id. */
static void reply_malformed(struct ws_request *q, struct span peer, int code, const char *msg, struct buf *into) {
    struct jout out = {.b = into};
    struct weight_answer w = sim_weight_use(&q->api->weights, peer, 1, q->api->clock_us);
    struct api_error e;
    api_refuse(&e, 400, code, "%s", msg);
    w.verdict = WEIGHT_OK;
    jo_open(&out, NULL, '{');
    put_id(q->id, &out);
    jo_int(&out, "status", 400);
    put_error(q, &e, &w, &out);
    if (q->show_limits) put_used(q, w.used, &out);
    jo_close(&out, '}');
}

static bool id_fits(yyjson_val *id) {
    return id == NULL || yyjson_is_null(id) || yyjson_is_int(id) || (yyjson_is_str(id) && yyjson_get_len(id) <= 36);
}

static bool read_params(struct ws_request *q, yyjson_val *params) {
    size_t i, n;
    yyjson_val *key, *value;
    if (params == NULL || yyjson_is_null(params)) return true;
    if (!yyjson_is_obj(params)) return false;
    yyjson_obj_foreach(params, i, n, key, value) if (!take_param(q, key, value)) return false;
    const struct api_param *show = api_param(&q->params, "returnRateLimits");
    if (show != NULL) q->show_limits = span_is(show->value, "true");
    return true;
}

void ws_api_answer(struct api *a, struct ws_session *s, struct span peer, struct span text, struct buf *out,
                   struct ws_after *after) {
    struct ws_request q = {
        .api = a, .session = s, .params = {.websocket = true}, .after = after, .show_limits = s->show_limits};
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *method = yyjson_obj_get(root, "method");
    *after = (struct ws_after){0};
    yyjson_val *id = yyjson_obj_get(root, "id");
    if (id_fits(id)) q.id = id;
    q.method = span_from(yyjson_get_str(method), yyjson_get_len(method));
    if (q.method.len < sizeof after->method && q.method.len > 0) memcpy(after->method, q.method.at, q.method.len);
    if (!yyjson_is_obj(root)) reply_malformed(&q, peer, -1135, "Invalid JSON Request", out);
    else if (!id_fits(id))
        reply_malformed(&q, peer, -1135,
                        "Invalid 'id' in JSON request; expected an integer, a string matching "
                        "'^[a-zA-Z0-9-_]{1,36}$', or null",
                        out);
    else if (!yyjson_is_str(method)) reply_malformed(&q, peer, -1135, "Missing 'method' in JSON request", out);
    else if (!read_params(&q, yyjson_obj_get(root, "params")))
        reply_malformed(&q, peer, -1135, "Invalid 'params' in JSON request", out);
    else reply(&q, peer, out);
    for (size_t i = 0; i < q.params.count; i++) free(q.texts[i]);
    yyjson_doc_free(doc);
}
