#include "common/sandbox/filter.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What each needs for itself: memory, time, signals to itself, its end. */
static const struct filter_rule own[] = {
    {"brk", FILTER_ALWAYS},          {"mmap", FILTER_NOT_TO_RUN},        {"mprotect", FILTER_NOT_TO_RUN},
    {"mremap", FILTER_ALWAYS},       {"munmap", FILTER_ALWAYS},          {"madvise", FILTER_ALWAYS},
    {"futex", FILTER_ALWAYS},        {"getrandom", FILTER_ALWAYS},       {"getpid", FILTER_ALWAYS},
    {"gettid", FILTER_ALWAYS},       {"rt_sigaction", FILTER_ALWAYS},    {"rt_sigprocmask", FILTER_ALWAYS},
    {"rt_sigreturn", FILTER_ALWAYS}, {"restart_syscall", FILTER_ALWAYS}, {"clock_gettime", FILTER_ALWAYS},
    {"kill", FILTER_TO_ITSELF},      {"tgkill", FILTER_TO_ITSELF},       {"exit", FILTER_ALWAYS},
    {"exit_group", FILTER_ALWAYS},
};

/* To be another program, to have or to touch another process, to reach another host, to change what the kernel grants. */
static const char *const never[] = {"execve",
                                    "execveat",
                                    "fork",
                                    "vfork",
                                    "clone",
                                    "clone3",
                                    "ptrace",
                                    "process_vm_readv",
                                    "process_vm_writev",
                                    "process_madvise",
                                    "pidfd_open",
                                    "pidfd_getfd",
                                    "pidfd_send_signal",
                                    "kcmp",
                                    "tkill",
                                    "rt_sigqueueinfo",
                                    "rt_tgsigqueueinfo",
                                    "socket",
                                    "socketpair",
                                    "connect",
                                    "bind",
                                    "listen",
                                    "accept",
                                    "accept4",
                                    "mount",
                                    "umount2",
                                    "move_mount",
                                    "fsopen",
                                    "open_tree",
                                    "pivot_root",
                                    "chroot",
                                    "unshare",
                                    "setns",
                                    "setuid",
                                    "setgid",
                                    "setreuid",
                                    "setregid",
                                    "setresuid",
                                    "setresgid",
                                    "setgroups",
                                    "capset",
                                    "keyctl",
                                    "add_key",
                                    "request_key",
                                    "bpf",
                                    "perf_event_open",
                                    "userfaultfd",
                                    "io_uring_setup",
                                    "io_uring_enter",
                                    "io_uring_register",
                                    "open_by_handle_at",
                                    "name_to_handle_at",
                                    "init_module",
                                    "finit_module",
                                    "delete_module",
                                    "kexec_load",
                                    "reboot",
                                    "memfd_create",
                                    "personality"};

static void (*hears)(const char *call);

static void release_filter(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
    *filter = NULL;
}

bool filter_is_known(void)
{
    uint32_t action = SCMP_ACT_TRAP;
    enum { GET_ACTION_AVAIL = 2 };
    (void)seccomp_api_get(); /* asks the kernel once; those that are forked know it */
    return syscall(SYS_seccomp, GET_ACTION_AVAIL, 0, &action) == 0;
}

/* The call is not made, whatever becomes of this. SIGSYS is its own default again by now, and ends the process. */
static void tell(int number, siginfo_t *info, void *context)
{
    (void)context;
    AUTO(memory_free)
    char *name = seccomp_syscall_resolve_num_arch((uint32_t)info->si_arch, info->si_syscall);
    hears(name ? name : "one without a name");
    (void)raise(number);
}

static int allow(scmp_filter_ctx filter, const struct filter_rule *rule)
{
    const scmp_datum_t itself = (scmp_datum_t)getpid();
    int call = seccomp_syscall_resolve_name(rule->call);
    if (call == __NR_SCMP_ERROR || call < 0)
        return 0;
    switch (rule->when) {
    case FILTER_NOT_TO_RUN:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    case FILTER_TO_ITSELF:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0_32(SCMP_CMP_EQ, itself));
    case FILTER_NO_ADDRESS:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A4(SCMP_CMP_EQ, 0));
    case FILTER_FLAGS:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, SCMP_A1_32(SCMP_CMP_LE, F_SETFL));
    default:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
    }
}

static int allow_all(scmp_filter_ctx filter, const struct filter_rule *rules, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = allow(filter, &rules[i]);
    return code;
}

static int forbid(scmp_filter_ctx filter, const char *name)
{
    int call = seccomp_syscall_resolve_name(name);
    return call < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_TRAP, call, 0);
}

int filter_load(const struct filter_rule *rules, size_t count, void (*forbidden)(const char *call))
{
    AUTO(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    const struct sigaction action = {.sa_sigaction = tell,
                                     .sa_flags = SA_SIGINFO | SA_NODEFER | (int)SA_RESETHAND};
    if (!filter)
        return ERR_NOMEM;
    /* Without it older kernels make the whole process slower (speculative stores). */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    int code = allow_all(filter, own, sizeof own / sizeof *own);
    if (code == 0)
        code = allow_all(filter, rules, count);
    for (size_t i = 0; i < sizeof never / sizeof *never && code == 0; i++)
        code = forbid(filter, never[i]);
    if (code != 0)
        return err_from_errno(-code);
    hears = forbidden;
    if (sigaction(SIGSYS, &action, NULL) != 0)
        return err_from_errno(errno);
    code = seccomp_load(filter);
    return code == 0 ? 0 : err_from_errno(-code);
}
