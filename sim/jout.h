/* jout.h: writing JSON, for everything the simulator says. A member or element puts its own comma when it is not the first
 * of its object or array. `spaced` writes ", " and ": " as Python's json.dumps does, else nothing is spaced. */
#ifndef SIM_JOUT_H
#define SIM_JOUT_H

#include "sim/num.h"

struct jout {
    struct buf *b;
    bool spaced;
    bool micros; /* times in microseconds instead of milliseconds */
};

/* key NULL: an element of an array, or the top. */
void jo_open(struct jout *j, const char *key, char bracket);
void jo_close(struct jout *j, char bracket);
void jo_int(struct jout *j, const char *key, int64_t v);
void jo_bool(struct jout *j, const char *key, bool v);
void jo_null(struct jout *j, const char *key);
void jo_text(struct jout *j, const char *key, const char *text); /* escaped */
void jo_span(struct jout *j, const char *key, struct span text); /* escaped */
void jo_amount(struct jout *j, const char *key, int64_t v);      /* "0.50000000" */
void jo_wide(struct jout *j, const char *key, num_wide v);
void jo_short(struct jout *j, const char *key, num_wide v); /* "0.5" */
void jo_digits(struct jout *j, const char *key, int64_t v, unsigned digits);
void jo_time(struct jout *j, const char *key, int64_t us);
/* Text that is JSON already. */
void jo_raw(struct jout *j, const char *key, struct span json);

#endif
