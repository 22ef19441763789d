#include "router/change.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "router/shared.h"

#include <string.h>

struct change *change_create(struct control_request *request, int64_t asked_at)
{
    struct change *change = memory_new(1, sizeof *change);
    change->request = *request;
    *request = (struct control_request){0};
    change->row.asked_at = asked_at;
    memcpy(change->row.name, change->request.id, sizeof change->row.name);
    memcpy(change->answer.id, change->request.id, sizeof change->answer.id);
    return change;
}

void change_destroy(struct change **change)
{
    if (!*change)
        return;
    control_request_release(&(*change)->request);
    control_answer_release(&(*change)->answer);
    text_release(&(*change)->hearing.doubt);
    memory_free(change);
}

static bool chooses_by_filter(const struct control_request *request)
{
    /* Where a quarantined file shall go does not choose it. */
    const char *destination = request->verb == CONTROL_QUARANTINE_DELIVER ? NULL : request->destination;
    return destination || request->album || request->state || request->study || request->series ||
           request->since || request->reason || request->calling_aet || request->called_aet ||
           request->job_kind || request->http_status || request->line;
}

const char *change_objection(const struct control_request *request, bool instances)
{
    if (request->job_count > 0 && (chooses_by_filter(request) || request->all))
        return "choose jobs by their numbers or by filters, not by both";
    if (request->job_count == 0 && !chooses_by_filter(request) && !request->all)
        return "nothing is chosen: give jobs, a filter, or --all";
    for (size_t i = 0; i < request->job_count; i++) {
        if ((request->jobs[i].kind == CONTROL_INSTANCE) != instances)
            return "jobs are given as delivery:12, share:12, fetch:12, inquiry:12 or commitment:12, quarantined files as instance:12";
    }
    return NULL;
}

bool change_holds(const struct change *change)
{
    return change->waits || change->pauses;
}

bool change_has_time(const struct change *change)
{
    return clock_monotonic_ms() < change->until;
}

int64_t change_left(const struct change *change)
{
    return change->request.limit > 0 ? change->request.limit - change->row.changed : INT64_MAX;
}

void change_skip(struct change *change, const char *format, ...)
{
    AUTO(text_release) struct text note = TEXT_EMPTY;
    va_list arguments;
    va_start(arguments, format);
    text_format_list(&note, format, arguments);
    va_end(arguments);
    change_skip_like(change, NULL, text_string(&note));
}

void change_skip_like(struct change *change, const char *example, const char *reason)
{
    change->row.skipped++;
    control_answer_note(&change->answer, example, "%s", reason);
}

void change_event(struct router *router, const struct change *change, struct jobdb_event *event,
                  const char *detail)
{
    AUTO(text_release) struct text by = TEXT_EMPTY;
    text_format(&by, "by %s%s%s", change->request.user, detail ? ": " : "", detail ? detail : "");
    event->at = router->now;
    event->kind = control_verb_done(change->request.verb);
    event->detail = text_string(&by);
    jobdb_add_event(router->db, event);
}

void change_append_count(const struct change *change, const char *noun, struct text *out)
{
    const struct jobdb_request *row = &change->row;
    if (change->over && row->changed == 0 && row->skipped == 0 && change->request.job_count == 0) {
        text_append(out, "nothing matches");
        return;
    }
    text_format(out, "%lld %s%s %s%s", (long long)row->changed, noun, row->changed == 1 ? "" : "s",
                change->request.dry_run ? "would be " : "", control_verb_done(change->request.verb));
    if (row->skipped > 0)
        text_format(out, ", %lld left as they are", (long long)row->skipped);
}
