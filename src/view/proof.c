/* proof.c: the proof of P&L as an answer (domain/proof.h), and what the fills moved against the exchange's own balances.
 *
 * An asset's `moved` is read by double entry over all watched pairs: what was bought of it or received for a sale, less what was
 * sold, paid or taken as a fee, whatever part the asset played. Coins that are only ever traded by the watched pairs agree with
 * their balance to the last digit; a quote asset's balance holds besides the money that was brought in. */
#include "view/sums.h"
#include "view/values.h"
#include "view/view.h"

/* ---- words ---- */

static const char *sentence(const struct engine *e) {
    switch (e->proof.state) {
    case PROOF_EXACT:
        return "Realized and unrealized P&L equal cash flows plus holdings at the mark price, to the last digit.";
    case PROOF_DRIFT:
        return "Realized and unrealized P&L differ from cash flows plus holdings at the mark price: a figure is wrong. "
               "Please report it.";
    default: return "Not every pair can be checked at the moment; the reasons stand beside the pairs.";
    }
}

/* ---- a pair ---- */

static struct dec16 when(bool known, struct dec16 d) { return known ? d : UNKNOWN_DEC16; }

static void out_reasons(struct buf *out, unsigned reasons) {
    out_array(out, "reasons");
    for (int r = 0; r < PROOF_REASONS; r++)
        if ((reasons & 1U << r) != 0) out_word(out, NULL, proof_reason_name((enum proof_reason)r));
    out_array_end(out);
}

struct cash {
    struct dec16 in, out, fees_quote, fees_other, fees_outside, net;
};

static struct cash cash_of(const struct pair *p) {
    const struct flows *f = ledger_flows(p->ledger);
    return (struct cash){
        f->sold, f->bought, f->fees_quote, f->fees_other, ledger_totals(p->ledger)->fees_outside_value, p->proof.cash};
}

static void out_cash(struct buf *out, const struct cash *c, bool known) {
    out_object(out, "cash");
    out_amount(out, "in", when(known, c->in));
    out_amount(out, "out", when(known, c->out));
    out_amount(out, "fees_quote", when(known, c->fees_quote));
    out_amount(out, "fees_other", when(known, c->fees_other));
    out_amount(out, "fees_outside", when(known, c->fees_outside));
    out_amount(out, "net", when(known, c->net));
    out_object_end(out);
}

static void out_coin(struct buf *out, const char *key, bool known, struct dec8 d) {
    if (known) out_dec8(out, key, d);
    else out_null(out, key);
}

static void out_coins(struct buf *out, const struct pair *p, bool known) {
    const struct flows *f = ledger_flows(p->ledger);
    out_object(out, "coins");
    out_coin(out, "in", known, f->coins_bought);
    out_coin(out, "out", known, f->coins_sold);
    out_coin(out, "fees", known, f->coins_fees);
    out_coin(out, "fees_outside", known, ledger_totals(p->ledger)->fees_outside);
    out_coin(out, "held", known, p->proof.held);
    out_object_end(out);
}

static void out_history(struct buf *out, const struct history_values *h) {
    out_object(out, "history");
    fields_write(out, history_fields, h);
    out_object_end(out);
}

static void out_mark(struct buf *out, const struct market *m) {
    out_coin(out, "mark", m->price.v > 0, m->price);
    out_time(out, "mark_at", m->price_at);
    out_word(out, "mark_source", price_source_name(m->price_source));
}

static void out_pair(struct buf *out, const struct engine *e, const struct pair *p) {
    const struct ledger_totals *t = ledger_totals(p->ledger);
    const struct flows *f = ledger_flows(p->ledger);
    const struct proof *proof = &p->proof;
    struct cash cash = cash_of(p);
    struct history_values history;
    history_read(&history, p);
    out_object(out, NULL);
    out_name(out, "symbol", &p->symbol);
    out_name(out, "currency", &p->quote);
    out_bool(out, "active", p->active);
    out_word(out, "state", proof_state_name(proof->state));
    out_reasons(out, proof->reasons);
    out_amount(out, "drift", when(proof->state != PROOF_UNCHECKED, proof->drift));
    out_amount(out, "realized", t->realized);
    out_amount(out, "unrealized", when(p->unrealized_known, p->unrealized));
    out_amount(out, "total", when(p->unrealized_known, p->total));
    out_amount(out, "worth", when(proof->valued && !proof->over, proof->worth));
    out_cash(out, &cash, !proof->over);
    out_coins(out, p, !proof->over);
    out_dec8(out, "holdings", t->holdings);
    out_mark(out, e->markets[p->market]);
    out_amount(out, "holdings_value", when(proof->valued && !proof->over, proof->holdings_value));
    out_count(out, "fills", f->fills);
    out_count(out, "fills_before_since", f->before_since);
    out_count(out, "unvalued_fees", f->unvalued);
    out_count(out, "assumed_fees", f->assumed);
    out_history(out, &history);
    out_object_end(out);
}

/* ---- the portfolio ---- */

/* Whether the portfolio's figures leave the pair out (then its fees alone may be named besides). */
static bool counted(const struct engine *e, size_t pair, unsigned *reasons) {
    bool in = true;
    *reasons = e->pairs[pair]->proof.reasons;
    for (size_t i = 0; i < e->portfolio.left_out; i++) {
        const struct left_out *l = &e->left_out[i];
        if (l->line != pair || l->reason == LEFT_OUT_UNVALUED_FEE) continue;
        in = false;
        *reasons |= 1U << (l->reason == LEFT_OUT_NO_MARK   ? PROOF_NO_PRICE
                           : l->reason == LEFT_OUT_NO_RATE ? PROOF_NO_RATE
                                                           : PROOF_OVERFLOW);
    }
    return in;
}

static void out_all_reasons(struct buf *out, const struct engine *e) {
    out_array(out, "reasons");
    for (size_t i = 0; i < e->pair_count; i++) {
        unsigned reasons;
        (void)counted(e, i, &reasons);
        for (int r = 0; r < PROOF_REASONS; r++) {
            if ((reasons & 1U << r) == 0) continue;
            out_object(out, NULL);
            out_name(out, "symbol", &e->pairs[i]->symbol);
            out_word(out, "reason", proof_reason_name((enum proof_reason)r));
            out_object_end(out);
        }
    }
    out_array_end(out);
}

static void add_shown(struct dec16 *sum, const struct engine *e, const struct pair *p, struct dec16 amount) {
    sum_add(sum, sum_shown(e, &p->quote, amount));
}

static struct dec16 less(struct dec16 d) { return d.v == UNKNOWN_DEC ? d : dec16_neg(d); }

/* a - b; unknown where one of them is. */
static struct dec16 minus(struct dec16 a, struct dec16 b) {
    sum_add(&a, less(b));
    return a;
}

/* Each amount is converted by itself and rounded once (PRODUCT 6), so the sums over the pairs would be off by a few of the
 * eighth digit among themselves, as if something were missing. Where every pair is exact in its own quote that is rounding, and
 * all of it is kept on the holdings' value: net, worth and total are what their parts add up to. */
static void settle(struct cash *all, struct dec16 *worth, struct dec16 *value, const struct engine *e) {
    all->net = minus(minus(minus(minus(all->in, all->out), all->fees_quote), all->fees_other), all->fees_outside);
    if (e->portfolio.known && e->proof.state == PROOF_EXACT) *value = minus(e->portfolio.total, all->net);
    *worth = all->net;
    sum_add(worth, *value);
}

static void out_portfolio(struct buf *out, const struct engine *e) {
    struct cash all = {0};
    struct dec16 worth = {0}, value = {0};
    bool known = e->portfolio.known;
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        struct cash c = cash_of(p);
        unsigned reasons;
        if (!counted(e, i, &reasons)) continue;
        if (p->proof.over || !p->proof.valued) known = false;
        add_shown(&all.in, e, p, c.in);
        add_shown(&all.out, e, p, c.out);
        add_shown(&all.fees_quote, e, p, c.fees_quote);
        add_shown(&all.fees_other, e, p, c.fees_other);
        add_shown(&all.fees_outside, e, p, c.fees_outside);
        add_shown(&value, e, p, p->proof.holdings_value);
    }
    settle(&all, &worth, &value, e);
    out_amount(out, "drift", when(e->proof.has_drift, e->proof.drift));
    out_amount(out, "realized", when(e->portfolio.known, e->portfolio.realized));
    out_amount(out, "unrealized", when(e->portfolio.known, e->portfolio.unrealized));
    out_amount(out, "total", when(e->portfolio.known, e->portfolio.total));
    out_amount(out, "worth", when(known, worth));
    out_cash(out, &all, known);
    out_amount(out, "holdings_value", when(known, value));
}

/* ---- balances ---- */

enum role { ROLE_BASE, ROLE_QUOTE, ROLE_FEE };
static const char *const role_names[] = {"base", "quote", "fee"};

struct moved {
    struct name asset;
    enum role role;
    struct dec16 amount; /* unknown: a sum left its range, or more assets than are kept */
};

enum { MOVED_MAX = 2 * LIMIT_PAIRS + FLOWS_ASSETS_MAX };

struct moves {
    size_t count;
    struct moved of[MOVED_MAX];
};

static void move(struct moves *m, const struct name *asset, enum role role, struct dec16 amount) {
    size_t i = 0;
    while (i < m->count && !name_eq(&m->of[i].asset, asset)) i++;
    if (i == MOVED_MAX) return;
    if (i == m->count) m->of[m->count++] = (struct moved){.asset = *asset, .role = role};
    if (role < m->of[i].role) m->of[i].role = role;
    sum_add(&m->of[i].amount, amount);
}

static struct dec16 wide(struct dec8 d) {
    struct dec16 w;
    return dec16_of_dec8(&w, d) == ERR_OK ? w : UNKNOWN_DEC16;
}

static void move_pair(struct moves *m, const struct pair *p) {
    const struct flows *f = ledger_flows(p->ledger);
    struct dec16 coins = wide(f->coins_bought), money = f->sold;
    sum_add(&coins, less(wide(f->coins_sold)));
    sum_add(&coins, less(wide(f->coins_fees)));
    sum_add(&money, less(f->bought));
    sum_add(&money, less(f->fees_quote));
    if (f->over) coins = money = UNKNOWN_DEC16;
    move(m, &p->base, ROLE_BASE, coins);
    move(m, &p->quote, ROLE_QUOTE, money);
    for (size_t i = 0; i < f->asset_count; i++)
        move(m, &f->assets[i].asset, ROLE_FEE, f->over ? UNKNOWN_DEC16 : less(f->assets[i].amount));
}

static const struct held_balance *balance_of(const struct engine *e, const struct name *asset) {
    for (size_t i = 0; i < e->balances.count; i++)
        if (name_eq(&e->balances.rows[i].asset, asset)) return &e->balances.rows[i];
    return NULL;
}

/* Why the balances cannot be held against the fills now; NULL: they can. */
static const char *unknown_reason(const struct engine *e) {
    const struct balances *b = &e->balances;
    bool told = feed_is_live(&e->user);
    if (e->config->key.kind == KEY_NONE) return "no_credentials";
    if (e->exchange.unauthorized) return "unauthorized";
    if (!b->known) return "not_read";
    for (size_t i = 0; i < e->pair_count; i++) /* fills that came by another way than the stream moved them since */
        if (!told && e->pairs[i]->realized_change.at.us > b->updated_at.us) return "stale";
    return b->outdated ? "stale" : NULL;
}

static const char *note_of(enum role role, struct dec16 difference) {
    if (difference.v == UNKNOWN_DEC) return NULL;
    if (difference.v == 0) return "as the fills say";
    if (role == ROLE_QUOTE) return "the money that was brought in, less what was taken out";
    if (difference.v > 0)
        return "more than the fills brought: deposits, trades outside the watched pairs, or trades from before the "
               "known history";
    return "less than the fills brought: withdrawals, trades outside the watched pairs, or trades from before the "
           "known history";
}

/* True where coins of a pair's base do not agree. */
static bool out_asset(struct buf *out, const struct engine *e, const struct moved *m, bool known) {
    static const struct held_balance none;
    const struct held_balance *b = balance_of(e, &m->asset);
    bool told = known && (b != NULL || !e->balances.cut);
    struct dec16 balance = UNKNOWN_DEC16, difference;
    if (b == NULL) b = &none;
    if (told) {
        balance = wide(b->free);
        sum_add(&balance, wide(b->locked));
    }
    difference = balance;
    sum_add(&difference, less(m->amount));
    out_object(out, NULL);
    out_name(out, "asset", &m->asset);
    out_word(out, "role", role_names[m->role]);
    out_amount(out, "moved", m->amount);
    out_coin(out, "free", told, b->free);
    out_coin(out, "locked", told, b->locked);
    out_amount(out, "balance", balance);
    out_amount(out, "difference", difference);
    out_time(out, "at", !told ? (struct wall){0} : b->at.us != 0 ? b->at : e->balances.read_at);
    out_word(out, "source", !told ? NULL : balance_source_name(b->source));
    out_word(out, "note", note_of(m->role, difference));
    out_object_end(out);
    return m->role == ROLE_BASE && difference.v != UNKNOWN_DEC && difference.v != 0;
}

static const char *newest_source(const struct balances *b) {
    if (!b->known) return NULL;
    for (size_t i = 0; i < b->count; i++)
        if (b->rows[i].source == BALANCE_STREAM && b->rows[i].at.us == b->updated_at.us)
            return balance_source_name(BALANCE_STREAM);
    return balance_source_name(BALANCE_ACCOUNT);
}

static void out_balances(struct buf *out, const struct engine *e, struct moves *moves) {
    const struct balances *b = &e->balances;
    const char *reason = unknown_reason(e);
    bool readable = b->known && e->config->key.kind != KEY_NONE;
    uint64_t differences = 0;
    for (size_t i = 0; i < e->pair_count; i++) move_pair(moves, e->pairs[i]);
    for (size_t i = 0; i < e->pair_count; i++) /* its further fee assets are not known one by one: it may be any */
        if (ledger_flows(e->pairs[i]->ledger)->assets_over)
            for (size_t k = 0; k < moves->count; k++) moves->of[k].amount = UNKNOWN_DEC16;
    out_object(out, "balances");
    out_bool(out, "known", reason == NULL);
    out_word(out, "reason", reason);
    out_word(out, "sentence",
             "What the fills of the watched pairs moved, against the exchange's balances: a difference comes from "
             "deposits and "
             "withdrawals, from trades outside the watched pairs, or from trades before the known history.");
    out_time(out, "read_at", b->read_at);
    out_word(out, "source", newest_source(b));
    out_time(out, "updated_at", b->updated_at);
    out_array(out, "assets");
    for (size_t i = 0; i < moves->count; i++) differences += out_asset(out, e, &moves->of[i], readable);
    out_array_end(out);
    out_count(out, "differences", differences);
    out_object_end(out);
}

void view_proof(struct buf *out, const struct engine *e, struct now now) {
    struct moves moves;
    struct history_values history;
    moves.count = 0;
    history_read_all(&history, e);
    out_object(out, NULL);
    out_time(out, "time", now.wall);
    out_name(out, "currency", &e->display);
    out_word(out, "state", proof_state_name(e->proof.state));
    out_word(out, "sentence", sentence(e));
    out_all_reasons(out, e);
    out_portfolio(out, e);
    out_history(out, &history);
    out_array(out, "pairs");
    for (size_t i = 0; i < e->pair_count; i++) out_pair(out, e, e->pairs[i]);
    out_array_end(out);
    out_balances(out, e, &moves);
    out_object_end(out);
}
