/* felucca status - what waits, goes and fails, by destination and album. */
#include "cli/colour.h"
#include "cli/command.h"
#include "cli/database.h"
#include "cli/json_value.h"
#include "cli/option.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/pipeline/service.h"
#include "common/pipeline/spool.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { JSON, WATCH };

enum { WATCH_MS = 2000, WIDTH = 79 };

struct view {
    struct text table, notes;
    int64_t now;
    bool json;
};

static void release(struct view *view)
{
    text_release(&view->table);
    text_release(&view->notes);
}

/* ---- one object a line ---- */

static void print_json(const struct jobdb_status_row *row)
{
    json_value_print(json_pack(
        "{s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "destination",
        row->destination, "album", json_value_text(row->album), "state", row->state, "waiting",
        (json_int_t)row->waiting, "queued", (json_int_t)row->queued, "deferred", (json_int_t)row->deferred,
        "in_flight", (json_int_t)row->in_flight, "failed", (json_int_t)row->failed, "done_hour",
        (json_int_t)row->done_hour, "done_day", (json_int_t)row->done_day, "oldest_waiting",
        json_value_time(row->oldest_waiting_at), "last_error", json_value_text(row->last_error),
        "last_error_at", json_value_time(row->last_error_at), "token_trouble",
        json_value_text(*row->token_trouble ? row->token_trouble : NULL)));
}

/* ---- a table of 80 columns ---- */

static void add_heading(struct text *table)
{
    static const struct {
        const char *name;
        int width;
    } columns[] = {{"STATE", 11}, {"QUEUED", 7}, {"DEFER", 5}, {"FLIGHT", 6},
                   {"FAILED", 6}, {"HOUR", 6},   {"DAY", 7},   {"OLDEST", 6}};
    table_cell(table, "DESTINATION/ALBUM", 17, TABLE_LEFT);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        table_cell(table, columns[i].name, columns[i].width, i == 0 ? TABLE_LEFT : TABLE_RIGHT);
    table_end(table);
}

/* What KHEOPS says against the tokens of a target that is not known to suffer from it (yet). */
static void add_token_note(struct view *view, const struct jobdb_status_row *row)
{
    bool told =
        strcmp(row->state, "blocked") == 0 && row->last_error && strstr(row->last_error, row->token_trouble);
    if (!*row->token_trouble || told)
        return;
    text_format(&view->notes, "\n%s%s%s has a token that is no good:\n  ", row->destination,
                row->album ? "/" : "", row->album ? row->album : "");
    table_plain(&view->notes, row->token_trouble, 1000);
    text_append_char(&view->notes, '\n');
}

static void add_note(struct view *view, const struct jobdb_status_row *row)
{
    if (!row->last_error || strcmp(row->state, "up") == 0)
        return;
    text_format(&view->notes, "\n%s%s%s is %s", row->destination, row->album ? "/" : "",
                row->album ? row->album : "", row->state);
    if (row->until > view->now) {
        text_append(&view->notes, ", next try in ");
        text_append_duration(&view->notes, row->until - view->now);
    }
    text_append(&view->notes, ":\n  ");
    table_wrap(&view->notes, row->last_error, 2, WIDTH);
}

static void add_row(void *context, const struct jobdb_status_row *row)
{
    struct view *view = context;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text oldest = TEXT_EMPTY;
    if (view->json) {
        print_json(row);
        return;
    }
    text_format(&name, "%s%s", row->album ? "  " : "", row->album ? row->album : row->destination);
    if (row->oldest_waiting_at > 0)
        text_append_duration(&oldest, view->now - row->oldest_waiting_at);
    table_cell(&view->table, text_string(&name), 17, TABLE_LEFT);
    colour_cell(&view->table, row->state, 11);
    table_number(&view->table, row->queued + row->waiting, 7);
    table_number(&view->table, row->deferred, 5);
    table_number(&view->table, row->in_flight, 6);
    table_number(&view->table, row->failed, 6);
    table_number(&view->table, row->done_hour, 6);
    table_number(&view->table, row->done_day, 7);
    table_cell(&view->table, oldest.length ? text_string(&oldest) : "-", 6, TABLE_RIGHT);
    table_end(&view->table);
    add_note(view, row);
    add_token_note(view, row);
}

/* ---- the whole ---- */

static int64_t free_space(const struct config *config)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    int64_t bytes = -1;
    if (spool_open(config->state_dir, &spool) == 0)
        (void)spool_free_space(spool, &bytes);
    return bytes;
}

static void add_totals(struct view *view, int64_t quarantined, int64_t free_bytes)
{
    if (view->json) {
        json_value_print(json_pack("{s:I, s:I}", "quarantined", (json_int_t)quarantined, "spool_free_bytes",
                                   (json_int_t)free_bytes));
        return;
    }
    text_append(&view->table, text_string(&view->notes));
    text_format(&view->table, "\nquarantine: %lld%s", (long long)quarantined,
                quarantined ? " (felucca quarantine)" : "");
    if (free_bytes >= 0) {
        text_append(&view->table, "; spool: ");
        text_append_size(&view->table, free_bytes);
        text_append(&view->table, " free");
    }
    text_append_char(&view->table, '\n');
}

static int print_status(const struct config *config, struct jobdb *db, bool json, bool clear)
{
    AUTO(release)
    struct view view = {.table = TEXT_EMPTY, .notes = TEXT_EMPTY, .now = clock_wall_ms(), .json = json};
    int64_t quarantined = 0;
    if (!json)
        add_heading(&view.table);
    if (jobdb_read_status(db, add_row, &view) != 0 || jobdb_count_quarantined(db, &quarantined) != 0) {
        (void)fprintf(stderr, "felucca: cannot read the job database: %s\n", jobdb_error(db));
        return EXIT_NO;
    }
    add_totals(&view, quarantined, free_space(config));
    (void)fputs(clear ? "\033[H\033[J" : "", stdout);
    (void)fputs(text_string(&view.table), stdout);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    unsigned flags;
    if (!option_parse_flags(&command_status, argc, argv, &flags))
        return EXIT_USAGE;
    bool json = flags & 1u << JSON, watch = flags & 1u << WATCH;
    int code = database_open(cli, &config, &db);
    if (code != EXIT_OK)
        return code;
    code = print_status(config, db, json, watch && !json);
    while (code == EXIT_OK && watch) {
        (void)poll(NULL, 0, WATCH_MS);
        code = print_status(config, db, json, !json);
    }
    return code;
}

static const struct command_option options[] = {
    {"watch", NULL, NULL, "again every two seconds, until interrupted", WATCH},
    {"json", NULL, NULL, "one object a line", JSON},
    {.name = NULL}};

const struct command command_status = {
    .name = "status",
    .summary = "what waits, goes and fails, by destination and album",
    .arguments = "[--watch] [--json]",
    .options = options,
    .help = "QUEUED of an album counts the shares that wait for their series, too. DEFER are\n"
            "those of the queued that were tried before. HOUR and DAY count what was done in\n"
            "the last hour and day.\n",
    .example = "felucca status\n",
    .run = run,
};
