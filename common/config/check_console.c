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

/* RFC 9110, 5.1: a token. */
static bool is_header_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                      "!#$%&'*+-.^_`|~") == length;
}

static void check_header(const struct config_yaml_place *place, const char *name, const char *key,
                         struct config_report *report)
{
    if (name && !is_header_name(name))
        config_report_error(report, *place, key, "is no header's name, such as X-Forwarded-User");
}

static void check_trusted_proxy(const struct config *config, struct config_report *report)
{
    const struct config_trusted_proxy *proxy = &config->console.trusted_proxy;
    const struct config_yaml_place user = config_report_place(report, &proxy->user_header),
                                   groups = config_report_place(report, &proxy->groups_header),
                                   operators = config_report_place(report, &proxy->operators);
    check_header(&user, proxy->user_header, "console: trusted_proxy: user_header", report);
    check_header(&groups, proxy->groups_header, "console: trusted_proxy: groups_header", report);
    if (proxy->operators && !proxy->groups_header)
        config_report_error(report, operators, "console: trusted_proxy: operators",
                            "is a group, and no groups_header says which header tells groups");
    else if (proxy->groups_header && !proxy->operators)
        config_report_error(report, groups, "console: trusted_proxy: groups_header",
                            "tells groups, and operators does not name the one whose members are operators");
    if (proxy->groups_header && proxy->address_count == 0)
        config_report_error(report, groups, "console: trusted_proxy: addresses",
                            "is missing: the addresses of the proxy whose headers are believed");
}

static void check_tls(const struct config *config, struct config_report *report)
{
    char *const *there =
        config->console.certificate_file ? &config->console.certificate_file : &config->console.key_file;
    if (!config->console.certificate_file != !config->console.key_file)
        config_report_error(report, config_report_place(report, there), "console: tls",
                            "needs both certificate_file and key_file");
}

/* Whether who asks from elsewhere has to say who he is, and nobody on the way hears it. A proxy sees to that itself. */
static bool is_guarded(const struct config *config)
{
    return config->console.trusted_proxy.address_count > 0 ||
           (config->console.users && config->console.certificate_file);
}

static void check_fleet_token(const struct config *config, struct config_report *report)
{
    const char *digest = config->console.fleet_sha256;
    if (digest && (strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64))
        config_report_error(
            report, config_report_place(report, &config->console.fleet_sha256), "console: fleet_sha256",
            "is no SHA-256; write 64 hexadecimal digits, as sha256sum prints them, of the token");
}

void config_check_console(const struct config *config, struct config_report *report)
{
    if (!config->console.is_written)
        return;
    check_port(config, report);
    check_fleet_token(config, report);
    check_trusted_proxy(config, report);
    check_tls(config, report);
    if (config->console.bind && !is_loopback(config->console.bind) && !is_guarded(config) &&
        config->console.insecure != CONFIG_RISK_TAKEN)
        config_report_error(
            report, config_report_place(report, &config->console.bind), "console: bind",
            config->console.users
                ? "is an address that others reach, where passwords would go in plain text; give tls a certificate and a "
                  "key, or name a trusted_proxy, or write 127.0.0.1"
                : "is an address that others reach, and the console asks nobody who he is; write 127.0.0.1 or ::1, or "
                  "name users and give tls a certificate and a key, or name a trusted_proxy, or write insecure: "
                  "yes-i-know where only a container's host reaches it");
}
