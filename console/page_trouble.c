/* page_trouble - what has the same cause, and what is to be done about it? */
#include "common/base/cleanup.h"
#include "common/jobs/show.h"
#include "common/view/commitments.h"
#include "common/view/details.h"
#include "console/acts.h"
#include "console/duty.h"
#include "console/page.h"
#include "console/sorting.h"
#include "console/targets.h"
#include "console/ticks.h"

#include <string.h>

static const struct sorting_column job_columns[] = {
    {"Jobs", "jobs", "count", true, true},
    {"State", "state", "state", false, false},
    {"To", "to", "destination", false, false},
    {"Answer", "answer", "http_status", true, false},
    {"Since, last", "last", "last_at", false, true},
    {"One of the studies", NULL, NULL, false, false},
    {"Reason, and what comes next", "reason", "reason", false, false},
};
static const struct sorting_table job_table = {"/trouble", job_columns,
                                               sizeof job_columns / sizeof *job_columns, "jobs", ""};

static const struct sorting_column file_columns[] = {
    {"Files", "files", "count", true, true},           {"Size", "size", "bytes", true, true},
    {"From, to", "from", "calling_aet", false, false}, {"Since, last", "last", "last_at", false, true},
    {"Reason", "reason", "reason", false, false},
};
static const struct sorting_table file_table = {
    "/trouble", file_columns, sizeof file_columns / sizeof *file_columns, "files", "files_"};

/* The targets in a state. */
static json_t *targets_in(const json_t *targets, const char *state)
{
    json_t *list = json_array(), *target;
    size_t index;
    json_array_foreach(targets, index, target)
    {
        if (strcmp(json_text(target, "state"), state) == 0)
            (void)json_array_append(list, target);
    }
    return list;
}

/* Each group with the command that lists its jobs. */
static json_t *groups_of(const struct page_question *question, enum jobdb_question asked, const char *state)
{
    json_t *groups = details_ask(question->db, asked, NULL, NULL, 0), *group;
    size_t index;
    json_array_foreach(groups, index, group)
    {
        AUTO(text_release) struct text next = TEXT_EMPTY;
        const char *album = json_text_or_null(group, "album");
        text_format(&next, "felucca jobs --state %s --destination %s%s%s", state,
                    json_text(group, "destination"), album ? " --album " : "", album ? album : "");
        (void)json_object_set_new(group, "state", json_string(state));
        (void)json_object_set_new(group, "next", json_from_text(text_string(&next)));
    }
    return groups;
}

static void add_source(void *context, const struct commitments_source *source)
{
    (void)json_array_append_new(
        context,
        json_pack("{s:s, s:s, s:s, s:I, s:o}", "calling_aet", source->calling, "state",
                  source->trouble == COMMITMENTS_HELD ? "held" : "backing off", "sentence", source->sentence,
                  "waiting", (json_int_t)source->waiting, "since", json_from_time(source->since)));
}

/* The sources that take no reports on storage commitment now, and what nobody took for days. */
static json_t *read_commitments(const struct page_question *question)
{
    json_t *list = json_array();
    struct commitments_counts counts;
    AUTO(text_release) struct text words = TEXT_EMPTY;
    (void)commitments_each_source(question->db, question->now, add_source, list);
    commitments_count(question->db, &counts);
    const struct commitments_counts failed = {.failed = counts.failed};
    if (commitments_append_counts(&failed, &words))
        (void)json_array_append_new(list, json_pack("{s:n, s:s, s:s, s:I, s:n}", "calling_aet", "state",
                                                    "failed", "sentence", text_string(&words), "waiting",
                                                    (json_int_t)counts.failed, "since"));
    return list;
}

/* What failed and what is undecided, the most first, unless the address says otherwise. */
static json_t *read_groups(const struct page_question *question, const struct sorting *sorting)
{
    const struct sorting by_count = {&job_columns[0], true};
    json_t *groups = groups_of(question, JOBDB_ASK_FAILED_GROUPS, "failed");
    json_t *undecided = groups_of(question, JOBDB_ASK_UNDECIDED_GROUPS, "undecided");
    (void)json_array_extend(groups, undecided);
    json_decref(undecided);
    sorting_sort(&by_count, groups);
    sorting_sort(sorting, groups);
    return groups;
}

static json_t *read_files(const struct page_question *question, const struct sorting *sorting)
{
    json_t *files = details_ask(question->db, JOBDB_ASK_QUARANTINE_GROUPS, NULL, NULL, 0);
    sorting_sort(sorting, files);
    return files;
}

static json_t *read_trouble(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    struct sorting of_jobs, of_files;
    if (!sorting_take(question, &job_table, &of_jobs) || !sorting_take(question, &file_table, &of_files))
        return NULL;
    json_t *document = page_document(question, "trouble");
    json_t *targets = targets_read(question->db, question->config, question->now),
           *duty = duty_read(question, targets);
    duty_append_headline(duty, &headline);
    (void)json_object_set_new(document, "headline", json_string(text_string(&headline)));
    (void)json_object_set_new(document, "blocked", targets_in(targets, "blocked"));
    (void)json_object_set_new(document, "backing_off", targets_in(targets, "backing off"));
    (void)json_object_set_new(document, "held", targets_in(targets, "held"));
    (void)json_object_set_new(document, "groups", read_groups(question, &of_jobs));
    (void)json_object_set_new(document, "quarantine", read_files(question, &of_files));
    (void)json_object_set_new(document, "commitments", read_commitments(question));
    json_decref(targets);
    json_decref(duty);
    details_write_times(document);
    AUTO(json_release) json_t *around = json_object();
    surroundings_add_json(question->around, around);
    (void)json_object_set(document, "rejections", json_object_get(around, "rejections"));
    return document;
}

/* Files in quarantine are taken in again or dropped, by reason and sender. */
static void add_quarantine_acts(const struct page_question *question, json_t *document)
{
    json_t *row;
    size_t index;
    json_array_foreach(json_object_get(document, "quarantine"), index, row)
        acts_add_quarantine(row, question->who, NULL);
}

/* The reports of sources on storage commitment. */
static void add_commitment_acts(const struct page_question *question, json_t *document)
{
    json_t *row;
    size_t index;
    json_array_foreach(json_object_get(document, "commitments"), index, row)
    {
        const char *aet = json_text_or_null(row, "calling_aet");
        if (aet)
            acts_add_hold_source(row, question->who, aet, strcmp(json_text(row, "state"), "held") == 0);
    }
}

static void add_acts(const struct page_question *question, json_t *document)
{
    static const char *const standing[] = {"blocked", "backing_off", "held"};
    json_t *row;
    size_t index;
    json_array_foreach(json_object_get(document, "groups"), index, row) acts_add_line(row, question->who);
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++) {
        json_array_foreach(json_object_get(document, standing[i]), index, row)
            acts_add_hold(row, question->who);
    }
    add_quarantine_acts(question, document);
    add_commitment_acts(question, document);
}

static void shape_trouble(const struct page_question *question, json_t *document)
{
    static const char *const lists[] = {"blocked",    "backing_off", "held",       "groups",
                                        "quarantine", "rejections",  "commitments"};
    size_t count = 0;
    add_acts(question, document);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        count += json_array_size(json_object_get(document, lists[i]));
    (void)json_object_set_new(document, "is_well", json_boolean(count == 0));
    (void)json_object_set_new(document, "job_table",
                              json_pack("{s:o}", "heads", sorting_heads(question, &job_table)));
    (void)json_object_set_new(document, "file_table",
                              json_pack("{s:o}", "heads", sorting_heads(question, &file_table)));
    ticks_add_lines(question, document);
}

const struct page page_trouble = {.name = "trouble",
                                  .title = "Trouble",
                                  .parameters = SORTING_PARAMETERS " files_sort files_order",
                                  .rows = "groups",
                                  .read = read_trouble,
                                  .shape = shape_trouble};
