#include "common/config/check.h"

#include "common/base/cleanup.h"
#include "common/base/hours.h"
#include "common/base/memory.h"
#include "common/config/processes.h"
#include "common/config/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- what follows ---- */

static void derive_endpoint(const struct config *config, const char *name, char **endpoint)
{
    if (*endpoint || !config->run_dir)
        return;
    struct text path = TEXT_EMPTY;
    text_format(&path, "ipc://%s/%s/sock", config->run_dir, name);
    *endpoint = text_take(&path);
}

static void derive_run_dir(struct config *config)
{
    struct text path = TEXT_EMPTY;
    const char *of_environment = getenv("FELUCCA_RUN_DIR");
    if (config->run_dir || !config->state_dir)
        return;
    if (of_environment && *of_environment == '/') {
        config->run_dir = memory_string(of_environment);
        return;
    }
    text_format(&path, "%s/run", config->state_dir);
    config->run_dir = text_take(&path);
}

static void derive_destination(struct config_destination *destination)
{
    const char *url = destination->stow_url;
    if (!url)
        return;
    destination->origin = config_url_origin(url);
    if (!destination->api_url && string_ends_with(url, "/studies"))
        destination->api_url = memory_string_n(url, strlen(url) - strlen("/studies"));
    for (size_t a = 0; a < destination->album_count; a++)
        if (!destination->albums[a].api_url)
            destination->albums[a].api_url = memory_string(destination->api_url);
}

static void derive_name(const char *kind, size_t index, char **name)
{
    struct text made = TEXT_EMPTY;
    if (*name)
        return;
    text_format(&made, "%s-%zu", kind, index + 1);
    *name = text_take(&made);
}

static void derive_notify(struct config *config)
{
    for (size_t i = 0; i < config->notify.webhook_count; i++)
        derive_name("webhook", i, &config->notify.webhooks[i].name);
    for (size_t i = 0; i < config->notify.mail_count; i++)
        derive_name("mail", i, &config->notify.mails[i].name);
    occasion_limits(config->notify.when, config->notify.when_count, config->receiver.min_free_space,
                    config->notify.limits);
}

/* A zone that is not there is told by config_check_nodes(). */
static void derive_hours(struct config_destination *destination)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct zone *zone = NULL;
    if (destination->window_count == 0)
        return;
    if (destination->time_zone)
        (void)zone_open(destination->time_zone, &zone, &reason);
    destination->hours = hours_create(destination->window, destination->window_count, zone);
}

void config_derive(struct config *config)
{
    derive_run_dir(config);
    derive_endpoint(config, "hints", &config->endpoints.hints);
    derive_endpoint(config, "work", &config->endpoints.work);
    derive_endpoint(config, "control", &config->endpoints.control);
    if (config->receiver.max_associations_per_source == 0)
        config->receiver.max_associations_per_source = (config->receiver.max_associations + 1) / 2;
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            derive_destination(&config->nodes[n].destinations[d]);
            derive_hours(&config->nodes[n].destinations[d]);
        }
    for (size_t i = 0; i < config->tray_count; i++)
        if (!config->trays[i].node && config->node_count == 1)
            config->trays[i].node = memory_string(config->nodes[0].aet);
    derive_notify(config);
}

/* ---- the processes' keys ---- */

static void check_endpoint(const struct config *config, struct config_report *report, const char *where,
                           char *const *endpoint)
{
    struct config_yaml_place place;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool written = config_report_find(report, endpoint, &place);
    if (!*endpoint)
        return;
    if (!written && config_url_check_endpoint(*endpoint, &reason) != 0) {
        AUTO(text_release) struct text socket = TEXT_EMPTY;
        config_report_quote(&socket, *endpoint);
        config_report_error(report, config_report_place(report, &config->state_dir), "state_dir",
                            "its socket %s %s; choose a shorter state_dir, or set %s", text_string(&socket),
                            text_string(&reason), where);
    }
    if (!string_starts_with(*endpoint, "tcp://"))
        return;
    if (!config->curve.secret_key)
        config_report_error(report, place, where,
                            "a tcp:// endpoint needs keys (a forged answer would delete images); set "
                            "curve: secret_key, which `felucca keys` makes, or use ipc://");
    else if (!config->curve.server_key && !config->curve.allowed_keys)
        config_report_error(report, place, where,
                            "a tcp:// endpoint needs to know the other side; set curve: server_key (the "
                            "router's public key), and for the router allowed_keys");
}

/* How long the part of an ipc:// endpoint is that names its folder; 0: it has none. */
static size_t folder_length(const char *endpoint)
{
    const char *slash = strrchr(endpoint, '/');
    return string_starts_with(endpoint, "ipc://") && slash ? (size_t)(slash - endpoint) : 0;
}

/* The receiver talks to strangers, and it needs the hints alone. */
static void check_folder(const struct config *config, struct config_report *report, const char *where,
                         char *const *endpoint)
{
    const char *hints = config->endpoints.hints;
    size_t length = hints ? folder_length(hints) : 0;
    if (length == 0 || !*endpoint || folder_length(*endpoint) != length ||
        strncmp(hints, *endpoint, length) != 0)
        return;
    config_report_warning(
        report, config_report_place(report, endpoint), where,
        "is in the folder of hints, which a receiver has to see; give each a folder of its own, "
        "such as ipc:///run/felucca/%s/sock, or leave endpoints out",
        where + strlen("endpoints: "));
}

static void check_endpoints(const struct config *config, struct config_report *report)
{
    const char *hints = config->endpoints.hints, *work = config->endpoints.work,
               *control = config->endpoints.control;
    check_endpoint(config, report, "endpoints: hints", &config->endpoints.hints);
    check_endpoint(config, report, "endpoints: work", &config->endpoints.work);
    check_endpoint(config, report, "endpoints: control", &config->endpoints.control);
    check_folder(config, report, "endpoints: work", &config->endpoints.work);
    check_folder(config, report, "endpoints: control", &config->endpoints.control);
    if (hints && work && strcmp(hints, work) == 0)
        config_report_error(report, config_report_place(report, &config->endpoints.work), "endpoints: work",
                            "is the same as hints; give each its own");
    if (control && ((hints && strcmp(hints, control) == 0) || (work && strcmp(work, control) == 0)))
        config_report_error(report, config_report_place(report, &config->endpoints.control),
                            "endpoints: control", "is the same as another endpoint; give each its own");
}

static void check_port(const struct config *config, struct config_report *report, int port)
{
    for (const struct processes_row *row = processes_table(); row < processes_table() + PROCESSES; row++)
        if (port != 0 && config->metrics.port != 0 && row->count != PROCESS_HELPER &&
            port == config->metrics.port + row->port)
            config_report_error(
                report, config_report_place(report, &config->metrics.port), "metrics: port",
                "the %s would show its metrics on port %d, on which DICOM is received; choose another",
                row->name, port);
}

/* ---- TLS ---- */

static void complain_tls(struct config_report *report, const void *field, const char *key,
                         const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_format(&where, "receiver: tls: %s", key);
    config_report_error(report, config_report_place(report, field), text_string(&where), "%s", sentence);
}

static void check_tls_files(const struct config_tls *tls, struct config_report *report)
{
    if (!tls->certificate_file)
        complain_tls(
            report, &tls->port, "port",
            "needs the receiver's certificate; set certificate_file and key_file, or leave the port out");
    else if (!tls->key_file)
        complain_tls(report, &tls->certificate_file, "certificate_file", "is set without key_file; set both");
    if (tls->clients != CONFIG_CLIENTS_NONE && !tls->ca_file)
        complain_tls(
            report, &tls->port, "port",
            "takes only peers whose certificate an authority has signed, and none is named; set ca_file, or "
            "clients: none if anybody may send");
    if (tls->crl_file && !tls->ca_file)
        complain_tls(report, &tls->crl_file, "crl_file", "is set without ca_file; set both");
}

static void check_tls(const struct config *config, struct config_report *report)
{
    const struct config_tls *tls = &config->receiver.tls;
    if (tls->port == 0 && config->receiver.port == 0)
        config_report_error(report, config_report_place(report, &config->receiver.port), "receiver: port",
                            "is 0, and there is no TLS port either, so nothing is received; set one of them");
    if (tls->port == 0 && tls->certificate_file)
        complain_tls(report, &tls->certificate_file, "certificate_file",
                     "is set without a port; set port, by usage 2762");
    if (tls->port == 0)
        return;
    check_tls_files(tls, report);
    if (tls->port == config->receiver.port)
        complain_tls(report, &tls->port, "port",
                     "is the plain port, too; give each its own, or write port: 0 in receiver for TLS alone");
}

static void check_ports(const struct config *config, struct config_report *report)
{
    check_port(config, report, config->receiver.port);
    check_port(config, report, config->receiver.tls.port);
}

static void check_times(const struct config *config, struct config_report *report)
{
    if (config->retry.first_ms > config->retry.ceiling_ms)
        config_report_error(report, config_report_place(report, &config->retry.first_ms), "retry: first",
                            "is longer than ceiling; write a shorter time, or a longer ceiling");
}

void config_check(const struct config *config, struct config_report *report)
{
    check_endpoints(config, report);
    check_ports(config, report);
    check_tls(config, report);
    check_times(config, report);
    config_check_fleet(config, report);
    config_check_notify(config, report);
    config_check_console(config, report);
    config_check_trays(config, report);
    config_check_nodes(config, report);
}
