#!/usr/bin/python3
"""What hangs beside us stops nothing. A disk that does not answer (a library put before fdatasync and fsync sleeps while a file
exists): the figures go on without it, and the program still stops within 2 s. A reader of the log who does not read. Speaks TAP."""
import fcntl
import os
import subprocess
import sys

from harness import BINARY, check, clean_environment, http_ask, main, run_once, same, settings_for, test, wait_until

NOWHERE = {"GRIDSCOPE_BINANCE_REST_URL": "http://127.0.0.1:1", "GRIDSCOPE_BINANCE_STREAM_URL": "ws://127.0.0.1:1",
           "GRIDSCOPE_BINANCE_WS_API_URL": "ws://127.0.0.1:1/ws-api/v3"}
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
static int slow(int fd, const char *name) {
    const char *hang = getenv("HANG_FILE");
    while (hang != NULL && access(hang, F_OK) == 0) usleep(20000);
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}
int fsync(int fd) { return slow(fd, "fsync"); }
int fdatasync(int fd) { return slow(fd, "fdatasync"); }
int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    if (getenv("TERM_AT_RENAME") != NULL) kill(getpid(), SIGTERM);
    return real(from, to);
}
"""


def shim(place):
    source, library = place.path("shim.c"), place.path("shim.so")
    with open(source, "w") as out:
        out.write(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@test
def a_disk_that_hangs_stops_neither_the_figures_nor_the_end(place):
    library, hang = shim(place), place.path("hang")
    sim = place.sim("--history", 40)
    dash = place.dash(sim, GRIDSCOPE_DB=place.path("gridscope.db"), LD_PRELOAD=library, HANG_FILE=hang)
    dash.live()
    sim.pause()
    before = sum(p["fills"] for p in dash.get("/api/v1/snapshot")["pairs"])
    open(hang, "w").close()
    check(sim.trade("BTC/USDT", "buy", "0.00050")["fills"] == 1, "no fill")
    wait_until(lambda: sum(p["fills"] for p in dash.get("/api/v1/snapshot")["pairs"]) > before, 5, "the fill without the disk")
    wait_until(lambda: not dash.get("/api/v1/snapshot")["store"]["durable"], 5, "that it says so")
    code, seconds = dash.stop()
    check(seconds < 2.2, "took", seconds, "s")
    same(code, 1, "exit code of an end that was not clean")
    os.unlink(hang)
    code, out, err = run_once(place, ["verify"], {"GRIDSCOPE_DB": place.path("gridscope.db")})
    same(code, 0, f"verify said: {out}{err}")


@test
def a_signal_before_it_is_ready_ends_it_cleanly(place):
    """Sent by itself at the moment at which the port file is renamed into place."""
    code, _, errors = run_once(place, ["run"], settings_for(None, GRIDSCOPE_SOURCE="exchange", GRIDSCOPE_SYMBOLS="BTC/USDT", TERM_AT_RENAME="1",
                                                            LD_PRELOAD=shim(place), GRIDSCOPE_PORT_FILE=place.path("port"), **NOWHERE))
    same(code, 0, "exit code")
    check("stopping (signal 15)" in errors, "it did not say why it stops:", errors)


@test
def a_reader_of_the_log_who_does_not_read_stops_nothing(place):
    reader, writer = os.pipe()
    room = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * room)  # full: the next line has to wait
    port_file = place.path("port")
    settings = settings_for(None, GRIDSCOPE_SOURCE="exchange", GRIDSCOPE_SYMBOLS="BTC/USDT", GRIDSCOPE_LOG="debug", GRIDSCOPE_PORT_FILE=port_file,
                            **NOWHERE)
    process = subprocess.Popen([BINARY, "run"], env=dict(clean_environment(), **settings), cwd=place.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=writer)
    try:
        wait_until(lambda: os.path.exists(port_file), 10, "the port file")
        with open(port_file) as f:
            port = int(f.read())
        wait_until(lambda: b'"status":"offline"' in http_ask("127.0.0.1", port, "/api/v1/snapshot")[2], 20, "that it works")
        same(os.read(reader, room), b"x" * room, "what was in the pipe")
    finally:
        process.terminate()
        os.close(writer)
    same(process.wait(5), 0, "exit code")
    with open(reader, "rb") as f:
        said = f.read().decode()
    check("lines before this one were not taken and are lost" in said, "it does not say that lines are missing:", said)


sys.exit(main())
