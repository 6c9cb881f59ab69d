#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "server/guard.h"

static struct guard make(const char *host, uint16_t port, bool tls, const char *public_host) {
    struct guard g;
    assert_int_equal(guard_init(&g, host, port, tls, true, &public_host, public_host != NULL), ERR_OK);
    return g;
}

static void put(struct http_server_request *r, const char *name, const char *value) {
    if (value != NULL) r->headers[r->header_count++] = (struct http_header){span_of(name), span_of(value)};
}

static enum guard_verdict host(const struct guard *g, const char *value) {
    struct http_server_request r = {.header_count = 0};
    put(&r, "host", value);
    return guard_host(g, &r);
}

static enum guard_verdict origin(const struct guard *g, const char *host_value, const char *value, const char *site) {
    struct http_server_request r = {.header_count = 0};
    put(&r, "Host", host_value);
    put(&r, "Origin", value);
    put(&r, "Sec-Fetch-Site", site);
    return guard_origin(g, &r);
}

static void loopback_is_known(void **state) {
    (void)state;
    assert_true(guard_is_loopback("localhost") && guard_is_loopback("127.0.0.1") && guard_is_loopback("127.9.9.9"));
    assert_true(guard_is_loopback("::1"));
    assert_false(guard_is_loopback("0.0.0.0") || guard_is_loopback("::") || guard_is_loopback("192.168.1.5"));
    assert_false(guard_is_loopback("localhost.evil.example") || guard_is_loopback("") ||
                 guard_is_loopback("1127.0.0.1"));
}

static void only_our_own_hosts_pass(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, NULL);
    static const char *const good[] = {"localhost:8081", "LOCALHOST:8081", "127.0.0.1:8081", "[::1]:8081"};
    static const char *const bad[] = {"localhost",
                                      "localhost:8080",
                                      "127.0.0.1",
                                      "evil.example",
                                      "evil.example:8081",
                                      "localhost.evil.example:8081",
                                      "127.0.0.1.nip.io:8081",
                                      "127.0.0.2:8081",
                                      "::1:8081",
                                      "[::1]",
                                      "[::1:8081",
                                      "localhost:08081",
                                      "localhost:8081x",
                                      "localhost:",
                                      "",
                                      ":8081",
                                      "192.168.1.5:8081",
                                      "localhost:8081,localhost:8081",
                                      "user@localhost:8081"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_int_equal(host(&g, good[i]), GUARD_PASS);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_int_equal(host(&g, bad[i]), GUARD_BAD_HOST);
}

static void a_request_needs_exactly_one_host(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, NULL);
    struct http_server_request r = {.header_count = 0};
    assert_int_equal(guard_host(&g, &r), GUARD_NO_HOST);
    put(&r, "Host", "localhost:8081");
    put(&r, "HOST", "localhost:8081");
    assert_int_equal(guard_host(&g, &r), GUARD_NO_HOST);
}

static void the_default_port_may_be_left_out(void **state) {
    (void)state;
    struct guard plain = make("127.0.0.1", 80, false, NULL), tls = make("127.0.0.1", 443, true, NULL);
    assert_int_equal(host(&plain, "localhost"), GUARD_PASS);
    assert_int_equal(host(&plain, "localhost:80"), GUARD_PASS);
    assert_int_equal(host(&tls, "localhost"), GUARD_PASS);
    tls.port = 80;
    assert_int_equal(host(&tls, "localhost"), GUARD_BAD_HOST);
}

static void the_bound_address_is_a_host(void **state) {
    (void)state;
    struct guard v4 = make("192.168.1.5", 8081, false, NULL), v6 = make("fd00::1", 8081, false, NULL);
    assert_int_equal(host(&v4, "192.168.1.5:8081"), GUARD_PASS);
    assert_int_equal(host(&v4, "192.168.1.6:8081"), GUARD_BAD_HOST);
    assert_int_equal(host(&v6, "[fd00::1]:8081"), GUARD_PASS);
    assert_int_equal(host(&v6, "[fd00::2]:8081"), GUARD_BAD_HOST);
}

static void bound_to_all_any_address_but_no_name_passes(void **state) {
    (void)state;
    struct guard g = make("0.0.0.0", 8081, false, NULL);
    assert_int_equal(host(&g, "192.168.1.5:8081"), GUARD_PASS);
    assert_int_equal(host(&g, "[fd00::1]:8081"), GUARD_PASS);
    assert_int_equal(host(&g, "192.168.1.5:80"), GUARD_BAD_HOST);
    assert_int_equal(host(&g, "192.168.1.5"), GUARD_BAD_HOST);
    assert_int_equal(host(&g, "evil.example:8081"), GUARD_BAD_HOST);
    assert_int_equal(host(&g, "[evil]:8081"), GUARD_BAD_HOST);
    assert_int_equal(host(&g, "1.2.3.4.evil.example:8081"), GUARD_BAD_HOST);
    struct guard all6 = make("::", 8081, false, NULL);
    assert_int_equal(host(&all6, "[fd00::1]:8081"), GUARD_PASS);
}

static void public_names_are_exact(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, "Dash.example.org");
    assert_int_equal(host(&g, "dash.example.org"), GUARD_PASS);
    assert_int_equal(host(&g, "dash.example.org:8081"), GUARD_BAD_HOST);
    assert_int_equal(host(&g, "x.dash.example.org"), GUARD_BAD_HOST);
}

static void malformed_public_names_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "https://", "a/b", "https://a/", "a b", "u@a", "a,b"};
    struct guard g;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(guard_init(&g, "127.0.0.1", 1, false, true, &bad[i], 1), ERR_VALUE);
    const char *many[GUARD_PUBLIC_MAX + 1];
    for (size_t i = 0; i <= GUARD_PUBLIC_MAX; i++) many[i] = "a";
    assert_int_equal(guard_init(&g, "127.0.0.1", 1, false, true, many, GUARD_PUBLIC_MAX + 1), ERR_TOO_BIG);
}

static void origin_must_be_this_very_host_and_scheme(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, NULL);
    assert_int_equal(origin(&g, "localhost:8081", "http://localhost:8081", NULL), GUARD_PASS);
    assert_int_equal(origin(&g, "127.0.0.1:8081", "http://127.0.0.1:8081", NULL), GUARD_PASS);
    static const char *const bad[] = {"http://127.0.0.1:8081",
                                      "https://localhost:8081",
                                      "http://localhost",
                                      "null",
                                      "",
                                      "http://localhost:8081.evil.example",
                                      "http://evil.example",
                                      "http://localhost:8081/",
                                      "localhost:8081",
                                      "http://localhost:8080",
                                      "file://"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(origin(&g, "localhost:8081", bad[i], NULL), GUARD_BAD_ORIGIN);
    struct guard tls = make("127.0.0.1", 8081, true, NULL);
    assert_int_equal(origin(&tls, "localhost:8081", "https://localhost:8081", NULL), GUARD_PASS);
    assert_int_equal(origin(&tls, "localhost:8081", "http://localhost:8081", NULL), GUARD_BAD_ORIGIN);
}

static void a_public_origin_passes_behind_a_proxy(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, "https://dash.example.org");
    assert_int_equal(origin(&g, "127.0.0.1:8081", "https://dash.example.org", NULL), GUARD_PASS);
    assert_int_equal(origin(&g, "dash.example.org", "https://dash.example.org", "same-origin"), GUARD_PASS);
    assert_int_equal(origin(&g, "dash.example.org", "http://dash.example.org", NULL), GUARD_BAD_ORIGIN);
    struct guard bare = make("127.0.0.1", 8081, false, "dash.example.org");
    assert_int_equal(origin(&bare, "dash.example.org", "http://dash.example.org", NULL), GUARD_PASS);
    assert_int_equal(origin(&bare, "dash.example.org", "https://dash.example.org", NULL), GUARD_PASS);
}

static void without_origin_the_fetch_site_decides(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, NULL);
    assert_int_equal(origin(&g, "localhost:8081", NULL, "same-origin"), GUARD_PASS);
    assert_int_equal(origin(&g, "localhost:8081", NULL, "same-site"), GUARD_BAD_ORIGIN);
    assert_int_equal(origin(&g, "localhost:8081", NULL, "cross-site"), GUARD_BAD_ORIGIN);
    assert_int_equal(origin(&g, "localhost:8081", NULL, "none"), GUARD_BAD_ORIGIN);
    assert_int_equal(origin(&g, "localhost:8081", NULL, NULL), GUARD_BAD_ORIGIN);
    g.require_origin = false;
    assert_int_equal(origin(&g, "localhost:8081", NULL, NULL), GUARD_PASS);
    assert_int_equal(origin(&g, "localhost:8081", NULL, "cross-site"), GUARD_BAD_ORIGIN);
    assert_int_equal(origin(&g, "localhost:8081", "http://evil.example", NULL), GUARD_BAD_ORIGIN);
}

static void two_origins_are_refused(void **state) {
    (void)state;
    struct guard g = make("127.0.0.1", 8081, false, NULL);
    struct http_server_request r = {.header_count = 0};
    put(&r, "Host", "localhost:8081");
    put(&r, "Origin", "http://localhost:8081");
    put(&r, "Origin", "http://localhost:8081");
    assert_int_equal(guard_origin(&g, &r), GUARD_BAD_ORIGIN);
}

static const struct http_header *find(const struct http_header *h, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (span_is(h[i].name, name)) return &h[i];
    return NULL;
}

static struct span value_of(const struct http_header *h, size_t count, const char *name) {
    const struct http_header *found = find(h, count, name);
    return found != NULL ? found->value : SPAN("");
}

static void safety_headers_are_strict(void **state) {
    (void)state;
    size_t count;
    const struct http_header *h = guard_headers(&count, false);
    char csp[512];
    struct span policy = value_of(h, count, "Content-Security-Policy");
    (void)snprintf(csp, sizeof csp, "%.*s", (int)policy.len, policy.at);
    assert_null(strstr(csp, "unsafe"));
    assert_non_null(strstr(csp, "default-src 'self'"));
    assert_non_null(strstr(csp, "frame-ancestors 'none'"));
    assert_non_null(strstr(csp, "base-uri 'none'"));
    assert_non_null(find(h, count, "X-Content-Type-Options"));
    assert_non_null(find(h, count, "Cross-Origin-Resource-Policy"));
    assert_null(find(h, count, "Strict-Transport-Security"));
    h = guard_headers(&count, true);
    assert_non_null(find(h, count, "Strict-Transport-Security"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_is_known),
        cmocka_unit_test(only_our_own_hosts_pass),
        cmocka_unit_test(a_request_needs_exactly_one_host),
        cmocka_unit_test(the_default_port_may_be_left_out),
        cmocka_unit_test(the_bound_address_is_a_host),
        cmocka_unit_test(bound_to_all_any_address_but_no_name_passes),
        cmocka_unit_test(public_names_are_exact),
        cmocka_unit_test(malformed_public_names_are_refused),
        cmocka_unit_test(origin_must_be_this_very_host_and_scheme),
        cmocka_unit_test(a_public_origin_passes_behind_a_proxy),
        cmocka_unit_test(without_origin_the_fetch_site_decides),
        cmocka_unit_test(two_origins_are_refused),
        cmocka_unit_test(safety_headers_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
