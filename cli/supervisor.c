#include "cli/supervisor.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

const struct supervisor_times supervisor_default_times = {.first_ms = 1000,
                                                          .ceiling_ms = 30000,
                                                          .healthy_ms = 60000,
                                                          .stage_ms = {0, 3000, 25000},
                                                          .kill_ms = 35000};

enum { EXIT_NOT_STARTED = 127 };

/* WAITING -start-> RUNNING -end-> WAITING; when stopping: RUNNING -SIGTERM-> ASKED -end-> GONE */
enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_ASKED, CHILD_GONE };

struct child {
    char *label;
    char **argv;
    int stage;
    enum child_state state;
    pid_t pid;
    int64_t started_ms, due_ms;
    unsigned starts, ends; /* ends: in a row, without a time of health between */
};

struct supervisor {
    struct supervisor_times times;
    struct child *children;
    size_t count, capacity;
    bool stopping, killed;
    int64_t stop_ms; /* when stopping began */
    int status;      /* for main */
};

struct supervisor *supervisor_create(const struct supervisor_times *times)
{
    struct supervisor *supervisor = memory_new(1, sizeof *supervisor);
    supervisor->times = *times;
    return supervisor;
}

void supervisor_destroy(struct supervisor **supervisor)
{
    if (!*supervisor)
        return;
    for (size_t i = 0; i < (*supervisor)->count; i++) {
        struct child *child = &(*supervisor)->children[i];
        for (char **argument = child->argv; *argument; argument++)
            free(*argument);
        free(child->argv);
        free(child->label);
    }
    free((*supervisor)->children);
    memory_free(supervisor);
}

void supervisor_add(struct supervisor *supervisor, const char *label, int stage, const char *const *argv)
{
    supervisor->children = memory_grow(supervisor->children, &supervisor->capacity, supervisor->count + 1,
                                       sizeof *supervisor->children);
    struct child *child = &supervisor->children[supervisor->count++];
    size_t arguments = 0;
    while (argv[arguments])
        arguments++;
    char **copy = memory_new(arguments + 1, sizeof *copy);
    for (size_t i = 0; i < arguments; i++)
        copy[i] = memory_string(argv[i]);
    *child = (struct child){.label = memory_string(label), .argv = copy, .stage = stage};
}

int64_t supervisor_delay_ms(const struct supervisor_times *times, unsigned ends)
{
    int64_t delay = times->first_ms;
    for (unsigned i = 1; i < ends && delay < times->ceiling_ms; i++)
        delay *= 2;
    return delay < times->ceiling_ms ? delay : times->ceiling_ms;
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void become(const struct child *child, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
        _exit(EXIT_NOT_STARTED);
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing > STDIN_FILENO) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(child->argv[0], child->argv);
    _exit(EXIT_NOT_STARTED);
}

static void plan_restart(struct supervisor *supervisor, struct child *child, int64_t now)
{
    if (now - child->started_ms >= supervisor->times.healthy_ms)
        child->ends = 0;
    child->ends++;
    child->state = CHILD_WAITING;
    child->due_ms = now + supervisor_delay_ms(&supervisor->times, child->ends);
}

static void child_start(struct supervisor *supervisor, struct child *child, int64_t now)
{
    pid_t self = getpid();
    child->started_ms = now;
    pid_t pid = fork();
    if (pid == 0)
        become(child, self);
    if (pid < 0) {
        plan_restart(supervisor, child, now);
        log_error("cannot start a process", LOG_S("name", child->label), LOG_S("error", strerror(errno)),
                  LOG_I("retry_in_ms", child->due_ms - now));
        return;
    }
    child->pid = pid;
    child->starts++;
    child->state = CHILD_RUNNING;
    log_info("started", LOG_S("name", child->label), LOG_I("child", pid));
}

static void start_what_is_due(struct supervisor *supervisor, int64_t now)
{
    for (size_t i = 0; i < supervisor->count && !supervisor->stopping; i++) {
        struct child *child = &supervisor->children[i];
        if (child->state == CHILD_WAITING && child->due_ms <= now)
            child_start(supervisor, child, now);
    }
}

static bool is_alive(const struct child *child)
{
    return child->state == CHILD_RUNNING || child->state == CHILD_ASKED;
}

static bool any_alive(const struct supervisor *supervisor, int below_stage)
{
    for (size_t i = 0; i < supervisor->count; i++)
        if (is_alive(&supervisor->children[i]) && supervisor->children[i].stage < below_stage)
            return true;
    return false;
}

static void begin_stop(struct supervisor *supervisor, int status, int64_t now)
{
    supervisor->stopping = true;
    supervisor->stop_ms = now;
    supervisor->status = status;
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->children[i].state == CHILD_WAITING)
            supervisor->children[i].state = CHILD_GONE;
}

/* Asks the stages whose turn it is, and kills what is left when the time is over. */
static void advance_stop(struct supervisor *supervisor, int64_t now)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        bool its_turn = now - supervisor->stop_ms >= supervisor->times.stage_ms[child->stage] ||
                        !any_alive(supervisor, child->stage);
        if (child->state == CHILD_RUNNING && its_turn) {
            kill(child->pid, SIGTERM);
            child->state = CHILD_ASKED;
        }
    }
    if (supervisor->killed || now - supervisor->stop_ms < supervisor->times.kill_ms)
        return;
    supervisor->killed = true;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (!is_alive(child))
            continue;
        log_warning("did not stop in time, killing it", LOG_S("name", child->label),
                    LOG_I("child", child->pid));
        kill(-child->pid, SIGKILL); /* the whole group: a receiver's associations too */
        kill(child->pid, SIGKILL);
    }
}

static void log_end(const struct child *child, int wait_status, bool expected, int64_t retry_in_ms)
{
    struct log_field fields[5] = {LOG_S("name", child->label), LOG_I("child", child->pid)};
    fields[2] = WIFSIGNALED(wait_status) ? LOG_S("signal", sigabbrev_np(WTERMSIG(wait_status)))
                                         : LOG_I("status", WEXITSTATUS(wait_status));
    if (!expected)
        fields[3] = LOG_I("retry_in_ms", retry_in_ms);
    if (expected)
        log_write(LOG_INFO, "stopped", fields);
    else
        log_write(LOG_WARNING, "ended without being asked", fields);
}

static bool is_final(const struct child *child, int wait_status)
{
    return child->starts == 1 && WIFEXITED(wait_status) &&
           (WEXITSTATUS(wait_status) == EXIT_CONFIG || WEXITSTATUS(wait_status) == EXIT_USAGE);
}

static void take_end(struct supervisor *supervisor, struct child *child, int wait_status, int64_t now)
{
    if (supervisor->stopping) {
        child->state = CHILD_GONE;
        log_end(child, wait_status, true, 0);
        return;
    }
    if (is_final(child, wait_status)) {
        child->state = CHILD_GONE;
        log_error("cannot run with this configuration, stopping everything", LOG_S("name", child->label),
                  LOG_I("status", WEXITSTATUS(wait_status)));
        begin_stop(supervisor, WEXITSTATUS(wait_status), now);
        return;
    }
    plan_restart(supervisor, child, now);
    log_end(child, wait_status, false, child->due_ms - now);
}

static void reap(struct supervisor *supervisor, int64_t now)
{
    int wait_status;
    pid_t pid;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0)
        for (size_t i = 0; i < supervisor->count; i++)
            if (is_alive(&supervisor->children[i]) && supervisor->children[i].pid == pid)
                take_end(supervisor, &supervisor->children[i], wait_status, now);
}

static void take_signal(struct supervisor *supervisor, int number, int64_t now)
{
    switch (number) {
    case SIGHUP:
        log_info("passing SIGHUP on");
        for (size_t i = 0; i < supervisor->count; i++)
            if (supervisor->children[i].state == CHILD_RUNNING)
                kill(supervisor->children[i].pid, SIGHUP);
        break;
    case SIGTERM:
    case SIGINT:
        if (!supervisor->stopping) {
            log_info("stopping");
            begin_stop(supervisor, EXIT_OK, now);
        } else {
            memset(supervisor->times.stage_ms, 0, sizeof supervisor->times.stage_ms);
        }
        break;
    default: /* SIGCHLD: reap() looks at every turn */
        break;
    }
}

static void take_signals(struct supervisor *supervisor, int fd)
{
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        take_signal(supervisor, (int)info.ssi_signo, clock_monotonic_ms());
}

/* How long nothing but a signal can change anything; -1: for ever. */
static int wait_ms(const struct supervisor *supervisor, int64_t now)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < supervisor->count; i++) {
        const struct child *child = &supervisor->children[i];
        int64_t own = INT64_MAX;
        if (child->state == CHILD_WAITING)
            own = child->due_ms;
        else if (supervisor->stopping && child->state == CHILD_RUNNING)
            own = supervisor->stop_ms + supervisor->times.stage_ms[child->stage];
        else if (supervisor->stopping && child->state == CHILD_ASKED && !supervisor->killed)
            own = supervisor->stop_ms + supervisor->times.kill_ms;
        due = own < due ? own : due;
    }
    if (due == INT64_MAX)
        return -1;
    return due > now ? (int)(due - now) : 0;
}

static void supervise(struct supervisor *supervisor, int signal_fd)
{
    while (!supervisor->stopping || any_alive(supervisor, SUPERVISOR_STAGES)) {
        int64_t now = clock_monotonic_ms();
        start_what_is_due(supervisor, now);
        if (supervisor->stopping)
            advance_stop(supervisor, now);
        struct pollfd poll_fd = {.fd = signal_fd, .events = POLLIN};
        poll(&poll_fd, 1, wait_ms(supervisor, clock_monotonic_ms()));
        take_signals(supervisor, signal_fd);
        reap(supervisor, clock_monotonic_ms());
    }
}

int supervisor_run(struct supervisor *supervisor)
{
    sigset_t ours;
    sigset_t before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ours, &before);
    AUTO(fd_close) int signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0) {
        log_error("cannot read signals", LOG_S("error", strerror(errno)));
        return EXIT_NO;
    }
    supervise(supervisor, signal_fd);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return supervisor->status;
}
