/* feed.h: the life of one stream (PRODUCT 2 and 6): market data, or user data over the WebSocket API.
 *
 *   OFF --want--> CONNECTING --open--> SUBSCRIBING --replies--> SYNCING --proof of life--> LIVE
 *                     ^                     |                      |                        |  ^
 *                     |                     +------- lost ---------+----------- lost -------+  | swapped
 *                     |                                  v                        replace   v  |
 *                     +------------- wait over ------ WAITING <------- lost ------------ DRAINING
 *
 * DRAINING: still delivering, while its replacement is opened (24 h, serverShutdown, a silent stream): the new connection
 * first, then the old one is dropped. A feed holds up to two links: `cur`, which delivers, and `next`, its replacement.
 * The proof of life of the market feed is a data frame; of the user feed, the positive subscribe reply and the trades merged.
 * Pure: decides, and tells the engine what to do through the returned actions. */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/backoff.h"
#include "base/time.h"

enum feed_state { FEED_OFF, FEED_CONNECTING, FEED_SUBSCRIBING, FEED_SYNCING, FEED_LIVE, FEED_DRAINING, FEED_WAITING };
enum { FEED_STATES = FEED_WAITING + 1 };
/* "off", "connecting", ... (PRODUCT 6, Words) */
const char *feed_state_name(enum feed_state s);

enum feed_kind { FEED_MARKET, FEED_USER };

enum link_phase { LINK_NONE, LINK_CONNECTING, LINK_OPEN, LINK_SUBSCRIBED, LINK_PROVEN };

struct link {
    uint64_t id; /* connection id, 0 none */
    enum link_phase phase;
    struct mono opened;    /* upgrade accepted */
    struct mono last_data; /* market: data frame; user: any frame */
    struct mono last_ping;
    struct mono asked;    /* liveness question out since; 0 none */
    struct mono answered; /* the last one that was answered; 0 never */
    struct mono deadline; /* of the phase: connect, subscribe */
};

struct feed_config {
    int64_t ask_after_us;     /* silent for so long: ask (market) */
    int64_t answer_within_us; /* then replaced */
    int64_t dead_after_us;    /* or silent for so long: replaced */
    int64_t lifetime_us;      /* planned replacement: before the 24 h limit */
    int64_t phase_limit_us;   /* connect + upgrade, and the subscription, each */
};

enum { FEED_REASON_MAX = 200 }; /* a host and what TLS says of its certificate, which names the host once more */

struct feed {
    enum feed_kind kind;
    struct feed_config config;
    enum feed_state state;
    struct wall since; /* of the state */
    struct link cur, next;
    struct backoff backoff;
    struct mono wait_until;      /* WAITING */
    struct wall next_attempt_at; /* the same for people; 0 unless waiting */
    struct mono next_wait_until; /* a replacement that failed, or could not be opened, is tried again then */
    struct backoff next_backoff;
    int fruitless; /* replacements in a row that brought no data */
    bool silent;   /* DRAINING because nothing came: the first data frame ends it */
    struct mono live_since;
    bool delivered;              /* market: a data frame came on the current link */
    struct wall last_message_at; /* 0 never */
    struct wall lost_at;         /* since when blind; 0 not blind or never live */
    uint64_t messages, rejected, reconnects;
    int64_t latency_ms;           /* exchange event time to our clock, of the last message; -1 unknown */
    char reason[FEED_REASON_MAX]; /* why it is not live, "" */
    char told
        [FEED_REASON_MAX]; /* why it was not reached, as last logged; "" once it is live: a retry says nothing new */
};

enum feed_action {                     /* bits */
                   FEED_CONNECT = 1,   /* open a link: feed_opening then */
                   FEED_CLOSE_CUR = 2, /* close `closed_id` */
                   FEED_ASK = 4,       /* send the liveness question on cur */
};

struct feed_todo {
    unsigned actions;
    uint64_t close_id;
};

void feed_init(struct feed *f, enum feed_kind kind, const struct feed_config *config);
/* Wanted or not. Not wanted closes both links. */
struct feed_todo feed_want(struct feed *f, bool wanted, struct now now);
/* The engine opened connection id for a FEED_CONNECT. */
void feed_opening(struct feed *f, uint64_t id, struct now now);
/* FEED_CONNECT could not be done now (a ban, no room): a replacement is not asked for again before then. */
void feed_delay(struct feed *f, struct mono until);
struct link *feed_link(struct feed *f, uint64_t id); /* cur, next or NULL */
void feed_open(struct feed *f, uint64_t id, struct now now);
void feed_subscribed(struct feed *f, uint64_t id, struct now now);
/* Proof of life of a link; if it is the replacement it becomes cur, and the old one is to be closed. */
struct feed_todo feed_proven(struct feed *f, uint64_t id, struct now now);
/* Any frame of the link (data: a frame that proves delivery). */
void feed_heard(struct feed *f, uint64_t id, bool data, struct now now);
/* The liveness question of FEED_ASK was answered: the connection is sound, whatever the market does. */
void feed_answered(struct feed *f, uint64_t id, struct now now);
/* The link is gone or must go: why is for people. A lost cur without a proven next waits by backoff. */
struct feed_todo feed_lost(struct feed *f, uint64_t id, const char *why, struct rng *rng, struct now now);
/* Open a replacement now (serverShutdown, subscription ended). */
struct feed_todo feed_replace(struct feed *f, const char *why, struct now now);
/* Deadlines and watchdogs. Call whenever feed_deadline has passed. */
struct feed_todo feed_tick(struct feed *f, struct rng *rng, struct now now);
struct mono feed_deadline(const struct feed *f);
static inline bool feed_is_live(const struct feed *f) { return f->state == FEED_LIVE || f->state == FEED_DRAINING; }

#endif
