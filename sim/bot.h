/* bot.h: a spot grid bot on one symbol. Between a lower and an upper price lie `grids` price levels; each gap between two
 * neighbouring levels is a slot that holds either cash (a buy order waits at its lower level) or coins (a sell order waits
 * at its upper level). A filled order is answered, a few steps later, by its counterpart one level away. The first coins
 * are bought at the market. When the price has left the grid for long, the bot cancels everything and lays a new grid
 * around the price. It reads the exchange only through its orders, as a real bot does. */
#ifndef SIM_BOT_H
#define SIM_BOT_H

#include "sim/exchange.h"

enum { BOT_GRIDS_MAX = 40 };

enum slot_state { SLOT_CASH, SLOT_BUYING, SLOT_COINS, SLOT_SELLING };

struct bot_slot {
    enum slot_state state;
    int64_t order_id; /* of BUYING and SELLING */
    int64_t quantity; /* coins to buy, or held (net of fees, on the symbol's step) */
    int64_t paid;     /* quote paid for the coins held */
    uint32_t wait;    /* steps until it acts */
};

struct bot_config {
    unsigned grids;      /* levels, 4..BOT_GRIDS_MAX */
    int64_t spacing_ppm; /* from one level to the next */
    int64_t slot_value;  /* quote for one slot, units of 10^-8 */
};

struct grid_bot {
    struct venue *venue;
    struct venue_symbol *symbol;
    struct bot_config config;
    bool started;
    int64_t levels[BOT_GRIDS_MAX];
    struct bot_slot slots[BOT_GRIDS_MAX]; /* slot i lies between levels i and i + 1 */
    unsigned level_count;
    uint32_t outside; /* steps the price has been outside */
    uint64_t next_client;
    /* the bot's own bookkeeping, as its API reports it: per completed slot, sell less buy, less an assumed 0.1 % a side */
    int64_t profit, fees;
    uint64_t cycles, regrids;
    struct rng rng;
};

void bot_init(struct grid_bot *b, struct venue *v, struct venue_symbol *s, const struct bot_config *config);
void bot_step(struct grid_bot *b);
unsigned bot_orders(const struct grid_bot *b, enum side side);

#endif
