/* app.c: a dashboard's life.
 *
 *   app_new: server listens, store opens --opened--> remembered account and symbols --> fills load --loaded--> engine starts
 *                                        \--failed--> the engine starts in memory and says so
 *   every turn: events happened -> engine_turn -> effects performed -> one delta to all browsers -> timers armed
 *   app_stop: engine closes its feeds -> server says goodbye -> store writes what waits -> on_stopped */
#include "app/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DELTA_MAX_BYTES = 8 << 20 }; /* a whole snapshot of 512 pairs is about 1 MB; the gaps and orders ride along */

/* ---- the server's questions ---- */

static struct frame *source_snapshot(void *arg, uint64_t seq) {
    struct app *a = arg;
    struct buf b;
    buf_init(&b, DELTA_MAX_BYTES);
    view_known(a->view, &b, loop_now(a->loop), seq);
    struct frame *f = b.failed == ERR_OK ? frame_new(buf_span(&b)) : NULL;
    buf_free(&b);
    return f;
}

static void source_metrics(void *arg, struct buf *out) {
    struct app *a = arg;
    view_metrics(out, a->engine, loop_now(a->loop));
}

static bool source_ready(void *arg) { return view_ready(((struct app *)arg)->engine); }

/* ---- one turn ---- */

static void publish(struct app *a) {
    uint64_t seq = server_seq(a->server) + 1;
    struct mono at;
    buf_clear(&a->text);
    if (view_delta(a->view, &a->text, a->engine, loop_now(a->loop), seq)) {
        if (a->text.failed == ERR_OK) server_publish_delta(a->server, buf_span(&a->text), seq);
        else server_skip_delta(a->server, seq);
    }
    engine_clean(a->engine);
    if (view_deadline(a->view, a->engine, loop_now(a->loop), &at)) timer_at(a->view_timer, at);
}

static void tell_what_failed(struct app *a) {
    struct late list[LATE_MAX];
    size_t count = a->late_count;
    memcpy(list, a->late, count * sizeof *list);
    a->late_count = 0;
    for (size_t i = 0; i < count; i++) tell_engine(a, &list[i].event);
}

/* Somebody is looking, or nobody any more: a breaker that is shown open asks for its trial. */
static void tell_page(struct app *a) {
    bool open = server_sessions(a->server) > 0;
    if (open == a->page_open) return;
    a->page_open = open;
    tell_engine(a, &(struct event){.kind = EVENT_PAGE, .on = open, .weight_used = -1, .remaining = -1});
}

static void on_turn(void *arg) {
    struct app *a = arg;
    if (a->server == NULL || a->stopping) return;
    tell_page(a);
    bool more = engine_turn(a->engine, loop_now(a->loop));
    perform_effects(a);
    if (a->late_count > 0) {
        tell_what_failed(a);
        more |= engine_turn(a->engine, loop_now(a->loop));
        perform_effects(a);
    }
    publish(a);
    more |= downloads_work(a);
    if (a->started) timer_at(a->engine_timer, engine_deadline(a->engine));
    if (more || a->late_count > 0) timer_at(a->work_timer, loop_now(a->loop).mono);
}

static void on_engine_timer(void *arg) {
    struct app *a = arg;
    struct now now = loop_now(a->loop);
    if (now.mono.us - a->zone_read.us >= US_PER_MIN) {
        a->zone_read = now.mono;
        a->config.day_offset_us = a->options->day_offset(a->options->settings_arg, now.wall);
    }
    if (a->started && !a->stopping)
        tell_engine(a, &(struct event){.kind = EVENT_TIMER, .weight_used = -1, .remaining = -1});
}

static void on_nothing(void *arg) { (void)arg; } /* the turn after a timer does the work */

/* ---- start ---- */

void app_start_engine(struct app *a) {
    if (a->started || a->stopping) return;
    a->started = true;
    engine_start(a->engine, loop_now(a->loop));
    timer_at(a->work_timer, loop_now(a->loop).mono);
}

static void set_config(struct app *a) {
    a->config = a->options->engine;
    a->config.persist = a->config.keeps_candles = a->store != NULL;
    a->config.seed = (uint64_t)loop_now(a->loop).wall.us ^ (uint64_t)getpid() << 32;
}

static enum err write_port_file(struct app *a) {
    const char *path = a->options->port_file;
    char temporary[4200];
    if (path == NULL || path[0] == '\0') return ERR_OK;
    int n = snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    bool fits = n > 0 && (size_t)n < sizeof temporary;
    FILE *f = fits ? fopen(temporary, "w") : NULL;
    bool written = f != NULL && fprintf(f, "%u\n", (unsigned)server_port(a->server)) > 0;
    if (f != NULL) written &= fclose(f) == 0;
    if (written && stat(temporary, &a->port_file) == 0 && rename(temporary, path) == 0) return ERR_OK;
    log_say(a->log, LOG_ERROR, "app", "the port file %s cannot be written: %s", path,
            strerror(fits ? errno : ENAMETOOLONG));
    if (f != NULL) (void)unlink(temporary);
    return ERR_IO;
}

/* Unless a successor has put its own in the place. */
static void remove_port_file(const struct app *a) {
    struct stat found;
    if (a->port_file.st_ino == 0 || stat(a->options->port_file, &found) != 0) return;
    if (found.st_ino == a->port_file.st_ino && found.st_dev == a->port_file.st_dev) (void)unlink(a->options->port_file);
}

static enum err start_server(struct app *a) {
    struct server_config c = a->options->server;
    c.asset = asset_find;
    c.source = (struct server_source){.snapshot = source_snapshot,
                                      .metrics = source_metrics,
                                      .ready = source_ready,
                                      .query = app_query,
                                      .topic = app_topic,
                                      .more = app_more,
                                      .arg = a};
    enum err err = server_new(&a->server, a->loop, &c, a->log);
    return err != ERR_OK ? err : write_port_file(a);
}

static enum err make_parts(struct app *a) {
    struct tls_client_config tls = {a->options->ca_file};
    a->engine_timer = timer_new(a->loop, on_engine_timer, a);
    a->view_timer = timer_new(a->loop, on_nothing, a);
    a->work_timer = timer_new(a->loop, on_nothing, a);
    a->http = http_client_new(a->loop, &tls);
    a->ws = ws_client_new(a->loop, &tls);
    if (!a->engine_timer || !a->view_timer || !a->work_timer || !a->http || !a->ws) return ERR_MEMORY;
    keep_open(a);
    set_config(a);
    a->engine = engine_new(&a->config, loop_now(a->loop));
    a->view = a->engine != NULL ? view_new(a->engine, loop_now(a->loop)) : NULL;
    return a->view != NULL ? ERR_OK : ERR_MEMORY;
}

/* ---- stop ---- */

static void stopped(struct app *a) {
    if (a->server != NULL || a->store != NULL) return;
    if (a->on_stopped != NULL) a->on_stopped(a->stopped_arg);
}

static void on_server_closed(void *arg) {
    struct app *a = arg;
    a->server = NULL;
    stopped(a);
}

void app_store_closed(struct app *a) {
    a->store = NULL;
    if (a->stopping) stopped(a);
}

static void on_abandoned(void *arg) { loop_break(arg); }

/* A start that failed half way: what was opened is closed in order, for which the loop has to turn. */
static void abandon(struct app *a) {
    a->stopping = true;
    a->on_stopped = on_abandoned;
    a->stopped_arg = a->loop;
    bool wait = a->store != NULL || a->server != NULL;
    if (a->store != NULL) store_close(a->store);
    if (a->server != NULL) server_close(a->server, on_server_closed, a);
    if (wait) loop_run(a->loop);
    app_free(a);
}

/* ---- the door ---- */

enum err app_new(struct app **out, struct loop *l, const struct app_config *config, const struct log *log) {
    struct app *a = calloc(1, sizeof *a);
    if (a == NULL) return ERR_MEMORY;
    a->loop = l;
    a->options = config;
    a->log = log;
    buf_init(&a->text, DELTA_MAX_BYTES);
    enum err err = make_parts(a);
    if (err == ERR_OK) err = start_server(a);
    if (err != ERR_OK) {
        abandon(a);
        return err;
    }
    loop_on_turn(l, on_turn, a);
    if (a->store == NULL) app_start_engine(a);
    *out = a;
    return ERR_OK;
}

uint16_t app_port(const struct app *a) { return server_port(a->server); }

void app_stop(struct app *a, void (*on_stopped)(void *arg), void *arg) {
    CHECK(!a->stopping);
    a->on_stopped = on_stopped;
    a->stopped_arg = arg;
    tell_engine(a, &(struct event){.kind = EVENT_STOP, .weight_used = -1, .remaining = -1});
    perform_effects(a);
    a->stopping = true;
    timer_stop(a->engine_timer);
    timer_stop(a->view_timer);
    timer_stop(a->work_timer);
    downloads_free(a);
    remove_port_file(a);
    if (a->store != NULL) store_close(a->store);
    server_close(a->server, on_server_closed, a);
}

void app_free(struct app *a) {
    if (a == NULL) return;
    loop_on_turn(a->loop, NULL, NULL);
    timer_free(a->engine_timer);
    timer_free(a->view_timer);
    timer_free(a->work_timer);
    if (a->ws != NULL) ws_client_free(a->ws);
    if (a->http != NULL) http_client_free(a->http);
    view_free(a->view);
    engine_free(a->engine);
    buf_free(&a->text);
    free(a);
}
