/* kept.c: what the store keeps beside the fills, by the rules of store/facts.h: closed candles and exchange information. A candle
 * follows from its market and its minute, so that one bit says that it is kept; what the engine hands over is held against
 * the exchange's truth before. A crash loses what came in the last second and a half. */
#include "inside.h"

#include <stdlib.h>

const int interval_minutes[INTERVALS] = {1, 5};
const char *const interval_names[INTERVALS] = {"1m", "5m"};

enum {
    SETTLED_MS = 60000,    /* a page may be shown the last candle as it was when it was asked for */
    CLOCK_SLACK_MS = 21000 /* the exchange may have set its clock */
};
#define LOST_BY_A_CRASH_US (3 * US_PER_S / 2)
#define STORE_WAIT_US US_PER_S

static const int64_t first_minute = EPOCH / US_PER_MIN - MINUTES_BEFORE;

static int interval_named(const struct name *n) {
    for (int i = 0; i < INTERVALS; i++)
        if (name_is(n, interval_names[i])) return i;
    return -1;
}

static bool is_kept(const struct world *w, int interval, int m, int64_t index) {
    return index >= 0 && index < w->kept_end[interval][m] &&
           ((w->kept[interval][m][index / 8] >> (index % 8)) & 1) != 0;
}

/* ---- candles in ---- */

static void keep_one(struct world *w, int interval, int m, int64_t index) {
    if (index < 0 || index >= MINUTES_MAX || is_kept(w, interval, m, index)) return;
    w->kept[interval][m][index / 8] |= (unsigned char)(1 << (index % 8));
    if (index >= w->kept_end[interval][m]) w->kept_end[interval][m] = index + 1;
    if (w->young_count < YOUNG_MAX) w->young[w->young_count++] = (struct young_candle){interval, m, index};
}

void kept_take_candles(struct world *w, const struct effect *f) {
    int m = market_named(&f->symbol), interval = interval_named(&f->interval);
    int64_t last = INT64_MIN, n = interval >= 0 ? interval_minutes[interval] : 0;
    HOLDS(w, KEPT_IS_TRUE, m >= 0 && n > 0 && f->candle_count > 0, "%s of %s", f->interval.text, f->symbol.text);
    if (m < 0 || n == 0) return;
    if (w->now - w->young_at >= LOST_BY_A_CRASH_US) w->young_count = 0;
    w->young_at = w->now;
    for (size_t i = 0; i < f->candle_count; i++) {
        const struct candle *c = &f->candles[i];
        int64_t minute = c->open_time.us / US_PER_MIN;
        bool whole = c->open_time.us == minute * US_PER_MIN && minute % n == 0 && minute > last && c->closed &&
                     c->close_time.us / US_PER_MS == (minute + n) * 60000 - 1;
        HOLDS(w, KEPT_IS_TRUE, whole && (minute + n) * 60000 <= exchange_ms(w) + CLOCK_SLACK_MS,
              "%s: it is open, or out of order", f->symbol.text);
        HOLDS(w, KEPT_IS_TRUE, c->close.v == exchange_candle(m, interval, minute) && c->high.v == 9 * DEC8_ONE,
              "%s %s: minute %" PRId64 " was another", f->symbol.text, f->interval.text, minute);
        last = minute;
        if (!disk_full(w)) keep_one(w, interval, m, minute - first_minute);
    }
}

void kept_lose_young(struct world *w) {
    size_t lost = w->now - w->young_at < LOST_BY_A_CRASH_US ? w->young_count : 0;
    for (size_t i = 0; i < lost; i++) {
        const struct young_candle *y = &w->young[i];
        w->kept[y->interval][y->market][y->index / 8] &= (unsigned char)~(1 << (y->index % 8));
    }
    w->young_count = 0;
}

/* The account was wiped: its exchange is another. */
void kept_forget(struct world *w) {
    memset(w->kept, 0, sizeof w->kept);
    memset(w->kept_end, 0, sizeof w->kept_end);
    memset(w->minutes_asked, 0, sizeof w->minutes_asked);
    w->young_count = w->kept_market_count = 0;
}

/* ---- candles out ---- */

static struct candle candle_at(int interval, int m, int64_t index) {
    int64_t minute = first_minute + index, n = interval_minutes[interval];
    return (struct candle){.open_time = {minute * US_PER_MIN},
                           .close_time = {(minute + n) * US_PER_MIN - US_PER_MS},
                           .open = {DEC8_ONE},
                           .high = {9 * DEC8_ONE},
                           .low = {DEC8_ONE},
                           .close = {exchange_candle(m, interval, minute)},
                           .volume = {5 * DEC16_ONE},
                           .closed = true};
}

/* The newest that open before a time, oldest first; how many. */
static size_t list_kept(const struct world *w, struct candle *list, int interval, int m, struct wall before,
                        size_t limit) {
    int64_t end = w->kept_end[interval][m], n = interval_minutes[interval];
    int64_t until = before.us != 0 ? (before.us + US_PER_MIN - 1) / US_PER_MIN - first_minute : end;
    size_t count = 0;
    if (until < end) end = until;
    for (int64_t i = end - 1; i >= 0 && count < limit; i--)
        if ((first_minute + i) % n == 0 && is_kept(w, interval, m, i))
            list[limit - ++count] = candle_at(interval, m, i);
    memmove(list, list + (limit - count), count * sizeof *list);
    return count;
}

/* Late at times, at times not at all; nobody waits for more than a second. */
void kept_ask_candles(struct world *w, const struct effect *f) {
    int m = market_named(&f->symbol), interval = interval_named(&f->interval);
    struct delivery d = {.kind = DELIVER_CANDLES, .id = f->id, .status = 1};
    HOLDS(w, NOTHING_FOR_A_DEAD_STORE, !w->store_failed, "it was asked for candles");
    HOLDS(w, QUESTIONS_ARE_KNOWN, m >= 0 && interval >= 0 && f->limit > 0, "the store was asked for %s of %s",
          f->interval.text, f->symbol.text);
    if (m < 0 || interval < 0 || f->limit <= 0) return;
    struct candle *list = calloc((size_t)f->limit, sizeof *list);
    if (list == NULL) abort();
    size_t count = list_kept(w, list, interval, m, f->time, (size_t)f->limit);
    if (f->limit == FEE_PAGE) {
        int64_t first = f->time.us / US_PER_MIN - FEE_PAGE;
        w->minutes_asked[m] =
            (struct minute_asked){first, is_kept(w, interval, m, first - first_minute), false, w->now};
        d.market = m + 1;
    }
    int64_t late = (int64_t)below(w, 5000) + (fault_strikes(w, FAULT_READ_LATE) ? drawn(w, 3 * US_PER_S) : 0);
    if (disk_full(w) || fault_strikes(w, FAULT_READ_FAILS)) d.err = ERR_IO, count = 0;
    if (late >= STORE_WAIT_US) d.status = 0;
    d.body = (char *)list;
    d.candles = (uint32_t)count;
    schedule(w, late, d);
}

/* For a fee. */
void kept_answered(struct world *w, const struct delivery *d) {
    struct minute_asked *a = &w->minutes_asked[d->market - 1];
    a->on_time = d->err == ERR_OK && d->status != 0;
    a->asked_at = 0;
}

/* ---- exchange information ---- */

void kept_take_markets(struct world *w, const struct effect *f) {
    HOLDS(w, KEPT_IS_TRUE, f->market_count == MARKETS && f->weight_limit == w->weight_limit, "%zu markets",
          f->market_count);
    if (disk_full(w) || f->market_count > MARKETS) return;
    memcpy(w->kept_markets, f->markets, f->market_count * sizeof *f->markets);
    w->kept_market_count = f->market_count;
    w->kept_limit = f->weight_limit;
    w->kept_markets_at = world_now(w).wall.us;
}

void kept_load(struct world *w) {
    int64_t age = world_now(w).wall.us - w->kept_markets_at;
    bool good = age >= 0 && age < US_PER_HOUR;
    if (w->kept_market_count == 0) return;
    engine_load_markets(w->engine, w->kept_markets, w->kept_market_count, w->kept_limit,
                        (struct wall){w->kept_markets_at}, world_now(w));
    HOLDS(w, INFORMED_FOR_AN_HOUR, w->engine->exchange.info_known == good, "it is %.0f s old", (double)age / 1e6);
    if (good) w->info_known_at = w->now, w->limit_told = true;
}

/* ---- what goes out ---- */

/* Questions for a thousand candles from a time on are for fees. What could not be kept without memory is asked again. */
void see_kept_asked(struct world *w, const char *text) {
    if (w->config.memory_fails) return;
    if (strstr(text, "exchangeInfo"))
        HOLDS(w, KEPT_IS_NOT_ASKED, w->info_known_at == 0 || w->now - w->info_known_at >= US_PER_DAY,
              "exchange information that is known for %.0f s", (double)(w->now - w->info_known_at) / 1e6);
    int m = strstr(text, "klines") ? market_in(text) : -1;
    int64_t start = number_after(text, "startTime=", number_after(text, "\"startTime\":", 0)) / 60000;
    int64_t limit = number_after(text, "limit=", number_after(text, "\"limit\":", 0));
    if (m < 0 || start == 0 || limit != FEE_PAGE || w->store_failed) return;
    const struct minute_asked *a = &w->minutes_asked[m];
    HOLDS(w, KEPT_IS_NOT_ASKED, a->first == start, "minute %" PRId64 " of %s, and not the store", start,
          markets[m].symbol);
    HOLDS(w, KEPT_IS_NOT_ASKED, a->asked_at == 0 || w->now - a->asked_at >= STORE_WAIT_US,
          "minute %" PRId64 " of %s, while the store is being asked", start, markets[m].symbol);
    HOLDS(w, KEPT_IS_NOT_ASKED, !a->has || !a->on_time, "minute %" PRId64 " of %s, which is kept", start,
          markets[m].symbol);
}

/* The last of them may be open; one that ended just now may be told as it was when it was open. */
static bool candles_right(const struct world *w, const struct wish *h, const struct effect *f) {
    int64_t n = interval_minutes[h->interval], len_ms = n * 60000;
    for (size_t i = 0; i < f->candle_count; i++) {
        const struct candle *c = &f->candles[i];
        int64_t minute = c->open_time.us / US_PER_MIN;
        bool settled = (minute + n) * 60000 <= exchange_ms(w) - SETTLED_MS - CLOCK_SLACK_MS;
        bool said_open = !c->closed && w->engine->exchange.clock_known; /* by that clock it is told */
        if (settled && (c->close.v != exchange_candle(h->market, h->interval, minute) || said_open)) return false;
        if (i > 0 && c->open_time.us != f->candles[i - 1].open_time.us + n * US_PER_MIN) return false;
    }
    if (f->candle_count == 0) return w->config.source == SOURCE_IS_BOT; /* the model's bot has none */
    if ((int)f->candle_count != h->limit) return false;
    int64_t last = f->candles[f->candle_count - 1].open_time.us / US_PER_MS;
    if (h->before_ms != 0) return last == (h->before_ms - 1) / len_ms * len_ms;
    return last >= (h->asked_ms - CLOCK_SLACK_MS) / len_ms * len_ms;
}

void see_candles(struct world *w, const struct effect *f) {
    const struct wish *h = &w->wish_ring[f->id % WISHES_KEPT];
    w->wish_answers++;
    if (f->err != ERR_OK || h->id != f->id) return;
    HOLDS(w, CANDLES_ARE_TRUE, candles_right(w, h, f), "%zu of %d of %s %s, before %" PRId64, f->candle_count, h->limit,
          f->symbol.text, f->interval.text, h->before_ms / 60000);
}
