#include "server/login.h"

#include "base/check.h"

#include <sodium.h>
#include <stdlib.h>

/* OWASP's second recommendation for Argon2id: 19 MiB, two passes. About 30 ms on a small server, and little enough memory
 * for a board with 512 MB; the lock, not the hash, is what stops guessing over the network. */
static const unsigned long long hash_passes = 2;
static const size_t hash_memory = (size_t)19 << 20;

enum { TOKEN_BYTES = 32 };

struct grant {
    uint64_t id; /* 0: free */
    unsigned char hash[TOKEN_BYTES];
    struct mono ends;
};

struct login {
    struct job_queue *queue;
    struct lockout lockout;
    struct grant grants[LIMIT_LOGIN_GRANTS];
    uint64_t last_id;
    int64_t lifetime_us;
    char hash[crypto_pwhash_STRBYTES];
    struct check *checks; /* under way, so that they can be told when we go */
    struct loop *loop;
};

struct check {           /* one password on its way through the pool; owned by the job */
    struct login *login; /* NULL: it went away */
    struct check *prev, *next;
    struct lockout_key address;
    login_done_fn *done;
    void *arg;
    uint64_t id;
    bool right;
    char hash[crypto_pwhash_STRBYTES];
    size_t password_len;
    char password[LIMIT_PASSWORD_BYTES];
};

static enum err login_set_hash(struct login *l, const struct login_config *config) {
    if (config->password_hash != NULL) {
        size_t len = strlen(config->password_hash);
        if (len >= sizeof l->hash || strncmp(config->password_hash, "$argon2id$", 10) != 0) return ERR_VALUE;
        memcpy(l->hash, config->password_hash, len + 1);
        return crypto_pwhash_str_needs_rehash(l->hash, hash_passes, hash_memory) < 0 ? ERR_VALUE : ERR_OK;
    }
    if (config->password.len == 0) return ERR_MISSING;
    if (config->password.len > LIMIT_PASSWORD_BYTES) return ERR_VALUE;
    int failed = crypto_pwhash_str_alg(l->hash, config->password.at, config->password.len, hash_passes, hash_memory,
                                       crypto_pwhash_ALG_ARGON2ID13);
    return failed == 0 ? ERR_OK : ERR_MEMORY;
}

enum err login_new(struct login **out, struct loop *loop, const struct login_config *config) {
    CHECK(config->lifetime_us > 0);
    if (sodium_init() < 0) return ERR_MEMORY;
    struct login *l = calloc(1, sizeof *l);
    if (l == NULL) return ERR_MEMORY;
    lockout_init(&l->lockout);
    l->lifetime_us = config->lifetime_us;
    l->loop = loop;
    enum err e = login_set_hash(l, config);
    if (e == ERR_OK) {
        l->queue = job_queue_new(loop, LIMIT_LOGIN_WAITING);
        if (l->queue == NULL) e = ERR_MEMORY;
    }
    if (e != ERR_OK) {
        free(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

void login_free(struct login *l) {
    if (l == NULL) return;
    for (struct check *c = l->checks; c != NULL; c = c->next) c->login = NULL;
    job_queue_close(l->queue);
    sodium_memzero(l, sizeof *l);
    free(l);
}

/* --- the check of a password --- */

static void check_unlink(struct check *c) {
    if (c->prev != NULL) c->prev->next = c->next;
    else c->login->checks = c->next;
    if (c->next != NULL) c->next->prev = c->prev;
}

static void check_link(struct login *l, struct check *c) {
    c->next = l->checks;
    if (c->next != NULL) c->next->prev = c;
    l->checks = c;
}

static void check_free(struct check *c) {
    sodium_memzero(c, sizeof *c);
    free(c);
}

static void check_work(void *arg) { /* on the pool: touches only the check */
    struct check *c = arg;
    c->right = crypto_pwhash_str_verify(c->hash, c->password, c->password_len) == 0;
}

static void check_done(void *arg, bool ran) {
    struct check *c = arg;
    if (c->login == NULL) {
        check_free(c);
        return;
    }
    enum login_outcome outcome = !ran ? LOGIN_FAILED : c->right ? LOGIN_RIGHT : LOGIN_WRONG;
    struct lockout *lockout = &c->login->lockout;
    if (outcome == LOGIN_RIGHT) lockout_succeed(lockout, &c->address, loop_now(c->login->loop).mono);
    else if (outcome == LOGIN_FAILED) lockout_undo(lockout, &c->address);
    check_unlink(c);
    c->done(c->arg, c->id, outcome);
    check_free(c);
}

enum err login_try(struct login *l, int64_t *wait_us, struct span password, struct span address, struct now now,
                   login_done_fn *done, void *arg, uint64_t id) {
    if (password.len > LIMIT_PASSWORD_BYTES) return ERR_TOO_BIG;
    struct lockout_key key = lockout_key_of(address);
    if (!lockout_begin(&l->lockout, &key, wait_us, now.mono)) return ERR_DENIED;
    struct check *c = calloc(1, sizeof *c);
    enum err e = ERR_MEMORY;
    if (c != NULL) {
        *c = (struct check){
            .login = l, .address = key, .done = done, .arg = arg, .id = id, .password_len = password.len};
        memcpy(c->hash, l->hash, sizeof c->hash);
        if (password.len > 0) memcpy(c->password, password.at, password.len);
        e = job_put(l->queue, check_work, check_done, c);
    }
    if (e == ERR_OK) {
        check_link(l, c);
        return ERR_OK;
    }
    if (c != NULL) check_free(c);
    lockout_undo(&l->lockout, &key);
    return e;
}

/* --- grants --- */

static void token_hash(unsigned char out[static TOKEN_BYTES], const unsigned char token[static TOKEN_BYTES]) {
    crypto_generichash(out, TOKEN_BYTES, token, TOKEN_BYTES, NULL, 0);
}

/* A free place, else the grant that would end first: lifetimes are equal, so that is the oldest. */
static struct grant *grant_take(struct login *l) {
    struct grant *best = &l->grants[0];
    for (size_t i = 0; i < LIMIT_LOGIN_GRANTS; i++) {
        struct grant *g = &l->grants[i];
        if (g->id == 0) return g;
        if (g->ends.us < best->ends.us) best = g;
    }
    return best;
}

uint64_t login_grant(struct login *l, char token[static LOGIN_TOKEN_TEXT], uint64_t *replaced, struct now now) {
    unsigned char secret[TOKEN_BYTES];
    struct grant *g = grant_take(l);
    *replaced = g->id;
    randombytes_buf(secret, sizeof secret);
    token_hash(g->hash, secret);
    sodium_bin2hex(token, LOGIN_TOKEN_TEXT, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    g->id = ++l->last_id;
    g->ends = mono_add(now.mono, l->lifetime_us);
    return g->id;
}

uint64_t login_check(const struct login *l, struct span token, struct now now) {
    unsigned char secret[TOKEN_BYTES], hash[TOKEN_BYTES];
    size_t len;
    uint64_t found = 0;
    if (token.len != LOGIN_TOKEN_TEXT - 1) return 0;
    if (sodium_hex2bin(secret, sizeof secret, token.at, token.len, NULL, &len, NULL) != 0 || len != sizeof secret)
        return 0;
    token_hash(hash, secret);
    for (size_t i = 0; i < LIMIT_LOGIN_GRANTS; i++) { /* all are looked at, whichever it is */
        const struct grant *g = &l->grants[i];
        if (sodium_memcmp(g->hash, hash, sizeof hash) == 0 && g->id != 0 && !mono_reached(now.mono, g->ends))
            found = g->id;
    }
    return found;
}

static void grant_clear(struct grant *g) { sodium_memzero(g, sizeof *g); }

void login_end(struct login *l, uint64_t grant) {
    for (size_t i = 0; i < LIMIT_LOGIN_GRANTS; i++)
        if (grant != 0 && l->grants[i].id == grant) grant_clear(&l->grants[i]);
}

uint64_t login_expire(struct login *l, struct now now) {
    for (size_t i = 0; i < LIMIT_LOGIN_GRANTS; i++) {
        struct grant *g = &l->grants[i];
        if (g->id == 0 || !mono_reached(now.mono, g->ends)) continue;
        uint64_t id = g->id;
        grant_clear(g);
        return id;
    }
    return 0;
}

size_t login_grants(const struct login *l) {
    size_t n = 0;
    for (size_t i = 0; i < LIMIT_LOGIN_GRANTS; i++) n += l->grants[i].id != 0;
    return n;
}
