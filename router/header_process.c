#include "router/header_process.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/reading/channel.h"
#include "common/reading/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_NOT_STARTED = 127, PIECE = 64 << 10, STAND_BACK = 5 };

struct header_process {
    pid_t pid; /* 0: it has ended, as `end` says */
    int socket;
    enum header_end end;
    struct text input; /* what came; the first `taken` bytes were given away */
    size_t taken;
};

const char *header_end_sentence(enum header_end end)
{
    static const char *const sentences[HEADER_ENDS] = {
#define X(NAME, blames, sentence) [HEADER_##NAME] = (sentence),
        HEADER_END_MAP(X)
#undef X
    };
    return sentences[end] ? sentences[end] : "";
}

/* In the child, which shares the router's memory until it is another program: system calls only. It keeps the socket
 * and where errors go; the router's lock, database and files are not for it. */
static _Noreturn void become(int program, char *const *argv, int socket, volatile int *ret_error)
{
    sigset_t none;
    (void)sigemptyset(&none);
    if (dup2(socket, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        _exit(EXIT_NOT_STARTED);
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)fexecve(program, argv, environ);
    *ret_error = errno;
    _exit(EXIT_NOT_STARTED);
}

/* The socket has to be none of the first three, which become() gives another meaning. */
static int make_sockets(int ret_sockets[2])
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_sockets) != 0)
        return err_from_errno(errno);
    int flags = fcntl(ret_sockets[0], F_GETFL);
    return fcntl(ret_sockets[0], F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : err_from_errno(errno);
}

int header_process_start(int program, bool sandbox, struct header_process **ret_process)
{
    char *argv[4] = {"felucca-header"}, **next = argv + 1;
    if (!sandbox)
        *next++ = "--no-sandbox";
    if (log_current_format() == LOG_JSON)
        *next = "--log-json";
    int sockets[2] = {-1, -1};
    int code = make_sockets(sockets);
    AUTO(fd_close) int ours = sockets[0];
    AUTO(fd_close) int its = sockets[1];
    if (code != 0)
        return code;
    volatile int error = 0;
    pid_t pid = vfork();
    if (pid == 0)
        become(program, argv, its, &error);
    if (pid < 0)
        return err_from_errno(errno);
    if (error != 0) {
        (void)waitpid(pid, NULL, 0);
        return err_from_errno(error);
    }
    struct header_process *process = memory_new(1, sizeof *process);
    process->pid = pid;
    process->socket = ours;
    ours = -1;
    *ret_process = process;
    return 0;
}

static void judge_status(struct header_process *process, int status)
{
    int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    process->pid = 0;
    process->end =
        by == SIGPROF || by == SIGXCPU ? HEADER_TIME
        : by == SIGSEGV || by == SIGBUS || by == SIGABRT || by == SIGILL || by == SIGFPE || by == SIGTRAP
            ? HEADER_CRASH
        : by == SIGSYS                                            ? HEADER_FORBIDDEN
        : WIFEXITED(status) && WEXITSTATUS(status) == EX_SOFTWARE ? HEADER_MEMORY
                                                                  : HEADER_OUTSIDE;
}

static void reap(struct header_process *process, int options)
{
    int status = 0;
    pid_t got = 0;
    while (process->pid > 0 && (got = waitpid(process->pid, &status, options)) < 0 && errno == EINTR)
        continue;
    if (got == process->pid && got > 0)
        judge_status(process, status);
    else if (got < 0)
        process->pid = 0;
}

void header_process_destroy(struct header_process **process)
{
    if (!*process)
        return;
    header_process_kill(*process);
    reap(*process, 0);
    fd_close(&(*process)->socket);
    text_release(&(*process)->input);
    memory_free(process);
}

int header_process_socket(const struct header_process *process)
{
    return process->socket;
}

/* ---- answers ---- */

/* Whether the next answer is there, and how long its part behind the head is. ERR_AGAIN: not all of it. */
static int look_at_head(const struct header_process *process, struct answer_head *ret_head)
{
    size_t there = process->input.length - process->taken;
    if (there < sizeof *ret_head)
        return ERR_AGAIN;
    memcpy(ret_head, process->input.bytes + process->taken, sizeof *ret_head);
    if (ret_head->length > READING_MAX || ret_head->zero != 0)
        return ERR_SYNTAX;
    return there - sizeof *ret_head < ret_head->length ? ERR_AGAIN : 0;
}

static void forget_taken(struct header_process *process)
{
    struct text *input = &process->input;
    size_t left = input->length - process->taken;
    if (process->taken > 0 && left > 0)
        memmove(input->bytes, input->bytes + process->taken, left);
    input->length = left;
    process->taken = 0;
    if (left == 0 && input->capacity > 4 * PIECE)
        text_release(input);
}

/* What the socket holds of it, up to so much. */
static int receive_piece(struct header_process *process)
{
    char piece[PIECE];
    ssize_t got;
    do
        got = recv(process->socket, piece, sizeof piece, MSG_DONTWAIT);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got < 0 && errno == EAGAIN ? ERR_AGAIN : ERR_NETWORK;
    text_append_bytes(&process->input, piece, (size_t)got);
    return 0;
}

int header_process_receive(struct header_process *process, uint64_t *ret_id, char **ret_bytes,
                           size_t *ret_length)
{
    struct answer_head head;
    int code;
    while ((code = look_at_head(process, &head)) == ERR_AGAIN) {
        forget_taken(process);
        if ((code = receive_piece(process)) != 0)
            return code;
    }
    if (code != 0)
        return code;
    *ret_id = head.id;
    *ret_length = head.length;
    *ret_bytes = memory_string_n(process->input.bytes + process->taken + sizeof head, head.length);
    process->taken += sizeof head + head.length;
    return 0;
}

void header_process_stand_back(struct header_process *process)
{
    if (process->pid > 0)
        (void)setpriority(PRIO_PROCESS, (id_t)process->pid, STAND_BACK);
}

int64_t header_process_cpu_ms(const struct header_process *process)
{
    clockid_t clock;
    struct timespec used;
    if (process->pid == 0 || clock_getcpuclockid(process->pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0)
        return 0;
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

void header_process_kill(struct header_process *process)
{
    if (process->pid > 0)
        (void)kill(process->pid, SIGKILL);
}

enum header_end header_process_end(struct header_process *process)
{
    reap(process, WNOHANG);
    if (process->pid == 0 && process->end == HEADER_RUNS)
        process->end = HEADER_OUTSIDE;
    return process->end;
}
