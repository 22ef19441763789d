/* felucca notify - who gets notices, and a test message to each. */
#include "cli/command.h"

#include "cli/configuration.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/http/http.h"
#include "common/notify/sending.h"
#include "common/service/service.h"

#include <stdio.h>

enum { TEST };

/* A message on its way to a target. */
struct trial {
    const struct sending_means *means;
    const char *target;
    bool taken;
};

static void print_trial(const struct trial *trial, const char *said)
{
    printf("%s: %s: %s\n", trial->target, trial->taken ? "OK" : "NOT TAKEN", said);
}

static void trial_answered(void *context, struct http_answer *answer)
{
    struct trial *trial = context;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    trial->taken = sending_taken(trial->means, trial->target, answer, &said);
    print_trial(trial, text_string(&said));
}

static void begin_trial(struct trial *trial);

static void trial_logged_in(void *context, enum login_verdict verdict, const char *sentence)
{
    struct trial *trial = context;
    if (verdict == LOGIN_FINE)
        begin_trial(trial);
    else
        print_trial(trial, sentence);
}

static void begin_trial(struct trial *trial)
{
    AUTO(text_release) struct text id = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t now = clock_wall_ms();
    text_format(&id, "test-%lld", (long long)now);
    const struct work_notice notice = {
        .id = id.bytes, .cause = (char *)"test", .state = WORK_NOTICE_TEST, .since = now, .at = now};
    int code = sending_start(trial->means, trial->target, &notice, trial_answered, trial, NULL, &reason);
    if (code == LOGIN_WAITS)
        sending_log_in(trial->means, trial->target, trial_logged_in, trial);
    else if (code != 0)
        print_trial(trial, text_string(&reason));
}

/* Whether all took it. */
static bool try_all(const struct config *config)
{
    enum { WAIT_MS = 1000 };
    size_t count = config_notified(config);
    AUTO(memory_free) struct trial *trials = memory_new(count, sizeof *trials);
    AUTO(http_destroy) struct http *http = NULL;
    AUTO(logins_destroy) struct logins *logins = NULL;
    bool all = http_create(&http) == 0;
    if (all) {
        logins = logins_create(http);
        logins_configure(logins, config);
    }
    const struct sending_means means = {http, logins, config};
    for (size_t i = 0; all && i < count; i++) {
        trials[i] = (struct trial){&means, config_notified_name(config, i), false};
        begin_trial(&trials[i]);
    }
    while (http && http_active(http) > 0)
        http_poll(http, NULL, 0, WAIT_MS);
    for (size_t i = 0; i < count; i++)
        all = all && trials[i].taken;
    return all;
}

static int notify_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    unsigned flags;
    if (!option_parse_flags(&command_notify, argc, argv, &flags))
        return EXIT_USAGE;
    if (flags != 1u << TEST) {
        (void)fputs("felucca notify: says nothing by itself; --test sends a test to every target\n", stderr);
        return EXIT_USAGE;
    }
    int code = configuration_load(cli, &config);
    if (code != EXIT_OK)
        return code;
    if (config_notified(config) == 0) {
        (void)fputs("felucca notify: the configuration tells nobody; write webhooks or mail below notify\n",
                    stderr);
        return EXIT_NO;
    }
    bool all = try_all(config);
    return fflush(stdout) == 0 && all ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"test", NULL, NULL, "sends a test to every webhook and mail address", TEST}, {.name = NULL}};

const struct command command_notify = {
    .name = "notify",
    .summary = "sends a test through every target of notices",
    .arguments = "--test",
    .options = options,
    .help = "Sends one message to each webhook and mail address of `notify`, by itself:\n"
            "neither the router nor the notifier has to run. Prints a line for each: what it\n"
            "answered, or why it could not be reached. Run it as the user of the notifier,\n"
            "who can read its secrets. Exit status 0 when all took it, else 1.\n",
    .example = "felucca notify --test --config felucca.yaml\n",
    .run = notify_run,
};
