#include "common/config/url.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

enum { HOST_MOST = 253, URL_MOST = 2000 };

/* The parts of a URL; borrowed from it. */
struct parts {
    bool secure;
    const char *host, *port, *path; /* host with its brackets; port 0 bytes long when there is none */
    size_t host_length, port_length;
};

static int refuse(struct text *reason, const char *sentence)
{
    text_append(reason, sentence);
    return ERR_SYNTAX;
}

static bool is_port(const char *text, size_t length)
{
    unsigned value = 0;
    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value >= 1 && value <= 65535;
}

static bool is_host(const char *host, size_t length)
{
    if (length == 0 || length > HOST_MOST)
        return false;
    if (host[0] == '[') {
        char literal[INET6_ADDRSTRLEN];
        struct in6_addr address;
        if (host[length - 1] != ']' || length - 2 >= sizeof literal)
            return false;
        memcpy(literal, host + 1, length - 2);
        literal[length - 2] = '\0';
        return inet_pton(AF_INET6, literal, &address) == 1;
    }
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)host[i]) && !strchr(".-_", host[i]))
            return false;
    return host[0] != '.' && host[0] != '-';
}

/* Cuts "host:port" (up to end) in two; false when it has no such form. */
static bool split_authority(const char *start, const char *end, struct parts *parts)
{
    const char *bracket = *start == '[' ? memchr(start, ']', (size_t)(end - start)) : NULL;
    const char *from = bracket ? bracket + 1 : start;
    const char *colon = memchr(from, ':', (size_t)(end - from));
    const char *host_end = colon ? colon : end;
    if (bracket && host_end != bracket + 1)
        return false;
    parts->host = start;
    parts->host_length = (size_t)(host_end - start);
    parts->port = colon ? colon + 1 : end;
    parts->port_length = (size_t)(end - parts->port);
    return !colon || parts->port_length > 0;
}

static int split(const char *url, struct parts *parts, struct text *reason)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    if (!secure && strncasecmp(url, "http://", 7) != 0)
        return refuse(reason,
                      "is not a URL; write it from https:// on, such as https://kheops.example.org/api");
    const char *start = url + (secure ? 8 : 7);
    const char *end = start + strcspn(start, "/?#");
    if (memchr(start, '@', (size_t)(end - start)))
        return refuse(
            reason, "holds a user name or password; put it into a header instead, since URLs end up in logs");
    if (strpbrk(end, "?#"))
        return refuse(reason, "has a query or fragment; write the address only, without \"?\" and \"#\"");
    if (!split_authority(start, end, parts) || !is_host(parts->host, parts->host_length))
        return refuse(reason, "names no valid host; write https://HOST/PATH or https://HOST:PORT/PATH");
    if (parts->port_length > 0 && !is_port(parts->port, parts->port_length))
        return refuse(reason, "has no valid port; ports go from 1 to 65535");
    parts->secure = secure;
    parts->path = end;
    return 0;
}

int config_url_parse(const char *text, char **ret_url, struct text *reason)
{
    struct parts parts;
    if (strlen(text) > URL_MOST)
        return refuse(reason, "is too long for a URL; at most 2000 characters");
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c <= ' ' || *c >= 0x7F || strchr("\"<>\\^`{|}", *c))
            return refuse(reason, "holds a blank or another character that a URL cannot; write it as %XX");
    int code = split(text, &parts, reason);
    if (code != 0)
        return code;
    size_t length = strlen(text);
    while (length > 0 && text + length > parts.path && text[length - 1] == '/')
        length--;
    *ret_url = memory_string_n(text, length);
    return 0;
}

void config_url_append_encoded(struct text *out, const char *value)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (; *value; value++) {
        if (strchr(plain, *value))
            text_append_char(out, *value);
        else
            text_format(out, "%%%02X", (unsigned char)*value);
    }
}

char *config_url_origin(const char *url)
{
    struct parts parts;
    struct text origin = TEXT_EMPTY;
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    if (split(url, &parts, &ignored) != 0)
        return NULL;
    text_append(&origin, parts.secure ? "https://" : "http://");
    for (size_t i = 0; i < parts.host_length; i++)
        text_append_char(&origin, (char)tolower((unsigned char)parts.host[i]));
    if (parts.port_length > 0)
        text_format(&origin, ":%ld", strtol(parts.port, NULL, 10));
    else
        text_append(&origin, parts.secure ? ":443" : ":80");
    return text_take(&origin);
}

bool config_url_is_exposed(const char *url)
{
    struct parts parts;
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    if (split(url, &parts, &ignored) != 0 || parts.secure)
        return false;
    AUTO(memory_free) char *host = memory_string_n(parts.host, parts.host_length);
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 != 127;
    return strcasecmp(host, "localhost") != 0 && strcmp(host, "[::1]") != 0;
}

int config_url_check_endpoint(const char *text, struct text *reason)
{
    struct parts parts;
    if (string_starts_with(text, "ipc://")) {
        size_t longest = sizeof((struct sockaddr_un *)0)->sun_path - 1;
        const char *path = text + strlen("ipc://");
        if (path[0] != '/' || !path[1])
            return refuse(reason, "needs an absolute path, such as ipc:///run/felucca/work/sock");
        if (strlen(path) > longest) {
            text_format(reason, "is too long: a socket's path has at most %zu bytes, this one %zu", longest,
                        strlen(path));
            return ERR_SYNTAX;
        }
        return 0;
    }
    const char *start = text + strlen("tcp://");
    if (!string_starts_with(text, "tcp://") || !split_authority(start, start + strlen(start), &parts) ||
        !(is_host(parts.host, parts.host_length) || (parts.host_length == 1 && *parts.host == '*')) ||
        !is_port(parts.port, parts.port_length))
        return refuse(reason, "is not an endpoint; write tcp://HOST:PORT, or ipc:///PATH on one machine");
    return 0;
}
