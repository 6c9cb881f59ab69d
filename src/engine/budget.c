#include "engine/budget.h"

#define FIRST_ANSWER_US (2 * US_PER_S)
#define BAN_MOST_US (3 * US_PER_DAY)

enum { WEIGHT_LIMIT_DEFAULT = 6000, WEIGHT_REST_PERCENT = 80, WEIGHT_PNL_PERCENT = 95, RATE_RESERVE = 3 };

void weight_init(struct weight_budget *b) { *b = (struct weight_budget){.limit = WEIGHT_LIMIT_DEFAULT}; }

static void roll(struct weight_budget *b, struct wall now) {
    int64_t minute = now.us / US_PER_MIN;
    if (minute != b->minute) b->minute = minute, b->used = 0;
}

bool weight_allows(struct weight_budget *b, struct wall now, int64_t weight, enum weight_need need) {
    roll(b, now);
    int64_t percent = need == NEED_PNL ? WEIGHT_PNL_PERCENT : WEIGHT_REST_PERCENT;
    return (b->used + weight) * 100 <= b->limit * percent;
}

void weight_spend(struct weight_budget *b, struct wall now, int64_t weight) {
    roll(b, now);
    b->used += weight;
    b->spent += (uint64_t)weight;
    b->requests++;
}

void weight_learn(struct weight_budget *b, struct wall now, int64_t used, int64_t limit) {
    roll(b, now);
    if (limit > 0) b->limit = limit;
    if (used > b->used) b->used = used; /* others behind our address count too; a late answer never lowers it */
    b->strikes = 0;
}

void weight_ban(struct weight_budget *b, struct now now, int64_t for_us) {
    if (for_us <= 0) {
        if (weight_banned(b, now.mono)) return; /* said to what was under way already: the same limit once more */
        for_us = b->strikes < 6 ? US_PER_MIN << b->strikes : US_PER_HOUR;
        if (b->strikes < 6) b->strikes++;
    }
    if (for_us > BAN_MOST_US) for_us = BAN_MOST_US;
    if (now.mono.us + for_us <= b->banned_until.us) return;
    b->banned_until = mono_add(now.mono, for_us);
    b->banned_until_at = (struct wall){now.wall.us + for_us};
}

bool weight_throttled(struct weight_budget *b, struct wall now) {
    roll(b, now);
    return b->used * 100 >= b->limit * WEIGHT_REST_PERCENT;
}

void rate_init(struct rate_budget *b) { *b = (struct rate_budget){.remaining = -1}; }

static void drop_oldest(struct rate_budget *b) {
    b->health -= b->sent[b->head].health;
    b->head = (b->head + 1) % RATE_LIMIT_MAX;
    b->count--;
}

static void expire(struct rate_budget *b, struct mono now) {
    while (b->count > 0 && now.us - b->sent[b->head].at.us >= US_PER_MIN) drop_oldest(b);
    if (b->remaining >= 0 && now.us - b->remaining_at.us >= US_PER_MIN) b->remaining = -1;
}

unsigned rate_used(struct rate_budget *b, struct mono now) {
    expire(b, now);
    return b->count;
}

void rate_heard(struct rate_budget *b) { b->heard = true; }

static bool first_is_out(const struct rate_budget *b, struct mono now) {
    return !b->heard && b->count > 0 && now.us - b->sent[b->head].at.us < FIRST_ANSWER_US;
}

bool rate_allows(struct rate_budget *b, struct mono now, bool health) {
    expire(b, now);
    if (first_is_out(b, now)) return false;
    if (!mono_reached(now, b->silent_until) || b->count >= RATE_LIMIT_MAX) return false;
    if (b->remaining >= 0 && b->remaining <= (health ? 0 : RATE_RESERVE)) {
        /* the window slides: after a little while a slot is free again; then one may be tried */
        if (now.us - b->remaining_at.us < US_PER_S) return false;
    }
    return health ? b->health < RATE_HEALTH_SHARE : b->count - b->health < RATE_LIMIT_MAX - RATE_HEALTH_SHARE;
}

void rate_spend(struct rate_budget *b, struct mono now, bool health) {
    expire(b, now);
    if (b->count == RATE_LIMIT_MAX) drop_oldest(b);
    b->sent[(b->head + b->count++) % RATE_LIMIT_MAX] = (struct rate_sent){now, health};
    b->health += health;
    if (b->remaining > 0) b->remaining--;
}

void rate_learn(struct rate_budget *b, struct mono now, int remaining) {
    b->remaining = remaining;
    b->remaining_at = now;
}

void rate_silence(struct rate_budget *b, struct now now, int64_t for_us) {
    struct mono until = mono_add(now.mono, for_us);
    if (until.us > b->silent_until.us) {
        b->silent_until = until;
        b->silent_until_at = (struct wall){now.wall.us + for_us};
    }
}
