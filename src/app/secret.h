/* secret.h: bytes that must not leak: keys and the password. They lie in libsodium's guarded memory: never in a core file or
 * (where the limits allow) in swap, fenced by pages that may not be touched, zeroed when freed. Nothing here formats or logs
 * one. */
#ifndef APP_SECRET_H
#define APP_SECRET_H

#include "base/err.h"
#include "base/span.h"

struct secret {
    unsigned char *at; /* owned; NULL: none. Read-only after secret_set */
    size_t len;
};

/* Once in a process, before anything else here. ERR_BAD_STATE where libsodium cannot work. */
MUST_CHECK enum err secret_init(void);

/* A copy of the bytes (an empty span: none); what was there before is freed. ERR_MEMORY. */
MUST_CHECK enum err secret_set(struct secret *s, struct span bytes);
void secret_free(struct secret *s);

static inline struct span secret_span(const struct secret *s) { return span_from(s->at, s->len); }

/* Zeroes bytes that held a secret on its way; never optimised away. */
void secret_wipe(void *at, size_t len);

enum secret_file {
    SECRET_FILE_READ,
    SECRET_FILE_MISSING, /* there is none */
    SECRET_FILE_DENIED,  /* may not be read, or is no regular file */
    SECRET_FILE_OPEN,    /* group or others may read or write it: refused where that was asked for */
    SECRET_FILE_LARGE,   /* over max bytes */
    SECRET_FILE_FAILED,  /* memory, or the disk */
};

/* Reads a whole file into *out. mode (may be NULL) gets its permission bits. private_only: a file that its group or others
 * may read or write is SECRET_FILE_OPEN and not read. *out is untouched unless SECRET_FILE_READ. */
enum secret_file secret_read_file(struct secret *out, unsigned *mode, const char *path, size_t max, bool private_only);

#endif
