#include "view/series.h"

#include "base/check.h"
#include "view/fills.h"

#include <stdlib.h>

enum phase { PHASE_PROBE, PHASE_PAGES, PHASE_READY };
enum { STORED_MAX = 4096 };       /* points taken from the store: nearly half a year of hours */
enum { STORED_BYTES = 16 << 20 }; /* their marks: 4 kB each, which is 400 pairs */
enum { TRIES = 16 };              /* a backfill changes the past page by page, a pass between two takes milliseconds */

#define EVER_US (INT64_C(1000) * 366 * US_PER_DAY) /* one step holds everything: the probe asks for the oldest point */
#define MINUTES_US (EQUITY_MINUTES * US_PER_MIN)
#define STEP_US (EQUITY_STEP_MINUTES * US_PER_MIN)

struct stored {
    struct wall time;
    size_t at, len; /* in heap */
};

struct counted { /* a pair that takes part */
    size_t pair;
    struct ledger_scan *scan; /* owned */
};

struct view_series {
    enum series_density density;
    enum phase phase;
    struct name symbol;
    struct wall from, to, now; /* to 0: up to the present moment */
    int64_t step_us;           /* one point of each; 0: all */

    /* from the store */
    int64_t store_step_us;
    struct wall page_from, border; /* border: from here on memory knows as much */
    struct wall oldest;            /* 0 none found */
    bool probed;
    size_t page_count; /* of the answer under way */
    struct stored *stored;
    size_t stored_count;
    struct buf heap;

    /* the pass */
    bool begun, changed;
    int tries;
    size_t pair_count; /* the engine's, at its beginning */
    struct name display;
    size_t count;
    struct counted counted[LIMIT_PAIRS];
    struct equity_line lines[LIMIT_PAIRS];
    struct portfolio_line plain[LIMIT_PAIRS];
    struct left_out left_out[2 * LIMIT_PAIRS];
    size_t stored_at;   /* next */
    struct wall cursor; /* the next point is not before */
    bool has_point, is_now, ended;
    struct wall at;
    size_t line; /* of the point under way */
};

struct view_series *series_new(enum series_density density, const struct name *symbol, struct wall from, struct wall to,
                               struct now now) {
    struct view_series *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->density = density;
    s->symbol = *symbol;
    s->from = from;
    s->to = to.us > now.wall.us ? (struct wall){0} : to;
    s->now = now.wall;
    buf_init(&s->heap, STORED_BYTES);
    return s;
}

static void drop_scans(struct view_series *s) {
    for (size_t i = 0; i < s->count; i++) ledger_scan_free(s->counted[i].scan);
    s->count = 0;
}

void series_free(struct view_series *s) {
    if (s == NULL) return;
    drop_scans(s);
    buf_free(&s->heap);
    free(s->stored);
    free(s);
}

/* ---- from the store ---- */

static struct wall end_of(const struct view_series *s) { return s->to.us != 0 ? s->to : s->now; }

static struct wall later(struct wall a, struct wall b) { return a.us > b.us ? a : b; }
static struct wall earlier(struct wall a, struct wall b) { return a.us < b.us ? a : b; }

static int64_t round_up(int64_t v, int64_t unit) { return (v + unit - 1) / unit * unit; }

/* Once it is known where the series begins: how far apart the points are, and from where on memory has them. */
static void choose_steps(struct view_series *s, const struct engine *e) {
    struct wall end = end_of(s), since = equity_since(e->equity), first = s->oldest.us != 0 ? s->oldest : end;
    if (since.us != 0) first = earlier(first, since);
    first = later(first, s->from);
    int64_t range = end.us > first.us ? end.us - first.us : 0;
    s->border = since.us != 0 ? earlier(since, end) : end;
    if (s->density == SERIES_DENSE) {
        s->store_step_us = round_up(range / STORED_MAX + 1, US_PER_HOUR);
    } else {
        bool old = first.us < s->now.us - MINUTES_US;
        s->step_us = round_up(range / SERIES_POINTS_MAX + 1, US_PER_MIN);
        if (old && end.us - first.us > MINUTES_US && s->step_us < STEP_US) s->step_us = STEP_US;
        if (s->step_us < STEP_US) s->border = earlier(later(s->border, (struct wall){s->now.us - MINUTES_US}), end);
        s->store_step_us = s->step_us;
    }
    s->page_from = first;
    s->phase = s->oldest.us != 0 && first.us < s->border.us ? PHASE_PAGES : PHASE_READY;
}

/* Whether memory alone cannot tell. */
static bool reaches_beyond(const struct view_series *s, const struct engine *e) {
    struct wall since = equity_since(e->equity), end = end_of(s);
    bool fine = s->density == SERIES_CURVE && end.us - s->from.us <= MINUTES_US && s->from.us < s->now.us - MINUTES_US;
    return s->from.us < end.us && (since.us == 0 || s->from.us < since.us || fine);
}

bool view_series_wants(struct view_series *s, const struct engine *e, struct wall *from, struct wall *to,
                       int64_t *step_us) {
    if (s->phase == PHASE_PROBE && (s->probed || !reaches_beyond(s, e))) choose_steps(s, e);
    if (s->phase == PHASE_READY) return false;
    bool probe = s->phase == PHASE_PROBE;
    *from = probe ? s->from : s->page_from;
    *to = probe ? end_of(s) : s->border;
    *step_us = probe ? EVER_US : s->store_step_us;
    s->page_count = 0;
    return true;
}

void view_series_stored(struct view_series *s, struct wall time, struct span point) {
    s->page_count++;
    if (s->phase == PHASE_PROBE) {
        if (s->oldest.us == 0) s->oldest = time;
        return;
    }
    if (s->phase != PHASE_PAGES || time.us < s->page_from.us) return;
    s->page_from.us = (time.us / s->store_step_us + 1) * s->store_step_us;
    if (s->stored == NULL) s->stored = calloc(STORED_MAX, sizeof *s->stored);
    if (s->stored == NULL || s->stored_count == STORED_MAX) return;
    size_t at = s->heap.len;
    buf_put_span(&s->heap, point);
    if (s->heap.failed == ERR_OK) s->stored[s->stored_count++] = (struct stored){time, at, point.len};
}

void view_series_stored_end(struct view_series *s) {
    bool full = s->stored_count == STORED_MAX || s->heap.failed != ERR_OK;
    if (s->phase == PHASE_PROBE) s->probed = true;
    else if (s->page_count == 0 || s->page_from.us >= s->border.us || s->stored == NULL || full) s->phase = PHASE_READY;
}

/* ---- the pass ---- */

static bool takes(const struct view_series *s, const struct pair *p) {
    const struct fill_filter f = {.symbol = s->symbol};
    return filter_takes_pair(&f, p);
}

/* The pair's line as it is now, in the currency of the answer. */
static struct equity_line line_now(const struct view_series *s, const struct engine *e, size_t pair) {
    const struct pair *p = e->pairs[pair];
    struct equity_line line = {p->ledger, &p->quote, e->lines[pair]};
    line.now.symbol = &p->symbol;
    line.now.totals = ledger_totals(p->ledger);
    if (!name_empty(&s->symbol)) line.now.rate_is_one = line.now.has_rate = true;
    return line;
}

static bool begin_pass(struct view_series *s, const struct engine *e) {
    drop_scans(s);
    s->begun = true;
    s->changed = s->has_point = s->ended = false;
    s->stored_at = 0;
    s->cursor = s->from;
    s->pair_count = e->pair_count;
    s->display = e->display;
    for (size_t i = 0; i < e->pair_count; i++) {
        struct portfolio sum;
        struct equity_line line = line_now(s, e, i);
        if (!takes(s, e->pairs[i])) continue;
        portfolio_sum(&sum, s->left_out, &line.now, 1);
        if (!sum.known) continue;
        struct counted *c = &s->counted[s->count];
        *c = (struct counted){i, ledger_scan_new(line.ledger)};
        if (c->scan == NULL) return false;
        s->count++;
    }
    return true;
}

/* Marks and rates of the point at s->at. False: memory has let go of it, or what the store has cannot be read. */
static bool load_marks(struct view_series *s, const struct engine *e, const struct stored *stored) {
    for (size_t i = 0; i < s->count; i++) s->lines[i] = line_now(s, e, s->counted[i].pair);
    if (s->is_now) return true;
    if (stored == NULL) return equity_marks_at(e->equity, s->at, s->lines, s->count);
    struct span bytes = span_from(s->heap.at + stored->at, stored->len);
    return equity_point_read(bytes, &e->display, s->lines, s->count) == ERR_OK;
}

/* Chooses the next point; false at the end. */
static bool next_point(struct view_series *s, const struct engine *e) {
    struct wall end = end_of(s), at;
    const struct stored *stored = s->stored_at < s->stored_count ? &s->stored[s->stored_at] : NULL;
    if (stored != NULL) {
        at = stored->time;
        s->stored_at++;
    } else if (!equity_next(e->equity, s->cursor, &at) || at.us >= end.us) {
        if (s->ended || s->to.us != 0) return false;
        s->ended = true;
        at = s->now;
    }
    s->at = at;
    s->is_now = s->ended;
    s->cursor.us = s->step_us > 0 ? (at.us / s->step_us + 1) * s->step_us : at.us + 1;
    s->line = 0;
    s->has_point = load_marks(s, e, stored);
    return true;
}

/* The totals of the lines at the point, as far as the budget goes. */
static enum ledger_scanned scan_lines(struct view_series *s, size_t *budget) {
    for (; s->line < s->count; s->line++) {
        struct portfolio_line *plain = &s->plain[s->line];
        if (*budget == 0) return SCAN_FARTHER;
        *plain = s->lines[s->line].now;
        if (!s->is_now) {
            struct wall behind = {s->at.us + 1};
            struct ledger_scan *scan = s->counted[s->line].scan;
            enum ledger_scanned scanned = ledger_scan_to(scan, &plain->totals, behind, budget);
            if (scanned != SCAN_THERE) return scanned;
        }
        if (*budget > 0) --*budget;
    }
    return SCAN_THERE;
}

/* The sum where every line counts; else false. */
static bool sum_all(struct portfolio *sum, struct view_series *s) {
    portfolio_sum(sum, s->left_out, s->plain, s->count);
    for (size_t i = 0; i < sum->left_out; i++)
        if (s->left_out[i].reason != LEFT_OUT_UNVALUED_FEE) return false;
    return s->count > 0;
}

static struct series_point figures(struct view_series *s) {
    struct portfolio sum;
    struct series_point point = {s->at, UNKNOWN_DEC16, UNKNOWN_DEC16};
    if (sum_all(&sum, s)) return (struct series_point){s->at, sum.total, sum.realized};
    for (size_t i = 0; i < s->count; i++) { /* realized P&L needs no mark */
        s->plain[i].has_mark = true;
        s->plain[i].mark = DEC8_ZERO;
    }
    if (sum_all(&sum, s)) point.realized = sum.realized;
    return point;
}

static bool at_rest(const struct engine *e) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (ledger_totals(e->pairs[i]->ledger)->recomputing) return false;
    return true;
}

/* Whether what has been given so far still holds; else the pass begins anew. */
static bool stands(const struct view_series *s, const struct engine *e) {
    return s->begun && !s->changed && s->pair_count == e->pair_count && name_eq(&s->display, &e->display);
}

enum series_next series_next(struct view_series *s, struct series_point *out, const struct engine *e, size_t *budget) {
    if (e->equity == NULL) return SERIES_END;
    if (s->phase == PHASE_PROBE) choose_steps(s, e); /* nobody asked the store */
    s->phase = PHASE_READY;
    if (!stands(s, e)) {
        bool again = s->begun;
        if (!at_rest(e)) return SERIES_LATER;
        if (s->tries++ == TRIES) return SERIES_RESTLESS;
        if (!begin_pass(s, e)) return SERIES_NO_MEMORY;
        if (again) return SERIES_AGAIN;
    }
    for (;;) {
        if (!s->has_point && !next_point(s, e)) return SERIES_END;
        if (!s->has_point) continue;
        enum ledger_scanned scanned = scan_lines(s, budget);
        s->changed = scanned == SCAN_CHANGED;
        if (scanned != SCAN_THERE) return SERIES_LATER;
        *out = figures(s);
        s->has_point = false;
        return SERIES_POINT;
    }
}
