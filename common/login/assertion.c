#include "common/login/assertion.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/random.h"
#include "common/config/secret.h"
#include "common/login/kinds.h"
#include "common/tls/signer.h"

#include <string.h>

enum { FILE_MOST = 64 * 1024, FILE_DEPTH = 4, ID_DIGITS = 32 };

static const char key_name[] = "auth: key: it";

/* RFC 7515: base64url, without padding. */
static void append_part(const void *bytes, size_t length, struct text *out)
{
    size_t from = out->length;
    base64_encode(bytes, length, out);
    while (out->length > from && out->bytes[out->length - 1] == '=')
        text_cut(out, out->length - 1);
    for (size_t i = from; i < out->length; i++)
        out->bytes[i] = out->bytes[i] == '+' ? '-' : out->bytes[i] == '/' ? '_' : out->bytes[i];
}

static void append_object(json_t *object, struct text *out)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    json_append(object, &text);
    append_part(text_string(&text), text.length, out);
}

/* Google's file for a service account has the key in an object, with its id. */
static int unpack(struct text *key, struct text *ret_key_id, struct text *reason)
{
    static const struct json_limits limits = {.bytes = FILE_MOST, .depth = FILE_DEPTH};
    AUTO(json_release) json_t *file = NULL;
    const char *begin = text_string(key) + strspn(text_string(key), " \t\r\n");
    if (*begin != '{')
        return 0;
    if (json_read(text_string(key), key->length, &limits, &file) != 0 || !*json_text(file, "private_key")) {
        text_format(
            reason,
            "%s is JSON without a private_key: give the file of a Google service account, or a PEM file",
            key_name);
        return ERR_SYNTAX;
    }
    secret_wipe(key);
    text_append(key, json_text(file, "private_key"));
    text_append(ret_key_id, json_text(file, "private_key_id"));
    return 0;
}

static void append_header(const struct signer *signer, const char *key_id, struct text *out)
{
    AUTO(json_release)
    json_t *header = json_pack("{s:s, s:s}", "alg", signer_algorithm(signer), "typ", "JWT");
    if (*key_id)
        (void)json_object_set_new(header, "kid", json_from_text(key_id));
    append_object(header, out);
}

static int append_claims(const struct config_auth *auth, int64_t now, struct text *out)
{
    char id[ID_DIGITS + 1];
    const char *audience = auth->assertion_audience ? auth->assertion_audience : auth->token_url;
    int code = random_hex(id, ID_DIGITS);
    if (code != 0)
        return code;
    json_int_t from = (json_int_t)(now / 1000);
    AUTO(json_release)
    json_t *claims =
        json_pack("{s:o, s:o, s:I, s:I, s:s}", "iss", json_from_text(auth->client_id), "aud",
                  json_from_text(audience), "iat", from, "exp", from + ASSERTION_LIFE_S, "jti", id);
    bool grant = auth->assertion == CONFIG_ASSERTION_GRANT;
    if (!grant)
        (void)json_object_set_new(claims, "sub", json_from_text(auth->client_id));
    else if (auth->scope) /* where Google looks for it */
        (void)json_object_set_new(claims, "scope", json_from_text(auth->scope));
    append_object(claims, out);
    return 0;
}

int assertion_make(const struct config_auth *auth, int64_t now, struct text *ret_assertion,
                   struct text *reason)
{
    AUTO(secret_wipe) struct text key = TEXT_EMPTY;
    AUTO(text_release) struct text key_id = TEXT_EMPTY;
    AUTO(text_release) struct text signature = TEXT_EMPTY;
    AUTO(signer_destroy) struct signer *signer = NULL;
    int code = login_resolve("key", auth->key, &key, reason);
    if (code == 0)
        code = unpack(&key, &key_id, reason);
    if (code == 0)
        code = signer_create(key_name, text_string(&key), auth->algorithm, &signer, reason);
    if (code != 0)
        return code;
    size_t from = ret_assertion->length;
    append_header(signer, auth->key_id ? auth->key_id : text_string(&key_id), ret_assertion);
    text_append_char(ret_assertion, '.');
    code = append_claims(auth, now, ret_assertion);
    if (code == 0)
        code = signer_sign(signer, ret_assertion->bytes + from, ret_assertion->length - from, &signature);
    if (code != 0) {
        text_append(reason, "auth: key: nothing could be signed with it: ");
        text_append(reason, err_text(code));
        return code;
    }
    text_append_char(ret_assertion, '.');
    append_part(text_string(&signature), signature.length, ret_assertion);
    return 0;
}
