/* http_server.h: a small HTTP/1.1 server with WebSocket upgrade on the loop. Used by the dashboard and by the simulator;
 * knows neither. Keep-alive, one request at a time per connection (pipelined ones wait), bodies up to a limit, optional TLS.
 * Connections are named by an id with a generation, never by a pointer: an answer to a connection that is gone is dropped.
 * Limits and deadlines come from base/limits.h: head size, head time (the body has as long again), body size, unsent bytes;
 * a peer that breaks them gets 431, 408, 413 or 400 and is closed. A request must have Content-Length or no body: any
 * Transfer-Encoding is 411, together with Content-Length 400 (that way two readers cannot disagree where it ends). The
 * target must start with '/' (or be "*"). EMFILE: one spare descriptor is kept to accept and drop.
 * Callbacks come from the loop only, never from inside a call of this interface. */
#ifndef IO_HTTP_SERVER_H
#define IO_HTTP_SERVER_H

#include "base/frame.h"
#include "base/limits.h"
#include "io/http_client.h"

struct http_server;
typedef uint64_t conn_id; /* 0: none */

struct http_server_request {
    struct span method, target; /* target as sent: path and query */
    struct span path, query;    /* path still percent-encoded; query without '?' */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    struct span body;
    struct span peer; /* "127.0.0.1" */
    uint16_t peer_port;
    bool upgrade; /* asks for a WebSocket, version 13, with a sound key */
    bool tls;
};
const struct http_header *http_request_header(const struct http_server_request *r, const char *name);

struct ws_server_event {
    enum {
        WS_SERVER_OPEN,
        WS_SERVER_TEXT,
        WS_SERVER_BINARY,
        WS_SERVER_PING,
        WS_SERVER_PONG,
        WS_SERVER_WRITABLE,
        WS_SERVER_CLOSED
    } kind;
    struct span data; /* message, ping or pong payload, close reason; may be changed by nobody */
    uint16_t code;    /* of WS_SERVER_CLOSED: the peer's; 1005 none given, 1006 no close frame; 1002, 1007, 1009 or 1011
                            * where the peer broke the protocol and was told so */
};

struct http_server_config {
    const char *host;                 /* an address, "127.0.0.1", "::1", "0.0.0.0", "localhost" */
    uint16_t port;                    /* 0: a free one */
    const char *cert_file, *key_file; /* PEM; both NULL: plain */
    size_t max_connections;           /* more are accepted and answered 503; fewer where descriptors are short */
    size_t max_body, max_message;     /* bytes of a request body, of one WebSocket message */
    int64_t idle_timeout_us;          /* of a keep-alive connection between requests */
    bool auto_pong;                   /* answer pings; the simulator may want not to */
    /* Called once per request; answer now or later by http_answer_*, or http_upgrade. All spans borrowed until return. */
    void (*on_request)(void *arg, conn_id id, const struct http_server_request *r);
    /* Events of an upgraded connection. WS_SERVER_WRITABLE: the unsent bytes went from above zero to zero.
     * WS_SERVER_CLOSED comes exactly once for every http_upgrade that returned true, http_drop included; conn_data still
     * answers in it, sending is over. */
    void (*on_ws)(void *arg, conn_id id, const struct ws_server_event *e);
    /* Of an answer in pieces that is under way; may be NULL. gone false: the unsent bytes went to zero, send more.
     * gone true: the connection is lost, no more is wanted. */
    void (*on_reply)(void *arg, conn_id id, bool gone);
    void *arg;
};

/* The strings of config are borrowed until return, log for ever.
 * ERR_IO (address in use, not permitted: log says), ERR_TLS (certificate or key), ERR_MEMORY. */
MUST_CHECK enum err http_server_new(struct http_server **out, struct loop *l, const struct http_server_config *config,
                                    const struct log *log);
uint16_t http_server_port(const struct http_server *s);
size_t http_server_connections(const struct http_server *s);
/* Stops accepting; open WebSockets get a close frame 1001, 300 ms grace, then everything is dropped. on_closed (may be NULL)
 * is called when the last is gone and the memory is free; no other callback after this call. */
void http_server_close(struct http_server *s, void (*on_closed)(void *arg), void *arg);

struct http_reply {
    int status;
    const struct http_header
        *headers; /* Content-Length, Date and Connection are added; one with CR, LF or NUL is left out */
    size_t header_count;
    struct span body;    /* copied, unless frame is set */
    struct frame *frame; /* the body as a shared frame; a reference is taken */
    bool close;          /* close after it */
};
void http_respond(struct http_server *s, conn_id id, const struct http_reply *r);
/* A body sent in pieces (chunked), for long answers such as CSV: begin, pieces, end. Unsent bytes: conn_unsent. */
void http_respond_begin(struct http_server *s, conn_id id, int status, const struct http_header *headers, size_t count);
bool http_respond_piece(struct http_server *s, conn_id id, struct span piece); /* false: the connection is gone */
void http_respond_end(struct http_server *s, conn_id id);
/* Raw bytes, then nothing more from us: the simulator's half frames and garbage. The connection stays, deaf and dumb, until
 * the peer leaves or http_drop. */
void http_send_raw(struct http_server *s, conn_id id, struct span bytes);
/* Drops the TCP connection at once, without a close frame. */
void http_drop(struct http_server *s, conn_id id);

/* Accept the upgrade of the current request, whose .upgrade must have been true; extra headers may be NULL. WS_SERVER_OPEN
 * follows. False: the connection is gone. */
bool http_upgrade(struct http_server *s, conn_id id, const struct http_header *headers, size_t count);
/* One whole frame, shared: f->at holds the encoded WebSocket frame (ws_put_frame). Written at once; what the socket does
 * not take is kept as a reference. False: the connection is gone. */
bool ws_server_send_frame(struct http_server *s, conn_id id, struct frame *f);
bool ws_server_send_text(struct http_server *s, conn_id id, struct span text);
bool ws_server_ping(struct http_server *s, conn_id id, struct span payload);
bool ws_server_pong(struct http_server *s, conn_id id, struct span payload);
/* A close frame; the peer's answer is waited for 2 s, what it sends meanwhile is dropped. Code 1005: none. The reason is cut
 * to 123 bytes. */
void ws_server_close(struct http_server *s, conn_id id, uint16_t code, struct span reason);
/* Bytes accepted but not yet written to the socket; 0 for a connection that is gone. */
size_t conn_unsent(const struct http_server *s, conn_id id);
/* The caller's pointer for a connection. NULL until set. */
void conn_set_data(struct http_server *s, conn_id id, void *data);
void *conn_data(const struct http_server *s, conn_id id);
/* While true, no bytes are read from it (stalls, backpressure), so that its end is not noticed either; a message that has
 * been read already waits too. Once it is being closed, it is read regardless. */
void conn_pause_reading(struct http_server *s, conn_id id, bool paused);

#endif
