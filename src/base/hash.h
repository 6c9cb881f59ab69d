/* hash.h: SHA-256 over bytes that lie in several places (the door to OpenSSL's EVP digests). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/err.h"
#include "base/span.h"

enum { SHA256_BYTES = 32 };

/* A digest context kept for many hashes: fetching the algorithm costs more than hashing a hundred bytes. One thread at
 * a time. */
struct hasher;

struct hasher *hasher_new(void); /* NULL without memory, or where OpenSSL's configuration forbids SHA-256 */
void hasher_free(struct hasher *h);

/* SHA-256 of the parts one behind the other. ERR_MEMORY where OpenSSL fails; out is then untouched. */
MUST_CHECK enum err hasher_sha256(struct hasher *h, unsigned char out[static SHA256_BYTES], const struct span *parts,
                                  size_t count);

/* The same for a single hash, without a context of one's own. */
MUST_CHECK enum err sha256_of(unsigned char out[static SHA256_BYTES], const struct span *parts, size_t count);

#endif
