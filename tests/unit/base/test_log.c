#include "base/log.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

struct heard {
    int lines;
    enum log_level level;
    const char *topic;
    char text[LOG_LINE_MAX + 1];
    size_t len;
};

static void hear(void *arg, enum log_level level, const char *topic, struct span message) {
    struct heard *h = arg;
    h->lines++;
    h->level = level;
    h->topic = topic;
    h->len = message.len;
    memcpy(h->text, message.at, message.len);
    h->text[message.len] = '\0';
}

static void gives_a_formatted_line_to_its_sink(void **state) {
    struct heard heard = {0};
    struct log log = {LOG_INFO, hear, &heard};
    (void)state;
    log_say(&log, LOG_WARN, "market", "%s is %d s old", "BTCUSDT", 7);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(heard.level, LOG_WARN);
    assert_string_equal(heard.topic, "market");
    assert_string_equal(heard.text, "BTCUSDT is 7 s old");
}

static void drops_what_is_below_its_level_or_has_no_sink(void **state) {
    struct heard heard = {0};
    struct log log = {LOG_WARN, hear, &heard}, deaf = {.least = LOG_DEBUG};
    (void)state;
    log_say(&log, LOG_INFO, "market", "unheard");
    log_say(&deaf, LOG_ERROR, "market", "unheard");
    log_say(NULL, LOG_ERROR, "market", "unheard");
    assert_int_equal(heard.lines, 0);
    log_say(&log, LOG_ERROR, "market", "heard");
    assert_int_equal(heard.lines, 1);
}

static void cuts_a_line_that_is_too_long(void **state) {
    struct heard heard = {0};
    struct log log = {LOG_DEBUG, hear, &heard};
    char text[3 * LOG_LINE_MAX];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_say(&log, LOG_DEBUG, "server", "%s", text);
    assert_int_equal(heard.len, LOG_LINE_MAX - 1);
}

static void names_its_levels(void **state) {
    (void)state;
    assert_string_equal(log_level_name(LOG_DEBUG), "debug");
    assert_string_equal(log_level_name(LOG_ERROR), "error");
    assert_string_equal(log_level_name((enum log_level)9), "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_formatted_line_to_its_sink),
        cmocka_unit_test(drops_what_is_below_its_level_or_has_no_sink),
        cmocka_unit_test(cuts_a_line_that_is_too_long),
        cmocka_unit_test(names_its_levels),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
