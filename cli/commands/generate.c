/* felucca generate - manual pages, the shell's completion and the tables of states, from the program's own
 * tables. */
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "common/config/processes.h"
#include "common/jobs/states.h"
#include "common/service/service.h"
#include "common/wire/blame.h"

#include <stdio.h>
#include <string.h>

static void append_names(const struct config *config, bool albums, struct text *names)
{
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            if (!albums)
                text_format(names, "%s\n", destination->name);
            for (size_t a = 0; albums && a < destination->album_count; a++)
                text_format(names, "%s\n", destination->albums[a].name);
        }
    }
}

static int generate_names(const struct cli *cli, bool albums, struct text *names)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (config_load(cli->config_path, &config, &errors, &warnings) != 0) {
        (void)fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    append_names(config, albums, names);
    return EXIT_OK;
}

/* "felucca-router.8" -> "router" */
static bool generate_process(const char *page, struct text *out)
{
    AUTO(text_release) struct text process = TEXT_EMPTY;
    if (!string_starts_with(page, "felucca-") || !string_ends_with(page, ".8"))
        return false;
    text_append_bytes(&process, page + strlen("felucca-"), strlen(page) - strlen("felucca-.8"));
    return manual_process(text_string(&process), out);
}

static int generate(const struct cli *cli, const char *what, struct text *out)
{
    if (strcmp(what, "felucca.1") == 0)
        manual_command(out);
    else if (strcmp(what, "felucca.yaml.5") == 0)
        manual_configuration(out);
    else if (strcmp(what, "bash-completion") == 0)
        completion_bash(out);
    else if (strcmp(what, "zsh-completion") == 0)
        completion_zsh(out);
    else if (strcmp(what, "fish-completion") == 0)
        completion_fish(out);
    else if (strcmp(what, "states") == 0)
        states_reference(out);
    else if (strcmp(what, "blame") == 0)
        blame_reference(out);
    else if (strcmp(what, "destinations") == 0 || strcmp(what, "albums") == 0)
        return generate_names(cli, *what == 'a', out);
    else if (!generate_process(what, out)) {
        (void)fprintf(stderr, "felucca generate: cannot generate \"%s\"; see felucca generate --help\n",
                      what);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static int generate_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    int first;
    if (!option_parse(&command_generate, argc, argv, NULL, NULL, &first))
        return EXIT_USAGE;
    if (argc - first != 1) {
        (void)fputs("felucca generate: takes one argument; see felucca generate --help\n", stderr);
        return EXIT_USAGE;
    }
    int status = generate(cli, argv[first], &out);
    return fputs(text_string(&out), stdout) >= 0 && fflush(stdout) == 0 ? status : EXIT_NO;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "writes manual pages and completion from the program's tables",
    .arguments = "WHAT",
    .help = "WHAT is felucca.1, felucca-PROCESS.8, felucca.yaml.5, bash-completion,\n"
            "zsh-completion or fish-completion; or destinations or albums, for their names\n"
            "in the configuration; or states, for the tables of states and moves in\n"
            "docs/job-life.md; or blame, for the table of who is blamed in\n"
            "docs/reliability.md.\n"
            "PROCESS is one of:\n  " PROCESS_NAMES "\n",
    .example = "felucca generate felucca.1 | man -l -\n",
    .run = generate_run,
    .hidden = true,
};
