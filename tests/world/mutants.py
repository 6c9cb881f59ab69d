#!/usr/bin/env python3
"""Plants realistic bugs one at a time in a copy of the source and shows that the tests find each: ./run mutants [WORD...]

A mutant is a name, a file, a text that stands in it exactly once, and what stands there instead. The simulated world must
find each of them by itself, in a few dozen seeds: where it does not, the unit tests of the engine and the domain are asked, so
that one may see what looks closer than the world does, and it is an error all the same, but for those that are named as too
rare for so few seeds. A text that is gone is an error too."""
import os, shutil, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNITS = ["feed", "answers", "poll", "streams", "fills", "figures", "breaker", "backoff", "budget"]
TARGETS = ["tests/world/test_world"] + ["tests/unit/engine/test_engine_" + u for u in UNITS] + ["tests/unit/domain/test_domain_ledger", "tests/unit/wire/test_wire_binance_user"]
SEEDS = 60

# It takes a poll of a bot that has just started, between the loss of the user feed and its next subscription, as the last word
# of a run: one seed in hundreds.
RARE = {"a new bot's empty list of orders is the last word"}

MUTANTS = [
    ("fill booked at the order's price (p for L)", "src/wire/binance_user.c", '{"L", FIELD_DEC8,', '{"p", FIELD_DEC8,'),
    ("dedupe dropped", "src/domain/ledger.c", "        if (known == NULL) {", "        if (known == NULL || f->source == SOURCE_REST) {"),
    ("fee asset ignored: BNB taken for the quote", "src/domain/ledger.c",
     "(*asset == ASSET_QUOTE || *asset == ASSET_UNNAMED) {", "(*asset != ASSET_BASE) {\n        *asset = ASSET_QUOTE;"),
    ("no resync after a reconnect", "src/engine/answers.c",
     "        feed_subscribed(&e->user, r->ws_id, e->now);\n        poll_history_wanted(e);\n        break;",
     "        feed_subscribed(&e->user, r->ws_id, e->now);\n        break;"),
    ("live before the trades are merged", "src/engine/answers.c",
     "if (!apart && (newest || last_page) && r->sent.us >= p->history.sync_from.us) p->history.sync_wanted = false;", "p->history.sync_wanted = false;"),
    ("backoff reset by the connect", "src/engine/feed.c",
     "    l->phase = LINK_OPEN;\n", "    l->phase = LINK_OPEN;\n    backoff_reset(&f->backoff);\n"),
    ("history marked before the commit", "src/engine/fills.c",
     "    if (!e->durable || p->pending_count > 0 || p->in_store_batch != 0) return;\n", "    if (!e->durable) return;\n"),
    ("shown before the commit", "src/engine/fills.c",
     "if (!to_store(e) || !e->durable) {", "if (true) {"),
    ("pending lost when the store fails", "src/engine/fills.c",
     "    apply_all(e, p->in_store + p->in_store_shown, p->in_store_count - p->in_store_shown);\n    p->in_store_shown = p->in_store_count;",
     "    p->in_store_shown = p->in_store_count;"),
    ("a full page taken for the last one", "src/engine/answers.c",
     "bool last_page = rows.count < TRADES_PAGE;", "bool last_page = true;"),
    ("a page of trades skips one id", "src/engine/poll.c",
     ".from_id = h->complete_to + 1}", ".from_id = h->complete_to + 2}"),
    ("breaker never opens", "src/engine/breaker.c",
     "b->consecutive_failures >= b->config.fail_max) enter", "b->consecutive_failures > 1000000) enter"),
    ("stale never set", "src/engine/figures.c",
     "older(m->price_at, STALE_US, e->now.wall);", "false;"),
    ("silence after 429 forgets the connection", "src/engine/streams.c",
     "    if (banned || full) return; /*", "    if (full) return; /*"),
    ("the replacement is dropped, not the old link", "src/engine/feed.c",
     "        f->cur = f->next;\n        f->next = (struct link){0};\n        f->next_backoff", "        f->next = (struct link){0};\n        f->next_backoff"),
    ("fee priced by the minute of the fill", "src/engine/fills.c",
     "return fill_time.us / US_PER_MIN - 1; }", "return fill_time.us / US_PER_MIN; }"),
    ("retry-after ignored", "src/engine/engine.c",
     "    if (v->retry_after_us > 0) a.retry_after_us =", "    if (v->retry_after_us < 0) a.retry_after_us ="),
    ("a clock set back makes old prices young", "src/engine/engine.c", "    shift_stamps(e, step);\n", ""),
    ("a burst of refusals doubles the silence each time", "src/engine/budget.c", "        if (weight_banned(b, now.mono)) return;", "        if (false) return;"),
    ("a list of orders failed and nobody asks again", "src/engine/answers.c", "        e->pairs[r->pair]->orders_wanted = true;\n", ""),
    ("a new bot's empty list of orders is the last word", "src/engine/poll.c", "        e->pairs[i]->orders_wanted = true; ", ""),
    ("a price changes without a mark", "src/engine/figures.c",
     "if (e->pairs[i]->market == market) e->pair_dirty[i] = 1;", "if (e->pairs[i]->market != market) e->pair_dirty[i] = 1;"),
    ("a new connection leaves out the first tickers", "src/engine/streams.c",
     "        e->priv->subscribe_link = id;\n        e->priv->subscribe_cursor = 0;", "        e->priv->subscribe_link = id;\n        e->priv->subscribe_cursor = 2;"),
    ("an expired listen key is used again", "src/engine/streams.c",
     "        e->priv->listen_key[0] = '\\0'; /* on whichever", "        /* on whichever"),
    ("a wiped testnet is not noticed", "src/engine/answers.c", "    else if (lower) new_epoch(e);\n", ""),
    ("figures of another currency are summed as they are", "src/domain/portfolio.c",
     "    if (line->rate_is_one) return ERR_OK;", "    if (line->has_rate) return ERR_OK;"),
    ("the weight limit is not looked at", "src/engine/budget.c",
     "return (b->used + weight) * 100 <= b->limit * percent;", "return (b->used + weight) * 100 <= b->limit * percent || true;"),
    ("a new connection is opened over the weight limit", "src/engine/streams.c", "    if (banned || full) return; /*", "    if (banned) return; /*"),
    ("the weight that an answer tells is ignored", "src/engine/budget.c", "    if (used > b->used) b->used = used;", "    (void)used;"),
    ("an open candle is kept", "src/engine/candles.c", "        if (candles[i].closed) copy[kept++] = candles[i];", "        copy[kept++] = candles[i];"),
    ("an open candle prices a fee", "src/engine/answers.c", "bool followed = i + 1 < rows.candle_count;", "bool followed = true;"),
    ("kept candles with a hole between make a chart", "src/engine/candles.c",
     "(first == count || candles[first - 1].open_time.us + step == candles[first].open_time.us))", "(first == count || candles[first - 1].open_time.us + step <= candles[first].open_time.us))"),
    ("the newest kept candle is asked for again", "src/engine/candles.c", "r->start.us = c->kept[have - 1].open_time.us + step;", "r->start.us = c->kept[have - 1].open_time.us;"),
    ("the exchange is asked while the store is", "src/engine/candles.c",
     "if (m->minute_asked == minute) return m->minute_due.us > e->now.mono.us;", "if (m->minute_asked == minute) return false;"),
    ("exchange information of yesterday is taken", "src/engine/engine.c", "age < 0 || age >= MARKETS_GOOD_US", "age < 0"),
    ("events put off the timer", "src/engine/engine.c", "mono_add(e->priv->ticked_at, US_PER_S)", "mono_add(e->now.mono, US_PER_S)"),
    ("a replaced connection is not closed", "src/engine/feed.c", "    return (struct feed_todo){FEED_CLOSE_CUR, id};", "    return (struct feed_todo){0, id};"),
]


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def found_by(build, seeds):
    """The first test that fails, or None."""
    env = dict(os.environ, GRIDSCOPE_SEEDS=str(seeds), GRIDSCOPE_SHORTEN="0", GRIDSCOPE_ROOT=ROOT)
    for target in TARGETS:
        try:
            if run([os.path.join(build, target)], env=env, timeout=300).returncode != 0: return os.path.basename(target)
        except subprocess.TimeoutExpired:
            return os.path.basename(target) + " (never ends)"
    return None


def main():
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="gridscope-mutants-") as folder:
        copy, build = os.path.join(folder, "source"), os.path.join(folder, "build")
        files = run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout.split("\0")
        for name in filter(None, files):
            if not os.path.exists(os.path.join(ROOT, name)): continue
            os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), os.path.join(copy, name))
        out = run(["meson", "setup", build, copy, "-Dtests=true"])
        if out.returncode == 0: out = run(["ninja", "-C", build] + TARGETS)
        if out.returncode != 0: sys.exit(out.stdout)
        unhurt = found_by(build, SEEDS)
        if unhurt: sys.exit("without any mutant %s fails" % unhurt)
        count = missed = 0
        for name, file, old, new in MUTANTS:
            if wanted and not any(w in name for w in wanted): continue
            path = os.path.join(copy, file)
            with open(path) as f: sound = f.read()
            if sound.count(old) != 1: sys.exit("%s: its text stands %d times in %s" % (name, sound.count(old), file))
            with open(path, "w") as f: f.write(sound.replace(old, new))
            start = time.time()
            out = run(["ninja", "-C", build] + TARGETS)
            if out.returncode != 0: sys.exit("%s does not compile:\n%s" % (name, out.stdout[-2000:]))
            by = found_by(build, SEEDS)
            world = by is not None and by.startswith("test_world")
            found = world or (by is not None and name in RARE)
            count, missed = count + 1, missed + (not found)
            print("%-8s %-58s %s (%.0f s)" % ("found" if found else "MISSED", name, by if world else "only by " + by if by else "by nobody", time.time() - start), flush=True)
            with open(path, "w") as f: f.write(sound)
        print("%d mutants, %d missed" % (count, missed))
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
