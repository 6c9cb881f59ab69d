/* strategies.c: the grids as their source reports them, for the configuration view. */
#include "engine/state.h"
#include "view/json_out.h"
#include "view/view.h"

static void out_level(struct buf *out, const char *key, bool known, struct dec8 price) {
    if (known) out_dec8(out, key, price);
    else out_null(out, key);
}

static void out_strategy(struct buf *out, const struct pair *p) {
    const struct grid *g = &p->grid;
    out_object(out, NULL);
    out_name(out, "symbol", &p->symbol);
    out_word(out, "name", p->strategy[0] != '\0' ? p->strategy : NULL);
    out_bool(out, "active", p->active);
    out_word(out, "source", !g->known ? NULL : p->grid_from_bot ? "bot" : "orders");
    out_level(out, "lower", g->known, g->lower);
    out_level(out, "upper", g->known, g->upper);
    if (g->known) out_int(out, "levels", g->levels);
    else out_null(out, "levels");
    if (g->known && g->investment.v > 0) out_dec16(out, "investment", g->investment);
    else out_null(out, "investment");
    out_object_end(out);
}

void view_strategies(struct buf *out, const struct engine *e) {
    out_array(out, NULL);
    for (size_t i = 0; i < e->pair_count; i++) out_strategy(out, e->pairs[i]);
    out_array_end(out);
}
