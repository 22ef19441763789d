#include "sender/fetching.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "sender/fetch_outcome.h"
#include "sender/stow.h"

#include <stdlib.h>

struct fetching {
    struct sender *sender;
    struct fetching *previous, *next;
    struct work *work;
    struct work_result *result;
    struct http_transfer *transfer;
    int64_t began_at; /* monotonic */
};

/* ---- life ---- */

static void release(struct fetching *fetching)
{
    http_cancel(&fetching->transfer);
    token_watch_forget(fetching->sender->tokens, fetching);
    if (fetching->previous)
        fetching->previous->next = fetching->next;
    else
        fetching->sender->fetchings = fetching->next;
    if (fetching->next)
        fetching->next->previous = fetching->previous;
    work_result_destroy(&fetching->result);
    work_destroy(&fetching->work);
    free(fetching);
}

void fetching_abort(struct fetching **fetching)
{
    release(*fetching);
    *fetching = NULL;
}

/* ---- the end ---- */

static void finish(struct fetching *fetching)
{
    const struct work *work = fetching->work;
    const struct work_answer *answer = &fetching->result->answers[0];
    LOG_AT(answer->outcome == WORK_DONE_OUTCOME ? LOG_INFO : LOG_WARNING,
           answer->outcome == WORK_DONE_OUTCOME ? "study looked at again" : "study not looked at again",
           LOG_S("destination", work->destination), LOG_S("study", work->study),
           LOG_I("status", answer->http_status), LOG_I("ms", fetching->result->milliseconds),
           LOG_S("outcome", work_outcome_name(answer->outcome)),
           LOG_S("reason", answer->reason ? answer->reason : ""));
    worker_finish(fetching->sender->worker, &fetching->result);
    release(fetching);
}

static void finish_with(struct fetching *fetching, enum work_outcome outcome, const char *reason)
{
    work_answer_set(&fetching->result->answers[0], outcome, false, 0, reason);
    finish(fetching);
}

/* ---- the request ---- */

static void token_explained(void *context, struct introspection *introspection)
{
    struct fetching *fetching = context;
    fetch_decide(introspection, fetching->result);
    finish(fetching);
}

static void answered(void *context, struct http_answer *answer)
{
    struct fetching *fetching = context;
    const struct token_place place = {fetching->work->destination, NULL, WORK_TOKEN_STOW};
    fetching->transfer = NULL;
    fetching->result->milliseconds = answer->milliseconds;
    if (fetch_judge(answer, fetching->result) == ANSWER_ASK_TOKEN)
        token_watch_ask(fetching->sender->tokens, &place, fetching->began_at, token_explained, fetching);
    else
        finish(fetching);
}

static struct fetching *create(struct sender *sender, struct work *work)
{
    struct fetching *fetching = memory_new(1, sizeof *fetching);
    fetching->sender = sender;
    fetching->work = work;
    fetching->result = work_result_create(work);
    fetching->began_at = clock_monotonic_ms();
    fetching->next = sender->fetchings;
    if (fetching->next)
        fetching->next->previous = fetching;
    sender->fetchings = fetching;
    return fetching;
}

void fetching_start(struct sender *sender, struct work *work)
{
    struct fetching *fetching = create(sender, work);
    const struct config_destination *destination = config_find_destination(sender->config, work->destination);
    struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!destination || !destination->api_url) {
        finish_with(fetching, WORK_BLOCKED_OUTCOME,
                    "this sender's configuration does not name the destination: give router and senders the "
                    "same configuration");
    } else if (!uid_is_plain(work->study)) {
        finish_with(fetching, WORK_REJECT_OUTCOME,
                    "its study UID has other characters than digits and dots: KHEOPS takes no such");
    } else if (credentials_of_destination(destination, &credentials, &reason) != 0) {
        finish_with(fetching, WORK_BLOCKED_OUTCOME, text_string(&reason));
    } else {
        stow_ask_fetch(sender->http, destination, &credentials, work->study, answered, fetching,
                       &fetching->transfer);
    }
    credentials_wipe(&credentials);
}
