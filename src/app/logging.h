/* logging.h: where log lines go: stderr, as text on a terminal and as JSON lines elsewhere (GRIDSCOPE_LOG_FORMAT). */
#ifndef APP_LOGGING_H
#define APP_LOGGING_H

#include "app/settings.h"

/* AUTO: text where stderr is a terminal, else JSON. */
void logging_init(struct log *log, enum log_level least, enum log_format format);

#endif
