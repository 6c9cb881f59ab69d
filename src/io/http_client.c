/* http_client.c: one curl transfer a request. An answer's headers are kept as the lines that came, in one buffer, and cut
 * into names and values at the end. */
#include "io/curl_loop.h"
#include "io/http1.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    REQUESTS_MAX = 256,          /* under way at once; the engine's budgets allow a few dozen */
    REQUEST_HEADER_MAX = 4 << 10 /* one line: an API key is 64 bytes, a signature of Ed25519 88 */
};

struct request {
    struct http_client *client;
    struct curl_transfer transfer;
    uint64_t id;
    http_done_fn *done;
    void *arg;
    struct curl_slist *headers;
    struct buf body, head; /* of the answer; head: its header lines */
    bool too_big;
    struct request *next, **link;
};

struct http_client {
    struct curl_loop *curl;
    struct request *requests;
    size_t count;
};

struct http_client *http_client_new(struct loop *l, const struct tls_client_config *tls) {
    struct http_client *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->curl = curl_loop_new(l, tls);
    if (c->curl != NULL) return c;
    free(c);
    return NULL;
}

static void request_free(struct request *r) {
    if (r->link != NULL) {
        *r->link = r->next;
        if (r->next != NULL) r->next->link = r->link;
        r->client->count--;
    }
    curl_transfer_close(&r->transfer, r->client->curl);
    curl_slist_free_all(r->headers);
    buf_free(&r->body);
    buf_free(&r->head);
    free(r);
}

void http_client_free(struct http_client *c) {
    if (c == NULL) return;
    for (struct request *r = c->requests, *next; r != NULL; r = next) {
        next = r->next;
        request_free(r);
    }
    curl_loop_free(c->curl);
    free(c);
}

void http_cancel(struct http_client *c, uint64_t id) {
    for (struct request *r = c->requests; r != NULL; r = r->next) {
        if (r->id != id) continue;
        request_free(r);
        return;
    }
}

/* ---- the answer ---- */

static size_t on_body(char *at, size_t size, size_t count, void *arg) {
    struct request *r = arg;
    buf_put(&r->body, at, size * count);
    r->too_big = r->too_big || r->body.failed == ERR_TOO_BIG;
    return r->body.failed == ERR_OK ? size * count : 0;
}

static size_t on_header(char *at, size_t size, size_t count, void *arg) {
    struct request *r = arg;
    struct span line = {at, size * count};
    if (span_starts(line, SPAN("HTTP/"))) buf_clear(&r->head); /* a final answer behind a 100 */
    else buf_put_span(&r->head, line);
    r->too_big = r->too_big || r->head.failed == ERR_TOO_BIG;
    return r->head.failed == ERR_OK ? line.len : 0;
}

static struct span trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = span_skip(s, 1);
    while (s.len > 0 && strchr(" \t\r\n", s.at[s.len - 1]) != NULL) s.len--;
    return s;
}

static void cut_headers(struct http_answer *a, struct span head) {
    while (head.len > 0 && a->header_count < HTTP_HEADERS_MAX) {
        const char *lf = memchr(head.at, '\n', head.len);
        struct span line = {head.at, lf != NULL ? (size_t)(lf - head.at) + 1 : head.len};
        const char *colon = memchr(line.at, ':', line.len);
        head = span_skip(head, line.len);
        if (colon == NULL) continue;
        size_t name = (size_t)(colon - line.at);
        a->headers[a->header_count++] =
            (struct http_header){trim(span_from(line.at, name)), trim(span_skip(line, name + 1))};
    }
}

static void on_done(void *arg, CURLcode result) {
    struct request *r = arg;
    struct http_answer a = {.err = r->too_big ? ERR_TOO_BIG : curl_err(result)};
    curl_off_t elapsed = 0;
    long status = 0;
    CHECK(curl_easy_getinfo(r->transfer.easy, CURLINFO_TOTAL_TIME_T, &elapsed) == CURLE_OK);
    CHECK(curl_easy_getinfo(r->transfer.easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    a.elapsed_us = (int64_t)elapsed;
    if (a.err == ERR_OK) {
        a.status = (int)status;
        a.body = buf_span(&r->body);
        cut_headers(&a, buf_span(&r->head));
    } else if (r->too_big) (void)snprintf(a.error, sizeof a.error, "the answer is longer than the limit allows");
    else curl_words(a.error, sizeof a.error, &r->transfer, r->client->curl, result);
    /* out of the list first: the callback may cancel, start and free what it likes */
    struct request kept = *r;
    r->body = r->head = (struct buf){0};
    request_free(r);
    kept.done(kept.arg, kept.id, &a);
    buf_free(&kept.body);
    buf_free(&kept.head);
}

const struct http_header *http_answer_header(const struct http_answer *a, const char *name) {
    return http1_find(a->headers, a->header_count, name);
}

/* ---- the request ---- */

static enum err add_line(struct request *r, const char *line) {
    struct curl_slist *grown = curl_slist_append(r->headers, line);
    if (grown == NULL) return ERR_MEMORY;
    r->headers = grown;
    return ERR_OK;
}

static enum err add_header(struct request *r, const struct http_header *h) {
    char line[REQUEST_HEADER_MAX];
    if (h->name.len == 0 || !http1_clean(h->name) || !http1_clean(h->value)) return ERR_SYNTAX;
    /* curl's spelling of a header without a value ends in a semicolon */
    int n = snprintf(line, sizeof line, h->value.len > 0 ? "%.*s: %.*s" : "%.*s;", (int)h->name.len, h->name.at,
                     (int)h->value.len, h->value.len > 0 ? h->value.at : "");
    return n >= 0 && (size_t)n < sizeof line ? add_line(r, line) : ERR_SYNTAX;
}

static enum err add_headers(struct request *r, const struct http_request *q) {
    enum err e = add_line(r, "Expect:"); /* curl would wait a second for a 100 before larger bodies */
    if (e == ERR_OK && http1_find(q->headers, q->header_count, "Content-Type") == NULL)
        e = add_line(r, "Content-Type:");
    for (size_t i = 0; e == ERR_OK && i < q->header_count; i++) e = add_header(r, &q->headers[i]);
    return e;
}

static bool set_method(CURL *easy, const struct http_request *q) {
    bool get = strcmp(q->method, "GET") == 0;
    if (get && q->body.len == 0) return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    if (strcmp(q->method, "DELETE") == 0 && q->body.len == 0)
        return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, q->body.len > 0 ? q->body.at : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, q->method) == CURLE_OK;
}

static bool set_options(struct request *r, const struct http_request *q) {
    CURL *easy = r->transfer.easy;
    long timeout_ms = q->timeout_us > US_PER_MS ? (long)(q->timeout_us / US_PER_MS) : 1;
    return set_method(easy, q) &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "gridscope/" GRIDSCOPE_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTPHEADER, r->headers) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, r) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, r) == CURLE_OK;
}

enum err http_start(struct http_client *c, uint64_t id, const struct http_request *q, http_done_fn *done, void *arg) {
    if (c->count >= REQUESTS_MAX) return ERR_FULL;
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL) return ERR_MEMORY;
    r->client = c;
    r->id = id;
    r->done = done;
    r->arg = arg;
    buf_init(&r->body, q->max_body);
    buf_init(&r->head, LIMIT_HTTP_HEAD_BYTES);
    enum err e = curl_transfer_open(&r->transfer, c->curl, q->url);
    if (e == ERR_OK) e = add_headers(r, q);
    if (e == ERR_OK && !set_options(r, q)) e = ERR_MEMORY;
    if (e == ERR_OK) e = curl_transfer_start(&r->transfer, c->curl, on_done, r);
    if (e != ERR_OK) {
        request_free(r);
        return e;
    }
    r->next = c->requests;
    r->link = &c->requests;
    if (r->next != NULL) r->next->link = &r->next;
    c->requests = r;
    c->count++;
    return ERR_OK;
}
