#!/usr/bin/python3
"""The proof of P&L, the methods of accounting and the provenance of figures, against the simulator's books. Speaks TAP."""
import sys
from fractions import Fraction

from harness import check, check_figures, counts_agree, main, same, settled, test, wait_until

METHODS = ("fifo", "lifo", "average", "grid")


def proven(dash, sim):
    """The proof once the balances have caught up with the fills; checked against the books in every line."""
    truth = sim.truth()
    deposits = {name: Fraction(a["deposited"]) for name, a in truth["assets"].items()}

    def agrees():
        proof = dash.get("/api/v1/proof")
        of = {a["asset"]: a for a in proof["balances"]["assets"]}
        return proof if proof["balances"]["known"] and all(
            Fraction(a["difference"]) == deposits[name] for name, a in of.items() if a["difference"] is not None) else None
    wait_until(agrees, 10, "balances that agree with the books")
    proof = agrees() or dash.get("/api/v1/proof")
    same([proof["state"], proof["drift"], proof["reasons"]], ["exact", "0", []], "the portfolio's proof")
    same(proof["history"]["state"], "complete", "history of the portfolio")
    for pair in proof["pairs"]:
        symbol = pair["symbol"]
        wanted = truth["symbols"][symbol]
        same([pair["state"], pair["drift"]], ["exact", "0"], f"proof of {symbol}")
        same(Fraction(pair["total"]), Fraction(pair["worth"]), f"total and worth of {symbol}")
        cash, coins = ({k: Fraction(v) for k, v in pair[part].items()} for part in ("cash", "coins"))
        base, quote = symbol.split("/")
        fees = {k: Fraction(v) for k, v in wanted["fees"].items()}
        same(cash["in"] - cash["out"], Fraction(wanted["flow"][quote]), f"money moved by {symbol}")
        same(cash["fees_quote"], fees.get(quote, 0), f"fees of {symbol} in {quote}")
        same(coins["in"] - coins["out"], Fraction(wanted["flow"][base]), f"coins moved by {symbol}")
        same(coins["fees"], fees.get(base, 0), f"fees of {symbol} in {base}")
        same(cash["net"], cash["in"] - cash["out"] - cash["fees_quote"] - cash["fees_other"] - cash["fees_outside"], f"cash of {symbol}")
        same(Fraction(pair["holdings"]), coins["held"], f"holdings of {symbol} by lots and by coins")
        check(coins["fees_outside"] == 0, symbol, "paid fees with coins from elsewhere")
    for asset in proof["balances"]["assets"]:
        name, book = asset["asset"], truth["assets"][asset["asset"]]
        same([Fraction(asset["free"]), Fraction(asset["locked"])], [Fraction(book["free"]), Fraction(book["locked"])], f"balance of {name}")
        same(Fraction(asset["difference"]), deposits[name], f"difference of {name}: what was deposited")
        check(asset["note"] and asset["at"] and asset["source"], "no note, time or source:", asset)
        if asset["role"] == "base" and deposits[name] == 0:
            same(asset["note"], "as the fills say", f"note of {name}")
    return proof


@test
def the_proof_holds_against_the_books_with_every_kind_of_fee(place):
    sim = place.sim("--history", 300)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    s = check_figures(sim, dash)
    same([s["pnl"]["drift"], s["pnl"]["history"]["state"]], ["0", "complete"], "mark of the portfolio")
    same(s["pnl"]["history"]["fills_loaded"], sum(p["fills"] for p in s["pairs"]), "fills of the portfolio")
    proof = proven(dash, sim)
    kinds = {k: sum(Fraction(p["cash"][k]) for p in proof["pairs"]) for k in ("fees_quote", "fees_other")}
    kinds["base"] = sum(Fraction(p["coins"]["fees"]) for p in proof["pairs"])
    check(all(v > 0 for v in kinds.values()), "a kind of fee did not occur:", kinds)
    same(proof["balances"]["differences"], sum(1 for a in proof["balances"]["assets"] if a["role"] == "base" and Fraction(a["difference"])),
         "differences counted")
    # it stays so with fills by the stream, and after a deposit that no fill knows of
    for symbol, side, quantity in (("BTC/USDT", "buy", "0.00200"), ("BTC/USDT", "sell", "0.00100"), ("ETH/BTC", "buy", "0.0100")):
        check(sim.trade(symbol, side, quantity)["fills"] > 0, "no fill of", symbol)
    settled(sim, dash)
    proven(dash, sim)
    sim.control("deposit", asset="SOL", amount="0.25")
    proof = proven(dash, sim)
    sol = next(a for a in proof["balances"]["assets"] if a["asset"] == "SOL")
    same([sol["difference"], sol["role"]], ["0.25", "base"], "the deposit")
    check("deposits" in sol["note"], sol["note"])


@test
def methods_divide_the_same_total(place):
    sim = place.sim("--history", 200)
    dash = place.dash(sim)
    dash.live()
    sim.pause()
    settled(sim, dash)
    answers = {m: dash.get(f"/api/v1/performance?method={m}") for m in METHODS}
    plain = dash.get("/api/v1/performance")
    same([plain["method"], plain["realized"]], ["fifo", answers["fifo"]["realized"]], "the default")
    for method, a in answers.items():
        same([a["method"], a["total"]], [method, plain["total"]], f"total by {method}")
        check(method in a["method_sentence"].lower().replace("average cost", "average").replace("grid pair", "grid"), a["method_sentence"])
        for pair, by_fifo in zip(a["pairs"], plain["pairs"]):
            same([pair["symbol"], pair["total"], pair["cycles"]], [by_fifo["symbol"], by_fifo["total"], by_fifo["cycles"]], f"a pair by {method}")
            same(Fraction(pair["realized"]) + Fraction(pair["unrealized"]), Fraction(pair["total"]), f"sum of {pair['symbol']} by {method}")
            alone = dash.get(f"/api/v1/performance?symbol={pair['symbol']}&method={method}")
            months = sum(Fraction(m["realized"]) for m in alone["periods"]["month"])
            same([alone["realized"], months], [pair["realized"], Fraction(pair["realized"])], f"{pair['symbol']} alone by {method}")
    check(len({a["realized"] for a in answers.values()}) > 1, "all methods realized the same")
    status, _, body = dash.ask("/api/v1/performance?method=hifo")
    same(status, 400, "status of a method that is none")
    check(b'"method"' in body and b"fifo lifo average grid" in body, body)


@test
def without_credentials_balances_are_unknown_and_figures_say_where_they_come_from(place):
    sim = place.sim("--history", 60)
    dash = place.dash(sim, EXCHANGE__API_KEY=None, EXCHANGE__API_SECRET=None, DASHBOARD_POLL_INTERVAL_TIER2=1)
    sim.pause()
    dash.wait(lambda s: s["pnl"]["total"] is not None and counts_agree(sim, s), 20, "figures by the bot")
    proof = dash.get("/api/v1/proof")
    same([proof["balances"]["known"], proof["balances"]["reason"]], [False, "no_credentials"], "balances without a key")
    check(all(a["balance"] is None and a["difference"] is None for a in proof["balances"]["assets"]), "balances of nobody")
    check(all(p["state"] == "exact" or "unmatched" in p["reasons"] for p in proof["pairs"]), proof["pairs"])
    p = dash.get("/api/v1/provenance")
    same(p["realized"]["source"], "bot", "source of realized")
    for pair in p["pairs"]:
        same(pair["fills_by_source"]["bot"], sum(pair["fills_by_source"].values()), "fills by source")
        same(pair["realized"]["source"], "bot", f"source of {pair['symbol']}")
        check(pair["price"]["source"] in ("stream", "poll"), pair["price"])
        check(pair["realized"]["fill"]["received_at"] and pair["realized"]["at"] and pair["trades_read_at"], pair)
    check(p["unrealized"]["at"] >= p["unrealized"]["oldest_at"], p["unrealized"])


if __name__ == "__main__":
    sys.exit(main())
