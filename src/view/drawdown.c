#include "view/drawdown.h"

#include "view/sums.h"

static const int days[DRAWDOWNS] = {7, 30, 180, 0}; /* 0: all */

void drawdowns_begin(struct drawdowns *d, struct dec16 investment, struct wall now) {
    *d = (struct drawdowns){.investment = investment};
    for (size_t i = 0; i < DRAWDOWNS; i++) d->of[i].from.us = days[i] != 0 ? now.us - days[i] * US_PER_DAY : INT64_MIN;
}

/* Below the peak, at that time. */
static enum err fall_to(struct fall *f, struct dec16 equity, struct wall at, bool shares) {
    enum err err = dec16_sub(&f->amount, f->peak, equity);
    f->share = UNKNOWN_DEC16;
    f->trough_at = f->amount.v > 0 ? at : (struct wall){0};
    if (err == ERR_OK && shares && f->peak.v > 0) err = dec_muldiv(&f->share.v, f->amount.v, DEC16_ONE, f->peak.v);
    return err;
}

static bool deeper(const struct fall *a, const struct fall *b, bool shares) {
    if (!shares) return a->amount.v > b->amount.v;
    return a->share.v != UNKNOWN_DEC && (b->share.v == UNKNOWN_DEC || a->share.v > b->share.v);
}

static enum err add(struct drawdown *d, struct dec16 equity, struct wall at, bool shares) {
    if (d->points == 0 || equity.v >= d->current.peak.v) d->current = (struct fall){.peak = equity, .peak_at = at};
    enum err err = fall_to(&d->current, equity, at, shares);
    if (err != ERR_OK) return err;
    if (d->points == 0) d->since = at;
    if (d->points == 0 || deeper(&d->current, &d->deepest, shares)) d->deepest = d->current;
    d->points++;
    return ERR_OK;
}

void drawdowns_add(struct drawdowns *d, const struct series_point *point) {
    bool shares = d->investment.v != UNKNOWN_DEC && d->investment.v > 0;
    struct dec16 equity = shares ? d->investment : DEC16_ZERO;
    if (point->total.v == UNKNOWN_DEC) return;
    sum_add(&equity, point->total);
    for (size_t i = 0; i < DRAWDOWNS; i++) {
        if (point->time.us < d->of[i].from.us) continue;
        if (equity.v == UNKNOWN_DEC || add(&d->of[i], equity, point->time, shares) != ERR_OK) d->of[i].failed = true;
    }
}

static void out_fall(struct buf *out, const struct fall *f, bool known) {
    i128 percent;
    out_amount(out, "amount", known ? f->amount : UNKNOWN_DEC16);
    bool shared = known && f->share.v != UNKNOWN_DEC;
    if (shared && dec_muldiv(&percent, f->amount.v, 100 * DEC8_ONE, f->peak.v) == ERR_OK)
        out_dec8(out, "percent", (struct dec8){percent});
    else out_null(out, "percent");
    out_time(out, "peak_time", known && f->trough_at.us != 0 ? f->peak_at : (struct wall){0});
}

void drawdowns_out(struct buf *out, const struct drawdowns *d) {
    out_array(out, "drawdown");
    for (size_t i = 0; i < DRAWDOWNS; i++) {
        const struct drawdown *one = &d->of[i];
        bool known = one->points > 1 && !one->failed; /* one point has none before it */
        out_object(out, NULL);
        if (days[i] != 0) out_int(out, "days", days[i]);
        else out_null(out, "days");
        out_time(out, "since", one->since);
        out_fall(out, &one->deepest, known);
        out_time(out, "trough_time", known ? one->deepest.trough_at : (struct wall){0});
        out_object(out, "current");
        out_fall(out, &one->current, known);
        out_object_end(out);
        out_object_end(out);
    }
    out_array_end(out);
}
