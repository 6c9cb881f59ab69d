/* fields.h: a struct of values and a table that says how each member is written. The same table writes a whole object
 * (snapshot), and what differs between two structs (delta), so the two cannot drift apart.
 *
 * Comparing is done on the values, before anything is turned into text: a member that did not change costs a few
 * nanoseconds. Unknown values have one spelling each: UNKNOWN_DEC, UNKNOWN_INT, time 0, text "", word NULL; all are
 * null. */
#ifndef VIEW_FIELDS_H
#define VIEW_FIELDS_H

#include "domain/ledger.h"
#include "view/json_out.h"

#define UNKNOWN_INT INT64_MIN
#define UNKNOWN_DEC (-((i128)1 << 126) * 2) /* -2^127: beyond DEC_LIMIT, so no decimal has it */
#define UNKNOWN_DEC8 ((struct dec8){UNKNOWN_DEC})
#define UNKNOWN_DEC16 ((struct dec16){UNKNOWN_DEC})

struct amounts { /* asset -> amount, an object; assets are distinct */
    size_t count;
    struct amount {
        struct name asset;
        struct dec16 amount;
    } rows[LEDGER_FEE_ASSETS_MAX];
};

enum field_kind {
    FIELD_TEXT, /* char[], struct name: a string */
    FIELD_WORD, /* const char *: static text */
    FIELD_DEC8,
    FIELD_DEC16,
    FIELD_TIME,  /* struct wall */
    FIELD_COUNT, /* uint64_t: never unknown */
    FIELD_INT,   /* int64_t */
    FIELD_BOOL,
    FIELD_ARRAY,   /* struct buf holding a whole JSON array, "" for an empty one: sent whole */
    FIELD_AMOUNTS, /* struct amounts */
    FIELD_OBJECT,  /* a nested struct with a table of its own */
};

enum {
    FIELD_SLOW = 1,     /* moves all the time and says little: compared only on the slow beat (delta.c) */
    FIELD_OPTIONAL = 2, /* object: its struct begins with `bool present`; null where false. */
    FIELD_PART = 8
}; /* from this bit on: which DIRTY_ parts of the state it comes from; none: always compared */

struct field { /* a table ends with key NULL */
    const char *key;
    enum field_kind kind;
    unsigned flags;
    size_t at, size;
    const struct field *sub;
};

#define FIELD_MEMBER(T, m) (((const T *)0)->m)
#define FIELD_KIND(T, m)                                                                                               \
    _Generic(FIELD_MEMBER(T, m), const char *: _Generic(&FIELD_MEMBER(T, m), const char *const *: FIELD_WORD,          \
                                                        default: FIELD_TEXT),                                          \
             struct name: FIELD_TEXT, struct dec8: FIELD_DEC8, struct dec16: FIELD_DEC16, struct wall: FIELD_TIME,     \
             uint64_t: FIELD_COUNT, int64_t: FIELD_INT, bool: FIELD_BOOL, struct buf: FIELD_ARRAY,                     \
             struct amounts: FIELD_AMOUNTS)
#define FIELD_FULL(key, T, m, kind, flags, sub)                                                                        \
    { key, kind, flags, offsetof(T, m), sizeof FIELD_MEMBER(T, m), sub }
/* A member under its own name. */
#define FIELD(T, m, flags) FIELD_FULL(#m, T, m, FIELD_KIND(T, m), flags, NULL)
/* A nested struct with its table. */
#define FIELD_SUB(T, m, flags, sub) FIELD_FULL(#m, T, m, FIELD_OBJECT, flags, sub)
#define FIELD_END                                                                                                      \
    { NULL, FIELD_TEXT, 0, 0, 0, NULL }

/* Every member, nulls too. */
void fields_write(struct buf *b, const struct field *table, const void *values);

/* The members of `now` that differ from `was`, as members of a merge patch (null removes), and takes them over into
 * `was`. FIELD_SLOW members only with slow; members of a part only where parts has one of its bits. True when any
 * was written. */
bool fields_write_changes(struct buf *b, const struct field *table, const void *now, void *was, bool slow,
                          unsigned parts);

/* Whether any member that is not FIELD_SLOW differs. */
bool fields_differ(const struct field *table, const void *now, const void *was);

#endif
