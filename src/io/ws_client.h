/* ws_client.h: outgoing WebSocket connections (ws, wss) on the loop: libcurl CONNECT_ONLY for connect and TLS, our codec for
 * the frames. Pings are answered here at once with the same payload, and reported. */
#ifndef IO_WS_CLIENT_H
#define IO_WS_CLIENT_H

#include "io/http_client.h"

struct ws_client; /* the maker of connections */

enum ws_client_event_kind {
    WS_CLIENT_OPEN, /* the upgrade was accepted */
    WS_CLIENT_TEXT, /* .data: one message, borrowed until return (a binary one too: no peer of ours sends such) */
    WS_CLIENT_PING, /* the peer's ping, answered already */
    WS_CLIENT_PONG,
    WS_CLIENT_CLOSED, /* last event: .err why, .code (1006 where none came), .data reason or words for the log.
                          .err: OK our close was answered; CLOSED by the peer; TIMEOUT of the connect or of the answer to
                          our close; DENIED the upgrade was refused; PROTOCOL, TOO_BIG the peer's fault (.code is then what
                          we closed with); CANCELED by ws_client_close before it was open; DNS, CONNECT, TLS, IO, MEMORY.
                          .status: HTTP status of a refused upgrade, else 0; .retry_after seconds of such, 0 none */
};

struct ws_client_event {
    enum ws_client_event_kind kind;
    struct span data;
    enum err err;
    uint16_t code;
    int status;
    int64_t retry_after;
};

typedef void ws_client_fn(void *arg, uint64_t id, const struct ws_client_event *event);

struct ws_client *ws_client_new(struct loop *l, const struct tls_client_config *tls);
/* Drops all connections without callbacks. */
void ws_client_free(struct ws_client *c);

/* id: the caller's, not one of an open connection. url: ws:// or wss://, with path and query; copied. ERR_OK: one
 * WS_CLIENT_CLOSED follows in any case, never from inside a call. ERR_SYNTAX (URL), ERR_MEMORY, ERR_TLS (libcurl without
 * OpenSSL): nothing follows. connect_timeout covers DNS, TCP, TLS and the upgrade. */
MUST_CHECK enum err ws_client_connect(struct ws_client *c, uint64_t id, const char *url, int64_t connect_timeout_us,
                                      size_t max_message, ws_client_fn *fn, void *arg);
/* A text message; buffered where the socket is full, ERR_FULL over 1 MiB of unsent bytes, ERR_BAD_STATE when not open,
 * ERR_CLOSED where the socket failed just now (WS_CLIENT_CLOSED follows). */
MUST_CHECK enum err ws_client_send(struct ws_client *c, uint64_t id, struct span text);
MUST_CHECK enum err ws_client_ping(struct ws_client *c, uint64_t id);
/* Sends a close frame, waits at most 300 ms for the answer, then WS_CLIENT_CLOSED. Unknown ids are ignored. */
void ws_client_close(struct ws_client *c, uint64_t id, uint16_t code);

#endif
