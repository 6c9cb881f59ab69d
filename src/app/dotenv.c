#include "app/dotenv.h"

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

static bool is_end_of_line(char c) { return c == '\n' || c == '\r'; }

void dotenv_start(struct dotenv *d, char *text, size_t len) {
    *d = (struct dotenv){text, text + len, 1};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) d->at += 3;
}

static void skip_blanks(struct dotenv *d) {
    while (d->at < d->end && is_blank(*d->at)) d->at++;
}

/* Behind the end of the line: "\n", "\r\n" or "\r". */
static void skip_line_end(struct dotenv *d) {
    if (d->at == d->end) return;
    char first = *d->at++;
    if (first == '\r' && d->at < d->end && *d->at == '\n') d->at++;
    d->line++;
}

static void skip_line(struct dotenv *d) {
    while (d->at < d->end && !is_end_of_line(*d->at)) d->at++;
    skip_line_end(d);
}

static void skip_blank_lines_and_comments(struct dotenv *d) {
    for (;;) {
        skip_blanks(d);
        if (d->at == d->end || (*d->at != '#' && !is_end_of_line(*d->at))) return;
        skip_line(d);
    }
}

static void skip_export(struct dotenv *d) {
    static const char word[] = "export";
    size_t len = sizeof word - 1;
    if ((size_t)(d->end - d->at) <= len || memcmp(d->at, word, len) != 0 || !is_blank(d->at[len])) return;
    d->at += len;
    skip_blanks(d);
}

static bool take_name(struct dotenv *d, struct span *out) {
    char *first = d->at;
    if (d->at < d->end && *d->at == '\'') { /* a name in single quotes is allowed, for odd ones */
        first = ++d->at;
        while (d->at < d->end && *d->at != '\'' && !is_end_of_line(*d->at)) d->at++;
        *out = span_from(first, (size_t)(d->at - first));
        if (d->at == d->end || *d->at != '\'') return false;
        d->at++;
        return out->len > 0;
    }
    while (d->at < d->end && *d->at != '=' && *d->at != '#' && !is_blank(*d->at) && !is_end_of_line(*d->at)) d->at++;
    *out = span_from(first, (size_t)(d->at - first));
    return out->len > 0;
}

/* What a backslash and c stand for between such quotes; 0: both characters stand for themselves. */
static char unescape(char quote, char c) {
    static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
    if (quote == '\'') return c == '\\' || c == '\'' ? c : '\0';
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    return found != NULL ? to[found - from] : '\0';
}

static char *find_quote(const struct dotenv *d, char quote) {
    for (char *at = d->at + 1; at < d->end; at++) {
        if (*at == quote) return at;
        if (*at == '\\' && at + 1 < d->end) at++;
    }
    return NULL;
}

/* The value is written over itself. False, and nothing changed, where no closing quote follows. */
static bool take_quoted(struct dotenv *d, struct span *out) {
    char quote = *d->at, *first = d->at + 1, *write = first, *last = find_quote(d, quote);
    if (last == NULL) return false;
    for (char *at = first; at < last; at++) {
        char plain = *at == '\\' ? unescape(quote, at[1]) : '\0';
        if (plain != '\0') at++;
        if (*at == '\n') d->line++;
        *write++ = plain != '\0' ? plain : *at;
    }
    d->at = last + 1;
    *out = span_from(first, (size_t)(write - first));
    return true;
}

/* To the end of the line, or to a comment that has a blank before it; blanks at the end are cut. */
static void take_plain(struct dotenv *d, struct span *out) {
    char *first = d->at;
    while (d->at < d->end && !is_end_of_line(*d->at) && !(*d->at == '#' && is_blank(d->at[-1])))
        d->at++; /* '=' is before */
    char *last = d->at;
    while (last > first && is_blank(last[-1])) last--;
    *out = span_from(first, (size_t)(last - first));
}

/* Nothing but blanks and a comment may follow; then the line is done with. */
static bool end_statement(struct dotenv *d) {
    skip_blanks(d);
    if (d->at < d->end && *d->at != '#' && !is_end_of_line(*d->at)) return false;
    skip_line(d);
    return true;
}

static bool take_value(struct dotenv *d, struct span *out) {
    *out = span_from(d->at, 0);
    if (d->at == d->end || *d->at != '=') return true;
    d->at++;
    skip_blanks(d);
    if (d->at < d->end && (*d->at == '\'' || *d->at == '"')) return take_quoted(d, out);
    take_plain(d, out);
    return true;
}

enum dotenv_step dotenv_next(struct dotenv *d, struct dotenv_pair *out) {
    skip_blank_lines_and_comments(d);
    if (d->at == d->end) return DOTENV_END;
    out->line = d->line;
    skip_export(d);
    if (take_name(d, &out->name)) {
        skip_blanks(d);
        if (take_value(d, &out->value) && end_statement(d)) return DOTENV_PAIR;
    }
    skip_line(d);
    return DOTENV_BAD;
}
