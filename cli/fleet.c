#include "cli/fleet.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/config/secret.h"
#include "common/http/http.h"

enum { DOCUMENT_MAX = 4 << 20 };

static void read_document(struct fleet_answer *answer, const struct http_answer *got)
{
    answer->document = json_loadb(text_string(&got->body), got->body.length, 0, NULL);
    if (json_is_object(answer->document))
        return;
    json_decref(answer->document);
    answer->document = NULL;
    text_append(&answer->reason, "what answers at its url is no console of this version");
}

static void take(void *context, struct http_answer *got)
{
    struct fleet_answer *answer = context;
    answer->status = got->trouble == HTTP_NONE ? got->status : 0;
    if (answer->status == 200)
        read_document(answer, got);
    else if (answer->status == 0)
        text_append(&answer->reason, text_string(&got->reason));
    else if (answer->status == 401 || answer->status == 403)
        text_format(&answer->reason,
                    "it does not let us in (status %d): is the token of fleet the one that it knows?",
                    answer->status);
    else
        text_format(&answer->reason, "it answers with status %d", answer->status);
}

/* False: the reason says why nothing can be asked. */
static bool append_authorization(const struct config_fleet_cell *cell, struct text *value,
                                 struct text *reason)
{
    if (!cell->token)
        return true;
    text_append(value, "Bearer ");
    return secret_resolve(cell->token, value, reason) == 0;
}

static void begin(struct http *http, const char *path, struct fleet_answer *answer)
{
    const struct config_fleet_cell *cell = answer->cell;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(secret_wipe) struct text authorization = TEXT_EMPTY;
    text_format(&url, "%s%s", cell->url, path);
    if (!append_authorization(cell, &authorization, &answer->reason))
        return;
    const struct http_header headers[] = {{(char *)"Accept", (char *)"application/json"},
                                          {(char *)"Authorization", authorization.bytes}};
    const struct http_request request = {.method = HTTP_GET,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = cell->token ? 2 : 1,
                                         .tls = {.ca_file = cell->ca_file},
                                         .answer_max = DOCUMENT_MAX,
                                         .answer_ms = FLEET_MS};
    http_start(http, &request, take, answer, NULL);
}

int fleet_ask(const struct config *config, const char *path, struct fleet_answer *answers)
{
    AUTO(http_destroy) struct http *http = NULL;
    int64_t until = clock_monotonic_ms() + FLEET_MS;
    for (size_t i = 0; i < config->fleet_count; i++)
        answers[i] = (struct fleet_answer){.cell = &config->fleet[i]};
    int code = http_create(&http);
    for (size_t i = 0; code == 0 && i < config->fleet_count; i++)
        begin(http, path, &answers[i]);
    for (int64_t left; code == 0 && http_active(http) > 0 && (left = until - clock_monotonic_ms()) > 0;)
        http_poll(http, NULL, 0, left);
    for (size_t i = 0; code == 0 && i < config->fleet_count; i++)
        if (!answers[i].document && answers[i].reason.length == 0)
            text_append(&answers[i].reason, "no answer within 10 s");
    return code;
}

void fleet_release(struct fleet_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_decref(answers[i].document);
        text_release(&answers[i].reason);
    }
}
