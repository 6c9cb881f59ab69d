/* ws_client.c: one connection is one curl transfer that connects only (DNS, TCP, proxy, TLS), then a socket of our own:
 *
 *   connecting -> upgrading -> open -> closing        closing: our close frame is out
 *        \            |          |       /
 *         `-----------+----------+------'-> ended -> (WS_CLIENT_CLOSED, then gone)
 *
 * The idle handle has two uses: reading goes on in the next turn (what TLS holds decrypted no poll can see), and the end is
 * told from the loop, never from inside a caller's call. The memory goes when libuv has closed both handles. */
#include "io/ws_client.h"

#include "base/check.h"
#include "base/limits.h"
#include "io/curl_loop.h"
#include "io/http1.h"
#include "io/loop_uv.h"
#include "io/ws_codec.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RX_BYTES = 64 << 10,
    READS_A_TURN = 16,    /* of one connection: a megabyte, then the others have their turn */
    UNSENT_MAX = 1 << 20, /* the header's promise */
    CLOSE_WAIT_MS = 300,
    OP_TEXT = 1,
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10,
    CONTROL_MAX = 125,
    CODE_NONE = 1005,
    CODE_ABNORMAL = 1006,
};

enum state { CONNECTING, UPGRADING, OPEN, CLOSING, ENDED, STATES };

struct connection {
    struct ws_client *client; /* NULL once the client is gone */
    uint64_t id;
    enum state state;
    struct curl_transfer transfer;
    uv_idle_t idle;
    uv_poll_t poll;
    bool polled;            /* poll is in use */
    int handles;            /* libuv's, not closed yet */
    struct timer *deadline; /* of the connect, of the close */
    ws_client_fn *fn;
    void *arg;
    struct buf out;       /* what the socket has not taken */
    struct buf owed_pong; /* the newest ping's payload while `out` is not empty: never more than one */
    bool owes_pong;
    struct http1_gather head; /* of the answer to our upgrade */
    struct ws_decoder decoder;
    char accept[29];
    struct ws_client_event end; /* what WS_CLIENT_CLOSED will say; its data is `words` */
    char words[160];
    struct connection *next, **link;
};

struct ws_client {
    struct loop *loop;
    struct curl_loop *curl;
    struct connection *connections;
    char *rx; /* RX_BYTES, used within one read */
};

#define TO(state) (1u << (state))
static const unsigned legal_moves[STATES] = {
    [CONNECTING] = TO(UPGRADING) | TO(ENDED),
    [UPGRADING] = TO(OPEN) | TO(ENDED),
    [OPEN] = TO(CLOSING) | TO(ENDED),
    [CLOSING] = TO(ENDED),
    [ENDED] = 0,
};

static void enter(struct connection *c, enum state to) {
    CHECK((legal_moves[c->state] & TO(to)) != 0);
    c->state = to;
}

static void tell(struct connection *c, const struct ws_client_event *e) {
    if (c->client != NULL) c->fn(c->arg, c->id, e);
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle) {
    struct connection *c = handle->data;
    if (--c->handles > 0) return;
    ws_decoder_free(&c->decoder);
    free(c);
}

/* Lets go of everything; the memory follows when libuv agrees. */
static void connection_release(struct connection *c) {
    if (c->state != ENDED) enter(c, ENDED);                             /* who is still reading stops */
    if (c->polled) uv_close((uv_handle_t *)&c->poll, on_handle_closed); /* before curl closes the socket */
    c->polled = false;
    curl_transfer_close(&c->transfer, c->client->curl);
    timer_free(c->deadline);
    buf_free(&c->out);
    buf_free(&c->owed_pong);
    http1_gather_free(&c->head);
    *c->link = c->next;
    if (c->next != NULL) c->next->link = c->link;
    c->client = NULL;
    uv_close((uv_handle_t *)&c->idle, on_handle_closed);
}

static void on_idle(uv_idle_t *handle);

/* Only the first end counts. words: for the log, or the peer's reason. */
static void end(struct connection *c, enum err err, uint16_t code, struct span words) {
    if (c->state == ENDED) return;
    enter(c, ENDED);
    c->end.kind = WS_CLIENT_CLOSED;
    c->end.err = err;
    c->end.code = code;
    size_t n = words.len < sizeof c->words ? words.len : sizeof c->words - 1;
    if (n > 0) memcpy(c->words, words.at, n);
    c->end.data = span_from(c->words, n);
    timer_stop(c->deadline);
    if (c->polled) (void)uv_poll_stop(&c->poll);
    CHECK(uv_idle_start(&c->idle, on_idle) == 0);
}

static void end_of_curl(struct connection *c, CURLcode result) {
    char words[160];
    curl_words(words, sizeof words, &c->transfer, c->client->curl, result);
    end(c, result == CURLE_OK ? ERR_CLOSED : curl_err(result), CODE_ABNORMAL, span_of(words));
}

/* ---- sending ---- */

static void on_poll(uv_poll_t *handle, int status, int events);

static void arm(struct connection *c) {
    if (c->state == ENDED || !c->polled) return;
    CHECK(uv_poll_start(&c->poll, UV_READABLE | (c->out.len > 0 ? UV_WRITABLE : 0), on_poll) == 0);
}

static void flush(struct connection *c) {
    size_t sent = 0;
    CURLcode result = CURLE_OK;
    while (sent < c->out.len && result == CURLE_OK) {
        size_t n = 0;
        result = curl_easy_send(c->transfer.easy, c->out.at + sent, c->out.len - sent, &n);
        sent += n;
    }
    buf_consume(&c->out, sent);
    if (result != CURLE_OK && result != CURLE_AGAIN) end_of_curl(c, result);
}

static void random_bytes(unsigned char *out, int n) { CHECK(RAND_bytes(out, n) == 1); }

static void send_frame(struct connection *c, unsigned opcode, struct span payload) {
    unsigned char mask[4];
    random_bytes(mask, sizeof mask);
    ws_put_frame(&c->out, opcode, payload, mask);
    if (c->out.failed != ERR_OK) {
        end(c, c->out.failed, CODE_ABNORMAL, SPAN("no room for what is to be sent"));
        return;
    }
    flush(c);
    arm(c);
}

static void send_close(struct connection *c, uint16_t code) {
    const char payload[2] = {(char)(code >> 8), (char)code};
    send_frame(c, OP_CLOSE, span_from(payload, code == CODE_NONE ? 0 : 2));
}

/* RFC 6455, 5.5.3: only the newest ping needs an answer. A peer that pings and does not read gets one pong, later. */
static void answer_ping(struct connection *c, struct span payload) {
    if (c->out.len == 0) {
        send_frame(c, OP_PONG, payload);
        return;
    }
    buf_clear(&c->owed_pong);
    buf_put_span(&c->owed_pong, payload);
    c->owes_pong = true;
}

static void on_drained(struct connection *c) {
    if (!c->owes_pong) return;
    c->owes_pong = false;
    send_frame(c, OP_PONG, buf_span(&c->owed_pong));
}

/* ---- the upgrade ---- */

static int64_t seconds_of(struct span text) { /* a Retry-After in digits; a date counts as none */
    int64_t v = 0;
    if (text.len == 0 || text.len > 9) return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return 0;
        v = v * 10 + (text.at[i] - '0');
    }
    return v;
}

/* What is wrong with a 101; NULL where it is sound (RFC 6455, 4.1). */
static const char *judge_upgrade(const struct connection *c, const struct http1_head *h) {
    const struct http_header *upgrade = http1_find(h->headers, h->header_count, "Upgrade");
    const struct http_header *connection = http1_find(h->headers, h->header_count, "Connection");
    const struct http_header *accept = http1_find(h->headers, h->header_count, "Sec-WebSocket-Accept");
    if (upgrade == NULL || !http1_has_token(upgrade->value, "websocket")) return "the upgrade lacks Upgrade: websocket";
    if (connection == NULL || !http1_has_token(connection->value, "Upgrade"))
        return "the upgrade lacks Connection: Upgrade";
    if (accept == NULL || !span_is(accept->value, c->accept)) return "the upgrade has a wrong Sec-WebSocket-Accept";
    if (http1_find(h->headers, h->header_count, "Sec-WebSocket-Extensions") != NULL ||
        http1_find(h->headers, h->header_count, "Sec-WebSocket-Protocol") != NULL)
        return "the upgrade names an extension or a protocol we did not ask for";
    return NULL;
}

static void on_upgrade_head(struct connection *c) {
    struct http1_head h;
    if (!http1_read(&h, HTTP1_RESPONSE, buf_span(&c->head.bytes))) {
        end(c, ERR_PROTOCOL, CODE_ABNORMAL, SPAN("the answer to the upgrade is not HTTP"));
        return;
    }
    if (h.status != 101) {
        const struct http_header *retry = http1_find(h.headers, h.header_count, "Retry-After");
        char words[64];
        (void)snprintf(words, sizeof words, "the upgrade was refused with HTTP status %d", h.status);
        c->end.status = h.status;
        c->end.retry_after = retry != NULL ? seconds_of(retry->value) : 0;
        end(c, ERR_DENIED, CODE_ABNORMAL, span_of(words));
        return;
    }
    const char *wrong = judge_upgrade(c, &h);
    if (wrong != NULL) {
        end(c, ERR_PROTOCOL, CODE_ABNORMAL, span_of(wrong));
        return;
    }
    enter(c, OPEN);
    timer_stop(c->deadline);
    http1_gather_free(&c->head);
    tell(c, &(struct ws_client_event){.kind = WS_CLIENT_OPEN});
}

static size_t take_upgrade(struct connection *c, const char *in, size_t len) {
    size_t used;
    switch (http1_gather(&c->head, in, len, &used)) {
    case HTTP1_MORE: break;
    case HTTP1_WHOLE: on_upgrade_head(c); break;
    case HTTP1_BAD: end(c, ERR_PROTOCOL, CODE_ABNORMAL, SPAN("the answer to the upgrade is not HTTP")); break;
    case HTTP1_TOO_BIG: end(c, ERR_TOO_BIG, CODE_ABNORMAL, SPAN("the answer to the upgrade is too long")); break;
    }
    return used;
}

/* ---- receiving ---- */

static void on_open_event(struct connection *c, const struct ws_event *e) {
    switch (e->kind) {
    case WS_TEXT:
    case WS_BINARY: tell(c, &(struct ws_client_event){.kind = WS_CLIENT_TEXT, .data = e->payload}); break;
    case WS_PONG: tell(c, &(struct ws_client_event){.kind = WS_CLIENT_PONG, .data = e->payload}); break;
    case WS_PING:
        answer_ping(c, e->payload);
        if (c->state == OPEN) tell(c, &(struct ws_client_event){.kind = WS_CLIENT_PING, .data = e->payload});
        break;
    case WS_CLOSE:
        end(c, ERR_CLOSED, e->code, e->payload); /* first: what becomes of our answer changes nothing */
        send_close(c, e->code);
        break;
    case WS_BAD:
        end(c, e->code == 1009 ? ERR_TOO_BIG : ERR_PROTOCOL, e->code, e->payload);
        send_close(c, e->code);
        break;
    case WS_MORE: break;
    }
}

static void on_closing_event(struct connection *c, const struct ws_event *e) {
    if (e->kind == WS_CLOSE) end(c, ERR_OK, e->code, e->payload);
    if (e->kind == WS_BAD) end(c, ERR_PROTOCOL, CODE_ABNORMAL, e->payload);
}

static size_t take_frames(struct connection *c, char *in, size_t len) {
    size_t used;
    struct ws_event e = ws_feed(&c->decoder, in, len, &used);
    if (c->state == OPEN) on_open_event(c, &e);
    else on_closing_event(c, &e);
    return used;
}

static void take(struct connection *c, char *in, size_t len) {
    size_t used = 0;
    while (used < len && c->state != ENDED)
        used += c->state == UPGRADING ? take_upgrade(c, in + used, len - used) : take_frames(c, in + used, len - used);
}

/* Until the stream has nothing more (TLS hides what it has read ahead from any poll), or this turn has had enough. */
static void read_on(struct connection *c) {
    struct ws_client *client = c->client;
    for (int i = 0; i < READS_A_TURN; i++) {
        size_t n = 0;
        CURLcode result = curl_easy_recv(c->transfer.easy, client->rx, RX_BYTES, &n);
        if (result == CURLE_AGAIN) {
            (void)uv_idle_stop(&c->idle);
            return;
        }
        if (result != CURLE_OK) end_of_curl(c, result);
        else if (n == 0) end(c, ERR_CLOSED, CODE_ABNORMAL, SPAN("the peer hung up without a close frame"));
        else take(c, client->rx, n);
        if (c->state == ENDED) return;
    }
    CHECK(uv_idle_start(&c->idle, on_idle) == 0);
}

static void on_idle(uv_idle_t *handle) {
    struct connection *c = handle->data;
    if (c->client == NULL) return;
    if (c->state != ENDED) {
        read_on(c);
        return;
    }
    struct connection told = *c; /* it is gone for everybody else before the owner hears of it */
    connection_release(c);
    told.end.data.at = told.words;
    told.fn(told.arg, told.id, &told.end);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
    struct connection *c = handle->data;
    if ((events & UV_WRITABLE) != 0 && c->out.len > 0) {
        flush(c);
        if (c->state != ENDED && c->out.len == 0) on_drained(c);
    }
    if (c->state != ENDED && (status < 0 || (events & UV_READABLE) != 0)) read_on(c);
    if (c->client == NULL) return;
    if (status < 0) end(c, ERR_CLOSED, CODE_ABNORMAL, SPAN("the connection was reset"));
    arm(c);
}

/* ---- connecting ---- */

static void on_deadline(void *arg) {
    struct connection *c = arg;
    if (c->state == CLOSING) end(c, ERR_TIMEOUT, CODE_ABNORMAL, SPAN("no answer to our close frame"));
    else end(c, ERR_TIMEOUT, CODE_ABNORMAL, SPAN("no connection in the time allowed"));
}

static void on_connected(void *arg, CURLcode result) {
    struct connection *c = arg;
    curl_socket_t fd = CURL_SOCKET_BAD;
    if (c->state != CONNECTING) return; /* given up in this very turn */
    if (result != CURLE_OK) {
        end_of_curl(c, result);
        return;
    }
    if (curl_easy_getinfo(c->transfer.easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD ||
        uv_poll_init_socket(loop_uv(c->client->loop), &c->poll, fd) != 0) {
        end(c, ERR_IO, CODE_ABNORMAL, SPAN("the socket cannot be watched"));
        return;
    }
    c->poll.data = c;
    c->polled = true;
    c->handles++;
    enter(c, UPGRADING);
    flush(c); /* the request, prepared by connect */
    arm(c);
}

/* The request, with a fresh key. url: http(s). */
static enum err prepare_upgrade(struct connection *c, const char *url) {
    unsigned char nonce[16];
    char key[25];
    random_bytes(nonce, sizeof nonce);
    (void)EVP_EncodeBlock((unsigned char *)key, nonce, sizeof nonce);
    ws_accept_key(c->accept, span_of(key));
    CURLU *u = curl_url();
    char *host = NULL, *port = NULL, *path = NULL, *query = NULL;
    enum err e = ERR_SYNTAX;
    if (u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
        bool has_port = curl_url_get(u, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK;
        bool has_query = curl_url_get(u, CURLUPART_QUERY, &query, 0) == CURLUE_OK;
        buf_putf(&c->out, "GET %s%s%s HTTP/1.1\r\nHost: %s%s%s\r\n", path, has_query ? "?" : "", has_query ? query : "",
                 host, has_port ? ":" : "", has_port ? port : "");
        buf_putf(&c->out,
                 "User-Agent: gridscope/" GRIDSCOPE_VERSION "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                 key);
        e = c->out.failed;
    }
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_free(query);
    curl_url_cleanup(u);
    return e;
}

/* ws:// and wss:// as curl spells them, into out. */
static enum err curl_spelling(struct buf *out, const char *url) {
    struct span s = span_of(url);
    if (span_starts(s, SPAN("ws://"))) buf_puts(out, "http://");
    else if (span_starts(s, SPAN("wss://"))) buf_puts(out, "https://");
    else return ERR_SYNTAX;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] <= ' ' || (unsigned char)s.at[i] >= 0x7f) return ERR_SYNTAX;
    buf_puts(out, strchr(url, ':') + 3);
    return out->failed;
}

static enum err open_transfer(struct connection *c, const char *url, int64_t timeout_us) {
    enum err e = curl_transfer_open(&c->transfer, c->client->curl, url);
    if (e != ERR_OK) return e;
    CURL *easy = c->transfer.easy;
    long timeout_ms = timeout_us > US_PER_MS ? (long)(timeout_us / US_PER_MS) : 1;
    bool ok = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms) == CURLE_OK;
    return ok ? curl_transfer_start(&c->transfer, c->client->curl, on_connected, c) : ERR_MEMORY;
}

static struct connection *connection_new(struct ws_client *client, uint64_t id, size_t max_message) {
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    c->deadline = timer_new(client->loop, on_deadline, c);
    if (c->deadline == NULL) {
        free(c);
        return NULL;
    }
    CHECK(uv_idle_init(loop_uv(client->loop), &c->idle) == 0);
    c->idle.data = c;
    c->handles = 1;
    c->client = client;
    c->id = id;
    buf_init(&c->out, UNSENT_MAX + CONTROL_MAX + WS_HEAD_MAX); /* a pong or a close finds room behind a full queue */
    buf_init(&c->owed_pong, CONTROL_MAX);
    http1_gather_init(&c->head, LIMIT_HTTP_HEAD_BYTES);
    ws_decoder_init(&c->decoder, WS_CLIENT, max_message);
    c->next = client->connections;
    c->link = &client->connections;
    if (c->next != NULL) c->next->link = &c->next;
    client->connections = c;
    return c;
}

static struct connection *find(const struct ws_client *client, uint64_t id) {
    struct connection *c = client->connections;
    while (c != NULL && c->id != id) c = c->next;
    return c;
}

enum err ws_client_connect(struct ws_client *client, uint64_t id, const char *url, int64_t connect_timeout_us,
                           size_t max_message, ws_client_fn *fn, void *arg) {
    CHECK(find(client, id) == NULL);
    struct connection *c = connection_new(client, id, max_message);
    if (c == NULL) return ERR_MEMORY;
    c->fn = fn;
    c->arg = arg;
    struct buf spelled;
    buf_init(&spelled, LIMIT_HTTP_HEAD_BYTES);
    enum err e = curl_spelling(&spelled, url);
    if (e == ERR_OK) e = prepare_upgrade(c, spelled.at);
    if (e == ERR_OK) e = open_transfer(c, spelled.at, connect_timeout_us);
    buf_free(&spelled);
    if (e != ERR_OK) connection_release(c);
    else timer_at(c->deadline, mono_add(loop_now(client->loop).mono, connect_timeout_us));
    return e;
}

/* ---- the owner's calls ---- */

struct ws_client *ws_client_new(struct loop *l, const struct tls_client_config *tls) {
    struct ws_client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->loop = l;
    client->rx = malloc(RX_BYTES);
    client->curl = client->rx != NULL ? curl_loop_new(l, tls) : NULL;
    if (client->curl != NULL) return client;
    free(client->rx);
    free(client);
    return NULL;
}

void ws_client_free(struct ws_client *client) {
    if (client == NULL) return;
    while (client->connections != NULL) connection_release(client->connections);
    curl_loop_free(client->curl);
    free(client->rx);
    free(client);
}

enum err ws_client_send(struct ws_client *client, uint64_t id, struct span text) {
    struct connection *c = find(client, id);
    if (c == NULL || c->state != OPEN) return ERR_BAD_STATE;
    if (text.len + WS_HEAD_MAX > UNSENT_MAX - (c->out.len < UNSENT_MAX ? c->out.len : UNSENT_MAX)) return ERR_FULL;
    send_frame(c, OP_TEXT, text);
    return c->state == OPEN ? ERR_OK : ERR_CLOSED;
}

enum err ws_client_ping(struct ws_client *client, uint64_t id) {
    struct connection *c = find(client, id);
    if (c == NULL || c->state != OPEN) return ERR_BAD_STATE;
    if (c->out.len + WS_HEAD_MAX > UNSENT_MAX) return ERR_FULL;
    send_frame(c, OP_PING, SPAN(""));
    return c->state == OPEN ? ERR_OK : ERR_CLOSED;
}

void ws_client_close(struct ws_client *client, uint64_t id, uint16_t code) {
    struct connection *c = find(client, id);
    if (c == NULL || c->state == CLOSING || c->state == ENDED) return;
    if (c->state != OPEN) {
        end(c, ERR_CANCELED, CODE_ABNORMAL, SPAN("closed by us before it was open"));
        return;
    }
    enter(c, CLOSING);
    timer_at(c->deadline, mono_add(loop_now(client->loop).mono, CLOSE_WAIT_MS * US_PER_MS));
    send_close(c, code);
}
