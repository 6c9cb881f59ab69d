/* jout.c: see jout.h. */
#include "sim/jout.h"

static void lead(struct jout *j, const char *key) {
    char last = j->b->len > 0 ? j->b->at[j->b->len - 1] : '{';
    if (last == ' ' && j->b->len > 1) last = j->b->at[j->b->len - 2]; /* behind ": " */
    if (last != '{' && last != '[' && last != ':') buf_puts(j->b, j->spaced ? ", " : ",");
    if (key == NULL) return;
    buf_putc(j->b, '"');
    buf_puts(j->b, key);
    buf_puts(j->b, j->spaced ? "\": " : "\":");
}

void jo_open(struct jout *j, const char *key, char bracket) {
    lead(j, key);
    buf_putc(j->b, bracket);
}

void jo_close(struct jout *j, char bracket) { buf_putc(j->b, bracket); }

void jo_int(struct jout *j, const char *key, int64_t v) {
    lead(j, key);
    buf_put_i64(j->b, v);
}

void jo_bool(struct jout *j, const char *key, bool v) {
    lead(j, key);
    buf_puts(j->b, v ? "true" : "false");
}

void jo_null(struct jout *j, const char *key) {
    lead(j, key);
    buf_puts(j->b, "null");
}

void jo_span(struct jout *j, const char *key, struct span text) {
    lead(j, key);
    buf_putc(j->b, '"');
    buf_put_json_text(j->b, text);
    buf_putc(j->b, '"');
}

void jo_text(struct jout *j, const char *key, const char *text) { jo_span(j, key, span_of(text)); }

void jo_amount(struct jout *j, const char *key, int64_t v) { jo_wide(j, key, v); }

void jo_wide(struct jout *j, const char *key, num_wide v) {
    lead(j, key);
    buf_putc(j->b, '"');
    sim_num_put_wide(j->b, v);
    buf_putc(j->b, '"');
}

void jo_short(struct jout *j, const char *key, num_wide v) {
    lead(j, key);
    buf_putc(j->b, '"');
    sim_num_put_short(j->b, v);
    buf_putc(j->b, '"');
}

void jo_digits(struct jout *j, const char *key, int64_t v, unsigned digits) {
    lead(j, key);
    buf_putc(j->b, '"');
    sim_num_put_digits(j->b, v, digits);
    buf_putc(j->b, '"');
}

void jo_time(struct jout *j, const char *key, int64_t us) { jo_int(j, key, j->micros ? us : us / 1000); }

void jo_raw(struct jout *j, const char *key, struct span json) {
    lead(j, key);
    buf_put_span(j->b, json);
}
