/* bench_ledger.c: the cost of one fill with many behind it, as a ratio to a reference loop of the same run: a random
 * read and write in 64 MB, about one cache miss, the least that looking up an identity among 10^7 costs. Usage:
 * bench_ledger [fills], 10^7 by default. */
#include "base/map.h"
#include "base/rng.h"
#include "domain/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { REFERENCE_WORDS = 1 << 23, CHUNK = 500, BLOCK = 1000000 };

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* the machine may be busy with others */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double reference_ns(void) {
    uint64_t *words = calloc(REFERENCE_WORDS, sizeof *words);
    if (words == NULL) exit(1);
    double from = seconds();
    for (uint64_t i = 0; i < 4 * (uint64_t)BLOCK; i++) words[mix64(i) % REFERENCE_WORDS] += i;
    double ns = (seconds() - from) / (4.0 * BLOCK) * 1e9;
    uint64_t sum = 0;
    for (size_t i = 0; i < REFERENCE_WORDS; i += 997) sum += words[i];
    if (sum == 0) printf("nothing was written\n");
    free(words);
    return ns;
}

/* A grid: buys below, sells above, quote fees, one order in three filled in two parts. */
static void next_fill(struct fill *f, struct rng *rng, int64_t i) {
    f->trade_id += 1 + (int64_t)rng_below(rng, 50);
    f->order_id = i - (i % 3 == 2 ? 2 : 0);
    f->side = i % 2 == 0 ? SIDE_BUY : SIDE_SELL;
    f->price.v = (i128)(9000000 + (int64_t)rng_below(rng, 10000) + (f->side == SIDE_SELL ? 5000 : 0)) * 1000000;
    f->quantity.v = 57000;
    f->fee.v = f->price.v * f->quantity.v / 1000;
    f->time.us += (int64_t)rng_below(rng, 60000000);
}

/* Chunks that stay in the cache: made untimed, added timed. */
static double add_block(struct ledger *l, struct fill *f, struct rng *rng, size_t n, int64_t *i) {
    static struct fill fills[CHUNK];
    enum ledger_added what;
    double spent = 0;
    for (size_t done = 0; done < n; done += CHUNK) {
        for (size_t k = 0; k < CHUNK; k++) next_fill(f, rng, (*i)++), fills[k] = *f;
        double from = seconds();
        for (size_t k = 0; k < CHUNK; k++)
            if (ledger_add(l, &fills[k], &what, NULL) != ERR_OK) exit(1);
        spent += seconds() - from;
    }
    return spent / (double)n * 1e9;
}

static void late_fill(struct ledger *l, size_t distance, double reference) {
    struct fill f;
    enum ledger_added what;
    ledger_get(l, ledger_count(l) - distance, &f, NULL);
    f.side = f.side == SIDE_BUY ? SIDE_SELL : SIDE_BUY; /* the other side of a self-trade: a new identity */
    double from = seconds();
    if (ledger_add(l, &f, &what, NULL) != ERR_OK) exit(1);
    while (!ledger_recompute(l, 4096)) {
    }
    double us = (seconds() - from) * 1e6;
    printf("one late fill %zu back: %.0f us, ratio %.1f for each fill applied again\n", distance, us,
           us * 1000 / (double)distance / reference);
}

int main(int argc, char **argv) {
    size_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    struct name symbol = name_of("BTC/USDT"), base = name_of("BTC"), quote = name_of("USDT");
    struct ledger *l = ledger_new(&symbol, &base, &quote, (struct wall){0});
    struct fill f = {.symbol = symbol, .source = SOURCE_REST, .fee_asset = quote, .time = {1}};
    struct rng rng;
    struct rusage usage;
    int64_t i = 0;
    double reference = reference_ns(), ns = 0;
    if (l == NULL) return 1;
    rng_seed(&rng, 1);
    printf("reference: %.1f ns a random read and write\n", reference);
    for (size_t done = 0; done < total; done += BLOCK) {
        ns = add_block(l, &f, &rng, total - done < BLOCK ? total - done : BLOCK, &i);
        printf("%9zu fills behind: %.0f ns a fill, ratio %.1f\n", done, ns, ns / reference);
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("most memory: %ld MB, %.0f bytes a fill\n", usage.ru_maxrss / 1024,
           (double)usage.ru_maxrss * 1024 / (double)total);
    late_fill(l, 1000 < total ? 1000 : total, reference);
    late_fill(l, 100000 < total ? 100000 : total, reference);
    printf("realized %s0, cycles %llu\n", ledger_totals(l)->realized.v < 0 ? "below " : "above ",
           (unsigned long long)ledger_totals(l)->cycles);
    ledger_free(l);
    return 0;
}
