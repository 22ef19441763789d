#include "receiver/upper.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEAD = 6,       /* of a PDU: type, reserved, length */
    VALUE_HEAD = 6, /* of a presentation data value: length, context, flags */
    /* Several short PDUs are read at once. */
    BUFFER = HEAD + UPPER_PDU_MOST + UPPER_PDU_FORGIVEN + 64 * 1024,
    FLAG_COMMAND = 1,
    FLAG_LAST = 2
};

enum pdu_type { P_DATA_TF = 4, A_RELEASE_RQ = 5, A_RELEASE_RP = 6, A_ABORT = 7 };

/* Reasons of an A-ABORT of the service provider (PS3.8 section 9.3.8). */
enum { REASON_UNRECOGNIZED = 1, REASON_UNEXPECTED = 2, REASON_INVALID = 6 };

struct upper {
    struct transport *transport;
    size_t piece_most;
    size_t begin, end;    /* what the buffer holds */
    size_t next, pdu_end; /* of the P-DATA-TF that is handed on, all of it checked */
    const char *because;
    unsigned char reason;
    unsigned char buffer[BUFFER];
};

struct upper *upper_create(struct transport *transport, size_t piece_most)
{
    struct upper *upper = memory_new(1, sizeof *upper);
    upper->transport = transport;
    upper->piece_most = piece_most;
    return upper;
}

void upper_destroy(struct upper **upper)
{
    memory_free(upper);
}

static uint32_t big32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum upper_event broken(struct upper *upper, unsigned char reason, const char *because)
{
    upper->reason = reason;
    upper->because = because;
    return UPPER_BROKEN;
}

static enum upper_event ended(ssize_t end)
{
    switch (end) {
    case TRANSPORT_SILENT:
        return UPPER_SILENT;
    case TRANSPORT_SLOW:
        return UPPER_SLOW;
    default:
        return UPPER_CLOSED;
    }
}

/* Reads until the buffer holds so many bytes from begin on: UPPER_PIECE, or how it ended. */
static enum upper_event fill(struct upper *upper, size_t wanted)
{
    if (upper->begin + wanted > sizeof upper->buffer) {
        memmove(upper->buffer, upper->buffer + upper->begin, upper->end - upper->begin);
        upper->end -= upper->begin;
        upper->begin = 0;
    }
    while (upper->end - upper->begin < wanted) {
        ssize_t n =
            transport_read(upper->transport, upper->buffer + upper->end, sizeof upper->buffer - upper->end);
        if (n <= 0)
            return ended(n);
        upper->end += (size_t)n;
    }
    return UPPER_PIECE;
}

static const char *wrong_in_list(const unsigned char *bytes, size_t length)
{
    if (length == 0)
        return "a P-DATA-TF without a presentation data value";
    while (length > 0) {
        if (length < VALUE_HEAD)
            return "a presentation data value is cut off by the end of its PDU";
        size_t value = big32(bytes);
        if (value < VALUE_HEAD - 4)
            return "a presentation data value is shorter than its own header";
        if (value > length - 4)
            return "a presentation data value is longer than its PDU";
        bytes += 4 + value;
        length -= 4 + value;
    }
    return NULL;
}

/* Nothing but a list that is right has its pieces handed on. */
static enum upper_event take_data(struct upper *upper, size_t length)
{
    if (length > UPPER_PDU_MOST + UPPER_PDU_FORGIVEN)
        return broken(upper, REASON_INVALID, "a P-DATA-TF is longer than agreed");
    enum upper_event event = fill(upper, HEAD + length);
    if (event != UPPER_PIECE)
        return event;
    const char *wrong = wrong_in_list(upper->buffer + upper->begin + HEAD, length);
    if (wrong)
        return broken(upper, REASON_INVALID, wrong);
    upper->next = upper->begin + HEAD;
    upper->pdu_end = upper->next + length;
    upper->begin = upper->pdu_end;
    return UPPER_PIECE;
}

static enum upper_event take_pdu(struct upper *upper)
{
    if (upper->begin == upper->end)
        upper->begin = upper->end = 0;
    enum upper_event event = fill(upper, HEAD);
    if (event != UPPER_PIECE)
        return event;
    const unsigned char *head = upper->buffer + upper->begin;
    switch ((enum pdu_type)head[0]) {
    case P_DATA_TF:
        return take_data(upper, big32(head + 2));
    case A_RELEASE_RQ:
        return UPPER_RELEASE;
    case A_ABORT:
        return UPPER_ABORT;
    case A_RELEASE_RP:
        return broken(upper, REASON_UNEXPECTED, "an answer to a release that nobody asked for");
    }
    bool known = head[0] >= 1 && head[0] <= 3;
    return broken(upper, known ? REASON_UNEXPECTED : REASON_UNRECOGNIZED,
                  known ? "a PDU of association establishment within the association"
                        : "a PDU of a type that does not exist");
}

enum upper_event upper_next(struct upper *upper, struct upper_piece *ret_piece)
{
    if (upper->next == upper->pdu_end) {
        enum upper_event event = take_pdu(upper);
        if (event != UPPER_PIECE)
            return event;
    }
    const unsigned char *value = upper->buffer + upper->next;
    size_t length = big32(value);
    *ret_piece = (struct upper_piece){.context = value[4],
                                      .is_command = value[5] & FLAG_COMMAND,
                                      .is_last = value[5] & FLAG_LAST,
                                      .bytes = value + VALUE_HEAD,
                                      .length = length - (VALUE_HEAD - 4)};
    upper->next += 4 + length;
    return UPPER_PIECE;
}

bool upper_pending(const struct upper *upper)
{
    return upper->next < upper->pdu_end || upper->begin < upper->end || transport_pending(upper->transport);
}

static void append_big32(struct text *out, size_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        text_append_char(out, (char)(value >> shift & 0xff));
}

static bool send_message(struct upper *upper, unsigned char context, unsigned flags, const void *bytes,
                         size_t length)
{
    AUTO(text_release) struct text pdus = TEXT_EMPTY;
    for (size_t at = 0, piece; at < length; at += piece) {
        piece = length - at < upper->piece_most ? length - at : upper->piece_most;
        bool last = at + piece == length;
        text_append_bytes(&pdus, (const char[]){P_DATA_TF, 0}, 2);
        append_big32(&pdus, VALUE_HEAD + piece);
        append_big32(&pdus, VALUE_HEAD - 4 + piece);
        text_append_char(&pdus, (char)context);
        text_append_char(&pdus, (char)(flags | (last ? FLAG_LAST : 0)));
        text_append_bytes(&pdus, (const char *)bytes + at, piece);
    }
    return transport_write(upper->transport, pdus.bytes, pdus.length) == (ssize_t)pdus.length;
}

bool upper_send_command(struct upper *upper, unsigned char context, const void *bytes, size_t length)
{
    return send_message(upper, context, FLAG_COMMAND, bytes, length);
}

bool upper_send_data_set(struct upper *upper, unsigned char context, const void *bytes, size_t length)
{
    return send_message(upper, context, 0, bytes, length);
}

void upper_confirm_release(struct upper *upper)
{
    static const unsigned char pdu[] = {A_RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    (void)transport_write(upper->transport, pdu, sizeof pdu); /* the peer closes first (PS3.8 section 7.2) */
}

void upper_abort(struct upper *upper)
{
    const unsigned char pdu[] = {A_ABORT, 0, 0, 0, 0, 4, 0, 0, upper->because ? 2 : 0, upper->reason};
    transport_say_goodbye(upper->transport, pdu, sizeof pdu);
}

const char *upper_because(const struct upper *upper)
{
    return upper->because;
}
