/* curl_loop.h: inside io/ only: curl's multi interface on the loop: its sockets are polled and its timer kept here, and
 * who started a transfer hears its end. Shared by http_client.c and ws_client.c. */
#ifndef IO_CURL_LOOP_H
#define IO_CURL_LOOP_H

#include "io/http_client.h"

#include <curl/curl.h>

struct curl_loop;

/* Called from the loop, outside of curl: every curl function is allowed in it, and curl_loop_free. */
typedef void curl_done_fn(void *arg, CURLcode result);

struct curl_transfer { /* one easy handle and whom it belongs to */
    CURL *easy;        /* owned */
    curl_done_fn *done;
    void *arg;
    char error[CURL_ERROR_SIZE];
    bool added;
};

struct curl_loop *curl_loop_new(struct loop *l, const struct tls_client_config *tls); /* NULL without memory */
/* Every transfer must have been closed. */
void curl_loop_free(struct curl_loop *c);

/* Makes the easy handle, with what all our transfers have in common (TLS, no redirects, no signals, no proxy towards
 * loopback). url: http or https. ERR_MEMORY, ERR_SYNTAX, ERR_TLS (libcurl without OpenSSL). */
MUST_CHECK enum err curl_transfer_open(struct curl_transfer *t, struct curl_loop *c, const char *url);
/* done follows. */
MUST_CHECK enum err curl_transfer_start(struct curl_transfer *t, struct curl_loop *c, curl_done_fn *done, void *arg);
/* Ends it without a callback and frees the handle. */
void curl_transfer_close(struct curl_transfer *t, struct curl_loop *c);

/* What a result means, and words for it without a URL; `trust` has the words of a CA file that could not be read. */
enum err curl_err(CURLcode result);
void curl_words(char *out, size_t size, const struct curl_transfer *t, const struct curl_loop *c, CURLcode result);

#endif
