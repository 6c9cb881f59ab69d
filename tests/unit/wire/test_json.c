#include "wire_test.h"

#include "base/limits.h"

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

static enum err parse(struct json *j, const char *text, struct json_value *root) {
    return json_parse(j, span_of(text), 1 << 20, root);
}

static void numbers_keep_their_text(void **state) {
    struct json_value root = parsed(*state, "[0.1,1E-8,12345678901234567890123.5,-0,1e5]");
    static const char *const want[] = {"0.1", "1E-8", "12345678901234567890123.5", "-0", "1e5"};
    struct json_value v;
    size_t i = 0;
    for (struct json_iter it = json_first(root); json_next(&it, &v); i++) {
        struct span s;
        assert_true(json_is_number(v));
        assert_int_equal(json_number_text(v, &s), ERR_OK);
        assert_true(span_is(s, want[i]));
    }
    assert_int_equal(i, 5);
}

static void malformed_texts_are_refused(void **state) {
    static const char *const bad[] = {"",        " ",     "{",         "[1,]",  "{\"a\":NaN}", "[Infinity]", "nul",
                                      "01",      "1.",    ".5",        "+1",    "[1] x",       "\"\xff\"",   "\"\x01\"",
                                      "{'a':1}", "/**/1", "{\"a\" 1}", "[1 2]", "\"\\ud800\"", "<html>",     "1e"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct json_value root = {"untouched"};
        if (parse(*state, bad[i], &root) != ERR_SYNTAX) fail_msg("accepted: %s", bad[i]);
        assert_string_equal(root.node, "untouched");
    }
}

static char *nested(size_t depth) {
    char *text = malloc(2 * depth + 1);
    assert_non_null(text);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
    return text;
}

static void nesting_is_allowed_up_to_the_limit(void **state) {
    struct json_value root;
    char *text = nested(LIMIT_JSON_DEPTH);
    assert_int_equal(parse(*state, text, &root), ERR_OK);
    free(text);
    text = nested(LIMIT_JSON_DEPTH + 1);
    assert_int_equal(parse(*state, text, &root), ERR_TOO_BIG);
    free(text);
    text = nested(200000);
    assert_int_equal(parse(*state, text, &root), ERR_TOO_BIG);
    free(text);
    /* many shallow containers one after the other are not deep, and brackets in strings do not count */
    char wide[4096] = "[";
    for (int i = 0; i < 300; i++) strcat(wide, "[{}],");
    strcat(wide, "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");
    assert_int_equal(parse(*state, wide, &root), ERR_OK);
    assert_int_equal(json_size(root), 301);
}

static void size_is_limited_per_parse(void **state) {
    struct json_value root;
    assert_int_equal(json_parse(*state, SPAN("[1,2,3]"), 7, &root), ERR_OK);
    assert_int_equal(json_parse(*state, SPAN("[1,2,3]"), 6, &root), ERR_TOO_BIG);
}

static void large_and_small_texts_alternate(void **state) {
    char *large = malloc(1 << 20);
    assert_non_null(large);
    for (int round = 0; round < 5; round++) {
        size_t n = 0;
        large[n++] = '[';
        for (int i = 0; i < 60000; i++) n += (size_t)sprintf(large + n, "%s%d", i > 0 ? "," : "", i);
        n += (size_t)sprintf(large + n, "]");
        struct json_value root, v = {NULL};
        int64_t last = 0;
        assert_int_equal(json_parse(*state, span_from(large, n), 1 << 20, &root), ERR_OK);
        for (struct json_iter it = json_first(root); json_next(&it, &v);) assert_int_equal(json_i64(v, &last), ERR_OK);
        assert_int_equal(last, 59999);
        root = parsed(*state, "{\"a\":1}");
        assert_int_equal(json_i64(json_get(root, "a"), &last), ERR_OK);
        assert_int_equal(last, 1);
    }
    free(large);
}

static void text_may_vanish_after_the_parse(void **state) {
    char text[] = "{\"a\":\"value\",\"b\":12.5}";
    struct json_value root = parsed(*state, text);
    struct span s;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(json_text(json_get(root, "a"), &s), ERR_OK);
    assert_true(span_is(s, "value"));
}

static void the_first_of_repeated_keys_counts(void **state) {
    int64_t n;
    assert_int_equal(json_i64(json_get(parsed(*state, "{\"a\":1,\"a\":2}"), "a"), &n), ERR_OK);
    assert_int_equal(n, 1);
}

static void keys_are_case_sensitive_and_exact(void **state) {
    struct json_value root = parsed(*state, "{\"p\":1,\"P\":2,\"ab\":3,\"\\u0061c\":4}");
    int64_t n;
    assert_int_equal(json_i64(json_get(root, "P"), &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_false(json_present(json_get(root, "a")));
    assert_true(json_present(json_get(root, "ac")));
    assert_false(json_present(json_get(json_get(root, "p"), "p")));
    assert_false(json_present(json_get((struct json_value){NULL}, "p")));
}

static void kinds_are_told_apart(void **state) {
    struct json_value root = parsed(*state, "{\"n\":null,\"o\":{},\"a\":[],\"s\":\"\",\"d\":1,\"b\":false}");
    assert_true(json_is_null(json_get(root, "n")));
    assert_true(json_is_object(json_get(root, "o")));
    assert_true(json_is_array(json_get(root, "a")));
    assert_true(json_is_text(json_get(root, "s")));
    assert_true(json_is_number(json_get(root, "d")));
    assert_true(json_is_bool(json_get(root, "b")));
    struct json_value absent = json_get(root, "x");
    assert_false(json_is_null(absent) || json_is_object(absent) || json_is_array(absent) || json_is_text(absent) ||
                 json_is_number(absent) || json_is_bool(absent));
    assert_int_equal(json_size(json_get(root, "s")), 0);
    assert_int_equal(json_size(root), 6);
}

static void objects_are_walked_with_their_keys(void **state) {
    struct json_value root = parsed(*state, "{\"a\":[1,[2]],\"b\":{\"c\":3},\"d\":4}"), v;
    struct json_iter it = json_first(root);
    assert_true(json_next(&it, &v) && span_is(it.key, "a") && json_is_array(v));
    assert_true(json_next(&it, &v) && span_is(it.key, "b") && json_is_object(v));
    assert_true(json_next(&it, &v) && span_is(it.key, "d") && json_is_number(v));
    assert_false(json_next(&it, &v));
    it = json_first(json_get(root, "d"));
    assert_false(json_next(&it, &v));
    it = json_first((struct json_value){NULL});
    assert_false(json_next(&it, &v));
}

static void integers_are_exact_or_refused(void **state) {
    static const struct {
        const char *text;
        enum err e;
        int64_t want;
    } cases[] = {
        {"0", ERR_OK, 0},
        {"-0", ERR_OK, 0},
        {"9223372036854775807", ERR_OK, INT64_MAX},
        {"-9223372036854775808", ERR_OK, INT64_MIN},
        {"9223372036854775808", ERR_RANGE, 0},
        {"-9223372036854775809", ERR_RANGE, 0},
        {"99999999999999999999999999", ERR_RANGE, 0},
        {"1.0", ERR_TYPE, 0},
        {"1e3", ERR_TYPE, 0},
        {"\"1\"", ERR_TYPE, 0},
        {"null", ERR_TYPE, 0},
        {"true", ERR_TYPE, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t n = 77;
        if (json_i64(parsed(*state, cases[i].text), &n) != cases[i].e) fail_msg("%s", cases[i].text);
        assert_int_equal(n, cases[i].e == ERR_OK ? cases[i].want : 77);
    }
    int64_t n;
    assert_int_equal(json_i64((struct json_value){NULL}, &n), ERR_MISSING);
}

static void decimals_come_from_strings_and_numbers(void **state) {
    struct json_value root = parsed(*state, "[\"67123.45\",67123.45,\"1E-8\",1e-8,\"NaN\",\"\",null,true,\"1e40\"]"), v;
    static const enum err want[] = {ERR_OK,     ERR_OK,   ERR_OK,   ERR_OK,   ERR_SYNTAX,
                                    ERR_SYNTAX, ERR_TYPE, ERR_TYPE, ERR_RANGE};
    static const char *const texts[] = {"67123.45", "67123.45", "0.00000001", "0.00000001"};
    size_t i = 0;
    for (struct json_iter it = json_first(root); json_next(&it, &v); i++) {
        struct dec8 a;
        struct dec16 b;
        assert_int_equal(json_dec8(v, &a), want[i]);
        assert_int_equal(json_dec16(v, &b), want[i]);
        if (want[i] != ERR_OK) continue;
        assert_dec8(a, texts[i]);
        assert_dec16(b, texts[i]);
    }
    struct dec8 a;
    struct dec16 b;
    assert_int_equal(json_dec8((struct json_value){NULL}, &a), ERR_MISSING);
    assert_int_equal(json_dec16((struct json_value){NULL}, &b), ERR_MISSING);
}

static void texts_names_and_flags(void **state) {
    struct json_value root = parsed(*state, "{\"s\":\"BTC\\/USDT\",\"l\":\"0123456789012345678901234567890123\","
                                            "\"c\":\"a\\u0000b\",\"n\":5,\"t\":true,\"f\":false}");
    struct span s;
    struct name n;
    bool b;
    assert_int_equal(json_name(json_get(root, "s"), &n), ERR_OK);
    assert_string_equal(n.text, "BTC/USDT");
    assert_int_equal(json_name(json_get(root, "l"), &n), ERR_TOO_BIG);
    assert_int_equal(json_name(json_get(root, "c"), &n), ERR_SYNTAX);
    assert_int_equal(json_name(json_get(root, "x"), &n), ERR_MISSING);
    assert_int_equal(json_text(json_get(root, "n"), &s), ERR_TYPE);
    assert_int_equal(json_text(json_get(root, "x"), &s), ERR_MISSING);
    assert_int_equal(json_number_text(json_get(root, "s"), &s), ERR_TYPE);
    assert_int_equal(json_bool(json_get(root, "t"), &b), ERR_OK);
    assert_true(b);
    assert_int_equal(json_bool(json_get(root, "f"), &b), ERR_OK);
    assert_false(b);
    assert_int_equal(json_bool(json_get(root, "n"), &b), ERR_TYPE);
    assert_int_equal(json_bool(json_get(root, "x"), &b), ERR_MISSING);
}

static void times_in_milliseconds_microseconds_and_text(void **state) {
    static const struct {
        const char *text;
        enum err e;
        const char *want;
    } cases[] = {
        {"1499827319559", ERR_OK, "2017-07-12T02:41:59.559000Z"},
        {"1499827319559123", ERR_OK, "2017-07-12T02:41:59.559123Z"},
        {"0", ERR_OK, "1970-01-01T00:00:00.000000Z"},
        {"-1", ERR_RANGE, NULL},
        {"253402300799999999", ERR_OK, "9999-12-31T23:59:59.999999Z"},
        {"253402300800000000", ERR_RANGE, NULL},
        {"9223372036854775807", ERR_RANGE, NULL},
        {"1499827319559.5", ERR_TYPE, NULL},
        {"\"1499827319559\"", ERR_TYPE, NULL},
    };
    struct wall t;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (json_ms_time(parsed(*state, cases[i].text), &t) != cases[i].e) fail_msg("%s", cases[i].text);
        if (cases[i].e == ERR_OK) assert_wall(t, cases[i].want);
    }
    assert_int_equal(json_iso_time(parsed(*state, "\"2026-01-06T12:00:00.123\""), &t), ERR_OK);
    assert_wall(t, "2026-01-06T12:00:00.123000Z");
    assert_int_equal(json_iso_time(parsed(*state, "\"2026-02-30\""), &t), ERR_RANGE);
    assert_int_equal(json_iso_time(parsed(*state, "20260106"), &t), ERR_TYPE);
}

static void faults_are_cut_to_their_room(void **state) {
    (void)state;
    struct wire_fault f;
    wire_fault_set(&f, ERR_TYPE, "%200d", 7);
    assert_int_equal(f.err, ERR_TYPE);
    assert_int_equal(strlen(f.what), sizeof f.what - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_keep_their_text, setup, teardown),
        cmocka_unit_test_setup_teardown(malformed_texts_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_is_allowed_up_to_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(size_is_limited_per_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(large_and_small_texts_alternate, setup, teardown),
        cmocka_unit_test_setup_teardown(text_may_vanish_after_the_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_of_repeated_keys_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_case_sensitive_and_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(kinds_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(objects_are_walked_with_their_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(integers_are_exact_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(decimals_come_from_strings_and_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_names_and_flags, setup, teardown),
        cmocka_unit_test_setup_teardown(times_in_milliseconds_microseconds_and_text, setup, teardown),
        cmocka_unit_test(faults_are_cut_to_their_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
