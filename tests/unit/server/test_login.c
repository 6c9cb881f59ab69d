/* The password and its grants, on the real worker pool and a pretended clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/login.h"

#include <sodium.h>

static struct loop *loop;
static struct login *login;
static struct now now;
static enum login_outcome outcomes[64];
static uint64_t ids[64];
static size_t done_count, expected;

static void on_done(void *arg, uint64_t id, enum login_outcome outcome) {
    (void)arg;
    ids[done_count] = id;
    outcomes[done_count++] = outcome;
    if (done_count == expected) loop_break(loop);
}

static int setup(void **state) {
    (void)state;
    done_count = expected = 0;
    loop = loop_new(NULL);
    now = loop_now(loop);
    struct login_config config = {.password = SPAN("open sesame"), .lifetime_us = US_PER_HOUR};
    return login_new(&login, loop, &config) == ERR_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    login_free(login);
    loop_free(loop);
    return 0;
}

static enum err try(const char *password, const char *address, uint64_t id) {
    int64_t wait_us;
    enum err e = login_try(login, &wait_us, span_of(password), span_of(address), now, on_done, NULL, id);
    if (e == ERR_OK) expected++;
    return e;
}

static enum login_outcome outcome_of(const char *password) {
    assert_int_equal(try(password, "10.0.0.1", 1), ERR_OK);
    loop_run(loop);
    return outcomes[done_count - 1];
}

static struct now after(int64_t us) { return (struct now){mono_add(now.mono, us), now.wall}; }

static void the_right_password_is_right(void **state) {
    (void)state;
    assert_int_equal(outcome_of("open sesame"), LOGIN_RIGHT);
    assert_int_equal(outcome_of("open sesam"), LOGIN_WRONG);
    assert_int_equal(outcome_of("open sesame "), LOGIN_WRONG);
    assert_int_equal(outcome_of(""), LOGIN_WRONG);
    assert_int_equal(outcome_of("OPEN SESAME"), LOGIN_WRONG);
}

static void checks_end_in_order_with_their_ids(void **state) {
    (void)state;
    assert_int_equal(try("a", "10.0.0.1", 11), ERR_OK);
    assert_int_equal(try("open sesame", "10.0.0.1", 12), ERR_OK);
    assert_int_equal(done_count, 0); /* never from inside */
    loop_run(loop);
    assert_int_equal(ids[0], 11);
    assert_int_equal(outcomes[0], LOGIN_WRONG);
    assert_int_equal(ids[1], 12);
    assert_int_equal(outcomes[1], LOGIN_RIGHT);
}

static void tries_side_by_side_cannot_pass_the_lock(void **state) {
    (void)state;
    for (uint64_t i = 0; i < 5; i++) assert_int_equal(try("x", "10.0.0.1", i), ERR_OK);
    assert_int_equal(try("open sesame", "10.0.0.1", 5), ERR_DENIED);
    assert_int_equal(try("open sesame", "10.0.0.2", 6), ERR_OK);
    loop_run(loop);
    assert_int_equal(done_count, 6);
    assert_int_equal(outcomes[5], LOGIN_RIGHT);
    assert_int_equal(try("open sesame", "10.0.0.1", 7), ERR_DENIED);
}

static void too_many_checks_are_refused_and_given_back(void **state) {
    (void)state;
    char address[] = "10.0.0.0";
    enum err e = ERR_OK;
    for (int i = 0; i < 2 * LIMIT_LOGIN_WAITING && e == ERR_OK; i++) {
        address[7] = (char)('0' + i % 10);
        e = try("x", address, 1);
    }
    assert_int_equal(e, ERR_FULL);
    loop_run(loop);
    for (int i = 0; i < 4; i++) assert_int_equal(try("x", address, 1), ERR_OK); /* the one refused did not count */
    loop_run(loop);
}

static void a_password_has_a_bound(void **state) {
    (void)state;
    static char text[LIMIT_PASSWORD_BYTES + 2];
    memset(text, 'x', LIMIT_PASSWORD_BYTES + 1);
    assert_int_equal(try(text, "10.0.0.1", 1), ERR_TOO_BIG);
    text[LIMIT_PASSWORD_BYTES] = '\0';
    assert_int_equal(outcome_of(text), LOGIN_WRONG);
}

static void going_away_during_a_check_is_harmless(void **state) {
    (void)state;
    assert_int_equal(try("open sesame", "10.0.0.1", 1), ERR_OK);
    assert_int_equal(try("x", "10.0.0.1", 1), ERR_OK);
    login_free(login);
    login = NULL;
    loop_free(loop); /* runs until the jobs are gone */
    assert_int_equal(done_count, 0);
    loop = loop_new(NULL);
}

static void a_hash_made_elsewhere_is_taken(void **state) {
    (void)state;
    char hash[crypto_pwhash_STRBYTES];
    struct login *other;
    assert_int_equal(crypto_pwhash_str(hash, "pass", 4, crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN), 0);
    struct login_config config = {.password_hash = hash, .lifetime_us = 1};
    assert_int_equal(login_new(&other, loop, &config), ERR_OK);
    struct login *mine = login;
    login = other;
    assert_int_equal(outcome_of("pass"), LOGIN_RIGHT);
    assert_int_equal(outcome_of("open sesame"), LOGIN_WRONG);
    login = mine;
    login_free(other);
}

static void malformed_hashes_and_no_password_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$",
                                      "$argon2id$v=19$m=x"};
    struct login *other;
    struct login_config config = {.lifetime_us = 1};
    assert_int_equal(login_new(&other, loop, &config), ERR_MISSING);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        config.password_hash = bad[i];
        assert_int_equal(login_new(&other, loop, &config), ERR_VALUE);
    }
}

static void a_grant_lasts_its_lifetime(void **state) {
    (void)state;
    char token[LOGIN_TOKEN_TEXT];
    uint64_t replaced, id = login_grant(login, token, &replaced, now);
    assert_true(id != 0 && replaced == 0);
    assert_int_equal(strlen(token), 64);
    assert_int_equal(login_check(login, span_of(token), now), id);
    assert_int_equal(login_check(login, span_of(token), after(US_PER_HOUR - 1)), id);
    assert_int_equal(login_check(login, span_of(token), after(US_PER_HOUR)), 0);
    assert_int_equal(login_expire(login, after(US_PER_HOUR - 1)), 0);
    assert_int_equal(login_expire(login, after(US_PER_HOUR)), id);
    assert_int_equal(login_expire(login, after(US_PER_HOUR)), 0);
    assert_int_equal(login_grants(login), 0);
}

static void an_ended_grant_is_worth_nothing(void **state) {
    (void)state;
    char a[LOGIN_TOKEN_TEXT], b[LOGIN_TOKEN_TEXT];
    uint64_t replaced, first = login_grant(login, a, &replaced, now), second = login_grant(login, b, &replaced, now);
    assert_string_not_equal(a, b);
    login_end(login, first);
    login_end(login, 0);
    assert_int_equal(login_check(login, span_of(a), now), 0);
    assert_int_equal(login_check(login, span_of(b), now), second);
    b[63] = b[63] == '0' ? '1' : '0';
    assert_int_equal(login_check(login, span_of(b), now), 0);
    assert_int_equal(login_check(login, SPAN(""), now), 0);
    uint64_t third = login_grant(login, a, &replaced, now);
    assert_true(third != first && third != second); /* numbers are never used again */
}

static void the_oldest_grant_gives_way(void **state) {
    (void)state;
    char first[LOGIN_TOKEN_TEXT], token[LOGIN_TOKEN_TEXT];
    uint64_t replaced, oldest = login_grant(login, first, &replaced, now);
    for (int i = 1; i < LIMIT_LOGIN_GRANTS; i++) {
        login_grant(login, token, &replaced, after(i));
        assert_int_equal(replaced, 0);
    }
    uint64_t newest = login_grant(login, token, &replaced, after(LIMIT_LOGIN_GRANTS));
    assert_int_equal(replaced, oldest);
    assert_int_equal(login_check(login, span_of(first), now), 0);
    assert_int_equal(login_check(login, span_of(token), now), newest);
    assert_int_equal(login_grants(login), LIMIT_LOGIN_GRANTS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        T(the_right_password_is_right),
        T(checks_end_in_order_with_their_ids),
        T(tries_side_by_side_cannot_pass_the_lock),
        T(too_many_checks_are_refused_and_given_back),
        T(a_password_has_a_bound),
        T(going_away_during_a_check_is_harmless),
        T(a_hash_made_elsewhere_is_taken),
        T(malformed_hashes_and_no_password_are_refused),
        T(a_grant_lasts_its_lifetime),
        T(an_ended_grant_is_worth_nothing),
        T(the_oldest_grant_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
