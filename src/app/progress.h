/* progress.h: how far long work is: one line on the terminal, written over itself. A pipe or a file gets none of it. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;
};

void progress_say(struct progress *p, const char *what, uint64_t n, const char *unit);
void progress_end(struct progress *p); /* before anything else is printed */

#endif
