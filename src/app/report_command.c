/* report_command.c: `gridscope report`: reads the stored fills of one account, prints what was made. A running
 * dashboard has the file locked: the report is made before or after it. */
#include "app/commands.h"
#include "app/configure.h"
#include "app/logging.h"
#include "app/process.h"
#include "app/progress.h"
#include "app/report.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum { OUT_BYTES_MAX = 256 << 20, ACCOUNTS_LISTED_MAX = 1024 };

struct reporting {
    struct loop *loop;
    struct store *store;
    const struct settings *settings;
    const struct report_options *options;
    struct tally tally;
    struct progress progress;
    int loading;       /* answers still to come */
    uint64_t left_out; /* fills that no ledger could take */
    bool failed;
};

/* ---- which account ---- */

static bool of_environment(const struct reporting *r, const char *account) {
    size_t len = strlen(r->settings->environment);
    return strncmp(account, r->settings->environment, len) == 0 && account[len] == ':';
}

static bool is_bot(const char *account) { return strcmp(strrchr(account, ':'), ":bot") == 0; }

/* The only account of the environment with a uid; NULL: none, or several (*several). Older epochs bear the same name. */
static const char *only_account(const struct reporting *r, const struct stored_account *accounts, size_t count,
                                bool *several) {
    const char *only = NULL;
    *several = false;
    for (size_t i = 0; i < count; i++) {
        if (!of_environment(r, accounts[i].name) || is_bot(accounts[i].name)) continue;
        if (only != NULL && strcmp(only, accounts[i].name) != 0) *several = true;
        only = accounts[i].name;
    }
    return *several ? NULL : only;
}

static void list_accounts(const struct stored_account *accounts, size_t count) {
    for (size_t i = 0; i < count && i < ACCOUNTS_LISTED_MAX; i++)
        if (accounts[i].epoch == 0) fprintf(stderr, "  %s\n", accounts[i].name);
}

static bool is_known(const struct stored_account *accounts, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(accounts[i].name, name) == 0) return true;
    return false;
}

static void load(struct reporting *r, const char *account) {
    if (store_load(r->store, 1, account) == ERR_OK) r->loading++;
    else r->failed = true;
}

static void refuse(struct reporting *r, const struct stored_account *accounts, size_t count, const char *words) {
    fprintf(stderr, "gridscope report: %s\n", words);
    list_accounts(accounts, count);
    r->failed = true;
    store_close(r->store);
}

static void on_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct reporting *r = arg;
    char bot[SETTING_TEXT_MAX + sizeof ":bot"];
    bool several;
    const char *account = r->options->account;
    if (account != NULL && !is_known(accounts, count, account)) {
        refuse(r, accounts, count, "there is no such account; known are:");
        return;
    }
    if (account == NULL) {
        account = only_account(r, accounts, count, &several);
        if (several) {
            refuse(r, accounts, count, "there are several accounts; choose one with --account:");
            return;
        }
        (void)snprintf(bot, sizeof bot, "%s:bot",
                       r->settings->environment); /* what the bot told before the exchange did */
        if (is_known(accounts, count, bot)) load(r, bot);
    }
    if (account != NULL) load(r, account);
    if (r->loading == 0) store_close(r->store);
}

/* ---- what it has ---- */

static void on_fills(void *arg, uint64_t id, const struct fill *fills, size_t count) {
    struct reporting *r = arg;
    (void)id;
    for (size_t i = 0; i < count; i++) {
        enum err e = tally_add(&r->tally, &fills[i]);
        if (e == ERR_MEMORY) r->failed = true;
        else if (e != ERR_OK) r->left_out++;
    }
    progress_say(&r->progress, "fills:", r->tally.fills, "");
}

static void on_loaded(void *arg, uint64_t id, enum err err, uint64_t total, const struct stored_history *histories,
                      size_t count) {
    struct reporting *r = arg;
    (void)id, (void)total, (void)histories, (void)count;
    if (err != ERR_OK) r->failed = true;
    if (--r->loading == 0) store_close(r->store);
}

static void on_failed(void *arg, enum err err, const char *words) {
    struct reporting *r = arg;
    progress_end(&r->progress);
    fprintf(stderr, "gridscope report: %s\n", words);
    if (err == ERR_BAD_STATE)
        fprintf(stderr,
                "A running dashboard keeps its history to itself; it tells the same figures at /api/v1/performance.\n");
    r->failed = true;
    if (r->loading == 0) store_close(r->store); /* else the answers that carry the error do */
}

static void on_closed(void *arg) { loop_break(((struct reporting *)arg)->loop); }

static bool read_history(struct reporting *r) {
    static const struct store_events events = {
        .opened = on_opened, .failed = on_failed, .fills = on_fills, .loaded = on_loaded, .closed = on_closed};
    struct log log;
    struct logging logging = {0};
    logging_init(&log, &logging, LOG_ERROR, r->settings->log_format);
    log.sink = NULL; /* on_failed has the words */
    r->loop = loop_new(&log);
    if (r->loop == NULL) return false;
    enum err err = store_open(&r->store, r->loop, r->settings->db, STORE_USE, &log, &events, r);
    if (err == ERR_OK) loop_run(r->loop);
    else fprintf(stderr, "gridscope report: %s cannot be opened: %s\n", r->settings->db, err_text(err));
    progress_end(&r->progress);
    loop_free(r->loop);
    return err == ERR_OK && !r->failed;
}

/* ---- the report ---- */

static int64_t zone_offset(void *arg, struct wall t) { return settings_zone_offset(arg, t); }

static int print_report(struct reporting *r) {
    const struct report_zone zone = {zone_offset, (void *)(uintptr_t)r->settings};
    struct report report;
    struct buf out;
    bool written = false;
    tally_finish(&r->tally);
    report_init(&report, r->options->by, r->options->method);
    buf_init(&out, OUT_BYTES_MAX);
    enum err e = report_make(&report, &r->tally, &zone);
    if (e == ERR_OK) {
        report_print(&report, &out, r->options->form, r->settings->day_zone);
        e = out.failed;
    }
    if (e == ERR_OK) written = fwrite(out.at, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    if (!written)
        fprintf(stderr, "gridscope report: the report could not be %s\n", e != ERR_OK ? err_text(e) : "written");
    if (r->left_out > 0)
        fprintf(stderr,
                "gridscope report: %llu fill(s) are left out: their base and quote are not known, or their sums are "
                "too large\n",
                (unsigned long long)r->left_out);
    buf_free(&out);
    report_free(&report);
    return written ? 0 : 1;
}

bool history_is_there(const struct settings *s, const char *command) {
    if (access(s->db, R_OK) == 0) return true;
    fprintf(stderr,
            "gridscope %s: there is no history at %s: %s. gridscope run makes it; GRIDSCOPE_DB names another file\n",
            command, s->db, strerror(errno));
    return false;
}

static int report_on(const struct settings *s, const struct report_options *o) {
    struct reporting r = {.settings = s, .options = o};
    if (!history_is_there(s, "report")) return 1;
    settings_zone_use(s);
    tally_init(&r.tally, s->since);
    int code = read_history(&r) ? print_report(&r) : 1;
    tally_free(&r.tally);
    return code;
}

int command_report(int argc, char **argv) {
    char why[REPORT_WHY_MAX];
    struct report_options o;
    struct settings s;
    if (!report_options_read(&o, why, argc, argv)) {
        fprintf(stderr, "gridscope report: %s (gridscope report --help)\n", why);
        return 2;
    }
    if (o.help) return fputs(report_usage(), stdout) < 0;
    process_no_core_files();
    if (!load_settings(&s, environ, ".env")) return 2;
    int code = report_on(&s, &o);
    settings_free(&s);
    return code;
}
