/* time.h: two kinds of time that cannot be mixed, both in microseconds. Only io/clock reads a clock; everything else is
 * given `now`. ISO 8601 text in and out is pure. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

struct mono { /* monotonic: waits, timeouts, ages. The origin means nothing */
    int64_t us;
};

struct wall { /* UTC since 1970-01-01. 0 means "never" wherever a header says so */
    int64_t us;
};

struct now { /* read once per turn of the loop */
    struct mono mono;
    struct wall wall;
};

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_MIN (60 * US_PER_S)
#define US_PER_HOUR (60 * US_PER_MIN)
#define US_PER_DAY (24 * US_PER_HOUR)

static inline struct wall wall_of_ms(int64_t ms) { return (struct wall){ms * US_PER_MS}; }

static inline struct mono mono_add(struct mono t, int64_t us) { return (struct mono){t.us + us}; }

static inline bool mono_reached(struct mono now, struct mono at) { return now.us >= at.us; }

enum { WALL_TEXT_MAX = 32 };

/* "2026-11-20T10:15:30.123456Z", always six digits; years 0001 to 9999, others are clamped. Returns the length (27). */
size_t wall_format(char out[static WALL_TEXT_MAX], struct wall t);

/* ISO 8601: date, 'T' or space, time with optional fraction (digits behind the sixth are dropped), optional zone
 * ("Z", "+00:00", "+0000", "-05:30"). No zone is UTC (ACCOUNTING 2). A date alone is its midnight.
 * ERR_SYNTAX for anything else, ERR_RANGE for dates that do not exist. */
MUST_CHECK enum err wall_parse(struct wall *out, struct span text);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back. month 1..12, day 1..31. */
int64_t days_from_civil(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);

#endif
