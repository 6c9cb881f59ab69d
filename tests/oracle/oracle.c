#include "oracle.h"

#include "base/check.h"
#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>

yyjson_doc *oracle_open(const char *file) {
    char path[1024];
    const char *root = getenv("GRIDSCOPE_ROOT");
    snprintf(path, sizeof path, "%s/tests/data/oracle/%s", root != NULL ? root : ".", file);
    yyjson_doc *doc = yyjson_read_file(path, 0, NULL, NULL);
    if (doc == NULL) fprintf(stderr, "cannot read %s\n", path);
    CHECK(doc != NULL);
    return doc;
}

struct dec8 dec8_text(const char *text) {
    struct dec8 d = {0};
    enum err e = dec8_parse(&d, span_of(text));
    CHECK(e == ERR_OK);
    return d;
}

struct dec16 dec16_text(const char *text) {
    struct dec16 d = {0};
    enum err e = dec16_parse(&d, span_of(text));
    CHECK(e == ERR_OK);
    return d;
}

int64_t order_id_text(const char *text) {
    char *end;
    long long id = strtoll(text, &end, 10);
    if (*end == '\0') return id;
    return -2 - (int64_t)(fnv1a64(text, strlen(text)) >> 2);
}

static void add_symbol(struct world *w, const char *symbol) {
    struct name base, quote, joined;
    if (strchr(symbol, '/') == NULL) return;
    for (size_t i = 0; i < w->count; i++)
        if (name_is(&w->symbols[i], symbol)) return;
    CHECK(w->count < WORLD_SYMBOLS);
    enum err e = symbol_split(&base, &quote, span_of(symbol));
    CHECK(e == ERR_OK);
    e = symbol_join(&joined, &base, &quote);
    CHECK(e == ERR_OK);
    char plain[2 * NAME_MAX];
    snprintf(plain, sizeof plain, "%s%s", base.text, quote.text);
    w->symbols[w->count] = joined;
    w->exchange_symbols[w->count] = name_of(plain);
    w->ledgers[w->count] = ledger_new(&joined, &base, &quote, (struct wall){0});
    CHECK(w->ledgers[w->count] != NULL);
    w->count++;
}

void world_init(struct world *w, yyjson_val *a_case, const char *trades_key) {
    yyjson_val *key, *row;
    yyjson_obj_iter marks;
    size_t i, n;
    *w = (struct world){.fee_prices = yyjson_obj_get(a_case, "fee_prices")};
    yyjson_obj_iter_init(yyjson_obj_get(a_case, "marks"), &marks);
    while ((key = yyjson_obj_iter_next(&marks)) != NULL) {
        yyjson_val *mark = yyjson_obj_iter_get_val(key);
        add_symbol(w, yyjson_get_str(key));
        if (yyjson_is_null(mark)) continue;
        w->has_mark[w->count - 1] = true;
        w->marks[w->count - 1] = dec16_text(yyjson_get_str(mark));
    }
    yyjson_arr_foreach(yyjson_obj_get(a_case, trades_key), i, n, row) {
        add_symbol(w, yyjson_get_str(yyjson_obj_get(row, "symbol")));
    }
}

void world_free(struct world *w) {
    for (size_t i = 0; i < w->count; i++) ledger_free(w->ledgers[i]);
}

size_t world_symbol(const struct world *w, const char *symbol) {
    size_t i = 0;
    while (i < w->count && !name_is(&w->symbols[i], symbol) && !name_is(&w->exchange_symbols[i], symbol)) i++;
    CHECK(i < w->count);
    return i;
}

static const char *text_or(yyjson_val *row, const char *field, const char *otherwise) {
    const char *text = yyjson_get_str(yyjson_obj_get(row, field));
    return text != NULL ? text : otherwise;
}

struct fill fill_of_row(const struct world *w, yyjson_val *row) {
    const char *order = text_or(row, "order_id", NULL);
    struct fill f = {
        .symbol = w->symbols[world_symbol(w, text_or(row, "symbol", ""))],
        .trade_id = strtoll(text_or(row, "id", "-1"), NULL, 10),
        .order_id = order != NULL ? order_id_text(order) : ORDER_ID_NONE,
        .side = strcmp(text_or(row, "side", ""), "sell") == 0 ? SIDE_SELL : SIDE_BUY,
        .source = SOURCE_BOT,
        .price = dec8_text(text_or(row, "price", "")),
        .quantity = dec8_text(text_or(row, "amount", "")),
        .quote_amount = dec16_text(text_or(row, "cost", "0")),
        .fee = dec16_text(text_or(row, "fee", "0")),
        .fee_asset = name_of(text_or(row, "fee_asset", "")),
    };
    enum err e = wall_parse(&f.time, span_of(text_or(row, "timestamp", "")));
    CHECK(e == ERR_OK);
    return f;
}

void world_add(struct world *w, const struct fill *f) {
    struct ledger *l = w->ledgers[world_symbol(w, f->symbol.text)];
    enum ledger_added what;
    enum err e = ledger_add(l, f, &what, NULL);
    if (e == ERR_VALUE) w->refused++;
    else CHECK(e == ERR_OK);
    yyjson_val *price = w->fee_prices != NULL ? yyjson_obj_get(w->fee_prices, f->fee_asset.text) : NULL;
    if (e != ERR_OK || price == NULL) return;
    struct dec16 value;
    struct dec8 p = dec8_text(yyjson_get_str(price));
    e = dec16_times(&value, f->fee, p);
    CHECK(e == ERR_OK);
    e = ledger_value_fee(l, f->trade_id, f->side, value, p, (struct wall){f->time.us - f->time.us % US_PER_MIN});
    CHECK(e == ERR_OK || e == ERR_BAD_STATE); /* STATE: a duplicate, or an own asset with a price */
}

void world_recompute(struct world *w, size_t slice) {
    for (size_t i = 0; i < w->count; i++)
        while (!ledger_recompute(w->ledgers[i], slice)) CHECK(ledger_totals(w->ledgers[i])->recomputing);
}
