/* contract/: the schema of the snapshot holds for its example, and refuses what the contract does not allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "schema_check.h"

#include <stdio.h>
#include <stdlib.h>

static struct json *schema_json, *document_json;
static struct json_value schema;
static struct buf example;
static struct schema_fault fault;

static void read_file(struct buf *out, const char *path) {
    char name[4096], part[4096];
    size_t n;
    snprintf(name, sizeof name, "%s/%s", getenv("GRIDSCOPE_ROOT"), path);
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    buf_init(out, 1 << 20);
    while ((n = fread(part, 1, sizeof part, f)) > 0) buf_put(out, part, n);
    fclose(f);
    assert_int_equal(out->failed, ERR_OK);
}

static int setup(void **state) {
    struct buf text;
    (void)state;
    schema_json = json_new();
    document_json = json_new();
    read_file(&text, "contract/snapshot.schema.json");
    read_file(&example, "contract/snapshot.example.json");
    assert_int_equal(json_parse(schema_json, buf_span(&text), 1 << 20, &schema), ERR_OK);
    buf_free(&text);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    json_free(schema_json);
    json_free(document_json);
    buf_free(&example);
    return 0;
}

static bool text_holds(struct span text) {
    struct json_value root;
    assert_int_equal(json_parse(document_json, text, 1 << 20, &root), ERR_OK);
    return schema_holds(&fault, schema, root);
}

/* The example with its first `from` replaced. */
static bool changed_holds(const char *from, const char *to) {
    struct buf b;
    const char *at = strstr(example.at, from);
    assert_non_null(at);
    buf_init(&b, 1 << 20);
    buf_put(&b, example.at, (size_t)(at - example.at));
    buf_puts(&b, to);
    buf_puts(&b, at + strlen(from));
    bool ok = text_holds(buf_span(&b));
    buf_free(&b);
    return ok;
}

static void refused(const char *from, const char *to, const char *where, const char *what) {
    assert_false(changed_holds(from, to));
    assert_string_equal(fault.where, where);
    assert_string_equal(fault.what, what);
}

static void the_example_holds(void **state) {
    (void)state;
    if (!text_holds(buf_span(&example))) fail_msg("%s: %s", fault.where, fault.what);
}

static void what_is_not_known_yet_is_null(void **state) {
    (void)state;
    static const char *const changes[][2] = {
        {"\"streaming\"", "\"starting\""},
        {"\"812.4471\"", "null"},
        {"\"64010.50000000\"", "null"},
        {"\"2026-11-20T10:15:30.120001Z\"", "null"},
        {"\"equity\"", "null"},
        {"\"3.10\"", "null"},
        {"\"10000\"", "null"},
        {"\"spacing\": null", "\"spacing\": \"400\""},
        {"\"2026-11-20T09:30:07.400000Z\"", "null"},
        {"\"status_reason\": null", "\"status_reason\": \"circuit_breaker\""},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        if (!changed_holds(changes[i][0], changes[i][1]))
            fail_msg("%s: %s: %s", changes[i][0], fault.where, fault.what);
}

static void words_outside_the_contract_are_refused(void **state) {
    (void)state;
    refused("\"streaming\"", "\"fast\"", "mode", "enum");
    refused("\"connected\"", "null", "status", "type");
    refused("\"status_reason\": null", "\"status_reason\": \"tired\"", "status_reason", "enum");
    refused("\"snapshot\"", "\"delta\"", "type", "const");
    refused("\"healthy\"", "\"fine\"", "bot", "type"); /* of anyOf, the last alternative tells: null */
    refused("\"live\"", "\"open\"", "streams.market.state", "enum");
}

static void money_is_text_in_plain_notation(void **state) {
    (void)state;
    refused("\"0.01000000\"", "0.01", "pairs[0].holdings", "type");
    refused("\"unmatched_quantity\": \"0\"", "\"unmatched_quantity\": \"1e-8\"", "pairs[0].unmatched_quantity",
            "pattern");
    refused("\"unmatched_quantity\": \"0\"", "\"unmatched_quantity\": \"+1\"", "pairs[0].unmatched_quantity",
            "pattern");
    refused("\"unmatched_quantity\": \"0\"", "\"unmatched_quantity\": \"01\"", "pairs[0].unmatched_quantity",
            "pattern");
    refused("\"unmatched_quantity\": \"0\"", "\"unmatched_quantity\": 0", "pairs[0].unmatched_quantity", "type");
}

static void times_are_utc_with_six_digits(void **state) {
    (void)state;
    refused("\"2026-11-20T10:15:30.123456Z\"", "\"2026-11-20T10:15:30Z\"", "server_time", "pattern");
    refused("\"2026-11-20T10:15:30.123456Z\"", "\"2026-11-20T10:15:30.123456+00:00\"", "server_time", "pattern");
}

static void nothing_is_missing_and_nothing_is_added(void **state) {
    (void)state;
    refused("\"trades_cached\": 200,", "", "trades_cached", "required");
    refused("\"trades_cached\": 200,", "\"trades_cached\": 200, \"secret\": 1,", "secret", "additionalProperties");
    refused("\"buys\": 2,", "", "pairs[0].buys", "required");
    refused("\"recovered_fills\": 1", "\"recovered_fills\": 1, \"why\": \"\"", "gaps[0].why", "additionalProperties");
    refused("\"trades_cached\": 200,", "\"trades_cached\": -1,", "trades_cached", "minimum");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_holds),
        cmocka_unit_test(what_is_not_known_yet_is_null),
        cmocka_unit_test(words_outside_the_contract_are_refused),
        cmocka_unit_test(money_is_text_in_plain_notation),
        cmocka_unit_test(times_are_utc_with_six_digits),
        cmocka_unit_test(nothing_is_missing_and_nothing_is_added),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
