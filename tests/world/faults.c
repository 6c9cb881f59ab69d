#include "faults.h"

#include "inside.h"

#include "base/map.h"

#include <stdlib.h>

const struct fault_row fault_rows[FAULTS] = {
    [FAULT_LATE] = {"late", "a message or an answer takes seconds, and others overtake it", 40},
    [FAULT_REPEATED] = {"repeated", "a report arrives twice", 30},
    [FAULT_CUT_BEFORE_REPORT] = {"cut_before_report", "the connection breaks between a fill and its report", 200},
    [FAULT_TIMEOUT] = {"timeout", "a request is never answered", 30},
    [FAULT_BAD_GATEWAY] = {"bad_gateway", "a request is answered 502, with a page of HTML", 30},
    [FAULT_TEAPOT] = {"unavailable", "a request is answered 503 with nothing", 60},
    [FAULT_HALF_BODY] = {"half_body", "an answer is cut off in the middle", 40},
    [FAULT_REFUSED] = {"refused", "a connection is refused", 6},
    [FAULT_UNANSWERED] = {"unanswered", "a question over the WebSocket API is never answered", 30},
    [FAULT_BAD_TIMESTAMP] = {"bad_timestamp", "a question is refused with -1021, outside of recvWindow", 20},
    [FAULT_ANSWERS_LAG] = {"answers_lag", "the database behind the trades does not know the newest yet", 15},
    [FAULT_BOT_EMPTY] = {"bot_empty", "the bot lists no trades, as it does when it cannot reach the exchange", 20},
    [FAULT_BOT_DIFFERS] = {"bot_differs", "the bot tells prices that are not the exchange's", 20},
    [FAULT_BOT_ABSENT] = {"bot_absent", "an endpoint of the bot is answered 404", 200},
    [FAULT_BOT_LIMIT] = {"bot_limit", "the bot says 429", 200},
    [FAULT_ORDERS_FAIL] = {"orders_fail", "a list of open orders, the bot's or the exchange's, is answered 500", 4},
    [FAULT_COMMIT_LATE] = {"commit_late", "a commit takes three seconds", 50},
    [FAULT_COMMIT_FAILS] = {"commit_fails", "a commit fails, the next may not", 100},
    [FAULT_CRASH_IN_COMMIT] = {"crash_in_commit",
                               "the program is killed while the store writes: it is there, or it is not", 100},
    [FAULT_READ_LATE] = {"read_late", "kept candles take up to three seconds to be read", 6},
    [FAULT_READ_FAILS] = {"read_fails", "kept candles cannot be read", 8},
    [FAULT_REST_DOWN] = {"rest_down", "Binance's REST is not reachable for minutes", 150},
    [FAULT_BOT_DOWN] = {"bot_down", "the bot is not reachable for minutes", 150},
    [FAULT_STREAMS_DOWN] = {"streams_down", "no new connection can be opened for minutes", 150},
    [FAULT_STREAMS_FLAP] = {"streams_flap", "for minutes each new connection is closed as soon as it has opened", 300},
    [FAULT_BAN] = {"ban", "429 or 418 with Retry-After, until it is over", 300},
    [FAULT_BAN_UNTOLD] = {"ban_untold", "429 that does not say for how long", 600},
    [FAULT_WEIGHT_TAKEN] = {"weight_taken", "another program of our address uses weight, at times more than there is",
                            100},
    [FAULT_EXCHANGE_CLOCK] = {"exchange_clock", "the exchange sets its clock, by 10 s at most", 300},
    [FAULT_OUR_CLOCK] = {"our_clock", "our wall clock jumps forward or backward, by 10 minutes at most", 600},
    [FAULT_CRASH] = {"crash", "the program is killed and starts again from what was durable", 400},
    [FAULT_RESTART] = {"restart", "the program is stopped, writes what waits, and starts again", 800},
    [FAULT_OFF] = {"off", "the program is stopped, and starts again after up to two hours", 8000},
    [FAULT_DISK_FULL] = {"disk_full", "every commit fails for minutes", 300},
    [FAULT_STORE_GONE] = {"store_gone", "the store is lost for the rest of this life", 4800},
    [FAULT_KEY_REFUSED] = {"key_refused", "the key is refused for minutes", 600},
    [FAULT_PAIR_LEAVES] = {"pair_leaves", "a pair leaves the bot's strategies for minutes", 300},
    [FAULT_BOT_RESTARTS] = {"bot_restarts", "the bot starts anew: no strategies, no trades, no orders for a while",
                            500},
    [FAULT_LINKS_DROP] = {"links_drop", "connections break", 90},
    [FAULT_LINKS_STALL] = {"links_stall", "connections stay open and deliver nothing any more", 120},
    [FAULT_SHUTDOWN] = {"shutdown", "serverShutdown on all connections", 150},
    [FAULT_UNSUBSCRIBED] = {"unsubscribed", "the subscription or the listen key ends, the connection stays", 400},
    [FAULT_GARBAGE] = {"garbage", "what is no JSON, on all connections", 300},
    [FAULT_WIPE] = {"wipe", "the testnet is wiped: no trades, no orders, ids begin anew", 1000},
};

static bool listed(const struct world *w, enum fault kind, uint32_t chance) {
    for (size_t i = 0; i < w->config.only_count; i++)
        if (w->config.only[i].kind == kind && w->config.only[i].chance == chance) return true;
    return false;
}

uint64_t faults_left_out(uint64_t seed) {
    uint64_t out = 0;
    _Static_assert(FAULTS <= 64, "a bit for each");
    for (int kind = 0; kind < FAULTS; kind++)
        if (mix64(mix64(seed) ^ (uint64_t)(kind + 1)) % 4 == 0) out |= (uint64_t)1 << kind;
    return out;
}

bool fault_strikes(struct world *w, enum fault kind) {
    uint32_t chance = w->chances[kind]++;
    if (!w->config.faults || w->calm) return false;
    if (!w->config.appointed && ((w->left_out >> kind) & 1) != 0) return false;
    uint64_t draw = mix64(mix64(w->config.seed) + ((uint64_t)kind << 40) + chance);
    if (!w->config.appointed && draw % fault_rows[kind].one_in != 0) return false;
    if (w->config.only != NULL && !listed(w, kind, chance)) return false;
    w->draw = mix64(draw);
    struct world_result *r = w->result;
    r->struck[kind]++;
    if (r->fault_count < FAULTS_KEPT) r->faults[r->fault_count++] = (struct fault_at){kind, chance, w->now};
    trace(w, "FAULT %s:%u", fault_rows[kind].name, chance);
    return true;
}

size_t faults_parse(struct fault_at *out, size_t room, const char *text) {
    size_t count = 0;
    while (*text != '\0' && count < room) {
        size_t len = strcspn(text, ":"), kind = 0;
        while (kind < FAULTS &&
               (strlen(fault_rows[kind].name) != len || strncmp(fault_rows[kind].name, text, len) != 0))
            kind++;
        if (kind == FAULTS || text[len] != ':') return 0;
        char *end;
        out[count++] =
            (struct fault_at){.kind = (enum fault)kind, .chance = (uint32_t)strtoul(text + len + 1, &end, 10)};
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}
