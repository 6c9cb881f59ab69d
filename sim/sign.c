/* sign.c: see sign.h. */
#include "sim/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { HMAC_BYTES = 32, ED25519_BYTES = 64 };

struct sign_keys {
    char *api_key, *secret;
    EVP_PKEY *ed25519;
};

void sim_sign_free(struct sign_keys *k) {
    if (k == NULL) return;
    free(k->api_key);
    free(k->secret);
    EVP_PKEY_free(k->ed25519);
    free(k);
}

static EVP_PKEY *public_key(const char *pem) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    if (key != NULL && EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

struct sign_keys *sim_sign_new(const char *api_key, const char *secret, const char *ed25519_public_pem) {
    struct sign_keys *k = calloc(1, sizeof *k);
    if (k == NULL) return NULL;
    k->api_key = strdup(api_key);
    k->secret = secret != NULL ? strdup(secret) : NULL;
    if (ed25519_public_pem != NULL) k->ed25519 = public_key(ed25519_public_pem);
    bool whole = k->api_key != NULL && (secret == NULL || k->secret != NULL);
    if (whole && (ed25519_public_pem == NULL || k->ed25519 != NULL)) return k;
    sim_sign_free(k);
    return NULL;
}

bool sim_sign_known(const struct sign_keys *k, struct span api_key) { return span_is(api_key, k->api_key); }

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool hmac_fits(const struct sign_keys *k, struct span payload, struct span signature) {
    unsigned char want[HMAC_BYTES], got[HMAC_BYTES];
    unsigned len = 0;
    if (k->secret == NULL || signature.len != 2 * HMAC_BYTES) return false;
    for (size_t i = 0; i < HMAC_BYTES; i++) {
        int high = hex_digit(signature.at[2 * i]), low = hex_digit(signature.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        got[i] = (unsigned char)(high * 16 + low);
    }
    if (HMAC(EVP_sha256(), k->secret, (int)strlen(k->secret), (const unsigned char *)payload.at, payload.len, want,
             &len) == NULL)
        return false;
    return len == HMAC_BYTES && CRYPTO_memcmp(want, got, HMAC_BYTES) == 0;
}

static bool ed25519_fits(const struct sign_keys *k, struct span payload, struct span signature) {
    unsigned char raw[72];
    if (k->ed25519 == NULL || signature.len != 88) return false;
    /* EVP_DecodeBlock counts the padding as bytes: 88 characters are 66 bytes, the last two of them padding */
    if (EVP_DecodeBlock(raw, (const unsigned char *)signature.at, 88) != 66) return false;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fits = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->ed25519) == 1 &&
                EVP_DigestVerify(ctx, raw, ED25519_BYTES, (const unsigned char *)payload.at, payload.len) == 1;
    EVP_MD_CTX_free(ctx);
    return fits;
}

enum sign_kind sim_sign_check(const struct sign_keys *k, struct span payload, struct span signature) {
    if (hmac_fits(k, payload, signature)) return SIGN_HMAC;
    return ed25519_fits(k, payload, signature) ? SIGN_ED25519 : SIGN_BAD;
}
