/* equity.c: three rings of times; for each symbol one column with a mark for every place in them, for each quote
 * asset one with a rate. A zero in a column is "unknown", so that a column added later needs no other filling. A column of
 * marks is made of chunks, which come as the rings fill: that of a pair is full after a month. */
#include "domain/equity.h"

#include "base/check.h"

#include <stdlib.h>

enum ring_kind { RING_MINUTES, RING_FILLS, RING_STEPS, RINGS };

static const size_t ring_capacity[RINGS] = {EQUITY_MINUTES, EQUITY_FILLS, EQUITY_STEPS};
static const size_t ring_base[RINGS] = {0, EQUITY_MINUTES, EQUITY_MINUTES + EQUITY_FILLS};

enum { PLACES = EQUITY_MINUTES + EQUITY_FILLS + EQUITY_STEPS, CHUNK = 128, CHUNKS = (PLACES + CHUNK - 1) / CHUNK };

struct ring {
    size_t head, count; /* the oldest point is at head */
};

struct rate { /* mul / div of two legs; mul[0] 0: unknown, RATE_ONE: the display currency itself; mul[1] 0: one leg */
    int64_t mul[2], div[2];
};

#define RATE_ONE INT64_C(-1)

struct marks {
    int64_t *chunks[CHUNKS]; /* [CHUNK] each, owned; NULL: all unknown */
};

struct equity {
    struct ring rings[RINGS];
    int64_t times[PLACES];
    struct name symbols[EQUITY_SYMBOLS_MAX], quotes[EQUITY_QUOTES_MAX];
    struct marks *marks[EQUITY_SYMBOLS_MAX]; /* owned */
    struct rate *rates[EQUITY_QUOTES_MAX];   /* [PLACES] each, owned */
    size_t symbol_count, quote_count;
};

struct equity *equity_new(void) {
    return calloc(1, sizeof(struct equity));
}

void equity_free(struct equity *e) {
    if (e == NULL) return;
    for (size_t i = 0; i < e->symbol_count; i++) {
        for (size_t k = 0; k < CHUNKS; k++) free(e->marks[i]->chunks[k]);
        free(e->marks[i]);
    }
    for (size_t i = 0; i < e->quote_count; i++) free(e->rates[i]);
    free(e);
}

/* ---- places ---- */

static size_t place(enum ring_kind k, const struct ring *r, size_t nth) {
    return ring_base[k] + (r->head + nth) % ring_capacity[k];
}

static int64_t newest(const struct equity *e, enum ring_kind k) {
    const struct ring *r = &e->rings[k];
    return r->count == 0 ? INT64_MIN : e->times[place(k, r, r->count - 1)];
}

/* The place of a new point, the oldest one's where the ring is full. */
static size_t push(struct equity *e, enum ring_kind k, int64_t at) {
    struct ring *r = &e->rings[k];
    if (r->count == ring_capacity[k]) r->head = (r->head + 1) % ring_capacity[k];
    else r->count++;
    size_t p = place(k, r, r->count - 1);
    e->times[p] = at;
    return p;
}

static int64_t slot_of(int64_t us, int64_t minutes) {
    int64_t unit = minutes * US_PER_MIN;
    return us / unit - (us % unit < 0);
}

static bool later_slot(const struct equity *e, enum ring_kind k, int64_t us, int64_t minutes) {
    int64_t last = newest(e, k);
    return last == INT64_MIN || slot_of(us, minutes) > slot_of(last, minutes);
}

bool equity_due(const struct equity *e, struct wall now) { return later_slot(e, RING_MINUTES, now.us, 1); }

struct wall equity_since(const struct equity *e) {
    int64_t oldest = 0;
    for (int k = 0; k < RINGS; k++) {
        const struct ring *r = &e->rings[k];
        if (r->count == 0) continue;
        int64_t first = e->times[place((enum ring_kind)k, r, 0)];
        if (oldest == 0 || first < oldest) oldest = first;
    }
    return (struct wall){oldest};
}

/* Which point of the ring is the first at or after t; its count where none is. */
static size_t first_from(const struct equity *e, enum ring_kind k, int64_t t) {
    const struct ring *r = &e->rings[k];
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (e->times[place(k, r, mid)] < t) low = mid + 1;
        else high = mid;
    }
    return low;
}

/* PLACES where no ring has a point of that time. */
static size_t place_of(const struct equity *e, int64_t t) {
    for (int k = 0; k < RINGS; k++) {
        const struct ring *r = &e->rings[k];
        size_t nth = first_from(e, (enum ring_kind)k, t);
        size_t p = place((enum ring_kind)k, r, nth);
        if (nth < r->count && e->times[p] == t) return p;
    }
    return PLACES;
}

bool equity_next(const struct equity *e, struct wall from, struct wall *at) {
    int64_t first = INT64_MAX;
    for (int k = 0; k < RINGS; k++) {
        const struct ring *r = &e->rings[k];
        size_t nth = first_from(e, (enum ring_kind)k, from.us);
        int64_t t = nth < r->count ? e->times[place((enum ring_kind)k, r, nth)] : INT64_MAX;
        if (t < first) first = t;
    }
    if (first == INT64_MAX) return false;
    at->us = first;
    return true;
}

/* ---- columns ---- */

/* guess: columns mostly stand in the lines' own order. */
static size_t find_name(const struct name *names, size_t count, const struct name *name, size_t guess) {
    size_t i = 0;
    if (guess < count && name_eq(&names[guess], name)) return guess;
    while (i < count && !name_eq(&names[i], name)) i++;
    return i;
}

/* Columns for every line, before anything is written. */
static enum err make_columns(struct equity *e, const struct equity_line *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (find_name(e->symbols, e->symbol_count, lines[i].now.symbol, i) == e->symbol_count &&
            e->symbol_count < EQUITY_SYMBOLS_MAX) {
            e->marks[e->symbol_count] = calloc(1, sizeof(struct marks));
            if (e->marks[e->symbol_count] == NULL) return ERR_MEMORY;
            e->symbols[e->symbol_count++] = *lines[i].now.symbol;
        }
        if (find_name(e->quotes, e->quote_count, lines[i].quote, 0) == e->quote_count &&
            e->quote_count < EQUITY_QUOTES_MAX) {
            e->rates[e->quote_count] = calloc(PLACES, sizeof(struct rate));
            if (e->rates[e->quote_count] == NULL) return ERR_MEMORY;
            e->quotes[e->quote_count++] = *lines[i].quote;
        }
    }
    return ERR_OK;
}

/* The place that the next point of the ring gets has its chunk in every column. */
static enum err make_chunks(struct equity *e, enum ring_kind k) {
    size_t chunk = place(k, &e->rings[k], e->rings[k].count) / CHUNK;
    for (size_t i = 0; i < e->symbol_count; i++) {
        int64_t **at = &e->marks[i]->chunks[chunk];
        if (*at == NULL && (*at = calloc(CHUNK, sizeof **at)) == NULL) return ERR_MEMORY;
    }
    return ERR_OK;
}

static int64_t mark_at(const struct marks *m, size_t p) {
    const int64_t *chunk = m->chunks[p / CHUNK];
    return chunk != NULL ? chunk[p % CHUNK] : 0;
}

static bool fits(i128 v) { return v > 0 && v <= INT64_MAX; }

static struct rate rate_of(const struct portfolio_line *line) {
    struct rate r = {{0}, {0}};
    if (!line->has_rate) return r;
    if (line->rate_is_one || line->rate.legs == 0) return (struct rate){{RATE_ONE, 0}, {0}};
    for (int i = 0; i < line->rate.legs; i++) {
        if (!fits(line->rate.mul[i].v) || !fits(line->rate.div[i].v)) return (struct rate){{0}, {0}};
        r.mul[i] = (int64_t)line->rate.mul[i].v;
        r.div[i] = (int64_t)line->rate.div[i].v;
    }
    return r;
}

static void write_point(struct equity *e, size_t p, const struct equity_line *lines, size_t count) {
    for (size_t i = 0; i < e->symbol_count; i++) e->marks[i]->chunks[p / CHUNK][p % CHUNK] = 0;
    for (size_t i = 0; i < e->quote_count; i++) e->rates[i][p] = (struct rate){{0}, {0}};
    for (size_t i = 0; i < count; i++) {
        const struct portfolio_line *line = &lines[i].now;
        size_t symbol = find_name(e->symbols, e->symbol_count, line->symbol, i);
        size_t quote = find_name(e->quotes, e->quote_count, lines[i].quote, 0);
        if (symbol < e->symbol_count && line->has_mark && fits(line->mark.v))
            e->marks[symbol]->chunks[p / CHUNK][p % CHUNK] = (int64_t)line->mark.v;
        if (quote < e->quote_count) e->rates[quote][p] = rate_of(line);
    }
}

enum err equity_record(struct equity *e, enum equity_kind kind, struct wall at, const struct equity_line *lines,
                       size_t count) {
    if (kind == EQUITY_FILL ? at.us <= newest(e, RING_FILLS) : !equity_due(e, at)) return ERR_OK;
    enum ring_kind ring = kind == EQUITY_FILL ? RING_FILLS : RING_MINUTES;
    bool step = kind == EQUITY_MINUTE && later_slot(e, RING_STEPS, at.us, EQUITY_STEP_MINUTES);
    enum err err = make_columns(e, lines, count);
    if (err == ERR_OK) err = make_chunks(e, ring);
    if (err == ERR_OK && step) err = make_chunks(e, RING_STEPS);
    if (err != ERR_OK) return err;
    write_point(e, push(e, ring, at.us), lines, count);
    if (step) write_point(e, push(e, RING_STEPS, at.us), lines, count);
    return ERR_OK;
}

/* ---- windows ---- */

/* Nearest point of a ring to t: *best is replaced where it is nearer. */
static void nearest_in(const struct equity *e, enum ring_kind k, int64_t t, size_t *best, int64_t *distance) {
    const struct ring *r = &e->rings[k];
    size_t low = first_from(e, k, t);
    for (size_t nth = low > 0 ? low - 1 : 0; nth <= low && nth < r->count; nth++) {
        size_t p = place(k, r, nth);
        int64_t d = e->times[p] < t ? t - e->times[p] : e->times[p] - t;
        if (d < *distance) *best = p, *distance = d;
    }
}

/* The point nearest to t within the tolerance; PLACES where there is none. */
static size_t find_point(const struct equity *e, struct wall t) {
    size_t best = PLACES;
    int64_t distance = EQUITY_TOLERANCE_MINUTES * US_PER_MIN + 1;
    for (int k = 0; k < RINGS; k++) nearest_in(e, (enum ring_kind)k, t.us, &best, &distance);
    return best;
}

/* The line with the marks and rates of point p. */
static struct portfolio_line line_at(const struct equity *e, const struct equity_line *line, size_t p,
                                     const struct ledger_totals *totals, size_t guess) {
    struct portfolio_line then = {.symbol = line->now.symbol, .totals = totals};
    size_t symbol = find_name(e->symbols, e->symbol_count, line->now.symbol, guess);
    size_t quote = find_name(e->quotes, e->quote_count, line->quote, 0);
    if (symbol < e->symbol_count) then.mark.v = mark_at(e->marks[symbol], p);
    then.has_mark = then.mark.v != 0;
    then.has_rate = then.rate_is_one = line->now.rate_is_one;
    if (then.rate_is_one || quote == e->quote_count) return then;
    const struct rate *r = &e->rates[quote][p];
    then.has_rate = r->mul[0] != 0;
    then.rate_is_one = r->mul[0] == RATE_ONE;
    for (int i = 0; then.has_rate && !then.rate_is_one && i < 2 && r->mul[i] != 0; i++) {
        then.rate.mul[i].v = r->mul[i];
        then.rate.div[i].v = r->div[i];
        then.rate.legs = i + 1;
    }
    return then;
}

bool equity_marks_at(const struct equity *e, struct wall at, struct equity_line *lines, size_t count) {
    size_t p = place_of(e, at.us);
    if (p == PLACES) return false;
    for (size_t i = 0; i < count; i++) lines[i].now = line_at(e, &lines[i], p, lines[i].now.totals, i);
    return true;
}

/* One line alone; false where it is left out. */
static bool line_sum(struct portfolio *out, const struct portfolio_line *line) {
    struct left_out left[2];
    portfolio_sum(out, left, line, 1);
    return out->known;
}

/* *then: the same line at the start of the window, by point p; PLACES: realized alone, at today's rate. ERR_UNKNOWN:
 * that point does not know its mark or rate. */
static enum err line_then(const struct equity *e, struct dec16 *then, const struct equity_line *line, size_t p,
                          struct wall start) {
    struct ledger_totals totals;
    struct portfolio sum;
    struct portfolio_line past = line->now;
    struct wall end = p == PLACES ? start : (struct wall){e->times[p] + 1}; /* fills up to and with the point */
    enum err err = ledger_totals_at(line->ledger, end, &totals);
    if (err != ERR_OK) return err;
    past.totals = &totals;
    if (p == PLACES) { /* realized P&L needs no mark */
        past.has_mark = true;
        past.mark = DEC8_ZERO;
    } else {
        past = line_at(e, line, p, &totals, 0);
    }
    if (!line_sum(&sum, &past)) return ERR_UNKNOWN;
    *then = p == PLACES ? sum.realized : sum.total;
    return ERR_OK;
}

/* Sum over the lines that count now of now less then. */
static enum err window_sum(const struct equity *e, struct equity_window *w, const struct equity_line *lines,
                           size_t count, size_t p, struct wall start) {
    *w = (struct equity_window){.basis = p == PLACES ? BASIS_REALIZED : BASIS_EQUITY};
    size_t counted = 0;
    for (size_t i = 0; i < count; i++) {
        struct portfolio now;
        struct dec16 then, gain;
        bool known = line_sum(&now, &lines[i].now);
        w->partial |= now.partial;
        if (!known) continue;
        enum err err = line_then(e, &then, &lines[i], p, start);
        if (err == ERR_OK) err = dec16_sub(&gain, p == PLACES ? now.realized : now.total, then);
        if (err == ERR_OK) err = dec16_add(&w->pnl, w->pnl, gain);
        if (err != ERR_OK) return err;
        counted++;
    }
    if (counted == 0 && count > 0) w->basis = BASIS_UNKNOWN;
    return ERR_OK;
}

enum err equity_window(const struct equity *e, struct equity_window *out, const struct equity_line *lines, size_t count,
                       struct wall start, struct dec16 investment) {
    struct equity_window w;
    size_t p = find_point(e, start);
    enum err err = window_sum(e, &w, lines, count, p, start);
    if (err == ERR_UNKNOWN && p != PLACES) err = window_sum(e, &w, lines, count, PLACES, start);
    if (err != ERR_OK) return err;
    if (investment.v > 0 && w.basis != BASIS_UNKNOWN)
        w.has_percent = dec_muldiv(&w.percent.v, w.pnl.v, 100 * DEC8_ONE, investment.v) == ERR_OK;
    *out = w;
    return ERR_OK;
}
