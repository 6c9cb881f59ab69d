#!/usr/bin/python3
"""The bot and Binance's REST when they fail, refuse or ask for silence: breakers, words, and how often anybody is asked.
Speaks TAP."""
import sys
import time

from harness import check, check_figures, counts_agree, main, same, settled, test, wait_until

HISTORY = ("--history", 40)


def bot_state(s):
    return s["bot"]["breaker"]["state"]


@test
def a_stopped_bot_opens_the_breaker_and_is_left_alone(place):
    sim = place.sim(*HISTORY)
    between = place.between(sim.bot_port)
    dash = place.dash(sim, DASHBOARD_API_BASE_URL=f"http://127.0.0.1:{between.port}", DASHBOARD_POLL_INTERVAL_TIER1="0.5",
                      GRIDSCOPE_BREAKER_RESET_SECONDS=4)
    dash.live()
    sim.pause()
    before = settled(sim, dash)
    feed = place.feed(dash)
    cut_at = between.count
    between.cut(True)
    s = dash.wait(lambda s: bot_state(s) == "open", 10, "the breaker opens")
    at_open = between.count
    check(5 <= at_open - cut_at <= 6, at_open - cut_at, "calls until it opened")
    same((s["status"], s["status_reason"], s["mode"]), ("connected", "circuit_breaker", "streaming"), "words")
    same((s["bot"]["health"], s["bot"]["breaker"]["consecutive_failures"], s["bot"]["breaker"]["fail_max"]), ("unknown", 5, 5), "the bot")
    check(s["bot"]["breaker"]["next_trial_at"] and s["bot"]["breaker"]["last_error"], s["bot"]["breaker"])
    time.sleep(3)
    same(between.count - at_open, 0, "calls while it was open")
    # a trial that fails opens it again
    wait_until(lambda: between.count == at_open + 1, 3, "the trial")
    dash.wait(lambda s: bot_state(s) == "open" and s["bot"]["breaker"]["consecutive_failures"] == 6, 2, "open again after the trial")
    time.sleep(2)
    same(between.count - at_open, 1, "calls with the failed trial")
    sim.control("fault", place="bot", delay_ms=400, count=1)
    between.cut(False)
    s = dash.wait(lambda s: bot_state(s) == "closed", 6, "the trial closes it")
    same((s["bot"]["health"], s["status"], s["status_reason"]), ("healthy", "connected", None), "words afterwards")
    same([p["total"] for p in s["pairs"]], [p["total"] for p in before["pairs"]], "figures")
    seen = [m["bot"]["breaker"]["state"] for _, m in feed.messages if "state" in m.get("bot", {}).get("breaker", {})]
    check("half_open" in seen and "open" in seen and seen[-1] == "closed", "the page saw", seen)


@test
def nothing_answers_at_all(place):
    sim = place.sim(*HISTORY)
    sim.via = sim.bot_port
    between = place.between(sim.bot_port)
    exchange = place.between(sim.port)
    url = f"127.0.0.1:{exchange.port}"
    between.cut(True)
    exchange.cut(True)
    dash = place.dash(sim, DASHBOARD_API_BASE_URL=f"http://127.0.0.1:{between.port}", GRIDSCOPE_BINANCE_REST_URL=f"http://{url}",
                      GRIDSCOPE_BINANCE_STREAM_URL=f"ws://{url}", GRIDSCOPE_BINANCE_WS_API_URL=f"ws://{url}/ws-api/v3",
                      GRIDSCOPE_BREAKER_RESET_SECONDS=2)
    s = dash.wait(lambda s: s["mode"] == "offline" and s["status"] == "offline", 8, "offline")
    check(s["status_reason"] in ("no_response", "circuit_breaker"), s["status_reason"])
    s = dash.wait(lambda s: s["status_reason"] == "circuit_breaker", 20, "the breaker's words")
    count = exchange.count
    time.sleep(2)
    check(exchange.count - count <= 8, exchange.count - count, "connections in 2 s to an exchange that is down")
    between.cut(False)
    exchange.cut(False)
    dash.live(60)
    sim.pause()
    check_figures(sim, dash)


@test
def a_bot_that_does_not_trade_is_degraded(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    dash.live()
    sim.control("fault", bot_stopped=True)
    s = dash.wait(lambda s: s["bot"]["health"] == "degraded", 5, "degraded")
    check(s["bot"]["message"] and s["status"] == "connected", s["bot"], s["status"])
    sim.control("fault", bot_stopped=False)
    dash.wait(lambda s: s["bot"]["health"] == "healthy", 5, "healthy")


def bot_asked(sim):
    return {k: v for k, v in sim.paths().items() if not k.startswith(("/api/v3", "/stream", "/ws", "/sim"))}


@test
def a_bot_that_refuses_the_key_is_asked_once_in_10_seconds(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_API_KEY="not-the-key", GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT,SOL/USDT", DASHBOARD_POLL_INTERVAL_TIER1="0.5",
                      DASHBOARD_POLL_INTERVAL_TIER2="1", EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None)
    s = dash.wait(lambda s: s["status_reason"] == "unauthorized", 5, "unauthorized")
    same(s["bot"]["breaker"]["state"], "closed", "the breaker")
    same(s["bot"]["breaker"]["consecutive_failures"], 0, "failures")
    time.sleep(1)
    first = sum(v for k, v in bot_asked(sim).items() if k.startswith("/api/"))
    check(first <= 6, first, "calls before the refusal was known")
    time.sleep(12)
    later = sum(v for k, v in bot_asked(sim).items() if k.startswith("/api/"))
    check(1 <= later - first <= 2, later - first, "calls in 12 s of a bot that refuses the key:", bot_asked(sim))


@test
def a_bot_that_refuses_everything_is_asked_once_in_10_seconds(place):
    sim = place.sim(*HISTORY)
    between = place.between(sim.bot_port)
    dash = place.dash(sim, DASHBOARD_API_BASE_URL=f"http://127.0.0.1:{between.port}", DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    dash.live()
    sim.control("fault", place="bot", status=401, ms=14000)
    dash.wait(lambda s: s["status_reason"] == "unauthorized", 4, "unauthorized")
    before = sum(bot_asked(sim).values())
    time.sleep(9)
    asked = sum(bot_asked(sim).values()) - before
    check(asked <= 1, asked, "calls in 9 s after a 401:", bot_asked(sim))
    s = dash.wait(lambda s: s["status_reason"] is None and s["bot"]["health"] == "healthy", 15, "the key is taken again")
    same(s["bot"]["breaker"]["state"], "closed", "the breaker")


@test
def a_bot_that_asks_for_silence_gets_it(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    dash.live()
    sim.control("fault", place="bot", status=429, retry_after=5, count=1)
    time.sleep(2.2)  # health has 30 a minute, evenly: its next question comes within 2 s
    before = sum(bot_asked(sim).values())
    time.sleep(2.5)
    same(sum(bot_asked(sim).values()) - before, 0, "calls while silence was asked for")
    s = dash.snapshot()
    same((s["mode"], s["status"], s["status_reason"]), ("streaming", "connected", "rate_limited"), "the words")
    check("slow down" in s["bot"]["message"], s["bot"])
    same(s["bot"]["breaker"]["consecutive_failures"], 0, "failures")
    wait_until(lambda: sum(bot_asked(sim).values()) > before, 5, "asked again afterwards")


@test
def an_endpoint_that_is_not_there_is_named_and_left_alone(place):
    sim = place.sim(*HISTORY)
    sim.control("fault", place="bot", path="/api/orders", status=404, ms=60000)
    dash = place.dash(sim, EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None, DASHBOARD_POLL_INTERVAL_TIER1="0.5",
                      DASHBOARD_POLL_INTERVAL_TIER2="1", GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT")
    s = dash.wait(lambda s: "orders" in s["bot"]["unavailable"], 10, "named")
    time.sleep(1)
    before = sim.paths().get("/api/orders", 0)
    check(before <= 3, before, "calls before it was known")
    time.sleep(4)
    same(sim.paths().get("/api/orders", 0) - before, 0, "calls to what is not there")
    s = dash.snapshot()
    same((s["bot"]["breaker"]["state"], s["bot"]["health"], s["status"]), ("closed", "healthy", "connected"), "the rest")


@test
def a_bot_without_metrics_is_asked_for_its_health(place):
    sim = place.sim(*HISTORY)
    sim.control("fault", place="bot", path="/metrics", status=404, ms=60000)
    dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5")
    s = dash.wait(lambda s: s["bot"]["health"] == "healthy" and "metrics" in s["bot"]["unavailable"], 5, "healthy by /health")
    before = sim.paths()
    time.sleep(6.5)
    now = sim.paths()
    same(now["/metrics"] - before["/metrics"], 0, "calls to /metrics")
    check(2 <= now["/health"] - before["/health"] <= 5, "calls to /health", now["/health"] - before["/health"])
    check(s["bot"]["message"], "that it is not known whether it trades is not said")


def without_streams(sim, ms):
    for path in ("/stream", "/ws-api"):
        sim.control("fault", place="rest", path=path, status=503, ms=ms)
    sim.control("drop", what="all")


@test
def a_burst_of_5xx_opens_the_exchange_breaker(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, GRIDSCOPE_BREAKER_RESET_SECONDS=3, DASHBOARD_POLL_INTERVAL_TIER1="0.5", DASHBOARD_POLL_INTERVAL_TIER2="1",
                      GRIDSCOPE_SYMBOLS="BTC/USDT,ETH/USDT")
    dash.live()
    sim.pause()
    settled(sim, dash)
    before = sim.requests()
    sim.control("fault", place="rest", path="/api/v3", status=502, ms=9000)
    without_streams(sim, 9000)
    s = dash.wait(lambda s: s["exchange"]["breaker"]["state"] == "open", 8, "the breaker opens")
    opened = sim.requests()
    check(5 <= opened - before <= 10, opened - before, "requests until it opened")
    time.sleep(2.2)
    check(sim.requests() - opened <= 1, sim.requests() - opened, "requests while it was open")
    s = dash.wait(lambda s: "bot" in (s["streams"]["market"]["fallback"] or "") and s["status"] == "connected", 6, "the bot stands in")
    check({p["price_source"] for p in s["pairs"]} <= {"candle", "poll", "stream"}, s["pairs"][0]["price_source"])
    check(sim.trade("BTC/USDT", "buy", "0.00050")["fills"] == 1, "no fill")
    dash.wait(lambda s: counts_agree(sim, s), 8, "a fill by the bot's API")
    dash.live(30)
    s = check_figures(sim, dash)
    place.feed(dash)  # a page that shows the open breaker asks for its trial
    dash.wait(lambda s: s["exchange"]["breaker"]["state"] == "closed", 8, "the breaker closes")


def silence_after(status):
    def run(place):
        sim = place.sim(*HISTORY)
        dash = place.dash(sim, DASHBOARD_POLL_INTERVAL_TIER1="0.5")
        dash.live()
        sim.pause()
        settled(sim, dash)
        # without its WebSocket API a chart's question goes over REST, which now asks for silence
        sim.control("fault", place="rest", path="/api/v3", status=status, retry_after=5, count=1)
        sim.control("fault", place="rest", path="/ws-api", status=503, ms=1500)
        sim.control("drop", what="user")
        dash.wait(lambda s: s["streams"]["user"]["state"] != "live", 3, "the loss is seen")
        status_of_chart, _, _ = dash.ask("/api/v1/candles?symbol=BTC/USDT&interval=1h")
        check(status_of_chart >= 500, "the chart was answered with", status_of_chart)
        s = dash.wait(lambda s: s["exchange"]["banned_until"], 8, "the ban is shown")
        asked = sim.requests(), sim.paths().get("/ws-api/v3", 0)
        time.sleep(3)
        same((sim.requests(), sim.paths().get("/ws-api/v3", 0)), asked, "REST requests and new WebSocket API connections in the silence")
        s = dash.snapshot()
        same(s["streams"]["market"]["state"], "live", "market stream")
        same(s["exchange"]["breaker"]["consecutive_failures"], 0, "failures")
        check(sim.trade("BTC/USDT", "buy", "0.00050")["fills"] == 1, "no fill")
        s = dash.live(25)
        check(s["exchange"]["banned_until"] is None, "still banned", s["exchange"])
        check_figures(sim, dash)
    run.__name__ = f"silence_after_a_{status}_until_the_time_given"
    return run


test(silence_after(429))
test(silence_after(418))


@test
def a_weight_that_is_used_up_is_a_429_and_heals(place):
    sim = place.sim(*HISTORY)
    sim.control("weight", exhaust=True)
    dash = place.dash(sim)
    dash.wait(lambda s: s["exchange"]["banned_until"] and counts_agree(sim, s) and s["streams"]["market"]["state"] == "live", 10,
              "limited, market stream live, figures by the bot")
    asked = sim.requests()
    time.sleep(2)
    same(sim.requests() - asked, 0, "requests while limited")


@test
def a_key_that_is_refused_is_shown_and_not_hammered(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, EXCHANGE__API_KEY="SomeOtherKeyId")
    s = dash.wait(lambda s: s["status_reason"] == "unauthorized" and counts_agree(sim, s) and s["streams"]["market"]["state"] == "live", 10, "unauthorized, figures by the bot")
    check(s["streams"]["user"]["state"] != "live", s["streams"])
    check(s["streams"]["user"]["reason"], "no reason is given")
    same(s["mode"], "partial", "mode")
    time.sleep(1)
    before = sim.stats()
    time.sleep(5)
    after = sim.stats()
    check(after["weight_total"] - before["weight_total"] <= 8, "weight spent in 5 s with a refused key:", after["weight_total"] - before["weight_total"])
    same(after["paths"].get("/api/v3/myTrades", {"requests": 0})["requests"], before["paths"].get("/api/v3/myTrades", {"requests": 0})["requests"], "signed questions")
    check(after["paths"]["/ws-api/v3"]["requests"] - before["paths"]["/ws-api/v3"]["requests"] <= 1, "connections", after["paths"]["/ws-api/v3"])


@test
def a_wrong_secret_is_an_error_that_is_shown(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim, EXCHANGE__API_SECRET="wrongSecret")
    s = dash.wait(lambda s: s["streams"]["user"]["reason"] and counts_agree(sim, s) and s["status_reason"] == "unauthorized", 10,
                  "a reason, figures by the bot")
    check(s["streams"]["user"]["state"] != "live", s["streams"]["user"])
    time.sleep(1)
    before = sim.stats()["weight_total"]
    time.sleep(5)
    check(sim.stats()["weight_total"] - before <= 60, "weight spent in 5 s:", sim.stats()["weight_total"] - before)


@test
def a_listen_key_that_is_refused_is_not_hammered(place):
    sim = place.sim("--listen-keys", *HISTORY)
    dash = place.dash(sim, EXCHANGE__API_KEY="SomeOtherKeyId", GRIDSCOPE_USER_STREAM="listen_key")
    s = dash.wait(lambda s: s["status_reason"] == "unauthorized" and s["streams"]["user"]["reason"] and counts_agree(sim, s), 10, "unauthorized")
    check(s["streams"]["user"]["state"] != "live", s["streams"])
    time.sleep(1)
    before = sim.paths()
    time.sleep(4)
    after = sim.paths()
    same(sum(after.get(k, 0) - before.get(k, 0) for k in ("/api/v3/userDataStream", "/api/v3/account", "/api/v3/myTrades")) <= 1, True, "at most one signed question")


@test
def a_clock_that_is_off_is_corrected(place):
    sim = place.sim("--skew-ms", 90000, *HISTORY)
    dash = place.dash(sim)
    dash.live()
    s = dash.wait(lambda s: s["exchange"]["clock_offset_ms"] is not None, 5, "the clock is known")
    check(abs(s["exchange"]["clock_offset_ms"] - 90000) < 500, s["exchange"]["clock_offset_ms"])
    sim.pause()
    check(sim.trade("BTC/USDT", "buy", "0.00050")["fills"] == 1, "no fill")
    dash.wait(lambda s: counts_agree(sim, s), 3, "a fill by the stream")


if __name__ == "__main__":
    sys.exit(main())
