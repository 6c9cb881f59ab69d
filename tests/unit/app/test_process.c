/* process.c: what a caller may have left closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool same_file(int a, int b) {
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Closes the descriptors of `closed`'s bits and says how it went: 0, or the number of what was wrong. */
static int in_child(unsigned closed) {
    int before[3], null = open("/dev/null", O_RDONLY);
    for (int fd = 0; fd < 3; fd++) before[fd] = dup(fd);
    for (int fd = 0; fd < 3; fd++)
        if ((closed & 1u << fd) != 0) (void)close(fd);
    if (!process_standard_descriptors()) return 1;
    for (int fd = 0; fd < 3; fd++)
        if (!same_file(fd, (closed & 1u << fd) != 0 ? null : before[fd])) return 2;
    return open("/dev/null", O_RDONLY) > 2 ? 0 : 3;
}

static void closed_standard_descriptors_are_given_to_nobody_else(void **state) {
    (void)state;
    for (unsigned closed = 0; closed < 8; closed++) {
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) _exit(in_child(closed));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_standard_descriptors_are_given_to_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
