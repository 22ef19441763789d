/* felucca condition - explains a condition, or those of a configuration, on DICOM files. */
#include "cli/command.h"
#include "cli/condition_file.h"
#include "cli/folder.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/dicom/dictionary.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { NO_DICOM = -1 }; /* beside the exit statuses: a file in a folder that nobody named */

/* One of the two things that decide about files. */
struct measure {
    struct condition *condition;
    struct config *config; /* NULL: the condition alone */
};

static void measure_release(struct measure *measure)
{
    condition_destroy(&measure->condition);
    config_destroy(&measure->config);
}

static bool print_condition(const struct measure *measure, struct condition_file *file,
                            const struct condition_options *options)
{
    AUTO(explain_destroy)
    struct explanation *explanation = condition_file_explain(file, measure->condition, options);
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    const char *incomplete = header_incomplete(file->header);
    if (explanation->verdict == CONDITION_UNDECIDED)
        explain_doubt(explanation, &doubt);
    if (options->json) {
        json_print_line(json_pack("{s:o, s:o, s:o, s:o, s:o}", "file", json_from_text(file->path), "verdict",
                                  condition_verdict_json(explanation->verdict), "undecided",
                                  json_from_text(doubt.bytes), "incomplete", json_from_text(incomplete),
                                  "condition", condition_explanation_json(explanation)));
    } else {
        AUTO(text_release) struct text tree = TEXT_EMPTY;
        explain_print(explanation, 2, &tree);
        printf("%s: %s%s\n", file->path,
               explanation->verdict == CONDITION_TRUE    ? "true"
               : explanation->verdict == CONDITION_FALSE ? "false"
                                                         : "cannot be decided: ",
               text_string(&doubt));
        if (incomplete)
            printf("  the header is incomplete: %s\n", incomplete);
        (void)fputs(text_string(&tree), stdout);
    }
    return explanation->verdict == CONDITION_TRUE;
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
    bool verdict = measure->config ? condition_config_print(measure->config, &file, options)
                                   : print_condition(measure, &file, options);
    return verdict ? EXIT_OK : EXIT_NO;
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

static bool condition_take(void *context, int key, const char *value)
{
    struct condition_options *options = context;
    (void)value;
    if (key == 'j')
        options->json = true;
    else
        options->values = true;
    return true;
}

static int condition_run(const struct cli *cli, int argc, char **argv)
{
    struct condition_options options = {false, false, false};
    int first;
    if (!option_parse(&command_condition, argc, argv, condition_take, &options, &first))
        return EXIT_USAGE;
    return run_on(cli->config_path, argc - first, argv + first, &options);
}

static const struct command_option options_table[] = {
    {"json", NULL, NULL, "one JSON object a file", 'j'},
    {"values", NULL, NULL, "shows also values that may identify a patient; hidden otherwise", 'v'},
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
            "files below it. Exit status 0: true for every file (with --config: a\n"
            "destination takes it), 1: false or undecided for one, 2: an error in the\n"
            "expression or a file that cannot be read, 3: a bad configuration.\n",
    .example = "felucca condition 'tagValueIsPresent(#Tag.Modality, \"CT\")' study/*.dcm\n"
               "felucca condition --config felucca.yaml study/*.dcm\n",
    .run = condition_run,
};
