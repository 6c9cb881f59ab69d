/* sign.h: Binance request signing (BINANCE 4.1) and the requests we send. The key material belongs to the caller (it
 * lives in secret memory in app/); this file borrows it for one call. */
#ifndef WIRE_SIGN_H
#define WIRE_SIGN_H

#include "base/buf.h"
#include "base/err.h"

enum key_kind { KEY_NONE, KEY_HMAC, KEY_ED25519 };

struct signing_key {
    enum key_kind kind;
    struct span api_key; /* the key id: goes out as X-MBX-APIKEY or as apiKey */
    struct span secret;  /* KEY_HMAC: the secret's bytes. KEY_ED25519: the 32-byte private seed */
};

enum { SIGNATURE_TEXT_MAX = 96 }; /* 64 hex digits or 88 of base64, NUL */

/* Signature of the exact payload: hex (HMAC-SHA-256) or base64 (Ed25519). */
MUST_CHECK enum err sign_payload(char out[static SIGNATURE_TEXT_MAX], const struct signing_key *key,
                                 struct span payload);

/* The 32-byte seed out of a PKCS#8 PEM text. ERR_SYNTAX for what is no Ed25519 private key. */
MUST_CHECK enum err sign_read_ed25519_pem(unsigned char seed[static 32], struct span pem);

/* Percent-encodes everything but unreserved characters (RFC 3986) into out. */
void percent_encode(struct buf *out, struct span text);

struct param {
    const char *name;  /* a plain ASCII word */
    struct span value; /* not encoded yet */
    bool number;       /* WebSocket API: goes into JSON without quotes */
};

/* REST: "/api/v3/account?a=1&timestamp=..&recvWindow=..&signature=..": encoded first, then signed (BINANCE 4.1); the
 * caller passes timestamp and recvWindow as params. key NULL or KEY_NONE: unsigned. */
MUST_CHECK enum err rest_target(struct buf *out, const char *path, const struct param *params, size_t count,
                                const struct signing_key *key);

/* WebSocket API: {"id":"..","method":"..","params":{..}}: apiKey added, params sorted by name, signed unencoded. key
 * NULL: unsigned and without apiKey. */
MUST_CHECK enum err api_frame(struct buf *out, struct span id, const char *method, const struct param *params,
                              size_t count, const struct signing_key *key);

#endif
