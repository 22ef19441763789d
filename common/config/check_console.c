#include "common/config/check.h"

#include "common/base/text.h"
#include "common/config/processes.h"

#include <string.h>

static bool is_loopback(const char *bind)
{
    return string_starts_with(bind, "127.") || strcmp(bind, "::1") == 0;
}

/* On a port of its own. */
static void check_port(const struct config *config, struct config_report *report)
{
    int port = config->console.port, offset = port - config->metrics.port;
    if (port == config->receiver.port)
        config_report_error(report, config_report_place(report, &config->console.port), "console: port",
                            "is receiver: port, on which DICOM is received; choose another");
    else if (config->metrics.port != 0 && offset >= 0 && offset < PROCESS_PORTS)
        config_report_error(report, config_report_place(report, &config->console.port), "console: port",
                            "is among the ports from metrics: port on (%d to %d); choose another",
                            config->metrics.port, config->metrics.port + PROCESS_PORTS - 1);
}

void config_check_console(const struct config *config, struct config_report *report)
{
    if (!config->console.is_written)
        return;
    check_port(config, report);
    if (config->console.bind && !is_loopback(config->console.bind) &&
        config->console.insecure != CONFIG_RISK_TAKEN)
        config_report_error(
            report, config_report_place(report, &config->console.bind), "console: bind",
            "is an address that others reach, and the console asks nobody who he is; write "
            "127.0.0.1 or ::1, or insecure: yes-i-know where only a container's host reaches it");
}
