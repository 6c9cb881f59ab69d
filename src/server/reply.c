#include "server/private.h"

#include "base/check.h"

#include <stdio.h>
#include <strings.h>

enum { HEADERS_MAX = 20 };

static struct http_header header_of(const char *name, const char *value) {
    return (struct http_header){span_of(name), span_of(value)};
}

void reply_extra(struct reply *r, const char *name, const char *value) {
    CHECK(r->extra_count < REPLY_EXTRA_MAX);
    r->extra[r->extra_count++] = header_of(name, value);
}

static size_t reply_headers(const struct server *s, struct http_header out[static HEADERS_MAX], const struct reply *r) {
    size_t count;
    const struct http_header *safety = guard_headers(&count, s->tls);
    CHECK(count + 2 + r->extra_count <= HEADERS_MAX);
    memcpy(out, safety, count * sizeof *out);
    if (r->content_type != NULL) out[count++] = header_of("Content-Type", r->content_type);
    out[count++] = header_of("Cache-Control", r->cache != NULL ? r->cache : "no-store");
    for (size_t i = 0; i < r->extra_count; i++) out[count++] = r->extra[i];
    return count;
}

void reply_send(struct server *s, conn_id conn, const struct reply *r) {
    struct http_header headers[HEADERS_MAX];
    size_t count = reply_headers(s, headers, r);
    http_respond(
        s->http, conn,
        &(struct http_reply){
            .status = r->status, .headers = headers, .header_count = count, .body = r->body, .frame = r->frame});
}

void reply_begin(struct server *s, conn_id conn, const struct reply *r) {
    struct http_header headers[HEADERS_MAX];
    size_t count = reply_headers(s, headers, r);
    http_respond_begin(s->http, conn, r->status, headers, count);
}

void reply_json(struct server *s, conn_id conn, int status, struct span body) {
    reply_send(s, conn, &(struct reply){.status = status, .content_type = "application/json", .body = body});
}

/* --- errors --- */

static void put_error(struct buf *b, const char *code, const char *field, const char *message) {
    buf_putf(b, "{\"error\":{\"code\":\"%s\",", code);
    if (field != NULL) {
        buf_puts(b, "\"field\":\"");
        buf_put_json_text(b, span_of(field));
        buf_puts(b, "\",");
    }
    buf_puts(b, "\"message\":\"");
    buf_put_json_text(b, span_of(message));
    buf_puts(b, "\"}}");
}

static void send_error(struct server *s, conn_id conn, struct reply *r, const char *code, const char *field,
                       const char *message) {
    struct buf b;
    buf_init(&b, 4096);
    put_error(&b, code, field, message);
    r->content_type = "application/json";
    r->body =
        b.failed == ERR_OK ? buf_span(&b) : SPAN("{\"error\":{\"code\":\"failed\",\"message\":\"out of memory\"}}");
    reply_send(s, conn, r);
    buf_free(&b);
}

void reply_error(struct server *s, conn_id conn, int status, const char *code, const char *field, const char *message) {
    send_error(s, conn, &(struct reply){.status = status}, code, field, message);
}

void reply_error_after(struct server *s, conn_id conn, int status, const char *code, const char *message,
                       int64_t wait_us) {
    char seconds[24];
    struct reply r = {.status = status};
    snprintf(seconds, sizeof seconds, "%lld", (long long)((wait_us + US_PER_S - 1) / US_PER_S));
    reply_extra(&r, "Retry-After", seconds);
    send_error(s, conn, &r, code, NULL, message);
}

/* --- assets --- */

static struct span trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

static struct span take_until(struct span *rest, char separator) {
    const char *end = rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;
    struct span part = span_from(rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len);
    *rest = span_skip(*rest, end != NULL ? part.len + 1 : part.len);
    return trim(part);
}

/* "q=0", "q=0.0", "q=0.000": not wanted at all. */
static bool is_zero_weight(struct span parameter) {
    if (parameter.len < 3 || strncasecmp(parameter.at, "q=0", 3) != 0) return false;
    for (size_t i = 3; i < parameter.len; i++)
        if (parameter.at[i] != '.' && parameter.at[i] != '0') return false;
    return true;
}

static bool accepts(const struct http_server_request *r, const char *coding) {
    const struct http_header *h = http_request_header(r, "Accept-Encoding");
    struct span rest = h != NULL ? h->value : span_from(NULL, 0);
    while (rest.len > 0) {
        struct span one = take_until(&rest, ',');
        struct span name = take_until(&one, ';');
        if (name.len == strlen(coding) && strncasecmp(name.at, coding, name.len) == 0)
            return !is_zero_weight(take_until(&one, ';'));
    }
    return false;
}

static bool etag_matches(const struct http_server_request *r, const char *etag) {
    const struct http_header *h = http_request_header(r, "If-None-Match");
    struct span rest = h != NULL ? h->value : span_from(NULL, 0);
    while (rest.len > 0) {
        struct span one = take_until(&rest, ',');
        if (span_starts(one, SPAN("W/"))) one = span_skip(one, 2);
        if (span_is(one, etag) || span_is(one, "*")) return true;
    }
    return false;
}

void reply_asset(struct server *s, conn_id conn, const struct http_server_request *r, const struct asset *a) {
    char etag[96];
    /* weak: one tag for all three encodings of the same content */
    snprintf(etag, sizeof etag, "W/%s", a->etag);
    struct reply out = {.status = 200,
                        .content_type = a->content_type,
                        .cache = a->immutable ? "public, max-age=31536000, immutable" : "no-cache"};
    reply_extra(&out, "ETag", etag);
    reply_extra(&out, "Vary", "Accept-Encoding");
    if (etag_matches(r, a->etag)) {
        out.status = 304;
        out.content_type = NULL;
    } else if (a->br != NULL && accepts(r, "br")) {
        out.body = span_from(a->br, a->br_len);
        reply_extra(&out, "Content-Encoding", "br");
    } else if (a->gzip != NULL && accepts(r, "gzip")) {
        out.body = span_from(a->gzip, a->gzip_len);
        reply_extra(&out, "Content-Encoding", "gzip");
    } else {
        out.body = span_from(a->raw, a->raw_len);
    }
    reply_send(s, conn, &out);
}
