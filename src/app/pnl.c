#include "app/pnl.h"

#include "base/check.h"
#include "domain/portfolio.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROGRESS_FILLS = 1 << 16 };

void pnl_init(struct pnl *p, const struct pnl_options *o) {
    *p = (struct pnl){.options = o};
    tally_init(&p->tally, (struct wall){0});
}

void pnl_free(struct pnl *p) {
    tally_free(&p->tally);
    free(p->parked);
    free(p->figures);
}

/* ---- reading ---- */

static bool derived(const struct fill *f) { return f->trade_id >= CSV_DERIVED_ID_MIN; }

static void refuse(struct pnl *p, size_t line, const char *field, enum err e, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* In the words of csv.h: "line 7, Market: ..." */
static void refuse(struct pnl *p, size_t line, const char *field, enum err e, const char *format, ...) {
    char why[120];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    p->failure = (struct csv_fault){.line = line, .err = e};
    (void)snprintf(p->failure.field, sizeof p->failure.field, "%s", field);
    (void)snprintf(p->failure.what, sizeof p->failure.what, "line %zu, %s: %s", line, field, why);
}

static const char *symbol_column(const struct fill *f) { return derived(f) ? "Market" : "symbol"; }

static void count_in(struct pnl *p, size_t line, const struct fill *f) {
    enum err e = tally_add(&p->tally, f);
    if (e == ERR_OK) return;
    if (e == ERR_SYNTAX) refuse(p, line, symbol_column(f), e, "\"%s\" is not BASE/QUOTE", f->symbol.text);
    else if (e == ERR_VALUE) refuse(p, line, derived(f) ? "Fee" : "fee", e, "the fee is more than what was bought");
    else if (e == ERR_RANGE)
        refuse(p, line, derived(f) ? "Amount" : "quantity", e, "the sums of %s become too large", f->symbol.text);
    else refuse(p, line, symbol_column(f), e, "%s", err_text(e));
}

/* Base and quote of a symbol without a slash: from --mark, else from the rows read so far. */
static bool name_symbol(struct pnl *p, struct name *symbol) {
    for (size_t i = 0; i < p->options->mark_count; i++) {
        const struct pnl_price *m = &p->options->marks[i];
        if (name_empty(&m->quote) || !joined_is(&m->base, &m->quote, symbol)) continue;
        *symbol = m->symbol;
        return true;
    }
    const struct tally_line *line = tally_find_joined(&p->tally, symbol);
    if (line != NULL) *symbol = line->symbol;
    return line != NULL;
}

static void park(struct pnl *p, size_t line, const struct fill *f) {
    if (p->parked_count == p->parked_capacity) {
        size_t capacity = p->parked_capacity == 0 ? 64 : 2 * p->parked_capacity;
        struct pnl_parked *parked = realloc(p->parked, capacity * sizeof *parked);
        if (parked == NULL) {
            refuse(p, line, symbol_column(f), ERR_MEMORY, "%s", err_text(ERR_MEMORY));
            return;
        }
        p->parked = parked;
        p->parked_capacity = capacity;
    }
    p->parked[p->parked_count++] = (struct pnl_parked){line, *f};
}

static void take_fill(void *arg, const struct fill *fill) {
    struct pnl *p = arg;
    struct fill f = *fill;
    uint64_t taken = p->tally.fills + p->tally.duplicates + p->parked_count;
    if (p->failure.err != ERR_OK) return;
    if (p->progress != NULL && taken % PROGRESS_FILLS == 0) p->progress(p->progress_arg, taken);
    if (strchr(f.symbol.text, '/') == NULL && !name_symbol(p, &f.symbol)) park(p, p->fault->line, &f);
    else count_in(p, p->fault->line, &f);
}

static void refuse_row(void *arg, const struct csv_fault *why) {
    struct pnl *p = arg;
    if (p->refused < PNL_REFUSED_TOLD)
        (void)snprintf(p->refused_why[p->refused], sizeof p->refused_why[0], "%s", why->what);
    p->refused++;
}

static void take_parked(struct pnl *p) {
    for (size_t i = 0; i < p->parked_count && p->failure.err == ERR_OK; i++) {
        struct pnl_parked *parked = &p->parked[i];
        const char *symbol = parked->fill.symbol.text;
        if (name_symbol(p, &parked->fill.symbol)) count_in(p, parked->line, &parked->fill);
        else
            refuse(p, parked->line, symbol_column(&parked->fill), ERR_UNKNOWN,
                   "which assets are \"%s\"? Name them: --mark BASE/QUOTE=PRICE", symbol);
    }
}

/* ---- fees ---- */

static const struct pnl_price *fee_price(const struct pnl_options *o, const struct name *asset,
                                         const struct name *quote) {
    const struct pnl_price *any = NULL;
    for (size_t i = 0; i < o->fee_price_count; i++) {
        const struct pnl_price *f = &o->fee_prices[i];
        if (!name_eq(&f->base, asset)) continue;
        if (name_eq(&f->quote, quote)) return f;
        if (name_empty(&f->quote)) any = f;
    }
    return any;
}

static enum err value_fees(const struct pnl_options *o, struct tally_line *line) {
    struct fill f;
    for (size_t cursor = 0; ledger_next_unvalued(line->ledger, &cursor, &f);) {
        const struct pnl_price *price = fee_price(o, &f.fee_asset, &line->quote);
        struct dec16 value;
        if (price == NULL) continue;
        enum err e = dec_muldiv(&value.v, f.fee.v, price->price.v, DEC16_ONE);
        if (e == ERR_OK)
            e = ledger_value_fee(line->ledger, f.trade_id, f.side, value, dec8_of_dec16(price->price),
                                 (struct wall){f.time.us - f.time.us % US_PER_MIN});
        if (e != ERR_OK) return e;
    }
    (void)ledger_recompute(line->ledger, SIZE_MAX);
    return ledger_totals(line->ledger)->refused > 0 ? ERR_RANGE : ERR_OK;
}

/* ---- figures ---- */

static const struct pnl_price *mark_of(const struct pnl_options *o, const struct tally_line *line) {
    for (size_t i = 0; i < o->mark_count; i++) {
        const struct pnl_price *m = &o->marks[i];
        if (name_eq(&m->symbol, &line->symbol) ||
            (name_empty(&m->quote) && joined_is(&line->base, &line->quote, &m->symbol)))
            return m;
    }
    return NULL;
}

static enum err figures_of(struct pnl_figures *out, const struct pnl_options *o, const struct tally_line *line) {
    struct ledger_totals t;
    const struct pnl_price *mark = mark_of(o, line);
    enum err e = method_totals(&t, line->ledger, o->method, &line->base, (struct wall){0});
    if (e != ERR_OK) return e;
    *out = (struct pnl_figures){.money = true,
                                .partial = t.partial,
                                .realized = t.realized,
                                .fees_quote = t.fees_quote,
                                .cost_basis = t.cost_basis,
                                .gross_profit = t.gross_profit,
                                .gross_loss = t.gross_loss,
                                .holdings = t.holdings,
                                .unmatched = t.unmatched,
                                .fills = t.fills,
                                .buys = t.buys,
                                .sells = t.sells,
                                .cycles = t.cycles,
                                .wins = t.wins,
                                .losses = t.losses,
                                .unvalued_fees = t.unvalued_fees,
                                .assumed_fees = t.assumed_fees};
    if (mark == NULL && t.holdings.v != 0) return ERR_OK;
    out->valued = true;
    return ledger_unrealized_fine(&t, mark != NULL ? mark->price : DEC16_ZERO, &out->unrealized, &out->total);
}

/* ---- the portfolio ---- */

static bool rate_from_mark(void *arg, const struct name *base, const struct name *quote, struct dec8 *out) {
    const struct pnl_options *o = arg;
    for (size_t i = 0; i < o->mark_count; i++)
        if ((name_eq(&o->marks[i].base, base) && name_eq(&o->marks[i].quote, quote)) ||
            joined_is(base, quote, &o->marks[i].symbol)) {
            *out = dec8_of_dec16(o->marks[i].price);
            return true;
        }
    return false;
}

static struct name portfolio_currency(const struct tally *t) {
    for (size_t i = 1; i < t->count; i++)
        if (!name_eq(&t->lines[i].quote, &t->lines[0].quote)) return name_of("USDT");
    return t->count > 0 ? t->lines[0].quote : name_of("USDT");
}

/* *sum += amount, rounded once to 8 digits where it is converted (PRODUCT 6). */
static enum err add_money(struct dec16 *sum, struct dec16 amount, const struct conversion *rate) {
    struct dec8 converted;
    enum err e = ERR_OK;
    if (rate->legs > 0) {
        e = conversion_apply8(&converted, amount, rate);
        if (e == ERR_OK) e = dec16_of_dec8(&amount, converted);
    }
    return e == ERR_OK ? dec16_add(sum, *sum, amount) : e;
}

static enum err add_line(struct pnl_figures *sum, const struct pnl_figures *f, const struct conversion *rate) {
    enum err e = add_money(&sum->realized, f->realized, rate);
    if (e == ERR_OK) e = add_money(&sum->fees_quote, f->fees_quote, rate);
    if (e == ERR_OK) e = add_money(&sum->cost_basis, f->cost_basis, rate);
    if (e == ERR_OK) e = add_money(&sum->gross_profit, f->gross_profit, rate);
    if (e == ERR_OK) e = add_money(&sum->gross_loss, f->gross_loss, rate);
    if (e == ERR_OK && f->valued) e = add_money(&sum->unrealized, f->unrealized, rate);
    return e;
}

static void count_line(struct pnl_figures *sum, const struct pnl_figures *f) {
    if (dec8_add(&sum->unmatched, sum->unmatched, f->unmatched) != ERR_OK) sum->money = false;
    sum->valued = sum->valued && f->valued;
    sum->partial = sum->partial || f->partial;
    sum->fills += f->fills;
    sum->buys += f->buys;
    sum->sells += f->sells;
    sum->cycles += f->cycles;
    sum->wins += f->wins;
    sum->losses += f->losses;
    sum->unvalued_fees += f->unvalued_fees;
    sum->assumed_fees += f->assumed_fees;
}

static void sum_portfolio(struct pnl *p) {
    const struct price_source rates = {rate_from_mark, (void *)(uintptr_t)p->options};
    struct pnl_figures *sum = &p->portfolio;
    *sum = (struct pnl_figures){.money = true, .valued = true};
    p->currency = portfolio_currency(&p->tally);
    for (size_t i = 0; i < p->tally.count; i++) {
        struct conversion rate;
        count_line(sum, &p->figures[i]);
        if (conversion_find(&rate, &p->tally.lines[i].quote, &p->currency, &rates) != ERR_OK ||
            add_line(sum, &p->figures[i], &rate) != ERR_OK)
            sum->money = false;
    }
    if (dec16_add(&sum->total, sum->realized, sum->unrealized) != ERR_OK) sum->money = false;
    sum->valued = sum->valued && sum->money;
}

/* ---- all of it ---- */

static enum err account(struct pnl *p) {
    p->figures = calloc(p->tally.count + 1, sizeof *p->figures);
    if (p->figures == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < p->tally.count; i++) {
        struct tally_line *line = &p->tally.lines[i];
        enum err e = value_fees(p->options, line);
        if (e == ERR_OK) e = figures_of(&p->figures[i], p->options, line);
        if (e == ERR_OK) continue;
        (void)snprintf(p->fault->what, sizeof p->fault->what, "%s: %s", line->symbol.text, err_text(e));
        return e;
    }
    sum_portfolio(p);
    return ERR_OK;
}

enum err pnl_read(struct pnl *p, struct span text, struct csv_fault *fault) {
    CHECK(p->fault == NULL);
    *fault = (struct csv_fault){0};
    p->fault = fault;
    enum err e = csv_read_fills(text, take_fill, refuse_row, p, fault);
    if (e != ERR_OK) return e;
    take_parked(p);
    if (p->failure.err != ERR_OK) {
        *fault = p->failure;
        return fault->err;
    }
    tally_finish(&p->tally);
    e = account(p);
    if (e == ERR_MEMORY) (void)snprintf(fault->what, sizeof fault->what, "%s", err_text(e));
    return e;
}
