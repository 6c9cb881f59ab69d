/* ledger.c: see ledger.h. */
#include "sim/ledger.h"

#include "base/check.h"

#include <stdlib.h>

void sim_ledger_open(struct ledger_book *l) {
    *l = (struct ledger_book){0};
    map_init(&l->index);
}

void sim_ledger_close(struct ledger_book *l) {
    free(l->accounts);
    map_free(&l->index);
    *l = (struct ledger_book){0};
}

static uint64_t key(enum account_kind kind, uint32_t symbol, uint32_t asset) {
    return (uint64_t)kind << 56 | (uint64_t)symbol << 28 | asset;
}

static struct account *account(struct ledger_book *l, enum account_kind kind, uint32_t symbol, uint32_t asset) {
    uint32_t at;
    if (map_get(&l->index, key(kind, symbol, asset), &at)) return &l->accounts[at];
    if (l->count == l->capacity) {
        l->capacity = l->capacity == 0 ? 64 : l->capacity * 2;
        l->accounts = realloc(l->accounts, l->capacity * sizeof *l->accounts);
        CHECK(l->accounts != NULL);
    }
    enum err err = map_put(&l->index, key(kind, symbol, asset), (uint32_t)l->count);
    CHECK(err == ERR_OK);
    l->accounts[l->count] = (struct account){.kind = kind, .symbol = symbol, .asset = asset};
    return &l->accounts[l->count++];
}

void sim_ledger_move(struct ledger_book *l, enum account_kind from, uint32_t from_symbol, enum account_kind to,
                     uint32_t to_symbol, uint32_t asset, int64_t amount) {
    CHECK(amount >= 0);
    account(l, from, from_symbol, asset)->balance -= amount; /* two look-ups: the second may move the array */
    account(l, to, to_symbol, asset)->balance += amount;
    l->entries++;
}

num_wide sim_ledger_balance(const struct ledger_book *l, enum account_kind kind, uint32_t symbol, uint32_t asset) {
    uint32_t at;
    return map_get(&l->index, key(kind, symbol, asset), &at) ? l->accounts[at].balance : 0;
}

bool sim_ledger_balances(const struct ledger_book *l) {
    uint32_t assets = 0;
    for (size_t i = 0; i < l->count; i++) {
        const struct account *a = &l->accounts[i];
        if ((a->kind == ACCOUNT_FREE || a->kind == ACCOUNT_LOCKED) && a->balance < 0) return false;
        if (a->asset >= assets) assets = a->asset + 1;
    }
    num_wide *sums = calloc(assets + 1, sizeof *sums);
    CHECK(sums != NULL);
    for (size_t i = 0; i < l->count; i++) sums[l->accounts[i].asset] += l->accounts[i].balance;
    bool zero = true;
    for (uint32_t a = 0; a < assets; a++) zero = zero && sums[a] == 0;
    free(sums);
    return zero;
}
