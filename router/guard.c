#include "router/guard.h"

#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

struct guard {
    int fd;
    bool noted;
};

int guard_create(const char *state_dir, struct guard **ret_guard)
{
    AUTO(fd_close) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(fd_close) int run = -1;
    if (state < 0)
        return err_from_errno(errno);
    int code = durable_folder(state, "run", &run);
    if (code != 0)
        return code;
    int fd = openat(run, "parsing", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    *ret_guard = memory_new(1, sizeof **ret_guard);
    (*ret_guard)->fd = fd;
    return 0;
}

void guard_destroy(struct guard **guard)
{
    if (!*guard)
        return;
    fd_close(&(*guard)->fd);
    free(*guard);
    *guard = NULL;
}

bool guard_left(struct guard *guard, char *ret_receipt)
{
    char note[RECEIPT_SIZE] = "";
    if (pread(guard->fd, note, RECEIPT_LENGTH, 0) != RECEIPT_LENGTH || !receipt_is_valid(note))
        return false;
    memcpy(ret_receipt, note, sizeof note);
    return true;
}

/* SIGPROF ends the process when it has used so much processor time; waiting for a slow disk does not
 * count. */
static void limit_processor_time(time_t seconds)
{
    const struct itimerval limit = {.it_value.tv_sec = seconds};
    (void)setitimer(ITIMER_PROF, &limit, NULL);
}

/* A note that cannot be written costs the protection, not the pipeline. */
void guard_note(struct guard *guard, const char *receipt)
{
    limit_processor_time(GUARD_SECONDS);
    guard->noted = pwrite(guard->fd, receipt, RECEIPT_LENGTH, 0) == RECEIPT_LENGTH;
}

void guard_clear(struct guard *guard)
{
    limit_processor_time(0);
    if (guard->noted)
        guard->noted = ftruncate(guard->fd, 0) != 0;
}

bool guard_survives(void (*parse)(void *context), void *context, time_t seconds)
{
    pid_t child = fork();
    if (child < 0)
        return true; /* nothing is proved: a parser that crashes leaves the note once more */
    if (child == 0) {
        /* The child holds the router's lock too: it must not outlive it. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        limit_processor_time(seconds);
        parse(context);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
