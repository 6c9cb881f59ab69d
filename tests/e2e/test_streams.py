#!/usr/bin/python3
"""Streams that end, stall, repeat and lie: no fill is lost or doubled, the page says what stands in, and what cannot be read
is counted and dropped. Speaks TAP."""
import asyncio
import json
import sys
import threading
import time

from harness import check, check_figures, counts_agree, main, same, settled, test, wait_until, websockets

HISTORY = ("--history", 40)


def fill(sim, times=1, symbol="BTC/USDT"):
    """Fills from outside the bot, each way; how many."""
    return sum(sim.trade(symbol, "buy", "0.00050")["fills"] for _ in range(times))


def user_gaps(s):
    return [g for g in s["gaps"] if g["feed"] == "user"]


def states_seen(feed, name):
    """Every state of a stream that the page was told of, in order."""
    return [m["streams"][name]["state"] for _, m in list(feed.messages) if "state" in m.get("streams", {}).get(name, {})]


@test
def fills_in_the_gap_of_a_dropped_user_stream_are_recovered(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    for round_number in range(2):
        sim.control("drop", what="user")
        dash.wait(lambda s: s["streams"]["user"]["state"] != "live", 5, "the loss is seen")
        time.sleep(0.3)  # the simulator's clock goes in steps of 0.2 s: the fills are to be after the loss
        made = fill(sim, 3)
        s = dash.wait(lambda s: s["streams"]["user"]["state"] == "live" and counts_agree(sim, s), 10, "live again with the fills of the gap")
        gaps = user_gaps(s)
        same(len(gaps), round_number + 1, "gaps of the user stream")
        newest = max(gaps, key=lambda g: g["from"])
        check(newest["to"] is not None and newest["cause"], newest)
        same(newest["recovered_fills"], made, "recovered fills")
        same(s["streams"]["user"]["reconnects"], round_number + 1, "reconnects")
    check_figures(sim, dash)


@test
def a_lost_market_stream_is_replaced_by_polling_and_taken_back(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    dash.live()
    sim.pause()
    settled(sim, dash)
    sim.control("fault", place="rest", path="/stream", status=503, ms=4000)
    sim.control("drop", what="market")
    s = dash.wait(lambda s: s["streams"]["market"]["fallback"] and s["status"] == "connected" and s["mode"] == "partial", 4, "polling instead")
    check("polling" in s["streams"]["market"]["fallback"], s["streams"]["market"])
    sim.control("price", asset="SOL", ppm=1030000)
    sim.control("step", steps=40)
    settled(sim, dash, 4)
    s = dash.snapshot()
    same({p["price_source"] for p in s["pairs"]}, {"poll"}, "sources of the prices")
    check(s["streams"]["user"]["state"] == "live", "the user stream went with it")
    s = dash.wait(lambda s: s["streams"]["market"]["state"] == "live" and all(p["price_source"] == "stream" for p in s["pairs"]), 15, "back to the stream")
    check(s["streams"]["market"]["fallback"] is None and s["mode"] == "streaming", s["streams"]["market"], s["mode"])
    gaps = [g for g in s["gaps"] if g["feed"] == "market"]
    check(len(gaps) == 1 and gaps[0]["to"], gaps)
    check_figures(sim, dash)


@test
def both_streams_lost_leave_the_figures_right_by_polling(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5", DASHBOARD_POLL_INTERVAL_TIER2="1",
                      GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT")
    dash.live()
    sim.pause()
    settled(sim, dash)
    for path in ("/stream", "/ws-api"):
        sim.control("fault", place="rest", path=path, status=503, ms=6000)
    sim.control("drop", what="all")
    s = dash.wait(lambda s: s["mode"] == "polling" and s["status"] == "connected", 5, "polling mode")
    check(s["streams"]["user"]["fallback"] and s["streams"]["market"]["fallback"], s["streams"])
    made = fill(sim, 2)
    dash.wait(lambda s: counts_agree(sim, s) and s["mode"] == "polling", 6, "fills by polling")
    s = dash.live(20)
    same(sum(g["recovered_fills"] for g in user_gaps(s)), made, "recovered fills")
    check_figures(sim, dash)


@test
def stalled_streams_are_found_and_replaced(place):
    sim = place.sim("--ping", 1, *HISTORY)
    dash = place.dash(sim, GRIDSCOPE_MARKET_ASK_SECONDS=1, GRIDSCOPE_MARKET_DEAD_SECONDS=3, GRIDSCOPE_USER_DEAD_SECONDS=3)
    dash.live()
    sim.pause()
    settled(sim, dash)
    feed = place.feed(dash)
    # silent in every way: no event, no ping
    sim.control("fault", no_pings=True)
    for kind in ("market", "user", "ws_api"):
        sim.control("fault", place=kind, stall=True, ms=4500)
    made = fill(sim, 2)
    check(made == 2, "fills", made)
    time.sleep(2)
    same(feed.fills_of("BTC/USDT") + made, next(v["fills"] for k, v in sim.truth()["symbols"].items() if k == "BTC/USDT"), "fills while stalled")
    time.sleep(2.5)
    sim.control("clear")
    sim.pause()
    s = dash.wait(lambda s: counts_agree(sim, s) and s["mode"] == "streaming" and s["streams"]["user"]["state"] == "live" and
                  s["streams"]["market"]["state"] == "live" and s["streams"]["user"]["reconnects"] > 0, 20, "replaced, and the fills found")
    check(s["streams"]["market"]["reconnects"] > 0, s["streams"]["market"])
    check_figures(sim, dash)
    fill(sim)
    wait_until(lambda: counts_agree(sim, feed.copy()), 2, "fills by the new stream")


@test
def an_announced_shutdown_leaves_no_gap(place):
    sim = place.sim("--tick-ms", 50, *HISTORY)
    dash = place.dash(sim)
    dash.live()
    feed = place.feed(dash)
    for _ in range(2):
        before = dash.snapshot()["streams"]
        sim.control("shutdown", what="all", delay_ms=1500)
        for _ in range(6):
            fill(sim)
            time.sleep(0.3)
        s = dash.wait(lambda s: all(s["streams"][k]["state"] == "live" and s["streams"][k]["reconnects"] == before[k]["reconnects"] + 1
                                    for k in ("market", "user")), 8, "both replaced")
        same(s["gaps"], [], "gaps")
    for name in ("market", "user"):
        seen = set(states_seen(feed, name))
        check(seen <= {"live", "draining"}, name, "was seen as", seen)
    sim.pause()
    check_figures(sim, dash)
    wait_until(lambda: counts_agree(sim, feed.copy()), 2, "every fill on the feed")
    feed.sound()


@test
def the_end_of_24_hours_loses_no_fill(place):
    sim = place.sim("--tick-ms", 50, "--lifetime", 3, *HISTORY)
    dash = place.dash(sim)
    dash.live()
    end = time.monotonic() + 8
    while time.monotonic() < end:
        fill(sim)
        time.sleep(0.2)
    sim.pause()
    s = dash.wait(lambda s: counts_agree(sim, s), 10, "every fill")
    check(s["streams"]["user"]["reconnects"] >= 1 and s["streams"]["market"]["reconnects"] >= 1, "no connection was renewed:", s["streams"])
    check_figures(sim, dash)


@test
def repeated_and_late_frames_change_nothing(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    before = settled(sim, dash)["duplicates_dropped"]
    sim.control("fault", place="user", duplicate=40)
    made = fill(sim, 5)
    s = dash.wait(lambda s: counts_agree(sim, s) and s["duplicates_dropped"] >= before + made, 5, "duplicates are counted")
    sim.control("fault", place="user", delay_ms=700)
    fill(sim, 3)
    dash.wait(lambda s: counts_agree(sim, s), 5, "late fills")
    sim.control("fault", place="user", swallow=2)
    fill(sim, 1)
    sim.control("clear")
    sim.pause()
    sim.control("drop", what="user")
    dash.wait(lambda s: counts_agree(sim, s), 10, "swallowed fills after a reconnect")
    same(dash.snapshot()["pairs"][0]["history"]["state"], "complete", "history")
    check_figures(sim, dash)


@test
def nonsense_is_counted_and_dropped(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    figures = {p["symbol"]: p["realized"] for p in dash.snapshot()["pairs"] if p["symbol"] != "BTC/USDT"}
    sim.control("fault", place="market", garbage=5)
    sim.control("fault", place="user", garbage=2)
    fill(sim, 1)  # its two frames are spoilt; the next reading finds it
    s = dash.wait(lambda s: s["streams"]["market"]["rejected_messages"] >= 5 and s["streams"]["user"]["rejected_messages"] >= 1, 10, "counted")
    check(s["streams"]["market"]["state"] == "live", s["streams"]["market"])
    same({k: p["realized"] for p in s["pairs"] if (k := p["symbol"]) in figures}, figures, "realized")
    sim.control("clear")
    sim.pause()
    sim.control("fault", place="market", half=1)
    sim.control("fault", place="user", half=1)
    fill(sim, 2)
    time.sleep(1)
    sim.control("drop", what="all")
    dash.wait(lambda s: counts_agree(sim, s) and s["mode"] == "streaming", 15, "all again after half frames")
    check_figures(sim, dash)
    lines = [l for l in dash.log().splitlines() if "could not be read" in l]
    check(1 <= len(lines) <= 8, len(lines), "lines in the log about unreadable messages")
    check(dash.running(), "the dashboard ended")


@test
def bodies_that_are_no_answers_are_failures(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5", DASHBOARD_API_TIMEOUT=1, GRIDSCOPE_BREAKER_RESET_SECONDS=1)
    dash.live()
    sim.pause()
    before = settled(sim, dash)
    for body in ("garbage", "html", "half", "empty", "drop"):
        sim.control("fault", place="bot", body=body, count=6 if body == "drop" else 2)  # a connection in use is tried anew
        dash.wait(lambda s: s["bot"]["breaker"]["consecutive_failures"] > 0 or s["bot"]["breaker"]["last_error"], 5, f"a failure by {body}")
        s = dash.wait(lambda s: s["bot"]["breaker"]["state"] == "closed" and s["bot"]["health"] == "healthy", 8, f"well again after {body}")
        same([p["total"] for p in s["pairs"]], [p["total"] for p in before["pairs"]], f"figures after {body}")
    check_figures(sim, dash)


class FakeStream:
    """A market stream that sends what it is told to every client, on a thread."""

    def __init__(self, messages):
        self.messages, self.clients, self.port = messages, 0, None
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        check(self.ready.wait(5), "the fake stream did not start")

    async def serve(self):
        async def client(ws):
            self.clients += 1
            try:
                async for text in ws:
                    await ws.send(json.dumps({"result": None, "id": json.loads(text)["id"]}))
                    for message in self.messages:
                        await ws.send(message)
            except websockets.ConnectionClosed:
                pass  # it is refused: what the test is about
        async with websockets.serve(client, "127.0.0.1", 0, max_size=None, compression=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await asyncio.Future()


def ticker(**more):
    data = {"e": "24hrTicker", "E": int(time.time() * 1000), "s": "BTCUSDT", "c": "91000.00", "p": "0", "P": "0", "o": "1", "h": "1", "l": "1",
            "v": "1", "q": "1"} | more
    return json.dumps({"stream": "btcusdt@ticker", "data": data})


@test
def oversized_and_deep_messages_are_refused(place):
    sim = place.sim(*HISTORY)
    sim.pause()
    deep = FakeStream([ticker(c="90000.00"), "[" * 5000 + "]" * 5000, ticker(c="1e999"), ticker(c="-5"), ticker(c=None), ticker(c=[1]),
                       ticker(E="x" * 70000), b"\x00\xff\x00binary", "null", '{"stream":"btcusdt@ticker","data":null}', "", ticker(c="90001.50")])
    huge = FakeStream([ticker(c="90000.00"), "[" + "1," * (3 << 20) + "1]"])
    patient = place.dash(sim, GRIDSCOPE_BINANCE_STREAM_URL=f"ws://127.0.0.1:{deep.port}", GRIDSCOPE_SYMBOLS="BTC/USDT")
    flooded = place.dash(sim, GRIDSCOPE_BINANCE_STREAM_URL=f"ws://127.0.0.1:{huge.port}", GRIDSCOPE_SYMBOLS="BTC/USDT")
    s = patient.wait(lambda s: s["pairs"] and s["pairs"][0]["price"] == "90001.5" and s["streams"]["market"]["rejected_messages"] >= 7, 10, "the last price")
    same(s["streams"]["market"]["reconnects"], 0, "reconnects for what could just be dropped")
    s = flooded.wait(lambda s: s["streams"]["market"]["reason"] and s["streams"]["market"]["state"] == "waiting", 10, "the flood is cut")
    with open(f"/proc/{flooded.process.pid}/status") as f:
        resident = next(int(l.split()[1]) for l in f if l.startswith("VmHWM"))
    check(resident < 64 * 1024, "resident memory rose to", resident, "kB")
    time.sleep(1)
    check(patient.running() and flooded.running(), "a dashboard ended")
    check(huge.clients < 8, huge.clients, "connections in seconds: no backoff")


if __name__ == "__main__":
    sys.exit(main())
