#include "common/kheops/asker.h"

#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/config/secret.h"
#include "common/config/url.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MOST = 64 * 1024,
    ANSWER_DEPTH = 16,
    PATIENCE_MS = 30 * 1000,
    FIELD_MOST = 1000,
    WORD_MOST = 20,
    TOKEN_LENGTH = 22
};

#define FAR_FUTURE_S INT64_C(253402300800) /* the year 10000 */

struct introspection_asker {
    struct http_transfer *transfer;
    introspection_done *done;
    void *context;
};

/* ---- asking ---- */

static void asker_take_answer(void *context, struct http_answer *answer)
{
    struct introspection_asker *asker = context;
    struct introspection introspection = {0};
    introspection_done *done = asker->done;
    void *done_context = asker->context;
    introspection_read(answer, &introspection);
    free(asker);
    done(done_context, &introspection);
    introspection_release(&introspection);
}

void introspection_ask(struct http *http, const struct introspection_question *question,
                       introspection_done *done, void *context, struct introspection_asker **ret_asker)
{
    struct introspection_asker *asker = memory_new(1, sizeof *asker);
    asker->done = done;
    asker->context = context;
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(secret_wipe) struct text form = TEXT_EMPTY;
    AUTO(secret_wipe) struct text bearer = TEXT_EMPTY;
    text_format(&url, "%s/token/introspect", question->api_url);
    text_append(&form, "token=");
    config_url_append_encoded(&form, question->token);
    text_format(&bearer, "Bearer %s", question->token);
    const struct http_header headers[] = {
        {(char *)"Authorization", bearer.bytes},
        {(char *)"Content-Type", (char *)"application/x-www-form-urlencoded"},
        {(char *)"Accept", (char *)"application/json"}};
    const struct http_request request = {.method = HTTP_POST,
                                         .url = text_string(&url),
                                         .headers = headers,
                                         .header_count = sizeof headers / sizeof *headers,
                                         .content = text_string(&form),
                                         .tls = question->tls,
                                         .proxy = question->proxy,
                                         .http2 = question->http2,
                                         .answer_max = ANSWER_MOST,
                                         .answer_ms = PATIENCE_MS};
    *ret_asker = asker;
    http_start(http, &request, asker_take_answer, asker, &asker->transfer);
}

void introspection_cancel(struct introspection_asker **asker)
{
    if (!*asker)
        return;
    http_cancel(&(*asker)->transfer);
    memory_free(asker);
}

/* ---- reading ---- */

/* What is kept goes into logs and the job database: a server that says a token back must not bring it there.
 * A token is 22 letters and digits; permissions are short words of small letters, album ids shorter. */
static char *permissions_of(const char *scope)
{
    AUTO(text_release) struct text kept = TEXT_EMPTY;
    while (*(scope += strspn(scope, " \t"))) {
        size_t length = strcspn(scope, " \t");
        if (length < WORD_MOST && strspn(scope, "abcdefghijklmnopqrstuvwxyz_") >= length &&
            kept.length < FIELD_MOST)
            text_format(&kept, "%s%.*s", kept.length > 0 ? " " : "", (int)length, scope);
        scope += length;
    }
    return memory_string(text_string(&kept));
}

static char *album_id_of(const char *id)
{
    size_t length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return memory_string(length < TOKEN_LENGTH && !id[length] ? id : "");
}

/* Seconds since 1970 (RFC 7662), which KHEOPS does not give; 0 for anything else. */
static int64_t time_of(const json_t *seconds)
{
    json_int_t at = json_integer_value(seconds);
    return at > 0 && at < FAR_FUTURE_S ? (int64_t)at * 1000 : 0;
}

/* Whether the body is an answer to our question. */
static bool asker_read_body(const struct http_answer *answer, struct introspection *introspection)
{
    static const struct json_limits limits = {.bytes = ANSWER_MOST, .depth = ANSWER_DEPTH};
    AUTO(json_release) json_t *json = NULL;
    if (json_read(text_string(&answer->body), answer->body.length, &limits, &json) != 0)
        return false;
    const json_t *active = json_object_get(json, "active");
    if (!json_is_boolean(active))
        return false;
    introspection->state = json_is_true(active) ? INTROSPECTION_ACTIVE : INTROSPECTION_INACTIVE;
    if (introspection->state == INTROSPECTION_ACTIVE) {
        introspection->scope = permissions_of(json_text(json, "scope"));
        introspection->album_id = album_id_of(json_text(json, "album_id"));
        introspection->expires_at = time_of(json_object_get(json, "exp"));
    }
    return true;
}

void introspection_read(const struct http_answer *answer, struct introspection *ret_introspection)
{
    struct introspection *introspection = ret_introspection;
    *introspection = (struct introspection){.state = INTROSPECTION_OUTAGE, .http_status = answer->status};
    if (answer->trouble != HTTP_NONE) {
        text_append(&introspection->trouble, text_string(&answer->reason));
    } else if (answer->status == 400) {
        /* The token is gone while KHEOPS looked at it, or is none at all. */
        introspection->state = INTROSPECTION_INACTIVE;
    } else if (answer->status == 401) {
        /* KHEOPS answers so for a person's login token alone: it does not look at our Authorization. */
        introspection->state = INTROSPECTION_PERSON;
    } else if (answer->status >= 500 || answer->status == 408 || answer->status == 429) {
        text_format(&introspection->trouble, "KHEOPS answers %d when asked about the token", answer->status);
    } else if (answer->status != 200 || !asker_read_body(answer, introspection)) {
        introspection->state = INTROSPECTION_UNKNOWN;
        text_format(&introspection->trouble,
                    "api_url answers %d and nothing useful when asked about the token: is it KHEOPS's API?",
                    answer->status);
    }
    if (!introspection->scope)
        introspection->scope = memory_string("");
    if (!introspection->album_id)
        introspection->album_id = memory_string("");
}
