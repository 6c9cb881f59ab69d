/* binance_market.c: frames of the market streams (BINANCE 2). The hot path of the program: a ticker is one walk over
 * its members into slots by letter, and four of the slots are read. */
#include "wire/binance.h"

#include "base/buf.h"
#include "base/limits.h"
#include "wire/fields.h"

enum { SUBSCRIBE_BYTES_MAX = 4000 }; /* BINANCE 2.3: above 4096 bytes with the frame's head there is never an answer */

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct place frame = {.name = ""};

/* ---- replies to control messages ---- */

struct reply_error {
    int64_t code;
};

static const struct field reply_error_fields[] = {
    {"code", FIELD_I64, FIELD_MUST, offsetof(struct reply_error, code), NULL},
};

/* Documented flat, observed nested (BINANCE 2.3): `error` is the object that holds code and msg. */
static enum err reply_error_decode(struct market_message *out, struct json_value error, const struct place *p,
                                   struct wire_fault *fault) {
    struct reply_error r;
    struct span msg = SPAN("");
    enum err e = fields_read(error, reply_error_fields, COUNT(reply_error_fields), &r, p, fault);
    if (e != ERR_OK) return e;
    if (json_is_text(json_get(error, "msg"))) (void)!json_text(json_get(error, "msg"), &msg);
    /* "unknown property" has the code 0, which means success here */
    out->code = r.code == 0 || r.code != (int)r.code ? -1 : (int)r.code;
    text_cut(out->message, sizeof out->message, msg);
    return ERR_OK;
}

static bool is_reply(struct json_value root) {
    return json_present(json_get(root, "result")) || json_present(json_get(root, "error")) ||
           (json_present(json_get(root, "code")) && json_present(json_get(root, "msg")));
}

static enum err reply_decode(struct market_message *out, struct json_value root, struct wire_fault *fault) {
    static const struct place nested = {.name = "error"};
    struct market_message m = {.kind = MARKET_REPLY, .id = -1};
    struct json_value id = json_get(root, "id"), error = json_get(root, "error"), result = json_get(root, "result");
    if (json_is_number(id)) {
        enum err e = json_i64(id, &m.id);
        if (e != ERR_OK) return fault_at(fault, &frame, "id", e);
    }
    enum err e = ERR_OK;
    if (json_present(error)) e = reply_error_decode(&m, error, &nested, fault);
    else if (json_present(result)) m.subscriptions = json_is_array(result) ? json_size(result) : 0;
    else e = reply_error_decode(&m, root, &frame, fault);
    if (e == ERR_OK) *out = m;
    return e;
}

/* ---- events ---- */

struct event_head {
    struct name symbol;
    struct wall time;
};

static const struct field head_fields[] = {
    {"s", FIELD_NAME, FIELD_MUST, offsetof(struct event_head, symbol), NULL},
    {"E", FIELD_MS, 0, offsetof(struct event_head, time), NULL},
};

static const struct field close_price[] = {{"c", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, 0, NULL}};
static const struct field trade_price[] = {{"p", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, 0, NULL}};

static enum err ticker_decode(struct market_message *out, const struct letters *l, const struct field *price_field,
                              struct wire_fault *fault) {
    struct event_head head = {.time = {0}};
    struct dec8 price;
    enum err e = letters_read(l, head_fields, COUNT(head_fields), &head, &frame, fault);
    if (e == ERR_OK) e = letters_read(l, price_field, 1, &price, &frame, fault);
    if (e != ERR_OK) return e;
    *out = (struct market_message){.kind = MARKET_TICKER, .id = -1, .event_time = head.time};
    if (price.v == 0) out->kind = MARKET_IGNORED; /* a market without any trade yet has no last price */
    else out->ticker = (struct ticker){.exchange_symbol = head.symbol, .price = price, .event_time = head.time};
    return ERR_OK;
}

static enum err close_decode(struct market_message *out, const struct letters *l, struct wire_fault *fault) {
    return ticker_decode(out, l, close_price, fault);
}

static enum err trade_decode(struct market_message *out, const struct letters *l, struct wire_fault *fault) {
    return ticker_decode(out, l, trade_price, fault);
}

struct kline {
    struct name interval;
    struct candle candle;
};

static const struct field kline_fields[] = {
    {"i", FIELD_NAME, FIELD_MUST, offsetof(struct kline, interval), NULL},
    {"t", FIELD_MS, FIELD_MUST, offsetof(struct kline, candle.open_time), NULL},
    {"T", FIELD_MS, FIELD_MUST, offsetof(struct kline, candle.close_time), NULL},
    {"o", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct kline, candle.open), NULL},
    {"h", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct kline, candle.high), NULL},
    {"l", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct kline, candle.low), NULL},
    {"c", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct kline, candle.close), NULL},
    {"v", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct kline, candle.volume), NULL},
    {"x", FIELD_BOOL, FIELD_MUST, offsetof(struct kline, candle.closed), NULL},
};

static enum err kline_decode(struct market_message *out, const struct letters *l, struct wire_fault *fault) {
    static const struct place inner = {.name = "k"};
    struct event_head head = {.time = {0}};
    struct kline k;
    struct letters in;
    enum err e = letters_read(l, head_fields, COUNT(head_fields), &head, &frame, fault);
    if (e != ERR_OK) return e;
    if (!json_is_object(letter(l, 'k')))
        return fault_at(fault, &frame, "k", json_present(letter(l, 'k')) ? ERR_TYPE : ERR_MISSING);
    letters_walk(&in, letter(l, 'k'));
    e = letters_read(&in, kline_fields, COUNT(kline_fields), &k, &inner, fault);
    if (e != ERR_OK) return e;
    if (k.candle.close_time.us < k.candle.open_time.us) return fault_at(fault, &inner, "T", ERR_VALUE);
    *out = (struct market_message){.kind = MARKET_KLINE,
                                   .id = -1,
                                   .symbol = head.symbol,
                                   .interval = k.interval,
                                   .candle = k.candle,
                                   .event_time = head.time};
    return ERR_OK;
}

static enum err shutdown_decode(struct market_message *out, const struct letters *l, struct wire_fault *fault) {
    struct event_head head = {.time = {0}};
    enum err e = letters_read(l, head_fields + 1, 1, &head, &frame, fault); /* it names no symbol */
    if (e == ERR_OK) *out = (struct market_message){.kind = MARKET_SHUTDOWN, .id = -1, .event_time = head.time};
    return e;
}

static enum err ignore(struct market_message *out) {
    *out = (struct market_message){.kind = MARKET_IGNORED, .id = -1};
    return ERR_OK;
}

/* blockTrade is left out on purpose: its price is negotiated beside the book. */
#define WORD(text)                                                                                                     \
    { text, sizeof(text) - 1 }
static const struct {
    struct span word;
    enum err (*decode)(struct market_message *out, const struct letters *l, struct wire_fault *fault);
} events[] = {
    {WORD("24hrTicker"), close_decode}, {WORD("24hrMiniTicker"), close_decode},
    {WORD("kline"), kline_decode},      {WORD("aggTrade"), trade_decode},
    {WORD("trade"), trade_decode},      {WORD("serverShutdown"), shutdown_decode},
};

static enum err event_decode(struct market_message *out, struct json_value event, struct wire_fault *fault) {
    struct letters l;
    struct span word;
    letters_walk(&l, event);
    if (!json_present(letter(&l, 'e'))) return ignore(out); /* @bookTicker and @depth5 have none */
    enum err e = json_text(letter(&l, 'e'), &word);
    if (e != ERR_OK) return fault_at(fault, &frame, "e", e);
    for (size_t i = 0; i < COUNT(events); i++)
        if (span_eq(word, events[i].word)) return events[i].decode(out, &l, fault);
    return ignore(out);
}

enum err market_decode(struct json *j, struct span text, struct market_message *out, struct wire_fault *fault) {
    struct json_value root;
    enum err e = json_parse(j, text, LIMIT_WS_MESSAGE_BYTES, &root);
    if (e != ERR_OK) return fault_at(fault, &(struct place){.name = "frame"}, NULL, e);
    struct json_value payload = root, data = json_get(root, "data");
    bool wrapped = json_present(data) && json_is_text(json_get(root, "stream"));
    if (wrapped) payload = data;
    if (json_is_array(payload)) return ignore(out);
    if (!json_is_object(payload)) return fault_at(fault, &(struct place){.name = "frame"}, NULL, ERR_TYPE);
    if (!wrapped && is_reply(root)) return reply_decode(out, root, fault);
    return event_decode(out, payload, fault);
}

/* ---- what we send ---- */

enum err market_subscribe_frame(struct buf *out, const char *method, const char *const *streams, size_t count,
                                int64_t id) {
    size_t start = out->len;
    buf_puts(out, "{\"method\":\"");
    buf_puts(out, method);
    buf_puts(out, "\"");
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, i == 0 ? ",\"params\":[\"" : ",\"");
        buf_put_json_text(out, span_of(streams[i]));
        buf_puts(out, i + 1 == count ? "\"]" : "\"");
    }
    buf_puts(out, ",\"id\":");
    buf_put_i64(out, id);
    buf_puts(out, "}");
    enum err e = out->failed != ERR_OK ? out->failed : out->len - start > SUBSCRIBE_BYTES_MAX ? ERR_TOO_BIG : ERR_OK;
    if (e != ERR_OK && out->at != NULL) out->at[out->len = start] = '\0';
    return e;
}
