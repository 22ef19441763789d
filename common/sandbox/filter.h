/* filter - which system calls this process may still make (seccomp).
 *
 * Three kinds of call. What its rules name works, and what every process needs for itself: memory, time, its end. What no
 * process of this kind can ever want (never in filter.c: to start a program, to connect, to look into another process) ends it by
 * SIGSYS, and a function of the caller hears the call's name first. What nobody thought of fails as on a kernel that does not know
 * it (ENOSYS), so that a library which asks for something new goes on with something old. */
#ifndef FELUCCA_SANDBOX_FILTER_H
#define FELUCCA_SANDBOX_FILTER_H

#include <stdbool.h>
#include <stddef.h>

enum filter_when {
    FILTER_ALWAYS,
    FILTER_NOT_TO_RUN, /* mmap(), mprotect(): what can be executed is there already */
    FILTER_TO_ITSELF,  /* kill(), tgkill(): no signal to another process */
    FILTER_NO_ADDRESS, /* sendto(): to the peer of the socket alone */
    FILTER_FLAGS,      /* fcntl(): a descriptor's flags and copies, no signals */
};

struct filter_rule {
    const char *call; /* one that this machine has not is left out */
    enum filter_when when;
};

/* Whether the kernel has what is needed. */
bool filter_is_known(void);

/* From now on, for the process, which has one thread, and all that it starts. forbidden hears of a call that ends it, inside
 * a signal handler of a call that was made on purpose: it may write a log line. 0, or an error of the kernel's. */
int filter_load(const struct filter_rule *rules, size_t count, void (*forbidden)(const char *call));

#endif
