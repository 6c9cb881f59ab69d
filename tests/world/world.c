#include "inside.h"

#include "base/map.h"

#include <malloc.h>
#include <stdlib.h>

enum { HEAL_MINUTES = 45, HEAL_MINUTES_PLANTED = 5, TURNS_MAX = 1000 };

void trace(struct world *w, const char *format, ...) {
    va_list args;
    if (w->steps == NULL) return;
    char *step = w->steps[w->step_count++ % STEPS_KEPT];
    int n = snprintf(step, sizeof *w->steps, "%12.3f ", (double)w->now / 1e6);
    va_start(args, format);
    (void)vsnprintf(step + n, sizeof *w->steps - (size_t)n, format, args);
    va_end(args);
    if (w->config.trace) fprintf(stderr, "%s\n", step);
}

void turn(struct world *w) {
    int turns = 0;
    while (engine_turn(w->engine, world_now(w)) && ++turns < TURNS_MAX) perform(w);
    HOLDS(w, TURNS_END, turns < TURNS_MAX, "after %d turns it still recomputes", TURNS_MAX);
    perform(w);
    check_step(w);
    check_view(w);
    engine_clean(w->engine);
}

static void give(struct world *w, const struct event *e) {
    w->events++;
    engine_handle(w->engine, e, world_now(w));
}

static struct event event_of(enum event_kind kind) {
    return (struct event){.kind = kind, .weight_used = -1, .remaining = -1};
}

/* What happens at the exchange, whether or not anybody looks. */
static void exchange_second(struct world *w) {
    int64_t second = w->now / US_PER_S;
    unsigned trades = w->config.trades_in_an_hour != 0 ? w->config.trades_in_an_hour : 600;
    rng_seed(&w->market, mix64(w->config.seed) + (uint64_t)second);
    exchange_tick(w);
    if (!w->quiet && rng_below(&w->market, 3600) < trades) {
        exchange_trade(w, true);
        if (rng_below(&w->market, 3) == 0) exchange_balance_moves(w);
    }
    if (!w->quiet && rng_below(&w->market, 2400) < trades) exchange_order(w);
    int64_t of_minute = exchange_ms(w) / 1000 % 60;
    if (of_minute == 0 || of_minute == 30) exchange_minute(w, of_minute == 0);
}

/* ---- life and death of the engine ---- */

static void load(struct world *w) {
    const char *at = w->config.source == SOURCE_IS_BOT ? w->symbols : NULL;
    while (at != NULL && *at != '\0') {
        struct name symbol;
        size_t len = strcspn(at, ",");
        if (name_set(&symbol, span_from(at, len)) != ERR_OK) abort();
        engine_load_symbol(w->engine, &symbol);
        at += len + (at[len] == ',');
    }
    for (size_t i = 0; i < w->stored_count; i++) engine_load_fill(w->engine, &w->stored[i]);
    for (int m = 0; m < TRADABLE; m++) {
        struct name symbol = name_of(markets[m].symbol);
        if (w->history[m] >= 0) engine_load_history(w->engine, &symbol, w->history[m]);
    }
    kept_load(w);
    for (size_t i = 0; i < w->point_count; i++)
        engine_load_point(w->engine, (struct wall){w->points[i].time}, span_from(w->points[i].bytes, w->points[i].len));
}

static void open_page(struct world *w) {
    view_free(w->view);
    w->view = view_new(w->engine, world_now(w));
    if (w->view == NULL) abort();
    w->view_beat = world_now(w).mono;
    page_free(w->page);
    w->page = NULL;
    if (!w->config.page) return;
    buf_clear(&w->told[2]);
    view_snapshot(&w->told[2], w->engine, world_now(w), w->seq);
    w->page = page_open(&w->told[2]);
    if (w->page == NULL) abort();
}

static void start_engine(struct world *w) {
    struct engine_config *c = &w->engine_config;
    w->life++;
    w->store_gone = w->store_failed = w->limit_told = false;
    memset(w->minutes_asked, 0, sizeof w->minutes_asked);
    w->info_known_at = 0;
    w->batch = NULL;
    w->committed = 0;
    w->life_weight = w->known_weight = 0;
    w->always_durable = true;
    w->fills_told = w->stored_count > 0;
    w->silent_until = w->silence_most = w->key_tried = 0;
    w->strikes = 0;
    w->expired_key = w->live_link = 0;
    memset(w->breakers, 0, sizeof w->breakers);
    memset(w->orders_owed, 0, sizeof w->orders_owed);
    memset(w->bot_times, 0, sizeof w->bot_times); /* a new process knows nothing of what the old one asked */
    memset(w->connect_times, 0, sizeof w->connect_times);
    for (int m = 0; m < MARKETS; m++) w->priced_at[m] = -1;
    w->wishes_lost = w->wishes - w->wish_answers;
    c->seed = mix64(w->config.seed + (uint64_t)w->life);
    w->engine = engine_new(c, world_now(w));
    if (w->engine == NULL) abort();
    load(w);
    engine_start(w->engine, world_now(w));
    check_loaded(w);
    open_page(w);
    turn(w);
}

static void end_engine(struct world *w) {
    check_whole(w);
    engine_free(w->engine);
    for (size_t i = w->first_link; i < w->link_count; i++) w->links[i].dead = true;
    w->result->restarts++;
    w->events++;
}

static void crash(struct world *w) {
    trace(w, "CRASH");
    kept_lose_young(w);
    if (w->config.plant && w->stored_count > 2) {
        w->stored_count--;
        w->stored[w->stored_count / 2] = w->stored[w->stored_count];
    }
    end_engine(w);
    start_engine(w);
}

/* Told to stop, the engine hands the store what waits; the store writes it before the program ends. */
static void restart(struct world *w, int64_t off_us) {
    struct event stop = event_of(EVENT_STOP);
    trace(w, "RESTART");
    give(w, &stop);
    if (w->batch != NULL && !w->store_gone && w->now >= w->disk_full_until)
        keep(w, w->batch, w->batch_count, w->batch_epoch);
    w->batch = NULL;
    perform(w);
    if (w->batch != NULL && !w->store_gone && w->now >= w->disk_full_until)
        keep(w, w->batch, w->batch_count, w->batch_epoch);
    end_engine(w);
    for (int64_t end = w->now + off_us; w->now + US_PER_S <= end;) {
        w->now += US_PER_S;
        exchange_second(w);
    }
    start_engine(w);
}

/* ---- what arrives ---- */

static void see_answer(struct world *w, const struct delivery *d) {
    const char *body = d->body != NULL ? d->body : "";
    if ((d->status == 429 || d->status == 418) && d->weight_used != -1 && d->err == ERR_OK) {
        int64_t until = w->now + (d->retry_after_us > 0 ? d->retry_after_us : US_PER_MIN);
        if (until > w->silent_until) w->silent_until = until;
    }
    if (d->number != 0) see_http_answer(w, d);
    if (d->info && !d->failed) w->info_known_at = w->now;
    bool limited = d->status == 429 || d->status == 418;
    if (limited && !d->bot) see_refusal(w, d);
    if (!limited && d->err == ERR_OK && d->weight_minute == w->weight_minute) {
        int64_t known = d->weight_used + w->life_weight - d->weight_sent;
        if (known > w->known_weight) w->known_weight = known;
        w->strikes = 0;
        w->minute_differs |= exchange_another_minute(w);
    }
    const struct model_link *l = strstr(body, "listenKeyExpired") ? find_link(w, d->id) : NULL;
    if (l != NULL) w->expired_key = l->listen_key;
    if (w->expired_key != 0 && (uint64_t)number_after(body, "\"listenKey\":\"key", 0) == w->expired_key)
        w->expired_key = 0; /* given before it expired, and told after */
    if (strstr(body, "REQUEST_WEIGHT")) w->limit_told = true;
    if (strstr(body, "trade") || strstr(body, "\"orderId\"") || strstr(body, "executionReport")) w->fills_told = true;
    if (body[0] == '[' && body[1] == ']') w->fills_told = true;
    if (strstr(body, "\"result\":[")) w->fills_told = true;
    if (d->ticker == UINT32_MAX && d->status == 200)
        for (int m = 0; m < MARKETS; m++) w->priced_at[m] = w->now;
    else if (d->ticker != 0 && d->ticker != UINT32_MAX) w->priced_at[d->ticker - 1] = w->now;
}

static bool link_event(struct world *w, struct event *e, const struct delivery *d) {
    struct model_link *l = find_link(w, d->id);
    if (d->kind == DELIVER_CLOSED) {
        e->kind = EVENT_WS_CLOSED;
        e->code = 1006;
        return true;
    }
    if (l == NULL || l->dead) return false;
    if (d->kind == DELIVER_OPEN) {
        l->open = true;
        l->opened = w->now;
        l->subscribed = l->listen_key != 0;
        l->subscribed_at = w->now;
        if (w->now < w->streams_flap_until) drop_link(w, l);
    }
    e->kind = d->kind == DELIVER_OPEN ? EVENT_WS_OPEN : d->kind == DELIVER_TEXT ? EVENT_WS_TEXT : EVENT_WS_PING;
    return true;
}

static void arrive(struct world *w, struct delivery *d) {
    struct event e = event_of(EVENT_TIMER);
    if (d->life != w->life) return;
    e.id = d->id;
    e.err = d->err;
    e.error = "model";
    e.retry_after_us = d->retry_after_us;
    if (d->body != NULL && d->kind != DELIVER_CANDLES) e.body = span_of(d->body);
    switch (d->kind) {
    case DELIVER_HTTP:
        e.kind = EVENT_HTTP;
        e.status = d->status;
        e.weight_used = d->weight_used;
        e.remaining = d->remaining;
        see_answer(w, d);
        break;
    case DELIVER_OPEN:
    case DELIVER_TEXT:
    case DELIVER_PING:
    case DELIVER_CLOSED:
        if (!link_event(w, &e, d)) return;
        e.status = d->kind == DELIVER_CLOSED ? d->status : 0;
        see_answer(w, d);
        break;
    case DELIVER_COMMIT:
        e.kind = EVENT_COMMITTED;
        if (d->err == ERR_OK) keep(w, w->batch, w->batch_count, w->batch_epoch), w->committed += w->batch_count;
        w->store_failed |= d->err != ERR_OK;
        w->batch = NULL;
        break;
    case DELIVER_CRASH:
        if (d->err == ERR_OK) keep(w, w->batch, w->batch_count, w->batch_epoch);
        crash(w);
        return;
    case DELIVER_CANDLES:
        e.kind = EVENT_STORED_CANDLES;
        e.candles = (const struct candle *)(const void *)d->body;
        e.candle_count = d->candles;
        if (d->market != 0) kept_answered(w, d);
        break;
    }
    give(w, &e);
}

/* ---- each second ---- */

static int64_t within(const struct world *w, int64_t seconds) { return w->now + drawn(w, seconds) * US_PER_S; }

static void strike_links(struct world *w, bool stall) {
    for (size_t i = w->first_link, bit = 0; i < w->link_count; i++, bit++) {
        struct model_link *l = &w->links[i];
        if (l->dead || !l->open || ((w->draw >> (bit % 60)) & 1) == 0) continue;
        if (stall) l->stalled = true;
        else drop_link(w, l);
    }
}

static void say_on_links(struct world *w, const char *market, const char *user) {
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->dead || !l->open) continue;
        if (l->market) deliver_text(w, l, market, 1000);
        else deliver_event(w, l, user, 1000);
    }
}

static void end_subscriptions(struct world *w) {
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (l->dead || !l->open || l->market || !l->subscribed) continue;
        l->subscribed = false;
        deliver_event(w, l,
                      l->listen_key != 0 ? "{\"e\":\"listenKeyExpired\",\"E\":1767225600000,\"listenKey\":\"x\"}"
                                         : "{\"e\":\"eventStreamTerminated\",\"E\":1767225600000}",
                      1000);
    }
    w->listen_key = 0;
}

static void lose_store(struct world *w) {
    struct event gone = event_of(EVENT_STORE_FAILED);
    if (w->store_gone) return;
    gone.error = "the disk is gone";
    w->store_gone = w->store_failed = true;
    give(w, &gone);
}

static void strike_upstreams(struct world *w) {
    if (fault_strikes(w, FAULT_REST_DOWN)) w->rest_down_until = within(w, 200);
    if (fault_strikes(w, FAULT_BOT_DOWN)) w->bot_down_until = within(w, 200);
    if (fault_strikes(w, FAULT_STREAMS_DOWN)) w->streams_down_until = within(w, 120);
    if (fault_strikes(w, FAULT_STREAMS_FLAP)) w->streams_flap_until = within(w, 200);
    if (fault_strikes(w, FAULT_BAN)) w->ban_until = within(w, 120), w->ban_untold = false, w->ban_418 = w->draw >> 63;
    if (fault_strikes(w, FAULT_BAN_UNTOLD)) w->ban_until = within(w, 60), w->ban_untold = true, w->ban_418 = false;
    if (w->config.credentials && fault_strikes(w, FAULT_KEY_REFUSED)) w->key_refused_until = within(w, 200);
    if (fault_strikes(w, FAULT_WEIGHT_TAKEN)) exchange_others(w);
    if (fault_strikes(w, FAULT_PAIR_LEAVES)) w->inactive_until[w->draw % TRADABLE] = within(w, 600);
    if (fault_strikes(w, FAULT_BOT_RESTARTS)) w->bot_young_until = within(w, 60);
    if (fault_strikes(w, FAULT_EXCHANGE_CLOCK)) w->clock_offset = drawn(w, 20 * US_PER_S) - 10 * US_PER_S;
}

static void strike_streams(struct world *w) {
    if (fault_strikes(w, FAULT_LINKS_DROP)) strike_links(w, false);
    if (fault_strikes(w, FAULT_LINKS_STALL)) strike_links(w, true);
    if (fault_strikes(w, FAULT_SHUTDOWN))
        say_on_links(w, "{\"stream\":\"!serverShutdown\",\"data\":{\"e\":\"serverShutdown\",\"E\":1}}",
                     "{\"e\":\"serverShutdown\",\"E\":1}");
    if (fault_strikes(w, FAULT_UNSUBSCRIBED)) end_subscriptions(w);
    if (fault_strikes(w, FAULT_GARBAGE)) say_on_links(w, "}garbage{", "}garbage{");
    if (strcmp(w->config.environment, "testnet") == 0 && w->wipes == 0 && fault_strikes(w, FAULT_WIPE))
        exchange_wipe(w);
}

static void strike_program(struct world *w) {
    if (fault_strikes(w, FAULT_OUR_CLOCK)) {
        w->wall_shift += (drawn(w, 1200) - 600) * US_PER_S;
        w->wall_shifted_at = w->now;
        w->events++;
    }
    if (fault_strikes(w, FAULT_DISK_FULL)) w->disk_full_until = within(w, 300);
    if (fault_strikes(w, FAULT_STORE_GONE)) lose_store(w);
    if (fault_strikes(w, FAULT_CRASH)) crash(w);
    if (fault_strikes(w, FAULT_RESTART)) restart(w, 0);
    if (fault_strikes(w, FAULT_OFF)) restart(w, drawn(w, 7200) * US_PER_S);
}

/* A page opens, looks at a chart, asks for candles. */
static void wish(struct world *w) {
    static const enum event_kind kinds[] = {EVENT_WANT_CANDLES, EVENT_WATCH_CANDLES, EVENT_PAGE};
    struct event e = event_of(kinds[rng_below(&w->market, 3)]);
    e.symbol = name_of(markets[rng_below(&w->market, w->config.symbols)].symbol);
    int interval = (int)rng_below(&w->market, INTERVALS);
    e.interval = name_of(interval_names[interval]);
    e.limit = 20 + (int)rng_below(&w->market, 80);
    e.on = rng_below(&w->market, 2);
    int64_t back = rng_below(&w->market, 2) ? (int64_t)rng_below(&w->market, 200) : 0;
    if (back > 0) e.before.us = (exchange_ms(w) - back * interval_minutes[interval] * 60000) * US_PER_MS;
    if (e.kind == EVENT_WANT_CANDLES) {
        e.id = ++w->wishes;
        w->wish_ring[e.id % WISHES_KEPT] =
            (struct wish){e.id, market_named(&e.symbol), interval, e.limit, e.before.us / US_PER_MS, exchange_ms(w)};
    }
    give(w, &e);
}

static void keep_alive_and_cut(struct world *w) {
    int64_t life = w->config.short_lives ? 5 * US_PER_MIN : US_PER_DAY;
    for (size_t i = w->first_link; i < w->link_count; i++) {
        struct model_link *l = &w->links[i];
        if (!l->open || l->dead) continue;
        if (!l->stalled && w->now / US_PER_S % 20 == 0)
            schedule(w, 1000, (struct delivery){.kind = DELIVER_PING, .id = l->id});
        if (w->now - l->opened < life) continue;
        w->cuts_in_calm += w->calm && !l->stalled;
        w->result->cut_by_age += !l->stalled;
        drop_link(w, l);
    }
}

static void second_passes(struct world *w) {
    keep_alive_and_cut(w);
    exchange_second(w);
    if (w->config.page && rng_below(&w->market, 20) == 0) wish(w);
    if (!w->config.faults || w->calm) return;
    strike_upstreams(w);
    strike_streams(w);
    strike_program(w);
}

/* ---- the run ---- */

/* Until the time has come, or the engine was given so many events in all. */
static void run(struct world *w, uint64_t events, int64_t until) {
    int64_t next_second = (w->now / US_PER_S + 1) * US_PER_S;
    while (w->result->ok && w->events < events) {
        int64_t timer = engine_deadline(w->engine).us, next = timer < next_second ? timer : next_second;
        bool delivery = w->queue_count > 0 && w->queue[0].at <= next;
        if ((delivery ? w->queue[0].at : next) > until) {
            w->now = until;
            return;
        }
        if (delivery) {
            struct delivery d = take(w);
            w->now = d.at > w->now ? d.at : w->now;
            arrive(w, &d);
            free(d.body);
        } else if (next_second <= timer) {
            w->now = next_second;
            second_passes(w);
            next_second = w->now + US_PER_S; /* the program may have been off for a while */
        } else {
            struct event tick = event_of(EVENT_TIMER);
            w->now = timer > w->now ? timer : w->now;
            give(w, &tick);
        }
        turn(w);
    }
}

/* As mallinfo2 counts it, with the word before the bytes. */
static size_t allocated(void *at) { return at != NULL ? malloc_usable_size(at) + sizeof(size_t) : 0; }

/* What the model keeps of all that happened; the rest of it is of one size. */
static size_t model_bytes(const struct world *w) {
    size_t bytes = allocated(w->stored);
    for (int m = 0; m < TRADABLE; m++)
        for (size_t i = 0; i < w->trade_count[m]; i++)
            bytes += allocated(w->trades[m][i].row) + allocated(w->trades[m][i].bot_row);
    for (size_t i = 0; i < w->point_count; i++) bytes += allocated(w->points[i].bytes);
    for (size_t i = 0; i < w->queue_count; i++) bytes += allocated(w->queue[i].body);
    for (size_t i = 0; i < 3; i++) bytes += allocated(w->told[i].at);
    return bytes;
}

/* A minute without trades is enough for all that is on its way to arrive, also by a poll; the half second for the prices. */
static void run_hours(struct world *w) {
    int64_t began = w->now;
    for (unsigned hour = 1; w->result->ok && hour <= w->config.hours; hour++) {
        int64_t end = began + hour * US_PER_HOUR;
        run(w, UINT64_MAX, end - US_PER_MIN);
        w->quiet = true;
        run(w, UINT64_MAX, end + US_PER_S / 2);
        w->quiet = false;
        if (w->result->ok) check_healed(w, true);
        if (w->result->ok) check_whole(w);
        if (w->result->ok && w->config.hourly != NULL)
            w->config.hourly(w->config.hourly_arg, w->engine, w->events, model_bytes(w));
    }
}

static void stop_faults(struct world *w) {
    w->calm = true;
    w->key_refused_until = w->disk_full_until = w->bot_young_until = 0;
    w->rest_down_until = w->bot_down_until = w->ban_until = 0;
    w->streams_down_until = w->streams_flap_until = 0;
    memset(w->inactive_until, 0, sizeof w->inactive_until);
    for (size_t i = w->first_link; i < w->link_count; i++)
        if (w->links[i].stalled) drop_link(w, &w->links[i]);
}

static void calm_while(struct world *w) {
    enum { SECONDS = 20 * 60 };
    run(w, UINT64_MAX, w->now + 10 * US_PER_MIN);
    uint64_t rest = w->rest_requests, bot = w->bot_requests;
    w->cuts_in_calm = 0;
    run(w, UINT64_MAX, w->now + SECONDS * US_PER_S);
    if (w->result->ok) check_calm(w, SECONDS, w->rest_requests - rest, w->bot_requests - bot, w->cuts_in_calm);
}

/* The last trades are made a minute after the last fault; then all must become right, and stay right. Looked at in the middle
 * of a second, when the prices of its beginning have arrived. */
static void heal(struct world *w) {
    int64_t from = w->now;
    stop_faults(w);
    if (w->config.calm) calm_while(w);
    run(w, UINT64_MAX, w->now + US_PER_MIN);
    w->quiet = true;
    int64_t end = w->now + (w->config.plant ? HEAL_MINUTES_PLANTED : HEAL_MINUTES) * US_PER_MIN,
            at = w->now / US_PER_S * US_PER_S + US_PER_S / 2;
    for (bool right = false; w->result->ok && !right && w->now < end;) {
        at += 5 * US_PER_S;
        run(w, UINT64_MAX, at);
        if (w->result->ok) right = check_healed(w, false);
    }
    w->result->healed_after = (w->now - from) / US_PER_S;
    run(w, UINT64_MAX, at + 20 * US_PER_S);
    if (w->result->ok) check_healed(w, true);
    if (w->result->ok) check_whole(w);
}

/* ---- settings ---- */

static void configure(struct world *w) {
    struct engine_config *c = &w->engine_config;
    const struct feed_config feed = {10 * US_PER_S, 5 * US_PER_S, 30 * US_PER_S, 23 * US_PER_HOUR, 10 * US_PER_S};
    *c = (struct engine_config){
        .source = w->config.source,
        .user_stream = w->config.user_stream,
        .bot_url = "http://bot",
        .rest_url = "http://rest",
        .stream_url = "ws://market",
        .ws_api_url = "ws://api/ws-api/v3",
        .tier1_us = 2 * US_PER_S,
        .tier2_us = 5 * US_PER_S,
        .bot_timeout_us = 15 * US_PER_S,
        .breaker = {5, 60 * US_PER_S, 1},
        .market_feed = feed,
        .user_feed = feed,
        .heartbeat_stream = "btcusdt@miniTicker",
        .environment = w->config.environment,
        .persist = true,
        .keeps_candles = true,
    };
    if (w->config.display != NULL) c->display_currency = name_of(w->config.display);
    c->user_feed.dead_after_us = 60 * US_PER_S;
    if (w->config.short_lives)
        c->market_feed.lifetime_us = 4 * US_PER_MIN,
        c->user_feed.lifetime_us = 3 * US_PER_MIN; /* planned renewal, often */
    if (w->config.credentials) c->key = (struct signing_key){KEY_HMAC, SPAN("key"), SPAN("secret")};
    for (size_t m = 0; w->config.source == SOURCE_IS_EXCHANGE && m < w->config.symbols; m++)
        c->symbols[c->symbol_count++] = name_of(markets[m].symbol);
}

static struct world *world_new(const struct world_config *config, struct world_result *out) {
    struct world *w = calloc(1, sizeof *w);
    if (w == NULL) abort();
    w->config = *config;
    if (w->config.environment == NULL) w->config.environment = "production";
    w->result = out;
    w->now = US_PER_S;
    for (size_t i = 0; i < 3; i++) buf_init(&w->told[i], 1 << 20);
    w->links = calloc(LINKS_MAX, sizeof *w->links);
    w->queue = calloc(QUEUE_MAX, sizeof *w->queue);
    if (config->trace || config->tell_steps) w->steps = calloc(STEPS_KEPT, sizeof *w->steps);
    rng_seed(&w->rng, config->seed);
    w->left_out = faults_left_out(config->seed);
    exchange_init(w);
    configure(w);
    return w;
}

static void tell_steps(const struct world *w) {
    size_t from = w->step_count > STEPS_KEPT ? w->step_count - STEPS_KEPT : 0;
    if (w->result->ok || !w->config.tell_steps) return;
    for (size_t i = from; i < w->step_count; i++) printf("#   %s\n", w->steps[i % STEPS_KEPT]);
}

static void world_free(struct world *w) {
    engine_free(w->engine);
    view_free(w->view);
    page_free(w->page);
    for (size_t i = 0; i < 3; i++) buf_free(&w->told[i]);
    while (w->queue_count > 0) free(take(w).body);
    for (size_t i = 0; i < w->point_count; i++) free(w->points[i].bytes);
    exchange_free(w);
    free(w->symbols);
    free(w->steps);
    free(w->queue);
    free(w->links);
    free(w->stored);
    free(w);
}

void world_run(const struct world_config *config, struct world_result *out) {
    *out = (struct world_result){.ok = true};
    struct world *w = world_new(config, out);
    size_t old = config->old > 0 ? below(w, config->old) : 0;
    for (size_t i = 0; i < old; i++) {
        w->now += (int64_t)below(w, 20) * US_PER_S;
        rng_seed(&w->market, mix64(config->seed) ^ i);
        exchange_trade(w, false);
    }
    int64_t began = w->now;
    start_engine(w);
    if (config->hours > 0) run_hours(w);
    else run(w, config->events, INT64_MAX);
    out->events = w->events;
    if (out->ok) heal(w);
    out->healing = w->events - out->events;
    out->seconds = (w->now - began) / US_PER_S;
    for (int m = 0; m < TRADABLE; m++) out->fills += w->made[m];
    out->reconnects = w->engine->market.reconnects + w->engine->user.reconnects;
    out->fill_duplicates = w->engine->count.duplicates_dropped;
    tell_steps(w);
    world_free(w);
}
