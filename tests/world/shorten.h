/* shorten.h: from a run that fails to the shortest list of faults, and the fewest events, with which it still fails the same
 * way (delta debugging, by halves and then by ever smaller parts). */
#ifndef TESTS_WORLD_SHORTEN_H
#define TESTS_WORLD_SHORTEN_H

#include "world.h"

typedef bool shorten_fails(void *arg, const struct fault_at *list, size_t count);

/* Reorders nothing; returns how many are left at the front of the list. `fails` is called `tries` times at most. */
size_t shorten_list(struct fault_at *list, size_t count, size_t tries, shorten_fails *fails, void *arg);

/* *c fails: it gets the fewest events; the list, of FAULTS_KEPT, the faults that are needed. Returns how many. */
size_t shorten_run(struct world_config *c, struct fault_at *list, struct world_result *r);

#endif
