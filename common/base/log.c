#include "common/base/log.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/base/utf8.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static const char *process_name = "felucca";
static char cell_name[65];
static enum log_format current_format = LOG_TEXT;
static atomic_int current_level = LOG_INFO;

void log_setup(const char *process, enum log_level level, enum log_format format)
{
    process_name = process;
    current_format = format;
    atomic_store(&current_level, (int)level);
}

void log_set_cell(const char *cell)
{
    (void)snprintf(cell_name, sizeof cell_name, "%s", cell);
}

void log_set_level(enum log_level level)
{
    atomic_store(&current_level, (int)level);
}

enum log_level log_current_level(void)
{
    return (enum log_level)atomic_load(&current_level);
}

enum log_format log_current_format(void)
{
    return current_format;
}

bool log_level_parse(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

static bool is_plain(const char *value)
{
    if (!*value)
        return false;
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '\\' || *c == '=')
            return false;
    }
    return true;
}

/* Quoted as JSON does. */
static void append_quoted(struct text *line, const char *value)
{
    AUTO(text_release) struct text checked = TEXT_EMPTY;
    utf8_append_checked(&checked, value, strlen(value));
    text_append_char(line, '"');
    for (const unsigned char *c = (const unsigned char *)text_string(&checked); *c; c++) {
        size_t length;
        unsigned code = utf8_invisible((const char *)c, &length);
        if (code > 0) {
            text_format(line, "\\u%04x", code);
            c += length - 1;
        } else if (*c == '"' || *c == '\\') {
            text_format(line, "\\%c", *c);
        } else {
            text_append_char(line, (char)*c);
        }
    }
    text_append_char(line, '"');
}

static void append_text_line(struct text *line, enum log_level level, const char *message,
                             const struct log_field *fields)
{
    char now[CLOCK_ISO_SIZE];
    text_format(line, "%s %s %s[%d] %s", clock_iso8601(clock_wall_ms(), now), level_names[level],
                process_name, (int)getpid(), message);
    for (; fields->key; fields++) {
        text_format(line, " %s=", fields->key);
        if (!fields->string)
            text_format(line, "%" PRId64, fields->number);
        else if (is_plain(fields->string))
            text_append(line, fields->string);
        else
            append_quoted(line, fields->string);
    }
}

static void append_json_line(struct text *line, enum log_level level, const char *message,
                             const struct log_field *fields)
{
    char now[CLOCK_ISO_SIZE];
    text_format(line, "{\"time\":\"%s\",\"level\":\"%s\",\"process\":\"%s\",\"pid\":%d",
                clock_iso8601(clock_wall_ms(), now), level_names[level], process_name, (int)getpid());
    if (*cell_name) {
        text_append(line, ",\"cell\":");
        append_quoted(line, cell_name);
    }
    text_append(line, ",\"message\":");
    append_quoted(line, message);
    for (; fields->key; fields++) {
        text_format(line, ",\"%s\":", fields->key);
        if (fields->string)
            append_quoted(line, fields->string);
        else
            text_format(line, "%" PRId64, fields->number);
    }
    text_append_char(line, '}');
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    if (current_format == LOG_JSON)
        append_json_line(&line, level, message, fields);
    else
        append_text_line(&line, level, message, fields);
    text_append_char(&line, '\n');
    /* Nothing can be done where even stderr fails. */
    if (write(STDERR_FILENO, line.bytes, line.length) < 0)
        return;
}
