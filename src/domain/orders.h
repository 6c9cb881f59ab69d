/* orders.h: our own open orders of one symbol, sorted by price. Changed by single events and replaced by snapshots; an event
 * that arrived after a snapshot was asked for wins over the snapshot. */
#ifndef DOMAIN_ORDERS_H
#define DOMAIN_ORDERS_H

#include "domain/market.h"

enum { ORDERS_MAX = 1000 }; /* per symbol: Binance allows 200 (MAX_NUM_ORDERS), the bot's answer 1,000 rows */

enum { ORDERS_NOTES = 64 }; /* prices at which an order ended; a grid places its next one at the same few levels */

struct order_note { /* the last thing heard of a price, where no order stands since */
    struct dec8 price;
    enum order_end end;
    struct wall at;
};

struct orders {
    struct order *rows; /* owned; sorted by price, then id */
    size_t count, capacity;
    struct order_touch { /* ids changed by events, with when: what a snapshot asked for earlier must not undo */
        int64_t order_id;
        struct wall at;
        bool open;
        struct order order;
    } * touches; /* owned; a ring of the last ORDERS_TOUCHES, or of what memory there was for */
    size_t touch_head, touch_count, touch_capacity;
    struct order_note *notes; /* owned; NULL until the first; oldest first */
    size_t note_count;
    uint64_t refused; /* over ORDERS_MAX */
    uint64_t version; /* rises with every change of the set; at least 1: readers tell by it whether to look again */
};

enum { ORDERS_TOUCHES = 256 }; /* events between asking for a snapshot and its answer: seconds of a busy grid */

struct orders *orders_new(void); /* NULL without memory */
void orders_free(struct orders *o);

/* An order event at `now`: open sets or replaces it, else it goes. True when the set changed. */
bool orders_event(struct orders *o, const struct order *order, bool open, struct wall now);
/* A whole list, asked for at `asked`; what events said at `asked` or later stands against it. rows is borrowed. True when
 * the set changed. */
bool orders_replace(struct orders *o, const struct order *rows, size_t count, struct wall asked);

/* How an order ended at that time; ORDER_END_NONE: it stands, or was filled, and what was noted of its price is forgotten. True
 * when the notes changed. */
bool orders_note(struct orders *o, const struct order *order, enum order_end end, struct wall at);

/* Highest open buy below and lowest open sell above the price; any price where price is 0. False: none. */
bool orders_next(const struct orders *o, struct dec8 price, enum side side, struct dec8 *out);
/* Lowest and highest price and the number of distinct prices: the grid as the orders show it. */
void orders_grid(const struct orders *o, struct grid *out);

#endif
