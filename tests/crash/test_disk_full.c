/* A disk that is really full: the state directory is on a small one of its own, which the
 * test fills up. */
#include "tests/support/scene.h"

#include "common/base/cleanup.h"
#include "common/spool/spool.h"
#include "tests/support/deadline.h"
#include "tests/support/disk.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DISK_BYTES = 448 << 20,
    FLOOR = 256 << 20, /* receiver.min_free_space */
    ROOM = 3 << 20,    /* above the floor */
    INSTANCES = 100,
    FILE_BYTES = 64 << 10,
    HALF = 2 << 20, /* of an instance; the receiver looks at the floor every 8 MiB only */
    PATIENCE_MS = SCENE_PATIENCE_MS
};

static struct scene scene;
static struct disk *disk;
static struct process *up;

static void set_up(void)
{
    scene_open(&scene);
    disk = disk_create(scene.sandbox, sandbox_path(scene.sandbox, "state"), DISK_BYTES);
    if (!disk)
        fprintf(stderr, "SKIPPED, this proves nothing here\n");
    scene_set_up(&scene, NULL);
}

static void tear_down(void)
{
    process_destroy(&up);
    pipeline_destroy(&scene.pipeline);
    disk_destroy(&disk);
    scene_close(&scene);
}

static const char *incoming(void)
{
    return sandbox_path(scene.sandbox, "state/spool/incoming");
}

static bool no_partial_file(void *context)
{
    (void)context;
    return folder_count(incoming(), ".part") == 0;
}

/* ---- all processes, under felucca up ---- */

static size_t count_in_log(const char *what)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    size_t count = 0;
    file_read(sandbox_path(scene.sandbox, "up.log"), &log);
    for (const char *at = text_string(&log); (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

struct wish {
    const char *what;
    size_t count;
};

static bool is_in_log(void *context)
{
    const struct wish *wish = context;
    return count_in_log(wish->what) >= wish->count;
}

static void wait_log(const char *what, size_t count)
{
    struct wish wish = {what, count};
    bool found = wait_until(is_in_log, &wish, PATIENCE_MS);
    if (!found) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(sandbox_path(scene.sandbox, "up.log"), &log);
        fprintf(stderr, "%s\n", text_string(&log));
    }
    ck_assert_msg(found, "up's log does not have %zu times: %s", count, what);
}

static void start_up(void)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca", "up", "--config", pipeline_config(scene.pipeline),
                                NULL};
    struct process_options how = {.output = sandbox_path(scene.sandbox, "up.log")};
    up = process_start(argv, &how);
    ck_assert_msg(port_wait(pipeline_port(scene.pipeline), PATIENCE_MS), "the receiver does not accept");
}

/* The operator's tool still reads. */
static void check_status(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    static const char *const words[] = {"status", NULL};
    int status = scene_felucca(&scene, words, &output);
    ck_assert_msg(status == 0 && strstr(text_string(&output), "kheops-main") &&
                      strstr(text_string(&output), " free"),
                  "status: %d, %s", status, text_string(&output));
}

/* How many of a study are acknowledged until one is refused; nothing is left of that one. */
static void send_until_refused(uint64_t seed, struct scene_instances *acknowledged)
{
    size_t refused = 0;
    const char *output = sandbox_path(scene.sandbox, "refused-%llu.log", (unsigned long long)seed);
    bool taken = scene_send(&scene, scene_study(&scene, seed, 1, INSTANCES, FILE_BYTES), output);
    scene_acknowledged(output, seed, acknowledged, &refused);
    ck_assert_msg(!taken && refused == 1, "seed %llu: %zu refused", (unsigned long long)seed, refused);
    AUTO(text_release) struct text said = TEXT_EMPTY;
    file_read(output, &said);
    ck_assert_ptr_nonnull(strstr(text_string(&said), "OutOfResources"));
    ck_assert_msg(wait_until(no_partial_file, NULL, PATIENCE_MS), "a partial file is left");
}

static void find_broken(void *context, const char *path)
{
    *(bool *)context = *(bool *)context || strstr(path, "/jobs.db.broken");
}

static bool database_set_aside(void)
{
    bool found = false;
    folder_walk(pipeline_state_dir(scene.pipeline), find_broken, &found);
    return found;
}

START_TEST(nothing_is_lost_when_the_disk_is_full)
{
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    if (!disk)
        return;
    simulator_order(scene.kheops, "/sim/away", "{\"away\": true}");
    start_up();
    disk_fill(disk, FLOOR + ROOM);
    send_until_refused(1, &acknowledged);
    size_t first = acknowledged.count;
    ck_assert_msg(first > 0 && first < INSTANCES, "%zu acknowledged", first);
    /* Nothing at all is free: the router cannot commit; started again, it cannot even open its database. */
    disk_fill(disk, 0);
    wait_log("ended without being asked name=router", 2);
    ck_assert_uint_ge(count_in_log("status=75"), 2);
    send_until_refused(2, &acknowledged);
    ck_assert_uint_eq(acknowledged.count, first);
    check_status();
    ck_assert_msg(!database_set_aside(), "a full disk is taken for a damaged database");
    /* Space again, and KHEOPS too. */
    disk_free(disk);
    simulator_order(scene.kheops, "/sim/away", "{\"away\": false}");
    scene_wait_done(&scene, &acknowledged);
    ck_assert(scene_send(&scene, scene.studies[0].folder, sandbox_path(scene.sandbox, "again.log")));
    scene_acknowledged(sandbox_path(scene.sandbox, "again.log"), 1, &acknowledged, NULL);
    ck_assert_uint_eq(acknowledged.count, first + INSTANCES);
    scene_wait_done(&scene, &acknowledged);
    ck_assert_int_eq(process_end(up, PATIENCE_MS), 0);
}
END_TEST

/* ---- one instance, filled up in its middle ---- */

static const char sop_class[] = "1.2.840.10008.5.1.4.1.1.2";

static enum dul_pdu say(int socket, const struct text *bytes, struct text *ret_answer)
{
    ck_assert_int_eq(send(socket, bytes->bytes, bytes->length, MSG_NOSIGNAL), (ssize_t)bytes->length);
    return ret_answer ? dul_read(socket, PATIENCE_MS, ret_answer) : DUL_TIMEOUT;
}

static int associate(void)
{
    static const struct dul_context context = {1, sop_class, {"1.2.840.10008.1.2"}};
    AUTO(text_release) struct text request = TEXT_EMPTY, answer = TEXT_EMPTY;
    int socket = port_connect(pipeline_port(scene.pipeline));
    dul_append_request(&request, "FELUCCA", "MODALITY", &context, 1);
    ck_assert_int_eq(say(socket, &request, &answer), DUL_ASSOCIATE_AC);
    return socket;
}

/* A command and the first half of a data set, or its second half. */
static void append_half(struct text *out, int half, uint16_t message_id)
{
    static char bytes[16000];
    struct dul_command command = {1, message_id, sop_class, "2.25.77", 0, true};
    if (half == 0)
        dul_append_command(out, 1, &command);
    for (int sent = 0; sent < HALF; sent += (int)sizeof bytes)
        dul_append_data(out, 1, bytes, sizeof bytes, half == 1 && sent + (int)sizeof bytes >= HALF);
}

static void find_partial(void *context, const char *path)
{
    if (string_ends_with(path, ".part"))
        *(int64_t *)context = file_size(path);
}

static bool half_is_written(void *context)
{
    int64_t size = 0;
    (void)context;
    folder_walk(incoming(), find_partial, &size);
    return size >= HALF / 2;
}

START_TEST(an_instance_that_fills_the_disk_is_refused)
{
    AUTO(text_release) struct text first = TEXT_EMPTY, second = TEXT_EMPTY, answer = TEXT_EMPTY;
    if (!disk)
        return;
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    AUTO(fd_close) int socket = associate();
    append_half(&first, 0, 1);
    append_half(&second, 1, 1);
    say(socket, &first, NULL);
    ck_assert_msg(wait_until(half_is_written, NULL, PATIENCE_MS), "nothing is written");
    disk_fill(disk, 0);
    ck_assert_int_eq(say(socket, &second, &answer), DUL_DATA);
    ck_assert_int_eq(dul_status(&answer), 0xA700);
    ck_assert_uint_eq(folder_count(incoming(), ""), 0);
    /* The association is as good as before. */
    disk_free(disk);
    say(socket, &first, NULL);
    ck_assert_int_eq(say(socket, &second, &answer), DUL_DATA);
    ck_assert_int_eq(dul_status(&answer), 0);
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 1);
    fd_close(&socket);
    ck_assert_msg(wait_until(no_partial_file, NULL, PATIENCE_MS), "a partial file is left");
    pipeline_stop_all(scene.pipeline);
}
END_TEST

/* ---- no more files ---- */

/* Association, one small instance, and what is answered. */
static uint16_t store_small(void)
{
    AUTO(text_release) struct text message = TEXT_EMPTY, answer = TEXT_EMPTY;
    static const char bytes[64];
    const struct dul_command command = {1, 1, sop_class, "2.25.77", 0, true};
    AUTO(fd_close) int socket = associate();
    dul_append_command(&message, 1, &command);
    dul_append_data(&message, 1, bytes, sizeof bytes, true);
    ck_assert_int_eq(say(socket, &message, &answer), DUL_DATA);
    return (uint16_t)dul_status(&answer);
}

static bool is_ready(void *status)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    return pipeline_page(scene.pipeline, PIPELINE_RECEIVER, 0, "/readyz", &body) == *(int *)status;
}

/* There is space enough all the time. */
START_TEST(a_disk_that_takes_few_more_files_is_full)
{
    int ready = 200, busy = 503;
    if (!disk)
        return;
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    ck_assert_msg(wait_until(is_ready, &ready, PATIENCE_MS), "the receiver is not ready");
    ck_assert_int_eq(store_small(), 0);
    /* What the first instance still holds open may come free meanwhile. */
    disk_take_files(disk, SPOOL_FILES_LEAST - 20);
    ck_assert_int_eq(store_small(), 0xA700);
    ck_assert_msg(wait_until(is_ready, &busy, PATIENCE_MS), "the receiver says that it is ready");
    disk_give_files(disk, SPOOL_FILES_LEAST / 10);
    ck_assert_int_eq(store_small(), 0);
    ck_assert_msg(wait_until(is_ready, &ready, PATIENCE_MS), "the receiver is not ready again");
    ck_assert_uint_eq(folder_count(incoming(), ".dcm"), 2);
    pipeline_stop_all(scene.pipeline);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("disk_full");
    tests_timeout(tests, 400);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, nothing_is_lost_when_the_disk_is_full);
    tests_add(tests, an_instance_that_fills_the_disk_is_refused);
    tests_add(tests, a_disk_that_takes_few_more_files_is_full);
    return tests_run(tests);
}
