/* sums.h: sums over pairs that may have different quotes. A sum that left the range, or has a part that is not
 * known, is unknown (UNKNOWN_DEC16) and stays so. */
#ifndef VIEW_SUMS_H
#define VIEW_SUMS_H

#include "engine/state.h"
#include "view/fields.h"

void sum_add(struct dec16 *sum, struct dec16 more);

/* An amount of the quote asset in the display currency: exact where they are the same, else converted at the live
 * rate and rounded half-even to 8 digits (PRODUCT 6). Unknown without a rate. */
struct dec16 sum_shown(const struct engine *e, const struct name *quote, struct dec16 amount);

/* Unknown: null. */
void out_amount(struct buf *out, const char *key, struct dec16 d);

#endif
