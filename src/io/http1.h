/* http1.h: inside io/ only: HTTP/1.1 heads, strictly. Two steps without I/O: gather bytes until the empty line, then read
 * the whole head at once with http-parser or llhttp (http1_parser.c, http1_llhttp.c: Meson takes the one that is packaged).
 *
 * Both parsers forgive things that two programs in a row may read differently (request smuggling), so they are refused
 * before the parser sees them: a line end that is not CR LF, a CR inside a line, a folded header, a NUL. */
#ifndef IO_HTTP1_H
#define IO_HTTP1_H

#include "base/buf.h"
#include "io/http_client.h"

#include <stdint.h>

struct http1_gather {
    struct buf bytes; /* owned: the head so far; its maximum is the limit */
    size_t line_at;   /* where the current line began */
};

enum http1_step { HTTP1_MORE, HTTP1_WHOLE, HTTP1_BAD, HTTP1_TOO_BIG };

void http1_gather_init(struct http1_gather *g, size_t max);
void http1_gather_free(struct http1_gather *g); /* afterwards as after init */
void http1_gather_clear(struct http1_gather *g);
/* *used: bytes taken; behind HTTP1_WHOLE the rest belongs to the body or to the next head. Out of memory: TOO_BIG. */
enum http1_step http1_gather(struct http1_gather *g, const char *in, size_t len, size_t *used);

enum http1_kind { HTTP1_REQUEST, HTTP1_RESPONSE };

struct http1_head { /* every span points into the head */
    unsigned major, minor;
    int status;                 /* of a response */
    struct span method, target; /* of a request */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool too_many; /* headers: those over HTTP_HEADERS_MAX are missing */
};

/* False where the head is malformed. `head` must be a whole one, with its empty line. */
bool http1_read(struct http1_head *out, enum http1_kind kind, struct span head);

/* The one parser's part of http1_read: fills all but the method. */
bool http1_parse(struct http1_head *out, enum http1_kind kind, struct span head);

/* The first header of that name, case-insensitive; NULL where absent. */
const struct http_header *http1_find(const struct http_header *headers, size_t count, const char *name);
size_t http1_count(const struct http_header *headers, size_t count, const char *name);
bool http1_name_is(struct span name, const char *wanted);
/* Whether a comma-separated value holds the token, case-insensitive ("keep-alive, Upgrade"). */
bool http1_has_token(struct span value, const char *token);
/* Whether a value may be sent: no CR, LF or NUL. */
bool http1_clean(struct span value);

#endif
