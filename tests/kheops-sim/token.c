/* token - albums and the capability tokens that open them (model.h). */
#include "common/base/clock.h"
#include "common/base/fnv.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/base/text.h"
#include "tests/kheops-sim/model.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_LENGTH = 22 };

struct album *album_find(const struct model *model, const char *name_or_id)
{
    struct album *album = names_get(&model->albums_by_name, name_or_id);
    return album ? album : names_get(&model->albums_by_id, name_or_id);
}

/* Letters and digits, as KHEOPS makes its album ids and tokens. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static char *make_code(size_t length)
{
    char *code = memory_new(1, length + 1);
    for (size_t i = 0; i < length; i++)
        code[i] = letters[random_below(sizeof letters - 1)];
    return code;
}

/* Of the name alone: a KHEOPS that was away, or was set up again from its backup, has the same albums. */
static char *make_album_id(const char *name)
{
    enum { LENGTH = 10 };
    char *id = memory_new(1, LENGTH + 1);
    uint64_t hash = fnv_text(FNV_START, name);
    for (size_t i = 0; i < LENGTH; i++, hash = fnv_byte(hash, (unsigned char)i))
        id[i] = letters[(hash >> 32) % (sizeof letters - 1)];
    return id;
}

struct album *album_get(struct model *model, const char *name, const char *id)
{
    struct album *album = names_get(&model->albums_by_name, name);
    if (album)
        return album;
    album = memory_new(1, sizeof *album);
    album->name = memory_string(name);
    album->id = id ? memory_string(id) : make_album_id(name);
    model->albums =
        memory_grow(model->albums, &model->album_capacity, model->album_count + 1, sizeof *model->albums);
    model->albums[model->album_count++] = album;
    names_put(&model->albums_by_name, album->name, album);
    if (!names_get(&model->albums_by_id, album->id))
        names_put(&model->albums_by_id, album->id, album);
    return album;
}

struct token *token_add(struct model *model, const char *text, struct album *album, unsigned scopes)
{
    if (text && names_get(&model->tokens_by_text, text))
        return NULL;
    struct token *token = memory_new(1, sizeof *token);
    *token = (struct token){.text = text ? memory_string(text) : make_code(TOKEN_LENGTH),
                            .album = album,
                            .scopes = scopes,
                            .author_admin = true,
                            .author_member = true};
    model->tokens =
        memory_grow(model->tokens, &model->token_capacity, model->token_count + 1, sizeof *model->tokens);
    model->tokens[model->token_count++] = token;
    names_put(&model->tokens_by_text, token->text, token);
    return token;
}

struct token *token_find(const struct model *model, const char *text)
{
    return names_get(&model->tokens_by_text, text);
}

bool token_active(const struct token *token)
{
    int64_t now = clock_monotonic_ms();
    return !token->revoked && token->author_admin && token->author_member && now >= token->not_before_ms &&
           (token->expires_at_ms == 0 || now < token->expires_at_ms);
}

bool token_can(const struct token *token, unsigned scopes)
{
    return (token->scopes & scopes) == scopes;
}

static const struct scope_word {
    const char *word;
    unsigned scope;
} words[] = {{"user", SCOPE_USER},
             {"read", SCOPE_READ},
             {"write", SCOPE_WRITE},
             {"downloadbutton", SCOPE_DOWNLOAD},
             {"send", SCOPE_SEND}};

enum { WORDS = sizeof words / sizeof *words };

bool scopes_parse(const char *text, unsigned *ret_scopes)
{
    unsigned scopes = 0;
    for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
        size_t length = strcspn(text, " ,"), i = 0;
        while (i < WORDS && (strlen(words[i].word) != length || strncmp(words[i].word, text, length) != 0))
            i++;
        if (i == WORDS)
            return false;
        scopes |= words[i].scope;
        text += length;
    }
    *ret_scopes = scopes;
    return true;
}

const char *scopes_text(unsigned scopes, char *buffer)
{
    size_t length = 0;
    *buffer = '\0';
    for (size_t i = 0; i < WORDS; i++)
        if (scopes & words[i].scope)
            length += (size_t)snprintf(buffer + length, SCOPES_TEXT_SIZE - length, "%s%s", length ? " " : "",
                                       words[i].word);
    return buffer;
}
