/* binance.h: Binance's payloads to structs. Streams (BINANCE 2), WebSocket API frames and user data (BINANCE 3), and
 * results that REST and the WebSocket API share (BINANCE 4). Unknown fields are skipped. A decoder that fails leaves
 * its outputs untouched and says which field (struct wire_fault). All text borrowed; nothing is kept. */
#ifndef WIRE_BINANCE_H
#define WIRE_BINANCE_H

#include "domain/market.h"
#include "wire/json.h"

/* ---- market streams ---- */

enum market_kind {
    MARKET_TICKER,   /* @ticker, @miniTicker, !miniTicker@arr elements, @aggTrade/@trade last price: .ticker */
    MARKET_KLINE,    /* .symbol, .interval, .candle */
    MARKET_REPLY,    /* answer to SUBSCRIBE, LIST_SUBSCRIPTIONS ...: .id, .code (0 ok), .message */
    MARKET_SHUTDOWN, /* serverShutdown */
    MARKET_IGNORED,  /* well-formed data we do not use; also a ticker of price 0: the market never traded */
};

struct market_message {
    enum market_kind kind;
    struct ticker ticker;
    struct name symbol, interval;
    struct candle candle;
    int64_t id;           /* of a reply; -1 none */
    int code;             /* of a reply: 0 success; an error that Binance numbers 0 is -1 here */
    size_t subscriptions; /* LIST_SUBSCRIPTIONS: how many */
    char message[100];    /* of an error reply, cut */
    struct wall event_time;
};

/* One text frame of /stream or /ws, wrapped or bare. An array (!miniTicker@arr) is MARKET_IGNORED: every symbol we
 * watch has a stream of its own. */
MUST_CHECK enum err market_decode(struct json *j, struct span text, struct market_message *out,
                                  struct wire_fault *fault);

/* Subscription frames: {"method":"SUBSCRIBE","params":[...],"id":n}. streams: NUL-terminated names. The text goes into
 * out; ERR_TOO_BIG if it would pass 4000 bytes (BINANCE 2.3: longer frames are never answered). */
struct buf;
MUST_CHECK enum err market_subscribe_frame(struct buf *out, const char *method, const char *const *streams,
                                           size_t count, int64_t id);

/* ---- WebSocket API ---- */

enum user_kind {
    USER_REPLY,         /* .reply */
    USER_FILL,          /* executionReport with x=TRADE: .fill, and .order the order afterwards, .order_open */
    USER_ORDER,         /* any other executionReport, an allocation (trade id -1) too: .order, .order_open */
    USER_BALANCES,      /* outboundAccountPosition: .balances (absolute) */
    USER_BALANCE_DELTA, /* balanceUpdate, externalLockUpdate: .asset; refetch what it touched */
    USER_TERMINATED,    /* eventStreamTerminated, listenKeyExpired */
    USER_SHUTDOWN,      /* serverShutdown */
    USER_IGNORED,       /* listStatus, unknown events, unknown execution types */
};

enum { USER_BALANCES_MAX = 8 }; /* one trade touches base, quote and fee asset; a few more for list orders */

struct api_reply {
    struct span id;                    /* as text; a number as its digits; empty: null */
    int status;                        /* 200 ... */
    int code;                          /* error.code, 0 none */
    char message[120];                 /* error.msg, cut */
    struct wall server_time;           /* said beside retry_after; 0 not said */
    struct wall retry_after;           /* error.data.retryAfter (ms since the epoch); 0 none */
    int64_t weight_used, weight_limit; /* REQUEST_WEIGHT per minute; -1 not said */
    struct json_value result;          /* borrowed from the struct json until its next parse */
};

struct user_message {
    enum user_kind kind;
    struct api_reply reply;
    int64_t subscription_id; /* -1 none */
    struct wall event_time;  /* E */
    struct fill fill;        /* source SOURCE_STREAM; symbol as the exchange spells it */
    struct order order;
    bool order_open;          /* status NEW, PENDING_NEW, PARTIALLY_FILLED; any other, known or not, is final */
    enum order_end order_end; /* of one that is not open any more, and was not filled */
    struct balance balances[USER_BALANCES_MAX];
    size_t balance_count;
    bool balances_cut; /* more than USER_BALANCES_MAX: refetch the account */
    struct name asset;
};

/* One text frame of /ws-api/v3, or of a listenKey stream (bare events, or wrapped in {"stream","data"}). */
MUST_CHECK enum err user_decode(struct json *j, struct span text, struct user_message *out, struct wire_fault *fault);

/* ---- results shared by REST and the WebSocket API ---- */

/* A REST error body {"code":..,"msg":".."}; false where the body is none (HTML, empty). */
bool rest_error_decode(struct json *j, struct span body, int *code, char message[static 120]);

typedef void fill_take(void *arg, const struct fill *f);
typedef void order_take(void *arg, const struct order *o);
typedef void symbol_take(void *arg, const struct symbol_info *s);
typedef void candle_take(void *arg, const struct candle *c);
typedef void ticker_take(void *arg, const struct ticker *t);
typedef void balance_take(void *arg, const struct balance *b);

/* Each walks the whole result first for form; only if every row is sound are the rows handed out, in order, so that a
 * bad row costs nothing that was known. myTrades rows become fills of SOURCE_REST. Orders whose status is not one of
 * user_message.order_open, and prices of 0 (a market that never traded), are sound and not handed out. */
MUST_CHECK enum err my_trades_decode(struct json_value result, fill_take *take, void *arg, struct wire_fault *fault);
MUST_CHECK enum err open_orders_decode(struct json_value result, order_take *take, void *arg, struct wire_fault *fault);
MUST_CHECK enum err klines_decode(struct json_value result, struct wall server_time, candle_take *take, void *arg,
                                  struct wire_fault *fault); /* closed: close time before server_time */
MUST_CHECK enum err ticker_prices_decode(struct json_value result, ticker_take *take, void *arg,
                                         struct wire_fault *fault);
MUST_CHECK enum err server_time_decode(struct json_value result, struct wall *out, struct wire_fault *fault);

struct exchange_limits {
    int64_t weight_limit_1m; /* -1 not said */
};
/* A symbol that cannot be read (unknown filters are fine) is skipped and counted in *skipped: one odd market must not
 * hide the others. */
MUST_CHECK enum err exchange_info_decode(struct json_value result, struct exchange_limits *limits, symbol_take *take,
                                         void *arg, size_t *skipped, struct wire_fault *fault);

struct account_info {
    int64_t uid;                        /* -1 absent */
    struct dec8 maker_rate, taker_rate; /* commissionRates, maker/taker + max(buyer, seller); 0 absent */
    bool can_trade, can_withdraw;
};
MUST_CHECK enum err account_decode(struct json_value result, struct account_info *out, balance_take *take, void *arg,
                                   struct wire_fault *fault);
/* standard + tax + special, each maker/taker + max(buyer, seller) */
MUST_CHECK enum err commission_decode(struct json_value result, struct dec8 *maker, struct dec8 *taker,
                                      struct wire_fault *fault);

#endif
