/* ws_codec.c: RFC 6455, section 5, as a decoder of three steps: gather a frame's head (2 to 14 bytes), judge it, take its
 * payload. The steps are the states: !in_frame while the head is incomplete, in_frame while payload is missing. A frame
 * whose payload lies complete in the input is handed out from there; everything else is gathered.
 *
 * The head is copied in chunks and its length computed once from a local: gcc 12 -O2 compiles a byte-by-byte gatherer
 * with an inlined length test wrongly (the test reads a stale second byte). */
#include "io/ws_codec.h"

#include "base/check.h"

#include <openssl/evp.h>

enum {
    OP_CONTINUE = 0,
    OP_TEXT = 1,
    OP_BINARY = 2,
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10,
    CONTROL_MAX = 125,
    KEEP_BYTES = 4096, /* memory kept between gathered messages: most are small, and there may be 10,000 decoders */
    CODE_PROTOCOL = 1002,
    CODE_NONE = 1005,
    CODE_TEXT = 1007,
    CODE_TOO_BIG = 1009,
    CODE_MEMORY = 1011,
};

/* ---- UTF-8 ---- */

/* Between characters the state is 0; inside one it holds how many bytes are missing, and the least and greatest value the
 * next may have: missing | least << 8 | greatest << 16. The table of RFC 3629, section 4. */
static uint32_t utf8_lead(unsigned char c) {
    if (c >= 0xc2 && c <= 0xdf) return 1 | 0x80 << 8 | 0xbf << 16;
    if (c == 0xe0) return 2 | 0xa0 << 8 | 0xbf << 16;
    if (c == 0xed) return 2 | 0x80 << 8 | 0x9f << 16;
    if (c >= 0xe1 && c <= 0xef) return 2 | 0x80 << 8 | 0xbf << 16;
    if (c == 0xf0) return 3 | 0x90 << 8 | 0xbf << 16;
    if (c >= 0xf1 && c <= 0xf3) return 3 | 0x80 << 8 | 0xbf << 16;
    if (c == 0xf4) return 3 | 0x80 << 8 | 0x8f << 16;
    return 0;
}

static size_t ascii_run(const char *text, size_t len) {
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, text + i, 8);
        if ((word & UINT64_C(0x8080808080808080)) != 0) break;
    }
    return i;
}

/* False at the first byte that cannot belong to valid UTF-8. */
static bool utf8_take(uint32_t *state, const char *text, size_t len) {
    uint32_t s = *state;
    for (size_t i = 0; i < len; i++) {
        if (s == 0) i += ascii_run(text + i, len - i);
        if (i == len) break;
        unsigned char c = (unsigned char)text[i];
        if (s != 0) {
            if (c < (s >> 8 & 0xff) || c > (s >> 16 & 0xff)) return false;
            s = (s & 0xff) == 1 ? 0 : ((s & 0xff) - 1) | 0x80 << 8 | 0xbf << 16;
        } else if (c >= 0x80) {
            s = utf8_lead(c);
            if (s == 0) return false;
        }
    }
    *state = s;
    return true;
}

static bool utf8_whole(const char *text, size_t len) {
    uint32_t state = 0;
    return utf8_take(&state, text, len) && state == 0;
}

/* ---- masking ---- */

static void mask_from(char *payload, size_t len, const unsigned char mask[static 4], uint64_t offset) {
    unsigned char key[8];
    for (unsigned i = 0; i < 8; i++) key[i] = mask[(offset + i) & 3];
    uint64_t wide;
    memcpy(&wide, key, 8);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, payload + i, 8);
        word ^= wide;
        memcpy(payload + i, &word, 8);
    }
    for (; i < len; i++) payload[i] = (char)((unsigned char)payload[i] ^ key[i & 7]);
}

void ws_mask(char *payload, size_t len, const unsigned char mask[static 4]) { mask_from(payload, len, mask, 0); }

/* ---- decoding ---- */

void ws_decoder_init(struct ws_decoder *d, enum ws_role role, size_t max_message) {
    *d = (struct ws_decoder){.role = role, .max_message = max_message};
    buf_init(&d->message, max_message);
    buf_init(&d->control, CONTROL_MAX);
}

void ws_decoder_free(struct ws_decoder *d) {
    buf_free(&d->message);
    buf_free(&d->control);
}

static void release(struct buf *b) {
    if (b->cap > KEEP_BYTES) buf_free(b);
    else buf_clear(b);
}

static struct ws_event bad(struct ws_decoder *d, uint16_t code, const char *why) {
    d->bad = true;
    d->bad_code = code;
    d->bad_why = why;
    return (struct ws_event){WS_BAD, span_of(why), code};
}

/* Length of a head by its second byte. */
static unsigned head_length(unsigned char second) {
    unsigned length = second & 0x7f;
    return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + ((second & 0x80) != 0 ? 4 : 0);
}

/* Takes bytes into the head until it has `want` of them; returns how many. */
static size_t gather_head(struct ws_decoder *d, const char *in, size_t len, unsigned want) {
    if (d->head_len >= want) return 0;
    size_t n = want - d->head_len < len ? want - d->head_len : len;
    memcpy(d->head + d->head_len, in, n);
    d->head_len += (unsigned)n;
    return n;
}

static bool control_opcode(unsigned opcode) { return opcode >= OP_CLOSE; }

/* What is wrong with the first two bytes; NULL where they are sound. */
static const char *judge_start(const struct ws_decoder *d, unsigned char first, unsigned char second) {
    unsigned opcode = first & 0x0f;
    bool fin = (first & 0x80) != 0;
    if ((first & 0x70) != 0) return "reserved bits are set";
    if (opcode > OP_PONG || (opcode > OP_BINARY && opcode < OP_CLOSE)) return "unknown opcode";
    if (((second & 0x80) != 0) != (d->role == WS_SERVER))
        return d->role == WS_SERVER ? "a frame is not masked" : "a frame is masked";
    if (control_opcode(opcode) && !fin) return "a control frame is fragmented";
    if (control_opcode(opcode) && (second & 0x7f) > CONTROL_MAX) return "a control frame is too long";
    if (opcode == OP_CONTINUE && d->message_opcode == 0) return "a continuation without a message";
    if (opcode != OP_CONTINUE && !control_opcode(opcode) && d->message_opcode != 0)
        return "a new message inside a fragmented one";
    return NULL;
}

/* The payload length of a complete head; false where it is not minimal or has its top bit set. */
static bool read_length(const unsigned char *head, uint64_t *out) {
    unsigned shortest = head[1] & 0x7f;
    if (shortest < 126) {
        *out = shortest;
        return true;
    }
    unsigned bytes = shortest == 126 ? 2 : 8;
    uint64_t length = 0;
    for (unsigned i = 0; i < bytes; i++) length = length << 8 | head[2 + i];
    *out = length;
    return bytes == 2 ? length > 125 : length > 0xffff && length >> 63 == 0;
}

/* A head is complete: the frame begins, or WS_BAD. WS_MORE: it began. */
static struct ws_event begin_frame(struct ws_decoder *d) {
    uint64_t length;
    if (!read_length(d->head, &length)) return bad(d, CODE_PROTOCOL, "a length is not minimal or is negative");
    d->opcode = d->head[0] & 0x0f;
    d->fin = (d->head[0] & 0x80) != 0;
    if (!control_opcode(d->opcode)) {
        if (length > d->max_message - d->message.len) return bad(d, CODE_TOO_BIG, "a message is too long");
        if (d->opcode != OP_CONTINUE) {
            d->message_opcode = d->opcode;
            d->utf8_state = 0;
        }
    }
    d->left = d->frame_len = length;
    d->mask_at = d->role == WS_SERVER ? d->head_len - 4 : 0;
    d->in_frame = true;
    return (struct ws_event){.kind = WS_MORE};
}

static void unmask(const struct ws_decoder *d, char *payload, size_t len) {
    if (d->role == WS_SERVER) mask_from(payload, len, d->head + d->mask_at, d->frame_len - d->left);
}

static void end_frame(struct ws_decoder *d) {
    d->in_frame = false;
    d->head_len = 0;
}

static bool close_code_allowed(unsigned code) { /* RFC 6455 7.4 and IANA's registry */
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static struct ws_event close_event(struct ws_decoder *d, struct span payload) {
    if (payload.len == 0) {
        d->closed = true;
        return (struct ws_event){WS_CLOSE, payload, CODE_NONE};
    }
    if (payload.len == 1) return bad(d, CODE_PROTOCOL, "a close frame with half a code");
    unsigned code = (unsigned)(unsigned char)payload.at[0] << 8 | (unsigned char)payload.at[1];
    struct span reason = span_skip(payload, 2);
    if (!close_code_allowed(code)) return bad(d, CODE_PROTOCOL, "a close code that is not allowed");
    if (!utf8_whole(reason.at, reason.len)) return bad(d, CODE_TEXT, "a close reason is not UTF-8");
    d->closed = true;
    return (struct ws_event){WS_CLOSE, reason, (uint16_t)code};
}

static struct ws_event control_event(struct ws_decoder *d, struct span payload) {
    end_frame(d);
    if (d->opcode == OP_CLOSE) return close_event(d, payload);
    return (struct ws_event){d->opcode == OP_PING ? WS_PING : WS_PONG, payload, 0};
}

/* n bytes of a control frame's payload lie at `at`. */
static struct ws_event take_control(struct ws_decoder *d, char *at, size_t n) {
    bool whole = n == d->frame_len;
    unmask(d, at, n);
    d->left -= n;
    if (whole) return control_event(d, span_from(at, n));
    buf_put(&d->control, at, n);
    if (d->control.failed != ERR_OK) return bad(d, CODE_MEMORY, "out of memory");
    return d->left > 0 ? (struct ws_event){.kind = WS_MORE} : control_event(d, buf_span(&d->control));
}

static struct ws_event message_event(struct ws_decoder *d, struct span payload) {
    enum ws_event_kind kind = d->message_opcode == OP_TEXT ? WS_TEXT : WS_BINARY;
    d->message_opcode = 0;
    return (struct ws_event){kind, payload, 0};
}

/* n bytes of a data frame's payload lie at `at`. */
static struct ws_event take_data(struct ws_decoder *d, char *at, size_t n) {
    bool whole = n == d->frame_len && d->fin && d->opcode != OP_CONTINUE;
    unmask(d, at, n);
    d->left -= n;
    if (d->message_opcode == OP_TEXT && !utf8_take(&d->utf8_state, at, n))
        return bad(d, CODE_TEXT, "a text message is not UTF-8");
    if (!whole) {
        buf_put(&d->message, at, n);
        if (d->message.failed != ERR_OK) return bad(d, CODE_MEMORY, "out of memory");
    }
    if (d->left > 0) return (struct ws_event){.kind = WS_MORE};
    end_frame(d);
    if (!d->fin) return (struct ws_event){.kind = WS_MORE};
    if (d->message_opcode == OP_TEXT && d->utf8_state != 0)
        return bad(d, CODE_TEXT, "a text message ends inside a character");
    return message_event(d, whole ? span_from(at, n) : buf_span(&d->message));
}

/* What was handed out by the last call is no longer needed. */
static void forget_delivered(struct ws_decoder *d) {
    if (d->message_opcode == 0 && d->message.at != NULL) release(&d->message);
    if ((!d->in_frame || !control_opcode(d->opcode)) && d->control.at != NULL) buf_free(&d->control);
}

/* One step: the rest of a head, or payload. *used grows by what it took. */
static struct ws_event step(struct ws_decoder *d, char *in, size_t len, size_t *used) {
    const struct ws_event more = {.kind = WS_MORE};
    if (!d->in_frame) {
        *used += gather_head(d, in + *used, len - *used, 2);
        if (d->head_len < 2) return more;
        const char *wrong = judge_start(d, d->head[0], d->head[1]);
        if (wrong != NULL) return bad(d, CODE_PROTOCOL, wrong);
        unsigned want = head_length(d->head[1]);
        *used += gather_head(d, in + *used, len - *used, want);
        if (d->head_len < want) return more;
        struct ws_event begun = begin_frame(d);
        if (begun.kind == WS_BAD) return begun;
    }
    size_t n = d->left < len - *used ? (size_t)d->left : len - *used;
    char *at = in + *used;
    *used += n;
    return control_opcode(d->opcode) ? take_control(d, at, n) : take_data(d, at, n);
}

struct ws_event ws_feed(struct ws_decoder *d, char *in, size_t len, size_t *used) {
    *used = 0;
    forget_delivered(d);
    if (d->bad) return (struct ws_event){WS_BAD, span_of(d->bad_why), d->bad_code};
    if (d->closed) *used = len; /* nothing counts behind a close frame */
    while (*used < len) {
        struct ws_event e = step(d, in, len, used);
        if (e.kind != WS_MORE) return e;
    }
    return (struct ws_event){.kind = WS_MORE};
}

/* ---- encoding ---- */

size_t ws_frame_head(unsigned char out[static WS_HEAD_MAX], unsigned opcode, uint64_t payload_len,
                     const unsigned char *mask) {
    CHECK(opcode <= OP_PONG && (opcode < OP_CLOSE || payload_len <= CONTROL_MAX));
    unsigned extended = payload_len <= 125 ? 0 : payload_len <= 0xffff ? 2 : 8;
    out[0] = (unsigned char)(0x80 | opcode);
    out[1] = (unsigned char)(extended == 0 ? payload_len : extended == 2 ? 126 : 127);
    for (unsigned i = 0; i < extended; i++) out[2 + i] = (unsigned char)(payload_len >> 8 * (extended - 1 - i));
    size_t n = 2 + extended;
    if (mask == NULL) return n;
    out[1] |= 0x80;
    memcpy(out + n, mask, 4);
    return n + 4;
}

void ws_put_frame(struct buf *out, unsigned opcode, struct span payload, const unsigned char *mask) {
    unsigned char head[WS_HEAD_MAX];
    size_t n = ws_frame_head(head, opcode, payload.len, mask);
    if (!buf_reserve(out, n + payload.len)) return;
    buf_put(out, head, n);
    buf_put_span(out, payload);
    if (mask != NULL) ws_mask(out->at + out->len - payload.len, payload.len, mask);
}

void ws_accept_key(char out[static 29], struct span key) {
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455 1.3 */
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1);
    CHECK(EVP_DigestUpdate(ctx, key.at, key.len) == 1 && EVP_DigestUpdate(ctx, guid, sizeof guid - 1) == 1);
    CHECK(EVP_DigestFinal_ex(ctx, digest, NULL) == 1);
    EVP_MD_CTX_free(ctx);
    (void)EVP_EncodeBlock((unsigned char *)out, digest, 20);
}
