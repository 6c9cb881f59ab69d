/* test_shorten.c: a failing run becomes a short list, on a condition made up and on a bug planted in the world itself. */
#include "shorten.h"

#include <stdio.h>
#include <stdlib.h>

struct made_up {
    size_t needed, calls;
    uint32_t chances[3];
};

static bool needs_them_all(void *arg, const struct fault_at *list, size_t count) {
    struct made_up *m = arg;
    size_t found = 0;
    m->calls++;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < m->needed; k++) found += list[i].chance == m->chances[k];
    return found == m->needed;
}

static bool finds_what_is_needed(void) {
    enum { LIST = 500 };
    struct fault_at list[LIST];
    bool good = true;
    for (size_t needed = 0; needed <= 3; needed++) {
        struct made_up m = {needed, 0, {17, 400, 499}};
        for (uint32_t i = 0; i < LIST; i++) list[i] = (struct fault_at){FAULT_LATE, i, i};
        size_t left = shorten_list(list, LIST, 1000, needs_them_all, &m);
        good &= left == needed && m.calls <= 1000;
        for (size_t i = 0; i < left; i++) good &= list[i].chance == m.chances[i];
    }
    return good;
}

static bool bears_a_bound(void) {
    struct fault_at list[64];
    struct made_up m = {1, 0, {40, 0, 0}};
    for (uint32_t i = 0; i < 64; i++) list[i] = (struct fault_at){FAULT_LATE, i, i};
    size_t left = shorten_list(list, 64, 3, needs_them_all, &m);
    return m.calls <= 3 && left >= 1 && needs_them_all(&m, list, left);
}

/* The model's store loses a committed fill in a crash: of hundreds of faults one crash is left, or two. */
static bool shortens_a_planted_bug(void) {
    struct world_config c = {.seed = 8,
                             .events = 4000,
                             .symbols = 2,
                             .old = 300,
                             .credentials = true,
                             .source = SOURCE_IS_EXCHANGE,
                             .faults = true,
                             .plant = true};
    struct fault_at *list = calloc(FAULTS_KEPT, sizeof *list);
    struct world_result *r = calloc(1, sizeof *r);
    if (list == NULL || r == NULL) abort();
    bool found = false;
    for (; c.seed < 40 && !found; c.seed += !found) {
        world_run(&c, r);
        found = !r->ok;
    }
    size_t before = r->fault_count, left = found ? shorten_run(&c, list, r) : 0, crashes = 0;
    for (size_t i = 0; i < left; i++) crashes += list[i].kind == FAULT_CRASH || list[i].kind == FAULT_CRASH_IN_COMMIT;
    world_run(&c, r);
    printf("# seed %llu: %zu faults before, %zu after, %zu events: %s\n", (unsigned long long)c.seed, before, left,
           c.events, r->why);
    bool good = found && before > 20 && left >= 1 && left <= 4 && crashes >= 1 && !r->ok;
    c.plant = false;
    world_run(&c, r);
    good &= r->ok; /* without the bug the same faults do no harm */
    free(list);
    free(r);
    return good;
}

static bool reads_a_list(void) {
    struct fault_at out[4];
    return faults_parse(out, 4, "late:117,crash:3") == 2 && out[0].kind == FAULT_LATE && out[0].chance == 117 &&
           out[1].kind == FAULT_CRASH && out[1].chance == 3 && faults_parse(out, 4, "nonsense:1") == 0 &&
           faults_parse(out, 4, "late") == 0;
}

int main(void) {
    static const struct {
        const char *name;
        bool (*holds)(void);
    } cases[] = {{"a_list_is_shortened_to_what_is_needed", finds_what_is_needed},
                 {"shortening_is_bounded", bears_a_bound},
                 {"a_planted_bug_is_shortened_to_its_crash", shortens_a_planted_bug},
                 {"a_list_of_faults_is_read", reads_a_list}};
    size_t count = sizeof cases / sizeof *cases, bad = 0;
    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        bool good = cases[i].holds();
        bad += !good;
        printf("%s %zu - %s\n", good ? "ok" : "not ok", i + 1, cases[i].name);
        (void)fflush(stdout);
    }
    return bad != 0;
}
