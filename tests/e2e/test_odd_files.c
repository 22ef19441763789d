/* The DICOM files of Debian's python3-pydicom, real and deliberately odd, in many transfer syntaxes and
 * character sets: whatever DCMTK's tools can send arrives bit-identical; whatever is broken is refused or
 * quarantined with a sentence; and a good study sent afterwards arrives.
 *
 * Read where the package has them, never copied. The reference is what the same command delivers to
 * `storescp --bit-preserving`. */
#include "common/base/cleanup.h"
#include "common/spool/file_meta.h"
#include "common/jobs/jobdb.h"
#include "common/jobs/read.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline.h"
#include "tests/support/port.h"
#include "tests/support/suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILES "/usr/lib/python3/dist-packages/pydicom/data"

enum { PATIENCE_MS = 30000, FEWEST_FILES = 150, FEWEST_DELIVERED = 120, PARTS = 4 };

static struct sandbox *sandbox;
static struct simulator *kheops;
static struct pipeline *pipeline;
static struct process *storescp;
static int storescp_port;
static const char *reference; /* folder of storescp */

static void set_up(void)
{
    static const char *const tokens[] = {"--token", "main:write:MAINWRITE", "--no-races", "--overwrite",
                                         NULL};
    sandbox = sandbox_create();
    kheops = simulator_start(sandbox, "kheops", tokens);
    /* Several of the files claim to be of one series and contradict each other. */
    const struct pipeline_destination destination = {
        .name = "main", .simulator = kheops, .token = "MAINWRITE", .more = "        skip_verify: true\n"};
    const struct pipeline_node node = {"FELUCCA", &destination, 1};
    const struct pipeline_options options = {&node, 1, NULL};
    pipeline = pipeline_create(sandbox, &options);
    pipeline_start_all(pipeline);
    reference = sandbox_make_folder(sandbox, "reference");
    storescp_port = port_free();
    char port[16];
    (void)snprintf(port, sizeof port, "%d", storescp_port);
    const char *const argv[] = {
        "storescp", "--bit-preserving", "--promiscuous", "+xa", "-od", reference, port, NULL};
    /* Without it both sides wait for each other 40 ms a file. */
    static const char *const environment[] = {"TCP_NODELAY=1", NULL};
    const struct process_options how = {.output = sandbox_path(sandbox, "storescp.log"),
                                        .environment = environment};
    storescp = process_start(argv, &how);
    ck_assert(port_wait(storescp_port, PATIENCE_MS));
}

static void tear_down(void)
{
    process_destroy(&storescp);
    pipeline_destroy(&pipeline);
    simulator_destroy(&kheops);
    sandbox_destroy(&sandbox);
}

/* ---- the files ---- */

struct list {
    char *paths[200];
    size_t count;
};

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(void *context, const char *path)
{
    struct list *list = context;
    const char *dot = strrchr(path, '.');
    bool text = dot && (strcmp(dot, ".txt") == 0 || strcmp(dot, ".json") == 0 || strcmp(dot, ".dump") == 0 ||
                        strcmp(dot, ".py") == 0 || strcmp(dot, ".gz") == 0 || strcmp(dot, ".pyc") == 0);
    if (!text && list->count < ROWS(list->paths))
        list->paths[list->count++] = strdup(path);
}

/* ---- sending one, by whichever tool can ---- */

static bool send_with(const char *const *argv)
{
    return process_run(argv, NULL, PATIENCE_MS, NULL) == 0;
}

/* Where several transfer syntaxes are proposed in one context, storescp and we choose differently: such a file
 * gets a context of its own. */
static const char *proposal_for(const char *path)
{
    struct file_meta meta;
    int64_t offset;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (file_meta_read(fd, &meta, &offset) != 0)
        return "-xi";
    bool big_endian = strcmp(meta.transfer_syntax, "1.2.840.10008.1.2.2") == 0;
    bool implicit = strcmp(meta.transfer_syntax, "1.2.840.10008.1.2") == 0;
    return big_endian ? "-xb" : implicit ? "-xi" : "-x=";
}

/* 0: nothing can send it; else which tool did. The tools are tried in order, so the same file goes the same
 * way to both ends. */
static int send_file(int port, const char *path, int only)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", port);
    const char *const by_storescu[] = {
        "storescu", proposal_for(path), "-aec", "FELUCCA", "127.0.0.1", number, path, NULL};
    const char *const by_dcmsend[] = {
        "dcmsend", "-aec", "FELUCCA", "--decompress-never", "--no-uid-checks", "127.0.0.1",
        number,    path,   NULL};
    if (only != 2 && send_with(by_storescu))
        return 1;
    return only != 1 && send_with(by_dcmsend) ? 2 : 0;
}

/* ---- what became of it ---- */

struct fate {
    char stored[512], wanted[512];
    int64_t quarantined;
    double refused;
};

static double count_refused(void)
{
    return pipeline_metric(pipeline, PIPELINE_RECEIVER, 0, "felucca_received_refused_total");
}

static int64_t count_quarantined(void)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t count = 0;
    if (jobdb_open_reader(pipeline_state_dir(pipeline), &db, &reason) == 0)
        (void)jobdb_count_quarantined(db, &count);
    return count;
}

static bool is_stored(const struct fate *fate)
{
    return file_exists(fate->stored) && files_same_data_set(fate->stored, fate->wanted);
}

static bool has_a_fate(void *context)
{
    const struct fate *fate = context;
    return is_stored(fate) || count_quarantined() > fate->quarantined || count_refused() > fate->refused;
}

static void find_reference(void *context, const char *path)
{
    (void)snprintf(context, 512, "%s", path);
}

/* The one file that storescp has got, moved to where it stays; false: it got none. */
static bool take_reference(size_t number, struct fate *fate)
{
    AUTO(fd_close) int fd = -1;
    struct file_meta meta;
    int64_t offset;
    char got[512] = "";
    folder_walk(reference, find_reference, got);
    if (!*got)
        return false;
    (void)snprintf(fate->wanted, sizeof fate->wanted, "%s", sandbox_path(sandbox, "wanted-%zu", number));
    ck_assert_int_eq(rename(got, fate->wanted), 0);
    fd = open(fate->wanted, O_RDONLY | O_CLOEXEC);
    ck_assert_msg(file_meta_read(fd, &meta, &offset) == 0, "%s", fate->wanted);
    (void)snprintf(fate->stored, sizeof fate->stored, "%s/%s.dcm", kheops->store, meta.sop_instance);
    return true;
}

/* Of all parts: shared with their processes. */
static struct totals {
    size_t files, delivered, quarantined, refused, unsendable;
} * totals;

static void count(size_t *of)
{
    (void)__atomic_fetch_add(of, 1, __ATOMIC_RELAXED);
}

static void follow(const char *path, size_t number)
{
    struct fate fate = {.quarantined = count_quarantined(), .refused = count_refused()};
    count(&totals->files);
    int tool = send_file(storescp_port, path, 0);
    if (!tool || !take_reference(number, &fate)) {
        /* Nobody can send it properly; trying must hurt nobody. */
        (void)send_file(pipeline_port(pipeline), path, 0);
        count(&totals->unsendable);
        return;
    }
    int sent = send_file(pipeline_port(pipeline), path, tool);
    pipeline_check(pipeline, sent == tool || count_refused() > fate.refused, path);
    pipeline_check(pipeline, wait_until(has_a_fate, &fate, PATIENCE_MS), path);
    if (is_stored(&fate))
        count(&totals->delivered);
    else if (count_refused() > fate.refused)
        count(&totals->refused);
    else
        count(&totals->quarantined);
}

/* Every quarantined instance has its sentence. */
static void check_sentences(void)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *const argv[] = {"sqlite3", "-readonly", sandbox_path(sandbox, "state/jobs.db"),
                                "SELECT count(*) FROM failures WHERE reason IS NULL OR reason = ''", NULL};
    ck_assert_msg(process_run(argv, NULL, PATIENCE_MS, &output) == 0, "%s", text_string(&output));
    ck_assert_str_eq(text_string(&output), "0\n");
}

static void list_files(struct list *ret_list)
{
    folder_walk(FILES "/test_files", add_path, ret_list);
    folder_walk(FILES "/charset_files", add_path, ret_list);
    qsort(ret_list->paths, ret_list->count, sizeof *ret_list->paths, compare_paths);
}

static void check_good_study(void)
{
    struct dicom_spec good;
    int64_t before = simulator_count(kheops, "instances");
    const char *folder = sandbox_make_folder(sandbox, "good");
    dicom_spec_init(&good, 4711);
    ck_assert_int_eq(dicom_write_study(&good, 4711, 2, 3, folder, NULL, NULL), 0);
    ck_assert_int_eq(pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, PATIENCE_MS, NULL), 0);
    pipeline_check(pipeline, simulator_wait_instances(kheops, before + 6, PATIENCE_MS), "the good study");
}

/* One after the other, since what becomes of each is seen by what is counted. */
START_TEST(odd_files_arrive_or_are_refused_and_harm_nobody)
{
    struct list list = {0};
    list_files(&list);
    for (size_t i = 0; i < list.count; i++) {
        if (i % PARTS == (size_t)_i)
            follow(list.paths[i], i);
        free(list.paths[i]);
    }
    check_sentences();
    check_good_study();
    pipeline_stop_all(pipeline);
}
END_TEST

static int enough(void)
{
    (void)printf("%zu files: %zu delivered as they were sent, %zu quarantined, %zu refused as not being what "
                 "they say, %zu that DCMTK cannot send\n",
                 totals->files, totals->delivered, totals->quarantined, totals->refused, totals->unsendable);
    return totals->files >= FEWEST_FILES && totals->delivered >= FEWEST_DELIVERED ? EXIT_SUCCESS
                                                                                  : EXIT_FAILURE;
}

int main(void)
{
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        return EXIT_FAILURE;
    struct tests *tests = tests_create("odd files");
    tests_abreast(tests, PARTS);
    tests_timeout(tests, 280);
    tests_fixture(tests, set_up, tear_down);
    tests_rows(tests, odd_files_arrive_or_are_refused_and_harm_nobody, PARTS);
    int status = tests_run(tests);
    return status == EXIT_SUCCESS ? enough() : status;
}
