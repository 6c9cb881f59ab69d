/* binance_words.h: vocabulary and small readers that the user stream and the REST results share. Inside wire/ only. */
#ifndef WIRE_BINANCE_WORDS_H
#define WIRE_BINANCE_WORDS_H

#include "wire/fields.h"

extern const struct word binance_sides[];
extern const struct word binance_order_types[];   /* for FIELD_ANY_WORD: others are ORDER_OTHER */
extern const struct word binance_open_statuses[]; /* for FIELD_ANY_WORD: 1 open, 0 not (binance_user.c says why) */

/* The REQUEST_WEIGHT row per minute of a rateLimits array; -1 where it is not said or cannot be read. */
void binance_weight_read(struct json_value limits, int64_t *used, int64_t *limit);

#endif
