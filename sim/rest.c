/* rest.c: see rest.h. The order of checks: weight (429, 418), endpoint (404), method, time unit, parameters, key, time,
 * signature. The signature covers the raw query and body as they arrived, less the signature itself. */
#include "sim/rest.h"

#include "base/check.h"
#include "base/time.h"
#include "sim/query.h"

#include <stdlib.h>

static const char json_type[] = "application/json;charset=UTF-8";

void rest_gone(struct front_reply *r) {
    front_text(r, 410, "text/html",
               "<html>\r\n<head><title>410 Gone</title></head>\r\n<body>\r\n<center><h1>410 Gone</h1></center>\r\n"
               "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
}

static void refuse(struct front_reply *r, const struct api_error *e) {
    struct jout out = {.b = &r->body};
    buf_clear(&r->body);
    r->status = e->status;
    jo_open(&out, NULL, '{');
    jo_int(&out, "code", e->code);
    jo_text(&out, "msg", e->msg);
    jo_close(&out, '}');
}

static bool check_weight(struct api *a, const struct front_question *q, int64_t weight, struct front_reply *r,
                         struct api_error *e) {
    struct weight_answer w = sim_weight_use(&a->weights, q->peer, weight, a->clock_us);
    front_header(r, "X-MBX-USED-WEIGHT", "%lld", (long long)w.used);
    front_header(r, "X-MBX-USED-WEIGHT-1M", "%lld", (long long)w.used);
    if (w.verdict == WEIGHT_OK) return true;
    front_header(r, "Retry-After", "%lld", (long long)((w.retry_us - a->clock_us + US_PER_S - 1) / US_PER_S));
    if (w.verdict == WEIGHT_BANNED)
        return api_refuse(e, 418, -1003,
                          "Way too much request weight used; IP banned until %lld. Please use WebSocket Streams for "
                          "live updates to avoid bans.",
                          (long long)(w.retry_us / US_PER_MS));
    return api_refuse(e, 429, -1003,
                      "Too much request weight used; current limit is %lld request weight per 1 MINUTE. Please use "
                      "WebSocket Streams for live updates to avoid polling the API.",
                      (long long)a->weights.limit);
}

static bool check_unit(const struct front_question *q, struct jout *out, struct api_error *e) {
    struct span unit = q->time_unit;
    out->micros = span_is(unit, "MICROSECOND") || span_is(unit, "microsecond");
    if (unit.len == 0 || out->micros || span_is(unit, "MILLISECOND") || span_is(unit, "millisecond")) return true;
    return api_refuse(e, 400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.");
}

static bool check_signature(const struct api *a, const struct front_question *q, const struct api_params *p,
                            struct api_error *e) {
    struct buf signed_text;
    struct span raw = {NULL, 0};
    const struct api_param *s = api_param(p, "signature");
    buf_init(&signed_text, 1 << 20);
    query_unsigned(&signed_text, &raw, q->query);
    query_unsigned(&signed_text, &raw, q->body);
    bool ascii = query_ascii(q->query) && query_ascii(q->body);
    bool fits = ascii && s != NULL && sim_sign_check(a->keys, buf_span(&signed_text), s->value) != SIGN_BAD;
    buf_free(&signed_text);
    return fits || api_refuse(e, 400, -1022, "Signature for this request is not valid.");
}

static bool check_signed(const struct api *a, const struct front_question *q, const struct api_params *p,
                         struct api_error *e) {
    if (q->api_key.len == 0) return api_refuse(e, 401, -2014, "API-key format invalid.");
    if (api_param(p, "timestamp") == NULL || api_param(p, "signature") == NULL)
        return api_refuse(e, 400, -1102, "Mandatory parameter '%s' was not sent, was empty/null, or malformed.",
                          api_param(p, "timestamp") == NULL ? "timestamp" : "signature");
    if (!sim_sign_known(a->keys, q->api_key))
        return api_refuse(e, 401, -2015, "Invalid API-key, IP, or permissions for action.");
    return api_check_time(a, p, e) && check_signature(a, q, p, e);
}

static bool answer(struct api *a, const struct front_question *q, const struct api_endpoint *ep,
                   const struct api_params *p, struct jout *out, struct api_error *e) {
    if (!span_is(q->method, "GET")) return api_refuse(e, 405, -1020, "This operation is not supported.");
    if (!check_unit(q, out, e)) return false;
    if (!api_check_params(ep, p, ep->is_signed ? "timestamp recvWindow signature" : "", e)) return false;
    return (!ep->is_signed || check_signed(a, q, p, e)) && ep->answer(a, p, out, e);
}

void rest_answer(struct api *a, const struct front_question *q, struct front_reply *r) {
    struct api_params p = {.count = 0};
    struct api_error e = {.status = 0};
    struct jout out = {.b = &r->body};
    char *room = malloc(q->query.len + q->body.len + 1);
    CHECK(room != NULL);
    const struct api_endpoint *ep = api_by_path(q->path);
    bool parsed = query_parse(&p, room, q->query, true) && query_parse(&p, room + q->query.len, q->body, true);
    bool fine = check_weight(a, q, ep != NULL ? ep->weight(a, &p) : 1, r, &e);
    if (fine && ep == NULL) {
        front_text(r, 404, "text/html", "<html><body><h2>404 Not found</h2></body></html>");
    } else {
        front_header(r, "Content-Type", "%s", json_type);
        if (fine && !parsed) fine = api_refuse(&e, 400, -1100, "Illegal characters found in a parameter.");
        if (!fine || !answer(a, q, ep, &p, &out, &e)) refuse(r, &e);
    }
    free(room);
}
