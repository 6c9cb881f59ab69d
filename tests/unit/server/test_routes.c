/* Every address over real sockets: what it answers, and whom it refuses. */
#include "fixture.h"

#include "base/limits.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct world w;
static struct response r;

static int setup(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){.require_origin = true});
    return 0;
}

static int setup_login(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){.require_origin = true,
                                           .auth_enabled = true,
                                           .password = SPAN("open sesame"),
                                           .login_lifetime_us = US_PER_HOUR});
    return 0;
}

static int setup_proxy(void **state) {
    static const char *const names[] = {"https://dash.example.org"};
    (void)state;
    world_open(&w, &(struct server_config){.public_hosts = names,
                                           .public_host_count = 1,
                                           .auth_enabled = true,
                                           .password = SPAN("open sesame"),
                                           .login_lifetime_us = US_PER_HOUR});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    world_close(&w);
    return 0;
}

static void post(const char *target, const char *extra, const char *body) {
    char lines[1024];
    snprintf(lines, sizeof lines, "Origin: http://%s\r\nContent-Type: application/json\r\n%s", w.name, extra);
    ask(&w, &r, "POST", target, lines, body);
}

static bool body_has(const char *text) { return strstr(r.body, text) != NULL; }

/* --- what is always there --- */

static void healthz_always_answers(void **state) {
    (void)state;
    w.ready = false;
    get(&w, &r, "/healthz");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"status\":\"ok\"}");
}

static void readyz_follows_the_source(void **state) {
    (void)state;
    get(&w, &r, "/readyz");
    assert_int_equal(r.status, 200);
    w.ready = false;
    get(&w, &r, "/readyz");
    assert_int_equal(r.status, 503);
    assert_string_equal(r.body, "{\"ready\":false}");
}

static void metrics_hold_the_sources_and_our_own(void **state) {
    (void)state;
    get(&w, &r, "/metrics");
    assert_int_equal(r.status, 200);
    assert_string_equal(header(&r, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_true(body_has("gridscope_fills 7\n"));
    assert_true(body_has("# TYPE gridscope_server_requests_total counter\ngridscope_server_requests_total 1\n"));
    assert_true(body_has("gridscope_server_sessions 0\n"));
#define EXPECT_ROW(name, help) assert_true(body_has("\ngridscope_server_" #name "_total "));
    SERVER_COUNTERS(EXPECT_ROW)
}

static void snapshot_is_the_sources_with_the_current_seq(void **state) {
    (void)state;
    server_publish_delta(w.server, SPAN("{}"), server_seq(w.server) + 1);
    get(&w, &r, "/api/v1/snapshot");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"type\":\"snapshot\",\"seq\":101}");
    assert_string_equal(header(&r, "Content-Type"), "application/json");
    assert_string_equal(header(&r, "Cache-Control"), "no-store");
    w.no_memory = true;
    get(&w, &r, "/api/v1/snapshot");
    assert_int_equal(r.status, 503);
}

static void openapi_describes_every_address(void **state) {
    (void)state;
    static const char *const paths[] = {"/healthz",
                                        "/readyz",
                                        "/metrics",
                                        "/ws",
                                        "/api/v1/snapshot",
                                        "/api/v1/trades",
                                        "/api/v1/trades.csv",
                                        "/api/v1/orders",
                                        "/api/v1/candles",
                                        "/api/v1/equity",
                                        "/api/v1/performance",
                                        "/api/v1/proof",
                                        "/api/v1/provenance",
                                        "/api/v1/config",
                                        "/api/v1/openapi.json",
                                        "/api/v1/session",
                                        "/api/v1/login",
                                        "/api/v1/logout"};
    struct json *j = json_new();
    struct json_value root;
    struct span version;
    get(&w, &r, "/api/v1/openapi.json");
    assert_int_equal(r.status, 200);
    assert_int_equal(json_parse(j, span_from(r.body, r.body_len), 1 << 20, &root), ERR_OK);
    assert_int_equal(json_text(json_get(root, "openapi"), &version), ERR_OK);
    assert_true(span_is(version, "3.1.0"));
    struct json_value described = json_get(root, "paths");
    assert_int_equal(json_size(described), sizeof paths / sizeof paths[0]);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_true(json_present(json_get(described, paths[i])));
    struct json_value schemas = json_get(json_get(root, "components"), "schemas");
    assert_true(json_present(json_get(json_get(schemas, "Snapshot"), "properties")));
    assert_true(json_present(json_get(schemas, "pair")));
    json_free(j);
}

static void every_answer_carries_the_safety_headers(void **state) {
    (void)state;
    static const char *const targets[] = {
        "/healthz", "/metrics", "/api/v1/snapshot", "/nothing", "/api/v1/trades?limit=0", "/ws"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        get(&w, &r, targets[i]);
        assert_non_null(strstr(header(&r, "Content-Security-Policy"), "default-src 'self'"));
        assert_string_equal(header(&r, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(header(&r, "Referrer-Policy"), "no-referrer");
        assert_string_equal(header(&r, "Cross-Origin-Opener-Policy"), "same-origin");
        assert_string_equal(header(&r, "Cross-Origin-Resource-Policy"), "same-origin");
        assert_string_equal(header(&r, "Access-Control-Allow-Origin"), "");
    }
}

/* --- addresses and methods --- */

static void unknown_addresses_are_404_in_json(void **state) {
    (void)state;
    static const char *const targets[] = {"/nothing", "/api/v1/", "/api/v1/snapshot/", "/API/v1/snapshot",
                                          "/healthz%20"};
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        get(&w, &r, targets[i]);
        assert_int_equal(r.status, 404);
        assert_string_equal(header(&r, "Content-Type"), "application/json");
        assert_true(body_has("{\"error\":{\"code\":\"not_found\",\"message\":\""));
    }
}

static void wrong_methods_are_405_and_name_the_right_ones(void **state) {
    (void)state;
    ask(&w, &r, "POST", "/api/v1/snapshot", "", "{}");
    assert_int_equal(r.status, 405);
    assert_string_equal(header(&r, "Allow"), "GET, HEAD");
    get(&w, &r, "/api/v1/login");
    assert_int_equal(r.status, 405);
    assert_string_equal(header(&r, "Allow"), "POST");
    ask(&w, &r, "DELETE", "/healthz", "", NULL);
    assert_int_equal(r.status, 405);
    ask(&w, &r, "OPTIONS", "/api/v1/snapshot", "", NULL);
    assert_int_equal(r.status, 405);
}

static void head_is_get_without_the_body(void **state) {
    (void)state;
    char request[256];
    int fd = world_dial(&w);
    snprintf(request, sizeof request, "HEAD /healthz HTTP/1.1\r\nHost: %s\r\n\r\n", w.name);
    fd_ask(&w, fd, &r, request);
    assert_int_equal(r.status, 200);
    assert_string_equal(header(&r, "Content-Length"), "15");
    snprintf(request, sizeof request, "GET /readyz HTTP/1.1\r\nHost: %s\r\n\r\n",
             w.name); /* and the connection goes on */
    fd_ask(&w, fd, &r, request);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"ready\":true}");
    close(fd);
}

/* --- Host and Origin --- */

static void a_foreign_host_is_refused_everywhere(void **state) {
    (void)state;
    static const char *const targets[] = {"/", "/healthz", "/api/v1/snapshot", "/ws", "/nothing"};
    char request[256];
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        int fd = world_dial(&w);
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: rebound.example:%u\r\n\r\n", targets[i],
                 server_port(w.server));
        fd_ask(&w, fd, &r, request);
        assert_int_equal(r.status, 421);
        assert_true(body_has("\"code\":\"bad_host\""));
        close(fd);
    }
    assert_int_equal(server_counters(w.server)->refused_host, 5);
}

static void http_1_0_without_a_host_is_refused(void **state) {
    (void)state;
    int fd = world_dial(&w);
    fd_ask(&w, fd, &r, "GET /healthz HTTP/1.0\r\n\r\n");
    assert_int_equal(r.status, 400);
    close(fd);
}

static void another_page_cannot_log_in_or_out(void **state) {
    (void)state;
    static const char *const origins[] = {"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n", ""};
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        ask(&w, &r, "POST", "/api/v1/login", origins[i], "{\"password\":\"x\"}");
        assert_int_equal(r.status, 403);
        assert_true(body_has("\"code\":\"bad_origin\""));
        ask(&w, &r, "POST", "/api/v1/logout", origins[i], "");
        assert_int_equal(r.status, 403);
    }
    ask(&w, &r, "POST", "/api/v1/logout", "Sec-Fetch-Site: same-origin\r\n", "");
    assert_int_equal(r.status, 200);
    assert_int_equal(server_counters(w.server)->refused_origin, 8);
}

/* It could not read the answer, but the work would be done, and the exchange be asked. */
static void another_page_cannot_make_us_work(void **state) {
    static const char *const paths[] = {"/api/v1/candles?symbol=BTC/USDT", "/api/v1/trades.csv", "/api/v1/snapshot",
                                        "/metrics"};
    static const char *const others[] = {"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: empty\r\n",
                                         "Sec-Fetch-Site: same-site\r\nSec-Fetch-Dest: image\r\n",
                                         "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: iframe\r\n",
                                         "Sec-Fetch-Site: cross-site\r\n"};
    (void)state;
    for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++)
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            ask(&w, &r, "GET", paths[p], others[i], NULL);
            assert_int_equal(r.status, 403);
        }
    assert_int_equal(w.queries, 0);
    ask(&w, &r, "GET", "/api/v1/snapshot", "Sec-Fetch-Site: same-origin\r\n", NULL);
    assert_int_equal(r.status, 200);
    ask(&w, &r, "GET", "/api/v1/snapshot", "Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n", NULL);
    assert_int_equal(r.status, 200); /* typed into the address bar */
    ask(&w, &r, "GET", "/api/v1/snapshot", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: document\r\n", NULL);
    assert_int_equal(r.status, 200); /* a link, followed */
    ask(&w, &r, "GET", "/healthz", "Sec-Fetch-Site: cross-site\r\n", NULL);
    assert_int_equal(r.status, 200);
}

/* --- questions --- */

static void a_question_reaches_the_source_and_comes_back(void **state) {
    (void)state;
    char request[512];
    int fd = world_dial(&w);
    snprintf(request, sizeof request,
             "GET /api/v1/trades?symbol=BTC%%2FUSDT&side=buy&limit=5 HTTP/1.1\r\nHost: %s\r\n\r\n", w.name);
    fd_send(fd, request, strlen(request));
    for (int i = 0; i < 1000 && w.queries == 0; i++) world_run(&w, US_PER_MS);
    assert_int_equal(w.query.kind, QUERY_TRADES);
    assert_true(name_is(&w.query.symbol, "BTC/USDT"));
    assert_int_equal(w.query.side, QUERY_SIDE_BUY);
    assert_int_equal(w.query.limit, 5);
    server_answer(w.server, w.query_id, 200, "application/json", SPAN("{\"rows\":[]}"));
    server_answer(w.server, w.query_id, 200, "application/json", SPAN("twice is ignored"));
    fd_await(&w, fd, &r, false);
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"rows\":[]}");
    close(fd);
}

static void every_question_has_its_address(void **state) {
    (void)state;
    static const struct {
        const char *target;
        enum server_query_kind kind;
    } cases[] = {{"/api/v1/trades", QUERY_TRADES}, {"/api/v1/trades.csv", QUERY_TRADES_CSV},
                 {"/api/v1/orders", QUERY_ORDERS}, {"/api/v1/candles?symbol=A/B", QUERY_CANDLES},
                 {"/api/v1/equity", QUERY_EQUITY}, {"/api/v1/performance", QUERY_PERFORMANCE},
                 {"/api/v1/config", QUERY_CONFIG}};
    char request[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = world_dial(&w);
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].target, w.name);
        fd_send(fd, request, strlen(request));
        for (int k = 0; k < 1000 && w.queries <= i; k++) world_run(&w, US_PER_MS);
        assert_int_equal(w.queries, i + 1);
        assert_int_equal(w.query.kind, cases[i].kind);
        server_answer_error(w.server, w.query_id, 404, "symbol", "no \"such\" pair");
        fd_await(&w, fd, &r, false);
        assert_int_equal(r.status, 404);
        assert_string_equal(
            r.body, "{\"error\":{\"code\":\"not_found\",\"field\":\"symbol\",\"message\":\"no \\\"such\\\" pair\"}}");
        close(fd);
    }
}

static void malformed_parameters_are_400_and_do_not_reach_the_source(void **state) {
    (void)state;
    get(&w, &r, "/api/v1/trades?limit=0");
    assert_int_equal(r.status, 400);
    assert_true(body_has("\"field\":\"limit\",\"message\":\"must be a whole number from 1 to 1000\""));
    get(&w, &r, "/api/v1/candles");
    assert_int_equal(r.status, 400);
    assert_true(body_has("\"field\":\"symbol\",\"message\":\"is required\""));
    assert_int_equal(w.queries, 0);
    assert_int_equal(server_counters(w.server)->refused_parameters, 2);
}

/* --- login --- */

static void without_login_the_session_says_so(void **state) {
    (void)state;
    get(&w, &r, "/api/v1/session");
    assert_string_equal(r.body, "{\"required\":false,\"authenticated\":true}");
    post("/api/v1/login", "", "{\"password\":\"x\"}");
    assert_int_equal(r.status, 200);
    assert_string_equal(header(&r, "Set-Cookie"), "");
}

static void what_needs_a_login_is_401_and_the_rest_is_open(void **state) {
    (void)state;
    static const char *const closed[] = {"/metrics",
                                         "/ws",
                                         "/api/v1/snapshot",
                                         "/api/v1/trades",
                                         "/api/v1/trades.csv",
                                         "/api/v1/orders",
                                         "/api/v1/candles?symbol=A/B",
                                         "/api/v1/equity",
                                         "/api/v1/performance",
                                         "/api/v1/proof",
                                         "/api/v1/provenance",
                                         "/api/v1/config",
                                         "/api/v1/openapi.json"};
    static const char *const open[] = {"/healthz", "/readyz", "/api/v1/session"};
    char lines[128];
    snprintf(lines, sizeof lines, "Origin: http://%s\r\n", w.name);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        ask(&w, &r, "GET", closed[i], lines, NULL);
        assert_int_equal(r.status, 401);
        assert_true(body_has("\"code\":\"login_required\""));
    }
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        get(&w, &r, open[i]);
        assert_int_equal(r.status, 200);
    }
    assert_int_equal(w.queries, 0);
}

static void cookie_of(char *out, size_t size) { /* "Cookie: name=value\r\n" of the answer's Set-Cookie */
    const char *set = header(&r, "Set-Cookie");
    snprintf(out, size, "Cookie: theme=dark; %.*s\r\n", (int)strcspn(set, ";"), set);
}

static void the_life_of_a_login(void **state) {
    (void)state;
    char cookie[256], flags[256];
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "{\"required\":true,\"authenticated\":true}");
    const char *set = header(&r, "Set-Cookie");
    snprintf(flags, sizeof flags, "%s", strchr(set, ';'));
    assert_string_equal(flags, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600");
    assert_int_equal(strcspn(strchr(set, '=') + 1, ";"), 64);
    cookie_of(cookie, sizeof cookie);
    ask(&w, &r, "GET", "/api/v1/snapshot", cookie, NULL);
    assert_int_equal(r.status, 200);
    ask(&w, &r, "GET", "/api/v1/session", cookie, NULL);
    assert_string_equal(r.body, "{\"required\":true,\"authenticated\":true}");
    get(&w, &r, "/api/v1/session");
    assert_string_equal(r.body, "{\"required\":true,\"authenticated\":false}");
    post("/api/v1/logout", cookie, "");
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(header(&r, "Set-Cookie"), "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
    ask(&w, &r, "GET", "/api/v1/snapshot", cookie, NULL);
    assert_int_equal(r.status, 401);
}

/* A proxy that speaks https to the browser and http to us: the cookie must not go out over http from there on. */
static void behind_an_https_proxy_the_cookie_is_for_https_only(void **state) {
    static const char origin[] = "Origin: https://dash.example.org\r\nContent-Type: application/json\r\n";
    (void)state;
    ask(&w, &r, "POST", "/api/v1/login", origin, "{\"password\":\"open sesame\"}");
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(header(&r, "Set-Cookie"), "; HttpOnly; SameSite=Strict; Max-Age=3600; Secure"));
    ask(&w, &r, "POST", "/api/v1/logout", origin, "");
    assert_non_null(strstr(header(&r, "Set-Cookie"), "; Max-Age=0; Secure"));
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}"); /* at home, without the proxy */
    assert_int_equal(r.status, 200);
    assert_null(strstr(header(&r, "Set-Cookie"), "Secure"));
}

static void two_logins_get_two_secrets(void **state) {
    (void)state;
    char first[256], second[256];
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}");
    cookie_of(first, sizeof first);
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}");
    cookie_of(second, sizeof second);
    assert_string_not_equal(first, second);
    post("/api/v1/logout", first, "");
    ask(&w, &r, "GET", "/api/v1/snapshot", second, NULL);
    assert_int_equal(r.status, 200);
}

static void made_up_cookies_are_worth_nothing(void **state) {
    (void)state;
    char cookie[256];
    static const char *const values[] = {"", "x", "0000000000000000000000000000000000000000000000000000000000000000",
                                         "zz00000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        snprintf(cookie, sizeof cookie, "Cookie: gridscope_%u=%s\r\n", server_port(w.server), values[i]);
        ask(&w, &r, "GET", "/api/v1/snapshot", cookie, NULL);
        assert_int_equal(r.status, 401);
    }
    ask(&w, &r, "GET", "/api/v1/snapshot", "Cookie: ;;; =; a\r\n", NULL);
    assert_int_equal(r.status, 401);
}

static void wrong_passwords_lock_after_five(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        post("/api/v1/login", "", "{\"password\":\"guess\"}");
        assert_int_equal(r.status, 401);
        assert_true(body_has("\"code\":\"wrong_password\""));
        assert_string_equal(header(&r, "Set-Cookie"), "");
    }
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}");
    assert_int_equal(r.status, 429);
    int seconds = atoi(header(&r, "Retry-After"));
    assert_true(seconds > 890 && seconds <= 900);
    assert_int_equal(server_counters(w.server)->login_failures, 5);
    assert_int_equal(server_counters(w.server)->login_locked, 1);
}

static void malformed_logins_are_refused_and_not_counted(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "{}", "[]", "{\"password\":1}", "{\"password\":", "password=x"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        post("/api/v1/login", "", bodies[i]);
        assert_int_equal(r.status, 400);
    }
    char lines[128], body[LIMIT_PASSWORD_BYTES + 64];
    snprintf(lines, sizeof lines, "Origin: http://%s\r\nContent-Type: text/plain\r\n", w.name);
    ask(&w, &r, "POST", "/api/v1/login", lines, "{\"password\":\"open sesame\"}");
    assert_int_equal(r.status, 415);
    snprintf(body, sizeof body, "{\"password\":\"%0*d\"}", LIMIT_PASSWORD_BYTES + 1, 0);
    post("/api/v1/login", "", body);
    assert_int_equal(r.status, 400);
    post("/api/v1/login", "", "{\"password\":\"open sesame\"}");
    assert_int_equal(r.status, 200);
}

#define T(name, with) cmocka_unit_test_setup_teardown(name, with, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(healthz_always_answers, setup),
        T(readyz_follows_the_source, setup),
        T(metrics_hold_the_sources_and_our_own, setup),
        T(snapshot_is_the_sources_with_the_current_seq, setup),
        T(openapi_describes_every_address, setup),
        T(every_answer_carries_the_safety_headers, setup),
        T(unknown_addresses_are_404_in_json, setup),
        T(wrong_methods_are_405_and_name_the_right_ones, setup),
        T(head_is_get_without_the_body, setup),
        T(a_foreign_host_is_refused_everywhere, setup),
        T(http_1_0_without_a_host_is_refused, setup),
        T(another_page_cannot_log_in_or_out, setup),
        T(another_page_cannot_make_us_work, setup),
        T(a_question_reaches_the_source_and_comes_back, setup),
        T(every_question_has_its_address, setup),
        T(malformed_parameters_are_400_and_do_not_reach_the_source, setup),
        T(without_login_the_session_says_so, setup),
        T(what_needs_a_login_is_401_and_the_rest_is_open, setup_login),
        T(the_life_of_a_login, setup_login),
        T(behind_an_https_proxy_the_cookie_is_for_https_only, setup_proxy),
        T(two_logins_get_two_secrets, setup_login),
        T(made_up_cookies_are_worth_nothing, setup_login),
        T(wrong_passwords_lock_after_five, setup_login),
        T(malformed_logins_are_refused_and_not_counted, setup_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
