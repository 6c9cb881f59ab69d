/* trades.h: one fill as the outside sees it, for the history and for live messages. */
#ifndef VIEW_TRADES_H
#define VIEW_TRADES_H

#include "engine/state.h"
#include "view/fields.h"
#include "view/view.h"

void trades_row(struct buf *out, const struct fill *f, const struct fill_result *r, struct wall since);

#endif
