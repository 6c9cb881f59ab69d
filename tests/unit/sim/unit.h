/* unit.h: what the simulator's unit tests share. */
#ifndef TESTS_SIM_UNIT_H
#define TESTS_SIM_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sim/num.h"

/* A decimal literal as units of 10^-8. */
static inline int64_t dec(const char *text) {
    int64_t v = 0;
    assert_true(sim_num_parse(&v, span_of(text)));
    return v;
}

#define RUN(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
