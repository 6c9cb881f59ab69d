/* table.h: a table on the terminal: columns as wide as their widest cell, numbers aligned at the decimal point. */
#ifndef APP_TABLE_H
#define APP_TABLE_H

#include "base/buf.h"
#include "base/dec.h"

struct table_column {
    const char *head;
    bool number; /* aligned at the point; else to the left */
};

struct table {
    const struct table_column *columns; /* borrowed */
    size_t column_count, cells;
    struct buf text; /* the cells in rows, each with its NUL */
};

void table_init(struct table *t, const struct table_column *columns, size_t column_count);
void table_free(struct table *t);

/* The next cell, row by row. */
void table_text(struct table *t, const char *text);
void table_count(struct table *t, uint64_t n);
/* Rounded half-even to 8 digits for people; with_sign: "+" before what is above zero. Unknown: "-". */
void table_dec16(struct table *t, struct dec16 d, bool known, bool with_sign);

/* Appends head and rows; the last row must be full. */
void table_print(const struct table *t, struct buf *out);

#endif
