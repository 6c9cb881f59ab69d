/* inside.h: the world's own state, for the files of this folder. */
#ifndef TESTS_WORLD_INSIDE_H
#define TESTS_WORLD_INSIDE_H

#include "world.h"

#include "base/buf.h"
#include "base/rng.h"
#include "view/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    MARKETS = 7,  /* of the exchange: six that are traded, and EUR/USDT as a leg of conversions */
    TRADABLE = 6, /* the first of them */
    BTC_USDT = 0,
    BNB_USDT = 4,
    EUR_USDT = 6,
    TRADES_MAX = 20000, /* of one market */
    QUEUE_MAX = 20000,
    LINKS_MAX = 8192,
    POINTS_MAX = 4096,
    PAGE = 1000,
    ORDERS_OPEN_MAX = 40,
    STEPS_KEPT = 60,
    BOT_LIMIT = 90,
    LINKS_OF_A_FEED = 2,
    STREAMS = 3,           /* of a market: its ticker, its candles of a minute and of five */
    INTERVALS = 2,         /* of candles: those two */
    MINUTES_BEFORE = 2048, /* how far before the epoch candles may be kept */
    MINUTES_MAX = 12288,
    YOUNG_MAX = 1024,
    WISHES_KEPT = 256,
    FEE_PAGE = 1000,
    CONNECTS_WATCHED =
        40 /* in two minutes: a backoff that doubles allows far fewer, crashes and shutdowns a few more */
};

struct market_row {
    const char *symbol, *exchange, *lower, *base, *quote;
    int64_t price; /* in 1e-8 */
};
extern const struct market_row markets[MARKETS];

struct trade {
    int64_t id, order;
    bool buy, maker;
    int64_t price, quantity; /* 1e-8 */
    int64_t fee;             /* 1e-8 of the fee asset */
    const char *fee_asset;
    int64_t time_ms;     /* by the exchange's clock */
    int64_t made_at;     /* by virtual time */
    char *row, *bot_row; /* as the exchange and the bot list it; NULL until asked for */
};

enum delivery_kind {
    DELIVER_HTTP,
    DELIVER_OPEN,
    DELIVER_TEXT,
    DELIVER_PING,
    DELIVER_CLOSED,
    DELIVER_COMMIT,
    DELIVER_CRASH,
    DELIVER_CANDLES
};

struct delivery {
    int64_t at;
    uint64_t order; /* ties in the order of scheduling */
    enum delivery_kind kind;
    int life; /* of the engine: what was meant for an earlier one never arrives */
    uint64_t id;
    int status;
    enum err err;
    char *body;
    int64_t retry_after_us, weight_used;
    int remaining;
    uint32_t ticker;                    /* market + 1: shown the engine a price of it */
    uint32_t number;                    /* of the request that is answered; 0 none */
    bool bot, failed;                   /* who was asked; its breaker counts it as a failure */
    bool info;                          /* exchange information */
    int32_t market;                     /* of candles for a fee, plus 1 */
    uint32_t candles;                   /* how many the body holds */
    int64_t weight_minute, weight_sent; /* the minute that weight_used is of, 0: not told; ours when it was sent */
};

struct model_link {
    uint64_t id;
    bool market, open, dead, stalled;
    bool subscribed; /* user: to its events */
    int64_t subscribed_at;
    uint64_t listen_key;       /* opened with it; 0: WebSocket API */
    unsigned streams[STREAMS]; /* market: subscribed to, a bit for each market */
    int64_t opened;
    int64_t order_at; /* when the last order event arrives: one connection keeps their order */
    int64_t sent[5];  /* times of the last messages of ours: a ring */
    unsigned sent_next;
};

struct model_order {
    int market;
    int64_t id;
    bool buy;
    int64_t price, quantity;
};

struct model_breaker {   /* of an upstream, told by the answers alone */
    unsigned failures;   /* in a row, one a poll */
    uint64_t counted_to; /* requests up to this one belong to the poll that failed last */
    int64_t failed_at;
    bool trial_out;
};

struct refusal {   /* of a question, for asking too much */
    int64_t until; /* 0: it is answered */
    int status;
    bool told; /* until when */
};

struct wish { /* of a page, for candles */
    uint64_t id;
    int market, interval, limit;
    int64_t before_ms, asked_ms; /* by the exchange's clock; 0: the newest */
};

struct young_candle { /* kept so lately that a crash loses it */
    int interval, market;
    int64_t index;
};

struct minute_asked {  /* of the store, for a fee: last */
    int64_t first;     /* minute */
    bool has, on_time; /* it is kept; the store said so in time */
    int64_t asked_at;  /* 0: answered */
};

struct point {
    int64_t time;
    char *bytes;
    size_t len;
};

struct page; /* page.c */

struct world {
    struct world_config config;
    struct rng rng;    /* of the network's ordinary delays */
    struct rng market; /* of this second's prices, trades and orders: the same whatever happens to the network */
    uint64_t draw;     /* of the last fault that struck */
    uint32_t chances[FAULTS];
    uint64_t left_out; /* kinds of faults: a bit for each */
    int64_t now;       /* us, wall = mono + epoch */
    struct engine *engine;
    struct view *view; /* as a page follows it, delta by delta */
    struct mono view_beat;
    struct buf told[3]; /* delta, what the page knows, what is */
    struct page *page;
    uint64_t seq;
    struct engine_config engine_config;
    int life;
    /* the exchange */
    struct trade *trades[TRADABLE];
    size_t trade_count[TRADABLE], made[TRADABLE]; /* since the last wipe; ever */
    int64_t next_id[TRADABLE], next_order;
    int64_t prices[MARKETS];
    int64_t holdings[TRADABLE];
    struct model_order orders[ORDERS_OPEN_MAX]; /* open */
    size_t order_count;
    int64_t next_open_order;
    uint64_t listen_key;
    int64_t weight_minute, weight_used, weight_limit;
    int64_t life_weight;             /* of this life of the engine, in this minute */
    int64_t known_weight;            /* of the minute: as it was told, and ours since */
    int64_t over_since, over_until;  /* too much was used: refused until then */
    bool over_418;                   /* and asked all the same */
    bool limit_told, minute_differs; /* since the limit is known only, and while both mean the same minute */
    int wipes, epoch;                /* of the exchange; of the store */
    bool wipe_unnoticed;
    /* the network */
    struct delivery *queue;
    size_t queue_count;
    uint64_t queue_order;
    struct model_link *links;
    size_t link_count, first_link; /* those before are dead */
    /* the store */
    struct fill *stored;
    size_t stored_count, stored_capacity;
    const struct fill *batch; /* the engine's, until it is told of the commit */
    size_t batch_count;
    int batch_epoch;
    int64_t history[TRADABLE];
    char *symbols; /* as remembered */
    struct point points[POINTS_MAX];
    size_t point_count;
    bool store_gone, store_failed;                           /* it is; and the engine was told */
    unsigned char kept[INTERVALS][MARKETS][MINUTES_MAX / 8]; /* candles, a bit each */
    int64_t kept_end[INTERVALS][MARKETS];                    /* none are kept from this one on */
    struct young_candle young[YOUNG_MAX];
    size_t young_count;
    int64_t young_at;
    struct minute_asked minutes_asked[MARKETS]; /* in this life */
    struct symbol_info kept_markets[MARKETS];
    size_t kept_market_count;
    int64_t kept_limit, kept_markets_at; /* by our wall clock */
    int64_t info_known_at;               /* in this life, 0 not */
    /* fate */
    bool calm, quiet; /* no more faults; no more trades */
    int64_t rest_down_until, bot_down_until, streams_down_until, streams_flap_until, ban_until, key_refused_until,
        disk_full_until;
    int64_t bot_young_until, inactive_until[TRADABLE];
    bool ban_untold, ban_418;
    int64_t clock_offset, wall_shift, wall_shifted_at;
    /* what the invariants look at */
    char (*steps)[160]; /* a ring of the last steps, for a failing seed */
    size_t step_count;
    uint64_t events;
    uint64_t whole_at;                /* event of the last look at everything */
    int64_t silent_until;             /* as the engine was told with a 429 */
    int64_t silence_most;             /* and the longest that it may keep silent for all it was told */
    int strikes;                      /* 429 that does not say for how long, in a row: the silence doubles */
    uint64_t expired_key;             /* the listen key that the engine was told is none any more */
    int64_t key_tried;                /* the last try of a key known to be refused; 0 none */
    struct model_breaker breakers[2]; /* by whether it is the bot's */
    int64_t live_at;                  /* the user feed by this link; 0 not */
    uint64_t live_link;
    unsigned live_pairs;           /* a bit for each market whose trades were waited for */
    int64_t orders_owed[TRADABLE]; /* since when: the last question for the list of open orders failed; 0 not */
    int64_t lagged_at[TRADABLE];   /* an answer left out the newest trades */
    int64_t bot_times[BOT_LIMIT];
    size_t bot_next;
    int64_t connect_times[2][CONNECTS_WATCHED];
    size_t connect_next[2];
    int64_t priced_at[MARKETS]; /* when the engine was last shown a price; -1 never */
    uint64_t committed;         /* fills, in this life */
    bool always_durable;        /* in this life */
    bool fills_told;            /* in this life: fills were loaded, or an answer or report of them was given */
    uint64_t wishes, wish_answers, wishes_lost;
    struct wish wish_ring[WISHES_KEPT];
    uint64_t rest_requests, bot_requests, cuts_in_calm;
    struct world_result *result;
};

#define EPOCH INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static inline struct now world_now(const struct world *w) {
    return (struct now){{w->now}, {EPOCH + w->now + w->wall_shift}};
}
static inline int64_t exchange_ms(const struct world *w) { return (EPOCH + w->now + w->clock_offset) / 1000; }
static inline uint64_t below(struct world *w, uint64_t n) { return rng_below(&w->rng, n); }
/* Of the last fault: 0 .. n-1. */
static inline int64_t drawn(const struct world *w, int64_t n) { return (int64_t)(w->draw % (uint64_t)n); }

void trace(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void turn(struct world *w); /* the engine's turn, its effects, the invariants of the step */

/* exchange.c */
void exchange_init(struct world *w);
void exchange_free(struct world *w);
void exchange_trade(struct world *w, bool announce);
void exchange_order(struct world *w);
void exchange_balance_moves(struct world *w);
void exchange_tick(struct world *w);
void exchange_minute(struct world *w, bool closed);
void exchange_wipe(struct world *w);
int64_t exchange_close(int market, int64_t minute); /* of a one-minute candle: the same whoever tells it */
int64_t exchange_candle(int market, int interval, int64_t minute); /* the close of the one that opens then */
int exchange_interval(const char *text);                           /* a question names; -1 none */
bool exchange_result(struct world *w, struct buf *b, const char *text);
int exchange_weight(const char *text);
void exchange_spend(struct world *w, int weight, const char *what);
void exchange_others(struct world *w);               /* of our address ask as well */
bool exchange_another_minute(const struct world *w); /* for the engine than for the exchange */
struct refusal exchange_refuses(const struct world *w);
bool exchange_timestamp_off(const struct world *w, const char *text);
bool exchange_subscribes(const struct model_link *l, int market, int stream);
int market_named(const struct name *symbol); /* "BTC/USDT"; -1 none */
int market_in(const char *text);             /* the market a question names, -1 none */
int64_t number_after(const char *text, const char *key, int64_t absent);
void put_dec(struct buf *b, int64_t v);
void put_product(struct buf *b, int64_t p, int64_t q);

/* bot.c */
void bot_answer(struct world *w, struct buf *b, const char *target);

/* network.c */
void schedule(struct world *w, int64_t delay, struct delivery d);
struct delivery take(struct world *w);
int64_t network_delay(struct world *w);
struct model_link *find_link(struct world *w, uint64_t id);
char *copy_text(const struct buf *b);
void deliver_text(struct world *w, struct model_link *l, const char *text, int64_t after);
void deliver_event(struct world *w, struct model_link *l, const char *event, int64_t after); /* of the account */
void drop_link(struct world *w, struct model_link *l);
void keep(struct world *w, const struct fill *fills, size_t count, int epoch);
void perform(struct world *w);
bool disk_full(const struct world *w);

/* kept.c: candles and exchange information in the store */
extern const int interval_minutes[INTERVALS];
extern const char *const interval_names[INTERVALS];
void kept_take_candles(struct world *w, const struct effect *f);
void kept_ask_candles(struct world *w, const struct effect *f);
void kept_answered(struct world *w, const struct delivery *d);
void kept_take_markets(struct world *w, const struct effect *f);
void kept_lose_young(struct world *w);
void kept_forget(struct world *w);
void kept_load(struct world *w);
void see_candles(struct world *w, const struct effect *f); /* an answer to a page */
void see_kept_asked(struct world *w, const char *text);    /* a question to the exchange */

/* page.c: NULL without memory */
struct page *page_open(const struct buf *snapshot);
void page_free(struct page *p);
void page_apply(struct world *w, const struct buf *delta); /* checks what it says of itself */
void page_compare(struct world *w, const struct buf *snapshot);

#endif
