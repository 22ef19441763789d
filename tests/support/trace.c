#include "tests/support/trace.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void trace_release(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        free(trace->calls[i].path);
        text_release(&trace->calls[i].strings[0]);
        text_release(&trace->calls[i].strings[1]);
    }
    free(trace->calls);
    *trace = (struct trace)TRACE_EMPTY;
}

void trace_words(const char *filter, const char *file, const char *ret_words[TRACE_WORDS])
{
    /* -D: the tracer is the grandchild; -yy: paths and sockets; -x: strings with odd bytes in hex. */
    const char *const words[] = {"strace", "-D", "-f",   "-q", "-yy", "-x", "-s",
                                 "70000",  "-e", filter, "-o", file,  NULL};
    memcpy(ret_words, words, sizeof words);
}

/* ---- one line ---- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads a string behind its opening quote; returns what follows the closing one. */
static const char *read_string(const char *at, struct text *ret_bytes)
{
    static const char escapes[] = "abtnvfr", values[] = "\a\b\t\n\v\f\r";
    for (; *at && *at != '"'; at++) {
        if (*at != '\\') {
            text_append_char(ret_bytes, *at);
            continue;
        }
        at++;
        const char *escape = strchr(escapes, *at);
        if (*at == 'x' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
            text_append_char(ret_bytes, (char)(hex_digit(at[1]) << 4 | hex_digit(at[2])));
            at += 2;
        } else if (*at >= '0' && *at <= '7') {
            int value = 0, digits = 0;
            for (; digits < 3 && *at >= '0' && *at <= '7'; digits++)
                value = value << 3 | (*at++ - '0');
            text_append_char(ret_bytes, (char)value);
            at--;
        } else {
            text_append_char(ret_bytes, *at && escape ? values[escape - escapes] : *at);
        }
    }
    return *at ? at + 1 : at;
}

/* name(fd<path>, "…", "…", number) = result */
static bool read_call(const char *text, struct trace_call *ret_call)
{
    size_t length = strcspn(text, "(");
    if (!text[length] || length >= sizeof ret_call->name)
        return false;
    memcpy(ret_call->name, text, length);
    const char *at = text + length + 1, *number = at;
    const char *open = at + strspn(at, "0123456789ATFDCW_");
    if (*open == '<') { /* "TCP:[a->b]" has a > inside */
        const char *close = open + 1;
        while (*close && !(*close == '>' && (close[1] == ',' || close[1] == ')')))
            close++;
        ret_call->path = memory_string_n(open + 1, (size_t)(close - open - 1));
        at = close;
    } else {
        ret_call->path = memory_string("");
    }
    size_t strings = 0;
    for (; *at && !string_starts_with(at, ") ") && !string_starts_with(at, ")\t"); at++) {
        if (*at == '"' && strings < 2)
            at = read_string(at + 1, &ret_call->strings[strings++]) - 1;
        if (*at == ',')
            number = at + 2;
    }
    const char *result = strstr(at, "= ");
    if (!result)
        return false;
    ret_call->last = strtoll(number, NULL, 10);
    ret_call->result = strtoll(result + 2, NULL, 10);
    return true;
}

/* ---- the file ---- */

/* The first half of a call of a thread that another one's came in between. */
struct half {
    long pid;
    size_t begin;
    char *text;
};

struct reader {
    struct trace *trace;
    struct half *halves;
    size_t half_count, half_capacity, line;
};

static void add_call(struct reader *reader, long pid, size_t begin, const char *text)
{
    struct trace *trace = reader->trace;
    struct trace_call call = {.pid = pid, .begin = begin, .end = reader->line};
    if (!read_call(text, &call)) {
        free(call.path);
        text_release(&call.strings[0]);
        text_release(&call.strings[1]);
        return;
    }
    trace->calls = memory_grow(trace->calls, &trace->capacity, trace->count + 1, sizeof *trace->calls);
    trace->calls[trace->count++] = call;
}

static void keep_half(struct reader *reader, long pid, const char *text, size_t length)
{
    reader->halves =
        memory_grow(reader->halves, &reader->half_capacity, reader->half_count + 1, sizeof *reader->halves);
    reader->halves[reader->half_count++] = (struct half){pid, reader->line, memory_string_n(text, length)};
}

static void join_halves(struct reader *reader, long pid, const char *rest)
{
    for (size_t i = reader->half_count; i-- > 0;) {
        struct half *half = &reader->halves[i];
        if (half->pid != pid)
            continue;
        AUTO(text_release) struct text whole = TEXT_EMPTY;
        text_format(&whole, "%s%s", half->text, rest);
        add_call(reader, pid, half->begin, text_string(&whole));
        free(half->text);
        *half = reader->halves[--reader->half_count];
        return;
    }
}

static void read_line(struct reader *reader, const char *line)
{
    char *text;
    long pid = strtol(line, &text, 10);
    text += strspn(text, " ");
    const char *unfinished = strstr(text, " <unfinished ...>");
    const char *resumed = strstr(text, " resumed>");
    if (unfinished)
        keep_half(reader, pid, text, (size_t)(unfinished - text));
    else if (string_starts_with(text, "<... ") && resumed)
        join_halves(reader, pid, resumed + strlen(" resumed>"));
    else if (*text != '+' && *text != '-')
        add_call(reader, pid, reader->line, text);
    reader->line++;
}

struct ending {
    const char *file;
    long pid;
};

/* strace pads the number: "9483  +++ exited with 0 +++". */
static bool has_ended(void *context)
{
    const struct ending *ending = context;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    if (!file_exists(ending->file))
        return false;
    file_read(ending->file, &content);
    for (const char *line = text_string(&content), *end; (end = strchr(line, '\n')); line = end + 1) {
        char *rest;
        if (strtol(line, &rest, 10) == ending->pid && string_starts_with(rest + strspn(rest, " "), "+++ "))
            return true;
    }
    return false;
}

bool trace_read(const char *file, long pid, int64_t limit_ms, struct trace *ret_trace)
{
    struct ending ending = {file, pid};
    if (!wait_until(has_ended, &ending, limit_ms))
        return false;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    file_read(file, &content);
    struct reader reader = {.trace = ret_trace};
    for (char *line = content.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        read_line(&reader, line);
    }
    for (size_t i = 0; i < reader.half_count; i++)
        free(reader.halves[i].text);
    free(reader.halves);
    return true;
}

void trace_swap(struct trace *trace, size_t a, size_t b)
{
    struct trace_call kept = trace->calls[a];
    size_t begin = trace->calls[b].begin, end = trace->calls[b].end;
    trace->calls[a] = trace->calls[b];
    trace->calls[a].begin = kept.begin;
    trace->calls[a].end = kept.end;
    trace->calls[b] = kept;
    trace->calls[b].begin = begin;
    trace->calls[b].end = end;
}
