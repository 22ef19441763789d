#include "common/view/commitments.h"

#include "common/base/cleanup.h"
#include "common/jobs/commitment.h"
#include "common/jobs/requester.h"

#include <stddef.h>
#include <string.h>

/* ---- how many ---- */

/* One of each, and more: "1 waits for its images". */
static const struct {
    const char *state;
    size_t count;
    const char *one, *many;
} kinds[] = {
    {"waiting", offsetof(struct commitments_counts, waiting), "waits for its images",
     "wait for their images"},
    {"queued", offsetof(struct commitments_counts, queued), "waits to be reported", "wait to be reported"},
    {"reporting", offsetof(struct commitments_counts, reporting), "is reported now", "are reported now"},
    {"failed", offsetof(struct commitments_counts, failed), "failed: nobody took the report",
     "failed: nobody took the reports"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static int64_t *count_of(struct commitments_counts *counts, size_t kind)
{
    return (int64_t *)(void *)((char *)counts + kinds[kind].count);
}

static void take_count(void *context, const char *state, int64_t count)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].state, state) == 0)
            *count_of(context, i) = count;
}

void commitments_count(struct jobdb *db, struct commitments_counts *ret_counts)
{
    *ret_counts = (struct commitments_counts){0};
    jobdb_each_commitment_count(db, take_count, ret_counts);
}

bool commitments_append_counts(const struct commitments_counts *counts, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < KINDS; i++) {
        int64_t count = *count_of((struct commitments_counts *)counts, i);
        if (count == 0)
            continue;
        text_append(out, any ? ", " : "");
        text_append_count(out, count);
        text_format(out, " %s", count == 1 ? kinds[i].one : kinds[i].many);
        any = true;
    }
    return any;
}

/* ---- who gets none ---- */

struct looking {
    int64_t now;
    void (*each)(void *context, const struct commitments_source *source);
    void *context;
};

static void append_waiting(const struct jobdb_requester_row *row, struct text *out)
{
    text_append(out, " (");
    text_append_count(out, row->waiting);
    text_append(out, row->waiting == 1 ? " waits)" : " wait)");
}

static void append_resting(const struct jobdb_requester_row *row, int64_t now, struct text *out)
{
    text_format(out, "%s takes no reports on storage commitment", row->calling);
    append_waiting(row, out);
    if (row->until > now) {
        text_append(out, ", next try in ");
        text_append_duration(out, row->until - now);
    }
    text_format(out, ": %s", row->last_error ? row->last_error : "it does not say why");
}

static void append_held(const struct jobdb_requester_row *row, struct text *out)
{
    text_format(out, "reports on storage commitment to %s are held by %s", row->calling, row->held_by);
    append_waiting(row, out);
}

static void take_source(void *context, const struct jobdb_requester_row *row)
{
    const struct looking *looking = context;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (row->held_by)
        append_held(row, &sentence);
    else
        append_resting(row, looking->now, &sentence);
    const struct commitments_source source = {.trouble =
                                                  row->held_by ? COMMITMENTS_HELD : COMMITMENTS_RESTING,
                                              .calling = row->calling,
                                              .sentence = text_string(&sentence),
                                              .waiting = row->waiting,
                                              .since = row->since};
    looking->each(looking->context, &source);
}

int commitments_each_source(struct jobdb *db, int64_t now,
                            void (*each)(void *context, const struct commitments_source *source),
                            void *context)
{
    struct looking looking = {now, each, context};
    return jobdb_each_troubled_requester(db, take_source, &looking);
}

/* ---- both ---- */

static void add_source(void *context, const struct jobdb_requester_row *row)
{
    (void)json_array_append_new(
        context, json_pack("{s:s, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "calling_aet", row->calling,
                           "called_aet", json_from_text(row->called), "waiting", (json_int_t)row->waiting,
                           "failures", (json_int_t)row->failures, "next_try_at", json_from_time(row->until),
                           "last_error", json_from_text(row->last_error), "held_by",
                           json_from_text(row->held_by), "since", json_from_time(row->since)));
}

json_t *commitments_json(struct jobdb *db)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    struct commitments_counts counts;
    json_t *sources = json_array();
    commitments_count(db, &counts);
    bool any = commitments_append_counts(&counts, &words);
    (void)jobdb_each_troubled_requester(db, add_source, sources);
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "waiting", (json_int_t)counts.waiting, "queued",
                     (json_int_t)counts.queued, "reporting", (json_int_t)counts.reporting, "failed",
                     (json_int_t)counts.failed, "words", json_from_text(any ? text_string(&words) : NULL),
                     "sources", sources);
}
