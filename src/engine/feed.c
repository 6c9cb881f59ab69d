/* feed.c: see feed.h for the diagram. Rules: only set_state writes `state`; a link is dropped by forgetting its id, so that
 * whatever still arrives for it finds no link and is ignored. */
#include "engine/feed.h"

#include "base/check.h"

#include <stdio.h>

#define NEVER ((struct mono){INT64_MAX})
#define FRUITLESS_WAIT (10 * US_PER_MIN) /* PRODUCT 6: two replacements that change nothing, then every 10 min only */

#define BIT(s) (1u << (s))
static const unsigned char may_follow[FEED_STATES] = {
    [FEED_OFF] = BIT(FEED_CONNECTING),
    [FEED_CONNECTING] = BIT(FEED_SUBSCRIBING) | BIT(FEED_WAITING) | BIT(FEED_OFF),
    [FEED_SUBSCRIBING] = BIT(FEED_SYNCING) | BIT(FEED_LIVE) | BIT(FEED_WAITING) | BIT(FEED_CONNECTING) | BIT(FEED_OFF),
    [FEED_SYNCING] = BIT(FEED_LIVE) | BIT(FEED_WAITING) | BIT(FEED_CONNECTING) | BIT(FEED_OFF),
    [FEED_LIVE] = BIT(FEED_DRAINING) | BIT(FEED_WAITING) | BIT(FEED_CONNECTING) | BIT(FEED_OFF),
    [FEED_DRAINING] = BIT(FEED_LIVE) | BIT(FEED_WAITING) | BIT(FEED_CONNECTING) | BIT(FEED_SUBSCRIBING) |
                      BIT(FEED_SYNCING) | BIT(FEED_OFF),
    [FEED_WAITING] = BIT(FEED_CONNECTING) | BIT(FEED_OFF),
};

static void set_state(struct feed *f, enum feed_state next, struct now now) {
    if (f->state == next) return;
    CHECK(may_follow[f->state] >> next & 1);
    if (feed_is_live(f) && next != FEED_LIVE && next != FEED_DRAINING) f->lost_at = now.wall;
    if (next == FEED_LIVE) {
        f->lost_at = (struct wall){0};
        f->reason[0] = f->told[0] = '\0';
        if (f->state != FEED_DRAINING) f->live_since = now.mono;
    }
    if (next != FEED_WAITING) f->next_attempt_at = (struct wall){0};
    f->state = next;
    f->since = now.wall;
}

static void set_reason(struct feed *f, const char *why) { (void)snprintf(f->reason, sizeof f->reason, "%s", why); }

void feed_init(struct feed *f, enum feed_kind kind, const struct feed_config *config) {
    *f = (struct feed){.kind = kind, .config = *config, .latency_ms = -1};
}

struct feed_todo feed_want(struct feed *f, bool wanted, struct now now) {
    struct feed_todo todo = {0};
    if (wanted && f->state == FEED_OFF) {
        set_state(f, FEED_CONNECTING, now);
        todo.actions = FEED_CONNECT;
    }
    if (!wanted && f->state != FEED_OFF) {
        set_state(f, FEED_OFF, now);
        todo = (struct feed_todo){f->cur.id != 0 ? FEED_CLOSE_CUR : 0, f->cur.id};
        f->cur = f->next = (struct link){0};
        set_reason(f, "");
    }
    return todo;
}

void feed_opening(struct feed *f, uint64_t id, struct now now) {
    struct link *l = f->cur.id == 0 ? &f->cur : &f->next;
    CHECK(l->id == 0);
    *l = (struct link){.id = id,
                       .phase = LINK_CONNECTING,
                       .last_data = now.mono,
                       .last_ping = now.mono,
                       .deadline = mono_add(now.mono, f->config.phase_limit_us)};
}

void feed_delay(struct feed *f, struct mono until) { f->next_wait_until = until; }

struct link *feed_link(struct feed *f, uint64_t id) {
    if (id == 0) return NULL;
    return f->cur.id == id ? &f->cur : f->next.id == id ? &f->next : NULL;
}

void feed_open(struct feed *f, uint64_t id, struct now now) {
    struct link *l = feed_link(f, id);
    if (l == NULL) return;
    l->phase = LINK_OPEN;
    l->opened = l->last_data = l->last_ping = now.mono;
    l->deadline = mono_add(now.mono, f->config.phase_limit_us);
    if (l == &f->cur && f->state == FEED_CONNECTING) set_state(f, FEED_SUBSCRIBING, now);
}

void feed_subscribed(struct feed *f, uint64_t id, struct now now) {
    struct link *l = feed_link(f, id);
    if (l == NULL || l->phase >= LINK_SUBSCRIBED) return;
    l->phase = LINK_SUBSCRIBED;
    /* the user feed waits for the trades of the gap, which may be many pages: only silence ends that (feed_heard) */
    l->deadline = mono_add(now.mono, f->kind == FEED_USER ? f->config.dead_after_us : f->config.phase_limit_us);
    if (l == &f->cur && f->state == FEED_SUBSCRIBING) set_state(f, FEED_SYNCING, now);
}

/* Proof of the market feed resets the backoff at once, that of the user feed after its first event or 60 s (feed_tick). */
struct feed_todo feed_proven(struct feed *f, uint64_t id, struct now now) {
    struct feed_todo todo = {0};
    struct link *l = feed_link(f, id);
    if (l == NULL || l->phase == LINK_PROVEN) return todo;
    l->phase = LINK_PROVEN;
    l->deadline = NEVER;
    if (l == &f->next) {
        if (f->cur.id != 0) todo = (struct feed_todo){FEED_CLOSE_CUR, f->cur.id};
        f->cur = f->next;
        f->next = (struct link){0};
        f->next_backoff = (struct backoff){0};
        f->next_wait_until = (struct mono){0};
        f->fruitless = 0;
        f->reconnects++;
    }
    if (f->kind == FEED_MARKET) backoff_reset(&f->backoff);
    if (f->state == FEED_SUBSCRIBING || f->state == FEED_SYNCING || f->state == FEED_DRAINING)
        set_state(f, FEED_LIVE, now);
    return todo;
}

void feed_heard(struct feed *f, uint64_t id, bool data, struct now now) {
    struct link *l = feed_link(f, id);
    if (l == NULL) return;
    l->last_ping = now.mono;
    if (f->kind == FEED_USER && l->phase == LINK_SUBSCRIBED) l->deadline = mono_add(now.mono, f->config.dead_after_us);
    if (!data) return;
    l->last_data = now.mono;
    l->asked = (struct mono){0};
    f->last_message_at = now.wall;
    f->fruitless = 0;
    if (f->state == FEED_DRAINING && f->silent && l == &f->cur && f->next.id == 0) set_state(f, FEED_LIVE, now);
    if (f->kind == FEED_USER && l->phase == LINK_PROVEN) backoff_reset(&f->backoff);
}

void feed_answered(struct feed *f, uint64_t id, struct now now) {
    struct link *l = feed_link(f, id);
    if (l == NULL) return;
    l->asked = (struct mono){0};
    l->answered = now.mono;
}

static void wait(struct feed *f, struct rng *rng, struct now now) {
    int64_t us = backoff_next(&f->backoff, rng);
    set_state(f, FEED_WAITING, now);
    f->fruitless = 0;
    f->next_wait_until = (struct mono){0};
    f->wait_until = mono_add(now.mono, us);
    f->next_attempt_at = (struct wall){now.wall.us + us};
}

/* The replacement takes over the place of the lost link, in whatever phase it is. */
static void promote(struct feed *f, struct now now) {
    f->cur = f->next;
    f->next = (struct link){0};
    f->reconnects++;
    set_state(f, FEED_CONNECTING, now);
    if (f->cur.phase >= LINK_OPEN) set_state(f, FEED_SUBSCRIBING, now);
    if (f->cur.phase >= LINK_SUBSCRIBED) set_state(f, FEED_SYNCING, now);
}

struct feed_todo feed_lost(struct feed *f, uint64_t id, const char *why, struct rng *rng, struct now now) {
    struct feed_todo todo = {0};
    struct link *l = feed_link(f, id);
    if (l == NULL) return todo;
    if (l == &f->next) {
        f->next = (struct link){0};
        f->next_wait_until = mono_add(now.mono, backoff_next(&f->next_backoff, rng));
        return todo;
    }
    bool was_live = feed_is_live(f);
    f->cur = (struct link){0};
    if (f->next.id != 0) {
        promote(f, now);
        set_reason(f, why);
        return todo;
    }
    if (was_live) f->reconnects++;
    wait(f, rng, now);
    set_reason(f, why);
    return todo;
}

struct feed_todo feed_replace(struct feed *f, const char *why, struct now now) {
    struct feed_todo todo = {0};
    if (f->cur.id == 0 || f->next.id != 0) return todo;
    if (f->state == FEED_LIVE) set_state(f, FEED_DRAINING, now);
    else if (f->state != FEED_DRAINING) return todo; /* not live yet: its phase limit decides */
    set_reason(f, why);
    f->silent = false;
    if (!mono_reached(now.mono, f->next_wait_until)) return todo; /* feed_tick opens it then */
    todo.actions = FEED_CONNECT;
    return todo;
}

static struct feed_todo phase_over(struct feed *f, struct link *l, struct rng *rng, struct now now) {
    static const char *const why[] = {"", "no answer to the connection", "no answer to the subscription",
                                      "subscribed, but nothing was delivered", ""};
    uint64_t id = l->id;
    const char *reason = why[l->phase];
    bool no_news = l == &f->next && l->phase >= LINK_OPEN;
    (void)feed_lost(f, id, reason, rng, now);
    if (no_news && ++f->fruitless >= 2) f->next_wait_until = mono_add(now.mono, FRUITLESS_WAIT);
    return (struct feed_todo){FEED_CLOSE_CUR, id};
}

static bool silent_for(struct mono last, int64_t us, struct now now) { return now.mono.us - last.us >= us; }

static struct feed_todo silent(struct feed *f, struct now now) {
    struct feed_todo todo = feed_replace(f, "open but silent", now);
    f->silent = true;
    return todo;
}

static struct mono ask_due(const struct feed *f) {
    const struct link *l = &f->cur;
    struct mono last = l->answered.us > l->last_data.us ? l->answered : l->last_data;
    return mono_add(last, f->config.ask_after_us);
}

static struct feed_todo watch(struct feed *f, struct now now) {
    struct link *l = &f->cur;
    struct mono last = f->kind == FEED_MARKET ? l->last_data : l->last_ping;
    if (silent_for(last, f->config.dead_after_us, now)) return silent(f, now);
    if (f->kind == FEED_MARKET && l->asked.us != 0 && silent_for(l->asked, f->config.answer_within_us, now))
        return silent(f, now);
    if (f->kind == FEED_MARKET && l->asked.us == 0 && mono_reached(now.mono, ask_due(f))) {
        l->asked = now.mono;
        return (struct feed_todo){FEED_ASK, 0};
    }
    if (silent_for(l->opened, f->config.lifetime_us, now))
        return feed_replace(f, "planned renewal before the 24 h limit", now);
    return (struct feed_todo){0};
}

struct feed_todo feed_tick(struct feed *f, struct rng *rng, struct now now) {
    if (f->next.id != 0 && mono_reached(now.mono, f->next.deadline)) return phase_over(f, &f->next, rng, now);
    if (f->cur.id != 0 && f->cur.phase != LINK_PROVEN && mono_reached(now.mono, f->cur.deadline))
        return phase_over(f, &f->cur, rng, now);
    if (f->state == FEED_WAITING && mono_reached(now.mono, f->wait_until)) {
        set_state(f, FEED_CONNECTING, now);
        return (struct feed_todo){FEED_CONNECT, 0};
    }
    if (f->state == FEED_DRAINING && f->next.id == 0 && mono_reached(now.mono, f->next_wait_until))
        return (struct feed_todo){FEED_CONNECT, 0};
    if (!feed_is_live(f)) return (struct feed_todo){0};
    if (f->kind == FEED_USER && f->backoff.attempt > 0 && silent_for(f->live_since, US_PER_MIN, now))
        backoff_reset(&f->backoff);
    return f->state == FEED_LIVE ? watch(f, now) : (struct feed_todo){0}; /* DRAINING: it is being replaced already */
}

static void at_the_latest(struct mono *due, struct mono at) {
    if (at.us < due->us) *due = at;
}

struct mono feed_deadline(const struct feed *f) {
    struct mono due = NEVER;
    if (f->next.id != 0) at_the_latest(&due, f->next.deadline);
    if (f->cur.id != 0 && f->cur.phase != LINK_PROVEN) at_the_latest(&due, f->cur.deadline);
    if (f->state == FEED_WAITING) at_the_latest(&due, f->wait_until);
    if (f->state == FEED_DRAINING && f->next.id == 0) at_the_latest(&due, f->next_wait_until);
    if (f->state == FEED_LIVE) {
        struct mono last = f->kind == FEED_MARKET ? f->cur.last_data : f->cur.last_ping;
        if (f->kind == FEED_MARKET)
            at_the_latest(&due, f->cur.asked.us != 0 ? mono_add(f->cur.asked, f->config.answer_within_us) : ask_due(f));
        at_the_latest(&due, mono_add(last, f->config.dead_after_us));
        at_the_latest(&due, mono_add(f->cur.opened, f->config.lifetime_us));
    }
    return due;
}
