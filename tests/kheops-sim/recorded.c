#include "tests/kheops-sim/recorded.h"

#include "answers_txt.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/kheops-sim/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorded_table {
    char *text; /* every line ended by NUL; all strings point into it */
    struct recorded **entries;
    size_t count, capacity;
    struct names by_name;
};

static void release(struct recorded *entry)
{
    free(entry->request_headers.lines);
    free(entry->request_body.lines);
    free(entry->headers.lines);
    free(entry->body);
    free(entry);
}

void recorded_table_destroy(struct recorded_table **table)
{
    struct recorded_table *t = *table;
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        release(t->entries[i]);
    free(t->entries);
    names_release(&t->by_name);
    free(t->text);
    free(t);
    *table = NULL;
}

static void keep(struct recorded_lines *lines, const char *line)
{
    lines->lines = memory_grow(lines->lines, &lines->capacity, lines->count + 1, sizeof *lines->lines);
    lines->lines[lines->count++] = line;
}

/* "[name]" */
static struct recorded *begin_entry(struct recorded_table *table, char *line)
{
    struct recorded *entry = memory_new(1, sizeof *entry);
    table->entries = memory_grow(table->entries, &table->capacity, table->count + 1, sizeof *table->entries);
    table->entries[table->count++] = entry;
    line[strlen(line) - 1] = '\0';
    *entry = (struct recorded){.name = line + 1, .words = "", .when = "", .asked = true};
    if (!names_get(&table->by_name, entry->name))
        names_put(&table->by_name, entry->name, entry);
    return entry;
}

/* "METHOD /path", the first line of a request; false when it is none. */
static bool take_request_line(struct recorded *entry, char *line)
{
    char *path = strchr(line, ' ');
    if (!path)
        return false;
    *path++ = '\0';
    entry->method = line;
    entry->path = path;
    return *path == '/';
}

static void append_body(struct recorded *entry, const char *line)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    text_append(&body, entry->body ? entry->body : "");
    text_append(&body, line);
    free(entry->body);
    entry->body = text_take(&body);
}

static bool take_line(struct recorded *entry, char *line)
{
    if (string_starts_with(line, ">> ")) {
        keep(&entry->request_body, line + 3);
    } else if (string_starts_with(line, "> ")) {
        if (!entry->method)
            return take_request_line(entry, line + 2);
        keep(&entry->request_headers, line + 2);
    } else if (string_starts_with(line, "<< ")) {
        append_body(entry, line + 3);
    } else if (string_starts_with(line, "< ") && entry->status) {
        keep(&entry->headers, line + 2);
    } else if (string_starts_with(line, "< ")) {
        entry->status = (int)strtol(line + 2, NULL, 10);
        return entry->status >= 200 && entry->status < 600;
    } else if (string_starts_with(line, "when: ")) {
        entry->when = line + 6;
    } else if (strcmp(line, "not asked") == 0) {
        entry->asked = false;
    } else if (strcmp(line, "real") == 0) {
        entry->real = true;
    } else {
        entry->words = line;
    }
    return true;
}

static int parse(struct recorded_table *table, struct text *ret_reason)
{
    struct recorded *entry = NULL;
    size_t number = 0;
    for (char *line = table->text, *next; line; line = next) {
        number++;
        if ((next = strchr(line, '\n')))
            *next++ = '\0';
        size_t length = strlen(line);
        if (length > 2 && line[0] == '[' && line[length - 1] == ']') {
            entry = begin_entry(table, line);
        } else if (length > 0 && line[0] != '#' && !(entry && take_line(entry, line))) {
            text_format(ret_reason, "line %zu is not understood: %s", number, line);
            return ERR_SYNTAX;
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct recorded *one = table->entries[i];
        if (!one->status || (one->asked && !one->method) || recorded_find(table, one->name) != one) {
            text_format(ret_reason, "[%s] has no status, no request, or its name twice", one->name);
            return ERR_SYNTAX;
        }
    }
    return 0;
}

static int read_text(const char *path, struct text *ret_text)
{
    if (!path) {
        text_append(ret_text, answers_txt);
        return 0;
    }
    FILE *file = fopen(path, "re");
    char block[4096];
    if (!file)
        return ERR_ABSENT;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        text_append_bytes(ret_text, block, n);
    fclose(file);
    return 0;
}

int recorded_table_read(const char *path, struct recorded_table **ret_table, struct text *ret_reason)
{
    AUTO(recorded_table_destroy) struct recorded_table *table = memory_new(1, sizeof *table);
    AUTO(text_release) struct text text = TEXT_EMPTY;
    int error = read_text(path, &text);
    if (error) {
        text_append(ret_reason, "it cannot be read");
        return error;
    }
    table->text = text_take(&text);
    if ((error = parse(table, ret_reason)))
        return error;
    *ret_table = table;
    table = NULL;
    return 0;
}

size_t recorded_count(const struct recorded_table *table)
{
    return table->count;
}

const struct recorded *recorded_at(const struct recorded_table *table, size_t i)
{
    return table->entries[i];
}

const struct recorded *recorded_find(const struct recorded_table *table, const char *name)
{
    return names_get(&table->by_name, name);
}

bool recorded_take_word(const char **cursor, struct text *ret_word)
{
    const char *end = **cursor == '{' ? strchr(*cursor, '}') : NULL;
    if (!end || strcspn(*cursor + 1, "{\":,") < (size_t)(end - *cursor - 1) ||
        strspn(*cursor + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == 0)
        return false;
    text_append_bytes(ret_word, *cursor + 1, (size_t)(end - *cursor - 1));
    *cursor = end + 1;
    return true;
}
