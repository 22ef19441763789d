#include "tests/kheops-sim/multipart.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 16 << 10, LINE_MAX_AFTER_DELIMITER = 256 };

enum place { IN_PREAMBLE, AFTER_DELIMITER, IN_HEADERS, IN_BODY, IN_EPILOGUE };

struct multipart {
    struct multipart_handler handler;
    enum place place;
    char *delimiter; /* "\r\n--boundary" */
    size_t delimiter_length;
    struct text carry; /* the start of what may be a delimiter, from the pieces before */
    struct text line;  /* what follows a delimiter, or a part's headers */
};

struct multipart *multipart_create(const char *boundary, const struct multipart_handler *handler)
{
    struct multipart *multipart = memory_new(1, sizeof *multipart);
    AUTO(text_release) struct text delimiter = TEXT_EMPTY;
    text_format(&delimiter, "\r\n--%s", boundary);
    multipart->handler = *handler;
    multipart->delimiter_length = delimiter.length;
    multipart->delimiter = text_take(&delimiter);
    /* The first delimiter may be at the very start, as if after a line. */
    text_append(&multipart->carry, "\r\n");
    return multipart;
}

void multipart_destroy(struct multipart **multipart)
{
    if (!*multipart)
        return;
    free((*multipart)->delimiter);
    text_release(&(*multipart)->carry);
    text_release(&(*multipart)->line);
    free(*multipart);
    *multipart = NULL;
}

bool multipart_complete(const struct multipart *multipart)
{
    return multipart->place == IN_EPILOGUE;
}

static int tell_data(struct multipart *m, const void *bytes, size_t length)
{
    if (m->place != IN_BODY || length == 0)
        return 0;
    return m->handler.data(m->handler.context, bytes, length);
}

static int tell_delimiter(struct multipart *m)
{
    int error = m->place == IN_BODY ? m->handler.end(m->handler.context) : 0;
    m->place = AFTER_DELIMITER;
    text_clear(&m->line);
    return error;
}

/* How many of the last bytes may be the start of a delimiter. */
static size_t open_end(const struct multipart *m, const char *bytes, size_t length)
{
    size_t longest = m->delimiter_length - 1 < length ? m->delimiter_length - 1 : length;
    for (const char *at = bytes + length - longest; (at = memchr(at, '\r', (size_t)(bytes + length - at)));
         at++)
        if (memcmp(at, m->delimiter, (size_t)(bytes + length - at)) == 0)
            return (size_t)(bytes + length - at);
    return 0;
}

/* The carried bytes may be the start of a delimiter that this piece ends: joins just enough to know. */
static int settle_carry(struct multipart *m, const char *bytes, size_t length, size_t *ret_taken)
{
    size_t carried = m->carry.length;
    size_t joined = length < m->delimiter_length - carried ? length : m->delimiter_length - carried;
    text_append_bytes(&m->carry, bytes, joined);
    *ret_taken = joined;
    if (m->carry.length == m->delimiter_length &&
        memcmp(m->carry.bytes, m->delimiter, m->delimiter_length) == 0) {
        text_clear(&m->carry);
        return tell_delimiter(m);
    }
    size_t keep = open_end(m, m->carry.bytes, m->carry.length);
    int error = tell_data(m, m->carry.bytes, m->carry.length - keep);
    memmove(m->carry.bytes, m->carry.bytes + m->carry.length - keep, keep);
    m->carry.length = keep;
    return error;
}

/* Preamble or body: on to the next delimiter. */
static int search(struct multipart *m, const char *bytes, size_t length, size_t *ret_taken)
{
    if (m->carry.length)
        return settle_carry(m, bytes, length, ret_taken);
    const char *found = memmem(bytes, length, m->delimiter, m->delimiter_length);
    if (found) {
        *ret_taken = (size_t)(found - bytes) + m->delimiter_length;
        int error = tell_data(m, bytes, (size_t)(found - bytes));
        return error ? error : tell_delimiter(m);
    }
    size_t keep = open_end(m, bytes, length);
    text_append_bytes(&m->carry, bytes + length - keep, keep);
    *ret_taken = length;
    return tell_data(m, bytes, length - keep);
}

/* "--" ends everything; blanks and a line end begin a part. */
static int after_delimiter(struct multipart *m, char c)
{
    text_append_char(&m->line, c);
    const char *line = text_string(&m->line);
    size_t length = m->line.length;
    if (length == 2 && memcmp(line, "--", 2) == 0) {
        m->place = IN_EPILOGUE;
    } else if (length >= 2 && line[length - 2] == '\r' && c == '\n') {
        if (strspn(line, " \t\r\n") != length)
            return ERR_SYNTAX;
        m->place = IN_HEADERS;
        text_clear(&m->line);
    }
    return length > LINE_MAX_AFTER_DELIMITER ? ERR_SYNTAX : 0;
}

/* The value of Content-Type in the headers, is then yours; NULL. */
static char *content_type(const char *headers)
{
    static const char name[] = "content-type:";
    for (const char *line = headers; *line; line = strchr(line, '\n') + 1) {
        if (strncasecmp(line, name, sizeof name - 1) == 0) {
            const char *value = line + sizeof name - 1;
            value += strspn(value, " \t");
            return memory_string_n(value, strcspn(value, "\r"));
        }
        if (!strchr(line, '\n'))
            break;
    }
    return NULL;
}

static int in_headers(struct multipart *m, char c)
{
    text_append_char(&m->line, c);
    const char *line = text_string(&m->line);
    size_t length = m->line.length;
    bool none = length == 2 && memcmp(line, "\r\n", 2) == 0;
    if (none || (length >= 4 && memcmp(line + length - 4, "\r\n\r\n", 4) == 0)) {
        AUTO(memory_free) char *type = content_type(line);
        m->place = IN_BODY;
        return m->handler.begin(m->handler.context, type);
    }
    return length > HEADERS_MAX ? ERR_SYNTAX : 0;
}

int multipart_feed(struct multipart *multipart, const void *bytes, size_t length)
{
    const char *at = bytes, *end = at + length;
    int error = 0;
    while (at < end && !error && multipart->place != IN_EPILOGUE) {
        size_t taken = 1;
        if (multipart->place == AFTER_DELIMITER)
            error = after_delimiter(multipart, *at);
        else if (multipart->place == IN_HEADERS)
            error = in_headers(multipart, *at);
        else
            error = search(multipart, at, (size_t)(end - at), &taken);
        at += taken;
    }
    return error;
}

char *multipart_parameter(const char *content_type_value, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strchr(content_type_value, ';'); at; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, name, length) != 0 || at[length] != '=')
            continue;
        at += length + 1;
        if (*at == '"')
            return memory_string_n(at + 1, strcspn(at + 1, "\""));
        return memory_string_n(at, strcspn(at, "; \t"));
    }
    return NULL;
}
