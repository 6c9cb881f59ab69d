/* test_day.c: the engine through a day and a bit: trading, the day's usual trouble by a timetable, and past the 24 hours after
 * which the exchange cuts every connection. Each hour all figures must be the exchange's truth to the last digit, every
 * invariant is looked at as in test_world, and the memory at hour 24 is held against that at hour 1.
 *
 *   test_day [HOURS]     27; GRIDSCOPE_HOURS goes before it
 *   GRIDSCOPE_SEED=N     1; chooses prices, trades, delays and the sizes of the faults
 *
 * What may grow, and by how much: the engine keeps each fill, 160 bytes of it with the usual spare room: the world's prices have
 * all eight digits, so that numbers and fees stand beside the rows (domain/ledger_impl.h). A minute's point of the equity curve
 * takes 8 bytes a pair, and one in nine is kept twice (domain/equity.c). What the model itself keeps is subtracted. The rest is
 * SLACK_BYTES: small blocks that the allocator keeps for the next call count as used, 7 of each of 64 sizes up to 1 KiB. That
 * leaves no room for 3 bytes an event, or for 1 KiB a minute. The program is restarted in the last hour: one just started, with
 * every fill, must need as much as the old one. */
#include "world.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

enum {
    HOURS = 27,
    HOURS_MIN = 3, /* until then each fault of messages has had its turn */
    HOURS_MAX = 100,
    HOUR_COMPARED = 24,
    CONNECTIONS_LAST = 26, /* until this hour nothing breaks those of the second */
    TRADES_IN_AN_HOUR = 600,
    BYTES_A_FILL = 160,
    BYTES_A_POINT = 27, /* of three pairs */
    POINTS_AN_HOUR = 60,
    SLACK_BYTES = 256 << 10,
    LISTED_MAX = 1024
};

/* Faults of the world by hour and minute. Connections break in the first two hours and in the last, so that those of the
 * second hour grow 23 hours old, and are replaced then. The disk is full
 * in the last hour only: a commit that fails ends the store for that life of the program. */
static const struct {
    enum fault kind;
    int hour, minute;
} timetable[] = {
    {FAULT_LINKS_DROP, 0, 7},      {FAULT_BOT_RESTARTS, 0, 12},   {FAULT_BAN, 0, 21},
    {FAULT_OUR_CLOCK, 0, 33},      {FAULT_LINKS_STALL, 0, 42},    {FAULT_STREAMS_DOWN, 1, 5},
    {FAULT_LINKS_DROP, 1, 6},      {FAULT_UNSUBSCRIBED, 1, 15},   {FAULT_EXCHANGE_CLOCK, 1, 25},
    {FAULT_BOT_DOWN, 1, 30},       {FAULT_BAN_UNTOLD, 1, 36},     {FAULT_SHUTDOWN, 1, 45},
    {FAULT_REST_DOWN, 3, 10},      {FAULT_BOT_RESTARTS, 6, 15},   {FAULT_BOT_RESTARTS, 8, 20},
    {FAULT_BOT_DOWN, 9, 40},       {FAULT_EXCHANGE_CLOCK, 11, 5}, {FAULT_OUR_CLOCK, 15, 30},
    {FAULT_BOT_RESTARTS, 17, 20},  {FAULT_PAIR_LEAVES, 18, 10},   {FAULT_REST_DOWN, 20, 20},
    {FAULT_EXCHANGE_CLOCK, 22, 0}, {FAULT_LINKS_DROP, 26, 10},    {FAULT_DISK_FULL, 26, 15},
    {FAULT_BAN, 26, 20},           {FAULT_RESTART, 26, 30},
};

/* Faults of messages and answers: every so manieth, at most so many. Those that cost a connection end early in the day. */
static const struct {
    enum fault kind;
    uint32_t every, times;
} strides[] = {
    {FAULT_LATE, 20011, 60},     {FAULT_REPEATED, 397, 40},     {FAULT_CUT_BEFORE_REPORT, 291, 3},
    {FAULT_TIMEOUT, 1009, 40},   {FAULT_BAD_GATEWAY, 1511, 30}, {FAULT_TEAPOT, 2003, 20},
    {FAULT_HALF_BODY, 1801, 20}, {FAULT_REFUSED, 3, 2},         {FAULT_ANSWERS_LAG, 5, 6},
    {FAULT_BOT_DIFFERS, 7, 10},  {FAULT_BOT_LIMIT, 5003, 6},    {FAULT_COMMIT_LATE, 499, 30},
};

struct look {
    size_t bytes, fills;
    uint64_t market_link, user_link, reconnects;
    int64_t market_live, user_live; /* since when: a replacement in time does not move it */
};

struct day {
    struct look looks[HOURS_MAX + 1];
    unsigned hours;
};

#ifdef SANITIZED
size_t __sanitizer_get_current_allocated_bytes(void); /* its header does not come with every gcc */
static size_t bytes_in_use(void) { return __sanitizer_get_current_allocated_bytes(); }
#else
static size_t bytes_in_use(void) {
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}
#endif

static void look(void *arg, const struct engine *e, uint64_t events, size_t model_bytes) {
    struct day *d = arg;
    struct look *l = &d->looks[++d->hours];
    *l = (struct look){.bytes = bytes_in_use() - model_bytes,
                       .market_link = e->market.cur.id,
                       .user_link = e->user.cur.id,
                       .market_live = e->market.live_since.us,
                       .user_live = e->user.live_since.us,
                       .reconnects = e->market.reconnects + e->user.reconnects};
    for (size_t i = 0; i < e->pair_count; i++) l->fills += ledger_count(e->pairs[i]->ledger);
    printf("# hour %2u: %7" PRIu64 " events, %5zu fills, %8zu bytes, links %" PRIu64 " and %" PRIu64 ", %" PRIu64
           " reconnects, %s\n",
           d->hours, events, l->fills, l->bytes, l->market_link, l->user_link, l->reconnects, status_name(e->status));
}

static size_t list_faults(struct fault_at *out) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof timetable / sizeof *timetable; i++)
        out[count++] =
            (struct fault_at){timetable[i].kind, (uint32_t)(timetable[i].hour * 3600 + timetable[i].minute * 60), 0};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
        for (uint32_t k = 1; k <= strides[i].times && count < LISTED_MAX; k++)
            out[count++] = (struct fault_at){strides[i].kind, k * strides[i].every, 0};
    return count;
}

static bool tell(int number, bool ok, const char *sentence) {
    printf("%s %d - %s\n", ok ? "ok" : "not ok", number, sentence);
    return ok;
}

/* At least those of the timetable in the hours that were run. */
static bool all_struck(const struct world_result *r, unsigned hours) {
    uint64_t wanted[FAULTS] = {0};
    bool all = true;
    for (size_t i = 0; i < sizeof timetable / sizeof *timetable; i++)
        wanted[timetable[i].kind] += (unsigned)timetable[i].hour < hours;
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) wanted[strides[i].kind] = 1;
    for (int k = 0; k < FAULTS; k++) {
        if (r->struck[k] >= wanted[k]) continue;
        printf("# %s struck %" PRIu64 " times of %" PRIu64 "\n", fault_rows[k].name, r->struck[k], wanted[k]);
        all = false;
    }
    return all;
}

static bool memory_is_flat(const struct day *d) {
    unsigned last = d->hours < HOUR_COMPARED ? d->hours : HOUR_COMPARED;
    if (last < 2) return false;
    if (bytes_in_use() == 0) { /* valgrind's allocator counts by itself, and looks for leaks */
        printf("# memory: not told by this allocator\n");
        return true;
    }
    const struct look *a = &d->looks[1], *b = &d->looks[last];
    size_t fills = b->fills - a->fills, points = (size_t)(last - 1) * POINTS_AN_HOUR;
    size_t may = fills * BYTES_A_FILL + points * BYTES_A_POINT + SLACK_BYTES;
    long long grown = (long long)b->bytes - (long long)a->bytes;
    printf("# memory: %zu bytes at hour 1, %zu at hour %u: %lld more for %zu fills and %zu points, %zu allowed\n",
           a->bytes, b->bytes, last, grown, fills, points, may);
    return grown <= (long long)may;
}

/* A program 26 hours old has gathered nothing that the same fills do not need after a start. */
static bool as_if_just_started(const struct day *d) {
    const struct look *old = &d->looks[HOURS - 1], *fresh = &d->looks[HOURS];
    printf("# memory: %zu bytes 26 hours after the start, %zu after another\n", old->bytes, fresh->bytes);
    return old->bytes <= fresh->bytes + SLACK_BYTES;
}

/* Both connections became others in the hours in which nothing breaks them, and were live all the time. */
static bool renewed(const struct day *d) {
    bool market = false, user = false;
    for (unsigned h = 3; h <= d->hours && h <= CONNECTIONS_LAST; h++) {
        const struct look *a = &d->looks[h - 1], *b = &d->looks[h];
        market |= a->market_link != b->market_link && a->market_live == b->market_live;
        user |= a->user_link != b->user_link && a->user_live == b->user_live;
    }
    return market && user;
}

int main(int argc, char **argv) {
    static struct world_result r;
    static struct fault_at list[LISTED_MAX];
    static struct day d;
    const char *seed = getenv("GRIDSCOPE_SEED");
    const char *wanted = getenv("GRIDSCOPE_HOURS");
    unsigned long hours = wanted != NULL ? strtoul(wanted, NULL, 10) : argc > 1 ? strtoul(argv[1], NULL, 10) : HOURS;
    if (hours < HOURS_MIN || hours > HOURS_MAX) return 2;
    struct world_config c = {.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1,
                             .hours = (unsigned)hours,
                             .symbols = 3,
                             .old = 1200,
                             .credentials = true,
                             .faults = true,
                             .source = SOURCE_IS_BOT,
                             .user_stream = USER_STREAM_WS_API,
                             .fees_in_bnb = true,
                             .trades_in_an_hour = TRADES_IN_AN_HOUR,
                             .tell_steps = true,
                             .only = list,
                             .only_count = list_faults(list),
                             .appointed = true,
                             .hourly = look,
                             .hourly_arg = &d};
    world_run(&c, &r);
    printf("# seed %" PRIu64 ", %.1f hours: %s; %" PRIu64 " events, %" PRIu64 " fills, %zu faults, %" PRIu64
           " restarts, %" PRIu64 " requests, %" PRIu64 " connections cut by age\n",
           c.seed, (double)r.seconds / 3600, r.ok ? "ok" : r.why, r.events, r.fills, r.fault_count, r.restarts,
           r.requests, r.cut_by_age);
    printf("1..6\n");
    bool ok = tell(1, r.ok && d.hours == hours, "each hour, and at the end, all figures are the exchange's truth");
    ok &= tell(2, r.ok && memory_is_flat(&d), "memory grows by what the fills take, and no more");
    ok &= tell(3, r.ok && all_struck(&r, d.hours), "each fault of the timetable struck");
    bool whole = r.ok && d.hours == HOURS; /* else too short to say */
    ok &= tell(4, whole ? renewed(&d) : r.ok, "connections are replaced before the exchange cuts them");
    ok &= tell(5, whole ? as_if_just_started(&d) : r.ok, "a program a day old takes no more than one just started");
    ok &= tell(6, r.cut_by_age == 0, "the exchange had to cut no connection for its age");
    return ok ? 0 : 1;
}
