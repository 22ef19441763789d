#include "sender/stow_token.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* NULL: it is not permitted; "": it is not known. */
static const char *album_of(const struct task *task, const struct config_destination *destination,
                            const struct credentials *credentials)
{
    const struct token_place place = {destination->name, NULL, WORK_TOKEN_STOW};
    return token_watch_album(task->process->tokens, &place, text_string(&credentials->token));
}

enum stow_token stow_token_look(const struct task *task, const struct config_destination *destination,
                                const struct credentials *credentials)
{
    const char *home = task->work->home ? task->work->home : "";
    if (!destination->kheops)
        return STOW_TOKEN_FITS;
    if (credentials->token.length == 0)
        return *home ? STOW_TOKEN_ELSEWHERE : STOW_TOKEN_FITS;
    const char *album = album_of(task, destination, credentials);
    if (!album || (*home && !*album))
        return STOW_TOKEN_UNKNOWN;
    return !*home || strcmp(album, home) == 0 ? STOW_TOKEN_FITS : STOW_TOKEN_ELSEWHERE;
}

void stow_token_note(struct task *task, const struct config_destination *destination,
                     const struct credentials *credentials)
{
    const char *album = album_of(task, destination, credentials);
    free(task->result->opens);
    task->result->opens = album && *album ? memory_string(album) : NULL;
}

void stow_token_finish_elsewhere(struct task *task)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(
        &sentence,
        "the STOW token of this sender opens another album than the one that everything goes to, or there is "
        "none: give it the token that the other senders have; or, where another album is meant from now on, "
        "say so: felucca destination move %s",
        task->work->destination);
    AUTO(memory_free) char *destination = memory_string(task->work->destination);
    struct token_watch *tokens = task->process->tokens;
    const struct token_place place = {destination, NULL, WORK_TOKEN_STOW};
    task_finish_all(task, WORK_BLOCKED_OUTCOME, BLAME_TOKEN, text_string(&sentence));
    token_watch_tell_again(tokens, &place); /* after the result: with it in hand the album would be settled */
}
