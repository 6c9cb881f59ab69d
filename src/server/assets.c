/* assets.c: looks a path up in the embedded page. */
#include "server/assets.h"

static int path_compare(struct span a, struct span b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.at, b.at, common) : 0;
    if (order != 0) return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

const struct asset *asset_find(struct span path) {
    size_t low = 0;
    size_t high = asset_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = path_compare(path, span_of(assets[middle].path));
        if (order == 0) return &assets[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}
