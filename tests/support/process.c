#include "tests/support/process.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"

#include "tests/support/require.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid;
    int pidfd;
    bool ended;
    int status; /* as process_wait() tells it, once ended */
};

enum { CANNOT_START = 127, CHILDREN_MAX = 256 };

static int open_output(const char *path)
{
    return open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0640);
}

/* In the child: everything that must be so before the program begins. */
static void become(const char *const *argv, const struct process_options *options, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(CANNOT_START); /* the test ended before we could ask to end with it */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int in = open("/dev/null", O_RDONLY), out = open_output(options->output);
    int err = options->errors ? open_output(options->errors) : out;
    if (in < 0 || out < 0 || err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(CANNOT_START);
    if (options->folder && chdir(options->folder) != 0)
        _exit(CANNOT_START);
    close_range(3, ~0U, 0);
    for (size_t i = 0; options->environment && options->environment[i]; i++)
        putenv(memory_string(options->environment[i]));
    execvp(argv[0], (char *const *)argv);
    dprintf(2, "cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(CANNOT_START);
}

struct process *process_start(const char *const *argv, const struct process_options *options)
{
    static const struct process_options none;
    struct process *process = memory_new(1, sizeof *process);
    pid_t parent = getpid();
    fflush(NULL);
    process->pid = fork();
    require(process->pid >= 0, "cannot fork: %s", strerror(errno));
    if (process->pid == 0)
        become(argv, options ? options : &none, parent);
    process->pidfd = pidfd_open(process->pid, 0);
    require(process->pidfd >= 0, "pidfd_open: %s", strerror(errno));
    return process;
}

void process_destroy(struct process **process)
{
    if (!*process)
        return;
    process_kill(*process);
    fd_close(&(*process)->pidfd);
    free(*process);
    *process = NULL;
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

bool process_running(struct process *process)
{
    return process_wait(process, 0) == PROCESS_STILL_RUNNING;
}

void process_signal(struct process *process, int signal_number)
{
    /* Not reaped before process_wait(), so the pid is still its own. */
    if (!process->ended)
        kill(process->pid, signal_number);
}

int process_wait(struct process *process, int64_t limit_ms)
{
    int64_t end = clock_monotonic_ms() + limit_ms;
    while (!process->ended) {
        int64_t left = end - clock_monotonic_ms();
        struct pollfd ready = {process->pidfd, POLLIN, 0};
        int polled = poll(&ready, 1, left > 0 ? (int)left : 0);
        if (polled == 0 && left <= 0)
            return PROCESS_STILL_RUNNING;
        int status;
        if (polled > 0 && waitpid(process->pid, &status, 0) == process->pid) {
            process->ended = true;
            process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
    return process->status;
}

int process_end(struct process *process, int64_t limit_ms)
{
    process_signal(process, SIGTERM);
    if (process_wait(process, limit_ms) == PROCESS_STILL_RUNNING)
        process_kill(process);
    return process->status;
}

void process_kill(struct process *process)
{
    process_signal(process, SIGKILL);
    while (process_wait(process, 1000) == PROCESS_STILL_RUNNING)
        ;
}

static size_t list_children(const struct process *process, pid_t *ret_children)
{
    char path[64];
    size_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process->pid, (int)process->pid);
    FILE *list = fopen(path, "re");
    while (list && count < CHILDREN_MAX && fscanf(list, "%d", &ret_children[count]) == 1)
        count++;
    if (list)
        (void)fclose(list);
    return count;
}

static void signal_children(const struct process *process, int signal_number)
{
    pid_t children[CHILDREN_MAX];
    size_t count = list_children(process, children);
    for (size_t i = 0; i < count; i++)
        kill(children[i], signal_number);
}

/* SIGSTOP, and waits until it has stopped or ended. */
static void stop(struct process *process)
{
    siginfo_t info;
    if (process->ended)
        return;
    process_signal(process, SIGSTOP);
    while (waitid(P_PID, (id_t)process->pid, &info, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
}

void process_freeze_family(struct process *process)
{
    /* Itself first, so that no child is reaped, and its pid given away, meanwhile. */
    stop(process);
    if (!process->ended)
        signal_children(process, SIGSTOP);
}

void process_kill_family(struct process *process)
{
    process_freeze_family(process);
    if (!process->ended)
        signal_children(process, SIGKILL);
    process_kill(process);
}

unsigned process_children(const struct process *process, pid_t *ret_pids, unsigned most)
{
    pid_t children[CHILDREN_MAX];
    unsigned count = (unsigned)list_children(process, children);
    count = count < most ? count : most;
    memcpy(ret_pids, children, count * sizeof *children);
    return count;
}

unsigned process_signal_children(struct process *process, unsigned most, int signal_number)
{
    pid_t children[CHILDREN_MAX];
    unsigned count = (unsigned)list_children(process, children);
    for (unsigned i = 0; i < count && i < most; i++)
        kill(children[i], signal_number);
    return count < most ? count : most;
}

bool process_kill_child(struct process *process, unsigned index)
{
    pid_t children[CHILDREN_MAX];
    if (process->ended)
        return false;
    stop(process); /* as above */
    size_t count = list_children(process, children);
    if (index < count)
        kill(children[index], SIGKILL);
    process_signal(process, SIGCONT);
    return index < count;
}

/* Takes what is in the pipe; false at its end. */
static bool drain(int fd, struct text *ret_output)
{
    char block[4096];
    ssize_t n = read(fd, block, sizeof block);
    if (n > 0 && ret_output)
        text_append_bytes(ret_output, block, (size_t)n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

int process_run(const char *const *argv, const char *const *environment, int64_t limit_ms,
                struct text *ret_output)
{
    int ends[2];
    require(pipe2(ends, O_CLOEXEC) == 0, "%s", strerror(errno));
    AUTO(fd_close) int reader = ends[0];
    char output[64];
    snprintf(output, sizeof output, "/proc/self/fd/%d", ends[1]);
    struct process_options options = {.environment = environment, .output = output};
    AUTO(process_destroy) struct process *process = process_start(argv, &options);
    close(ends[1]);
    int64_t end = clock_monotonic_ms() + limit_ms;
    for (bool open = true; open;) {
        int64_t left = end - clock_monotonic_ms();
        struct pollfd ready = {reader, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, (int)left) == 0)
            break;
        open = drain(reader, ret_output);
    }
    int64_t left = end - clock_monotonic_ms();
    if (process_wait(process, left > 0 ? left : 0) == PROCESS_STILL_RUNNING)
        process_kill(process);
    return process->status;
}

/* The first line of a file in its folder of /proc; empty where that cannot be read. */
static void read_line(pid_t pid, const char *name, char *ret_line, int size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(ret_line, size, file))
        *ret_line = '\0';
    ret_line[strcspn(ret_line, "\n")] = '\0';
    if (file)
        (void)fclose(file);
}

static void describe_pid(pid_t pid, struct text *ret_text)
{
    char stat[512], wchan[128], call[128];
    read_line(pid, "stat", stat, sizeof stat);
    read_line(pid, "wchan", wchan, sizeof wchan);
    read_line(pid, "syscall", call, sizeof call);
    const char *state = strrchr(stat, ')');
    text_format(ret_text, "pid %d: state=%.1s wchan=%s syscall=%s\n", (int)pid,
                state && state[1] ? state + 2 : "-", wchan, call);
}

void process_describe(struct process *process, struct text *ret_text)
{
    pid_t children[CHILDREN_MAX];
    if (!process_running(process)) {
        text_format(ret_text, "it has ended with %d\n", process->status);
        return;
    }
    size_t count = list_children(process, children);
    describe_pid(process->pid, ret_text);
    for (size_t i = 0; i < count; i++)
        describe_pid(children[i], ret_text);
}

/* A zombie has no memory left. */
bool process_pid_lives(pid_t pid)
{
    return kill(pid, 0) == 0 && process_pid_peak_memory_kib(pid) >= 0;
}

int64_t process_peak_memory_kib(const struct process *process)
{
    return process_pid_peak_memory_kib(process->pid);
}

int64_t process_pid_peak_memory_kib(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    int64_t peak = -1;
    while (file && fgets(line, sizeof line, file))
        if (string_starts_with(line, "VmHWM:"))
            peak = strtoll(line + strlen("VmHWM:"), NULL, 10);
    if (file)
        fclose(file);
    return peak;
}

int64_t process_cpu_ms(const struct process *process)
{
    char path[64], line[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process->pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    unsigned long user = 0, kernel = 0;
    const char *fields = strrchr(line, ')'); /* the name before may hold anything */
    if (!fields ||
        sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
        return -1;
    return (int64_t)(user + kernel) * 1000 / sysconf(_SC_CLK_TCK);
}
