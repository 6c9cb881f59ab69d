#include "base/frame.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

static void copies_its_bytes(void **state) {
    char bytes[] = "hello";
    struct frame *f = frame_new(span_from(bytes, 5));
    (void)state;
    assert_non_null(f);
    bytes[0] = 'J';
    assert_int_equal(f->len, 5);
    assert_int_equal(f->refs, 1);
    assert_true(f->seq == 0);
    assert_memory_equal(f->at, "hello", 5);
    frame_unref(f);
}

static void lives_until_the_last_reference(void **state) {
    struct frame *f = frame_new(SPAN("x"));
    (void)state;
    assert_ptr_equal(frame_ref(f), f);
    assert_ptr_equal(frame_ref(f), f);
    assert_int_equal(f->refs, 3);
    frame_unref(f);
    frame_unref(f);
    assert_int_equal(f->refs, 1);
    assert_memory_equal(f->at, "x", 1);
    frame_unref(f); /* a leak or a second free would be seen by the sanitizers */
    frame_unref(NULL);
}

static void may_be_empty_or_filled_later(void **state) {
    struct frame *empty = frame_new(span_from(NULL, 0)), *later = frame_alloc(3);
    (void)state;
    assert_int_equal(empty->len, 0);
    memcpy(later->at, "abc", 3);
    assert_int_equal(later->len, 3);
    assert_int_equal(later->refs, 1);
    frame_unref(empty);
    frame_unref(later);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_its_bytes),
        cmocka_unit_test(lives_until_the_last_reference),
        cmocka_unit_test(may_be_empty_or_filled_later),
    };
    return cmocka_run_group_tests_name("base/frame", tests, NULL, NULL);
}
