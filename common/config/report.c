#include "common/config/report.h"

#include "common/base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTED_MOST = 80 };

struct entry {
    struct config_yaml_place place;
    size_t order; /* of entries at one place */
    char *sentence;
};

struct list {
    struct entry *entries;
    size_t count, capacity, more; /* more: not kept */
};

struct note {
    const void *field;
    struct config_yaml_place place;
};

struct config_report {
    const char *path;
    struct list errors, warnings;
    struct note *notes;
    size_t note_count, note_capacity;
    bool notes_sorted;
};

struct config_report *config_report_create(const char *path)
{
    struct config_report *report = memory_new(1, sizeof *report);
    report->path = path;
    return report;
}

static void release_list(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->entries[i].sentence);
    free(list->entries);
}

void config_report_destroy(struct config_report **report)
{
    if (!*report)
        return;
    release_list(&(*report)->errors);
    release_list(&(*report)->warnings);
    free((*report)->notes);
    free(*report);
    *report = NULL;
}

void config_report_note(struct config_report *report, const void *field, struct config_yaml_place place)
{
    report->notes =
        memory_grow(report->notes, &report->note_capacity, report->note_count + 1, sizeof *report->notes);
    report->notes[report->note_count++] = (struct note){field, place};
    report->notes_sorted = false;
}

static int by_field(const void *left, const void *right)
{
    const struct note *a = left, *b = right;
    return (uintptr_t)a->field < (uintptr_t)b->field ? -1 : (uintptr_t)a->field > (uintptr_t)b->field;
}

bool config_report_find(struct config_report *report, const void *field, struct config_yaml_place *ret_place)
{
    if (report->note_count == 0)
        return false;
    if (!report->notes_sorted)
        qsort(report->notes, report->note_count, sizeof *report->notes, by_field);
    report->notes_sorted = true;
    const struct note wanted = {.field = field};
    const struct note *found =
        bsearch(&wanted, report->notes, report->note_count, sizeof *report->notes, by_field);
    if (found)
        *ret_place = found->place;
    return found != NULL;
}

struct config_yaml_place config_report_place(struct config_report *report, const void *field)
{
    struct config_yaml_place place = {1, 1};
    (void)config_report_find(report, field, &place);
    return place;
}

static void report_add(struct list *list, struct config_yaml_place place, const char *where,
                       const char *format, va_list arguments)
{
    if (list->count == CONFIG_REPORT_MAX) {
        list->more++;
        return;
    }
    struct text sentence = TEXT_EMPTY;
    if (*where)
        text_format(&sentence, "%s: ", where);
    text_format_list(&sentence, format, arguments);
    list->entries = memory_grow(list->entries, &list->capacity, list->count + 1, sizeof *list->entries);
    list->entries[list->count] = (struct entry){place, list->count, text_take(&sentence)};
    list->count++;
}

void config_report_error(struct config_report *report, struct config_yaml_place place, const char *where,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_add(&report->errors, place, where, format, arguments);
    va_end(arguments);
}

void config_report_warning(struct config_report *report, struct config_yaml_place place, const char *where,
                           const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report_add(&report->warnings, place, where, format, arguments);
    va_end(arguments);
}

size_t config_report_errors(const struct config_report *report)
{
    return report->errors.count + report->errors.more;
}

static int by_place(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->place.line != b->place.line)
        return a->place.line < b->place.line ? -1 : 1;
    if (a->place.column != b->place.column)
        return a->place.column < b->place.column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void print_list(const struct config_report *report, struct list *list, const char *what,
                       struct text *out)
{
    if (list->count > 0)
        qsort(list->entries, list->count, sizeof *list->entries, by_place);
    for (size_t i = 0; i < list->count; i++)
        text_format(out, "%s:%d:%d: %s\n", report->path, list->entries[i].place.line,
                    list->entries[i].place.column, list->entries[i].sentence);
    if (list->more > 0)
        text_format(out, "%s: and %zu more %s, not shown\n", report->path, list->more, what);
}

void config_report_print(struct config_report *report, struct text *errors, struct text *warnings)
{
    print_list(report, &report->errors, "errors", errors);
    print_list(report, &report->warnings, "warnings", warnings);
}

void config_report_quote(struct text *out, const char *value)
{
    size_t shown = 0;
    text_append_char(out, '"');
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        if (shown++ >= QUOTED_MOST && (*c & 0xC0) != 0x80) {
            text_append(out, "...");
            break;
        }
        if (*c == '\n')
            text_append(out, "\\n");
        else if (*c < ' ' || *c == 0x7F)
            text_format(out, "\\x%02x", *c);
        else
            text_append_char(out, (char)*c);
    }
    text_append_char(out, '"');
}
