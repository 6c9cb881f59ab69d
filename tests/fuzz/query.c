/* query.c: what stands behind '?' in an address. The first byte chooses the kind of question. */
#include "fuzz.h"

#include "base/limits.h"
#include "server/params.h"
#include "server/topics.h"

static void check_query(const struct server_query *q, enum server_query_kind kind) {
    CHECK(q->kind == kind && q->side <= QUERY_SIDE_SELL);
    CHECK(q->limit <= LIMIT_QUERY_ROWS && q->days <= 3650);
    CHECK(memchr(q->q, '\0', sizeof q->q) != NULL && memchr(q->cursor, '\0', sizeof q->cursor) != NULL);
    CHECK(memchr(q->symbol.text, '\0', NAME_MAX) != NULL && memchr(q->interval.text, '\0', NAME_MAX) != NULL);
    CHECK(q->from.us >= 0 && q->to.us >= 0 && q->before.us >= 0);
    CHECK(name_empty(&q->interval) || interval_ok(name_span(&q->interval)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    enum server_query_kind kind = data[0] % (QUERY_CONFIG + 1);
    struct span text = span_from((const char *)data + 1, size - 1);
    struct server_query q;
    struct param_fault fault = {"", ""};
    enum err e = params_parse(&q, &fault, kind, text);
    if (e == ERR_OK) check_query(&q, kind);
    else {
        CHECK(e == ERR_VALUE && fault.message[0] != '\0');
        CHECK(memchr(fault.field, '\0', sizeof fault.field) != NULL &&
              memchr(fault.message, '\0', sizeof fault.message) != NULL);
    }
    char resume[24];
    uint64_t seq;
    e = params_one(resume, sizeof resume, text, "resume");
    if (e == ERR_OK) {
        CHECK(memchr(resume, '\0', sizeof resume) != NULL);
        if (params_number(&seq, span_of(resume), 1, UINT64_MAX) == ERR_OK) CHECK(seq >= 1);
    }
    if (topic_name_ok(text)) CHECK(text.len <= LIMIT_TOPIC_BYTES && memchr(text.at, '\0', text.len) == NULL);
    return 0;
}
