/* command.c: `gridscope sim`: flags to settings, one line of JSON when ready, until a signal comes. */
#include "sim/sim.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum flag_kind { FLAG_TEXT, FLAG_NUMBER, FLAG_SEED, FLAG_PORT, FLAG_SIGNED, FLAG_ON, FLAG_OFF, FLAG_FILE };

enum { KEY_FILE_MAX = 8192 };

struct command {
    struct sim_config config;
    char *pem; /* owned */
    struct loop *loop;
    struct sim *sim;
};

static const struct flag {
    const char *name;
    enum flag_kind kind;
    size_t offset;
    const char *help;
} flags[] = {
#define AT(field) offsetof(struct sim_config, field)
    {"--seed", FLAG_SEED, AT(seed), "N: one seed, one sequence of prices and trades (1)"},
    {"--host", FLAG_TEXT, AT(host), "ADDRESS: of both listeners (127.0.0.1)"},
    {"--port", FLAG_PORT, AT(port), "PORT: of the exchange; 0 picks a free one (0)"},
    {"--bot-port", FLAG_PORT, AT(bot_port), "PORT: of the bot's API (0)"},
    {"--symbols", FLAG_TEXT, AT(symbols), "LIST: BTC/USDT,ETH/BTC,... (the demo's six); '' for none"},
    {"--pairs", FLAG_NUMBER, AT(synthetic), "N: so many pairs S001/USDT ... besides (0)"},
    {"--tick-ms", FLAG_NUMBER, AT(tick_ms), "MS: one step of every symbol (200)"},
    {"--ticker-ms", FLAG_NUMBER, AT(ticker_ms), "MS: pace of the streams that Binance updates once a second (1000)"},
    {"--pace", FLAG_NUMBER, AT(pace_percent), "PERCENT: market time against real time (800)"},
    {"--history", FLAG_NUMBER, AT(history_fills), "N: fills a symbol before the start (300)"},
    {"--history-step-ms", FLAG_NUMBER, AT(history_step_ms), "MS: coarse step of the past (20000)"},
    {"--key", FLAG_TEXT, AT(api_key), "TEXT: the exchange API key (gridscope-sim-key)"},
    {"--secret", FLAG_TEXT, AT(secret), "TEXT: its HMAC secret (gridscope-sim-secret)"},
    {"--ed25519", FLAG_FILE, AT(ed25519_pem), "FILE: its Ed25519 public key, PEM"},
    {"--bot-key", FLAG_TEXT, AT(bot_key), "TEXT: the bot's X-API-Key (none)"},
    {"--bot-limit", FLAG_NUMBER, AT(bot_limit), "N: the bot's requests in 60 s; 0 for no limit (100)"},
    {"--weight-limit", FLAG_NUMBER, AT(weight_limit), "N: request weight a minute (6000)"},
    {"--lifetime", FLAG_NUMBER, AT(lifetime_s), "SECONDS: of a WebSocket connection (86400)"},
    {"--ping", FLAG_NUMBER, AT(ping_s), "SECONDS: between pings (20)"},
    {"--pong", FLAG_NUMBER, AT(pong_s), "SECONDS: until an unanswered ping ends the connection (60)"},
    {"--fee-ppm", FLAG_NUMBER, AT(fee_ppm), "N: fee rate in parts per million (1000)"},
    {"--bnb", FLAG_TEXT, AT(bnb_deposit), "AMOUNT: BNB at the start and at each refill (0.008)"},
    {"--no-bnb", FLAG_OFF, AT(bnb_fees), "fees in the received asset only"},
    {"--listen-keys", FLAG_ON, AT(listen_keys), "user streams by listenKey too, as Binance.US has them"},
    {"--skew-ms", FLAG_SIGNED, AT(skew_ms), "MS: the exchange's clock less the real one (0)"},
    {"--tls-cert", FLAG_TEXT, AT(cert_file), "FILE: certificate, PEM; the exchange's port speaks TLS"},
    {"--tls-key", FLAG_TEXT, AT(key_file), "FILE: its private key, PEM"},
    {"--script", FLAG_TEXT, AT(script_file), "FILE: faults by time (sim/README.md)"},
#undef AT
};
enum { FLAGS = sizeof flags / sizeof flags[0] };

static void help(FILE *to) {
    fputs("usage: gridscope sim [flags]\n"
          "An embedded exchange (Binance's REST, streams and WebSocket API on one port) and grid bot, on loopback.\n\n",
          to);
    for (size_t i = 0; i < FLAGS; i++) fprintf(to, "  %-18s %s\n", flags[i].name, flags[i].help);
}

static bool read_file(struct command *c, const char **out, const char *path) {
    FILE *f = fopen(path, "r");
    free(c->pem);
    c->pem = calloc(1, KEY_FILE_MAX);
    size_t n = f != NULL && c->pem != NULL ? fread(c->pem, 1, KEY_FILE_MAX - 1, f) : 0;
    if (f != NULL) (void)fclose(f);
    *out = c->pem;
    return n > 0;
}

static bool read_whole(long long *out, const char *text, long long least, long long most) {
    char *end;
    *out = strtoll(text, &end, 10);
    return text[0] != '\0' && *end == '\0' && *out >= least && *out <= most;
}

static bool set_flag(struct command *c, const struct flag *f, const char *value) {
    void *at = (char *)&c->config + f->offset;
    long long n = 0;
    switch (f->kind) {
    case FLAG_TEXT: *(const char **)at = value; return true;
    case FLAG_FILE: return read_file(c, at, value);
    case FLAG_ON: *(bool *)at = true; return true;
    case FLAG_OFF: *(bool *)at = false; return true;
    case FLAG_SEED:
        if (!read_whole(&n, value, 0, INT64_MAX)) return false;
        *(uint64_t *)at = (uint64_t)n;
        return true;
    case FLAG_PORT:
        if (!read_whole(&n, value, 0, UINT16_MAX)) return false;
        *(uint16_t *)at = (uint16_t)n;
        return true;
    case FLAG_NUMBER:
        if (!read_whole(&n, value, 0, 10000000)) return false;
        *(unsigned *)at = (unsigned)n;
        return true;
    case FLAG_SIGNED:
        if (!read_whole(&n, value, -86400000, 86400000)) return false;
        *(int *)at = (int)n;
        return true;
    }
    return false;
}

/* "--seed 7" and "--seed=7". 0, or the exit code with *stop true. */
static int parse(struct command *c, int argc, char **argv, bool *stop) {
    for (int i = 1; i < argc; i++) {
        const struct flag *f = NULL;
        const char *equals = strchr(argv[i], '=');
        size_t len = equals != NULL ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        *stop = true;
        if (strcmp(argv[i], "--help") == 0) {
            help(stdout);
            return 0;
        }
        for (size_t k = 0; k < FLAGS; k++)
            if (strlen(flags[k].name) == len && strncmp(argv[i], flags[k].name, len) == 0) f = &flags[k];
        bool bare = f != NULL && (f->kind == FLAG_ON || f->kind == FLAG_OFF);
        const char *value = equals != NULL ? equals + 1 : NULL;
        if (f != NULL && !bare && value == NULL && i + 1 < argc) value = argv[++i];
        if (f == NULL || (bare ? value != NULL : value == NULL) || !set_flag(c, f, value)) {
            fprintf(stderr, "gridscope sim: %s: %s\n", argv[i], f == NULL ? "unknown flag (see --help)" : f->help);
            return 2;
        }
        *stop = false;
    }
    return 0;
}

static void say(void *arg, enum log_level level, const char *topic, struct span message) {
    (void)arg;
    fprintf(stderr, "%s %s: %.*s\n", log_level_name(level), topic, (int)message.len, message.at);
}

static void on_signal(void *arg, int number) {
    struct command *c = arg;
    (void)number;
    if (c->sim != NULL) sim_close(c->sim);
    c->sim = NULL;
    loop_break(c->loop);
}

static void announce(const struct command *c) {
    const char *scheme = c->config.cert_file != NULL ? "s" : "";
    unsigned port = sim_exchange_port(c->sim), bot = sim_bot_port(c->sim);
    const char *host = c->config.host;
    printf("{\"exchange_port\":%u,\"bot_port\":%u,\"rest_url\":\"http%s://%s:%u\",\"stream_url\":\"ws%s://%s:%u\","
           "\"ws_api_url\":\"ws%s://%s:%u/ws-api/v3\",\"bot_url\":\"http://%s:%u\"}\n",
           port, bot, scheme, host, port, scheme, host, port, scheme, host, port, host, bot);
    (void)fflush(stdout);
}

int sim_main(int argc, char **argv) {
    struct command c = {.pem = NULL};
    struct log log = {.least = LOG_INFO, .sink = say};
    bool stop = false;
    sim_config_default(&c.config);
    int code = parse(&c, argc, argv, &stop);
    if (stop) {
        free(c.pem);
        return code;
    }
    c.loop = loop_new(&log);
    enum err err = c.loop != NULL ? sim_new(&c.sim, c.loop, &c.config, &log) : ERR_MEMORY;
    if (err == ERR_OK) err = loop_on_signals(c.loop, on_signal, &c);
    if (err == ERR_OK) {
        announce(&c);
        loop_run(c.loop);
    } else {
        fprintf(stderr, "gridscope sim: %s\n", err_text(err));
        if (c.sim != NULL) sim_close(c.sim);
    }
    if (c.loop != NULL) loop_free(c.loop);
    free(c.pem);
    return err == ERR_OK ? 0 : err == ERR_VALUE ? 2 : 1;
}
