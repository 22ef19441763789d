/* felucca commitments - lists the transactions of storage commitment that are not over. */
#include "cli/colour.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/jobs/commitment.h"
#include "common/service/service.h"
#include "common/view/rows.h"

#include <stdio.h>

enum { JSON, MOST = 1000 };

struct listing {
    bool json;
    int64_t found;
    struct columns columns;
};

enum { COLUMN_ID, COLUMN_STATE, COLUMN_FROM, COLUMN_IMAGES, COLUMN_OPEN, COLUMN_ASKED, COLUMN_REASON };

static const struct column list[] = {
    [COLUMN_ID] = {"ID", 13, 20, TABLE_LEFT},        [COLUMN_STATE] = {"STATE", 9, 9, TABLE_LEFT},
    [COLUMN_FROM] = {"FROM", 8, 16, TABLE_LEFT},     [COLUMN_IMAGES] = {"IMAGES", 6, 9, TABLE_RIGHT},
    [COLUMN_OPEN] = {"WAIT", 5, 9, TABLE_RIGHT},     [COLUMN_ASKED] = {"ASKED", 16, 16, TABLE_LEFT},
    [COLUMN_REASON] = {"REASON", 10, 80, TABLE_LEFT}};

static void print_row(const struct columns *columns, const struct jobdb_commitment_row *row)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text id = TEXT_EMPTY;
    char time[CLOCK_ISO_SIZE];
    (void)clock_local(row->asked_at, time);
    time[sizeof "2026-01-31 08:15" - 1] = '\0';
    text_format(&id, "commitment:%lld", (long long)row->id);
    columns_append(columns, COLUMN_ID, text_string(&id), &line);
    colour_cell(&line, row->state, columns->widths[COLUMN_STATE]);
    columns_append(columns, COLUMN_FROM, row->calling, &line);
    table_number(&line, row->instances, columns->widths[COLUMN_IMAGES]);
    table_number(&line, row->open, columns->widths[COLUMN_OPEN]);
    columns_append(columns, COLUMN_ASKED, time, &line);
    columns_append(columns, COLUMN_REASON, row->reason, &line);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

static void take_row(void *context, const struct jobdb_commitment_row *row)
{
    struct listing *listing = context;
    AUTO(text_release) struct text heading = TEXT_EMPTY;
    bool first = listing->found++ == 0;
    if (listing->json) {
        json_print_line(rows_commitment(row));
        return;
    }
    if (first)
        columns_append_heading(&listing->columns, &heading);
    (void)fputs(text_string(&heading), stdout);
    print_row(&listing->columns, row);
}

static bool commitments_take(void *context, int key, const char *value)
{
    struct listing *listing = context;
    (void)value;
    listing->json |= key == JSON;
    return true;
}

static int commitments_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct listing listing = {.json = false};
    if (!option_parse(&command_commitments, argc, argv, commitments_take, &listing, NULL))
        return EXIT_USAGE;
    int code = database_open(cli, &config, &db);
    if (code != EXIT_OK)
        return code;
    columns_fit(&listing.columns, list, sizeof list / sizeof *list, columns_line());
    (void)jobdb_each_open_commitment(db, MOST, take_row, &listing);
    if (database_failed(db))
        return EXIT_NO;
    if (listing.found == 0 && !listing.json)
        (void)fputs("every commitment that was asked for is reported\n", stderr);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"json", NULL, NULL, "everything about each, one object a line", JSON}, {.name = NULL}};

const struct command command_commitments = {
    .name = "commitments",
    .summary = "lists requests for storage commitment that are not over",
    .arguments = "[--json]",
    .options = options,
    .help = "Those that failed first, then those under way, those that wait for their\n"
            "modality, and those that wait for their instances (WAIT says for how many).\n"
            "`retry` and `drop` take the ID; `felucca show UID` tells what was asked of an\n"
            "instance. At most 1,000 are shown.\n",
    .example = "felucca commitments\n"
               "felucca retry commitment:12\n",
    .run = commitments_run,
};
