/* shown.h: what the tests of the predecessor's defects share: bytes go in where upstreams speak (unit/engine/rig.h), and what
 * counts is what browsers are told. One test a defect, named by its number; README.md of this folder lists them all. */
#ifndef TEST_DEFECTS_SHOWN_H
#define TEST_DEFECTS_SHOWN_H

#include "unit/engine/rig.h"

#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

/* The member of the snapshot of this moment at a path such as "pnl.total" or "pairs.0.price", as text ("null" unknown); fails
 * the test where there is none. Valid until eight more were asked for. */
const char *shown(const struct rig *r, const char *path);
#define assert_shown(r, path, text) assert_string_equal(shown(r, path), text)
/* The same amount, however it is spelled: "10" is "10.00". */
void assert_amount(const struct rig *r, const char *path, const char *amount);
/* The pair's place in "pairs". */
size_t shown_pairs(const struct rig *r);

/* A bot's answer of /api/trades with one row, or none for id 0, after those given before. */
struct bot_rows {
    char text[400000];
    size_t len, count;
};
void bot_rows_begin(struct bot_rows *b);
void bot_row(struct bot_rows *b, int64_t id, const char *symbol, const char *side, const char *price,
             const char *amount, const char *fee, const char *time);
const char *bot_rows_end(struct bot_rows *b);

/* A fill from the store. */
struct fill stored_fill(const char *symbol, int64_t id, const char *side, const char *price, const char *quantity,
                        const char *fee, struct wall time);

/* One of the oracle's sequences of user events (execution_reports.json) through decoder, engine and view: the figures shown
 * are the oracle's to the last digit, and so is the number of fills. */
void oracle_events(struct rig *r, const char *name);
/* One of its histories in the bot's shape (file, name) as the bot's answer, without key; the same of the figures. */
void oracle_history(struct rig *r, const char *file, const char *name);

#endif
