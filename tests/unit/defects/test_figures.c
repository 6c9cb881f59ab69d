/* The predecessor's defects of sections D (profit and loss), E (what the page draws, as far as the server decides it), F and G (load). */
#include "shown.h"

#include "server/params.h"

static struct rig r;
static struct bot_rows rows;
#define EVER ((struct mono){0})
#define EARLY "\"2026-01-01T00:00:00+00:00\""

static void begin_live(bool key) { rig_begin_live(&r, key, 15 * US_PER_S); }

/* A bot whose trades are the rows, watched until they are shown. */
static void begin_rows(void) {
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_start_live(&r, 10 * US_PER_S);
}

static void fill_now(int64_t id, const char *side, const char *price, const char *quantity, const char *fee) {
    rig_fill(&r, id, side, price, quantity, fee, "USDT");
    rig_pass(&r, US_PER_S);
}

static void defect_d1_profit_made_stays_made(void **state) {
    (void)state;
    begin_live(true);
    fill_now(1, "BUY", "100", "1", "0");
    fill_now(2, "SELL", "110", "1", "0");
    assert_amount(&r, "pnl.realized", "10");
    fill_now(3, "BUY", "200", "1", "0");
    assert_amount(&r, "pnl.realized", "10");
    rig_end(&r);
}

static void defect_d2_fees_are_an_expense(void **state) {
    (void)state;
    begin_live(true);
    fill_now(1, "BUY", "91000", "0.01", "0.91");
    fill_now(2, "SELL", "92000", "0.01", "0.92");
    assert_amount(&r, "pnl.realized", "8.17");
    assert_amount(&r, "pnl.fees", "1.83");
    rig_end(&r);
}

static void defect_d3_a_sell_without_a_known_buy_is_no_profit(void **state) {
    (void)state;
    begin_live(true);
    fill_now(1, "SELL", "95000", "1", "0");
    assert_amount(&r, "pnl.realized", "0");
    assert_amount(&r, "pairs.0.unmatched_quantity", "1");
    assert_shown(&r, "pnl.unmatched", "1 members");
    rig_end(&r);
    begin_live(true);
    fill_now(1, "BUY", "91000", "0.01", "0.91");
    fill_now(2, "SELL", "92000", "0.03", "0.92");
    assert_amount(&r, "pnl.realized", "8.17"); /* of the part that is known */
    assert_amount(&r, "pairs.0.unmatched_quantity", "0.02");
    rig_end(&r);
}

/* Totals are of every fill ever, whatever a window of recent ones holds. */
static void defect_d4_a_window_of_500_fills_changes_no_total(void **state) {
    (void)state;
    oracle_history(&r, "gen_500_three_symbols.json", "gen_500_three_symbols");
    oracle_history(&r, "gen_200_btc.json", "gen_200_btc");
    begin_live(true);
    for (int i = 1; i <= 2000; i++) rig_fill(&r, i, i % 2 ? "BUY" : "SELL", i % 2 ? "100" : "101", "1", "0", "USDT");
    rig_pass(&r, 2 * US_PER_S);
    assert_shown(&r, "pairs.0.fills", "2000");
    assert_amount(&r, "pnl.realized", "1000");
    assert_amount(&r, "pairs.0.unmatched_quantity", "0");
    rig_end(&r);
}

static void defect_d5_equal_times_are_ordered_by_id(void **state) {
    (void)state;
    bot_rows_begin(&rows); /* the sell is listed first, in the same millisecond */
    bot_row(&rows, 2, "BTC/USDT", "sell", "92000", "0.01", "null", EARLY);
    bot_row(&rows, 1, "BTC/USDT", "buy", "91000", "0.01", "null", EARLY);
    begin_rows();
    assert_amount(&r, "pnl.realized", "10");
    assert_amount(&r, "pairs.0.holdings", "0");
    rig_end(&r);
    bot_rows_begin(&rows); /* two buys in the wrong order: the sale takes the first by id */
    bot_row(&rows, 3, "BTC/USDT", "sell", "110", "1", "null", EARLY);
    bot_row(&rows, 2, "BTC/USDT", "buy", "105", "1", "null", EARLY);
    bot_row(&rows, 1, "BTC/USDT", "buy", "100", "1", "null", EARLY);
    begin_rows();
    assert_amount(&r, "pnl.realized", "10");
    assert_amount(&r, "pairs.0.cost_basis", "105");
    rig_end(&r);
}

static void defect_d6_times_with_and_without_zone_and_none_at_all(void **state) {
    (void)state;
    bot_rows_begin(&rows);
    bot_row(&rows, 3, "BTC/USDT", "sell", "110", "1", "null", "\"2026-01-01T02:00:02+02:00\"");
    bot_row(&rows, 2, "BTC/USDT", "buy", "105", "1", "null", "\"2026-01-01T00:00:01\"");
    bot_row(&rows, 1, "BTC/USDT", "buy", "100", "1", "null", "\"2026-01-01T00:00:00Z\"");
    bot_row(&rows, 4, "BTC/USDT", "buy", "1", "1", "null", "null"); /* refused alone, by name */
    begin_rows();
    assert_shown(&r, "pairs.0.fills", "3");
    assert_amount(&r, "pnl.realized", "10");
    assert_true(r.e->count.fills_refused > 0);
    rig_end(&r);
}

static void defect_d7_an_empty_list_takes_nothing_away(void **state) {
    (void)state;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "1", "null", EARLY);
    begin_rows();
    assert_amount(&r, "pnl.total", "10");
    rig_no_rules(&r); /* 200 and [], as in an outage of the exchange */
    rig_ticks(&r, 2 * US_PER_MIN);
    assert_amount(&r, "pnl.total", "10");
    assert_shown(&r, "pairs.0.fills", "1");
    assert_shown(&r, "status", "stale"); /* and it is not taken for news */
    rig_end(&r);
}

static void assert_sum(void) {
    struct dec16 realized = DEC16_ZERO, unrealized = DEC16_ZERO, total = DEC16_ZERO, sum = DEC16_ZERO;
    if (strcmp(shown(&r, "pnl.total"), "null") == 0) return;
    assert_int_equal(dec16_parse(&realized, span_of(shown(&r, "pnl.realized"))), ERR_OK);
    assert_int_equal(dec16_parse(&unrealized, span_of(shown(&r, "pnl.unrealized"))), ERR_OK);
    assert_int_equal(dec16_parse(&total, span_of(shown(&r, "pnl.total"))), ERR_OK);
    assert_int_equal(dec16_add(&sum, realized, unrealized), ERR_OK);
    assert_int_equal(dec16_cmp(sum, total), 0);
}

static void defect_d8_total_is_realized_and_unrealized_at_every_moment(void **state) {
    (void)state;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "90", "2", "\"0.123\"", EARLY);
    bot_row(&rows, 2, "BTC/USDT", "sell", "97.13", "1", "\"0.07\"", "\"2026-01-01T00:00:01+00:00\"");
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/trades", 200, bot_rows_end(&rows));
    rig_start(&r);
    for (int s = 0; s < 100; s++) {
        rig_ticks(&r, US_PER_S);
        if (s == 30) rig_no_rules(&r); /* [] from here on */
        if (s == 60) r.refuse_connections = true, rig_close(&r, r.e->market.cur.id);
        rig_tick(&r, "BTCUSDT", s % 2 ? "93.5" : "88.77");
        assert_sum();
    }
    rig_end(&r);
}

static void defect_d9_an_unknown_price_is_unknown_not_zero(void **state) {
    (void)state;
    static const char *const no_price[] = {"0", "0.00000000", "-5", "NaN", ""};
    rig_begin(&r);
    rig_key(&r);
    r.silent_market = true;
    rig_symbols(&r, "ETH/USDT", NULL);
    rig_restart(&r);
    struct fill f = stored_fill("ETH/USDT", 1, "buy", "3000", "1", "0", (struct wall){r.now.wall.us - US_PER_HOUR});
    engine_load_fill(r.e, &f);
    rig_go(&r);
    rig_pass(&r, 5 * US_PER_S);
    for (size_t i = 0; i < sizeof no_price / sizeof *no_price; i++) {
        if (r.e->market.cur.id != 0) rig_tick(&r, "ETHUSDT", no_price[i]);
        assert_shown(&r, "pairs.0.price", "null");
        assert_shown(&r, "pairs.0.unrealized", "null");
        assert_shown(&r, "pairs.0.total", "null");
        assert_shown(&r, "pnl.partial", "true");
        assert_shown(&r, "pnl.left_out", "1 members");
    }
    rig_end(&r);
}

/* Basis and proceeds both are what the exchange charged: 0.12345 x 333 = 41.10885, charged 41.11. */
static void defect_d10_basis_and_proceeds_are_what_was_charged(void **state) {
    (void)state;
    static const char trades[] =
        "{\"trades\": [{\"id\": \"1\", \"order_id\": \"1\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"amount\": "
        "\"333\", "
        "\"price\": \"0.12345\", \"cost\": \"41.11\", \"fee\": null, \"timestamp\": \"2026-01-01T00:00:00+00:00\"}, "
        "{\"id\": \"2\", \"order_id\": \"2\", \"symbol\": \"BTC/USDT\", \"side\": \"sell\", \"amount\": \"333\", "
        "\"price\": \"0.12345\", \"cost\": \"41.11\", \"fee\": null, \"timestamp\": \"2026-01-01T00:00:01+00:00\"}]}";
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/trades", 200, trades);
    rig_start_live(&r, 10 * US_PER_S);
    assert_shown(&r, "pairs.0.fills", "2");
    assert_amount(&r, "pnl.realized", "0");
    rig_end(&r);
}

static void defect_d11_a_sell_order_in_four_fills_is_one_cycle(void **state) {
    (void)state;
    char body[2000], *at = body;
    at += sprintf(
        at,
        "{\"trades\": [{\"id\": \"1\", \"order_id\": \"1\", \"symbol\": \"BTC/USDT\", \"side\": \"buy\", \"amount\": "
        "\"4\", \"price\": \"100\", \"cost\": \"400\", \"fee\": null, \"timestamp\": \"2026-01-01T00:00:00\"}");
    for (int i = 2; i <= 5; i++)
        at += sprintf(
            at,
            ", {\"id\": \"%d\", \"order_id\": \"77\", \"symbol\": \"BTC/USDT\", \"side\": \"sell\", \"amount\": \"1\", "
            "\"price\": \"110\", \"cost\": \"110\", \"fee\": null, \"timestamp\": \"2026-01-01T00:00:0%d\"}",
            i, i);
    (void)sprintf(at, "]}");
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    rig_rule(&r, "/api/trades", 200, body);
    rig_start_live(&r, 10 * US_PER_S);
    assert_shown(&r, "pairs.0.sells", "4");
    assert_shown(&r, "pairs.0.cycles", "1");
    rig_end(&r);
}

static void defect_d12_a_buy_before_the_window_is_still_the_cost(void **state) {
    (void)state;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.has_investment = true;
    r.config.investment = (struct dec16){(i128)1000 * DEC16_ONE};
    rig_restart(&r);
    struct fill buy =
        stored_fill("BTC/USDT", 1, "buy", "200", "1", "0", (struct wall){r.now.wall.us - 40 * US_PER_DAY});
    struct fill sell = stored_fill("BTC/USDT", 2, "sell", "218", "1", "0", (struct wall){r.now.wall.us - US_PER_HOUR});
    engine_load_fill(r.e, &buy);
    engine_load_fill(r.e, &sell);
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 75 * US_PER_S);
    assert_amount(&r, "windows.24h.pnl", "18");
    assert_amount(&r, "windows.24h.percent", "1.8");
    rig_end(&r);
}

static void defect_d13_a_window_holds_fees_and_what_is_not_sold(void **state) {
    (void)state;
    begin_live(true);
    fill_now(1, "BUY", "100", "1", "0.1");
    rig_ticks(&r, 70 * US_PER_MIN);
    assert_shown(&r, "windows.1h.basis", "equity");
    assert_amount(&r, "windows.1h.pnl", "0");
    fill_now(2, "BUY", "100", "1", "0.1");
    rig_tick(&r, "BTCUSDT", "75");
    rig_pass(&r, 2 * US_PER_S);
    rig_tick(&r, "BTCUSDT", "75");
    assert_amount(&r, "windows.1h.pnl", "-50.1");    /* the fall of both, and the fee of this hour's buy */
    assert_shown(&r, "windows.1h.percent", "-50.1"); /* of the bot's 100, not of an invented 1000 */
    rig_end(&r);
}

static void defect_d14_today_is_the_day_and_percent_is_of_the_investment(void **state) {
    (void)state;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.has_investment = true;
    r.config.investment = (struct dec16){(i128)1000 * DEC16_ONE};
    r.now.wall.us += 11 * US_PER_HOUR;
    rig_restart(&r);
    for (int i = 0; i < 20; i++) { /* a turnover of 2,000 yesterday, 10 of profit each day */
        struct wall at = {r.now.wall.us - (i < 10 ? 20 : 2) * US_PER_HOUR + i * US_PER_MIN};
        struct fill f = stored_fill("BTC/USDT", i + 1, i % 2 ? "sell" : "buy", i % 2 ? "102" : "100", "1", "0", at);
        engine_load_fill(r.e, &f);
    }
    rig_go(&r);
    rig_live(&r);
    rig_ticks(&r, 75 * US_PER_S);
    assert_amount(&r, "pnl.total", "20");
    assert_amount(&r, "pairs.0.today", "10");
    assert_amount(&r, "pnl.total_percent", "2");
    rig_end(&r);
}

static void defect_d15_a_pairs_figure_keeps_its_meaning(void **state) {
    (void)state;
    rig_begin(&r);
    rig_key(&r);
    rig_rule(
        &r, "/api/strategies", 200,
        "{\"strategies\": [{\"name\": \"grid\", \"symbol\": \"BTC/USDT\", \"statistics\": {\"total_profit\": \"999\", "
        "\"total_fees\": \"0\", \"completed_cycles\": 7, \"active_buy_orders\": 0, \"active_sell_orders\": 0}, "
        "\"config\": "
        "{\"type\": \"grid\", \"lower_price\": \"1\", \"upper_price\": \"2\", \"num_grids\": 3, \"total_investment\": "
        "\"1\"}}]}");
    rig_start(&r);
    rig_live(&r);
    fill_now(1, "BUY", "90", "1", "0");
    for (int s = 0; s < 130; s++) { /* over two rounds of the strategies, and two midway */
        rig_ticks(&r, US_PER_S);
        assert_amount(&r, "pairs.0.total", "10");
        assert_amount(&r, "pairs.0.holdings", "1");
    }
    rig_end(&r);
}

static void defect_d16_an_amount_has_the_currency_it_is_in(void **state) {
    (void)state;
    begin_live(true);
    fill_now(1, "BUY", "78", "1", "0");
    assert_shown(&r, "pnl.currency", "USDT");
    assert_amount(&r, "pnl.total", "22");
    rig_end(&r);
    rig_begin(&r);
    rig_key(&r);
    rig_symbols(&r, "BTC/USDT", NULL);
    r.config.display_currency = name_of("EUR");
    rig_start_live(&r, 2 * US_PER_S);
    fill_now(1, "BUY", "78", "1", "0");
    rig_tick(&r, "EURUSDT", "1.1");
    rig_ticks(&r, US_PER_S);
    assert_shown(&r, "pnl.currency", "EUR");
    assert_amount(&r, "pnl.total", "20"); /* converted, not relabelled */
    rig_end(&r);
}

/* ---- E, as far as the server decides ---- */

static void a_query(struct buf *out, const char *text) {
    struct view_trades *t;
    struct server_query q;
    struct param_fault fault;
    assert_int_equal(params_parse(&q, &fault, QUERY_TRADES, span_of(text)), ERR_OK);
    struct view_trades_query v = {.symbol = q.symbol,
                                  .has_side = q.side != QUERY_SIDE_ANY,
                                  .side = q.side == QUERY_SIDE_SELL ? SIDE_SELL : SIDE_BUY,
                                  .from = q.from,
                                  .to = q.to,
                                  .text = q.q,
                                  .limit = q.limit};
    buf_init(out, 1 << 20);
    assert_int_equal(view_trades_new(&t, &v, VIEW_TRADES_JSON), ERR_OK);
    while (!view_trades_step(t, out, r.e)) {
    }
    view_trades_free(t);
    assert_int_equal(out->failed, ERR_OK);
    buf_putc(out, '\0');
}

static size_t rows_of(const char *query) {
    struct buf out;
    size_t n = 0;
    a_query(&out, query);
    for (const char *p = out.at; (p = strstr(p, "\"trade_id\"")) != NULL; p++) n++;
    buf_free(&out);
    return n;
}

static void defect_e2_a_tick_is_told_in_the_turn_it_comes(void **state) {
    (void)state;
    begin_live(true);
    struct buf out;
    struct view *v = view_new(r.e, r.now);
    assert_non_null(v);
    engine_set_price(r.e, 0, (struct dec8){123 * DEC8_ONE}, PRICE_STREAM);
    buf_init(&out, 1 << 20);
    assert_true(view_delta(v, &out, r.e, r.now, 2));
    buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "123"));
    buf_free(&out);
    view_free(v);
    rig_end(&r);
}

static void defect_e4_the_configuration_is_there_without_the_bots_missing_endpoints(void **state) {
    (void)state;
    struct buf out;
    rig_begin(&r);
    rig_rule(&r, "/api/config", 404, "404: Not Found");
    rig_rule(&r, "/api/grid", 404, "404: Not Found");
    rig_start(&r);
    rig_ticks(&r, 10 * US_PER_S);
    buf_init(&out, 1 << 16);
    view_strategies(&out, r.e);
    buf_putc(&out, '\0');
    assert_non_null(strstr(out.at, "\"BTC/USDT\""));
    assert_non_null(strstr(out.at, "\"upper\":\"2"));
    buf_free(&out);
    rig_end(&r);
}

static void defect_e5_where_no_candles_are_none_are_drawn(void **state) {
    (void)state;
    begin_live(true); /* klines: [] */
    rig_handle(&r, &(struct event){.kind = EVENT_WANT_CANDLES,
                                   .id = 7,
                                   .symbol = name_of("BTC/USDT"),
                                   .interval = name_of("1h"),
                                   .limit = 10});
    rig_pass(&r, 20 * US_PER_S);
    assert_int_equal(r.candles_answers, 1);
    assert_int_equal(r.candles_count, 0);
    rig_end(&r);
}

static void defect_e6_e7_a_date_filter_cuts_and_is_nobody_elses(void **state) {
    (void)state;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "100", "1", "null", "\"2025-12-30T10:00:00\"");
    bot_row(&rows, 2, "BTC/USDT", "buy", "100", "1", "null", "\"2025-12-31T10:00:00+00:00\"");
    bot_row(&rows, 3, "BTC/USDT", "sell", "100", "1", "null", "\"2026-01-01T00:00:00Z\"");
    begin_rows();
    assert_int_equal(rows_of(""), 3);
    assert_int_equal(rows_of("from=2025-12-31"), 2);
    assert_int_equal(rows_of("from=2025-12-31T00:00:00&to=2025-12-31T23:00:00Z"), 1);
    assert_int_equal(rows_of("from=2025-12-31T10:00:00%2B00:00"), 2);
    assert_int_equal(rows_of("side=sell"), 1);
    assert_int_equal(rows_of(""), 3); /* a filter is of its question alone */
    rig_end(&r);
}

static void defect_e8_a_row_of_a_sale_says_what_it_made(void **state) {
    (void)state;
    struct buf out;
    bot_rows_begin(&rows);
    bot_row(&rows, 1, "BTC/USDT", "buy", "100", "1", "null", EARLY);
    bot_row(&rows, 2, "BTC/USDT", "sell", "107", "1", "null", "\"2026-01-01T00:00:01Z\"");
    begin_rows();
    a_query(&out, "side=sell");
    assert_non_null(strstr(out.at, "\"realized\":\"7"));
    buf_free(&out);
    a_query(&out, "side=buy"); /* sold long ago: it has no value of today */
    assert_null(strstr(out.at, "unrealized"));
    buf_free(&out);
    rig_end(&r);
}

static void defect_e9_fills_of_one_second_are_rows_of_their_own(void **state) {
    (void)state;
    struct buf out;
    bot_rows_begin(&rows);
    for (int i = 1; i <= 3; i++) bot_row(&rows, i, "BTC/USDT", "buy", "100", "1", "null", EARLY);
    begin_rows();
    a_query(&out, "");
    for (int i = 1; i <= 3; i++) {
        char id[40];
        (void)snprintf(id, sizeof id, "\"trade_id\":\"%d\"", i);
        assert_non_null(strstr(out.at, id));
    }
    buf_free(&out);
    rig_end(&r);
}

static void defect_e12_the_quiet_pair_has_all_its_rows(void **state) {
    (void)state;
    static struct bot_rows busy;
    bot_rows_begin(&busy), bot_rows_begin(&rows);
    for (int i = 1; i <= 900; i++) bot_row(&busy, i, "BTC/USDT", "buy", "100", "1", "null", EARLY);
    for (int i = 1; i <= 44; i++) bot_row(&rows, i, "ETH/USDT", "buy", "100", "1", "null", EARLY);
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    rig_rule(&r, "/api/trades?symbol=BTC", 200, bot_rows_end(&busy));
    rig_rule(&r, "/api/trades?symbol=ETH", 200, bot_rows_end(&rows));
    rig_start_live(&r, 20 * US_PER_S);
    assert_shown(&r, "pairs.1.fills", "44");
    assert_int_equal(rows_of("symbol=ETH/USDT&limit=100"), 44);
    rig_end(&r);
}

static void defect_e13_as_many_pairs_as_there_are_are_expected(void **state) {
    (void)state;
    begin_live(true);
    assert_int_equal(shown_pairs(&r), 1);
    assert_shown(&r, "status", "connected");
    assert_shown(&r, "status_reason", "null");
    rig_end(&r);
}

/* ---- F and G: load ---- */

static void defect_f5_the_bots_limiter_is_never_met(void **state) {
    (void)state;
    for (int pairs = 1; pairs <= 4; pairs++) { /* without streams: the most that is ever asked; browsers ask nothing */
        rig_begin(&r);
        for (int i = 0; i < pairs; i++) {
            char symbol[20];
            (void)snprintf(symbol, sizeof symbol, "C%d/USDT", i);
            rig_symbols(&r, symbol, NULL);
        }
        r.refuse_connections = true;
        rig_rule(&r, "http://rest", 0, NULL);
        rig_start(&r);
        rig_handle(&r, &(struct event){.kind = EVENT_PAGE, .on = true});
        rig_pass(&r, 2 * US_PER_MIN);
        for (int minute = 0; minute < 10; minute++) {
            struct mono from = mono_add(r.now.mono, 1);
            rig_pass(&r, US_PER_MIN);
            assert_in_range(rig_count(&r, "http://bot", from), 30, 91);
        }
        rig_end(&r);
    }
}

static void defect_f6_a_hung_candle_request_holds_up_nothing(void **state) {
    (void)state;
    rig_begin(&r);
    rig_symbols(&r, "BTC/USDT", "ETH/USDT");
    r.refuse_connections = true;
    rig_rule(&r, "http://rest", 0, NULL);
    rig_rule(&r, "/api/ohlcv", -1, NULL);
    rig_start(&r);
    rig_pass(&r, 30 * US_PER_S);
    struct mono from = r.now.mono;
    rig_pass(&r, US_PER_MIN);
    assert_in_range(rig_count(&r, "/metrics", from), 28, 32);
    assert_true(rig_count(&r, "/api/trades", from) >= 10);
    rig_end(&r);
}

static void defect_f7_it_watches_with_no_browser_open(void **state) {
    (void)state;
    begin_live(true);
    rig_handle(&r, &(struct event){.kind = EVENT_PAGE, .on = true});
    rig_handle(&r, &(struct event){.kind = EVENT_PAGE, .on = false}); /* the last tab closes */
    struct mono from = r.now.mono;
    rig_ticks(&r, 10 * US_PER_MIN);
    fill_now(1, "BUY", "90", "1", "0");
    assert_true(rig_count(&r, "/metrics", from) > 290);
    assert_amount(&r, "pnl.total", "10");
    rig_end(&r);
}

/* Requests an hour, counted and not estimated: with the streams live, for one to four pairs. */
static void defect_g1_the_load_is_the_one_that_is_written_down(void **state) {
    (void)state;
    for (int pairs = 1; pairs <= 4; pairs++) {
        rig_begin(&r);
        rig_key(&r);
        for (int i = 0; i < pairs; i++) {
            char symbol[20];
            (void)snprintf(symbol, sizeof symbol, "C%d/USDT", i);
            rig_symbols(&r, symbol, NULL);
        }
        rig_start_live(&r, 90 * US_PER_S);
        struct mono from = r.now.mono;
        rig_ticks(&r, US_PER_HOUR);
        assert_in_range(rig_count(&r, "http://bot", from), 1840, 1870); /* one in 2 s, and one a minute */
        assert_int_equal(rig_count(&r, "http://rest", from), 0);
        rig_end(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defect_d1_profit_made_stays_made),
        cmocka_unit_test(defect_d2_fees_are_an_expense),
        cmocka_unit_test(defect_d3_a_sell_without_a_known_buy_is_no_profit),
        cmocka_unit_test(defect_d4_a_window_of_500_fills_changes_no_total),
        cmocka_unit_test(defect_d5_equal_times_are_ordered_by_id),
        cmocka_unit_test(defect_d6_times_with_and_without_zone_and_none_at_all),
        cmocka_unit_test(defect_d7_an_empty_list_takes_nothing_away),
        cmocka_unit_test(defect_d8_total_is_realized_and_unrealized_at_every_moment),
        cmocka_unit_test(defect_d9_an_unknown_price_is_unknown_not_zero),
        cmocka_unit_test(defect_d10_basis_and_proceeds_are_what_was_charged),
        cmocka_unit_test(defect_d11_a_sell_order_in_four_fills_is_one_cycle),
        cmocka_unit_test(defect_d12_a_buy_before_the_window_is_still_the_cost),
        cmocka_unit_test(defect_d13_a_window_holds_fees_and_what_is_not_sold),
        cmocka_unit_test(defect_d14_today_is_the_day_and_percent_is_of_the_investment),
        cmocka_unit_test(defect_d15_a_pairs_figure_keeps_its_meaning),
        cmocka_unit_test(defect_d16_an_amount_has_the_currency_it_is_in),
        cmocka_unit_test(defect_e2_a_tick_is_told_in_the_turn_it_comes),
        cmocka_unit_test(defect_e4_the_configuration_is_there_without_the_bots_missing_endpoints),
        cmocka_unit_test(defect_e5_where_no_candles_are_none_are_drawn),
        cmocka_unit_test(defect_e6_e7_a_date_filter_cuts_and_is_nobody_elses),
        cmocka_unit_test(defect_e8_a_row_of_a_sale_says_what_it_made),
        cmocka_unit_test(defect_e9_fills_of_one_second_are_rows_of_their_own),
        cmocka_unit_test(defect_e12_the_quiet_pair_has_all_its_rows),
        cmocka_unit_test(defect_e13_as_many_pairs_as_there_are_are_expected),
        cmocka_unit_test(defect_f5_the_bots_limiter_is_never_met),
        cmocka_unit_test(defect_f6_a_hung_candle_request_holds_up_nothing),
        cmocka_unit_test(defect_f7_it_watches_with_no_browser_open),
        cmocka_unit_test(defect_g1_the_load_is_the_one_that_is_written_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
