#include "fault.h"

#include <stddef.h>

static bool armed, paused, failed;
static uint64_t left;

void fault_arm(uint64_t n) {
    armed = true;
    paused = failed = false;
    left = n;
}

bool fault_disarm(void) {
    armed = false;
    return failed;
}

void fault_pause(void) { paused = true; }
void fault_resume(void) { paused = false; }

static bool fails(void) {
    if (!armed || paused || failed || --left > 0) return false;
    failed = true;
    return true;
}

/* The names are the linker's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *at, size_t size) { return fails() ? NULL : __real_realloc(at, size); }
