/* settings.h: what the user asked for (PRODUCT 1). One table has everything of a setting: its names, default, what is allowed,
 * what it means, and how it is read. The reader, the messages and `--help` come from the table, so they cannot differ.
 * A value comes from the environment, else from a .env file, else it is the default; an empty one is not given.
 *
 * Names are known in upper or lower case, as the bot's own settings are. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "app/secret.h"
#include "base/buf.h"
#include "base/limits.h"
#include "engine/engine.h"

enum {
    SETTING_TEXT_MAX = 256,  /* URLs and hosts, with their NUL */
    SETTING_PATH_MAX = 1024, /* paths, with their NUL */
    SETTING_NAMES_MAX = 3,   /* names of one setting, NULL behind the last */
    SETTING_HOSTS_MAX = 16,  /* as many as the server takes (guard.h) */
    SETTINGS_NOTES_MAX = 64, /* messages; more than the table has rows */
    SETTINGS_NOTE_MAX = 512,
    DOTENV_BYTES_MAX = 64 << 10,  /* the bot's own is under 4 kB */
    KEY_FILE_BYTES_MAX = 8 << 10, /* an Ed25519 key in PEM is 119 bytes; an RSA one, refused with words, 3 kB */
};

enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_JSON, LOG_FORMAT_TEXT }; /* auto: json off a terminal, text on one */

struct settings {
    /* Binance. key_kind KEY_NONE: no credentials */
    enum key_kind key_kind;
    struct secret api_key;
    struct secret api_secret; /* KEY_HMAC: the secret; KEY_ED25519: the private seed */
    bool testnet;
    char rest_url[SETTING_TEXT_MAX];    /* "https://api.binance.com": /api/v3/... is appended */
    char stream_url[SETTING_TEXT_MAX];  /* "wss://stream.binance.com:9443": /stream and /ws are appended */
    char ws_api_url[SETTING_TEXT_MAX];  /* "wss://ws-api.binance.com:443/ws-api/v3" */
    char environment[SETTING_TEXT_MAX]; /* of accounts: "production", "testnet", "demo", or the REST host */
    enum user_stream user_stream;
    char ca_file[SETTING_PATH_MAX]; /* "" none */

    /* the bot */
    char bot_url[SETTING_TEXT_MAX]; /* without a slash at the end */
    struct secret bot_api_key;      /* len 0: none */
    int64_t bot_timeout_us;

    /* what is watched */
    enum source source;
    struct name symbols[LIMIT_PAIRS]; /* "BTC/USDT", each once */
    size_t symbol_count;              /* 0: from the store, else the bot */
    struct name display_currency;     /* empty: the quote all pairs share, else USDT */
    int64_t tier1_us, tier2_us;
    struct breaker_config breaker;
    char heartbeat_stream[SETTING_TEXT_MAX]; /* "" none */
    int64_t market_ask_us, market_dead_us, user_dead_us;

    /* accounting */
    bool has_investment;
    struct dec16 investment;         /* > 0 */
    struct wall since;               /* 0: none */
    char day_zone[SETTING_TEXT_MAX]; /* "UTC", an IANA name that is installed, or an offset as given */
    bool day_zone_fixed;             /* day_offset_us is the whole zone; else the name's rules say */
    int64_t day_offset_us;           /* east of UTC */
    char currency_sign[16];          /* "" the code */

    /* the page */
    char listen_host[SETTING_TEXT_MAX];                     /* an address or "localhost"; IPv6 without brackets */
    uint16_t listen_port;                                   /* 0: a free one */
    char public_hosts[SETTING_HOSTS_MAX][SETTING_TEXT_MAX]; /* names that a proxy serves it under, or whole origins */
    size_t public_host_count;
    bool auth;
    struct secret password;
    int64_t session_us;
    char port_file[SETTING_PATH_MAX]; /* "" none */

    /* the rest */
    char db[SETTING_PATH_MAX]; /* a path or ":memory:" */
    bool db_given;             /* by the user: the demo keeps its own in memory otherwise */
    enum log_level log_level;
    enum log_format log_format;
};

struct settings_note {
    bool error; /* else a warning */
    char text[SETTINGS_NOTE_MAX];
};

struct settings_notes {
    struct settings_note at[SETTINGS_NOTES_MAX];
    size_t count, errors; /* notes that did not fit are counted in errors all the same */
};

/* One row of the table, for help and tests. */
struct setting {
    const char *names[SETTING_NAMES_MAX]; /* the first that is given counts */
    const char *preset;                   /* what holds when nothing is given; NULL: nothing */
    const char *preset_words;             /* the same in the help, where preset does not say it; else NULL */
    const char *allowed;                  /* completes "give ..." */
    const char *meaning;
    bool secret; /* its value is never shown */
    bool (*read)(struct settings *s, const struct setting *row,
                 struct span text); /* false: not allowed; s is as it was */
    size_t at;                      /* the field in struct settings that read fills in */
    int64_t least, most;            /* of numbers, in the unit of the setting */
    int64_t unit;                   /* microseconds, of times */
    const char *const *words;       /* of choices and URL schemes, NULL behind the last */
};
const struct setting *settings_table(size_t *count);

/* Reads everything: environment ("NAME=value" strings, NULL behind the last) and the file at dotenv_path (NULL: none; one
 * that is not there is fine). Every mistake is a note that names the setting, its value (never a secret one) and what is
 * allowed. Secrets are moved to guarded memory and zeroed where they stood in the environment.
 * ERR_OK: *out is complete, notes hold warnings at most; free it with settings_free. ERR_VALUE: notes say why, *out is
 * freed. ERR_MEMORY. secret_init must have succeeded. */
MUST_CHECK enum err settings_load(struct settings *out, struct settings_notes *notes, char **environment,
                                  const char *dotenv_path);
void settings_free(struct settings *s);

/* Borrows the secrets of s. */
struct signing_key settings_key(const struct settings *s);

/* Every setting with its default, what is allowed and what it means, for --help. */
void settings_help(struct buf *out);

/* "127.0.0.1", "127.x.y.z", "::1", "localhost". */
bool host_is_loopback(struct span host);

#endif
