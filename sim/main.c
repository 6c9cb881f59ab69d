/* main.c: the simulator as a program of its own, for tests; not installed (the product has `gridscope sim`). */
#include "sim/sim.h"

int main(int argc, char **argv) { return sim_main(argc, argv); }
