/* browser.c: lines as messages of two browsers to the live feed, with deltas and topics published in between. The first byte
 * of a line chooses who speaks and whether something is published after it. */
#include "fuzz.h"

#include "server/hub.h"

#include <stdlib.h>

enum { BROWSERS = 2 };

struct world {
    struct hub *hub;
    struct session *sessions[BROWSERS + 1]; /* by conn_id; NULL: gone */
    bool closing[BROWSERS + 1];
    struct server_counters counters;
    struct now now;
    size_t topics; /* subscriptions, as the source is told */
};

static bool fake_send(void *arg, conn_id conn, struct frame *f) {
    struct world *w = arg;
    CHECK(w->sessions[conn] != NULL && !w->closing[conn] && f->len >= 2 && (unsigned char)f->at[0] == 0x81);
    return true;
}

static void fake_ping(void *arg, conn_id conn) { CHECK(((struct world *)arg)->sessions[conn] != NULL); }

static void fake_close(void *arg, conn_id conn, uint16_t code, struct span reason) {
    struct world *w = arg;
    CHECK(code >= 1000 && code < 5000 && reason.len <= 123 && !w->closing[conn]);
    w->closing[conn] = true;
}

static void fake_drop(void *arg, conn_id conn) { ((struct world *)arg)->sessions[conn] = NULL; }

static size_t fake_unsent(void *arg, conn_id conn) {
    return ((struct world *)arg)->now.mono.us % 3 == 0 ? conn * 900u : 0;
}

static struct frame *snapshot(void *arg, uint64_t seq) {
    (void)arg;
    (void)seq;
    return frame_new(SPAN("{\"type\":\"snapshot\"}"));
}

static void on_topic(void *arg, const struct server_topic_event *e) {
    struct world *w = arg;
    CHECK(e->topic.len > 0 && e->topic.len <= LIMIT_TOPIC_BYTES && e->subscribers <= BROWSERS);
    hub_publish_topic(w->hub, e->topic, SPAN("{\"type\":\"trades\"}"), w->now); /* as app does, from inside */
}

static void open_hub(struct world *w) {
    struct hub_config c = {.transport = {fake_send, fake_ping, fake_close, fake_drop, fake_unsent, w},
                           .snapshot = snapshot,
                           .topic = on_topic,
                           .source_arg = w,
                           .first_seq = 100,
                           .soft_bytes = 1000,
                           .hard_bytes = 4000,
                           .timing = {1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000},
                           .counters = &w->counters};
    CHECK(hub_new(&w->hub, &c) == ERR_OK);
    for (conn_id i = 1; i <= BROWSERS; i++) {
        w->sessions[i] = hub_add(w->hub, i, 0, i == 2, 99, w->now);
        CHECK(w->sessions[i] != NULL);
        hub_opened(w->hub, w->sessions[i], w->now);
    }
}

static void say(struct world *w, struct span line) {
    unsigned choice = line.len > 0 ? (unsigned char)line.at[0] : 0;
    conn_id who = 1 + (choice & 1);
    w->now.mono.us += 1 + choice % 512;
    if (w->sessions[who] != NULL && line.len > 0) hub_text(w->hub, w->sessions[who], span_skip(line, 1), w->now);
    if (choice & 2) hub_publish_delta(w->hub, SPAN("{\"type\":\"delta\"}"), hub_seq(w->hub) + 1, w->now);
    if (choice & 4) hub_publish_topic(w->hub, SPAN("trades"), SPAN("{\"type\":\"trades\"}"), w->now);
    if (choice & 8) hub_sweep(w->hub, w->now);
    if (choice & 16) hub_first_words(w->hub, w->now);
    if ((choice & 32) && w->sessions[who] != NULL) hub_writable(w->hub, w->sessions[who], w->now);
    CHECK(hub_sessions(w->hub) <= BROWSERS && hub_topics(w->hub) <= (size_t)BROWSERS * LIMIT_SESSION_TOPICS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world w = {.now = {.mono = {1000000}, .wall = {1760000000000000}}};
    struct span rest = span_from((const char *)data, size);
    open_hub(&w);
    while (rest.len > 0) {
        const char *end = memchr(rest.at, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.at) : rest.len;
        say(&w, span_from(rest.at, len));
        rest = span_skip(rest, end != NULL ? len + 1 : len);
    }
    for (conn_id i = 1; i <= BROWSERS; i++)
        if (w.sessions[i] != NULL) hub_closed(w.hub, w.sessions[i]);
    CHECK(hub_sessions(w.hub) == 0 && hub_topics(w.hub) == 0);
    hub_free(w.hub);
    return 0;
}
