/* sim.h: the simulated exchange and grid bot, for the demo, for tests and for other clients: Binance's REST, stream and
 * WebSocket API interfaces on one port, the bot's HTTP API on another, both on loopback. It is a second opinion: it shares
 * nothing with the dashboard but src/base and src/io. sim/README.md describes it and its control interface. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/err.h"
#include "base/log.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct sim;

struct sim_config {
    uint64_t seed;
    const char *host;                 /* address of both listeners */
    uint16_t port, bot_port;          /* 0: free ones */
    const char *cert_file, *key_file; /* PEM: the exchange's port speaks TLS; NULL: plain */
    const char *symbols;              /* "BTC/USDT,ETH/BTC"; NULL: the demo's six; "": none but the synthetic ones */
    unsigned synthetic;               /* so many pairs S001/USDT, S002/USDT ... besides */
    unsigned tick_ms;                 /* one step of every symbol, 1..60000 */
    unsigned pace_percent;    /* market time against real time, 1..100000: 800 moves as eight times the time would */
    unsigned ticker_ms;       /* pace of streams that Binance updates every 1000 ms, 10..60000 */
    unsigned history_fills;   /* fills a traded symbol, on average, in the simulated past */
    unsigned history_step_ms; /* coarse step of the past, 1000..60000 */
    bool bnb_fees;            /* fees in BNB while there is some */
    const char *bnb_deposit;  /* BNB at the start and at each refill, decimal text */
    unsigned fee_ppm;         /* rate, parts per million: 1000 is 0.1 % */
    const char *api_key, *secret; /* of the exchange account; secret NULL: no HMAC */
    const char *ed25519_pem;      /* text of the public key; NULL: no Ed25519 */
    const char *bot_key;          /* X-API-Key of the bot; NULL: no check */
    unsigned bot_limit;           /* requests in 60 s, 0: no limit */
    unsigned weight_limit;        /* request weight a minute */
    unsigned lifetime_s;          /* of a WebSocket connection: 86400 as on Binance */
    unsigned ping_s, pong_s;      /* 20 and 60 as on Binance */
    bool listen_keys;             /* the removed user streams by listenKey, as Binance.US still has them */
    int skew_ms;                  /* the exchange's clock less the real one */
    const char *script_file;      /* faults by time (README); NULL: none */
};

/* Every field as the demo wants it. */
void sim_config_default(struct sim_config *c);

/* Lives through the past (some seconds for 100,000 fills), listens, and runs on the loop. The log must outlive it.
 * ERR_VALUE: a symbol, number or key is not usable (the log says which), ERR_IO, ERR_TLS, ERR_MEMORY. */
MUST_CHECK enum err sim_new(struct sim **out, struct loop *l, const struct sim_config *config, const struct log *log);
uint16_t sim_exchange_port(const struct sim *s);
uint16_t sim_bot_port(const struct sim *s);
/* Stops listening, closes connections and frees as the loop turns. */
void sim_close(struct sim *s);

/* The command `gridscope sim`: prints its addresses as one line of JSON when it is ready, runs until SIGINT or SIGTERM.
 * argv[0] is skipped. Exit code: 0 clean, 1 runtime failure, 2 bad usage. */
int sim_main(int argc, char **argv);

#endif
