/* crowd.c: everybody else on the exchange. One step of a symbol:
 *   1. quotes that the new fair price has made foolish are withdrawn, and some others out of boredom
 *   2. orders left standing on the wrong side of the fair price (the owner's) are taken, in pieces of random size
 *   3. quotes are laid around the fair price until the book is as deep as usual
 *   4. now and then somebody buys or sells at the market */
#include "base/check.h"
#include "sim/exchange.h"

enum { CROWD_QUOTES = 12, CROWD_BORED = 24, CROWD_TAKE_PERCENT = 45 };

/* A usual trade is worth about this much of the reference currency; quotes are a few of them. */
#define CROWD_TRADE_VALUE (INT64_C(600) * NUM_ONE)

static int64_t usual_quantity(const struct venue *v, const struct venue_symbol *s) {
    int64_t price = (int64_t)(v->market.assets[s->base].value / NUM_ONE);
    int64_t quantity = sim_num_floor(sim_num_div(CROWD_TRADE_VALUE, price > 0 ? price : 1), s->step);
    return quantity > 0 ? quantity : s->step;
}

static int64_t some_quantity(const struct venue *v, struct venue_symbol *s, uint64_t most_percent) {
    int64_t q = usual_quantity(v, s) * (int64_t)(5 + rng_below(&s->rng, most_percent)) / 100;
    q = sim_num_floor(q, s->step);
    return q > 0 ? q : s->step;
}

/* Half the distance between the best quotes: about a third of a basis point, at least half a tick. */
static int64_t half_spread(const struct venue_symbol *s, int64_t fair) {
    int64_t half = fair / 30000;
    return half > s->tick / 2 ? half : (s->tick + 1) / 2;
}

static bool foolish(const struct venue_symbol *s, const struct book_order *o, int64_t fair) {
    int64_t half = half_spread(s, fair), far = fair / 40;
    if (o->side == SIDE_BUY) return o->price > fair - half || o->price < fair - far;
    return o->price < fair + half || o->price > fair + far;
}

/* Walks all orders of the pool: there are about two dozen of the crowd's. left: how many of them stay on each side. */
static void withdraw(struct venue_symbol *s, int64_t fair, unsigned left[static 2]) {
    for (uint32_t h = 1; h < s->book.order_count; h++) {
        const struct book_order *o = sim_book_order(&s->book, h);
        if (o == NULL || o->owner != 0) continue;
        if (foolish(s, o, fair) || rng_chance(&s->rng, 1, CROWD_BORED)) sim_book_cancel(&s->book, h);
        else left[o->side]++;
    }
}

static void sweep_stale(struct venue *v, struct venue_symbol *s, int64_t fair) {
    for (int side = 0; side < 2; side++) {
        enum side taker = (enum side)side;
        const struct book_level *best = sim_book_best(&s->book, side_other(taker));
        for (int tries = 0; best != NULL && tries < 4; tries++) {
            bool stale = taker == SIDE_BUY ? best->price < fair : best->price > fair;
            if (!stale) break;
            venue_crowd_take(v, s, taker, best->price, some_quantity(v, s, 60));
            best = sim_book_best(&s->book, side_other(taker));
        }
    }
}

static void lay_side(struct venue *v, struct venue_symbol *s, enum side side, int64_t fair, unsigned there) {
    int64_t half = half_spread(s, fair), sign = side == SIDE_BUY ? -1 : 1;
    for (unsigned n = there; n < CROWD_QUOTES; n++) {
        int64_t rank = (int64_t)rng_below(&s->rng, CROWD_QUOTES); /* most near the touch, a few far out */
        int64_t near = (int64_t)rng_below(&s->rng, (uint64_t)(fair / 20000 + s->tick));
        int64_t away = half + near + fair / 20000 * rank * rank / 8;
        int64_t price = fair + sign * away;
        price = side == SIDE_BUY ? sim_num_floor(price, s->tick) : sim_num_floor(price + s->tick - 1, s->tick);
        const struct book_level *other = sim_book_best(&s->book, side_other(side));
        if (price <= 0) continue;
        if (other != NULL && (side == SIDE_BUY ? price >= other->price : price <= other->price)) continue;
        sim_book_add(&s->book, side, price, some_quantity(v, s, 400), 0, v->steps);
    }
}

void venue_crowd_step(struct venue *v, struct venue_symbol *s) {
    int64_t fair = sim_market_rate(&v->market, s->base, s->quote);
    unsigned there[2] = {0, 0};
    withdraw(s, fair, there);
    sweep_stale(v, s, fair);
    lay_side(v, s, SIDE_BUY, fair, there[SIDE_BUY]);
    lay_side(v, s, SIDE_SELL, fair, there[SIDE_SELL]);
    if (rng_below(&s->rng, 100) < CROWD_TAKE_PERCENT) {
        enum side taker = rng_chance(&s->rng, 1, 2) ? SIDE_BUY : SIDE_SELL;
        venue_crowd_take(v, s, taker, 0, some_quantity(v, s, 120));
    }
    if (v->hooks.on_touch != NULL) v->hooks.on_touch(v->hooks.arg, s);
}
