/* faults.h: what was asked to go wrong, and how long. Pure: the fronts ask before they answer or send. Every fault is
 * limited by a count, a time or both; `clear` ends all of them. */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "base/name.h"
#include "base/span.h"

#include <stdint.h>

enum fault_place { PLACE_REST, PLACE_BOT, PLACE_MARKET, PLACE_USER, PLACE_WS_API, PLACE_COUNT };

enum fault_body { BODY_OWN, BODY_GARBAGE, BODY_HTML, BODY_HALF, BODY_EMPTY, BODY_DROP };

struct reply_fault { /* of HTTP replies on one place, by path prefix */
    enum fault_place place;
    char prefix[64];
    int status; /* 0: the real answer's */
    enum fault_body body;
    int64_t delay_us;
    int64_t retry_after; /* seconds, with 429 and 418; 0: no header */
    int64_t until_us;    /* 0: no end but the count */
    uint32_t left;       /* replies still to spoil; UINT32_MAX: without a count */
};

struct frame_fault { /* of frames sent on one kind of stream */
    bool stalled;
    int64_t stalled_until_us; /* 0: until cleared */
    uint32_t duplicate;       /* the next so many frames are sent twice */
    uint32_t garbage;         /* the next so many are replaced by nonsense text */
    uint32_t half;            /* the next frame is cut in the middle and nothing follows */
    uint32_t swallow;         /* the next so many are not sent */
    int64_t delay_us;
};

enum { REPLY_FAULTS_MAX = 32 };

struct faults {
    struct reply_fault replies[REPLY_FAULTS_MAX];
    size_t reply_count;
    struct frame_fault frames[PLACE_COUNT]; /* used: MARKET, USER, WS_API */
    int64_t skew_us;                        /* the server's clock against the real one */
    int64_t lag_us;                         /* database lag of REST lists */
    bool no_pings;
    bool bot_stopped, bot_empty;
};

void sim_faults_clear(struct faults *f);
bool sim_faults_add(struct faults *f, const struct reply_fault *r); /* false: no room */
/* The fault to apply to this reply, used up by one; NULL for none. Valid until the next call. */
const struct reply_fault *sim_faults_reply(struct faults *f, enum fault_place place, struct span path, int64_t now_us);

enum frame_fate { FRAME_SEND, FRAME_TWICE, FRAME_GARBAGE, FRAME_HALF, FRAME_SWALLOW };
enum frame_fate sim_faults_frame(struct faults *f, enum fault_place place, int64_t now_us);
/* By the names of sim/README.md; false if unknown. */
bool sim_fault_place(struct span name, enum fault_place *out);
bool sim_fault_body(struct span name, enum fault_body *out);

#endif
