/* exchange.h: the venue: symbols with their rules, the owner's account, orders and fills, and the crowd whose quotes make
 * the book. The owner's orders rest in the same book as everybody's, so they wait in the queue, fill in parts, and take
 * the book's price when they cross. Money moves only through the ledger. Pure: time is given, nothing is sent; whoever
 * wants to know of trades, order reports and balances sets the hooks.
 *
 * Life of an order:  NEW -> PARTIALLY_FILLED -> FILLED, or -> CANCELED (limit), or -> EXPIRED (market order, book empty).
 * Reports come in that order; after the last report of one action the touched balances are told once. */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "sim/book.h"
#include "sim/candle.h"
#include "sim/ledger.h"
#include "sim/market.h"

enum order_type { ORDER_LIMIT, ORDER_MARKET };
enum order_status { STATUS_NEW, STATUS_PARTIAL, STATUS_FILLED, STATUS_CANCELED, STATUS_EXPIRED };
enum report_kind { REPORT_NEW, REPORT_TRADE, REPORT_CANCELED, REPORT_EXPIRED };

enum { CLIENT_ID_MAX = 40, TRADES_KEPT = 1000, OWNER_ORDERS_MAX = 500 };

struct venue_order {
    int64_t id;
    char client_id[CLIENT_ID_MAX]; /* of the last request: changes on a cancel */
    char placed_id[CLIENT_ID_MAX]; /* as it was placed */
    enum side side;
    enum order_type type;
    enum order_status status;
    int64_t price, quantity, filled, quote_filled;
    int64_t locked; /* what is still locked for it: quote of a buy, base of a sell */
    int64_t time_us, update_us;
    uint32_t handle; /* in the book, 0 when not resting */
};

struct venue_fill {
    int64_t id, order_id, price, quantity, quote, fee, time_us;
    uint32_t fee_asset;
    bool buyer, maker;
};

struct venue_trade { /* anybody's */
    int64_t id, price, quantity, quote, time_us;
    bool buyer_is_maker;
};

struct venue_agg { /* trades of one taker order at one price */
    int64_t id, price, quantity, first_id, last_id, time_us;
    bool buyer_is_maker;
};

struct venue_symbol {
    char name[24], pair[24];      /* "BTCUSDT", "BTC/USDT" */
    uint32_t number, base, quote; /* of the market's assets */
    int64_t tick, step, min_notional;
    bool watched_only; /* the bot does not trade it: a market for conversion */
    struct book book;
    struct candle_series minutes, seconds;
    int64_t last_price, last_quantity, next_trade, next_order, next_agg;
    struct venue_trade trades[TRADES_KEPT]; /* ring by id */
    struct venue_agg aggs[TRADES_KEPT];     /* ring by id */
    struct venue_order *orders;             /* owned; by rising id */
    size_t order_count, order_capacity;
    struct venue_fill *fills; /* owned; by rising id */
    size_t fill_count, fill_capacity;
    uint64_t changes; /* one more with each trade: has anything to say */
    struct rng rng;
    struct candle day; /* the closed minutes of the last 24 h, put together once a minute */
    int64_t day_minute, day_before;
};

struct venue_report {
    const struct venue_symbol *symbol;
    const struct venue_order *order; /* after the event */
    enum report_kind kind;
    const struct venue_fill *fill; /* of REPORT_TRADE, else NULL */
    int64_t execution_id, time_us;
    bool on_book;
};

struct venue_hooks {
    void (*on_trade)(void *arg, const struct venue_symbol *s, const struct venue_trade *t);
    void (*on_agg)(void *arg, const struct venue_symbol *s, const struct venue_agg *a);
    void (*on_touch)(void *arg, const struct venue_symbol *s); /* best bid or ask changed */
    void (*on_report)(void *arg, const struct venue_report *r);
    void (*on_account)(void *arg, const uint32_t *assets, size_t count, int64_t time_us);
    void (*on_deposit)(void *arg, uint32_t asset, int64_t amount, int64_t time_us);
    void *arg;
};

struct fee_rules {
    int64_t maker, taker; /* rates, units of 10^-8: 100000 is 0.1 % */
    bool in_bnb;          /* pay in BNB where there is enough */
    int64_t discount;     /* factor on fees paid in BNB: 75000000 is 0.75 */
    int bnb;              /* the asset's number, -1 where the market has none */
};

enum { TOUCHED_MAX = 8 };

struct venue {
    struct market market;
    struct ledger_book ledger;
    struct venue_symbol **symbols; /* owned */
    size_t symbol_count;
    struct fee_rules fees;
    struct venue_hooks hooks;
    int64_t now_us; /* world time, set by venue_reach */
    int64_t account_update_us;
    int64_t next_execution;
    uint64_t steps;
    uint32_t touched[TOUCHED_MAX];
    size_t touched_count;
    uint64_t bnb_short; /* fills whose fee could not be paid in BNB since the last deposit */
    int64_t orders_10s, orders_day, orders_10s_window, orders_day_window; /* unfilled order counts */
};

void venue_init(struct venue *v, uint64_t seed);
void venue_free(struct venue *v);
/* Both assets must be in the market. tick and step: units of 10^-8, powers of ten. */
struct venue_symbol *venue_add_symbol(struct venue *v, const char *base, const char *quote, int64_t tick, int64_t step,
                                      int64_t min_notional, bool watched_only);
/* By exchange name ("BTCUSDT") or pair ("BTC/USDT"); NULL if there is none. */
struct venue_symbol *venue_find(const struct venue *v, struct span name);
struct venue_symbol *venue_find_pair(const struct venue *v, struct span pair);

void venue_deposit(struct venue *v, uint32_t asset, int64_t amount);
num_wide venue_free_balance(const struct venue *v, uint32_t asset);
num_wide venue_locked_balance(const struct venue *v, uint32_t asset);

/* World time goes on to t: candles close. */
void venue_reach(struct venue *v, int64_t t_us);
/* One step of the crowd on one symbol: quotes follow the fair price, stale orders are swept, takers come. */
void venue_crowd_step(struct venue *v, struct venue_symbol *s);
/* A trade of somebody else at about the fair price: takes what stands in the way. */
void venue_crowd_take(struct venue *v, struct venue_symbol *s, enum side side, int64_t limit, int64_t quantity);

/* The owner's orders. Return the order's id, or 0 where balance or rules refuse it. */
int64_t venue_place_limit(struct venue *v, struct venue_symbol *s, enum side side, int64_t price, int64_t quantity,
                          const char *client_id);
int64_t venue_place_market(struct venue *v, struct venue_symbol *s, enum side side, int64_t quantity,
                           const char *client_id);
bool venue_cancel(struct venue *v, struct venue_symbol *s, int64_t order_id, const char *client_id);
const struct venue_order *venue_order(const struct venue_symbol *s, int64_t order_id);
bool venue_order_open(const struct venue_order *o);

/* The last 24 hours; false before the first candle. */
bool venue_day(struct venue_symbol *s, struct candle *out, int64_t *price_before);
/* Average price of the last five minutes. */
int64_t venue_average(const struct venue_symbol *s);
/* What this symbol's trading did to the owner's funds, fees apart; and the fees paid for it: from the ledger. */
num_wide venue_flow(const struct venue *v, const struct venue_symbol *s, uint32_t asset);
num_wide venue_fees_paid(const struct venue *v, const struct venue_symbol *s, uint32_t asset);

#endif
