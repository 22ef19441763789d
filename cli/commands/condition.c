/* felucca condition - explains a condition, or those of a configuration, on DICOM files. */
#include "cli/command.h"
#include "cli/condition_file.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/dicom/dictionary.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

/* One of the two things that files are held against. */
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
    if (options->json) {
        json_print_line(json_pack("{s:o, s:b, s:o}", "file", json_from_text(file->path), "verdict",
                                  explanation->verdict, "condition",
                                  condition_explanation_json(explanation)));
    } else {
        AUTO(text_release) struct text tree = TEXT_EMPTY;
        explain_print(explanation, 2, &tree);
        printf("%s: %s\n%s", file->path, explanation->verdict ? "true" : "false", text_string(&tree));
    }
    return explanation->verdict;
}

/* EXIT_OK: true; EXIT_NO: false; EXIT_USAGE: the file cannot be read. */
static int hold_against(const struct measure *measure, const char *path,
                        const struct condition_options *options)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(condition_file_release) struct condition_file file;
    if (condition_file_read(path, &file, &reason) != 0) {
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
        int verdict = hold_against(&measure, arguments[i], options);
        status = verdict > status ? verdict : status;
    }
    return status;
}

static bool take(void *context, int key, const char *value)
{
    struct condition_options *options = context;
    (void)value;
    if (key == 'j')
        options->json = true;
    else
        options->values = true;
    return true;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct condition_options options = {false, false};
    int first;
    if (!option_parse(&command_condition, argc, argv, take, &options, &first))
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
            "would take each file, which albums would get its series, and why. Exit status 0:\n"
            "true for every file (with --config: a destination takes it), 1: false for one,\n"
            "2: an error in the expression or a file that cannot be read, 3: a bad\n"
            "configuration.\n",
    .example = "felucca condition 'tagValueIsPresent(#Tag.Modality, \"CT\")' study/*.dcm\n"
               "felucca condition --config felucca.yaml study/*.dcm\n",
    .run = run,
};
