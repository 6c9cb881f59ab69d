#include "view/values.h"

#include "base/check.h"

#include <stdio.h>

/* ---- the tables: names, nesting and order of the snapshot (PRODUCT 4, the contract's example) ---- */

#define PART(dirty) ((dirty)*FIELD_PART)

static const struct field breaker_fields[] = {
    FIELD(struct breaker_values, state, 0),      FIELD(struct breaker_values, consecutive_failures, 0),
    FIELD(struct breaker_values, fail_max, 0),   FIELD(struct breaker_values, next_trial_at, 0),
    FIELD(struct breaker_values, last_error, 0), FIELD_END,
};

static const struct field bot_fields[] = {
    FIELD(struct bot_values, health, 0),
    FIELD(struct bot_values, message, 0),
    FIELD(struct bot_values, uptime_seconds, FIELD_SLOW),
    FIELD(struct bot_values, name, 0),
    FIELD(struct bot_values, last_ok, FIELD_SLOW),
    FIELD_SUB(struct bot_values, breaker, 0, breaker_fields),
    FIELD(struct bot_values, unavailable, 0),
    FIELD(struct bot_values, latency_ms, FIELD_SLOW),
    FIELD_END,
};

static const struct field exchange_fields[] = {
    FIELD_SUB(struct exchange_values, breaker, 0, breaker_fields),
    FIELD(struct exchange_values, weight_used_1m, FIELD_SLOW),
    FIELD(struct exchange_values, weight_limit_1m, 0),
    FIELD(struct exchange_values, throttled, 0),
    FIELD(struct exchange_values, banned_until, 0),
    FIELD(struct exchange_values, clock_offset_ms, FIELD_SLOW),
    FIELD(struct exchange_values, latency_ms, FIELD_SLOW),
    FIELD(struct exchange_values, on_demand_requests, FIELD_SLOW),
    FIELD_END,
};

static const struct field stream_fields[] = {
    FIELD(struct stream_values, state, 0),
    FIELD(struct stream_values, since, 0),
    FIELD(struct stream_values, last_message_at, FIELD_SLOW),
    FIELD(struct stream_values, attempt, 0),
    FIELD(struct stream_values, next_attempt_at, 0),
    FIELD(struct stream_values, reconnects, 0),
    FIELD(struct stream_values, messages, FIELD_SLOW),
    FIELD(struct stream_values, rejected_messages, FIELD_SLOW),
    FIELD(struct stream_values, latency_ms, FIELD_SLOW),
    FIELD(struct stream_values, reason, 0),
    FIELD(struct stream_values, fallback, 0),
    FIELD_END,
};

static const struct field streams_fields[] = {
    FIELD_SUB(struct streams_values, market, 0, stream_fields),
    FIELD_SUB(struct streams_values, user, 0, stream_fields),
    FIELD_END,
};

const struct field history_fields[] = {
    FIELD(struct history_values, state, 0),
    FIELD(struct history_values, from, 0),
    FIELD(struct history_values, fills_loaded, 0),
    FIELD_END,
};

static const struct field pnl_fields[] = {
    FIELD(struct pnl_values, currency, 0),
    FIELD(struct pnl_values, realized, 0),
    FIELD(struct pnl_values, unrealized, 0),
    FIELD(struct pnl_values, total, 0),
    FIELD(struct pnl_values, total_percent, 0),
    FIELD(struct pnl_values, fees, 0),
    FIELD(struct pnl_values, partial, 0),
    FIELD(struct pnl_values, left_out, 0),
    FIELD(struct pnl_values, unmatched, 0),
    FIELD(struct pnl_values, method, 0),
    FIELD(struct pnl_values, drift, 0),
    FIELD_SUB(struct pnl_values, history, 0, history_fields),
    FIELD_END,
};

static const struct field window_fields[] = {
    FIELD(struct window_values, pnl, 0),
    FIELD(struct window_values, percent, 0),
    FIELD(struct window_values, basis, 0),
    FIELD_END,
};

/* The keys are window_name's words; a test holds the two together. */
static const struct field windows_fields[] = {
    FIELD_FULL("1h", struct windows_values, of[WINDOW_1H], FIELD_OBJECT, 0, window_fields),
    FIELD_FULL("24h", struct windows_values, of[WINDOW_24H], FIELD_OBJECT, 0, window_fields),
    FIELD_FULL("7d", struct windows_values, of[WINDOW_7D], FIELD_OBJECT, 0, window_fields),
    FIELD_FULL("30d", struct windows_values, of[WINDOW_30D], FIELD_OBJECT, 0, window_fields),
    FIELD_END,
};

static const struct field store_fields[] = {
    FIELD(struct store_values, durable, 0),
    FIELD(struct store_values, error, 0),
    FIELD_END,
};

static const struct field investment_fields[] = {
    FIELD(struct investment_values, amount, 0),
    FIELD(struct investment_values, source, 0),
    FIELD_END,
};

const struct field head_fields[] = {
    FIELD(struct head, mode, PART(DIRTY_HEADER)),
    FIELD(struct head, status, PART(DIRTY_HEADER)),
    FIELD(struct head, status_reason, PART(DIRTY_HEADER)),
    FIELD(struct head, last_update, FIELD_SLOW),
    FIELD_SUB(struct head, bot, PART(DIRTY_HEADER) | FIELD_OPTIONAL, bot_fields),
    FIELD_SUB(struct head, exchange, PART(DIRTY_HEADER), exchange_fields),
    FIELD_SUB(struct head, streams, PART(DIRTY_STREAMS), streams_fields),
    FIELD_SUB(struct head, pnl, PART(DIRTY_PNL), pnl_fields),
    FIELD_SUB(struct head, windows, PART(DIRTY_WINDOWS), windows_fields),
    FIELD_END,
};

const struct field tail_fields[] = {
    FIELD(struct head, trades_cached, PART(DIRTY_HEADER)),
    FIELD(struct head, duplicates_dropped, PART(DIRTY_HEADER)),
    FIELD(struct head, gaps, PART(DIRTY_GAPS)),
    FIELD_SUB(struct head, store, PART(DIRTY_HEADER), store_fields),
    FIELD_SUB(struct head, investment, PART(DIRTY_HEADER) | FIELD_OPTIONAL, investment_fields),
    FIELD_END,
};

static const struct field grid_fields[] = {
    FIELD(struct grid_values, lower, 0),
    FIELD(struct grid_values, upper, 0),
    FIELD(struct grid_values, levels, 0),
    FIELD(struct grid_values, investment, 0),
    FIELD(struct grid_values, spacing, 0),
    FIELD(struct grid_values, source, 0),
    FIELD_END,
};

const struct field pair_fields[] = {
    FIELD(struct pair_values, symbol, 0),
    FIELD(struct pair_values, exchange_symbol, 0),
    FIELD(struct pair_values, base, 0),
    FIELD(struct pair_values, quote, 0),
    FIELD(struct pair_values, price, 0),
    FIELD(struct pair_values, price_at, FIELD_SLOW),
    FIELD(struct pair_values, price_source, 0),
    FIELD(struct pair_values, holdings, 0),
    FIELD(struct pair_values, average_cost, 0),
    FIELD(struct pair_values, cost_basis, 0),
    FIELD(struct pair_values, realized, 0),
    FIELD(struct pair_values, unrealized, 0),
    FIELD(struct pair_values, total, 0),
    FIELD(struct pair_values, today, 0),
    FIELD(struct pair_values, fees, 0),
    FIELD(struct pair_values, fees_quote, 0),
    FIELD(struct pair_values, unvalued_fees, 0),
    FIELD(struct pair_values, fills, 0),
    FIELD(struct pair_values, buys, 0),
    FIELD(struct pair_values, sells, 0),
    FIELD(struct pair_values, cycles, 0),
    FIELD(struct pair_values, unmatched_quantity, 0),
    FIELD(struct pair_values, open_orders, 0),
    FIELD(struct pair_values, next_buy, 0),
    FIELD(struct pair_values, next_sell, 0),
    FIELD_SUB(struct pair_values, grid, 0, grid_fields),
    FIELD(struct pair_values, active, 0),
    FIELD(struct pair_values, price_stale, 0),
    FIELD(struct pair_values, tick_size, 0),
    FIELD(struct pair_values, step_size, 0),
    FIELD_SUB(struct pair_values, history, 0, history_fields),
    FIELD(struct pair_values, assumed_fees, 0),
    FIELD(struct pair_values, recomputing, 0),
    FIELD_END,
};

/* ---- reading the state: small translations ---- */

static int64_t known_ms(int64_t ms) { return ms >= 0 ? ms : UNKNOWN_INT; } /* -1 is the engine's unknown */
static struct dec8 dec8_if(bool known, struct dec8 d) { return known ? d : UNKNOWN_DEC8; }
static struct dec16 dec16_if(bool known, struct dec16 d) { return known ? d : UNKNOWN_DEC16; }

static void copy_text(char *to, size_t size, const char *from) {
    size_t len = strnlen(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

static void read_breaker(struct breaker_values *v, const struct breaker *b) {
    v->state = breaker_state_name(b->state);
    v->consecutive_failures = b->consecutive_failures;
    v->fail_max = b->config.fail_max;
    v->next_trial_at = b->next_trial_at;
    copy_text(v->last_error, sizeof v->last_error, b->last_error);
}

static void read_bot(struct bot_values *v, const struct engine *e) {
    const struct bot_state *bot = &e->bot;
    v->present = e->config->source == SOURCE_IS_BOT;
    v->health = bot_health_name(bot->health);
    copy_text(v->message, sizeof v->message, bot->message);
    v->uptime_seconds = bot->uptime_seconds.v > 0 ? (int64_t)(bot->uptime_seconds.v / DEC16_ONE) : UNKNOWN_INT;
    v->name = bot->name;
    v->last_ok = bot->last_ok;
    read_breaker(&v->breaker, &bot->breaker);
    v->latency_ms = known_ms(bot->latency_ms);
    buf_clear(&v->unavailable);
    out_array(&v->unavailable, NULL);
    for (unsigned i = 0; i < BOT_ENDPOINTS; i++)
        if (bot->unavailable[i]) out_word(&v->unavailable, NULL, bot_endpoint_name(i));
    out_array_end(&v->unavailable);
}

/* The weight counts in minutes of the exchange's clock: a new minute begins at 0 before anything is sent in it. */
static int64_t exchange_us(const struct engine *e, struct now now) { return now.wall.us + e->exchange.clock_offset_us; }

static int64_t weight_used(const struct engine *e, struct now now) {
    const struct weight_budget *w = &e->exchange.weight;
    return exchange_us(e, now) / US_PER_MIN == w->minute ? w->used : 0;
}

static void read_exchange(struct exchange_values *v, const struct engine *e, struct now now) {
    const struct exchange_state *x = &e->exchange;
    read_breaker(&v->breaker, &x->breaker);
    v->weight_used_1m = weight_used(e, now);
    v->weight_limit_1m = x->weight.limit;
    v->throttled = x->throttled;
    v->banned_until = weight_banned(&x->weight, now.mono) ? x->weight.banned_until_at : (struct wall){0};
    v->clock_offset_ms = x->clock_known ? x->clock_offset_us / US_PER_MS : UNKNOWN_INT;
    v->latency_ms = known_ms(x->latency_ms);
    v->on_demand_requests = x->on_demand_requests;
}

/* "polling the bot every 5 s": who stands in for a stream that is down, and how often (PRODUCT 2, Degraded; UX,
 * Freshness). The market's stand-in is tier 1, the user data's tier 2, which the bot's request limit may stretch. */
static void read_fallback(char words[static FALLBACK_WORDS_MAX], const struct engine *e, enum feed_kind kind) {
    enum fallback who = kind == FEED_MARKET ? e->market_fallback : e->user_fallback;
    words[0] = '\0';
    if (who == FALLBACK_NONE) return;
    int64_t every = kind == FEED_MARKET ? e->config->tier1_us : e->config->tier2_us;
    if (kind == FEED_USER && who == FALLBACK_BOT && e->bot.tier2_actual_us > every) every = e->bot.tier2_actual_us;
    int64_t tenths = (every + US_PER_S / 20) / (US_PER_S / 10);
    const char *whom = who == FALLBACK_BOT ? "the bot" : "Binance";
    if (tenths % 10 == 0)
        (void)snprintf(words, FALLBACK_WORDS_MAX, "polling %s every %lld s", whom, (long long)(tenths / 10));
    else
        (void)snprintf(words, FALLBACK_WORDS_MAX, "polling %s every %lld.%lld s", whom, (long long)(tenths / 10),
                       (long long)(tenths % 10));
}

/* Without a key there is no user data: its connection carries routine questions only, and is no feed to speak of. */
static void read_stream(struct stream_values *v, const struct engine *e, const struct feed *feed) {
    const struct feed off = {.state = FEED_OFF, .since = e->started_at, .latency_ms = -1};
    const struct feed *f = feed == &e->user && e->config->key.kind == KEY_NONE ? &off : feed;
    v->state = feed_state_name(f->state);
    v->since = f->since;
    v->last_message_at = f->last_message_at;
    v->attempt = f->backoff.attempt;
    v->next_attempt_at = f->next_attempt_at;
    v->reconnects = f->reconnects;
    v->messages = f->messages;
    v->rejected_messages = f->rejected;
    v->latency_ms = known_ms(f->latency_ms);
    copy_text(v->reason, sizeof v->reason, f->reason);
    read_fallback(v->fallback, e, feed == &e->market ? FEED_MARKET : FEED_USER);
}

static void read_left_out(struct buf *b, const struct engine *e) {
    buf_clear(b);
    out_array(b, NULL);
    for (size_t i = 0; i < e->portfolio.left_out; i++) {
        out_object(b, NULL);
        out_name(b, "symbol", e->lines[e->left_out[i].line].symbol);
        out_word(b, "reason", left_out_reason_name(e->left_out[i].reason));
        out_object_end(b);
    }
    out_array_end(b);
}

/* Sold without a known lot, by symbol (ACCOUNTING 3). */
static void read_unmatched(struct buf *b, const struct engine *e) {
    buf_clear(b);
    out_array(b, NULL);
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct ledger_totals *t = ledger_totals(e->pairs[i]->ledger);
        if (t->unmatched.v == 0) continue;
        out_object(b, NULL);
        out_name(b, "symbol", &e->pairs[i]->symbol);
        out_dec8(b, "quantity", t->unmatched);
        out_object_end(b);
    }
    out_array_end(b);
}

void history_read(struct history_values *v, const struct pair *p) {
    v->state = history_state_name(p->history.state);
    v->from = ledger_totals(p->ledger)->first_fill;
    v->fills_loaded = ledger_count(p->ledger);
}

/* A pair that left and never traded says nothing of the portfolio. */
void history_read_all(struct history_values *v, const struct engine *e) {
    static const int weight[] = {[HISTORY_COMPLETE] = 0, [HISTORY_SINCE] = 1, [HISTORY_GAP] = 2, [HISTORY_LOADING] = 3};
    enum history_state worst = e->pair_count > 0 ? HISTORY_COMPLETE : HISTORY_LOADING;
    *v = (struct history_values){0};
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        struct history_values one;
        history_read(&one, p);
        if (!p->active && one.fills_loaded == 0) continue;
        if (weight[p->history.state] > weight[worst]) worst = p->history.state;
        if (one.from.us != 0 && (v->from.us == 0 || one.from.us < v->from.us)) v->from = one.from;
        v->fills_loaded += one.fills_loaded;
    }
    v->state = history_state_name(worst);
}

static void read_pnl(struct pnl_values *v, const struct engine *e) {
    const struct portfolio *p = &e->portfolio;
    v->currency = e->display;
    v->realized = dec16_if(p->known, p->realized);
    v->unrealized = dec16_if(p->known, p->unrealized);
    v->total = dec16_if(p->known, p->total);
    v->total_percent = dec8_if(p->known && e->percent_known, e->total_percent);
    v->fees = dec16_if(p->known, p->fees);
    v->partial = p->partial;
    v->method = "fifo"; /* the ledger's only method live (ACCOUNTING 3) */
    v->drift = dec16_if(e->proof.has_drift, e->proof.drift);
    history_read_all(&v->history, e);
    read_left_out(&v->left_out, e);
    read_unmatched(&v->unmatched, e);
}

static void read_windows(struct windows_values *v, const struct engine *e) {
    for (size_t i = 0; i < WINDOWS; i++) {
        const struct window_figure *w = &e->windows[i];
        v->of[i].pnl = dec16_if(w->known, w->pnl);
        v->of[i].percent = dec8_if(w->known && w->has_percent, w->percent);
        v->of[i].basis = !w->known ? NULL : w->from_equity ? "equity" : "realized";
    }
}

/* Oldest first, as they happened. */
static void read_gaps(struct buf *b, const struct engine *e) {
    buf_clear(b);
    out_array(b, NULL);
    for (size_t i = 0; i < e->gap_count; i++) {
        const struct gap *g = &e->gaps[(e->gap_head + i) % LIMIT_GAPS_SHOWN];
        out_object(b, NULL);
        out_word(b, "feed", g->feed == FEED_MARKET ? "market" : "user");
        out_time(b, "from", g->from);
        out_time(b, "to", g->to);
        out_word(b, "cause", g->cause[0] != '\0' ? g->cause : NULL);
        out_count(b, "recovered_fills", g->recovered_fills);
        out_object_end(b);
    }
    out_array_end(b);
}

static void read_header(struct head *h, const struct engine *e, struct now now) {
    h->mode = mode_name(e->mode);
    h->status = status_name(e->status);
    h->status_reason = status_reason_name(e->reason);
    read_bot(&h->bot, e);
    read_exchange(&h->exchange, e, now);
    h->trades_cached = e->trades_cached;
    h->duplicates_dropped = e->count.duplicates_dropped;
    h->store.durable = e->durable;
    copy_text(h->store.error, sizeof h->store.error, e->store_error);
    h->investment.present = e->has_investment;
    h->investment.amount = e->investment;
    h->investment.source = e->investment_from_bot ? "bot" : "setting";
}

/* ---- the head ---- */

/* Each array is bounded by what it lists: 50 gaps with their causes, two reasons for each of 512 pairs. */
enum { ARRAY_BYTES_MAX = 256 << 10 };

void head_init(struct head *h) {
    *h = (struct head){0};
    buf_init(&h->bot.unavailable, ARRAY_BYTES_MAX);
    buf_init(&h->pnl.left_out, ARRAY_BYTES_MAX);
    buf_init(&h->pnl.unmatched, ARRAY_BYTES_MAX);
    buf_init(&h->gaps, ARRAY_BYTES_MAX);
}

void head_free(struct head *h) {
    buf_free(&h->bot.unavailable);
    buf_free(&h->pnl.left_out);
    buf_free(&h->pnl.unmatched);
    buf_free(&h->gaps);
}

void head_read(struct head *h, const struct engine *e, struct now now, unsigned parts) {
    h->last_update = e->last_update;
    if ((parts & DIRTY_HEADER) != 0) read_header(h, e, now);
    if ((parts & DIRTY_STREAMS) != 0) {
        read_stream(&h->streams.market, e, &e->market);
        read_stream(&h->streams.user, e, &e->user);
    }
    if ((parts & DIRTY_PNL) != 0) read_pnl(&h->pnl, e);
    if ((parts & DIRTY_WINDOWS) != 0) read_windows(&h->windows, e);
    if ((parts & DIRTY_GAPS) != 0) read_gaps(&h->gaps, e);
}

bool head_deadline(const struct engine *e, struct now now, struct mono *at) {
    int64_t wait = INT64_MAX;
    if (weight_used(e, now) > 0) wait = US_PER_MIN - exchange_us(e, now) % US_PER_MIN;
    int64_t ban = e->exchange.weight.banned_until.us - now.mono.us;
    if (ban > 0 && ban < wait) wait = ban;
    if (wait == INT64_MAX) return false;
    *at = mono_add(now.mono, wait);
    return true;
}

/* ---- a pair ---- */

static void read_price(struct pair_values *v, const struct engine *e, const struct pair *p) {
    const struct market *m = e->markets[p->market];
    bool known = m->price_at.us != 0;
    v->price = dec8_if(known, m->price);
    v->price_at = m->price_at;
    v->price_source = price_source_name(m->price_source);
    v->price_stale = p->price_stale;
    v->tick_size = dec8_if(m->info_known && m->info.tick_size.v > 0, m->info.tick_size);
    v->step_size = dec8_if(m->info_known && m->info.step_size.v > 0, m->info.step_size);
}

static void read_fees(struct pair_values *v, const struct ledger_totals *t) {
    v->fees.count = v->unvalued_fees.count = 0;
    for (size_t i = 0; i < t->fee_count; i++) {
        const struct ledger_fee *f = &t->fees[i];
        v->fees.rows[v->fees.count++] = (struct amount){f->asset, f->amount};
        if (f->unvalued.v != 0)
            v->unvalued_fees.rows[v->unvalued_fees.count++] = (struct amount){f->asset, f->unvalued};
    }
}

/* The only division of a pair: not repeated while neither of its sides moved. */
static void read_average(struct pair_values *v, const struct ledger_totals *t, const struct pair_values *was) {
    if (was != NULL && was->cost_basis.v == t->cost_basis.v && was->holdings.v == t->holdings.v) {
        v->average_cost = was->average_cost;
        return;
    }
    struct dec8 average;
    v->average_cost = ledger_average_cost(t, &average) == ERR_OK ? average : UNKNOWN_DEC8;
}

static void read_ledger(struct pair_values *v, const struct pair *p, const struct pair_values *was) {
    const struct ledger_totals *t = ledger_totals(p->ledger);
    bool known = engine_fills_known(p);
    read_average(v, t, was);
    v->holdings = dec8_if(known, t->holdings);
    v->cost_basis = dec16_if(known, t->cost_basis);
    v->realized = dec16_if(known, t->realized);
    v->unrealized = dec16_if(known && p->unrealized_known, p->unrealized);
    v->total = dec16_if(known && p->unrealized_known, p->total);
    v->today = dec16_if(known && p->today_known, p->today);
    v->fees_quote = t->fees_quote;
    read_fees(v, t);
    v->fills = t->fills;
    v->buys = t->buys;
    v->sells = t->sells;
    v->cycles = t->cycles;
    v->unmatched_quantity = t->unmatched;
    v->assumed_fees = t->assumed_fees;
    v->recomputing = t->recomputing;
    history_read(&v->history, p);
}

struct dec8 grid_spacing(const struct orders *o) {
    struct dec8 least = UNKNOWN_DEC8;
    for (size_t i = 1; i < o->count; i++) {
        const struct order *a = &o->rows[i - 1], *b = &o->rows[i];
        i128 step = b->price.v - a->price.v;
        if (a->side != b->side || a->price.v <= 0 || step <= 0) continue;
        if (least.v == UNKNOWN_DEC || step < least.v) least.v = step;
    }
    return least;
}

static void read_orders(struct pair_values *v, const struct pair *p, const struct pair_values *was) {
    const struct orders *o = p->orders;
    struct dec8 price = v->price.v == UNKNOWN_DEC ? DEC8_ZERO : v->price, next;
    v->open_orders = p->orders_known ? (int64_t)o->count : UNKNOWN_INT;
    v->next_buy = orders_next(o, price, SIDE_BUY, &next) ? next : UNKNOWN_DEC8;
    v->next_sell = orders_next(o, price, SIDE_SELL, &next) ? next : UNKNOWN_DEC8;
    bool kept = was != NULL && was->orders_version == o->version;
    v->grid.spacing = kept ? was->grid.spacing : grid_spacing(o);
    v->orders_version = o->version;
}

static void read_grid(struct grid_values *v, const struct pair *p) {
    const struct grid *g = &p->grid;
    v->lower = dec8_if(g->known, g->lower);
    v->upper = dec8_if(g->known, g->upper);
    v->levels = g->known ? g->levels : UNKNOWN_INT;
    v->investment = dec16_if(g->known && g->investment.v > 0, g->investment);
    v->source = !g->known ? NULL : p->grid_from_bot ? "bot" : "orders";
}

void pair_read(struct pair_values *v, const struct engine *e, size_t index, const struct pair_values *was) {
    CHECK(index < e->pair_count);
    const struct pair *p = e->pairs[index];
    v->symbol = p->symbol;
    v->exchange_symbol = p->exchange_symbol;
    v->base = p->base;
    v->quote = p->quote;
    v->active = p->active;
    read_price(v, e, p);
    read_ledger(v, p, was);
    read_orders(v, p, was);
    read_grid(&v->grid, p);
}
