/* keep.c: between engine and store. At the start: the account that this key had the last time, its symbols, its fills, the
 * exchange information of the last hour. Then: batches of fills, closed candles and small facts. A store that fails costs
 * durability, never the dashboard.
 *
 * Whose fills (ACCOUNTING 2): with a key they are kept under <environment>:<uid>, from the key's first start until Binance has
 * told the uid under <environment>:key-<hash>, which then joins it. Without a key the bot's are kept under <environment>:bot;
 * they join the uid once a trade is seen in both, and are from then on read for no other account. */
#include "app/private.h"

#include "base/hash.h"

#include <stdio.h>

enum {
    ID_ACCOUNT = 1,
    ID_SYMBOLS,
    ID_MARKETS,
    ID_LOAD_BOT,
    ID_LOAD_UID,
    ID_LOAD_KEY,
    ID_FACTS,
    ID_POINTS,
    ID_BATCHES = 1000
}; /* batch ids of the engine follow */

/* What the engine keeps of the equity series in memory (domain/equity.h): every minute of the newest part, before that one
 * in nine. */
#define POINTS_US (EQUITY_STEPS * (int64_t)EQUITY_STEP_MINUTES * US_PER_MIN)
#define MINUTES_US (EQUITY_MINUTES * US_PER_MIN)
/* ACCOUNTING 6: hourly after 90 days. */
#define THINNED_AFTER_US (90 * US_PER_DAY)
enum { KEY_HASH_BYTES = 16 };

/* A hash of the key's id: another key is another account until Binance says so. "" without memory. */
static void hash_key(const struct app *a, char out[static 2 * KEY_HASH_BYTES + 1]) {
    unsigned char digest[SHA256_BYTES];
    out[0] = '\0';
    if (sha256_of(digest, &a->config.key.api_key, 1) != ERR_OK) return;
    for (size_t i = 0; i < KEY_HASH_BYTES; i++) (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* Under which the key's account is remembered. */
static void account_key(const struct app *a, char out[static META_KEY_MAX]) {
    char hash[2 * KEY_HASH_BYTES + 1];
    hash_key(a, hash);
    (void)snprintf(out, META_KEY_MAX, "account:%s", hash);
}

static void name_accounts(struct app *a, const struct stored_account *accounts, size_t count) {
    char hash[2 * KEY_HASH_BYTES + 1];
    (void)snprintf(a->bot_account, sizeof a->bot_account, "%s:bot", a->config.environment);
    memcpy(a->account, a->bot_account, sizeof a->account);
    if (a->config.key.kind != KEY_NONE) {
        hash_key(a, hash);
        (void)snprintf(a->key_account, sizeof a->key_account, "%s:key-%s", a->config.environment, hash);
        memcpy(a->account, a->key_account, sizeof a->account);
    }
    for (size_t i = 0; i < count; i++) { /* the newest epoch comes last */
        if (strcmp(accounts[i].name, a->bot_account) != 0) continue;
        uint64_t into = accounts[i].joined;
        (void)snprintf(a->bot_joined, sizeof a->bot_joined, "%s", into > 0 ? accounts[into - 1].name : "");
    }
}

static void load(struct app *a, uint64_t id, const char *account) {
    a->loads++;
    if (store_load(a->store, id, account) == ERR_OK) return;
    a->loads--;
}

/* ---- the equity series ---- */

/* The next page; false at the end, or where the store does not take the question. */
static bool ask_points(struct app *a) {
    struct wall now = loop_now(a->loop).wall, recent = {now.us - MINUTES_US};
    bool fine = a->points.from.us >= recent.us;
    struct wall to = fine ? (struct wall){now.us + 1} : recent;
    a->points.fine = fine;
    return store_get_points(a->store, ID_POINTS, a->account, a->points.from, to,
                            (fine ? 1 : EQUITY_STEP_MINUTES) * US_PER_MIN) == ERR_OK;
}

/* Once the fills are there. False: nothing to wait for. */
static bool begin_points(struct app *a) {
    if (a->points.begun || a->started || a->stopping || a->store == NULL || store_state(a->store) != STORE_READY)
        return false;
    a->points.begun = true;
    a->points.from.us = loop_now(a->loop).wall.us - POINTS_US;
    a->loads = ask_points(a) ? 1 : 0;
    return a->loads > 0;
}

static void loaded_one(struct app *a) {
    if (a->loads == 0 && !begin_points(a)) app_start_engine(a);
}

static void restore_points(struct app *a, enum err err, const struct store_point *points, size_t count) {
    if (a->started) return;
    for (size_t i = 0; i < count; i++) engine_load_point(a->engine, points[i].time, points[i].marks);
    bool more = err == ERR_OK && (count > 0 || !a->points.fine);
    if (count > 0) a->points.from.us = points[count - 1].time.us + 1;
    else a->points.from.us = loop_now(a->loop).wall.us - MINUTES_US + US_PER_MIN; /* the coarse part is through */
    if (more && ask_points(a)) return;
    a->loads = 0;
    loaded_one(a);
}

static void on_points(void *arg, uint64_t id, enum err err, const struct store_point *points, size_t count) {
    struct app *a = arg;
    if (id == ID_POINTS) restore_points(a, err, points, count);
    else downloads_points(a, id - ID_BATCHES, points, err == ERR_OK ? count : 0);
}

/* Once a day, what has become older than 90 days. */
static void thin_points(struct app *a, struct wall now) {
    int64_t to = now.us - THINNED_AFTER_US;
    if (a->points_thinned.us != 0 && now.us - a->points_thinned.us < US_PER_DAY) return;
    a->points_thinned = now;
    if (store_thin_points(a->store, ID_FACTS, a->account, (struct wall){0}, (struct wall){to - to % US_PER_HOUR},
                          US_PER_HOUR) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "old points of the equity series could not be thinned");
}

/* ---- the start ---- */

static void on_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct app *a = arg;
    char key[META_KEY_MAX];
    name_accounts(a, accounts, count);
    a->loads = 0;
    a->loads += store_get_metas(a->store, ID_SYMBOLS, "symbols") == ERR_OK; /* they come before any fill */
    a->loads += store_get_markets(a->store, ID_MARKETS, a->config.environment) == ERR_OK;
    if (a->config.key.kind != KEY_NONE) { /* the fills once it is known whose */
        account_key(a, key);
        a->loads += store_get_metas(a->store, ID_ACCOUNT, key) == ERR_OK;
    } else {
        load(a, ID_LOAD_BOT, a->bot_account);
    }
    loaded_one(a);
}

/* With a key: the account's, what the key learnt before its uid was known, and the bot's unless they are another's. */
static void load_accounts(struct app *a, const char *remembered) {
    if (remembered != NULL && strlen(remembered) < sizeof a->account) {
        (void)snprintf(a->account, sizeof a->account, "%s", remembered);
        load(a, ID_LOAD_UID, a->account);
    }
    load(a, ID_LOAD_KEY, a->key_account);
    if (a->bot_joined[0] == '\0' || strcmp(a->bot_joined, a->account) == 0) load(a, ID_LOAD_BOT, a->bot_account);
}

static void on_markets(void *arg, uint64_t id, enum err err, const struct stored_markets *m) {
    struct app *a = arg;
    (void)id;
    if (a->started) return;
    if (err == ERR_OK) engine_load_markets(a->engine, m->at, m->count, m->weight_limit, m->read_at, loop_now(a->loop));
    if (a->loads > 0) a->loads--;
    loaded_one(a);
}

static void on_failed(void *arg, enum err err, const char *words) {
    struct app *a = arg;
    struct event e = {.kind = EVENT_STORE_FAILED, .err = err, .error = words, .weight_used = -1, .remaining = -1};
    tell_engine(a, &e);
    a->loads = 0;
    loaded_one(a);
}

static void adopt_symbols(struct app *a, const char *list) {
    struct name symbol;
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        if (name_set(&symbol, span_from(list, len)) == ERR_OK) engine_load_symbol(a->engine, &symbol);
        list += len + (list[len] == ',');
    }
}

static void on_metas(void *arg, uint64_t id, enum err err, const struct stored_meta *metas, size_t count) {
    struct app *a = arg;
    const char *value = err == ERR_OK && count > 0 ? metas[0].value : NULL;
    if (a->started) return;
    if (value != NULL && id == ID_SYMBOLS) adopt_symbols(a, value);
    if (id == ID_ACCOUNT) load_accounts(a, value);
    if (a->loads > 0) a->loads--;
    loaded_one(a);
}

static void on_fills(void *arg, uint64_t id, const struct fill *fills, size_t count) {
    struct app *a = arg;
    (void)id;
    for (size_t i = 0; i < count; i++) engine_load_fill(a->engine, &fills[i]);
}

static void on_loaded(void *arg, uint64_t id, enum err err, uint64_t total, const struct stored_history *histories,
                      size_t count) {
    struct app *a = arg;
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        if (histories[i].state == HISTORY_GAP) engine_load_gap(a->engine, &histories[i].symbol);
        else if (id == ID_LOAD_UID) engine_load_history(a->engine, &histories[i].symbol, histories[i].last_id);
    }
    if (err == ERR_OK && total > 0) log_say(a->log, LOG_INFO, "store", "%llu fills read", (unsigned long long)total);
    if (a->loads > 0) a->loads--;
    loaded_one(a);
}

static void on_committed(void *arg, uint64_t id, enum err err, const struct put_counts *counts) {
    struct app *a = arg;
    struct event e = {.kind = EVENT_COMMITTED,
                      .id = id - ID_BATCHES,
                      .err = err,
                      .error = store_why(a->store),
                      .weight_used = -1,
                      .remaining = -1};
    (void)counts;
    if (id > ID_BATCHES && !a->stopping) tell_engine(a, &e);
}

static void on_candles(void *arg, uint64_t id, enum err err, const struct candle *candles, size_t count) {
    struct app *a = arg;
    struct event e = {.kind = EVENT_STORED_CANDLES,
                      .id = id,
                      .err = err,
                      .candles = candles,
                      .candle_count = count,
                      .weight_used = -1,
                      .remaining = -1};
    if (!a->stopping) tell_engine(a, &e);
}

static void on_closed(void *arg) { app_store_closed(arg); }

void keep_open(struct app *a) {
    static const struct store_events events = {.opened = on_opened,
                                               .failed = on_failed,
                                               .fills = on_fills,
                                               .loaded = on_loaded,
                                               .committed = on_committed,
                                               .metas = on_metas,
                                               .points = on_points,
                                               .markets = on_markets,
                                               .candles = on_candles,
                                               .closed = on_closed};
    enum err err = store_open(&a->store, a->loop, a->options->db_path, STORE_USE, a->log, &events, a);
    if (err != ERR_OK)
        log_say(a->log, LOG_ERROR, "store", "cannot be opened: %s; history is not durable", err_text(err));
}

static bool usable(const struct app *a) { return a->store != NULL && store_state(a->store) == STORE_READY; }

void keep_fills(struct app *a, const struct effect *f) {
    enum err err =
        usable(a) ? store_put(a->store, ID_BATCHES + f->id, a->account, f->fills, f->fill_count) : ERR_BAD_STATE;
    if (err == ERR_OK || f->id == 0) return;
    const char *why = a->store != NULL && store_why(a->store)[0] != '\0' ? store_why(a->store) : err_text(err);
    tell_late(a,
              &(struct event){
                  .kind = EVENT_COMMITTED, .id = f->id, .err = err, .error = why, .weight_used = -1, .remaining = -1});
}

static void become(struct app *a, const char *account) {
    char key[META_KEY_MAX];
    bool other = strcmp(a->account, account) != 0;
    (void)snprintf(a->account, sizeof a->account, "%s", account);
    account_key(a, key);
    if (store_join(a->store, ID_FACTS, a->key_account, account) != ERR_OK) return;
    if (store_put_meta(a->store, ID_FACTS, key, account) != ERR_OK || !other) return;
    if (store_load(a->store, ID_LOAD_UID, account) !=
        ERR_OK) /* known from an earlier key: its fills join while we run */
        log_say(a->log, LOG_WARN, "store", "the fills of %s could not be read", account);
}

/* What the bot told is of the old epoch as well. */
static void begin_epoch(struct app *a) {
    bool bot = strcmp(a->account, a->bot_account) != 0 && store_new_epoch(a->store, ID_FACTS, a->bot_account) != ERR_OK;
    bool prices = store_drop_market_data(a->store, ID_FACTS, a->config.environment) != ERR_OK;
    if (store_new_epoch(a->store, ID_FACTS, a->account) != ERR_OK || bot || prices)
        log_say(a->log, LOG_ERROR, "store", "the new epoch could not be kept");
}

static void join_bot(struct app *a) {
    if (strcmp(a->account, a->bot_account) == 0 || strcmp(a->account, a->key_account) == 0) return;
    if (store_join(a->store, ID_FACTS, a->bot_account, a->account) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "the bot's fills could not join the account's");
}

void keep_fact(struct app *a, const struct effect *f) {
    if (!usable(a)) return;
    if (strcmp(f->key, "account") == 0) become(a, f->text);
    else if (strcmp(f->key, "epoch") == 0) begin_epoch(a);
    else if (strcmp(f->key, "joined") == 0) join_bot(a);
    else if (store_put_meta(a->store, ID_FACTS, f->key, f->text) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "%s could not be kept", f->key);
}

void keep_history(struct app *a, const struct effect *f) {
    struct stored_history h = {.symbol = f->symbol, .first_id = 0, .last_id = f->complete_to};
    if (f->gap) h.state = HISTORY_GAP;
    if (usable(a) && store_put_history(a->store, ID_FACTS, a->account, &h) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "the history mark of %s could not be kept", f->symbol.text);
}

void keep_point(struct app *a, const struct effect *f) {
    if (!usable(a)) return; /* it has said so, and the page says so: nothing else suffers */
    if (store_put_point(a->store, ID_FACTS, a->account, f->time, span_from(f->text, f->text_len)) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "a point of the equity series could not be kept");
    thin_points(a, f->time);
}

bool keep_ask_points(struct app *a, uint64_t id, struct wall from, struct wall to, int64_t step_us) {
    return usable(a) && store_get_points(a->store, ID_BATCHES + id, a->account, from, to, step_us) == ERR_OK;
}

void keep_candles(struct app *a, const struct effect *f) {
    if (!usable(a)) return;
    if (store_put_candles(a->store, ID_FACTS, a->config.environment, &f->symbol, &f->interval, f->candles,
                          f->candle_count) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "candles of %s could not be kept", f->symbol.text);
}

void keep_ask_candles(struct app *a, const struct effect *f) {
    enum err err = usable(a) ? store_get_candles(a->store, f->id, a->config.environment, &f->symbol, &f->interval,
                                                 f->time, (size_t)f->limit)
                             : ERR_BAD_STATE;
    if (err == ERR_OK) return;
    tell_late(
        a, &(struct event){.kind = EVENT_STORED_CANDLES, .id = f->id, .err = err, .weight_used = -1, .remaining = -1});
}

void keep_markets(struct app *a, const struct effect *f) {
    struct stored_markets m = {loop_now(a->loop).wall, f->weight_limit, f->markets, f->market_count};
    if (usable(a) && store_put_markets(a->store, ID_FACTS, a->config.environment, &m) != ERR_OK)
        log_say(a->log, LOG_WARN, "store", "the exchange information could not be kept");
}
