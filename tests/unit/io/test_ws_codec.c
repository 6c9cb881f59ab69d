/* The codec by the behaviour classes of the Autobahn suite. Every stream is fed whole, cut at every point, and byte by byte,
 * in both roles, and must tell the same story each time: the story is text, such as "T(hello)P(x)C1000(bye)". */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "io/ws_codec.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_MESSAGE = 1000,
    TEXT = 0x81,
    BINARY = 0x82,
    PING = 0x89,
    PONG = 0x8a,
    CLOSE = 0x88,
    FIRST = 0x01,
    MIDDLE = 0x00,
    LAST = 0x80
};

static const unsigned char mask[4] = {0x37, 0xfa, 0x00, 0x3d};

static void tell(struct buf *story, const struct ws_event *e) {
    static const char letter[] = {[WS_TEXT] = 'T', [WS_BINARY] = 'B', [WS_PING] = 'P', [WS_PONG] = 'O'};
    if (e->kind == WS_MORE) return;
    if (e->kind == WS_BAD) {
        buf_putf(story, "BAD%u", e->code);
        assert_true(e->payload.len > 0); /* words for the log */
        return;
    }
    if (e->kind == WS_CLOSE) buf_putf(story, "C%u", e->code);
    else buf_putc(story, letter[e->kind]);
    buf_putc(story, '(');
    buf_put_span(story, e->payload);
    buf_putc(story, ')');
}

/* Feeds bytes [from, to) of a copy; false when the decoder takes no more. */
static bool feed(struct ws_decoder *d, struct buf *story, struct span bytes) {
    char *copy = malloc(bytes.len + 1); /* exactly as long: a sanitizer sees every step beyond it */
    assert_non_null(copy);
    if (bytes.len > 0) memcpy(copy, bytes.at, bytes.len);
    bool going = true;
    for (size_t at = 0; going;) {
        size_t used = 0;
        struct ws_event e = ws_feed(d, copy + at, bytes.len - at, &used);
        assert_true(used <= bytes.len - at);
        at += used;
        tell(story, &e);
        if (e.kind == WS_MORE) assert_int_equal(at, bytes.len);
        if (e.kind == WS_MORE || e.kind == WS_BAD) {
            free(copy);
            return e.kind == WS_MORE;
        }
    }
    return going;
}

static void check_story(enum ws_role role, struct span bytes, const size_t *cuts, size_t cut_count,
                        const char *expected) {
    struct ws_decoder d;
    struct buf story;
    ws_decoder_init(&d, role, MAX_MESSAGE);
    buf_init(&story, 1 << 20);
    buf_puts(&story, "");
    size_t from = 0;
    bool going = true;
    for (size_t i = 0; i <= cut_count && going; i++) {
        size_t to = i < cut_count ? cuts[i] : bytes.len;
        going = feed(&d, &story, span_from(bytes.at + from, to - from));
        from = to;
    }
    if (!span_is(buf_span(&story), expected))
        fail_msg("expected %s, got %.*s (role %d, %zu cuts, first %zu)", expected, (int)story.len,
                 story.len > 0 ? story.at : "", (int)role, cut_count, cut_count > 0 ? cuts[0] : 0);
    ws_decoder_free(&d);
    buf_free(&story);
}

/* The same bytes whole, cut once at every point, cut twice at some, and one by one. */
static void check_every_cut(enum ws_role role, struct span bytes, const char *expected) {
    size_t each[2048];
    assert_true(bytes.len < sizeof each / sizeof *each);
    check_story(role, bytes, NULL, 0, expected);
    for (size_t cut = 0; cut <= bytes.len; cut++) check_story(role, bytes, &cut, 1, expected);
    for (size_t cut = 0; cut + 3 <= bytes.len; cut++) {
        const size_t cuts[2] = {cut, cut + 3};
        check_story(role, bytes, cuts, 2, expected);
    }
    for (size_t i = 0; i < bytes.len; i++) each[i] = i;
    check_story(role, bytes, each, bytes.len, expected);
}

struct piece { /* one frame: its first byte and its payload */
    unsigned first;
    struct span payload;
};

static void put_piece(struct buf *out, enum ws_role role, const struct piece *p) {
    unsigned char head[WS_HEAD_MAX];
    size_t n = ws_frame_head(head, 2, p->payload.len, role == WS_SERVER ? mask : NULL);
    head[0] = (unsigned char)p->first;
    buf_put(out, head, n);
    buf_put_span(out, p->payload);
    if (role == WS_SERVER) ws_mask(out->at + out->len - p->payload.len, p->payload.len, mask);
}

static void check_pieces(const struct piece *pieces, size_t count, const char *expected) {
    for (enum ws_role role = WS_CLIENT; role <= WS_SERVER; role++) {
        struct buf b;
        buf_init(&b, 1 << 20);
        for (size_t i = 0; i < count; i++) put_piece(&b, role, &pieces[i]);
        check_every_cut(role, buf_span(&b), expected);
        buf_free(&b);
    }
}

#define STORY(expected, ...)                                                                                           \
    do {                                                                                                               \
        const struct piece pieces_[] = {__VA_ARGS__};                                                                  \
        check_pieces(pieces_, sizeof pieces_ / sizeof *pieces_, (expected));                                           \
    } while (0)
#define FRAME(first, text)                                                                                             \
    { (first), SPAN(text) }

static void whole_messages(void **state) {
    (void)state;
    STORY("T()", FRAME(TEXT, ""));
    STORY("T(hello)", FRAME(TEXT, "hello"));
    STORY("B(\xff\xfe)", FRAME(BINARY, "\xff\xfe"));
    STORY("T(a)T(b)B(c)", FRAME(TEXT, "a"), FRAME(TEXT, "b"), FRAME(BINARY, "c"));
}

static void every_length_form(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 124, 125, 126, 127, 128, 255, 256, 999, 1000};
    char payload[MAX_MESSAGE + 1];
    memset(payload, 'x', sizeof payload);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char expected[MAX_MESSAGE + 8];
        (void)snprintf(expected, sizeof expected, "T(%.*s)", (int)lengths[i], payload);
        STORY(expected, {TEXT, span_from(payload, lengths[i])});
    }
}

static void long_messages_in_64_bit_form(void **state) {
    (void)state;
    enum { LONG = 70000 };
    for (enum ws_role role = WS_CLIENT; role <= WS_SERVER; role++) {
        struct buf b, payload;
        buf_init(&b, 1 << 20);
        buf_init(&payload, 1 << 20);
        for (int i = 0; i < LONG; i++) buf_putc(&payload, (char)('a' + i % 26));
        ws_put_frame(&b, 1, buf_span(&payload), role == WS_SERVER ? mask : NULL);
        for (size_t step = 997; step < LONG; step += 9001) {
            struct ws_decoder d;
            struct buf story;
            ws_decoder_init(&d, role, LONG);
            buf_init(&story, 1 << 20);
            for (size_t at = 0; at < b.len; at += step)
                assert_true(feed(&d, &story, span_from(b.at + at, b.len - at < step ? b.len - at : step)));
            assert_int_equal(story.len, LONG + 3);
            assert_memory_equal(story.at + 2, payload.at, LONG);
            ws_decoder_free(&d);
            buf_free(&story);
        }
        buf_free(&b);
        buf_free(&payload);
    }
}

static void pings_and_pongs(void **state) {
    (void)state;
    STORY("P()", FRAME(PING, ""));
    STORY("P(\xff)", FRAME(PING, "\xff")); /* any bytes, not only text */
    STORY("O(unasked)T(a)", FRAME(PONG, "unasked"), FRAME(TEXT, "a"));
    STORY("P(1)P(2)P(3)", FRAME(PING, "1"), FRAME(PING, "2"), FRAME(PING, "3"));
}

static void control_frames_of_all_allowed_lengths(void **state) {
    (void)state;
    char payload[126], expected[300];
    memset(payload, 'p', sizeof payload);
    for (int n = 0; n <= 125; n++) {
        (void)snprintf(expected, sizeof expected, "P(%.*s)O(%.*s)", n, payload, n, payload);
        if (n < 60 || n > 120)
            check_pieces((const struct piece[]){{PING, {payload, (size_t)n}}, {PONG, {payload, (size_t)n}}}, 2,
                         expected);
    }
    STORY("BAD1002", {PING, span_from(payload, 126)});
    STORY("BAD1002", {CLOSE, span_from(payload, 126)});
}

static void reserved_bits_are_refused(void **state) {
    (void)state;
    static const unsigned bits[] = {0x10, 0x20, 0x40, 0x70};
    static const unsigned firsts[] = {TEXT, BINARY, PING, PONG, CLOSE, FIRST};
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++)
            STORY("T(before)BAD1002", FRAME(TEXT, "before"), {firsts[k] | bits[i], SPAN("x")}, FRAME(TEXT, "after"));
}

static void unknown_opcodes_are_refused(void **state) {
    (void)state;
    static const unsigned opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++) {
        STORY("BAD1002", {0x80 | opcodes[i], SPAN("")});
        STORY("T(a)BAD1002", FRAME(TEXT, "a"), {0x80 | opcodes[i], SPAN("x")}, FRAME(PING, ""));
    }
}

static void fragments_make_one_message(void **state) {
    (void)state;
    STORY("T(abc)", FRAME(FIRST, "a"), FRAME(MIDDLE, "b"), FRAME(LAST, "c"));
    STORY("T()", FRAME(FIRST, ""), FRAME(MIDDLE, ""), FRAME(LAST, ""));
    STORY("T(middle)", FRAME(FIRST, ""), FRAME(MIDDLE, "middle"), FRAME(LAST, ""));
    STORY("B(ab)T(c)", FRAME(0x02, "a"), FRAME(LAST, "b"), FRAME(TEXT, "c"));
    STORY("T(ab)T(cd)", FRAME(FIRST, "a"), FRAME(LAST, "b"), FRAME(FIRST, "c"), FRAME(LAST, "d"));
}

static void control_frames_come_between_fragments(void **state) {
    (void)state;
    STORY("P(x)T(ab)", FRAME(FIRST, "a"), FRAME(PING, "x"), FRAME(LAST, "b"));
    STORY("P(1)O(2)P(3)T(abc)O(4)", FRAME(FIRST, "a"), FRAME(PING, "1"), FRAME(PONG, "2"), FRAME(MIDDLE, "b"),
          FRAME(PING, "3"), FRAME(LAST, "c"), FRAME(PONG, "4"));
    STORY("C1000()", FRAME(FIRST, "a"), FRAME(CLOSE, "\x03\xe8"), FRAME(LAST, "b"));
}

static void fragments_out_of_order_are_refused(void **state) {
    (void)state;
    STORY("BAD1002", FRAME(LAST, "a"));
    STORY("BAD1002", FRAME(MIDDLE, "a"));
    STORY("T(a)BAD1002", FRAME(TEXT, "a"), FRAME(LAST, "b"));
    STORY("T(ab)BAD1002", FRAME(FIRST, "a"), FRAME(LAST, "b"), FRAME(MIDDLE, "c"));
    STORY("BAD1002", FRAME(FIRST, "a"), FRAME(TEXT, "b"));
    STORY("BAD1002", FRAME(FIRST, "a"), FRAME(FIRST, "b"));
    STORY("BAD1002", FRAME(FIRST, "a"), FRAME(BINARY, "b"));
    STORY("BAD1002", {PING & 0x7f, SPAN("x")});
    STORY("BAD1002", {PONG & 0x7f, SPAN("")});
    STORY("BAD1002", {CLOSE & 0x7f, SPAN("\x03\xe8")});
}

static void valid_utf8_of_every_kind(void **state) {
    (void)state;
    static const char *const texts[] = {
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbd",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xf3\xa0\x80\x81",
        "\x7f",
        "ascii of eight\xc3\xa4 and again some longer ascii text \xf0\x9f\x98\x80",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char expected[128];
        size_t len = strlen(texts[i]), half = len / 2;
        (void)snprintf(expected, sizeof expected, "T(%s)", texts[i]);
        STORY(expected, {TEXT, {texts[i], len}});
        STORY(expected, {FIRST, {texts[i], half}}, {LAST, {texts[i] + half, len - half}}); /* inside a character too */
    }
}

static void invalid_utf8_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2z",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe1\x80",
        "\xe1\x80z",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xfc\x84\x80\x80\x80\x80",
        "\xfe",
        "\xff",
        "eight ok\xff eight ok",
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65\x64\x69\x74\x65\x64",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]), half = len / 2;
        STORY("BAD1007", {TEXT, {texts[i], len}});
        STORY("BAD1007", {FIRST, {texts[i], half}}, {LAST, {texts[i] + half, len - half}});
    }
}

static void invalid_utf8_fails_before_the_message_is_complete(void **state) {
    (void)state;
    STORY("BAD1007", FRAME(FIRST, "ok\xed\xa0")); /* no surrogate begins so: never finished, and refused */
    STORY("BAD1007", FRAME(FIRST, "ok\xf4"), FRAME(MIDDLE, "\x90"));
    STORY("P()BAD1007", FRAME(FIRST, "\xf4"), FRAME(PING, ""), FRAME(MIDDLE, "\x90"));
    /* a frame announced with 20 bytes, 3 of which came */
    check_every_cut(WS_CLIENT, SPAN("\x81\x14ok\xff"), "BAD1007");
    check_every_cut(WS_CLIENT, SPAN("\x81\x14ok\xf4"), "");
}

static void close_codes_that_are_allowed(void **state) {
    (void)state;
    static const unsigned codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                     1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char payload[8] = {(char)(codes[i] >> 8), (char)codes[i], 'b', 'y', 'e'}, expected[32];
        (void)snprintf(expected, sizeof expected, "C%u(bye)", codes[i]);
        STORY(expected, {CLOSE, {payload, 5}});
        (void)snprintf(expected, sizeof expected, "C%u()", codes[i]);
        STORY(expected, {CLOSE, {payload, 2}});
    }
    STORY("C1005()", FRAME(CLOSE, ""));
}

static void close_codes_that_are_forbidden(void **state) {
    (void)state;
    static const unsigned codes[] = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char payload[2] = {(char)(codes[i] >> 8), (char)codes[i]};
        STORY("BAD1002", {CLOSE, {payload, 2}});
    }
    STORY("BAD1002", FRAME(CLOSE, "\x03"));
    STORY("BAD1007", FRAME(CLOSE, "\x03\xe8\xff"));
    STORY("BAD1007", FRAME(CLOSE, "\x03\xe8half \xc3"));
}

static void nothing_counts_behind_a_close(void **state) {
    (void)state;
    STORY("T(a)C1000()", FRAME(TEXT, "a"), FRAME(CLOSE, "\x03\xe8"), FRAME(TEXT, "b"), FRAME(PING, ""),
          {0xff, SPAN("junk")});
}

static void lengths_must_be_minimal(void **state) {
    (void)state;
    check_every_cut(WS_CLIENT, SPAN("\x81\x7e\x00\x7dx"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x82\x7e\x00\x00"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), "BAD1002"); /* the top bit */
    check_every_cut(WS_CLIENT, SPAN("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "BAD1002");
    check_every_cut(WS_SERVER, SPAN("\x82\xfe\x00\x7d\x01\x02\x03\x04"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "BAD1009"); /* sound, but too long */
}

static void messages_over_the_limit_are_refused(void **state) {
    (void)state;
    char payload[MAX_MESSAGE + 1];
    memset(payload, 'x', sizeof payload);
    STORY("BAD1009", {TEXT, span_from(payload, MAX_MESSAGE + 1)});
    STORY("P()BAD1009", FRAME(PING, ""), {FIRST, span_from(payload, MAX_MESSAGE)}, {LAST, SPAN("x")});
    STORY("BAD1009", {FIRST, span_from(payload, 600)}, {MIDDLE, span_from(payload, 400)}, {LAST, SPAN("x")});
    check_every_cut(WS_CLIENT, SPAN("\x01\x7e\x03\xe9"), "BAD1009"); /* by the announced length alone */
}

static void masking_depends_on_the_role(void **state) {
    (void)state;
    check_every_cut(WS_SERVER, SPAN("\x81\x05hello"), "BAD1002");
    check_every_cut(WS_SERVER, SPAN("\x89"), "");
    check_every_cut(WS_SERVER, SPAN("\x89\x00"), "BAD1002");
    check_every_cut(WS_CLIENT, SPAN("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "BAD1002");
    check_every_cut(WS_SERVER, SPAN("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "T(Hello)"); /* RFC 6455, 5.7 */
}

static void a_bad_decoder_stays_bad(void **state) {
    (void)state;
    struct ws_decoder d;
    size_t used;
    char in[] = "\xff\xff", good[] = "\x81\x01x";
    ws_decoder_init(&d, WS_CLIENT, MAX_MESSAGE);
    assert_int_equal(ws_feed(&d, in, 2, &used).kind, WS_BAD);
    struct ws_event e = ws_feed(&d, good, 3, &used);
    assert_int_equal(e.kind, WS_BAD);
    assert_int_equal(e.code, 1002);
    assert_int_equal(used, 0);
    ws_decoder_free(&d);
}

static void a_whole_frame_is_handed_out_without_a_copy(void **state) {
    (void)state;
    struct ws_decoder d;
    size_t used;
    char in[] = "\x81\x05hello";
    ws_decoder_init(&d, WS_CLIENT, MAX_MESSAGE);
    struct ws_event e = ws_feed(&d, in, 7, &used);
    assert_ptr_equal(e.payload.at, in + 2);
    assert_null(d.message.at);
    ws_decoder_free(&d);
}

static void masks_and_unmasks_at_any_length(void **state) {
    (void)state;
    for (size_t len = 0; len < 70; len++) {
        char text[70], twice[70];
        for (size_t i = 0; i < len; i++) text[i] = (char)(i * 7);
        memcpy(twice, text, len);
        ws_mask(twice, len, mask);
        for (size_t i = 0; i < len; i++)
            assert_int_equal((unsigned char)twice[i], (unsigned char)text[i] ^ mask[i & 3]);
        ws_mask(twice, len, mask);
        assert_memory_equal(twice, text, len);
    }
}

static void heads_are_the_shortest(void **state) {
    (void)state;
    static const struct {
        uint64_t len;
        size_t head;
        const char *bytes;
    } heads[] = {{0, 2, "\x82\x00"},
                 {125, 2, "\x82\x7d"},
                 {126, 4, "\x82\x7e\x00\x7e"},
                 {65535, 4, "\x82\x7e\xff\xff"},
                 {65536, 10, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"}};
    unsigned char out[WS_HEAD_MAX];
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        assert_int_equal(ws_frame_head(out, 2, heads[i].len, NULL), heads[i].head);
        assert_memory_equal(out, heads[i].bytes, heads[i].head);
        assert_int_equal(ws_frame_head(out, 2, heads[i].len, mask), heads[i].head + 4);
        assert_int_equal(out[1] & 0x80, 0x80);
        assert_memory_equal(out + heads[i].head, mask, 4);
    }
}

static void the_accept_key_of_the_rfc(void **state) {
    (void)state;
    char out[29];
    ws_accept_key(out, SPAN("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* Random streams, cut at random: the story must not depend on the cuts, and nothing may crash. */
static void random_bytes_tell_the_same_story_however_cut(void **state) {
    (void)state;
    struct rng r;
    rng_seed(&r, 20261120);
    for (int round = 0; round < 3000; round++) {
        char bytes[300];
        size_t len = 0;
        while (len < 200) { /* mostly sound heads, so that some streams go far */
            static const unsigned char firsts[] = {TEXT, BINARY, PING, PONG, FIRST, LAST, MIDDLE, CLOSE, 0x83, 0xc1};
            unsigned n = (unsigned)rng_below(&r, 40);
            bytes[len++] = (char)firsts[rng_below(&r, rng_chance(&r, 1, 10) ? sizeof firsts : 7)];
            bytes[len++] = (char)n;
            for (unsigned i = 0; i < n; i++)
                bytes[len++] = (char)(rng_chance(&r, 1, 300) ? rng_below(&r, 256) : 'a' + i % 26);
        }
        struct ws_decoder d;
        struct buf story;
        ws_decoder_init(&d, WS_CLIENT, MAX_MESSAGE);
        buf_init(&story, 1 << 16);
        buf_putc(&story, '\0');
        buf_clear(&story);
        (void)feed(&d, &story, span_from(bytes, len));
        ws_decoder_free(&d);
        size_t cuts[2] = {(size_t)rng_below(&r, len), 0};
        cuts[1] = cuts[0] + (size_t)rng_below(&r, len - cuts[0]);
        if (memchr(story.at, '\0', story.len) == NULL) check_story(WS_CLIENT, span_from(bytes, len), cuts, 2, story.at);
        buf_free(&story);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(every_length_form),
        cmocka_unit_test(long_messages_in_64_bit_form),
        cmocka_unit_test(pings_and_pongs),
        cmocka_unit_test(control_frames_of_all_allowed_lengths),
        cmocka_unit_test(reserved_bits_are_refused),
        cmocka_unit_test(unknown_opcodes_are_refused),
        cmocka_unit_test(fragments_make_one_message),
        cmocka_unit_test(control_frames_come_between_fragments),
        cmocka_unit_test(fragments_out_of_order_are_refused),
        cmocka_unit_test(valid_utf8_of_every_kind),
        cmocka_unit_test(invalid_utf8_is_refused),
        cmocka_unit_test(invalid_utf8_fails_before_the_message_is_complete),
        cmocka_unit_test(close_codes_that_are_allowed),
        cmocka_unit_test(close_codes_that_are_forbidden),
        cmocka_unit_test(nothing_counts_behind_a_close),
        cmocka_unit_test(lengths_must_be_minimal),
        cmocka_unit_test(messages_over_the_limit_are_refused),
        cmocka_unit_test(masking_depends_on_the_role),
        cmocka_unit_test(a_bad_decoder_stays_bad),
        cmocka_unit_test(a_whole_frame_is_handed_out_without_a_copy),
        cmocka_unit_test(masks_and_unmasks_at_any_length),
        cmocka_unit_test(heads_are_the_shortest),
        cmocka_unit_test(the_accept_key_of_the_rfc),
        cmocka_unit_test(random_bytes_tell_the_same_story_however_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
