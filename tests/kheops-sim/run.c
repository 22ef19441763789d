#include "tests/kheops-sim/run.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "tests/kheops-sim/error_page.h"
#include "tests/kheops-sim/recorded.h"
#include "tests/support/dicom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WILD = 3, SHOWN = 300 }; /* bytes of RUN_ANY and RUN_BYTE; characters */

static int take_token(struct run *run, const char *line)
{
    size_t name = strcspn(line, " \t\r\n");
    const char *value = line + name + strspn(line + name, " \t");
    size_t length = strcspn(value, " \t\r\n");
    if (name == 0 || *line == '#')
        return 0;
    if (length == 0)
        return ERR_SYNTAX;
    run->tokens = memory_grow(run->tokens, &run->token_capacity, run->token_count + 1, sizeof *run->tokens);
    run->tokens[run->token_count++] =
        (struct run_token){memory_string_n(line, name), memory_string_n(value, length)};
    return 0;
}

int run_read_tokens(struct run *run, const char *path)
{
    FILE *file = fopen(path, "re");
    char line[8192];
    int error = 0;
    if (!file)
        return ERR_ABSENT;
    while (!error && fgets(line, sizeof line, file))
        error = take_token(run, line);
    fclose(file);
    return error;
}

void run_release(struct run *run)
{
    for (size_t i = 0; i < run->token_count; i++) {
        free(run->tokens[i].name);
        free(run->tokens[i].value);
    }
    free(run->tokens);
    *run = (struct run){0};
}

bool run_append_uid(const struct run *run, const char *word, struct text *out)
{
    static const char *const levels[] = {"study ", "series ", "instance "};
    unsigned long numbers[3] = {0, 0, 0};
    int level = 0;
    while (level < 3 && !string_starts_with(word, levels[level]))
        level++;
    if (level == 3)
        return false;
    char *at = (char *)(uintptr_t)strchr(word, ' ');
    for (int i = 0; i <= level; i++)
        numbers[i] = strtoul(at, &at, 10);
    char uid[DICOM_UID_SIZE];
    dicom_uid(uid, run->number * 1000 + numbers[0], (unsigned)numbers[1], (unsigned)numbers[2]);
    text_append(out, uid);
    return true;
}

/* A word that means the same in requests and answers. */
static bool append_word(const struct run *run, const char *word, struct text *out, struct text *ret_missing)
{
    if (run_append_uid(run, word, out))
        return true;
    if (strcmp(word, "url") == 0) {
        text_append(out, run->url);
    } else if (strcmp(word, "run") == 0) {
        text_format(out, "%llu", (unsigned long long)run->number);
    } else if (strcmp(word, "class") == 0) {
        struct dicom_spec spec;
        dicom_spec_init(&spec, 1);
        text_append(out, dicom_sop_class(&spec));
    } else {
        for (size_t i = 0; i < run->token_count; i++)
            if (strcmp(run->tokens[i].name, word) == 0) {
                text_append(out, run->tokens[i].value);
                return true;
            }
        text_append(ret_missing, word);
        return false;
    }
    return true;
}

bool run_fill(const struct run *run, const char *text, struct text *out, struct text *ret_missing)
{
    while (*text) {
        AUTO(text_release) struct text word = TEXT_EMPTY;
        if (!recorded_take_word(&text, &word))
            text_append_char(out, *text++);
        else if (!append_word(run, text_string(&word), out, ret_missing))
            return false;
    }
    return true;
}

/* Of the pages only what tells them: others may style them as they like. */
static bool append_page(const char *word, const char *accept, struct text *out)
{
    bool tomcat = string_starts_with(word, "page ");
    if (!tomcat && !string_starts_with(word, "nginx "))
        return false;
    int status = (int)strtol(strchr(word, ' '), NULL, 10);
    if (tomcat && !(accept && strstr(accept, "application/json")))
        text_append(out, RUN_BYTE RUN_BYTE);
    if (tomcat)
        text_format(out, "<!doctype html>" RUN_ANY "HTTP Status %d" RUN_ANY "</html>", status);
    else
        text_format(out, "<html>" RUN_ANY "%d " RUN_ANY "nginx" RUN_ANY "</html>" RUN_ANY, status);
    return true;
}

bool run_pattern(const struct run *run, const char *text, const char *accept, struct text *out,
                 struct text *ret_missing)
{
    while (*text) {
        AUTO(text_release) struct text word = TEXT_EMPTY;
        if (!recorded_take_word(&text, &word))
            text_append_char(out, *text++);
        else if (string_starts_with(text_string(&word), "any "))
            text_append(out, RUN_ANY);
        else if (!append_page(text_string(&word), accept, out) &&
                 !append_word(run, text_string(&word), out, ret_missing))
            return false;
    }
    return true;
}

bool run_matches(const char *pattern, const char *text, size_t length)
{
    const char *end = text + length;
    while (*pattern && strncmp(pattern, RUN_ANY, WILD) != 0) {
        bool byte = strncmp(pattern, RUN_BYTE, WILD) == 0;
        if (text == end || (!byte && *pattern != *text))
            return false;
        pattern += byte ? WILD : 1;
        text++;
    }
    if (!*pattern)
        return text == end;
    for (; text <= end; text++)
        if (run_matches(pattern + WILD, text, (size_t)(end - text)))
            return true;
    return false;
}

void run_append_masked(const struct run *run, const char *text, struct text *out)
{
    AUTO(text_release) struct text masked = TEXT_EMPTY;
    while (*text) {
        size_t i = 0;
        while (i < run->token_count && !string_starts_with(text, run->tokens[i].value))
            i++;
        if (i < run->token_count) {
            text_format(&masked, "{%s}", run->tokens[i].name);
            text += strlen(run->tokens[i].value);
        } else if (strncmp(text, RUN_ANY, WILD) == 0 || strncmp(text, RUN_BYTE, WILD) == 0) {
            text_append(&masked, strncmp(text, RUN_ANY, WILD) == 0 ? "..." : "?");
            text += WILD;
        } else {
            text_append_char(&masked, *text++);
        }
    }
    utf8_append_shown(out, text_string(&masked), masked.length, SHOWN);
}
