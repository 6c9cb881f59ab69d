#!/usr/bin/python3
"""The cases of autobahn.py against the program itself: the dashboard's /ws and the simulator's WebSocket API. Neither echoes:
what is looked at is the upgrade, the pongs, the codes of closes, and that both are well afterwards. Speaks TAP."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))

from autobahn import BINARY, CASES, CONT, TEXT, Frame, dial, judge  # noqa: E402
from harness import check, main, same, test  # noqa: E402

BROWSER_MESSAGE, BAD_MESSAGES = 4096, 5  # of a browser, LIMIT_BROWSER_MESSAGE_BYTES and LIMIT_SESSION_BAD_MESSAGES


def expected(case, most, bad_messages):
    """The case as a peer with a smaller bound has it: 1009 for what is longer, 1008 for the sixth message that it cannot read."""
    number, frames, back, code, hasty = case
    length, messages, all_framed = 0, 0, all(isinstance(f, Frame) for f in frames)
    for f in frames if all_framed else ():
        if f.opcode in (TEXT, BINARY, CONT):
            length = len(f.payload) + (length if f.opcode == CONT else 0)
            messages += f.fin
            if length > most:
                return number, frames, [], 1009, False
            if bad_messages and messages > bad_messages:
                return number, frames, [], 1008, False
    return case


def faults(cases, port, path, headers=""):
    wrong = [(c[0], judge(dial(port, path, headers), c, echoes=False)) for c in cases]
    return [f"{number}: {fault}" for number, fault in wrong if fault]


@test
def the_dashboard_speaks_by_the_book(place):
    sim = place.sim("--history", 20)
    dash = place.dash(sim)
    dash.live()
    cases = [expected(c, BROWSER_MESSAGE, BAD_MESSAGES) for c in CASES]
    same(faults(cases, dash.port, "/ws", f"Origin: http://127.0.0.1:{dash.port}\r\n"), [], f"cases of {len(cases)} that failed")
    feed = place.feed(dash)
    check(sim.trade()["fills"] > 0, "no fill")
    dash.wait(lambda s: s["mode"] == "streaming" and s["status"] == "connected", 5, "well")
    feed.sound()
    same(dash.stop()[0], 0, "exit code")


@test
def the_simulator_speaks_by_the_book(place):
    sim = place.sim("--history", 20, "--weight-limit", 1000000)
    cases = [expected(c, 1 << 20, None) for c in CASES]
    # as Binance's WebSocket API does, it hangs up on a pong that says something else than the ping
    cases = [(c[0], c[1], [], 1008, False) if c[0] in ("2.8", "2.9") else c for c in cases]
    same(faults(cases, sim.port, "/ws-api/v3"), [], f"cases of {len(cases)} that failed")
    check(sim.truth()["balanced"], "its books")


if __name__ == "__main__":
    sys.exit(main())
