/* num.h: the simulator's own numbers. Every price, quantity and amount is an int64 counting units of 10^-8 (the precision
 * in which the exchange keeps balances); products go through 128 bits. Good for amounts up to 9.2 * 10^10. Prices and
 * quantities are placed on ticks and steps whose decimals add up to at most 8, so price x quantity is exact. */
#ifndef SIM_NUM_H
#define SIM_NUM_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define NUM_ONE INT64_C(100000000)

__extension__ typedef __int128 num_wide;

/* a x b / 1, and a / b, both truncated towards zero at 8 decimals. */
int64_t sim_num_mul(int64_t a, int64_t b);
int64_t sim_num_div(int64_t a, int64_t b);
/* The largest multiple of step that is not above a (a >= 0). */
int64_t sim_num_floor(int64_t a, int64_t step);
int64_t sim_num_round(int64_t a, int64_t step); /* the nearest multiple, halves up */
int64_t sim_num_pow10(unsigned digits);

/* "-0.50000000": always eight decimals, as the exchange prints. */
void sim_num_put(struct buf *out, int64_t v);
void sim_num_put_wide(struct buf *out, num_wide v);
/* Without trailing zeros: "0.5", "12". */
void sim_num_put_short(struct buf *out, num_wide v);
/* With `digits` (0..8) decimals, truncated. */
void sim_num_put_digits(struct buf *out, int64_t v, unsigned digits);
/* Plain decimals with at most 8 fractional digits; false for anything else. */
bool sim_num_parse(int64_t *out, struct span text);
/* A whole number in decimal digits, optional minus; false for anything else or overflow. */
bool sim_num_parse_int(int64_t *out, struct span text);

#endif
