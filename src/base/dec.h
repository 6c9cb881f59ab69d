/* dec.h: exact decimals (ACCOUNTING section 1). Prices, quantities and rates have 8 fractional digits (struct dec8),
 * quote amounts, fees and every P&L figure 16 (struct dec16), so that price x quantity is exact. Both are 128-bit signed
 * integers; no magnitude above 10^38 (10^22 quote units) is ever held. Addition, subtraction and
 * price x quantity are exact or ERR_RANGE; they never wrap and never round. Division exists only as dec_muldiv and
 * dec_ratio, rounded half-even once over a 256-bit intermediate. No floating point. */
#ifndef BASE_DEC_H
#define BASE_DEC_H

#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

struct dec8 { /* v / 10^8 */
    i128 v;
};

struct dec16 { /* v / 10^16 */
    i128 v;
};

#define DEC8_ONE ((i128)100000000)
#define DEC16_ONE ((i128)10000000000000000)
#define DEC8_ZERO ((struct dec8){0})
#define DEC16_ZERO ((struct dec16){0})

enum { DEC_TEXT_MAX = 64 }; /* sign, 39 digits, point, leading zeros, NUL: with room */

/* Plain ("67123.45", "-0.5"; ".5" and "5." are refused) or exponent form ("1E-8", "0E-8", "1.2e+5"). More fractional
 * digits than the scale are rounded half-even. ERR_SYNTAX for anything else (empty, "NaN", "inf", two dots, spaces, a
 * leading '+'), ERR_RANGE for what does not fit (magnitude above 10^38 scaled). At most 128 characters are read as a number.
 * Source of the rule: ACCOUNTING 1. */
MUST_CHECK enum err dec8_parse(struct dec8 *out, struct span text);
MUST_CHECK enum err dec16_parse(struct dec16 *out, struct span text);

/* Exact plain text without trailing zeros: "0", "-0.5", "67123.45". Returns the length; NUL-terminated. */
size_t dec8_format(char out[static DEC_TEXT_MAX], struct dec8 d);
size_t dec16_format(char out[static DEC_TEXT_MAX], struct dec16 d);

/* With exactly `digits` fractional digits (0..8, 0..16), rounded half-even. "-0.00" is never printed. */
size_t dec8_format_fixed(char out[static DEC_TEXT_MAX], struct dec8 d, unsigned digits);
size_t dec16_format_fixed(char out[static DEC_TEXT_MAX], struct dec16 d, unsigned digits);

/* The limit itself is allowed: it is 10^22 at 16 digits, the largest sum that must work (ACCOUNTING 1). */
#define DEC_LIMIT (DEC16_ONE * DEC16_ONE * 1000000)

static inline MUST_CHECK enum err dec_sum(i128 *out, i128 a, i128 b) {
    i128 sum;
    if (__builtin_add_overflow(a, b, &sum) || sum > DEC_LIMIT || sum < -DEC_LIMIT) return ERR_RANGE;
    *out = sum;
    return ERR_OK;
}

static inline MUST_CHECK enum err dec8_add(struct dec8 *out, struct dec8 a, struct dec8 b) {
    return dec_sum(&out->v, a.v, b.v);
}

static inline MUST_CHECK enum err dec8_sub(struct dec8 *out, struct dec8 a, struct dec8 b) {
    return dec_sum(&out->v, a.v, -b.v);
}

static inline MUST_CHECK enum err dec16_add(struct dec16 *out, struct dec16 a, struct dec16 b) {
    return dec_sum(&out->v, a.v, b.v);
}

static inline MUST_CHECK enum err dec16_sub(struct dec16 *out, struct dec16 a, struct dec16 b) {
    return dec_sum(&out->v, a.v, -b.v);
}

/* a x b, exact. */
MUST_CHECK enum err dec8_mul(struct dec16 *out, struct dec8 a, struct dec8 b);

/* round_half_even(a x b / c) over plain integers, 256-bit intermediate. ERR_RANGE when c is 0 or the result is beyond
 * 10^38. The scales of a, b, c are the caller's. */
MUST_CHECK enum err dec_muldiv(i128 *out, i128 a, i128 b, i128 c);

/* amount x factor, rounded half-even to 16 digits. */
MUST_CHECK enum err dec16_times(struct dec16 *out, struct dec16 amount, struct dec8 factor);
/* amount / divisor, rounded half-even to 16 digits. ERR_RANGE for a zero divisor. */
MUST_CHECK enum err dec16_over(struct dec16 *out, struct dec16 amount, struct dec8 divisor);
/* num / den rounded half-even to 8 digits: averages, percentages (scaled by the caller). ERR_RANGE for a zero den. */
MUST_CHECK enum err dec16_ratio(struct dec8 *out, struct dec16 num, struct dec16 den);

/* Scale changes. To 16 digits: exact or ERR_RANGE. To 8 digits: half-even. */
MUST_CHECK enum err dec16_of_dec8(struct dec16 *out, struct dec8 d);
struct dec8 dec8_of_dec16(struct dec16 d);
/* Rounded half-even to `digits` fractional digits (0..16), still at scale 16. */
struct dec16 dec16_round(struct dec16 d, unsigned digits);

static inline int dec8_sign(struct dec8 d) { return (d.v > 0) - (d.v < 0); }
static inline int dec16_sign(struct dec16 d) { return (d.v > 0) - (d.v < 0); }
static inline int dec8_cmp(struct dec8 a, struct dec8 b) { return (a.v > b.v) - (a.v < b.v); }
static inline int dec16_cmp(struct dec16 a, struct dec16 b) { return (a.v > b.v) - (a.v < b.v); }
static inline struct dec16 dec16_neg(struct dec16 d) { return (struct dec16){-d.v}; }
static inline struct dec8 dec8_of_int(int64_t n) { return (struct dec8){(i128)n * DEC8_ONE}; }

#endif
