/* felucca jobs - lists deliveries and shares. */
#include "cli/colour.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/job_filter.h"
#include "cli/option.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/jobs/read.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 79, LIMIT = 50, JSON = 1, CSV };

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct listing {
    struct jobdb_filter filter;
    enum form form;
    int64_t rows;
};

/* ---- the three forms ---- */

static void print_json(const struct jobdb_job_row *job)
{
    json_t *object = json_pack(
        "{s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "job",
        job->kind, "id", (json_int_t)job->id, "state", job->state, "destination", job->destination, "album",
        json_from_text(job->album), "study", json_from_text(job->study), "series",
        json_from_text(job->series), "sop_instance", json_from_text(job->sop_instance), "receipt",
        json_from_text(job->receipt), "tries", (json_int_t)job->tries, "attempts", (json_int_t)job->attempts,
        "http_status", (json_int_t)job->http_status, "size", (json_int_t)job->size, "received_at",
        json_from_time(job->received_at), "due_at", json_from_time(job->due_at), "finished_at",
        json_from_time(job->finished_at), "reason", json_from_text(job->reason));
    json_print_line(object);
}

/* Quoted as RFC 4180 asks where it has to be. */
static void append_csv(struct text *line, const char *value)
{
    const char *shown = value ? value : "";
    if (line->length > 0)
        text_append_char(line, ',');
    if (!strpbrk(shown, ",\"\r\n")) {
        text_append(line, shown);
        return;
    }
    text_append_char(line, '"');
    for (; *shown; shown++) {
        if (*shown == '"')
            text_append_char(line, '"');
        text_append_char(line, *shown);
    }
    text_append_char(line, '"');
}

static void append_csv_number(struct text *line, int64_t value)
{
    text_format(line, ",%lld", (long long)value);
}

static void append_csv_time(struct text *line, int64_t ms)
{
    char buffer[CLOCK_ISO_SIZE];
    append_csv(line, ms > 0 ? clock_iso8601(ms, buffer) : "");
}

static void print_csv(const struct jobdb_job_row *job)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    append_csv(&line, job->kind);
    append_csv_number(&line, job->id);
    append_csv(&line, job->state);
    append_csv(&line, job->destination);
    append_csv(&line, job->album);
    append_csv(&line, job->study);
    append_csv(&line, job->series);
    append_csv(&line, job->sop_instance);
    append_csv(&line, job->receipt);
    append_csv_number(&line, job->tries);
    append_csv_number(&line, job->attempts);
    append_csv_number(&line, job->http_status);
    append_csv_number(&line, job->size);
    append_csv_time(&line, job->received_at);
    append_csv_time(&line, job->due_at);
    append_csv_time(&line, job->finished_at);
    append_csv(&line, job->reason);
    (void)puts(text_string(&line));
}

static void print_row(const struct jobdb_job_row *job)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    text_format(&goal, "%s%s%s", job->destination, job->album ? "/" : "", job->album ? job->album : "");
    AUTO(text_release) struct text name = TEXT_EMPTY;
    text_format(&name, "%s:%lld", job->kind, (long long)job->id);
    table_cell(&line, text_string(&name), 17, TABLE_LEFT);
    colour_cell(&line, job->state, 8);
    table_number(&line, job->tries, 5);
    table_cell(&line, text_string(&goal), 20, TABLE_LEFT);
    const char *what = job->sop_instance ? job->sop_instance : job->series;
    table_cell(&line, what ? what : job->study, 24, TABLE_LEFT_TAIL);
    table_end(&line);
    if (job->reason) {
        text_append(&line, "    ");
        table_wrap(&line, job->reason, 4, WIDTH);
    }
    (void)fputs(text_string(&line), stdout);
}

static void print_heading(enum form form)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    if (form == FORM_JSON)
        return;
    if (form == FORM_CSV) {
        (void)puts(
            "job,id,state,destination,album,study,series,sop_instance,receipt,tries,attempts,http_status,"
            "size,received_at,due_at,finished_at,reason");
        return;
    }
    table_cell(&line, "JOB", 17, TABLE_LEFT);
    table_cell(&line, "STATE", 8, TABLE_LEFT);
    table_cell(&line, "TRIES", 5, TABLE_RIGHT);
    table_cell(&line, "TO", 20, TABLE_LEFT);
    table_cell(&line, "INSTANCE, SERIES, STUDY", 24, TABLE_LEFT);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

static void print_job(void *context, const struct jobdb_job_row *job)
{
    struct listing *listing = context;
    if (listing->rows++ == 0)
        print_heading(listing->form);
    if (listing->form == FORM_JSON)
        print_json(job);
    else if (listing->form == FORM_CSV)
        print_csv(job);
    else
        print_row(job);
}

/* ---- arguments ---- */

static bool take(void *context, int key, const char *value)
{
    struct listing *listing = context;
    if (key == JSON || key == CSV)
        listing->form = key == JSON ? FORM_JSON : FORM_CSV;
    return job_filter_take(&listing->filter, command_jobs.name, key, value);
}

static int run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct listing listing = {.filter = {.limit = LIMIT}, .form = FORM_TABLE};
    if (!option_parse(&command_jobs, argc, argv, take, &listing, NULL))
        return EXIT_USAGE;
    int code = database_open(cli, &config, &db);
    if (code != EXIT_OK)
        return code;
    if (!job_filter_check_names(&listing.filter, command_jobs.name, db))
        return EXIT_USAGE;
    (void)jobdb_read_jobs(db, &listing.filter, print_job, &listing);
    if (database_failed(db))
        return EXIT_NO;
    if (listing.rows == 0 && listing.form == FORM_TABLE)
        (void)fputs("no such jobs\n", stderr);
    return listing.rows > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"state", "STATE", JOB_FILTER_STATES,
     "queued, deferred (queued, and tried before), sending,\n"
     "sent, failed, excluded, waiting, sharing, shared, dropped",
     JOB_FILTER_STATE},
    JOB_FILTER_OPTIONS,
    {"json", NULL, NULL, "everything about each, one object a line", JSON},
    {"csv", NULL, NULL, "the same as comma-separated values", CSV},
    {.name = NULL}};

const struct command command_jobs = {
    .name = "jobs",
    .summary = "lists deliveries, shares and fetches, the newest first",
    .arguments = "[FILTERS] [--json|--csv]",
    .options = options,
    .help = "Lists 50 of each kind unless --limit says otherwise. `felucca show` tells more\n"
            "about one, by its JOB or any UID.\n",
    .example = "felucca jobs --state failed --since yesterday\n",
    .run = run,
};
