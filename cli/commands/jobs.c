/* felucca jobs - lists deliveries, shares and fetches. */
#include "cli/colour.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/job_filter.h"
#include "cli/option.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/jobs/read.h"
#include "common/service/service.h"
#include "common/view/csv.h"
#include "common/view/rows.h"

#include <stdio.h>

enum { WIDTH = 79, LIMIT = 50, JSON = 1, CSV };

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct listing {
    struct jobdb_filter filter;
    enum form form;
    int64_t rows;
};

/* ---- the three forms ---- */

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

static void print_heading(void)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    table_cell(&line, "JOB", 17, TABLE_LEFT);
    table_cell(&line, "STATE", 8, TABLE_LEFT);
    table_cell(&line, "TRIES", 5, TABLE_RIGHT);
    table_cell(&line, "TO", 20, TABLE_LEFT);
    table_cell(&line, "INSTANCE, SERIES, STUDY", 24, TABLE_LEFT);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

static void print_csv(const struct jobdb_job_row *job, bool heading)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    AUTO(json_release) json_t *object = rows_job(job);
    if (heading)
        csv_append_heading(object, &lines);
    csv_append_row(object, &lines);
    (void)fputs(text_string(&lines), stdout);
}

static void print_job(void *context, const struct jobdb_job_row *job)
{
    struct listing *listing = context;
    bool first = listing->rows++ == 0;
    if (listing->form == FORM_JSON) {
        json_print_line(rows_job(job));
    } else if (listing->form == FORM_CSV) {
        print_csv(job, first);
    } else {
        if (first)
            print_heading();
        print_row(job);
    }
}

/* ---- arguments ---- */

static bool jobs_take(void *context, int key, const char *value)
{
    struct listing *listing = context;
    if (key == JSON || key == CSV)
        listing->form = key == JSON ? FORM_JSON : FORM_CSV;
    return job_filter_take(&listing->filter, command_jobs.name, key, value);
}

static int jobs_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct listing listing = {.filter = {.limit = LIMIT}, .form = FORM_TABLE};
    if (!option_parse(&command_jobs, argc, argv, jobs_take, &listing, NULL))
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
    .run = jobs_run,
};
