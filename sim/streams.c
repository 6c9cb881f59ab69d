/* streams.c: see streams.h. */
#include "sim/streams.h"

#include "base/check.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { FORM_COMBINED = 1, FORM_MICROS = 2, FORMS = 4, DIFF_LEVELS = 400 };

struct stream_spec {
    enum stream_kind kind;
    struct venue_symbol *symbol; /* NULL: of all symbols, or of one that does not exist (STREAM_SILENT) */
    enum interval interval;
    int64_t offset_us; /* of bars cut at another zone */
    size_t depth;      /* levels; minutes of a window */
    const char *event; /* of a window */
    int64_t period_us; /* 0: real time */
};

struct diff_level {
    int64_t price, quantity;
};

struct topic {
    char name[STREAM_NAME_MAX];
    struct stream_spec spec;
    struct stream_client **clients; /* owned */
    size_t client_count, client_capacity;
    int64_t due_us;
    uint64_t said;                /* the symbol's changes (or book updates) when it last spoke */
    int64_t bar_start;            /* of the candle told last; -1: none yet */
    uint64_t *said_all;           /* owned; of STREAM_MINI_ALL, by symbol */
    struct diff_level *levels[2]; /* owned; of STREAM_DIFF: the book as told */
    size_t level_count[2];
};

/* --- names --------------------------------------------------------------------------------------------------------------- */

static bool parse_depth(struct stream_spec *s, struct span rest) {
    s->kind = STREAM_DIFF;
    s->period_us = US_PER_S;
    if (span_starts(rest, SPAN("20"))) s->depth = 20;
    else if (span_starts(rest, SPAN("10"))) s->depth = 10;
    else if (span_starts(rest, SPAN("5"))) s->depth = 5;
    if (s->depth > 0) s->kind = STREAM_DEPTH;
    rest = span_skip(rest, s->depth >= 10 ? 2 : s->depth > 0 ? 1 : 0);
    if (span_is(rest, "@100ms")) s->period_us = 100 * US_PER_MS;
    return rest.len == 0 || span_is(rest, "@100ms") || span_is(rest, "@1000ms");
}

static bool parse_kline(struct stream_spec *s, struct span rest) {
    const char *at = memchr(rest.at, '@', rest.len);
    size_t len = at != NULL ? (size_t)(at - rest.at) : rest.len;
    s->kind = STREAM_KLINE;
    s->interval = sim_interval_find(span_from(rest.at, len));
    s->period_us = s->interval == INTERVAL_1S ? US_PER_S : 2 * US_PER_S;
    if (at == NULL) return s->interval != INTERVAL_COUNT;
    s->offset_us = 8 * US_PER_HOUR;
    return s->interval != INTERVAL_COUNT && span_is(span_skip(rest, len), "@+08:00");
}

static bool parse_kind(struct stream_spec *s, struct span type) {
    static const struct {
        const char *type;
        enum stream_kind kind;
        int64_t period_us;
        size_t minutes;
        const char *event;
    } kinds[] = {
        {"ticker", STREAM_TICKER, US_PER_S, 0, NULL},
        {"miniTicker", STREAM_MINI, US_PER_S, 0, NULL},
        {"bookTicker", STREAM_BOOK_TICKER, 0, 0, NULL},
        {"trade", STREAM_TRADE, 0, 0, NULL},
        {"aggTrade", STREAM_AGG, 0, 0, NULL},
        {"avgPrice", STREAM_AVERAGE, US_PER_S, 0, NULL},
        {"referencePrice", STREAM_SILENT, 0, 0, NULL},
        {"blockTrade", STREAM_SILENT, 0, 0, NULL},
        {"ticker_1h", STREAM_WINDOW, US_PER_S, 60, "1hTicker"},
        {"ticker_4h", STREAM_WINDOW, US_PER_S, 240, "4hTicker"},
        {"ticker_1d", STREAM_WINDOW, US_PER_S, 1440, "1dTicker"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!span_is(type, kinds[i].type)) continue;
        s->kind = kinds[i].kind;
        s->period_us = kinds[i].period_us;
        s->depth = kinds[i].minutes;
        s->event = kinds[i].event;
        return true;
    }
    if (span_starts(type, SPAN("kline_"))) return parse_kline(s, span_skip(type, 6));
    return span_starts(type, SPAN("depth")) && parse_depth(s, span_skip(type, 5));
}

/* Names are lower case; one of a symbol that does not exist (or in capitals) is fine and stays silent. */
static bool parse_name(const struct streams *st, struct stream_spec *s, struct span name) {
    char upper[STREAM_NAME_MAX];
    *s = (struct stream_spec){.interval = INTERVAL_COUNT};
    if (span_is(name, "!miniTicker@arr")) {
        s->kind = STREAM_MINI_ALL;
        s->period_us = US_PER_S;
        return true;
    }
    const char *at = memchr(name.at, '@', name.len);
    size_t len = at != NULL ? (size_t)(at - name.at) : 0;
    if (len == 0 || name.len >= STREAM_NAME_MAX || !parse_kind(s, span_skip(name, len + 1))) return false;
    bool lower = true;
    for (size_t i = 0; i < len; i++) {
        char c = name.at[i];
        if (c >= 'A' && c <= 'Z') lower = false;
        if (c == '!' || c == '/' || c == ' ' || c == ',') return false;
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    s->symbol = lower ? venue_find(&st->world->venue, span_from(upper, len)) : NULL;
    if (s->symbol == NULL) s->kind = STREAM_SILENT;
    return true;
}

/* --- topics and clients -------------------------------------------------------------------------------------------------- */

void streams_init(struct streams *st, struct world *w, int64_t ticker_us, stream_send_fn *send, void *arg) {
    *st = (struct streams){.world = w, .send = send, .arg = arg, .ticker_us = ticker_us};
    for (int i = 0; i < FORMS; i++) buf_init(&st->scratch[i], 4 << 20);
}

static void topic_free(struct topic *t) {
    free(t->clients);
    free(t->said_all);
    free(t->levels[SIDE_BUY]);
    free(t->levels[SIDE_SELL]);
    free(t);
}

void streams_free(struct streams *st) {
    for (size_t i = 0; i < st->topic_count; i++) topic_free(st->topics[i]);
    free(st->topics);
    for (int i = 0; i < FORMS; i++) buf_free(&st->scratch[i]);
    *st = (struct streams){0};
}

static void remember_levels(struct topic *t) {
    for (int side = 0; side < 2; side++) {
        size_t n = sim_book_levels(&t->spec.symbol->book, (enum side)side);
        t->level_count[side] = n < DIFF_LEVELS ? n : DIFF_LEVELS;
        for (size_t i = 0; i < t->level_count[side]; i++) {
            const struct book_level *l = sim_book_at(&t->spec.symbol->book, (enum side)side, i);
            t->levels[side][i] = (struct diff_level){l->price, l->quantity};
        }
    }
    t->said = t->spec.symbol->book.updates;
}

static struct topic *topic_new(struct streams *st, const struct stream_spec *spec, struct span name) {
    if (st->topic_count == st->topic_capacity) {
        st->topic_capacity = st->topic_capacity == 0 ? 64 : st->topic_capacity * 2;
        st->topics = realloc(st->topics, st->topic_capacity * sizeof(struct topic *));
        CHECK(st->topics != NULL);
    }
    struct topic *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->spec = *spec;
    t->bar_start = -1;
    if (spec->period_us == US_PER_S) t->spec.period_us = st->ticker_us;
    memcpy(t->name, name.at, name.len);
    if (spec->kind == STREAM_MINI_ALL) t->said_all = calloc(st->world->venue.symbol_count + 1, sizeof(uint64_t));
    CHECK(spec->kind != STREAM_MINI_ALL || t->said_all != NULL);
    if (spec->kind == STREAM_DIFF) {
        for (int side = 0; side < 2; side++) t->levels[side] = calloc(DIFF_LEVELS, sizeof(struct diff_level));
        CHECK(t->levels[0] != NULL && t->levels[1] != NULL);
        remember_levels(t);
    }
    st->topics[st->topic_count++] = t;
    return t;
}

static struct topic *topic_find(const struct streams *st, struct span name) {
    for (size_t i = 0; i < st->topic_count; i++)
        if (span_is(name, st->topics[i]->name)) return st->topics[i];
    return NULL;
}

void stream_client_init(struct stream_client *c, bool combined, bool micros, void *owner) {
    *c = (struct stream_client){.combined = combined, .micros = micros, .owner = owner};
}

static bool client_has(const struct stream_client *c, const struct topic *t) {
    for (size_t i = 0; i < c->topic_count; i++)
        if (c->topics[i] == t) return true;
    return false;
}

static void join(struct streams *st, struct stream_client *c, const struct stream_spec *spec, struct span name) {
    struct topic *t = topic_find(st, name);
    if (t == NULL) t = topic_new(st, spec, name);
    if (client_has(c, t)) return;
    if (c->topics == NULL) c->topics = calloc(STREAMS_PER_CLIENT, sizeof(struct topic *));
    if (t->client_count == t->client_capacity) {
        t->client_capacity = t->client_capacity == 0 ? 4 : t->client_capacity * 2;
        t->clients = realloc(t->clients, t->client_capacity * sizeof(struct stream_client *));
    }
    CHECK(c->topics != NULL && t->clients != NULL && c->topic_count < STREAMS_PER_CLIENT);
    t->clients[t->client_count++] = c;
    c->topics[c->topic_count++] = t;
}

static void topic_forget(struct streams *st, struct topic *t) {
    for (size_t i = 0; i < st->topic_count; i++) {
        if (st->topics[i] != t) continue;
        st->topics[i] = st->topics[--st->topic_count];
        topic_free(t);
        return;
    }
}

static void part(struct streams *st, struct stream_client *c, size_t at) {
    struct topic *t = c->topics[at];
    memmove(&c->topics[at], &c->topics[at + 1], (c->topic_count - at - 1) * sizeof(struct topic *));
    c->topic_count--;
    for (size_t i = 0; i < t->client_count; i++) {
        if (t->clients[i] != c) continue;
        t->clients[i] = t->clients[--t->client_count];
        break;
    }
    if (t->client_count == 0) topic_forget(st, t);
}

void stream_client_leave(struct streams *st, struct stream_client *c) {
    while (c->topic_count > 0) part(st, c, c->topic_count - 1);
    free(c->topics);
    c->topics = NULL;
}

bool stream_client_open(struct streams *st, struct stream_client *c, struct span names) {
    while (names.len > 0) {
        struct stream_spec spec;
        const char *slash = memchr(names.at, '/', names.len);
        struct span name = {names.at, slash != NULL ? (size_t)(slash - names.at) : names.len};
        names = span_skip(names, slash != NULL ? name.len + 1 : name.len);
        if (name.len == 0) continue;
        if (!parse_name(st, &spec, name) || c->topic_count == STREAMS_PER_CLIENT) return false;
        join(st, c, &spec, name);
    }
    return true;
}

/* --- control messages ------------------------------------------------------------------------------------------------------ */

struct control {
    struct streams *st;
    struct stream_client *client;
    yyjson_val *params;
    struct buf *out;
    yyjson_val *id;
};

static void put_id(struct control *c, struct jout *out) {
    char *text = c->id != NULL ? yyjson_val_write(c->id, 0, NULL) : NULL;
    if (text != NULL) jo_raw(out, "id", span_of(text));
    free(text);
}

static void fail(struct control *c, int code, const char *msg) {
    struct jout out = {.b = c->out};
    jo_open(&out, NULL, '{');
    jo_open(&out, "error", '{');
    jo_int(&out, "code", code);
    jo_text(&out, "msg", msg);
    jo_close(&out, '}');
    put_id(c, &out);
    jo_close(&out, '}');
}

static void succeed(struct control *c, struct span result) {
    struct jout out = {.b = c->out};
    jo_open(&out, NULL, '{');
    jo_raw(&out, "result", result);
    put_id(c, &out);
    jo_close(&out, '}');
}

/* All names are sound before the first is joined or left. */
static bool check_names(struct control *c) {
    size_t i, n;
    yyjson_val *item;
    struct stream_spec spec;
    if (!yyjson_is_arr(c->params) || yyjson_arr_size(c->params) == 0) {
        fail(c, 2, "Invalid request: missing field `params`");
        return false;
    }
    yyjson_arr_foreach(c->params, i, n, item) {
        if (yyjson_is_str(item) && parse_name(c->st, &spec, span_from(yyjson_get_str(item), yyjson_get_len(item))))
            continue;
        fail(c, 2, "Invalid request: invalid stream");
        return false;
    }
    return true;
}

static void do_subscribe(struct control *c) {
    size_t i, n;
    yyjson_val *item;
    struct stream_spec spec;
    if (!check_names(c)) return;
    if (c->client->topic_count + yyjson_arr_size(c->params) > STREAMS_PER_CLIENT) {
        fail(c, 2, "Invalid request: too many streams");
        return;
    }
    yyjson_arr_foreach(c->params, i, n, item) {
        struct span name = {yyjson_get_str(item), yyjson_get_len(item)};
        if (parse_name(c->st, &spec, name)) join(c->st, c->client, &spec, name);
    }
    succeed(c, SPAN("null"));
}

static void do_unsubscribe(struct control *c) {
    size_t i, n;
    yyjson_val *item;
    if (!check_names(c)) return;
    yyjson_arr_foreach(c->params, i, n, item) {
        for (size_t k = 0; k < c->client->topic_count; k++) {
            if (strcmp(c->client->topics[k]->name, yyjson_get_str(item)) != 0) continue;
            part(c->st, c->client, k);
            break;
        }
    }
    succeed(c, SPAN("null"));
}

static void do_list(struct control *c) {
    struct buf list;
    buf_init(&list, STREAMS_PER_CLIENT * (STREAM_NAME_MAX + 4));
    struct jout out = {.b = &list};
    jo_open(&out, NULL, '[');
    for (size_t i = 0; i < c->client->topic_count; i++) jo_text(&out, NULL, c->client->topics[i]->name);
    jo_close(&out, ']');
    if (c->params != NULL && yyjson_arr_size(c->params) > 0) fail(c, 2, "Invalid request: too many parameters");
    else succeed(c, buf_span(&list));
    buf_free(&list);
}

/* The property's name is the first parameter; there is one property. */
static bool check_property(struct control *c, size_t params) {
    yyjson_val *name = yyjson_arr_get_first(c->params);
    if (!yyjson_is_str(name)) fail(c, 2, "Invalid request: property name must be a string");
    else if (yyjson_arr_size(c->params) > params) fail(c, 2, "Invalid request: too many parameters");
    else if (!yyjson_equals_str(name, "combined")) fail(c, 0, "Unknown property");
    else return true;
    return false;
}

static void do_set(struct control *c) {
    if (!check_property(c, 2)) return;
    yyjson_val *value = yyjson_arr_get(c->params, 1);
    if (!yyjson_is_bool(value)) {
        fail(c, 1, "Invalid value type: expected Boolean");
        return;
    }
    c->client->combined = yyjson_get_bool(value);
    succeed(c, SPAN("null"));
}

static void do_get(struct control *c) {
    if (check_property(c, 1)) succeed(c, c->client->combined ? SPAN("true") : SPAN("false"));
}

static bool id_fits(yyjson_val *id) {
    return id == NULL || yyjson_is_null(id) || yyjson_is_int(id) || (yyjson_is_str(id) && yyjson_get_len(id) <= 36);
}

static void dispatch(struct control *c, yyjson_val *root) {
    static const struct {
        const char *name;
        void (*run)(struct control *c);
    } methods[] = {{"SUBSCRIBE", do_subscribe},
                   {"UNSUBSCRIBE", do_unsubscribe},
                   {"LIST_SUBSCRIPTIONS", do_list},
                   {"SET_PROPERTY", do_set},
                   {"GET_PROPERTY", do_get}};
    yyjson_val *method = yyjson_obj_get(root, "method");
    char msg[220];
    if (!yyjson_is_str(method)) {
        fail(c, 2, "Invalid request: missing field `method` at line 1 column 1");
        return;
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!yyjson_equals_str(method, methods[i].name)) continue;
        methods[i].run(c);
        return;
    }
    snprintf(msg, sizeof msg,
             "Invalid request: unknown variant `%.40s`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
             "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 12",
             yyjson_get_str(method));
    fail(c, 2, msg);
}

/* The limit of 4096 bytes counts the frame's header too: 8 bytes for a masked one of this size. */
void streams_control(struct streams *st, struct stream_client *client, struct span text, struct buf *out) {
    if (text.len + 8 > CONTROL_FRAME_MAX) return;
    yyjson_doc *doc = yyjson_read(text.at, text.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *id = yyjson_obj_get(root, "id");
    struct control c = {.st = st, .client = client, .params = yyjson_obj_get(root, "params"), .out = out};
    if (id_fits(id)) c.id = id;
    if (doc == NULL) fail(&c, 3, "Invalid JSON: expected value at line 1 column 1");
    else if (!yyjson_is_obj(root)) fail(&c, 2, "Invalid request: expected an object");
    else if (!id_fits(id)) fail(&c, 2, "Invalid request: request ID must be an unsigned integer");
    else dispatch(&c, root);
    yyjson_doc_free(doc);
}

/* --- speaking ----------------------------------------------------------------------------------------------------------------- */

struct saying { /* what a topic says now */
    const struct topic *topic;
    const struct venue_trade *trade;
    const struct venue_agg *agg;
    const struct candle *bar;
    bool closed;
    const struct buf *diff; /* both sides' changes, encoded once: they hold no times */
};

static void say_mini_all(const struct streams *st, const struct topic *t, struct jout *out) {
    jo_open(out, NULL, '[');
    for (size_t i = 0; i < st->world->venue.symbol_count; i++) {
        struct venue_symbol *s = st->world->venue.symbols[i];
        if (t->said_all[i] != s->changes) event_mini_ticker(out, s, st->clock_us);
    }
    jo_close(out, ']');
}

static void say(const struct streams *st, const struct saying *w, struct jout *out) {
    const struct stream_spec *s = &w->topic->spec;
    switch (s->kind) {
    case STREAM_TICKER: event_ticker(out, s->symbol, st->clock_us); break;
    case STREAM_MINI: event_mini_ticker(out, s->symbol, st->clock_us); break;
    case STREAM_MINI_ALL: say_mini_all(st, w->topic, out); break;
    case STREAM_WINDOW: event_window_ticker(out, s->symbol, s->event, s->depth, st->clock_us); break;
    case STREAM_BOOK_TICKER: event_book_ticker(out, s->symbol); break;
    case STREAM_TRADE: event_trade(out, s->symbol, w->trade, st->clock_us); break;
    case STREAM_AGG: event_agg_trade(out, s->symbol, w->agg, st->clock_us); break;
    case STREAM_KLINE:
        event_kline(out, s->symbol, s->interval, w->bar, sim_interval_next(s->interval, w->bar->open_us, s->offset_us),
                    w->closed, st->clock_us);
        break;
    case STREAM_AVERAGE: event_average(out, s->symbol, st->world->venue.now_us, st->clock_us); break;
    case STREAM_DEPTH: event_depth(out, s->symbol, s->depth); break;
    case STREAM_DIFF:
        jo_open(out, NULL, '{');
        jo_text(out, "e", "depthUpdate");
        jo_time(out, "E", st->clock_us);
        jo_text(out, "s", s->symbol->name);
        jo_int(out, "U", (int64_t)w->topic->said + 1);
        jo_int(out, "u", (int64_t)s->symbol->book.updates);
        jo_raw(out, NULL, buf_span(w->diff));
        jo_close(out, '}');
        break;
    case STREAM_SILENT: break;
    }
}

static void encode(struct streams *st, const struct saying *w, int form) {
    struct jout out = {.b = &st->scratch[form], .micros = (form & FORM_MICROS) != 0};
    buf_clear(out.b);
    if ((form & FORM_COMBINED) == 0) {
        say(st, w, &out);
        return;
    }
    jo_open(&out, NULL, '{');
    jo_text(&out, "stream", w->topic->name);
    buf_puts(out.b, ",\"data\":");
    say(st, w, &out);
    jo_close(&out, '}');
}

/* Sending may close a connection, but never frees a client or a topic at once: the owner does that later. */
static void tell(struct streams *st, const struct saying *w) {
    bool encoded[FORMS] = {false};
    for (size_t i = 0; i < w->topic->client_count; i++) {
        struct stream_client *c = w->topic->clients[i];
        int form = (c->combined ? FORM_COMBINED : 0) | (c->micros ? FORM_MICROS : 0);
        if (!encoded[form]) encode(st, w, form);
        encoded[form] = true;
        st->send(st->arg, c, buf_span(&st->scratch[form]));
    }
}

void streams_on_trade(struct streams *st, const struct venue_symbol *s, const struct venue_trade *t) {
    for (size_t i = 0; i < st->topic_count; i++)
        if (st->topics[i]->spec.symbol == s && st->topics[i]->spec.kind == STREAM_TRADE)
            tell(st, &(struct saying){.topic = st->topics[i], .trade = t});
}

void streams_on_agg(struct streams *st, const struct venue_symbol *s, const struct venue_agg *a) {
    for (size_t i = 0; i < st->topic_count; i++)
        if (st->topics[i]->spec.symbol == s && st->topics[i]->spec.kind == STREAM_AGG)
            tell(st, &(struct saying){.topic = st->topics[i], .agg = a});
}

static uint64_t touch_of(const struct venue_symbol *s) {
    const struct book_level *b = sim_book_best(&s->book, SIDE_BUY), *a = sim_book_best(&s->book, SIDE_SELL);
    uint64_t h = b != NULL ? mix64((uint64_t)b->price ^ mix64((uint64_t)b->quantity)) : 1;
    return mix64(h ^ (a != NULL ? mix64((uint64_t)a->price ^ mix64((uint64_t)a->quantity + 1)) : 2));
}

void streams_on_touch(struct streams *st, const struct venue_symbol *s) {
    for (size_t i = 0; i < st->topic_count; i++) {
        struct topic *t = st->topics[i];
        if (t->spec.symbol != s || t->spec.kind != STREAM_BOOK_TICKER || t->said == touch_of(s)) continue;
        t->said = touch_of(s);
        tell(st, &(struct saying){.topic = t});
    }
}

/* A bar that ended is told as closed, once, as soon as the next one has begun. */
static void poll_kline(struct streams *st, struct topic *t, bool due) {
    const struct stream_spec *s = &t->spec;
    const struct candle_series *series = s->interval == INTERVAL_1S ? &s->symbol->seconds : &s->symbol->minutes;
    int64_t start = sim_interval_start(s->interval, st->world->venue.now_us, s->offset_us);
    struct candle bar;
    bool ended = t->bar_start >= 0 && t->bar_start != start;
    if (ended && sim_candles_bar(series, &bar, s->interval, t->bar_start, s->offset_us))
        tell(st, &(struct saying){.topic = t, .bar = &bar, .closed = true});
    bool news = ended || t->bar_start < 0 || (due && t->said != s->symbol->changes);
    t->bar_start = start;
    if (!news || !sim_candles_bar(series, &bar, s->interval, start, s->offset_us)) return;
    t->said = s->symbol->changes;
    tell(st, &(struct saying){.topic = t, .bar = &bar});
}

static int64_t told_quantity(const struct topic *t, int side, int64_t price) {
    for (size_t i = 0; i < t->level_count[side]; i++)
        if (t->levels[side][i].price == price) return t->levels[side][i].quantity;
    return 0;
}

static int64_t book_quantity(const struct topic *t, int side, int64_t price) {
    const struct book *b = &t->spec.symbol->book;
    for (size_t i = 0; i < sim_book_levels(b, (enum side)side); i++)
        if (sim_book_at(b, (enum side)side, i)->price == price) return sim_book_at(b, (enum side)side, i)->quantity;
    return 0;
}

static void put_change(struct jout *out, int64_t price, int64_t quantity) {
    jo_open(out, NULL, '[');
    jo_amount(out, NULL, price);
    jo_amount(out, NULL, quantity);
    jo_close(out, ']');
}

static void put_diff(const struct topic *t, int side, const char *key, struct jout *out) {
    const struct book *b = &t->spec.symbol->book;
    jo_open(out, key, '[');
    for (size_t i = 0; i < sim_book_levels(b, (enum side)side); i++) {
        const struct book_level *l = sim_book_at(b, (enum side)side, i);
        if (told_quantity(t, side, l->price) != l->quantity) put_change(out, l->price, l->quantity);
    }
    for (size_t i = 0; i < t->level_count[side]; i++)
        if (book_quantity(t, side, t->levels[side][i].price) == 0) put_change(out, t->levels[side][i].price, 0);
    jo_close(out, ']');
}

static void poll_diff(struct streams *st, struct topic *t) {
    struct buf diff;
    if (t->said == t->spec.symbol->book.updates) return;
    buf_init(&diff, 1 << 20);
    struct jout out = {.b = &diff};
    put_diff(t, SIDE_BUY, "b", &out);
    put_diff(t, SIDE_SELL, "a", &out);
    tell(st, &(struct saying){.topic = t, .diff = &diff});
    buf_free(&diff);
    remember_levels(t);
}

static bool mini_all_news(const struct streams *st, const struct topic *t) {
    for (size_t i = 0; i < st->world->venue.symbol_count; i++)
        if (t->said_all[i] != st->world->venue.symbols[i]->changes) return true;
    return false;
}

static void poll_mini_all(struct streams *st, struct topic *t) {
    if (!mini_all_news(st, t)) return;
    tell(st, &(struct saying){.topic = t});
    for (size_t i = 0; i < st->world->venue.symbol_count; i++) t->said_all[i] = st->world->venue.symbols[i]->changes;
}

static void poll_depth(struct streams *st, struct topic *t) {
    if (t->said == t->spec.symbol->book.updates) return;
    t->said = t->spec.symbol->book.updates;
    tell(st, &(struct saying){.topic = t});
}

static void poll_topic(struct streams *st, struct topic *t, bool due) {
    switch (t->spec.kind) {
    case STREAM_KLINE: poll_kline(st, t, due); break;
    case STREAM_DIFF:
        if (due) poll_diff(st, t);
        break;
    case STREAM_MINI_ALL:
        if (due) poll_mini_all(st, t);
        break;
    case STREAM_DEPTH:
        if (due) poll_depth(st, t);
        break;
    case STREAM_TICKER:
    case STREAM_MINI:
    case STREAM_WINDOW:
    case STREAM_AVERAGE:
        if (due) tell(st, &(struct saying){.topic = t}); /* their windows slide, so they change without a trade too */
        break;
    case STREAM_BOOK_TICKER:
    case STREAM_TRADE:
    case STREAM_AGG:
    case STREAM_SILENT: break;
    }
}

void streams_poll(struct streams *st, int64_t now_us) {
    for (size_t i = 0; i < st->topic_count; i++) {
        struct topic *t = st->topics[i];
        bool due = now_us >= t->due_us;
        if (due)
            t->due_us =
                t->due_us + t->spec.period_us > now_us ? t->due_us + t->spec.period_us : now_us + t->spec.period_us;
        poll_topic(st, t, due);
    }
}
