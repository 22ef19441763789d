#include "router/tokens.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/jobs/history.h"
#include "common/jobs/target.h"
#include "common/kheops/token_verdict.h"
#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

/* Both tokens of an album, or the one of a destination. */
struct verdicts {
    struct text token, source;
};

static void verdicts_release(struct verdicts *verdicts)
{
    text_release(&verdicts->token);
    text_release(&verdicts->source);
}

static void judge_tokens(struct router *router, const struct target *target, struct verdicts *ret_verdicts)
{
    const struct target *destination = targets_find(router->targets, target->row.destination_id, 0);
    const struct jobdb_token *stow = &destination->row.token;
    bool album = target->row.album_id != 0;
    (void)jobdb_token_trouble(&target->row.token, album ? WORK_TOKEN_DESTINATION : WORK_TOKEN_STOW, stow,
                              &ret_verdicts->token);
    if (album)
        (void)jobdb_token_trouble(&target->row.source, WORK_TOKEN_SOURCE, stow, &ret_verdicts->source);
}

static void tell_verdict(struct router *router, const struct target *target, enum work_token_kind kind,
                         const struct text *before, const struct text *now)
{
    AUTO(text_release) struct text good = TEXT_EMPTY;
    if (strcmp(text_string(before), text_string(now)) == 0)
        return;
    text_format(&good, "%s is good again", token_name(kind));
    const char *detail = now->length > 0 ? text_string(now) : text_string(&good);
    const struct jobdb_event event = {.at = router->now,
                                      .kind = "token",
                                      .destination_id = target->row.destination_id,
                                      .album_id = target->row.album_id,
                                      .detail = detail};
    jobdb_add_event(router->db, &event);
    LOG_AT(now->length > 0 ? LOG_WARNING : LOG_INFO, "token changed",
           LOG_S("destination", target->row.destination),
           LOG_S("album", target->row.album ? target->row.album : "-"), LOG_S("reason", detail));
}

static void tell_changed_verdicts(struct router *router, const struct target *target,
                                  const struct verdicts *before)
{
    AUTO(verdicts_release) struct verdicts now = {TEXT_EMPTY, TEXT_EMPTY};
    bool album = target->row.album_id != 0;
    judge_tokens(router, target, &now);
    tell_verdict(router, target, album ? WORK_TOKEN_DESTINATION : WORK_TOKEN_STOW, &before->token,
                 &now.token);
    tell_verdict(router, target, WORK_TOKEN_SOURCE, &before->source, &now.source);
}

/* A STOW token of another album changes what is to be said of the destination's albums. */
static bool token_concerns(const struct target *target, const struct target *of)
{
    return target == of || (of->row.album_id == 0 && target->row.destination_id == of->row.destination_id);
}

/* Only another token, or another answer about the same, lets a probe go before its time: whoever is refused
 * although its token is called good must not be probed after each question. */
static bool token_was_renewed(const struct verdicts *before, const struct verdicts *now,
                              const struct work_token *token)
{
    const struct text *then = token->kind == WORK_TOKEN_SOURCE ? &before->source : &before->token;
    const struct text *is = token->kind == WORK_TOKEN_SOURCE ? &now->source : &now->token;
    return is->length == 0 && (token->replaced || then->length > 0);
}

void tokens_take(struct router *router, const struct work_token *token)
{
    struct target *target = targets_named(router->targets, token->destination, token->album);
    if (!target)
        return;
    size_t count = targets_count(router->targets);
    AUTO(memory_free) struct verdicts *before = memory_new(count, sizeof *before);
    AUTO(verdicts_release) struct verdicts now = {TEXT_EMPTY, TEXT_EMPTY};
    size_t its = 0;
    for (size_t i = 0; i < count; i++) {
        if (token_concerns(targets_at(router->targets, i), target))
            judge_tokens(router, targets_at(router->targets, i), &before[i]);
        if (targets_at(router->targets, i) == target)
            its = i;
    }
    jobdb_save_token(router->db, &target->row, token, router->now);
    if (token->replaced) {
        target_renewed(target);
        jobdb_save_target(router->db, &target->row, NULL, router->now);
    }
    judge_tokens(router, target, &now);
    if (token_was_renewed(&before[its], &now, token) && target_probe_now(target, router->now))
        log_info("a token was renewed, trying it now", LOG_S("destination", target->row.destination),
                 LOG_S("album", target->row.album ? target->row.album : "-"));
    for (size_t i = 0; i < count; i++) {
        if (token_concerns(targets_at(router->targets, i), target))
            tell_changed_verdicts(router, targets_at(router->targets, i), &before[i]);
        verdicts_release(&before[i]);
    }
}
