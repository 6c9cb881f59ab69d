/* engine.h: decides what to do next. Events and `now` in, effects out; it owns the state and is its only mutator (DESIGN 3).
 * Pure: no clock, no I/O. Whatever comes back later carries an id with a generation, never a pointer. The structs below are
 * visible so that view/ can read them through a const pointer; only engine/ writes. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "domain/orders.h"
#include "domain/portfolio.h"
#include "domain/proof.h"
#include "engine/breaker.h"
#include "engine/budget.h"
#include "engine/feed.h"
#include "wire/bot.h"
#include "wire/sign.h"

/* ---- configuration ---- */

enum source { SOURCE_IS_BOT, SOURCE_IS_EXCHANGE };
enum user_stream { USER_STREAM_WS_API, USER_STREAM_LISTEN_KEY };

enum { STREAM_NAME_MAX = 2 * NAME_MAX + sizeof "@kline_" }; /* a symbol, a kind, an interval; with the NUL */

struct engine_config { /* borrowed for the engine's life */
    enum source source;
    enum user_stream user_stream;
    const char *bot_url;              /* "http://localhost:8080" */
    struct span bot_api_key;          /* X-API-Key, empty none */
    const char *rest_url;             /* "https://api.binance.com" */
    const char *stream_url;           /* "wss://stream.binance.com:9443" */
    const char *ws_api_url;           /* "wss://ws-api.binance.com:443/ws-api/v3" */
    struct signing_key key;           /* KEY_NONE: no credentials */
    struct name symbols[LIMIT_PAIRS]; /* GRIDSCOPE_SYMBOLS, "BTC/USDT"; 0: from the store, else the bot */
    size_t symbol_count;
    struct name display_currency; /* empty: the quote all pairs share, else USDT */
    bool has_investment;
    struct dec16 investment;
    struct wall since;          /* GRIDSCOPE_SINCE; 0 none */
    int64_t day_offset_us;      /* GRIDSCOPE_DAY_ZONE's offset from UTC, kept current by the app */
    int64_t tier1_us, tier2_us; /* poll intervals */
    int64_t bot_timeout_us;
    struct breaker_config breaker;
    struct feed_config market_feed, user_feed;
    const char *heartbeat_stream; /* "btcusdt@miniTicker"; "" none; under STREAM_NAME_MAX bytes */
    const char *environment;      /* "production", "testnet", "demo" or the host */
    bool persist;                 /* a store is there: fills wait for its commit (DESIGN 3) */
    bool keeps_candles;           /* and it answers EFFECT_ASK_CANDLES */
    uint64_t seed;                /* jitter */
};

/* ---- state, read by view/ ---- */

enum price_origin { PRICE_NONE, PRICE_STREAM, PRICE_POLL, PRICE_CANDLE };
const char *price_source_name(enum price_origin s); /* "none", "stream", "poll", "candle" */

enum {
    MINUTES_KEPT = 2048
}; /* closes kept of a market that prices fees: one answer of 1,000 candles, and the day's own */

struct minute_close {
    int64_t minute;    /* open time in minutes since the epoch; 0 free */
    struct dec8 close; /* 0: the exchange has no candle for it */
};

struct market {         /* a watched market: a pair's own, a conversion leg, a fee leg */
    struct name symbol; /* "BTC/USDT" */
    struct symbol_info info;
    bool info_known;
    bool needs_ticker, needs_minutes; /* wanted streams */
    struct dec8 price;                /* last */
    struct wall price_at;             /* when it arrived; 0 never */
    enum price_origin price_source;
    struct minute_close *minutes; /* owned; MINUTES_KEPT slots, by minute; NULL until the first */
    int64_t minute_asked;         /* of the store, last; 0 none */
    struct mono minute_due;       /* its answer is waited for until then */
};

enum history_state { HISTORY_LOADING, HISTORY_COMPLETE, HISTORY_SINCE, HISTORY_GAP };
const char *history_state_name(enum history_state s); /* "loading", "complete", "since", "gap" */

struct history { /* what of Binance's (or the bot's) trades of a pair has been read */
    enum history_state state;
    int64_t complete_to; /* every id from the first to this one was read; -1 none */
    int64_t marked;      /* as the store was last told: only when all those fills are on the disk */
    bool caught_up;      /* the last page was not full */
    bool wanted;         /* a read from complete_to + 1 is due */
    bool in_flight;
    bool verify;           /* a testnet may have been wiped: its newest trades are asked for before any later ones */
    bool suspect;          /* the newest id was lower than a known one: once more is certain */
    bool compare;          /* just complete: the bot's trades are held against it once nothing is on its way */
    bool sync_wanted;      /* the user feed is not live before the trades up to now are merged */
    struct mono sync_from; /* by a question sent at this time or later */
    uint32_t pages;
    struct backoff backoff;
    struct mono not_before;
};

enum change_source { CHANGE_NONE, CHANGE_STORE, CHANGE_FILL, CHANGE_CANDLE };
const char *change_source_name(enum change_source s, enum fill_source fill); /* NULL for none; of a fill its source */

struct change {     /* when realized P&L last changed here, and by what */
    struct wall at; /* 0 never */
    enum change_source source;
    enum fill_source fill; /* of CHANGE_FILL: whose record */
};

struct pair {
    struct name symbol;          /* "BTC/USDT" */
    struct name exchange_symbol; /* "BTCUSDT" */
    struct name base, quote;
    size_t market; /* index into engine.markets */
    bool active;   /* false: left the bot's strategies; stays in ledger and portfolio */
    struct ledger *ledger;
    struct orders *orders;
    bool orders_known; /* a snapshot of the open orders has been read */
    struct grid grid;
    bool grid_from_bot;
    char strategy[64];
    struct history history;
    struct mono trades_polled, orders_polled, candle_polled; /* when last asked; 0 never */
    struct mono orders_not_before;                           /* Binance's list failed: not asked again before */
    struct mono orders_as_of;                                /* when the list that stands was asked for */
    bool orders_wanted;                         /* of the exchange: the user stream goes on from its list */
    bool orders_vanished;                       /* the bot's last list was empty where orders were open */
    struct wall trades_read_at, orders_read_at; /* when last answered; 0 never */
    /* figures, kept current by the engine */
    bool unrealized_known;
    struct dec16 unrealized, total; /* in quote */
    bool today_known;
    struct dec16 today;
    bool price_stale; /* older than 60 s */
    struct proof proof;
    struct change realized_change;
    struct dec16 realized_seen; /* as of that change */
    struct change cause;        /* what entered the ledger last */
};

enum bot_health_state { BOT_UNKNOWN, BOT_HEALTHY, BOT_DEGRADED, BOT_ERROR };
const char *bot_health_name(enum bot_health_state s); /* "unknown", "healthy", "degraded", "error" */

enum bot_endpoint { BOT_METRICS, BOT_HEALTH, BOT_STRATEGIES, BOT_TRADES, BOT_ORDERS, BOT_OHLCV, BOT_ENDPOINTS };
const char *bot_endpoint_name(enum bot_endpoint e); /* "metrics", "health", ... */

struct bot_state {
    enum bot_health_state health;
    char message[120];           /* "" none */
    struct dec16 uptime_seconds; /* 0 unknown */
    struct name name;
    struct wall last_ok; /* 0 never */
    struct breaker breaker;
    struct rate_budget rate;
    bool unavailable[BOT_ENDPOINTS];      /* answered 404 */
    struct mono ask_again[BOT_ENDPOINTS]; /* not before: absent, unauthorized or failing on its own */
    struct backoff endpoint_backoff[BOT_ENDPOINTS];
    bool refused[BOT_ENDPOINTS]; /* answered 401 or 403, and nothing better since */
    bool unauthorized;           /* the strategies were: so is the key. They alone are repeated */
    bool health_unauthorized;    /* even the health request: then it alone is repeated */
    int64_t latency_ms;          /* -1 unknown */
    uint64_t requests;
    int64_t tier2_actual_us; /* how long a round over the pairs takes now */
    bool strategies_known;
    bool other_account; /* its trades are not those of the key (ACCOUNTING 2) */
};

struct exchange_state {
    struct breaker breaker;
    struct weight_budget weight;
    bool throttled;
    bool unauthorized; /* the key was refused */
    bool clock_known;
    int64_t clock_offset_us; /* exchange - ours */
    int64_t latency_ms;      /* of the last answer; -1 unknown */
    uint64_t rest_requests, ws_requests, on_demand_requests;
    struct wall last_ok;
    int64_t uid;     /* -1 unknown */
    bool info_known; /* exchange information has been read */
    struct dec8 maker_rate, taker_rate;
};

enum balance_source { BALANCE_ACCOUNT, BALANCE_STREAM };

struct held_balance {
    struct name asset;
    struct dec8 free, locked;
    struct wall at; /* when it was told */
    struct mono heard;
    enum balance_source source;
};

struct
    balances { /* the exchange's own, as last told: the whole account once, then what the stream says of single assets */
    bool known;    /* the account has been read as a whole */
    bool cut;      /* over the bound: an asset that is not listed is not known */
    bool outdated; /* something moved them that has not been read since */
    struct wall read_at, updated_at;
    size_t count, capacity;
    struct held_balance *rows; /* owned; at most LIMIT_BALANCES; an asset that is not listed has none */
};
const char *balance_source_name(enum balance_source s); /* "account", "stream" */

enum fallback { FALLBACK_NONE, FALLBACK_BOT, FALLBACK_REST };

struct gap { /* a time without a feed */
    enum feed_kind feed;
    struct wall from, to; /* to 0: still open */
    char cause[FEED_REASON_MAX];
    uint64_t recovered_fills;
};

enum mode { MODE_STARTING, MODE_STREAMING, MODE_PARTIAL, MODE_POLLING, MODE_OFFLINE };
enum status { STATUS_CONNECTED, STATUS_RECONNECTING, STATUS_STALE, STATUS_OFFLINE };
enum status_reason {
    REASON_NONE,
    REASON_STARTING,
    REASON_BREAKER,
    REASON_NO_RESPONSE,
    REASON_UNAUTHORIZED,
    REASON_RATE_LIMITED
};
const char *mode_name(enum mode m);
const char *status_name(enum status s);
const char *status_reason_name(enum status_reason r); /* NULL for REASON_NONE */

enum window { WINDOW_1H, WINDOW_24H, WINDOW_7D, WINDOW_30D, WINDOWS };
const char *window_name(enum window w); /* "1h", "24h", "7d", "30d" */

struct window_figure {
    bool known;
    struct dec16 pnl;
    bool has_percent;
    struct dec8 percent;
    bool from_equity; /* basis "equity", else "realized" */
};

enum { DIRTY_HEADER = 1, DIRTY_STREAMS = 2, DIRTY_PNL = 4, DIRTY_WINDOWS = 8, DIRTY_GAPS = 16, DIRTY_PAIRS_SET = 32 };

struct counters {
    uint64_t duplicates_dropped, fills_applied, fills_refused, other_symbol_fills, corrections, turns;
    uint64_t points_refused, ignored_events, effects_dropped, pending_overflow, bad_bodies;
};

struct engine; /* the whole: engine/state.h, for engine/ and view/ */

/* ---- effects: what the app is to do, in order ---- */

enum effect_kind {
    EFFECT_HTTP,        /* .id .upstream .method .target(url) .with_key .timeout_us .max_body */
    EFFECT_HTTP_CANCEL, /* .id */
    EFFECT_WS_CONNECT,  /* .id .target(url) */
    EFFECT_WS_SEND,     /* .id .text */
    EFFECT_WS_CLOSE,    /* .id */
    EFFECT_PERSIST,     /* .id batch .fills .fill_count: answer by EVENT_COMMITTED; id 0 (fees valued since): no answer.
                          Borrowed until the effect is done */
    EFFECT_REMEMBER,    /* .key .text: a small fact for the store: "symbols" (comma-separated), "account", "epoch": the
                          account was wiped, its fills and marks so far are of an older epoch, and "joined": a trade was
                          seen by the bot and by the key, the bot's fills are the account's (ACCOUNTING 2) */
    EFFECT_HISTORY,     /* .symbol .complete_to: every trade from the first id to this one has been read; -1 none.
                          .gap: trades are missing that only the bot knew */
    EFFECT_POINT, /* .time .text .text_len: a minute's marks and rates for the store, as bytes (domain/equity.h) */
    EFFECT_ASK_CANDLES, /* .id .symbol .interval .time .limit: the newest kept ones that open before a time (0: of all),
                          at most limit: answer by EVENT_STORED_CANDLES */
    EFFECT_KEEP_CANDLES, /* .symbol .interval .candles .candle_count: closed ones, for the store */
    EFFECT_KEEP_MARKETS, /* .markets .market_count .weight_limit: exchange information read just now, for the store */
    EFFECT_CANDLES, /* .id user request .candles .candle_count, or .err: answer for the page. Borrowed until taken */
    EFFECT_LIVE_CANDLE,    /* .symbol .interval .candles[0]: an update for whoever watches */
    EFFECT_ORDERS_CHANGED, /* .symbol */
    EFFECT_FILLS_APPLIED,  /* .fills .fill_count: newly in the ledger, for the trades topic. Borrowed until taken */
    EFFECT_LOG,            /* .level .topic .text */
};

enum upstream { UPSTREAM_BOT, UPSTREAM_BINANCE };

struct effect {
    enum effect_kind kind;
    uint64_t id;
    enum upstream upstream;
    const char *method; /* static text */
    bool with_key;      /* the upstream's key goes along as a header (X-MBX-APIKEY, X-API-Key) */
    char *target;       /* owned by the effect: URL, may hold a signature: never logged */
    char *text;         /* owned by the effect, NUL-terminated */
    size_t text_len;
    int64_t timeout_us;
    size_t max_body;
    const struct fill *fills;
    size_t fill_count;
    struct candle *candles; /* owned by the effect */
    size_t candle_count;
    struct symbol_info *markets; /* owned by the effect */
    size_t market_count;
    int64_t weight_limit;
    int limit;
    bool gap;
    enum err err;
    struct name symbol, interval;
    enum log_level level;
    const char *topic; /* static text */
    const char *key;   /* static text */
    int64_t complete_to;
    struct wall time;
};

/* ---- the door ---- */

/* NULL without memory. config is borrowed for the engine's life. */
struct engine *engine_new(const struct engine_config *config, struct now now);
void engine_free(struct engine *e);

/* What the store knows: before engine_start, fills also later (an account that became known). Any order; duplicates are fine. */
void engine_load_symbol(struct engine *e, const struct name *symbol); /* one of those last watched: "BTC/USDT" */
void engine_load_fill(struct engine *e, const struct fill *f);
/* As said by EFFECT_HISTORY, after the fills. */
void engine_load_history(struct engine *e, const struct name *symbol, int64_t complete_to);
/* As said by EFFECT_HISTORY with a gap, after the fills. Nothing where there is a key: then the exchange itself fills it. */
void engine_load_gap(struct engine *e, const struct name *symbol);
/* As said by EFFECT_KEEP_MARKETS, and when; before engine_start. Good for an hour: an older reading, or one from a time to come,
 * is left alone, and the exchange is asked. */
void engine_load_markets(struct engine *e, const struct symbol_info *markets, size_t count, int64_t weight_limit,
                         struct wall read_at, struct now now);
/* As said by EFFECT_POINT, oldest first, after the fills and before engine_start. */
void engine_load_point(struct engine *e, struct wall time, struct span point);
void engine_start(struct engine *e, struct now now);

enum event_kind {
    EVENT_TIMER,          /* engine_deadline has passed */
    EVENT_HTTP,           /* .id .err .error .status .body .headers .elapsed_us */
    EVENT_WS_OPEN,        /* .id */
    EVENT_WS_TEXT,        /* .id .body */
    EVENT_WS_PING,        /* .id */
    EVENT_WS_CLOSED,      /* .id .err .code .status .retry_after_us .body (reason) */
    EVENT_COMMITTED,      /* .id batch; .err not ERR_OK: the store failed, .error says how */
    EVENT_STORE_FAILED,   /* .error: history is not durable from now on */
    EVENT_STORED_CANDLES, /* .id .err .candles .candle_count: oldest first; none where there are none, or on an error */
    EVENT_WANT_CANDLES,   /* .id request of a user; .symbol .interval .limit .before: answered by EFFECT_CANDLES */
    EVENT_WATCH_CANDLES,  /* .symbol .interval .on: a page opened or closed a chart */
    EVENT_PAGE,           /* .on: somebody is looking (a shown open breaker asks for its trial) */
    EVENT_STOP,           /* close everything */
};

struct event_header {
    struct span name, value;
};

struct event {
    enum event_kind kind;
    uint64_t id;
    enum err err;
    const char *error; /* words, borrowed */
    int status;
    uint16_t code;
    int64_t retry_after_us; /* 0 none */
    struct span body;       /* borrowed */
    int64_t weight_used;    /* X-MBX-USED-WEIGHT-1M, -1 absent */
    int remaining;          /* X-RateLimit-Remaining, -1 absent */
    int64_t elapsed_us;
    struct name symbol, interval;
    int limit;
    struct wall before;           /* 0 none */
    const struct candle *candles; /* borrowed */
    size_t candle_count;
    bool on;
};

/* The only mutator. Effects are appended to the engine's list; take them with engine_next_effect until false. */
void engine_handle(struct engine *e, const struct event *event, struct now now);
/* Once after the events of a turn: recomputes in slices, brings figures and dirty marks up to date, hands out the batch to
 * persist. True while more recomputation is left (call again in the next turn). */
bool engine_turn(struct engine *e, struct now now);
/* Moves the oldest effect out; its owned parts are freed by effect_free. */
bool engine_next_effect(struct engine *e, struct effect *out);
void effect_free(struct effect *f);
/* When EVENT_TIMER is due next. */
struct mono engine_deadline(const struct engine *e);
/* Before one of its fills is known or a source of fills has answered for it, nothing is known of a pair: no P&L of zero. */
bool engine_fills_known(const struct pair *p);

#endif
