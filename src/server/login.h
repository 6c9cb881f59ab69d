/* login.h: the password and what it opens. The password is kept as an Argon2id hash only and checked on the worker pool, one
 * check at a time. A right one makes a grant: 32 random bytes that the browser keeps in a cookie and we keep hashed, so that
 * neither a core file nor a look into our memory gives a usable cookie. A grant ends after its lifetime, by logout, or when
 * LIMIT_LOGIN_GRANTS newer ones exist; it is named by a number that is never used again. The door to libsodium. */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include "io/loop.h"
#include "server/lockout.h"

struct login;

struct login_config {
    const char *password_hash; /* as crypto_pwhash_str writes it; NULL: hash password now (20 to 100 ms) */
    struct span password;
    int64_t lifetime_us; /* above 0 */
};

enum { LOGIN_TOKEN_TEXT = 64 + 1 }; /* the grant's secret as the cookie holds it: 32 bytes in hexadecimal, NUL */

/* Where a check of a password ended. */
enum login_outcome { LOGIN_RIGHT, LOGIN_WRONG, LOGIN_FAILED /* could not be checked: memory, shutdown */ };
typedef void login_done_fn(void *arg, uint64_t id, enum login_outcome outcome);

/* ERR_MISSING: neither hash nor password. ERR_VALUE: no hash of libsodium, or a password over LIMIT_PASSWORD_BYTES.
 * ERR_MEMORY. */
MUST_CHECK enum err login_new(struct login **out, struct loop *l, const struct login_config *config);
/* A check under way still ends, without a callback. */
void login_free(struct login *l);

/* Checks a password given from an address; the answer comes later with id, never from inside. The password is copied and the
 * copy wiped. ERR_DENIED: locked, *wait_us until the next try is allowed. ERR_FULL: too many checks wait. ERR_TOO_BIG,
 * ERR_MEMORY. A right password has unlocked the address when done is called. */
MUST_CHECK enum err login_try(struct login *l, int64_t *wait_us, struct span password, struct span address,
                              struct now now, login_done_fn *done, void *arg, uint64_t id);

/* A new grant: its number, above 0, and the secret for the cookie. *replaced: the grant that gave way, or 0. */
uint64_t login_grant(struct login *l, char token[static LOGIN_TOKEN_TEXT], uint64_t *replaced, struct now now);
/* The number of the grant that this secret names and that has not ended; 0: none. */
uint64_t login_check(const struct login *l, struct span token, struct now now);
void login_end(struct login *l, uint64_t grant);
/* Removes one grant whose time is over and returns its number; 0: none is left. */
uint64_t login_expire(struct login *l, struct now now);
size_t login_grants(const struct login *l);

#endif
