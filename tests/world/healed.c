/* healed.c: what must hold when everything has healed: the engine's figures against the exchange's truth, computed here a
 * second time from the list of trades. */
#include "inside.h"

#include <stdlib.h>

/* Until everything is right a look that fails is no failure of the run: *ok says so. */
#define WANT(i, condition, ...)                                                                                        \
    do {                                                                                                               \
        if (must) HOLDS(w, i, condition, __VA_ARGS__);                                                                 \
        if (!(condition)) return false;                                                                                \
    } while (0)

struct truth { /* of one market */
    size_t fills;
    i128 holdings, basis, bought, sold, fees, base_fees, realized;
};

static i128 divide_half_even(i128 n, i128 d) {
    bool negative = n < 0;
    if (negative) n = -n;
    i128 q = n / d, twice = (n % d) * 2;
    if (twice > d || (twice == d && q % 2 != 0)) q++;
    return negative ? -q : q;
}

/* A fee in BNB is worth what the last one-minute candle before the trade says; to BTC it goes by way of USDT. */
static i128 fee_value(const struct trade *t, int m) {
    i128 fee = (i128)t->fee * DEC8_ONE;
    int64_t minute = t->time_ms / 60000 - 1;
    if (strcmp(t->fee_asset, markets[m].quote) == 0) return fee;
    if (strcmp(t->fee_asset, markets[m].base) == 0) return (i128)t->fee * t->price;
    i128 dollars = (i128)t->fee * exchange_close(BNB_USDT, minute);
    if (strcmp(markets[m].quote, "USDT") == 0) return dollars;
    return divide_half_even(dollars * DEC8_ONE, exchange_close(BTC_USDT, minute));
}

static int by_time(const void *a, const void *b) {
    const struct trade *x = a, *y = b;
    if (x->time_ms != y->time_ms) return x->time_ms < y->time_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

struct open_lot {
    i128 left, price;
};

/* First in, first out; no trade of the model sells more than there is. */
static struct truth truth_of(const struct world *w, int m) {
    size_t count = w->trade_count[m], first = 0, lots = 0;
    struct truth r = {.fills = count};
    struct trade *sorted = calloc(count + 1, sizeof *sorted);
    struct open_lot *open = calloc(count + 1, sizeof *open);
    if (sorted == NULL || open == NULL) abort();
    memcpy(sorted, w->trades[m], count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_time); /* the exchange's clock may have been set back */
    for (size_t i = 0; i < count; i++) {
        const struct trade *t = &sorted[i];
        i128 amount = (i128)t->price * t->quantity, fee = fee_value(t, m);
        bool base = strcmp(t->fee_asset, markets[m].base) == 0;
        r.fees += fee;
        r.realized -= fee;
        if (base) r.base_fees += fee;
        *(t->buy ? &r.bought : &r.sold) += amount;
        if (t->buy) {
            open[lots++] = (struct open_lot){t->quantity - (base ? t->fee : 0), t->price};
            continue;
        }
        r.realized += amount;
        for (i128 want = t->quantity; want > 0 && first < lots;) {
            i128 piece = want < open[first].left ? want : open[first].left;
            r.realized -= piece * open[first].price;
            open[first].left -= piece;
            want -= piece;
            first += open[first].left == 0;
        }
    }
    for (; first < lots; first++) r.holdings += open[first].left, r.basis += open[first].left * open[first].price;
    free(sorted);
    free(open);
    return r;
}

static const struct pair *find_pair(const struct world *w, int m) {
    for (size_t i = 0; i < w->engine->pair_count; i++)
        if (name_is(&w->engine->pairs[i]->symbol, markets[m].symbol)) return w->engine->pairs[i];
    return NULL;
}

/* ---- a pair ---- */

static bool check_orders(struct world *w, const struct pair *p, int m, bool must) {
    size_t open = 0, shown = 0;
    if (!w->config.credentials && w->config.source != SOURCE_IS_BOT) return true;
    for (size_t i = 0; i < w->order_count; i++) {
        if (w->orders[i].market != m) continue;
        open++;
        for (size_t k = 0; k < p->orders->count; k++) shown += p->orders->rows[k].order_id == w->orders[i].id;
    }
    WANT(HEALED_ORDERS, shown == open && p->orders->count == open, "%s: %zu are open, %zu shown, %zu of them right",
         markets[m].symbol, open, p->orders->count, shown);
    return true;
}

static bool check_pair_healed(struct world *w, int m, bool must) {
    const struct pair *p = find_pair(w, m);
    WANT(HEALED_FIGURES, p != NULL, "the pair %s is missing", markets[m].symbol);
    const struct ledger_totals *t = ledger_totals(p->ledger);
    struct truth r = truth_of(w, m);
    const char *s = markets[m].symbol;
    bool key = w->config.credentials;
    size_t reachable = key || r.fills < PAGE ? r.fills : t->fills;
    WANT(HEALED_FIGURES, t->fills == reachable, "%s: %" PRIu64 " fills shown, %zu made", s, t->fills, r.fills);
    WANT(HEALED_FIGURES, t->fills != r.fills || (t->bought.v == r.bought && t->sold.v == r.sold), "%s: turnover", s);
    WANT(HEALED_FIGURES, p->unrealized_known, "%s: no unrealized P&L", s);
    WANT(HEALED_FIGURES, w->engine->markets[p->market]->price.v == w->prices[m], "%s: the price is another", s);
    if (!check_orders(w, p, m, must)) return false;
    if (!key) return true; /* the bot names no fee assets, and lists the last thousand only */
    WANT(HEALED_FIGURES, p->history.state == HISTORY_COMPLETE, "%s: history is not complete", s);
    WANT(HEALED_FIGURES, t->unvalued_fees == 0, "%s: %" PRIu64 " fees without a value", s, t->unvalued_fees);
    WANT(HEALED_FIGURES, t->holdings.v == r.holdings && t->holdings.v == w->holdings[m], "%s: holdings", s);
    WANT(HEALED_FIGURES, t->cost_basis.v == r.basis && t->unmatched.v == 0, "%s: cost of the holdings", s);
    WANT(HEALED_FIGURES, t->fees_quote.v == r.fees, "%s: fees", s);
    WANT(HEALED_FIGURES, t->realized.v == r.realized, "%s: realized", s);
    i128 worth = r.holdings * w->prices[m];
    WANT(HEALED_FIGURES, p->unrealized.v == worth - r.basis, "%s: unrealized", s);
    /* cash flows plus holdings at the mark, to the last digit (ACCOUNTING 7); a base fee is paid in coins */
    WANT(HEALED_FIGURES, p->total.v == r.sold - r.bought - (r.fees - r.base_fees) + worth,
         "%s: total is not cash flows plus holdings at the mark", s);
    return true;
}

/* ---- the portfolio ---- */

/* Quote to display by at most two of: times BTC/USDT, by BTC/USDT, by EUR/USDT; one rounding, to 8 digits. */
static i128 converted(const struct world *w, i128 amount, const char *quote, const char *display) {
    i128 mul = 1, div = 1;
    if (strcmp(quote, display) == 0) return amount;
    if (strcmp(quote, "BTC") == 0) mul = w->prices[BTC_USDT], div = DEC8_ONE;
    if (strcmp(display, "BTC") == 0) mul = DEC8_ONE, div = w->prices[BTC_USDT];
    if (strcmp(display, "EUR") == 0) {
        if (strcmp(quote, "USDT") == 0) mul = DEC8_ONE, div = w->prices[EUR_USDT];
        else div = w->prices[EUR_USDT];
    }
    return divide_half_even(amount * mul, div * DEC8_ONE) * DEC8_ONE;
}

static bool check_portfolio(struct world *w, bool must) {
    const struct engine *e = w->engine;
    i128 realized = 0, unrealized = 0, fees = 0;
    const char *display = e->display.text;
    if (w->config.display != NULL)
        WANT(HEALED_PORTFOLIO, strcmp(display, w->config.display) == 0, "it is in %s", display);
    WANT(HEALED_PORTFOLIO, e->portfolio.known && e->portfolio.left_out == 0, "a pair is left out");
    for (size_t m = 0; m < w->config.symbols; m++) {
        const struct pair *p = find_pair(w, (int)m);
        if (p == NULL || ledger_count(p->ledger) == 0) continue;
        const struct ledger_totals *t = ledger_totals(p->ledger);
        realized += converted(w, t->realized.v, markets[m].quote, display);
        unrealized += converted(w, p->unrealized.v, markets[m].quote, display);
        fees += converted(w, t->fees_quote.v, markets[m].quote, display);
    }
    WANT(HEALED_PORTFOLIO, e->portfolio.realized.v == realized, "realized in %s", display);
    WANT(HEALED_PORTFOLIO, e->portfolio.unrealized.v == unrealized, "unrealized in %s", display);
    WANT(HEALED_PORTFOLIO, e->portfolio.fees.v == fees, "fees in %s", display);
    return true;
}

/* ---- all ---- */

bool check_healed(struct world *w, bool must) {
    const struct engine *e = w->engine;
    for (size_t m = 0; m < w->config.symbols; m++)
        if (!check_pair_healed(w, (int)m, must)) return false;
    if (!check_portfolio(w, must)) return false;
    WANT(HEALED_WORDS, e->status == STATUS_CONNECTED, "status is %s (%s)", status_name(e->status),
         status_reason_name(e->reason) ? status_reason_name(e->reason) : "-");
    WANT(HEALED_WORDS, e->mode == MODE_STREAMING, "mode is %s: market %s, user %s (%s)", mode_name(e->mode),
         feed_state_name(e->market.state), feed_state_name(e->user.state), e->user.reason);
    WANT(WISHES_ARE_ANSWERED, w->wishes == w->wish_answers + w->wishes_lost,
         "%" PRIu64 " asked, %" PRIu64 " answered, %" PRIu64 " lost with a program", w->wishes, w->wish_answers,
         w->wishes_lost);
    return true;
}

void check_calm(struct world *w, int64_t seconds, uint64_t rest, uint64_t bot, uint64_t cuts) {
    bool by_socket = w->config.user_stream == USER_STREAM_WS_API;
    if (by_socket) HOLDS(w, CALM_IS_QUIET, rest == 0, "%" PRIu64 " requests to Binance's REST", rest);
    if (w->config.credentials && w->config.source == SOURCE_IS_BOT)
        HOLDS(w, CALM_IS_QUIET, bot <= (uint64_t)seconds / 2 + 25, "%" PRIu64 " requests to the bot", bot);
    HOLDS(w, RENEWED_BEFORE_THE_CUT, cuts == 0, "%" PRIu64 " connections were cut", cuts);
}
