#include "app/table.h"

#include "base/check.h"

enum {
    TABLE_COLUMNS_MAX = 16,
    TABLE_BYTES_MAX = 64 << 20, /* 30 years of days by 10 currencies take 20 MB */
    FIGURE_DIGITS = 8,          /* the finest price of the exchange */
    GAP = 2,
};

struct widths { /* left and right of the point; a text is all left */
    size_t left, right;
};

void table_init(struct table *t, const struct table_column *columns, size_t column_count) {
    CHECK(column_count <= TABLE_COLUMNS_MAX);
    *t = (struct table){.columns = columns, .column_count = column_count};
    buf_init(&t->text, TABLE_BYTES_MAX);
    for (size_t i = 0; i < column_count; i++) table_text(t, columns[i].head);
}

void table_free(struct table *t) { buf_free(&t->text); }

void table_text(struct table *t, const char *text) {
    buf_put(&t->text, text, strlen(text) + 1);
    t->cells++;
}

void table_count(struct table *t, uint64_t n) {
    buf_put_u64(&t->text, n);
    buf_putc(&t->text, '\0');
    t->cells++;
}

void table_dec16(struct table *t, struct dec16 d, bool known, bool with_sign) {
    char text[DEC_TEXT_MAX + 1];
    struct dec16 rounded = dec16_round(d, FIGURE_DIGITS);
    text[0] = '+';
    (void)dec16_format(text + 1, rounded);
    table_text(t, !known ? "-" : with_sign && rounded.v > 0 ? text : text + 1);
}

/* Characters, not bytes: assets may have any name. */
static size_t characters(const char *text, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

static struct widths measure(const char *cell, bool split) {
    size_t all = characters(cell, strlen(cell)), left = split ? strcspn(cell, ".") : all;
    return (struct widths){left, all > left ? all - left : 0};
}

static void pad(struct buf *out, size_t n) {
    while (n-- > 0) buf_putc(out, ' ');
}

static void print_cell(struct buf *out, const char *cell, const struct table_column *column, struct widths room,
                       bool head, bool last) {
    struct widths w = measure(cell, column->number && !head);
    size_t before = 0;
    if (column->number) before = head ? room.left + room.right - w.left : room.left - w.left;
    pad(out, before);
    buf_puts(out, cell);
    if (!last) pad(out, room.left + room.right - before - w.left - w.right + GAP);
}

void table_print(const struct table *t, struct buf *out) {
    struct widths room[TABLE_COLUMNS_MAX] = {{0, 0}};
    const char *cell = t->text.at;
    CHECK(t->cells % t->column_count == 0);
    if (t->text.failed != ERR_OK) {
        out->failed = t->text.failed;
        return;
    }
    for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
        struct widths w = measure(cell, i >= t->column_count && t->columns[i % t->column_count].number),
                      *r = &room[i % t->column_count];
        if (i < t->column_count) continue;
        r->left = w.left > r->left ? w.left : r->left;
        r->right = w.right > r->right ? w.right : r->right;
    }
    for (size_t i = 0; i < t->column_count; i++) { /* a head wider than its column moves the point to the right */
        size_t head = characters(t->columns[i].head, strlen(t->columns[i].head));
        if (head > room[i].left + room[i].right) room[i].left = head - room[i].right;
    }
    cell = t->text.at;
    for (size_t i = 0; i < t->cells; i++, cell += strlen(cell) + 1) {
        size_t c = i % t->column_count;
        bool last = c + 1 == t->column_count;
        print_cell(out, cell, &t->columns[c], room[c], i < t->column_count, last);
        if (last) buf_putc(out, '\n');
    }
}
