/* share - PUT /api/studies/{study}/series/{series}: a reference to a series into another album (call.h). */
#include "common/dicom/uid.h"
#include "tests/kheops-sim/call.h"

/* A token that is refused shows itself as trouble inside while the login provider is away. */
static void refuse(struct call *call, enum credential credential, const char *recorded)
{
    bool hidden = credential == CREDENTIAL_INACTIVE && call->sim->model->away[PART_PROVIDER];
    call_answer(call, hidden ? "share: trouble inside" : recorded);
}

/* Both tokens; false when the answer is in the call. *ret_source is NULL when there is no source header. */
static bool check_tokens(struct call *call, struct token **ret_target, struct token **ret_source)
{
    enum credential target = call_credential(call, "Authorization", ret_target);
    enum credential source = call_credential(call, "X-Authorization-Source", ret_source);
    bool has_source = call_header(call, "X-Authorization-Source") != NULL;
    if (call->sim->model->away[PART_DATABASE])
        call_answer(call, "share: trouble inside");
    else if (target != CREDENTIAL_ACTIVE)
        refuse(call, target, "share: target token refused");
    else if (!uid_is_oid(call->study))
        call_answer(call, "share: study is no OID");
    else if (*call->series && !uid_is_oid(call->series))
        call_answer(call, "share: series is no OID");
    else if (has_source && source == CREDENTIAL_MISSING)
        call_answer(call, "share: source header malformed");
    else if (has_source && source == CREDENTIAL_INACTIVE)
        refuse(call, source, "share: source token refused");
    return call->answer.status == 0;
}

/* Whether what is asked for may go where it is asked to; the answer is in the call otherwise. */
static bool check_rights(struct call *call, const struct token *target, const struct token *source)
{
    if (source && !source->album)
        call_answer(call, "share: source token of a person");
    else if (!token_can(target, SCOPE_WRITE))
        call_answer(call, "share: target token without write");
    return call->answer.status == 0;
}

/* A person's token reaches everything here. */
static bool may_send(const struct token *source, const struct series *series)
{
    return source && token_can(source, SCOPE_SEND) &&
           (!source->album || series_member(series, source->album));
}

static struct album *album_of(struct call *call, const struct token *target)
{
    return target->album ? target->album : album_get(call->sim->model, "inbox", NULL);
}

/* False when another request is just putting it there: both make the same row. */
static bool put(struct call *call, struct series *series, struct album *album)
{
    bool is_new = !series_member(series, album);
    struct member *member = series_join(series, album);
    if (member->joiner && member->joiner != call && call->sim->model->races) {
        call->sim->model->counters.collisions++;
        return false;
    }
    if (is_new) {
        member->joiner = call;
        call->joined = series;
        call->joined_album = album;
    }
    member->puts++;
    member->events += is_new;
    member->early += series->instance_count == 0;
    return true;
}

void share_series(struct call *call)
{
    struct token *target, *source;
    model_lock(call->sim->model);
    if (check_tokens(call, &target, &source)) {
        struct study *study = study_find(call->sim->model, call->study);
        struct series *series = study ? series_find(study, call->series) : NULL;
        if (!series || !may_send(source, series))
            call_answer(call, "share: series not found");
        else if (check_rights(call, target, source))
            call_answer(call,
                        put(call, series, album_of(call, target)) ? "share: done" : "share: trouble inside");
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
        bool found = false;
        for (size_t i = 0; study && i < study->series_count; i++)
            found |= may_send(source, study->series[i]);
        if (!found)
            call_answer(call, "share: study not found");
        for (size_t i = 0; found && check_rights(call, target, source) && i < study->series_count; i++)
            if (may_send(source, study->series[i]))
                put(call, study->series[i], album_of(call, target));
        if (!call->answer.status)
            call_answer(call, "share: done");
    }
    model_unlock(call->sim->model);
}
