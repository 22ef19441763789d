#include "cli/command.h"

#include "cli/option.h"
#include "cli/port.h"
#include "cli/supervisor.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/program.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/config/processes.h"
#include "common/service/service.h"
#include "common/spool/spool.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { MOST_WORKERS = 64, PORT_MS = 3000, PORT_LOOK_MS = 50 };

static bool add_all(struct supervisor *supervisor, const struct config *config, const int *counts)
{
    for (int k = 0; k < PROCESSES; k++) {
        const struct processes_row *process = &processes_table()[k];
        AUTO(text_release) struct text program = TEXT_EMPTY;
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&program, "felucca-%s", process->name);
        if (counts[k] > 0 && !program_find(text_string(&program), &path)) {
            fprintf(stderr, "felucca up: %s is neither beside felucca nor in $PATH\n", text_string(&program));
            return false;
        }
        for (int i = 0; i < counts[k]; i++) {
            AUTO(text_release) struct text label = TEXT_EMPTY;
            text_append(&label, process->name);
            if (counts[k] > 1)
                text_format(&label, "-%d", i + 1);
            const char *const argv[] = {text_string(&path), "--config", config->path, NULL};
            supervisor_add(supervisor, text_string(&label), (int)process->stop, argv);
        }
    }
    return true;
}

static bool parse_count(const char *process, const char *text, int *ret_count)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > MOST_WORKERS) {
        fprintf(stderr, "felucca up: --%ss takes a number from 0 to %d, not \"%s\"\n", process, MOST_WORKERS,
                text);
        return false;
    }
    *ret_count = (int)number;
    return true;
}

static bool take_option(void *context, int key, const char *value)
{
    return parse_count(processes_table()[key].name, value, (int *)context + key);
}

/* Makes the folders before any process starts, so that none finds them missing, and so that a state_dir which
 * cannot be written is said once, instead of by every process again and again. */
static bool make_state(const struct config *config)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    int code = spool_create(config->state_dir, &spool);
    if (code != 0)
        fprintf(stderr, "felucca up: cannot make the folders of state_dir %s: %s\n", config->state_dir,
                err_text(code));
    return code == 0;
}

/* The receiver before this one may be about to end. What may come with time, such as an address, is left to the receiver,
 * which is started again and again. */
static bool wait_for_port(const struct config *config)
{
    const char *bind = config->receiver.bind;
    int code = port_probe(bind, config->receiver.port);
    for (int64_t until = clock_monotonic_ms() + PORT_MS; code == EADDRINUSE && clock_monotonic_ms() < until;
         code = port_probe(bind, config->receiver.port))
        (void)poll(NULL, 0, PORT_LOOK_MS);
    if (code != EADDRINUSE && code != EACCES)
        return true;
    fprintf(
        stderr,
        code == EACCES
            ? "felucca up: this user may not listen on port %d of %s: take one above 1023, or run it with "
              "CAP_NET_BIND_SERVICE\n"
            : "felucca up: port %d of %s is taken by another process: is another receiver running?\n",
        config->receiver.port, bind);
    return false;
}

static int up_run(const struct cli *cli, int argc, char **argv)
{
    int counts[PROCESSES];
    for (int k = 0; k < PROCESSES; k++)
        counts[k] = processes_table()[k].count == PROCESS_HELPER ? 0 : 1;
    if (!option_parse(&command_up, argc, argv, take_option, counts, NULL))
        return EXIT_USAGE;
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    int error = config_load(cli->config_path, &config, &errors, &warnings);
    fputs(text_string(&warnings), stderr);
    if (error) {
        fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    log_setup("up", config->log.level, config->log.format);
    for (int k = 0; k < PROCESSES; k++)
        if (!config_runs(config, &processes_table()[k]))
            counts[k] = 0;
    AUTO(supervisor_destroy) struct supervisor *supervisor = supervisor_create(&supervisor_default_times);
    if (!add_all(supervisor, config, counts) || !make_state(config) || !wait_for_port(config))
        return EXIT_NO;
    return supervisor_run(supervisor);
}

/* An option for each process of which there may be many. */
#define OPTION_ONE(NAME, name)
#define OPTION_NOTIFYING(NAME, name)
#define OPTION_REPORTING(NAME, name)
#define OPTION_SHOWING(NAME, name)
#define OPTION_WATCHING(NAME, name)
#define OPTION_HELPER(NAME, name)
#define OPTION_MANY(NAME, name)        {name "s", "N", NULL, "so many " name "s (1)", PROCESS_##NAME},
#define OPTION(NAME, name, count, ...) OPTION_##count(NAME, name)
static const struct command_option options[] = {PROCESS_MAP(OPTION){.name = NULL}};

#define USAGE_ONE(name)               ""
#define USAGE_NOTIFYING(name)         ""
#define USAGE_REPORTING(name)         ""
#define USAGE_SHOWING(name)           ""
#define USAGE_WATCHING(name)          ""
#define USAGE_HELPER(name)            ""
#define USAGE_MANY(name)              " [--" name "s N]"
#define USAGE(NAME, name, count, ...) USAGE_##count(name)

const struct command command_up = {
    .name = "up",
    .summary = "runs all processes in the foreground, restarts what crashes",
    .arguments = &(PROCESS_MAP(USAGE))[1], /* without the first blank */
    .options = options,
    .help = "Checks the whole configuration, then runs one of each process, or as many as the\n"
            "options say, until SIGTERM or Ctrl-C. These stop the receiver, then the workers,\n"
            "then the router, within 35 s. SIGHUP makes all of them read the configuration\n"
            "again. What crashes is started again after 1 s, 2 s, 4 s and so on, at most\n"
            "30 s. It ends where the receiver's port is taken.\n",
    .example = "felucca up --senders 2 --config felucca.yaml\n",
    .run = up_run,
};
