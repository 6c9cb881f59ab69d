#include "store/schema.h"

#include <stdio.h>

/* Steps are only ever added at the end: what stands here has been run on somebody's history. */
static const struct step {
    int version;
    const char *name;
    const char *text;
} steps[] = {
    {1, "the journal of fills",
     /* id counts from 1 without holes. kind: enum row_kind. series: twice the number of (account, symbol), plus one for
      * sells, NULL in definitions. refers: the row that this one corrects, 0 for an original; that no row is corrected
      * twice makes the corrections of a fill a chain. hash: SHA-256 over the previous row's hash and this row. */
     "CREATE TABLE journal(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, series INTEGER, trade_id INTEGER,"
     "                     refers INTEGER, record BLOB NOT NULL, hash BLOB NOT NULL);"
     "CREATE UNIQUE INDEX journal_identity ON journal(series, trade_id, refers) WHERE series IS NOT NULL;"
     "CREATE INDEX journal_definitions ON journal(id) WHERE series IS NULL;"
     /* The newest row, written with every transaction: without it a cut-off tail would look whole. */
     "CREATE TABLE journal_head(one INTEGER PRIMARY KEY CHECK (one = 1), rows INTEGER NOT NULL, hash BLOB NOT NULL);"
     "INSERT INTO journal_head VALUES(1, 0, zeroblob(32));"},
    {2, "what can be fetched again",
     "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE history(account INTEGER, symbol TEXT, state INTEGER NOT NULL, first_id INTEGER NOT NULL,"
     "                     last_id INTEGER NOT NULL, from_us INTEGER NOT NULL, PRIMARY KEY(account, symbol))"
     "                     WITHOUT ROWID;"
     "CREATE TABLE markets(exchange_symbol TEXT PRIMARY KEY, base TEXT NOT NULL, quote TEXT NOT NULL,"
     "                     tick_size TEXT NOT NULL, step_size TEXT NOT NULL, min_notional TEXT NOT NULL,"
     "                     trading INTEGER NOT NULL, read_us INTEGER NOT NULL) WITHOUT ROWID;"
     "CREATE TABLE candle_series(id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, interval TEXT NOT NULL,"
     "                           UNIQUE(symbol, interval));"
     "CREATE TABLE candles(series INTEGER, open_us INTEGER, record BLOB NOT NULL, PRIMARY KEY(series, open_us))"
     "                     WITHOUT ROWID;"},
    {3, "points of the equity series",
     "CREATE TABLE equity(account INTEGER, time_us INTEGER, marks BLOB NOT NULL, PRIMARY KEY(account, time_us))"
     "                    WITHOUT ROWID;"},
    {4, "prices and markets belong to an environment",
     /* Nothing was written to these tables before. A testnet's BTC/USDT is not production's. candle_series.rows: how many
      * candles it has, so that the bound over all of them is known without counting. */
     "DROP TABLE markets; DROP TABLE candles; DROP TABLE candle_series;"
     "CREATE TABLE market_reads(environment TEXT PRIMARY KEY, read_us INTEGER NOT NULL, weight_limit INTEGER NOT NULL)"
     "                          WITHOUT ROWID;"
     "CREATE TABLE markets(environment TEXT, exchange_symbol TEXT, base TEXT NOT NULL, quote TEXT NOT NULL,"
     "                     tick_size TEXT NOT NULL, step_size TEXT NOT NULL, min_notional TEXT NOT NULL,"
     "                     trading INTEGER NOT NULL, PRIMARY KEY(environment, exchange_symbol)) WITHOUT ROWID;"
     "CREATE TABLE candle_series(id INTEGER PRIMARY KEY, environment TEXT NOT NULL, symbol TEXT NOT NULL,"
     "                           interval TEXT NOT NULL, rows INTEGER NOT NULL,"
     "                           UNIQUE(environment, symbol, interval));"
     "CREATE TABLE candles(series INTEGER, open_us INTEGER, record BLOB NOT NULL, PRIMARY KEY(series, open_us))"
     "                     WITHOUT ROWID;"},
};

enum { STEPS = sizeof steps / sizeof *steps };

int schema_version(void) { return steps[STEPS - 1].version; }

static enum err read_version(struct sql *s, int64_t *out) {
    struct query q = query_start(s, "PRAGMA user_version");
    if (query_row(&q)) *out = query_int(&q, 0);
    return query_end(&q);
}

static enum err take_step(struct sql *s, const struct step *step) {
    char mark[96];
    (void)snprintf(mark, sizeof mark, "PRAGMA application_id = 0x47534350; PRAGMA user_version = %d;", step->version);
    enum err e = sql_run(s, "BEGIN IMMEDIATE");
    if (e != ERR_OK) return e;
    e = sql_run(s, step->text);
    if (e == ERR_OK) e = sql_run(s, mark);
    if (e == ERR_OK) e = sql_run(s, "COMMIT");
    if (e != ERR_OK) sql_rollback(s);
    return e;
}

enum err schema_migrate(struct sql *s) {
    int64_t version = 0;
    enum err e = read_version(s, &version);
    if (e == ERR_OK && version > schema_version())
        return sql_fail(s, ERR_UNKNOWN,
                        "it was written by a newer version of this program (schema %lld, this one knows %d): "
                        "update the program or name another GRIDSCOPE_DB",
                        (long long)version, schema_version());
    for (size_t i = 0; i < STEPS && e == ERR_OK; i++)
        if (steps[i].version > version) e = take_step(s, &steps[i]);
    return e;
}
