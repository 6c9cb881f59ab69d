/* candle.c: see candle.h. */
#include "sim/candle.h"

#include "base/check.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t width_us; /* 0: calendar months */
} intervals[INTERVAL_COUNT] = {
    [INTERVAL_1S] = {"1s", US_PER_S},          [INTERVAL_1M] = {"1m", US_PER_MIN},
    [INTERVAL_3M] = {"3m", 3 * US_PER_MIN},    [INTERVAL_5M] = {"5m", 5 * US_PER_MIN},
    [INTERVAL_15M] = {"15m", 15 * US_PER_MIN}, [INTERVAL_30M] = {"30m", 30 * US_PER_MIN},
    [INTERVAL_1H] = {"1h", US_PER_HOUR},       [INTERVAL_2H] = {"2h", 2 * US_PER_HOUR},
    [INTERVAL_4H] = {"4h", 4 * US_PER_HOUR},   [INTERVAL_6H] = {"6h", 6 * US_PER_HOUR},
    [INTERVAL_8H] = {"8h", 8 * US_PER_HOUR},   [INTERVAL_12H] = {"12h", 12 * US_PER_HOUR},
    [INTERVAL_1D] = {"1d", US_PER_DAY},        [INTERVAL_3D] = {"3d", 3 * US_PER_DAY},
    [INTERVAL_1W] = {"1w", 7 * US_PER_DAY},    [INTERVAL_1MO] = {"1M", 0},
};

const char *sim_interval_name(enum interval i) {
    CHECK(i < INTERVAL_COUNT);
    return intervals[i].name;
}

enum interval sim_interval_find(struct span name) {
    for (int i = 0; i < INTERVAL_COUNT; i++)
        if (span_is(name, intervals[i].name)) return (enum interval)i;
    return INTERVAL_COUNT;
}

int64_t sim_interval_start(enum interval i, int64_t t_us, int64_t offset_us) {
    int64_t local = t_us + offset_us, width = intervals[i].width_us;
    if (width == 0) {
        int year, month, day;
        civil_from_days(local / US_PER_DAY, &year, &month, &day);
        return days_from_civil(year, month, 1) * US_PER_DAY - offset_us;
    }
    int64_t shift = i == INTERVAL_1W ? 3 * US_PER_DAY : 0; /* 1970-01-01 was a Thursday; weeks start on Monday */
    return (local + shift) / width * width - shift - offset_us;
}

int64_t sim_interval_next(enum interval i, int64_t start_us, int64_t offset_us) {
    if (intervals[i].width_us != 0) return start_us + intervals[i].width_us;
    return sim_interval_start(i, start_us + 32 * US_PER_DAY, offset_us);
}

void sim_candles_init(struct candle_series *s, int64_t width_us, size_t keep) {
    *s = (struct candle_series){.width_us = width_us, .keep = keep};
}

void sim_candles_free(struct candle_series *s) {
    free(s->all);
    *s = (struct candle_series){.width_us = s->width_us, .keep = s->keep};
}

static void append(struct candle_series *s, int64_t open_us, int64_t price) {
    if (s->count == 2 * s->keep) {
        memmove(s->all, s->all + s->keep, s->keep * sizeof *s->all);
        s->count = s->keep;
    }
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 256 : s->capacity * 2;
        s->all = realloc(s->all, s->capacity * sizeof *s->all);
        CHECK(s->all != NULL);
    }
    s->all[s->count++] = (struct candle){
        .open_us = open_us, .open = price, .high = price, .low = price, .close = price, .first_id = -1, .last_id = -1};
}

void sim_candles_reach(struct candle_series *s, int64_t t_us, int64_t price) {
    int64_t start = t_us / s->width_us * s->width_us;
    if (s->count == 0) append(s, start, price);
    const struct candle *last = &s->all[s->count - 1];
    int64_t behind = (start - last->open_us) / s->width_us, close = last->close;
    if (behind > (int64_t)(2 * s->keep)) { /* a gap longer than all that is kept: only its end matters */
        s->count = 0;
        append(s, start, close);
        return;
    }
    while (s->all[s->count - 1].open_us < start) append(s, s->all[s->count - 1].open_us + s->width_us, close);
}

void sim_candles_trade(struct candle_series *s, int64_t id, int64_t price, int64_t quantity, int64_t quote,
                       bool buyer_took) {
    CHECK(s->count > 0);
    struct candle *c = &s->all[s->count - 1];
    if (c->trades == 0) {
        c->open = c->high = c->low = price;
        c->first_id = id;
    }
    if (price > c->high) c->high = price;
    if (price < c->low) c->low = price;
    c->close = price;
    c->volume += quantity;
    c->quote_volume += quote;
    if (buyer_took) {
        c->taker_volume += quantity;
        c->taker_quote_volume += quote;
    }
    c->last_id = id;
    c->trades++;
}

void sim_candle_merge(struct candle *a, const struct candle *b) {
    if (b->trades > 0 && a->trades == 0) { /* a was flat: the bar opens with its first trade */
        int64_t start = a->open_us;
        *a = *b;
        a->open_us = start;
        return;
    }
    if (b->high > a->high) a->high = b->high;
    if (b->low < a->low) a->low = b->low;
    a->close = b->close;
    a->volume += b->volume;
    a->quote_volume += b->quote_volume;
    a->taker_volume += b->taker_volume;
    a->taker_quote_volume += b->taker_quote_volume;
    if (b->last_id >= 0) a->last_id = b->last_id;
    a->trades += b->trades;
}

bool sim_candles_bar(const struct candle_series *s, struct candle *out, enum interval i, int64_t start_us,
                     int64_t offset_us) {
    if (s->count == 0) return false;
    int64_t first = s->all[0].open_us, end = sim_interval_next(i, start_us, offset_us);
    int64_t from = start_us > first ? start_us : first;
    size_t at = (size_t)((from - first) / s->width_us);
    bool any = false;
    for (; at < s->count && s->all[at].open_us < end; at++) {
        if (!any) *out = s->all[at];
        else sim_candle_merge(out, &s->all[at]);
        any = true;
    }
    if (any) out->open_us = start_us;
    return any;
}

bool sim_candles_window(const struct candle_series *s, struct candle *out, int64_t *price_before, size_t count) {
    if (s->count == 0) return false;
    size_t at = s->count > count ? s->count - count : 0;
    *price_before = at > 0 ? s->all[at - 1].close : s->all[0].open;
    *out = s->all[at];
    for (at++; at < s->count; at++) sim_candle_merge(out, &s->all[at]);
    return true;
}
