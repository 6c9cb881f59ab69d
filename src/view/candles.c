#include "view/json_out.h"
#include "view/view.h"

#include <stdio.h>

static void out_candle(struct buf *out, const struct candle *c) {
    out_object(out, NULL);
    out_time(out, "time", c->open_time);
    out_time(out, "close_time", c->close_time);
    out_dec8(out, "open", c->open);
    out_dec8(out, "high", c->high);
    out_dec8(out, "low", c->low);
    out_dec8(out, "close", c->close);
    out_dec16(out, "volume", c->volume);
    out_bool(out, "closed", c->closed);
    out_object_end(out);
}

static void out_candles(struct buf *out, const struct name *symbol, const struct name *interval,
                        const struct candle *candles, size_t count) {
    out_name(out, "symbol", symbol);
    out_name(out, "interval", interval);
    out_array(out, "candles");
    for (size_t i = 0; i < count; i++) out_candle(out, &candles[i]);
    out_array_end(out);
}

void view_candles(struct buf *out, const struct name *symbol, const struct name *interval, const struct candle *candles,
                  size_t count) {
    out_object(out, NULL);
    out_candles(out, symbol, interval, candles, count);
    out_object_end(out);
}

void view_candles_topic(struct buf *out, const struct name *symbol, const struct name *interval,
                        const struct candle *candle, uint64_t seq) {
    char topic[2 * NAME_MAX + 16];
    (void)snprintf(topic, sizeof topic, "candles:%s:%s", symbol->text, interval->text);
    out_object(out, NULL);
    out_word(out, "type", "candles");
    out_word(out, "topic", topic);
    out_count(out, "seq", seq);
    out_candles(out, symbol, interval, candle, 1);
    out_object_end(out);
}
