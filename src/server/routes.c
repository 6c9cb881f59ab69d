/* routes.c: every address of the program in one table, and what each does. A request passes, in this order: Host, address,
 * method, Origin (where it matters), login (where it is needed), its handler. */
#include "server/private.h"

#include "base/check.h"
#include "openapi.h" /* made from openapi.json */

#include <stdio.h>
#include <strings.h>

struct route;
struct asked { /* one request on its way through its handler */
    conn_id conn;
    const struct http_server_request *r;
    const struct route *route;
    uint64_t grant; /* its login; 0: none */
};

struct route {
    const char *method; /* a route for GET answers HEAD too */
    const char *path;
    void (*handle)(struct server *s, const struct asked *a);
    bool login;                  /* needs one, where login is on; no other page's business either way */
    bool own_origin;             /* refused from other pages */
    enum server_query_kind kind; /* of handle_query */
};

/* --- health and metrics --- */

static void handle_healthz(struct server *s, const struct asked *a) {
    reply_json(s, a->conn, 200, SPAN("{\"status\":\"ok\"}"));
}

static void handle_readyz(struct server *s, const struct asked *a) {
    bool ready = s->source.ready(s->source.arg);
    reply_json(s, a->conn, ready ? 200 : 503, ready ? SPAN("{\"ready\":true}") : SPAN("{\"ready\":false}"));
}

static void put_gauge(struct buf *b, const char *name, const char *help, size_t value) {
    buf_putf(b, "# HELP gridscope_server_%s %s\n# TYPE gridscope_server_%s gauge\ngridscope_server_%s %zu\n", name,
             help, name, name, value);
}

static void put_counters(struct buf *b, const struct server_counters *c) {
#define COUNTER_ROW(name, help) {#name, help, offsetof(struct server_counters, name)},
    static const struct {
        const char *name, *help;
        size_t offset;
    } rows[] = {SERVER_COUNTERS(COUNTER_ROW)};
#undef COUNTER_ROW
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t value;
        memcpy(&value, (const char *)c + rows[i].offset, sizeof value);
        buf_putf(b, "# HELP gridscope_server_%s_total %s\n# TYPE gridscope_server_%s_total counter\n", rows[i].name,
                 rows[i].help, rows[i].name);
        buf_putf(b, "gridscope_server_%s_total %llu\n", rows[i].name, (unsigned long long)value);
    }
}

static void handle_metrics(struct server *s, const struct asked *a) {
    struct buf b;
    buf_init(&b, LIMIT_METRICS_BYTES);
    s->source.metrics(s->source.arg, &b);
    put_counters(&b, &s->count);
    put_gauge(&b, "sessions", "browser sessions open", hub_sessions(s->hub));
    put_gauge(&b, "topics", "topics with a subscriber", hub_topics(s->hub));
    put_gauge(&b, "logins", "logins that have not ended", s->login != NULL ? login_grants(s->login) : 0);
    put_gauge(&b, "connections", "connections open", http_server_connections(s->http));
    if (b.failed != ERR_OK) reply_error(s, a->conn, 500, "failed", NULL, err_text(b.failed));
    else
        reply_send(s, a->conn,
                   &(struct reply){.status = 200,
                                   .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                   .body = buf_span(&b)});
    buf_free(&b);
}

/* --- state and stored data --- */

static void handle_snapshot(struct server *s, const struct asked *a) {
    struct frame *f = s->source.snapshot(s->source.arg, hub_seq(s->hub));
    if (f == NULL) reply_error(s, a->conn, 503, "failed", NULL, err_text(ERR_MEMORY));
    else reply_send(s, a->conn, &(struct reply){.status = 200, .content_type = "application/json", .frame = f});
    frame_unref(f);
}

static void handle_openapi(struct server *s, const struct asked *a) {
    reply_json(s, a->conn, 200, span_from(openapi_json, openapi_json_len));
}

static void handle_query(struct server *s, const struct asked *a) {
    struct server_query q;
    struct param_fault fault;
    if (params_parse(&q, &fault, a->route->kind, a->r->query) != ERR_OK) {
        s->count.refused_parameters++;
        reply_error(s, a->conn, 400, "bad_parameter", fault.field, fault.message);
        return;
    }
    uint64_t id = waiting_add(s, WAITING_QUERY, a->conn);
    if (id == 0) {
        s->count.refused_full++;
        reply_error_after(s, a->conn, 503, "busy", "too many questions are waiting", US_PER_S);
        return;
    }
    s->count.queries++;
    s->source.query(s->source.arg, id, &q);
}

/* --- the live feed --- */

static void refuse_upgrade(struct server *s, conn_id conn) {
    struct reply r = {
        .status = 426,
        .content_type = "application/json",
        .body = SPAN("{\"error\":{\"code\":\"upgrade_required\",\"message\":\"this address speaks WebSocket\"}}")};
    reply_extra(&r, "Upgrade", "websocket");
    reply_send(s, conn, &r);
}

static void handle_ws(struct server *s, const struct asked *a) {
    char text[24];
    uint64_t resume = 0;
    if (!a->r->upgrade) {
        refuse_upgrade(s, a->conn);
        return;
    }
    enum err e = params_one(text, sizeof text, a->r->query, "resume");
    bool has_resume = e != ERR_MISSING;
    if (has_resume && e == ERR_OK) e = params_number(&resume, span_of(text), 0, INT64_MAX);
    if (has_resume && e != ERR_OK) {
        s->count.refused_parameters++;
        reply_error(s, a->conn, 400, "bad_parameter", "resume", "must be the number of the last delta");
        return;
    }
    struct session *session = hub_add(s->hub, a->conn, a->grant, has_resume, resume, loop_now(s->loop));
    if (session == NULL) {
        s->count.refused_full++;
        reply_error_after(s, a->conn, 503, "busy", "too many browsers are connected", 10 * US_PER_S);
        return;
    }
    conn_set_data(s->http, a->conn, session);
    if (!http_upgrade(s->http, a->conn, NULL, 0)) hub_closed(s->hub, session);
}

/* --- login --- */

static void put_cookie(const struct server *s, char *out, size_t size, const char *token, int64_t seconds, bool https) {
    snprintf(out, size, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s", s->cookie, token,
             (long long)seconds, https ? "; Secure" : "");
}

/* Behind a proxy it is the Origin that says so, and it has been found to be ours. */
static bool is_https(const struct server *s, const struct http_server_request *r) {
    const struct http_header *origin = http_request_header(r, "Origin");
    return s->tls || (origin != NULL && span_starts(origin->value, SPAN("https://")));
}

static void reply_login_state(struct server *s, conn_id conn, bool authenticated, const char *cookie) {
    char body[64];
    int len = snprintf(body, sizeof body, "{\"required\":%s,\"authenticated\":%s}", s->login != NULL ? "true" : "false",
                       authenticated ? "true" : "false");
    struct reply r = {.status = 200, .content_type = "application/json", .body = span_from(body, (size_t)len)};
    if (cookie != NULL) reply_extra(&r, "Set-Cookie", cookie);
    reply_send(s, conn, &r);
}

static void handle_session(struct server *s, const struct asked *a) {
    reply_login_state(s, a->conn, s->login == NULL || a->grant != 0, NULL);
}

static bool is_json_body(const struct http_server_request *r) {
    const struct http_header *h = http_request_header(r, "Content-Type");
    static const char type[] = "application/json";
    size_t len = sizeof type - 1;
    if (h == NULL || h->value.len < len || strncasecmp(h->value.at, type, len) != 0) return false;
    return h->value.len == len || h->value.at[len] == ';' || h->value.at[len] == ' ';
}

static void refuse_try(struct server *s, conn_id conn, enum err e, int64_t wait_us) {
    if (e == ERR_DENIED) {
        s->count.login_locked++;
        reply_error_after(s, conn, 429, "locked", "too many wrong passwords; try again later", wait_us);
    } else if (e == ERR_TOO_BIG) {
        reply_error(s, conn, 400, "bad_request", "password", "is too long");
    } else {
        s->count.refused_full++;
        reply_error_after(s, conn, 503, "busy", "too many logins are being checked", US_PER_S);
    }
}

static void handle_login(struct server *s, const struct asked *a) {
    struct json_value root;
    struct span password;
    int64_t wait_us = 0;
    if (s->login == NULL) {
        reply_login_state(s, a->conn, true, NULL);
        return;
    }
    if (!is_json_body(a->r)) {
        reply_error(s, a->conn, 415, "bad_request", NULL, "the body must be application/json");
        return;
    }
    if (json_parse(s->json, a->r->body, LIMIT_BROWSER_BODY_BYTES, &root) != ERR_OK ||
        json_text(json_get(root, "password"), &password) != ERR_OK) {
        reply_error(s, a->conn, 400, "bad_request", "password", "the body must be {\"password\":\"...\"}");
        return;
    }
    uint64_t id = waiting_add(s, WAITING_LOGIN, a->conn);
    enum err e = id == 0
                     ? ERR_FULL
                     : login_try(s->login, &wait_us, password, a->r->peer, loop_now(s->loop), routes_login_done, s, id);
    if (e == ERR_OK) {
        waiting_find(s, id)->https = is_https(s, a->r);
        return;
    }
    if (id != 0) waiting_remove(waiting_find(s, id));
    refuse_try(s, a->conn, e, wait_us);
}

static void login_succeed(struct server *s, conn_id conn, bool https) {
    char token[LOGIN_TOKEN_TEXT], cookie[256];
    uint64_t replaced;
    s->count.login_successes++;
    login_grant(s->login, token, &replaced, loop_now(s->loop));
    hub_end_grant(s->hub, replaced, loop_now(s->loop));
    put_cookie(s, cookie, sizeof cookie, token, s->login_lifetime_us / US_PER_S, https);
    reply_login_state(s, conn, true, cookie);
}

void routes_login_done(void *arg, uint64_t id, enum login_outcome outcome) {
    struct server *s = arg;
    struct waiting *w = waiting_find(s, id);
    if (w == NULL) return;
    conn_id conn = w->conn;
    bool https = w->https;
    waiting_remove(w);
    if (outcome == LOGIN_RIGHT) {
        login_succeed(s, conn, https);
    } else if (outcome == LOGIN_WRONG) {
        s->count.login_failures++;
        log_say(s->log, LOG_WARN, "server", "a login failed");
        reply_error(s, conn, 401, "wrong_password", "password", "the password is wrong");
    } else {
        reply_error(s, conn, 503, "failed", NULL, "the password could not be checked");
    }
}

static void handle_logout(struct server *s, const struct asked *a) {
    char cookie[256];
    if (s->login != NULL && a->grant != 0) {
        login_end(s->login, a->grant);
        hub_end_grant(s->hub, a->grant, loop_now(s->loop));
    }
    put_cookie(s, cookie, sizeof cookie, "", 0, is_https(s, a->r));
    reply_login_state(s, a->conn, s->login == NULL, cookie);
}

/* --- the table --- */

static const struct route routes[] = {
    /* method, path, handler, login, own origin, kind */
    {"GET", "/healthz", handle_healthz, false, false, 0},
    {"GET", "/readyz", handle_readyz, false, false, 0},
    {"GET", "/metrics", handle_metrics, true, false, 0},
    {"GET", "/ws", handle_ws, true, true, 0},
    {"GET", "/api/v1/snapshot", handle_snapshot, true, false, 0},
    {"GET", "/api/v1/trades", handle_query, true, false, QUERY_TRADES},
    {"GET", "/api/v1/trades.csv", handle_query, true, false, QUERY_TRADES_CSV},
    {"GET", "/api/v1/orders", handle_query, true, false, QUERY_ORDERS},
    {"GET", "/api/v1/candles", handle_query, true, false, QUERY_CANDLES},
    {"GET", "/api/v1/equity", handle_query, true, false, QUERY_EQUITY},
    {"GET", "/api/v1/performance", handle_query, true, false, QUERY_PERFORMANCE},
    {"GET", "/api/v1/proof", handle_query, true, false, QUERY_PROOF},
    {"GET", "/api/v1/provenance", handle_query, true, false, QUERY_PROVENANCE},
    {"GET", "/api/v1/config", handle_query, true, false, QUERY_CONFIG},
    {"GET", "/api/v1/openapi.json", handle_openapi, true, false, 0},
    {"GET", "/api/v1/session", handle_session, false, false, 0},
    {"POST", "/api/v1/login", handle_login, false, true, 0},
    {"POST", "/api/v1/logout", handle_logout, false, true, 0},
};

static bool method_is(struct span method, const char *routed) {
    return span_is(method, routed) || (span_is(method, "HEAD") && strcmp(routed, "GET") == 0);
}

/* The route, or NULL with *path_known telling 405 from 404. Each path has one method. */
static const struct route *route_find(const struct http_server_request *r, const char **allowed) {
    *allowed = NULL;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!span_is(r->path, routes[i].path)) continue;
        if (method_is(r->method, routes[i].method)) return &routes[i];
        *allowed = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
    }
    return NULL;
}

/* --- the way of a request --- */

static bool cookie_next(struct span *rest, struct span *name, struct span *value) {
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == ';')) *rest = span_skip(*rest, 1);
    if (rest->len == 0) return false;
    const char *end = memchr(rest->at, ';', rest->len);
    struct span one = span_from(rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len);
    *rest = span_skip(*rest, one.len);
    const char *equals = memchr(one.at, '=', one.len);
    *name = span_from(one.at, equals != NULL ? (size_t)(equals - one.at) : one.len);
    *value = equals != NULL ? span_skip(one, name->len + 1) : span_from(one.at, 0);
    return true;
}

/* The login that one of the request's cookies names; 0: none. */
static uint64_t request_grant(const struct server *s, const struct http_server_request *r) {
    struct span name, value;
    uint64_t grant = 0;
    for (size_t i = 0; s->login != NULL && i < r->header_count && grant == 0; i++) {
        struct span rest = r->headers[i].value;
        if (r->headers[i].name.len != 6 || strncasecmp(r->headers[i].name.at, "Cookie", 6) != 0) continue;
        while (grant == 0 && cookie_next(&rest, &name, &value))
            if (span_is(name, s->cookie)) grant = login_check(s->login, value, loop_now(s->loop));
    }
    return grant;
}

static bool host_passes(struct server *s, conn_id conn, const struct http_server_request *r) {
    enum guard_verdict v = guard_host(&s->guard, r);
    if (v == GUARD_PASS) return true;
    s->count.refused_host++;
    if (v == GUARD_NO_HOST) reply_error(s, conn, 400, "bad_host", NULL, "the request needs one Host header");
    else reply_error(s, conn, 421, "bad_host", NULL, "this name is not served here");
    return false;
}

static bool origin_passes(struct server *s, const struct asked *a) {
    enum guard_verdict v = a->route->own_origin ? guard_origin(&s->guard, a->r)
                           : a->route->login    ? guard_fetch(a->r)
                                                : GUARD_PASS;
    if (v == GUARD_PASS) return true;
    s->count.refused_origin++;
    reply_error(s, a->conn, 403, "bad_origin", NULL, "only this server's own page may ask this");
    return false;
}

static bool login_passes(struct server *s, const struct asked *a) {
    if (!a->route->login || s->login == NULL || a->grant != 0) return true;
    s->count.refused_login++;
    reply_error(s, a->conn, 401, "login_required", NULL, "log in first");
    return false;
}

static void handle_no_route(struct server *s, conn_id conn, const struct http_server_request *r, const char *allowed) {
    const struct asset *a = allowed == NULL && s->asset != NULL ? s->asset(r->path) : NULL;
    bool reads = span_is(r->method, "GET") || span_is(r->method, "HEAD");
    if (a != NULL && reads) {
        reply_asset(s, conn, r, a);
        return;
    }
    if (a == NULL && allowed == NULL) {
        reply_error(s, conn, 404, "not_found", NULL, "there is nothing at this address");
        return;
    }
    struct reply out = {.status = 405,
                        .content_type = "application/json",
                        .body = SPAN("{\"error\":{\"code\":\"bad_method\",\"message\":\"not with this method\"}}")};
    reply_extra(&out, "Allow", allowed != NULL ? allowed : "GET, HEAD");
    reply_send(s, conn, &out);
}

void routes_handle(struct server *s, conn_id conn, const struct http_server_request *r) {
    const char *allowed;
    s->count.requests++;
    if (!host_passes(s, conn, r)) return;
    const struct route *route = route_find(r, &allowed);
    if (route == NULL) {
        handle_no_route(s, conn, r, allowed);
        return;
    }
    struct asked a = {.conn = conn, .r = r, .route = route, .grant = request_grant(s, r)};
    if (origin_passes(s, &a) && login_passes(s, &a)) route->handle(s, &a);
}
