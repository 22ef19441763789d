#include "receiver/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* ---- version 2: section 2.2 ---- */

static const unsigned char signature[12] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                            0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

enum {
    V2_HEAD = 16,
    V2_LOCAL = 0x20, /* version 2, command */
    V2_PROXY = 0x21,
    V2_UNSPEC = 0x00, /* family and transport */
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    V2_TCP4_BYTES = 12, /* two addresses, two ports */
    V2_TCP6_BYTES = 36
};

static void map_four(const void *four, unsigned char address[16])
{
    memset(address, 0, 10);
    memset(address + 10, 0xFF, 2);
    memcpy(address + 12, four, 4);
}

static enum proxy_look read_v2_address(const unsigned char *bytes, size_t rest, struct proxy_header *header)
{
    const unsigned char *source = bytes + V2_HEAD;
    if (bytes[12] == V2_LOCAL || bytes[13] == V2_UNSPEC) {
        header->local = true;
        return PROXY_WHOLE;
    }
    if (bytes[13] == V2_TCP4 && rest >= V2_TCP4_BYTES)
        map_four(source, header->address);
    else if (bytes[13] == V2_TCP6 && rest >= V2_TCP6_BYTES)
        memcpy(header->address, source, sizeof header->address);
    else
        return PROXY_WRONG;
    return PROXY_WHOLE;
}

static enum proxy_look read_v2(const unsigned char *bytes, size_t length, struct proxy_header *header)
{
    header->length = V2_HEAD;
    if (length < V2_HEAD)
        return length > 12 && bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY ? PROXY_WRONG : PROXY_WAITS;
    size_t rest = (size_t)bytes[14] << 8 | bytes[15];
    header->length = V2_HEAD + rest;
    if ((bytes[12] != V2_LOCAL && bytes[12] != V2_PROXY) || header->length > PROXY_HEADER_MOST)
        return PROXY_WRONG;
    if (length < header->length)
        return PROXY_WAITS;
    return read_v2_address(bytes, rest, header);
}

/* ---- version 1: section 2.1 ---- */

enum { V1_WORD_SIZE = INET6_ADDRSTRLEN };

/* The next word of a line, with one blank in front of it. */
static bool take_word(const char **cursor, const char *end, char word[V1_WORD_SIZE])
{
    const char *from = *cursor + 1;
    if (*cursor >= end || **cursor != ' ')
        return false;
    const char *to = memchr(from, ' ', (size_t)(end - from));
    size_t length = (size_t)((to ? to : end) - from);
    if (length == 0 || length >= V1_WORD_SIZE)
        return false;
    memcpy(word, from, length);
    word[length] = '\0';
    *cursor = from + length;
    return strlen(word) == length;
}

/* Decimal, without a zero in front, up to 65535. */
static bool is_port(const char *word)
{
    unsigned number = 0;
    for (const char *c = word; *c; c++) {
        if (*c < '0' || *c > '9' || c - word >= 5)
            return false;
        number = number * 10 + (unsigned)(*c - '0');
    }
    return number <= 65535 && (word[0] != '0' || !word[1]);
}

static bool parse_address(const char *word, bool six, unsigned char address[16])
{
    struct in_addr four;
    if (six)
        return inet_pton(AF_INET6, word, address) == 1;
    if (inet_pton(AF_INET, word, &four) != 1)
        return false;
    map_four(&four, address);
    return true;
}

static enum proxy_look read_line(const char *line, const char *end, struct proxy_header *header)
{
    const char *cursor = line + strlen("PROXY");
    char protocol[V1_WORD_SIZE], source[V1_WORD_SIZE], goal[V1_WORD_SIZE], from[V1_WORD_SIZE],
        to[V1_WORD_SIZE];
    unsigned char unused[16];
    if (!take_word(&cursor, end, protocol))
        return PROXY_WRONG;
    if (strcmp(protocol, "UNKNOWN") == 0) { /* what follows is to be ignored */
        header->local = true;
        return PROXY_WHOLE;
    }
    bool six = strcmp(protocol, "TCP6") == 0;
    if (!six && strcmp(protocol, "TCP4") != 0)
        return PROXY_WRONG;
    bool whole = take_word(&cursor, end, source) && take_word(&cursor, end, goal) &&
                 take_word(&cursor, end, from) && take_word(&cursor, end, to) && cursor == end;
    return whole && is_port(from) && is_port(to) && parse_address(goal, six, unused) &&
                   parse_address(source, six, header->address)
               ? PROXY_WHOLE
               : PROXY_WRONG;
}

static enum proxy_look read_v1(const unsigned char *bytes, size_t length, struct proxy_header *header)
{
    size_t most = length < PROXY_V1_MOST ? length : PROXY_V1_MOST;
    const unsigned char *newline = memchr(bytes, '\n', most);
    header->length = length < PROXY_HEADER_LEAST ? PROXY_HEADER_LEAST : length + 1;
    if (!newline)
        return length >= PROXY_V1_MOST ? PROXY_WRONG : PROXY_WAITS;
    header->length = (size_t)(newline - bytes) + 1;
    if (header->length < PROXY_HEADER_LEAST || newline[-1] != '\r')
        return PROXY_WRONG;
    return read_line((const char *)bytes, (const char *)newline - 1, header);
}

/* ---- both ---- */

static bool begins_as(const void *start, size_t whole, const unsigned char *bytes, size_t length)
{
    return memcmp(bytes, start, length < whole ? length : whole) == 0;
}

bool proxy_header_begins(const unsigned char *bytes, size_t length)
{
    return length > 0 &&
           (begins_as(signature, sizeof signature, bytes, length) || begins_as("PROXY ", 6, bytes, length));
}

enum proxy_look proxy_header_read(const unsigned char *bytes, size_t length, struct proxy_header *ret_header)
{
    *ret_header = (struct proxy_header){.length = PROXY_HEADER_LEAST};
    if (length == 0)
        return PROXY_WAITS;
    if (!proxy_header_begins(bytes, length))
        return PROXY_WRONG;
    return bytes[0] == signature[0] ? read_v2(bytes, length, ret_header) : read_v1(bytes, length, ret_header);
}
