#include "server/guard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

bool guard_is_loopback(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    if (strcasecmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* --- configuration --- */

static bool is_ipv6(const char *host) {
    struct in6_addr v6;
    return inet_pton(AF_INET6, host, &v6) == 1;
}

static bool is_any(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) return v4.s_addr == INADDR_ANY;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

static enum err public_set(struct guard_public *p, const char *text) {
    bool http = strncmp(text, "http://", 7) == 0, https = strncmp(text, "https://", 8) == 0;
    const char *host = text + (http ? 7 : https ? 8 : 0);
    size_t len = strlen(host);
    if (len == 0 || len >= sizeof p->host || strpbrk(host, "/?#@ \t*,") != NULL) return ERR_VALUE;
    for (size_t i = 0; i <= len; i++) p->host[i] = (char)tolower((unsigned char)host[i]);
    p->http = http || !https; /* a bare name says nothing of the scheme */
    p->https = https || !http;
    return ERR_OK;
}

enum err guard_init(struct guard *g, const char *host, uint16_t port, bool tls, bool require_origin,
                    const char *const *public_hosts, size_t public_count) {
    *g = (struct guard){.any_address = is_any(host), .tls = tls, .require_origin = require_origin, .port = port};
    int len = snprintf(g->bound, sizeof g->bound, is_ipv6(host) ? "[%s]" : "%s", host);
    if (len <= 0 || (size_t)len >= sizeof g->bound) return ERR_VALUE;
    if (public_count > GUARD_PUBLIC_MAX) return ERR_TOO_BIG;
    for (size_t i = 0; i < public_count; i++) {
        enum err e = public_set(&g->public_hosts[i], public_hosts[i]);
        if (e != ERR_OK) return e;
        g->public_count++;
    }
    return ERR_OK;
}

/* --- Host --- */

static bool same_text(struct span a, const char *b) { return a.len == strlen(b) && strncasecmp(a.at, b, a.len) == 0; }

/* "name", "name:port" or "[v6]:port" into its parts; port_text is empty where there is none. */
static bool split_host(struct span text, struct span *name, struct span *port_text) {
    size_t len = 0;
    *name = *port_text = SPAN("");
    if (text.len > 0 && text.at[0] == '[') {
        const char *end = memchr(text.at, ']', text.len);
        if (end == NULL) return false;
        len = (size_t)(end - text.at) + 1;
    } else {
        const char *colon = text.len > 0 ? memchr(text.at, ':', text.len) : NULL;
        len = colon != NULL ? (size_t)(colon - text.at) : text.len;
    }
    *name = span_from(text.at, len);
    *port_text = span_skip(text, len);
    if (port_text->len == 0) return len > 0;
    if (port_text->at[0] != ':' || port_text->len == 1) return false;
    *port_text = span_skip(*port_text, 1);
    return len > 0;
}

static bool own_port(const struct guard *g, struct span port_text) {
    char text[8];
    if (port_text.len == 0) return g->port == (g->tls ? 443 : 80);
    snprintf(text, sizeof text, "%u", g->port);
    return span_is(port_text, text);
}

static bool is_address_literal(struct span name) {
    char text[INET6_ADDRSTRLEN + 2];
    struct in6_addr v6;
    bool bracketed = name.len > 2 && name.at[0] == '[';
    struct span inside = bracketed ? span_from(name.at + 1, name.len - 2) : name;
    if (inside.len == 0 || inside.len >= sizeof text) return false;
    memcpy(text, inside.at, inside.len);
    text[inside.len] = '\0';
    return inet_pton(bracketed ? AF_INET6 : AF_INET, text, &v6) == 1;
}

static const struct guard_public *public_find(const struct guard *g, struct span host) {
    for (size_t i = 0; i < g->public_count; i++)
        if (same_text(host, g->public_hosts[i].host)) return &g->public_hosts[i];
    return NULL;
}

static bool host_allowed(const struct guard *g, struct span host) {
    static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
    struct span name, port_text;
    if (public_find(g, host) != NULL) return true;
    if (!split_host(host, &name, &port_text) || !own_port(g, port_text)) return false;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
        if (same_text(name, loopback[i])) return true;
    return g->any_address ? is_address_literal(name) : same_text(name, g->bound);
}

/* How often a header is there, and its last value; empty where it is not. */
static size_t header_count(const struct http_server_request *r, const char *name, struct span *value) {
    size_t n = 0;
    *value = SPAN("");
    for (size_t i = 0; i < r->header_count; i++) {
        if (!same_text(r->headers[i].name, name)) continue;
        *value = r->headers[i].value;
        n++;
    }
    return n;
}

enum guard_verdict guard_host(const struct guard *g, const struct http_server_request *r) {
    struct span host;
    if (header_count(r, "Host", &host) != 1) return GUARD_NO_HOST;
    return host_allowed(g, host) ? GUARD_PASS : GUARD_BAD_HOST;
}

/* --- Origin --- */

static bool origin_is_own(const struct guard *g, struct span origin, struct span host) {
    bool https = span_starts(origin, SPAN("https://"));
    if (!https && !span_starts(origin, SPAN("http://"))) return false; /* "null" too */
    struct span place = span_skip(origin, https ? 8 : 7);
    const struct guard_public *p = public_find(g, place);
    if (p != NULL) return https ? p->https : p->http;
    if (https != g->tls || place.len != host.len) return false;
    return strncasecmp(place.at, host.at, host.len) == 0;
}

enum guard_verdict guard_origin(const struct guard *g, const struct http_server_request *r) {
    struct span host, origin, site;
    size_t origins = header_count(r, "Origin", &origin), sites = header_count(r, "Sec-Fetch-Site", &site);
    if (header_count(r, "Host", &host) != 1) return GUARD_NO_HOST;
    if (origins > 1 || sites > 1) return GUARD_BAD_ORIGIN;
    if (origins == 1) return origin_is_own(g, origin, host) ? GUARD_PASS : GUARD_BAD_ORIGIN;
    if (sites == 1) return span_is(site, "same-origin") ? GUARD_PASS : GUARD_BAD_ORIGIN;
    return g->require_origin ? GUARD_BAD_ORIGIN : GUARD_PASS;
}

enum guard_verdict guard_fetch(const struct http_server_request *r) {
    struct span site, goal;
    size_t sites = header_count(r, "Sec-Fetch-Site", &site);
    if (sites == 0 || (sites == 1 && (span_is(site, "same-origin") || span_is(site, "none")))) return GUARD_PASS;
    return header_count(r, "Sec-Fetch-Dest", &goal) == 1 && span_is(goal, "document") ? GUARD_PASS : GUARD_BAD_ORIGIN;
}

/* --- headers of safety --- */

#define HEADER(name, value)                                                                                            \
    {                                                                                                                  \
        {"" name, sizeof(name) - 1}, { "" value, sizeof(value) - 1 }                                                   \
    }

const struct http_header *guard_headers(size_t *count, bool tls) {
    static const struct http_header headers[] = {
        HEADER("Content-Security-Policy",
               "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
               "font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"),
        HEADER("X-Content-Type-Options", "nosniff"),
        HEADER("X-Frame-Options", "DENY"),
        HEADER("Referrer-Policy", "no-referrer"),
        HEADER("Cross-Origin-Opener-Policy", "same-origin"),
        HEADER("Cross-Origin-Embedder-Policy", "require-corp"),
        HEADER("Cross-Origin-Resource-Policy", "same-origin"),
        HEADER("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        HEADER("Strict-Transport-Security", "max-age=31536000"), /* last: with TLS only */
    };
    size_t all = sizeof headers / sizeof headers[0];
    *count = tls ? all : all - 1;
    return headers;
}
