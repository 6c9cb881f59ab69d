/* sim.c: the listeners and the clock. Order of a request: faults asked for its path, then the front that answers it, then
 * delay. The world is stepped until it has caught up with the clock; after a long stall it jumps instead. */
#include "sim/inside.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum {
    STEPS_A_TURN = 200,
    KEEP_MS = 100,
    MESSAGE_MAX = 1 << 20,
    BODY_MAX = 1 << 20,
    CONNECTIONS_MAX = 4096,
    SCRIPT_MAX = 1 << 20
};

#define LISTEN_KEY_US (60 * US_PER_MIN)
#define STALL_US (3 * US_PER_S)

int64_t sim_mono(const struct sim *s) { return loop_now(s->loop).mono.us; }

int64_t sim_wall(const struct sim *s) { return loop_now(s->loop).wall.us; }

int64_t sim_clock(const struct sim *s) { return sim_wall(s) + s->config.skew_ms * US_PER_MS + s->faults.skew_us; }

void sim_refresh(struct sim *s) {
    s->api.clock_us = sim_clock(s);
    s->api.lag_us = s->faults.lag_us;
    s->streams.clock_us = s->api.clock_us;
    s->bot.clock_us = sim_wall(s);
}

/* --- replies --------------------------------------------------------------------------------------------------------------------- */

static void reply_now(struct sim *s, int server, conn_id id, const struct front_reply *r) {
    struct http_header headers[FRONT_HEADERS_MAX];
    if (s->servers[server] == NULL) return;
    for (size_t i = 0; i < r->header_count; i++)
        headers[i] = (struct http_header){span_of(r->headers[i].name), span_of(r->headers[i].value)};
    struct http_reply reply = {
        .status = r->status, .headers = headers, .header_count = r->header_count, .body = buf_span(&r->body)};
    http_respond(s->servers[server], id, &reply);
}

static void arm_soon(struct sim *s) {
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < s->delayed_count; i++)
        if (s->delayed[i].due_us < first) first = s->delayed[i].due_us;
    if (first != INT64_MAX) timer_at(s->soon, (struct mono){first});
}

void sim_put_delayed(struct sim *s, const struct delayed *d) {
    if (s->delayed_count == DELAYED_MAX) {
        struct front_reply lost = d->reply;
        front_free(&lost);
        return;
    }
    if (s->delayed_count == s->delayed_capacity) {
        s->delayed_capacity = s->delayed_capacity == 0 ? 64 : s->delayed_capacity * 2;
        s->delayed = realloc(s->delayed, s->delayed_capacity * sizeof *s->delayed);
        CHECK(s->delayed != NULL);
    }
    s->delayed[s->delayed_count++] = *d;
    arm_soon(s);
}

static void deliver(struct sim *s, struct delayed *d) {
    int server = d->bot ? 1 : 0;
    if (d->frame && s->servers[0] != NULL) ws_server_send_text(s->servers[0], d->id, buf_span(&d->reply.body));
    if (!d->frame) reply_now(s, server, d->id, &d->reply);
    front_free(&d->reply);
}

/* In the order in which they were put: frames of one connection keep their order. */
static void on_soon(void *arg) {
    struct sim *s = arg;
    size_t kept = 0;
    for (size_t i = 0; i < s->delayed_count; i++) {
        if (s->delayed[i].due_us <= sim_mono(s)) deliver(s, &s->delayed[i]);
        else s->delayed[kept++] = s->delayed[i];
    }
    s->delayed_count = kept;
    arm_soon(s);
}

/* --- faults of replies ------------------------------------------------------------------------------------------------------------- */

static void spoil_status(const struct reply_fault *f, struct front_reply *r) {
    r->header_count = 0;
    if (f->retry_after > 0) front_header(r, "Retry-After", "%lld", (long long)f->retry_after);
    if (f->place == PLACE_BOT) {
        const char *text = f->status == 429   ? "{\"error\": \"Rate limit exceeded\", \"retry_after\": 60}"
                           : f->status == 401 ? "{\"error\": \"Unauthorized\", \"message\": \"Valid API key required\"}"
                                              : "500 Internal Server Error\n\nServer got itself in trouble";
        front_text(r, f->status,
                   f->status == 429 || f->status == 401 ? "application/json; charset=utf-8"
                                                        : "text/plain; charset=utf-8",
                   text);
        return;
    }
    bool limited = f->status == 429 || f->status == 418;
    front_text(r, f->status, "application/json;charset=UTF-8",
               limited ? "{\"code\":-1003,\"msg\":\"Too much request weight used; please use WebSocket Streams for "
                         "live updates.\"}"
               : f->status < 500
                   ? "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}"
                   : "{\"code\":-1000,\"msg\":\"An unknown error occurred while processing the request.\"}");
}

static void spoil_body(const struct reply_fault *f, struct front_reply *r) {
    static const char garbage[] = "{\"serverTime\":17,,\x01\xff[";
    if (f->body == BODY_EMPTY) buf_clear(&r->body);
    if (f->body == BODY_GARBAGE) {
        buf_clear(&r->body);
        buf_put(&r->body, garbage, sizeof garbage - 1);
    }
    if (f->body == BODY_HTML) {
        r->header_count = 0;
        front_text(r, r->status, "text/html",
                   "<html><head><title>Sorry</title></head><body><h1>Sorry</h1><p>Please try later.</p></body></html>");
    }
}

/* Half of a reply: the head promises a whole body, half of it comes, then nothing. */
static void send_half(struct sim *s, int server, conn_id id, const struct front_reply *r) {
    struct buf raw;
    buf_init(&raw, FRONT_BODY_MAX);
    buf_putf(&raw, "HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", r->status,
             r->body.len + 1);
    buf_put(&raw, r->body.at, r->body.len / 2);
    http_send_raw(s->servers[server], id, buf_span(&raw));
    buf_free(&raw);
}

/* Sends the reply, spoilt as asked. */
static void send_reply(struct sim *s, int server, conn_id id, struct front_reply *r, const struct reply_fault *f) {
    if (f != NULL && f->status != 0) spoil_status(f, r);
    if (f != NULL) spoil_body(f, r);
    if (f != NULL && f->body == BODY_DROP) http_drop(s->servers[server], id);
    else if (f != NULL && f->body == BODY_HALF) send_half(s, server, id, r);
    else if (f != NULL && f->delay_us > 0) {
        sim_put_delayed(
            s, &(struct delayed){.due_us = sim_mono(s) + f->delay_us, .bot = server == 1, .id = id, .reply = *r});
        return; /* the delayed one owns the body */
    } else {
        reply_now(s, server, id, r);
    }
    front_free(r);
}

/* --- requests -------------------------------------------------------------------------------------------------------------------------- */

static struct span header_of(const struct http_server_request *r, const char *name) {
    const struct http_header *h = http_request_header(r, name);
    return h != NULL ? h->value : (struct span){NULL, 0};
}

static void count(struct path_count *list, size_t *known, struct span path, uint64_t weight) {
    for (size_t i = 0; i < *known; i++) {
        if (!span_is(path, list[i].path)) continue;
        list[i].requests++;
        list[i].weight += weight;
        return;
    }
    if (*known == PATHS_COUNTED || path.len >= sizeof list[0].path) return;
    struct path_count *p = &list[(*known)++];
    memcpy(p->path, path.at, path.len);
    p->requests = 1;
    p->weight = weight;
}

static void count_request(struct sim *s, struct span path, uint64_t weight) {
    s->requests++;
    count(s->paths, &s->path_count, path, weight);
}

void sim_count_method(struct sim *s, struct span method) {
    if (method.len > 0) count(s->methods, &s->method_count, method, 0);
}

static void new_listen_key(struct sim *s) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (int i = 0; i < LISTEN_KEY_LEN; i++) s->listen_key[i] = letters[rng_below(&s->rng, sizeof letters - 1)];
}

/* POST gives the key (the same while it is valid), PUT keeps it for another hour, DELETE ends it. */
static void answer_listen_key(struct sim *s, const struct front_question *q, struct front_reply *r) {
    bool valid = s->listen_key[0] != '\0' && sim_mono(s) < s->listen_until_us;
    front_header(r, "Content-Type", "application/json;charset=UTF-8");
    sim_weight_use(&s->api.weights, q->peer, 2, s->api.clock_us);
    if (!sim_sign_known(s->keys, q->api_key)) {
        r->status = 401;
        buf_puts(&r->body, "{\"code\":-2015,\"msg\":\"Invalid API-key, IP, or permissions for action.\"}");
    } else if (span_is(q->method, "POST")) {
        if (!valid) new_listen_key(s);
        s->listen_until_us = sim_mono(s) + LISTEN_KEY_US;
        buf_putf(&r->body, "{\"listenKey\":\"%s\"}", s->listen_key);
    } else if (!valid) {
        r->status = 400;
        buf_puts(&r->body, "{\"code\":-1125,\"msg\":\"This listenKey does not exist.\"}");
    } else {
        if (span_is(q->method, "PUT")) s->listen_until_us = sim_mono(s) + LISTEN_KEY_US;
        else s->listen_key[0] = '\0';
        buf_puts(&r->body, "{}");
    }
}

static void answer_exchange(struct sim *s, const struct front_question *q, struct front_reply *r) {
    if (span_is(q->path, "/api/v3/userDataStream") && s->config.listen_keys) answer_listen_key(s, q, r);
    else if (span_is(q->path, "/api/v3/userDataStream") || span_starts(q->path, SPAN("/api/v1/"))) rest_gone(r);
    else rest_answer(&s->api, q, r);
}

static void on_request(struct sim *s, int server, conn_id id, const struct http_server_request *in) {
    struct front_question q = {.method = in->method,
                               .path = in->path,
                               .query = in->query,
                               .body = in->body,
                               .peer = in->peer,
                               .api_key = header_of(in, server == 0 ? "X-MBX-APIKEY" : "X-API-Key"),
                               .authorization = header_of(in, "Authorization"),
                               .time_unit = header_of(in, "X-MBX-TIME-UNIT"),
                               .accept = header_of(in, "Accept")};
    struct front_reply r;
    sim_refresh(s);
    front_init(&r);
    if (span_starts(q.path, SPAN("/sim/"))) {
        if (!control_answer(s, &q, &r)) front_text(&r, 404, "application/json", "{\"error\":\"no such control path\"}");
        send_reply(s, server, id, &r, NULL);
        return;
    }
    if (server == 0 && in->upgrade) {
        const struct reply_fault *f = sim_faults_reply(&s->faults, PLACE_REST, q.path, sim_mono(s));
        front_free(&r);
        if (f != NULL) {
            front_init(&r);
            send_reply(s, server, id, &r, f);
        } else {
            count_request(s, q.path, 0);
            peer_upgrade(s, id, in);
        }
        return;
    }
    const struct reply_fault *f =
        sim_faults_reply(&s->faults, server == 0 ? PLACE_REST : PLACE_BOT, q.path, sim_mono(s));
    uint64_t before = s->api.weights.total;
    if (server == 0) answer_exchange(s, &q, &r);
    else bot_answer(&s->bot, &q, &r);
    count_request(s, q.path, s->api.weights.total - before);
    send_reply(s, server, id, &r, f);
}

static void on_exchange_request(void *arg, conn_id id, const struct http_server_request *r) {
    on_request(arg, 0, id, r);
}

static void on_bot_request(void *arg, conn_id id, const struct http_server_request *r) { on_request(arg, 1, id, r); }

static void on_exchange_ws(void *arg, conn_id id, const struct ws_server_event *e) { peer_on_ws(arg, id, e); }

static void on_bot_ws(void *arg, conn_id id, const struct ws_server_event *e) {
    (void)arg, (void)id, (void)e; /* the bot upgrades nothing */
}

/* --- listeners -------------------------------------------------------------------------------------------------------------------------- */

static enum err listen_on(struct sim *s, int server) {
    struct http_server_config c = {.host = s->config.host,
                                   .port = s->ports[server],
                                   .max_connections = CONNECTIONS_MAX,
                                   .max_body = BODY_MAX,
                                   .max_message = MESSAGE_MAX,
                                   .idle_timeout_us = 75 * US_PER_S,
                                   .auto_pong = true,
                                   .on_request = server == 0 ? on_exchange_request : on_bot_request,
                                   .on_ws = server == 0 ? on_exchange_ws : on_bot_ws,
                                   .arg = s};
    if (server == 0) {
        c.cert_file = s->config.cert_file;
        c.key_file = s->config.key_file;
    }
    enum err err = http_server_new(&s->servers[server], s->loop, &c, s->log);
    if (err != ERR_OK) {
        s->servers[server] = NULL;
        return err;
    }
    s->ports[server] = http_server_port(s->servers[server]);
    s->open_servers++;
    return ERR_OK;
}

static void free_all(struct sim *s);

static void on_server_closed(void *arg) {
    struct sim *s = arg;
    s->open_servers--;
    if (s->closing && s->open_servers == 0) free_all(s);
}

static void stop_listening(struct sim *s, int server) {
    struct http_server *gone = s->servers[server];
    if (gone == NULL) return;
    s->servers[server] = NULL;
    if (server == 0) peer_free_all(s);
    http_server_close(gone, on_server_closed, s);
}

void sim_refuse(struct sim *s, int server, int64_t for_us) {
    stop_listening(s, server);
    s->reopen_us[server] = sim_mono(s) + for_us;
}

static void reopen(struct sim *s) {
    for (int i = 0; i < 2; i++) {
        if (s->reopen_us[i] < 0) sim_refuse(s, i, -s->reopen_us[i]);
        if (s->reopen_us[i] == 0 || sim_mono(s) < s->reopen_us[i]) continue;
        if (s->servers[i] == NULL && listen_on(s, i) != ERR_OK) {
            s->reopen_us[i] = sim_mono(s) + 100 * US_PER_MS; /* the old one still holds the port: soon */
            continue;
        }
        s->reopen_us[i] = 0;
    }
}

/* --- the clock --------------------------------------------------------------------------------------------------------------------------- */

void sim_steps(struct sim *s, int64_t count) {
    for (int64_t i = 0; i < count; i++) world_step(&s->world);
}

static void catch_up(struct sim *s) {
    struct venue *v = &s->world.venue;
    int64_t behind = sim_wall(s) - v->now_us, tick = s->world.config.tick_us;
    if (behind > STALL_US && behind > 2 * tick) venue_reach(v, sim_wall(s) - tick);
    for (int n = 0; n < STEPS_A_TURN && v->now_us + tick <= sim_wall(s); n++) world_step(&s->world);
}

static void run_script(struct sim *s) {
    while (s->script_next < s->script_count && sim_mono(s) - s->started_us >= s->script[s->script_next].at_us) {
        const struct script_step *step = &s->script[s->script_next++];
        struct front_question q = {.method = SPAN("POST"),
                                   .path = span_of(step->path),
                                   .body = span_of(step->body),
                                   .peer = SPAN("127.0.0.1")};
        struct front_reply r;
        front_init(&r);
        if (!control_answer(s, &q, &r) || r.status != 200)
            log_say(s->log, LOG_WARN, "sim", "script: %s was refused", step->path);
        front_free(&r);
    }
}

static void on_tick(void *arg) {
    struct sim *s = arg;
    int64_t pace = s->world.config.tick_us, slowest = KEEP_MS * US_PER_MS;
    int64_t ticker = s->streams.ticker_us;
    sim_refresh(s);
    catch_up(s);
    streams_poll(&s->streams, sim_mono(s));
    peer_keep(s);
    run_script(s);
    reopen(s);
    if (slowest < pace) pace = slowest;
    if (ticker < pace) pace = ticker;
    timer_at(s->tick, mono_add((struct mono){sim_mono(s)}, pace));
}

/* --- birth and death ------------------------------------------------------------------------------------------------------------------------ */

void sim_config_default(struct sim_config *c) {
    *c = (struct sim_config){.seed = 1,
                             .host = "127.0.0.1",
                             .tick_ms = 200,
                             .pace_percent = 800,
                             .ticker_ms = 1000,
                             .history_fills = 300,
                             .history_step_ms = 20000,
                             .bnb_fees = true,
                             .bnb_deposit = "0.008",
                             .fee_ppm = 1000,
                             .api_key = "gridscope-sim-key",
                             .secret = "gridscope-sim-secret",
                             .bot_limit = 100,
                             .weight_limit = 6000,
                             .lifetime_s = 86400,
                             .ping_s = 20,
                             .pong_s = 60};
}

/* The caller's strings may go: ours are copies. */
static bool keep_strings(struct sim *s) {
    const char **all[] = {&s->config.host,        &s->config.cert_file,  &s->config.key_file, &s->config.symbols,
                          &s->config.bnb_deposit, &s->config.api_key,    &s->config.secret,   &s->config.ed25519_pem,
                          &s->config.bot_key,     &s->config.script_file};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i] == NULL) continue;
        s->strings[i] = strdup(*all[i]);
        if (s->strings[i] == NULL) return false;
        *all[i] = s->strings[i];
    }
    return true;
}

static enum err refuse_config(const struct log *log, const char *what) {
    log_say(log, LOG_ERROR, "sim", "%s", what);
    return ERR_VALUE;
}

static enum err check_config(const struct sim_config *c, int64_t *bnb, const struct log *log) {
    if (c->tick_ms < 1 || c->tick_ms > 60000) return refuse_config(log, "tick must be 1 to 60000 ms");
    if (c->pace_percent < 1 || c->pace_percent > 100000) return refuse_config(log, "pace must be 1 to 100000 percent");
    if (c->ticker_ms < 10 || c->ticker_ms > 60000) return refuse_config(log, "ticker pace must be 10 to 60000 ms");
    if (c->history_step_ms < 1000 || c->history_step_ms > 60000)
        return refuse_config(log, "history step must be 1000 to 60000 ms");
    if (c->fee_ppm > 10000) return refuse_config(log, "fee rate must be at most 10000 parts per million");
    if (c->weight_limit < 1 || c->lifetime_s < 1 || c->ping_s < 1 || c->pong_s < 1)
        return refuse_config(log, "limits and times must be above 0");
    if (c->api_key == NULL || c->api_key[0] == '\0') return refuse_config(log, "an API key is needed");
    if (!sim_num_parse(bnb, span_of(c->bnb_deposit)) || *bnb < 0)
        return refuse_config(log, "the BNB deposit is not a number");
    return ERR_OK;
}

static enum err load_script(struct sim *s) {
    struct span line;
    char *text = calloc(1, SCRIPT_MAX);
    FILE *f = s->config.script_file != NULL ? fopen(s->config.script_file, "r") : NULL;
    if (text == NULL || (s->config.script_file != NULL && f == NULL)) {
        free(text);
        return refuse_config(s->log, "the script file cannot be read");
    }
    line.len = f != NULL ? fread(text, 1, SCRIPT_MAX - 1, f) : 0;
    if (f != NULL) (void)fclose(f);
    yyjson_doc *doc = line.len > 0 ? yyjson_read(text, line.len, 0) : NULL;
    yyjson_val *root = yyjson_doc_get_root(doc), *item;
    size_t i, n;
    s->script = calloc(yyjson_arr_size(root) + 1, sizeof *s->script);
    enum err err = s->script == NULL                   ? ERR_MEMORY
                   : f != NULL && !yyjson_is_arr(root) ? refuse_config(s->log, "the script is not a JSON array")
                                                       : ERR_OK;
    if (err == ERR_OK) {
        yyjson_arr_foreach(root, i, n, item) {
            struct script_step *step = &s->script[s->script_count++];
            const char *path = yyjson_get_str(yyjson_obj_get(item, "path"));
            yyjson_val *body = yyjson_obj_get(item, "body");
            step->at_us = yyjson_get_sint(yyjson_obj_get(item, "at_ms")) * US_PER_MS;
            snprintf(step->path, sizeof step->path, "%s", path != NULL ? path : "");
            step->body = body != NULL ? yyjson_val_write(body, 0, NULL) : strdup("{}");
            if (step->body == NULL) err = ERR_MEMORY;
        }
    }
    yyjson_doc_free(doc);
    free(text);
    return err;
}

static enum err build_world(struct sim *s, int64_t bnb) {
    const struct sim_config *c = &s->config;
    struct world_config w = {.seed = c->seed,
                             .symbols = c->symbols,
                             .synthetic = c->synthetic,
                             .history_fills = c->history_fills,
                             .history_step_us = c->history_step_ms * US_PER_MS,
                             .tick_us = c->tick_ms * US_PER_MS,
                             .pace_percent = c->pace_percent,
                             .bnb_fees = c->bnb_fees,
                             .bnb_deposit = bnb,
                             .fee_rate = c->fee_ppm * 100};
    if (!world_init(&s->world, &w, sim_wall(s)))
        return refuse_config(s->log, "symbols: unknown coin or malformed list");
    loop_clock_refresh(s->loop); /* the past took a while */
    if (sim_wall(s) > s->world.venue.now_us) venue_reach(&s->world.venue, sim_wall(s) / US_PER_MS * US_PER_MS);
    s->keys = sim_sign_new(c->api_key, c->secret, c->ed25519_pem);
    if (s->keys == NULL) return refuse_config(s->log, "the Ed25519 public key is not usable");
    s->api = (struct api){.world = &s->world, .keys = s->keys, .uid = 354937868};
    sim_weight_init(&s->api.weights, c->weight_limit);
    streams_init(&s->streams, &s->world, c->ticker_ms * US_PER_MS, peer_send_stream, s);
    bot_server_init(&s->bot, &s->world, &s->faults, c->bot_key, c->bot_limit, sim_wall(s));
    peer_hook(s);
    return ERR_OK;
}

static void free_all(struct sim *s) {
    timer_free(s->tick);
    timer_free(s->soon);
    peer_free_all(s);
    for (size_t i = 0; i < s->delayed_count; i++) front_free(&s->delayed[i].reply);
    for (size_t i = 0; i < s->script_count; i++) free(s->script[i].body);
    streams_free(&s->streams);
    bot_server_free(&s->bot);
    sim_sign_free(s->keys);
    world_free(&s->world);
    for (size_t i = 0; i < sizeof s->strings / sizeof s->strings[0]; i++) free(s->strings[i]);
    free(s->script);
    free(s->delayed);
    free(s);
}

static enum err start(struct sim *s) {
    int64_t bnb = 0;
    enum err err = check_config(&s->config, &bnb, s->log);
    if (err == ERR_OK) err = load_script(s);
    if (err == ERR_OK) err = build_world(s, bnb);
    if (err == ERR_OK) err = listen_on(s, 0);
    if (err == ERR_OK) err = listen_on(s, 1);
    if (err != ERR_OK) return err;
    s->tick = timer_new(s->loop, on_tick, s);
    s->soon = timer_new(s->loop, on_soon, s);
    if (s->tick == NULL || s->soon == NULL) return ERR_MEMORY;
    s->started_us = sim_mono(s);
    timer_at(s->tick, (struct mono){sim_mono(s)});
    return ERR_OK;
}

enum err sim_new(struct sim **out, struct loop *l, const struct sim_config *config, const struct log *log) {
    struct sim *s = calloc(1, sizeof *s);
    if (s == NULL) return ERR_MEMORY;
    s->loop = l;
    s->log = log;
    s->config = *config;
    s->ports[0] = config->port;
    s->ports[1] = config->bot_port;
    rng_seed(&s->rng, config->seed ^ UINT64_C(0x73696d));
    enum err err = keep_strings(s) ? start(s) : ERR_MEMORY;
    if (err != ERR_OK) {
        sim_close(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

uint16_t sim_exchange_port(const struct sim *s) { return s->ports[0]; }

uint16_t sim_bot_port(const struct sim *s) { return s->ports[1]; }

void sim_close(struct sim *s) {
    s->closing = true;
    if (s->tick != NULL) timer_stop(s->tick);
    if (s->soon != NULL) timer_stop(s->soon);
    s->world.venue.hooks = (struct venue_hooks){0};
    for (int i = 0; i < 2; i++) stop_listening(s, i);
    if (s->open_servers == 0) free_all(s);
}
