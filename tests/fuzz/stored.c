/* stored.c: bytes read back from a disk that may hold anything: the journal's records (store/record.h) and the points of the equity
 * series (domain/equity.h). The first byte chooses which. What is taken is written and comes back the same; what is refused
 * leaves nothing behind. */
#include "fuzz.h"

#include "domain/equity.h"
#include "store/record.h"

/* ---- a point ---- */

enum { LINES = 4 };

struct point_lines {
    struct name symbols[LINES], quotes[LINES], display;
    struct equity_line at[LINES];
};

static void lines_init(struct point_lines *l, bool euro) {
    static const char *const symbols[LINES] = {"BTC/USDT", "ETH/USDT", "ETH/BTC", "BTC/EUR"};
    static const char *const quotes[LINES] = {"USDT", "USDT", "BTC", "EUR"};
    memset(l, 0, sizeof *l);
    l->display = name_of(euro ? "EUR" : "USDT");
    for (size_t i = 0; i < LINES; i++) {
        l->symbols[i] = name_of(symbols[i]);
        l->quotes[i] = name_of(quotes[i]);
        l->at[i].quote = &l->quotes[i];
        l->at[i].now.symbol = &l->symbols[i];
        l->at[i].now.rate_is_one = name_eq(&l->quotes[i], &l->display);
    }
}

static void check_same_rate(const struct portfolio_line *a, const struct portfolio_line *b) {
    CHECK(a->has_rate == b->has_rate && a->rate.legs == b->rate.legs && a->rate.legs <= 2);
    for (int leg = 0; leg < a->rate.legs; leg++) {
        CHECK(a->rate.mul[leg].v > 0 && a->rate.mul[leg].v == b->rate.mul[leg].v);
        CHECK(a->rate.div[leg].v > 0 && a->rate.div[leg].v == b->rate.div[leg].v);
    }
}

static void take_point(struct span bytes, bool euro) {
    struct point_lines first, second;
    struct buf out;
    lines_init(&first, euro);
    lines_init(&second, euro);
    if (equity_point_read(bytes, &first.display, first.at, LINES) != ERR_OK) {
        for (size_t i = 0; i < LINES; i++) {
            const struct portfolio_line *line = &first.at[i].now;
            CHECK(!line->has_mark && line->mark.v == 0 && line->has_rate == line->rate_is_one && line->rate.legs == 0);
        }
        return;
    }
    buf_init(&out, LIMIT_STORE_BLOB_BYTES);
    equity_point_write(&out, &first.display, first.at, LINES);
    CHECK(out.failed == ERR_OK);
    enum err e = equity_point_read(buf_span(&out), &second.display, second.at, LINES);
    CHECK(e == ERR_OK);
    for (size_t i = 0; i < LINES; i++) {
        const struct portfolio_line *a = &first.at[i].now, *b = &second.at[i].now;
        CHECK(a->has_mark == b->has_mark && a->mark.v == b->mark.v && (!a->has_mark || a->mark.v > 0));
        check_same_rate(a, b);
    }
    buf_free(&out);
}

/* ---- records ---- */

static struct span record_span(const struct record *r) { return span_from(r->at, r->len); }

static bool same_value(const struct fill *a, const struct fill *b) {
    return a->fee_state == b->fee_state && a->fee_value.v == b->fee_value.v && a->fee_price.v == b->fee_price.v &&
           a->fee_candle.us == b->fee_candle.us;
}

static void take_fill(struct span bytes) {
    struct fill first = {.trade_id = 1}, second = {.trade_id = 1};
    struct record r;
    struct wall time;
    uint64_t asset, again;
    if (record_get_fill(&first, &asset, bytes) != ERR_OK) return;
    CHECK(record_get_fill_time(&time, bytes) == ERR_OK && time.us == first.time.us);
    CHECK(first.maker <= MAKER_YES && fill_source_name(first.source) != NULL);
    record_put_fill(&r, &first, asset);
    CHECK(record_get_fill(&second, &again, record_span(&r)) == ERR_OK && again == asset);
    CHECK(second.time.us == first.time.us && second.order_id == first.order_id && second.maker == first.maker &&
          second.source == first.source && second.price.v == first.price.v && second.quantity.v == first.quantity.v &&
          second.quote_amount.v == first.quote_amount.v && second.fee.v == first.fee.v &&
          second.received_at.us == first.received_at.us && same_value(&first, &second));
}

static void take_fee(struct span bytes) {
    struct fill first = {.trade_id = 1}, second = {.trade_id = 1};
    struct record r;
    if (record_get_fee(&first, bytes) != ERR_OK) return;
    record_put_fee(&r, &first);
    CHECK(record_get_fee(&second, record_span(&r)) == ERR_OK && same_value(&first, &second));
}

static void take_definition(struct span bytes) {
    struct definition first = {.number = 7}, second;
    struct record r;
    if (record_get_definition(&first, bytes) != ERR_OK) {
        CHECK(first.number == 7 && first.of == 0 && first.text[0] == '\0');
        return;
    }
    CHECK(memchr(first.text, '\0', sizeof first.text) != NULL);
    record_put_definition(&r, &first);
    CHECK(record_get_definition(&second, record_span(&r)) == ERR_OK);
    CHECK(second.number == first.number && second.of == first.of && strcmp(second.text, first.text) == 0);
}

static void take_candle(struct span bytes) {
    struct candle first = {.open_time = {INT64_C(1767225600000000)}}, second = first;
    struct record r;
    if (record_get_candle(&first, bytes) != ERR_OK) return;
    record_put_candle(&r, &first);
    CHECK(record_get_candle(&second, record_span(&r)) == ERR_OK);
    CHECK(second.close_time.us == first.close_time.us && second.open.v == first.open.v &&
          second.high.v == first.high.v && second.low.v == first.low.v && second.close.v == first.close.v &&
          second.volume.v == first.volume.v && second.closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    struct span bytes = span_from(data + 1, size - 1);
    switch (data[0] % 6) {
    case 0: take_point(bytes, false); break;
    case 1: take_point(bytes, true); break;
    case 2: take_fill(bytes); break;
    case 3: take_fee(bytes); break;
    case 4: take_definition(bytes); break;
    case 5: take_candle(bytes); break;
    }
    return 0;
}
