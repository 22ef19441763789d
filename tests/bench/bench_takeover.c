/* bench_takeover - how long a cell's router is away after a crash.
 *
 *     bench_takeover [RUNS]
 *
 * A real felucca-router is killed. "shared": another one has stood by on the same folder, for it one of NFS whose locks are each
 * host's own, and takes over; "pinned": the same one is started again on a local disk, as its engine or systemd does, with
 * deliveries waiting in it. Prints the milliseconds from SIGKILL to "recovered", a line for each run. */
#include "common/base/clock.h"
#include "router/fence.h"
#include "router/vigil.h"
#include "tests/support/rig.h"
#include "tests/support/sabotage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 3, PATIENCE_MS = 60000, NFS = 0x6969, WAITING = 100 };

static struct rig *rig;
static struct sabotage *sabotage;

static void wait_log(const char *text)
{
    if (rig_wait_log(rig, text, PATIENCE_MS))
        return;
    (void)fprintf(stderr, "bench_takeover: the router does not say \"%s\"\n", text);
    exit(1);
}

static void start(void)
{
    rig_start_from(rig, FELUCCA_BIN, sabotage_environment(sabotage));
}

static void tell(const char *scene, int64_t began)
{
    (void)printf("%s: %lld ms\n", scene, (long long)(clock_monotonic_ms() - began));
    (void)fflush(stdout);
}

static void shared(void)
{
    struct process *first = rig->router;
    rig->router = NULL;
    start();
    wait_log("two hosts have the state directory");
    int64_t began = clock_monotonic_ms();
    process_kill(first);
    wait_log("recovered");
    tell("shared", began);
    process_destroy(&first);
}

static void pinned(void)
{
    int64_t began = clock_monotonic_ms();
    rig_kill(rig);
    rig_start(rig);
    wait_log("recovered");
    tell("pinned", began);
}

int main(int argc, char **argv)
{
    long runs = argc > 1 ? strtol(argv[1], NULL, 10) : RUNS;
    rig = rig_create(NULL);
    wait_log("recovered");
    for (unsigned i = 1; i <= WAITING; i++)
        rig_receive(rig, "SECOND", i, 1, 1, NULL);
    for (long i = 0; i < runs; i++)
        pinned();
    rig_stop(rig);
    sabotage = sabotage_create(rig->sandbox);
    sabotage_set_filesystem(sabotage, NFS);
    sabotage_begin(sabotage, INJECT_LOCK, "*/jobs.db.lock", 0, 0);
    start();
    wait_log("recovered");
    for (long i = 0; i < runs; i++)
        shared();
    rig_destroy(&rig);
    sabotage_destroy(&sabotage);
    return 0;
}
