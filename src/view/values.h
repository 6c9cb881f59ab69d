/* values.h: what the page knows, as plain structs: `struct head` for everything but the pairs, `struct pair_values`
 * for each pair. Filled from the engine's state, written by the tables of values.c (fields.h). This is the one place
 * that says where each figure of the snapshot comes from. */
#ifndef VIEW_VALUES_H
#define VIEW_VALUES_H

#include "engine/state.h"
#include "view/fields.h"

struct breaker_values {
    const char *state;
    int64_t consecutive_failures, fail_max;
    struct wall next_trial_at;
    char last_error[BREAKER_ERROR_MAX];
};

struct bot_values {
    bool present; /* with source exchange there is no bot */
    const char *health;
    char message[sizeof((struct bot_state *)0)->message];
    int64_t uptime_seconds;
    struct name name;
    struct wall last_ok;
    struct breaker_values breaker;
    struct buf unavailable;
    int64_t latency_ms;
};

struct exchange_values {
    struct breaker_values breaker;
    int64_t weight_used_1m, weight_limit_1m;
    bool throttled;
    struct wall banned_until;
    int64_t clock_offset_ms, latency_ms;
    uint64_t on_demand_requests;
};

enum { FALLBACK_WORDS_MAX = 64 };

struct stream_values {
    const char *state;
    struct wall since, last_message_at;
    int64_t attempt;
    struct wall next_attempt_at;
    uint64_t reconnects, messages, rejected_messages;
    int64_t latency_ms;
    char reason[FEED_REASON_MAX];
    char fallback[FALLBACK_WORDS_MAX];
};

struct streams_values {
    struct stream_values market, user;
};

struct history_values {
    const char *state;
    struct wall from;
    uint64_t fills_loaded;
};

struct pnl_values {
    struct name currency;
    struct dec16 realized, unrealized, total;
    struct dec8 total_percent;
    struct dec16 fees;
    bool partial;
    struct buf left_out, unmatched;
    const char *method;
    struct dec16 drift;
    struct history_values history;
};

struct window_values {
    struct dec16 pnl;
    struct dec8 percent;
    const char *basis;
};

struct windows_values {
    struct window_values of[WINDOWS];
};

struct store_values {
    bool durable;
    char error[sizeof((struct engine *)0)->store_error];
};

struct investment_values {
    bool present;
    struct dec16 amount;
    const char *source;
};

struct head {
    const char *mode, *status, *status_reason;
    struct wall last_update;
    struct bot_values bot;
    struct exchange_values exchange;
    struct streams_values streams;
    struct pnl_values pnl;
    struct windows_values windows;
    uint64_t trades_cached, duplicates_dropped;
    struct buf gaps;
    struct store_values store;
    struct investment_values investment;
};

struct grid_values {
    struct dec8 lower, upper;
    int64_t levels;
    struct dec16 investment;
    struct dec8 spacing;
    const char *source;
};

struct pair_values {
    struct name symbol, exchange_symbol, base, quote;
    struct dec8 price;
    struct wall price_at;
    const char *price_source;
    struct dec8 holdings, average_cost;
    struct dec16 cost_basis, realized, unrealized, total, today;
    struct amounts fees;
    struct dec16 fees_quote;
    struct amounts unvalued_fees;
    uint64_t fills, buys, sells, cycles;
    struct dec8 unmatched_quantity;
    int64_t open_orders;
    struct dec8 next_buy, next_sell;
    struct grid_values grid;
    bool active, price_stale;
    struct dec8 tick_size, step_size;
    struct history_values history;
    uint64_t assumed_fees;
    bool recomputing;

    /* not shown: which orders `grid.spacing` was worked out from; 0 none yet */
    uint64_t orders_version;
};

/* The parts of the head by DIRTY_ bits; what belongs to no part is always read and compared. */
enum { PARTS_ALL = DIRTY_HEADER | DIRTY_STREAMS | DIRTY_PNL | DIRTY_WINDOWS | DIRTY_GAPS };

extern const struct field head_fields[]; /* as the contract orders them: before "pairs" ... */
extern const struct field tail_fields[]; /* ... and behind */
extern const struct field pair_fields[];
extern const struct field history_fields[];

void head_init(struct head *h);
void head_free(struct head *h);
/* Brings the named parts up to date; out of memory shows in the failed buf of an array. */
void head_read(struct head *h, const struct engine *e, struct now now, unsigned parts);
/* was: the values read last for this pair, or NULL: what is costly to work out is taken from there where it cannot have
 * changed. Every member is set. */
void pair_read(struct pair_values *p, const struct engine *e, size_t index, const struct pair_values *was);
/* How much of the fills is known: of a pair, and of all that count, where the least complete says the state. */
void history_read(struct history_values *v, const struct pair *p);
void history_read_all(struct history_values *v, const struct engine *e);
/* The step of the grid as its orders show it: the smallest distance between neighbours on one side of the market;
 * unknown with fewer than two orders on each. */
struct dec8 grid_spacing(const struct orders *o);
/* When something read by head_read changes by the mere passing of time: the weight minute ends, a ban is over. */
bool head_deadline(const struct engine *e, struct now now, struct mono *at);

#endif
