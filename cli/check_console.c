#include "cli/check_console.h"

#include "common/base/cleanup.h"
#include "common/tls/certificate.h"
#include "common/users/users.h"

static bool check_users(const char *path, struct findings *findings)
{
    AUTO(users_destroy) struct users *users = NULL;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    size_t operators = 0;
    text_append(&sentence, "console: users: ");
    if (users_read(path, &users, &sentence) != 0) {
        text_append(&sentence, "; the console does not start");
        findings_add(findings, FINDING_WRONG, text_string(&sentence));
        return false;
    }
    for (size_t i = 0; i < users_count(users); i++)
        operators += users_at(users, i)->role == USERS_OPERATOR;
    text_format(&sentence, "%zu, of which %zu may change something", users_count(users), operators);
    if (operators == 0)
        text_append(&sentence, "; felucca console passwd NAME --role operator makes one who may");
    findings_add(findings, operators > 0 ? FINDING_OK : FINDING_NOTE, text_string(&sentence));
    return true;
}

/* What is said of its certificate, check_certificates says. */
static bool has_certificate(const struct config *config)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    return !config->console.certificate_file ||
           certificate_check_key(config->console.certificate_file, config->console.key_file, &reason) == 0;
}

bool check_console(const struct config *config, struct findings *findings)
{
    if (!config->console.is_written)
        return true;
    bool has_users = !config->console.users || check_users(config->console.users, findings);
    if (!config_console_knows_people(config))
        findings_add(
            findings, FINDING_NOTE,
            "console: without users and trusted_proxy everybody on this machine is a viewer, and nobody may change "
            "something");
    return has_certificate(config) && has_users;
}
