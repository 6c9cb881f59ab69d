/* hub.c: read hub.h first. In order: sessions and their list, sending, snapshots and resumes, what browsers say, publishing,
 * time. Every public function runs between hub_enter and hub_leave: while the depth is above zero no session is freed and
 * the list keeps its order, so any walk may meet a session that has just gone and only has to look at its state. */
#include "server/hub.h"

#include "base/check.h"
#include "io/ws_codec.h"
#include "server/topics.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

enum session_state {
    SESSION_NEW,
    SESSION_WAITING,
    SESSION_LIVE,
    SESSION_OWED,
    SESSION_CLOSING,
    SESSION_GONE,
    SESSION_STATES
};

#define BIT(state) (1u << (state))
static const unsigned session_may[SESSION_STATES] = {
    [SESSION_NEW] = BIT(SESSION_WAITING) | BIT(SESSION_CLOSING) | BIT(SESSION_GONE),
    [SESSION_WAITING] = BIT(SESSION_LIVE) | BIT(SESSION_CLOSING) | BIT(SESSION_GONE),
    [SESSION_LIVE] = BIT(SESSION_OWED) | BIT(SESSION_CLOSING) | BIT(SESSION_GONE),
    [SESSION_OWED] = BIT(SESSION_LIVE) | BIT(SESSION_CLOSING) | BIT(SESSION_GONE),
    [SESSION_CLOSING] = BIT(SESSION_GONE),
};

struct session {
    conn_id conn;
    uint64_t grant, resume;
    enum session_state state;
    uint32_t at; /* place in hub.sessions */
    bool has_resume;
    bool spoke;   /* a text message has come */
    bool backlog; /* the socket did not take everything at the last send */
    uint8_t bad_messages;
    uint16_t messages_now;       /* since the last sweep */
    struct mono entered;         /* the state */
    struct mono heard, pinged;   /* last frame from it; last ping to it */
    struct mono progressed;      /* the socket last took a byte, or had nothing to take */
    uint64_t accepted, written;  /* bytes given to the transport; of those, seen written */
    struct session *prev, *next; /* the queue of those waiting for a first word, oldest first */
    struct subscriptions topics;
};

struct hub {
    struct hub_config config;
    struct server_counters *count;
    struct json *json;
    struct session **sessions; /* owned, dense */
    uint32_t session_count, session_cap, gone;
    unsigned depth;
    bool ending; /* being freed: the source is left alone */
    struct session *wait_first, *wait_last;
    struct topics topics;
    struct frame *ring[LIMIT_RESUME_RING_FRAMES]; /* delta n at n % size; those from ring_from to seq are held */
    uint64_t seq, ring_from;
    size_t ring_bytes;
    struct frame *snapshot; /* the last one sent, shared by sessions that come at the same moment; NULL none */
    struct mono snapshot_at;
};

enum {
    SNAPSHOT_SHARE_US = 50000
}; /* a crowd that reconnects is served from one encoding; the ages in it are this exact */

/* --- sessions and their list --- */

static void session_unwait(struct hub *h, struct session *s) {
    if (s->prev != NULL) s->prev->next = s->next;
    if (s->next != NULL) s->next->prev = s->prev;
    if (h->wait_first == s) h->wait_first = s->next;
    if (h->wait_last == s) h->wait_last = s->prev;
    s->prev = s->next = NULL;
}

static void session_wait(struct hub *h, struct session *s) {
    s->prev = h->wait_last;
    if (h->wait_last != NULL) h->wait_last->next = s;
    h->wait_last = s;
    if (h->wait_first == NULL) h->wait_first = s;
}

/* The only place where a session's state changes. */
static void session_enter(struct hub *h, struct session *s, enum session_state next, struct now now) {
    CHECK((session_may[s->state] & BIT(next)) != 0);
    if (s->state == SESSION_WAITING) session_unwait(h, s);
    s->state = next;
    s->entered = now.mono;
    if (next == SESSION_WAITING) session_wait(h, s);
    if (next == SESSION_OWED) h->count->snapshots_owed++;
}

static bool session_receives(const struct session *s) { return s->state == SESSION_LIVE; }

static void topic_tell(struct hub *h, int kind, struct span name, size_t subscribers) {
    if (h->ending) return;
    struct server_topic_event e = {.topic = name, .subscribers = subscribers};
    e.kind = kind;
    h->config.topic(h->config.source_arg, &e);
}

static void session_leave_topics(struct hub *h, struct session *s) {
    char name[LIMIT_TOPIC_BYTES + 1];
    while (s->topics.count > 0) {
        size_t left = topics_leave(&h->topics, &s->topics, s->topics.count - 1, name);
        topic_tell(h, SERVER_TOPIC_REMOVED, span_of(name), left);
    }
}

static void session_free(struct hub *h, struct session *s) {
    session_leave_topics(h, s);
    CHECK(s->topics.count == 0 && s->prev == NULL && s->next == NULL && h->wait_first != s);
    struct session *last = h->sessions[--h->session_count];
    h->sessions[s->at] = last;
    last->at = s->at;
    free(s->topics.list);
    free(s);
}

static void hub_enter(struct hub *h) { h->depth++; }

/* Frees at depth one, not zero: the source may publish when a topic ends, and what that does must find the list in order. */
static void hub_leave(struct hub *h) {
    CHECK(h->depth > 0);
    while (h->depth == 1 && h->gone > 0) {
        for (uint32_t i = h->session_count; i-- > 0;) {
            if (h->sessions[i]->state != SESSION_GONE) continue;
            session_free(h, h->sessions[i]);
            h->gone--;
        }
    }
    h->depth--;
}

enum err hub_new(struct hub **out, const struct hub_config *config) {
    CHECK(config->soft_bytes > 0 && config->hard_bytes > config->soft_bytes);
    struct hub *h = calloc(1, sizeof *h);
    if (h == NULL) return ERR_MEMORY;
    h->config = *config;
    h->count = config->counters;
    h->seq = config->first_seq;
    h->ring_from = h->seq + 1;
    topics_init(&h->topics);
    h->json = json_new();
    if (h->json == NULL) {
        free(h);
        return ERR_MEMORY;
    }
    *out = h;
    return ERR_OK;
}

static void ring_clear(struct hub *h) {
    for (; h->ring_from <= h->seq; h->ring_from++) frame_unref(h->ring[h->ring_from % LIMIT_RESUME_RING_FRAMES]);
    h->ring_bytes = 0;
}

void hub_free(struct hub *h) {
    if (h == NULL) return;
    CHECK(h->depth == 0);
    h->ending = true;
    while (h->session_count > 0) {
        struct session *s = h->sessions[h->session_count - 1];
        session_unwait(h, s);
        session_free(h, s);
    }
    ring_clear(h);
    frame_unref(h->snapshot);
    topics_free(&h->topics);
    json_free(h->json);
    free(h->sessions);
    free(h);
}

static bool hub_reserve(struct hub *h) {
    if (h->session_count >= LIMIT_SESSIONS) return false;
    if (h->session_count < h->session_cap) return true;
    uint32_t cap = h->session_cap > 0 ? h->session_cap * 2 : 16;
    struct session **list = realloc(h->sessions, cap * sizeof *list);
    if (list == NULL) return false;
    h->sessions = list;
    h->session_cap = cap;
    return true;
}

struct session *hub_add(struct hub *h, conn_id conn, uint64_t grant, bool has_resume, uint64_t resume, struct now now) {
    if (!hub_reserve(h)) return NULL;
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    *s = (struct session){.conn = conn,
                          .grant = grant,
                          .has_resume = has_resume,
                          .resume = resume,
                          .state = SESSION_NEW,
                          .at = h->session_count,
                          .entered = now.mono,
                          .heard = now.mono,
                          .pinged = now.mono,
                          .progressed = now.mono};
    s->topics.session = s;
    h->sessions[h->session_count++] = s;
    return s;
}

static void session_close(struct hub *h, struct session *s, uint16_t code, const char *reason, struct now now) {
    if (s->state == SESSION_CLOSING || s->state == SESSION_GONE) return;
    session_enter(h, s, SESSION_CLOSING, now);
    h->config.transport.close(h->config.transport.arg, s->conn, code, span_of(reason));
}

void hub_closed(struct hub *h, struct session *s) {
    hub_enter(h);
    if (s->state != SESSION_GONE) {
        session_enter(h, s, SESSION_GONE, (struct now){.mono = s->entered});
        h->gone++;
    }
    hub_leave(h);
}

/* --- sending --- */

static size_t session_unsent(struct hub *h, struct session *s, struct now now) {
    size_t unsent = h->config.transport.unsent(h->config.transport.arg, s->conn);
    uint64_t written = s->accepted - (unsent < s->accepted ? unsent : s->accepted);
    if (written != s->written || unsent == 0) s->progressed = now.mono;
    if (written > s->written && s->backlog) s->heard = now.mono; /* a backlog shrinks only where a peer acknowledges */
    s->written = written;
    s->backlog = unsent > 0;
    return unsent;
}

static void session_send(struct hub *h, struct session *s, struct frame *f, struct now now) {
    bool idle = !s->backlog;
    if (!h->config.transport.send(h->config.transport.arg, s->conn, f)) return; /* its end is reported by hub_closed */
    s->accepted += f->len;
    h->count->frames_sent++;
    h->count->bytes_sent += f->len;
    if (idle) s->progressed = now.mono; /* the wait for progress begins with the first unsent byte */
    if (session_unsent(h, s, now) <= h->config.hard_bytes) return;
    h->count->sessions_closed_slow++;
    session_close(h, s, HUB_CLOSE_SLOW, "too far behind", now);
}

/* A delta or topic message. What a slow session misses is made good by the snapshot that it is owed. */
static void session_deliver(struct hub *h, struct session *s, struct frame *f, struct now now) {
    if (!session_receives(s)) return;
    if (s->backlog && session_unsent(h, s, now) > h->config.soft_bytes) session_enter(h, s, SESSION_OWED, now);
    else session_send(h, s, f, now);
}

/* One text message as a WebSocket frame of ours; NULL without memory. */
static struct frame *frame_of_text(struct span text, uint64_t seq) {
    unsigned char head[WS_HEAD_MAX];
    size_t len = ws_frame_head(head, 1, text.len, NULL);
    struct frame *f = frame_alloc(len + text.len);
    if (f == NULL) return NULL;
    f->seq = seq;
    memcpy(f->at, head, len);
    if (text.len > 0) memcpy(f->at + len, text.at, text.len);
    return f;
}

/* --- snapshots and resumes --- */

static void snapshot_forget(struct hub *h) {
    frame_unref(h->snapshot);
    h->snapshot = NULL;
}

static struct frame *hub_snapshot(struct hub *h, struct now now) {
    if (h->snapshot != NULL && now.mono.us - h->snapshot_at.us < SNAPSHOT_SHARE_US) return h->snapshot;
    snapshot_forget(h);
    struct frame *text = h->config.snapshot(h->config.source_arg, h->seq);
    if (text == NULL) return NULL;
    h->snapshot = frame_of_text(span_from(text->at, text->len), h->seq);
    h->snapshot_at = now.mono;
    frame_unref(text);
    return h->snapshot;
}

static void session_give_snapshot(struct hub *h, struct session *s, struct now now) {
    struct frame *f = hub_snapshot(h, now);
    if (f == NULL) {
        session_close(h, s, HUB_CLOSE_INTERNAL, "out of memory", now);
        return;
    }
    session_enter(h, s, SESSION_LIVE, now);
    h->count->snapshots_sent++;
    session_send(h, s, f, now);
}

/* The deltas after n, where all are held and are less to send than what makes a session slow. */
static bool hub_holds_after(const struct hub *h, uint64_t n) {
    size_t bytes = 0;
    if (n > h->seq || n + 1 < h->ring_from) return false;
    for (uint64_t seq = n + 1; seq <= h->seq; seq++) {
        bytes += h->ring[seq % LIMIT_RESUME_RING_FRAMES]->len;
        if (bytes > h->config.soft_bytes) return false;
    }
    return true;
}

static void session_resume(struct hub *h, struct session *s, uint64_t n, struct now now) {
    if (!hub_holds_after(h, n)) {
        h->count->resumes_missed++;
        session_give_snapshot(h, s, now);
        return;
    }
    h->count->resumes++;
    session_enter(h, s, SESSION_LIVE, now);
    for (uint64_t seq = n + 1; seq <= h->seq && session_receives(s); seq++)
        session_send(h, s, h->ring[seq % LIMIT_RESUME_RING_FRAMES], now);
}

static void session_repay(struct hub *h, struct session *s, struct now now) {
    session_give_snapshot(h, s, now);
    for (uint32_t i = 0; i < s->topics.count && session_receives(s); i++) {
        const struct topic *t = s->topics.list[i].topic;
        topic_tell(h, SERVER_TOPIC_MISSED, span_of(t->name), t->count);
    }
}

static void session_owe(struct hub *h, struct session *s, struct now now) {
    if (!session_receives(s)) return;
    session_enter(h, s, SESSION_OWED, now);
    if (session_unsent(h, s, now) == 0) session_repay(h, s, now);
}

void hub_opened(struct hub *h, struct session *s, struct now now) {
    hub_enter(h);
    h->count->sessions_opened++;
    s->heard = s->pinged = s->progressed = now.mono;
    session_enter(h, s, SESSION_WAITING, now);
    if (s->has_resume) session_resume(h, s, s->resume, now);
    hub_leave(h);
}

void hub_writable(struct hub *h, struct session *s, struct now now) {
    hub_enter(h);
    session_unsent(h, s, now);
    if (s->state == SESSION_OWED) session_repay(h, s, now);
    hub_leave(h);
}

/* --- what browsers say --- */

static void session_refuse(struct hub *h, struct session *s, const char *message, struct now now) {
    h->count->bad_messages++;
    if (++s->bad_messages > LIMIT_SESSION_BAD_MESSAGES) {
        h->count->sessions_closed_bad++;
        session_close(h, s, HUB_CLOSE_POLICY, "too many bad messages", now);
        return;
    }
    char text[256];
    int len = snprintf(text, sizeof text, "{\"type\":\"error\",\"message\":\"%s\"}", message); /* our own plain words */
    struct frame *f = frame_of_text(span_from(text, (size_t)len), 0);
    if (f != NULL) session_send(h, s, f, now);
    frame_unref(f);
}

/* Says hub to every element of "topics"; the first that is wrong is answered, those before it stand. */
static void each_topic(struct hub *h, struct session *s, struct json_value message, struct now now,
                       const char *(*act)(struct hub *h, struct session *s, struct span name)) {
    struct json_value list = json_get(message, "topics"), one;
    struct span name;
    if (!json_is_array(list)) {
        session_refuse(h, s, "topics must be an array of texts", now);
        return;
    }
    struct json_iter it = json_first(list);
    while (json_next(&it, &one)) {
        const char *wrong = json_text(one, &name) == ERR_OK ? act(h, s, name) : "topics must be an array of texts";
        if (wrong != NULL) {
            session_refuse(h, s, wrong, now);
            return;
        }
        if (s->state == SESSION_CLOSING || s->state == SESSION_GONE) return;
    }
}

static const char *topic_subscribe(struct hub *h, struct session *s, struct span name) {
    switch (topics_subscribe(&h->topics, &s->topics, name)) {
    case ERR_OK: topic_tell(h, SERVER_TOPIC_ADDED, name, topics_find(&h->topics, name)->count); return NULL;
    case ERR_EXISTS: return NULL;
    case ERR_VALUE: return "not a topic: trades, orders:SYMBOL, candles:SYMBOL:INTERVAL";
    case ERR_FULL: return "too many topics";
    default: return "out of memory";
    }
}

static const char *topic_unsubscribe(struct hub *h, struct session *s, struct span name) {
    size_t left;
    if (topics_unsubscribe(&h->topics, &s->topics, name, &left)) topic_tell(h, SERVER_TOPIC_REMOVED, name, left);
    return NULL;
}

static void on_subscribe(struct hub *h, struct session *s, struct json_value message, struct now now) {
    each_topic(h, s, message, now, topic_subscribe);
}

static void on_unsubscribe(struct hub *h, struct session *s, struct json_value message, struct now now) {
    each_topic(h, s, message, now, topic_unsubscribe);
}

static bool resume_seq(struct json_value message, uint64_t *out) {
    int64_t n;
    if (json_i64(json_get(message, "seq"), &n) != ERR_OK || n < 0) return false;
    *out = (uint64_t)n;
    return true;
}

/* One that is not the first word, or came after the snapshot had gone, has its answer already. */
static void on_resume(struct hub *h, struct session *s, struct json_value message, struct now now) {
    uint64_t n;
    if (!resume_seq(message, &n)) session_refuse(h, s, "seq must be a whole number", now);
}

static const struct {
    const char *type;
    void (*handle)(struct hub *h, struct session *s, struct json_value message, struct now now);
} messages[] = {{"resume", on_resume}, {"subscribe", on_subscribe}, {"unsubscribe", on_unsubscribe}};

static void session_first_word(struct hub *h, struct session *s, struct json_value message, struct span type,
                               struct now now) {
    uint64_t n;
    if (span_is(type, "resume") && resume_seq(message, &n)) session_resume(h, s, n, now);
    else session_give_snapshot(h, s, now);
}

static void session_take(struct hub *h, struct session *s, struct span text, struct now now) {
    struct json_value message = {NULL};
    struct span type = {NULL, 0};
    enum err e = json_parse(h->json, text, LIMIT_BROWSER_MESSAGE_BYTES, &message);
    if (e == ERR_OK) e = json_text(json_get(message, "type"), &type);
    if (s->state == SESSION_WAITING) session_first_word(h, s, message, type, now);
    if (s->state != SESSION_LIVE && s->state != SESSION_OWED) return;
    if (e != ERR_OK) {
        session_refuse(h, s, "not a JSON object with a type", now);
        return;
    }
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (!span_is(type, messages[i].type)) continue;
        messages[i].handle(h, s, message, now);
        return;
    }
    session_refuse(h, s, "unknown type", now);
}

static bool session_listens(struct hub *h, struct session *s, struct now now) {
    s->heard = now.mono;
    if (s->state != SESSION_WAITING && s->state != SESSION_LIVE && s->state != SESSION_OWED) return false;
    if (++s->messages_now <= LIMIT_SESSION_MESSAGES_SECOND) return true;
    h->count->sessions_closed_bad++;
    session_close(h, s, HUB_CLOSE_POLICY, "too many messages", now);
    return false;
}

void hub_text(struct hub *h, struct session *s, struct span message, struct now now) {
    hub_enter(h);
    if (session_listens(h, s, now)) session_take(h, s, message, now);
    hub_leave(h);
}

void hub_binary(struct hub *h, struct session *s, struct now now) {
    hub_enter(h);
    if (session_listens(h, s, now)) {
        if (s->state == SESSION_WAITING) session_give_snapshot(h, s, now);
        session_refuse(h, s, "messages are JSON text", now);
    }
    hub_leave(h);
}

void hub_heard(struct hub *h, struct session *s, struct now now) {
    (void)h;
    s->heard = now.mono;
}

/* --- publishing --- */

static void ring_drop_oldest(struct hub *h) {
    struct frame *f = h->ring[h->ring_from % LIMIT_RESUME_RING_FRAMES];
    h->ring_bytes -= f->len;
    frame_unref(f);
    h->ring_from++;
}

/* Takes the caller's reference. */
static void ring_add(struct hub *h, struct frame *f) {
    while (h->ring_from <= h->seq &&
           (h->seq + 1 - h->ring_from >= LIMIT_RESUME_RING_FRAMES || h->ring_bytes + f->len > LIMIT_RESUME_RING_BYTES))
        ring_drop_oldest(h);
    h->ring[f->seq % LIMIT_RESUME_RING_FRAMES] = f;
    h->ring_bytes += f->len;
}

void hub_skip_delta(struct hub *h, uint64_t seq, struct now now) {
    CHECK(seq == h->seq + 1);
    hub_enter(h);
    snapshot_forget(h);
    ring_clear(h);
    h->seq = seq;
    h->ring_from = seq + 1;
    for (uint32_t i = 0; i < h->session_count; i++) session_owe(h, h->sessions[i], now);
    hub_leave(h);
}

void hub_publish_delta(struct hub *h, struct span text, uint64_t seq, struct now now) {
    CHECK(seq == h->seq + 1);
    struct frame *f = frame_of_text(text, seq);
    if (f == NULL) {
        hub_skip_delta(h, seq, now);
        return;
    }
    hub_enter(h);
    h->count->deltas_published++;
    snapshot_forget(h);
    ring_add(h, f);
    h->seq = seq;
    for (uint32_t i = 0; i < h->session_count; i++) session_deliver(h, h->sessions[i], f, now);
    hub_leave(h);
}

void hub_publish_topic(struct hub *h, struct span name, struct span text, struct now now) {
    struct topic *t = topics_find(&h->topics, name);
    if (t == NULL) return;
    hub_enter(h);
    h->count->topics_published++;
    struct frame *f = frame_of_text(text, h->seq);
    /* without memory the message is lost, and with it its place in the order: all its subscribers start anew */
    for (uint32_t i = 0; i < t->count; i++) {
        struct session *s = t->subscribers[i].of->session;
        if (f != NULL) session_deliver(h, s, f, now);
        else session_owe(h, s, now);
    }
    frame_unref(f);
    hub_leave(h);
}

/* --- time --- */

bool hub_deadline(const struct hub *h, struct mono *at) {
    if (h->wait_first == NULL) return false;
    *at = mono_add(h->wait_first->entered, h->config.timing.first_word_us);
    return true;
}

void hub_first_words(struct hub *h, struct now now) {
    struct mono at;
    hub_enter(h);
    while (hub_deadline(h, &at) && mono_reached(now.mono, at)) session_give_snapshot(h, h->wait_first, now);
    hub_leave(h);
}

static void session_sweep(struct hub *h, struct session *s, struct now now) {
    const struct server_timing *t = &h->config.timing;
    s->messages_now = 0;
    if (s->state == SESSION_GONE) return;
    if (s->state == SESSION_CLOSING) {
        if (!mono_reached(now.mono, mono_add(s->entered, t->close_us))) return;
        h->config.transport.drop(h->config.transport.arg, s->conn);
        hub_closed(h, s);
        return;
    }
    if (mono_reached(now.mono, mono_add(s->heard, t->pong_us))) {
        h->count->sessions_closed_silent++;
        session_close(h, s, HUB_CLOSE_GOING, "no answer to pings", now);
        return;
    }
    if (s->backlog && session_unsent(h, s, now) > 0 && mono_reached(now.mono, mono_add(s->progressed, t->stall_us))) {
        h->count->sessions_closed_slow++;
        session_close(h, s, HUB_CLOSE_SLOW, "not reading", now);
        return;
    }
    if (s->state == SESSION_NEW || !mono_reached(now.mono, mono_add(s->pinged, t->ping_us))) return;
    s->pinged = now.mono;
    if (!s->backlog)
        h->config.transport.ping(h->config.transport.arg, s->conn); /* behind a backlog nobody would see it */
}

void hub_sweep(struct hub *h, struct now now) {
    hub_enter(h);
    for (uint32_t i = 0; i < h->session_count; i++) session_sweep(h, h->sessions[i], now);
    hub_leave(h);
}

void hub_end_grant(struct hub *h, uint64_t grant, struct now now) {
    hub_enter(h);
    for (uint32_t i = 0; i < h->session_count; i++) {
        struct session *s = h->sessions[i];
        if (grant == 0 || s->grant != grant || s->state == SESSION_CLOSING || s->state == SESSION_GONE) continue;
        h->count->sessions_closed_login++;
        session_close(h, s, HUB_CLOSE_LOGIN, "login ended", now);
    }
    hub_leave(h);
}

uint64_t hub_seq(const struct hub *h) { return h->seq; }

size_t hub_sessions(const struct hub *h) { return h->session_count - h->gone; }

size_t hub_topics(const struct hub *h) { return h->topics.count; }
