/* server.c: the server's life, and the wires between sockets, routes and hub. */
#include "server/private.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the hub's way to the sockets --- */

static bool socket_send(void *arg, conn_id conn, struct frame *f) {
    struct server *s = arg;
    return ws_server_send_frame(s->http, conn, f);
}

static void socket_ping(void *arg, conn_id conn) {
    struct server *s = arg;
    ws_server_ping(s->http, conn, span_from(NULL, 0));
}

static void socket_close(void *arg, conn_id conn, uint16_t code, struct span reason) {
    struct server *s = arg;
    ws_server_close(s->http, conn, code, reason);
}

static void socket_drop(void *arg, conn_id conn) {
    struct server *s = arg;
    conn_set_data(s->http, conn, NULL);
    http_drop(s->http, conn);
}

static size_t socket_unsent(void *arg, conn_id conn) {
    struct server *s = arg;
    return conn_unsent(s->http, conn);
}

/* --- what the sockets say --- */

static void on_request(void *arg, conn_id conn, const struct http_server_request *r) {
    struct server *s = arg;
    routes_handle(s, conn, r);
    server_arm_first_word(s);
}

static void on_ws(void *arg, conn_id conn, const struct ws_server_event *e) {
    struct server *s = arg;
    struct session *session = conn_data(s->http, conn);
    struct now now = loop_now(s->loop);
    if (session == NULL) return; /* dropped by us: the hub has forgotten it */
    switch (e->kind) {
    case WS_SERVER_OPEN: hub_opened(s->hub, session, now); break;
    case WS_SERVER_TEXT: hub_text(s->hub, session, e->data, now); break;
    case WS_SERVER_BINARY: hub_binary(s->hub, session, now); break;
    case WS_SERVER_PING:
    case WS_SERVER_PONG: hub_heard(s->hub, session, now); break;
    case WS_SERVER_WRITABLE: hub_writable(s->hub, session, now); break;
    case WS_SERVER_CLOSED:
        conn_set_data(s->http, conn, NULL);
        hub_closed(s->hub, session);
        break;
    }
    server_arm_first_word(s);
}

static void on_reply(void *arg, conn_id conn, bool gone) {
    struct server *s = arg;
    waiting_reply(s, conn, gone);
}

/* --- time --- */

void server_arm_first_word(struct server *s) {
    struct mono at;
    if (hub_deadline(s->hub, &at)) timer_at(s->first_word, at);
    else timer_stop(s->first_word);
}

static void on_first_word(void *arg) {
    struct server *s = arg;
    hub_first_words(s->hub, loop_now(s->loop));
    server_arm_first_word(s);
}

static void on_sweep(void *arg) {
    struct server *s = arg;
    struct now now = loop_now(s->loop);
    uint64_t ended;
    while (s->login != NULL && (ended = login_expire(s->login, now)) != 0) hub_end_grant(s->hub, ended, now);
    hub_sweep(s->hub, now);
    waiting_sweep(s, now);
    timer_at(s->sweep, mono_add(now.mono, s->timing.sweep_us));
}

/* --- birth --- */

static void set_timing(struct server_timing *t) {
    static const struct {
        size_t offset;
        int64_t us;
    } defaults[] = {
        {offsetof(struct server_timing, first_word_us), LIMIT_SESSION_FIRST_WORD_MS * US_PER_MS},
        {offsetof(struct server_timing, ping_us), LIMIT_SESSION_PING_SECONDS * US_PER_S},
        {offsetof(struct server_timing, pong_us), LIMIT_SESSION_PONG_SECONDS * US_PER_S},
        {offsetof(struct server_timing, stall_us), LIMIT_SESSION_STALL_SECONDS * US_PER_S},
        {offsetof(struct server_timing, close_us), LIMIT_SESSION_CLOSE_SECONDS * US_PER_S},
        {offsetof(struct server_timing, query_us), LIMIT_QUERY_SECONDS * US_PER_S},
        {offsetof(struct server_timing, piece_us), LIMIT_PIECE_SECONDS * US_PER_S},
        {offsetof(struct server_timing, sweep_us), US_PER_S},
    };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        int64_t *field = (int64_t *)((char *)t + defaults[i].offset);
        if (*field <= 0) *field = defaults[i].us;
    }
}

static enum err open_login(struct server *s, const struct server_config *c) {
    if (!c->auth_enabled) {
        if (guard_is_loopback(c->host)) return ERR_OK;
        log_say(s->log, LOG_ERROR, "server", "%s can be reached from other machines: switch the login on", c->host);
        return ERR_DENIED;
    }
    s->login_lifetime_us = c->login_lifetime_us;
    struct login_config config = {c->password_hash, c->password, c->login_lifetime_us};
    enum err e = login_new(&s->login, s->loop, &config);
    if (e != ERR_OK) log_say(s->log, LOG_ERROR, "server", "login: %s", err_text(e));
    return e;
}

static enum err open_hub(struct server *s, const struct server_config *c) {
    struct hub_config config = {
        .transport = {socket_send, socket_ping, socket_close, socket_drop, socket_unsent, s},
        .snapshot = s->source.snapshot,
        .topic = s->source.topic,
        .source_arg = s->source.arg,
        .first_seq = c->first_seq != 0 ? c->first_seq : (uint64_t)loop_now(s->loop).wall.us,
        .soft_bytes = c->soft_bytes != 0 ? c->soft_bytes : LIMIT_SESSION_SOFT_BYTES,
        .hard_bytes = c->hard_bytes != 0 ? c->hard_bytes : LIMIT_SESSION_HARD_BYTES,
        .timing = s->timing,
        .counters = &s->count,
    };
    return hub_new(&s->hub, &config);
}

static enum err open_http(struct server *s, const struct server_config *c) {
    struct http_server_config config = {
        .host = c->host,
        .port = c->port,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .max_connections = LIMIT_CONNECTIONS,
        .max_body = LIMIT_BROWSER_BODY_BYTES,
        .max_message = LIMIT_BROWSER_MESSAGE_BYTES,
        .idle_timeout_us = LIMIT_HTTP_IDLE_SECONDS * US_PER_S,
        .auto_pong = true,
        .on_request = on_request,
        .on_ws = on_ws,
        .on_reply = on_reply,
        .arg = s,
    };
    return http_server_new(&s->http, s->loop, &config, s->log);
}

static void server_free(struct server *s) {
    hub_free(s->hub);
    login_free(s->login);
    json_free(s->json);
    timer_free(s->sweep);
    timer_free(s->first_word);
    free(s);
}

static enum err server_open(struct server *s, const struct server_config *c) {
    s->json = json_new();
    s->sweep = timer_new(s->loop, on_sweep, s);
    s->first_word = timer_new(s->loop, on_first_word, s);
    if (s->json == NULL || s->sweep == NULL || s->first_word == NULL) return ERR_MEMORY;
    enum err e = open_login(s, c);
    if (e == ERR_OK) e = open_hub(s, c);
    if (e == ERR_OK) e = open_http(s, c);
    return e;
}

enum err server_new(struct server **out, struct loop *l, const struct server_config *config, const struct log *log) {
    CHECK(!config->auth_enabled || config->login_lifetime_us > 0);
    CHECK((config->cert_file == NULL) == (config->key_file == NULL));
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL) return ERR_MEMORY;
    *s = (struct server){.loop = l,
                         .log = log,
                         .source = config->source,
                         .asset = config->asset,
                         .timing = config->timing,
                         .tls = config->cert_file != NULL};
    set_timing(&s->timing);
    enum err e = guard_init(&s->guard, config->host, config->port, s->tls, config->require_origin, config->public_hosts,
                            config->public_host_count);
    if (e != ERR_OK) log_say(log, LOG_ERROR, "server", "listen address or public host: %s", err_text(e));
    else e = server_open(s, config);
    if (e != ERR_OK) {
        server_free(s);
        return e;
    }
    s->guard.port = http_server_port(s->http);
    snprintf(s->cookie, sizeof s->cookie, "%sgridscope_%u", s->tls ? "__Host-" : "", s->guard.port);
    timer_at(s->sweep, mono_add(loop_now(l).mono, s->timing.sweep_us));
    *out = s;
    return ERR_OK;
}

/* --- death --- */

static void on_http_closed(void *arg) {
    struct server *s = arg;
    void (*on_closed)(void *) = s->on_closed;
    void *on_closed_arg = s->on_closed_arg;
    free(s);
    if (on_closed != NULL) on_closed(on_closed_arg);
}

void server_close(struct server *s, void (*on_closed)(void *arg), void *arg) {
    s->on_closed = on_closed;
    s->on_closed_arg = arg;
    struct http_server *http = s->http;
    s->http = NULL; /* nothing of ours speaks to a socket from here on */
    hub_free(s->hub);
    login_free(s->login);
    json_free(s->json);
    timer_free(s->sweep);
    timer_free(s->first_word);
    http_server_close(http, on_http_closed, s);
}

/* --- the rest of server.h --- */

uint16_t server_port(const struct server *s) { return http_server_port(s->http); }

uint64_t server_seq(const struct server *s) { return hub_seq(s->hub); }

size_t server_sessions(const struct server *s) { return hub_sessions(s->hub); }

void server_publish_delta(struct server *s, struct span text, uint64_t seq) {
    hub_publish_delta(s->hub, text, seq, loop_now(s->loop));
}

void server_skip_delta(struct server *s, uint64_t seq) { hub_skip_delta(s->hub, seq, loop_now(s->loop)); }

void server_publish_topic(struct server *s, struct span topic, struct span text) {
    hub_publish_topic(s->hub, topic, text, loop_now(s->loop));
}

const struct server_counters *server_counters(const struct server *s) { return &s->count; }
