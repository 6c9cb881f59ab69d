/* performance.c: how it went (ACCOUNTING 6). Sums of cycles, wins and fees are the ledgers'; the series per hour, day,
 * week and month, and the fees by asset, come from one walk over the fills, pair by pair, in bounded steps. Each pair
 * is summed exactly in its quote, then converted as a whole and added to what is shown; one pair asked for alone stays
 * in its quote.
 *
 * A cycle belongs to the period of its order's first fill: `orders` remembers that for the pair being walked. */
#include "base/map.h"
#include "domain/methods.h"
#include "view/drawdown.h"
#include "view/figures.h"
#include "view/periods.h"
#include "view/fills.h"
#include "view/sums.h"
#include "view/values.h"
#include "view/view.h"

#include <stdlib.h>

struct bucket {
    struct dec16 realized, fees;
    uint64_t fills;
    int64_t cycles;
};

enum { FEE_ASSETS_MAX = 256 }; /* of all pairs together */
enum { TRIES = 16 };           /* a pair walked by another method begins anew when its past changes */

struct fee_sum {
    struct name asset;
    struct dec16 amount, value;
};

struct fee_sums {
    size_t count;
    struct fee_sum of[FEE_ASSETS_MAX];
};

struct view_performance {
    struct name symbol; /* empty: the portfolio */
    enum method method;
    struct now now;               /* of the start: the end of the last buckets */
    int64_t offset_us;            /* day zone */
    size_t pair;                  /* being walked */
    struct ledger_totals *totals; /* owned: of the pairs walked by another method than the ledgers'; NULL: by theirs */
    struct method_walk *walk;     /* owned: of the pair being walked */
    int tries;
    bool has_added;
    struct fill_key added; /* the last fill that was */
    struct bucket of_pair[BUCKETS], shown[BUCKETS];
    struct fee_sums pair_fees, fees;
    struct map orders; /* sell order -> quarter of an hour of its first fill, SPOILED once something was unmatched */
    bool partial;      /* a pair without rate is left out */
    enum err failed;
    struct view_series *series; /* owned */
    struct drawdowns drawdowns;
    struct period_ends ends;
};

#define SPOILED UINT32_C(0x80000000)
#define QUARTER (15 * US_PER_MIN) /* every zone's days and hours begin with one */

/* ---- periods ---- */

/* The bucket of t in that series; NULL where it is too old, or newer than the answer's moment. */
static struct bucket *bucket_at(struct view_performance *v, enum period p, struct wall t) {
    size_t bucket = period_bucket(p, t, v->now.wall, v->offset_us);
    return bucket != SIZE_MAX ? &v->of_pair[bucket] : NULL;
}

/* ---- one fill ---- */

static void count_cycle(struct view_performance *v, struct wall t, int by) {
    for (enum period p = 0; p < PERIODS; p++) {
        struct bucket *b = bucket_at(v, p, t);
        if (b != NULL) b->cycles += by;
    }
}

/* A cycle is a sell order that consumed lots and left nothing unmatched (ACCOUNTING 3). */
static void add_sell(struct view_performance *v, const struct fill *f, const struct fill_result *r) {
    if (r->matched.v == 0 && r->unmatched.v == 0) return; /* refused by the ledger: it did nothing */
    uint32_t quarter = (uint32_t)floor_div(f->time.us, QUARTER) & ~SPOILED, seen = quarter;
    bool clean = r->unmatched.v == 0;
    if (f->order_id == ORDER_ID_NONE) {
        if (clean) count_cycle(v, f->time, 1);
        return;
    }
    bool known = map_get(&v->orders, (uint64_t)f->order_id, &seen);
    if (known && ((seen & SPOILED) != 0 || clean)) return;
    if (known) count_cycle(v, (struct wall){(int64_t)seen * QUARTER}, -1);
    else if (clean) count_cycle(v, (struct wall){(int64_t)quarter * QUARTER}, 1);
    if (map_put(&v->orders, (uint64_t)f->order_id, clean ? seen : seen | SPOILED) != ERR_OK) v->failed = ERR_MEMORY;
}

static struct fee_sum *fee_of(struct fee_sums *s, const struct name *asset) {
    size_t i = 0;
    while (i < s->count && !name_eq(&s->of[i].asset, asset)) i++;
    if (i == FEE_ASSETS_MAX) return NULL;
    if (i == s->count) s->of[s->count++] = (struct fee_sum){.asset = *asset};
    return &s->of[i];
}

static void add_fee(struct fee_sums *s, const struct name *asset, struct dec16 amount, struct dec16 value) {
    struct fee_sum *sum = fee_of(s, asset);
    if (sum == NULL) return; /* more assets than any account has: the totals have it, only this list does not */
    sum_add(&sum->amount, amount);
    sum_add(&sum->value, value);
}

static void add_fill(struct view_performance *v, const struct pair *p, const struct fill *f,
                     const struct fill_result *r) {
    for (enum period k = 0; k < PERIODS; k++) {
        struct bucket *b = bucket_at(v, k, f->time);
        if (b == NULL) continue;
        b->fills++;
        sum_add(&b->realized, r->realized);
        sum_add(&b->fees, f->fee_value);
    }
    if (f->fee.v > 0)
        add_fee(&v->pair_fees, f->fee_state == FEE_ASSUMED ? &p->quote : &f->fee_asset, f->fee, f->fee_value);
    if (f->side == SIDE_SELL) add_sell(v, f, r);
}

/* ---- one pair ---- */

static bool takes(const struct view_performance *v, const struct pair *p) {
    const struct fill_filter f = {.symbol = v->symbol};
    return filter_takes_pair(&f, p);
}

/* In the currency of the answer: the portfolio's, or the quote of the one pair asked for. */
static struct dec16 shown(const struct view_performance *v, const struct engine *e, const struct pair *p,
                          struct dec16 amount) {
    return name_empty(&v->symbol) ? sum_shown(e, &p->quote, amount) : amount;
}

/* Back to where no fill of the pair has been added. */
static void forget_pair(struct view_performance *v) {
    memset(v->of_pair, 0, sizeof v->of_pair);
    v->pair_fees.count = 0;
    map_free(&v->orders);
    v->has_added = false;
    method_walk_free(v->walk);
    v->walk = NULL;
}

/* The walked pair, added to what is shown. */
static void merge_pair(struct view_performance *v, const struct engine *e, const struct pair *p) {
    bool rated = shown(v, e, p, DEC16_ZERO).v != UNKNOWN_DEC;
    for (size_t i = 0; i < BUCKETS && rated; i++) {
        struct bucket *from = &v->of_pair[i], *to = &v->shown[i];
        to->fills += from->fills;
        to->cycles += from->cycles;
        sum_add(&to->realized, shown(v, e, p, from->realized));
        sum_add(&to->fees, shown(v, e, p, from->fees));
    }
    for (size_t i = 0; i < v->pair_fees.count && rated; i++) {
        const struct fee_sum *f = &v->pair_fees.of[i];
        add_fee(&v->fees, &f->asset, f->amount, shown(v, e, p, f->value));
    }
    v->partial |= !rated;
    forget_pair(v);
    v->pair++;
}

/* The walk under way; NULL while the ledger is recomputing, or where one could not be begun. */
static struct method_walk *begin_walk(struct view_performance *v, const struct engine *e) {
    const struct pair *p = e->pairs[v->pair];
    if (v->walk != NULL || ledger_totals(p->ledger)->recomputing) return v->walk;
    v->walk = method_walk_new(p->ledger, v->method, &p->base, e->config->since);
    if (v->walk == NULL) v->failed = ERR_MEMORY;
    return v->walk;
}

/* As walk_pair, by another method than the ledger's. */
static size_t walk_by_method(struct view_performance *v, const struct engine *e, size_t budget) {
    const struct pair *p = e->pairs[v->pair];
    struct fill fill;
    struct fill_result result;
    if (begin_walk(v, e) == NULL) return budget;
    for (size_t done = 0; done < budget; done++) {
        enum method_walked walked = method_walk_next(v->walk, &fill, &result);
        if (walked == METHOD_FILL) {
            if (fill.time.us >= e->config->since.us) add_fill(v, p, &fill, &result);
        } else if (walked == METHOD_CHANGED) {
            forget_pair(v);
            if (v->tries++ == TRIES) v->failed = ERR_BAD_STATE;
            return budget;
        } else {
            if (walked == METHOD_END) method_walk_totals(&v->totals[v->pair], v->walk);
            else v->failed = method_walk_why(v->walk);
            merge_pair(v, e, p);
            return done;
        }
    }
    return budget;
}

/* At most `budget` fills; returns how many. */
static size_t walk_pair(struct view_performance *v, const struct engine *e, size_t budget) {
    const struct pair *p = e->pairs[v->pair];
    size_t end = ledger_count(p->ledger), done = 0;
    if (v->totals != NULL) return walk_by_method(v, e, budget);
    size_t at = v->has_added ? fill_position_after(p->ledger, &v->added) : ledger_position(p->ledger, e->config->since);
    for (; at < end && done < budget; at++, done++) {
        struct fill fill;
        struct fill_result result;
        ledger_get(p->ledger, at, &fill, &result);
        add_fill(v, p, &fill, &result);
        v->added = fill_key_of(&fill);
        v->has_added = true;
    }
    if (at >= end) merge_pair(v, e, p);
    return done;
}

/* ---- the answer ---- */

static void out_fees(struct buf *out, const struct view_performance *v) {
    out_object(out, "fees_by_asset");
    for (size_t i = 0; i < v->fees.count; i++) {
        out_object(out, v->fees.of[i].asset.text);
        out_amount(out, "amount", v->fees.of[i].amount);
        out_amount(out, "value", v->fees.of[i].value);
        out_object_end(out);
    }
    out_object_end(out);
}

static void out_period(struct buf *out, const struct view_performance *v, enum period p) {
    const struct bucket *of = &v->shown[periods[p].first];
    size_t i = 0, count = periods[p].count;
    int64_t last = period_of(p, v->now.wall, v->offset_us);
    while (i < count && of[i].fills == 0) i++; /* from the first that had a fill */
    out_array(out, periods[p].key);
    for (; i < count; i++) {
        out_object(out, NULL);
        out_time(out, "start", period_start(p, last - (int64_t)(count - 1 - i), v->offset_us));
        struct dec16 pnl = period_pnl(&v->ends, p, i);
        bool reached = pnl.v != UNKNOWN_DEC;
        out_amount(out, "pnl", reached ? pnl : of[i].realized);
        out_word(out, "basis", reached ? "equity" : "realized"); /* as a window's (ACCOUNTING 6) */
        out_amount(out, "realized", of[i].realized);
        out_amount(out, "fees", of[i].fees);
        out_count(out, "fills", of[i].fills);
        out_int(out, "cycles", of[i].cycles);
        out_object_end(out);
    }
    out_array_end(out);
}

/* The grid's step against what a round trip costs: (1 + f) / (1 - f) - 1 with the maker rate f (ACCOUNTING 6). In
 * percent, the step of the highest order, where it is smallest. */
static void out_step(struct buf *out, const struct engine *e, const struct pair *p) {
    const struct orders *o = p->orders;
    i128 step = grid_spacing(o).v, rate = e->exchange.maker_rate.v, least = 0;
    bool known =
        step != UNKNOWN_DEC && dec_muldiv(&step, step, 100 * DEC8_ONE, o->rows[o->count - 1].price.v) == ERR_OK;
    bool rated = rate > 0 && rate < DEC8_ONE && dec_muldiv(&least, 2 * rate, 100 * DEC8_ONE, DEC8_ONE - rate) == ERR_OK;
    out_object(out, NULL);
    out_name(out, "symbol", &p->symbol);
    if (known) out_dec8(out, "step", (struct dec8){step});
    else out_null(out, "step");
    if (rated) out_dec8(out, "minimum", (struct dec8){least});
    else out_null(out, "minimum");
    if (known && rated) out_bool(out, "below", step < least);
    else out_null(out, "below");
    out_object_end(out);
}

static const struct ledger_totals *totals_of(const struct view_performance *v, const struct engine *e, size_t pair) {
    return v->totals != NULL ? &v->totals[pair] : ledger_totals(e->pairs[pair]->ledger);
}

static void out_pairs(struct buf *out, const struct view_performance *v, const struct engine *e) {
    out_array(out, "pairs");
    for (size_t i = 0; i < e->pair_count; i++) {
        if (!takes(v, e->pairs[i])) continue;
        struct figures f = figures_of(e, i, totals_of(v, e, i));
        out_object(out, NULL);
        out_name(out, "symbol", &e->pairs[i]->symbol);
        out_name(out, "currency", &e->pairs[i]->quote);
        figures_out(out, &f);
        out_object_end(out);
    }
    out_array_end(out);
    out_array(out, "steps");
    for (size_t i = 0; i < e->pair_count; i++)
        if (takes(v, e->pairs[i])) out_step(out, e, e->pairs[i]);
    out_array_end(out);
}

/* What one pair or the portfolio was given, and since when it runs. */
static void out_base(struct buf *out, const struct view_performance *v, const struct engine *e, const struct figures *f,
                     const char *source) {
    struct wall since = f->first_fill.us > e->config->since.us ? f->first_fill : e->config->since;
    int64_t running = f->first_fill.us != 0 ? v->now.wall.us - since.us : 0;
    out_time(out, "since", f->first_fill.us != 0 ? since : (struct wall){0});
    out_ratio(out, "days_running", (struct dec16){running}, 1, (struct dec16){f->first_fill.us != 0 ? US_PER_DAY : 0});
    if (f->investment.v == UNKNOWN_DEC) {
        out_null(out, "investment");
    } else {
        out_object(out, "investment");
        out_dec16(out, "amount", f->investment);
        out_word(out, "source", source);
        out_object_end(out);
    }
    figures_out_apr(out, f, running);
}

static void out_portfolio(struct buf *out, const struct view_performance *v, const struct engine *e) {
    bool partial = v->partial;
    struct figures all = figures_of_all(e, v->totals, &partial);
    out_name(out, "currency", &e->display);
    figures_out(out, &all);
    out_base(out, v, e, &all, e->investment_from_bot ? "bot" : "setting");
    out_bool(out, "partial", partial);
}

/* One pair: its sums in its quote, its grid's investment. */
static void out_one(struct buf *out, const struct view_performance *v, const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        if (!takes(v, p)) continue;
        struct figures f = figures_of(e, i, totals_of(v, e, i));
        out_name(out, "symbol", &p->symbol);
        out_name(out, "currency", &p->quote);
        figures_out(out, &f);
        out_base(out, v, e, &f, "bot");
        out_bool(out, "partial", ledger_totals(p->ledger)->partial);
        return;
    }
}

static void out_answer(struct buf *out, const struct view_performance *v, const struct engine *e) {
    out_object(out, NULL);
    out_word(out, "method", method_name(v->method));
    out_word(out, "method_sentence", method_sentence(v->method));
    if (name_empty(&v->symbol)) out_portfolio(out, v, e);
    else out_one(out, v, e);
    drawdowns_out(out, &v->drawdowns);
    out_fees(out, v);
    out_object(out, "periods");
    for (enum period p = 0; p < PERIODS; p++) out_period(out, v, p);
    out_object_end(out);
    out_pairs(out, v, e);
    out_object_end(out);
}

/* Of the portfolio, or of the one pair's grid; unknown where none is known. */
static struct dec16 investment_of(const struct view_performance *v, const struct engine *e) {
    if (name_empty(&v->symbol)) return e->has_investment ? e->investment : UNKNOWN_DEC16;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct grid *g = &e->pairs[i]->grid;
        if (takes(v, e->pairs[i])) return g->known && g->investment.v > 0 ? g->investment : UNKNOWN_DEC16;
    }
    return UNKNOWN_DEC16;
}

/* Time of the first fill there is, of those that count and those that do not; 0: none. */
static struct wall first_fill(const struct view_performance *v, const struct engine *e) {
    struct wall first = {0};
    for (size_t i = 0; i < e->pair_count; i++) {
        struct fill f;
        if (!takes(v, e->pairs[i]) || ledger_count(e->pairs[i]->ledger) == 0) continue;
        ledger_get(e->pairs[i]->ledger, 0, &f, NULL);
        if (first.us == 0 || f.time.us < first.us) first = f.time;
    }
    return first;
}

static void begin_points(struct view_performance *v, const struct engine *e) {
    drawdowns_begin(&v->drawdowns, investment_of(v, e), v->now.wall);
    v->ends.first_fill = first_fill(v, e);
    period_ends_begin(&v->ends, v->now.wall, v->offset_us);
}

struct view_performance *view_performance_new(const struct engine *e, const struct name *symbol, enum method method,
                                              struct now now) {
    struct view_performance *v = calloc(1, sizeof *v);
    if (v == NULL) return NULL;
    v->symbol = *symbol;
    v->method = method;
    v->now = now;
    v->offset_us = e->config->day_offset_us;
    map_init(&v->orders);
    v->series = series_new(SERIES_DENSE, symbol, (struct wall){0}, (struct wall){0}, now);
    begin_points(v, e);
    if (method != METHOD_FIFO) v->totals = calloc(LIMIT_PAIRS, sizeof *v->totals);
    if (v->series != NULL && (v->totals != NULL || method == METHOD_FIFO)) return v;
    view_performance_free(v);
    return NULL;
}

struct view_series *view_performance_series(struct view_performance *v) {
    return v->series;
}

void view_performance_free(struct view_performance *v) {
    if (v == NULL) return;
    map_free(&v->orders);
    method_walk_free(v->walk);
    free(v->totals);
    series_free(v->series);
    free(v);
}

/* True when all points are in. */
static bool add_points(struct view_performance *v, const struct engine *e, size_t budget) {
    struct series_point point;
    for (;;) {
        switch (series_next(v->series, &point, e, &budget)) {
        case SERIES_POINT:
            drawdowns_add(&v->drawdowns, &point);
            period_ends_add(&v->ends, &point);
            break;
        case SERIES_AGAIN: begin_points(v, e); break;
        case SERIES_LATER: return false;
        case SERIES_NO_MEMORY: v->failed = ERR_MEMORY; return true;
        case SERIES_RESTLESS: v->failed = ERR_BAD_STATE; return true;
        case SERIES_END: return true;
        }
    }
}

bool view_performance_step(struct view_performance *v, struct buf *out, const struct engine *e) {
    size_t done = 0;
    for (; v->failed == ERR_OK && v->pair < e->pair_count && done < VIEW_STEP_FILLS; done++) {
        if (takes(v, e->pairs[v->pair])) done += walk_pair(v, e, VIEW_STEP_FILLS - done);
        else v->pair++;
    }
    if (v->failed == ERR_OK &&
        (v->pair < e->pair_count || done >= VIEW_STEP_FILLS || !add_points(v, e, VIEW_STEP_FILLS - done)))
        return false;
    if (v->failed != ERR_OK) out->failed = v->failed;
    else out_answer(out, v, e);
    return true;
}
