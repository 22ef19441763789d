/* call - the functions of the language and the facts of the transfer, with their arguments. */
#include "common/condition/parser.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/error.h"

#include <assert.h>
#include <string.h>

/* Every function takes a tag first; then come values, which are texts. */
static const struct function {
    const char *name;
    enum value_type result;
    enum test_kind test;     /* result boolean */
    enum operand_kind value; /* result text or number */
    size_t least, most;      /* values after the tag */
    const char *example;
} functions[] = {
    {"tagValueIsPresent", VALUE_BOOLEAN, TEST_EQUALS, 0, 1, 1, "tagValueIsPresent(#Tag.Modality, \"CT\")"},
    {"tagValueContains", VALUE_BOOLEAN, TEST_CONTAINS, 0, 1, 1,
     "tagValueContains(#Tag.StudyDescription, \"Thorax\")"},
    {"tagValueBeginsWith", VALUE_BOOLEAN, TEST_BEGINS, 0, 1, 1,
     "tagValueBeginsWith(#Tag.StudyDescription, \"Thorax\")"},
    {"tagValueEndsWith", VALUE_BOOLEAN, TEST_ENDS, 0, 1, 1,
     "tagValueEndsWith(#Tag.StudyDescription, \"GE\")"},
    {"tagIsPresent", VALUE_BOOLEAN, TEST_PRESENT, 0, 0, 0, "tagIsPresent(#Tag.Modality)"},
    {"tagValueIsOneOf", VALUE_BOOLEAN, TEST_ONE_OF, 0, 1, SIZE_MAX,
     "tagValueIsOneOf(#Tag.Modality, \"CT\", \"MR\")"},
    {"tagText", VALUE_TEXT, 0, OPERAND_TEXT, 0, 0, "tagText(#Tag.StudyDate)"},
    {"tagNumber", VALUE_NUMBER, 0, OPERAND_TAG_NUMBER, 0, 0, "tagNumber(#Tag.SeriesNumber)"},
};

static const struct fact {
    const char *name;
    enum condition_transfer transfer;
} facts[] = {
    {"callingAET", CONDITION_CALLING_AET},
    {"calledAET", CONDITION_CALLED_AET},
    {"sourceAddress", CONDITION_SOURCE_ADDRESS},
    {"transferSyntax", CONDITION_TRANSFER_SYNTAX},
};

static bool is_named(const struct token *token, const char *name)
{
    return strlen(name) == token->name_length && memcmp(name, token->name, token->name_length) == 0;
}

static int unknown_name(struct parser *parser, const struct token *name, bool call)
{
    AUTO(memory_free) char *wanted = memory_string_n(name->name, name->name_length);
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    struct nearest nearest = {.wanted = wanted};
    uint32_t tag;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        nearest_offer(&nearest, functions[i].name);
    for (size_t i = 0; i < sizeof facts / sizeof *facts && !call; i++)
        nearest_offer(&nearest, facts[i].name);
    if (!call && parser->dictionary->tag_of(parser->dictionary->context, wanted, &tag))
        text_format(&hint, "its text is tagText(#Tag.%s)", wanted);
    else
        nearest_print(&nearest, "", &hint);
    if (hint.length == 0 && !call)
        text_append(&hint, "a text is written in quotes");
    return condition_error_set(parser->error, name->offset, name->length, hint.length ? hint.bytes : NULL,
                               "unknown %s \"%.64s\"", call ? "function" : "name", wanted);
}

static int wrong_count(struct parser *parser, const struct function *function, const struct token *name,
                       size_t values)
{
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    text_format(&hint, "write %s", function->example);
    const char *wanted = function->result != VALUE_BOOLEAN ? "a tag and maybe a VR"
                         : function->least == 0            ? "a tag"
                         : function->most > 1              ? "a tag and values"
                                                           : "a tag and a value";
    return condition_error_set(parser->error, name->offset, name->length, text_string(&hint),
                               "%s takes %s, not %zu argument%s", function->name, wanted, values + 1,
                               values == 0 ? "" : "s");
}

/* One argument after the tag: a text, or a number as its decimal text. Appends its operand. */
static int parse_value(struct parser *parser, const struct function *function, uint32_t left,
                       uint32_t *ret_operand)
{
    struct value value;
    if (parser_expression(parser, &value))
        return ERR_SYNTAX;
    struct operand *operand = value.type == VALUE_BOOLEAN ? NULL : &parser->tree->operands[value.index];
    if (operand && operand->kind == OPERAND_NUMBER)
        operand->kind = OPERAND_STRING;
    else if (value.type != VALUE_TEXT)
        return condition_error_set(parser->error, value.start, value.end - value.start,
                                   value.type == VALUE_NUMBER ? "write tagText(...)" : "write it in quotes",
                                   "the values of %s are texts, this is %s", function->name,
                                   value.type == VALUE_NUMBER ? "a number" : "true or false");
    if (operand_is_many(parser->tree, operand) &&
        operand_is_many(parser->tree, &parser->tree->operands[left]))
        return condition_error_set(parser->error, value.start, value.end - value.start, NULL,
                                   "two values inside sequences cannot be compared with each other");
    *ret_operand = value.index;
    return 0;
}

/* The value representation behind the tag of tagText and tagNumber, if there is one. */
static int parse_vr(struct parser *parser, const struct function *function, struct condition_path *path)
{
    const struct condition_dictionary *dictionary = parser->dictionary;
    const struct token *token = &parser->token;
    if (function->result == VALUE_BOOLEAN || token->kind != TOKEN_COMMA)
        return 0;
    if (parser_advance(parser))
        return ERR_SYNTAX;
    AUTO(text_release) struct text hint = TEXT_EMPTY;
    text_format(&hint, "such as %s(\"0019,100C\", IS)", function->name);
    if (token->kind == TOKEN_END)
        return parser_unexpected(parser, text_string(&hint));
    if (token->kind == TOKEN_NAME && token->name_length == 2)
        memcpy(path->vr, token->name, 2);
    if (!path->vr[0] || !dictionary->has_text(dictionary->context, path->vr))
        return condition_error_set(parser->error, token->offset, token->length, text_string(&hint),
                                   "the second argument of %s is a VR that has a text, without quotes",
                                   function->name);
    return parser_advance(parser);
}

/* The values, of which there must be as many as the function takes; their operands follow each other, since
 * what is a text adds one operand and nothing else. */
static int parse_values(struct parser *parser, const struct function *function, const struct token *name,
                        struct test *test)
{
    size_t count = 0;
    while (parser->token.kind == TOKEN_COMMA) {
        uint32_t operand = 0;
        if (parser_advance(parser) || parse_value(parser, function, test->left, &operand))
            return ERR_SYNTAX;
        if (count++ == 0)
            test->right = operand;
        assert(operand == test->right + count - 1);
    }
    test->right_count = (uint32_t)count;
    if (parser->token.kind != TOKEN_CLOSE)
        return parser_unexpected(parser, "a comma or a closing ) belongs here");
    if (count < function->least || count > function->most)
        return wrong_count(parser, function, name, count + (function->result != VALUE_BOOLEAN));
    return 0;
}

static int parse_arguments(struct parser *parser, const struct function *function, const struct token *name,
                           struct value *ret_value)
{
    struct tree *tree = parser->tree;
    struct condition_path path;
    if (parser->token.kind == TOKEN_CLOSE)
        return wrong_count(parser, function, name, SIZE_MAX);
    if (parser_tag(parser, function->name, &path) || parse_vr(parser, function, &path))
        return ERR_SYNTAX;
    struct operand operand = {.kind = function->result == VALUE_NUMBER ? OPERAND_TAG_NUMBER : OPERAND_TEXT,
                              .path = tree_add_path(tree, &path)};
    struct test test = {.kind = function->test, .left = tree_add_operand(tree, operand)};
    if (parse_values(parser, function, name, &test))
        return ERR_SYNTAX;
    *ret_value = (struct value){.type = function->result,
                                .index = test.left,
                                .start = name->offset,
                                .end = parser->token.offset + parser->token.length};
    if (function->result != VALUE_BOOLEAN)
        return 0;
    struct node node = {.kind = NODE_TEST,
                        .test = tree_add_test(tree, test),
                        .first_child = TREE_NONE,
                        .sibling = TREE_NONE,
                        .start = ret_value->start,
                        .end = ret_value->end};
    ret_value->index = tree_add_node(tree, node);
    return 0;
}

static int parse_fact(struct parser *parser, const struct token *name, struct value *ret_value)
{
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (!is_named(name, facts[i].name))
            continue;
        struct operand operand = {.kind = OPERAND_TRANSFER, .transfer = facts[i].transfer};
        *ret_value = (struct value){.type = VALUE_TEXT,
                                    .index = tree_add_operand(parser->tree, operand),
                                    .start = name->offset,
                                    .end = name->offset + name->length};
        return 0;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (is_named(name, functions[i].name))
            return condition_error_set(parser->error, name->offset, name->length, functions[i].example,
                                       "%s is a function: its arguments in parentheses are missing",
                                       functions[i].name);
    return unknown_name(parser, name, false);
}

int parser_call(struct parser *parser, struct value *ret_value)
{
    struct token name = parser->token;
    const struct function *function = NULL;
    if (parser_advance(parser))
        return ERR_SYNTAX;
    if (parser->token.kind != TOKEN_OPEN)
        return parse_fact(parser, &name, ret_value);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (is_named(&name, functions[i].name))
            function = &functions[i];
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        if (is_named(&name, facts[i].name))
            return condition_error_set(parser->error, name.offset, name.length, "leave out the parentheses",
                                       "%s is not a function", facts[i].name);
    if (!function)
        return unknown_name(parser, &name, true);
    if (parser_descend(parser, name.offset) || parser_advance(parser) ||
        parse_arguments(parser, function, &name, ret_value))
        return ERR_SYNTAX;
    parser->depth--;
    return parser_advance(parser);
}
