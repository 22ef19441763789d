/* felucca studies - lists studies, the newest first, with what became of them. */
#include "cli/colour.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/job_filter.h"
#include "cli/number.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/jobs/studies.h"
#include "common/service/service.h"
#include "common/view/csv.h"
#include "common/view/rows.h"

#include <stdio.h>

enum { JSON, CSV, LIMIT = 50 };

enum form { FORM_TABLE, FORM_JSON, FORM_CSV };

struct studies {
    struct jobdb_filter filter;
    struct number number;
    enum form form;
    bool limited;
    int64_t found;
    struct columns columns;
};

enum { COLUMN_STUDY, COLUMN_STATE, COLUMN_INSTANCES, COLUMN_DELIVERED, COLUMN_FROM, COLUMN_LAST };

static const struct column list[] = {
    [COLUMN_STUDY] = {"STUDY", 14, 64, TABLE_LEFT_TAIL}, [COLUMN_STATE] = {"STATE", 11, 11, TABLE_LEFT},
    [COLUMN_INSTANCES] = {"IMAGES", 6, 9, TABLE_RIGHT},  [COLUMN_DELIVERED] = {"SENT", 6, 9, TABLE_RIGHT},
    [COLUMN_FROM] = {"FROM", 8, 16, TABLE_LEFT},         [COLUMN_LAST] = {"RECEIVED", 16, 16, TABLE_LEFT}};

static void print_study(const struct columns *columns, const struct jobdb_study_row *study)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    char time[CLOCK_ISO_SIZE];
    (void)clock_local(study->last_received_at, time);
    time[sizeof "2026-01-31 08:15" - 1] = '\0';
    columns_append(columns, COLUMN_STUDY, study->study, &line);
    colour_cell(&line, study->state, columns->widths[COLUMN_STATE]);
    table_number(&line, study->instances, columns->widths[COLUMN_INSTANCES]);
    table_number(&line, study->delivered, columns->widths[COLUMN_DELIVERED]);
    columns_append(columns, COLUMN_FROM, study->calling_aet, &line);
    columns_append(columns, COLUMN_LAST, time, &line);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

static void print_csv(const struct jobdb_study_row *study, bool heading)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    AUTO(json_release) json_t *object = rows_study(study);
    if (heading)
        csv_append_heading(object, &lines);
    csv_append_row(object, &lines);
    (void)fputs(text_string(&lines), stdout);
}

static void print_heading(const struct columns *columns)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    columns_append_heading(columns, &line);
    (void)fputs(text_string(&line), stdout);
}

static void take_study(void *context, const struct jobdb_study_row *study)
{
    struct studies *studies = context;
    bool first = studies->found++ == 0;
    if (studies->limited && studies->found == studies->filter.limit)
        return; /* there are more than are wanted */
    if (studies->form == FORM_JSON) {
        json_print_line(rows_study(study));
    } else if (studies->form == FORM_CSV) {
        print_csv(study, first);
    } else {
        if (first)
            print_heading(&studies->columns);
        print_study(&studies->columns, study);
    }
}

static int list_studies(struct studies *studies, struct jobdb *db)
{
    int64_t limit = studies->filter.limit > 0 ? studies->filter.limit : LIMIT;
    studies->limited = true;
    studies->filter.limit = limit + 1;
    columns_fit(&studies->columns, list, sizeof list / sizeof *list, columns_line());
    (void)jobdb_read_studies(db, &studies->filter, take_study, studies);
    if (database_failed(db))
        return EXIT_NO;
    if (studies->found > limit)
        (void)fprintf(studies->form == FORM_TABLE ? stdout : stderr,
                      "the newest %lld are shown; --limit N shows more\n", (long long)limit);
    if (studies->found == 0 && studies->form == FORM_TABLE)
        (void)fputs("no such studies\n", stderr);
    return studies->found > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* ---- arguments ---- */

static bool take_form(struct studies *studies, enum form form)
{
    if (studies->form != FORM_TABLE && studies->form != form) {
        (void)fputs("felucca studies: --json and --csv are two forms of one list: give one of them\n",
                    stderr);
        return false;
    }
    studies->form = form;
    return true;
}

static bool studies_take(void *context, int key, const char *value)
{
    struct studies *studies = context;
    if (key == JSON || key == CSV)
        return take_form(studies, key == JSON ? FORM_JSON : FORM_CSV);
    return number_take(&studies->number, command_studies.name, key, value) &&
           job_filter_take(&studies->filter, command_studies.name, key, value);
}

static int studies_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct studies studies = {.form = FORM_TABLE};
    if (!option_parse(&command_studies, argc, argv, studies_take, &studies, NULL))
        return EXIT_USAGE;
    int code = database_open(cli, &config, &db);
    if (code != EXIT_OK)
        return code;
    if (!job_filter_check_names(&studies.filter, command_studies.name, db))
        return EXIT_USAGE;
    code = number_hash(&studies.number, command_studies.name, config);
    if (code != EXIT_OK)
        return code;
    studies.filter.hash = studies.number.text ? studies.number.hash : NULL;
    return list_studies(&studies, db);
}

static const struct command_option options[] = {
    {"state", "STATE", JOBDB_STUDY_STATES,
     "failed, waiting, undecided, quarantined, dropped,\nexcluded, done: the first of them that is true",
     JOB_FILTER_STATE},
    {"destination", "NAME", "@destination", "that went there, or shall", JOB_FILTER_DESTINATION},
    {"album", "NAME", "@album", "of which a series went there, or shall", JOB_FILTER_ALBUM},
    {"study", "UID", NULL, "whose UID begins or ends so", JOB_FILTER_STUDY},
    {"since", "WHEN", NULL,
     "of which something was received since: 2h, 7d, 10:00,\ntoday, yesterday, 2026-01-31, 2026-01-31T08:15",
     JOB_FILTER_SINCE},
    JOB_FILTER_LIST_OPTIONS,
    NUMBER_OPTIONS,
    {"limit", "N", NULL, "at most so many", JOB_FILTER_LIMIT},
    {"json", NULL, NULL, "everything about each, one object a line", JSON},
    {"csv", NULL, NULL, "the same as comma-separated values", CSV},
    {.name = NULL}};

const struct command command_studies = {
    .name = "studies",
    .summary = "lists studies, the newest first, and what became of them",
    .arguments = "[FILTERS] [--json|--csv]",
    .options = options,
    .help = "IMAGES are the instances received, SENT those that a destination has stored,\n"
            "each counted once a destination. A study whose Accession Number, Patient ID or\n"
            "Study ID you know is found by it: the job database holds keyed hashes of these,\n"
            "never the numbers. The 50 newest are shown, unless --limit says otherwise.\n",
    .example = "felucca studies --since today --state failed\n"
               "felucca studies --accession 12345\n",
    .run = studies_run,
};
