/* balances.c: the account as a whole, then what the stream says; asked anew when something moved that told no amounts. */
#include "rig.h"

#include <stdio.h>

static struct rig r;

static const char account[] =
    "{\"uid\":7,\"canTrade\":true,\"balances\":[{\"asset\":\"BTC\",\"free\":\"0.5\",\"locked\":\"0.25\"},"
    "{\"asset\":\"ETH\",\"free\":\"0\",\"locked\":\"0\"},{\"asset\":\"USDT\",\"free\":\"100\",\"locked\":\"0\"}]}";

static bool find(struct held_balance *out, const char *asset) {
    for (size_t i = 0; i < r.e->balances.count; i++)
        if (strcmp(r.e->balances.rows[i].asset.text, asset) == 0) {
            *out = r.e->balances.rows[i];
            return true;
        }
    return false;
}

static struct held_balance balance(const char *asset) {
    struct held_balance b = {0};
    assert_true(find(&b, asset));
    return b;
}

static void tell(const char *event) {
    char frame[512];
    (void)snprintf(frame, sizeof frame, "{\"subscriptionId\":0,\"event\":%s}", event);
    rig_user(&r, frame);
}

static void begin(void) {
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "account", 200, account);
    rig_start_live(&r, 10 * US_PER_S); /* asked at the start, and once more when the stream is there */
}

static void the_account_is_read_whole(void **state) {
    (void)state;
    begin();
    assert_true(r.e->balances.known && !r.e->balances.outdated && !r.e->balances.cut);
    assert_int_equal(r.e->balances.count, 2); /* what is zero is not kept */
    assert_true(balance("BTC").free.v == DEC8_ONE / 2 && balance("BTC").locked.v == DEC8_ONE / 4);
    assert_int_equal(balance("BTC").source, BALANCE_ACCOUNT);
    assert_true(r.e->balances.read_at.us != 0);
    rig_end(&r);
}

static void the_stream_tells_single_assets(void **state) {
    (void)state;
    begin();
    struct wall read_at = r.e->balances.read_at;
    struct mono from = r.now.mono;
    tell("{\"e\":\"outboundAccountPosition\",\"E\":1795168800000,\"u\":1795168800000,\"B\":["
         "{\"a\":\"BTC\",\"f\":\"0\",\"l\":\"0\"},{\"a\":\"BNB\",\"f\":\"0.1\",\"l\":\"0\"}]}");
    assert_true(balance("BTC").free.v == 0 && balance("BTC").locked.v == 0);
    assert_int_equal(balance("BTC").source, BALANCE_STREAM);
    assert_true(balance("BNB").free.v == DEC8_ONE / 10);
    assert_true(balance("USDT").free.v == 100 * DEC8_ONE); /* not named: as it was */
    assert_true(r.e->balances.read_at.us == read_at.us && r.e->balances.updated_at.us > read_at.us);
    rig_ticks(&r, 30 * US_PER_S);
    assert_int_equal(rig_count(&r, "account", from), 0); /* nothing is asked for it */
    rig_end(&r);
}

static void a_deposit_is_read_anew_once(void **state) {
    (void)state;
    begin();
    struct mono from = r.now.mono;
    rig_rule(&r, "account", 200, "{\"uid\":7,\"balances\":[{\"asset\":\"BTC\",\"free\":\"3\",\"locked\":\"0\"}]}");
    for (int i = 0; i < 5; i++)
        tell("{\"e\":\"balanceUpdate\",\"E\":1795168800000,\"a\":\"BTC\",\"d\":\"2\",\"T\":1795168800000}");
    assert_true(r.e->balances.outdated);
    rig_ticks(&r, 30 * US_PER_S);
    assert_false(r.e->balances.outdated);
    assert_int_equal(rig_count(&r, "account", from), 1);
    assert_true(balance("BTC").free.v == 3 * DEC8_ONE);
    struct held_balance none;
    assert_false(find(&none, "USDT")); /* the account has none any more */
    rig_end(&r);
}

/* An answer may have left before an event that is here already. */
static void what_the_stream_said_after_the_question_stands(void **state) {
    (void)state;
    begin();
    const struct balance old = {.asset = name_of("BTC"), .free = dec8_of_int(9)};
    struct mono asked = r.now.mono;
    rig_pass(&r, US_PER_MS);
    tell("{\"e\":\"outboundAccountPosition\",\"E\":1,\"u\":1,\"B\":[{\"a\":\"BTC\",\"f\":\"4\",\"l\":\"0\"}]}");
    balances_begin(r.e, asked);
    balances_take(r.e, &old, BALANCE_ACCOUNT);
    balances_end(r.e);
    assert_true(balance("BTC").free.v == 4 * DEC8_ONE);
    rig_pass(&r, US_PER_MS);
    balances_begin(r.e, r.now.mono); /* asked later: the answer knows better */
    balances_take(r.e, &old, BALANCE_ACCOUNT);
    balances_end(r.e);
    assert_true(balance("BTC").free.v == 9 * DEC8_ONE);
    rig_end(&r);
}

static void a_new_connection_reads_the_account_again(void **state) {
    (void)state;
    begin();
    struct mono from = r.now.mono;
    rig_close(&r, r.e->user.cur.id);
    rig_live(&r);
    rig_ticks(&r, 10 * US_PER_S);
    assert_int_equal(rig_count(&r, "account", from), 1);
    assert_false(r.e->balances.outdated);
    rig_end(&r);
}

static void more_assets_than_are_kept_are_said_to_be_cut(void **state) {
    (void)state;
    begin();
    balances_begin(r.e, (struct mono){r.now.mono.us + 1});
    for (int i = 0; i <= LIMIT_BALANCES; i++) {
        char asset[16];
        (void)snprintf(asset, sizeof asset, "A%d", i);
        const struct balance one = {.asset = name_of(asset), .free = dec8_of_int(1)};
        assert_int_equal(r.e->balances.cut, false);
        balances_take(r.e, &one, BALANCE_ACCOUNT);
    }
    assert_true(r.e->balances.cut);
    assert_int_equal(r.e->balances.count, LIMIT_BALANCES);
    rig_end(&r);
}

static void words(void **state) {
    (void)state;
    assert_string_equal(balance_source_name(BALANCE_ACCOUNT), "account");
    assert_string_equal(balance_source_name(BALANCE_STREAM), "stream");
    assert_null(change_source_name(CHANGE_NONE, SOURCE_REST));
    assert_string_equal(change_source_name(CHANGE_STORE, SOURCE_REST), "store");
    assert_string_equal(change_source_name(CHANGE_FILL, SOURCE_BOT), "bot");
    assert_string_equal(change_source_name(CHANGE_CANDLE, SOURCE_REST), "candle");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_account_is_read_whole),
        cmocka_unit_test(the_stream_tells_single_assets),
        cmocka_unit_test(a_deposit_is_read_anew_once),
        cmocka_unit_test(what_the_stream_said_after_the_question_stands),
        cmocka_unit_test(a_new_connection_reads_the_account_again),
        cmocka_unit_test(more_assets_than_are_kept_are_said_to_be_cut),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
