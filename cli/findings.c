#include "cli/findings.h"

#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"

#include <string.h>

/* As wide as what lines begin with. */
enum { INDENT = 7 };

void findings_add(struct findings *findings, enum finding_verdict verdict, const char *sentence)
{
    findings->list =
        memory_grow(findings->list, &findings->capacity, findings->count + 1, sizeof *findings->list);
    struct finding *finding = &findings->list[findings->count++];
    *finding = (struct finding){verdict, TEXT_EMPTY, TEXT_EMPTY};
    text_append(&finding->sentence, sentence);
}

void findings_add_lines(struct findings *findings, enum finding_verdict verdict, const char *lines)
{
    AUTO(memory_free) char *copy = memory_string(lines);
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));)
        if (*line)
            findings_add(findings, verdict, line);
}

void findings_add_more(struct findings *findings, const char *sentence)
{
    text_format(&findings->list[findings->count - 1].more, "%s\n", sentence);
}

bool findings_are_well(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].verdict == FINDING_WRONG)
            return false;
    return true;
}

/* A line break inside begins no finding of its own. */
static void append_indented(const char *lines, struct text *out)
{
    for (const char *c = lines; *c; c++) {
        text_append_char(out, *c);
        if (*c == '\n' && c[1])
            text_format(out, "%*s", INDENT, "");
    }
}

void findings_append_lines(const struct findings *findings, struct text *out)
{
    static const char *const starts[] = {
#define X(name, start, verdict) start,
        FINDING_MAP(X)
#undef X
    };
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        text_append(out, starts[finding->verdict]);
        append_indented(text_string(&finding->sentence), out);
        text_append_char(out, '\n');
        if (finding->more.length > 0)
            text_format(out, "%*s", INDENT, "");
        append_indented(text_string(&finding->more), out);
    }
}

static void append_object(const struct finding *finding, struct text *out)
{
    static const char *const verdicts[] = {
#define X(name, start, verdict) verdict,
        FINDING_MAP(X)
#undef X
    };
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    text_append(&whole, text_string(&finding->sentence));
    text_append(&whole, finding->more.length > 0 ? " " : "");
    for (const char *c = text_string(&finding->more); *c; c++)
        if (*c != '\n')
            text_append_char(&whole, *c);
        else if (c[1])
            text_append_char(&whole, ' ');
    json_append_line(json_pack("{s:s, s:o}", "verdict", verdicts[finding->verdict], "sentence",
                               json_from_text(text_string(&whole))),
                     out);
}

void findings_append_json(const struct findings *findings, struct text *out)
{
    for (size_t i = 0; i < findings->count; i++)
        append_object(&findings->list[i], out);
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        text_release(&findings->list[i].sentence);
        text_release(&findings->list[i].more);
    }
    memory_free(&findings->list);
    *findings = (struct findings){0};
}
