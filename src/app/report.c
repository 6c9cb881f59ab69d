#include "app/report.h"

#include "app/table.h"
#include "base/check.h"
#include "view/json_out.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const by_names[] = {[REPORT_BY_PAIR] = "pair", [REPORT_BY_DAY] = "day", [REPORT_BY_MONTH] = "month"};

/* ---- options ---- */

const char *report_usage(void) {
    return "usage: gridscope report [--by pair|day|month] [--method fifo|lifo|average|grid] [--account NAME]\n"
           "                        [--json|--csv]\n"
           "\n"
           "Realized P&L, fees, fills and cycles out of the stored history (GRIDSCOPE_DB), days in "
           "GRIDSCOPE_DAY_ZONE.\n"
           "--method says which coins a sale sells: fifo (the default), lifo, average, grid.\n"
           "Not while gridscope run has that history open: it tells the same at /api/v1/performance.\n"
           "\n"
           "Exit codes: 0 done, 1 the history cannot be read, 2 bad usage or configuration.\n";
}

bool report_by_find(enum report_by *out, const char *text) {
    for (int by = REPORT_BY_PAIR; by <= REPORT_BY_MONTH; by++)
        if (strcmp(text, by_names[by]) == 0) {
            *out = (enum report_by)by;
            return true;
        }
    return false;
}

static bool read_by(struct report_options *o, const char *text, char why[static REPORT_WHY_MAX]) {
    if (report_by_find(&o->by, text)) return true;
    (void)snprintf(why, REPORT_WHY_MAX, "--by: give pair, day or month");
    return false;
}

/* The value of option `name` at argv[*i], as "--by day" or "--by=day"; NULL where it is another one. A missing one is "". */
static const char *value_of(const char *name, int *i, int argc, char **argv) {
    size_t len = strlen(name);
    CHECK(argv[*i] != NULL);
    if (strncmp(argv[*i], name, len) != 0) return NULL;
    if (argv[*i][len] == '=') return argv[*i] + len + 1;
    if (argv[*i][len] != '\0') return NULL;
    if (*i + 1 >= argc) return "";
    ++*i;
    CHECK(argv[*i] != NULL); /* argv has argc texts */
    return argv[*i];
}

bool report_options_read(struct report_options *o, char why[static REPORT_WHY_MAX], int argc, char **argv) {
    *o = (struct report_options){0};
    for (int i = 1; i < argc; i++) {
        const char *value;
        if ((value = value_of("--by", &i, argc, argv)) != NULL) {
            if (!read_by(o, value, why)) return false;
        } else if ((value = value_of("--method", &i, argc, argv)) != NULL) {
            if (!method_find(&o->method, span_of(value))) {
                (void)snprintf(why, REPORT_WHY_MAX, "--method: give fifo, lifo, average or grid");
                return false;
            }
        } else if ((value = value_of("--account", &i, argc, argv)) != NULL && value[0] != '\0') {
            o->account = value;
        } else if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--csv") == 0) {
            enum report_form form = argv[i][2] == 'j' ? REPORT_JSON : REPORT_CSV;
            if (o->form != REPORT_TABLE && o->form != form) {
                (void)snprintf(why, REPORT_WHY_MAX, "give --json or --csv, not both");
                return false;
            }
            o->form = form;
        } else if (strcmp(argv[i], "--help") == 0) {
            o->help = true;
        } else {
            (void)snprintf(why, REPORT_WHY_MAX, value != NULL ? "%.60s needs a value" : "there is no option \"%.60s\"",
                           argv[i]);
            return false;
        }
    }
    return true;
}

/* ---- periods ---- */

struct period {
    struct name label;
    struct wall end; /* the first moment after it */
};

/* When the local clock shows `local` (UTC reading of it): by the offset that holds about then. Where the clock jumps over it, the
 * moment of the jump or close to it. */
static struct wall moment_of(int64_t local, const struct report_zone *zone) {
    int64_t guess = local - zone->offset_us(zone->arg, (struct wall){local});
    return (struct wall){local - zone->offset_us(zone->arg, (struct wall){guess})};
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

static struct period period_of(struct wall t, enum report_by by, const struct report_zone *zone) {
    struct period p;
    char label[32];
    int year, month, day;
    int64_t days = floor_div(t.us + zone->offset_us(zone->arg, t), US_PER_DAY), next = days + 1;
    civil_from_days(days, &year, &month, &day);
    if (by == REPORT_BY_MONTH) {
        (void)snprintf(label, sizeof label, "%04d-%02d", year, month);
        next = month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1);
    } else {
        (void)snprintf(label, sizeof label, "%04d-%02d-%02d", year, month, day);
    }
    p.label = name_of(label);
    p.end = moment_of(next * US_PER_DAY, zone);
    if (p.end.us <= t.us) p.end.us = t.us + 1; /* a clock set back at midnight shows the same day twice */
    return p;
}

/* ---- rows ---- */

void report_init(struct report *r, enum report_by by, enum method method) {
    *r = (struct report){.by = by, .method = method};
}

void report_free(struct report *r) {
    free(r->rows);
    free(r->totals);
}

static enum err add_sums(struct report_sums *to, const struct report_sums *from) {
    struct report_sums sum = *to;
    enum err e = dec16_add(&sum.realized, sum.realized, from->realized);
    if (e == ERR_OK) e = dec16_add(&sum.fees, sum.fees, from->fees);
    if (e != ERR_OK) return e;
    sum.fills += from->fills;
    sum.buys += from->buys;
    sum.sells += from->sells;
    sum.cycles += from->cycles;
    sum.wins += from->wins;
    sum.losses += from->losses;
    sum.unvalued_fees += from->unvalued_fees;
    *to = sum;
    return ERR_OK;
}

static enum err append(struct report_row **rows, size_t *count, size_t *capacity, const struct report_row *row) {
    if (*count == *capacity) {
        size_t more = *capacity == 0 ? 64 : 2 * *capacity;
        struct report_row *grown = realloc(*rows, more * sizeof *grown);
        if (grown == NULL) return ERR_MEMORY;
        *rows = grown;
        *capacity = more;
    }
    CHECK(*rows != NULL);
    (*rows)[(*count)++] = *row;
    return ERR_OK;
}

static struct report_sums less(const struct ledger_totals *now, const struct ledger_totals *before) {
    return (struct report_sums){
        .realized = {now->realized.v - before->realized.v}, /* both within DEC_LIMIT: fits */
        .fees = {now->fees_quote.v - before->fees_quote.v},
        .fills = (int64_t)(now->fills - before->fills),
        .buys = (int64_t)(now->buys - before->buys),
        .sells = (int64_t)(now->sells - before->sells),
        .cycles = (int64_t)(now->cycles - before->cycles),
        .wins = (int64_t)(now->wins - before->wins),
        .losses = (int64_t)(now->losses - before->losses),
        .unvalued_fees = (int64_t)(now->unvalued_fees - before->unvalued_fees),
    };
}

/* What the method makes of the fills before position `end`. */
static enum err walk_to(struct method_walk *w, struct ledger_totals *now, size_t *walked, size_t end) {
    struct fill f;
    struct fill_result r;
    for (; *walked < end; ++*walked)
        if (method_walk_next(w, &f, &r) != METHOD_FILL) return ERR_RANGE;
    method_walk_sums(now, w);
    return ERR_OK;
}

/* One row for each period in which the line has fills that count. w: NULL by the ledger's own method. */
static enum err add_periods(struct report *r, const struct tally_line *line, const struct report_zone *zone,
                            struct method_walk *w) {
    struct ledger_totals before = {0}, now;
    size_t walked = 0;
    for (size_t at = 0; at < ledger_count(line->ledger);) {
        struct fill f;
        ledger_get(line->ledger, at, &f, NULL);
        struct period p = period_of(f.time, r->by, zone);
        enum err e = ledger_totals_at(line->ledger, p.end, &now);
        if (e == ERR_OK && w != NULL) e = walk_to(w, &now, &walked, ledger_position(line->ledger, p.end));
        struct report_row row = {p.label, line->quote, less(&now, &before)};
        if (e == ERR_OK && row.sums.fills != 0) e = append(&r->rows, &r->count, &r->capacity, &row);
        if (e != ERR_OK) return e;
        before = now;
        at = ledger_position(line->ledger, p.end);
    }
    return ERR_OK;
}

static enum err add_pair(struct report *r, const struct tally_line *line, const struct method_walk *w) {
    static const struct ledger_totals nothing = {0};
    struct ledger_totals t = *ledger_totals(line->ledger);
    if (w != NULL) method_walk_sums(&t, w);
    struct report_row row = {line->symbol, line->quote, less(&t, &nothing)};
    return t.fills > 0 ? append(&r->rows, &r->count, &r->capacity, &row) : ERR_OK;
}

static enum err add_line(struct report *r, const struct tally_line *line, const struct report_zone *zone,
                         struct wall since) {
    struct method_walk *w = NULL;
    struct ledger_totals whole;
    size_t walked = 0;
    enum err e = ERR_OK;
    if (r->method != METHOD_FIFO && (w = method_walk_new(line->ledger, r->method, &line->base, since)) == NULL)
        return ERR_MEMORY;
    if (r->by != REPORT_BY_PAIR) e = add_periods(r, line, zone, w);
    else if (w != NULL) e = walk_to(w, &whole, &walked, ledger_count(line->ledger));
    if (e == ERR_OK && r->by == REPORT_BY_PAIR) e = add_pair(r, line, w);
    method_walk_free(w);
    return e;
}

static int by_group(const void *a, const void *b) {
    const struct report_row *x = a, *y = b;
    int order = strcmp(x->group.text, y->group.text);
    return order != 0 ? order : strcmp(x->currency.text, y->currency.text);
}

/* Rows of the same group and currency, of several pairs, become one. */
static enum err merge_rows(struct report *r) {
    size_t kept = 0;
    if (r->count > 1) qsort(r->rows, r->count, sizeof *r->rows, by_group);
    for (size_t i = 0; i < r->count; i++) {
        if (kept > 0 && by_group(&r->rows[kept - 1], &r->rows[i]) == 0) {
            enum err e = add_sums(&r->rows[kept - 1].sums, &r->rows[i].sums);
            if (e != ERR_OK) return e;
        } else {
            r->rows[kept++] = r->rows[i];
        }
    }
    r->count = kept;
    return ERR_OK;
}

static enum err add_total(struct report *r, const struct report_row *row) {
    for (size_t i = 0; i < r->total_count; i++)
        if (name_eq(&r->totals[i].currency, &row->currency)) return add_sums(&r->totals[i].sums, &row->sums);
    struct report_row total = {name_of("all"), row->currency, row->sums};
    return append(&r->totals, &r->total_count, &r->total_capacity, &total);
}

enum err report_make(struct report *r, const struct tally *t, const struct report_zone *zone) {
    enum err e = ERR_OK;
    CHECK(r->rows == NULL);
    for (size_t i = 0; i < t->count && e == ERR_OK; i++) e = add_line(r, &t->lines[i], zone, t->since);
    if (e == ERR_OK) e = merge_rows(r);
    for (size_t i = 0; i < r->count && e == ERR_OK; i++) e = add_total(r, &r->rows[i]);
    if (r->total_count > 1) qsort(r->totals, r->total_count, sizeof *r->totals, by_group);
    return e;
}

/* ---- out ---- */

static const struct counted {
    const char *key, *head; /* for machines, for people */
    size_t at;
} counted[] = {
    {"fills", "FILLS", offsetof(struct report_sums, fills)},
    {"buys", "BUYS", offsetof(struct report_sums, buys)},
    {"sells", "SELLS", offsetof(struct report_sums, sells)},
    {"cycles", "CYCLES", offsetof(struct report_sums, cycles)},
    {"wins", "WON", offsetof(struct report_sums, wins)},
    {"losses", "LOST", offsetof(struct report_sums, losses)},
    {"unvalued_fees", "UNVALUED FEES", offsetof(struct report_sums, unvalued_fees)},
};
enum { COUNTED = sizeof counted / sizeof *counted };

static int64_t count_at(const struct report_sums *s, size_t i) {
    int64_t n;
    memcpy(&n, (const char *)s + counted[i].at, sizeof n);
    return n;
}

static void json_row(struct buf *out, const struct report_row *row, const char *group) {
    out_object(out, NULL);
    if (group != NULL) out_name(out, group, &row->group);
    out_name(out, "currency", &row->currency);
    out_dec16(out, "realized", row->sums.realized);
    out_dec16(out, "fees_quote", row->sums.fees);
    for (size_t i = 0; i < COUNTED; i++) out_int(out, counted[i].key, count_at(&row->sums, i));
    out_object_end(out);
}

static void print_json(const struct report *r, struct buf *out, const char *zone) {
    out_object(out, NULL);
    out_word(out, "by", by_names[r->by]);
    out_word(out, "method", method_name(r->method));
    out_word(out, "zone", zone);
    out_array(out, "rows");
    for (size_t i = 0; i < r->count; i++) json_row(out, &r->rows[i], by_names[r->by]);
    out_array_end(out);
    out_array(out, "totals");
    for (size_t i = 0; i < r->total_count; i++) json_row(out, &r->totals[i], NULL);
    out_array_end(out);
    out_object_end(out);
    buf_putc(out, '\n');
}

/* No name of a pair, day or asset needs quotes: names hold no comma by the exchange's rules; one that does is quoted. */
static void csv_name(struct buf *out, const struct name *n) {
    bool quote = strpbrk(n->text, ",\"") != NULL;
    if (quote) buf_putc(out, '"');
    for (const char *c = n->text; *c != '\0'; c++) {
        if (*c == '"') buf_putc(out, '"');
        buf_putc(out, *c);
    }
    if (quote) buf_putc(out, '"');
}

static void print_csv(const struct report *r, struct buf *out) {
    char realized[DEC_TEXT_MAX], fees[DEC_TEXT_MAX];
    buf_putf(out, "%s,currency,realized,fees_quote", by_names[r->by]);
    for (size_t i = 0; i < COUNTED; i++) buf_putf(out, ",%s", counted[i].key);
    buf_puts(out, "\r\n");
    for (size_t k = 0; k < r->count; k++) {
        const struct report_row *row = &r->rows[k];
        (void)dec16_format(realized, row->sums.realized);
        (void)dec16_format(fees, row->sums.fees);
        csv_name(out, &row->group);
        buf_putc(out, ',');
        csv_name(out, &row->currency);
        buf_putf(out, ",%s,%s", realized, fees);
        for (size_t i = 0; i < COUNTED; i++) buf_putf(out, ",%lld", (long long)count_at(&row->sums, i));
        buf_puts(out, "\r\n");
    }
}

static void table_row(struct table *t, const struct report_row *row) {
    char text[32];
    table_text(t, row->group.text);
    table_text(t, row->currency.text);
    table_dec16(t, row->sums.realized, true, true);
    table_dec16(t, row->sums.fees, true, false);
    for (size_t i = 0; i < COUNTED; i++) {
        (void)snprintf(text, sizeof text, "%lld", (long long)count_at(&row->sums, i));
        table_text(t, text);
    }
}

static void print_table(const struct report *r, struct buf *out, const char *zone) {
    static const char *const heads[] = {
        [REPORT_BY_PAIR] = "PAIR", [REPORT_BY_DAY] = "DAY", [REPORT_BY_MONTH] = "MONTH"};
    struct table_column columns[4 + COUNTED] = {
        {heads[r->by], false}, {"IN", false}, {"REALIZED", true}, {"FEES", true}};
    struct table t;
    for (size_t i = 0; i < COUNTED; i++) columns[4 + i] = (struct table_column){counted[i].head, true};
    table_init(&t, columns, 4 + COUNTED);
    for (size_t i = 0; i < r->count; i++) table_row(&t, &r->rows[i]);
    for (size_t i = 0; i < r->total_count; i++) table_row(&t, &r->totals[i]);
    table_print(&t, out);
    table_free(&t);
    if (r->method != METHOD_FIFO) buf_putf(out, "\n%s\n", method_sentence(r->method));
    if (r->by != REPORT_BY_PAIR) buf_putf(out, "\nDays begin at midnight in %s.\n", zone);
    for (size_t i = 0; i < r->total_count; i++)
        if (r->totals[i].sums.unvalued_fees != 0)
            buf_putf(out, "! %lld fee(s) without a price in %s are left out.\n",
                     (long long)r->totals[i].sums.unvalued_fees, r->totals[i].currency.text);
}

void report_print(const struct report *r, struct buf *out, enum report_form form, const char *zone) {
    switch (form) {
    case REPORT_TABLE: print_table(r, out, zone); break;
    case REPORT_JSON: print_json(r, out, zone); break;
    case REPORT_CSV: print_csv(r, out); break;
    }
}
