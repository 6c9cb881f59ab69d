#include "app/logging.h"

#include "base/buf.h"
#include "base/time.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct wall wall_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (struct wall){(int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000};
}

static void write_line(struct buf *b) {
    buf_putc(b, '\n');
    if (b->failed == ERR_OK) (void)fwrite(b->at, 1, b->len, stderr);
    buf_free(b);
}

static void text_sink(void *arg, enum log_level level, const char *topic, struct span message) {
    char time[WALL_TEXT_MAX];
    struct buf b;
    (void)arg;
    (void)wall_format(time, wall_now());
    buf_init(&b, 2 * LOG_LINE_MAX);
    buf_putf(&b, "%.8s %-5s %-8s ", time + 11, log_level_name(level), topic);
    for (size_t i = 0; i < message.len; i++) /* a line stays a line, whatever an upstream sent */
        buf_putc(&b, (unsigned char)message.at[i] < 0x20 || message.at[i] == 0x7f ? '?' : message.at[i]);
    write_line(&b);
}

static void json_sink(void *arg, enum log_level level, const char *topic, struct span message) {
    char time[WALL_TEXT_MAX];
    struct buf b;
    (void)arg;
    (void)wall_format(time, wall_now());
    buf_init(&b, 8 * LOG_LINE_MAX);
    buf_putf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"topic\":\"%s\",\"message\":\"", time, log_level_name(level),
             topic);
    buf_put_json_text(&b, message);
    buf_puts(&b, "\"}");
    write_line(&b);
}

void logging_init(struct log *log, enum log_level least, enum log_format format) {
    bool text = format == LOG_FORMAT_TEXT || (format == LOG_FORMAT_AUTO && isatty(STDERR_FILENO));
    *log = (struct log){least, text ? text_sink : json_sink, NULL};
}
