#include "view/periods.h"

#include "view/sums.h"

#define TOLERANCE_US (EQUITY_TOLERANCE_MINUTES * US_PER_MIN)

const struct period_row periods[PERIODS] = {
    {"hour", 0, HOURS},
    {"day", HOURS, DAYS},
    {"week", HOURS + DAYS, WEEKS},
    {"month", HOURS + DAYS + WEEKS, MONTHS},
};

int64_t period_of(enum period p, struct wall t, int64_t offset_us) {
    int64_t local = t.us + offset_us, day = floor_div(local, US_PER_DAY);
    int year, month, mday;
    switch (p) {
    case PERIOD_HOUR: return floor_div(local, US_PER_HOUR);
    case PERIOD_DAY: return day;
    case PERIOD_WEEK: return floor_div(day + 3, 7); /* 1970-01-01 was a Thursday */
    default: civil_from_days(day, &year, &month, &mday); return (int64_t)year * 12 + month - 1;
    }
}

struct wall period_start(enum period p, int64_t number, int64_t offset_us) {
    int64_t day = number;
    if (p == PERIOD_HOUR) return (struct wall){number * US_PER_HOUR - offset_us};
    if (p == PERIOD_WEEK) day = number * 7 - 3;
    if (p == PERIOD_MONTH)
        day = days_from_civil((int)floor_div(number, 12), (int)(number - 12 * floor_div(number, 12)) + 1, 1);
    return (struct wall){day * US_PER_DAY - offset_us};
}

size_t period_bucket(enum period p, struct wall t, struct wall now, int64_t offset_us) {
    int64_t last = period_of(p, now, offset_us), at = period_of(p, t, offset_us);
    if (at > last || last - at >= (int64_t)periods[p].count) return SIZE_MAX;
    return periods[p].first + periods[p].count - 1 - (size_t)(last - at);
}

/* ---- P&L by the equity series ---- */

void period_ends_begin(struct period_ends *ends, struct wall now, int64_t offset_us) {
    struct wall first = ends->first_fill;
    *ends = (struct period_ends){.now = now, .offset_us = offset_us, .first_fill = first, .last = UNKNOWN_DEC16};
    for (size_t i = 0; i < BUCKETS; i++) ends->edges[i] = (struct period_edge){TOLERANCE_US + 1, UNKNOWN_DEC16};
}

/* The bucket that starts within the tolerance of the point, if any. */
static void add_to(struct period_ends *ends, enum period p, const struct series_point *point) {
    struct wall ahead = {point->time.us + TOLERANCE_US};
    size_t bucket = period_bucket(p, ahead, ends->now, ends->offset_us);
    if (bucket == SIZE_MAX) return;
    int64_t start = period_start(p, period_of(p, ahead, ends->offset_us), ends->offset_us).us;
    int64_t distance = point->time.us > start ? point->time.us - start : start - point->time.us;
    struct period_edge *edge = &ends->edges[bucket];
    if (distance < edge->distance) *edge = (struct period_edge){distance, point->total};
}

void period_ends_add(struct period_ends *ends, const struct series_point *point) {
    ends->last = point->total;
    if (point->total.v == UNKNOWN_DEC) return;
    for (enum period p = 0; p < PERIODS; p++) add_to(ends, p, point);
}

static struct dec16 total_at(const struct period_ends *ends, enum period p, size_t i) {
    const struct period_edge *edge = &ends->edges[periods[p].first + i];
    int64_t number = period_of(p, ends->now, ends->offset_us) - (int64_t)(periods[p].count - 1 - i);
    if (edge->distance <= TOLERANCE_US) return edge->total;
    bool before = ends->first_fill.us != 0 && period_start(p, number, ends->offset_us).us <= ends->first_fill.us;
    return before ? DEC16_ZERO : UNKNOWN_DEC16;
}

struct dec16 period_pnl(const struct period_ends *ends, enum period p, size_t i) {
    struct dec16 pnl = i + 1 < periods[p].count ? total_at(ends, p, i + 1) : ends->last;
    struct dec16 start = total_at(ends, p, i);
    sum_add(&pnl, start.v == UNKNOWN_DEC ? start : dec16_neg(start));
    return pnl;
}
