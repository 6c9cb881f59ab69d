/* bench_ws.c: what our WebSocket layer costs, as ratios to the bare work of the same run: decoding against a copy of the same
 * bytes, fan-out of one frame against a bare send() to the same sockets; and the memory of a connection. */
#include "base/check.h"
#include "io/http_server.h"
#include "io/ws_codec.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BROWSERS = 900, ROUNDS = 200, REPEATS = 5, DELTA_BYTES = 300, TICKER_BYTES = 461, FRAMES = 64, DECODES = 4000 };

static double cpu_seconds(void) { /* of this process: the kernel's part of send() included */
    struct timespec t;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- decoding ---- */

static double decode_once(enum ws_role role, const struct buf *stream, char *work) {
    struct ws_decoder d;
    size_t messages = 0;
    ws_decoder_init(&d, role, 1 << 20);
    double began = cpu_seconds();
    for (int i = 0; i < DECODES; i++) {
        memcpy(work, stream->at, stream->len);
        for (size_t at = 0, used; at < stream->len; at += used)
            messages += ws_feed(&d, work + at, stream->len - at, &used).kind == WS_TEXT;
    }
    double took = cpu_seconds() - began;
    CHECK(messages == (size_t)DECODES * FRAMES);
    ws_decoder_free(&d);
    return took;
}

static double copy_once(const struct buf *stream, char *work) {
    double began = cpu_seconds();
    for (int i = 0; i < DECODES; i++) {
        memcpy(work, stream->at, stream->len);
        __asm__ volatile("" : : "r"(work) : "memory"); /* the copy is wanted */
    }
    return cpu_seconds() - began;
}

static void bench_decode(enum ws_role role, const char *name) {
    static const unsigned char mask[4] = {1, 2, 3, 4};
    struct buf stream;
    char payload[TICKER_BYTES];
    memset(payload, 'x', sizeof payload);
    buf_init(&stream, 1 << 20);
    for (int i = 0; i < FRAMES; i++)
        ws_put_frame(&stream, 1, span_from(payload, sizeof payload), role == WS_SERVER ? mask : NULL);
    char *work = malloc(stream.len);
    CHECK(work != NULL);
    double best = 1e9, copy = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        double took = decode_once(role, &stream, work), bare = copy_once(&stream, work);
        best = took < best ? took : best;
        copy = bare < copy ? bare : copy;
    }
    double frames = (double)DECODES * FRAMES;
    (void)printf("decode, %s: %.1f ns a frame of %d bytes, UTF-8 check included; a copy of it %.1f ns (%.1fx)\n", name,
                 (best - copy) / frames * 1e9, TICKER_BYTES, copy / frames * 1e9, (best - copy) / copy);
    free(work);
    buf_free(&stream);
}

/* ---- fan-out ---- */

struct hub {
    struct loop *loop;
    struct http_server *server;
    conn_id id[BROWSERS];
    int count, writable;
};

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct hub *h = arg;
    CHECK(r->upgrade);
    CHECK(http_upgrade(h->server, id, NULL, 0));
}

static void on_ws(void *arg, conn_id id, const struct ws_server_event *e) {
    struct hub *h = arg;
    if (e->kind == WS_SERVER_OPEN) h->id[h->count++] = id;
    if (h->count == BROWSERS) loop_break(h->loop);
}

static int dial(uint16_t port) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK(send(fd, request, sizeof request - 1, 0) == sizeof request - 1);
    return fd;
}

/* In a process of its own: reads and forgets, until it is killed. */
static _Noreturn void be_browsers(uint16_t port) {
    static char sink[65536];
    int ep = epoll_create1(0);
    for (int i = 0; i < BROWSERS; i++) {
        int fd = dial(port);
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0);
    }
    for (;;) {
        struct epoll_event ready[256];
        int n = epoll_wait(ep, ready, 256, -1);
        for (int i = 0; i < n; i++)
            if (recv(ready[i].data.fd, sink, sizeof sink, 0) <= 0) _exit(0);
    }
}

static void rest(struct loop *l, int64_t ms, struct timer *t) { /* lets the browsers catch up */
    loop_clock_refresh(l);
    timer_at(t, mono_add(loop_now(l).mono, ms * US_PER_MS));
    loop_run(l);
}

static void break_loop(void *arg) { loop_break(arg); }

static double fan_out(struct hub *h, struct frame *f, struct timer *t) {
    double cpu = 0;
    for (int r = 0; r < ROUNDS; r++) {
        double began = cpu_seconds();
        for (int i = 0; i < BROWSERS; i++) CHECK(ws_server_send_frame(h->server, h->id[i], f));
        cpu += cpu_seconds() - began;
        if (r % 20 == 19) rest(h->loop, 10, t);
    }
    return (double)ROUNDS * BROWSERS / cpu;
}

/* The same bytes to the same sockets without us: what the kernel alone costs. fds: the server's ends. */
static double bare_send(struct hub *h, const int *fds, const struct frame *f, struct timer *t) {
    double cpu = 0;
    for (int r = 0; r < ROUNDS; r++) {
        double began = cpu_seconds();
        for (int i = 0; i < BROWSERS; i++) CHECK(send(fds[i], f->at, f->len, MSG_NOSIGNAL) == (ssize_t)f->len);
        cpu += cpu_seconds() - began;
        if (r % 20 == 19) rest(h->loop, 10, t);
    }
    return (double)ROUNDS * BROWSERS / cpu;
}

/* The descriptors that are connected to somebody. */
static int connected_fds(int *fds) {
    int n = 0;
    for (int fd = 3; fd < 4096 && n < BROWSERS; fd++) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET) fds[n++] = fd;
    }
    return n;
}

static void bench_fan_out(void) {
    struct hub h = {.loop = loop_new(NULL)};
    struct rlimit files;
    CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
    const struct http_server_config config = {.host = "127.0.0.1",
                                              .max_connections = BROWSERS,
                                              .max_message = 4096,
                                              .idle_timeout_us = US_PER_MIN,
                                              .on_request = on_request,
                                              .on_ws = on_ws,
                                              .arg = &h};
    CHECK(http_server_new(&h.server, h.loop, &config, NULL) == ERR_OK);
    size_t before = mallinfo2().uordblks;
    CHECK(fflush(stdout) == 0);
    pid_t child = fork();
    if (child == 0) be_browsers(http_server_port(h.server));
    loop_run(h.loop);
    struct timer *t = timer_new(h.loop, break_loop, h.loop);
    rest(h.loop, 100, t);
    size_t each = (mallinfo2().uordblks - before) / BROWSERS;
    struct buf encoded;
    char text[DELTA_BYTES];
    static int fds[BROWSERS];
    memset(text, 'x', sizeof text);
    buf_init(&encoded, 4096);
    ws_put_frame(&encoded, 1, span_from(text, sizeof text), NULL);
    struct frame *f = frame_new(buf_span(&encoded));
    CHECK(connected_fds(fds) == BROWSERS);
    double ours = 0, bare = 0;
    for (int i = 0; i < REPEATS; i++) {
        double a = fan_out(&h, f, t), b = bare_send(&h, fds, f, t);
        ours = a > ours ? a : ours;
        bare = b > bare ? b : bare;
    }
    (void)printf("fan-out of %d bytes to %d browsers: %.0fk deliveries a CPU second, bare send() %.0fk (%.2fx); %zu "
                 "bytes a browser\n",
                 DELTA_BYTES, BROWSERS, ours / 1e3, bare / 1e3, ours / bare, each);
    frame_unref(f);
    buf_free(&encoded);
    timer_free(t);
    http_server_close(h.server, NULL, NULL);
    loop_free(h.loop);
    CHECK(kill(child, SIGTERM) == 0 && waitpid(child, NULL, 0) == child);
}

int main(void) {
    bench_decode(WS_CLIENT, "from an exchange");
    bench_decode(WS_SERVER, "from a browser (masked)");
    bench_fan_out();
    return 0;
}
