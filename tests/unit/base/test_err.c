#include "base/err.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void every_error_has_a_name_and_words_of_its_own(void **state) {
    (void)state;
    for (int a = 0; a < ERR_COUNT; a++) {
        assert_true(strlen(err_name((enum err)a)) > 0);
        assert_true(strlen(err_text((enum err)a)) > 0);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
            assert_string_not_equal(err_text((enum err)a), err_text((enum err)b));
        }
    }
    assert_string_equal(err_name(ERR_RANGE), "RANGE");
    assert_string_equal(err_text(ERR_RANGE), "number out of range");
}

static void unknown_errors_have_none(void **state) {
    (void)state;
    assert_string_equal(err_name(ERR_COUNT), "?");
    assert_string_equal(err_text((enum err) - 1), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_and_words_of_its_own),
        cmocka_unit_test(unknown_errors_have_none),
    };
    return cmocka_run_group_tests_name("base/err", tests, NULL, NULL);
}
