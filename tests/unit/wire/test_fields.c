#include "wire_test.h"

#include "wire/fields.h"

struct row {
    struct name name;
    int64_t number, id;
    bool flag;
    struct dec8 small;
    struct dec16 big;
    struct wall ms, iso;
    int word;
    enum maker maker;
    enum side side;
};

static const struct word words[] = {{"one", 1}, {"two", 2}, {NULL, 9}};

#define FIELD(key, kind, rules, member)                                                                                \
    { key, kind, rules, offsetof(struct row, member), words }

static const struct field all[] = {
    FIELD("name", FIELD_NAME, 0, name),
    FIELD("number", FIELD_I64, FIELD_ABOVE_ZERO, number),
    FIELD("id", FIELD_ID, 0, id),
    FIELD("flag", FIELD_BOOL, 0, flag),
    FIELD("small", FIELD_DEC8, FIELD_ABOVE_ZERO, small),
    FIELD("big", FIELD_DEC16, FIELD_NOT_NEGATIVE, big),
    FIELD("ms", FIELD_MS, 0, ms),
    FIELD("iso", FIELD_ISO, 0, iso),
    FIELD("word", FIELD_WORD, 0, word),
    FIELD("maker", FIELD_MAKER, 0, maker),
    FIELD("side", FIELD_BUYER, 0, side),
};
enum { ALL = sizeof all / sizeof all[0] };

static const struct place place = {.name = "rows", .listed = true, .row = 3};

static int setup(void **state) { return (*state = json_new()) == NULL; }
static int teardown(void **state) {
    json_free(*state);
    return 0;
}

static void all_kinds_are_read(void **state) {
    struct row r = {.number = 0};
    struct wire_fault f;
    struct json_value v =
        parsed(*state, "{\"name\":\"n\",\"number\":5,\"id\":\"77\",\"flag\":true,\"small\":\"1.5\",\"big\":0,"
                       "\"ms\":1000,\"iso\":\"2026-01-01\",\"word\":\"two\",\"maker\":false,\"side\":false}");
    assert_int_equal(fields_read(v, all, ALL, &r, &place, &f), ERR_OK);
    assert_string_equal(r.name.text, "n");
    assert_int_equal(r.number, 5);
    assert_int_equal(r.id, 77);
    assert_true(r.flag);
    assert_dec8(r.small, "1.5");
    assert_dec16(r.big, "0");
    assert_int_equal(r.ms.us, 1000000);
    assert_wall(r.iso, "2026-01-01T00:00:00.000000Z");
    assert_int_equal(r.word, 2);
    assert_int_equal(r.maker, MAKER_NO);
    assert_int_equal(r.side, SIDE_SELL);
}

static void absent_and_null_keep_what_was_there(void **state) {
    static const char *const texts[] = {"{}", "{\"name\":null,\"number\":null,\"id\":null,\"flag\":null,\"small\":null,"
                                              "\"big\":null,\"ms\":null,\"iso\":null,\"word\":null,\"maker\":null,"
                                              "\"side\":null}"};
    for (size_t i = 0; i < 2; i++) {
        struct row r = {.name = name_of("kept"), .number = 7, .flag = true, .word = 5, .side = SIDE_SELL};
        struct row before = r;
        struct wire_fault f;
        assert_int_equal(fields_read(parsed(*state, texts[i]), all, ALL, &r, &place, &f), ERR_OK);
        assert_memory_equal(&r, &before, sizeof r);
    }
}

static void every_refusal_names_place_and_field(void **state) {
    static const struct {
        const char *text, *what;
    } cases[] = {
        {"{\"name\":\"\"}", "rows[3].name: a field has a value that is not allowed"},
        {"{\"number\":0}", "rows[3].number: a field has a value that is not allowed"},
        {"{\"id\":1.5}", "rows[3].id: a field has the wrong type"},
        {"{\"id\":true}", "rows[3].id: a field has the wrong type"},
        {"{\"flag\":\"true\"}", "rows[3].flag: a field has the wrong type"},
        {"{\"small\":\"0\"}", "rows[3].small: a field has a value that is not allowed"},
        {"{\"big\":\"-0.1\"}", "rows[3].big: a field has a value that is not allowed"},
        {"{\"ms\":-1}", "rows[3].ms: number out of range"},
        {"{\"iso\":\"x\"}", "rows[3].iso: malformed text"},
        {"{\"word\":\"three\"}", "rows[3].word: not a known name"},
        {"{\"maker\":0}", "rows[3].maker: a field has the wrong type"},
        {"{\"side\":0}", "rows[3].side: a field has the wrong type"},
        {"7", "rows[3]: a field has the wrong type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct row r = {.number = 7}, before = r;
        struct wire_fault f;
        assert_int_not_equal(fields_read(parsed(*state, cases[i].text), all, ALL, &r, &place, &f), ERR_OK);
        assert_string_equal(f.what, cases[i].what);
        assert_memory_equal(&r, &before, sizeof r);
    }
    struct wire_fault f;
    assert_int_equal(fields_read((struct json_value){NULL}, all, ALL, NULL, &place, &f), ERR_MISSING);
}

static void unknown_word_may_take_the_tables_end(void **state) {
    static const struct field any = FIELD("word", FIELD_WORD, FIELD_ANY_WORD, word);
    struct row r = {.word = 0};
    struct wire_fault f;
    assert_int_equal(fields_read(parsed(*state, "{\"word\":\"three\"}"), &any, 1, &r, &place, &f), ERR_OK);
    assert_int_equal(r.word, 9);
}

static void ids_of_digits_and_of_other_texts(void **state) {
    static const struct field id = FIELD("id", FIELD_ID, FIELD_MUST, id);
    struct row r = {.id = 0}, other = {.id = 0};
    struct wire_fault f;
    assert_int_equal(fields_read(parsed(*state, "{\"id\":12}"), &id, 1, &r, &place, &f), ERR_OK);
    assert_int_equal(r.id, 12);
    assert_int_equal(fields_read(parsed(*state, "{\"id\":\"9223372036854775807\"}"), &id, 1, &r, &place, &f), ERR_OK);
    assert_true(r.id == INT64_MAX);
    assert_int_equal(fields_read(parsed(*state, "{\"id\":\"9223372036854775808\"}"), &id, 1, &r, &place, &f), ERR_OK);
    assert_true(r.id <= -2);
    assert_int_equal(fields_read(parsed(*state, "{\"id\":\"DRY_000001\"}"), &id, 1, &r, &place, &f), ERR_OK);
    assert_int_equal(fields_read(parsed(*state, "{\"id\":\"DRY_000002\"}"), &id, 1, &other, &place, &f), ERR_OK);
    assert_true(r.id <= -2 && other.id <= -2 && r.id != other.id);
    assert_true(r.id == id_of_text(SPAN("DRY_000001")));
}

static void letters_keep_case_and_the_first_of_repeats(void **state) {
    struct letters l;
    int64_t n;
    letters_walk(&l,
                 parsed(*state, "{\"p\":1,\"P\":2,\"p\":3,\"A\":4,\"z\":5,\"pp\":6,\"@\":7,\"{\":8,\"\":9,\"1\":10}"));
    static const struct {
        char key;
        int64_t want;
    } cases[] = {{'p', 1}, {'P', 2}, {'A', 4}, {'z', 5}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(json_i64(letter(&l, cases[i].key), &n), ERR_OK);
        assert_int_equal(n, cases[i].want);
    }
    size_t present = 0;
    for (size_t i = 0; i < LETTER_COUNT; i++) present += json_present(l.at[i]);
    assert_int_equal(present, 4);
    letters_walk(&l, parsed(*state, "[1,2]"));
    for (size_t i = 0; i < LETTER_COUNT; i++) assert_false(json_present(l.at[i]));
}

static void text_is_cut_between_characters(void **state) {
    (void)state;
    char out[6];
    text_cut(out, sizeof out, SPAN("abcde"));
    assert_string_equal(out, "abcde");
    text_cut(out, sizeof out, SPAN("abcdef"));
    assert_string_equal(out, "abcde");
    text_cut(out, sizeof out, SPAN("abcd\xc3\xa9"));
    assert_string_equal(out, "abcd");
    text_cut(out, sizeof out, SPAN("a\r\n\tb"));
    assert_string_equal(out, "a   b");
    text_cut(out, sizeof out, SPAN(""));
    assert_string_equal(out, "");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(all_kinds_are_read),
        T(absent_and_null_keep_what_was_there),
        T(every_refusal_names_place_and_field),
        T(unknown_word_may_take_the_tables_end),
        T(ids_of_digits_and_of_other_texts),
        T(letters_keep_case_and_the_first_of_repeats),
        cmocka_unit_test(text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
