/* introspect - POST /api/token/introspect: what a token may do (call.h). */
#include "tests/kheops-sim/call.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

/* The value of a form's field, decoded, is then yours; NULL. */
static char *form_value(const char *form, const char *name)
{
    size_t length = strlen(name);
    while (form && (strncmp(form, name, length) != 0 || form[length] != '=')) {
        form = strchr(form, '&');
        form = form ? form + 1 : NULL;
    }
    if (!form)
        return NULL;
    AUTO(text_release) struct text value = TEXT_EMPTY;
    for (const char *at = form + length + 1; *at && *at != '&'; at++) {
        if (*at == '%' && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
            text_append_char(&value, (char)(hex_digit(at[1]) * 16 + hex_digit(at[2])));
            at += 2;
        } else {
            text_append_char(&value, *at == '+' ? ' ' : *at);
        }
    }
    return text_take(&value);
}

static json_t *describe(const struct token *token)
{
    char scope[SCOPES_TEXT_SIZE];
    json_t *json = json_pack("{s:b}", "active", 1);
    if (token->scopes)
        json_object_set_new(json, "scope", json_string(scopes_text(token->scopes, scope)));
    json_object_set_new(json, "sub", json_string("author-of-the-token"));
    json_object_set_new(json, "cap_token", json_string("capability"));
    json_object_set_new(json, "album_id", json_string(token->album->id));
    if (token->exp)
        json_object_set_new(json, "exp", json_integer(token->exp));
    return json;
}

void introspect_token(struct call *call)
{
    AUTO(memory_free) char *text = form_value(text_string(&call->body), "token");
    model_lock(call->sim->model);
    struct token *token = text ? token_find(call->sim->model, text) : NULL;
    if (call->sim->model->away[PART_DATABASE] || call->body.length == 0) {
        call_answer(call, "introspect: an empty form");
    } else if (!token || !credential_is_active(call->sim, token)) {
        call_answer(call, "introspect: inactive");
    } else if (!token->album) {
        call_answer(call, "introspect: a person's token");
    } else {
        token->uses++;
        answer_json(&call->answer, 200, "application/json", describe(token));
    }
    model_unlock(call->sim->model);
}
