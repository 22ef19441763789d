/* felucca import - brings files into the pipeline that no modality sends any more: folders, archives, media. */
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/database.h"
#include "cli/folder.h"
#include "cli/import/importer.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NODE, SOURCE, DRY_RUN, AGAIN, JSON };

struct asked {
    const char *node, *source;
    bool dry_run, again, json;
};

static bool is_source(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(name);
    return length > 0 && length <= 16 && strspn(name, letters) == length;
}

static bool import_take(void *context, int key, const char *value)
{
    struct asked *asked = context;
    asked->dry_run |= key == DRY_RUN;
    asked->again |= key == AGAIN;
    asked->json |= key == JSON;
    if (key == NODE)
        asked->node = value;
    if (key != SOURCE)
        return key != NODE || option_check_given("import", "node", "an AE title", value);
    asked->source = value;
    if (!is_source(value))
        (void)fprintf(stderr,
                      "felucca import: --source: \"%s\" is wrong, write 1 to 16 letters, digits, _ and -\n",
                      value);
    return is_source(value);
}

static int usage(const char *sentence)
{
    (void)fprintf(stderr, "felucca import: %s; `felucca import --help` tells more\n", sentence);
    return EXIT_USAGE;
}

/* NULL: said. */
static const struct config_node *choose_node(const struct config *config, const char *aet)
{
    const struct config_node *node = aet ? config_find_node(config, aet) : &config->nodes[0];
    if (node && (aet || config->node_count == 1))
        return node;
    (void)fprintf(stderr, "felucca import: %s; felucca.yaml has:",
                  node ? "which node? say --node AET" : "there is no such node");
    for (size_t i = 0; i < config->node_count; i++)
        (void)fprintf(stderr, " %s", config->nodes[i].aet);
    (void)fputs("\n", stderr);
    return NULL;
}

/* What another user writes, the router may not be able to read. */
static bool is_of_this_user(const char *state_dir)
{
    struct stat status;
    if (stat(state_dir, &status) != 0 || status.st_uid == geteuid())
        return true;
    (void)fprintf(stderr,
                  "felucca import: %s is another user's: run this as the user of the services, such as "
                  "`sudo -u felucca felucca import …`\n",
                  state_dir);
    return false;
}

/* ---- how much it will be ---- */

static bool measure_file(void *context, const char *path)
{
    struct progress *progress = context;
    struct stat status;
    progress->all_files++;
    progress->all_bytes += stat(path, &status) == 0 ? status.st_size : 0;
    return !importer_is_stopped();
}

static void measure(struct progress *progress, char **paths, int count)
{
    for (int i = 0; i < count && isatty(STDERR_FILENO); i++) {
        if (folder_is_one(paths[i]))
            (void)folder_walk_files(paths[i], measure_file, progress);
        else
            (void)measure_file(progress, paths[i]);
    }
}

/* ---- what is said of it ---- */

static void print_for_people(const struct importer *importer, const struct asked *asked, bool whole)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    const struct tally *tally = importer_tally(importer);
    tally_append(tally, &out);
    if (importer_outlook(importer))
        outlook_append(importer_outlook(importer), &out);
    if (tally->counts[OUTCOME_IMPORTED] > 0)
        text_format(&out, "`felucca studies --from %s` tells where they are\n", asked->source);
    if (!whole)
        text_append(&out, "stopped before the end: the same command goes on from here\n");
    else if (tally_of_kind(tally, OUTCOME_GOOD) == 0)
        text_append(&out, "there is nothing to import\n");
    (void)fputs(text_string(&out), stdout);
}

static void print_json(const struct importer *importer, const struct asked *asked,
                       const struct config_node *node, bool whole)
{
    const struct tally *tally = importer_tally(importer);
    AUTO(json_release)
    json_t *object = json_pack("{s:s, s:s, s:b, s:b, s:I, s:o}", "source", asked->source, "node", node->aet,
                               "dry_run", asked->dry_run, "whole", whole, "bytes", (json_int_t)tally->bytes,
                               "files", tally_json(tally));
    if (importer_outlook(importer))
        json_object_set_new(object, "destinations", outlook_json(importer_outlook(importer)));
    json_print_line(json_incref(object));
}

static int import_files(const struct import_order *order, const struct asked *asked, char **paths, int count)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(importer_destroy) struct importer *importer = NULL;
    if (importer_create(order, &importer, &reason) < 0) {
        (void)fprintf(stderr, "felucca import: %s\n", text_string(&reason));
        return EXIT_NO;
    }
    importer_heed_signals();
    measure(importer_progress(importer), paths, count);
    bool whole = !importer_is_stopped();
    for (int i = 0; i < count && whole; i++)
        whole = importer_take(importer, paths[i]);
    progress_clear(importer_progress(importer));
    if (asked->json)
        print_json(importer, asked, order->node, whole);
    else
        print_for_people(importer, asked, whole);
    const struct tally *tally = importer_tally(importer);
    return whole && tally_of_kind(tally, OUTCOME_TROUBLE) == 0 && tally_of_kind(tally, OUTCOME_GOOD) > 0
               ? EXIT_OK
               : EXIT_NO;
}

/* The database is there when the router has run once: until then nothing was imported before. */
static int open_database(const struct config *config, struct jobdb **ret_db)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = jobdb_open_reader(config->state_dir, ret_db, &reason);
    if (code == 0 || code == ERR_ABSENT)
        return EXIT_OK;
    (void)fprintf(stderr, "felucca import: %s\n", text_string(&reason));
    return EXIT_NO;
}

static int import_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    struct asked asked = {.source = "IMPORT"};
    int first;
    if (!option_parse(&command_import, argc, argv, import_take, &asked, &first))
        return EXIT_USAGE;
    if (first == argc)
        return usage("which files or folders?");
    int status = configuration_load(cli, &config);
    if (status != EXIT_OK)
        return status;
    const struct config_node *node = choose_node(config, asked.node);
    if (!node || !is_of_this_user(config->state_dir))
        return EXIT_USAGE;
    if ((status = open_database(config, &db)) != EXIT_OK)
        return status;
    const struct import_order order = {.config = config,
                                       .node = node,
                                       .source = asked.source,
                                       .dry_run = asked.dry_run,
                                       .again = asked.again,
                                       .db = db};
    return import_files(&order, &asked, argv + first, argc - first);
}

static const struct command_option options[] = {
    {"node", "AET", NULL, "the node that takes them; the only one, where there is one", NODE},
    {"source", "AET", NULL, "the calling AE title that they get (IMPORT)", SOURCE},
    {"dry-run", NULL, NULL, "tells what the conditions would decide, and changes nothing", DRY_RUN},
    {"again", NULL, NULL, "also what this source imported before", AGAIN},
    {"json", NULL, NULL, "what came of it, as one JSON object", JSON},
    {.name = NULL}};

const struct command command_import = {
    .name = "import",
    .summary = "takes DICOM files from folders, archives and media",
    .arguments = "[OPTION…] FILE|FOLDER|DICOMDIR|ARCHIVE|-…",
    .options = options,
    .words = "@file",
    .help = "Each file goes the way of an instance that a modality sends: it is durable\n"
            "before it counts, its node's conditions decide, and what cannot be taken in lies\n"
            "in quarantine. Archives are ZIP and tar, compressed or not, and may hold others;\n"
            "\"-\" is standard input. The same command again sends nothing twice, so it goes\n"
            "on where it was stopped; what the history no longer knows is sent again.\n"
            "It waits where the spool's disk is short. Run it as the user of the services.\n"
            "Exit status 0: all is imported, 1: something was not, 2: a wrong command line,\n"
            "3: a bad configuration.\n",
    .example = "felucca import --dry-run /media/cdrom/DICOMDIR\n"
               "felucca import --node FELUCCA --source ARCHIVE2019 /data/2019\n"
               "curl -s https://pacs.example.org/study.zip | felucca import -\n",
    .run = import_run,
};
