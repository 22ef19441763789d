#include "common/kheops/token_verdict.h"

#include <string.h>

static const struct rule {
    const char *name, *permissions;
} rules[] = {
    [WORK_TOKEN_STOW] = {"the STOW token", "write"},
    [WORK_TOKEN_DESTINATION] = {"the destination token", "write"},
    [WORK_TOKEN_SOURCE] = {"the source token", "send read"},
};

const char *token_name(enum work_token_kind kind)
{
    return rules[kind].name;
}

const char *token_permissions(enum work_token_kind kind)
{
    return rules[kind].permissions;
}

bool token_verdict(enum work_token_kind kind, const char *name, const struct introspection *introspection,
                   const char *stow_album, struct text *ret_sentence)
{
    if (introspection_explain(introspection, name, rules[kind].permissions, ret_sentence))
        return true;
    const char *album = introspection->state == INTROSPECTION_ACTIVE ? introspection->album_id : NULL;
    if (!album || !*album || !stow_album || !*stow_album || kind == WORK_TOKEN_STOW)
        return false;
    bool same = strcmp(album, stow_album) == 0;
    if (kind == WORK_TOKEN_SOURCE && !same)
        text_format(ret_sentence,
                    "%s opens another album than the one that the destination writes to; make it in that "
                    "album, with the switches \"Read\" and \"Add to Album / Inbox\"",
                    name);
    else if (kind == WORK_TOKEN_DESTINATION && same)
        text_format(ret_sentence,
                    "%s opens the album that the destination writes to already; make it in the album that "
                    "shall get the series, with the switch \"Write\"",
                    name);
    else
        return false;
    return true;
}
