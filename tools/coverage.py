#!/usr/bin/env python3
"""Branch coverage of the pure folders: builds with gcov, runs the C tests, prints a table and fails where it is under what is
promised: every branch of decimals, ledger, breaker, backoff and the merge of trades; at least 90 % in each pure folder.

    tools/coverage.py [BUILD_FOLDER] [--no-run] [--missing PART...]    the counts of the last run; the branches not taken in files
                                                                       whose name has the part

Left out, for their untaken side cannot happen in a program that is right: branches of lines with CHECK (base/check.h; also
inside NAME_OF): they stop the program for our own mistakes. Whatever can fail in the world, memory among it, counts."""
import collections, json, os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("base", "domain", "wire", "engine", "view")
WHOLE = ("base/dec.c", "domain/ledger.c", "domain/ledger_facts.c", "domain/ledger_walk.c", "domain/ledger_scan.c", "domain/row_index.c", "engine/breaker.c",
         "engine/backoff.c", "engine/fills.c")
LEAST = 90


def run(build):
    if not os.path.exists(f"{build}/build.ninja"):
        subprocess.run(["meson", "setup", build, "-Db_coverage=true", "-Dtests=true", "-Dpage=disabled", "--buildtype=debug"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", build], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for base, _, names in os.walk(build):  # counts of an earlier run
        for name in names:
            if name.endswith(".gcda"):
                os.unlink(os.path.join(base, name))
    env = {"GRIDSCOPE_SEEDS": "200"} | dict(os.environ)  # of the simulated world: what 2,000 take besides, the unit tests take too
    done = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--timeout-multiplier", "10"], cwd=ROOT, capture_output=True,
                          text=True, env=env)
    print("\n".join(done.stdout.splitlines()[-9:]) if done.returncode else "", end="")
    return done.returncode == 0


def branches(build):
    """For each source of the pure folders, its lines with branches: (number, text, how many, how many not taken)."""
    out = subprocess.run(["gcovr", "-r", ROOT, f"{build}/src", "--filter", rf"{ROOT}/src/({'|'.join(FOLDERS)})/", "--json", "-",
                          "--exclude-branches-by-pattern", r".*\b(CHECK(_SLOW)?|NAME_OF)\(.*"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for file in json.loads(out)["files"]:
        name = file["file"].removeprefix("src/")
        with open(f"{ROOT}/src/{name}", encoding="utf-8") as f:
            text = f.read().splitlines()
        yield name, [(line["line_number"], text[line["line_number"] - 1].strip(), len(line["branches"]),
                      sum(b["count"] == 0 for b in line["branches"])) for line in file["lines"] if not line.get("gcovr/noncode")]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--no-run"]
    parts = arguments[arguments.index("--missing") + 1:] if "--missing" in arguments else []
    build = os.path.abspath(next((a for a in arguments[:1] if not a.startswith("--")), f"{ROOT}/build-coverage"))
    sound = "--no-run" in sys.argv or run(build)
    total, taken = collections.Counter(), collections.Counter()
    for name, lines in branches(build):
        for number, text, count, missing in lines:
            for key in (name, name.split("/")[0]):
                total[key] += count
                taken[key] += count - missing
            if missing and (any(p in name for p in parts) or (not parts and name in WHOLE)):
                print(f"{name}:{number}: {missing} of {count} not taken: {text}")
    for key, least in [(f, LEAST) for f in FOLDERS] + [(f, 100) for f in WHOLE]:
        percent = 100 * taken[key] / total[key] if total[key] else 0
        good = percent >= least
        sound &= good
        print(f"{key:24} {taken[key]:5} of {total[key]:5} branches {percent:6.1f} %{'' if good else f'   under {least} %'}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
