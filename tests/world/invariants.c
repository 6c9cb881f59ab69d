#include "invariants.h"

#include "inside.h"

#include <stdlib.h>

const struct invariant_row invariant_rows[INVARIANTS] = {
    [TOTAL_IS_THE_SUM] = {"total_is_the_sum", "total = realized + unrealized, of the portfolio"},
    [PORTFOLIO_ADDS_UP] = {"portfolio_adds_up", "the portfolio's realized is the sum over its pairs"},
    [UNKNOWN_IS_NOT_ZERO] = {"unknown_is_not_zero", "what nobody has told yet is unknown, never a figure of zero"},
    [NEVER_BELOW_ZERO] = {"never_below_zero", "holdings, their cost and fees are not negative"},
    [PROOF_NEVER_DRIFTS] = {"proof_never_drifts",
                            "lots and cash flows give the same total, or it is said why they cannot be compared"},
    [NO_INVENTED_FILL] = {"no_invented_fill", "no pair shows more fills than trades were made"},
    [PERSIST_THEN_SHOW] = {"persist_then_show", "while the store commits, no fill is shown before its commit"},
    [STALE_IS_SAID] = {"stale_is_said", "a held pair without a price for 62 s is never shown as connected"},
    [LIVE_MEANS_PROVEN] = {"live_means_proven",
                           "a feed is live only by a link that delivered, or is subscribed and merged"},
    [STREAMING_MEANS_LIVE] = {"streaming_means_live", "the mode is streaming only while each wanted feed is live"},
    [LIVE_MEANS_MERGED] =
        {"live_means_merged",
         "three seconds after the user feed is live all trades from before its subscription are shown"},
    [ORDERS_ARE_ASKED_AGAIN] = {"orders_are_asked_again",
                                "a list of open orders that failed is asked for again while the user feed is live"},
    [ONE_LINK_ONE_PLACE] = {"one_link_one_place", "a link is the current one or the replacement, not both"},
    [TWO_LINKS_AT_MOST] = {"two_links_at_most", "no feed has more than two connections, so none leaks"},
    [DEADLINES_LIE_AHEAD] = {"deadlines_lie_ahead", "the next timer is in the future: the engine never spins"},
    [NO_EFFECT_IS_DROPPED] = {"no_effect_is_dropped", "the list of effects never overflows"},
    [TURNS_END] = {"turns_end", "recomputation comes to an end"},
    [ONE_ACCOUNT] = {"one_account", "bot and key of one account are never taken for strangers"},
    [SEQ_RISES_BY_ONE] = {"seq_rises_by_one", "each delta's number is the last one's plus one"},
    [SILENCE_IN_A_BAN] = {"silence_in_a_ban", "told 429 or 418, nothing is sent to Binance before its time"},
    [SILENCE_ENDS] = {"silence_ends",
                      "told 429 or 418, silence lasts as long as was said, else a minute, doubling in a row"},
    [WEIGHT_LIMIT] =
        {"weight_limit",
         "no question goes over the weight of the minute, as the last answers told it and with ours since"},
    [REFUSED_KEY_ONCE_A_MINUTE] = {"refused_key_once_a_minute",
                                   "a key known to be refused is tried once a minute at most"},
    [BOT_LIMIT_HOLDS] = {"bot_limit", "the bot is asked 90 times in any minute at most"},
    [OPEN_BREAKER_REFUSES] = {"open_breaker_refuses",
                              "after five failed polls in a row nothing is asked for a minute, then one question"},
    [FIVE_MESSAGES_A_SECOND] = {"five_messages_a_second", "a market connection gets five messages a second at most"},
    [CONNECTS_ARE_SPACED] = {"connects_are_spaced", "a feed connects 40 times in two minutes at most"},
    [EXPIRED_KEY_IS_LEFT] = {"expired_key_is_left",
                             "no connection is opened by a listen key that is said to be expired"},
    [NOTHING_FOR_A_DEAD_STORE] = {"nothing_for_a_dead_store", "no batch is handed to a store that is gone"},
    [QUESTIONS_ARE_KNOWN] = {"questions_are_known", "only documented questions are asked"},
    [KEPT_IS_TRUE] = {"kept_is_true",
                      "only closed candles are kept, with the exchange's own close, and all its markets"},
    [KEPT_IS_NOT_ASKED] = {"kept_is_not_asked",
                           "the store comes before the exchange: no minute that it just gave, no exchange information "
                           "within a day of what is known"},
    [CANDLES_ARE_TRUE] =
        {"candles_are_true",
         "a page gets the candles it asked for: all of them, in order, none twice, with the right close"},
    [NO_FILL_TWICE] = {"no_fill_twice", "no trade stands twice in a ledger"},
    [FILLS_ARE_TRUE] = {"fills_are_true", "each shown fill is a trade of the exchange, digit by digit"},
    [LEDGER_FOLLOWS_FROM_FILLS] = {"ledger_follows_from_fills",
                                   "holdings, cost, realized and fees, computed a second time"},
    [PAGE_KNOWS_ALL] = {"page_knows_all",
                        "what pages were told is what a new page would be told: no change without a mark"},
    [DELTAS_MAKE_THE_SNAPSHOT] = {"deltas_make_the_snapshot",
                                  "deltas applied as text to the first snapshot make the present one"},
    [DURABLE_COMES_BACK] = {"durable_comes_back", "after a start, each committed fill is in its ledger"},
    [INFORMED_FOR_AN_HOUR] = {"informed_for_an_hour",
                              "after a start, kept exchange information is taken up to an hour old"},
    [HEALED_FIGURES] = {"healed_figures",
                        "healed: fills, turnover, holdings, cost, realized, unrealized, total, fees are the truth"},
    [HEALED_PORTFOLIO] = {"healed_portfolio", "healed: the portfolio is the converted sum, computed a second time"},
    [HEALED_ORDERS] = {"healed_orders", "healed: the open orders are the exchange's"},
    [HEALED_WORDS] = {"healed_words", "healed: connected, streaming"},
    [WISHES_ARE_ANSWERED] = {"wishes_are_answered", "each question of a page got one answer"},
    [CALM_IS_QUIET] = {"calm_is_quiet",
                       "in calm nothing is asked over REST, and the bot only for its health and strategies"},
    [RENEWED_BEFORE_THE_CUT] = {"renewed_before_the_cut", "in calm no connection lives until the exchange cuts it"},
};

enum {
    CLOCK_SLACK_S = 21, /* the model's exchange may set its clock by 20 s: a time told before is off by so much */
    STALE_S = 62        /* 60, and a second to notice, and one to be told */
};
#define MERGED_US (3 * US_PER_S) /* a store that is slow is waited for a second */
#define OWED_US (30 * US_PER_S)  /* unanswered for 10 s, 5 s to the next, twice for six pairs */
#define RECENT_US (30 * US_PER_MIN)

void broken(struct world *w, enum invariant i, const char *format, ...) {
    va_list args;
    char what[200];
    if (!w->result->ok) return;
    w->result->ok = false;
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)snprintf(w->result->why, sizeof w->result->why, "%s: %s", invariant_rows[i].name, what);
}

/* ---- of what goes out ---- */

void see_binance(struct world *w, const char *what) {
    HOLDS(w, SILENCE_IN_A_BAN, w->now >= w->silent_until - CLOCK_SLACK_S * US_PER_S, "%s was sent", what);
}

/* Those that come in the silence were on their way when it began. */
void see_refusal(struct world *w, const struct delivery *d) {
    int64_t until = w->now + d->retry_after_us;
    if (d->retry_after_us == 0) {
        if (weight_banned(&w->engine->exchange.weight, (struct mono){w->now})) return;
        until = w->now + (w->strikes < 6 ? US_PER_MIN << w->strikes : US_PER_HOUR);
        if (w->strikes < 6) w->strikes++;
    }
    if (until > w->silence_most) w->silence_most = until;
}

/* What was sent before the engine knew does not count. */
void see_key(struct world *w) {
    bool known = w->engine->exchange.unauthorized;
    HOLDS(w, REFUSED_KEY_ONCE_A_MINUTE, !known || w->key_tried == 0 || w->now - w->key_tried >= 59 * US_PER_S,
          "tried after %.1f s", (double)(w->now - w->key_tried) / 1e6);
    w->key_tried = known ? w->now : 0;
}

/* Five polls that fail open a breaker, one answer that does not closes it: what a poll is says PRODUCT 6, those under way when
 * a failure is told belong to the poll that failed. */
void see_http_answer(struct world *w, const struct delivery *d) {
    struct model_breaker *b = &w->breakers[d->bot];
    b->trial_out = false;
    if (!d->failed) b->failures = 0;
    if (!d->failed || d->number <= b->counted_to) return;
    b->failures++;
    b->failed_at = w->now;
    b->counted_to = w->result->requests;
}

/* "orders" of the bot, "openOrders" of the exchange. */
void see_orders_asked(struct world *w, const char *text, bool failed) {
    int m = strstr(text, "rders") != NULL ? market_in(text) : -1;
    if (m >= 0 && m < TRADABLE) w->orders_owed[m] = failed ? w->now : 0;
}

static void see_breaker(struct world *w, bool bot) {
    struct model_breaker *b = &w->breakers[bot];
    bool open = b->failures >= (unsigned)w->engine_config.breaker.fail_max;
    HOLDS(w, OPEN_BREAKER_REFUSES,
          !open || (!b->trial_out && w->now - b->failed_at >= w->engine_config.breaker.reset_us),
          "%s was asked %.1f s after %u failed polls", bot ? "the bot" : "Binance",
          (double)(w->now - b->failed_at) / 1e6, b->failures);
    b->trial_out = open;
}

void see_request(struct world *w, const struct effect *f, bool bot) {
    see_breaker(w, bot);
    if (!bot) {
        see_binance(w, "a request");
        if (f->with_key) see_key(w);
        return;
    }
    int64_t oldest = w->bot_times[w->bot_next];
    HOLDS(w, BOT_LIMIT_HOLDS, oldest == 0 || w->now - oldest >= US_PER_MIN, "over %d requests in a minute", BOT_LIMIT);
    w->bot_times[w->bot_next] = w->now;
    w->bot_next = (w->bot_next + 1) % BOT_LIMIT;
}

void see_connect(struct world *w, const struct model_link *l) {
    bool market = l->market;
    int64_t *times = w->connect_times[market], oldest = times[w->connect_next[market]];
    size_t alive = 0;
    HOLDS(w, CONNECTS_ARE_SPACED, oldest == 0 || w->now - oldest >= 2 * US_PER_MIN,
          "%d connections of the %s feed in %.0f s", CONNECTS_WATCHED, market ? "market" : "user",
          (double)(w->now - oldest) / 1e6);
    times[w->connect_next[market]] = w->now;
    w->connect_next[market] = (w->connect_next[market] + 1) % CONNECTS_WATCHED;
    for (size_t i = w->first_link; i < w->link_count; i++) alive += w->links[i].market == market && !w->links[i].dead;
    HOLDS(w, EXPIRED_KEY_IS_LEFT, l->listen_key == 0 || l->listen_key != w->expired_key, "it was");
    HOLDS(w, TWO_LINKS_AT_MOST, alive <= LINKS_OF_A_FEED, "%zu of the %s feed", alive, market ? "market" : "user");
}

/* ---- at every step ---- */

static int market_of(const struct pair *p) {
    for (int m = 0; m < TRADABLE; m++)
        if (name_is(&p->symbol, markets[m].symbol)) return m;
    return -1;
}

static void check_sums(struct world *w) {
    const struct engine *e = w->engine;
    const struct portfolio *p = &e->portfolio;
    i128 realized = 0;
    bool plain = p->left_out == 0;
    struct dec16 sum;
    HOLDS(w, TOTAL_IS_THE_SUM, dec16_add(&sum, p->realized, p->unrealized) == ERR_OK && sum.v == p->total.v,
          "it is not");
    for (size_t i = 0; i < e->pair_count; i++) {
        plain &= e->lines[i].rate_is_one;
        realized += ledger_totals(e->pairs[i]->ledger)->realized.v;
    }
    if (plain) HOLDS(w, PORTFOLIO_ADDS_UP, realized == p->realized.v, "the pairs' realized is another");
}

static void check_pair(struct world *w, const struct pair *p) {
    const struct engine *e = w->engine;
    const struct ledger_totals *t = ledger_totals(p->ledger);
    int m = market_of(p);
    bool held = t->holdings.v != 0;
    HOLDS(w, NEVER_BELOW_ZERO, t->holdings.v >= 0 && t->cost_basis.v >= 0 && t->fees_quote.v >= 0, "%s",
          p->symbol.text);
    HOLDS(w, PROOF_NEVER_DRIFTS, p->proof.state != PROOF_DRIFT, "%s", p->symbol.text);
    HOLDS(w, NO_INVENTED_FILL, m < 0 || t->fills <= w->made[m], "%s shows more fills than there were trades",
          p->symbol.text);
    if (m < 0 || !held) return;
    HOLDS(w, UNKNOWN_IS_NOT_ZERO, w->priced_at[m] >= 0 || !p->unrealized_known, "%s has no price, but a figure",
          p->symbol.text);
    bool unpriced =
        e->markets[p->market]->price_source == PRICE_NONE; /* told before the pair was known: a dash, not old */
    if (w->priced_at[m] < 0 || unpriced || e->status != STATUS_CONNECTED) return;
    HOLDS(w, STALE_IS_SAID, w->now - w->priced_at[m] <= STALE_S * US_PER_S,
          "%s: no price for %" PRId64 " s, but connected", p->symbol.text, (w->now - w->priced_at[m]) / US_PER_S);
}

static void check_feed(struct world *w, const struct feed *f, const char *name) {
    if (feed_is_live(f)) HOLDS(w, LIVE_MEANS_PROVEN, f->cur.phase == LINK_PROVEN, "%s", name);
    HOLDS(w, ONE_LINK_ONE_PLACE, f->cur.id == 0 || f->cur.id != f->next.id, "%s", name);
}

/* Of what is recent: the page with the newest trades is read before the feed is live, older ones may follow. */
static void check_merged(struct world *w, const struct pair *p, int m, int64_t subscribed_at) {
    if (w->lagged_at[m] >= subscribed_at || w->wipe_unnoticed) return;
    for (size_t i = w->trade_count[m]; i-- > 0 && w->trades[m][i].made_at > subscribed_at - RECENT_US;) {
        const struct trade *t = &w->trades[m][i];
        if (t->made_at >= subscribed_at) continue;
        HOLDS(w, LIVE_MEANS_MERGED, ledger_knows(p->ledger, t->id, t->buy ? SIDE_BUY : SIDE_SELL),
              "%s %" PRId64 " is missing", p->symbol.text, t->id);
    }
}

/* By whomever it was asked. Counted are the seconds in which nothing hindered the engine: no ban, no refused key, weight to
 * be had. */
static void check_orders_owed(struct world *w, const struct pair *p, int m) {
    const struct weight_budget *b = &w->engine->exchange.weight;
    bool full = b->used * 100 >= b->limit * 90;
    bool hindered = full || w->engine->user.state != FEED_LIVE || !p->active || w->engine->exchange.unauthorized ||
                    w->now < w->silent_until;
    if (w->config.low_limit || w->config.user_stream != USER_STREAM_WS_API || w->orders_owed[m] == 0) return;
    if (hindered) w->orders_owed[m] = w->now;
    HOLDS(w, ORDERS_ARE_ASKED_AGAIN, w->now - w->orders_owed[m] < OWED_US, "%s: it failed %.0f s ago", p->symbol.text,
          (double)(w->now - w->orders_owed[m]) / 1e6);
}

static void check_live(struct world *w) {
    const struct engine *e = w->engine;
    if (!w->config.credentials) return;
    if (!feed_is_live(&e->user)) w->live_link = 0;
    else if (e->user.cur.id != w->live_link) {
        w->live_link = e->user.cur.id;
        w->live_at = w->now;
        w->live_pairs = 0;
        for (size_t i = 0; i < e->pair_count; i++) {
            int m = e->pairs[i]->active ? market_of(e->pairs[i]) : -1;
            if (m >= 0) w->live_pairs |= 1U << m;
        }
    }
    for (size_t i = 0; i < e->pair_count; i++) {
        int m = market_of(e->pairs[i]);
        if (m >= 0) check_orders_owed(w, e->pairs[i], m);
    }
    if (w->live_link == 0 || w->live_pairs == 0 || w->now - w->live_at < MERGED_US) return;
    const struct model_link *l = find_link(w, w->live_link);
    for (size_t i = 0; i < e->pair_count && l != NULL && l->subscribed; i++) {
        int m = market_of(e->pairs[i]);
        if (m >= 0 && ((w->live_pairs >> m) & 1) != 0) check_merged(w, e->pairs[i], m, l->subscribed_at);
    }
    w->live_pairs = 0;
}

void check_step(struct world *w) {
    const struct engine *e = w->engine;
    check_live(w);
    check_sums(w);
    check_feed(w, &e->user, "user");
    check_feed(w, &e->market, "market");
    HOLDS(w, ONE_ACCOUNT, !e->bot.other_account, "they are");
    w->always_durable &= e->durable;
    if (w->always_durable)
        HOLDS(w, PERSIST_THEN_SHOW, e->count.fills_applied <= w->committed, "%" PRIu64 " shown, %" PRIu64 " kept",
              e->count.fills_applied, w->committed);
    HOLDS(w, SILENCE_ENDS, e->exchange.weight.banned_until.us <= w->silence_most + US_PER_S, "it lasts %.0f s too long",
          (double)(e->exchange.weight.banned_until.us - w->silence_most) / 1e6);
    HOLDS(w, DEADLINES_LIE_AHEAD, engine_deadline(e).us > w->now, "it does not");
    HOLDS(w, NO_EFFECT_IS_DROPPED, e->count.effects_dropped == 0, "it did");
    if (!w->fills_told) HOLDS(w, UNKNOWN_IS_NOT_ZERO, !e->portfolio.known, "no fills were heard of");
    if (e->mode == MODE_STREAMING)
        HOLDS(w, STREAMING_MEANS_LIVE,
              feed_is_live(&e->market) && (feed_is_live(&e->user) || w->engine_config.key.kind == KEY_NONE),
              "market %s, user %s", feed_state_name(e->market.state), feed_state_name(e->user.state));
    for (size_t i = 0; i < e->pair_count; i++) check_pair(w, e->pairs[i]);
}

/* ---- the page ---- */

enum { PAGE_COMPARED_EVERY = 200, PAGE_COMPARED_EVERY_IN_A_DAY = 3000 /* events */ };

/* The delta of each turn; and at times, on the view's slow beat, when even counters are up to date, all of it. */
void check_view(struct world *w) {
    struct now now = world_now(w);
    struct buf *delta = &w->told[0], *known = &w->told[1], *is = &w->told[2];
    bool beat = now.mono.us - w->view_beat.us >= VIEW_SLOW_US;
    buf_clear(delta);
    if (view_delta(w->view, delta, w->engine, now, w->seq + 1)) {
        w->seq++;
        if (w->page != NULL) page_apply(w, delta);
    }
    if (!beat) return;
    w->view_beat = now.mono;
    uint64_t every = w->config.hours > 0 ? PAGE_COMPARED_EVERY_IN_A_DAY : w->quiet ? 0 : PAGE_COMPARED_EVERY;
    if (w->events - w->whole_at < every) return;
    w->whole_at = w->events;
    buf_clear(known);
    buf_clear(is);
    view_known(w->view, known, now, w->seq);
    view_snapshot(is, w->engine, now, w->seq);
    size_t same = 0;
    while (same < known->len && same < is->len && known->at[same] == is->at[same]) same++;
    size_t from = same < 60 ? 0 : same - 60;
    HOLDS(w, PAGE_KNOWS_ALL, delta->failed == ERR_OK && known->failed == ERR_OK && is->failed == ERR_OK,
          "the view ran out of room");
    HOLDS(w, PAGE_KNOWS_ALL, known->len == is->len && same == is->len, "%.90s but it is %.90s", known->at + from,
          is->at + from);
    if (w->page != NULL) page_compare(w, is);
    check_whole(w);
}

/* ---- fill by fill ---- */

struct lots { /* of open buys, oldest first */
    struct lot_row {
        i128 left, price;
    } * rows;
    size_t first, count;
};

/* Takes out of the oldest lots; what they cost. *missing: what was not there. */
static i128 take_lots(struct lots *lots, i128 want, i128 *missing) {
    i128 basis = 0;
    while (want > 0 && lots->first < lots->count) {
        struct lot_row *lot = &lots->rows[lots->first];
        i128 piece = want < lot->left ? want : lot->left;
        basis += piece * lot->price;
        want -= piece;
        lot->left -= piece;
        if (lot->left == 0) lots->first++;
    }
    *missing = want;
    return basis;
}

static i128 fee_in_quote(const struct fill *f, bool base) {
    if (f->fee_state == FEE_VALUED) return f->fee_value.v;
    if (f->fee_state == FEE_NONE || f->fee_state == FEE_UNVALUED) return 0;
    return base ? f->fee.v / DEC8_ONE * f->price.v : f->fee.v;
}

/* The accounting once more, plainly: prices and quantities of the model leave nothing to round. */
static void check_ledger(struct world *w, const struct pair *p) {
    size_t count = ledger_count(p->ledger);
    const struct ledger_totals *t = ledger_totals(p->ledger);
    struct lots lots = {calloc(count + 1, sizeof *lots.rows), 0, 0};
    i128 realized = 0, fees = 0, holdings = 0, basis = 0, missing = 0;
    if (lots.rows == NULL) abort();
    for (size_t i = 0; i < count && missing == 0; i++) {
        struct fill f;
        ledger_get(p->ledger, i, &f, NULL);
        bool base = f.fee_state == FEE_OWN && name_eq(&f.fee_asset, &p->base);
        i128 fee = fee_in_quote(&f, base), fee_base = base ? f.fee.v / DEC8_ONE : 0;
        fees += fee;
        realized -= fee;
        if (f.side == SIDE_BUY) {
            lots.rows[lots.count++] = (struct lot_row){f.quantity.v - fee_base, f.price.v};
            continue;
        }
        realized += (i128)f.quantity.v * f.price.v - take_lots(&lots, f.quantity.v, &missing);
        if (fee_base > 0 && missing == 0) realized += fee_base * f.price.v - take_lots(&lots, fee_base, &missing);
    }
    for (size_t i = lots.first; i < lots.count; i++) {
        holdings += lots.rows[i].left;
        basis += lots.rows[i].left * lots.rows[i].price;
    }
    free(lots.rows);
    if (missing != 0) return; /* sold without a known lot: the history is not complete yet */
    HOLDS(w, LEDGER_FOLLOWS_FROM_FILLS,
          t->holdings.v == holdings && t->cost_basis.v == basis && t->realized.v == realized &&
              t->fees_quote.v == fees && t->fills == count && t->buys + t->sells == count && t->unmatched.v == 0,
          "%s: another%s%s%s%s", p->symbol.text, t->holdings.v != holdings ? " holdings" : "",
          t->cost_basis.v != basis ? " cost" : "", t->realized.v != realized ? " realized" : "",
          t->fees_quote.v != fees ? " fees" : "");
}

static struct trade *find_trade(struct world *w, int m, int64_t id) {
    size_t low = 0, high = w->trade_count[m];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (w->trades[m][mid].id < id) low = mid + 1;
        else high = mid;
    }
    return low < w->trade_count[m] && w->trades[m][low].id == id ? &w->trades[m][low] : NULL;
}

static void check_fills(struct world *w, const struct pair *p, int m) {
    size_t count = ledger_count(p->ledger);
    unsigned char *seen = calloc(w->trade_count[m] + 1, 1);
    if (seen == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        struct fill f;
        ledger_get(p->ledger, i, &f, NULL);
        const struct trade *t = find_trade(w, m, f.trade_id);
        bool right = t != NULL && t->buy == (f.side == SIDE_BUY) && t->quantity == f.quantity.v &&
                     (t->price == f.price.v || (f.source == SOURCE_BOT && w->config.credentials)) &&
                     f.time.us / US_PER_MS == t->time_ms;
        HOLDS(w, FILLS_ARE_TRUE, right, "%s %" PRId64 " of source %s", p->symbol.text, f.trade_id,
              fill_source_name(f.source));
        if (t == NULL) continue;
        HOLDS(w, NO_FILL_TWICE, !seen[t - w->trades[m]], "%s %" PRId64, p->symbol.text, f.trade_id);
        seen[t - w->trades[m]] = 1;
    }
    free(seen);
}

void check_whole(struct world *w) {
    for (size_t i = 0; i < w->engine->pair_count; i++) {
        const struct pair *p = w->engine->pairs[i];
        int m = market_of(p);
        if (m < 0 || ledger_totals(p->ledger)->recomputing) continue;
        check_ledger(w, p);
        if (!w->wipe_unnoticed) check_fills(w, p, m);
    }
}

void check_loaded(struct world *w) {
    if (w->config.memory_fails) return; /* what had no room is read again */
    for (size_t i = 0; i < w->stored_count; i++) {
        const struct fill *f = &w->stored[i];
        bool found = false;
        for (size_t k = 0; k < w->engine->pair_count && !found; k++)
            found = name_eq(&w->engine->pairs[k]->symbol, &f->symbol) &&
                    ledger_knows(w->engine->pairs[k]->ledger, f->trade_id, f->side);
        HOLDS(w, DURABLE_COMES_BACK, found, "%s %" PRId64 " is lost", f->symbol.text, f->trade_id);
    }
}
