/* http_client.h: outgoing HTTP(S) over libcurl's multi interface on the loop: keep-alive, TLS with SNI and host-name
 * checks, asynchronous DNS, bodies up to a limit. Knows nothing of trading. */
#ifndef IO_HTTP_CLIENT_H
#define IO_HTTP_CLIENT_H

#include "base/span.h"
#include "io/loop.h"

struct http_client;

struct tls_client_config {
    const char *ca_file; /* extra trusted CA (PEM), beside the system's; NULL none. Copied */
};

/* NULL without memory. A CA file that cannot be read fails every https request with ERR_TLS and words that say so. */
struct http_client *http_client_new(struct loop *l, const struct tls_client_config *tls);
/* Requests under way are dropped without a callback. */
void http_client_free(struct http_client *c);

struct http_header {
    struct span name, value;
};

enum { HTTP_HEADERS_MAX = 48 }; /* kept of an answer; more are dropped */

struct http_answer {
    enum err
        err; /* ERR_OK: status, headers and body stand. Else DNS, CONNECT, TIMEOUT, TLS, TOO_BIG, CLOSED, PROTOCOL, IO */
    char error[160]; /* words for the log where err is not OK; no URL, no secret */
    int status;
    struct span body;                             /* borrowed until the callback returns */
    struct http_header headers[HTTP_HEADERS_MAX]; /* of the final answer, names as sent */
    size_t header_count;
    int64_t elapsed_us;
};
/* Case-insensitive; NULL where absent. */
const struct http_header *http_answer_header(const struct http_answer *a, const char *name);

typedef void http_done_fn(void *arg, uint64_t id, const struct http_answer *answer);

struct http_request {
    const char *method; /* "GET", "POST", "PUT", "DELETE" */
    const char *url;    /* http or https; redirects are not followed */
    const struct http_header *headers;
    size_t header_count;
    struct span body;
    int64_t timeout_us; /* whole request */
    size_t max_body;    /* bytes; more: ERR_TOO_BIG */
};

/* Everything is copied. done is called exactly once, never from inside this call, unless http_cancel comes first or the
 * client is freed. ERR_MEMORY, ERR_SYNTAX (URL, or a header with CR, LF or NUL or beyond 4 kB), ERR_FULL (256 are under way),
 * ERR_TLS (libcurl without OpenSSL). */
MUST_CHECK enum err http_start(struct http_client *c, uint64_t id, const struct http_request *r, http_done_fn *done,
                               void *arg);
/* No callback afterwards; unknown ids are ignored. */
void http_cancel(struct http_client *c, uint64_t id);

#endif
