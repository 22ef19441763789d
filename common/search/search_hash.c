#include "common/search/search_hash.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "common/base/sha256.h"

#include <string.h>

static const char *const names[SEARCH_KINDS] = {
#define X(NAME, text) [SEARCH_##NAME] = (text),
    SEARCH_KIND_MAP(X)
#undef X
};

const char *search_kind_name(enum search_kind kind)
{
    return names[kind];
}

/* Of DICOM's padding: spaces, and the NUL of those who took it for text, too. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\0' || c == '\t';
}

/* False: nothing was appended. */
static bool append_normal(struct text *out, const char *number, size_t length)
{
    while (length > 0 && is_blank(number[length - 1]))
        length--;
    while (length > 0 && is_blank(*number)) {
        number++;
        length--;
    }
    for (size_t i = 0; i < length; i++)
        text_append_char(out,
                         number[i] >= 'A' && number[i] <= 'Z' ? (char)(number[i] - 'A' + 'a') : number[i]);
    return length > 0;
}

static void begin(struct text *out, enum search_kind kind)
{
    text_append_bytes(out, names[kind], strlen(names[kind]) + 1);
}

static void finish(const struct search_key *key, const struct text *what, char *ret_hash)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_SIZE];
    sha256_hmac(key->bytes, sizeof key->bytes, what->bytes, what->length, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        ret_hash[2 * i] = digits[digest[i] >> 4];
        ret_hash[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hash[SEARCH_HASH_LENGTH] = '\0';
}

bool search_hash(const struct search_key *key, enum search_kind kind, const char *number, size_t length,
                 char ret_hash[SEARCH_HASH_SIZE])
{
    AUTO(text_release) struct text what = TEXT_EMPTY;
    begin(&what, kind);
    if (!append_normal(&what, number, length))
        return false;
    finish(key, &what, ret_hash);
    return true;
}

bool search_hash_issued(const struct search_key *key, const char *id, size_t id_length, const char *issuer,
                        size_t issuer_length, char ret_hash[SEARCH_HASH_SIZE])
{
    AUTO(text_release) struct text what = TEXT_EMPTY;
    begin(&what, SEARCH_PATIENT);
    if (!append_normal(&what, id, id_length))
        return false;
    text_append(&what, "^^^");
    if (!append_normal(&what, issuer, issuer_length))
        return false;
    finish(key, &what, ret_hash);
    return true;
}

bool search_is_hash(const char *text, size_t length)
{
    return length == SEARCH_HASH_LENGTH && strspn(text, "0123456789abcdef") == length;
}
