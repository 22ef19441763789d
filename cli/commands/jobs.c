/* felucca jobs - lists deliveries, shares, fetches, inquiries and open requests for storage commitment: those that are alike in one line, or each. */
#include "cli/colour.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/commitment_jobs.h"
#include "cli/database.h"
#include "cli/job_filter.h"
#include "cli/job_groups.h"
#include "cli/number.h"
#include "cli/option.h"
#include "cli/uid_option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/jobs/read.h"
#include "common/service/service.h"
#include "common/view/csv.h"
#include "common/view/rows.h"

#include <stdio.h>
#include <string.h>

/* COUNTED: so many of a kind are read, to say how many there are. */
enum { LIMIT = 50, COUNTED = 5000, JSON = 1, CSV, ALL };

enum form { FORM_GROUPS, FORM_ROWS, FORM_JSON, FORM_CSV };

struct listing {
    struct jobdb_filter filter;
    struct number number;
    enum form form;
    int64_t limit; /* lines, or of each kind; 0: all */
    char kind[16]; /* of the last job */
    int64_t of_kind, found, shown;
    bool more; /* than were counted */
    struct columns columns;
    struct job_groups *groups;
};

static void listing_release(struct listing *listing)
{
    job_groups_destroy(&listing->groups);
}

static void append_goal(struct text *out, const char *destination, const char *album)
{
    text_format(out, "%s%s%s", destination, album ? "/" : "", album ? album : "");
}

static void print_reason(const char *reason)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    text_append(&line, "    ");
    table_wrap(&line, reason, 4, columns_line());
    (void)fputs(text_string(&line), stdout);
}

static void print_heading(const struct columns *columns)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    columns_append_heading(columns, &line);
    (void)fputs(text_string(&line), stdout);
}

/* Without its seconds. */
static const char *minute_of(int64_t wall_ms, char *buffer)
{
    (void)clock_local(wall_ms, buffer);
    buffer[sizeof "2026-01-31 08:15" - 1] = '\0';
    return buffer;
}

/* ---- groups ---- */

enum { GROUP_JOBS, GROUP_STATE, GROUP_TO, GROUP_STUDY, GROUP_FROM, GROUP_LATEST };

static const struct column group_columns[] = {
    [GROUP_JOBS] = {"JOBS", 15, 15, TABLE_LEFT}, [GROUP_STATE] = {"STATE", 9, 9, TABLE_LEFT},
    [GROUP_TO] = {"TO", 12, 40, TABLE_LEFT},     [GROUP_STUDY] = {"STUDY", 14, 64, TABLE_LEFT_TAIL},
    [GROUP_FROM] = {"FROM", 8, 16, TABLE_LEFT},  [GROUP_LATEST] = {"LATEST", 16, 16, TABLE_LEFT}};

static const char *plural_of(const char *kind)
{
    static const char *const kinds[][2] = {{"delivery", "deliveries"},
                                           {"share", "shares"},
                                           {"fetch", "fetches"},
                                           {"inquiry", "inquiries"},
                                           {"commitment", "commitments"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i][0], kind) == 0)
            return kinds[i][1];
    return kind;
}

static void print_group(const struct columns *columns, const struct job_group *group)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    AUTO(text_release) struct text jobs = TEXT_EMPTY;
    char time[CLOCK_ISO_SIZE];
    append_goal(&goal, group->destination, group->album);
    text_format(&jobs, "%lld %s", (long long)group->count,
                group->count == 1 ? group->kind : plural_of(group->kind));
    columns_append(columns, GROUP_JOBS, text_string(&jobs), &line);
    colour_cell(&line, group->state, columns->widths[GROUP_STATE]);
    columns_append(columns, GROUP_TO, text_string(&goal), &line);
    columns_append(columns, GROUP_STUDY, group->study, &line);
    columns_append(columns, GROUP_FROM, group->calling_aet, &line);
    columns_append(columns, GROUP_LATEST, minute_of(group->latest, time), &line);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
    if (group->reason)
        print_reason(group->reason);
}

static void print_groups(struct listing *listing)
{
    size_t count = job_groups_count(listing->groups);
    if (count > 0)
        print_heading(&listing->columns);
    for (size_t i = 0; i < count && (listing->limit == 0 || (int64_t)i < listing->limit); i++) {
        const struct job_group *group = job_groups_at(listing->groups, i);
        print_group(&listing->columns, group);
        listing->shown += group->count;
    }
}

/* ---- rows ---- */

enum { ROW_JOB, ROW_STATE, ROW_TRIES, ROW_TO, ROW_WHAT };

static const struct column row_columns[] = {
    [ROW_JOB] = {"JOB", 17, 17, TABLE_LEFT},
    [ROW_STATE] = {"STATE", 9, 9, TABLE_LEFT},
    [ROW_TRIES] = {"TRIES", 5, 5, TABLE_RIGHT},
    [ROW_TO] = {"TO", 20, 40, TABLE_LEFT},
    [ROW_WHAT] = {"INSTANCE, SERIES, STUDY", 23, 64, TABLE_LEFT_TAIL}};

/* When it was received, and from whom; then the reason. */
static void print_row_reason(const struct jobdb_job_row *job)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    char time[CLOCK_ISO_SIZE];
    text_append(&words, minute_of(job->received_at, time));
    if (job->calling_aet)
        text_format(&words, " from %s", job->calling_aet);
    if (job->reason)
        text_format(&words, ": %s", job->reason);
    print_reason(text_string(&words));
}

static void print_row(const struct columns *columns, const struct jobdb_job_row *job)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    const char *what = job->sop_instance ? job->sop_instance : job->series;
    append_goal(&goal, job->destination, job->album);
    text_format(&name, "%s:%lld", job->kind, (long long)job->id);
    columns_append(columns, ROW_JOB, text_string(&name), &line);
    colour_cell(&line, job->state, columns->widths[ROW_STATE]);
    table_number(&line, job->tries, columns->widths[ROW_TRIES]);
    columns_append(columns, ROW_TO, text_string(&goal), &line);
    columns_append(columns, ROW_WHAT, what ? what : job->study, &line);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
    print_row_reason(job);
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

static void print_job(struct listing *listing, const struct jobdb_job_row *job)
{
    bool first = listing->shown++ == 0;
    if (listing->form == FORM_JSON) {
        json_print_line(rows_job(job));
    } else if (listing->form == FORM_CSV) {
        print_csv(job, first);
    } else {
        if (first)
            print_heading(&listing->columns);
        print_row(&listing->columns, job);
    }
}

/* ---- the list ---- */

/* Jobs come kind by kind. */
static void take_job(void *context, const struct jobdb_job_row *job)
{
    struct listing *listing = context;
    if (strcmp(listing->kind, job->kind) != 0) {
        (void)snprintf(listing->kind, sizeof listing->kind, "%s", job->kind);
        listing->of_kind = 0;
    }
    listing->of_kind++;
    if (listing->filter.limit > 0 && listing->of_kind > COUNTED && listing->of_kind > listing->limit) {
        listing->more = true;
        return;
    }
    listing->found++;
    if (listing->form == FORM_GROUPS)
        job_groups_add(listing->groups, job);
    else if (listing->limit == 0 || listing->of_kind <= listing->limit)
        print_job(listing, job);
}

/* What is left out, where something is; behind what programs read, on stderr. */
static void tell_rest(const struct listing *listing)
{
    bool table = listing->form == FORM_GROUPS || listing->form == FORM_ROWS;
    FILE *out = table ? stdout : stderr;
    if (listing->shown < listing->found || listing->more)
        (void)fprintf(out, "%lld of %s%lld jobs; --limit N shows more, --all each of them\n",
                      (long long)listing->shown, listing->more ? "more than " : "",
                      (long long)listing->found);
    else if (listing->form == FORM_GROUPS && job_groups_count(listing->groups) < (size_t)listing->found)
        (void)fprintf(out, "%lld jobs; --all shows each of them\n", (long long)listing->found);
}

static int list_jobs(struct listing *listing, struct jobdb *db)
{
    /* one more than is counted tells that there are more */
    int64_t most = listing->limit > COUNTED ? listing->limit : COUNTED;
    listing->filter.limit = listing->limit > 0 || listing->form == FORM_GROUPS ? most + 1 : 0;
    bool rows = listing->form == FORM_ROWS;
    listing->groups = job_groups_create();
    columns_fit(&listing->columns, rows ? row_columns : group_columns,
                rows ? sizeof row_columns / sizeof *row_columns
                     : sizeof group_columns / sizeof *group_columns,
                columns_line());
    (void)jobdb_read_jobs(db, &listing->filter, take_job, listing);
    (void)commitment_jobs_read(db, &listing->filter, listing->form != FORM_GROUPS, take_job, listing);
    if (database_failed(db))
        return EXIT_NO;
    if (listing->form == FORM_GROUPS)
        print_groups(listing);
    tell_rest(listing);
    if (listing->found == 0 && listing->form != FORM_JSON && listing->form != FORM_CSV)
        (void)fputs("no such jobs\n", stderr);
    return listing->found > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* ---- arguments ---- */

static bool take_form(struct listing *listing, enum form form)
{
    bool other = listing->form == FORM_JSON || listing->form == FORM_CSV;
    if (other && listing->form != form) {
        (void)fputs("felucca jobs: --json and --csv are two forms of one list: give one of them\n", stderr);
        return false;
    }
    listing->form = form;
    return true;
}

static bool jobs_take(void *context, int key, const char *value)
{
    struct listing *listing = context;
    if (key == JSON || key == CSV)
        return take_form(listing, key == JSON ? FORM_JSON : FORM_CSV);
    if (key == ALL) {
        listing->form = listing->form == FORM_GROUPS ? FORM_ROWS : listing->form;
        listing->limit = listing->filter.limit; /* 0: not said, or not yet */
        return true;
    }
    if (!number_take(&listing->number, command_jobs.name, key, value) ||
        !job_filter_take(&listing->filter, command_jobs.name, key, value))
        return false;
    if (key == JOB_FILTER_LIMIT)
        listing->limit = listing->filter.limit;
    return true;
}

static int jobs_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(listing_release)
    struct listing listing = {.limit = LIMIT};
    if (!option_parse(&command_jobs, argc, argv, jobs_take, &listing, NULL))
        return EXIT_USAGE;
    int code = database_open(cli, &config, &db);
    if (code != EXIT_OK)
        return code;
    char study[JOBDB_UID_SIZE];
    if (!job_filter_check_names(&listing.filter, command_jobs.name, db))
        return EXIT_USAGE;
    code = number_hash(&listing.number, command_jobs.name, config);
    if (code != EXIT_OK)
        return code;
    listing.filter.hash = listing.number.text ? listing.number.hash : NULL;
    if (listing.filter.study) {
        if (!uid_option_find_study(command_jobs.name, listing.filter.study, db, study))
            return EXIT_USAGE;
        listing.filter.study = study;
    }
    return list_jobs(&listing, db);
}

static const struct command_option options[] = {
    {"state", "STATE", JOB_FILTER_STATES,
     "queued, deferred (queued, and tried before), sending,\n"
     "sent, failed, undecided, excluded, waiting, sharing,\n"
     "shared, dropped",
     JOB_FILTER_STATE},
    JOB_FILTER_OPTIONS("of this study, by its beginning or end"),
    JOB_FILTER_LIST_OPTIONS,
    NUMBER_OPTIONS,
    {"all", NULL, NULL, "each job in a line of its own, and without --limit\nall of them", ALL},
    {"json", NULL, NULL, "everything about each, one object a line", JSON},
    {"csv", NULL, NULL, "the same as comma-separated values", CSV},
    {.name = NULL}};

const struct command command_jobs = {
    .name = "jobs",
    .summary = "lists deliveries, shares, fetches and inquiries, the newest first",
    .arguments = "[FILTERS] [--all] [--json|--csv]",
    .options = options,
    .help = "Jobs of one study that are alike are one line: how many, from whom, when the\n"
            "last one was received, and why they wait or failed. 50 lines are shown, with\n"
            "--json and --csv 50 jobs of each kind, unless --limit or --all says otherwise;\n"
            "the last line says what was left out. `felucca show` tells more about a study\n"
            "or one job, by any UID or its JOB. Times are local. Requests for storage\n"
            "commitment that are not over come last, with the title that is to be told\n"
            "under TO; `felucca commitments` tells more of them.\n",
    .example = "felucca jobs --state failed --since yesterday\n"
               "felucca jobs --from CT01 --since 10:00 --until 11:00 --all\n",
    .run = jobs_run,
};
