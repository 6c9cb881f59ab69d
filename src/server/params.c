/* params.c: each parameter has a reader (text into the field of struct server_query); each kind of question has a row that
 * says which readers it takes. */
#include "server/params.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>

static const char *const intervals[] = {"1m", "3m", "5m", "15m", "30m", "1h", "2h",
                                        "4h", "6h", "8h", "12h", "1d",  "3d", "1w"};

bool interval_ok(struct span text) {
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++)
        if (span_is(text, intervals[i])) return true;
    return false;
}

enum err params_number(uint64_t *out, struct span text, uint64_t low, uint64_t high) {
    uint64_t v = 0;
    if (text.len == 0 || text.len > 19) return ERR_SYNTAX; /* 19 digits fit */
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return ERR_SYNTAX;
        v = v * 10 + (uint64_t)(text.at[i] - '0');
    }
    if (v < low || v > high) return ERR_RANGE;
    *out = v;
    return ERR_OK;
}

/* --- splitting and decoding --- */

struct param {
    struct span name, value; /* still encoded */
};

static bool next_param(struct span *rest, struct param *p) {
    while (rest->len > 0) {
        const char *end = memchr(rest->at, '&', rest->len);
        struct span one = span_from(rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len);
        *rest = span_skip(*rest, end != NULL ? one.len + 1 : one.len);
        if (one.len == 0) continue; /* "a=1&&b=2" and a trailing '&' are harmless */
        const char *equals = memchr(one.at, '=', one.len);
        p->name = span_from(one.at, equals != NULL ? (size_t)(equals - one.at) : one.len);
        p->value = equals != NULL ? span_skip(one, p->name.len + 1) : span_from(one.at, 0);
        return true;
    }
    return false;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static enum err percent_decode(char *out, size_t size, size_t *len, struct span text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int c = (unsigned char)text.at[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0) return ERR_SYNTAX;
            c = high * 16 + low;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c < 0x20 || c == 0x7f) return ERR_SYNTAX;
        if (n + 1 >= size) return ERR_TOO_BIG;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    *len = n;
    return ERR_OK;
}

enum err params_one(char *out, size_t size, struct span query, const char *name) {
    struct param p;
    bool found = false;
    size_t len;
    while (next_param(&query, &p)) {
        if (!span_is(p.name, name)) continue;
        if (found) return ERR_EXISTS;
        found = true;
        enum err e = percent_decode(out, size, &len, p.value);
        if (e != ERR_OK) return e;
    }
    return found ? ERR_OK : ERR_MISSING;
}

/* --- readers: text to field; NULL, or what is allowed --- */

static const char *read_symbol(struct server_query *q, struct span text) {
    return text.len > 0 && name_set(&q->symbol, text) == ERR_OK ? NULL : "must be a symbol such as BTC/USDT";
}

static const char *read_side(struct server_query *q, struct span text) {
    q->side = span_is(text, "buy") ? QUERY_SIDE_BUY : span_is(text, "sell") ? QUERY_SIDE_SELL : QUERY_SIDE_ANY;
    return q->side != QUERY_SIDE_ANY ? NULL : "must be buy or sell";
}

static const char *read_time(struct wall *out, struct span text) {
    struct wall t;
    /* 0 means "open", so the first instant of 1970 and what lies before it is no bound anybody needs */
    if (wall_parse(&t, text) != ERR_OK || t.us <= 0) return "must be a time such as 2026-11-20T10:15:30Z";
    *out = t;
    return NULL;
}

static const char *read_from(struct server_query *q, struct span text) { return read_time(&q->from, text); }

static const char *read_to(struct server_query *q, struct span text) { return read_time(&q->to, text); }

static const char *read_before(struct server_query *q, struct span text) { return read_time(&q->before, text); }

static const char *read_q(struct server_query *q, struct span text) {
    if (text.len > QUERY_TEXT_MAX) return "must have at most 64 bytes";
    memcpy(q->q, text.at, text.len);
    q->q[text.len] = '\0';
    return NULL;
}

static const char *read_cursor(struct server_query *q, struct span text) {
    if (text.len == 0 || text.len > QUERY_CURSOR_MAX) return "must be the cursor of an earlier answer";
    memcpy(q->cursor, text.at, text.len);
    q->cursor[text.len] = '\0';
    return NULL;
}

static const char *read_limit(struct server_query *q, struct span text) {
    uint64_t n;
    _Static_assert(LIMIT_QUERY_ROWS == 1000, "the message names it");
    if (params_number(&n, text, 1, LIMIT_QUERY_ROWS) != ERR_OK) return "must be a whole number from 1 to 1000";
    q->limit = (uint32_t)n;
    return NULL;
}

static const char *read_days(struct server_query *q, struct span text) {
    uint64_t n;
    if (params_number(&n, text, 1, 3650) != ERR_OK) return "must be a whole number from 1 to 3650";
    q->days = (uint32_t)n;
    return NULL;
}

static const char *read_interval(struct server_query *q, struct span text) {
    if (!interval_ok(text)) return "must be one of 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w";
    return name_set(&q->interval, text) == ERR_OK ? NULL : "is too long";
}

/* The words of domain/methods.h, which a test holds this to. */
static const char *read_method(struct server_query *q, struct span text) {
    static const char *const methods[] = {"fifo", "lifo", "average", "grid"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!span_is(text, methods[i])) continue;
        snprintf(q->method, sizeof q->method, "%s", methods[i]);
        return NULL;
    }
    return "must be one of fifo lifo average grid";
}

enum { P_SYMBOL, P_SIDE, P_FROM, P_TO, P_Q, P_CURSOR, P_LIMIT, P_INTERVAL, P_BEFORE, P_DAYS, P_METHOD, P_COUNT };
#define BIT(n) (1u << (n))

static const struct {
    const char *name;
    const char *(*read)(struct server_query *q, struct span text);
} params[P_COUNT] = {
    [P_SYMBOL] = {"symbol", read_symbol},
    [P_SIDE] = {"side", read_side},
    [P_FROM] = {"from", read_from},
    [P_TO] = {"to", read_to},
    [P_Q] = {"q", read_q},
    [P_CURSOR] = {"cursor", read_cursor},
    [P_LIMIT] = {"limit", read_limit},
    [P_INTERVAL] = {"interval", read_interval},
    [P_BEFORE] = {"before", read_before},
    [P_DAYS] = {"days", read_days},
    [P_METHOD] = {"method", read_method},
};

static const struct {
    unsigned takes, needs;
    uint32_t limit; /* where not given; 0: all */
} kinds[] = {
    [QUERY_TRADES] = {BIT(P_SYMBOL) | BIT(P_SIDE) | BIT(P_FROM) | BIT(P_TO) | BIT(P_Q) | BIT(P_CURSOR) | BIT(P_LIMIT),
                      0, 100},
    [QUERY_TRADES_CSV] = {BIT(P_SYMBOL) | BIT(P_SIDE) | BIT(P_FROM) | BIT(P_TO) | BIT(P_Q), 0, 0},
    [QUERY_ORDERS] = {BIT(P_SYMBOL), 0, 0},
    [QUERY_CANDLES] = {BIT(P_SYMBOL) | BIT(P_INTERVAL) | BIT(P_LIMIT) | BIT(P_BEFORE), BIT(P_SYMBOL), 500},
    [QUERY_EQUITY] = {BIT(P_FROM) | BIT(P_TO) | BIT(P_DAYS), 0, 0},
    [QUERY_PERFORMANCE] = {BIT(P_SYMBOL) | BIT(P_METHOD), 0, 0},
    [QUERY_CONFIG] = {0, 0, 0},
    [QUERY_PROOF] = {0, 0, 0},
    [QUERY_PROVENANCE] = {0, 0, 0},
};

static enum err fault(struct param_fault *f, struct span field, const char *message) {
    size_t n = 0;
    while (n < field.len && n + 1 < sizeof f->field && field.at[n] > ' ' &&
           field.at[n] < 0x7f) { /* it goes into our answer */
        f->field[n] = field.at[n];
        n++;
    }
    f->field[n] = '\0';
    snprintf(f->message, sizeof f->message, "%s", message);
    return ERR_VALUE;
}

static int param_find(struct span name, unsigned takes) {
    for (int i = 0; i < P_COUNT; i++)
        if ((takes & BIT(i)) != 0 && span_is(name, params[i].name)) return i;
    return -1;
}

static enum err params_take(struct server_query *q, struct param_fault *f, unsigned *seen, const struct param *p) {
    char text[QUERY_CURSOR_MAX + 1];
    size_t len;
    int which = param_find(p->name, kinds[q->kind].takes);
    if (which < 0) return fault(f, p->name, "is not a parameter of this address");
    if ((*seen & BIT(which)) != 0) return fault(f, p->name, "is given twice");
    *seen |= BIT(which);
    enum err e = percent_decode(text, sizeof text, &len, p->value);
    if (e == ERR_TOO_BIG) return fault(f, p->name, "is too long");
    if (e != ERR_OK) return fault(f, p->name, "is not well percent-encoded");
    const char *wrong = params[which].read(q, span_from(text, len));
    return wrong == NULL ? ERR_OK : fault(f, p->name, wrong);
}

enum err params_parse(struct server_query *out, struct param_fault *f, enum server_query_kind kind, struct span query) {
    struct param p;
    unsigned seen = 0;
    CHECK((size_t)kind < sizeof kinds / sizeof kinds[0]);
    *out = (struct server_query){.kind = kind, .limit = kinds[kind].limit};
    if (kind == QUERY_CANDLES) out->interval = name_of("1h");
    while (next_param(&query, &p)) {
        enum err e = params_take(out, f, &seen, &p);
        if (e != ERR_OK) return e;
    }
    for (int i = 0; i < P_COUNT; i++)
        if ((kinds[kind].needs & ~seen & BIT(i)) != 0) return fault(f, span_of(params[i].name), "is required");
    if (out->from.us != 0 && out->to.us != 0 && out->to.us <= out->from.us)
        return fault(f, SPAN("to"), "must be later than from");
    if (out->days != 0 && (out->from.us != 0 || out->to.us != 0))
        return fault(f, SPAN("days"), "cannot be combined with from or to");
    return ERR_OK;
}
