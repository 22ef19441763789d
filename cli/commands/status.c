/* felucca status - shows what waits, goes and fails, by destination and album. */
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/conditions_table.h"
#include "cli/configuration.h"
#include "cli/database.h"
#include "common/view/expiry.h"
#include "cli/grid.h"
#include "cli/notified.h"
#include "cli/option.h"
#include "cli/rates.h"
#include "cli/status_check.h"
#include "cli/table.h"
#include "cli/watch.h"
#include "cli/when.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/config/cell.h"
#include "common/jobs/read.h"
#include "common/jobs/show.h"
#include "common/service/service.h"
#include "common/tls/certificates.h"
#include "common/view/commitments.h"
#include "common/view/rows.h"
#include "common/view/surroundings.h"
#include "common/view/windows_seen.h"

#include <stdio.h>
#include <string.h>

enum { JSON, WATCH, CHECK };

struct view {
    const struct config *config;
    struct text table, notes;
    struct grid targets, conditions;
    int64_t now, backlog; /* deliveries that wait or are in flight */
    bool json;
};

static void view_release(struct view *view)
{
    text_release(&view->table);
    text_release(&view->notes);
    grid_release(&view->targets);
    grid_release(&view->conditions);
}

/* ---- the table ---- */

static const struct grid_column columns[] = {{"DESTINATION/ALBUM", TABLE_LEFT, false},
                                             {"STATE", TABLE_LEFT, true},
                                             {"QUEUED", TABLE_RIGHT, false},
                                             {"DEFER", TABLE_RIGHT, false},
                                             {"FLIGHT", TABLE_RIGHT, false},
                                             {"FAILED", TABLE_RIGHT, false},
                                             {"HOUR", TABLE_RIGHT, false},
                                             {"DAY", TABLE_RIGHT, false},
                                             {"OLDEST", TABLE_RIGHT, false}};

enum { LATELY_MS = 3600 * 1000 };

/* What KHEOPS says against the tokens of a target that does not (yet) suffer from it. */
static void add_token_note(struct view *view, const struct jobdb_status_row *row)
{
    bool told =
        strcmp(row->state, "blocked") == 0 && row->last_error && strstr(row->last_error, row->token_trouble);
    if (!*row->token_trouble || told)
        return;
    text_format(&view->notes, "\n%s%s%s has a token that is no good:\n  ", row->destination,
                row->album ? "/" : "", row->album ? row->album : "");
    table_wrap(&view->notes, row->token_trouble, 2, columns_line());
}

/* It takes others, but what it said last is why some still wait. */
static bool holds_some_back(const struct view *view, const struct jobdb_status_row *row)
{
    return strcmp(row->state, "up") == 0 && row->deferred > 0 && view->now - row->last_error_at < LATELY_MS;
}

static void append_name(const struct jobdb_status_row *row, struct text *out)
{
    text_format(out, "\n%s%s%s", row->destination, row->album ? "/" : "", row->album ? row->album : "");
}

/* "main is held by root since 12:23": why nothing goes is what is so now, and no trouble of before. */
static void add_standing(struct view *view, const struct jobdb_status_row *row)
{
    append_name(row, &view->notes);
    text_format(&view->notes, " is %s", row->state);
    if (*row->standing.held_by)
        text_format(&view->notes, " by %s", row->standing.held_by);
    if (row->standing.since > 0) {
        text_append(&view->notes, " since ");
        when_append(row->standing.since, view->now, &view->notes);
    }
}

/* "main waits for 20:00, when its window opens": its albums do so, too. */
static void add_window(struct view *view, const struct jobdb_status_row *row)
{
    AUTO(text_release) struct text at = TEXT_EMPTY;
    if (row->album)
        return;
    windows_seen_append_time(view->config, row->destination, view->now, &at);
    if (at.length > 0)
        text_format(&view->notes, "\n%s waits for %s, when its window opens\n", row->destination,
                    text_string(&at));
}

static void add_note(struct view *view, const struct jobdb_status_row *row)
{
    bool some = holds_some_back(view, row), up = strcmp(row->state, "up") == 0;
    bool by_person = strcmp(row->state, "held") == 0 || strcmp(row->state, "not configured") == 0;
    if (strcmp(row->state, "held") == 0 && !row->standing.held_itself)
        return; /* its destination is, which says so */
    if (by_person) {
        add_standing(view, row);
        text_append_char(&view->notes, '\n');
        return;
    }
    if (!row->last_error || (up && !some))
        return;
    if (up) {
        append_name(row, &view->notes);
        text_append(&view->notes, " is up, but not everything passes");
    } else {
        add_standing(view, row);
    }
    if (row->until > view->now) {
        text_append(&view->notes, ", next try in ");
        text_append_duration(&view->notes, row->until - view->now);
    }
    text_append(&view->notes, ":\n  ");
    table_wrap(&view->notes, row->last_error, 2, columns_line());
}

/* "main: empty in about 4 min at 21/s", where something waits and something was done lately. */
static void add_pace(struct view *view, const struct jobdb_status_row *row)
{
    int64_t seconds = jobdb_empty_in(&row->standing, row->queued, strcmp(row->state, "up") == 0);
    if (row->queued == 0 || seconds < 0 ||
        windows_seen_opens_at(view->config, row->destination, view->now) > 0)
        return;
    double pace = (double)row->standing.done * 1000.0 / (double)row->standing.over_ms;
    append_name(row, &view->notes);
    text_append(&view->notes, ": empty in about ");
    text_append_duration(&view->notes, seconds * 1000);
    text_format(&view->notes, " at %.*f/s\n", pace < 10 ? 1 : 0, pace);
}

static void add_doubt_note(struct view *view, const struct jobdb_status_row *row)
{
    if (row->undecided == 0)
        return;
    text_format(&view->notes,
                "\n%s%s%s has %lld %s%s that a person must decide:\n  felucca jobs --state undecided\n",
                row->destination, row->album ? "/" : "", row->album ? row->album : "",
                (long long)row->undecided, row->album ? "share" : "deliver",
                row->album ? (row->undecided == 1 ? "" : "s") : (row->undecided == 1 ? "y" : "ies"));
}

static void add_row(void *context, const struct jobdb_status_row *row)
{
    struct view *view = context;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text oldest = TEXT_EMPTY;
    if (row->is_past)
        return;
    if (!row->album)
        view->backlog += row->queued + row->in_flight;
    if (view->json) {
        json_t *object = rows_status(row);
        int64_t opens_at = windows_seen_opens_at(view->config, row->destination, view->now);
        if (opens_at > 0)
            (void)json_object_set_new(object, "opens_at", json_from_time(opens_at));
        json_append_line(object, &view->table);
        return;
    }
    bool closed =
        strcmp(row->state, "up") == 0 && windows_seen_opens_at(view->config, row->destination, view->now) > 0;
    text_format(&name, "%s%s", row->album ? "  " : "", row->album ? row->album : row->destination);
    if (row->oldest_waiting_at > 0)
        text_append_duration(&oldest, view->now - row->oldest_waiting_at);
    grid_add(&view->targets, text_string(&name));
    grid_add(&view->targets, closed ? "closed" : row->state);
    grid_add_number(&view->targets, row->queued + row->waiting);
    grid_add_number(&view->targets, row->deferred);
    grid_add_number(&view->targets, row->in_flight);
    grid_add_number(&view->targets, row->failed);
    grid_add_number(&view->targets, row->done_hour);
    grid_add_number(&view->targets, row->done_day);
    grid_add(&view->targets, oldest.length ? text_string(&oldest) : "-");
    conditions_table_add(&view->conditions, row, view->now, &view->notes);
    add_window(view, row);
    add_note(view, row);
    add_pace(view, row);
    add_doubt_note(view, row);
    add_token_note(view, row);
}

/* ---- the whole ---- */

/* What --watch keeps between two frames. */
struct screen {
    const struct config *config;
    bool json, watching;
    int64_t began; /* wall ms; what was done since then counts */
    struct rates rates;
};

static void add_troubles(struct view *view, const struct surroundings *around, const struct config *config)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    surroundings_append_troubles(around, config, &lines);
    for (const char *line = text_string(&lines); *line;) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        size_t length = strcspn(line, "\n");
        text_append_bytes(&sentence, line, length);
        text_append_char(&view->notes, '\n');
        table_wrap(&view->notes, text_string(&sentence), 0, columns_line());
        line += length + (line[length] == '\n');
    }
}

static void add_expiry(void *context, const struct expiry_row *row)
{
    struct view *view = context;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (!expiry_tell(row, view->now, &sentence))
        return;
    text_append_char(&view->notes, '\n');
    table_wrap(&view->notes, text_string(&sentence), 2, columns_line());
}

/* Files that this user may not read are not spoken of: `felucca check` is for them. */
static void add_certificate(void *context, const struct certificate_use *use)
{
    struct view *view = context;
    struct certificate_facts facts;
    AUTO(text_release) struct text sentence = TEXT_EMPTY, reason = TEXT_EMPTY;
    if (certificate_read(use->path, &facts, &reason) != 0 ||
        !certificate_tell_end(use, &facts, view->now, &sentence))
        return;
    text_append_char(&view->notes, '\n');
    table_wrap(&view->notes, text_string(&sentence), 2, columns_line());
}

static void add_certificate_json(void *context, const struct certificate_use *use)
{
    struct certificate_facts facts;
    AUTO(text_release) struct text name = TEXT_EMPTY, reason = TEXT_EMPTY;
    bool known = certificate_read(use->path, &facts, &reason) == 0;
    certificate_append_name(use, &name);
    (void)json_array_append_new(context, json_pack("{s:o, s:o, s:o}", "certificate",
                                                   json_from_text(text_string(&name)), "subject",
                                                   json_from_text(known ? facts.name.subject : NULL),
                                                   "ends_at", json_from_time(known ? facts.ends_ms : 0)));
}

/* Whom receivers turned away lately, and what to do about the last one of each kind. */
static void add_rejections(struct view *view, const struct surroundings *around)
{
    if (around->rejection_count > 0)
        text_append(&view->notes, "\nRejected in the last hour:\n");
    for (size_t i = 0; i < around->rejection_count; i++) {
        const struct rejections_kind *kind = &around->rejections[i];
        AUTO(text_release) struct text line = TEXT_EMPTY;
        text_append_count(&line, kind->count);
        text_format(&line, " for %s, the last at ", kind->reason);
        when_append(kind->last_at, view->now, &line);
        text_format(&line, ": %s", kind->sentence);
        text_append(&view->notes, "  ");
        table_wrap(&view->notes, text_string(&line), 4, columns_line());
    }
}

static void add_requester(void *context, const struct commitments_source *source)
{
    struct view *view = context;
    text_append_char(&view->notes, '\n');
    table_wrap(&view->notes, source->sentence, 2, columns_line());
}

/* "storage commitment: 2 wait for their images, 1 failed (felucca commitments)" */
static void add_commitments(struct view *view, struct jobdb *db)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    struct commitments_counts counts;
    (void)commitments_each_source(db, view->now, add_requester, view);
    commitments_count(db, &counts);
    text_append(&line, "storage commitment: ");
    if (!commitments_append_counts(&counts, &line))
        return;
    text_append(&line, " (felucca commitments)");
    text_append_char(&view->notes, '\n');
    table_wrap(&view->notes, text_string(&line), 2, columns_line());
}

/* Whoever asks a cell that waits must not take it for one that works. */
static void add_first_line(struct view *view, const struct surroundings *around, const struct config *config)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (!surroundings_tell(around, config, SURROUNDINGS_STANDBY, &sentence))
        return;
    table_wrap(&view->table, text_string(&sentence), 0, columns_line());
    text_append_char(&view->table, '\n');
}

static void append_tables(struct view *view)
{
    grid_append(&view->targets, columns_line(), &view->table);
    if (view->conditions.count == 0)
        return;
    text_append_char(&view->table, '\n');
    grid_append(&view->conditions, columns_line(), &view->table);
}

static void add_totals(struct view *view, int64_t quarantined, const struct surroundings *around,
                       const struct config *config)
{
    text_append(&view->table, text_string(&view->notes));
    text_append_char(&view->table, '\n');
    if (config->cell)
        text_format(&view->table, "cell: %s\n", config->cell);
    text_append(&view->table, "quarantine: ");
    text_append_count(&view->table, quarantined);
    text_append(&view->table, quarantined ? " (felucca quarantine)" : "");
    if (around->room.bytes >= 0) {
        text_append(&view->table, "; spool: ");
        text_append_size(&view->table, around->room.bytes);
        text_append(&view->table, " free");
    }
    if (around->room.files >= 0 && around->room.files < INT64_MAX)
        text_format(&view->table, ", %lld inodes", (long long)around->room.files);
    text_append_char(&view->table, '\n');
}

static void add_json_totals(struct view *view, int64_t quarantined, const struct surroundings *around,
                            const struct config *config, struct jobdb *db)
{
    char cell[CONFIG_CELL_SIZE];
    json_t *notified = notified_json(db, config);
    json_t *totals = json_pack("{s:o, s:I, s:o}", "cell", json_from_text(config_cell(config, cell)),
                               "quarantined", (json_int_t)quarantined, "tokens", expiry_to_json(config, db));
    json_t *certificates = json_array();
    certificates_each(config, add_certificate_json, certificates);
    if (json_array_size(certificates) > 0)
        (void)json_object_set(totals, "certificates", certificates);
    json_decref(certificates);
    surroundings_add_json(around, totals);
    if (json_array_size(notified) > 0)
        (void)json_object_set(totals, "notify", notified);
    json_decref(notified);
    if (config_has_requesters(config))
        (void)json_object_set_new(totals, "commitments", commitments_json(db));
    json_append_line(totals, &view->table);
}

static void add_rates(struct screen *screen, struct view *view, struct jobdb *db)
{
    struct rates_sample sample = {.at = clock_monotonic_ms(), .backlog = view->backlog};
    AUTO(text_release) struct text line = TEXT_EMPTY;
    char now[CLOCK_ISO_SIZE];
    if (jobdb_read_totals(db, screen->began, &sample.done, &sample.bytes) != 0)
        return;
    rates_add(&screen->rates, &sample);
    rates_append(&screen->rates, &line);
    text_format(&view->table, "%s: %s\n", clock_local(view->now, now), text_string(&line));
}

static int status_draw(void *context, struct text *frame)
{
    struct screen *screen = context;
    AUTO(surroundings_release) struct surroundings around = {0};
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(view_release)
    struct view view = {.config = screen->config,
                        .table = TEXT_EMPTY,
                        .notes = TEXT_EMPTY,
                        .now = clock_wall_ms(),
                        .json = screen->json};
    int64_t quarantined = 0;
    surroundings_look(screen->config, &around); /* before the database is open */
    int code = database_open_in(screen->config, &db);
    if (code != EXIT_OK)
        return code;
    view.targets.columns = columns;
    view.targets.column_count = sizeof columns / sizeof *columns;
    conditions_table_begin(&view.conditions);
    jobdb_snapshot_begin(db);
    if (jobdb_read_status(db, add_row, &view) != 0 || jobdb_count_quarantined(db, &quarantined) != 0) {
        (void)fprintf(stderr, "felucca: cannot read the job database: %s\n", jobdb_error(db));
        return EXIT_NO;
    }
    if (view.json) {
        add_json_totals(&view, quarantined, &around, screen->config, db);
    } else {
        add_first_line(&view, &around, screen->config);
        append_tables(&view);
        expiry_each(screen->config, db, add_expiry, &view);
        certificates_each(screen->config, add_certificate, &view);
        add_rejections(&view, &around);
        add_troubles(&view, &around, screen->config);
        (void)notified_append(db, screen->config, view.now, &view.notes);
        add_commitments(&view, db);
        add_totals(&view, quarantined, &around, screen->config);
        if (screen->watching)
            add_rates(screen, &view, db);
    }
    jobdb_snapshot_end(db);
    text_append(frame, text_string(&view.table));
    return EXIT_OK;
}

static int status_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text frame = TEXT_EMPTY;
    unsigned flags;
    if (!option_parse_flags(&command_status, argc, argv, &flags))
        return EXIT_USAGE;
    int code = configuration_load(cli, &config);
    if (code != EXIT_OK)
        return code;
    struct screen screen = {.config = config, .json = flags & 1u << JSON, .watching = flags & 1u << WATCH};
    screen.began = clock_wall_ms() - 60 * 60 * 1000;
    if (screen.watching && flags & 1u << CHECK) {
        (void)fputs("felucca status: --check looks once, --watch again and again: give one of them\n",
                    stderr);
        return EXIT_USAGE;
    }
    if (flags & 1u << CHECK)
        return status_check(config, screen.json);
    if (screen.watching)
        return watch_run(status_draw, &screen);
    code = status_draw(&screen, &frame);
    (void)fputs(text_string(&frame), stdout);
    return fflush(stdout) == 0 ? code : EXIT_NO;
}

static const struct command_option options[] = {
    {"watch", NULL, NULL,
     "again every two seconds, in place, with rates and an\nestimate of when the backlog is empty; ends with "
     "Ctrl-C",
     WATCH},
    {"check", NULL, NULL,
     "only what needs a person: a cause, and the command that\ncomes next; exit status 0 when nothing does, "
     "else 1",
     CHECK},
    {"json", NULL, NULL, "one object a line", JSON},
    {.name = NULL}};

const struct command command_status = {
    .name = "status",
    .summary = "what waits, goes and fails, by destination and album",
    .arguments = "[--watch|--check] [--json]",
    .options = options,
    .help = "QUEUED of an album counts the shares that wait for their series, too. DEFER are\n"
            "those of the queued that were tried before. HOUR and DAY count what was done in\n"
            "the last hour and day. Below the table: why a destination or album does not go\n"
            "on, where conditions cannot be decided, whether the router runs, whether the\n"
            "disk is full, and who keeps the job database's log from shrinking.\n",
    .example = "felucca status\n"
               "felucca status --check || echo 'somebody must look'\n",
    .run = status_run,
};
