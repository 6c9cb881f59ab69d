/* verify.c: `gridscope verify`: walks the stored journal and says that it is whole, or names the first row that is not. */
#include "app/commands.h"
#include "app/logging.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

extern char **environ;

struct verification {
    struct loop *loop;
    struct store *store;
    int exit_code;
};

static void on_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct verification *v = arg;
    (void)accounts;
    (void)count;
    if (store_verify(v->store, 1) != ERR_OK) store_close(v->store);
}

static void on_failed(void *arg, enum err err, const char *words) {
    struct verification *v = arg;
    (void)err;
    fprintf(stderr, "gridscope: %s\n", words);
    store_close(v->store);
}

static void on_verified(void *arg, uint64_t id, enum err err, const struct verdict *verdict) {
    struct verification *v = arg;
    (void)id;
    if (err != ERR_OK) return; /* on_failed has said why */
    if (verdict->whole) {
        printf("whole: %llu rows\n", (unsigned long long)verdict->rows);
        v->exit_code = 0;
    } else if (verdict->bad_row != 0) {
        printf("not whole: row %llu: %s (%llu rows before it are sound)\n", (unsigned long long)verdict->bad_row,
               verdict->words, (unsigned long long)verdict->rows);
    } else {
        printf("not whole: %s\n", verdict->words);
    }
    store_close(v->store);
}

static void on_closed(void *arg) { loop_break(((struct verification *)arg)->loop); }

int command_verify(int argc, char **argv) {
    static const struct store_events events = {
        .opened = on_opened, .failed = on_failed, .verified = on_verified, .closed = on_closed};
    struct verification v = {.exit_code = 1};
    struct settings s;
    struct log log;
    struct logging logging = {0};
    if (argc > 1) {
        fprintf(stderr, "gridscope verify: takes no \"%s\"; GRIDSCOPE_DB names the file\n", argv[1]);
        return 2;
    }
    if (!load_settings(&s, environ, ".env")) return 2;
    if (!history_is_there(&s, "verify")) {
        settings_free(&s);
        return 1;
    }
    logging_init(&log, &logging, LOG_WARN, s.log_format);
    v.loop = loop_new(&log);
    if (v.loop != NULL && store_open(&v.store, v.loop, s.db, STORE_VERIFY, &log, &events, &v) == ERR_OK)
        loop_run(v.loop);
    if (v.loop != NULL) loop_free(v.loop);
    settings_free(&s);
    return v.exit_code;
}
