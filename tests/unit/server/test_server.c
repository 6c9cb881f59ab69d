/* The server as a whole: its start, the live feed over real sockets, its end. */
#include "fixture.h"

#include "base/limits.h"
#include "server/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct world w;
static struct response r;

static int open_with(const struct server_config *config) {
    world_open(&w, config);
    return 0;
}

static int setup(void **state) {
    (void)state;
    return open_with(&(struct server_config){.require_origin = true});
}

static int setup_login(void **state) {
    (void)state;
    return open_with(
        &(struct server_config){.auth_enabled = true, .password = SPAN("pass"), .login_lifetime_us = US_PER_HOUR});
}

static int setup_short_login(void **state) {
    (void)state;
    return open_with(
        &(struct server_config){.auth_enabled = true, .password = SPAN("pass"), .login_lifetime_us = US_PER_S});
}

static int setup_restless(void **state) {
    (void)state;
    return open_with(&(struct server_config){
        .timing = {.ping_us = 50 * US_PER_MS, .pong_us = 2 * US_PER_S, .stall_us = 20 * US_PER_S}});
}

static int setup_narrow(void **state) {
    (void)state;
    return open_with(
        &(struct server_config){.soft_bytes = 4096, .hard_bytes = 64 << 20, .timing = {.stall_us = 20 * US_PER_S}});
}

static int setup_shallow(void **state) {
    (void)state;
    return open_with(
        &(struct server_config){.soft_bytes = 4096, .hard_bytes = 8192, .timing = {.close_us = 100 * US_PER_MS}});
}

static int teardown(void **state) {
    (void)state;
    world_close(&w);
    return 0;
}

static const char *own_origin(void) {
    static char line[64];
    snprintf(line, sizeof line, "Origin: http://%s\r\n", w.name);
    return line;
}

static void publish(void) {
    char text[64];
    uint64_t seq = server_seq(w.server) + 1;
    int len = snprintf(text, sizeof text, "{\"type\":\"delta\",\"seq\":%llu}", (unsigned long long)seq);
    server_publish_delta(w.server, span_from(text, (size_t)len), seq);
}

static unsigned long long seq_of(const char *message, const char *type) {
    char start[64];
    if (message == NULL) return 0;
    int len = snprintf(start, sizeof start, "{\"type\":\"%s\",\"seq\":", type);
    return strncmp(message, start, (size_t)len) == 0 ? strtoull(message + len, NULL, 10) : 0;
}

/* --- start --- */

static enum err start(struct server_config config) {
    struct world other;
    enum err e = world_try(&other, &config);
    world_close(&other);
    return e;
}

static void a_bind_beyond_loopback_needs_a_password(void **state) {
    (void)state;
    assert_int_equal(start((struct server_config){.host = "0.0.0.0"}), ERR_DENIED);
    assert_int_equal(start((struct server_config){.host = "::"}), ERR_DENIED);
    assert_int_equal(start((struct server_config){.host = "192.168.1.5"}), ERR_DENIED);
    assert_int_equal(start((struct server_config){.host = "0.0.0.0", .auth_enabled = true, .login_lifetime_us = 1}),
                     ERR_MISSING);
    assert_int_equal(start((struct server_config){.host = "127.0.0.1"}), ERR_OK);
    assert_int_equal(start((struct server_config){.host = "localhost"}), ERR_OK);
}

static void a_malformed_start_is_refused(void **state) {
    (void)state;
    static const char *const hosts[] = {"bad/host"};
    assert_int_equal(start((struct server_config){.host = "127.0.0.1", .public_hosts = hosts, .public_host_count = 1}),
                     ERR_VALUE);
    assert_int_equal(start((struct server_config){
                         .host = "127.0.0.1", .auth_enabled = true, .login_lifetime_us = 1, .password_hash = "secret"}),
                     ERR_VALUE);
}

static void a_port_in_use_is_an_error(void **state) {
    (void)state;
    assert_int_equal(start((struct server_config){.host = "127.0.0.1", .port = server_port(w.server)}), ERR_IO);
}

static void the_first_seq_is_above_those_of_earlier_lives(void **state) {
    (void)state;
    struct world first, second;
    assert_int_equal(world_try(&first, &(struct server_config){.host = "127.0.0.1"}), ERR_OK);
    for (int i = 0; i < 100; i++) server_publish_delta(first.server, SPAN("{}"), server_seq(first.server) + 1);
    uint64_t seq = server_seq(first.server);
    world_run(&first, US_PER_MS);
    world_close(&first);
    assert_int_equal(world_try(&second, &(struct server_config){.host = "127.0.0.1"}), ERR_OK);
    assert_true(server_seq(second.server) > seq);
    assert_true(server_seq(second.server) < (uint64_t)1 << 53); /* exact in a browser's numbers */
    world_close(&second);
}

/* --- who may connect --- */

static void only_our_own_origin_may_connect(void **state) {
    (void)state;
    static const char *const foreign[] = {"Origin: http://evil.example\r\n", "Origin: null\r\n", "",
                                          "Sec-Fetch-Site: cross-site\r\n"};
    static struct browser b;
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        browser_open(&w, &b, "/ws", foreign[i]);
        assert_int_equal(b.status, 403);
        browser_drop(&b);
    }
    browser_open(&w, &b, "/ws", own_origin());
    assert_int_equal(b.status, 101);
    browser_drop(&b);
}

static void a_plain_request_is_told_to_upgrade(void **state) {
    (void)state;
    ask(&w, &r, "GET", "/ws", own_origin(), NULL);
    assert_int_equal(r.status, 426);
    assert_string_equal(header(&r, "Upgrade"), "websocket");
}

static void a_malformed_resume_is_400(void **state) {
    (void)state;
    static struct browser b;
    browser_open(&w, &b, "/ws?resume=abc", own_origin());
    assert_int_equal(b.status, 400);
    browser_drop(&b);
    browser_open(&w, &b, "/ws?resume=-1", own_origin());
    assert_int_equal(b.status, 400);
    browser_drop(&b);
    assert_int_equal(server_sessions(w.server), 0);
}

/* --- the feed --- */

static void snapshot_then_deltas(void **state) {
    (void)state;
    static struct browser b;
    browser_open(&w, &b, "/ws", own_origin());
    assert_int_equal(seq_of(browser_next(&w, &b), "snapshot"), 100);
    for (int i = 0; i < 20; i++) publish();
    for (unsigned i = 1; i <= 20; i++) assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 100 + i);
    assert_int_equal(server_sessions(w.server), 1);
    browser_drop(&b);
    for (int i = 0; i < 1000 && server_sessions(w.server) > 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(server_sessions(w.server), 0);
}

static void a_reconnecting_page_resumes(void **state) {
    (void)state;
    static struct browser b;
    for (int i = 0; i < 5; i++) publish();
    browser_open(&w, &b, "/ws", own_origin());
    browser_say(&b, "{\"type\":\"resume\",\"seq\":103}");
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 104);
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 105);
    publish();
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 106);
    browser_drop(&b);
    browser_open(&w, &b, "/ws?resume=105", own_origin());
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 106);
    browser_drop(&b);
    browser_open(&w, &b, "/ws?resume=99", own_origin()); /* from another life */
    assert_int_equal(seq_of(browser_next(&w, &b), "snapshot"), 106);
    browser_drop(&b);
}

static void topics_come_and_go(void **state) {
    (void)state;
    static struct browser b;
    browser_open(&w, &b, "/ws?resume=0", own_origin());
    browser_next(&w, &b);
    browser_say(&b, "{\"type\":\"subscribe\",\"topics\":[\"candles:BTC/USDT:1m\"]}");
    for (int i = 0; i < 1000 && w.topics[0] == '\0'; i++) world_run(&w, US_PER_MS);
    assert_string_equal(w.topics, "+candles:BTC/USDT:1m=1 ");
    server_publish_topic(w.server, SPAN("candles:BTC/USDT:1m"), SPAN("{\"type\":\"candles\",\"seq\":100}"));
    assert_int_equal(seq_of(browser_next(&w, &b), "candles"), 100);
    publish();
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), 101);
    browser_drop(&b);
    for (int i = 0; i < 1000 && server_sessions(w.server) > 0; i++) world_run(&w, US_PER_MS);
    assert_string_equal(w.topics, "+candles:BTC/USDT:1m=1 -candles:BTC/USDT:1m=0 ");
}

static void a_message_over_4_kib_closes_with_1009(void **state) {
    (void)state;
    static struct browser b;
    static char text[LIMIT_BROWSER_MESSAGE_BYTES + 2];
    memset(text, ' ', LIMIT_BROWSER_MESSAGE_BYTES + 1);
    browser_open(&w, &b, "/ws?resume=0", own_origin());
    browser_next(&w, &b);
    browser_say(&b, text);
    browser_await_close(&w, &b);
    assert_int_equal(b.closed, 1009);
    browser_drop(&b);
}

static void bad_messages_close_with_1008(void **state) {
    (void)state;
    static struct browser b;
    browser_open(&w, &b, "/ws?resume=0", own_origin());
    browser_next(&w, &b);
    for (int i = 0; i < 6; i++) browser_say(&b, "{\"type\":\"order\"}");
    for (int i = 0; i < 5; i++)
        assert_string_equal(browser_next(&w, &b), "{\"type\":\"error\",\"message\":\"unknown type\"}");
    browser_await_close(&w, &b);
    assert_int_equal(b.closed, 1008);
    browser_drop(&b);
}

static void a_hundred_browsers_get_every_delta(void **state) {
    (void)state;
    enum { BROWSERS = 100, DELTAS = 50 };
    static struct browser b[BROWSERS];
    for (int i = 0; i < BROWSERS; i++) {
        browser_open(&w, &b[i], "/ws?resume=0", own_origin());
        assert_int_equal(seq_of(browser_next(&w, &b[i]), "snapshot"), 100);
    }
    for (int d = 0; d < DELTAS; d++) publish();
    for (int i = 0; i < BROWSERS; i++)
        for (unsigned d = 1; d <= DELTAS; d++) assert_int_equal(seq_of(browser_next(&w, &b[i]), "delta"), 100 + d);
    assert_int_equal(server_counters(w.server)->frames_sent, BROWSERS * (DELTAS + 1));
    for (int i = 0; i < BROWSERS; i++) browser_drop(&b[i]);
}

/* --- slow, silent, gone --- */

static void a_slow_browser_gets_a_fresh_snapshot(void **state) {
    (void)state;
    static struct browser b;
    static char block[1 << 16];
    browser_open(&w, &b, "/ws?resume=0", "");
    assert_int_equal(seq_of(browser_next(&w, &b), "snapshot"), 100);
    memset(block, ' ', sizeof block);
    while (server_counters(w.server)->snapshots_owed == 0) { /* until the kernel takes no more */
        uint64_t seq = server_seq(w.server) + 1;
        int len = snprintf(block, sizeof block, "{\"type\":\"delta\",\"seq\":%llu}", (unsigned long long)seq);
        block[len] = ' ';
        server_publish_delta(w.server, span_from(block, 60000), seq);
        assert_true(seq < 2000);
    }
    for (int i = 0; i < 100; i++) publish(); /* not for it */
    unsigned long long last = 100, seq;
    const char *message;
    while (last < server_seq(w.server)) {
        message = browser_next(&w, &b);
        seq = seq_of(message, "delta");
        if (seq != 0) assert_int_equal(seq, last + 1);
        else assert_int_equal(seq_of(message, "snapshot"), server_seq(w.server));
        last = seq != 0 ? seq : server_seq(w.server);
    }
    assert_int_equal(server_counters(w.server)->snapshots_sent, 2);
    publish();
    assert_int_equal(seq_of(browser_next(&w, &b), "delta"), last + 1);
    browser_drop(&b);
}

static void too_far_behind_is_closed(void **state) {
    (void)state;
    static struct browser b;
    w.snapshot_padding = 8 << 20; /* more than the kernel takes at once */
    browser_open(&w, &b, "/ws?resume=0", "");
    for (int i = 0; i < 5000 && server_sessions(w.server) > 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(server_counters(w.server)->sessions_closed_slow, 1);
    assert_int_equal(server_sessions(w.server), 0);
    browser_drop(&b);
}

static void a_browser_that_reads_nothing_is_closed(void **state) {
    (void)state;
    static struct browser b;
    w.snapshot_padding = 8 << 20;
    browser_open(&w, &b, "/ws?resume=0", "");
    for (int i = 0; i < 5000 && server_sessions(w.server) > 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(server_counters(w.server)->sessions_closed_slow, 1);
    browser_drop(&b);
}

static int setup_stall(void **state) {
    (void)state;
    return open_with(&(struct server_config){.hard_bytes = 64 << 20,
                                             .timing = {.stall_us = 200 * US_PER_MS, .close_us = 100 * US_PER_MS}});
}

static void pings_keep_a_browser_that_answers(void **state) {
    (void)state;
    static struct browser b;
    browser_open(&w, &b, "/ws?resume=0", "");
    browser_next(&w, &b);
    for (int i = 0; i < 100 && b.pings < 5; i++) assert_false(browser_hears(&w, &b, 50 * US_PER_MS));
    assert_int_equal(b.closed, 0);
    assert_true(b.pings >= 5); /* each one answered, and none of them an end */
    b.answers = false;
    browser_await_close(&w, &b);
    assert_int_equal(b.closed, 1001);
    assert_int_equal(server_counters(w.server)->sessions_closed_silent, 1);
    browser_drop(&b);
}

/* --- login --- */

static void log_in(char *cookie, size_t size) {
    ask(&w, &r, "POST", "/api/v1/login", "Content-Type: application/json\r\n", "{\"password\":\"pass\"}");
    assert_int_equal(r.status, 200);
    const char *set = header(&r, "Set-Cookie");
    snprintf(cookie, size, "Cookie: %.*s\r\n", (int)strcspn(set, ";"), set);
}

static void logout_closes_the_feeds_of_that_login(void **state) {
    (void)state;
    static struct browser mine, other;
    char cookie[256], another[256];
    browser_open(&w, &mine, "/ws", "");
    assert_int_equal(mine.status, 401);
    browser_drop(&mine);
    log_in(cookie, sizeof cookie);
    log_in(another, sizeof another);
    browser_open(&w, &mine, "/ws?resume=0", cookie);
    browser_open(&w, &other, "/ws?resume=0", another);
    assert_int_equal(seq_of(browser_next(&w, &mine), "snapshot"), 100);
    assert_int_equal(seq_of(browser_next(&w, &other), "snapshot"), 100);
    ask(&w, &r, "POST", "/api/v1/logout", cookie, "");
    assert_int_equal(r.status, 200);
    browser_await_close(&w, &mine);
    assert_int_equal(mine.closed, 4401);
    publish();
    assert_int_equal(seq_of(browser_next(&w, &other), "delta"), 101);
    browser_drop(&mine);
    browser_drop(&other);
}

static void the_end_of_a_login_closes_its_feed(void **state) {
    (void)state;
    static struct browser b;
    char cookie[256];
    log_in(cookie, sizeof cookie);
    browser_open(&w, &b, "/ws?resume=0", cookie);
    assert_int_equal(b.status, 101);
    browser_await_close(&w, &b);
    assert_int_equal(b.closed, 4401);
    ask(&w, &r, "GET", "/api/v1/snapshot", cookie, NULL);
    assert_int_equal(r.status, 401);
    browser_drop(&b);
}

/* --- end --- */

static void closing_says_goodbye(void **state) {
    (void)state;
    static struct browser b;
    struct world other;
    world_open(&other, NULL);
    browser_open(&other, &b, "/ws?resume=0", "");
    browser_next(&other, &b);
    server_close(other.server, NULL, NULL);
    other.server = NULL;
    browser_await_close(&other, &b);
    assert_int_equal(b.closed, 1001);
    browser_drop(&b);
    world_close(&other);
}

static void closing_in_the_middle_of_everything_leaves_nothing(void **state) {
    (void)state;
    struct world other;
    char request[256];
    world_open(&other, &(struct server_config){
                           .auth_enabled = true, .password = SPAN("pass"), .login_lifetime_us = US_PER_HOUR});
    int fd = world_dial(&other);
    snprintf(request, sizeof request,
             "POST /api/v1/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
             "{\"password\":\"pass\"}",
             other.name);
    fd_send(fd, request, strlen(request));
    world_run(&other, 2 * US_PER_MS); /* the password is being checked */
    world_close(&other);
    close(fd);
}

static void closing_before_the_first_word_leaves_nothing(void **state) {
    (void)state;
    static struct browser b;
    struct world other;
    world_open(&other, &(struct server_config){.timing = {.first_word_us = US_PER_HOUR}});
    browser_open(&other, &b, "/ws", "");
    world_run(&other, 2 * US_PER_MS);
    assert_int_equal(server_sessions(other.server), 1);
    world_close(&other);
    browser_drop(&b);
}

#define T(name, with) cmocka_unit_test_setup_teardown(name, with, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bind_beyond_loopback_needs_a_password),
        cmocka_unit_test(a_malformed_start_is_refused),
        T(a_port_in_use_is_an_error, setup),
        cmocka_unit_test(the_first_seq_is_above_those_of_earlier_lives),
        T(only_our_own_origin_may_connect, setup),
        T(a_plain_request_is_told_to_upgrade, setup),
        T(a_malformed_resume_is_400, setup),
        T(snapshot_then_deltas, setup),
        T(a_reconnecting_page_resumes, setup),
        T(topics_come_and_go, setup),
        T(a_message_over_4_kib_closes_with_1009, setup),
        T(bad_messages_close_with_1008, setup),
        T(a_hundred_browsers_get_every_delta, setup),
        T(a_slow_browser_gets_a_fresh_snapshot, setup_narrow),
        T(too_far_behind_is_closed, setup_shallow),
        T(a_browser_that_reads_nothing_is_closed, setup_stall),
        T(pings_keep_a_browser_that_answers, setup_restless),
        T(logout_closes_the_feeds_of_that_login, setup_login),
        T(the_end_of_a_login_closes_its_feed, setup_short_login),
        cmocka_unit_test(closing_says_goodbye),
        cmocka_unit_test(closing_in_the_middle_of_everything_leaves_nothing),
        cmocka_unit_test(closing_before_the_first_word_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
