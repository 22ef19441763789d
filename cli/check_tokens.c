#include "cli/check_tokens.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/keys.h"
#include "common/config/proxy.h"
#include "common/kheops/credentials.h"
#include "common/kheops/asker.h"
#include "common/config/secret.h"
#include "common/jobs/jobdb.h"
#include "common/kheops/token_verdict.h"
#include "common/view/details.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS_AT_ONCE = 4, WAIT_MS = 1000 };

/* What each kind of token is called in the configuration. */
static const char *const names[] = {[WORK_TOKEN_STOW] = "the token in headers",
                                    [WORK_TOKEN_DESTINATION] = "destination_token",
                                    [WORK_TOKEN_SOURCE] = "source_token"};

struct check;

/* One token. */
struct question {
    struct check *check;
    enum work_token_kind kind;
    const struct config_destination *destination;
    const struct config_album *album; /* NULL for the STOW token */
    char *home; /* of a STOW token: id of the album that everything went to so far; NULL */
    struct text token, proxy, trouble; /* trouble: why it could not be asked */
    struct introspection answer;
    struct introspection_asker *asker;
};

struct check {
    struct question *questions;
    size_t count, capacity;
    size_t asked, answered;
    struct findings *findings;
};

/* ---- findings ---- */

static void say(struct check *check, bool well, const struct config_destination *destination,
                const struct config_album *album, const char *words)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "destination \"%s\": ", destination->name);
    if (album)
        text_format(&sentence, "album \"%s\": ", album->name);
    text_append(&sentence, words);
    findings_add(check->findings, well ? FINDING_OK : FINDING_WRONG, text_string(&sentence));
}

/* ---- secrets ---- */

static struct question *check_add(struct check *check, enum work_token_kind kind,
                                  const struct config_destination *destination,
                                  const struct config_album *album)
{
    check->questions =
        memory_grow(check->questions, &check->capacity, check->count + 1, sizeof *check->questions);
    struct question *question = &check->questions[check->count++];
    *question = (struct question){
        .check = check, .kind = kind, .destination = destination, .album = album, .token = TEXT_EMPTY};
    return question;
}

static void add_destination(struct check *check, const struct config_destination *destination)
{
    AUTO(credentials_wipe) struct credentials credentials = {0};
    struct question *question = check_add(check, WORK_TOKEN_STOW, destination, NULL);
    if (credentials_of_destination(destination, &credentials, &question->trouble) != 0)
        return;
    text_append(&question->token, text_string(&credentials.token));
    text_append(&question->proxy, text_string(&credentials.proxy));
    if (credentials.token.length == 0 && destination->kheops)
        text_append(&question->trouble,
                    "headers have no Authorization with a token; write \"Authorization: Bearer TOKEN\"");
}

static void take_token(struct question *question, const char *template)
{
    if (credentials_of_token(template, &question->token, &question->trouble) == 0)
        (void)credentials_proxy(question->destination, &question->proxy, &question->trouble);
}

static void add_album(struct check *check, const struct config_destination *destination,
                      const struct config_album *album)
{
    struct question *question = check_add(check, WORK_TOKEN_DESTINATION, destination, album);
    take_token(question, album->destination_token);
    question = check_add(check, WORK_TOKEN_SOURCE, destination, album);
    take_token(question, album->source_token);
}

static void add_all(struct check *check, const struct config *config)
{
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            add_destination(check, destination);
            for (size_t a = 0; a < destination->album_count; a++)
                add_album(check, destination, &destination->albums[a]);
        }
    }
}

static void check_keys(struct check *check, const struct config *config)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    (void)config_check_any_keys(config, &errors, &warnings);
    findings_add_lines(check->findings, FINDING_NOTE, text_string(&warnings));
    findings_add_lines(check->findings, FINDING_WRONG, text_string(&errors));
}

static void check_passcodes(struct check *check, const struct config_node *node)
{
    for (size_t s = 0; s < node->source_count; s++) {
        const struct config_source *source = &node->sources[s];
        AUTO(secret_wipe) struct text passcode = TEXT_EMPTY;
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        if (!source->passcode || secret_resolve(source->passcode, &passcode, &reason) == 0)
            continue;
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        text_format(&sentence, "source \"%s\" of node \"%s\": passcode: %s", source->aet, node->aet,
                    text_string(&reason));
        findings_add(check->findings, FINDING_WRONG, text_string(&sentence));
    }
}

static void note_proxy(struct check *check, const struct config *config)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (config_proxy_tell_ignored(config, &sentence))
        findings_add_lines(check->findings, FINDING_NOTE, text_string(&sentence));
}

/* Where no router has run yet nothing went anywhere. */
static void read_homes(struct check *check, const struct config *config)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (jobdb_open_reader(config->state_dir, &db, &reason) != 0)
        return;
    for (size_t i = 0; i < check->count; i++) {
        struct question *question = &check->questions[i];
        if (question->kind == WORK_TOKEN_STOW)
            question->home = details_ask_name(db, JOBDB_ASK_HOME, question->destination->name,
                                              question->destination->origin, 0);
    }
}

/* ---- questions ---- */

static void take_answer(void *context, struct introspection *introspection)
{
    struct question *question = context;
    question->answer = *introspection;
    *introspection = (struct introspection){.state = INTROSPECTION_UNKNOWN};
    question->asker = NULL;
    question->check->answered++;
}

static bool is_asked(const struct question *question)
{
    return question->destination->kheops && question->trouble.length == 0;
}

static const char *api_url_of(const struct question *question)
{
    return question->album ? question->album->api_url : question->destination->api_url;
}

static void question_ask(struct http *http, struct question *question)
{
    const struct introspection_question what = {.api_url = api_url_of(question),
                                                .token = text_string(&question->token),
                                                .tls = credentials_tls(question->destination),
                                                .proxy = text_string(&question->proxy),
                                                .http2 = question->destination->http2};
    question->check->asked++;
    introspection_ask(http, &what, take_answer, question, &question->asker);
}

static void ask_all(struct check *check)
{
    AUTO(http_destroy) struct http *http = NULL;
    if (http_create(&http) != 0)
        return; /* nothing is answered, which is said of each */
    for (size_t next = 0; next < check->count || check->answered < check->asked;) {
        while (next < check->count && check->asked - check->answered < QUESTIONS_AT_ONCE) {
            struct question *question = &check->questions[next++];
            if (is_asked(question))
                question_ask(http, question);
        }
        if (check->answered < check->asked)
            http_poll(http, NULL, 0, WAIT_MS);
    }
}

/* ---- what the answers mean ---- */

/* The token's album, "" when it is not known. */
static const char *album_of(const struct question *question)
{
    bool known = question->answer.state == INTROSPECTION_ACTIVE && question->answer.album_id;
    return known ? question->answer.album_id : "";
}

/* The name of the album of the same destination whose destination token opens the token's album; NULL. */
static const char *own_album_of(const struct check *check, const struct question *question)
{
    const char *album = album_of(question);
    for (size_t i = 0; i < check->count && *album; i++) {
        const struct question *other = &check->questions[i];
        if (other->kind == WORK_TOKEN_DESTINATION && other->destination == question->destination &&
            strcmp(album_of(other), album) == 0)
            return other->album->name;
    }
    return NULL;
}

static bool is_told(const struct introspection *answer)
{
    return answer->state == INTROSPECTION_ACTIVE || answer->state == INTROSPECTION_INACTIVE ||
           answer->state == INTROSPECTION_PERSON;
}

static const char *trouble_of(const struct question *question)
{
    return question->answer.trouble.length > 0 ? text_string(&question->answer.trouble) : "no answer";
}

/* Whether the same was said of both tokens: of one wrong address it is said once. */
static bool fails_alike(const struct question *a, const struct question *b)
{
    return is_asked(a) && is_asked(b) && !is_told(&a->answer) && !is_told(&b->answer) &&
           strcmp(api_url_of(a), api_url_of(b)) == 0 && strcmp(trouble_of(a), trouble_of(b)) == 0;
}

/* The first of those that fail alike speaks for all. */
static void judge_untold(struct check *check, const struct question *question)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    size_t others = 0;
    for (const struct question *other = check->questions; other < question; other++) {
        if (fails_alike(other, question))
            return;
    }
    for (size_t i = 0; i < check->count; i++)
        others += &check->questions[i] != question && fails_alike(&check->questions[i], question);
    text_append(&reason, names[question->kind]);
    if (others > 0)
        text_format(&reason, " and %zu other%s", others, others == 1 ? "" : "s");
    text_format(&reason, " could not be asked about: %s", trouble_of(question));
    say(check, false, question->destination, question->album, text_string(&reason));
}

static void judge(struct check *check, const struct question *question, const struct question *main)
{
    const char *name = names[question->kind];
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct token_place_facts facts = {.written = album_of(main),
                                            .home = question->home,
                                            .own = own_album_of(check, question),
                                            .destination = question->destination->name};
    (void)token_verdict(question->kind, name, &question->answer, &facts, &reason);
    bool well = reason.length == 0;
    if (well)
        text_format(&reason, "%s is active and may %s", name,
                    question->kind == WORK_TOKEN_SOURCE ? "read and send" : "write");
    say(check, well, question->destination, question->album, text_string(&reason));
}

static void judge_all(struct check *check, bool online)
{
    const struct question *main = NULL;
    for (size_t i = 0; i < check->count; i++) {
        const struct question *question = &check->questions[i];
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        if (question->kind == WORK_TOKEN_STOW)
            main = question; /* its albums' tokens follow it */
        if (question->trouble.length > 0) {
            text_format(&sentence, "%s%s%s", question->kind == WORK_TOKEN_STOW ? "" : names[question->kind],
                        question->kind == WORK_TOKEN_STOW ? "" : ": ", text_string(&question->trouble));
            say(check, false, question->destination, question->album, text_string(&sentence));
        } else if (online && is_asked(question) && !is_told(&question->answer)) {
            judge_untold(check, question);
        } else if (online && question->destination->kheops) {
            judge(check, question, main);
        }
    }
}

static void check_release(struct check *check)
{
    for (size_t i = 0; i < check->count; i++) {
        secret_wipe(&check->questions[i].token);
        secret_wipe(&check->questions[i].proxy);
        text_release(&check->questions[i].trouble);
        introspection_release(&check->questions[i].answer);
        free(check->questions[i].home);
    }
    free(check->questions);
}

void check_tokens(const struct config *config, bool online, struct findings *findings)
{
    AUTO(check_release) struct check check = {.findings = findings};
    check_keys(&check, config);
    note_proxy(&check, config);
    for (size_t n = 0; n < config->node_count; n++)
        check_passcodes(&check, &config->nodes[n]);
    add_all(&check, config);
    read_homes(&check, config);
    for (size_t i = 0; i < check.count; i++)
        check.questions[i].answer.state = INTROSPECTION_UNKNOWN;
    if (online)
        ask_all(&check);
    judge_all(&check, online);
}
