/* Chaos: processes of all kinds and their children die at random moments, or stop for a while, several PACSs
 * send, KHEOPS has a bad day. Afterwards everything acknowledged is there as it was sent, and every due share
 * made.
 *
 * FELUCCA_SEED=n repeats a schedule; FELUCCA_CHAOS_SECONDS says how long it lasts; FELUCCA_SOAK_SECONDS runs
 * one after the other for so long, each with the next seed (make soak). */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "tests/support/deadline.h"
#include "tests/support/ordeal.h"
#include "tests/support/suite.h"
#include "tests/support/trouble.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PACSS = 4,
    STAGE_COPIES = 2, /* senders and sharers */
    SECONDS = 120,
    SOAK_ROUND_SECONDS = 300,
    DRAIN_MS = 240000,
    KILL_LEAST_MS = 100,
    KILL_MOST_MS = 2500,
    PATIENCE_MS = 1500,
    AWAY_MOST_MS = 1500, /* how long something that died stays away */
    STOP_MOST_MS = 12000 /* longer than a lease */
};

#define VICTIM_MAP(X) /* name, stage, number, how, weight */             \
    X("receiver", PIPELINE_RECEIVER, 0, KILL, 2)                         \
    X("receiver and its children", PIPELINE_RECEIVER, 0, KILL_FAMILY, 1) \
    X("a child of the receiver", PIPELINE_RECEIVER, 0, KILL_CHILD, 4)    \
    X("router", PIPELINE_ROUTER, 0, KILL, 5)                             \
    X("sender 1", PIPELINE_SENDER, 0, KILL, 3)                           \
    X("sender 2", PIPELINE_SENDER, 1, KILL, 3)                           \
    X("sharer 1", PIPELINE_SHARER, 0, KILL, 2)                           \
    X("sharer 2", PIPELINE_SHARER, 1, KILL, 2)                           \
    X("router, stopped", PIPELINE_ROUTER, 0, STOP, 1)                    \
    X("sender 1, stopped", PIPELINE_SENDER, 0, STOP, 1)                  \
    X("sharer 1, stopped", PIPELINE_SHARER, 0, STOP, 1)

enum how { KILL, KILL_FAMILY, KILL_CHILD, STOP };

static const struct victim {
    const char *name;
    enum pipeline_stage stage;
    size_t number;
    enum how how;
    unsigned weight;
} victims[] = {
#define X(name, stage, number, how, weight) {name, stage, number, how, weight},
    VICTIM_MAP(X)
#undef X
};

struct report {
    unsigned kills[ROWS(victims)];
    unsigned rounds, revived, faults, revocations, absences;
    struct ordeal_count count;
    uint64_t delivered; /* while the chaos lasted */
    int64_t longest_drain_ms;
};

struct chaos {
    struct ordeal *ordeal;
    struct dice dice;
    struct trouble trouble;
    struct report *report;
    uint64_t seed, studies;
    int64_t end_ms, kill_ms, revive_ms, trouble_ms, wake_ms; /* monotonic: when the next of each is due */
    int64_t pacs_ms[PACSS];
    const struct victim *victim; /* chosen, and not yet met */
    int64_t patience_ms;
    struct process *stopped;
    struct text open;
};

static struct ordeal *ordeal;

/* ---- what happens ---- */

static const struct victim *choose_victim(struct chaos *chaos)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ROWS(victims); i++)
        sum += victims[i].weight;
    uint64_t at = dice_roll(&chaos->dice, sum);
    const struct victim *victim = victims;
    for (; at >= victim->weight; victim++)
        at -= victim->weight;
    return victim;
}

static void wake(struct chaos *chaos)
{
    if (chaos->stopped)
        process_signal(chaos->stopped, SIGCONT);
    chaos->stopped = NULL;
}

static bool strike(struct chaos *chaos, const struct victim *victim)
{
    struct process *process = pipeline_process(chaos->ordeal->pipeline, victim->stage, victim->number);
    if (!process_running(process))
        return false;
    if (process == chaos->stopped)
        wake(chaos);
    switch (victim->how) {
    case KILL:
        process_kill(process);
        return true;
    case KILL_FAMILY:
        process_kill_family(process);
        return true;
    case KILL_CHILD:
        /* The first is the helper, unless that was started again. */
        return process_kill_child(process, (unsigned)dice_roll(&chaos->dice, 4));
    default:
        wake(chaos); /* one at a time */
        process_signal(process, SIGSTOP);
        chaos->stopped = process;
        chaos->wake_ms = clock_monotonic_ms() + dice_between(&chaos->dice, 500, STOP_MOST_MS);
        return true;
    }
}

/* One that is not there at the moment is waited for, a while: associations are short. */
static void kill_somebody(struct chaos *chaos, int64_t now)
{
    if (!chaos->victim) {
        chaos->victim = choose_victim(chaos);
        chaos->patience_ms = now + PATIENCE_MS;
    }
    if (strike(chaos, chaos->victim))
        chaos->report->kills[chaos->victim - victims]++;
    else if (now < chaos->patience_ms)
        return;
    chaos->victim = NULL;
    chaos->kill_ms = now + dice_between(&chaos->dice, KILL_LEAST_MS, KILL_MOST_MS);
}

/* Whether it is due; if so, its next time is chosen. */
static bool is_due(struct chaos *chaos, int64_t *due_ms, int64_t now, int64_t least, int64_t most)
{
    if (now < *due_ms)
        return false;
    *due_ms = now + dice_between(&chaos->dice, least, most);
    return true;
}

/* A PACS that was interrupted tries again soon; one that is done has another study before long. */
static void let_send(struct chaos *chaos, size_t i)
{
    struct pacs *pacs = chaos->ordeal->pacs[i];
    if (pacs_acknowledged(pacs) == pacs_count(pacs))
        ordeal_add_study(chaos->ordeal, i, chaos->seed * 100000 + ++chaos->studies,
                         (unsigned)dice_between(&chaos->dice, 1, 12),
                         (uint64_t)dice_between(&chaos->dice, 3000, 200000),
                         dice_roll(&chaos->dice, 12) == 0);
    (void)pacs_start(pacs);
}

static bool turn(void *context)
{
    struct chaos *chaos = context;
    int64_t now = clock_monotonic_ms();
    trouble_turn(&chaos->trouble, now);
    if (now >= chaos->wake_ms)
        wake(chaos);
    if (now >= chaos->kill_ms)
        kill_somebody(chaos, now);
    if (is_due(chaos, &chaos->revive_ms, now, 0, AWAY_MOST_MS))
        chaos->report->revived += (unsigned)pipeline_revive(chaos->ordeal->pipeline);
    if (is_due(chaos, &chaos->trouble_ms, now, 200, 2500))
        trouble_make(&chaos->trouble, &chaos->dice, now);
    for (size_t i = 0; i < PACSS; i++) {
        if (!pacs_busy(chaos->ordeal->pacs[i]) && is_due(chaos, &chaos->pacs_ms[i], now, 100, 900))
            let_send(chaos, i);
    }
    return now >= chaos->end_ms;
}

static bool is_over(void *context)
{
    struct chaos *chaos = context;
    chaos->report->revived += (unsigned)ordeal_revive(chaos->ordeal);
    return ordeal_is_over(chaos->ordeal, &chaos->open);
}

/* ---- a round ---- */

static void add_counts(struct ordeal_count *sum, const struct ordeal_count *count)
{
    sum->associations += count->associations;
    sum->instances += count->instances;
    sum->acknowledged += count->acknowledged;
    sum->lost += count->lost;
    sum->repeated += count->repeated;
    sum->repeated_shares += count->repeated_shares;
}

static void end_round(struct chaos *chaos)
{
    AUTO(text_release) struct text what = TEXT_EMPTY;
    struct pipeline *pipeline = chaos->ordeal->pipeline;
    struct report *report = chaos->report;
    struct ordeal_count count;
    int64_t began = clock_monotonic_ms();
    report->delivered += (uint64_t)simulator_count(chaos->ordeal->kheops, "instances");
    wake(chaos);
    trouble_end(&chaos->trouble);
    bool over = wait_until(is_over, chaos, DRAIN_MS);
    text_format(&what, "seed %llu: it does not end: %s", (unsigned long long)chaos->seed,
                text_string(&chaos->open));
    pipeline_check(pipeline, over, text_string(&what));
    int64_t drain_ms = clock_monotonic_ms() - began;
    pipeline_await(pipeline);
    pipeline_stop_at_once(pipeline);
    text_clear(&what);
    text_format(&what, "seed %llu", (unsigned long long)chaos->seed);
    ordeal_count(chaos->ordeal, &count);
    ordeal_check(chaos->ordeal, &count, text_string(&what));
    add_counts(&report->count, &count);
    report->faults += chaos->trouble.faults;
    report->revocations += chaos->trouble.revocations;
    report->absences += chaos->trouble.absences;
    report->rounds++;
    if (drain_ms > report->longest_drain_ms)
        report->longest_drain_ms = drain_ms;
    printf("seed %llu: %llu instances acknowledged, 0 lost, %llu repeated; "
           "everything there %.1f s after the last trouble\n",
           (unsigned long long)chaos->seed, (unsigned long long)count.acknowledged,
           (unsigned long long)count.repeated, (double)drain_ms / 1000);
    (void)fflush(stdout);
}

static void run_round(uint64_t seed, int64_t seconds, struct report *report)
{
    /* No number of attempts is too many on such a day. */
    ordeal = ordeal_create("retry: { first: 100ms, ceiling: 1s, attempts: 1000 }\n", PACSS);
    int64_t now = clock_monotonic_ms();
    struct chaos chaos = {.ordeal = ordeal,
                          .dice = {seed},
                          .trouble = {.kheops = ordeal->kheops},
                          .report = report,
                          .seed = seed};
    printf("seed %llu: %lld s of chaos\n", (unsigned long long)seed, (long long)seconds);
    (void)fflush(stdout);
    pipeline_start_all(ordeal->pipeline);
    for (int i = 1; i < STAGE_COPIES; i++) {
        pipeline_start(ordeal->pipeline, PIPELINE_SENDER);
        pipeline_start(ordeal->pipeline, PIPELINE_SHARER);
    }
    now = clock_monotonic_ms();
    chaos.end_ms = now + seconds * 1000;
    chaos.kill_ms = now + KILL_MOST_MS;
    (void)wait_until(turn, &chaos, seconds * 1000 + DRAIN_MS);
    end_round(&chaos);
    text_release(&chaos.open);
    ordeal_destroy(&ordeal);
}

/* ---- all rounds ---- */

static int64_t number_from(const char *name, int64_t otherwise)
{
    const char *value = getenv(name);
    return value && *value ? strtoll(value, NULL, 10) : otherwise;
}

static void print_report(const struct report *report)
{
    const struct ordeal_count *count = &report->count;
    printf("\n%-28s %6s\n", "killed or stopped", "times");
    for (size_t i = 0; i < ROWS(victims); i++)
        printf("%-28s %6u\n", victims[i].name, report->kills[i]);
    printf("%-28s %6u\n\n", "started again", report->revived);
    printf("rounds %u; associations %llu; faults of KHEOPS %u, absences %u, revoked tokens %u\n"
           "instances %llu, acknowledged %llu, lost %llu, repeated %llu; shares repeated %llu; "
           "delivered during the chaos %llu, longest drain %.1f s\n",
           report->rounds, (unsigned long long)count->associations, report->faults, report->absences,
           report->revocations, (unsigned long long)count->instances, (unsigned long long)count->acknowledged,
           (unsigned long long)count->lost, (unsigned long long)count->repeated,
           (unsigned long long)count->repeated_shares, (unsigned long long)report->delivered,
           (double)report->longest_drain_ms / 1000);
    (void)fflush(stdout);
}

START_TEST(promises_survive_chaos)
{
    static struct report report;
    int64_t soak = number_from("FELUCCA_SOAK_SECONDS", 0);
    int64_t seconds = number_from("FELUCCA_CHAOS_SECONDS", soak ? SOAK_ROUND_SECONDS : SECONDS);
    uint64_t seed = (uint64_t)number_from("FELUCCA_SEED", (int64_t)random_below(1000000) + 1);
    int64_t end = clock_monotonic_ms() + soak * 1000;
    do
        run_round(seed++, seconds, &report);
    while (clock_monotonic_ms() + seconds * 1000 <= end);
    print_report(&report);
}
END_TEST

static void tear_down(void)
{
    ordeal_destroy(&ordeal);
}

int main(void)
{
    (void)setenv("TMPDIR", "/tmp", 0); /* a disk, with the times of one */
    struct tests *tests = tests_create("chaos");
    int64_t longest = number_from("FELUCCA_SOAK_SECONDS", 0) + number_from("FELUCCA_CHAOS_SECONDS", SECONDS);
    tests_timeout(tests, (double)longest + 480);
    tests_fixture(tests, NULL, tear_down);
    tests_add(tests, promises_survive_chaos);
    return tests_run(tests);
}
