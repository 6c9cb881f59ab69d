/* faults.c: see faults.h. */
#include "sim/faults.h"

void sim_faults_clear(struct faults *f) { *f = (struct faults){0}; }

bool sim_faults_add(struct faults *f, const struct reply_fault *r) {
    if (f->reply_count == REPLY_FAULTS_MAX) return false;
    f->replies[f->reply_count++] = *r;
    return true;
}

static void forget(struct faults *f, size_t at) {
    f->reply_count--;
    for (size_t i = at; i < f->reply_count; i++) f->replies[i] = f->replies[i + 1];
}

const struct reply_fault *sim_faults_reply(struct faults *f, enum fault_place place, struct span path, int64_t now_us) {
    for (size_t i = 0; i < f->reply_count;) {
        struct reply_fault *r = &f->replies[i];
        if (r->left == 0 || (r->until_us != 0 && now_us >= r->until_us)) {
            forget(f, i);
            continue;
        }
        if (r->place == place && span_starts(path, span_of(r->prefix))) {
            if (r->left != UINT32_MAX) r->left--;
            return r;
        }
        i++;
    }
    return NULL;
}

enum frame_fate sim_faults_frame(struct faults *f, enum fault_place place, int64_t now_us) {
    struct frame_fault *x = &f->frames[place];
    if (x->stalled && x->stalled_until_us != 0 && now_us >= x->stalled_until_us) x->stalled = false;
    if (x->stalled) return FRAME_SWALLOW;
    if (x->swallow > 0) {
        x->swallow--;
        return FRAME_SWALLOW;
    }
    if (x->half > 0) {
        x->half--;
        return FRAME_HALF;
    }
    if (x->garbage > 0) {
        x->garbage--;
        return FRAME_GARBAGE;
    }
    if (x->duplicate == 0) return FRAME_SEND;
    x->duplicate--;
    return FRAME_TWICE;
}

bool sim_fault_place(struct span name, enum fault_place *out) {
    static const char *const names[PLACE_COUNT] = {"rest", "bot", "market", "user", "ws_api"};
    for (int i = 0; i < PLACE_COUNT; i++) {
        if (!span_is(name, names[i])) continue;
        *out = (enum fault_place)i;
        return true;
    }
    return false;
}

bool sim_fault_body(struct span name, enum fault_body *out) {
    static const char *const names[] = {"own", "garbage", "html", "half", "empty", "drop"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!span_is(name, names[i])) continue;
        *out = (enum fault_body)i;
        return true;
    }
    return false;
}
