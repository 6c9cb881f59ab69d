#include "wire/fields.h"

#include "base/check.h"
#include "base/map.h"

_Static_assert(sizeof(enum side) == sizeof(int) && sizeof(enum order_type) == sizeof(int), "FIELD_WORD writes an int");

enum err fault_at(struct wire_fault *f, const struct place *p, const char *key, enum err e) {
    const char *dot = key != NULL && p->name[0] != '\0' ? "." : "";
    if (key == NULL) key = "";
    if (p->listed) wire_fault_set(f, e, "%s[%zu]%s%s: %s", p->name, p->row, dot, key, err_text(e));
    else wire_fault_set(f, e, "%s%s%s: %s", p->name, dot, key, err_text(e));
    return e;
}

/* ---- one value ---- */

static enum err check_sign(unsigned rules, int sign) {
    if ((rules & FIELD_ABOVE_ZERO) != 0 && sign <= 0) return ERR_VALUE;
    if ((rules & FIELD_NOT_NEGATIVE) != 0 && sign < 0) return ERR_VALUE;
    return ERR_OK;
}

static enum err read_name(struct name *out, struct json_value v) {
    struct name n;
    enum err e = json_name(v, &n);
    if (e != ERR_OK) return e;
    if (name_empty(&n)) return ERR_VALUE;
    *out = n;
    return ERR_OK;
}

static enum err read_i64(int64_t *out, unsigned rules, struct json_value v) {
    int64_t n;
    enum err e = json_i64(v, &n);
    if (e == ERR_OK) e = check_sign(rules, (n > 0) - (n < 0));
    if (e == ERR_OK) *out = n;
    return e;
}

static enum err read_dec8(struct dec8 *out, unsigned rules, struct json_value v) {
    struct dec8 d;
    enum err e = json_dec8(v, &d);
    if (e == ERR_OK) e = check_sign(rules, dec8_sign(d));
    if (e == ERR_OK) *out = d;
    return e;
}

static enum err read_dec16(struct dec16 *out, unsigned rules, struct json_value v) {
    struct dec16 d;
    enum err e = json_dec16(v, &d);
    if (e == ERR_OK) e = check_sign(rules, dec16_sign(d));
    if (e == ERR_OK) *out = d;
    return e;
}

static enum err read_time(struct wall *out, unsigned rules, struct json_value v, bool iso) {
    struct wall t;
    enum err e = iso ? json_iso_time(v, &t) : json_ms_time(v, &t);
    if (e == ERR_OK) e = check_sign(rules, (t.us > 0) - (t.us < 0));
    if (e == ERR_OK) *out = t;
    return e;
}

static enum err read_word(int *out, const struct field *f, struct json_value v) {
    struct span text;
    enum err e = json_text(v, &text);
    if (e != ERR_OK) return e;
    const struct word *w = f->words;
    while (w->text != NULL && !span_is(text, w->text)) w++;
    if (w->text == NULL && (f->rules & FIELD_ANY_WORD) == 0) return ERR_UNKNOWN;
    *out = w->value;
    return ERR_OK;
}

/* ERR_TYPE where the text is not all digits, ERR_RANGE where it is too large. */
static enum err read_digits(int64_t *out, struct span text) {
    int64_t n = 0;
    if (text.len == 0) return ERR_TYPE;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9') return ERR_TYPE;
    for (size_t i = 0; i < text.len; i++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, text.at[i] - '0', &n)) return ERR_RANGE;
    *out = n;
    return ERR_OK;
}

static enum err read_id(int64_t *out, unsigned rules, struct json_value v) {
    struct span text;
    if (json_is_number(v)) return read_i64(out, FIELD_NOT_NEGATIVE, v);
    enum err e = json_text(v, &text);
    if (e != ERR_OK) return e;
    if (text.len == 0) return ERR_VALUE;
    e = read_digits(out, text);
    if (e == ERR_OK || (rules & FIELD_NOT_NEGATIVE) != 0) return e;
    *out = id_of_text(text);
    return ERR_OK;
}

static enum err read_flag(const struct field *f, struct json_value v, void *out) {
    bool b;
    enum err e = json_bool(v, &b);
    if (e != ERR_OK) return e;
    if (f->kind == FIELD_MAKER) *(enum maker *)out = b ? MAKER_YES : MAKER_NO;
    else if (f->kind == FIELD_BUYER) *(enum side *)out = b ? SIDE_BUY : SIDE_SELL;
    else *(bool *)out = b;
    return ERR_OK;
}

enum err field_read(const struct field *f, struct json_value v, void *out) {
    void *to = (char *)out + f->at;
    if ((!json_present(v) || json_is_null(v)) && (f->rules & FIELD_MUST) == 0) return ERR_OK;
    switch (f->kind) {
    case FIELD_NAME: return read_name(to, v);
    case FIELD_I64: return read_i64(to, f->rules, v);
    case FIELD_DEC8: return read_dec8(to, f->rules, v);
    case FIELD_DEC16: return read_dec16(to, f->rules, v);
    case FIELD_MS: return read_time(to, f->rules, v, false);
    case FIELD_ISO: return read_time(to, f->rules, v, true);
    case FIELD_WORD: return read_word(to, f, v);
    case FIELD_ID: return read_id(to, f->rules, v);
    case FIELD_BOOL:
    case FIELD_MAKER:
    case FIELD_BUYER: return read_flag(f, v, to);
    }
    check_failed(__FILE__, __LINE__, "the kind of the field is known");
}

/* ---- all of a row ---- */

enum err fields_read(struct json_value v, const struct field *fields, size_t count, void *out, const struct place *p,
                     struct wire_fault *fault) {
    if (!json_is_object(v)) return fault_at(fault, p, NULL, json_present(v) ? ERR_TYPE : ERR_MISSING);
    for (size_t i = 0; i < count; i++) {
        enum err e = field_read(&fields[i], json_get(v, fields[i].key), out);
        if (e != ERR_OK) return fault_at(fault, p, fields[i].key, e);
    }
    return ERR_OK;
}

void letters_walk(struct letters *l, struct json_value object) {
    *l = (struct letters){0};
    json_letters(object, l->at, LETTER_FIRST, LETTER_COUNT);
}

enum err letters_read(const struct letters *l, const struct field *fields, size_t count, void *out,
                      const struct place *p, struct wire_fault *fault) {
    for (size_t i = 0; i < count; i++) {
        enum err e = field_read(&fields[i], letter(l, fields[i].key[0]), out);
        if (e != ERR_OK) return fault_at(fault, p, fields[i].key, e);
    }
    return ERR_OK;
}

/* ---- text ---- */

int64_t id_of_text(struct span text) { return -2 - (int64_t)(fnv1a64(text.at, text.len) >> 2); }

void text_cut(char *out, size_t room, struct span text) {
    CHECK(room > 0);
    size_t len = text.len < room ? text.len : room - 1;
    if (len < text.len) /* not in the middle of a character: back to before its first byte */
        while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80) len--;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        out[i] = c < 0x20 || c == 0x7f ? ' ' : text.at[i];
    }
    out[len] = '\0';
}
