#include "schema_check.h"

#include <regex.h>
#include <stdio.h>

struct place { /* a way from the root to the value under test */
    const struct place *parent;
    struct span key;
    long index; /* of an array; -1: key */
};

struct check {
    struct json_value root;
    struct schema_fault *fault;
};

static bool holds(struct check *c, struct json_value schema, struct json_value v, const struct place *at);

/* --- saying where --- */

static size_t put_place(char *out, size_t size, const struct place *at) {
    if (at == NULL) return 0;
    size_t n = put_place(out, size, at->parent);
    if (n >= size) return n;
    int more = at->index >= 0 ? snprintf(out + n, size - n, "[%ld]", at->index)
                              : snprintf(out + n, size - n, "%s%.*s", n > 0 ? "." : "", (int)at->key.len, at->key.at);
    return n + (size_t)more;
}

static bool fault(struct check *c, const struct place *at, const char *what) {
    c->fault->where[0] = '\0';
    put_place(c->fault->where, sizeof c->fault->where, at);
    snprintf(c->fault->what, sizeof c->fault->what, "%s", what);
    return false;
}

/* --- single keywords: (the keyword's value, the value under test) --- */

static bool is_type(struct span type, struct json_value v) {
    int64_t n;
    if (span_is(type, "integer")) return json_is_number(v) && json_i64(v, &n) == ERR_OK;
    static const struct {
        const char *name;
        bool (*is)(struct json_value v);
    } types[] = {{"object", json_is_object}, {"array", json_is_array},  {"string", json_is_text},
                 {"number", json_is_number}, {"boolean", json_is_bool}, {"null", json_is_null}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (span_is(type, types[i].name)) return types[i].is(v);
    return false;
}

static bool key_type(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct span one;
    struct json_value element;
    (void)c, (void)at;
    if (json_text(k, &one) == ERR_OK) return is_type(one, v);
    struct json_iter it = json_first(k);
    while (json_next(&it, &element))
        if (json_text(element, &one) == ERR_OK && is_type(one, v)) return true;
    return false;
}

static bool same(struct json_value a,
                 struct json_value b) { /* of texts, booleans and null: enough for enum and const */
    struct span x, y;
    bool p, q;
    if (json_is_null(a)) return json_is_null(b);
    if (json_is_bool(a)) return json_bool(a, &p) == ERR_OK && json_bool(b, &q) == ERR_OK && p == q;
    return json_text(a, &x) == ERR_OK && json_text(b, &y) == ERR_OK && span_eq(x, y);
}

static bool key_const(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    (void)c, (void)at;
    return same(k, v);
}

static bool key_enum(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct json_value element;
    struct json_iter it = json_first(k);
    (void)c, (void)at;
    while (json_next(&it, &element))
        if (same(element, v)) return true;
    return false;
}

static bool key_any_of(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct json_value element;
    struct json_iter it = json_first(k);
    while (json_next(&it, &element))
        if (holds(c, element, v, at)) return true;
    return false; /* c->fault now tells of the last alternative */
}

static bool key_ref(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    char name[64];
    struct span text;
    if (json_text(k, &text) != ERR_OK || !span_starts(text, SPAN("#/$defs/")) || text.len - 8 >= sizeof name)
        return false;
    memcpy(name, text.at + 8, text.len - 8);
    name[text.len - 8] = '\0';
    struct json_value target = json_get(json_get(c->root, "$defs"), name);
    return json_present(target) && holds(c, target, v, at);
}

static bool key_required(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    char name[64];
    struct json_value element;
    struct span text;
    struct json_iter it = json_first(k);
    if (!json_is_object(v)) return true;
    while (json_next(&it, &element)) {
        if (json_text(element, &text) != ERR_OK || text.len >= sizeof name) return false;
        memcpy(name, text.at, text.len);
        name[text.len] = '\0';
        if (!json_present(json_get(v, name))) return fault(c, &(struct place){at, span_of(name), -1}, "required");
    }
    return true;
}

static struct json_value member(struct json_value object, struct span key) {
    struct json_value v;
    struct json_iter it = json_first(object);
    while (json_is_object(object) && json_next(&it, &v))
        if (span_eq(it.key, key)) return v;
    return (struct json_value){NULL};
}

static bool key_items(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct json_value element;
    struct json_iter it = json_first(v);
    for (long i = 0; json_is_array(v) && json_next(&it, &element); i++)
        if (!holds(c, k, element, &(struct place){at, {NULL, 0}, i})) return false;
    return true;
}

static bool key_unique(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct json_value a, b;
    struct json_iter one = json_first(v);
    (void)c, (void)k, (void)at;
    for (size_t i = 0; json_is_array(v) && json_next(&one, &a); i++) {
        struct json_iter two = json_first(v);
        for (size_t n = 0; n < i && json_next(&two, &b); n++)
            if (same(a, b)) return false;
    }
    return true;
}

static bool key_max_items(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    int64_t most;
    (void)c, (void)at;
    return json_i64(k, &most) == ERR_OK && (!json_is_array(v) || json_size(v) <= (size_t)most);
}

static bool key_minimum(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    struct dec8 least, n;
    (void)c, (void)at;
    if (!json_is_number(v)) return true;
    return json_dec8(k, &least) == ERR_OK && json_dec8(v, &n) == ERR_OK && dec8_cmp(n, least) >= 0;
}

static bool key_min_length(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    int64_t least;
    struct span text;
    (void)c, (void)at;
    return json_i64(k, &least) == ERR_OK && (json_text(v, &text) != ERR_OK || text.len >= (size_t)least);
}

static bool key_max_length(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    int64_t most;
    struct span text;
    (void)c, (void)at;
    return json_i64(k, &most) == ERR_OK && (json_text(v, &text) != ERR_OK || text.len <= (size_t)most);
}

static bool key_pattern(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    char pattern[256], text[1024];
    struct span p, t;
    regex_t re;
    (void)c, (void)at;
    if (json_text(v, &t) != ERR_OK) return true;
    if (json_text(k, &p) != ERR_OK || p.len >= sizeof pattern || t.len >= sizeof text) return false;
    memcpy(pattern, p.at, p.len);
    pattern[p.len] = '\0';
    memcpy(text, t.at, t.len);
    text[t.len] = '\0';
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
    bool matches = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return matches;
}

/* properties, additionalProperties and propertyNames are looked at together, by object_holds. */
static bool key_nothing(struct check *c, struct json_value k, struct json_value v, const struct place *at) {
    (void)c, (void)k, (void)v, (void)at;
    return true;
}

static const struct {
    const char *name;
    bool (*holds)(struct check *c, struct json_value k, struct json_value v, const struct place *at);
} keywords[] = {
    {"type", key_type},
    {"const", key_const},
    {"enum", key_enum},
    {"anyOf", key_any_of},
    {"$ref", key_ref},
    {"required", key_required},
    {"items", key_items},
    {"uniqueItems", key_unique},
    {"maxItems", key_max_items},
    {"minimum", key_minimum},
    {"minLength", key_min_length},
    {"maxLength", key_max_length},
    {"pattern", key_pattern},
    {"properties", key_nothing},
    {"additionalProperties", key_nothing},
    {"propertyNames", key_nothing},
    {"$schema", key_nothing},
    {"$defs", key_nothing},
    {"title", key_nothing},
    {"description", key_nothing},
};

/* --- the whole --- */

static bool names_hold(struct check *c, struct json_value rule, struct span key, const struct place *at) {
    int64_t least;
    if (!json_present(rule)) return true;
    if (json_i64(json_get(rule, "minLength"), &least) != ERR_OK || json_size(rule) != 1)
        return fault(c, at, "propertyNames knows minLength only");
    return key.len >= (size_t)least || fault(c, at, "propertyNames");
}

static bool object_holds(struct check *c, struct json_value schema, struct json_value v, const struct place *at) {
    struct json_value properties = json_get(schema, "properties"), more = json_get(schema, "additionalProperties"),
                      element;
    bool allowed = true;
    struct json_iter it = json_first(v);
    if (json_is_bool(more) && json_bool(more, &allowed) != ERR_OK) return false;
    while (json_is_object(v) && json_next(&it, &element)) {
        struct place here = {at, it.key, -1};
        struct json_value known = member(properties, it.key);
        if (!names_hold(c, json_get(schema, "propertyNames"), it.key, &here)) return false;
        if (json_present(known) && !holds(c, known, element, &here)) return false;
        if (json_present(known)) continue;
        if (!allowed) return fault(c, &here, "additionalProperties");
        if (json_is_object(more) && !holds(c, more, element, &here)) return false;
    }
    return true;
}

static bool keyword_holds(struct check *c, struct span name, struct json_value k, struct json_value v,
                          const struct place *at) {
    char text[80];
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        if (!span_is(name, keywords[i].name)) continue;
        c->fault->what[0] = '\0';
        if (keywords[i].holds(c, k, v, at)) return true;
        return c->fault->what[0] != '\0' ? false : fault(c, at, keywords[i].name);
    }
    snprintf(text, sizeof text, "unknown keyword %.*s", (int)name.len, name.at);
    return fault(c, at, text);
}

static bool holds(struct check *c, struct json_value schema, struct json_value v, const struct place *at) {
    struct json_value k;
    struct json_iter it = json_first(schema);
    while (json_next(&it, &k))
        if (!keyword_holds(c, it.key, k, v, at)) return false;
    return object_holds(c, schema, v, at);
}

bool schema_holds(struct schema_fault *out, struct json_value root, struct json_value document) {
    struct check c = {root, out};
    *out = (struct schema_fault){"", ""};
    return holds(&c, root, document, NULL);
}
