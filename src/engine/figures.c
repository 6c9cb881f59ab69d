/* figures.c: what follows from ledgers and prices, once a turn and only where something is marked: each pair's unrealized and
 * total, the portfolio, the windows; and the words for the state of it all: mode, status and its reason (PRODUCT 6). */
#include "engine/private.h"

#include <stdlib.h>

enum { BOT_FILLS_LOOKED_AT = 2000 }; /* the bot's answer has 1,000 at most; as many again came by stream meanwhile */
#define STALE_US (60 * US_PER_S)
#define OFFLINE_US (120 * US_PER_S)

static bool older(struct wall at, int64_t us, struct wall now) { return at.us == 0 || now.us - at.us > us; }

void figures_price_changed(struct engine *e, size_t market) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (e->pairs[i]->market == market) e->pair_dirty[i] = 1;
    e->dirty |= DIRTY_PNL; /* a conversion leg changes the portfolio without changing a pair */
    e->last_update = e->now.wall;
}

static void update_pair(struct engine *e, struct pair *p) {
    const struct ledger_totals *t = ledger_totals(p->ledger);
    const struct market *m = e->markets[p->market];
    p->unrealized_known =
        (m->price.v > 0 || t->holdings.v == 0) && ledger_unrealized(t, m->price, &p->unrealized, &p->total) == ERR_OK;
    proof_of(&p->proof, ledger_flows(p->ledger), t, m->price.v > 0, m->price);
    if (t->realized.v == p->realized_seen.v) return;
    p->realized_seen = t->realized;
    p->realized_change = (struct change){e->now.wall, p->cause.source, p->cause.fill};
}

/* The pairs' drifts together, in the display currency. One that cannot be converted, or is too small to show there, is not lost:
 * what is off is at least the last digit. */
static void update_proof(struct engine *e) {
    struct proof_state_all all = {.state = PROOF_EXACT, .has_drift = true};
    bool off = false, unchecked = false;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct proof *p = &e->pairs[i]->proof;
        const struct portfolio_line *l = &e->lines[i];
        struct dec16 drift = p->drift;
        off |= p->state == PROOF_DRIFT;
        unchecked |= p->state == PROOF_UNCHECKED;
        if (p->state != PROOF_DRIFT || !l->has_rate) continue;
        if (!l->rate_is_one && conversion_apply(&drift, drift, &l->rate) != ERR_OK) continue;
        if (dec16_add(&drift, all.drift, drift) == ERR_OK) all.drift = drift;
    }
    if (off && all.drift.v == 0) all.drift.v = 1;
    all.state = off ? PROOF_DRIFT : unchecked || !e->portfolio.known ? PROOF_UNCHECKED : PROOF_EXACT;
    all.has_drift = all.state != PROOF_UNCHECKED;
    e->proof = all;
}

static void set_line(struct engine *e, size_t i, const struct price_source *prices) {
    const struct pair *p = e->pairs[i];
    const struct market *m = e->markets[p->market];
    struct portfolio_line *l = &e->lines[i];
    *l = (struct portfolio_line){
        .symbol = &p->symbol, .totals = ledger_totals(p->ledger), .has_mark = m->price.v > 0, .mark = m->price};
    l->rate_is_one = name_eq(&p->quote, &e->display);
    l->has_rate = l->rate_is_one || conversion_find(&l->rate, &p->quote, &e->display, prices) == ERR_OK;
}

static bool percent_of(struct engine *e, struct dec16 amount, struct dec8 *out) {
    struct dec16 hundredfold;
    return e->has_investment && e->investment.v > 0 && dec_muldiv(&hundredfold.v, amount.v, 100, 1) == ERR_OK &&
           dec16_ratio(out, hundredfold, e->investment) == ERR_OK;
}

/* Other lines count now than when the windows' starts were worked out: start and now would not be of the same lines. */
static void forget_starts(struct engine *e) {
    for (int w = 0; w < WINDOWS; w++) e->priv->window_starts[w].known = false;
    figures_starts_changed(e);
}

bool engine_fills_known(const struct pair *p) { return p->trades_read_at.us != 0 || ledger_count(p->ledger) > 0; }

static bool fills_heard_of(const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (engine_fills_known(e->pairs[i])) return true;
    return false;
}

static void update_portfolio(struct engine *e) {
    struct price_source prices = {engine_price, e};
    struct portfolio before = e->portfolio;
    for (size_t i = 0; i < e->pair_count; i++) {
        if (e->pair_dirty[i]) update_pair(e, e->pairs[i]);
        set_line(e, i, &prices);
    }
    portfolio_sum(&e->portfolio, e->left_out, e->lines, e->pair_count);
    e->portfolio.known &= fills_heard_of(e);
    update_proof(e);
    if (before.known != e->portfolio.known || before.left_out != e->portfolio.left_out) forget_starts(e);
    e->percent_known = e->portfolio.known && percent_of(e, e->portfolio.total, &e->total_percent);
}

/* ---- windows ----
 *
 * A window's P&L is a figure now less the same figure at its start. The start moves with the minute and changes with a
 * backfill or a corrected fee; the figure now changes with every price. So the start is computed seldom, one window a turn, and kept. */

static struct wall day_start(const struct engine *e) {
    int64_t local = e->now.wall.us + e->config->day_offset_us;
    int64_t days = local / US_PER_DAY - (local % US_PER_DAY < 0);
    return (struct wall){days * US_PER_DAY - e->config->day_offset_us};
}

static void equity_lines(const struct engine *e, struct equity_line *lines) {
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        lines[i] = (struct equity_line){p->ledger, &p->quote, e->lines[i]};
        lines[i].now.symbol = &p->symbol; /* a pair of this turn has no line yet: no mark, no rate */
        lines[i].now.totals = ledger_totals(p->ledger);
    }
}

/* What has to be taken from the total (or from realized) of now. */
static bool window_start(struct window_start *w, enum window_basis basis, struct dec16 pnl,
                         const struct portfolio *now) {
    struct dec16 figure = basis == BASIS_EQUITY ? now->total : now->realized;
    w->basis = basis;
    return basis != BASIS_UNKNOWN && dec16_sub(&w->figure, figure, pnl) == ERR_OK;
}

static const int64_t window_us[WINDOWS] = {US_PER_HOUR, US_PER_DAY, 7 * US_PER_DAY, 30 * US_PER_DAY};

static void refresh_window(struct engine *e, enum window w) {
    struct window_start *start = &e->priv->window_starts[w];
    struct equity_window found;
    struct wall from = {e->now.wall.us - window_us[w]};
    equity_lines(e, e->priv->equity_lines);
    start->known = equity_window(e->equity, &found, e->priv->equity_lines, e->pair_count, from, DEC16_ZERO) == ERR_OK &&
                   window_start(start, found.basis, found.pnl, &e->portfolio);
}

/* Of one pair, in its own quote. */
static void refresh_today(struct engine *e, size_t i) {
    struct pair *p = e->pairs[i];
    struct window_start *start = &e->priv->today_starts[i];
    struct equity_line line = {p->ledger, &p->quote, e->lines[i]};
    struct portfolio now = {.realized = ledger_totals(p->ledger)->realized, .total = p->total};
    struct equity_window found;
    line.now.rate_is_one = line.now.has_rate = true;
    start->known = equity_window(e->equity, &found, &line, 1, day_start(e), DEC16_ZERO) == ERR_OK &&
                   window_start(start, found.basis, found.pnl, &now);
    e->pair_dirty[i] = 1;
    e->dirty |= DIRTY_PNL;
}

static void show_window(struct engine *e, enum window w) {
    const struct window_start *start = &e->priv->window_starts[w];
    struct window_figure figure = {.from_equity = start->basis == BASIS_EQUITY};
    struct dec16 now = figure.from_equity ? e->portfolio.total : e->portfolio.realized;
    figure.known = start->known && e->portfolio.known && dec16_sub(&figure.pnl, now, start->figure) == ERR_OK;
    figure.has_percent = figure.known && percent_of(e, figure.pnl, &figure.percent);
    if (figure.known == e->windows[w].known && figure.pnl.v == e->windows[w].pnl.v &&
        figure.from_equity == e->windows[w].from_equity && figure.has_percent == e->windows[w].has_percent &&
        figure.percent.v == e->windows[w].percent.v)
        return;
    e->windows[w] = figure;
    e->dirty |= DIRTY_WINDOWS;
}

static void show_today(struct engine *e, size_t i) {
    struct pair *p = e->pairs[i];
    const struct window_start *start = &e->priv->today_starts[i];
    bool by_equity = start->basis == BASIS_EQUITY;
    struct dec16 now = by_equity ? p->total : ledger_totals(p->ledger)->realized;
    p->today_known =
        start->known && (!by_equity || p->unrealized_known) && dec16_sub(&p->today, now, start->figure) == ERR_OK;
}

/* One start a turn, so that no turn is long. */
static void refresh_starts(struct engine *e) {
    struct engine_private *p = e->priv;
    size_t all = WINDOWS + e->pair_count;
    if (p->starts_left == 0) return;
    size_t i = all - (p->starts_left < all ? p->starts_left : all);
    p->starts_left = p->starts_left < all ? p->starts_left - 1 : all - 1;
    if (i < WINDOWS) refresh_window(e, (enum window)i);
    else refresh_today(e, i - WINDOWS);
}

void figures_forget_series(struct engine *e) {
    struct equity *fresh = equity_since(e->equity).us != 0 ? equity_new() : NULL;
    if (fresh == NULL) return; /* nothing recorded yet; or no memory, and the next points replace the old in time */
    equity_free(e->equity);
    e->equity = fresh;
    memset(e->priv->window_starts, 0, sizeof e->priv->window_starts);
    figures_starts_changed(e);
}

void figures_starts_changed(struct engine *e) { e->priv->starts_wanted = true; }

/* Marks and rates of a minute go to the store as they are: what they are worth is a matter of the fills known then. */
static void keep_point(struct engine *e, const struct equity_line *lines) {
    struct buf b;
    buf_init(&b, LIMIT_STORE_BLOB_BYTES);
    equity_point_write(&b, &e->display, lines, e->pair_count);
    size_t len = b.len;
    char *text = engine_text(&b);
    struct effect *f = text == NULL ? NULL : engine_effect(e, EFFECT_POINT);
    if (f == NULL) {
        free(text);
        engine_log(e, LOG_WARN, "engine", "a point of the equity series could not be given to the store");
        return;
    }
    f->time = e->now.wall;
    f->text = text;
    f->text_len = len;
}

/* Pairs that are not watched now are passed over, a point that cannot be read as a whole: then its minute is not known. */
void figures_restore(struct engine *e, struct wall at, struct span point) {
    struct equity_line *lines = e->priv->equity_lines;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        lines[i] = (struct equity_line){.ledger = p->ledger, .quote = &p->quote, .now = {.symbol = &p->symbol}};
        lines[i].now.rate_is_one = name_eq(&p->quote, &e->display);
    }
    if (equity_point_read(point, &e->display, lines, e->pair_count) != ERR_OK) e->count.points_refused++;
    else if (equity_record(e->equity, EQUITY_MINUTE, at, lines, e->pair_count) != ERR_OK) e->count.points_refused++;
}

void figures_minute(struct engine *e) {
    if (e->pair_count == 0 || !equity_due(e->equity, e->now.wall)) return;
    equity_lines(e, e->priv->equity_lines);
    if (e->config->persist && !e->priv->store_gone) keep_point(e, e->priv->equity_lines);
    if (equity_record(e->equity, EQUITY_MINUTE, e->now.wall, e->priv->equity_lines, e->pair_count) != ERR_OK)
        engine_log(e, LOG_WARN, "engine", "no memory for a point of the equity series");
    figures_starts_changed(e);
}

void figures_fill(struct engine *e) {
    equity_lines(e, e->priv->equity_lines);
    if (equity_record(e->equity, EQUITY_FILL, e->now.wall, e->priv->equity_lines, e->pair_count) != ERR_OK)
        engine_log(e, LOG_WARN, "engine", "no memory for a point of the equity series");
    figures_starts_changed(e);
}

/* ---- mode and status ---- */

static bool data_flows(const struct engine *e) {
    return feed_is_live(&e->market) || (engine_has_key(e) && feed_is_live(&e->user)) ||
           e->fallback_proven[FEED_MARKET] || e->fallback_proven[FEED_USER];
}

static bool upstream_lost(const struct engine *e) { return older(e->upstream_ok_at, OFFLINE_US, e->now.wall); }

static enum mode choose_mode(const struct engine *e) {
    bool key = engine_has_key(e), market = feed_is_live(&e->market), user = key && feed_is_live(&e->user);
    if (upstream_lost(e) && e->upstream_ok_at.us != 0) return MODE_OFFLINE;
    if (e->upstream_ok_at.us == 0) {
        bool failed = e->exchange.breaker.consecutive_failures > 0 || e->bot.breaker.consecutive_failures > 0;
        return failed ? MODE_OFFLINE : MODE_STARTING;
    }
    if (!data_flows(e)) return e->priv->data_flowed ? MODE_POLLING : MODE_STARTING; /* lost, and polling only begins */
    if (market && (user || !key)) return MODE_STREAMING;
    return market || user ? MODE_PARTIAL : MODE_POLLING;
}

static bool by_bot(const struct engine *e) { return e->config->source == SOURCE_IS_BOT; }

/* By the bot: as a whole, or one of its endpoints. */
static bool bot_refuses(const struct engine *e) {
    bool refuses = e->bot.unauthorized;
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++) refuses |= e->bot.refused[i];
    return by_bot(e) && refuses;
}

static bool refused(const struct engine *e) {
    return e->exchange.unauthorized || !mono_reached(e->now.mono, e->priv->rest_again) || bot_refuses(e);
}

static bool bot_wants_silence(const struct engine *e) {
    return by_bot(e) && !mono_reached(e->now.mono, e->bot.rate.silent_until);
}

static enum status_reason blocking_reason(const struct engine *e) {
    bool bot_open = by_bot(e) && e->bot.breaker.state != BREAKER_CLOSED;
    if (refused(e)) return REASON_UNAUTHORIZED;
    if (weight_banned(&e->exchange.weight, e->now.mono) || bot_wants_silence(e)) return REASON_RATE_LIMITED;
    if (bot_open || e->exchange.breaker.state != BREAKER_CLOSED) return REASON_BREAKER;
    return REASON_NO_RESPONSE;
}

/* Without a key from the bot, pair by pair: a bot that was heard and trades no grid has none to tell of. */
static bool fills_wanted(const struct engine *e) {
    return engine_has_key(e) || (by_bot(e) && (e->pair_count > 0 || !e->priv->symbols_known));
}

static bool reconnecting(const struct engine *e) {
    if (!feed_is_live(&e->market) && !e->fallback_proven[FEED_MARKET]) return true;
    bool fills_flow = (engine_has_key(e) && feed_is_live(&e->user)) || e->fallback_proven[FEED_USER];
    return fills_wanted(e) && !fills_flow;
}

static bool stale(const struct engine *e) {
    bool fills_stream = engine_has_key(e) && feed_is_live(&e->user);
    if (fills_wanted(e) && !fills_stream && older(e->fills_read_at, STALE_US, e->now.wall)) return true;
    for (size_t i = 0; i < e->pair_count; i++)
        if (e->pairs[i]->price_stale && ledger_totals(e->pairs[i]->ledger)->holdings.v != 0) return true;
    return false;
}

static void choose_status(const struct engine *e, enum status *status, enum status_reason *reason) {
    bool bot_silent = by_bot(e) && e->bot.breaker.state != BREAKER_CLOSED;
    *reason = bot_silent             ? REASON_BREAKER
              : refused(e)           ? REASON_UNAUTHORIZED
              : bot_wants_silence(e) ? REASON_RATE_LIMITED
                                     : REASON_NONE;
    if (upstream_lost(e)) {
        *status = STATUS_OFFLINE;
        *reason = e->mode == MODE_STARTING ? REASON_STARTING : blocking_reason(e);
    } else if (reconnecting(e)) {
        *status = STATUS_RECONNECTING;
        if (*reason == REASON_NONE && blocking_reason(e) != REASON_NO_RESPONSE) *reason = blocking_reason(e);
        if (*reason == REASON_NONE && e->mode == MODE_STARTING) *reason = REASON_STARTING;
    } else {
        *status = stale(e) ? STATUS_STALE : STATUS_CONNECTED;
    }
}

static void update_words(struct engine *e) {
    enum status status;
    enum status_reason reason;
    e->priv->data_flowed |= data_flows(e);
    enum mode mode = choose_mode(e);
    if (mode != e->mode) e->dirty |= DIRTY_HEADER;
    e->mode = mode;
    choose_status(e, &status, &reason);
    if (status != e->status || reason != e->reason) {
        engine_log(e, LOG_INFO, "engine", "status %s%s%s", status_name(status), reason != REASON_NONE ? ": " : "",
                   reason != REASON_NONE ? status_reason_name(reason) : "");
        e->dirty |= DIRTY_HEADER;
    }
    e->status = status;
    e->reason = reason;
}

/* Where the exchange's record of a symbol is complete, every trade that the bot told has been replaced by it. One that was not,
 * and is old enough not to lag behind, belongs to somebody else; unless any trade was ever seen in both (ACCOUNTING 2). */
static bool has_foreign_fill(const struct engine *e, const struct pair *p) {
    size_t count = ledger_count(p->ledger), first = count > BOT_FILLS_LOOKED_AT ? count - BOT_FILLS_LOOKED_AT : 0;
    int64_t settled = engine_exchange_time(e).us - US_PER_MIN;
    for (size_t i = first; i < count; i++) {
        struct fill f;
        ledger_get(p->ledger, i, &f, NULL);
        if (f.source == SOURCE_BOT && f.time.us < settled) return true;
    }
    return false;
}

static void compare_accounts(struct engine *e) {
    const struct engine_private *v = e->priv;
    if (!by_bot(e) || e->bot.other_account || v->accounts_match || v->pending_count > 0 || v->in_store_batch != 0)
        return;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        struct history *h = &p->history;
        if (!h->compare || h->wanted || h->in_flight || h->state != HISTORY_COMPLETE ||
            ledger_totals(p->ledger)->recomputing)
            continue;
        h->compare = false;
        if (!has_foreign_fill(e, p)) continue;
        e->bot.other_account = true;
        e->dirty |= DIRTY_HEADER;
        engine_log(
            e, LOG_ERROR, "engine",
            "the bot and the key are different accounts: %s has trades of the bot that the key's account does not",
            p->symbol.text);
        return;
    }
}

static void update_staleness(struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        const struct market *m = e->markets[p->market];
        bool is_stale = m->price_source != PRICE_NONE && older(m->price_at, STALE_US, e->now.wall);
        if (is_stale == p->price_stale) continue;
        p->price_stale = is_stale;
        e->pair_dirty[i] = 1;
        e->dirty |= DIRTY_PNL;
    }
    bool throttled = weight_throttled(&e->exchange.weight, engine_exchange_time(e));
    if (throttled != e->exchange.throttled) e->exchange.throttled = throttled, e->dirty |= DIRTY_HEADER;
    if (e->bot.health != BOT_UNKNOWN && by_bot(e) && older(e->bot.last_ok, OFFLINE_US, e->now.wall)) {
        e->bot.health = BOT_UNKNOWN;
        e->dirty |= DIRTY_HEADER;
    }
}

void figures_update(struct engine *e) {
    if (e->now.mono.us - e->priv->staleness_at.us >= US_PER_S) {
        e->priv->staleness_at = e->now.mono;
        update_staleness(e);
        compare_accounts(e);
        if (e->priv->starts_wanted && e->priv->starts_left == 0) { /* at most once a second, whatever came */
            e->priv->starts_wanted = false;
            e->priv->starts_left = WINDOWS + e->pair_count;
        }
    }
    if (e->dirty & DIRTY_PNL) update_portfolio(e);
    refresh_starts(e);
    if (e->dirty & DIRTY_PNL) {
        for (size_t i = 0; i < e->pair_count; i++)
            if (e->pair_dirty[i]) show_today(e, i);
        for (int w = 0; w < WINDOWS; w++) show_window(e, (enum window)w);
    }
    update_words(e);
}
