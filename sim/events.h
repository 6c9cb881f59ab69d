/* events.h: what the exchange tells without being asked: payloads of the market streams and of the user data stream. Each
 * function writes one JSON object (or array), without envelope. */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include "sim/exchange.h"
#include "sim/jout.h"

/* user data; clock_us is the event time E */
void event_report(struct jout *out, const struct venue *v, const struct venue_report *r, int64_t clock_us);
void event_account(struct jout *out, const struct venue *v, const uint32_t *assets, size_t count, int64_t time_us,
                   int64_t clock_us);
void event_balance(struct jout *out, const struct venue *v, uint32_t asset, int64_t delta, int64_t time_us,
                   int64_t clock_us);
/* {"e":name,"E":clock}: eventStreamTerminated, serverShutdown. */
void event_plain(struct jout *out, const char *name, int64_t clock_us);

/* market data */
void event_ticker(struct jout *out, struct venue_symbol *s, int64_t clock_us);
void event_mini_ticker(struct jout *out, struct venue_symbol *s, int64_t clock_us);
void event_window_ticker(struct jout *out, const struct venue_symbol *s, const char *name, size_t minutes,
                         int64_t clock_us);
void event_book_ticker(struct jout *out, const struct venue_symbol *s);
void event_trade(struct jout *out, const struct venue_symbol *s, const struct venue_trade *t, int64_t clock_us);
void event_agg_trade(struct jout *out, const struct venue_symbol *s, const struct venue_agg *a, int64_t clock_us);
void event_kline(struct jout *out, const struct venue_symbol *s, enum interval i, const struct candle *c,
                 int64_t next_us, bool closed, int64_t clock_us);
void event_average(struct jout *out, const struct venue_symbol *s, int64_t now_us, int64_t clock_us);
void event_depth(struct jout *out, const struct venue_symbol *s, size_t levels);

#endif
