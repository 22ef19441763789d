#include "header/calls.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/dicom/charset.h"
#include "common/sandbox/sandbox.h"

static const struct filter_rule rules[] = {
    /* the router's socket, and the files that come over it */
    {"recvmsg", FILTER_ALWAYS},
    {"pread64", FILTER_ALWAYS},
    {"fstat", FILTER_ALWAYS},
    {"newfstatat", FILTER_ALWAYS},
    {"write", FILTER_ALWAYS},
    {"sendto", FILTER_NO_ADDRESS},
    {"close", FILTER_ALWAYS},
    /* itself */
    {"setitimer", FILTER_ALWAYS},
    {"clock_gettime", FILTER_ALWAYS},
    {"brk", FILTER_ALWAYS},
    {"mmap", FILTER_NOT_TO_RUN},
    {"mprotect", FILTER_NOT_TO_RUN},
    {"mremap", FILTER_ALWAYS},
    {"munmap", FILTER_ALWAYS},
    {"madvise", FILTER_ALWAYS},
    {"futex", FILTER_ALWAYS},
    {"getrandom", FILTER_ALWAYS},
    {"getpid", FILTER_ALWAYS},
    {"gettid", FILTER_ALWAYS},
    {"rt_sigaction", FILTER_ALWAYS},
    {"rt_sigprocmask", FILTER_ALWAYS},
    {"rt_sigreturn", FILTER_ALWAYS},
    {"restart_syscall", FILTER_ALWAYS},
    {"kill", FILTER_TO_ITSELF},
    {"tgkill", FILTER_TO_ITSELF},
    {"exit", FILTER_ALWAYS},
    {"exit_group", FILTER_ALWAYS},
};

static void tell_forbidden(const char *call)
{
    log_error("a reader of headers asked the kernel for what none needs: it ends", LOG_S("call", call));
}

void calls_limit(void)
{
    const struct sandbox_rules sandbox = {
        .rules = rules, .rule_count = sizeof rules / sizeof *rules, .forbidden = tell_forbidden};
    AUTO(text_release) struct text lacks = TEXT_EMPTY, refused = TEXT_EMPTY;
    charset_load_all();
    sandbox_ask_kernel(&lacks);
    if (lacks.length > 0)
        log_warning("the kernel limits a reader of headers less than it could",
                    LOG_S("because", text_string(&lacks)));
    if (sandbox_enter(&sandbox, &refused) != 0)
        log_warning("the kernel refuses to limit a reader of headers: going on without",
                    LOG_S("error", text_string(&refused)));
}
