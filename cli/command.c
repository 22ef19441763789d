#include "cli/command.h"

#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/service/service.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct command *const *command_table(void)
{
    static const struct command *const table[] = {
#define X(name) &command_##name,
        COMMAND_MAP(X)
#undef X
            NULL};
    return table;
}

static const struct command *command_find(const char *name)
{
    for (const struct command *const *c = command_table(); *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static void print_overview(FILE *out)
{
    fputs("usage: felucca [--config FILE] COMMAND [ARGUMENTS]\n\n", out);
    for (const struct command *const *c = command_table(); *c; c++)
        if (!(*c)->hidden)
            fprintf(out, "  %-11s %s\n", (*c)->name, (*c)->summary);
    fputs("\n`felucca COMMAND --help` tells more about one. The configuration is --config\n"
          "FILE, else $FELUCCA_CONFIG, else ./felucca.yaml, else /etc/felucca/felucca.yaml.\n"
          "Exit status: 0 success, 1 no, 2 usage, 3 bad configuration, 4 router not\n"
          "reachable.\n",
          out);
}

static void print_help(const struct command *command)
{
    AUTO(text_release) struct text help = TEXT_EMPTY;
    text_format(&help, "usage: felucca %s%s%s [--config FILE]\n\nfelucca %s: %s\n", command->name,
                *command->arguments ? " " : "", command->arguments, command->name, command->summary);
    if (command->options)
        text_append_char(&help, '\n');
    option_append_help(command->options, &help);
    if (*command->help)
        text_format(&help, "\n%s", command->help);
    if (command->example)
        text_append(&help, "\nExample:\n");
    option_append_example(command->example, &help);
    (void)fputs(text_string(&help), stdout);
}

static int say_unknown(const char *name)
{
    const struct command *nearest = NULL;
    unsigned nearest_distance = 3;
    for (const struct command *const *c = command_table(); *c; c++) {
        unsigned distance = string_distance(name, (*c)->name);
        if (distance < nearest_distance) {
            nearest = *c;
            nearest_distance = distance;
        }
    }
    fprintf(stderr, "felucca: there is no command \"%s\"", name);
    if (nearest)
        fprintf(stderr, "; did you mean %s?\n", nearest->name);
    else
        fputs("; `felucca --help` lists them\n", stderr);
    return EXIT_USAGE;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* Copies the arguments without --config FILE; false when FILE is missing. */
static bool take_config(int argc, char **argv, struct cli *ret_cli, int *ret_count, char **ret_arguments)
{
    int count = 0;
    bool verbatim = false;
    for (int i = 1; i < argc; i++) {
        if (!verbatim && strcmp(argv[i], "--config") == 0) {
            if (i + 1 >= argc)
                return false;
            ret_cli->config_path = argv[++i];
        } else if (!verbatim && string_starts_with(argv[i], "--config=")) {
            ret_cli->config_path = argv[i] + strlen("--config=");
        } else {
            verbatim = verbatim || strcmp(argv[i], "--") == 0;
            ret_arguments[count++] = argv[i];
        }
    }
    ret_arguments[count] = NULL;
    *ret_count = count;
    return true;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i]))
            return true;
    return false;
}

static int run_named(const struct cli *cli, int argc, char **argv)
{
    const struct command *command = command_find(argv[0]);
    if (!command)
        return say_unknown(argv[0]);
    if (asks_for_help(argc, argv)) {
        print_help(command);
        return EXIT_OK;
    }
    return command->run(cli, argc, argv);
}

int command_main(int argc, char **argv)
{
    struct cli cli = {NULL};
    int count = 0;
    AUTO(memory_free) char **arguments = memory_new((size_t)argc + 1, sizeof *arguments);
    if (!take_config(argc, argv, &cli, &count, arguments)) {
        fputs("felucca: --config needs a file\n", stderr);
        return EXIT_USAGE;
    }
    if (count == 0) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (is_help(arguments[0]) || (strcmp(arguments[0], "help") == 0 && count == 1)) {
        print_overview(stdout);
        return EXIT_OK;
    }
    if (strcmp(arguments[0], "help") == 0) {
        const struct command *command = command_find(arguments[1]);
        if (!command)
            return say_unknown(arguments[1]);
        print_help(command);
        return EXIT_OK;
    }
    if (strcmp(arguments[0], "--version") == 0)
        arguments[0] += strlen("--");
    if (arguments[0][0] == '-') {
        fprintf(stderr, "felucca: unknown option %s; `felucca --help` tells more\n", arguments[0]);
        return EXIT_USAGE;
    }
    return run_named(&cli, count, arguments);
}
