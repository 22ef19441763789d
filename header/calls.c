#include "header/calls.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/dicom/charset.h"
#include "common/sandbox/sandbox.h"

static const struct filter_rule rules[] = {
    /* the router's socket, and the files that come over it */
    {"recvmsg", FILTER_ALWAYS},    {"pread64", FILTER_ALWAYS},   {"fstat", FILTER_ALWAYS},
    {"newfstatat", FILTER_ALWAYS}, {"write", FILTER_ALWAYS},     {"sendto", FILTER_NO_ADDRESS},
    {"close", FILTER_ALWAYS},      {"setitimer", FILTER_ALWAYS}, /* its limits */
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
