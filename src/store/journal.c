#include "store/journal.h"

#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct series { /* one symbol of one account */
    uint64_t account;
    struct name symbol;
};

struct journal {
    struct sql *sql;       /* borrowed */
    struct hasher *hasher; /* owned */
    uint64_t rows;
    unsigned char hash[SHA256_BYTES]; /* of the last row */
    struct stored_account *accounts;  /* owned; number n at n - 1, so are the next two */
    struct series *series;
    struct name *assets;
    size_t account_count, series_count, asset_count;
    uint64_t last_series; /* most fills come in runs of one symbol */
};

struct row { /* one row's columns; the hash covers them all. series 0: NULL, a definition */
    uint64_t id;
    enum row_kind kind;
    uint64_t series;
    int64_t trade_id;
    uint64_t refers;
    struct span record;
};

/* ---- the chain ---- */

enum { HASHED_HEAD_BYTES = 33 };

static unsigned char *put_le64(unsigned char *at, uint64_t v) {
    for (int i = 0; i < 8; i++) *at++ = (unsigned char)(v >> (8 * i));
    return at;
}

static enum err row_hash(const struct journal *j, unsigned char out[static SHA256_BYTES],
                         const unsigned char before[static SHA256_BYTES], const struct row *row) {
    unsigned char head[HASHED_HEAD_BYTES], *at = head;
    at = put_le64(at, row->id);
    *at++ = (unsigned char)row->kind;
    at = put_le64(at, row->series);
    at = put_le64(at, (uint64_t)row->trade_id);
    at = put_le64(at, row->refers);
    CHECK(at == head + sizeof head);
    const struct span parts[] = {span_from(before, SHA256_BYTES), span_from(head, sizeof head), row->record};
    return hasher_sha256(j->hasher, out, parts, sizeof parts / sizeof *parts);
}

static enum err append(struct journal *j, struct row row) {
    unsigned char hash[SHA256_BYTES];
    row.id = j->rows + 1;
    enum err e = row_hash(j, hash, j->hash, &row);
    if (e != ERR_OK) return e;
    struct query q = query_start(j->sql, "INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?)");
    query_put_int(&q, (int64_t)row.id);
    query_put_int(&q, row.kind);
    if (row.series != 0) {
        query_put_int(&q, (int64_t)row.series);
        query_put_int(&q, row.trade_id);
        query_put_int(&q, (int64_t)row.refers);
    } else {
        query_put_null(&q);
        query_put_null(&q);
        query_put_null(&q);
    }
    query_put_bytes(&q, row.record);
    query_put_bytes(&q, span_from(hash, sizeof hash));
    e = query_run(&q);
    if (e != ERR_OK) return e;
    j->rows = row.id;
    memcpy(j->hash, hash, sizeof hash);
    return ERR_OK;
}

/* The columns of "SELECT id, kind, series, trade_id, refers, record". */
static struct row row_of(const struct query *q) {
    return (struct row){
        .id = (uint64_t)query_int(q, 0),
        .kind = (enum row_kind)query_int(q, 1),
        .series = (uint64_t)query_int(q, 2),
        .trade_id = query_int(q, 3),
        .refers = (uint64_t)query_int(q, 4),
        .record = query_bytes(q, 5),
    };
}

static struct span record_span(const struct record *r) { return span_from(r->at, r->len); }

static enum err bad_row(struct journal *j, uint64_t id, const char *what) {
    return sql_fail(j->sql, ERR_CORRUPT,
                    "row %llu of the journal %s; the file is left as it is, `gridscope verify` says more",
                    (unsigned long long)id, what);
}

enum err journal_seal(struct journal *j) {
    struct query q = query_start(j->sql, "UPDATE journal_head SET rows = ?, hash = ? WHERE one = 1");
    query_put_int(&q, (int64_t)j->rows);
    query_put_bytes(&q, span_from(j->hash, sizeof j->hash));
    return query_run(&q);
}

static enum err read_head(struct journal *j, uint64_t *rows, unsigned char hash[static SHA256_BYTES]) {
    struct query q = query_start(j->sql, "SELECT rows, hash FROM journal_head WHERE one = 1");
    bool found = query_row(&q) && query_bytes(&q, 1).len == SHA256_BYTES;
    if (found) {
        *rows = (uint64_t)query_int(&q, 0);
        memcpy(hash, query_bytes(&q, 1).at, SHA256_BYTES);
    }
    enum err e = query_end(&q);
    if (e != ERR_OK || found) return e;
    return sql_fail(j->sql, ERR_CORRUPT, "the journal's head is missing; the file is left as it is");
}

/* A journal that goes on where it does not end would hide what was cut off. */
static enum err check_tail(struct journal *j) {
    uint64_t last = 0;
    bool same = j->rows == 0;
    struct query q = query_start(j->sql, "SELECT id, hash FROM journal ORDER BY id DESC LIMIT 1");
    if (query_row(&q)) {
        last = (uint64_t)query_int(&q, 0);
        same = last == j->rows && span_eq(query_bytes(&q, 1), span_from(j->hash, sizeof j->hash));
    }
    enum err e = query_end(&q);
    if (e != ERR_OK || same) return e;
    return bad_row(j, last < j->rows ? last + 1 : last, "is not as it was written");
}

/* ---- definitions ---- */

enum err journal_open(struct journal **out, struct sql *s) {
    struct journal *j = calloc(1, sizeof *j);
    if (j == NULL) return ERR_MEMORY;
    j->sql = s;
    j->hasher = hasher_new();
    if (j->hasher == NULL) {
        free(j);
        return ERR_MEMORY;
    }
    *out = j;
    return ERR_OK;
}

static void forget_definitions(struct journal *j) {
    free(j->accounts);
    free(j->series);
    free(j->assets);
    j->accounts = NULL;
    j->series = NULL;
    j->assets = NULL;
    j->account_count = j->series_count = j->asset_count = 0;
    j->last_series = 0;
}

void journal_close(struct journal *j) {
    if (j == NULL) return;
    forget_definitions(j);
    hasher_free(j->hasher);
    free(j);
}

/* Room for one more behind `count` elements; grows at powers of two. */
static enum err make_room(void **array, size_t count, size_t size) {
    if (count >= LIMIT_STORE_NAMES) return ERR_FULL;
    if ((count & (count - 1)) != 0) return ERR_OK;
    void *grown = realloc(*array, (count == 0 ? 1 : 2 * count) * size);
    if (grown == NULL) return ERR_MEMORY;
    *array = grown;
    return ERR_OK;
}

/* Takes a definition into memory. ERR_VALUE: it does not follow from those before it. */
static enum err learn_account(struct journal *j, const struct definition *d) {
    void *array = j->accounts;
    if (d->number != j->account_count + 1 || d->text[0] == '\0') return ERR_VALUE;
    enum err e = make_room(&array, j->account_count, sizeof *j->accounts);
    j->accounts = array;
    if (e != ERR_OK) return e;
    struct stored_account *a = &j->accounts[j->account_count++];
    *a = (struct stored_account){.number = d->number, .epoch = d->of};
    memcpy(a->name, d->text, sizeof a->name);
    return ERR_OK;
}

static enum err learn_series(struct journal *j, const struct definition *d) {
    void *array = j->series;
    struct series s = {.account = d->of};
    if (d->number != j->series_count + 1 || d->of < 1 || d->of > j->account_count) return ERR_VALUE;
    if (name_set(&s.symbol, span_of(d->text)) != ERR_OK) return ERR_VALUE;
    enum err e = make_room(&array, j->series_count, sizeof *j->series);
    j->series = array;
    if (e == ERR_OK) j->series[j->series_count++] = s;
    return e;
}

static enum err learn_asset(struct journal *j, const struct definition *d) {
    void *array = j->assets;
    struct name asset;
    if (d->number != j->asset_count + 1 || name_set(&asset, span_of(d->text)) != ERR_OK) return ERR_VALUE;
    enum err e = make_room(&array, j->asset_count, sizeof *j->assets);
    j->assets = array;
    if (e == ERR_OK) j->assets[j->asset_count++] = asset;
    return e;
}

static enum err learn_join(struct journal *j, const struct definition *d, uint64_t row) {
    if (d->number < 1 || d->number > j->account_count || d->of < 1 || d->of > j->account_count) return ERR_VALUE;
    j->accounts[d->number - 1].joined = d->of;
    j->accounts[d->number - 1].joined_row = row;
    return ERR_OK;
}

static enum err learn(struct journal *j, enum row_kind kind, const struct definition *d, uint64_t row) {
    switch (kind) {
    case ROW_ACCOUNT: return learn_account(j, d);
    case ROW_SERIES: return learn_series(j, d);
    case ROW_ASSET: return learn_asset(j, d);
    case ROW_JOIN: return learn_join(j, d, row);
    default: return ERR_VALUE;
    }
}

/* Learns it and writes its row. */
static enum err define(struct journal *j, enum row_kind kind, const struct definition *d) {
    struct record r;
    enum err e = learn(j, kind, d, j->rows + 1);
    if (e == ERR_FULL) return sql_fail(j->sql, e, "over %d different names", LIMIT_STORE_NAMES);
    if (e != ERR_OK) return e;
    record_put_definition(&r, d);
    return append(j, (struct row){.kind = kind, .record = record_span(&r)});
}

static enum err read_definitions(struct journal *j) {
    struct query q = query_start(
        j->sql, "SELECT id, kind, series, trade_id, refers, record FROM journal WHERE series IS NULL ORDER BY id");
    enum err bad = ERR_OK;
    while (bad == ERR_OK && query_row(&q)) {
        struct row row = row_of(&q);
        struct definition d;
        bad = record_get_definition(&d, row.record);
        if (bad == ERR_OK) bad = learn(j, row.kind, &d, row.id);
        if (bad != ERR_OK && bad != ERR_MEMORY) bad = bad_row(j, row.id, "cannot be read");
    }
    enum err e = query_end(&q);
    return bad != ERR_OK ? bad : e;
}

enum err journal_reload(struct journal *j) {
    forget_definitions(j);
    enum err e = read_head(j, &j->rows, j->hash);
    if (e == ERR_OK) e = check_tail(j);
    return e == ERR_OK ? read_definitions(j) : e;
}

uint64_t journal_rows(const struct journal *j) { return j->rows; }

/* ---- accounts ---- */

size_t journal_accounts(const struct journal *j) { return j->account_count; }

const struct stored_account *journal_account(const struct journal *j, size_t index) {
    CHECK(index < j->account_count);
    return &j->accounts[index];
}

const struct stored_account *journal_known_account(const struct journal *j, const char *name) {
    for (size_t i = j->account_count; i-- > 0;)
        if (strcmp(j->accounts[i].name, name) == 0) return &j->accounts[i];
    return NULL;
}

static enum err add_account(struct journal *j, uint64_t *number, const char *name, uint64_t epoch) {
    struct definition d = {.number = j->account_count + 1, .of = epoch};
    CHECK(name[0] != '\0' && strlen(name) < ACCOUNT_TEXT_MAX);
    memcpy(d.text, name, strlen(name));
    enum err e = define(j, ROW_ACCOUNT, &d);
    if (e == ERR_OK) *number = d.number;
    return e;
}

enum err journal_find_account(struct journal *j, uint64_t *number, const char *name) {
    const struct stored_account *a = journal_known_account(j, name);
    if (a == NULL) return add_account(j, number, name, 0);
    *number = a->number;
    return ERR_OK;
}

enum err journal_new_epoch(struct journal *j, uint64_t *number, const char *name) {
    const struct stored_account *a = journal_known_account(j, name);
    return add_account(j, number, name, a == NULL ? 0 : a->epoch + 1);
}

static enum err put_all(struct journal *j, struct loader *l, uint64_t account) {
    struct put_counts counts = {0};
    for (;;) {
        struct fill f;
        size_t count = 0;
        enum err e = loader_next(l, &f, &count, 1);
        if (e != ERR_OK || count == 0) return e;
        if ((e = journal_put(j, &counts, account, &f)) != ERR_OK) return e;
    }
}

/* Whether any of the account's fills was written after the row. */
static enum err has_rows_behind(struct journal *j, bool *out, uint64_t account, uint64_t row) {
    enum err e = ERR_OK;
    *out = false;
    for (uint64_t n = 1; n <= j->series_count && !*out && e == ERR_OK; n++) {
        if (j->series[n - 1].account != account) continue;
        struct query q = query_start(j->sql, "SELECT max(id) FROM journal WHERE series IN (?, ?)");
        query_put_int(&q, (int64_t)(2 * n));
        query_put_int(&q, (int64_t)(2 * n + 1));
        if (query_row(&q)) *out = query_int(&q, 0) > (int64_t)row;
        e = query_end(&q);
    }
    return e;
}

enum err journal_join(struct journal *j, uint64_t from, uint64_t into) {
    struct loader *l;
    bool news = true;
    enum err e = ERR_OK;
    CHECK(from != into && from >= 1 && from <= j->account_count);
    const struct stored_account *a = &j->accounts[from - 1];
    if (a->joined == into) e = has_rows_behind(j, &news, from, a->joined_row);
    if (e != ERR_OK || !news) return e;
    e = loader_open(&l, j, from);
    if (e != ERR_OK) return e;
    e = put_all(j, l, into);
    loader_free(l);
    return e == ERR_OK ? define(j, ROW_JOIN, &(struct definition){.number = from, .of = into}) : e;
}

/* ---- fills ---- */

static bool series_is(const struct journal *j, uint64_t number, uint64_t account, const struct name *symbol) {
    const struct series *s = &j->series[number - 1];
    return s->account == account && name_eq(&s->symbol, symbol);
}

static enum err find_series(struct journal *j, uint64_t *number, uint64_t account, const struct name *symbol) {
    uint64_t n = j->last_series;
    if (n == 0 || !series_is(j, n, account, symbol))
        for (n = j->series_count; n > 0 && !series_is(j, n, account, symbol); n--) continue;
    if (n == 0) {
        struct definition d = {.number = j->series_count + 1, .of = account};
        memcpy(d.text, symbol->text, sizeof symbol->text);
        enum err e = define(j, ROW_SERIES, &d);
        if (e != ERR_OK) return e;
        n = d.number;
    }
    *number = j->last_series = n;
    return ERR_OK;
}

static enum err find_asset(struct journal *j, uint64_t *number, const struct name *asset) {
    uint64_t n = 0;
    if (!name_empty(asset))
        for (n = j->asset_count; n > 0 && !name_eq(&j->assets[n - 1], asset); n--) continue;
    if (n == 0 && !name_empty(asset)) {
        struct definition d = {.number = j->asset_count + 1};
        memcpy(d.text, asset->text, sizeof asset->text);
        enum err e = define(j, ROW_ASSET, &d);
        if (e != ERR_OK) return e;
        n = d.number;
    }
    *number = n;
    return ERR_OK;
}

static enum err read_fill(const struct journal *j, struct fill *f, struct span record) {
    uint64_t asset;
    enum err e = record_get_fill(f, &asset, record);
    if (e != ERR_OK || asset > j->asset_count) return ERR_CORRUPT;
    f->fee_asset = asset == 0 ? (struct name){{0}} : j->assets[asset - 1];
    return ERR_OK;
}

struct standing { /* what the journal says of one fill: the last record, and a fee's value written behind it */
    uint64_t row; /* the last of its chain; 0: not known */
    struct fill fill;
};

static enum err read_standing(struct journal *j, struct standing *out, uint64_t series, int64_t trade_id) {
    struct query q = query_start(j->sql, "SELECT id, kind, series, trade_id, refers, record FROM journal"
                                         " WHERE series = ? AND trade_id = ? ORDER BY refers");
    enum err bad = ERR_OK;
    out->row = 0;
    query_put_int(&q, (int64_t)series);
    query_put_int(&q, trade_id);
    while (bad == ERR_OK && query_row(&q)) {
        struct row row = row_of(&q);
        bad = row.kind == ROW_FEE ? record_get_fee(&out->fill, row.record) : read_fill(j, &out->fill, row.record);
        out->row = row.id;
        if (bad != ERR_OK) bad = bad_row(j, row.id, "cannot be read");
    }
    enum err e = query_end(&q);
    return bad != ERR_OK ? bad : e;
}

static bool same_fee(const struct fill *a, const struct fill *b) {
    return dec16_cmp(a->fee, b->fee) == 0 && name_eq(&a->fee_asset, &b->fee_asset);
}

static enum err append_fill(struct journal *j, enum row_kind kind, uint64_t series, uint64_t refers,
                            const struct fill *f) {
    struct record r;
    uint64_t asset;
    enum err e = find_asset(j, &asset, &f->fee_asset);
    if (e != ERR_OK) return e;
    record_put_fill(&r, f, asset);
    return append(
        j, (struct row){
               .kind = kind, .series = series, .trade_id = f->trade_id, .refers = refers, .record = record_span(&r)});
}

static enum err append_replacement(struct journal *j, uint64_t series, const struct standing *old,
                                   const struct fill *f) {
    struct fill merged = *f;
    const struct fill *was = &old->fill;
    if (f->fee_state != FEE_VALUED && was->fee_state == FEE_VALUED && same_fee(f, was)) {
        merged.fee_state = FEE_VALUED;
        merged.fee_value = was->fee_value;
        merged.fee_price = was->fee_price;
        merged.fee_candle = was->fee_candle;
    }
    if (was->received_at.us != 0 && (f->received_at.us == 0 || was->received_at.us < f->received_at.us))
        merged.received_at = was->received_at;
    return append_fill(j, ROW_REPLACE, series, old->row, &merged);
}

static enum err append_fee(struct journal *j, uint64_t series, const struct standing *old, const struct fill *f) {
    struct record r;
    record_put_fee(&r, f);
    return append(
        j,
        (struct row){
            .kind = ROW_FEE, .series = series, .trade_id = f->trade_id, .refers = old->row, .record = record_span(&r)});
}

/* What a record of a fill means, given what stands; counted where it belongs. */
static enum row_kind choose(const struct standing *old, const struct fill *f, struct put_counts *counts) {
    if (old->row == 0) return counts->added++, ROW_FILL;
    if (f->source > old->fill.source) return counts->replaced++, ROW_REPLACE;
    bool news = f->fee_state == FEE_VALUED && old->fill.fee_state != FEE_VALUED && same_fee(f, &old->fill);
    if (news) return counts->valued++, ROW_FEE;
    return counts->duplicates++, 0;
}

enum err journal_put(struct journal *j, struct put_counts *counts, uint64_t account, const struct fill *f) {
    struct standing old;
    uint64_t number;
    CHECK(account >= 1 && account <= j->account_count && f->trade_id >= 0 && !name_empty(&f->symbol));
    enum err e = find_series(j, &number, account, &f->symbol);
    if (e != ERR_OK) return e;
    uint64_t series = 2 * number + (f->side == SIDE_SELL);
    if ((e = read_standing(j, &old, series, f->trade_id)) != ERR_OK) return e;
    switch (choose(&old, f, counts)) {
    case ROW_FILL: return append_fill(j, ROW_FILL, series, 0, f);
    case ROW_REPLACE: return append_replacement(j, series, &old, f);
    case ROW_FEE: return append_fee(j, series, &old, f);
    default: return ERR_OK;
    }
}

/* ---- loading ---- */

struct entry { /* one fill: where its records lie in the heap */
    int64_t time, trade_id;
    uint64_t at;     /* of the record that stands */
    uint64_t fee_at; /* of a fee's value behind it; 0: none */
    uint32_t series; /* with the side */
    uint16_t len, fee_len;
};

struct loader {
    struct journal *journal; /* borrowed */
    struct entry *entries;   /* owned, as everything below */
    uint32_t *order;         /* sorted positions in entries */
    uint32_t *entry_of_row;  /* by row id, plus one; 0: of no fill of this account */
    unsigned char *heap;     /* the records, one behind the other, from 1 */
    size_t count, capacity, heap_len, heap_capacity, next;
    uint64_t account, rows;
};

void loader_free(struct loader *l) {
    if (l == NULL) return;
    free(l->entries);
    free(l->order);
    free(l->entry_of_row);
    free(l->heap);
    free(l);
}

uint64_t loader_count(const struct loader *l) { return l->count; }

static enum err keep_record(struct loader *l, uint64_t *at, uint16_t *len, struct span record) {
    if (record.len > RECORD_MAX) return ERR_CORRUPT;
    if (l->heap_len + record.len > l->heap_capacity) {
        size_t capacity = 2 * l->heap_capacity + RECORD_MAX;
        unsigned char *grown = realloc(l->heap, capacity);
        if (grown == NULL) return ERR_MEMORY;
        l->heap = grown;
        l->heap_capacity = capacity;
    }
    memcpy(l->heap + l->heap_len, record.at, record.len);
    *at = l->heap_len;
    *len = (uint16_t)record.len;
    l->heap_len += record.len;
    return ERR_OK;
}

static enum err add_entry(struct loader *l, struct entry **out) {
    if (l->count == l->capacity) {
        size_t capacity = l->capacity == 0 ? 1024 : 2 * l->capacity;
        struct entry *grown = realloc(l->entries, capacity * sizeof *grown);
        if (grown == NULL) return ERR_MEMORY;
        l->entries = grown;
        l->capacity = capacity;
    }
    *out = &l->entries[l->count++];
    **out = (struct entry){0};
    return ERR_OK;
}

/* The entry that a correction is about; NULL where the row it refers to is no fill of this account. */
static struct entry *entry_of(const struct loader *l, const struct row *row) {
    uint32_t n = row->refers < row->id ? l->entry_of_row[row->refers] : 0;
    if (n == 0) return NULL;
    CHECK(l->entries != NULL && n <= l->count);
    struct entry *e = &l->entries[n - 1];
    return e->series == row->series && e->trade_id == row->trade_id ? e : NULL;
}

static enum err take_record(struct loader *l, struct entry *to, const struct row *row) {
    struct wall time;
    enum err e = record_get_fill_time(&time, row->record);
    if (e != ERR_OK) return e;
    to->time = time.us;
    to->trade_id = row->trade_id;
    to->series = (uint32_t)row->series;
    to->fee_at = 0;
    return keep_record(l, &to->at, &to->len, row->record);
}

static enum err take_row(struct loader *l, const struct row *row) {
    struct entry *to = NULL;
    enum err e = ERR_OK;
    if (row->kind == ROW_FILL) e = add_entry(l, &to);
    else to = entry_of(l, row);
    if (e != ERR_OK) return e;
    if (to == NULL || l->count > UINT32_MAX - 1) return ERR_CORRUPT;
    l->entry_of_row[row->id] = (uint32_t)(to - l->entries) + 1;
    switch (row->kind) {
    case ROW_FILL:
    case ROW_REPLACE: return take_record(l, to, row);
    case ROW_FEE: return keep_record(l, &to->fee_at, &to->fee_len, row->record);
    default: return ERR_CORRUPT;
    }
}

static enum err read_rows(struct loader *l) {
    struct journal *j = l->journal;
    struct query q = query_start(j->sql, "SELECT id, kind, series, trade_id, refers, record FROM journal ORDER BY id");
    enum err bad = ERR_OK;
    uint64_t expected = 1;
    for (; bad == ERR_OK && query_row(&q); expected++) {
        struct row row = row_of(&q);
        if (row.id != expected || row.id > l->rows) bad = bad_row(j, expected, "is missing");
        if (bad != ERR_OK || row.series == 0) continue;
        uint64_t number = row.series / 2;
        if (number < 1 || number > j->series_count) bad = ERR_CORRUPT;
        else if (j->series[number - 1].account == l->account) bad = take_row(l, &row);
        if (bad == ERR_CORRUPT) bad = bad_row(j, row.id, "cannot be read");
    }
    enum err e = query_end(&q);
    return bad != ERR_OK ? bad : e;
}

static int entry_cmp(const struct entry *a, const struct entry *b) {
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    if (a->trade_id != b->trade_id) return a->trade_id < b->trade_id ? -1 : 1;
    if ((a->series & 1) != (b->series & 1)) return (a->series & 1) < (b->series & 1) ? -1 : 1;
    return (a->series > b->series) - (a->series < b->series); /* other symbols: any order, but always the same */
}

static int order_cmp(const void *a, const void *b, void *entries) {
    const struct entry *all = entries;
    return entry_cmp(&all[*(const uint32_t *)a], &all[*(const uint32_t *)b]);
}

static enum err sort_entries(struct loader *l) {
    bool sorted = true;
    l->order = malloc((l->count + 1) * sizeof *l->order);
    if (l->order == NULL) return ERR_MEMORY;
    for (size_t i = 0; i < l->count; i++) {
        l->order[i] = (uint32_t)i;
        if (i > 0 && entry_cmp(&l->entries[i - 1], &l->entries[i]) > 0) sorted = false;
    }
    if (!sorted) qsort_r(l->order, l->count, sizeof *l->order, order_cmp, l->entries);
    return ERR_OK;
}

enum err loader_open(struct loader **out, struct journal *j, uint64_t account) {
    struct loader *l = calloc(1, sizeof *l);
    if (l == NULL) return ERR_MEMORY;
    l->journal = j;
    l->account = account;
    l->rows = j->rows;
    l->heap_len = 1; /* 0 means none */
    l->entry_of_row = calloc(j->rows + 1, sizeof *l->entry_of_row);
    enum err e = l->entry_of_row == NULL ? ERR_MEMORY : read_rows(l);
    if (e == ERR_OK) e = sort_entries(l);
    free(l->entry_of_row);
    l->entry_of_row = NULL;
    if (e != ERR_OK) {
        loader_free(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

static enum err read_entry(const struct loader *l, struct fill *f, const struct entry *from) {
    f->symbol = l->journal->series[from->series / 2 - 1].symbol;
    f->trade_id = from->trade_id;
    f->side = from->series & 1 ? SIDE_SELL : SIDE_BUY;
    enum err e = read_fill(l->journal, f, span_from(l->heap + from->at, from->len));
    if (e == ERR_OK && from->fee_at != 0) e = record_get_fee(f, span_from(l->heap + from->fee_at, from->fee_len));
    return e;
}

enum err loader_next(struct loader *l, struct fill *out, size_t *count, size_t max) {
    size_t n = 0;
    for (; n < max && l->next < l->count; n++, l->next++) {
        const struct entry *from = &l->entries[l->order[l->next]];
        if (read_entry(l, &out[n], from) != ERR_OK)
            return sql_fail(l->journal->sql, ERR_CORRUPT,
                            "the record of trade %lld cannot be read; the file is left as it is",
                            (long long)from->trade_id);
    }
    *count = n;
    return ERR_OK;
}

/* ---- verifying ---- */

static void condemn(struct verdict *v, uint64_t row, const char *words) {
    v->done = true;
    v->whole = false;
    v->bad_row = row;
    (void)snprintf(v->words, sizeof v->words, "%s", words);
}

static enum err verify_row(const struct journal *j, struct verdict *v, const struct row *row, struct span stored) {
    unsigned char hash[SHA256_BYTES];
    if (row->id != v->rows + 1) {
        condemn(v, v->rows + 1, "the row is missing");
        return ERR_OK;
    }
    enum err e = row_hash(j, hash, v->hash, row);
    if (e != ERR_OK) return e;
    if (!span_eq(stored, span_from(hash, sizeof hash))) {
        condemn(v, row->id, "the row is not as it was written");
        return ERR_OK;
    }
    memcpy(v->hash, hash, sizeof hash);
    v->rows = row->id;
    return ERR_OK;
}

/* The walk came to the end of the table: is it the end that was written down, and does SQLite find its file whole? */
static enum err verify_end(struct journal *j, struct verdict *v) {
    uint64_t rows = 0;
    unsigned char hash[SHA256_BYTES] = {0};
    enum err e = read_head(j, &rows, hash);
    if (e != ERR_OK) return e;
    if (v->rows < rows) condemn(v, v->rows + 1, "the row is missing, it was cut off at the end");
    else if (v->rows > rows) condemn(v, rows + 1, "the row was added from outside");
    else if (memcmp(hash, v->hash, sizeof hash) != 0) condemn(v, rows, "the row is not the one that was written last");
    if (v->done) return ERR_OK;
    struct query q = query_start(j->sql, "PRAGMA integrity_check(1)");
    if (!query_row(&q)) return query_end(&q);
    if (strcmp(query_text(&q, 0), "ok") != 0) condemn(v, 0, query_text(&q, 0));
    else v->done = v->whole = true;
    return query_end(&q);
}

enum err journal_verify(struct journal *j, struct verdict *v, uint64_t max_rows) {
    struct query q = query_start(j->sql, "SELECT id, kind, series, trade_id, refers, record, hash FROM journal"
                                         " WHERE id > ? ORDER BY id LIMIT ?");
    uint64_t walked = 0;
    enum err bad = ERR_OK;
    CHECK(!v->done && max_rows > 0);
    query_put_int(&q, v->rows == 0 ? INT64_MIN : (int64_t)v->rows); /* a row before the first would show too */
    query_put_int(&q, (int64_t)max_rows);
    for (; bad == ERR_OK && !v->done && query_row(&q); walked++) {
        struct row row = row_of(&q);
        bad = verify_row(j, v, &row, query_bytes(&q, 6));
    }
    enum err e = query_end(&q);
    if (e == ERR_OK) e = bad;
    return e == ERR_OK && !v->done && walked < max_rows ? verify_end(j, v) : e;
}
