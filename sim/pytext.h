/* pytext.h: numbers and times as a Python program prints them: repr of a float, str of a Decimal made from such a text,
 * isoformat with and without a zone. The bot's API speaks so, quirks included. The only floating point of the simulator:
 * it imitates the bot's own, on output. */
#ifndef SIM_PYTEXT_H
#define SIM_PYTEXT_H

#include "sim/num.h"

/* repr(v / 10^8): "88000.0", "3.7e-07", "1e+16". */
void py_float(struct buf *out, int64_t v);
/* str(Decimal(repr(v / 10^8))): "88000.0", "3.7E-7", "0.0000084". */
void py_decimal(struct buf *out, int64_t v);
/* repr of a double: uptimes. */
void py_double(struct buf *out, double d);
/* "2026-01-06T12:00:00.123000", the fraction only where it is not zero; with "+00:00" where zoned. */
void py_time(struct buf *out, int64_t us, bool zoned);

#endif
