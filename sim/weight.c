/* weight.c: see weight.h. */
#include "sim/weight.h"

#include "base/time.h"

enum { CONNECTS_MAX = 300 };

#define BAN_FIRST_US (2 * US_PER_MIN)
#define BAN_MOST_US (3 * US_PER_DAY)

void sim_weight_init(struct weights *w, int64_t limit) { *w = (struct weights){.limit = limit}; }

static struct weight_address *find(struct weights *w, struct span address, int64_t now_us) {
    struct name name = {{0}};
    if (name_set(&name, address) != ERR_OK) name = name_of("?");
    struct weight_address *a = NULL;
    for (unsigned i = 0; i < WEIGHT_ADDRESSES && a == NULL; i++)
        if (name_eq(&w->all[i].address, &name)) a = &w->all[i];
    if (a == NULL) {
        a = &w->all[w->next++ % WEIGHT_ADDRESSES];
        *a = (struct weight_address){.address = name};
    }
    int64_t minute = now_us / US_PER_MIN;
    if (a->minute != minute) {
        a->minute = minute;
        a->used = 0;
        a->refused = 0;
    }
    return a;
}

static void ban(struct weight_address *a, int64_t now_us) {
    int64_t length = BAN_FIRST_US;
    for (unsigned i = 0; i < a->bans && length < BAN_MOST_US; i++) length *= 2;
    a->banned_until_us = now_us + (length < BAN_MOST_US ? length : BAN_MOST_US);
    a->bans++;
}

struct weight_answer sim_weight_use(struct weights *w, struct span address, int64_t weight, int64_t now_us) {
    struct weight_address *a = find(w, address, now_us);
    a->used += weight;
    w->total += (uint64_t)weight;
    if (a->used > w->limit && now_us >= a->banned_until_us && ++a->refused > WEIGHT_REFUSALS_TO_BAN) ban(a, now_us);
    if (now_us < a->banned_until_us) return (struct weight_answer){WEIGHT_BANNED, a->used, a->banned_until_us};
    if (a->used > w->limit) return (struct weight_answer){WEIGHT_LIMITED, a->used, (a->minute + 1) * US_PER_MIN};
    return (struct weight_answer){WEIGHT_OK, a->used, 0};
}

int64_t sim_weight_used(struct weights *w, struct span address, int64_t now_us) {
    return find(w, address, now_us)->used;
}

bool sim_weight_connect(struct weights *w, struct span address, int64_t now_us) {
    struct weight_address *a = find(w, address, now_us);
    int64_t window = now_us / (5 * US_PER_MIN);
    if (a->connects_window != window) a->connects = 0;
    a->connects_window = window;
    return ++a->connects <= CONNECTS_MAX;
}

void sim_weight_exhaust(struct weights *w, struct span address, int64_t now_us) {
    find(w, address, now_us)->used = w->limit;
}

void sim_weight_ban(struct weights *w, struct span address, int64_t until_us) {
    struct weight_address *a = find(w, address, until_us);
    a->banned_until_us = until_us;
    a->bans++;
}

void sim_weight_forgive(struct weights *w) {
    int64_t limit = w->limit;
    uint64_t total = w->total;
    sim_weight_init(w, limit);
    w->total = total;
}
