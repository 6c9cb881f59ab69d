/* Deltas against snapshots: whatever happens to the state, a page that applies every delta to its first snapshot holds what
 * a new page would be given. The merge patch is the JSON library's, not ours. */
#include "rig.h"

#include "base/rng.h"

/* ---- a page: the snapshot it got, patched by every delta ---- */

struct page {
    struct rig *rig;
    struct view *view;
    struct buf out;
    yyjson_mut_doc *doc;
    uint64_t seq;
};

/* As a page keeps it: pairs by symbol, and what is null is not there. */
static yyjson_mut_val *kept(yyjson_mut_doc *doc, yyjson_val *from);

static yyjson_mut_val *kept_object(yyjson_mut_doc *doc, yyjson_val *from) {
    yyjson_mut_val *to = yyjson_mut_obj(doc);
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(from, i, n, key, value) {
        if (!yyjson_is_null(value)) yyjson_mut_obj_add(to, yyjson_val_mut_copy(doc, key), kept(doc, value));
    }
    return to;
}

static yyjson_mut_val *kept(yyjson_mut_doc *doc, yyjson_val *from) {
    return yyjson_is_obj(from) ? kept_object(doc, from) : yyjson_val_mut_copy(doc, from);
}

static yyjson_mut_doc *read_snapshot(const struct buf *b) {
    yyjson_doc *in = rig_json(b);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = kept(doc, yyjson_doc_get_root(in)), *by_symbol = yyjson_mut_obj(doc);
    size_t i, n;
    yyjson_val *pair;
    yyjson_arr_foreach(rig_at(in, "pairs"), i, n, pair) {
        yyjson_mut_val *symbol = yyjson_mut_strcpy(doc, yyjson_get_str(yyjson_obj_get(pair, "symbol")));
        assert_true(yyjson_mut_obj_add(by_symbol, symbol, kept(doc, pair)));
    }
    yyjson_mut_obj_put(root, yyjson_mut_str(doc, "pairs"), by_symbol);
    yyjson_mut_doc_set_root(doc, root);
    yyjson_doc_free(in);
    return doc;
}

static void page_open(struct page *p, struct rig *rig) {
    *p = (struct page){.rig = rig, .seq = 100};
    buf_init(&p->out, 1 << 22);
    p->view = view_new(rig->e, rig->now);
    assert_non_null(p->view);
    rig_clean(rig);
    view_snapshot(&p->out, rig->e, rig->now, p->seq);
    p->doc = read_snapshot(&p->out);
}

static void page_close(struct page *p) {
    view_free(p->view);
    buf_free(&p->out);
    yyjson_mut_doc_free(p->doc);
}

/* One turn's delta, applied. False: nothing was said. */
static bool page_turn(struct page *p) {
    buf_clear(&p->out);
    bool changed = view_delta(p->view, &p->out, p->rig->e, p->rig->now, p->seq + 1);
    rig_clean(p->rig);
    assert_true(changed == (p->out.len > 0));
    if (!changed) return false;
    p->seq++;
    yyjson_doc *patch = rig_json(&p->out);
    assert_json(patch, "type", "delta");
    yyjson_mut_doc *next = yyjson_mut_doc_new(NULL), *in = yyjson_doc_mut_copy(patch, NULL);
    yyjson_mut_doc_set_root(next,
                            yyjson_mut_merge_patch(next, yyjson_mut_doc_get_root(p->doc), yyjson_mut_doc_get_root(in)));
    assert_non_null(yyjson_mut_doc_get_root(next));
    yyjson_mut_doc_free(in);
    yyjson_mut_doc_free(p->doc);
    yyjson_doc_free(patch);
    p->doc = next;
    return true;
}

static void remove_at(yyjson_mut_val *root, const char *path) {
    const char *dot = strchr(path, '.');
    if (dot == NULL) {
        yyjson_mut_obj_remove_key(root, path);
        return;
    }
    if (path[0] == '*') { /* every member */
        size_t i, n;
        yyjson_mut_val *key, *value;
        yyjson_mut_obj_foreach(root, i, n, key, value) remove_at(value, dot + 1);
        return;
    }
    yyjson_mut_val *deeper = yyjson_mut_obj_getn(root, path, (size_t)(dot - path));
    if (deeper != NULL) remove_at(deeper, dot + 1);
}

static void assert_page_is(struct page *p, const struct buf *snapshot, const char *const *without) {
    yyjson_mut_doc *want = read_snapshot(snapshot), *have = yyjson_mut_doc_mut_copy(p->doc, NULL);
    yyjson_mut_val *w = yyjson_mut_doc_get_root(want), *h = yyjson_mut_doc_get_root(have);
    for (size_t i = 0; without[i] != NULL; i++) {
        remove_at(w, without[i]);
        remove_at(h, without[i]);
    }
    if (!yyjson_mut_equals(w, h)) {
        char *a = yyjson_mut_val_write(w, 0, NULL), *b = yyjson_mut_val_write(h, 0, NULL);
        fail_msg("the page differs:\nwant %s\nhave %s", a, b);
    }
    yyjson_mut_doc_free(want);
    yyjson_mut_doc_free(have);
}

static const char *const own[] = {"type", "seq", "server_time", NULL};
/* What goes on the slow beat, as view.h lists it. */
static const char *const slow[] = {
    "type",
    "seq",
    "server_time",
    "last_update",
    "streams.*.last_message_at",
    "streams.*.messages",
    "streams.*.rejected_messages",
    "streams.*.latency_ms",
    "bot.uptime_seconds",
    "bot.last_ok",
    "bot.latency_ms",
    "exchange.weight_used_1m",
    "exchange.banned_until",
    "exchange.clock_offset_ms",
    "exchange.latency_ms",
    "exchange.on_demand_requests",
    "pairs.*.price_at",
    NULL,
};

/* After any turn: the page holds what view_known would give a new session, and all that is not on the slow beat is now. */
static void assert_page_knows(struct page *p) {
    buf_clear(&p->out);
    view_known(p->view, &p->out, p->rig->now, p->seq);
    assert_page_is(p, &p->out, own);
    buf_clear(&p->out);
    view_snapshot(&p->out, p->rig->e, p->rig->now, p->seq);
    assert_page_is(p, &p->out, slow);
}

static void assert_page_is_current(struct page *p) {
    rig_wait(p->rig, VIEW_SLOW_US);
    (void)page_turn(p);
    buf_clear(&p->out);
    view_snapshot(&p->out, p->rig->e, p->rig->now, p->seq);
    assert_page_is(p, &p->out, own);
}

/* ---- the single rules ---- */

static void begin(struct rig *r, struct page *p) {
    rig_begin(r);
    size_t a = rig_pair(r, "BTC", "USDT"), b = rig_pair(r, "ETH", "USDT");
    rig_fill(r, a, SIDE_BUY, "64000", "0.01", "0.64", "USDT");
    rig_tick(r, a, D8("64100"));
    rig_tick(r, b, D8("3000"));
    rig_order(r, a, 1, SIDE_BUY, "63000", true);
    page_open(p, r);
    rig_wait(r, VIEW_SLOW_US);
    (void)page_turn(p); /* the beat is spent: what follows is what changes at once */
}

static void end(struct rig *r, struct page *p) {
    page_close(p);
    rig_end(r);
}

static void nothing_marked_says_nothing(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    for (int i = 0; i < 20; i++) {
        rig_wait(&r, 100000);
        assert_false(page_turn(&p));
    }
    struct mono at;
    assert_false(view_deadline(p.view, r.e, r.now, &at));
    end(&r, &p);
}

static void marks_without_a_change_say_nothing(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    r.e->dirty = UINT32_MAX;
    memset(r.e->pair_dirty, 1, r.e->pair_count);
    assert_false(page_turn(&p));
    end(&r, &p);
}

static void a_tick_holds_only_what_it_changed(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    rig_wait(&r, 1000);
    rig_tick(&r, 0, D8("64200"));
    buf_clear(&p.out);
    assert_true(view_delta(p.view, &p.out, r.e, r.now, 7));
    assert_int_equal(p.out.failed, ERR_OK);
    assert_string_equal(p.out.at,
                        "{\"type\":\"delta\",\"seq\":7,\"server_time\":\"2026-11-20T10:15:30.374456Z\",\"pairs\":{"
                        "\"BTC/USDT\":{\"price\":\"64200\",\"price_at\":\"2026-11-20T10:15:30.374456Z\","
                        "\"unrealized\":\"2\",\"total\":\"1.36\",\"today\":\"1.36\"}},"
                        "\"pnl\":{\"unrealized\":\"2\",\"total\":\"1.36\"},"
                        "\"last_update\":\"2026-11-20T10:15:30.374456Z\"}");
    end(&r, &p);
}

/* The portfolio carries the mark of its least complete pair, and of what its proof says. */
static void the_portfolios_marks_go_out_with_their_pair(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    r.e->pairs[0]->history.state = HISTORY_COMPLETE;
    r.e->pair_dirty[0] = 1;
    buf_clear(&p.out);
    assert_true(view_delta(p.view, &p.out, r.e, r.now, 7));
    assert_null(strstr(p.out.at, "\"pnl\"")); /* the other pair is loading still */
    r.e->pairs[1]->history.state = HISTORY_GAP;
    r.e->pair_dirty[1] = 1;
    r.e->proof.drift.v = 1;
    buf_clear(&p.out);
    assert_true(view_delta(p.view, &p.out, r.e, r.now, 8));
    assert_non_null(strstr(p.out.at, "\"pnl\":{\"drift\":\"0.0000000000000001\",\"history\":{\"state\":\"gap\"}}"));
    end(&r, &p);
}

static void a_repeated_price_waits_for_the_beat(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    struct mono at;
    begin(&r, &p);
    rig_wait(&r, 1000);
    rig_tick(&r, 0, D8("64100"));
    assert_false(page_turn(&p));
    assert_true(view_deadline(p.view, r.e, r.now, &at)); /* the message count is owed */
    assert_true(at.us - r.now.mono.us == VIEW_SLOW_US - 1000);
    rig_wait(&r, at.us - r.now.mono.us);
    assert_true(page_turn(&p)); /* though nothing is marked any more */
    assert_page_is_current(&p);
    end(&r, &p);
}

static void counters_alone_go_four_times_a_second(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    int said = 0;
    for (int i = 0; i < 10000; i++) {
        rig_wait(&r, 1000);
        r.e->user.messages++;
        r.e->user.last_message_at = r.now.wall;
        r.e->dirty |= DIRTY_STREAMS;
        said += page_turn(&p);
    }
    assert_in_range(said, 39, 41);
    end(&r, &p);
}

static void every_changed_price_goes_at_once(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    for (int i = 1; i <= 100; i++) {
        rig_wait(&r, 1000);
        rig_tick(&r, 0, (struct dec8){(64100 + i) * DEC8_ONE});
        assert_true(page_turn(&p));
        assert_page_knows(&p);
    }
    end(&r, &p);
}

static void a_price_that_comes_back_is_no_change_of_its_turn(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    rig_tick(&r, 0, D8("1"));
    rig_tick(&r, 0, D8("64100"));
    assert_false(page_turn(&p));
    end(&r, &p);
}

static void what_becomes_unknown_is_removed(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    r.e->pairs[0]->unrealized_known = false;
    r.e->pair_dirty[0] = 1;
    assert_true(page_turn(&p));
    yyjson_mut_val *pair = yyjson_mut_obj_get(yyjson_mut_obj_get(yyjson_mut_doc_get_root(p.doc), "pairs"), "BTC/USDT");
    assert_non_null(yyjson_mut_obj_get(pair, "price"));
    assert_null(yyjson_mut_obj_get(pair, "unrealized"));
    assert_null(yyjson_mut_obj_get(pair, "total"));
    assert_page_knows(&p);
    end(&r, &p);
}

static void a_fee_that_got_its_price_leaves_the_unvalued(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    rig_fill(&r, 1, SIDE_BUY, "3000", "0.1", "0.001", "BNB");
    assert_true(page_turn(&p));
    assert_page_knows(&p);
    struct ledger *l = r.e->pairs[1]->ledger;
    assert_int_equal(ledger_value_fee(l, r.next_trade_id - 1, SIDE_BUY, D16("0.6"), D8("600"), r.now.wall), ERR_OK);
    while (!ledger_recompute(l, 100)) continue;
    r.e->pair_dirty[1] = 1;
    rig_figures(&r);
    assert_true(page_turn(&p));
    assert_non_null(strstr(p.out.at, "\"unvalued_fees\":{\"BNB\":null}"));
    assert_page_knows(&p);
    end(&r, &p);
}

static void pairs_come_and_go(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    size_t sol = rig_pair(&r, "SOL", "USDT");
    assert_true(page_turn(&p));
    assert_page_knows(&p);
    rig_tick(&r, sol, D8("150"));
    assert_true(page_turn(&p));
    assert_page_knows(&p);
    rig_drop_pair(&r, 0);
    rig_figures(&r);
    assert_true(page_turn(&p));
    assert_non_null(strstr(p.out.at, "\"BTC/USDT\":null"));
    assert_page_knows(&p);
    rig_tick(&r, 1, D8("151")); /* the places have moved */
    assert_true(page_turn(&p));
    assert_page_knows(&p);
    assert_page_is_current(&p);
    end(&r, &p);
}

static void a_weight_minute_ends_without_any_event(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    struct mono at;
    begin(&r, &p);
    weight_spend(&r.e->exchange.weight, r.now.wall, 50);
    r.e->dirty |= DIRTY_HEADER;
    (void)page_turn(&p);
    rig_wait(&r, VIEW_SLOW_US);
    assert_true(page_turn(&p));
    assert_true(view_deadline(p.view, r.e, r.now, &at));
    assert_true(at.us > r.now.mono.us && at.us - r.now.mono.us <= US_PER_MIN);
    rig_wait(&r, at.us - r.now.mono.us);
    assert_true(page_turn(&p));
    assert_non_null(strstr(p.out.at, "\"weight_used_1m\":0"));
    assert_false(view_deadline(p.view, r.e, r.now, &at));
    end(&r, &p);
}

static void investment_and_gaps_are_sent_whole(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    r.e->has_investment = true;
    r.e->investment = D16("1000");
    r.e->gaps[0] = (struct gap){.feed = FEED_MARKET, .from = r.now.wall, .cause = "silent"};
    r.e->gap_count = 1;
    r.e->dirty |= DIRTY_HEADER | DIRTY_GAPS;
    assert_true(page_turn(&p));
    assert_page_knows(&p);
    r.e->gaps[0].to = r.now.wall;
    r.e->has_investment = false;
    r.e->dirty |= DIRTY_HEADER | DIRTY_GAPS;
    assert_true(page_turn(&p));
    assert_non_null(strstr(p.out.at, "\"investment\":null"));
    assert_page_knows(&p);
    end(&r, &p);
}

/* An object with an array in it comes and goes: the array's memory stays with its owner. */
static void the_bot_may_come_and_go(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    for (int i = 0; i < 6; i++) {
        r.config.source = i % 2 == 0 ? SOURCE_IS_EXCHANGE : SOURCE_IS_BOT;
        r.e->bot.unavailable[i % BOT_ENDPOINTS] = true;
        r.e->dirty |= DIRTY_HEADER;
        assert_true(page_turn(&p));
        assert_page_knows(&p);
    }
    end(&r, &p);
}

static void a_failed_buffer_leaves_what_is_known_right(void **state) {
    (void)state;
    struct rig r;
    struct page p;
    begin(&r, &p);
    struct buf small;
    buf_init(&small, 120);
    rig_tick(&r, 0, D8("70000"));
    (void)view_delta(p.view, &small, r.e, r.now, 1);
    assert_int_equal(small.failed, ERR_TOO_BIG);
    buf_free(&small);
    rig_clean(&r);
    buf_clear(&p.out);
    view_known(p.view, &p.out, r.now, 1);
    yyjson_doc *known = rig_json(&p.out);
    assert_json(known, "pairs.0.price", "70000");
    yyjson_doc_free(known);
    end(&r, &p);
}

/* ---- anything, in any order ---- */

static struct dec8 random_price(struct rng *g) { return (struct dec8){(i128)(1 + rng_below(g, 900)) * DEC8_ONE / 4}; }

static void random_fill(struct rig *r, struct rng *g, size_t pair) {
    static const char *const assets[] = {"USDT", "BNB", "", "XRP"};
    char price[DEC_TEXT_MAX], quantity[DEC_TEXT_MAX];
    dec8_format(price, random_price(g));
    dec8_format(quantity, (struct dec8){(i128)(1 + rng_below(g, 1000)) * 10000});
    rig_fill(r, pair, rng_chance(g, 1, 2) ? SIDE_BUY : SIDE_SELL, price, quantity, "0.001", assets[rng_below(g, 4)]);
}

static void random_order(struct rig *r, struct rng *g, size_t pair) {
    char price[DEC_TEXT_MAX];
    dec8_format(price, random_price(g));
    rig_order(r, pair, (int64_t)rng_below(g, 30), rng_chance(g, 1, 2) ? SIDE_BUY : SIDE_SELL, price,
              rng_chance(g, 2, 3));
}

static void random_feed(struct rig *r, struct rng *g) {
    struct feed *f = rng_chance(g, 1, 2) ? &r->e->market : &r->e->user;
    f->state = (enum feed_state)rng_below(g, FEED_STATES);
    f->since = r->now.wall;
    f->backoff.attempt = (unsigned)rng_below(g, 4);
    f->next_attempt_at.us = rng_chance(g, 1, 2) ? r->now.wall.us + 5 : 0;
    f->reconnects += rng_below(g, 2);
    f->rejected += rng_below(g, 2);
    f->latency_ms = (int64_t)rng_below(g, 5) - 1;
    strcpy(f->reason, rng_chance(g, 1, 2) ? "" : "refused");
    r->e->market_fallback = (enum fallback)rng_below(g, 3);
    r->e->user_fallback = (enum fallback)rng_below(g, 3);
    r->e->dirty |= DIRTY_STREAMS;
}

static void random_header(struct rig *r, struct rng *g) {
    struct engine *e = r->e;
    e->mode = (enum mode)rng_below(g, 5);
    e->status = (enum status)rng_below(g, 4);
    e->reason = (enum status_reason)rng_below(g, 6);
    e->bot.health = (enum bot_health_state)rng_below(g, 4);
    e->bot.unavailable[rng_below(g, BOT_ENDPOINTS)] ^= true;
    e->bot.uptime_seconds.v = (i128)rng_below(g, 5) * DEC16_ONE;
    e->bot.last_ok = r->now.wall;
    strcpy(e->bot.message, rng_chance(g, 1, 2) ? "" : "not trading");
    if (rng_chance(g, 1, 2)) breaker_failure(&e->bot.breaker, r->now, "timed out");
    else if (breaker_ask(&e->bot.breaker, r->now) != BREAKER_REFUSE) breaker_success(&e->bot.breaker, r->now);
    weight_spend(&e->exchange.weight, r->now.wall, (int64_t)rng_below(g, 100));
    if (rng_chance(g, 1, 8)) weight_ban(&e->exchange.weight, r->now, US_PER_S);
    e->exchange.throttled = rng_chance(g, 1, 2);
    e->exchange.clock_known = rng_chance(g, 1, 2);
    e->has_investment = rng_chance(g, 1, 2);
    e->investment = D16("1000");
    e->investment_from_bot = rng_chance(g, 1, 2);
    e->durable = rng_chance(g, 1, 2);
    strcpy(e->store_error, e->durable ? "" : "disk full");
    e->trades_cached = rng_below(g, 500);
    e->count.duplicates_dropped += rng_below(g, 3);
    e->dirty |= DIRTY_HEADER;
}

static void random_rest(struct rig *r, struct rng *g, size_t pair) {
    struct engine *e = r->e;
    struct pair *p = e->pairs[pair];
    struct window_figure *w = &e->windows[rng_below(g, WINDOWS)];
    *w = (struct window_figure){rng_chance(g, 1, 2),
                                {(i128)rng_below(g, 9)},
                                rng_chance(g, 1, 2),
                                {(i128)rng_below(g, 9)},
                                rng_chance(g, 1, 2)};
    e->gaps[(e->gap_head + e->gap_count) % LIMIT_GAPS_SHOWN] = (struct gap){FEED_USER, r->now.wall, {0}, "closed", 0};
    if (e->gap_count < LIMIT_GAPS_SHOWN) e->gap_count++;
    else e->gap_head = (e->gap_head + 1) % LIMIT_GAPS_SHOWN;
    p->active = rng_chance(g, 3, 4);
    p->price_stale = rng_chance(g, 1, 4);
    p->history.state = (enum history_state)rng_below(g, 4);
    p->grid = (struct grid){.known = rng_chance(g, 1, 2), .lower = random_price(g), .levels = (int)rng_below(g, 30)};
    p->grid_from_bot = rng_chance(g, 1, 2);
    e->markets[p->market]->info_known = rng_chance(g, 1, 2);
    e->markets[p->market]->info.tick_size = D8("0.01");
    e->pair_dirty[pair] = 1;
    e->dirty |= DIRTY_WINDOWS | DIRTY_GAPS;
}

static void random_set(struct rig *r, struct rng *g) {
    static const char *const bases[] = {"AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH"};
    const char *base = bases[rng_below(g, 8)];
    for (size_t i = 0; i < r->e->pair_count; i++) {
        if (!name_is(&r->e->pairs[i]->base, base)) continue;
        if (r->e->pair_count > 1) rig_drop_pair(r, i);
        rig_figures(r);
        return;
    }
    (void)rig_pair(r, base, "USDT");
    rig_figures(r);
}

static void random_change(struct rig *r, struct rng *g) {
    size_t pair = rng_below(g, r->e->pair_count);
    switch (rng_below(g, 12)) {
    case 0: random_fill(r, g, pair); return;
    case 1: random_order(r, g, pair); return;
    case 2: random_feed(r, g); return;
    case 3: random_header(r, g); return;
    case 4: random_rest(r, g, pair); return;
    case 5:
        if (rng_chance(g, 1, 3)) random_set(r, g);
        return;
    default: rig_tick(r, pair, random_price(g)); return;
    }
}

static void deltas_add_up_to_the_snapshot(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct rng g;
        struct rig r;
        struct page p;
        rng_seed(&g, seed);
        rig_begin(&r);
        (void)rig_pair(&r, "AAA", "USDT");
        page_open(&p, &r);
        for (int turn = 0; turn < 250; turn++) {
            rig_wait(&r, (int64_t)rng_below(&g, 120000));
            for (uint64_t n = rng_below(&g, 4); n > 0; n--) random_change(&r, &g);
            (void)page_turn(&p);
            if (turn % 4 == 0) assert_page_knows(&p);
            if (turn % 16 == 0) assert_page_is_current(&p);
        }
        assert_page_is_current(&p);
        page_close(&p);
        rig_end(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_marked_says_nothing),
        cmocka_unit_test(marks_without_a_change_say_nothing),
        cmocka_unit_test(a_tick_holds_only_what_it_changed),
        cmocka_unit_test(the_portfolios_marks_go_out_with_their_pair),
        cmocka_unit_test(a_repeated_price_waits_for_the_beat),
        cmocka_unit_test(counters_alone_go_four_times_a_second),
        cmocka_unit_test(every_changed_price_goes_at_once),
        cmocka_unit_test(a_price_that_comes_back_is_no_change_of_its_turn),
        cmocka_unit_test(what_becomes_unknown_is_removed),
        cmocka_unit_test(a_fee_that_got_its_price_leaves_the_unvalued),
        cmocka_unit_test(pairs_come_and_go),
        cmocka_unit_test(a_weight_minute_ends_without_any_event),
        cmocka_unit_test(investment_and_gaps_are_sent_whole),
        cmocka_unit_test(the_bot_may_come_and_go),
        cmocka_unit_test(a_failed_buffer_leaves_what_is_known_right),
        cmocka_unit_test(deltas_add_up_to_the_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
