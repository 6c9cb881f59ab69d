/* Signatures: every verified vector, and what must not pass. Base headers with error names stay out: OpenSSL has the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <yyjson.h>

#include "sim/sign.h"

/* The public key of a private seed, as PEM. */
static void pem_of_seed(char *out, size_t size, const char *seed_hex) {
    unsigned char seed[32];
    for (size_t i = 0; i < sizeof seed; i++) {
        char byte[3] = {seed_hex[2 * i], seed_hex[2 * i + 1], '\0'};
        seed[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_true(key != NULL && bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1);
    int n = BIO_read(bio, out, (int)size - 1);
    assert_true(n > 0);
    out[n] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static struct span text(yyjson_val *v, const char *key) { return span_of(yyjson_get_str(yyjson_obj_get(v, key))); }

static void check_vector(yyjson_val *v) {
    char pem[512] = "";
    const char *seed = yyjson_get_str(yyjson_obj_get(v, "private_seed_hex"));
    if (seed != NULL) pem_of_seed(pem, sizeof pem, seed);
    struct sign_keys *k = sim_sign_new(text(v, "api_key").at, text(v, "secret").at, seed != NULL ? pem : NULL);
    assert_non_null(k);
    assert_true(sim_sign_known(k, text(v, "api_key")));
    struct span payload = text(v, "payload"), signature = text(v, "expected_signature");
    assert_int_equal(sim_sign_check(k, payload, signature), seed != NULL ? SIGN_ED25519 : SIGN_HMAC);
    payload.len--;
    assert_int_equal(sim_sign_check(k, payload, signature), SIGN_BAD);
    sim_sign_free(k);
}

static void every_verified_vector_passes_and_a_changed_one_does_not(void **state) {
    char path[4096];
    size_t i, n, checked = 0;
    yyjson_val *v;
    (void)state;
    snprintf(path, sizeof path, "%s/tests/data/binance/signing_vectors.json", getenv("GRIDSCOPE_ROOT"));
    yyjson_doc *doc = yyjson_read_file(path, 0, NULL, NULL);
    assert_non_null(doc);
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "vectors"), i, n, v) {
        if (!yyjson_get_bool(yyjson_obj_get(v, "verified"))) continue;
        check_vector(v);
        checked++;
    }
    yyjson_doc_free(doc);
    assert_true(checked >= 25);
}

static void hex_may_have_either_case(void **state) {
    struct sign_keys *k = sim_sign_new("key", "Jefe", NULL);
    const struct span payload = SPAN("what do ya want for nothing?"); /* RFC 4231, case 2 */
    (void)state;
    assert_int_equal(
        sim_sign_check(k, payload, SPAN("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")),
        SIGN_HMAC);
    assert_int_equal(
        sim_sign_check(k, payload, SPAN("5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843")),
        SIGN_HMAC);
    assert_int_equal(
        sim_sign_check(k, payload, SPAN("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384")), SIGN_BAD);
    assert_int_equal(sim_sign_check(k, payload, SPAN("")), SIGN_BAD);
    sim_sign_free(k);
}

static void an_unusable_key_is_refused(void **state) {
    (void)state;
    assert_null(sim_sign_new("key", NULL, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verified_vector_passes_and_a_changed_one_does_not),
        cmocka_unit_test(hex_may_have_either_case),
        cmocka_unit_test(an_unusable_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
