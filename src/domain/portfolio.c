#include "domain/portfolio.h"

#include "base/check.h"

/* ---- conversion ---- */

static bool price_of(struct dec8 *out, const struct price_source *prices, const struct name *base,
                     const struct name *quote) {
    return prices->price(prices->arg, base, quote, out) && dec8_sign(*out) > 0; /* a price of 0 is no price */
}

/* One leg, by the market from/to or by its inverse. */
static bool find_leg(struct conversion *c, const struct name *from, const struct name *to,
                     const struct price_source *prices) {
    struct dec8 price, one = {DEC8_ONE};
    bool direct = price_of(&price, prices, from, to);
    if (!direct && !price_of(&price, prices, to, from)) return false;
    c->mul[c->legs] = direct ? price : one;
    c->div[c->legs] = direct ? one : price;
    c->legs++;
    return true;
}

enum err conversion_find(struct conversion *out, const struct name *from, const struct name *to,
                         const struct price_source *prices) {
    static const char *const intermediates[] = {"USDT", "BTC", "BNB", "EUR"}; /* in this order: PRODUCT 6 */
    struct conversion c = {0};
    bool found = name_eq(from, to) || find_leg(&c, from, to, prices);
    for (size_t i = 0; !found && i < sizeof intermediates / sizeof intermediates[0]; i++) {
        c = (struct conversion){.via = name_of(intermediates[i])};
        if (name_eq(&c.via, from) || name_eq(&c.via, to)) continue;
        found = find_leg(&c, from, &c.via, prices) && find_leg(&c, &c.via, to, prices);
    }
    if (!found) return ERR_UNKNOWN;
    *out = c;
    return ERR_OK;
}

/* amount x multipliers / (divisors x unit), one rounding. */
static enum err convert(i128 *out, struct dec16 amount, const struct conversion *c, i128 unit) {
    i128 mul = 1, div = unit;
    for (int i = 0; i < c->legs; i++) /* the scales of mul and div cancel */
        if (__builtin_mul_overflow(mul, c->mul[i].v, &mul) || __builtin_mul_overflow(div, c->div[i].v, &div))
            return ERR_RANGE;
    return dec_muldiv(out, amount.v, mul, div);
}

enum err conversion_apply(struct dec16 *out, struct dec16 amount, const struct conversion *c) {
    return convert(&out->v, amount, c, 1);
}

enum err conversion_apply8(struct dec8 *out, struct dec16 amount, const struct conversion *c) {
    return convert(&out->v, amount, c, DEC8_ONE);
}

/* ---- the sum ---- */

const char *left_out_reason_name(enum left_out_reason r) {
    static const char *const names[] = {"no_price", "no_rate", "unvalued_fee", "overflow"};
    return (unsigned)r < sizeof names / sizeof names[0] ? names[r] : "?";
}

enum { REALIZED, UNREALIZED, FEES, FIGURES };

static enum err to_display(struct dec16 *figure, const struct portfolio_line *line) {
    struct dec8 converted;
    if (line->rate_is_one) return ERR_OK;
    enum err e = conversion_apply8(&converted, *figure, &line->rate);
    return e == ERR_OK ? dec16_of_dec8(figure, converted) : e;
}

/* A line's figures in the display currency. ERR_BAD_STATE: not without a mark or a rate, *reason says which. */
static enum err line_figures(struct dec16 figures[static FIGURES], enum left_out_reason *reason,
                             const struct portfolio_line *line) {
    const struct ledger_totals *t = line->totals;
    struct dec16 total;
    bool held = t->holdings.v != 0;
    bool empty = !held && t->realized.v == 0 && t->fees_quote.v == 0;
    *reason = held && !line->has_mark ? LEFT_OUT_NO_MARK : LEFT_OUT_NO_RATE;
    if ((held && !line->has_mark) || (!empty && !line->has_rate)) return ERR_BAD_STATE;
    figures[REALIZED] = t->realized;
    figures[FEES] = t->fees_quote;
    *reason = LEFT_OUT_OVERFLOW;
    enum err e = ledger_unrealized(t, line->has_mark ? line->mark : DEC8_ZERO, &figures[UNREALIZED], &total);
    for (int i = 0; e == ERR_OK && !empty && i < FIGURES; i++) e = to_display(&figures[i], line);
    return e;
}

/* Adds all of them or none. */
static enum err add_figures(struct portfolio *p, const struct dec16 figures[static FIGURES]) {
    struct portfolio sum = *p;
    enum err e = dec16_add(&sum.realized, p->realized, figures[REALIZED]);
    if (e == ERR_OK) e = dec16_add(&sum.unrealized, p->unrealized, figures[UNREALIZED]);
    if (e == ERR_OK) e = dec16_add(&sum.fees, p->fees, figures[FEES]);
    if (e == ERR_OK) e = dec16_add(&sum.total, sum.realized, sum.unrealized);
    if (e == ERR_OK) *p = sum;
    return e;
}

static void leave_out(struct portfolio *p, struct left_out *out_left, size_t line, enum left_out_reason reason) {
    out_left[p->left_out++] = (struct left_out){line, reason};
    p->partial = true;
}

void portfolio_sum(struct portfolio *out, struct left_out *out_left, const struct portfolio_line *lines, size_t count) {
    *out = (struct portfolio){.known = count == 0};
    for (size_t i = 0; i < count; i++) {
        struct dec16 figures[FIGURES];
        enum left_out_reason reason;
        enum err e = line_figures(figures, &reason, &lines[i]);
        if (e == ERR_OK) {
            reason = LEFT_OUT_OVERFLOW;
            e = add_figures(out, figures);
        }
        if (e != ERR_OK) leave_out(out, out_left, i, reason);
        else out->known = true;
        if (lines[i].totals->unvalued_fees > 0) leave_out(out, out_left, i, LEFT_OUT_UNVALUED_FEE);
        if (lines[i].totals->partial) out->partial = true;
    }
}
