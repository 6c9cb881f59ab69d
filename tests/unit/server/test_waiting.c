/* Questions that wait for their answer: late, in pieces, abandoned, too many. */
#include "fixture.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct world w;
static struct response r;

static int setup(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){.timing = {.query_us = 200 * US_PER_MS, .stall_us = 200 * US_PER_MS}});
    return 0;
}

static int setup_patient(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){.timing = {.query_us = 2 * US_PER_S}});
    return 0;
}

static int setup_slow(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){.timing = {.stall_us = 20 * US_PER_S, .piece_us = 300 * US_PER_MS}});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    world_close(&w);
    return 0;
}

static int question(const char *target) { /* asked, not answered yet */
    char request[256];
    unsigned before = w.queries;
    int fd = world_dial(&w);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, w.name);
    fd_send(fd, request, strlen(request));
    for (int i = 0; i < 1000 && w.queries == before; i++) world_run(&w, US_PER_MS);
    assert_int_equal(w.queries, before + 1);
    return fd;
}

static void an_answer_that_takes_too_long_is_504(void **state) {
    (void)state;
    int fd = question("/api/v1/orders");
    fd_await(&w, fd, &r, false);
    assert_int_equal(r.status, 504);
    server_answer(w.server, w.query_id, 200, "application/json", SPAN("{}")); /* late: nothing happens */
    assert_int_equal(server_counters(w.server)->queries_expired, 1);
    close(fd);
}

static void the_answer_of_a_browser_that_left_is_dropped(void **state) {
    (void)state;
    int fd = question("/api/v1/orders");
    close(fd);
    world_run(&w, 20 * US_PER_MS);
    server_answer(w.server, w.query_id, 200, "application/json", SPAN("{}"));
    get(&w, &r, "/healthz");
    assert_int_equal(r.status, 200);
}

static void too_many_questions_are_503(void **state) {
    (void)state;
    static int fds[LIMIT_QUERIES_WAITING];
    for (size_t i = 0; i < LIMIT_QUERIES_WAITING; i++) {
        char request[128];
        fds[i] = world_dial(&w);
        snprintf(request, sizeof request, "GET /api/v1/config HTTP/1.1\r\nHost: %s\r\n\r\n", w.name);
        fd_send(fds[i], request, strlen(request));
        world_run(&w, 100);
    }
    for (int i = 0; i < 100 && w.queries < LIMIT_QUERIES_WAITING; i++) world_run(&w, 100);
    assert_int_equal(w.queries, LIMIT_QUERIES_WAITING);
    get(&w, &r, "/api/v1/config");
    assert_int_equal(r.status, 503);
    assert_string_equal(header(&r, "Retry-After"), "1");
    world_run(&w, 2200 * US_PER_MS); /* all expire, and there is room again */
    int fd = question("/api/v1/config");
    close(fd);
    for (size_t i = 0; i < LIMIT_QUERIES_WAITING; i++) close(fds[i]);
}

static void pieces_make_one_answer(void **state) {
    (void)state;
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv; charset=utf-8", "fills.csv");
    assert_true(server_answer_piece(w.server, w.query_id, SPAN("time,symbol\r\n")));
    world_run(&w, 10 * US_PER_MS);
    assert_int_equal(server_answer_unsent(w.server, w.query_id), 0);
    assert_true(server_answer_piece(w.server, w.query_id, SPAN("t,BTC/USDT\r\n")));
    server_answer_end(w.server, w.query_id);
    assert_false(server_answer_piece(w.server, w.query_id, SPAN("late")));
    assert_true(server_answer_unsent(w.server, w.query_id) == SIZE_MAX);
    fd_await(&w, fd, &r, false);
    assert_int_equal(r.status, 200);
    assert_string_equal(header(&r, "Content-Type"), "text/csv; charset=utf-8");
    assert_string_equal(header(&r, "Content-Disposition"), "attachment; filename=\"fills.csv\"");
    assert_non_null(strstr(r.body, "time,symbol\r\n"));
    assert_non_null(strstr(r.body, "t,BTC/USDT\r\n"));
    close(fd);
}

static void send_until_unsent(void) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 200 && server_answer_unsent(w.server, w.query_id) == 0; i++)
        assert_true(server_answer_piece(w.server, w.query_id, span_from(block, sizeof block)));
    assert_true(server_answer_unsent(w.server, w.query_id) > 0);
}

static void more_is_wanted_when_all_is_taken(void **state) {
    (void)state;
    static char sink[1 << 16];
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv", NULL);
    send_until_unsent();
    for (int i = 0; i < 2000 && w.mores == 0; i++) {
        while (recv(fd, sink, sizeof sink, 0) > 0) {
        }
        world_run(&w, US_PER_MS);
    }
    assert_int_equal(w.mores, 1);
    assert_int_equal(w.gones, 0);
    close(fd);
}

static void a_browser_that_leaves_in_the_middle_is_reported(void **state) {
    (void)state;
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv", NULL);
    assert_true(server_answer_piece(w.server, w.query_id, SPAN("a")));
    struct linger at_once = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    for (int i = 0; i < 100 && w.gones == 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(w.gones, 1);
    assert_false(server_answer_piece(w.server, w.query_id, SPAN("b")));
}

static void a_browser_that_takes_nothing_is_cut(void **state) {
    (void)state;
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv", NULL);
    send_until_unsent();
    for (int i = 0; i < 1000 && w.gones == 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(w.gones, 1);
    assert_int_equal(server_counters(w.server)->queries_expired, 1);
    close(fd);
}

static void a_browser_that_takes_a_little_for_ever_is_cut(void **state) {
    (void)state;
    static char sink[256];
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv", NULL);
    send_until_unsent();
    for (int i = 0; i < 3000 && w.gones == 0; i++) {
        (void)recv(fd, sink, sizeof sink, MSG_DONTWAIT);
        world_run(&w, US_PER_MS);
    }
    assert_int_equal(w.gones, 1);
    assert_int_equal(server_counters(w.server)->queries_expired, 1);
    close(fd);
}

static void pieces_that_stop_coming_are_cut(void **state) {
    (void)state;
    int fd = question("/api/v1/trades.csv");
    server_answer_begin(w.server, w.query_id, "text/csv", NULL);
    assert_true(server_answer_piece(w.server, w.query_id, SPAN("a")));
    fd_await(&w, fd, &r, false); /* ends without the last chunk */
    assert_int_equal(r.status, 0);
    assert_int_equal(w.gones, 1);
    close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(an_answer_that_takes_too_long_is_504),
        T(the_answer_of_a_browser_that_left_is_dropped),
        cmocka_unit_test_setup_teardown(too_many_questions_are_503, setup_patient, teardown),
        T(pieces_make_one_answer),
        T(more_is_wanted_when_all_is_taken),
        T(a_browser_that_leaves_in_the_middle_is_reported),
        T(a_browser_that_takes_nothing_is_cut),
        cmocka_unit_test_setup_teardown(a_browser_that_takes_a_little_for_ever_is_cut, setup_slow, teardown),
        T(pieces_that_stop_coming_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
