#include "cli/show_print.h"

#include "cli/colour.h"
#include "cli/columns.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"

#include <string.h>

enum { LABEL = 12, SERIES_MOST = 100 };

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* ---- lines ---- */

static void append_label(struct text *out, const char *label)
{
    text_format(out, "%-*s", LABEL, label);
}

static void append_field(struct text *out, const char *label, const char *value)
{
    if (!*value)
        return;
    append_label(out, label);
    table_wrap(out, value, LABEL, columns_line());
}

static void append_time(struct text *out, int64_t ms)
{
    char buffer[CLOCK_ISO_SIZE];
    text_append(out, ms > 0 ? clock_local(ms, buffer) : "-");
}

static void append_timed(struct text *out, const char *label, int64_t at, const char *rest)
{
    append_label(out, label);
    append_time(out, at);
    text_append(out, "  ");
    table_wrap(out, rest, LABEL, columns_line());
}

static void append_goal(struct text *out, const json_t *job)
{
    text_append(out, json_text(job, "destination"));
    if (*json_text(job, "album"))
        text_format(out, "/%s", json_text(job, "album"));
}

static void append_count(struct text *out, int64_t count, const char *noun)
{
    text_format(out, "%lld %s%s", (long long)count, noun, count == 1 ? "" : "s");
}

/* "40 instances", and where some came more than once, "40 instances, received 80 times" */
static void append_instances(struct text *out, int64_t instances, int64_t received)
{
    append_count(out, instances, "instance");
    if (received > instances)
        text_format(out, ", received %lld times", (long long)received);
}

/* ---- received and decided ---- */

static void append_received(struct text *out, const json_t *instance)
{
    AUTO(text_release) struct text how = TEXT_EMPTY;
    text_append_size(&how, number_of(instance, "size"));
    text_format(&how, " from %s",
                *json_text(instance, "calling_aet") ? json_text(instance, "calling_aet") : "?");
    if (*json_text(instance, "source_address"))
        text_format(&how, " (%s)", json_text(instance, "source_address"));
    text_format(&how, " to %s", *json_text(instance, "called_aet") ? json_text(instance, "called_aet") : "?");
    text_append(&how, number_of(instance, "urgent") ? ", urgent" : "");
    append_timed(out, "received", number_of(instance, "received_at"), text_string(&how));
}

static void append_verdict(struct text *out, const json_t *decision, const char *name, int indent,
                           const char *because)
{
    bool yes = is_true(decision, "yes");
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_format(out, "%*s", indent, "");
    table_cell(out, json_text(decision, name), 24 - (indent - 2), TABLE_LEFT);
    colour_cell(out, is_true(decision, "undecided") ? "?" : yes ? "yes" : "no", 3);
    text_append(&reason, because);
    if (!is_true(decision, "configured"))
        text_append(&reason, "; the configuration no longer names it");
    else if (*json_text(decision, "condition"))
        text_format(&reason, "; its condition: %s", json_text(decision, "condition"));
    else if (!yes && !is_true(decision, "undecided") && strcmp(name, "album") == 0)
        text_append(&reason, "; it has no condition, so it was added later");
    table_wrap(out, text_string(&reason), 31, columns_line());
}

static const char *why_album(const json_t *album)
{
    const char *who = json_text(album, "because_of");
    if (is_true(album, "undecided"))
        return json_text(album, "reason");
    if (strcmp(who, "this instance") == 0)
        return "this instance asks for the series";
    if (*who)
        return "another instance of the series asks for it";
    return "no instance of the series asks for it";
}

static void append_decisions(struct text *out, const json_t *instance)
{
    json_t *decision, *album;
    size_t i, k;
    if (!json_array_size(json_object_get(instance, "decisions")))
        return;
    append_timed(out, "decided", number_of(instance, "decided_at"),
                 is_true(instance, "configuration_is_newer")
                     ? "(the configuration has changed since; its conditions of now are shown)"
                     : "");
    json_array_foreach(json_object_get(instance, "decisions"), i, decision)
    {
        const char *reason = json_text(decision, "reason");
        append_verdict(out, decision, "destination", 2,
                       is_true(decision, "yes") ? "takes it"
                       : *reason                ? reason
                                                : "does not take it");
        json_array_foreach(json_object_get(decision, "albums"), k, album)
            append_verdict(out, album, "album", 4, why_album(album));
    }
}

/* ---- jobs and what happened to them ---- */

static void append_job(struct text *out, const char *kind, const json_t *job)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text goal = TEXT_EMPTY;
    int64_t tries = number_of(job, "tries"), status = number_of(job, "http_status");
    text_format(&name, "%s:%lld", kind, (long long)number_of(job, "id"));
    append_goal(&goal, job);
    text_append(out, "  ");
    table_cell(out, text_string(&name), 17, TABLE_LEFT);
    colour_cell(out, json_text(job, "state"), 9);
    table_cell(out, text_string(&goal), 27, TABLE_LEFT);
    append_time(out, number_of(job, "finished_at"));
    table_end(out);
    AUTO(text_release) struct text more = TEXT_EMPTY;
    if (tries > 0)
        text_format(&more, "%lld %s", (long long)tries, tries == 1 ? "try" : "tries");
    if (status)
        text_format(&more, "%slast answer %lld", more.length ? ", " : "", (long long)status);
    if (number_of(job, "due_at") > clock_wall_ms()) {
        text_append(&more, more.length ? ", next in " : "next in ");
        text_append_duration(&more, number_of(job, "due_at") - clock_wall_ms());
    }
    if (*json_text(job, "reason"))
        text_format(&more, "%s%s", more.length ? ": " : "", json_text(job, "reason"));
    if (*json_text(job, "waits"))
        text_format(&more, "%swaits: %s", more.length ? "; " : "", json_text(job, "waits"));
    if (*json_text(job, "waits_for"))
        text_format(&more, "%swaits for %s, when the window of %s opens", more.length ? "; " : "",
                    json_text(job, "waits_for"), json_text(job, "destination"));
    if (more.length == 0)
        return;
    text_append(out, "    ");
    table_wrap(out, text_string(&more), 4, columns_line());
}

static void append_jobs(struct text *out, const char *heading, const char *kind, const json_t *jobs)
{
    json_t *job;
    size_t index;
    if (json_array_size(jobs))
        text_format(out, "%s\n", heading);
    json_array_foreach(jobs, index, job) append_job(out, kind, job);
}

static void append_events(struct text *out, const json_t *events)
{
    json_t *event;
    size_t index;
    if (json_array_size(events))
        text_append(out, "what happened\n");
    json_array_foreach(events, index, event)
    {
        AUTO(text_release) struct text what = TEXT_EMPTY;
        text_append(out, "  ");
        append_time(out, number_of(event, "at"));
        text_append(out, "  ");
        append_goal(&what, event);
        text_format(&what, "%s%s", what.length ? ": " : "", json_text(event, "kind"));
        if (number_of(event, "http_status"))
            text_format(&what, ", answer %lld", (long long)number_of(event, "http_status"));
        if (*json_text(event, "detail"))
            text_format(&what, ": %s", json_text(event, "detail"));
        table_wrap(out, text_string(&what), 4, columns_line());
    }
}

/* ---- storage commitment ---- */

static void append_commitment(struct text *out, const json_t *commitment)
{
    AUTO(text_release) struct text what = TEXT_EMPTY;
    const json_t *outcome = json_object_get(commitment, "outcome");
    text_format(&what, "commitment:%lld, asked by %s: %s", (long long)number_of(commitment, "id"),
                json_text(commitment, "calling_aet"), json_text(commitment, "state"));
    if (!json_is_integer(outcome))
        text_append(&what, ", not decided");
    else if (json_integer_value(outcome) == 0)
        text_append(&what, ", committed");
    else
        text_format(&what, ", denied with %04llX", (unsigned long long)json_integer_value(outcome));
    text_format(&what, " (transaction %s)", json_text(commitment, "transaction"));
    if (*json_text(commitment, "reason"))
        text_format(&what, ": %s", json_text(commitment, "reason"));
    append_timed(out, "commitment", number_of(commitment, "asked_at"), text_string(&what));
}

/* ---- the file ---- */

static void append_file(struct text *out, const json_t *instance)
{
    const char *place = json_text(instance, "place"), *state = json_text(instance, "state");
    int64_t until = number_of(instance, "keep_until");
    char buffer[CLOCK_ISO_SIZE];
    AUTO(text_release) struct text until_when = TEXT_EMPTY;
    if (*json_text(instance, "file")) /* never broken: it is to be copied */
        text_format(out, "%-*s%s\n", LABEL, "file", json_text(instance, "file"));
    else
        append_field(out, "file",
                     strcmp(place, "gone") == 0 ? "removed: everything to do with it is done" : place);
    if (strcmp(state, "active") == 0)
        text_append(&until_when, "until everything to do with it is final");
    else if (strcmp(state, "quarantined") == 0)
        text_append(&until_when, "until somebody retries or drops it: felucca quarantine");
    else if (strcmp(place, "gone") != 0 && until > 0)
        text_format(&until_when, "until %s", clock_local(until, buffer));
    append_field(out, "kept", text_string(&until_when));
}

void show_print_instance(const json_t *instance, struct text *out)
{
    append_field(out, "instance", json_text(instance, "sop_instance"));
    append_field(out, "series", json_text(instance, "series"));
    append_field(out, "study", json_text(instance, "study"));
    append_field(out, "receipt", json_text(instance, "receipt"));
    append_field(out, "SOP class", json_text(instance, "sop_class"));
    append_field(out, "syntax", json_text(instance, "transfer_syntax"));
    append_label(out, "state");
    colour_append(out, json_text(instance, "state"), json_text(instance, "state"));
    text_append(out, *json_text(instance, "reason") ? ": " : "");
    table_wrap(out, json_text(instance, "reason"), LABEL, columns_line());
    append_received(out, instance);
    append_decisions(out, instance);
    append_jobs(out, "deliveries", "delivery", json_object_get(instance, "deliveries"));
    append_jobs(out, "shares of its series", "share", json_object_get(instance, "shares"));
    append_events(out, json_object_get(instance, "events"));
    const json_t *commitment;
    size_t index;
    json_array_foreach(json_object_get(instance, "commitments"), index, commitment)
        append_commitment(out, commitment);
    append_file(out, instance);
}

/* ---- a study ---- */

/* Why it waits; "": nobody knows of a reason, or it does not. */
static void append_waits(const json_t *row, struct text *out)
{
    if (*json_text(row, "waits"))
        text_append(out, json_text(row, "waits"));
    else if (*json_text(row, "waits_for"))
        text_format(out, "waits for %s, when its window opens", json_text(row, "waits_for"));
}

static void append_series(struct text *out, const json_t *series)
{
    json_t *row;
    size_t index;
    AUTO(text_release) struct text about = TEXT_EMPTY;
    append_field(out, "series", *json_text(series, "series") ? json_text(series, "series") : "(unknown)");
    append_instances(&about, number_of(series, "instances"), number_of(series, "received"));
    text_append(&about, ", ");
    text_append_size(&about, number_of(series, "size"));
    text_format(&about, ", from %s", json_text(series, "calling_aet"));
    append_timed(out, "  received", number_of(series, "last_received_at"), text_string(&about));
    if (number_of(series, "quarantined"))
        text_format(out, "  %-9s %lld of them\n",
                    "in quarantine:", (long long)number_of(series, "quarantined"));
    json_array_foreach(json_object_get(series, "deliveries"), index, row)
    {
        bool decided_no = strcmp(json_text(row, "state"), "excluded") == 0 ||
                          strcmp(json_text(row, "state"), "undecided") == 0;
        text_append(out, "  ");
        table_cell(out, json_text(row, "destination"), 23, TABLE_LEFT);
        colour_cell(out, json_text(row, "state"), 9);
        table_number(out, number_of(row, "count"), 7);
        AUTO(text_release) struct text waits = TEXT_EMPTY;
        append_waits(row, &waits);
        table_wrap(out, decided_no ? json_text(row, "reason") : text_string(&waits), 44, columns_line());
    }
    json_array_foreach(json_object_get(series, "shares"), index, row)
    {
        AUTO(text_release) struct text goal = TEXT_EMPTY;
        append_goal(&goal, row);
        text_append(out, "  ");
        table_cell(out, text_string(&goal), 23, TABLE_LEFT);
        colour_cell(out, json_text(row, "state"), 9);
        text_format(out, "%7s ", "");
        AUTO(text_release) struct text waits = TEXT_EMPTY;
        append_waits(row, &waits);
        table_wrap(out, waits.length > 0 ? text_string(&waits) : json_text(row, "reason"), 44,
                   columns_line());
    }
}

static void append_unfinished(struct text *out, const json_t *study)
{
    const json_t *jobs = json_object_get(study, "unfinished");
    json_t *job;
    size_t index;
    if (json_array_size(jobs))
        text_append(out, "not done yet\n");
    json_array_foreach(jobs, index, job)
    {
        AUTO(text_release) struct text name = TEXT_EMPTY;
        text_format(&name, "delivery:%lld", (long long)number_of(job, "id"));
        text_append(out, "  ");
        table_cell(out, text_string(&name), 17, TABLE_LEFT);
        colour_cell(out, json_text(job, "state"), 9);
        table_cell(out, json_text(job, "destination"), 20, TABLE_LEFT);
        table_cell(out, json_text(job, "sop_instance"), 27, TABLE_LEFT_TAIL);
        table_end(out);
        if (*json_text(job, "reason")) {
            text_append(out, "    ");
            table_wrap(out, json_text(job, "reason"), 4, columns_line());
        }
    }
    if (*json_text(study, "unfinished_rest"))
        text_format(out, "  and more; all of them:\n    felucca jobs --study %s\n",
                    json_text(study, "study"));
}

void show_print_study(const json_t *study, struct text *out)
{
    const json_t *all = json_object_get(study, "series");
    json_t *series;
    size_t index;
    int64_t instances = 0, received = 0;
    json_array_foreach(all, index, series)
    {
        instances += number_of(series, "instances");
        received += number_of(series, "received");
    }
    append_field(out, "study", json_text(study, "study"));
    append_label(out, "holds");
    append_count(out, instances, "instance");
    text_format(out, " in %zu series", json_array_size(all));
    if (received > instances)
        text_format(out, ", received %lld times", (long long)received);
    text_append_char(out, '\n');
    json_array_foreach(all, index, series)
    {
        if (index < SERIES_MOST)
            append_series(out, series);
    }
    if (json_array_size(all) > SERIES_MOST)
        text_format(out, "and %zu series more; felucca show SERIES tells of one\n",
                    json_array_size(all) - SERIES_MOST);
    append_unfinished(out, study);
    append_jobs(out, "asked to look at it again", "fetch", json_object_get(study, "fetches"));
    append_jobs(out, "KHEOPS asked about a series", "inquiry", json_object_get(study, "inquiries"));
}
