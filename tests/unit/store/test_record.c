/* The canonical bytes: every field there and back, the format frozen, damaged records refused. */
#include "fixture.h"

#include "base/rng.h"
#include "domain/market.h"
#include "store/record.h"

static struct span span_of_record(const struct record *r) { return span_from(r->at, r->len); }

static struct fill there_and_back(const struct fill *f, uint64_t asset, uint64_t *asset_back) {
    struct record r;
    struct fill back = {.symbol = f->symbol, .trade_id = f->trade_id, .side = f->side, .fee_asset = f->fee_asset};
    record_put_fill(&r, f, asset);
    assert_int_equal(record_get_fill(&back, asset_back, span_of_record(&r)), ERR_OK);
    return back;
}

static void assert_round_trip(const struct fill *f, uint64_t asset) {
    uint64_t asset_back = 99;
    struct fill back = there_and_back(f, asset, &asset_back);
    assert_fill_equal(&back, f);
    assert_int_equal(asset_back, asset);
}

static void every_field_comes_back(void **state) {
    (void)state;
    for (int64_t n = 0; n < 1000; n++) {
        struct fill f = fill_number(n);
        f.source = (enum fill_source)(n % 4);
        if (n % 5 == 0) fill_value_fee(&f);
        assert_round_trip(&f, (uint64_t)(n % 200));
    }
}

static void the_largest_and_smallest_values_come_back(void **state) {
    (void)state;
    const i128 most = (((i128)1 << 126) - 1) * 2 + 1;
    struct fill f = fill_number(1);
    fill_value_fee(&f);
    f.price.v = f.quantity.v = f.fee_price.v = most;
    f.quote_amount.v = f.fee.v = f.fee_value.v = most;
    f.time.us = f.order_id = INT64_MIN;
    f.received_at.us = f.fee_candle.us = INT64_MAX;
    assert_round_trip(&f, UINT64_MAX);
    f.price.v = 1;
    f.fee_value.v = -most;
    assert_round_trip(&f, 1);
    f = (struct fill){.symbol = name_of("A/B"), .order_id = ORDER_ID_NONE};
    assert_round_trip(&f, 0);
}

static void a_quote_amount_is_not_said_computed_or_another(void **state) {
    (void)state;
    struct fill f = fill_number(4);
    assert_round_trip(&f, 1);
    f.quote_amount.v += 1;
    assert_round_trip(&f, 1);
    f.quote_amount.v = 0;
    assert_round_trip(&f, 1);
}

static void only_a_valued_fee_state_is_kept(void **state) {
    (void)state;
    struct fill f = fill_number(4);
    uint64_t asset;
    f.fee_state = FEE_UNVALUED;
    assert_int_equal(there_and_back(&f, 1, &asset).fee_state, FEE_NONE);
    fill_value_fee(&f);
    assert_int_equal(there_and_back(&f, 1, &asset).fee_state, FEE_VALUED);
}

/* These bytes lie on people's disks and under their hashes: should this test fail, the format was broken. */
static void the_format_is_frozen(void **state) {
    (void)state;
    static const unsigned char fill[] = {
        0xdd, 0xf0, 0xdc, 0xf5, 0xa0, 0xff, 0x80, 0xa2, 0x06, 0x80, 0xf6, 0xe0, 0x42, 0x06, 0xb3, 0x93,
        0x88, 0x03, 0x03, 0xdd, 0x0b, 0x0b, 0x49, 0x05, 0xa6, 0xf1, 0x05, 0x00, 0x81, 0xa0, 0xa9, 0xce,
        0xf7, 0xd4, 0xd6, 0x07, 0x06, 0xf9, 0xd4, 0x03, 0x80, 0xa8, 0x82, 0xca, 0xfe, 0x80, 0xa2, 0x06,
    };
    struct record r;
    struct fill f = fill_number(1);
    fill_value_fee(&f);
    record_put_fill(&r, &f, 5);
    assert_int_equal(r.len, sizeof fill);
    assert_memory_equal(r.at, fill, sizeof fill);
}

static void definitions_come_back(void **state) {
    (void)state;
    struct definition d = {.number = 300, .of = 2, .text = "testnet:123456789"}, back;
    struct record r;
    record_put_definition(&r, &d);
    assert_int_equal(record_get_definition(&back, span_of_record(&r)), ERR_OK);
    assert_int_equal(back.number, 300);
    assert_int_equal(back.of, 2);
    assert_string_equal(back.text, "testnet:123456789");
}

static void candles_come_back(void **state) {
    (void)state;
    struct candle c = {.open_time = {1763633700000000}, .close_time = {1763633759999000}, .closed = true}, back;
    struct record r;
    c.open.v = 6425010000000, c.high.v = 6425999000001, c.low.v = 1, c.close.v = 6425020000000,
    c.volume.v = (i128)1 << 80;
    record_put_candle(&r, &c);
    back.open_time = c.open_time;
    assert_int_equal(record_get_candle(&back, span_of_record(&r)), ERR_OK);
    assert_int_equal(back.close_time.us, c.close_time.us);
    assert_dec_equal(back.open.v, c.open.v);
    assert_dec_equal(back.high.v, c.high.v);
    assert_dec_equal(back.low.v, c.low.v);
    assert_dec_equal(back.close.v, c.close.v);
    assert_dec_equal(back.volume.v, c.volume.v);
    assert_true(back.closed);
}

static void a_cut_or_longer_record_is_refused(void **state) {
    (void)state;
    struct record r;
    struct fill f = fill_number(1), back;
    uint64_t asset;
    fill_value_fee(&f);
    record_put_fill(&r, &f, 5);
    for (size_t len = 0; len < r.len; len++)
        assert_int_equal(record_get_fill(&back, &asset, span_from(r.at, len)), ERR_CORRUPT);
    r.at[r.len++] = 0;
    assert_int_equal(record_get_fill(&back, &asset, span_of_record(&r)), ERR_CORRUPT);
}

static void random_bytes_never_do_harm(void **state) {
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    for (int i = 0; i < 200000; i++) {
        unsigned char noise[64];
        size_t len = (size_t)rng_below(&rng, sizeof noise);
        for (size_t k = 0; k < len; k++) noise[k] = (unsigned char)rng_next(&rng);
        struct fill f = {0};
        struct definition d;
        struct candle c = {0};
        struct wall t;
        uint64_t asset;
        struct span s = span_from(noise, len);
        assert_in_range(record_get_fill(&f, &asset, s), ERR_OK, ERR_COUNT - 1);
        assert_in_range(record_get_fee(&f, s), ERR_OK, ERR_COUNT - 1);
        assert_in_range(record_get_definition(&d, s), ERR_OK, ERR_COUNT - 1);
        assert_in_range(record_get_candle(&c, s), ERR_OK, ERR_COUNT - 1);
        assert_in_range(record_get_fill_time(&t, s), ERR_OK, ERR_COUNT - 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_largest_and_smallest_values_come_back),
        cmocka_unit_test(a_quote_amount_is_not_said_computed_or_another),
        cmocka_unit_test(only_a_valued_fee_state_is_kept),
        cmocka_unit_test(the_format_is_frozen),
        cmocka_unit_test(definitions_come_back),
        cmocka_unit_test(candles_come_back),
        cmocka_unit_test(a_cut_or_longer_record_is_refused),
        cmocka_unit_test(random_bytes_never_do_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
