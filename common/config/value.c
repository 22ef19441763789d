#include "common/config/value.h"

#include "common/base/err.h"
#include "common/config/config.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}, {"d", 24 * 60 * 60 * 1000}};
static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", INT64_C(1) << 40}};

enum { DURATIONS = sizeof durations / sizeof *durations, SIZES = sizeof sizes / sizeof *sizes };

/* Reads digits; false where there are none or too many. */
static bool take_digits(const char **text, int64_t *ret_value)
{
    int64_t value = 0;
    const char *c = *text;
    for (; isdigit((unsigned char)*c); c++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (*c - '0');
    }
    if (c == *text)
        return false;
    *text = c;
    *ret_value = value;
    return true;
}

int config_value_integer(const char *text, int64_t least, int64_t most, int64_t *ret_value,
                         struct text *reason)
{
    const char *cursor = text;
    int64_t value;
    if (!take_digits(&cursor, &value) || *cursor || (text[0] == '0' && text[1])) {
        text_format(reason, "is not a whole number; write digits only, a number from %" PRId64 " to %" PRId64,
                    least, most);
        return ERR_SYNTAX;
    }
    if (value < least || value > most) {
        text_format(reason, "is out of range; write a number from %" PRId64 " to %" PRId64, least, most);
        return ERR_RANGE;
    }
    *ret_value = value;
    return 0;
}

int config_value_boolean(const char *text, bool *ret_value, struct text *reason)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        text_append(reason, "is neither true nor false; write one of these two words");
        return ERR_SYNTAX;
    }
    *ret_value = text[0] == 't';
    return 0;
}

/* Parses a number with its unit; false when it has no such form. */
static bool parse_quantity(const char *text, const struct unit *units, size_t count, int64_t *ret_value)
{
    int64_t number;
    if (!take_digits(&text, &number))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, units[i].name) == 0) {
            /* What is too large to be counted is too large for every key as well. */
            *ret_value = number > INT64_MAX / units[i].factor ? INT64_MAX : number * units[i].factor;
            return true;
        }
    }
    return false;
}

static void print_quantity(struct text *out, const struct unit *units, size_t count, int64_t value)
{
    size_t unit = count - 1;
    while (unit > 0 && (value < units[unit].factor || value % units[unit].factor != 0))
        unit--;
    text_format(out, "%" PRId64 "%s", value / units[unit].factor, units[unit].name);
}

void config_value_print_duration(struct text *out, const char *word, int64_t ms)
{
    if (ms == 0)
        text_append(out, word ? word : "0s");
    else
        print_quantity(out, durations, DURATIONS, ms);
}

void config_value_print_size(struct text *out, int64_t bytes)
{
    print_quantity(out, sizes, SIZES, bytes);
}

int config_value_duration(const char *text, const char *word, int64_t least_ms, int64_t most_ms,
                          int64_t *ret_ms, struct text *reason)
{
    int64_t ms;
    if (word && strcmp(text, word) == 0) {
        *ret_ms = 0;
        return 0;
    }
    if (!parse_quantity(text, durations, DURATIONS, &ms)) {
        text_append(
            reason,
            "is not a duration; write a whole number with ms, s, m, h or d, such as 500ms, 15m or 30d");
        if (word)
            text_format(reason, ", or %s", word);
        return ERR_SYNTAX;
    }
    if (ms < least_ms || ms > most_ms) {
        text_append(reason, "is out of range; write a duration from ");
        config_value_print_duration(reason, NULL, least_ms);
        text_append(reason, " to ");
        config_value_print_duration(reason, NULL, most_ms);
        return ERR_RANGE;
    }
    *ret_ms = ms;
    return 0;
}

int config_value_size(const char *text, int64_t least, int64_t most, int64_t *ret_bytes, struct text *reason)
{
    int64_t bytes;
    if (!parse_quantity(text, sizes, SIZES, &bytes)) {
        text_append(reason,
                    "is not a size; write a whole number with B, KiB, MiB, GiB or TiB, such as 64MiB");
        return ERR_SYNTAX;
    }
    if (bytes < least || bytes > most) {
        text_append(reason, "is out of range; write a size from ");
        config_value_print_size(reason, least);
        text_append(reason, " to ");
        config_value_print_size(reason, most);
        return ERR_RANGE;
    }
    *ret_bytes = bytes;
    return 0;
}

int config_value_choice(const char *text, const char *const *words, int *ret_index, struct text *reason)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_index = i;
            return 0;
        }
    }
    text_append(reason, "is not known here; write ");
    for (int i = 0; words[i]; i++)
        text_format(reason, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    return ERR_SYNTAX;
}

static bool has_control(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < ' ' || *c == 0x7F)
            return true;
    return false;
}

static bool has_blank_end(const char *text)
{
    return text[0] == ' ' || (text[0] && text[strlen(text) - 1] == ' ');
}

int config_value_check_aet(const char *text, struct text *reason)
{
    bool plain = !has_control(text) && !strchr(text, '\\') && !has_blank_end(text);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        plain = plain && *c < 0x7F;
    if (plain && text[0] && strlen(text) <= 16)
        return 0;
    text_append(reason, "is not an AE title; it has 1 to 16 ASCII characters, without backslash, control "
                        "characters, and blanks at its ends");
    return ERR_SYNTAX;
}

int config_value_check_name(const char *text, struct text *reason)
{
    size_t characters = 0;
    for (const char *c = text; *c; c++)
        characters += ((unsigned char)*c & 0xC0) != 0x80;
    if (characters >= 1 && characters <= 64 && !has_control(text) && !has_blank_end(text) &&
        !strchr(text, '/'))
        return 0;
    text_append(reason, "is not a name; it has 1 to 64 characters, without slash, control characters, and "
                        "blanks at its ends");
    return ERR_SYNTAX;
}

int config_value_check_uid(const char *text, struct text *reason)
{
    size_t length = strlen(text), arc = 0;
    bool good = length >= 1 && length <= 64 && text[length - 1] != '.';
    for (size_t i = 0; good && i < length; i++) {
        if (text[i] == '.') {
            good = arc > 0;
            arc = 0;
        } else {
            good = isdigit((unsigned char)text[i]) && !(arc == 1 && text[i - 1] == '0');
            arc++;
        }
    }
    if (good)
        return 0;
    text_append(reason, "is not a UID; write numbers with dots, such as 1.2.840.10008.5.1.4.1.1.2");
    return ERR_SYNTAX;
}

int config_value_check_key(const char *text, struct text *reason)
{
    bool good = strlen(text) == 40;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        good = good && (isalnum(*c) || strchr(".-:+=^!/*?&<>()[]{}@%$#", *c));
    if (good)
        return 0;
    text_append(reason, "is not a CURVE key; it has 40 characters, as `felucca keys` prints it");
    return ERR_SYNTAX;
}

int config_value_check_line(const char *text, struct text *reason)
{
    if (!has_control(text))
        return 0;
    text_append(reason, "holds a line break or another control character; write it on one line");
    return ERR_SYNTAX;
}

/* Of its beginning, here; -1: it is no day. */
static int64_t date_ms(const char *text)
{
    struct tm day = {.tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    int month = day.tm_mon, number = day.tm_mday;
    time_t seconds = end && !*end && strlen(text) == strlen("2027-02-26") ? mktime(&day) : -1;
    return seconds > 0 && day.tm_mon == month && day.tm_mday == number ? (int64_t)seconds * 1000 : -1;
}

int config_value_check_date(const char *text, struct text *reason)
{
    if (date_ms(text) > 0)
        return 0;
    text_append(reason, "is no day; write year, month and day, such as 2027-02-26");
    return ERR_SYNTAX;
}

int64_t config_date_ms(const char *date)
{
    int64_t at = date ? date_ms(date) : 0;
    return at > 0 ? at : 0;
}
