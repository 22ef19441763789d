#include "receiver/hints.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "receiver/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, REVIVE_MS = 1000, FAREWELL_MS = 3000 };

_Static_assert(sizeof(struct hint) <= PIPE_BUF, "a hint must go through the pipe in one piece");

struct hints {
    int ends[2]; /* the parent keeps the reading end too: what a dead helper has not read is not lost */
    pid_t helper;
    int64_t revive_ms; /* when a helper that is away may be started again */
};

static int start_helper(struct hints *hints, const struct config *config, void (*before)(void *context),
                        void *context)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return ERR_IO;
    if (pid == 0) {
        if (before)
            before(context);
        fd_close(&hints->ends[1]);
        helper_run(config, hints->ends[0], parent);
    }
    hints->helper = pid;
    return 0;
}

int hints_create(const struct config *config, struct hints **ret_hints)
{
    AUTO(hints_destroy) struct hints *hints = memory_new(1, sizeof *hints);
    hints->ends[0] = hints->ends[1] = -1;
    if (pipe2(hints->ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return ERR_IO;
    /* A larger pipe only bridges longer pauses of the helper; a refusal does no harm. */
    (void)fcntl(hints->ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    int rc = start_helper(hints, config, NULL, NULL);
    if (rc < 0)
        return rc;
    *ret_hints = hints;
    hints = NULL;
    return 0;
}

void hints_leave_to_tell(struct hints *hints)
{
    fd_close(&hints->ends[0]);
}

/* Waits for the helper's end without a handler for SIGCHLD, which the parent reads from a descriptor. */
static bool helper_has_ended(pid_t pid, int64_t deadline_ms)
{
    for (;;) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended == pid || (ended < 0 && errno == ECHILD))
            return true;
        if (clock_monotonic_ms() >= deadline_ms)
            return false;
        (void)poll(NULL, 0, 10);
    }
}

void hints_destroy(struct hints **hints)
{
    struct hints *h = *hints;
    if (!h)
        return;
    if (h->helper > 0) {
        hints_tell(h, HINT_STOP, NULL, 0);
        if (!helper_has_ended(h->helper, clock_monotonic_ms() + FAREWELL_MS)) {
            (void)kill(h->helper, SIGKILL);
            (void)waitpid(h->helper, NULL, 0);
        }
    }
    fd_close(&h->ends[0]);
    fd_close(&h->ends[1]);
    free(h);
    *hints = NULL;
}

/* Lost when the pipe is full: a hint costs time, never an instance. */
static void tell(struct hints *hints, const struct hint *hint)
{
    if (write(hints->ends[1], hint, sizeof *hint) < 0)
        return;
}

void hints_tell(struct hints *hints, enum hint_kind kind, const char *receipt, int64_t number)
{
    struct hint hint = {.kind = kind, .number = number};
    if (receipt)
        memcpy(hint.receipt, receipt, sizeof hint.receipt);
    tell(hints, &hint);
}

void hints_tell_instance(struct hints *hints, const char *receipt, int64_t bytes, int64_t durable_us)
{
    struct hint hint = {.kind = HINT_INSTANCE, .number = bytes, .durable_us = durable_us};
    memcpy(hint.receipt, receipt, sizeof hint.receipt);
    tell(hints, &hint);
}

pid_t hints_helper(const struct hints *hints)
{
    return hints->helper;
}

bool hints_reaped(struct hints *hints, pid_t pid)
{
    if (hints->helper <= 0 || pid != hints->helper)
        return false;
    hints->helper = 0;
    return true;
}

void hints_revive(struct hints *hints, const struct config *config, int64_t now_ms,
                  void (*before)(void *context), void *context)
{
    if (hints->helper > 0 || now_ms < hints->revive_ms)
        return;
    hints->revive_ms = now_ms + REVIVE_MS;
    (void)start_helper(hints, config, before, context);
}

void hints_restart_helper(struct hints *hints)
{
    hints_tell(hints, HINT_STOP, NULL, 0);
    hints->revive_ms = 0;
}
