/* candles.c: candles that are wanted, by a chart or by a fee, and where they come from. Closed ones never change, so the store
 * keeps them and is asked first; the exchange is asked, once, for what the store does not have:
 *
 *   wanted            |------------------------------------|
 *   kept      ..|==========================|                  asked: what follows, up to the open candle
 *   kept                        |==========================|  asked: what came before (a page back in time)
 *   kept      ..|==========================================|  nothing, where no open candle is wanted
 *
 * Only the run of kept candles without a hole at its newer end counts. Where both ends are missing all is asked for anew.
 * What the bot answers is shown and not kept: it does not say whose candles they are, nor which are closed. */
#include "engine/private.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define STORE_WAIT_US US_PER_S /* as for a commit (DESIGN 3): nobody waits longer for the disk */
#define SETTLED_US US_PER_MIN  /* the answers of a young minute may lag; by the exchange's own clock */
#define ID_OF_MINUTES (1ull << 63)
enum { SPARE_CANDLES = 2, CANDLES_PAGE = 1000 };

/* "15m", "4h", "1d", "1w"; 0: no such length. */
static int64_t interval_us(const struct name *interval) {
    int64_t n = 0;
    const char *at = interval->text;
    for (; *at >= '0' && *at <= '9' && n < 1000; at++) n = n * 10 + (*at - '0');
    int64_t unit = *at == 'm'   ? US_PER_MIN
                   : *at == 'h' ? US_PER_HOUR
                   : *at == 'd' ? US_PER_DAY
                   : *at == 'w' ? 7 * US_PER_DAY
                                : 0;
    return unit != 0 && at[1] == '\0' ? n * unit : 0;
}

static bool store_answers(const struct engine *e) { return e->config->keeps_candles && !e->priv->store_gone; }

/* ---- to the store ---- */

void candles_keep(struct engine *e, size_t market, const struct name *interval, const struct candle *candles,
                  size_t count) {
    size_t kept = 0;
    if (!store_answers(e) || count == 0) return;
    struct candle *copy = malloc(count * sizeof *copy);
    if (copy == NULL) return;
    for (size_t i = 0; i < count; i++)
        if (candles[i].closed) copy[kept++] = candles[i];
    struct effect *f = kept > 0 ? engine_effect(e, EFFECT_KEEP_CANDLES) : NULL;
    if (f == NULL) {
        free(copy);
        return;
    }
    f->symbol = e->markets[market]->symbol;
    f->interval = *interval;
    f->candles = copy;
    f->candle_count = kept;
}

void candles_keep_settled(struct engine *e, size_t market, const struct name *interval, const struct candle *candles,
                          size_t count) {
    if (!e->priv->clock_based) return;
    int64_t until = engine_exchange_time(e).us - SETTLED_US;
    while (count > 0 && candles[count - 1].close_time.us > until) count--;
    candles_keep(e, market, interval, candles, count);
}

static bool ask_store(struct engine *e, uint64_t id, const struct name *symbol, const struct name *interval,
                      struct wall before, int limit) {
    struct effect *f = store_answers(e) ? engine_effect(e, EFFECT_ASK_CANDLES) : NULL;
    if (f == NULL) return false;
    f->id = id;
    f->symbol = *symbol;
    f->interval = *interval;
    f->time = before;
    f->limit = limit;
    return true;
}

/* ---- charts ---- */

static uint64_t chart_id(const struct engine *e, const struct chart *c) {
    return (uint64_t)c->generation << 8 | (uint64_t)(c - e->priv->charts);
}

static struct chart *chart_find(struct engine *e, uint64_t id) {
    size_t slot = id & 0xff;
    struct chart *c = slot < CHARTS_MAX ? &e->priv->charts[slot] : NULL;
    return c != NULL && c->used && chart_id(e, c) == id ? c : NULL;
}

static struct chart *chart_new(struct engine *e, const struct event *v, size_t pair) {
    for (size_t i = 0; i < CHARTS_MAX; i++) {
        struct chart *c = &e->priv->charts[i];
        if (c->used) continue;
        *c = (struct chart){.used = true,
                            .generation = c->generation + 1,
                            .user_request = v->id,
                            .pair = pair,
                            .interval = v->interval,
                            .before = v->before,
                            .limit = v->limit < CANDLES_PAGE ? v->limit : CANDLES_PAGE};
        return c;
    }
    return NULL;
}

static void chart_free(struct chart *c) {
    free(c->kept);
    *c = (struct chart){.generation = c->generation};
}

void charts_free(struct engine *e) {
    for (size_t i = 0; i < CHARTS_MAX; i++) chart_free(&e->priv->charts[i]);
}

static void forget_kept(struct chart *c) {
    free(c->kept);
    c->kept = NULL;
    c->kept_count = 0;
}

/* candles: owned by the answer from here on. */
static void answer_user(struct engine *e, uint64_t user_request, enum err err, const struct name *symbol,
                        const struct name *interval, struct candle *candles, size_t count) {
    struct effect *f = engine_effect(e, EFFECT_CANDLES);
    if (f == NULL) {
        free(candles);
        return;
    }
    f->id = user_request;
    f->err = err;
    f->symbol = *symbol;
    f->interval = *interval;
    f->candles = candles;
    f->candle_count = count;
}

static void chart_fail(struct engine *e, struct chart *c, enum err err) {
    answer_user(e, c->user_request, err, &e->pairs[c->pair]->symbol, &c->interval, NULL, 0);
    chart_free(c);
}

static size_t append(struct candle *to, size_t at, const struct candle *from, size_t count) {
    if (count > 0) memcpy(to + at, from, count * sizeof *from);
    return at + count;
}

/* The newest of what is kept and what came, as many as were wanted. Takes candles. */
static void chart_answer(struct engine *e, struct chart *c, struct candle *candles, size_t count, bool before_kept) {
    size_t all = 0, limit = (size_t)c->limit;
    struct candle *both = malloc((c->kept_count + count + 1) * sizeof *both);
    if (both == NULL) {
        free(candles);
        chart_fail(e, c, ERR_MEMORY);
        return;
    }
    if (before_kept) all = append(both, all, candles, count);
    all = append(both, all, c->kept, c->kept_count);
    if (!before_kept) all = append(both, all, candles, count);
    if (all > limit) memmove(both, both + (all - limit), limit * sizeof *both);
    free(candles);
    answer_user(e, c->user_request, ERR_OK, &e->pairs[c->pair]->symbol, &c->interval, both, all > limit ? limit : all);
    chart_free(c);
}

/* How many of the wanted are newer than the newest kept one. */
static int64_t newer_than_kept(const struct engine *e, const struct chart *c, int64_t step) {
    CHECK(step > 0); /* the store is asked for lengths that are known, and nothing else is kept */
    struct wall newest = c->kept[c->kept_count - 1].open_time;
    struct wall until = c->before.us != 0 ? (struct wall){c->before.us - 1} : engine_exchange_time(e);
    return until.us > newest.us ? (until.us - newest.us) / step : 0;
}

/* What is to be asked of the exchange; false: nothing, what is kept is all. Forgets what is kept where it is of no use. */
static bool chart_missing(struct engine *e, struct chart *c, struct request *r) {
    *r = (struct request){.ask = ASK_KLINES,
                          .symbol = e->pairs[c->pair]->exchange_symbol,
                          .pair = c->pair,
                          .interval = c->interval,
                          .limit = c->limit,
                          .before = c->before,
                          .on_demand = true,
                          .user_request = chart_id(e, c)};
    if (c->kept_count == 0) return true;
    int64_t step = interval_us(&c->interval), newer = newer_than_kept(e, c, step), have = (int64_t)c->kept_count;
    if (c->before.us != 0 && newer == 0 && have >= c->limit) return false;
    if (c->before.us != 0 && newer == 0) {
        r->before = c->kept[0].open_time;
        r->limit = c->limit - (int)have;
    } else if (have + newer >= c->limit && newer + SPARE_CANDLES <= c->limit) {
        r->start.us = c->kept[have - 1].open_time.us + step;
        r->limit = (int)newer + SPARE_CANDLES;
    } else {
        forget_kept(c);
    }
    return true;
}

/* Once the store has said what it has. */
static void chart_go_on(struct engine *e, struct chart *c) {
    struct request r;
    c->waits_for_store = false;
    if (!chart_missing(e, c, &r)) {
        chart_answer(e, c, NULL, 0, false);
        return;
    }
    bool out = ask_binance(e, &r, NEED_REST);
    if (!out && e->config->source == SOURCE_IS_BOT && c->before.us == 0) {
        forget_kept(c);
        r = (struct request){.ask = ASK_BOT_CANDLES,
                             .symbol = e->pairs[c->pair]->symbol,
                             .pair = c->pair,
                             .interval = c->interval,
                             .limit = c->limit,
                             .on_demand = true,
                             .user_request = chart_id(e, c)};
        out = ask_bot(e, &r);
    }
    if (out) e->exchange.on_demand_requests++;
    else chart_fail(e, c, ERR_BAD_STATE);
}

void candles_want(struct engine *e, const struct event *v) {
    size_t index;
    struct pair *p = pair_by_symbol(e, &v->symbol, &index);
    struct chart *c = p != NULL && v->limit > 0 ? chart_new(e, v, index) : NULL;
    if (c == NULL) {
        answer_user(e, v->id, p == NULL ? ERR_UNKNOWN : ERR_BAD_STATE, &v->symbol, &v->interval, NULL, 0);
        return;
    }
    c->deadline = mono_add(e->now.mono, STORE_WAIT_US);
    bool known = interval_us(&c->interval) > 0;
    c->waits_for_store = known && ask_store(e, chart_id(e, c), &p->symbol, &c->interval, c->before, c->limit);
    if (!c->waits_for_store) chart_go_on(e, c);
}

void candles_answered(struct engine *e, const struct request *r, enum err err, struct candle *candles, size_t count) {
    struct chart *c = chart_find(e, r->user_request);
    if (c == NULL || err != ERR_OK) {
        free(candles);
        if (c != NULL) chart_fail(e, c, err);
        return;
    }
    if (r->ask == ASK_KLINES) candles_keep_settled(e, e->pairs[c->pair]->market, &c->interval, candles, count);
    /* a full page of what should have been few: our clock is behind, and the newest are not among them */
    if (r->start.us != 0 && c->before.us == 0 && count >= (size_t)r->limit) {
        free(candles);
        forget_kept(c);
        chart_go_on(e, c);
        return;
    }
    chart_answer(e, c, candles, count, r->start.us == 0);
}

/* ---- minutes for fees ---- */

bool candles_minute_asked(struct engine *e, size_t market, int64_t minute) {
    struct market *m = e->markets[market];
    const struct name one_minute = name_of("1m");
    if (m->minute_asked == minute) return m->minute_due.us > e->now.mono.us;
    struct wall before = {(minute + CANDLES_PAGE) * US_PER_MIN};
    if (!ask_store(e, ID_OF_MINUTES | market, &m->symbol, &one_minute, before, CANDLES_PAGE)) return false;
    m->minute_asked = minute;
    m->minute_due = mono_add(e->now.mono, STORE_WAIT_US);
    return true;
}

static void stored_minutes(struct engine *e, size_t market, const struct event *v) {
    if (market >= e->market_count) return;
    struct market *m = e->markets[market];
    m->minute_due = e->now.mono;
    for (size_t i = 0; i < v->candle_count; i++) /* earlier ones would only take the place of others */
        if (v->candles[i].open_time.us / US_PER_MIN >= m->minute_asked)
            fills_minute_closed(e, market, v->candles[i].open_time, v->candles[i].close);
    e->priv->fee_work = true;
}

/* ---- from the store ---- */

/* The run at the newer end that has no hole. */
static size_t run_start(const struct candle *candles, size_t count, int64_t step) {
    size_t first = count;
    while (first > 0 && (first == count || candles[first - 1].open_time.us + step == candles[first].open_time.us))
        first--;
    return first;
}

void candles_stored(struct engine *e, const struct event *v) {
    if ((v->id & ID_OF_MINUTES) != 0) {
        stored_minutes(e, (size_t)(v->id & ~ID_OF_MINUTES), v);
        return;
    }
    struct chart *c = chart_find(e, v->id);
    if (c == NULL || !c->waits_for_store) return;
    size_t first = run_start(v->candles, v->candle_count, interval_us(&c->interval));
    size_t count = v->candle_count - first;
    c->kept = count > 0 ? malloc(count * sizeof *c->kept) : NULL;
    if (c->kept != NULL) {
        memcpy(c->kept, v->candles + first, count * sizeof *c->kept);
        c->kept_count = count;
    }
    chart_go_on(e, c);
}

void candles_tick(struct engine *e) {
    for (size_t i = 0; i < CHARTS_MAX; i++) {
        struct chart *c = &e->priv->charts[i];
        if (c->used && c->waits_for_store && mono_reached(e->now.mono, c->deadline)) chart_go_on(e, c);
    }
}
