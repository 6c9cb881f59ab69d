/* The words the outside sees for the engine's enums (PRODUCT 6, Words): one table each, in the order of the enum. */
#include "engine/engine.h"

#include "base/check.h"

#define NAME_OF(table, value) (CHECK((size_t)(value) < sizeof(table) / sizeof *(table)), (table)[(size_t)(value)])

const char *mode_name(enum mode m) {
    static const char *const names[] = {"starting", "streaming", "partial", "polling", "offline"};
    return NAME_OF(names, m);
}

const char *status_name(enum status s) {
    static const char *const names[] = {"connected", "reconnecting", "stale", "offline"};
    return NAME_OF(names, s);
}

const char *status_reason_name(enum status_reason r) {
    static const char *const names[] = {NULL,          "starting",     "circuit_breaker",
                                        "no_response", "unauthorized", "rate_limited"};
    return NAME_OF(names, r);
}

const char *window_name(enum window w) {
    static const char *const names[] = {"1h", "24h", "7d", "30d"};
    return NAME_OF(names, w);
}

const char *price_source_name(enum price_origin s) {
    static const char *const names[] = {"none", "stream", "poll", "candle"};
    return NAME_OF(names, s);
}

const char *history_state_name(enum history_state s) {
    static const char *const names[] = {"loading", "complete", "since", "gap"};
    return NAME_OF(names, s);
}

const char *balance_source_name(enum balance_source s) {
    static const char *const names[] = {"account", "stream"};
    return NAME_OF(names, s);
}

const char *change_source_name(enum change_source s, enum fill_source fill) {
    static const char *const names[] = {NULL, "store", NULL, "candle"};
    return s == CHANGE_FILL ? fill_source_name(fill) : NAME_OF(names, s);
}

const char *bot_health_name(enum bot_health_state s) {
    static const char *const names[] = {"unknown", "healthy", "degraded", "error"};
    return NAME_OF(names, s);
}

const char *bot_endpoint_name(enum bot_endpoint e) {
    static const char *const names[] = {"metrics", "health", "strategies", "trades", "orders", "ohlcv"};
    return NAME_OF(names, e);
}

const char *feed_state_name(enum feed_state s) {
    static const char *const names[] = {"off", "connecting", "subscribing", "syncing", "live", "draining", "waiting"};
    return NAME_OF(names, s);
}
