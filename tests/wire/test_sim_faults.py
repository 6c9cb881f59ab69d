#!/usr/bin/python3
"""Everything that can be asked to go wrong, and the rules of keeping a connection: pings, lifetimes, listen keys, refused
connections, spoilt replies and frames. Speaks TAP."""
import asyncio
import base64
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from sim_client import KEY, Sim, ask, run, subscribe_user, test, websockets


class RawSocket:
    """A WebSocket that answers nothing by itself."""

    def __init__(self, sim, path):
        self.s = socket.create_connection(("127.0.0.1", sim.at["exchange_port"]), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.s.sendall((f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.s.recv(4096)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.status, self.head = int(head.split()[1]), head

    def need(self, n):
        while len(self.buffer) < n:
            more = self.s.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more

    def frame(self, timeout=10):
        """(opcode, payload) of the next frame."""
        self.s.settimeout(timeout)
        self.need(2)
        opcode, length, at = self.buffer[0] & 15, self.buffer[1] & 127, 2
        if length == 126:
            self.need(4)
            length, at = struct.unpack(">H", self.buffer[2:4])[0], 4
        elif length == 127:
            self.need(10)
            length, at = struct.unpack(">Q", self.buffer[2:10])[0], 10
        self.need(at + length)
        payload, self.buffer = self.buffer[at:at + length], self.buffer[at + length:]
        return opcode, payload

    def until(self, opcode, timeout=10):
        end = time.time() + timeout
        while time.time() < end:
            got, payload = self.frame(timeout)
            if got == opcode:
                return payload
        raise TimeoutError

    def send(self, opcode, payload):
        mask = os.urandom(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.s.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + body)


def close_code(payload):
    return struct.unpack(">H", payload[:2])[0], payload[2:].decode()


@test
def pings_come_with_a_changing_payload_and_silence_ends_with_1008(sim):
    ws = RawSocket(sim, "/ws/btcusdt@ticker")
    pings, start = [], time.time()
    while True:
        opcode, payload = ws.frame()
        if opcode == 9:
            pings.append(payload)
        if opcode == 8:
            break
    assert close_code(payload) == (1008, "Pong timeout")
    assert 2.5 < time.time() - start < 30 and len(pings) >= 2 and len(set(pings)) == len(pings) and all(pings), pings


@test
def an_empty_pong_keeps_nothing_alive_and_a_wrong_one_ends_the_websocket_api(sim):
    ws = RawSocket(sim, "/ws-api/v3")
    ws.until(9)
    ws.send(10, b"")
    assert close_code(ws.until(8)) == (1008, "Pong timeout")
    ws = RawSocket(sim, "/ws-api/v3")
    ws.until(9)
    ws.send(10, b"wrong")
    assert close_code(ws.until(8))[0] == 1008
    ws = RawSocket(sim, "/ws/btcusdt@ticker")
    for _ in range(4):
        ws.until(9)
        ws.send(10, b"the stream hosts do not look")


@test
def a_connection_ends_at_the_end_of_its_lifetime(sim):
    ws, start = RawSocket(sim, "/stream?streams=btcusdt@ticker"), time.time()
    while True:
        opcode, payload = ws.frame()
        if opcode == 9:
            ws.send(10, payload)
        if opcode == 8:
            break
    assert close_code(payload)[0] == 1001 and 4 < time.time() - start < 30


@test
def bad_stream_addresses_are_refused(sim):
    for path in ("/stream?streams=btcusdt@ticker,ethusdt@ticker", "/ws/rubbish", "/nowhere", "/ws?timeUnit=hour"):
        assert RawSocket(sim, path).status == 400, path
    assert RawSocket(sim, "/ws/btcusdt@kline_1d@+08:00?timeUnit=microsecond").status == 101
    assert RawSocket(sim, "/stream?streams=btcusdt%40ticker").status == 101


@test
async def listen_keys_work_where_they_are_switched_on(sim):
    status, _, body = sim.rest("/api/v3/userDataStream", {"X-MBX-APIKEY": KEY}, "POST")
    key = json.loads(body)["listenKey"]
    assert status == 200 and len(key) == 64
    assert json.loads(sim.rest("/api/v3/userDataStream", {"X-MBX-APIKEY": KEY}, "POST")[2])["listenKey"] == key
    assert sim.rest(f"/api/v3/userDataStream?listenKey={key}", {"X-MBX-APIKEY": KEY}, "PUT")[0] == 200
    async with websockets.connect(f"{sim.at['stream_url']}/ws/{key}") as ws:
        sim.control("/sim/deposit", asset="USDT", amount="1.5")
        event = json.loads(await asyncio.wait_for(ws.recv(), 5))
        assert event["e"] == "balanceUpdate" and event["d"] == "1.50000000"
    assert sim.rest(f"/api/v3/userDataStream?listenKey={key}", {"X-MBX-APIKEY": KEY}, "DELETE")[0] == 200
    assert json.loads(sim.rest("/api/v3/userDataStream", {"X-MBX-APIKEY": KEY}, "PUT")[2])["code"] == -1125


@test
def refused_connections_come_back_on_the_same_port(sim):
    assert sim.control("/sim/refuse", base="bot_url", what="exchange", ms=900)["ok"]
    time.sleep(0.5)
    try:
        sim.rest("/api/v3/ping", timeout=2)
        assert False, "connected while refusing"
    except urllib.error.URLError:
        pass
    end = time.time() + 5
    while time.time() < end:
        try:
            assert sim.rest("/api/v3/ping")[0] == 200
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    assert False, "never came back"


@test
def replies_are_cut_emptied_and_dropped(sim):
    sim.control("/sim/fault", place="rest", path="/api/v3/exchangeInfo", body="half")
    try:
        sim.rest("/api/v3/exchangeInfo", timeout=0.7)
        assert False, "half a body was whole"
    except (TimeoutError, urllib.error.URLError, ConnectionError):
        pass
    sim.control("/sim/fault", place="rest", path="/api/v3/ping", body="drop")
    try:
        sim.rest("/api/v3/ping", timeout=2)
        assert False, "a dropped connection answered"
    except (urllib.error.URLError, ConnectionError):
        pass
    sim.control("/sim/fault", place="rest", path="/api/v3/ping", body="garbage")
    try:
        json.loads(sim.rest("/api/v3/ping")[2])
        assert False, "garbage is JSON"
    except ValueError:
        pass
    sim.control("/sim/fault", place="rest", path="/api/v3/ping", body="empty", count=1)
    assert sim.rest("/api/v3/ping")[2] == b""


@test
async def frames_are_doubled_lost_spoilt_and_cut(sim):
    sim.control("/sim/pause")
    async with websockets.connect(sim.at["ws_api_url"]) as ws:
        await subscribe_user(ws)

        async def deposit_and_read(frames):
            sim.control("/sim/deposit", asset="USDT", amount="1")  # says two things: the delta and the balance
            return [await asyncio.wait_for(ws.recv(), 5) for _ in range(frames)]
        sim.control("/sim/fault", place="user", duplicate=2)
        got = await deposit_and_read(4)
        assert got[0] == got[1] and got[2] == got[3] and got[0] != got[2]
        sim.control("/sim/fault", place="user", swallow=1)
        assert json.loads((await deposit_and_read(1))[0])["event"]["e"] == "outboundAccountPosition"
        sim.control("/sim/fault", place="user", garbage=1)
        got = await deposit_and_read(2)
        try:
            json.loads(got[0])
            assert False, "garbage is JSON"
        except ValueError:
            pass
        sim.control("/sim/fault", place="user", delay_ms=300)
        start = time.time()
        await deposit_and_read(2)
        assert time.time() - start > 0.29
        sim.control("/sim/clear")
    raw = RawSocket(sim, "/ws/btcusdt@ticker")
    sim.control("/sim/fault", place="market", half=1)
    end = time.time() + 20
    while len(raw.buffer) < 100:  # whole ones may have been on their way
        assert time.time() < end, "half a frame was whole"
        try:
            opcode, payload = raw.frame(1)
            if opcode == 9:
                raw.send(10, payload)
        except (TimeoutError, socket.timeout):
            pass  # with what came of it in the buffer


@test
def the_database_lags_and_the_clock_is_skewed(sim):
    sim.control("/sim/pause")
    sim.control("/sim/fault", lag_ms=3000)
    last = sim.control("/sim/trade", symbol="ETHUSDT", side="buy", quantity="0.01")["last_trade_id"]
    ids = [t["id"] for t in sim.account("/api/v3/myTrades", symbol="ETHUSDT")]
    assert last not in ids
    end = time.time() + 20
    while last not in [t["id"] for t in sim.account("/api/v3/myTrades", symbol="ETHUSDT")]:
        assert time.time() < end, "it lags for ever"
        time.sleep(0.2)
    sim.control("/sim/fault", lag_ms=0, skew_ms=7000)
    assert abs(sim.get("/api/v3/time")["serverTime"] - time.time() * 1000 - 7000) < 5000
    assert json.loads(sim.signed("/api/v3/account")[2])["code"] == -1021
    assert sim.signed("/api/v3/account", stamp=int(time.time() * 1000) + 7000)[0] == 200
    sim.control("/sim/clear")


@test
def the_bot_stops_empties_hangs_and_fails(sim):
    sim.control("/sim/fault", bot_empty=True)
    assert json.loads(sim.bot("/api/trades")[2]) == {"trades": []} and json.loads(sim.bot("/api/orders")[2]) == {"orders": []}
    sim.control("/sim/clear")
    sim.control("/sim/fault", place="bot", path="/health", delay_ms=60000)
    try:
        sim.http(sim.at["bot_url"] + "/health", timeout=0.5)
        assert False, "a hanging bot answered"
    except (TimeoutError, urllib.error.URLError):
        pass
    sim.control("/sim/fault", place="bot", path="/api/strategies", status=500)
    status, _, body = sim.bot("/api/strategies")
    assert status == 500 and body == b"500 Internal Server Error\n\nServer got itself in trouble"
    assert sim.bot("/api/strategies")[0] == 200


@test
async def paused_means_at_rest_and_steps_are_exact(sim):
    sim.control("/sim/pause")
    before = sim.get("/sim/truth")
    time.sleep(0.5)
    after = sim.get("/sim/truth")
    assert before["symbols"] == after["symbols"] and before["assets"] == after["assets"]
    async with websockets.connect(f"{sim.at['stream_url']}/ws/btcusdt@ticker") as ws:
        one, two = [json.loads(await asyncio.wait_for(ws.recv(), 5)) for _ in range(2)]
        assert one["c"] == two["c"] and two["E"] > one["E"]
    steps = after["steps"]
    assert sim.control("/sim/step", steps=300)["steps"] >= steps + 300
    assert sim.get("/sim/truth")["symbols"] != after["symbols"]
    sim.control("/sim/resume")


@test
def a_script_does_its_faults_in_time(sim):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump([{"at_ms": 0, "path": "/sim/fault", "body": {"place": "rest", "path": "/api/v3/ping", "status": 502, "ms": 60000}},
                   {"at_ms": 1000, "path": "/sim/clear"}], f)
        f.flush()
        other = Sim("--history", "10", "--script", f.name)
        time.sleep(0.3)
        assert other.rest("/api/v3/ping")[0] == 502
        time.sleep(1.2)
        assert other.rest("/api/v3/ping")[0] == 200
        assert other.close() == 0


@test
def a_banned_address_cannot_open_the_websocket_api_but_streams_stay(sim):
    sim.control("/sim/weight", ban_s=30)
    refused = RawSocket(sim, "/ws-api/v3")
    assert refused.status == 418 and (b"Retry-After: 30" in refused.head or b"Retry-After: 29" in refused.head)
    assert RawSocket(sim, "/ws/btcusdt@ticker").status == 101
    sim.control("/sim/clear")
    assert RawSocket(sim, "/ws-api/v3").status == 101


@test
async def tls_stands_before_the_exchange(sim):
    with tempfile.TemporaryDirectory() as folder:
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        other = Sim("--history", "10", "--tls-cert", cert, "--tls-key", key)
        assert other.at["rest_url"].startswith("https://") and other.at["ws_api_url"].startswith("wss://")
        context = ssl.create_default_context(cafile=cert)
        async with websockets.connect(other.at["ws_api_url"], ssl=context) as ws:
            assert (await ask(ws, id=1, method="ping"))["status"] == 200
        with urllib.request.urlopen(other.at["rest_url"] + "/api/v3/ping", context=context, timeout=5) as answer:
            assert answer.status == 200
        assert other.close() == 0


@test
def many_pairs_and_fast_ticks_hold(sim):
    other = Sim("--symbols", "", "--pairs", "60", "--tick-ms", "50", "--ticker-ms", "50", "--history", "20", "--weight-limit", "100000")
    assert len(other.get("/api/v3/ticker/price")) == 62  # and BTC and BNB, which are only watched
    streams = "/".join(f"s{i:03d}usdt@ticker" for i in range(1, 61))
    ws, seen, end = RawSocket(other, "/stream?streams=" + streams), 0, time.time() + 30
    while seen <= 900:  # under a second's worth
        assert time.time() < end, seen
        seen += ws.frame()[0] == 1
    assert other.close() == 0


if __name__ == "__main__":
    sys.exit(run(Sim("--seed", "21", "--history", "40", "--ping", "1", "--pong", "2", "--lifetime", "5", "--listen-keys",
                     "--bot-limit", "1000", "--weight-limit", "50000")))
