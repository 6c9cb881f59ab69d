/* delta.c: what changed since the last delta. `was` and `sent` hold what the sessions know; only what the engine marked
 * is read again, into `now` and `fresh`, compared, written where it differs and taken over.
 *
 * Two speeds: members flagged FIELD_SLOW are left alone until the slow beat. What was marked in between is
 * remembered (`owes`, `owed_pair`), so that the beat looks at the same few places again and nothing is forgotten. */
#include "view/snapshot.h"

#include "base/check.h"

#include <stdlib.h>

struct view {
    struct head was;                       /* what the sessions know */
    struct pair_values *sent[LIMIT_PAIRS]; /* likewise, in the engine's order; owned */
    size_t sent_count;

    struct head now; /* the state as last read; parts not read are older, and not compared */
    struct pair_values fresh;

    struct mono beat; /* the next slow beat */
    bool owes;        /* something was marked since the last one */
    unsigned char owed_pair[LIMIT_PAIRS];
};

/* ---- life ---- */

/* A pair the sessions have not heard of: remembered whole. NULL without memory. */
static struct pair_values *remember(const struct pair_values *p) {
    struct pair_values *copy = malloc(sizeof *copy);
    if (copy != NULL) *copy = *p;
    return copy;
}

struct view *view_new(const struct engine *e, struct now now) {
    struct view *v = calloc(1, sizeof *v);
    if (v == NULL) return NULL;
    head_init(&v->was);
    head_init(&v->now);
    head_read(&v->was, e, now, PARTS_ALL);
    for (size_t i = 0; i < e->pair_count; i++) {
        pair_read(&v->fresh, e, i, NULL);
        struct pair_values *copy = remember(&v->fresh);
        if (copy == NULL) {
            view_free(v);
            return NULL;
        }
        v->sent[v->sent_count++] = copy;
    }
    v->beat = mono_add(now.mono, VIEW_SLOW_US);
    return v;
}

void view_free(struct view *v) {
    if (v == NULL) return;
    for (size_t i = 0; i < v->sent_count; i++) free(v->sent[i]);
    head_free(&v->was);
    head_free(&v->now);
    free(v);
}

/* ---- the set of pairs ---- */

static struct pair_values *take_sent(struct view *v, const struct name *symbol) {
    for (size_t i = 0; i < v->sent_count; i++) {
        struct pair_values *p = v->sent[i];
        if (p == NULL || !name_eq(&p->symbol, symbol)) continue;
        v->sent[i] = NULL;
        return p;
    }
    return NULL;
}

static bool set_is_the_same(const struct view *v, const struct engine *e) {
    if (v->sent_count != e->pair_count) return false;
    for (size_t i = 0; i < e->pair_count; i++)
        if (!name_eq(&v->sent[i]->symbol, &e->pairs[i]->symbol)) return false;
    return true;
}

/* Brings `sent` into the engine's order. Pairs that are gone are written as null; a new one is written whole, and
 * without memory to remember it, the set ends there and the rest is found to be new again next time. */
static void write_set_changes(struct view *v, struct buf *out, const struct engine *e) {
    struct pair_values *kept[LIMIT_PAIRS];
    size_t count = 0;
    for (; count < e->pair_count; count++) {
        kept[count] = take_sent(v, &e->pairs[count]->symbol);
        v->owed_pair[count] = 1; /* the marks were for places in the old order: look at all */
        if (kept[count] != NULL) continue;
        pair_read(&v->fresh, e, count, NULL);
        kept[count] = remember(&v->fresh);
        if (kept[count] == NULL) {
            out->failed = ERR_MEMORY;
            break;
        }
        out_object(out, v->fresh.symbol.text);
        fields_write(out, pair_fields, &v->fresh);
        out_object_end(out);
    }
    for (size_t i = 0; i < v->sent_count; i++) {
        if (v->sent[i] == NULL) continue;
        out_null(out, v->sent[i]->symbol.text);
        free(v->sent[i]);
    }
    memcpy(v->sent, kept, count * sizeof kept[0]);
    v->sent_count = count;
}

/* ---- one pair ---- */

static bool write_pair_changes(struct view *v, struct buf *out, const struct engine *e, size_t i, bool slow) {
    struct pair_values *was = v->sent[i];
    size_t before = out->len;
    pair_read(&v->fresh, e, i, was);
    was->orders_version = v->fresh.orders_version;
    slow = slow || fields_differ(pair_fields, &v->fresh, was); /* price_at rides along */
    out_object(out, was->symbol.text);
    if (!fields_write_changes(out, pair_fields, &v->fresh, was, slow, 0)) {
        out_take_back(out, before);
        return false;
    }
    out_object_end(out);
    return true;
}

static bool write_pairs(struct view *v, struct buf *out, const struct engine *e, bool slow) {
    size_t before = out->len;
    out_object(out, "pairs");
    size_t empty = out->len;
    bool reordered = v->sent_count != e->pair_count || ((e->dirty & DIRTY_PAIRS_SET) != 0 && !set_is_the_same(v, e));
    if (reordered) write_set_changes(v, out, e);
    for (size_t i = 0; i < v->sent_count && i < e->pair_count; i++) {
        v->owed_pair[i] |= e->pair_dirty[i] != 0;
        if (!reordered && e->pair_dirty[i] == 0 && !(slow && v->owed_pair[i])) continue;
        (void)write_pair_changes(v, out, e, i, slow);
    }
    if (out->len == empty) {
        out_take_back(out, before);
        return false;
    }
    out_object_end(out);
    return true;
}

/* ---- the head ---- */

static bool write_head(struct view *v, struct buf *out, const struct engine *e, struct now now, unsigned parts,
                       bool slow) {
    head_read(&v->now, e, now, parts);
    bool any = fields_write_changes(out, head_fields, &v->now, &v->was, slow, parts);
    any |= fields_write_changes(out, tail_fields, &v->now, &v->was, slow, parts);
    return any;
}

/* ---- the delta ---- */

static bool any_pair_dirty(const struct engine *e) {
    unsigned any = 0;
    for (size_t i = 0; i < e->pair_count; i++) any |= e->pair_dirty[i];
    return any != 0;
}

/* On the slow beat the whole head is read: a few hundred nanoseconds four times a second, and what changes by time
 * alone (the weight's minute) needs no mark. */
static unsigned parts_to_read(const struct engine *e, bool slow, bool pairs_changed) {
    unsigned parts = e->dirty & PARTS_ALL;
    if (slow) parts = PARTS_ALL;
    if (pairs_changed) parts |= DIRTY_PNL; /* `unmatched` lists what the pairs say */
    return parts;
}

static void beat_done(struct view *v, struct now now) {
    v->beat = mono_add(now.mono, VIEW_SLOW_US);
    v->owes = false;
    memset(v->owed_pair, 0, sizeof v->owed_pair);
}

bool view_delta(struct view *v, struct buf *out, const struct engine *e, struct now now, uint64_t seq) {
    bool marked = e->dirty != 0 || any_pair_dirty(e);
    bool slow = mono_reached(now.mono, v->beat);
    v->owes |= marked;
    if (!marked && !slow) return false;

    size_t before = out->len;
    out_object(out, NULL);
    out_word(out, "type", "delta");
    out_count(out, "seq", seq);
    out_time(out, "server_time", now.wall);
    bool pairs_changed = write_pairs(v, out, e, slow);
    bool changed = write_head(v, out, e, now, parts_to_read(e, slow, pairs_changed), slow) || pairs_changed;
    if (slow) beat_done(v, now);
    if (!changed) {
        out_take_back(out, before);
        return false;
    }
    if (v->was.last_update.us != e->last_update.us) { /* rides along */
        v->was.last_update = e->last_update;
        out_time(out, "last_update", e->last_update);
    }
    out_object_end(out);
    return true;
}

bool view_deadline(const struct view *v, const struct engine *e, struct now now, struct mono *at) {
    struct mono by_time;
    if (v->owes) *at = v->beat;
    else if (head_deadline(e, now, &by_time)) *at = by_time.us > v->beat.us ? by_time : v->beat;
    else return false;
    return true;
}

void view_known(const struct view *v, struct buf *out, struct now now, uint64_t seq) {
    snapshot_begin(out, &v->was, now, seq);
    for (size_t i = 0; i < v->sent_count; i++) snapshot_pair(out, v->sent[i]);
    snapshot_end(out, &v->was);
}
