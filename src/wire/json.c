/* json.c: yyjson behind json.h. Two ways of getting memory: a small text (every frame of a stream) is parsed inside
 * one pool that is allocated once and used again, so the hot path never calls malloc; a large one (exchangeInfo, a
 * page of trades) takes its memory from malloc as it needs it and gives it back at the next parse, so that one answer
 * of 5 MB does not stay for ever.
 *
 * yyjson lays the values of a document out in one array, 16 bytes each, a container before its content; its reader
 * does not recurse, so a deeply nested text cannot hurt it, and the depth is judged afterwards in one walk over that
 * array. */
#include "wire/json.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

enum { POOL_TEXT_BYTES = 16 << 10 }; /* the largest frame of a stream of one symbol is under 1 kB */

struct json {
    yyjson_doc *doc; /* of the last parse that went well; NULL else */
    bool pooled;     /* doc lies in the pool: nothing to give back */
    size_t pool_bytes;
    char *pool; /* owned; enough for any text of POOL_TEXT_BYTES */
};

struct json *json_new(void) {
    struct json *j = calloc(1, sizeof *j);
    if (j == NULL) return NULL;
    j->pool_bytes = yyjson_read_max_memory_usage(POOL_TEXT_BYTES, YYJSON_READ_NUMBER_AS_RAW);
    j->pool = malloc(j->pool_bytes);
    if (j->pool == NULL) {
        free(j);
        return NULL;
    }
    return j;
}

static void drop_document(struct json *j) {
    if (j->doc != NULL && !j->pooled) yyjson_doc_free(j->doc);
    j->doc = NULL;
}

void json_free(struct json *j) {
    if (j == NULL) return;
    drop_document(j);
    free(j->pool);
    free(j);
}

/* Whether no value lies deeper than LIMIT_JSON_DEPTH containers. With fewer values in all it cannot; so it is with
 * every ticker. */
static bool depth_is_allowed(yyjson_doc *doc) {
    if (yyjson_doc_get_val_count(doc) <= LIMIT_JSON_DEPTH) return true;
    yyjson_val *root = yyjson_doc_get_root(doc);
    const yyjson_val *ends[LIMIT_JSON_DEPTH];
    size_t depth = 0;
    yyjson_val *end = unsafe_yyjson_get_next(root);
    for (yyjson_val *at = root; at < end; at++) {
        while (depth > 0 && at >= ends[depth - 1]) depth--;
        if (!unsafe_yyjson_is_ctn(at)) continue;
        if (depth == LIMIT_JSON_DEPTH) return false;
        ends[depth++] = unsafe_yyjson_get_next(at);
    }
    return true;
}

enum err json_parse(struct json *j, struct span text, size_t max_bytes, struct json_value *root) {
    drop_document(j);
    if (text.len > max_bytes) return ERR_TOO_BIG;
    if (text.len == 0) return ERR_SYNTAX;
    yyjson_alc pool;
    yyjson_read_err why;
    j->pooled = text.len <= POOL_TEXT_BYTES;
    if (j->pooled) (void)yyjson_alc_pool_init(&pool, j->pool, j->pool_bytes);
    char *bytes = (char *)(uintptr_t)text.at; /* only read: YYJSON_READ_INSITU is not set */
    j->doc = yyjson_read_opts(bytes, text.len, YYJSON_READ_NUMBER_AS_RAW, j->pooled ? &pool : NULL, &why);
    if (j->doc == NULL) return why.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION ? ERR_MEMORY : ERR_SYNTAX;
    if (!depth_is_allowed(j->doc)) {
        drop_document(j);
        return ERR_TOO_BIG;
    }
    root->node = yyjson_doc_get_root(j->doc);
    return ERR_OK;
}

/* ---- what a value is ---- */

static yyjson_val *val(struct json_value v) {
    return (yyjson_val *)(uintptr_t)v.node; /* yyjson's readers take no const */
}

bool json_is_null(struct json_value v) { return yyjson_is_null(val(v)); }
bool json_is_object(struct json_value v) { return yyjson_is_obj(val(v)); }
bool json_is_array(struct json_value v) { return yyjson_is_arr(val(v)); }
bool json_is_text(struct json_value v) { return yyjson_is_str(val(v)); }
bool json_is_number(struct json_value v) { return yyjson_is_raw(val(v)); }
bool json_is_bool(struct json_value v) { return yyjson_is_bool(val(v)); }

struct json_value json_get(struct json_value v, const char *key) {
    return (struct json_value){yyjson_obj_getn(val(v), key, strlen(key))};
}

size_t json_size(struct json_value v) { return yyjson_is_ctn(val(v)) ? unsafe_yyjson_get_len(val(v)) : 0; }

/* ---- walking ---- */

struct json_iter json_first(struct json_value v) {
    struct json_iter it = {.left = json_size(v)};
    if (it.left == 0) return it;
    it.object = unsafe_yyjson_is_obj(val(v));
    it.at = val(v) + 1; /* the first key or element lies behind its container */
    return it;
}

bool json_next(struct json_iter *it, struct json_value *element) {
    if (it->left == 0) return false;
    yyjson_val *at = (yyjson_val *)(uintptr_t)it->at;
    if (it->object) {
        it->key = span_from(unsafe_yyjson_get_str(at), unsafe_yyjson_get_len(at));
        at++;
    }
    element->node = at;
    it->at = unsafe_yyjson_get_next(at);
    it->left--;
    return true;
}

void json_letters(struct json_value v, struct json_value *slots, unsigned char first, size_t count) {
    if (!yyjson_is_obj(val(v))) return;
    yyjson_val *key = val(v) + 1;
    for (size_t left = unsafe_yyjson_get_len(val(v)); left > 0; left--) {
        yyjson_val *value = key + 1;
        if (unsafe_yyjson_get_len(key) == 1) {
            size_t slot = (size_t)(unsigned char)unsafe_yyjson_get_str(key)[0] - first;
            if (slot < count && slots[slot].node == NULL) slots[slot].node = value;
        }
        key = unsafe_yyjson_get_next(value);
    }
}

/* ---- typed reads ---- */

static struct span bytes_of(yyjson_val *v) {
    return span_from(unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v)); /* of a raw number alike */
}

enum err json_text(struct json_value v, struct span *out) {
    if (v.node == NULL) return ERR_MISSING;
    if (!unsafe_yyjson_is_str(val(v))) return ERR_TYPE;
    *out = bytes_of(val(v));
    return ERR_OK;
}

enum err json_name(struct json_value v, struct name *out) {
    struct span text;
    enum err e = json_text(v, &text);
    return e != ERR_OK ? e : name_set(out, text);
}

/* The text of a number, or of a string as well where strings are allowed. */
static enum err number_text(struct json_value v, bool strings, struct span *out) {
    if (v.node == NULL) return ERR_MISSING;
    if (!unsafe_yyjson_is_raw(val(v)) && !(strings && unsafe_yyjson_is_str(val(v)))) return ERR_TYPE;
    *out = bytes_of(val(v));
    return ERR_OK;
}

enum err json_number_text(struct json_value v, struct span *out) { return number_text(v, false, out); }

enum err json_i64(struct json_value v, int64_t *out) {
    struct span text;
    enum err e = number_text(v, false, &text);
    if (e != ERR_OK) return e;
    bool negative = text.at[0] == '-', over = text.len - negative > 19; /* JSON has no leading zeros */
    uint64_t n = 0;                                                     /* 19 digits cannot pass 2^64 */
    for (size_t i = negative; i < text.len; i++) {
        unsigned digit = (unsigned)(text.at[i] - '0');
        if (digit > 9) return ERR_TYPE; /* a fraction or an exponent */
        n = n * 10 + digit;
    }
    if (over || n > (uint64_t)INT64_MAX + negative) return ERR_RANGE;
    *out = (int64_t)(negative ? 0 - n : n);
    return ERR_OK;
}

enum err json_bool(struct json_value v, bool *out) {
    if (v.node == NULL) return ERR_MISSING;
    if (!unsafe_yyjson_is_bool(val(v))) return ERR_TYPE;
    *out = unsafe_yyjson_is_true(val(v));
    return ERR_OK;
}

enum err json_dec8(struct json_value v, struct dec8 *out) {
    struct span text;
    enum err e = number_text(v, true, &text);
    return e != ERR_OK ? e : dec8_parse(out, text);
}

enum err json_dec16(struct json_value v, struct dec16 *out) {
    struct span text;
    enum err e = number_text(v, true, &text);
    return e != ERR_OK ? e : dec16_parse(out, text);
}

enum err json_iso_time(struct json_value v, struct wall *out) {
    struct span text;
    enum err e = json_text(v, &text);
    return e != ERR_OK ? e : wall_parse(out, text);
}

enum err json_ms_time(struct json_value v, struct wall *out) {
    const int64_t first_us = INT64_C(100000000000000);   /* as milliseconds this is the year 5138 */
    const int64_t last_us = INT64_C(253402300799999999); /* the end of the year 9999 */
    int64_t n;
    enum err e = json_i64(v, &n);
    if (e != ERR_OK) return e;
    if (n < 0 || n > last_us) return ERR_RANGE;
    *out = n > first_us ? (struct wall){n} : wall_of_ms(n);
    return ERR_OK;
}

void wire_fault_set(struct wire_fault *f, enum err e, const char *format, ...) {
    va_list args;
    f->err = e;
    va_start(args, format);
    (void)vsnprintf(f->what, sizeof f->what, format, args);
    va_end(args);
}
