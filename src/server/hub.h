/* hub.h: the live feed. It knows the sessions (a session is one browser on /ws), holds the last deltas for those that come
 * back, and gives each session a snapshot and then every delta, in order, without a gap. server.h tells the rules as a
 * browser sees them.
 *
 *                first word, silence             unsent above soft
 *  NEW -> WAITING --------------------> LIVE <----------------------> OWED
 *    \________\____________________________\_ socket empty: snapshot __/
 *                                           \-> CLOSING (close frame sent) -> GONE (no connection; freed when no walk is on)
 *
 * The hub touches sockets only through a table of functions and is given the time, so it runs in tests without either.
 * A delta is encoded once and shared; nothing is copied for a session. A transport may report a connection as closed from
 * inside any of its functions: the session is then only marked, and freed when the hub's own work is done. */
#ifndef SERVER_HUB_H
#define SERVER_HUB_H

#include "io/http_server.h"
#include "server/server.h"

struct hub;
struct session;

struct hub_transport {
    bool (*send)(void *arg, conn_id conn, struct frame *f); /* a whole WebSocket frame; false: the connection is gone */
    void (*ping)(void *arg, conn_id conn);
    void (*close)(void *arg, conn_id conn, uint16_t code, struct span reason);
    void (*drop)(void *arg, conn_id conn); /* the hub does not hear of it again, and has forgotten it */
    size_t (*unsent)(void *arg, conn_id conn);
    void *arg;
};

struct hub_config {
    struct hub_transport transport;
    struct frame *(*snapshot)(void *arg, uint64_t seq); /* as server_source */
    void (*topic)(void *arg, const struct server_topic_event *e);
    void *source_arg;
    uint64_t first_seq;
    size_t soft_bytes, hard_bytes;    /* above 0 */
    struct server_timing timing;      /* none 0 */
    struct server_counters *counters; /* shared with the server; outlives the hub */
};

enum {
    HUB_CLOSE_GOING = 1001,
    HUB_CLOSE_POLICY = 1008,
    HUB_CLOSE_INTERNAL = 1011,
    HUB_CLOSE_SLOW = 1013,
    HUB_CLOSE_LOGIN = 4401
};

MUST_CHECK enum err hub_new(struct hub **out, const struct hub_config *config);
void hub_free(struct hub *h); /* every session with it, without a word to the browser or to the source */

/* A session whose upgrade is being accepted; grant: its login, 0 where none is needed. has_resume: it named a seq in the
 * address. NULL: LIMIT_SESSIONS or no memory. The hub owns it until hub_closed. */
struct session *hub_add(struct hub *h, conn_id conn, uint64_t grant, bool has_resume, uint64_t resume, struct now now);
/* What the connection does. */
void hub_opened(struct hub *h, struct session *s, struct now now);
void hub_text(struct hub *h, struct session *s, struct span message, struct now now);
void hub_binary(struct hub *h, struct session *s, struct now now);
void hub_heard(struct hub *h, struct session *s, struct now now); /* any other frame: ping, pong */
void hub_writable(struct hub *h, struct session *s, struct now now);
void hub_closed(struct hub *h, struct session *s); /* s is invalid afterwards */

/* As server.h; seq must be hub_seq + 1. Without memory nobody gets it, and all are owed a snapshot. */
void hub_publish_delta(struct hub *h, struct span text, uint64_t seq, struct now now);
void hub_skip_delta(struct hub *h, uint64_t seq, struct now now); /* as server.h */
void hub_publish_topic(struct hub *h, struct span topic, struct span text, struct now now);

/* Sessions that waited long enough for a first word get their snapshot; call at hub_deadline. */
void hub_first_words(struct hub *h, struct now now);
bool hub_deadline(const struct hub *h, struct mono *at); /* false: nobody waits */
/* Pings, silence, stalls, closes that were not answered: call every timing.sweep_us. */
void hub_sweep(struct hub *h, struct now now);
/* Closes the sessions of a login that ended. */
void hub_end_grant(struct hub *h, uint64_t grant, struct now now);

uint64_t hub_seq(const struct hub *h);
size_t hub_sessions(const struct hub *h);
size_t hub_topics(const struct hub *h);

#endif
