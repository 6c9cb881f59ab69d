/* One request's intake without a socket: every request fed whole and cut at every point must come out the same. What the
 * server answers to which bad request: tests/wire/test_http_server.c. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "io/http_intake.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_BODY = 100 };

/* "WHOLE GET /x 2 headers, body abc, rest 3", "REFUSED 400", "MORE" */
static void outcome(char *out, size_t size, struct intake *n, enum intake_step step, size_t rest) {
    if (step == INTAKE_REFUSED) (void)snprintf(out, size, "REFUSED %d", n->refused);
    else if (step != INTAKE_WHOLE) (void)snprintf(out, size, "MORE");
    else
        (void)snprintf(out, size, "WHOLE %.*s %.*s, %zu headers, body %.*s, rest %zu%s%s", (int)n->head.method.len,
                       n->head.method.at, (int)n->head.target.len, n->head.target.at, n->head.header_count,
                       (int)n->body.len, n->body.len > 0 ? n->body.at : "", rest, n->keep_alive ? ", keep" : "",
                       n->upgrade ? ", upgrade" : "");
}

/* Feeds one stretch; returns how much was taken. */
static size_t feed(struct intake *n, enum intake_step *step, struct span bytes) {
    char *copy = malloc(bytes.len + 1); /* exactly as long, and gone afterwards: nothing may point into the input */
    assert_non_null(copy);
    if (bytes.len > 0) memcpy(copy, bytes.at, bytes.len);
    size_t at = 0;
    while (at < bytes.len && *step != INTAKE_WHOLE && *step != INTAKE_REFUSED) {
        size_t used;
        *step = intake_feed(n, copy + at, bytes.len - at, &used);
        assert_true(used <= bytes.len - at);
        at += used;
    }
    free(copy);
    return at;
}

static void check_cut(struct span request, size_t first, size_t second, const char *expected) {
    struct intake n;
    enum intake_step step = INTAKE_MORE;
    char got[300];
    intake_init(&n, MAX_BODY);
    size_t at = feed(&n, &step, span_from(request.at, first));
    if (at == first) at += feed(&n, &step, span_from(request.at + first, second - first));
    if (at == second) at += feed(&n, &step, span_skip(request, second));
    outcome(got, sizeof got, &n, step, request.len - at);
    if (strcmp(got, expected) != 0) fail_msg("cut at %zu and %zu: %s instead of %s", first, second, got, expected);
    intake_free(&n);
}

static void check(const char *request, const char *expected) {
    struct span bytes = span_of(request);
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        check_cut(bytes, cut, cut, expected);
        if (cut + 2 <= bytes.len) check_cut(bytes, cut, cut + 2, expected);
    }
}

#define UPGRADE_HEADERS                                                                                                \
    "Host: h\r\nUPGRADE: WebSocket\r\nconnection: keep-alive , uPgrAde\r\nSec-WebSocket-Version: 13\r\n"               \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void sound_requests_at_every_cut(void **state) {
    (void)state;
    check("GET /x HTTP/1.1\r\nHost: h\r\n\r\n", "WHOLE GET /x, 1 headers, body , rest 0, keep");
    check("GET /x?a=b HTTP/1.1\r\nHost: h\r\nA: \r\n\r\nGET ", "WHOLE GET /x?a=b, 2 headers, body , rest 4, keep");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcdef",
          "WHOLE POST /, 2 headers, body abc, rest 3, keep");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "WHOLE POST /, 2 headers, body , rest 0, keep");
    check("GET / HTTP/1.0\r\n\r\n", "WHOLE GET /, 0 headers, body , rest 0");
    check("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, close\r\n\r\n", "WHOLE GET /, 2 headers, body , rest 0");
    check("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "WHOLE OPTIONS *, 1 headers, body , rest 0, keep");
    check("GET /ws HTTP/1.1\r\n" UPGRADE_HEADERS "\r\n\x81", "WHOLE GET /ws, 5 headers, body , rest 1, keep, upgrade");
}

static void refusals_at_every_cut(void **state) {
    (void)state;
    check("GET / HTTP/1.1\nHost: h\r\n\r\n", "REFUSED 400");
    check("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", "REFUSED 400");
    check("GET / HTTP/1.1\r\nHost: h\r\n\tfolded\r\n\r\n", "REFUSED 400");
    check("GET / HTTP/1.1\r\n\r\n", "REFUSED 400");
    check("GET / HTTP/1.1\r\nHost : h\r\n\r\n", "REFUSED 400");
    check("GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "REFUSED 400");
    check("GET x HTTP/1.1\r\nHost: a\r\n\r\n", "REFUSED 400");
    check("\r\n", "REFUSED 400");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", "REFUSED 413");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "REFUSED 400");
    check("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "REFUSED 411");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\ntransfer-encoding: identity\r\n\r\n", "REFUSED 400");
    check("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: x\r\n\r\n", "REFUSED 417");
}

static void what_is_not_complete_waits(void **state) {
    (void)state;
    check("GET / HTTP/1.1\r\nHost: h\r\n\r", "MORE");
    check("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab", "MORE");
    check("", "MORE");
}

static void an_intake_serves_again_after_a_reset(void **state) {
    (void)state;
    struct intake n;
    size_t used;
    intake_init(&n, MAX_BODY);
    for (int i = 0; i < 3; i++) {
        static const char request[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok";
        enum intake_step step = INTAKE_MORE;
        assert_false(intake_begun(&n));
        assert_int_equal(feed(&n, &step, SPAN("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")),
                         sizeof request - 1);
        assert_int_equal(step, INTAKE_WHOLE);
        assert_true(intake_begun(&n));
        assert_true(span_is(buf_span(&n.body), "ok"));
        intake_reset(&n);
    }
    char lf[] = "\n";
    assert_int_equal(intake_feed(&n, lf, 1, &used), INTAKE_REFUSED);
    intake_reset(&n);
    assert_int_equal(n.refused, 0);
    intake_free(&n);
}

/* Sound requests with bytes changed at random: whatever it says, it says so at every cut, and stays inside its memory. */
static void damaged_requests_are_judged_alike_however_cut(void **state) {
    (void)state;
    static const char sound[] =
        "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nConnection: close\r\nA: b\r\n\r\nbody be";
    static const char spice[] = "\r\n\t :;,0123456789aZ/\x80\xff\x01?";
    struct rng r;
    rng_seed(&r, 7);
    for (int round = 0; round < 5000; round++) {
        char request[sizeof sound], expected[300];
        memcpy(request, sound, sizeof sound);
        for (uint64_t hits = 1 + rng_below(&r, 3); hits > 0; hits--)
            request[rng_below(&r, sizeof sound - 1)] = spice[rng_below(&r, sizeof spice - 1)];
        struct intake n;
        enum intake_step step = INTAKE_MORE;
        struct span bytes = {request, sizeof sound - 1};
        intake_init(&n, MAX_BODY);
        size_t at = feed(&n, &step, bytes);
        outcome(expected, sizeof expected, &n, step, bytes.len - at);
        intake_free(&n);
        size_t cut = (size_t)rng_below(&r, bytes.len);
        check_cut(bytes, cut, cut + (size_t)rng_below(&r, bytes.len - cut), expected);
    }
}

static void tokens_in_lists(void **state) {
    (void)state;
    assert_true(http1_has_token(SPAN("Upgrade"), "upgrade"));
    assert_true(http1_has_token(SPAN("a,\tUPGRADE\t,b"), "upgrade"));
    assert_true(http1_has_token(SPAN(",,close"), "close"));
    assert_false(http1_has_token(SPAN("upgrades, xupgrade"), "upgrade"));
    assert_false(http1_has_token(SPAN(""), "upgrade"));
}

static void responses_are_read(void **state) {
    (void)state;
    struct http1_head h;
    assert_true(http1_read(&h, HTTP1_RESPONSE, SPAN("HTTP/1.1 429 Too Many\r\nRetry-After:  17 \r\nX:\r\n\r\n")));
    assert_int_equal(h.status, 429);
    assert_true(span_is(http1_find(h.headers, h.header_count, "retry-after")->value, "17"));
    assert_true(span_is(http1_find(h.headers, h.header_count, "x")->value, ""));
    assert_true(
        http1_read(&h, HTTP1_RESPONSE,
                   SPAN("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")));
    assert_int_equal(h.status, 101);
    assert_false(http1_read(&h, HTTP1_RESPONSE, SPAN("nonsense\r\n\r\n")));
    assert_false(http1_read(&h, HTTP1_RESPONSE, SPAN("HTTP/1.1 abc\r\n\r\n")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_requests_at_every_cut),
        cmocka_unit_test(refusals_at_every_cut),
        cmocka_unit_test(what_is_not_complete_waits),
        cmocka_unit_test(an_intake_serves_again_after_a_reset),
        cmocka_unit_test(damaged_requests_are_judged_alike_however_cut),
        cmocka_unit_test(tokens_in_lists),
        cmocka_unit_test(responses_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
