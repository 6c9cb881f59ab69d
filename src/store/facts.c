#include "store/facts.h"

#include "base/check.h"
#include "base/limits.h"
#include "store/record.h"

#include <stdlib.h>

/* A text that cannot be what we wrote: the row was changed from outside. */
static enum err unreadable(struct sql *s, const char *table) {
    return sql_fail(s, ERR_CORRUPT, "a row of the table %s cannot be read; the file is left as it is", table);
}

/* ---- meta ---- */

enum err meta_put(struct sql *s, const char *key, const char *value) {
    if (strlen(key) >= META_KEY_MAX || (value != NULL && strlen(value) >= META_VALUE_MAX)) return ERR_TOO_BIG;
    struct query q = value == NULL ? query_start(s, "DELETE FROM meta WHERE key = ?")
                                   : query_start(s, "INSERT OR REPLACE INTO meta VALUES(?, ?)");
    query_put_text(&q, key);
    if (value != NULL) query_put_text(&q, value);
    return query_run(&q);
}

enum err meta_get_all(struct sql *s, const char *prefix, meta_fn *fn, void *arg) {
    struct query q = query_start(s, "SELECT key, value FROM meta"
                                    " WHERE key >= ?1 AND substr(key, 1, length(?1)) = ?1 ORDER BY key");
    query_put_text(&q, prefix);
    while (query_row(&q))
        if (!fn(arg, query_text(&q, 0), query_text(&q, 1))) break;
    return query_end(&q);
}

/* ---- history ---- */

enum err history_put(struct sql *s, uint64_t account, const struct stored_history *h) {
    struct query q = query_start(s, "INSERT OR REPLACE INTO history VALUES(?, ?, ?, ?, ?, ?)");
    query_put_int(&q, (int64_t)account);
    query_put_text(&q, h->symbol.text);
    query_put_int(&q, h->state);
    query_put_int(&q, h->first_id);
    query_put_int(&q, h->last_id);
    query_put_int(&q, h->from.us);
    return query_run(&q);
}

enum err history_get(struct sql *s, struct stored_history *out, size_t *count, size_t max, uint64_t account) {
    struct query q = query_start(s, "SELECT symbol, state, first_id, last_id, from_us FROM history"
                                    " WHERE account = ? ORDER BY symbol");
    enum err bad = ERR_OK;
    query_put_int(&q, (int64_t)account);
    for (*count = 0; *count < max && bad == ERR_OK && query_row(&q);) {
        struct stored_history *h = &out[*count];
        *h = (struct stored_history){.state = (int)query_int(&q, 1)};
        h->first_id = query_int(&q, 2);
        h->last_id = query_int(&q, 3);
        h->from.us = query_int(&q, 4);
        if (name_set(&h->symbol, span_of(query_text(&q, 0))) != ERR_OK) bad = unreadable(s, "history");
        else ++*count;
    }
    enum err e = query_end(&q);
    return bad != ERR_OK ? bad : e;
}

/* ---- markets ---- */

static enum err drop_markets(struct sql *s, const char *environment) {
    struct query q = query_start(s, "DELETE FROM market_reads WHERE environment = ?");
    query_put_text(&q, environment);
    enum err e = query_run(&q);
    if (e != ERR_OK) return e;
    q = query_start(s, "DELETE FROM markets WHERE environment = ?");
    query_put_text(&q, environment);
    return query_run(&q);
}

static enum err put_market(struct sql *s, const char *environment, const struct symbol_info *m) {
    char tick[DEC_TEXT_MAX], step[DEC_TEXT_MAX], least[DEC_TEXT_MAX];
    (void)dec8_format(tick, m->tick_size);
    (void)dec8_format(step, m->step_size);
    (void)dec16_format(least, m->min_notional);
    struct query q = query_start(s, "INSERT OR REPLACE INTO markets VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    query_put_text(&q, environment);
    query_put_text(&q, m->exchange_symbol.text);
    query_put_text(&q, m->base.text);
    query_put_text(&q, m->quote.text);
    query_put_text(&q, tick);
    query_put_text(&q, step);
    query_put_text(&q, least);
    query_put_int(&q, m->trading);
    return query_run(&q);
}

enum err markets_put(struct sql *s, const char *environment, const struct stored_markets *m) {
    enum err e = drop_markets(s, environment);
    for (size_t i = 0; i < m->count && e == ERR_OK; i++) e = put_market(s, environment, &m->at[i]);
    if (e != ERR_OK) return e;
    struct query q = query_start(s, "INSERT INTO market_reads VALUES(?, ?, ?)");
    query_put_text(&q, environment);
    query_put_int(&q, m->read_at.us);
    query_put_int(&q, m->weight_limit);
    return query_run(&q);
}

static bool read_market(const struct query *q, struct symbol_info *m) {
    m->trading = query_int(q, 6) != 0;
    return name_set(&m->exchange_symbol, span_of(query_text(q, 0))) == ERR_OK &&
           name_set(&m->base, span_of(query_text(q, 1))) == ERR_OK &&
           name_set(&m->quote, span_of(query_text(q, 2))) == ERR_OK &&
           dec8_parse(&m->tick_size, span_of(query_text(q, 3))) == ERR_OK &&
           dec8_parse(&m->step_size, span_of(query_text(q, 4))) == ERR_OK &&
           dec16_parse(&m->min_notional, span_of(query_text(q, 5))) == ERR_OK;
}

static enum err read_market_head(struct sql *s, struct stored_markets *out, size_t *rows, const char *environment) {
    struct query q =
        query_start(s, "SELECT read_us, weight_limit, (SELECT count(*) FROM markets WHERE environment = ?1)"
                       " FROM market_reads WHERE environment = ?1");
    *out = (struct stored_markets){.weight_limit = -1};
    *rows = 0;
    query_put_text(&q, environment);
    if (query_row(&q)) {
        out->read_at.us = query_int(&q, 0);
        out->weight_limit = query_int(&q, 1);
        *rows = (size_t)query_int(&q, 2);
    }
    return query_end(&q);
}

enum err markets_get(struct sql *s, struct stored_markets *out, struct symbol_info **rows, const char *environment) {
    size_t max;
    enum err bad = ERR_OK, e = read_market_head(s, out, &max, environment);
    *rows = NULL;
    if (e != ERR_OK || max == 0) return e;
    if (max > LIMIT_STORE_MARKETS) return unreadable(s, "markets");
    struct symbol_info *all = calloc(max, sizeof *all);
    if (all == NULL) return ERR_MEMORY;
    struct query q = query_start(s, "SELECT exchange_symbol, base, quote, tick_size, step_size, min_notional, trading"
                                    " FROM markets WHERE environment = ? ORDER BY exchange_symbol");
    query_put_text(&q, environment);
    while (bad == ERR_OK && out->count < max && query_row(&q)) {
        if (read_market(&q, &all[out->count])) out->count++;
        else bad = unreadable(s, "markets");
    }
    e = query_end(&q);
    if (bad != ERR_OK) e = bad;
    if (e != ERR_OK) {
        free(all);
        *out = (struct stored_markets){.weight_limit = -1};
        return e;
    }
    out->at = *rows = all;
    return ERR_OK;
}

/* ---- candles ---- */

/* *id 0: no candles of it yet. */
static enum err find_candle_series(struct sql *s, int64_t *id, const char *environment, const struct name *symbol,
                                   const struct name *interval) {
    struct query q =
        query_start(s, "SELECT id FROM candle_series WHERE environment = ? AND symbol = ? AND interval = ?");
    query_put_text(&q, environment);
    query_put_text(&q, symbol->text);
    query_put_text(&q, interval->text);
    *id = query_row(&q) ? query_int(&q, 0) : 0;
    return query_end(&q);
}

static enum err make_candle_series(struct sql *s, int64_t *id, const char *environment, const struct name *symbol,
                                   const struct name *interval) {
    enum err e = find_candle_series(s, id, environment, symbol, interval);
    if (e != ERR_OK || *id != 0) return e;
    struct query q =
        query_start(s, "INSERT INTO candle_series(environment, symbol, interval, rows) VALUES(?, ?, ?, 0)");
    query_put_text(&q, environment);
    query_put_text(&q, symbol->text);
    query_put_text(&q, interval->text);
    e = query_run(&q);
    return e == ERR_OK ? find_candle_series(s, id, environment, symbol, interval) : e;
}

static enum err put_candle(struct sql *s, int64_t series, const struct candle *c) {
    struct record r;
    CHECK(c->closed);
    record_put_candle(&r, c);
    struct query q = query_start(s, "INSERT OR REPLACE INTO candles VALUES(?, ?, ?)");
    query_put_int(&q, series);
    query_put_int(&q, c->open_time.us);
    query_put_bytes(&q, span_from(r.at, r.len));
    return query_run(&q);
}

/* Its oldest go beyond its own bound; then how many it has is written down. */
static enum err bound_series(struct sql *s, int64_t series) {
    struct query q = query_start(s, "DELETE FROM candles WHERE series = ?1 AND open_us <= (SELECT open_us FROM candles"
                                    " WHERE series = ?1 ORDER BY open_us DESC LIMIT 1 OFFSET ?2)");
    query_put_int(&q, series);
    query_put_int(&q, LIMIT_STORE_CANDLES_SERIES);
    enum err e = query_run(&q);
    if (e != ERR_OK) return e;
    q = query_start(s,
                    "UPDATE candle_series SET rows = (SELECT count(*) FROM candles WHERE series = ?1) WHERE id = ?1");
    query_put_int(&q, series);
    return query_run(&q);
}

static enum err count_candles(struct sql *s, int64_t *all) {
    struct query q = query_start(s, "SELECT sum(rows) FROM candle_series");
    *all = query_row(&q) ? query_int(&q, 0) : 0;
    return query_end(&q);
}

/* The series other than `kept` whose newest candle is the oldest; 0: there is no other. */
static enum err find_oldest(struct sql *s, int64_t *id, int64_t kept) {
    struct query q = query_start(s, "SELECT id FROM candle_series AS one WHERE id != ? ORDER BY"
                                    " (SELECT max(open_us) FROM candles WHERE series = one.id), id LIMIT 1");
    query_put_int(&q, kept);
    *id = query_row(&q) ? query_int(&q, 0) : 0;
    return query_end(&q);
}

static enum err drop_series(struct sql *s, int64_t series) {
    struct query q = query_start(s, "DELETE FROM candles WHERE series = ?");
    query_put_int(&q, series);
    enum err e = query_run(&q);
    if (e != ERR_OK) return e;
    q = query_start(s, "DELETE FROM candle_series WHERE id = ?");
    query_put_int(&q, series);
    return query_run(&q);
}

static enum err bound_all(struct sql *s, int64_t series) {
    for (;;) {
        int64_t oldest, all;
        enum err e = count_candles(s, &all);
        if (e != ERR_OK || all <= LIMIT_STORE_CANDLES_ALL) return e;
        if ((e = find_oldest(s, &oldest, series)) != ERR_OK || oldest == 0) return e;
        if ((e = drop_series(s, oldest)) != ERR_OK) return e;
    }
}

enum err candles_put(struct sql *s, const char *environment, const struct name *symbol, const struct name *interval,
                     const struct candle *candles, size_t count) {
    int64_t series;
    enum err e = make_candle_series(s, &series, environment, symbol, interval);
    for (size_t i = 0; i < count && e == ERR_OK; i++) e = put_candle(s, series, &candles[i]);
    if (e == ERR_OK) e = bound_series(s, series);
    return e == ERR_OK ? bound_all(s, series) : e;
}

static void reverse(struct candle *candles, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        struct candle c = candles[i];
        candles[i] = candles[count - 1 - i];
        candles[count - 1 - i] = c;
    }
}

enum err candles_get(struct sql *s, struct candle *out, size_t *count, size_t max, const char *environment,
                     const struct name *symbol, const struct name *interval, struct wall before) {
    int64_t series;
    enum err bad = ERR_OK, e = find_candle_series(s, &series, environment, symbol, interval);
    *count = 0;
    if (e != ERR_OK) return e;
    struct query q = query_start(s, "SELECT open_us, record FROM candles WHERE series = ? AND open_us < ?"
                                    " ORDER BY open_us DESC LIMIT ?");
    query_put_int(&q, series);
    query_put_int(&q, before.us == 0 ? INT64_MAX : before.us);
    query_put_int(&q, (int64_t)max);
    for (; bad == ERR_OK && query_row(&q); ++*count) {
        out[*count].open_time.us = query_int(&q, 0);
        if (record_get_candle(&out[*count], query_bytes(&q, 1)) != ERR_OK) bad = unreadable(s, "candles");
    }
    e = query_end(&q);
    reverse(out, *count);
    return bad != ERR_OK ? bad : e;
}

enum err market_data_drop(struct sql *s, const char *environment) {
    enum err e = drop_markets(s, environment);
    if (e != ERR_OK) return e;
    struct query q =
        query_start(s, "DELETE FROM candles WHERE series IN (SELECT id FROM candle_series WHERE environment = ?)");
    query_put_text(&q, environment);
    if ((e = query_run(&q)) != ERR_OK) return e;
    q = query_start(s, "DELETE FROM candle_series WHERE environment = ?");
    query_put_text(&q, environment);
    return query_run(&q);
}

/* ---- equity ---- */

enum err equity_put(struct sql *s, uint64_t account, struct wall time, struct span marks) {
    if (marks.len > LIMIT_STORE_BLOB_BYTES) return ERR_TOO_BIG;
    struct query q = query_start(s, "INSERT OR REPLACE INTO equity VALUES(?, ?, ?)");
    query_put_int(&q, (int64_t)account);
    query_put_int(&q, time.us);
    query_put_bytes(&q, marks);
    return query_run(&q);
}

/* Every point, in one reading. */
static enum err get_all_points(struct sql *s, size_t max, uint64_t account, struct wall from, struct wall to,
                               equity_fn *fn, void *arg) {
    struct query q =
        query_start(s, "SELECT time_us, marks FROM equity WHERE account = ? AND time_us >= ? AND time_us < ?"
                       " ORDER BY time_us LIMIT ?");
    query_put_int(&q, (int64_t)account);
    query_put_int(&q, from.us);
    query_put_int(&q, to.us);
    query_put_int(&q, (int64_t)max);
    while (query_row(&q))
        if (!fn(arg, (struct wall){query_int(&q, 0)}, query_bytes(&q, 1))) break;
    return query_end(&q);
}

/* The first point from *from on, if any; *from moves to the next step behind it, *more says whether to go on there. */
static enum err get_next_point(struct sql *s, uint64_t account, struct wall *from, struct wall to, int64_t step_us,
                               equity_fn *fn, void *arg, bool *more) {
    struct query q = query_start(s, "SELECT time_us, marks FROM equity WHERE account = ? AND time_us >= ?"
                                    " AND time_us < ? ORDER BY time_us LIMIT 1");
    query_put_int(&q, (int64_t)account);
    query_put_int(&q, from->us);
    query_put_int(&q, to.us);
    *more = query_row(&q);
    if (*more) {
        int64_t at = query_int(&q, 0), behind = step_us - 1 - at % step_us;
        *more = fn(arg, (struct wall){at}, query_bytes(&q, 1)) && behind < to.us - at;
        if (*more) from->us = at + behind + 1;
    }
    return query_end(&q);
}

/* With a step the index is asked for one point after the other: a year's minutes need not be read to get its days. */
enum err equity_get(struct sql *s, size_t max, uint64_t account, struct wall from, struct wall to, int64_t step_us,
                    equity_fn *fn, void *arg) {
    enum err e = ERR_OK;
    if (step_us <= 0) return get_all_points(s, max, account, from, to, fn, arg);
    bool more = from.us < to.us;
    for (size_t n = 0; e == ERR_OK && more && n < max; n++)
        e = get_next_point(s, account, &from, to, step_us, fn, arg, &more);
    return e;
}

enum err equity_thin(struct sql *s, uint64_t account, struct wall from, struct wall to, int64_t step_us) {
    CHECK(step_us > 0);
    struct query q = query_start(s, "DELETE FROM equity WHERE account = ?1 AND time_us >= ?2 AND time_us < ?3"
                                    " AND EXISTS(SELECT 1 FROM equity AS before WHERE before.account = ?1"
                                    " AND before.time_us < equity.time_us"
                                    " AND before.time_us >= max(?2, equity.time_us - equity.time_us % ?4))");
    query_put_int(&q, (int64_t)account);
    query_put_int(&q, from.us);
    query_put_int(&q, to.us);
    query_put_int(&q, step_us);
    return query_run(&q);
}
