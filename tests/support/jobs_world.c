#include "tests/support/jobs_world.h"

#include "common/base/cleanup.h"
#include "common/jobs/check.h"
#include "common/jobs/connection.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/intake.h"
#include "common/jobs/outcome.h"
#include "common/jobs/read.h"
#include "common/jobs/target.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

struct world world;

static struct sandbox *sandbox;
static int receipts, works;

/* ---- beginning and end ---- */

static void learn_ids(void *context, struct jobdb_target *target)
{
    (void)context;
    if (target->album)
        *(strcmp(target->album, "ct") == 0 ? &world.ct_album : &world.mr_album) = target->album_id;
    else
        *(strcmp(target->destination, "main") == 0 ? &world.main_id : &world.other_id) =
            target->destination_id;
    jobdb_target_release(target);
}

const char *world_folder(void)
{
    return sandbox_folder(sandbox);
}

void world_open(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    ck_assert_msg(jobdb_open(world_folder(), &world.db, &reason) == 0, "%s", text_string(&reason));
}

void world_set_up(void)
{
    world = (struct world){0};
    receipts = works = 0;
    sandbox = sandbox_create();
    world_open();
    jobdb_configure(world.db, "main", NULL, "https://a:443");
    jobdb_configure(world.db, "other", NULL, "https://b:443");
    jobdb_configure(world.db, "main", "ct", NULL);
    jobdb_configure(world.db, "main", "mr", NULL);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_each_target(world.db, learn_ids, NULL);
}

static void show_problem(void *context, const char *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s\n", problem);
}

void world_tear_down(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    jobdb_destroy(&world.db);
    if (jobdb_open_reader(world_folder(), &world.db, &reason) == 0)
        ck_assert_int_eq(jobdb_check(world.db, show_problem, NULL), 0);
    jobdb_destroy(&world.db);
    sandbox_destroy(&sandbox);
}

/* ---- what comes and goes ---- */

const char *world_next_receipt(char *buffer)
{
    (void)snprintf(buffer, RECEIPT_SIZE, "%032x", (unsigned)++receipts);
    return buffer;
}

void world_take_in(const char *study, const char *series, const char *sop, int64_t album, bool urgent)
{
    char receipt[RECEIPT_SIZE];
    struct jobdb_decision decision = {
        .destination_id = world.main_id, .takes = true, .albums = &album, .album_count = album ? 1 : 0};
    struct jobdb_instance instance = {.receipt = world_next_receipt(receipt),
                                      .study = study,
                                      .series = series,
                                      .sop_instance = sop,
                                      .sop_class = "1.2",
                                      .transfer_syntax = "1.2.840.10008.1.2",
                                      .size = 1000,
                                      .received_at = WORLD_NOW,
                                      .urgent = urgent};
    jobdb_take_in(world.db, &instance, &decision, 1, WORLD_NOW, 0);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}

bool world_pick(int64_t now, size_t most, struct jobdb_batch *batch)
{
    const struct jobdb_appetite appetite = {most, 1 << 20, world.wary};
    struct jobdb_lane lane;
    *batch = (struct jobdb_batch){0};
    (void)snprintf(batch->work, sizeof batch->work, "w-%d", ++works);
    (void)jobdb_wake_lanes(world.db, now);
    return jobdb_pick_lane(world.db, world.main_id, &lane) &&
           jobdb_pick_batch(world.db, &lane, world.main_id, &appetite, now, batch);
}

void world_end(struct jobdb_batch *batch, enum cause cause, int64_t due_at)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct jobdb_outcome outcome = {
            .cause = cause, .now = WORLD_NOW, .due_at = due_at, .keep_until = WORLD_NOW};
        ck_assert(jobdb_move_delivery(world.db, batch, &batch->items[i], &outcome, NULL, NULL));
    }
    jobdb_end_batch(world.db, batch, WORLD_NOW);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_batch_release(batch);
}

void world_store(const char *study, const char *series, const char *sop, int64_t album)
{
    struct jobdb_batch batch;
    world_take_in(study, series, sop, album, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
}

/* ---- what there is ---- */

struct search {
    const char *album; /* "": the destination itself */
    struct world_status found;
};

static void find_status(void *context, const struct jobdb_status_row *row)
{
    struct search *search = context;
    if (strcmp(row->destination, "main") == 0 && strcmp(row->album ? row->album : "", search->album) == 0)
        search->found =
            (struct world_status){row->waiting, row->queued, row->deferred, row->in_flight, row->failed};
}

struct world_status world_status(const char *album)
{
    struct search search = {album ? album : "", {-1, -1, -1, -1, -1}};
    ck_assert_int_eq(jobdb_read_status(world.db, find_status, &search), 0);
    return search.found;
}

struct count {
    const char *kind;
    int jobs;
};

static void count_job(void *context, const struct jobdb_job_row *row)
{
    struct count *count = context;
    count->jobs += strcmp(row->kind, count->kind) == 0;
}

int world_count_jobs(const char *kind)
{
    struct jobdb_filter filter = {0};
    struct count count = {kind, 0};
    ck_assert_int_eq(jobdb_read_jobs(world.db, &filter, count_job, &count), 0);
    return count.jobs;
}
