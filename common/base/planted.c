#include "common/base/planted.h"

#ifdef FELUCCA_TEST_HOOKS

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int call_execve(void)
{
    char *const argv[] = {"true", NULL};
    return execve("/bin/true", argv, argv + 1);
}

static int call_fork(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : 0;
}

static int call_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int call_connect(void)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 1};
    return connect(STDIN_FILENO, (const struct sockaddr *)&to, sizeof to);
}

/* A file of another role, which its user may read. */
static int call_open(void)
{
    return open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
}

static int call_kill(void)
{
    return kill(getppid(), 0);
}

static int call_run(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? -1
               : 0;
}

/* Harmless, and not needed. */
static int call_sysinfo(void)
{
    struct sysinfo info;
    return sysinfo(&info);
}

static const struct planted {
    const char *name;
    int (*call)(void);
} calls[] = {{"execve", call_execve},   {"fork", call_fork},      {"socket", call_socket},
             {"connect", call_connect}, {"open", call_open},      {"kill", call_kill},
             {"run", call_run},         {"sysinfo", call_sysinfo}};

void planted_call(const char *process)
{
    const char *planted = getenv("FELUCCA_PLANTED_CALL");
    size_t length = strlen(process);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (!planted || strncmp(planted, process, length) != 0 || planted[length] != ':' ||
            strcmp(planted + length + 1, calls[i].name) != 0)
            continue;
        char said[64];
        int code = calls[i].call() < 0 ? errno : 0;
        int length_said = snprintf(said, sizeof said, "planted call %s: %s %d\n", calls[i].name,
                                   code == 0 ? "went well" : "error", code);
        if (write(STDERR_FILENO, said, (size_t)length_said) <
            0) /* as printf() needs more than this may be allowed */
            abort();
    }
}

#endif
