/* num.c: see num.h. */
#include "sim/num.h"

#include "base/check.h"

int64_t sim_num_mul(int64_t a, int64_t b) { return (int64_t)((num_wide)a * b / NUM_ONE); }

int64_t sim_num_div(int64_t a, int64_t b) {
    CHECK(b != 0);
    return (int64_t)((num_wide)a * NUM_ONE / b);
}

int64_t sim_num_floor(int64_t a, int64_t step) { return a - a % step; }

int64_t sim_num_round(int64_t a, int64_t step) { return sim_num_floor(a + step / 2, step); }

int64_t sim_num_pow10(unsigned digits) {
    int64_t p = 1;
    while (digits-- > 0) p *= 10;
    return p;
}

/* The digits of v >= 0 backwards into a small field, then the point: one routine for every form. */
static void put(struct buf *out, num_wide v, unsigned decimals, unsigned least) {
    char text[64];
    size_t at = sizeof text;
    bool negative = v < 0;
    if (negative) v = -v;
    while (decimals > least && v % 10 == 0) {
        v /= 10;
        decimals--;
    }
    for (unsigned i = 0; i < decimals; i++, v /= 10) text[--at] = (char)('0' + (int)(v % 10));
    if (decimals > 0) text[--at] = '.';
    do {
        text[--at] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v > 0);
    if (negative) text[--at] = '-';
    buf_put(out, text + at, sizeof text - at);
}

void sim_num_put(struct buf *out, int64_t v) { put(out, v, 8, 8); }

void sim_num_put_wide(struct buf *out, num_wide v) { put(out, v, 8, 8); }

void sim_num_put_short(struct buf *out, num_wide v) { put(out, v, 8, 0); }

void sim_num_put_digits(struct buf *out, int64_t v, unsigned digits) {
    put(out, v / sim_num_pow10(8 - digits), digits, digits);
}

bool sim_num_parse(int64_t *out, struct span text) {
    num_wide v = 0;
    int decimals = -1; /* digits seen behind the point; -1 before it */
    size_t i = 0, digits = 0;
    bool negative = text.len > 0 && text.at[0] == '-';
    for (i = negative ? 1 : 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' && decimals < 0 && digits > 0) {
            decimals = 0;
            continue;
        }
        if (c < '0' || c > '9' || decimals == 8 || ++digits > 20) return false;
        v = v * 10 + (c - '0');
        if (decimals >= 0) decimals++;
    }
    if (digits == 0 || decimals == 0) return false;
    for (int d = decimals < 0 ? 0 : decimals; d < 8; d++) v *= 10;
    if (v > INT64_MAX) return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

bool sim_num_parse_int(int64_t *out, struct span text) {
    num_wide v = 0;
    bool negative = text.len > 0 && text.at[0] == '-';
    size_t first = negative ? 1 : 0;
    if (text.len == first || text.len - first > 19) return false;
    for (size_t i = first; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        v = v * 10 + (text.at[i] - '0');
    }
    if (v > INT64_MAX) return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}
