/* page_found - the studies that have a number which somebody looked for. The number itself is not known here. */
#include "common/base/cleanup.h"
#include "common/jobs/newest.h"
#include "common/jobs/show.h"
#include "common/view/details.h"
#include "common/view/rows.h"
#include "console/errands.h"
#include "console/page.h"
#include "console/sorting.h"
#include "console/ticks.h"
#include "console/verdict.h"

#include <string.h>

enum { STUDIES_MOST = 50 };

static const char *kind_text(const char *kind)
{
    return strcmp(kind, "patient") == 0    ? "Patient ID"
           : strcmp(kind, "study-id") == 0 ? "Study ID"
                                           : "Accession Number";
}

static void take_study(void *context, const struct jobdb_study_row *row, const struct jobdb_study_goal *goals,
                       size_t count)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    json_t *study = rows_study(row);
    verdict_append(row, &words);
    (void)json_object_set_new(study, "words", json_from_text(text_string(&words)));
    (void)json_object_set_new(study, "goals", verdict_goals(goals, count));
    (void)json_array_append_new(context, study);
}

static json_t *studies_of(const struct page_question *question, const char *hash)
{
    json_t *studies = json_array(), *found;
    size_t index;
    AUTO(json_release)
    json_t *names =
        *hash ? details_ask(question->db, JOBDB_ASK_STUDIES_OF_HASH, hash, NULL, STUDIES_MOST) : NULL;
    json_array_foreach(names, index, found)(void)
        jobdb_read_study(question->db, json_text(found, "study"), take_study, studies);
    return studies;
}

static void append_headline(const json_t *errand, const json_t *studies, struct text *out)
{
    const char *phase = json_text(errand, "phase"), *kind = kind_text(json_text(errand, "kind"));
    size_t count = json_array_size(studies);
    if (strcmp(phase, "under way") == 0)
        text_append(out, "The router is asked");
    else if (strcmp(phase, "done") != 0)
        text_append(out,
                    strcmp(phase, "refused") == 0 ? "The router refused it" : "The router did not answer");
    else if (count == 0)
        text_format(out, "No study has this %s", kind);
    else {
        page_append_count(out, (int64_t)count, "study has this ", "studies have this ");
        text_append(out, kind);
    }
}

static json_t *read_found(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release)
    json_t *errand = question->errands ? errands_read_find(question->errands, question->asked->item) : NULL;
    if (!errand) {
        text_append(question->reason,
                    "Nobody looks for this any more. Look for the number again, at Studies.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "found"),
           *studies = studies_of(question, json_text(errand, "hash"));
    append_headline(errand, studies, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    (void)json_object_set(document, "phase", json_object_get(errand, "phase"));
    (void)json_object_set(document, "kind", json_object_get(errand, "kind"));
    (void)json_object_set_new(document, "sentence",
                              strcmp(json_text(errand, "phase"), "done") == 0
                                  ? json_null()
                                  : json_incref(json_object_get(errand, "sentence")));
    (void)json_object_set_new(document, "studies", studies);
    return document;
}

static void shape_found(const struct page_question *question, json_t *document)
{
    json_t *study;
    size_t index;
    struct sorting_table table = page_studies_table;
    table.path = NULL;
    (void)json_object_set_new(document, "heads", sorting_heads(question, &table));
    (void)json_object_set_new(document, "is_sortable", json_false());
    (void)json_object_set_new(document, "is_done",
                              json_boolean(strcmp(json_text(document, "phase"), "done") == 0));
    json_array_foreach(json_object_get(document, "studies"), index, study) verdict_shape(study);
    ticks_add_studies(question, document);
}

const struct page page_found = {.name = "found",
                                .title = "Found",
                                .has_item = true,
                                .parameters = "",
                                .rows = "studies",
                                .read = read_found,
                                .shape = shape_found};
