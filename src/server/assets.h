/* assets.h: the page's files, embedded in the binary and compressed when it was built. The table comes from
 * tools/embed.mjs and is sorted by path; everything in it lives as long as the program.
 *
 * Rules of serving: `immutable` files carry the hash of their content in their name and may be cached for ever; the rest
 * is revalidated by etag. A part that would not have been smaller than `raw` is NULL with length 0. */
#ifndef SERVER_ASSETS_H
#define SERVER_ASSETS_H

#include "base/span.h"

struct asset {
    const char *path;         /* "/" or "/app.4JCMDMFH.js": the whole path of the request, without the query */
    const char *content_type; /* ready for the header */
    const unsigned char *gzip;
    size_t gzip_len;
    const unsigned char *br;
    size_t br_len;
    const unsigned char *raw; /* never NULL */
    size_t raw_len;
    const char *etag; /* with its quotes */
    bool immutable;
};

/* Sorted by path. asset_count is 0 in a build without the page (-Dpage=disabled); the array is never empty. */
extern const struct asset assets[];
extern const size_t asset_count;

/* The file of this path; NULL if there is none. */
const struct asset *asset_find(struct span path);

#endif
