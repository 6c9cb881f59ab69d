/* fixture.h: what the store's tests share: a folder that goes away, fills that can be told apart, and their comparison. */
#ifndef TESTS_STORE_FIXTURE_H
#define TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/db.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIXTURE_PATH_MAX = 96 };

struct folder {
    char path[48];
    char file[FIXTURE_PATH_MAX]; /* the database in it; not made yet */
};

static inline void folder_make(struct folder *f) {
    (void)snprintf(f->path, sizeof f->path, "/tmp/gridscope-store-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    (void)snprintf(f->file, sizeof f->file, "%s/a.db", f->path);
}

static inline int folder_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void folder_remove(struct folder *f) {
    (void)chmod(f->path, 0700);
    assert_int_equal(nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct bytes {
    char *at; /* owned */
    size_t len;
};

static inline struct bytes file_read(const char *path) {
    struct bytes b = {NULL, 0};
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    b.len = (size_t)ftell(in);
    rewind(in);
    b.at = malloc(b.len + 1);
    assert_non_null(b.at);
    assert_int_equal(fread(b.at, 1, b.len, in), b.len);
    assert_int_equal(fclose(in), 0);
    return b;
}

static inline void file_write(const char *path, const void *at, size_t len) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(at, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

static inline struct db *db_need(const char *path) {
    struct db *db = NULL;
    char why[SQL_WHY_MAX];
    enum err e = db_open(&db, path, DB_USE, why);
    if (e != ERR_OK) print_error("%s\n", why);
    assert_int_equal(e, ERR_OK);
    return db;
}

/* Number n of a run of plausible fills: ten symbols' worth of prices, every third a sell, fees in three assets. */
static inline struct fill fill_number(int64_t n) {
    static const char *const assets[] = {"USDT", "BNB", "BTC"};
    struct fill f = {.symbol = name_of("BTC/USDT"), .trade_id = n, .order_id = 70000000 + n / 2};
    f.side = n % 3 == 2 ? SIDE_SELL : SIDE_BUY;
    f.maker = (enum maker)(n % 3);
    f.source = SOURCE_REST;
    f.price.v = (i128)(6425010 + n % 977) * 1000000;
    f.quantity.v = (i128)(1500 + n % 31) * 1000;
    assert_int_equal(dec8_mul(&f.quote_amount, f.price, f.quantity), ERR_OK);
    f.fee.v = (i128)(72 + n % 7) * 100000000000;
    f.fee_asset = name_of(assets[n % 3]);
    f.time.us = INT64_C(1763633730123000) + n * 1000000;
    f.received_at.us = f.time.us + 48211;
    return f;
}

static inline void fill_value_fee(struct fill *f) {
    f->fee_state = FEE_VALUED;
    f->fee_value.v = (i128)INT64_C(4321800000000000) + f->trade_id;
    f->fee_price.v = INT64_C(60025000000);
    f->fee_candle.us = f->time.us / US_PER_MIN * US_PER_MIN - US_PER_MIN;
}

static inline void assert_dec_equal(i128 a, i128 b) { assert_true(a == b); }

static inline void assert_fill_equal(const struct fill *a, const struct fill *b) {
    assert_string_equal(a->symbol.text, b->symbol.text);
    assert_int_equal(a->trade_id, b->trade_id);
    assert_int_equal(a->order_id, b->order_id);
    assert_int_equal(a->side, b->side);
    assert_int_equal(a->maker, b->maker);
    assert_int_equal(a->source, b->source);
    assert_dec_equal(a->price.v, b->price.v);
    assert_dec_equal(a->quantity.v, b->quantity.v);
    assert_dec_equal(a->quote_amount.v, b->quote_amount.v);
    assert_dec_equal(a->fee.v, b->fee.v);
    assert_true(name_eq(&a->fee_asset, &b->fee_asset));
    assert_int_equal(a->time.us, b->time.us);
    assert_int_equal(a->received_at.us, b->received_at.us);
    assert_int_equal(a->fee_state, b->fee_state);
    assert_dec_equal(a->fee_value.v, b->fee_value.v);
    assert_dec_equal(a->fee_price.v, b->fee_price.v);
    assert_int_equal(a->fee_candle.us, b->fee_candle.us);
}

/* Puts fills in a transaction of their own. */
static inline struct put_counts put_fills(struct db *db, const char *account, const struct fill *fills, size_t count) {
    struct put_counts counts = {0};
    uint64_t number;
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(journal_find_account(db_journal(db), &number, account), ERR_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(journal_put(db_journal(db), &counts, number, &fills[i]), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
    return counts;
}

/* The account's fills as they stand; the caller frees them. */
static inline struct fill *load_fills(struct db *db, uint64_t account, size_t *count) {
    struct loader *l = NULL;
    size_t all = 0, n = 0;
    assert_int_equal(loader_open(&l, db_journal(db), account), ERR_OK);
    struct fill *fills = calloc(loader_count(l) + 1, sizeof *fills);
    assert_non_null(fills);
    do {
        assert_int_equal(loader_next(l, fills + all, &n, 7 < loader_count(l) + 1 - all ? 7 : loader_count(l) + 1 - all),
                         ERR_OK); /* 7: pages that end in the middle too */
        all += n;
    } while (n > 0);
    assert_int_equal(all, loader_count(l));
    loader_free(l);
    *count = all;
    return fills;
}

static inline struct verdict verify_all(struct db *db, uint64_t step) {
    struct verdict v = {0};
    while (!v.done) assert_int_equal(journal_verify(db_journal(db), &v, step), ERR_OK);
    return v;
}

#endif
