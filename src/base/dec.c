/* dec.c: every operation works on magnitudes up to DEC_LIMIT = 10^38 < 2^127 and checks that its result is again one. */
#include "base/dec.h"

#include "base/check.h"

#define LIMIT ((u128)DEC_LIMIT)
#define TEN19 UINT64_C(10000000000000000000)

enum { TEXT_LIMIT = 128, EXPONENT_LIMIT = 9999 };

static u128 magnitude(i128 v) { return v < 0 ? (u128)0 - (u128)v : (u128)v; }

static enum err signed_of(i128 *out, u128 m, bool negative) {
    if (m > LIMIT) return ERR_RANGE;
    *out = negative ? -(i128)m : (i128)m;
    return ERR_OK;
}

/* Half-even step: the quotient q goes up when the remainder is above half of the divisor, or half of it and q odd. */
static bool rounds_up(u128 q, u128 rem, u128 div) {
    u128 rest = div - rem;
    return rem > rest || (rem == rest && (q & 1) != 0);
}

/* ---- text in ---- */

struct number { /* digits x 10^exponent; digits dropped behind `mantissa` are remembered for the rounding */
    u128 mantissa;
    int64_t exponent;
    int first_dropped; /* the first digit that did not fit, -1 none */
    bool dropped_more; /* any digit behind it is not 0 */
    bool negative;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void take_digit(struct number *n, int digit, bool fraction) {
    if (n->first_dropped < 0 && n->mantissa <= LIMIT / 10) {
        n->mantissa = n->mantissa * 10 + (unsigned)digit;
        if (fraction) n->exponent--;
        return;
    }
    if (n->first_dropped < 0) n->first_dropped = digit;
    else if (digit != 0) n->dropped_more = true;
    if (!fraction) n->exponent++;
}

static enum err parse_exponent(struct number *n, struct span rest) {
    bool negative = false;
    size_t i = 0;
    int64_t value = 0;
    if (i < rest.len && (rest.at[i] == '+' || rest.at[i] == '-')) negative = rest.at[i++] == '-';
    if (i == rest.len) return ERR_SYNTAX;
    for (; i < rest.len; i++) {
        if (!is_digit(rest.at[i])) return ERR_SYNTAX;
        if (value <= EXPONENT_LIMIT) value = value * 10 + (rest.at[i] - '0');
    }
    n->exponent += negative ? -value : value;
    return ERR_OK;
}

static enum err parse_number(struct number *n, struct span text) {
    size_t i = 0, digits = 0;
    *n = (struct number){.first_dropped = -1};
    if (text.len == 0 || text.len > TEXT_LIMIT) return ERR_SYNTAX;
    if (text.at[0] == '-') n->negative = true, i = 1;
    for (; i < text.len && is_digit(text.at[i]); i++, digits++) take_digit(n, text.at[i] - '0', false);
    if (digits == 0) return ERR_SYNTAX;
    if (i < text.len && text.at[i] == '.') {
        size_t from = ++i;
        for (; i < text.len && is_digit(text.at[i]); i++) take_digit(n, text.at[i] - '0', true);
        if (i == from) return ERR_SYNTAX;
    }
    if (i == text.len) return ERR_OK;
    if (text.at[i] != 'e' && text.at[i] != 'E') return ERR_SYNTAX;
    return parse_exponent(n, span_skip(text, i + 1));
}

/* mantissa x 10^shift as an integer, half-even with what was dropped. */
static enum err scale_number(i128 *out, const struct number *n, int64_t shift) {
    u128 m = n->mantissa;
    if (m == 0) return signed_of(out, 0, false); /* then nothing was dropped behind it */
    if (n->first_dropped >= 0 &&
        shift >= 0) { /* 38 digits and more are left of the scale: beyond the limit, unless ... */
        if (shift > 0) return ERR_RANGE;
        unsigned d = (unsigned)n->first_dropped;
        if (d > 5 || (d == 5 && (n->dropped_more || (m & 1) != 0))) m++;
        return signed_of(out, m, n->negative);
    }
    for (; shift > 0; shift--) {
        if (m > LIMIT / 10) return ERR_RANGE;
        m *= 10;
    }
    if (shift < -39) return signed_of(out, 0, false);
    if (shift < 0) {
        u128 div = 1;
        bool sticky = n->first_dropped > 0 || n->dropped_more;
        if (shift == -39) { /* the mantissa is hardly above 10^38: about 0.1 of the last digit at most */
            m = 0;
        } else {
            for (int64_t s = shift; s < 0; s++) div *= 10;
            u128 q = m / div, rem = m % div;
            if (rounds_up(q, rem, div) || (sticky && rem == div - rem)) q++;
            m = q;
        }
    }
    return signed_of(out, m, n->negative);
}

static enum err parse_scaled(i128 *out, struct span text, int scale) {
    struct number n;
    enum err e = parse_number(&n, text);
    if (e != ERR_OK) return e;
    return scale_number(out, &n, n.exponent + scale);
}

enum err dec8_parse(struct dec8 *out, struct span text) { return parse_scaled(&out->v, text, 8); }

enum err dec16_parse(struct dec16 *out, struct span text) { return parse_scaled(&out->v, text, 16); }

/* ---- text out ---- */

/* The digits of m, least significant first, at least `least` of them. m is cut into two 64-bit halves first: a division of
 * 128 bits for each digit would be most of the cost of every figure sent. */
static size_t put_digits(char digits[static 48], u128 m, size_t least) {
    uint64_t high = m >= TEN19 ? (uint64_t)(m / TEN19) : 0, low = high != 0 ? (uint64_t)(m % TEN19) : (uint64_t)m;
    size_t n = 0;
    for (; low != 0; low /= 10) digits[n++] = (char)('0' + (int)(low % 10));
    while (high != 0 && n < 19) digits[n++] = '0';
    for (; high != 0; high /= 10) digits[n++] = (char)('0' + (int)(high % 10));
    while (n < least) digits[n++] = '0';
    return n;
}

/* v has `scale` fractional digits; at least `keep` of them are printed. */
static size_t format_scaled(char *out, i128 v, unsigned scale, unsigned keep) {
    char digits[48];
    size_t n = put_digits(digits, magnitude(v), scale + 1), at = 0; /* at least one digit before the point */
    size_t low = 0;                                                 /* trailing zeros to leave out */
    while (low < scale - keep && digits[low] == '0') low++;
    if (v < 0) out[at++] = '-';
    for (size_t i = n; i-- > scale;) out[at++] = digits[i];
    if (low < scale) {
        out[at++] = '.';
        for (size_t i = scale; i-- > low;) out[at++] = digits[i];
    }
    out[at] = '\0';
    return at;
}

static i128 power10(unsigned n) {
    i128 p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

static i128 round_div(i128 v, i128 div) {
    u128 m = magnitude(v), d = (u128)div, q = m / d;
    if (rounds_up(q, m % d, d)) q++;
    return v < 0 ? -(i128)q : (i128)q;
}

size_t dec8_format(char out[static DEC_TEXT_MAX], struct dec8 d) { return format_scaled(out, d.v, 8, 0); }

size_t dec16_format(char out[static DEC_TEXT_MAX], struct dec16 d) { return format_scaled(out, d.v, 16, 0); }

size_t dec8_format_fixed(char out[static DEC_TEXT_MAX], struct dec8 d, unsigned digits) {
    CHECK(digits <= 8);
    return format_scaled(out, round_div(d.v, power10(8 - digits)), digits, digits);
}

size_t dec16_format_fixed(char out[static DEC_TEXT_MAX], struct dec16 d, unsigned digits) {
    CHECK(digits <= 16);
    return format_scaled(out, round_div(d.v, power10(16 - digits)), digits, digits);
}

/* ---- arithmetic ---- */

static bool in_limit(i128 v) { return magnitude(v) <= LIMIT; }

enum err dec8_mul(struct dec16 *out, struct dec8 a, struct dec8 b) {
    i128 product;
    if (__builtin_mul_overflow(a.v, b.v, &product) || !in_limit(product)) return ERR_RANGE;
    out->v = product;
    return ERR_OK;
}

struct u256 {
    u128 hi, lo;
};

static struct u256 multiply(u128 a, u128 b) {
    const u128 low = ~(uint64_t)0;
    u128 a0 = a & low, a1 = a >> 64, b0 = b & low, b1 = b >> 64;
    u128 p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
    u128 mid = (p00 >> 64) + (p01 & low) + (p10 & low);
    return (struct u256){p11 + (p01 >> 64) + (p10 >> 64) + (mid >> 64), (p00 & low) | (mid << 64)};
}

/* n / d with n.hi < d, so that the quotient fits: one bit at a time. d < 2^127, so the remainder can be doubled. */
static u128 divide(struct u256 n, u128 d, u128 *rem) {
    u128 r = n.hi, q = 0;
    for (int bit = 127; bit >= 0; bit--) {
        r = (r << 1) | ((n.lo >> bit) & 1);
        q <<= 1;
        if (r >= d) r -= d, q |= 1;
    }
    *rem = r;
    return q;
}

enum err dec_muldiv(i128 *out, i128 a, i128 b, i128 c) {
    if (c == 0) return ERR_RANGE;
    bool negative = (a < 0) != (b < 0);
    if (c < 0) negative = !negative;
    u128 div = magnitude(c), rem, q, small;
    CHECK(div <= ((u128)1 << 127) - 1);
    if (!__builtin_mul_overflow(magnitude(a), magnitude(b), &small)) {
        q = small / div;
        rem = small % div;
    } else {
        struct u256 wide = multiply(magnitude(a), magnitude(b));
        if (wide.hi >= div) return ERR_RANGE;
        q = divide(wide, div, &rem);
    }
    if (q > LIMIT) return ERR_RANGE;
    if (rounds_up(q, rem, div)) q++;
    return signed_of(out, q, negative);
}

enum err dec16_times(struct dec16 *out, struct dec16 amount, struct dec8 factor) {
    return dec_muldiv(&out->v, amount.v, factor.v, DEC8_ONE);
}

enum err dec16_over(struct dec16 *out, struct dec16 amount, struct dec8 divisor) {
    return dec_muldiv(&out->v, amount.v, DEC8_ONE, divisor.v);
}

enum err dec16_ratio(struct dec8 *out, struct dec16 num, struct dec16 den) {
    return dec_muldiv(&out->v, num.v, DEC8_ONE, den.v);
}

enum err dec16_of_dec8(struct dec16 *out, struct dec8 d) {
    i128 v;
    if (__builtin_mul_overflow(d.v, DEC8_ONE, &v) || !in_limit(v)) return ERR_RANGE;
    out->v = v;
    return ERR_OK;
}

struct dec8 dec8_of_dec16(struct dec16 d) {
    return (struct dec8){round_div(d.v, DEC8_ONE)};
}

struct dec16 dec16_round(struct dec16 d, unsigned digits) {
    CHECK(digits <= 16);
    i128 unit = power10(16 - digits);
    return (struct dec16){round_div(d.v, unit) *
                          unit}; /* the limit is a multiple of every unit: nothing rounds above it */
}
