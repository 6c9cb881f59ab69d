/* ledger_walk.c: the accounting of one fill (ACCOUNTING 3). It works on a copy of the sums and commits at the end,
 * so that an overflow anywhere changes nothing. Fees enter by the value in quote kept with the row: 0 while a fee is
 * unvalued. */
#include "domain/ledger_impl.h"

#include "base/check.h"

struct step { /* one fill being applied */
    struct sums sums;
    struct lot lot;
    enum err failed; /* sticky */
};

struct taken { /* what a disposal took out of the oldest lots */
    i128 quantity, basis, fee;
    uint32_t first, last;
};

static void put16(struct step *s, struct dec16 *sum, i128 v) {
    if (dec16_add(sum, *sum, (struct dec16){v}) != ERR_OK) s->failed = ERR_RANGE;
}

static void put8(struct step *s, struct dec8 *sum, i128 v) {
    if (dec8_add(sum, *sum, (struct dec8){v}) != ERR_OK) s->failed = ERR_RANGE;
}

/* Turnover is for show: when its sum leaves 10^22, it stands still and says so rather than refusing fills. */
static void put_turnover(struct step *s, struct dec16 *sum, i128 v) {
    if (s->sums.turnover_over || dec16_add(sum, *sum, (struct dec16){v}) != ERR_OK) s->sums.turnover_over = true;
}

static bool fee_is_base(const struct row *r) { return r->asset == ASSET_BASE && row_fee_state(r) == FEE_OWN; }

static struct lot lot_of(const struct row *r, const struct amounts *a, size_t position) {
    struct lot lot = {position, a->quantity, a->quote, a->fee_value, 0};
    if (fee_is_base(r)) {
        lot.left -= dec8_of_dec16((struct dec16){a->fee}).v;
        lot.basis -= a->fee_value;
    }
    i128 exact;
    if (!__builtin_mul_overflow(a->price, lot.left, &exact) && exact == lot.basis) lot.price = a->price;
    return lot;
}

/* Makes *lot the oldest lot with something left before position `end`; false where there is none. */
static bool find_lot(struct lot *lot, const struct ledger *l, size_t end) {
    while (lot->left == 0 && lot->position < end) {
        uint32_t row = l->order[lot->position];
        const struct row *r = &l->facts.rows[row];
        struct amounts a;
        if (!r->sell && !r->refused) a = facts_amounts(&l->facts, row), *lot = lot_of(r, &a, lot->position);
        if (lot->left == 0) lot->position++;
    }
    return lot->left != 0;
}

static i128 share(i128 of, i128 part, i128 whole) {
    i128 out = 0;
    if (of == 0) return 0;
    enum err e = dec_muldiv(&out, of, part, whole);
    CHECK(e == ERR_OK); /* part < whole: the share is smaller than `of` */
    return out;
}

/* Up to `want` out of the oldest lots; a piece that empties a lot takes what remains of it. */
static struct taken take(struct step *s, const struct ledger *l, size_t end, i128 want) {
    struct taken t = {0, 0, 0, ROW_NONE, ROW_NONE};
    struct dec16 basis = {0}, fee = {0};
    while (want > 0 && find_lot(&s->lot, l, end)) {
        struct lot *lot = &s->lot;
        uint32_t row = l->order[lot->position];
        i128 piece = want < lot->left ? want : lot->left, piece_basis = lot->basis, piece_fee = lot->fee;
        if (piece < lot->left) {
            piece_basis = lot->price != 0 ? lot->price * piece : share(lot->basis, piece, lot->left);
            piece_fee = share(lot->fee, piece, lot->left);
        }
        lot->left -= piece;
        lot->basis -= piece_basis;
        lot->fee -= piece_fee;
        if (lot->left == 0) lot->position++;
        want -= piece;
        t.quantity += piece;
        put16(s, &basis, piece_basis);
        put16(s, &fee, piece_fee);
        if (t.first == ROW_NONE) t.first = row;
        t.last = row;
    }
    t.basis = basis.v;
    t.fee = fee.v;
    return t;
}

static void apply_buy(struct step *s, const struct row *r, const struct amounts *a, size_t position, bool counted) {
    struct lot lot = lot_of(r, a, position);
    put8(s, &s->sums.holdings, lot.left);
    if (lot.left != 0) put16(s, &s->sums.cost_basis, lot.basis);
    else if (counted) put16(s, &s->sums.realized, -lot.basis); /* the fee ate the lot: what rounding left of its cost */
    if (counted) put16(s, &s->sums.realized, -a->fee_value);
}

/* The cycle of a sale's order enters the counts (sign 1) or leaves them (-1). */
static void count_cycle(struct step *s, const struct sale *sale, int sign) {
    if ((sale->flags & (SALE_CONSUMED | SALE_UNMATCHED)) != SALE_CONSUMED) return;
    s->sums.cycles += (uint64_t)(int64_t)sign;
    if (sale->result > 0) {
        s->sums.wins += (uint64_t)(int64_t)sign;
        put16(s, &s->sums.gross_profit, sign * sale->result);
    } else if (sale->result < 0) {
        s->sums.losses += (uint64_t)(int64_t)sign;
        put16(s, &s->sums.gross_loss, -sign * sale->result);
    }
}

static void sum_cycle(struct step *s, struct sale *sale, const struct sale *before, i128 buy_fees, bool matched) {
    struct dec16 result = {before->result};
    put16(s, &result, sale->realized);
    put16(s, &result, -buy_fees);
    sale->result = result.v;
    sale->flags = SALE_LINKED | (before->flags & (SALE_CONSUMED | SALE_UNMATCHED));
    if (matched) sale->flags |= SALE_CONSUMED;
    if (sale->unmatched > 0) sale->flags |= SALE_UNMATCHED;
    if (s->failed != ERR_OK) return;
    count_cycle(s, before, -1);
    count_cycle(s, sale, 1);
}

static void apply_sell(struct step *s, struct sale *sale, const struct ledger *l, const struct amounts *a,
                       size_t position, uint32_t prev, bool counted) {
    struct sale before = {.first = ROW_NONE};
    const struct row *r = &l->facts.rows[l->order[position]];
    struct taken t = take(s, l, position, a->quantity);
    struct dec16 realized = {t.quantity == a->quantity ? a->quote : share(a->quote, t.quantity, a->quantity)};
    struct dec16 buy_fees = {t.fee};
    put16(s, &realized, -t.basis);
    *sale = (struct sale){.unmatched = a->quantity - t.quantity, .first = t.first, .last = t.last, .prev = prev};
    put8(s, &s->sums.holdings, -t.quantity);
    put16(s, &s->sums.cost_basis, -t.basis);
    if (fee_is_base(r)) { /* one more disposal, at the fill's price */
        i128 fee = dec8_of_dec16((struct dec16){a->fee}).v;
        struct taken f = take(s, l, position, fee);
        put16(s, &realized, a->price * f.quantity); /* at most the fee's value */
        put16(s, &realized, -f.basis);
        put16(s, &buy_fees, f.fee);
        put8(s, &s->sums.holdings, -f.quantity);
        put8(s, &s->sums.fees_outside, fee - f.quantity);
        put16(s, &s->sums.fees_outside_value, a->price * (fee - f.quantity));
        put16(s, &s->sums.cost_basis, -f.basis);
        if (f.last != ROW_NONE) sale->last = f.last;
    }
    put16(s, &realized, -a->fee_value);
    if (!counted) {
        sale->flags = SALE_LINKED;
        return;
    }
    sale->realized = realized.v;
    put16(s, &s->sums.realized, realized.v);
    put8(s, &s->sums.unmatched, sale->unmatched);
    if (prev != ROW_NONE) before = facts_sale(&l->facts, l->facts.rows[prev].sale);
    sum_cycle(s, sale, &before, buy_fees.v, t.quantity > 0);
}

static void count_fill(struct step *s, const struct row *r, int64_t time, const struct amounts *a) {
    struct sums *sums = &s->sums;
    bool sell = r->sell;
    sums->fills++;
    sums->buys += !sell;
    sums->sells += sell;
    sums->assumed += row_fee_state(r) == FEE_ASSUMED;
    sums->unvalued += row_fee_state(r) == FEE_UNVALUED;
    if (sums->fills == 1) sums->first_time = time;
    sums->last_time = time;
    put16(s, &sums->fees_quote, a->fee_value);
    put_turnover(s, sell ? &sums->sold : &sums->bought, a->quote);
}

/* The sum the fee goes to; NULL for no fee. New assets take the next place, the last place is shared by all others. */
static enum err add_fee(struct walk *walk, const struct row *r, i128 fee) {
    size_t i = 0;
    uint16_t asset = row_fee_state(r) == FEE_ASSUMED ? ASSET_QUOTE : r->asset;
    if (fee == 0) return ERR_OK;
    while (i < walk->fee_count && walk->fees[i].asset != asset) i++;
    if (i == LEDGER_FEE_ASSETS_MAX) i = LEDGER_FEE_ASSETS_MAX - 1;
    struct fee_sum sum = i < walk->fee_count ? walk->fees[i] : (struct fee_sum){.asset = asset};
    if (i == LEDGER_FEE_ASSETS_MAX - 1) sum.asset = ASSET_UNNAMED;
    enum err e = dec16_add(&sum.amount, sum.amount, (struct dec16){fee});
    if (e == ERR_OK && row_fee_state(r) == FEE_UNVALUED)
        e = dec16_add(&sum.unvalued, sum.unvalued, (struct dec16){fee});
    if (e != ERR_OK) return e;
    walk->fees[i] = sum;
    if (i == walk->fee_count) walk->fee_count++;
    return ERR_OK;
}

enum err walk_apply(struct walk *walk, struct sale *sale, const struct ledger *l, size_t position, uint32_t prev) {
    uint32_t row = l->order[position];
    const struct row *r = &l->facts.rows[row];
    struct amounts a = facts_amounts(&l->facts, row);
    struct step s = {walk->sums, walk->lot, ERR_OK};
    struct sale done = {0};
    int64_t time = facts_time(&l->facts, r);
    bool counted = time >= l->since.us;
    if (!r->sell) apply_buy(&s, r, &a, position, counted);
    else apply_sell(&s, &done, l, &a, position, prev, counted);
    if (counted) count_fill(&s, r, time, &a);
    if (s.failed != ERR_OK) return s.failed;
    if (counted) {
        enum err e = add_fee(walk, r, a.fee); /* the last thing that can fail, and it fails as a whole */
        if (e != ERR_OK) return e;
    }
    walk->sums = s.sums;
    walk->lot = s.lot;
    if (r->sell) *sale = done;
    return ERR_OK;
}

void walk_open_lots(const struct ledger *l, const struct walk *walk, size_t end, struct dec8 *holdings,
                    struct dec16 *basis) {
    struct lot lot = walk->lot;
    *holdings = DEC8_ZERO;
    *basis = DEC16_ZERO;
    while (find_lot(&lot, l, end)) {
        holdings->v += lot.left;
        basis->v += lot.basis;
        lot.left = 0;
        lot.position++;
    }
}
