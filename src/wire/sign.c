/* sign.c: OpenSSL's one use in wire/. HMAC and Ed25519 go through the same three EVP calls: a key from raw bytes, a
 * signing context, one signature over the whole payload. REST and the WebSocket API differ in what is signed: REST
 * signs the percent-encoded query in the order sent; the WebSocket API signs all params, apiKey included, sorted by
 * name and not encoded (BINANCE 4.1). */
#include "wire/sign.h"

#include "base/check.h"

#include <openssl/evp.h>

enum {
    SEED_BYTES = 32,
    SIGNATURE_BYTES_MAX = 64,  /* SHA-256 has 32, Ed25519 64 */
    PARAMS_MAX = 16,           /* the largest request of a reader has 7 */
    SIGNED_TEXT_MAX = 8 << 10, /* of one WebSocket API request: a list of 512 symbols fits */
};

/* ---- the signature ---- */

static EVP_PKEY *key_load(const struct signing_key *key) {
    int type = key->kind == KEY_HMAC ? EVP_PKEY_HMAC : EVP_PKEY_ED25519;
    return EVP_PKEY_new_raw_private_key(type, NULL, (const unsigned char *)key->secret.at, key->secret.len);
}

static enum err sign_raw(unsigned char out[static SIGNATURE_BYTES_MAX], size_t *len, const struct signing_key *key,
                         struct span payload) {
    EVP_PKEY *pkey = key_load(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const EVP_MD *digest = key->kind == KEY_HMAC ? EVP_sha256() : NULL; /* Ed25519 hashes by itself */
    *len = SIGNATURE_BYTES_MAX;
    bool ok = pkey != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, digest, NULL, pkey) == 1 &&
              EVP_DigestSign(ctx, out, len, (const unsigned char *)payload.at, payload.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return ok ? ERR_OK : ERR_MEMORY;
}

enum err sign_payload(char out[static SIGNATURE_TEXT_MAX], const struct signing_key *key, struct span payload) {
    static const char hex[] = "0123456789abcdef";
    unsigned char raw[SIGNATURE_BYTES_MAX];
    size_t len;
    bool usable =
        key->kind == KEY_HMAC ? key->secret.len > 0 : key->kind == KEY_ED25519 && key->secret.len == SEED_BYTES;
    if (!usable) return ERR_VALUE;
    enum err e = sign_raw(raw, &len, key, payload);
    if (e != ERR_OK) return e;
    if (key->kind == KEY_ED25519) {
        (void)EVP_EncodeBlock((unsigned char *)out, raw, (int)len);
        return ERR_OK;
    }
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex[raw[i] >> 4];
        out[2 * i + 1] = hex[raw[i] & 15];
    }
    out[2 * len] = '\0';
    return ERR_OK;
}

/* ---- the private key's file ---- */

/* PKCS#8 of an Ed25519 key (RFC 8410): this head and the 32 bytes of the seed, 48 bytes, 64 characters of base64. */
static const unsigned char pkcs8_head[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                             0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

enum { PKCS8_BYTES = sizeof pkcs8_head + SEED_BYTES, PKCS8_CHARACTERS = PKCS8_BYTES / 3 * 4 };

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct span trim(struct span s) {
    while (s.len > 0 && is_blank(s.at[0])) s = span_skip(s, 1);
    while (s.len > 0 && is_blank(s.at[s.len - 1])) s.len--;
    return s;
}

enum err sign_read_ed25519_pem(unsigned char seed[static SEED_BYTES], struct span pem) {
    const struct span begin = SPAN("-----BEGIN PRIVATE KEY-----"), end = SPAN("-----END PRIVATE KEY-----");
    unsigned char text[PKCS8_CHARACTERS + 1], der[PKCS8_BYTES];
    size_t n = 0;
    struct span s = trim(pem);
    if (s.len < begin.len + end.len || !span_starts(s, begin) || !span_eq(span_skip(s, s.len - end.len), end))
        return ERR_SYNTAX;
    for (size_t i = begin.len; i < s.len - end.len; i++) {
        if (is_blank(s.at[i])) continue;
        if (n == PKCS8_CHARACTERS || s.at[i] == '=') return ERR_SYNTAX; /* 48 bytes need no padding */
        text[n++] = (unsigned char)s.at[i];
    }
    bool ok = n == PKCS8_CHARACTERS && EVP_DecodeBlock(der, text, PKCS8_CHARACTERS) == PKCS8_BYTES &&
              memcmp(der, pkcs8_head, sizeof pkcs8_head) == 0;
    if (ok) memcpy(seed, der + sizeof pkcs8_head, SEED_BYTES);
    explicit_bzero(text, sizeof text);
    explicit_bzero(der, sizeof der);
    return ok ? ERR_OK : ERR_SYNTAX;
}

/* ---- requests ---- */

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void percent_encode(struct buf *out, struct span text) {
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.at[i])) buf_putc(out, text.at[i]);
        else buf_putf(out, "%%%02X", (unsigned char)text.at[i]);
    }
}

/* Undoes what was written since `start` when e is a failure. */
static enum err finish(struct buf *out, size_t start, enum err e) {
    if (e == ERR_OK) e = out->failed;
    if (e != ERR_OK && out->at != NULL) out->at[out->len = start] = '\0';
    return e;
}

static bool is_signed(const struct signing_key *key) { return key != NULL && key->kind != KEY_NONE; }

enum err rest_target(struct buf *out, const char *path, const struct param *params, size_t count,
                     const struct signing_key *key) {
    char signature[SIGNATURE_TEXT_MAX];
    size_t start = out->len;
    buf_puts(out, path);
    size_t query = out->len + 1;
    for (size_t i = 0; i < count; i++) {
        buf_putc(out, i == 0 ? '?' : '&');
        buf_puts(out, params[i].name);
        buf_putc(out, '=');
        percent_encode(out, params[i].value);
    }
    if (!is_signed(key) || out->failed != ERR_OK) return finish(out, start, ERR_OK);
    struct span payload = count > 0 ? span_skip(buf_span(out), query) : SPAN("");
    enum err e = sign_payload(signature, key, payload);
    if (e == ERR_OK) {
        buf_puts(out, count > 0 ? "&signature=" : "?signature=");
        percent_encode(out, span_of(signature));
    }
    return finish(out, start, e);
}

/* Insertion by name: a handful of params. */
static size_t sort_params(const struct param *sorted[static PARAMS_MAX + 1], const struct param *params, size_t count,
                          const struct param *api_key) {
    size_t n = 0;
    CHECK(count <= PARAMS_MAX);
    for (size_t i = 0; i < count + (api_key != NULL); i++) {
        const struct param *p = i < count ? &params[i] : api_key;
        CHECK(p != NULL);
        size_t at = n++;
        for (; at > 0 && strcmp(sorted[at - 1]->name, p->name) > 0; at--) sorted[at] = sorted[at - 1];
        sorted[at] = p;
    }
    return n;
}

static enum err sign_params(char out[static SIGNATURE_TEXT_MAX], const struct param *const *sorted, size_t count,
                            const struct signing_key *key) {
    struct buf payload;
    buf_init(&payload, SIGNED_TEXT_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) buf_putc(&payload, '&');
        buf_puts(&payload, sorted[i]->name);
        buf_putc(&payload, '=');
        buf_put_span(&payload, sorted[i]->value);
    }
    enum err e = payload.failed;
    if (e == ERR_OK) e = sign_payload(out, key, buf_span(&payload));
    buf_free(&payload);
    return e;
}

static void put_member(struct buf *out, const char *name, struct span value, bool number) {
    buf_putf(out, "\"%s\":", name);
    if (number) {
        buf_put_span(out, value);
        return;
    }
    buf_putc(out, '"');
    buf_put_json_text(out, value);
    buf_putc(out, '"');
}

enum err api_frame(struct buf *out, struct span id, const char *method, const struct param *params, size_t count,
                   const struct signing_key *key) {
    const struct param *sorted[PARAMS_MAX + 1];
    char signature[SIGNATURE_TEXT_MAX] = "";
    struct param api_key = {.name = "apiKey", .value = is_signed(key) ? key->api_key : SPAN("")};
    size_t start = out->len, n = sort_params(sorted, params, count, is_signed(key) ? &api_key : NULL);
    enum err e = is_signed(key) ? sign_params(signature, sorted, n, key) : ERR_OK;
    if (e != ERR_OK) return e;
    buf_puts(out, "{");
    put_member(out, "id", id, false);
    buf_puts(out, ",");
    put_member(out, "method", span_of(method), false);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, i == 0 ? ",\"params\":{" : ",");
        put_member(out, sorted[i]->name, sorted[i]->value, sorted[i]->number);
    }
    if (is_signed(key)) {
        buf_puts(out, ",");
        put_member(out, "signature", span_of(signature), false);
    }
    buf_puts(out, n > 0 ? "}}" : "}");
    return finish(out, start, ERR_OK);
}
