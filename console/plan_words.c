#include "console/plan_words.h"

#include "console/page.h"

#include <string.h>

enum kind { JOBS, FILES, SERIES, TARGETS };

static enum kind kind_of(enum control_verb verb)
{
    switch (verb) {
    case CONTROL_RETRY:
    case CONTROL_DROP:
        return JOBS;
    case CONTROL_RESHARE:
        return SERIES;
    case CONTROL_HOLD:
    case CONTROL_RELEASE:
        return TARGETS;
    default:
        return FILES;
    }
}

struct plan_sum plan_words_sum(const struct plan_part *parts, size_t count)
{
    struct plan_sum sum = {0};
    int64_t *const of[] = {
        [JOBS] = &sum.jobs, [FILES] = &sum.files, [SERIES] = &sum.series, [TARGETS] = &sum.targets};
    for (size_t i = 0; i < count; i++)
        if (parts[i].count > 0)
            *of[kind_of(parts[i].request.verb)] += parts[i].count;
    return sum;
}

int64_t plan_words_total(const struct plan_sum *sum)
{
    return sum->jobs + sum->files + sum->series + sum->targets;
}

/* ---- what it is about ---- */

static void append_between(struct text *out, size_t before)
{
    if (out->length > before)
        text_append_char(out, ' ');
}

void plan_words_append_object(const struct control_request *request, struct text *out)
{
    size_t before = out->length;
    if (request->study)
        text_format(out, "of study %s", request->study);
    if (request->calling_aet) {
        append_between(out, before);
        text_format(out, "from %s", request->calling_aet);
    }
    if (request->line && kind_of(request->verb) == FILES && !request->calling_aet) {
        append_between(out, before);
        text_append(out, "from no title");
    }
    if (request->called_aet) {
        append_between(out, before);
        text_format(out, "to %s", request->called_aet);
    }
    if (request->destination && kind_of(request->verb) != FILES) {
        append_between(out, before);
        text_append(out, "to ");
        page_append_target(out, request->destination, request->album);
    }
}

static void append_reason(const struct control_request *request, struct text *out)
{
    if (request->reason)
        text_format(out, " (%s)", request->reason);
}

static const char *state_text(const struct control_request *request)
{
    return request->state ? request->state : "failed or deferred";
}

/* What its jobs are called, of one kind, or of all. */
static const char *job_noun(const struct control_request *request, bool is_one)
{
    static const struct {
        const char *kind, *one, *many;
    } nouns[] = {{"delivery", "delivery", "deliveries"},
                 {"share", "share", "shares"},
                 {"fetch", "fetch", "fetches"},
                 {"inquiry", "inquiry", "inquiries"}};
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns && request->job_kind; i++)
        if (strcmp(nouns[i].kind, request->job_kind) == 0)
            return is_one ? nouns[i].one : nouns[i].many;
    return is_one ? "job" : "jobs";
}

/* "60 failed jobs to main", "3 files of study 1.2": what there are. */
static void append_what(const struct plan_part *part, struct text *out)
{
    const struct control_request *request = &part->request;
    int64_t count = part->count > 0 ? part->count : 0;
    text_append_count(out, count);
    if (kind_of(request->verb) == JOBS)
        text_format(out, " %s %s ", state_text(request), job_noun(request, count == 1));
    else if (kind_of(request->verb) == SERIES)
        text_append(out, " series ");
    else
        text_format(out, " file%s in quarantine ", count == 1 ? "" : "s");
    plan_words_append_object(request, out);
    if (out->bytes[out->length - 1] == ' ')
        out->bytes[--out->length] = '\0';
    if (request->http_status)
        text_format(out, ", answer %lld", (long long)request->http_status);
}

void plan_words_append_line(const struct plan_part *part, struct text *out)
{
    append_what(part, out);
    if (part->request.reason)
        text_format(out, ": %s", part->request.reason);
}

/* ---- what it will do ---- */

static void append_nothing(const struct plan_part *part, struct text *out)
{
    const struct control_request *request = &part->request;
    bool is_retry = request->verb == CONTROL_RETRY || request->verb == CONTROL_QUARANTINE_RETRY;
    if (kind_of(request->verb) == JOBS)
        text_format(out, "There is no %s %s ", state_text(request), job_noun(request, true));
    else
        text_append(out, "There is no file in quarantine ");
    plan_words_append_object(request, out);
    append_reason(request, out);
    text_append(out, kind_of(request->verb) == FILES ? " any more."
                     : is_retry                      ? ": nothing is to be tried again."
                                                     : ": nothing is to be given up.");
}

/* How many, of one part with what it is about, of several without. */
static void append_many(const struct plan_part *parts, size_t count, int64_t sum, const char *one,
                        const char *many, struct text *out)
{
    if (count == 1) {
        append_what(&parts[0], out);
        append_reason(&parts[0].request, out);
    } else {
        page_append_count(out, sum, one, many);
    }
}

static void append_jobs(const struct plan_part *parts, size_t count, int64_t sum, struct text *out)
{
    bool is_retry = parts[0].request.verb == CONTROL_RETRY;
    text_append(out, is_retry ? "Makes " : "Gives up ");
    append_many(parts, count, sum, "job", "jobs", out);
    text_append(
        out,
        is_retry
            ? " due now; their attempts begin anew. Where the cause is still there, they fail again."
            : ". What is at the destination stays there; files stay as long as the configuration keeps them.");
}

static void append_files(const struct plan_part *parts, size_t count, int64_t sum,
                         const struct config *config, const struct control_request *first, struct text *out)
{
    text_append(out, first->verb == CONTROL_QUARANTINE_RETRY     ? "Takes in "
                     : first->verb == CONTROL_QUARANTINE_DELIVER ? "Sends "
                     : first->now                                ? "Removes "
                                                                 : "Drops ");
    append_many(parts, count, sum, "file in quarantine", "files in quarantine", out);
    if (first->verb == CONTROL_QUARANTINE_RETRY) {
        text_append(out, sum == 1 ? " as if it had just been received. Where the cause is still there, it "
                                    "comes into quarantine again."
                                  : " as if they had just been received. Where the cause is still there, "
                                    "they come into quarantine again.");
    } else if (first->verb == CONTROL_QUARANTINE_DELIVER) {
        text_append(out, " as received, whatever was found wrong, to each destination whose condition holds");
        if (first->destination)
            text_format(out, ", and to %s also where its condition cannot be decided", first->destination);
        text_append(out, ". What cannot be read stays in quarantine.");
    } else if (first->now) {
        text_append(out, " for good, now, which makes room at once. Nobody can bring that back: what was "
                         "acknowledged to its sender is nowhere then.");
    } else {
        text_append(out, ": kept in spool/dropped for ");
        text_append_duration(out, config->retention_excluded_ms);
        text_append(out, " (retention_excluded), then removed. ");
        text_append(out, sum == 1 ? "It is not delivered." : "They are not delivered.");
    }
}

static size_t of_kind(const struct plan_part *parts, size_t count, enum kind kind,
                      const struct plan_part **ret_first)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (kind_of(parts[i].request.verb) != kind || parts[i].count <= 0)
            continue;
        if (found++ == 0)
            *ret_first = &parts[i];
    }
    return found;
}

void plan_words_append_will(const struct plan_part *parts, size_t count, const struct config *config,
                            struct text *out)
{
    struct plan_sum sum = plan_words_sum(parts, count);
    const struct plan_part *first = &parts[0];
    if (plan_words_total(&sum) == 0) {
        for (size_t i = 0; i < count; i++)
            if (parts[i].count == PLAN_ROUTER_COUNTS)
                return;
        if (count == 1)
            append_nothing(first, out);
        else
            text_append(out, "Of what was chosen nothing has failed any more.");
        return;
    }
    size_t jobs = of_kind(parts, count, JOBS, &first);
    if (jobs > 0)
        append_jobs(first, count, sum.jobs, out);
    size_t files = of_kind(parts, count, FILES, &first);
    if (jobs > 0 && files > 0)
        text_append_char(out, ' ');
    if (files > 0)
        append_files(first, count, sum.files, config, &first->request, out);
}

/* ---- what the router counted ---- */

static void append_shared_anyway(const struct plan_part *part, const struct control_answer *answer,
                                 struct text *out)
{
    text_append(out, "The condition of ");
    page_append_target(out, part->request.destination, part->request.album);
    text_append(out, " is not asked: ");
    page_append_count(out, answer->changed, "series", "series");
    text_format(out,
                " of this study would be shared whatever it says, and everybody in the album would see %s. ",
                answer->changed == 1 ? "it" : "them");
    text_append_count(out, answer->already);
    text_append(out, " are in it or on their way. What is shared stays.");
}

static void append_shared(const struct plan_part *part, const struct control_answer *answer, struct text *out)
{
    text_append(out, "The condition of ");
    page_append_target(out, part->request.destination, part->request.album);
    text_append(out, " holds for ");
    text_append_count(out, answer->changed);
    text_append(out, " more series, which would be shared; ");
    text_append_count(out, answer->already);
    text_append(out, " are in it or on their way, for ");
    text_append_count(out, answer->unmatched);
    text_append(out, " it does not hold");
    if (answer->skipped > 0) {
        text_append(out, ", and of ");
        text_append_count(out, answer->skipped);
        text_append(out, " it cannot be told");
    }
    if (part->request.from_kheops) {
        text_append(out, ". KHEOPS would be asked about ");
        text_append_count(out, answer->asked);
        text_append(out, ", whose files and headers are gone here; what meets the condition is shared then");
    }
    text_append(out, ". What is shared stays.");
}

void plan_words_append_dry_run(const struct plan_part *parts, size_t count,
                               const struct control_answer *answer, struct text *out)
{
    const struct plan_part *first = &parts[0];
    if (first->request.verb == CONTROL_RESHARE) {
        if (first->request.anyway)
            append_shared_anyway(first, answer, out);
        else
            append_shared(first, answer, out);
        return;
    }
    text_append_count(out, answer->changed);
    text_format(out, " of the %s jobs ", state_text(&first->request));
    if (count == 1)
        plan_words_append_object(&first->request, out);
    else
        text_append(out, "that were chosen");
    text_append(out, " would go on; of the others a condition still says no, or cannot be decided.");
}

/* ---- the button, and what came of it ---- */

static void append_target(const struct control_request *request, struct text *out)
{
    text_append(out, request->verb == CONTROL_HOLD ? "Hold " : "Release ");
    if (request->source)
        text_append(out, request->source);
    else
        page_append_target(out, request->destination, request->album);
}

/* is_behind: jobs are named before, with the same verb, or one like it. */
static void append_file_button(const struct plan_part *parts, size_t count, int64_t files, bool is_behind,
                               struct text *out)
{
    const struct plan_part *first = NULL;
    (void)of_kind(parts, count, FILES, &first);
    enum control_verb verb = first->request.verb;
    const char *word = verb == CONTROL_QUARANTINE_RETRY     ? "Take in "
                       : verb == CONTROL_QUARANTINE_DELIVER ? "Send "
                       : first->request.now                 ? "Remove "
                                                            : "Drop ";
    if (!is_behind)
        text_append(out, word);
    else
        text_append(out, verb == CONTROL_QUARANTINE_RETRY ? ", take in " : " and ");
    page_append_count(out, files, "file", "files");
    text_append(out, verb == CONTROL_QUARANTINE_RETRY ? " again" : first->request.now ? " for good" : "");
}

/* asked: of the series, those about which KHEOPS is asked; of several parts none is. */
static void append_share_button(const struct control_request *request, int64_t series, int64_t asked,
                                struct text *out)
{
    if (asked == 0 || series > asked) {
        text_append(out, "Share ");
        text_append_count(out, series - asked);
        text_append(out, request->anyway ? " series anyway" : " series");
    }
    if (asked > 0) {
        text_append(out, series > asked ? ", ask KHEOPS about " : "Ask KHEOPS about ");
        text_append_count(out, asked);
        text_append(out, series > asked ? "" : " series");
    }
}

void plan_words_append_button(const struct plan_part *parts, size_t count, struct text *out)
{
    const struct control_request *first = &parts[0].request;
    struct plan_sum sum = plan_words_sum(parts, count);
    if (kind_of(first->verb) == TARGETS) {
        append_target(first, out);
        return;
    }
    if (kind_of(first->verb) == SERIES) {
        append_share_button(first, sum.series, parts[0].asked, out);
        return;
    }
    if (sum.jobs > 0 || sum.files == 0) {
        bool is_retry = first->verb == CONTROL_RETRY || first->verb == CONTROL_QUARANTINE_RETRY;
        text_append(out, is_retry ? "Retry " : "Drop ");
        page_append_count(out, sum.jobs, "job", "jobs");
    }
    if (sum.files > 0)
        append_file_button(parts, count, sum.files, sum.jobs > 0, out);
}

void plan_words_append_done(const struct plan_part *parts, const int64_t *changed, size_t count,
                            struct text *out)
{
    static const struct {
        const char *one, *many;
    } nouns[] = {[JOBS] = {"job", "jobs"},
                 [FILES] = {"file", "files"},
                 [SERIES] = {"series", "series"},
                 [TARGETS] = {"target", "targets"}};
    int64_t sums[TARGETS + 1] = {0};
    bool is_there[TARGETS + 1] = {false};
    const char *done[TARGETS + 1] = {NULL};
    size_t said = 0;
    for (size_t i = 0; i < count; i++) {
        enum kind kind = kind_of(parts[i].request.verb);
        is_there[kind] = true;
        sums[kind] += changed[i];
        done[kind] = control_verb_done(parts[i].request.verb);
    }
    for (enum kind kind = JOBS; kind <= TARGETS; kind++) {
        if (!is_there[kind])
            continue;
        text_append(out, said++ > 0 ? ", " : "");
        page_append_count(out, sums[kind], nouns[kind].one, nouns[kind].many);
        text_format(out, " %s", done[kind]);
    }
}
