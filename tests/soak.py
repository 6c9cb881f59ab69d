#!/usr/bin/python3
"""A long real run, on request: the program against the simulator at 1,000 ticks a second, with 50 browsers coming and going
and the streams cut every few minutes. Measures memory, descriptors and the rate, and at the end compares every figure with
the simulator's truth, exactly. Prints a table as it goes; the exit code is 1 when something grew or a figure was wrong.

    GRIDSCOPE=build/gridscope tests/soak.py [MINUTES]
"""
import asyncio
import logging
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e"))

from harness import Failed, Feed, Place, check, check_figures, same, wait_until, without_nulls, websockets  # noqa: E402

PAIRS, TICKER_MS, BROWSERS = 20, 10, 50  # 2,000 ticks a second on paper: over 1,000 on a busy machine too
STAY_S, RUDE = (2, 40), 0.3  # how long a browser stays; the share of those that vanish without a word
CUT_EVERY_S = 240
WARM_S = 120  # until the pools, caches and windows have their size
# What may grow: with the fills, which are all kept (records, lots, index; tables double), and by the allocator's slack.
FILL_BYTES, SLACK_KB = 512, 4096


def resident(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def processor_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watcher(Feed):
    """One browser that stays to the end and applies every delta."""

    def take(self, message, at):
        super().take(message, at)
        self.messages.clear()


class Crowd:
    """Browsers that come, read for a while and go: some say goodbye, some vanish."""

    def __init__(self, port, seed):
        self.port, self.random, self.going = port, random.Random(seed), True
        self.visits = self.frames = self.here = self.broken = 0
        self.thread = threading.Thread(target=lambda: asyncio.run(self.all()), daemon=True)
        self.thread.start()

    async def all(self):
        await asyncio.gather(*(self.visitor(i) for i in range(BROWSERS)))

    async def visitor(self, number):
        await asyncio.sleep(number * 0.05)
        while self.going:
            try:
                await self.visit()
            except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
                self.broken += 1
                await asyncio.sleep(1)

    async def visit(self):
        stay = time.monotonic() + self.random.uniform(*STAY_S)
        rude = self.random.random() < RUDE
        ws = await websockets.connect(f"ws://127.0.0.1:{self.port}/ws", origin=f"http://127.0.0.1:{self.port}", max_size=None)
        self.visits, self.here = self.visits + 1, self.here + 1
        try:
            if self.random.random() < 0.5:
                await ws.send('{"type":"subscribe","topics":["orders:S001/USDT","trades"]}')
            while self.going and time.monotonic() < stay:
                await asyncio.wait_for(ws.recv(), 20)
                self.frames += 1
        finally:
            self.here -= 1
            if rude:
                ws.transport.abort()
                await ws.wait_closed()
            else:
                await ws.close()

    def close(self):
        self.going = False
        self.thread.join(60)
        check(not self.thread.is_alive(), "the browsers did not come to an end")


class Soak:
    def __init__(self, place, seed):
        self.sim = place.sim("--symbols", "", "--pairs", PAIRS, "--history", 200, "--ticker-ms", TICKER_MS, "--tick-ms", TICKER_MS, "--pace", 8000,
                             "--bot-limit", 0, "--seed", seed)
        self.dash = place.dash(self.sim, GRIDSCOPE_DB=place.path("soak.db"), GRIDSCOPE_LOG="warn")
        self.pid = self.dash.process.pid
        self.dash.live(60)
        self.alone_fds = descriptors(self.pid)
        self.watcher = Watcher(self.dash)
        place.parts.append(self.watcher)
        self.crowd = Crowd(self.dash.port, seed)
        self.begin = self.last_at = time.monotonic()
        self.last_ticks, self.last_cpu, self.cuts, self.rows = self.ticks(), processor_s(self.pid), 0, []

    def ticks(self):
        return self.dash.get("/api/v1/snapshot")["streams"]["market"]["messages"]

    def row(self):
        s = self.dash.get("/api/v1/snapshot")
        now, ticks, cpu = time.monotonic(), s["streams"]["market"]["messages"], processor_s(self.pid)
        passed = now - self.last_at
        row = {"minute": (now - self.begin) / 60, "ticks": (ticks - self.last_ticks) / passed, "cpu": (cpu - self.last_cpu) / passed * 100,
               "rss": resident(self.pid), "fds": descriptors(self.pid), "here": self.crowd.here, "visits": self.crowd.visits,
               "frames": self.crowd.frames, "fills": sum(p["fills"] for p in s["pairs"]), "cuts": self.cuts}
        self.last_at, self.last_ticks, self.last_cpu = now, ticks, cpu
        self.rows.append(row)
        print("{minute:6.1f} {ticks:8.0f} {cpu:6.1f} {rss:9d} {fds:5d} {here:9d} {visits:7d} {frames:9d} {fills:7d} {cuts:5d}".format(**row), flush=True)

    def run(self, minutes):
        print("minute  ticks/s  cpu %  RSS kB   fds  browsers  visits    frames   fills  cuts", flush=True)
        end, next_cut, next_row = self.begin + minutes * 60, self.begin + CUT_EVERY_S, self.begin + min(60, minutes * 6)
        while time.monotonic() < end:
            time.sleep(0.5)
            check(self.dash.running(), "the dashboard ended:", self.dash.log()[-800:])
            if time.monotonic() >= next_cut:
                next_cut += CUT_EVERY_S
                self.cuts += 1
                self.sim.control("drop", what="all")
            if time.monotonic() >= next_row:
                next_row += 60
                self.row()

    def finish(self):
        self.dash.wait(lambda s: s["mode"] == "streaming", 60, "both streams live")
        self.sim.pause()
        s = check_figures(self.sim, self.dash, 60)
        print(f"drift: none; {sum(p['fills'] for p in s['pairs'])} fills of {len(s['pairs'])} pairs, every figure as the simulator's truth")
        self.crowd.close()
        self.watcher_agrees()
        self.watcher.sound()
        self.watcher.close()
        wait_until(lambda: descriptors(self.pid) <= self.alone_fds + 1, 30, "descriptors as before the browsers")
        print(f"descriptors: {self.alone_fds} before the browsers, {descriptors(self.pid)} after; {self.crowd.visits} visits, "
              f"{self.crowd.frames} frames read, {self.crowd.broken} broken off")
        same(self.crowd.broken, 0, "browsers that were broken off or got nothing for 20 s")
        self.memory()
        code, took = self.dash.stop()
        same(code, 0, "exit code")
        print(f"stopped in {took:.2f} s")

    def watcher_agrees(self):
        """What the deltas made in half an hour is what a snapshot says."""
        def figures(s):
            keys = ("symbol", "realized", "unrealized", "total", "holdings", "cost_basis", "fees", "fills", "price")
            return sorted(({k: p[k] for k in keys} for p in without_nulls(s)["pairs"]), key=lambda p: p["symbol"])
        wait_until(lambda: figures(self.watcher.copy()) == figures(self.dash.snapshot()), 20, "deltas and snapshot agree")
        print("live feed: every delta in order from the first to the last, and they add up to the snapshot")

    def memory(self):
        warm = [r for r in self.rows if r["minute"] * 60 >= WARM_S]
        if len(warm) < 3:
            print("memory: too short a run to judge")
            return
        third = max(1, len(warm) // 3)
        early, late = (sum(r["rss"] for r in part) / len(part) for part in (warm[:third], warm[-third:]))
        fills = warm[-1]["fills"] - warm[0]["fills"]
        allowed = SLACK_KB + fills * FILL_BYTES / 1024
        print(f"memory: {early:.0f} kB in the first third after {WARM_S} s, {late:.0f} kB in the last: {late - early:+.0f} kB, with {fills} new fills "
              f"({allowed:.0f} kB allowed)")
        check(late - early <= allowed, "memory grew")


def main():
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it would tell of every browser that vanished
    minutes, seed = float(sys.argv[1]) if len(sys.argv) > 1 else 30, int(os.environ.get("GRIDSCOPE_SEED", "1"))
    with Place() as place:
        soak = Soak(place, seed)
        print(f"{PAIRS} pairs, a tick of each every {TICKER_MS} ms, {BROWSERS} browsers for {minutes:g} minutes, seed {seed}", flush=True)
        try:
            soak.run(minutes)
            soak.finish()
        except Failed as e:
            print(f"FAILED {e}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
