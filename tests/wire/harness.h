/* harness.h: a server on a loop and raw sockets against it, in one thread: every wait turns the loop. */
#ifndef TESTS_WIRE_HARNESS_H
#define TESTS_WIRE_HARNESS_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/check.h"
#include "io/http_server.h"
#include "io/ws_codec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000 }; /* a wait that never ends is a failed test, not a hung one; room for loaded machines */

static inline void log_to_stderr(void *arg, enum log_level level, const char *topic, struct span message) {
    (void)arg;
    (void)fprintf(stderr, "# %s %s: %.*s\n", log_level_name(level), topic, (int)message.len, message.at);
}

static const struct log test_log = {.least = LOG_WARN, .sink = log_to_stderr};

static inline void break_loop(void *arg) { loop_break(arg); }

/* Turns the loop for so long. */
static inline void turn(struct loop *l, int64_t ms) {
    struct timer *t = timer_new(l, break_loop, l);
    assert_non_null(t);
    loop_clock_refresh(l);
    timer_at(t, mono_add(loop_now(l).mono, ms * US_PER_MS));
    loop_run(l);
    timer_free(t);
}

#define WAIT_FOR(l, condition)                                                                                         \
    do {                                                                                                               \
        int waited_ = 0;                                                                                               \
        for (; waited_ < PATIENCE_MS && !(condition); waited_++) turn((l), 1);                                         \
        if (!(condition)) fail_msg("waited in vain for: %s", #condition);                                              \
    } while (0)

/* A raw client socket, connected; small_buffers: as small as the kernel allows, for slow readers. */
static inline int dial(uint16_t port, bool small_buffers) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), tiny = 1024;
    assert_true(fd >= 0);
    if (small_buffers) assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void put(int fd, struct span bytes) {
    assert_int_equal(send(fd, bytes.at, bytes.len, MSG_NOSIGNAL), (ssize_t)bytes.len);
}

#define PUT(fd, literal) put((fd), SPAN(literal))

/* What has arrived at a client so far. */
struct seen {
    struct buf bytes;
    bool end, reset;
};

static inline struct seen seen_new(void) {
    struct seen s = {0};
    buf_init(&s.bytes, 64 << 20);
    return s;
}

static inline void look(struct seen *s, int fd) {
    char chunk[65536];
    for (ssize_t n; !s->end && (n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT)) != -1;) {
        s->end = n == 0;
        buf_put(&s->bytes, chunk, (size_t)n);
    }
    if (!s->end && errno != EAGAIN && errno != EINTR) s->end = s->reset = true;
}

static inline bool holds(const struct seen *s, const char *text) {
    return s->bytes.len > 0 && memmem(s->bytes.at, s->bytes.len, text, strlen(text)) != NULL;
}

static inline size_t times(const struct seen *s, const char *text) {
    size_t n = 0;
    const char *at = s->bytes.at, *end = at + s->bytes.len;
    while (at != NULL && (at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
        n++;
        at += strlen(text);
    }
    return n;
}

static inline bool looked_for(struct seen *s, int fd, const char *text) {
    look(s, fd);
    return holds(s, text);
}

static inline bool looked_for_end(struct seen *s, int fd) {
    look(s, fd);
    return s->end;
}

#define EXPECT(l, s, fd, text) WAIT_FOR(l, looked_for((s), (fd), (text)))
#define EXPECT_END(l, s, fd) WAIT_FOR(l, looked_for_end((s), (fd)))

#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define UPGRADE(path)                                                                                                  \
    "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"                    \
    "Sec-WebSocket-Key: " WS_KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n"

/* A masked frame, as a client sends it. */
static inline void put_frame(int fd, unsigned opcode, struct span payload) {
    static const unsigned char mask[4] = {0x11, 0x80, 0xfe, 0x07};
    struct buf b;
    buf_init(&b, 32 << 20);
    ws_put_frame(&b, opcode, payload, mask);
    put(fd, buf_span(&b));
    buf_free(&b);
}

#endif
