/* Decimals against slow references: products by 32-bit limbs, texts by moving digits. */
#include "seed.h"

#include "base/dec.h"
#include "base/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

enum { ROUNDS = 20000, LIMBS = 8 };

struct wide { /* 256 bits, least significant limb first */
    uint32_t limb[LIMBS];
};

static i128 some_number(struct rng *rng) {
    int bits = (int)rng_below(rng, 126) + 1;
    u128 v = ((u128)rng_next(rng) << 64 | rng_next(rng)) >> (128 - bits);
    if (v > (u128)DEC16_ONE * DEC16_ONE * 1000000) v = (u128)DEC16_ONE * DEC16_ONE * 1000000; /* 10^38 */
    return rng_chance(rng, 1, 2) ? -(i128)v : (i128)v;
}

static u128 abs_of(i128 v) { return v < 0 ? (u128)-v : (u128)v; }

static struct wide product(u128 a, u128 b) {
    struct wide w = {{0}};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int k = 0; k < 4; k++) {
            uint64_t t = (uint64_t)(uint32_t)(a >> (32 * i)) * (uint32_t)(b >> (32 * k)) + w.limb[i + k] + carry;
            w.limb[i + k] = (uint32_t)t;
            carry = t >> 32;
        }
        for (int k = i + 4; carry != 0 && k < LIMBS; k++) {
            uint64_t t = w.limb[k] + carry;
            w.limb[k] = (uint32_t)t;
            carry = t >> 32;
        }
    }
    return w;
}

static int compare(const struct wide *a, const struct wide *b) {
    for (int i = LIMBS; i-- > 0;)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static struct wide difference(const struct wide *a, const struct wide *b) { /* a >= b */
    struct wide w;
    int64_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        int64_t t = (int64_t)a->limb[i] - b->limb[i] - borrow;
        borrow = t < 0;
        w.limb[i] = (uint32_t)t;
    }
    return w;
}

/* q is round_half_even(n / c) exactly when 2 |n - q c| < c, or = c with q even. */
static bool is_rounded_quotient(const struct wide *n, u128 q, u128 c) {
    struct wide qc = product(q, c), c1 = product(c, 1);
    struct wide d = compare(n, &qc) >= 0 ? difference(n, &qc) : difference(&qc, n);
    if (d.limb[LIMBS - 1] >> 31 != 0) return false;
    for (int i = LIMBS; i-- > 0;) d.limb[i] = d.limb[i] << 1 | (i > 0 ? d.limb[i - 1] >> 31 : 0);
    int order = compare(&d, &c1);
    return order < 0 || (order == 0 && q % 2 == 0);
}

static void muldiv_is_the_rounded_quotient(void **state) {
    struct rng rng;
    size_t in_range = 0;
    (void)state;
    rng_seed(&rng, property_seed("dec/muldiv"));
    const u128 limit = (u128)DEC16_ONE * DEC16_ONE * 1000000;
    for (int round = 0; round < ROUNDS; round++) {
        i128 a = some_number(&rng), b = some_number(&rng), c = some_number(&rng), q = 4711;
        if (rng_chance(&rng, 1, 3)) c = 2 * (1 + (i128)rng_below(&rng, 1000)); /* ties */
        struct wide n = product(abs_of(a), abs_of(b));
        if (dec_muldiv(&q, a, b, c) != ERR_OK) {
            assert_true(q == 4711);
            if (c == 0) continue;
            struct wide above = product(limit, abs_of(c)); /* out of range: the quotient rounds to more than 10^38 */
            assert_true(compare(&n, &above) > 0);
            continue;
        }
        in_range++;
        assert_true(is_rounded_quotient(&n, abs_of(q), abs_of(c)));
        assert_true(q == 0 || (q < 0) == (((a < 0) != (b < 0)) != (c < 0)));
    }
    assert_true(in_range > ROUNDS / 4);
}

/* ---- text ---- */

/* Digits with a point somewhere, rounded half-even at `scale` by hand: plain text without trailing zeros. */
static void round_text(char *out, const char *digits, size_t n, size_t point, size_t scale, bool negative) {
    char d[128] = "0"; /* room for a carry */
    size_t len = 1, keep = 1 + point + scale;
    memcpy(d + 1, digits, n);
    len += n;
    while (len < keep + 1) d[len++] = '0';
    bool up = d[keep] > '5';
    if (d[keep] == '5') {
        up = (d[keep - 1] - '0') % 2 == 1;
        for (size_t i = keep + 1; i < len; i++) up |= d[i] != '0';
    }
    for (size_t i = keep; up && i-- > 0;) {
        up = d[i] == '9';
        d[i] = up ? '0' : (char)(d[i] + 1);
    }
    size_t first = 0, last = keep;
    while (first < point && d[first] == '0') first++;
    while (last > 1 + point && d[last - 1] == '0') last--;
    bool zero = true;
    for (size_t i = first; i < last; i++) zero &= d[i] == '0';
    sprintf(out, "%s%.*s%s%.*s", negative && !zero ? "-" : "", (int)(1 + point - first), d + first,
            last > 1 + point ? "." : "", (int)(last - 1 - point), d + 1 + point);
}

static void some_text(struct rng *rng, char *text, char *expected, size_t scale) {
    char digits[80];
    size_t n = 1 + (size_t)rng_below(rng, 50), max_point = 22 + (16 - scale);
    size_t point = 1 + (size_t)rng_below(rng, n < max_point ? n : max_point);
    for (size_t i = 0; i < n; i++) digits[i] = (char)('0' + (int)(rng_chance(rng, 1, 3) ? 0 : rng_below(rng, 10)));
    if (rng_chance(rng, 1, 3)) /* a tie */
        for (size_t i = point + scale; i < n; i++) digits[i] = i == point + scale ? '5' : '0';
    bool negative = rng_chance(rng, 1, 2);
    round_text(expected, digits, n, point, scale, negative);
    size_t shown = rng_chance(rng, 1, 2) ? point : 1 + (size_t)rng_below(rng, n); /* elsewhere, with an exponent */
    int at = sprintf(text, "%s%.*s", negative ? "-" : "", (int)shown, digits);
    if (n > shown) at += sprintf(text + at, ".%.*s", (int)(n - shown), digits + shown);
    if (shown != point || rng_chance(rng, 1, 4)) {
        int exponent = (int)point - (int)shown;
        bool plus = exponent >= 0 && rng_chance(rng, 1, 2);
        sprintf(text + at, "%c%s%d", rng_chance(rng, 1, 2) ? 'e' : 'E', plus ? "+" : "", exponent);
    }
}

static void parsed_texts_are_rounded_as_by_hand(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("dec/text"));
    for (int round = 0; round < ROUNDS; round++) {
        char text[160], expected[160], got[DEC_TEXT_MAX];
        struct dec8 d8;
        struct dec16 d16;
        some_text(&rng, text, expected, 8);
        assert_int_equal(dec8_parse(&d8, span_of(text)), ERR_OK);
        size_t len8 = dec8_format(got, d8);
        assert_int_equal(len8, strlen(got));
        if (strcmp(got, expected) != 0) fail_msg("%s reads as %s, not %s", text, got, expected);
        some_text(&rng, text, expected, 16);
        assert_int_equal(dec16_parse(&d16, span_of(text)), ERR_OK);
        size_t len16 = dec16_format(got, d16);
        assert_int_equal(len16, strlen(got));
        if (strcmp(got, expected) != 0) fail_msg("%s reads as %s, not %s", text, got, expected);
    }
}

static void format_and_parse_give_the_number_back(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("dec/round_trip"));
    for (int round = 0; round < ROUNDS; round++) {
        char text[DEC_TEXT_MAX];
        struct dec16 d = {some_number(&rng)}, back;
        struct dec8 e = {d.v}, back8;
        dec16_format(text, d);
        assert_int_equal(dec16_parse(&back, span_of(text)), ERR_OK);
        assert_true(back.v == d.v);
        dec8_format(text, e);
        assert_int_equal(dec8_parse(&back8, span_of(text)), ERR_OK);
        assert_true(back8.v == e.v);
    }
}

static void sums_are_exact_or_refused(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("dec/sums"));
    for (int round = 0; round < ROUNDS; round++) {
        struct dec16 a = {some_number(&rng)}, b = {some_number(&rng)}, sum, back;
        if (dec16_add(&sum, a, b) != ERR_OK) {
            assert_true((a.v < 0) == (b.v < 0));
            continue;
        }
        assert_int_equal(dec16_sub(&back, sum, b), ERR_OK);
        assert_true(back.v == a.v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(muldiv_is_the_rounded_quotient),
        cmocka_unit_test(parsed_texts_are_rounded_as_by_hand),
        cmocka_unit_test(format_and_parse_give_the_number_back),
        cmocka_unit_test(sums_are_exact_or_refused),
    };
    return cmocka_run_group_tests_name("property/dec", tests, NULL, NULL);
}
