/* page_study - how far is one study, and whose fault is it? */
#include "common/base/cleanup.h"
#include "common/condition/condition.h"
#include "common/jobs/commitment.h"
#include "common/jobs/newest.h"
#include "common/jobs/show.h"
#include "common/view/details.h"
#include "common/view/rows.h"
#include "console/acts.h"
#include "console/line.h"
#include "console/page.h"
#include "console/verdict.h"

#include <string.h>

struct found {
    json_t *document;
};

static void take_study(void *context, const struct jobdb_study_row *row, const struct jobdb_study_goal *goals,
                       size_t count)
{
    const struct found *found = context;
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(text_release) struct text words = TEXT_EMPTY;
    json_t *study = rows_study(row);
    verdict_append_headline(row, &headline);
    verdict_append(row, &words);
    (void)json_object_update(found->document, study);
    json_decref(study);
    (void)json_object_set_new(found->document, "goals", verdict_goals(goals, count));
    (void)json_object_set_new(found->document, "words", json_from_text(text_string(&words)));
    (void)json_object_set_new(found->document, "headline", json_string(text_string(&headline)));
}

/* ---- albums: why, and why not ---- */

static json_t *asked(const struct config_destination *destination, const char *album,
                     const struct condition *condition, int64_t asked_for, int64_t of, json_t *shares)
{
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:b, s:o}", "destination", destination->name, "album",
                     json_from_text(album), "condition",
                     json_from_text(condition ? condition_text(condition) : NULL), "asked_for",
                     (json_int_t)asked_for, "of", (json_int_t)of, "yes", asked_for > 0, "shares", shares);
}

/* How many of the study's images the destination takes by its own condition. */
static json_t *destination_of(const struct config_destination *destination, const json_t *goals)
{
    json_t *goal;
    size_t index;
    int64_t taken = 0, all = 0;
    json_array_foreach(goals, index, goal)
    {
        if (json_text_or_null(goal, "album") ||
            strcmp(json_text(goal, "destination"), destination->name) != 0)
            continue;
        int64_t count = json_integer_value(json_object_get(goal, "count"));
        all += count;
        taken += strcmp(json_text(goal, "state"), "excluded") == 0 ? 0 : count;
    }
    return asked(destination, NULL, destination->condition, taken, all, json_array());
}

/* How many of the study's series an album asks for, and how far they are. */
static json_t *album_of(const struct config_destination *destination, const struct config_album *album,
                        const json_t *goals, size_t series)
{
    json_t *goal, *shares = json_array();
    size_t index;
    int64_t asked_for = 0;
    json_array_foreach(goals, index, goal)
    {
        const char *name = json_text_or_null(goal, "album");
        if (!name || strcmp(name, album->name) != 0 ||
            strcmp(json_text(goal, "destination"), destination->name) != 0)
            continue;
        asked_for += json_integer_value(json_object_get(goal, "count"));
        (void)json_array_append(shares, goal);
    }
    return asked(destination, album->name, album->condition, asked_for, (int64_t)series, shares);
}

/* The albums of the destinations that were asked for the study, each behind its destination where that has a condition. */
static json_t *read_albums(const struct config *config, const json_t *goals, size_t series)
{
    json_t *albums = json_array(), *goal;
    const char *last = "";
    size_t index;
    json_array_foreach(goals, index, goal)
    {
        const char *name = json_text(goal, "destination");
        const struct config_destination *destination = config_find_destination(config, name);
        if (json_text_or_null(goal, "album") || !destination || strcmp(name, last) == 0)
            continue;
        last = name;
        if (destination->condition)
            (void)json_array_append_new(albums, destination_of(destination, goals));
        for (size_t a = 0; a < destination->album_count; a++)
            (void)json_array_append_new(albums,
                                        album_of(destination, &destination->albums[a], goals, series));
    }
    return albums;
}

/* ---- storage commitment ---- */

static void add_commitment(void *context, const struct jobdb_commitment_row *row)
{
    (void)json_array_append_new(context, rows_commitment(row));
}

static json_t *read_commitments(struct jobdb *db, const char *study)
{
    json_t *list = json_array();
    (void)jobdb_each_commitment_in(db, study, add_commitment, list);
    return list;
}

/* ---- the document ---- */

static json_t *read_study(const struct page_question *question)
{
    const char *uid = question->asked->item;
    struct found found = {page_document(question, "study")};
    if (!jobdb_read_study(question->db, uid, take_study, &found)) {
        json_decref(found.document);
        *question->status = 404;
        text_append(question->reason, "No study of this UID is known.");
        return NULL;
    }
    json_t *document = found.document, *details = details_of_study(question->db, question->config, uid, NULL);
    json_t *series = json_object_get(details, "series");
    (void)json_object_set(document, "series_list", series);
    (void)json_object_set(document, "unfinished", json_object_get(details, "unfinished"));
    (void)json_object_set(document, "fetches", json_object_get(details, "fetches"));
    (void)json_object_set(document, "inquiries", json_object_get(details, "inquiries"));
    (void)json_object_set_new(
        document, "album_list",
        read_albums(question->config, json_object_get(document, "goals"), json_array_size(series)));
    json_decref(details);
    (void)json_object_set_new(document, "reasons",
                              details_ask(question->db, JOBDB_ASK_STUDY_REASONS, uid, NULL, 0));
    (void)json_object_set_new(document, "marks",
                              details_ask(question->db, JOBDB_ASK_STUDY_MARKS, uid, NULL, 0));
    (void)json_object_set_new(document, "events",
                              details_ask(question->db, JOBDB_ASK_STUDY_EVENTS, uid, NULL, 0));
    (void)json_object_set_new(document, "quarantine",
                              details_ask(question->db, JOBDB_ASK_STUDY_QUARANTINE, uid, NULL, 0));
    details_write_times(document);
    (void)json_object_set_new(document, "commitments", read_commitments(question->db, uid));
    return document;
}

/* ---- what only its template needs ---- */

static int64_t count_in(const json_t *rows, const char *state)
{
    int64_t count = 0;
    json_t *row;
    size_t index;
    json_array_foreach(rows, index, row)
    {
        if (strcmp(json_text(row, "state"), state) == 0)
            count += json_integer_value(json_object_get(row, "count"));
    }
    return count;
}

/* One series as verdict_shape() takes a study. */
static void shape_series(json_t *series)
{
    const json_t *deliveries = json_object_get(series, "deliveries");
    int64_t waiting = count_in(deliveries, "queued") + count_in(deliveries, "sending");
    (void)json_object_set_new(series, "delivered", json_integer(count_in(deliveries, "sent")));
    (void)json_object_set_new(series, "waiting", json_integer(waiting));
    (void)json_object_set_new(series, "failed", json_integer(count_in(deliveries, "failed")));
    (void)json_object_set_new(series, "undecided", json_integer(count_in(deliveries, "undecided")));
    (void)json_object_set(series, "goals", json_object_get(series, "shares"));
    verdict_shape(series);
}

/* How many destinations take it, and how many albums ask for it. */
static void add_counts(json_t *document, const json_t *goals)
{
    int64_t to = 0, asking = 0;
    const char *last_destination = "", *last_album = "";
    json_t *goal;
    size_t index;
    json_array_foreach(goals, index, goal)
    {
        const char *destination = json_text(goal, "destination"), *album = json_text_or_null(goal, "album");
        if (!album && strcmp(json_text(goal, "state"), "excluded") != 0 &&
            strcmp(last_destination, destination) != 0) {
            to++;
            last_destination = destination;
        } else if (album && strcmp(last_album, album) != 0) {
            asking++;
            last_album = album;
        }
    }
    (void)json_object_set_new(document, "to", json_integer(to));
    (void)json_object_set_new(document, "to_many", json_boolean(to != 1));
    (void)json_object_set_new(document, "asking", json_integer(asking));
    (void)json_object_set_new(document, "asking_many", json_boolean(asking != 1));
}

/* Of fetches or inquiries, which are rows of their own, those that failed. */
static json_t *failed_of(const json_t *jobs)
{
    json_t *failed = json_array(), *job;
    size_t index;
    json_array_foreach(jobs, index, job)
    {
        if (strcmp(json_text(job, "state"), "failed") == 0)
            (void)json_array_append(failed, job);
    }
    return failed;
}

/* What failed, if anything: deliveries, shares, and what was asked of KHEOPS. */
static void shape_trouble(json_t *document, const json_t *goals)
{
    json_t *fetches = failed_of(json_object_get(document, "fetches")),
           *inquiries = failed_of(json_object_get(document, "inquiries"));
    const struct {
        int64_t count;
        const char *one, *many;
    } kinds[] = {{verdict_count_failed(goals, false), "delivery", "deliveries"},
                 {verdict_count_failed(goals, true), "share", "shares"},
                 {(int64_t)json_array_size(fetches), "fetch", "fetches"},
                 {(int64_t)json_array_size(inquiries), "inquiry", "inquiries"}};
    AUTO(text_release) struct text failed = TEXT_EMPTY;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].count == 0)
            continue;
        text_append(&failed, failed.length > 0 ? " and " : "");
        page_append_count(&failed, kinds[i].count, kinds[i].one, kinds[i].many);
    }
    (void)json_object_set_new(document, "what_failed", json_from_text(text_string(&failed)));
    (void)json_object_set_new(document, "failed_shares", json_integer(kinds[1].count));
    (void)json_object_set_new(document, "failed_fetches", fetches);
    (void)json_object_set_new(document, "failed_inquiries", inquiries);
    (void)json_object_set_new(document, "is_in_trouble", json_boolean(failed.length > 0));
}

/* Received, decided, sent and shared: the piers of its way. */
static void shape_way(json_t *document)
{
    json_t *goals = json_object_get(document, "goals"), *goal;
    int64_t shares = 0, shared = 0;
    size_t index;
    json_array_foreach(goals, index, goal)
    {
        if (!json_text_or_null(goal, "album"))
            continue;
        int64_t count = json_integer_value(json_object_get(goal, "count"));
        shares += count;
        shared += strcmp(json_text(goal, "state"), "shared") == 0 ? count : 0;
    }
    int64_t delivered = json_integer_value(json_object_get(document, "delivered"));
    int64_t wanted = json_integer_value(json_object_get(document, "wanted"));
    add_counts(document, goals);
    (void)json_object_set_new(document, "shares", json_integer(shares));
    (void)json_object_set_new(document, "shared", json_integer(shared));
    (void)json_object_set_new(document, "is_sent", json_boolean(delivered == wanted && wanted > 0));
    (void)json_object_set_new(
        document, "is_held_up",
        json_boolean(wanted == 0 && strcmp(json_text(document, "state"), "quarantined") == 0));
    (void)json_object_set_new(document, "is_shared", json_boolean(shared == shares && shares > 0));
    shape_trouble(document, goals);
}

/* What an operator may do with it: try again or give up what failed, and ask each album's condition again. */
static void add_acts(const struct page_question *question, json_t *document)
{
    json_t *row;
    size_t index;
    struct acts_about about = {.study = json_text(document, "study"), .state = "failed"};
    acts_add(document, question->who, "retry", "Retry…", &about);
    acts_add(document, question->who, "drop", "Drop…", &about);
    about.state = NULL;
    json_array_foreach(json_object_get(document, "album_list"), index, row)
    {
        about.destination = json_text_or_null(row, "destination");
        about.album = json_text_or_null(row, "album");
        if (json_text_or_null(row, "condition"))
            acts_add_why(row, json_is_true(json_object_get(row, "yes")) ? "Why?" : "Why not?", &about);
        if (about.album)
            acts_add(row, question->who, "reshare", "Share again…", &about);
        if (about.album && json_text_or_null(row, "condition"))
            acts_add(row, question->who, "reshare", "Share anyway…",
                     &(struct acts_about){.study = about.study,
                                          .destination = about.destination,
                                          .album = about.album,
                                          .anyway = "yes"});
    }
    json_array_foreach(json_object_get(document, "quarantine"), index, row)
        acts_add_quarantine(row, question->who, about.study);
}

static void shape_study(const struct page_question *question, json_t *document)
{
    json_t *row;
    size_t index;
    verdict_shape(document);
    shape_way(document);
    add_acts(question, document);
    (void)json_object_set_new(document, "line",
                              line_of(question->db, json_text(document, "study"),
                                      json_object_get(document, "goals"), question->now));
    json_array_foreach(json_object_get(document, "series_list"), index, row) shape_series(row);
}

const struct page page_study = {.name = "study",
                                .title = "Study",
                                .has_item = true,
                                .parameters = "",
                                .rows = "series_list",
                                .read = read_study,
                                .shape = shape_study};
