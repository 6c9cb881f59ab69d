#include "server/private.h"

#include "base/check.h"

#include <stdio.h>

_Static_assert(LIMIT_QUERIES_WAITING <= 1 << 16, "the slot takes the low 16 bits of an id");

uint64_t waiting_add(struct server *s, enum waiting_kind kind, conn_id conn) {
    for (size_t i = 0; i < LIMIT_QUERIES_WAITING; i++) {
        if (s->waiting[i].kind != WAITING_NONE) continue;
        uint64_t id = ++s->generation << 16 | i;
        s->waiting[i] = (struct waiting){.id = id, .conn = conn, .kind = kind, .touched = loop_now(s->loop).mono};
        return id;
    }
    return 0;
}

struct waiting *waiting_find(struct server *s, uint64_t id) {
    size_t i = id & 0xffff;
    if (id == 0 || i >= LIMIT_QUERIES_WAITING) return NULL;
    struct waiting *w = &s->waiting[i];
    return w->kind != WAITING_NONE && w->id == id ? w : NULL;
}

void waiting_remove(struct waiting *w) {
    CHECK(w->kind != WAITING_NONE);
    w->kind = WAITING_NONE;
}

/* A stream is over time when its browser takes nothing, or a piece too slowly, or when no new piece comes. */
static void stream_sweep(struct server *s, struct waiting *w, struct now now) {
    size_t unsent = conn_unsent(s->http, w->conn);
    if (unsent != w->unsent) w->touched = now.mono;
    w->unsent = unsent;
    int64_t allowed = unsent > 0 ? s->timing.stall_us : s->timing.query_us;
    bool slow = unsent > 0 && mono_reached(now.mono, mono_add(w->given, s->timing.piece_us));
    if (!slow && !mono_reached(now.mono, mono_add(w->touched, allowed))) return;
    s->count.queries_expired++;
    log_say(s->log, LOG_WARN, "server", "a download was ended: %s",
            slow || unsent > 0 ? "its reader is too slow" : "its next part took too long");
    http_drop(s->http, w->conn); /* a cut is the only way to say that a begun body is not whole */
    uint64_t id = w->id;
    waiting_remove(w);
    if (s->source.more != NULL) s->source.more(s->source.arg, id, true);
}

void waiting_sweep(struct server *s, struct now now) {
    for (size_t i = 0; i < LIMIT_QUERIES_WAITING; i++) {
        struct waiting *w = &s->waiting[i];
        if (w->kind == WAITING_STREAM) stream_sweep(s, w, now);
        if (w->kind != WAITING_QUERY || !mono_reached(now.mono, mono_add(w->touched, s->timing.query_us))) continue;
        s->count.queries_expired++;
        reply_error(s, w->conn, 504, "too_slow", NULL, "the answer took too long");
        waiting_remove(w);
    }
}

/* --- the answers, as server.h --- */

static struct waiting *waiting_query(struct server *s, uint64_t id) {
    struct waiting *w = waiting_find(s, id);
    return w != NULL && w->kind == WAITING_QUERY ? w : NULL;
}

static struct waiting *waiting_stream(struct server *s, uint64_t id) {
    struct waiting *w = waiting_find(s, id);
    return w != NULL && w->kind == WAITING_STREAM ? w : NULL;
}

void server_answer(struct server *s, uint64_t query_id, int status, const char *content_type, struct span body) {
    struct waiting *w = waiting_query(s, query_id);
    if (w == NULL) return;
    waiting_remove(w);
    reply_send(s, w->conn, &(struct reply){.status = status, .content_type = content_type, .body = body});
}

void server_answer_error(struct server *s, uint64_t query_id, int status, const char *field, const char *message) {
    struct waiting *w = waiting_query(s, query_id);
    if (w == NULL) return;
    waiting_remove(w);
    reply_error(s, w->conn, status,
                status == 404  ? "not_found"
                : status < 500 ? "bad_request"
                               : "failed",
                field, message);
}

void server_answer_begin(struct server *s, uint64_t query_id, const char *content_type, const char *file_name) {
    char disposition[160];
    struct waiting *w = waiting_query(s, query_id);
    if (w == NULL) return;
    struct reply r = {.status = 200, .content_type = content_type};
    if (file_name != NULL) {
        snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file_name);
        reply_extra(&r, "Content-Disposition", disposition);
    }
    w->kind = WAITING_STREAM;
    w->touched = w->given = loop_now(s->loop).mono;
    reply_begin(s, w->conn, &r);
}

bool server_answer_piece(struct server *s, uint64_t query_id, struct span piece) {
    struct waiting *w = waiting_stream(s, query_id);
    if (w == NULL) return false;
    w->touched = w->given = loop_now(s->loop).mono;
    if (http_respond_piece(s->http, w->conn, piece)) return true;
    waiting_remove(w);
    return false;
}

void waiting_reply(struct server *s, conn_id conn, bool gone) {
    for (size_t i = 0; i < LIMIT_QUERIES_WAITING; i++) {
        struct waiting *w = &s->waiting[i];
        if (w->kind != WAITING_STREAM || w->conn != conn) continue;
        w->touched = loop_now(s->loop).mono;
        uint64_t id = w->id;
        if (gone) waiting_remove(w);
        if (s->source.more != NULL) s->source.more(s->source.arg, id, gone);
        return;
    }
}

void server_answer_end(struct server *s, uint64_t query_id) {
    struct waiting *w = waiting_stream(s, query_id);
    if (w == NULL) return;
    waiting_remove(w);
    http_respond_end(s->http, w->conn);
}

size_t server_answer_unsent(struct server *s, uint64_t query_id) {
    const struct waiting *w = waiting_stream(s, query_id);
    return w != NULL ? conn_unsent(s->http, w->conn) : SIZE_MAX;
}
