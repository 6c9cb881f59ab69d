#!/usr/bin/python3
"""Every answer of the JSON API is what GET /api/v1/openapi.json says of it. Speaks TAP."""
import sys

from harness import main, same, schema_fault, settled, test
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


if __name__ == "__main__":
    sys.exit(main())
