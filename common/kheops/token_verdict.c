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

static bool is_known(const char *id)
{
    return id && *id;
}

static enum token_verdict judge_stow(const char *name, const char *album,
                                     const struct token_place_facts *facts, struct text *ret_sentence)
{
    if (!is_known(album))
        text_format(
            ret_sentence,
            "%s opens no album: what is sent with it goes into a person's inbox; make a token in KHEOPS "
            "in the album itself, with the switch \"Write\" on, and put it into its place",
            name);
    else if (is_known(facts->own))
        text_format(
            ret_sentence,
            "%s opens the album of \"%s\", which is one of the destination's own albums: one of the two "
            "tokens is in the wrong place; put a token of the main album here, and one of the other "
            "album there, each with the switch \"Write\" on",
            name, facts->own);
    else if (is_known(facts->home) && strcmp(facts->home, album) != 0)
        text_format(ret_sentence,
                    "%s opens another album than the one that everything went to so far: put a token of that "
                    "album into its place; or, where another album is meant from now on, say so: felucca "
                    "destination move %s",
                    name, facts->destination);
    else
        return TOKEN_FINE;
    return TOKEN_MISPLACED;
}

static enum token_verdict judge_of_album(enum work_token_kind kind, const char *name, const char *album,
                                         const struct token_place_facts *facts, struct text *ret_sentence)
{
    if (!is_known(album) || !is_known(facts->written))
        return TOKEN_FINE;
    bool same = strcmp(album, facts->written) == 0;
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
        return TOKEN_FINE;
    return TOKEN_MISPLACED;
}

enum token_verdict token_verdict(enum work_token_kind kind, const char *name,
                                 const struct introspection *introspection,
                                 const struct token_place_facts *facts, struct text *ret_sentence)
{
    if (introspection_explain(introspection, name, rules[kind].permissions, ret_sentence))
        return introspection->state == INTROSPECTION_PERSON ? TOKEN_MISPLACED : TOKEN_USELESS;
    if (introspection->state != INTROSPECTION_ACTIVE)
        return TOKEN_FINE;
    return kind == WORK_TOKEN_STOW ? judge_stow(name, introspection->album_id, facts, ret_sentence)
                                   : judge_of_album(kind, name, introspection->album_id, facts, ret_sentence);
}
