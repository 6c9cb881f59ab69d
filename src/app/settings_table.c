/* settings_table.c: the table of all settings, and how a value of each type is read. A reader says whether the text is allowed
 * and fills in one field; what several settings must be together is settings.c's business. */
#include "app/settings.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

enum { KEY_MAX = 256, PASSWORD_MAX = 1024, ASSET_MAX = 20 };

static void *field(struct settings *s, const struct setting *row) { return (char *)s + row->at; }

static bool is_one_of(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

static bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool span_is_nocase(struct span s, const char *word) {
    return s.len == strlen(word) && strncasecmp(s.at, word, s.len) == 0;
}

static bool copy_text(char *out, size_t size, struct span text) {
    if (text.len >= size) return false;
    memset(out, 0, size);
    memcpy(out, text.at, text.len);
    return true;
}

/* ---- words and numbers ---- */

/* As Python's settings library reads them, because the bot's own file is read too. */
static bool read_bool(struct settings *s, const struct setting *row, struct span text) {
    static const char *const yes[] = {"true", "1", "yes", "on", "t", "y"}, *const no[] = {"false", "0", "no",
                                                                                          "off",   "f", "n"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool is_yes = span_is_nocase(text, yes[i]);
        if (!is_yes && !span_is_nocase(text, no[i])) continue;
        *(bool *)field(s, row) = is_yes;
        return true;
    }
    return false;
}

static bool read_choice(struct settings *s, const struct setting *row, struct span text) {
    for (unsigned i = 0; row->words[i] != NULL; i++) {
        if (!span_is_nocase(text, row->words[i])) continue;
        memcpy(field(s, row), &i, sizeof i); /* an enum whose values count from 0 in the order of the words */
        return true;
    }
    return false;
}

static bool parse_whole(int64_t *out, struct span text) {
    if (text.len == 0 || text.len > 12) return false;
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        *out = *out * 10 + (text.at[i] - '0');
    }
    return true;
}

static bool read_count(struct settings *s, const struct setting *row, struct span text) {
    int64_t n;
    if (!parse_whole(&n, text) || n < row->least || n > row->most) return false;
    *(int *)field(s, row) = (int)n;
    return true;
}

/* Decimals of the row's unit, to the microsecond. */
static bool read_time(struct settings *s, const struct setting *row, struct span text) {
    struct dec8 n;
    if (dec8_parse(&n, text) != ERR_OK || n.v < row->least * DEC8_ONE || n.v > row->most * DEC8_ONE) return false;
    *(int64_t *)field(s, row) = (int64_t)(n.v * row->unit / DEC8_ONE);
    return true;
}

static bool read_half_second(struct settings *s, const struct setting *row, struct span text) {
    struct dec8 n;
    if (dec8_parse(&n, text) != ERR_OK || n.v < DEC8_ONE / 2) return false;
    return read_time(s, row, text);
}

static bool read_amount(struct settings *s, const struct setting *row, struct span text) {
    struct dec16 n;
    (void)row;
    if (dec16_parse(&n, text) != ERR_OK || n.v <= 0) return false;
    s->investment = n;
    s->has_investment = true;
    return true;
}

static bool read_moment(struct settings *s, const struct setting *row, struct span text) {
    struct wall t;
    if (wall_parse(&t, text) != ERR_OK || t.us <= 0) return false;
    *(struct wall *)field(s, row) = t;
    return true;
}

/* ---- texts ---- */

static bool read_path(struct settings *s, const struct setting *row, struct span text) {
    return copy_text(field(s, row), SETTING_PATH_MAX, text);
}

static bool read_db(struct settings *s, const struct setting *row, struct span text) {
    s->db_given = read_path(s, row, text);
    return s->db_given;
}

static bool read_key_file(struct settings *s, const struct setting *row, struct span text) {
    (void)row;
    (void)s; /* settings.c reads the file, with words of its own for what is wrong with it */
    return text.len < SETTING_PATH_MAX;
}

/* Goes into HTTP headers: printable, no blanks. */
static bool read_key(struct settings *s, const struct setting *row, struct span text) {
    if (text.len > KEY_MAX) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~') return false;
    return secret_set(field(s, row), text) == ERR_OK;
}

static bool read_password(struct settings *s, const struct setting *row, struct span text) {
    return text.len <= PASSWORD_MAX && secret_set(field(s, row), text) == ERR_OK;
}

static bool read_sign(struct settings *s, const struct setting *row, struct span text) {
    (void)row;
    return copy_text(s->currency_sign, sizeof s->currency_sign, text);
}

static bool set_upper(struct name *out, struct span text) {
    char upper[NAME_MAX];
    if (text.len >= sizeof upper) return false;
    for (size_t i = 0; i < text.len; i++)
        upper[i] = (char)(text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 'a' + 'A' : text.at[i]);
    return name_set(out, span_from(upper, text.len)) == ERR_OK;
}

static bool read_asset(struct settings *s, const struct setting *row, struct span text) {
    if (text.len > ASSET_MAX) return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_alnum(text.at[i])) return false;
    return set_upper(field(s, row), text);
}

static struct span trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

static bool add_symbol(struct name *all, size_t *count, struct span text) {
    struct name symbol, base, quote;
    if (!set_upper(&symbol, text) || symbol_split(&base, &quote, name_span(&symbol)) != ERR_OK) return false;
    for (size_t i = 0; i < text.len; i++)
        if (is_one_of(text.at[i], " \t\"'[]{}:;")) return false;
    for (size_t i = 0; i < *count; i++)
        if (name_eq(&all[i], &symbol)) return true;
    if (*count == LIMIT_PAIRS) return false;
    all[(*count)++] = symbol;
    return true;
}

static bool read_symbols(struct settings *s, const struct setting *row, struct span text) {
    struct name all[LIMIT_PAIRS];
    size_t count = 0;
    (void)row;
    while (text.len > 0) {
        const char *comma = memchr(text.at, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.at) : text.len;
        struct span item = trim(span_from(text.at, len));
        if (item.len > 0 && !add_symbol(all, &count, item)) return false;
        text = span_skip(text, len + 1);
    }
    if (count == 0) return false;
    memcpy(s->symbols, all, count * sizeof *all);
    s->symbol_count = count;
    return true;
}

/* "none", or a stream's name as it stands in its address: "btcusdt@miniTicker". */
static bool read_stream(struct settings *s, const struct setting *row, struct span text) {
    if (span_is(text, "none")) return copy_text(field(s, row), SETTING_TEXT_MAX, SPAN(""));
    const char *at = memchr(text.at, '@', text.len);
    if (at == NULL || at == text.at || at == text.at + text.len - 1) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool capital = c >= 'A' && c <= 'Z';
        if (!is_alnum(c) && !(text.at + i == at) && !(c == '_' && text.at + i > at)) return false;
        if (capital && text.at + i < at) return false; /* symbols are lower case in stream names (BINANCE 1.3) */
    }
    return text.len < STREAM_NAME_MAX && copy_text(field(s, row), SETTING_TEXT_MAX, text);
}

/* ---- places ---- */

bool host_is_loopback(struct span host) {
    char text[SETTING_TEXT_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    if (!copy_text(text, sizeof text, host)) return false;
    if (inet_pton(AF_INET, text, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, text, &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(text, "localhost") == 0;
}

static bool parse_port(uint16_t *out, struct span text, int64_t least) {
    int64_t n;
    if (text.len > 5 || !parse_whole(&n, text) || n < least || n > UINT16_MAX) return false;
    *out = (uint16_t)n;
    return true;
}

/* "host", "host:port", "[v6]:port" apart; port is empty where none stands. */
static bool split_host(struct span *host, struct span *port, struct span text) {
    *port = (struct span){"", 0};
    if (text.len > 0 && text.at[0] == '[') {
        const char *end = memchr(text.at, ']', text.len);
        if (end == NULL) return false;
        *host = span_from(text.at + 1, (size_t)(end - text.at) - 1);
        text = span_skip(text, host->len + 2);
    } else {
        const char *colon = memchr(text.at, ':', text.len);
        *host = span_from(text.at, colon != NULL ? (size_t)(colon - text.at) : text.len);
        text = span_skip(text, host->len);
    }
    if (text.len > 0 && text.at[0] != ':') return false;
    if (text.len == 1) return false;
    *port = span_skip(text, 1);
    return host->len > 0;
}

static bool is_address(struct span host) {
    char text[INET6_ADDRSTRLEN];
    unsigned char address[sizeof(struct in6_addr)];
    if (!copy_text(text, sizeof text, host)) return false;
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool read_listen(struct settings *s, const struct setting *row, struct span text) {
    struct span host, port;
    uint16_t number;
    (void)row;
    if (!split_host(&host, &port, text) || !parse_port(&number, port, 0)) return false;
    if (!is_address(host) && !span_is_nocase(host, "localhost")) return false;
    if (!copy_text(s->listen_host, sizeof s->listen_host, host)) return false;
    s->listen_port = number;
    return true;
}

static bool read_port(struct settings *s, const struct setting *row, struct span text) {
    return parse_port(field(s, row), text, 0) && copy_text(s->listen_host, sizeof s->listen_host, SPAN("127.0.0.1"));
}

static bool is_host(struct span host) {
    if (is_address(host)) return true;
    for (size_t i = 0; i < host.len; i++)
        if (!is_alnum(host.at[i]) && !is_one_of(host.at[i], ".-_")) return false;
    return host.len > 0 && host.at[0] != '.' && host.at[0] != '-';
}

static bool is_path(struct span path) {
    for (size_t i = 0; i < path.len; i++)
        if (path.at[i] <= ' ' || path.at[i] > '~' || is_one_of(path.at[i], "?#\"\\<>^`{|}")) return false;
    return true;
}

struct url { /* the parts of one, borrowed */
    bool secure;
    struct span host, path; /* path: "" or from its slash on */
};

/* words: the secure scheme, then the plain one. No user, no query. */
static bool split_url(struct url *out, struct span text, const char *const *words) {
    struct span rest = {NULL, 0}, port;
    for (int i = 0; i < 2; i++) {
        size_t len = strlen(words[i]);
        if (text.len <= len + 3 || !span_is_nocase(span_from(text.at, len), words[i]) ||
            memcmp(text.at + len, "://", 3) != 0)
            continue;
        out->secure = i == 0;
        rest = span_skip(text, len + 3);
    }
    if (rest.len == 0) return false;
    const char *slash = memchr(rest.at, '/', rest.len);
    size_t len = slash != NULL ? (size_t)(slash - rest.at) : rest.len;
    out->path = span_skip(rest, len);
    uint16_t number;
    if (!split_host(&out->host, &port, span_from(rest.at, len)) || !is_host(out->host) || !is_path(out->path))
        return false;
    return port.len == 0 || parse_port(&number, port, 1);
}

static struct span without_last_slashes(struct span text) {
    while (text.len > 0 && text.at[text.len - 1] == '/') text.len--;
    return text;
}

static bool span_ends(struct span text, const char *end) {
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.at + text.len - len, end, len) == 0;
}

/* "dash.example.org", with a port where the browser shows one, or a whole origin. */
static bool is_public_host(struct span text, const char *const *schemes) {
    struct span host, port;
    struct url u;
    uint16_t number;
    if (text.len >= SETTING_TEXT_MAX) return false;
    for (size_t i = 0; i + 3 <= text.len; i++)
        if (memcmp(text.at + i, "://", 3) == 0) return split_url(&u, text, schemes) && u.path.len == 0;
    if (!split_host(&host, &port, text) || !is_host(host)) return false;
    return port.len == 0 || parse_port(&number, port, 1);
}

static bool read_public_hosts(struct settings *s, const struct setting *row, struct span text) {
    size_t count = 0;
    char all[SETTING_HOSTS_MAX][SETTING_TEXT_MAX];
    while (text.len > 0) {
        const char *comma = memchr(text.at, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.at) : text.len;
        struct span item = trim(span_from(text.at, len));
        text = span_skip(text, len + 1);
        if (item.len == 0) continue;
        if (count == SETTING_HOSTS_MAX || !is_public_host(item, row->words)) return false;
        if (!copy_text(all[count++], sizeof *all, item)) return false;
    }
    if (count == 0) return false;
    memcpy(s->public_hosts, all, count * sizeof *all);
    s->public_host_count = count;
    return true;
}

/* The bot may stand anywhere in the user's own network: plain HTTP is allowed. */
static bool read_bot_url(struct settings *s, const struct setting *row, struct span text) {
    struct url u;
    text = without_last_slashes(text);
    return split_url(&u, text, row->words) && copy_text(field(s, row), SETTING_TEXT_MAX, text);
}

static bool read_base_url(struct settings *s, const struct setting *row, struct span text) {
    struct url u;
    text = without_last_slashes(text);
    if (!split_url(&u, text, row->words) || (!u.secure && !host_is_loopback(u.host))) return false;
    if (span_ends(u.path, "/api") || span_ends(u.path, "/api/v3") || span_ends(u.path, "/ws") ||
        span_ends(u.path, "/stream"))
        return false; /* these are appended: twice they would be 404 for ever */
    return copy_text(field(s, row), SETTING_TEXT_MAX, text);
}

static bool read_full_url(struct settings *s, const struct setting *row, struct span text) {
    struct url u;
    if (!split_url(&u, text, row->words) || (!u.secure && !host_is_loopback(u.host)) || u.path.len < 2) return false;
    return copy_text(field(s, row), SETTING_TEXT_MAX, text);
}

/* ---- the day's zone ---- */

static bool take_two_digits(struct span *s, int64_t *out) {
    if (s->len < 2) return false;
    if (!parse_whole(out, span_from(s->at, 2))) return false;
    *s = span_skip(*s, 2);
    return true;
}

/* "+02:00", "-0530", "+02", with or without "UTC" before it: microseconds east. */
static bool parse_offset(int64_t *out, struct span text) {
    int64_t hours, minutes = 0;
    if (text.len >= 3 && strncasecmp(text.at, "UTC", 3) == 0) text = span_skip(text, 3);
    if (text.len < 3 || (text.at[0] != '+' && text.at[0] != '-')) return false;
    int64_t sign = text.at[0] == '-' ? -1 : 1;
    text = span_skip(text, 1);
    if (!take_two_digits(&text, &hours)) return false;
    if (text.len > 0 && text.at[0] == ':') text = span_skip(text, 1);
    if (text.len > 0 && !take_two_digits(&text, &minutes)) return false;
    if (text.len > 0 || hours > 14 || minutes > 59) return false;
    *out = sign * (hours * US_PER_HOUR + minutes * US_PER_MIN);
    return true;
}

/* Whether the name is one of the installed zones: no path out of their folder, and a zone file behind it. */
static bool zone_exists(const char *name) {
    char path[SETTING_TEXT_MAX + 32], head[4] = "";
    for (const char *at = name; *at != '\0'; at++)
        if (!is_alnum(*at) && !is_one_of(*at, "_+-/")) return false;
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, head, sizeof head);
    (void)close(fd);
    return n == 4 && memcmp(head, "TZif", 4) == 0;
}

static bool read_zone(struct settings *s, const struct setting *row, struct span text) {
    char name[SETTING_TEXT_MAX];
    int64_t offset = 0;
    (void)row;
    bool fixed = span_is_nocase(text, "UTC") || span_is_nocase(text, "Z") || parse_offset(&offset, text);
    if (!copy_text(name, sizeof name, text) || (!fixed && (name[0] == '/' || !zone_exists(name)))) return false;
    memcpy(s->day_zone, name, sizeof name);
    s->day_zone_fixed = fixed;
    s->day_offset_us = offset;
    return true;
}

/* ---- the table ---- */

static const char *const http_schemes[] = {"https", "http", NULL};
static const char *const ws_schemes[] = {"wss", "ws", NULL};
static const char *const sources[] = {"bot", "exchange", NULL};                   /* enum source */
static const char *const user_streams[] = {"ws_api", "listen_key", NULL};         /* enum user_stream */
static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL}; /* enum log_level */
static const char *const log_formats[] = {"auto", "json", "text", NULL};          /* enum log_format */

#define YES_NO "true or false"

static const struct setting table[] = {
    {
        .names = {"EXCHANGE__API_KEY"},
        .allowed = "the key's id as Binance shows it: letters and digits",
        .meaning = "Binance API key; read-only rights are enough, and all it should have. Without it: market data and "
                   "the bot's API only",
        .secret = true,
        .read = read_key,
        .at = offsetof(struct settings, api_key),
    },
    {
        .names = {"EXCHANGE__API_SECRET"},
        .allowed = "the key's secret as Binance showed it: letters and digits",
        .meaning = "secret of an HMAC key",
        .secret = true,
        .read = read_key,
        .at = offsetof(struct settings, api_secret),
    },
    {
        .names = {"GRIDSCOPE_API_KEY_FILE"},
        .allowed = "the path of a PKCS#8 PEM file that only its owner may read",
        .meaning = "private key of an Ed25519 key, in place of the secret",
        .read = read_key_file,
    },
    {
        .names = {"EXCHANGE__TESTNET"},
        .preset = "false",
        .allowed = YES_NO,
        .meaning = "Binance testnet hosts",
        .read = read_bool,
        .at = offsetof(struct settings, testnet),
    },
    {
        .names = {"DASHBOARD_API_BASE_URL"},
        .preset = "http://localhost:8080",
        .allowed = "http://host:port or https://host:port",
        .meaning = "the bot's API",
        .read = read_bot_url,
        .at = offsetof(struct settings, bot_url),
        .words = http_schemes,
    },
    {
        .names = {"DASHBOARD_API_KEY"},
        .allowed = "printable characters without blanks, at most 256",
        .meaning = "key of the bot's API, sent as X-API-Key",
        .secret = true,
        .read = read_key,
        .at = offsetof(struct settings, bot_api_key),
    },
    {
        .names = {"DASHBOARD_API_TIMEOUT"},
        .preset = "15",
        .allowed = "seconds, 1 to 60",
        .meaning = "how long the bot may take to answer",
        .read = read_time,
        .at = offsetof(struct settings, bot_timeout_us),
        .least = 1,
        .most = 60,
        .unit = US_PER_S,
    },
    {
        .names = {"DASHBOARD_PORT", "DASHBOARD_DASHBOARD_PORT"},
        .allowed = "a port, 0 to 65535; 0 picks a free one",
        .meaning = "port of the page on 127.0.0.1, where GRIDSCOPE_LISTEN is not given",
        .read = read_port,
        .at = offsetof(struct settings, listen_port),
    },
    {
        .names = {"GRIDSCOPE_LISTEN"},
        .preset_words = "127.0.0.1:8081",
        .allowed = "address:port, as 127.0.0.1:8081 or [::1]:8081; port 0 picks a free one",
        .meaning = "where the page is served; beyond this machine only with a password",
        .read = read_listen,
    },
    {
        .names = {"GRIDSCOPE_PUBLIC_HOSTS"},
        .allowed = "names such as dash.example.org, with the port where the browser shows one, or origins such as "
                   "https://dash.example.org, at most 16",
        .meaning = "where browsers reach the page through a proxy; other names are refused",
        .read = read_public_hosts,
        .words = http_schemes,
    },
    {
        .names = {"DASHBOARD_POLL_INTERVAL_TIER1"},
        .preset = "2",
        .allowed = "seconds, 0.5 to 60",
        .meaning = "pace of the bot's health, and of what polling gives while a stream is down",
        .read = read_half_second,
        .at = offsetof(struct settings, tier1_us),
        .least = 0,
        .most = 60,
        .unit = US_PER_S,
    },
    {
        .names = {"DASHBOARD_POLL_INTERVAL_TIER2"},
        .preset = "5",
        .allowed = "seconds, 1 to 120",
        .meaning = "slower pace of polling: orders, trades",
        .read = read_time,
        .at = offsetof(struct settings, tier2_us),
        .least = 1,
        .most = 120,
        .unit = US_PER_S,
    },
    {
        .names = {"DASHBOARD_AUTH_ENABLED"},
        .preset = "false",
        .allowed = YES_NO,
        .meaning = "ask for the password",
        .read = read_bool,
        .at = offsetof(struct settings, auth),
    },
    {
        .names = {"DASHBOARD_AUTH_PASSWORD"},
        .allowed = "a password of at most 1024 bytes",
        .meaning = "the page's password",
        .secret = true,
        .read = read_password,
        .at = offsetof(struct settings, password),
    },
    {
        .names = {"DASHBOARD_AUTH_SESSION_HOURS"},
        .preset = "24",
        .allowed = "hours, 1 to 8760",
        .meaning = "how long a login lasts",
        .read = read_time,
        .at = offsetof(struct settings, session_us),
        .least = 1,
        .most = 8760,
        .unit = US_PER_HOUR,
    },
    {
        .names = {"GRIDSCOPE_SOURCE"},
        .preset = "bot",
        .allowed = "bot or exchange",
        .meaning = "where pairs, orders and trades come from; exchange needs no bot",
        .read = read_choice,
        .at = offsetof(struct settings, source),
        .words = sources,
    },
    {
        .names = {"GRIDSCOPE_SYMBOLS"},
        .preset_words = "from the bot",
        .allowed = "pairs such as BTC/USDT,ETH/USDT, at most 512",
        .meaning = "the pairs; required where GRIDSCOPE_SOURCE is exchange",
        .read = read_symbols,
    },
    {
        .names = {"GRIDSCOPE_DISPLAY_CURRENCY"},
        .preset_words = "the quote asset all pairs share, else USDT",
        .allowed = "an asset such as USDT or EUR",
        .meaning = "currency of the portfolio",
        .read = read_asset,
        .at = offsetof(struct settings, display_currency),
    },
    {
        .names = {"GRIDSCOPE_BINANCE_REST_URL"},
        .preset_words = "Binance's",
        .allowed = "https://host, or http://host on this machine only; without /api, which is appended",
        .meaning = "another REST host",
        .read = read_base_url,
        .at = offsetof(struct settings, rest_url),
        .words = http_schemes,
    },
    {
        .names = {"GRIDSCOPE_BINANCE_STREAM_URL"},
        .preset_words = "Binance's",
        .allowed = "wss://host, or ws://host on this machine only; without /stream or /ws, which are appended",
        .meaning = "another market stream host",
        .read = read_base_url,
        .at = offsetof(struct settings, stream_url),
        .words = ws_schemes,
    },
    {
        .names = {"GRIDSCOPE_BINANCE_WS_API_URL"},
        .preset_words = "Binance's",
        .allowed = "wss://host/ws-api/v3, or ws:// on this machine only",
        .meaning = "another WebSocket API, the full address",
        .read = read_full_url,
        .at = offsetof(struct settings, ws_api_url),
        .words = ws_schemes,
    },
    {
        .names = {"GRIDSCOPE_CA_FILE"},
        .preset_words = "the system's",
        .allowed = "the path of a PEM file that can be read",
        .meaning = "an extra certificate authority to trust",
        .read = read_path,
        .at = offsetof(struct settings, ca_file),
    },
    {
        .names = {"GRIDSCOPE_DB"},
        .preset_words = "gridscope.db in $STATE_DIRECTORY, else in $XDG_STATE_HOME/gridscope",
        .allowed = "a path, or :memory:",
        .meaning = "the database",
        .read = read_db,
        .at = offsetof(struct settings, db),
    },
    {
        .names = {"GRIDSCOPE_INVESTMENT"},
        .preset_words = "the sum of the bot's grids",
        .allowed = "an amount above zero",
        .meaning = "what percentages refer to, in the display currency",
        .read = read_amount,
    },
    {
        .names = {"GRIDSCOPE_SINCE"},
        .allowed = "a time such as 2026-11-20T10:15:30Z, or a date",
        .meaning = "fills before it only build lots",
        .read = read_moment,
        .at = offsetof(struct settings, since),
    },
    {
        .names = {"GRIDSCOPE_DAY_ZONE"},
        .preset = "UTC",
        .allowed = "a zone such as Europe/Berlin that is installed, UTC, or an offset such as +02:00",
        .meaning = "where a day begins",
        .read = read_zone,
    },
    {
        .names = {"GRIDSCOPE_CURRENCY_SIGN"},
        .preset_words = "the code",
        .allowed = "a sign of at most 15 bytes, such as $",
        .meaning = "shown instead of the currency's code",
        .read = read_sign,
    },
    {
        .names = {"GRIDSCOPE_USER_STREAM"},
        .preset = "ws_api",
        .allowed = "ws_api or listen_key",
        .meaning = "how user data is subscribed; listen_key for hosts that still have it",
        .read = read_choice,
        .at = offsetof(struct settings, user_stream),
        .words = user_streams,
    },
    {
        .names = {"GRIDSCOPE_PORT_FILE"},
        .allowed = "a path",
        .meaning = "file that gets the port when the page is ready, and goes when it stops",
        .read = read_path,
        .at = offsetof(struct settings, port_file),
    },
    {
        .names = {"GRIDSCOPE_LOG"},
        .preset = "info",
        .allowed = "debug, info, warn or error",
        .meaning = "the least that is logged, to stderr",
        .read = read_choice,
        .at = offsetof(struct settings, log_level),
        .words = log_levels,
    },
    {
        .names = {"GRIDSCOPE_LOG_FORMAT"},
        .preset = "auto",
        .preset_words = "json off a terminal, text on one",
        .allowed = "json, text or auto",
        .meaning = "form of the log",
        .read = read_choice,
        .at = offsetof(struct settings, log_format),
        .words = log_formats,
    },
    {
        .names = {"GRIDSCOPE_BREAKER_FAIL_MAX"},
        .preset = "5",
        .allowed = "a number, 1 to 100",
        .meaning = "failures in a row that open a circuit breaker",
        .read = read_count,
        .at = offsetof(struct settings, breaker.fail_max),
        .least = 1,
        .most = 100,
    },
    {
        .names = {"GRIDSCOPE_BREAKER_RESET_SECONDS"},
        .preset = "60",
        .allowed = "seconds, 1 to 3600",
        .meaning = "how long an open breaker waits for its trial",
        .read = read_time,
        .at = offsetof(struct settings, breaker.reset_us),
        .least = 1,
        .most = 3600,
        .unit = US_PER_S,
    },
    {
        .names = {"GRIDSCOPE_BREAKER_SUCCESSES"},
        .preset = "1",
        .allowed = "a number, 1 to 10",
        .meaning = "answered trials that close it",
        .read = read_count,
        .at = offsetof(struct settings, breaker.successes_needed),
        .least = 1,
        .most = 10,
    },
    {
        .names = {"GRIDSCOPE_HEARTBEAT_STREAM"},
        .preset = "btcusdt@miniTicker",
        .allowed = "a stream such as btcusdt@miniTicker, of 71 letters at most, or none",
        .meaning = "a liquid stream that is always subscribed: it tells a quiet market from a dead connection",
        .read = read_stream,
        .at = offsetof(struct settings, heartbeat_stream),
    },
    {
        .names = {"GRIDSCOPE_MARKET_ASK_SECONDS"},
        .preset = "10",
        .allowed = "seconds, 1 to 300",
        .meaning = "market stream without data for so long: asked whether it lives",
        .read = read_time,
        .at = offsetof(struct settings, market_ask_us),
        .least = 1,
        .most = 300,
        .unit = US_PER_S,
    },
    {
        .names = {"GRIDSCOPE_MARKET_DEAD_SECONDS"},
        .preset = "30",
        .allowed = "seconds, 1 to 600, more than GRIDSCOPE_MARKET_ASK_SECONDS",
        .meaning = "market stream without data for so long: replaced",
        .read = read_time,
        .at = offsetof(struct settings, market_dead_us),
        .least = 1,
        .most = 600,
        .unit = US_PER_S,
    },
    {
        .names = {"GRIDSCOPE_USER_DEAD_SECONDS"},
        .preset = "60",
        .allowed = "seconds, 1 to 3600",
        .meaning = "user stream without frame or ping for so long: replaced",
        .read = read_time,
        .at = offsetof(struct settings, user_dead_us),
        .least = 1,
        .most = 3600,
        .unit = US_PER_S,
    },
};

const struct setting *settings_table(size_t *count) {
    *count = sizeof table / sizeof *table;
    return table;
}
