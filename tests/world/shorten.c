#include "shorten.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 400 };

static size_t without(struct fault_at *out, const struct fault_at *list, size_t count, size_t from, size_t n) {
    size_t end = from + n < count ? from + n : count;
    memcpy(out, list, from * sizeof *list);
    memcpy(out + from, list + end, (count - end) * sizeof *list);
    return count - (end - from);
}

size_t shorten_list(struct fault_at *list, size_t count, size_t tries, shorten_fails *fails, void *arg) {
    struct fault_at *candidate = calloc(count + 1, sizeof *candidate);
    size_t part = (count + 1) / 2;
    if (candidate == NULL) abort();
    while (count > 0 && part > 0 && tries > 0) {
        bool shorter = false;
        for (size_t from = 0; from < count && tries > 0; tries--) {
            size_t left = without(candidate, list, count, from, part);
            if (fails(arg, candidate, left)) {
                memcpy(list, candidate, left * sizeof *list);
                count = left;
                shorter = true;
            } else {
                from += part;
            }
        }
        if (!shorter || part > count) part = part == 1 && !shorter ? 0 : part > 1 ? part / 2 : part;
    }
    free(candidate);
    return count;
}

struct failing {
    struct world_config config;
    struct world_result *result;
    char why[64]; /* the invariant's name */
};

static void name_of_failure(char out[static 64], const char *why) {
    size_t n = strcspn(why, ":");
    if (n > 63) n = 63;
    memcpy(out, why, n);
    out[n] = '\0';
}

static bool fails_so(void *arg, const struct fault_at *list, size_t count) {
    struct failing *f = arg;
    char why[64];
    f->config.only = list;
    f->config.only_count = count;
    world_run(&f->config, f->result);
    name_of_failure(why, f->result->why);
    return !f->result->ok && strcmp(why, f->why) == 0;
}

/* The least number of events after which, healed, it still fails: by halves. */
static void fewer_events(struct failing *f, const struct fault_at *list, size_t count) {
    size_t passes = 0, least = f->config.events;
    while (least - passes > 1) {
        f->config.events = passes + (least - passes) / 2;
        if (fails_so(f, list, count)) least = f->config.events;
        else passes = f->config.events;
    }
    f->config.events = least;
}

size_t shorten_run(struct world_config *c, struct fault_at *list, struct world_result *r) {
    struct failing f = {.config = *c, .result = r};
    world_run(c, r);
    name_of_failure(f.why, r->why);
    size_t count = r->fault_count;
    memcpy(list, r->faults, count * sizeof *list);
    fewer_events(&f, list, count);
    count = shorten_list(list, count, TRIES, fails_so, &f);
    fewer_events(&f, list, count);
    c->events = f.config.events;
    c->only = list;
    c->only_count = count;
    return count;
}
