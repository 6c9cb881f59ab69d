/* rig.h: a real engine between hand-made upstreams: what the tests of engine/ share. Requests are answered after 10 ms with a
 * sound default, or as a rule says; connections open, replies come, and time passes from deadline to deadline. Everything the
 * engine asked for is kept in `seen`, so that a test counts what went out, and when. */
#ifndef TEST_ENGINE_RIG_H
#define TEST_ENGINE_RIG_H

#include "engine/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum {
    RIG_SEEN_MAX = 60000,
    RIG_RULES_MAX = 32,
    RIG_QUEUE_MAX = 8192,
    RIG_LINKS_MAX = 600,
    RIG_CANDLES_MAX = 1000,
    RIG_KEPT_MAX = 8000
};

struct rig_seen {
    struct mono at;
    enum effect_kind kind;
    uint64_t id;
    char text[400]; /* URL or frame, cut */
};

struct rig_rule {      /* the newest that matches counts */
    const char *match; /* part of the URL or frame; "" everything */
    int status;        /* 0: a connection error; -1: never answered */
    const char *body;  /* REST body, or result/error of a frame */
    int64_t retry_after_us;
};

struct rig_event {
    struct mono at;
    struct event event;
    char *body;
};

struct rig_link {
    uint64_t id;
    bool market, open, gone;
};

struct rig_kept {
    struct name symbol, interval;
    struct candle candle;
};

struct rig {
    struct engine_config config;
    struct engine *e;
    struct now now;
    struct rig_seen *seen;
    size_t seen_count;
    struct rig_rule rules[RIG_RULES_MAX];
    size_t rule_count;
    struct rig_event *queue;
    size_t queue_count;
    struct rig_link links[RIG_LINKS_MAX];
    size_t link_count;
    int64_t clock_offset_us; /* exchange - ours, for the default answer of /time */
    int64_t commit_after_us; /* -1: the store never answers */
    enum err commit_err;
    bool refuse_connections, silent_market; /* silent_market: acknowledged, but no data */
    uint64_t committed_fills, valued_fills, applied_fills, logs;
    char remembered[200]; /* newest "account=..." */
    int64_t history_mark; /* newest EFFECT_HISTORY; -1 none */
    enum err candles_err; /* newest EFFECT_CANDLES */
    size_t candles_count;
    struct candle candles[RIG_CANDLES_MAX];
    /* candles as an exchange and a store would have them; NULL: "[]", and no answer */
    char *(*klines)(struct rig *r, const char *text); /* the answer's body, freed by the rig */
    bool store_silent;
    struct rig_kept *kept;
    size_t kept_count;
    size_t markets_kept;
    bool gap_told;
    uint64_t candles_answers;
    uint64_t timers; /* how often the engine's timer fired */
};

/* A bot as source, no key, BTC/USDT from the bot's strategies, a store that commits after 5 ms. Change .config, then start. */
void rig_begin(struct rig *r);
void rig_key(struct rig *r);                                       /* credentials */
void rig_symbols(struct rig *r, const char *one, const char *two); /* GRIDSCOPE_SYMBOLS; two may be NULL */
void rig_start(struct rig *r);
void rig_restart(struct rig *r); /* a new engine, with nothing loaded yet: load, then rig_go */
void rig_go(struct rig *r);
void rig_end(struct rig *r);

void rig_rule(struct rig *r, const char *match, int status, const char *body);
void rig_rule_retry(struct rig *r, const char *match, int status, const char *body, int64_t retry_after_us);
void rig_no_rules(struct rig *r);

void rig_pass(struct rig *r, int64_t us); /* time goes on: timers and answers */
void rig_handle(struct rig *r, const struct event *event);
void rig_live(struct rig *r); /* until both wanted feeds are live; fails the test after 60 s */
/* Started, live, and so much time with a ticker a second. */
void rig_start_live(struct rig *r, int64_t us);
/* The same from the beginning, with a key or without: where most cases start. */
void rig_begin_live(struct rig *r, bool key, int64_t us);
void rig_ticks(struct rig *r, int64_t us); /* time passes with a ticker a second on the market feed */
void rig_tick(struct rig *r, const char *exchange_symbol, const char *price);
void rig_user(struct rig *r, const char *frame); /* a frame on the user feed's link */
void rig_user_ping(struct rig *r);
void rig_fill(struct rig *r, int64_t trade_id, const char *side, const char *price, const char *quantity,
              const char *fee, const char *fee_asset); /* an execution report of BTCUSDT, now */
void rig_close(struct rig *r, uint64_t link);

/* Requests and frames that mention `text` since `from`. */
size_t rig_count(const struct rig *r, const char *text, struct mono from);
const struct rig_seen *rig_last(const struct rig *r, const char *text);
size_t rig_connects(const struct rig *r, const char *text, struct mono from);
struct pair *rig_pair(struct rig *r, const char *symbol);

#endif
