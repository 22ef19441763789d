/* felucca show - tells everything about one instance, series or study, by any name that it has. */
#include "cli/command.h"
#include "cli/condition_study.h"
#include "cli/database.h"
#include "cli/number.h"
#include "cli/option.h"
#include "cli/show_print.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/config/cell.h"
#include "common/service/service.h"
#include "common/view/details.h"
#include "common/view/lookup.h"
#include "common/view/surroundings.h"

#include <stdio.h>
#include <string.h>

/* What people are shown; in JSON there is everything. */
enum { JSON, ALBUM, RECEIPTS_MOST = 5, STUDIES_MOST = 50, ALL = -1 };

struct asked {
    bool json;
    const char *album; /* NULL: none is asked about */
    struct number number;
};

/* ---- showing it ---- */

static void show_thing(const struct config *config, json_t *thing, bool json, bool is_instance)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    char cell[CONFIG_CELL_SIZE];
    if (!thing)
        return;
    if (json) {
        (void)json_object_set_new(thing, "cell", json_from_text(config_cell(config, cell)));
        details_write_times(thing);
        json_print_line(thing);
        return;
    }
    if (config->cell)
        text_format(&out, "%-11s %s\n", "cell", config->cell);
    if (is_instance)
        show_print_instance(thing, &out);
    else
        show_print_study(thing, &out);
    (void)fputs(text_string(&out), stdout);
    json_decref(thing);
}

/* A SOP Instance UID may have arrived several times. */
static void show_receipts(struct jobdb *db, const struct config *config, const char *sop_instance, bool json)
{
    AUTO(json_release)
    json_t *receipts =
        details_ask(db, JOBDB_ASK_RECEIPTS, sop_instance, NULL, json ? ALL : RECEIPTS_MOST + 1);
    size_t count = json_array_size(receipts);
    for (size_t i = 0; i < count && (json || i < RECEIPTS_MOST); i++) {
        (void)fputs(i > 0 && !json ? "\n" : "", stdout);
        const char *receipt = json_text_or_null(json_array_get(receipts, i), "receipt");
        show_thing(config, details_of_instance(db, config, receipt), json, true);
    }
    if (count > RECEIPTS_MOST && !json)
        (void)fputs("\nIt has arrived more often than that; these are the newest.\n", stdout);
}

static void show_found(struct jobdb *db, const struct config *config, const struct lookup_found *found,
                       bool json)
{
    AUTO(memory_free) char *study = NULL;
    if (found->kind == LOOKUP_SOP_INSTANCE) {
        show_receipts(db, config, found->name, json);
    } else if (found->kind == LOOKUP_RECEIPT) {
        show_thing(config, details_of_instance(db, config, found->name), json, true);
    } else if (found->kind == LOOKUP_STUDY) {
        show_thing(config, details_of_study(db, config, found->name, NULL), json, false);
    } else {
        study = details_ask_name(db, JOBDB_ASK_STUDY_OF_SERIES, found->name, NULL, 0);
        show_thing(config, details_of_study(db, config, study ? study : "", found->name), json, false);
    }
}

static int say_nothing(const struct config *config, const char *name)
{
    int64_t incoming = surroundings_incoming(config);
    (void)fprintf(
        stderr,
        "felucca show: nothing begins or ends with \"%s\": no study, series, instance, receipt or job. Either it never\n"
        "arrived, or it was done longer ago than `history` keeps.\n",
        name);
    if (incoming > 0)
        (void)fprintf(stderr,
                      "Or it is among the %lld files in incoming/ that the router has not taken in yet.\n",
                      (long long)incoming);
    return EXIT_NO;
}

static int say_ambiguous(const struct lookup *lookup, const char *name)
{
    (void)fprintf(stderr, "felucca show: \"%s\" may mean\n", name);
    for (size_t i = 0; i < lookup->count && i < LOOKUP_MOST; i++)
        (void)fprintf(stderr, "  %-8s %s\n", lookup_kind_name(lookup->list[i].kind), lookup->list[i].name);
    if (lookup->count > LOOKUP_MOST)
        (void)fputs("  and others\n", stderr);
    return EXIT_NO;
}

/* Why an album has the study, series, or the series of the instance, or has it not. */
static int show_album(struct jobdb *db, const struct config *config, const struct lookup_found *found,
                      const char *album, bool json)
{
    AUTO(memory_free) char *study = NULL;
    AUTO(json_release) json_t *rows = NULL;
    if (found->kind == LOOKUP_STUDY)
        return condition_study_print_album(config, db, found->name, NULL, album, json);
    if (found->kind == LOOKUP_SERIES) {
        study = details_ask_name(db, JOBDB_ASK_STUDY_OF_SERIES, found->name, NULL, 0);
        return condition_study_print_album(config, db, study ? study : "", found->name, album, json);
    }
    rows = found->kind == LOOKUP_RECEIPT ? NULL : details_ask(db, JOBDB_ASK_RECEIPTS, found->name, NULL, 1);
    const char *receipt = rows ? json_text(json_array_get(rows, 0), "receipt") : found->name;
    AUTO(json_release) json_t *instance = details_of_instance(db, config, receipt);
    return condition_study_print_album(config, db, json_text(instance, "study"),
                                       json_text(instance, "series"), album, json);
}

static int show_name(struct jobdb *db, const struct config *config, const char *name,
                     const struct asked *asked)
{
    AUTO(lookup_release) struct lookup lookup = {.count = 0};
    jobdb_snapshot_begin(db);
    lookup_find(db, name, &lookup);
    if (lookup.count == 1 && !asked->album)
        show_found(db, config, &lookup.list[0], asked->json);
    jobdb_snapshot_end(db);
    if (database_failed(db))
        return EXIT_NO;
    if (lookup.count != 1)
        return lookup.count == 0 ? say_nothing(config, name) : say_ambiguous(&lookup, name);
    if (asked->album)
        return show_album(db, config, &lookup.list[0], asked->album, asked->json);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* ---- by a number ---- */

static int say_no_study(const struct config *config, const struct number *number)
{
    int64_t incoming = surroundings_incoming(config);
    (void)fprintf(
        stderr,
        "felucca show: no study has this %s. Either it never arrived, or it was done longer ago than\n"
        "`history` keeps; what could not be read, or has no node (`felucca quarantine`), is not found by\n"
        "its numbers.\n",
        number_name(number));
    if (incoming > 0)
        (void)fprintf(stderr,
                      "Or it is among the %lld files in incoming/ that the router has not taken in yet.\n",
                      (long long)incoming);
    return EXIT_NO;
}

/* One is shown whole; of several the newest are named. */
static void show_studies(struct jobdb *db, const struct config *config, const json_t *studies,
                         const struct number *number, bool json)
{
    size_t count = json_array_size(studies);
    if (count > 1 && !json)
        (void)printf(
            "Several studies have this %s, the newest first; `felucca show UID` tells more of one:\n",
            number_name(number));
    for (size_t i = 0; i < count && (json || i < STUDIES_MOST); i++) {
        const char *study = json_text_or_null(json_array_get(studies, i), "study");
        if (count > 1 && !json)
            (void)printf("  %s\n", study);
        else
            show_thing(config, details_of_study(db, config, study, NULL), json, false);
    }
    if (count > STUDIES_MOST && !json)
        (void)puts("  and others: `felucca studies` lists all");
}

static int show_number(struct jobdb *db, const struct config *config, struct number *number, bool json)
{
    int code = number_hash(number, command_show.name, config);
    if (code != EXIT_OK)
        return code;
    jobdb_snapshot_begin(db);
    AUTO(json_release)
    json_t *studies =
        details_ask(db, JOBDB_ASK_STUDIES_OF_HASH, number->hash, NULL, json ? ALL : STUDIES_MOST + 1);
    show_studies(db, config, studies, number, json);
    jobdb_snapshot_end(db);
    if (database_failed(db))
        return EXIT_NO;
    if (json_array_size(studies) == 0)
        return say_no_study(config, number);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* ---- arguments ---- */

static bool show_take(void *context, int key, const char *value)
{
    struct asked *asked = context;
    asked->json |= key == JSON;
    if (key == ALBUM)
        asked->album = value;
    return number_take(&asked->number, command_show.name, key, value);
}

static int show_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct asked asked = {.json = false};
    int first;
    if (!option_parse(&command_show, argc, argv, show_take, &asked, &first))
        return EXIT_USAGE;
    if (argc - first != (asked.number.text ? 0 : 1) || (first < argc && !*argv[first])) {
        (void)fputs("felucca show: takes one UID, receipt, job or number; see felucca show --help\n", stderr);
        return EXIT_USAGE;
    }
    if (asked.album && asked.number.text) {
        (void)fputs("felucca show: --album takes a UID: by which the number finds the study\n", stderr);
        return EXIT_USAGE;
    }
    int code = database_open(cli, &config, &db);
    if (code == EXIT_OK && asked.number.text)
        return show_number(db, config, &asked.number, asked.json);
    return code == EXIT_OK ? show_name(db, config, argv[first], &asked) : code;
}

static const struct command_option options[] = {
    NUMBER_OPTIONS,
    {"album", "NAME", "@album", "why the album has it, or has it not", ALBUM},
    {"json", NULL, NULL, "one object a line", JSON},
    {.name = NULL}};

const struct command command_show = {
    .name = "show",
    .summary = "tells the whole way of an instance, series or study",
    .arguments = "ID|UID|--accession NUMBER [--json]",
    .options = options,
    .help = "ID is a job as `felucca jobs` prints it (delivery:12, share:3), or a receipt;\n"
            "UID is that of a study, series or instance, or its beginning; where nothing\n"
            "begins so, its end, of four characters or more. An instance is shown with who\n"
            "sent it, what was decided about it, every attempt and answer, and its file; a\n"
            "study or series with what became of its instances, and those not done yet.\n"
            "--album asks the condition of that album, as it is now, of what is known of each\n"
            "instance: its file, or its kept header (retention_headers).\n"
            "Numbers are compared without blanks at their ends and whatever their case; where\n"
            "several studies have one, they are listed. Exit status 1: there is nothing of\n"
            "that name, or it may mean several things, which are listed.\n",
    .example = "felucca show 1.2.840.113619.2.55\n"
               "felucca show --accession 12345\n"
               "felucca show delivery:12\n"
               "felucca show 1.2.840.113619.2.55 --album research-ct\n",
    .run = show_run,
};
