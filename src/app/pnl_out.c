/* pnl_out.c: the figures of pnl.h for machines and for people. */
#include "app/pnl.h"
#include "app/table.h"
#include "view/json_out.h"

#include <stdio.h>

/* ---- JSON ---- */

static void money(struct buf *out, const char *key, struct dec16 d, bool known) {
    if (known) out_dec16(out, key, d);
    else out_null(out, key);
}

static void json_figures(struct buf *out, const struct pnl_figures *f) {
    money(out, "realized", f->realized, f->money);
    money(out, "unrealized", f->unrealized, f->valued);
    money(out, "total", f->total, f->valued);
    money(out, "fees_quote", f->fees_quote, f->money);
    money(out, "cost_basis", f->cost_basis, f->money);
    out_dec8(out, "unmatched_quantity", f->unmatched);
    out_count(out, "cycles", f->cycles);
    out_count(out, "wins", f->wins);
    out_count(out, "losses", f->losses);
    money(out, "gross_profit", f->gross_profit, f->money);
    money(out, "gross_loss", f->gross_loss, f->money);
    out_count(out, "buys", f->buys);
    out_count(out, "sells", f->sells);
    out_count(out, "fills", f->fills);
    out_count(out, "unvalued_fees", f->unvalued_fees);
    out_count(out, "assumed_fees", f->assumed_fees);
    out_bool(out, "partial", f->partial);
}

void pnl_json(const struct pnl *p, struct buf *out) {
    out_object(out, NULL);
    out_object(out, "portfolio");
    out_word(out, "method", method_name(p->options->method));
    out_name(out, "currency", &p->currency);
    json_figures(out, &p->portfolio);
    out_count(out, "duplicates_dropped", p->tally.duplicates);
    out_count(out, "refused", p->refused);
    out_object_end(out);
    out_object(out, "symbols");
    for (size_t i = 0; i < p->tally.count; i++) {
        out_object(out, p->tally.lines[i].symbol.text);
        out_dec8(out, "holdings", p->figures[i].holdings);
        json_figures(out, &p->figures[i]);
        out_object_end(out);
    }
    out_object_end(out);
    out_object_end(out);
    buf_putc(out, '\n');
}

/* ---- the table ---- */

static const struct table_column columns[] = {
    {"SYMBOL", false}, {"REALIZED", true}, {"UNREALIZED", true}, {"TOTAL", true},  {"FEES", true}, {"HOLDINGS", true},
    {"COST", true},    {"BUYS", true},     {"SELLS", true},      {"CYCLES", true}, {"WON", true},  {"LOST", true}};

static void row(struct table *t, const char *symbol, const struct pnl_figures *f, bool holdings) {
    struct dec16 held = DEC16_ZERO;
    bool fits = dec16_of_dec8(&held, f->holdings) == ERR_OK; /* the ledger holds at most what dec16 can say */
    table_text(t, symbol);
    table_dec16(t, f->realized, f->money, true);
    table_dec16(t, f->unrealized, f->valued, true);
    table_dec16(t, f->total, f->valued, true);
    table_dec16(t, f->fees_quote, f->money, false);
    table_dec16(t, held, holdings && fits, false);
    table_dec16(t, f->cost_basis, f->money, false);
    table_count(t, f->buys);
    table_count(t, f->sells);
    table_count(t, f->cycles);
    table_count(t, f->wins);
    table_count(t, f->losses);
}

static void head(const struct pnl *p, struct buf *out) {
    char first[WALL_TEXT_MAX], last[WALL_TEXT_MAX];
    struct wall from = {0}, to = {0};
    for (size_t i = 0; i < p->tally.count; i++) {
        const struct ledger_totals *t = ledger_totals(p->tally.lines[i].ledger);
        if (from.us == 0 || t->first_fill.us < from.us) from = t->first_fill;
        if (t->last_fill.us > to.us) to = t->last_fill;
    }
    buf_putf(out, "%llu fill%s of %zu symbol%s", (unsigned long long)p->tally.fills, p->tally.fills == 1 ? "" : "s",
             p->tally.count, p->tally.count == 1 ? "" : "s");
    if (p->tally.fills > 0) {
        (void)wall_format(first, from);
        (void)wall_format(last, to);
        buf_putf(out, ", %.10s %.8s to %.10s %.8s UTC", first, first + 11, last, last + 11);
    }
    if (p->tally.duplicates > 0)
        buf_putf(out, "; %llu repeated row(s) dropped", (unsigned long long)p->tally.duplicates);
    buf_puts(out, "\n\n");
}

/* ---- notes: nothing is left out in silence ---- */

static void note_fees(const struct tally_line *line, struct buf *out) {
    const struct ledger_totals *t = ledger_totals(line->ledger);
    char amount[DEC_TEXT_MAX];
    for (size_t i = 0; i < t->fee_count; i++) {
        if (t->fees[i].unvalued.v == 0) continue;
        (void)dec16_format(amount, t->fees[i].unvalued);
        buf_putf(out, "! %s: fees of %s %s have no price and are left out: --fee-price %s=PRICE in %s\n",
                 line->symbol.text, amount, t->fees[i].asset.text, t->fees[i].asset.text, line->quote.text);
    }
    if (t->assumed_fees > 0)
        buf_putf(out, "! %s: %llu fee(s) name no asset and are taken as %s\n", line->symbol.text,
                 (unsigned long long)t->assumed_fees, line->quote.text);
}

static void note_line(const struct pnl *p, size_t i, struct buf *out) {
    const struct tally_line *line = &p->tally.lines[i];
    const struct pnl_figures *f = &p->figures[i];
    char quantity[DEC_TEXT_MAX];
    note_fees(line, out);
    if (f->unmatched.v != 0) {
        (void)dec8_format(quantity, f->unmatched);
        buf_putf(out,
                 "! %s: history incomplete: %s %s sold without a known buy; what they brought is not in realized\n",
                 line->symbol.text, quantity, line->base.text);
    }
    if (!f->valued)
        buf_putf(out, "! %s: held, and no price given: --mark %s=PRICE\n", line->symbol.text, line->symbol.text);
}

void pnl_table(const struct pnl *p, struct buf *out) {
    struct table t;
    char name[NAME_MAX + 16];
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < p->tally.count; i++) row(&t, p->tally.lines[i].symbol.text, &p->figures[i], true);
    (void)snprintf(name, sizeof name, "all, in %s", p->currency.text);
    row(&t, name, &p->portfolio, false);
    head(p, out);
    table_print(&t, out);
    table_free(&t);
    buf_putc(out, '\n');
    for (size_t i = 0; i < p->tally.count; i++) note_line(p, i, out);
    if (p->refused > 0)
        buf_putf(out, "! %llu row(s) refused and not counted: a price or a quantity that is not above zero\n",
                 (unsigned long long)p->refused);
    if (!p->portfolio.money)
        buf_putf(
            out,
            "! all: not every quote asset could be converted to %s: give the rates as marks (--mark ASSET/%s=PRICE)\n",
            p->currency.text, p->currency.text);
    buf_puts(out, method_sentence(p->options->method));
    buf_putc(out, '\n');
}
