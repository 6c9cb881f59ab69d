/* http_conn.h: inside io/ only: what the files of the server share. http_server.c: sockets, ids, deadlines, the machine
 * below; http_reply.c: answers; ws_server.c: upgraded connections.
 *
 *   receiving -> body -> busy -> draining -> idle -> receiving ...     one request after the other
 *       |          |      |  \-> streaming -> draining                an answer in pieces
 *       |          |      \----> open -> closing                      a WebSocket; closing: our close frame is out
 *       v          v             v        v
 *      flushing -> lingering -> dead      the last bytes go out; then we hang up and read on until the peer does, because
 *                                         a close with unread input is a reset that may overtake our last answer
 *   mute: after http_send_raw. dead: from anywhere; the memory goes when libuv lets go of the handle.
 *
 * Each state has one deadline (or none). Those of one kind have the same length, so each kind is a list in order of time,
 * and one timer looks at the heads. */
#ifndef IO_HTTP_CONN_H
#define IO_HTTP_CONN_H

#include "io/http_intake.h"
#include "io/http_server.h"
#include "io/loop_uv.h"
#include "io/outq.h"
#include "io/ws_codec.h"

enum conn_state {
    CONN_RECEIVING,
    CONN_BODY,
    CONN_BUSY,
    CONN_STREAMING,
    CONN_DRAINING,
    CONN_IDLE,
    CONN_OPEN,
    CONN_CLOSING,
    CONN_MUTE,
    CONN_FLUSHING,
    CONN_LINGERING,
    CONN_DEAD,
    CONN_STATES
};

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_REQUEST,
    DEADLINE_IDLE,
    DEADLINE_STALL,
    DEADLINE_CLOSE,
    DEADLINE_LINGER,
    DEADLINE_KINDS
};

struct conn {
    uv_poll_t poll;
    struct stream stream;
    struct http_server *server;
    uint32_t slot;
    int events; /* what the poll is armed for */
    enum conn_state state;
    enum deadline_kind deadline_kind;
    struct mono deadline;
    struct conn *earlier, *later; /* in the list of its deadline kind */
    struct conn *next_awake;
    struct outq out;
    struct buf stash;      /* input that waits: a request behind the current one, frames of a paused reader */
    struct intake *intake; /* NULL once upgraded */
    struct ws_decoder decoder;
    struct frame *owed_pong; /* the newest pong for a peer that does not read: never more than one */
    void *data;              /* the owner's */
    char peer[48];
    uint16_t peer_port;
    bool running; /* conn_run is on the stack: it will see what changed */
    bool awake;   /* in the list of those to be run from the loop */
    bool ended;   /* the peer has hung up */
    bool paused;
    bool was_unsent;                     /* a WRITABLE is due when the queue is empty */
    bool upgraded, open_due;             /* the owner is owed WS_SERVER_CLOSED; WS_SERVER_OPEN */
    bool head_only, keep_alive, chunked; /* of the current request and answer */
};

struct slot {
    struct conn *conn;
    uint32_t generation; /* starts at 1 */
    uint32_t next_free;
};

struct http_server {
    struct loop *loop;
    const struct log *log;
    struct http_server_config config; /* without its strings */
    uv_poll_t listener;
    int listen_fd, spare_fd;
    uint16_t port;
    struct tls_server *tls;
    struct slot *slots;
    uint32_t slot_count, first_free;
    size_t alive;   /* connections that are not dead */
    size_t handles; /* libuv's, not closed yet */
    struct {
        struct conn *first, *last;
        int64_t length_us;
    } deadlines[DEADLINE_KINDS];
    struct timer *deadline_timer;
    struct mono deadline_armed; /* when it will ring; 0 never */
    struct timer *wake_timer;
    struct conn *awake;
    struct timer *grace;  /* of http_server_close */
    char *rx;             /* RX_BYTES, shared: used within one read */
    size_t shed;          /* connections dropped for want of a descriptor */
    struct mono shed_say; /* when to say so again */
    bool closing;
    void (*on_closed)(void *arg);
    void *closed_arg;
    int64_t date_second;
    char date[32];
};

/* ---- http_server.c ---- */

/* NULL where the id's connection is gone. */
struct conn *conn_find(const struct http_server *s, conn_id id);
conn_id conn_id_of(const struct conn *c);
void conn_enter(struct conn *c, enum conn_state to);
/* Hangs up at once. The owner's WS_SERVER_CLOSED comes from the loop. */
void conn_die(struct conn *c);
/* Sends; a connection that fails dies. */
void conn_send(struct conn *c, struct frame *f);
void conn_send_bytes(struct conn *c, struct span bytes);
/* After a change from outside: arms the poll, and has conn_run look from the loop. */
void conn_changed(struct conn *c);
/* The id is worth nothing from here on; the connection lingers for itself. */
void conn_forget_id(struct conn *c);

/* ---- http_reply.c ---- */

/* The server's own answer to what it does not take; closes. */
void conn_refuse(struct conn *c, int status);
void conn_continue(struct conn *c);

/* ---- ws_server.c ---- */

size_t conn_take_frames(struct conn *c, char *in, size_t len); /* bytes taken */
void conn_tell(struct conn *c, int kind, struct span data, uint16_t code);
void conn_drained(struct conn *c); /* of an upgraded connection: its queue is empty */
void conn_send_close(struct conn *c, uint16_t code, struct span reason);

#endif
