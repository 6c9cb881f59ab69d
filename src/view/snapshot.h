/* snapshot.h: the pieces of a snapshot, for one made from the engine's state and one made from what the sessions
 * know. */
#ifndef VIEW_SNAPSHOT_H
#define VIEW_SNAPSHOT_H

#include "view/values.h"
#include "view/view.h"

void snapshot_begin(struct buf *out, const struct head *h, struct now now, uint64_t seq);
void snapshot_pair(struct buf *out, const struct pair_values *p); /* each pair, in the engine's order */
void snapshot_end(struct buf *out, const struct head *h);

#endif
