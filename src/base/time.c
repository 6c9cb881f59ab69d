#include "base/time.h"

int64_t days_from_civil(int year, int month, int day) {
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void civil_from_days(int64_t days, int *year, int *month, int *day) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static void put_digits(char *at, int value, int width) {
    for (int i = width; i-- > 0; value /= 10) at[i] = (char)('0' + value % 10);
}

size_t wall_format(char out[static WALL_TEXT_MAX], struct wall t) {
    const int64_t first = days_from_civil(1, 1, 1) * US_PER_DAY, last = days_from_civil(10000, 1, 1) * US_PER_DAY - 1;
    int64_t us = t.us < first ? first : t.us > last ? last : t.us;
    int64_t days = us / US_PER_DAY - (us % US_PER_DAY < 0);
    int64_t rest = us - days * US_PER_DAY;
    int year, month, day;
    civil_from_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000000Z", 28);
    put_digits(out, year, 4);
    put_digits(out + 5, month, 2);
    put_digits(out + 8, day, 2);
    put_digits(out + 11, (int)(rest / US_PER_HOUR), 2);
    put_digits(out + 14, (int)(rest / US_PER_MIN % 60), 2);
    put_digits(out + 17, (int)(rest / US_PER_S % 60), 2);
    put_digits(out + 20, (int)(rest % US_PER_S), 6);
    return 27;
}

/* Exactly `width` digits from the front of *s; moves *s. */
static bool take_number(struct span *s, size_t width, int *out) {
    int value = 0;
    if (s->len < width) return false;
    for (size_t i = 0; i < width; i++) {
        if (s->at[i] < '0' || s->at[i] > '9') return false;
        value = value * 10 + (s->at[i] - '0');
    }
    *s = span_skip(*s, width);
    *out = value;
    return true;
}

static bool take_char(struct span *s, char c) {
    if (s->len == 0 || s->at[0] != c) return false;
    *s = span_skip(*s, 1);
    return true;
}

static bool take_fraction(struct span *s, int64_t *us) {
    int64_t unit = US_PER_S;
    size_t digits = 0;
    *us = 0;
    if (!take_char(s, '.')) return true;
    for (; s->len > 0 && s->at[0] >= '0' && s->at[0] <= '9'; digits++) {
        unit /= 10;
        *us += unit * (s->at[0] - '0');
        *s = span_skip(*s, 1);
    }
    return digits > 0;
}

static bool take_zone(struct span *s, int64_t *offset) {
    int hours, minutes;
    *offset = 0;
    if (s->len == 0 || take_char(s, 'Z')) return true;
    bool minus = s->at[0] == '-';
    if (!minus && s->at[0] != '+') return false;
    *s = span_skip(*s, 1);
    if (!take_number(s, 2, &hours)) return false;
    (void)take_char(s, ':');
    if (!take_number(s, 2, &minutes) || hours > 23 || minutes > 59) return false;
    *offset = (hours * 60 + minutes) * US_PER_MIN * (minus ? -1 : 1);
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

enum err wall_parse(struct wall *out, struct span text) {
    int year, month, day, hour = 0, minute = 0, second = 0;
    int64_t fraction = 0, offset = 0;
    struct span s = text;
    if (!take_number(&s, 4, &year) || !take_char(&s, '-') || !take_number(&s, 2, &month) || !take_char(&s, '-') ||
        !take_number(&s, 2, &day))
        return ERR_SYNTAX;
    if (s.len > 0) {
        if (!take_char(&s, 'T') && !take_char(&s, ' ')) return ERR_SYNTAX;
        if (!take_number(&s, 2, &hour) || !take_char(&s, ':') || !take_number(&s, 2, &minute)) return ERR_SYNTAX;
        if (take_char(&s, ':') && !(take_number(&s, 2, &second) && take_fraction(&s, &fraction))) return ERR_SYNTAX;
        if (!take_zone(&s, &offset) || s.len > 0) return ERR_SYNTAX;
    }
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return ERR_RANGE;
    out->us = days_from_civil(year, month, day) * US_PER_DAY + hour * US_PER_HOUR + minute * US_PER_MIN +
              second * US_PER_S + fraction - offset;
    return ERR_OK;
}
