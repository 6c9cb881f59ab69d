#!/usr/bin/python3
"""What the simulator says has the documented shapes: the same keys and the same JSON types as the samples in tests/data, and
decimals with eight digits where the exchange prints eight. Speaks TAP."""
import asyncio
import json
import os
import sys

from sim_client import DATA, Sim, ask, run, subscribe_user, test, websockets, ws_params

# keys of the samples that appear only in situations that the simulator does not have
CONDITIONAL = {"preventedMatchId", "preventedQuantity", "strategyId", "strategyType", "trailingDelta", "trailingTime", "v", "sors"}
# keys that newer exchanges add where the older sample has none
ADDED = {"expiryReason", "eR"}


def sample(name):
    with open(os.path.join(DATA, "binance/samples", name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def bot_sample(name):
    with open(os.path.join(DATA, "bot/samples", name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def kind(value):
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def same(got, want, path="", ordered=False):
    """Raises where got has other keys or types than want. Lists are compared by their first elements."""
    assert kind(got) == kind(want), f"{path}: {kind(got)} instead of {kind(want)}"
    if isinstance(want, dict):
        missing, more = set(want) - set(got) - CONDITIONAL, set(got) - set(want) - ADDED
        assert not missing and not more, f"{path}: missing {missing}, too many {more}"
        if ordered:
            assert list(got) == list(want), f"{path}: order {list(got)}"
        for key in want:
            if key in got:
                same(got[key], want[key], f"{path}.{key}", ordered)
    elif isinstance(want, list) and want and got:
        if len(want) == len(got) and not isinstance(want[0], (dict, list)):
            for i, (a, b) in enumerate(zip(got, want)):
                same(a, b, f"{path}[{i}]", ordered)
        else:
            same(got[0], want[0], f"{path}[0]", ordered)


@test
def rest_market_answers(sim):
    for path, name in (("/api/v3/ping", "rest_ping"), ("/api/v3/time", "rest_time"), ("/api/v3/depth?symbol=BTCUSDT", "rest_depth"),
                       ("/api/v3/trades?symbol=BTCUSDT", "rest_trades"), ("/api/v3/aggTrades?symbol=BTCUSDT", "rest_aggTrades"),
                       ("/api/v3/klines?symbol=BTCUSDT&interval=1m", "rest_klines"), ("/api/v3/avgPrice?symbol=BTCUSDT", "rest_avgPrice"),
                       ("/api/v3/ticker/price?symbol=BTCUSDT", "rest_ticker_price"), ("/api/v3/ticker/price", "rest_ticker_price_array"),
                       ("/api/v3/ticker/bookTicker?symbol=BTCUSDT", "rest_ticker_bookTicker"),
                       ("/api/v3/ticker/bookTicker", "rest_ticker_bookTicker_array"),
                       ("/api/v3/ticker/24hr?symbol=BTCUSDT", "rest_ticker_24hr_full"), ("/api/v3/ticker/24hr", "rest_ticker_24hr_full_array"),
                       ("/api/v3/ticker/24hr?symbol=BTCUSDT&type=MINI", "rest_ticker_24hr_mini"),
                       ("/api/v3/ticker/24hr?type=MINI", "rest_ticker_24hr_mini_array")):
        same(sim.get(path), sample(name), name)
    status, _, body = sim.rest("/api/v3/klines?symbol=BTCUSDT&interval=7m")
    assert status == 400
    same(json.loads(body), sample("rest_error"), "error")


@test
def rest_exchange_info(sim):
    got, want = sim.get("/api/v3/exchangeInfo"), sample("ws_api_exchangeInfo_response")["result"]
    same(got, want, "exchangeInfo")
    assert "CONNECTIONS" not in [limit["rateLimitType"] for limit in got["rateLimits"]], "a limit of the WebSocket API alone"
    filters = sample("filters_all")
    for f in got["symbols"][0]["filters"]:
        same(f, filters[f["filterType"]], f["filterType"])


@test
def rest_account_answers(sim):
    order = sim.account("/api/v3/openOrders", symbol="BTCUSDT")[0]
    for path, name, params in (("/api/v3/account", "rest_account", {}), ("/api/v3/account/commission", "rest_account_commission", {"symbol": "BTCUSDT"}),
                               ("/api/v3/openOrders", "rest_openOrders", {}), ("/api/v3/allOrders", "rest_allOrders", {"symbol": "BTCUSDT"}),
                               ("/api/v3/order", "rest_order", {"symbol": "BTCUSDT", "orderId": order["orderId"]}),
                               ("/api/v3/myTrades", "rest_myTrades", {"symbol": "BTCUSDT"}), ("/api/v3/rateLimit/order", "rest_rateLimit_order", {}),
                               ("/api/v3/myFilters", "rest_myFilters", {"symbol": "BTCUSDT"})):
        same(sim.account(path, **params), sample(name), name)


@test
async def market_streams(sim):
    wanted = {"btcusdt@ticker": "stream_ticker", "btcusdt@miniTicker": "stream_miniTicker", "btcusdt@bookTicker": "stream_bookTicker",
              "btcusdt@trade": "stream_trade", "btcusdt@aggTrade": "stream_aggTrade", "btcusdt@kline_5m": "stream_kline",
              "btcusdt@avgPrice": "stream_avgPrice", "btcusdt@depth10": "stream_depth_partial", "btcusdt@depth": "stream_depthUpdate",
              "btcusdt@ticker_1h": "stream_ticker_rolling_1h", "!miniTicker@arr": "stream_miniTicker_arr"}
    left = dict(wanted)
    async with websockets.connect(f"{sim.at['stream_url']}/stream?streams={'/'.join(wanted)}") as ws:
        while left:
            frame = json.loads(await asyncio.wait_for(ws.recv(), 10))
            assert set(frame) == {"stream", "data"}
            if frame["stream"] in left:
                name = left.pop(frame["stream"])
                same(frame["data"], sample(name), name)


@test
async def shutdown_notices_in_three_forms(sim):
    async with websockets.connect(f"{sim.at['stream_url']}/ws/btcusdt@kline_1M") as raw, \
               websockets.connect(f"{sim.at['stream_url']}/stream") as combined, websockets.connect(sim.at["ws_api_url"]) as api:
        assert sim.control("/sim/shutdown", delay_ms=50)["told"] == 3
        for ws, name in ((raw, "stream_serverShutdown_raw"), (combined, "stream_serverShutdown_combined"), (api, "ws_api_serverShutdown")):
            frame = {}
            while "serverShutdown" not in json.dumps(frame):
                frame = json.loads(await asyncio.wait_for(ws.recv(), 5))
            same(frame, sample(name), name)


@test
async def user_events(sim):
    sim.control("/sim/pause")
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        await subscribe_user(ws)
        sim.control("/sim/trade", symbol="BTCUSDT", side="buy", quantity="0.001")
        price = sim.get("/api/v3/ticker/price?symbol=BTCUSDT")["price"].split(".")[0]
        order = sim.control("/sim/trade", symbol="BTCUSDT", side="buy", quantity="0.001", price=str(int(price) - 5000))["order_id"]
        sim.control("/sim/cancel", symbol="BTCUSDT", order_id=order)
        sim.control("/sim/deposit", asset="EUR", amount="5")
        names = {"NEW": "uds_executionReport_new", "TRADE": "uds_executionReport_trade", "CANCELED": "uds_executionReport_canceled_constructed",
                 "outboundAccountPosition": "uds_outboundAccountPosition", "balanceUpdate": "uds_balanceUpdate"}
        left = dict(names)
        while left:
            frame = json.loads(await asyncio.wait_for(ws.recv(), 10))
            event = frame["event"]
            name = left.pop(event.get("x", event["e"]), None)
            if name:
                want = sample(name)
                if event.get("x") == "CANCELED":
                    assert event["c"] == "manual-cancel" and event["C"].startswith("manual-"), event
                same(frame, want, name)
        await ask(ws, id=9, method="userDataStream.unsubscribe")
        same(json.loads(await asyncio.wait_for(ws.recv(), 5)), sample("uds_eventStreamTerminated"), "terminated")
    sim.control("/sim/resume")


@test
async def websocket_api_replies(sim):
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        order = sim.account("/api/v3/openOrders", symbol="BTCUSDT")[0]["orderId"]
        for method, name, params in (("ping", "ws_api_ping_response", None), ("time", "ws_api_time_response", None),
                                     ("klines", "ws_api_klines_response", {"symbol": "BTCUSDT", "interval": "1h", "limit": 1}),
                                     ("ticker.24hr", "ws_api_ticker_24hr_response", {"symbol": "BTCUSDT"}),
                                     ("ticker.price", "ws_api_ticker_price_response", {"symbol": "BTCUSDT"}),
                                     ("ticker.price", "ws_api_ticker_price_response_array", {"symbols": ["BTCUSDT", "ETHBTC"]}),
                                     ("ticker.book", "ws_api_ticker_book_response", {"symbol": "BTCUSDT"}),
                                     ("exchangeInfo", "ws_api_exchangeInfo_response", {"symbols": ["BTCUSDT"]}),
                                     ("account.status", "ws_api_account_status_response", ws_params()),
                                     ("account.commission", "ws_api_account_commission_response", ws_params(symbol="BTCUSDT")),
                                     ("openOrders.status", "ws_api_openOrders_status_response", ws_params(symbol="BTCUSDT")),
                                     ("order.status", "ws_api_order_status_response", ws_params(symbol="BTCUSDT", orderId=order)),
                                     ("allOrders", "ws_api_allOrders_response", ws_params(symbol="BTCUSDT", limit=5)),
                                     ("myTrades", "ws_api_myTrades_response", ws_params(symbol="BTCUSDT", limit=5)),
                                     ("account.rateLimits.orders", "ws_api_account_rateLimits_orders_response", ws_params()),
                                     ("myFilters", "ws_api_myFilters_response", ws_params(symbol="BTCUSDT")),
                                     ("userDataStream.subscribe.signature", "ws_api_userDataStream_subscribe_signature_response", ws_params())):
            request = {"id": "d3df8a21-98ea-4fe0-8f4e-0fcea5d418b7", "method": method}
            if params is not None:
                request["params"] = params
            reply, want = await ask(ws, **request), sample(name)
            if "rateLimits" not in want:
                reply.pop("rateLimits")
            same(reply, want, name)
        same((await ask(ws, id="x", method="session.status"))["result"] | {"apiKey": "k", "authorizedSince": 1},
             sample("ws_api_session_status_response")["result"], "session.status")
        error = await ask(ws, id="x", method="klines", params={"symbol": "NOPE", "interval": "1h"})
        same(error, sample("ws_api_response_error"), "error")
        sim.control("/sim/weight", ban_s=60)
        same(await ask(ws, id="b", method="ping"), sample("ws_api_response_banned_418"), "banned")
        try:
            await asyncio.wait_for(ws.recv(), 5)
        except websockets.ConnectionClosed:
            sim.control("/sim/clear")
            return
        assert False, "a banned address keeps its connection"


@test
def decimals_have_eight_digits(sim):
    def check(value):
        assert len(value.split(".")[1]) == 8, value
    check(sim.get("/api/v3/ticker/price?symbol=SOLUSDT")["price"])
    for key in ("price", "qty", "quoteQty", "commission"):
        check(sim.account("/api/v3/myTrades", symbol="BTCUSDT")[0][key])
    check(sim.account("/api/v3/account")["balances"][0]["free"])


@test
def times_in_microseconds_on_request(sim):
    status, _, body = sim.rest("/api/v3/time", {"X-MBX-TIME-UNIT": "MICROSECOND"})
    assert status == 200 and json.loads(body)["serverTime"] > 10**15
    status, _, body = sim.rest("/api/v3/time", {"X-MBX-TIME-UNIT": "hour"})
    assert json.loads(body)["code"] == -1194


@test
def bot_answers_with_keys_in_order(sim):
    for path, name in (("/health", "health"), ("/metrics", "metrics"), ("/api/trades?limit=3", "trades"), ("/api/orders", "orders"),
                       ("/api/strategies", "strategies"), ("/api/ohlcv?timeframe=1m&limit=5", "ohlcv_btc_1m_60"), ("/api/status", "status"),
                       ("/api/positions", "edge/positions_empty"), ("/api/equity", "edge/equity_empty"), ("/api/pnl", "edge/pnl_empty"),
                       ("/api/pnl?period=all", "edge/pnl_all_empty"), ("/api/prediction-history", "prediction_history_grid")):
        status, _, body = sim.bot(path)
        assert status == 200, (path, status)
        same(json.loads(body), bot_sample(name), name, ordered=True)
        assert body == json.dumps(json.loads(body)).encode() or b"e-" in body, path  # Python would print it so


if __name__ == "__main__":
    sys.exit(run(Sim("--seed", "11", "--history", "60", "--bot-limit", "1000", "--tick-ms", "100")))
