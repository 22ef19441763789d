/* felucca condition - explains a condition, or those of a configuration, on DICOM files. */
#include "cli/command.h"
#include "cli/condition_file.h"
#include "cli/condition_study.h"
#include "cli/database.h"
#include "cli/folder.h"
#include "cli/measure.h"
#include "cli/option.h"
#include "cli/uid_option.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/dicom/dictionary.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { STUDY, JSON, VALUES };
enum { NO_DICOM = -1 }; /* beside the exit statuses: a file in a folder that nobody named */

static bool print_file(const struct measure *measure, struct condition_file *file,
                       const struct condition_options *options)
{
    bool verdict;
    if (options->json) {
        json_t *object = json_pack("{s:o}", "file", json_from_text(file->path));
        verdict = measure_add(measure, file, options, object);
        json_print_line(object);
        return verdict;
    }
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    text_append(&lines, file->path);
    verdict = measure_append(measure, file, options, &lines);
    (void)fputs(text_string(&lines), stdout);
    return verdict;
}

/* EXIT_OK: true; EXIT_NO: false or undecided; EXIT_USAGE: the file cannot be read. */
static int hold_against(const struct measure *measure, const char *path,
                        const struct condition_options *options)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(condition_file_release) struct condition_file file;
    int code = condition_file_read(path, &file, &reason);
    if (code == ERR_SYNTAX && options->in_folder)
        return NO_DICOM;
    if (code != 0) {
        fprintf(stderr, "felucca: %s %s\n", path, text_string(&reason));
        if (options->json)
            json_print_line(json_pack("{s:o, s:n, s:o}", "file", json_from_text(path), "verdict", "error",
                                      json_from_text(text_string(&reason))));
        return EXIT_USAGE;
    }
    return print_file(measure, &file, options) ? EXIT_OK : EXIT_NO;
}

/* A folder whose files are held against the measure. */
struct walk {
    const struct measure *measure;
    struct condition_options options;
    int status;
    size_t files, no_dicom;
};

static bool hold_file(void *context, const char *path)
{
    struct walk *walk = context;
    int status = hold_against(walk->measure, path, &walk->options);
    if (status == NO_DICOM)
        walk->no_dicom++;
    else
        walk->files++;
    walk->status = status > walk->status ? status : walk->status;
    return true;
}

static int hold_folder(const struct measure *measure, const char *path,
                       const struct condition_options *options)
{
    struct walk walk = {.measure = measure, .options = *options, .status = EXIT_OK};
    walk.options.in_folder = true;
    int code = folder_walk_files(path, hold_file, &walk);
    if (code != 0)
        fprintf(stderr, "felucca: %s cannot be read as a whole\n", path);
    if (walk.no_dicom > 0)
        fprintf(stderr, "felucca: %s: %zu file%s not DICOM and passed over\n", path, walk.no_dicom,
                walk.no_dicom == 1 ? " is" : "s are");
    if (walk.files == 0)
        fprintf(stderr, "felucca: %s holds no DICOM file\n", path);
    return code != 0 || walk.files == 0 ? EXIT_USAGE : walk.status;
}

static int load_config(const char *path, struct config **ret_config)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    int error = config_load(path, ret_config, &errors, &warnings);
    fprintf(stderr, "%s%s", text_string(&warnings), text_string(&errors));
    return error ? EXIT_CONFIG : EXIT_OK;
}

static int compile(const char *expression, struct condition **ret_condition)
{
    AUTO(condition_error_release) struct condition_error error = {.message = NULL};
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    if (condition_compile(expression, dictionary_for_conditions(), ret_condition, &error) == 0)
        return EXIT_OK;
    condition_error_print(expression, &error, &printed);
    fprintf(stderr, "felucca: condition: %s\n", text_string(&printed));
    return EXIT_USAGE;
}

static int usage(const char *sentence)
{
    fprintf(stderr, "felucca: condition: %s; `felucca condition --help` tells more\n", sentence);
    return EXIT_USAGE;
}

static int run_on(const char *config_path, int count, char **arguments,
                  const struct condition_options *options)
{
    AUTO(measure_release) struct measure measure = {NULL, NULL};
    if (count == 0)
        return usage(config_path ? "which files?" : "which expression?");
    int status =
        config_path ? load_config(config_path, &measure.config) : compile(arguments[0], &measure.condition);
    if (status != EXIT_OK)
        return status;
    int first = config_path ? 0 : 1;
    if (first == count)
        return usage("which files?");
    for (int i = first; i < count; i++) {
        int verdict = folder_is_one(arguments[i]) ? hold_folder(&measure, arguments[i], options)
                                                  : hold_against(&measure, arguments[i], options);
        status = verdict > status ? verdict : status;
    }
    return status;
}

/* The instances of a study that was received, held against the expression or, without one, the configuration. */
static int run_on_study(const struct cli *cli, const char *value, const char *expression,
                        const struct condition_options *options)
{
    AUTO(measure_release) struct measure measure = {NULL, NULL};
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    char study[JOBDB_UID_SIZE];
    int status = expression ? compile(expression, &measure.condition) : EXIT_OK;
    if (status == EXIT_OK)
        status = database_open(cli, &config, &db);
    if (status != EXIT_OK)
        return status;
    if (!uid_option_find_study(command_condition.name, value, db, study))
        return EXIT_USAGE;
    if (expression)
        return condition_study_print(&measure, config, db, study, options);
    const struct measure whole = {NULL, config};
    return condition_study_print(&whole, config, db, study, options);
}

struct asked {
    struct condition_options options;
    const char *study;
};

static bool condition_take(void *context, int key, const char *value)
{
    struct asked *asked = context;
    if (key == STUDY)
        asked->study = value;
    asked->options.json |= key == JSON;
    asked->options.values |= key == VALUES;
    return key != STUDY || option_check_given("condition", "study", "a UID", value);
}

static int condition_run(const struct cli *cli, int argc, char **argv)
{
    struct asked asked = {.study = NULL};
    int first;
    if (!option_parse(&command_condition, argc, argv, condition_take, &asked, &first))
        return EXIT_USAGE;
    if (asked.study && argc - first > 1)
        return usage("--study is asked in place of files");
    if (asked.study)
        return run_on_study(cli, asked.study, argc > first ? argv[first] : NULL, &asked.options);
    return run_on(cli->config_path, argc - first, argv + first, &asked.options);
}

static const struct command_option options_table[] = {
    {"study", "UID", NULL,
     "in place of files: of a study that was received, by its\nUID, its beginning or its end", STUDY},
    {"json", NULL, NULL, "one JSON object a file or instance", JSON},
    {"values", NULL, NULL, "shows also values that may identify a patient; hidden otherwise", VALUES},
    {.name = NULL}};

const struct command command_condition = {
    .name = "condition",
    .summary = "explains a condition, or a configuration, on DICOM files",
    .arguments = "[--json] [--values] EXPRESSION FILE...",
    .options = options_table,
    .words = "@file",
    .help = "For each file: the verdict, every part of the expression with its own, and the\n"
            "values it saw. With --config FILE in place of the expression: which destinations\n"
            "would take each file, which albums would get its series, and why. \"?\" is what\n"
            "cannot be decided, as in a file that breaks off. FILE may be a folder: all DICOM\n"
            "files below it. With --study the instances of that study are asked, by their\n"
            "files or, where these are gone, their kept headers (retention_headers); without\n"
            "an EXPRESSION, the configuration decides. `felucca show UID --album NAME` asks\n"
            "one album. Exit status 0: true for every file (with --config: a destination\n"
            "takes it), 1: false or undecided for one, 2: an error in the expression or a\n"
            "file that cannot be read, 3: a bad configuration.\n",
    .example = "felucca condition 'tagValueIsPresent(#Tag.Modality, \"CT\")' study/*.dcm\n"
               "felucca condition --config felucca.yaml study/*.dcm\n"
               "felucca condition --study 1.2.840.113619.2.55.3\n",
    .run = condition_run,
};
