#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct hasher {
    EVP_MD *algorithm; /* owned */
    EVP_MD_CTX *context;
};

struct hasher *hasher_new(void) {
    struct hasher *h = calloc(1, sizeof *h);
    if (h == NULL) return NULL;
    h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->context = EVP_MD_CTX_new();
    if (h->algorithm == NULL || h->context == NULL) {
        hasher_free(h);
        return NULL;
    }
    return h;
}

void hasher_free(struct hasher *h) {
    if (h == NULL) return;
    EVP_MD_CTX_free(h->context);
    EVP_MD_free(h->algorithm);
    free(h);
}

enum err hasher_sha256(struct hasher *h, unsigned char out[static SHA256_BYTES], const struct span *parts,
                       size_t count) {
    unsigned char digest[SHA256_BYTES];
    unsigned int len = 0;
    if (EVP_DigestInit_ex2(h->context, h->algorithm, NULL) != 1) return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (EVP_DigestUpdate(h->context, parts[i].at, parts[i].len) != 1) return ERR_MEMORY;
    if (EVP_DigestFinal_ex(h->context, digest, &len) != 1 || len != SHA256_BYTES) return ERR_MEMORY;
    memcpy(out, digest, SHA256_BYTES);
    return ERR_OK;
}

enum err sha256_of(unsigned char out[static SHA256_BYTES], const struct span *parts, size_t count) {
    struct hasher *h = hasher_new();
    if (h == NULL) return ERR_MEMORY;
    enum err e = hasher_sha256(h, out, parts, count);
    hasher_free(h);
    return e;
}
