#include "console/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct page *const pages[] = {
    &page_now,     &page_studies, &page_study, &page_trouble, &page_albums, &page_sources, &page_tokens,
    &page_journal, &page_change,  &page_found, &page_why,     &page_try,    &page_tried};

const struct page *page_at(size_t index)
{
    return index < sizeof pages / sizeof *pages ? pages[index] : NULL;
}

const struct page *page_find(const char *name)
{
    for (size_t i = 0; page_at(i); i++)
        if (strcmp(page_at(i)->name, name) == 0)
            return page_at(i);
    return NULL;
}

json_t *page_document(const struct page_question *question, const char *name)
{
    return json_pack("{s:s, s:o, s:s}", "page", name, "at", json_from_time(question->now), "headline", "");
}

void page_append_count(struct text *out, int64_t count, const char *one, const char *many)
{
    text_append_count(out, count);
    text_format(out, " %s", count == 1 ? one : many);
}

void page_append_target(struct text *out, const char *destination, const char *album)
{
    text_format(out, "%s%s%s", destination, album ? "/" : "", album ? album : "");
}

json_t *page_refuse(const struct page_question *question, const char *sentence)
{
    text_append(question->reason, sentence);
    *question->status = 400;
    return NULL;
}

bool page_take_number(const struct page_question *question, const char *name, int64_t most,
                      int64_t *ret_number)
{
    const char *text = asked_get(question->asked, name);
    char *end = NULL;
    errno = 0;
    long long number = text ? strtoll(text, &end, 10) : 1;
    if (errno != 0 || (text && (*end || *text < '0' || *text > '9')) || number < 1 || number > most)
        return false;
    if (text)
        *ret_number = number;
    return true;
}
