/* Ordeal: four hostile peers attack for a minute, each from an address of its own and admitted as any other, while two
 * good ones send. Nothing of these is lost or refused, and no process takes memory without bound.
 *
 * FELUCCA_SEED=n repeats the attacks; FELUCCA_ORDEAL_SECONDS says how long they last. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/ordeal.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GOOD = 2,
    SECONDS = 60,
    LATE_MS = 120000,
    PAUSE_MS = 200,
    INSTANCES = 6,
    BYTES = 100000,
    MEMORY_MOST_MIB = 512
};

#define PEER FELUCCA_TESTS_BIN "/dicom-peer"

static const struct attack {
    const char *name, *from;
} attacks[] = {
    {"fuzz", "127.0.0.9"}, {"drip", "127.0.0.10"}, {"bomb", "127.0.0.11"}, {"flood", "127.0.0.12"}};

static const struct stage_name {
    enum pipeline_stage stage;
    const char *name;
} stages[] = {{PIPELINE_RECEIVER, "receiver"},
              {PIPELINE_ROUTER, "router"},
              {PIPELINE_SENDER, "sender"},
              {PIPELINE_SHARER, "sharer"}};

struct siege {
    struct ordeal *ordeal;
    struct process *attackers[ROWS(attacks)];
    uint64_t seed, studies;
    int64_t end_ms, begin_ms[GOOD];
    int64_t association_kib; /* the most that a process of an association, or a helper, ever took */
    struct ordeal_count count;
};

static struct siege siege;

/* ---- those who attack ---- */

static void start_attack(size_t i, int64_t seconds)
{
    char port[16], lasting[16], seed[32];
    (void)snprintf(port, sizeof port, "%d", pipeline_port(siege.ordeal->pipeline));
    (void)snprintf(lasting, sizeof lasting, "%lld", (long long)seconds);
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)(siege.seed + i));
    const char *const argv[] = {
        PEER, attacks[i].name, attacks[i].from, port, "FELUCCA", attacks[i].name, lasting, seed, NULL};
    const struct process_options how = {.output = sandbox_path(siege.ordeal->sandbox, "%s", attacks[i].name)};
    siege.attackers[i] = process_start(argv, &how);
}

/* Each has really attacked, to the end. */
static void end_attack(size_t i)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    int status = process_end(siege.attackers[i], LATE_MS);
    process_destroy(&siege.attackers[i]);
    file_read(sandbox_path(siege.ordeal->sandbox, "%s", attacks[i].name), &said);
    printf("%-8s %s", attacks[i].name, text_string(&said));
    ck_assert_msg(status == 0 && strtoul(text_string(&said), NULL, 10) > 0, "%s: status %d, %s",
                  attacks[i].name, status, text_string(&said));
}

static bool attackers_are_done(void *context)
{
    (void)context;
    for (size_t i = 0; i < ROWS(attacks); i++)
        if (process_running(siege.attackers[i]))
            return false;
    return true;
}

/* ---- those who send ---- */

/* Each study goes out in one association, and is acknowledged in it. */
static void let_send(size_t i)
{
    struct pacs *pacs = siege.ordeal->pacs[i];
    if (pacs_busy(pacs) || clock_monotonic_ms() < siege.begin_ms[i])
        return;
    pipeline_check(siege.ordeal->pipeline, pacs_acknowledged(pacs) == pacs_count(pacs),
                   "a good peer was refused");
    if (clock_monotonic_ms() >= siege.end_ms)
        return;
    siege.begin_ms[i] = clock_monotonic_ms() + PAUSE_MS;
    ordeal_add_study(siege.ordeal, i, siege.seed * 100000 + ++siege.studies, INSTANCES, BYTES, false);
    (void)pacs_start(pacs);
}

/* ---- memory ---- */

/* 0 when it is gone, or about to be. */
static int64_t peak_kib(long pid)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    char line[256];
    int64_t kib = 0;
    text_format(&path, "/proc/%ld/status", pid);
    FILE *file = fopen(text_string(&path), "re");
    while (file && kib == 0 && fgets(line, sizeof line, file))
        if (string_starts_with(line, "VmHWM:"))
            kib = strtoll(line + strlen("VmHWM:"), NULL, 10);
    if (file)
        (void)fclose(file);
    return kib;
}

/* Children of the receiver come and go: they are looked at while they are there. */
static void look_at_children(void)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, list = TEXT_EMPTY;
    int pid = (int)process_pid(pipeline_process(siege.ordeal->pipeline, PIPELINE_RECEIVER, 0));
    text_format(&path, "/proc/%d/task/%d/children", pid, pid);
    file_read(text_string(&path), &list);
    char *next = list.bytes, *end;
    for (long child; next && (child = strtol(next, &end, 10)) > 0; next = end) {
        int64_t kib = peak_kib(child);
        siege.association_kib = kib > siege.association_kib ? kib : siege.association_kib;
    }
}

static void ck_memory(const char *name, int64_t kib)
{
    printf("%-12s %5lld MiB at most\n", name, (long long)kib / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_msg(kib > 0 && kib < INT64_C(1024) * MEMORY_MOST_MIB, "%s took %lld KiB", name, (long long)kib);
#endif
}

/* ---- */

static bool turn(void *context)
{
    (void)context;
    look_at_children();
    for (size_t i = 0; i < GOOD; i++)
        let_send(i);
    return clock_monotonic_ms() >= siege.end_ms && !pacs_busy(siege.ordeal->pacs[0]) &&
           !pacs_busy(siege.ordeal->pacs[1]);
}

/* What the good ones sent is there, and shared; what became of the rest does not matter. */
static bool all_is_there(void *context)
{
    (void)context;
    ordeal_count(siege.ordeal, &siege.count);
    return siege.count.lost == 0 && siege.count.unshared == 0;
}

static int64_t number_from(const char *name, int64_t otherwise)
{
    const char *value = getenv(name);
    return value && *value ? strtoll(value, NULL, 10) : otherwise;
}

static void begin(int64_t seconds)
{
    static const char *const addresses[GOOD] = {"127.0.0.2", "127.0.0.3"}, *const titles[GOOD] = {"CT01",
                                                                                                  "MR01"};
    siege.seed = (uint64_t)number_from("FELUCCA_SEED", (int64_t)random_below(1000000) + 1);
    printf("seed %llu, %lld s\n", (unsigned long long)siege.seed, (long long)seconds);
    (void)fflush(stdout);
    /* Four attackers at their limit leave room for others. */
    siege.ordeal =
        ordeal_create("receiver: { max_associations: 64, max_associations_per_source: 12, idle_timeout: "
                      "10s }\nretry: { first: 100ms, ceiling: 1s, attempts: 1000 }\n",
                      GOOD);
    for (size_t i = 0; i < GOOD; i++)
        pacs_use(siege.ordeal->pacs[i], PEER, addresses[i], titles[i]);
    pipeline_log_level(siege.ordeal->pipeline, "info");
    pipeline_start_all(siege.ordeal->pipeline);
    siege.end_ms = clock_monotonic_ms() + seconds * 1000;
    for (size_t i = 0; i < ROWS(attacks); i++)
        start_attack(i, seconds);
}

static void report(void)
{
    struct pipeline *pipeline = siege.ordeal->pipeline;
    const struct ordeal_count *count = &siege.count;
    for (size_t i = 0; i < GOOD; i++)
        printf("good peer %zu: slowest C-STORE %lld ms\n", i + 1,
               (long long)pacs_slowest_ms(siege.ordeal->pacs[i]));
    printf("%llu instances in %llu associations, 0 refused, %llu lost, %llu changed, %llu shares missing\n",
           (unsigned long long)count->instances, (unsigned long long)count->associations,
           (unsigned long long)count->lost, (unsigned long long)count->changed,
           (unsigned long long)count->unshared);
    for (size_t i = 0; i < ROWS(stages); i++)
        ck_memory(stages[i].name, process_peak_memory_kib(pipeline_process(pipeline, stages[i].stage, 0)));
    ck_memory("association", siege.association_kib);
}

START_TEST(good_peers_do_not_suffer)
{
    int64_t seconds = number_from("FELUCCA_ORDEAL_SECONDS", SECONDS);
    begin(seconds);
    bool ended = wait_until(turn, NULL, seconds * 1000 + LATE_MS);
    pipeline_check(siege.ordeal->pipeline, ended, "a good peer does not come to its end");
    for (size_t i = 0; i < ROWS(attacks); i++)
        (void)wait_until(attackers_are_done, NULL, LATE_MS);
    for (size_t i = 0; i < ROWS(attacks); i++)
        end_attack(i);
    bool there = wait_until(all_is_there, NULL, LATE_MS);
    report();
    pipeline_check(siege.ordeal->pipeline, there && siege.count.changed == 0, "something is not there");
    ck_assert_uint_gt(siege.count.acknowledged, 0);
    for (size_t i = 0; i < ROWS(stages); i++)
        ck_assert_msg(process_running(pipeline_process(siege.ordeal->pipeline, stages[i].stage, 0)),
                      "the %s has ended", stages[i].name);
}
END_TEST

static void tear_down(void)
{
    for (size_t i = 0; i < ROWS(attacks); i++)
        process_destroy(&siege.attackers[i]);
    ordeal_destroy(&siege.ordeal);
}

int main(void)
{
    struct tests *tests = tests_create("ordeal");
    tests_timeout(tests, (double)number_from("FELUCCA_ORDEAL_SECONDS", SECONDS) + 480);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, good_peers_do_not_suffer);
    return tests_run(tests);
}
