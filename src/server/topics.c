#include "server/topics.h"

#include "base/check.h"
#include "base/name.h"
#include "server/params.h"

#include <stdlib.h>

void topics_init(struct topics *t) {
    *t = (struct topics){0};
    map_init(&t->by_name);
}

void topics_free(struct topics *t) {
    CHECK(t->count == 0);
    free(t->list);
    map_free(&t->by_name);
    topics_init(t);
}

/* --- names --- */

static bool take_part(struct span *rest, struct span *part) {
    const char *colon = rest->len > 0 ? memchr(rest->at, ':', rest->len) : NULL;
    size_t len = colon != NULL ? (size_t)(colon - rest->at) : rest->len;
    *part = span_from(rest->at, len);
    *rest = span_skip(*rest, colon != NULL ? len + 1 : len);
    return len > 0;
}

static bool symbol_ok(struct span text) {
    struct name n;
    const char *slash = text.len > 0 ? memchr(text.at, '/', text.len) : NULL;
    return slash != NULL && slash > text.at && slash < text.at + text.len - 1 && name_set(&n, text) == ERR_OK;
}

bool topic_name_ok(struct span name) {
    static const struct {
        const char *kind;
        bool symbol, interval;
    } kinds[] = {{"trades", false, false}, {"orders", true, false}, {"candles", true, true}};
    struct span rest = name, kind, symbol, interval;
    if (name.len == 0 || name.len > LIMIT_TOPIC_BYTES || name.at[name.len - 1] == ':') return false;
    if (!take_part(&rest, &kind)) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!span_is(kind, kinds[i].kind)) continue;
        if (kinds[i].symbol && !(take_part(&rest, &symbol) && symbol_ok(symbol))) return false;
        if (kinds[i].interval && !(take_part(&rest, &interval) && interval_ok(interval))) return false;
        return rest.len == 0;
    }
    return false;
}

/* --- the two lists --- */

static uint64_t topic_hash(struct span name) { return mix64(fnv1a64(name.at, name.len)); }

struct topic *topics_find(const struct topics *t, struct span name) {
    uint32_t at;
    if (!map_get(&t->by_name, topic_hash(name), &at)) return NULL;
    return span_is(name, t->list[at]->name) ? t->list[at] : NULL; /* another name of the same hash is not found */
}

static enum err topics_grow(struct topics *t) {
    if (t->count < t->cap) return ERR_OK;
    uint32_t cap = t->cap > 0 ? t->cap * 2 : 16;
    struct topic **list = realloc(t->list, cap * sizeof *list);
    if (list == NULL) return ERR_MEMORY;
    t->list = list;
    t->cap = cap;
    return ERR_OK;
}

static enum err topics_add(struct topics *t, struct topic **out, struct span name) {
    uint32_t other;
    if (t->count >= LIMIT_TOPICS || map_get(&t->by_name, topic_hash(name), &other)) return ERR_FULL;
    if (topics_grow(t) != ERR_OK) return ERR_MEMORY;
    struct topic *made = calloc(1, sizeof *made);
    if (made == NULL) return ERR_MEMORY;
    memcpy(made->name, name.at, name.len);
    made->at = t->count;
    if (map_put(&t->by_name, topic_hash(name), made->at) != ERR_OK) {
        free(made);
        return ERR_MEMORY;
    }
    t->list[t->count++] = made;
    *out = made;
    return ERR_OK;
}

static void topics_remove(struct topics *t, struct topic *gone) {
    struct topic *last = t->list[--t->count];
    map_remove(&t->by_name, topic_hash(span_of(gone->name)));
    if (last != gone) {
        last->at = gone->at;
        t->list[last->at] = last;
        CHECK(map_put(&t->by_name, topic_hash(span_of(last->name)), last->at) ==
              ERR_OK); /* replaces: takes no memory */
    }
    free(gone->subscribers);
    free(gone);
}

static enum err topic_reserve(struct topic *topic) {
    if (topic->count < topic->cap) return ERR_OK;
    uint32_t cap = topic->cap > 0 ? topic->cap * 2 : 4;
    struct subscriber *list = realloc(topic->subscribers, cap * sizeof *list);
    if (list == NULL) return ERR_MEMORY;
    topic->subscribers = list;
    topic->cap = cap;
    return ERR_OK;
}

static bool subscriptions_hold(const struct subscriptions *s, const struct topic *topic, uint32_t *slot) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->list[i].topic != topic) continue;
        *slot = i;
        return true;
    }
    return false;
}

static enum err subscriptions_reserve(struct subscriptions *s) {
    if (s->list == NULL) s->list = calloc(LIMIT_SESSION_TOPICS, sizeof *s->list);
    return s->list != NULL ? ERR_OK : ERR_MEMORY;
}

enum err topics_subscribe(struct topics *t, struct subscriptions *s, struct span name) {
    uint32_t slot;
    if (!topic_name_ok(name)) return ERR_VALUE;
    struct topic *topic = topics_find(t, name);
    if (topic != NULL && subscriptions_hold(s, topic, &slot)) return ERR_EXISTS;
    if (s->count >= LIMIT_SESSION_TOPICS) return ERR_FULL;
    enum err e = subscriptions_reserve(s);
    if (e == ERR_OK && topic == NULL) e = topics_add(t, &topic, name);
    if (e != ERR_OK) return e;
    if (topic_reserve(topic) != ERR_OK) {
        if (topic->count == 0) topics_remove(t, topic);
        return ERR_MEMORY;
    }
    s->list[s->count] = (struct subscription){topic, topic->count};
    topic->subscribers[topic->count++] = (struct subscriber){s, s->count++};
    return ERR_OK;
}

size_t topics_leave(struct topics *t, struct subscriptions *s, uint32_t slot, char out[static LIMIT_TOPIC_BYTES + 1]) {
    CHECK(slot < s->count);
    struct topic *topic = s->list[slot].topic;
    memcpy(out, topic->name, sizeof topic->name);

    uint32_t at = s->list[slot].at; /* the last subscriber of the topic moves into the gap */
    topic->subscribers[at] = topic->subscribers[--topic->count];
    topic->subscribers[at].of->list[topic->subscribers[at].slot].at = at;

    s->list[slot] = s->list[--s->count]; /* and so does the last topic of the session */
    if (slot < s->count) s->list[slot].topic->subscribers[s->list[slot].at].slot = slot;

    size_t left = topic->count;
    if (left == 0) topics_remove(t, topic);
    return left;
}

bool topics_unsubscribe(struct topics *t, struct subscriptions *s, struct span name, size_t *left) {
    char gone[LIMIT_TOPIC_BYTES + 1];
    uint32_t slot;
    struct topic *topic = topics_find(t, name);
    if (topic == NULL || !subscriptions_hold(s, topic, &slot)) return false;
    *left = topics_leave(t, s, slot, gone);
    return true;
}
