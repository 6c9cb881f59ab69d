/* Guarded memory, and files that only their owner may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/secret.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_secret_is_a_copy_and_can_be_replaced(void **state) {
    (void)state;
    struct secret s = {0};
    char text[] = "hunter2";
    assert_int_equal(secret_set(&s, span_of(text)), ERR_OK);
    secret_wipe(text, sizeof text - 1);
    assert_int_equal(text[0], 0);
    assert_int_equal(text[6], 0);
    assert_true(span_is(secret_span(&s), "hunter2"));
    assert_int_equal(secret_set(&s, SPAN("other")), ERR_OK);
    assert_true(span_is(secret_span(&s), "other"));
    assert_int_equal(secret_set(&s, SPAN("")), ERR_OK);
    assert_null(s.at);
    assert_int_equal(s.len, 0);
    secret_free(&s);
}

/* Runs fn in a child and returns the signal that ended it, 0 for none. */
static int signal_of(void (*fn)(struct secret *s), struct secret *s) {
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* the sanitizers' and cmocka's handlers would hide it */
        fn(s);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void write_into(struct secret *s) { *(volatile unsigned char *)s->at = 'x'; }

static void read_behind(struct secret *s) { (void)*(volatile unsigned char *)(s->at + s->len); }

static void it_is_read_only_and_fenced(void **state) {
    (void)state;
    struct secret s = {0};
    assert_int_equal(secret_set(&s, SPAN("hunter2")), ERR_OK);
    assert_int_equal(signal_of(write_into, &s), SIGSEGV);
    assert_int_equal(signal_of(read_behind, &s), SIGSEGV);
    secret_free(&s);
}

static char path[] = "/tmp/gridscope-secret-XXXXXX";

static int make_file(void **state) {
    (void)state;
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, "pem text", 8) != 8) return 1;
    return close(fd);
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static void a_private_file_is_read(void **state) {
    (void)state;
    struct secret s = {0};
    unsigned mode = 0;
    assert_int_equal(secret_read_file(&s, &mode, path, 8, true), SECRET_FILE_READ);
    assert_true(span_is(secret_span(&s), "pem text"));
    assert_int_equal(mode, 0600);
    secret_free(&s);
}

static void an_open_file_is_refused_where_it_must_be_private(void **state) {
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0666};
    struct secret s = {0};
    unsigned mode = 0;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(secret_read_file(&s, &mode, path, 100, true), SECRET_FILE_OPEN);
        assert_int_equal(mode, modes[i]);
        assert_null(s.at);
        assert_int_equal(secret_read_file(&s, &mode, path, 100, false), SECRET_FILE_READ);
        secret_free(&s);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(secret_read_file(&s, NULL, path, 100, true), SECRET_FILE_READ);
    secret_free(&s);
}

static void what_is_no_file_is_told_apart(void **state) {
    (void)state;
    struct secret s = {0};
    char fifo[sizeof path + 8];
    assert_int_equal(secret_read_file(&s, NULL, path, 7, true), SECRET_FILE_LARGE);
    assert_int_equal(secret_read_file(&s, NULL, "/nonexistent/file", 7, true), SECRET_FILE_MISSING);
    assert_int_equal(secret_read_file(&s, NULL, "/tmp", 7, false), SECRET_FILE_DENIED);
    (void)snprintf(fifo, sizeof fifo, "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(secret_read_file(&s, NULL, fifo, 7, true), SECRET_FILE_DENIED); /* and does not hang */
    assert_int_equal(unlink(fifo), 0);
    assert_null(s.at);
}

static void an_empty_file_is_an_empty_secret(void **state) {
    (void)state;
    struct secret s = {0};
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(secret_read_file(&s, NULL, path, 7, true), SECRET_FILE_READ);
    assert_int_equal(s.len, 0);
    secret_free(&s);
}

static int start(void **state) {
    (void)state;
    return secret_init() == ERR_OK ? 0 : 1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_a_copy_and_can_be_replaced),
        cmocka_unit_test(it_is_read_only_and_fenced),
        cmocka_unit_test_setup_teardown(a_private_file_is_read, make_file, remove_file),
        cmocka_unit_test_setup_teardown(an_open_file_is_refused_where_it_must_be_private, make_file, remove_file),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_told_apart, make_file, remove_file),
        cmocka_unit_test_setup_teardown(an_empty_file_is_an_empty_secret, make_file, remove_file),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
