#include "view/figures.h"

#include "view/sums.h"

/* ---- one pair ---- */

static struct dec16 less(struct dec16 d) { return d.v == UNKNOWN_DEC ? d : dec16_neg(d); }

static bool has_grid_investment(const struct pair *p) { return p->grid.known && p->grid.investment.v > 0; }

/* The price of the first fill that counts; 0: there is none. */
static struct dec8 first_price(const struct engine *e, const struct pair *p) {
    size_t at = ledger_position(p->ledger, e->config->since);
    struct fill f = {0};
    if (at < ledger_count(p->ledger)) ledger_get(p->ledger, at, &f, NULL);
    return f.price;
}

/* What so much money would be worth now, had it bought the base at the first fill's price: at 16 digits, rounded once. */
static struct dec16 held_worth(const struct engine *e, const struct pair *p, struct dec16 money) {
    struct dec8 first = first_price(e, p), mark = e->markets[p->market]->price;
    struct dec16 worth;
    if (money.v == UNKNOWN_DEC || first.v <= 0 || mark.v <= 0) return UNKNOWN_DEC16;
    return dec_muldiv(&worth.v, money.v, mark.v, first.v) == ERR_OK ? worth : UNKNOWN_DEC16;
}

static struct dec16 at_mark(const struct engine *e, const struct pair *p, struct dec8 holdings) {
    struct dec8 mark = e->markets[p->market]->price;
    struct dec16 worth = DEC16_ZERO;
    if (holdings.v == 0) return worth;
    return mark.v > 0 && dec8_mul(&worth, mark, holdings) == ERR_OK ? worth : UNKNOWN_DEC16;
}

struct figures figures_of(const struct engine *e, size_t pair, const struct ledger_totals *t) {
    const struct pair *p = e->pairs[pair];
    struct figures f = {.realized = t->realized,
                        .unrealized = UNKNOWN_DEC16,
                        .total = UNKNOWN_DEC16,
                        .gross_profit = t->gross_profit,
                        .gross_loss = t->gross_loss,
                        .fees = t->fees_quote,
                        .cost_basis = t->cost_basis,
                        .exposure = at_mark(e, p, t->holdings),
                        .investment = has_grid_investment(p) ? p->grid.investment : UNKNOWN_DEC16,
                        .cycles = t->cycles,
                        .wins = t->wins,
                        .losses = t->losses,
                        .fills = t->fills,
                        .first_fill = t->first_fill};
    struct dec16 unrealized, total;
    bool marked =
        p->unrealized_known && ledger_unrealized(t, e->markets[p->market]->price, &unrealized, &total) == ERR_OK;
    if (marked) f.unrealized = unrealized, f.total = total;
    f.held = held_worth(e, p, f.investment);
    return f;
}

/* ---- all pairs ---- */

/* The part of the investment that is a pair's: its share of `weights`. */
static struct dec16 part_of(struct dec16 investment, struct dec16 weight, struct dec16 weights) {
    struct dec16 part;
    if (weight.v == UNKNOWN_DEC || weights.v == UNKNOWN_DEC || weights.v <= 0) return UNKNOWN_DEC16;
    return dec_muldiv(&part.v, investment.v, weight.v, weights.v) == ERR_OK ? part : UNKNOWN_DEC16;
}

static bool has_traded(const struct engine *e, size_t pair) { return first_price(e, e->pairs[pair]).v > 0; }

static bool all_have_grids(const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (has_traded(e, i) && !has_grid_investment(e->pairs[i])) return false;
    return true;
}

static struct dec16 weight_of(const struct engine *e, size_t pair, bool by_grid) {
    const struct pair *p = e->pairs[pair];
    return by_grid ? sum_shown(e, &p->quote, p->grid.investment) : (struct dec16){DEC16_ONE};
}

static struct dec16 held_all(const struct engine *e, struct dec16 investment) {
    struct dec16 weights = DEC16_ZERO, held = DEC16_ZERO;
    bool by_grid = all_have_grids(e);
    if (investment.v == UNKNOWN_DEC) return investment;
    for (size_t i = 0; i < e->pair_count; i++)
        if (has_traded(e, i)) sum_add(&weights, weight_of(e, i, by_grid));
    if (weights.v == 0) return UNKNOWN_DEC16;
    for (size_t i = 0; i < e->pair_count; i++)
        if (has_traded(e, i))
            sum_add(&held, held_worth(e, e->pairs[i], part_of(investment, weight_of(e, i, by_grid), weights)));
    return held;
}

static void add_figures(struct figures *all, const struct figures *one, const struct engine *e,
                        const struct name *quote) {
    sum_add(&all->gross_profit, sum_shown(e, quote, one->gross_profit));
    sum_add(&all->gross_loss, sum_shown(e, quote, one->gross_loss));
    sum_add(&all->cost_basis, sum_shown(e, quote, one->cost_basis));
    sum_add(&all->exposure, sum_shown(e, quote, one->exposure));
    all->cycles += one->cycles;
    all->wins += one->wins;
    all->losses += one->losses;
    all->fills += one->fills;
    if (one->first_fill.us != 0 && (all->first_fill.us == 0 || one->first_fill.us < all->first_fill.us))
        all->first_fill = one->first_fill;
}

/* Whether the portfolio counts the pair. */
static bool is_counted(const struct engine *e, size_t pair) {
    for (size_t i = 0; i < e->portfolio.left_out; i++)
        if (e->left_out[i].line == pair && e->left_out[i].reason != LEFT_OUT_UNVALUED_FEE) return false;
    return true;
}

/* Realized and unrealized over the counted pairs by their method. Without GRIDSCOPE_SINCE the total is the portfolio's, to the
 * last digit: what conversion rounds is kept on the unrealized side. */
static void divide_total(struct figures *all, const struct engine *e, const struct ledger_totals *totals) {
    struct dec16 realized = DEC16_ZERO, unrealized = DEC16_ZERO;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct figures one = figures_of(e, i, &totals[i]);
        bool empty =
            totals[i].holdings.v == 0 && one.realized.v == 0 && one.fees.v == 0; /* counted even without a rate */
        if (empty || !is_counted(e, i)) continue;
        sum_add(&realized, sum_shown(e, &e->pairs[i]->quote, one.realized));
        sum_add(&unrealized, sum_shown(e, &e->pairs[i]->quote, one.unrealized));
    }
    all->realized = realized;
    all->unrealized = unrealized;
    if (e->config->since.us == 0) {
        all->unrealized = all->total;
        sum_add(&all->unrealized, less(realized));
    } else {
        all->total = realized;
        sum_add(&all->total, unrealized);
    }
}

struct figures figures_of_all(const struct engine *e, const struct ledger_totals *totals, bool *partial) {
    const struct portfolio *p = &e->portfolio;
    struct figures all = {.realized = UNKNOWN_DEC16,
                          .unrealized = UNKNOWN_DEC16,
                          .total = UNKNOWN_DEC16,
                          .fees = UNKNOWN_DEC16,
                          .investment = e->has_investment ? e->investment : UNKNOWN_DEC16};
    if (p->known) {
        all.realized = p->realized;
        all.unrealized = p->unrealized;
        all.total = p->total;
        all.fees = p->fees;
        if (totals != NULL) divide_total(&all, e, totals);
    }
    *partial |= p->partial;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct figures one = figures_of(e, i, totals != NULL ? &totals[i] : ledger_totals(e->pairs[i]->ledger));
        if (sum_shown(e, &e->pairs[i]->quote, DEC16_ZERO).v == UNKNOWN_DEC) *partial = true;
        else add_figures(&all, &one, e, &e->pairs[i]->quote);
    }
    all.held = held_all(e, all.investment);
    return all;
}

/* ---- writing ---- */

void out_ratio(struct buf *out, const char *key, struct dec16 num, i128 factor, struct dec16 den) {
    i128 ratio;
    bool known = num.v != UNKNOWN_DEC && den.v != UNKNOWN_DEC && den.v > 0;
    if (known && dec_muldiv(&ratio, num.v, factor * DEC8_ONE, den.v) == ERR_OK)
        out_dec8(out, key, (struct dec8){ratio});
    else out_null(out, key);
}

static struct dec16 of_count(uint64_t n) { return (struct dec16){(i128)n}; } /* only ever in a ratio of two such */

/* amount / count with 8 digits. */
static void out_mean(struct buf *out, const char *key, struct dec16 amount, uint64_t count) {
    out_ratio(out, key, amount, 1, (struct dec16){(i128)count * DEC16_ONE});
}

static struct dec16 grid_profit(const struct figures *f) {
    struct dec16 grid = f->gross_profit;
    sum_add(&grid, less(f->gross_loss));
    return grid;
}

static void out_cycles(struct buf *out, const struct figures *f) {
    out_amount(out, "grid_profit", grid_profit(f));
    out_count(out, "cycles", f->cycles);
    out_count(out, "wins", f->wins);
    out_count(out, "losses", f->losses);
    out_amount(out, "gross_profit", f->gross_profit);
    out_amount(out, "gross_loss", f->gross_loss);
    out_ratio(out, "win_rate", of_count(f->wins), 100, of_count(f->cycles)); /* percent */
    out_ratio(out, "profit_factor", f->gross_profit, 1, f->gross_loss);
    out_bool(out, "no_losses",
             f->cycles > 0 && f->gross_loss.v == 0); /* then the factor is said in words (ACCOUNTING 6) */
    out_mean(out, "average_win", f->gross_profit, f->wins);
    out_mean(out, "average_loss", f->gross_loss, f->losses);
    out_mean(out, "expectancy", grid_profit(f), f->cycles);
}

static void out_exposure(struct buf *out, const struct figures *f) {
    out_object(out, "exposure");
    out_amount(out, "value", f->exposure);
    out_amount(out, "cost_basis", f->cost_basis);
    out_ratio(out, "percent", f->exposure, 100, f->investment);
    out_object_end(out);
}

static void out_holding(struct buf *out, const struct figures *f) {
    struct dec16 held = f->held.v == UNKNOWN_DEC ? f->held : dec16_round(f->held, 8), equity = f->investment, beats;
    sum_add(&equity, f->total);
    beats = equity;
    sum_add(&beats, less(held));
    out_object(out, "holding");
    out_amount(out, "value", held);
    out_amount(out, "equity", equity);
    out_amount(out, "difference", beats);
    out_ratio(out, "percent", beats, 100, f->investment);
    out_object_end(out);
}

void figures_out(struct buf *out, const struct figures *f) {
    out_amount(out, "realized", f->realized);
    out_amount(out, "unrealized", f->unrealized);
    out_amount(out, "total", f->total);
    out_cycles(out, f);
    out_exposure(out, f);
    out_holding(out, f);
    out_amount(out, "fees", f->fees);
    out_ratio(out, "fees_share", f->fees, 100, f->gross_profit); /* percent of gross profit */
    out_count(out, "fills", f->fills);
}

/* pnl / investment / days running x 365, in percent; not in the first hour (ACCOUNTING 6). */
static void out_apr_of(struct buf *out, const char *key, struct dec16 pnl, struct dec16 investment,
                       int64_t running_us) {
    i128 span;
    bool known = investment.v != UNKNOWN_DEC && investment.v > 0 && running_us >= US_PER_HOUR &&
                 !__builtin_mul_overflow(investment.v, (i128)(running_us / US_PER_S), &span);
    if (known) out_ratio(out, key, pnl, (i128)36500 * (US_PER_DAY / US_PER_S), (struct dec16){span});
    else out_null(out, key);
}

void figures_out_apr(struct buf *out, const struct figures *f, int64_t running_us) {
    out_object(out, "apr");
    out_apr_of(out, "grid", grid_profit(f), f->investment, running_us);
    out_apr_of(out, "total", f->total, f->investment, running_us);
    out_object_end(out);
}
