#include "app/logging.h"

#include "base/buf.h"
#include "base/time.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = PIPE_BUF }; /* a pipe that takes anything takes so much; a message is at most a quarter */

static struct wall wall_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (struct wall){(int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000};
}

/* A terminal held by Ctrl-S, a pager at its first page, a journal that hangs: none of them takes anything. */
static bool takes_a_line(void) {
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

static void write_line(struct logging *out, struct buf *b) {
    buf_putc(b, '\n');
    bool written = b->failed == ERR_OK && takes_a_line() && write(STDERR_FILENO, b->at, b->len) >= 0;
    out->dropped += !written;
    buf_free(b);
}

static void say_dropped(struct logging *out, log_sink *sink) {
    char words[80];
    size_t n = out->dropped;
    if (n == 0 || !takes_a_line()) return;
    out->dropped = 0;
    (void)snprintf(words, sizeof words, "%zu lines before this one were not taken and are lost", n);
    sink(out, LOG_WARN, "log", span_of(words));
}

static void text_sink(void *arg, enum log_level level, const char *topic, struct span message) {
    char time[WALL_TEXT_MAX];
    struct buf b;
    say_dropped(arg, text_sink);
    (void)wall_format(time, wall_now());
    buf_init(&b, LINE_BYTES);
    buf_putf(&b, "%.8s %-5s %-8s ", time + 11, log_level_name(level), topic);
    for (size_t i = 0; i < message.len; i++) /* a line stays a line, whatever an upstream sent */
        buf_putc(&b, (unsigned char)message.at[i] < 0x20 || message.at[i] == 0x7f ? '?' : message.at[i]);
    write_line(arg, &b);
}

static void json_sink(void *arg, enum log_level level, const char *topic, struct span message) {
    char time[WALL_TEXT_MAX];
    struct buf b;
    say_dropped(arg, json_sink);
    (void)wall_format(time, wall_now());
    buf_init(&b, LINE_BYTES);
    buf_putf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"topic\":\"%s\",\"message\":\"", time, log_level_name(level),
             topic);
    buf_put_json_text(&b, message);
    buf_puts(&b, "\"}");
    write_line(arg, &b);
}

void logging_init(struct log *log, struct logging *out, enum log_level least, enum log_format format) {
    bool text = format == LOG_FORMAT_TEXT || (format == LOG_FORMAT_AUTO && isatty(STDERR_FILENO));
    *log = (struct log){least, text ? text_sink : json_sink, out};
}
