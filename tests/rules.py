#!/usr/bin/env python3
"""The rules of the tree, checked: who includes whom, one door for each library, purity by what the archives need, no mutable
globals in the pure folders, no floating point for money, no marks of unfinished work. TAP."""
import os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("GRIDSCOPE_BUILD", f"{ROOT}/build-test")

# folder: folders it may include, beside itself (ARCHITECTURE.md, the layer table)
MAY = {
    "src/base": [],
    "src/domain": ["base"],
    "src/wire": ["base", "domain"],
    "src/engine": ["base", "domain", "wire"],
    "src/view": ["base", "domain", "wire", "engine"],
    "src/io": ["base"],
    "src/store": ["base", "domain", "io"],
    "src/server": ["base", "view", "wire", "io"],
    "src/app": ["base", "domain", "wire", "engine", "view", "io", "store", "server", "sim"],
    "sim": ["base", "io"],
}
# library header: files that may include it
DOORS = {
    "yyjson.h": [r"src/wire/json\.c", r"sim/.*"],
    "uv.h": [r"src/io/.*"],
    "curl/": [r"src/io/(http_client|ws_client|tls|curl)[^/]*\.[ch]"],
    "sqlite3.h": [r"src/store/.*"],
    "sodium.h": [r"src/server/login\.c", r"src/app/secret\.c"],
    "http_parser.h": [r"src/io/.*"],
    "llhttp.h": [r"src/io/.*"],
    "openssl/": [r"src/io/(tls|ws_codec|ws_client)[^/]*\.[ch]", r"src/wire/sign\.c", r"src/base/hash\.c", r"sim/.*"],
}
PURE = ["base", "domain", "wire", "engine", "view"]
PURE_HEADERS_BANNED = ["time.h", "sys/", "unistd.h", "fcntl.h", "pthread.h", "netinet/", "arpa/", "signal.h", "poll.h"]
# what the pure archives may need from outside: memory, text, sorting, the JSON door, named EVP functions
ALLOWED = re.compile(
    r"^(mem(cpy|move|set|cmp|chr|rchr|mem)|bcmp|str(dup|len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn|casecmp|ncasecmp)|malloc|calloc|realloc|free|"
    r"abort|qsort|bsearch|v?snprintf|sscanf|__isoc\d+_sscanf|fprintf|fputs|fwrite|stderr|__stack_chk_fail|__\w+_chk|_GLOBAL_OFFSET_TABLE_|"
    r"yyjson_\w+|EVP_\w+|OSSL_PARAM_\w+|CRYPTO_\w+|OPENSSL_cleanse|ERR_clear_error|"
    r"__asan_\w+|__ubsan_\w+|__(u?divti3|u?modti3|udivmodti4|muloti4))$")

results = []


def check(name, problems):
    results.append((name, problems))


def sources(*folders):
    for folder in folders:
        for base, _, names in os.walk(f"{ROOT}/{folder}"):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.join(base, name)
                    yield os.path.relpath(path, ROOT), open(path, encoding="utf-8").read()


def includes(text):
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', text, re.M)


def layers():
    problems = []
    for folder, allowed in MAY.items():
        own = folder.split("/")[-1]
        for path, text in sources(folder):
            for header in includes(text):
                top = header.split("/")[0]
                known = top in [f.split("/")[-1] for f in MAY]
                if "/" in header and known and top != own and top not in allowed:
                    problems.append(f"{path} includes {header}")
    check("a folder includes only the folders below it", problems)


def doors():
    problems = []
    for path, text in sources("src", "sim"):
        for header in includes(text):
            for library, allowed in DOORS.items():
                if header.startswith(library) and not any(re.fullmatch(a, path) for a in allowed):
                    problems.append(f"{path} includes {header}")
    check("each library has one door", problems)


def pure_headers():
    problems = []
    for folder in PURE:
        for path, text in sources(f"src/{folder}"):
            for header in includes(text):
                if any(header.startswith(banned) for banned in PURE_HEADERS_BANNED):
                    problems.append(f"{path} includes {header}")
    check("pure folders include no header of the system's input and output or clock", problems)


def pure_symbols():
    problems, defined, needed = [], set(), {}
    for folder in PURE:
        archive = f"{BUILD}/src/{folder}/lib{folder}.a"
        if not os.path.exists(archive):
            problems.append(f"{archive} is not built")
            continue
        out = subprocess.run(["nm", "--format=posix", archive], capture_output=True, text=True).stdout
        for line in out.splitlines():
            parts = line.split()
            if len(parts) < 2 or line.endswith(":"):
                continue
            if parts[1] in "Uw":
                needed.setdefault(parts[0], folder)
            else:
                defined.add(parts[0])
        table = subprocess.run(["objdump", "-t", archive], capture_output=True, text=True).stdout
        for line in table.splitlines():  # constant tables of pointers lie in .data.rel.ro: written by the loader, then read-only
            match = re.search(r"\bO (\.data|\.bss|\.data\.rel|\.data\.rel\.local|\.tbss|\.tdata|\*COM\*)\t\S+ +(\S+)", line)
            if match and not match.group(2).startswith("__"):
                problems.append(f"{folder}: {match.group(2)} is mutable and global")
    for symbol, folder in sorted(needed.items()):
        if symbol not in defined and not ALLOWED.match(symbol):
            problems.append(f"{folder} needs {symbol}")
    check("pure archives need nothing but memory, text and the named library functions", problems)


def no_floats():
    problems = []
    for folder in ("base", "domain", "wire", "engine", "view", "store"):
        for path, text in sources(f"src/{folder}"):
            code = re.sub(r"/\*.*?\*/|//[^\n]*|\"(\\.|[^\"\\])*\"", "", text, flags=re.S)
            for match in re.finditer(r"\b(float|double|strtod|strtof|atof)\b", code):
                problems.append(f"{path}: {match.group(0)}")
    check("no floating point where money passes", problems)


def unfinished():
    problems = []
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    for path, text in sources("src", "sim", "tests"):
        for number, line in enumerate(text.splitlines(), 1):
            if marks.search(line):
                problems.append(f"{path}:{number}")
    check("nothing is marked as left to do", problems)


def mirrored():
    problems = []
    for folder in ("base", "domain", "wire", "engine", "view"):
        tests = os.listdir(f"{ROOT}/tests/unit/{folder}")
        for name in sorted(os.listdir(f"{ROOT}/src/{folder}")):
            if name.endswith(".c") and not any(t.startswith("test_") for t in tests):
                problems.append(f"src/{folder}/{name}: the folder has no unit test")
    check("pure folders have unit tests that mirror them", problems)


def secrets_unprinted():
    problems = []
    for path, text in sources("src/engine", "src/app", "src/io", "src/server"):
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"(log_say|engine_log)\(", line) and re.search(r"(api_key|secret|password|->target|\.target|url)\b", line):
                problems.append(f"{path}:{number}: {line.strip()}")
    check("no log line is given a key, a password or an address with a signature", problems)


# The predecessor's defects by their numbers: every one of these stands in the table of tests/unit/defects.
DEFECTS = {"A": 8, "B": 8, "C": 16, "D": 16, "E": 15, "F": 7, "G": 5, "H": 10}


def defects_tested():
    problems, listed, numbers = [], set(), set()
    with open(f"{ROOT}/tests/unit/defects/README.md", encoding="utf-8") as f:
        for line in f:
            row = re.match(r"\| ([A-H]\d+(?:, [A-H]\d+)*) \|.*\| (.*) \|$", line)
            if not row:
                continue
            numbers |= set(row.group(1).split(", "))
            where = None
            for file, test in re.findall(r"([\w./]+\.(?:c|ts|py))|`(defect_\w+)`", row.group(2)):
                if file:
                    where = f"{ROOT}/{file}" if "/" in file else f"{ROOT}/tests/unit/defects/{file}"
                elif not re.search(rf"(unit_test\(|def |test\('|\"){test}\b", open(where, encoding="utf-8").read()):
                    problems.append(f"{where} has no {test}")
                listed.add(test)
            if "`" not in row.group(2) and not row.group(2).startswith("none: "):
                problems.append(f"{row.group(1)} has neither a test nor a reason")
    problems += [f"{letter}{n} is not listed" for letter, count in DEFECTS.items() for n in range(1, count + 1) if f"{letter}{n}" not in numbers]
    for path in ("tests/unit/defects", "tests/e2e", "web/test"):
        for name in os.listdir(f"{ROOT}/{path}"):
            if name.endswith((".c", ".py", ".ts")):
                text = open(f"{ROOT}/{path}/{name}", encoding="utf-8").read()
                problems += [f"{name}: {t} is not listed" for t in re.findall(r"(?:unit_test\(|def |test\(')(defect_\w+)", text) if t not in listed]
    check("every proven defect of the predecessor has its test", problems)


def no_skips():
    problems = []
    skip = re.compile(r"\bskip\(\)|\b(test|it)\.(skip|todo)|unittest\.skip|# SK" + r"IP")
    for folder in ("tests", "web/test"):
        for base, folders, names in os.walk(f"{ROOT}/{folder}"):
            folders[:] = [f for f in folders if f != "node_modules"]
            for name in names:
                path = os.path.join(base, name)
                if name.endswith((".c", ".py", ".ts", ".mjs")) and name not in ("rules.py", "run.py") and skip.search(open(path, encoding="utf-8").read()):
                    problems.append(os.path.relpath(path, ROOT))
    check("defect_g2_no_test_skips_itself", problems)


for rule in (layers, doors, pure_headers, pure_symbols, no_floats, unfinished, mirrored, secrets_unprinted, defects_tested, no_skips):
    rule()
for number, (name, problems) in enumerate(results, 1):
    print(("not ok" if problems else "ok"), number, "-", name)
    for problem in problems:
        print("#  ", problem)
sys.exit(any(problems for _, problems in results))
