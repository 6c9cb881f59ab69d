/* csv.c: files of fills. What is read is written and comes back the same; a file that is refused hands out nothing. */
#include "fuzz.h"

#include "wire/csv.h"

struct seen {
    size_t count, refused;
    uint64_t sum; /* of what must survive a round trip */
    struct buf *out;
};

static void take_fill(void *arg, const struct fill *f) {
    struct seen *s = arg;
    check_fill(f);
    CHECK(f->source == SOURCE_IMPORT);
    s->count++;
    s->sum = s->sum * 31 + (uint64_t)f->trade_id + (uint64_t)f->price.v + (uint64_t)f->quantity.v * 3 +
             (uint64_t)f->quote_amount.v * 5 + (uint64_t)f->fee.v * 7 + f->side + (uint64_t)f->order_id * 11 + f->maker;
    if (s->out != NULL) csv_write_fill(s->out, f);
}

static void take_refusal(void *arg, const struct csv_fault *why) {
    struct seen *s = arg;
    s->refused++;
    CHECK(why->err == ERR_VALUE && why->line > 0 && strstr(why->what, "is not above zero") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf out;
    struct csv_fault fault = {.line = 0};
    struct seen first = {.out = &out}, second = {.out = NULL};
    buf_init(&out, 64 << 20);
    csv_write_header(&out);
    enum err e = csv_read_fills(span_from(data, size), take_fill, take_refusal, &first, &fault);
    if (e != ERR_OK) {
        CHECK(first.count == 0 && first.refused == 0 && fault.err == e && fault.line > 0);
        CHECK(memchr(fault.what, '\0', sizeof fault.what) != NULL && strncmp(fault.what, "line ", 5) == 0);
    } else {
        CHECK(out.failed == ERR_OK &&
              csv_read_fills(buf_span(&out), take_fill, take_refusal, &second, &fault) == ERR_OK);
        CHECK(second.refused == 0 && second.count == first.count && second.sum == first.sum);
    }
    buf_free(&out);
    return 0;
}
