/* check.c: `gridscope check`: asks everything the dashboard depends on, once, and says in plain words what is wrong and what to do.
 * The steps run side by side; only those that build on an answer wait for it:
 *
 *   ping -> time -> account (signed by the exchange's clock)      bot /metrics -> /api/strategies (with the key)
 *   streams: upgrade      WebSocket API: upgrade -> time          store: open -> walk the journal
 *
 * Each step is settled exactly once: fine, a note, or wrong; when the last one is, the findings are printed. No request takes longer
 * than STEP_US, and what has not answered after twice that is settled by the timer. */
#include "app/commands.h"
#include "app/logging.h"
#include "app/process.h"
#include "base/check.h"
#include "io/http_client.h"
#include "io/ws_client.h"
#include "store/store.h"
#include "wire/binance.h"
#include "wire/bot.h"
#include "wire/sign.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

#define STEP_US (5 * US_PER_S)
#define WALK_US (2 * US_PER_S) /* the database is ours alone meanwhile: a start that waits for it gives up soon after */
#define CLOCK_OFF_US (1 * US_PER_S) /* Binance refuses what is dated more than a second ahead */

enum step { STEP_CONFIG, STEP_REST, STEP_CLOCK, STEP_STREAMS, STEP_WS_API, STEP_KEY, STEP_BOT, STEP_STORE, STEPS };
enum found { FOUND_NOTHING, FOUND_FINE, FOUND_NOTE, FOUND_WRONG };
enum { WORDS_MAX = 700, RECV_WINDOW_MS = 5000, TARGET_MAX = 2048 };

/* Ids of requests and connections. */
enum ask {
    ASK_PING = 1,
    ASK_TIME,
    ASK_ACCOUNT,
    ASK_BOT_METRICS,
    ASK_BOT_HEALTH,
    ASK_BOT_STRATEGIES,
    WS_STREAMS = 1,
    WS_API
};

struct finding {
    enum found found;
    char words[WORDS_MAX];
};

struct check {
    struct loop *loop;
    struct settings settings;
    struct http_client *http;
    struct ws_client *ws;
    struct store *store; /* NULL: not opened, or closed again */
    struct json *json;
    struct timer *timer, *walk_timer;
    struct finding findings[STEPS];
    char advice[400];       /* the last one that advice_on made */
    int left;               /* steps not settled yet */
    struct wall asked_time; /* when the exchange's time was asked for */
    int64_t offset_us;      /* the exchange's clock less ours */
    bool bot_stopped;
};

static const char *const step_names[STEPS] = {"configuration", "Binance REST", "clock", "market streams",
                                              "WebSocket API", "API key",      "bot",   "history"};

/* ---- findings ---- */

static void let_store_go(struct check *c) {
    timer_stop(c->walk_timer);
    if (c->store != NULL && store_state(c->store) != STORE_CLOSING) store_close(c->store);
}

static void end(struct check *c) {
    timer_stop(c->timer);
    if (c->store != NULL) let_store_go(c); /* its last event ends the loop */
    else loop_break(c->loop);
}

static void settle(struct check *c, enum step step, enum found found, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The first word on a step stands: a connection that closes after it has been settled says nothing new. */
static void settle(struct check *c, enum step step, enum found found, const char *format, ...) {
    struct finding *f = &c->findings[step];
    va_list args;
    if (f->found != FOUND_NOTHING) return;
    va_start(args, format);
    (void)vsnprintf(f->words, sizeof f->words, format, args);
    va_end(args);
    f->found = found;
    if (--c->left == 0) end(c);
}

#define TLS_ADVICE "this machine's clock and its CA certificates (GRIDSCOPE_CA_FILE adds one)"

/* What a failed connection means and what to do about it. */
static const char *advice(enum err err) {
    switch (err) {
    case ERR_DNS: return "the host name is not known. Check the address and this machine's DNS";
    case ERR_CONNECT: return "nothing answers there. Check the address, and that a firewall lets it through";
    case ERR_TIMEOUT: return "no answer within 5 s. Check the network, a proxy or a firewall";
    case ERR_TLS: return "TLS failed. Check " TLS_ADVICE;
    case ERR_DENIED: return "the WebSocket upgrade was refused. Check that the address is a WebSocket host";
    default: return "the connection failed. Check the address, and whether a proxy stands between";
    }
}

/* The same; with TLS what was found wrong: expired, another host's, of an unknown authority are mended in different places. */
static const char *advice_on(struct check *c, enum err err, struct span why) {
    if (err != ERR_TLS || why.len == 0) return advice(err);
    (void)snprintf(c->advice, sizeof c->advice, "TLS failed: %.*s. Check %s", (int)why.len, why.at, TLS_ADVICE);
    return c->advice;
}

/* ---- Binance REST ---- */

static bool get(struct check *c, enum ask ask, const char *url, const char *key_header, struct span key);

static void fail_rest(struct check *c, const char *why) {
    settle(c, STEP_CLOCK, FOUND_NOTE, "not compared: Binance's time is not known");
    settle(c, STEP_KEY, FOUND_NOTE, "not tried: Binance REST does not answer");
    settle(c, STEP_REST, FOUND_WRONG, "%s: %s (GRIDSCOPE_BINANCE_REST_URL)", c->settings.rest_url, why);
}

static void ask_rest(struct check *c, enum ask ask, const char *path) {
    char url[TARGET_MAX];
    (void)snprintf(url, sizeof url, "%s%s", c->settings.rest_url, path);
    if (!get(c, ask, url, NULL, SPAN(""))) fail_rest(c, "this is not an address that can be asked");
}

/* Statuses with which Binance turns a caller away. NULL: none of them. */
static const char *refusal(int status) {
    switch (status) {
    case 403: return "the request was refused by a firewall in front of Binance. Check from which address you connect";
    case 418: return "this address is banned for a while because of too many requests. Stop other programs, and wait";
    case 429: return "this address has used up its request weight. Stop other programs, and try again in a minute";
    case 451: return "Binance does not serve this location. Another host may (GRIDSCOPE_BINANCE_REST_URL)";
    default: return NULL;
    }
}

static void on_ping(struct check *c, const struct http_answer *a) {
    char why[160];
    (void)snprintf(why, sizeof why, "it answers with status %d. Check that the address is Binance's API", a->status);
    if (a->err != ERR_OK) fail_rest(c, advice_on(c, a->err, span_of(a->error)));
    else if (refusal(a->status) != NULL) fail_rest(c, refusal(a->status));
    else if (a->status != 200) fail_rest(c, why);
    else {
        settle(c, STEP_REST, FOUND_FINE, "%s answers (%lld ms)", c->settings.rest_url,
               (long long)(a->elapsed_us / US_PER_MS));
        loop_clock_refresh(c->loop);
        c->asked_time = loop_now(c->loop).wall;
        ask_rest(c, ASK_TIME, "/api/v3/time");
    }
}

static void ask_account(struct check *c);

/* The connection stands already: the answer was made half way between asking and now, give or take. */
static void on_time(struct check *c, const struct http_answer *a) {
    struct wall server;
    struct json_value root;
    struct wire_fault fault;
    if (a->err != ERR_OK || a->status != 200 || json_parse(c->json, a->body, LIMIT_HTTP_BODY_BYTES, &root) != ERR_OK ||
        server_time_decode(root, &server, &fault) != ERR_OK) {
        settle(c, STEP_CLOCK, FOUND_WRONG, "Binance's time could not be read: %s",
               a->err != ERR_OK ? advice_on(c, a->err, span_of(a->error)) : "not its API's answer");
        settle(c, STEP_KEY, FOUND_NOTE, "not tried: Binance's time is not known");
        return;
    }
    loop_clock_refresh(c->loop);
    int64_t now = loop_now(c->loop).wall.us;
    c->offset_us = server.us - (c->asked_time.us + (now - c->asked_time.us) / 2);
    int64_t off = c->offset_us < 0 ? -c->offset_us : c->offset_us;
    if (off <= CLOCK_OFF_US)
        settle(c, STEP_CLOCK, FOUND_FINE, "within %lld ms of Binance's", (long long)(off / US_PER_MS) + 1);
    else
        settle(c, STEP_CLOCK, FOUND_WRONG,
               "this machine's clock is %lld.%lld s %s Binance's. Signed requests are dated by Binance's clock, but "
               "ages and days on the page "
               "are wrong: turn on time synchronisation (timedatectl set-ntp true)",
               (long long)(off / US_PER_S), (long long)(off % US_PER_S / (US_PER_S / 10)),
               c->offset_us > 0 ? "behind" : "ahead of");
    ask_account(c);
}

/* ---- the key ---- */

static void ask_account(struct check *c) {
    const struct signing_key key = settings_key(&c->settings);
    char stamp[32], window[16];
    struct buf url;
    if (key.kind == KEY_NONE) return; /* settled at the start */
    (void)snprintf(stamp, sizeof stamp, "%lld", (long long)((loop_now(c->loop).wall.us + c->offset_us) / US_PER_MS));
    (void)snprintf(window, sizeof window, "%d", RECV_WINDOW_MS);
    const struct param params[] = {{"omitZeroBalances", SPAN("true"), false},
                                   {"timestamp", span_of(stamp), true},
                                   {"recvWindow", span_of(window), true}};
    buf_init(&url, TARGET_MAX);
    buf_puts(&url, c->settings.rest_url);
    enum err err = rest_target(&url, "/api/v3/account", params, sizeof params / sizeof *params, &key);
    if (err != ERR_OK || url.failed != ERR_OK || !get(c, ASK_ACCOUNT, url.at, "X-MBX-APIKEY", key.api_key))
        settle(c, STEP_KEY, FOUND_WRONG, "a request could not be signed with it: %s",
               err_text(err != ERR_OK ? err : ERR_SYNTAX));
    buf_free(&url);
}

static const struct key_refusal {
    int code;
    const char *words;
} key_refusals[] = {
    {-1022, "the key is known but the signature is wrong: the secret (or GRIDSCOPE_API_KEY_FILE) does not belong to "
            "this key. Check "
            "EXCHANGE__API_SECRET, or make a new key"},
    {-1021, "Binance refuses the time of the request: turn on time synchronisation (timedatectl set-ntp true)"},
    {-2014, "Binance does not take this for a key: check EXCHANGE__API_KEY for missing characters or quotes"},
    {-2015, "Binance refuses it: the key is wrong or deleted, belongs to the other environment (EXCHANGE__TESTNET), is "
            "limited to other IP "
            "addresses, or may not read. Check it in Binance's API management"},
};

static void key_refused(struct check *c, const struct http_answer *a) {
    char message[120];
    int code = 0;
    bool said = rest_error_decode(c->json, a->body, &code, message);
    for (size_t i = 0; said && i < sizeof key_refusals / sizeof *key_refusals; i++)
        if (key_refusals[i].code == code) settle(c, STEP_KEY, FOUND_WRONG, "%s (%d)", key_refusals[i].words, code);
    if (refusal(a->status) != NULL) settle(c, STEP_KEY, FOUND_WRONG, "%s", refusal(a->status));
    settle(c, STEP_KEY, FOUND_WRONG, "the account could not be read: status %d%s%s", a->status,
           said ? ", Binance says: " : "", said ? message : "");
}

static void on_balance(void *arg, const struct balance *b) {
    (void)arg;
    (void)b;
}

static void on_account(struct check *c, const struct http_answer *a) {
    struct account_info account;
    struct json_value root;
    struct wire_fault fault;
    if (a->err != ERR_OK) {
        settle(c, STEP_KEY, FOUND_WRONG, "the account could not be read: %s", advice_on(c, a->err, span_of(a->error)));
        return;
    }
    if (a->status != 200) {
        key_refused(c, a);
        return;
    }
    if (json_parse(c->json, a->body, LIMIT_HTTP_BODY_BYTES, &root) != ERR_OK ||
        account_decode(root, &account, on_balance, NULL, &fault) != ERR_OK) {
        settle(c, STEP_KEY, FOUND_WRONG, "the account's answer is not Binance's: check GRIDSCOPE_BINANCE_REST_URL");
        return;
    }
    if (!account.can_trade && !account.can_withdraw) {
        settle(c, STEP_KEY, FOUND_FINE, "accepted; it can read the account, which can neither trade nor withdraw");
        return;
    }
    settle(c, STEP_KEY, FOUND_NOTE,
           "accepted; it can read the account. The account can %s%s%s: Gridscope only reads, so give it a key with "
           "nothing but "
           "\"Enable Reading\" (Binance, API Management), limited to this machine's IP address",
           account.can_trade ? "trade" : "", account.can_trade && account.can_withdraw ? " and " : "",
           account.can_withdraw ? "withdraw" : "");
}

/* ---- the bot ---- */

static void ask_bot(struct check *c, enum ask ask, const char *path) {
    char url[TARGET_MAX];
    (void)snprintf(url, sizeof url, "%s%s", c->settings.bot_url, path);
    if (!get(c, ask, url, "X-API-Key", secret_span(&c->settings.bot_api_key)))
        settle(c, STEP_BOT, FOUND_WRONG, "%s is not an address that can be asked (DASHBOARD_API_BASE_URL)",
               c->settings.bot_url);
}

static bool bot_answered(struct check *c, const struct http_answer *a) {
    if (a->err == ERR_OK) return true;
    settle(c, STEP_BOT, FOUND_WRONG, "%s: %s, and that the bot runs with its API on (DASHBOARD_API_BASE_URL)",
           c->settings.bot_url, advice_on(c, a->err, span_of(a->error)));
    return false;
}

static void on_bot_health(struct check *c, enum ask ask, const struct http_answer *a) {
    struct bot_health health;
    struct wire_fault fault;
    if (!bot_answered(c, a)) return;
    if (ask == ASK_BOT_METRICS && (a->status == 404 || a->status == 500)) { /* a bot without it (PRODUCT 6) */
        ask_bot(c, ASK_BOT_HEALTH, "/health");
        return;
    }
    if (a->status == 401 || a->status == 403) {
        settle(c, STEP_BOT, FOUND_WRONG, "%s refuses the key: set DASHBOARD_API_KEY to the key of the bot's API",
               c->settings.bot_url);
    } else if (a->status != 200 || bot_health_decode(c->json, a->body, &health, &fault) != ERR_OK) {
        settle(c, STEP_BOT, FOUND_WRONG,
               "%s answers with status %d, but not like the bot: check DASHBOARD_API_BASE_URL", c->settings.bot_url,
               a->status);
    } else {
        c->bot_stopped = health.has_running && !health.running;
        ask_bot(c, ASK_BOT_STRATEGIES, "/api/strategies");
    }
}

static void on_bot_strategies(struct check *c, const struct http_answer *a) {
    if (!bot_answered(c, a)) return;
    if (a->status == 401 || a->status == 403)
        settle(c, STEP_BOT, FOUND_WRONG, "%s is alive but %s: set DASHBOARD_API_KEY to the key of the bot's API",
               c->settings.bot_url, c->settings.bot_api_key.len > 0 ? "refuses the key" : "wants a key");
    else if (a->status != 200)
        settle(c, STEP_BOT, FOUND_NOTE,
               "%s is alive, but its strategies cannot be read (status %d): name the pairs in GRIDSCOPE_SYMBOLS",
               c->settings.bot_url, a->status);
    else if (c->bot_stopped)
        settle(c, STEP_BOT, FOUND_NOTE, "%s answers, but the bot is not trading (bot_running is false): start it there",
               c->settings.bot_url);
    else settle(c, STEP_BOT, FOUND_FINE, "%s answers, the bot is running", c->settings.bot_url);
}

/* ---- HTTP ---- */

static void on_http(void *arg, uint64_t id, const struct http_answer *a) {
    struct check *c = arg;
    switch ((enum ask)id) {
    case ASK_PING: on_ping(c, a); break;
    case ASK_TIME: on_time(c, a); break;
    case ASK_ACCOUNT: on_account(c, a); break;
    case ASK_BOT_METRICS:
    case ASK_BOT_HEALTH: on_bot_health(c, (enum ask)id, a); break;
    case ASK_BOT_STRATEGIES: on_bot_strategies(c, a); break;
    }
}

static bool get(struct check *c, enum ask ask, const char *url, const char *key_header, struct span key) {
    const struct http_header header = {span_of(key_header), key};
    const struct http_request r = {.method = "GET",
                                   .url = url,
                                   .headers = &header,
                                   .header_count = key.len > 0,
                                   .timeout_us = STEP_US,
                                   .max_body = LIMIT_HTTP_BODY_BYTES};
    return http_start(c->http, ask, &r, on_http, c) == ERR_OK;
}

/* ---- WebSocket ---- */

static const char *ws_url(const struct check *c, enum step step) {
    return step == STEP_STREAMS ? c->settings.stream_url : c->settings.ws_api_url;
}

static void on_ws_api_open(struct check *c) {
    struct buf frame;
    buf_init(&frame, TARGET_MAX);
    enum err err = api_frame(&frame, SPAN("1"), "time", NULL, 0, NULL);
    if (err == ERR_OK) err = ws_client_send(c->ws, WS_API, buf_span(&frame));
    if (err != ERR_OK)
        settle(c, STEP_WS_API, FOUND_WRONG, "%s: a question could not be sent: %s", c->settings.ws_api_url,
               err_text(err));
    buf_free(&frame);
}

static void on_ws_api_text(struct check *c, struct span text) {
    struct user_message m;
    struct wire_fault fault;
    if (user_decode(c->json, text, &m, &fault) != ERR_OK || m.kind != USER_REPLY || m.reply.status != 200)
        settle(c, STEP_WS_API, FOUND_WRONG,
               "%s opens, but does not answer like Binance's WebSocket API: check GRIDSCOPE_BINANCE_WS_API_URL",
               c->settings.ws_api_url);
    else settle(c, STEP_WS_API, FOUND_FINE, "%s answers", c->settings.ws_api_url);
}

static void on_ws(void *arg, uint64_t id, const struct ws_client_event *e) {
    struct check *c = arg;
    enum step step = id == WS_STREAMS ? STEP_STREAMS : STEP_WS_API;
    if (e->kind == WS_CLIENT_CLOSED) {
        char status[32] = "";
        if (e->status != 0) (void)snprintf(status, sizeof status, ", status %d", e->status);
        settle(c, step, FOUND_WRONG, "%s: %s%s (%s)", ws_url(c, step), advice_on(c, e->err, e->data), status,
               step == STEP_STREAMS ? "GRIDSCOPE_BINANCE_STREAM_URL" : "GRIDSCOPE_BINANCE_WS_API_URL");
    } else if (e->kind == WS_CLIENT_OPEN && step == STEP_STREAMS) {
        settle(c, step, FOUND_FINE, "%s opens", c->settings.stream_url);
    } else if (e->kind == WS_CLIENT_OPEN) {
        on_ws_api_open(c);
    } else if (e->kind == WS_CLIENT_TEXT && step == STEP_WS_API) {
        on_ws_api_text(c, e->data);
    }
}

static void open_ws(struct check *c, enum step step) {
    char url[TARGET_MAX];
    (void)snprintf(url, sizeof url, "%s%s", ws_url(c, step), step == STEP_STREAMS ? "/stream" : "");
    enum err err = ws_client_connect(c->ws, step == STEP_STREAMS ? WS_STREAMS : WS_API, url, STEP_US,
                                     LIMIT_WS_MESSAGE_BYTES, on_ws, c);
    if (err != ERR_OK) settle(c, step, FOUND_WRONG, "%s cannot be opened: %s", ws_url(c, step), err_text(err));
}

/* ---- the store ---- */

static void on_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct check *c = arg;
    (void)accounts;
    (void)count;
    timer_at(c->walk_timer, mono_add(loop_now(c->loop).mono, WALK_US));
    if (store_verify(c->store, 1) != ERR_OK)
        settle(c, STEP_STORE, FOUND_WRONG, "%s cannot be walked: %s", c->settings.db, store_why(c->store));
}

static void on_failed(void *arg, enum err err, const char *words) {
    const struct check *c = arg;
    if (err == ERR_BAD_STATE)
        settle(arg, STEP_STORE, FOUND_NOTE,
               "%s is in use, as it should be while gridscope run is up; with that stopped it can be checked",
               c->settings.db);
    settle(arg, STEP_STORE, FOUND_WRONG, "%s", words);
    let_store_go(arg);
}

static void on_verified(void *arg, uint64_t id, enum err err, const struct verdict *v) {
    struct check *c = arg;
    (void)id;
    if (err != ERR_OK) return; /* on_failed has said why, or it was we who stopped */
    if (v->whole)
        settle(c, STEP_STORE, FOUND_FINE, "%s is whole: %llu rows", c->settings.db, (unsigned long long)v->rows);
    else
        settle(c, STEP_STORE, FOUND_WRONG,
               "%s is damaged: %s. Keep a copy of it, and start with a new file (GRIDSCOPE_DB): what Binance still "
               "has is read again",
               c->settings.db, v->words);
    let_store_go(c);
}

static void on_long_walk(void *arg) {
    struct check *c = arg;
    if (c->store == NULL || store_state(c->store) != STORE_READY) return;
    settle(c, STEP_STORE, FOUND_NOTE, "%s opens; walking all of it takes longer: gridscope verify", c->settings.db);
    let_store_go(c);
}

static void on_closed(void *arg) {
    struct check *c = arg;
    c->store = NULL;
    if (c->left == 0) loop_break(c->loop);
}

/* The nearest folder above the file that exists. */
static void existing_folder(char out[static SETTING_PATH_MAX], const char *path) {
    (void)snprintf(out, SETTING_PATH_MAX, "%s", path);
    do {
        char *slash = strrchr(out, '/');
        if (slash == NULL) (void)snprintf(out, SETTING_PATH_MAX, ".");
        else if (slash == out) slash[1] = '\0';
        else *slash = '\0';
    } while (access(out, F_OK) != 0 && strcmp(out, "/") != 0 && strcmp(out, ".") != 0);
}

static void check_new_store(struct check *c) {
    char folder[SETTING_PATH_MAX];
    struct stat s;
    existing_folder(folder, c->settings.db);
    bool writable = access(folder, W_OK | X_OK) == 0 && stat(folder, &s) == 0;
    if (writable && !S_ISDIR(s.st_mode)) writable = false, errno = ENOTDIR;
    if (writable) settle(c, STEP_STORE, FOUND_FINE, "%s will be made at the first start", c->settings.db);
    else
        settle(c, STEP_STORE, FOUND_WRONG,
               "%s cannot be made: %s: %s. Let this user write there, or name another file in GRIDSCOPE_DB",
               c->settings.db, folder, strerror(errno));
}

static void check_store(struct check *c, const struct log *log) {
    static const struct store_events events = {
        .opened = on_opened, .failed = on_failed, .verified = on_verified, .closed = on_closed};
    if (strcmp(c->settings.db, ":memory:") == 0) {
        settle(c, STEP_STORE, FOUND_NOTE, "kept in memory only and gone at the end: GRIDSCOPE_DB names a file");
        return;
    }
    if (access(c->settings.db, F_OK) != 0) {
        check_new_store(c);
        return;
    }
    enum err err = store_open(&c->store, c->loop, c->settings.db, STORE_VERIFY, log, &events, c);
    if (err != ERR_OK) settle(c, STEP_STORE, FOUND_WRONG, "%s cannot be opened: %s", c->settings.db, err_text(err));
}

/* ---- all of it ---- */

static void on_late(void *arg) {
    struct check *c = arg;
    for (int s = 0; s < STEPS; s++) settle(c, (enum step)s, FOUND_WRONG, "no answer in time: %s", advice(ERR_TIMEOUT));
}

static void check_config(struct check *c) {
    const struct settings *s = &c->settings;
    bool bot = s->source == SOURCE_IS_BOT;
    const char *key = s->key_kind == KEY_NONE ? "no key" : s->key_kind == KEY_HMAC ? "an HMAC key" : "an Ed25519 key";
    if (!bot && s->symbol_count == 0)
        settle(c, STEP_CONFIG, FOUND_WRONG, "GRIDSCOPE_SOURCE is exchange: name the pairs in GRIDSCOPE_SYMBOLS");
    settle(c, STEP_CONFIG, FOUND_FINE, "%s, with %s, environment %s", bot ? "bot and Binance" : "Binance alone", key,
           s->environment);
    if (s->key_kind == KEY_NONE)
        settle(c, STEP_KEY, FOUND_NOTE,
               "none is set (EXCHANGE__API_KEY): market data and the bot's API only, no fills or fees from Binance");
    if (!bot) settle(c, STEP_BOT, FOUND_FINE, "not asked: GRIDSCOPE_SOURCE is exchange");
    if (s->user_stream == USER_STREAM_LISTEN_KEY)
        settle(c, STEP_WS_API, FOUND_FINE, "not used: GRIDSCOPE_USER_STREAM is listen_key");
}

static void start(struct check *c, const struct log *log) {
    c->left = STEPS;
    timer_at(c->timer, mono_add(loop_now(c->loop).mono, 2 * STEP_US));
    check_config(c);
    ask_rest(c, ASK_PING, "/api/v3/ping");
    if (c->settings.source == SOURCE_IS_BOT) ask_bot(c, ASK_BOT_METRICS, "/metrics");
    open_ws(c, STEP_STREAMS);
    if (c->settings.user_stream == USER_STREAM_WS_API) open_ws(c, STEP_WS_API);
    check_store(c, log);
}

static int print_findings(const struct check *c) {
    static const char *const marks[] = {
        [FOUND_NOTHING] = "?", [FOUND_FINE] = "ok", [FOUND_NOTE] = "note", [FOUND_WRONG] = "WRONG"};
    int wrong = 0;
    for (int s = 0; s < STEPS; s++) {
        printf("%-6s %-15s %s\n", marks[c->findings[s].found], step_names[s], c->findings[s].words);
        wrong += c->findings[s].found != FOUND_FINE && c->findings[s].found != FOUND_NOTE;
    }
    if (wrong > 0) printf("\n%d of %d are wrong.\n", wrong, STEPS);
    else printf("\nAll is well.\n");
    return wrong > 0 ? 1 : 0;
}

static int run_check(struct check *c, const struct log *log) {
    const struct tls_client_config tls = {.ca_file = c->settings.ca_file[0] != '\0' ? c->settings.ca_file : NULL};
    int code = 1;
    c->loop = loop_new(log);
    if (c->loop == NULL) return 1;
    c->json = json_new();
    c->http = http_client_new(c->loop, &tls);
    c->ws = ws_client_new(c->loop, &tls);
    c->timer = timer_new(c->loop, on_late, c);
    c->walk_timer = timer_new(c->loop, on_long_walk, c);
    if (c->json != NULL && c->http != NULL && c->ws != NULL && c->timer != NULL && c->walk_timer != NULL) {
        start(c, log);
        loop_run(c->loop);
        code = print_findings(c);
    } else {
        fprintf(stderr, "gridscope check: %s\n", err_text(ERR_MEMORY));
    }
    timer_free(c->timer);
    timer_free(c->walk_timer);
    if (c->ws != NULL) ws_client_free(c->ws);
    if (c->http != NULL) http_client_free(c->http);
    if (c->json != NULL) json_free(c->json);
    loop_free(c->loop);
    return code;
}

int command_check(int argc, char **argv) {
    struct check *c = calloc(1, sizeof *c); /* settings hold LIMIT_PAIRS names: not for the stack */
    struct log log;
    struct logging logging = {0};
    if (c == NULL) return 1;
    if (argc > 1) {
        fprintf(stderr, "gridscope check: takes no \"%s\"; it checks the settings that gridscope run would use\n",
                argv[1]);
        free(c);
        return 2;
    }
    process_no_core_files();
    if (!load_settings(&c->settings, environ, ".env")) {
        free(c);
        return 2;
    }
    logging_init(&log, &logging, LOG_ERROR, c->settings.log_format);
    log.sink = NULL; /* every finding has its words */
    int code = run_check(c, &log);
    settings_free(&c->settings);
    free(c);
    return code;
}
