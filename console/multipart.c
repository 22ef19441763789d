#include "console/multipart.h"

#include "common/base/base64.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <string.h>
#include <strings.h>

enum { BOUNDARY_MAX = 70, HEADERS_MAX = 4096 };

/* What is left of the body. */
struct rest {
    const char *at;
    size_t length;
};

static void skip(struct rest *rest, size_t length)
{
    rest->at += length;
    rest->length -= length;
}

/* True: it begins so, which is then behind us. */
static bool take(struct rest *rest, const char *words)
{
    size_t length = strlen(words);
    if (rest->length < length || memcmp(rest->at, words, length) != 0)
        return false;
    skip(rest, length);
    return true;
}

/* "--" and the boundary of the Content-Type. False: it has none. */
static bool take_boundary(const char *type, struct text *ret_delimiter)
{
    static const char key[] = "boundary=";
    const char *at = strcasestr(type, key);
    if (!at)
        return false;
    at += strlen(key);
    bool quoted = *at == '"';
    at += quoted;
    size_t length = quoted ? strcspn(at, "\"") : strcspn(at, "; \t");
    text_append(ret_delimiter, "--");
    text_append_bytes(ret_delimiter, at, length);
    return length > 0 && length <= BOUNDARY_MAX;
}

/* The name in the part's Content-Disposition, is then yours; NULL: it has none, or one that is none of ours. */
static char *name_in(const char *headers)
{
    static const char key[] = "; name=\"";
    const char *line = strcasestr(headers, "content-disposition: form-data");
    const char *at = line ? strstr(line, key) : NULL;
    if (!at || memchr(line, '\r', (size_t)(at - line)))
        return NULL;
    at += strlen(key);
    size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    return length > 0 && at[length] == '"' ? memory_string_n(at, length) : NULL;
}

static bool is_plain(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
    return true;
}

static unsigned no_form(struct text *reason)
{
    text_append(reason, "The form is not well-formed.");
    return 400;
}

static unsigned add_part(struct asked *form, const char *headers, const char *bytes, size_t length,
                         struct text *reason)
{
    AUTO(memory_free) char *name = name_in(headers);
    struct text value = TEXT_EMPTY;
    if (!name)
        return no_form(reason);
    bool is_file = strcmp(name, "file") == 0;
    if (is_file && length > MULTIPART_FILE_MAX) {
        text_append(reason, "The file is larger than 256 KiB.");
        return 413;
    }
    if (!is_file && (length > MULTIPART_TEXT_MAX || !is_plain(bytes, length)))
        return no_form(reason);
    if (is_file)
        base64_encode(bytes, length, &value);
    else
        text_append_bytes(&value, bytes, length);
    char *own = name;
    name = NULL;
    return asked_add(form, own, text_take(&value), reason) ? 200 : 400;
}

/* The part before the next delimiter, which is then behind us. */
static unsigned take_part(struct rest *rest, const char *delimiter, struct asked *form, struct text *reason)
{
    const char *content = memmem(rest->at, rest->length, "\r\n\r\n", 4);
    size_t before = content ? (size_t)(content - rest->at) : 0;
    if (!content || before > HEADERS_MAX || memchr(rest->at, '\0', before))
        return no_form(reason);
    AUTO(memory_free) char *headers = memory_string_n(rest->at, before);
    skip(rest, before + 4);
    const char *end = memmem(rest->at, rest->length, delimiter, strlen(delimiter));
    if (!end)
        return no_form(reason);
    size_t length = (size_t)(end - rest->at);
    unsigned status = add_part(form, headers, rest->at, length, reason);
    skip(rest, length + strlen(delimiter));
    return status;
}

unsigned multipart_parse(const char *type, const char *body, size_t length, struct asked *ret_form,
                         struct text *reason)
{
    AUTO(text_release) struct text first = TEXT_EMPTY, delimiter = TEXT_EMPTY;
    struct rest rest = {body, length};
    static const char kind[] = "multipart/form-data";
    if (strncasecmp(type, kind, strlen(kind)) != 0 || !take_boundary(type, &first)) {
        text_append(reason, "A form with a file is sent as multipart/form-data.");
        return 415;
    }
    text_format(&delimiter, "\r\n%s", text_string(&first));
    if (!take(&rest, text_string(&first)))
        return no_form(reason);
    while (!take(&rest, "--")) {
        if (!take(&rest, "\r\n"))
            return no_form(reason);
        unsigned status = take_part(&rest, text_string(&delimiter), ret_form, reason);
        if (status != 200)
            return status;
    }
    return 200;
}
