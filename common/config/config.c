#include "common/config/names.h"
#include "common/config/processes.h"
#include "common/config/config.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/hours.h"
#include "common/base/memory.h"
#include "common/config/assign.h"
#include "common/config/check.h"
#include "common/config/modes.h"
#include "common/config/read.h"
#include "common/config/report.h"
#include "common/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const usual_paths[] = {"felucca.yaml", "/etc/felucca/felucca.yaml"};

/* ---- the file ---- */

/* The path to read; NULL with an error when there is none. Borrowed. */
static const char *find_path(const char *path, struct text *errors)
{
    if (path)
        return path;
    const char *variable = getenv("FELUCCA_CONFIG");
    if (variable && *variable)
        return variable;
    for (size_t i = 0; i < sizeof usual_paths / sizeof *usual_paths; i++)
        if (access(usual_paths[i], F_OK) == 0)
            return usual_paths[i];
    text_append(errors, "no configuration found: name one with --config FILE or $FELUCCA_CONFIG, or put it "
                        "into ./felucca.yaml or /etc/felucca/felucca.yaml\n");
    return NULL;
}

static int say_errno(const char *path, struct text *errors)
{
    text_format(errors, "%s: the configuration cannot be read: %s\n", path, strerror(errno));
    return ERR_CONFIG;
}

/* Reads the file, or a pipe, up to the limit of the reader and one byte more. */
static int read_file(const char *path, struct text *ret_content, struct text *errors)
{
    enum { PIECE = 64 * 1024 };
    struct stat status;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return say_errno(path, errors);
    AUTO(memory_free) char *piece = memory_new(1, PIECE);
    while (ret_content->length <= CONFIG_YAML_SIZE_MAX) {
        ssize_t got = read(fd, piece, PIECE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return say_errno(path, errors);
        if (got == 0)
            break;
        text_append_bytes(ret_content, piece, (size_t)got);
    }
    return 0;
}

/* The absolute folder of the file; is then yours. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO(memory_free)
    char *folder =
        slash ? memory_string_n(path, slash == path ? 1 : (size_t)(slash - path)) : memory_string(".");
    char *absolute = realpath(folder, NULL);
    return absolute ? absolute : memory_string("/");
}

/* ---- loading ---- */

static void wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->capacity);
    text_release(text);
}

static void read_content(const struct text *content, struct config *config, struct config_report *report)
{
    struct config_yaml_place place;
    AUTO(config_yaml_destroy) struct config_yaml *document = NULL;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(memory_free) char *folder = folder_of(config->path);
    if (config_yaml_read(text_string(content), content->length, &document, &place, &message) != 0) {
        config_report_error(report, place, "", "%s", text_string(&message));
        return;
    }
    config_read(document, folder, config, report);
    config_derive(config);
    config_check(config, report);
    config_check_modes(config, report);
}

int config_load(const char *path, struct config **ret_config, struct text *errors, struct text *warnings)
{
    AUTO(wipe) struct text content = TEXT_EMPTY;
    path = find_path(path, errors);
    if (!path || read_file(path, &content, errors) != 0)
        return ERR_CONFIG;
    AUTO(config_destroy) struct config *config = memory_new(1, sizeof *config);
    AUTO(config_report_destroy) struct config_report *report = config_report_create(path);
    config->path = memory_string(path);
    read_content(&content, config, report);
    config_report_print(report, errors, warnings);
    if (config_report_errors(report) > 0)
        return ERR_CONFIG;
    *ret_config = config;
    config = NULL;
    return 0;
}

void config_destroy(struct config **config)
{
    if (!*config)
        return;
    for (size_t n = 0; n < (*config)->node_count; n++)
        for (size_t d = 0; d < (*config)->nodes[n].destination_count; d++) {
            free((*config)->nodes[n].destinations[d].origin);
            hours_destroy(&(*config)->nodes[n].destinations[d].hours);
        }
    config_names_release(*config);
    config_release(*config);
    free((*config)->path);
    free(*config);
    *config = NULL;
}

/* ---- lookups ---- */

const struct config_node *config_find_node(const struct config *config, const char *called_aet)
{
    for (size_t n = 0; n < config->node_count; n++)
        if (strcmp(config->nodes[n].aet, called_aet) == 0)
            return &config->nodes[n];
    return NULL;
}

const struct config_destination *config_find_destination(const struct config *config, const char *name)
{
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t d = 0; d < config->nodes[n].destination_count; d++)
            if (strcmp(config->nodes[n].destinations[d].name, name) == 0)
                return &config->nodes[n].destinations[d];
    return NULL;
}

const struct config_source *config_find_requester(const struct config_node *node, const char *calling_aet)
{
    for (size_t s = 0; s < node->source_count; s++)
        if (node->sources[s].port != 0 && strcmp(node->sources[s].aet, calling_aet) == 0)
            return &node->sources[s];
    return NULL;
}

bool config_has_requesters(const struct config *config)
{
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t s = 0; s < config->nodes[n].source_count; s++)
            if (config->nodes[n].sources[s].port != 0)
                return true;
    return false;
}

const struct config_album *config_find_album(const struct config_destination *destination, const char *name)
{
    for (size_t a = 0; a < destination->album_count; a++)
        if (strcmp(destination->albums[a].name, name) == 0)
            return &destination->albums[a];
    return NULL;
}

const struct config_webhook *config_find_webhook(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->notify.webhook_count; i++)
        if (strcmp(config->notify.webhooks[i].name, name) == 0)
            return &config->notify.webhooks[i];
    return NULL;
}

const struct config_mail *config_find_mail(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->notify.mail_count; i++)
        if (strcmp(config->notify.mails[i].name, name) == 0)
            return &config->notify.mails[i];
    return NULL;
}

size_t config_notified(const struct config *config)
{
    return config->notify.webhook_count + config->notify.mail_count;
}

bool config_runs(const struct config *config, const struct processes_row *row)
{
    switch (row->count) {
    case PROCESS_NOTIFYING:
        return config_notified(config) > 0;
    case PROCESS_REPORTING:
        return config_has_requesters(config);
    case PROCESS_SHOWING:
        return config->console.is_written;
    case PROCESS_WATCHING:
        return config->tray_count > 0;
    default:
        return row->count != PROCESS_HELPER;
    }
}

const char *config_notified_name(const struct config *config, size_t index)
{
    size_t webhooks = config->notify.webhook_count;
    return index < webhooks ? config->notify.webhooks[index].name
                            : config->notify.mails[index - webhooks].name;
}

bool config_console_knows_people(const struct config *config)
{
    return config->console.users || config->console.trusted_proxy.address_count > 0;
}
