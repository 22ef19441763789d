/* page_journal - what happened, and who did it? */
#include "common/base/cleanup.h"
#include "common/jobs/show.h"
#include "common/view/details.h"
#include "console/page.h"

enum { EVENTS_OF_A_PAGE = 100 };

static json_t *read_journal(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(text_release) struct text older = TEXT_EMPTY;
    int64_t before = INT64_MAX;
    if (!page_take_number(question, "before", INT64_MAX, &before))
        return page_refuse(question, "before is a number from 1 on.");
    json_t *document = page_document(question, "journal");
    json_t *events = details_ask(question->db, JOBDB_ASK_JOURNAL, NULL, NULL, before);
    size_t count = json_array_size(events);
    if (count == EVENTS_OF_A_PAGE)
        text_format(&older, "/journal?before=%lld",
                    (long long)json_integer_value(json_object_get(json_array_get(events, count - 1), "id")));
    if (count == 0)
        text_append(&headline, "No trouble was noted, and nobody changed anything");
    else
        page_append_count(&headline, (int64_t)count, "event, the newest first", "events, the newest first");
    (void)json_object_set_new(document, "headline", json_string(text_string(&headline)));
    (void)json_object_set_new(document, "events", events);
    (void)json_object_set_new(document, "requests",
                              details_ask(question->db, JOBDB_ASK_REQUESTS, NULL, NULL, 0));
    (void)json_object_set_new(document, "older",
                              older.length > 0 ? json_string(text_string(&older)) : json_null());
    details_write_times(document);
    return document;
}

const struct page page_journal = {
    .name = "journal", .title = "Journal", .parameters = "before", .rows = "events", .read = read_journal};
