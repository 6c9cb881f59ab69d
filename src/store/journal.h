/* journal.h: every fill, for ever (ACCOUNTING 2 and 5). Rows are only ever added. Each carries the SHA-256 of the row before
 * it together with its own bytes, so that a changed, missing, added or moved row shows. A fill's identity is (account,
 * symbol, trade_id, side); what is learnt later about a known fill is a new row that refers to the one that stood before.
 *
 *   account   gives a number to an account's name and epoch          series   gives a number to (account, symbol)
 *   asset     gives a number to the name of a fee asset              join     an account went on as another
 *   fill      the first record of a fill
 *   replace   the record of a more authoritative source: it stands now
 *   fee       the value of a fee in a third asset, known later than the fill
 *
 * Numbers of accounts, series and assets count from 1 in the order of their rows. Not thread-safe: one user at a time. All
 * changes happen inside a transaction of db.h. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "store/record.h"
#include "store/sql.h"

enum row_kind { ROW_ACCOUNT = 1, ROW_SERIES, ROW_ASSET, ROW_JOIN, ROW_FILL, ROW_REPLACE, ROW_FEE };

struct journal;

/* Borrows s for its life and reads nothing yet: enough for journal_verify. */
MUST_CHECK enum err journal_open(struct journal **out, struct sql *s);
void journal_close(struct journal *j); /* NULL is allowed */

/* Reads the definitions, O(accounts + series + assets), and where the journal ends. Once before anything but journal_verify,
 * and after a rollback, to forget what the transaction added. ERR_CORRUPT with words in sql_why for definitions that
 * cannot be read and for a journal that does not end where it was left. */
MUST_CHECK enum err journal_reload(struct journal *j);
/* Before a commit: writes down where the journal ends. */
MUST_CHECK enum err journal_seal(struct journal *j);

uint64_t journal_rows(const struct journal *j);

/* ---- accounts ---- */

size_t journal_accounts(const struct journal *j);
/* index < journal_accounts; until the next change. */
const struct stored_account *journal_account(const struct journal *j, size_t index);

/* The newest epoch of an account; NULL: not known. Until the next change. */
const struct stored_account *journal_known_account(const struct journal *j, const char *name);
/* Its number, made where there is none. name: 1 .. ACCOUNT_TEXT_MAX - 1 bytes. */
MUST_CHECK enum err journal_find_account(struct journal *j, uint64_t *number, const char *name);
/* A wiped testnet (ACCOUNTING 2): the account goes on with no fills; those of the epoch before are kept, not loaded. */
MUST_CHECK enum err journal_new_epoch(struct journal *j, uint64_t *number, const char *name);
/* The fills of `from` become fills of `into` as well, where they follow the rules of journal_put, and `from` is marked.
 * (Fills learnt from the bot join the uid once the same trade was seen in both.) Once more for later fills: allowed;
 * without any nothing is written. */
MUST_CHECK enum err journal_join(struct journal *j, uint64_t from, uint64_t into);

/* ---- fills ---- */

/* Adds the fill as it stands now, *counts telling what came of it:
 *   unknown                                                  -> a fill row
 *   known, from a higher source than the record that stands  -> a replace row. The earliest received_at is kept, and the
 *                                                               fee's value where fee and asset are the same
 *   known, valued, the same fee and not valued before        -> a fee row
 *   else                                                     -> a duplicate, nothing is written
 * The fill must be valid (fill_validate); a fill_state other than FEE_VALUED is not kept. */
MUST_CHECK enum err journal_put(struct journal *j, struct put_counts *counts, uint64_t account, const struct fill *f);

/* ---- loading ---- */

struct loader;

/* Reads an account's fills as they stand, corrections applied. Takes about 70 bytes a fill until loader_free. ERR_CORRUPT
 * with words naming the row. */
MUST_CHECK enum err loader_open(struct loader **out, struct journal *j, uint64_t account);
uint64_t loader_count(const struct loader *l);
/* The next fills in the order (time, trade id, buy before sell); *count 0 at the end. */
MUST_CHECK enum err loader_next(struct loader *l, struct fill *out, size_t *count, size_t max);
void loader_free(struct loader *l); /* NULL is allowed; before journal_close */

/* ---- verifying ---- */

/* Walks on from v->rows over at most max_rows rows; start with a zeroed *v. Ends with done: whole, or the first bad row. The
 * last step lets SQLite check its own pages and indexes too (about a second for 10^6 rows). An error says that the file
 * could not be read at all. */
MUST_CHECK enum err journal_verify(struct journal *j, struct verdict *v, uint64_t max_rows);

#endif
