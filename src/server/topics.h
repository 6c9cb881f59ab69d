/* topics.h: who wants which topic. A topic exists while it has a subscriber. Subscriptions know their place in both lists,
 * so that leaving costs the same however many listen. */
#ifndef SERVER_TOPICS_H
#define SERVER_TOPICS_H

#include "base/err.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/span.h"

struct topic;
struct session;

struct subscription { /* one entry of a session's list */
    struct topic *topic;
    uint32_t at; /* its place among the topic's subscribers */
};

struct subscriptions { /* of one session; zeroed: none */
    struct session *session;
    struct subscription *list; /* owned; allocated with the first */
    uint32_t count;
};

struct subscriber {
    struct subscriptions *of;
    uint32_t slot; /* its place in of->list */
};

struct topic {
    char name[LIMIT_TOPIC_BYTES + 1];
    uint32_t at;                    /* place in topics.list */
    struct subscriber *subscribers; /* owned */
    uint32_t count, cap;
};

struct topics {
    struct topic **list; /* owned */
    uint32_t count, cap;
    struct map by_name; /* hash of the name -> place in list */
};

void topics_init(struct topics *t);
void topics_free(struct topics *t); /* the lists of the sessions must be empty */

/* "trades", "orders:SYMBOL", "candles:SYMBOL:INTERVAL"; the symbol "BASE/QUOTE". */
bool topic_name_ok(struct span name);

/* NULL: nobody listens. */
struct topic *topics_find(const struct topics *t, struct span name);
/* ERR_VALUE: no topic's name; ERR_EXISTS: had it already; ERR_FULL: a bound is reached; ERR_MEMORY. */
MUST_CHECK enum err topics_subscribe(struct topics *t, struct subscriptions *s, struct span name);
/* False: it was not subscribed. *left: how many still are. A topic that nobody wants is freed. */
bool topics_unsubscribe(struct topics *t, struct subscriptions *s, struct span name, size_t *left);
/* Ends subscription number slot of the session; slot < s->count. Returns how many subscribers are left, and the name in
 * out (it may be freed with the topic). */
size_t topics_leave(struct topics *t, struct subscriptions *s, uint32_t slot, char out[static LIMIT_TOPIC_BYTES + 1]);

#endif
