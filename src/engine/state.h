/* state.h: the engine's whole state. engine/ writes it, view/ reads it through a const pointer, nobody else includes it. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "domain/equity.h"
#include "engine/engine.h"

enum {
    REQUESTS_MAX = 128
}; /* under way at once: two charts for each of a few users, and one page for each of 50 pairs */
enum { PENDING_PAIRS_EVENTS = 256 }; /* user events kept while the symbols are not known yet: a start takes seconds */

struct engine_requests; /* engine/requests.h */
struct symbol_table;    /* engine/symbols.h: every market that exists */

struct engine {
    const struct engine_config *config;
    struct rng rng;
    struct now now; /* of the last event */
    struct wall started_at;

    struct pair *pairs[LIMIT_PAIRS];
    size_t pair_count;
    struct market *markets[LIMIT_PAIRS * 2]; /* each pair's own and the legs they need */
    size_t market_count;

    struct bot_state bot;
    struct exchange_state exchange;
    struct feed market, user;
    enum fallback market_fallback, user_fallback;
    bool fallback_proven[2];           /* by feed kind: its polling has succeeded since the feed was lost */
    struct gap gaps[LIMIT_GAPS_SHOWN]; /* a ring, newest at (gap_head + gap_count - 1) */
    size_t gap_head, gap_count;

    enum mode mode;
    enum status status;
    enum status_reason reason;
    struct wall last_update;    /* of any figure */
    struct wall fills_read_at;  /* newest successful read of fills */
    struct wall upstream_ok_at; /* any upstream answered; 0 never */

    struct name display; /* portfolio currency */
    struct portfolio portfolio;
    struct left_out left_out[LIMIT_PAIRS * 2];
    struct portfolio_line lines[LIMIT_PAIRS];
    struct proof_state_all {
        enum proof_state state;
        bool has_drift;
        struct dec16 drift; /* display currency */
    } proof;
    struct balances balances;
    bool has_investment, investment_from_bot;
    struct dec16 investment;
    bool percent_known;
    struct dec8 total_percent;
    struct window_figure windows[WINDOWS];
    struct equity *equity; /* owned: marks and rates of the past, for windows and the curve */

    bool durable; /* the store commits */
    char store_error[120];

    struct counters count;
    size_t trades_cached;

    /* dirty since the last view_clean: DIRTY_ bits, and one byte a pair */
    unsigned dirty;
    unsigned char pair_dirty[LIMIT_PAIRS];

    struct engine_private *priv; /* what only engine/ needs */
};

/* The view has shown everything that was marked. */
void engine_clean(struct engine *e);

#endif
