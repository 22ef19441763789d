/* share - PUT /api/studies/{study}/series/{series}: a reference to a series into another album (call.h). */
#include "common/dicom/uid.h"
#include "tests/kheops-sim/call.h"

#include <string.h>

static void refuse_credential(struct call *call)
{
    answer_text(&call->answer, 401, "");
    call->answer.authenticate = true;
}

/* Both tokens; false when the answer is in the call. *ret_source is NULL when there is no source header. */
static bool check_tokens(struct call *call, struct token **ret_target, struct token **ret_source)
{
    enum credential target = call_credential(call, "Authorization", ret_target);
    enum credential source = call_credential(call, "X-Authorization-Source", ret_source);
    bool has_source = call_header(call, "X-Authorization-Source") != NULL;
    if (target != CREDENTIAL_ACTIVE || (has_source && source == CREDENTIAL_MISSING))
        refuse_credential(call);
    else if (!uid_is_oid(call->study))
        answer_text(&call->answer, 400, "StudyInstanceUID is not a valid UID.");
    else if (*call->series && !uid_is_oid(call->series))
        answer_text(&call->answer, 400, "SeriesInstanceUID is not a valid UID.");
    else if (has_source && source == CREDENTIAL_INACTIVE)
        answer_text(&call->answer, 403, "");
    else if (has_source && !(*ret_source)->album)
        answer_error(&call->answer, 403, "Authorization error", "The source is not a capability token");
    else if (!token_can(*ret_target, SCOPE_WRITE))
        answer_error(&call->answer, 403, "Authorization error", "The token has not the write permission");
    return call->answer.status == 0;
}

static bool source_may_send(const struct token *source)
{
    return source && source->author_admin && token_can(source, SCOPE_SEND);
}

static void put(struct series *series, struct album *album)
{
    bool is_new = !series_member(series, album);
    struct member *member = series_join(series, album);
    member->puts++;
    member->events += is_new;
    member->early += series->instance_count == 0;
}

void share_series(struct call *call)
{
    struct token *target, *source;
    model_lock(call->sim->model);
    if (check_tokens(call, &target, &source)) {
        struct study *study = study_find(call->sim->model, call->study);
        struct series *series = study ? series_find(study, call->series) : NULL;
        if (!series || !source_may_send(source) || !series_member(series, source->album)) {
            answer_error(&call->answer, 404, "Series Not Found",
                         "The series does not exist or you don't have access");
        } else if (!target->author_member || !target->album) {
            answer_error(&call->answer, 404, "Album Not Found",
                         "The album does not exist or you don't have access");
        } else {
            put(series, target->album);
            answer_text(&call->answer, 201, "");
        }
    }
    model_unlock(call->sim->model);
}

/* PUT /api/studies/{study}: every series of it that the source album holds now. */
void share_study(struct call *call)
{
    struct token *target, *source;
    model_lock(call->sim->model);
    if (check_tokens(call, &target, &source)) {
        struct study *study = study_find(call->sim->model, call->study);
        unsigned shared = 0;
        if (!study || !source_may_send(source)) {
            answer_error(&call->answer, 403, "Study Not Found",
                         "The study does not exist or you don't have access");
        } else if (!target->author_member || !target->album) {
            answer_error(&call->answer, 404, "Album Not Found",
                         "The album does not exist or you don't have access");
        } else {
            for (size_t i = 0; i < study->series_count; i++) {
                if (!series_member(study->series[i], source->album))
                    continue;
                put(study->series[i], target->album);
                shared++;
            }
            answer_text(&call->answer, shared ? 201 : 404, "");
        }
    }
    model_unlock(call->sim->model);
}
