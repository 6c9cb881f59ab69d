/* http_intake.h: inside io/ only: bytes of one request in, a request out; no I/O. Judges what http1.h leaves open: the
 * version, Host, the framing of the body, the upgrade. */
#ifndef IO_HTTP_INTAKE_H
#define IO_HTTP_INTAKE_H

#include "io/http1.h"
#include "io/http_server.h"

struct intake {
    struct http1_gather gather;
    struct http1_head head; /* its spans lie in gather */
    struct buf body;
    size_t body_left;
    bool head_known;     /* the head is complete and sound */
    bool keep_alive;     /* the peer allows another request behind this one */
    bool wants_continue; /* Expect: 100-continue */
    bool upgrade;        /* to a WebSocket, everything about it sound */
    int refused;         /* the status to refuse with; 0: none */
};

enum intake_step {
    INTAKE_MORE,
    INTAKE_BODY, /* the head has just been completed and a body follows: feed again */
    INTAKE_WHOLE,
    INTAKE_REFUSED, /* .refused says how; no more may be fed */
};

void intake_init(struct intake *n, size_t max_body);
void intake_free(struct intake *n);
void intake_reset(struct intake *n);       /* for the next request; the spans of the last go */
bool intake_begun(const struct intake *n); /* a byte of the request has come */
enum intake_step intake_feed(struct intake *n, const char *in, size_t len, size_t *used);

#endif
