/* private.h: what the files of app/ share about a running dashboard. */
#ifndef APP_PRIVATE_H
#define APP_PRIVATE_H

#include "app/app.h"
#include "base/check.h"
#include "engine/state.h"
#include "io/http_client.h"
#include "io/ws_client.h"
#include "server/assets.h"
#include "server/server.h"
#include "store/store.h"
#include "view/view.h"

#include <sys/stat.h>

enum { LATE_MAX = 64 }; /* effects that could not even be started in one turn: reported in the next */

struct late { /* an upstream call that failed before it left: told to the engine as an event of the next turn */
    struct event event;
};

struct download {                         /* a question about the history, answered in steps */
    uint64_t query_id;                    /* 0: free */
    bool csv, waiting;                    /* waiting: the browser has not taken the last piece yet */
    struct view_trades *trades;           /* owned; one of the three */
    struct view_performance *performance; /* owned */
    struct view_equity *equity;           /* owned */
    uint64_t points_id;                   /* what the store was asked with for it; 0 nothing */
    struct buf text;
};

struct app {
    struct loop *loop;
    const struct app_config *options;
    const struct log *log;
    struct engine_config config; /* options->engine, completed */
    struct engine *engine;
    struct view *view;
    struct server *server;
    struct http_client *http;
    struct ws_client *ws;
    struct store *store;                /* NULL: in memory only, and it says so */
    char account[ACCOUNT_TEXT_MAX];     /* under which fills are kept */
    char bot_account[ACCOUNT_TEXT_MAX]; /* the bot's, while there is no key */
    char key_account[ACCOUNT_TEXT_MAX]; /* the key's, until its uid is known; "" without a key */
    char bot_joined[ACCOUNT_TEXT_MAX];  /* the account that the bot's fills are known to be of; "" none */
    int loads;                          /* answers of the store still missing before the engine starts */
    struct {                            /* the stored equity series, read page by page once the fills are there */
        bool begun, fine;
        struct wall from;
    } points;
    struct wall points_thinned; /* when last; 0 never */
    struct timer *engine_timer, *view_timer, *work_timer;
    struct late late[LATE_MAX];
    size_t late_count;
    struct download downloads[LIMIT_DOWNLOADS];
    uint64_t points_asked; /* questions to the store for them so far */
    struct buf text;       /* reused for every delta */
    struct mono zone_read;
    bool started, stopping, page_open;
    struct stat port_file; /* as written; .st_ino 0: not written */
    void (*on_stopped)(void *arg);
    void *stopped_arg;
};

/* app.c */
void app_start_engine(struct app *a); /* once the store has said what it knows */
void app_store_closed(struct app *a);

/* keep.c */
void keep_open(struct app *a);
void keep_fills(struct app *a, const struct effect *f);
void keep_fact(struct app *a, const struct effect *f);
void keep_history(struct app *a, const struct effect *f);
void keep_point(struct app *a, const struct effect *f);
void keep_candles(struct app *a, const struct effect *f);
void keep_markets(struct app *a, const struct effect *f);
void keep_ask_candles(struct app *a, const struct effect *f);
/* Points of the series for an answer: downloads_points is told. False: the store cannot be asked. */
bool keep_ask_points(struct app *a, uint64_t id, struct wall from, struct wall to, int64_t step_us);

/* perform.c */
void perform_effects(struct app *a);
void tell_engine(struct app *a, const struct event *event);
void tell_late(struct app *a, const struct event *event); /* in the next turn: never from inside an effect */

/* queries.c */
void app_query(void *arg, uint64_t query_id, const struct server_query *q);
void app_more(void *arg, uint64_t query_id, bool gone);
void app_topic(void *arg, const struct server_topic_event *t);
void publish_fills(struct app *a, const struct fill *fills, size_t count);
void publish_orders(struct app *a, const struct name *symbol);
void publish_candle(struct app *a, const struct effect *f);
void answer_candles(struct app *a, const struct effect *f);
bool downloads_work(struct app *a); /* a slice of every export; true while more is left */
void downloads_free(struct app *a);
void downloads_points(struct app *a, uint64_t id, const struct store_point *points,
                      size_t count); /* 0: no more, or failed */

#endif
