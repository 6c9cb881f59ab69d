/* invariants.h: what must hold, in one place: the table is at the top of invariants.c. */
#ifndef TESTS_WORLD_INVARIANTS_H
#define TESTS_WORLD_INVARIANTS_H

#include <stdbool.h>
#include <stdint.h>

enum invariant {
    /* at every step */
    TOTAL_IS_THE_SUM,
    PORTFOLIO_ADDS_UP,
    UNKNOWN_IS_NOT_ZERO,
    NEVER_BELOW_ZERO,
    PROOF_NEVER_DRIFTS,
    NO_INVENTED_FILL,
    PERSIST_THEN_SHOW,
    STALE_IS_SAID,
    LIVE_MEANS_PROVEN,
    STREAMING_MEANS_LIVE,
    LIVE_MEANS_MERGED,
    ORDERS_ARE_ASKED_AGAIN,
    ONE_LINK_ONE_PLACE,
    TWO_LINKS_AT_MOST,
    DEADLINES_LIE_AHEAD,
    NO_EFFECT_IS_DROPPED,
    TURNS_END,
    ONE_ACCOUNT,
    SEQ_RISES_BY_ONE,
    /* of what goes out, at each request */
    SILENCE_IN_A_BAN,
    SILENCE_ENDS,
    WEIGHT_LIMIT,
    REFUSED_KEY_ONCE_A_MINUTE,
    BOT_LIMIT_HOLDS,
    OPEN_BREAKER_REFUSES,
    FIVE_MESSAGES_A_SECOND,
    CONNECTS_ARE_SPACED,
    EXPIRED_KEY_IS_LEFT,
    NOTHING_FOR_A_DEAD_STORE,
    QUESTIONS_ARE_KNOWN,
    KEPT_IS_TRUE,
    KEPT_IS_NOT_ASKED,
    CANDLES_ARE_TRUE,
    /* at intervals, and wherever the world stands still */
    NO_FILL_TWICE,
    FILLS_ARE_TRUE,
    LEDGER_FOLLOWS_FROM_FILLS,
    PAGE_KNOWS_ALL,
    DELTAS_MAKE_THE_SNAPSHOT,
    DURABLE_COMES_BACK,
    INFORMED_FOR_AN_HOUR,
    /* when everything has healed */
    HEALED_FIGURES,
    HEALED_PORTFOLIO,
    HEALED_ORDERS,
    HEALED_WORDS,
    WISHES_ARE_ANSWERED,
    CALM_IS_QUIET,
    RENEWED_BEFORE_THE_CUT,
    INVARIANTS
};

struct invariant_row {
    const char *name, *sentence;
};
extern const struct invariant_row invariant_rows[INVARIANTS];

struct world;
void broken(struct world *w, enum invariant i, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Counts the look and fails the run where the condition does not hold. */
#define HOLDS(w, i, condition, ...) ((w)->result->checked[i]++, (condition) ? (void)0 : broken(w, i, __VA_ARGS__))

struct effect;
struct fault_at;
struct delivery;
struct model_link;
void see_request(struct world *w, const struct effect *f, bool bot);
void see_binance(struct world *w, const char *what);
void see_key(struct world *w);
void see_orders_asked(struct world *w, const char *text, bool failed);
void see_refusal(struct world *w, const struct delivery *d);
void see_http_answer(struct world *w, const struct delivery *d);
void see_connect(struct world *w, const struct model_link *l);
void check_step(struct world *w);
void check_view(struct world *w);
void check_whole(struct world *w);  /* everything, fill by fill */
void check_loaded(struct world *w); /* just started from the store */
/* healed.c: true when all is as it should be; else, where `must`, the run fails and says why. */
bool check_healed(struct world *w, bool must);
void check_calm(struct world *w, int64_t seconds, uint64_t rest, uint64_t bot, uint64_t cuts);

#endif
