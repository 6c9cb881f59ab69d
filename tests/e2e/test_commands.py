#!/usr/bin/env python3
"""The commands of the binary, from outside: GRIDSCOPE=<binary> python3 tests/e2e/test_commands.py. TAP."""
import collections, csv, io, json, os, pty, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

ROOT = os.environ.get("GRIDSCOPE_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GRIDSCOPE = os.path.abspath(os.environ.get("GRIDSCOPE") or f"{ROOT}/build/gridscope")
HEADER = "time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,maker,source".split(",")
METHODS = ("fifo", "lifo", "average", "grid")

tests = []


def test(function):
    tests.append(function)
    return function


def run(*arguments, stdin=None, env=None, timeout=60):
    """stdout, stderr, exit code. The settings are those given and no others; the folder has no .env file."""
    clean = {k: v for k, v in os.environ.items() if not k.upper().startswith(("GRIDSCOPE", "DASHBOARD", "EXCHANGE"))}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([GRIDSCOPE, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout, cwd=folder,
                              env={**clean, **(env or {})})
    return done.stdout, done.stderr, done.returncode


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


# ---- pnl ----


def oracle():
    cases = []
    for name in ("cases", "gen_200_btc", "gen_500_three_symbols"):
        with open(f"{ROOT}/tests/data/oracle/{name}.json", encoding="utf-8") as file:
            cases += json.load(file)
    assert len(cases) == 63
    return cases


# Cases with a row that is no fill: it is refused, and the others count.
NO_FILL = {"zero_amount_trade": "quantity", "sell_at_price_zero": "price"}


def rows_of(case):
    for t in case["trades"]:
        row = {"time": t["timestamp"], "symbol": t["symbol"], "trade_id": t["id"], "order_id": t.get("order_id"), "side": t["side"],
               "price": t["price"], "quantity": t["amount"], "quote_amount": t["cost"], "fee": t["fee"],
               "fee_asset": t.get("fee_asset")}
        yield ["" if row.get(column) is None else row[column] for column in HEADER]


def text_of(rows):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue()


def options_of(case):
    options = ["--json"]
    for symbol, price in case["marks"].items():
        if price is not None:
            options += ["--mark", f"{symbol}={price}"]
    for asset, price in case.get("fee_prices", {}).items():
        options += ["--fee-price", f"{asset}={price}"]
    return options


def pnl(text, *options):
    out, err, code = run("pnl", "-", *options, stdin=text)
    assert code == 0, f"exit {code}: {err}"
    return json.loads(out)


def same_figures(name, got, expected):
    for key, value in expected.items():
        if key != "per_symbol":
            equal(got[key], value, f"{name}: {key}")


@test
def pnl_says_what_the_oracle_says_to_the_last_digit():
    for case in oracle():
        got = pnl(text_of(rows_of(case)), *options_of(case))
        expected = case["expected"]
        equal(set(got), {"portfolio", "symbols"}, case["name"])
        equal(set(got["symbols"]), set(expected["per_symbol"]), case["name"])
        same_figures(case["name"], got["portfolio"], expected)
        equal(got["portfolio"]["refused"], int(case["name"] in NO_FILL), case["name"])
        for symbol, figures in expected["per_symbol"].items():
            same_figures(f"{case['name']} {symbol}", got["symbols"][symbol], figures)


@test
def pnl_total_is_the_same_by_every_method():
    differs = 0
    for case in oracle():
        text = text_of(rows_of(case))
        by = {m: pnl(text, *options_of(case), "--method", m)["symbols"] for m in METHODS}
        for symbol, fifo in by["fifo"].items():
            for method in METHODS:
                equal(by[method][symbol]["total"], fifo["total"], f"{case['name']} {symbol} {method}")
                differs += by[method][symbol]["realized"] != fifo["realized"]
    assert differs > 0, "no case tells the methods apart"


@test
def pnl_refuses_a_row_that_is_no_fill_by_name_and_counts_the_others():
    seen = 0
    for case in oracle():
        if case["name"] not in NO_FILL:
            continue
        seen += 1
        field, rows = NO_FILL[case["name"]], list(rows_of(case))
        column = HEADER.index(field)
        bad = next(i for i, row in enumerate(rows) if float(row[column]) == 0)
        refusal = f'gridscope pnl: standard input: refused: line {bad + 2}, {field}: "{rows[bad][column]}" is not above zero\n'
        for options in options_of(case), options_of(case)[1:]:
            out, err, code = run("pnl", "-", *options, stdin=text_of(rows))
            equal((err, code), (refusal, 0), case["name"])
        contains(out, f"{len(rows) - 1} fill", "\n! 1 row(s) refused and not counted: a price or a quantity that is not above zero\n")
    equal(seen, len(NO_FILL))


@test
def pnl_names_twenty_refused_rows_and_counts_the_rest():
    rows = [["2026-01-05T08:00:00Z", "BTC/USDT", i, "", "buy", "100", 0 if i < 50 else 1, "", "", "", "", ""] for i in range(51)]
    out, err, code = run("pnl", "-", "--json", stdin=text_of(rows))
    lines = err.splitlines()
    equal((len(lines), code), (21, 0))
    contains(lines[19], "refused: line 21, quantity:")
    equal(lines[20], "gridscope pnl: standard input: refused: 30 more row(s) like these")
    portfolio = json.loads(out)["portfolio"]
    equal((portfolio["refused"], portfolio["buys"]), (50, 1))
    rows[30][4] = "hold"  # any other bad row: nothing is counted, and the refusals are not told
    out, err, code = run("pnl", "-", "--json", stdin=text_of(rows))
    equal((out, code), ("", 1))
    equal(err, 'gridscope pnl: standard input: line 32, side: "hold" is neither buy nor sell\n')


SIX_FILLS = [["buy", 100], ["buy", 100], ["buy", 99], ["buy", 98], ["sell", 99], ["sell", 100]]


def six_fills():
    return text_of([f"2026-01-05T08:0{i}:00Z", "BTC/USDT", i, "", side, price, 1, "", f"{price / 1000}", "USDT", "", ""]
                   for i, (side, price) in enumerate(SIX_FILLS))


@test
def pnl_six_fills_by_every_method():
    expected = {"fifo": ("-1.596", "3"), "lifo": ("1.404", "0"), "average": ("-0.096", "1.5"), "grid": ("1.404", "0")}
    for method, (realized, unrealized) in expected.items():
        got = pnl(six_fills(), "--json", "--mark", "BTC/USDT=100", "--method", method)["portfolio"]
        equal((got["method"], got["realized"], got["unrealized"], got["total"]), (method, realized, unrealized, "1.404"))


@test
def pnl_gives_a_file_by_pair_day_and_month():
    rows, at = [], [("2026-01-31", "BTC/USDT"), ("2026-01-31", "ETH/USDT"), ("2026-02-01", "BTC/USDT")]
    for n, (day, symbol) in enumerate(at):
        rows += [[f"{day}T23:00:00Z", symbol, 2 * n + 1, "", "buy", "100", "1", "", "0.1", "USDT", "", ""],
                 [f"{day}T23:30:00Z", symbol, 2 * n + 2, "", "sell", str(110 + n), "1", "", "0.1", "USDT", "", ""]]
    expected = {"pair": {"BTC/USDT": "21.6", "ETH/USDT": "10.8"}, "day": {"2026-01-31": "20.6", "2026-02-01": "11.8"},
                "month": {"2026-01": "20.6", "2026-02": "11.8"}}
    for by, figures in expected.items():
        got = pnl(text_of(rows), "--json", "--by", by)
        equal({row[by]: row["realized"] for row in got["rows"]}, figures, by)
        equal((got["zone"], got["totals"][0]["realized"], got["totals"][0]["fills"]), ("UTC", "32.4", 6))
        out, err, code = run("pnl", "-", "--csv", f"--by={by}", stdin=text_of(rows))
        equal((err, code, {row[by]: row["realized"] for row in csv.DictReader(io.StringIO(out))}), ("", 0, figures))
        contains(run("pnl", "-", "--by", by, stdin=text_of(rows))[0], *figures)
    for wrong, words in ((["--by", "week"], "give pair, day or month"), (["--csv"], "--by"), (["--by=day", "--csv", "--json"], "not both")):
        out, err, code = run("pnl", "-", *wrong, stdin=text_of(rows))
        equal((out, code), ("", 2))
        contains(err, words)
    exported = ("Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
                "2026-01-05 08:01:00,BTCUSDT,SELL,110,1BTC,110USDT,0.11USDT\n"
                "2026-01-04 08:00:00,BTCUSDT,BUY,100,1BTC,100USDT,0.1USDT\n")
    equal([(row["day"], row["realized"]) for row in pnl(exported, "--json", "--by", "day")["rows"]],
          [("2026-01-04", "-0.1"), ("2026-01-05", "9.89")])


@test
def pnl_table_names_what_is_missing():
    text = text_of([["2026-01-05T08:00:00Z", "BTC/USDT", 1, "", "buy", "100", "1", "", "0.001", "BNB", "", ""],
                    ["2026-01-05T08:01:00Z", "ETH/USDT", 1, "", "sell", "10", "2", "", "0.02", "", "", ""]])
    out, err, code = run("pnl", "-", stdin=text)
    equal((err, code), ("", 0))
    contains(out, "2 fills of 2 symbols, 2026-01-05 08:00:00 to 2026-01-05 08:01:00 UTC",
             "! BTC/USDT: fees of 0.001 BNB have no price and are left out: --fee-price BNB=PRICE in USDT",
             "! BTC/USDT: held, and no price given: --mark BTC/USDT=PRICE",
             "! ETH/USDT: 1 fee(s) name no asset and are taken as USDT",
             "! ETH/USDT: history incomplete: 2 ETH sold without a known buy", "the total is the same in all.")
    lines = out.splitlines()
    rows = {line.split("  ")[0]: line.split() for line in lines[2:6]}
    equal(rows["BTC/USDT"][1:4], ["0", "-", "-"])
    equal(rows["all, in USDT"][3:6], ["-0.02", "-", "-"])


@test
def pnl_table_gives_the_sentence_of_its_method():
    for method, sentence in (("lifo", "LIFO: a sale sells the coins bought last"), ("average", "Average cost: every coin held costs the same"),
                             ("grid", "Grid pair: a sale sells the most expensive coins bought below its price")):
        out, _, code = run("pnl", "-", "--method", method, "--mark", "BTC/USDT=100", stdin=six_fills())
        equal(code, 0)
        contains(out.splitlines()[-1], sentence, "the total is the same")
        contains(out, "+1.404")


@test
def pnl_reads_binance_exports():
    pairs = ("Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n"
             "2026-01-05 08:01:00,BTCUSDT,SELL,110,1BTC,110USDT,0.11USDT\n"
             "2026-01-05 08:00:00,BTCUSDT,BUY,100,1BTC,100USDT,0.1USDT\n")
    got = pnl(pairs, "--json")
    equal((got["portfolio"]["total"], list(got["symbols"])), ("9.79", ["BTC/USDT"]))
    markets = ("\ufeffDate(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin\r\n"
               "2026-01-05 08:00:00,BTCUSDT,BUY,100,1,100,0.1,USDT\r\n2026-01-05 08:01:00,BTCUSDT,SELL,110,1,110,0.11,USDT\r\n")
    out, err, code = run("pnl", "-", stdin=markets)
    equal((out, code), ("", 1))
    contains(err, "line 2, Market:", '"BTCUSDT"', "--mark BASE/QUOTE=PRICE")
    equal(pnl(markets, "--json", "--mark", "BTC/USDT=120")["portfolio"]["total"], "9.79")


@test
def pnl_converts_quote_assets_along_the_marks():
    text = text_of([["2026-01-05T08:00:00Z", "BTC/USDT", 1, "", "buy", "100", "1", "", "", "", "", ""],
                    ["2026-01-05T08:01:00Z", "BTC/USDT", 2, "", "sell", "110", "1", "", "", "", "", ""],
                    ["2026-01-05T08:00:00Z", "ETH/BTC", 1, "", "buy", "0.05", "1", "", "", "", "", ""],
                    ["2026-01-05T08:01:00Z", "ETH/BTC", 2, "", "sell", "0.06", "1", "", "", "", "", ""]])
    unknown = pnl(text, "--json")
    equal((unknown["portfolio"]["realized"], unknown["portfolio"]["total"]), (None, None))
    equal(unknown["symbols"]["ETH/BTC"]["realized"], "0.01")
    for mark in ("BTC/USDT=200", "BTCUSDT=200"):
        known = pnl(text, "--json", "--mark", mark)["portfolio"]
        equal((known["currency"], known["realized"], known["total"]), ("USDT", "12", "12"))


@test
def pnl_prices_a_fee_by_quote_where_that_is_given():
    text = text_of([["2026-01-05T08:00:00Z", "BTC/USDT", 1, "", "buy", "100", "1", "", "0.1", "BNB", "", ""],
                    ["2026-01-05T08:00:00Z", "BTC/EUR", 1, "", "buy", "90", "1", "", "0.1", "BNB", "", ""]])
    got = pnl(text, "--json", "--fee-price", "BNB=600", "--fee-price", "BNB/EUR=500")["symbols"]
    equal((got["BTC/USDT"]["fees_quote"], got["BTC/EUR"]["fees_quote"]), ("60", "50"))


@test
def pnl_bad_rows_and_usage_are_named():
    good = six_fills().splitlines()
    for line, column, value, words in ((3, 5, "x", 'line 3, price: "x" is not a number'), (5, 4, "hold", "line 5, side:"),
                                       (2, 0, "yesterday", "line 2, time:"), (4, 8, "1", None)):
        rows = [row.split(",") for row in good]
        rows[line - 1][column] = value
        if words is None:  # a base fee above what was bought
            rows[line - 1][9], rows[line - 1][8], words = "BTC", "2", "line 4, fee: the fee is more than what was bought"
        out, err, code = run("pnl", "-", stdin="\n".join(",".join(row) for row in rows))
        equal((out, code), ("", 1))
        contains(err, "standard input: " + words)
    for arguments, words in (((), "name a file"), (("a", "b"), "one file too many"), (("-", "--mark", "BTC/USDT"), "give SYMBOL=PRICE"),
                             (("-", "--mark", "BTC/USDT=0"), "above zero"), (("-", "--fee-price", "BNB=x"), "above zero"),
                             (("-", "--mark"), "needs a value"), (("-", "--method", "hifo"), "fifo, lifo, average or grid"),
                             (("-", "--mark", "A/B=1", "--mark=A/B=2"), "gives A/B twice"), (("-", "--marks"), "no option")):
        out, err, code = run("pnl", *arguments, stdin="")
        equal((out, code), ("", 2), arguments)
        contains(err, words)
    out, err, code = run("pnl", "/nowhere/fills.csv")
    equal((out, code), ("", 1))
    contains(err, "/nowhere/fills.csv cannot be opened")
    out, err, code = run("pnl", "--help")
    equal((err, code), ("", 0))
    contains(out, "usage: gridscope pnl FILE")


@test
def pnl_reads_a_file_by_name():
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(six_fills())
        file.flush()
        out, err, code = run("pnl", file.name, "--json", "--mark", "BTC/USDT=100")
    equal((err, code, json.loads(out)["portfolio"]["total"]), ("", 0, "1.404"))


@test
def pnl_shows_progress_on_a_terminal_only():
    rows = [["2026-01-05T08:00:00Z", "BTC/USDT", i, "", "sell" if i % 2 else "buy", "100", "1", "", "", "", "", ""] for i in range(150000)]
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(text_of(rows))
        file.flush()
        out, err, code = run("pnl", file.name)
        equal((err, code), ("", 0))
        ours, theirs = pty.openpty()
        done = subprocess.run([GRIDSCOPE, "pnl", file.name], stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60)
        os.close(theirs)
        shown = os.read(ours, 65536).decode()
        os.close(ours)
    equal((done.stdout, done.returncode), (out, 0))
    contains(shown, "fills: 65536", "fills: 131072")
    assert shown.endswith("\r\x1b[K"), "the line is not cleared"


# ---- check ----


class Sim:
    """The embedded exchange and bot, ended with the block."""

    def __init__(self, *flags):
        self.flags = ("--history", "20", "--bot-key", "bot-key", "--key", "key", "--secret", "secret", *flags)

    def __enter__(self):
        self.process = subprocess.Popen([GRIDSCOPE, "sim", *self.flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        at = json.loads(self.process.stdout.readline())
        self.at = at
        self.folder = tempfile.TemporaryDirectory()
        self.env = {"GRIDSCOPE_BINANCE_REST_URL": at["rest_url"], "GRIDSCOPE_BINANCE_STREAM_URL": at["stream_url"],
                    "GRIDSCOPE_BINANCE_WS_API_URL": at["ws_api_url"], "DASHBOARD_API_BASE_URL": at["bot_url"],
                    "DASHBOARD_API_KEY": "bot-key", "EXCHANGE__API_KEY": "key", "EXCHANGE__API_SECRET": "secret",
                    "GRIDSCOPE_DB": f"{self.folder.name}/history/gridscope.db"}
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()

    def post(self, control, **body):
        request = urllib.request.Request(self.at["rest_url"] + control, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()


def check(env):
    """The findings as {step: (mark, words)}, the whole text, the exit code."""
    began = time.monotonic()
    out, err, code = run("check", env=env)
    assert time.monotonic() - began < 12, "check took too long"
    equal(err, "")
    lines = out.splitlines()
    return {line[7:22].strip(): (line[:6].strip(), line[23:]) for line in lines[:8]}, out, code


def only_wrong(env, *steps):
    """Checks that these steps are wrong and no others; gives the findings."""
    findings, out, code = check(env)
    equal({step for step, (mark, _) in findings.items() if mark == "WRONG"}, set(steps), out)
    equal(code, 1)
    assert "secret" not in out.replace("EXCHANGE__API_SECRET", "").replace("the secret (or", ""), out
    return {step: words for step, (_, words) in findings.items()}


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@test
def check_all_is_well():
    with Sim() as sim:
        findings, out, code = check(sim.env)
        equal(code, 0, out)
        equal(len(findings), 8)
        contains(out, "All is well.")
        contains(findings["configuration"][1], "bot and Binance, with an HMAC key")
        equal({step: mark for step, (mark, _) in findings.items() if mark != "ok"}, {"API key": "note"}, out)
        contains(findings["API key"][1], "accepted", "can trade: Gridscope only reads", "Enable Reading")
        contains(findings["history"][1], "will be made at the first start")
        assert not os.path.exists(sim.env["GRIDSCOPE_DB"]), "check made a history"
        contains(findings["clock"][1], "within ")


@test
def check_bot_down():
    with Sim() as sim:
        port = closed_port()
        words = only_wrong({**sim.env, "DASHBOARD_API_BASE_URL": f"http://127.0.0.1:{port}"}, "bot")
        contains(words["bot"], f"http://127.0.0.1:{port}: nothing answers there", "DASHBOARD_API_BASE_URL", "the bot runs")
        env = {**sim.env, "DASHBOARD_API_BASE_URL": f"http://127.0.0.1:{port}", "GRIDSCOPE_SOURCE": "exchange", "GRIDSCOPE_SYMBOLS": "BTC/USDT"}
        findings, out, code = check(env)  # who has no bot does not miss it
        equal((code, findings["bot"][0]), (0, "ok"), out)


@test
def check_bot_key_and_bot_stopped():
    with Sim() as sim:
        contains(only_wrong({**sim.env, "DASHBOARD_API_KEY": "other"}, "bot")["bot"], "refuses the key: set DASHBOARD_API_KEY")
        contains(only_wrong({k: v for k, v in sim.env.items() if k != "DASHBOARD_API_KEY"}, "bot")["bot"], "wants a key")
        sim.post("/sim/fault", bot_stopped=True)
        findings, out, code = check(sim.env)
        equal((code, findings["bot"][0]), (0, "note"), out)
        contains(findings["bot"][1], "the bot is not trading")


@test
def check_wrong_secret_wrong_key_and_no_key():
    with Sim() as sim:
        contains(only_wrong({**sim.env, "EXCHANGE__API_SECRET": "guess"}, "API key")["API key"], "the secret", "does not belong to this key", "(-1022)")
        contains(only_wrong({**sim.env, "EXCHANGE__API_KEY": "guess"}, "API key")["API key"], "EXCHANGE__TESTNET", "IP", "(-2015)")
        env = {k: v for k, v in sim.env.items() if not k.startswith("EXCHANGE")}
        findings, out, code = check(env)
        equal((code, findings["API key"][0]), (0, "note"), out)
        contains(findings["API key"][1], "none is set (EXCHANGE__API_KEY)")


@test
def check_clock_skewed():
    for skew, words in ((7300, "7.3 s behind"), (-4200, "4.2 s ahead of")):
        with Sim("--skew-ms", str(skew)) as sim:
            found = only_wrong(sim.env, "clock")
            whole, tenths = words.split(" ")[0].split(".")
            contains(found["clock"], words.split(" s ")[1], "timedatectl set-ntp true")
            said = float(found["clock"].split(" s ")[0].split()[-1])
            assert abs(said - float(f"{whole}.{tenths}")) <= 0.3, found["clock"]
            contains(found["API key"], "accepted")  # signed by the exchange's clock


@test
def check_unreachable_exchange():
    with Sim() as sim:
        port = closed_port()
        found = only_wrong({**sim.env, "GRIDSCOPE_BINANCE_REST_URL": f"http://127.0.0.1:{port}"}, "Binance REST")
        contains(found["Binance REST"], "nothing answers there", "GRIDSCOPE_BINANCE_REST_URL")
        contains(found["API key"], "not tried")
        found = only_wrong({**sim.env, "GRIDSCOPE_BINANCE_STREAM_URL": f"ws://127.0.0.1:{port}",
                            "GRIDSCOPE_BINANCE_WS_API_URL": sim.at["ws_api_url"] + "/no"}, "market streams", "WebSocket API")
        contains(found["market streams"], "nothing answers there", "GRIDSCOPE_BINANCE_STREAM_URL")
        contains(found["WebSocket API"], "refused", "GRIDSCOPE_BINANCE_WS_API_URL")
        sim.post("/sim/fault", place="rest", path="/api/v3/ping", status=451)
        contains(only_wrong(sim.env, "Binance REST")["Binance REST"], "does not serve this location")
        sim.post("/sim/fault", place="rest", path="/api/v3/ping", delay_ms=8000)
        contains(only_wrong(sim.env, "Binance REST")["Binance REST"], "no answer within 5 s")


@test
def check_history_that_cannot_be_used():
    with Sim() as sim, tempfile.NamedTemporaryFile() as file:
        file.write(b"this is no database, but long enough to be looked at" * 100)
        file.flush()
        words = only_wrong({**sim.env, "GRIDSCOPE_DB": file.name}, "history")["history"]
        contains(words, file.name)
        with open(file.name, "rb") as same:
            assert same.read(20) == b"this is no database,", "check changed the file"
        contains(only_wrong({**sim.env, "GRIDSCOPE_DB": f"{file.name}/below/gridscope.db"}, "history")["history"], "cannot be made")
        findings, out, code = check({**sim.env, "GRIDSCOPE_DB": ":memory:"})
        equal((code, findings["history"][0]), (0, "note"), out)


@test
def check_bad_configuration_is_exit_2():
    out, err, code = run("check", env={"DASHBOARD_POLL_INTERVAL_TIER1": "never"})
    equal((out, code), ("", 2))
    contains(err, "DASHBOARD_POLL_INTERVAL_TIER1", "never")
    out, err, code = run("check", "--all")
    equal((out, code), ("", 2))
    contains(err, "--all")


# ---- report ----


class Dashboard:
    """gridscope run against a simulator."""

    def __init__(self, env):
        self.folder = tempfile.TemporaryDirectory()
        self.env = {**env, "GRIDSCOPE_LISTEN": "127.0.0.1:0", "GRIDSCOPE_PORT_FILE": f"{self.folder.name}/port"}

    def __enter__(self):
        clean = {k: v for k, v in os.environ.items() if not k.upper().startswith(("GRIDSCOPE", "DASHBOARD", "EXCHANGE"))}
        self.process = subprocess.Popen([GRIDSCOPE, "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder.name,
                                        env={**clean, **self.env})
        until(lambda: os.path.exists(self.env["GRIDSCOPE_PORT_FILE"]), 10)
        with open(self.env["GRIDSCOPE_PORT_FILE"], encoding="ascii") as file:
            self.url = f"http://127.0.0.1:{file.read().strip()}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.folder.cleanup()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def fills(self):
        try:
            return list(csv.DictReader(io.StringIO(self.get("/api/v1/trades.csv"))))
        except (OSError, urllib.error.URLError):
            return []


def until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


def report(env, *arguments):
    out, err, code = run("report", *arguments, env=env)
    equal((err, code), ("", 0))
    return json.loads(out) if "--json" in arguments else out


@test
def report_tells_what_the_dashboard_kept():
    with Sim("--no-bnb", "--history", "60", "--symbols", "BTC/USDT,ETH/USDT,ETH/BTC") as sim:
        sim.post("/sim/pause")
        with urllib.request.urlopen(sim.at["rest_url"] + "/sim/truth", timeout=10) as answer:
            counts = pair_counts(json.load(answer))
        with Dashboard(sim.env) as dashboard:
            until(lambda: len(dashboard.fills()) == sum(fills for fills, _, _ in counts.values()), 20)
            rows = dashboard.fills()
            text = dashboard.get("/api/v1/trades.csv")
            out, err, code = run("report", env=sim.env)  # the running dashboard has it to itself
            equal((out, code), ("", 1))
            contains(err, "another process uses it", "/api/v1/performance")
            findings, out, code = check(sim.env)
            equal((code, findings["history"][0]), (0, "note"), out)
        env = sim.env
        pairs = report(env, "--json", "--by", "pair")
        equal({r["pair"]: (r["fills"], r["buys"], r["sells"]) for r in pairs["rows"]}, counts)
        figures = pnl(text, "--json")["symbols"]  # the same fills by way of a file
        for row in pairs["rows"]:
            for key in ("realized", "fees_quote", "cycles", "wins", "losses"):
                equal(row[key], figures[row["pair"]][key], f"{row['pair']} {key}")
        by_lifo, figures = report(env, "--json", "--by", "pair", "--method", "lifo"), pnl(text, "--json", "--method", "lifo")["symbols"]
        equal([(row["realized"], row["wins"]) for row in by_lifo["rows"]], [(figures[r["pair"]]["realized"], figures[r["pair"]]["wins"]) for r in by_lifo["rows"]])
        days, months = report(env, "--json", "--by", "day"), report(env, "--json", "--by", "month")
        equal(days["totals"], pairs["totals"])
        equal(months["totals"], pairs["totals"])
        for by, length in ((days, 10), (months, 7)):
            fills = collections.Counter((row["time"][:length], row["symbol"].split("/")[1]) for row in rows)
            equal({(r[by["by"]], r["currency"]): r["fills"] for r in by["rows"]}, dict(fills))
        table = list(csv.DictReader(io.StringIO(report(env, "--csv"))))
        equal([(r["pair"], r["realized"]) for r in table], [(r["pair"], r["realized"]) for r in pairs["rows"]])
        contains(report(env), "PAIR", "BTC/USDT", "all ")
        east = report({**env, "GRIDSCOPE_DAY_ZONE": "Asia/Tokyo"}, "--json", "--by", "day")
        equal((east["zone"], east["totals"]), ("Asia/Tokyo", pairs["totals"]))
        findings, out, code = check(env)
        equal((code, findings["history"][0]), (0, "ok"), out)
        contains(findings["history"][1], "is whole: ")


def pair_counts(truth):
    """Fills, buys and sells of each pair, from the simulator's own books."""
    return {symbol: (p["fills"], p["buys"], p["sells"]) for symbol, p in truth["symbols"].items() if p["fills"] > 0}


@test
def report_without_history_and_bad_usage():
    for command in ("report", "verify"):  # a file that is not there is not "whole", and is not made
        out, err, code = run(command, env={"GRIDSCOPE_DB": "/nowhere/gridscope.db"})
        equal((out, code), ("", 1))
        contains(err, f"gridscope {command}: there is no history at /nowhere/gridscope.db", "gridscope run")
    for arguments, words in ((("--by", "week"), "pair, day or month"), (("--all",), "no option"), (("--csv", "--json"), "not both")):
        out, err, code = run("report", *arguments)
        equal((out, code), ("", 2))
        contains(err, words)
    out, err, code = run("report", "--help")
    equal((err, code), ("", 0))
    contains(out, "usage: gridscope report")


def main():
    failed = 0
    chosen = [t for t in tests if not sys.argv[1:] or any(word in t.__name__ for word in sys.argv[1:])]
    print(f"1..{len(chosen)}")
    for number, function in enumerate(chosen, 1):
        try:
            function()
            print("ok", number, "-", function.__name__)
        except Exception as error:  # every failure is one test's
            failed += 1
            print("not ok", number, "-", function.__name__)
            for line in (f"{type(error).__name__}: {error}").splitlines():
                print("#  ", line)
        sys.stdout.flush()
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
