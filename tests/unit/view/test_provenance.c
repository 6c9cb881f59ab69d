#include "rig.h"

static yyjson_doc *provenance_of(struct rig *r) {
    struct buf b;
    buf_init(&b, 1 << 22);
    view_provenance(&b, r->e, r->now);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static void realized_is_as_old_as_what_changed_it(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t btc = rig_pair(&r, "BTC", "USDT"), eth = rig_pair(&r, "ETH", "USDT");
    yyjson_doc *d = provenance_of(&r);
    assert_json(d, "realized.at", "null");
    assert_json(d, "realized.source", "null");
    assert_json(d, "realized.fill", "null");
    yyjson_doc_free(d);
    rig_fill(&r, btc, SIDE_BUY, "100", "1", "1", "USDT");
    rig_fill(&r, eth, SIDE_BUY, "10", "1", "1", "USDT");
    r.e->pairs[btc]->realized_change = (struct change){r.now.wall, CHANGE_FILL, SOURCE_STREAM};
    r.e->pairs[eth]->realized_change = (struct change){{r.now.wall.us - US_PER_S}, CHANGE_CANDLE, SOURCE_IMPORT};
    d = provenance_of(&r);
    assert_json(d, "realized.at", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "realized.source", "stream");
    assert_json(d, "realized.fill.symbol", "BTC/USDT");
    assert_json(d, "realized.fill.trade_id", "1000");
    assert_json(d, "realized.fill.received_at", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "pairs.1.realized.source", "candle");
    assert_json(d, "pairs.1.realized.at", "2026-11-20T10:15:29.123456Z");
    assert_json(d, "pairs.1.fills_by_source.stream", "1");
    assert_json(d, "pairs.1.fills_by_source.rest", "0");
    yyjson_doc_free(d);
    r.e->pairs[btc]->realized_change.source = CHANGE_STORE;
    d = provenance_of(&r);
    assert_json(d, "pairs.0.realized.source", "store");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void unrealized_is_as_old_as_its_prices(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t btc = rig_pair(&r, "BTC", "USDT"), eth = rig_pair(&r, "ETH", "USDT");
    (void)rig_pair(&r, "SOL", "USDT"); /* nothing held: its price is in no figure */
    rig_fill(&r, btc, SIDE_BUY, "100", "1", "0", "");
    rig_fill(&r, eth, SIDE_BUY, "10", "1", "0", "");
    rig_tick(&r, btc, D8("100"));
    rig_wait(&r, US_PER_S);
    rig_tick(&r, eth, D8("10"));
    r.e->markets[r.e->pairs[eth]->market]->price_source = PRICE_POLL;
    yyjson_doc *d = provenance_of(&r);
    assert_json(d, "unrealized.at", "2026-11-20T10:15:31.123456Z");
    assert_json(d, "unrealized.oldest_at", "2026-11-20T10:15:30.123456Z");
    assert_json(d, "unrealized.sources.0", "stream");
    assert_json(d, "unrealized.sources.1", "poll");
    assert_json(d, "pairs.1.price.source", "poll");
    assert_json(d, "pairs.2.price.at", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void windows_are_as_old_as_the_last_point(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    size_t p = rig_pair(&r, "BTC", "USDT");
    rig_tick(&r, p, D8("100"));
    struct equity_line line = {r.e->pairs[p]->ledger, &r.e->pairs[p]->quote, r.e->lines[p]};
    yyjson_doc *d = provenance_of(&r);
    assert_json(d, "windows.since", "null");
    assert_json(d, "windows.last_point_at", "null");
    yyjson_doc_free(d);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(equity_record(r.e->equity, EQUITY_MINUTE, r.now.wall, &line, 1), ERR_OK);
        rig_wait(&r, US_PER_MIN);
    }
    for (int later = 0; later < 2; later++) { /* also long after the last one */
        r.e->now = r.now;
        d = provenance_of(&r);
        assert_json(d, "windows.since", "2026-11-20T10:15:30.123456Z");
        assert_json(d, "windows.last_point_at", "2026-11-20T10:17:30.123456Z");
        yyjson_doc_free(d);
        rig_wait(&r, US_PER_DAY);
    }
    rig_end(&r);
}

static struct market *add_market(struct rig *r, const char *base, const char *quote, const char *price) {
    size_t p = rig_pair(r, base, quote);
    struct market *m = r->e->markets[r->e->pairs[p]->market];
    m->info.base = name_of(base);
    m->info.quote = name_of(quote);
    m->price = D8(price);
    m->price_at = r->now.wall;
    m->price_source = PRICE_STREAM;
    rig_wait(r, US_PER_S);
    return m;
}

static void a_rate_names_its_legs_and_the_oldest_price(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    r.e->display = name_of("EUR");
    add_market(&r, "EUR", "USDT", "1.25");
    add_market(&r, "ETH", "BTC", "0.05");
    add_market(&r, "BTC", "USDT", "50000");
    rig_figures(&r);
    for (size_t i = 0; i < 3; i++) r.e->lines[i].rate_is_one = false;
    r.e->lines[0].rate = r.e->lines[2].rate = (struct conversion){1, {{DEC8_ONE}}, {D8("1.25")}, {{0}}};
    r.e->lines[1].rate = (struct conversion){2, {D8("50000"), {DEC8_ONE}}, {{DEC8_ONE}, D8("1.25")}, name_of("USDT")};
    yyjson_doc *d = provenance_of(&r);
    assert_int_equal(yyjson_arr_size(rig_at(d, "rates")), 2); /* USDT once */
    assert_json(d, "rates.0.from", "USDT");
    assert_json(d, "rates.0.to", "EUR");
    assert_json(d, "rates.0.rate", "0.8");
    assert_json(d, "rates.0.legs.0.symbol", "EUR/USDT");
    assert_json(d, "rates.0.legs.0.inverse", "true");
    assert_json(d, "rates.1.from", "BTC");
    assert_json(d, "rates.1.rate", "40000");
    assert_json(d, "rates.1.legs.0.symbol", "BTC/USDT");
    assert_json(d, "rates.1.legs.0.inverse", "false");
    assert_json(d, "rates.1.legs.1.symbol", "EUR/USDT");
    assert_json(d, "rates.1.at",
                "2026-11-20T10:15:30.123456Z"); /* that of EUR/USDT, two seconds older than BTC/USDT's */
    yyjson_doc_free(d);
    r.e->lines[0].has_rate = false;
    d = provenance_of(&r);
    assert_json(d, "rates.0.rate", "null");
    assert_json(d, "rates.0.at", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(realized_is_as_old_as_what_changed_it),
        cmocka_unit_test(unrealized_is_as_old_as_its_prices),
        cmocka_unit_test(windows_are_as_old_as_the_last_point),
        cmocka_unit_test(a_rate_names_its_legs_and_the_oldest_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
