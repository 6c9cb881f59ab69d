/* json_out.h: JSON written straight into a buffer. Members and elements are separated by looking at the last byte: a
 * comma is due unless something has just been opened or a key stands before. So writing has no state of its own, and
 * taking back what was written last is only a matter of the length. Failures are the buffer's (buf.h: sticky). */
#ifndef VIEW_JSON_OUT_H
#define VIEW_JSON_OUT_H

#include "base/buf.h"
#include "base/dec.h"
#include "base/name.h"
#include "base/time.h"

/* The comma where one is due. For elements that are written by hand. */
void out_next(struct buf *b);
/* "key": escaped like any text. */
void out_key(struct buf *b, const char *key);

/* key NULL: an element of an array, or the document itself. */
void out_object(struct buf *b, const char *key);
void out_object_end(struct buf *b);
void out_array(struct buf *b, const char *key);
void out_array_end(struct buf *b);

void out_null(struct buf *b, const char *key);
void out_bool(struct buf *b, const char *key, bool v);
void out_count(struct buf *b, const char *key, uint64_t v);
void out_int(struct buf *b, const char *key, int64_t v);
void out_text(struct buf *b, const char *key, struct span text);
void out_word(struct buf *b, const char *key, const char *word);     /* NULL: null */
void out_name(struct buf *b, const char *key, const struct name *n); /* empty: null */
void out_dec8(struct buf *b, const char *key, struct dec8 d);        /* exact, as a JSON string (PRODUCT 4) */
void out_dec16(struct buf *b, const char *key, struct dec16 d);
void out_time(struct buf *b, const char *key, struct wall t); /* 0: null (time.h) */

/* Back to an earlier length of the same buffer. */
void out_take_back(struct buf *b, size_t len);

#endif
