/* run.c: `gridscope run` and `gridscope demo`: a loop, a dashboard, for the demo also the simulator, until a signal. */
#include "app/commands.h"
#include "app/configure.h"
#include "app/logging.h"
#include "app/process.h"
#include "sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STOP_LIMIT_US (1800 * US_PER_MS) /* PRODUCT 1: stopped within 2 s, whatever hangs */

extern char **environ;

struct running {
    struct loop *loop;
    struct app *app;
    struct sim *sim; /* of the demo, NULL otherwise */
    struct timer *force;
    struct log log;
    struct logging logging;
    bool stopping;
    int exit_code;
};

static void on_stopped(void *arg) {
    struct running *r = arg;
    timer_free(r->force);
    r->force = NULL;
    loop_break(r->loop);
}

/* A disk that does not answer keeps its thread, and the loop cannot be freed before that: the process ends as it stands. The
 * store bears that at any instant. */
static void on_force(void *arg) {
    struct running *r = arg;
    log_say(&r->log, LOG_WARN, "app", "something did not close in time and is dropped");
    _exit(1);
}

static void on_signal(void *arg, int signal_number) {
    struct running *r = arg;
    if (r->stopping) return;
    if (r->app == NULL) _exit(1); /* a start that failed is closing what it had opened: nothing is worth waiting for */
    r->stopping = true;
    log_say(&r->log, LOG_INFO, "app", "stopping (signal %d)", signal_number);
    r->force = timer_new(r->loop, on_force, r);
    if (r->force != NULL) timer_at(r->force, mono_add(loop_now(r->loop).mono, STOP_LIMIT_US));
    app_stop(r->app, on_stopped, r);
}

static void print_notes(const struct settings_notes *notes) {
    for (size_t i = 0; i < notes->count; i++)
        fprintf(stderr, "gridscope: %s%s\n", notes->at[i].error ? "" : "warning: ", notes->at[i].text);
}

bool load_settings(struct settings *out, char **environment, const char *dotenv) {
    struct settings_notes *notes = calloc(1, sizeof *notes);
    if (notes == NULL || secret_init() != ERR_OK) {
        fprintf(stderr, "gridscope: no memory for secrets\n");
        free(notes);
        return false;
    }
    enum err err = settings_load(out, notes, environment, dotenv);
    print_notes(notes);
    free(notes);
    return err == ERR_OK;
}

static int serve(struct running *r, const struct settings *s, const char *what) {
    struct app_config *config = calloc(1, sizeof *config); /* too large for a stack: 512 symbol names */
    if (config == NULL) return 1;
    configure(config, s, loop_now(r->loop).wall);
    /* first: a signal that comes during the start waits for the loop */
    enum err err = loop_on_signals(r->loop, on_signal, r);
    if (err == ERR_OK) err = app_new(&r->app, r->loop, config, &r->log);
    if (err != ERR_OK) {
        log_say(&r->log, LOG_ERROR, "app", "cannot start: %s", err_text(err));
        free(config);
        return 1;
    }
    bool v6 = strchr(s->listen_host, ':') != NULL;
    printf("%s: http://%s%s%s:%u\n", what, v6 ? "[" : "", s->listen_host, v6 ? "]" : "", (unsigned)app_port(r->app));
    fflush(stdout);
    loop_run(r->loop);
    app_free(r->app);
    free(config);
    return r->exit_code;
}

static int with_loop(const struct settings *s, struct running *r, const char *what,
                     bool (*prepare)(struct running *, void *), void *arg) {
    logging_init(&r->log, &r->logging, s->log_level, s->log_format);
    settings_zone_use(s);
    process_raise_descriptor_limit();
    r->loop = loop_new(&r->log);
    if (r->loop == NULL) {
        fprintf(stderr, "gridscope: cannot start: no memory or no file descriptors are left\n");
        return 1;
    }
    int code = prepare == NULL || prepare(r, arg) ? serve(r, s, what) : 1;
    if (r->sim != NULL) sim_close(r->sim);
    timer_free(r->force);
    loop_free(r->loop);
    return code;
}

int command_run(int argc, char **argv) {
    struct settings settings;
    struct running r = {0};
    if (argc > 1) {
        fprintf(stderr, "gridscope run: takes no \"%s\"; everything is set by the environment (gridscope --help)\n",
                argv[1]);
        return 2;
    }
    process_no_core_files();
    if (!load_settings(&settings, environ, ".env")) return 2;
    int code = with_loop(&settings, &r, "Gridscope", NULL, NULL);
    settings_free(&settings);
    return code;
}

/* ---- demo ---- */

/* The demo is a real configuration: the same settings a user would give, with the embedded exchange's addresses in them. */
struct demo {
    struct settings *settings;
    struct sim_config sim;
};

static const char demo_key[] = "demo-key", demo_secret[] = "demo-secret";

static bool start_sim(struct running *r, void *arg) {
    struct demo *d = arg;
    struct settings *s = d->settings;
    enum err err = sim_new(&r->sim, r->loop, &d->sim, &r->log);
    if (err != ERR_OK) {
        log_say(&r->log, LOG_ERROR, "app", "the simulator cannot start: %s", err_text(err));
        return false;
    }
    unsigned port = sim_exchange_port(r->sim);
    (void)snprintf(s->rest_url, sizeof s->rest_url, "http://127.0.0.1:%u", port);
    (void)snprintf(s->stream_url, sizeof s->stream_url, "ws://127.0.0.1:%u", port);
    (void)snprintf(s->ws_api_url, sizeof s->ws_api_url, "ws://127.0.0.1:%u/ws-api/v3", port);
    (void)snprintf(s->bot_url, sizeof s->bot_url, "http://127.0.0.1:%u", (unsigned)sim_bot_port(r->sim));
    (void)snprintf(s->environment, sizeof s->environment, "demo");
    if (!s->db_given) (void)snprintf(s->db, sizeof s->db, ":memory:");
    s->key_kind = KEY_HMAC;
    return secret_set(&s->api_key, span_of(demo_key)) == ERR_OK &&
           secret_set(&s->api_secret, span_of(demo_secret)) == ERR_OK;
}

int command_demo(int argc, char **argv) {
    struct settings settings;
    struct running r = {0};
    struct demo d = {.settings = &settings};
    if (argc > 1) {
        fprintf(stderr, "gridscope demo: takes no \"%s\"; GRIDSCOPE_LISTEN chooses the address\n", argv[1]);
        return 2;
    }
    if (!load_settings(&settings, environ, NULL))
        return 2; /* no .env: the demo never touches configured keys or stores */
    sim_config_default(&d.sim);
    d.sim.seed = 4; /* three weeks in which some pairs won and some lost */
    d.sim.history_fills = 400;
    d.sim.history_step_ms = 60000;
    d.sim.pace_percent = 8000; /* a fill every few seconds: something to look at */
    d.sim.api_key = demo_key;
    d.sim.secret = demo_secret;
    int code = with_loop(&settings, &r, "Gridscope demo", start_sim, &d);
    settings_free(&settings);
    return code;
}

int command_sim(int argc, char **argv) { return sim_main(argc, argv); }
