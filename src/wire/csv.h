/* csv.h: RFC 4180 fills (PRODUCT 6): header time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,
 * maker,source. Reads this program's export and Binance's own trade-history export; writes ours. */
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/buf.h"
#include "domain/fill.h"
#include "wire/binance.h"

void csv_write_header(struct buf *out);
void csv_write_fill(struct buf *out, const struct fill *f);

struct csv_fault {
    size_t line;      /* 1-based line of the file */
    char field[32];   /* the column, or empty for the row */
    enum err err;
    char what[160];   /* a sentence for the user, with the value cut to 40 characters */
};

/* All rows or none: on an error *fault names the first bad line and nothing has been handed out. */
MUST_CHECK enum err csv_read_fills(struct span text, fill_take *take, void *arg, struct csv_fault *fault);

#endif
