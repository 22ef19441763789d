/* parser - turns the words of an expression into a checked tree.
 *
 * One function a level of precedence; recursion is bounded by CONDITION_DEPTH_MAX. Types are checked on the
 * way, so that whatever parser_run() accepts can be evaluated without a question. */
#ifndef FELUCCA_CONDITION_PARSER_H
#define FELUCCA_CONDITION_PARSER_H

#include "common/condition/token.h"
#include "common/condition/tree.h"

enum value_type { VALUE_BOOLEAN, VALUE_TEXT, VALUE_NUMBER };

/* What a part of the expression is worth. */
struct value {
    enum value_type type;
    uint32_t index;    /* of a node (boolean), else of an operand */
    size_t start, end; /* where it is */
};

struct parser {
    struct lexer lexer;
    struct token token; /* the one that comes next */
    const struct condition_dictionary *dictionary;
    struct tree *tree;
    struct condition_error *error;
    unsigned depth;
};

/* Parses text into *tree, which must be empty; release it in either case. 0, or ERR_SYNTAX with *ret_error
 * filled. */
int parser_run(const char *text, const struct condition_dictionary *dictionary, struct tree *tree,
               struct condition_error *ret_error);

/* The following are for the parser's own files. Each returns 0 or ERR_SYNTAX with the error filled. */
int parser_advance(struct parser *parser);
int parser_expression(struct parser *parser, struct value *ret_value);
/* Goes one level down, or fails because there are too many; parser->depth-- goes up again. */
int parser_descend(struct parser *parser, size_t offset);
/* "unexpected ..." about the token that comes next. */
int parser_unexpected(struct parser *parser, const char *wanted);

/* call.c: the name is the next token. A call of a function, or a fact of the transfer. */
int parser_call(struct parser *parser, struct value *ret_value);

/* tag.c: the next token is a tag, or should be one. */
int parser_tag(struct parser *parser, const char *function, struct condition_path *ret_path);
/* "gggg,eeee", "(gggg,eeee)" or "ggggeeee", with slashes between when it is a path. */
bool tag_path_parse(const char *text, size_t length, struct condition_path *ret_path);

/* The value of a number token, and its decimal text appended to ret_text. */
double parser_number(const struct parser *parser, const struct token *token, struct text *ret_text);

#endif
