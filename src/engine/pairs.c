/* pairs.c: the pairs we account for, the markets whose prices they need, and the prices. */
#include "engine/private.h"

#include <stdio.h>
#include <stdlib.h>

static struct name exchange_name(const struct name *base, const struct name *quote) {
    struct name out = {{0}};
    char text[2 * NAME_MAX];
    int n = snprintf(text, sizeof text, "%s%s", base->text, quote->text);
    if (name_set(&out, span_from(text, (size_t)n)) != ERR_OK) out = (struct name){{0}};
    return out;
}

struct pair *pair_by_symbol(struct engine *e, const struct name *symbol, size_t *index) {
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        if (!name_eq(&p->symbol, symbol) && !name_eq(&p->exchange_symbol, symbol)) continue;
        if (index != NULL) *index = i;
        return p;
    }
    return NULL;
}

struct market *market_by_exchange_symbol(struct engine *e, const struct name *symbol, size_t *index) {
    for (size_t i = 0; i < e->market_count; i++) {
        if (!name_eq(&e->markets[i]->info.exchange_symbol, symbol)) continue;
        if (index != NULL) *index = i;
        return e->markets[i];
    }
    return NULL;
}

static void market_learn(struct engine *e, struct market *m) {
    const struct symbol_info *s = symbols_find_pair(&e->priv->symbols, &m->info.base, &m->info.quote);
    if (s == NULL) return;
    m->info = *s;
    m->info_known = true;
}

size_t market_ensure(struct engine *e, const struct name *base, const struct name *quote) {
    for (size_t i = 0; i < e->market_count; i++)
        if (name_eq(&e->markets[i]->info.base, base) && name_eq(&e->markets[i]->info.quote, quote)) return i;
    struct market *m = e->market_count < sizeof e->markets / sizeof *e->markets ? calloc(1, sizeof *m) : NULL;
    if (m == NULL) return SIZE_MAX;
    m->info.base = *base;
    m->info.quote = *quote;
    m->info.exchange_symbol = exchange_name(base, quote);
    if (symbol_join(&m->symbol, base, quote) != ERR_OK) m->symbol = m->info.exchange_symbol;
    m->needs_ticker = true;
    market_learn(e, m);
    e->markets[e->market_count] = m;
    e->priv->subscriptions_dirty = true;
    return e->market_count++;
}

static struct pair *pair_new(struct engine *e, const struct name *symbol) {
    struct name base, quote;
    if (symbol_split(&base, &quote, name_span(symbol)) != ERR_OK) return NULL;
    size_t market = market_ensure(e, &base, &quote);
    struct pair *p = market == SIZE_MAX ? NULL : calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->symbol = *symbol;
    p->base = base;
    p->quote = quote;
    p->exchange_symbol = e->markets[market]->info.exchange_symbol;
    p->market = market;
    p->active = true;
    p->history.complete_to = p->history.marked = -1;
    p->ledger = ledger_new(symbol, &base, &quote, e->config->since);
    p->orders = orders_new();
    if (p->ledger != NULL && p->orders != NULL) return p;
    ledger_free(p->ledger);
    orders_free(p->orders);
    free(p);
    return NULL;
}

static void choose_display(struct engine *e) {
    struct name chosen = name_of("USDT");
    if (!name_empty(&e->config->display_currency)) return;
    for (size_t i = 0; i < e->pair_count; i++) {
        if (i == 0) chosen = e->pairs[0]->quote;
        else if (!name_eq(&chosen, &e->pairs[i]->quote)) chosen = name_of("USDT");
        if (name_is(&chosen, "USDT") && i > 0) break;
    }
    if (name_eq(&chosen, &e->display)) return;
    e->display = chosen;
    e->dirty |= DIRTY_PNL | DIRTY_HEADER;
    figures_forget_series(e);
}

struct pair *pair_ensure(struct engine *e, const struct name *symbol, size_t *index) {
    struct pair *p = pair_by_symbol(e, symbol, index);
    if (p != NULL) return p;
    if (e->pair_count == LIMIT_PAIRS || (p = pair_new(e, symbol)) == NULL) {
        engine_log(e, LOG_ERROR, "engine", "no room for the pair %s", symbol->text);
        return NULL;
    }
    if (index != NULL) *index = e->pair_count;
    e->pairs[e->pair_count++] = p;
    choose_display(e);
    e->dirty |= DIRTY_PAIRS_SET;
    engine_dirty_pair(e, e->pair_count - 1);
    return p;
}

/* ---- conversion legs ---- */

enum { LEGS_ASKED = 10 }; /* directly, and two legs by each of four intermediates */

struct leg_search {
    struct engine *e;
    struct name found[LEGS_ASKED][2]; /* base, quote of markets that exist, in the order asked */
    size_t count;
};

/* Stands in for a price while looking for a path: which markets exist. */
static bool market_exists(void *arg, const struct name *base, const struct name *quote, struct dec8 *out) {
    struct leg_search *s = arg;
    if (symbols_find_pair(&s->e->priv->symbols, base, quote) == NULL) return false;
    if (s->count < LEGS_ASKED) {
        s->found[s->count][0] = *base;
        s->found[s->count][1] = *quote;
        s->count++;
    }
    *out = (struct dec8){DEC8_ONE};
    return true;
}

/* Watches the markets on the way from one asset to another. */
static void need_path(struct engine *e, const struct name *from, const struct name *to, bool minutes) {
    struct leg_search s = {.e = e};
    struct conversion c;
    struct price_source exists = {market_exists, &s};
    if (name_eq(from, to) || e->priv->symbols.count == 0) return;
    if (conversion_find(&c, from, to, &exists) != ERR_OK) return;
    for (size_t i = 0; i < s.count; i++) {
        size_t m = market_ensure(e, &s.found[i][0], &s.found[i][1]);
        if (m == SIZE_MAX || !minutes || e->markets[m]->needs_minutes) continue;
        e->markets[m]->needs_minutes = true;
        e->priv->subscriptions_dirty = true;
    }
}

void pairs_need_fee_markets(struct engine *e, const struct name *asset, const struct name *quote) {
    need_path(e, asset, quote, true);
}

void pairs_apply_info(struct engine *e) {
    const struct name bnb = name_of("BNB");
    choose_display(e);
    for (size_t i = 0; i < e->market_count; i++) market_learn(e, e->markets[i]);
    for (size_t i = 0; i < e->pair_count; i++) {
        struct pair *p = e->pairs[i];
        p->exchange_symbol = e->markets[p->market]->info.exchange_symbol;
        need_path(e, &p->quote, &e->display, false);
        if (engine_has_key(e))
            pairs_need_fee_markets(e, &bnb, &p->quote); /* the usual fee asset: known before the first fee */
        e->pair_dirty[i] = 1;
    }
    fills_need_markets(e);
    e->dirty |= DIRTY_PNL;
    streams_resubscribe(e);
}

/* ---- prices ---- */

bool engine_price(void *arg, const struct name *base, const struct name *quote, struct dec8 *out) {
    const struct engine *e = arg;
    for (size_t i = 0; i < e->market_count; i++) {
        const struct market *m = e->markets[i];
        if (m->price.v <= 0 || !name_eq(&m->info.base, base) || !name_eq(&m->info.quote, quote)) continue;
        *out = m->price;
        return true;
    }
    return false;
}

void engine_set_price(struct engine *e, size_t market, struct dec8 price, enum price_origin from) {
    struct market *m = e->markets[market];
    bool changed = m->price.v != price.v || m->price_source != from;
    if (price.v <= 0) return;
    m->price = price;
    m->price_at = e->now.wall;
    m->price_source = from;
    if (changed) figures_price_changed(e, market);
    for (size_t i = 0; i < e->pair_count && !changed; i++) /* no figure moved, but the price's age did */
        if (e->pairs[i]->market == market) e->pair_dirty[i] = 1;
}
