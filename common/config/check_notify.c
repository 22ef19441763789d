#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/check.h"
#include "common/config/check_auth.h"
#include "common/config/url.h"

#include <string.h>

/* ---- what they are called ---- */

static char *const *name_at(const struct config *config, size_t index)
{
    size_t webhooks = config->notify.webhook_count;
    return index < webhooks ? &config->notify.webhooks[index].name
                            : &config->notify.mails[index - webhooks].name;
}

static void check_target_names(const struct config *config, struct config_report *report)
{
    for (size_t i = 1; i < config_notified(config); i++) {
        for (size_t j = 0; j < i; j++) {
            char *const *name = name_at(config, i);
            if (strcmp(*name, *name_at(config, j)) == 0) {
                config_report_error(report, config_report_place(report, name), "notify",
                                    "two targets are called %s; give each another name", *name);
                break;
            }
        }
    }
}

/* ---- mail ---- */

static bool is_address(const char *address, size_t length)
{
    const char *at = memchr(address, '@', length);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)address[i] <= ' ' || strchr("<>\"(),;:\\", address[i]) ||
            (unsigned char)address[i] >= 0x7F)
            return false;
    return at && at != address && at != address + length - 1;
}

static bool are_addresses(const char *list)
{
    for (;;) {
        list += strspn(list, " ");
        size_t length = strcspn(list, ", ");
        if (!is_address(list, length))
            return false;
        list += length;
        list += strspn(list, " ");
        if (!*list)
            return true;
        if (*list++ != ',')
            return false;
    }
}

static bool is_server(const char *server)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    AUTO(memory_free) char *parsed = NULL;
    text_format(&url, "http://%s", server);
    return !strchr(server, '/') && config_url_parse(text_string(&url), &parsed, &ignored) == 0;
}

static void complain_mail(struct config_report *report, const struct config_mail *mail, const char *key,
                          const void *field, const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_format(&where, "notify: mail \"%s\": %s", mail->name, key);
    config_report_error(report, config_report_place(report, field), text_string(&where), "%s", sentence);
}

static void check_mail(const struct config_mail *mail, struct config_report *report)
{
    if (mail->to && !are_addresses(mail->to))
        complain_mail(report, mail, "to", &mail->to,
                      "is no mail address; write user@example.org, several with commas between them");
    if (mail->from && !is_address(mail->from, strlen(mail->from)))
        complain_mail(report, mail, "from", &mail->from,
                      "is no mail address; write one such as felucca@example.org, without a name");
    if (mail->server && !is_server(mail->server))
        complain_mail(report, mail, "server", &mail->server,
                      "is no mail server; write HOST or HOST:PORT, without smtp://");
    if (!mail->user != !mail->password)
        complain_mail(report, mail, mail->user ? "user" : "password",
                      mail->user ? (const void *)&mail->user : (const void *)&mail->password,
                      "is alone; write user and password, or neither of them");
    if (mail->password && mail->tls == CONFIG_MAIL_PLAIN)
        complain_mail(report, mail, "tls", &mail->tls,
                      "is none, so that everybody on the way could read the password; write starttls or tls, "
                      "or leave user and password out");
}

static void check_webhook(const struct config_webhook *webhook, struct config_report *report)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_format(&where, "notify: webhook \"%s\"", webhook->name);
    config_check_auth(report, text_string(&where), &webhook->auth, NULL, 0);
}

void config_check_notify(const struct config *config, struct config_report *report)
{
    check_target_names(config, report);
    for (size_t i = 0; i < config->notify.webhook_count; i++)
        check_webhook(&config->notify.webhooks[i], report);
    for (size_t i = 0; i < config->notify.mail_count; i++)
        check_mail(&config->notify.mails[i], report);
    if (config->notify.when_count > 0 && config_notified(config) == 0)
        config_report_warning(report, config_report_place(report, &config->notify.when), "notify: when",
                              "has nobody to be told; write webhooks or mail, or leave notify out");
}
