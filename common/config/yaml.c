#include "common/config/yaml.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct config_yaml {
    const char *bytes;
    size_t length;
    struct config_yaml_node *root;
};

/* A list or mapping that is not closed yet. */
struct level {
    struct config_yaml_node *node, *key; /* key: a mapping's, whose value comes next */
    size_t capacity, key_capacity;
};

struct reader {
    yaml_parser_t parser;
    struct config_yaml *document;
    struct level levels[CONFIG_YAML_DEPTH_MAX];
    size_t depth, nodes, documents;
    const char *cursor; /* raw text at cursor_place, which moves forward only */
    struct config_yaml_place cursor_place;
    struct config_yaml_place *place; /* of the trouble */
    struct text *message;
};

static struct config_yaml_place place_at(yaml_mark_t mark)
{
    return (struct config_yaml_place){(int)mark.line + 1, (int)mark.column + 1};
}

static int refuse(struct reader *reader, yaml_mark_t mark, const char *sentence)
{
    *reader->place = place_at(mark);
    text_append(reader->message, sentence);
    return ERR_SYNTAX;
}

static void free_node(struct config_yaml_node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++) {
        if (node->keys)
            free_node(node->keys[i]);
        free_node(node->items[i]);
    }
    /* Anything may be a secret that was written into the file itself. */
    if (node->text)
        explicit_bzero(node->text, strlen(node->text));
    free(node->tag);
    free(node->text);
    free(node->keys);
    free(node->items);
    free(node);
}

/* ---- characters ---- */

static size_t sequence_length(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

/* How many bytes the character at text takes; 0 when it is no UTF-8 or one that YAML does not know. */
static size_t character_length(const unsigned char *text, size_t left)
{
    size_t length = sequence_length(text[0]);
    if (length == 0 || length > left)
        return 0;
    if (length == 1)
        return (text[0] >= 0x20 && text[0] != 0x7F) || text[0] == '\t' || text[0] == '\n' || text[0] == '\r';
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90) ||
                    (text[0] == 0xED && text[1] > 0x9F) /* surrogates */ ||
                    (text[0] == 0xF4 && text[1] > 0x8F);
    return overlong ? 0 : length;
}

static int check_characters(const char *bytes, size_t length, struct config_yaml_place *ret_place,
                            struct text *message)
{
    struct config_yaml_place place = {1, 1};
    for (size_t i = 0; i < length;) {
        unsigned char c = (unsigned char)bytes[i];
        size_t step = character_length((const unsigned char *)bytes + i, length - i);
        if (step == 0) {
            *ret_place = place;
            text_format(message,
                        "the byte 0x%02x is %s; the file must be UTF-8 text without control characters", c,
                        c < 0x80 ? "a control character" : "not UTF-8");
            return ERR_SYNTAX;
        }
        place = c == '\n' ? (struct config_yaml_place){place.line + 1, 1}
                          : (struct config_yaml_place){place.line, place.column + 1};
        i += step;
    }
    return 0;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Moves a cursor over one byte of raw text. */
static const char *step_over(const char *raw, struct config_yaml_place *place)
{
    if (*raw == '\n')
        *place = (struct config_yaml_place){place->line + 1, 1};
    else if (!is_continuation(*raw))
        place->column++;
    raw++;
    return raw;
}

static bool is_before(struct config_yaml_place a, struct config_yaml_place b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

static const char *seek(const struct config_yaml *document, const char *raw, struct config_yaml_place *at,
                        struct config_yaml_place place)
{
    while (raw < document->bytes + document->length && (is_before(*at, place) || is_continuation(*raw)))
        raw = step_over(raw, at);
    return raw;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Block and folded scalars keep all characters but white space, so counting the others leads to the place. */
struct config_yaml_place config_yaml_place_of(const struct config_yaml *document,
                                              const struct config_yaml_node *scalar, size_t offset)
{
    struct config_yaml_place place = {1, 1};
    const char *end = document->bytes + document->length;
    const char *raw = seek(document, document->bytes, &place, scalar->place);
    char style = raw < end ? *raw : '\0';
    size_t before = 0;
    for (size_t i = 0; i < offset && scalar->text[i]; i++)
        before += !is_blank(scalar->text[i]);
    if (!scalar->plain && (style == '|' || style == '>'))
        while (raw < end && *raw != '\n')
            raw = step_over(raw, &place);
    else if (!scalar->plain && raw < end)
        raw = step_over(raw, &place);
    for (;;) {
        while (raw < end && (is_blank(*raw) || is_continuation(*raw)))
            raw = step_over(raw, &place);
        if (before == 0 || raw >= end)
            return place;
        bool doubled =
            !scalar->plain && raw + 1 < end &&
            ((style == '\'' && raw[0] == '\'' && raw[1] == '\'') || (style == '"' && *raw == '\\'));
        for (int steps = doubled ? 2 : 1; steps > 0; steps--)
            raw = step_over(raw, &place);
        for (before--; raw < end && is_continuation(*raw) && before > 0; before--)
            raw = step_over(raw, &place);
    }
}

bool config_yaml_has_escape(const struct config_yaml *document, const struct config_yaml_node *scalar,
                            struct config_yaml_place *ret_place)
{
    struct config_yaml_place place = {1, 1};
    const char *end = document->bytes + document->length;
    const char *raw = seek(document, document->bytes, &place, scalar->place);
    char literal = '\0'; /* the quote of the one that is open */
    if (scalar->plain || raw >= end || *raw != '"')
        return false;
    for (raw = step_over(raw, &place); raw + 1 < end && *raw != '"'; raw = step_over(raw, &place)) {
        *ret_place = place;
        bool is_escape = *raw == '\\';
        if (is_escape)
            raw = step_over(raw, &place);
        if (*raw == '\'' || (is_escape && *raw == '"'))
            literal = literal == *raw ? '\0' : literal ? literal : *raw;
        else if (is_escape && (strchr("0abvfeN_LP", *raw) || (literal && strchr("ntr", *raw))))
            return true;
    }
    return false;
}

/* ---- events ---- */

static char *tag_of(struct reader *reader, const yaml_event_t *event, const yaml_char_t *tag)
{
    if (tag)
        return memory_string_n((const char *)tag, strnlen((const char *)tag, CONFIG_YAML_TAG_SHOWN_MAX));
    /* libyaml does not tell about a lone "!" in front. */
    reader->cursor =
        seek(reader->document, reader->cursor, &reader->cursor_place, place_at(event->start_mark));
    const char *end = reader->document->bytes + reader->document->length;
    return reader->cursor < end && *reader->cursor == '!' ? memory_string("!") : NULL;
}

static struct config_yaml_node *new_node(enum config_yaml_kind kind, const yaml_event_t *event, char *tag)
{
    struct config_yaml_node *node = memory_new(1, sizeof *node);
    node->kind = kind;
    node->place = place_at(event->start_mark);
    node->tag = tag;
    return node;
}

/* Puts a node where it belongs. It is then the tree's, or gone. */
static int attach(struct reader *reader, struct config_yaml_node *node, yaml_mark_t mark)
{
    if (++reader->nodes > CONFIG_YAML_NODES_MAX) {
        free_node(node);
        return refuse(reader, mark, "the file holds too many values");
    }
    if (reader->depth == 0) {
        reader->document->root = node;
        return 0;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    struct config_yaml_node *parent = level->node;
    if (parent->kind == CONFIG_YAML_MAPPING && !level->key) {
        if (node->kind != CONFIG_YAML_SCALAR) {
            free_node(node);
            return refuse(reader, mark, "a key must be a word, not a list or a mapping");
        }
        level->key = node;
        return 0;
    }
    parent->items = memory_grow(parent->items, &level->capacity, parent->count + 1, sizeof *parent->items);
    parent->items[parent->count] = node;
    if (parent->kind == CONFIG_YAML_MAPPING) {
        parent->keys =
            memory_grow(parent->keys, &level->key_capacity, parent->count + 1, sizeof *parent->keys);
        parent->keys[parent->count] = level->key;
        level->key = NULL;
    }
    parent->count++;
    return 0;
}

static int open_level(struct reader *reader, const yaml_event_t *event, struct config_yaml_node *node)
{
    int code = attach(reader, node, event->start_mark);
    if (code != 0)
        return code;
    if (reader->depth == CONFIG_YAML_DEPTH_MAX)
        return refuse(reader, event->start_mark, "lists and mappings are nested too deeply");
    reader->levels[reader->depth++] = (struct level){.node = node};
    return 0;
}

static int take_scalar(struct reader *reader, const yaml_event_t *event)
{
    if (event->data.scalar.anchor)
        return refuse(reader, event->start_mark, "anchors (&) are not used here; write the value out");
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
        return refuse(reader, event->start_mark, "a value cannot hold a NUL character");
    char *tag = tag_of(reader, event, event->data.scalar.tag);
    struct config_yaml_node *node = new_node(CONFIG_YAML_SCALAR, event, tag);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = memory_string_n((const char *)event->data.scalar.value, event->data.scalar.length);
    return attach(reader, node, event->start_mark);
}

static int take_event(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++reader->documents > 1)
            return refuse(reader, event->start_mark,
                          "a second document (---) begins; the file is one document");
        return 0;
    case YAML_ALIAS_EVENT:
        return refuse(
            reader, event->start_mark,
            "aliases (*) are not used here; write the value out, or quote a text that begins with *");
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor)
            return refuse(reader, event->start_mark, "anchors (&) are not used here; write the list out");
        return open_level(
            reader, event,
            new_node(CONFIG_YAML_LIST, event, tag_of(reader, event, event->data.sequence_start.tag)));
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor)
            return refuse(reader, event->start_mark, "anchors (&) are not used here; write the mapping out");
        return open_level(
            reader, event,
            new_node(CONFIG_YAML_MAPPING, event, tag_of(reader, event, event->data.mapping_start.tag)));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return 0;
    default:
        return 0;
    }
}

/* libyaml's words for the mistakes that people make, and what would be right. */
static const struct advice {
    const char *context, *problem, *sentence;
} advices[] = {
    {"scanning a tag", NULL,
     "a value that begins with ! is a YAML tag; quote it, or write it as a block after |"},
    {"anchor", NULL, "quote a text that begins with & or *"},
    {NULL, "character that cannot start any token",
     "indent with blanks, not tabs, and quote a text that begins with @, ` or %"},
    {NULL, "tab character", "indent with blanks, not tabs"},
    {NULL, "mapping values are not allowed", "quote a text that holds a colon and a blank"},
    {NULL, "expected <block end>",
     "a line is indented differently from those before it, or a text with special characters is not quoted"},
    {NULL, "could not find expected ':'", "each line of a mapping is \"key: value\""},
    {NULL, "unexpected end of stream", "a quote or bracket is not closed"},
};

static int say_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    const char *context = parser->context ? parser->context : "";
    /* Of a text, its start: the problem is found behind it, perhaps at the end of the file. */
    *reader->place =
        place_at(string_starts_with(context, "while scanning") ? parser->context_mark : parser->problem_mark);
    text_format(reader->message, "not YAML: %s%s%s", problem, *context ? " " : "", context);
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const struct advice *advice = &advices[i];
        if ((!advice->context || strstr(context, advice->context)) &&
            (!advice->problem || strstr(problem, advice->problem))) {
            text_format(reader->message, "; %s", advice->sentence);
            break;
        }
    }
    return ERR_SYNTAX;
}

static int read_events(struct reader *reader)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event))
            return say_syntax(reader);
        more = event.type != YAML_STREAM_END_EVENT;
        int code = take_event(reader, &event);
        yaml_event_delete(&event);
        if (code != 0)
            return code;
    }
    return 0;
}

static int read_document(struct reader *reader)
{
    if (!yaml_parser_initialize(&reader->parser))
        return ERR_NOMEM;
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->document->bytes,
                                 reader->document->length);
    int code = read_events(reader);
    yaml_parser_delete(&reader->parser);
    for (size_t i = 0; i < reader->depth; i++)
        free_node(reader->levels[i].key);
    return code;
}

int config_yaml_read(const char *bytes, size_t length, struct config_yaml **ret_document,
                     struct config_yaml_place *ret_place, struct text *ret_message)
{
    *ret_place = (struct config_yaml_place){1, 1};
    if (length > CONFIG_YAML_SIZE_MAX) {
        text_append(ret_message, "the file is larger than 4 MiB");
        return ERR_SYNTAX;
    }
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    int code = check_characters(bytes, length, ret_place, ret_message);
    if (code != 0)
        return code;
    AUTO(config_yaml_destroy) struct config_yaml *document = memory_new(1, sizeof *document);
    document->bytes = bytes;
    document->length = length;
    struct reader reader = {.document = document,
                            .cursor = bytes,
                            .cursor_place = {1, 1},
                            .place = ret_place,
                            .message = ret_message};
    code = read_document(&reader);
    if (code != 0)
        return code;
    *ret_document = document;
    document = NULL;
    return 0;
}

void config_yaml_destroy(struct config_yaml **document)
{
    if (*document)
        free_node((*document)->root);
    free(*document);
    *document = NULL;
}

const struct config_yaml_node *config_yaml_root(const struct config_yaml *document)
{
    return document->root;
}
