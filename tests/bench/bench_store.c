/* bench_store.c: what a long history costs: putting it on the disk, its size there, starting with it, its memory, and asking for
 * pages of it. Each size in processes of its own, so that memory is counted apart; ratios to plain SQLite in the same run,
 * which neither hashes nor computes. Usage: bench_store [fills ...], 10^4 10^5 10^6 by default. */
#include "engine/state.h"
#include "io/loop.h"
#include "store/sql.h"
#include "store/store.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 1000, SYMBOLS = 10, PLAIN_ROW_BYTES = 60, FILLS_A_DAY = 500 };
#define FROM_US (INT64_C(1600000000) * US_PER_S)
#define STEP_US (US_PER_DAY / FILLS_A_DAY)

static const char account[] = "production:1";

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void need(bool good, const char *what) {
    if (good) return;
    fprintf(stderr, "bench_store: %s failed\n", what);
    exit(1);
}

/* A grid on ten pairs: buys below, sells above, every third fee in BNB and valued. */
static struct fill fill_number(int64_t n) {
    struct fill f = {.trade_id = 1000 + n / SYMBOLS * 37, .order_id = 70000000 + n, .source = SOURCE_REST};
    (void)snprintf(f.symbol.text, sizeof f.symbol.text, "C%lld/USDT", (long long)(n % SYMBOLS));
    f.side = n / SYMBOLS % 2 == 0 ? SIDE_BUY : SIDE_SELL;
    f.price.v = (i128)(6425010 + n % 977 + (f.side == SIDE_SELL ? 5000 : 0)) * 1000000;
    f.quantity.v = (i128)57 * 1000;
    need(dec8_mul(&f.quote_amount, f.price, f.quantity) == ERR_OK, "a product");
    f.fee.v = (i128)(72 + n % 7) * 100000000000;
    f.fee_asset = name_of("USDT");
    f.time.us = FROM_US + n * STEP_US;
    f.received_at.us = f.time.us + 48211;
    if (n % 3 != 0) return f;
    f.fee_asset = name_of("BNB");
    f.fee_state = FEE_VALUED;
    f.fee_value.v = (i128)INT64_C(4321800000000000);
    f.fee_price.v = INT64_C(60025000000);
    f.fee_candle.us = f.time.us / US_PER_MIN * US_PER_MIN;
    return f;
}

/* ---- a program of its own for each part ---- */

struct part {
    const char *path;
    int64_t fills;
};

static void apart(void (*run)(const struct part *p), const struct part *p) {
    (void)fflush(stdout);
    pid_t child = fork();
    int status;
    need(child >= 0, "fork");
    if (child == 0) {
        run(p);
        (void)fflush(stdout);
        _exit(0);
    }
    need(waitpid(child, &status, 0) == child && status == 0, "a part");
}

static double memory_mb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* ---- putting ---- */

static double put_plainly(const struct part *p) {
    char path[128], why[SQL_WHY_MAX], row[PLAIN_ROW_BYTES] = "";
    struct sql *s;
    (void)snprintf(path, sizeof path, "%s.plain", p->path);
    need(sql_open(&s, path, why) == ERR_OK, "a plain database");
    need(sql_run(s, "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, record BLOB)") == ERR_OK, "a table");
    double from = seconds();
    for (int64_t n = 0; n < p->fills; n++) {
        if (n % GROUP == 0) need(sql_run(s, "BEGIN IMMEDIATE") == ERR_OK, "begin");
        struct query q = query_start(s, "INSERT INTO t VALUES(?, ?, ?, ?)");
        query_put_int(&q, n + 1);
        query_put_int(&q, n % SYMBOLS);
        query_put_int(&q, n * 37);
        query_put_bytes(&q, span_from(row, sizeof row));
        need(query_run(&q) == ERR_OK, "insert");
        if ((n + 1) % GROUP == 0 || n + 1 == p->fills) need(sql_run(s, "COMMIT") == ERR_OK, "commit");
    }
    double spent = seconds() - from;
    sql_close(s);
    (void)unlink(path);
    return spent;
}

struct put_run {
    struct loop *loop;
    struct store *store;
    int64_t next, all;
};

static void put_next(struct put_run *r) {
    struct fill fills[GROUP];
    size_t count = 0;
    while (count < GROUP && r->next < r->all) fills[count++] = fill_number(r->next++);
    if (count > 0) need(store_put(r->store, 1, account, fills, count) == ERR_OK, "store_put");
    else store_close(r->store);
}

static void on_put_opened(void *arg, const struct stored_account *accounts, size_t count) {
    (void)accounts, (void)count;
    put_next(arg);
}

static void on_committed(void *arg, uint64_t id, enum err err, const struct put_counts *counts) {
    (void)id, (void)counts;
    need(err == ERR_OK, "a commit");
    put_next(arg);
}

static void put_all(const struct part *p) {
    static const struct store_events events = {.opened = on_put_opened, .committed = on_committed};
    struct put_run r = {.loop = loop_new(NULL), .all = p->fills};
    struct stat st;
    double plain = put_plainly(p), from = seconds();
    need(r.loop != NULL && store_open(&r.store, r.loop, p->path, STORE_USE, NULL, &events, &r) == ERR_OK, "store_open");
    loop_run(r.loop);
    double spent = seconds() - from;
    need(stat(p->path, &st) == 0, "the file");
    printf("  put, %d a transaction: %.2f s, %.0f fills/s, %.1fx plain SQLite; on disk %.1f MB, %.0f bytes a fill\n",
           GROUP, spent, (double)p->fills / spent, spent / plain, (double)st.st_size / 1e6,
           (double)st.st_size / (double)p->fills);
    loop_free(r.loop);
}

/* ---- starting ---- */

static double read_plainly(const struct part *p) {
    char why[SQL_WHY_MAX];
    struct sql *s;
    uint64_t bytes = 0;
    double from = seconds();
    need(sql_open(&s, p->path, why) == ERR_OK, "the database");
    struct query q = query_start(s, "SELECT id, kind, series, trade_id, refers, record FROM journal ORDER BY id");
    while (query_row(&q)) bytes += query_bytes(&q, 5).len;
    need(query_end(&q) == ERR_OK && bytes > 0, "reading plainly");
    sql_close(s);
    return seconds() - from;
}

struct start_run {
    struct loop *loop;
    struct store *store;
    struct engine *engine;
};

static void on_start_opened(void *arg, const struct stored_account *accounts, size_t count) {
    struct start_run *r = arg;
    (void)accounts, (void)count;
    need(store_load(r->store, 1, account) == ERR_OK, "store_load");
}

static void on_fills(void *arg, uint64_t id, const struct fill *fills, size_t count) {
    struct start_run *r = arg;
    (void)id;
    for (size_t i = 0; i < count; i++) engine_load_fill(r->engine, &fills[i]);
}

static void on_loaded(void *arg, uint64_t id, enum err err, uint64_t total, const struct stored_history *histories,
                      size_t count) {
    struct start_run *r = arg;
    (void)id, (void)total, (void)histories, (void)count;
    need(err == ERR_OK, "loading");
    store_close(r->store);
}

/* One page as the server makes it, in steps; into *cursor its next_cursor where cursor is wanted. */
static void ask_page(const struct engine *e, const char *what, const struct view_trades_query *q, char *cursor) {
    struct view_trades *t;
    struct buf b;
    double from = seconds(), longest = 0, step;
    int steps = 0;
    buf_init(&b, 8 << 20);
    need(view_trades_new(&t, q, VIEW_TRADES_JSON) == ERR_OK, "a question");
    for (bool done = false; !done; steps++) {
        double at = seconds();
        done = view_trades_step(t, &b, e);
        if ((step = seconds() - at) > longest) longest = step;
    }
    printf("  page, %s: %.1f ms in %d steps, the longest %.2f ms; %zu bytes\n", what, (seconds() - from) * 1e3, steps,
           longest * 1e3, b.len);
    need(b.failed == ERR_OK, "a page");
    buf_putc(&b, '\0');
    const char *at = strstr(b.at, "\"next_cursor\":\"");
    if (cursor != NULL && at != NULL) (void)snprintf(cursor, 128, "%.*s", (int)strcspn(at + 15, "\""), at + 15);
    view_trades_free(t);
    buf_free(&b);
}

static void ask_pages(const struct engine *e, const struct part *p) {
    char cursor[128] = "";
    struct view_trades_query q = {.limit = 100};
    ask_page(e, "the newest 100 of all", &q, NULL);
    q.symbol = name_of("C3/USDT");
    q.has_side = true;
    q.side = SIDE_SELL;
    ask_page(e, "one pair's sells", &q, NULL);
    q = (struct view_trades_query){.limit = 100, .text = "bnb"};
    ask_page(e, "a word searched for", &q, NULL);
    q = (struct view_trades_query){.limit = 100, .text = "nowhere"};
    ask_page(e, "a word that is nowhere", &q, NULL);
    q = (struct view_trades_query){.limit = 100, .to = {FROM_US + p->fills / 2 * STEP_US}};
    ask_page(e, "before the middle", &q, cursor);
    q = (struct view_trades_query){.limit = 100, .cursor = cursor};
    ask_page(e, "a cursor in the middle", &q, NULL);
}

static void start(const struct part *p) {
    static const struct store_events events = {.opened = on_start_opened, .fills = on_fills, .loaded = on_loaded};
    static const struct engine_config config = {.source = SOURCE_IS_EXCHANGE,
                                                .bot_url = "http://127.0.0.1:1",
                                                .rest_url = "http://127.0.0.1:1",
                                                .stream_url = "ws://127.0.0.1:1",
                                                .ws_api_url = "ws://127.0.0.1:1",
                                                .breaker = {5, US_PER_MIN, 1},
                                                .heartbeat_stream = "",
                                                .environment = "production"};
    struct start_run r = {.loop = loop_new(NULL)};
    double from = seconds(), before = memory_mb();
    struct buf b;
    need(r.loop != NULL && (r.engine = engine_new(&config, loop_now(r.loop))) != NULL, "an engine");
    need(store_open(&r.store, r.loop, p->path, STORE_USE, NULL, &events, &r) == ERR_OK, "store_open");
    loop_run(r.loop);
    double loaded = seconds() - from;
    engine_start(r.engine, loop_now(r.loop));
    while (engine_turn(r.engine, loop_now(r.loop))) continue;
    buf_init(&b, 8 << 20);
    view_snapshot(&b, r.engine, loop_now(r.loop), 1);
    double spent = seconds() - from;
    need(b.failed == ERR_OK && r.engine->pair_count == SYMBOLS, "a snapshot");
    double used = memory_mb() - before;
    printf("  start: %.3f s to the first snapshot, %.3f s of it loading; most memory %.1f MB, %.0f bytes a fill\n",
           spent, loaded, used, used * 1048576 / (double)p->fills);
    buf_free(&b);
    double plain = read_plainly(p);
    printf("  start: %.1fx plain SQLite's reading of the same rows (%.3f s)\n", spent / plain, plain);
    ask_pages(r.engine, p);
    engine_free(r.engine);
    loop_free(r.loop);
}

int main(int argc, char **argv) {
    static const char *const sizes[] = {"10000", "100000", "1000000"};
    char folder[] = "/tmp/gridscope-bench-XXXXXX", path[64];
    need(mkdtemp(folder) != NULL, "a folder");
    (void)snprintf(path, sizeof path, "%s/a.db", folder);
    for (int i = 0; i < (argc > 1 ? argc - 1 : 3); i++) {
        struct part p = {path, strtoll(argc > 1 ? argv[i + 1] : sizes[i], NULL, 10)};
        need(p.fills > 0, "the number of fills");
        printf("%lld fills\n", (long long)p.fills);
        apart(put_all, &p);
        apart(start, &p);
        (void)unlink(path);
    }
    return rmdir(folder) == 0 ? 0 : 1;
}
