#include "console/targets.h"

#include "common/base/cleanup.h"
#include "common/view/rows.h"
#include "common/view/windows_seen.h"

#include <string.h>

enum { LATELY_MS = 3600 * 1000 };

static void append_pace(const struct jobdb_status_row *row, struct text *words)
{
    int64_t seconds = jobdb_empty_in(&row->standing, row->queued, true);
    if (row->queued == 0)
        return;
    if (seconds < 0) {
        text_append(words, "Nothing of what waits has gone in the last minutes. ");
        return;
    }
    text_append(words, "Empty in about ");
    text_append_duration(words, seconds * 1000);
    text_append(words, ". ");
}

static void append_state(const struct jobdb_status_row *row, int64_t now, struct text *words)
{
    bool is_up = strcmp(row->state, "up") == 0;
    if (strcmp(row->state, "held") == 0 && *row->standing.held_by)
        text_format(words, "Held by %s. ", row->standing.held_by);
    else if (strcmp(row->state, "not configured") == 0)
        text_append(words, "The configuration no longer names it. ");
    else if (row->last_error && (!is_up || (row->deferred > 0 && now - row->last_error_at < LATELY_MS)))
        text_format(words, "%s%s ", row->last_error,
                    string_ends_with(row->last_error, ".") || string_ends_with(row->last_error, "!") ? ""
                                                                                                     : ".");
    if (!is_up && row->until > now) {
        text_append(words, "Next try in ");
        text_append_duration(words, row->until - now);
        text_append(words, ". ");
    }
}

static void append_matches(const struct jobdb_status_row *row, int64_t now, struct text *words)
{
    const struct jobdb_condition *condition = row->condition;
    if (!condition || !jobdb_matches_nothing(condition, now))
        return;
    text_append(words,
                condition->matched_at ? "Its condition held last " : "Its condition never held: in force ");
    text_append_duration(words, now - (condition->matched_at ? condition->matched_at : condition->since));
    text_append(words, condition->matched_at ? " ago; " : "; ");
    text_append_count(words, condition->unmatched_series);
    text_append(words, " series asked since. ");
}

static void append_doubts(const struct jobdb_status_row *row, struct text *words)
{
    if (*row->token_trouble && !strstr(text_string(words), row->token_trouble))
        text_format(words, "Its token is no good: %s. ", row->token_trouble);
    if (row->undecided > 0)
        text_format(words, "A person must decide about %lld. ", (long long)row->undecided);
}

/* Nothing goes there, which is no trouble. Whether that is so. */
static bool append_window(const struct config *config, const struct jobdb_status_row *row, int64_t now,
                          struct text *words)
{
    AUTO(text_release) struct text at = TEXT_EMPTY;
    windows_seen_append_time(config, row->destination, now, &at);
    if (strcmp(row->state, "up") != 0 || at.length == 0)
        return false;
    text_format(words, "Waits for %s, when its window opens. ", text_string(&at));
    return true;
}

json_t *targets_row(const struct config *config, const struct jobdb_status_row *row, int64_t now)
{
    AUTO(text_release) struct text words = TEXT_EMPTY;
    json_t *object = rows_status(row);
    append_state(row, now, &words);
    if (append_window(config, row, now, &words))
        (void)json_object_set_new(object, "state", json_string("closed"));
    else if (strcmp(row->state, "up") == 0)
        append_pace(row, &words);
    append_doubts(row, &words);
    append_matches(row, now, &words);
    text_cut(&words, words.length > 0 ? words.length - 1 : 0);
    (void)json_object_set_new(object, "next_try_at", json_from_time(row->until > now ? row->until : 0));
    (void)json_object_set_new(object, "oldest_seconds",
                              row->oldest_waiting_at > 0 ? json_integer((now - row->oldest_waiting_at) / 1000)
                                                         : json_null());
    (void)json_object_set_new(object, "matches_nothing",
                              json_boolean(row->condition && jobdb_matches_nothing(row->condition, now)));
    (void)json_object_set_new(object, "words", json_from_text(text_string(&words)));
    return object;
}

struct reading {
    const struct config *config;
    json_t *rows;
    int64_t now;
};

static void take_row(void *context, const struct jobdb_status_row *row)
{
    struct reading *reading = context;
    if (!row->is_past)
        (void)json_array_append_new(reading->rows, targets_row(reading->config, row, reading->now));
}

json_t *targets_read(struct jobdb *db, const struct config *config, int64_t now)
{
    struct reading reading = {config, json_array(), now};
    (void)jobdb_read_status(db, take_row, &reading);
    return reading.rows;
}
