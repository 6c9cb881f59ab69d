/* market.h: what the exchange says of its symbols and prices: symbol, ticker, candle; and of our orders. Plain values. */
#ifndef DOMAIN_MARKET_H
#define DOMAIN_MARKET_H

#include "domain/fill.h"

struct symbol_info {             /* one market, from exchange information */
    struct name exchange_symbol; /* "BTCUSDT" */
    struct name base, quote;     /* "BTC", "USDT" */
    struct dec8 tick_size;       /* 0: unknown or the rule is off */
    struct dec8 step_size;       /* 0: likewise */
    struct dec16 min_notional;   /* 0: none */
    bool trading;                /* status TRADING */
};

/* "BTC/USDT" of base and quote; ERR_TOO_BIG where it does not fit a name. */
MUST_CHECK enum err symbol_join(struct name *out, const struct name *base, const struct name *quote);
/* Splits "BTC/USDT"; ERR_SYNTAX without exactly one slash between two non-empty parts. */
MUST_CHECK enum err symbol_split(struct name *base, struct name *quote, struct span symbol);

struct ticker { /* last price of one symbol */
    struct name exchange_symbol;
    struct dec8 price;
    struct wall event_time; /* the exchange's; 0 unknown */
};

struct candle {
    struct wall open_time, close_time;
    struct dec8 open, high, low, close;
    struct dec16 volume; /* base */
    bool closed;         /* its close time has passed at the exchange */
};

enum order_type { ORDER_LIMIT, ORDER_MARKET, ORDER_OTHER };

struct order {          /* one open order of ours */
    struct name symbol; /* as the source spells it; canonical once resolved */
    int64_t order_id;
    enum side side;
    enum order_type type;
    struct dec8 price; /* 0: none (market) */
    struct dec8 quantity, filled;
    struct wall time; /* created; 0 unknown */
};

enum order_end { /* how an order came to be none, other than by being filled */
                 ORDER_END_NONE,
                 ORDER_REJECTED,         /* for a reason that was not told, or is not known */
                 ORDER_REJECTED_BALANCE, /* not enough of it was free */
                 ORDER_REJECTED_MATCH,   /* it would have matched at once */
                 ORDER_CANCELED,
                 ORDER_EXPIRED,
};

struct balance {
    struct name asset;
    struct dec8 free, locked;
};

/* The grid of one pair as its source reports it. */
struct grid {
    bool known;
    struct dec8 lower, upper;
    int levels;
    struct dec16 investment; /* in quote; 0 unknown */
    bool from_bot;           /* else derived from the open orders */
};

#endif
