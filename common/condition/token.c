#include "common/condition/token.h"

#include "common/base/memory.h"
#include "common/condition/error.h"

#include <string.h>
#include <strings.h>

/* ASCII only, whatever the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_name_start(c) || is_digit(c);
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static char byte_at(const struct lexer *lexer, size_t offset)
{
    return offset < lexer->length ? lexer->text[offset] : '\0';
}

static bool text_at(const struct lexer *lexer, size_t offset, const char *text)
{
    size_t length = strlen(text);
    return lexer->length - offset >= length && memcmp(lexer->text + offset, text, length) == 0;
}

/* White space, line breaks, and the no-break space that word processors like. */
static size_t skip_space(const struct lexer *lexer, size_t offset)
{
    while (offset < lexer->length) {
        char c = lexer->text[offset];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v')
            offset++;
        else if (text_at(lexer, offset, "\xC2\xA0"))
            offset += 2;
        else
            break;
    }
    return offset;
}

static size_t name_end(const struct lexer *lexer, size_t offset)
{
    while (is_name(byte_at(lexer, offset)))
        offset++;
    return offset;
}

#define SPEL "; Felucca's conditions have no "

/* Marks that are not of this language, and what they are there. Longer ones first. */
static const struct foreign {
    const char *mark, *message, *hint;
} foreign_marks[] = {
    {"\xE2\x80\x9C", "a typographic quote", "write a plain one: \""},
    {"\xE2\x80\x9D", "a typographic quote", "write a plain one: \""},
    {"\xE2\x80\x9E", "a typographic quote", "write a plain one: \""},
    {"\xE2\x80\x98", "a typographic quote", "write a plain one: '"},
    {"\xE2\x80\x99", "a typographic quote", "write a plain one: '"},
    {"\xC2\xAB", "a typographic quote", "write a plain one: \""},
    {"\xC2\xBB", "a typographic quote", "write a plain one: \""},
    {"?.", "\"?.\" is SpEL's safe navigation" SPEL "properties", NULL},
    {"?:", "\"?:\" is SpEL's Elvis operator" SPEL "alternatives", "combine with && and ||"},
    {"?", "\"?\" is SpEL's ternary operator" SPEL "alternatives", "combine with && and ||"},
    {":", "\":\" belongs to SpEL's ternary operator" SPEL "alternatives", "combine with && and ||"},
    {".", "\".\" is a property or method call of SpEL" SPEL "properties or methods",
     "use the functions, such as tagValueContains(#Tag.StudyDescription, \"...\")"},
    {"[", "\"[\" is SpEL's indexing" SPEL "lists or maps", "the values of a tag are joined by a backslash"},
    {"]", "\"]\" is SpEL's indexing" SPEL "lists or maps", NULL},
    {"{", "\"{\" is SpEL's inline list" SPEL "lists", "use tagValueIsOneOf(tag, \"A\", \"B\")"},
    {"}", "\"}\" is SpEL's inline list" SPEL "lists", NULL},
    {"@", "\"@\" is a bean of SpEL" SPEL "beans", NULL},
    {"++", "\"++\" is SpEL's increment" SPEL "assignments", NULL},
    {"--", "\"--\" is SpEL's decrement" SPEL "assignments", NULL},
    {"+", "\"+\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"-", "\"-\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"*", "\"*\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"/", "\"/\" is arithmetic of SpEL" SPEL "arithmetic",
     "a path into a sequence is written in quotes: \"0040,0275/0040,0007\""},
    {"%", "\"%\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"^", "\"^\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"=", "a single \"=\" is SpEL's assignment" SPEL "assignments", "to compare, write =="},
    {"&", "a single \"&\"", "write && or and"},
    {"|", "a single \"|\"", "write || or or"},
};

/* Words that SpEL reserves and this language does not have. */
static const struct foreign foreign_words[] = {
    {"null", "\"null\" is a literal of SpEL" SPEL "null", "use tagIsPresent(tag) or !tagIsPresent(tag)"},
    {"new", "\"new\" is a constructor of SpEL" SPEL "objects", NULL},
    {"instanceof", "\"instanceof\" is an operator of SpEL" SPEL "types", NULL},
    {"between", "\"between\" is an operator of SpEL" SPEL "lists",
     "write tagNumber(tag) >= 1 && tagNumber(tag) <= 9"},
    {"div", "\"div\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
    {"mod", "\"mod\" is arithmetic of SpEL" SPEL "arithmetic", NULL},
};

static int foreign_mark(const struct lexer *lexer, struct condition_error *ret_error)
{
    size_t offset = lexer->offset;
    for (size_t i = 0; i < sizeof foreign_marks / sizeof *foreign_marks; i++) {
        const struct foreign *mark = &foreign_marks[i];
        if (text_at(lexer, offset, mark->mark))
            return condition_error_set(ret_error, offset, strlen(mark->mark), mark->hint, "%s",
                                       mark->message);
    }
    unsigned char c = (unsigned char)lexer->text[offset];
    if (c < 0x20 || c == 0x7F)
        return condition_error_set(ret_error, offset, 1, NULL, "a control character (0x%02X)", c);
    size_t length = 1;
    while (offset + length < lexer->length && ((unsigned char)lexer->text[offset + length] & 0xC0) == 0x80)
        length++;
    return condition_error_set(ret_error, offset, length, NULL, "a character that has no meaning here");
}

static int take(struct lexer *lexer, struct token *ret_token, enum token_kind kind, size_t length)
{
    *ret_token = (struct token){.kind = kind, .offset = lexer->offset, .length = length};
    lexer->offset += length;
    lexer->operand_before = kind == TOKEN_STRING || kind == TOKEN_NUMBER || kind == TOKEN_CLOSE ||
                            kind == TOKEN_NAME || kind == TOKEN_KEYWORD || kind == TOKEN_TRUE ||
                            kind == TOKEN_FALSE;
    return 0;
}

static int take_string(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error)
{
    char quote = lexer->text[lexer->offset];
    size_t offset = lexer->offset + 1;
    while (offset < lexer->length) {
        if (lexer->text[offset] != quote) {
            offset++;
        } else if (byte_at(lexer, offset + 1) == quote) {
            offset += 2;
        } else {
            return take(lexer, ret_token, TOKEN_STRING, offset + 1 - lexer->offset);
        }
    }
    return condition_error_set(ret_error, lexer->offset, 1, "a quote inside a string is written twice",
                               "this string has no end: a closing %c is missing", quote);
}

static size_t number_end(const struct lexer *lexer, size_t offset)
{
    if (byte_at(lexer, offset) == '-')
        offset++;
    if (byte_at(lexer, offset) == '0' && (byte_at(lexer, offset + 1) | 0x20) == 'x' &&
        is_hex(byte_at(lexer, offset + 2))) {
        offset += 2;
        while (is_hex(byte_at(lexer, offset)))
            offset++;
        return offset;
    }
    while (is_digit(byte_at(lexer, offset)))
        offset++;
    if (byte_at(lexer, offset) == '.' && is_digit(byte_at(lexer, offset + 1)))
        for (offset++; is_digit(byte_at(lexer, offset)); offset++)
            ;
    if ((byte_at(lexer, offset) | 0x20) == 'e') {
        size_t digits = offset + 1;
        if (byte_at(lexer, digits) == '+' || byte_at(lexer, digits) == '-')
            digits++;
        if (is_digit(byte_at(lexer, digits)))
            for (offset = digits; is_digit(byte_at(lexer, offset)); offset++)
                ;
    }
    return offset;
}

static int take_number(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error)
{
    size_t end = number_end(lexer, lexer->offset);
    if (is_name(byte_at(lexer, end)))
        return condition_error_set(
            ret_error, lexer->offset, name_end(lexer, end) - lexer->offset,
            "write 42, 0.5, 1e3 or 0x2A; a tag of eight hex digits is written in quotes or after 0x",
            "this is not a number");
    return take(lexer, ret_token, TOKEN_NUMBER, end - lexer->offset);
}

/* What comes after "#": #Tag.Keyword, or something of SpEL's. */
static int take_variable(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error)
{
    size_t start = lexer->offset, name = skip_space(lexer, start + 1), end = name_end(lexer, name);
    const char *variable = lexer->text + name;
    if (byte_at(lexer, name) == '{')
        return condition_error_set(ret_error, start, 2, "leave out #{ and }",
                                   "\"#{\" is a template of SpEL" SPEL "templates");
    if (end == name)
        return condition_error_set(ret_error, start, 1, "write #Tag.StudyDescription",
                                   "\"#\" is only used in #Tag.Keyword");
    if (end - name == 2 && memcmp(variable, "VR", 2) == 0)
        return condition_error_set(ret_error, start, end - start, "leave it out: a tag knows its own VR",
                                   "\"#VR\" has a meaning in KARNAK's profiles only, not in a condition");
    if (end - name != 3 || memcmp(variable, "Tag", 3) != 0)
        return condition_error_set(ret_error, start, end - start, "the only one here is #Tag.Keyword",
                                   "\"#%.*s\" is a variable of SpEL" SPEL "variables",
                                   (int)(end - name < 64 ? end - name : 64), variable);
    size_t keyword = skip_space(lexer, end);
    if (byte_at(lexer, keyword) != '.')
        return condition_error_set(ret_error, start, end - start, "write #Tag.StudyDescription",
                                   "a keyword is missing after #Tag");
    keyword = skip_space(lexer, keyword + 1);
    end = name_end(lexer, keyword);
    if (end == keyword)
        return condition_error_set(ret_error, start, keyword - start, "write #Tag.StudyDescription",
                                   "a keyword is missing after #Tag.");
    take(lexer, ret_token, TOKEN_KEYWORD, end - start);
    ret_token->name = lexer->text + keyword;
    ret_token->name_length = end - keyword;
    return 0;
}

static const struct word {
    const char *word;
    enum token_kind kind;
} words[] = {
    {"and", TOKEN_AND},          {"or", TOKEN_OR},           {"not", TOKEN_NOT},       {"eq", TOKEN_EQUAL},
    {"ne", TOKEN_UNEQUAL},       {"lt", TOKEN_LESS},         {"le", TOKEN_LESS_EQUAL}, {"gt", TOKEN_GREATER},
    {"ge", TOKEN_GREATER_EQUAL}, {"matches", TOKEN_MATCHES}, {"true", TOKEN_TRUE},     {"false", TOKEN_FALSE},
};

static int take_word(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error)
{
    size_t start = lexer->offset, length = name_end(lexer, start) - start;
    const char *name = lexer->text + start;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == length && strncasecmp(words[i].word, name, length) == 0)
            return take(lexer, ret_token, words[i].kind, length);
    for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++) {
        const struct foreign *word = &foreign_words[i];
        if (strlen(word->mark) == length && strncasecmp(word->mark, name, length) == 0)
            return condition_error_set(ret_error, start, length, word->hint, "%s", word->message);
    }
    if (length == 1 && *name == 'T' && byte_at(lexer, skip_space(lexer, start + 1)) == '(')
        return condition_error_set(ret_error, start, 1, "write a tag as #Tag.Keyword",
                                   "\"T(...)\" is a type of SpEL" SPEL "types");
    if (length == 3 && memcmp(name, "Tag", 3) == 0 && byte_at(lexer, start + 3) == '.')
        return condition_error_set(ret_error, start, 3, "write #Tag.Keyword",
                                   "a \"#\" is missing before Tag");
    take(lexer, ret_token, TOKEN_NAME, length);
    ret_token->name = name;
    ret_token->name_length = length;
    return 0;
}

static const struct word marks[] = {
    {"&&", TOKEN_AND},     {"||", TOKEN_OR},         {"==", TOKEN_EQUAL},
    {"!=", TOKEN_UNEQUAL}, {"<=", TOKEN_LESS_EQUAL}, {">=", TOKEN_GREATER_EQUAL},
    {"<", TOKEN_LESS},     {">", TOKEN_GREATER},     {"!", TOKEN_NOT},
    {"(", TOKEN_OPEN},     {")", TOKEN_CLOSE},       {",", TOKEN_COMMA},
};

int token_next(struct lexer *lexer, struct token *ret_token, struct condition_error *ret_error)
{
    lexer->offset = skip_space(lexer, lexer->offset);
    if (lexer->offset >= lexer->length)
        return take(lexer, ret_token, TOKEN_END, 0);
    char c = lexer->text[lexer->offset];
    if (c == '"' || c == '\'')
        return take_string(lexer, ret_token, ret_error);
    if (is_digit(c) || (c == '-' && !lexer->operand_before && is_digit(byte_at(lexer, lexer->offset + 1))))
        return take_number(lexer, ret_token, ret_error);
    if (c == '#')
        return take_variable(lexer, ret_token, ret_error);
    if (is_name_start(c))
        return take_word(lexer, ret_token, ret_error);
    if (text_at(lexer, lexer->offset, "!["))
        return condition_error_set(ret_error, lexer->offset, 2, NULL,
                                   "\"![\" is SpEL's projection" SPEL "lists or maps");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (text_at(lexer, lexer->offset, marks[i].word))
            return take(lexer, ret_token, marks[i].kind, strlen(marks[i].word));
    return foreign_mark(lexer, ret_error);
}

char *token_string(const struct lexer *lexer, const struct token *token, size_t *ret_length)
{
    const char *from = lexer->text + token->offset + 1, *end = from + token->length - 2;
    char *string = memory_new(token->length, 1), *to = string;
    for (; from < end; from++) {
        *to++ = *from;
        if (*from == end[0])
            from++;
    }
    *ret_length = (size_t)(to - string);
    return string;
}

size_t token_string_offset(const struct lexer *lexer, const struct token *token, size_t content_offset)
{
    size_t offset = token->offset + 1, end = token->offset + token->length - 1;
    char quote = lexer->text[token->offset];
    for (; content_offset > 0 && offset < end; content_offset--)
        offset += lexer->text[offset] == quote ? 2 : 1;
    return offset;
}
