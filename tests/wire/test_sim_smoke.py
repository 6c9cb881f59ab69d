#!/usr/bin/python3
"""The simulator as a client sees it, over real sockets: REST with signatures and weights, market streams with their control
messages, the WebSocket API with user data, the bot's API, the truth. Speaks TAP."""
import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
from decimal import Decimal

from sim_client import KEY, Sim, ask, run, subscribe_user, test, websockets, ws_sign


@test
def rest_answers_public_questions_and_counts_weight(sim):
    status, headers, body = sim.rest("/api/v3/exchangeInfo?symbol=BTCUSDT")
    info = json.loads(body)
    used = int(headers["X-MBX-USED-WEIGHT-1M"])
    assert status == 200 and used >= 20
    symbol = info["symbols"][0]
    assert (symbol["baseAsset"], symbol["quoteAsset"], symbol["status"]) == ("BTC", "USDT", "TRADING")
    assert {"REQUEST_WEIGHT", "ORDERS"} <= {x["rateLimitType"] for x in info["rateLimits"]}
    status, headers, _ = sim.rest("/api/v3/ping")
    assert int(headers["X-MBX-USED-WEIGHT-1M"]) in (used + 1, 1)
    status, _, body = sim.rest("/api/v3/ticker/price?symbol=NOSUCH")
    assert status == 400 and json.loads(body)["code"] == -1121
    symbols = urllib.parse.quote('["BTCUSDT","ETHBTC"]')
    assert [x["symbol"] for x in sim.get(f"/api/v3/ticker/price?symbols={symbols}")] == ["BTCUSDT", "ETHBTC"]
    assert sim.rest("/api/v3/time?x=1")[0] == 400
    assert abs(sim.get("/api/v3/time")["serverTime"] - time.time() * 1000) < 5000


@test
def removed_endpoints_answer_410_with_html(sim):
    status, headers, body = sim.rest("/api/v3/userDataStream", method="POST")
    assert status == 410 and headers["Content-Type"].startswith("text/html") and b"<html>" in body


@test
def signatures_times_and_keys_are_checked(sim):
    def code(answer):
        return answer[0], json.loads(answer[2]).get("code")
    now = int(time.time() * 1000)
    assert sim.signed("/api/v3/account")[0] == 200
    assert code(sim.signed("/api/v3/account", secret="wrong")) == (400, -1022)
    assert code(sim.signed("/api/v3/account", key=None)) == (401, -2014)
    assert code(sim.signed("/api/v3/account", key="other")) == (401, -2015)
    assert code(sim.signed("/api/v3/account", stamp=now - 5500)) == (400, -1021)
    assert code(sim.signed("/api/v3/account", stamp=now + 2000)) == (400, -1021)
    assert sim.signed("/api/v3/account", stamp=now * 1000)[0] == 200
    assert code(sim.signed("/api/v3/account", recvWindow=70000)) == (400, -1131)


@test
def my_trades_follow_the_combination_rules(sim):
    truth = sim.get("/sim/trades?symbol=BTCUSDT")
    newest = json.loads(sim.signed("/api/v3/myTrades", symbol="BTCUSDT", limit=5)[2])
    assert len(newest) == 5 and newest[-1]["id"] >= truth[-1]["id"]
    paged, start = [], 0
    while True:
        page = json.loads(sim.signed("/api/v3/myTrades", symbol="BTCUSDT", fromId=start, limit=20)[2])
        paged += page
        if len(page) < 20:
            break
        start = page[-1]["id"] + 1
    assert [t["id"] for t in paged][:len(truth)] == [t["id"] for t in truth]
    assert all(Decimal(a["qty"]) == Decimal(b["quantity"]) and a["commissionAsset"] == b["fee_asset"] for a, b in zip(paged, truth))
    order = truth[3]["order_id"]
    of_order = json.loads(sim.signed("/api/v3/myTrades", symbol="BTCUSDT", orderId=order)[2])
    assert of_order and all(t["orderId"] == order for t in of_order)
    bad = sim.signed("/api/v3/myTrades", symbol="BTCUSDT", fromId=1, startTime=1)
    assert json.loads(bad[2])["code"] == -1128
    wide = sim.signed("/api/v3/myTrades", symbol="BTCUSDT", startTime=1, endTime=90000000)
    assert json.loads(wide[2])["code"] == -1127


@test
def the_books_balance_and_agree_with_the_fills(sim):
    sim.control("/sim/pause")
    truth = sim.get("/sim/truth")
    assert truth["balanced"]
    for pair, s in truth["symbols"].items():
        fills = sim.get(f"/sim/trades?symbol={s['symbol']}")
        assert len(fills) == s["fills"]
        sign = {"buy": 1, "sell": -1}
        base = sum((sign[f["side"]] * Decimal(f["quantity"]) for f in fills), Decimal(0))
        quote = sum((-sign[f["side"]] * Decimal(f["quote"]) for f in fills), Decimal(0))
        assert base == Decimal(s["flow"][s["base"]]) and quote == Decimal(s["flow"][s["quote"]]), pair
        for asset, fee in s["fees"].items():
            assert sum(Decimal(f["fee"]) for f in fills if f["fee_asset"] == asset) == Decimal(fee)
        assert all(Decimal(f["price"]) * Decimal(f["quantity"]) == Decimal(f["quote"]) for f in fills)
    account = {b["asset"]: b for b in json.loads(sim.signed("/api/v3/account")[2])["balances"]}
    for asset, x in truth["assets"].items():
        assert Decimal(account[asset]["free"]) == Decimal(x["free"]) and Decimal(account[asset]["locked"]) == Decimal(x["locked"])
    sim.control("/sim/resume")


@test
async def combined_streams_deliver_tickers_candles_and_books(sim):
    names = "btcusdt@ticker/btcusdt@kline_1m/btcusdt@bookTicker/ethusdt@miniTicker/btcusdt@depth5/btcusdt@depth@100ms/!miniTicker@arr"
    seen = {}
    async with websockets.connect(f"{sim.at['stream_url']}/stream?streams={names}") as ws:
        end = time.time() + 8
        while len(seen) < 7 and time.time() < end:
            frame = json.loads(await asyncio.wait_for(ws.recv(), 5))
            seen[frame["stream"]] = frame["data"]
    assert set(seen) == set(names.split("/")), seen.keys()
    assert seen["btcusdt@ticker"]["e"] == "24hrTicker" and Decimal(seen["btcusdt@ticker"]["c"]) > 0
    assert set("eEspPwxcQbBaAohlvqOCFLn") == {c for c in "".join(seen["btcusdt@ticker"])}
    assert seen["btcusdt@kline_1m"]["k"]["i"] == "1m" and "e" not in seen["btcusdt@bookTicker"]
    assert seen["btcusdt@depth@100ms"]["u"] >= seen["btcusdt@depth@100ms"]["U"]


@test
async def control_messages_follow_the_rules(sim):
    async with websockets.connect(f"{sim.at['stream_url']}/ws") as ws:
        assert await ask(ws, id=1, method="SUBSCRIBE", params=["btcusdt@trade", "nosuch@ticker"]) == {"result": None, "id": 1}
        reply = await ask(ws, id="two", method="LIST_SUBSCRIPTIONS")
        assert reply == {"result": ["btcusdt@trade", "nosuch@ticker"], "id": "two"}
        assert (await ask(ws, id=3, method="SUBSCRIBE", params=["rubbish"]))["error"]["code"] == 2
        await asyncio.sleep(1.2)
        assert await ask(ws, id=4, method="GET_PROPERTY", params=["combined"]) == {"result": False, "id": 4}
        assert (await ask(ws, id=5, method="SET_PROPERTY", params=["combined", 1]))["error"]["code"] == 1
        assert (await ask(ws, id=6, method="SET_PROPERTY", params=["x", True]))["error"]["code"] == 0
        assert (await ask(ws, id=7, method="FILLED_IN"))["error"]["code"] == 2
        await asyncio.sleep(1.2)
        await ws.send(json.dumps({"method": "SUBSCRIBE", "params": ["btcusdt@ticker"] * 300, "id": 8}))
        try:
            while json.loads(await asyncio.wait_for(ws.recv(), 1.5)).get("id") != 8:
                pass
            assert False, "a frame over 4096 bytes was answered"
        except asyncio.TimeoutError:
            pass


@test
async def the_sixth_message_in_a_second_closes_with_1008(sim):
    async with websockets.connect(f"{sim.at['stream_url']}/ws") as ws:
        for i in range(8):
            await ws.send(json.dumps({"id": i, "method": "LIST_SUBSCRIPTIONS"}))
        try:
            while True:
                await asyncio.wait_for(ws.recv(), 5)
        except websockets.ConnectionClosed as e:
            assert (e.code, e.reason) == (1008, "Too many requests")


@test
async def user_data_arrives_in_order_with_its_fees(sim):
    sim.control("/sim/pause")
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        assert (await subscribe_user(ws))["result"] == {"subscriptionId": 0}
        assert (await subscribe_user(ws, 2))["error"]["code"] == -2035
        traded = sim.control("/sim/trade", symbol="BTC/USDT", side="buy", quantity="0.05")
        events = []
        while not events or events[-1]["e"] != "outboundAccountPosition":
            frame = json.loads(await asyncio.wait_for(ws.recv(), 5))
            assert frame["subscriptionId"] == 0
            events.append(frame["event"])
        kinds = [e.get("x", e["e"]) for e in events]
        assert kinds[0] == "NEW" and kinds.count("TRADE") == traded["fills"] >= 2, kinds
        fills = [e for e in events if e.get("x") == "TRADE"]
        assert Decimal(fills[-1]["z"]) == sum(Decimal(e["l"]) for e in fills)
        assert Decimal(fills[-1]["Z"]) == sum(Decimal(e["Y"]) for e in fills)
        assert events[0]["t"] == -1 and events[0]["N"] is None and events[0]["n"] == "0"
        assert {"BTC", "USDT", fills[0]["N"]} == {b["a"] for b in events[-1]["B"]}
        trades = json.loads(sim.signed("/api/v3/myTrades", symbol="BTCUSDT", limit=len(fills))[2])
        assert [(t["id"], t["price"], t["qty"], t["commission"]) for t in trades] == [(e["t"], e["L"], e["l"], e["n"]) for e in fills]
        assert (await ask(ws, id=5, method="session.subscriptions"))["result"] == [{"subscriptionId": 0}]
        assert (await ask(ws, id=6, method="userDataStream.unsubscribe", params={}))["result"] == {}
        assert json.loads(await asyncio.wait_for(ws.recv(), 5))["event"]["e"] == "eventStreamTerminated"
        assert (await subscribe_user(ws, 7))["result"] == {"subscriptionId": 1}
    sim.control("/sim/resume")


@test
async def the_websocket_api_answers_like_rest(sim):
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        reply = await ask(ws, id="a", method="time")
        assert reply["status"] == 200 and reply["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"
        assert "rateLimits" not in await ask(ws, id="b", method="time", params={"returnRateLimits": False})
        reply = await ask(ws, id="c", method="klines", params={"symbol": "BTCUSDT", "interval": "1m", "limit": 3})
        assert len(reply["result"]) == 3
        assert (await ask(ws, id="d", method="userDataStream.start", params={"apiKey": KEY}))["status"] == 400
        params = {"apiKey": KEY, "timestamp": int(time.time() * 1000), "symbol": "BTCUSDT"}
        params["signature"] = ws_sign(params)
        assert (await ask(ws, id="e", method="myTrades", params=params))["status"] == 200
        params["signature"] = ws_sign({"a": 1})
        assert (await ask(ws, id="f", method="myTrades", params=params))["error"]["code"] == -1022
        assert (await ask(ws, id="g", method="userDataStream.subscribe"))["error"]["code"] == -1002


@test
async def ed25519_keys_log_on_and_subscribe(sim):
    def sign(text):
        with tempfile.NamedTemporaryFile() as f:
            f.write(text.encode())
            f.flush()
            raw = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", sim.private, "-in", f.name],
                                 check=True, capture_output=True).stdout
        return base64.b64encode(raw).decode()
    params = {"apiKey": KEY, "timestamp": int(time.time() * 1000)}
    params["signature"] = sign("&".join(f"{k}={params[k]}" for k in sorted(params)))
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        logon = await ask(ws, id=1, method="session.logon", params=params)
        assert logon["result"]["apiKey"] == KEY and logon["result"]["authorizedSince"] > 0, logon
        assert (await ask(ws, id=2, method="userDataStream.subscribe"))["result"] == {"subscriptionId": 0}
        assert (await ask(ws, id=3, method="account.status", params={"timestamp": int(time.time() * 1000)}))["status"] == 200
        assert (await ask(ws, id=4, method="session.logout"))["result"]["apiKey"] is None
    query = f"timestamp={int(time.time() * 1000)}"
    signature = urllib.parse.quote(sign(query), safe="")
    assert sim.rest(f"/api/v3/account?{query}&signature={signature}", {"X-MBX-APIKEY": KEY})[0] == 200


@test
def the_bot_speaks_python(sim):
    status, headers, body = sim.bot("/api/trades?limit=50")
    assert status == 200 and body.startswith(b'{"trades": [{"id": "') and "X-RateLimit-Remaining" in headers
    rows = json.loads(body)["trades"]
    assert len(rows) == 50 and [r["timestamp"] for r in rows] == sorted((r["timestamp"] for r in rows), reverse=True)
    assert all(r["timestamp"].endswith("+00:00") for r in rows)
    assert sim.bot("/api/trades", key=None)[0] == 401 and sim.bot("/api/grid", key=None)[0] == 401
    status, headers, body = sim.bot("/api/grid")
    assert (status, body) == (404, b"404: Not Found") and "X-Frame-Options" not in headers
    naive = json.loads(sim.bot("/metrics", key=None)[2])["timestamp"]
    assert "+" not in naive and not naive.endswith("Z")
    assert json.loads(sim.bot("/api/ohlcv?symbol=nonsense&limit=2")[2])["symbol"] == "BTC/USDT"
    assert sim.bot("/api/ohlcv?symbol=DOGE/USDT")[0] == 500
    strategies = json.loads(sim.bot("/api/strategies")[2])["strategies"]
    assert [s["symbol"] for s in strategies][:2] == ["BTC/USDT", "ETH/USDT"]
    orders = json.loads(sim.bot("/api/orders?symbol=ETH/USDT")[2])["orders"]
    assert orders and all(o["symbol"] == "ETH/USDT" for o in orders)


@test
def faults_spoil_replies_as_asked(sim):
    sim.control("/sim/fault", place="rest", path="/api/v3/ping", status=503, count=2)
    assert [sim.rest("/api/v3/ping")[0] for _ in range(3)] == [503, 503, 200]
    sim.control("/sim/fault", place="rest", path="/api/v3/time", body="html")
    assert b"<html>" in sim.rest("/api/v3/time")[2]
    sim.control("/sim/fault", place="rest", path="/api/v3/time", delay_ms=400)
    start = time.time()
    sim.get("/api/v3/time")
    assert time.time() - start >= 0.39
    sim.control("/sim/fault", place="bot", path="/api/", status=429, retry_after=7)
    status, headers, _ = sim.bot("/api/orders")
    assert status == 429 and headers["Retry-After"] == "7"
    sim.control("/sim/fault", bot_stopped=True)
    assert json.loads(sim.bot("/metrics")[2])["bot_running"] is False
    sim.control("/sim/clear")
    assert json.loads(sim.bot("/metrics")[2])["bot_running"] is True


@test
def weight_over_the_limit_is_refused_then_banned(sim):
    sim.control("/sim/weight", exhaust=True)
    status, headers, body = sim.rest("/api/v3/ping")
    assert status == 429 and int(headers["Retry-After"]) >= 1 and json.loads(body)["code"] == -1003
    for _ in range(12):
        status, headers, _ = sim.rest("/api/v3/ping")
    assert status == 418 and int(headers["Retry-After"]) > 60
    sim.control("/sim/clear")
    assert sim.rest("/api/v3/ping")[0] == 200


@test
async def connections_are_stalled_dropped_and_shut_down_on_request(sim):
    async with websockets.connect(f"{sim.at['stream_url']}/stream?streams=btcusdt@ticker") as ws:
        await asyncio.wait_for(ws.recv(), 5)
        sim.control("/sim/fault", place="market", stall=True)
        try:
            await asyncio.wait_for(ws.recv(), 0.1)
            await asyncio.wait_for(ws.recv(), 2.5)
            assert False, "a stalled stream spoke"
        except asyncio.TimeoutError:
            pass
        sim.control("/sim/clear")
        sim.control("/sim/shutdown", what="market", delay_ms=200)
        while True:
            frame = json.loads(await asyncio.wait_for(ws.recv(), 5))
            if frame["stream"] == "!serverShutdown":
                break
        try:
            while True:
                await asyncio.wait_for(ws.recv(), 5)
        except websockets.ConnectionClosed as e:
            assert e.code == 1001
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        assert sim.control("/sim/drop", what="all", code=1012, reason="restart")["dropped"] == 1
        try:
            await asyncio.wait_for(ws.recv(), 5)
        except websockets.ConnectionClosed as e:
            assert (e.code, e.reason) == (1012, "restart")


@test
def one_seed_gives_one_history(sim):
    digests = []
    for seed in (7, 7, 8):
        other = Sim("--seed", str(seed), "--tick-ms", "60000", "--history", "50")
        truth = other.get("/sim/truth")
        digests.append((truth["steps"], truth["digest"]))
        assert other.close() == 0
    assert digests[0] == digests[1] != digests[2]


def main():
    with tempfile.TemporaryDirectory() as folder:
        private, public = os.path.join(folder, "key.pem"), os.path.join(folder, "pub.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
        sim = Sim("--seed", "3", "--history", "60", "--ed25519", public, "--bot-limit", "1000")
        sim.private = private
        return run(sim)


if __name__ == "__main__":
    sys.exit(main())
