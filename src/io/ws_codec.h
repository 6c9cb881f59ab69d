/* ws_codec.h: RFC 6455 framing for both roles: bytes in, events out; no I/O. A message is delivered whole: a frame that
 * lies complete in the input is unmasked in place and handed out without a copy; fragments are gathered in a buffer with
 * a maximum. Checked: reserved bits, opcodes, masking by role, minimal lengths, control frames (unfragmented, <= 125),
 * UTF-8 of text messages (also across fragments, failing fast), close codes and reasons. */
#ifndef IO_WS_CODEC_H
#define IO_WS_CODEC_H

#include "base/buf.h"

#include <stdint.h>

enum ws_role { WS_CLIENT, WS_SERVER }; /* ours: a client masks what it sends and refuses masked frames */

enum ws_event_kind {
    WS_MORE, /* everything was taken, nothing complete yet */
    WS_TEXT,
    WS_BINARY,
    WS_PING,
    WS_PONG,
    WS_CLOSE, /* the peer's close frame: code (1005 where it has none), payload the reason */
    WS_BAD, /* protocol error: code to close with (1002, 1007, 1009, 1011), payload words for the log; takes no more */
};

struct ws_event {
    enum ws_event_kind kind;
    struct span payload; /* borrowed until the next call with this decoder or until the input goes */
    uint16_t code;
};

struct ws_decoder {
    enum ws_role role;
    size_t max_message; /* bytes of one message, fragments together */
    unsigned char head[14];
    unsigned head_len;
    uint64_t left; /* payload bytes of the current frame still to come */
    uint64_t frame_len;
    uint32_t mask_at, utf8_state;
    unsigned char opcode, message_opcode;
    bool fin, in_frame, bad, closed;
    uint16_t bad_code; /* of the WS_BAD that is repeated ever after */
    const char *bad_why;
    struct buf message; /* owned: gathered fragments */
    struct buf control; /* owned: a control frame split over reads */
};

void ws_decoder_init(struct ws_decoder *d, enum ws_role role, size_t max_message);
void ws_decoder_free(struct ws_decoder *d);

/* Takes bytes from in, which it may change in place (unmasking). *used: how many were taken. Call again with the rest
 * until WS_MORE; memory failure is WS_BAD with 1011. Bytes behind a close frame are taken and ignored. */
struct ws_event ws_feed(struct ws_decoder *d, char *in, size_t len, size_t *used);

enum { WS_HEAD_MAX = 14 };
/* The header of one whole frame (FIN set) into out, its length returned; payload follows it. opcode: 1 text, 2 binary,
 * 8 close, 9 ping, 10 pong. mask: four bytes for a client, NULL for a server. */
size_t ws_frame_head(unsigned char out[static WS_HEAD_MAX], unsigned opcode, uint64_t payload_len,
                     const unsigned char *mask);
void ws_mask(char *payload, size_t len, const unsigned char mask[static 4]);
/* A whole frame appended to out. For a client with the given mask key. */
void ws_put_frame(struct buf *out, unsigned opcode, struct span payload, const unsigned char *mask);
/* Sec-WebSocket-Accept for a Sec-WebSocket-Key: 28 characters and NUL. */
void ws_accept_key(char out[static 29], struct span key);

#endif
