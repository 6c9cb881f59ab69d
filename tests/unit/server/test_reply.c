/* The page's files: encodings, revalidation, caching. */
#include "fixture.h"

#include <stdio.h>

static struct world w;
static struct response r;

static const struct asset page = {.path = "/",
                                  .content_type = "text/html; charset=utf-8",
                                  .gzip = (const unsigned char *)"GZIP",
                                  .gzip_len = 4,
                                  .br = (const unsigned char *)"BR",
                                  .br_len = 2,
                                  .raw = (const unsigned char *)"<html>",
                                  .raw_len = 6,
                                  .etag = "\"abc\""};
static const struct asset script = {.path = "/app.1f.js",
                                    .content_type = "text/javascript",
                                    .gzip = (const unsigned char *)"GZIP",
                                    .gzip_len = 4,
                                    .raw = (const unsigned char *)"run()",
                                    .raw_len = 5,
                                    .etag = "\"def\"",
                                    .immutable = true};

static const struct asset *find(struct span path) {
    if (span_is(path, page.path)) return &page;
    return span_is(path, script.path) ? &script : NULL;
}

static int setup(void **state) {
    (void)state;
    world_open(&w, &(struct server_config){
                       .asset = find, .auth_enabled = true, .password = SPAN("x"), .login_lifetime_us = 1});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    world_close(&w);
    return 0;
}

static void ask_page(const char *accept) {
    ask(&w, &r, "GET", "/", accept, NULL);
    assert_int_equal(r.status, 200);
}

static void the_page_needs_no_login(void **state) {
    (void)state;
    get(&w, &r, "/");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body, "<html>");
    assert_string_equal(header(&r, "Content-Type"), "text/html; charset=utf-8");
    assert_string_equal(header(&r, "Cache-Control"), "no-cache");
    assert_string_equal(header(&r, "ETag"), "W/\"abc\"");
    assert_string_equal(header(&r, "Vary"), "Accept-Encoding");
    assert_non_null(strstr(header(&r, "Content-Security-Policy"), "script-src 'self'"));
}

static void the_best_encoding_is_chosen(void **state) {
    (void)state;
    ask_page("Accept-Encoding: gzip, deflate, br\r\n");
    assert_string_equal(r.body, "BR");
    assert_string_equal(header(&r, "Content-Encoding"), "br");
    ask_page("Accept-Encoding: GZIP;q=0.5\r\n");
    assert_string_equal(r.body, "GZIP");
    ask_page("Accept-Encoding: br;q=0, gzip; q=0.000\r\n");
    assert_string_equal(r.body, "<html>");
    assert_string_equal(header(&r, "Content-Encoding"), "");
    ask_page("Accept-Encoding: brotli, xgzip\r\n");
    assert_string_equal(r.body, "<html>");
    ask(&w, &r, "GET", "/app.1f.js", "Accept-Encoding: br\r\n", NULL);
    assert_string_equal(r.body, "run()");
}

static void a_known_tag_is_not_sent_again(void **state) {
    (void)state;
    static const char *const known[] = {"\"abc\"", "W/\"abc\"", "\"x\", W/\"abc\"", "*"};
    char line[64];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        snprintf(line, sizeof line, "If-None-Match: %s\r\n", known[i]);
        ask(&w, &r, "GET", "/", line, NULL);
        assert_int_equal(r.status, 304);
        assert_int_equal(r.body_len, 0);
        assert_string_equal(header(&r, "ETag"), "W/\"abc\"");
    }
    ask(&w, &r, "GET", "/", "If-None-Match: \"abcd\"\r\n", NULL);
    assert_int_equal(r.status, 200);
}

static void files_named_by_content_are_kept_for_ever(void **state) {
    (void)state;
    get(&w, &r, "/app.1f.js");
    assert_string_equal(header(&r, "Cache-Control"), "public, max-age=31536000, immutable");
}

static void a_file_is_only_read(void **state) {
    (void)state;
    ask(&w, &r, "POST", "/", "", "x");
    assert_int_equal(r.status, 405);
    assert_string_equal(header(&r, "Allow"), "GET, HEAD");
    ask(&w, &r, "HEAD", "/", "", NULL);
    assert_int_equal(r.status, 200);
    assert_string_equal(header(&r, "Content-Length"), "6");
    get(&w, &r, "/app.2f.js");
    assert_int_equal(r.status, 404);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(the_page_needs_no_login),       T(the_best_encoding_is_chosen),
        T(a_known_tag_is_not_sent_again), T(files_named_by_content_are_kept_for_ever),
        T(a_file_is_only_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
