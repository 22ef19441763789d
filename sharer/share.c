#include "sharer/share.h"

#include "common/base/cleanup.h"
#include "common/kheops/credentials.h"
#include "common/config/secret.h"

enum { ANSWER_MOST = 256 * 1024 };

int share_tokens_resolve(const struct config_destination *destination, const struct config_album *album,
                         struct share_tokens *ret_tokens, struct text *ret_reason)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    *ret_tokens = (struct share_tokens){0};
    const char *key = "destination_token";
    int code = credentials_of_token(album->destination_token, &ret_tokens->destination, &reason);
    if (code == 0) {
        key = "source_token";
        code = credentials_of_token(album->source_token, &ret_tokens->source, &reason);
    }
    if (code != 0)
        text_format(ret_reason, "%s: %s", key, text_string(&reason));
    return code != 0 ? code : credentials_proxy(destination, &ret_tokens->proxy, ret_reason);
}

void share_tokens_wipe(struct share_tokens *tokens)
{
    secret_wipe(&tokens->destination);
    secret_wipe(&tokens->source);
    secret_wipe(&tokens->proxy);
}

void share_start(struct http *http, const struct config_destination *destination,
                 const struct config_album *album, const struct share_tokens *tokens, const struct work *work,
                 http_done *done, void *context, struct http_transfer **ret_transfer)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(secret_wipe) struct text target = TEXT_EMPTY;
    AUTO(secret_wipe) struct text source = TEXT_EMPTY;
    text_format(&url, "%s/studies/%s/series/%s", album->api_url, work->study, work->series);
    text_format(&target, "Bearer %s", text_string(&tokens->destination));
    text_format(&source, "Bearer %s", text_string(&tokens->source));
    const struct http_header headers[] = {{(char *)"Authorization", target.bytes},
                                          {(char *)"X-Authorization-Source", source.bytes},
                                          {(char *)"Accept", (char *)"application/json"}};
    const struct http_request request = {.method = HTTP_PUT,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = sizeof headers / sizeof *headers,
                                         .tls = credentials_tls(destination),
                                         .proxy = text_string(&tokens->proxy),
                                         .http2 = destination->http2,
                                         .answer_max = ANSWER_MOST};
    http_start(http, &request, done, context, ret_transfer);
}
