#include "rig.h"

#include <stdio.h>

static char *metrics_of(struct rig *r, struct buf *b) {
    buf_init(b, 1 << 22);
    view_metrics(b, r->e, r->now);
    assert_int_equal(b->failed, ERR_OK);
    return b->at;
}

static void assert_line(const char *text, const char *line) {
    size_t len = strlen(line);
    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line))
        if ((at == text || at[-1] == '\n') && at[len] == '\n') return;
    fail_msg("no line %s", line);
}

static void begin(struct rig *r) {
    rig_begin(r);
    size_t p = rig_pair(r, "BTC", "USDT");
    rig_fill(r, p, SIDE_BUY, "64000.125", "0.01", "0.64", "USDT");
    rig_fill(r, p, SIDE_BUY, "64000", "0.01", "0.001", "BNB");
    rig_tick(r, p, D8("64010.5"));
}

static void figures_are_exact_text(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    r.e->count.duplicates_dropped = 18446744073709551615U;
    r.e->windows[WINDOW_7D] = (struct window_figure){true, D16("-12345678901234567890.0123456789"), false, {0}, true};
    const char *t = metrics_of(&r, &b);
    assert_line(t, "gridscope_pair_price{symbol=\"BTC/USDT\"} 64010.5");
    assert_line(t, "gridscope_pair_cost_basis{symbol=\"BTC/USDT\"} 1280.00125");
    assert_line(t, "gridscope_pnl_realized -0.64");
    assert_line(t, "gridscope_window_pnl{window=\"7d\"} -12345678901234567890.0123456789");
    assert_line(t, "gridscope_duplicates_dropped_total 18446744073709551615");
    assert_line(t, "gridscope_pair_fees_paid{symbol=\"BTC/USDT\",asset=\"BNB\"} 0.001");
    assert_line(t, "gridscope_pair_price_timestamp_seconds{symbol=\"BTC/USDT\"} 1795169730.123456");
    buf_free(&b);
    rig_end(&r);
}

static void states_are_one_of_their_words(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    r.e->mode = MODE_PARTIAL;
    r.e->market.state = FEED_DRAINING;
    for (int i = 0; i < 5; i++) breaker_failure(&r.e->bot.breaker, r.now, "no");
    const char *t = metrics_of(&r, &b);
    assert_line(t, "gridscope_mode{state=\"partial\"} 1");
    assert_line(t, "gridscope_mode{state=\"streaming\"} 0");
    assert_line(t, "gridscope_feed_state{feed=\"market\",state=\"draining\"} 1");
    assert_line(t, "gridscope_feed_state{feed=\"user\",state=\"off\"} 1");
    assert_line(t, "gridscope_breaker_state{upstream=\"bot\",state=\"open\"} 1");
    assert_line(t, "gridscope_breaker_state{upstream=\"binance\",state=\"closed\"} 1");
    assert_line(t, "gridscope_breaker_opened_total{upstream=\"bot\"} 1");
    assert_line(t, "gridscope_breaker_consecutive_failures{upstream=\"bot\"} 5");
    assert_line(t, "gridscope_status_reason{state=\"starting\"} 1");
    buf_free(&b);
    rig_end(&r);
}

/* Each state the engine can be in has its word in the table: exactly one sample is 1. */
static void every_state_has_its_sample(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    for (int i = 0; i < FEED_STATES; i++) {
        char line[96];
        r.e->user.state = (enum feed_state)i;
        r.e->mode = (enum mode)(i % 5);
        r.e->status = (enum status)(i % 4);
        r.e->bot.health = (enum bot_health_state)(i % 4);
        r.e->pairs[0]->history.state = (enum history_state)(i % 4);
        r.e->reason = (enum status_reason)(1 + i % 5);
        const char *t = metrics_of(&r, &b);
        (void)snprintf(line, sizeof line, "gridscope_feed_state{feed=\"user\",state=\"%s\"} 1",
                       feed_state_name(r.e->user.state));
        assert_line(t, line);
        (void)snprintf(line, sizeof line, "gridscope_mode{state=\"%s\"} 1", mode_name(r.e->mode));
        assert_line(t, line);
        (void)snprintf(line, sizeof line, "gridscope_status{state=\"%s\"} 1", status_name(r.e->status));
        assert_line(t, line);
        (void)snprintf(line, sizeof line, "gridscope_status_reason{state=\"%s\"} 1", status_reason_name(r.e->reason));
        assert_line(t, line);
        (void)snprintf(line, sizeof line, "gridscope_bot_health{state=\"%s\"} 1", bot_health_name(r.e->bot.health));
        assert_line(t, line);
        (void)snprintf(line, sizeof line, "gridscope_pair_history{symbol=\"BTC/USDT\",state=\"%s\"} 1",
                       history_state_name(r.e->pairs[0]->history.state));
        assert_line(t, line);
        buf_free(&b);
    }
    rig_end(&r);
}

static void unknown_values_have_no_sample(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    rig_begin(&r);
    (void)rig_pair(&r, "BTC", "USDT");
    const char *t = metrics_of(&r, &b);
    assert_null(strstr(t, "gridscope_pair_price{"));
    assert_null(strstr(t, "\ngridscope_pnl "));
    assert_null(strstr(t, "gridscope_feed_latency_milliseconds{"));
    assert_null(strstr(t, "gridscope_pair_holdings{"));
    buf_free(&b);
    rig_end(&r);
}

static void labels_are_escaped(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    rig_begin(&r);
    r.e->display = name_of("A\"B\\C");
    const char *t = metrics_of(&r, &b);
    assert_line(t, "gridscope_info{version=\"" GRIDSCOPE_VERSION "\",currency=\"A\\\"B\\\\C\"} 1");
    buf_free(&b);
    rig_end(&r);
}

/* The text format: each family introduced once by HELP and TYPE, its samples right behind, one value a line. */
static void text_keeps_the_format(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    begin(&r);
    char family[128] = "", *text = metrics_of(&r, &b), *save = NULL;
    size_t families = 0;
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char name[128];
        size_t len = strcspn(line, "{ ");
        if (strncmp(line, "# HELP ", 7) == 0) {
            assert_int_equal(sscanf(line + 7, "%100s", name), 1);
            assert_string_not_equal(name, family);
            strcpy(family, name);
            families++;
        } else if (strncmp(line, "# TYPE ", 7) == 0) {
            char type[20];
            assert_int_equal(sscanf(line + 7, "%100s %10s", name, type), 2);
            assert_string_equal(name, family);
            size_t at = strlen(name);
            bool counter = at > 6 && strcmp(name + at - 6, "_total") == 0;
            assert_string_equal(type, counter ? "counter" : "gauge");
        } else {
            char *end, *value = strrchr(line, ' ');
            assert_true(len == strlen(family) && strncmp(line, family, len) == 0);
            assert_non_null(value);
            (void)strtod(value + 1, &end);
            assert_true(end != value + 1 && *end == '\0');
        }
    }
    assert_true(families > 60);
    buf_free(&b);
    rig_end(&r);
}

static void ready_from_the_first_data_on(void **state) {
    (void)state;
    struct rig r;
    struct buf b;
    rig_begin(&r);
    assert_false(view_ready(r.e));
    buf_init(&b, 1000);
    view_ready_text(&b, r.e);
    assert_string_equal(
        b.at, "{\"ready\":false,\"mode\":\"starting\",\"status\":\"offline\",\"status_reason\":\"starting\"}");
    r.e->mode = MODE_POLLING;
    assert_true(view_ready(r.e));
    r.e->mode = MODE_OFFLINE; /* nobody answered, and nothing is known from before */
    r.e->portfolio.known = false;
    assert_false(view_ready(r.e));
    r.e->portfolio.known = true; /* the figures of before can be shown */
    assert_true(view_ready(r.e));
    buf_free(&b);
    rig_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_exact_text),       cmocka_unit_test(states_are_one_of_their_words),
        cmocka_unit_test(every_state_has_its_sample),   cmocka_unit_test(unknown_values_have_no_sample),
        cmocka_unit_test(labels_are_escaped),           cmocka_unit_test(text_keeps_the_format),
        cmocka_unit_test(ready_from_the_first_data_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
