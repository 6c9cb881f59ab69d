#!/usr/bin/python3
"""Every answer of the JSON API is what GET /api/v1/openapi.json says of it. Speaks TAP."""
import socket
import sys

from harness import check, main, same, schema_fault, settled, test
from openapi import schema_of


@test
def answers_keep_to_the_description(place):
    sim = place.sim("--history", 40)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    for path, schema in (("/api/v1/performance", "Performance"), ("/api/v1/performance?symbol=BTC/USDT", "Performance"),
                         ("/api/v1/trades?limit=50", "TradePage"), ("/api/v1/orders?symbol=BTC/USDT", "Orders"),
                         ("/api/v1/candles?symbol=BTC/USDT&interval=1m&limit=20", "Candles"), ("/api/v1/equity", "Equity"),
                         ("/api/v1/config", "Config"), ("/api/v1/performance?method=lifo", "Performance"),
                         ("/api/v1/performance?method=average&symbol=BTC/USDT", "Performance"), ("/api/v1/performance?method=grid", "Performance"),
                         ("/api/v1/proof", "Proof"), ("/api/v1/provenance", "Provenance")):
        same(schema_fault(dash.get(path), schema_of(dash, schema), schema), None, path)


def slow_download(dash):
    """Asks for all fills as CSV and reads the head alone; (status, socket)."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)  # loopback's huge segments would let the kernel hold megabytes
    sock.settimeout(10)
    sock.connect(("127.0.0.1", dash.port))
    sock.sendall(f"GET /api/v1/trades.csv HTTP/1.1\r\nHost: 127.0.0.1:{dash.port}\r\n\r\n".encode())
    return int(sock.recv(64).split()[1]), sock


@test
def slow_downloads_leave_room_for_the_page(place):
    sim = place.sim("--history", 6000, "--symbols", "BTC/USDT,BNB/USDT")
    dash = place.dash(sim)
    dash.wait(lambda s: s["pnl"]["history"]["state"] == "complete" and s["pnl"]["history"]["fills_loaded"] > 8000, 30, "the whole history")
    downloads = [slow_download(dash) for _ in range(20)]
    statuses = [status for status, _ in downloads]
    check(statuses.count(200) == 8 and statuses.count(503) == 12, statuses)
    for path in ("/api/v1/trades?limit=5", "/api/v1/performance", "/api/v1/equity"):
        check(dash.get(path), path)
    for _, sock in downloads:
        sock.close()


if __name__ == "__main__":
    sys.exit(main())
