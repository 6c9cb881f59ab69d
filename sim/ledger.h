/* ledger.h: the simulator's truth, by double entry. Every movement takes an amount of one asset out of one account and
 * puts the same amount into another; nothing is ever created, so each asset's accounts add up to zero at all times.
 * Accounts: the owner's free and locked funds, the outside world (deposits), and for each symbol the market that the owner
 * trades with and the exchange's fee account. What a symbol's trading did to the owner's money is therefore not computed
 * from any list of fills: it is the balance of that symbol's market and fee accounts. */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "base/map.h"
#include "sim/num.h"

enum account_kind { ACCOUNT_FREE, ACCOUNT_LOCKED, ACCOUNT_OUTSIDE, ACCOUNT_MARKET, ACCOUNT_FEES };

struct account {
    enum account_kind kind;
    uint32_t symbol; /* of ACCOUNT_MARKET and ACCOUNT_FEES, else 0 */
    uint32_t asset;
    num_wide balance; /* may be negative for every kind but the owner's two */
};

struct ledger_book {
    struct account *accounts; /* owned */
    size_t count, capacity;
    struct map index; /* (kind, symbol, asset) to position */
    uint64_t entries; /* movements so far */
};

void sim_ledger_open(struct ledger_book *l);
void sim_ledger_close(struct ledger_book *l);
/* amount >= 0, units of 10^-8. */
void sim_ledger_move(struct ledger_book *l, enum account_kind from, uint32_t from_symbol, enum account_kind to,
                     uint32_t to_symbol, uint32_t asset, int64_t amount);
num_wide sim_ledger_balance(const struct ledger_book *l, enum account_kind kind, uint32_t symbol, uint32_t asset);
/* Every asset adds up to zero and the owner's accounts are not below it: walks all accounts. */
bool sim_ledger_balances(const struct ledger_book *l);

#endif
