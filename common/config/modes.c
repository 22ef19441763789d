#include "common/config/modes.h"

#include "common/base/cleanup.h"
#include "common/base/exposed.h"
#include "common/base/text.h"
#include "common/config/secret.h"

#include <string.h>
#include <strings.h>

struct look {
    const struct config *config;
    struct config_report *report;
    bool exposed; /* the configuration itself */
    bool told;
};

/* field: where the configuration has it. */
static void look_at_secret_of(struct look *look, const char *where, const void *field, char *const *secret)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    if (!*secret)
        return;
    if (secret_is_literal(*secret) && look->exposed && !look->told) {
        look->told = true;
        config_report_warning(
            look->report, config_report_place(look->report, field), where,
            "is a secret, and every user of this machine may read this file: chmod 640, or put it into "
            "a file of its own and write ${file:PATH}");
    }
    if (secret_is_exposed(*secret, &path) && exposed_to_all(text_string(&path)))
        config_report_warning(look->report, config_report_place(look->report, field), where,
                              "every user of this machine may read %s: chmod 640, or stricter",
                              text_string(&path));
}

static void look_at_secret(struct look *look, const char *where, char *const *secret)
{
    look_at_secret_of(look, where, secret, secret);
}

static void look_at_file(struct look *look, const char *where, char *const *path)
{
    if (*path && exposed_to_all(*path))
        config_report_warning(look->report, config_report_place(look->report, path), where,
                              "every user of this machine may read it: chmod 640, or stricter");
}

/* Other headers are no secrets, unless they are kept in a file. */
static void look_at_header(struct look *look, const struct config_destination *destination,
                           const struct config_header *header)
{
    if (strcasecmp(header->name, "Authorization") == 0 || !secret_is_literal(header->value))
        look_at_secret_of(look, "headers", &destination->headers, &header->value);
}

static void look_at_auth(struct look *look, const struct config_auth *auth)
{
    look_at_secret(look, "auth: token", &auth->token);
    look_at_secret(look, "auth: password", &auth->password);
    look_at_secret(look, "auth: client_secret", &auth->client_secret);
    look_at_secret(look, "auth: key", &auth->key);
    look_at_secret(look, "auth: secret_key", &auth->secret_key);
    look_at_secret(look, "auth: session_token", &auth->session_token);
}

static void look_at_destination(struct look *look, const struct config_destination *destination)
{
    for (size_t h = 0; h < destination->header_count; h++)
        look_at_header(look, destination, &destination->headers[h]);
    look_at_file(look, "client_key", &destination->client_key);
    look_at_auth(look, &destination->auth);
    for (size_t a = 0; a < destination->album_count; a++) {
        look_at_secret(look, "destination_token", &destination->albums[a].destination_token);
        look_at_secret(look, "source_token", &destination->albums[a].source_token);
    }
}

static void look_at_notify(struct look *look)
{
    const struct config *config = look->config;
    for (size_t i = 0; i < config->notify.webhook_count; i++) {
        look_at_auth(look, &config->notify.webhooks[i].auth);
        look_at_secret(look, "secret", &config->notify.webhooks[i].secret);
        if (config->notify.webhooks[i].url && !secret_is_literal(config->notify.webhooks[i].url))
            look_at_secret(look, "url", &config->notify.webhooks[i].url);
    }
    for (size_t i = 0; i < config->notify.mail_count; i++)
        look_at_secret(look, "password", &config->notify.mails[i].password);
}

void config_check_modes(const struct config *config, struct config_report *report)
{
    struct look look = {config, report, exposed_to_all(config->path), false};
    for (size_t n = 0; n < config->node_count; n++) {
        const struct config_node *node = &config->nodes[n];
        for (size_t s = 0; s < node->source_count; s++)
            look_at_secret(&look, "passcode", &node->sources[s].passcode);
        for (size_t d = 0; d < node->destination_count; d++)
            look_at_destination(&look, &node->destinations[d]);
    }
    look_at_file(&look, "receiver: tls: key_file", &config->receiver.tls.key_file);
    look_at_notify(&look);
    for (size_t i = 0; i < config->fleet_count; i++)
        look_at_secret(&look, "fleet: token", &config->fleet[i].token);
}
