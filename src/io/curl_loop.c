/* curl_loop.c: curl tells which sockets to watch and when to be called again; we tell it what happened, then read which
 * transfers have ended. Everything but the two callbacks (on_curl_socket, on_curl_timer) runs outside of curl. */
#include "io/curl_loop.h"

#include "base/check.h"
#include "io/loop_uv.h"
#include "io/stream.h"

#include <stdio.h>
#include <stdlib.h>

enum { IDLE_CONNECTIONS = 16 }; /* kept alive between requests: two upstreams, a handful of parallel requests each */

struct curl_loop {
    struct loop *loop;
    CURLM *multi;
    struct tls_trust *trust;
    struct timer *timer;
    struct watch *watches;
    unsigned depth; /* on the stack of drive() */
    bool freed;     /* by a callback: the memory goes when drive() returns */
};

struct watch { /* one socket of curl's */
    uv_poll_t poll;
    curl_socket_t fd;
    struct curl_loop *owner;
    struct watch *next, **link;
};

static void on_watch_closed(uv_handle_t *handle) { free(handle->data); }

static void watch_close(struct watch *w) {
    *w->link = w->next;
    if (w->next != NULL) w->next->link = w->link;
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static void discard(struct curl_loop *c) {
    (void)curl_multi_cleanup(c->multi);
    while (c->watches != NULL) watch_close(c->watches);
    timer_free(c->timer);
    tls_trust_free(c->trust);
    free(c);
    curl_global_cleanup();
}

static void tell_ended(struct curl_loop *c) {
    int left;
    for (CURLMsg *m; !c->freed && (m = curl_multi_info_read(c->multi, &left)) != NULL;) {
        struct curl_transfer *t = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode result = m->data.result;
        CHECK(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) == CURLE_OK);
        t->done(t->arg, result);
    }
}

static void drive(struct curl_loop *c, curl_socket_t fd, int events) {
    int running;
    c->depth++;
    (void)curl_multi_socket_action(c->multi, fd, events, &running); /* errors show as results of transfers */
    tell_ended(c);
    c->depth--;
    if (c->freed && c->depth == 0) discard(c);
}

static void on_timer(void *arg) { drive(arg, CURL_SOCKET_TIMEOUT, 0); }

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg) {
    struct curl_loop *c = arg;
    (void)multi;
    /* curl forgets a timeout that it is told of too early; so from now, not from the turn's cached time */
    int64_t now_us = (int64_t)(uv_hrtime() / 1000);
    if (timeout_ms < 0) timer_stop(c->timer);
    else timer_at(c->timer, (struct mono){now_us + timeout_ms * US_PER_MS});
    return 0;
}

static void on_watch(uv_poll_t *handle, int status, int events) {
    struct watch *w = handle->data;
    int what =
        ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) | ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    drive(w->owner, w->fd, status < 0 ? CURL_CSELECT_ERR : what);
}

static struct watch *watch_new(struct curl_loop *c, curl_socket_t fd) {
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL || uv_poll_init_socket(loop_uv(c->loop), &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->fd = fd;
    w->owner = c;
    w->next = c->watches;
    w->link = &c->watches;
    if (w->next != NULL) w->next->link = &w->next;
    c->watches = w;
    return w;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket) {
    struct curl_loop *c = arg;
    struct watch *w = of_socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) watch_close(w);
        (void)curl_multi_assign(c->multi, fd, NULL);
        return 0;
    }
    if (w == NULL) w = watch_new(c, fd);
    if (w == NULL) return -1;
    (void)curl_multi_assign(c->multi, fd, w);
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    return uv_poll_start(&w->poll, events, on_watch) == 0 ? 0 : -1;
}

struct curl_loop *curl_loop_new(struct loop *l, const struct tls_client_config *tls) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return NULL; /* counted by curl, thread-safe since 7.84 */
    struct curl_loop *c = calloc(1, sizeof *c);
    if (c == NULL) goto fail_global;
    c->loop = l;
    if ((c->trust = tls_trust_of(loop_trust(l), tls != NULL ? tls->ca_file : NULL)) == NULL) goto fail;
    if ((c->timer = timer_new(l, on_timer, c)) == NULL) goto fail;
    if ((c->multi = curl_multi_init()) == NULL) goto fail;
    CHECK(curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK);
    CHECK(curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c) == CURLM_OK);
    CHECK(curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK);
    CHECK(curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c) == CURLM_OK);
    CHECK(curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS) == CURLM_OK);
    return c;
fail:
    timer_free(c->timer);
    tls_trust_free(c->trust);
    free(c);
fail_global:
    curl_global_cleanup();
    return NULL;
}

void curl_loop_free(struct curl_loop *c) {
    c->freed = true;
    if (c->depth == 0) discard(c);
}

/* ---- transfers ---- */

/* http://localhost..., https://127.0.0.1...: a proxy of the environment is not for this machine. False: not http(s). */
static enum err judge_url(const char *url, bool *loopback) {
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL;
    if (u == NULL) return ERR_MEMORY;
    enum err e = ERR_SYNTAX;
    if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)) {
        e = ERR_OK;
        *loopback = strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(u);
    return e;
}

enum err curl_transfer_open(struct curl_transfer *t, struct curl_loop *c, const char *url) {
    bool loopback = false;
    *t = (struct curl_transfer){0};
    enum err e = judge_url(url, &loopback);
    if (e != ERR_OK) return e;
    if ((t->easy = curl_easy_init()) == NULL) return ERR_MEMORY;
    bool ok = curl_easy_setopt(t->easy, CURLOPT_URL, url) == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
              /* a name that is still being looked up is left to its thread: waiting for it would stop the whole loop */
              curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
              curl_easy_setopt(t->easy, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
              (!loopback || curl_easy_setopt(t->easy, CURLOPT_PROXY, "") == CURLE_OK);
    e = ok ? tls_trust_use(c->trust, t->easy) : ERR_MEMORY;
    if (e != ERR_OK) curl_transfer_close(t, c);
    return e;
}

enum err curl_transfer_start(struct curl_transfer *t, struct curl_loop *c, curl_done_fn *done, void *arg) {
    t->done = done;
    t->arg = arg;
    if (curl_multi_add_handle(c->multi, t->easy) != CURLM_OK) return ERR_MEMORY;
    t->added = true;
    return ERR_OK;
}

void curl_transfer_close(struct curl_transfer *t, struct curl_loop *c) {
    if (t->easy == NULL) return;
    if (t->added) CHECK(curl_multi_remove_handle(c->multi, t->easy) == CURLM_OK);
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
    t->added = false;
}

static const struct {
    CURLcode code;
    enum err err;
} meanings[] = {
    {CURLE_OK, ERR_OK},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_DNS},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_DNS},
    {CURLE_COULDNT_CONNECT, ERR_CONNECT},
    {CURLE_PROXY, ERR_CONNECT},
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT},
    {CURLE_SSL_CONNECT_ERROR, ERR_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS},
    {CURLE_SSL_CERTPROBLEM, ERR_TLS},
    {CURLE_SSL_CIPHER, ERR_TLS},
    {CURLE_SSL_CACERT_BADFILE, ERR_TLS},
    {CURLE_SSL_ISSUER_ERROR, ERR_TLS},
    {CURLE_SSL_ENGINE_INITFAILED, ERR_TLS},
    {CURLE_USE_SSL_FAILED, ERR_TLS},
    {CURLE_FILESIZE_EXCEEDED, ERR_TOO_BIG},
    {CURLE_GOT_NOTHING, ERR_CLOSED},
    {CURLE_RECV_ERROR, ERR_CLOSED},
    {CURLE_SEND_ERROR, ERR_CLOSED},
    {CURLE_PARTIAL_FILE, ERR_CLOSED},
    {CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL},
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL},
    {CURLE_BAD_CONTENT_ENCODING, ERR_PROTOCOL},
    {CURLE_OUT_OF_MEMORY, ERR_MEMORY},
};

enum err curl_err(CURLcode result) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == result) return meanings[i].err;
    return ERR_IO;
}

void curl_words(char *out, size_t size, const struct curl_transfer *t, const struct curl_loop *c, CURLcode result) {
    const char *words = t->error[0] != '\0' ? t->error : curl_easy_strerror(result);
    if (result == CURLE_SSL_CACERT_BADFILE && tls_trust_error(c->trust) != NULL) words = tls_trust_error(c->trust);
    (void)snprintf(out, size, "%s", words);
}
