#include "view/fields.h"

#include "base/check.h"

static const void *member(const void *values, const struct field *f) { return (const char *)values + f->at; }

static bool is_present(const struct field *f, const void *object) {
    return (f->flags & FIELD_OPTIONAL) == 0 || *(const bool *)object;
}

/* ---- one member ---- */

static void write_decimal(struct buf *b, const struct field *f, const void *at) {
    if (f->kind == FIELD_DEC8) {
        const struct dec8 *d = at;
        if (d->v == UNKNOWN_DEC) out_null(b, f->key);
        else out_dec8(b, f->key, *d);
    } else {
        const struct dec16 *d = at;
        if (d->v == UNKNOWN_DEC) out_null(b, f->key);
        else out_dec16(b, f->key, *d);
    }
}

static void write_int(struct buf *b, const char *key, int64_t v) {
    if (v == UNKNOWN_INT) out_null(b, key);
    else out_int(b, key, v);
}

static void write_array(struct buf *b, const char *key, const struct buf *text) {
    out_key(b, key);
    if (text->failed != ERR_OK) b->failed = text->failed; /* the whole message is lost, not one array of it */
    else if (text->len == 0) buf_puts(b, "[]");
    else buf_put_span(b, buf_span(text));
}

static void write_amounts(struct buf *b, const char *key, const struct amounts *a) {
    out_object(b, key);
    for (size_t i = 0; i < a->count; i++) out_dec16(b, a->rows[i].asset.text, a->rows[i].amount);
    out_object_end(b);
}

static void write_object(struct buf *b, const struct field *f, const void *object) {
    if (!is_present(f, object)) {
        out_null(b, f->key);
        return;
    }
    out_object(b, f->key);
    fields_write(b, f->sub, object);
    out_object_end(b);
}

static void write_member(struct buf *b, const struct field *f, const void *at) {
    switch (f->kind) {
    case FIELD_TEXT: out_word(b, f->key, *(const char *)at != '\0' ? at : NULL); return;
    case FIELD_WORD: out_word(b, f->key, *(const char *const *)at); return;
    case FIELD_DEC8:
    case FIELD_DEC16: write_decimal(b, f, at); return;
    case FIELD_TIME: out_time(b, f->key, *(const struct wall *)at); return;
    case FIELD_COUNT: out_count(b, f->key, *(const uint64_t *)at); return;
    case FIELD_INT: write_int(b, f->key, *(const int64_t *)at); return;
    case FIELD_BOOL: out_bool(b, f->key, *(const bool *)at); return;
    case FIELD_ARRAY: write_array(b, f->key, at); return;
    case FIELD_AMOUNTS: write_amounts(b, f->key, at); return;
    case FIELD_OBJECT: write_object(b, f, at); return;
    }
    CHECK(false); /* every kind returns above */
}

void fields_write(struct buf *b, const struct field *table, const void *values) {
    for (const struct field *f = table; f->key != NULL; f++) write_member(b, f, member(values, f));
}

/* ---- what differs ---- */

static bool amounts_same(const struct amounts *a, const struct amounts *b) {
    return a->count == b->count && memcmp(a->rows, b->rows, a->count * sizeof a->rows[0]) == 0;
}

static bool arrays_same(const struct buf *a, const struct buf *b) {
    return a->failed == ERR_OK && b->failed == ERR_OK && span_eq(buf_span(a), buf_span(b));
}

static bool same(const struct field *f, const void *now, const void *was) {
    switch (f->kind) {
    case FIELD_TEXT: return strcmp(now, was) == 0;
    case FIELD_ARRAY: return arrays_same(now, was);
    case FIELD_AMOUNTS: return amounts_same(now, was);
    case FIELD_OBJECT:
        if (is_present(f, now) != is_present(f, was)) return false;
        return !is_present(f, now) || !fields_differ(f->sub, now, was);
    default: return memcmp(now, was, f->size) == 0;
    }
}

bool fields_differ(const struct field *table, const void *now, const void *was) {
    for (const struct field *f = table; f->key != NULL; f++)
        if ((f->flags & FIELD_SLOW) == 0 && !same(f, member(now, f), member(was, f))) return true;
    return false;
}

static const struct amount *amount_of(const struct amounts *a, const struct name *asset) {
    for (size_t i = 0; i < a->count; i++)
        if (name_eq(&a->rows[i].asset, asset)) return &a->rows[i];
    return NULL;
}

/* Members of an object are patched one by one: an asset that went is null. */
static void write_amount_changes(struct buf *b, const char *key, const struct amounts *now, const struct amounts *was) {
    out_object(b, key);
    for (size_t i = 0; i < now->count; i++) {
        const struct amount *a = &now->rows[i], *old = amount_of(was, &a->asset);
        if (old == NULL || old->amount.v != a->amount.v) out_dec16(b, a->asset.text, a->amount);
    }
    for (size_t i = 0; i < was->count; i++)
        if (amount_of(now, &was->rows[i].asset) == NULL) out_null(b, was->rows[i].asset.text);
    out_object_end(b);
}

static void take_over_array(struct buf *b, const struct buf *now, struct buf *was) {
    buf_clear(was);
    buf_put_span(was, buf_span(now));
    if (was->failed != ERR_OK) b->failed = was->failed;
}

/* An array's buffer belongs to its struct: it is copied, never shared. So an object is taken over member by member. */
static void take_over(struct buf *b, const struct field *f, const void *now, void *was) {
    if (f->kind == FIELD_ARRAY) {
        take_over_array(b, now, was);
    } else if (f->kind == FIELD_OBJECT) {
        if ((f->flags & FIELD_OPTIONAL) != 0) *(bool *)was = *(const bool *)now;
        for (const struct field *sub = f->sub; sub->key != NULL; sub++)
            take_over(b, sub, member(now, sub), (char *)was + sub->at);
    } else {
        memcpy(was, now, f->size);
    }
}

/* A nested object that is there before and after: only its changes. */
static bool write_object_changes(struct buf *b, const struct field *f, const void *now, void *was, bool slow) {
    size_t before = b->len;
    out_object(b, f->key);
    if (!fields_write_changes(b, f->sub, now, was, slow, 0)) {
        out_take_back(b, before);
        return false;
    }
    out_object_end(b);
    return true;
}

static bool write_change(struct buf *b, const struct field *f, const void *now, void *was, bool slow) {
    if (f->kind == FIELD_OBJECT && is_present(f, now) && is_present(f, was))
        return write_object_changes(b, f, now, was, slow);
    if (same(f, now, was)) return false;
    if (f->kind == FIELD_AMOUNTS) write_amount_changes(b, f->key, now, was);
    else write_member(b, f, now);
    take_over(b, f, now, was);
    return true;
}

bool fields_write_changes(struct buf *b, const struct field *table, const void *now, void *was, bool slow,
                          unsigned parts) {
    bool any = false;
    for (const struct field *f = table; f->key != NULL; f++) {
        unsigned of = f->flags / FIELD_PART;
        if (((f->flags & FIELD_SLOW) != 0 && !slow) || (of != 0 && (of & parts) == 0)) continue;
        any |= write_change(b, f, member(now, f), (char *)was + f->at, slow);
    }
    return any;
}
