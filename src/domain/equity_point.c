/* equity_point.c: a point of the equity series as bytes.
 *
 *   version        1
 *   display        name: the currency that the rates lead to
 *   quotes         count, and for each: name, kind (enum rate_kind), then mul and div of each leg
 *   marks          count, and for each: symbol, mark
 *
 * A count is seven bits a byte, the lowest first, the top bit set where more follow. A name is the count of its bytes
 * and they. A symbol is twice the count of its bytes, plus one where "/QUOTE" was taken off its end: then the quote's
 * number follows the bytes. A number above zero is how many zeros stand at its decimal end, one byte, and the count of
 * the rest: prices have few digits, so a mark takes three to five bytes where eight digits of scale would take eight. */
#include "domain/equity.h"

#include "base/check.h"

enum { VERSION = 1 };
enum rate_kind { RATE_UNKNOWN, RATE_IS_ONE, RATE_ONE_LEG, RATE_TWO_LEGS, RATE_KINDS };

/* ---- writing ---- */

static void put_count(struct buf *out, uint64_t v) {
    for (; v >= 0x80; v >>= 7) buf_putc(out, (char)(v | 0x80));
    buf_putc(out, (char)v);
}

static void put_name(struct buf *out, const struct name *name) {
    struct span s = name_span(name);
    put_count(out, s.len);
    buf_put_span(out, s);
}

static bool fits(i128 v) { return v > 0 && v <= INT64_MAX; } /* as equity_record */

static void put_number(struct buf *out, i128 v) {
    char zeros = 0;
    for (; v % 10 == 0; v /= 10) zeros++;
    buf_putc(out, zeros);
    put_count(out, (uint64_t)v);
}

static enum rate_kind kind_of(const struct portfolio_line *line) {
    if (!line->has_rate) return RATE_UNKNOWN;
    if (line->rate_is_one || line->rate.legs == 0) return RATE_IS_ONE;
    for (int i = 0; i < line->rate.legs; i++)
        if (!fits(line->rate.mul[i].v) || !fits(line->rate.div[i].v)) return RATE_UNKNOWN;
    return line->rate.legs == 1 ? RATE_ONE_LEG : RATE_TWO_LEGS;
}

struct quotes {
    const struct name *of[EQUITY_QUOTES_MAX];
    size_t count;
};

/* count where it is not among them. */
static size_t find_quote(const struct quotes *q, const struct name *quote) {
    size_t i = 0;
    CHECK(quote != NULL);
    while (i < q->count && !name_eq(q->of[i], quote)) i++;
    return i;
}

static void put_quotes(struct buf *out, struct quotes *q, const struct equity_line *lines, size_t count) {
    size_t first[EQUITY_QUOTES_MAX] = {0};
    for (size_t i = 0; i < count && q->count < EQUITY_QUOTES_MAX; i++)
        if (find_quote(q, lines[i].quote) == q->count) first[q->count] = i, q->of[q->count++] = lines[i].quote;
    put_count(out, q->count);
    for (size_t i = 0; i < q->count; i++) {
        const struct portfolio_line *line = &lines[first[i]].now;
        enum rate_kind kind = kind_of(line);
        put_name(out, q->of[i]);
        buf_putc(out, (char)kind);
        for (int leg = 0; kind >= RATE_ONE_LEG && leg < line->rate.legs; leg++) {
            put_number(out, line->rate.mul[leg].v);
            put_number(out, line->rate.div[leg].v);
        }
    }
}

static void put_symbol(struct buf *out, const struct quotes *q, const struct equity_line *line) {
    struct span symbol = name_span(line->now.symbol), tail = name_span(line->quote);
    size_t quote = find_quote(q, line->quote), cut = tail.len + 1;
    bool tailed = quote < q->count && symbol.len > cut && symbol.at[symbol.len - cut] == '/' &&
                  span_eq(span_skip(symbol, symbol.len - tail.len), tail);
    if (tailed) symbol.len -= cut;
    put_count(out, symbol.len << 1 | tailed);
    buf_put_span(out, symbol);
    if (tailed) put_count(out, quote);
}

static bool has_mark(const struct portfolio_line *line) { return line->has_mark && fits(line->mark.v); }

void equity_point_write(struct buf *out, const struct name *display, const struct equity_line *lines, size_t count) {
    struct quotes quotes = {.count = 0};
    size_t marks = 0;
    for (size_t i = 0; i < count; i++) marks += has_mark(&lines[i].now);
    buf_putc(out, VERSION);
    put_name(out, display);
    put_quotes(out, &quotes, lines, count);
    put_count(out, marks);
    for (size_t i = 0; i < count; i++) {
        if (!has_mark(&lines[i].now)) continue;
        put_symbol(out, &quotes, &lines[i]);
        put_number(out, lines[i].now.mark.v);
    }
}

/* ---- reading: a file may hold anything ---- */

struct reader {
    const unsigned char *at;
    size_t left;
    bool bad; /* sticky */
};

static unsigned get_byte(struct reader *r) {
    if (r->left == 0) {
        r->bad = true;
        return 0;
    }
    r->left--;
    return *r->at++;
}

static uint64_t get_count(struct reader *r, uint64_t max) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
        unsigned byte = get_byte(r);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            r->bad |= v > max;
            return r->bad ? 0 : v;
        }
    }
    r->bad = true;
    return 0;
}

static int64_t get_number(struct reader *r) {
    unsigned zeros = get_byte(r);
    int64_t v = (int64_t)get_count(r, INT64_MAX);
    r->bad |= v == 0 || zeros > 18; /* 10^18 is the largest power that fits */
    for (; !r->bad && zeros > 0; zeros--) r->bad |= __builtin_mul_overflow(v, (int64_t)10, &v);
    return r->bad ? 0 : v;
}

/* The name whose text begins with `len` bytes of the reader and ends with the tail. */
static struct name get_text(struct reader *r, size_t len, const struct name *tail) {
    struct name name = {{0}};
    char text[2 * NAME_MAX];
    size_t all = len;
    if (r->bad || len >= NAME_MAX || len > r->left) {
        r->bad = true;
        return name;
    }
    memcpy(text, r->at, len);
    r->at += len;
    r->left -= len;
    if (tail != NULL) {
        struct span t = name_span(tail);
        text[all++] = '/';
        memcpy(text + all, t.at, t.len);
        all += t.len;
    }
    if (all == 0 || name_set(&name, span_from(text, all)) != ERR_OK) r->bad = true;
    return name;
}

struct stored_rate {
    struct name quote;
    enum rate_kind kind;
    struct conversion rate;
};

static struct stored_rate get_rate(struct reader *r) {
    struct stored_rate s = {.quote = get_text(r, get_count(r, NAME_MAX), NULL)};
    unsigned kind = get_byte(r);
    if (kind >= RATE_KINDS) r->bad = true;
    if (r->bad) return s;
    s.kind = (enum rate_kind)kind;
    s.rate.legs = s.kind == RATE_TWO_LEGS ? 2 : s.kind == RATE_ONE_LEG;
    for (int leg = 0; leg < s.rate.legs; leg++) {
        s.rate.mul[leg].v = get_number(r);
        s.rate.div[leg].v = get_number(r);
    }
    return s;
}

static struct name get_symbol(struct reader *r, const struct stored_rate *rates, size_t count) {
    uint64_t head = get_count(r, 2 * NAME_MAX);
    struct reader text = *r; /* the quote's number stands behind the bytes it completes */
    size_t len = (size_t)(head >> 1);
    if ((head & 1) == 0) return get_text(r, len, NULL);
    if (len > r->left) r->bad = true;
    if (r->bad) return (struct name){{0}};
    r->at += len;
    r->left -= len;
    uint64_t quote = get_count(r, EQUITY_QUOTES_MAX);
    if (r->bad || quote >= count) {
        r->bad = true;
        return (struct name){{0}};
    }
    struct name symbol = get_text(&text, len, &rates[quote].quote);
    r->bad |= text.bad;
    return symbol;
}

/* guess: points are mostly written in the lines' own order. */
static struct equity_line *line_of(struct equity_line *lines, size_t count, const struct name *symbol, size_t guess) {
    if (guess < count && name_eq(lines[guess].now.symbol, symbol)) return &lines[guess];
    for (size_t i = 0; i < count; i++)
        if (name_eq(lines[i].now.symbol, symbol)) return &lines[i];
    return NULL;
}

static void forget(struct equity_line *lines, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct portfolio_line *line = &lines[i].now;
        line->has_mark = false;
        line->mark = DEC8_ZERO;
        line->has_rate = line->rate_is_one;
        line->rate = (struct conversion){0};
    }
}

static void set_rate(struct equity_line *lines, size_t count, const struct stored_rate *s) {
    for (size_t i = 0; i < count; i++) {
        struct portfolio_line *line = &lines[i].now;
        if (line->has_rate || !name_eq(lines[i].quote, &s->quote)) continue;
        line->has_rate = s->kind != RATE_UNKNOWN;
        line->rate = s->rate; /* no leg: the same asset */
    }
}

static void read_marks(struct reader *r, const struct stored_rate *rates, size_t quotes, struct equity_line *lines,
                       size_t count) {
    uint64_t marks = get_count(r, LIMIT_PAIRS);
    for (size_t i = 0, guess = 0; i < marks && !r->bad; i++) {
        struct name symbol = get_symbol(r, rates, quotes);
        int64_t mark = get_number(r);
        struct equity_line *line = r->bad ? NULL : line_of(lines, count, &symbol, guess);
        if (line == NULL) continue;
        line->now.has_mark = true;
        line->now.mark.v = mark;
        guess = (size_t)(line - lines) + 1;
    }
}

enum err equity_point_read(struct span point, const struct name *display, struct equity_line *lines, size_t count) {
    struct reader r = {(const unsigned char *)point.at, point.len, false};
    struct stored_rate rates[EQUITY_QUOTES_MAX];
    forget(lines, count);
    if (get_byte(&r) != VERSION) return ERR_CORRUPT;
    struct name led_to = get_text(&r, get_count(&r, NAME_MAX), NULL);
    size_t quotes = get_count(&r, EQUITY_QUOTES_MAX);
    for (size_t i = 0; i < quotes && !r.bad; i++) rates[i] = get_rate(&r);
    if (!r.bad) read_marks(&r, rates, quotes, lines, count);
    if (r.bad || r.left > 0) {
        forget(lines, count);
        return ERR_CORRUPT;
    }
    for (size_t i = 0; i < quotes && name_eq(&led_to, display); i++) set_rate(lines, count, &rates[i]);
    return ERR_OK;
}
