/* assets_none.c: the table of a build without the page (-Dpage=disabled, or node and its libraries missing): the API and
 * the feed are served, the page is not. */
#include "server/assets.h"

const struct asset assets[] = {{NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, false}};
const size_t asset_count = 0;
