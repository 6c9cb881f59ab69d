"""What the end-to-end tests share: the simulator and the dashboard as processes, a browser's live feed, the figures computed
a second time from the simulator's trades with fractions, a validator for the snapshot's schema, and tests that run side by
side and are reported as TAP. Nothing here knows the dashboard's code; it sees what a user sees."""
import asyncio
import concurrent.futures
import copy
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
from fractions import Fraction

try:
    import websockets
except ImportError:  # another Python came first on the path: Debian's own has the package
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

ROOT = os.environ.get("GRIDSCOPE_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("GRIDSCOPE") or os.path.join(ROOT, "build/gridscope"))
KEY, SECRET, BOT_KEY = "e2eKeyId7Q", "e2eSecretW3x9", "e2e-bot-key-Zk5"
TESTS = []


def test(fn):
    TESTS.append(fn)
    return fn


class Failed(Exception):
    pass


def check(condition, *words):
    if not condition:
        raise Failed(" ".join(str(w) for w in words))


def same(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}: got {got!r}, wanted {wanted!r}")


def wait_until(question, seconds=15, what="", every=0.05):
    """Asks until the answer is true, and returns it."""
    end, answer = time.monotonic() + seconds, None
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise Failed(f"not within {seconds} s: {what or question.__doc__ or ''} (last answer {str(answer)[:300]})")
        time.sleep(every)


def http_ask(host, port, path, method="GET", headers=None, body=None, timeout=10):
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Place:
    """A folder and the processes of one test; leaving it ends them and removes it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="gridscope-e2e-")
        self.parts = []
        self.numbers = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for part in reversed(self.parts):
            part.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def name(self, kind):
        self.numbers += 1
        return self.path(f"{kind}{self.numbers}")

    def sim(self, *flags, **options):
        part = Sim(self, flags, **options)
        self.parts.append(part)
        return part

    def between(self, port):
        part = Between(port)
        self.parts.append(part)
        return part

    def dash(self, sim=None, /, **settings):
        part = Dash(self, sim, settings)
        self.parts.append(part)
        return part

    def feed(self, dash, **options):
        part = Feed(dash, **options)
        self.parts.append(part)
        return part


# ---- the simulator ----

class Sim:
    def __init__(self, place, flags, key=KEY, secret=SECRET, bot_key=BOT_KEY, verify_tls=True):
        args = [BINARY, "sim", "--key", key, "--secret", secret, "--bot-key", bot_key, *map(str, flags)]
        self.errors = open(place.name("sim"), "w+")
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=self.errors, text=True, cwd=place.folder)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise Failed(f"the simulator did not start: {self.errors.read()}")
        self.at = json.loads(line)
        self.port, self.bot_port = self.at["exchange_port"], self.at["bot_port"]
        self.via = self.bot_port if "--tls-cert" in flags else self.port  # where it takes orders; one port may be closed by a test

    def ask(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        status, _, answer = http_ask("127.0.0.1", self.via, path, "POST" if data is not None else "GET", body=data)
        check(status == 200, path, status, answer[:200])
        return json.loads(answer)

    def control(self, path, /, **body):
        return self.ask("/sim/" + path, body)

    def truth(self):
        return self.ask("/sim/truth")

    def trades(self, symbol):
        return self.ask(f"/sim/trades?symbol={symbol.replace('/', '')}")

    def stats(self):
        return self.ask("/sim/stats")

    def requests(self, prefix="/api/v3"):
        return sum(v["requests"] for k, v in self.stats()["paths"].items() if k.startswith(prefix))

    def paths(self):
        return {k: v["requests"] for k, v in self.stats()["paths"].items()}

    def pause(self):
        self.control("pause")

    def trade(self, symbol="BTC/USDT", side="buy", quantity="0.00050", **more):
        return self.control("trade", symbol=symbol.replace("/", ""), side=side, quantity=quantity, **more)

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Between:
    """A TCP listener in front of an upstream: counts connections, and passes them on or cuts them."""

    def __init__(self, port):
        self.behind, self.cutting, self.count, self.lock = port, False, 0, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.count += 1
                cut = self.cutting
            try:
                server = None if cut else socket.create_connection(("127.0.0.1", self.behind))
            except OSError:
                server = None
            if server is None:
                client.close()
                continue
            self.open |= {client, server}
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, on):
        self.cutting = on
        for s in list(self.open) if on else ():
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
        self.cut(True)


# ---- the dashboard ----

# what a test may not inherit from whoever runs it
OURS = re.compile(r"^(GRIDSCOPE_|DASHBOARD_|EXCHANGE__|STATE_DIRECTORY|XDG_)")


def clean_environment():
    return {k: v for k, v in os.environ.items() if not OURS.match(k)}


def settings_for(sim, **more):
    """The environment that points a dashboard at a simulator; a setting given as None is left out."""
    s = {"GRIDSCOPE_LISTEN": "127.0.0.1:0", "GRIDSCOPE_DB": ":memory:", "GRIDSCOPE_LOG_FORMAT": "json"}
    if sim is not None:
        s |= {"EXCHANGE__API_KEY": KEY, "EXCHANGE__API_SECRET": SECRET, "DASHBOARD_API_KEY": BOT_KEY,
              "DASHBOARD_API_BASE_URL": sim.at["bot_url"], "GRIDSCOPE_BINANCE_REST_URL": sim.at["rest_url"],
              "GRIDSCOPE_BINANCE_STREAM_URL": sim.at["stream_url"], "GRIDSCOPE_BINANCE_WS_API_URL": sim.at["ws_api_url"]}
    s |= more
    return {k: str(v) for k, v in s.items() if v is not None}


class Dash:
    def __init__(self, place, sim, settings):
        self.place = place
        self.settings = settings_for(sim, **settings)
        self.port_file = self.settings.setdefault("GRIDSCOPE_PORT_FILE", place.name("port"))
        self.log_path = place.name("log")
        self.cookie = None
        self.start()

    def start(self):
        if os.path.exists(self.port_file):
            os.unlink(self.port_file)
        self.started_at = time.monotonic()
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([BINARY, "run"], env=dict(clean_environment(), **self.settings), cwd=self.place.folder,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: os.path.exists(self.port_file) or self.process.poll() is not None, 10, "the port file", 0.002)
        if self.process.poll() is not None:
            raise Failed(f"the dashboard ended with {self.process.returncode}: {self.log()[-600:]}")
        with open(self.port_file) as f:
            self.port = int(f.read())

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def ask(self, path, method="GET", headers=None, body=None):
        headers = dict(headers or {})
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        return http_ask("127.0.0.1", self.port, path, method, headers, body)

    def get(self, path):
        status, _, body = self.ask(path)
        check(status == 200, path, status, body[:200])
        return json.loads(body)

    def snapshot(self):
        s = self.get("/api/v1/snapshot")
        fault = schema_fault(s)
        check(fault is None, "the snapshot breaks its schema:", fault)
        return s

    def wait(self, question, seconds=15, what=""):
        """Until question(snapshot) is true; returns that snapshot."""
        last = {}

        def ask():
            last["s"] = self.snapshot()
            return question(last["s"])
        try:
            wait_until(ask, seconds, what)
        except Failed as e:
            raise Failed(f"{e}; then: {summary(last.get('s'))}; log: {self.log()[-500:]}") from None
        return last["s"]

    def live(self, seconds=20):
        return self.wait(lambda s: s["mode"] == "streaming" and s["status"] == "connected" and s["pairs"] and
                         all(p["history"]["state"] == "complete" and p["price"] for p in s["pairs"]), seconds, "all live and complete")

    def running(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=5):
        """Ends it; (exit code, seconds it took)."""
        start = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(seconds)
        return code, time.monotonic() - start

    def close(self):
        if self.running():
            self.process.kill()
            self.process.wait()


def summary(s):
    if not s:
        return "no snapshot"
    streams = {k: (v["state"], v["reason"], v["fallback"]) for k, v in s["streams"].items()}
    return str({"mode": s["mode"], "status": s["status"], "reason": s["status_reason"], "streams": streams, "gaps": s["gaps"],
                "bot": s["bot"] and (s["bot"]["health"], s["bot"]["message"], s["bot"]["breaker"]), "exchange": s["exchange"]["breaker"],
                "pairs": [(p["symbol"], p["price"], p["fills"], p["history"]["state"], p["unvalued_fees"]) for p in s["pairs"]]})


def run_once(place, command, settings=None, timeout=10, cwd=None, keep_environment=True):
    """One command of the binary to its end; (exit code, output, errors)."""
    env = dict(clean_environment() if keep_environment else {"PATH": os.environ["PATH"]}, **(settings or {}))
    done = subprocess.run([BINARY, *command], env=env, cwd=cwd or place.folder, capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


# ---- a browser ----

def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def patch_snapshot(state, delta):
    """A delta of PRODUCT 6: a merge patch that keeps nulls of known fields, with pairs keyed by symbol."""
    delta = {k: v for k, v in delta.items() if k != "type"}
    pairs = {p["symbol"]: p for p in state["pairs"]}
    for symbol, patch in delta.pop("pairs", {}).items():
        if patch is None:
            pairs.pop(symbol, None)
        else:
            pairs[symbol] = merge_patch(pairs.get(symbol), patch)
    state = merge_patch(state, delta)
    state["pairs"] = list(pairs.values())
    return state


def without_nulls(x):
    """A merge patch cannot tell null from absent: both sides are compared without nulls."""
    if isinstance(x, dict):
        return {k: without_nulls(v) for k, v in x.items() if v is not None}
    return [without_nulls(v) for v in x] if isinstance(x, list) else x


class Feed:
    """The live feed as a browser has it, on a thread: every message with its time of arrival, deltas applied in order."""

    def __init__(self, dash, topics=None, headers=None, first=None):
        self.messages, self.state, self.faults, self.closed, self.snapshots = [], None, [], None, 0
        self.lock = threading.Lock()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.args = (dash.port, topics, dict(headers or {}), dash.cookie, first)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        check(self.ready.wait(10), "no answer on /ws")

    def run(self):
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.talk())
        except asyncio.CancelledError:
            pass
        except Exception as e:  # kept for the test to look at
            self.closed = e
            self.ready.set()

    async def talk(self):
        port, topics, headers, cookie, first = self.args
        if cookie:
            headers["Cookie"] = cookie
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws", origin=f"http://127.0.0.1:{port}", extra_headers=headers,
                                      max_size=None) as ws:
            self.ws = ws
            if first:
                await ws.send(json.dumps(first))
            if topics:
                await ws.send(json.dumps({"type": "subscribe", "topics": topics}))
            async for text in ws:
                self.take(json.loads(text), time.time())
        self.closed = ws.close_code

    def take(self, message, at):
        with self.lock:
            self.messages.append((at, message))
            if message["type"] == "snapshot":
                self.state, self.snapshots = message, self.snapshots + 1
                self.ready.set()
                return
            if self.state is None:
                self.faults.append(f"{message['type']} before the snapshot")
                return
            delta = message["type"] == "delta"  # a topic's message carries the seq of the last delta
            if message["seq"] != self.state["seq"] + delta:
                self.faults.append(f"{message['type']} {message['seq']} after {self.state['seq']}")
            if delta:
                self.state = patch_snapshot(self.state, message)

    def copy(self):
        with self.lock:
            return copy.deepcopy(self.state)

    def fills_of(self, symbol):
        for p in (self.copy() or {"pairs": []})["pairs"]:
            if p["symbol"] == symbol:
                return p["fills"]
        return None

    def sound(self):
        check(not self.faults, "the feed broke its order:", self.faults[:3])
        check(self.snapshots == 1, "one snapshot was promised, came", self.snapshots)

    def close(self):
        if self.loop.is_running():
            def stop():
                for task in asyncio.all_tasks(self.loop):
                    task.cancel()
            self.loop.call_soon_threadsafe(stop)
        self.thread.join(5)


# ---- the figures, a second time ----

SCALE = 10**16


def round_half_even(x, scale=SCALE):
    scaled = x * scale
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2):
        whole += 1
    return Fraction(whole, scale)


class Closes:
    """Closes of one-minute candles: what a fee in a third asset is valued by (ACCOUNTING 3)."""

    def __init__(self, sim, symbols):
        self.sim, self.markets, self.known = sim, {s["symbol"]: s for s in symbols.values()}, {}

    def close(self, base, quote, minute):
        name = base + quote
        if name not in self.markets:
            return None
        if name not in self.known:
            self.known[name] = {c[0] // 60000: Fraction(c[1]) for c in self.sim.ask(f"/sim/candles?symbol={name}")}
        return self.known[name].get(minute)

    def rate(self, asset, quote, minute):
        direct, inverse = self.close(asset, quote, minute), self.close(quote, asset, minute)
        return direct if direct else 1 / inverse if inverse else None

    def value(self, amount, asset, quote, time_ms):
        minute = time_ms // 60000 - 1
        rate = self.rate(asset, quote, minute)
        for through in ("USDT", "BTC", "BNB", "EUR"):
            if rate is not None:
                break
            first = self.rate(asset, through, minute) if through not in (asset, quote) else None
            second = self.rate(through, quote, minute) if first is not None else None
            rate = first * second if second is not None else None
        check(rate is not None, "no price of", asset, "in", quote, "for minute", minute)
        return round_half_even(amount * rate)


def fifo(trades, base, quote, closes):
    """Lots and realized P&L of one symbol from its trades alone, as ACCOUNTING 3 has it, in exact fractions."""
    lots, realized, third, fees, unmatched = [], Fraction(0), Fraction(0), {}, Fraction(0)

    def take(quantity):
        basis = Fraction(0)
        while quantity > 0 and lots:
            lot = lots[0]
            part = min(quantity, lot[0])
            piece = lot[1] * part / lot[0]
            basis += piece
            lot[0] -= part
            lot[1] -= piece
            quantity -= part
            if lot[0] == 0:
                lots.pop(0)
        return basis, quantity
    for t in sorted(trades, key=lambda t: (t["time"], t["id"], t["side"] != "buy")):
        price, quantity, amount, fee = (Fraction(t[k]) for k in ("price", "quantity", "quote", "fee"))
        asset = t["fee_asset"]
        if fee:
            fees[asset] = fees.get(asset, 0) + fee
        in_base = fee if asset == base else Fraction(0)
        value = fee if asset == quote else fee * price if asset == base else closes.value(fee, asset, quote, t["time"]) if fee else Fraction(0)
        third += value if asset not in (base, quote) else 0
        if t["side"] == "buy":
            lots.append([quantity - in_base, amount - in_base * price])
            realized -= value
            continue
        basis, left = take(quantity)
        matched = quantity - left
        unmatched += left
        realized += amount * matched / quantity - basis - value
        if in_base:  # one more disposal at the fill's price: its proceeds are the fee's value
            basis, left = take(in_base)
            realized += (in_base - left) * price - basis
    return {"realized": realized, "basis": sum((l[1] for l in lots), Fraction(0)), "holdings": sum((l[0] for l in lots), Fraction(0)),
            "fees": fees, "third": third, "unmatched": unmatched, "buys": sum(t["side"] == "buy" for t in trades), "fills": len(trades)}


def counts_agree(sim, snapshot):
    truth = sim.truth()["symbols"]
    return snapshot["pairs"] and all(p["fills"] == truth[p["symbol"]]["fills"] for p in snapshot["pairs"])


def settled(sim, dash, seconds=20):
    """With market and bot paused: every fill in, every fee valued, every price the last one."""
    def done(s):
        truth = sim.truth()["symbols"]
        return s["pairs"] and all(
            p["fills"] == truth[p["symbol"]]["fills"] and not p["unvalued_fees"] and not p["recomputing"] and p["assumed_fees"] == 0 and
            p["price"] is not None and Fraction(p["price"]) == Fraction(truth[p["symbol"]]["last_price"]) and
            p["open_orders"] == len(truth[p["symbol"]]["open_orders"]) for p in s["pairs"])
    return dash.wait(done, seconds, "every fill, fee, order and price as the simulator has them")


def check_pair(sim, truth, pair, closes):
    symbol, base, quote = pair["symbol"], pair["base"], pair["quote"]
    t = truth[symbol]
    own = fifo(sim.trades(symbol), base, quote, closes)
    price = Fraction(pair["price"])
    for field in ("fills", "buys"):
        same(pair[field], own[field], f"{symbol} {field}")
    same(pair["sells"], own["fills"] - own["buys"], f"{symbol} sells")
    same({a: Fraction(v) for a, v in pair["fees"].items() if Fraction(v)}, own["fees"], f"{symbol} fees")
    same({a: Fraction(v) for a, v in t["fees"].items() if Fraction(v)}, own["fees"], f"{symbol} fees of the books")
    same(Fraction(pair["unmatched_quantity"]), own["unmatched"], f"{symbol} unmatched")
    figures = {"holdings": own["holdings"], "cost_basis": own["basis"], "realized": own["realized"],
               "unrealized": own["holdings"] * price - own["basis"]}
    figures["total"] = figures["realized"] + figures["unrealized"]
    for field, wanted in figures.items():
        same(Fraction(pair[field]), wanted, f"{symbol} {field}")
    same(Fraction(pair["holdings"]), Fraction(t["holdings"]), f"{symbol} holdings of the books")
    # double entry: what trading did to the quote, what is held at its price, less fees paid in a third asset
    if own["unmatched"] == 0:
        cash = Fraction(t["flow"][quote]) - Fraction(t["fees"].get(quote, 0))
        same(Fraction(pair["total"]), cash + Fraction(t["holdings"]) * price - own["third"], f"{symbol} total against cash flow")
    buys = [Fraction(o["price"]) for o in t["open_orders"] if o["side"] == "buy"]
    sells = [Fraction(o["price"]) for o in t["open_orders"] if o["side"] == "sell"]
    same(pair["next_buy"] and Fraction(pair["next_buy"]), max(buys) if buys else None, f"{symbol} next buy")
    same(pair["next_sell"] and Fraction(pair["next_sell"]), min(sells) if sells else None, f"{symbol} next sell")


def check_figures(sim, dash, seconds=20):
    """Every figure of every pair against the simulator's trades and books; returns the snapshot. Market and bot are paused."""
    s = settled(sim, dash, seconds)
    whole = sim.truth()
    check(whole["balanced"], "the simulator's books do not add up")
    closes = Closes(sim, whole["symbols"])
    for pair in s["pairs"]:
        check_pair(sim, whole["symbols"], pair, closes)
    end = time.monotonic() + 5
    while True:  # the rate of a market that is no pair may be one ticker late
        try:
            check_portfolio(s, whole["symbols"])
            return s
        except Failed:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
            s = dash.snapshot()


def check_portfolio(s, symbols):
    """The three figures over all pairs, at the rates of the last prices; exact where nothing is converted."""
    display, last = s["pnl"]["currency"], {t["symbol"]: Fraction(t["last_price"]) for t in symbols.values()}

    def rate(quote):
        if quote == display:
            return Fraction(1)
        if quote + display in last:
            return last[quote + display]
        return 1 / last[display + quote]
    check(not s["pnl"]["partial"] and not s["pnl"]["left_out"], "the portfolio leaves out", s["pnl"]["left_out"])
    converted = any(p["quote"] != display for p in s["pairs"])
    for field in ("realized", "unrealized", "total"):
        wanted = sum((Fraction(p[field]) * rate(p["quote"]) for p in s["pairs"]), Fraction(0))
        off = abs(Fraction(s["pnl"][field]) - wanted)
        check(off == 0 if not converted else off <= Fraction(len(s["pairs"]), 10**8), f"portfolio {field}: {s['pnl'][field]}, wanted {float(wanted)}")
    same(Fraction(s["pnl"]["total"]), Fraction(s["pnl"]["realized"]) + Fraction(s["pnl"]["unrealized"]), "total is the sum of what is shown")


# ---- the snapshot's schema ----

with open(os.path.join(ROOT, "contract/snapshot.schema.json")) as _file:
    SCHEMA = json.load(_file)

KNOWN = {"$defs", "$schema", "title", "description", "$ref", "type", "enum", "const", "anyOf", "properties", "required", "propertyNames",
         "additionalProperties", "items", "pattern", "minimum", "minLength", "maxItems", "uniqueItems"}


def type_fits(value, name):
    return {"object": isinstance(value, dict), "array": isinstance(value, list), "string": isinstance(value, str),
            "boolean": isinstance(value, bool), "null": value is None, "integer": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, (int, float)) and not isinstance(value, bool)}[name]


def object_fault(value, schema, at):
    for name in schema.get("required", ()):
        if name not in value:
            return f"{at}: {name} is missing"
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, item in value.items():
        below = properties.get(name, others)
        if below is False:
            return f"{at}: {name} is not in the contract"
        fault = schema_fault(name, schema["propertyNames"], f"{at} name") if "propertyNames" in schema else None
        fault = fault or (schema_fault(item, below, f"{at}.{name}") if isinstance(below, dict) else None)
        if fault:
            return fault
    return None


def schema_fault(value, schema=None, at="snapshot"):
    """None, or the first place where a value breaks the schema."""
    schema = SCHEMA if schema is None else schema
    if not KNOWN.issuperset(schema):
        raise Failed(f"the validator does not know {set(schema) - KNOWN}")
    if "$ref" in schema:
        return schema_fault(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], at)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(type_fits(value, t) for t in types):
        return f"{at}: {value!r} is no {types}"
    if "enum" in schema and value not in schema["enum"] or "const" in schema and value != schema["const"]:
        return f"{at}: {value!r} is none of {schema.get('enum', schema.get('const'))}"
    if "anyOf" in schema:
        faults = [schema_fault(value, s, at) for s in schema["anyOf"]]
        if None not in faults:
            return faults[0]
    if isinstance(value, str) and ("pattern" in schema and not re.search(schema["pattern"], value) or len(value) < schema.get("minLength", 0)):
        return f"{at}: {value!r} does not fit {schema.get('pattern')}"
    if type_fits(value, "number") and value < schema.get("minimum", value):
        return f"{at}: {value} is below {schema['minimum']}"
    if isinstance(value, list):
        texts = [json.dumps(v, sort_keys=True) for v in value]
        if len(value) > schema.get("maxItems", len(value)) or schema.get("uniqueItems") and len(set(texts)) < len(texts):
            return f"{at}: too many or repeated items"
        for i, item in enumerate(value):
            fault = schema_fault(item, schema["items"], f"{at}[{i}]") if "items" in schema else None
            if fault:
                return fault
    return object_fault(value, schema, at) if isinstance(value, dict) else None


# ---- running ----

def one(fn):
    start = time.monotonic()
    try:
        with Place() as place:
            fn(place)
        return None, time.monotonic() - start
    except Exception as e:  # a failed test must not end the others
        where = traceback.format_exc() if not isinstance(e, Failed) else ""
        return f"{type(e).__name__}: {e}\n{where}", time.monotonic() - start


def main(side_by_side=6):
    """Runs every test, so many at a time, and prints TAP; the exit code. Arguments choose tests by a part of their name, and
    leave out those with a part after a minus."""
    wanted, unwanted = [p for p in sys.argv[1:] if p[0] != "-"], [p[1:] for p in sys.argv[1:] if p[0] == "-"]
    chosen = [t for t in TESTS if (not wanted or any(part in t.__name__ for part in wanted)) and not any(part in t.__name__ for part in unwanted)]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(side_by_side) as pool:
        running = [pool.submit(one, fn) for fn in chosen]
        for number, (fn, result) in enumerate(zip(chosen, running), 1):
            fault, seconds = result.result()
            failed += fault is not None
            print(f"{'not ok' if fault else 'ok'} {number} - {fn.__name__} ({seconds:.1f} s)", flush=True)
            if fault:
                print("\n".join("# " + line for line in fault.splitlines()), flush=True)
    print(f"1..{len(chosen)}")
    return 1 if failed else 0
