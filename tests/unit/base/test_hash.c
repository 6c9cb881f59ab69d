/* SHA-256 against the examples of FIPS 180-4, whole and in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"

#include <stdio.h>

static void assert_hash(const unsigned char *got, const char *hex) {
    char text[2 * SHA256_BYTES + 1];
    for (int i = 0; i < SHA256_BYTES; i++) (void)snprintf(text + 2 * i, 3, "%02x", got[i]);
    assert_string_equal(text, hex);
}

static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void matches_the_standards_examples(void **state) {
    (void)state;
    unsigned char out[SHA256_BYTES];
    const struct span text = SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    assert_int_equal(sha256_of(out, &text, 1), ERR_OK);
    assert_hash(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_int_equal(sha256_of(out, NULL, 0), ERR_OK);
    assert_hash(out, nothing);
}

static void parts_hash_like_the_whole(void **state) {
    (void)state;
    unsigned char out[SHA256_BYTES];
    const struct span parts[] = {SPAN("a"), {NULL, 0}, SPAN("bc")};
    assert_int_equal(sha256_of(out, parts, 3), ERR_OK);
    assert_hash(out, abc);
}

static void a_hasher_starts_anew_each_time(void **state) {
    (void)state;
    unsigned char out[SHA256_BYTES];
    const struct span text = SPAN("abc");
    struct hasher *h = hasher_new();
    assert_non_null(h);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hasher_sha256(h, out, &text, 1), ERR_OK);
        assert_hash(out, abc);
        assert_int_equal(hasher_sha256(h, out, NULL, 0), ERR_OK);
        assert_hash(out, nothing);
    }
    hasher_free(h);
    hasher_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_standards_examples),
        cmocka_unit_test(parts_hash_like_the_whole),
        cmocka_unit_test(a_hasher_starts_anew_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
