#include "tests/support/ordeal.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/jobs/check.h"
#include "common/jobs/jobdb.h"
#include "tests/support/files.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pipeline_album albums[] = {
    {"ct", "CTWRITE", "MAINSEND", "tagValueIsPresent(#Tag.Modality, \"CT\")"},
    {"all", "ALLWRITE", "MAINSEND", NULL},
};

/* Which series are due in which album. */
static bool is_due(const char *album, unsigned series)
{
    return strcmp(album, "ct") == 0 ? series == 1 : strcmp(album, "all") == 0 || strcmp(album, "main") == 0;
}

static struct pipeline *create_pipeline(const struct ordeal *ordeal, const char *more)
{
    const struct pipeline_destination destination = {.name = "kheops-main",
                                                     .simulator = ordeal->kheops,
                                                     .token = "MAINWRITE",
                                                     .albums = albums,
                                                     .album_count = sizeof albums / sizeof *albums};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, more};
    return pipeline_create(ordeal->sandbox, &options);
}

struct ordeal *ordeal_create(const char *more, size_t pacs_count)
{
    static const char *const tokens[] = {
        "--token", "main:write:MAINWRITE", "--token", "main:read,send:MAINSEND",
        "--token", "ct:write:CTWRITE",     "--token", "all:write:ALLWRITE",
        NULL};
    static const char *const names[ORDEAL_PACS_MAX] = {"pacs-0", "pacs-1", "pacs-2", "pacs-3",
                                                       "pacs-4", "pacs-5", "pacs-6", "pacs-7"};
    struct ordeal *ordeal = memory_new(1, sizeof *ordeal);
    ordeal->sandbox = sandbox_create();
    ordeal->kheops = simulator_start(ordeal->sandbox, "kheops", tokens);
    ordeal->pipeline = create_pipeline(ordeal, more);
    ordeal->pacs_count = pacs_count;
    for (size_t i = 0; i < pacs_count; i++)
        ordeal->pacs[i] = pacs_create(ordeal->sandbox, names[i], pipeline_port(ordeal->pipeline), "FELUCCA");
    return ordeal;
}

void ordeal_destroy(struct ordeal **ordeal)
{
    if (!*ordeal)
        return;
    for (size_t i = 0; i < (*ordeal)->pacs_count; i++)
        pacs_destroy(&(*ordeal)->pacs[i]);
    pipeline_destroy(&(*ordeal)->pipeline);
    simulator_destroy(&(*ordeal)->kheops);
    sandbox_destroy(&(*ordeal)->sandbox);
    free(*ordeal);
    *ordeal = NULL;
}

struct shape {
    unsigned instances;
    bool parked;
};

static void vary(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    const struct shape *shape = context;
    spec->modality = series == 1 ? "CT" : "MR";
    if (shape->parked && series == ORDEAL_SERIES && instance == shape->instances)
        spec->study_uid[0] = '\0';
}

void ordeal_add_study(struct ordeal *ordeal, size_t pacs, uint64_t seed, unsigned instances_a_series,
                      uint64_t bytes, bool parked)
{
    struct dicom_spec base;
    instances_a_series += parked && instances_a_series == 1; /* or the series would never come to be */
    struct shape shape = {instances_a_series, parked};
    dicom_spec_init(&base, seed);
    dicom_shape(&base, bytes);
    pacs_add_study(ordeal->pacs[pacs], &base, seed, ORDEAL_SERIES, instances_a_series, vary, &shape);
    ordeal->parked += parked;
}

size_t ordeal_revive(struct ordeal *ordeal)
{
    size_t revived = pipeline_revive(ordeal->pipeline);
    for (size_t i = 0; i < ordeal->pacs_count; i++) {
        if (!pacs_busy(ordeal->pacs[i]))
            (void)pacs_start(ordeal->pacs[i]);
    }
    return revived;
}

/* ---- is it over? ---- */

static size_t spool_files(const struct ordeal *ordeal, const char *place)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/spool/%s", pipeline_state_dir(ordeal->pipeline), place);
    return folder_count(text_string(&path), ".dcm") + folder_count(text_string(&path), ".part");
}

static void close_database(sqlite3 **sql)
{
    (void)sqlite3_close(*sql);
}

static void end_statement(sqlite3_stmt **statement)
{
    (void)sqlite3_finalize(*statement);
}

/* The number that the query yields; -1 while the database cannot be read. */
static int64_t ask_database(const struct ordeal *ordeal, const char *query)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(close_database) sqlite3 *sql = NULL;
    AUTO(end_statement) sqlite3_stmt *statement = NULL;
    text_format(&path, "%s/jobs.db", pipeline_state_dir(ordeal->pipeline));
    if (sqlite3_open_v2(text_string(&path), &sql, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(sql, 1000) != SQLITE_OK)
        return -1;
    int code = sqlite3_prepare_v2(sql, query, -1, &statement, NULL);
    ck_assert_msg(code != SQLITE_ERROR, "%s: %s", query, sqlite3_errmsg(sql)); /* another schema */
    if (code != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        return -1;
    return sqlite3_column_int64(statement, 0);
}

static const struct question {
    const char *about, *query;
} questions[] = {
    {"deliveries that are not final",
     "SELECT count(*) FROM delivery WHERE state NOT IN ('sent', 'excluded', 'dropped')"},
    {"shares that are not final", "SELECT count(*) FROM share WHERE state NOT IN ('shared', 'dropped')"},
    {"instances that are not finished",
     "SELECT count(*) FROM instance WHERE state = 'active' OR place = 'queue' OR open_jobs <> 0"},
    {"lanes that count something",
     "SELECT count(*) FROM lane WHERE queued <> 0 OR urgent <> 0 OR closed <> 0"},
    {"series that count something", "SELECT count(*) FROM series WHERE queued <> 0"},
    {"destinations that count something",
     "SELECT count(*) FROM destination WHERE queued <> 0 OR deferred <> 0 OR in_flight <> 0 OR failed <> 0"},
    {"albums that count something", "SELECT count(*) FROM album WHERE waiting <> 0 OR queued <> 0 OR"
                                    " deferred <> 0 OR in_flight <> 0 OR failed <> 0"},
};

static bool is_nothing(int64_t count, const char *about, struct text *ret_open)
{
    if (count != 0)
        text_format(ret_open, "%s: %lld", about, (long long)count);
    return count == 0;
}

bool ordeal_is_over(struct ordeal *ordeal, struct text *ret_open)
{
    text_clear(ret_open);
    for (size_t i = 0; i < ordeal->pacs_count; i++) {
        struct pacs *pacs = ordeal->pacs[i];
        bool busy = pacs_busy(pacs);
        if (busy || !is_nothing((int64_t)(pacs_count(pacs) - pacs_acknowledged(pacs)),
                                "instances not acknowledged", ret_open))
            return false;
    }
    if (!is_nothing((int64_t)spool_files(ordeal, "incoming"), "files in incoming/", ret_open) ||
        !is_nothing((int64_t)spool_files(ordeal, "queue"), "files in queue/", ret_open))
        return false;
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        if (!is_nothing(ask_database(ordeal, questions[i].query), questions[i].about, ret_open))
            return false;
    }
    return true;
}

/* ---- were the promises kept? ---- */

static void put_instances(json_t *index, const json_t *series)
{
    json_t *instance;
    size_t i;
    json_array_foreach(json_object_get(series, "instances"), i, instance)
        json_object_set(index, json_string_value(json_object_get(instance, "sop")), instance);
}

/* What KHEOPS has, by SOP Instance UID; is then yours. */
static json_t *index_instances(const json_t *state)
{
    json_t *index = json_object(), *study, *series;
    size_t i, k;
    json_array_foreach(json_object_get(state, "studies_list"), i, study)
    {
        json_array_foreach(json_object_get(study, "series"), k, series) put_instances(index, series);
    }
    return index;
}

static int64_t number(const json_t *json, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(json, key));
}

static void count_instance(const json_t *index, const struct pacs_instance *instance,
                           struct ordeal_count *count)
{
    const json_t *there = json_object_get(index, instance->sop_uid);
    char digest[20];
    (void)snprintf(digest, sizeof digest, "%016llx", (unsigned long long)instance->digest);
    count->acknowledged += instance->acknowledged;
    if (!there) {
        if (count->lost < ORDEAL_LOST_NAMED && instance->acknowledged)
            (void)snprintf(count->lost_uids[count->lost], sizeof *count->lost_uids, "%s", instance->sop_uid);
        count->lost += instance->acknowledged;
        return;
    }
    const char *stored = json_string_value(json_object_get(there, "digest"));
    count->changed += strcmp(digest, stored) != 0 || number(there, "changed") != 0;
    count->repeated += (uint64_t)(number(there, "stored") - 1);
}

/* Series by UID with what is known of them: {"number", and a mark for each album that has it}. */
static json_t *index_series(const struct ordeal *ordeal)
{
    json_t *index = json_object();
    for (size_t i = 0; i < ordeal->pacs_count; i++) {
        for (size_t k = 0; k < pacs_count(ordeal->pacs[i]); k++) {
            const struct pacs_instance *instance = pacs_instance(ordeal->pacs[i], k);
            json_object_set_new(index, instance->series_uid, json_integer((json_int_t)instance->series));
        }
    }
    return index;
}

/* The albums are looked at from their side: which of the series that are due here are here? */
static void count_album(const json_t *series, const json_t *album, struct ordeal_count *count)
{
    const char *name = json_string_value(json_object_get(album, "name")), *uid;
    json_t *here = json_object(), *member, *of_study;
    size_t i;
    json_array_foreach(json_object_get(album, "series"), i, member)
    {
        if (number(member, "instance_count") == 0)
            continue;
        uid = json_string_value(json_object_get(member, "series"));
        json_object_set(here, uid, member);
        const json_t *known = json_object_get(series, uid);
        count->misplaced += !known || !is_due(name, (unsigned)json_integer_value(known));
        count->repeated_shares += number(member, "puts") > 1 ? (uint64_t)(number(member, "puts") - 1) : 0;
    }
    const char *key;
    json_object_foreach((json_t *)series, key, of_study) count->unshared +=
        is_due(name, (unsigned)json_integer_value(of_study)) && !json_object_get(here, key);
    json_decref(here);
}

void ordeal_count(struct ordeal *ordeal, struct ordeal_count *ret_count)
{
    json_t *state = simulator_state(ordeal->kheops), *index = index_instances(state), *album;
    json_t *series = index_series(ordeal);
    *ret_count = (struct ordeal_count){0};
    for (size_t i = 0; i < ordeal->pacs_count; i++) {
        struct pacs *pacs = ordeal->pacs[i];
        ret_count->associations += pacs_associations(pacs);
        ret_count->instances += pacs_count(pacs);
        for (size_t k = 0; k < pacs_count(pacs); k++)
            count_instance(index, pacs_instance(pacs, k), ret_count);
    }
    size_t i;
    json_array_foreach(json_object_get(state, "albums"), i, album) count_album(series, album, ret_count);
    /* Repeated ones among the parked are parked again, each under a receipt of its own. */
    uint64_t quarantined = spool_files(ordeal, "quarantine");
    ret_count->lost -= ret_count->lost < ordeal->parked ? ret_count->lost : ordeal->parked;
    ret_count->misplaced += ordeal->parked == 0 ? quarantined : 0;
    ret_count->lost += quarantined < ordeal->parked ? ordeal->parked - quarantined : 0;
    json_decref(series);
    json_decref(index);
    json_decref(state);
}

static void add_problem(void *context, const char *problem)
{
    text_format(context, "\n  %s", problem);
}

/* The database agrees with itself; nobody else uses it any more. */
static void check_database(struct ordeal *ordeal)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text what = TEXT_EMPTY;
    int code = jobdb_open(pipeline_state_dir(ordeal->pipeline), &db, &what);
    pipeline_check(ordeal->pipeline, code == 0, text_string(&what));
    text_append(&what, "the database does not agree with itself:");
    pipeline_check(ordeal->pipeline, jobdb_check(db, add_problem, &what) == 0, text_string(&what));
}

void ordeal_check(struct ordeal *ordeal, const struct ordeal_count *count, const char *label)
{
    AUTO(text_release) struct text broken = TEXT_EMPTY;
    for (size_t i = 0; count->lost > 0 && i < ORDEAL_LOST_NAMED && count->lost_uids[i][0]; i++)
        fprintf(stderr, "not at KHEOPS: %s\n", count->lost_uids[i]);
    text_format(&broken,
                "%s: %llu of %llu instances acknowledged, %llu lost, %llu changed, %llu shares missing, "
                "%llu misplaced",
                label, (unsigned long long)count->acknowledged, (unsigned long long)count->instances,
                (unsigned long long)count->lost, (unsigned long long)count->changed,
                (unsigned long long)count->unshared, (unsigned long long)count->misplaced);
    pipeline_check(ordeal->pipeline,
                   count->instances > 0 && count->acknowledged == count->instances && count->lost == 0 &&
                       count->changed == 0 && count->unshared == 0 && count->misplaced == 0,
                   text_string(&broken));
    check_database(ordeal);
}
