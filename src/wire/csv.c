/* csv.c: fills to and from comma separated text. Reading has three steps, each a function of the one before: records
 * (RFC 4180: quotes, line ends), a format (which column means what, from the header), fills (one per record). The file
 * is walked twice, once to find out whether every row is sound, once to hand the rows out. */
#include "wire/csv.h"

#include "base/check.h"
#include "base/map.h"
#include "wire/fields.h"

#include <stdarg.h>
#include <stdio.h>

enum {
    COLUMNS_MAX = 32,     /* the widest known export has 12 */
    ROW_BYTES_MAX = 4096, /* a row of ours has under 250 */
    VALUE_SHOWN = 40,     /* csv.h: what a fault shows of a value */
    NUMBER_MAX = 129,     /* dec.h reads at most 128 characters */
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- faults ---- */

static enum err fault_set(struct csv_fault *f, size_t line, struct span column, enum err e, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* "line 7, Price: ..." */
static enum err fault_set(struct csv_fault *f, size_t line, struct span column, enum err e, const char *format, ...) {
    char why[sizeof f->what];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    f->line = line;
    f->err = e;
    text_cut(f->field, sizeof f->field, column);
    (void)snprintf(f->what, sizeof f->what, "line %zu%s%s: %.100s", line, column.len > 0 ? ", " : "", f->field, why);
    return e;
}

/* ---- records ---- */

struct csv_text {
    struct span rest;
    size_t line; /* of the next byte */
};

struct csv_row {
    size_t line; /* where it begins */
    size_t count;
    struct span field[COLUMNS_MAX]; /* unescaped, in text */
    size_t used;
    char text[ROW_BYTES_MAX];
};

static bool at_line_end(struct span s) {
    return s.len == 0 || s.at[0] == '\n' || (s.at[0] == '\r' && (s.len == 1 || s.at[1] == '\n'));
}

static void skip_line_end(struct csv_text *t) {
    if (t->rest.len > 0 && t->rest.at[0] == '\r') t->rest = span_skip(t->rest, 1);
    if (t->rest.len > 0) t->line++;
    t->rest = span_skip(t->rest, 1);
}

static bool keep_byte(struct csv_row *row, char c) {
    if (row->used == sizeof row->text) return false;
    row->text[row->used++] = c;
    return true;
}

/* Behind the opening quote; stops behind the closing one. */
static enum err read_quoted(struct csv_text *t, struct csv_row *row) {
    while (t->rest.len > 0) {
        char c = t->rest.at[0];
        t->rest = span_skip(t->rest, 1);
        if (c == '"') {
            if (t->rest.len == 0 || t->rest.at[0] != '"') return ERR_OK;
            t->rest = span_skip(t->rest, 1); /* a doubled quote is one */
        }
        if (c == '\n') t->line++;
        if (!keep_byte(row, c)) return ERR_TOO_BIG;
    }
    return ERR_SYNTAX;
}

static enum err read_plain(struct csv_text *t, struct csv_row *row) {
    while (!at_line_end(t->rest) && t->rest.at[0] != ',') {
        if (t->rest.at[0] == '"') return ERR_SYNTAX;
        if (!keep_byte(row, t->rest.at[0])) return ERR_TOO_BIG;
        t->rest = span_skip(t->rest, 1);
    }
    return ERR_OK;
}

static enum err read_field(struct csv_text *t, struct csv_row *row) {
    size_t start = row->used;
    enum err e;
    if (row->count == COLUMNS_MAX) return ERR_TOO_BIG;
    if (t->rest.len > 0 && t->rest.at[0] == '"') {
        t->rest = span_skip(t->rest, 1);
        e = read_quoted(t, row);
        if (e == ERR_OK && !at_line_end(t->rest) && t->rest.at[0] != ',') e = ERR_SYNTAX;
    } else {
        e = read_plain(t, row);
    }
    if (e == ERR_OK) row->field[row->count++] = span_from(row->text + start, row->used - start);
    return e;
}

/* The next record that is not an empty line; *more false at the end of the text. */
static enum err read_row(struct csv_text *t, struct csv_row *row, bool *more, struct csv_fault *fault) {
    while (t->rest.len > 0 && at_line_end(t->rest)) skip_line_end(t);
    *more = t->rest.len > 0;
    row->line = t->line;
    row->count = row->used = 0;
    if (!*more) return ERR_OK;
    for (;;) {
        enum err e = read_field(t, row);
        if (e == ERR_TOO_BIG)
            return fault_set(fault, row->line, SPAN(""), e, "the row is longer than %d bytes or %d columns",
                             ROW_BYTES_MAX, COLUMNS_MAX);
        if (e != ERR_OK)
            return fault_set(fault, row->line, SPAN(""), e, "a quote is not closed, or in the wrong place");
        if (at_line_end(t->rest)) break;
        t->rest = span_skip(t->rest, 1); /* the comma */
    }
    skip_line_end(t);
    return ERR_OK;
}

/* ---- formats ---- */

enum column {
    COL_TIME,
    COL_SYMBOL,
    COL_TRADE_ID,
    COL_ORDER_ID,
    COL_SIDE,
    COL_PRICE,
    COL_QUANTITY,
    COL_QUOTE,
    COL_FEE,
    COL_FEE_ASSET,
    COL_MAKER,
    COL_SOURCE,
    COL_COUNT,
};

struct csv_format {
    const char *name[COL_COUNT]; /* NULL: the format has no such column */
    unsigned must;               /* bits of the columns that have to be there */
    bool assets_behind;          /* amounts carry their asset */
    bool binance;                /* ids are derived, thousands may be grouped, years may have two digits */
};

#define BIT(column) (1u << (column))

static const struct csv_format formats[] = {
    {.name = {[COL_TIME] = "time",
              [COL_SYMBOL] = "symbol",
              [COL_TRADE_ID] = "trade_id",
              [COL_ORDER_ID] = "order_id",
              [COL_SIDE] = "side",
              [COL_PRICE] = "price",
              [COL_QUANTITY] = "quantity",
              [COL_QUOTE] = "quote_amount",
              [COL_FEE] = "fee",
              [COL_FEE_ASSET] = "fee_asset",
              [COL_MAKER] = "maker",
              [COL_SOURCE] = "source"},
     .must = BIT(COL_TIME) | BIT(COL_SYMBOL) | BIT(COL_TRADE_ID) | BIT(COL_SIDE) | BIT(COL_PRICE) | BIT(COL_QUANTITY)},
    {.name = {[COL_TIME] = "Date(UTC)",
              [COL_SYMBOL] = "Pair",
              [COL_SIDE] = "Side",
              [COL_PRICE] = "Price",
              [COL_QUANTITY] = "Executed",
              [COL_QUOTE] = "Amount",
              [COL_FEE] = "Fee"},
     .must = BIT(COL_TIME) | BIT(COL_SYMBOL) | BIT(COL_SIDE) | BIT(COL_PRICE) | BIT(COL_QUANTITY) | BIT(COL_QUOTE) |
             BIT(COL_FEE),
     .assets_behind = true,
     .binance = true},
    {.name = {[COL_TIME] = "Date(UTC)",
              [COL_SYMBOL] = "Market",
              [COL_SIDE] = "Type",
              [COL_PRICE] = "Price",
              [COL_QUANTITY] = "Amount",
              [COL_QUOTE] = "Total",
              [COL_FEE] = "Fee",
              [COL_FEE_ASSET] = "Fee Coin"},
     .must = BIT(COL_TIME) | BIT(COL_SYMBOL) | BIT(COL_SIDE) | BIT(COL_PRICE) | BIT(COL_QUANTITY) | BIT(COL_QUOTE) |
             BIT(COL_FEE) | BIT(COL_FEE_ASSET),
     .binance = true},
};

struct csv_reader {
    const struct csv_format *format;
    size_t columns;          /* of the header */
    int position[COL_COUNT]; /* of each column, -1 absent */
    struct map seen;         /* hash of a row without id: how often it has come before */
    size_t rows;             /* found by the first walk */
    fill_take *take;
    csv_refuse *refuse;
    void *arg; /* of both */
    struct csv_fault *fault;
};

static struct span trim(struct span s) {
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t')) s = span_skip(s, 1);
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t')) s.len--;
    return s;
}

/* How many of the columns that must be there are missing; *missing names the first one. */
static int place_columns(int position[static COL_COUNT], const char **missing, const struct csv_format *f,
                         const struct csv_row *header) {
    int absent = 0;
    for (int c = 0; c < COL_COUNT; c++) {
        position[c] = -1;
        for (size_t i = 0; f->name[c] != NULL && i < header->count && position[c] < 0; i++)
            if (span_is(trim(header->field[i]), f->name[c])) position[c] = (int)i;
        if ((f->must & BIT(c)) == 0 || position[c] >= 0) continue;
        if (absent++ == 0) *missing = f->name[c];
    }
    return absent;
}

/* The format whose columns are all there; else the fault names what the nearest one lacks. */
static enum err find_format(struct csv_reader *r, const struct csv_row *header) {
    int fewest = COL_COUNT + 1;
    const char *nearest = NULL;
    r->columns = header->count;
    for (size_t i = 0; i < COUNT(formats); i++) {
        const char *missing = NULL;
        int absent = place_columns(r->position, &missing, &formats[i], header);
        r->format = &formats[i];
        if (absent == 0) return ERR_OK;
        if (absent < fewest) fewest = absent, nearest = missing;
    }
    return fault_set(r->fault, header->line, span_of(nearest), ERR_MISSING,
                     "the header has no such column; known are this program's export and Binance's trade history");
}

/* ---- values ---- */

static struct span value_of(const struct csv_reader *r, const struct csv_row *row, enum column c) {
    return r->position[c] < 0 ? SPAN("") : trim(row->field[r->position[c]]);
}

static enum err bad_value(const struct csv_reader *r, const struct csv_row *row, enum column c, enum err e,
                          const char *why) {
    char shown[VALUE_SHOWN + 1];
    text_cut(shown, sizeof shown, value_of(r, row, c));
    return fault_set(r->fault, row->line, span_of(r->format->name[c]), e, "\"%s\" %s", shown, why);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "1,234,567.89" without its commas, into out; a comma anywhere else makes it no number. */
static bool ungroup(char out[static NUMBER_MAX], size_t *len, struct span text) {
    size_t group = 0, n = 0; /* digits since the last comma */
    bool grouped = false, fraction = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool edge = c == ',' || c == '.';
        if (edge && !fraction && grouped && group != 3) return false;
        if (c == ',' && (fraction || group == 0 || group > 3)) return false;
        grouped = grouped || c == ',';
        fraction = fraction || c == '.';
        group = edge ? 0 : group + 1;
        if (c == ',') continue;
        if (n + 1 == NUMBER_MAX) return false;
        out[n++] = c;
    }
    *len = n;
    return !(grouped && !fraction && group != 3);
}

static enum err parse_dec16(const struct csv_reader *r, struct dec16 *out, struct span text) {
    char plain[NUMBER_MAX];
    size_t len;
    if (!r->format->binance) return dec16_parse(out, text);
    return ungroup(plain, &len, text) ? dec16_parse(out, span_from(plain, len)) : ERR_SYNTAX;
}

static enum err parse_dec8(const struct csv_reader *r, struct dec8 *out, struct span text) {
    char plain[NUMBER_MAX];
    size_t len;
    if (!r->format->binance) return dec8_parse(out, text);
    return ungroup(plain, &len, text) ? dec8_parse(out, span_from(plain, len)) : ERR_SYNTAX;
}

static const char *number_fault(enum err e) { return e == ERR_RANGE ? "is too large" : "is not a number"; }

/* Whether it is above zero is for the whole row: unfit_column. */
static enum err take_dec8(const struct csv_reader *r, const struct csv_row *row, enum column c, struct dec8 *out,
                          struct span text) {
    enum err e = parse_dec8(r, out, text);
    return e == ERR_OK ? e : bad_value(r, row, c, e, number_fault(e));
}

/* A number not below zero; empty is 0. */
static enum err take_dec16(const struct csv_reader *r, const struct csv_row *row, enum column c, struct dec16 *out,
                           struct span text) {
    *out = DEC16_ZERO;
    if (text.len == 0) return ERR_OK;
    enum err e = parse_dec16(r, out, text);
    if (e != ERR_OK) return bad_value(r, row, c, e, number_fault(e));
    return out->v >= 0 ? ERR_OK : bad_value(r, row, c, ERR_VALUE, "is below zero");
}

static enum err take_time(const struct csv_reader *r, const struct csv_row *row, struct wall *out) {
    struct span text = value_of(r, row, COL_TIME);
    char year4[64];
    if (r->format->binance && text.len > 2 && text.at[2] == '-' && text.len < 32) { /* "24-06-27 05:53:54" */
        int n = snprintf(year4, sizeof year4, "20%.*s", (int)text.len, text.at);
        text = span_from(year4, (size_t)n);
    }
    if (wall_parse(out, text) != ERR_OK || out->us <= 0)
        return bad_value(r, row, COL_TIME, ERR_SYNTAX, "is not a time");
    return ERR_OK;
}

static bool same_word(struct span s, const char *lower) {
    size_t n = strlen(lower);
    if (s.len != n) return false;
    for (size_t i = 0; i < n; i++)
        if ((s.at[i] | 0x20) != lower[i]) return false;
    return true;
}

static enum err take_side(const struct csv_reader *r, const struct csv_row *row, enum side *out) {
    struct span text = value_of(r, row, COL_SIDE);
    *out = same_word(text, "sell") ? SIDE_SELL : SIDE_BUY;
    if (*out == SIDE_BUY && !same_word(text, "buy"))
        return bad_value(r, row, COL_SIDE, ERR_UNKNOWN, "is neither buy nor sell");
    return ERR_OK;
}

static enum err take_name(const struct csv_reader *r, const struct csv_row *row, enum column c, struct name *out) {
    enum err e = name_set(out, value_of(r, row, c));
    return e == ERR_OK ? e : bad_value(r, row, c, e, "is not a name, or too long for one");
}

/* Decimal digits, a minus allowed. */
static bool parse_i64(int64_t *out, struct span text) {
    bool negative = text.len > 0 && text.at[0] == '-';
    int64_t n = 0;
    if (text.len == (size_t)negative) return false;
    for (size_t i = negative; i < text.len; i++) {
        int digit = negative ? '0' - text.at[i] : text.at[i] - '0';
        if (!is_digit(text.at[i]) || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

/* ---- amounts with their asset behind ---- */

static bool ends_with(struct span s, struct span tail) {
    return s.len > tail.len && span_eq(span_skip(s, s.len - tail.len), tail);
}

/* The number in front of `asset`; false where the text is not a number and that asset. */
static bool number_before(const struct csv_reader *r, struct span *number, struct span text, struct span asset) {
    struct dec16 ignored;
    if (asset.len == 0 || !ends_with(text, asset)) return false;
    *number = trim(span_from(text.at, text.len - asset.len));
    return parse_dec16(r, &ignored, *number) == ERR_OK;
}

struct split_pair { /* of one row of the format with assets */
    struct span base, quote, quantity, quote_amount;
};

/* Where the pair divides: its head stands behind the executed quantity and its tail behind the amount. Looking from the
 * pair, and not for the first letter behind the digits, keeps assets right that begin with digits ("1INCH"). */
static enum err split_row(const struct csv_reader *r, const struct csv_row *row, struct split_pair *out) {
    struct span pair = value_of(r, row, COL_SYMBOL);
    for (size_t k = 1; k < pair.len && k < NAME_MAX; k++) {
        bool slash = pair.at[k] == '/';
        out->base = span_from(pair.at, k);
        out->quote = span_skip(pair, k + slash);
        if (number_before(r, &out->quantity, value_of(r, row, COL_QUANTITY), out->base) &&
            number_before(r, &out->quote_amount, value_of(r, row, COL_QUOTE), out->quote))
            return ERR_OK;
    }
    return bad_value(r, row, COL_SYMBOL, ERR_VALUE, "is not made up of the assets behind Executed and Amount");
}

static void split_fee(const struct csv_reader *r, const struct csv_row *row, const struct split_pair *pair,
                      struct span *number, struct span *asset) {
    struct span text = value_of(r, row, COL_FEE);
    size_t digits = 0;
    if (number_before(r, number, text, *asset = pair->base) || number_before(r, number, text, *asset = pair->quote))
        return;
    while (digits < text.len && (is_digit(text.at[digits]) || text.at[digits] == '.' || text.at[digits] == ','))
        digits++;
    *asset = trim(span_skip(text, digits));
    *number = span_from(text.at, digits);
}

static enum err take_with_assets(const struct csv_reader *r, const struct csv_row *row, struct fill *f) {
    struct split_pair pair;
    struct span fee, asset;
    struct name base, quote;
    enum err e = split_row(r, row, &pair);
    if (e != ERR_OK) return e;
    split_fee(r, row, &pair, &fee, &asset);
    if (fee.len == 0 && asset.len > 0) return bad_value(r, row, COL_FEE, ERR_SYNTAX, "is not a number and an asset");
    if (name_set(&base, pair.base) != ERR_OK || name_set(&quote, pair.quote) != ERR_OK ||
        symbol_join(&f->symbol, &base, &quote) != ERR_OK)
        return bad_value(r, row, COL_SYMBOL, ERR_TOO_BIG, "is too long for a symbol");
    if ((e = take_dec8(r, row, COL_QUANTITY, &f->quantity, pair.quantity)) != ERR_OK ||
        (e = take_dec16(r, row, COL_QUOTE, &f->quote_amount, pair.quote_amount)) != ERR_OK ||
        (e = take_dec16(r, row, COL_FEE, &f->fee, fee)) != ERR_OK)
        return e;
    if (name_set(&f->fee_asset, asset) != ERR_OK) return bad_value(r, row, COL_FEE, ERR_TOO_BIG, "names no asset");
    return ERR_OK;
}

static enum err take_without_assets(const struct csv_reader *r, const struct csv_row *row, struct fill *f) {
    enum err e;
    if ((e = take_name(r, row, COL_SYMBOL, &f->symbol)) != ERR_OK ||
        (e = take_dec8(r, row, COL_QUANTITY, &f->quantity, value_of(r, row, COL_QUANTITY))) != ERR_OK ||
        (e = take_dec16(r, row, COL_QUOTE, &f->quote_amount, value_of(r, row, COL_QUOTE))) != ERR_OK ||
        (e = take_dec16(r, row, COL_FEE, &f->fee, value_of(r, row, COL_FEE))) != ERR_OK ||
        (e = take_name(r, row, COL_FEE_ASSET, &f->fee_asset)) != ERR_OK)
        return e;
    return name_empty(&f->symbol) ? bad_value(r, row, COL_SYMBOL, ERR_VALUE, "is not a symbol") : ERR_OK;
}

/* ---- what only our own format has ---- */

static enum err take_own_columns(const struct csv_reader *r, const struct csv_row *row, struct fill *f) {
    struct span order = value_of(r, row, COL_ORDER_ID), maker = value_of(r, row, COL_MAKER);
    struct span source = value_of(r, row, COL_SOURCE);
    if (!parse_i64(&f->trade_id, value_of(r, row, COL_TRADE_ID)) || f->trade_id < 0)
        return bad_value(r, row, COL_TRADE_ID, ERR_VALUE, "is not a trade id");
    if (order.len > 0 && !parse_i64(&f->order_id, order)) f->order_id = id_of_text(order);
    if (span_is(maker, "true")) f->maker = MAKER_YES;
    else if (span_is(maker, "false")) f->maker = MAKER_NO;
    else if (maker.len > 0) return bad_value(r, row, COL_MAKER, ERR_UNKNOWN, "is neither true nor false");
    bool known = source.len == 0;
    for (int s = SOURCE_IMPORT; s <= SOURCE_REST; s++)
        known = known || span_is(source, fill_source_name((enum fill_source)s));
    return known ? ERR_OK : bad_value(r, row, COL_SOURCE, ERR_UNKNOWN, "is not a source of fills");
}

/* ---- derived ids ---- */

static uint64_t row_hash(const struct fill *f, uint32_t number) {
    struct { /* no padding: every byte is set */
        i128 price, quantity, quote_amount, fee;
        int64_t time;
        uint32_t side, number;
        struct name symbol, fee_asset;
    } key = {f->price.v, f->quantity.v, f->quote_amount.v, f->fee.v,    f->time.us,
             f->side,    number,        f->symbol,         f->fee_asset};
    _Static_assert(sizeof key == 4 * 16 + 16 + 2 * NAME_MAX, "hashed as bytes");
    return mix64(fnv1a64(&key, sizeof key));
}

static enum err derive_id(struct csv_reader *r, const struct csv_row *row, struct fill *f) {
    const int64_t sell_bit = CSV_DERIVED_ID_MIN >> 1;
    uint64_t plain = row_hash(f, 0);
    uint32_t number = 0;
    if (map_get(&r->seen, plain, &number)) number++;
    enum err e = map_put(&r->seen, plain, number);
    if (e != ERR_OK) return fault_set(r->fault, row->line, SPAN(""), e, "%s", err_text(e));
    int64_t hash = (int64_t)(row_hash(f, number) & (uint64_t)(sell_bit - 1));
    f->trade_id = CSV_DERIVED_ID_MIN | (f->side == SIDE_SELL ? sell_bit : 0) | hash;
    return ERR_OK;
}

/* ---- fills ---- */

static enum err row_to_fill(struct csv_reader *r, const struct csv_row *row, struct fill *f) {
    enum err e;
    *f = (struct fill){.order_id = ORDER_ID_NONE, .source = SOURCE_IMPORT};
    if (row->count != r->columns)
        return fault_set(r->fault, row->line, SPAN(""), ERR_SYNTAX, "the row has %zu columns, the header %zu",
                         row->count, r->columns);
    if ((e = take_time(r, row, &f->time)) != ERR_OK || (e = take_side(r, row, &f->side)) != ERR_OK ||
        (e = take_dec8(r, row, COL_PRICE, &f->price, value_of(r, row, COL_PRICE))) != ERR_OK)
        return e;
    e = r->format->assets_behind ? take_with_assets(r, row, f) : take_without_assets(r, row, f);
    if (e != ERR_OK) return e;
    return r->format->binance ? derive_id(r, row, f) : take_own_columns(r, row, f);
}

/* What makes a sound row no fill (ACCOUNTING 3); COL_COUNT: nothing. */
static enum column unfit_column(const struct fill *f) {
    return f->price.v <= 0 ? COL_PRICE : f->quantity.v <= 0 ? COL_QUANTITY : COL_COUNT;
}

static void hand_out(struct csv_reader *r, const struct csv_row *row, const struct fill *f) {
    enum column unfit = unfit_column(f);
    r->fault->line = row->line;
    if (unfit == COL_COUNT) {
        r->take(r->arg, f);
        return;
    }
    struct csv_fault why;
    struct csv_reader teller = *r; /* what r->fault says is the taker's */
    teller.fault = &why;
    (void)bad_value(&teller, row, unfit, ERR_VALUE, "is not above zero");
    r->refuse(r->arg, &why);
}

/* One walk over all rows behind the header; the first only looks whether they are sound. */
static enum err walk(struct csv_reader *r, struct csv_text text, bool first) {
    struct csv_row row;
    struct fill f;
    bool more;
    for (;;) {
        enum err e = read_row(&text, &row, &more, r->fault);
        if (e == ERR_OK && !more) return ERR_OK;
        if (e == ERR_OK) e = row_to_fill(r, &row, &f);
        if (e != ERR_OK) return e;
        if (first) r->rows++;
        else hand_out(r, &row, &f);
    }
}

static enum err walk_once(struct csv_reader *r, struct csv_text text, bool first) {
    map_init(&r->seen);
    enum err e = map_reserve(&r->seen, r->rows); /* so that the second walk cannot fail half way */
    if (e == ERR_OK) e = walk(r, text, first);
    else (void)fault_set(r->fault, 1, SPAN(""), e, "%s", err_text(e));
    map_free(&r->seen);
    return e;
}

enum err csv_read_fills(struct span text, fill_take *take, csv_refuse *refuse, void *arg, struct csv_fault *fault) {
    const struct span byte_order_mark = SPAN("\xef\xbb\xbf");
    struct csv_text rows = {text, 1};
    struct csv_row header;
    struct csv_reader r = {.take = take, .refuse = refuse, .arg = arg, .fault = fault};
    bool more;
    if (span_starts(text, byte_order_mark)) rows.rest = span_skip(text, byte_order_mark.len);
    enum err e = read_row(&rows, &header, &more, fault);
    if (e == ERR_OK && !more) return fault_set(fault, 1, SPAN(""), ERR_MISSING, "the file is empty");
    if (e == ERR_OK) e = find_format(&r, &header);
    if (e == ERR_OK) e = walk_once(&r, rows, true);
    if (e != ERR_OK) return e;
    return walk_once(&r, rows, false);
}

/* ---- out ---- */

static void put_field(struct buf *out, struct span text) {
    bool quote = false;
    for (size_t i = 0; i < text.len && !quote; i++) quote = text.at[i] == ',' || text.at[i] == '"';
    if (quote) buf_putc(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') buf_putc(out, '"');
        buf_putc(out, text.at[i]);
    }
    if (quote) buf_putc(out, '"');
}

static void put_dec16(struct buf *out, struct dec16 d) {
    char text[DEC_TEXT_MAX];
    buf_put(out, text, dec16_format(text, d));
}

static void put_dec8(struct buf *out, struct dec8 d) {
    char text[DEC_TEXT_MAX];
    buf_put(out, text, dec8_format(text, d));
}

void csv_write_header(struct buf *out) {
    for (int c = 0; c < COL_COUNT; c++) {
        if (c > 0) buf_putc(out, ',');
        buf_puts(out, formats[0].name[c]);
    }
    buf_puts(out, "\r\n");
}

static void put_column(struct buf *out, const struct fill *f, enum column c) {
    static const char *const maker[] = {[MAKER_UNKNOWN] = "", [MAKER_NO] = "false", [MAKER_YES] = "true"};
    char text[WALL_TEXT_MAX];
    switch (c) {
    case COL_TIME: buf_put(out, text, wall_format(text, f->time)); break;
    case COL_SYMBOL: put_field(out, name_span(&f->symbol)); break;
    case COL_TRADE_ID: buf_put_i64(out, f->trade_id); break;
    case COL_ORDER_ID:
        if (f->order_id != ORDER_ID_NONE) buf_put_i64(out, f->order_id);
        break;
    case COL_SIDE: buf_puts(out, side_name(f->side)); break;
    case COL_PRICE: put_dec8(out, f->price); break;
    case COL_QUANTITY: put_dec8(out, f->quantity); break;
    case COL_QUOTE:
        if (f->quote_amount.v != 0) put_dec16(out, f->quote_amount);
        break;
    case COL_FEE:
        if (f->fee.v != 0 || !name_empty(&f->fee_asset)) put_dec16(out, f->fee);
        break;
    case COL_FEE_ASSET: put_field(out, name_span(&f->fee_asset)); break;
    case COL_MAKER: buf_puts(out, maker[f->maker]); break;
    case COL_SOURCE: buf_puts(out, fill_source_name(f->source)); break;
    case COL_COUNT: break;
    }
}

void csv_write_fill(struct buf *out, const struct fill *f) {
    for (int c = 0; c < COL_COUNT; c++) {
        if (c > 0) buf_putc(out, ',');
        put_column(out, f, (enum column)c);
    }
    buf_puts(out, "\r\n");
}
