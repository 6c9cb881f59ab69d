/* api.h: the requests that the exchange answers, the same for REST and for the WebSocket API: one table of endpoints with
 * both names, weight, security and parameters. A front (rest.c, ws_api.c) brings the parameters as texts and sends the
 * result its own way. Order placement is not in the table: nobody outside can place one. */
#ifndef SIM_API_H
#define SIM_API_H

#include "sim/jout.h"
#include "sim/sign.h"
#include "sim/weight.h"
#include "sim/world.h"

enum { API_PARAMS_MAX = 32 };

struct api_param {
    struct span name, value; /* decoded; arrays as JSON text */
};

struct api_params {
    struct api_param all[API_PARAMS_MAX];
    size_t count;
    bool websocket; /* asked over the WebSocket API, which has a limit more */
};

const struct api_param *api_param(const struct api_params *p, const char *name); /* NULL where absent */

struct api_error {
    int status; /* HTTP status: 400, 401 ... */
    int code;   /* -1121 ... */
    char msg[240];
};

/* What answers need beyond their parameters. */
struct api {
    struct world *world;
    const struct sign_keys *keys;
    struct weights weights;
    int64_t clock_us; /* the server's clock, skew included */
    int64_t lag_us;   /* database lag: fills and orders younger than this are not listed yet */
    int64_t uid;
};

struct api_endpoint {
    const char *path;   /* "/api/v3/ping" */
    const char *method; /* "ping" */
    bool is_signed;
    const char *params; /* names separated by blanks; '!' behind a mandatory one */
    int64_t (*weight)(const struct api *a, const struct api_params *p);
    bool (*answer)(struct api *a, const struct api_params *p, struct jout *out, struct api_error *e);
};

const struct api_endpoint *api_by_path(struct span path);
const struct api_endpoint *api_by_method(struct span method);
size_t api_endpoint_count(void);
const struct api_endpoint *api_endpoint_at(size_t i);

/* Fills e and returns false, for one-line refusals. */
bool api_refuse(struct api_error *e, int status, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Mandatory ones there, none unknown, none twice. `extra`: more names that are allowed (of the front). */
bool api_check_params(const struct api_endpoint *ep, const struct api_params *p, const char *extra,
                      struct api_error *e);
/* timestamp and recvWindow against the clock. */
bool api_check_time(const struct api *a, const struct api_params *p, struct api_error *e);

/* Pieces that the streams use too. */
void api_rate_limits(const struct api *a, const struct api_params *p, struct jout *out, const char *key);
void api_order(struct jout *out, const struct venue_symbol *s, const struct venue_order *o);
const char *api_status_name(enum order_status s);
void api_percent(struct jout *out, const char *key, int64_t change, int64_t open, unsigned digits);

#endif
