/* test_world.c: the engine against the model, seed by seed, on all processors.
 *
 *   test_world [SEEDS]     from GRIDSCOPE_FIRST_SEED (1), GRIDSCOPE_SEEDS goes before the argument
 *   test_world --list      every fault and every invariant, with a sentence each
 *   GRIDSCOPE_SEED=N       that seed alone; with GRIDSCOPE_TRACE=1 every step is printed, with GRIDSCOPE_FAULTS=late:117,crash:3
 *                          only these faults strike, none others
 *   GRIDSCOPE_EVENTS=N     events before everything heals (10000)      GRIDSCOPE_JOBS=N  processes (one a processor)
 *
 * A seed that fails is shortened to few faults and events, and its last steps are printed; not with GRIDSCOPE_SHORTEN=0. */
#include "shorten.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, ENOUGH_TO_SEE_ALL = 40 /* seeds: then every fault strikes and every invariant is looked at */ };

struct totals {
    uint64_t seeds, bad, first_bad, events, healing, slowest_healing, seconds, restarts, reconnects;
    uint64_t checked[INVARIANTS], struck[FAULTS];
};

static uint64_t from_env(const char *name, uint64_t absent) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : absent;
}

static struct world_config config_of(uint64_t seed, size_t events) {
    static const char *const displays[] = {NULL, NULL, "EUR", NULL, "BTC"};
    bool key = seed % 3 != 0;
    return (struct world_config){.seed = seed,
                                 .events = events,
                                 .symbols = seed % 16 == 15 ? 6 : 1 + seed % 4,
                                 .old = key ? 2400 : 300,
                                 .credentials = key,
                                 .faults = seed % 10 != 9,
                                 .source = seed % 3 == 1 ? SOURCE_IS_EXCHANGE : SOURCE_IS_BOT,
                                 .user_stream = key && seed % 7 == 4 ? USER_STREAM_LISTEN_KEY : USER_STREAM_WS_API,
                                 .environment = key && seed % 11 == 5 ? "testnet" : "production",
                                 .display = displays[seed / 3 % 5],
                                 .fees_in_bnb = key && seed % 2,
                                 .short_lives = seed % 5 == 2,
                                 .low_limit = seed % 13 == 6,
                                 .page = seed % 8 == 3,
                                 .calm = seed % 10 == 9 || seed % 8 == 1};
}

static void tell(const struct world_config *c, const struct world_result *r) {
    printf("# seed %" PRIu64 ", %zu events, %zu faults: %s; %" PRIu64 " fills, %" PRIu64 " restarts, %" PRIu64
           " requests, %" PRId64 " s, healed after %" PRId64 " s\n",
           c->seed, c->events, r->fault_count, r->ok ? "ok" : r->why, r->fills, r->restarts, r->requests, r->seconds,
           r->healed_after);
}

static void shorten(struct world_config c, struct world_result *r) {
    static struct fault_at list[FAULTS_KEPT];
    size_t left = shorten_run(&c, list, r);
    c.tell_steps = true;
    world_run(&c, r);
    tell(&c, r);
    for (size_t i = 0; i < left; i++)
        printf("#   %s:%u %s\n", fault_rows[list[i].kind].name, list[i].chance, fault_rows[list[i].kind].sentence);
    printf("# again: GRIDSCOPE_SEED=%" PRIu64 " GRIDSCOPE_EVENTS=%zu GRIDSCOPE_FAULTS=", c.seed, c.events);
    for (size_t i = 0; i < left; i++)
        printf("%s%s:%u", i > 0 ? "," : "", fault_rows[list[i].kind].name, list[i].chance);
    printf("\n");
}

static int run_alone(uint64_t seed, size_t events) {
    static struct fault_at list[FAULTS_KEPT];
    static struct world_result r;
    struct world_config c = config_of(seed, events);
    const char *faults = getenv("GRIDSCOPE_FAULTS");
    if (faults != NULL) {
        c.only = list;
        c.only_count = faults_parse(list, FAULTS_KEPT, faults);
        if (c.only_count == 0 && faults[0] != '\0') {
            fprintf(stderr, "GRIDSCOPE_FAULTS is not a list as it was printed\n");
            return 2;
        }
    }
    c.trace = from_env("GRIDSCOPE_TRACE", 0) != 0;
    c.tell_steps = !c.trace;
    world_run(&c, &r);
    tell(&c, &r);
    return r.ok ? 0 : 1;
}

static void add(struct totals *t, const struct world_config *c, const struct world_result *r) {
    t->seeds++;
    t->events += r->events;
    t->healing += r->healing;
    t->seconds += (uint64_t)r->seconds;
    t->restarts += r->restarts;
    t->reconnects += r->reconnects;
    if (!c->calm && (uint64_t)r->healed_after > t->slowest_healing) t->slowest_healing = (uint64_t)r->healed_after;
    if (!r->ok && t->bad++ == 0) t->first_bad = c->seed;
    for (int i = 0; i < INVARIANTS; i++) t->checked[i] += r->checked[i];
    for (int i = 0; i < FAULTS; i++) t->struck[i] += r->struck[i];
}

/* Every jobs-th seed; ends after the first bad one. */
static struct totals run_share(uint64_t first, uint64_t end, uint64_t jobs, size_t events) {
    static struct world_result r;
    struct totals t = {0};
    for (uint64_t seed = first; seed < end && t.bad == 0; seed += jobs) {
        struct world_config c = config_of(seed, events);
        world_run(&c, &r);
        add(&t, &c, &r);
        if (!r.ok) tell(&c, &r);
    }
    (void)fflush(stdout);
    return t;
}

static void sum(struct totals *all, const struct totals *t) {
    if (t->bad > 0 && (all->bad == 0 || t->first_bad < all->first_bad)) all->first_bad = t->first_bad;
    all->bad += t->bad;
    all->seeds += t->seeds;
    all->events += t->events;
    all->healing += t->healing;
    all->seconds += t->seconds;
    all->restarts += t->restarts;
    all->reconnects += t->reconnects;
    if (t->slowest_healing > all->slowest_healing) all->slowest_healing = t->slowest_healing;
    for (int i = 0; i < INVARIANTS; i++) all->checked[i] += t->checked[i];
    for (int i = 0; i < FAULTS; i++) all->struck[i] += t->struck[i];
}

/* One process for each job; a process that dies counts as a bad seed. */
static struct totals run_all(uint64_t first, uint64_t seeds, uint64_t jobs, size_t events) {
    struct totals all = {0};
    int pipes[JOBS_MAX][2];
    pid_t children[JOBS_MAX];
    (void)fflush(stdout);
    for (uint64_t j = 0; j < jobs; j++) {
        if (pipe(pipes[j]) != 0 || (children[j] = fork()) < 0) abort();
        if (children[j] != 0) {
            (void)close(pipes[j][1]);
            continue;
        }
        struct totals t = run_share(first + j, first + seeds, jobs, events);
        _exit(write(pipes[j][1], &t, sizeof t) == (ssize_t)sizeof t ? 0 : 1);
    }
    for (uint64_t j = 0; j < jobs; j++) {
        struct totals t = {0};
        int status = 0;
        if (read(pipes[j][0], &t, sizeof t) != (ssize_t)sizeof t) t = (struct totals){.bad = 1};
        (void)close(pipes[j][0]);
        (void)waitpid(children[j], &status, 0);
        if (status != 0 && t.bad == 0) t.bad = 1;
        if (t.bad > 0 && t.first_bad == 0) printf("# a process died: look with GRIDSCOPE_JOBS=1\n");
        sum(&all, &t);
    }
    return all;
}

static void list_tables(void) {
    printf("faults\n");
    for (int i = 0; i < FAULTS; i++)
        printf("  %-18s 1 in %-5u %s\n", fault_rows[i].name, fault_rows[i].one_in, fault_rows[i].sentence);
    printf("invariants\n");
    for (int i = 0; i < INVARIANTS; i++) printf("  %-26s %s\n", invariant_rows[i].name, invariant_rows[i].sentence);
}

/* What never happened proves nothing. */
static size_t idle(const struct totals *t) {
    size_t count = 0;
    for (int i = 0; i < INVARIANTS; i++)
        if (t->checked[i] == 0 && ++count) printf("# the invariant %s was never looked at\n", invariant_rows[i].name);
    for (int i = 0; i < FAULTS; i++)
        if (t->struck[i] == 0 && ++count) printf("# the fault %s never struck\n", fault_rows[i].name);
    return count;
}

static double minutes_since(const struct timespec *from) {
    struct timespec to;
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    double minutes = ((double)(to.tv_sec - from->tv_sec) + (double)(to.tv_nsec - from->tv_nsec) / 1e9) / 60;
    return minutes > 1e-6 ? minutes : 1e-6;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        list_tables();
        return 0;
    }
    uint64_t only = from_env("GRIDSCOPE_SEED", 0), first = from_env("GRIDSCOPE_FIRST_SEED", 1);
    uint64_t seeds = from_env("GRIDSCOPE_SEEDS", argc > 1 ? strtoull(argv[1], NULL, 10) : 40);
    size_t events = from_env("GRIDSCOPE_EVENTS", 10000);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = from_env("GRIDSCOPE_JOBS", processors > 0 ? (uint64_t)processors : 1);
    struct timespec from;
    if (only != 0) return run_alone(only, events);
    if (jobs > JOBS_MAX) jobs = JOBS_MAX;
    if (jobs > seeds || jobs == 0) jobs = seeds > 0 ? seeds : 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    struct totals t = run_all(first, seeds, jobs, events);
    double minutes = minutes_since(&from);
    printf("# %.0f seeds a minute on %" PRIu64 " processors, %.0f events a second; %" PRIu64
           " events with faults, %" PRIu64 " while healing; %.0f virtual hours, %" PRIu64 " restarts, %" PRIu64
           " reconnects; slowest healing %" PRIu64 " s\n",
           (double)t.seeds / minutes, jobs, (double)(t.events + t.healing) / minutes / 60, t.events, t.healing,
           (double)t.seconds / 3600, t.restarts, t.reconnects, t.slowest_healing);
    if (t.first_bad != 0 && from_env("GRIDSCOPE_SHORTEN", 1) != 0) {
        static struct world_result r;
        shorten(config_of(t.first_bad, events), &r);
    }
    bool seen_all = t.bad > 0 || seeds < ENOUGH_TO_SEE_ALL || events < 10000 || idle(&t) == 0;
    printf("1..2\n%s 1 - %" PRIu64 " seeds of %zu events end with the exchange's truth\n", t.bad == 0 ? "ok" : "not ok",
           seeds, events);
    printf("%s 2 - every fault struck and every invariant was looked at\n", seen_all ? "ok" : "not ok");
    return t.bad != 0 || !seen_all;
}
