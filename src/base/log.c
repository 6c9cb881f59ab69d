#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void log_say(const struct log *log, enum log_level level, const char *topic, const char *format, ...) {
    char line[LOG_LINE_MAX];
    va_list args;
    if (log == NULL || log->sink == NULL || level < log->least) return;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    log->sink(log->arg, level, topic, span_from(line, len));
}

const char *log_level_name(enum log_level level) {
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return (unsigned)level < 4 ? names[level] : "?";
}
