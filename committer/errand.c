#include "committer/errand.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/planted.h"
#include "committer/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct errand {
    pid_t pid;
    int fd; /* where its end is read from */
};

/* What goes through the pipe, in one piece. */
struct outcome {
    enum report_end end;
    char reason[REPORT_REASON_SIZE];
};

_Static_assert(sizeof(struct outcome) <= PIPE_BUF, "an outcome must go through the pipe in one piece");

/* Nothing of the parent's is held open: neither its sockets nor its health port. */
static void settle(pid_t parent, int pipe)
{
    static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    sigset_t none;
    (void)sigemptyset(&none);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        (void)signal(ours[i], SIG_IGN); /* the parent ends it when it must */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGALRM, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
    if (pipe > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)pipe - 1, 0);
    (void)close_range((unsigned)pipe + 1, UINT_MAX, 0);
    (void)alarm(ERRAND_SECONDS);
}

/* For the new process. */
struct mission {
    int pipe;
    bool confined;
};

static void connected(void *context)
{
    const struct mission *mission = context;
    if (mission->confined)
        confinement_begin();
    PLANTED_CALL("report");
}

/* From here on it counts, also when the rest takes too long. */
static void tell(void *context, enum report_end end, const char *reason)
{
    const struct mission *mission = context;
    struct outcome outcome = {.end = end};
    (void)snprintf(outcome.reason, sizeof outcome.reason, "%s", reason);
    if (write(mission->pipe, &outcome, sizeof outcome) != (ssize_t)sizeof outcome)
        _exit(EXIT_FAILURE);
    (void)alarm(ERRAND_RELEASE_SECONDS);
}

static _Noreturn void run(const struct report_to *to, const struct work_report *report, pid_t parent,
                          struct mission mission)
{
    const struct report_listener listener = {&mission, connected, tell};
    settle(parent, mission.pipe);
    report_make(to, report, &listener);
    _exit(EXIT_SUCCESS);
}

struct errand *errand_start(const struct report_to *to, const struct work_report *report, bool confined)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        run(to, report, parent, (struct mission){ends[1], confined});
    fd_close(&ends[1]);
    if (pid < 0) {
        fd_close(&ends[0]);
        return NULL;
    }
    struct errand *errand = memory_new(1, sizeof *errand);
    *errand = (struct errand){pid, ends[0]};
    return errand;
}

static void reap(struct errand *errand)
{
    while (errand->pid > 0 && waitpid(errand->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    errand->pid = 0;
}

void errand_destroy(struct errand **errand)
{
    if (!*errand)
        return;
    if ((*errand)->pid > 0)
        (void)kill((*errand)->pid, SIGKILL);
    reap(*errand);
    fd_close(&(*errand)->fd);
    memory_free(errand);
}

int errand_fd(const struct errand *errand)
{
    return errand->fd;
}

enum report_end errand_take(struct errand *errand, char *ret_reason)
{
    struct outcome outcome;
    ssize_t n;
    do
        n = read(errand->fd, &outcome, sizeof outcome);
    while (n < 0 && errno == EINTR);
    reap(errand);
    if (n != (ssize_t)sizeof outcome || (unsigned)outcome.end > REPORT_NOT_TAKEN) {
        (void)snprintf(ret_reason, REPORT_REASON_SIZE,
                       "the process that made the report ended without a word, or it took longer than %d s",
                       ERRAND_SECONDS);
        return REPORT_NOT_TAKEN;
    }
    outcome.reason[sizeof outcome.reason - 1] = '\0';
    memcpy(ret_reason, outcome.reason, sizeof outcome.reason);
    return outcome.end;
}
