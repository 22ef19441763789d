#include "common/notify/sending.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/sha256.h"
#include "common/config/cell.h"
#include "common/config/secret.h"
#include "common/notify/message.h"

#include <string.h>

enum { ANSWER_MOST = 64 * 1024, ANSWER_MS = 30 * 1000, SAID_MOST = 200, HEADERS_MOST = 2 };

/* ---- webhooks ---- */

static void append_signature(const struct text *secret, const struct text *body, struct text *out)
{
    uint8_t digest[SHA256_SIZE];
    sha256_hmac(text_string(secret), secret->length, text_string(body), body->length, digest);
    text_append(out, "sha256=");
    for (size_t i = 0; i < sizeof digest; i++)
        text_format(out, "%02x", digest[i]);
}

/* Ours, then those that say who sends. The array is then yours, to free(); its strings are borrowed. signature: "" for none. */
static struct http_header *join_headers(const struct text *signature, const struct credentials *credentials,
                                        size_t *ret_count)
{
    struct http_header *headers = memory_new(HEADERS_MOST + credentials->header_count, sizeof *headers);
    size_t count = 0;
    headers[count++] = (struct http_header){(char *)"Content-Type", (char *)"application/json"};
    if (signature->length > 0)
        headers[count++] = (struct http_header){(char *)"X-Felucca-Signature", signature->bytes};
    for (size_t i = 0; i < credentials->header_count; i++)
        headers[count++] = credentials->headers[i];
    *ret_count = count;
    return headers;
}

static int start_webhook(const struct sending_means *means, const struct config_webhook *webhook,
                         const struct work_notice *notice, const char *cell, http_done *done, void *context,
                         struct http_transfer **ret_transfer, struct text *ret_reason)
{
    AUTO(secret_wipe) struct text url = TEXT_EMPTY;
    AUTO(secret_wipe) struct text secret = TEXT_EMPTY;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text signature = TEXT_EMPTY;
    AUTO(credentials_wipe) struct credentials credentials = {0};
    const struct login_place place = login_place_of_webhook(webhook);
    struct http_signature aws;
    size_t count;
    int code = secret_resolve(webhook->url, &url, ret_reason);
    if (code == 0 && webhook->secret)
        code = secret_resolve(webhook->secret, &secret, ret_reason);
    if (code == 0)
        code = login_credentials(means->logins, &place, &credentials, ret_reason);
    if (code != 0)
        return code;
    message_json(notice, cell, &body);
    if (webhook->secret)
        append_signature(&secret, &body, &signature);
    AUTO(memory_free) struct http_header *headers = join_headers(&signature, &credentials, &count);
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = count,
                                         .content = text_string(&body),
                                         .signature = credentials_signature(&credentials, &aws),
                                         .tls = {.ca_file = webhook->ca_file},
                                         .answer_max = ANSWER_MOST,
                                         .answer_ms = ANSWER_MS};
    http_start(means->http, &request, done, context, ret_transfer);
    return 0;
}

/* What the answer says of the token that is carried now. */
static void heed(const struct sending_means *means, const struct config_webhook *webhook, int status)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct login_place place = login_place_of_webhook(webhook);
    if (login_credentials(means->logins, &place, &credentials, &reason) != 0)
        return;
    if (status == 401)
        (void)login_renew(means->logins, &place, text_string(&credentials.token));
    else if (status / 100 == 2)
        login_taken(means->logins, &place, text_string(&credentials.token));
}

/* ---- mail ---- */

static void append_server(const struct config_mail *mail, struct text *out)
{
    static const int ports[] = {
        [CONFIG_MAIL_STARTTLS] = 587, [CONFIG_MAIL_TLS] = 465, [CONFIG_MAIL_PLAIN] = 25};
    const char *behind = strrchr(mail->server, ']');
    bool has_port = strchr(behind ? behind : mail->server, ':') != NULL;
    text_format(out, "%s://%s", mail->tls == CONFIG_MAIL_TLS ? "smtps" : "smtp", mail->server);
    if (!has_port)
        text_format(out, ":%d", ports[mail->tls]);
}

/* The addresses of a list with commas, ended by NULL; the list is cut at them. */
static const char **split_addresses(char *list)
{
    size_t count = 1;
    for (const char *c = list; *c; c++)
        count += *c == ',';
    const char **addresses = memory_new(count + 1, sizeof *addresses);
    char *rest = NULL;
    count = 0;
    for (char *one = strtok_r(list, ", ", &rest); one; one = strtok_r(NULL, ", ", &rest))
        addresses[count++] = one;
    return addresses;
}

static int start_mail(struct http *http, const struct config_mail *mail, const struct work_notice *notice,
                      const char *cell, http_done *done, void *context, struct http_transfer **ret_transfer,
                      struct text *ret_reason)
{
    AUTO(secret_wipe) struct text password = TEXT_EMPTY;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(memory_free) char *list = memory_string(mail->to);
    AUTO(memory_free) const char **to = split_addresses(list);
    int code = mail->password ? secret_resolve(mail->password, &password, ret_reason) : 0;
    if (code != 0)
        return code;
    append_server(mail, &url);
    message_mail(notice, mail, cell, &text);
    const struct http_mail way = {.from = mail->from,
                                  .to = to,
                                  .user = mail->user,
                                  .password = text_string(&password),
                                  .starttls = mail->tls == CONFIG_MAIL_STARTTLS};
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .content = text_string(&text),
                                         .mail = &way,
                                         .tls = {.ca_file = mail->ca_file},
                                         .answer_ms = ANSWER_MS};
    http_start(http, &request, done, context, ret_transfer);
    return 0;
}

/* ---- both ---- */

int sending_start(const struct sending_means *means, const char *target, const struct work_notice *notice,
                  http_done *done, void *context, struct http_transfer **ret_transfer,
                  struct text *ret_reason)
{
    const struct config_webhook *webhook = config_find_webhook(means->config, target);
    const struct config_mail *mail = config_find_mail(means->config, target);
    char cell[CONFIG_CELL_SIZE];
    (void)config_cell(means->config, cell);
    if (webhook)
        return start_webhook(means, webhook, notice, cell, done, context, ret_transfer, ret_reason);
    if (mail)
        return start_mail(means->http, mail, notice, cell, done, context, ret_transfer, ret_reason);
    text_append(ret_reason,
                "this notifier's configuration does not name the target: give router and notifier "
                "the same configuration");
    return ERR_ABSENT;
}

void sending_log_in(const struct sending_means *means, const char *target, login_done *done, void *context)
{
    const struct config_webhook *webhook = config_find_webhook(means->config, target);
    if (!webhook) { /* any more */
        done(context, LOGIN_FINE, "");
        return;
    }
    const struct login_place place = login_place_of_webhook(webhook);
    login_ask(means->logins, &place, done, context);
}

bool sending_taken(const struct sending_means *means, const char *target, const struct http_answer *answer,
                   struct text *ret_said)
{
    const struct config_webhook *webhook = config_find_webhook(means->config, target);
    if (webhook)
        heed(means, webhook, answer->status);
    bool taken = answer->trouble == HTTP_NONE && answer->status >= 200 && answer->status < 300;
    bool mail = answer->body.length >= 3 && strncmp(answer->body.bytes, "250", 3) == 0;
    if (answer->trouble != HTTP_NONE)
        text_append(ret_said, text_string(&answer->reason));
    else if (mail)
        text_format(ret_said, "answered %.*s", SAID_MOST, text_string(&answer->body));
    else
        text_format(ret_said, "answered %d", answer->status);
    return taken;
}
