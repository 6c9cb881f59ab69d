/* private.h: what the files of engine/ share among themselves. */
#ifndef ENGINE_PRIVATE_H
#define ENGINE_PRIVATE_H

#include "engine/state.h"

/* ---- requests under way ---- */

enum ask {
    ASK_NONE,
    /* Binance, over the WebSocket API where it is open, else REST */
    ASK_TIME,
    ASK_EXCHANGE_INFO,
    ASK_SYMBOL_INFO,
    ASK_ACCOUNT,
    ASK_OPEN_ORDERS,
    ASK_TRADES,
    ASK_NEWEST_TRADES,
    ASK_KLINES,
    ASK_PRICES,
    ASK_PING,
    ASK_SUBSCRIBE,
    ASK_SUBSCRIPTIONS,
    ASK_LISTEN_KEY,
    ASK_LISTEN_KEY_KEEP,
    /* the bot */
    ASK_BOT_HEALTH,
    ASK_BOT_STRATEGIES,
    ASK_BOT_TRADES,
    ASK_BOT_ORDERS,
    ASK_BOT_OHLCV,
    ASK_BOT_CANDLES,
    ASKS
};

struct request {
    enum ask ask; /* ASK_NONE: free slot */
    uint32_t generation;
    bool by_ws;     /* over the WebSocket API link ws_id */
    bool trial;     /* the breaker's half-open trial */
    bool retried;   /* once after -1021 */
    bool on_demand; /* for a user: answered by EFFECT_CANDLES */
    uint64_t ws_id;
    size_t pair;     /* index, where it is about one */
    int64_t from_id; /* ASK_TRADES */
    struct name symbol, interval;
    struct wall start;  /* ASK_KLINES: first open time; 0 newest */
    struct wall before; /* of a user's chart, 0 newest */
    int limit;
    uint64_t user_request; /* the chart's id */
    enum bot_endpoint endpoint;
    struct mono sent, deadline;
    uint64_t spent; /* weight of ours up to this one */
};

enum { ON_DEMAND_MAX = 64 };      /* requests of users at once: the other half of the table is for the figures */
enum { BOT_TRADES_LIMIT = 1000 }; /* BOT_API 4: no more can be asked for */
enum { FEE_WAITS_MAX = 4096 };    /* fills whose fee waits for candles: a backfill values page by page */
enum { USER_EVENTS_KEPT = 256 };  /* fills heard before the symbols are known: a start takes seconds */

struct fee_wait { /* a fill whose fee has no price yet */
    size_t pair;
    int64_t trade_id;
    enum side side;
};

struct watched_candles { /* charts that pages have open */
    struct name symbol, interval;
    uint64_t link; /* of the market feed on which its stream stands; 0 none */
    bool wanted;   /* no more: forgotten once the stream is taken back */
};
enum { WATCHED_MAX = 64 }; /* a page has one open; with the figures' streams a link stays under its 1,024 */

enum { CHARTS_MAX = ON_DEMAND_MAX };
struct chart { /* candles that a user waits for */
    bool used, waits_for_store;
    uint32_t generation;
    uint64_t user_request;
    size_t pair;
    struct name interval;
    struct wall before; /* 0: the newest */
    int limit;
    struct candle *kept; /* owned: what the store has of it, without a hole */
    size_t kept_count;
    struct mono deadline; /* of the store's answer */
};

struct symbol_table { /* every market that exists, sorted by exchange symbol */
    struct symbol_info *rows;
    size_t count, capacity;
    bool incomplete; /* one had no room: a symbol that is missing may exist */
};

struct poll_state {
    int64_t reconcile_wait_us; /* from one look at the trades by id to the next */
    struct mono health_at, strategies_at, prices_at, time_at, info_at, reconcile_at, subscriptions_at, listen_key_at;
    struct mono account_at, fills_at;
    struct mono bot_next_at;  /* when the next question to the bot falls due; 0 not known */
    uint64_t reconciled_link; /* the user link after whose start the trades were looked at once more */
    bool account_wanted;
    bool soon;             /* something to ask may have come up: look at the end of this turn */
    struct mono minute_at; /* the next equity point */
    bool page_open;
    struct mono log_quiet_until[ASKS], refused_quiet_until;
    size_t unknown_turn; /* which of the unknown symbols is asked about next */
};

struct window_start { /* the figure at the start of a window, kept between prices */
    bool known;
    enum window_basis basis;
    struct dec16 figure;
};

struct engine_private {
    struct request requests[REQUESTS_MAX];
    uint32_t request_generation;
    uint64_t next_link_id, next_batch;
    struct effect *effects; /* a ring of LIMIT_EFFECTS */
    size_t effect_head, effect_count;
    struct json *json;
    struct symbol_table symbols;
    struct fee_wait *fee_waits;
    size_t fee_wait_count;
    bool fee_work; /* a new wait or a new candle */
    struct mono fee_check_at;
    struct mono minutes_again; /* candles for fees failed: not asked for before */
    struct backoff minutes_backoff;
    struct equity_line equity_lines[LIMIT_PAIRS]; /* scratch */
    struct window_start window_starts[WINDOWS], today_starts[LIMIT_PAIRS];
    size_t starts_left; /* of the round under way: windows first, then each pair's today */
    bool starts_wanted;

    struct fill *pending;                                  /* decoded, not yet handed to the store */
    size_t pending_count, pending_capacity, pending_shown; /* shown: in the ledgers already, the store being slow */
    struct fill *in_store;                                 /* the batch that the store is writing */
    size_t in_store_count, in_store_shown;
    uint64_t in_store_batch;
    struct mono in_store_since;
    bool store_gone;      /* it failed: for good (store.h) */
    bool accounts_match;  /* a trade was told by the bot and by Binance: bot and key are of one account */
    bool join_told;       /* and the store knows it */
    struct fill *applied; /* newly in a ledger in this turn, for the trades topic */
    size_t applied_count, applied_capacity;

    struct fill *valued; /* fees valued since the last flush: the store keeps the value */
    size_t valued_count, valued_capacity;
    struct fill *early; /* user fills before the symbols are known */
    size_t early_count;

    struct chart charts[CHARTS_MAX];
    struct watched_candles watched[WATCHED_MAX];
    size_t watched_count;
    char listen_key[128];
    struct mono listen_key_again; /* not asked for before */
    struct mono key_again;        /* a refused key is not tried before */
    struct mono rest_again;       /* REST refused us whoever we are (403): not asked before */
    uint32_t last_failure[2];     /* by upstream: generation of the newest request when a failure was last counted */
    int64_t clock_base_us;        /* exchange time - monotonic time, once known: our own clock may jump */
    int64_t wall_base_us;         /* the same of our own clock, to see it jump */
    int64_t steady_base_us;       /* our clock - monotonic time when the engine was made */
    bool clock_based;
    uint64_t subscribe_retry; /* link whose subscription is sent again when the time is known (-1021); 0 none */
    bool symbols_known;
    bool load_failed; /* a stored fill found no memory: no stored mark says what is complete, all is read again */
    bool first_orders_done;
    bool bot_seen;
    bool stopping, started;
    bool data_flowed;         /* some feed or its polling has worked: the start is over */
    struct mono staleness_at; /* once a second */
    struct mono ticked_at;    /* the last EVENT_TIMER */
    struct poll_state poll;
    int market_subscribe_pending; /* SUBSCRIBE frames not answered yet, on the newest market link */
    int64_t next_frame_id;
    struct mono next_subscribe_at; /* 5 incoming messages a second are allowed */
    size_t subscribe_cursor;       /* streams sent so far on the link that is being subscribed */
    uint64_t subscribe_link;
    bool subscriptions_dirty; /* the wanted set grew */
    size_t round_robin;
    char account[80];
};

/* engine.c */
struct effect *engine_effect(struct engine *e, enum effect_kind kind); /* NULL when the list is full: counted */
void engine_log(struct engine *e, enum log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void engine_dirty_pair(struct engine *e, size_t pair);
struct wall engine_exchange_time(const struct engine *e); /* now by the exchange's clock */
struct wall engine_steady_time(const struct engine *e,
                               struct mono at); /* by our clock as it was at the start: it never steps */
char *engine_text(struct buf *b);               /* takes the bytes of b as a string; NULL on failure */
bool engine_has_key(const struct engine *e);
void engine_fault(struct engine *e, enum ask kind, const char *topic,
                  const struct wire_fault *fault); /* once a minute per kind */

/* symbols.c */
void symbols_append(struct symbol_table *t, const struct symbol_info *s); /* then symbols_sort, before any find */
void symbols_put(struct symbol_table *t, const struct symbol_info *s);    /* sets or adds one; sorted afterwards */
void symbols_sort(struct symbol_table *t);
const struct symbol_info *symbols_find(const struct symbol_table *t, const struct name *exchange_symbol);
const struct symbol_info *symbols_find_pair(const struct symbol_table *t, const struct name *base,
                                            const struct name *quote);
void symbols_free(struct symbol_table *t);

/* pairs.c: pairs and markets */
struct pair *pair_by_symbol(struct engine *e, const struct name *symbol,
                            size_t *index); /* either spelling; NULL unknown */
struct pair *pair_ensure(struct engine *e, const struct name *symbol, size_t *index); /* NULL: full, or no memory */
struct market *market_by_exchange_symbol(struct engine *e, const struct name *symbol, size_t *index);
size_t market_ensure(struct engine *e, const struct name *base, const struct name *quote); /* SIZE_MAX when full */
void pairs_apply_info(struct engine *e); /* after exchange information: names, tick sizes, markets that figures need */
void pairs_need_fee_markets(struct engine *e, const struct name *asset, const struct name *quote);
bool engine_price(void *arg, const struct name *base, const struct name *quote,
                  struct dec8 *out); /* struct price_source */
void engine_set_price(struct engine *e, size_t market, struct dec8 price, enum price_origin from);

/* ask.c: requests out */
struct request *request_find(struct engine *e, uint64_t id);
uint64_t request_id(const struct engine *e, const struct request *r);
/* What an answer says of the weight, and what we sent while it was under way: no header counts that. r may be NULL. */
void request_tells_weight(struct engine *e, const struct request *r, int64_t used, int64_t limit);
bool request_under_way(const struct engine *e, enum ask ask, size_t pair);
bool ask_proves_key(enum ask ask);                      /* its answer says whether the key is good */
bool ask_bot_may(const struct engine *e, enum ask ask); /* not absent, failing on its own, or refused to us just now */
/* Each returns true when it went out; false: refused by breaker, budget, ban or a full table. */
bool ask_binance(struct engine *e, const struct request *wanted, enum weight_need need);
bool ask_bot(struct engine *e, const struct request *wanted);
void requests_expire(struct engine *e);
void requests_drop_link(struct engine *e, uint64_t ws_id); /* answers that will not come: failed as closed */
struct mono requests_deadline(const struct engine *e);

/* answers.c: replies in */
struct answer {
    enum err err; /* transport */
    const char *error;
    int status;
    int code; /* Binance's error code, 0 none */
    const char *message;
    int64_t retry_after_us;   /* from now on; 0 not said */
    struct span body;         /* REST, bot */
    struct json_value result; /* WebSocket API */
    bool has_result;
    int64_t elapsed_us;
};
void answer_handle(struct engine *e, struct request *r, const struct answer *a);

/* streams.c: feeds */
void streams_do(struct engine *e, struct feed *f, struct feed_todo todo);
void streams_tick(struct engine *e);
void streams_on_open(struct engine *e, uint64_t id);
void streams_on_text(struct engine *e, uint64_t id, struct span text);
void streams_on_ping(struct engine *e, uint64_t id);
void streams_on_closed(struct engine *e, const struct event *event);
void streams_resubscribe(struct engine *e); /* the set of streams that figures need grew */
/* A page opened the first chart of that kind, or the last one was closed. symbol: the exchange's. */
void streams_watch(struct engine *e, const struct name *symbol, const struct name *interval, bool wanted);
void streams_user_synced(struct engine *e); /* trades since the last known are merged */
void streams_user_refused(struct engine *e, const char *why);
void streams_user_ended(struct engine *e, uint64_t id, const char *why); /* no subscription on this link any more */
struct mono streams_deadline(const struct engine *e);

/* fills.c */
bool fills_accept(struct engine *e, size_t pair,
                  const struct fill *f); /* decoded: into pending, or a duplicate; false: no room */
void fills_flush(struct engine *e);      /* end of a turn: hand the pending ones to the store or apply them */
void fills_committed(struct engine *e, uint64_t batch, enum err err, const char *why);
void fills_store_failed(struct engine *e, const char *why);
void fills_minute_closed(struct engine *e, size_t market, struct wall open_time, struct dec8 close);
void fills_ask_fee_prices(struct engine *e);
void fills_keep_values(struct engine *e); /* what was valued in this turn, to the store */
void fills_adopt_early(struct engine *e);
void fills_need_markets(struct engine *e); /* for the fees that wait, once it is known which markets exist */
void fills_count_cached(struct engine *e); /* after a ledger took fills in: late and stored ones only count then */
bool fills_recompute(struct engine *e);    /* a slice; true while more is left */

/* balances.c: what the exchange says the account holds */
void balances_begin(struct engine *e, struct mono asked); /* a whole account follows, asked for at that time */
void balances_take(struct engine *e, const struct balance *b, enum balance_source source);
void balances_end(struct engine *e);
void balances_moved(struct engine *e); /* by something that tells no amounts: to be read anew */

/* candles.c */
void candles_want(struct engine *e, const struct event *v);   /* EVENT_WANT_CANDLES */
void candles_stored(struct engine *e, const struct event *v); /* EVENT_STORED_CANDLES */
void candles_tick(struct engine *e);                          /* charts that the store keeps waiting */
void candles_answered(struct engine *e, const struct request *r, enum err err, struct candle *candles,
                      size_t count); /* an on-demand question; takes candles */
/* To the store, those that are closed: the exchange itself must have said so. */
void candles_keep(struct engine *e, size_t market, const struct name *interval, const struct candle *candles,
                  size_t count);
/* Of an answer, those that have been closed for a while: without the exchange's clock nobody knows which. */
void candles_keep_settled(struct engine *e, size_t market, const struct name *interval, const struct candle *candles,
                          size_t count);
bool candles_minute_asked(struct engine *e, size_t market,
                          int64_t minute); /* the store is being asked for it; false: it does not have it */
void charts_free(struct engine *e);

/* poll.c: what to ask next */
void poll_tick(struct engine *e);
struct mono poll_deadline(const struct engine *e);
void poll_history_wanted(struct engine *e);                              /* every pair: read from the last known on */
int64_t poll_newest_known(const struct engine *e, const struct pair *p); /* by the exchange; -1 none */
void poll_synced(struct engine *e); /* the user feed is live where no pair waits for its trades */

/* figures.c */
void figures_restore(struct engine *e, struct wall at, struct span point); /* a stored minute, before the start */
void figures_update(struct engine *e); /* marks, portfolio, windows, mode and status; once a turn */
void figures_price_changed(struct engine *e, size_t market);
void figures_fill(struct engine *e);           /* and one a fill */
void figures_forget_series(struct engine *e);  /* its rates lead to another display currency */
void figures_starts_changed(struct engine *e); /* the past changed: the windows' starts are computed anew */
void figures_minute(struct engine *e);         /* an equity point */

#endif
