/* report.h: what was made by pair, by day or by month, out of a tally of stored fills. Figures stay in the quote asset that they were
 * made in: rows of other quotes stand beside each other, and nothing is converted.
 *
 * A period's figures are the totals at its end less those at its start, so the periods add up to the whole to the last digit. By
 * another method than the ledger's, one walk over the fills (domain/methods.h) stops at each end.
 * A cycle counts where its order first closed one; what a later fill of the same order makes of it counts with that fill. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include "app/tally.h"
#include "base/buf.h"
#include "domain/methods.h"

enum report_by { REPORT_BY_PAIR, REPORT_BY_DAY, REPORT_BY_MONTH };
enum report_form { REPORT_TABLE, REPORT_JSON, REPORT_CSV };
enum { REPORT_WHY_MAX = 160 };

struct report_options {
    enum report_by by;
    enum report_form form;
    enum method method;  /* which coins a sale sells */
    const char *account; /* NULL: the only one */
    bool help;
};

/* "pair", "day", "month". */
bool report_by_find(enum report_by *out, const char *text);
/* argv[1] .. argv[argc - 1]. False: why says what is wrong and what is allowed. */
bool report_options_read(struct report_options *o, char why[static REPORT_WHY_MAX], int argc, char **argv);
const char *report_usage(void);

struct report_zone { /* how far the day zone is east of UTC at a moment */
    int64_t (*offset_us)(void *arg, struct wall t);
    void *arg;
};

struct report_sums {
    struct dec16 realized, fees; /* in the quote; fees without a price are in neither */
    int64_t fills, buys, sells, cycles, wins, losses, unvalued_fees;
};

struct report_row {
    struct name group;    /* "BTC/USDT", "2026-01-05", "2026-01" */
    struct name currency; /* the quote */
    struct report_sums sums;
};

struct report {
    enum report_by by;
    enum method method;
    struct report_row *rows, *totals; /* by group, then currency; one for each currency */
    size_t count, capacity, total_count, total_capacity;
};

void report_init(struct report *r, enum report_by by, enum method method);
void report_free(struct report *r);
/* tally finished. Once. ERR_MEMORY, ERR_RANGE. */
MUST_CHECK enum err report_make(struct report *r, const struct tally *t, const struct report_zone *zone);

/* zone: its name, for people and machines. */
void report_print(const struct report *r, struct buf *out, enum report_form form, const char *zone);

#endif
