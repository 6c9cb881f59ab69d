/* rig.h: an engine's state filled by hand, with real ledgers and orders, and small readers of JSON: what the tests of view/
 * share. No engine function takes part. */
#ifndef TEST_VIEW_RIG_H
#define TEST_VIEW_RIG_H

#include "engine/state.h"
#include "view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <yyjson.h>

#define D8(text) rig_dec8(text)
#define D16(text) rig_dec16(text)

struct rig {
    struct engine *e;
    struct engine_config config;
    struct now now;
    int64_t next_trade_id;
};

struct dec8 rig_dec8(const char *text);
struct dec16 rig_dec16(const char *text);
struct wall rig_time(const char *iso);

/* An engine with no pair, everything at its start. */
void rig_begin(struct rig *r);
void rig_end(struct rig *r);
/* A pair and its market, without a price. Returns its index. */
size_t rig_pair(struct rig *r, const char *base, const char *quote);
void rig_drop_pair(struct rig *r, size_t index);

/* The state's changes as the engine makes and marks them. */
void rig_tick(struct rig *r, size_t pair, struct dec8 price);
void rig_fill(struct rig *r, size_t pair, enum side side, const char *price, const char *quantity, const char *fee,
              const char *fee_asset);
void rig_order(struct rig *r, size_t pair, int64_t id, enum side side, const char *price, bool open);
void rig_figures(struct rig *r); /* pairs' and portfolio's figures from the ledgers, marks them */
void rig_clean(struct rig *r);
void rig_wait(struct rig *r, int64_t us);

/* Parses the buffer; fails the test on bad JSON. The caller frees the document. */
yyjson_doc *rig_json(const struct buf *b);
/* The member at a path such as "pnl.total" or "pairs.0.price"; NULL absent. */
yyjson_val *rig_at(yyjson_doc *doc, const char *path);
/* Its text (strings) or "null", "true", the number's text; NULL absent. Valid until the next call. */
const char *rig_text(yyjson_doc *doc, const char *path);
#define assert_json(doc, path, text) assert_string_equal(rig_text(doc, path), text)

#endif
