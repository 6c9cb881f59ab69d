#!/usr/bin/python3
"""Settings that are wrong, files that others can read, and secrets that must not be seen anywhere. Speaks TAP."""
import os
import subprocess
import sys
import time

from harness import BINARY, KEY, check, main, run_once, same, settings_for, test, wait_until

WRONG = [
    ("EXCHANGE__TESTNET", "maybe", "true or false"), ("DASHBOARD_API_BASE_URL", "ftp://x", "http"), ("DASHBOARD_API_TIMEOUT", "0", "1 to 60"),
    ("DASHBOARD_API_TIMEOUT", "sixty", "1 to 60"), ("GRIDSCOPE_LISTEN", "127.0.0.1", "port"), ("GRIDSCOPE_LISTEN", "127.0.0.1:70000", "port"),
    ("DASHBOARD_PORT", "-1", "0 to 65535"), ("DASHBOARD_POLL_INTERVAL_TIER1", "0.1", "0.5 to 60"), ("DASHBOARD_POLL_INTERVAL_TIER2", "500", "1 to 120"),
    ("DASHBOARD_AUTH_ENABLED", "perhaps", "true or false"), ("DASHBOARD_AUTH_SESSION_HOURS", "0", "1 to 8760"), ("GRIDSCOPE_SOURCE", "both", "bot or exchange"),
    ("GRIDSCOPE_SYMBOLS", "BTCUSDT", "BTC/USDT"), ("GRIDSCOPE_DISPLAY_CURRENCY", "U S D", "asset"), ("GRIDSCOPE_BINANCE_REST_URL", "http://example.org", "https"),
    ("GRIDSCOPE_BINANCE_STREAM_URL", "ws://example.org", "wss"), ("GRIDSCOPE_BINANCE_WS_API_URL", "http://x", "wss"), ("GRIDSCOPE_CA_FILE", "/nonexistent/ca", "cannot be read"),
    ("GRIDSCOPE_INVESTMENT", "-5", "above zero"), ("GRIDSCOPE_SINCE", "yesterday", "time"), ("GRIDSCOPE_DAY_ZONE", "Mars/Olympus", "zone"),
    ("GRIDSCOPE_USER_STREAM", "carrier_pigeon", "ws_api or listen_key"), ("GRIDSCOPE_LOG", "loud", "debug"), ("GRIDSCOPE_LOG_FORMAT", "xml", "json"),
    ("GRIDSCOPE_BREAKER_FAIL_MAX", "0", "1 to 100"), ("GRIDSCOPE_BREAKER_RESET_SECONDS", "x", "1 to 3600"), ("GRIDSCOPE_MARKET_ASK_SECONDS", "0", "1 to 300"),
    ("GRIDSCOPE_USER_DEAD_SECONDS", "1e9", "1 to 3600"),
]


@test
def a_malformed_setting_is_named_with_its_value_and_what_is_allowed(place):
    for name, value, allowed in WRONG:
        code, out, err = run_once(place, ["run"], {name: value})
        same(code, 2, f"exit code for {name}={value} ({err})")
        check(name in err and value in err and allowed in err, f"{name}={value} was answered with:", err)
        check("Gridscope: http" not in out, "it served all the same")


@test
def a_malformed_secret_is_named_but_not_shown(place):
    for name, value in (("EXCHANGE__API_KEY", "se cret!key"), ("EXCHANGE__API_SECRET", "a b c d secret"), ("DASHBOARD_API_KEY", "blank key"),
                        ("DASHBOARD_AUTH_PASSWORD", "p" * 2000)):
        code, out, err = run_once(place, ["run"], {name: value, "EXCHANGE__API_KEY": KEY} | {name: value})
        same(code, 2, f"exit code for {name} ({err})")
        check(name in err and value not in out + err, f"{name} was answered with:", err)


@test
def an_unknown_setting_of_ours_is_an_error_and_of_the_bot_a_warning(place):
    code, _, err = run_once(place, ["run"], {"GRIDSCOPE_LISTN": "127.0.0.1:0"})
    check(code == 2 and "GRIDSCOPE_LISTN" in err and "GRIDSCOPE_LISTEN" in err, code, err)
    dash = place.dash(None, DASHBOARD_POLL_INTERVALL_TIER1="2", DASHBOARD_API_BASE_URL="http://127.0.0.1:1", GRIDSCOPE_BINANCE_REST_URL="http://127.0.0.1:1",
                      GRIDSCOPE_BINANCE_STREAM_URL="ws://127.0.0.1:1", GRIDSCOPE_BINANCE_WS_API_URL="ws://127.0.0.1:1/ws-api/v3")
    check("DASHBOARD_POLL_INTERVALL_TIER1" in dash.log() and "DASHBOARD_POLL_INTERVAL_TIER1" in dash.log(), dash.log())


@test
def combinations_that_cannot_be_are_refused(place):
    for settings, named in (({"GRIDSCOPE_SOURCE": "exchange"}, "GRIDSCOPE_SYMBOLS"), ({"DASHBOARD_AUTH_ENABLED": "true"}, "DASHBOARD_AUTH_PASSWORD"),
                            ({"GRIDSCOPE_LISTEN": "0.0.0.0:0"}, "GRIDSCOPE_LISTEN"),
                            ({"GRIDSCOPE_MARKET_ASK_SECONDS": "30", "GRIDSCOPE_MARKET_DEAD_SECONDS": "10"}, "GRIDSCOPE_MARKET_DEAD_SECONDS")):
        code, _, err = run_once(place, ["run"], {"GRIDSCOPE_DB": ":memory:"} | settings)
        check(code == 2 and named in err, settings, "was answered with", code, err)
    for arguments in (["run", "--fast"], ["nonsense"], ["sim", "--nonsense"], ["verify", "x"]):
        code, _, err = run_once(place, arguments)
        check(code == 2 and err.strip(), arguments, "was answered with", code, err)


@test
def help_lists_every_setting(place):
    code, out, _ = run_once(place, ["--help"])
    same(code, 0, "exit code")
    for name in {w[0] for w in WRONG} | {"EXCHANGE__API_KEY", "EXCHANGE__API_SECRET", "GRIDSCOPE_API_KEY_FILE", "GRIDSCOPE_DB", "GRIDSCOPE_PORT_FILE"}:
        check(name in out, name, "is not in --help")


@test
def a_port_in_use_is_a_runtime_failure(place):
    dash = place.dash(None, DASHBOARD_API_BASE_URL="http://127.0.0.1:1", GRIDSCOPE_BINANCE_REST_URL="http://127.0.0.1:1",
                      GRIDSCOPE_BINANCE_STREAM_URL="ws://127.0.0.1:1", GRIDSCOPE_BINANCE_WS_API_URL="ws://127.0.0.1:1/ws-api/v3")
    code, _, err = run_once(place, ["run"], dict(dash.settings, GRIDSCOPE_LISTEN=f"127.0.0.1:{dash.port}", GRIDSCOPE_PORT_FILE=place.path("other")))
    check(code == 1 and str(dash.port) in err, code, err)


def on_low_means(place, command, setting, stdout=subprocess.PIPE, seconds=1):
    """Runs a command under a shell's limit; (exit code, None where it still ran after so long; what it said)."""
    env = {"PATH": os.environ["PATH"], "GRIDSCOPE_LISTEN": "127.0.0.1:0", "GRIDSCOPE_DB": ":memory:", "GRIDSCOPE_PORT_FILE": place.path("port")}
    process = subprocess.Popen(["sh", "-c", f"{setting}; exec \"$0\" {command}", BINARY], env=env, cwd=place.folder, text=True,
                               stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE)
    try:
        _, err = process.communicate(timeout=seconds)
        return process.returncode, err
    except subprocess.TimeoutExpired:
        process.kill()
        return None, process.communicate()[1]


@test
def without_descriptors_it_says_so_and_ends(place):
    ended = 0
    for most in (*range(5, 20), 24, 32):
        code, err = on_low_means(place, "demo", f"ulimit -n {most}")
        ended += code == 1
        check(code is None or code == 1 and err.strip(), f"with {most} descriptors: exit {code}, said {err!r}")
        check(not os.path.exists(place.path("port")) or code is None, "a port file of a program that never listened")
        if code is None:
            break
    check(ended >= 5, "only", ended, "starts were refused")


@test
def the_port_file_goes_with_a_clean_end(place):
    dash = place.dash(None, GRIDSCOPE_SOURCE="exchange", GRIDSCOPE_SYMBOLS="BTC/USDT")
    check(os.path.exists(dash.port_file), "no port file")
    same(dash.stop()[0], 0, "the exit code")
    check(not os.path.exists(dash.port_file), "the port file stays")
    dash.start()
    os.rename(place.file("successor", "12345\n"), dash.port_file)  # a second program was given the same name
    same(dash.stop()[0], 0, "the exit code")
    with open(dash.port_file) as f:
        same(f.read(), "12345\n", "the port file of the successor")


@test
def files_that_cannot_be_used_are_named_with_the_reason(place):
    os.mkdir(place.path("folder"))
    base = {"GRIDSCOPE_DB": ":memory:", "GRIDSCOPE_LISTEN": "127.0.0.1:0"}
    for port_file, reason in ((place.path("none/port"), "No such file"), ("/proc/port", "No such file"), ("x" * 300, "too long")):
        code, _, err = run_once(place, ["run"], {**base, "GRIDSCOPE_PORT_FILE": port_file})
        check(code == 1 and port_file in err and reason in err, code, err)
    code, _, err = run_once(place, ["run"], {**base, "GRIDSCOPE_PORT_FILE": place.path("folder")})
    check(code == 1 and "folder" in err and os.listdir(place.folder) == ["folder"], code, err, os.listdir(place.folder))
    for key in (place.path("folder"), "/dev/null", "/dev/zero", place.path("none")):
        code, _, err = run_once(place, ["run"], {**base, "EXCHANGE__API_KEY": KEY, "GRIDSCOPE_API_KEY_FILE": key})
        check(code == 2 and "GRIDSCOPE_API_KEY_FILE" in err and key in err, code, err)
    fills = place.file("fills.csv", "time,symbol,trade_id,order_id,side,price,quantity,quote_amount,fee,fee_asset,maker,source\n"
                       "2026-01-01T00:00:00Z,BTC/USDT,1,1,buy,100,1,100,0.1,USDT,false,rest\n")
    same(run_once(place, ["pnl", fills])[0], 0, "a sound file")
    with open("/dev/full", "w") as full:  # no room for the answer
        for options in ("", "--json"):
            code, err = on_low_means(place, f"pnl {fills} {options}", "true", full, 10)
            check(code == 1 and "could not be written" in err, code, err)
    for path in (place.path("folder"), place.path("none.csv")):
        code, out, err = run_once(place, ["pnl", path])
        check(code == 1 and path in err and not out, code, out, err)
    os.mkdir(place.path(".env"))
    code, _, err = run_once(place, ["run"], base)
    check(code == 2 and ".env" in err, code, err)


@test
def key_files_and_dotenv_that_others_can_read(place):
    key = place.path("key.pem")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    os.chmod(key, 0o644)
    base = {"EXCHANGE__API_KEY": KEY, "GRIDSCOPE_API_KEY_FILE": key, "GRIDSCOPE_DB": ":memory:"}
    code, _, err = run_once(place, ["run"], base)
    check(code == 2 and "GRIDSCOPE_API_KEY_FILE" in err and "chmod" in err, code, err)
    with open(key, "w") as f:
        f.write("no key\n")
    os.chmod(key, 0o600)
    code, _, err = run_once(place, ["run"], base)
    check(code == 2 and "GRIDSCOPE_API_KEY_FILE" in err, code, err)
    sim = place.sim("--history", 40)
    secrets = "\n".join(f"{k}={v}" for k, v in settings_for(sim).items() if k.startswith("EXCHANGE__"))
    place.file(".env", f"# the bot's own file\nLOG_LEVEL=info\nexport DATABASE__URL='x'\n{secrets}\n", 0o644)
    dash = place.dash(sim, EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None)
    dash.live()
    check("chmod" in dash.log() and ".env" in dash.log(), "no warning about .env:", dash.log()[:400])


@test
def secrets_are_nowhere_to_be_seen(place):
    sim = place.sim("--history", 40, key="VisibleKeyId77", secret="TopSecret55Aa", bot_key="BotSecret66Bb")
    password = "PageSecret88Cc"
    dash = place.dash(sim, EXCHANGE__API_KEY="VisibleKeyId77", EXCHANGE__API_SECRET="TopSecret55Aa", DASHBOARD_API_KEY="BotSecret66Bb",
                      DASHBOARD_AUTH_ENABLED="true", DASHBOARD_AUTH_PASSWORD=password, GRIDSCOPE_LOG="debug")
    status, headers, _ = dash.ask("/api/v1/login", "POST", {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{dash.port}"},
                                  '{"password":"%s"}' % password)
    same(status, 200, "login")
    dash.cookie = headers["set-cookie"].split(";")[0]
    dash.live()
    # the loudest times: refusals, errors, charts, reconnects
    sim.control("fault", place="rest", path="/api/v3", status=500, count=3)
    sim.control("fault", place="rest", path="/ws-api", status=403, ms=1500)
    sim.control("fault", place="bot", status=401, ms=1500)
    sim.control("drop", what="all")
    feed = place.feed(dash)
    seen = b""
    for path in ("/", "/metrics", "/api/v1/config", "/api/v1/snapshot", "/api/v1/trades", "/api/v1/openapi.json", "/api/v1/session",
                 "/api/v1/candles?symbol=BTC/USDT&interval=1m", "/api/v1/performance", "/api/v1/orders", "/healthz", "/readyz", "/none"):
        seen += dash.ask(path)[2]
    time.sleep(2.5)
    sim.control("fault", place="rest", path="/api/v3", body="garbage", count=3)
    dash.ask("/api/v1/candles?symbol=BTC/USDT&interval=1h")
    dash.wait(lambda s: s["mode"] == "streaming", 20, "well again")
    seen += str(feed.messages).encode() + dash.log().encode()
    with open(f"/proc/{dash.process.pid}/cmdline", "rb") as f:
        seen += f.read()
    same(dash.stop()[0], 0, "exit code")
    seen += dash.log().encode()
    for secret in ("TopSecret55Aa", "BotSecret66Bb", password, "VisibleKeyId77", "signature="):
        check(secret.encode() not in seen, secret, "is to be seen:", seen[max(0, seen.find(secret.encode()) - 80):][:160])
    check(b'"DASHBOARD_API_KEY":"set"' in seen, "the configuration view says nothing about the key")


@test
def no_core_file_and_no_tracing(place):
    sim = place.sim("--history", 40)
    dash = place.dash(sim)
    with open(f"/proc/{dash.process.pid}/limits") as f:
        core = next(l for l in f if l.startswith("Max core file size"))
    same(core.split()[4:6], ["0", "0"], "core file limits")


if __name__ == "__main__":
    sys.exit(main())
