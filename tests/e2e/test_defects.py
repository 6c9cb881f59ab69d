#!/usr/bin/python3
"""The predecessor's defects that only the whole program could have, one test each, named by number:
tests/unit/defects/README.md lists them all. Speaks TAP."""
import http.client
import json
import sys

from harness import check, free_port, http_ask, main, same, settings_for, test, wait_until

PASSWORD = "correct horse 7"
NOWHERE = {"DASHBOARD_API_BASE_URL": "http://127.0.0.1:1", "GRIDSCOPE_BINANCE_REST_URL": "http://127.0.0.1:1",
           "GRIDSCOPE_BINANCE_STREAM_URL": "ws://127.0.0.1:1", "GRIDSCOPE_BINANCE_WS_API_URL": "ws://127.0.0.1:1/ws-api/v3"}


def login(port, password, source="127.0.0.1"):
    """A login from one of this machine's addresses: (status, cookie)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    try:
        headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
        connection.request("POST", "/api/v1/login", json.dumps({"password": password}), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, (answer.getheader("set-cookie") or "").split(";")[0]
    finally:
        connection.close()


@test
def defect_c6_browsers_add_no_streams_and_no_questions(place):
    sim = place.sim("--history", 20)
    dash = place.dash(sim)
    dash.live()
    before = sim.stats()
    for _ in range(4):  # tabs that stay, and pages that are loaded again
        place.feed(dash)
        for path in ("/api/v1/snapshot", "/api/v1/trades", "/api/v1/performance"):
            same(dash.ask(path)[0], 200, path)
    sim.trade()
    fills = sum(p["fills"] for p in dash.wait(lambda s: s["pairs"], 5, "pairs")["pairs"])
    wait_until(lambda: sum(p["fills"] for p in dash.snapshot()["pairs"]) == sum(t["fills"] for t in sim.truth()["symbols"].values()), 10,
               f"each fill once (from {fills})")
    after = sim.stats()
    same(after["connections"], before["connections"], "streams")
    same(after["connects"], before["connects"], "connects")


@test
def defect_c12_f4_settings_of_the_file_count_the_port_among_them(place):
    sim = place.sim("--history", 20)
    port = free_port()
    of_file = settings_for(sim, GRIDSCOPE_LISTEN=None, DASHBOARD_PORT=port, EXCHANGE__TESTNET="true")
    place.file(".env", "".join(f"{name}={value}\n" for name, value in of_file.items()))
    dash = place.dash(None, GRIDSCOPE_LISTEN=None, GRIDSCOPE_DB=None, GRIDSCOPE_LOG_FORMAT=None)  # nothing in the environment
    same(dash.port, port, "the port")
    s = dash.live()
    same((s["streams"]["market"]["state"], s["streams"]["user"]["state"]), ("live", "live"), "streams by the file's settings")


@test
def defect_f1_the_right_password_opens_and_a_wrong_one_does_not(place):
    dash = place.dash(None, DASHBOARD_AUTH_ENABLED="true", DASHBOARD_AUTH_PASSWORD=PASSWORD, **NOWHERE)
    same(login(dash.port, PASSWORD + "x")[0], 401, "a wrong password")
    status, dash.cookie = login(dash.port, PASSWORD)
    same(status, 200, "the right password")
    same(dash.ask("/api/v1/snapshot")[0], 200, "the snapshot")


@test
def defect_f2_a_lock_is_of_one_address(place):
    dash = place.dash(None, DASHBOARD_AUTH_ENABLED="true", DASHBOARD_AUTH_PASSWORD=PASSWORD, **NOWHERE)
    for _ in range(5):
        same(login(dash.port, "wrong", "127.0.0.2")[0], 401, "a wrong password")
    same(login(dash.port, PASSWORD, "127.0.0.2")[0], 429, "that address")
    same(login(dash.port, PASSWORD, "127.0.0.3")[0], 200, "another address")


@test
def defect_f3_a_cookie_of_one_installation_opens_no_other(place):
    ours, theirs = (place.dash(None, DASHBOARD_AUTH_ENABLED="true", DASHBOARD_AUTH_PASSWORD=PASSWORD, **NOWHERE) for _ in range(2))
    _, cookie = login(theirs.port, PASSWORD)
    check(len(cookie) > 40, "cookie", cookie)
    same(http_ask("127.0.0.1", theirs.port, "/api/v1/snapshot", headers={"Cookie": cookie})[0], 200, "where it was given")
    same(http_ask("127.0.0.1", ours.port, "/api/v1/snapshot", headers={"Cookie": cookie})[0], 401, "elsewhere")


if __name__ == "__main__":
    sys.exit(main())
