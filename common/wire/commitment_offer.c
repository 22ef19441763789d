#include "common/wire/commitment_offer.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/commitment.h"
#include "common/dicom/uid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST   "felucca report\t1\n"
#define OUTCOME "felucca outcome\t1\n"

void commitment_offer_encode(const struct work_report *report, struct text *out)
{
    text_format(out, FIRST "transaction\t%s\n", report->transaction);
    for (size_t i = 0; i < report->count; i++)
        text_format(out, "instance\t%d\t%s\t%s\n", report->list[i].reason, report->list[i].sop_class,
                    report->list[i].sop_instance);
    text_format(out, "end\t%zu\n", report->count);
}

/* The next line, without its end, in a buffer that is long enough for any of ours. */
struct lines {
    const char *at, *end;
    char line[200];
};

static bool next_line(struct lines *lines)
{
    const char *end = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    size_t length = end ? (size_t)(end - lines->at) : 0;
    if (!end || length >= sizeof lines->line || memchr(lines->at, '\0', length))
        return false;
    memcpy(lines->line, lines->at, length);
    lines->line[length] = '\0';
    lines->at = end + 1;
    return true;
}

static bool copy_uid(const char *from, size_t length, char *to, size_t size)
{
    if (length >= size)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return uid_is_printable(to);
}

static bool take_instance(const char *line, struct work_reported *reported)
{
    char *rest;
    if (!string_starts_with(line, "instance\t"))
        return false;
    long reason = strtol(line + strlen("instance\t"), &rest, 10);
    const char *tab = *rest == '\t' ? strchr(rest + 1, '\t') : NULL;
    if (!tab || reason < 0 || reason > 0xffff)
        return false;
    reported->reason = (int)reason;
    return copy_uid(rest + 1, (size_t)(tab - rest - 1), reported->sop_class, sizeof reported->sop_class) &&
           copy_uid(tab + 1, strlen(tab + 1), reported->sop_instance, sizeof reported->sop_instance);
}

static bool take_list(struct lines *lines, struct work_report *report)
{
    size_t capacity = 0;
    char end[40];
    while (next_line(lines) && string_starts_with(lines->line, "instance")) {
        if (report->count == COMMITMENT_REFERENCES_MOST)
            return false;
        report->list = memory_grow(report->list, &capacity, report->count + 1, sizeof *report->list);
        if (!take_instance(lines->line, &report->list[report->count++]))
            return false;
    }
    (void)snprintf(end, sizeof end, "end\t%zu", report->count);
    return report->count > 0 && strcmp(lines->line, end) == 0 && lines->at == lines->end;
}

int commitment_offer_decode(const char *bytes, size_t length, struct work_report **ret_report)
{
    AUTO(work_report_destroy) struct work_report *report = memory_new(1, sizeof *report);
    struct lines lines = {bytes, bytes + length, ""};
    if (length < strlen(FIRST) || memcmp(bytes, FIRST, strlen(FIRST)) != 0)
        return ERR_SYNTAX;
    lines.at += strlen(FIRST);
    if (!next_line(&lines) || !string_starts_with(lines.line, "transaction\t"))
        return ERR_SYNTAX;
    report->transaction = memory_string(lines.line + strlen("transaction\t"));
    report->called = memory_string("");
    report->address = memory_string("");
    if (!uid_is_printable(report->transaction) || !take_list(&lines, report))
        return ERR_SYNTAX;
    *ret_report = report;
    report = NULL;
    return 0;
}

void commitment_outcome_encode(unsigned status, struct text *out)
{
    text_format(out, OUTCOME "%04x\n", status);
}

int commitment_outcome_decode(const char *bytes, size_t length, unsigned *ret_status)
{
    size_t head = strlen(OUTCOME);
    char digits[5];
    if (length != head + 5 || memcmp(bytes, OUTCOME, head) != 0 || bytes[head + 4] != '\n')
        return ERR_SYNTAX;
    memcpy(digits, bytes + head, 4);
    digits[4] = '\0';
    if (strspn(digits, "0123456789abcdef") != 4)
        return ERR_SYNTAX;
    *ret_status = (unsigned)strtoul(digits, NULL, 16);
    return 0;
}
