/* stow_answer_xml - a STOW answer in the Native DICOM Model (PS3.19 annex A): the owner of expat. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "sender/stow_answer_parts.h"

#include <expat.h>
#include <stdbool.h>
#include <string.h>

enum { VALUE_MOST = 256 };

/* Where the parser is. Only NativeDicomModel/DicomAttribute/Item/DicomAttribute/Value is of interest;
 * what is deeper (sequences in items) is passed over. */
struct reader {
    XML_Parser parser;
    struct stow_answer *answer;
    unsigned depth, attributes, items;
    enum stow_sequence sequence;
    enum stow_field field;
    struct stow_reference reference;
    bool in_value;
    char value[VALUE_MOST];
    size_t value_length;
    int code;
};

static void parser_release(XML_Parser *parser)
{
    if (*parser)
        XML_ParserFree(*parser);
    *parser = NULL;
}

static void reader_stop(struct reader *reader, int code)
{
    reader->code = code;
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

/* The name without a namespace's prefix. */
static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

static const char *tag_of(const char **attributes)
{
    for (; attributes[0]; attributes += 2) {
        if (strcmp(attributes[0], "tag") == 0)
            return attributes[1];
    }
    return "";
}

static void start_attribute(struct reader *reader, const char *tag)
{
    if (reader->attributes == 0 && reader->items == 0)
        reader->sequence = stow_sequence_of(tag);
    if (reader->attributes == 1 && reader->items == 1)
        reader->field = stow_field_of(tag);
    reader->attributes++;
}

static void start_item(struct reader *reader)
{
    if (reader->attributes == 1 && reader->items == 0)
        reader->reference = (struct stow_reference){0};
    reader->items++;
}

static void XMLCALL start_element(void *context, const char *name, const char **attributes)
{
    struct reader *reader = context;
    const char *local = local_name(name);
    if (reader->depth == 0 && strcmp(local, "NativeDicomModel") != 0) {
        reader_stop(reader, ERR_SYNTAX);
        return;
    }
    if (++reader->depth > STOW_DEPTH_MAX) {
        reader_stop(reader, ERR_RANGE);
        return;
    }
    if (strcmp(local, "DicomAttribute") == 0)
        start_attribute(reader, tag_of(attributes));
    else if (strcmp(local, "Item") == 0)
        start_item(reader);
    else if (strcmp(local, "Value") == 0 && reader->attributes == 2 && reader->items == 1 &&
             reader->sequence != STOW_SEQUENCES) {
        reader->in_value = true;
        reader->value_length = 0;
    }
}

static void end_item(struct reader *reader)
{
    reader->items--;
    if (reader->items != 0 || reader->attributes != 1 || reader->sequence == STOW_SEQUENCES)
        return;
    int code = stow_answer_add(reader->answer, reader->sequence, &reader->reference);
    if (code != 0)
        reader_stop(reader, code);
}

static void XMLCALL end_element(void *context, const char *name)
{
    struct reader *reader = context;
    const char *local = local_name(name);
    reader->depth--;
    if (strcmp(local, "DicomAttribute") == 0) {
        reader->attributes--;
    } else if (strcmp(local, "Item") == 0) {
        end_item(reader);
    } else if (reader->in_value && strcmp(local, "Value") == 0) {
        reader->in_value = false;
        reader->value[reader->value_length] = '\0';
        stow_reference_set(&reader->reference, reader->field, reader->value);
    }
}

/* A value that is longer than any of ours is cut: it is none of ours. */
static void XMLCALL take_text(void *context, const char *text, int length)
{
    struct reader *reader = context;
    if (!reader->in_value)
        return;
    size_t room = VALUE_MOST - 1 - reader->value_length;
    size_t taken = (size_t)length < room ? (size_t)length : room;
    memcpy(reader->value + reader->value_length, text, taken);
    reader->value_length += taken;
}

static void XMLCALL refuse_doctype(void *context, const char *name, const char *system_id,
                                   const char *public_id, int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    reader_stop(context, ERR_SYNTAX);
}

int stow_answer_read_xml(const char *body, size_t length, struct stow_answer *answer)
{
    AUTO(parser_release) XML_Parser parser = XML_ParserCreate(NULL);
    if (!parser)
        return ERR_NOMEM;
    struct reader reader = {
        .parser = parser, .answer = answer, .sequence = STOW_SEQUENCES, .field = STOW_FIELDS};
    XML_SetUserData(parser, &reader);
    XML_SetElementHandler(parser, start_element, end_element);
    XML_SetCharacterDataHandler(parser, take_text);
    XML_SetStartDoctypeDeclHandler(parser, refuse_doctype);
    enum XML_Status status = XML_Parse(parser, body, (int)length, 1);
    if (reader.code != 0)
        return reader.code;
    return status == XML_STATUS_OK ? 0 : ERR_SYNTAX;
}
