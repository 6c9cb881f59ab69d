/* balances.c: what the exchange says the account holds, for the proof of P&L (view/proof.c). The account is read as a whole at the
 * start and whenever the user stream begins anew or says that something moved; in between the stream tells each asset it touches,
 * with its new balance. What the stream said after a question was sent is not older than the answer, and stands. */
#include "engine/private.h"

#include "base/check.h"

#include <stdlib.h>

static struct held_balance *find(struct balances *b, const struct name *asset) {
    for (size_t i = 0; i < b->count; i++)
        if (name_eq(&b->rows[i].asset, asset)) return &b->rows[i];
    return NULL;
}

static struct held_balance *add(struct balances *b, const struct name *asset) {
    if (b->count == LIMIT_BALANCES) return NULL;
    if (b->count == b->capacity) {
        size_t bigger = b->capacity == 0 ? 16 : 2 * b->capacity;
        struct held_balance *rows = realloc(b->rows, bigger * sizeof *rows);
        if (rows == NULL) return NULL;
        b->rows = rows;
        b->capacity = bigger;
    }
    b->rows[b->count] = (struct held_balance){.asset = *asset};
    return &b->rows[b->count++];
}

void balances_begin(struct engine *e, struct mono asked) {
    struct balances *b = &e->balances;
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++)
        if (b->rows[i].source == BALANCE_STREAM && b->rows[i].heard.us >= asked.us) b->rows[kept++] = b->rows[i];
    b->count = kept;
    b->cut = false;
}

void balances_take(struct engine *e, const struct balance *told, enum balance_source source) {
    struct balances *b = &e->balances;
    struct held_balance *row = find(b, &told->asset);
    if (source == BALANCE_ACCOUNT && (row != NULL || (told->free.v == 0 && told->locked.v == 0))) return;
    if (row == NULL) row = add(b, &told->asset);
    if (row == NULL) {
        b->cut = true;
        return;
    }
    row->free = told->free;
    row->locked = told->locked;
    row->at = b->updated_at = e->now.wall;
    row->heard = e->now.mono;
    row->source = source;
}

void balances_end(struct engine *e) {
    e->balances.known = true;
    e->balances.outdated = false;
    e->balances.read_at = e->balances.updated_at = e->now.wall;
}

void balances_moved(struct engine *e) {
    e->balances.outdated = true;
    e->priv->poll.account_wanted = true;
}
