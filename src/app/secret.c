#include "app/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS_MAY_READ_OR_WRITE = 066 };

enum err secret_init(void) { return sodium_init() >= 0 ? ERR_OK : ERR_BAD_STATE; }

enum err secret_set(struct secret *s, struct span bytes) {
    unsigned char *at = NULL;
    if (bytes.len > 0) {
        at = sodium_malloc(bytes.len);
        if (at == NULL) return ERR_MEMORY;
        memcpy(at, bytes.at, bytes.len);
        (void)sodium_mprotect_readonly(at);
    }
    secret_free(s);
    *s = (struct secret){at, bytes.len};
    return ERR_OK;
}

void secret_free(struct secret *s) {
    sodium_free(s->at); /* makes it writable, zeroes it; NULL is allowed */
    *s = (struct secret){0};
}

void secret_wipe(void *at, size_t len) { sodium_memzero(at, len); }

/* Exactly len bytes, or the file changed while it was read. */
static bool read_exactly(int fd, unsigned char *at, size_t len) {
    for (size_t have = 0; have < len;) {
        ssize_t n = read(fd, at + have, len - have);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        have += (size_t)n;
    }
    return true;
}

/* Straight into guarded memory: no copy is left behind on the heap. */
static enum secret_file read_open_file(struct secret *out, int fd, size_t len) {
    unsigned char *at = NULL;
    if (len > 0 && (at = sodium_malloc(len)) == NULL) return SECRET_FILE_FAILED;
    if (!read_exactly(fd, at, len)) {
        sodium_free(at);
        return SECRET_FILE_FAILED;
    }
    secret_free(out);
    *out = (struct secret){at, len};
    return SECRET_FILE_READ;
}

/* On the open file, so that what is checked is what is read. */
static enum secret_file check_and_read(struct secret *out, unsigned *mode, int fd, size_t max, bool private_only) {
    struct stat st;
    if (fstat(fd, &st) != 0) return SECRET_FILE_FAILED;
    if (!S_ISREG(st.st_mode)) return SECRET_FILE_DENIED;
    if (mode != NULL) *mode = (unsigned)st.st_mode & 07777;
    if (private_only && (st.st_mode & OTHERS_MAY_READ_OR_WRITE) != 0) return SECRET_FILE_OPEN;
    if (st.st_size < 0 || (size_t)st.st_size > max) return SECRET_FILE_LARGE;
    return read_open_file(out, fd, (size_t)st.st_size);
}

enum secret_file secret_read_file(struct secret *out, unsigned *mode, const char *path, size_t max, bool private_only) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO of that name must not hang the start */
    if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? SECRET_FILE_MISSING : SECRET_FILE_DENIED;
    enum secret_file result = check_and_read(out, mode, fd, max, private_only);
    (void)close(fd);
    return result;
}
