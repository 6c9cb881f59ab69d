/* stream.h: inside io/ only: a connected, non-blocking socket, plain or with TLS on it, behind one table of functions. */
#ifndef IO_STREAM_H
#define IO_STREAM_H

#include "base/err.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>

struct stream;

enum { STREAM_END = 0, STREAM_AGAIN = -1, STREAM_ERROR = -2 };

struct stream_ops {
    /* Bytes moved (more than 0), or one of the above; STREAM_END from read only. A TLS write that answered STREAM_AGAIN
     * must be repeated with the same bytes. A read of 16 KiB and more leaves nothing behind that poll() could not see. */
    long (*read)(struct stream *s, char *into, size_t len);
    long (*write)(struct stream *s, const char *from, size_t len);
    void (*shut_write)(struct stream *s); /* no more from us; as far as it goes without waiting */
    void (*close)(struct stream *s);      /* frees, and closes the descriptor */
};

struct stream {
    const struct stream_ops *ops;
    int fd;
    void *tls;          /* SSL of a TLS stream, owned */
    bool needs_writing; /* TLS cannot go on reading before the socket can be written to */
};

void stream_plain(struct stream *s, int fd);

/* Server side: a context for many connections; certificate chain and key in PEM. */
struct tls_server;
/* ERR_TLS (file, certificate or key: the log says), ERR_MEMORY. */
MUST_CHECK enum err tls_server_new(struct tls_server **out, const char *cert_file, const char *key_file,
                                   const struct log *log);
void tls_server_free(struct tls_server *t); /* NULL is allowed */
/* The handshake happens in the first reads. ERR_MEMORY: s stays as it was. */
MUST_CHECK enum err stream_tls(struct stream *s, struct tls_server *t, int fd);

/* Client side: whom to trust: the system's authorities and one more file. */
struct tls_trust;
/* The one that stands in *place, where it has the same file, else a new one, which stands there from now on if none does; each
 * call needs a tls_trust_free, before the place goes. NULL without memory. A file that cannot be read shows with the first
 * connection: tls_trust_error has words, and nothing is trusted. */
struct tls_trust *tls_trust_of(struct tls_trust **place, const char *ca_file);
void tls_trust_free(struct tls_trust *t);               /* NULL is allowed */
const char *tls_trust_error(const struct tls_trust *t); /* NULL: none */
/* Makes a curl handle (a CURL *) trust that, and check names, with TLS 1.2 at least. t must outlive the handle. */
MUST_CHECK enum err tls_trust_use(struct tls_trust *t, void *curl);

#endif
