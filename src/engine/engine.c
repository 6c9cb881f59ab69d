/* engine.c: the engine's door. engine_handle turns one event into calls of the files beside this one:
 *   streams.c  what the feeds' links say           answers.c  replies to requests
 *   ask.c      requests out                        poll.c     what to ask next, and when
 *   fills.c    pending, persist, ledger, fees      pairs.c    symbols, pairs, markets, prices
 *   figures.c  portfolio, windows, mode, status      candles.c  charts, and minutes that price fees
 * Order within a turn: events, then engine_turn (fills handed on, figures brought up to date), then effects are taken. */
#include "engine/private.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define MARKETS_GOOD_US US_PER_HOUR     /* exchange information over a restart */
#define CLOCK_STEP_US (500 * US_PER_MS) /* more than a slewed clock gains between two events */
#define LEAST_TIMER_US                                                                                                 \
    (5 * US_PER_MS) /* no deadline fires sooner: a mistaken one costs little instead of the processor */

struct engine *engine_new(const struct engine_config *config, struct now now) {
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL) return NULL;
    struct engine_private *p = e->priv = calloc(1, sizeof *p);
    if (p == NULL) goto fail;
    p->effects = calloc(LIMIT_EFFECTS, sizeof *p->effects);
    p->fee_waits = calloc(FEE_WAITS_MAX, sizeof *p->fee_waits);
    p->early = calloc(USER_EVENTS_KEPT, sizeof *p->early);
    e->equity = equity_new();
    p->json = json_new();
    if (!p->effects || !p->fee_waits || !p->early || !e->equity || !p->json) goto fail;
    e->config = config;
    e->now = now;
    e->started_at = now.wall;
    rng_seed(&e->rng, config->seed);
    breaker_init(&e->bot.breaker, &config->breaker, now);
    breaker_init(&e->exchange.breaker, &config->breaker, now);
    rate_init(&e->bot.rate);
    weight_init(&e->exchange.weight);
    feed_init(&e->market, FEED_MARKET, &config->market_feed);
    feed_init(&e->user, FEED_USER, &config->user_feed);
    e->bot.latency_ms = e->exchange.latency_ms = -1;
    e->exchange.uid = -1;
    e->durable = config->persist;
    e->display = config->display_currency;
    if (name_empty(&e->display)) e->display = name_of("USDT");
    e->has_investment = config->has_investment;
    e->investment = config->investment;
    e->status = STATUS_OFFLINE;
    e->reason = REASON_STARTING;
    p->next_link_id = 1;
    p->wall_base_us = p->steady_base_us = now.wall.us - now.mono.us;
    (void)snprintf(p->account, sizeof p->account, "%s:bot", config->environment);
    for (size_t i = 0; i < config->symbol_count; i++) (void)pair_ensure(e, &config->symbols[i], NULL);
    p->symbols_known = config->symbol_count > 0;
    return e;
fail:
    engine_free(e);
    return NULL;
}

static void pair_free(struct pair *p) {
    if (p == NULL) return;
    ledger_free(p->ledger);
    orders_free(p->orders);
    free(p);
}

void engine_free(struct engine *e) {
    struct effect f;
    if (e == NULL) return;
    struct engine_private *p = e->priv;
    if (p != NULL) {
        if (p->effects != NULL)
            while (engine_next_effect(e, &f)) effect_free(&f);
        free(p->effects);
        free(p->fee_waits);
        free(p->early);
        free(p->pending);
        free(p->in_store);
        free(p->applied);
        free(p->valued);
        charts_free(e);
        json_free(p->json);
        symbols_free(&p->symbols);
        free(p);
    }
    equity_free(e->equity);
    free(e->balances.rows);
    for (size_t i = 0; i < e->pair_count; i++) pair_free(e->pairs[i]);
    for (size_t i = 0; i < e->market_count; i++) {
        free(e->markets[i]->minutes);
        free(e->markets[i]);
    }
    free(e);
}

/* ---- effects ---- */

struct effect *engine_effect(struct engine *e, enum effect_kind kind) {
    struct engine_private *p = e->priv;
    if (p->effect_count == LIMIT_EFFECTS) {
        e->count.effects_dropped++;
        return NULL;
    }
    struct effect *f = &p->effects[(p->effect_head + p->effect_count++) % LIMIT_EFFECTS];
    *f = (struct effect){.kind = kind};
    return f;
}

bool engine_next_effect(struct engine *e, struct effect *out) {
    struct engine_private *p = e->priv;
    if (p->effect_count == 0) return false;
    *out = p->effects[p->effect_head];
    p->effect_head = (p->effect_head + 1) % LIMIT_EFFECTS;
    p->effect_count--;
    return true;
}

void effect_free(struct effect *f) {
    free(f->target);
    free(f->text);
    free(f->candles);
    free(f->markets);
    *f = (struct effect){0};
}

char *engine_text(struct buf *b) {
    if (b->failed != ERR_OK) {
        buf_free(b);
        return NULL;
    }
    buf_puts(b, ""); /* an empty buffer has no memory yet */
    if (b->at == NULL && !buf_reserve(b, 1)) return NULL;
    char *text = b->at;
    text[b->len] = '\0';
    b->at = NULL;
    buf_free(b);
    return text;
}

void engine_log(struct engine *e, enum log_level level, const char *topic, const char *format, ...) {
    struct buf b;
    va_list args;
    buf_init(&b, LOG_LINE_MAX);
    va_start(args, format);
    buf_vputf(&b, format, args);
    va_end(args);
    char *text = engine_text(&b);
    struct effect *f = text == NULL ? NULL : engine_effect(e, EFFECT_LOG);
    if (f == NULL) {
        free(text);
        return;
    }
    f->level = level;
    f->topic = topic;
    f->text = text;
    f->text_len = strlen(text);
}

void engine_fault(struct engine *e, enum ask kind, const char *topic, const struct wire_fault *fault) {
    e->count.bad_bodies++;
    struct mono *quiet = &e->priv->poll.log_quiet_until[kind];
    if (!mono_reached(e->now.mono, *quiet)) return;
    *quiet = mono_add(e->now.mono, US_PER_MIN);
    engine_log(e, LOG_WARN, topic, "dropped what could not be read: %s (%s)", fault->what, err_text(fault->err));
}

/* ---- small things shared ---- */

void engine_dirty_pair(struct engine *e, size_t pair) {
    e->pair_dirty[pair] = 1;
    e->dirty |= DIRTY_PNL;
    e->last_update = e->now.wall;
}

void engine_clean(struct engine *e) {
    e->dirty = 0;
    memset(e->pair_dirty, 0, e->pair_count);
}

/* By the monotonic clock once a question was answered: a step of our own clock changes neither a ban nor a timestamp. */
struct wall engine_exchange_time(const struct engine *e) {
    return e->priv->clock_based ? (struct wall){e->now.mono.us + e->priv->clock_base_us} : e->now.wall;
}

struct wall engine_steady_time(const struct engine *e, struct mono at) {
    return (struct wall){at.us + e->priv->steady_base_us};
}

static void shift(struct wall *t, int64_t step) {
    if (t->us != 0) t->us += step;
}

/* What was stamped before our clock was set is told by the new one: ages stay what they are, and nothing old looks young. */
static void shift_stamps(struct engine *e, int64_t step) {
    struct wall *const stamps[] = {&e->last_update,      &e->fills_read_at,
                                   &e->upstream_ok_at,   &e->bot.last_ok,
                                   &e->exchange.last_ok, &e->market.last_message_at,
                                   &e->market.lost_at,   &e->user.last_message_at,
                                   &e->user.lost_at,     &e->exchange.weight.banned_until_at};
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) shift(stamps[i], step);
    for (size_t i = 0; i < e->market_count; i++) shift(&e->markets[i]->price_at, step);
    for (size_t i = 0; i < e->pair_count; i++) {
        shift(&e->pairs[i]->trades_read_at, step);
        shift(&e->pairs[i]->orders_read_at, step);
        e->pair_dirty[i] = 1;
    }
    e->dirty |= DIRTY_HEADER | DIRTY_STREAMS | DIRTY_PNL;
}

/* Our clock was set, or the machine slept: the exchange's time is asked anew. */
static void watch_clock(struct engine *e) {
    struct engine_private *p = e->priv;
    int64_t base = e->now.wall.us - e->now.mono.us, step = base - p->wall_base_us;
    if (step > -CLOCK_STEP_US && step < CLOCK_STEP_US) return;
    p->wall_base_us = base;
    shift_stamps(e, step);
    e->exchange.clock_offset_us = engine_exchange_time(e).us - e->now.wall.us;
    e->exchange.clock_known = false;
    p->poll.time_at = e->now.mono;
    engine_log(e, LOG_WARN, "engine", "our clock moved by %lld ms against the time that passed",
               (long long)(step / US_PER_MS));
}

bool engine_has_key(const struct engine *e) { return e->config->key.kind != KEY_NONE; }

/* ---- what the store knows ---- */

void engine_load_symbol(struct engine *e, const struct name *symbol) {
    if (e->config->symbol_count > 0) return; /* the settings say which */
    if (pair_ensure(e, symbol, NULL) != NULL) e->priv->symbols_known = true;
}

void engine_load_fill(struct engine *e, const struct fill *f) {
    size_t index;
    enum ledger_added what;
    struct pair *p =
        e->config->symbol_count > 0 ? pair_by_symbol(e, &f->symbol, &index) : pair_ensure(e, &f->symbol, &index);
    if (p == NULL && e->config->symbol_count > 0) return; /* a pair that is not watched now */
    enum err err = p != NULL ? ledger_add(p->ledger, f, &what, NULL) : ERR_MEMORY;
    if (err != ERR_OK) {
        e->priv->load_failed |= err == ERR_MEMORY;
        e->count.fills_refused++;
        return;
    }
    p->cause = (struct change){.source = CHANGE_STORE};
    engine_dirty_pair(e, index);
}

void engine_load_history(struct engine *e, const struct name *symbol, int64_t complete_to) {
    struct pair *p = pair_by_symbol(e, symbol, NULL);
    if (p == NULL || e->priv->load_failed || complete_to > ledger_last_id(p->ledger))
        return; /* its fills are not all there: read them again */
    if (complete_to > p->history.complete_to) p->history.complete_to = complete_to;
}

void engine_load_gap(struct engine *e, const struct name *symbol) {
    struct pair *p = pair_by_symbol(e, symbol, NULL);
    if (p != NULL && !engine_has_key(e)) p->history.state = HISTORY_GAP;
}

void engine_load_markets(struct engine *e, const struct symbol_info *markets, size_t count, int64_t weight_limit,
                         struct wall read_at, struct now now) {
    struct symbol_table *t = &e->priv->symbols;
    int64_t age = now.wall.us - read_at.us;
    if (count == 0 || age < 0 || age >= MARKETS_GOOD_US) return;
    symbols_free(t);
    for (size_t i = 0; i < count; i++) symbols_append(t, &markets[i]);
    if (t->count != count) { /* no memory: they are asked for */
        symbols_free(t);
        return;
    }
    symbols_sort(t);
    weight_learn(&e->exchange.weight, engine_exchange_time(e), -1, weight_limit);
    e->exchange.info_known = true;
}

void engine_load_point(struct engine *e, struct wall time, struct span point) { figures_restore(e, time, point); }

void engine_start(struct engine *e, struct now now) {
    e->now = now;
    e->priv->started = true;
    e->priv->ticked_at = now.mono;
    e->priv->poll.minute_at = mono_add(now.mono, US_PER_MIN - now.wall.us % US_PER_MIN);
    for (size_t i = 0; i < e->pair_count; i++)
        while (!ledger_recompute(e->pairs[i]->ledger, 1 << 20)) {
        }
    figures_starts_changed(e);
    if (e->config->since.us > now.wall.us) /* a wrong year: every figure would be zero without a word */
        engine_log(e, LOG_WARN, "engine", "GRIDSCOPE_SINCE lies in the future: no fill counts before it");
    if (e->exchange
            .info_known) { /* from the store: read again in a day, and at once for a symbol that it does not name */
        e->priv->poll.info_at = now.mono;
        pairs_apply_info(e);
    }
    fills_count_cached(e);
    poll_history_wanted(e);
    streams_do(e, &e->market, feed_want(&e->market, true, now));
    bool questions = e->config->user_stream == USER_STREAM_WS_API; /* routine ones go over its connection, key or not */
    streams_do(e, &e->user, feed_want(&e->user, engine_has_key(e) || questions, now));
    poll_tick(e);
    e->dirty = ~0u;
}

/* ---- events ---- */

static void on_http(struct engine *e, const struct event *v) {
    struct request *r = request_find(e, v->id);
    if (r == NULL) return; /* given up before: normal */
    bool binance = r->ask < ASK_BOT_HEALTH;
    struct answer a = {
        .err = v->err, .error = v->error, .status = v->status, .body = v->body, .elapsed_us = v->elapsed_us};
    char message[120] = "";
    if (v->err == ERR_OK && v->status != 200 && binance) {
        (void)rest_error_decode(e->priv->json, v->body, &a.code, message);
        a.message = message;
    }
    bool heard = v->err == ERR_OK && v->status != 429 && v->status != 418;
    if (v->retry_after_us > 0) a.retry_after_us = v->retry_after_us;
    if (binance && heard) request_tells_weight(e, r, v->weight_used, -1);
    else if (binance) {
    } else if (v->remaining >= 0) rate_learn(&e->bot.rate, e->now.mono, v->remaining);
    answer_handle(e, r, &a);
}

static void on_watch_candles(struct engine *e, const struct event *v) {
    size_t index;
    struct pair *pair = pair_by_symbol(e, &v->symbol, &index);
    if (pair != NULL) streams_watch(e, &pair->exchange_symbol, &v->interval, v->on);
}

static void on_stop(struct engine *e) {
    e->priv->stopping = true;
    streams_do(e, &e->market, feed_want(&e->market, false, e->now));
    streams_do(e, &e->user, feed_want(&e->user, false, e->now));
    fills_flush(e);
}

void engine_handle(struct engine *e, const struct event *v, struct now now) {
    e->now = now;
    watch_clock(e);
    switch (v->kind) {
    case EVENT_TIMER: break;
    case EVENT_HTTP: on_http(e, v); break;
    case EVENT_WS_OPEN: streams_on_open(e, v->id); break;
    case EVENT_WS_TEXT: streams_on_text(e, v->id, v->body); break;
    case EVENT_WS_PING: streams_on_ping(e, v->id); break;
    case EVENT_WS_CLOSED: streams_on_closed(e, v); break;
    case EVENT_COMMITTED: fills_committed(e, v->id, v->err, v->error); break;
    case EVENT_STORE_FAILED: fills_store_failed(e, v->error); break;
    case EVENT_STORED_CANDLES: candles_stored(e, v); break;
    case EVENT_WANT_CANDLES: candles_want(e, v); break;
    case EVENT_WATCH_CANDLES: on_watch_candles(e, v); break;
    case EVENT_PAGE: e->priv->poll.page_open = v->on; break;
    case EVENT_STOP: on_stop(e); break;
    }
    if (v->kind == EVENT_TIMER) e->priv->ticked_at = now.mono;
    if (v->kind != EVENT_TIMER || e->priv->stopping || !e->priv->started) return;
    requests_expire(e);
    candles_tick(e);
    streams_tick(e);
    poll_tick(e);
    if (mono_reached(now.mono, e->priv->poll.minute_at)) {
        figures_minute(e);
        e->priv->poll.minute_at = mono_add(now.mono, US_PER_MIN - now.wall.us % US_PER_MIN);
    }
}

bool engine_turn(struct engine *e, struct now now) {
    e->now = now;
    watch_clock(e);
    e->count.turns++;
    fills_flush(e);
    bool more = fills_recompute(e);
    if (e->priv->poll.soon && e->priv->started && !e->priv->stopping) poll_tick(e);
    fills_ask_fee_prices(e);
    fills_keep_values(e);
    figures_update(e);
    return more;
}

struct mono engine_deadline(const struct engine *e) {
    /* ages, staleness and what is due at no time of its own: once a second, however busy the streams are */
    struct mono due = mono_add(e->priv->ticked_at, US_PER_S);
    struct mono others[] = {streams_deadline(e), requests_deadline(e), poll_deadline(e), e->priv->poll.minute_at};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].us < due.us) due = others[i];
    struct mono least = mono_add(e->now.mono, LEAST_TIMER_US);
    return due.us < least.us ? least : due;
}
