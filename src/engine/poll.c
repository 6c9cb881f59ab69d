/* poll.c: what to ask next. At the start: everything once. With streams live: the bot's health every tier 1, its strategies once
 * a minute, and routine questions over the WebSocket API. With a stream down: REST takes over what that stream gave, within the
 * weight budget and the bot's limit, stretching tier 2 as needed (PRODUCT 2, points 1 to 3). */
#include "engine/private.h"

#include <stdlib.h>

#define BOT_KEY_RETRY_US (10 * US_PER_S) /* PRODUCT 6: a refused key, at most once in 10 s */
#define STRATEGIES_US US_PER_MIN
#define RECONCILE_US US_PER_HOUR
#define SECOND_LOOK_US                                                                                                 \
    (10 *                                                                                                              \
     US_PER_S) /* the database behind myTrades lags (BINANCE 4.3): a read in a gap's last moment may miss its newest */
enum { LOOKED_AT = 64 };      /* newest fills of a pair: the bot tells of a trade within seconds */
#define SETTLED_US US_PER_MIN /* a trade that old is in the exchange's answers */
#define INFO_US US_PER_DAY
#define TIME_US US_PER_HOUR
#define SUBSCRIPTIONS_US (10 * US_PER_MIN)
#define ACCOUNT_GAP_US (5 * US_PER_S) /* balance events come in bursts: one question for all of them */
#define LISTEN_KEY_US (25 * US_PER_MIN)
#define HEALTH_LEAST_US (US_PER_MIN / RATE_HEALTH_SHARE)
#define NEVER ((struct mono){INT64_MAX})
enum {
    HISTORY_IN_FLIGHT = 4,
    BOT_IN_FLIGHT = 6,
    BOT_OTHERS_A_MINUTE = 58,
    POLL_WEIGHT_A_MINUTE = 3000,
    WEIGHT_OF_A_PAIR = 26
};

static bool due(const struct engine *e, struct mono at) { return mono_reached(e->now.mono, at); }

static bool by_bot(const struct engine *e) { return e->config->source == SOURCE_IS_BOT; }

static bool user_live(const struct engine *e) { return engine_has_key(e) && feed_is_live(&e->user); }

static size_t active_pairs(const struct engine *e) {
    size_t n = 0;
    for (size_t i = 0; i < e->pair_count; i++) n += e->pairs[i]->active;
    return n;
}

static bool api_open(const struct engine *e) {
    return e->config->user_stream == USER_STREAM_WS_API && e->user.cur.id != 0 && e->user.cur.phase >= LINK_OPEN;
}

/* The highest id that the exchange itself must know: what was read of it in this life or by a mark of the store, or a fill from
 * before that stands without a mark because the store failed then, or one that the bot of the same account told. Old enough
 * for the exchange's database. */
int64_t poll_newest_known(const struct engine *e, const struct pair *p) {
    int64_t id = ledger_last_id(p->ledger), read_to = p->history.complete_to;
    struct fill f;
    if (id <= read_to) return read_to;
    if (!ledger_find(p->ledger, id, SIDE_BUY, &f) && !ledger_find(p->ledger, id, SIDE_SELL, &f)) return read_to;
    bool stored = f.source != SOURCE_BOT && f.source != SOURCE_IMPORT && f.received_at.us < e->started_at.us;
    bool by_bot = f.source == SOURCE_BOT && e->priv->accounts_match;
    return (stored || by_bot) && f.time.us < engine_exchange_time(e).us - SETTLED_US ? id : read_to;
}

static bool may_be_wiped(const struct engine *e) { return strcmp(e->config->environment, "production") != 0; }

void poll_history_wanted(struct engine *e) {
    if (!engine_has_key(e)) return;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct history *h = &e->pairs[i]->history;
        h->wanted = true; /* one that left the bot is still held: its trades count */
        h->verify = may_be_wiped(e) && poll_newest_known(e, e->pairs[i]) >= 0;
        if (!e->pairs[i]->active) continue;
        h->sync_wanted = true;
        h->sync_from = e->now.mono;
        e->pairs[i]->orders_polled = (struct mono){0}; /* and its open orders */
        e->pairs[i]->orders_wanted = true;             /* a bot that has just started lists none */
    }
    e->priv->poll.soon = true;
}

/* ---- history: trades from Binance, page by page ---- */

/* A symbol that the exchange does not know has no trades: nobody waits for them. */
static bool unknown_pair(const struct engine *e, const struct pair *p) {
    return e->exchange.info_known && !e->markets[p->market]->info_known;
}

static size_t in_flight(const struct engine *e, enum ask first, enum ask last) {
    size_t n = 0;
    for (size_t i = 0; i < REQUESTS_MAX; i++)
        n += e->priv->requests[i].ask >= first && e->priv->requests[i].ask <= last;
    return n;
}

static void ask_history(struct engine *e) {
    size_t busy = in_flight(e, ASK_TRADES, ASK_NEWEST_TRADES);
    if (!engine_has_key(e)) return;
    for (size_t k = 0; k < e->pair_count && busy < HISTORY_IN_FLIGHT; k++) {
        size_t i = (e->priv->round_robin + k) % e->pair_count;
        struct pair *p = e->pairs[i];
        struct history *h = &p->history;
        if (!h->wanted || h->in_flight || unknown_pair(e, p) || !due(e, h->not_before)) continue;
        bool newest = (h->sync_wanted && h->complete_to < 0) || h->verify;
        struct request r = {.ask = newest ? ASK_NEWEST_TRADES : ASK_TRADES, .pair = i, .from_id = h->complete_to + 1};
        if (!ask_binance(e, &r, h->sync_wanted ? NEED_PNL : NEED_REST)) {
            h->not_before = mono_add(e->now.mono, US_PER_S);
            continue;
        }
        h->in_flight = true;
        busy++;
    }
    if (e->pair_count > 0) e->priv->round_robin = (e->priv->round_robin + 1) % e->pair_count;
}

/* A feed without pairs has nothing to wait for. */
void poll_synced(struct engine *e) {
    if (!e->priv->symbols_known || !engine_has_key(e)) return;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        if (p->active && p->history.sync_wanted && !unknown_pair(e, p)) return;
    }
    streams_user_synced(e);
}

static void ask_exchange_orders(struct engine *e) {
    if (!engine_has_key(e)) return;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        struct request r = {.ask = ASK_OPEN_ORDERS, .pair = i};
        bool wanted = p->active && (p->orders_wanted || p->orders_polled.us == 0);
        if (!wanted || unknown_pair(e, p) || !due(e, p->orders_not_before)) continue;
        if (request_under_way(e, ASK_OPEN_ORDERS, i)) continue;
        if (in_flight(e, ASK_OPEN_ORDERS, ASK_OPEN_ORDERS) >= HISTORY_IN_FLIGHT || !ask_binance(e, &r, NEED_PNL))
            return;
        p->orders_polled = e->now.mono;
        p->orders_wanted = false;
    }
}

/* ---- routine questions ---- */

static void ask_if_due(struct engine *e, enum ask ask, struct mono *at, int64_t every, enum weight_need need) {
    struct request r = {.ask = ask, .pair = SIZE_MAX};
    if (!due(e, *at)) return;
    bool sent = !request_under_way(e, ask, SIZE_MAX) && ask_binance(e, &r, need);
    *at = mono_add(e->now.mono, sent ? every : US_PER_S);
}

static bool unknown_symbol(const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (e->pairs[i]->active && unknown_pair(e, e->pairs[i])) return true;
    return false;
}

/* One of them an hour, in turn: a whole list would be refused for each name that does not exist. */
static void ask_unknown_symbol(struct engine *e) {
    struct poll_state *p = &e->priv->poll;
    size_t i = p->unknown_turn % e->pair_count;
    while (!e->pairs[i]->active || !unknown_pair(e, e->pairs[i])) i = (i + 1) % e->pair_count;
    struct request r = {.ask = ASK_SYMBOL_INFO, .pair = i};
    bool sent = ask_binance(e, &r, NEED_REST);
    if (sent) p->unknown_turn = i + 1;
    p->info_at = mono_add(e->now.mono, sent ? US_PER_HOUR : US_PER_S);
}

/* The bot has told of a trade that Binance's answers do not show yet: it stands with the fee that was taken for granted. */
static bool bot_is_ahead(const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        size_t count = ledger_count(p->ledger), first = count > LOOKED_AT ? count - LOOKED_AT : 0;
        for (size_t k = first; k < count; k++) {
            struct fill f;
            ledger_get(p->ledger, k, &f, NULL);
            if (f.source == SOURCE_BOT && f.trade_id > p->history.complete_to) return true;
        }
    }
    return false;
}

/* The trades since the last known one, by id: soon after a link began, a minute later for a database that lags longer, again at
 * growing distances while the bot knows more, then every hour. */
static void reconcile(struct engine *e) {
    struct poll_state *p = &e->priv->poll;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct history *h = &e->pairs[i]->history;
        h->wanted = true;
        h->verify |= may_be_wiped(e) && poll_newest_known(e, e->pairs[i]) > h->complete_to;
    }
    bool first = p->reconcile_wait_us == SECOND_LOOK_US;
    p->reconcile_wait_us = bot_is_ahead(e) ? 2 * p->reconcile_wait_us : first ? US_PER_MIN : RECONCILE_US;
    if (p->reconcile_wait_us > RECONCILE_US) p->reconcile_wait_us = RECONCILE_US;
    p->reconcile_at = mono_add(e->now.mono, p->reconcile_wait_us);
}

static void ask_routine(struct engine *e) {
    struct poll_state *p = &e->priv->poll;
    if (!e->exchange.clock_known || api_open(e))
        ask_if_due(e, ASK_TIME, &p->time_at, e->exchange.clock_known ? TIME_US : 2 * US_PER_S, NEED_PNL);
    if (!e->exchange.info_known) ask_if_due(e, ASK_EXCHANGE_INFO, &p->info_at, 5 * US_PER_S, NEED_PNL);
    else if (due(e, p->info_at) && e->priv->symbols_known && unknown_symbol(e)) ask_unknown_symbol(e);
    else if (api_open(e) && p->info_at.us != 0 && e->now.mono.us - p->info_at.us >= INFO_US)
        ask_if_due(e, ASK_SYMBOL_INFO, &p->info_at, US_PER_HOUR, NEED_REST);
    if (!engine_has_key(e)) return;
    /* a refused key is tried by the next subscription, or else by this question */
    bool subscribed = e->config->user_stream == USER_STREAM_LISTEN_KEY || e->user.cur.phase >= LINK_SUBSCRIBED;
    if (e->exchange.unauthorized ? subscribed : e->exchange.uid < 0 || p->account_wanted) {
        struct mono before = p->account_at;
        ask_if_due(e, ASK_ACCOUNT, &p->account_at, e->exchange.unauthorized ? US_PER_MIN : ACCOUNT_GAP_US, NEED_REST);
        if (before.us != p->account_at.us && request_under_way(e, ASK_ACCOUNT, SIZE_MAX)) p->account_wanted = false;
    }
    if (user_live(e) && e->config->user_stream == USER_STREAM_WS_API && due(e, p->subscriptions_at)) {
        struct request r = {.ask = ASK_SUBSCRIPTIONS, .ws_id = e->user.cur.id};
        if (p->subscriptions_at.us != 0) (void)ask_binance(e, &r, NEED_PNL);
        p->subscriptions_at = mono_add(e->now.mono, SUBSCRIPTIONS_US);
    }
    if (user_live(e) && e->user.cur.id != p->reconciled_link) {
        p->reconciled_link = e->user.cur.id;
        balances_moved(e); /* what happened before the subscription was told to nobody: asked at once */
        p->account_at = e->now.mono;
        p->reconcile_wait_us = SECOND_LOOK_US;
        p->reconcile_at = mono_add(e->now.mono, SECOND_LOOK_US);
    }
    if (user_live(e) && due(e, p->reconcile_at)) reconcile(e);
    if (e->config->user_stream == USER_STREAM_LISTEN_KEY && e->priv->listen_key[0] != '\0' && due(e, p->listen_key_at))
        ask_if_due(e, ASK_LISTEN_KEY_KEEP, &p->listen_key_at, LISTEN_KEY_US, NEED_PNL);
}

/* ---- the bot ---- */

static void ask_health(struct engine *e) {
    struct request r = {.ask = ASK_BOT_HEALTH};
    struct poll_state *p = &e->priv->poll;
    if (!due(e, p->health_at)) return;
    if (!request_under_way(e, ASK_BOT_HEALTH, SIZE_MAX)) (void)ask_bot(e, &r);
    bool often = e->config->tier1_us < HEALTH_LEAST_US; /* over its share of the bot's limit it would come in bursts */
    p->health_at = mono_add(e->now.mono, often ? HEALTH_LEAST_US : e->config->tier1_us);
}

static bool bot_polls_fills(const struct engine *e) {
    return by_bot(e) && !user_live(e) && e->user_fallback != FALLBACK_REST;
}

/* How long a round over the pairs takes: tier 2, stretched so that all questions fit the bot's minute. */
static int64_t round_us(const struct engine *e) {
    int64_t tier2 = e->config->tier2_us, n = (int64_t)active_pairs(e);
    int64_t candles = e->market_fallback == FALLBACK_BOT ? 2 : 0; /* halves of a question a round */
    int64_t stretched =
        n * (3 + candles) * US_PER_MIN / 2 / BOT_OTHERS_A_MINUTE; /* trades every round, orders at least every other */
    return stretched > tier2 ? stretched : tier2;
}

/* Trades go before orders (PRODUCT 2): these take what the round leaves of the bot's minute, but every other round at least. */
static int64_t orders_us(const struct engine *e, int64_t round) {
    int64_t n = (int64_t)active_pairs(e), candles = e->market_fallback == FALLBACK_BOT ? 2 : 0;
    int64_t left = BOT_OTHERS_A_MINUTE - (n * (2 + candles) * US_PER_MIN / 2 + round - 1) / round;
    int64_t every = left > 0 ? n * US_PER_MIN / left : 2 * round;
    if (every > 2 * round) return 2 * round;
    return every > round ? every : round;
}

struct choice {
    enum ask ask;
    size_t pair;
    int64_t lateness; /* of the interval, in thousandths; 1000: due now */
};

static bool endpoint_refused(const struct engine *e, enum ask ask) {
    const bool *refused = e->bot.refused;
    return (ask == ASK_BOT_TRADES && refused[BOT_TRADES]) || (ask == ASK_BOT_ORDERS && refused[BOT_ORDERS]) ||
           (ask == ASK_BOT_OHLCV && refused[BOT_OHLCV]);
}

static void consider(struct engine *e, struct choice *best, enum ask ask, size_t pair, struct mono last,
                     int64_t every) {
    struct mono *next = &e->priv->poll.bot_next_at;
    if (last.us != 0 && last.us + every > e->now.mono.us && last.us + every < next->us) next->us = last.us + every;
    int64_t late = last.us == 0 ? INT64_MAX / 2 - (int64_t)ask : (e->now.mono.us - last.us) * 1000 / every;
    if (late < 1000 || late <= best->lateness || !ask_bot_may(e, ask)) return;
    /* a refused endpoint is tried by one question, whatever the pairs */
    if (request_under_way(e, ask, endpoint_refused(e, ask) ? SIZE_MAX : pair)) return;
    *best = (struct choice){ask, pair, late};
}

static struct choice next_for_bot(struct engine *e) {
    struct choice best = {.ask = ASK_NONE};
    struct bot_state *b = &e->bot;
    bool polling = bot_polls_fills(e);
    b->tier2_actual_us = round_us(e);
    int64_t orders_every = orders_us(e, b->tier2_actual_us);
    e->priv->poll.bot_next_at = NEVER;
    if (b->health_unauthorized) return best;
    if (b->unauthorized) {
        consider(e, &best, ASK_BOT_STRATEGIES, SIZE_MAX, e->priv->poll.strategies_at, BOT_KEY_RETRY_US);
        return best;
    }
    consider(e, &best, ASK_BOT_STRATEGIES, SIZE_MAX, e->priv->poll.strategies_at,
             b->strategies_known ? STRATEGIES_US : e->config->tier2_us);
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        if (!p->active) continue;
        if (polling || p->trades_polled.us == 0 || b->refused[BOT_TRADES])
            consider(e, &best, ASK_BOT_TRADES, i, p->trades_polled, b->tier2_actual_us);
        if (polling || b->refused[BOT_ORDERS] || (p->orders_polled.us == 0 && !engine_has_key(e)) ||
            (!p->orders_known && p->trades_polled.us != 0 && !engine_has_key(e)))
            consider(e, &best, ASK_BOT_ORDERS, i, p->orders_polled, orders_every);
        if (e->market_fallback == FALLBACK_BOT || b->refused[BOT_OHLCV])
            consider(e, &best, ASK_BOT_OHLCV, i, p->candle_polled, b->tier2_actual_us);
    }
    return best;
}

static void ask_the_bot(struct engine *e) {
    ask_health(e);
    while (in_flight(e, ASK_BOT_STRATEGIES, ASK_BOT_OHLCV) < BOT_IN_FLIGHT) {
        struct choice c = next_for_bot(e);
        struct request r = {.ask = c.ask, .pair = c.pair};
        if (c.ask == ASK_NONE) return;
        if (!ask_bot(e, &r)) return; /* it stays the latest: no turn is lost */
        if (c.ask == ASK_BOT_STRATEGIES) e->priv->poll.strategies_at = e->now.mono;
        if (c.ask == ASK_BOT_TRADES) e->pairs[c.pair]->trades_polled = e->now.mono;
        if (c.ask == ASK_BOT_ORDERS) e->pairs[c.pair]->orders_polled = e->now.mono;
        if (c.ask == ASK_BOT_OHLCV) e->pairs[c.pair]->candle_polled = e->now.mono;
    }
}

/* ---- degraded ---- */

static enum fallback choose_market_fallback(const struct engine *e) {
    if (feed_is_live(&e->market)) return FALLBACK_NONE;
    bool rest_down = e->exchange.breaker.state != BREAKER_CLOSED || weight_banned(&e->exchange.weight, e->now.mono);
    return rest_down && by_bot(e) ? FALLBACK_BOT : FALLBACK_REST;
}

static enum fallback choose_user_fallback(const struct engine *e) {
    if (user_live(e)) return FALLBACK_NONE;
    bool rest_works = engine_has_key(e) && !e->exchange.unauthorized && e->exchange.breaker.state == BREAKER_CLOSED;
    bool bot_works = e->bot.breaker.state == BREAKER_CLOSED && !e->bot.unauthorized &&
                     !e->bot.unavailable[BOT_TRADES] && !e->bot.refused[BOT_TRADES];
    if (by_bot(e) && (bot_works || !rest_works)) return FALLBACK_BOT;
    return engine_has_key(e) ? FALLBACK_REST : FALLBACK_NONE;
}

static void ask_degraded(struct engine *e) {
    struct poll_state *p = &e->priv->poll;
    enum fallback market = choose_market_fallback(e), user = choose_user_fallback(e);
    if (market != e->market_fallback || user != e->user_fallback) e->dirty |= DIRTY_STREAMS;
    e->market_fallback = market;
    e->user_fallback = user;
    if (market != FALLBACK_NONE && e->market_count > 0)
        ask_if_due(e, ASK_PRICES, &p->prices_at, e->config->tier1_us, NEED_PNL);
    if (user != FALLBACK_REST || !due(e, p->fills_at)) return;
    int64_t every = (int64_t)active_pairs(e) * WEIGHT_OF_A_PAIR * US_PER_MIN / POLL_WEIGHT_A_MINUTE;
    if (p->fills_at.us != 0) {
        for (size_t i = 0; i < e->pair_count; i++) {
            struct history *h = &e->pairs[i]->history;
            h->wanted = true;
            h->verify |= may_be_wiped(e) && poll_newest_known(e, e->pairs[i]) >= 0;
            e->pairs[i]->orders_polled = (struct mono){0};
        }
    }
    p->fills_at = mono_add(e->now.mono, every > e->config->tier2_us ? every : e->config->tier2_us);
}

/* An open breaker asks for its trial when a page shows it, even where nothing else is wanted. */
static void ask_trial(struct engine *e) {
    struct request r = {.ask = ASK_PING};
    if (e->exchange.breaker.state == BREAKER_OPEN && e->priv->poll.page_open && due(e, e->exchange.breaker.next_trial))
        (void)ask_binance(e, &r, NEED_PNL);
}

void poll_tick(struct engine *e) {
    e->priv->poll.soon = false;
    ask_degraded(e);
    ask_trial(e);
    if (by_bot(e)) ask_the_bot(e);
    ask_routine(e);
    ask_history(e);
    ask_exchange_orders(e);
    poll_synced(e);
}

static struct mono sooner(struct mono a, struct mono b) { return a.us < b.us ? a : b; }

struct mono poll_deadline(const struct engine *e) {
    const struct poll_state *p = &e->priv->poll;
    struct mono at = NEVER;
    if (p->soon) return e->now.mono;
    if (by_bot(e)) at = sooner(sooner(at, p->health_at), p->bot_next_at.us > e->now.mono.us ? p->bot_next_at : NEVER);
    if (e->market_fallback != FALLBACK_NONE) at = sooner(at, p->prices_at);
    if (e->user_fallback == FALLBACK_REST) at = sooner(at, p->fills_at);
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct history *h = &e->pairs[i]->history;
        if (h->wanted && !h->in_flight && h->not_before.us > e->now.mono.us) at = sooner(at, h->not_before);
    }
    return at;
}
