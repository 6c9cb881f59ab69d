/* app.h: the dashboard as a whole: performs the engine's effects with io, store and server, and publishes what changed once a
 * turn. Several can live in one loop (the demo runs one beside the simulator). */
#ifndef APP_APP_H
#define APP_APP_H

#include "engine/engine.h"
#include "io/loop.h"
#include "server/server.h"

struct app; /* opaque */

struct app_config {               /* borrowed for the app's life, with everything it points to */
    struct engine_config engine;  /* persist and seed are the app's to set */
    struct server_config server;  /* asset and source likewise */
    const char *db_path;          /* a file, or ":memory:" */
    const char *ca_file;          /* extra trusted CA, NULL none */
    const char *port_file;        /* gets the bound port once connections are accepted; NULL none */
    const char *public_hosts[16]; /* what server.public_hosts points to */
    /* Appends the body of GET /api/v1/config: what the configuration view shows of our own settings, no secrets. */
    void (*settings_json)(void *arg, struct buf *out);
    /* How far the day zone is east of UTC at a moment: asked once a minute, for summer time. */
    int64_t (*day_offset)(void *arg, struct wall now);
    void *settings_arg; /* of both */
};

/* Starts everything. The reason of a failure is logged. */
MUST_CHECK enum err app_new(struct app **out, struct loop *l, const struct app_config *config, const struct log *log);
uint16_t app_port(const struct app *a);
/* Closes upstreams, browsers and store; on_stopped (may be NULL) is called when nothing is left but the memory, then app_free. */
void app_stop(struct app *a, void (*on_stopped)(void *arg), void *arg);
void app_free(struct app *a);

#endif
