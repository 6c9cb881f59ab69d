/* events.c: see events.h. */
#include "sim/events.h"

#include "base/time.h"
#include "sim/api.h"

void event_report(struct jout *out, const struct venue *v, const struct venue_report *r, int64_t clock_us) {
    static const char *const kinds[] = {
        [REPORT_NEW] = "NEW", [REPORT_TRADE] = "TRADE", [REPORT_CANCELED] = "CANCELED", [REPORT_EXPIRED] = "EXPIRED"};
    const struct venue_order *o = r->order;
    const struct venue_fill *f = r->fill;
    jo_open(out, NULL, '{');
    jo_text(out, "e", "executionReport");
    jo_time(out, "E", clock_us);
    jo_text(out, "s", r->symbol->name);
    jo_text(out, "c", o->client_id);
    jo_text(out, "S", o->side == SIDE_BUY ? "BUY" : "SELL");
    jo_text(out, "o", o->type == ORDER_LIMIT ? "LIMIT" : "MARKET");
    jo_text(out, "f", "GTC");
    jo_amount(out, "q", o->quantity);
    jo_amount(out, "p", o->price);
    jo_amount(out, "P", 0);
    jo_amount(out, "F", 0);
    jo_int(out, "g", -1);
    jo_text(out, "C", r->kind == REPORT_CANCELED ? o->placed_id : "");
    jo_text(out, "x", kinds[r->kind]);
    jo_text(out, "X", api_status_name(o->status));
    jo_text(out, "r", "NONE");
    jo_int(out, "i", o->id);
    jo_amount(out, "l", f != NULL ? f->quantity : 0);
    jo_amount(out, "z", o->filled);
    jo_amount(out, "L", f != NULL ? f->price : 0);
    if (f != NULL) jo_amount(out, "n", f->fee);
    else jo_text(out, "n", "0");
    if (f != NULL) jo_text(out, "N", v->market.assets[f->fee_asset].name);
    else jo_null(out, "N");
    jo_time(out, "T", r->time_us);
    jo_int(out, "t", f != NULL ? f->id : -1);
    jo_int(out, "I", r->execution_id);
    jo_bool(out, "w", r->on_book);
    jo_bool(out, "m", f != NULL && f->maker);
    jo_bool(out, "M", f != NULL);
    jo_time(out, "O", o->time_us);
    jo_amount(out, "Z", o->quote_filled);
    jo_amount(out, "Y", f != NULL ? f->quote : 0);
    jo_amount(out, "Q", 0);
    jo_time(out, "W", o->time_us);
    jo_text(out, "V", "NONE");
    if (r->kind == REPORT_EXPIRED) jo_text(out, "eR", "INSUFFICIENT_LIQUIDITY");
    jo_close(out, '}');
}

void event_account(struct jout *out, const struct venue *v, const uint32_t *assets, size_t count, int64_t time_us,
                   int64_t clock_us) {
    jo_open(out, NULL, '{');
    jo_text(out, "e", "outboundAccountPosition");
    jo_time(out, "E", clock_us);
    jo_time(out, "u", time_us);
    jo_open(out, "B", '[');
    for (size_t i = 0; i < count; i++) {
        jo_open(out, NULL, '{');
        jo_text(out, "a", v->market.assets[assets[i]].name);
        jo_wide(out, "f", venue_free_balance(v, assets[i]));
        jo_wide(out, "l", venue_locked_balance(v, assets[i]));
        jo_close(out, '}');
    }
    jo_close(out, ']');
    jo_close(out, '}');
}

void event_balance(struct jout *out, const struct venue *v, uint32_t asset, int64_t delta, int64_t time_us,
                   int64_t clock_us) {
    jo_open(out, NULL, '{');
    jo_text(out, "e", "balanceUpdate");
    jo_time(out, "E", clock_us);
    jo_text(out, "a", v->market.assets[asset].name);
    jo_amount(out, "d", delta);
    jo_time(out, "T", time_us);
    jo_close(out, '}');
}

void event_plain(struct jout *out, const char *name, int64_t clock_us) {
    jo_open(out, NULL, '{');
    jo_text(out, "e", name);
    jo_time(out, "E", clock_us);
    jo_close(out, '}');
}

/* --- market data ------------------------------------------------------------------------------------------------------ */

static void put_head(struct jout *out, const char *event, const struct venue_symbol *s, int64_t clock_us) {
    jo_text(out, "e", event);
    jo_time(out, "E", clock_us);
    jo_text(out, "s", s->name);
}

static void put_change(struct jout *out, const struct candle *c) {
    jo_amount(out, "p", c->close - c->open);
    api_percent(out, "P", c->close - c->open, c->open, 3);
    jo_amount(out, "w", c->volume > 0 ? sim_num_div(c->quote_volume, c->volume) : 0);
}

static void put_range(struct jout *out, const struct candle *c) {
    jo_amount(out, "o", c->open);
    jo_amount(out, "h", c->high);
    jo_amount(out, "l", c->low);
}

static void put_window(struct jout *out, const struct candle *c, int64_t clock_us, int64_t width_us) {
    jo_amount(out, "v", c->volume);
    jo_amount(out, "q", c->quote_volume);
    jo_time(out, "O", clock_us - width_us);
    jo_time(out, "C", clock_us);
    jo_int(out, "F", c->first_id);
    jo_int(out, "L", c->last_id);
    jo_int(out, "n", c->trades);
}

static void put_best(struct jout *out, const struct venue_symbol *s) {
    const struct book_level *bid = sim_book_best(&s->book, SIDE_BUY), *ask = sim_book_best(&s->book, SIDE_SELL);
    jo_amount(out, "b", bid != NULL ? bid->price : 0);
    jo_amount(out, "B", bid != NULL ? bid->quantity : 0);
    jo_amount(out, "a", ask != NULL ? ask->price : 0);
    jo_amount(out, "A", ask != NULL ? ask->quantity : 0);
}

void event_ticker(struct jout *out, struct venue_symbol *s, int64_t clock_us) {
    struct candle c = {0};
    int64_t before = 0;
    venue_day(s, &c, &before);
    jo_open(out, NULL, '{');
    put_head(out, "24hrTicker", s, clock_us);
    put_change(out, &c);
    jo_amount(out, "x", before);
    jo_amount(out, "c", s->last_price);
    jo_amount(out, "Q", s->last_quantity);
    put_best(out, s);
    put_range(out, &c);
    put_window(out, &c, clock_us, US_PER_DAY);
    jo_close(out, '}');
}

void event_mini_ticker(struct jout *out, struct venue_symbol *s, int64_t clock_us) {
    struct candle c = {0};
    int64_t before = 0;
    venue_day(s, &c, &before);
    jo_open(out, NULL, '{');
    put_head(out, "24hrMiniTicker", s, clock_us);
    jo_amount(out, "c", s->last_price);
    put_range(out, &c);
    jo_amount(out, "v", c.volume);
    jo_amount(out, "q", c.quote_volume);
    jo_close(out, '}');
}

void event_window_ticker(struct jout *out, const struct venue_symbol *s, const char *name, size_t minutes,
                         int64_t clock_us) {
    struct candle c = {0};
    int64_t before = 0;
    sim_candles_window(&s->minutes, &c, &before, minutes + 1); /* the window opens on a minute: up to one more */
    jo_open(out, NULL, '{');
    put_head(out, name, s, clock_us);
    put_change(out, &c);
    put_range(out, &c);
    jo_amount(out, "c", s->last_price);
    put_window(out, &c, clock_us, clock_us - c.open_us);
    jo_close(out, '}');
}

void event_book_ticker(struct jout *out, const struct venue_symbol *s) {
    jo_open(out, NULL, '{');
    jo_int(out, "u", (int64_t)s->book.updates);
    jo_text(out, "s", s->name);
    put_best(out, s);
    jo_close(out, '}');
}

void event_trade(struct jout *out, const struct venue_symbol *s, const struct venue_trade *t, int64_t clock_us) {
    jo_open(out, NULL, '{');
    put_head(out, "trade", s, clock_us);
    jo_int(out, "t", t->id);
    jo_amount(out, "p", t->price);
    jo_amount(out, "q", t->quantity);
    jo_time(out, "T", t->time_us);
    jo_bool(out, "m", t->buyer_is_maker);
    jo_bool(out, "M", true);
    jo_close(out, '}');
}

void event_agg_trade(struct jout *out, const struct venue_symbol *s, const struct venue_agg *a, int64_t clock_us) {
    jo_open(out, NULL, '{');
    put_head(out, "aggTrade", s, clock_us);
    jo_int(out, "a", a->id);
    jo_amount(out, "p", a->price);
    jo_amount(out, "q", a->quantity);
    jo_int(out, "f", a->first_id);
    jo_int(out, "l", a->last_id);
    jo_time(out, "T", a->time_us);
    jo_bool(out, "m", a->buyer_is_maker);
    jo_bool(out, "M", true);
    jo_close(out, '}');
}

void event_kline(struct jout *out, const struct venue_symbol *s, enum interval i, const struct candle *c,
                 int64_t next_us, bool closed, int64_t clock_us) {
    jo_open(out, NULL, '{');
    put_head(out, "kline", s, clock_us);
    jo_open(out, "k", '{');
    jo_time(out, "t", c->open_us);
    jo_int(out, "T", out->micros ? next_us - 1 : next_us / US_PER_MS - 1);
    jo_text(out, "s", s->name);
    jo_text(out, "i", sim_interval_name(i));
    jo_int(out, "f", c->first_id);
    jo_int(out, "L", c->last_id);
    jo_amount(out, "o", c->open);
    jo_amount(out, "c", c->close);
    jo_amount(out, "h", c->high);
    jo_amount(out, "l", c->low);
    jo_amount(out, "v", c->volume);
    jo_int(out, "n", c->trades);
    jo_bool(out, "x", closed);
    jo_amount(out, "q", c->quote_volume);
    jo_amount(out, "V", c->taker_volume);
    jo_amount(out, "Q", c->taker_quote_volume);
    jo_text(out, "B", "0");
    jo_close(out, '}');
    jo_close(out, '}');
}

void event_average(struct jout *out, const struct venue_symbol *s, int64_t now_us, int64_t clock_us) {
    jo_open(out, NULL, '{');
    put_head(out, "avgPrice", s, clock_us);
    jo_text(out, "i", "5m");
    jo_amount(out, "w", venue_average(s));
    jo_time(out, "T", now_us);
    jo_close(out, '}');
}

void event_depth(struct jout *out, const struct venue_symbol *s, size_t levels) {
    static const char *const keys[] = {[SIDE_BUY] = "bids", [SIDE_SELL] = "asks"};
    jo_open(out, NULL, '{');
    jo_int(out, "lastUpdateId", (int64_t)s->book.updates);
    for (int side = 0; side < 2; side++) {
        jo_open(out, keys[side], '[');
        for (size_t i = 0; i < levels && i < sim_book_levels(&s->book, (enum side)side); i++) {
            const struct book_level *l = sim_book_at(&s->book, (enum side)side, i);
            jo_open(out, NULL, '[');
            jo_amount(out, NULL, l->price);
            jo_amount(out, NULL, l->quantity);
            jo_close(out, ']');
        }
        jo_close(out, ']');
    }
    jo_close(out, '}');
}
