/* sign.h: checks what a client signed. HMAC-SHA-256 (hex, either case) with a secret, and Ed25519 (base64 of 64 bytes)
 * with a public key; the one key id may stand for both. */
#ifndef SIM_SIGN_H
#define SIM_SIGN_H

#include "base/span.h"

enum sign_kind { SIGN_BAD, SIGN_HMAC, SIGN_ED25519 };

struct sign_keys;

/* secret and ed25519_public_pem (text of a SubjectPublicKeyInfo PEM) may be NULL, api_key not. NULL without memory or for
 * a key that does not parse. */
struct sign_keys *sim_sign_new(const char *api_key, const char *secret, const char *ed25519_public_pem);
void sim_sign_free(struct sign_keys *k);
bool sim_sign_known(const struct sign_keys *k, struct span api_key);
enum sign_kind sim_sign_check(const struct sign_keys *k, struct span payload, struct span signature);

#endif
