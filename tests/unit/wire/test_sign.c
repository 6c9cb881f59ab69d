#include "wire_test.h"

#include "wire/sign.h"

static const char api_key[] = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
static const char hmac_secret[] = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
static const char seed_hex[] = "8244616b4606b8400a66fd0efcbea9af1611fd2540e975b3808b20007d9bcf6e";

static struct signing_key hmac_key(void) {
    return (struct signing_key){KEY_HMAC, span_of(api_key), span_of(hmac_secret)};
}

static void read_hex(unsigned char out[static 32], struct span hex) {
    assert_int_equal(hex.len, 64);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex.at + 2 * i, "%2x", &byte), 1);
        out[i] = (unsigned char)byte;
    }
}

static struct signing_key ed25519_key(unsigned char seed[static 32]) {
    read_hex(seed, span_of(seed_hex));
    return (struct signing_key){KEY_ED25519, span_of(api_key), span_from(seed, 32)};
}

static void every_published_vector_matches(void **state) {
    (void)state;
    size_t len, hmac = 0, ed25519 = 0, rsa = 0;
    char *text = read_data("binance/signing_vectors.json", &len);
    struct json *j = json_new();
    struct json_value root, v;
    assert_int_equal(json_parse(j, span_from(text, len), len, &root), ERR_OK);
    for (struct json_iter it = json_first(json_get(root, "vectors")); json_next(&it, &v);) {
        struct span name, type, payload, want, secret;
        unsigned char seed[32];
        char got[SIGNATURE_TEXT_MAX];
        struct signing_key key = {.kind = KEY_NONE};
        assert_int_equal(json_text(json_get(v, "name"), &name), ERR_OK);
        assert_int_equal(json_text(json_get(v, "type"), &type), ERR_OK);
        assert_int_equal(json_text(json_get(v, "payload"), &payload), ERR_OK);
        assert_int_equal(json_text(json_get(v, "expected_signature"), &want), ERR_OK);
        if (span_is(type, "HMAC")) {
            assert_int_equal(json_text(json_get(v, "secret"), &secret), ERR_OK);
            key = (struct signing_key){KEY_HMAC, SPAN(""), secret};
            hmac++;
        } else if (span_is(type, "Ed25519")) {
            assert_int_equal(json_text(json_get(v, "private_seed_hex"), &secret), ERR_OK);
            read_hex(seed, secret);
            key = (struct signing_key){KEY_ED25519, SPAN(""), span_from(seed, 32)};
            ed25519++;
        } else if (span_is(type, "RSA")) {
            rsa++; /* this program has no RSA keys */
            continue;
        } else fail_msg("a vector of unknown type");
        assert_int_equal(sign_payload(got, &key, payload), ERR_OK);
        if (!span_is(want, got)) fail_msg("%.*s", (int)name.len, name.at);
    }
    assert_int_equal(hmac, 25);
    assert_int_equal(ed25519, 5);
    assert_int_equal(rsa, 0);
    json_free(j);
    free(text);
}

/* The same vectors through what builds whole requests. */
static void rest_vectors_come_out_as_request_targets(void **state) {
    (void)state;
    struct signing_key key = hmac_key();
    struct buf out;
    buf_init(&out, 4096);
    const struct param trades[] = {{"symbol", SPAN("BTCUSDT"), false},
                                   {"fromId", SPAN("28457"), true},
                                   {"limit", SPAN("1000"), true},
                                   {"recvWindow", SPAN("5000"), true},
                                   {"timestamp", SPAN("1747385641636"), true}};
    assert_int_equal(rest_target(&out, "/api/v3/myTrades", trades, 5, &key), ERR_OK);
    assert_string_equal(out.at,
                        "/api/v3/myTrades?symbol=BTCUSDT&fromId=28457&limit=1000&recvWindow=5000&timestamp="
                        "1747385641636&signature=8e25a2d168f674b2a9173fbeb8333c7e53a4483f03f3d6f6cace140c06be556c");
    buf_clear(&out);
    const struct param wide[] = {
        {"symbol", SPAN("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96"), false},
        {"side", SPAN("BUY"), false},
        {"type", SPAN("LIMIT"), false},
        {"timeInForce", SPAN("GTC"), false},
        {"quantity", SPAN("1"), false},
        {"price", SPAN("0.1"), false},
        {"recvWindow", SPAN("5000"), true},
        {"timestamp", SPAN("1499827319559"), true}};
    assert_int_equal(rest_target(&out, "/p", wide, 8, &key), ERR_OK);
    assert_string_equal(out.at,
                        "/p?symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&"
                        "timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&signature="
                        "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3");
    buf_free(&out);
}

static void ed25519_signatures_are_percent_encoded_in_urls(void **state) {
    (void)state;
    unsigned char seed[32];
    struct signing_key key = ed25519_key(seed);
    struct buf out;
    buf_init(&out, 4096);
    const struct param params[] = {{"omitZeroBalances", SPAN("true"), false},
                                   {"recvWindow", SPAN("5000"), true},
                                   {"timestamp", SPAN("1747385641636"), true}};
    assert_int_equal(rest_target(&out, "/api/v3/account", params, 3, &key), ERR_OK);
    assert_string_equal(out.at,
                        "/api/v3/account?omitZeroBalances=true&recvWindow=5000&timestamp=1747385641636&signature="
                        "zO%2FsfA05kAFte61gI2FqFaU3WnqW2MUnesIpFhjZB1Rxgu1X%2FT0biDZgCwDIbUnJz4j%2BJu5XeQmFo7Km1"
                        "rCmAQ%3D%3D");
    buf_free(&out);
}

static void unsigned_targets(void **state) {
    (void)state;
    struct signing_key none = {.kind = KEY_NONE};
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(rest_target(&out, "/api/v3/time", NULL, 0, NULL), ERR_OK);
    assert_string_equal(out.at, "/api/v3/time");
    buf_clear(&out);
    const struct param symbols = {"symbols", SPAN("[\"BTCUSDT\",\"A B\"]"), false};
    assert_int_equal(rest_target(&out, "/api/v3/exchangeInfo", &symbols, 1, &none), ERR_OK);
    assert_string_equal(out.at, "/api/v3/exchangeInfo?symbols=%5B%22BTCUSDT%22%2C%22A%20B%22%5D");
    buf_free(&out);
}

static void targets_append_and_undo_on_failure(void **state) {
    (void)state;
    struct signing_key bad = {KEY_ED25519, SPAN("k"), SPAN("short")};
    struct signing_key key = hmac_key();
    struct buf out;
    buf_init(&out, 100);
    buf_puts(&out, "GET ");
    const struct param p = {"timestamp", SPAN("1"), true};
    assert_int_equal(rest_target(&out, "/x", &p, 1, &bad), ERR_VALUE);
    assert_string_equal(out.at, "GET ");
    assert_int_equal(rest_target(&out, "/x", &p, 1, NULL), ERR_OK);
    assert_string_equal(out.at, "GET /x?timestamp=1");
    assert_int_equal(rest_target(&out, "/x", &p, 1, &key), ERR_TOO_BIG);
    assert_string_equal(out.at, "GET /x?timestamp=1");
    buf_free(&out);
}

static void signed_target_without_params(void **state) {
    (void)state;
    struct signing_key key = hmac_key();
    char want[SIGNATURE_TEXT_MAX], whole[200];
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(sign_payload(want, &key, SPAN("")), ERR_OK);
    (void)snprintf(whole, sizeof whole, "/x?signature=%s", want);
    assert_int_equal(rest_target(&out, "/x", NULL, 0, &key), ERR_OK);
    assert_string_equal(out.at, whole);
    buf_free(&out);
}

static void api_frames_sort_and_sign_unencoded(void **state) {
    (void)state;
    struct signing_key key = hmac_key();
    struct buf out;
    buf_init(&out, 4096);
    const struct param params[] = {{"timestamp", SPAN("1747385641636"), true}, {"recvWindow", SPAN("5000"), true}};
    assert_int_equal(api_frame(&out, SPAN("u-1"), "userDataStream.subscribe.signature", params, 2, &key), ERR_OK);
    assert_string_equal(out.at,
                        "{\"id\":\"u-1\",\"method\":\"userDataStream.subscribe.signature\",\"params\":{\"apiKey\":"
                        "\"vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A\",\"recvWindow\":5000,"
                        "\"timestamp\":1747385641636,\"signature\":"
                        "\"49601ffc5b0122c3c7ee3ea85ef7d6cd76256f5191a57c976418faa32e917653\"}}");
    buf_free(&out);
}

static void api_frame_of_a_non_ascii_symbol(void **state) {
    (void)state;
    struct signing_key key = hmac_key();
    struct buf out;
    buf_init(&out, 4096);
    const struct param params[] = {
        {"symbol", SPAN("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96"), false},
        {"side", SPAN("BUY"), false},
        {"type", SPAN("LIMIT"), false},
        {"timeInForce", SPAN("GTC"), false},
        {"quantity", SPAN("1.00000000"), false},
        {"price", SPAN("0.10000000"), false},
        {"recvWindow", SPAN("5000"), true},
        {"timestamp", SPAN("1645423376532"), true}};
    assert_int_equal(api_frame(&out, SPAN("1"), "m", params, 8, &key), ERR_OK);
    assert_non_null(
        strstr(out.at, "\"signature\":\"b33892ae8e687c939f4468c6268ddd4c40ac1af18ad19a064864c47bae0752cd\""));
    assert_non_null(strstr(out.at, "\"symbol\":\"\xef\xbc\x91\xef\xbc\x92"));
    buf_free(&out);
}

static void unsigned_api_frames(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(api_frame(&out, SPAN("7"), "time", NULL, 0, NULL), ERR_OK);
    assert_string_equal(out.at, "{\"id\":\"7\",\"method\":\"time\"}");
    buf_clear(&out);
    const struct param params[] = {{"symbol", SPAN("a\"b\\"), false}, {"limit", SPAN("5"), true}};
    assert_int_equal(api_frame(&out, SPAN("7"), "klines", params, 2, NULL), ERR_OK);
    assert_string_equal(out.at,
                        "{\"id\":\"7\",\"method\":\"klines\",\"params\":{\"limit\":5,\"symbol\":\"a\\\"b\\\\\"}}");
    buf_free(&out);
}

static void api_frame_undoes_on_failure(void **state) {
    (void)state;
    struct signing_key bad = {KEY_HMAC, SPAN("k"), SPAN("")};
    struct buf out;
    buf_init(&out, 40);
    buf_puts(&out, "before");
    assert_int_equal(api_frame(&out, SPAN("1"), "time", NULL, 0, &bad), ERR_VALUE);
    assert_int_equal(api_frame(&out, SPAN("1"), "a.method.with.a.very.long.name", NULL, 0, NULL), ERR_TOO_BIG);
    assert_string_equal(out.at, "before");
    buf_free(&out);
}

static void unusable_keys_are_refused(void **state) {
    (void)state;
    char out[SIGNATURE_TEXT_MAX];
    const struct signing_key bad[] = {{KEY_NONE, SPAN("k"), SPAN("secret")},
                                      {KEY_HMAC, SPAN("k"), SPAN("")},
                                      {KEY_ED25519, SPAN("k"), SPAN("0123456789012345678901234567890")},
                                      {KEY_ED25519, SPAN("k"), SPAN("012345678901234567890123456789012")}};
    for (size_t i = 0; i < 4; i++) assert_int_equal(sign_payload(out, &bad[i], SPAN("x")), ERR_VALUE);
}

#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define BODY "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u"
#define END "\n-----END PRIVATE KEY-----\n"

static void seed_comes_out_of_a_pem_file(void **state) {
    (void)state;
    static const char *const good[] = {BEGIN BODY END, "\n " BEGIN BODY "\r\n-----END PRIVATE KEY-----",
                                       BEGIN
                                       "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhA\r\nCmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u" END};
    unsigned char seed[32], want[32];
    read_hex(want, span_of(seed_hex));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        memset(seed, 0, sizeof seed);
        assert_int_equal(sign_read_ed25519_pem(seed, span_of(good[i])), ERR_OK);
        assert_memory_equal(seed, want, 32);
    }
}

static void other_pem_texts_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        BEGIN END,
        BODY,
        BEGIN BODY,
        BODY END,
        "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
        BEGIN "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m8==" END, /* a byte short */
        BEGIN BODY "AAAA" END,                                                        /* longer */
        BEGIN "MC4CAQAwBQYDK2VuBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u" END, /* X25519 */
        BEGIN "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m8*u" END,
        "-----BEGIN PUBLIC KEY-----\n" BODY "\n-----END PUBLIC KEY-----\n",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" BODY "\n-----END ENCRYPTED PRIVATE KEY-----\n",
        BEGIN BODY END BEGIN BODY END,
    };
    unsigned char seed[32] = "untouched";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (sign_read_ed25519_pem(seed, span_of(bad[i])) != ERR_SYNTAX) fail_msg("case %zu", i);
        assert_string_equal((char *)seed, "untouched");
    }
}

static void every_reserved_byte_is_encoded(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    percent_encode(&out, SPAN("AZaz09-._~ !*'();:@&=+$,/?#[]%\x7f\xc3\xa9"));
    assert_string_equal(out.at, "AZaz09-._~%20%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D%25%7F%C3%A9");
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_vector_matches),
        cmocka_unit_test(rest_vectors_come_out_as_request_targets),
        cmocka_unit_test(ed25519_signatures_are_percent_encoded_in_urls),
        cmocka_unit_test(unsigned_targets),
        cmocka_unit_test(targets_append_and_undo_on_failure),
        cmocka_unit_test(signed_target_without_params),
        cmocka_unit_test(api_frames_sort_and_sign_unencoded),
        cmocka_unit_test(api_frame_of_a_non_ascii_symbol),
        cmocka_unit_test(unsigned_api_frames),
        cmocka_unit_test(api_frame_undoes_on_failure),
        cmocka_unit_test(unusable_keys_are_refused),
        cmocka_unit_test(seed_comes_out_of_a_pem_file),
        cmocka_unit_test(other_pem_texts_are_refused),
        cmocka_unit_test(every_reserved_byte_is_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
