/* felucca show - everything about one instance, series or study, by any name that it has. */
#include "cli/command.h"
#include "cli/database.h"
#include "cli/option.h"
#include "cli/show_print.h"
#include "cli/show_read.h"
#include "cli/surroundings.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON, FOUND_MOST = 10, RECEIPTS_MOST = 5 };

/* ---- what a name may mean ---- */

enum kind { STUDY, SERIES, SOP_INSTANCE, RECEIPT, KINDS };

static const char *const kind_names[KINDS] = {"study", "series", "instance", "receipt"};

struct found {
    enum kind kind;
    char *name;
};

struct findings {
    struct found list[FOUND_MOST + 1];
    size_t count;
};

static void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        memory_free(&findings->list[i].name);
}

static bool is_found(const struct findings *findings, enum kind kind, const char *name)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].kind == kind && strcmp(findings->list[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Every name of a kind that begins so, in order, until there are too many. */
static void find(struct jobdb *db, enum jobdb_question question, enum kind kind, const char *prefix,
                 struct findings *findings)
{
    AUTO(text_release) struct text from = TEXT_EMPTY;
    AUTO(text_release) struct text below = TEXT_EMPTY;
    text_append(&from, prefix);
    text_format(&below, "%s\x7f", prefix);
    while (findings->count <= FOUND_MOST) {
        char *name = show_ask_name(db, question, text_string(&from), text_string(&below), 0);
        if (!name)
            return;
        text_clear(&from);
        text_format(&from, "%s\x01", name);
        if (is_found(findings, kind, name))
            memory_free(&name);
        else
            findings->list[findings->count++] = (struct found){kind, name};
    }
}

/* A whole name means itself, although it begins others. */
static void prefer_exact(struct findings *findings, const char *name)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->list[i].name, name) != 0)
            continue;
        struct found exact = findings->list[i];
        findings->list[i] = findings->list[0];
        findings->list[0] = exact;
        for (size_t k = 1; k < findings->count; k++)
            memory_free(&findings->list[k].name);
        findings->count = 1;
    }
}

static void find_all(struct jobdb *db, const char *name, struct findings *findings)
{
    find(db, JOBDB_ASK_NEXT_STUDY, STUDY, name, findings);
    find(db, JOBDB_ASK_NEXT_SERIES, SERIES, name, findings);
    find(db, JOBDB_ASK_NEXT_SERIES_APART, SERIES, name, findings);
    find(db, JOBDB_ASK_NEXT_SERIES_PARKED, SERIES, name, findings);
    find(db, JOBDB_ASK_NEXT_SOP_INSTANCE, SOP_INSTANCE, name, findings);
    find(db, JOBDB_ASK_NEXT_RECEIPT, RECEIPT, name, findings);
    prefer_exact(findings, name);
}

/* "delivery:12", "share:3", "instance:7", as `felucca jobs` and `felucca quarantine` print them. True: it is
 * of that form, whether or not there is one. */
static bool find_job(struct jobdb *db, const char *name, struct findings *findings)
{
    static const struct {
        const char *kind;
        enum jobdb_question question;
        enum kind found;
    } kinds[] = {{"delivery:", JOBDB_ASK_RECEIPT_OF_DELIVERY, RECEIPT},
                 {"instance:", JOBDB_ASK_RECEIPT_OF_INSTANCE, RECEIPT},
                 {"share:", JOBDB_ASK_SERIES_OF_SHARE, SERIES},
                 {"fetch:", JOBDB_ASK_STUDY_OF_FETCH, STUDY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!string_starts_with(name, kinds[i].kind))
            continue;
        char *end;
        int64_t id = strtoll(name + strlen(kinds[i].kind), &end, 10);
        char *meant = *end ? NULL : show_ask_name(db, kinds[i].question, NULL, NULL, id);
        if (meant)
            findings->list[findings->count++] = (struct found){kinds[i].found, meant};
        return true;
    }
    return false;
}

/* ---- showing it ---- */

static void print(json_t *thing, bool json, bool is_instance)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    if (!thing)
        return;
    if (json) {
        show_write_times(thing);
        json_print_line(thing);
        return;
    }
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
    json_t *receipts = show_ask(db, JOBDB_ASK_RECEIPTS, sop_instance, NULL, RECEIPTS_MOST + 1);
    size_t count = json_array_size(receipts);
    for (size_t i = 0; i < count && i < RECEIPTS_MOST; i++) {
        (void)fputs(i > 0 && !json ? "\n" : "", stdout);
        const char *receipt = json_text_or_null(json_array_get(receipts, i), "receipt");
        print(show_read_instance(db, config, receipt), json, true);
    }
    if (count > RECEIPTS_MOST && !json)
        (void)fputs("\nIt has arrived more often than that; these are the newest.\n", stdout);
}

static void show_found(struct jobdb *db, const struct config *config, const struct found *found, bool json)
{
    AUTO(memory_free) char *study = NULL;
    if (found->kind == SOP_INSTANCE) {
        show_receipts(db, config, found->name, json);
    } else if (found->kind == RECEIPT) {
        print(show_read_instance(db, config, found->name), json, true);
    } else if (found->kind == STUDY) {
        print(show_read_study(db, config, found->name, NULL), json, false);
    } else {
        study = show_ask_name(db, JOBDB_ASK_STUDY_OF_SERIES, found->name, NULL, 0);
        print(show_read_study(db, config, study ? study : "", found->name), json, false);
    }
}

static int say_nothing(const struct config *config, const char *name)
{
    int64_t incoming = surroundings_incoming(config);
    (void)fprintf(
        stderr,
        "felucca show: nothing begins with \"%s\": no study, series, instance, receipt or job. Either it "
        "never\narrived, or it was done longer ago than `history` keeps.\n",
        name);
    if (incoming > 0)
        (void)fprintf(stderr,
                      "Or it is among the %lld files in incoming/ that the router has not taken in yet.\n",
                      (long long)incoming);
    return EXIT_NO;
}

static int say_ambiguous(const struct findings *findings, const char *name)
{
    (void)fprintf(stderr, "felucca show: \"%s\" may mean\n", name);
    for (size_t i = 0; i < findings->count && i < FOUND_MOST; i++)
        (void)fprintf(stderr, "  %-8s %s\n", kind_names[findings->list[i].kind], findings->list[i].name);
    if (findings->count > FOUND_MOST)
        (void)fputs("  and others\n", stderr);
    return EXIT_NO;
}

static int show(struct jobdb *db, const struct config *config, const char *name, bool json)
{
    AUTO(findings_release) struct findings findings = {.count = 0};
    jobdb_snapshot_begin(db);
    if (!find_job(db, name, &findings))
        find_all(db, name, &findings);
    if (findings.count == 1)
        show_found(db, config, &findings.list[0], json);
    jobdb_snapshot_end(db);
    if (database_failed(db))
        return EXIT_NO;
    if (findings.count != 1)
        return findings.count == 0 ? say_nothing(config, name) : say_ambiguous(&findings, name);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static bool take(void *context, int key, const char *value)
{
    (void)value;
    *(bool *)context = key == JSON;
    return true;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    bool json = false;
    int first;
    if (!option_parse(&command_show, argc, argv, take, &json, &first))
        return EXIT_USAGE;
    if (argc - first != 1 || !*argv[first]) {
        (void)fputs("felucca show: takes one UID, receipt or job; see felucca show --help\n", stderr);
        return EXIT_USAGE;
    }
    int code = database_open(cli, &config, &db);
    return code == EXIT_OK ? show(db, config, argv[first], json) : code;
}

static const struct command_option options[] = {{"json", NULL, NULL, "one object a line", JSON},
                                                {.name = NULL}};

const struct command command_show = {
    .name = "show",
    .summary = "tells the whole way of an instance, series or study",
    .arguments = "ID|UID [--json]",
    .options = options,
    .help = "ID is a job as `felucca jobs` prints it (delivery:12, share:3), or a receipt;\n"
            "UID is that of a study, series or instance, or its beginning. An instance is\n"
            "shown with who sent it, what was decided about it, every attempt and answer, and\n"
            "its file; a study or series with what became of its instances, and those not\n"
            "done yet. Exit status 1: there is nothing of that name, or it may mean several\n"
            "things, which are listed.\n",
    .example = "felucca show 1.2.840.113619.2.55\n"
               "felucca show delivery:12\n",
    .run = run,
};
