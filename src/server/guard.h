/* guard.h: who may speak to us at all: the exact Host (against DNS rebinding) and the exact Origin (against other pages in
 * the same browser), and the headers of safety on every answer. Pure.
 *
 * Allowed hosts: localhost, 127.0.0.1 and [::1] with our port, the address we are bound to, the configured public names;
 * without a port where it is the scheme's default. Bound to all addresses, any IP address literal with our port is allowed
 * too: rebinding needs a name, and the addresses of the machine may change while we run. */
#ifndef SERVER_GUARD_H
#define SERVER_GUARD_H

#include "base/buf.h"
#include "io/http_server.h"

enum { GUARD_PUBLIC_MAX = 16, GUARD_HOST_MAX = 256 };

struct guard {
    char bound[GUARD_HOST_MAX]; /* the bound address as a browser writes it: "192.168.1.5", "[fd00::1]" */
    bool any_address;           /* bound to 0.0.0.0 or :: */
    bool tls, require_origin;
    uint16_t port;
    struct guard_public {
        char host[GUARD_HOST_MAX]; /* "dash.example.org", "dash.example.org:8443"; lower case */
        bool http, https;          /* which schemes its origin may have */
    } public_hosts[GUARD_PUBLIC_MAX];
    size_t public_count;
};

bool guard_is_loopback(const char *host);

/* ERR_VALUE: a public host is malformed, ERR_TOO_BIG: too many. */
MUST_CHECK enum err guard_init(struct guard *g, const char *host, uint16_t port, bool tls, bool require_origin,
                               const char *const *public_hosts, size_t public_count);

enum guard_verdict { GUARD_PASS, GUARD_NO_HOST, GUARD_BAD_HOST, GUARD_BAD_ORIGIN };

/* For every request: one Host header, and an allowed one. */
enum guard_verdict guard_host(const struct guard *g, const struct http_server_request *r);
/* For what changes state and for the live feed: the Origin must be our own, that is the scheme and Host of this very request
 * or a public name's. Where a browser sends no Origin, its Sec-Fetch-Site must be same-origin. */
enum guard_verdict guard_origin(const struct guard *g, const struct http_server_request *r);
/* For what only reads. Another page cannot read our answers, but making this browser ask for them costs our work and the
 * exchange's request weight: what a browser says it sends for another page is refused, unless a person follows a link.
 * Clients that are no browser do not say. */
enum guard_verdict guard_fetch(const struct http_server_request *r);

/* The headers that every answer carries; static. */
const struct http_header *guard_headers(size_t *count, bool tls);

#endif
