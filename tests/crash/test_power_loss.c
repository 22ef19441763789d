/* Power loss. SIGKILL leaves what the kernel has in its memory, so it cannot see a missing fsync; here the
 * state directory is on a disk of its own, which is copied while studies arrive and are delivered. The
 * copy is what a power failure at that moment leaves. Felucca goes on from it, and everything that was
 * acknowledged before has to be delivered, every share made, no job stuck.
 *
 * Where no disk can be mounted the power failure is emulated: of what was written, only what was flushed is
 * left (shadow.h). A few of these run everywhere.
 *
 * That the test can fail is tested as well, in both ways: with receivers whose fsync does nothing,
 * acknowledged instances must be found missing; and with a router whose database is not flushed, jobs must be
 * found failed. */
#include "tests/support/scene.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/disk.h"
#include "tests/support/files.h"
#include "tests/support/sabotage.h"
#include "tests/support/shadow.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { DISK_BYTES = 448 << 20, SERIES = 2, INSTANCES = 60, FILE_BYTES = 12 << 10, CONTROLS = 5, WORDS = 12 };

static struct scene scene;
static struct disk *disk;     /* either this, */
static struct shadow *shadow; /* or this */
static struct sabotage *sabotage;

static void equip(enum pipeline_stage stage)
{
    static const char *words[PIPELINE_STAGES][WORDS];
    const char **end = words[stage];
    for (const char *const *word = sabotage_environment(sabotage); *word; word++)
        *end++ = *word;
    if (shadow)
        shadow_words(shadow, end);
    pipeline_equip(scene.pipeline, stage, words[stage], NULL);
}

enum power { POWER_REAL, POWER_EMULATED };

/* POWER_REAL: where there are loop devices. Nothing is started yet but KHEOPS. */
static void set_up(enum power power)
{
    scene_open(&scene);
    const char *state = sandbox_path(scene.sandbox, "state");
    if (power == POWER_REAL)
        disk = disk_create(scene.sandbox, state, DISK_BYTES);
    if (!disk)
        shadow = shadow_create(scene.sandbox, state);
    /* Small batches, so that the middle of the study lasts. */
    /* The library that is loaded before asks the kernel for more than the receiver may. */
    scene_set_up(&scene, "sandbox: off\nsender: { slots: 2, batch_instances: 2 }\n");
    sabotage = sabotage_create(scene.sandbox);
    equip(PIPELINE_RECEIVER);
    equip(PIPELINE_ROUTER);
    printf("power failures are %s\n", disk ? "those of a disk" : "emulated");
}

static void tear_down(void)
{
    pipeline_destroy(&scene.pipeline);
    sabotage_destroy(&sabotage);
    disk_destroy(&disk);
    shadow_destroy(&shadow);
    scene_close(&scene);
}

/* ---- what is left of what was acknowledged ---- */

struct search {
    const char *uid, *source; /* the file that was sent */
    bool found;
};

static void look_at(void *context, const char *path)
{
    struct search *search = context;
    AUTO(text_release) struct text content = TEXT_EMPTY;
    if (search->found || !string_ends_with(path, ".dcm"))
        return;
    file_read(path, &content);
    search->found = content.length > 0 &&
                    memmem(content.bytes, content.length, search->uid, strlen(search->uid)) &&
                    files_same_data_set(search->source, path);
}

struct survey {
    const struct scene_instances *acknowledged;
    size_t lost, waiting; /* waiting: in the spool and not delivered */
};

static bool is_among(const struct scene_instances *instances, const char *uid)
{
    for (size_t i = 0; i < instances->count; i++)
        if (strcmp(instances->uids[i], uid) == 0)
            return true;
    return false;
}

/* An acknowledged instance has to be at KHEOPS, or whole in the spool. */
static void survey_file(void *context, const char *uid, const char *path)
{
    struct survey *survey = context;
    struct search search = {uid, path, false};
    if (!is_among(survey->acknowledged, uid) || scene_has(&scene, uid))
        return;
    AUTO(text_release) struct text spool = TEXT_EMPTY;
    text_format(&spool, "%s/spool", pipeline_state_dir(scene.pipeline));
    folder_walk(text_string(&spool), look_at, &search);
    survey->waiting += search.found;
    survey->lost += !search.found;
}

/* The power fails: what the disk has at this moment is all that is left. */
static void lose_power(uint64_t seed, struct process *storescu)
{
    if (disk) {
        const char *image = sandbox_path(scene.sandbox, "image-%llu", (unsigned long long)seed);
        pipeline_freeze_all(scene.pipeline);
        pipeline_check(scene.pipeline, disk_copy(disk, image), "the disk does not stand still");
        pipeline_kill_all(scene.pipeline);
        disk_replace(disk, image);
    } else {
        shadow_lose_power(shadow, scene.pipeline);
    }
    if (storescu)
        process_kill(storescu);
}

/* ---- five times in a row: each time before the work that the last one left is done ---- */

struct wish {
    const char *output;
    uint64_t seed;
    size_t count;
};

static bool enough_acknowledged(void *context)
{
    const struct wish *wish = context;
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    if (file_exists(wish->output))
        scene_acknowledged(wish->output, wish->seed, &acknowledged, NULL);
    return acknowledged.count >= wish->count;
}

/* How many instances of the study are acknowledged, and at KHEOPS over all studies, before the cut. */
static const struct cut_row {
    size_t acknowledged;
    int64_t delivered;
} cuts[] = {{1, 0}, {15, 5}, {40, 1}, {80, 30}, {SERIES * INSTANCES, 20}};

static const struct survival_row {
    enum power power;
    size_t first, end; /* of the cuts; few where it is emulated beside the real one */
} survival_rows[] = {{POWER_REAL, 0, ROWS(cuts)}, {POWER_EMULATED, 3, 4}};

static bool enough_delivered(void *context)
{
    return simulator_count(scene.kheops, "instances") >= *(int64_t *)context;
}

static void cut_once(const struct cut_row *row, uint64_t seed, struct scene_instances *acknowledged)
{
    struct survey survey = {acknowledged, 0, 0};
    const char *output = sandbox_path(scene.sandbox, "storescu-%llu.log", (unsigned long long)seed);
    int64_t delivered = simulator_count(scene.kheops, "instances") + row->delivered;
    struct wish wish = {output, seed, row->acknowledged};
    AUTO(process_destroy)
    struct process *storescu =
        scene_send_start(&scene, scene_study(&scene, seed, SERIES, INSTANCES, FILE_BYTES), output);
    pipeline_check(scene.pipeline, wait_until(enough_acknowledged, &wish, SCENE_PATIENCE_MS),
                   "nothing is acknowledged");
    pipeline_check(scene.pipeline, wait_until(enough_delivered, &delivered, SCENE_PATIENCE_MS),
                   "nothing is delivered");
    scene_acknowledged(output, seed, acknowledged, NULL);
    lose_power(seed, storescu);
    scene_each_file(&scene, survey_file, &survey);
    printf("power cut %llu: %zu acknowledged, %zu of them still to be delivered, %zu lost\n",
           (unsigned long long)seed, acknowledged->count, survey.waiting, survey.lost);
    pipeline_check(scene.pipeline, survey.lost == 0, "an acknowledged instance is not on the disk");
    pipeline_start_all_again(scene.pipeline);
}

START_TEST(what_was_acknowledged_survives)
{
    const struct survival_row *row = &survival_rows[_i];
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    set_up(row->power);
    /* Recording makes the receiver slow; deliveries shall be slower. */
    simulator_order(scene.kheops, "/sim/config", disk ? "{\"delay_ms\": 40}" : "{\"delay_ms\": 400}");
    pipeline_start_all(scene.pipeline);
    for (size_t i = row->first; i < row->end; i++)
        cut_once(&cuts[i], i + 1, &acknowledged);
    simulator_order(scene.kheops, "/sim/config", "{\"delay_ms\": 0}");
    scene_wait_done(&scene, &acknowledged);
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* ---- without fsync ---- */

static const struct control_row {
    const char *label;
    enum power power;
    const char *patterns; /* of what is not flushed, NULL: everything is */
    size_t lost;          /* at least */
} control_rows[] = {
    {"as it is", POWER_REAL, NULL, 0},
    {"files are not flushed", POWER_REAL, "*/incoming/*.part", 5},
    {"the folder is not flushed", POWER_REAL, "*/incoming", 1},
    {"nothing is flushed", POWER_REAL, "*/incoming*", 5},
    /* The emulation is exact; that nothing is lost as it is shows above. */
    {"emulated, files are not flushed", POWER_EMULATED, "*/incoming/*.part", 10},
    {"emulated, the folder is not flushed", POWER_EMULATED, "*/incoming", 10},
};

/* Sends a study to a receiver alone and loses power right after the last acknowledgement. */
static size_t lose_at_the_end(const struct control_row *row, uint64_t seed)
{
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    struct survey survey = {&acknowledged, 0, 0};
    const char *output = sandbox_path(scene.sandbox, "storescu-%llu.log", (unsigned long long)seed);
    const char *folder = scene_study(&scene, seed, 1, 10, FILE_BYTES);
    if (row->patterns)
        sabotage_begin(sabotage, INJECT_SYNC, row->patterns, 0, 0);
    pipeline_check(scene.pipeline, scene_send(&scene, folder, output), "storescu failed");
    scene_acknowledged(output, seed, &acknowledged, NULL);
    lose_power(seed, NULL);
    sabotage_end(sabotage);
    pipeline_check(scene.pipeline, !row->patterns || sabotage_met(sabotage) > 0, "nothing went unflushed");
    ck_assert_uint_eq(acknowledged.count, 10);
    scene_each_file(&scene, survey_file, &survey);
    return survey.lost;
}

/* The kernel may flush by itself, when it wants to or when somebody calls sync(): then once more. */
START_TEST(without_fsync_the_loss_is_seen)
{
    const struct control_row *row = &control_rows[_i];
    size_t lost = 0;
    set_up(row->power);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    for (uint64_t seed = 1; seed <= CONTROLS; seed++) {
        lost = lose_at_the_end(row, seed);
        printf("%s: %zu of 10 lost\n", row->label, lost);
        if (!row->patterns || lost >= row->lost)
            break;
        pipeline_start_all_again(scene.pipeline);
    }
    ck_assert_msg(row->patterns ? lost >= row->lost : lost == 0, "%s: %zu lost", row->label, lost);
}
END_TEST

/* ---- a database that is not flushed ---- */

static bool all_in_queue(void *context)
{
    (void)context;
    return folder_count(sandbox_path(scene.sandbox, "state/spool/queue"), ".dcm") == 10;
}

static bool any_failed(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    static const char *const words[] = {"jobs", "--state", "failed", "--json", NULL};
    int status = scene_felucca(&scene, words, &output);
    pipeline_check(scene.pipeline, status == 0 || status == 1, text_string(&output));
    return status == 0; /* 1: there is none */
}

/* Everything is delivered and deleted, one more instance makes that durable on the disk, and the power fails.
 * Is the database behind, it believes in files that are gone. */
static bool fails_after_power_loss(bool flushed, uint64_t seed)
{
    AUTO(scene_instances_release) struct scene_instances first = SCENE_INSTANCES_EMPTY;
    const char *output = sandbox_path(scene.sandbox, "storescu.log");
    simulator_order(scene.kheops, "/sim/away", "{\"away\": true}");
    pipeline_check(scene.pipeline, scene_send(&scene, scene_study(&scene, seed, 1, 10, FILE_BYTES), output),
                   "storescu failed");
    pipeline_check(scene.pipeline, wait_until(all_in_queue, NULL, SCENE_PATIENCE_MS), "not taken in");
    if (!flushed)
        sabotage_begin(sabotage, INJECT_SYNC, "*/jobs.db*", 0, 0);
    simulator_order(scene.kheops, "/sim/away", "{\"away\": false}");
    scene_wait_done(&scene, &first);
    simulator_order(scene.kheops, "/sim/away", "{\"away\": true}");
    pipeline_check(scene.pipeline,
                   scene_send(&scene, scene_study(&scene, seed + 1, 1, 1, FILE_BYTES), output),
                   "storescu failed");
    lose_power(seed, NULL);
    pipeline_check(scene.pipeline, flushed || sabotage_met(sabotage) > 0, "the database was flushed");
    sabotage_end(sabotage);
    simulator_order(scene.kheops, "/sim/away", "{\"away\": false}");
    pipeline_start_all_again(scene.pipeline);
    pipeline_check(scene.pipeline, pipeline_wait_drained(scene.pipeline, SCENE_PATIENCE_MS),
                   "the spool is not empty");
    return any_failed();
}

static const struct database_row {
    enum power power;
    bool flushed;
} database_rows[] = {{POWER_REAL, true}, {POWER_REAL, false}, {POWER_EMULATED, false}};

START_TEST(without_a_flushed_database_jobs_fail)
{
    bool flushed = database_rows[_i].flushed, failed = false;
    set_up(database_rows[_i].power);
    pipeline_start_all(scene.pipeline);
    for (uint64_t i = 0; i < CONTROLS && !failed && (i == 0 || !flushed); i++)
        failed = fails_after_power_loss(flushed, 2 * i + 1);
    ck_assert_msg(failed != flushed, flushed ? "a job failed" : "no job failed: the test sees nothing");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("power_loss");
    tests_abreast(tests, 3);
    tests_timeout(tests, 500);
    tests_fixture(tests, NULL, tear_down);
    tests_rows(tests, what_was_acknowledged_survives, ROWS(survival_rows));
    tests_rows(tests, without_fsync_the_loss_is_seen, ROWS(control_rows));
    tests_rows(tests, without_a_flushed_database_jobs_fail, ROWS(database_rows));
    return tests_run(tests);
}
