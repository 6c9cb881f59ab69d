#!/usr/bin/python3
"""Restarts: clean, killed in the middle of trading, with a database that cannot be used. Nothing is lost, nothing is doubled,
and what is not durable says so. Speaks TAP."""
import os
import random
import signal
import sys
import threading
import time

from harness import KEY, check, check_figures, counts_agree, main, run_once, same, settled, test, wait_until

HISTORY = ("--history", 60)


def database(place):
    return place.path("gridscope.db")


def whole(place, path):
    code, out, err = run_once(place, ["verify"], {"GRIDSCOPE_DB": path})
    same(code, 0, f"verify said: {out}{err}")
    check(out.startswith("whole: "), out)
    return int(out.split()[1])


@test
def a_clean_restart_loses_nothing_and_knows_it_at_once(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    s = dash.live()
    same(s["store"], {"durable": True, "error": None}, "store")
    sim.pause()
    before = check_figures(sim, dash)
    code, seconds = dash.stop()
    check(code == 0 and seconds < 2, "ended with", code, "after", seconds, "s")
    same(whole(place, database(place)) >= sum(p["fills"] for p in before["pairs"]), True, "rows")
    # fills while it was away, then a start without any upstream: what is stored is known
    check(sim.trade("BTC/USDT", "buy", "0.00050")["fills"] == 1, "no fill")
    alone = place.dash(None, GRIDSCOPE_DB=database(place), EXCHANGE__API_KEY=KEY, EXCHANGE__API_SECRET="x1",
                       **{k: dash.settings[k].replace(str(sim.port), "1").replace(str(sim.bot_port), "1") for k in
                          ("DASHBOARD_API_BASE_URL", "GRIDSCOPE_BINANCE_REST_URL", "GRIDSCOPE_BINANCE_STREAM_URL", "GRIDSCOPE_BINANCE_WS_API_URL")})
    s = alone.wait(lambda s: len(s["pairs"]) == len(before["pairs"]) and all(p["fills"] for p in s["pairs"]), 5, "the stored pairs")
    same({p["symbol"]: (p["fills"], p["holdings"], p["cost_basis"], p["realized"]) for p in s["pairs"]},
         {p["symbol"]: (p["fills"], p["holdings"], p["cost_basis"], p["realized"]) for p in before["pairs"]}, "figures from the store alone")
    alone.stop()
    dash.start()
    dash.live()
    check_figures(sim, dash)


@test
def killed_while_trading_it_loses_no_fill_it_had_shown(place):
    sim = place.sim("--tick-ms", 20, *HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    for round_number in range(4):
        feed = place.feed(dash)
        for _ in range(6 + round_number):
            sim.trade("BTC/USDT", "buy", "0.00050")
            time.sleep(0.03 * round_number)
        if round_number > 1:
            wait_until(lambda: counts_agree(sim, feed.copy()), 5, "the fills on the feed")
        shown = {p["symbol"]: p["fills"] for p in feed.copy()["pairs"]}
        dash.stop(signal.SIGKILL)
        rows = whole(place, database(place))
        check(rows >= sum(shown.values()), rows, "rows kept of", sum(shown.values()), "fills shown")
        sim.trade("ETH/USDT", "buy", "0.0100")
        dash.start()
        dash.live()
    sim.pause()
    s = check_figures(sim, dash)
    same(s["store"]["durable"], True, "durable")
    dash.stop()
    whole(place, database(place))


class Trading:
    """Fills as fast as the simulator takes them, on a thread, while it is wanted."""

    def __init__(self, sim):
        self.sim, self.on, self.ended, self.count, self.fault = sim, threading.Event(), False, 0, None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.ended:
                if self.on.wait(0.05):
                    symbol, quantity = (("BTC/USDT", "0.00050"), ("ETH/USDT", "0.0100"), ("SOL/USDT", "0.200"))[self.count % 3]
                    self.sim.trade(symbol, "buy" if self.count % 5 else "sell", quantity)
                    self.count += 1
        except Exception as e:
            self.fault = e

    def end(self):
        self.ended = True
        self.thread.join(5)
        check(self.fault is None, "trading ended by", self.fault)


@test
def killed_at_any_instant_of_heavy_trading_it_keeps_what_it_had_shown(place):
    """GRIDSCOPE_LONG_TESTS=1 makes 200 rounds of it."""
    rounds, chance = (200, random.SystemRandom()) if os.environ.get("GRIDSCOPE_LONG_TESTS") else (6, random.Random(4))
    sim = place.sim("--tick-ms", 20, *HISTORY)
    sim.control("deposit", asset="USDT", amount="1000000000")
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    trading, slowest = Trading(sim), 0
    for number in range(rounds):
        trading.on.set()
        sim.control("weight", forgive=True)  # so many starts in a minute are over the limit
        feed = place.feed(dash)
        time.sleep(chance.random() * 0.5)  # from before the first answer to well after it is live
        shown = {p["symbol"]: p["fills"] for p in (feed.copy() or {"pairs": []})["pairs"]}
        dash.stop(signal.SIGKILL)
        trading.on.clear()
        rows = whole(place, database(place))
        check(rows >= sum(shown.values()), f"round {number}: {rows} rows kept of {sum(shown.values())} fills shown")
        feed.close()
        dash.start()
        slowest = max(slowest, time.monotonic() - dash.started_at)
    trading.end()
    sim.pause()
    dash.live(60)
    s = check_figures(sim, dash, 60)
    same(s["store"], {"durable": True, "error": None}, "store")
    dash.stop()
    rows = whole(place, database(place))
    check(trading.count > rounds, "it was not heavy")
    print(f"# {rounds} rounds, {trading.count} trades, {rows} rows, the slowest start took {slowest:.2f} s", flush=True)


@test
def stopped_while_everything_hangs_it_ends_within_two_seconds(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    sim.control("fault", place="bot", delay_ms=20000, ms=20000)
    sim.control("fault", place="rest", delay_ms=20000, ms=20000)
    sim.control("drop", what="all")
    place.feed(dash)
    time.sleep(1)
    code, seconds = dash.stop(signal.SIGINT)
    check(code == 0 and seconds < 2, "ended with", code, "after", seconds, "s")


@test
def a_hangup_is_ignored(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    dash.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    check(dash.running() and dash.snapshot()["mode"] == "streaming", "a hangup ended it")


@test
def a_damaged_database_is_left_alone_and_said(place):
    path = place.file("damaged.db", "this is no database\n" * 4000)
    with open(path, "rb") as f:
        content = f.read()
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=path)
    s = dash.live()
    check(s["store"]["durable"] is False and s["store"]["error"], s["store"])
    sim.pause()
    check_figures(sim, dash)
    sim.trade("BTC/USDT", "buy", "0.00050")
    check_figures(sim, dash)
    same(dash.stop()[0], 0, "exit code")
    with open(path, "rb") as f:
        check(f.read() == content, "the damaged file was changed")
    code, out, err = run_once(place, ["verify"], {"GRIDSCOPE_DB": path})
    check(code == 1 and (out + err).strip(), "verify of a damaged file:", code, out, err)


@test
def a_database_that_loses_a_row_is_found_out(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    sim.pause()
    settled(sim, dash)
    dash.stop()
    rows = whole(place, database(place))
    import sqlite3
    db = sqlite3.connect(database(place))
    fills = [r[0] for r in db.execute("select id from journal where series is not null")]
    db.execute("delete from journal where id = ?", (fills[len(fills) // 2],))
    db.commit()
    db.close()
    code, out, err = run_once(place, ["verify"], {"GRIDSCOPE_DB": database(place)})
    check(code == 1 and "not whole" in out, "verify after a row was removed of", rows, ":", code, out, err)


def candles(dash, interval="1m", limit=60, before=None):
    return dash.get(f"/api/v1/candles?symbol=BTC/USDT&interval={interval}&limit={limit}" + (f"&before={before}" if before else ""))["candles"]


def asked(sim, word):
    """Over REST and over the WebSocket API."""
    return sum(n for name, n in [*sim.paths().items(), *sim.stats()["methods"].items()] if word in name)


@test
def a_restart_does_not_ask_again_for_what_the_store_has(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    sim.pause()
    before = check_figures(sim, dash)
    first = candles(dash)
    page = candles(dash, before=first[0]["time"])
    check(len(first) == 60 and len(page) == 60, len(first), len(page), "candles")
    check(page[-1]["close_time"] < first[0]["time"], "the pages overlap")
    dash.stop()
    info, charts = asked(sim, "exchangeInfo"), asked(sim, "klines")
    check(info >= 1 and charts >= 2, sim.paths())
    dash.start()
    dash.live()
    check_figures(sim, dash)
    same(candles(dash, before=first[0]["time"]), page, "the page after the restart")
    same(candles(dash, limit=30, before=page[40]["time"]), page[10:40], "a part of it")
    same(asked(sim, "klines"), charts, "questions for candles after a restart")
    same(asked(sim, "exchangeInfo"), info, "questions for exchange information within the hour")
    again = candles(dash)
    same([c for c in again if c["closed"] and c["time"] < first[-2]["time"]][-20:],
         [c for c in first if c["time"] < first[-2]["time"]][-20:], "the same chart")
    check(asked(sim, "klines") <= charts + 1, "the open candle is one question")
    dash.stop()
    # a reading that is over an hour old is not believed
    import sqlite3
    db = sqlite3.connect(database(place))
    same(db.execute("update market_reads set read_us = read_us - 3601000000").rowcount, 1, "readings kept")
    db.commit()
    db.close()
    dash.start()
    s = dash.live()
    same(asked(sim, "exchangeInfo"), info + 1, "questions after an hour")
    same([p["realized"] for p in s["pairs"]], [p["realized"] for p in before["pairs"]], "figures")


def joins(path):
    import sqlite3
    db = sqlite3.connect(path)
    answer = [row[0] for row in db.execute("select record from journal where kind = 4 order by id")]
    db.close()
    return answer


@test
def what_the_bot_told_before_there_was_a_key_becomes_the_keys(place):
    sim = place.sim(*HISTORY)
    sim.pause()
    alone = place.dash(sim, GRIDSCOPE_DB=database(place), EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None)
    alone.wait(lambda s: counts_agree(sim, s), 20, "the bot's fills")
    alone.stop()
    same(joins(database(place)), [], "joins without a key")
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    check_figures(sim, dash)
    dash.stop()
    joined = joins(database(place))
    same([j for j in joined if j[0] == 1], [joined[-1]], "the bot's account, the first there was, joined once")
    for _ in range(2):
        dash.start()
        dash.live()
        s = check_figures(sim, dash)
        same([p["history"]["state"] for p in s["pairs"]], ["complete"] * len(s["pairs"]), "histories")
        dash.stop()
        same(joins(database(place)), joined, "nothing new, so nothing joins again")
    whole(place, database(place))


@test
def a_check_beside_a_start_costs_no_durability(place):
    """`check` walks the database and lets it go; a start that comes meanwhile waits for it. The bot keeps `check` waiting."""
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=database(place))
    dash.live()
    dash.stop()
    sim.control("fault", place="bot", delay_ms=4000, ms=4000)
    beside = threading.Thread(target=run_once, args=(place, ["check"], dash.settings))
    beside.start()
    time.sleep(0.1)
    dash.start()
    s = dash.live(30)
    beside.join()
    same(s["store"], {"durable": True, "error": None}, "store")


@test
def the_database_is_for_its_owner_only(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_DB=None, STATE_DIRECTORY=place.path("state"))
    dash.live()
    path = place.path("state/gridscope.db")
    check(os.path.exists(path), "no database in STATE_DIRECTORY")
    for name in os.listdir(place.path("state")):
        mode = os.stat(os.path.join(place.path("state"), name)).st_mode & 0o777
        check(mode & 0o077 == 0, name, "has mode", oct(mode))


if __name__ == "__main__":
    sys.exit(main())
