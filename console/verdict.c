#include "console/verdict.h"

#include "console/page.h"

#include <stdio.h>
#include <string.h>

/* before: where the sentence begins. */
static void append_part(struct text *out, size_t before, int64_t count, const char *one, const char *many)
{
    if (count == 0)
        return;
    text_append(out, out->length > before ? ", " : "");
    page_append_count(out, count, one, many);
}

void verdict_append(const struct jobdb_study_row *row, struct text *out)
{
    size_t before = out->length;
    if (strcmp(row->state, "excluded") == 0)
        text_append(out, "no destination takes it");
    else if (strcmp(row->state, "dropped") == 0)
        text_append(out, "given up by an operator");
    append_part(out, before, row->failed, "delivery failed", "deliveries failed");
    append_part(out, before, row->waiting, "delivery waits", "deliveries wait");
    append_part(out, before, row->undecided, "is undecided", "are undecided");
    append_part(out, before, row->quarantined, "file is in quarantine", "files are in quarantine");
    if (out->length == before && strcmp(row->state, "failed") == 0)
        text_append(out, "a share failed");
    else if (out->length == before && strcmp(row->state, "waiting") == 0)
        text_append(out, "a share waits");
    else if (out->length == before && strcmp(row->state, "undecided") == 0)
        text_append(out, "a share is undecided");
}

void verdict_append_headline(const struct jobdb_study_row *row, struct text *out)
{
    int64_t wanted = row->delivered + row->waiting + row->failed + row->undecided;
    if (strcmp(row->state, "done") == 0) {
        text_append(out, "There: ");
        page_append_count(out, row->delivered, "delivery is made", "deliveries are made");
    } else if (wanted == 0 && strcmp(row->state, "quarantined") == 0) {
        text_append(out, "In quarantine: ");
        page_append_count(out, row->quarantined, "file", "files");
    } else if (wanted == 0) {
        text_append(out, "Not sent: ");
        verdict_append(row, out);
    } else {
        text_append(out, row->delivered == 0 ? "Not there yet: "
                         : row->failed > 0   ? "In part there: "
                                             : "Under way: ");
        text_append_count(out, row->delivered);
        text_append(out, " of ");
        page_append_count(out, wanted, "delivery is made", "deliveries are made");
    }
}

json_t *verdict_goals(const struct jobdb_study_goal *goals, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:s, s:I}", "destination", json_from_text(goals[i].destination),
                            "album", json_from_text(goals[i].album), "state",
                            goals[i].state ? goals[i].state : "", "count", (json_int_t)goals[i].count));
    return list;
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

int64_t verdict_count_failed(const json_t *goals, bool is_of_shares)
{
    int64_t count = 0;
    json_t *goal;
    size_t index;
    json_array_foreach(goals, index, goal)
    {
        bool is_share = json_text_or_null(goal, "album") != NULL;
        if (is_share == is_of_shares && strcmp(json_text(goal, "state"), "failed") == 0)
            count += number_of(goal, "count");
    }
    return count;
}

/* ---- what is drawn ---- */

static json_t *width_of(int64_t part, int64_t whole)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.1f", whole > 0 ? 56.0 * (double)part / (double)whole : 0.0);
    return json_string(text);
}

static json_t *chips_of(const json_t *goals)
{
    json_t *chips = json_array(), *goal;
    size_t index;
    json_array_foreach(goals, index, goal)
    {
        if (json_text_or_null(goal, "album"))
            (void)json_array_append(chips, goal);
    }
    return chips;
}

void verdict_shape(json_t *study)
{
    int64_t wanted = number_of(study, "delivered") + number_of(study, "waiting") +
                     number_of(study, "failed") + number_of(study, "undecided");
    (void)json_object_set_new(study, "wanted", json_integer(wanted));
    (void)json_object_set_new(study, "good_width", width_of(number_of(study, "delivered"), wanted));
    (void)json_object_set_new(study, "bad_width", width_of(number_of(study, "failed"), wanted));
    (void)json_object_set_new(study, "chips", chips_of(json_object_get(study, "goals")));
}
