/* provenance.c: how old each figure is and where it comes from. A figure is as old as what moved it last: a fill for realized P&L,
 * a price for unrealized, a point of the equity series for a window. */
#include "view/sums.h"
#include "view/values.h"
#include "view/view.h"

#include <stdio.h>

static void out_history(struct buf *out, const struct pair *p) {
    struct history_values history;
    history_read(&history, p);
    out_object(out, "history");
    fields_write(out, history_fields, &history);
    out_object_end(out);
}

/* ---- realized ---- */

static bool newest_fill(struct fill *out, const struct pair *p) {
    size_t count = ledger_count(p->ledger);
    if (count == 0) return false;
    ledger_get(p->ledger, count - 1, out, NULL);
    return true;
}

static void out_fill(struct buf *out, const struct fill *f) {
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)f->trade_id);
    out_object(out, "fill");
    out_name(out, "symbol", &f->symbol);
    out_text(out, "trade_id", span_of(id));
    out_time(out, "time", f->time);
    out_time(out, "received_at", f->received_at);
    out_word(out, "source", fill_source_name(f->source));
    out_object_end(out);
}

/* p NULL: nothing has changed it yet. */
static void out_realized(struct buf *out, const struct pair *p) {
    struct fill f;
    out_object(out, "realized");
    out_time(out, "at", p != NULL ? p->realized_change.at : (struct wall){0});
    out_word(out, "source", p != NULL ? change_source_name(p->realized_change.source, p->realized_change.fill) : NULL);
    if (p != NULL && newest_fill(&f, p)) out_fill(out, &f);
    else out_null(out, "fill");
    out_object_end(out);
}

/* The pair whose realized P&L changed last. */
static const struct pair *last_changed(const struct engine *e) {
    const struct pair *last = NULL;
    for (size_t i = 0; i < e->pair_count; i++)
        if (e->pairs[i]->realized_change.at.us > (last != NULL ? last->realized_change.at.us : 0)) last = e->pairs[i];
    return last;
}

/* ---- prices ---- */

static void out_unrealized(struct buf *out, const struct engine *e) {
    struct wall newest = {0}, oldest = {0};
    bool used[PRICE_CANDLE + 1] = {0};
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct market *m = e->markets[e->pairs[i]->market];
        if (ledger_totals(e->pairs[i]->ledger)->holdings.v == 0 || m->price_at.us == 0) continue;
        if (m->price_at.us > newest.us) newest = m->price_at;
        if (oldest.us == 0 || m->price_at.us < oldest.us) oldest = m->price_at;
        used[m->price_source] = true;
    }
    out_object(out, "unrealized");
    out_time(out, "at", newest);
    out_time(out, "oldest_at", oldest);
    out_array(out, "sources");
    for (enum price_origin s = PRICE_STREAM; s <= PRICE_CANDLE; s++)
        if (used[s]) out_word(out, NULL, price_source_name(s));
    out_array_end(out);
    out_object_end(out);
}

static void out_windows(struct buf *out, const struct engine *e) {
    struct wall since = equity_since(e->equity), last = {0}, next = {e->now.wall.us - 2 * US_PER_MIN};
    for (struct wall at; equity_next(e->equity, next, &at); next.us = at.us + 1) last = at;
    if (last.us == 0 && since.us != 0) /* none of late: the last there is */
        for (struct wall at = since; equity_next(e->equity, at, &at); at.us++) last = at;
    out_object(out, "windows");
    out_time(out, "since", since);
    out_time(out, "last_point_at", last);
    out_object_end(out);
}

/* ---- rates ---- */

static const struct market *market_of(const struct engine *e, const struct name *base, const struct name *quote) {
    for (size_t i = 0; i < e->market_count; i++)
        if (e->markets[i]->price.v > 0 && name_eq(&e->markets[i]->info.base, base) &&
            name_eq(&e->markets[i]->info.quote, quote))
            return e->markets[i];
    return NULL;
}

/* One leg by the market from/to, else by its inverse; true where its price is older than *oldest. */
static void out_leg(struct buf *out, struct wall *oldest, const struct engine *e, const struct name *from,
                    const struct name *to) {
    const struct market *m = market_of(e, from, to);
    bool inverse = m == NULL;
    if (inverse) m = market_of(e, to, from);
    if (m == NULL) return;
    if (oldest->us == 0 || m->price_at.us < oldest->us) *oldest = m->price_at;
    out_object(out, NULL);
    out_name(out, "symbol", &m->symbol);
    out_dec8(out, "price", m->price);
    out_time(out, "at", m->price_at);
    out_word(out, "source", price_source_name(m->price_source));
    out_bool(out, "inverse", inverse);
    out_object_end(out);
}

static void out_rate(struct buf *out, const struct engine *e, const struct name *quote,
                     const struct portfolio_line *l) {
    struct dec16 rate = l->rate_is_one ? (struct dec16){DEC16_ONE} : UNKNOWN_DEC16;
    struct wall oldest = {0};
    const struct name *via = name_empty(&l->rate.via) ? &e->display : &l->rate.via;
    bool converted = l->has_rate && !l->rate_is_one;
    if (converted && conversion_apply(&rate, (struct dec16){DEC16_ONE}, &l->rate) != ERR_OK) rate = UNKNOWN_DEC16;
    out_object(out, NULL);
    out_name(out, "from", quote);
    out_name(out, "to", &e->display);
    out_amount(out, "rate", rate);
    out_array(out, "legs");
    if (converted) out_leg(out, &oldest, e, quote, via);
    if (converted && l->rate.legs > 1) out_leg(out, &oldest, e, via, &e->display);
    out_array_end(out);
    out_time(out, "at", oldest);
    out_object_end(out);
}

static bool named_before(const struct engine *e, size_t pair) {
    for (size_t i = 0; i < pair; i++)
        if (name_eq(&e->pairs[i]->quote, &e->pairs[pair]->quote)) return true;
    return false;
}

/* ---- a pair ---- */

static void out_sources(struct buf *out, const struct pair *p) {
    const struct flows *f = ledger_flows(p->ledger);
    out_object(out, "fills_by_source");
    for (int s = 0; s < FLOWS_SOURCES; s++) out_count(out, fill_source_name((enum fill_source)s), f->by_source[s]);
    out_object_end(out);
}

static void out_pair(struct buf *out, const struct engine *e, const struct pair *p) {
    const struct market *m = e->markets[p->market];
    out_object(out, NULL);
    out_name(out, "symbol", &p->symbol);
    out_realized(out, p);
    out_object(out, "price");
    out_time(out, "at", m->price_at);
    out_word(out, "source", price_source_name(m->price_source));
    out_bool(out, "stale", p->price_stale);
    out_object_end(out);
    out_time(out, "trades_read_at", p->trades_read_at);
    out_object(out, "orders");
    out_time(out, "read_at", p->orders_read_at);
    out_bool(out, "known", p->orders_known);
    out_object_end(out);
    out_sources(out, p);
    out_history(out, p);
    out_object_end(out);
}

/* ---- all of it ---- */

static void out_balances(struct buf *out, const struct balances *b) {
    out_object(out, "balances");
    out_time(out, "read_at", b->read_at);
    out_time(out, "updated_at", b->updated_at);
    out_object_end(out);
}

static void out_info(struct buf *out, const struct exchange_state *x) {
    out_object(out, "exchange_info");
    out_bool(out, "known", x->info_known);
    if (x->clock_known) out_int(out, "clock_offset_ms", x->clock_offset_us / US_PER_MS);
    else out_null(out, "clock_offset_ms");
    out_object_end(out);
}

void view_provenance(struct buf *out, const struct engine *e, struct now now) {
    out_object(out, NULL);
    out_time(out, "time", now.wall);
    out_realized(out, last_changed(e));
    out_unrealized(out, e);
    out_windows(out, e);
    out_balances(out, &e->balances);
    out_info(out, &e->exchange);
    out_array(out, "rates");
    for (size_t i = 0; i < e->pair_count; i++)
        if (!named_before(e, i)) out_rate(out, e, &e->pairs[i]->quote, &e->lines[i]);
    out_array_end(out);
    out_array(out, "pairs");
    for (size_t i = 0; i < e->pair_count; i++) out_pair(out, e, e->pairs[i]);
    out_array_end(out);
    out_object_end(out);
}
