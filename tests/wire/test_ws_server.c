/* Upgraded connections over real sockets: frames both ways, broadcast, slow readers, closing. The clients here are raw
 * sockets, so that they can do what no library would. */
#include "harness.h"

#include <sys/resource.h>

enum { CONNECTIONS = 300 };

struct world {
    struct loop *loop;
    struct http_server *server;
    conn_id id[CONNECTIONS];
    int opened, texts, pings, pongs, writable, closed, gone;
    uint16_t code;
    char reason[200];
    struct buf text;
    bool hold_upgrade, close_on_text, pause_on_text, drop_on_text;
    conn_id waiting;
};

static void on_request(void *arg, conn_id id, const struct http_server_request *r) {
    struct world *w = arg;
    if (!r->upgrade) {
        http_respond(w->server, id, &(struct http_reply){.status = 426});
        return;
    }
    w->waiting = id;
    const struct http_header cookie = {SPAN("Set-Cookie"), SPAN("a=b")};
    if (!w->hold_upgrade) assert_true(http_upgrade(w->server, id, &cookie, 1));
}

static void on_text(struct world *w, conn_id id, struct span text) {
    w->texts++;
    buf_clear(&w->text);
    buf_put_span(&w->text, text);
    if (w->close_on_text) ws_server_close(w->server, id, 4000, SPAN("as you wish"));
    else if (w->drop_on_text) http_drop(w->server, id);
    else if (w->pause_on_text) conn_pause_reading(w->server, id, true);
    else assert_true(ws_server_send_text(w->server, id, text));
}

static void on_ws(void *arg, conn_id id, const struct ws_server_event *e) {
    struct world *w = arg;
    switch (e->kind) {
    case WS_SERVER_OPEN:
        assert_true(w->opened < CONNECTIONS);
        w->id[w->opened++] = id;
        conn_set_data(w->server, id, w);
        break;
    case WS_SERVER_TEXT: on_text(w, id, e->data); break;
    case WS_SERVER_BINARY: break;
    case WS_SERVER_PING: w->pings++; break;
    case WS_SERVER_PONG: w->pongs++; break;
    case WS_SERVER_WRITABLE:
        assert_int_equal(conn_unsent(w->server, id), 0);
        w->writable++;
        break;
    case WS_SERVER_CLOSED:
        w->closed++;
        w->code = e->code;
        (void)snprintf(w->reason, sizeof w->reason, "%.*s", (int)e->data.len, e->data.len > 0 ? e->data.at : "");
        assert_ptr_equal(conn_data(w->server, id), w);               /* still to be found, */
        assert_false(ws_server_send_text(w->server, id, SPAN("x"))); /* but no longer to be sent to */
        break;
    }
}

static void on_closed(void *arg) { ((struct world *)arg)->gone++; }

static int setup(void **state) {
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    buf_init(&w->text, 1 << 20);
    w->loop = loop_new(&test_log);
    const struct http_server_config config = {.host = "127.0.0.1",
                                              .max_connections = CONNECTIONS,
                                              .max_body = 1000,
                                              .max_message = 4096,
                                              .auto_pong = true,
                                              .idle_timeout_us = 60 * US_PER_S,
                                              .on_request = on_request,
                                              .on_ws = on_ws,
                                              .arg = w};
    assert_int_equal(http_server_new(&w->server, w->loop, &config, &test_log), ERR_OK);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    struct world *w = *state;
    if (w->server != NULL) http_server_close(w->server, on_closed, w);
    loop_free(w->loop);
    assert_int_equal(w->gone, 1);
    buf_free(&w->text);
    free(w);
    return 0;
}

static int open_socket(struct world *w, bool small_buffers) {
    int fd = dial(http_server_port(w->server), small_buffers), before = w->opened;
    struct seen s = seen_new();
    PUT(fd, UPGRADE("/ws"));
    EXPECT(w->loop, &s, fd, "\r\n\r\n");
    WAIT_FOR(w->loop, w->opened == before + 1);
    buf_free(&s.bytes);
    return fd;
}

static void hang_up(int fd, struct seen *s) {
    (void)close(fd);
    buf_free(&s->bytes);
}

static void the_upgrade_is_by_the_book(void **state) {
    struct world *w = *state;
    int fd = dial(http_server_port(w->server), false);
    struct seen s = seen_new();
    PUT(fd, UPGRADE("/ws"));
    EXPECT(w->loop, &s, fd, "\r\n\r\n");
    assert_true(holds(&s, "HTTP/1.1 101 Switching Protocols\r\n"));
    assert_true(holds(&s, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " WS_ACCEPT "\r\n"));
    assert_true(holds(&s, "Set-Cookie: a=b\r\n"));
    put_frame(fd, 1, SPAN("hello"));
    EXPECT(w->loop, &s, fd, "\x81\x05hello");
    hang_up(fd, &s);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->code, 1006);
}

static void half_an_upgrade_is_none(void **state) {
    struct world *w = *state;
    static const char *const requests[] = {
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
        "short==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " WS_KEY
        "\r\nSec-WebSocket-Version: 8\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " WS_KEY
        "\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " WS_KEY
        "\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "POST /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " WS_KEY
        "\r\nSec-WebSocket-Version: 13\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = dial(http_server_port(w->server), false);
        struct seen s = seen_new();
        put(fd, span_of(requests[i]));
        EXPECT(w->loop, &s, fd, "HTTP/1.1 426 Upgrade Required");
        hang_up(fd, &s);
    }
    assert_int_equal(w->opened, 0);
}

static void frames_behind_the_request_wait_for_the_upgrade(void **state) {
    struct world *w = *state;
    w->hold_upgrade = true;
    int fd = dial(http_server_port(w->server), false);
    struct seen s = seen_new();
    PUT(fd, UPGRADE("/ws"));
    put_frame(fd, 1, SPAN("eager"));
    WAIT_FOR(w->loop, w->waiting != 0);
    turn(w->loop, 10);
    assert_true(http_upgrade(w->server, w->waiting, NULL, 0));
    assert_int_equal(w->opened, 0); /* never from inside a call */
    EXPECT(w->loop, &s, fd,
           "\x81\x05"
           "eager");
    assert_int_equal(w->opened, 1);
    hang_up(fd, &s);
}

static void an_upgrade_of_a_lost_connection_is_no_upgrade(void **state) {
    struct world *w = *state;
    w->hold_upgrade = true;
    int fd = dial(http_server_port(w->server), false);
    PUT(fd, UPGRADE("/ws"));
    WAIT_FOR(w->loop, w->waiting != 0);
    struct linger now = {1, 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    (void)close(fd);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
    assert_false(http_upgrade(w->server, w->waiting, NULL, 0));
    turn(w->loop, 5);
    assert_int_equal(w->opened + w->closed, 0);
}

static void pings_are_answered_and_reported(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 9, SPAN("marco"));
    EXPECT(w->loop, &s, fd, "\x8a\x05marco");
    assert_int_equal(w->pings, 1);
    assert_true(ws_server_ping(w->server, w->id[0], SPAN("up?")));
    EXPECT(w->loop, &s, fd, "\x89\x03up?");
    put_frame(fd, 10, SPAN("up?"));
    WAIT_FOR(w->loop, w->pongs == 1);
    hang_up(fd, &s);
}

static void the_peers_close_is_echoed(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 8, SPAN("\x0f\xa1leaving"));
    EXPECT_END(w->loop, &s, fd);
    assert_false(s.reset);
    assert_true(span_is(buf_span(&s.bytes), "\x88\x02\x0f\xa1"));
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->code, 4001);
    assert_string_equal(w->reason, "leaving");
    hang_up(fd, &s);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
}

static void a_close_without_a_code_is_1005(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 8, SPAN(""));
    EXPECT_END(w->loop, &s, fd);
    assert_int_equal(s.bytes.len, 2);
    assert_memory_equal(s.bytes.at, "\x88\x00", 2);
    assert_int_equal(w->code, 1005);
    hang_up(fd, &s);
}

static void our_close_waits_for_the_answer(void **state) {
    struct world *w = *state;
    w->close_on_text = true;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 1, SPAN("close me"));
    put_frame(fd, 1, SPAN("too late"));
    EXPECT(w->loop, &s, fd,
           "\x88\x0d\x0f\xa0"
           "as you wish");
    turn(w->loop, 10);
    assert_int_equal(w->texts, 1); /* what comes behind our close is dropped */
    assert_int_equal(w->closed, 0);
    put_frame(fd, 8, SPAN("\x0f\xa0"));
    EXPECT_END(w->loop, &s, fd);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->code, 4000);
    hang_up(fd, &s);
}

static void a_close_that_is_not_answered_ends_all_the_same(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    ws_server_close(w->server, w->id[0], 1000, SPAN(""));
    EXPECT_END(w->loop, &s, fd);
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->code, 1006);
    hang_up(fd, &s);
}

static void a_long_reason_is_cut_between_characters(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    char reason[200];
    for (int i = 0; i < 100; i++) memcpy(reason + 2 * i, "\xc3\xa4", 2);
    ws_server_close(w->server, w->id[0], 1000, span_from(reason, sizeof reason));
    WAIT_FOR(w->loop, (look(&s, fd), s.bytes.len >= 126));
    assert_int_equal(s.bytes.len, 2 + 2 + 122); /* 61 characters, not 61 and a half */
    hang_up(fd, &s);
}

static void broken_frames_are_answered_with_a_code(void **state) {
    struct world *w = *state;
    static const struct {
        struct span bytes;
        uint16_t code;
    } kinds[] = {
        {{"\x81\x05hello", 7}, 1002},                    /* not masked */
        {{"\xc1\x80\x01\x02\x03\x04", 6}, 1002},         /* a reserved bit */
        {{"\x81\x81\x00\x00\x00\x00\xff", 7}, 1007},     /* not UTF-8 */
        {{"\x81\xfe\x10\x01\x00\x00\x00\x00", 8}, 1009}, /* 4097 bytes */
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int fd = open_socket(w, false);
        struct seen s = seen_new();
        put(fd, kinds[i].bytes);
        EXPECT_END(w->loop, &s, fd);
        const char expected[] = {(char)0x88, 2, (char)(kinds[i].code >> 8), (char)kinds[i].code};
        assert_int_equal(s.bytes.len, 4);
        assert_memory_equal(s.bytes.at, expected, 4);
        assert_int_equal(w->closed, i + 1);
        assert_int_equal(w->code, kinds[i].code);
        hang_up(fd, &s);
    }
}

static void a_message_of_the_maximum_passes(void **state) {
    struct world *w = *state;
    char text[4096];
    memset(text, 'm', sizeof text);
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 1, span_from(text, sizeof text));
    WAIT_FOR(w->loop, (look(&s, fd), s.bytes.len == 4 + sizeof text));
    hang_up(fd, &s);
}

static void frames_written_byte_by_byte_arrive(void **state) {
    struct world *w = *state;
    struct buf b;
    static const unsigned char mask[4] = {9, 8, 7, 6};
    buf_init(&b, 1000);
    for (int i = 0; i < 3; i++) ws_put_frame(&b, 1, SPAN("in pieces"), mask);
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    for (size_t i = 0; i < b.len; i++) {
        put(fd, span_from(b.at + i, 1));
        turn(w->loop, 0);
    }
    WAIT_FOR(w->loop, w->texts == 3);
    assert_true(span_is(buf_span(&w->text), "in pieces"));
    buf_free(&b);
    hang_up(fd, &s);
}

static void one_frame_goes_to_all(void **state) {
    struct world *w = *state;
    static int fd[CONNECTIONS];
    struct buf encoded;
    buf_init(&encoded, 1 << 20);
    for (int i = 0; i < CONNECTIONS; i++) fd[i] = open_socket(w, false);
    for (int round = 0; round < 20; round++) {
        char text[64];
        (void)snprintf(text, sizeof text, "delta number %d", round);
        buf_clear(&encoded);
        ws_put_frame(&encoded, 1, span_of(text), NULL);
        struct frame *f = frame_new(buf_span(&encoded));
        for (int i = 0; i < CONNECTIONS; i++) assert_true(ws_server_send_frame(w->server, w->id[i], f));
        assert_int_equal(f->refs, 1); /* all taken at once: nobody kept it */
        frame_unref(f);
    }
    for (int i = 0; i < CONNECTIONS; i++) {
        struct seen s = seen_new();
        EXPECT(w->loop, &s, fd[i], "delta number 19");
        assert_int_equal(times(&s, "delta number"), 20);
        hang_up(fd[i], &s);
    }
    buf_free(&encoded);
    WAIT_FOR(w->loop, w->closed == CONNECTIONS);
}

/* Fills the socket until bytes wait here. */
static struct frame *fill(struct world *w, conn_id id, int *sent) {
    struct frame *f = frame_alloc(10003);
    f->at[0] = (char)0x81;
    memcpy(f->at + 1, "\x7e\x27\x0f", 3); /* 9999 bytes */
    memset(f->at + 4, 'x', 9999);
    for (*sent = 0; *sent < 10000 && conn_unsent(w->server, id) < 200000; (*sent)++)
        assert_true(ws_server_send_frame(w->server, id, f));
    assert_true(conn_unsent(w->server, id) >= 200000);
    return f;
}

static void a_slow_reader_shows_as_unsent_bytes_and_loses_none(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, true), sent;
    struct seen s = seen_new();
    struct frame *f = fill(w, w->id[0], &sent);
    assert_in_range(f->refs, 20, 25); /* references wait, not copies */
    turn(w->loop, 20);
    assert_int_equal(w->writable, 0);
    assert_true(conn_unsent(w->server, w->id[0]) > 0);
    WAIT_FOR(w->loop, (look(&s, fd), s.bytes.len == (size_t)sent * 10003));
    assert_int_equal(w->writable, 1);
    assert_int_equal(conn_unsent(w->server, w->id[0]), 0);
    assert_int_equal(f->refs, 1);
    for (int i = 0; i < sent; i++) assert_memory_equal(s.bytes.at + (size_t)i * 10003, f->at, 10003);
    frame_unref(f);
    hang_up(fd, &s);
}

static void a_peer_that_pings_and_does_not_read_gets_one_pong(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, true), sent;
    struct seen s = seen_new();
    struct frame *f = fill(w, w->id[0], &sent);
    size_t before = conn_unsent(w->server, w->id[0]);
    for (int i = 0; i < 500; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "ping %d.", i);
        put_frame(fd, 9, span_of(text));
        turn(w->loop, 0);
    }
    WAIT_FOR(w->loop, w->pings == 500);
    assert_int_equal(conn_unsent(w->server, w->id[0]), before);
    EXPECT(w->loop, &s, fd, "ping 499.");
    assert_int_equal(times(&s, "ping"), 1);
    frame_unref(f);
    hang_up(fd, &s);
}

static void a_reader_without_end_is_dropped_at_the_limit(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, true), sent;
    struct seen s = seen_new();
    struct frame *f = fill(w, w->id[0], &sent);
    bool going = true;
    for (int i = 0; i < 10000 && going; i++) going = ws_server_send_frame(w->server, w->id[0], f);
    assert_false(going);
    assert_int_equal(w->closed, 0); /* never from inside a call */
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(f->refs, 1);
    frame_unref(f);
    hang_up(fd, &s);
}

static void a_paused_connection_is_not_read(void **state) {
    struct world *w = *state;
    w->pause_on_text = true;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    for (int i = 0; i < 5; i++)
        put_frame(fd, 1, SPAN("message")); /* in one segment, most likely: the pause comes inside */
    WAIT_FOR(w->loop, w->texts == 1);
    turn(w->loop, 20);
    assert_int_equal(w->texts, 1);
    for (int i = 2; i <= 5; i++) {
        conn_pause_reading(w->server, w->id[0], false);
        assert_int_equal(w->texts, i - 1);
        WAIT_FOR(w->loop, w->texts == i);
        turn(w->loop, 5);
        assert_int_equal(w->texts, i);
    }
    put_frame(fd, 1, SPAN("last words"));
    (void)close(fd);
    turn(w->loop, 10);
    assert_int_equal(w->closed, 0);
    conn_pause_reading(w->server, w->id[0], false);
    WAIT_FOR(w->loop, w->texts == 6);
    conn_pause_reading(w->server, w->id[0], false);
    WAIT_FOR(w->loop, w->closed == 1);
    buf_free(&s.bytes);
}

static void a_dropped_connection_is_told_once(void **state) {
    struct world *w = *state;
    w->drop_on_text = true;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    put_frame(fd, 1, SPAN("a"));
    put_frame(fd, 1, SPAN("b"));
    WAIT_FOR(w->loop, w->closed == 1);
    assert_int_equal(w->texts, 1);
    assert_int_equal(w->code, 1006);
    turn(w->loop, 10);
    assert_int_equal(w->closed, 1);
    assert_null(conn_data(w->server, w->id[0]));
    hang_up(fd, &s);
}

static void half_a_frame_then_silence(void **state) {
    struct world *w = *state;
    int fd = open_socket(w, false);
    struct seen s = seen_new();
    http_send_raw(w->server, w->id[0], SPAN("\x81\x05he"));
    assert_false(ws_server_send_text(w->server, w->id[0], SPAN("more")));
    put_frame(fd, 1, SPAN("ignored"));
    turn(w->loop, 20);
    look(&s, fd);
    assert_true(span_is(buf_span(&s.bytes), "\x81\x05he"));
    assert_int_equal(w->texts, 0);
    (void)close(fd);
    WAIT_FOR(w->loop, w->closed == 1);
    buf_free(&s.bytes);
}

static void stopping_says_going_away(void **state) {
    struct world *w = *state;
    int polite = open_socket(w, false), rude = open_socket(w, false), idle = dial(http_server_port(w->server), false);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 3);
    struct seen s = seen_new(), r = seen_new();
    http_server_close(w->server, on_closed, w);
    w->server = NULL;
    EXPECT(w->loop, &s, polite, "\x03\xe9server is stopping");
    put_frame(polite, 8, SPAN("\x03\xe9"));
    assert_int_equal(w->gone, 0);
    loop_run(w->loop); /* returns by itself, the grace over */
    assert_int_equal(w->gone, 1);
    look(&s, polite);
    look(&r, rude);
    assert_true(s.end && r.end);
    assert_true(holds(&r, "\x03\xe9server is stopping"));
    assert_int_equal(w->closed, 0); /* no callback after http_server_close */
    hang_up(polite, &s);
    hang_up(rude, &r);
    (void)close(idle);
}

static void without_descriptors_callers_are_hung_up_on(void **state) {
    struct world *w = *state;
    struct rlimit was, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    int fd[40], open_now = dial(http_server_port(w->server), false);
    for (int i = 0; i < 40; i++) fd[i] = socket(AF_INET, SOCK_STREAM, 0);
    few = was;
    few.rlim_cur = (rlim_t)fd[39] + 6;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(http_server_port(w->server)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < 40; i++) assert_int_equal(connect(fd[i], (struct sockaddr *)&to, sizeof to), 0);
    int ended = 0;
    for (int i = 39; i >= 10; i--) { /* the last ones found no descriptor */
        struct seen s = seen_new();
        EXPECT_END(w->loop, &s, fd[i]);
        ended++;
        buf_free(&s.bytes);
    }
    assert_int_equal(ended, 30);
    for (int i = 0; i < 40; i++) (void)close(fd[i]);
    (void)close(open_now);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    WAIT_FOR(w->loop, http_server_connections(w->server) == 0);
    struct seen s = seen_new(); /* and it serves again */
    int again = open_socket(w, false);
    put_frame(again, 1, SPAN("hello"));
    EXPECT(w->loop, &s, again, "hello");
    hang_up(again, &s);
}

int main(void) {
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_upgrade_is_by_the_book),
        CASE(half_an_upgrade_is_none),
        CASE(frames_behind_the_request_wait_for_the_upgrade),
        CASE(an_upgrade_of_a_lost_connection_is_no_upgrade),
        CASE(pings_are_answered_and_reported),
        CASE(the_peers_close_is_echoed),
        CASE(a_close_without_a_code_is_1005),
        CASE(our_close_waits_for_the_answer),
        CASE(a_close_that_is_not_answered_ends_all_the_same),
        CASE(a_long_reason_is_cut_between_characters),
        CASE(broken_frames_are_answered_with_a_code),
        CASE(a_message_of_the_maximum_passes),
        CASE(frames_written_byte_by_byte_arrive),
        CASE(one_frame_goes_to_all),
        CASE(a_slow_reader_shows_as_unsent_bytes_and_loses_none),
        CASE(a_peer_that_pings_and_does_not_read_gets_one_pong),
        CASE(a_reader_without_end_is_dropped_at_the_limit),
        CASE(a_paused_connection_is_not_read),
        CASE(a_dropped_connection_is_told_once),
        CASE(half_a_frame_then_silence),
        CASE(stopping_says_going_away),
        CASE(without_descriptors_callers_are_hung_up_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
