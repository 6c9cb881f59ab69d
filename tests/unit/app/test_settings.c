/* Settings: every row of the table with its default, good values, bad values and their exact words; who wins; what several
 * must be together; unknown names; files; and that no secret shows anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VARIABLES_MAX = 16 };

static struct settings settings; /* large: not on the stack */
static struct settings_notes notes;
static char dir[] = "/tmp/gridscope-settings-XXXXXX", dotenv_path[64], key_path[64];

static const char key_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";

/* Loads from variables given as "NAME=value", NULL behind the last; HOME is always there. They are copied, as secrets are
 * zeroed in place. */
static enum err load_from(char copies[VARIABLES_MAX][1200], const char *const *variables) {
    char *environment[VARIABLES_MAX + 2];
    size_t n = 0;
    for (; variables[n] != NULL; n++) {
        assert_true(n < VARIABLES_MAX && strlen(variables[n]) < 1200);
        (void)strcpy(copies[n], variables[n]);
        environment[n] = copies[n];
    }
    char home[] = "HOME=/home/user";
    environment[n] = home;
    environment[n + 1] = NULL;
    return settings_load(&settings, &notes, environment, dotenv_path);
}

static char copies_[VARIABLES_MAX][1200];

static enum err load(const char *const *variables) { return load_from(copies_, variables); }

#define LOAD(...) load((const char *const[]){__VA_ARGS__, NULL})

static void need_ok(enum err e) {
    if (e != ERR_OK || notes.count > 0) fail_msg("%s: %s", err_name(e), notes.count > 0 ? notes.at[0].text : "no note");
}

static void assert_one_note(bool error, const char *text) {
    assert_int_equal(notes.count, 1);
    assert_string_equal(notes.at[0].text, text);
    assert_int_equal(notes.at[0].error, error);
    assert_int_equal(notes.errors, error);
}

static void write_file(const char *path, const char *text, mode_t mode) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state) {
    (void)state;
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    if (mkdtemp(dir) == NULL) return 1;
    (void)snprintf(dotenv_path, sizeof dotenv_path, "%s/.env", dir);
    (void)snprintf(key_path, sizeof key_path, "%s/key.pem", dir);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    settings_free(&settings);
    (void)unlink(dotenv_path);
    (void)unlink(key_path);
    return rmdir(dir);
}

/* ---- the table ---- */

/* PRODUCT 1's settings and those of section 6, written out a second time. */
static const char *const known_names[] = {
    "EXCHANGE__API_KEY",
    "EXCHANGE__API_SECRET",
    "GRIDSCOPE_API_KEY_FILE",
    "EXCHANGE__TESTNET",
    "DASHBOARD_API_BASE_URL",
    "DASHBOARD_API_KEY",
    "DASHBOARD_API_TIMEOUT",
    "GRIDSCOPE_LISTEN",
    "GRIDSCOPE_PUBLIC_HOSTS",
    "DASHBOARD_PORT",
    "DASHBOARD_DASHBOARD_PORT",
    "DASHBOARD_POLL_INTERVAL_TIER1",
    "DASHBOARD_POLL_INTERVAL_TIER2",
    "DASHBOARD_AUTH_ENABLED",
    "DASHBOARD_AUTH_PASSWORD",
    "DASHBOARD_AUTH_SESSION_HOURS",
    "GRIDSCOPE_SOURCE",
    "GRIDSCOPE_SYMBOLS",
    "GRIDSCOPE_DISPLAY_CURRENCY",
    "GRIDSCOPE_BINANCE_REST_URL",
    "GRIDSCOPE_BINANCE_STREAM_URL",
    "GRIDSCOPE_BINANCE_WS_API_URL",
    "GRIDSCOPE_CA_FILE",
    "GRIDSCOPE_DB",
    "GRIDSCOPE_INVESTMENT",
    "GRIDSCOPE_SINCE",
    "GRIDSCOPE_DAY_ZONE",
    "GRIDSCOPE_CURRENCY_SIGN",
    "GRIDSCOPE_USER_STREAM",
    "GRIDSCOPE_PORT_FILE",
    "GRIDSCOPE_LOG",
    "GRIDSCOPE_LOG_FORMAT",
    "GRIDSCOPE_BREAKER_FAIL_MAX",
    "GRIDSCOPE_BREAKER_RESET_SECONDS",
    "GRIDSCOPE_BREAKER_SUCCESSES",
    "GRIDSCOPE_HEARTBEAT_STREAM",
    "GRIDSCOPE_MARKET_ASK_SECONDS",
    "GRIDSCOPE_MARKET_DEAD_SECONDS",
    "GRIDSCOPE_USER_DEAD_SECONDS",
};

enum { KNOWN = sizeof known_names / sizeof *known_names };

static void the_table_has_exactly_the_known_names(void **state) {
    (void)state;
    size_t rows, found = 0;
    const struct setting *table = settings_table(&rows);
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < SETTING_NAMES_MAX && table[r].names[w] != NULL; w++, found++) {
            size_t same = 0;
            for (size_t k = 0; k < KNOWN; k++) same += strcmp(known_names[k], table[r].names[w]) == 0;
            if (same != 1) fail_msg("%s is known %zu times", table[r].names[w], same);
        }
    assert_int_equal(found, KNOWN);
}

static void help_tells_every_setting_with_default_and_meaning(void **state) {
    (void)state;
    size_t rows;
    const struct setting *table = settings_table(&rows);
    struct buf help;
    buf_init(&help, 1 << 16);
    settings_help(&help);
    assert_int_equal(help.failed, ERR_OK);
    for (size_t k = 0; k < KNOWN; k++) assert_non_null(strstr(help.at, known_names[k]));
    for (size_t r = 0; r < rows; r++) {
        const char *preset = table[r].preset_words != NULL ? table[r].preset_words : table[r].preset;
        assert_non_null(strstr(help.at, table[r].meaning));
        assert_non_null(strstr(help.at, table[r].allowed));
        if (preset != NULL) assert_non_null(strstr(help.at, preset));
    }
    assert_non_null(strstr(help.at, "  DASHBOARD_PORT, DASHBOARD_DASHBOARD_PORT\n"));
    assert_non_null(strstr(help.at, "      give seconds, 1 to 60; default: 15\n"));
    buf_free(&help);
}

static void with_nothing_given_the_defaults_hold(void **state) {
    (void)state;
    const struct settings *s = &settings;
    need_ok(load((const char *const[]){NULL}));
    assert_int_equal(s->key_kind, KEY_NONE);
    assert_int_equal(settings_key(s).kind, KEY_NONE);
    assert_false(s->testnet);
    assert_string_equal(s->rest_url, "https://api.binance.com");
    assert_string_equal(s->stream_url, "wss://stream.binance.com:9443");
    assert_string_equal(s->ws_api_url, "wss://ws-api.binance.com:443/ws-api/v3");
    assert_string_equal(s->environment, "production");
    assert_int_equal(s->user_stream, USER_STREAM_WS_API);
    assert_string_equal(s->ca_file, "");
    assert_string_equal(s->bot_url, "http://localhost:8080");
    assert_int_equal(s->bot_api_key.len, 0);
    assert_int_equal(s->bot_timeout_us, 15 * US_PER_S);
    assert_int_equal(s->source, SOURCE_IS_BOT);
    assert_int_equal(s->symbol_count, 0);
    assert_true(name_empty(&s->display_currency));
    assert_int_equal(s->tier1_us, 2 * US_PER_S);
    assert_int_equal(s->tier2_us, 5 * US_PER_S);
    assert_int_equal(s->breaker.fail_max, 5);
    assert_int_equal(s->breaker.reset_us, 60 * US_PER_S);
    assert_int_equal(s->breaker.successes_needed, 1);
    assert_string_equal(s->heartbeat_stream, "btcusdt@miniTicker");
    assert_int_equal(s->market_ask_us, 10 * US_PER_S);
    assert_int_equal(s->market_dead_us, 30 * US_PER_S);
    assert_int_equal(s->user_dead_us, 60 * US_PER_S);
    assert_false(s->has_investment);
    assert_int_equal(s->since.us, 0);
    assert_string_equal(s->day_zone, "UTC");
    assert_true(s->day_zone_fixed);
    assert_int_equal(s->day_offset_us, 0);
    assert_string_equal(s->currency_sign, "");
    assert_string_equal(s->listen_host, "127.0.0.1");
    assert_int_equal(s->listen_port, 8081);
    assert_false(s->auth);
    assert_int_equal(s->password.len, 0);
    assert_int_equal(s->session_us, 24 * US_PER_HOUR);
    assert_string_equal(s->port_file, "");
    assert_string_equal(s->db, "/home/user/.local/state/gridscope/gridscope.db");
    assert_false(s->db_given);
    assert_int_equal(s->log_level, LOG_INFO);
    assert_int_equal(s->log_format, LOG_FORMAT_AUTO);
}

/* ---- one setting at a time ---- */

/* "NAME=value" that is taken, and the field it fills in; text NULL: number is compared. */
struct good {
    const char *variable;
    size_t at;
    enum { AS_TEXT, AS_INT64, AS_INT, AS_PORT, AS_BOOL, AS_SECRET } as;
    const char *text;
    int64_t number;
};

#define AT(name) offsetof(struct settings, name)

static const struct good goods[] = {
    {"EXCHANGE__TESTNET=true", AT(testnet), AS_BOOL, NULL, 1},
    {"EXCHANGE__TESTNET=Yes", AT(testnet), AS_BOOL, NULL, 1},
    {"EXCHANGE__TESTNET=0", AT(testnet), AS_BOOL, NULL, 0},
    {"EXCHANGE__TESTNET=true", AT(rest_url), AS_TEXT, "https://testnet.binance.vision", 0},
    {"EXCHANGE__TESTNET=true", AT(stream_url), AS_TEXT, "wss://stream.testnet.binance.vision", 0},
    {"EXCHANGE__TESTNET=true", AT(ws_api_url), AS_TEXT, "wss://ws-api.testnet.binance.vision/ws-api/v3", 0},
    {"EXCHANGE__TESTNET=true", AT(environment), AS_TEXT, "testnet", 0},
    {"DASHBOARD_API_BASE_URL=https://bot.example.org/api/", AT(bot_url), AS_TEXT, "https://bot.example.org/api", 0},
    {"DASHBOARD_API_BASE_URL=http://bot:8080", AT(bot_url), AS_TEXT, "http://bot:8080", 0},
    {"DASHBOARD_API_BASE_URL= http://[::1]:1/ ", AT(bot_url), AS_TEXT, "http://[::1]:1", 0},
    {"DASHBOARD_API_KEY=a-key_1", AT(bot_api_key), AS_SECRET, "a-key_1", 0},
    {"DASHBOARD_API_TIMEOUT=1", AT(bot_timeout_us), AS_INT64, NULL, US_PER_S},
    {"DASHBOARD_API_TIMEOUT=60", AT(bot_timeout_us), AS_INT64, NULL, US_PER_MIN},
    {"DASHBOARD_API_TIMEOUT=", AT(bot_timeout_us), AS_INT64, NULL, 15 * US_PER_S}, /* empty is not given */
    {"DASHBOARD_PORT=9000", AT(listen_port), AS_PORT, NULL, 9000},
    {"DASHBOARD_PORT=9000", AT(listen_host), AS_TEXT, "127.0.0.1", 0},
    {"DASHBOARD_DASHBOARD_PORT=9001", AT(listen_port), AS_PORT, NULL, 9001},
    {"GRIDSCOPE_LISTEN=127.0.0.2:0", AT(listen_host), AS_TEXT, "127.0.0.2", 0},
    {"GRIDSCOPE_LISTEN=127.0.0.2:0", AT(listen_port), AS_PORT, NULL, 0},
    {"GRIDSCOPE_LISTEN=[::1]:65535", AT(listen_host), AS_TEXT, "::1", 0},
    {"GRIDSCOPE_LISTEN=localhost:80", AT(listen_port), AS_PORT, NULL, 80},
    {"DASHBOARD_POLL_INTERVAL_TIER1=0.5", AT(tier1_us), AS_INT64, NULL, 500000},
    {"DASHBOARD_POLL_INTERVAL_TIER1=60.0", AT(tier1_us), AS_INT64, NULL, US_PER_MIN},
    {"DASHBOARD_POLL_INTERVAL_TIER2=1", AT(tier2_us), AS_INT64, NULL, US_PER_S},
    {"DASHBOARD_POLL_INTERVAL_TIER2=7.25", AT(tier2_us), AS_INT64, NULL, 7250000},
    {"DASHBOARD_AUTH_ENABLED=off", AT(auth), AS_BOOL, NULL, 0},
    {"DASHBOARD_AUTH_PASSWORD= with blanks ", AT(password), AS_SECRET, " with blanks ", 0},
    {"DASHBOARD_AUTH_SESSION_HOURS=1", AT(session_us), AS_INT64, NULL, US_PER_HOUR},
    {"GRIDSCOPE_SOURCE=BOT", AT(source), AS_INT, NULL, SOURCE_IS_BOT},
    {"GRIDSCOPE_DISPLAY_CURRENCY=eur", AT(display_currency), AS_TEXT, "EUR", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=http://127.0.0.1:9999/", AT(rest_url), AS_TEXT, "http://127.0.0.1:9999", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=http://127.0.0.1:9999", AT(environment), AS_TEXT, "127.0.0.1", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=https://api.binance.us", AT(environment), AS_TEXT, "api.binance.us", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=https://api3.binance.com", AT(environment), AS_TEXT, "production", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=https://demo-api.binance.com", AT(environment), AS_TEXT, "demo", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=https://api1.testnet.binance.vision", AT(environment), AS_TEXT, "testnet", 0},
    {"GRIDSCOPE_BINANCE_REST_URL=http://[::1]:80", AT(environment), AS_TEXT, "::1", 0},
    {"GRIDSCOPE_BINANCE_STREAM_URL=ws://localhost:1", AT(stream_url), AS_TEXT, "ws://localhost:1", 0},
    {"GRIDSCOPE_BINANCE_STREAM_URL=wss://x.y/z", AT(stream_url), AS_TEXT, "wss://x.y/z", 0},
    {"GRIDSCOPE_BINANCE_WS_API_URL=ws://[::1]:7/ws-api/v3", AT(ws_api_url), AS_TEXT, "ws://[::1]:7/ws-api/v3", 0},
    {"GRIDSCOPE_CA_FILE=/dev/null", AT(ca_file), AS_TEXT, "/dev/null", 0},
    {"GRIDSCOPE_DB=:memory:", AT(db), AS_TEXT, ":memory:", 0},
    {"GRIDSCOPE_DB=a.db", AT(db_given), AS_BOOL, NULL, 1},
    {"GRIDSCOPE_SINCE=2026-11-20T10:15:30Z", AT(since), AS_INT64, NULL, INT64_C(1795169730000000)},
    {"GRIDSCOPE_SINCE=2026-11-20", AT(since), AS_INT64, NULL, INT64_C(1795132800000000)},
    {"GRIDSCOPE_DAY_ZONE=+02:00", AT(day_offset_us), AS_INT64, NULL, 2 * US_PER_HOUR},
    {"GRIDSCOPE_DAY_ZONE=UTC-0530", AT(day_offset_us), AS_INT64, NULL, -(5 * US_PER_HOUR + 30 * US_PER_MIN)},
    {"GRIDSCOPE_DAY_ZONE=+14", AT(day_zone_fixed), AS_BOOL, NULL, 1},
    {"GRIDSCOPE_CURRENCY_SIGN=\xe2\x82\xac", AT(currency_sign), AS_TEXT, "\xe2\x82\xac", 0},
    {"GRIDSCOPE_USER_STREAM=listen_key", AT(user_stream), AS_INT, NULL, USER_STREAM_LISTEN_KEY},
    {"GRIDSCOPE_PORT_FILE=/run/x.port", AT(port_file), AS_TEXT, "/run/x.port", 0},
    {"GRIDSCOPE_LOG=debug", AT(log_level), AS_INT, NULL, LOG_DEBUG},
    {"GRIDSCOPE_LOG=error", AT(log_level), AS_INT, NULL, LOG_ERROR},
    {"GRIDSCOPE_LOG_FORMAT=json", AT(log_format), AS_INT, NULL, LOG_FORMAT_JSON},
    {"GRIDSCOPE_LOG_FORMAT=text", AT(log_format), AS_INT, NULL, LOG_FORMAT_TEXT},
    {"GRIDSCOPE_BREAKER_FAIL_MAX=100", AT(breaker.fail_max), AS_INT, NULL, 100},
    {"GRIDSCOPE_BREAKER_RESET_SECONDS=1.5", AT(breaker.reset_us), AS_INT64, NULL, 1500000},
    {"GRIDSCOPE_BREAKER_SUCCESSES=10", AT(breaker.successes_needed), AS_INT, NULL, 10},
    {"GRIDSCOPE_HEARTBEAT_STREAM=ethbtc@kline_1m", AT(heartbeat_stream), AS_TEXT, "ethbtc@kline_1m", 0},
    {"GRIDSCOPE_HEARTBEAT_STREAM=none", AT(heartbeat_stream), AS_TEXT, "", 0},
    {"GRIDSCOPE_MARKET_ASK_SECONDS=1", AT(market_ask_us), AS_INT64, NULL, US_PER_S},
    {"GRIDSCOPE_MARKET_DEAD_SECONDS=600", AT(market_dead_us), AS_INT64, NULL, 600 * US_PER_S},
    {"GRIDSCOPE_USER_DEAD_SECONDS=3600", AT(user_dead_us), AS_INT64, NULL, US_PER_HOUR},
    {"gridscope_log=warn", AT(log_level), AS_INT, NULL, LOG_WARN}, /* names in any case, as the bot reads them */
};

static void assert_field(const struct good *g) {
    const void *at = (const char *)&settings + g->at;
    const struct secret *secret = at;
    switch (g->as) {
    case AS_TEXT: assert_string_equal(at, g->text); break;
    case AS_INT64: assert_int_equal(*(const int64_t *)at, g->number); break;
    case AS_INT: assert_int_equal(*(const int *)at, g->number); break;
    case AS_PORT: assert_int_equal(*(const uint16_t *)at, g->number); break;
    case AS_BOOL: assert_int_equal(*(const bool *)at, g->number); break;
    case AS_SECRET: assert_true(span_is(secret_span(secret), g->text)); break;
    }
}

static void good_values_are_taken(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
        if (LOAD(goods[i].variable) != ERR_OK || notes.count > 0)
            fail_msg("%s: %s", goods[i].variable, notes.at[0].text);
        assert_field(&goods[i]);
        settings_free(&settings);
    }
}

static void a_zone_by_name_is_taken_where_it_is_installed(void **state) {
    (void)state;
    enum err e = LOAD("GRIDSCOPE_DAY_ZONE=Europe/Berlin");
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0) {
        assert_int_equal(e, ERR_VALUE);
        return;
    }
    need_ok(e);
    assert_string_equal(settings.day_zone, "Europe/Berlin");
    assert_false(settings.day_zone_fixed);
}

/* "NAME=value" that is refused. The message is "NAME (environment): "value" is not allowed; give <allowed of the row>". */
static const char *const bads[] = {
    "EXCHANGE__TESTNET=maybe",
    "DASHBOARD_API_BASE_URL=localhost:8080",
    "DASHBOARD_API_BASE_URL=ftp://localhost",
    "DASHBOARD_API_BASE_URL=http://user@host",
    "DASHBOARD_API_BASE_URL=http://host:0",
    "DASHBOARD_API_BASE_URL=http://host:70000",
    "DASHBOARD_API_BASE_URL=http://host:",
    "DASHBOARD_API_BASE_URL=http://host/?a=b",
    "DASHBOARD_API_BASE_URL=http://[::1",
    "DASHBOARD_API_BASE_URL=http://",
    "DASHBOARD_API_TIMEOUT=0",
    "DASHBOARD_API_TIMEOUT=0.9",
    "DASHBOARD_API_TIMEOUT=60.00001",
    "DASHBOARD_API_TIMEOUT=15s",
    "DASHBOARD_API_TIMEOUT=nan",
    "DASHBOARD_PORT=65536",
    "DASHBOARD_PORT=-1",
    "DASHBOARD_PORT=http",
    "DASHBOARD_DASHBOARD_PORT=127.0.0.1:80",
    "GRIDSCOPE_LISTEN=8081",
    "GRIDSCOPE_LISTEN=127.0.0.1",
    "GRIDSCOPE_LISTEN=127.0.0.1:",
    "GRIDSCOPE_LISTEN=127.0.0.1:99999",
    "GRIDSCOPE_LISTEN=:8081",
    "GRIDSCOPE_LISTEN=::1:8081",
    "GRIDSCOPE_LISTEN=example.org:80",
    "GRIDSCOPE_PUBLIC_HOSTS=,",
    "GRIDSCOPE_PUBLIC_HOSTS=dash.example.org/grid",
    "GRIDSCOPE_PUBLIC_HOSTS=https://dash.example.org/",
    "GRIDSCOPE_PUBLIC_HOSTS=ws://dash.example.org",
    "GRIDSCOPE_PUBLIC_HOSTS=dash.example.org:0",
    "GRIDSCOPE_PUBLIC_HOSTS=a b",
    "GRIDSCOPE_PUBLIC_HOSTS=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
    "DASHBOARD_POLL_INTERVAL_TIER1=0.49",
    "DASHBOARD_POLL_INTERVAL_TIER1=61",
    "DASHBOARD_POLL_INTERVAL_TIER2=0.99",
    "DASHBOARD_POLL_INTERVAL_TIER2=121",
    "DASHBOARD_AUTH_ENABLED=2",
    "DASHBOARD_AUTH_SESSION_HOURS=0",
    "DASHBOARD_AUTH_SESSION_HOURS=8761",
    "GRIDSCOPE_SOURCE=both",
    "GRIDSCOPE_SYMBOLS=BTCUSDT",
    "GRIDSCOPE_SYMBOLS=BTC/USDT/X",
    "GRIDSCOPE_SYMBOLS=BTC/,ETH/USDT",
    "GRIDSCOPE_SYMBOLS=[\"BTC/USDT\"]",
    "GRIDSCOPE_SYMBOLS=,",
    "GRIDSCOPE_DISPLAY_CURRENCY=US$",
    "GRIDSCOPE_DISPLAY_CURRENCY=ABCDEFGHIJKLMNOPQRSTU",
    "GRIDSCOPE_BINANCE_REST_URL=http://api.binance.com",
    "GRIDSCOPE_BINANCE_REST_URL=wss://api.binance.com",
    "GRIDSCOPE_BINANCE_REST_URL=https://testnet.binance.vision/api",
    "GRIDSCOPE_BINANCE_REST_URL=https://-x",
    "GRIDSCOPE_BINANCE_STREAM_URL=ws://stream.binance.com",
    "GRIDSCOPE_BINANCE_STREAM_URL=wss://stream.binance.com/stream",
    "GRIDSCOPE_BINANCE_STREAM_URL=https://stream.binance.com",
    "GRIDSCOPE_BINANCE_WS_API_URL=wss://ws-api.binance.com",
    "GRIDSCOPE_BINANCE_WS_API_URL=ws://ws-api.binance.com/ws-api/v3",
    "GRIDSCOPE_INVESTMENT=0",
    "GRIDSCOPE_INVESTMENT=-5",
    "GRIDSCOPE_INVESTMENT=1,000",
    "GRIDSCOPE_INVESTMENT=1000 USDT",
    "GRIDSCOPE_SINCE=yesterday",
    "GRIDSCOPE_SINCE=2026-02-30",
    "GRIDSCOPE_DAY_ZONE=Middle/Earth",
    "GRIDSCOPE_DAY_ZONE=/etc/localtime",
    "GRIDSCOPE_DAY_ZONE=Europe/../UTC",
    "GRIDSCOPE_DAY_ZONE=+15:00",
    "GRIDSCOPE_DAY_ZONE=+02:60",
    "GRIDSCOPE_DAY_ZONE=+2",
    "GRIDSCOPE_DAY_ZONE=Europe",
    "GRIDSCOPE_CURRENCY_SIGN=much too long a sign",
    "GRIDSCOPE_USER_STREAM=websocket",
    "GRIDSCOPE_LOG=loud",
    "GRIDSCOPE_LOG_FORMAT=xml",
    "GRIDSCOPE_BREAKER_FAIL_MAX=0",
    "GRIDSCOPE_BREAKER_FAIL_MAX=101",
    "GRIDSCOPE_BREAKER_FAIL_MAX=2.5",
    "GRIDSCOPE_BREAKER_RESET_SECONDS=0",
    "GRIDSCOPE_BREAKER_RESET_SECONDS=3601",
    "GRIDSCOPE_BREAKER_SUCCESSES=0",
    "GRIDSCOPE_BREAKER_SUCCESSES=11",
    "GRIDSCOPE_HEARTBEAT_STREAM=BTCUSDT@miniTicker",
    "GRIDSCOPE_HEARTBEAT_STREAM=btcusdt",
    "GRIDSCOPE_HEARTBEAT_STREAM=btcusdt@",
    "GRIDSCOPE_HEARTBEAT_STREAM=btc usdt@ticker",
    "GRIDSCOPE_HEARTBEAT_STREAM=a2345678901234567890123456789012345678901234567890@ticker_90123456789012",
    "GRIDSCOPE_MARKET_ASK_SECONDS=301",
    "GRIDSCOPE_MARKET_DEAD_SECONDS=601",
    "GRIDSCOPE_USER_DEAD_SECONDS=0",
};

static const struct setting *row_of(const char *variable) {
    size_t rows, len = strcspn(variable, "=");
    const struct setting *table = settings_table(&rows);
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < SETTING_NAMES_MAX && table[r].names[w] != NULL; w++)
            if (strlen(table[r].names[w]) == len && memcmp(table[r].names[w], variable, len) == 0) return &table[r];
    fail_msg("no row of %s", variable);
    abort(); /* fail does not come back */
}

static void bad_values_are_refused_by_name_value_and_what_is_allowed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        char expected[SETTINGS_NOTE_MAX];
        size_t len = strcspn(bads[i], "=");
        const struct setting *row = row_of(bads[i]);
        (void)snprintf(expected, sizeof expected, "%.*s (environment): \"%s\" is not allowed; give %s", (int)len,
                       bads[i], bads[i] + len + 1, row->allowed);
        if (LOAD(bads[i]) != ERR_VALUE) fail_msg("taken: %s", bads[i]);
        assert_one_note(true, expected);
    }
}

/* Every row that can be wrong is wrong somewhere above (paths can hardly be, secrets are tested below). */
static void no_row_is_without_a_bad_value(void **state) {
    (void)state;
    static const char *const elsewhere[] = {"EXCHANGE__API_KEY", "EXCHANGE__API_SECRET",    "GRIDSCOPE_API_KEY_FILE",
                                            "DASHBOARD_API_KEY", "DASHBOARD_AUTH_PASSWORD", "GRIDSCOPE_CA_FILE",
                                            "GRIDSCOPE_DB",      "GRIDSCOPE_PORT_FILE"};
    size_t rows;
    const struct setting *table = settings_table(&rows);
    for (size_t r = 0; r < rows; r++) {
        size_t tested = 0;
        for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) tested += row_of(bads[i]) == &table[r];
        for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
            tested += strcmp(elsewhere[i], table[r].names[0]) == 0;
        if (tested == 0) fail_msg("no bad value of %s", table[r].names[0]);
    }
}

static void some_messages_word_by_word(void **state) {
    (void)state;
    assert_int_equal(LOAD("DASHBOARD_API_TIMEOUT=soon"), ERR_VALUE);
    assert_one_note(true, "DASHBOARD_API_TIMEOUT (environment): \"soon\" is not allowed; give seconds, 1 to 60");
    assert_int_equal(LOAD("GRIDSCOPE_BINANCE_REST_URL=http://api.binance.com"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_BINANCE_REST_URL (environment): \"http://api.binance.com\" is not allowed; give "
                          "https://host, or http://host on this machine only; without /api, which is appended");
    assert_int_equal(LOAD("GRIDSCOPE_LOG=in\x1b[31mfo"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_LOG (environment): \"in?[31mfo\" is not allowed; give debug, info, warn or error");
}

static void long_paths_are_refused(void **state) {
    (void)state;
    static const char *const names[] = {"GRIDSCOPE_DB", "GRIDSCOPE_PORT_FILE", "GRIDSCOPE_CA_FILE",
                                        "GRIDSCOPE_API_KEY_FILE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char variable[1200];
        int n = snprintf(variable, sizeof variable, "%s=", names[i]);
        memset(variable + n, 'x', SETTING_PATH_MAX);
        variable[n + SETTING_PATH_MAX] = '\0';
        assert_int_equal(LOAD(variable, "EXCHANGE__API_KEY=k"), ERR_VALUE);
        assert_non_null(strstr(notes.at[0].text, names[i]));
        assert_non_null(strstr(notes.at[0].text, "xxx...\" is not allowed; give "));
    }
}

static void symbols_are_normalised_and_each_taken_once(void **state) {
    (void)state;
    need_ok(LOAD("GRIDSCOPE_SYMBOLS= btc/usdt , ETH/USDT,BTC/USDT,,"));
    assert_int_equal(settings.symbol_count, 2);
    assert_string_equal(settings.symbols[0].text, "BTC/USDT");
    assert_string_equal(settings.symbols[1].text, "ETH/USDT");
}

static void public_hosts_are_names_or_origins(void **state) {
    (void)state;
    need_ok(LOAD("GRIDSCOPE_PUBLIC_HOSTS=dash.example.org:8443 , https://other.example.org,"));
    assert_int_equal(settings.public_host_count, 2);
    assert_string_equal(settings.public_hosts[0], "dash.example.org:8443");
    assert_string_equal(settings.public_hosts[1], "https://other.example.org");
}

static void an_investment_is_exact(void **state) {
    (void)state;
    need_ok(LOAD("GRIDSCOPE_INVESTMENT=10000.0000000000000001"));
    assert_true(settings.has_investment);
    assert_true(settings.investment.v == 10000 * DEC16_ONE + 1);
}

/* ---- who wins ---- */

static void the_environment_comes_before_the_file(void **state) {
    (void)state;
    write_file(dotenv_path,
               "GRIDSCOPE_LOG=debug\nDASHBOARD_API_TIMEOUT=30\nGRIDSCOPE_SOURCE=bot # as ever\n"
               "DASHBOARD_API_TIMEOUT=31\n",
               0644);
    need_ok(LOAD("GRIDSCOPE_LOG=error", "GRIDSCOPE_SOURCE="));
    assert_int_equal(settings.log_level, LOG_ERROR);
    assert_int_equal(settings.bot_timeout_us, 31 * US_PER_S); /* in the file the last one counts */
}

static void listen_comes_before_the_ports(void **state) {
    (void)state;
    need_ok(LOAD("DASHBOARD_DASHBOARD_PORT=1", "DASHBOARD_PORT=2"));
    assert_int_equal(settings.listen_port, 2);
    need_ok(LOAD("DASHBOARD_PORT=2", "GRIDSCOPE_LISTEN=127.0.0.9:3"));
    assert_int_equal(settings.listen_port, 3);
    assert_string_equal(settings.listen_host, "127.0.0.9");
}

static void given_hosts_come_before_the_testnets(void **state) {
    (void)state;
    need_ok(LOAD("EXCHANGE__TESTNET=true", "GRIDSCOPE_BINANCE_REST_URL=https://a.b"));
    assert_string_equal(settings.rest_url, "https://a.b");
    assert_string_equal(settings.stream_url, "wss://stream.testnet.binance.vision");
    assert_string_equal(settings.environment, "a.b");
}

static void the_database_follows_the_state_folders(void **state) {
    (void)state;
    need_ok(LOAD("XDG_STATE_HOME=/x"));
    assert_string_equal(settings.db, "/x/gridscope/gridscope.db");
    need_ok(LOAD("XDG_STATE_HOME=/x", "STATE_DIRECTORY=/var/lib/gridscope:/other"));
    assert_string_equal(settings.db, "/var/lib/gridscope/gridscope.db");
    need_ok(LOAD("STATE_DIRECTORY=/var/lib/gridscope", "GRIDSCOPE_DB=mine.db"));
    assert_string_equal(settings.db, "mine.db");
    char *nowhere[] = {NULL};
    assert_int_equal(settings_load(&settings, &notes, nowhere, NULL), ERR_VALUE);
    assert_one_note(true,
                    "GRIDSCOPE_DB is needed: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME says where it could be");
}

static void several_mistakes_are_all_told(void **state) {
    (void)state;
    write_file(dotenv_path, "\nDASHBOARD_API_TIMEOUT=x\n", 0600);
    assert_int_equal(LOAD("GRIDSCOPE_LOG=loud", "GRIDSCOPE_SOURCE=exchange"), ERR_VALUE);
    assert_int_equal(notes.errors, 3);
    assert_string_equal(notes.at[0].text,
                        "DASHBOARD_API_TIMEOUT (.env line 2): \"x\" is not allowed; give seconds, 1 to 60");
    assert_string_equal(notes.at[1].text,
                        "GRIDSCOPE_LOG (environment): \"loud\" is not allowed; give debug, info, warn or error");
    assert_string_equal(notes.at[2].text,
                        "GRIDSCOPE_SYMBOLS is required where GRIDSCOPE_SOURCE is exchange: give pairs such "
                        "as BTC/USDT,ETH/USDT");
}

/* ---- unknown names ---- */

static void an_unknown_name_of_ours_is_an_error_with_the_nearest(void **state) {
    (void)state;
    assert_int_equal(LOAD("GRIDSCOPE_SYMBOL=BTC/USDT"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_SYMBOL (environment): no such setting; did you mean GRIDSCOPE_SYMBOLS?");
    write_file(dotenv_path, "# comment\nGRIDSCOPE_LISTN=1\n", 0600);
    assert_int_equal(load((const char *const[]){NULL}), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_LISTN (.env line 2): no such setting; did you mean GRIDSCOPE_LISTEN?");
}

static void an_unknown_dashboard_name_is_a_warning_with_the_nearest(void **state) {
    (void)state;
    assert_int_equal(LOAD("DASHBOARD_API_URL=http://x"), ERR_OK);
    assert_one_note(false,
                    "DASHBOARD_API_URL (environment): no such setting, ignored; the nearest is DASHBOARD_API_KEY");
    assert_int_equal(LOAD("DASHBOARD_POLL_INTERVAL_TIER3=9"), ERR_OK);
    assert_one_note(false, "DASHBOARD_POLL_INTERVAL_TIER3 (environment): no such setting, ignored; the nearest is "
                           "DASHBOARD_POLL_INTERVAL_TIER1");
    assert_int_equal(LOAD("DASHBOARD_AUTH_PASSWROD=secret"), ERR_OK);
    assert_one_note(false, "DASHBOARD_AUTH_PASSWROD (environment): no such setting, ignored; the nearest is "
                           "DASHBOARD_AUTH_PASSWORD");
}

static void the_bots_own_file_works_unchanged(void **state) {
    (void)state;
    write_file(dotenv_path,
               "# bot\nexport EXCHANGE__NAME=binance\nEXCHANGE__API_KEY='abc'\nEXCHANGE__API_SECRET=\"def\"\n"
               "EXCHANGE__TESTNET=True\nDATABASE__URL=sqlite:///x?a=b#c\nLOG_LEVEL=INFO\nAPI__PORT=8080\r\n",
               0600);
    need_ok(LOAD("PATH=/bin", "LANG=C", "EMPTY="));
    assert_int_equal(settings.key_kind, KEY_HMAC);
    assert_true(settings.testnet);
    struct signing_key key = settings_key(&settings);
    assert_true(span_is(key.api_key, "abc"));
    assert_true(span_is(key.secret, "def"));
}

static void a_line_that_is_no_assignment_is_named(void **state) {
    (void)state;
    write_file(dotenv_path, "GRIDSCOPE_LOG=warn\nsome words here\n", 0600);
    assert_int_equal(load((const char *const[]){NULL}), ERR_OK);
    assert_one_note(false, ".env line 2: no assignment, ignored");
    assert_int_equal(settings.log_level, LOG_WARN);
}

/* ---- together ---- */

static void beyond_this_machine_takes_a_login(void **state) {
    (void)state;
    static const char refused[] =
        "GRIDSCOPE_LISTEN: \"0.0.0.0\" can be reached from other machines, and that takes a login: set "
        "DASHBOARD_AUTH_ENABLED=true and DASHBOARD_AUTH_PASSWORD, or listen on 127.0.0.1";
    assert_int_equal(LOAD("GRIDSCOPE_LISTEN=0.0.0.0:80"), ERR_VALUE);
    assert_one_note(true, refused);
    assert_int_equal(LOAD("GRIDSCOPE_LISTEN=0.0.0.0:80", "DASHBOARD_AUTH_PASSWORD=x"), ERR_VALUE);
    assert_one_note(true, refused);
    assert_int_equal(LOAD("GRIDSCOPE_LISTEN=[::]:80"), ERR_VALUE);
    need_ok(LOAD("GRIDSCOPE_LISTEN=0.0.0.0:80", "DASHBOARD_AUTH_PASSWORD=x", "DASHBOARD_AUTH_ENABLED=true"));
    assert_true(settings.auth);
    assert_true(span_is(secret_span(&settings.password), "x"));
}

static void a_login_takes_a_password(void **state) {
    (void)state;
    assert_int_equal(LOAD("DASHBOARD_AUTH_ENABLED=true"), ERR_VALUE);
    assert_one_note(true, "DASHBOARD_AUTH_ENABLED is true, but there is no password: give DASHBOARD_AUTH_PASSWORD");
}

static void the_exchange_as_source_takes_symbols(void **state) {
    (void)state;
    assert_int_equal(LOAD("GRIDSCOPE_SOURCE=exchange"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_SYMBOLS is required where GRIDSCOPE_SOURCE is exchange: give pairs such as "
                          "BTC/USDT,ETH/USDT");
    need_ok(LOAD("GRIDSCOPE_SOURCE=exchange", "GRIDSCOPE_SYMBOLS=BTC/USDT"));
    assert_int_equal(settings.source, SOURCE_IS_EXCHANGE);
}

static void a_watchdog_asks_before_it_replaces(void **state) {
    (void)state;
    assert_int_equal(LOAD("GRIDSCOPE_MARKET_DEAD_SECONDS=10"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_MARKET_DEAD_SECONDS must be more than GRIDSCOPE_MARKET_ASK_SECONDS (10)");
}

static void a_ca_file_must_be_readable(void **state) {
    (void)state;
    assert_int_equal(LOAD("GRIDSCOPE_CA_FILE=/nonexistent.pem"), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_CA_FILE: \"/nonexistent.pem\" cannot be read");
}

static void the_bots_key_over_a_plain_network_is_warned_about(void **state) {
    (void)state;
    assert_int_equal(LOAD("DASHBOARD_API_BASE_URL=http://bot:8080", "DASHBOARD_API_KEY=k"), ERR_OK);
    assert_one_note(false,
                    "DASHBOARD_API_KEY goes to http://bot:8080 unencrypted: use https, or keep it within a network you "
                    "trust");
    need_ok(LOAD("DASHBOARD_API_BASE_URL=http://127.0.0.1:8080", "DASHBOARD_API_KEY=k"));
    need_ok(LOAD("DASHBOARD_API_BASE_URL=https://bot:8080", "DASHBOARD_API_KEY=k"));
}

static void half_a_credential_is_an_error(void **state) {
    (void)state;
    assert_int_equal(LOAD("EXCHANGE__API_KEY=k"), ERR_VALUE);
    assert_one_note(
        true, "EXCHANGE__API_KEY is given without its secret: give EXCHANGE__API_SECRET or GRIDSCOPE_API_KEY_FILE "
              "too");
    assert_int_equal(LOAD("EXCHANGE__API_SECRET=s"), ERR_VALUE);
    assert_one_note(true, "EXCHANGE__API_SECRET is given without EXCHANGE__API_KEY: give the key's id too");
    need_ok(LOAD("EXCHANGE__API_SECRET=", "EXCHANGE__API_KEY=")); /* empty is not given */
    assert_int_equal(settings.key_kind, KEY_NONE);
}

/* ---- files and secrets ---- */

static char *key_file_variable(char out[static 128]) {
    (void)snprintf(out, 128, "GRIDSCOPE_API_KEY_FILE=%s", key_path);
    return out;
}

static void a_private_key_file_gives_its_seed(void **state) {
    (void)state;
    char variable[128];
    static const unsigned char seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                           0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                           0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    write_file(key_path, key_pem, 0600);
    need_ok(LOAD("EXCHANGE__API_KEY=id", key_file_variable(variable)));
    struct signing_key key = settings_key(&settings);
    assert_int_equal(key.kind, KEY_ED25519);
    assert_int_equal(key.secret.len, 32);
    assert_memory_equal(key.secret.at, seed, 32);
    assert_true(span_is(key.api_key, "id"));
    assert_int_equal(LOAD("EXCHANGE__API_KEY=id", "EXCHANGE__API_SECRET=s", variable), ERR_OK);
    assert_one_note(false, "GRIDSCOPE_API_KEY_FILE and EXCHANGE__API_SECRET are both given: the file is used, and "
                           "EXCHANGE__API_KEY must be that key's id");
    assert_int_equal(settings.key_kind, KEY_ED25519);
    assert_int_equal(LOAD(variable), ERR_VALUE);
    assert_one_note(true, "GRIDSCOPE_API_KEY_FILE is given without EXCHANGE__API_KEY: give the key's id too");
}

static void a_key_file_that_others_can_read_is_refused(void **state) {
    (void)state;
    char variable[128], expected[SETTINGS_NOTE_MAX];
    static const mode_t modes[] = {0644, 0640, 0604, 0660};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_file(key_path, key_pem, modes[i]);
        assert_int_equal(LOAD("EXCHANGE__API_KEY=id", key_file_variable(variable)), ERR_VALUE);
        (void)snprintf(expected, sizeof expected,
                       "GRIDSCOPE_API_KEY_FILE: others may read \"%s\" (mode %03o); run  chmod 600 %s", key_path,
                       (unsigned)modes[i], key_path);
        assert_one_note(true, expected);
    }
}

static void a_key_file_of_another_kind_is_refused(void **state) {
    (void)state;
    char variable[128], expected[SETTINGS_NOTE_MAX];
    assert_int_equal(LOAD("EXCHANGE__API_KEY=id", key_file_variable(variable)), ERR_VALUE);
    (void)snprintf(expected, sizeof expected, "GRIDSCOPE_API_KEY_FILE: \"%s\" cannot be read", key_path);
    assert_one_note(true, expected);
    write_file(key_path, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", 0600);
    assert_int_equal(LOAD("EXCHANGE__API_KEY=id", variable), ERR_VALUE);
    (void)snprintf(expected, sizeof expected,
                   "GRIDSCOPE_API_KEY_FILE: \"%s\" is no Ed25519 private key in PKCS#8 PEM form", key_path);
    assert_one_note(true, expected);
}

static void a_dotenv_with_a_secret_that_others_can_read_is_warned_about(void **state) {
    (void)state;
    char expected[SETTINGS_NOTE_MAX];
    static const char secret[] = "DASHBOARD_AUTH_PASSWORD=x\n";
    static const mode_t modes[] = {0644, 0640, 0604};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_file(dotenv_path, secret, modes[i]);
        assert_int_equal(load((const char *const[]){NULL}), ERR_OK);
        (void)snprintf(expected, sizeof expected,
                       "%s holds a secret and others may read it (mode %03o): run  chmod 600 %s", dotenv_path,
                       (unsigned)modes[i], dotenv_path);
        assert_one_note(false, expected);
        settings_free(&settings);
    }
    write_file(dotenv_path, secret, 0600);
    need_ok(load((const char *const[]){NULL}));
    settings_free(&settings);
    write_file(dotenv_path, "DASHBOARD_AUTH_PASSWORD=\nGRIDSCOPE_LOG=info\n", 0644); /* none in it */
    need_ok(load((const char *const[]){NULL}));
}

static void a_dotenv_that_is_no_file_or_too_large_is_refused(void **state) {
    (void)state;
    assert_int_equal(mkdir(dotenv_path, 0700), 0);
    assert_int_equal(load((const char *const[]){NULL}), ERR_VALUE);
    assert_non_null(strstr(notes.at[0].text, "/.env: cannot be read"));
    assert_int_equal(rmdir(dotenv_path), 0);
    char *large = calloc(1, DOTENV_BYTES_MAX + 2);
    assert_non_null(large);
    memset(large, '#', DOTENV_BYTES_MAX + 1);
    write_file(dotenv_path, large, 0600);
    free(large);
    assert_int_equal(load((const char *const[]){NULL}), ERR_VALUE);
    assert_non_null(strstr(notes.at[0].text, "/.env: over 65536 bytes"));
}

static void a_bad_secret_is_never_shown(void **state) {
    (void)state;
    static const char *const names[] = {"EXCHANGE__API_KEY", "EXCHANGE__API_SECRET", "DASHBOARD_API_KEY",
                                        "DASHBOARD_AUTH_PASSWORD"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char variable[128], expected[SETTINGS_NOTE_MAX];
        (void)snprintf(variable, sizeof variable, "%s=hunter2 \n\x01", names[i]);
        (void)snprintf(expected, sizeof expected,
                       "%s (environment): the value, not shown here, is not allowed; give %s", names[i],
                       row_of(variable)->allowed);
        assert_int_equal(LOAD(variable), ERR_VALUE);
        assert_string_equal(notes.at[0].text, expected);
        for (size_t n = 0; n < notes.count; n++) assert_null(strstr(notes.at[n].text, "hunter2"));
    }
}

static void an_unknown_names_value_is_never_shown(void **state) {
    (void)state;
    assert_int_equal(LOAD("GRIDSCOPE_API_SECRET=hunter2", "DASHBOARD_PASSWORD=hunter3"), ERR_VALUE);
    assert_int_equal(notes.count, 2);
    for (size_t n = 0; n < 2; n++) assert_null(strstr(notes.at[n].text, "hunter"));
}

static void secrets_are_zeroed_in_the_environment(void **state) {
    (void)state;
    static const char *const variables[] = {"EXCHANGE__API_KEY=hunter1",
                                            "exchange__api_secret=hunter2",
                                            "DASHBOARD_API_KEY=hunter3",
                                            "DASHBOARD_AUTH_PASSWORD=hunter4",
                                            "GRIDSCOPE_LOG=debug",
                                            "DASHBOARD_AUTH_PASSWORD=hunter5",
                                            NULL};
    static char copies[VARIABLES_MAX][1200];
    need_ok(load_from(copies, variables));
    for (size_t i = 0; variables[i] != NULL; i++) {
        size_t name = strcspn(variables[i], "=") + 1;
        if (strstr(variables[i], "hunter") == NULL) assert_string_equal(copies[i], variables[i]);
        else
            for (size_t k = name; k < strlen(variables[i]); k++) assert_int_equal(copies[i][k], '\0');
    }
    assert_true(span_is(secret_span(&settings.password), "hunter4")); /* of two, the first, as getenv answers */
    assert_true(span_is(secret_span(&settings.api_secret), "hunter2"));
}

static void loopback_is_told_apart(void **state) {
    (void)state;
    static const char *const yes[] = {"127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"};
    static const char *const no[] = {"0.0.0.0",          "::", "10.0.0.1", "1127.0.0.1", "localhost.example.org",
                                     "127.0.0.1.nip.io", ""};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(host_is_loopback(span_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(host_is_loopback(span_of(no[i])));
}

static int start(void **state) {
    (void)state;
    return secret_init() == ERR_OK ? 0 : 1;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_table_has_exactly_the_known_names),
        IN_FOLDER(help_tells_every_setting_with_default_and_meaning),
        IN_FOLDER(with_nothing_given_the_defaults_hold),
        IN_FOLDER(good_values_are_taken),
        IN_FOLDER(a_zone_by_name_is_taken_where_it_is_installed),
        IN_FOLDER(bad_values_are_refused_by_name_value_and_what_is_allowed),
        IN_FOLDER(no_row_is_without_a_bad_value),
        IN_FOLDER(some_messages_word_by_word),
        IN_FOLDER(long_paths_are_refused),
        IN_FOLDER(symbols_are_normalised_and_each_taken_once),
        IN_FOLDER(public_hosts_are_names_or_origins),
        IN_FOLDER(an_investment_is_exact),
        IN_FOLDER(the_environment_comes_before_the_file),
        IN_FOLDER(listen_comes_before_the_ports),
        IN_FOLDER(given_hosts_come_before_the_testnets),
        IN_FOLDER(the_database_follows_the_state_folders),
        IN_FOLDER(several_mistakes_are_all_told),
        IN_FOLDER(an_unknown_name_of_ours_is_an_error_with_the_nearest),
        IN_FOLDER(an_unknown_dashboard_name_is_a_warning_with_the_nearest),
        IN_FOLDER(the_bots_own_file_works_unchanged),
        IN_FOLDER(a_line_that_is_no_assignment_is_named),
        IN_FOLDER(beyond_this_machine_takes_a_login),
        IN_FOLDER(a_login_takes_a_password),
        IN_FOLDER(the_exchange_as_source_takes_symbols),
        IN_FOLDER(a_watchdog_asks_before_it_replaces),
        IN_FOLDER(a_ca_file_must_be_readable),
        IN_FOLDER(the_bots_key_over_a_plain_network_is_warned_about),
        IN_FOLDER(half_a_credential_is_an_error),
        IN_FOLDER(a_private_key_file_gives_its_seed),
        IN_FOLDER(a_key_file_that_others_can_read_is_refused),
        IN_FOLDER(a_key_file_of_another_kind_is_refused),
        IN_FOLDER(a_dotenv_with_a_secret_that_others_can_read_is_warned_about),
        IN_FOLDER(a_dotenv_that_is_no_file_or_too_large_is_refused),
        IN_FOLDER(a_bad_secret_is_never_shown),
        IN_FOLDER(an_unknown_names_value_is_never_shown),
        IN_FOLDER(secrets_are_zeroed_in_the_environment),
        IN_FOLDER(loopback_is_told_apart),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
