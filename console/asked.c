#include "console/asked.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void asked_release(struct asked *asked)
{
    memory_free(&asked->page);
    memory_free(&asked->item);
    for (size_t i = 0; i < asked->count; i++) {
        explicit_bzero(asked->parameters[i].value, strlen(asked->parameters[i].value));
        memory_free(&asked->parameters[i].name);
        memory_free(&asked->parameters[i].value);
    }
    asked->count = 0;
    for (size_t i = 0; i < asked->pick_count; i++)
        memory_free(&asked->picks[i]);
    memory_free(&asked->picks);
    asked->pick_count = 0;
}

/* ---- percent-encoding ---- */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum { PLUS_IS_BLANK = 1, HAS_LINES = 2 };

/* What the bytes mean; NULL: nothing well-formed, or a control character. Is then yours. */
static char *decode(const char *bytes, size_t length, unsigned ways)
{
    AUTO(text_release) struct text out = TEXT_EMPTY;
    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)bytes[i];
        if (c == '%') {
            int high = i + 2 < length ? digit_of(bytes[i + 1]) : -1;
            int low = high >= 0 ? digit_of(bytes[i + 2]) : -1;
            if (low < 0)
                return NULL;
            c = high * 16 + low;
            i += 2;
        } else if (c == '+' && (ways & PLUS_IS_BLANK)) {
            c = ' ';
        }
        if (c == '\r' && (ways & HAS_LINES))
            continue;
        bool is_line = (ways & HAS_LINES) && (c == '\n' || c == '\t');
        if ((c < 0x20 && !is_line) || c == 0x7f)
            return NULL;
        text_append_char(&out, (char)c);
    }
    return text_take(&out);
}

void asked_append_encoded(const char *value, struct text *out)
{
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (isalnum(c) || strchr("-._~", c))
            text_append_char(out, (char)c);
        else
            text_format(out, "%%%02X", c);
    }
}

/* ---- parameters ---- */

const char *asked_get(const struct asked *asked, const char *name)
{
    for (size_t i = 0; i < asked->count; i++)
        if (strcmp(asked->parameters[i].name, name) == 0)
            return *asked->parameters[i].value ? asked->parameters[i].value : NULL;
    return NULL;
}

bool asked_only(const struct asked *asked, const char *names, struct text *reason)
{
    for (size_t i = 0; i < asked->count; i++) {
        const char *name = asked->parameters[i].name;
        if (string_has_word(names, name, strlen(name)))
            continue;
        text_format(reason, "This page has no such parameter%s%s.", *names ? "; it has: " : "", names);
        return false;
    }
    return true;
}

static bool has_parameter(const struct asked *asked, const char *name)
{
    for (size_t i = 0; i < asked->count; i++)
        if (strcmp(asked->parameters[i].name, name) == 0)
            return true;
    return false;
}

/* Owns the value. */
static bool take_pick(struct asked *asked, char **value, struct text *reason)
{
    if (asked->pick_count == ASKED_PICKS) {
        text_format(reason, "At most %d can be chosen at once.", ASKED_PICKS);
        return false;
    }
    if (!asked->picks)
        asked->picks = memory_new(ASKED_PICKS, sizeof *asked->picks);
    asked->picks[asked->pick_count++] = *value;
    *value = NULL;
    return true;
}

bool asked_add(struct asked *asked, char *name, char *value, struct text *reason)
{
    bool full = asked->count == ASKED_PARAMETERS;
    if (!full && !has_parameter(asked, name)) {
        asked->parameters[asked->count].name = name;
        asked->parameters[asked->count++].value = value;
        return true;
    }
    if (full)
        text_format(reason, "There are more than %d parameters.", ASKED_PARAMETERS);
    else
        text_append(reason, "A parameter is there twice.");
    explicit_bzero(value, strlen(value));
    memory_free(&name);
    memory_free(&value);
    return false;
}

static bool take_parameter(struct asked *asked, const char *bytes, size_t length, bool has_picks,
                           struct text *reason)
{
    const char *equals = memchr(bytes, '=', length);
    size_t name_length = equals ? (size_t)(equals - bytes) : length;
    AUTO(memory_free) char *name = decode(bytes, name_length, PLUS_IS_BLANK);
    unsigned ways = PLUS_IS_BLANK | (name && strcmp(name, "expression") == 0 ? HAS_LINES : 0);
    AUTO(memory_free)
    char *value = equals ? decode(equals + 1, length - name_length - 1, ways) : memory_string("");
    if (!name || !value || !*name || strchr(name, ' ')) {
        text_append(reason, "A parameter is not well-formed.");
        return false;
    }
    if (has_picks && strcmp(name, "pick") == 0)
        return take_pick(asked, &value, reason);
    char *own_name = name, *own_value = value;
    name = value = NULL;
    return asked_add(asked, own_name, own_value, reason);
}

static bool take_parameters(struct asked *asked, const char *query, bool has_picks, struct text *reason)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        if (length > 0 && !take_parameter(asked, query, length, has_picks, reason))
            return false;
        query += length + (query[length] == '&');
    }
    return true;
}

/* ---- the path ---- */

/* Takes the form's ending from a name. */
static enum asked_form take_form(char *name)
{
    static const struct {
        const char *ending;
        enum asked_form form;
    } forms[] = {{".json", ASKED_JSON}, {".csv", ASKED_CSV}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (string_ends_with(name, forms[i].ending) && strlen(name) > strlen(forms[i].ending)) {
            name[strlen(name) - strlen(forms[i].ending)] = '\0';
            return forms[i].form;
        }
    return ASKED_HTML;
}

/* "/", "/page" or "/page/item". */
static unsigned take_path(struct asked *asked, const char *path, size_t length, struct text *reason)
{
    const char *slash = memchr(path + 1, '/', length - 1);
    size_t page = slash ? (size_t)(slash - path) - 1 : length - 1;
    asked->page = decode(path + 1, page, 0);
    if (slash)
        asked->item = decode(slash + 1, length - page - 2, 0);
    if (!asked->page || (slash && !asked->item)) {
        text_append(reason, "The path is not well-formed.");
        return 400;
    }
    if ((slash && (!*asked->item || !*asked->page)) || strchr(asked->page, '/') ||
        (slash && strchr(asked->item, '/')))
        return 404;
    asked->form = take_form(asked->item ? asked->item : asked->page);
    if (!*asked->page) {
        memory_free(&asked->page);
        asked->page = memory_string("now");
    }
    return 200;
}

unsigned asked_parse(const char *target, struct asked *ret_asked, struct text *reason)
{
    size_t path = strcspn(target, "?");
    if (strlen(target) > ASKED_BYTES) {
        text_format(reason, "The address is longer than %d bytes.", ASKED_BYTES);
        return 414;
    }
    if (*target != '/') {
        text_append(reason, "The path is not well-formed.");
        return 400;
    }
    unsigned status = take_path(ret_asked, target, path, reason);
    if (status == 200 && target[path] == '?' && !take_parameters(ret_asked, target + path + 1, false, reason))
        status = 400;
    return status;
}

unsigned asked_parse_form(const char *body, size_t length, struct asked *ret_asked, struct text *reason)
{
    if (strlen(body) == length)
        return take_parameters(ret_asked, body, true, reason) ? 200 : 400;
    text_append(reason, "The form is not well-formed.");
    return 400;
}
