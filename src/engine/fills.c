/* fills.c: the way of a fill into a ledger. Decoded, it is pending; at the end of the turn the pending ones go to the store in
 * one batch; on its commit they enter their ledgers (persist, then show). Where there is no store, where it fails or takes over
 * a second, they enter at once and the page says that history is not durable. Fees in a third asset are valued by the close of
 * the last one-minute candle that had closed when the fill happened (ACCOUNTING 3). */
#include "engine/private.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

#define STORE_LIMIT_US US_PER_S                        /* DESIGN 3: over 1 s the figures do not wait */
enum { RECOMPUTE_FILLS = 25000, KLINES_LIMIT = 1000 }; /* 5 ms at 200 ns a fill (ACCOUNTING 2) */
enum { ROWS_KEPT = 256 };                              /* of an empty list: 60 kB */

static bool reserve(struct fill **at, size_t *capacity, size_t count) {
    if (count <= *capacity) return true;
    size_t bigger = *capacity == 0 ? ROWS_KEPT : *capacity;
    while (bigger < count) bigger *= 2;
    struct fill *grown = realloc(*at, bigger * sizeof *grown);
    if (grown == NULL) return false;
    *at = grown;
    *capacity = bigger;
    return true;
}

/* A backfill's thousands are not kept for the single fills of every day. Its rows were borrowed by effects of the last turn. */
static void release(struct fill **at, size_t *capacity, size_t count) {
    if (count > 0 || *capacity <= ROWS_KEPT) return;
    free(*at);
    *at = NULL;
    *capacity = 0;
}

static bool to_store(const struct engine *e) { return e->config->persist && !e->priv->store_gone; }

static bool is_pending(const struct fill *list, size_t count, const struct fill *f) {
    for (size_t i = 0; i < count; i++)
        if (list[i].trade_id == f->trade_id && list[i].side == f->side && list[i].source >= f->source &&
            name_eq(&list[i].symbol, &f->symbol))
            return true;
    return false;
}

bool fills_accept(struct engine *e, size_t pair, const struct fill *f) {
    struct engine_private *p = e->priv;
    const char *field = NULL;
    struct fill copy = *f;
    copy.symbol = e->pairs[pair]->symbol;
    if (fill_validate(&copy, &field) != ERR_OK) {
        e->count.fills_refused++;
        if (!mono_reached(e->now.mono, p->poll.refused_quiet_until)) return true;
        p->poll.refused_quiet_until = mono_add(e->now.mono, US_PER_MIN);
        engine_log(e, LOG_WARN, "engine", "a fill of %s was refused: %s", copy.symbol.text, field);
        return true;
    }
    struct fill known;
    bool is_known = ledger_find(e->pairs[pair]->ledger, copy.trade_id, copy.side, &known);
    if (is_known && (known.source == SOURCE_BOT) != (copy.source == SOURCE_BOT)) p->accounts_match = true;
    if (is_known && known.source >= copy.source) {
        e->count.duplicates_dropped++;
        e->dirty |= DIRTY_HEADER;
        return true;
    }
    /* a page of 1,000 is checked against the few that are under way, not against itself: ids within a page differ */
    size_t near = p->pending_count < 64 ? p->pending_count : 64;
    if (is_pending(p->pending + (p->pending_count - near), near, &copy) ||
        (p->in_store_count <= 64 && is_pending(p->in_store, p->in_store_count, &copy))) {
        e->count.duplicates_dropped++;
        return true;
    }
    if (p->pending_count >= LIMIT_PENDING_FILLS || !reserve(&p->pending, &p->pending_capacity, p->pending_count + 1)) {
        e->count.pending_overflow++;
        e->pairs[pair]->history.wanted = true; /* it will be read again */
        return false;
    }
    p->pending[p->pending_count++] = copy;
    return true;
}

static void count_recovered(struct engine *e, const struct fill *f) {
    int64_t time = f->time.us - (engine_exchange_time(e).us - e->now.wall.us); /* gaps are kept by our own clock */
    for (size_t i = 0; i < e->gap_count; i++) {
        struct gap *g = &e->gaps[(e->gap_head + i) % LIMIT_GAPS_SHOWN];
        if (g->feed != FEED_USER || time < g->from.us || (g->to.us != 0 && time > g->to.us) ||
            f->received_at.us < g->from.us)
            continue;
        g->recovered_fills++;
        e->dirty |= DIRTY_GAPS;
    }
}

static void wait_for_fee_price(struct engine *e, size_t pair, const struct fill *f) {
    struct engine_private *p = e->priv;
    pairs_need_fee_markets(e, &f->fee_asset, &e->pairs[pair]->quote);
    p->fee_work = true;
    if (p->fee_wait_count < FEE_WAITS_MAX)
        p->fee_waits[p->fee_wait_count++] = (struct fee_wait){pair, f->trade_id, f->side};
    /* over the bound the ledger itself knows what is unvalued: fills_ask_fee_prices refills from it */
}

static bool third_asset(const struct pair *p, const struct fill *f) {
    return f->fee.v > 0 && !name_empty(&f->fee_asset) && !name_eq(&f->fee_asset, &p->base) &&
           !name_eq(&f->fee_asset, &p->quote);
}

/* There was no memory for it: the history is not complete up to it any more, and is read from there again. */
static void read_again(struct engine *e, struct pair *p, const struct fill *f) {
    struct history *h = &p->history;
    if (!engine_has_key(e)) return; /* the bot's answers hold it for 500 fills to come */
    if (h->complete_to >= f->trade_id) h->complete_to = f->trade_id - 1;
    h->caught_up = false;
    h->wanted = true;
    h->state = HISTORY_LOADING;
}

static void apply(struct engine *e, const struct fill *f) {
    size_t index;
    enum ledger_added what;
    bool changed = false;
    struct pair *p = pair_by_symbol(e, &f->symbol, &index);
    CHECK(p != NULL);
    enum err err = ledger_add(p->ledger, f, &what, &changed);
    if (err != ERR_OK) {
        e->count.fills_refused++;
        if (err == ERR_MEMORY) read_again(e, p, f);
        engine_log(e, LOG_ERROR, "engine", "a fill of %s could not be booked: %s", f->symbol.text, err_text(err));
        engine_dirty_pair(e, index);
        return;
    }
    if (what == LEDGER_DUPLICATE) {
        e->count.duplicates_dropped++;
        return;
    }
    if (what == LEDGER_REPLACED) {
        e->count.duplicates_dropped++;
        if (changed) {
            e->count.corrections++;
            engine_log(e, LOG_DEBUG, "engine", "trade %lld of %s corrected by %s", (long long)f->trade_id,
                       f->symbol.text, fill_source_name(f->source));
        }
    } else {
        e->count.fills_applied++;
        count_recovered(e, f);
        if (reserve(&e->priv->applied, &e->priv->applied_capacity, e->priv->applied_count + 1))
            e->priv->applied[e->priv->applied_count++] = *f;
    }
    if (changed) p->cause = (struct change){.source = CHANGE_FILL, .fill = f->source};
    if (third_asset(p, f)) wait_for_fee_price(e, index, f);
    engine_dirty_pair(e, index);
}

static void apply_all(struct engine *e, const struct fill *list, size_t count) {
    uint64_t before = e->count.corrections;
    for (size_t i = 0; i < count; i++) apply(e, &list[i]);
    if (e->count.corrections > before)
        engine_log(e, LOG_INFO, "engine", "%llu known fills corrected by a more authoritative record",
                   (unsigned long long)(e->count.corrections - before));
}

void fills_keep_values(struct engine *e) {
    struct engine_private *p = e->priv;
    struct effect *f = p->valued_count > 0 ? engine_effect(e, EFFECT_PERSIST) : NULL;
    if (f != NULL) f->fills = p->valued, f->fill_count = p->valued_count;
    p->valued_count = 0; /* the rows stay in place until others are valued: borrowed until the effect is done */
}

void fills_count_cached(struct engine *e) {
    size_t known = 0;
    for (size_t i = 0; i < e->pair_count; i++) known += ledger_count(e->pairs[i]->ledger);
    if (known > LIMIT_FILLS_SHOWN) known = LIMIT_FILLS_SHOWN;
    if (known == e->trades_cached) return;
    e->trades_cached = known;
    e->dirty |= DIRTY_HEADER;
}

static void report_applied(struct engine *e) {
    struct engine_private *p = e->priv;
    if (p->applied_count == 0) return;
    struct effect *f = engine_effect(e, EFFECT_FILLS_APPLIED);
    if (f != NULL) f->fills = p->applied, f->fill_count = p->applied_count;
    figures_fill(e);
    p->applied_count = 0; /* the rows stay in place until the next turn applies others: borrowed until taken */
    e->dirty |= DIRTY_HEADER;
    fills_count_cached(e);
}

static void give_up_on_store(struct engine *e, const char *why) {
    struct engine_private *p = e->priv;
    if (e->durable) engine_log(e, LOG_ERROR, "store", "history is not durable: %s", why);
    e->durable = false;
    (void)snprintf(e->store_error, sizeof e->store_error, "%s", why);
    e->dirty |= DIRTY_HEADER;
    if (p->in_store_batch == 0) return;
    apply_all(e, p->in_store + p->in_store_shown, p->in_store_count - p->in_store_shown);
    p->in_store_shown = p->in_store_count; /* its commit, should it come, finds nothing left to show */
}

void fills_store_failed(struct engine *e, const char *why) {
    e->priv->store_gone = true;
    give_up_on_store(e, why != NULL ? why : "the store failed");
}

void fills_committed(struct engine *e, uint64_t batch, enum err err, const char *why) {
    struct engine_private *p = e->priv;
    if (batch != p->in_store_batch) return;
    if (err != ERR_OK) {
        fills_store_failed(e, why != NULL ? why : err_text(err));
    } else {
        if (!e->durable && !p->store_gone)
            e->durable = true, e->store_error[0] = '\0', e->dirty |= DIRTY_HEADER; /* it was only slow */
        apply_all(e, p->in_store + p->in_store_shown, p->in_store_count - p->in_store_shown);
    }
    free(p->in_store);
    p->in_store = NULL;
    p->in_store_count = p->in_store_shown = 0;
    p->in_store_batch = 0;
}

/* A mark says that everything up to an id is kept: it goes out only when nothing is on its way to the disk any more. */
static void keep_marks(struct engine *e) {
    const struct engine_private *p = e->priv;
    if (!e->durable || p->pending_count > 0 || p->in_store_batch != 0) return;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *pair = e->pairs[i];
        if (pair->history.marked == pair->history.complete_to) continue;
        struct effect *f = engine_effect(e, EFFECT_HISTORY);
        if (f == NULL) return;
        f->symbol = pair->symbol;
        f->complete_to = pair->history.marked = pair->history.complete_to;
    }
}

/* The oldest pending fills become the store's batch: all of them, or as many as one transaction takes, moved into `part`. */
static void take_batch(struct engine_private *p, struct fill *part) {
    size_t count = part != NULL ? LIMIT_STORE_GROUP_FILLS : p->pending_count;
    size_t shown = p->pending_shown < count ? p->pending_shown : count;
    p->in_store = part != NULL ? part : p->pending;
    p->in_store_count = count;
    p->in_store_shown = shown;
    p->in_store_batch = ++p->next_batch;
    p->pending_count -= count;
    p->pending_shown -= shown;
    if (part == NULL) {
        p->pending = NULL;
        p->pending_capacity = 0;
        return;
    }
    memcpy(part, p->pending, count * sizeof *part);
    memmove(p->pending, p->pending + count, p->pending_count * sizeof *part);
}

/* False: not now. */
static bool to_store_now(struct engine *e) {
    struct engine_private *p = e->priv;
    struct fill *part = NULL;
    if (p->pending_count == 0 || !to_store(e) || p->in_store_batch != 0) return false;
    if (p->pending_count > LIMIT_STORE_GROUP_FILLS && (part = malloc(LIMIT_STORE_GROUP_FILLS * sizeof *part)) == NULL)
        return false;
    struct effect *f = engine_effect(e, EFFECT_PERSIST);
    if (f == NULL) {
        free(part);
        return false;
    }
    take_batch(p, part);
    p->in_store_since = e->now.mono;
    f->id = p->in_store_batch;
    f->fills = p->in_store;
    f->fill_count = p->in_store_count;
    return true;
}

/* The pending fills go to the store; or into the ledgers where there is none; or both, in the other order, while it is slow. */
static void hand_over(struct engine *e) {
    struct engine_private *p = e->priv;
    if (to_store_now(e)) return;
    if (!to_store(e) || !e->durable) {
        apply_all(e, p->pending + p->pending_shown, p->pending_count - p->pending_shown);
        p->pending_shown = p->pending_count;
        if (!to_store(e)) p->pending_count = p->pending_shown = 0;
    }
}

/* What the bot told while there was no key belongs to the account, whichever key comes later. */
static void tell_join(struct engine *e) {
    struct engine_private *p = e->priv;
    if (p->join_told || !p->accounts_match || e->exchange.uid < 0) return;
    struct effect *f = engine_effect(e, EFFECT_REMEMBER);
    if (f == NULL) return;
    f->key = "joined";
    f->text = strdup("");
    p->join_told = true;
}

void fills_flush(struct engine *e) {
    struct engine_private *p = e->priv;
    if (p->in_store_batch != 0 && e->durable && e->now.mono.us - p->in_store_since.us >= STORE_LIMIT_US)
        give_up_on_store(e, "the store takes over a second");
    release(&p->applied, &p->applied_capacity, p->applied_count);
    release(&p->valued, &p->valued_capacity, p->valued_count);
    hand_over(e);
    report_applied(e);
    keep_marks(e);
    tell_join(e);
}

bool fills_recompute(struct engine *e) {
    size_t left = RECOMPUTE_FILLS;
    bool more = false;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        if (!ledger_totals(p->ledger)->recomputing) continue;
        bool done = left > 0 && ledger_recompute(p->ledger, left);
        if (done) {
            figures_starts_changed(e);
            fills_count_cached(e);
        }
        more |= !done;
        if (!done) left = 0;
        engine_dirty_pair(e, i);
    }
    return more;
}

void fills_adopt_early(struct engine *e) {
    struct engine_private *p = e->priv;
    size_t index;
    size_t kept = 0;
    for (size_t i = 0; i < p->early_count; i++) {
        if (pair_by_symbol(e, &p->early[i].symbol, &index) != NULL) (void)fills_accept(e, index, &p->early[i]);
        else if (!p->symbols_known || !e->exchange.info_known) p->early[kept++] = p->early[i];
        else e->count.other_symbol_fills++;
    }
    p->early_count = kept;
}

/* ---- fees in a third asset ---- */

/* Consecutive minutes never share a slot, so a whole answer of 1,000 candles stands beside itself. */
static struct minute_close *minute_slot(struct market *m, int64_t minute) {
    return &m->minutes[(uint64_t)minute % MINUTES_KEPT];
}

void fills_minute_closed(struct engine *e, size_t market, struct wall open_time, struct dec8 close) {
    struct market *m = e->markets[market];
    int64_t minute = open_time.us / US_PER_MIN;
    if (!m->needs_minutes) return;
    if (m->minutes == NULL && (m->minutes = calloc(MINUTES_KEPT, sizeof *m->minutes)) == NULL)
        return; /* asked again later */
    *minute_slot(m, minute) = (struct minute_close){minute, close};
    e->priv->fee_work = true;
}

struct close_source { /* prices of one minute, and the first market that is missing */
    struct engine *e;
    int64_t minute;
    size_t missing; /* SIZE_MAX none */
};

static bool close_price(void *arg, const struct name *base, const struct name *quote, struct dec8 *out) {
    struct close_source *s = arg;
    struct engine *e = s->e;
    for (size_t i = 0; i < e->market_count; i++) {
        if (!name_eq(&e->markets[i]->info.base, base) || !name_eq(&e->markets[i]->info.quote, quote)) continue;
        struct market *m = e->markets[i];
        if (!m->needs_minutes) return false;
        const struct minute_close *c = m->minutes != NULL ? minute_slot(m, s->minute) : NULL;
        if (c == NULL || c->minute != s->minute) {
            if (s->missing == SIZE_MAX) s->missing = i;
            return false;
        }
        *out = c->close;
        return c->close.v > 0;
    }
    return false;
}

static int64_t priced_minute(struct wall fill_time) { return fill_time.us / US_PER_MIN - 1; }

enum valued { VALUED_DONE, VALUED_MISSING, VALUED_GONE };

static void keep_value(struct engine *e, const struct fee_wait *w) {
    struct engine_private *p = e->priv;
    if (!to_store(e) || p->valued_count >= LIMIT_STORE_GROUP_FILLS || /* the rest: again at the next start, alike */
        !reserve(&p->valued, &p->valued_capacity, p->valued_count + 1))
        return;
    bool found = ledger_find(e->pairs[w->pair]->ledger, w->trade_id, w->side, &p->valued[p->valued_count++]);
    CHECK(found);
}

static enum valued value_one(struct engine *e, const struct fee_wait *w, const struct fill *f, size_t *missing) {
    struct close_source closes = {e, priced_minute(f->time), SIZE_MAX};
    struct price_source source = {close_price, &closes};
    struct conversion path;
    struct dec16 value, one;
    struct pair *p = e->pairs[w->pair];
    /* a market of the path whose candle is not known yet comes before any detour: every fill is priced the same way, live or
     * in a backfill */
    enum err err = conversion_find(&path, &f->fee_asset, &p->quote, &source);
    if (closes.missing != SIZE_MAX) {
        *missing = closes.missing;
        return VALUED_MISSING;
    }
    if (err != ERR_OK) return VALUED_GONE;
    if (conversion_apply(&value, f->fee, &path) != ERR_OK ||
        conversion_apply(&one, (struct dec16){DEC16_ONE}, &path) != ERR_OK)
        return VALUED_GONE;
    struct wall candle = {closes.minute * US_PER_MIN};
    if (ledger_value_fee(p->ledger, w->trade_id, w->side, value, dec8_of_dec16(one), candle) != ERR_OK)
        return VALUED_GONE;
    p->cause = (struct change){.source = CHANGE_CANDLE};
    engine_dirty_pair(e, w->pair);
    keep_value(e, w);
    return VALUED_DONE;
}

static void ask_minutes(struct engine *e, size_t market, struct wall fill_time) {
    int64_t minute = priced_minute(fill_time);
    struct wall server = engine_exchange_time(e);
    struct request r = {.ask = ASK_KLINES,
                        .symbol = e->markets[market]->info.exchange_symbol,
                        .interval = name_of("1m"),
                        .start = {minute * US_PER_MIN},
                        .limit = KLINES_LIMIT};
    if ((minute + 1) * US_PER_MIN + 3 * US_PER_S > server.us && feed_is_live(&e->market))
        return; /* its close is about to be streamed */
    for (size_t i = 0; i < REQUESTS_MAX; i++) {
        const struct request *q = &e->priv->requests[i];
        if (q->ask == ASK_KLINES && !q->on_demand && name_eq(&q->symbol, &r.symbol))
            return; /* one at a time for each market */
    }
    if (candles_minute_asked(e, market, minute) || !mono_reached(e->now.mono, e->priv->minutes_again)) return;
    if (ask_binance(e, &r, NEED_PNL)) e->exchange.on_demand_requests++;
}

/* Waits that did not fit the list, or came from the store. */
static void refill_waits(struct engine *e) {
    struct engine_private *p = e->priv;
    struct fill f;
    for (size_t i = 0; i < e->pair_count && p->fee_wait_count < FEE_WAITS_MAX; i++) {
        const struct ledger_totals *t = ledger_totals(e->pairs[i]->ledger);
        size_t cursor = 0;
        if (t->unvalued_fees == 0) continue;
        while (p->fee_wait_count < FEE_WAITS_MAX && ledger_next_unvalued(e->pairs[i]->ledger, &cursor, &f)) {
            pairs_need_fee_markets(e, &f.fee_asset, &e->pairs[i]->quote);
            p->fee_waits[p->fee_wait_count++] = (struct fee_wait){i, f.trade_id, f.side};
        }
    }
}

void fills_need_markets(struct engine *e) {
    struct fill f;
    for (size_t i = 0; i < e->priv->fee_wait_count; i++) {
        const struct fee_wait *w = &e->priv->fee_waits[i];
        if (ledger_find(e->pairs[w->pair]->ledger, w->trade_id, w->side, &f))
            pairs_need_fee_markets(e, &f.fee_asset, &e->pairs[w->pair]->quote);
    }
    e->priv->fee_work = true;
}

void fills_ask_fee_prices(struct engine *e) {
    struct engine_private *p = e->priv;
    size_t kept = 0, missing = SIZE_MAX;
    struct wall missing_time = {0};
    if (!e->exchange.info_known) return; /* the paths are not known */
    if (!p->fee_work && !mono_reached(e->now.mono, p->fee_check_at)) return;
    p->fee_work = false;
    p->fee_check_at = mono_add(e->now.mono, US_PER_S);
    if (p->fee_wait_count == 0) refill_waits(e);
    for (size_t i = 0; i < p->fee_wait_count; i++) {
        struct fee_wait w = p->fee_waits[i];
        struct fill f;
        size_t market = SIZE_MAX;
        if (!ledger_find(e->pairs[w.pair]->ledger, w.trade_id, w.side, &f) || f.fee_state != FEE_UNVALUED) continue;
        if (value_one(e, &w, &f, &market) == VALUED_DONE) continue;
        p->fee_waits[kept++] = w;
        if (market < e->market_count && (missing == SIZE_MAX || f.time.us < missing_time.us))
            missing = market, missing_time = f.time;
    }
    p->fee_wait_count = kept;
    if (missing != SIZE_MAX) ask_minutes(e, missing, missing_time);
}
