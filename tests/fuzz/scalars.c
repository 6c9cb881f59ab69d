/* scalars.c: decimals, times, names, key files and percent-encoding: what is read prints and reads back the same. */
#include "fuzz.h"

#include "wire/sign.h"

static void run_decimals(struct span text) {
    struct dec8 a, a2;
    struct dec16 b, b2;
    char shown[DEC_TEXT_MAX];
    if (dec8_parse(&a, text) == ERR_OK) {
        size_t n = dec8_format(shown, a);
        CHECK(n < DEC_TEXT_MAX && dec8_parse(&a2, span_from(shown, n)) == ERR_OK && dec8_cmp(a, a2) == 0);
    }
    if (dec16_parse(&b, text) == ERR_OK) {
        size_t n = dec16_format(shown, b);
        CHECK(n < DEC_TEXT_MAX && dec16_parse(&b2, span_from(shown, n)) == ERR_OK && dec16_cmp(b, b2) == 0);
        /* what has room at 16 digits has room at 8, and rounding down the scale is one rounding */
        CHECK(dec8_parse(&a, text) == ERR_OK);
    }
}

static void run_times(struct span text) {
    struct wall t, again;
    char shown[WALL_TEXT_MAX];
    if (wall_parse(&t, text) != ERR_OK) return;
    struct wall first = {days_from_civil(1, 1, 1) * US_PER_DAY}, last = {days_from_civil(10000, 1, 1) * US_PER_DAY - 1};
    if (t.us < first.us || t.us > last.us) return; /* pushed over the edge by its zone: printed clamped */
    size_t n = wall_format(shown, t);
    CHECK(n == 27 && wall_parse(&again, span_from(shown, n)) == ERR_OK && again.us == t.us);
}

static void run_encoding(struct span text) {
    struct buf out;
    buf_init(&out, 3 * text.len);
    percent_encode(&out, text);
    CHECK(out.failed == ERR_OK && out.len >= text.len);
    for (size_t i = 0; i < out.len; i++)
        CHECK(out.at[i] > 0x20 && out.at[i] < 0x7f && strchr("&=+/?#\"", out.at[i]) == NULL);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = span_from(data, size);
    struct name n;
    unsigned char seed[32] = "untouched";
    run_decimals(text);
    run_times(text);
    run_encoding(text);
    if (name_set(&n, text) == ERR_OK) CHECK(span_eq(name_span(&n), text));
    if (sign_read_ed25519_pem(seed, text) != ERR_OK) CHECK(memcmp(seed, "untouched", 9) == 0);
    return 0;
}
