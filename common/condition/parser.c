#include "common/condition/parser.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/error.h"

#include <stdlib.h>
#include <string.h>

int parser_advance(struct parser *parser)
{
    return token_next(&parser->lexer, &parser->token, parser->error);
}

int parser_descend(struct parser *parser, size_t offset)
{
    if (++parser->depth <= CONDITION_DEPTH_MAX)
        return 0;
    return condition_error_set(parser->error, offset, 1, NULL, "nested more than %d levels deep",
                               CONDITION_DEPTH_MAX);
}

int parser_unexpected(struct parser *parser, const char *wanted)
{
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_END)
        return condition_error_set(parser->error, token->offset, 1, wanted, "the expression ends too early");
    return condition_error_set(parser->error, token->offset, token->length, wanted, "unexpected %.*s",
                               (int)(token->length < 64 ? token->length : 64),
                               parser->lexer.text + token->offset);
}

static const char *type_name(enum value_type type)
{
    return type == VALUE_TEXT ? "a text" : type == VALUE_NUMBER ? "a number" : "true or false";
}

static int need_boolean(struct parser *parser, const struct value *value)
{
    if (value->type == VALUE_BOOLEAN)
        return 0;
    return condition_error_set(parser->error, value->start, value->end - value->start,
                               value->type == VALUE_TEXT ? "compare it with another text, such as == \"CT\""
                                                         : "compare it with another number, such as > 5",
                               "this is %s, but something true or false is needed here",
                               type_name(value->type));
}

/* Makes node the parent of the two or more children that start with first. */
static uint32_t add_parent(struct tree *tree, enum node_kind kind, uint32_t first, size_t start, size_t end)
{
    return tree_add_node(tree, (struct node){.kind = kind,
                                             .test = TREE_NONE,
                                             .first_child = first,
                                             .sibling = TREE_NONE,
                                             .start = start,
                                             .end = end});
}

double parser_number(const struct parser *parser, const struct token *token, struct text *ret_text)
{
    AUTO(memory_free) char *written = memory_string_n(parser->lexer.text + token->offset, token->length);
    const char *digits = written + (*written == '-');
    if (digits[0] == '0' && (digits[1] | 0x20) == 'x') {
        double number = 0;
        for (digits += 2; *digits; digits++) {
            char c = *digits;
            number = number * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        number = *written == '-' ? -number : number;
        text_format(ret_text, "%.0f", number);
        return number;
    }
    text_append(ret_text, written);
    return strtod(written, NULL);
}

static int parse_literal(struct parser *parser, struct value *ret_value)
{
    struct token token = parser->token;
    *ret_value = (struct value){.start = token.offset, .end = token.offset + token.length};
    if (token.kind == TOKEN_STRING) {
        struct operand operand = {.kind = OPERAND_STRING};
        operand.bytes = token_string(&parser->lexer, &token, &operand.length);
        ret_value->type = VALUE_TEXT;
        ret_value->index = tree_add_operand(parser->tree, operand);
    } else if (token.kind == TOKEN_NUMBER) {
        struct text text = TEXT_EMPTY;
        struct operand operand = {.kind = OPERAND_NUMBER};
        operand.number = parser_number(parser, &token, &text);
        operand.length = text.length;
        operand.bytes = text_take(&text);
        ret_value->type = VALUE_NUMBER;
        ret_value->index = tree_add_operand(parser->tree, operand);
    } else {
        struct node node = {.kind = NODE_CONSTANT,
                            .truth = token.kind == TOKEN_TRUE,
                            .test = TREE_NONE,
                            .first_child = TREE_NONE,
                            .sibling = TREE_NONE,
                            .start = ret_value->start,
                            .end = ret_value->end};
        ret_value->type = VALUE_BOOLEAN;
        ret_value->index = tree_add_node(parser->tree, node);
    }
    return parser_advance(parser);
}

static int parse_parentheses(struct parser *parser, struct value *ret_value)
{
    size_t start = parser->token.offset;
    if (parser_descend(parser, start) || parser_advance(parser) || parser_expression(parser, ret_value))
        return ERR_SYNTAX;
    if (parser->token.kind != TOKEN_CLOSE) {
        if (parser->token.kind == TOKEN_END)
            return condition_error_set(parser->error, start, 1, NULL,
                                       "this parenthesis has no end: a closing ) is missing");
        return parser_unexpected(parser, "an operator such as && or a closing ) belongs here");
    }
    parser->depth--;
    ret_value->start = start;
    ret_value->end = parser->token.offset + parser->token.length;
    return parser_advance(parser);
}

static int parse_operand(struct parser *parser, struct value *ret_value)
{
    const struct token *token = &parser->token;
    switch (token->kind) {
    case TOKEN_OPEN:
        return parse_parentheses(parser, ret_value);
    case TOKEN_STRING:
    case TOKEN_NUMBER:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        return parse_literal(parser, ret_value);
    case TOKEN_NAME:
        return parser_call(parser, ret_value);
    case TOKEN_KEYWORD: {
        AUTO(text_release) struct text hint = TEXT_EMPTY;
        text_format(&hint, "its text is tagText(#Tag.%.*s)", (int)token->name_length, token->name);
        return condition_error_set(parser->error, token->offset, token->length, text_string(&hint),
                                   "a tag can only be the first argument of a function");
    }
    default:
        return parser_unexpected(parser,
                                 "a function such as tagValueIsPresent(#Tag.Modality, \"CT\") belongs here");
    }
}

static bool is_comparison(enum token_kind kind)
{
    return kind >= TOKEN_EQUAL && kind <= TOKEN_MATCHES;
}

static enum test_kind test_of(enum token_kind kind)
{
    return (enum test_kind)(TEST_EQUAL + (kind - TOKEN_EQUAL));
}

static int add_regex(struct parser *parser, const struct value *pattern, struct test *test)
{
    const struct operand *operand = &parser->tree->operands[pattern->index];
    if (pattern->type != VALUE_TEXT || operand->kind != OPERAND_STRING)
        return condition_error_set(parser->error, pattern->start, pattern->end - pattern->start,
                                   "write the pattern in quotes",
                                   "after matches belongs a regular expression as a string");
    char message[160];
    size_t offset = 0;
    if (regex_compile(operand->bytes, operand->length, &test->regex, message, sizeof message, &offset) == 0)
        return 0;
    size_t quote = pattern->start;
    while (parser->lexer.text[quote] != '"' && parser->lexer.text[quote] != '\'')
        quote++; /* parentheses may come before the string */
    struct token token = {.kind = TOKEN_STRING, .offset = quote, .length = pattern->end - quote};
    return condition_error_set(parser->error, token_string_offset(&parser->lexer, &token, offset), 1, NULL,
                               "not a regular expression: %s", message);
}

static int check_types(struct parser *parser, enum token_kind kind, const struct token *sign,
                       const struct value *left, const struct value *right)
{
    if (left->type != right->type)
        return condition_error_set(parser->error, sign->offset, sign->length,
                                   left->type == VALUE_BOOLEAN || right->type == VALUE_BOOLEAN
                                       ? NULL
                                       : "compare tagText(...) with a text in quotes, "
                                         "tagNumber(...) with a number",
                                   "%s cannot be compared with %s", type_name(left->type),
                                   type_name(right->type));
    if (left->type == VALUE_BOOLEAN && kind != TOKEN_EQUAL && kind != TOKEN_UNEQUAL)
        return condition_error_set(parser->error, sign->offset, sign->length, "only == and != can",
                                   "true and false have no order");
    if (left->type != VALUE_BOOLEAN && operand_is_many(parser->tree, &parser->tree->operands[left->index]) &&
        operand_is_many(parser->tree, &parser->tree->operands[right->index]))
        return condition_error_set(parser->error, right->start, right->end - right->start, NULL,
                                   "two values inside sequences cannot be compared with each other");
    return 0;
}

static int compare(struct parser *parser, const struct token *sign, const struct value *left,
                   const struct value *right, struct value *ret_value)
{
    struct tree *tree = parser->tree;
    *ret_value = (struct value){.type = VALUE_BOOLEAN, .start = left->start, .end = right->end};
    struct test test = {.kind = test_of(sign->kind), .left = left->index, .right = right->index};
    if (sign->kind == TOKEN_MATCHES) {
        if (left->type != VALUE_TEXT)
            return condition_error_set(parser->error, left->start, left->end - left->start,
                                       "write tagText(#Tag.StudyDescription) matches \"...\"",
                                       "before matches belongs a text, this is %s", type_name(left->type));
        if (add_regex(parser, right, &test))
            return ERR_SYNTAX;
    } else if (check_types(parser, sign->kind, sign, left, right)) {
        return ERR_SYNTAX;
    } else if (left->type == VALUE_BOOLEAN) {
        tree->nodes[left->index].sibling = right->index;
        ret_value->index = add_parent(tree, sign->kind == TOKEN_EQUAL ? NODE_SAME : NODE_DIFFER, left->index,
                                      left->start, right->end);
        return 0;
    }
    test.numbers = left->type == VALUE_NUMBER;
    ret_value->index = add_parent(tree, NODE_TEST, TREE_NONE, left->start, right->end);
    tree->nodes[ret_value->index].test = tree_add_test(tree, test);
    return 0;
}

static int parse_comparison(struct parser *parser, struct value *ret_value)
{
    struct value left, right;
    if (parse_operand(parser, &left))
        return ERR_SYNTAX;
    *ret_value = left;
    if (!is_comparison(parser->token.kind))
        return 0;
    struct token sign = parser->token;
    if (parser_advance(parser) || parse_operand(parser, &right) ||
        compare(parser, &sign, &left, &right, ret_value))
        return ERR_SYNTAX;
    if (is_comparison(parser->token.kind))
        return parser_unexpected(parser, "comparisons do not chain: join two of them with &&");
    return 0;
}

static int parse_not(struct parser *parser, struct value *ret_value)
{
    if (parser->token.kind != TOKEN_NOT)
        return parse_comparison(parser, ret_value);
    size_t start = parser->token.offset;
    struct value inner;
    if (parser_descend(parser, start) || parser_advance(parser) || parse_not(parser, &inner) ||
        need_boolean(parser, &inner))
        return ERR_SYNTAX;
    parser->depth--;
    *ret_value = (struct value){.type = VALUE_BOOLEAN, .start = start, .end = inner.end};
    ret_value->index = add_parent(parser->tree, NODE_NOT, inner.index, start, inner.end);
    return 0;
}

/* A chain of operands joined by one operator: all of them become children of one node. */
static int parse_chain(struct parser *parser, enum token_kind joint, enum node_kind kind,
                       int (*parse)(struct parser *, struct value *), struct value *ret_value)
{
    if (parse(parser, ret_value))
        return ERR_SYNTAX;
    if (parser->token.kind != joint)
        return 0;
    if (need_boolean(parser, ret_value))
        return ERR_SYNTAX;
    uint32_t first = ret_value->index, last = first;
    size_t start = ret_value->start;
    while (parser->token.kind == joint) {
        if (parser_advance(parser) || parse(parser, ret_value) || need_boolean(parser, ret_value))
            return ERR_SYNTAX;
        parser->tree->nodes[last].sibling = ret_value->index;
        last = ret_value->index;
    }
    ret_value->start = start;
    ret_value->index = add_parent(parser->tree, kind, first, start, ret_value->end);
    return 0;
}

static int parse_all(struct parser *parser, struct value *ret_value)
{
    return parse_chain(parser, TOKEN_AND, NODE_ALL, parse_not, ret_value);
}

int parser_expression(struct parser *parser, struct value *ret_value)
{
    return parse_chain(parser, TOKEN_OR, NODE_ANY, parse_all, ret_value);
}

int parser_run(const char *text, const struct condition_dictionary *dictionary, struct tree *tree,
               struct condition_error *ret_error)
{
    size_t length = strlen(text);
    if (length > CONDITION_TEXT_MAX)
        return condition_error_set(ret_error, CONDITION_TEXT_MAX, 1, NULL,
                                   "the expression is longer than %d KiB", CONDITION_TEXT_MAX / 1024);
    struct parser parser = {.lexer = {.text = text, .length = length},
                            .dictionary = dictionary,
                            .tree = tree,
                            .error = ret_error};
    struct value value;
    if (parser_advance(&parser))
        return ERR_SYNTAX;
    if (parser.token.kind == TOKEN_END)
        return condition_error_set(ret_error, 0, 1, "leave the condition out for always",
                                   "an empty expression");
    if (parser_expression(&parser, &value))
        return ERR_SYNTAX;
    if (parser.token.kind == TOKEN_CLOSE)
        return parser_unexpected(&parser, "there is no ( that it could close");
    if (parser.token.kind != TOKEN_END)
        return parser_unexpected(&parser, "an operator such as && or || is missing before it");
    if (need_boolean(&parser, &value))
        return ERR_SYNTAX;
    tree->root = value.index;
    return 0;
}
