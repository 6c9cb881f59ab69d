/* tls.c: OpenSSL behind stream.h: a server's context and its connections, and whom our clients trust. TLS 1.2 and 1.3. */
#include "io/stream.h"

#include "base/check.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct tls_server {
    SSL_CTX *ctx;
};

/* The oldest entry of OpenSSL's queue in words; the queue is empty afterwards. */
static void error_words(char *out, size_t size) {
    unsigned long code = ERR_get_error();
    (void)snprintf(out, size, "%s", code != 0 ? ERR_reason_error_string(code) : "unknown reason");
    ERR_clear_error();
}

static enum err load_pair(SSL_CTX *ctx, const char *cert_file, const char *key_file, const struct log *log) {
    const char *what = NULL;
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1) what = "certificate cannot be used";
    else if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1) what = "private key cannot be used";
    else if (SSL_CTX_check_private_key(ctx) != 1) what = "private key does not belong to the certificate";
    if (what == NULL) return ERR_OK;
    char words[160];
    error_words(words, sizeof words);
    log_say(log, LOG_ERROR, "server", "TLS: %s (%s): %s", what, cert_file, words);
    return ERR_TLS;
}

enum err tls_server_new(struct tls_server **out, const char *cert_file, const char *key_file, const struct log *log) {
    struct tls_server *t = malloc(sizeof *t);
    if (t == NULL) return ERR_MEMORY;
    t->ctx = SSL_CTX_new(TLS_server_method());
    enum err e = t->ctx == NULL || SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1 ? ERR_MEMORY : ERR_OK;
    if (e == ERR_OK) e = load_pair(t->ctx, cert_file, key_file, log);
    if (e != ERR_OK) {
        tls_server_free(t);
        return e;
    }
    (void)SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                       SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION);
    *out = t;
    return ERR_OK;
}

void tls_server_free(struct tls_server *t) {
    if (t == NULL) return;
    SSL_CTX_free(t->ctx);
    free(t);
}

/* What a call that moved nothing means. */
static long outcome(int e) {
    ERR_clear_error();
    if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) return STREAM_AGAIN;
    return e == SSL_ERROR_ZERO_RETURN ? STREAM_END : STREAM_ERROR;
}

static long tls_read(struct stream *s, char *into, size_t len) {
    size_t n;
    ERR_clear_error();
    int result = SSL_read_ex(s->tls, into, len, &n);
    int e = result == 1 ? SSL_ERROR_NONE : SSL_get_error(s->tls, result);
    s->needs_writing = e == SSL_ERROR_WANT_WRITE;
    return result == 1 ? (long)n : outcome(e);
}

static long tls_write(struct stream *s, const char *from, size_t len) {
    size_t n;
    if (len == 0) return 0;
    ERR_clear_error();
    int result = SSL_write_ex(s->tls, from, len, &n);
    if (result == 1) return (long)n;
    long end = outcome(SSL_get_error(s->tls, result));
    return end == STREAM_END ? STREAM_ERROR : end;
}

static void tls_shut_write(struct stream *s) {
    ERR_clear_error();
    (void)SSL_shutdown(s->tls); /* close_notify, if the socket takes it; the FIN says the same */
    ERR_clear_error();
    (void)shutdown(s->fd, SHUT_WR);
}

static void tls_close(struct stream *s) {
    SSL_free(s->tls);
    (void)close(s->fd);
}

static const struct stream_ops tls = {tls_read, tls_write, tls_shut_write, tls_close};

enum err stream_tls(struct stream *s, struct tls_server *t, int fd) {
    SSL *ssl = SSL_new(t->ctx);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return ERR_MEMORY;
    }
    SSL_set_accept_state(ssl);
    *s = (struct stream){.ops = &tls, .fd = fd, .tls = ssl};
    return ERR_OK;
}

/* ---- clients ---- */

/* One store for all clients of a loop: the system's 140 certificates take 20 ms and 850 kB. Read when a connection first needs
 * them. */
struct tls_trust {
    struct tls_trust **place; /* where the next client finds it */
    unsigned users;
    X509_STORE *store; /* NULL: not read yet */
    char *ca_file;     /* owned; NULL none */
    char error[160];
};

static bool same_file(const char *a, const char *b) { return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0; }

struct tls_trust *tls_trust_of(struct tls_trust **place, const char *ca_file) {
    struct tls_trust *t = *place;
    if (t != NULL && same_file(t->ca_file, ca_file)) {
        t->users++;
        return t;
    }
    t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->users = 1;
    if (ca_file != NULL && (t->ca_file = strdup(ca_file)) == NULL) {
        free(t);
        return NULL;
    }
    if (*place == NULL) *place = t;
    t->place = place;
    return t;
}

void tls_trust_free(struct tls_trust *t) {
    if (t == NULL || --t->users > 0) return;
    if (*t->place == t) *t->place = NULL;
    X509_STORE_free(t->store);
    free(t->ca_file);
    free(t);
}

const char *tls_trust_error(const struct tls_trust *t) { return t->error[0] != '\0' ? t->error : NULL; }

static CURLcode read_authorities(struct tls_trust *t) {
    X509_STORE *store = X509_STORE_new();
    if (store == NULL || X509_STORE_set_default_paths(store) != 1) {
        X509_STORE_free(store);
        return CURLE_OUT_OF_MEMORY;
    }
    if (t->ca_file != NULL && X509_STORE_load_file(store, t->ca_file) != 1) {
        char words[80];
        error_words(words, sizeof words);
        (void)snprintf(t->error, sizeof t->error, "the extra CA file cannot be used: %s", words);
    }
    ERR_clear_error(); /* a system without a store of its own leaves one behind */
    t->store = store;
    return CURLE_OK;
}

static CURLcode on_ssl_ctx(CURL *curl, void *ctx, void *arg) {
    (void)curl;
    struct tls_trust *t = arg;
    CURLcode result = t->store == NULL ? read_authorities(t) : CURLE_OK;
    if (result != CURLE_OK) return result;
    if (tls_trust_error(t) != NULL) return CURLE_SSL_CACERT_BADFILE;
    SSL_CTX_set1_cert_store(ctx, t->store);
    /* a repeated write may come from another place: our buffers grow while they wait */
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return CURLE_OK;
}

enum err tls_trust_use(struct tls_trust *t, void *curl) {
    bool ok = curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, t) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
              curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    return ok ? ERR_OK : ERR_TLS; /* a libcurl without OpenSSL has no SSL_CTX_FUNCTION */
}
