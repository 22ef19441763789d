#include "tests/support/dul.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { HEAD = 6, CONTEXT_ITEM = 0x21, CONTEXTS_AT = 74 };

static void append_big(struct text *out, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

static void append_little(struct text *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

static uint32_t big(const char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

static void append_item(struct text *out, uint32_t type, const char *bytes, size_t length)
{
    append_big(out, type << 8, 2);
    append_big(out, (uint32_t)length, 2);
    text_append_bytes(out, bytes, length);
}

static void append_pdu(struct text *out, uint32_t type, const struct text *body)
{
    append_big(out, type << 8, 2);
    append_big(out, (uint32_t)body->length, 4);
    text_append_bytes(out, body->bytes, body->length);
}

static void append_context(struct text *out, const struct dul_context *context)
{
    AUTO(text_release) struct text item = TEXT_EMPTY;
    append_big(&item, (uint32_t)context->id << 24, 4);
    append_item(&item, 0x30, context->abstract_syntax, strlen(context->abstract_syntax));
    for (size_t i = 0; i < DUL_SYNTAXES && context->transfer_syntaxes[i]; i++)
        append_item(&item, 0x40, context->transfer_syntaxes[i], strlen(context->transfer_syntaxes[i]));
    append_item(out, 0x20, item.bytes, item.length);
}

void dul_append_request_with(struct text *out, const char *called_aet, const char *calling_aet,
                             const struct dul_context *contexts, size_t count, const void *items,
                             size_t length)
{
    static const char application[] = "1.2.840.10008.3.1.1.1", implementation[] = "2.25.1", nothing[32];
    AUTO(text_release) struct text body = TEXT_EMPTY, user = TEXT_EMPTY;
    append_big(&body, 1u << 16, 4); /* protocol version 1, reserved */
    text_format(&body, "%-16.16s%-16.16s", called_aet, calling_aet);
    text_append_bytes(&body, nothing, sizeof nothing);
    append_item(&body, 0x10, application, strlen(application));
    for (size_t i = 0; i < count; i++)
        append_context(&body, &contexts[i]);
    append_big(&user, 0x5100, 2); /* maximum length: 16 KiB */
    append_big(&user, 4, 2);
    append_big(&user, 16384, 4);
    append_item(&user, 0x52, implementation, strlen(implementation));
    text_append_bytes(&user, items, length);
    append_item(&body, 0x50, user.bytes, user.length);
    append_pdu(out, DUL_ASSOCIATE_RQ, &body);
}

void dul_append_request(struct text *out, const char *called_aet, const char *calling_aet,
                        const struct dul_context *contexts, size_t count)
{
    dul_append_request_with(out, called_aet, calling_aet, contexts, count, "", 0);
}

void dul_append_release(struct text *out)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    append_big(&body, 0, 4);
    append_pdu(out, DUL_RELEASE_RQ, &body);
}

void dul_append_values(struct text *out, const struct dul_value *values, size_t count)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    for (size_t i = 0; i < count; i++) {
        append_big(&body, (uint32_t)values[i].length + 2, 4);
        text_append_char(&body, (char)values[i].context);
        text_append_char(&body, (char)((values[i].is_command ? 1 : 0) | (values[i].is_last ? 2 : 0)));
        text_append_bytes(&body, values[i].bytes, values[i].length);
    }
    append_pdu(out, DUL_DATA, &body);
}

/* Implicit VR little endian, as all commands are. */
static void append_string(struct text *out, uint32_t element, const char *value)
{
    size_t length = value ? strlen(value) : 0;
    if (length == 0)
        return;
    append_little(out, element << 16, 4);
    append_little(out, (uint32_t)(length + (length & 1)), 4);
    text_append_bytes(out, value, length);
    if (length & 1)
        text_append_char(out, '\0');
}

static void append_number(struct text *out, uint32_t element, int value)
{
    if (value < 0)
        return;
    append_little(out, element << 16, 4);
    append_little(out, 2, 4);
    append_little(out, (uint32_t)value, 2);
}

void dul_append_elements(struct text *out, const struct dul_command *command)
{
    AUTO(text_release) struct text elements = TEXT_EMPTY;
    bool acts = command->field == 0x0130;
    append_string(&elements, acts ? 0x0003 : 0x0002, command->sop_class);
    append_number(&elements, 0x0100, command->field);
    append_number(&elements, 0x0110, command->message_id);
    if (!acts)
        append_number(&elements, 0x0700, command->priority);
    append_number(&elements, 0x0800, command->data_set ? 1 : 0x0101);
    append_string(&elements, acts ? 0x1001 : 0x1000, command->sop_instance);
    if (acts)
        append_number(&elements, 0x1008, command->priority);
    append_little(out, 0, 4);
    append_little(out, 4, 4);
    append_little(out, (uint32_t)elements.length, 4);
    text_append_bytes(out, elements.bytes, elements.length);
}

void dul_append_command(struct text *out, unsigned char context, const struct dul_command *command)
{
    AUTO(text_release) struct text elements = TEXT_EMPTY;
    dul_append_elements(&elements, command);
    const struct dul_value value = {context, true, true, elements.bytes, elements.length};
    dul_append_values(out, &value, 1);
}

void dul_append_data(struct text *out, unsigned char context, const void *bytes, size_t length, bool last)
{
    const struct dul_value value = {context, false, last, bytes, length};
    dul_append_values(out, &value, 1);
}

/* Appends exactly length bytes: 1, 0 when the connection was closed before, -1 when time is over. */
static int read_bytes(int socket, int64_t deadline_ms, struct text *pdu, size_t length)
{
    while (length) {
        char bytes[4096];
        int64_t left = deadline_ms - clock_monotonic_ms();
        struct pollfd input = {.fd = socket, .events = POLLIN};
        if (left <= 0 || poll(&input, 1, (int)left) == 0)
            return -1;
        ssize_t n = recv(socket, bytes, length < sizeof bytes ? length : sizeof bytes, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        text_append_bytes(pdu, bytes, (size_t)n);
        length -= (size_t)n;
    }
    return 1;
}

enum dul_pdu dul_read(int socket, int64_t limit_ms, struct text *pdu)
{
    int64_t deadline_ms = clock_monotonic_ms() + limit_ms;
    text_clear(pdu);
    int got = read_bytes(socket, deadline_ms, pdu, HEAD);
    if (got > 0)
        got = read_bytes(socket, deadline_ms, pdu, big(pdu->bytes + 2, 4));
    return got > 0 ? (enum dul_pdu)pdu->bytes[0] : got == 0 ? DUL_END : DUL_TIMEOUT;
}

/* The presentation context item of an A-ASSOCIATE-AC, NULL when it has none of that id. */
static const char *find_context(const struct text *pdu, unsigned char id)
{
    for (size_t at = CONTEXTS_AT; at + 8 <= pdu->length; at += 4 + big(pdu->bytes + at + 2, 2)) {
        if (pdu->bytes[at] == CONTEXT_ITEM && (unsigned char)pdu->bytes[at + 4] == id)
            return pdu->bytes + at;
    }
    return NULL;
}

unsigned char dul_context_result(const struct text *pdu, unsigned char id)
{
    const char *item = find_context(pdu, id);
    return item ? (unsigned char)item[6] : 255;
}

const char *dul_context_syntax(const struct text *pdu, unsigned char id)
{
    static char syntax[65];
    const char *item = find_context(pdu, id);
    uint32_t length = item ? big(item + 10, 2) : 0;
    if (length >= sizeof syntax)
        length = 0;
    if (length)
        memcpy(syntax, item + 12, length);
    syntax[length] = '\0';
    return syntax;
}

/* Of the element (0000,xx00), which has two bytes; -1: there is none. */
static int find_number(const struct text *pdu, char xx)
{
    const char head[] = {0, 0, 0, xx, 2, 0, 0, 0};
    const char *found = pdu->length ? memmem(pdu->bytes, pdu->length, head, sizeof head) : NULL;
    if (!found || (size_t)(found - pdu->bytes) + sizeof head + 2 > pdu->length)
        return -1;
    return (unsigned char)found[8] | (unsigned char)found[9] << 8;
}

int dul_status(const struct text *pdu)
{
    return find_number(pdu, 0x09);
}

int dul_command_field(const struct text *pdu)
{
    return find_number(pdu, 0x01);
}
