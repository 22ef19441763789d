/* A real router in a storm: workers that answer at random, or not at all, or twice, and a router that is
 * killed again and again. At the end everything is delivered, every due share is made, spool and database
 * agree. The seed is printed; FELUCCA_SEED=n repeats a storm, as far as the machine's own timing allows. */
#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum {
    STUDIES = 12,
    SERIES = 3,
    INSTANCES = 8, /* of a series */
    COUNT = STUDIES * SERIES * INSTANCES,
    TWIN_OF = 10, /* every tenth comes twice */
    CREW = 5,
    KILLS = 4,
    STORM_MS = 20000,
    CALM_MS = 60000,
};

static struct rig *rig;
static uint64_t state; /* of the random numbers */

/* xorshift64*: the same numbers for the same seed. */
static unsigned below(unsigned bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % bound;
}

static void choose_seed(void)
{
    const char *wanted = getenv("FELUCCA_SEED");
    state = wanted ? strtoull(wanted, NULL, 10) : 1 + random_below(1000000000);
    (void)fprintf(stderr, "FELUCCA_SEED=%llu\n", (unsigned long long)state);
}

/* ---- what a worker may answer ---- */

struct manner {
    const char *name;
    unsigned weight;
    enum work_outcome outcome;
    enum blame blame;
    int status;
};

/* Nothing here is the fault of an instance for good: all of it can be delivered in the end. */
static const struct manner manners[] = {
    {"done", 40, WORK_DONE_OUTCOME, BLAME_NOBODY, 200},
    {"duplicate", 6, WORK_DUPLICATE_OUTCOME, BLAME_NOBODY, 200},
    {"outage", 6, WORK_RETRY_OUTCOME, BLAME_DESTINATION, 503},
    {"too large", 4, WORK_RETRY_OUTCOME, BLAME_SIZE, 413},
    {"broken as a whole", 4, WORK_RETRY_OUTCOME, BLAME_CRASH, 502},
    {"blocked", 2, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, 401},
    {"not seen", 3, WORK_MISSING_OUTCOME, BLAME_WORKER, 0},
    {"a mixture", 15, WORK_DONE_OUTCOME, BLAME_NOBODY, 202},
};

static const struct manner *choose_manner(void)
{
    unsigned sum = 0;
    for (size_t i = 0; i < ROWS(manners); i++)
        sum += manners[i].weight;
    unsigned ticket = below(sum);
    const struct manner *manner = manners;
    while (ticket >= manner->weight)
        ticket -= manner++->weight;
    return manner;
}

static void answer(struct actor *actor, const struct work *work, bool calm)
{
    const struct manner *manner = calm ? manners : choose_manner();
    if (manner->blame == BLAME_SIZE && work->item_count == 1)
        manner = manners; /* what is too large alone, where others pass, fails for good */
    AUTO(work_result_destroy) struct work_result *result = work_result_create(work);
    bool mixture = strcmp(manner->name, "a mixture") == 0;
    for (size_t i = 0; i < result->answer_count; i++) {
        bool fails = mixture && below(3) == 0;
        work_answer_set(&result->answers[i], fails ? WORK_RETRY_OUTCOME : manner->outcome,
                        fails ? BLAME_NOBODY : manner->blame, manner->status, manner->name);
    }
    size_t all = result->answer_count;
    if (!calm && below(20) == 0)
        result->answer_count = 1; /* of the others it says nothing */
    actor_say_result(actor, result);
    if (!calm && below(10) == 0)
        actor_say_result(actor, result);
    result->answer_count = all;
}

/* ---- what a worker may do beside ---- */

struct player {
    struct actor *actor;
    struct work *late; /* lost on purpose: its answer comes much later, or never */
};

static void forget_late(struct player *player)
{
    work_destroy(&player->late);
}

static void act_at_random(struct player *player, bool calm)
{
    struct actor *actor = player->actor;
    if (player->late && (calm || below(40) == 0)) {
        actor_answer(actor, player->late, below(2) == 0 ? WORK_DONE_OUTCOME : WORK_RETRY_OUTCOME);
        forget_late(player);
    }
    if (actor->work_count == 0)
        return;
    AUTO(work_destroy) struct work *work = actor->works[0];
    actor->work_count--;
    memmove(actor->works, actor->works + 1, actor->work_count * sizeof(struct work *));
    if (!calm && below(12) == 0) { /* the work is dropped, as by a process that was started again */
        actor_drop(actor, work->id);
        forget_late(player);
        player->late = work;
        work = NULL;
        return;
    }
    answer(actor, work, calm);
}

static void replace(struct player *player, int index)
{
    if (player->actor)
        cast_remove(rig->cast, player->actor);
    forget_late(player);
    player->actor = cast_add(rig->cast, index % 2 == 0 ? WORK_SEND : WORK_SHARE, 1 + (int)below(4));
}

/* An answer whose acknowledgement was lost with a router is said again, as every worker does. */
static void hold_nothing_answered(struct player *player)
{
    struct actor *actor = player->actor;
    if (below(50) == 0 && actor->work_count == 0)
        actor->held_count = 0;
}

/* ---- the storm ---- */

static unsigned received;

/* The instances come over the whole time of the storm. */
static void receive_until(int64_t elapsed_ms)
{
    unsigned due = elapsed_ms < STORM_MS ? (unsigned)(COUNT * elapsed_ms / STORM_MS) : COUNT;
    for (; received < due; received++) {
        unsigned study = received % STUDIES + 1, series = received / STUDIES % SERIES + 1;
        unsigned instance = received / STUDIES / SERIES + 1;
        const char *node = study % 3 == 0 ? "SECOND" : "FIRST";
        rig_receive(rig, node, study, series, instance, NULL);
        if (received % TWIN_OF == 0)
            rig_receive(rig, node, study, series, instance, NULL);
    }
}

static void kill_and_restart(void)
{
    rig_kill(rig);
    rig_check_consistency(rig);
    rig_start(rig);
}

/* Sent, or not sent any more since the newer one of the same instance is there. */
static int64_t count_delivered(void)
{
    return rig_jobs(rig, "delivery", "sent", NULL, NULL) + rig_jobs(rig, "delivery", "excluded", NULL, NULL);
}

static bool is_over(void)
{
    return rig_jobs(rig, "delivery", NULL, NULL, NULL) == count_delivered() &&
           rig_jobs(rig, "share", NULL, NULL, NULL) == rig_jobs(rig, "share", "shared", NULL, NULL);
}

/* Each job that is not final, as an operator sees it. */
static void tell_open(void)
{
    static const char *const states[] = {"queued", "sending", "waiting", "sharing", "failed", "undecided"};
    for (size_t i = 0; i < ROWS(states); i++) {
        AUTO(text_release) struct text jobs = TEXT_EMPTY;
        const char *const words[] = {"jobs", "--state", states[i], "--json", NULL};
        (void)rig_felucca(rig, words, &jobs);
        (void)fputs(text_string(&jobs), stderr);
    }
}

static void rage(struct player *players)
{
    int64_t began = clock_monotonic_ms(), next_kill = began + STORM_MS / (KILLS + 1);
    while (clock_monotonic_ms() < began + STORM_MS) {
        receive_until(clock_monotonic_ms() - began);
        for (int i = 0; i < CREW; i++) {
            act_at_random(&players[i], false);
            hold_nothing_answered(&players[i]);
            players[i].actor->silent = players[i].actor->silent ? below(60) != 0 : below(400) == 0;
            if (below(400) == 0)
                replace(&players[i], i);
        }
        cast_turn(rig->cast);
        if (clock_monotonic_ms() >= next_kill) {
            kill_and_restart();
            next_kill += STORM_MS / (KILLS + 1) + below(1000);
        }
    }
}

static void calm_down(struct player *players)
{
    int64_t end = clock_monotonic_ms() + CALM_MS;
    for (int i = 0; i < CREW; i++)
        players[i].actor->silent = false;
    for (unsigned turn = 0; clock_monotonic_ms() < end; turn++) {
        receive_until(STORM_MS);
        for (int i = 0; i < CREW; i++) {
            act_at_random(&players[i], true);
            hold_nothing_answered(&players[i]);
        }
        cast_turn(rig->cast);
        if (turn % 20 == 0 && received == COUNT && is_over())
            return;
    }
    tell_open();
    rig_check(rig, false, "the storm is over, and something is still to be done");
}

START_TEST(after_the_storm_everything_is_delivered)
{
    struct player players[CREW] = {{0}};
    choose_seed();
    received = 0;
    rig = rig_create(NULL);
    for (int i = 0; i < CREW; i++)
        replace(&players[i], i);
    rage(players);
    calm_down(players);
    for (int i = 0; i < CREW; i++)
        forget_late(&players[i]);
    int64_t twins = (COUNT + TWIN_OF - 1) / TWIN_OF;
    ck_assert_int_eq(count_delivered(), COUNT + twins);
    ck_assert_int_ge(rig_jobs(rig, "delivery", "sent", NULL, NULL), COUNT);
    /* FIRST has eight studies: every series to "all", and to "ct" or "mr". */
    ck_assert_int_eq(rig_jobs(rig, "share", "shared", NULL, NULL), STUDIES * 2 / 3 * SERIES * 2);
    ck_assert_int_eq(rig_quarantined(rig), 0);
    rig_check(rig, rig_wait_drained(rig, 15000), "a spool file is left");
    rig_destroy(&rig);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("router storm");
    tests_timeout(tests, 150);
    tests_add(tests, after_the_storm_everything_is_delivered);
    return tests_run(tests);
}
