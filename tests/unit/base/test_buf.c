#include "base/buf.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void appends_and_stays_terminated(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    assert_null(b.at);
    buf_puts(&b, "a");
    buf_putc(&b, 'b');
    buf_put(&b, "cd", 2);
    buf_put_span(&b, SPAN("ef"));
    buf_putf(&b, "-%d-%s", 42, "x");
    assert_string_equal(b.at, "abcdef-42-x");
    assert_int_equal(b.len, 11);
    buf_clear(&b);
    assert_string_equal(b.at, "");
    buf_free(&b);
    assert_null(b.at);
    assert_int_equal(b.max, 1000);
}

static void prints_integers_at_their_limits(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 200);
    buf_put_u64(&b, 0);
    buf_putc(&b, ' ');
    buf_put_u64(&b, 18446744073709551615ULL);
    buf_putc(&b, ' ');
    buf_put_i64(&b, -9223372036854775807LL - 1);
    buf_putc(&b, ' ');
    buf_put_i64(&b, 7);
    assert_string_equal(b.at, "0 18446744073709551615 -9223372036854775808 7");
    buf_free(&b);
}

static void holds_exactly_its_maximum(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 5);
    buf_puts(&b, "12345");
    assert_int_equal(b.failed, ERR_OK);
    assert_int_equal(b.len, 5);
    buf_put(&b, "", 0);
    assert_int_equal(b.failed, ERR_OK);
    buf_putc(&b, '6');
    assert_int_equal(b.failed, ERR_TOO_BIG);
    assert_string_equal(b.at, "12345");
    buf_free(&b);
}

static void failure_is_sticky_until_cleared(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    buf_puts(&b, "ab");
    buf_putf(&b, "%s", "too long");
    buf_putc(&b, 'c');
    assert_int_equal(b.failed, ERR_TOO_BIG);
    assert_string_equal(b.at, "ab");
    buf_clear(&b);
    buf_puts(&b, "abcd");
    assert_int_equal(b.failed, ERR_OK);
    assert_string_equal(b.at, "abcd");
    buf_free(&b);
}

static void grows_over_many_writes(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 100000);
    for (int i = 0; i < 100000; i++) buf_putc(&b, (char)('a' + i % 26));
    assert_int_equal(b.failed, ERR_OK);
    assert_int_equal(b.len, 100000);
    for (int i = 0; i < 100000; i++) assert_int_equal(b.at[i], 'a' + i % 26);
    buf_free(&b);
}

static void consumes_from_the_front(void **state) {
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    buf_consume(&b, 0);
    buf_puts(&b, "hello world");
    buf_consume(&b, 6);
    assert_string_equal(b.at, "world");
    buf_consume(&b, 5);
    assert_string_equal(b.at, "");
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void json_text(const char *in, size_t len, const char *out) {
    struct buf b;
    buf_init(&b, 1000);
    buf_puts(&b, "");
    buf_put_json_text(&b, span_from(in, len));
    assert_string_equal(b.at != NULL ? b.at : "", out);
    buf_free(&b);
}

static void escapes_json_text(void **state) {
    (void)state;
    json_text("", 0, "");
    json_text("plain /", 7, "plain /");
    json_text("\"\\\n\r\t\x01\x7f", 7, "\\\"\\\\\\n\\r\\t\\u0001\\u007f");
    json_text("a\0b", 3, "a\\u0000b");
    json_text("\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9", 9, "\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9");
}

#define FFFD "\xef\xbf\xbd"

static void replaces_invalid_utf8_in_json_text(void **state) {
    (void)state;
    json_text("\xff", 1, FFFD);
    json_text("a\xc3", 2, "a" FFFD);                            /* cut off */
    json_text("\xc0\xaf", 2, FFFD FFFD);                        /* overlong */
    json_text("\xe0\x80\xaf", 3, FFFD FFFD FFFD);               /* overlong */
    json_text("\xed\xa0\x80", 3, FFFD FFFD FFFD);               /* a surrogate */
    json_text("\xf4\x90\x80\x80", 4, FFFD FFFD FFFD FFFD);      /* beyond U+10FFFF */
    json_text("\xf0\x80\x80\xaf!", 5, FFFD FFFD FFFD FFFD "!"); /* overlong */
    json_text("\x80z", 2, FFFD "z");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_and_stays_terminated),
        cmocka_unit_test(prints_integers_at_their_limits),
        cmocka_unit_test(holds_exactly_its_maximum),
        cmocka_unit_test(failure_is_sticky_until_cleared),
        cmocka_unit_test(grows_over_many_writes),
        cmocka_unit_test(consumes_from_the_front),
        cmocka_unit_test(escapes_json_text),
        cmocka_unit_test(replaces_invalid_utf8_in_json_text),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
