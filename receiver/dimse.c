#include "receiver/dimse.h"

#include "common/base/cleanup.h"
#include "common/dicom/commitment.h"

#include <string.h>

enum { HEAD = 8, RESPONSE = 0x8000, NO_DATA_SET = 0x0101, COMMENT_MOST = 64 };

enum element {
    GROUP_LENGTH = 0x0000,
    AFFECTED_SOP_CLASS = 0x0002,
    REQUESTED_SOP_CLASS = 0x0003,
    FIELD = 0x0100,
    MESSAGE_ID = 0x0110,
    MESSAGE_ID_ANSWERED = 0x0120,
    PRIORITY = 0x0700,
    DATA_SET_TYPE = 0x0800,
    STATUS = 0x0900,
    ERROR_COMMENT = 0x0902,
    AFFECTED_SOP_INSTANCE = 0x1000,
    REQUESTED_SOP_INSTANCE = 0x1001,
    EVENT_TYPE = 0x1002,
    ACTION_TYPE = 0x1008
};

static uint32_t little(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

/* Blanks and NULs around it are padding. */
static void take_uid(char (*to)[FILE_META_UID_SIZE], const unsigned char *bytes, size_t length)
{
    while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0'))
        length--;
    for (; length > 0 && *bytes == ' '; length--)
        bytes++;
    if (length >= sizeof *to || memchr(bytes, '\0', length))
        length = 0;
    memcpy(*to, bytes, length);
    (*to)[length] = '\0';
}

/* What the elements said, by their own words. */
struct said {
    uint32_t field, message_id, answered, status, priority, data_set_type, action;
    bool has_field, has_message_id, has_answered, has_status, has_data_set_type;
    char requested_class[FILE_META_UID_SIZE], requested_instance[FILE_META_UID_SIZE];
};

static void take_element(struct dimse_request *command, struct said *said, uint32_t element,
                         const unsigned char *value, size_t length)
{
    uint32_t number = length >= 2 ? little(value, 2) : 0;
    switch (element) {
    case AFFECTED_SOP_CLASS:
        take_uid(&command->sop_class, value, length);
        break;
    case AFFECTED_SOP_INSTANCE:
        take_uid(&command->sop_instance, value, length);
        break;
    case REQUESTED_SOP_CLASS:
        take_uid(&said->requested_class, value, length);
        break;
    case REQUESTED_SOP_INSTANCE:
        take_uid(&said->requested_instance, value, length);
        break;
    case ACTION_TYPE:
        said->action = number;
        break;
    case FIELD:
        said->field = number;
        said->has_field = length >= 2;
        break;
    case MESSAGE_ID:
        said->message_id = number;
        said->has_message_id = length >= 2;
        break;
    case MESSAGE_ID_ANSWERED:
        said->answered = number;
        said->has_answered = length >= 2;
        break;
    case STATUS:
        said->status = number;
        said->has_status = length >= 2;
        break;
    case PRIORITY:
        said->priority = number;
        break;
    case DATA_SET_TYPE:
        said->data_set_type = number;
        said->has_data_set_type = length >= 2;
        break;
    default:
        break;
    }
}

static const char *judge(const struct said *said)
{
    if (!said->has_field)
        return "a command without a Command Field";
    if (said->field & RESPONSE && said->field != DIMSE_N_EVENT_REPORT_ANSWER)
        return "a response that nobody asked for";
    if (!said->has_data_set_type)
        return "a command that does not say whether a data set follows";
    if (said->field == DIMSE_N_EVENT_REPORT_ANSWER)
        return said->has_answered && said->has_status
                   ? NULL
                   : "an answer without a Status, or that does not say to what";
    /* A cancel names the request that it is about, and has no id of its own. */
    return said->has_message_id || said->field == DIMSE_C_CANCEL ? NULL : "a command without a Message ID";
}

const char *dimse_read(const void *bytes, size_t length, struct dimse_request *ret_request)
{
    const unsigned char *at = bytes;
    struct dimse_request command = {.field = 0};
    struct said said = {.field = 0};
    while (length > 0) {
        if (length < HEAD)
            return "a command set is cut off";
        uint32_t group = little(at, 2), element = little(at + 2, 2);
        size_t value = little(at + 4, 4);
        if (group != 0)
            return "a command set holds something else than group 0000";
        if (value > length - HEAD)
            return "an element of a command is longer than the command";
        take_element(&command, &said, element, at + HEAD, value);
        at += HEAD + value;
        length -= HEAD + value;
    }
    const char *wrong = judge(&said);
    if (wrong)
        return wrong;
    command.field = (uint16_t)said.field;
    command.message_id = (uint16_t)said.message_id;
    if (said.field == DIMSE_N_EVENT_REPORT_ANSWER) {
        command.message_id = (uint16_t)said.answered;
        command.status = (uint16_t)said.status;
    }
    if (said.field == DIMSE_N_ACTION) {
        command.action = (uint16_t)said.action;
        memcpy(command.sop_class, said.requested_class, sizeof command.sop_class);
        memcpy(command.sop_instance, said.requested_instance, sizeof command.sop_instance);
    }
    command.has_data_set = said.data_set_type != NO_DATA_SET;
    command.priority = said.priority == FILE_META_HIGH || said.priority == FILE_META_LOW
                           ? (enum file_meta_priority)said.priority
                           : FILE_META_MEDIUM;
    *ret_request = command;
    return NULL;
}

static void append_little(struct text *out, uint32_t value, int count)
{
    for (int i = 0; i < count; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

static void append_head(struct text *out, enum element element, size_t length)
{
    append_little(out, (uint32_t)element << 16, 4);
    append_little(out, (uint32_t)length, 4);
}

static void append_number(struct text *out, enum element element, uint32_t value)
{
    append_head(out, element, 2);
    append_little(out, value, 2);
}

/* Padded to an even length, at most so many characters. */
static void append_line(struct text *out, enum element element, const char *line, size_t most)
{
    size_t length = line ? strnlen(line, most) : 0;
    if (length == 0)
        return;
    append_head(out, element, length + length % 2);
    text_append_bytes(out, line, length);
    if (length % 2 != 0)
        text_append_char(out, ' ');
}

static void append_uid(struct text *out, enum element element, const char *uid)
{
    size_t length = strlen(uid);
    if (length == 0)
        return;
    append_head(out, element, length + length % 2);
    text_append_bytes(out, uid, length + length % 2); /* padded with its own NUL */
}

static void append_command(struct text *out, const struct text *elements)
{
    append_head(out, GROUP_LENGTH, 4);
    append_little(out, (uint32_t)elements->length, 4);
    text_append_bytes(out, elements->bytes, elements->length);
}

void dimse_event_report(uint16_t message_id, uint16_t type, struct text *out)
{
    AUTO(text_release) struct text elements = TEXT_EMPTY;
    append_uid(&elements, AFFECTED_SOP_CLASS, COMMITMENT_CLASS);
    append_number(&elements, FIELD, DIMSE_N_EVENT_REPORT);
    append_number(&elements, MESSAGE_ID, message_id);
    append_number(&elements, DATA_SET_TYPE, 0);
    append_uid(&elements, AFFECTED_SOP_INSTANCE, COMMITMENT_INSTANCE);
    append_number(&elements, EVENT_TYPE, type);
    append_command(out, &elements);
}

void dimse_answer(const struct dimse_request *request, enum dimse_status status, const char *comment,
                  struct text *out)
{
    AUTO(text_release) struct text elements = TEXT_EMPTY;
    append_uid(&elements, AFFECTED_SOP_CLASS, request->sop_class);
    append_number(&elements, FIELD, request->field | RESPONSE);
    append_number(&elements, MESSAGE_ID_ANSWERED, request->message_id);
    append_number(&elements, DATA_SET_TYPE, NO_DATA_SET);
    append_number(&elements, STATUS, status);
    append_line(&elements, ERROR_COMMENT, comment, COMMENT_MOST);
    append_uid(&elements, AFFECTED_SOP_INSTANCE, request->sop_instance);
    if (request->action != 0)
        append_number(&elements, ACTION_TYPE, request->action);
    append_command(out, &elements);
}
