#include "router/change_reshare.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/config/config.h"
#include "common/dicom/dictionary.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/operator.h"
#include "common/jobs/place.h"
#include "common/jobs/reshare.h"
#include "router/decide.h"
#include "router/past.h"
#include "router/refusal.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

enum { SERIES_A_STEP = 200, HEADERS_A_STEP = 8, ROWS_A_STEP = 500 };

/* walk.phase */
enum { BETWEEN, NOTHING_SEEN, NO_MATCH, NOT_DECIDED, HEADERLESS };

struct reshare_step {
    struct router *router;
    struct change *change;
    struct target *target;
    int headers; /* that this step may still have read */
    int rows;    /* instances that it may still look at */
};

/* ---- one instance ---- */

/* Why it cannot be decided is appended to ret_doubt. Without meaning while change.waits. */
static enum condition_verdict ask_instance(struct reshare_step *step, const struct jobdb_past *row,
                                           struct text *ret_doubt)
{
    AUTO(past_close) struct past past = {.facts = NULL};
    const struct config_album *album = step->target->album;
    if (!album->condition || step->change->request.anyway)
        return CONDITION_TRUE;
    step->change->waits = past_open(step->router, row, &past) == ERR_AGAIN;
    if (step->change->waits)
        return CONDITION_UNDECIDED;
    bool has_header = past_has_header(&past);
    step->headers -= has_header;
    enum condition_verdict verdict = decide_album(album, past.facts, ret_doubt);
    step->change->header_doubtful = verdict == CONDITION_UNDECIDED && has_header;
    if (verdict == CONDITION_UNDECIDED && !has_header) {
        step->change->missing_tag = past.recorded.asked;
        step->change->row.walk.phase = step->change->request.from_kheops ? HEADERLESS : NOT_DECIDED;
    }
    return verdict;
}

/* ---- one series ---- */

/* How long the file of a witness stays that nothing needs any more. */
static int64_t keep_until(const struct router *router)
{
    return router->now + router->config->retention_ms;
}

static void share_series(struct reshare_step *step, const struct jobdb_series *series,
                         const struct jobdb_past *witness)
{
    struct router *router = step->router;
    struct change *change = step->change;
    if (change->request.state && !change->request.dry_run)
        (void)jobdb_forget_share(router->db, step->target->row.album_id, series->id, router->now,
                                 keep_until(router));
    if (change->request.dry_run || jobdb_reshare(router->db, step->target->row.album_id, series, witness,
                                                 NULL, change->row.id, router->now, keep_until(router)))
        change->row.changed++;
    targets_wake(router->targets);
}

/* A person decides about it, unless a later instance of the series does. */
static void doubt_series(struct reshare_step *step, const struct jobdb_series *series,
                         const struct jobdb_past *witness, const char *doubt)
{
    if (!step->change->request.dry_run)
        (void)jobdb_reshare(step->router->db, step->target->row.album_id, series, witness, doubt,
                            step->change->row.id, step->router->now, keep_until(step->router));
}

static void tell_undecided(struct change *change, const struct jobdb_series *series)
{
    AUTO(text_release) struct text which = TEXT_EMPTY;
    AUTO(text_release) struct text why = TEXT_EMPTY;
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    const char *keyword =
        change->missing_tag ? dictionary->keyword_of(dictionary->context, change->missing_tag) : NULL;
    text_format(&which, "series %s of study %s", series->series, series->study);
    if (change->header_doubtful)
        text_append(
            &why,
            "cannot be decided: a header does not tell what the condition asks for; `felucca show UID --album NAME` shows it");
    else
        text_format(&why,
                    "cannot be decided: files and kept headers are gone, and the condition asks for %s%s",
                    keyword ? keyword : "what no row tells",
                    change->request.study || change->request.series ? "; --anyway shares it unasked" : "");
    change_skip_like(change, text_string(&which), text_string(&why));
}

/* Nothing here knows the headers any more: KHEOPS is asked, and the change goes on meanwhile. */
static void ask_kheops(struct reshare_step *step, const struct jobdb_series *series)
{
    struct change *change = step->change;
    const struct control_request *request = &change->request;
    change->row.asked_kheops++;
    if (request->dry_run)
        return;
    const struct jobdb_inquiry wanted = {.album_id = step->target->row.album_id,
                                         .request_id = change->row.id,
                                         .since = request->since,
                                         .until = request->until ? request->until : INT64_MAX,
                                         .anew = request->state};
    jobdb_want_inquiry(step->router->db, series, &wanted, step->router->now);
    step->target->inquire_at = 0;
}

static void end_series(struct reshare_step *step, const struct jobdb_series *series)
{
    struct change *change = step->change;
    struct jobdb_request *row = &change->row;
    if (row->walk.phase == NO_MATCH)
        row->unmatched++;
    if (row->walk.phase == HEADERLESS)
        ask_kheops(step, series);
    if (row->walk.phase == NOT_DECIDED)
        tell_undecided(change, series);
    row->walk.phase = BETWEEN;
}

/* Goes on with a series. False: this step has read or seen enough. */
static bool look_at_instances(struct reshare_step *step, const struct jobdb_series *series)
{
    struct change *change = step->change;
    struct jobdb_walk *walk = &change->row.walk;
    const struct control_request *request = &change->request;
    struct jobdb_past past;
    int64_t until = request->until ? request->until : INT64_MAX;
    while (step->headers > 0 && step->rows-- > 0) {
        if (!jobdb_next_past(step->router->db, series, request->since, until, walk->id, &past)) {
            end_series(step, series);
            return true;
        }
        AUTO(text_release) struct text doubt = TEXT_EMPTY;
        enum condition_verdict answer = ask_instance(step, &past, &doubt);
        if (change->waits)
            return false;
        walk->id = past.id;
        if (answer == CONDITION_TRUE) {
            share_series(step, series, &past);
            walk->phase = BETWEEN;
            return true;
        }
        if (answer == CONDITION_UNDECIDED && walk->phase != HEADERLESS)
            doubt_series(step, series, &past, text_string(&doubt));
        if (walk->phase == NOTHING_SEEN || (walk->phase == NO_MATCH && answer == CONDITION_UNDECIDED))
            walk->phase = answer == CONDITION_UNDECIDED ? NOT_DECIDED : NO_MATCH;
    }
    return false;
}

/* A series that the album has asked for before counts, when something of it is meant. */
static bool is_shared_already(const struct reshare_step *step, const struct jobdb_series *series)
{
    const struct control_request *request = &step->change->request;
    struct jobdb_past past;
    if (!jobdb_has_share(step->router->db, step->target->row.album_id, series->id, request->state))
        return false;
    step->change->row.already += jobdb_next_past(step->router->db, series, request->since,
                                                 request->until ? request->until : INT64_MAX, 0, &past);
    return true;
}

/* The next series; true when none is left. */
static bool find_next_series(struct reshare_step *step, struct jobdb_series *ret_series)
{
    struct jobdb_walk *walk = &step->change->row.walk;
    const struct control_request *request = &step->change->request;
    if (!jobdb_next_series(step->router->db, request->study, request->series, walk->time, ret_series))
        return true;
    walk->time = ret_series->id;
    if (ret_series->destination_id == step->target->row.destination_id &&
        !is_shared_already(step, ret_series)) {
        walk->phase = NOTHING_SEEN;
        walk->id = 0;
    }
    return false;
}

/* Before a restart, or in the last step, the series was not looked at to its end. */
static bool find_open_series(struct reshare_step *step, struct jobdb_series *ret_series)
{
    struct jobdb_walk *walk = &step->change->row.walk;
    if (walk->phase == BETWEEN)
        return false;
    if (jobdb_find_series(step->router->db, walk->time, ret_series))
        return true;
    walk->phase = BETWEEN; /* it is forgotten */
    return false;
}

/* Some of the states of a share that is over, with commas between. */
static bool are_states(const char *states)
{
    static const char *const words[] = {"shared", "failed", "dropped"};
    for (size_t length; (length = strcspn(states, ",")) > 0; states += length + (states[length] == ',')) {
        size_t i = 0;
        while (i < 3 && (strlen(words[i]) != length || strncmp(words[i], states, length) != 0))
            i++;
        if (i == 3)
            return false;
    }
    return *states == '\0';
}

/* ---- what change.h asks for ---- */

bool change_reshare_is_sensible(struct router *router, const struct control_request *request,
                                struct control_answer *answer)
{
    bool is_named = request->study || request->series;
    if (!request->album || (!request->since && !is_named)) {
        refuse(answer, "say which album, and which study or since when its instances were received");
        return false;
    }
    if (request->anyway && !is_named) {
        refuse(answer, "\"anyway\" asks no condition: say of which study or series");
        return false;
    }
    if (request->anyway && request->from_kheops) {
        refuse(answer, "\"anyway\" asks nobody: leave out \"from_kheops\"");
        return false;
    }
    if (request->state && !are_states(request->state)) {
        refuse(answer, "a series can be asked for again when its share is shared, failed or dropped: "
                       "\"shared,failed\", for example");
        return false;
    }
    const struct target *target = refusal_or_target(router->targets, request, answer);
    if (target && !target->album)
        refuse(
            answer,
            "the configuration that the router has read does not name the album: have the router read it again (SIGHUP), then ask again");
    return target && target->album;
}

void change_reshare_count(const struct change *change, struct text *out)
{
    const struct jobdb_request *row = &change->row;
    text_format(
        out,
        "%lld series %s%s; %lld were asked for before, %lld do not meet the condition, %lld cannot be decided",
        (long long)row->changed, change->request.dry_run ? "would be reshared" : "reshared",
        change->request.anyway ? " without asking the condition" : "", (long long)row->already,
        (long long)row->unmatched, (long long)row->skipped);
    if (change->request.from_kheops)
        text_format(out, ", KHEOPS %s asked about %lld", change->request.dry_run ? "would be" : "is",
                    (long long)row->asked_kheops);
}

void change_reshare_target(struct router *router, const struct change *change, struct jobdb_event *event)
{
    const struct target *target =
        targets_named(router->targets, change->request.destination, change->request.album);
    if (!target)
        return;
    event->destination_id = target->row.destination_id;
    event->album_id = target->row.album_id;
}

bool change_reshare_step(struct router *router, struct change *change)
{
    const struct control_request *request = &change->request;
    struct target *target = targets_named(router->targets, request->destination, request->album);
    struct reshare_step step = {router, change, target, HEADERS_A_STEP, ROWS_A_STEP};
    struct jobdb_series series;
    if (!target || !target->album) {
        control_answer_note(&change->answer, NULL, "the configuration does not name the album any more");
        return true;
    }
    bool open = find_open_series(&step, &series);
    bool over = false;
    for (int i = 0; i < SERIES_A_STEP && !over; i++) {
        if (!open)
            over = find_next_series(&step, &series);
        open = change->row.walk.phase != BETWEEN && !over;
        if (open && !look_at_instances(&step, &series))
            break;
        open = false;
    }
    return over;
}
