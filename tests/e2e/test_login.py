#!/usr/bin/python3
"""Login, origin and the headers of safety, as a browser and as somebody else's page would meet them. Speaks TAP."""
import json
import re
import sys
import time

from harness import Feed, check, http_ask, main, same, test, wait_until

PASSWORD = "correct horse 7"
NOWHERE = {"DASHBOARD_API_BASE_URL": "http://127.0.0.1:1", "GRIDSCOPE_BINANCE_REST_URL": "http://127.0.0.1:1",
           "GRIDSCOPE_BINANCE_STREAM_URL": "ws://127.0.0.1:1", "GRIDSCOPE_BINANCE_WS_API_URL": "ws://127.0.0.1:1/ws-api/v3"}
PRIVATE = ("/api/v1/snapshot", "/api/v1/trades", "/api/v1/trades.csv", "/api/v1/orders", "/api/v1/candles?symbol=BTC/USDT&interval=1m",
           "/api/v1/equity", "/api/v1/performance", "/api/v1/proof", "/api/v1/provenance", "/api/v1/config", "/api/v1/openapi.json", "/metrics", "/ws")


def guarded(place, **more):
    return place.dash(None, DASHBOARD_AUTH_ENABLED="true", DASHBOARD_AUTH_PASSWORD=PASSWORD, **NOWHERE, **more)


def own(dash, **more):
    return {"Origin": f"http://127.0.0.1:{dash.port}", "Content-Type": "application/json"} | more


def try_login(dash, password, **headers):
    return http_ask("127.0.0.1", dash.port, "/api/v1/login", "POST", own(dash, **headers), json.dumps({"password": password}))


def upgrade(dash, headers):
    """Status of an upgrade of /ws."""
    base = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    return http_ask("127.0.0.1", dash.port, "/ws", headers=base | headers, timeout=3)[0]


@test
def without_a_session_nothing_is_told(place):
    dash = guarded(place)
    for path in PRIVATE:
        status, _, body = dash.ask(path, headers=own(dash))
        same(status, 401, path)
        check(b"pnl" not in body and b"settings" not in body, path, "told", body[:100])
    same(upgrade(dash, own(dash)), 401, "upgrade of /ws")
    same(upgrade(dash, own(dash, Cookie="gridscope_session=" + "A" * 43)), 401, "upgrade with an invented session")
    for path in ("/healthz", "/api/v1/session"):
        same(dash.ask(path)[0], 200, path)
    same(json.loads(dash.ask("/api/v1/session")[2]), {"required": True, "authenticated": False}, "session")


@test
def the_right_password_opens_and_a_logout_closes(place):
    dash = guarded(place)
    same(try_login(dash, "wrong")[0], 401, "a wrong password")
    status, headers, _ = try_login(dash, PASSWORD)
    same(status, 200, "the right password")
    cookie = headers["set-cookie"]
    check(all(w in cookie for w in ("HttpOnly", "SameSite=Strict", "Path=/")), cookie)
    value = cookie.split(";")[0].split("=", 1)[1]
    check(len(value) >= 22, "a session id of", len(value), "characters")
    check(try_login(dash, PASSWORD)[1]["set-cookie"].split(";")[0] != cookie.split(";")[0], "two logins share an id")
    dash.cookie = cookie.split(";")[0]
    for path in PRIVATE[:-1]:
        status = dash.ask(path)[0]
        check(status not in (401, 403), path, "answered", status, "with a session")
    feed = place.feed(dash)
    same(dash.ask("/api/v1/logout", "POST", own(dash))[0], 200, "logout")
    same(dash.ask("/api/v1/snapshot")[0], 401, "snapshot after the logout")
    wait_until(lambda: feed.closed is not None, 3, "the feed of an ended session is closed")


@test
def five_failures_lock_the_door(place):
    dash = guarded(place)
    for n in range(5):
        same(try_login(dash, f"wrong {n}")[0], 401, f"try {n}")
    status, headers, _ = try_login(dash, PASSWORD)
    same(status, 429, "the right password while locked")
    check(0 < int(headers["retry-after"]) <= 15 * 60, headers)
    same(dash.ask("/api/v1/snapshot")[0], 401, "snapshot")
    check(PASSWORD not in dash.log() and "wrong 3" not in dash.log(), "a password is in the log")


@test
def a_request_body_that_is_no_login_is_refused(place):
    dash = guarded(place)
    for body, kind, status in (("{}", "application/json", 400), ("nonsense", "application/json", 400), ('{"password":5}', "application/json", 400),
                               ('{"password":"%s"}' % ("x" * 3000), "application/json", 400), (f"password={PASSWORD}", "application/x-www-form-urlencoded", 415),
                               (json.dumps({"password": PASSWORD}), "text/plain", 415)):
        got = http_ask("127.0.0.1", dash.port, "/api/v1/login", "POST", own(dash) | {"Content-Type": kind}, body)
        same(got[0], status, f"login with {body[:40]!r}")
        check("set-cookie" not in got[1], "a cookie for", body[:40])


@test
def other_names_and_other_pages_are_refused(place):
    dash = guarded(place)
    port = dash.port
    for host in ("example.org", f"example.org:{port}", "127.0.0.1:1", f"127.0.0.1.nip.io:{port}", f"localhost.example.org:{port}"):
        same(http_ask("127.0.0.1", port, "/api/v1/session", headers={"Host": host})[0], 421, f"Host {host}")
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        same(http_ask("127.0.0.1", port, "/api/v1/session", headers={"Host": host})[0], 200, f"Host {host}")
    body = json.dumps({"password": PASSWORD})
    for origin in ("http://example.org", "null", f"http://127.0.0.1:{port}.example.org", f"https://127.0.0.1:{port}", "http://127.0.0.1:1"):
        got = http_ask("127.0.0.1", port, "/api/v1/login", "POST", {"Origin": origin, "Content-Type": "application/json"}, body)
        same(got[0], 403, f"login from {origin}")
    open_dash = place.dash(None, **NOWHERE)
    for origin in ("http://example.org", "null", f"http://localhost.example.org:{open_dash.port}"):
        same(upgrade(open_dash, {"Origin": origin}), 403, f"/ws from {origin}")
    place.feed(open_dash)


@test
def a_proxy_is_let_in_under_the_names_it_was_given(place):
    dash = guarded(place, GRIDSCOPE_PUBLIC_HOSTS="dash.example.org, https://grid.example.org:8443")
    body = json.dumps({"password": PASSWORD})
    for host, origin, status in (("dash.example.org", "https://dash.example.org", 200), ("DASH.example.org", "http://dash.example.org", 200),
                                 ("grid.example.org:8443", "https://grid.example.org:8443", 200),
                                 ("grid.example.org:8443", "http://grid.example.org:8443", 403), ("grid.example.org", None, 421),
                                 ("dash.example.org", "https://example.org", 403), ("other.example.org", None, 421)):
        headers = {"Host": host, "Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
        same(http_ask("127.0.0.1", dash.port, "/api/v1/login", "POST", headers, body)[0], status, f"{origin} at {host}")


@test
def every_answer_carries_the_headers_of_safety(place):
    dash = guarded(place)
    for path in ("/", "/api/v1/session", "/api/v1/snapshot", "/nothing", "/healthz"):
        _, headers, _ = dash.ask(path)
        policy = headers.get("content-security-policy", "")
        check("default-src 'none'" in policy or "default-src 'self'" in policy, path, "has the policy", policy)
        check("unsafe-inline" not in re.sub(r"style-src[^;]*", "", policy) and "unsafe-eval" not in policy, policy)
        check("frame-ancestors 'none'" in policy, policy)
        same(headers.get("x-content-type-options"), "nosniff", f"{path} nosniff")
        check(headers.get("referrer-policy") in ("no-referrer", "same-origin"), path, headers.get("referrer-policy"))
        check("access-control-allow-origin" not in headers, path, "may be read by other pages")
    check("no-store" in dash.ask("/api/v1/session")[1].get("cache-control", ""), "an answer may be kept by caches")
    for method, path in (("POST", "/api/v1/snapshot"), ("DELETE", "/api/v1/trades"), ("PUT", "/api/v1/session")):
        same(dash.ask(path, method, own(dash))[0], 405, f"{method} {path}")


@test
def what_a_browser_may_not_send_closes_it(place):
    dash = place.dash(None, **NOWHERE)
    import asyncio

    import websockets

    async def send(message, times=1):
        async with websockets.connect(f"ws://127.0.0.1:{dash.port}/ws", origin=f"http://127.0.0.1:{dash.port}") as ws:
            for _ in range(times):
                await ws.send(message)
            try:
                while True:
                    await asyncio.wait_for(ws.recv(), 4)
            except websockets.ConnectionClosed as e:
                return e.code
            except asyncio.TimeoutError:
                return None
    same(asyncio.run(send("x" * 5000)), 1009, "code for a message over 4 KiB")
    same(asyncio.run(send("[" * 200, 40)), 1008, "code for nothing but nonsense")
    import socket
    with socket.create_connection(("127.0.0.1", dash.port)) as s:
        s.settimeout(5)
        s.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 17000)
        answer = s.recv(1000)
        check(answer.startswith(b"HTTP/1.1 431") or answer.startswith(b"HTTP/1.1 400"), answer[:60])
    check(dash.running() and dash.snapshot()["seq"] >= 0, "it ended")


@test
def a_login_ends_by_itself(place):
    dash = guarded(place, DASHBOARD_AUTH_SESSION_HOURS="1")
    cookie = try_login(dash, PASSWORD)[1]["set-cookie"]
    check("Max-Age=3600" in cookie, cookie)


if __name__ == "__main__":
    sys.exit(main())
