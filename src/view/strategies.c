/* strategies.c: the bot's grids as it reports them, for the configuration view. Its own figures are shown there, never added
 * to ours. */
#include "engine/state.h"
#include "view/view.h"

static void put_text(struct buf *out, const char *key, const char *text) {
    buf_putf(out, "\"%s\":", key);
    if (text[0] == '\0') {
        buf_puts(out, "null");
        return;
    }
    buf_putc(out, '"');
    buf_put_json_text(out, span_of(text));
    buf_putc(out, '"');
}

void view_strategies(struct buf *out, const struct engine *e) {
    char text[DEC_TEXT_MAX];
    const char *comma = "";
    buf_putc(out, '[');
    for (size_t i = 0; i < e->pair_count; i++) {
        const struct pair *p = e->pairs[i];
        buf_puts(out, comma);
        buf_putc(out, '{');
        put_text(out, "symbol", p->symbol.text);
        buf_putc(out, ',');
        put_text(out, "name", p->strategy);
        buf_putf(out, ",\"active\":%s,\"source\":\"%s\"", p->active ? "true" : "false", p->grid_from_bot ? "bot" : "orders");
        if (p->grid.known || p->grid.levels > 0) {
            (void)dec8_format(text, p->grid.lower);
            buf_putf(out, ",\"lower\":\"%s\"", text);
            (void)dec8_format(text, p->grid.upper);
            buf_putf(out, ",\"upper\":\"%s\",\"levels\":%d", text, p->grid.levels);
        } else {
            buf_puts(out, ",\"lower\":null,\"upper\":null,\"levels\":null");
        }
        (void)dec16_format(text, p->grid.investment);
        if (p->grid.investment.v > 0) buf_putf(out, ",\"investment\":\"%s\"}", text);
        else buf_puts(out, ",\"investment\":null}");
        comma = ",";
    }
    buf_putc(out, ']');
}
