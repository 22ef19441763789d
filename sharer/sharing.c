#include "sharer/sharing.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "sharer/share.h"
#include "sharer/share_outcome.h"

#include <stdlib.h>
#include <string.h>

struct sharing {
    struct sharer *sharer;
    struct sharing *previous, *next;
    struct work *work;
    struct work_result *result;
    struct http_transfer *transfer;
    struct share_tokens tokens; /* that the request carries */
    bool requested;
    int64_t began_at;                 /* monotonic */
    struct introspection destination; /* what KHEOPS said of the first token */
};

/* ---- life ---- */

static void release(struct sharing *sharing)
{
    http_cancel(&sharing->transfer);
    token_watch_forget(sharing->sharer->tokens, sharing);
    if (sharing->previous)
        sharing->previous->next = sharing->next;
    else
        sharing->sharer->sharings = sharing->next;
    if (sharing->next)
        sharing->next->previous = sharing->previous;
    share_tokens_wipe(&sharing->tokens);
    introspection_release(&sharing->destination);
    work_result_destroy(&sharing->result);
    work_destroy(&sharing->work);
    free(sharing);
}

void sharing_abort(struct sharing **sharing)
{
    release(*sharing);
    *sharing = NULL;
}

static const struct config_destination *destination_of(const struct sharing *sharing)
{
    return config_find_destination(sharing->sharer->config, sharing->work->destination);
}

static const struct config_album *album_of(const struct sharing *sharing)
{
    const struct config_destination *destination = destination_of(sharing);
    return destination ? config_find_album(destination, sharing->work->album) : NULL;
}

/* ---- the end ---- */

static void log_end(const struct sharing *sharing)
{
    const struct work *work = sharing->work;
    const struct work_answer *answer = &sharing->result->answers[0];
    bool done = answer->outcome == WORK_DONE_OUTCOME;
    if (done)
        log_info("series shared", LOG_S("destination", work->destination), LOG_S("album", work->album),
                 LOG_S("study", work->study), LOG_S("series", work->series),
                 LOG_I("status", answer->http_status), LOG_I("ms", sharing->result->milliseconds));
    else
        log_warning("series not shared", LOG_S("destination", work->destination), LOG_S("album", work->album),
                    LOG_S("study", work->study), LOG_S("series", work->series),
                    LOG_I("status", answer->http_status), LOG_I("ms", sharing->result->milliseconds),
                    LOG_S("outcome", work_outcome_name(answer->outcome)), LOG_S("reason", answer->reason));
}

static void finish(struct sharing *sharing)
{
    if (sharing->result->answers[0].outcome == WORK_DONE_OUTCOME)
        misses_clear(sharing->sharer->misses, sharing->work->destination, sharing->work->album);
    log_end(sharing);
    sharer_gauges_result(sharing->sharer->gauges, sharing->result, !sharing->requested);
    CRASH_POINT(SHARER_RESULT_DUE);
    worker_finish(sharing->sharer->worker, &sharing->result);
    CRASH_POINT(SHARER_RESULT_SENT);
    release(sharing);
}

static void finish_with(struct sharing *sharing, enum work_outcome outcome, const char *reason)
{
    work_answer_set(&sharing->result->answers[0], outcome, false, 0, reason);
    finish(sharing);
}

/* ---- refused: which token, and why? ---- */

static void source_explained(void *context, struct introspection *source)
{
    struct sharing *sharing = context;
    const struct work *work = sharing->work;
    share_decide(&sharing->destination, source, sharing->result);
    if (share_not_found(sharing->result) &&
        misses_add(sharing->sharer->misses, work->destination, work->album, work->series))
        share_blame_album(sharing->result);
    finish(sharing);
}

static void destination_explained(void *context, struct introspection *destination)
{
    struct sharing *sharing = context;
    const struct token_place place = {sharing->work->destination, sharing->work->album, WORK_TOKEN_SOURCE};
    sharing->destination = (struct introspection){.state = destination->state,
                                                  .http_status = destination->http_status,
                                                  .scope = memory_string(destination->scope),
                                                  .album_id = memory_string(destination->album_id)};
    text_append(&sharing->destination.trouble, text_string(&destination->trouble));
    token_watch_ask(sharing->sharer->tokens, &place, sharing->began_at, source_explained, sharing);
}

/* Whether the album's files or variables hold other tokens now than those that were refused. */
static bool tokens_were_replaced(const struct sharing *sharing)
{
    const struct config_album *album = album_of(sharing);
    struct share_tokens now;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!album)
        return false;
    bool resolved = share_tokens_resolve(album, &now, &reason) == 0;
    bool replaced =
        resolved && (strcmp(text_string(&now.destination), text_string(&sharing->tokens.destination)) != 0 ||
                     strcmp(text_string(&now.source), text_string(&sharing->tokens.source)) != 0);
    share_tokens_wipe(&now);
    return replaced;
}

static void ask_tokens(struct sharing *sharing)
{
    if (tokens_were_replaced(sharing)) {
        share_token_replaced(sharing->result);
        finish(sharing);
        return;
    }
    const struct token_place place = {sharing->work->destination, sharing->work->album,
                                      WORK_TOKEN_DESTINATION};
    token_watch_ask(sharing->sharer->tokens, &place, sharing->began_at, destination_explained, sharing);
}

/* ---- the request ---- */

static void share_answered(void *context, struct http_answer *answer)
{
    struct sharing *sharing = context;
    CRASH_POINT(SHARER_ANSWERED);
    sharing->transfer = NULL;
    sharing->result->milliseconds = answer->milliseconds;
    if (share_judge(answer, sharing->result) == ANSWER_ASK_TOKEN)
        ask_tokens(sharing);
    else
        finish(sharing);
}

static struct sharing *create(struct sharer *sharer, struct work *work)
{
    struct sharing *sharing = memory_new(1, sizeof *sharing);
    sharing->sharer = sharer;
    sharing->work = work;
    sharing->result = work_result_create(work);
    sharing->began_at = clock_monotonic_ms();
    sharing->next = sharer->sharings;
    if (sharing->next)
        sharing->next->previous = sharing;
    sharer->sharings = sharing;
    return sharing;
}

void sharing_start(struct sharer *sharer, struct work *work)
{
    struct sharing *sharing = create(sharer, work);
    const struct config_destination *destination = destination_of(sharing);
    const struct config_album *album = album_of(sharing);
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    CRASH_POINT(SHARER_TOOK_WORK);
    if (!album) {
        finish_with(sharing, WORK_BLOCKED_OUTCOME,
                    "this sharer's configuration does not name the album: give router and sharers the same "
                    "configuration");
    } else if (!uid_is_plain(work->study) || !uid_is_plain(work->series)) {
        finish_with(
            sharing, WORK_REJECT_OUTCOME,
            "its study or series UID has other characters than digits and dots: KHEOPS takes no such");
    } else if (share_tokens_resolve(album, &sharing->tokens, &reason) != 0) {
        finish_with(sharing, WORK_BLOCKED_OUTCOME, text_string(&reason));
    } else {
        sharing->requested = true;
        share_start(sharer->http, destination, album, &sharing->tokens, work, share_answered, sharing,
                    &sharing->transfer);
    }
}
