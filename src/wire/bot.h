/* bot.h: the bot's HTTP API (BOT_API) to structs. Both commits' shapes; unknown keys are skipped. */
#ifndef WIRE_BOT_H
#define WIRE_BOT_H

#include "domain/market.h"
#include "wire/binance.h"

struct bot_health {
    bool alive;       /* the body is the bot's */
    bool has_running; /* /metrics says bot_running, /health does not */
    bool running;
    struct dec16 uptime_seconds; /* 0 unknown */
    struct name name;            /* of the first strategy, cut; may be empty */
};
/* Body of /metrics or of /health. */
MUST_CHECK enum err bot_health_decode(struct json *j, struct span body, struct bot_health *out,
                                      struct wire_fault *fault);

struct bot_strategy {
    char name[64];      /* cut */
    struct name symbol; /* "BTC/USDT"; empty where unknown */
    bool is_grid;       /* a grid on a market: not prediction, not MULTI/USDT */
    struct grid grid;
    struct dec16 total_profit, total_fees; /* the bot's own figures: shown, never added to ours */
    int64_t completed_cycles;              /* -1 unknown */
};
typedef void strategy_take(void *arg, const struct bot_strategy *s);

MUST_CHECK enum err bot_strategies_decode(struct json *j, struct span body, strategy_take *take, void *arg,
                                          struct wire_fault *fault);
/* Rows become fills of SOURCE_BOT: fee asset empty, null fee and cost 0, maker unknown. A row without price or with a
 * quantity of 0 is refused alone (counted in *refused, fault names it); a body of another form is an error. */
MUST_CHECK enum err bot_trades_decode(struct json *j, struct span body, fill_take *take, void *arg, size_t *refused,
                                      struct wire_fault *fault);
MUST_CHECK enum err bot_orders_decode(struct json *j, struct span body, order_take *take, void *arg, size_t *refused,
                                      struct wire_fault *fault);
/* *symbol is what the answer is about, empty where the bot does not say (BOT_API 4: a malformed symbol is answered
 * with another's candles). timeframe: of the answer. The last candle is open, the others closed; close_time from the
 * frame. */
MUST_CHECK enum err bot_ohlcv_decode(struct json *j, struct span body, struct name *symbol, struct name *timeframe,
                                     candle_take *take, void *arg, struct wire_fault *fault);

#endif
