/* felucca destination - says that a destination goes to another album from now on. */
#include "cli/ask.h"
#include "cli/configuration.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { JSON = 'j' };

static bool destination_take(void *context, int key, const char *value)
{
    (void)value;
    *(bool *)context = key == JSON;
    return true;
}

static int destination_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(control_request_release) struct control_request request = {0};
    bool json = false;
    int first;
    if (!option_parse(&command_destination, argc, argv, destination_take, &json, &first))
        return EXIT_USAGE;
    if (argc - first != 2 || strcmp(argv[first], "move") != 0 || !*argv[first + 1]) {
        (void)fputs("felucca destination: write felucca destination move DESTINATION\n", stderr);
        return EXIT_USAGE;
    }
    request.destination = memory_string(argv[first + 1]);
    int status = configuration_load(cli, &config);
    if (status != EXIT_OK)
        return status;
    if (control_request_start(&request, CONTROL_DESTINATION_MOVE) != 0)
        return EXIT_NO;
    return ask_and_print(config, &request, json);
}

static const struct command_option options[] = {{"json", NULL, NULL, "the answer as one object", JSON},
                                                {.name = NULL}};

const struct command command_destination = {
    .name = "destination",
    .summary = "confirms that a destination has another album now",
    .arguments = "move DESTINATION [--json]",
    .options = options,
    .words = "move @destination",
    .help = "A destination is blocked when its token opens another album than the one that\n"
            "everything went to so far: what is sent to a wrong album cannot be brought back.\n"
            "Where the other album is meant, say so with this. What waits goes to the new\n"
            "album, which begins with a history of its own: what was stored before stays\n"
            "where it is, and series are shared out of the new album once they are there.\n",
    .example = "felucca destination move kheops-main\n",
    .run = destination_run,
};
