/* process.c: what the process asks of its system before it does anything else. */
#include "app/process.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { OWN_PAGES_BYTES = 32 << 10 };

bool process_standard_descriptors(void) {
    int fd;
    do fd = open("/dev/null", O_RDWR); /* takes the lowest that is free */
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0) return false;
    (void)close(fd);
    return true;
}

void process_no_core_files(void) {
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

void process_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* glibc raises its threshold to the largest block ever given back; then a ledger that grows by halves leaves holes of every size
 * behind it on the heap, and an answer of 1 MB stays there for ever. With a fixed one such blocks have pages of their own, which
 * grow by being moved and go back when freed. Other libraries do that anyway. */
void process_tune_memory(void) {
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES);
    (void)mallopt(M_ARENA_MAX, 2); /* the loop's and one for the pool's threads, which allocate little */
#endif
}
