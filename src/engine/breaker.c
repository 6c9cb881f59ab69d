#include "engine/breaker.h"

#include "base/check.h"

#include <string.h>

static const unsigned char may_follow[] = {
    [BREAKER_CLOSED] = 1 << BREAKER_OPEN,
    [BREAKER_OPEN] = 1 << BREAKER_HALF_OPEN,
    [BREAKER_HALF_OPEN] = 1 << BREAKER_OPEN | 1 << BREAKER_CLOSED,
};

/* The only function that writes the state. */
static void enter(struct breaker *b, enum breaker_state next, struct now now) {
    CHECK(may_follow[b->state] >> next & 1);
    b->state = next;
    b->since = now.wall;
    b->trial_out = false;
    b->trial_successes = 0;
    b->next_trial_at = (struct wall){0};
    if (next == BREAKER_OPEN) {
        b->opened++;
        b->next_trial = mono_add(now.mono, b->config.reset_us);
        b->next_trial_at = (struct wall){now.wall.us + b->config.reset_us};
    }
    if (next == BREAKER_CLOSED) {
        b->consecutive_failures = 0;
        b->last_error[0] = '\0';
    }
}

void breaker_init(struct breaker *b, const struct breaker_config *config, struct now now) {
    CHECK(config->fail_max >= 1 && config->reset_us > 0 && config->successes_needed >= 1);
    *b = (struct breaker){.config = *config, .since = now.wall};
}

enum breaker_answer breaker_ask(struct breaker *b, struct now now) {
    if (b->state == BREAKER_CLOSED) return BREAKER_CALL;
    if (b->state == BREAKER_OPEN && mono_reached(now.mono, b->next_trial)) enter(b, BREAKER_HALF_OPEN, now);
    if (b->state == BREAKER_OPEN || b->trial_out) {
        b->refused++;
        return BREAKER_REFUSE;
    }
    b->trial_out = true;
    return BREAKER_TRIAL;
}

/* Half-open, only the trial's own answer counts: one to a call from before it opened says nothing about now. */
static void trial_answered(struct breaker *b, struct now now) {
    if (!b->trial_out) return;
    b->trial_out = false;
    if (++b->trial_successes >= b->config.successes_needed) enter(b, BREAKER_CLOSED, now);
}

void breaker_success(struct breaker *b, struct now now) {
    if (b->state == BREAKER_HALF_OPEN) trial_answered(b, now);
    else if (b->state == BREAKER_CLOSED) b->consecutive_failures = 0, b->last_error[0] = '\0';
    /* open: the late answer to a call made before it opened proves nothing about now */
}

void breaker_failure(struct breaker *b, struct now now, const char *why) {
    if (b->state == BREAKER_OPEN || (b->state == BREAKER_HALF_OPEN && !b->trial_out)) return; /* likewise a late one */
    b->consecutive_failures++;
    size_t len = strnlen(why, BREAKER_ERROR_MAX - 1);
    memcpy(b->last_error, why, len);
    b->last_error[len] = '\0';
    if (b->state == BREAKER_HALF_OPEN || b->consecutive_failures >= b->config.fail_max) enter(b, BREAKER_OPEN, now);
}

void breaker_neutral(struct breaker *b, struct now now) {
    if (b->state == BREAKER_HALF_OPEN) trial_answered(b, now);
}

void breaker_forget_trial(struct breaker *b) { b->trial_out = false; }

const char *breaker_state_name(enum breaker_state s) {
    static const char *const names[] = {"closed", "open", "half_open"};
    CHECK((unsigned)s < 3);
    return names[s];
}
