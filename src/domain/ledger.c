/* ledger.c: the contract of ledger.h: identity and authority of records, the order of fills, and bringing the walk
 * up to date (ledger_impl.h explains the parts). */
#include "domain/ledger_impl.h"

#include "base/check.h"
#include "base/map.h"

#include <stdlib.h>

enum { CHECKPOINT = LIMIT_CHECKPOINT_FILLS };

static const char OTHERS[] = "others";

/* ---- life ---- */

struct ledger *ledger_new(const struct name *symbol, const struct name *base, const struct name *quote,
                          struct wall since) {
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL) return NULL;
    l->symbol = *symbol;
    l->since = since;
    l->dirty = SIZE_MAX;
    l->first_id = l->last_id = -1;
    if (facts_init(&l->facts, base, quote) != ERR_OK) {
        free(l);
        return NULL;
    }
    return l;
}

void ledger_free(struct ledger *l) {
    if (l == NULL) return;
    facts_free(&l->facts);
    row_index_free(&l->by_id);
    row_index_free(&l->by_order);
    free(l->order);
    free(l->staged);
    free(l->checkpoints);
    free(l);
}

static struct row *row_at(const struct ledger *l, size_t position) { return &l->facts.rows[l->order[position]]; }

static struct kept_sale *sale_of(const struct ledger *l, uint32_t row) {
    return &l->facts.sales[l->facts.rows[row].sale];
}

/* ---- finding rows ---- */

enum key { KEY_ID, KEY_ORDER };

static int64_t key_of(const struct ledger *l, enum key k, uint32_t row) {
    const struct row *r = &l->facts.rows[row];
    return k == KEY_ID ? facts_trade_id(&l->facts, r) : r->order_id;
}

/* A list of falling keys is one of rising complements: what compares takes the keys with a mask. */
enum mask { RISING = 0, FALLING = -1 };

static int64_t list_key(const struct ledger *l, const struct row_list *list, enum key k, enum mask mask, size_t i) {
    return key_of(l, k, list->at[i]) ^ mask;
}

/* Whether the (masked) key is behind the list's end. */
static bool behind(const struct ledger *l, const struct row_list *list, enum key k, enum mask mask, int64_t key) {
    return list->count == 0 || key > list_key(l, list, k, mask, list->count - 1);
}

/* Place of a key, found by doubling steps from the list's end back and then halving; NULL. */
static uint32_t *find_in_list(const struct ledger *l, const struct row_list *list, enum key k, enum mask mask,
                              int64_t key) {
    size_t step = 1, low, high = list->count;
    if (behind(l, list, k, mask, key)) return NULL;
    while (step < high && list_key(l, list, k, mask, high - step) > key) high -= step, step *= 2;
    low = step < high ? high - step : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (list_key(l, list, k, mask, mid) < key) low = mid + 1;
        else high = mid;
    }
    return list_key(l, list, k, mask, low) == key ? &list->at[low] : NULL;
}

static bool above_all(const struct ledger *l, const struct row_index *x, enum key k, int64_t key) {
    return behind(l, &x->rising, k, RISING, key);
}

/* Place in one of the lists of a key that is not above all; NULL. */
static uint32_t *find_listed(const struct ledger *l, const struct row_index *x, enum key k, int64_t key) {
    if (key >= list_key(l, &x->rising, k, RISING, 0)) return find_in_list(l, &x->rising, k, RISING, key);
    uint32_t *place = find_in_list(l, &x->falling, k, FALLING, key ^ FALLING);
    return place != NULL ? place : find_in_list(l, &x->below, k, RISING, key);
}

/* The key stands in no list, or it is the other side's in one: then the lists have no place for a second. There is room. */
static void add_key(const struct ledger *l, struct row_index *x, enum key k, int64_t key, uint32_t hash, uint32_t row) {
    if (above_all(l, x, k, key)) row_list_add(&x->rising, row);
    else if (find_listed(l, x, k, key) != NULL || key > list_key(l, &x->rising, k, RISING, 0))
        row_index_add(x, hash, row);
    else if (behind(l, &x->falling, k, FALLING, key ^ FALLING)) row_list_add(&x->falling, row);
    else if (behind(l, &x->below, k, RISING, key)) row_list_add(&x->below, row);
    else row_index_add(x, hash, row);
}

static uint32_t hash_id(int64_t trade_id, enum side side) {
    return (uint32_t)mix64((uint64_t)trade_id << 1 | (side == SIDE_SELL));
}

static uint32_t hash_order(int64_t order_id) { return (uint32_t)mix64((uint64_t)order_id); }

/* Where by_id keeps the row of a fill; NULL: not known. */
static uint32_t *find_id(const struct ledger *l, int64_t trade_id, enum side side) {
    const struct row_index *x = &l->by_id;
    if (above_all(l, x, KEY_ID, trade_id)) return NULL;
    uint32_t *place = find_listed(l, x, KEY_ID, trade_id), hash = hash_id(trade_id, side);
    if (place != NULL && row_side(&l->facts.rows[*place]) == side) return place;
    for (size_t at = row_index_home(x, hash); row_index_seek(x, hash, &at); at++) {
        const struct row *r = &l->facts.rows[x->slots[at].row];
        if (facts_trade_id(&l->facts, r) == trade_id && row_side(r) == side) return &x->slots[at].row;
    }
    return NULL;
}

/* Where by_order keeps the latest applied row of an order; NULL: none ever. */
static uint32_t *find_order(const struct ledger *l, int64_t order_id) {
    const struct row_index *x = &l->by_order;
    if (above_all(l, x, KEY_ORDER, order_id)) return NULL;
    uint32_t *place = find_listed(l, x, KEY_ORDER, order_id), hash = hash_order(order_id);
    if (place != NULL) return place;
    for (size_t at = row_index_home(x, hash); row_index_seek(x, hash, &at); at++)
        if (l->facts.rows[x->slots[at].row].order_id == order_id) return &x->slots[at].row;
    return NULL;
}

static struct place place_at(const struct ledger *l, size_t position) {
    return facts_place(&l->facts, l->order[position]);
}

/* First of the positions up to `high` whose row does not belong before the place. */
static size_t lower_bound(const struct ledger *l, struct place place, size_t high) {
    size_t low = 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct place there = place_at(l, mid);
        if (place_before(&there, &place)) low = mid + 1;
        else high = mid;
    }
    return low;
}

static void mark_dirty(struct ledger *l, size_t position) {
    if (position < l->dirty) l->dirty = position;
    l->revision++;
    l->totals.recomputing = true;
}

static bool up_to_date(const struct ledger *l) {
    return l->dirty == SIZE_MAX && l->staged_count == 0 && l->applied == l->count;
}

/* ---- publishing ---- */

static void publish_fees(struct ledger_totals *t, const struct walk *w, const struct facts *s) {
    for (size_t i = 0; i < w->fee_count; i++) {
        if (i >= t->fee_count)
            t->fees[i].asset = i == LEDGER_FEE_ASSETS_MAX - 1 ? name_of(OTHERS) : s->assets[w->fees[i].asset];
        t->fees[i].amount = w->fees[i].amount;
        t->fees[i].unvalued = w->fees[i].unvalued;
    }
    t->fee_count = w->fee_count;
}

/* Names of fees that are there already are kept: assets keep their places while fills are only appended. */
static void publish(const struct ledger *l, struct ledger_totals *t, const struct walk *w) {
    const struct sums *s = &w->sums;
    t->holdings = s->holdings;
    t->cost_basis = s->cost_basis;
    t->realized = s->realized;
    t->fees_quote = s->fees_quote;
    t->unmatched = s->unmatched;
    t->fees_outside = s->fees_outside;
    t->fees_outside_value = s->fees_outside_value;
    t->fills = s->fills;
    t->buys = s->buys;
    t->sells = s->sells;
    t->cycles = s->cycles;
    t->wins = s->wins;
    t->losses = s->losses;
    t->gross_profit = s->gross_profit;
    t->gross_loss = s->gross_loss;
    t->bought = s->bought;
    t->sold = s->sold;
    t->turnover_over = s->turnover_over;
    t->assumed_fees = s->assumed;
    t->unvalued_fees = s->unvalued;
    t->refused = s->refused;
    t->first_fill = (struct wall){s->first_time};
    t->last_fill = (struct wall){s->last_time};
    publish_fees(t, w, &l->facts);
    t->partial = l->overflowed || s->refused > 0 || s->unvalued > 0 || w->fee_count == LEDGER_FEE_ASSETS_MAX;
}

/* ---- applying and undoing ---- */

/* The order's fill before this one: what by_order knows, as far as it is applied. */
static uint32_t previous_of_order(const struct ledger *l, const struct row *r) {
    if (!r->sell || r->order_id == ORDER_ID_NONE) return ROW_NONE;
    const uint32_t *place = find_order(l, r->order_id);
    if (place == NULL || (sale_of(l, *place)->flags & SALE_LINKED) == 0) return ROW_NONE;
    return *place;
}

static void link_order(struct ledger *l, uint32_t row) {
    const struct row *r = &l->facts.rows[row];
    if (!r->sell || r->order_id == ORDER_ID_NONE) return;
    uint32_t *place = find_order(l, r->order_id);
    if (place != NULL) *place = row;
    else add_key(l, &l->by_order, KEY_ORDER, r->order_id, hash_order(r->order_id), row);
}

/* Room for what applying one more fill may need. */
static enum err reserve_step(struct ledger *l) {
    enum err e = row_index_reserve(&l->by_order);
    return e == ERR_OK ? facts_reserve_sale(&l->facts) : e;
}

/* Applies the next position; there must be room for a step. ERR_RANGE: nothing changed. */
static enum err apply_next(struct ledger *l) {
    uint32_t row = l->order[l->applied];
    struct row *r = &l->facts.rows[row];
    struct sale sale;
    if (l->applied % CHECKPOINT == 0) l->checkpoints[l->applied / CHECKPOINT] = l->walk;
    enum err e = walk_apply(&l->walk, &sale, l, l->applied, previous_of_order(l, r));
    if (e != ERR_OK) return e;
    r->refused = false;
    if (r->sell) facts_keep_sale(&l->facts, r->sale, &sale);
    link_order(l, row);
    l->applied++;
    return ERR_OK;
}

/* A fill that came late and whose sums overflow counts nowhere, and stays refused until a recomputation finds room. */
static void refuse_next(struct ledger *l) {
    struct row *r = row_at(l, l->applied++);
    static const struct sale none = {.first = ROW_NONE, .last = ROW_NONE, .prev = ROW_NONE};
    r->refused = true;
    if (r->sell) facts_keep_sale(&l->facts, r->sale, &none);
    l->walk.sums.refused++;
}

/* Takes the last applied position back out of by_order. The walk itself comes from the checkpoint. */
static void undo_last(struct ledger *l) {
    uint32_t row = l->order[--l->applied];
    const struct row *r = &l->facts.rows[row];
    if (!r->sell) return;
    struct kept_sale *sale = sale_of(l, row);
    bool linked = (sale->flags & SALE_LINKED) != 0;
    sale->flags = 0;
    if (!linked || r->order_id == ORDER_ID_NONE) return;
    uint32_t *place = find_order(l, r->order_id);
    CHECK(place != NULL);
    if (sale->prev != ROW_NONE) *place = sale->prev; /* else the place stays, with a row that is not linked */
}

/* ---- merging ---- */

static bool staged_before(const struct ledger *l, size_t a, size_t b) {
    struct place x = facts_place(&l->facts, l->staged[a]), y = facts_place(&l->facts, l->staged[b]);
    return place_before(&x, &y);
}

static void sift_down(struct ledger *l, size_t root, size_t end) {
    for (size_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && staged_before(l, child, child + 1)) child++;
        if (!staged_before(l, root, child)) return;
        uint32_t row = l->staged[root];
        l->staged[root] = l->staged[child];
        l->staged[child] = row;
    }
}

static void sort_staged(struct ledger *l) {
    size_t sorted = 1;
    while (sorted < l->staged_count && staged_before(l, sorted - 1, sorted)) sorted++;
    if (sorted >= l->staged_count) return; /* a page in order: the usual case */
    for (size_t i = l->staged_count / 2; i-- > 0;) sift_down(l, i, l->staged_count);
    for (size_t end = l->staged_count; end-- > 1;) {
        uint32_t row = l->staged[0];
        l->staged[0] = l->staged[end];
        l->staged[end] = row;
        sift_down(l, 0, end);
    }
}

/* All staged rows into order, from the last one down: every block of rows between two of them moves once. Rows that
 * land below `applied` make the range that has to be undone longer. */
static void merge_staged(struct ledger *l) {
    size_t end = l->count, applied = l->applied;
    sort_staged(l);
    for (size_t left = l->staged_count; left > 0; left--) {
        uint32_t row = l->staged[left - 1];
        struct row *r = &l->facts.rows[row];
        size_t low = lower_bound(l, facts_place(&l->facts, row), end);
        memmove(&l->order[low + left], &l->order[low], (end - low) * sizeof *l->order);
        l->order[low + left - 1] = row;
        r->staged = false;
        if (low < applied) l->applied++;
        if (row_fee_state(r) == FEE_UNVALUED && low < l->unvalued_from) l->unvalued_from = low;
        if (left == 1) mark_dirty(l, low);
        end = low;
    }
    l->count += l->staged_count;
    free(l->staged); /* a history read backwards had all its fills here */
    l->staged = NULL;
    l->staged_count = l->staged_capacity = 0;
}

/* Corrected records leave the order; all of them are behind `applied`. */
static void drop_dead(struct ledger *l) {
    size_t to = l->applied;
    for (size_t from = l->applied; from < l->count; from++)
        if (!row_at(l, from)->dead) l->order[to++] = l->order[from];
    CHECK(l->count - to == l->dead);
    l->count = to;
    l->dead = 0;
    if (l->unvalued_from > l->applied) l->unvalued_from = l->applied; /* positions have moved down */
}

bool ledger_recompute(struct ledger *l, size_t max_fills) {
    if (up_to_date(l)) return true;
    merge_staged(l);
    if (l->dirty < l->applied) {
        size_t target = l->dirty - l->dirty % CHECKPOINT;
        l->dirty = target; /* a slice may end on the way: the walk is of no use until the checkpoint is reached */
        for (; l->applied > target && max_fills > 0; max_fills--) undo_last(l);
        if (l->applied > target) return false;
        l->walk = l->checkpoints[target / CHECKPOINT];
    }
    l->dirty = SIZE_MAX;
    if (l->dead > 0) drop_dead(l);
    for (; l->applied < l->count && max_fills > 0; max_fills--) {
        if (reserve_step(l) != ERR_OK) return false; /* no memory: later, perhaps */
        if (apply_next(l) != ERR_OK) refuse_next(l);
    }
    if (l->applied < l->count) return false;
    l->totals = (struct ledger_totals){0};
    publish(l, &l->totals, &l->walk);
    return true;
}

/* ---- adding ---- */

/* Quote amount, fee state and fee value as the rules have them. ERR_VALUE: a base fee above the quantity bought. */
static enum err settle(struct ledger *l, struct fill *f, uint16_t *asset) {
    enum err e = facts_asset(&l->facts, asset, &f->fee_asset);
    if (e == ERR_OK && f->quote_amount.v == 0) e = dec8_mul(&f->quote_amount, f->price, f->quantity);
    if (e != ERR_OK) return e;
    if (*asset == ASSET_BASE) { /* it is a quantity: eight digits */
        struct dec8 fee = dec8_of_dec16(f->fee);
        if (f->side == SIDE_BUY && dec8_cmp(fee, f->quantity) > 0) return ERR_VALUE;
        f->fee = dec16_round(f->fee, 8);
        if (fee.v > 0) e = dec8_mul(&f->fee_value, f->price, fee);
        if (e != ERR_OK) return e;
    } else if (*asset == ASSET_QUOTE || *asset == ASSET_UNNAMED) {
        f->fee_value = f->fee;
    }
    bool valued = f->fee_state == FEE_VALUED;
    f->fee_state = f->fee.v == 0             ? FEE_NONE
                   : *asset == ASSET_UNNAMED ? FEE_ASSUMED
                   : *asset <= ASSET_BASE    ? FEE_OWN
                   : valued                  ? FEE_VALUED
                                             : FEE_UNVALUED;
    if (f->fee_state == FEE_VALUED) return f->fee_value.v >= 0 ? ERR_OK : ERR_VALUE;
    if (f->fee_state == FEE_NONE || f->fee_state == FEE_UNVALUED) f->fee_value = DEC16_ZERO;
    f->fee_price = DEC8_ZERO;
    f->fee_candle = (struct wall){0};
    return ERR_OK;
}

/* Room for one more fill everywhere, so that nothing behind can fail for want of memory. */
static enum err reserve(struct ledger *l) {
    enum err e = array_reserve(&l->order, &l->order_capacity, l->facts.count + 1, sizeof *l->order);
    if (e == ERR_OK) e = array_reserve(&l->staged, &l->staged_capacity, l->staged_count + 1, sizeof *l->staged);
    if (e == ERR_OK)
        e = array_reserve(&l->checkpoints, &l->checkpoint_capacity, l->facts.count / CHECKPOINT + 1,
                          sizeof *l->checkpoints);
    if (e == ERR_OK) e = row_index_reserve(&l->by_id);
    return e == ERR_OK ? reserve_step(l) : e;
}

static void note_unvalued(struct ledger *l, size_t position) {
    l->unvalued++;
    if (position < l->unvalued_from || l->unvalued == 1) l->unvalued_from = position;
}

/* Puts the newest row into order, at once where it is the next and everything is up to date. */
static enum err place(struct ledger *l, uint32_t row) {
    struct place last, own = facts_place(&l->facts, row);
    if (l->count > 0 && (last = place_at(l, l->count - 1), !place_before(&last, &own))) {
        l->facts.rows[row].staged = true;
        l->staged[l->staged_count++] = row;
        l->totals.recomputing = true;
        return ERR_OK;
    }
    bool at_once = up_to_date(l);
    l->order[l->count++] = row;
    if (!at_once) return ERR_OK;
    enum err e = apply_next(l);
    if (e == ERR_OK) publish(l, &l->totals, &l->walk);
    else l->count--;
    return e;
}

static void flow(struct ledger *l, const struct fill *f, int sign) {
    flows_put(&l->flows, f, sign, &l->facts.assets[ASSET_BASE], l->since);
}

static enum err add_new(struct ledger *l, const struct fill *f, uint16_t asset) {
    uint32_t row;
    enum err e = reserve(l);
    if (e == ERR_OK) e = facts_add(&l->facts, &row, f, asset);
    if (e != ERR_OK) return e;
    e = place(l, row);
    if (e != ERR_OK) {
        facts_drop_last(&l->facts);
        return e;
    }
    add_key(l, &l->by_id, KEY_ID, f->trade_id, hash_id(f->trade_id, f->side), row);
    if (f->fee_state == FEE_UNVALUED) note_unvalued(l, l->count - 1);
    flow(l, f, 1);
    if (l->first_id < 0 || f->trade_id < l->first_id) l->first_id = f->trade_id;
    if (f->trade_id > l->last_id) l->last_id = f->trade_id;
    return ERR_OK;
}

/* The corrected record belongs elsewhere: it becomes a row of its own, and the old one goes with the next
 * recomputation. At most once for each source that knows the fill. */
static enum err move_row(struct ledger *l, uint32_t old, const struct fill *f, uint16_t asset) {
    uint32_t row;
    enum err e = reserve(l);
    if (e == ERR_OK) e = facts_add(&l->facts, &row, f, asset);
    if (e != ERR_OK) return e;
    *find_id(l, f->trade_id, f->side) = row;
    mark_dirty(l, lower_bound(l, facts_place(&l->facts, old), l->count));
    l->facts.rows[old].dead = true;
    l->dead++;
    l->facts.rows[row].staged = true;
    l->staged[l->staged_count++] = row;
    return ERR_OK;
}

static bool same_figures(const struct fill *a, const struct fill *b) {
    return a->price.v == b->price.v && a->quantity.v == b->quantity.v && a->quote_amount.v == b->quote_amount.v &&
           a->fee.v == b->fee.v && a->fee_state == b->fee_state && a->fee_value.v == b->fee_value.v &&
           name_eq(&a->fee_asset, &b->fee_asset) && a->time.us == b->time.us && a->order_id == b->order_id;
}

static enum err store_correction(struct ledger *l, uint32_t row, const struct fill *old, const struct fill *f,
                                 uint16_t asset, bool changed) {
    bool staged = l->facts.rows[row].staged;
    bool moves = old->time.us != f->time.us || old->order_id != f->order_id;
    if (moves && !staged) return move_row(l, row, f, asset);
    enum err e = facts_set(&l->facts, row, f, asset);
    if (e == ERR_OK && changed && !staged) mark_dirty(l, lower_bound(l, facts_place(&l->facts, row), l->count));
    return e;
}

/* A second record of a known fill (ACCOUNTING 2): the more authoritative one stands; a value that a fee has is kept
 * while the fee is the same. */
static enum err merge_record(struct ledger *l, uint32_t row, struct fill *f, uint16_t asset, enum ledger_added *what,
                             bool *changed) {
    struct fill old;
    facts_get(&l->facts, &old, row);
    bool same_fee = old.fee.v == f->fee.v && name_eq(&old.fee_asset, &f->fee_asset);
    bool better = f->source > old.source;
    bool values = same_fee && old.fee_state == FEE_UNVALUED && f->fee_state == FEE_VALUED;
    *what = LEDGER_DUPLICATE;
    if (!better && !values) return ERR_OK;
    struct fill merged = better ? *f : old;
    const struct fill *valued = same_fee && old.fee_state == FEE_VALUED ? &old : f;
    if (same_fee) {
        merged.fee_state = valued->fee_state;
        merged.fee_value = valued->fee_value;
        merged.fee_price = valued->fee_price;
        merged.fee_candle = valued->fee_candle;
    }
    if (old.received_at.us != 0) merged.received_at = old.received_at;
    *changed = !same_figures(&old, &merged);
    enum err e = store_correction(l, row, &old, &merged, asset, *changed);
    if (e != ERR_OK) return e;
    *what = LEDGER_REPLACED;
    flow(l, &old, -1);
    flow(l, &merged, 1);
    if (old.fee_state == FEE_UNVALUED) l->unvalued--;
    if (merged.fee_state == FEE_UNVALUED) note_unvalued(l, 0);
    return ERR_OK;
}

enum err ledger_add(struct ledger *l, const struct fill *f, enum ledger_added *what, bool *changed) {
    const char *field;
    struct fill settled = *f;
    enum ledger_added added = LEDGER_ADDED;
    bool figures = true;
    uint16_t asset;
    enum err e = fill_validate(f, &field);
    if (e == ERR_OK) e = settle(l, &settled, &asset);
    if (e == ERR_OK) {
        const uint32_t *known = find_id(l, f->trade_id, f->side);
        if (known == NULL) {
            e = add_new(l, &settled, asset);
        } else {
            figures = false;
            e = merge_record(l, *known, &settled, asset, &added, &figures);
        }
    }
    if (e == ERR_RANGE) l->overflowed = l->totals.partial = true;
    if (e != ERR_OK) return e;
    *what = added;
    if (changed != NULL) *changed = figures;
    return ERR_OK;
}

bool ledger_knows(const struct ledger *l, int64_t trade_id, enum side side) {
    return find_id(l, trade_id, side) != NULL;
}

bool ledger_find(const struct ledger *l, int64_t trade_id, enum side side, struct fill *out) {
    const uint32_t *known = find_id(l, trade_id, side);
    if (known == NULL) return false;
    facts_get(&l->facts, out, *known);
    out->symbol = l->symbol;
    return true;
}

/* ---- fees in third assets ---- */

enum err ledger_value_fee(struct ledger *l, int64_t trade_id, enum side side, struct dec16 value, struct dec8 price,
                          struct wall candle) {
    const uint32_t *known = find_id(l, trade_id, side);
    struct fill f;
    if (known == NULL) return ERR_UNKNOWN;
    struct row *r = &l->facts.rows[*known];
    if (row_fee_state(r) != FEE_UNVALUED) return ERR_BAD_STATE;
    if (value.v < 0) return ERR_VALUE;
    facts_get(&l->facts, &f, *known);
    struct fill before = f;
    f.fee_state = FEE_VALUED;
    f.fee_value = value;
    f.fee_price = price;
    f.fee_candle = candle;
    enum err e = facts_set(&l->facts, *known, &f, (uint16_t)r->asset);
    if (e != ERR_OK) return e;
    flow(l, &before, -1);
    flow(l, &f, 1);
    l->unvalued--;
    if (r->staged) return ERR_OK;
    size_t position = lower_bound(l, facts_place(&l->facts, *known), l->count);
    mark_dirty(l, position);
    if (position == l->unvalued_from) l->unvalued_from++;
    return ERR_OK;
}

bool ledger_next_unvalued(const struct ledger *l, size_t *cursor, struct fill *out) {
    if (l->unvalued == 0) return false;
    for (size_t at = *cursor < l->unvalued_from ? l->unvalued_from : *cursor; at < l->count; at++) {
        const struct row *r = row_at(l, at);
        if (row_fee_state(r) != FEE_UNVALUED || r->dead) continue;
        facts_get(&l->facts, out, l->order[at]);
        out->symbol = l->symbol;
        *cursor = at + 1;
        return true;
    }
    return false;
}

/* ---- reading ---- */

const struct ledger_totals *ledger_totals(const struct ledger *l) { return &l->totals; }

const struct flows *ledger_flows(const struct ledger *l) { return &l->flows; }

uint64_t ledger_revision(const struct ledger *l) { return l->revision; }

size_t ledger_count(const struct ledger *l) { return l->count; }

static int64_t id_of_row(const struct ledger *l, uint32_t row) {
    return row == ROW_NONE ? -1 : facts_trade_id(&l->facts, &l->facts.rows[row]);
}

/* Of a buy: its fee; where the fee ate the whole lot, all that was paid. */
static struct dec16 realized_by_buy(const struct ledger *l, const struct row *r, const struct fill *f) {
    bool no_lot = r->asset == ASSET_BASE && f->fee.v != 0 && dec8_of_dec16(f->fee).v == f->quantity.v;
    return f->time.us < l->since.us ? DEC16_ZERO : dec16_neg(no_lot ? f->quote_amount : f->fee_value);
}

void ledger_get(const struct ledger *l, size_t position, struct fill *out, struct fill_result *out_result) {
    CHECK(position < l->count);
    uint32_t row = l->order[position];
    const struct row *r = &l->facts.rows[row];
    facts_get(&l->facts, out, row);
    out->symbol = l->symbol;
    if (out_result == NULL) return;
    *out_result = (struct fill_result){.closes_first = -1, .closes_last = -1};
    if (r->refused) return;
    if (!r->sell) {
        out_result->realized = realized_by_buy(l, r, out);
        return;
    }
    struct sale sale = facts_sale(&l->facts, r->sale);
    out_result->realized = (struct dec16){sale.realized};
    out_result->unmatched = (struct dec8){sale.unmatched};
    out_result->matched = (struct dec8){out->quantity.v - sale.unmatched};
    out_result->closes_first = id_of_row(l, sale.first);
    out_result->closes_last = id_of_row(l, sale.last);
}

size_t ledger_position(const struct ledger *l, struct wall t) {
    return lower_bound(l, (struct place){.time = t.us, .trade_id = INT64_MIN}, l->count);
}

enum err ledger_totals_at(const struct ledger *l, struct wall t, struct ledger_totals *out) {
    if (!up_to_date(l)) return ERR_BAD_STATE;
    size_t end = ledger_position(l, t);
    *out = (struct ledger_totals){0};
    if (end == l->count) {
        *out = l->totals;
        return ERR_OK;
    }
    struct walk walk = l->checkpoints[end / CHECKPOINT];
    for (size_t at = end - end % CHECKPOINT; at < end; at++) {
        struct sale sale;
        const struct row *r = row_at(l, at);
        uint32_t prev = r->sell ? l->facts.sales[r->sale].prev : ROW_NONE;
        if (walk_apply(&walk, &sale, l, at, prev) != ERR_OK) walk.sums.refused++;
    }
    publish(l, out, &walk);
    return ERR_OK;
}

int64_t ledger_last_id(const struct ledger *l) { return l->last_id; }

int64_t ledger_first_id(const struct ledger *l) { return l->first_id; }

enum err ledger_unrealized(const struct ledger_totals *t, struct dec8 mark, struct dec16 *unrealized,
                           struct dec16 *total) {
    struct dec16 fine = DEC16_ZERO;
    enum err e = t->holdings.v != 0 ? dec16_of_dec8(&fine, mark) : ERR_OK;
    return e == ERR_OK ? ledger_unrealized_fine(t, fine, unrealized, total) : e;
}

enum err ledger_unrealized_fine(const struct ledger_totals *t, struct dec16 mark, struct dec16 *unrealized,
                                struct dec16 *total) {
    struct dec16 worth, u = DEC16_ZERO, sum;
    enum err e = ERR_OK;
    if (t->holdings.v != 0) {
        e = dec16_times(&worth, mark, t->holdings);
        if (e == ERR_OK) e = dec16_sub(&u, worth, t->cost_basis);
    }
    if (e == ERR_OK) e = dec16_add(&sum, t->realized, u);
    if (e != ERR_OK) return e;
    *unrealized = u;
    *total = sum;
    return ERR_OK;
}

enum err ledger_average_cost(const struct ledger_totals *t, struct dec8 *out) {
    if (t->holdings.v == 0) return ERR_BAD_STATE;
    return dec_muldiv(&out->v, t->cost_basis.v, 1, t->holdings.v);
}

/* ---- invariants ---- */

static bool order_ok(const struct ledger *l) {
    struct place before = {0};
    for (size_t i = 0; i < l->count; i++) {
        const struct row *r = row_at(l, i);
        struct place own = place_at(l, i);
        if (i > 0 && !r->dead && l->dead == 0 && !place_before(&before, &own)) return false;
        const uint32_t *known = find_id(l, own.trade_id, row_side(r));
        if (known == NULL || (!r->dead && *known != l->order[i])) return false;
        before = own;
    }
    const struct row_index *x = &l->by_id;
    size_t known = x->count + x->rising.count + x->falling.count + x->below.count;
    return l->count + l->staged_count - l->dead == known;
}

/* The fills' own results add up to the sums, and the open lots to holdings and basis. */
static bool sums_ok(const struct ledger *l) {
    i128 realized = 0, unmatched = 0;
    size_t refused = 0, unvalued = 0;
    struct dec8 holdings;
    struct dec16 basis;
    for (size_t i = 0; i < l->count; i++) {
        struct fill f;
        struct fill_result result;
        ledger_get(l, i, &f, &result);
        realized += result.realized.v;
        if (f.time.us >= l->since.us) unmatched += result.unmatched.v;
        refused += row_at(l, i)->refused;
        unvalued += f.fee_state == FEE_UNVALUED;
    }
    walk_open_lots(l, &l->walk, l->count, &holdings, &basis);
    const struct sums *s = &l->walk.sums;
    return realized == s->realized.v && unmatched == s->unmatched.v && refused == s->refused &&
           unvalued == l->unvalued && holdings.v == s->holdings.v && basis.v == s->cost_basis.v &&
           s->cycles >= s->wins + s->losses && s->gross_profit.v >= 0 && s->gross_loss.v >= 0;
}

bool ledger_ok(const struct ledger *l) {
    if (l->applied > l->count || l->walk.lot.position > l->count) return false;
    return order_ok(l) && (!up_to_date(l) || sums_ok(l));
}
