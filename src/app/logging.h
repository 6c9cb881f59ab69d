/* logging.h: where log lines go: stderr, as text on a terminal and as JSON lines elsewhere (GRIDSCOPE_LOG_FORMAT). */
#ifndef APP_LOGGING_H
#define APP_LOGGING_H

#include "app/settings.h"

struct logging {    /* zero at first */
    size_t dropped; /* lines that stderr did not take at once, since it last took one */
};

/* AUTO: text where stderr is a terminal, else JSON. Whoever reads the log cannot hold up the program: what is not taken at once
 * is dropped, and their number said as soon as lines are taken again. *out must outlive the log. */
void logging_init(struct log *log, struct logging *out, enum log_level least, enum log_format format);

#endif
