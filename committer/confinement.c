#include "committer/confinement.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/sandbox/sandbox.h"

static const struct filter_rule rules[] = {
    /* the connection, and the pipe to the committer */
    {"read", FILTER_ALWAYS},
    {"write", FILTER_ALWAYS},
    {"recvfrom", FILTER_ALWAYS},
    {"sendto", FILTER_NO_ADDRESS},
    {"poll", FILTER_ALWAYS},
    {"ppoll", FILTER_ALWAYS},
    {"select", FILTER_ALWAYS},
    {"pselect6", FILTER_ALWAYS},
    {"setsockopt", FILTER_ALWAYS},
    {"getsockopt", FILTER_ALWAYS},
    {"getpeername", FILTER_ALWAYS},
    {"shutdown", FILTER_ALWAYS},
    {"close", FILTER_ALWAYS},
    {"fcntl", FILTER_FLAGS},
    /* time */
    {"alarm", FILTER_ALWAYS},
    {"setitimer", FILTER_ALWAYS}, /* alarm() where there is no such call */
};

void confinement_announce(const struct config *config)
{
    AUTO(text_release) struct text lacks = TEXT_EMPTY;
    sandbox_ask_kernel(&lacks);
    if (config->sandbox == CONFIG_OFF)
        log_warning(
            "sandbox: off: a source that takes over a report's process has all that the committer has");
    else if (lacks.length > 0)
        log_warning("the kernel limits the processes of reports less than it could",
                    LOG_S("because", text_string(&lacks)));
}

static void tell_forbidden(const char *call)
{
    log_error("a report's process asked the kernel for what none needs: it ends", LOG_S("call", call));
}

void confinement_begin(void)
{
    const struct sandbox_rules sandbox = {
        .rules = rules, .rule_count = sizeof rules / sizeof *rules, .forbidden = tell_forbidden};
    AUTO(text_release) struct text refused = TEXT_EMPTY;
    if (sandbox_enter(&sandbox, &refused) != 0)
        log_warning("the kernel refuses to limit a report's process: going on without",
                    LOG_S("error", text_string(&refused)));
}
