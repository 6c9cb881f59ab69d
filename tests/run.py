#!/usr/bin/env python3
"""Runs every suite and counts cases: C tests at the shipped optimisation and again under AddressSanitizer and UBSan, the
page's own tests, the rules of the tree, the real binary over real sockets, other people's clients against the simulator,
and the page in a real browser. Each suite speaks TAP ("ok 1 - name"). The last line is "N passed, N failed"; the exit code
is 1 when something failed. The suite memory lasts over ten minutes and mostly waits: it starts as soon as the binary is
built and is collected at the end.

    tests/run.py [suite ...]     only these suites: c asan page rules wire e2e clients browser memory
    tests/run.py valgrind tsan program-asan program-tsan
                                 too slow for every day, run only when named: the C tests under Valgrind's memcheck, those that
                                 use threads or sockets under ThreadSanitizer, and the whole program over real sockets (wire,
                                 e2e, clients) under either sanitizer
"""
import glob, json, os, re, signal, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TAP = re.compile(r"^\s*(not )?ok\b[ \t]*\d*[ \t]*(?:- )?(.*)$")


class Report:
    """What one suite had to say."""

    def __init__(self):
        self.passed, self.failures = 0, []

    def count(self, suite, text):
        """Counts TAP lines; returns how many there were."""
        seen = 0
        for line in text.splitlines():
            match = TAP.match(line)
            if not match or "# SKIP" in line.upper():
                continue
            seen += 1
            if match.group(1):
                self.failures.append(f"{suite}: {match.group(2)}")
            else:
                self.passed += 1
        return seen


def command(report, suite, argv, cwd=ROOT, timeout=900, env=None, tries=2):
    """One program that speaks TAP. A program that fails without a failed case counts as one. These programs
    live in real time on a machine that others use too: what fails is run once more, and the second result counts."""
    once = Report()
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=timeout, errors="replace",
                              stdin=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
        out, code, err = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as expired:
        out, code, err = (expired.stdout or b"").decode(errors="replace"), 1, f"took over {timeout} s"
    seen = once.count(suite, out)
    if (code != 0 or seen == 0) and not once.failures:
        once.failures.append(f"{suite}: {os.path.basename(argv[-1])} ended with {code}, {seen} cases")
    if once.failures:
        print(out[-8000:], err[-8000:], sep="\n", file=sys.stderr)
        if tries > 1:
            print(f"again: {suite}", file=sys.stderr, flush=True)
            return command(report, suite, argv, cwd, timeout, env, tries - 1)
    report.passed += once.passed
    report.failures += once.failures


def meson(report, suite, folder, options, only=None, arguments=(), env=None, built=None):
    """Builds, runs and counts Meson's tests: all, or those whose name matches. `built` is called between the two."""
    setup = ["meson", "setup", folder, *options] if not os.path.exists(f"{ROOT}/{folder}/build.ninja") else \
            ["meson", "configure", folder, *options]
    for argv in (setup, ["ninja", "-C", folder]):
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            print(done.stdout[-6000:], done.stderr[-4000:], file=sys.stderr)
            report.failures.append(f"{suite}: {' '.join(argv)} failed")
            return
    if built:
        built()
    names = []
    if only:
        listed = subprocess.run(["meson", "test", "-C", folder, "--list"], cwd=ROOT, capture_output=True, text=True).stdout
        names = [n for n in (line.split(" / ")[-1].strip() for line in listed.splitlines()) if re.match(only, n)]
    subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", "--timeout-multiplier", "6", *arguments, *names], cwd=ROOT,
                   capture_output=True, text=True, stdin=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
    wrapper = "-" + arguments[arguments.index("--wrapper") + 1].split()[0] if "--wrapper" in arguments else ""
    with open(f"{ROOT}/{folder}/meson-logs/testlog{wrapper}.json") as log:  # Meson names it after the wrapper
        for line in log:
            test = json.loads(line)
            before = len(report.failures)
            seen = report.count(f"{suite} {test['name']}", test.get("stdout", ""))
            if (test["result"] not in ("OK", "SKIP") or seen == 0) and len(report.failures) == before:
                report.failures.append(f"{suite} {test['name']}: {test['result']} after {seen} cases")
            if len(report.failures) > before:
                print(test["name"], test.get("stdout", "")[-4000:], test.get("stderr", "")[-6000:], sep="\n", file=sys.stderr)


def suite_c(report):
    meson(report, "c", "build-test", ["--buildtype=release", "-Ddebug=true", "-Dtests=true", "-Dpage=enabled"],
          built=lambda: "memory" in chosen and start_memory())


def suite_asan(report):
    meson(report, "asan", "build-asan", ["--buildtype=debugoptimized", "-Dtests=true", "-Dslow_checks=true",
                                 "-Db_sanitize=address,undefined", "-Db_lundef=false"])


def suite_valgrind(report):
    """The world in a small form; without wire/sim_*, whose program is Python's interpreter."""
    meson(report, "valgrind", "build-valgrind", ["--buildtype=debugoptimized", "-Dtests=true", "-Dpage=disabled"],
          r"(?!wire/sim_)",
          ["--timeout-multiplier", "20", "--wrapper", "valgrind --quiet --error-exitcode=99 --leak-check=full "
           "--errors-for-leak-kinds=definite,indirect --suppressions=" + ROOT + "/tests/valgrind.supp"],
          {"GRIDSCOPE_SEEDS": "2", "GRIDSCOPE_EVENTS": "2000", "GRIDSCOPE_HOURS": "3"})


def suite_tsan(report):
    meson(report, "tsan", "build-tsan", ["--buildtype=debugoptimized", "-Dtests=true", "-Dpage=disabled", "-Db_sanitize=thread",
                                 "-Db_lundef=false"], r"(io|store|server|app|sim|wire|fault|defects|world)/",
          ["--timeout-multiplier", "10"], {"TSAN_OPTIONS": "exitcode=66", "GRIDSCOPE_SEEDS": "2"})


# What a sanitizer's own memory or place among the libraries forbids.
NOT_UNDER_A_SANITIZER = {
    "test_frugal.py": ["memory_and_descriptors_stay"],      # freed memory is kept for a while, to see who still uses it
    "test_streams.py": ["oversized_and_deep_messages"],     # the same
    "test_hung_disk.py": ["a_disk_that_hangs", "a_signal_before_it_is_ready"],  # they put a library before all others
}


def program_under(report, suite, folder, sanitizer, options):
    """The whole program, and the simulator beside it, over real sockets. A report is a file in `found`, whoever wrote it."""
    verb = "configure" if os.path.exists(f"{ROOT}/{folder}/build.ninja") else "setup"
    for argv in (["meson", verb, folder, *options], ["ninja", "-C", folder]):
        subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="gridscope-sanitized-") as found:
        env = {"GRIDSCOPE": f"{ROOT}/{folder}/gridscope", sanitizer + "_OPTIONS": f"exitcode=66:log_path={found}/report",
               "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:log_path={found}/report"}
        python_suite(report, "wire", env)
        python_suite(report, "e2e", env, NOT_UNDER_A_SANITIZER)
        command(report, "clients", ["node", "tests/clients/run.mjs"], env=env)
        for name in glob.glob(found + "/*"):
            report.failures.append(f"{suite}: {sanitizer} has something to say")
            with open(name) as text:
                print(text.read()[:8000], file=sys.stderr)


def suite_program_asan(report):
    program_under(report, "program-asan", "build-program-asan", "ASAN",
                  ["--buildtype=debugoptimized", "-Dtests=true", "-Dpage=enabled", "-Dslow_checks=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"])


def suite_program_tsan(report):
    program_under(report, "program-tsan", "build-program-tsan", "TSAN",
                  ["--buildtype=debugoptimized", "-Dtests=true", "-Dpage=enabled", "-Db_sanitize=thread", "-Db_lundef=false"])


def suite_page(report):
    done = subprocess.run(["npm", "run", "--silent", "check"], cwd=f"{ROOT}/web", capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    print(done.stdout[-4000:], file=sys.stderr) if done.returncode else None
    report.count("page", ("ok" if done.returncode == 0 else "not ok") + " 1 - the page's types hold")
    command(report, "page", ["npm", "test", "--silent"], cwd=f"{ROOT}/web")


def suite_rules(report):
    command(report, "rules", ["python3", "tests/rules.py"], env={"GRIDSCOPE_BUILD": f"{ROOT}/build-test"})


def python_suite(report, folder, env=None, without=None):
    names = sorted(n for n in os.listdir(f"{ROOT}/tests/{folder}") if n.startswith("test_") and n.endswith(".py"))
    for name in names:
        command(report, f"{folder} {name}", ["python3", f"tests/{folder}/{name}"] + ["-" + case for case in (without or {}).get(name, [])],
                env={"GRIDSCOPE": f"{ROOT}/build-test/gridscope", "GRIDSCOPE_ROOT": ROOT} | (env or {}))


def suite_wire(report):
    python_suite(report, "wire")


def suite_e2e(report):
    python_suite(report, "e2e")


def suite_clients(report):
    command(report, "clients", ["node", "tests/clients/run.mjs"], timeout=200, env={"GRIDSCOPE": f"{ROOT}/build-test/gridscope"})


def suite_browser(report):
    gridscope = f"{ROOT}/build-test/gridscope"
    subprocess.run(["npm", "run", "--silent", "build"], cwd=f"{ROOT}/web", stdin=subprocess.DEVNULL, check=False)
    command(report, "browser, rare states", ["node", "tests/browser/run.mjs"], timeout=500)
    command(report, "browser, the program", ["node", "tests/browser/run.mjs", "--start", f"{gridscope} demo"], timeout=500,
            env={"GRIDSCOPE_LISTEN": "127.0.0.1:0", "GRIDSCOPE_LOG": "warn"})


class Background:
    """One program that speaks TAP, beside the others. It is in a group of its own and holds the reading end of a pipe: it
    is ended by us on every way out, and ends by itself when we are killed."""

    def __init__(self, argv, seconds, env):
        self.deadline = time.monotonic() + seconds
        self.out, self.err = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=self.out, stderr=self.err,
                                      start_new_session=True, env=dict(os.environ, **env))

    def collect(self, report, suite):
        try:
            code = self.child.wait(max(0.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = "a timeout"
        self.end()
        self.out.seek(0), self.err.seek(0)
        out = self.out.read()
        if (report.count(suite, out) == 0 or code != 0) and not report.failures:
            report.failures.append(f"{suite}: ended with {code}")
        if report.failures:
            print(out[-8000:], self.err.read()[-8000:], sep="\n", file=sys.stderr)

    def end(self):
        if not self.child.stdin.closed:
            self.child.stdin.close()
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                self.child.wait(10)
                break
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, sign)


memory = None


def start_memory():
    global memory
    gridscope = f"{ROOT}/build-test/gridscope"
    if memory is None and os.path.exists(gridscope):
        memory = Background(["nice", "node", "tests/browser/memory.mjs", "--start", f"{gridscope} demo"], 780,
                            {"GRIDSCOPE_LISTEN": "127.0.0.1:0", "GRIDSCOPE_LOG": "warn"})


def suite_memory(report):
    start_memory()
    if memory is None:
        report.failures.append("memory: there is no program to look at")
    else:
        memory.collect(report, "memory")


def terminated(*_):
    sys.exit(143)


ON_REQUEST = {"valgrind": suite_valgrind, "tsan": suite_tsan, "program-asan": suite_program_asan, "program-tsan": suite_program_tsan}
SUITES = {"c": suite_c, "asan": suite_asan, "page": suite_page, "rules": suite_rules, "wire": suite_wire, "e2e": suite_e2e,
          "clients": suite_clients, "browser": suite_browser, "memory": suite_memory}
chosen = sys.argv[1:] or list(SUITES)

# After the first suite has built what the others run, one lane keeps the cores busy and the other mostly waits.
LANES = [["asan", "rules"], ["page", "wire", "e2e", "clients", "browser"]]


def run(name, reports):
    start = time.monotonic()
    report = reports[name] = Report()
    try:
        (SUITES | ON_REQUEST)[name](report)
    except Exception as error:  # a suite that breaks down has failed, and the others still run
        report.failures.append(f"{name}: {error!r}")
    print(f"{name}: {report.passed} passed in {time.monotonic() - start:.0f} s", flush=True)


def run_all(reports):
    run("c", reports)
    lanes = [threading.Thread(daemon=True, target=lambda names: [run(name, reports) for name in names], args=(names,)) for names in LANES]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    run("memory", reports)


if __name__ == "__main__":
    reports = {}
    signal.signal(signal.SIGTERM, terminated)
    try:
        if len(sys.argv) > 1:
            for name in chosen:
                run(name, reports)
        else:
            run_all(reports)
    finally:
        if memory is not None:
            memory.end()
    failures = [failure for report in reports.values() for failure in report.failures]
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{sum(report.passed for report in reports.values())} passed, {len(failures)} failed", flush=True)
    sys.exit(1 if failures else 0)
