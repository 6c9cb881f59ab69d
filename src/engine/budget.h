/* budget.h: what we may still ask of an upstream: Binance's request weight per clock minute (BINANCE 5), and the bot's limit of
 * requests in a sliding minute (BOT_API 1). Pure. */
#ifndef ENGINE_BUDGET_H
#define ENGINE_BUDGET_H

#include "base/time.h"

/* ---- Binance: weight in windows aligned to the clock ---- */

struct weight_budget {
    int64_t limit;               /* per minute, from exchange information; 6000 until known */
    int64_t used;                /* in the current minute: what Binance last said plus what we sent since */
    int64_t minute;              /* which minute `used` belongs to, since the epoch, exchange clock */
    struct mono banned_until;    /* 429 or 418: silence until then, whatever becomes of any clock; 0 none */
    struct wall banned_until_at; /* the same, to be shown */
    int strikes;                 /* 429 without Retry-After in a row: the silence doubles */
    uint64_t spent;              /* weight of everything sent since the start */
    uint64_t requests;
};

enum weight_need { NEED_PNL, NEED_REST }; /* needed for a correct P&L, or not: the latter waits at 80 % */

void weight_init(struct weight_budget *b);
/* Has a request of this weight room? NEED_REST up to 80 % of the limit, NEED_PNL up to 95 %. Nothing goes out while banned. */
bool weight_allows(struct weight_budget *b, struct wall now, int64_t weight, enum weight_need need);
void weight_spend(struct weight_budget *b, struct wall now, int64_t weight);
/* What an answer said: used (-1: nothing), limit (-1: nothing). */
void weight_learn(struct weight_budget *b, struct wall now, int64_t used, int64_t limit);
/* 429 or 418; for_us 0: not said, then a minute, doubling to an hour. Three days at most, as Binance bans (BINANCE 5). */
void weight_ban(struct weight_budget *b, struct now now, int64_t for_us);
static inline bool weight_banned(const struct weight_budget *b, struct mono now) { return now.us < b->banned_until.us; }
/* At or above 80 %. */
bool weight_throttled(struct weight_budget *b, struct wall now);

/* ---- the bot: requests in a sliding window ---- */

enum { RATE_LIMIT_MAX = 90, RATE_HEALTH_SHARE = 30 }; /* of the bot's 100 a minute (PRODUCT 2): ten stay for others */

struct rate_budget {
    struct rate_sent {
        struct mono at;
        bool health;
    } sent[RATE_LIMIT_MAX];       /* a ring of the last requests */
    unsigned head, count, health; /* how many, and how many of them for health */
    bool heard;    /* the bot answered, or did not, since the start: from then on we know what it allows */
    int remaining; /* X-RateLimit-Remaining of the last answer; -1 not said */
    struct mono remaining_at;
    struct mono silent_until; /* 429 */
    struct wall silent_until_at;
};

void rate_init(struct rate_budget *b);
/* Before the first answer one request may be out: a program that is restarted over and over does not know what it asked
 * before, only the bot does (X-RateLimit-Remaining). A bot that keeps silent is waited for 2 s. */
void rate_heard(struct rate_budget *b);
/* Health requests and the others have shares of their own, 30 and 60 a minute, so that neither starves the other. */
bool rate_allows(struct rate_budget *b, struct mono now, bool health);
void rate_spend(struct rate_budget *b, struct mono now, bool health);
void rate_learn(struct rate_budget *b, struct mono now, int remaining);
void rate_silence(struct rate_budget *b, struct now now, int64_t for_us);
/* Requests in the last minute. */
unsigned rate_used(struct rate_budget *b, struct mono now);

#endif
