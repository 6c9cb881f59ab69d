/* The engine in its world (tests/world), an allocation inside of it failing at every place in turn: no crash, no leak, and in
 * the end the exchange's truth, for what was lost is read again. */
#include "../world/world.h"
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- failures inside the engine only; the model around it has memory ---- */

static int depth;
static void enter(void) {
    if (depth++ == 0) fault_resume();
}
static void leave(void) {
    if (--depth == 0) fault_pause();
}

void __real_engine_handle(struct engine *e, const struct event *event, struct now now);
void __wrap_engine_handle(struct engine *e, const struct event *event, struct now now);
bool __real_engine_turn(struct engine *e, struct now now);
bool __wrap_engine_turn(struct engine *e, struct now now);
void __real_engine_load_fill(struct engine *e, const struct fill *f);
void __wrap_engine_load_fill(struct engine *e, const struct fill *f);

void __wrap_engine_handle(struct engine *e, const struct event *event, struct now now) {
    enter();
    __real_engine_handle(e, event, now);
    leave();
}

bool __wrap_engine_turn(struct engine *e, struct now now) {
    enter();
    bool more = __real_engine_turn(e, now);
    leave();
    return more;
}

void __wrap_engine_load_fill(struct engine *e, const struct fill *f) {
    enter();
    __real_engine_load_fill(e, f);
    leave();
}

enum { EVENTS = 400 };

static bool run(uint64_t seed, uint64_t n, bool *ok) {
    struct world_config c = {.seed = seed,
                             .events = EVENTS,
                             .symbols = 1 + seed % 3,
                             .old = 300,
                             .credentials = seed % 3 != 0,
                             .faults = true,
                             .memory_fails = true,
                             .source = seed % 3 == 1 ? SOURCE_IS_EXCHANGE : SOURCE_IS_BOT,
                             .fees_in_bnb = seed % 2,
                             .trace = getenv("GRIDSCOPE_TRACE") != NULL};
    struct world_result r;
    fault_arm(n);
    fault_pause();
    world_run(&c, &r);
    *ok = r.ok;
    if (!r.ok) printf("# seed %llu, allocation %llu: %s\n", (unsigned long long)seed, (unsigned long long)n, r.why);
    return fault_disarm();
}

int main(void) {
    const char *text = getenv("GRIDSCOPE_FAILURES");
    uint64_t most = text != NULL ? strtoull(text, NULL, 10) : 100, bad = 0, runs = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        bool ok = true;
        uint64_t n = 1;
        /* every one at first, then in growing steps */
        for (uint64_t i = 0; i < most && run(seed, n, &ok); i++, runs++, n += 1 + n / 16) bad += !ok;
        bad += !ok;
    }
    printf("1..1\n%s 1 - the engine ends with the exchange's truth whichever allocation fails (%llu runs)\n",
           bad == 0 && runs > 30 ? "ok" : "not ok", (unsigned long long)runs);
    return bad != 0 || runs <= 30;
}
