#include "app/progress.h"

#include <stdio.h>
#include <unistd.h>

#define CLEAR "\r\033[K"

void progress_say(struct progress *p, const char *what, uint64_t n, const char *unit) {
    if (!isatty(STDERR_FILENO)) return;
    p->shown = true;
    fprintf(stderr, CLEAR "%s %llu%s", what, (unsigned long long)n, unit);
}

void progress_end(struct progress *p) {
    if (p->shown) fputs(CLEAR, stderr);
    p->shown = false;
}
