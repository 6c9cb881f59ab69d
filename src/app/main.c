/* main.c: the commands. Exit codes: 0 clean, 1 runtime failure, 2 bad usage or configuration. */
#include "app/commands.h"
#include "app/process.h"

#include <stdio.h>
#include <string.h>

static const struct command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
    bool own_help; /* answers --help itself */
} commands[] = {
    {"run", "the dashboard against the configured bot and Binance", command_run, false},
    {"demo", "the whole product on an embedded exchange and grid bot, on loopback", command_demo, false},
    {"sim", "the embedded exchange and bot alone, for tests and other clients", command_sim, true},
    {"check", "verifies settings, clock, reachability and the key, and says what is wrong and what to do",
     command_check, false},
    {"pnl", "P&L of a file of fills: this program's CSV export or Binance's trade history", command_pnl, true},
    {"report", "what was made, by pair, day or month, out of the stored history", command_report, true},
    {"verify", "checks that the stored history is whole", command_verify, false},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out) {
    struct buf settings;
    fprintf(out,
            "gridscope %s: a real-time dashboard for spot grid bots on Binance. It reads, and places no "
            "order.\n\nCommands:\n",
            GRIDSCOPE_VERSION);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].what);
    fprintf(out, "\nSettings, from the environment or a .env file in the working directory:\n\n");
    buf_init(&settings, 1 << 20);
    settings_help(&settings);
    if (settings.failed == ERR_OK) fwrite(settings.at, 1, settings.len, out);
    buf_free(&settings);
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "--help";
    if (!process_standard_descriptors()) return 1; /* nor is there anywhere to say so */
    process_tune_memory();
    if (strcmp(word, "--version") == 0) return printf("gridscope %s\n", GRIDSCOPE_VERSION) < 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        help(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : 2;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(word, commands[i].name) == 0) {
            if (argc > 2 && strcmp(argv[2], "--help") == 0 && !commands[i].own_help) {
                help(stdout);
                return 0;
            }
            return commands[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "gridscope: there is no command \"%s\"; gridscope --help lists them\n", word);
    return 2;
}
