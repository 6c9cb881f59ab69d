#!/usr/bin/python3
"""Measures what the documents promise, against the simulator on this machine, and prints it; run by hand:

    GRIDSCOPE=build/gridscope tests/e2e/measure.py [start] [latency] [requests] [memory]
"""
import sys
import time

from harness import Place, check, counts_agree, wait_until


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def figures(s):
    """Every figure is there and right: prices, all fills, totals."""
    return s["status"] == "connected" and s["pairs"] and s["pnl"]["total"] is not None and \
        all(p["history"]["state"] == "complete" and p["price"] and not p["recomputing"] for p in s["pairs"])


def complete(s):
    return s["mode"] == "streaming" and figures(s)


def measure_start():
    """From the start of the process to the first snapshot with every figure; and to the proof that both streams live, for which
    the exchange's next ticker has to come: it sends one a second."""
    with Place() as place:
        sim = place.sim("--history", 300)
        known, live = [], []
        for _ in range(10):
            dash = place.dash(sim)
            for question, took in ((figures, known), (complete, live)):
                wait_until(lambda: question(dash.get("/api/v1/snapshot")), 20, "complete", 0.003)
                took.append((time.monotonic() - dash.started_at) * 1000)
            dash.stop()
        print(f"start to first complete snapshot, 6 pairs of 300 fills: median {percentile(known, 0.5):.0f} ms, worst of 10 {max(known):.0f} ms; "
              f"streams proven by the exchange's next ticker: median {percentile(live, 0.5):.0f} ms")


def measure_latency():
    """From the dashboard's receipt of a ticker (price_at) to the delta's arrival in this client, which is Python: at the pace of
    Binance's tickers, and at ten times that. Changed prices only: a repeated one moves price_at alone, on the slow beat."""
    for pace in (1000, 100):
        measure_latency_at(pace)


def measure_latency_at(pace):
    with Place() as place:
        sim = place.sim("--history", 40, "--tick-ms", 50, "--ticker-ms", pace)
        dash = place.dash(sim)
        dash.live()
        feed = place.feed(dash)
        time.sleep(20)
        lags = []
        for at, message in feed.messages:
            arrivals = [p["price_at"] for p in message.get("pairs", {}).values() if "price_at" in p and "price" in p] if message["type"] == "delta" else []
            for text in arrivals:
                stamp = time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0" + text[19:-1])
                lags.append((at - stamp) * 1000)
        print(f"tick received to delta in the client, a ticker each {pace} ms: {len(lags)} ticks, p50 {percentile(lags, 0.5):.2f} ms, p99 {percentile(lags, 0.99):.2f} ms, "
              f"worst {max(lags):.2f} ms")


SECOND_LOOK = 75  # s: by then the second look at the trades, once after each connect, is over


def measure_requests(seconds=60):
    """A minute of the steady state. What comes once an hour (the trades of each pair, 20 each) is not in it and named apart."""
    with Place() as place:
        sim = place.sim("--history", 60)
        dash = place.dash(sim)
        dash.live()
        begin = sim.stats()["weight_total"]
        time.sleep(SECOND_LOOK)
        print(f"  (weight of the {SECOND_LOOK} s after the start, the second look among them: {sim.stats()['weight_total'] - begin})")
        before, start = sim.stats(), time.monotonic()
        time.sleep(seconds)
        after, hours = sim.stats(), (time.monotonic() - start) / 3600

        def total(stats, field, binance):
            return sum(v[field] for k, v in stats["paths"].items() if k.startswith(("/api/v3", "/stream", "/ws")) == binance)
        rest = total(after, "requests", True) - total(before, "requests", True)
        weight = after["weight_total"] - before["weight_total"]
        bot = total(after, "requests", False) - total(before, "requests", False)
        print(f"streams live for {seconds} s: Binance REST {rest / hours:.0f} an hour, Binance weight {weight / hours:.0f} an hour, bot {bot / hours:.0f} an hour")


def resident(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field))


def figures_of_fills(s, fills):
    """From the store and the first prices; whether the exchange has traded meanwhile is asked after that."""
    return s["pnl"]["total"] is not None and sum(p["fills"] for p in s["pairs"]) >= fills and \
        all(p["price"] and not p["recomputing"] for p in s["pairs"])


def measure_memory():
    """50 pairs, 100,000 fills in the simulator's past, one browser."""
    with Place() as place:
        started = time.monotonic()
        sim = place.sim("--symbols", "", "--pairs", 50, "--history", 2000, "--weight-limit", 60000, "--bot-limit", 0, "--tick-ms", 1000, "--pace", 1)
        print(f"  (the simulator lived through its past in {time.monotonic() - started:.0f} s)")
        dash = place.dash(sim, GRIDSCOPE_DB=place.path("fills.db"))
        begin = time.monotonic()
        wait_until(lambda: complete(dash.get("/api/v1/snapshot")), 120, "complete", 0.2)
        sim.pause()
        wait_until(lambda: counts_agree(sim, dash.get("/api/v1/snapshot")), 60, "every fill", 0.2)
        fills = sum(p["fills"] for p in dash.get("/api/v1/snapshot")["pairs"])
        print(f"  ({fills} fills of 50 pairs read in {time.monotonic() - begin:.1f} s)")
        place.feed(dash)
        time.sleep(5)
        pid = dash.process.pid
        print(f"resident memory with 50 pairs and {fills} fills: {resident(pid) / 1024:.1f} MB, of it {resident(pid, 'RssFile') / 1024:.1f} MB of files "
              f"that programs share, at most {resident(pid, 'VmHWM') / 1024:.1f} MB")
        check(dash.get("/api/v1/snapshot")["store"]["durable"], "the history is not durable")
        dash.stop()
        dash.start()
        wait_until(lambda: figures_of_fills(dash.get("/api/v1/snapshot"), fills), 20, "the figures of before", 0.003)
        print(f"start to every figure out of {fills} stored fills: {(time.monotonic() - dash.started_at) * 1000:.0f} ms, then "
              f"{resident(dash.process.pid) / 1024:.1f} MB")


if __name__ == "__main__":
    for name, run in (("start", measure_start), ("latency", measure_latency), ("requests", measure_requests), ("memory", measure_memory)):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            run()
