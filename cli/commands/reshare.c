/* felucca reshare - asks the condition of an album again for series that were received before. */
#include "cli/ask.h"
#include "cli/configuration.h"
#include "cli/confirm.h"
#include "cli/database.h"
#include "cli/inquiries.h"
#include "cli/option.h"
#include "cli/uid_option.h"
#include "cli/when.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum {
    ALBUM = 'a',
    DESTINATION,
    SINCE,
    UNTIL,
    STUDY,
    SERIES,
    STATE,
    ANYWAY,
    FROM_KHEOPS,
    DRY_RUN,
    YES,
    JSON
};

struct reshare {
    struct control_request request;
    bool dry_run, yes, json;
};

static void reshare_release(struct reshare *reshare)
{
    control_request_release(&reshare->request);
}

/* ---- what is meant ---- */

static bool take_time(const char *option, const char *value, int64_t *ret_time)
{
    if (when_parse(value, clock_wall_ms(), ret_time) && *ret_time > 0)
        return true;
    (void)fprintf(stderr, "felucca reshare: --%s takes %s, not \"%s\"\n", option, when_forms(), value);
    return false;
}

/* The one that is given last counts. */
static void take_text(char **text, const char *value)
{
    memory_free(text);
    *text = memory_string(value);
}

/* "shared,failed" */
static bool take_states(struct reshare *reshare, const char *value)
{
    AUTO(memory_free) char *copy = memory_string(value);
    for (char *rest = copy, *state; (state = strsep(&rest, ","));)
        if (!option_check_word("reshare", "state", "shared failed dropped", state))
            return false;
    take_text(&reshare->request.state, value);
    return true;
}

static bool reshare_take(void *context, int key, const char *value)
{
    struct reshare *reshare = context;
    switch (key) {
    case ALBUM:
        take_text(&reshare->request.album, value);
        return true;
    case DESTINATION:
        take_text(&reshare->request.destination, value);
        return true;
    case SINCE:
        return take_time("since", value, &reshare->request.since);
    case UNTIL:
        return take_time("until", value, &reshare->request.until);
    case STUDY:
        take_text(&reshare->request.study, value);
        return uid_option_check("reshare", "study", value);
    case SERIES:
        take_text(&reshare->request.series, value);
        return uid_option_check("reshare", "series", value);
    case STATE:
        return take_states(reshare, value);
    case ANYWAY:
        reshare->request.anyway = true;
        return true;
    case FROM_KHEOPS:
        reshare->request.from_kheops = true;
        return true;
    default:
        reshare->dry_run |= key == DRY_RUN;
        reshare->yes |= key == YES;
        reshare->json |= key == JSON;
        return true;
    }
}

/* Fills in the destination of the album, when only one has it. False: what is wrong has been said. */
static bool find_album(struct reshare *reshare, const struct config *config)
{
    struct control_request *request = &reshare->request;
    AUTO(text_release) struct text albums = TEXT_EMPTY;
    AUTO(text_release) struct text homes = TEXT_EMPTY;
    const struct config_destination *home = NULL;
    size_t count = 0;
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            for (size_t a = 0; a < destination->album_count; a++)
                text_format(&albums, "%s\n", destination->albums[a].name);
            if (!config_find_album(destination, request->album) ||
                (request->destination && strcmp(request->destination, destination->name) != 0))
                continue;
            home = destination;
            text_format(&homes, "%s%s", count++ > 0 ? ", " : "", destination->name);
        }
    }
    if (count > 1)
        (void)fprintf(stderr, "felucca reshare: several destinations have it, say which: --destination %s\n",
                      text_string(&homes));
    if (count == 0 && option_check_word("reshare", "album", text_string(&albums), request->album))
        (void)fprintf(stderr, "felucca reshare: destination \"%s\" has no album \"%s\"\n",
                      request->destination, request->album);
    if (count == 1 && !request->destination)
        request->destination = memory_string(home->name);
    return count == 1;
}

/* ---- what came of it ---- */

static void print_json(const struct control_request *request, const struct control_answer *answer)
{
    json_print_line(
        json_pack("{s:s, s:b, s:b, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "command", "reshare",
                  "done", answer->stage == CONTROL_DONE, "dry_run", request->dry_run, "destination",
                  request->destination, "album", request->album, "matched", (json_int_t)answer->changed,
                  "already", (json_int_t)answer->already, "not_matched", (json_int_t)answer->unmatched,
                  "undecided", (json_int_t)answer->skipped, "asked", (json_int_t)answer->asked, "sentence",
                  json_from_text(text_string(&answer->sentence)), "notes", ask_notes_json(answer)));
}

static void reshare_print(const struct reshare *reshare, const struct control_answer *answer)
{
    if (reshare->json) {
        print_json(&reshare->request, answer);
        return;
    }
    ask_print_answer(answer);
}

/* One request; the exit status, and how many series matched, or are asked about. */
static int reshare_once(struct reshare *reshare, const struct config *config, bool dry_run, bool silent,
                        int64_t *ret_matched, int64_t *ret_asked)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    reshare->request.dry_run = dry_run;
    if (control_request_start(&reshare->request, CONTROL_RESHARE) != 0)
        return EXIT_NO;
    int status = ask_router(config, &reshare->request, NULL, NULL, &answer);
    if (status != EXIT_OK)
        return status;
    *ret_matched = answer.changed;
    *ret_asked = answer.asked;
    if (!silent || answer.stage == CONTROL_REFUSED)
        reshare_print(reshare, &answer);
    return answer.stage == CONTROL_REFUSED || fflush(stdout) != 0 ? EXIT_NO : EXIT_OK;
}

/* Where no router has run there is nothing that it may mean. False: it is no whole UID, which has been said. */
static bool check_study(const struct reshare *reshare, const struct config *config)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    const char *study = reshare->request.study;
    return !study || database_open_in(config, &db) != EXIT_OK || uid_option_check_study("reshare", study, db);
}

static bool says_enough(const struct control_request *request)
{
    bool is_named = request->study || request->series;
    if (!request->album || (!request->since && !is_named))
        (void)fputs(
            "felucca reshare: say --album NAME, and --since WHEN its instances were received, or --study UID\n",
            stderr);
    else if (request->anyway && !is_named)
        (void)fputs(
            "felucca reshare: --anyway asks no condition: say which --study or --series is to be shared\n",
            stderr);
    else if (request->anyway && request->from_kheops)
        (void)fputs("felucca reshare: --anyway asks nobody, --from-kheops asks KHEOPS: give one of them\n",
                    stderr);
    else
        return true;
    return false;
}

/* Asks the person, unless that was not wanted. */
static int reshare_confirm(const struct reshare *reshare, int64_t matched, int64_t asked)
{
    if (reshare->dry_run || reshare->yes || matched + asked == 0)
        return EXIT_OK;
    return matched > 0 ? confirm("reshare", "add", matched, "share")
                       : confirm("reshare", "send KHEOPS", asked, "question");
}

/* Tells first what would be done, and asks; then does it. */
static int reshare_in_steps(struct reshare *reshare, const struct config *config)
{
    int64_t matched = 0, asked = 0;
    int status = EXIT_OK;
    if (reshare->dry_run || !reshare->yes)
        status = reshare_once(reshare, config, true, !reshare->dry_run && reshare->json, &matched, &asked);
    if (status == EXIT_OK)
        status = reshare_confirm(reshare, matched, asked);
    bool wanted = !reshare->dry_run && (reshare->yes || matched + asked > 0);
    if (wanted && status == EXIT_OK)
        status = reshare_once(reshare, config, false, false, &matched, &asked);
    if (status != EXIT_OK || matched + asked == 0)
        return status == EXIT_OK ? EXIT_NO : status;
    if (reshare->dry_run || asked == 0)
        return EXIT_OK;
    status = inquiries_follow(config, &reshare->request, reshare->json);
    return matched > 0 && status == EXIT_NO ? EXIT_OK : status;
}

static int reshare_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(reshare_release) struct reshare reshare = {.yes = false};
    if (!option_parse(&command_reshare, argc, argv, reshare_take, &reshare, NULL))
        return EXIT_USAGE;
    if (!says_enough(&reshare.request))
        return EXIT_USAGE;
    int status = configuration_load(cli, &config);
    if (status != EXIT_OK)
        return status;
    if (!find_album(&reshare, config) || !check_study(&reshare, config))
        return EXIT_USAGE;
    return reshare_in_steps(&reshare, config);
}

static const struct command_option options[] = {
    {"album", "NAME", "@album", "the album", ALBUM},
    {"destination", "NAME", "@destination", "its destination, where several have such an album", DESTINATION},
    {"since", "WHEN", NULL,
     "received since: 2h, 7d, 10:00, today, 2026-01-31,\n"
     "2026-01-31T08:15",
     SINCE},
    {"until", "WHEN", NULL, "and received until, written the same way", UNTIL},
    {"study", "UID", NULL, "of this study only, by its whole UID", STUDY},
    {"series", "UID", NULL, "this series only, by its whole UID", SERIES},
    {"state", "STATES", NULL,
     "also series that were asked for before, when their\nshare is so: shared, failed, dropped, or several\nwith "
     "commas between",
     STATE},
    {"anyway", NULL, NULL, "does not ask the condition: --study or --series is\nshared whatever it says",
     ANYWAY},
    {"from-kheops", NULL, NULL,
     "asks KHEOPS about series whose files and kept headers\nare gone, with the album's source token",
     FROM_KHEOPS},
    {"dry-run", NULL, NULL, "only say how many there are", DRY_RUN},
    {"yes", NULL, NULL, "do not ask", YES},
    {"json", NULL, NULL, "what came of it as one object", JSON},
    {.name = NULL}};

const struct command command_reshare = {
    .name = "reshare",
    .summary = "asks an album's condition again for what was received before",
    .arguments = "--album NAME --since WHEN [OPTIONS]",
    .options = options,
    .help = "For an album that was added to the configuration, or whose condition was\n"
            "corrected: an album only asks for what arrives from then on. A series that\n"
            "meets the condition is shared once it is stored at the destination; what was\n"
            "asked for before stays as it is. The condition is asked of the instances' files\n"
            "while these are in the spool (see retention), then of their kept headers\n"
            "(retention_headers), else of what the database recorded: UIDs, AE titles,\n"
            "address, transfer syntax and SOP class. What cannot be decided is told, one line\n"
            "a reason; --anyway shares a study or series that you name without asking.\n"
            "\n"
            "--from-kheops has a sharer ask KHEOPS where files and headers are gone, instance\n"
            "by instance and in the background: when one meets the condition the series is\n"
            "shared. Nothing of what KHEOPS tells is kept. The command tells what came of it,\n"
            "one line a reason; while KHEOPS cannot be asked the questions wait\n"
            "(felucca jobs --album NAME; felucca drop takes them back).\n"
            "Exit status 1: nothing was shared, and nothing waits for KHEOPS.\n",
    .example = "felucca reshare --album research-ct --since 7d --dry-run\n"
               "felucca reshare --album research-ct --since 60d --from-kheops\n",
    .run = reshare_run,
};
