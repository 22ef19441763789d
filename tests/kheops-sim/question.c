#include "tests/kheops-sim/question.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/dicom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DELIMITER "\r\n--boundary"

enum { CHANGES_MAX = 4 };

/* An instance that is being made: its spec, and what the spec borrows. */
struct making {
    struct dicom_spec spec;
    struct dicom_element changes[CHANGES_MAX];
    struct text values[CHANGES_MAX];
    size_t count;
};

static void making_release(struct making *making)
{
    for (size_t i = 0; i < making->count; i++)
        text_release(&making->values[i]);
}

static const char *vr_of(unsigned group, unsigned element)
{
    static const struct row {
        unsigned group, element;
        const char *vr;
    } rows[] = {{0x0008, 0x0060, "CS"}, {0x0008, 0x1030, "LO"}, {0x0008, 0x103E, "LO"},
                {0x0010, 0x0010, "PN"}, {0x0018, 0x0015, "CS"}, {0x0020, 0x0010, "SH"},
                {0x0020, 0x0011, "IS"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].group == group && rows[i].element == element)
            return rows[i].vr;
    return NULL;
}

/* "x*156" is 156 letters. */
static void append_value(const char *value, struct text *out)
{
    unsigned long times = value[0] && value[1] == '*' ? strtoul(value + 2, NULL, 10) : 0;
    if (times == 0)
        text_append(out, value);
    for (; times > 0; times--)
        text_append_char(out, *value);
}

/* "0008,1030=another" or "0008,1030-" */
static bool change_element(struct making *making, const char *word)
{
    char *rest;
    unsigned group = (unsigned)strtoul(word, &rest, 16);
    unsigned element = *rest == ',' ? (unsigned)strtoul(rest + 1, &rest, 16) : 0;
    const char *vr = vr_of(group, element);
    if (!vr || making->count == CHANGES_MAX || (*rest != '=' && *rest != '-'))
        return false;
    struct text *value = &making->values[making->count];
    *value = (struct text)TEXT_EMPTY;
    append_value(*rest == '=' ? rest + 1 : "", value);
    making->changes[making->count++] = (struct dicom_element){
        (uint16_t)group, (uint16_t)element, *rest == '=' ? vr : NULL, text_string(value), 0, NULL, 0};
    return true;
}

static bool change(struct making *making, const char *word)
{
    const struct place {
        const char *prefix;
        char *uid;
    } places[] = {{"study=", making->spec.study_uid},
                  {"series=", making->spec.series_uid},
                  {"sop=", making->spec.sop_uid}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (string_starts_with(word, places[i].prefix)) {
            snprintf(places[i].uid, DICOM_UID_SIZE, "%s", strchr(word, '=') + 1);
            return true;
        }
    return change_element(making, word);
}

static void copy_uid(const struct run *run, const char *format, const unsigned long *numbers, char *ret_uid)
{
    AUTO(text_release) struct text word = TEXT_EMPTY;
    AUTO(text_release) struct text uid = TEXT_EMPTY;
    text_format(&word, "%s %lu %lu %lu", format, numbers[0], numbers[1], numbers[2]);
    run_append_uid(run, text_string(&word), &uid);
    snprintf(ret_uid, DICOM_UID_SIZE, "%s", text_string(&uid));
}

/* The words behind "instance ". */
static bool make(const struct run *run, const char *words, struct making *ret_making)
{
    unsigned long numbers[3];
    char *at = (char *)(uintptr_t)words;
    *ret_making = (struct making){.count = 0};
    dicom_spec_init(&ret_making->spec, run->number);
    ret_making->spec.rows = ret_making->spec.columns = 8;
    for (int i = 0; i < 3; i++)
        numbers[i] = strtoul(at, &at, 10);
    copy_uid(run, "study", numbers, ret_making->spec.study_uid);
    copy_uid(run, "series", numbers, ret_making->spec.series_uid);
    copy_uid(run, "instance", numbers, ret_making->spec.sop_uid);
    ret_making->spec.series_number = (int)numbers[1];
    while (*at == ' ') {
        AUTO(memory_free) char *word = memory_string_n(at + 1, strcspn(at + 1, " "));
        at += strlen(word) + 1;
        if (!change(ret_making, word))
            return false;
    }
    ret_making->spec.extra = ret_making->changes;
    ret_making->spec.extra_count = ret_making->count;
    return numbers[0] && numbers[1] && numbers[2];
}

static int append_file(const char *path, struct text *out)
{
    FILE *file = fopen(path, "re");
    char block[8192];
    if (!file)
        return ERR_IO;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        text_append_bytes(out, block, n);
    fclose(file);
    return 0;
}

static int append_instance(const struct run *run, const char *words, const char *folder, struct text *out)
{
    struct making making;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/instance.dcm", folder);
    int error = ERR_SYNTAX;
    if (make(run, words, &making)) {
        text_append(out, DELIMITER "\r\nContent-Type: application/dicom\r\n\r\n");
        error = dicom_write(&making.spec, text_string(&path)) ? ERR_IO : append_file(text_string(&path), out);
        unlink(text_string(&path));
    }
    making_release(&making);
    return error;
}

/* One line of a multipart. *ret_open: the last delimiter is missing on purpose. */
static int append_part(const struct run *run, const char *line, const char *folder, bool *ret_open,
                       struct text *out)
{
    if (string_starts_with(line, "instance "))
        return append_instance(run, line + 9, folder, out);
    if (strcmp(line, "garbage") == 0) {
        text_append(out, DELIMITER "\r\nContent-Type: application/dicom\r\n\r\n");
        for (int i = 0; i < 40; i++)
            text_append(out, "no DICOM ");
    } else if (strcmp(line, "untyped") == 0) {
        text_append(out, DELIMITER "\r\n\r\nno type");
    } else if (strcmp(line, "broken") == 0) {
        text_append(out, DELIMITER " is followed by words\r\n\r\n");
        *ret_open = true;
    } else if (strcmp(line, "no end") == 0) {
        *ret_open = true;
    } else if (strcmp(line, "nothing") != 0) {
        return ERR_SYNTAX;
    }
    return 0;
}

int question_body(const struct run *run, const struct recorded_lines *lines, const char *folder,
                  struct text *out, struct text *ret_reason)
{
    bool open = false;
    for (size_t i = 0; i < lines->count; i++) {
        AUTO(text_release) struct text line = TEXT_EMPTY;
        if (!run_fill(run, lines->lines[i], &line, ret_reason))
            return ERR_ABSENT;
        if (string_starts_with(text_string(&line), "token=")) {
            text_append(out, text_string(&line));
            return 0;
        }
        int error = append_part(run, text_string(&line), folder, &open, out);
        if (error) {
            text_append(ret_reason, lines->lines[i]);
            return error;
        }
    }
    if (lines->count > 0 && !open)
        text_append(out, DELIMITER "--\r\n");
    return 0;
}
