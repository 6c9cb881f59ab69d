/* streams.c: performs what feed.c decides, and turns frames into changes. Market subscriptions go out in frames of at most
 * 4,000 bytes, at most four a second (BINANCE 2.3 and 2.4: five incoming messages a second, pongs included). */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBSCRIBE_GAP_US (260 * US_PER_MS)
enum { STREAMS_A_FRAME = 60, STREAMS_MAX = 1000, FRAME_MAX = 4000, CONNECTION_WEIGHT = 2 /* to the WebSocket API */ };

/* ---- the streams that figures need, in a fixed order: a prefix of it has been sent on the current link ---- */

static void lower(char *out, const char *text) {
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < NAME_MAX; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    out[i] = '\0';
}

static size_t stream_count(const struct engine *e) {
    size_t n = e->config->heartbeat_stream[0] != '\0';
    for (size_t i = 0; i < e->market_count; i++) n += 1 + (size_t)e->markets[i]->needs_minutes;
    return n;
}

/* Name of stream i: heartbeat, then market by market its ticker and minutes. */
static bool stream_name(const struct engine *e, size_t i, char out[static STREAM_NAME_MAX]) {
    char symbol[NAME_MAX];
    if (e->config->heartbeat_stream[0] != '\0' && i-- == 0) {
        (void)snprintf(out, STREAM_NAME_MAX, "%s", e->config->heartbeat_stream);
        return true;
    }
    for (size_t m = 0; m < e->market_count; m++) {
        lower(symbol, e->markets[m]->info.exchange_symbol.text);
        if (i-- == 0) {
            (void)snprintf(out, STREAM_NAME_MAX, "%s@ticker", symbol);
            return true;
        }
        if (e->markets[m]->needs_minutes && i-- == 0) {
            (void)snprintf(out, STREAM_NAME_MAX, "%s@kline_1m", symbol);
            return true;
        }
    }
    return false;
}

static void send_text(struct engine *e, uint64_t link, struct buf *b) {
    size_t len = b->len;
    char *text = engine_text(b);
    struct effect *f = text != NULL ? engine_effect(e, EFFECT_WS_SEND) : NULL;
    if (f == NULL) {
        free(text);
        return;
    }
    f->id = link;
    f->text = text;
    f->text_len = len;
}

static bool streams_left(const struct engine *e) {
    return e->priv->subscribe_cursor < STREAMS_MAX && e->priv->subscribe_cursor < stream_count(e);
}

/* The next frame of the link that is being filled; another one follows after SUBSCRIBE_GAP_US. */
static void send_names(struct engine *e, const char *method, const char *const *list, size_t n) {
    struct engine_private *p = e->priv;
    struct buf frame;
    p->next_subscribe_at = mono_add(e->now.mono, SUBSCRIBE_GAP_US);
    buf_init(&frame, FRAME_MAX);
    if (market_subscribe_frame(&frame, method, list, n, ++p->next_frame_id) != ERR_OK) {
        buf_free(&frame);
        return;
    }
    p->market_subscribe_pending++;
    send_text(e, p->subscribe_link, &frame);
}

static void send_streams(struct engine *e) {
    struct engine_private *p = e->priv;
    char names[STREAMS_A_FRAME][STREAM_NAME_MAX];
    const char *list[STREAMS_A_FRAME];
    size_t n = 0, bytes = 64;
    while (n < STREAMS_A_FRAME && p->subscribe_cursor + n < STREAMS_MAX &&
           stream_name(e, p->subscribe_cursor + n, names[n])) {
        bytes += strlen(names[n]) + 3;
        if (bytes > FRAME_MAX - 100) break;
        list[n] = names[n];
        n++;
    }
    if (n == 0) return;
    p->subscribe_cursor += n;
    send_names(e, "SUBSCRIBE", list, n);
}

/* ---- the streams of open charts: named when a page opens one, taken back when the last page has closed it ---- */

static bool chart_waits(const struct engine *e, const struct watched_candles *w) {
    return w->wanted != (w->link == e->priv->subscribe_link);
}

static bool charts_left(const struct engine *e) {
    for (size_t i = 0; i < e->priv->watched_count; i++)
        if (chart_waits(e, &e->priv->watched[i])) return true;
    return false;
}

/* A fee may be valued by the same stream. */
static bool minutes_needed(struct engine *e, const struct watched_candles *w) {
    size_t market;
    return name_is(&w->interval, "1m") && market_by_exchange_symbol(e, &w->symbol, &market) != NULL &&
           e->markets[market]->needs_minutes;
}

static void forget_charts(struct engine *e) {
    struct engine_private *p = e->priv;
    size_t kept = 0;
    for (size_t i = 0; i < p->watched_count; i++)
        if (p->watched[i].wanted || (p->watched[i].link != 0 && p->watched[i].link == p->subscribe_link))
            p->watched[kept++] = p->watched[i];
    p->watched_count = kept;
}

/* One frame of those that are due the same way. */
static void send_charts(struct engine *e) {
    struct engine_private *p = e->priv;
    char names[STREAMS_A_FRAME][STREAM_NAME_MAX], symbol[NAME_MAX];
    const char *list[STREAMS_A_FRAME];
    size_t n = 0;
    bool wanted = false;
    for (size_t i = 0; i < p->watched_count && n < STREAMS_A_FRAME; i++) {
        struct watched_candles *w = &p->watched[i];
        if (!chart_waits(e, w) || (n > 0 && w->wanted != wanted)) continue;
        w->link = w->wanted ? p->subscribe_link : 0;
        if (!w->wanted && minutes_needed(e, w)) continue;
        wanted = w->wanted;
        lower(symbol, w->symbol.text);
        (void)snprintf(names[n], sizeof names[n], "%s@kline_%s", symbol, w->interval.text);
        list[n] = names[n];
        n++;
    }
    forget_charts(e);
    if (n > 0) send_names(e, wanted ? "SUBSCRIBE" : "UNSUBSCRIBE", list, n);
}

/* ---- both ---- */

static bool link_stands(const struct engine *e) {
    uint64_t link = e->priv->subscribe_link;
    return link != 0 && (link == e->market.cur.id || link == e->market.next.id);
}

static bool subscriptions_left(const struct engine *e) { return link_stands(e) && (streams_left(e) || charts_left(e)); }

static void subscribe_some(struct engine *e) {
    if (!link_stands(e) || !mono_reached(e->now.mono, e->priv->next_subscribe_at)) return;
    if (streams_left(e)) send_streams(e);
    else send_charts(e);
}

/* The set of streams changed in the middle of the order: everything is named again; a repeated SUBSCRIBE is harmless. */
void streams_resubscribe(struct engine *e) {
    e->priv->subscriptions_dirty = false;
    struct link *l = e->market.next.id != 0 ? &e->market.next : &e->market.cur;
    if (l->id == 0 || l->phase < LINK_OPEN) return;
    e->priv->subscribe_link = l->id;
    e->priv->subscribe_cursor = 0;
    subscribe_some(e);
}

void streams_watch(struct engine *e, const struct name *symbol, const struct name *interval, bool wanted) {
    struct engine_private *p = e->priv;
    size_t i = 0;
    while (i < p->watched_count &&
           !(name_eq(&p->watched[i].symbol, symbol) && name_eq(&p->watched[i].interval, interval)))
        i++;
    if (i == p->watched_count) {
        if (!wanted || i == WATCHED_MAX) return;
        p->watched[p->watched_count++] = (struct watched_candles){.symbol = *symbol, .interval = *interval};
    }
    p->watched[i].wanted = wanted;
    forget_charts(e);
    if (!link_stands(e)) streams_resubscribe(e); /* the link that was being filled has gone, its predecessor goes on */
    else subscribe_some(e);
}

static void ask_alive(struct engine *e, uint64_t link) {
    struct buf frame;
    buf_init(&frame, FRAME_MAX);
    if (market_subscribe_frame(&frame, "LIST_SUBSCRIPTIONS", NULL, 0, ++e->priv->next_frame_id) == ERR_OK)
        send_text(e, link, &frame);
    else buf_free(&frame);
}

/* ---- actions ---- */

static void note_gap(struct engine *e, const struct feed *f) {
    if (f->lost_at.us == 0) return;
    size_t slot = (e->gap_head + e->gap_count) % LIMIT_GAPS_SHOWN;
    if (e->gap_count == LIMIT_GAPS_SHOWN) e->gap_head = (e->gap_head + 1) % LIMIT_GAPS_SHOWN;
    else e->gap_count++;
    e->gaps[slot] = (struct gap){.feed = f->kind, .from = f->lost_at};
    memcpy(e->gaps[slot].cause, f->reason, sizeof e->gaps[slot].cause);
    e->dirty |= DIRTY_GAPS;
}

static void close_gap(struct engine *e, enum feed_kind kind) {
    for (size_t i = 0; i < e->gap_count; i++) {
        struct gap *g = &e->gaps[(e->gap_head + i) % LIMIT_GAPS_SHOWN];
        if (g->feed == kind && g->to.us == 0) g->to = e->now.wall, e->dirty |= DIRTY_GAPS;
    }
}

static void open_link(struct engine *e, struct feed *f) {
    bool listen_key = f->kind == FEED_USER && e->config->user_stream == USER_STREAM_LISTEN_KEY;
    struct request ask = {.ask = ASK_LISTEN_KEY};
    struct buf url;
    feed_delay(
        f, mono_add(e->now.mono, US_PER_S)); /* whatever keeps the link from being opened is looked at once a second */
    if (listen_key && e->priv->listen_key[0] == '\0') {
        if (mono_reached(e->now.mono, e->priv->listen_key_again) && !request_under_way(e, ASK_LISTEN_KEY, SIZE_MAX))
            (void)ask_binance(e, &ask, NEED_PNL);
        return;
    }
    bool weighs = f->kind == FEED_USER && !listen_key;
    bool banned = f->kind == FEED_USER && weight_banned(&e->exchange.weight, e->now.mono);
    bool full = weighs && !weight_allows(&e->exchange.weight, engine_exchange_time(e), CONNECTION_WEIGHT, NEED_PNL);
    if (banned || full) return; /* WebSocket API connections are questions too; streams_tick comes back to it */
    buf_init(&url, 1024);
    if (f->kind == FEED_MARKET) buf_putf(&url, "%s/stream", e->config->stream_url);
    else if (listen_key) buf_putf(&url, "%s/ws/%s", e->config->stream_url, e->priv->listen_key);
    else buf_puts(&url, e->config->ws_api_url);
    char *target = engine_text(&url);
    struct effect *x = target != NULL ? engine_effect(e, EFFECT_WS_CONNECT) : NULL;
    if (x == NULL) {
        free(target);
        return;
    }
    x->id = e->priv->next_link_id++;
    x->target = target;
    x->timeout_us = f->config.phase_limit_us;
    if (weighs) weight_spend(&e->exchange.weight, engine_exchange_time(e), CONNECTION_WEIGHT);
    feed_delay(f, (struct mono){0});
    feed_opening(f, x->id, e->now);
}

void streams_do(struct engine *e, struct feed *f, struct feed_todo todo) {
    e->dirty |= DIRTY_STREAMS;
    if (todo.actions & FEED_CLOSE_CUR) {
        struct effect *x = engine_effect(e, EFFECT_WS_CLOSE);
        if (x != NULL) x->id = todo.close_id;
        if (f->kind == FEED_USER) requests_drop_link(e, todo.close_id);
    }
    if (todo.actions & FEED_ASK) ask_alive(e, f->cur.id);
    if (todo.actions & FEED_CONNECT) open_link(e, f);
}

static bool user_wanted(const struct engine *e) { return engine_has_key(e); }

/* Runs a change of a feed and keeps the gap ledger and the fallback in step with its state. */
static void watch_state(struct engine *e, struct feed *f, bool was_live) {
    bool live = feed_is_live(f);
    if (f->kind == FEED_USER && !engine_has_key(e)) return; /* it carries questions only: its loss leaves no gap */
    if (was_live && !live) {
        note_gap(e, f);
        e->fallback_proven[f->kind] = false;
        e->priv->poll.soon = true; /* the polling that takes over begins in this turn */
        engine_log(e, LOG_WARN, f->kind == FEED_MARKET ? "market" : "user", "stream lost: %s", f->reason);
    } else if (!was_live && live) {
        engine_log(e, LOG_INFO, f->kind == FEED_MARKET ? "market" : "user", "stream live");
        close_gap(e, f->kind);
        *(f->kind == FEED_MARKET ? &e->market_fallback : &e->user_fallback) = FALLBACK_NONE;
    }
}

static void subscribe_user(struct engine *e, uint64_t link) {
    struct request r = {.ask = ASK_SUBSCRIBE, .ws_id = link};
    if (!ask_binance(e, &r, NEED_PNL)) streams_user_refused(e, "the subscription could not be sent");
}

void streams_on_open(struct engine *e, uint64_t id) {
    bool market = feed_link(&e->market, id) != NULL;
    struct feed *f = market ? &e->market : &e->user;
    if (feed_link(f, id) == NULL) return;
    feed_open(f, id, e->now);
    e->dirty |= DIRTY_STREAMS;
    if (market) {
        e->priv->subscribe_link = id;
        e->priv->subscribe_cursor = 0;
        e->priv->market_subscribe_pending = 0;
        subscribe_some(e);
        return;
    }
    if (!user_wanted(e)) { /* the connection serves routine questions only */
        bool was_live = feed_is_live(f);
        feed_subscribed(f, id, e->now);
        streams_do(e, f, feed_proven(f, id, e->now));
        watch_state(e, f, was_live);
    } else if (e->config->user_stream == USER_STREAM_LISTEN_KEY) {
        feed_subscribed(f, id, e->now);
        poll_history_wanted(e);
    } else {
        subscribe_user(e, id);
    }
}

/* Trades since the last known are merged: the user feed is live (PRODUCT 2, point 4). */
void streams_user_synced(struct engine *e) {
    struct feed *f = &e->user;
    struct link *links[] = {&f->next, &f->cur};
    bool was_live = feed_is_live(f);
    for (size_t i = 0; i < 2; i++) {
        if (links[i]->id == 0 || links[i]->phase != LINK_SUBSCRIBED) continue;
        streams_do(e, f, feed_proven(f, links[i]->id, e->now));
        break;
    }
    watch_state(e, f, was_live);
}

static void lose_link(struct engine *e, struct feed *f, uint64_t id, const char *why) {
    struct feed_todo todo = feed_lost(f, id, why, &e->rng, e->now);
    todo.actions |= FEED_CLOSE_CUR;
    todo.close_id = id;
    streams_do(e, f, todo);
}

/* The subscription of a link ended: it goes, at once or, where it still delivered, once its replacement does. */
void streams_user_ended(struct engine *e, uint64_t id, const char *why) {
    struct feed *f = &e->user;
    bool was_live = feed_is_live(f);
    if (feed_link(f, id) == NULL) return;
    if (id == f->cur.id && was_live) streams_do(e, f, feed_replace(f, why, e->now));
    else lose_link(e, f, id, why);
    watch_state(e, f, was_live);
}

void streams_user_refused(struct engine *e, const char *why) {
    struct feed *f = &e->user;
    struct link *l = f->next.id != 0 ? &f->next : &f->cur;
    bool was_live = feed_is_live(f);
    uint64_t id = l->id;
    if (id == 0) (void)snprintf(f->reason, sizeof f->reason, "%s", why); /* no listenKey: nothing was opened */
    if (id == 0 || l->phase >= LINK_SUBSCRIBED) return;
    lose_link(e, f, id, why);
    if (e->exchange.unauthorized && f->state == FEED_WAITING) { /* a refused key is tried once a minute at most */
        f->wait_until = e->priv->key_again;
        f->next_attempt_at = (struct wall){e->now.wall.us + (e->priv->key_again.us - e->now.mono.us)};
    }
    watch_state(e, f, was_live);
}

/* ---- frames ---- */

static void heard_event_time(struct engine *e, struct feed *f, struct wall event_time) {
    if (event_time.us <= 0) return;
    int64_t ms = (engine_exchange_time(e).us - event_time.us) / US_PER_MS;
    f->latency_ms = ms < 0 ? 0 : ms;
}

static void on_kline(struct engine *e, const struct market_message *m) {
    size_t market;
    if (market_by_exchange_symbol(e, &m->symbol, &market) == NULL) return;
    if (m->candle.closed && name_is(&m->interval, "1m"))
        fills_minute_closed(e, market, m->candle.open_time, m->candle.close);
    candles_keep(e, market, &m->interval, &m->candle, 1);
    for (size_t i = 0; i < e->priv->watched_count; i++) {
        const struct watched_candles *w = &e->priv->watched[i];
        if (!w->wanted || !name_eq(&w->symbol, &m->symbol) || !name_eq(&w->interval, &m->interval)) continue;
        struct candle *candle = malloc(sizeof *candle); /* first: an effect once made is performed */
        struct effect *f = candle != NULL ? engine_effect(e, EFFECT_LIVE_CANDLE) : NULL;
        if (f == NULL) {
            free(candle);
            return;
        }
        f->candles = candle;
        f->symbol = e->markets[market]->symbol;
        f->interval = m->interval;
        f->candles[0] = m->candle;
        f->candle_count = 1;
    }
}

static void on_market_reply(struct engine *e, uint64_t id, const struct market_message *m) {
    if (m->code != 0) engine_log(e, LOG_WARN, "market", "a subscription was refused: code %d: %s", m->code, m->message);
    feed_answered(&e->market, id, e->now);
    if (id != e->priv->subscribe_link || e->priv->market_subscribe_pending == 0) return;
    if (--e->priv->market_subscribe_pending == 0 && e->priv->subscribe_cursor >= stream_count(e))
        feed_subscribed(&e->market, id, e->now);
    e->dirty |= DIRTY_STREAMS;
}

static void on_market_data(struct engine *e, uint64_t id) {
    struct link *l = feed_link(&e->market, id);
    feed_heard(&e->market, id, true, e->now);
    if (l == NULL || l->phase == LINK_PROVEN) return;
    bool was_live = feed_is_live(&e->market);
    streams_do(e, &e->market, feed_proven(&e->market, id, e->now));
    watch_state(e, &e->market, was_live);
}

static void on_market_text(struct engine *e, uint64_t id, struct span text) {
    struct market_message m;
    struct wire_fault fault = {0};
    size_t market;
    e->market.messages++;
    e->dirty |= DIRTY_STREAMS;
    if (market_decode(e->priv->json, text, &m, &fault) != ERR_OK) {
        e->market.rejected++;
        engine_fault(e, ASK_NONE, "market", &fault);
        return;
    }
    if (m.kind == MARKET_REPLY) {
        e->market.messages--; /* data frames are counted */
        on_market_reply(e, id, &m);
        return;
    }
    if (m.kind == MARKET_SHUTDOWN) {
        streams_do(e, &e->market, feed_replace(&e->market, "the exchange announced a shutdown", e->now));
        return;
    }
    on_market_data(e, id);
    heard_event_time(e, &e->market, m.event_time);
    e->upstream_ok_at = e->now.wall;
    if (m.kind == MARKET_KLINE) on_kline(e, &m);
    if (m.kind == MARKET_TICKER && market_by_exchange_symbol(e, &m.ticker.exchange_symbol, &market) != NULL)
        engine_set_price(e, market, m.ticker.price, PRICE_STREAM);
}

static void on_reply(struct engine *e, uint64_t link, const struct api_reply *reply) {
    uint64_t id = 0;
    for (size_t i = 0; i < reply->id.len; i++) {
        if (reply->id.at[i] < '0' || reply->id.at[i] > '9' || i > 18) return;
        id = id * 10 + (uint64_t)(reply->id.at[i] - '0');
    }
    bool limited = reply->status == 429 || reply->status == 418; /* says nothing good about how often we ask */
    struct request *r = request_find(e, id);
    if (!limited) request_tells_weight(e, r, reply->weight_used, reply->weight_limit);
    if (r == NULL || !r->by_ws || r->ws_id != link) return;
    struct answer a = {.err = ERR_OK,
                       .status = reply->status,
                       .code = reply->code,
                       .message = reply->message,
                       .result = reply->result,
                       .has_result = true};
    struct wall said_at = reply->server_time.us != 0 ? reply->server_time : engine_exchange_time(e);
    if (reply->retry_after.us > said_at.us) a.retry_after_us = reply->retry_after.us - said_at.us;
    answer_handle(e, r, &a);
}

static void on_order(struct engine *e, const struct user_message *m) {
    size_t index;
    struct pair *p = pair_by_symbol(e, &m->order.symbol, &index);
    if (p == NULL) return;
    struct order o = m->order;
    o.symbol = p->symbol;
    bool changed = orders_event(p->orders, &o, m->order_open, engine_steady_time(e, e->now.mono));
    changed |= orders_note(p->orders, &o, m->order_end, m->event_time);
    if (!changed) return;
    if (!p->grid_from_bot) orders_grid(p->orders, &p->grid);
    engine_dirty_pair(e, index);
    struct effect *f = engine_effect(e, EFFECT_ORDERS_CHANGED);
    if (f != NULL) f->symbol = p->symbol;
}

static void on_fill(struct engine *e, const struct user_message *m) {
    size_t index;
    struct engine_private *priv = e->priv;
    struct fill f = m->fill;
    f.received_at = e->now.wall;
    if (pair_by_symbol(e, &f.symbol, &index) != NULL) {
        fills_accept(e, index, &f);
        e->fills_read_at = e->now.wall;
    } else if (!priv->symbols_known || !e->exchange.info_known) {
        if (priv->early_count < USER_EVENTS_KEPT) priv->early[priv->early_count++] = f;
        else e->count.pending_overflow++; /* the trades since the last known are fetched anyway */
    } else {
        e->count.other_symbol_fills++;
    }
}

static void on_user_event(struct engine *e, uint64_t id, const struct user_message *m) {
    switch (m->kind) {
    case USER_FILL:
        on_fill(e, m);
        on_order(e, m);
        break;
    case USER_ORDER: on_order(e, m); break;
    case USER_BALANCE_DELTA: balances_moved(e); break;
    case USER_BALANCES:
        for (size_t i = 0; i < m->balance_count; i++) balances_take(e, &m->balances[i], BALANCE_STREAM);
        if (m->balances_cut) balances_moved(e);
        break;
    case USER_TERMINATED:
        e->priv->listen_key[0] = '\0'; /* on whichever link: where another key is good, asking gives it again */
        streams_user_ended(e, id, "the subscription was ended by the exchange");
        break;
    case USER_SHUTDOWN:
        streams_do(e, &e->user, feed_replace(&e->user, "the exchange announced a shutdown", e->now));
        break;
    case USER_IGNORED: e->count.ignored_events++; break;
    case USER_REPLY: break;
    }
}

static void on_user_text(struct engine *e, uint64_t id, struct span text) {
    struct user_message m;
    struct wire_fault fault = {0};
    e->dirty |= DIRTY_STREAMS;
    if (user_decode(e->priv->json, text, &m, &fault) != ERR_OK) {
        e->user.messages++;
        e->user.rejected++;
        engine_fault(e, ASK_SUBSCRIBE, "user", &fault);
        return;
    }
    feed_heard(&e->user, id, m.kind != USER_REPLY, e->now);
    if (m.kind == USER_REPLY) {
        on_reply(e, id, &m.reply);
        return;
    }
    e->user.messages++;
    e->upstream_ok_at = e->now.wall;
    heard_event_time(e, &e->user, m.event_time);
    on_user_event(e, id, &m);
}

void streams_on_text(struct engine *e, uint64_t id, struct span text) {
    if (feed_link(&e->market, id) != NULL) on_market_text(e, id, text);
    else if (feed_link(&e->user, id) != NULL) on_user_text(e, id, text);
}

void streams_on_ping(struct engine *e, uint64_t id) {
    feed_heard(feed_link(&e->market, id) != NULL ? &e->market : &e->user, id, false, e->now);
}

/* "localhost:9443" of the base address that a feed connects to. */
static struct span host_of(const struct engine *e, const struct feed *f) {
    bool api = f->kind == FEED_USER && e->config->user_stream == USER_STREAM_WS_API;
    const char *url = api ? e->config->ws_api_url : e->config->stream_url, *at = strstr(url, "://");
    at = at != NULL ? at + 3 : url;
    return span_from(at, strcspn(at, "/"));
}

static void describe_loss(char why[static FEED_REASON_MAX], const struct engine *e, const struct feed *f, bool opened,
                          const struct event *v) {
    struct span host = host_of(e, f);
    int host_len = (int)(host.len < 60 ? host.len : 60), said = (int)(v->body.len < 110 ? v->body.len : 110);
    const char *words = v->body.at != NULL ? v->body.at : "";
    if (v->status != 0) (void)snprintf(why, FEED_REASON_MAX, "the connection was refused with status %d", v->status);
    else if (v->err == ERR_CLOSED || v->err == ERR_OK)
        (void)snprintf(why, FEED_REASON_MAX, "connection closed by peer (%u)", v->code);
    else if (opened) (void)snprintf(why, FEED_REASON_MAX, "%s (%.*s)", err_text(v->err), said < 60 ? said : 60, words);
    else if (v->err == ERR_TLS && said > 0) /* which of the many ways: the user has to mend it */
        (void)snprintf(why, FEED_REASON_MAX, "TLS to %.*s failed: %.*s", host_len, host.at, said, words);
    else (void)snprintf(why, FEED_REASON_MAX, "%.*s: %s", host_len, host.at, err_text(v->err));
}

/* A connection that never stood: said when it is news, not at each retry. */
static void log_unreached(struct engine *e, struct feed *f) {
    if (strcmp(f->told, f->reason) == 0) return;
    memcpy(f->told, f->reason, sizeof f->told);
    engine_log(e, LOG_WARN, f->kind == FEED_MARKET ? "market" : "user", "stream not reached: %s", f->reason);
}

void streams_on_closed(struct engine *e, const struct event *v) {
    struct feed *f = feed_link(&e->market, v->id) != NULL ? &e->market : &e->user;
    const struct link *l = feed_link(f, v->id);
    char why[FEED_REASON_MAX];
    if (l == NULL) return; /* one we dropped ourselves */
    bool was_live = feed_is_live(f), opened = l->phase >= LINK_OPEN;
    describe_loss(why, e, f, opened, v);
    if (f->kind == FEED_USER) requests_drop_link(e, v->id);
    if (f->kind == FEED_USER && (v->status == 429 || v->status == 418))
        weight_ban(&e->exchange.weight, e->now, v->retry_after_us);
    if (f->kind == FEED_USER && e->config->user_stream == USER_STREAM_LISTEN_KEY) e->priv->listen_key[0] = '\0';
    if (feed_link(f, v->id) != NULL) streams_do(e, f, feed_lost(f, v->id, why, &e->rng, e->now));
    if (!opened && f->state == FEED_WAITING) log_unreached(e, f);
    watch_state(e, f, was_live);
}

void streams_tick(struct engine *e) {
    struct feed *feeds[] = {&e->market, &e->user};
    struct engine_private *p = e->priv;
    for (size_t i = 0; i < 2; i++) {
        bool was_live = feed_is_live(feeds[i]);
        struct feed_todo todo = feed_tick(feeds[i], &e->rng, e->now);
        if (todo.actions != 0) streams_do(e, feeds[i], todo);
        else if (feeds[i]->state == FEED_CONNECTING && feeds[i]->cur.id == 0)
            open_link(e, feeds[i]); /* banned, or no key yet */
        watch_state(e, feeds[i], was_live);
    }
    if (p->subscriptions_dirty) streams_resubscribe(e);
    if (subscriptions_left(e)) subscribe_some(e);
}

struct mono streams_deadline(const struct engine *e) {
    struct mono due = feed_deadline(&e->market), user = feed_deadline(&e->user);
    if (user.us < due.us) due = user;
    if (subscriptions_left(e) && e->priv->next_subscribe_at.us < due.us) due = e->priv->next_subscribe_at;
    return due;
}
