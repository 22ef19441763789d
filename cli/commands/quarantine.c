/* felucca quarantine - lists the files that could not be taken in, takes them in again, delivers them as they are, or
 * gives them up. */
#include "cli/change.h"
#include "cli/database.h"
#include "cli/option.h"
#include "cli/table.h"
#include "cli/uid_option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/jobs/intake.h"
#include "common/jobs/quarantine.h"
#include "common/service/service.h"
#include "common/view/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON = 'R', FROM, STUDY, LIMIT, DESTINATION, NOW, AT_ONCE = 500 };

struct quarantine {
    const char *action; /* "list", "retry", "deliver", "drop" */
    struct jobdb_parked meant;
    const char *destination; /* deliver: also where its condition cannot be decided; NULL: none */
    int64_t limit;           /* 0: none */
    struct control_request request;
    struct change_manner manner;
    int64_t found;
};

static void quarantine_release(struct quarantine *quarantine)
{
    control_request_release(&quarantine->request);
}

/* ---- the list ---- */

static void print_heading(void)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    table_cell(&line, "FILE", 14, TABLE_LEFT);
    table_cell(&line, "RECEIVED", 19, TABLE_LEFT);
    table_cell(&line, "FROM", 16, TABLE_LEFT);
    table_cell(&line, "TO", 16, TABLE_LEFT);
    table_cell(&line, "SIZE", 9, TABLE_RIGHT);
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

static void print_row(const struct jobdb_quarantined *file)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text size = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    char time[CLOCK_ISO_SIZE];
    text_append_size(&size, file->size);
    text_format(&name, "%s:%lld", control_kind_name(CONTROL_INSTANCE), (long long)file->id);
    table_cell(&line, text_string(&name), 14, TABLE_LEFT);
    table_cell(&line, clock_local(file->received_at, time), 19, TABLE_LEFT);
    table_cell(&line, file->calling_aet, 16, TABLE_LEFT);
    table_cell(&line, file->called_aet, 16, TABLE_LEFT);
    table_cell(&line, text_string(&size), 9, TABLE_RIGHT);
    table_end(&line);
    text_append(&line, "    ");
    table_plain(&line, file->reason, 1000);
    text_append_char(&line, '\n');
    (void)fputs(text_string(&line), stdout);
}

static bool is_meant(const struct quarantine *quarantine, const struct jobdb_quarantined *file)
{
    return jobdb_parked_is_meant(&quarantine->meant, file) &&
           (quarantine->limit == 0 || quarantine->found < quarantine->limit);
}

static void take_file(void *context, const struct jobdb_quarantined *file)
{
    struct quarantine *quarantine = context;
    if (!is_meant(quarantine, file))
        return;
    quarantine->found++;
    if (strcmp(quarantine->action, "list") != 0)
        return;
    if (quarantine->manner.json) {
        json_print_line(rows_quarantined(file));
        return;
    }
    if (quarantine->found == 1)
        print_heading();
    print_row(file);
}

static void go_through(struct quarantine *quarantine, struct jobdb *db)
{
    int64_t cursor = 0;
    while (jobdb_read_quarantine(db, &cursor, AT_ONCE, take_file, quarantine) == AT_ONCE)
        continue;
}

/* ---- which files ---- */

static bool take_number(const char *value, int64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoll(value, &end, 10);
    return *value >= '1' && *value <= '9' && !*end && errno == 0;
}

static bool quarantine_take(void *context, int key, const char *value)
{
    struct quarantine *quarantine = context;
    const char *command = command_quarantine.name;
    if ((key == REASON && !option_check_given(command, "reason", "a part of the reason", value)) ||
        (key == DESTINATION && !option_check_given(command, "destination", "a name", value)) ||
        (key == FROM && !option_check_given(command, "from", "an AE title", value)) ||
        (key == STUDY && !uid_option_check(command, "study", value)))
        return false;
    const struct {
        int key;
        const char **text;
    } texts[] = {{REASON, &quarantine->meant.reason},
                 {FROM, &quarantine->meant.calling_aet},
                 {STUDY, &quarantine->meant.study},
                 {DESTINATION, &quarantine->destination}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (key == texts[i].key) {
            *texts[i].text = value;
            return true;
        }
    }
    if (key == NOW)
        return quarantine->request.now = true;
    if (key != LIMIT)
        return change_take_manner(&quarantine->manner, &quarantine->request.all, key);
    if (take_number(value, &quarantine->limit))
        return true;
    (void)fprintf(stderr, "felucca quarantine: --limit takes a number from 1 on, not \"%s\"\n", value);
    return false;
}

/* "instance:12" or "12", or a receipt; 0: none of these. */
static int64_t find_file(const char *name, struct jobdb *db)
{
    const char *kind = control_kind_name(CONTROL_INSTANCE);
    size_t length = strlen(kind);
    int64_t id;
    if (receipt_is_valid(name))
        return jobdb_find_instance(db, name);
    if (strncmp(name, kind, length) == 0 && name[length] == ':')
        name += length + 1;
    return take_number(name, &id) ? id : 0;
}

static bool take_files(struct quarantine *quarantine, int count, char **names, struct jobdb *db)
{
    quarantine->request.jobs = memory_new((size_t)count, sizeof *quarantine->request.jobs);
    for (int i = 0; i < count; i++) {
        int64_t id = find_file(names[i], db);
        if (id == 0) {
            (void)fprintf(stderr,
                          "felucca quarantine: \"%s\" is neither a file's number nor a receipt that is "
                          "known; felucca quarantine lists them\n",
                          names[i]);
            return false;
        }
        quarantine->request.jobs[i] = (struct control_job){CONTROL_INSTANCE, id};
    }
    quarantine->request.job_count = (size_t)count;
    return true;
}

static bool is_clear(const struct quarantine *quarantine, int files)
{
    const struct jobdb_parked *meant = &quarantine->meant;
    bool filter = meant->reason || meant->calling_aet || meant->study, all = quarantine->request.all;
    if (files <= CONTROL_JOBS_MAX && filter + all + (files > 0) == 1 && !(files > 0 && quarantine->limit))
        return true;
    (void)fprintf(
        stderr, "felucca quarantine %s: choose at most %d files, or --reason, --from or --study, or --all\n",
        quarantine->action, CONTROL_JOBS_MAX);
    return false;
}

static bool has_use_for_options(const struct quarantine *quarantine)
{
    bool deliver = strcmp(quarantine->action, "deliver") == 0, drop = strcmp(quarantine->action, "drop") == 0;
    if (quarantine->destination && !deliver)
        (void)fprintf(stderr, "felucca quarantine %s: only deliver takes --destination\n",
                      quarantine->action);
    else if (quarantine->request.now && !drop)
        (void)fprintf(stderr, "felucca quarantine %s: only drop takes --now\n", quarantine->action);
    else
        return true;
    return false;
}

static bool lists_all(int files)
{
    if (files == 0)
        return true;
    (void)fputs("felucca quarantine list: takes no files; felucca show tells of one\n", stderr);
    return false;
}

static int quarantine_change(struct quarantine *quarantine, const struct config *config, struct jobdb **db)
{
    bool drop = strcmp(quarantine->action, "drop") == 0;
    enum control_verb verb = drop                                         ? CONTROL_QUARANTINE_DROP
                             : strcmp(quarantine->action, "deliver") == 0 ? CONTROL_QUARANTINE_DELIVER
                                                                          : CONTROL_QUARANTINE_RETRY;
    struct control_request *request = &quarantine->request;
    go_through(quarantine, *db);
    if (database_failed(*db))
        return EXIT_NO;
    jobdb_destroy(db);
    request->reason = memory_string(quarantine->meant.reason);
    request->calling_aet = memory_string(quarantine->meant.calling_aet);
    request->study = memory_string(quarantine->meant.study);
    request->limit = quarantine->limit;
    request->destination = memory_string(quarantine->destination);
    if (control_request_start(request, verb) != 0)
        return EXIT_NO;
    int64_t count = request->job_count > 0 ? (int64_t)request->job_count : quarantine->found;
    return change_many(config, &command_quarantine, request, &quarantine->manner, count, "file",
                       drop || request->job_count == 0);
}

static int quarantine_list(struct quarantine *quarantine, struct jobdb *db)
{
    go_through(quarantine, db);
    if (database_failed(db))
        return EXIT_NO;
    if (quarantine->found == 0 && !quarantine->manner.json)
        (void)fputs(quarantine->meant.reason || quarantine->meant.calling_aet || quarantine->meant.study
                        ? "no such file is in quarantine\n"
                        : "nothing is in quarantine\n",
                    stderr);
    return quarantine->found > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static bool is_action(const char *word)
{
    if (string_has_word(command_quarantine.words, word, strlen(word)))
        return true;
    (void)fprintf(stderr, "felucca quarantine: \"%s\" is none of list, retry, deliver and drop\n", word);
    return false;
}

static int quarantine_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(quarantine_release) struct quarantine quarantine = {.action = "list"};
    int first;
    if (!option_parse(&command_quarantine, argc, argv, quarantine_take, &quarantine, &first))
        return EXIT_USAGE;
    if (first < argc)
        quarantine.action = argv[first++];
    if (!is_action(quarantine.action) || !has_use_for_options(&quarantine))
        return EXIT_USAGE;
    bool lists = strcmp(quarantine.action, "list") == 0;
    if (lists ? !lists_all(argc - first) : !is_clear(&quarantine, argc - first))
        return EXIT_USAGE;
    int status = database_open(cli, &config, &db);
    if (status != EXIT_OK)
        return status;
    if (lists)
        return quarantine_list(&quarantine, db);
    if (argc > first && !take_files(&quarantine, argc - first, argv + first, db))
        return database_failed(db) ? EXIT_NO : EXIT_USAGE;
    return quarantine_change(&quarantine, config, &db);
}

static const struct command_option options[] = {
    {"reason", "TEXT", NULL, "whose reason has this text in it", REASON},
    {"from", "AET", NULL, "sent by this calling AE title", FROM},
    {"study", "UID", NULL, "of this study, by its whole UID", STUDY},
    {"limit", "N", NULL, "at most so many", LIMIT},
    {"destination", "NAME", "@destination",
     "deliver: to this one also where its condition cannot\nbe decided", DESTINATION},
    {"now", NULL, NULL, "drop: remove the files at once, for good", NOW},
    CHANGE_OPTIONS,
    {.name = NULL}};

const struct command command_quarantine = {
    .name = "quarantine",
    .summary = "lists, retries, delivers, drops what could not be taken in",
    .arguments = "[list|retry|deliver|drop] [FILE...]",
    .options = options,
    .words = "list retry deliver drop",
    .help = "FILE is instance:12, as the list shows it, or a receipt. retry has a file taken\n"
            "in as if it had just been received: do it when the cause is gone. deliver sends\n"
            "it as it is, where the UIDs of its data set can be read: to each destination\n"
            "whose condition holds, and to the one named where its condition cannot be\n"
            "decided. drop moves it to spool/dropped/, where it stays for retention_excluded;\n"
            "with --now it is removed for good.\n"
            "drop asks first, and so do the others for more than given files.\n",
    .example = "felucca quarantine\n"
               "felucca quarantine retry --reason \"no node\"\n"
               "felucca quarantine deliver instance:16 --destination kheops-main\n"
               "felucca quarantine drop instance:17 instance:18\n"
               "felucca quarantine drop --reason \"too deep\" --now\n",
    .run = quarantine_run,
};
