/* candle.h: a symbol's candles. Minutes are kept for all of the simulated past, seconds for the last ten minutes; every
 * longer interval is put together from minutes when asked for. A minute without trades is a flat candle at the last close,
 * as on the exchange. */
#ifndef SIM_CANDLE_H
#define SIM_CANDLE_H

#include "sim/num.h"

#include <stddef.h>

struct candle {
    int64_t open_us; /* start */
    int64_t open, high, low, close;
    int64_t volume, quote_volume, taker_volume, taker_quote_volume;
    int64_t first_id, last_id; /* -1: no trade */
    int64_t trades;
};

struct candle_series {
    int64_t width_us;
    size_t keep;        /* at least so many are kept; the oldest go when twice as many are there */
    struct candle *all; /* owned; ascending, contiguous in time; the last one is open */
    size_t count, capacity;
};

enum interval {
    INTERVAL_1S,
    INTERVAL_1M,
    INTERVAL_3M,
    INTERVAL_5M,
    INTERVAL_15M,
    INTERVAL_30M,
    INTERVAL_1H,
    INTERVAL_2H,
    INTERVAL_4H,
    INTERVAL_6H,
    INTERVAL_8H,
    INTERVAL_12H,
    INTERVAL_1D,
    INTERVAL_3D,
    INTERVAL_1W,
    INTERVAL_1MO,
    INTERVAL_COUNT
};

const char *sim_interval_name(enum interval i);
/* By exact name ("1m" is a minute, "1M" a month); INTERVAL_COUNT if there is none. */
enum interval sim_interval_find(struct span name);
/* Start of the bar that holds t, and of the one after it, with bars cut at UTC + offset. */
int64_t sim_interval_start(enum interval i, int64_t t_us, int64_t offset_us);
int64_t sim_interval_next(enum interval i, int64_t start_us, int64_t offset_us);

void sim_candles_init(struct candle_series *s, int64_t width_us, size_t keep);
void sim_candles_free(struct candle_series *s);
/* Time has reached t: bars up to it exist (flat ones where nothing traded). price: the first bar's where there is none. */
void sim_candles_reach(struct candle_series *s, int64_t t_us, int64_t price);
/* A trade at the current end of the series (candles_reach first). */
void sim_candles_trade(struct candle_series *s, int64_t id, int64_t price, int64_t quantity, int64_t quote,
                       bool buyer_took);
/* Merges b, which follows a, into a. */
void sim_candle_merge(struct candle *a, const struct candle *b);

/* The bar of this interval that starts at start, from the series; false where the series has nothing of it. */
bool sim_candles_bar(const struct candle_series *s, struct candle *out, enum interval i, int64_t start_us,
                     int64_t offset_us);
/* The sum of the last `count` bars up to and with the open one (24 h: 1440 minutes); the price before them. */
bool sim_candles_window(const struct candle_series *s, struct candle *out, int64_t *price_before, size_t count);

#endif
