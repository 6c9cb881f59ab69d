/* fields.h: rows of JSON to structs by table: which key, what kind, which rule, where to. Inside wire/ only. One reader
 * for all tables means that every decoder treats null, wrong types and ranges alike and names the field in the same
 * words. A field that is absent or null and not FIELD_MUST keeps what the struct held before. */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "domain/market.h"
#include "wire/json.h"

enum field_kind {
    FIELD_NAME,  /* struct name; must not be empty */
    FIELD_I64,   /* int64_t */
    FIELD_BOOL,  /* bool */
    FIELD_DEC8,  /* struct dec8 */
    FIELD_DEC16, /* struct dec16 */
    FIELD_MS,    /* struct wall of milliseconds */
    FIELD_ISO,   /* struct wall of ISO 8601 text */
    FIELD_WORD,  /* int or an enum, by .words */
    FIELD_ID,    /* int64_t: decimal digits as text or number; any other text becomes id_of_text */
    FIELD_MAKER, /* enum maker of a bool */
    FIELD_BUYER, /* enum side of a bool: true is a buy */
};

enum field_rule {
    FIELD_MUST = 1,         /* absent or null is an error */
    FIELD_ABOVE_ZERO = 2,   /* numbers and times */
    FIELD_NOT_NEGATIVE = 4, /* numbers */
    FIELD_ANY_WORD = 8,     /* a word not in the table takes the value of the table's end */
};

struct word {
    const char *text; /* NULL ends the table */
    int value;
};

struct field {
    const char *key;
    enum field_kind kind;
    unsigned rules;
    size_t at; /* offset in the struct */
    const struct word *words;
};

/* Where in the document, for faults: "trades[3]", "event"; empty name: the document itself. */
struct place {
    const char *name;
    bool listed;
    size_t row;
};

/* Sets *f to "trades[3].price: reason"; key NULL: the place itself. Returns e. */
enum err fault_at(struct wire_fault *f, const struct place *p, const char *key, enum err e);

/* One value by its field's kind and rules. */
MUST_CHECK enum err field_read(const struct field *f, struct json_value v, void *out);

/* All fields of an object. ERR_TYPE where v is none. */
MUST_CHECK enum err fields_read(struct json_value v, const struct field *fields, size_t count, void *out,
                                const struct place *p, struct wire_fault *fault);

/* An object whose keys are single letters (Binance's events): one walk puts each value where its letter says; the first
 * of repeated keys counts, longer keys are skipped. */
enum { LETTER_FIRST = 'A', LETTER_COUNT = 'z' - 'A' + 1 };
struct letters {
    struct json_value at[LETTER_COUNT];
};
void letters_walk(struct letters *l, struct json_value object);
static inline struct json_value letter(const struct letters *l, char key) { return l->at[key - LETTER_FIRST]; }
MUST_CHECK enum err letters_read(const struct letters *l, const struct field *fields, size_t count, void *out,
                                 const struct place *p, struct wire_fault *fault);

/* Ids that are no decimal digits ("DRY_000001"): a hash at -2 or below (fill.h). */
int64_t id_of_text(struct span text);

/* Text for people: cut to the room at the border of a character, control characters become blanks, NUL-terminated. */
void text_cut(char *out, size_t room, struct span text);

#endif
