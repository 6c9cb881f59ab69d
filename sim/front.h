/* front.h: one HTTP reply being made, without knowing of sockets: what rest.c, bot_api.c and control.c answer. */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

enum { FRONT_HEADERS_MAX = 12, FRONT_HEADER_VALUE = 96, FRONT_BODY_MAX = 64 << 20 };

struct front_header {
    const char *name;
    char value[FRONT_HEADER_VALUE];
};

struct front_question {
    struct span method, path, query, body, peer;
    struct span api_key; /* X-MBX-APIKEY of the exchange, X-API-Key of the bot; at NULL where absent */
    struct span authorization, time_unit, accept;
};

struct front_reply {
    int status;
    struct front_header headers[FRONT_HEADERS_MAX];
    size_t header_count;
    struct buf body; /* owned */
};

void front_init(struct front_reply *r);
void front_free(struct front_reply *r);
void front_header(struct front_reply *r, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Replaces whatever the body holds. */
void front_text(struct front_reply *r, int status, const char *content_type, const char *text);

#endif
