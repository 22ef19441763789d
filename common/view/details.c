#include "common/view/details.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "common/jobs/commitment.h"
#include "common/spool/spool.h"
#include "common/view/windows_seen.h"

#include <string.h>
#include <sys/stat.h>

/* ---- rows become objects ---- */

static void details_add_row(void *context, const struct jobdb_field *fields, size_t count)
{
    json_t *row = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *value =
            fields[i].kind == JOBDB_NUMBER ? json_integer(fields[i].number) : json_from_text(fields[i].text);
        (void)json_object_set_new(row, fields[i].name, value);
    }
    (void)json_array_append_new(context, row);
}

json_t *details_ask(struct jobdb *db, enum jobdb_question question, const char *a, const char *b, int64_t n)
{
    json_t *rows = json_array();
    (void)jobdb_ask(db, question, a, b, n, details_add_row, rows);
    return rows;
}

static void details_take_name(void *context, const struct jobdb_field *fields, size_t count)
{
    char **name = context;
    if (!*name && count > 0 && fields[0].text)
        *name = memory_string(fields[0].text);
}

char *details_ask_name(struct jobdb *db, enum jobdb_question question, const char *a, const char *b,
                       int64_t n)
{
    char *name = NULL;
    (void)jobdb_ask(db, question, a, b, n, details_take_name, &name);
    return name;
}

static bool is_time(const char *name)
{
    return strcmp(name, "at") == 0 || string_ends_with(name, "_at") || string_ends_with(name, "_until");
}

void details_write_times(json_t *value)
{
    const char *name;
    json_t *member;
    size_t index;
    if (json_is_array(value)) {
        json_array_foreach(value, index, member) details_write_times(member);
        return;
    }
    json_object_foreach(value, name, member)
    {
        if (json_is_integer(member) && is_time(name))
            (void)json_object_set_new(value, name, json_from_time(json_integer_value(member)));
        else
            details_write_times(member);
    }
}

/* ---- decisions: what the rows say, beside the conditions of the present configuration ---- */

static json_t *condition_of(const struct condition *condition)
{
    return json_from_text(condition ? condition_text(condition) : NULL);
}

/* The share of an album among those of the series, borrowed; NULL: it was not asked for. */
static const json_t *find_share(const json_t *shares, const char *destination, const char *album)
{
    size_t index;
    json_t *share;
    json_array_foreach(shares, index, share)
    {
        if (strcmp(json_text_or_null(share, "destination"), destination) == 0 &&
            strcmp(json_text_or_null(share, "album"), album) == 0)
            return share;
    }
    return NULL;
}

static json_t *decide_album(const json_t *share, const char *album, const struct config_album *configured)
{
    const char *who = share && json_integer_value(json_object_get(share, "own")) ? "this instance"
                      : share                                                    ? "another instance"
                                                                                 : NULL;
    bool undecided = share && strcmp(json_text_or_null(share, "state"), "undecided") == 0;
    return json_pack("{s:s, s:b, s:b, s:o, s:o, s:b, s:o}", "album", album, "yes", share && !undecided,
                     "undecided", undecided, "because_of", json_from_text(who), "reason",
                     json_from_text(undecided ? json_text_or_null(share, "reason") : NULL), "configured",
                     configured != NULL, "condition",
                     condition_of(configured ? configured->condition : NULL));
}

/* The albums of the configuration, and those that only the rows still know. */
static json_t *decide_albums(const json_t *shares, const char *name,
                             const struct config_destination *configured)
{
    json_t *albums = json_array(), *share;
    size_t index;
    for (size_t i = 0; configured && i < configured->album_count; i++) {
        const struct config_album *album = &configured->albums[i];
        (void)json_array_append_new(albums,
                                    decide_album(find_share(shares, name, album->name), album->name, album));
    }
    json_array_foreach(shares, index, share)
    {
        const char *album = json_text_or_null(share, "album");
        if (strcmp(json_text_or_null(share, "destination"), name) == 0 &&
            (!configured || !config_find_album(configured, album)))
            (void)json_array_append_new(albums, decide_album(share, album, NULL));
    }
    return albums;
}

static json_t *decide(const json_t *deliveries, const json_t *shares, const struct config *config)
{
    json_t *decisions = json_array(), *delivery;
    size_t index;
    json_array_foreach(deliveries, index, delivery)
    {
        const char *name = json_text_or_null(delivery, "destination");
        const char *state = json_text_or_null(delivery, "state");
        bool undecided = strcmp(state, "undecided") == 0;
        bool no = undecided || strcmp(state, "excluded") == 0;
        const struct config_destination *configured = config_find_destination(config, name);
        (void)json_array_append_new(
            decisions,
            json_pack("{s:s, s:b, s:b, s:o, s:b, s:o, s:o}", "destination", name, "yes", !no, "undecided",
                      undecided, "reason", json_from_text(no ? json_text_or_null(delivery, "reason") : NULL),
                      "configured", configured != NULL, "condition",
                      condition_of(configured ? configured->condition : NULL), "albums",
                      no ? json_array() : decide_albums(shares, name, configured)));
    }
    return decisions;
}

static bool is_newer(const struct config *config, int64_t decided_at)
{
    struct stat status;
    return stat(config->path, &status) == 0 && (int64_t)status.st_mtime * 1000 > decided_at;
}

/* ---- one instance ---- */

static json_t *read_events(struct jobdb *db, int64_t instance_id, const json_t *shares)
{
    json_t *events = details_ask(db, JOBDB_ASK_INSTANCE_EVENTS, NULL, NULL, instance_id), *share;
    size_t index;
    json_array_foreach(shares, index, share)
    {
        json_t *more = details_ask(db, JOBDB_ASK_SHARE_EVENTS, NULL, NULL,
                                   json_integer_value(json_object_get(share, "id")));
        (void)json_array_extend(events, more);
        json_decref(more);
    }
    return events;
}

static json_t *file_of(const struct config *config, const json_t *instance)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(spool_destroy) struct spool *spool = NULL;
    enum spool_place place;
    const char *receipt = json_text_or_null(instance, "receipt");
    if (!spool_place_parse(json_text_or_null(instance, "place"), &place) ||
        spool_open(config->state_dir, &spool) != 0)
        return json_null();
    spool_append_path(spool, place, receipt, &path);
    return json_from_text(text_string(&path));
}

static void add_commitment(void *context, const struct jobdb_commitment_row *row)
{
    json_t *outcome = row->outcome < 0 ? json_null() : json_integer((json_int_t)row->outcome);
    (void)json_array_append_new(context, json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "id",
                                                   (json_int_t)row->id, "transaction", row->transaction,
                                                   "calling_aet", row->calling, "called_aet", row->called,
                                                   "state", row->state, "asked_at", (json_int_t)row->asked_at,
                                                   "finished_at", (json_int_t)row->finished_at, "outcome",
                                                   outcome, "reason", json_from_text(row->reason)));
}

/* What was asked to be committed of it; left out where nothing was. */
static void add_commitments(struct jobdb *db, json_t *instance)
{
    AUTO(json_release) json_t *commitments = json_array();
    const char *uid = json_text_or_null(instance, "sop_instance");
    if (uid)
        (void)jobdb_each_commitment_of(db, uid, add_commitment, commitments);
    if (json_array_size(commitments) > 0)
        (void)json_object_set(instance, "commitments", commitments);
}

json_t *details_of_instance(struct jobdb *db, const struct config *config, const char *receipt)
{
    AUTO(json_release) json_t *found = details_ask(db, JOBDB_ASK_INSTANCE, receipt, NULL, 0);
    json_t *instance = json_incref(json_array_get(found, 0));
    if (!instance)
        return NULL;
    int64_t id = json_integer_value(json_object_get(instance, "id"));
    json_t *deliveries = details_ask(db, JOBDB_ASK_DELIVERIES, NULL, NULL, id);
    json_t *shares = details_ask(db, JOBDB_ASK_SHARES, json_text_or_null(instance, "study"),
                                 json_text_or_null(instance, "series"), id);
    int64_t decided_at = json_integer_value(json_object_get(instance, "decided_at"));
    windows_seen_mark_jobs(config, deliveries, clock_wall_ms());
    windows_seen_mark_jobs(config, shares, clock_wall_ms());
    (void)json_object_set_new(instance, "kind", json_string("instance"));
    (void)json_object_set_new(instance, "decisions", decide(deliveries, shares, config));
    (void)json_object_set_new(instance, "configuration_is_newer", json_boolean(is_newer(config, decided_at)));
    (void)json_object_set_new(instance, "events", read_events(db, id, shares));
    (void)json_object_set_new(instance, "deliveries", deliveries);
    (void)json_object_set_new(instance, "shares", shares);
    (void)json_object_set_new(instance, "file", file_of(config, instance));
    add_commitments(db, instance);
    return instance;
}

/* ---- a study or series ---- */

/* The rows of each series, by its UID; those of none are left out. A study may have very many. */
static json_t *by_series(const json_t *rows)
{
    json_t *lists = json_object(), *row;
    size_t index;
    json_array_foreach(rows, index, row)
    {
        const char *series = json_text_or_null(row, "series");
        if (series && !json_object_get(lists, series))
            (void)json_object_set_new(lists, series, json_array());
        if (series)
            (void)json_array_append(json_object_get(lists, series), row);
    }
    return lists;
}

/* Into its row, which may be of no series. */
static void add_list(json_t *row, const char *name, const json_t *lists)
{
    const char *series = json_text_or_null(row, "series");
    json_t *list = series ? json_object_get(lists, series) : NULL;
    (void)json_object_set_new(row, name, list ? json_incref(list) : json_array());
}

/* The first of them, and below "unfinished_rest" what lists all, or null where these are all. */
static void add_unfinished(struct jobdb *db, const struct config *config, const char *study,
                           const char *series, json_t *object)
{
    json_t *jobs = details_ask(db, JOBDB_ASK_UNFINISHED, study, series, DETAILS_UNFINISHED_MOST + 1);
    AUTO(text_release) struct text rest = TEXT_EMPTY;
    if (json_array_size(jobs) > DETAILS_UNFINISHED_MOST) {
        (void)json_array_remove(jobs, DETAILS_UNFINISHED_MOST);
        text_format(&rest, "felucca jobs --study %s --all --json", study);
    }
    windows_seen_mark_jobs(config, jobs, clock_wall_ms());
    (void)json_object_set_new(object, "unfinished", jobs);
    (void)json_object_set_new(object, "unfinished_rest",
                              json_from_text(rest.length > 0 ? text_string(&rest) : NULL));
}

json_t *details_of_study(struct jobdb *db, const struct config *config, const char *study, const char *series)
{
    AUTO(json_release) json_t *deliveries = details_ask(db, JOBDB_ASK_DELIVERY_SUMS, study, series, 0);
    AUTO(json_release) json_t *shares = details_ask(db, JOBDB_ASK_SHARES, study, series, 0);
    json_t *sums = details_ask(db, JOBDB_ASK_SERIES_SUMS, study, series, 0), *row;
    size_t index;
    windows_seen_mark_jobs(config, deliveries, clock_wall_ms());
    windows_seen_mark_jobs(config, shares, clock_wall_ms());
    AUTO(json_release) json_t *deliveries_of = by_series(deliveries);
    AUTO(json_release) json_t *shares_of = by_series(shares);
    json_array_foreach(sums, index, row)
    {
        add_list(row, "deliveries", deliveries_of);
        add_list(row, "shares", shares_of);
    }
    json_t *object = json_pack("{s:s, s:s, s:o, s:o}", "kind", series ? "series" : "study", "study", study,
                               "asked", json_from_text(series), "series", sums);
    add_unfinished(db, config, study, series, object);
    (void)json_object_set_new(object, "fetches", details_ask(db, JOBDB_ASK_FETCHES, study, NULL, 0));
    (void)json_object_set_new(object, "inquiries", details_ask(db, JOBDB_ASK_INQUIRIES, study, series, 0));
    return object;
}
