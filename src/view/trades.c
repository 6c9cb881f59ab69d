/* trades.c: the history of fills as a page of JSON or as CSV, made in steps of a bounded number of fills, so that no
 * answer holds up the loop however long the history is. Between two steps the ledgers may change: the place is a key
 * (fills.h).
 *
 *   JSON:  ROWS -> TOTALS -> DONE        CSV:  ROWS -> DONE */
#include "view/fills.h"
#include "view/sums.h"
#include "view/trades.h"

#include "base/check.h"
#include "wire/csv.h"

#include <stdlib.h>

enum stage { STAGE_ROWS, STAGE_TOTALS, STAGE_DONE };
enum { COST_OF_A_TEXT = 4, COST_OF_A_ROW = 20 }; /* in fills looked at, as measured (tests/bench/bench_store.c) */
enum { FEE_ASSETS_MAX = 256 };                   /* of all pairs together; in practice each pair's two and BNB */

struct quote_sums { /* exact, of the pairs with that quote */
    struct name quote;
    struct dec16 bought, sold, fees, realized; /* UNKNOWN_DEC once a sum overflowed */
};

struct totals {
    uint64_t count, buys, sells, unvalued, assumed;
    struct quote_sums quotes[LIMIT_PAIRS];
    size_t quote_count;
    struct amount_sum {
        struct name asset;
        struct dec16 amount;
    } fees[FEE_ASSETS_MAX];
    size_t fee_count;
    bool fees_over; /* more assets than that: the list is not given rather than cut */
    bool recomputing;
};

struct view_trades {
    enum view_trades_format format;
    enum stage stage;
    struct fill_filter filter;
    uint32_t limit, rows;
    bool started; /* the head of the answer is written */
    bool has_place;
    struct fill_key place; /* of the last fill looked at: the next step goes on below it */
    struct fill_key last;  /* of the last row written: the cursor of the next page */
    bool more;             /* there is a row behind it */
    size_t pair;           /* TOTALS: whose fills are being added, */
    bool has_added;
    struct fill_key added; /* and the last one that was */
    struct totals totals;
    struct fill_walk walk;
};

enum err view_trades_new(struct view_trades **out, const struct view_trades_query *q, enum view_trades_format format) {
    struct fill_key place;
    bool has_place = q->cursor != NULL && q->cursor[0] != '\0';
    size_t text_len = q->text != NULL ? strlen(q->text) : 0;
    if (has_place && cursor_read(&place, span_of(q->cursor)) != ERR_OK) return ERR_VALUE;
    if (text_len > FILTER_TEXT_MAX) return ERR_TOO_BIG;
    struct view_trades *t = calloc(1, sizeof *t);
    if (t == NULL) return ERR_MEMORY;
    t->format = format;
    t->filter = (struct fill_filter){q->symbol, q->has_side, q->side, q->from, q->to, ""};
    if (text_len > 0) memcpy(t->filter.text, q->text, text_len + 1);
    t->limit = format == VIEW_TRADES_CSV ? UINT32_MAX : q->limit;
    t->has_place = has_place;
    if (has_place) t->place = place;
    *out = t;
    return ERR_OK;
}

void view_trades_free(struct view_trades *t) { free(t); }

/* ---- one row ---- */

/* In quote: what the fee cost; unknown while it has no price. */
static void out_fee(struct buf *out, const struct fill *f) {
    out_dec16(out, "fee", f->fee);
    out_name(out, "fee_asset", &f->fee_asset);
    if (f->fee_state == FEE_UNVALUED) out_null(out, "fee_value");
    else out_dec16(out, "fee_value", f->fee_value);
    out_bool(out, "fee_assumed", f->fee_state == FEE_ASSUMED);
}

static void out_id(struct buf *out, const char *key, int64_t id) {
    char text[24] = "";
    size_t at = sizeof text;
    if (id < 0) {
        out_null(out, key);
        return;
    }
    for (uint64_t v = (uint64_t)id; at == sizeof text || v > 0; v /= 10) text[--at] = (char)('0' + (int)(v % 10));
    out_text(out, key, span_from(text + at, sizeof text - at));
}

/* Fills before GRIDSCOPE_SINCE build lots only (ACCOUNTING 6): they have no result. What a sell without any lot earned is not
 * known, but its fee was paid and counts (ACCOUNTING 3), here as in the totals. */
static bool has_result(const struct fill *f, const struct fill_result *r, struct wall since) {
    return f->time.us >= since.us && (f->side == SIDE_BUY || r->matched.v > 0 || r->realized.v != 0);
}

void trades_row(struct buf *out, const struct fill *f, const struct fill_result *r, struct wall since) {
    out_object(out, NULL);
    out_time(out, "time", f->time);
    out_name(out, "symbol", &f->symbol);
    out_id(out, "trade_id", f->trade_id);
    out_id(out, "order_id", f->order_id);
    out_word(out, "side", side_name(f->side));
    out_dec8(out, "price", f->price);
    out_dec8(out, "quantity", f->quantity);
    out_dec16(out, "quote_amount", f->quote_amount);
    out_fee(out, f);
    if (f->maker == MAKER_UNKNOWN) out_null(out, "maker");
    else out_bool(out, "maker", f->maker == MAKER_YES);
    out_word(out, "source", fill_source_name(f->source));
    out_time(out, "received_at", f->received_at);
    if (has_result(f, r, since)) out_dec16(out, "realized", r->realized);
    else out_null(out, "realized");
    if (r->closes_first < 0) {
        out_null(out, "closes");
    } else { /* the oldest and the newest buy whose lots it took */
        out_object(out, "closes");
        out_id(out, "first", r->closes_first);
        out_id(out, "last", r->closes_last);
        out_object_end(out);
    }
    if (r->unmatched.v != 0) out_dec8(out, "unmatched", r->unmatched);
    out_object_end(out);
}

/* ---- rows ---- */

static void rows_head(struct view_trades *t, struct buf *out) {
    t->started = true;
    if (t->format == VIEW_TRADES_CSV) {
        csv_write_header(out);
        return;
    }
    out_object(out, NULL);
    out_array(out, "rows");
}

static void rows_end(struct view_trades *t, struct buf *out) {
    char cursor[CURSOR_TEXT_MAX];
    t->stage = t->format == VIEW_TRADES_CSV ? STAGE_DONE : STAGE_TOTALS;
    if (t->format == VIEW_TRADES_CSV) return;
    out_array_end(out);
    if (t->more) cursor_write(cursor, &t->last);
    out_word(out, "next_cursor", t->more ? cursor : NULL);
}

/* One fill of the walk. False: the page is full and has a next one. */
static bool take_row(struct view_trades *t, struct buf *out, const struct engine *e, const struct fill *f,
                     const struct fill_result *r) {
    if (!filter_takes_fill(&t->filter, f)) return true;
    if (t->rows == t->limit) {
        t->more = true;
        return false;
    }
    t->rows++;
    t->last = t->place;
    if (t->format == VIEW_TRADES_CSV) csv_write_fill(out, f);
    else trades_row(out, f, r, e->config->since);
    return true;
}

static size_t cost_of_a_look(const struct view_trades *t) { return t->filter.text[0] != '\0' ? COST_OF_A_TEXT : 1; }

static void rows_step(struct view_trades *t, struct buf *out, const struct engine *e) {
    struct fill f;
    struct fill_result r;
    size_t pair;
    if (!t->started) rows_head(t, out);
    fill_walk_begin(&t->walk, e, &t->filter, t->has_place ? &t->place : NULL);
    for (size_t spent = 0; spent < VIEW_STEP_FILLS; spent += cost_of_a_look(t)) {
        uint32_t before = t->rows;
        bool end = !fill_walk_next(&t->walk, &f, &r, &pair);
        if (!end) {
            t->place = fill_key_of(&f);
            t->has_place = true;
        }
        if (end || !take_row(t, out, e, &f, &r)) {
            rows_end(t, out);
            return;
        }
        if (t->rows != before) spent += COST_OF_A_ROW;
    }
}

/* ---- totals ---- */

static struct quote_sums *sums_of(struct totals *t, const struct name *quote) {
    size_t i = 0;
    while (i < t->quote_count && !name_eq(&t->quotes[i].quote, quote)) i++;
    if (i == t->quote_count) {
        CHECK(i < LIMIT_PAIRS); /* no more quotes than pairs */
        t->quotes[t->quote_count++] = (struct quote_sums){.quote = *quote};
    }
    return &t->quotes[i];
}

static void add_fee(struct totals *t, const struct name *asset, struct dec16 amount) {
    size_t i = 0;
    if (amount.v == 0) return;
    while (i < t->fee_count && !name_eq(&t->fees[i].asset, asset)) i++;
    if (i == FEE_ASSETS_MAX) {
        t->fees_over = true;
        return;
    }
    if (i == t->fee_count) t->fees[t->fee_count++] = (struct amount_sum){*asset, DEC16_ZERO};
    sum_add(&t->fees[i].amount, amount);
}

static void add_fill(struct totals *t, const struct pair *p, const struct fill *f, const struct fill_result *r) {
    struct quote_sums *s = sums_of(t, &p->quote);
    t->count++;
    t->buys += f->side == SIDE_BUY;
    t->sells += f->side == SIDE_SELL;
    t->unvalued += f->fee_state == FEE_UNVALUED;
    t->assumed += f->fee_state == FEE_ASSUMED;
    sum_add(f->side == SIDE_BUY ? &s->bought : &s->sold, f->quote_amount);
    sum_add(&s->fees, f->fee_value);
    sum_add(&s->realized, r->realized);
    add_fee(t, f->fee_state == FEE_ASSUMED ? &p->quote : &f->fee_asset, f->fee);
}

/* Nothing is filtered within the pair: the ledger has the sums ready. */
static void add_ledger(struct totals *t, const struct pair *p, const struct ledger_totals *l) {
    struct quote_sums *s = sums_of(t, &p->quote);
    t->count += l->fills;
    t->buys += l->buys;
    t->sells += l->sells;
    t->unvalued += l->unvalued_fees;
    t->assumed += l->assumed_fees;
    sum_add(&s->bought, l->turnover_over ? UNKNOWN_DEC16 : l->bought);
    sum_add(&s->sold, l->turnover_over ? UNKNOWN_DEC16 : l->sold);
    sum_add(&s->fees, l->fees_quote);
    sum_add(&s->realized, l->realized);
    for (size_t i = 0; i < l->fee_count; i++) add_fee(t, &l->fees[i].asset, l->fees[i].amount);
}

static bool takes_whole_ledgers(const struct fill_filter *f) {
    return !f->has_side && f->text[0] == '\0' && f->from.us == 0 && f->to.us == 0;
}

static size_t first_position(const struct view_trades *t, const struct engine *e, const struct ledger *l) {
    if (t->has_added) return fill_position_after(l, &t->added);
    struct wall since = e->config->since; /* older fills count nowhere */
    return ledger_position(l, t->filter.from.us > since.us ? t->filter.from : since);
}

/* Fills of one pair, as far as the budget goes; returns what they cost. Goes on to the next pair at the end of this one. */
static size_t add_pair(struct view_trades *t, const struct engine *e, size_t budget) {
    const struct pair *p = e->pairs[t->pair];
    const struct fill_filter *f = &t->filter;
    size_t end = f->to.us != 0 ? ledger_position(p->ledger, f->to) : ledger_count(p->ledger), done = 0;
    size_t at = first_position(t, e, p->ledger);
    for (; at < end && done < budget; at++, done += cost_of_a_look(t)) {
        struct fill fill;
        struct fill_result result;
        ledger_get(p->ledger, at, &fill, &result);
        if (filter_takes_fill(f, &fill)) add_fill(&t->totals, p, &fill, &result);
        t->added = fill_key_of(&fill);
        t->has_added = true;
    }
    if (at >= end) t->pair++, t->has_added = false;
    return done;
}

static bool totals_step(struct view_trades *t, const struct engine *e) {
    size_t done = 0;
    for (; t->pair < e->pair_count && done < VIEW_STEP_FILLS; done++) {
        const struct pair *p = e->pairs[t->pair];
        const struct ledger_totals *l = ledger_totals(p->ledger);
        if (!filter_takes_pair(&t->filter, p)) {
            t->pair++;
            continue;
        }
        t->totals.recomputing |= l->recomputing;
        if (takes_whole_ledgers(&t->filter)) {
            add_ledger(&t->totals, p, l);
            t->pair++;
        } else {
            done += add_pair(t, e, VIEW_STEP_FILLS - done);
        }
    }
    return t->pair == e->pair_count;
}

static void out_quotes(struct buf *out, const struct totals *t) {
    out_object(out, "quotes");
    for (size_t i = 0; i < t->quote_count; i++) {
        const struct quote_sums *s = &t->quotes[i];
        out_object(out, s->quote.text);
        out_amount(out, "bought", s->bought);
        out_amount(out, "sold", s->sold);
        out_amount(out, "fees", s->fees);
        out_amount(out, "realized", s->realized);
        out_object_end(out);
    }
    out_object_end(out);
}

static void out_shown(struct buf *out, const struct totals *t, const struct engine *e) {
    struct dec16 realized = {0}, turnover = {0}, fees = {0};
    for (size_t i = 0; i < t->quote_count; i++) {
        const struct quote_sums *s = &t->quotes[i];
        struct dec16 amount = s->bought;
        sum_add(&amount, s->sold);
        sum_add(&turnover, sum_shown(e, &s->quote, amount));
        sum_add(&realized, sum_shown(e, &s->quote, s->realized));
        sum_add(&fees, sum_shown(e, &s->quote, s->fees));
    }
    out_name(out, "currency", &e->display);
    out_amount(out, "realized", realized);
    out_amount(out, "quote_amount", turnover);
    out_amount(out, "fees_value", fees);
}

static void totals_end(struct view_trades *v, struct buf *out, const struct engine *e) {
    const struct totals *t = &v->totals;
    out_object(out, "totals");
    out_count(out, "count", t->count);
    out_count(out, "buys", t->buys);
    out_count(out, "sells", t->sells);
    out_shown(out, t, e);
    if (t->fees_over) {
        out_null(out, "fees");
    } else {
        out_object(out, "fees");
        for (size_t i = 0; i < t->fee_count; i++) out_amount(out, t->fees[i].asset.text, t->fees[i].amount);
        out_object_end(out);
    }
    out_quotes(out, t);
    out_count(out, "unvalued_fees", t->unvalued);
    out_count(out, "assumed_fees", t->assumed);
    out_bool(out, "recomputing", t->recomputing);
    out_object_end(out);
    out_object_end(out);
}

bool view_trades_step(struct view_trades *t, struct buf *out, const struct engine *e) {
    if (t->stage == STAGE_ROWS) {
        rows_step(t, out, e);
    } else if (t->stage == STAGE_TOTALS && totals_step(t, e)) {
        totals_end(t, out, e);
        t->stage = STAGE_DONE;
    }
    return t->stage == STAGE_DONE;
}

/* ---- the topic ---- */

/* The fill as the ledger has it now, which knows more than the record that came in: its fee's value, its result. */
static void look_up(const struct engine *e, struct fill *f, struct fill_result *result) {
    struct fill found;
    struct fill_result of_found;
    *result = (struct fill_result){.closes_first = -1, .closes_last = -1};
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct ledger *l = e->pairs[i]->ledger;
        if (!name_eq(&e->pairs[i]->symbol, &f->symbol)) continue;
        for (size_t at = ledger_position(l, f->time), n = ledger_count(l); at < n; at++) {
            ledger_get(l, at, &found, &of_found);
            if (found.time.us != f->time.us) return;
            if (found.trade_id != f->trade_id || found.side != f->side) continue;
            *f = found;
            *result = of_found;
            return;
        }
    }
}

void view_trades_topic(struct buf *out, const struct engine *e, const struct fill *fills, size_t count, uint64_t seq) {
    out_object(out, NULL);
    out_word(out, "type", "trades");
    out_word(out, "topic", "trades");
    out_count(out, "seq", seq);
    out_array(out, "rows");
    for (size_t i = 0; i < count; i++) {
        struct fill f = fills[i];
        struct fill_result result;
        look_up(e, &f, &result);
        trades_row(out, &f, &result, e->config->since);
    }
    out_array_end(out);
    out_object_end(out);
}
