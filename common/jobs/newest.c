#include "common/jobs/newest.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/connection.h"
#include "common/jobs/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE_STUDY  "sorts what belongs to one study"
#define IN_TROUBLE "groups what failed or is in quarantine"

/* clang-format off */
#define STATEMENTS(X) \
    X(NEWEST_INSTANCES, "", \
      "SELECT id, study, received_at FROM instance WHERE id < ?1 AND study IS NOT NULL" \
      " AND (?2 IS NULL OR calling_aet = ?2) ORDER BY id DESC") \
    X(NEWEST_FAILED, IN_TROUBLE, \
      "SELECT max(id) AS newest, study, max(at) FROM (SELECT i.id, i.study, i.received_at AS at" \
      " FROM delivery w INDEXED BY delivery_failed JOIN instance i ON i.id = w.instance_id" \
      " WHERE w.state = 'failed' AND (?2 IS NULL OR i.calling_aet = ?2)" \
      " UNION ALL SELECT i.id, i.study, i.received_at FROM share s INDEXED BY share_failed" \
      " JOIN instance i ON i.id = s.witness_id WHERE s.state = 'failed' AND (?2 IS NULL OR i.calling_aet = ?2))" \
      " WHERE study IS NOT NULL GROUP BY study HAVING max(id) < ?1 ORDER BY newest DESC") \
    X(NEWEST_QUARANTINED, IN_TROUBLE, \
      "SELECT max(id) AS newest, study, max(received_at) FROM instance INDEXED BY instance_quarantined" \
      " WHERE state = 'quarantined' AND (?2 IS NULL OR calling_aet = ?2) AND study IS NOT NULL" \
      " GROUP BY study HAVING max(id) < ?1 ORDER BY newest DESC") \
    X(NEWEST_OF_STUDY, "", \
      "SELECT max(id) FROM instance INDEXED BY instance_study WHERE study = ?1 AND (?2 IS NULL OR calling_aet = ?2)") \
    X(NEWEST_HAS_HASH, "", "SELECT 1 FROM search_hash WHERE hash = ?1 AND study = ?2") \
    X(NEWEST_SUMS, "", \
      "SELECT min(calling_aet), count(DISTINCT series), count(DISTINCT coalesce(sop_instance, receipt)), count(*), sum(state = 'quarantined'), min(received_at)," \
      " max(received_at) FROM instance INDEXED BY instance_study WHERE study = ?1 HAVING count(*) > 0") \
    X(NEWEST_DELIVERIES, ONE_STUDY, \
      "SELECT d.name, w.state, count(*) FROM instance i INDEXED BY instance_study" \
      " JOIN delivery w ON w.instance_id = i.id JOIN destination d ON d.id = w.destination_id" \
      " WHERE i.study = ?1 GROUP BY d.name, w.state") \
    X(NEWEST_SHARES, ONE_STUDY, \
      "SELECT d.name, a.name, s.state, count(*) FROM share s JOIN album a ON a.id = s.album_id" \
      " JOIN destination d ON d.id = s.destination_id WHERE s.study = ?1 GROUP BY d.name, a.name, s.state")
/* clang-format on */
JOBDB_STATEMENTS(newest)

enum { GOALS_MOST = 400, NAME_SIZE = 256 };

/* A study while it is read. */
struct found {
    struct jobdb_study_row row;
    char study[JOBDB_UID_SIZE];
    struct jobdb_study_goal goals[GOALS_MOST];
    size_t count;
    int64_t dropped, open_shares, failed_shares, undecided_shares;
    struct text calling_aet, destinations, albums;
    char *names[GOALS_MOST * 2]; /* what goals borrow */
    size_t name_count;
};

static void found_release(struct found **found)
{
    for (size_t i = 0; *found && i < (*found)->name_count; i++)
        free((*found)->names[i]);
    if (!*found)
        return;
    text_release(&(*found)->calling_aet);
    text_release(&(*found)->destinations);
    text_release(&(*found)->albums);
    memory_free(found);
}

static const char *keep(struct found *found, const char *name)
{
    char *copy = memory_string(name);
    found->names[found->name_count++] = copy;
    return copy;
}

static void add_goal(struct found *found, const char *destination, const char *album, const char *state,
                     int64_t count)
{
    static const char *const states[] = {"queued",   "sending", "sent",    "failed",  "undecided",
                                         "excluded", "dropped", "waiting", "sharing", "shared"};
    if (found->count == GOALS_MOST)
        return;
    struct jobdb_study_goal *goal = &found->goals[found->count++];
    goal->destination = keep(found, destination);
    goal->album = album ? keep(found, album) : NULL;
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i], state) == 0)
            goal->state = states[i];
    goal->count = count;
}

static void append_name(struct text *list, const char *name)
{
    text_append(list, list->length > 0 ? ", " : "");
    text_append(list, name);
}

static void count_delivery(struct found *found, const char *destination, const char *state, int64_t count)
{
    struct jobdb_study_row *row = &found->row;
    if (strcmp(state, "sent") == 0) {
        row->delivered += count;
        append_name(&found->destinations, destination);
    } else if (strcmp(state, "queued") == 0 || strcmp(state, "sending") == 0)
        row->waiting += count;
    else if (strcmp(state, "failed") == 0)
        row->failed += count;
    else if (strcmp(state, "undecided") == 0)
        row->undecided += count;
    else if (strcmp(state, "dropped") == 0)
        found->dropped += count;
}

static void count_share(struct found *found, const char *album, const char *state, int64_t count)
{
    if (strcmp(state, "shared") == 0)
        append_name(&found->albums, album);
    else if (strcmp(state, "failed") == 0)
        found->failed_shares += count;
    else if (strcmp(state, "undecided") == 0)
        found->undecided_shares += count;
    else if (strcmp(state, "dropped") != 0)
        found->open_shares += count;
}

static void read_goals(struct jobdb *db, struct found *found)
{
    AUTO(row_end) struct row row = jobdb_query(db, SQL_NEWEST_DELIVERIES, "s", found->study);
    while (row_next(&row)) {
        char destination[NAME_SIZE], state[32];
        row_copy(&row, destination, sizeof destination);
        row_copy(&row, state, sizeof state);
        int64_t count = row_number(&row);
        add_goal(found, destination, NULL, state, count);
        count_delivery(found, destination, state, count);
    }
    AUTO(row_end) struct row shares = jobdb_query(db, SQL_NEWEST_SHARES, "s", found->study);
    while (row_next(&shares)) {
        char destination[NAME_SIZE], album[NAME_SIZE], state[32];
        row_copy(&shares, destination, sizeof destination);
        row_copy(&shares, album, sizeof album);
        row_copy(&shares, state, sizeof state);
        int64_t count = row_number(&shares);
        add_goal(found, destination, album, state, count);
        count_share(found, album, state, count);
    }
}

/* The worst of what is true, as studies.c has it. */
static const char *state_of(const struct found *found)
{
    const struct jobdb_study_row *row = &found->row;
    if (row->failed > 0 || found->failed_shares > 0)
        return "failed";
    if (row->waiting > 0 || found->open_shares > 0)
        return "waiting";
    if (row->undecided > 0 || found->undecided_shares > 0)
        return "undecided";
    if (row->quarantined > 0)
        return "quarantined";
    if (row->delivered > 0)
        return "done";
    return found->dropped > 0 ? "dropped" : "excluded";
}

static bool read_sums(struct jobdb *db, struct found *found)
{
    struct jobdb_study_row *study = &found->row;
    AUTO(row_end) struct row row = jobdb_query(db, SQL_NEWEST_SUMS, "s", found->study);
    if (!row_next(&row))
        return false;
    text_append(&found->calling_aet, row_text(&row));
    study->series = row_number(&row);
    study->instances = row_number(&row);
    study->received = row_number(&row);
    study->quarantined = row_number(&row);
    study->first_received_at = row_number(&row);
    study->last_received_at = row_number(&row);
    return true;
}

static struct found *read_study(struct jobdb *db, const char *study)
{
    struct found *found = memory_new(1, sizeof *found);
    (void)snprintf(found->study, sizeof found->study, "%s", study);
    if (!read_sums(db, found)) {
        found_release(&found);
        return NULL;
    }
    read_goals(db, found);
    found->row.study = found->study;
    found->row.calling_aet = found->calling_aet.length > 0 ? text_string(&found->calling_aet) : NULL;
    found->row.destinations = found->destinations.length > 0 ? text_string(&found->destinations) : NULL;
    found->row.albums = found->albums.length > 0 ? text_string(&found->albums) : NULL;
    found->row.state = state_of(found);
    return found;
}

/* ---- pages ---- */

/* What was seen on the way back, so that nothing is asked twice. */
struct seen {
    char (*studies)[JOBDB_UID_SIZE];
    size_t count, capacity;
};

static void seen_release(struct seen *seen)
{
    free(seen->studies);
}

static bool is_seen(struct seen *seen, const char *study)
{
    for (size_t i = seen->count; i > 0; i--)
        if (strcmp(seen->studies[i - 1], study) == 0)
            return true;
    seen->studies = memory_grow(seen->studies, &seen->capacity, seen->count + 1, sizeof *seen->studies);
    (void)snprintf(seen->studies[seen->count++], JOBDB_UID_SIZE, "%s", study);
    return false;
}

static bool has_goal(const struct found *found, const char *destination, const char *album)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct jobdb_study_goal *goal = &found->goals[i];
        if (destination && !goal->album && strcmp(goal->destination, destination) == 0 &&
            strcmp(goal->state, "excluded") != 0)
            return true;
        if (album && goal->album && strcmp(goal->album, album) == 0)
            return true;
    }
    return false;
}

static bool is_wanted(const struct jobdb_newest *newest, const struct found *found)
{
    return (!newest->state || strcmp(newest->state, found->row.state) == 0) &&
           (!newest->destination || has_goal(found, newest->destination, NULL)) &&
           (!newest->album || has_goal(found, NULL, newest->album));
}

/* Those that may be in the state, by what there is an index for. */
static int candidates_by(const char *state)
{
    static const struct {
        const char *state;
        int which;
    } by[] = {{"failed", SQL_NEWEST_FAILED}, {"quarantined", SQL_NEWEST_QUARANTINED}};
    for (size_t i = 0; i < sizeof by / sizeof *by && state; i++)
        if (strcmp(by[i].state, state) == 0)
            return by[i].which;
    return SQL_NEWEST_INSTANCES;
}

/* Whether the study stands here, and not on a page before: by its newest instance of all, or of the one who sent. */
static bool stands_here(struct jobdb *db, const struct jobdb_newest *newest, const char *study)
{
    if (newest->hash && !row_exists(jobdb_query(db, SQL_NEWEST_HAS_HASH, "ss", newest->hash, study)))
        return false;
    return newest->before == 0 || candidates_by(newest->state) != SQL_NEWEST_INSTANCES ||
           row_first(jobdb_query(db, SQL_NEWEST_OF_STUDY, "ss", study, newest->calling_aet), 0) <
               newest->before;
}

typedef void newest_each(void *context, const struct jobdb_study_row *row,
                         const struct jobdb_study_goal *goals, size_t count);

/* Whether it was told. */
static bool tell(struct jobdb *db, const struct jobdb_newest *newest, const char *study, newest_each *each,
                 void *context)
{
    if (!stands_here(db, newest, study))
        return false;
    AUTO(found_release) struct found *found = read_study(db, study);
    bool wanted = found && is_wanted(newest, found);
    if (wanted)
        each(context, &found->row, found->goals, found->count);
    return wanted;
}

int jobdb_read_newest(struct jobdb *db, const struct jobdb_newest *newest, newest_each *each, void *context,
                      struct jobdb_newest_end *ret_end)
{
    AUTO(seen_release) struct seen seen = {NULL, 0, 0};
    int64_t from = newest->before > 0 ? newest->before : INT64_MAX, looks = 0, reads = 0;
    size_t told = 0;
    AUTO(row_end)
    struct row row = jobdb_query(db, candidates_by(newest->state), "is", from, newest->calling_aet);
    *ret_end = (struct jobdb_newest_end){0};
    while (row_next(&row)) {
        int64_t id = row_number(&row);
        char study[JOBDB_UID_SIZE];
        row_copy(&row, study, sizeof study);
        int64_t at = row_number(&row);
        bool full = told == newest->limit && !is_seen(&seen, study);
        if (full || looks++ == newest->looks || reads == newest->reads) {
            ret_end->before = id + 1;
            ret_end->gave_up = !full;
            break;
        }
        ret_end->at = at;
        if (at < newest->since)
            break;
        if (told == newest->limit || is_seen(&seen, study))
            continue;
        reads++;
        told += tell(db, newest, study, each, context);
    }
    return db->error;
}

bool jobdb_read_study(struct jobdb *db, const char *study, newest_each *each, void *context)
{
    AUTO(found_release) struct found *found = read_study(db, study);
    if (found)
        each(context, &found->row, found->goals, found->count);
    return found != NULL;
}
