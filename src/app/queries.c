/* queries.c: answers to what pages and programs ask beyond the live feed. Long walks over the history run in steps of at most a
 * millisecond, one for each answer in a turn; candles come back from the engine under the query's own id. */
#include "app/private.h"

#include <stdio.h>

enum { ANSWER_MAX_BYTES = 8 << 20 }; /* a page of 1,000 fills is 400 kB; one step of a CSV 1 MB */

static const char json_type[] = "application/json";

static void answer(struct app *a, uint64_t id, struct buf *b) {
    if (b->failed == ERR_OK) server_answer(a->server, id, 200, json_type, buf_span(b));
    else if (b->failed == ERR_BAD_STATE)
        server_answer_error(a->server, id, 503, NULL, "the history is still being read: ask again");
    else if (b->failed == ERR_MEMORY) server_answer_error(a->server, id, 503, NULL, "no memory");
    else server_answer_error(a->server, id, 500, NULL, "the answer does not fit its limit");
    buf_free(b);
}

/* ---- fills, in steps ---- */

static void download_end(struct download *d) {
    if (d->trades != NULL) view_trades_free(d->trades);
    if (d->performance != NULL) view_performance_free(d->performance);
    if (d->equity != NULL) view_equity_free(d->equity);
    buf_free(&d->text);
    *d = (struct download){0};
}

/* A free place, but not more than their share to downloads, which last as long as their readers make them; NULL where too many are under way: then it has been answered. */
static struct download *download_new(struct app *a, uint64_t id, bool csv) {
    size_t files = 0;
    for (size_t i = 0; i < LIMIT_DOWNLOADS; i++) files += a->downloads[i].query_id != 0 && a->downloads[i].csv;
    for (size_t i = 0; i < LIMIT_DOWNLOADS && !(csv && files == LIMIT_DOWNLOADS_CSV); i++)
        if (a->downloads[i].query_id == 0) return &a->downloads[i];
    server_answer_error(a->server, id, 503, NULL, "too many questions about the history at once");
    return NULL;
}

static void download_start(struct app *a, struct download *d, uint64_t id) {
    d->query_id = id;
    buf_init(&d->text, ANSWER_MAX_BYTES);
    timer_at(a->work_timer, loop_now(a->loop).mono);
}

/* ---- what lies before the engine's memory, from the store ---- */

static void ask_points(struct app *a, struct download *d) {
    struct view_series *s = d->equity != NULL ? view_equity_series(d->equity) : view_performance_series(d->performance);
    struct wall from, to;
    int64_t step_us;
    d->waiting = view_series_wants(s, a->engine, &from, &to, &step_us) &&
                 keep_ask_points(a, ++a->points_asked, from, to, step_us);
    d->points_id = d->waiting ? a->points_asked : 0;
    if (!d->waiting) timer_at(a->work_timer, loop_now(a->loop).mono);
}

void downloads_points(struct app *a, uint64_t id, const struct store_point *points, size_t count) {
    for (size_t i = 0; i < LIMIT_DOWNLOADS; i++) {
        struct download *d = &a->downloads[i];
        if (d->query_id == 0 || d->points_id != id) continue;
        struct view_series *s =
            d->equity != NULL ? view_equity_series(d->equity) : view_performance_series(d->performance);
        for (size_t n = 0; n < count; n++) view_series_stored(s, points[n].time, points[n].marks);
        view_series_stored_end(s);
        ask_points(a, d);
        return;
    }
}

static void ask_performance(struct app *a, uint64_t id, const struct server_query *q) {
    struct download *d = download_new(a, id, false);
    if (d == NULL) return;
    enum method method = METHOD_FIFO;
    (void)method_find(&method, span_of(q->method)); /* params.c let only its words pass; not given: FIFO */
    d->performance = view_performance_new(a->engine, &q->symbol, method, loop_now(a->loop));
    if (d->performance == NULL) {
        server_answer_error(a->server, id, 503, NULL, "no memory");
        return;
    }
    download_start(a, d, id);
    ask_points(a, d);
}

static void ask_equity(struct app *a, uint64_t id, const struct server_query *q) {
    struct now now = loop_now(a->loop);
    struct wall from = q->days > 0 ? (struct wall){now.wall.us - q->days * US_PER_DAY} : q->from;
    struct download *d = download_new(a, id, false);
    if (d == NULL) return;
    d->equity = view_equity_new(from, q->to, now);
    if (d->equity == NULL) {
        server_answer_error(a->server, id, 503, NULL, "no memory");
        return;
    }
    download_start(a, d, id);
    ask_points(a, d);
}

static void ask_trades(struct app *a, uint64_t id, const struct server_query *q) {
    bool csv = q->kind == QUERY_TRADES_CSV;
    struct download *d = download_new(a, id, csv);
    struct view_trades_query v = {.symbol = q->symbol,
                                  .has_side = q->side != QUERY_SIDE_ANY,
                                  .side = q->side == QUERY_SIDE_SELL ? SIDE_SELL : SIDE_BUY,
                                  .from = q->from,
                                  .to = q->to,
                                  .text = q->q,
                                  .cursor = q->cursor,
                                  .limit = q->limit};
    if (d == NULL) return;
    enum err err = view_trades_new(&d->trades, &v, csv ? VIEW_TRADES_CSV : VIEW_TRADES_JSON);
    if (err != ERR_OK) {
        d->trades = NULL;
        server_answer_error(a->server, id, err == ERR_MEMORY ? 503 : 400, err == ERR_VALUE ? "cursor" : "q",
                            err_text(err));
        return;
    }
    d->csv = csv;
    if (csv) server_answer_begin(a->server, id, "text/csv; charset=utf-8", "fills.csv");
    download_start(a, d, id);
}

static void work_json(struct app *a, struct download *d) {
    bool done = d->trades != NULL   ? view_trades_step(d->trades, &d->text, a->engine)
                : d->equity != NULL ? view_equity_step(d->equity, &d->text, a->engine)
                                    : view_performance_step(d->performance, &d->text, a->engine);
    if (!done) return;
    struct buf text = d->text;
    buf_init(&d->text, ANSWER_MAX_BYTES);
    answer(a, d->query_id, &text);
    download_end(d);
}

/* One piece, then the server says when the browser has taken it (app_more). */
static void work_csv(struct app *a, struct download *d) {
    bool done = view_trades_step(d->trades, &d->text, a->engine);
    bool there = d->text.len == 0 || server_answer_piece(a->server, d->query_id, buf_span(&d->text));
    buf_clear(&d->text);
    size_t unsent = there ? server_answer_unsent(a->server, d->query_id) : SIZE_MAX;
    if (unsent == SIZE_MAX) {
        download_end(d);
    } else if (done) {
        server_answer_end(a->server, d->query_id);
        download_end(d);
    } else {
        d->waiting = unsent > 0;
    }
}

void app_more(void *arg, uint64_t query_id, bool gone) {
    struct app *a = arg;
    for (size_t i = 0; i < LIMIT_DOWNLOADS; i++) {
        struct download *d = &a->downloads[i];
        if (d->query_id != query_id) continue;
        if (gone) download_end(d);
        else d->waiting = false, timer_at(a->work_timer, loop_now(a->loop).mono);
    }
}

bool downloads_work(struct app *a) {
    bool more = false;
    for (size_t i = 0; i < LIMIT_DOWNLOADS; i++) {
        struct download *d = &a->downloads[i];
        if (d->query_id == 0 || d->waiting) continue;
        if (d->csv) work_csv(a, d);
        else work_json(a, d);
        more |= d->query_id != 0 && !d->waiting;
    }
    return more;
}

void downloads_free(struct app *a) {
    for (size_t i = 0; i < LIMIT_DOWNLOADS; i++)
        if (a->downloads[i].query_id != 0) download_end(&a->downloads[i]);
}

/* ---- the rest ---- */

static void ask_candles(struct app *a, uint64_t id, const struct server_query *q) {
    struct event e = {.kind = EVENT_WANT_CANDLES,
                      .id = id,
                      .symbol = q->symbol,
                      .interval = q->interval,
                      .limit = (int)q->limit,
                      .before = q->before,
                      .weight_used = -1,
                      .remaining = -1};
    tell_engine(a, &e);
}

void answer_candles(struct app *a, const struct effect *f) {
    struct buf b;
    if (f->err == ERR_UNKNOWN) {
        server_answer_error(a->server, f->id, 404, "symbol", "not a watched pair");
    } else if (f->err != ERR_OK) {
        server_answer_error(a->server, f->id, 503, NULL, "candles are not to be had now: Binance does not answer");
    } else {
        buf_init(&b, ANSWER_MAX_BYTES);
        view_candles(&b, &f->symbol, &f->interval, f->candles, f->candle_count);
        answer(a, f->id, &b);
    }
}

static void ask_config(struct app *a, uint64_t id) {
    struct buf b;
    buf_init(&b, ANSWER_MAX_BYTES);
    buf_puts(&b, "{\"settings\":");
    a->options->settings_json(a->options->settings_arg, &b);
    buf_puts(&b, ",\"strategies\":");
    view_strategies(&b, a->engine);
    buf_putc(&b, '}');
    answer(a, id, &b);
}

void app_query(void *arg, uint64_t id, const struct server_query *q) {
    struct app *a = arg;
    struct buf b;
    buf_init(&b, ANSWER_MAX_BYTES);
    switch (q->kind) {
    case QUERY_TRADES:
    case QUERY_TRADES_CSV: ask_trades(a, id, q); return;
    case QUERY_CANDLES: ask_candles(a, id, q); return;
    case QUERY_CONFIG: ask_config(a, id); return;
    case QUERY_ORDERS: view_orders(&b, a->engine, &q->symbol); break;
    case QUERY_PROOF: view_proof(&b, a->engine, loop_now(a->loop)); break;
    case QUERY_PROVENANCE: view_provenance(&b, a->engine, loop_now(a->loop)); break;
    case QUERY_PERFORMANCE: ask_performance(a, id, q); return;
    case QUERY_EQUITY: ask_equity(a, id, q); return;
    }
    answer(a, id, &b);
}

/* ---- topics: "trades", "orders:<symbol>", "candles:<symbol>:<interval>" ---- */

static bool split_candles(struct span topic, struct name *symbol, struct name *interval) {
    struct span rest = span_skip(topic, 8);
    size_t colon = rest.len;
    while (colon > 0 && rest.at[colon - 1] != ':') colon--;
    return colon > 1 && name_set(symbol, span_from(rest.at, colon - 1)) == ERR_OK &&
           name_set(interval, span_skip(rest, colon)) == ERR_OK;
}

void app_topic(void *arg, const struct server_topic_event *t) {
    struct app *a = arg;
    struct event e = {.kind = EVENT_WATCH_CANDLES, .on = t->subscribers > 0, .weight_used = -1, .remaining = -1};
    struct name symbol;
    if (span_starts(t->topic, SPAN("candles:"))) {
        if (split_candles(t->topic, &e.symbol, &e.interval)) tell_engine(a, &e);
    } else if (span_starts(t->topic, SPAN("orders:")) && t->subscribers > 0) {
        if (name_set(&symbol, span_skip(t->topic, 7)) == ERR_OK) publish_orders(a, &symbol);
    }
}

void publish_fills(struct app *a, const struct fill *fills, size_t count) {
    struct buf b;
    buf_init(&b, ANSWER_MAX_BYTES);
    if (count > LIMIT_FILLS_SHOWN)
        fills += count - LIMIT_FILLS_SHOWN, count = LIMIT_FILLS_SHOWN; /* a backfill: the page asks for pages */
    view_trades_topic(&b, a->engine, fills, count, server_seq(a->server));
    if (b.failed == ERR_OK) server_publish_topic(a->server, SPAN("trades"), buf_span(&b));
    buf_free(&b);
}

static void publish_named(struct app *a, const char *kind, const struct name *symbol, const char *tail, struct buf *b) {
    char topic[2 * NAME_MAX + 32];
    int n = snprintf(topic, sizeof topic, "%s:%s%s%s", kind, symbol->text, tail[0] != '\0' ? ":" : "", tail);
    if (b->failed == ERR_OK) server_publish_topic(a->server, span_from(topic, (size_t)n), buf_span(b));
    buf_free(b);
}

void publish_orders(struct app *a, const struct name *symbol) {
    struct buf b;
    buf_init(&b, ANSWER_MAX_BYTES);
    view_orders_topic(&b, a->engine, symbol, server_seq(a->server));
    publish_named(a, "orders", symbol, "", &b);
}

void publish_candle(struct app *a, const struct effect *f) {
    struct buf b;
    buf_init(&b, ANSWER_MAX_BYTES);
    view_candles_topic(&b, &f->symbol, &f->interval, f->candles, server_seq(a->server));
    publish_named(a, "candles", &f->symbol, f->interval.text, &b);
}
