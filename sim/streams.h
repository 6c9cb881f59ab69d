/* streams.h: market data streams: who subscribed to what, control messages, and when each stream has something to say. A
 * topic is one stream name with its subscribers; it is encoded once for each form that is needed (raw or combined,
 * milliseconds or microseconds). Pure: what is to be sent goes to a function. */
#ifndef SIM_STREAMS_H
#define SIM_STREAMS_H

#include "sim/events.h"
#include "sim/world.h"

enum { STREAMS_PER_CLIENT = 1024, STREAM_NAME_MAX = 64, CONTROL_FRAME_MAX = 4096 };

enum stream_kind {
    STREAM_TICKER,
    STREAM_MINI,
    STREAM_MINI_ALL,
    STREAM_WINDOW,
    STREAM_BOOK_TICKER,
    STREAM_TRADE,
    STREAM_AGG,
    STREAM_KLINE,
    STREAM_AVERAGE,
    STREAM_DEPTH,
    STREAM_DIFF,
    STREAM_SILENT
};

struct topic;

struct stream_client {
    bool combined, micros;
    struct topic **topics; /* owned */
    size_t topic_count;
    void *owner; /* the caller's */
};

typedef void stream_send_fn(void *arg, struct stream_client *c, struct span text);

struct streams {
    struct world *world;
    stream_send_fn *send;
    void *arg;
    int64_t ticker_us;     /* pace of the streams that the exchange updates every 1000 ms */
    int64_t clock_us;      /* event time, skew included: set before polling */
    struct topic **topics; /* owned */
    size_t topic_count, topic_capacity;
    struct buf scratch[4]; /* by form: combined x micros */
};

void streams_init(struct streams *st, struct world *w, int64_t ticker_us, stream_send_fn *send, void *arg);
void streams_free(struct streams *st); /* after all clients have left */

void stream_client_init(struct stream_client *c, bool combined, bool micros, void *owner);
/* Ends all its subscriptions and frees. */
void stream_client_leave(struct streams *st, struct stream_client *c);
/* Names separated by '/', as in the URL; false where one is malformed or there are too many. */
bool stream_client_open(struct streams *st, struct stream_client *c, struct span names);
/* One control message; the reply into out (empty: none is sent). */
void streams_control(struct streams *st, struct stream_client *c, struct span text, struct buf *out);

/* Streams in real time; called by the venue's hooks. */
void streams_on_trade(struct streams *st, const struct venue_symbol *s, const struct venue_trade *t);
void streams_on_agg(struct streams *st, const struct venue_symbol *s, const struct venue_agg *a);
void streams_on_touch(struct streams *st, const struct venue_symbol *s);
/* Streams on a pace: those that are due and have changed. now_us: the real clock, without skew. */
void streams_poll(struct streams *st, int64_t now_us);

#endif
