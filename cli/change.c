#include "cli/change.h"

#include "cli/ask.h"
#include "cli/confirm.h"
#include "cli/database.h"
#include "cli/option.h"
#include "cli/uid_option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/jobs/operator.h"
#include "common/jobs/read.h"
#include "common/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- for every command that changes many things ---- */

bool change_take_manner(struct change_manner *manner, bool *all, int key)
{
    switch (key) {
    case CHANGE_ALL:
        *all = true;
        return true;
    case CHANGE_YES:
        manner->yes = true;
        return true;
    case CHANGE_DRY_RUN:
        manner->dry_run = true;
        return true;
    case CHANGE_JSON:
        manner->json = true;
        return true;
    default:
        return false;
    }
}

static int print_count(const struct control_request *request, const struct change_manner *manner,
                       int64_t count, const char *noun)
{
    if (manner->json)
        json_print_line(json_pack("{s:s, s:b, s:I}", "command", control_verb_name(request->verb), "dry_run",
                                  1, "count", (json_int_t)count));
    else
        printf("%lld %s%s would be %s\n", (long long)count, noun, count == 1 ? "" : "s",
               control_verb_done(request->verb));
    return count > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

int change_many(const struct config *config, const struct command *command,
                const struct control_request *request, const struct change_manner *manner, int64_t count,
                const char *noun, bool ask)
{
    if (request->dry_run)
        return ask_and_print(config, request, manner->json);
    if (manner->dry_run)
        return print_count(request, manner, count, noun);
    if (count == 0 && request->job_count == 0) {
        (void)fputs("nothing matches\n", stderr);
        return EXIT_NO;
    }
    if (ask && !manner->yes) {
        const char *verb = strrchr(control_verb_name(request->verb), ' ');
        int status = confirm(command->name, verb ? verb + 1 : control_verb_name(request->verb), count, noun);
        if (status != EXIT_OK)
            return status;
    }
    return ask_and_print(config, request, manner->json);
}

/* ---- retry and drop ---- */

struct change {
    const struct command *command;
    struct jobdb_filter filter;
    struct control_request request;
    struct change_manner manner;
    unsigned meant;
};

static void change_release(struct change *change)
{
    control_request_release(&change->request);
}

static bool change_take(void *context, int key, const char *value)
{
    struct change *change = context;
    const char *command = change->command->name;
    change->request.anyway |= key == CHANGE_ANYWAY;
    if ((key == JOB_FILTER_STUDY && !uid_option_check(command, "study", value)) ||
        (key == JOB_FILTER_SERIES && !uid_option_check(command, "series", value)) ||
        (key == JOB_FILTER_DESTINATION && !option_check_given(command, "destination", "a name", value)) ||
        (key == JOB_FILTER_ALBUM && !option_check_given(command, "album", "a name", value)) ||
        (key == CHANGE_REASON && !option_check_given(command, "reason", "a part of the reason", value)))
        return false;
    if (key == CHANGE_REASON)
        change->filter.reason = value;
    return key == CHANGE_ANYWAY || key == CHANGE_REASON ||
           change_take_manner(&change->manner, &change->request.all, key) ||
           job_filter_take(&change->filter, command, key, value);
}

/* "delivery:12", as `felucca jobs` shows it. */
static bool parse_job(const char *text, struct control_job *ret_job)
{
    static const enum control_kind kinds[] = {CONTROL_DELIVERY, CONTROL_SHARE, CONTROL_FETCH, CONTROL_INQUIRY,
                                              CONTROL_COMMITMENT};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *name = control_kind_name(kinds[i]);
        size_t length = strlen(name);
        char *end;
        if (strncmp(text, name, length) != 0 || text[length] != ':' || text[length + 1] < '1' ||
            text[length + 1] > '9')
            continue;
        errno = 0;
        *ret_job = (struct control_job){kinds[i], strtoll(text + length + 1, &end, 10)};
        return *end == '\0' && errno == 0;
    }
    return false;
}

static bool take_jobs(struct change *change, int count, char **names)
{
    if (count > CONTROL_JOBS_MAX) {
        (void)fprintf(stderr, "felucca %s: takes at most %d jobs at once\n", change->command->name,
                      CONTROL_JOBS_MAX);
        return false;
    }
    change->request.jobs = memory_new((size_t)count, sizeof *change->request.jobs);
    change->request.job_count = (size_t)count;
    for (int i = 0; i < count; i++) {
        if (parse_job(names[i], &change->request.jobs[i]))
            continue;
        (void)fprintf(stderr,
                      "felucca %s: \"%s\" is no job; write delivery:12 or share:12, as felucca jobs shows "
                      "them\n",
                      change->command->name, names[i]);
        return false;
    }
    return true;
}

/* Whether it is clear which jobs are meant. If not, it has been said why. */
static bool is_clear(struct change *change)
{
    const struct jobdb_filter *filter = &change->filter;
    const char *name = change->command->name;
    bool chosen = filter->state || filter->destination || filter->album || filter->study || filter->series ||
                  filter->since || filter->reason;
    bool numbered = change->request.job_count > 0;
    if (filter->state && !option_check_word(name, "state", change->command->options[0].words, filter->state))
        return false;
    if (chosen + numbered + change->request.all == 1 && !(numbered && filter->limit))
        return jobdb_meant_by(filter->state, &change->meant);
    (void)fprintf(stderr, "felucca %s: choose jobs, or give a filter such as --destination, or --all%s\n",
                  name, chosen || numbered ? ", and only one of these" : "");
    return false;
}

static void fill_request(struct change *change)
{
    const struct jobdb_filter *filter = &change->filter;
    struct control_request *request = &change->request;
    request->destination = memory_string(filter->destination);
    request->album = memory_string(filter->album);
    request->state = memory_string(filter->state);
    request->study = memory_string(filter->study);
    request->series = memory_string(filter->series);
    request->reason = memory_string(filter->reason);
    request->since = filter->since;
    request->limit = filter->limit;
}

static int64_t count_jobs(const struct change *change, struct jobdb *db)
{
    struct jobdb_selection selection = {.filter = change->filter, .meant = change->meant};
    int64_t limit = change->filter.limit;
    if (change->request.job_count > 0)
        return (int64_t)change->request.job_count;
    int64_t count = jobdb_count_meant(db, &selection);
    return limit > 0 && limit < count ? limit : count;
}

int change_run(const struct command *command, const struct cli *cli, int argc, char **argv,
               enum control_verb verb)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(change_release) struct change change = {.command = command};
    int first;
    if (!option_parse(command, argc, argv, change_take, &change, &first) ||
        (argc > first && !take_jobs(&change, argc - first, argv + first)) || !is_clear(&change))
        return EXIT_USAGE;
    int status = database_open(cli, &config, &db);
    if (status != EXIT_OK)
        return status;
    const char *study = change.filter.study;
    if (!job_filter_check_names(&change.filter, command->name, db) ||
        (study && !uid_option_check_study(command->name, study, db)))
        return EXIT_USAGE;
    fill_request(&change);
    if (control_request_start(&change.request, verb) != 0)
        return EXIT_NO;
    int64_t count = count_jobs(&change, db);
    bool ask = verb == CONTROL_DROP || change.request.job_count == 0;
    /* How many jobs conditions let go, only the router can tell. */
    change.request.dry_run = change.manner.dry_run && verb == CONTROL_RETRY &&
                             (change.request.job_count > 0 || (change.meant & JOBDB_DECIDED_AGAIN) != 0);
    if (database_failed(db))
        return EXIT_NO;
    jobdb_destroy(&db); /* no snapshot of the database is held while the router works */
    return change_many(config, command, &change.request, &change.manner, count, "job", ask);
}
