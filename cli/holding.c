#include "cli/holding.h"

#include "cli/ask.h"
#include "cli/configuration.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

#define SOURCE "source:"

/* "main", "main/research-ct" or "source:CT01": no name has a slash in it. */
static void set_target(struct control_request *request, const char *name)
{
    if (string_starts_with(name, SOURCE)) {
        request->source = memory_string(name + strlen(SOURCE));
        return;
    }
    const char *slash = strchr(name, '/');
    request->destination = memory_string_n(name, slash ? (size_t)(slash - name) : strlen(name));
    request->album = slash ? memory_string(slash + 1) : NULL;
}

const struct command_option hold_options[] = {{"json", NULL, NULL, "the answer as one object", 'j'},
                                              {.name = NULL}};

static bool holding_take(void *context, int key, const char *value)
{
    (void)value;
    *(bool *)context = key == 'j';
    return true;
}

int hold_or_release(const struct cli *cli, const struct command *command, int argc, char **argv,
                    enum control_verb verb)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(control_request_release) struct control_request request = {0};
    bool json = false;
    int first;
    if (!option_parse(command, argc, argv, holding_take, &json, &first))
        return EXIT_USAGE;
    if (argc - first != 1 || !*argv[first]) {
        (void)fprintf(stderr, "felucca %s: takes one DESTINATION, DESTINATION/ALBUM or source:AET\n",
                      argv[0]);
        return EXIT_USAGE;
    }
    set_target(&request, argv[first]);
    int status = configuration_load(cli, &config);
    if (status != EXIT_OK)
        return status;
    if (control_request_start(&request, verb) != 0)
        return EXIT_NO;
    return ask_and_print(config, &request, json);
}
