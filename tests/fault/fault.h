/* fault.h: memory that runs out. The linker sends every malloc, calloc and realloc of the program's own code through here
 * (--wrap, meson.build). While armed, the n-th of them fails, and only that one: what follows shows whether the failure was
 * borne. Libraries outside (yyjson, OpenSSL) keep theirs. */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the n-th allocation fails, counted from 1. */
void fault_arm(uint64_t n);
/* Counts and fails no more. True: the n-th came and failed. */
bool fault_disarm(void);
/* Between pause and resume nothing is counted: the test's own work. */
void fault_pause(void);
void fault_resume(void);

/* Every n until a run is through without a failure: FOR_EACH_FAILURE(n) { fault_arm(n); ... failed = fault_disarm(); ... } */
#define FOR_EACH_FAILURE(n, failed) for (uint64_t n = 1, failed = 1; failed != 0; n++)

#endif
