#include "io/stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static bool would_block(int e) { return e == EAGAIN || e == EWOULDBLOCK; }

static long plain_read(struct stream *s, char *into, size_t len) {
    ssize_t n;
    do n = recv(s->fd, into, len, 0);
    while (n < 0 && errno == EINTR);
    if (n >= 0) return n;
    return would_block(errno) ? STREAM_AGAIN : STREAM_ERROR;
}

static long plain_write(struct stream *s, const char *from, size_t len) {
    ssize_t n;
    do n = send(s->fd, from, len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0) return n;
    return would_block(errno) ? STREAM_AGAIN : STREAM_ERROR;
}

static void plain_shut_write(struct stream *s) { (void)shutdown(s->fd, SHUT_WR); } /* fails where the peer is gone */

static void plain_close(struct stream *s) { (void)close(s->fd); }

static const struct stream_ops plain = {plain_read, plain_write, plain_shut_write, plain_close};

void stream_plain(struct stream *s, int fd) { *s = (struct stream){.ops = &plain, .fd = fd}; }
