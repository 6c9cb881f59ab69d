/* peer.c: WebSocket connections of the exchange: market streams, the WebSocket API, user streams by listenKey. */
#include "sim/inside.h"

#include "base/check.h"
#include "io/ws_codec.h"
#include "sim/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_server *exchange(const struct sim *s) { return s->servers[0]; }

/* --- sending --------------------------------------------------------------------------------------------------------------- */

static void send_half(struct sim *s, struct peer *c, struct span text) {
    unsigned char head[WS_HEAD_MAX];
    struct buf half;
    buf_init(&half, FRONT_BODY_MAX);
    buf_put(&half, head, ws_frame_head(head, 1, text.len, NULL));
    buf_put(&half, text.at, text.len / 2);
    http_send_raw(exchange(s), c->id, buf_span(&half));
    buf_free(&half);
}

static void send_now(struct sim *s, struct peer *c, struct span text) {
    if (conn_unsent(exchange(s), c->id) > UNSENT_MAX) {
        http_drop(exchange(s), c->id);
        return;
    }
    ws_server_send_text(exchange(s), c->id, text);
    c->sent++;
    s->frames_sent++;
}

static void send_later(struct sim *s, struct peer *c, struct span text, int64_t delay_us) {
    struct delayed d = {.due_us = sim_mono(s) + delay_us, .frame = true, .id = c->id};
    front_init(&d.reply);
    buf_put_span(&d.reply.body, text);
    sim_put_delayed(s, &d);
}

static void send_text(struct sim *s, struct peer *c, enum fault_place place, struct span text) {
    if (!c->open || c->gone || exchange(s) == NULL) return;
    int64_t delay = s->faults.frames[place].delay_us;
    switch (sim_faults_frame(&s->faults, place, sim_mono(s))) {
    case FRAME_SWALLOW: return;
    case FRAME_HALF: send_half(s, c, text); return;
    case FRAME_GARBAGE: text = SPAN("{\"e\":\"24hrTicker\",\"s\":[nonsense"); break;
    case FRAME_TWICE:
        if (delay > 0) send_later(s, c, text, delay);
        else send_now(s, c, text);
        break;
    case FRAME_SEND: break;
    }
    if (delay > 0) send_later(s, c, text, delay);
    else send_now(s, c, text);
}

void peer_send_stream(void *arg, struct stream_client *c, struct span text) {
    send_text(arg, c->owner, PLACE_MARKET, text);
}

/* --- user data: the venue's hooks -------------------------------------------------------------------------------------------- */

struct user_event {
    struct sim *sim;
    const struct venue_report *report;
    const uint32_t *assets;
    size_t count;
    int64_t delta, time_us;
    const char *plain;
};

static void put_event(const struct user_event *e, struct jout *out) {
    const struct venue *v = &e->sim->world.venue;
    int64_t clock = sim_clock(e->sim);
    if (e->report != NULL) event_report(out, v, e->report, clock);
    else if (e->plain != NULL) event_plain(out, e->plain, clock);
    else if (e->delta != 0) event_balance(out, v, e->assets[0], e->delta, e->time_us, clock);
    else event_account(out, v, e->assets, e->count, e->time_us, clock);
}

static void send_user(const struct user_event *e, struct peer *c, int64_t subscription) {
    struct buf text;
    buf_init(&text, 1 << 20);
    struct jout out = {.b = &text, .micros = c->kind == PEER_WS_API && c->session.micros};
    if (c->kind == PEER_WS_API) {
        jo_open(&out, NULL, '{');
        jo_int(&out, "subscriptionId", subscription);
        buf_puts(&text, ",\"event\":");
        put_event(e, &out);
        jo_close(&out, '}');
    } else {
        put_event(e, &out);
    }
    send_text(e->sim, c, PLACE_USER, buf_span(&text));
    buf_free(&text);
}

static void tell_user(const struct user_event *e) {
    for (size_t i = 0; i < e->sim->peer_count; i++) {
        struct peer *c = e->sim->peers[i];
        if (c->kind == PEER_LISTEN || (c->kind == PEER_WS_API && c->session.subscribed))
            send_user(e, c, c->session.subscription);
    }
}

static void on_report(void *arg, const struct venue_report *r) {
    tell_user(&(struct user_event){.sim = arg, .report = r});
}

static void on_account(void *arg, const uint32_t *assets, size_t count, int64_t time_us) {
    tell_user(&(struct user_event){.sim = arg, .assets = assets, .count = count, .time_us = time_us});
}

static void on_deposit(void *arg, uint32_t asset, int64_t amount, int64_t time_us) {
    tell_user(&(struct user_event){.sim = arg, .assets = &asset, .count = 1, .delta = amount, .time_us = time_us});
}

static void on_trade(void *arg, const struct venue_symbol *v, const struct venue_trade *t) {
    streams_on_trade(&((struct sim *)arg)->streams, v, t);
}

static void on_agg(void *arg, const struct venue_symbol *v, const struct venue_agg *a) {
    streams_on_agg(&((struct sim *)arg)->streams, v, a);
}

static void on_touch(void *arg, const struct venue_symbol *v) { streams_on_touch(&((struct sim *)arg)->streams, v); }

void peer_hook(struct sim *s) {
    s->world.venue.hooks = (struct venue_hooks){.on_trade = on_trade,
                                                .on_agg = on_agg,
                                                .on_touch = on_touch,
                                                .on_report = on_report,
                                                .on_account = on_account,
                                                .on_deposit = on_deposit,
                                                .arg = s};
}

/* --- opening ------------------------------------------------------------------------------------------------------------------- */

static struct peer *peer_add(struct sim *s, conn_id id, enum peer_kind kind, struct span peer) {
    if (s->peer_count == s->peer_capacity) {
        s->peer_capacity = s->peer_capacity == 0 ? 16 : s->peer_capacity * 2;
        s->peers = realloc(s->peers, s->peer_capacity * sizeof(struct peer *));
        CHECK(s->peers != NULL);
    }
    struct peer *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->id = id;
    c->kind = kind;
    c->opened_us = sim_mono(s);
    c->ping_due_us = c->opened_us + s->config.ping_s * US_PER_S;
    if (name_set(&c->peer, peer) != ERR_OK) c->peer = name_of("?");
    s->peers[s->peer_count++] = c;
    s->connects++;
    return c;
}

static void respond_text(struct sim *s, conn_id id, int status, const char *text) {
    struct http_reply r = {.status = status, .body = span_of(text), .close = true};
    http_respond(exchange(s), id, &r);
}

/* timeUnit, returnRateLimits and streams: the parameters of a connection's URL. */
struct peer_url {
    struct api_params params;
    char *room; /* owned */
    char *path; /* owned: decoded */
    bool micros;
};

static bool url_parse(struct peer_url *u, const struct http_server_request *r) {
    struct span path;
    u->room = malloc(r->query.len + 1);
    u->path = calloc(1, r->path.len + 1);
    CHECK(u->room != NULL && u->path != NULL);
    char *at = u->path;
    if (!query_parse(&u->params, u->room, r->query, false) || !query_decode(&path, &at, r->path, false)) return false;
    const struct api_param *unit = api_param(&u->params, "timeUnit");
    u->micros = unit != NULL && (span_is(unit->value, "MICROSECOND") || span_is(unit->value, "microsecond"));
    return unit == NULL || u->micros || span_is(unit->value, "MILLISECOND") || span_is(unit->value, "millisecond");
}

static void url_free(struct peer_url *u) {
    free(u->room);
    free(u->path);
}

static bool open_market(struct sim *s, struct peer *c, const struct peer_url *u) {
    const struct api_param *streams = api_param(&u->params, "streams");
    bool combined = strncmp(u->path, "/stream", 7) == 0;
    struct span names = {NULL, 0};
    if (combined && streams != NULL) names = streams->value;
    if (!combined && strlen(u->path) > 4) names = span_of(u->path + 4); /* behind "/ws/" */
    stream_client_init(&c->client, combined, u->micros, c);
    if (stream_client_open(&s->streams, &c->client, names)) return true;
    stream_client_leave(&s->streams, &c->client);
    return false;
}

static bool listen_path(const struct sim *s, const char *path) {
    return s->config.listen_keys && s->listen_key[0] != '\0' && strncmp(path, "/ws/", 4) == 0 &&
           strcmp(path + 4, s->listen_key) == 0;
}

static void peer_remove_last(struct sim *s) { free(s->peers[--s->peer_count]); }

static bool open_kind(struct sim *s, conn_id id, const struct http_server_request *r, const struct peer_url *u) {
    bool market = strcmp(u->path, "/ws") == 0 || strncmp(u->path, "/ws/", 4) == 0 || strcmp(u->path, "/stream") == 0;
    struct peer *c;
    if (strcmp(u->path, "/ws-api/v3") == 0) {
        const struct api_param *show = api_param(&u->params, "returnRateLimits");
        c = peer_add(s, id, PEER_WS_API, r->peer);
        ws_session_init(&c->session, show == NULL || !span_is(show->value, "false"), u->micros, sim_clock(s));
    } else if (listen_path(s, u->path)) {
        c = peer_add(s, id, PEER_LISTEN, r->peer);
    } else if (market) {
        c = peer_add(s, id, PEER_MARKET, r->peer);
        if (!open_market(s, c, u)) {
            peer_remove_last(s);
            return false;
        }
    } else {
        return false;
    }
    conn_set_data(exchange(s), id, c);
    return true;
}

/* Opening a WebSocket API connection weighs 2, and a banned address is not let in. */
static bool let_in(struct sim *s, conn_id id, const struct http_server_request *r) {
    if (!span_is(r->path, "/ws-api/v3")) return true;
    struct weight_answer w = sim_weight_use(&s->api.weights, r->peer, 2, sim_clock(s));
    if (w.verdict != WEIGHT_BANNED) return true;
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)((w.retry_us - sim_clock(s) + US_PER_S - 1) / US_PER_S));
    struct http_header retry = {SPAN("Retry-After"), span_of(seconds)};
    struct http_reply reply = {.status = 418, .headers = &retry, .header_count = 1, .close = true};
    http_respond(exchange(s), id, &reply);
    return false;
}

void peer_upgrade(struct sim *s, conn_id id, const struct http_server_request *r) {
    struct peer_url u = {.params.count = 0};
    if (!let_in(s, id, r)) return;
    if (!sim_weight_connect(&s->api.weights, r->peer, sim_clock(s))) respond_text(s, id, 429, "Too many connections");
    else if (!url_parse(&u, r)) respond_text(s, id, 400, "Bad Request");
    else if (!open_kind(s, id, r, &u)) respond_text(s, id, 400, "Bad Request");
    else if (!http_upgrade(exchange(s), id, NULL, 0)) s->peers[s->peer_count - 1]->gone = true; /* left meanwhile */
    url_free(&u);
}

/* --- receiving ------------------------------------------------------------------------------------------------------------------ */

static void close_peer(struct sim *s, struct peer *c, uint16_t code, const char *reason) {
    ws_server_close(exchange(s), c->id, code, span_of(reason));
    c->gone = true;
}

/* At most five messages in any second: pings, pongs and control messages all count. */
static bool too_many(struct sim *s, struct peer *c) {
    int64_t now = sim_mono(s), oldest = c->messages_us[c->next_message];
    bool over = oldest != 0 && now - oldest < US_PER_S;
    c->messages_us[c->next_message] = now;
    c->next_message = (c->next_message + 1) % MESSAGES_A_SECOND;
    return over;
}

static void on_market_text(struct sim *s, struct peer *c, struct span text) {
    struct buf out;
    buf_init(&out, 1 << 20);
    streams_control(&s->streams, &c->client, text, &out);
    if (out.len > 0 && !c->gone) send_now(s, c, buf_span(&out));
    buf_free(&out);
}

static void on_api_text(struct sim *s, struct peer *c, struct span text) {
    struct buf out;
    struct ws_after after;
    buf_init(&out, FRONT_BODY_MAX);
    sim_refresh(s);
    ws_api_answer(&s->api, &c->session, name_span(&c->peer), text, &out, &after);
    sim_count_method(s, span_of(after.method));
    if (out.len > 0) send_text(s, c, PLACE_WS_API, buf_span(&out));
    buf_free(&out);
    if (after.terminated)
        send_user(&(struct user_event){.sim = s, .plain = "eventStreamTerminated"}, c, after.terminated_id);
    if (after.hang_up) close_peer(s, c, 1008, "Way too much request weight used");
}

static void on_pong(struct sim *s, struct peer *c, struct span payload) {
    if (payload.len == 0) return; /* unsolicited: keeps nothing alive */
    if (c->kind == PEER_WS_API && !span_is(payload, c->ping)) {
        close_peer(s, c, 1008, "Invalid pong payload");
        return;
    }
    c->unanswered_us = 0;
}

void peer_on_ws(struct sim *s, conn_id id, const struct ws_server_event *e) {
    struct peer *c = conn_data(exchange(s), id);
    if (c == NULL) return;
    if (e->kind == WS_SERVER_CLOSED) {
        c->gone = true;
        conn_set_data(exchange(s), id, NULL);
        return;
    }
    if (c->gone || e->kind == WS_SERVER_WRITABLE) return;
    if (e->kind == WS_SERVER_OPEN) {
        c->open = true;
        return;
    }
    s->messages_in++;
    if (c->kind == PEER_MARKET && too_many(s, c)) {
        close_peer(s, c, 1008, "Too many requests");
        return;
    }
    if (e->kind == WS_SERVER_PONG) on_pong(s, c, e->data);
    if (e->kind == WS_SERVER_TEXT && c->kind == PEER_MARKET) on_market_text(s, c, e->data);
    if (e->kind == WS_SERVER_TEXT && c->kind == PEER_WS_API) on_api_text(s, c, e->data);
}

/* --- keeping ---------------------------------------------------------------------------------------------------------------------- */

static void ping(struct sim *s, struct peer *c, int64_t now) {
    c->ping_due_us = now + s->config.ping_s * US_PER_S;
    if (s->faults.no_pings) return;
    snprintf(c->ping, sizeof c->ping, "%llu",
             (unsigned long long)(sim_clock(s) / US_PER_MS + (int64_t)(c->pings++ % 7)));
    ws_server_ping(exchange(s), c->id, span_of(c->ping));
    if (c->unanswered_us == 0) c->unanswered_us = now;
}

static void keep_one(struct sim *s, struct peer *c, int64_t now) {
    if (c->cut_us != 0 && now >= c->cut_us) close_peer(s, c, 1001, "Server is shutting down");
    else if (now - c->opened_us >= s->config.lifetime_s * US_PER_S)
        close_peer(s, c, 1001, "Connection lifetime is over");
    else if (c->unanswered_us != 0 && now - c->unanswered_us >= s->config.pong_s * US_PER_S)
        close_peer(s, c, 1008, "Pong timeout");
    else if (now >= c->ping_due_us) ping(s, c, now);
}

static void peer_free(struct sim *s, struct peer *c) {
    if (c->kind == PEER_MARKET) stream_client_leave(&s->streams, &c->client);
    if (exchange(s) != NULL && conn_data(exchange(s), c->id) == c) conn_set_data(exchange(s), c->id, NULL);
    free(c);
}

void peer_keep(struct sim *s) {
    int64_t now = sim_mono(s);
    for (size_t i = 0; i < s->peer_count;) {
        struct peer *c = s->peers[i];
        if (c->open && !c->gone) keep_one(s, c, now);
        if (!c->gone) {
            i++;
            continue;
        }
        peer_free(s, c);
        s->peers[i] = s->peers[--s->peer_count];
    }
}

void peer_free_all(struct sim *s) {
    while (s->peer_count > 0) peer_free(s, s->peers[--s->peer_count]);
    free(s->peers);
    s->peers = NULL;
    s->peer_capacity = 0;
}

size_t peer_drop_all(struct sim *s, unsigned kinds, enum peer_drop how, uint16_t code, struct span reason) {
    size_t count = 0;
    for (size_t i = 0; i < s->peer_count; i++) {
        struct peer *c = s->peers[i];
        if (c->gone || !c->open || (kinds & 1U << c->kind) == 0) continue;
        if (how == DROP_CLOSE) ws_server_close(exchange(s), c->id, code, reason);
        else http_drop(exchange(s), c->id);
        c->gone = true;
        count++;
    }
    return count;
}

size_t peer_shutdown_all(struct sim *s, unsigned kinds, int64_t delay_us) {
    size_t count = 0;
    for (size_t i = 0; i < s->peer_count; i++) {
        struct peer *c = s->peers[i];
        struct buf text;
        if (c->gone || !c->open || (kinds & 1U << c->kind) == 0) continue;
        buf_init(&text, 1024);
        bool combined = c->kind == PEER_MARKET && c->client.combined, api = c->kind == PEER_WS_API;
        struct jout out = {.b = &text, .micros = api ? c->session.micros : c->client.micros};
        if (combined) buf_puts(&text, "{\"stream\":\"!serverShutdown\",\"data\":");
        if (api) buf_puts(&text, "{\"event\":");
        event_plain(&out, "serverShutdown", sim_clock(s));
        if (combined || api) buf_putc(&text, '}');
        send_now(s, c, buf_span(&text));
        buf_free(&text);
        c->cut_us = sim_mono(s) + delay_us;
        count++;
    }
    return count;
}
