#include "wire_test.h"

#include "wire/csv.h"

#define OWN_HEADER "time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,maker,source"
#define PAIR_HEADER "Date(UTC),Pair,Side,Price,Executed,Amount,Fee"
#define MARKET_HEADER "Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin"

static struct csv_fault fault, refusal[4];
static size_t refusals;

static void keep_refusal(void *arg, const struct csv_fault *why) {
    (void)arg;
    assert_true(refusals < sizeof refusal / sizeof *refusal);
    refusal[refusals++] = *why;
}

static struct kept_fills *read_all(const char *text) {
    static struct kept_fills k;
    k.count = refusals = 0;
    if (csv_read_fills(span_of(text), keep_fills, keep_refusal, &k, &fault) != ERR_OK) fail_msg("%s", fault.what);
    return &k;
}

static void refused(const char *text, enum err e, size_t line, const char *field, const char *what) {
    static struct kept_fills k;
    k.count = refusals = 0;
    assert_int_equal(csv_read_fills(span_of(text), keep_fills, keep_refusal, &k, &fault), e);
    assert_string_equal(fault.what, what);
    assert_int_equal(fault.err, e);
    assert_int_equal(fault.line, line);
    assert_string_equal(fault.field, field);
    assert_int_equal(k.count + refusals, 0);
}

static struct fill example(void) {
    struct fill f = {.symbol = name_of("BTC/USDT"),
                     .trade_id = 28457,
                     .order_id = 100234,
                     .side = SIDE_SELL,
                     .maker = MAKER_YES,
                     .source = SOURCE_REST,
                     .price = d8("67123.45"),
                     .quantity = d8("0.00037"),
                     .quote_amount = d16("24.8356765"),
                     .fee = d16("0.00001234"),
                     .fee_asset = name_of("BNB")};
    assert_int_equal(wall_parse(&f.time, SPAN("2026-01-06T14:15:20.948Z")), ERR_OK);
    return f;
}

static void rows_are_written_as_the_header_says(void **state) {
    (void)state;
    struct fill f = example(),
                bare = {.symbol = name_of("A/B"), .order_id = ORDER_ID_NONE, .price = d8("1"), .quantity = d8("2")};
    struct buf out;
    buf_init(&out, 4096);
    csv_write_header(&out);
    csv_write_fill(&out, &f);
    csv_write_fill(&out, &bare);
    assert_string_equal(out.at, OWN_HEADER
                        "\r\n"
                        "2026-01-06T14:15:20.948000Z,BTC/USDT,28457,100234,sell,67123.45,0.00037,24.8356765,0.00001234,"
                        "BNB,true,rest\r\n"
                        "1970-01-01T00:00:00.000000Z,A/B,0,,buy,1,2,,,,,import\r\n");
    buf_free(&out);
}

static void own_export_comes_back_the_same(void **state) {
    (void)state;
    struct fill f[4] = {example(), example(), example(), example()};
    f[1].order_id = ORDER_ID_NONE;
    f[1].maker = MAKER_UNKNOWN;
    f[1].fee = DEC16_ZERO;
    f[1].fee_asset = name_of("");
    f[1].quote_amount = DEC16_ZERO;
    f[2].order_id = -4711; /* a hashed one */
    f[2].side = SIDE_BUY;
    f[2].maker = MAKER_NO;
    f[2].symbol = name_of("\xef\xbc\x91,\"x\"/Y");
    f[3].price = d8("0.00000001");
    f[3].quantity = d8("100000000000");
    f[3].fee = d16("0.0000000000000001");
    struct buf out;
    buf_init(&out, 4096);
    csv_write_header(&out);
    for (size_t i = 0; i < 4; i++) csv_write_fill(&out, &f[i]);
    struct kept_fills *k = read_all(out.at);
    assert_int_equal(k->count, 4);
    for (size_t i = 0; i < 4; i++) {
        f[i].source = SOURCE_IMPORT;
        assert_true(name_eq(&k->at[i].symbol, &f[i].symbol) && name_eq(&k->at[i].fee_asset, &f[i].fee_asset));
        assert_true(k->at[i].trade_id == f[i].trade_id && k->at[i].order_id == f[i].order_id);
        assert_true(k->at[i].side == f[i].side && k->at[i].maker == f[i].maker && k->at[i].source == f[i].source);
        assert_true(k->at[i].price.v == f[i].price.v && k->at[i].quantity.v == f[i].quantity.v);
        assert_true(k->at[i].quote_amount.v == f[i].quote_amount.v && k->at[i].fee.v == f[i].fee.v);
        assert_true(k->at[i].time.us == f[i].time.us);
    }
    buf_free(&out);
}

static void columns_in_any_order_with_strangers_between(void **state) {
    (void)state;
    struct kept_fills *k =
        read_all("price,note,quantity,side,trade_id,symbol,time\n5,\"a, b\",2,BUY,7,A/B,2026-01-01\n");
    assert_int_equal(k->count, 1);
    assert_dec8(k->at[0].price, "5");
    assert_dec8(k->at[0].quantity, "2");
    assert_int_equal(k->at[0].trade_id, 7);
    assert_int_equal(k->at[0].order_id, ORDER_ID_NONE);
    assert_int_equal(k->at[0].side, SIDE_BUY);
    assert_wall(k->at[0].time, "2026-01-01T00:00:00.000000Z");
}

static void an_order_id_that_is_no_number_is_one_order_all_the_same(void **state) {
    (void)state;
    struct kept_fills *k =
        read_all("time,symbol,trade_id,order_id,side,price,quantity\n2026-01-01,A/B,7,DRY_1,buy,5,2\n"
                 "2026-01-01,A/B,8,DRY_1,buy,5,2\n2026-01-01,A/B,9,DRY_2,buy,5,2\n");
    assert_true(k->at[0].order_id < ORDER_ID_NONE && k->at[0].order_id == k->at[1].order_id);
    assert_true(k->at[2].order_id < ORDER_ID_NONE && k->at[2].order_id != k->at[0].order_id);
}

struct lines {
    const struct csv_fault *fault;
    size_t at[4], count;
};

static void keep_line(void *arg, const struct fill *f) {
    struct lines *l = arg;
    (void)f;
    l->at[l->count++] = l->fault->line;
}

static void each_fill_comes_with_its_line(void **state) {
    (void)state;
    struct csv_fault row;
    struct lines l = {.fault = &row};
    const char *text = "note,time,symbol,trade_id,side,price,quantity\n\n\"two\nlines\",2026-01-01,A/B,7,buy,5,2\n"
                       "x,2026-01-01,A/B,8,buy,5,2\n\n\nx,2026-01-01,A/B,9,buy,5,2\n";
    assert_int_equal(csv_read_fills(span_of(text), keep_line, keep_refusal, &l, &row), ERR_OK);
    assert_int_equal(l.count, 3);
    assert_true(l.at[0] == 3 && l.at[1] == 5 && l.at[2] == 8);
}

static void line_ends_quotes_and_byte_order_mark(void **state) {
    (void)state;
    static const char *const texts[] = {
        "\xef\xbb\xbftime,symbol,trade_id,side,price,quantity\r\n2026-01-01,A/B,7,buy,5,2\r\n",
        "time,symbol,trade_id,side,price,quantity\n2026-01-01,A/B,7,buy,5,2",
        "\n\r\n\"time\",\"symbol\",trade_id,side,price,quantity\n\n\"2026-01-01\",\"A/B\",\"7\",buy,5,\"2\"\r\n\r\n",
        "time,symbol,trade_id,side,price,quantity,note\n2026-01-01,A/B,7,buy,5,2,\"two\nlines \"\"quoted\"\"\"\n",
        " time , symbol,trade_id,side,price,quantity\n 2026-01-01\t, A/B ,7,buy,5, 2\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct kept_fills *k = read_all(texts[i]);
        assert_int_equal(k->count, 1);
        assert_string_equal(k->at[0].symbol.text, "A/B");
        assert_dec8(k->at[0].quantity, "2");
    }
}

static void binance_export_with_assets_behind_the_amounts(void **state) {
    (void)state;
    struct kept_fills *k =
        read_all(PAIR_HEADER "\r\n"
                             "2024-06-27 05:53:54,BTCUSDT,BUY,64000.0000000000,0.0100000000BTC,640.0000USDT,"
                             "0.00001000BTC\r\n"
                             "2024-06-27 05:53:55,BTCUSDT,SELL,\"64,100.5\",0.01BTC,641.005USDT,0.00097BNB\r\n"
                             "24-06-27 05:53:56,1INCHUSDT,BUY,0.4,10.51INCH,4.2USDT,0.00421INCH\r\n"
                             "2024-06-27 05:53:57,BTC/USDT,BUY,1,2BTC,\"1,002USDT\",0USDT\r\n");
    assert_int_equal(k->count, 4);
    const struct fill *f = k->at;
    assert_string_equal(f[0].symbol.text, "BTC/USDT");
    assert_int_equal(f[0].side, SIDE_BUY);
    assert_int_equal(f[0].source, SOURCE_IMPORT);
    assert_int_equal(f[0].maker, MAKER_UNKNOWN);
    assert_int_equal(f[0].order_id, ORDER_ID_NONE);
    assert_dec8(f[0].price, "64000");
    assert_dec8(f[0].quantity, "0.01");
    assert_dec16(f[0].quote_amount, "640");
    assert_dec16(f[0].fee, "0.00001");
    assert_string_equal(f[0].fee_asset.text, "BTC");
    assert_wall(f[0].time, "2024-06-27T05:53:54.000000Z");
    assert_dec8(f[1].price, "64100.5");
    assert_int_equal(f[1].side, SIDE_SELL);
    assert_dec16(f[1].fee, "0.00097");
    assert_string_equal(f[1].fee_asset.text, "BNB");
    assert_string_equal(f[2].symbol.text, "1INCH/USDT");
    assert_dec8(f[2].quantity, "10.5");
    assert_dec16(f[2].fee, "0.0042");
    assert_string_equal(f[2].fee_asset.text, "1INCH");
    assert_wall(f[2].time, "2024-06-27T05:53:56.000000Z");
    assert_string_equal(f[3].symbol.text, "BTC/USDT");
    assert_dec16(f[3].quote_amount, "1002");
}

static void binance_export_with_a_fee_coin(void **state) {
    (void)state;
    struct kept_fills *k = read_all(MARKET_HEADER "\n2021-05-04 10:21:10,ETHBTC,SELL,0.05,2,0.1,0.0001,BTC\n");
    assert_int_equal(k->count, 1);
    assert_string_equal(k->at[0].symbol.text, "ETHBTC");
    assert_int_equal(k->at[0].side, SIDE_SELL);
    assert_dec8(k->at[0].price, "0.05");
    assert_dec8(k->at[0].quantity, "2");
    assert_dec16(k->at[0].quote_amount, "0.1");
    assert_dec16(k->at[0].fee, "0.0001");
    assert_string_equal(k->at[0].fee_asset.text, "BTC");
}

#define PAIR_ROW(second, side) "2024-06-27 05:53:" second ",BTCUSDT," side ",64000,0.01BTC,640USDT,0BTC\n"

static void derived_ids_are_stable_and_distinct(void **state) {
    (void)state;
    struct kept_fills first = *read_all(PAIR_HEADER "\n" PAIR_ROW("54", "BUY") PAIR_ROW("54", "BUY")
                                            PAIR_ROW("54", "SELL") PAIR_ROW("55", "BUY"));
    assert_int_equal(first.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(first.at[i].trade_id >= CSV_DERIVED_ID_MIN);
        for (size_t j = 0; j < i; j++) assert_true(first.at[i].trade_id != first.at[j].trade_id);
    }
    assert_true(first.at[2].trade_id > first.at[0].trade_id && first.at[2].trade_id > first.at[1].trade_id);
    /* the same rows in another file, order and spelling */
    struct kept_fills *again = read_all(
        PAIR_HEADER "\r\n\"2024-06-27 05:53:54\",BTC/USDT,Buy,64000.00,0.010BTC,640USDT,0BTC\r\n" PAIR_ROW("55", "BUY")
            PAIR_ROW("54", "BUY"));
    assert_true(again->at[0].trade_id == first.at[0].trade_id);
    assert_true(again->at[1].trade_id == first.at[3].trade_id);
    assert_true(again->at[2].trade_id == first.at[1].trade_id);
}

static void headers_that_are_not_known(void **state) {
    (void)state;
    refused("", ERR_MISSING, 1, "", "line 1: the file is empty");
    refused("\r\n\n", ERR_MISSING, 1, "", "line 1: the file is empty");
    refused("<html>\n", ERR_MISSING, 1, "time",
            "line 1, time: the header has no such column; known are this program's export and Binance's trade history");
    refused(
        "time,symbol,trade_id,side,price\n", ERR_MISSING, 1, "quantity",
        "line 1, quantity: the header has no such column; known are this program's export and Binance's trade history");
    refused("\n\nDate(UTC),Pair,Side,Price,Executed,Amount\n", ERR_MISSING, 3, "Fee",
            "line 3, Fee: the header has no such column; known are this program's export and Binance's trade history");
    assert_int_equal(read_all(OWN_HEADER "\n")->count, 0);
}

static void malformed_rows(void **state) {
    (void)state;
#define H "time,symbol,trade_id,side,price,quantity\n2026-01-01,A/B,7,buy,5,2\n"
    refused(H "2026-01-01,A/B,8,buy,5\n", ERR_SYNTAX, 3, "", "line 3: the row has 5 columns, the header 6");
    refused(H "2026-01-01,A/B,8,buy,5,2,1\n", ERR_SYNTAX, 3, "", "line 3: the row has 7 columns, the header 6");
    refused(H "2026-01-01,\"A/B,8,buy,5,2\n", ERR_SYNTAX, 3, "",
            "line 3: a quote is not closed, or in the wrong place");
    refused(H "2026-01-01,\"A/B\"x,8,buy,5,2\n", ERR_SYNTAX, 3, "",
            "line 3: a quote is not closed, or in the wrong place");
    refused(H "2026-01-01,A\"B,8,buy,5,2\n", ERR_SYNTAX, 3, "", "line 3: a quote is not closed, or in the wrong place");
    char text[6000] = H;
    memset(text + strlen(H), 'x', 4097);
    refused(text, ERR_TOO_BIG, 3, "", "line 3: the row is longer than 4096 bytes or 32 columns");
    (void)strcpy(text, H);
    for (int i = 0; i < 32; i++) strcat(text, ",");
    refused(text, ERR_TOO_BIG, 3, "", "line 3: the row is longer than 4096 bytes or 32 columns");
#undef H
}

static void bad_values_of_our_own_rows(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *field, *what;
        enum err e;
    } cases[] = {
        {"2026-01-02T00:00:00Z", "02.01.2026", "time", "\"02.01.2026\" is not a time", ERR_SYNTAX},
        {"2026-01-02T00:00:00Z", "1969-01-02", "time", "\"1969-01-02\" is not a time", ERR_SYNTAX},
        {"A/B", "", "symbol", "\"\" is not a symbol", ERR_VALUE},
        {"A/B", "A2345678901234567890123456789012", "symbol",
         "\"A2345678901234567890123456789012\" is not a name, or too long for one", ERR_TOO_BIG},
        {",77,", ",-77,", "trade_id", "\"-77\" is not a trade id", ERR_VALUE},
        {",77,", ",,", "trade_id", "\"\" is not a trade id", ERR_VALUE},
        {",77,", ",99999999999999999999,", "trade_id", "\"99999999999999999999\" is not a trade id", ERR_VALUE},
        {"sell", "hold", "side", "\"hold\" is neither buy nor sell", ERR_UNKNOWN},
        {"5.5", "\"5,5\"", "price", "\"5,5\" is not a number", ERR_SYNTAX},
        {"5.5", "1e50", "price", "\"1e50\" is too large", ERR_RANGE},
        {"5.5", "", "price", "\"\" is not a number", ERR_SYNTAX},
        {"7.5", "-7.5", "quote_amount", "\"-7.5\" is below zero", ERR_VALUE},
        {"0.5", "NaN", "fee", "\"NaN\" is not a number", ERR_SYNTAX},
        {"BNB", "B2345678901234567890123456789012", "fee_asset",
         "\"B2345678901234567890123456789012\" is not a name, or too long for one", ERR_TOO_BIG},
        {"true", "yes", "maker", "\"yes\" is neither true nor false", ERR_UNKNOWN},
        {"rest", "hearsay", "source", "\"hearsay\" is not a source of fills", ERR_UNKNOWN},
        {"5.5", "0123456789012345678901234567890123456789x", "price",
         "\"0123456789012345678901234567890123456789\" is not a number", ERR_SYNTAX}, /* cut to 40 */
    };
    static const char *const good = OWN_HEADER "\n2026-01-02T00:00:00Z,A/B,77,88,sell,5.5,6.5,7.5,0.5,BNB,true,rest\n";
    assert_int_equal(read_all(good)->count, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *bad = edited(good, cases[i].from, cases[i].to), what[200];
        (void)snprintf(what, sizeof what, "line 2, %s: %s", cases[i].field, cases[i].what);
        refused(bad, cases[i].e, 2, cases[i].field, what);
        free(bad);
    }
}

static void bad_values_of_binance_rows(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *field, *what;
        enum err e;
    } cases[] = {
        {"0.01BTC", "0.01ETH", "Pair", "\"BTCUSDT\" is not made up of the assets behind Executed and Amount",
         ERR_VALUE},
        {"640USDT", "640", "Pair", "\"BTCUSDT\" is not made up of the assets behind Executed and Amount", ERR_VALUE},
        {"BTCUSDT", "BTC", "Pair", "\"BTC\" is not made up of the assets behind Executed and Amount", ERR_VALUE},
        {"640USDT", "-640USDT", "Amount", "\"-640USDT\" is below zero", ERR_VALUE},
        {"0.1BNB", "BNB", "Fee", "\"BNB\" is not a number and an asset", ERR_SYNTAX},
        {"0.1BNB", "0.1.2BNB", "Fee", "\"0.1.2BNB\" is not a number", ERR_SYNTAX},
        {"\"64,000\"", "\"6,40\"", "Price", "\"6,40\" is not a number", ERR_SYNTAX},
        {"\"64,000\"", "\",640\"", "Price", "\",640\" is not a number", ERR_SYNTAX},
        {"\"64,000\"", "\"6400,000\"", "Price", "\"6400,000\" is not a number", ERR_SYNTAX},
        {"\"64,000\"", "\"6.400,000\"", "Price", "\"6.400,000\" is not a number", ERR_SYNTAX},
        {"\"64,000\"", "\"1,00.5\"", "Price", "\"1,00.5\" is not a number", ERR_SYNTAX},
        {"BUY", "TRANSFER", "Side", "\"TRANSFER\" is neither buy nor sell", ERR_UNKNOWN},
        {"2024-06-27 05:53:54", "x", "Date(UTC)", "\"x\" is not a time", ERR_SYNTAX},
    };
    static const char *const good = PAIR_HEADER "\n2024-06-27 05:53:54,BTCUSDT,BUY,\"64,000\",0.01BTC,640USDT,0.1BNB\n";
    assert_int_equal(read_all(good)->count, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *bad = edited(good, cases[i].from, cases[i].to), what[200];
        (void)snprintf(what, sizeof what, "line 2, %s: %s", cases[i].field, cases[i].what);
        refused(bad, cases[i].e, 2, cases[i].field, what);
        free(bad);
    }
}

static void assert_refusal(size_t i, size_t line, const char *field, const char *what) {
    assert_int_equal(refusal[i].line, line);
    assert_int_equal(refusal[i].err, ERR_VALUE);
    assert_string_equal(refusal[i].field, field);
    assert_string_equal(refusal[i].what, what);
}

static void a_price_or_quantity_not_above_zero_is_refused_and_the_others_count(void **state) {
    (void)state;
    struct kept_fills *k =
        read_all("time,symbol,trade_id,side,price,quantity\n2026-01-01,A/B,1,buy,5,2\n2026-01-01,A/B,2,buy,5,0\n"
                 "2026-01-01,A/B,3,sell,-5,2\n2026-01-01,A/B,4,buy,0,0.000000001\n2026-01-01,A/B,5,sell,5,2\n");
    assert_int_equal(k->count, 2);
    assert_true(k->at[0].trade_id == 1 && k->at[1].trade_id == 5);
    assert_int_equal(refusals, 3);
    assert_refusal(0, 3, "quantity", "line 3, quantity: \"0\" is not above zero");
    assert_refusal(1, 4, "price", "line 4, price: \"-5\" is not above zero");
    assert_refusal(2, 5, "price", "line 5, price: \"0\" is not above zero");
    k = read_all(PAIR_HEADER "\n" PAIR_ROW("54", "BUY") "2024-06-27 05:53:55,BTCUSDT,BUY,64000,0BTC,0USDT,0BNB\n");
    assert_int_equal(k->count, 1);
    assert_int_equal(refusals, 1);
    assert_refusal(0, 3, "Executed", "line 3, Executed: \"0BTC\" is not above zero");
}

static void a_refused_row_must_be_sound_all_the_same(void **state) {
    (void)state;
#define H "time,symbol,trade_id,side,price,quantity\n2026-01-01,A/B,7,buy,0,2\n"
    refused(H "2026-01-01,A/B,8,buy,0,x\n", ERR_SYNTAX, 3, "quantity", "line 3, quantity: \"x\" is not a number");
    refused(H "2026-01-01,A/B,8,hold,5,0\n", ERR_UNKNOWN, 3, "side", "line 3, side: \"hold\" is neither buy nor sell");
    refused(H "2026-01-01,A/B,8,buy,5,-1e50\n", ERR_RANGE, 3, "quantity", "line 3, quantity: \"-1e50\" is too large");
#undef H
}

static void last_row_bad_hands_out_nothing(void **state) {
    (void)state;
    refused(PAIR_HEADER "\n" PAIR_ROW("54", "BUY") PAIR_ROW("55", "SELL") PAIR_ROW("56", "HOLD"), ERR_UNKNOWN, 4,
            "Side", "line 4, Side: \"HOLD\" is neither buy nor sell");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_as_the_header_says),
        cmocka_unit_test(own_export_comes_back_the_same),
        cmocka_unit_test(columns_in_any_order_with_strangers_between),
        cmocka_unit_test(an_order_id_that_is_no_number_is_one_order_all_the_same),
        cmocka_unit_test(each_fill_comes_with_its_line),
        cmocka_unit_test(line_ends_quotes_and_byte_order_mark),
        cmocka_unit_test(binance_export_with_assets_behind_the_amounts),
        cmocka_unit_test(binance_export_with_a_fee_coin),
        cmocka_unit_test(derived_ids_are_stable_and_distinct),
        cmocka_unit_test(headers_that_are_not_known),
        cmocka_unit_test(malformed_rows),
        cmocka_unit_test(bad_values_of_our_own_rows),
        cmocka_unit_test(bad_values_of_binance_rows),
        cmocka_unit_test(a_price_or_quantity_not_above_zero_is_refused_and_the_others_count),
        cmocka_unit_test(a_refused_row_must_be_sound_all_the_same),
        cmocka_unit_test(last_row_bad_hands_out_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
