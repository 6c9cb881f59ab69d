/* pytext.c: see pytext.h. */
#include "sim/pytext.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shortest { /* the fewest digits that read back as the same double */
    char digits[20];
    int count;    /* of digits, without trailing zeros */
    int exponent; /* of the first digit */
    bool negative;
};

static struct shortest shorten(double d) {
    struct shortest s = {.negative = d < 0};
    char text[40];
    for (int p = 0; p < 17; p++) {
        snprintf(text, sizeof text, "%.*e", p, d < 0 ? -d : d);
        if (strtod(text, NULL) == (d < 0 ? -d : d)) break;
    }
    const char *e = strchr(text, 'e');
    for (const char *c = text; c < e; c++)
        if (*c != '.') s.digits[s.count++] = *c;
    while (s.count > 1 && s.digits[s.count - 1] == '0') s.count--;
    s.exponent = (int)strtol(e + 1, NULL, 10);
    return s;
}

static void put_plain(struct buf *out, const struct shortest *s, bool point_zero) {
    if (s->exponent < 0) {
        buf_puts(out, "0.");
        for (int i = -1; i > s->exponent; i--) buf_putc(out, '0');
        buf_put(out, s->digits, (size_t)s->count);
        return;
    }
    for (int i = 0; i <= s->exponent; i++) buf_putc(out, i < s->count ? s->digits[i] : '0');
    if (s->count > s->exponent + 1) {
        buf_putc(out, '.');
        buf_put(out, s->digits + s->exponent + 1, (size_t)(s->count - s->exponent - 1));
    } else if (point_zero) {
        buf_puts(out, ".0");
    }
}

static void put_power(struct buf *out, const struct shortest *s, const char *format) {
    buf_putc(out, s->digits[0]);
    if (s->count > 1) {
        buf_putc(out, '.');
        buf_put(out, s->digits + 1, (size_t)(s->count - 1));
    }
    buf_putf(out, format == NULL ? "E%+d" : "e%+03d", s->exponent);
}

static bool plain_float(const struct shortest *s) { return s->exponent >= -4 && s->exponent < 16; }

void py_double(struct buf *out, double d) {
    struct shortest s = shorten(d);
    if (s.negative) buf_putc(out, '-');
    if (plain_float(&s)) put_plain(out, &s, true);
    else put_power(out, &s, "float");
}

/* The double nearest to v / 10^8, through the exact text. */
static double nearest(int64_t v) {
    struct buf text;
    buf_init(&text, 64);
    sim_num_put(&text, v);
    double d = strtod(text.at, NULL);
    buf_free(&text);
    return d;
}

void py_float(struct buf *out, int64_t v) { py_double(out, nearest(v)); }

void py_decimal(struct buf *out, int64_t v) {
    struct shortest s = shorten(nearest(v));
    if (s.negative) buf_putc(out, '-');
    if (plain_float(&s)) put_plain(out, &s, true);
    else if (s.exponent < 0 && s.exponent >= -6) put_plain(out, &s, false);
    else put_power(out, &s, NULL);
}

void py_time(struct buf *out, int64_t us, bool zoned) {
    char text[WALL_TEXT_MAX];
    size_t len = wall_format(text, (struct wall){us}); /* always 6 digits and Z */
    len -= us % US_PER_S == 0 ? sizeof ".000000Z" - 1 : 1;
    buf_put(out, text, len);
    if (zoned) buf_puts(out, "+00:00");
}
