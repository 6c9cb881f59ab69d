/* pnl_command.c: `gridscope pnl FILE`: reads the file, prints the figures. */
#include "app/commands.h"
#include "app/pnl.h"
#include "app/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (SIZE_C(4) << 30) /* 3 x 10^7 fills of 130 bytes; more than memory has room for */
#define SIZE_C(n) ((size_t)(n))

enum { READ_BYTES = 1 << 20, OUT_BYTES_MAX = 64 << 20 };

static void on_fills(void *arg, uint64_t fills) {
    if (fills > 0) progress_say(arg, "fills:", fills, "");
}

static bool read_all(struct buf *text, int fd, struct progress *progress, char why[static PNL_WHY_MAX]) {
    for (;;) {
        if (text->len == text->max || !buf_reserve(text, READ_BYTES)) {
            (void)snprintf(why, PNL_WHY_MAX, "it is too large");
            return false;
        }
        ssize_t n = read(fd, text->at + text->len, READ_BYTES);
        if (n == 0) return true;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            (void)snprintf(why, PNL_WHY_MAX, "%s", strerror(errno));
            return false;
        }
        if ((text->len ^ (text->len + (size_t)n)) >> 24 != 0)
            progress_say(progress, "reading: ", (text->len + (size_t)n) >> 20, " MB");
        text->len += (size_t)n;
    }
}

static bool read_file(struct buf *text, const char *file, struct progress *progress) {
    char why[PNL_WHY_MAX];
    bool from_stdin = strcmp(file, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "gridscope pnl: %s cannot be opened: %s\n", file, strerror(errno));
        return false;
    }
    bool whole = read_all(text, fd, progress, why);
    progress_end(progress);
    if (!whole) fprintf(stderr, "gridscope pnl: %s cannot be read: %s\n", from_stdin ? "standard input" : file, why);
    if (!from_stdin) (void)close(fd);
    return whole;
}

static int64_t utc(void *arg, struct wall t) {
    (void)arg, (void)t;
    return 0;
}

static void print_rows(const struct pnl *p, struct buf *out) {
    const struct report_zone zone = {utc, NULL};
    const struct pnl_options *o = p->options;
    struct report report;
    report_init(&report, o->by, o->method);
    enum err e = report_make(&report, &p->tally, &zone);
    if (e != ERR_OK) out->failed = e;
    else report_print(&report, out, o->json ? REPORT_JSON : o->csv ? REPORT_CSV : REPORT_TABLE, "UTC");
    report_free(&report);
}

static int print_figures(const struct pnl *p) {
    struct buf out;
    buf_init(&out, OUT_BYTES_MAX);
    if (p->options->grouped) print_rows(p, &out);
    else if (p->options->json) pnl_json(p, &out);
    else pnl_table(p, &out);
    bool written = out.failed == ERR_OK && fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    if (!written) fprintf(stderr, "gridscope pnl: the figures could not be written\n");
    buf_free(&out);
    return written ? 0 : 1;
}

static void tell_refused(const struct pnl *p, const char *file) {
    uint64_t told = p->refused < PNL_REFUSED_TOLD ? p->refused : PNL_REFUSED_TOLD;
    for (uint64_t i = 0; i < told; i++) fprintf(stderr, "gridscope pnl: %s: refused: %s\n", file, p->refused_why[i]);
    if (p->refused > told)
        fprintf(stderr, "gridscope pnl: %s: refused: %llu more row(s) like these\n", file,
                (unsigned long long)(p->refused - told));
}

static int report_on(const struct pnl_options *o) {
    struct progress progress = {0};
    struct csv_fault fault;
    struct buf text;
    struct pnl p;
    const char *file = strcmp(o->file, "-") == 0 ? "standard input" : o->file;
    int code = 1;
    buf_init(&text, FILE_BYTES_MAX);
    pnl_init(&p, o);
    p.progress = on_fills;
    p.progress_arg = &progress;
    if (read_file(&text, o->file, &progress)) {
        enum err e = pnl_read(&p, buf_span(&text), &fault);
        progress_end(&progress);
        if (e == ERR_OK) {
            tell_refused(&p, file);
            code = print_figures(&p);
        } else {
            fprintf(stderr, "gridscope pnl: %s: %s\n", file, fault.what);
        }
    }
    pnl_free(&p);
    buf_free(&text);
    return code;
}

int command_pnl(int argc, char **argv) {
    char why[PNL_WHY_MAX];
    struct pnl_options *o = calloc(1, sizeof *o); /* room for LIMIT_PAIRS marks: not for the stack */
    int code = 2;
    if (o == NULL) return 1;
    if (!pnl_options_read(o, why, argc, argv)) fprintf(stderr, "gridscope pnl: %s (gridscope pnl --help)\n", why);
    else if (o->help) code = fputs(pnl_usage(), stdout) < 0;
    else code = report_on(o);
    free(o);
    return code;
}
