#!/usr/bin/python3
"""The figures end to end: the start, fills as they happen, every source of them, and every figure against the simulator's
trades and books. Speaks TAP."""
import os
import subprocess
import sys
import time
from fractions import Fraction

from harness import (KEY, SECRET, Failed, check, check_figures, counts_agree, free_port, main, same, settled, test, wait_until,
                     without_nulls)

HISTORY = ("--history", 40)


@test
def answers_at_once_as_starting_and_becomes_right(place):
    sim = place.sim(*HISTORY)
    sim.pause()
    for host in ("rest", "bot"):
        sim.control("fault", place=host, ms=1500, delay_ms=1500)
    dash = place.dash(sim)
    first = dash.snapshot()
    same(first["mode"], "starting", "mode of the first snapshot")
    same(first["status_reason"], "starting", "reason of the first snapshot")
    same([first["pnl"][k] for k in ("realized", "unrealized", "total")], [None] * 3, "figures before the first data")
    dash.live()
    s = check_figures(sim, dash)
    same(s["mode"], "streaming", "mode")
    check(all(p["history"]["state"] == "complete" for p in s["pairs"]), "a history is not complete")
    same(sorted(p["symbol"] for p in s["pairs"]), sorted(k for k, v in sim.truth()["symbols"].items() if v["traded"]), "pairs")


@test
def figures_are_right_again_and_again_while_the_bot_trades(place):
    sim = place.sim("--history", 150, "--tick-ms", 20)
    dash = place.dash(sim)
    dash.live()
    for _ in range(3):
        sim.control("resume")
        time.sleep(2)
        sim.pause()
        check_figures(sim, dash)
    before = sum(v["fills"] for v in sim.truth()["symbols"].values())
    sim.control("step", steps=6000)
    check(sum(v["fills"] for v in sim.truth()["symbols"].values()) > before, "no fill in 6000 steps")
    check_figures(sim, dash)


def comparable(s):
    """A snapshot without what moves by itself."""
    s = without_nulls(s)
    for field in ("type", "seq", "server_time", "last_update", "exchange", "duplicates_dropped"):
        s.pop(field, None)
    for field in ("last_ok", "uptime_seconds", "latency_ms"):
        s["bot"].pop(field, None)
    for stream in s["streams"].values():
        for field in ("last_message_at", "messages", "latency_ms"):
            stream.pop(field, None)
    for pair in s["pairs"]:
        pair.pop("price_at", None)
    s["pairs"].sort(key=lambda p: p["symbol"])
    return s


def difference(a, b, at=""):
    if isinstance(a, dict) and isinstance(b, dict):
        return next((d for k in sorted(set(a) | set(b)) for d in [difference(a.get(k), b.get(k), f"{at}.{k}")] if d), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next((d for i, (x, y) in enumerate(zip(a, b)) for d in [difference(x, y, f"{at}[{i}]")] if d), None)
    return None if a == b else f"{at}: by deltas {a!r}, by snapshot {b!r}"


@test
def a_fill_reaches_the_live_feed_within_a_second_and_deltas_make_the_snapshot(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    feed = place.feed(dash, topics=["trades"])
    for n, (symbol, side, quantity) in enumerate((("BTC/USDT", "buy", "0.00100"), ("ETH/USDT", "buy", "0.0100"),
                                                   ("SOL/USDT", "buy", "0.100"), ("BTC/USDT", "sell", "0.00070"))):
        before = feed.fills_of(symbol)
        asked = time.time()
        made = sim.trade(symbol, side, quantity)["fills"]
        check(made > 0, "no fill of", symbol, side)
        wait_until(lambda: feed.fills_of(symbol) == before + made, 5, f"fill {n} on the live feed", 0.005)
        check(time.time() - asked < 1, "took", time.time() - asked, "s")
    wait_until(lambda: any(m["type"] == "trades" for _, m in list(feed.messages)), 2, "the trades topic")
    sim.control("resume")
    time.sleep(3)
    sim.pause()
    settled(sim, dash)
    last = {}

    def agree():
        last["why"] = difference(comparable(feed.copy()), comparable(dash.snapshot()))
        return last["why"] is None
    try:
        wait_until(agree, 5, "the deltas make the snapshot")
    except Failed:
        raise Failed(last["why"]) from None
    feed.sound()
    check(sum(m["type"] == "delta" for _, m in feed.messages) > 5, "hardly any delta")
    check_figures(sim, dash)


@test
def a_reconnecting_browser_gets_the_missing_deltas(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    first = place.feed(dash)
    state = first.copy()
    first.close()
    time.sleep(1.5)
    again = place.feed(dash)  # a second full client, to know what the state is now
    import asyncio
    import json

    import websockets

    async def resume():
        got = []
        async with websockets.connect(f"ws://127.0.0.1:{dash.port}/ws?resume={state['seq']}", origin=f"http://127.0.0.1:{dash.port}") as ws:
            while not got or got[-1]["seq"] < again.copy()["seq"]:
                got.append(json.loads(await asyncio.wait_for(ws.recv(), 5)))
        return got
    got = asyncio.run(resume())
    same([m["seq"] for m in got], list(range(state["seq"] + 1, state["seq"] + 1 + len(got))), "sequence after a resume")
    check(all(m["type"] == "delta" for m in got), "a resume was answered with", {m["type"] for m in got})


@test
def without_credentials_nothing_is_signed_and_trades_come_from_the_bot(place):
    sim = place.sim("--no-bnb", *HISTORY)
    dash = place.dash(sim, EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None, DASHBOARD_POLL_INTERVAL_TIER2=1)
    s = dash.wait(lambda s: s["mode"] == "streaming" and s["status"] == "connected" and counts_agree(sim, s), 20, "fills from the bot")
    same(s["streams"]["user"]["state"], "off", "state of the user stream")
    check(all(p["history"]["state"] == "since" for p in s["pairs"]), [p["history"] for p in s["pairs"]])
    sim.pause()
    check(sim.trade("SOL/USDT", "buy", "0.200")["fills"] > 0, "no fill")
    dash.wait(lambda s: counts_agree(sim, s), 10, "a new fill by polling")
    check(all(p["assumed_fees"] == p["fills"] for p in dash.snapshot()["pairs"] if p["fills"]), "fees without an asset are assumed")
    paths = sim.paths()
    for path in ("/api/v3/account", "/api/v3/myTrades", "/api/v3/openOrders", "/api/v3/userDataStream"):
        same(paths.get(path, 0), 0, f"requests to {path}")
    same(sim.stats()["connections"]["user_subscriptions"], 0, "user subscriptions")
    check(sim.ask("/sim/stats")["paths"].get("/api/trades", {"requests": 0})["requests"] >= 6, "trades were not polled")


@test
def the_exchange_alone_is_enough(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_SOURCE="exchange", GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT,SOL/USDT", DASHBOARD_API_BASE_URL=None)
    dash.live()
    sim.pause()
    s = check_figures(sim, dash)
    check(s["bot"] is None, "bot is", s["bot"])
    same([p["symbol"] for p in s["pairs"]], ["BTC/USDT", "ETH/USDT", "SOL/USDT"], "pairs")
    check(all(p["grid"]["source"] == "orders" and p["grid"]["levels"] > 2 for p in s["pairs"]), [p["grid"] for p in s["pairs"]])
    check(not any(k.startswith(("/api/strategies", "/metrics", "/health")) for k in sim.paths()), "the bot was asked")
    check(sim.trade("BTC/USDT", "buy", "0.00100")["fills"] > 0, "no fill")
    check_figures(sim, dash)


@test
def an_ed25519_key_file_signs(place):
    private, public = place.path("key.pem"), place.path("pub.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    os.chmod(private, 0o600)
    sim = place.sim("--ed25519", public, *HISTORY)
    dash = place.dash(sim, EXCHANGE__API_SECRET=None, GRIDSCOPE_API_KEY_FILE=private, GRIDSCOPE_SOURCE="exchange",
                      GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT")
    dash.live()
    sim.pause()
    check(sim.trade("BTC/USDT", "buy", "0.00100")["fills"] > 0, "no fill")
    check_figures(sim, dash)
    same(sim.stats()["connections"]["user_subscriptions"], 1, "user subscriptions")


@test
def a_host_with_listen_keys_works(place):
    sim = place.sim("--listen-keys", *HISTORY)
    dash = place.dash(sim, GRIDSCOPE_USER_STREAM="listen_key")
    dash.live()
    same(sim.stats()["connections"]["listen"], 1, "listenKey streams")
    sim.pause()
    settled(sim, dash)
    feed = place.feed(dash)
    before = feed.fills_of("BTC/USDT")
    check(sim.trade("BTC/USDT", "buy", "0.00100")["fills"] > 0, "no fill")
    wait_until(lambda: feed.fills_of("BTC/USDT") > before, 1, "the fill on the live feed", 0.01)
    sim.control("drop", what="user")
    sim.trade("ETH/USDT", "buy", "0.0100")
    dash.wait(lambda s: s["streams"]["user"]["state"] == "live" and counts_agree(sim, s), 10, "the stream again, and the fill of the gap")
    check_figures(sim, dash)


def make_ca(place):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=place.folder)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=Test CA", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "tls.key", "-out", "tls.csr",
            "-subj", "/CN=localhost")
    place.file("ext.cnf", "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "tls.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tls.pem", "-days", "2",
            "-extfile", "ext.cnf")
    return place.path("ca.pem"), place.path("tls.pem"), place.path("tls.key")


@test
def tls_with_a_private_authority(place):
    ca, certificate, key = make_ca(place)
    sim = place.sim("--tls-cert", certificate, "--tls-key", key, *HISTORY)
    check(sim.at["rest_url"].startswith("https:") and sim.at["ws_api_url"].startswith("wss:"), sim.at)
    trusting = place.dash(sim, GRIDSCOPE_CA_FILE=ca)
    doubting = place.dash(sim)
    trusting.live()
    sim.pause()
    check_figures(sim, trusting)
    # an authority nobody named is refused in plain words, and what the bot gives is shown all the same
    s = doubting.wait(lambda s: s["streams"]["market"]["reason"] and s["exchange"]["breaker"]["last_error"] and counts_agree(sim, s), 15, "a refusal")
    for words in (s["streams"]["market"]["reason"], s["exchange"]["breaker"]["last_error"]):
        check("certificate" in words.lower() or "tls" in words.lower(), "what is wrong is not said:", words)
    check(s["streams"]["market"]["state"] != "live" and s["streams"]["user"]["state"] != "live", "a stream is live")
    same(s["bot"]["health"], "healthy", "health of the bot")
    same(s["mode"], "polling", "mode without the exchange")


@test
def a_bot_that_is_not_there_does_not_stop_the_exchange(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_API_BASE_URL=f"http://127.0.0.1:{free_port()}", GRIDSCOPE_SYMBOLS="BTC/USDT,SOL/USDT",
                      DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    s = dash.wait(lambda s: s["mode"] == "streaming" and counts_agree(sim, s), 10, "figures by the exchange")
    same(s["bot"]["health"], "unknown", "health of the bot")
    sim.pause()
    check_figures(sim, dash)


if __name__ == "__main__":
    sys.exit(main())
