#!/usr/bin/python3
"""The equity series: what an earlier run has left in the store is there after a restart, windows and curve reach back to it,
and every total is what the trades known now were worth at the marks of then. Points are written here by the format that
src/domain/equity_point.c describes. Speaks TAP."""
import datetime
import json
import signal
import sqlite3
import sys
import time
from fractions import Fraction

from openapi import schema_of
from harness import Closes, check, fifo, main, round_half_even, same, schema_fault, settled, test, wait_until

HOUR, DAY = 3600, 86400
RATES = {"BTC": Fraction("64000.5"), "EUR": Fraction("1.0825")}


def count_bytes(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def number(value):
    scaled = value * 10**8
    check(scaled.denominator == 1 and scaled > 0, value, "has more than eight digits")
    n, zeros = scaled.numerator, 0
    while n % 10 == 0:
        n, zeros = n // 10, zeros + 1
    return bytes([zeros]) + count_bytes(n)


def name(text):
    return count_bytes(len(text)) + text.encode()


def point(marks):
    """Symbol to mark; rates of the quotes that are not USDT as RATES has them."""
    quotes = sorted({s.split("/")[1] for s in marks})
    out = b"\x01" + name("USDT") + count_bytes(len(quotes))
    for quote in quotes:
        out += name(quote) + (b"\x01" if quote == "USDT" else b"\x02" + number(RATES[quote]) + number(Fraction(1)))
    out += count_bytes(len(marks))
    for symbol, mark in marks.items():
        base, quote = symbol.split("/")
        out += count_bytes(len(base) << 1 | 1) + base.encode() + count_bytes(quotes.index(quote)) + number(mark)
    return out


def total_at(trades, closes, marks, at_us):
    """Realized and total in USDT of the fills up to then, each symbol converted as a whole and rounded to eight digits."""
    realized = unrealized = Fraction(0)
    for symbol, mark in marks.items():
        base, quote = symbol.split("/")
        own = fifo([t for t in trades[symbol] if t["time"] * 1000 <= at_us], base, quote, closes)
        figures = [own["realized"], own["holdings"] * mark - own["basis"]]
        if quote != "USDT":
            figures = [round_half_even(x * RATES[quote], 10**8) for x in figures]
        realized, unrealized = realized + figures[0], unrealized + figures[1]
    return realized, realized + unrealized


def micros(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 10**6)


def stored(path):
    db = sqlite3.connect(path)  # nobody has it: a running dashboard keeps it to itself
    times = [row[0] for row in db.execute("select time_us from equity order by time_us")]
    db.close()
    return times


def leave(path, points):
    """What an earlier run would have left."""
    db = sqlite3.connect(path)
    account = db.execute("select max(account) from history").fetchone()[0]
    db.execute("delete from equity")
    db.executemany("insert into equity values(?, ?, ?)", [(account, at, marks) for at, marks in points])
    db.commit()
    db.close()


def one_a_minute(times):
    """The first of each minute: memory keeps no more."""
    kept = []
    for t in sorted(times):
        if not kept or t // (60 * 10**6) != kept[-1] // (60 * 10**6):
            kept.append(t)
    return kept


def apart(times, now, step_us):
    """Those that no thinning to that step can join with another one."""
    return [t for t in times if all(u == t or abs(u - t) > 2 * step_us for u in times + [now])]


def held(curve, at, now, step_us, figures_at):
    """The curve has what stands apart, near the others a point within a step, and every figure is that of its point."""
    got = {micros(p["time"]): p for p in curve["points"]}
    lone = apart(at, now, step_us)
    same([t for t in lone if t in got], lone, "points that stand apart")
    for t in at:
        check(any(abs(t - u) <= step_us for u in got), "no point near", t, "among", sorted(got))
        if t in got:
            same((Fraction(got[t]["realized"]), Fraction(got[t]["total"])), figures_at(t), f"the point of {t}")
    return got


@test
def windows_and_curve_reach_back_over_a_restart_and_old_minutes_become_hours(place):
    sim = place.sim("--history", 60)
    path = place.path("gridscope.db")
    dash = place.dash(sim, GRIDSCOPE_DB=path)
    dash.live()
    sim.pause()
    first = settled(sim, dash)
    same(dash.stop()[0], 0, "exit code")

    trades = {p["symbol"]: sim.trades(p["symbol"]) for p in first["pairs"]}
    closes = Closes(sim, sim.truth()["symbols"])
    prices = {p["symbol"]: Fraction(p["price"]) for p in first["pairs"]}
    times = sorted(t["time"] for of_symbol in trades.values() for t in of_symbol)
    now = time.time_ns() // 1000
    back = [200 * DAY, 40 * DAY, 30 * DAY, 7 * DAY, DAY, HOUR]
    at = one_a_minute({now - s * 10**6 for s in back} | {times[len(times) * n // 7] * 1000 + 1 for n in (1, 3, 5)})
    marks = {t: {s: round_half_even(p * Fraction(90 + 3 * n, 100), 10**4) for s, p in prices.items()} for n, t in enumerate(at)}
    old = (now - 100 * DAY * 10**6) // (HOUR * 10**6) * HOUR * 10**6
    in_an_hour = [old + n * 60 * 10**6 for n in (1, 2, 3)]
    points = [(t, point(marks[t])) for t in at] + [(t, point(marks[at[0]])) for t in in_an_hour]
    leave(path, points + [(now - 5 * DAY * 10**6, b"\x01\x04USDTno point"), (now - 3 * DAY * 10**6, b"")])

    dash.start()
    dash.live()
    settled(sim, dash)
    dash.wait(lambda s: all(w["basis"] == "equity" for w in s["windows"].values()), 5, "windows from the series")
    curve = dash.get("/api/v1/equity")
    same(schema_fault(curve, schema_of(dash, "Equity"), "equity"), None, "schema")
    check(len(curve["points"]) <= 1510, len(curve["points"]), "points")
    figures_at = lambda t: total_at(trades, closes, marks[t], t)
    minute = 60 * 10**6
    got = held(curve, at, now, (193 + 9) * minute, figures_at)  # 200 days in 1,500; memory has one in nine minutes
    check(at[0] in got and at[1] in got, "the store reaches further than memory")
    check(len([t for t in got if t in in_an_hour]) == 1, "a long curve is thinned")
    s = settled(sim, dash)
    same(dash.get("/api/v1/equity?days=1")["points"][-1]["total"], s["pnl"]["total"], "the curve's end is the header's total")
    for days, step in ((1, 1), (8, 9)):
        inside = [t for t in at if t > now - days * DAY * 10**6]
        held(dash.get(f"/api/v1/equity?days={days}"), inside, now, step * minute, figures_at)

    answer = dash.get("/api/v1/performance")
    same(schema_fault(answer["drawdown"], schema_of(dash, "Performance", "properties", "drawdown"), "drawdown"), None, "schema")
    same([d["days"] for d in answer["drawdown"]], [7, 30, 180, None], "days")
    same(micros(answer["drawdown"][3]["since"]), at[0], "the drawdown of all begins with the first point")
    totals = [total_at(trades, closes, marks[t], t)[1] for t in at] + [Fraction(s["pnl"]["total"])]
    put = Fraction(s["investment"]["amount"]) if s["investment"] else Fraction(0)
    falls = [(a - b, a + put) for n, a in enumerate(totals) for b in totals[n:]]
    amount, peak = max(falls, key=lambda f: f[0] / f[1] if put else f[0])
    same(Fraction(answer["drawdown"][3]["amount"]), amount, "the deepest fall")
    if put:
        same(Fraction(answer["drawdown"][3]["percent"]), round_half_even(amount * 100 / peak, 10**8), "as a share")

    # the next minute is kept, and what is over 90 days old becomes hourly with it; the last point is the present moment
    known = len(dash.get("/api/v1/equity?days=1")["points"])
    wait_until(lambda: len(dash.get("/api/v1/equity?days=1")["points"]) > known, 75, "a minute's point", 0.5)
    last = micros(dash.get("/api/v1/equity?days=1")["points"][-2]["time"])
    time.sleep(1)  # for the disk
    dash.stop(signal.SIGKILL)
    kept = stored(path)
    check(last in kept, "the last minute is not in the store")
    same([t for t in kept if t in in_an_hour], in_an_hour[:1], "the first of the hour")
    dash.start()
    dash.live()
    check(last in [micros(p["time"]) for p in dash.get("/api/v1/equity?days=1")["points"]], "the minute before the kill is gone")


@test
def without_a_store_that_works_the_curve_is_of_what_memory_has(place):
    sim = place.sim("--history", 20)
    dash = place.dash(sim, GRIDSCOPE_DB="/proc/nowhere/gridscope.db")
    s = dash.live()
    check(not s["store"]["durable"], "it should not be durable")
    curve = dash.get("/api/v1/equity")
    check(len(curve["points"]) >= 1 and curve["points"][-1]["total"] is not None, json.dumps(curve)[:300])
    same(dash.ask("/api/v1/equity?days=0")[0], 400, "days=0")
    same(dash.ask("/api/v1/equity?days=3&from=2026-01-01")[0], 400, "days with from")


if __name__ == "__main__":
    sys.exit(main())
