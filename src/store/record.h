/* record.h: the canonical bytes of the journal's rows. A record is what the running hash covers and what a row holds, so
 * this format never changes: what a later version needs becomes a new kind of row. Pure.
 *
 *   number    LEB128 of an unsigned integer, least significant group first; signed ones zigzag first
 *   decimal   one byte (bits 0-4: k, the trailing zeros taken off, bit 5: negative), then the mantissa as a number:
 *             value = mantissa x 10^k in units of the scale. A price of 64250.1 takes four bytes, exactly
 *   text      length as a number, bytes
 *   fill      flags, time, order id, price, quantity, [quote], [fee, asset], received - time, [value, price, candle]
 *
 * Names stand in the journal once, as rows of their own (kind asset, series, account), and records refer to them by
 * number: those rows are covered by the same hash. */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/stored.h"

enum {
    RECORD_MAX = 256, /* a fill whose every decimal is of full length takes under 180 bytes */
};

struct record {
    unsigned char at[RECORD_MAX];
    size_t len;
};

/* Everything of a fill but its identity (symbol, trade id, side), which the journal holds beside it. asset: the number of
 * fee_asset, 0 for none. A fee_state other than FEE_VALUED is not kept: the ledger derives it. */
void record_put_fill(struct record *r, const struct fill *f, uint64_t asset);
/* Fills in what record_put_fill wrote; symbol, trade_id, side and fee_asset are left alone. ERR_CORRUPT. */
MUST_CHECK enum err record_get_fill(struct fill *f, uint64_t *asset, struct span record);
/* Only the time, for sorting. */
MUST_CHECK enum err record_get_fill_time(struct wall *out, struct span record);

/* A fee's value, as kept with the fill once. */
void record_put_fee(struct record *r, const struct fill *f);
MUST_CHECK enum err record_get_fee(struct fill *f, struct span record); /* sets FEE_VALUED too */

struct definition {  /* a row that gives a number to a name, or joins two */
    uint64_t number; /* series, asset, account: counted from 1. join: the account that ends */
    uint64_t of;     /* series: its account. account: its epoch, from 0. join: the account it went into. asset: 0 */
    char text[ACCOUNT_TEXT_MAX]; /* symbol, asset, account; empty for a join */
};

void record_put_definition(struct record *r, const struct definition *d);
MUST_CHECK enum err record_get_definition(struct definition *out, struct span record);

/* Everything but the open time. */
void record_put_candle(struct record *r, const struct candle *c);
MUST_CHECK enum err record_get_candle(struct candle *c, struct span record);

#endif
