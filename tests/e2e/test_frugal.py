#!/usr/bin/python3
"""What it costs: requests with the streams live, memory and descriptors with browsers coming and going. Speaks TAP."""
import os
import sys
import time

from harness import check, check_figures, http_ask, main, same, settled, test, wait_until

QUIET_SECONDS, BUSY_SECONDS = 32, 45


@test
def with_streams_live_binance_rest_is_not_asked(place):
    sim = place.sim("--history", 60)
    dash = place.dash(sim)
    dash.live()
    settled_by = time.monotonic() + 20
    wait_until(lambda: not any(p["unvalued_fees"] for p in dash.snapshot()["pairs"]) or time.monotonic() > settled_by, 25, "the backfill")
    time.sleep(3)
    before, start = sim.paths(), time.monotonic()
    time.sleep(QUIET_SECONDS)
    after, seconds = sim.paths(), time.monotonic() - start
    asked = {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}
    same({k: v for k, v in asked.items() if k.startswith(("/api/v3", "/stream", "/ws"))}, {}, "requests to Binance")
    bot = {k: v for k, v in asked.items() if not k.startswith("/api/v3")}
    check(abs(bot.pop("/metrics", 0) - seconds / 2) <= 2, asked, "health requests in", seconds, "s")
    check(bot.pop("/api/strategies", 0) <= 1 and not bot, "the bot was asked too:", asked)
    sim.pause()
    check_figures(sim, dash)


@test
def a_balance_event_refreshes_what_it_touched_and_nothing_more(place):
    sim = place.sim("--history", 60)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    time.sleep(4)
    before = sim.paths(), sim.stats()["weight_total"]
    sim.control("deposit", asset="USDT", amount="100")
    sim.control("deposit", asset="BTC", amount="0.01")
    time.sleep(3)
    after = sim.paths(), sim.stats()["weight_total"]
    asked = {k: v - before[0].get(k, 0) for k, v in after[0].items() if v != before[0].get(k, 0) and k.startswith("/api")}
    check(set(asked) <= {"/api/strategies"}, "requests after a deposit:", asked)
    check(after[1] - before[1] <= 40, "weight after two deposits:", after[1] - before[1])


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def visit(place, dash, n):
    """One browser's visit: the page's data, the feed for a moment, then gone, politely or not."""
    for path in ("/api/v1/snapshot", "/api/v1/trades?limit=50", "/api/v1/trades.csv", "/api/v1/performance", "/metrics", "/"):
        http_ask("127.0.0.1", dash.port, path)
    feed = place.feed(dash, topics=["trades", "orders:BTC/USDT"])
    time.sleep(0.05 * (n % 3))
    feed.close()
    place.parts.remove(feed)


@test
def memory_and_descriptors_stay_with_clients_coming_and_going(place):
    sim = place.sim("--history", 60, "--tick-ms", 50)
    dash = place.dash(sim)
    dash.live()
    pid = dash.process.pid
    for n in range(20):
        visit(place, dash, n)
    time.sleep(1)
    before_kb, before_fds = status_of(pid), descriptors(pid)
    end, n = time.monotonic() + BUSY_SECONDS, 0
    while time.monotonic() < end:
        visit(place, dash, n)
        if n == 40:
            sim.control("drop", what="all")
        n += 1
    check(n > 40, n, "visits only")
    wait_until(lambda: dash.snapshot()["mode"] == "streaming", 30, "streams again")
    time.sleep(1)
    after_kb, after_fds = status_of(pid), descriptors(pid)
    check(after_kb - before_kb < 4096, "resident memory grew from", before_kb, "to", after_kb, "kB in", n, "visits")
    check(abs(after_fds - before_fds) <= 4, "descriptors:", before_fds, "then", after_fds)
    sim.pause()
    check_figures(sim, dash)
    same(dash.stop()[0], 0, "exit code")


if __name__ == "__main__":
    sys.exit(main())
