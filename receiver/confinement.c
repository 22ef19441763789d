#include "receiver/confinement.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/log.h"
#include "common/sandbox/sandbox.h"
#include "common/spool/unconfined.h"

static const struct filter_rule rules[] = {
    /* the connection, and the pipe for hints */
    {"read", FILTER_ALWAYS},
    {"write", FILTER_ALWAYS},
    {"recvfrom", FILTER_ALWAYS},
    {"sendto", FILTER_NO_ADDRESS},
    {"poll", FILTER_ALWAYS},
    {"ppoll", FILTER_ALWAYS},
    {"setsockopt", FILTER_ALWAYS},
    {"getpeername", FILTER_ALWAYS},
    {"shutdown", FILTER_ALWAYS},
    {"close", FILTER_ALWAYS},
    {"fcntl", FILTER_FLAGS},
    /* files of incoming/ */
    {"openat", FILTER_ALWAYS},
    {"flock", FILTER_ALWAYS},
    {"pread64", FILTER_ALWAYS}, /* what the status says of peers (rejections.h, oddity.h) */
    {"pwrite64", FILTER_ALWAYS},
    {"fstat", FILTER_ALWAYS},
    {"newfstatat", FILTER_ALWAYS},
    {"fstatfs", FILTER_ALWAYS},
    {"fstatfs64", FILTER_ALWAYS},
    {"sync_file_range", FILTER_ALWAYS},
    {"fsync", FILTER_ALWAYS},
    {"renameat", FILTER_ALWAYS},
    {"renameat2", FILTER_ALWAYS},
    {"unlinkat", FILTER_ALWAYS},
    /* time */
    {"alarm", FILTER_ALWAYS},
    {"setitimer", FILTER_ALWAYS}, /* alarm() where there is no such call */
    {"getppid", FILTER_ALWAYS},   /* whether the receiver is there */
};

void confinement_announce(const struct config *config, struct spool *spool)
{
    AUTO(text_release) struct text lacks = TEXT_EMPTY;
    sandbox_ask_kernel(&lacks);
    unconfined_write(spool, config->sandbox != CONFIG_OFF && sandbox_is_built() ? text_string(&lacks) : "");
    if (config->sandbox == CONFIG_OFF)
        log_warning(
            "sandbox: off: a peer that takes over an association's process has all that the receiver has");
    else if (lacks.length > 0)
        log_warning("the kernel limits the processes of associations less than it could",
                    LOG_S("because", text_string(&lacks)));
}

/* What it may have been made to do by its peer. */
static void tell_forbidden(const char *call)
{
    log_error("an association asked the kernel for what none needs: it ends", LOG_S("call", call));
}

void confinement_begin(const struct config *config, struct spool *spool, int asked, struct hints *hints)
{
    AUTO(text_release) struct text refused = TEXT_EMPTY;
    AUTO(fd_close) int marks = CRASH_MARKS();
    int folders[3] = {spool_incoming(spool)};
    size_t count = 1;
    if (asked >= 0)
        folders[count++] = asked;
    if (marks >= 0)
        folders[count++] = marks;
    const struct sandbox_rules sandbox = {rules, sizeof rules / sizeof *rules, folders, count,
                                          tell_forbidden};
    if (config->sandbox == CONFIG_OFF)
        return;
    if (sandbox_enter(&sandbox, &refused) == 0)
        return;
    log_warning("the kernel refuses to limit an association: going on without (sandbox: off ends this line)",
                LOG_S("error", text_string(&refused)));
    unconfined_write(spool, text_string(&refused));
    hints_tell(hints, HINT_UNCONFINED, NULL, 0);
}
