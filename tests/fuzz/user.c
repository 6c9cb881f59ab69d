/* user.c: frames of the WebSocket API and of listenKey streams. */
#include "fuzz.h"

#include "wire/binance.h"

static void check_reply(const struct api_reply *r) {
    CHECK(r->status >= 100 && r->status <= 599 && memchr(r->message, '\0', sizeof r->message) != NULL);
    CHECK(r->weight_used >= -1 && (r->weight_limit == -1 || r->weight_limit > 0) && r->retry_after.us >= 0);
}

static void check_message(const struct user_message *m) {
    CHECK(m->kind <= USER_IGNORED && m->subscription_id >= -1 && m->event_time.us >= 0);
    if (m->kind == USER_REPLY) check_reply(&m->reply);
    if (m->kind == USER_ORDER || m->kind == USER_FILL) check_order(&m->order);
    if (m->kind == USER_FILL) {
        check_fill(&m->fill);
        CHECK(m->fill.source == SOURCE_STREAM && m->fill.order_id == m->order.order_id &&
              m->fill.side == m->order.side);
    }
    if (m->kind == USER_BALANCE_DELTA) check_name(&m->asset);
    CHECK(m->balance_count <= USER_BALANCES_MAX && (!m->balances_cut || m->balance_count == USER_BALANCES_MAX));
    for (size_t i = 0; i < m->balance_count; i++) check_balance(&m->balances[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct json *j = json_new();
    struct user_message m = {.subscription_id = 4711};
    struct wire_fault fault = {.err = ERR_OK};
    CHECK(j != NULL);
    enum err e = user_decode(j, span_from(data, size), &m, &fault);
    if (e == ERR_OK) {
        check_message(&m);
    } else {
        check_fault(e, &fault);
        CHECK(m.subscription_id == 4711); /* outputs are untouched */
    }
    json_free(j);
    return 0;
}
