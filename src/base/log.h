/* log.h: one logger object, made in main and handed down; it formats a line and gives it to its sink. Nothing secret may
 * be passed in: secrets live in app/secret and are never formatted. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* The sink gets one message without newline; it borrows the text until it returns. */
typedef void log_sink(void *arg, enum log_level level, const char *topic, struct span message);

struct log {
    enum log_level least; /* messages below it are dropped */
    log_sink *sink;       /* NULL: everything is dropped */
    void *arg;
};

enum { LOG_LINE_MAX = 1024 }; /* a longer message is cut: one line of a terminal or journal, never a dump */

/* log may be NULL. topic: a static word ("market", "bot", "server"). */
void log_say(const struct log *log, enum log_level level, const char *topic, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

const char *log_level_name(enum log_level level);

#endif
