/* tag - the ways to write a tag, or a path of tags into sequences. */
#include "common/condition/parser.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/error.h"

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One tag of exactly this text. */
static bool tag_parse(const char *text, size_t length, uint32_t *ret_tag)
{
    while (length > 0 && *text == ' ')
        text++, length--;
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 11 && text[0] == '(' && text[10] == ')')
        text++, length = 9;
    if (length != 8 && (length != 9 || text[4] != ','))
        return false;
    uint32_t tag = 0;
    for (size_t i = 0; i < length; i++) {
        if (length == 9 && i == 4)
            continue;
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return false;
        tag = tag << 4 | (uint32_t)digit;
    }
    *ret_tag = tag;
    return true;
}

bool tag_path_parse(const char *text, size_t length, struct condition_path *ret_path)
{
    *ret_path = (struct condition_path){.depth = 0};
    for (;;) {
        const char *slash = memchr(text, '/', length);
        size_t part = slash ? (size_t)(slash - text) : length;
        if (ret_path->depth == CONDITION_PATH_MAX || !tag_parse(text, part, &ret_path->tags[ret_path->depth]))
            return false;
        ret_path->depth++;
        if (!slash)
            return true;
        text += part + 1;
        length -= part + 1;
    }
}

static void offer(void *closure, const char *keyword)
{
    nearest_offer(closure, keyword);
}

static int parse_keyword(struct parser *parser, uint32_t *ret_tag)
{
    const struct token *token = &parser->token;
    const struct condition_dictionary *dictionary = parser->dictionary;
    AUTO(memory_free) char *keyword = memory_string_n(token->name, token->name_length);
    if (dictionary->tag_of(dictionary->context, keyword, ret_tag))
        return 0;
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    struct nearest nearest = {.wanted = keyword};
    dictionary->for_each(dictionary->context, offer, &nearest);
    nearest_print(&nearest, "#Tag.", &hint);
    if (hint.length == 0)
        text_append(&hint, "write the tag by number, such as \"0008,1030\"");
    return condition_error_set(parser->error, (size_t)(token->name - parser->lexer.text), token->name_length,
                               hint.bytes, "unknown DICOM keyword \"%.64s\"", keyword);
}

static int parse_string(struct parser *parser, struct condition_path *ret_path)
{
    const struct token *token = &parser->token;
    size_t length;
    uint32_t tag;
    AUTO(memory_free) char *content = token_string(&parser->lexer, token, &length);
    if (tag_path_parse(content, length, ret_path))
        return 0;
    const struct condition_dictionary *dictionary = parser->dictionary;
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    size_t slashes = 0;
    for (size_t i = 0; i < length; i++)
        slashes += content[i] == '/';
    if (dictionary->tag_of(dictionary->context, content, &tag))
        text_format(&hint, "write #Tag.%s", content);
    else if (slashes >= CONDITION_PATH_MAX)
        text_format(&hint, "a path has at most %d tags", CONDITION_PATH_MAX);
    else if (slashes > 0)
        text_append(&hint, "write a path by numbers, such as \"0040,0275/0040,0007\"");
    else
        text_append(&hint, "write #Tag.StudyDescription, \"0008,1030\", \"(0008,1030)\" or \"00081030\"");
    return condition_error_set(parser->error, token->offset, token->length, hint.bytes,
                               "this string is not a tag");
}

static int parse_number(struct parser *parser, uint32_t *ret_tag)
{
    const struct token *token = &parser->token;
    const char *written = parser->lexer.text + token->offset;
    AUTO(text_release) struct text digits = TEXT_EMPTY;
    double number = parser_number(parser, token, &digits);
    bool hex = token->length > 2 && (written[1] | 0x20) == 'x';
    if (!hex && token->length > 1 && written[0] == '0')
        return condition_error_set(parser->error, token->offset, token->length,
                                   "write 0x before it, or put it in quotes",
                                   "a tag without 0x would be read as a decimal number");
    if (number < 0 || number > (double)UINT32_MAX || number != (double)(uint32_t)number)
        return condition_error_set(parser->error, token->offset, token->length,
                                   "write 0x00081030, \"0008,1030\" or #Tag.StudyDescription",
                                   "this number is not a tag");
    *ret_tag = (uint32_t)number;
    return 0;
}

static int not_a_tag(struct parser *parser, const char *function)
{
    const struct token *token = &parser->token;
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    AUTO(memory_free) char *name = memory_string_n(token->name ? token->name : "", token->name_length);
    uint32_t tag;
    if (token->kind == TOKEN_NAME && parser->dictionary->tag_of(parser->dictionary->context, name, &tag))
        text_format(&hint, "write #Tag.%s", name);
    else
        text_append(&hint, "write #Tag.StudyDescription or \"0008,1030\"");
    if (token->kind == TOKEN_END)
        return parser_unexpected(parser, text_string(&hint));
    return condition_error_set(parser->error, token->offset, token->length, text_string(&hint),
                               "the first argument of %s is a tag", function);
}

int parser_tag(struct parser *parser, const char *function, struct condition_path *ret_path)
{
    const struct token token = parser->token;
    *ret_path = (struct condition_path){.depth = 1};
    int error = token.kind == TOKEN_KEYWORD  ? parse_keyword(parser, &ret_path->tags[0])
                : token.kind == TOKEN_STRING ? parse_string(parser, ret_path)
                : token.kind == TOKEN_NUMBER ? parse_number(parser, &ret_path->tags[0])
                                             : not_a_tag(parser, function);
    if (error)
        return error;
    for (size_t i = 0; i < ret_path->depth; i++)
        if (ret_path->tags[i] >> 16 == 0)
            return condition_error_set(parser->error, token.offset, token.length, NULL,
                                       "group 0000 belongs to network commands and is never in a file");
    if (parser_advance(parser))
        return ERR_SYNTAX;
    if (parser->token.kind != TOKEN_COMMA && parser->token.kind != TOKEN_CLOSE)
        return parser_unexpected(parser, "a comma or a closing ) belongs after the tag");
    return 0;
}
