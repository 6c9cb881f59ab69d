#!/usr/bin/python3
"""The program at the edges of the machine: certificates that are not to be trusted, no descriptors left, and peers that give and
take a byte at a time. Speaks TAP."""
import http.client
import json
import os
import resource
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from autobahn import dial  # noqa: E402
from harness import Between, check, check_figures, counts_agree, free_port, main, run_once, settings_for, test, wait_until  # noqa: E402

HISTORY = ("--history", 40)


# ---- TLS ----

def openssl(place, *args):
    done = subprocess.run(["openssl", *args], cwd=place.folder, capture_output=True, text=True)
    check(done.returncode == 0, "openssl", args, done.stderr)


def make_authority(place, name):
    openssl(place, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.pem")


def certificate(place, name, host, authority, days):
    """A certificate for a host; days below zero: expired."""
    openssl(place, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={host}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    extensions = place.file(f"{name}.ext", f"subjectAltName=DNS:{host}\n")
    openssl(place, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", str(days),
            "-extfile", extensions, "-out", f"{name}.pem")
    return "--tls-cert", place.path(f"{name}.pem"), "--tls-key", place.path(f"{name}.key")


def by_name(sim, place):
    """Settings that reach a simulator with TLS by the name that certificates are for."""
    port = sim.at["exchange_port"]
    return {"GRIDSCOPE_BINANCE_REST_URL": f"https://localhost:{port}", "GRIDSCOPE_BINANCE_STREAM_URL": f"wss://localhost:{port}",
            "GRIDSCOPE_BINANCE_WS_API_URL": f"wss://localhost:{port}/ws-api/v3", "GRIDSCOPE_CA_FILE": place.path("ours.pem")}


def steps_of(place, sim, settings):
    """What `gridscope check` says, by step."""
    _, out, _ = run_once(place, ["check"], settings_for(sim, **settings), timeout=30)
    return {name: next((line for line in out.splitlines() if name in line), "") for name in ("Binance REST", "market streams", "WebSocket API")}


def refused(place, kind, word, *certificate_of):
    make_authority(place, "ours")
    if certificate_of[1] != "ours":
        make_authority(place, certificate_of[1])
    sim = place.sim(*certificate(place, kind, *certificate_of), *HISTORY)
    settings = by_name(sim, place)
    for step, line in steps_of(place, sim, settings).items():
        check(line.startswith("WRONG") and word in line and "GRIDSCOPE_CA_FILE" in line, f"check says of {step}: {line}")
    dash = place.dash(sim, **settings)
    where = f"TLS to localhost:{sim.at['exchange_port']} failed: "

    def told(reason):
        return reason is not None and where in reason and word in reason
    s = dash.wait(lambda s: all(told(s["streams"][k]["reason"]) and s["streams"][k]["attempt"] > 1 for k in ("market", "user"))
                  and word in (s["exchange"]["breaker"]["last_error"] or ""), 20, f'"{word}" at both streams and at Binance\'s REST')
    check(s["mode"] != "streaming", "it streams")
    wait_until(lambda: dash.log().count(f"stream not reached: {where}") >= 2, 10, "host and reason in the log, of both streams")
    check(dash.log().count("stream not reached") == 2, "it is said at each retry:", dash.log())
    paths = [p for p in sim.paths() if p.startswith("/api/v3") or p.startswith("/stream") or p.startswith("/ws")]
    check(not paths, "the exchange was asked all the same:", paths)


@test
def an_expired_certificate_is_refused_and_told(place):
    refused(place, "expired", "expired", "localhost", "ours", -1)


@test
def a_certificate_of_another_host_is_refused_and_told(place):
    refused(place, "other", "host name", "example.org", "ours", 2)


@test
def a_certificate_of_an_unknown_authority_is_refused_and_told(place):
    refused(place, "unknown", "issuer", "localhost", "theirs", 2)


@test
def a_certificate_of_the_authority_that_is_named_is_taken(place):
    make_authority(place, "ours")
    sim = place.sim(*certificate(place, "good", "localhost", "ours", 2), *HISTORY)
    settings = by_name(sim, place)
    for step, line in steps_of(place, sim, settings).items():
        check(line.startswith("ok"), f"check says of {step}: {line}")
    dash = place.dash(sim, **settings)
    dash.live()


# ---- descriptors ----

@test
def without_descriptors_the_feeds_stay_and_browsers_come_back(place):
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    dash.live()
    feed = place.feed(dash)
    kept = http.client.HTTPConnection("127.0.0.1", dash.port, timeout=10)

    def snapshot():
        kept.request("GET", "/api/v1/snapshot")
        return json.loads(kept.getresponse().read())
    snapshot()
    pid = dash.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    few = len(os.listdir(f"/proc/{pid}/fd")) + 8
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (few, hard))
    headers, crowd, turned_away = f"Origin: http://127.0.0.1:{dash.port}\r\n", [], 0
    for _ in range(40):
        try:
            crowd.append(dial(dash.port, "/ws", headers))
        except (AssertionError, OSError):
            turned_away += 1
    check(0 < len(crowd) <= 8 and turned_away >= 32, len(crowd), "were let in,", turned_away, "were not")
    check(sim.trade()["fills"] > 0, "no fill")
    wait_until(lambda: counts_agree(sim, snapshot()), 10, "the fill, without a descriptor left")
    check(snapshot()["mode"] == "streaming", "the streams were lost")
    for peer in crowd:
        peer.sock.close()
    again = []
    for _ in range(5):
        again.append(wait_until(lambda: attempt(dash, headers), 10, "a browser is let in again"))
    check(sim.trade()["fills"] > 0, "no fill")
    wait_until(lambda: counts_agree(sim, snapshot()), 10, "the next fill")
    feed.sound()
    for peer in again:
        peer.sock.close()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    sim.control("drop", what="all")
    dash.live()


def attempt(dash, headers):
    try:
        return dial(dash.port, "/ws", headers)
    except (AssertionError, OSError):
        return None


@test
def a_start_with_few_descriptors_serves(place):
    """As under ulimit -n 40, lost upstreams included: what is closed is given back."""
    sim = place.sim(*HISTORY)
    dash = place.dash(sim)
    resource.prlimit(dash.process.pid, resource.RLIMIT_NOFILE, (40, 40))
    dash.live()
    for _ in range(2):
        sim.control("drop", what="all")
        dash.wait(lambda s: s["mode"] == "streaming", 30, "streams again")
    check_figures_paused(sim, dash)


def check_figures_paused(sim, dash):
    sim.pause()
    check_figures(sim, dash)


# ---- a byte at a time ----

class Drip(Between):
    """Passes everything on in pieces of one byte, both ways, through small buffers."""

    def pump(self, a, b):
        try:
            b.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := a.recv(512):
                for i in range(len(data)):
                    b.sendall(data[i:i + 1])
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def dripping(place, port):
    part = Drip(port)
    place.parts.append(part)
    return part.port


@test
def upstreams_that_give_and_take_a_byte_at_a_time(place):
    sim = place.sim("--symbols", "BTC/USDT,BNB/USDT", "--history", 20)
    port, bot = dripping(place, sim.port), dripping(place, sim.bot_port)
    dash = place.dash(sim, GRIDSCOPE_BINANCE_REST_URL=f"http://127.0.0.1:{port}", GRIDSCOPE_BINANCE_STREAM_URL=f"ws://127.0.0.1:{port}",
                      GRIDSCOPE_BINANCE_WS_API_URL=f"ws://127.0.0.1:{port}/ws-api/v3", DASHBOARD_API_BASE_URL=f"http://127.0.0.1:{bot}")
    dash.live(40)
    check(sim.trade()["fills"] > 0, "no fill")
    check_figures_paused(sim, dash)


@test
def a_browser_that_gives_and_takes_a_byte_at_a_time(place):
    sim = place.sim("--symbols", "BTC/USDT,BNB/USDT", "--history", 20)
    served = free_port()

    class Through:  # a proxy to the dashboard, as far as it is concerned
        port, cookie = dripping(place, served), None
    dash = place.dash(sim, GRIDSCOPE_LISTEN=f"127.0.0.1:{served}", GRIDSCOPE_PUBLIC_HOSTS=f"127.0.0.1:{Through.port}")
    dash.live()
    feed = place.feed(Through)
    before = wait_until(lambda: feed.fills_of("BTC/USDT"), 20, "the snapshot")
    check(sim.trade()["fills"] > 0, "no fill")
    wait_until(lambda: feed.fills_of("BTC/USDT") > before, 20, "the fill")
    feed.sound()


if __name__ == "__main__":
    sys.exit(main(4))
