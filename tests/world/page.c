/* page.c: a browser's page: the snapshot it got, patched by every delta as text. The merge patch is the JSON library's. */
#include "inside.h"

#include <stdlib.h>
#include <yyjson.h>

struct page {
    yyjson_mut_doc *doc;
    uint64_t seq, merges;
};

/* As a page keeps it: what is null is not there. */
static yyjson_mut_val *kept(yyjson_mut_doc *doc, yyjson_val *from) {
    if (!yyjson_is_obj(from)) return yyjson_val_mut_copy(doc, from);
    yyjson_mut_val *to = yyjson_mut_obj(doc);
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(from, i, n, key, value) {
        if (!yyjson_is_null(value)) yyjson_mut_obj_add(to, yyjson_val_mut_copy(doc, key), kept(doc, value));
    }
    return to;
}

/* And pairs by symbol. NULL: no JSON. */
static yyjson_mut_doc *read_snapshot(const struct buf *b) {
    yyjson_doc *in = yyjson_read(b->at, b->len, 0);
    if (in == NULL) return NULL;
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = kept(doc, yyjson_doc_get_root(in)), *by_symbol = yyjson_mut_obj(doc);
    size_t i, n;
    yyjson_val *pair;
    yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(in), "pairs"), i, n, pair) {
        yyjson_mut_val *symbol = yyjson_mut_strcpy(doc, yyjson_get_str(yyjson_obj_get(pair, "symbol")));
        yyjson_mut_obj_add(by_symbol, symbol, kept(doc, pair));
    }
    yyjson_mut_obj_put(root, yyjson_mut_str(doc, "pairs"), by_symbol);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_doc_free(in);
    return doc;
}

struct page *page_open(const struct buf *snapshot) {
    struct page *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->doc = read_snapshot(snapshot);
    if (p->doc == NULL) {
        free(p);
        return NULL;
    }
    p->seq = yyjson_mut_get_uint(yyjson_mut_obj_get(yyjson_mut_doc_get_root(p->doc), "seq"));
    return p;
}

void page_free(struct page *p) {
    if (p == NULL) return;
    yyjson_mut_doc_free(p->doc);
    free(p);
}

void page_apply(struct world *w, const struct buf *delta) {
    struct page *p = w->page;
    yyjson_doc *read = yyjson_read(delta->at, delta->len, 0);
    yyjson_mut_doc *patch = read != NULL ? yyjson_doc_mut_copy(read, NULL) : NULL, *next = yyjson_mut_doc_new(NULL);
    yyjson_doc_free(read);
    if (patch == NULL) {
        broken(w, DELTAS_MAKE_THE_SNAPSHOT, "a delta is no JSON: %.80s", delta->at);
        yyjson_mut_doc_free(next);
        return;
    }
    uint64_t seq = yyjson_mut_get_uint(yyjson_mut_obj_get(yyjson_mut_doc_get_root(patch), "seq"));
    HOLDS(w, SEQ_RISES_BY_ONE, seq == p->seq + 1, "%" PRIu64 " after %" PRIu64, seq, p->seq);
    p->seq = seq;
    yyjson_mut_doc_set_root(
        next, yyjson_mut_merge_patch(next, yyjson_mut_doc_get_root(p->doc), yyjson_mut_doc_get_root(patch)));
    yyjson_mut_doc_free(patch);
    yyjson_mut_doc_free(p->doc);
    p->doc = next;
}

void page_compare(struct world *w, const struct buf *snapshot) {
    static const char *const own[] = {"type", "seq", "server_time"};
    yyjson_mut_doc *want = read_snapshot(snapshot), *have = yyjson_mut_doc_mut_copy(w->page->doc, NULL);
    if (want == NULL) {
        broken(w, DELTAS_MAKE_THE_SNAPSHOT, "the snapshot is no JSON");
        yyjson_mut_doc_free(have);
        return;
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(want), own[i]);
        yyjson_mut_obj_remove_key(yyjson_mut_doc_get_root(have), own[i]);
    }
    bool same = yyjson_mut_equals(yyjson_mut_doc_get_root(want), yyjson_mut_doc_get_root(have));
    HOLDS(w, DELTAS_MAKE_THE_SNAPSHOT, same, "the page differs from a new one");
    yyjson_mut_doc_free(want);
    yyjson_mut_doc_free(have);
}
