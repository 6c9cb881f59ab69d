/* inside.h: the simulator's own state, shared by the files that speak to sockets: sim.c (listeners, clock), peer.c
 * (WebSocket connections), control.c (the control interface). */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include "io/http_server.h"
#include "sim/bot_api.h"
#include "sim/rest.h"
#include "sim/sim.h"
#include "sim/streams.h"
#include "sim/ws_api.h"

enum peer_kind { PEER_MARKET, PEER_WS_API, PEER_LISTEN, PEER_KINDS };

enum { MESSAGES_A_SECOND = 5, PING_TEXT_MAX = 24, LISTEN_KEY_LEN = 64 };

struct peer {
    conn_id id;
    enum peer_kind kind;
    bool open, gone;   /* gone: closed, freed at the next reaping */
    int64_t opened_us; /* monotonic */
    int64_t ping_due_us;
    int64_t unanswered_us; /* when the oldest unanswered ping went out; 0: none */
    char ping[PING_TEXT_MAX];
    uint64_t pings;
    int64_t messages_us[MESSAGES_A_SECOND]; /* ring: instants of the last messages */
    size_t next_message;
    int64_t cut_us; /* announced end; 0: none */
    struct name peer;
    struct stream_client client; /* PEER_MARKET */
    struct ws_session session;   /* PEER_WS_API */
    uint64_t sent;
};

struct delayed {
    int64_t due_us; /* monotonic */
    bool frame;
    bool bot; /* which server */
    conn_id id;
    struct front_reply reply;
};

struct path_count {
    char path[64];
    uint64_t requests, weight;
};

enum { PATHS_COUNTED = 64, DELAYED_MAX = 20000, UNSENT_MAX = 32 << 20 };

struct script_step {
    int64_t at_us; /* after the start */
    char path[64];
    char *body; /* owned */
};

struct sim {
    struct loop *loop;
    const struct log *log;
    struct sim_config config; /* strings are copies of our own */
    char *strings[12];        /* those copies */
    struct world world;
    struct api api;
    struct sign_keys *keys;
    struct faults faults;
    struct streams streams;
    struct bot_server bot;
    struct http_server *servers[2]; /* exchange, bot; NULL while refusing */
    uint16_t ports[2];
    int64_t reopen_us[2]; /* monotonic; 0: not refusing; below 0: refuse for so long from the next tick on */
    struct timer *tick, *soon;
    struct peer **peers; /* owned */
    size_t peer_count, peer_capacity;
    struct delayed *delayed; /* owned; unsorted */
    size_t delayed_count, delayed_capacity;
    char listen_key[LISTEN_KEY_LEN + 1]; /* empty: none issued */
    int64_t listen_until_us;
    struct rng rng;             /* ping texts, listen keys: nothing of the world */
    int64_t started_us;         /* monotonic */
    struct script_step *script; /* owned */
    size_t script_count, script_next;
    struct path_count paths[PATHS_COUNTED], methods[PATHS_COUNTED]; /* methods: over the WebSocket API */
    size_t path_count, method_count;
    uint64_t requests, frames_sent, connects, messages_in;
    bool closing;
    int open_servers;
};

/* sim.c */
int64_t sim_mono(const struct sim *s);
int64_t sim_wall(const struct sim *s);  /* the real clock */
int64_t sim_clock(const struct sim *s); /* the exchange's */
void sim_refresh(struct sim *s);        /* clocks into the parts that were given one */
void sim_refuse(struct sim *s, int server, int64_t for_us);
void sim_put_delayed(struct sim *s, const struct delayed *d);
void sim_count_method(struct sim *s, struct span method);
void sim_steps(struct sim *s, int64_t count);

/* peer.c */
void peer_upgrade(struct sim *s, conn_id id, const struct http_server_request *r);
void peer_on_ws(struct sim *s, conn_id id, const struct ws_server_event *e);
void peer_send_stream(void *arg, struct stream_client *c, struct span text);
void peer_hook(struct sim *s); /* sets the venue's hooks */
void peer_keep(struct sim *s); /* pings, deadlines, lifetimes, reaping */
void peer_free_all(struct sim *s);
enum peer_drop { DROP_RESET, DROP_CLOSE };
size_t peer_drop_all(struct sim *s, unsigned kinds, enum peer_drop how, uint16_t code, struct span reason);
size_t peer_shutdown_all(struct sim *s, unsigned kinds, int64_t delay_us);

/* control.c */
bool control_answer(struct sim *s, const struct front_question *q, struct front_reply *r); /* false: no such path */

#endif
