/* commands.h: what the program can be asked to do. Each gets its own name as argv[0] and returns the exit code. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/settings.h"

int command_run(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_sim(int argc, char **argv);
int command_check(int argc, char **argv);
int command_report(int argc, char **argv);
int command_pnl(int argc, char **argv);
int command_verify(int argc, char **argv);

/* Reads the settings and prints what is wrong with them. False: exit with 2. dotenv NULL: no file. */
bool load_settings(struct settings *out, char **environment, const char *dotenv);

/* Whether the database is there; says so where it is not: opening it would make one, empty and whole. */
bool history_is_there(const struct settings *s, const char *command);

#endif
