/* http_server.c: sockets and connections: accept, ids, the machine and its deadlines (http_conn.h has the picture), reading
 * and writing. Only conn_run moves a connection on and calls the owner, and it runs from the loop alone; what the owner
 * calls from outside leaves a mark and wakes it. */
#include "io/http_conn.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RX_BYTES = 64 << 10, /* one read; more than a TLS record, so that none stays hidden */
    READS_A_TURN = 4,    /* of one connection, then the others have their turn */
    ACCEPTS_A_TURN = 64,
    STASH_STOP = 16 << 10, /* waiting input beyond which the socket is not read: a pipelined head fits */
    STASH_MAX = STASH_STOP + RX_BYTES,
    OVERFLOW_CONNECTIONS = 32, /* beyond max_connections, to be told 503; more are dropped without a word */
    OTHERS_DESCRIPTORS = 64,   /* not for connections: upstreams, the database, the log, name look-ups */
    CLOSE_MS = 2000,           /* for the answer to our close frame */
    LINGER_MS = 1000,          /* for the peer to hang up after our last byte */
    GRACE_MS = 300,            /* of http_server_close (TECH: shutdown that works) */
    SHED_SAY_SECONDS = 10,
    CODE_ABNORMAL = 1006,
    CODE_GOING_AWAY = 1001,
    NO_SLOT = UINT32_MAX >> 1,
};

/* ---- the machine ---- */

#define TO(state) (1u << CONN_##state)
static const unsigned legal_moves[CONN_STATES] = {
    [CONN_RECEIVING] = TO(BODY) | TO(BUSY) | TO(DEAD),
    [CONN_BODY] = TO(BUSY) | TO(DEAD),
    [CONN_BUSY] = TO(STREAMING) | TO(DRAINING) | TO(FLUSHING) | TO(OPEN) | TO(MUTE) | TO(DEAD),
    [CONN_STREAMING] = TO(DRAINING) | TO(FLUSHING) | TO(MUTE) | TO(DEAD),
    [CONN_DRAINING] = TO(IDLE) | TO(MUTE) | TO(DEAD),
    [CONN_IDLE] = TO(RECEIVING) | TO(MUTE) | TO(DEAD),
    [CONN_OPEN] = TO(CLOSING) | TO(FLUSHING) | TO(MUTE) | TO(DEAD),
    [CONN_CLOSING] = TO(FLUSHING) | TO(MUTE) | TO(DEAD),
    [CONN_MUTE] = TO(DEAD),
    [CONN_FLUSHING] = TO(LINGERING) | TO(MUTE) | TO(DEAD),
    [CONN_LINGERING] = TO(DEAD),
    [CONN_DEAD] = 0,
};

static const enum deadline_kind deadline_of[CONN_STATES] = {
    [CONN_RECEIVING] = DEADLINE_REQUEST, [CONN_BODY] = DEADLINE_REQUEST,     [CONN_STREAMING] = DEADLINE_STALL,
    [CONN_DRAINING] = DEADLINE_STALL,    [CONN_IDLE] = DEADLINE_IDLE,        [CONN_CLOSING] = DEADLINE_CLOSE,
    [CONN_FLUSHING] = DEADLINE_STALL,    [CONN_LINGERING] = DEADLINE_LINGER,
};

static void deadline_leave(struct conn *c) {
    struct http_server *s = c->server;
    if (c->deadline_kind == DEADLINE_NONE) return;
    *(c->earlier != NULL ? &c->earlier->later : &s->deadlines[c->deadline_kind].first) = c->later;
    *(c->later != NULL ? &c->later->earlier : &s->deadlines[c->deadline_kind].last) = c->earlier;
    c->earlier = c->later = NULL;
    c->deadline_kind = DEADLINE_NONE;
}

static void deadline_arm(struct http_server *s, struct mono at) {
    if (s->deadline_armed.us != 0 && s->deadline_armed.us <= at.us) return;
    s->deadline_armed = at;
    timer_at(s->deadline_timer, at);
}

/* (Re)starts the deadline of the connection's state. */
static void deadline_restart(struct conn *c) {
    struct http_server *s = c->server;
    deadline_leave(c);
    enum deadline_kind kind = deadline_of[c->state];
    if (kind == DEADLINE_NONE) return;
    c->deadline_kind = kind;
    c->deadline = mono_add(loop_now(s->loop).mono, s->deadlines[kind].length_us);
    c->earlier = s->deadlines[kind].last;
    *(c->earlier != NULL ? &c->earlier->later : &s->deadlines[kind].first) = c;
    s->deadlines[kind].last = c;
    deadline_arm(s, c->deadline);
}

void conn_enter(struct conn *c, enum conn_state to) {
    CHECK((legal_moves[c->state] & 1u << to) != 0);
    c->state = to;
    deadline_restart(c);
}

/* ---- ids ---- */

conn_id conn_id_of(const struct conn *c) { return (conn_id)c->server->slots[c->slot].generation << 32 | (c->slot + 1); }

/* Also a connection that is dead, as long as its owner has not been told. */
static struct conn *find_any(const struct http_server *s, conn_id id) {
    uint32_t at = (uint32_t)id - 1;
    if ((uint32_t)id == 0 || at >= s->slot_count) return NULL;
    return s->slots[at].generation == (uint32_t)(id >> 32) ? s->slots[at].conn : NULL;
}

struct conn *conn_find(const struct http_server *s, conn_id id) {
    struct conn *c = find_any(s, id);
    return c != NULL && c->state != CONN_DEAD ? c : NULL;
}

static void next_generation(struct slot *slot) {
    if (++slot->generation == 0) slot->generation = 1;
}

void conn_forget_id(struct conn *c) { next_generation(&c->server->slots[c->slot]); }

static bool slot_take(struct http_server *s, struct conn *c) {
    if (s->first_free == NO_SLOT) {
        uint32_t more = s->slot_count == 0 ? 16 : s->slot_count;
        struct slot *grown = realloc(s->slots, (s->slot_count + more) * sizeof *grown);
        if (grown == NULL) return false;
        s->slots = grown;
        for (uint32_t i = s->slot_count; i < s->slot_count + more; i++) {
            s->slots[i] = (struct slot){.generation = 1, .next_free = s->first_free};
            s->first_free = i;
        }
        s->slot_count += more;
    }
    c->slot = s->first_free;
    s->first_free = s->slots[c->slot].next_free;
    s->slots[c->slot].conn = c;
    return true;
}

static void slot_release(struct conn *c) {
    struct http_server *s = c->server;
    struct slot *slot = &s->slots[c->slot];
    next_generation(slot);
    slot->conn = NULL;
    slot->next_free = s->first_free;
    s->first_free = c->slot;
}

/* ---- the end of a connection ---- */

static void intake_drop(struct conn *c) {
    if (c->intake == NULL) return;
    intake_free(c->intake);
    free(c->intake);
    c->intake = NULL;
}

static void server_finish_when_gone(struct http_server *s) {
    if (!s->closing || s->handles > 0) return;
    timer_free(s->deadline_timer);
    timer_free(s->wake_timer);
    timer_free(s->grace);
    tls_server_free(s->tls);
    if (s->spare_fd >= 0) (void)close(s->spare_fd);
    void (*on_closed)(void *arg) = s->on_closed;
    void *arg = s->closed_arg;
    free(s->slots);
    free(s->rx);
    free(s);
    if (on_closed != NULL) on_closed(arg);
}

static void wake_leave(struct conn *c) {
    if (!c->awake) return;
    for (struct conn **at = &c->server->awake; *at != NULL; at = &(*at)->next_awake) {
        if (*at != c) continue;
        *at = c->next_awake;
        break;
    }
    c->awake = false;
}

/* libuv has let go of the handle: the owner hears of it, and the memory goes. */
static void on_conn_closed(uv_handle_t *handle) {
    struct conn *c = handle->data;
    struct http_server *s = c->server;
    if (c->upgraded) conn_tell(c, WS_SERVER_CLOSED, SPAN(""), CODE_ABNORMAL);
    else if (c->chunked && !s->closing && s->config.on_reply != NULL)
        s->config.on_reply(s->config.arg, conn_id_of(c), true);
    slot_release(c);
    wake_leave(c);
    intake_drop(c);
    ws_decoder_free(&c->decoder);
    buf_free(&c->stash);
    free(c);
    s->handles--;
    server_finish_when_gone(s);
}

void conn_die(struct conn *c) {
    if (c->state == CONN_DEAD) return;
    c->chunked = c->state == CONN_STREAMING; /* an answer in pieces was cut short: on_reply hears of it */
    conn_enter(c, CONN_DEAD);
    c->server->alive--;
    uv_close((uv_handle_t *)&c->poll, on_conn_closed);
    c->stream.ops->close(&c->stream);
    outq_free(&c->out);
    frame_unref(c->owed_pong);
    c->owed_pong = NULL;
}

/* ---- moving on ---- */

static void on_poll(uv_poll_t *handle, int status, int events);

static bool reading_wanted(const struct conn *c) {
    bool leaving = c->state == CONN_CLOSING || c->state == CONN_FLUSHING || c->state == CONN_LINGERING;
    return !c->ended && c->stash.len < STASH_STOP && (!c->paused || leaving);
}

static void arm(struct conn *c) {
    if (c->state == CONN_DEAD) return;
    int events =
        (reading_wanted(c) ? UV_READABLE : 0) | (c->out.count > 0 || c->stream.needs_writing ? UV_WRITABLE : 0);
    if (events == c->events) return;
    int e = events != 0 ? uv_poll_start(&c->poll, events, on_poll) : uv_poll_stop(&c->poll);
    CHECK(e == 0);
    c->events = events;
}

static void wake(struct conn *c) {
    struct http_server *s = c->server;
    if (c->running || c->awake) return;
    c->awake = true;
    c->next_awake = s->awake;
    s->awake = c;
    timer_at(s->wake_timer, (struct mono){0});
}

void conn_changed(struct conn *c) {
    if (c->state == CONN_DEAD) return;
    arm(c);
    wake(c);
}

void conn_send(struct conn *c, struct frame *f) {
    if (c->state == CONN_DEAD) return;
    if (outq_send(&c->out, &c->stream, f) != ERR_OK) {
        conn_die(c);
        return;
    }
    c->was_unsent = c->was_unsent || c->out.count > 0;
    arm(c);
}

void conn_send_bytes(struct conn *c, struct span bytes) {
    struct frame *f = frame_new(bytes);
    if (f == NULL) conn_die(c);
    else conn_send(c, f);
    frame_unref(f);
}

/* A request is whole: the owner answers now or later. */
static void hand_over(struct conn *c) {
    struct http_server *s = c->server;
    const struct intake *n = c->intake;
    struct span target = n->head.target;
    const char *mark = memchr(target.at, '?', target.len);
    struct http_server_request r = {
        .method = n->head.method,
        .target = target,
        .path = {target.at, mark != NULL ? (size_t)(mark - target.at) : target.len},
        .query = mark != NULL ? span_skip(target, (size_t)(mark - target.at) + 1) : SPAN(""),
        .header_count = n->head.header_count,
        .body = buf_span(&n->body),
        .peer = span_of(c->peer),
        .peer_port = c->peer_port,
        .upgrade = n->upgrade,
        .tls = c->stream.tls != NULL,
    };
    memcpy(r.headers, n->head.headers, n->head.header_count * sizeof *r.headers);
    c->head_only = span_is(n->head.method, "HEAD");
    c->keep_alive = n->keep_alive;
    c->chunked = false;
    conn_enter(c, CONN_BUSY);
    s->config.on_request(s->config.arg, conn_id_of(c), &r);
}

static size_t take_request(struct conn *c, const char *in, size_t len) {
    size_t used;
    if (c->state == CONN_IDLE) conn_enter(c, CONN_RECEIVING);
    switch (intake_feed(c->intake, in, len, &used)) {
    case INTAKE_MORE: break;
    case INTAKE_BODY:
        conn_enter(c, CONN_BODY);
        if (c->intake->wants_continue && used == len) conn_continue(c);
        break;
    case INTAKE_WHOLE: hand_over(c); break;
    case INTAKE_REFUSED: conn_refuse(c, c->intake->refused); break;
    }
    return used;
}

/* What follows from an empty queue, a hang-up, an upgrade. */
static void settle(struct conn *c) {
    if (c->open_due) {
        c->open_due = false;
        intake_drop(c);
        conn_tell(c, WS_SERVER_OPEN, SPAN(""), 0);
    }
    if (c->out.count > 0) return;
    if (c->state == CONN_DRAINING) {
        intake_reset(c->intake);
        conn_enter(c, CONN_IDLE);
    }
    if (c->state == CONN_FLUSHING) {
        c->stream.ops->shut_write(&c->stream);
        conn_enter(c, CONN_LINGERING);
    }
    if (!c->was_unsent) return;
    c->was_unsent = false;
    if (c->state == CONN_STREAMING && c->server->config.on_reply != NULL && !c->server->closing)
        c->server->config.on_reply(c->server->config.arg, conn_id_of(c), false);
    if (c->upgraded) conn_drained(c);
}

/* Takes what the state has a use for; the rest waits. */
static size_t take(struct conn *c, char *in, size_t len) {
    size_t used = 0;
    for (;;) {
        settle(c);
        if (used == len) return used;
        switch (c->state) {
        case CONN_IDLE:
        case CONN_RECEIVING:
        case CONN_BODY: used += take_request(c, in + used, len - used); break;
        case CONN_OPEN:
        case CONN_CLOSING:
            if (c->state == CONN_OPEN && c->paused) return used;
            used += conn_take_frames(c, in + used, len - used);
            break;
        case CONN_MUTE:
        case CONN_FLUSHING:
        case CONN_LINGERING:
        case CONN_DEAD: return len;
        default: return used; /* busy, streaming, draining: one request at a time */
        }
    }
}

/* The peer has hung up, and everything it sent has been taken or waits for an answer. */
static void on_ended(struct conn *c) {
    if (c->state == CONN_BUSY || c->state == CONN_STREAMING || c->state == CONN_DRAINING || c->state == CONN_FLUSHING)
        return; /* it may still read our answer */
    if (c->stash.len == 0 || c->state == CONN_LINGERING) conn_die(c);
}

/* Moves on as far as it goes, with input that waited and then new input. */
static void conn_run(struct conn *c, char *in, size_t len) {
    c->running = true;
    if (c->stash.len > 0) {
        buf_put(&c->stash, in, len);
        if (c->stash.failed != ERR_OK) conn_die(c);
        else buf_consume(&c->stash, take(c, c->stash.at, c->stash.len));
    } else {
        size_t used = take(c, in, len);
        if (used < len) buf_put(&c->stash, in + used, len - used);
        if (c->stash.failed != ERR_OK) conn_die(c);
    }
    if (c->stash.len == 0 && c->stash.at != NULL) buf_free(&c->stash);
    if (c->ended) on_ended(c);
    c->running = false;
    arm(c);
}

static void read_on(struct conn *c) {
    struct http_server *s = c->server;
    for (int i = 0; i < READS_A_TURN && c->state != CONN_DEAD && reading_wanted(c); i++) {
        long n = c->stream.ops->read(&c->stream, s->rx, RX_BYTES);
        if (n == STREAM_ERROR) conn_die(c);
        if (n < 0) return;
        c->ended = n == STREAM_END;
        conn_run(c, s->rx, (size_t)n);
        if (n < RX_BYTES && c->stream.tls == NULL) return; /* the socket is empty: the poll says when there is more */
    }
}

static void flush(struct conn *c) {
    size_t moved;
    if (outq_flush(&c->out, &c->stream, &moved) != ERR_OK) {
        conn_die(c);
        return;
    }
    if (moved > 0 && c->deadline_kind == DEADLINE_STALL) deadline_restart(c);
    if (c->out.count == 0) conn_run(c, NULL, 0);
}

static void on_poll(uv_poll_t *handle, int status, int events) {
    struct conn *c = handle->data;
    if (status < 0) {
        conn_die(c);
        return;
    }
    bool tls_read_waits = c->stream.needs_writing && (events & UV_WRITABLE) != 0;
    if ((events & UV_WRITABLE) != 0 && c->out.count > 0) flush(c);
    if (c->state != CONN_DEAD && ((events & UV_READABLE) != 0 || tls_read_waits)) read_on(c);
    arm(c);
}

static void on_wake(void *arg) {
    struct http_server *s = arg;
    for (struct conn *c; (c = s->awake) != NULL;) { /* a run may wake others, never itself */
        s->awake = c->next_awake;
        c->awake = false;
        if (c->state != CONN_DEAD) conn_run(c, NULL, 0);
    }
}

/* ---- deadlines ---- */

static void on_deadline_of(struct conn *c) {
    switch (c->state) {
    case CONN_RECEIVING:
        if (intake_begun(c->intake)) conn_refuse(c, 408);
        else conn_die(c);
        break;
    case CONN_BODY: conn_refuse(c, 408); break;
    case CONN_STREAMING: /* only a peer that does not read is at fault, not an owner who is slow */
        if (c->out.count > 0) conn_die(c);
        else deadline_restart(c);
        break;
    default: conn_die(c);
    }
}

static void on_deadline(void *arg) {
    struct http_server *s = arg;
    struct mono now = loop_now(s->loop).mono;
    s->deadline_armed = (struct mono){0};
    for (int k = 0; k < DEADLINE_KINDS; k++) {
        struct conn *c;
        while ((c = s->deadlines[k].first) != NULL && mono_reached(now, c->deadline)) on_deadline_of(c);
        if (c != NULL) deadline_arm(s, c->deadline);
    }
}

/* ---- accepting ---- */

static void peer_name(struct conn *c, const struct sockaddr_storage *from) {
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        (void)inet_ntop(AF_INET, &in->sin_addr, c->peer, sizeof c->peer);
        c->peer_port = ntohs(in->sin_port);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, c->peer, sizeof c->peer);
        c->peer_port = ntohs(in6->sin6_port);
    }
}

static enum err open_stream(struct http_server *s, struct conn *c, int fd) {
    if (s->tls != NULL) return stream_tls(&c->stream, s->tls, fd);
    stream_plain(&c->stream, fd);
    return ERR_OK;
}

/* A connection that takes fd over, receiving; NULL without memory: fd is closed. */
static struct conn *conn_new(struct http_server *s, int fd, const struct sockaddr_storage *from) {
    struct conn *c = calloc(1, sizeof *c);
    struct intake *n = malloc(sizeof *n);
    if (c == NULL || n == NULL || !slot_take(s, c)) goto fail;
    c->server = s;
    if (open_stream(s, c, fd) != ERR_OK) goto fail_slot;
    if (uv_poll_init_socket(loop_uv(s->loop), &c->poll, fd) != 0) goto fail_stream;
    c->poll.data = c;
    intake_init(n, s->config.max_body);
    c->intake = n;
    buf_init(&c->stash, STASH_MAX);
    peer_name(c, from);
    s->handles++;
    s->alive++;
    deadline_restart(c);
    return c;

fail_stream:
    c->stream.ops->close(&c->stream);
    slot_release(c);
    free(n);
    free(c);
    return NULL;
fail_slot:
    slot_release(c);
fail:
    (void)close(fd);
    free(n);
    free(c);
    return NULL;
}

static void admit(struct http_server *s, int fd, const struct sockaddr_storage *from) {
    bool full = s->alive >= s->config.max_connections;
    if (s->alive >= s->config.max_connections + OVERFLOW_CONNECTIONS || (full && s->tls != NULL)) {
        (void)close(fd); /* in TLS a 503 would cost a handshake, which is what we are short of */
        return;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* for speed alone: may fail */
    struct conn *c = conn_new(s, fd, from);
    if (c == NULL) {
        log_say(s->log, LOG_ERROR, "server", "no memory for a connection");
        return;
    }
    if (full) conn_refuse(c, 503);
    else arm(c);
}

/* No descriptor is left: the spare one is given up for a moment, to take the caller in and hang up on it. */
static bool shed_one(struct http_server *s) {
    if (s->spare_fd < 0) return false;
    (void)close(s->spare_fd);
    int fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) (void)close(fd);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    s->shed += fd >= 0;
    struct mono now = loop_now(s->loop).mono;
    if (mono_reached(now, s->shed_say)) { /* the first, and then their number: a flood of callers floods no log */
        log_say(s->log, LOG_WARN, "server", "out of file descriptors: %zu connections dropped so far", s->shed);
        s->shed_say = mono_add(now, SHED_SAY_SECONDS * US_PER_S);
    }
    return fd >= 0;
}

static void on_listener(uv_poll_t *handle, int status, int events) {
    struct http_server *s = handle->data;
    (void)events;
    if (status < 0) return;
    if (s->spare_fd < 0)
        s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC); /* lost to another thread, the last time */
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t size = sizeof from;
        int fd = accept4(s->listen_fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) admit(s, fd, &from);
        else if (errno == EMFILE || errno == ENFILE) {
            if (!shed_one(s)) return;
        } else if (errno != EINTR && errno != ECONNABORTED) return;
    }
}

/* ---- life of the server ---- */

static socklen_t address_of(struct sockaddr_storage *out, const char *host, uint16_t port) {
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){0};
    if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        return sizeof *in;
    }
    if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1) return 0;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    return sizeof *in6;
}

static enum err listen_on(struct http_server *s, const char *host, uint16_t port) {
    struct sockaddr_storage at;
    socklen_t size = address_of(&at, host, port);
    int one = 1;
    const char *step = "is not an address";
    errno = 0;
    if (size == 0) goto fail;
    step = "cannot be listened on";
    s->listen_fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->listen_fd < 0 || setsockopt(s->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) goto fail;
    if (bind(s->listen_fd, (struct sockaddr *)&at, size) != 0 || listen(s->listen_fd, SOMAXCONN) != 0) goto fail;
    if (getsockname(s->listen_fd, (struct sockaddr *)&at, &size) != 0) goto fail;
    s->port = ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                            : ((struct sockaddr_in6 *)&at)->sin6_port);
    return ERR_OK;
fail:
    log_say(s->log, LOG_ERROR, "server", "%s port %u %s%s%s", host, port, step, errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return ERR_IO;
}

/* Each connection takes a descriptor, and callers must not take the last: the rest of the program needs some to go on. */
static size_t connections_allowed(size_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    size_t all = (size_t)limit.rlim_cur, kept = OVERFLOW_CONNECTIONS + OTHERS_DESCRIPTORS;
    size_t most = all / 2 > kept ? all - kept : all / 2;
    return wanted < most ? wanted : most;
}

static void set_lengths(struct http_server *s) {
    s->deadlines[DEADLINE_REQUEST].length_us = LIMIT_BROWSER_HEAD_SECONDS * US_PER_S;
    s->deadlines[DEADLINE_IDLE].length_us = s->config.idle_timeout_us;
    s->deadlines[DEADLINE_STALL].length_us = LIMIT_SESSION_STALL_SECONDS * US_PER_S;
    s->deadlines[DEADLINE_CLOSE].length_us = CLOSE_MS * US_PER_MS;
    s->deadlines[DEADLINE_LINGER].length_us = LINGER_MS * US_PER_MS;
}

static void on_grace_over(void *arg) {
    struct http_server *s = arg;
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].conn != NULL) conn_die(s->slots[i].conn);
}

/* Frees a server that never listened in the loop. */
static void server_discard(struct http_server *s) {
    timer_free(s->deadline_timer);
    timer_free(s->wake_timer);
    timer_free(s->grace);
    if (s->listen_fd >= 0) (void)close(s->listen_fd);
    if (s->spare_fd >= 0) (void)close(s->spare_fd);
    tls_server_free(s->tls);
    free(s->rx);
    free(s);
}

enum err http_server_new(struct http_server **out, struct loop *l, const struct http_server_config *config,
                         const struct log *log) {
    struct http_server *s = calloc(1, sizeof *s);
    if (s == NULL) return ERR_MEMORY;
    *s = (struct http_server){.loop = l, .log = log, .config = *config, .listen_fd = -1, .first_free = NO_SLOT};
    s->config.host = s->config.cert_file = s->config.key_file = NULL;
    s->config.max_connections = connections_allowed(config->max_connections);
    s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    s->rx = malloc(RX_BYTES);
    s->deadline_timer = timer_new(l, on_deadline, s);
    s->wake_timer = timer_new(l, on_wake, s);
    s->grace = timer_new(l, on_grace_over, s);
    set_lengths(s);
    enum err e =
        s->rx != NULL && s->deadline_timer != NULL && s->wake_timer != NULL && s->grace != NULL ? ERR_OK : ERR_MEMORY;
    if (e == ERR_OK && config->cert_file != NULL) e = tls_server_new(&s->tls, config->cert_file, config->key_file, log);
    if (e == ERR_OK) e = listen_on(s, config->host, config->port);
    if (e == ERR_OK && uv_poll_init_socket(loop_uv(l), &s->listener, s->listen_fd) != 0) e = ERR_IO;
    if (e != ERR_OK) {
        server_discard(s);
        return e;
    }
    s->listener.data = s;
    s->handles = 1;
    CHECK(uv_poll_start(&s->listener, UV_READABLE, on_listener) == 0);
    *out = s;
    return ERR_OK;
}

uint16_t http_server_port(const struct http_server *s) { return s->port; }

size_t http_server_connections(const struct http_server *s) { return s->alive; }

static void on_listener_closed(uv_handle_t *handle) {
    struct http_server *s = handle->data;
    s->handles--;
    server_finish_when_gone(s);
}

void http_server_close(struct http_server *s, void (*on_closed)(void *arg), void *arg) {
    CHECK(!s->closing);
    s->closing = true;
    s->on_closed = on_closed;
    s->closed_arg = arg;
    uv_close((uv_handle_t *)&s->listener, on_listener_closed);
    (void)close(s->listen_fd);
    for (uint32_t i = 0; i < s->slot_count; i++) {
        struct conn *c = s->slots[i].conn;
        if (c == NULL || c->state == CONN_DEAD) continue;
        if (c->state == CONN_OPEN) ws_server_close(s, conn_id_of(c), CODE_GOING_AWAY, SPAN("server is stopping"));
        else if (c->state == CONN_DRAINING) conn_changed(c);
        else if (c->state != CONN_CLOSING && c->state != CONN_FLUSHING && c->state != CONN_LINGERING) conn_die(c);
    }
    timer_at(s->grace, mono_add(loop_now(s->loop).mono, GRACE_MS * US_PER_MS));
}

/* ---- what an owner asks of a connection ---- */

const struct http_header *http_request_header(const struct http_server_request *r, const char *name) {
    return http1_find(r->headers, r->header_count, name);
}

void http_drop(struct http_server *s, conn_id id) {
    struct conn *c = conn_find(s, id);
    if (c != NULL) conn_die(c);
}

size_t conn_unsent(const struct http_server *s, conn_id id) {
    const struct conn *c = conn_find(s, id);
    return c != NULL ? c->out.bytes : 0;
}

void conn_set_data(struct http_server *s, conn_id id, void *data) {
    struct conn *c = find_any(s, id);
    if (c != NULL) c->data = data;
}

void *conn_data(const struct http_server *s, conn_id id) {
    const struct conn *c = find_any(s, id);
    return c != NULL ? c->data : NULL;
}

void conn_pause_reading(struct http_server *s, conn_id id, bool paused) {
    struct conn *c = conn_find(s, id);
    if (c == NULL || c->paused == paused) return;
    c->paused = paused;
    conn_changed(c);
}
