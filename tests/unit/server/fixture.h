/* fixture.h: a server on a free loopback port with a pretended source, and small clients over real sockets. One thread: a
 * client waits by letting the loop run. Every wait ends after WAIT_US, as a failed test. */
#ifndef TEST_SERVER_FIXTURE_H
#define TEST_SERVER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/loop.h"
#include "io/ws_codec.h"
#include "server/assets.h"
#include "server/server.h"

enum { WAIT_US = 5000000 };

struct world {
    struct loop *loop;
    struct server *server;
    char name[32]; /* "localhost:PORT" */
    bool ready, no_memory;
    size_t snapshot_padding;   /* bytes of spaces in the snapshot */
    struct server_query query; /* the last one */
    uint64_t query_id;         /* 0: none yet */
    unsigned queries, mores, gones;
    char topics[1024];
    bool closed;
};

/* Everything that config leaves at 0 or NULL is filled in; config may be NULL. */
void world_open(struct world *w, const struct server_config *config);
enum err world_try(struct world *w, const struct server_config *config); /* as it is, but for the source */
void world_close(struct world *w);
void world_run(struct world *w, int64_t us);

struct response {
    int status;         /* 0: the connection ended without one */
    char text[1 << 18]; /* all of it */
    size_t len;
    const char *body;
    size_t body_len;
};

int world_dial(struct world *w);
/* Sends and waits for one whole answer on an open connection. */
void fd_ask(struct world *w, int fd, struct response *r, const char *request);
void fd_send(int fd, const char *bytes, size_t len);
void fd_await(struct world *w, int fd, struct response *r, bool head_only);
/* One request on a connection of its own, with our Host. extra: header lines, each ended by CRLF, or "". */
void ask(struct world *w, struct response *r, const char *method, const char *target, const char *extra,
         const char *body);
void get(struct world *w, struct response *r, const char *target);
/* The value of a header, or "" (static buffer, two at a time). */
const char *header(const struct response *r, const char *name);

struct browser {
    int fd;
    int status; /* of the handshake's answer */
    struct ws_decoder decoder;
    char in[1 << 16];
    size_t in_len;
    uint16_t closed; /* the server's close code; 1006: cut without one; 0: open */
    unsigned pings;
    bool answers; /* pings; true at first */
};

/* extra: header lines. Waits for the handshake's answer. */
void browser_open(struct world *w, struct browser *b, const char *target, const char *extra);
/* The next text message (static until the next call), or NULL when the connection ends first. Waits. */
const char *browser_next(struct world *w, struct browser *b);
/* Whether a message comes within the time. */
bool browser_hears(struct world *w, struct browser *b, int64_t us);
void browser_say(struct browser *b, const char *text);
void browser_await_close(struct world *w, struct browser *b);
void browser_drop(struct browser *b);

#endif
