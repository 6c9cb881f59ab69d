/* view.h: the engine's state as the outside sees it: JSON for the page and for programs, Prometheus text, CSV. Pure:
 * reads a const engine, writes into a buffer; the page and the server compute no money.
 *
 * Conventions of every JSON text (PRODUCT 4 and 6): money, prices and quantities are strings with the exact decimal,
 * times ISO 8601 UTC with Z, counts are numbers, ids of trades and orders are strings (64 bits do not survive
 * JavaScript), what is not known is null. A buffer that fails (buf.h) holds nothing of use: throw its content away. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "base/buf.h"
#include "base/name.h"
#include "domain/market.h"
#include "domain/methods.h"

struct engine;
struct fill;

/* ---- the state: one snapshot, then deltas ---- */

/* The state of this moment, for GET /api/v1/snapshot: contract/snapshot.example.json. */
void view_snapshot(struct buf *out, const struct engine *e, struct now now, uint64_t seq);

/* What the sessions have been told: the values last sent, so that a delta holds what changed and nothing else.
 *
 * A delta is a JSON merge patch (RFC 7396) of the snapshot with type "delta", seq and server_time; `pairs` is in it an
 * object keyed by symbol. In a merge patch null removes: a member that became unknown is gone after it, which means the
 * same as null. Other arrays are sent whole.
 *
 * Most members are compared whenever the engine marked what they come from, so a price or a figure goes out in the
 * delta of its turn. Those that move all the time and say little go on a slow beat, VIEW_SLOW_US, alone or with
 * others: the streams' last_message_at, messages, rejected_messages and latency_ms; the bot's uptime_seconds,
 * last_ok and latency_ms; the exchange's weight, clock offset, latency, on-demand count and the end of its ban;
 * last_update (which also rides along with any change) and a pair's price_at (which rides along with any change of
 * its pair). server_time and seq are in every delta and cause none. */
struct view;

enum { VIEW_SLOW_US = 250000 }; /* four beats a second: an age on the page is in tenths of seconds at best */

/* Takes the present state as sent. NULL without memory. */
struct view *view_new(const struct engine *e, struct now now);
void view_free(struct view *v);

/* Appends one delta and returns true, or leaves out as it was and returns false where nothing is to be said: then
 * the number is not used up. Call once a turn before engine_clean, and when view_deadline has come. Where out fails,
 * what the delta held is lost to the sessions: give each a new view_known. */
bool view_delta(struct view *v, struct buf *out, const struct engine *e, struct now now, uint64_t seq);

/* What the slow beat owes, or what changes by time alone (a new weight minute, the end of a ban), is due then;
 * false: nothing. */
bool view_deadline(const struct view *v, const struct engine *e, struct now now, struct mono *at);

/* The snapshot a session has that was given every delta up to seq: for a new session between two deltas, where
 * view_snapshot might already know more than the deltas before it. */
void view_known(const struct view *v, struct buf *out, struct now now, uint64_t seq);

/* ---- fills: /api/v1/trades, /api/v1/trades.csv, the topic "trades" ---- */

/* How many fills one step looks at: 0.3 ms here and under 2 ms on a slow board, so that no tick waits long for an answer in the
 * making. Searching a fill for a text, or writing its row, counts for as many as it takes the time of. */
enum { VIEW_STEP_FILLS = 5000 };

struct view_trades_query {
    struct name symbol; /* "BTC/USDT" or "BTCUSDT", any case; empty: all */
    bool has_side;
    enum side side;
    struct wall from, to; /* from inclusive, to exclusive; 0: open */
    const char *text;     /* part of symbol, ids, fee asset, side or source, any case; NULL or "": any */
    const char *cursor;   /* next_cursor of the page before; NULL or "": the newest */
    uint32_t limit;       /* rows of a page; CSV takes all */
};
enum view_trades_format { VIEW_TRADES_JSON, VIEW_TRADES_CSV };

/* An answer in the making. It borrows nothing; the engine's state may change between two steps. */
struct view_trades;

/* ERR_VALUE: the cursor is not one of ours. ERR_TOO_BIG: text over 64 bytes. ERR_MEMORY. */
MUST_CHECK enum err view_trades_new(struct view_trades **out, const struct view_trades_query *q,
                                    enum view_trades_format format);
void view_trades_free(struct view_trades *t);
/* Appends the next part; true when the answer is complete. JSON: all steps into one buffer:
 *   {"rows":[...],"next_cursor":...,"totals":{...}}, newest first over all pairs by (time, symbol, id); the totals are those
 *   of the whole filtered set, whatever the page. A page stays where it is when newer fills come in.
 * CSV: the whole filtered set newest first; the buffer may be sent and cleared between two steps. */
bool view_trades_step(struct view_trades *t, struct buf *out, const struct engine *e);

/* {"type":"trades","topic":"trades","seq":n,"rows":[...]}: fills that have just entered the ledger. */
void view_trades_topic(struct buf *out, const struct engine *e, const struct fill *fills, size_t count, uint64_t seq);

/* ---- open orders, candles ---- */

/* {"rows":[...],"known":...}; with a symbol (as the page or the exchange spells it) also its grid's "levels". Empty:
 * all. */
void view_orders(struct buf *out, const struct engine *e, const struct name *symbol);
/* The same as a message of the topic "orders:<symbol>"; symbol as the page spells it. */
void view_orders_topic(struct buf *out, const struct engine *e, const struct name *symbol, uint64_t seq);

/* {"symbol":...,"interval":...,"candles":[...]}, oldest first as given. */
void view_candles(struct buf *out, const struct name *symbol, const struct name *interval, const struct candle *candles,
                  size_t count);
void view_candles_topic(struct buf *out, const struct name *symbol, const struct name *interval,
                        const struct candle *candle, uint64_t seq);

/* ---- equity ---- */

/* The part of an answer that lies before what the engine remembers: ask the store for it before the first step.
 *     while (view_series_wants(s, e, &from, &to, &step)) {
 *         for each point of the store in from <= time < to, the first of each step: view_series_stored(s, time, bytes);
 *         view_series_stored_end(s);
 *     }
 * Without a store leave it out: then the answer is of what memory has. */
struct view_series;
bool view_series_wants(struct view_series *s, const struct engine *e, struct wall *from, struct wall *to,
                       int64_t *step_us);
void view_series_stored(struct view_series *s, struct wall time, struct span point); /* oldest first; point is copied */
void view_series_stored_end(struct view_series *s);

/* An answer in the making, as view_trades: {"currency","investment","points":[{"time","total","realized"}]}, oldest first, at
 * most about 1,500, evenly thinned; the last is the present moment where `to` is open. from inclusive, to exclusive; 0: open.
 * NULL without memory. */
struct view_equity;
struct view_equity *view_equity_new(struct wall from, struct wall to, struct now now);
void view_equity_free(struct view_equity *v);
struct view_series *view_equity_series(struct view_equity *v); /* borrowed */
/* Works off at most VIEW_STEP_FILLS fills and marks; true when the answer is written, or out has failed (ERR_BAD_STATE: the past
 * changes faster than it can be read). */
bool view_equity_step(struct view_equity *v, struct buf *out, const struct engine *e);

/* ---- performance ---- */

/* An answer in the making, as view_trades. symbol empty: the portfolio in the display currency; else that pair in
 * its quote. method: which coins a sale sells; realized, unrealized and the cycles' figures follow it, the total is the same in
 * all. NULL without memory. */
struct view_performance;
struct view_performance *view_performance_new(const struct engine *e, const struct name *symbol, enum method method,
                                              struct now now);
void view_performance_free(struct view_performance *v);
struct view_series *view_performance_series(struct view_performance *v); /* borrowed; for the drawdown */
/* Works off at most VIEW_STEP_FILLS fills; true when the answer is written: sums of the cycles, fees by asset, APR,
 * drawdown, the series per hour (48), day (400), week (106) and month (120) up to now, the pairs one by one, and their grids'
 * steps. */
bool view_performance_step(struct view_performance *v, struct buf *out, const struct engine *e);

/* ---- trust ---- */

/* GET /api/v1/proof: the ledger's figures against cash flows plus holdings at the mark, by pair and over all; what the fills moved
 * against the exchange's balances. */
void view_proof(struct buf *out, const struct engine *e, struct now now);
/* GET /api/v1/provenance: for each figure how old it is and where it comes from. */
void view_provenance(struct buf *out, const struct engine *e, struct now now);

/* [{"symbol","name","active","source","lower","upper","levels","investment"}]: for GET /api/v1/config. */
void view_strategies(struct buf *out, const struct engine *e);

/* ---- for machines ---- */

/* Prometheus text: every counter and state of the engine, figures as exact decimals. */
void view_metrics(struct buf *out, const struct engine *e, struct now now);
/* Whether there are figures to show: false only from the start to the first data. And the same in words. */
bool view_ready(const struct engine *e);
void view_ready_text(struct buf *out, const struct engine *e);

#endif
