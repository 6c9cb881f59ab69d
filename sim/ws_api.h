/* ws_api.h: the exchange's WebSocket API: one text frame in, one reply out, and a session's state: logon, subscriptions to
 * the user data stream. Pure; the caller sends. */
#ifndef SIM_WS_API_H
#define SIM_WS_API_H

#include "sim/api.h"

struct ws_session {
    bool show_limits; /* rateLimits in replies */
    bool micros;
    bool logged_on;
    int64_t authorized_us, connected_us;
    bool subscribed;      /* to the user data stream: there is one account */
    bool by_logon;        /* the subscription hangs on the logon */
    int64_t subscription; /* its id */
    int64_t next_subscription;
    char api_key[128]; /* of the logon */
};

/* What the caller has to do after the reply was sent. */
struct ws_after {
    char method[48]; /* what was asked for; "" unreadable */
    bool terminated; /* a subscription ended: eventStreamTerminated, with this id */
    int64_t terminated_id;
    bool hang_up; /* banned: the connection is cut */
};

void ws_session_init(struct ws_session *s, bool show_limits, bool micros, int64_t now_us);
/* The reply into out (empty: none). */
void ws_api_answer(struct api *a, struct ws_session *s, struct span peer, struct span text, struct buf *out,
                   struct ws_after *after);

#endif
