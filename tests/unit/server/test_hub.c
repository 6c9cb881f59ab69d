/* The hub on a table of pretended sockets and a pretended clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/map.h"
#include "server/hub.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNS = 128, MESSAGES = 4096, SOFT = 1000, HARD = 4000, FIRST = 100 };

struct socket {
    struct session *session; /* NULL: closed */
    bool stuck;              /* takes no bytes */
    bool dead;               /* send fails, and the end is reported from inside it */
    size_t unsent;
    uint16_t code; /* of our close frame; 0 none */
    char reason[64];
    unsigned pings;
    bool dropped;
    char *messages[MESSAGES];
    size_t count, read;
};

static struct socket sockets[CONNS + 1]; /* by conn_id */
static struct hub *hub;
static struct server_counters counters;
static struct now now;
static unsigned snapshots; /* asked of the source */
static char topic_log[4096];
static const char *topic_answer; /* published from inside the topic callback; NULL nothing */
static bool no_memory;

/* --- the pretended world --- */

static void hang_up(conn_id conn) {
    struct session *s = sockets[conn].session;
    sockets[conn].session = NULL;
    sockets[conn].unsent = 0;
    if (s != NULL) hub_closed(hub, s);
}

static bool fake_send(void *arg, conn_id conn, struct frame *f) {
    struct socket *k = &sockets[conn];
    (void)arg;
    assert_non_null(k->session);
    assert_int_equal(k->code, 0); /* nothing follows a close frame */
    if (k->dead) {
        hang_up(conn);
        return false;
    }
    size_t head = (unsigned char)f->at[1] == 127 ? 10 : (unsigned char)f->at[1] == 126 ? 4 : 2;
    assert_int_equal((unsigned char)f->at[0], 0x81); /* one whole text frame, and not masked */
    assert_int_equal((unsigned char)f->at[1] & 0x80, 0);
    assert_true(k->count < MESSAGES);
    k->messages[k->count++] = strndup(f->at + head, f->len - head);
    if (k->stuck) k->unsent += f->len;
    return true;
}

static void fake_ping(void *arg, conn_id conn) {
    (void)arg;
    sockets[conn].pings++;
}

static void fake_close(void *arg, conn_id conn, uint16_t code, struct span reason) {
    (void)arg;
    assert_int_equal(sockets[conn].code, 0);
    sockets[conn].code = code;
    snprintf(sockets[conn].reason, sizeof sockets[conn].reason, "%.*s", (int)reason.len, reason.at);
}

static void fake_drop(void *arg, conn_id conn) {
    (void)arg;
    sockets[conn].dropped = true;
    sockets[conn].session = NULL;
}

static size_t fake_unsent(void *arg, conn_id conn) {
    (void)arg;
    return sockets[conn].unsent;
}

static struct frame *fake_snapshot(void *arg, uint64_t seq) {
    char text[64];
    (void)arg;
    snapshots++;
    int len = snprintf(text, sizeof text, "S%llu", (unsigned long long)seq);
    return no_memory ? NULL : frame_new(span_from(text, (size_t)len));
}

static void fake_topic(void *arg, const struct server_topic_event *e) {
    static const char *const kinds[] = {"+", "?", "-"};
    size_t len = strlen(topic_log);
    (void)arg;
    snprintf(topic_log + len, sizeof topic_log - len, "%s%.*s=%zu ", kinds[e->kind], (int)e->topic.len, e->topic.at,
             e->subscribers);
    if (topic_answer != NULL) hub_publish_topic(hub, e->topic, span_of(topic_answer), now);
}

static int setup(void **state) {
    (void)state;
    struct hub_config config = {
        .transport = {fake_send, fake_ping, fake_close, fake_drop, fake_unsent, NULL},
        .snapshot = fake_snapshot,
        .topic = fake_topic,
        .first_seq = FIRST,
        .soft_bytes = SOFT,
        .hard_bytes = HARD,
        .timing = {.first_word_us = 50 * US_PER_MS,
                   .ping_us = 20 * US_PER_S,
                   .pong_us = 60 * US_PER_S,
                   .stall_us = 10 * US_PER_S,
                   .close_us = 2 * US_PER_S,
                   .query_us = 1,
                   .sweep_us = US_PER_S},
        .counters = &counters,
    };
    counters = (struct server_counters){0};
    now = (struct now){{US_PER_HOUR}, {US_PER_DAY}};
    snapshots = 0;
    topic_log[0] = '\0';
    topic_answer = NULL;
    no_memory = false;
    return hub_new(&hub, &config) == ERR_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    hub_free(hub);
    for (size_t i = 0; i <= CONNS; i++) {
        for (size_t k = 0; k < sockets[i].count; k++) free(sockets[i].messages[k]);
        sockets[i] = (struct socket){0};
    }
    return 0;
}

/* --- words for the tests --- */

static void pass(int64_t us) {
    now.mono.us += us;
    now.wall.us += us;
}

static void join_with(conn_id conn, uint64_t grant, bool has_resume, uint64_t resume) {
    sockets[conn].session = hub_add(hub, conn, grant, has_resume, resume, now);
    assert_non_null(sockets[conn].session);
    hub_opened(hub, sockets[conn].session, now);
}

static void join(conn_id conn) { /* and get the first snapshot at once */
    join_with(conn, 0, true, 0);
}

static void say(conn_id conn, const char *text) { hub_text(hub, sockets[conn].session, span_of(text), now); }

static const char *next(conn_id conn) {
    struct socket *k = &sockets[conn];
    return k->read < k->count ? k->messages[k->read++] : "";
}

static void publish(const char *text) { hub_publish_delta(hub, span_of(text), hub_seq(hub) + 1, now); }

static void publish_big(size_t size) {
    char *text = malloc(size);
    memset(text, 'x', size);
    hub_publish_delta(hub, span_from(text, size), hub_seq(hub) + 1, now);
    free(text);
}

static void drain(conn_id conn) {
    sockets[conn].stuck = false;
    sockets[conn].unsent = 0;
    if (sockets[conn].session != NULL) hub_writable(hub, sockets[conn].session, now);
}

/* --- snapshot, deltas, resume --- */

static void a_silent_browser_gets_its_snapshot_promptly(void **state) {
    (void)state;
    struct mono at;
    join_with(1, 0, false, 0);
    assert_string_equal(next(1), "");
    assert_true(hub_deadline(hub, &at));
    assert_int_equal(at.us - now.mono.us, 50 * US_PER_MS);
    pass(49 * US_PER_MS);
    hub_first_words(hub, now);
    assert_string_equal(next(1), "");
    pass(US_PER_MS);
    hub_first_words(hub, now);
    assert_string_equal(next(1), "S100");
    assert_false(hub_deadline(hub, &at));
}

static void deltas_follow_the_snapshot_in_order(void **state) {
    (void)state;
    join(1);
    assert_string_equal(next(1), "S100");
    publish("d101");
    publish("d102");
    assert_int_equal(hub_seq(hub), 102);
    assert_string_equal(next(1), "d101");
    assert_string_equal(next(1), "d102");
    assert_string_equal(next(1), "");
}

static void a_browser_that_waits_gets_no_delta_before_its_snapshot(void **state) {
    (void)state;
    join_with(1, 0, false, 0);
    publish("d101");
    assert_string_equal(next(1), "");
    pass(US_PER_S);
    hub_first_words(hub, now);
    publish("d102");
    assert_string_equal(next(1), "S101");
    assert_string_equal(next(1), "d102");
}

static void those_who_wait_are_served_in_their_order(void **state) {
    (void)state;
    struct mono at;
    join_with(1, 0, false, 0);
    pass(10 * US_PER_MS);
    join_with(2, 0, false, 0);
    pass(10 * US_PER_MS);
    join_with(3, 0, false, 0);
    hang_up(2);
    pass(30 * US_PER_MS);
    hub_first_words(hub, now);
    assert_string_equal(next(1), "S100");
    assert_string_equal(next(3), "");
    assert_true(hub_deadline(hub, &at));
    assert_int_equal(at.us - now.mono.us, 20 * US_PER_MS);
}

static void resume_brings_the_missing_deltas(void **state) {
    (void)state;
    publish("d101");
    publish("d102");
    publish("d103");
    join_with(1, 0, false, 0);
    say(1, "{\"type\":\"resume\",\"seq\":101}");
    publish("d104");
    assert_string_equal(next(1), "d102");
    assert_string_equal(next(1), "d103");
    assert_string_equal(next(1), "d104");
    assert_int_equal(snapshots, 0);
    assert_int_equal(counters.resumes, 1);
}

static void resume_in_the_address_needs_no_waiting(void **state) {
    (void)state;
    publish("d101");
    publish("d102");
    join_with(1, 0, true, 101);
    assert_string_equal(next(1), "d102");
    assert_string_equal(next(1), "");
}

static void resume_with_nothing_missing_goes_on_in_silence(void **state) {
    (void)state;
    publish("d101");
    join_with(1, 0, true, 101);
    assert_string_equal(next(1), "");
    publish("d102");
    assert_string_equal(next(1), "d102");
    assert_int_equal(snapshots, 0);
}

static void resume_from_the_future_gets_a_snapshot(void **state) {
    (void)state;
    join_with(1, 0, true, FIRST + 1);
    assert_string_equal(next(1), "S100");
    assert_int_equal(counters.resumes_missed, 1);
}

static void resume_from_before_our_time_gets_a_snapshot(void **state) {
    (void)state;
    publish("d101");
    join_with(1, 0, true, FIRST - 1);
    assert_string_equal(next(1), "S101");
    join_with(2, 0, true, FIRST);
    assert_string_equal(next(2), "d101");
}

static void resume_beyond_the_ring_gets_a_snapshot(void **state) {
    (void)state;
    for (int i = 0; i < LIMIT_RESUME_RING_FRAMES + 10; i++) publish("d");
    join_with(1, 0, true, hub_seq(hub) - LIMIT_RESUME_RING_FRAMES - 1);
    assert_int_equal(counters.resumes_missed, 1);
    join_with(2, 0, true, hub_seq(hub) - 200);
    assert_int_equal(sockets[2].count, 200);
}

static void the_ring_has_a_bound_of_bytes(void **state) {
    (void)state;
    publish("d101");
    publish_big(LIMIT_RESUME_RING_BYTES - 100);
    publish("d103");
    publish_big(200); /* pushes the big one out, and what lies before it */
    join_with(1, 0, true, 102);
    assert_string_equal(next(1), "d103");
    join_with(2, 0, true, 101);
    assert_string_equal(next(2), "S104");
}

static void resume_that_is_more_than_a_slow_browser_may_owe_gets_a_snapshot(void **state) {
    (void)state;
    publish_big(SOFT + 1);
    join_with(1, 0, true, FIRST);
    assert_string_equal(next(1), "S101");
}

static void any_other_first_word_brings_the_snapshot_first(void **state) {
    (void)state;
    topic_answer = "T";
    join_with(1, 0, false, 0);
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    assert_string_equal(next(1), "S100");
    assert_string_equal(next(1), "T");
    join_with(2, 0, false, 0);
    say(2, "nonsense");
    assert_string_equal(next(2), "S100");
    assert_non_null(strstr(next(2), "\"type\":\"error\""));
    join_with(3, 0, false, 0);
    say(3, "{\"type\":\"resume\",\"seq\":-1}");
    assert_string_equal(next(3), "S100");
    assert_non_null(strstr(next(3), "\"type\":\"error\""));
}

static void a_resume_that_comes_too_late_was_already_answered(void **state) {
    (void)state;
    publish("d101");
    publish("d102");
    join_with(1, 0, false, 0);
    pass(US_PER_S);
    hub_first_words(hub, now);
    say(1, "{\"type\":\"resume\",\"seq\":101}");
    assert_string_equal(next(1), "S102");
    assert_string_equal(next(1), "");
    assert_int_equal(counters.bad_messages, 0);
}

static void a_crowd_shares_one_snapshot_until_something_changes(void **state) {
    (void)state;
    for (conn_id i = 1; i <= 50; i++) join(i);
    assert_int_equal(snapshots, 1);
    publish("d101");
    join(51);
    assert_int_equal(snapshots, 2);
    assert_string_equal(next(51), "S101");
    pass(US_PER_S);
    join(52);
    assert_int_equal(snapshots, 3); /* the ages in it would be old */
}

static void without_memory_for_a_snapshot_the_browser_is_sent_away(void **state) {
    (void)state;
    no_memory = true;
    join(1);
    assert_int_equal(sockets[1].code, HUB_CLOSE_INTERNAL);
}

static void a_skipped_delta_gives_everybody_a_snapshot(void **state) {
    (void)state;
    publish("d101");
    for (conn_id i = 1; i <= 3; i++) join(i);
    say(2, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    sockets[3].stuck = true;
    publish("d102");
    hub_skip_delta(hub, 103, now);
    publish("d104");
    assert_string_equal(sockets[1].messages[2], "S103");
    assert_string_equal(sockets[1].messages[3], "d104");
    assert_string_equal(topic_log, "+trades=1 ?trades=1 ");
    assert_int_equal(sockets[3].count, 2); /* when its socket is empty */
    drain(3);
    assert_string_equal(sockets[3].messages[2], "S104");
    join_with(4, 0, true, 102);
    assert_string_equal(next(4), "S104");
    join_with(5, 0, true, 103);
    assert_string_equal(next(5), "d104");
}

/* --- slow browsers --- */

static void a_slow_browser_is_owed_one_snapshot(void **state) {
    (void)state;
    join(1);
    join(2);
    next(1);
    next(2);
    sockets[1].stuck = true;
    publish_big(SOFT + 10); /* taken, but not written */
    size_t before = sockets[1].count;
    for (int i = 0; i < 100; i++) publish("d");
    assert_int_equal(sockets[1].count, before);
    assert_int_equal(sockets[2].count, 102);
    assert_int_equal(counters.snapshots_owed, 1);
    drain(1);
    assert_int_equal(sockets[1].count, before + 1);
    assert_string_equal(sockets[1].messages[before], "S201");
    publish("d202");
    assert_string_equal(sockets[1].messages[before + 1], "d202");
}

static void a_browser_that_drains_in_time_misses_nothing(void **state) {
    (void)state;
    join(1);
    sockets[1].stuck = true;
    publish("d101");
    publish("d102");
    drain(1);
    publish("d103");
    assert_int_equal(sockets[1].count, 4);
    assert_int_equal(counters.snapshots_owed, 0);
}

static void far_behind_is_closed(void **state) {
    (void)state;
    join(1);
    sockets[1].stuck = true;
    publish_big(HARD + 1);
    assert_int_equal(sockets[1].code, HUB_CLOSE_SLOW);
    assert_int_equal(counters.sessions_closed_slow, 1);
    publish("d102"); /* nothing follows (fake_send looks) */
}

static void ten_seconds_without_a_byte_taken_is_closed(void **state) {
    (void)state;
    join(1);
    sockets[1].stuck = true;
    pass(5 * US_PER_S); /* idle time before does not count */
    publish("d101");
    for (int i = 0; i < 9; i++) {
        pass(US_PER_S);
        hub_sweep(hub, now);
    }
    assert_int_equal(sockets[1].code, 0);
    pass(US_PER_S);
    hub_sweep(hub, now);
    assert_int_equal(sockets[1].code, HUB_CLOSE_SLOW);
}

static void slow_but_steady_is_kept(void **state) {
    (void)state;
    join(1);
    sockets[1].stuck = true;
    publish_big(900);
    for (int i = 0; i < 80; i++) { /* longer than the pong allows, too: a peer that acknowledges lives */
        pass(US_PER_S);
        sockets[1].unsent -= 10;
        hub_sweep(hub, now);
    }
    assert_int_equal(sockets[1].code, 0);
    assert_int_equal(sockets[1].pings, 0);
}

static void a_close_that_is_not_answered_is_cut(void **state) {
    (void)state;
    join(1);
    sockets[1].stuck = true;
    publish_big(HARD + 1);
    pass(US_PER_S);
    hub_sweep(hub, now);
    assert_false(sockets[1].dropped);
    pass(US_PER_S);
    hub_sweep(hub, now);
    assert_true(sockets[1].dropped);
    assert_int_equal(hub_sessions(hub), 0);
}

/* --- life signs --- */

static void pings_go_out_and_silence_ends_the_session(void **state) {
    (void)state;
    join(1);
    join(2);
    for (int i = 0; i < 59; i++) {
        pass(US_PER_S);
        hub_heard(hub, sockets[2].session, now);
        hub_sweep(hub, now);
    }
    assert_int_equal(sockets[1].pings, 2);
    assert_int_equal(sockets[1].code, 0);
    pass(US_PER_S);
    hub_sweep(hub, now);
    assert_int_equal(sockets[1].code, HUB_CLOSE_GOING);
    assert_int_equal(sockets[2].code, 0);
    assert_int_equal(counters.sessions_closed_silent, 1);
}

static void the_end_of_a_login_closes_its_sessions(void **state) {
    (void)state;
    join_with(1, 7, true, 0);
    join_with(2, 8, true, 0);
    join_with(3, 7, false, 0);
    join_with(4, 0, true, 0);
    hub_end_grant(hub, 7, now);
    hub_end_grant(hub, 0, now);
    assert_int_equal(sockets[1].code, 4401);
    assert_int_equal(sockets[2].code, 0);
    assert_int_equal(sockets[3].code, 4401);
    assert_int_equal(sockets[4].code, 0);
    assert_int_equal(counters.sessions_closed_login, 2);
}

/* --- bad messages --- */

static void bad_messages_are_answered_a_few_times(void **state) {
    (void)state;
    static const char *const bad[] = {"", "[1]", "{\"type\":1}", "{\"type\":\"buy\"}", "{\"type\":\"subscribe\"}"};
    join(1);
    next(1);
    for (size_t i = 0; i < LIMIT_SESSION_BAD_MESSAGES; i++) {
        say(1, bad[i]);
        assert_non_null(strstr(next(1), "{\"type\":\"error\",\"message\":\""));
    }
    assert_int_equal(sockets[1].code, 0);
    hub_binary(hub, sockets[1].session, now);
    assert_int_equal(sockets[1].code, HUB_CLOSE_POLICY);
    assert_int_equal(counters.bad_messages, 6);
    assert_int_equal(counters.sessions_closed_bad, 1);
    say(1, "nonsense"); /* after our close nothing is answered */
    assert_string_equal(next(1), "");
}

static void a_flood_of_good_messages_is_bad_too(void **state) {
    (void)state;
    join(1);
    for (int i = 0; i < LIMIT_SESSION_MESSAGES_SECOND; i++) say(1, "{\"type\":\"resume\",\"seq\":1}");
    assert_int_equal(sockets[1].code, 0);
    say(1, "{\"type\":\"resume\",\"seq\":1}");
    assert_int_equal(sockets[1].code, HUB_CLOSE_POLICY);
    join(2);
    for (int i = 0; i < 10 * LIMIT_SESSION_MESSAGES_SECOND; i++) {
        say(2, "{\"type\":\"resume\",\"seq\":1}");
        if (i % LIMIT_SESSION_MESSAGES_SECOND == 20) hub_sweep(hub, now);
    }
    assert_int_equal(sockets[2].code, 0);
}

/* --- topics --- */

static void a_topic_reaches_its_subscribers_only(void **state) {
    (void)state;
    for (conn_id i = 1; i <= 3; i++) join(i);
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\",\"orders:BTC/USDT\"]}");
    say(2, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    assert_string_equal(topic_log, "+trades=1 +orders:BTC/USDT=1 +trades=2 ");
    hub_publish_topic(hub, SPAN("trades"), SPAN("t"), now);
    hub_publish_topic(hub, SPAN("orders:BTC/USDT"), SPAN("o"), now);
    hub_publish_topic(hub, SPAN("orders:ETH/USDT"), SPAN("x"), now);
    assert_int_equal(sockets[1].count, 3);
    assert_int_equal(sockets[2].count, 2);
    assert_int_equal(sockets[3].count, 1);
    assert_int_equal(hub_seq(hub), FIRST); /* takes no number */
    assert_int_equal(counters.topics_published, 2);
}

static void subscribing_twice_and_leaving_what_was_not_joined_is_nothing(void **state) {
    (void)state;
    join(1);
    say(1, "{\"type\":\"unsubscribe\",\"topics\":[\"trades\"]}");
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\",\"trades\"]}");
    say(1, "{\"type\":\"unsubscribe\",\"topics\":[\"trades\"]}");
    assert_string_equal(topic_log, "+trades=1 -trades=0 ");
    assert_int_equal(hub_topics(hub), 0);
    assert_int_equal(counters.bad_messages, 0);
}

static void a_wrong_topic_is_answered_and_those_before_it_stand(void **state) {
    (void)state;
    join(1);
    next(1);
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\",\"secrets\",\"orders:A/B\"]}");
    assert_string_equal(topic_log, "+trades=1 ");
    assert_non_null(strstr(next(1), "not a topic"));
    say(1, "{\"type\":\"subscribe\",\"topics\":[7]}");
    assert_non_null(strstr(next(1), "array of texts"));
}

static void too_many_topics_are_answered(void **state) {
    (void)state;
    char text[128];
    join(1);
    next(1);
    for (int i = 0; i <= LIMIT_SESSION_TOPICS; i++) {
        snprintf(text, sizeof text, "{\"type\":\"subscribe\",\"topics\":[\"orders:A%d/B\"]}", i);
        say(1, text);
    }
    assert_non_null(strstr(next(1), "too many topics"));
    assert_int_equal(hub_topics(hub), LIMIT_SESSION_TOPICS);
}

static void leaving_ends_the_subscriptions(void **state) {
    (void)state;
    join(1);
    join(2);
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    say(2, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    topic_answer = "again";
    hang_up(1);
    assert_string_equal(topic_log, "+trades=1 +trades=2 -trades=1 ");
    hang_up(2);
    assert_int_equal(hub_topics(hub), 0);
    assert_int_equal(hub_sessions(hub), 0);
}

static void a_slow_subscriber_is_told_its_topics_again(void **state) {
    (void)state;
    join(1);
    say(1, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    sockets[1].stuck = true;
    publish_big(SOFT + 1);
    hub_publish_topic(hub, SPAN("trades"), SPAN("missed"), now);
    topic_answer = "whole";
    drain(1);
    assert_string_equal(topic_log, "+trades=1 ?trades=1 ");
    assert_string_equal(sockets[1].messages[sockets[1].count - 2], "S101");
    assert_string_equal(sockets[1].messages[sockets[1].count - 1], "whole");
}

/* --- many, and in bad moments --- */

static void a_hundred_browsers_get_every_delta(void **state) {
    (void)state;
    for (conn_id i = 1; i <= 100; i++) join(i);
    for (int d = 0; d < 50; d++) publish("d");
    for (conn_id i = 1; i <= 100; i++) assert_int_equal(sockets[i].count, 51);
    assert_int_equal(counters.frames_sent, 100 * 51);
    assert_int_equal(hub_sessions(hub), 100);
}

static void sockets_that_die_while_being_written_disturb_nobody(void **state) {
    (void)state;
    for (conn_id i = 1; i <= 60; i++) {
        join(i);
        say(i, "{\"type\":\"subscribe\",\"topics\":[\"trades\"]}");
    }
    topic_answer = "t"; /* the end of a subscription publishes, into the middle of it all */
    for (conn_id i = 1; i <= 60; i += 3) sockets[i].dead = true;
    size_t before = sockets[2].count;
    publish("d");
    assert_int_equal(hub_sessions(hub), 40);
    size_t deltas = 0;
    for (size_t k = before; k < sockets[2].count; k++) deltas += strcmp(sockets[2].messages[k], "d") == 0;
    assert_int_equal(deltas, 1);
    for (conn_id i = 2; i <= 60; i += 3) sockets[i].dead = true;
    hub_publish_topic(hub, SPAN("trades"), SPAN("u"), now);
    assert_int_equal(hub_sessions(hub), 20);
    for (conn_id i = 3; i <= 60; i += 3) sockets[i].dead = true;
    publish("d");
    assert_int_equal(hub_sessions(hub), 0);
    assert_int_equal(hub_topics(hub), 0);
}

static void a_browser_that_leaves_before_it_opens_is_forgotten(void **state) {
    (void)state;
    sockets[1].session = hub_add(hub, 1, 0, false, 0, now);
    hang_up(1);
    assert_int_equal(hub_sessions(hub), 0);
    sockets[2].session = hub_add(hub, 2, 0, false, 0, now); /* and one that never does is swept */
    pass(60 * US_PER_S);
    hub_sweep(hub, now);
    pass(2 * US_PER_S);
    hub_sweep(hub, now);
    assert_true(sockets[2].dropped);
    assert_int_equal(hub_sessions(hub), 0);
}

static void sessions_have_a_bound(void **state) {
    (void)state;
    for (conn_id i = 0; i < LIMIT_SESSIONS; i++) assert_non_null(hub_add(hub, 1000 + i, 0, false, 0, now));
    assert_null(hub_add(hub, 1, 0, false, 0, now));
}

/* Random steps against the one promise: what a browser sees is a snapshot, then numbers that rise by one, or a snapshot. */
static void whatever_happens_the_numbers_rise_by_one(void **state) {
    (void)state;
    uint64_t x = 42;
    for (int step = 0; step < 4000; step++) {
        x = mix64(x + 1);
        conn_id who = 1 + x % 8;
        struct socket *k = &sockets[who];
        char text[32];
        switch ((x >> 8) % 8) {
        case 0:
            if (k->session == NULL && k->count == 0)
                join_with(who, 0, (x >> 20) % 2 == 0, hub_seq(hub) - (x >> 24) % 5);
            break;
        case 1: k->stuck = k->session != NULL; break;
        case 2: drain(who); break;
        case 3:
            if ((x >> 20) % 16 == 0 && k->session != NULL) hang_up(who);
            break;
        case 4:
            pass(20 * US_PER_MS);
            hub_first_words(hub, now);
            break;
        default:
            snprintf(text, sizeof text, "d%llu-%0*d", (unsigned long long)hub_seq(hub) + 1, 1 + (int)((x >> 20) % 16),
                     0);
            publish(text);
        }
    }
    for (conn_id i = 1; i <= 8; i++) {
        unsigned long long at = 0, seq;
        for (size_t m = 0; m < sockets[i].count; m++) {
            seq = strtoull(sockets[i].messages[m] + 1, NULL, 10);
            if (sockets[i].messages[m][0] == 'd' && m > 0) assert_int_equal(seq, at + 1);
            if (sockets[i].messages[m][0] == 'S') assert_true(seq >= at);
            at = seq;
        }
    }
    assert_true(counters.snapshots_owed > 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(a_silent_browser_gets_its_snapshot_promptly),
        T(deltas_follow_the_snapshot_in_order),
        T(a_browser_that_waits_gets_no_delta_before_its_snapshot),
        T(those_who_wait_are_served_in_their_order),
        T(resume_brings_the_missing_deltas),
        T(resume_in_the_address_needs_no_waiting),
        T(resume_with_nothing_missing_goes_on_in_silence),
        T(resume_from_the_future_gets_a_snapshot),
        T(resume_from_before_our_time_gets_a_snapshot),
        T(resume_beyond_the_ring_gets_a_snapshot),
        T(the_ring_has_a_bound_of_bytes),
        T(resume_that_is_more_than_a_slow_browser_may_owe_gets_a_snapshot),
        T(any_other_first_word_brings_the_snapshot_first),
        T(a_resume_that_comes_too_late_was_already_answered),
        T(a_crowd_shares_one_snapshot_until_something_changes),
        T(without_memory_for_a_snapshot_the_browser_is_sent_away),
        T(a_skipped_delta_gives_everybody_a_snapshot),
        T(a_slow_browser_is_owed_one_snapshot),
        T(a_browser_that_drains_in_time_misses_nothing),
        T(far_behind_is_closed),
        T(ten_seconds_without_a_byte_taken_is_closed),
        T(slow_but_steady_is_kept),
        T(a_close_that_is_not_answered_is_cut),
        T(pings_go_out_and_silence_ends_the_session),
        T(the_end_of_a_login_closes_its_sessions),
        T(bad_messages_are_answered_a_few_times),
        T(a_flood_of_good_messages_is_bad_too),
        T(a_topic_reaches_its_subscribers_only),
        T(subscribing_twice_and_leaving_what_was_not_joined_is_nothing),
        T(a_wrong_topic_is_answered_and_those_before_it_stand),
        T(too_many_topics_are_answered),
        T(leaving_ends_the_subscriptions),
        T(a_slow_subscriber_is_told_its_topics_again),
        T(a_hundred_browsers_get_every_delta),
        T(sockets_that_die_while_being_written_disturb_nobody),
        T(a_browser_that_leaves_before_it_opens_is_forgotten),
        T(sessions_have_a_bound),
        T(whatever_happens_the_numbers_rise_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
