#include "cli/check_logins.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/url.h"
#include "common/login/login.h"

enum { WAIT_MS = 1000 };

struct check {
    struct findings *findings;
    struct logins *logins; /* NULL: nobody is asked */
    size_t asked, answered;
};

struct question {
    struct check *check;
    struct login_place place;
};

static void say(struct check *check, enum finding_verdict verdict, const struct login_place *place,
                const char *words)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "%s \"%s\": %s", place->destination ? "destination" : "webhook", place->name,
                words);
    findings_add(check->findings, verdict, text_string(&sentence));
}

static void take_answer(void *context, enum login_verdict verdict, const char *sentence)
{
    struct question *question = context;
    struct check *check = question->check;
    AUTO(memory_free) char *server = config_url_origin(question->place.auth->token_url);
    AUTO(text_release) struct text well = TEXT_EMPTY;
    text_format(&well, "the login server %s gives a token", server);
    if (verdict == LOGIN_FINE)
        say(check, FINDING_OK, &question->place, text_string(&well));
    else
        say(check, FINDING_WRONG, &question->place, sentence);
    check->answered++;
    memory_free(&question);
}

static void ask(struct check *check, const struct login_place *place)
{
    struct question *question = memory_new(1, sizeof *question);
    *question = (struct question){check, *place};
    check->asked++;
    login_ask(check->logins, place, take_answer, question);
}

static void look_at(struct check *check, const struct login_place *place)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (check->logins && place->auth->type == CONFIG_AUTH_OAUTH2)
        ask(check, place);
    else if (login_check(place, &reason) != 0)
        say(check, FINDING_WRONG, place, text_string(&reason));
}

static void look_at_all(struct check *check, const struct config *config)
{
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct login_place place = login_place_of(&config->nodes[n].destinations[d]);
            look_at(check, &place);
        }
    }
    for (size_t i = 0; i < config->notify.webhook_count; i++) {
        const struct login_place place = login_place_of_webhook(&config->notify.webhooks[i]);
        look_at(check, &place);
    }
}

void check_logins(const struct config *config, bool online, struct findings *findings)
{
    AUTO(http_destroy) struct http *http = NULL;
    AUTO(logins_destroy) struct logins *logins = NULL;
    struct check check = {.findings = findings};
    if (online && http_create(&http) == 0)
        check.logins = logins = logins_create(http);
    if (logins)
        logins_configure(logins, config);
    look_at_all(&check, config);
    while (check.answered < check.asked)
        http_poll(http, NULL, 0, WAIT_MS);
}
