#include "router/gauges.h"

#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/commitment.h"
#include "common/jobs/requester.h"
#include "common/jobs/gauge.h"
#include "common/jobs/standing.h"
#include "common/jobs/token_times.h"
#include "common/jobs/volume.h"
#include "common/spool/spool.h"
#include "router/asked.h"
#include "router/crew.h"
#include "router/intake.h"
#include "router/quarantine.h"
#include "router/shared.h"
#include "router/targets.h"
#include "router/token_ends.h"
#include "router/windows.h"

enum { REFRESH_MS = 5 * 1000 };

struct gauges {
    struct metric *jobs, *ages, *states, *since, *empty, *tokens, *expiry;
    struct metric *intake, *workers, *resting, *works, *commitments, *requesters;
    struct metric *spool_files, *spool_bytes, *free_bytes, *free_files, *overfull, *database, *wal;
    int64_t refresh_at; /* monotonic */
};

static void add_gauges(struct gauges *gauges, struct metrics *metrics)
{
    static const char *const state[] = {"destination", "album", "state", NULL};
    static const char *const target[] = {"destination", "album", NULL};
    static const char *const token[] = {"destination", "album", "token", NULL};
    static const char *const stage[] = {"stage", NULL};
    static const char *const only_state[] = {"state", NULL};
    static const char *const work[] = {"destination", "album", "stage", NULL};
    static const char *const place[] = {"place", NULL};
    gauges->jobs =
        metrics_add(metrics, METRIC_GAUGE, "jobs", "Unfinished, undecided and failed jobs.", state);
    gauges->ages = metrics_add(metrics, METRIC_GAUGE, "oldest_job_age_seconds",
                               "Age of the oldest job in this state; 0 when there is none.", state);
    gauges->states = metrics_add(metrics, METRIC_GAUGE, "target_state",
                                 "1 for the state that a destination or album is in, else 0.", state);
    gauges->since = metrics_add(metrics, METRIC_GAUGE, "target_since_timestamp_seconds",
                                "When the state of a destination or album began; 0: not known.", target);
    gauges->empty = metrics_add(
        metrics, METRIC_GAUGE, "backlog_empty_seconds",
        "In how long its backlog is empty at the pace of the last minutes; -1: nothing was done, or nothing goes there now.",
        target);
    gauges->tokens = metrics_add(metrics, METRIC_GAUGE, "token_active",
                                 "Whether KHEOPS called the token active when it was last asked.", token);
    gauges->expiry = metrics_add(metrics, METRIC_GAUGE, "token_expires_timestamp_seconds",
                                 "When a token ends, as far as that is known or guessed.", token);
    gauges->intake = metrics_add(metrics, METRIC_GAUGE, "intake_waiting",
                                 "Received instances that the router knows of and has not taken in.", NULL);
    gauges->commitments = metrics_add(metrics, METRIC_GAUGE, "commitments",
                                      "Transactions of storage commitment that are not over.", only_state);
    gauges->requesters =
        metrics_add(metrics, METRIC_GAUGE, "commitment_sources",
                    "Sources that did not take their last report, or that are held.", only_state);
    gauges->workers = metrics_add(metrics, METRIC_GAUGE, "workers", "Workers that are connected.", stage);
    gauges->resting = metrics_add(metrics, METRIC_GAUGE, "workers_resting",
                                  "Workers that lack something for a destination or album.", work);
    gauges->works =
        metrics_add(metrics, METRIC_GAUGE, "works_in_flight", "Works that workers have in hand.", stage);
    gauges->spool_files =
        metrics_add(metrics, METRIC_GAUGE, "spool_files", "Files of the spool, once taken in.", place);
    gauges->spool_bytes = metrics_add(metrics, METRIC_GAUGE, "spool_bytes", "Their bytes.", place);
    gauges->free_bytes = metrics_add(metrics, METRIC_GAUGE, "spool_free_bytes",
                                     "Free space of the spool's file system.", NULL);
    gauges->free_files = metrics_add(metrics, METRIC_GAUGE, "spool_free_inodes",
                                     "How many more files the spool's file system takes.", NULL);
    gauges->overfull =
        metrics_add(metrics, METRIC_GAUGE, "quarantine_overfull_sources",
                    "Calling AE titles that are refused, since they fill the quarantine.", NULL);
    gauges->database = metrics_add(metrics, METRIC_GAUGE, "database_bytes", "Size of jobs.db.", NULL);
    gauges->wal =
        metrics_add(metrics, METRIC_GAUGE, "database_wal_bytes", "Size of its write-ahead log.", NULL);
}

struct gauges *gauges_create(struct metrics *metrics)
{
    struct gauges *gauges = memory_new(1, sizeof *gauges);
    add_gauges(gauges, metrics);
    return gauges;
}

void gauges_destroy(struct gauges **gauges)
{
    memory_free(gauges);
}

static double job_age(const struct router *router, int64_t since)
{
    return since > 0 && since < router->now ? (double)(router->now - since) / 1000 : 0;
}

/* When the oldest instance in hand of a target was received. */
static int64_t oldest_in_flight(struct router *router, const char *destination, const char *album)
{
    const struct target *target = targets_named(router->targets, destination, album);
    int64_t oldest = 0;
    for (const struct lease *lease = crew_leases(router->crew); target && lease; lease = lease->next) {
        if (lease->batch.destination_id != target->row.destination_id ||
            lease->batch.album_id != target->row.album_id)
            continue;
        for (size_t i = 0; i < lease->batch.item_count; i++)
            if (oldest == 0 || lease->batch.items[i].received_at < oldest)
                oldest = lease->batch.items[i].received_at;
    }
    return oldest;
}

/* Of what the configuration names: nobody renews another one. */
static void show_tokens(const struct router *router, const struct jobdb_depth *depth)
{
    const char *album = depth->album ? depth->album : "";
    const char *first[] = {depth->destination, album, depth->album ? "destination" : "stow"};
    const char *source[] = {depth->destination, album, "source"};
    const struct target *target = targets_named(router->targets, depth->destination, depth->album);
    if (!target || !target->destination)
        return;
    if (depth->token_active >= 0)
        metric_set(router->gauges->tokens, first, depth->token_active);
    if (depth->source_active >= 0)
        metric_set(router->gauges->tokens, source, depth->source_active);
}

static void show_depth(void *context, const struct jobdb_depth *depth)
{
    struct router *router = context;
    struct gauges *gauges = router->gauges;
    const char *album = depth->album ? depth->album : "";
    const struct target *target = targets_named(router->targets, depth->destination, depth->album);
    int64_t oldest = depth->oldest_queued_at;
    if (target && oldest > 0)
        oldest = windows_waiting_since(target, oldest, router->now);
    const struct {
        const char *name;
        int64_t jobs, oldest; /* oldest -1: not told */
    } states[] = {{"waiting", depth->waiting, -1},
                  {"queued", depth->queued - depth->deferred, oldest},
                  {"deferred", depth->deferred, -1},
                  {"in_flight", depth->in_flight, oldest_in_flight(router, depth->destination, depth->album)},
                  {"failed", depth->failed, depth->oldest_failed_at},
                  {"undecided", depth->undecided, -1}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const char *labels[] = {depth->destination, album, states[i].name};
        if (i > 0 || depth->album) /* only shares wait for an instance */
            metric_set(gauges->jobs, labels, (double)states[i].jobs);
        if (states[i].oldest >= 0)
            metric_set(gauges->ages, labels, job_age(router, states[i].oldest));
    }
    show_tokens(router, depth);
}

static void show_standing(struct router *router, const struct target *target)
{
    const char *labels[] = {target->row.destination, target->row.album ? target->row.album : ""};
    struct jobdb_standing standing;
    jobdb_find_standing(router->db, target->row.destination_id, target->row.album_id, router->now, &standing);
    int64_t queued = jobdb_queued(router->db, target->row.destination_id, target->row.album_id);
    metric_set(router->gauges->since, labels, (double)standing.since / 1000);
    bool is_up = target->row.state == TARGET_UP && !target_is_kept(target);
    metric_set(router->gauges->empty, labels, (double)jobdb_empty_in(&standing, queued, is_up));
}

static void show_expiry(struct router *router, const struct target *target, enum work_token_kind kind,
                        const char *name)
{
    const char *labels[] = {target->row.destination, target->row.album ? target->row.album : "", name};
    const struct token_expiry expiry = token_ends(router, target, kind);
    if (expiry.at > 0)
        metric_set(router->gauges->expiry, labels, (double)expiry.at / 1000);
}

static void show_expiries(struct router *router, const struct target *target)
{
    if (!target->destination || !target->destination->kheops)
        return;
    if (!target->album) {
        show_expiry(router, target, WORK_TOKEN_STOW, "stow");
        return;
    }
    show_expiry(router, target, WORK_TOKEN_DESTINATION, "destination");
    show_expiry(router, target, WORK_TOKEN_SOURCE, "source");
}

static void show_states(struct router *router)
{
    struct gauges *gauges = router->gauges;
    static const char *const names[] = {"up", "backing_off", "blocked", "held", "not_configured", "closed"};
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        size_t state = target->row.held ? 3 : (size_t)target->row.state;
        if (!target->destination)
            state = 4;
        else if (target->closed && state == (size_t)TARGET_UP)
            state = 5;
        for (size_t s = 0; s < sizeof names / sizeof *names; s++) {
            const char *labels[] = {target->row.destination, target->row.album, names[s]};
            metric_set(gauges->states, labels, s == state);
        }
        show_standing(router, target);
        show_expiries(router, target);
    }
}

/* How many workers lack something for such requests to a target. */
struct lacking {
    struct crew_duty duty;
    int workers;
};

static void count_rest(void *context, const struct seat *seat, const struct rest *rest)
{
    struct lacking *lacking = context;
    (void)seat;
    lacking->workers += rest->duty.stage == lacking->duty.stage &&
                        rest->duty.destination_id == lacking->duty.destination_id &&
                        rest->duty.album_id == lacking->duty.album_id;
}

static void show_rests(struct router *router)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        for (int stage = 0; stage < WORK_STAGES; stage++) {
            const char *labels[] = {target->row.destination, target->row.album,
                                    work_stage_name((enum work_stage)stage)};
            struct lacking lacking = {
                .duty = {(enum work_stage)stage, target->row.destination_id, target->row.album_id}};
            if ((target->row.album_id != 0) != (stage == WORK_SHARE) || stage == WORK_INQUIRE)
                continue;
            crew_each_rest(router->crew, count_rest, &lacking);
            metric_set(router->gauges->resting, labels, lacking.workers);
        }
    }
}

static void show_crew(struct router *router)
{
    struct gauges *gauges = router->gauges;
    for (int stage = 0; stage < WORK_STAGES; stage++) {
        const char *labels[] = {work_stage_name((enum work_stage)stage)};
        size_t works = 0;
        for (const struct lease *lease = crew_leases(router->crew); lease; lease = lease->next)
            works += lease->batch.stage == (enum work_stage)stage;
        metric_set(gauges->works, labels, (double)works);
        if (work_stage_worker((enum work_stage)stage) == (enum work_stage)stage)
            metric_set(gauges->workers, labels, (double)crew_size(router->crew, (enum work_stage)stage));
    }
    show_rests(router);
    metric_set(gauges->intake, NULL, (double)intake_waiting(router));
}

static void show_commitment(void *context, const char *state, int64_t count)
{
    const struct router *router = context;
    metric_set(router->gauges->commitments, (const char *const[]){state}, (double)count);
}

/* A state that nothing is in has no row. */
static void show_commitments(struct router *router)
{
    static const char *const states[] = {"waiting", "queued", "reporting", "failed"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        show_commitment(router, states[i], 0);
    jobdb_each_commitment_count(router->db, show_commitment, router);
    int64_t resting, held;
    jobdb_count_troubled_requesters(router->db, &resting, &held);
    metric_set(router->gauges->requesters, (const char *const[]){"resting"}, (double)resting);
    metric_set(router->gauges->requesters, (const char *const[]){"held"}, (double)held);
}

static void show_disk(struct router *router)
{
    struct gauges *gauges = router->gauges;
    static const enum spool_place places[] = {SPOOL_QUEUE, SPOOL_QUARANTINE, SPOOL_KEPT, SPOOL_DROPPED};
    struct spool_room room;
    int64_t database, wal;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *labels[] = {spool_place_name(places[i])};
        struct jobdb_volume volume = jobdb_spool_volume(router->db, places[i]);
        metric_set(gauges->spool_files, labels, (double)volume.files);
        metric_set(gauges->spool_bytes, labels, (double)volume.bytes);
    }
    if (spool_room(router->spool, &room) == 0) {
        metric_set(gauges->free_bytes, NULL, (double)room.bytes);
        metric_set(gauges->free_files, NULL, (double)room.files);
    }
    metric_set(gauges->overfull, NULL, (double)quarantine_overfull(router->quarantine));
    jobdb_file_sizes(router->config->state_dir, &database, &wal);
    metric_set(gauges->database, NULL, (double)database);
    metric_set(gauges->wal, NULL, (double)wal);
}

void gauges_clear(struct gauges *gauges)
{
    struct metric *const of_targets[] = {gauges->jobs,  gauges->ages,   gauges->states, gauges->since,
                                         gauges->empty, gauges->tokens, gauges->expiry, gauges->resting};
    for (size_t i = 0; i < sizeof of_targets / sizeof *of_targets; i++)
        metric_clear(of_targets[i]);
    gauges->refresh_at = 0;
}

void gauges_turn(struct router *router)
{
    struct gauges *gauges = router->gauges;
    if (router->monotonic < gauges->refresh_at)
        return;
    gauges->refresh_at = router->monotonic + REFRESH_MS;
    jobdb_each_depth(router->db, show_depth, router);
    show_states(router);
    asked_show(router);
    show_crew(router);
    show_commitments(router);
    show_disk(router);
}
