/* settings.c: from names and values to struct settings: who wins where a value is given twice, what settings must be together,
 * and the messages. What a single value may be is in settings_table.c. */
#include "app/settings.h"

#include "app/dotenv.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { ROWS_MAX = 48, NAME_SHOWN_MAX = 64, VALUE_SHOWN_MAX = 100 };

struct given { /* one value, borrowed from the environment or the file's text */
    struct span value;
    int line; /* of the .env; 0: the environment */
    bool set;
};

struct loading {
    struct settings *settings;
    struct settings_notes *notes;
    char **environment;
    const char *dotenv_path;
    struct secret dotenv; /* the text of the .env */
    unsigned dotenv_mode;
    bool dotenv_has_secret;
    const struct setting *table;
    size_t rows;
    struct given given[ROWS_MAX][SETTING_NAMES_MAX];
};

/* ---- notes ---- */

static void note(struct loading *l, bool error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void note(struct loading *l, bool error, const char *format, ...) {
    struct settings_notes *n = l->notes;
    if (error) n->errors++;
    if (n->count == SETTINGS_NOTES_MAX) return;
    struct settings_note *to = &n->at[n->count++];
    va_list args;
    to->error = error;
    va_start(args, format);
    (void)vsnprintf(to->text, sizeof to->text, format, args);
    va_end(args);
}

/* For people: cut, and without what would disturb a terminal. */
static void show(char *out, size_t size, struct span text) {
    size_t n = text.len < size - 4 ? text.len : size - 4;
    for (size_t i = 0; i < n; i++) out[i] = (unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f ? '?' : text.at[i];
    (void)snprintf(out + n, size - n, "%s", n < text.len ? "..." : "");
}

static void place_of(char out[static 32], int line) {
    if (line == 0) (void)snprintf(out, 32, "environment");
    else (void)snprintf(out, 32, ".env line %d", line);
}

static void note_bad_value(struct loading *l, const struct setting *row, const char *name, const struct given *g) {
    char value[VALUE_SHOWN_MAX], place[32];
    show(value, sizeof value, g->value);
    place_of(place, g->line);
    if (row->secret)
        note(l, true, "%s (%s): the value, not shown here, is not allowed; give %s", name, place, row->allowed);
    else note(l, true, "%s (%s): \"%s\" is not allowed; give %s", name, place, value, row->allowed);
}

/* ---- names ---- */

static const struct setting *find_name(const struct loading *l, struct span name, size_t *row, size_t *which) {
    for (*row = 0; *row < l->rows; ++*row)
        for (*which = 0; *which < SETTING_NAMES_MAX && l->table[*row].names[*which] != NULL; ++*which) {
            const char *known = l->table[*row].names[*which];
            if (name.len == strlen(known) && strncasecmp(name.at, known, name.len) == 0) return &l->table[*row];
        }
    return NULL;
}

static size_t least_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, upper and lower case alike; both are at most NAME_SHOWN_MAX long. */
static size_t edit_distance(struct span a, struct span b) {
    size_t row[NAME_SHOWN_MAX + 1];
    for (size_t k = 0; k <= b.len; k++) row[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t above = row[k], same = strncasecmp(a.at + i - 1, b.at + k - 1, 1) == 0;
            row[k] = least_of(above + 1, row[k - 1] + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[b.len];
}

static const char *nearest_name(const struct loading *l, struct span name) {
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    if (name.len > NAME_SHOWN_MAX) name.len = NAME_SHOWN_MAX;
    for (size_t r = 0; r < l->rows; r++)
        for (size_t w = 0; w < SETTING_NAMES_MAX && l->table[r].names[w] != NULL; w++) {
            size_t distance = edit_distance(name, span_of(l->table[r].names[w]));
            if (distance >= best_distance) continue;
            best = l->table[r].names[w];
            best_distance = distance;
        }
    return best;
}

static bool begins(struct span name, const char *prefix) {
    size_t len = strlen(prefix);
    return name.len >= len && strncasecmp(name.at, prefix, len) == 0;
}

/* Other programs' names are none of our business; a name that is meant for us and is not known is a slip. The value is not
 * shown: it may be a secret under a wrong name. */
static void note_unknown(struct loading *l, struct span name, int line) {
    char shown[NAME_SHOWN_MAX], place[32];
    bool ours = begins(name, "GRIDSCOPE_");
    if (!ours && !begins(name, "DASHBOARD_")) return;
    show(shown, sizeof shown, name);
    place_of(place, line);
    if (ours) note(l, true, "%s (%s): no such setting; did you mean %s?", shown, place, nearest_name(l, name));
    else note(l, false, "%s (%s): no such setting, ignored; the nearest is %s", shown, place, nearest_name(l, name));
}

/* The environment comes first and, within it, the first of a name; in the file the last one counts. */
static void take(struct loading *l, struct span name, struct span value, int line) {
    size_t row, which;
    const struct setting *known = find_name(l, name, &row, &which);
    if (known == NULL) {
        note_unknown(l, name, line);
        return;
    }
    struct given *g = &l->given[row][which];
    if (value.len > 0 && line > 0 && known->secret) l->dotenv_has_secret = true;
    if (value.len == 0 || (g->set && g->line == 0)) return;
    *g = (struct given){value, line, true};
}

/* ---- the two sources ---- */

static void take_environment(struct loading *l) {
    for (char **at = l->environment; *at != NULL; at++) {
        const char *equals = strchr(*at, '=');
        if (equals != NULL) take(l, span_from(*at, (size_t)(equals - *at)), span_of(equals + 1), 0);
    }
}

static void take_dotenv(struct loading *l) {
    struct dotenv d;
    struct dotenv_pair pair;
    enum dotenv_step step;
    dotenv_start(&d, (char *)l->dotenv.at, l->dotenv.len);
    while ((step = dotenv_next(&d, &pair)) != DOTENV_END) {
        if (step == DOTENV_PAIR) take(l, pair.name, pair.value, pair.line);
        else note(l, false, ".env line %d: no assignment, ignored", pair.line);
    }
}

static void warn_about_dotenv_mode(struct loading *l) {
    if (!l->dotenv_has_secret || (l->dotenv_mode & 077) == 0) return;
    note(l, false, "%s holds a secret and others may read it (mode %03o): run  chmod 600 %s", l->dotenv_path,
         l->dotenv_mode, l->dotenv_path);
}

static void read_dotenv(struct loading *l) {
    if (l->dotenv_path == NULL) return;
    switch (secret_read_file(&l->dotenv, &l->dotenv_mode, l->dotenv_path, DOTENV_BYTES_MAX, false)) {
    case SECRET_FILE_READ:
        take_dotenv(l);
        warn_about_dotenv_mode(l);
        break;
    case SECRET_FILE_MISSING: break;
    case SECRET_FILE_LARGE: note(l, true, "%s: over %d bytes", l->dotenv_path, DOTENV_BYTES_MAX); break;
    default: note(l, true, "%s: cannot be read; check its owner and mode", l->dotenv_path); break;
    }
}

/* ---- reading ---- */

static bool has_control_character(struct span value) {
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f) return true;
    return false;
}

static struct span trimmed(struct span v) {
    while (v.len > 0 && v.at[0] == ' ') v = span_skip(v, 1);
    while (v.len > 0 && v.at[v.len - 1] == ' ') v.len--;
    return v;
}

static void read_row(struct loading *l, size_t r) {
    const struct setting *row = &l->table[r];
    bool preset_ok = row->preset == NULL || row->read(l->settings, row, span_of(row->preset));
    CHECK(preset_ok);
    for (size_t w = SETTING_NAMES_MAX; w-- > 0;) { /* the first name last: it stands */
        const struct given *g = &l->given[r][w];
        if (!g->set) continue;
        struct span value = row->secret ? g->value : trimmed(g->value);
        if (value.len == 0) continue;
        if (has_control_character(value) || !row->read(l->settings, row, value))
            note_bad_value(l, row, row->names[w], g);
    }
}

/* What was given for a setting, by its first name; NULL: nothing. */
static const struct given *given_for(const struct loading *l, const char *name) {
    size_t row, which;
    CHECK(find_name(l, span_of(name), &row, &which) != NULL);
    const struct given *g = &l->given[row][which];
    return g->set ? g : NULL;
}

/* ---- what settings must be together ---- */

static void check_key_file(struct loading *l, const struct given *g) {
    struct secret pem = {0};
    unsigned char seed[32];
    unsigned mode = 0;
    char path[SETTING_PATH_MAX];
    struct span value = trimmed(g->value);
    if (value.len >= sizeof path || has_control_character(value)) return; /* said already */
    memcpy(path, value.at, value.len);
    path[value.len] = '\0';
    enum secret_file result = secret_read_file(&pem, &mode, path, KEY_FILE_BYTES_MAX, true);
    if (result == SECRET_FILE_OPEN) {
        note(l, true, "GRIDSCOPE_API_KEY_FILE: others may read \"%.200s\" (mode %03o); run  chmod 600 %.200s", path,
             mode, path);
    } else if (result != SECRET_FILE_READ && result != SECRET_FILE_LARGE) {
        note(l, true, "GRIDSCOPE_API_KEY_FILE: \"%.200s\" cannot be read", path);
    } else if (result == SECRET_FILE_LARGE || sign_read_ed25519_pem(seed, secret_span(&pem)) != ERR_OK) {
        note(l, true, "GRIDSCOPE_API_KEY_FILE: \"%.200s\" is no Ed25519 private key in PKCS#8 PEM form", path);
    } else if (secret_set(&l->settings->api_secret, span_from(seed, sizeof seed)) == ERR_OK) {
        l->settings->key_kind = KEY_ED25519;
    }
    secret_wipe(seed, sizeof seed);
    secret_free(&pem);
}

static void check_credentials(struct loading *l) {
    struct settings *s = l->settings;
    const struct given *file = given_for(l, "GRIDSCOPE_API_KEY_FILE");
    bool id = given_for(l, "EXCHANGE__API_KEY") != NULL, secret = given_for(l, "EXCHANGE__API_SECRET") != NULL;
    if (secret && s->api_secret.len > 0) s->key_kind = KEY_HMAC;
    if (secret && file != NULL)
        note(l, false,
             "GRIDSCOPE_API_KEY_FILE and EXCHANGE__API_SECRET are both given: the file is used, and "
             "EXCHANGE__API_KEY must be that key's id");
    if (file != NULL) check_key_file(l, file);
    if (id && !secret && file == NULL)
        note(l, true,
             "EXCHANGE__API_KEY is given without its secret: give EXCHANGE__API_SECRET or GRIDSCOPE_API_KEY_FILE too");
    if (!id && (secret || file != NULL))
        note(l, true, "%s is given without EXCHANGE__API_KEY: give the key's id too",
             secret ? "EXCHANGE__API_SECRET" : "GRIDSCOPE_API_KEY_FILE");
}

static void check_listen(struct loading *l) {
    struct settings *s = l->settings;
    bool given = given_for(l, "GRIDSCOPE_LISTEN") != NULL || given_for(l, "DASHBOARD_PORT") != NULL ||
                 given_for(l, "DASHBOARD_DASHBOARD_PORT") != NULL;
    if (!given) {
        memcpy(s->listen_host, "127.0.0.1", sizeof "127.0.0.1");
        s->listen_port = 8081;
    }
    bool password = given_for(l, "DASHBOARD_AUTH_PASSWORD") != NULL;
    if (s->auth && !password)
        note(l, true, "DASHBOARD_AUTH_ENABLED is true, but there is no password: give DASHBOARD_AUTH_PASSWORD");
    if (s->listen_host[0] != '\0' && !host_is_loopback(span_of(s->listen_host)) && !(s->auth && password))
        note(l, true,
             "GRIDSCOPE_LISTEN: \"%s\" can be reached from other machines, and that takes a login: set "
             "DASHBOARD_AUTH_ENABLED=true and DASHBOARD_AUTH_PASSWORD, or listen on 127.0.0.1",
             s->listen_host);
}

static void check_source(struct loading *l) {
    if (l->settings->source == SOURCE_IS_EXCHANGE && given_for(l, "GRIDSCOPE_SYMBOLS") == NULL)
        note(l, true,
             "GRIDSCOPE_SYMBOLS is required where GRIDSCOPE_SOURCE is exchange: give pairs such as BTC/USDT,ETH/USDT");
}

static void check_watchdogs(struct loading *l) {
    if (l->settings->market_dead_us <= l->settings->market_ask_us)
        note(l, true, "GRIDSCOPE_MARKET_DEAD_SECONDS must be more than GRIDSCOPE_MARKET_ASK_SECONDS (%lld)",
             (long long)(l->settings->market_ask_us / US_PER_S));
}

static void check_ca_file(struct loading *l) {
    const char *path = l->settings->ca_file;
    if (path[0] != '\0' && access(path, R_OK) != 0) note(l, true, "GRIDSCOPE_CA_FILE: \"%.200s\" cannot be read", path);
}

static struct span host_of(const char *url) {
    const char *at = strstr(url, "://");
    at = at != NULL ? at + 3 : url;
    bool bracket = *at == '[';
    at += bracket;
    return span_from(at, strcspn(at, bracket ? "]" : ":/"));
}

static void check_bot_key(struct loading *l) {
    const struct settings *s = l->settings;
    if (s->bot_api_key.len > 0 && strncasecmp(s->bot_url, "http://", 7) == 0 && !host_is_loopback(host_of(s->bot_url)))
        note(l, false, "DASHBOARD_API_KEY goes to %s unencrypted: use https, or keep it within a network you trust",
             s->bot_url);
}

/* Binance's addresses (BINANCE 1.1), production and testnet. */
static void fill_in_hosts(struct loading *l) {
    static const char *const hosts[][3] = {
        {"https://api.binance.com", "wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3"},
        {"https://testnet.binance.vision", "wss://stream.testnet.binance.vision",
         "wss://ws-api.testnet.binance.vision/ws-api/v3"},
    };
    struct settings *s = l->settings;
    char *const fields[] = {s->rest_url, s->stream_url, s->ws_api_url};
    for (int i = 0; i < 3; i++)
        if (fields[i][0] == '\0') (void)snprintf(fields[i], SETTING_TEXT_MAX, "%s", hosts[s->testnet][i]);
}

/* The name under which an account's fills are kept (ACCOUNTING 2): all hosts of one environment are one. */
static void fill_in_environment(struct loading *l) {
    static const struct {
        const char *host, *environment;
    } known[] = {
        {"api.binance.com", "production"},     {"api-gcp.binance.com", "production"},
        {"api1.binance.com", "production"},    {"api2.binance.com", "production"},
        {"api3.binance.com", "production"},    {"api4.binance.com", "production"},
        {"testnet.binance.vision", "testnet"}, {"api1.testnet.binance.vision", "testnet"},
        {"demo-api.binance.com", "demo"},
    };
    struct span host = host_of(l->settings->rest_url);
    char *out = l->settings->environment;
    (void)snprintf(out, SETTING_TEXT_MAX, "%.*s", (int)host.len, host.at);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(out, known[i].host) == 0) (void)snprintf(out, SETTING_TEXT_MAX, "%s", known[i].environment);
}

static const char *variable(const struct loading *l, const char *name) {
    size_t len = strlen(name);
    for (char **at = l->environment; *at != NULL; at++)
        if (strncmp(*at, name, len) == 0 && (*at)[len] == '=' && (*at)[len + 1] != '\0') return *at + len + 1;
    return NULL;
}

/* systemd's state directory (the first, where it names several), else the user's. */
static void fill_in_db(struct loading *l) {
    const char *state = variable(l, "STATE_DIRECTORY"), *xdg = variable(l, "XDG_STATE_HOME"),
               *home = variable(l, "HOME");
    char *out = l->settings->db;
    int n = SETTING_PATH_MAX;
    if (l->settings->db_given) return;
    if (state != NULL) n = snprintf(out, SETTING_PATH_MAX, "%.*s/gridscope.db", (int)strcspn(state, ":"), state);
    else if (xdg != NULL) n = snprintf(out, SETTING_PATH_MAX, "%s/gridscope/gridscope.db", xdg);
    else if (home != NULL) n = snprintf(out, SETTING_PATH_MAX, "%s/.local/state/gridscope/gridscope.db", home);
    if (n >= SETTING_PATH_MAX)
        note(l, true,
             "GRIDSCOPE_DB is needed: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME says where it could be");
}

static void check_together(struct loading *l) {
    static void (*const checks[])(struct loading * l) = {
        check_credentials, check_listen,  check_source,        check_watchdogs, check_ca_file,
        check_bot_key,     fill_in_hosts, fill_in_environment, fill_in_db,
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) checks[i](l);
}

/* ---- the whole ---- */

/* No secret stays in what /proc shows of this process. */
static void wipe_environment(struct loading *l) {
    for (char **at = l->environment; *at != NULL; at++) {
        size_t row, which;
        char *equals = strchr(*at, '=');
        if (equals == NULL) continue;
        const struct setting *known = find_name(l, span_from(*at, (size_t)(equals - *at)), &row, &which);
        if (known != NULL && known->secret) secret_wipe(equals + 1, strlen(equals + 1));
    }
}

enum err settings_load(struct settings *out, struct settings_notes *notes, char **environment,
                       const char *dotenv_path) {
    struct loading *l = calloc(1, sizeof *l);
    if (l == NULL) return ERR_MEMORY;
    *out = (struct settings){0};
    *notes = (struct settings_notes){0};
    *l = (struct loading){.settings = out, .notes = notes, .environment = environment, .dotenv_path = dotenv_path};
    l->table = settings_table(&l->rows);
    CHECK(l->rows <= ROWS_MAX);
    take_environment(l);
    read_dotenv(l);
    for (size_t r = 0; r < l->rows; r++) read_row(l, r);
    check_together(l);
    wipe_environment(l);
    secret_free(&l->dotenv);
    free(l);
    if (notes->errors == 0) return ERR_OK;
    settings_free(out);
    return ERR_VALUE;
}

void settings_free(struct settings *s) {
    secret_free(&s->api_key);
    secret_free(&s->api_secret);
    secret_free(&s->bot_api_key);
    secret_free(&s->password);
}

struct signing_key settings_key(const struct settings *s) {
    if (s->key_kind == KEY_NONE) return (struct signing_key){.kind = KEY_NONE};
    return (struct signing_key){s->key_kind, secret_span(&s->api_key), secret_span(&s->api_secret)};
}

void settings_help(struct buf *out) {
    size_t rows;
    const struct setting *table = settings_table(&rows);
    for (size_t r = 0; r < rows; r++) {
        const struct setting *row = &table[r];
        for (size_t w = 0; w < SETTING_NAMES_MAX && row->names[w] != NULL; w++)
            buf_putf(out, "%s%s", w == 0 ? "  " : ", ", row->names[w]);
        const char *preset = row->preset_words != NULL ? row->preset_words : row->preset;
        buf_putf(out, "\n      %s\n      give %s; default: %s\n", row->meaning, row->allowed,
                 preset != NULL ? preset : "none");
    }
}
