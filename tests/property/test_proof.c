/* The proof of P&L over random histories: the running sums equal a plain recomputation whatever came in whatever order, the proof
 * is exact or says why it cannot be made, and a ledger that is made wrong anywhere is found out. */
#include "history.h"
#include "seed.h"

#include "domain/ledger_impl.h"
#include "domain/proof.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

enum { ROUNDS = 60 };

static struct ledger *new_ledger(struct wall since) {
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    struct ledger *l = ledger_new(&symbol, &base, &quote, since);
    assert_non_null(l);
    return l;
}

static void add(struct ledger *l, const struct fill *f) {
    enum ledger_added what;
    assert_int_equal(ledger_add(l, f, &what, NULL), ERR_OK);
}

static void value_some(struct ledger *l, struct rng *rng) {
    struct fill f;
    for (size_t cursor = 0; ledger_next_unvalued(l, &cursor, &f);) {
        struct dec8 price;
        struct dec16 value = history_fee_value(&f, &price);
        if (rng_chance(rng, 1, 2)) continue;
        assert_int_equal(ledger_value_fee(l, f.trade_id, f.side, value, price, (struct wall){0}), ERR_OK);
    }
}

/* From nothing, out of the fills as they stand. */
static void assert_plain_sums(const struct ledger *l) {
    const struct flows *s = ledger_flows(l);
    i128 sold = 0, bought = 0, in_quote = 0, other = 0, coins = 0, coin_fees = 0;
    uint64_t before = 0, unvalued = 0, assumed = 0;
    for (size_t i = 0; i < ledger_count(l); i++) {
        struct fill f;
        ledger_get(l, i, &f, NULL);
        bool sell = f.side == SIDE_SELL, is_base = strcmp(f.fee_asset.text, "BTC") == 0;
        *(sell ? &sold : &bought) += f.quote_amount.v;
        coins += sell ? -f.quantity.v : f.quantity.v;
        if (is_base) coin_fees += f.fee.v / DEC8_ONE;
        else if (strcmp(f.fee_asset.text, "USDT") == 0 || name_empty(&f.fee_asset)) in_quote += f.fee.v;
        else other += f.fee_value.v;
        before += f.time.us < l->since.us;
        unvalued += f.fee_state == FEE_UNVALUED;
        assumed += f.fee_state == FEE_ASSUMED;
    }
    assert_true(s->sold.v == sold && s->bought.v == bought && s->fees_quote.v == in_quote && s->fees_other.v == other);
    assert_true(s->coins_bought.v - s->coins_sold.v == coins && s->coins_fees.v == coin_fees);
    assert_true(s->fills == ledger_count(l) && s->before_since == before && s->unvalued == unvalued &&
                s->assumed == assumed);
    assert_true(s->by_source[0] + s->by_source[1] + s->by_source[2] + s->by_source[3] == s->fills);
}

/* Exact, or unchecked for the one reason that holds. */
static void assert_proven(const struct ledger *l, struct rng *rng) {
    const struct ledger_totals *t = ledger_totals(l);
    struct proof p;
    proof_of(&p, ledger_flows(l), t, true, (struct dec8){(i128)rng_below(rng, 100000000000000) + 1});
    unsigned wanted =
        (t->unmatched.v != 0 ? 1U << PROOF_UNMATCHED : 0) | (ledger_flows(l)->before_since > 0 ? 1U << PROOF_SINCE : 0);
    assert_int_equal(p.reasons, wanted);
    assert_int_equal(p.state, wanted == 0 ? PROOF_EXACT : PROOF_UNCHECKED);
    assert_true(p.drift.v == 0);
}

/* Every fill by one to three records of rising or falling authority, shuffled. */
static size_t records_of(struct fill *records, struct rng *rng, const struct fill *fills, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        records[count++] = fills[i];
        if (rng_chance(rng, 1, 3)) records[count++] = history_lesser(rng, &fills[i], SOURCE_BOT);
        if (rng_chance(rng, 1, 3)) records[count++] = history_lesser(rng, &fills[i], SOURCE_STREAM);
    }
    if (rng_chance(rng, 3, 4)) history_shuffle(rng, records, count);
    return count;
}

static void sums_and_proof_hold_at_every_moment(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("proof/moments"));
    for (int round = 0; round < ROUNDS; round++) {
        struct history_shape shape = {(size_t)rng_below(&rng, 200), rng_chance(&rng, 2, 3), rng_chance(&rng, 1, 4)};
        struct fill *fills = history_make(&rng, &shape), *records = calloc(3 * shape.fills + 1, sizeof *records);
        assert_non_null(records);
        bool dated = shape.fills > 0 && rng_chance(&rng, 1, 5);
        struct ledger *l = new_ledger(dated ? fills[rng_below(&rng, shape.fills)].time : (struct wall){0});
        size_t count = records_of(records, &rng, fills, shape.fills);
        for (size_t i = 0; i < count; i++) {
            add(l, &records[i]);
            if (rng_chance(&rng, 1, 20)) value_some(l, &rng);
            if (!rng_chance(&rng, 1, 10)) continue;
            while (!ledger_recompute(l, 1 + (size_t)rng_below(&rng, 60))) {
            }
            assert_plain_sums(l);
            assert_proven(l, &rng);
        }
        assert_true(ledger_recompute(l, SIZE_MAX));
        assert_plain_sums(l);
        assert_proven(l, &rng);
        ledger_free(l);
        free(records);
        free(fills);
    }
}

/* Faults of a ledger that keeps its own books in order. */
enum fault {
    FAULT_BASIS,
    FAULT_LOT_SKIPPED,
    FAULT_FILL_FORGOTTEN,
    FAULT_FILL_TWICE,
    FAULT_FEE_TWICE,
    FAULT_OLD_CHECKPOINT,
    FAULTS
};

static void spoil(struct ledger *l, enum fault fault) {
    struct walk *w = &l->walk;
    switch (fault) {
    case FAULT_BASIS: /* a split that loses the last digit */
        w->lot.basis -= 1;
        w->lot.price = 0;
        w->sums.cost_basis.v -= 1;
        break;
    case FAULT_LOT_SKIPPED:
        if (w->lot.left == 0) w->sums.cost_basis.v -= 1; /* none is under way: at least a digit is missed */
        w->sums.holdings.v -= w->lot.left;
        w->sums.cost_basis.v -= w->lot.basis;
        w->lot.left = 0;
        w->lot.position++;
        break;
    case FAULT_FILL_TWICE: {
        struct sale sale;
        assert_int_equal(walk_apply(w, &sale, l, l->applied - 1, ROW_NONE), ERR_OK);
        break;
    }
    case FAULT_FEE_TWICE: w->sums.realized.v -= DEC16_ONE / 1000; break;
    case FAULT_OLD_CHECKPOINT: *w = l->checkpoints[0]; break;
    default: break;
    }
}

/* A history with an open lot, spoilt, and then one more fill that publishes what the walk says. */
static void a_ledger_made_wrong_is_found_out(void **state) {
    struct rng rng;
    (void)state;
    rng_seed(&rng, property_seed("proof/faults"));
    for (int round = 0; round < ROUNDS; round++)
        for (int fault = FAULT_BASIS; fault < FAULTS; fault++) {
            struct history_shape shape = {20 + (size_t)rng_below(&rng, 100), true, true};
            struct fill *fills = history_make(&rng, &shape);
            struct ledger *l = new_ledger((struct wall){0});
            struct proof p;
            history_sort(fills, shape.fills);
            for (size_t i = 0; i + 1 < shape.fills; i++) add(l, &fills[i]);
            if (fault == FAULT_FILL_FORGOTTEN) { /* it was written down, and never applied */
                struct walk before = l->walk;
                add(l, &fills[shape.fills - 1]);
                l->walk = before;
            } else {
                spoil(l, (enum fault)fault);
            }
            struct fill last = {.symbol = l->symbol,
                                .trade_id = 1000000,
                                .order_id = ORDER_ID_NONE,
                                .side = SIDE_BUY,
                                .source = SOURCE_REST,
                                .price = dec8_of_int(1),
                                .quantity = {1},
                                .time = {fills[shape.fills - 1].time.us + US_PER_S}};
            add(l, &last);
            proof_of(&p, ledger_flows(l), ledger_totals(l), true, dec8_of_int(7));
            assert_int_equal(p.state, PROOF_DRIFT);
            assert_true(p.drift.v != 0);
            ledger_free(l);
            free(fills);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_proof_hold_at_every_moment),
        cmocka_unit_test(a_ledger_made_wrong_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
