#include "rig.h"

static yyjson_doc *proof_of_rig(struct rig *r) {
    struct buf b;
    buf_init(&b, 1 << 22);
    view_proof(&b, r->e, r->now);
    yyjson_doc *doc = rig_json(&b);
    buf_free(&b);
    return doc;
}

static struct held_balance held(struct rig *r, const char *asset, const char *free, const char *locked) {
    return (struct held_balance){
        .asset = name_of(asset), .free = D8(free), .locked = D8(locked), .at = r->now.wall, .source = BALANCE_STREAM};
}

static void tell(struct rig *r, const struct held_balance *rows, size_t count) {
    struct balances *b = &r->e->balances;
    free(b->rows);
    b->rows = calloc(count + 1, sizeof *b->rows);
    assert_non_null(b->rows);
    memcpy(b->rows, rows, count * sizeof *rows);
    b->count = count;
    b->known = true;
    b->read_at = b->updated_at = r->now.wall;
}

/* Realized 3, unrealized 20; fees of 1 USDT and of 0.01 BNB worth 6. */
static size_t begin(struct rig *r) {
    rig_begin(r);
    size_t p = rig_pair(r, "BTC", "USDT");
    rig_fill(r, p, SIDE_BUY, "100", "2", "1", "USDT");
    rig_wait(r, US_PER_S);
    rig_fill(r, p, SIDE_SELL, "110", "1", "0.01", "BNB");
    struct ledger *l = r->e->pairs[p]->ledger;
    assert_int_equal(ledger_value_fee(l, ledger_last_id(l), SIDE_SELL, D16("6"), D8("600"), (struct wall){0}), ERR_OK);
    assert_true(ledger_recompute(l, 100));
    r->e->pairs[p]->history.state = HISTORY_COMPLETE;
    rig_tick(r, p, D8("120"));
    return p;
}

static void both_ways_lead_to_the_same_total(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "time", "2026-11-20T10:15:31.123456Z");
    assert_json(d, "state", "exact");
    assert_json(d, "drift", "0");
    assert_json(d, "total", "23");
    assert_json(d, "worth", "23");
    assert_json(d, "cash.net", "-97");
    assert_json(d, "holdings_value", "120");
    assert_json(d, "history.state", "complete");
    assert_json(d, "history.fills_loaded", "2");
    assert_json(d, "pairs.0.state", "exact");
    assert_json(d, "pairs.0.drift", "0");
    assert_json(d, "pairs.0.realized", "3");
    assert_json(d, "pairs.0.unrealized", "20");
    assert_json(d, "pairs.0.cash.in", "110");
    assert_json(d, "pairs.0.cash.out", "200");
    assert_json(d, "pairs.0.cash.fees_quote", "1");
    assert_json(d, "pairs.0.cash.fees_other", "6");
    assert_json(d, "pairs.0.cash.fees_outside", "0");
    assert_json(d, "pairs.0.coins.in", "2");
    assert_json(d, "pairs.0.coins.out", "1");
    assert_json(d, "pairs.0.coins.held", "1");
    assert_json(d, "pairs.0.holdings", "1");
    assert_json(d, "pairs.0.mark", "120");
    assert_json(d, "pairs.0.mark_source", "stream");
    assert_int_equal(yyjson_arr_size(rig_at(d, "reasons")), 0);
    yyjson_doc_free(d);
    rig_end(&r);
}

static i128 number(yyjson_doc *d, const char *path) { return D16(rig_text(d, path)).v; }

/* Somebody adds it up: 0.00000002 that are nowhere would look like a fault. */
static void converted_parts_add_up_to_what_is_shown(void **state) {
    static const char *const rates[] = {"3", "6", "7", "9", "11", "13", "0.7", "1.0837"};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct rig r;
        size_t p = begin(&r);
        struct portfolio_line *l = &r.e->lines[p];
        r.e->display = name_of("EUR");
        l->rate_is_one = false;
        l->rate = (struct conversion){.legs = 1, .mul = {D8("1")}, .div = {D8(rates[i])}};
        portfolio_sum(&r.e->portfolio, r.e->left_out, l, 1);
        yyjson_doc *d = proof_of_rig(&r);
        assert_json(d, "drift", "0");
        assert_true(number(d, "total") == number(d, "realized") + number(d, "unrealized"));
        assert_true(number(d, "total") == number(d, "worth"));
        assert_true(number(d, "worth") == number(d, "cash.net") + number(d, "holdings_value"));
        assert_true(number(d, "cash.net") == number(d, "cash.in") - number(d, "cash.out") -
                                                 number(d, "cash.fees_quote") - number(d, "cash.fees_other") -
                                                 number(d, "cash.fees_outside"));
        yyjson_doc_free(d);
        rig_end(&r);
    }
}

static void a_drift_is_shown_to_the_last_digit(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    r.e->pairs[p]->proof.state = r.e->proof.state = PROOF_DRIFT;
    r.e->pairs[p]->proof.drift.v = r.e->proof.drift.v = -1;
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "state", "drift");
    assert_json(d, "drift", "-0.0000000000000001");
    assert_json(d, "pairs.0.drift", "-0.0000000000000001");
    assert_non_null(strstr(rig_text(d, "sentence"), "wrong"));
    yyjson_doc_free(d);
    rig_end(&r);
}

static void why_it_cannot_be_said_is_named_by_pair(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    size_t eth = rig_pair(&r, "ETH", "USDT"), sol = rig_pair(&r, "SOL", "USDT");
    rig_fill(&r, eth, SIDE_SELL, "10", "1", "0", "");
    rig_fill(&r, sol, SIDE_BUY, "10", "1", "0", "");
    rig_tick(&r, eth, D8("12"));
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "state", "unchecked");
    assert_json(d, "drift", "null");
    assert_json(d, "pairs.0.drift", "0");
    assert_json(d, "pairs.1.drift", "null");
    assert_json(d, "pairs.1.reasons.0", "unmatched");
    assert_json(d, "pairs.1.worth", "-2"); /* its parts are known all the same */
    assert_json(d, "pairs.2.reasons.0", "no_price");
    assert_json(d, "pairs.2.worth", "null");
    assert_json(d, "pairs.2.cash.net", "-10");
    assert_json(d, "reasons.0.symbol", "ETH/USDT");
    assert_json(d, "reasons.0.reason", "unmatched");
    assert_json(d, "reasons.1.symbol", "SOL/USDT");
    assert_json(d, "reasons.1.reason", "no_price");
    assert_json(d, "history.state", "loading"); /* the least complete of them */
    yyjson_doc_free(d);
    rig_end(&r);
}

static void fills_agree_with_the_balances(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    r.e->user.state = FEED_LIVE;
    tell(&r, (struct held_balance[]){held(&r, "BTC", "0.4", "0.6"), held(&r, "USDT", "909", "0")}, 2);
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "balances.known", "true");
    assert_json(d, "balances.reason", "null");
    assert_json(d, "balances.differences", "0");
    assert_json(d, "balances.source", "stream");
    assert_json(d, "balances.assets.0.asset", "BTC");
    assert_json(d, "balances.assets.0.role", "base");
    assert_json(d, "balances.assets.0.moved", "1");
    assert_json(d, "balances.assets.0.balance", "1");
    assert_json(d, "balances.assets.0.difference", "0");
    assert_json(d, "balances.assets.0.note", "as the fills say");
    assert_json(d, "balances.assets.1.asset", "USDT");
    assert_json(d, "balances.assets.1.role", "quote");
    assert_json(d, "balances.assets.1.moved", "-91");
    assert_json(d, "balances.assets.1.difference", "1000"); /* the money brought in */
    assert_json(d, "balances.assets.2.asset", "BNB");
    assert_json(d, "balances.assets.2.role", "fee");
    assert_json(d, "balances.assets.2.moved", "-0.01");
    assert_json(d, "balances.assets.2.balance", "0"); /* not listed: none is held */
    assert_json(d, "balances.assets.2.difference", "0.01");
    assert_json(d, "balances.assets.2.source", "account");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void a_difference_is_named_and_counted(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    r.e->user.state = FEED_LIVE;
    tell(&r, (struct held_balance[]){held(&r, "BTC", "0.4", "0")}, 1);
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "balances.assets.0.difference", "-0.6");
    assert_non_null(strstr(rig_text(d, "balances.assets.0.note"), "withdrawals"));
    assert_json(d, "balances.differences", "1");
    yyjson_doc_free(d);
    tell(&r, (struct held_balance[]){held(&r, "BTC", "1", "1")}, 1);
    d = proof_of_rig(&r);
    assert_non_null(strstr(rig_text(d, "balances.assets.0.note"), "deposits"));
    yyjson_doc_free(d);
    rig_end(&r);
}

/* BTC is bought with USDT and spent for ETH: both count. */
static void an_asset_of_several_roles_is_summed_over_all_of_them(void **state) {
    (void)state;
    struct rig r;
    begin(&r);
    size_t p = rig_pair(&r, "ETH", "BTC"), bnb = rig_pair(&r, "BNB", "USDT");
    rig_fill(&r, p, SIDE_BUY, "0.05", "4", "0.01", "BTC");
    rig_fill(&r, bnb, SIDE_BUY, "600", "1", "0.001", "BNB");
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "balances.assets.0.asset", "BTC");
    assert_json(d, "balances.assets.0.role", "base");
    assert_json(d, "balances.assets.0.moved", "0.79");
    assert_json(d, "balances.assets.2.asset", "BNB");
    assert_json(d, "balances.assets.2.role", "base");
    assert_json(d, "balances.assets.2.moved", "0.989"); /* less the other pair's fee and its own */
    yyjson_doc_free(d);
    rig_end(&r);
}

static void balances_that_cannot_be_compared_say_why(void **state) {
    (void)state;
    struct rig r;
    size_t p = begin(&r);
    r.e->user.state = FEED_LIVE;
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "balances.known", "false");
    assert_json(d, "balances.reason", "not_read");
    assert_json(d, "balances.assets.0.difference", "null");
    yyjson_doc_free(d);
    tell(&r, (struct held_balance[]){held(&r, "BTC", "1", "0")}, 1);
    r.e->balances.cut = true; /* an asset that is not listed may be held all the same */
    d = proof_of_rig(&r);
    assert_json(d, "balances.known", "true");
    assert_json(d, "balances.assets.0.balance", "1");
    assert_json(d, "balances.assets.1.balance", "null");
    yyjson_doc_free(d);
    r.e->balances.outdated = true;
    d = proof_of_rig(&r);
    assert_json(d, "balances.reason", "stale");
    yyjson_doc_free(d);
    r.e->balances.outdated = false;
    r.e->user.state = FEED_WAITING; /* and a fill came by polling since */
    r.e->pairs[p]->realized_change.at.us = r.now.wall.us + 1;
    d = proof_of_rig(&r);
    assert_json(d, "balances.reason", "stale");
    yyjson_doc_free(d);
    r.e->exchange.unauthorized = true;
    d = proof_of_rig(&r);
    assert_json(d, "balances.reason", "unauthorized");
    yyjson_doc_free(d);
    r.config.key.kind = KEY_NONE;
    d = proof_of_rig(&r);
    assert_json(d, "balances.reason", "no_credentials");
    assert_json(d, "balances.assets.0.balance", "null");
    yyjson_doc_free(d);
    rig_end(&r);
}

static void nothing_known_is_no_proof_of_anything(void **state) {
    (void)state;
    struct rig r;
    rig_begin(&r);
    yyjson_doc *d = proof_of_rig(&r);
    assert_json(d, "drift", "null");
    assert_json(d, "total", "null");
    assert_json(d, "history.state", "loading");
    assert_int_equal(yyjson_arr_size(rig_at(d, "pairs")), 0);
    yyjson_doc_free(d);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_lead_to_the_same_total),
        cmocka_unit_test(converted_parts_add_up_to_what_is_shown),
        cmocka_unit_test(a_drift_is_shown_to_the_last_digit),
        cmocka_unit_test(why_it_cannot_be_said_is_named_by_pair),
        cmocka_unit_test(fills_agree_with_the_balances),
        cmocka_unit_test(a_difference_is_named_and_counted),
        cmocka_unit_test(an_asset_of_several_roles_is_summed_over_all_of_them),
        cmocka_unit_test(balances_that_cannot_be_compared_say_why),
        cmocka_unit_test(nothing_known_is_no_proof_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
