/* csv.h: RFC 4180 fills (PRODUCT 6), under the header
 *   time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,maker,source
 * Reads this program's export and Binance's own trade-history exports; writes ours.
 *
 * Three headers are known; the columns may stand in any order, and others beside them are skipped:
 *   ours (time, symbol, trade_id, side, price and quantity must be there);
 *   Date(UTC),Pair,Side,Price,Executed,Amount,Fee          amounts carry their asset: "0.0100000000BTC", "640USDT"
 *   Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin
 * In the first of Binance's, base and quote are told from the assets behind the amounts, so the symbol becomes
 * "BTC/USDT"; in the second nothing names them, and the symbol stays as the exchange spells it.
 *
 * Binance's exports name no trade id. One is derived: a hash of the row's values, at CSV_DERIVED_ID_MIN and above, the
 * same whenever the same row is read; equal rows of one file are numbered before they are hashed. The times have whole
 * seconds, so ids of sells lie above ids of buys: a buy and its sale in one second come in the order that has a cost
 * basis. Such fills cannot be matched with the exchange's records of the same trades: they are for reports, not for an
 * account's ledger. */
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/buf.h"
#include "domain/fill.h"
#include "wire/binance.h"

#define CSV_DERIVED_ID_MIN (INT64_C(1) << 62)

void csv_write_header(struct buf *out);
void csv_write_fill(struct buf *out, const struct fill *f); /* unknown is empty: quote_amount 0, fee 0 without asset */

enum { CSV_WHAT_MAX = 160 };

struct csv_fault {
    size_t line;    /* 1-based line of the file */
    char field[32]; /* the column, or empty for the row */
    enum err err;
    char what[CSV_WHAT_MAX]; /* a sentence for the user, with the value cut to 40 characters */
};

typedef void csv_refuse(void *arg, const struct csv_fault *why);

/* All rows or none: on an error *fault names the first bad line and nothing has been handed out. A row that is sound but
 * for a price or a quantity not above zero is no fill (ACCOUNTING 3): it goes to `refuse`, and the others count. Fills
 * come in the file's order, all of SOURCE_IMPORT: what a file says ranks below every record of the exchange. While one is
 * handed out, fault->line is its line. An order id that is no number becomes a hash (fill.h). A byte order mark, CRLF and
 * empty lines are allowed; a row has at most 32 columns and 4096 bytes. */
MUST_CHECK enum err csv_read_fills(struct span text, fill_take *take, csv_refuse *refuse, void *arg,
                                   struct csv_fault *fault);

#endif
