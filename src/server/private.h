/* private.h: what the server's own files share. server.c: life and sockets; routes.c: which address does what; reply.c: how an
 * answer looks; waiting.c: who still waits for one. */
#ifndef SERVER_PRIVATE_H
#define SERVER_PRIVATE_H

#include "io/http_server.h"
#include "server/assets.h"
#include "server/guard.h"
#include "server/hub.h"
#include "server/login.h"
#include "server/params.h"
#include "server/server.h"
#include "wire/json.h"

/* A request whose answer comes later: from the store, or from the check of a password. */
enum waiting_kind { WAITING_NONE, WAITING_QUERY, WAITING_STREAM, WAITING_LOGIN };
struct waiting {
    uint64_t id; /* slot + generation, never used again */
    conn_id conn;
    enum waiting_kind kind;
    struct mono touched; /* asked, or the last piece taken or given */
    size_t unsent;       /* at the last look, of WAITING_STREAM */
    struct mono given;   /* the last piece: a drop now and then does not count as taking it */
    bool https;          /* of WAITING_LOGIN: the browser sees https, if only as far as a proxy */
};

struct server {
    struct loop *loop;
    const struct log *log;
    struct http_server *http;
    struct hub *hub;
    struct login *login; /* NULL: no login is needed */
    struct json *json;
    struct guard guard;
    struct server_source source;
    const struct asset *(*asset)(struct span path);
    struct server_timing timing;
    struct server_counters count;
    struct timer *sweep, *first_word;
    struct waiting waiting[LIMIT_QUERIES_WAITING];
    uint64_t generation;
    int64_t login_lifetime_us;
    bool tls;
    char cookie[40]; /* its name: with our port, since cookies of one host are shared by all its ports */
    void (*on_closed)(void *arg);
    void *on_closed_arg;
};

/* --- server.c --- */
void server_arm_first_word(struct server *s); /* after anything that may have changed who waits in the hub */

/* --- routes.c --- */
void routes_handle(struct server *s, conn_id conn, const struct http_server_request *r);
void routes_login_done(void *arg, uint64_t id, enum login_outcome outcome);

/* --- waiting.c --- */
/* The id of a new entry; 0: LIMIT_QUERIES_WAITING are waiting. */
uint64_t waiting_add(struct server *s, enum waiting_kind kind, conn_id conn);
struct waiting *waiting_find(struct server *s, uint64_t id); /* NULL: unknown, answered or expired */
void waiting_remove(struct waiting *w);
void waiting_reply(struct server *s, conn_id conn, bool gone); /* on_reply of http_server */
void waiting_sweep(struct server *s, struct now now);

/* --- reply.c --- */
enum { REPLY_EXTRA_MAX = 4 };
struct reply {
    int status;
    const char *content_type;
    const char *cache; /* Cache-Control; NULL: no-store */
    struct span body;
    struct frame *frame; /* the body instead, shared */
    struct http_header extra[REPLY_EXTRA_MAX];
    size_t extra_count;
};
void reply_extra(struct reply *r, const char *name, const char *value); /* both borrowed until reply_send */
void reply_send(struct server *s, conn_id conn, const struct reply *r);
void reply_begin(struct server *s, conn_id conn, const struct reply *r); /* status and headers of a body in pieces */
void reply_json(struct server *s, conn_id conn, int status, struct span body);
/* field NULL: none. message: plain words. code: a short word for programs. */
void reply_error(struct server *s, conn_id conn, int status, const char *code, const char *field, const char *message);
void reply_error_after(struct server *s, conn_id conn, int status, const char *code, const char *message,
                       int64_t wait_us);
void reply_asset(struct server *s, conn_id conn, const struct http_server_request *r, const struct asset *a);

#endif
