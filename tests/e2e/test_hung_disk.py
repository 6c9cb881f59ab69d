#!/usr/bin/python3
"""A disk that does not answer (a library put before fdatasync and fsync sleeps while a file exists): the figures go on
without it, and the program still stops within 2 s. Speaks TAP."""
import os
import subprocess
import sys

from harness import check, main, run_once, same, settled, test, wait_until

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
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
"""


@test
def a_disk_that_hangs_stops_neither_the_figures_nor_the_end(place):
    source, library, hang = place.path("shim.c"), place.path("shim.so"), place.path("hang")
    with open(source, "w") as out:
        out.write(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
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


sys.exit(main())
