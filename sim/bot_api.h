/* bot_api.h: the bot's HTTP API as it really is: key, rate limit, Python's numbers, its quirks (reference: the bot's own
 * server). Everything about markets and fills comes from the exchange's world, as the real bot asks the exchange. */
#ifndef SIM_BOT_API_H
#define SIM_BOT_API_H

#include "sim/faults.h"
#include "sim/front.h"
#include "sim/world.h"

enum { BOT_LIMIT_ADDRESSES = 16, BOT_LIMIT_MOST = 10000, BOT_WINDOW_SECONDS = 60 };

struct bot_limiter { /* of one address: the instants of its last requests, a ring */
    struct name address;
    int64_t *times; /* owned, `limit` of them */
    size_t next, count;
};

struct bot_server {
    struct world *world;
    const struct faults *faults;
    char *key;    /* owned; NULL: no check */
    size_t limit; /* requests in a window; 0: none */
    int64_t started_us;
    int64_t clock_us; /* the bot's own clock; set before each answer */
    struct bot_limiter limiters[BOT_LIMIT_ADDRESSES];
    size_t next_limiter;
};

void bot_server_init(struct bot_server *b, struct world *w, const struct faults *f, const char *key, size_t limit,
                     int64_t now_us);
void bot_server_free(struct bot_server *b);
void bot_answer(struct bot_server *b, const struct front_question *q, struct front_reply *r);

#endif
