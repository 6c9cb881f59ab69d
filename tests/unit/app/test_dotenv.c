/* The .env's text, as python-dotenv reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/dotenv.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>

/* Everything that a text says, as "line:name=value;" of each pair and "line:!;" of each bad statement. */
static void assert_reads(const char *text, const char *expected) {
    char got[1024] = "";
    size_t len = strlen(text), n = 0;
    char *copy = malloc(len + 1);
    struct dotenv d;
    struct dotenv_pair p;
    enum dotenv_step step;
    assert_non_null(copy);
    memcpy(copy, text, len);
    dotenv_start(&d, copy, len);
    while ((step = dotenv_next(&d, &p)) != DOTENV_END) {
        if (step == DOTENV_BAD) n += (size_t)snprintf(got + n, sizeof got - n, "%d:!;", p.line);
        else
            n += (size_t)snprintf(got + n, sizeof got - n, "%d:%.*s=%.*s;", p.line, (int)p.name.len, p.name.at,
                                  (int)p.value.len, p.value.len > 0 ? p.value.at : "");
        assert_true(n < sizeof got);
    }
    assert_string_equal(got, expected);
    free(copy);
}

static void plain_values(void **state) {
    (void)state;
    assert_reads("", "");
    assert_reads("A=1", "1:A=1;");
    assert_reads("A=1\nB=2\n", "1:A=1;2:B=2;");
    assert_reads("  A = 1 2 \t\n", "1:A=1 2;");
    assert_reads("A=\nB\nC=x=y", "1:A=;2:B=;3:C=x=y;");
    assert_reads("A=a\\nb", "1:A=a\\nb;");
}

static void comments_and_blank_lines(void **state) {
    (void)state;
    assert_reads("# one\n\n  # two\nA=1 # three\n", "4:A=1;");
    assert_reads("A=1#2\nB=#3\nC= # nothing\nD=\t#\n", "1:A=1#2;2:B=#3;3:C=;4:D=;");
    assert_reads("A='1' # one\nB=\"2\"#two\n", "1:A=1;2:B=2;");
}

static void line_ends_and_byte_order_mark(void **state) {
    (void)state;
    assert_reads("\xef\xbb\xbf"
                 "A=1\r\nB=2\r\rC=3\n\rD='4'\r\n",
                 "1:A=1;2:B=2;4:C=3;6:D=4;");
}

static void export_may_come_before(void **state) {
    (void)state;
    assert_reads("export A=1\nexport\tB=2\nexport=3\nexportC=4\n", "1:A=1;2:B=2;3:export=3;4:exportC=4;");
}

static void quotes_and_escapes(void **state) {
    (void)state;
    assert_reads("A='it\\'s \\\\ \\n'", "1:A=it's \\ \\n;");
    assert_reads("A=\"q\\\" t\\tn\\n \\\\ \\z\"", "1:A=q\" t\tn\n \\ \\z;");
    assert_reads("A=' # kept '\nB=\"\"\n'odd name'=1\n", "1:A= # kept ;2:B=;3:odd name=1;");
    assert_reads("A='two\nlines'\nB=2", "1:A=two\nlines;3:B=2;");
    assert_reads("A=\"${HOME}\"\nB=$X", "1:A=${HOME};2:B=$X;");
}

static void bad_statements_cost_their_line(void **state) {
    (void)state;
    assert_reads("A='open\nB=2\n", "1:!;2:B=2;");
    assert_reads("A=\"x\" y\nB=2\n", "1:!;2:B=2;");
    assert_reads("=1\nB=2\n", "1:!;2:B=2;");
    assert_reads("two words\nB=2\n", "1:!;2:B=2;");
    assert_reads("'A=1\nB=2\n", "1:!;2:B=2;");
    assert_reads("A=\"esc\\\"", "1:!;");
}

static void any_bytes_end(void **state) {
    (void)state;
    struct rng rng;
    static const char set[] = "AB='\"\\#\n\r \t$export";
    rng_seed(&rng, 5);
    for (int i = 0; i < 100000; i++) {
        size_t len = (size_t)rng_below(&rng, 40);
        char *text = malloc(len + 1);
        struct dotenv d;
        struct dotenv_pair p;
        int steps = 0;
        assert_non_null(text);
        for (size_t k = 0; k < len; k++) text[k] = set[rng_below(&rng, sizeof set)]; /* the NUL too */
        dotenv_start(&d, text, len);
        while (dotenv_next(&d, &p) != DOTENV_END) assert_true(++steps <= 41);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_values),
        cmocka_unit_test(comments_and_blank_lines),
        cmocka_unit_test(line_ends_and_byte_order_mark),
        cmocka_unit_test(export_may_come_before),
        cmocka_unit_test(quotes_and_escapes),
        cmocka_unit_test(bad_statements_cost_their_line),
        cmocka_unit_test(any_bytes_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
