/* test_assets.c: paths to embedded files, on a table of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/assets.h"

static const unsigned char body[] = {'x'};

const struct asset assets[] = {
    {"/", "text/html", NULL, 0, NULL, 0, body, 1, "\"a\"", false},
    {"/app.AAAAAAAA.css", "text/css", NULL, 0, NULL, 0, body, 1, "\"b\"", true},
    {"/app.AAAAAAAA.js", "text/javascript", NULL, 0, NULL, 0, body, 1, "\"c\"", true},
    {"/licenses.txt", "text/plain", NULL, 0, NULL, 0, body, 1, "\"d\"", false},
};
const size_t asset_count = 4;

static void every_path_finds_its_own_file(void **state) {
    (void)state;
    for (size_t i = 0; i < asset_count; i++) assert_ptr_equal(asset_find(span_of(assets[i].path)), &assets[i]);
}

static void unknown_paths_find_nothing(void **state) {
    (void)state;
    assert_null(asset_find(SPAN("/nothing")));
    assert_null(asset_find(SPAN("/app.AAAAAAAA.j")));
    assert_null(asset_find(SPAN("/app.AAAAAAAA.jsx")));
    assert_null(asset_find(SPAN("//")));
    assert_null(asset_find(SPAN("/~")));
}

static void empty_path_finds_nothing(void **state) {
    (void)state;
    assert_null(asset_find(span_from(NULL, 0)));
}

static void a_path_longer_in_memory_is_cut_at_its_length(void **state) {
    (void)state;
    assert_ptr_equal(asset_find(span_from("/?query", 1)), &assets[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_finds_its_own_file),
        cmocka_unit_test(unknown_paths_find_nothing),
        cmocka_unit_test(empty_path_finds_nothing),
        cmocka_unit_test(a_path_longer_in_memory_is_cut_at_its_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
