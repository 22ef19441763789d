#include "cli/commitment_jobs.h"

#include "common/base/cleanup.h"
#include "common/jobs/commitment.h"

#include <string.h>

struct reading {
    const struct jobdb_filter *filter;
    bool named;
    void (*each)(void *context, const struct jobdb_job_row *row);
    void *context;
};

static bool matches(const struct jobdb_filter *filter, const struct jobdb_commitment_row *row)
{
    bool deferred = strcmp(row->state, "queued") == 0 && row->tries > 0;
    return (!filter->state || strcmp(filter->state, row->state) == 0 ||
            (strcmp(filter->state, "deferred") == 0 && deferred)) &&
           (!filter->calling_aet || strcmp(filter->calling_aet, row->calling) == 0) &&
           row->asked_at >= filter->since && (filter->until == 0 || row->asked_at < filter->until);
}

static void append_reason(const struct jobdb_commitment_row *row, bool named, struct text *out)
{
    if (strcmp(row->state, "waiting") == 0)
        text_append(out, "its images are not decided yet");
    else
        text_append(out, row->reason ? row->reason : "its report is not made yet");
    if (named)
        text_format(out, " (images: %lld, not decided: %lld, transaction %s)", (long long)row->instances,
                    (long long)row->open, row->transaction);
}

static void take_row(void *context, const struct jobdb_commitment_row *row)
{
    const struct reading *reading = context;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!matches(reading->filter, row))
        return;
    append_reason(row, reading->named, &reason);
    const struct jobdb_job_row job = {.kind = "commitment",
                                      .id = row->id,
                                      .state = row->state,
                                      .destination = row->calling,
                                      .reason = text_string(&reason),
                                      .calling_aet = row->calling,
                                      .tries = row->tries,
                                      .attempts = row->tries,
                                      .received_at = row->asked_at,
                                      .due_at = row->until};
    reading->each(reading->context, &job);
}

int commitment_jobs_read(struct jobdb *db, const struct jobdb_filter *filter, bool named,
                         void (*each)(void *context, const struct jobdb_job_row *row), void *context)
{
    struct reading reading = {filter, named, each, context};
    if (filter->destination || filter->album || filter->study || filter->series || filter->hash)
        return 0;
    return jobdb_each_open_commitment(db, filter->limit > 0 ? filter->limit : INT64_MAX, take_row, &reading);
}
