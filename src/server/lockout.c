#include "server/lockout.h"

#include <arpa/inet.h>

static const int64_t lock_us = LIMIT_LOGIN_LOCK_SECONDS * US_PER_S;

void lockout_init(struct lockout *l) { memset(l, 0, sizeof *l); }

struct lockout_key lockout_key_of(struct span address) {
    struct lockout_key key = {{0}};
    char text[INET6_ADDRSTRLEN];
    unsigned char *b = key.bytes;
    if (address.len == 0 || address.len >= sizeof text) return key;
    memcpy(text, address.at, address.len);
    text[address.len] = '\0';
    if (inet_pton(AF_INET, text, b + 12) == 1) {
        b[10] = b[11] = 0xff;
    } else if (inet_pton(AF_INET6, text, b) == 1) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
        if (memcmp(b, mapped, sizeof mapped) != 0) memset(b + 8, 0, 8);
    }
    return key;
}

static struct lockout_entry *entry_find(struct lockout *l, const struct lockout_key *key) {
    for (size_t i = 0; i < LIMIT_LOGIN_ADDRESSES; i++)
        if (l->entries[i].used && memcmp(&l->entries[i].key, key, sizeof *key) == 0) return &l->entries[i];
    return NULL;
}

static bool entry_locked(const struct lockout_entry *e, struct mono now) {
    return e->failures >= LIMIT_LOGIN_FAILURES && !mono_reached(now, e->until);
}

/* Which of two entries to forget: a stranger before a known one, then the one not seen for longest. */
static bool entry_is_less(const struct lockout_entry *a, const struct lockout_entry *b) {
    return a->known != b->known ? !a->known : a->last.us < b->last.us;
}

/* A free place, or one that can be forgotten. A locked one cannot: it would be unlocked. NULL where all are locked. */
static struct lockout_entry *entry_take(struct lockout *l, struct mono now) {
    struct lockout_entry *best = NULL;
    for (size_t i = 0; i < LIMIT_LOGIN_ADDRESSES; i++) {
        struct lockout_entry *e = &l->entries[i];
        if (!e->used) return e;
        if (!entry_locked(e, now) && (best == NULL || entry_is_less(e, best))) best = e;
    }
    return best;
}

static bool strangers_locked(struct lockout *l, struct mono now) {
    if (mono_reached(now, mono_add(l->strangers_since, lock_us))) {
        l->strangers_failed = 0;
        l->strangers_since = now;
    }
    return l->strangers_failed >= LIMIT_LOGIN_FAILURES_ALL;
}

bool lockout_begin(struct lockout *l, const struct lockout_key *key, int64_t *wait_us, struct mono now) {
    struct lockout_entry *e = entry_find(l, key);
    if (e != NULL && entry_locked(e, now)) {
        *wait_us = e->until.us - now.us;
        return false;
    }
    bool known = e != NULL && e->known;
    if (!known && strangers_locked(l, now)) {
        *wait_us = l->strangers_since.us + lock_us - now.us;
        return false;
    }
    if (e == NULL) {
        e = entry_take(l, now);
        *wait_us = lock_us;
        if (e == NULL) return false;
        *e = (struct lockout_entry){.key = *key, .used = true};
    }
    if (e->failures >= LIMIT_LOGIN_FAILURES || mono_reached(now, mono_add(e->last, lock_us))) e->failures = 0;
    e->last = now;
    if (!known) l->strangers_failed++;
    if (++e->failures >= LIMIT_LOGIN_FAILURES) e->until = mono_add(now, lock_us);
    return true;
}

void lockout_undo(struct lockout *l, const struct lockout_key *key) {
    struct lockout_entry *e = entry_find(l, key);
    if (e == NULL) return;
    if (e->failures > 0) e->failures--;
    if (!e->known && l->strangers_failed > 0) l->strangers_failed--;
}

void lockout_succeed(struct lockout *l, const struct lockout_key *key, struct mono now) {
    lockout_undo(l, key);
    struct lockout_entry *e = entry_find(l, key);
    if (e == NULL) return;
    e->known = true;
    e->failures = 0;
    e->last = now;
}
