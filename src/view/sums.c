#include "view/sums.h"

void sum_add(struct dec16 *sum, struct dec16 more) {
    if (sum->v == UNKNOWN_DEC) return;
    if (more.v == UNKNOWN_DEC || dec16_add(sum, *sum, more) != ERR_OK) *sum = UNKNOWN_DEC16;
}

/* The rate stands with every pair of that quote. */
static const struct portfolio_line *rated_line(const struct engine *e, const struct name *quote) {
    for (size_t i = 0; i < e->pair_count; i++)
        if (name_eq(&e->pairs[i]->quote, quote) && e->lines[i].has_rate) return &e->lines[i];
    return NULL;
}

struct dec16 sum_shown(const struct engine *e, const struct name *quote, struct dec16 amount) {
    struct dec8 converted;
    struct dec16 wide;
    if (amount.v == UNKNOWN_DEC || name_eq(quote, &e->display)) return amount;
    const struct portfolio_line *line = rated_line(e, quote);
    if (line == NULL) return UNKNOWN_DEC16;
    if (line->rate_is_one) return amount;
    if (conversion_apply8(&converted, amount, &line->rate) != ERR_OK) return UNKNOWN_DEC16;
    return dec16_of_dec8(&wide, converted) == ERR_OK ? wide : UNKNOWN_DEC16;
}

void out_amount(struct buf *out, const char *key, struct dec16 d) {
    if (d.v == UNKNOWN_DEC) out_null(out, key);
    else out_dec16(out, key, d);
}
