#include "header/limits.h"

#include "common/base/core_dumps.h"
#include "common/reading/limit.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LIMITED = 0 };
#else
enum { LIMITED = 1 };
#endif

void limits_set(void)
{
    const struct rlimit memory = {READING_MEMORY_MAX, READING_MEMORY_MAX};
    core_dumps_refuse();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!LIMITED)
        return;
    (void)setrlimit(RLIMIT_AS, &memory);
}

/* Counts what the process itself uses of a processor: a slow disk and a busy machine are not the file's fault. */
static void set_timer(time_t seconds)
{
    const struct itimerval limit = {.it_value.tv_sec = seconds};
    if (LIMITED)
        (void)setitimer(ITIMER_PROF, &limit, NULL);
}

void limits_begin_file(void)
{
    set_timer(READING_SECONDS_MAX);
}

void limits_end_file(void)
{
    set_timer(0);
}

void limits_begin_trial(void)
{
    set_timer(TRIAL_SECONDS_MAX);
}
