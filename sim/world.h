/* world.h: the simulated world: the market, the exchange, one grid bot a symbol, and the deposits that pay for it all.
 * It advances in steps of its own clock; the same seed and the same steps give the same prices and trades everywhere. The
 * past is simulated before the start in coarser steps, then the clock is moved so that it ends just before `now`. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim/bot.h"

enum { WORLD_SYMBOLS_MAX = 1100 };

struct world_config {
    uint64_t seed;
    const char *symbols;     /* "BTC/USDT,ETH/BTC": known coins only; NULL: the demo's */
    unsigned synthetic;      /* pairs S001/USDT ... for load, besides or (where symbols is "") alone */
    unsigned history_fills;  /* fills a symbol, on average, before the start */
    int64_t history_step_us; /* coarse step of the past */
    int64_t tick_us;         /* step of the present */
    int64_t pace_percent;    /* market time against real time in the present: 100 is real, 800 eight times as lively */
    bool bnb_fees;
    int64_t bnb_deposit; /* BNB at the start and at each refill, units of 10^-8 */
    int64_t fee_rate;    /* units of 10^-8 */
};

struct world {
    struct world_config config; /* strings are not kept */
    struct venue venue;
    struct grid_bot *bots; /* owned; in the order of the traded symbols */
    size_t bot_count;
    int64_t started_us; /* when the present began */
    bool market_paused, bots_paused;
};

/* False where the symbols name an unknown coin. */
bool world_init(struct world *w, const struct world_config *config, int64_t now_us);
void world_free(struct world *w);
/* One step of the present: world time goes on by tick_us. */
void world_step(struct world *w);
/* The whole state as one number: equal for equal histories. */
uint64_t world_digest(const struct world *w);
struct grid_bot *world_bot(struct world *w, const struct venue_symbol *s);

#endif
