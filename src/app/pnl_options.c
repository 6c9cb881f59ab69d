/* pnl_options.c: the command line of `gridscope pnl`. */
#include "app/pnl.h"

#include <stdio.h>
#include <string.h>

const char *pnl_usage(void) {
    return "usage: gridscope pnl FILE [--mark SYMBOL=PRICE]... [--fee-price ASSET=PRICE]... [--method "
           "fifo|lifo|average|grid]\n"
           "                          [--by pair|day|month] [--json|--csv]\n"
           "\n"
           "P&L of a file of fills: this program's CSV export or Binance's trade history export; - reads standard "
           "input.\n"
           "\n"
           "  --mark BTC/USDT=67000  price for what is held; also tells base and quote of BTCUSDT, and converts quote "
           "assets\n"
           "  --fee-price BNB=600    price of a third fee asset in the quote; BNB/EUR=550 where it differs by quote\n"
           "  --method METHOD        which coins a sale sells: fifo (the default), lifo, average, grid\n"
           "  --by GROUP             what was realized by pair, day or month (UTC), in rows as gridscope report gives "
           "them\n"
           "  --json                 exact figures for machines; unknown is null\n"
           "  --csv                  the rows of --by as CSV\n"
           "\n"
           "A row whose price or quantity is not above zero is refused, named, and the others count; any other bad row "
           "refuses the file.\n"
           "Exit codes: 0 done, 1 the file cannot be read or has a bad row, 2 bad usage.\n";
}

/* "BTC/USDT=67000" */
static bool read_price(struct pnl_price *out, const char *option, const char *text, char why[static PNL_WHY_MAX]) {
    const char *equals = strrchr(text, '=');
    *out = (struct pnl_price){.price = DEC16_ZERO};
    if (equals == NULL || name_set(&out->symbol, span_from(text, (size_t)(equals - text))) != ERR_OK ||
        name_empty(&out->symbol)) {
        (void)snprintf(why, PNL_WHY_MAX, "%s \"%.60s\": give %s=PRICE", option, text,
                       option[2] == 'm' ? "SYMBOL" : "ASSET");
        return false;
    }
    if (dec16_parse(&out->price, span_of(equals + 1)) != ERR_OK || out->price.v <= 0) {
        (void)snprintf(why, PNL_WHY_MAX, "%s \"%.60s\": the price is not a number above zero", option, text);
        return false;
    }
    if (strchr(out->symbol.text, '/') == NULL ||
        symbol_split(&out->base, &out->quote, name_span(&out->symbol)) == ERR_OK)
        return true;
    (void)snprintf(why, PNL_WHY_MAX, "%s \"%.60s\": the symbol is not BASE/QUOTE", option, text);
    return false;
}

static bool add_price(struct pnl_price *list, size_t *count, size_t max, const char *option, const char *text,
                      char why[static PNL_WHY_MAX]) {
    if (*count == max) {
        (void)snprintf(why, PNL_WHY_MAX, "%s is given more than %zu times", option, max);
        return false;
    }
    if (!read_price(&list[*count], option, text, why)) return false;
    for (size_t i = 0; i < *count; i++)
        if (name_eq(&list[i].symbol, &list[*count].symbol)) {
            (void)snprintf(why, PNL_WHY_MAX, "%s gives %s twice", option, list[i].symbol.text);
            return false;
        }
    (*count)++;
    return true;
}

static bool read_method(struct pnl_options *o, const char *text, char why[static PNL_WHY_MAX]) {
    if (method_find(&o->method, span_of(text))) return true;
    (void)snprintf(why, PNL_WHY_MAX, "--method \"%.40s\": give fifo, lifo, average or grid", text);
    return false;
}

static bool read_group(struct pnl_options *o, const char *text, char why[static PNL_WHY_MAX]) {
    o->grouped = report_by_find(&o->by, text);
    if (!o->grouped) (void)snprintf(why, PNL_WHY_MAX, "--by \"%.40s\": give pair, day or month", text);
    return o->grouped;
}

static bool take_value(struct pnl_options *o, const char *option, const char *value, char why[static PNL_WHY_MAX]) {
    if (strcmp(option, "--mark") == 0) return add_price(o->marks, &o->mark_count, LIMIT_PAIRS, option, value, why);
    if (strcmp(option, "--method") == 0) return read_method(o, value, why);
    if (strcmp(option, "--by") == 0) return read_group(o, value, why);
    if (!add_price(o->fee_prices, &o->fee_price_count, PNL_FEE_PRICES_MAX, option, value, why)) return false;
    struct pnl_price *fee = &o->fee_prices[o->fee_price_count - 1];
    if (name_empty(&fee->base)) fee->base = fee->symbol;
    return true;
}

/* An option with a value, as "--mark VALUE" or "--mark=VALUE": *used arguments; 0: it is no such option. */
static bool take_option(struct pnl_options *o, int *used, char why[static PNL_WHY_MAX], int left, char **argv) {
    static const char *const names[] = {"--mark", "--fee-price", "--method", "--by"};
    *used = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(argv[0], names[i], len) != 0 || (argv[0][len] != '=' && argv[0][len] != '\0')) continue;
        *used = argv[0][len] == '=' ? 1 : 2;
        if (*used == 2 && left < 2) {
            (void)snprintf(why, PNL_WHY_MAX, "%s needs a value", names[i]);
            return false;
        }
        return take_value(o, names[i], *used == 1 ? argv[0] + len + 1 : argv[1], why);
    }
    return true;
}

bool pnl_options_read(struct pnl_options *o, char why[static PNL_WHY_MAX], int argc, char **argv) {
    memset(o, 0, sizeof *o);
    for (int i = 1, used; i < argc; i += used) {
        if (!take_option(o, &used, why, argc - i, argv + i)) return false;
        if (used > 0) continue;
        used = 1;
        if (strcmp(argv[i], "--json") == 0) o->json = true;
        else if (strcmp(argv[i], "--csv") == 0) o->csv = true;
        else if (strcmp(argv[i], "--help") == 0) o->help = true;
        else if ((argv[i][0] != '-' || argv[i][1] == '\0') && o->file == NULL) o->file = argv[i];
        else {
            (void)snprintf(why, PNL_WHY_MAX,
                           argv[i][0] == '-' && argv[i][1] != '\0' ? "there is no option \"%.60s\""
                                                                   : "\"%.60s\" is one file too many",
                           argv[i]);
            return false;
        }
    }
    if (o->help) return true;
    if (o->file == NULL) (void)snprintf(why, PNL_WHY_MAX, "name a file of fills, or - for standard input");
    else if (o->csv && o->json) (void)snprintf(why, PNL_WHY_MAX, "give --json or --csv, not both");
    else if (o->csv && !o->grouped) (void)snprintf(why, PNL_WHY_MAX, "--csv gives the rows of --by pair, day or month");
    else return true;
    return false;
}
