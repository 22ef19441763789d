#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/config/secret.h"
#include "common/login/oauth2.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ANSWER_MOST = 64 * 1024, ANSWER_DEPTH = 8, CODE_MOST = 40, TOKEN_MOST = 16 * 1024 };

#define LIFE_MOST_S INT64_C(864000000) /* 27 years: whatever is above is no life */

/* RFC 6749, 5.2; RFC 7523, 3.1 and 3.2. */
static const struct advice {
    const char *error, *secret, *keyed; /* what to do, where a secret was shown, or an assertion */
} advices[] = {
    {"invalid_client", "check client_id and client_secret, and secret_in",
     "check client_id, that key is the one which it knows, algorithm and assertion_audience, and this machine's clock"},
    {"invalid_grant", "check client_id and client_secret",
     "check client_id, that key is the one which it knows, and this machine's clock"},
    {"invalid_scope", "check scope", "check scope"},
    {"invalid_target", "check audience", "check audience"},
    {"unauthorized_client", "the client may not ask for tokens in this way: allow it there",
     "the client may not ask for tokens in this way: allow it there, or write the other assertion"},
    {"unsupported_grant_type", "it gives no tokens for client credentials: check token_url",
     "it takes no such assertion: check token_url and assertion"},
};

static const char *advice_for(const char *error, bool keyed)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (strcmp(advices[i].error, error) == 0)
            return keyed ? advices[i].keyed : advices[i].secret;
    return "check token_url and what auth says of the client";
}

/* What it calls its trouble, as far as it is such a word: else it may be anything, ours included. */
static const char *error_of(const json_t *body)
{
    const char *error = json_text(body, "error");
    bool word = strlen(error) <= CODE_MOST && !error[strspn(error, "abcdefghijklmnopqrstuvwxyz_")];
    return word ? error : "";
}

static bool is_token(const char *token)
{
    static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    return *token && strlen(token) <= TOKEN_MOST && !token[strspn(token, characters)];
}

/* Some say the number as a text. */
static int64_t life_of(const json_t *body)
{
    const json_t *value = json_object_get(body, "expires_in");
    int64_t seconds = 0;
    if (json_is_number(value))
        seconds =
            json_number_value(value) < (double)LIFE_MOST_S ? (int64_t)json_number_value(value) : LIFE_MOST_S;
    else if (json_is_string(value))
        seconds = strtoll(json_string_value(value), NULL, 10);
    if (seconds <= 0)
        return LOGIN_LIFE_MS;
    return (seconds < LIFE_MOST_S ? seconds : LIFE_MOST_S) * 1000;
}

static void refuse(struct oauth2_answer *answer, const char *server, int status, const char *error,
                   const char *advice)
{
    answer->verdict = LOGIN_REFUSED;
    text_format(&answer->sentence, "the login server %s gives no token: it answers %d", server, status);
    if (*error)
        text_format(&answer->sentence, " (%s)", error);
    text_format(&answer->sentence, "; %s", advice);
}

static void take_token(const json_t *body, const char *server, struct oauth2_answer *answer)
{
    const char *token = json_text(body, "access_token"), *type = json_text(body, "token_type");
    if (!is_token(token)) {
        refuse(answer, server, 200, "", "there is no token in that: is token_url its token endpoint?");
        return;
    }
    if (*type && strcasecmp(type, "Bearer") != 0) {
        refuse(answer, server, 200, "",
               "its tokens are of a type that is not known here; have it give bearer tokens");
        return;
    }
    text_append(&answer->token, token);
    answer->life_ms = life_of(body);
}

static void judge(int status, const json_t *body, const char *server, bool keyed,
                  struct oauth2_answer *answer)
{
    const char *error = error_of(body);
    bool passing = strcmp(error, "temporarily_unavailable") == 0 || strcmp(error, "slow_down") == 0;
    if (status >= 500 || status == 408 || status == 429 || (status >= 400 && passing)) {
        answer->verdict = LOGIN_AWAY;
        text_format(&answer->sentence, "the login server %s is in trouble: it answers %d", server, status);
    } else if (status >= 200 && status < 300) {
        take_token(body, server, answer);
    } else if (status >= 300 && status < 400) {
        refuse(answer, server, status, "",
               "it redirects, which is not followed: write the address that it points to into token_url");
    } else if (status == 404 || status == 405) {
        refuse(answer, server, status, error, "check token_url");
    } else {
        refuse(answer, server, status, error, advice_for(error, keyed));
    }
}

void oauth2_read(const struct http_answer *answer, const char *server, bool keyed,
                 struct oauth2_answer *ret_answer)
{
    static const struct json_limits limits = {.bytes = ANSWER_MOST, .depth = ANSWER_DEPTH};
    AUTO(json_release) json_t *body = NULL;
    *ret_answer = (struct oauth2_answer){.verdict = LOGIN_FINE};
    if (answer->trouble != HTTP_NONE) {
        bool ours = answer->trouble == HTTP_REQUEST || answer->trouble == HTTP_PROXY;
        ret_answer->verdict = ours ? LOGIN_REFUSED : LOGIN_AWAY;
        text_format(&ret_answer->sentence, "the login server %s gives no token: %s", server,
                    text_string(&answer->reason));
        return;
    }
    (void)json_read(text_string(&answer->body), answer->body.length, &limits, &body);
    judge(answer->status, body, server, keyed, ret_answer);
}

void oauth2_answer_wipe(struct oauth2_answer *answer)
{
    secret_wipe(&answer->token);
    text_release(&answer->sentence);
}
