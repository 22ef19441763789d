#include "common/view/rows.h"

#include <string.h>

json_t *rows_job(const struct jobdb_job_row *job)
{
    return json_pack(
        "{s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "job",
        job->kind, "id", (json_int_t)job->id, "state", job->state, "destination", job->destination, "album",
        json_from_text(job->album), "study", json_from_text(job->study), "series",
        json_from_text(job->series), "sop_instance", json_from_text(job->sop_instance), "receipt",
        json_from_text(job->receipt), "tries", (json_int_t)job->tries, "attempts", (json_int_t)job->attempts,
        "http_status", (json_int_t)job->http_status, "size", (json_int_t)job->size, "received_at",
        json_from_time(job->received_at), "due_at", json_from_time(job->due_at), "finished_at",
        json_from_time(job->finished_at), "reason", json_from_text(job->reason), "calling_aet",
        json_from_text(job->calling_aet));
}

static json_t *condition_to_json(const struct jobdb_condition *condition)
{
    if (!condition)
        return json_null();
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I}", "since",
                     json_from_time(condition->since), "yes", (json_int_t)condition->yes, "no",
                     (json_int_t)condition->no, "undecided", (json_int_t)condition->undecided, "series",
                     (json_int_t)condition->series, "yes_hour", (json_int_t)condition->yes_hour, "no_hour",
                     (json_int_t)condition->no_hour, "yes_day", (json_int_t)condition->yes_day, "no_day",
                     (json_int_t)condition->no_day, "matched_at", json_from_time(condition->matched_at),
                     "unmatched_since", json_from_time(condition->unmatched_since), "unmatched_series",
                     (json_int_t)condition->unmatched_series);
}

static double pace_of(const struct jobdb_standing *standing)
{
    return standing->over_ms > 0 ? (double)standing->done * 1000.0 / (double)standing->over_ms : 0;
}

static json_t *seconds_to_json(int64_t seconds)
{
    return seconds < 0 ? json_null() : json_integer(seconds);
}

json_t *rows_status(const struct jobdb_status_row *row)
{
    return json_pack(
        "{s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "destination", row->destination, "album", json_from_text(row->album), "state", row->state, "waiting",
        (json_int_t)row->waiting, "queued", (json_int_t)row->queued, "deferred", (json_int_t)row->deferred,
        "in_flight", (json_int_t)row->in_flight, "failed", (json_int_t)row->failed, "undecided",
        (json_int_t)row->undecided, "done_hour", (json_int_t)row->done_hour, "done_day",
        (json_int_t)row->done_day, "oldest_waiting", json_from_time(row->oldest_waiting_at), "last_error",
        json_from_text(row->last_error), "last_error_at", json_from_time(row->last_error_at), "token_trouble",
        json_from_text(*row->token_trouble ? row->token_trouble : NULL), "condition",
        condition_to_json(row->condition), "since", json_from_time(row->standing.since), "held_by",
        json_from_text(*row->standing.held_by ? row->standing.held_by : NULL), "done_per_second",
        json_real(pace_of(&row->standing)), "empty_in_seconds",
        seconds_to_json(jobdb_empty_in(&row->standing, row->queued, strcmp(row->state, "up") == 0)));
}

json_t *rows_study(const struct jobdb_study_row *study)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "study",
                     study->study, "state", study->state, "calling_aet", json_from_text(study->calling_aet),
                     "series", (json_int_t)study->series, "instances", (json_int_t)study->instances,
                     "received", (json_int_t)study->received, "delivered", (json_int_t)study->delivered,
                     "waiting", (json_int_t)study->waiting, "failed", (json_int_t)study->failed, "undecided",
                     (json_int_t)study->undecided, "quarantined", (json_int_t)study->quarantined,
                     "destinations", json_from_text(study->destinations), "albums",
                     json_from_text(study->albums), "first_received_at",
                     json_from_time(study->first_received_at), "last_received_at",
                     json_from_time(study->last_received_at));
}

json_t *rows_commitment(const struct jobdb_commitment_row *row)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "id", (json_int_t)row->id,
                     "state", row->state, "transaction", row->transaction, "calling_aet", row->calling,
                     "called_aet", row->called, "instances", (json_int_t)row->instances, "waiting",
                     (json_int_t)row->open, "denied", (json_int_t)row->denied, "tries",
                     (json_int_t)row->tries, "reason", json_from_text(row->reason), "asked_at",
                     json_from_time(row->asked_at));
}

json_t *rows_quarantined(const struct jobdb_quarantined *file)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "id", (json_int_t)file->id,
                     "receipt", file->receipt, "reason", json_from_text(file->reason), "calling_aet",
                     json_from_text(file->calling_aet), "called_aet", json_from_text(file->called_aet),
                     "study", json_from_text(file->study), "sop_instance", json_from_text(file->sop_instance),
                     "size", (json_int_t)file->size, "received_at", json_from_time(file->received_at),
                     "quarantined_at", json_from_time(file->quarantined_at));
}
