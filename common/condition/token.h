/* token - the words of an expression.
 *
 * Tokens point into the expression, which the lexer borrows. Word operators are of any case, names are not.
 * What belongs to Spring's expression language (SpEL) but not to this one is recognised and named as such in
 * the error. Pure, allocates only the texts of an error. */
#ifndef FELUCCA_CONDITION_TOKEN_H
#define FELUCCA_CONDITION_TOKEN_H

#include "common/condition/terms.h"

enum token_kind {
    TOKEN_END,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_STRING,  /* with its quotes; a doubled quote inside means one */
    TOKEN_NUMBER,  /* decimal, with sign, fraction and exponent, or 0x... */
    TOKEN_NAME,    /* a function or a fact of the transfer */
    TOKEN_KEYWORD, /* #Tag.Keyword: name and name_length are the keyword */
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NOT,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_EQUAL,
    TOKEN_UNEQUAL,
    TOKEN_LESS,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER,
    TOKEN_GREATER_EQUAL,
    TOKEN_MATCHES
};

struct token {
    enum token_kind kind;
    size_t offset, length; /* where it is */
    const char *name;      /* TOKEN_NAME, TOKEN_KEYWORD: borrowed from the expression, not terminated */
    size_t name_length;
};

struct lexer {
    const char *text;
    size_t length;
    size_t offset;       /* of what comes next */
    bool operand_before; /* the last token ended an operand, so that a minus would be arithmetic */
};

/* Takes the next token. 0, or ERR_SYNTAX with *ret_error filled. */
int token_next(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error);

/* The content of a string token, doubled quotes made one; is then yours, to free(). */
char *token_string(const struct lexer *lexer, const struct token *token, size_t *ret_length);

/* Where byte number content_offset of that content is in the expression. */
size_t token_string_offset(const struct lexer *lexer, const struct token *token, size_t content_offset);

#endif
