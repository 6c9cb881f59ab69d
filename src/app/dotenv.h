/* dotenv.h: the text of a .env file, statement by statement, as python-dotenv (which the bot uses) reads it: comments, blank
 * lines, `export`, 'single' and "double" quotes with their escapes and over several lines, comments behind a value, CRLF, a
 * byte order mark. Variables in values (${NAME}) are not replaced: a value is what stands there. Pure.
 *
 * The text is changed in place (escapes get shorter), so nothing of a secret is copied. */
#ifndef APP_DOTENV_H
#define APP_DOTENV_H

#include "base/span.h"

struct dotenv {
    char *at, *end;
    int line; /* of the next statement, from 1 */
};

struct dotenv_pair {
    struct span name, value; /* in the text; value is empty where nothing stands behind '=', or no '=' at all */
    int line;                /* where the statement began */
};

enum dotenv_step {
    DOTENV_PAIR,
    DOTENV_BAD, /* the statement that began at pair.line is no assignment; it was skipped to the end of its line */
    DOTENV_END,
};

/* text may hold anything; it is borrowed and changed until DOTENV_END. */
void dotenv_start(struct dotenv *d, char *text, size_t len);
enum dotenv_step dotenv_next(struct dotenv *d, struct dotenv_pair *out);

#endif
