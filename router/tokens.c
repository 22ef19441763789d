#include "router/tokens.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/history.h"
#include "common/jobs/place.h"
#include "common/jobs/target.h"
#include "common/jobs/token_times.h"
#include "common/kheops/token_verdict.h"
#include "router/crew.h"
#include "router/outbox.h"
#include "router/refusal.h"
#include "router/shared.h"
#include "router/targets.h"

#include <stdlib.h>
#include <string.h>

enum { ALBUMS_PATIENCE_MS = 3000 };

/* A report whose answer waits for the albums' tokens. */
struct asking {
    struct bus_peer peer;
    struct work_token *token;
    int64_t since; /* monotonic */
};

struct tokens {
    struct asking *list;
    size_t count, capacity;
};

struct tokens *tokens_create(void)
{
    return memory_new(1, sizeof(struct tokens));
}

void tokens_destroy(struct tokens **tokens)
{
    if (!*tokens)
        return;
    for (size_t i = 0; i < (*tokens)->count; i++)
        work_token_destroy(&(*tokens)->list[i].token);
    free((*tokens)->list);
    memory_free(tokens);
}

/* ---- what is to be thought of tokens ---- */

static struct target *destination_of(struct router *router, const struct target *target)
{
    return targets_find(router->targets, target->row.destination_id, 0);
}

/* The configured album of a destination whose destination token opens the album with this id, or opened it before it
 * expired. NULL: none. */
static const struct target *own_album(struct router *router, const struct target *destination, const char *id)
{
    for (size_t i = 0; *id && i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        if (target->album && target->row.destination_id == destination->row.destination_id &&
            strcmp(target->row.token.album ? target->row.token.album : "", id) == 0)
            return target;
    }
    return NULL;
}

/* Whether the home is settled: an operator said so, or deliveries went there, or are on their way. */
static bool is_settled(const struct target *destination)
{
    return destination->row.home &&
           (destination->row.stored > destination->row.home_stored || destination->in_flight > 0);
}

/* moved: whatever its home is. */
static enum token_verdict judge_stow(struct router *router, const struct target *destination,
                                     const struct jobdb_token *token, bool moved, struct text *out)
{
    const struct target *own = own_album(router, destination, jobdb_token_album(token));
    const struct token_place_facts facts = {.home = !moved && is_settled(destination) ? destination->row.home
                                                                                      : NULL,
                                            .own = own ? own->row.album : NULL,
                                            .destination = destination->row.destination};
    return jobdb_token_trouble(token, WORK_TOKEN_STOW, &facts, out);
}

static enum token_verdict judge_of_album(struct router *router, const struct target *album,
                                         enum work_token_kind kind, struct text *out)
{
    const struct target *destination = destination_of(router, album);
    const struct token_place_facts facts = {
        .written = destination->row.home ? destination->row.home : jobdb_token_album(&destination->row.token),
        .destination = destination->row.destination};
    return jobdb_token_trouble(kind == WORK_TOKEN_SOURCE ? &album->row.source : &album->row.token, kind,
                               &facts, out);
}

/* Both tokens of an album, or the one of a destination. */
struct verdicts {
    struct text token, source;
    bool misplaced; /* one of them */
};

static void verdicts_release(struct verdicts *verdicts)
{
    text_release(&verdicts->token);
    text_release(&verdicts->source);
}

static void judge_tokens(struct router *router, const struct target *target, struct verdicts *ret_verdicts)
{
    enum token_verdict token, source = TOKEN_FINE;
    if (!target->row.album_id) {
        token = judge_stow(router, target, &target->row.token, false, &ret_verdicts->token);
    } else {
        token = judge_of_album(router, target, WORK_TOKEN_DESTINATION, &ret_verdicts->token);
        source = judge_of_album(router, target, WORK_TOKEN_SOURCE, &ret_verdicts->source);
    }
    ret_verdicts->misplaced = token == TOKEN_MISPLACED || source == TOKEN_MISPLACED;
}

/* ---- what changed is told ---- */

static void add_event(struct router *router, const struct target *target, const char *kind,
                      const char *detail)
{
    const struct jobdb_event event = {.at = router->now,
                                      .kind = kind,
                                      .destination_id = target->row.destination_id,
                                      .album_id = target->row.album_id,
                                      .detail = detail};
    jobdb_add_event(router->db, &event);
}

static void tell_verdict(struct router *router, const struct target *target, enum work_token_kind kind,
                         const struct text *before, const struct text *now)
{
    AUTO(text_release) struct text good = TEXT_EMPTY;
    if (strcmp(text_string(before), text_string(now)) == 0)
        return;
    text_format(&good, "%s is good again", token_name(kind));
    const char *detail = now->length > 0 ? text_string(now) : text_string(&good);
    add_event(router, target, "token", detail);
    LOG_AT(now->length > 0 ? LOG_WARNING : LOG_INFO, "token changed",
           LOG_S("destination", target->row.destination),
           LOG_S("album", target->row.album ? target->row.album : "-"), LOG_S("reason", detail));
}

static void tell_changed_verdicts(struct router *router, const struct target *target,
                                  const struct verdicts *before)
{
    AUTO(verdicts_release) struct verdicts now = {.misplaced = false};
    bool album = target->row.album_id != 0;
    judge_tokens(router, target, &now);
    tell_verdict(router, target, album ? WORK_TOKEN_DESTINATION : WORK_TOKEN_STOW, &before->token,
                 &now.token);
    tell_verdict(router, target, WORK_TOKEN_SOURCE, &before->source, &now.source);
}

/* ---- who is barred ---- */

static void block_target(struct router *router, struct target *target, const char *reason)
{
    const struct target_retry retry = target_retry_of(router->config);
    if (target_refused(target, &retry, router->now)) {
        add_event(router, target, jobdb_target_state_name(target->row.state), reason);
        log_warning(target->row.album ? "album changed" : "destination changed",
                    LOG_S("destination", target->row.destination),
                    LOG_S("album", target->row.album ? target->row.album : "-"),
                    LOG_S("state", jobdb_target_state_name(target->row.state)), LOG_S("reason", reason));
    }
    jobdb_save_target(router->db, &target->row, reason, router->now);
}

/* Nothing but its tokens was held against it. */
static void open_target(struct router *router, struct target *target)
{
    if (target->row.state != TARGET_BLOCKED || !target_succeeded(target, 0, router->now))
        return;
    target->look_at = 0;
    add_event(router, target, jobdb_target_state_name(target->row.state), NULL);
    jobdb_save_target(router->db, &target->row, NULL, router->now);
}

/* Whether what is known of its tokens bars a target; then also the sentence. */
static bool find_bar(struct router *router, const struct target *target, struct text *out)
{
    const char *home = target->row.home ? target->row.home : "";
    if (!target->destination || !target->destination->kheops)
        return false;
    if (target->row.album_id)
        return judge_of_album(router, target, WORK_TOKEN_DESTINATION, out) == TOKEN_MISPLACED ||
               (text_clear(out), judge_of_album(router, target, WORK_TOKEN_SOURCE, out) == TOKEN_MISPLACED);
    const struct target *own = own_album(router, target, home);
    const struct introspection at_home = {
        .state = INTROSPECTION_ACTIVE, .scope = (char *)"write", .album_id = (char *)home};
    const struct token_place_facts facts = {.own = own ? own->row.album : NULL,
                                            .destination = target->row.destination};
    return own && token_verdict(WORK_TOKEN_STOW, token_name(WORK_TOKEN_STOW), &at_home, &facts, out) ==
                      TOKEN_MISPLACED;
}

static void bar_or_open(struct router *router, struct target *target)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    bool barred = find_bar(router, target, &sentence);
    if (barred && !target->barred)
        block_target(router, target, text_string(&sentence));
    if (!barred && target->barred)
        open_target(router, target);
    target->barred = barred;
}

void tokens_configure(struct router *router)
{
    for (size_t i = 0; i < targets_count(router->targets); i++)
        bar_or_open(router, targets_at(router->targets, i));
}

void tokens_explain(struct router *router, struct work_result *result)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const struct target *target = targets_named(router->targets, result->destination, result->album);
    if (!target || !target->barred || !find_bar(router, target, &sentence))
        return;
    for (size_t i = 0; i < result->answer_count; i++) {
        struct work_answer *answer = &result->answers[i];
        if (answer->outcome == WORK_RETRY_OUTCOME || answer->outcome == WORK_BLOCKED_OUTCOME)
            work_answer_set(answer, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, answer->http_status,
                            text_string(&sentence));
    }
}

/* ---- a report ---- */

/* A STOW token of another album changes what is to be said of the destination's albums, and the other way. */
static bool token_concerns(const struct target *target, const struct target *of)
{
    return target->row.destination_id == of->row.destination_id;
}

/* Whether it is another token than the one that was told of last. A worker knows that while it lives; after its
 * restart another answer tells. */
static bool is_another(const struct target *target, const struct work_token *token)
{
    const struct jobdb_token *known =
        token->kind == WORK_TOKEN_SOURCE ? &target->row.source : &target->row.token;
    return token->replaced ||
           (known->known &&
            (known->state != token->state || strcmp(known->scope ? known->scope : "", token->scope) != 0 ||
             (*token->album_id && strcmp(known->album ? known->album : "", token->album_id) != 0)));
}

/* Only another token, or another answer about the same, lets a probe go before its time: whoever is refused
 * although its token is called good must not be probed after each question. */
static bool token_was_renewed(const struct verdicts *before, const struct verdicts *now, bool another,
                              enum work_token_kind kind)
{
    const struct text *then = kind == WORK_TOKEN_SOURCE ? &before->source : &before->token;
    const struct text *is = kind == WORK_TOKEN_SOURCE ? &now->source : &now->token;
    return is->length == 0 && (another || then->length > 0);
}

/* A good token ends the rest of a blocked target; another one that of a target that backs off, too: what looked
 * like an outage may have been its token's refusal. */
static bool end_rest(struct target *target, bool another, int64_t now)
{
    if (target->row.state != TARGET_BACKING_OFF || !another)
        return target_probe_now(target, now);
    target->row.until = now;
    target->look_at = 0;
    return true;
}

/* Its destination token opens another album than before: the album was made again. In between its token was refused,
 * as that of an album that is gone is: the id that was told last counts. */
static void note_album(struct router *router, const struct target *target, const struct work_token *token)
{
    const char *before = target->row.token.album ? target->row.token.album : "";
    if (token->kind == WORK_TOKEN_DESTINATION && token->state == WORK_TOKEN_ACTIVE && *before &&
        *token->album_id && strcmp(before, token->album_id) != 0)
        jobdb_album_moved(router->db, target->row.album_id, router->now);
}

static void note_token(struct router *router, struct target *target, const struct work_token *token)
{
    size_t count = targets_count(router->targets);
    AUTO(memory_free) struct verdicts *before = memory_new(count, sizeof *before);
    AUTO(verdicts_release) struct verdicts now = {.misplaced = false};
    size_t its = 0;
    for (size_t i = 0; i < count; i++) {
        if (token_concerns(targets_at(router->targets, i), target))
            judge_tokens(router, targets_at(router->targets, i), &before[i]);
        if (targets_at(router->targets, i) == target)
            its = i;
    }
    bool another = is_another(target, token);
    note_album(router, target, token);
    jobdb_save_token(router->db, &target->row, token, router->now);
    jobdb_note_token_times(router->db, target->row.destination_id, target->row.album_id, token->kind, another,
                           token->expires_at, router->now);
    if (another) {
        target_renewed(target);
        jobdb_save_target(router->db, &target->row, NULL, router->now);
    }
    judge_tokens(router, target, &now);
    if (before[its].misplaced && !now.misplaced && now.token.length + now.source.length == 0)
        open_target(router, target);
    else if (token_was_renewed(&before[its], &now, another, token->kind) &&
             end_rest(target, another, router->now))
        log_info("a token was renewed, trying it now", LOG_S("destination", target->row.destination),
                 LOG_S("album", target->row.album ? target->row.album : "-"));
    for (size_t i = 0; i < count; i++) {
        struct target *other = targets_at(router->targets, i);
        if (token_concerns(other, target)) {
            tell_changed_verdicts(router, other, &before[i]);
            bar_or_open(router, other);
        }
        verdicts_release(&before[i]);
    }
}

/* ---- may it be used? ---- */

static void say_permit(struct router *router, const struct bus_peer *peer, int64_t serial, const char *reason)
{
    struct work_permit permit = {.serial = serial, .allowed = !reason, .reason = (char *)reason};
    struct work_message message = {.verb = WORK_PERMIT, .permit = &permit};
    outbox_say(router->outbox, peer, &message);
}

/* KHEOPS said nothing: that is fine where it never did. */
static void answer_untold(struct router *router, const struct target *destination,
                          const struct bus_peer *peer, const struct work_token *token)
{
    bool told = destination->row.home || destination->row.token.known;
    say_permit(
        router, peer, token->serial,
        told ? "waits until KHEOPS tells which album its token opens: what answers at api_url now is not "
               "KHEOPS, which answered there before"
             : NULL);
}

static void settle(struct router *router, struct target *destination, const struct work_token *token)
{
    if (destination->row.home && strcmp(destination->row.home, token->album_id) == 0)
        return;
    jobdb_save_home(router->db, &destination->row, token->album_id, false);
    tokens_configure(router);
}

/* What a sender may do with its own STOW token, which another sender's may have followed. */
static enum token_verdict judge_report(struct router *router, const struct target *destination,
                                       const struct work_token *token, struct text *out)
{
    const struct jobdb_token said = {
        .known = true, .state = token->state, .scope = token->scope, .album = token->album_id};
    return judge_stow(router, destination, &said, false, out);
}

static bool album_is_untold(struct router *router, const struct target *destination)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        if (target->album && token_concerns(target, destination) && !target->row.token.known)
            return true;
    }
    return false;
}

/* False: it is to be asked again in a moment. */
static bool answer_stow(struct router *router, struct target *destination, const struct bus_peer *peer,
                        const struct work_token *token, bool patient)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    enum token_verdict verdict = judge_report(router, destination, token, &sentence);
    if (verdict != TOKEN_FINE) {
        if (verdict == TOKEN_MISPLACED && crew_size(router->crew, WORK_SEND) <= 1)
            block_target(router, destination, text_string(&sentence));
        say_permit(router, peer, token->serial, text_string(&sentence));
        return true;
    }
    if (patient && !is_settled(destination) && album_is_untold(router, destination))
        return false;
    settle(router, destination, token);
    say_permit(router, peer, token->serial, NULL);
    return true;
}

static void let_wait(struct tokens *tokens, const struct bus_peer *peer, struct work_token **token,
                     int64_t now)
{
    for (size_t i = 0; i < tokens->count; i++) {
        const struct asking *asking = &tokens->list[i];
        if (asking->token->serial == (*token)->serial && asking->peer.length == peer->length &&
            memcmp(asking->peer.bytes, peer->bytes, peer->length) == 0)
            return; /* said again */
    }
    tokens->list = memory_grow(tokens->list, &tokens->capacity, tokens->count + 1, sizeof *tokens->list);
    tokens->list[tokens->count++] = (struct asking){*peer, *token, now};
    *token = NULL;
}

void tokens_take(struct router *router, const struct bus_peer *peer, struct work_message *message)
{
    struct work_token *token = message->token;
    struct target *target = targets_named(router->targets, token->destination, token->album);
    if (!target)
        return; /* this router's configuration is older: it is said again, and answered after its reload */
    if (token->state == WORK_TOKEN_UNTOLD) {
        answer_untold(router, target, peer, token);
    } else {
        note_token(router, target, token);
        if (target->row.album_id)
            say_permit(router, peer, token->serial, NULL);
        else if (!answer_stow(router, target, peer, token, true))
            let_wait(router->tokens, peer, &message->token, router->monotonic);
    }
}

void tokens_turn(struct router *router)
{
    struct tokens *tokens = router->tokens;
    for (size_t i = tokens->count; i-- > 0;) {
        struct asking *asking = &tokens->list[i];
        struct target *target = targets_named(router->targets, asking->token->destination, NULL);
        bool patient = router->monotonic - asking->since < ALBUMS_PATIENCE_MS;
        if (target && !answer_stow(router, target, &asking->peer, asking->token, patient))
            continue;
        work_token_destroy(&asking->token);
        tokens->list[i] = tokens->list[--tokens->count];
    }
}

/* ---- an operator moves a destination ---- */

static void move_home(struct router *router, struct target *target, const struct control_request *request)
{
    AUTO(text_release) struct text detail = TEXT_EMPTY;
    text_format(&detail, "by %s", request->user);
    jobdb_save_home(router->db, &target->row, jobdb_token_album(&target->row.token), true);
    jobdb_destination_moved(router->db, target->row.destination_id, router->now);
    tokens_configure(router);
    open_target(router, target);
    add_event(router, target, control_verb_done(request->verb), text_string(&detail));
    log_info("destination changed", LOG_S("destination", target->row.destination), LOG_S("album", "-"),
             LOG_S("state", control_verb_done(request->verb)), LOG_S("user", request->user));
}

void tokens_move(struct router *router, const struct control_request *request, struct control_answer *answer)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct target *target = refusal_or_target(router->targets, request, answer);
    if (!target)
        return;
    const char *album = jobdb_token_album(&target->row.token);
    if (judge_stow(router, target, &target->row.token, true, &sentence) != TOKEN_FINE) {
        refuse(answer, text_string(&sentence));
    } else if (!*album) {
        refuse(answer,
               "it is not known which album its token opens: a sender must run, and KHEOPS must tell");
    } else if (is_settled(target) && strcmp(target->row.home, album) == 0) {
        target_append_name(target, &answer->sentence);
        text_append(&answer->sentence,
                    " goes there already: its token opens the album that everything went to");
    } else {
        move_home(router, target, request);
        answer->changed = 1;
        target_append_name(target, &answer->sentence);
        text_append(&answer->sentence,
                    " goes to the album that its token opens now; what was stored before stays where it is");
    }
}
