/* stored.h: what the store keeps and tells, as plain values: shared by the door (store.h) and the layer below. */
#ifndef STORE_STORED_H
#define STORE_STORED_H

#include "base/hash.h"
#include "domain/market.h"

/* Texts, with their NULs. */
enum {
    ACCOUNT_TEXT_MAX = 96, /* "<environment>:<uid>"; the environment may be a host name */
    META_KEY_MAX = 192,    /* an account, a word, a symbol */
    META_VALUE_MAX = 8192, /* the symbols last watched: 512 of 14 bytes fit */
};

struct stored_account {
    uint64_t number;             /* from 1 */
    uint64_t epoch;              /* 0, and one more with each wipe of a testnet: only the newest is in use */
    uint64_t joined;             /* the number of the account that it last went into; 0: none */
    uint64_t joined_row;         /* and the journal's row that says so: its later fills have not gone there */
    char name[ACCOUNT_TEXT_MAX]; /* "<environment>:<uid>" or "<environment>:bot" (ACCOUNTING 2) */
};

struct put_counts { /* what came of the fills of one request */
    uint64_t added, replaced, valued, duplicates;
};

struct stored_history { /* how complete the fills of a symbol are (ACCOUNTING 3) */
    struct name symbol;
    int state;                 /* the engine's enum; stored as it is */
    int64_t first_id, last_id; /* trade ids read without a hole; -1 none */
    struct wall from;          /* time of the first; 0 none */
};

struct stored_meta { /* a text under a key */
    const char *key, *value;
};

struct stored_markets {   /* exchange information of an environment as it was read at one time */
    struct wall read_at;  /* 0: never */
    int64_t weight_limit; /* a minute; -1 not said */
    const struct symbol_info *at;
    size_t count;
};

struct verdict { /* on the journal, as far as it was walked */
    bool done, whole;
    uint64_t rows;                    /* those that are as they were written */
    uint64_t bad_row;                 /* the first that is not; 0: none, or the fault is not in a row */
    char words[160];                  /* what is wrong; empty for a whole journal */
    unsigned char hash[SHA256_BYTES]; /* of the last of those rows */
};

#endif
