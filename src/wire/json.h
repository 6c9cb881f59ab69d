/* json.h: the one door to the JSON library. A document is parsed into memory that belongs to the struct json and is
 * reused by the next parse: values, and spans taken from them, live until then. Numbers keep their text, so that money
 * never passes through floating point. Limits: LIMIT_JSON_DEPTH, and a size given at each parse. */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/dec.h"
#include "base/name.h"
#include "base/time.h"

struct json;        /* opaque: pool and document */
struct json_value { /* borrowed from a struct json; node NULL: absent */
    const void *node;
};

struct json *json_new(void); /* NULL without memory */
void json_free(struct json *j);

/* ERR_SYNTAX (also for NaN, Infinity, bad UTF-8, trailing text), ERR_TOO_BIG (over max_bytes or too deep), ERR_MEMORY.
 * text is borrowed until return. Repeated keys: the first counts. */
MUST_CHECK enum err json_parse(struct json *j, struct span text, size_t max_bytes, struct json_value *root);

static inline bool json_present(struct json_value v) { return v.node != NULL; }
bool json_is_null(struct json_value v); /* absent values are not null */
bool json_is_object(struct json_value v);
bool json_is_array(struct json_value v);
bool json_is_text(struct json_value v);
bool json_is_number(struct json_value v);
bool json_is_bool(struct json_value v);

/* Member of an object, case-sensitive; absent where v is no object or has no such key. */
struct json_value json_get(struct json_value v, const char *key);
size_t json_size(struct json_value v); /* members or elements; 0 for anything else */

/* Walk an array (or the values of an object): it = json_first(v); while (json_next(&it, &element)) ...
 * Anything else is walked as an empty array. */
struct json_iter {
    const void *at;
    size_t left;
    struct span key; /* of objects: the key of the element last returned, unescaped */
    bool object;
};
struct json_iter json_first(struct json_value v);
bool json_next(struct json_iter *it, struct json_value *element);

/* Members of an object whose keys are one byte from `first` on, in one walk: slots[key - first] is set where the key
 * comes for the first time; the caller has cleared the slots. The hot path of the market streams. */
void json_letters(struct json_value v, struct json_value *slots, unsigned char first, size_t count);

/* Typed reads. ERR_MISSING where absent, ERR_TYPE for another type, ERR_RANGE, ERR_SYNTAX as the decoders say.
 * Decimals are read from JSON strings and from JSON numbers alike (ACCOUNTING 1). */
MUST_CHECK enum err json_text(struct json_value v, struct span *out);
MUST_CHECK enum err json_name(struct json_value v, struct name *out);
MUST_CHECK enum err json_number_text(struct json_value v, struct span *out); /* of a JSON number, as it was written */
MUST_CHECK enum err json_i64(struct json_value v, int64_t *out);             /* integers only; 1.0 is ERR_TYPE */
MUST_CHECK enum err json_bool(struct json_value v, bool *out);
MUST_CHECK enum err json_dec8(struct json_value v, struct dec8 *out);
MUST_CHECK enum err json_dec16(struct json_value v, struct dec16 *out);
MUST_CHECK enum err json_iso_time(struct json_value v, struct wall *out); /* text, wall_parse */
/* An integer: milliseconds, microseconds where above 10^14 (BINANCE 1.4); ERR_RANGE below 0 and after the year 9999. */
MUST_CHECK enum err json_ms_time(struct json_value v, struct wall *out);

/* What was wrong with the last decode that failed, for the log and the counters: "trades[3].price: number out of
 * range". Every decoder of wire/ fills one. Never holds more than the field's path and reason, no payload. */
struct wire_fault {
    enum err err;
    char what[120];
};
void wire_fault_set(struct wire_fault *f, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
