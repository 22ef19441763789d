/* credential - the token in an Authorization header (call.h). */
#include "tests/kheops-sim/call.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <string.h>
#include <strings.h>

static int sextet(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

/* "user:password" in Base64 → the password, is then yours; NULL. */
static char *basic_password(const char *text)
{
    AUTO(text_release) struct text plain = TEXT_EMPTY;
    unsigned bits = 0, value = 0;
    for (; sextet(*text) >= 0; text++) {
        value = value << 6 | (unsigned)sextet(*text);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            text_append_char(&plain, (char)(value >> bits & 0xFF));
        }
    }
    const char *colon = strchr(text_string(&plain), ':');
    return colon ? memory_string(colon + 1) : NULL;
}

bool credential_is_active(const struct sim *sim, const struct token *token)
{
    return token_active(token) && (token->album || !sim->model->away[PART_PROVIDER]);
}

enum credential call_credential(const struct call *call, const char *header, struct token **ret_token)
{
    const char *value = call_header(call, header);
    AUTO(memory_free) char *text = NULL;
    *ret_token = NULL;
    if (value && strncasecmp(value, "Bearer ", 7) == 0)
        text = memory_string(value + 7 + strspn(value + 7, " "));
    else if (value && strncasecmp(value, "Basic ", 6) == 0)
        text = basic_password(value + 6);
    if (!text || !*text)
        return CREDENTIAL_MISSING;
    *ret_token = token_find(call->sim->model, text);
    if (!*ret_token || !credential_is_active(call->sim, *ret_token))
        return CREDENTIAL_INACTIVE;
    (*ret_token)->uses++;
    return CREDENTIAL_ACTIVE;
}
