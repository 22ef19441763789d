/* Final states are durable before a file is deleted: proved on the system calls of the real router.
 *
 * The trace holds every byte that the router wrote to its database, and every flush. So the database can be
 * made again as it was on the disk, at the least, at any moment: what was written before a flush that had
 * succeeded by then, and nothing else. At each deletion of a spool file that database must say that the
 * instance is done; at each move out of incoming/ it must know the instance. That the proof can fail is
 * tested too, with traces of the same run in which two calls changed places, or flushes are missing. */
#include "tests/support/trace.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/receipt.h"
#include "common/jobs/intake.h"
#include "common/jobs/jobdb.h"
#include "tests/support/files.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 2, INSTANCES = 12, EXIT_MS = 30000 };

static const char filter[] =
    "openat,write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,"
    "renameat,renameat2,unlink,unlinkat";

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
    scene_set_up(&scene, NULL);
}

static void tear_down(void)
{
    scene_close(&scene);
}

/* ---- the database on the disk ---- */

enum { DATABASE, LOG, FILES };

static const char *const file_names[FILES] = {"/jobs.db", "/jobs.db-wal"};

struct disk {
    struct text written[FILES], durable[FILES];
    unsigned copies;
};

static void disk_release(struct disk *disk)
{
    for (int i = 0; i < FILES; i++) {
        text_release(&disk->written[i]);
        text_release(&disk->durable[i]);
    }
}

static void set_length(struct text *file, size_t length)
{
    while (file->length < length)
        text_append_char(file, '\0');
    file->length = length;
}

static void write_at(struct text *file, size_t offset, const struct text *bytes)
{
    if (file->length < offset + bytes->length)
        set_length(file, offset + bytes->length);
    if (bytes->length > 0)
        memcpy(file->bytes + offset, bytes->bytes, bytes->length);
}

/* What the call did to the database's files. */
static void replay(struct disk *disk, const struct trace_call *call)
{
    int file = 0;
    while (file < FILES && !string_ends_with(call->path, file_names[file]))
        file++;
    if (file == FILES || call->result < 0)
        return;
    if (strcmp(call->name, "pwrite64") == 0) {
        ck_assert_int_eq((int64_t)call->strings[0].length, call->result); /* strace cut nothing off */
        write_at(&disk->written[file], (size_t)call->last, &call->strings[0]);
    } else if (strcmp(call->name, "ftruncate") == 0) {
        set_length(&disk->written[file], (size_t)call->last);
    } else if (strcmp(call->name, "fsync") == 0 || strcmp(call->name, "fdatasync") == 0) {
        text_clear(&disk->durable[file]);
        text_append_bytes(&disk->durable[file], disk->written[file].bytes, disk->written[file].length);
    } else {
        ck_assert_msg(strcmp(call->name, "openat") == 0, "%s of the database is not replayed", call->name);
    }
}

/* Whether the database on the disk knows the receipt; and its state there. */
static bool disk_knows(struct disk *disk, const char *receipt, enum instance_state *ret_state)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(scene.sandbox, "replay/%u", disk->copies++);
    enum spool_place place;
    bool gone;
    for (int i = 0; i < FILES; i++) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s%s", folder, file_names[i]);
        file_write(text_string(&path), disk->durable[i].bytes, disk->durable[i].length);
    }
    bool known =
        jobdb_open_reader(folder, &db, &reason) == 0 && jobdb_knows(db, receipt, ret_state, &place, &gone);
    jobdb_destroy(&db);
    folder_remove(folder);
    return known;
}

/* ---- what happens to spool files ---- */

struct finding {
    size_t deleted, moved;  /* proved */
    const char *wrong;      /* the first sentence */
    size_t deletion, flush; /* calls: the first deletion, and the flush before it */
};

static bool is_receipt_file(const struct text *name)
{
    AUTO(memory_free) char *stem = memory_string_n(text_string(name), strcspn(text_string(name), "."));
    return receipt_is_valid(stem) && string_ends_with(text_string(name), ".dcm");
}

static void judge(struct disk *disk, const struct trace_call *call, struct finding *finding)
{
    char receipt[RECEIPT_SIZE] = "";
    enum instance_state state = INSTANCE_ACTIVE;
    memcpy(receipt, call->strings[0].bytes, RECEIPT_LENGTH);
    bool known = disk_knows(disk, receipt, &state);
    bool deletion = string_starts_with(call->name, "unlink");
    if (!known)
        finding->wrong = deletion ? "a file is deleted of which the disk knows nothing"
                                  : "a file is moved of which the disk knows nothing";
    else if (deletion && state != INSTANCE_DONE)
        finding->wrong = "a file is deleted whose final state is not on the disk";
    else if (deletion)
        finding->deleted++;
    else
        finding->moved++;
}

static void examine(const struct trace *trace, struct finding *ret_finding)
{
    AUTO(disk_release) struct disk disk = {0};
    size_t flush = 0;
    *ret_finding = (struct finding){0};
    for (size_t i = 0; i < trace->count && !ret_finding->wrong; i++) {
        const struct trace_call *call = &trace->calls[i];
        bool changes_name =
            string_starts_with(call->name, "unlink") || string_starts_with(call->name, "rename");
        replay(&disk, call);
        if (strcmp(call->name, "fdatasync") == 0 && string_ends_with(call->path, file_names[LOG]))
            flush = i;
        if (!changes_name || call->result != 0 || !is_receipt_file(&call->strings[0]))
            continue;
        if (string_starts_with(call->name, "unlink") && ret_finding->deleted == 0) {
            ret_finding->deletion = i;
            ret_finding->flush = flush;
        }
        judge(&disk, call, ret_finding);
    }
}

/* ---- doctored ---- */

static void too_early(struct trace *trace, const struct finding *found)
{
    trace_swap(trace, found->deletion, found->flush);
}

static void flush_failed(struct trace *trace, const struct finding *found)
{
    trace->calls[found->flush].result = -1;
}

static void never_flushed(struct trace *trace, const struct finding *found)
{
    (void)found;
    for (size_t i = 0; i < trace->count; i++)
        if (string_ends_with(trace->calls[i].path, file_names[LOG]) && strstr(trace->calls[i].name, "sync"))
            trace->calls[i].result = -1;
}

static const struct doctored_row {
    const char *label;
    void (*doctor)(struct trace *trace, const struct finding *found);
} doctored_rows[] = {
    {"deleted before the flush", too_early},
    {"the flush before the deletion failed", flush_failed},
    {"the database is never flushed", never_flushed},
};

/* ---- the run ---- */

static void read_trace(const char *file, struct trace *ret_trace)
{
    long pid = process_pid(pipeline_process(scene.pipeline, PIPELINE_ROUTER, 0));
    ck_assert_msg(trace_read(file, pid, EXIT_MS, ret_trace), "the trace is not complete");
}

static const char *trace_router(void)
{
    static const char *const quiet[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    const char *words[TRACE_WORDS], *file = sandbox_path(scene.sandbox, "router.trace");
    const char *output = sandbox_path(scene.sandbox, "storescu.log");
    AUTO(scene_instances_release) struct scene_instances acknowledged = SCENE_INSTANCES_EMPTY;
    trace_words(filter, file, words);
    pipeline_equip(scene.pipeline, PIPELINE_ROUTER, quiet, words);
    pipeline_start_all(scene.pipeline);
    pipeline_check(scene.pipeline,
                   scene_send(&scene, scene_study(&scene, 1, SERIES, INSTANCES, 20 << 10), output),
                   "storescu failed");
    scene_acknowledged(output, 1, &acknowledged, NULL);
    ck_assert_uint_eq(acknowledged.count, SERIES * INSTANCES);
    scene_wait_done(&scene, &acknowledged);
    pipeline_stop_all(scene.pipeline);
    return file;
}

START_TEST(final_states_are_durable_before_files_are_deleted)
{
    AUTO(trace_release) struct trace trace = TRACE_EMPTY;
    struct finding finding, doctored;
    const char *file = trace_router();
    read_trace(file, &trace);
    examine(&trace, &finding);
    ck_assert_msg(!finding.wrong, "%s", finding.wrong);
    ck_assert_uint_eq(finding.deleted, SERIES * INSTANCES);
    ck_assert_uint_eq(finding.moved, SERIES * INSTANCES);
    for (size_t i = 0; i < ROWS(doctored_rows); i++) {
        AUTO(trace_release) struct trace copy = TRACE_EMPTY;
        read_trace(file, &copy);
        doctored_rows[i].doctor(&copy, &finding);
        examine(&copy, &doctored);
        ck_assert_msg(doctored.wrong, "%s: not noticed", doctored_rows[i].label);
    }
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("delete_order");
    tests_timeout(tests, 240);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, final_states_are_durable_before_files_are_deleted);
    return tests_run(tests);
}
