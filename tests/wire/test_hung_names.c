/* A name server that does not answer: the look-up hangs in its own thread, and nobody waits for it, neither the loop when
 * the request's time is over nor the program when it ends. This program's own getaddrinfo stands before the system's. */
#include "harness.h"
#include "io/http_client.h"
#include "io/ws_client.h"

#include <netdb.h>
#include <stdatomic.h>
#include <time.h>

enum { HANG_MS = 4000 };
static atomic_int lookups;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
    struct timespec t = {.tv_sec = HANG_MS / 1000};
    (void)node;
    (void)service;
    (void)hints;
    (void)out;
    lookups++;
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
    return EAI_AGAIN;
}

static int64_t real_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct world {
    struct loop *loop;
    int answers, ws_ends;
    enum err err, ws_err;
};

static void on_answer(void *arg, uint64_t id, const struct http_answer *a) {
    struct world *w = arg;
    (void)id;
    w->answers++;
    w->err = a->err;
}

static void on_ws(void *arg, uint64_t id, const struct ws_client_event *e) {
    struct world *w = arg;
    (void)id;
    w->ws_ends += e->kind == WS_CLIENT_CLOSED;
    w->ws_err = e->err;
}

static void timeout_does_not_wait_for_the_lookup(void **state) {
    struct world w = {.loop = loop_new(&test_log)};
    (void)state;
    struct http_client *http = http_client_new(w.loop, NULL);
    struct ws_client *ws = ws_client_new(w.loop, NULL);
    int64_t start = real_ms();
    struct http_request q = {
        .method = "GET", .url = "http://hangs.example/", .timeout_us = 200 * US_PER_MS, .max_body = 1000};
    assert_int_equal(http_start(http, 1, &q, on_answer, &w), ERR_OK);
    assert_int_equal(ws_client_connect(ws, 2, "ws://hangs.example/ws", 200 * US_PER_MS, 1000, on_ws, &w), ERR_OK);
    WAIT_FOR(w.loop, w.answers == 1 && w.ws_ends == 1);
    assert_int_equal(w.err, ERR_TIMEOUT);
    assert_int_equal(w.ws_err, ERR_TIMEOUT);
    assert_int_equal(lookups, 2);
    http_client_free(http);
    ws_client_free(ws);
    loop_free(w.loop);
    assert_true(real_ms() - start < HANG_MS - 1000);
}

static void end_does_not_wait_for_the_lookup(void **state) {
    struct world w = {.loop = loop_new(&test_log)};
    (void)state;
    struct http_client *http = http_client_new(w.loop, NULL);
    struct ws_client *ws = ws_client_new(w.loop, NULL);
    struct http_request q = {
        .method = "GET", .url = "http://hangs.example/", .timeout_us = 60 * US_PER_S, .max_body = 1000};
    assert_int_equal(http_start(http, 1, &q, on_answer, &w), ERR_OK);
    assert_int_equal(ws_client_connect(ws, 2, "ws://hangs.example/ws", 60 * US_PER_S, 1000, on_ws, &w), ERR_OK);
    WAIT_FOR(w.loop, lookups == 4);
    int64_t start = real_ms();
    http_cancel(http, 1);
    http_client_free(http);
    ws_client_free(ws);
    loop_free(w.loop);
    assert_true(real_ms() - start < HANG_MS / 2);
    assert_int_equal(w.answers, 0);
}

/* The threads that were left alone end by themselves: here they are given the time, for the leak checkers. */
static int wait_for_threads(void **state) {
    struct timespec t = {.tv_sec = HANG_MS / 1000 + 1};
    (void)state;
    while (nanosleep(&t, &t) != 0) {
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeout_does_not_wait_for_the_lookup),
        cmocka_unit_test(end_does_not_wait_for_the_lookup),
    };
    return cmocka_run_group_tests(tests, NULL, wait_for_threads);
}
