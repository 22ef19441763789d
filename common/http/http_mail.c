#include "common/http/http_mail.h"

#include "common/base/clock.h"

#include <curl/curl.h>
#include <string.h>

enum { WHOLE_MS = 60 * 1000, REPLY_MAX = 400 };

/* Unlike a body of HTTP it ends where nothing comes any more. */
static size_t read_message(char *buffer, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    if (transfer->handed == transfer->source.size)
        return 0;
    ssize_t got = transfer->source.read(transfer->source.context, buffer, size * count);
    if (got <= 0)
        return CURL_READFUNC_ABORT;
    transfer->handed += got;
    if (transfer->handed == transfer->source.size)
        transfer->handed_at = clock_monotonic_ms();
    return (size_t)got;
}

/* The last one stays, but for the good bye. */
static size_t take_reply(char *line, size_t size, size_t count, void *context)
{
    struct http_transfer *transfer = context;
    size_t length = size * count, most = length < REPLY_MAX ? length : REPLY_MAX;
    while (most > 0 && (line[most - 1] == '\r' || line[most - 1] == '\n'))
        most--;
    if (most >= 3 && memcmp(line, "221", 3) == 0)
        return length;
    text_clear(&transfer->answer_body);
    text_append_bytes(&transfer->answer_body, line, most);
    return length;
}

static bool add_recipients(struct http_transfer *transfer, const char *const *to)
{
    for (; *to; to++) {
        struct curl_slist *list = curl_slist_append(transfer->recipients, *to);
        if (!list)
            return false;
        transfer->recipients = list;
    }
    return transfer->recipients != NULL;
}

static bool set_login(CURL *easy, const struct http_mail *mail)
{
    return !mail->user || (curl_easy_setopt(easy, CURLOPT_USERNAME, mail->user) == CURLE_OK &&
                           curl_easy_setopt(easy, CURLOPT_PASSWORD, mail->password) == CURLE_OK);
}

bool http_mail_prepare(struct http_transfer *transfer, const struct http_request *request)
{
    CURL *easy = transfer->easy;
    const struct http_mail *mail = request->mail;
    long security = mail->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE;
    transfer->is_mail = true;
    return add_recipients(transfer, mail->to) && set_login(easy, mail) &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USE_SSL, security) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->from) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer->recipients) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READFUNCTION, read_message) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_READDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_reply) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS) == CURLE_OK;
}

void http_mail_answer(struct http_transfer *transfer, int code, struct http_answer *answer)
{
    long status = 0;
    if (transfer->easy)
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = status >= 200 && status <= 599 ? (int)status : 0;
    answer->body = transfer->answer_body;
    transfer->answer_body = (struct text)TEXT_EMPTY;
    answer->body_sent = transfer->handed == transfer->source.size;
    answer->sent_bytes = transfer->handed;
    answer->milliseconds = clock_monotonic_ms() - transfer->started_at;
    if (code == CURLE_USE_SSL_FAILED)
        text_append(&answer->reason, "the mail server offers no STARTTLS, so nothing was sent");
    else if (code == CURLE_LOGIN_DENIED)
        text_format(&answer->reason, "the mail server refuses user and password: %s",
                    text_string(&answer->body));
    else if (answer->trouble == HTTP_BROKEN && answer->status >= 400)
        text_format(&answer->reason, "the mail server refuses the message: %s", text_string(&answer->body));
}
