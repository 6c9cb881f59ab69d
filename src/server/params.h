/* params.h: the query of an address into a checked struct. One table says which parameter each kind of question takes and
 * which it needs; a parameter that is unknown, repeated, malformed or out of range is refused by name. Pure. */
#ifndef SERVER_PARAMS_H
#define SERVER_PARAMS_H

#include "server/server.h"

struct param_fault {
    char field[32];    /* the parameter at fault; "" where the query as a whole is */
    char message[128]; /* for a person: what is wrong and what is allowed */
};

/* query: without '?', as sent. ERR_VALUE with *fault filled; *out is then undefined. */
MUST_CHECK enum err params_parse(struct server_query *out, struct param_fault *fault, enum server_query_kind kind,
                                 struct span query);

/* One parameter of a query, decoded into out (NUL-terminated). ERR_MISSING, ERR_SYNTAX (bad percent-encoding, a control
 * character), ERR_TOO_BIG, ERR_EXISTS (twice). For the live feed's "resume". */
MUST_CHECK enum err params_one(char *out, size_t size, struct span query, const char *name);

/* An unsigned decimal number within low..high, digits only. ERR_SYNTAX, ERR_RANGE. */
MUST_CHECK enum err params_number(uint64_t *out, struct span text, uint64_t low, uint64_t high);

/* A candle interval of the exchange: "1m" ... "1w". */
bool interval_ok(struct span text);

#endif
