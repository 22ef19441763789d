#include "receiver/names.h"

#include "common/base/log.h"
#include "common/base/memory.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNKNOWN_MS = 2000, KNOWN_MS = 10000, REVIVE_MS = 1000 };

struct names {
    const struct config *config;
    pid_t pid; /* 0: none runs */
    int64_t revive_ms;
};

struct names *names_create(void)
{
    return memory_new(1, sizeof(struct names));
}

static void end_process(struct names *names)
{
    if (names->pid <= 0)
        return;
    (void)kill(names->pid, SIGKILL);
    while (waitpid(names->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    names->pid = 0;
}

void names_destroy(struct names **names)
{
    if (*names)
        end_process(*names);
    memory_free(names);
}

static void say_learned(const struct config_source *source, size_t addresses)
{
    log_info("a source's host has other addresses", LOG_S("aet", source->aet), LOG_S("host", source->host),
             LOG_I("addresses", addresses));
}

static _Noreturn void run(const struct config *config, pid_t parent)
{
    size_t before = 0;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_SUCCESS);
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_IGN);
    for (;;) {
        size_t unresolved = config_refresh_names(config, say_learned);
        if (unresolved != before && unresolved > 0)
            log_warning("hosts of sources have no address, their associations are rejected for now",
                        LOG_I("sources", unresolved));
        before = unresolved;
        (void)poll(NULL, 0, unresolved > 0 ? UNKNOWN_MS : KNOWN_MS);
    }
}

static void start(struct names *names, void (*before)(void *context), void *context)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        if (before)
            before(context);
        run(names->config, parent);
    }
    names->pid = pid > 0 ? pid : 0;
}

void names_follow(struct names *names, const struct config *config, void (*before)(void *context),
                  void *context)
{
    end_process(names);
    names->config = config;
    if (config->shared_names)
        start(names, before, context);
}

bool names_reaped(struct names *names, pid_t pid)
{
    if (names->pid <= 0 || pid != names->pid)
        return false;
    names->pid = 0;
    return true;
}

void names_revive(struct names *names, int64_t now_ms, void (*before)(void *context), void *context)
{
    if (names->pid > 0 || !names->config || !names->config->shared_names || now_ms < names->revive_ms)
        return;
    names->revive_ms = now_ms + REVIVE_MS;
    start(names, before, context);
}
