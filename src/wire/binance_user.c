/* binance_user.c: frames of the WebSocket API: replies, and the user data events (BINANCE 3). Three shapes of an event
 * are read: inside `event` beside a subscriptionId; bare, as the listenKey streams of other hosts send it; and inside
 * `data`, their combined form.
 *
 * A fill is an executionReport whose execution type is TRADE and whose trade id is not -1: allocations of the smart
 * order routing come with -1, are listed apart and have no id that myTrades would know (BINANCE 3.6); for those the
 * order afterwards is all that is taken. The fill's price and quantity are L and l, the executed ones.
 *
 * Words that are not known: an execution type makes the event ignored. An order status means "not open": every status
 * added since 2017 was a final one, an order wrongly shown as waiting would be a lie until the next full listing, and a
 * fill must not be lost over a word beside it. */
#include "wire/binance.h"

#include "base/limits.h"
#include "wire/binance_words.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct place frame = {.name = ""};

/* ---- replies ---- */

struct reply_head {
    int64_t status, code;
};

static const struct field status_field[] = {
    {"status", FIELD_I64, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct reply_head, status), NULL},
};
static const struct field code_field[] = {
    {"code", FIELD_I64, FIELD_MUST, offsetof(struct reply_head, code), NULL},
};

static enum err reply_id(struct span *out, struct json_value root) {
    struct json_value id = json_get(root, "id");
    if (json_is_null(id)) return ERR_OK; /* stays empty */
    if (json_is_number(id)) return json_number_text(id, out);
    return json_text(id, out);
}

static enum err reply_error(struct api_reply *r, struct json_value error, struct wire_fault *fault) {
    static const struct place p = {.name = "error"};
    struct reply_head head;
    struct span msg = SPAN("");
    enum err e = fields_read(error, code_field, COUNT(code_field), &head, &p, fault);
    if (e != ERR_OK) return e;
    if (head.code != (int)head.code) return fault_at(fault, &p, "code", ERR_RANGE);
    r->code = (int)head.code;
    if (json_is_text(json_get(error, "msg"))) (void)!json_text(json_get(error, "msg"), &msg);
    text_cut(r->message, sizeof r->message, msg);
    struct json_value until = json_get(json_get(error, "data"), "retryAfter");
    if (json_present(until) && json_ms_time(until, &r->retry_after) != ERR_OK)
        return fault_at(fault, &p, "data.retryAfter", ERR_VALUE);
    struct json_value said = json_get(json_get(error, "data"), "serverTime");
    if (json_present(said) && json_ms_time(said, &r->server_time) != ERR_OK) r->server_time = (struct wall){0};
    return ERR_OK;
}

struct rate_limit {
    int64_t number, limit, count;
    int kind, interval;
};

static const struct word limit_kinds[] = {{"REQUEST_WEIGHT", 1}, {NULL, 0}};
static const struct word limit_intervals[] = {{"MINUTE", 1}, {NULL, 0}};
static const struct field rate_fields[] = {
    {"rateLimitType", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct rate_limit, kind), limit_kinds},
    {"interval", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct rate_limit, interval), limit_intervals},
    {"intervalNum", FIELD_I64, FIELD_MUST, offsetof(struct rate_limit, number), NULL},
    {"limit", FIELD_I64, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct rate_limit, limit), NULL},
    {"count", FIELD_I64, FIELD_NOT_NEGATIVE, offsetof(struct rate_limit, count), NULL},
};

/* The weight is advice beside the answer: a row that cannot be read is "not said" and costs the answer nothing. */
void binance_weight_read(struct json_value limits, int64_t *used, int64_t *limit) {
    struct json_value row;
    struct json_iter it = json_first(limits);
    *used = *limit = -1;
    while (json_next(&it, &row)) {
        struct wire_fault ignored;
        struct rate_limit r = {.count = -1};
        if (fields_read(row, rate_fields, COUNT(rate_fields), &r, &frame, &ignored) != ERR_OK) continue;
        if (r.kind != 1 || r.interval != 1 || r.number != 1) continue;
        *used = r.count;
        *limit = r.limit;
    }
}

static enum err reply_decode(struct user_message *m, struct json_value root, struct wire_fault *fault) {
    struct api_reply *r = &m->reply;
    struct reply_head head;
    m->kind = USER_REPLY;
    enum err e = fields_read(root, status_field, COUNT(status_field), &head, &frame, fault);
    if (e != ERR_OK) return e;
    if (head.status < 100 || head.status > 599) return fault_at(fault, &frame, "status", ERR_RANGE);
    r->status = (int)head.status;
    e = reply_id(&r->id, root);
    if (e != ERR_OK) return fault_at(fault, &frame, "id", e);
    if (json_present(json_get(root, "error"))) e = reply_error(r, json_get(root, "error"), fault);
    binance_weight_read(json_get(root, "rateLimits"), &r->weight_used, &r->weight_limit);
    r->result = json_get(root, "result");
    return e;
}

/* ---- executionReport ---- */

enum execution {
    EXECUTION_UNKNOWN,
    EXECUTION_ORDER,
    EXECUTION_CANCELED,
    EXECUTION_REJECTED,
    EXECUTION_EXPIRED,
    EXECUTION_TRADE
};

static const struct word executions[] = {
    {"NEW", EXECUTION_ORDER},
    {"CANCELED", EXECUTION_CANCELED},
    {"REPLACED", EXECUTION_ORDER},
    {"REJECTED", EXECUTION_REJECTED},
    {"TRADE", EXECUTION_TRADE},
    {"EXPIRED", EXECUTION_EXPIRED},
    {"TRADE_PREVENTION", EXECUTION_EXPIRED},
    {NULL, EXECUTION_UNKNOWN},
};
/* A word that is not known is no reason that could be told. */
static const struct word reject_reasons[] = {{"INSUFFICIENT_BALANCES", ORDER_REJECTED_BALANCE},
                                             {"WOULD_MATCH_IMMEDIATELY", ORDER_REJECTED_MATCH},
                                             {NULL, ORDER_REJECTED}};
const struct word binance_sides[] = {{"BUY", SIDE_BUY}, {"SELL", SIDE_SELL}, {NULL, 0}};
const struct word binance_order_types[] = {
    {"LIMIT", ORDER_LIMIT}, {"LIMIT_MAKER", ORDER_LIMIT}, {"MARKET", ORDER_MARKET}, {NULL, ORDER_OTHER}};
const struct word binance_open_statuses[] = {
    {"NEW", true}, {"PENDING_NEW", true}, {"PARTIALLY_FILLED", true}, {NULL, false}};

struct report {
    int execution, open, rejected;
    int64_t trade_id;
    struct order order;
    struct fill fill;
};

static const struct field report_fields[] = {
    {"x", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct report, execution), executions},
    {"X", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct report, open), binance_open_statuses},
    {"s", FIELD_NAME, FIELD_MUST, offsetof(struct report, order.symbol), NULL},
    {"i", FIELD_I64, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct report, order.order_id), NULL},
    {"S", FIELD_WORD, FIELD_MUST, offsetof(struct report, order.side), binance_sides},
    {"o", FIELD_WORD, FIELD_MUST | FIELD_ANY_WORD, offsetof(struct report, order.type), binance_order_types},
    {"p", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct report, order.price), NULL},
    {"q", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct report, order.quantity), NULL},
    {"z", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct report, order.filled), NULL},
    {"O", FIELD_MS, 0, offsetof(struct report, order.time), NULL},
    {"r", FIELD_WORD, FIELD_ANY_WORD, offsetof(struct report, rejected), reject_reasons},
    {"t", FIELD_I64, FIELD_MUST, offsetof(struct report, trade_id), NULL},
};

static const struct field trade_fields[] = {
    {"L", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct report, fill.price), NULL},
    {"l", FIELD_DEC8, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct report, fill.quantity), NULL},
    {"Y", FIELD_DEC16, FIELD_NOT_NEGATIVE, offsetof(struct report, fill.quote_amount), NULL},
    {"n", FIELD_DEC16, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct report, fill.fee), NULL},
    {"N", FIELD_NAME, 0, offsetof(struct report, fill.fee_asset), NULL}, /* null beside a fee of 0 */
    {"T", FIELD_MS, FIELD_MUST | FIELD_ABOVE_ZERO, offsetof(struct report, fill.time), NULL},
    {"m", FIELD_MAKER, 0, offsetof(struct report, fill.maker), NULL},
};

static enum order_end end_of(const struct report *r) {
    if (r->open) return ORDER_END_NONE;
    switch (r->execution) {
    case EXECUTION_REJECTED: return r->rejected != 0 ? (enum order_end)r->rejected : ORDER_REJECTED;
    case EXECUTION_CANCELED: return ORDER_CANCELED;
    case EXECUTION_EXPIRED: return ORDER_EXPIRED;
    default: return ORDER_END_NONE;
    }
}

static enum err report_decode(struct user_message *m, const struct letters *l, struct wire_fault *fault) {
    static const struct place p = {.name = "executionReport"};
    struct report r = {.execution = EXECUTION_UNKNOWN};
    enum err e = letters_read(l, report_fields, 1, &r, &p, fault);
    if (e != ERR_OK) return e;
    if (r.execution == EXECUTION_UNKNOWN) {
        m->kind = USER_IGNORED;
        return ERR_OK;
    }
    e = letters_read(l, report_fields, COUNT(report_fields), &r, &p, fault);
    if (e != ERR_OK) return e;
    if (r.trade_id < -1) return fault_at(fault, &p, "t", ERR_VALUE);
    m->kind = USER_ORDER;
    m->order = r.order;
    m->order_open = r.open;
    m->order_end = end_of(&r);
    if (r.execution != EXECUTION_TRADE || r.trade_id == -1) return ERR_OK;
    r.fill.symbol = r.order.symbol;
    r.fill.trade_id = r.trade_id;
    r.fill.order_id = r.order.order_id;
    r.fill.side = r.order.side;
    r.fill.source = SOURCE_STREAM;
    e = letters_read(l, trade_fields, COUNT(trade_fields), &r, &p, fault);
    if (e != ERR_OK) return e;
    m->kind = USER_FILL;
    m->fill = r.fill;
    return ERR_OK;
}

/* ---- balances and the stream's own events ---- */

static const struct field balance_fields[] = {
    {"a", FIELD_NAME, FIELD_MUST, offsetof(struct balance, asset), NULL},
    {"f", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct balance, free), NULL},
    {"l", FIELD_DEC8, FIELD_MUST | FIELD_NOT_NEGATIVE, offsetof(struct balance, locked), NULL},
};

static enum err balances_decode(struct user_message *m, const struct letters *l, struct wire_fault *fault) {
    struct json_value list = letter(l, 'B'), row;
    struct json_iter it = json_first(list);
    struct place p = {.name = "outboundAccountPosition.B", .listed = true};
    if (!json_is_array(list))
        return fault_at(fault, &(struct place){.name = "outboundAccountPosition"}, "B",
                        json_present(list) ? ERR_TYPE : ERR_MISSING);
    m->kind = USER_BALANCES;
    for (; json_next(&it, &row); p.row++) {
        struct balance b;
        enum err e = fields_read(row, balance_fields, COUNT(balance_fields), &b, &p, fault);
        if (e != ERR_OK) return e;
        if (m->balance_count == USER_BALANCES_MAX) m->balances_cut = true;
        else m->balances[m->balance_count++] = b;
    }
    return ERR_OK;
}

static enum err balance_delta_decode(struct user_message *m, const struct letters *l, struct wire_fault *fault) {
    static const struct place p = {.name = "balanceUpdate"};
    static const struct field asset[] = {{"a", FIELD_NAME, FIELD_MUST, 0, NULL}};
    m->kind = USER_BALANCE_DELTA;
    return letters_read(l, asset, 1, &m->asset, &p, fault);
}

static enum err terminated_decode(struct user_message *m, const struct letters *l, struct wire_fault *fault) {
    (void)l, (void)fault;
    m->kind = USER_TERMINATED;
    return ERR_OK;
}

static enum err shutdown_decode(struct user_message *m, const struct letters *l, struct wire_fault *fault) {
    (void)l, (void)fault;
    m->kind = USER_SHUTDOWN;
    return ERR_OK;
}

static const struct {
    const char *word;
    enum err (*decode)(struct user_message *m, const struct letters *l, struct wire_fault *fault);
} events[] = {
    {"executionReport", report_decode},           {"outboundAccountPosition", balances_decode},
    {"balanceUpdate", balance_delta_decode},      {"externalLockUpdate", balance_delta_decode},
    {"eventStreamTerminated", terminated_decode}, {"listenKeyExpired", terminated_decode},
    {"serverShutdown", shutdown_decode},
};

static enum err event_decode(struct user_message *m, struct json_value event, struct wire_fault *fault) {
    static const struct place p = {.name = "event"};
    struct letters l;
    struct span word;
    if (!json_is_object(event)) return fault_at(fault, &p, NULL, ERR_TYPE);
    letters_walk(&l, event);
    enum err e = json_text(letter(&l, 'e'), &word);
    if (e != ERR_OK) return fault_at(fault, &p, "e", e);
    const struct field time = {"E", FIELD_MS, 0, 0, NULL};
    e = letters_read(&l, &time, 1, &m->event_time, &p, fault);
    for (size_t i = 0; e == ERR_OK && i < COUNT(events); i++)
        if (span_is(word, events[i].word)) return events[i].decode(m, &l, fault);
    return e; /* listStatus, and kinds that came later: ignored */
}

static enum err subscription_decode(struct user_message *m, struct json_value root, struct wire_fault *fault) {
    static const struct field id = {"subscriptionId", FIELD_I64, FIELD_NOT_NEGATIVE, 0, NULL};
    return fields_read(root, &id, 1, &m->subscription_id, &frame, fault);
}

enum err user_decode(struct json *j, struct span text, struct user_message *out, struct wire_fault *fault) {
    static const struct place whole = {.name = "frame"};
    struct json_value root;
    struct user_message m = {.kind = USER_IGNORED, .subscription_id = -1};
    m.reply.weight_used = m.reply.weight_limit = -1;
    enum err e = json_parse(j, text, LIMIT_WS_MESSAGE_BYTES, &root);
    if (e != ERR_OK) return fault_at(fault, &whole, NULL, e);
    if (!json_is_object(root)) return fault_at(fault, &whole, NULL, ERR_TYPE);
    struct json_value event = json_get(root, "event"), data = json_get(root, "data");
    if (json_present(event)) {
        e = subscription_decode(&m, root, fault);
        if (e == ERR_OK) e = event_decode(&m, event, fault);
    } else if (json_present(json_get(root, "id")) && json_present(json_get(root, "status"))) {
        e = reply_decode(&m, root, fault);
    } else if (json_present(data) && json_is_text(json_get(root, "stream"))) {
        e = event_decode(&m, data, fault);
    } else {
        e = event_decode(&m, root, fault);
    }
    if (e == ERR_OK) *out = m;
    return e;
}
