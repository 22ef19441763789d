#include "common/view/causes.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/read.h"
#include "common/view/commitments.h"

#include <string.h>

const char *causes_name(enum causes_kind kind)
{
    static const char *const names[] = {
#define X(name, text, meaning) text,
        CAUSES_MAP(X)
#undef X
    };
    return names[kind];
}

struct visit {
    void (*each)(void *context, const struct causes_one *cause);
    void *context;
};

/* ---- destinations and albums ---- */

static void tell(const struct visit *visit, enum causes_kind kind, const struct jobdb_status_row *row,
                 int64_t count, const struct text *sentence, const char *next)
{
    bool is_state = kind == CAUSES_BLOCKED || kind == CAUSES_HELD || kind == CAUSES_UNKNOWN;
    const struct causes_one cause = {.kind = kind,
                                     .sentence = text_string(sentence),
                                     .next = next,
                                     .destination = row->destination,
                                     .album = row->album,
                                     .count = count,
                                     .since = is_state ? row->standing.since : 0};
    visit->each(visit->context, &cause);
}

static void append_target(const struct jobdb_status_row *row, struct text *out)
{
    text_format(out, "%s%s%s", row->destination, row->album ? "/" : "", row->album ? row->album : "");
}

/* "felucca VERB --destination NAME --album NAME" */
static void append_filtered(const char *verb, const struct jobdb_status_row *row, struct text *out)
{
    text_format(out, "felucca %s --destination %s%s%s", verb, row->destination, row->album ? " --album " : "",
                row->album ? row->album : "");
}

/* What is wrong with it as it is now. */
static void tell_state(const struct visit *visit, const struct jobdb_status_row *row, int64_t waits)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    if (strcmp(row->state, "blocked") == 0) {
        text_format(&sentence, " is blocked: %s", row->last_error ? row->last_error : "it does not say why");
        tell(visit, CAUSES_BLOCKED, row, waits, &sentence, "felucca check");
    } else if (strcmp(row->state, "held") == 0 && waits > 0 && row->standing.held_itself) {
        text_format(&sentence, " is held; jobs that wait for it: %lld", (long long)waits);
        text_append(&next, "felucca release ");
        append_target(row, &next);
        tell(visit, CAUSES_HELD, row, waits, &sentence, text_string(&next));
    } else if (strcmp(row->state, "not configured") == 0 && waits > 0) {
        text_format(&sentence, " is not in the configuration; jobs that wait for it: %lld", (long long)waits);
        append_filtered("jobs", row, &next);
        tell(visit, CAUSES_UNKNOWN, row, waits, &sentence, text_string(&next));
    }
}

static void tell_token(const struct visit *visit, const struct jobdb_status_row *row)
{
    bool told =
        strcmp(row->state, "blocked") == 0 && row->last_error && strstr(row->last_error, row->token_trouble);
    if (!*row->token_trouble || told)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, " has a token that is no good: %s", row->token_trouble);
    tell(visit, CAUSES_TOKEN, row, 0, &sentence, "felucca check");
}

static void tell_failed(const struct visit *visit, const struct jobdb_status_row *row)
{
    if (row->failed == 0)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, ": failed jobs: %lld", (long long)row->failed);
    append_filtered("jobs --state failed", row, &next);
    tell(visit, CAUSES_FAILED, row, row->failed, &sentence, text_string(&next));
}

static void tell_undecided(const struct visit *visit, const struct jobdb_status_row *row)
{
    if (row->undecided == 0)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, ": jobs whose condition cannot be decided: %lld", (long long)row->undecided);
    append_filtered("jobs --state undecided", row, &next);
    tell(visit, CAUSES_UNDECIDED, row, row->undecided, &sentence, text_string(&next));
}

static void tell_target(void *context, const struct jobdb_status_row *row)
{
    tell_state(context, row, row->waiting + row->queued);
    tell_token(context, row);
    tell_failed(context, row);
    tell_undecided(context, row);
}

/* A study that KHEOPS did not look at again, a series of which it told nothing. */
static void tell_failed_questions(void *context, const struct jobdb_failed_questions *failed)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    const struct jobdb_status_row row = {.destination = failed->destination, .album = failed->album};
    append_target(&row, &sentence);
    text_format(&sentence,
                failed->album ? ": KHEOPS could not be asked about series: %lld"
                              : ": KHEOPS could not be asked to look at studies again: %lld",
                (long long)failed->count);
    append_filtered("jobs --state failed", &row, &next);
    tell(context, CAUSES_FAILED, &row, failed->count, &sentence, text_string(&next));
}

/* ---- the rest ---- */

/* A cause for each line. */
static void tell_lines(const struct visit *visit, enum causes_kind kind, const struct text *lines,
                       const char *next)
{
    for (const char *line = text_string(lines); *line; line += *line == '\n') {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        size_t length = strcspn(line, "\n");
        text_append_bytes(&sentence, line, length);
        const struct causes_one cause = {.kind = kind, .sentence = text_string(&sentence), .next = next};
        visit->each(visit->context, &cause);
        line += length;
    }
}

static void tell_surroundings(const struct visit *visit, const struct surroundings *around,
                              const struct config *config)
{
    AUTO(text_release) struct text look_at_disk = TEXT_EMPTY;
    text_format(&look_at_disk, "df -h %s", config->state_dir);
    const struct {
        enum surroundings_trouble trouble;
        enum causes_kind kind;
        const char *next;
    } rows[] = {
        {SURROUNDINGS_ROUTER, CAUSES_ROUTER, "felucca health router"},
        {SURROUNDINGS_SHARED, CAUSES_STANDBY, "felucca check"},
        {SURROUNDINGS_DISK, CAUSES_DISK, text_string(&look_at_disk)},
        {SURROUNDINGS_OVERFULL, CAUSES_OVERFULL, "felucca quarantine"},
        {SURROUNDINGS_WORKER, CAUSES_WORKER, "felucca check"},
        {SURROUNDINGS_TRAY, CAUSES_TRAY, "felucca health tray"},
        {SURROUNDINGS_READER, CAUSES_READER, "felucca status"},
        {SURROUNDINGS_PROXY, CAUSES_PROXY, "felucca check"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        if (surroundings_tell(around, config, rows[i].trouble, &sentence))
            tell_lines(visit, rows[i].kind, &sentence, rows[i].next);
    }
}

static void tell_quarantine(const struct visit *visit, int64_t quarantined)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (quarantined == 0)
        return;
    text_format(&sentence, "received files in quarantine: %lld", (long long)quarantined);
    const struct causes_one cause = {.kind = CAUSES_QUARANTINE,
                                     .sentence = text_string(&sentence),
                                     .next = "felucca quarantine",
                                     .count = quarantined};
    visit->each(visit->context, &cause);
}

/* A source that is held, and for which something waits. One that rests mends itself. */
static void tell_source(void *context, const struct commitments_source *source)
{
    const struct visit *visit = context;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    if (source->trouble != COMMITMENTS_HELD || source->waiting == 0)
        return;
    text_format(&next, "felucca release source:%s", source->calling);
    const struct causes_one cause = {.kind = CAUSES_HELD,
                                     .sentence = source->sentence,
                                     .next = text_string(&next),
                                     .count = source->waiting,
                                     .since = source->since};
    visit->each(visit->context, &cause);
}

static void tell_commitments(const struct visit *visit, struct jobdb *db)
{
    struct commitments_counts counts;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    commitments_count(db, &counts);
    (void)commitments_each_source(db, clock_wall_ms(), tell_source, (void *)visit);
    if (counts.failed == 0)
        return;
    text_format(&sentence, "reports on storage commitment that nobody took for days: %lld",
                (long long)counts.failed);
    const struct causes_one cause = {.kind = CAUSES_COMMITMENT,
                                     .sentence = text_string(&sentence),
                                     .next = "felucca commitments",
                                     .count = counts.failed};
    visit->each(visit->context, &cause);
}

int causes_each(const struct config *config, const struct surroundings *around, struct jobdb *db,
                void (*each)(void *context, const struct causes_one *cause), void *context)
{
    struct visit visit = {each, context};
    int64_t quarantined = 0;
    tell_surroundings(&visit, around, config);
    (void)jobdb_read_status(db, tell_target, &visit);
    (void)jobdb_each_failed_questions(db, tell_failed_questions, &visit);
    int code = jobdb_count_quarantined(db, &quarantined);
    if (code == 0)
        tell_quarantine(&visit, quarantined);
    if (code == 0)
        tell_commitments(&visit, db);
    return code;
}
