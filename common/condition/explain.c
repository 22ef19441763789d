#include "common/condition/explain.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/condition/compiled.h"
#include "common/condition/evaluate.h"

#include <stdlib.h>

/* Beside all of group 0010 (patient): what PS3.15's basic profile removes because it names a person, or
 * numbers that lead to one. From first to last, both included. */
static const struct range {
    uint32_t first, last;
} identifying[] = {
    {0x00080050, 0x00080051}, /* accession number, its issuer */
    {0x00080080, 0x00080082}, /* institution */
    {0x00080090, 0x0008009D}, /* referring physician, consulting physician */
    {0x00081048, 0x00081062}, /* physicians of record, performing, reading */
    {0x00081070, 0x00081072}, /* operators */
    {0x00081080, 0x00081084}, /* admitting diagnoses */
    {0x00100000, 0x0010FFFF}, /* patient */
    {0x00200010, 0x00200010}, /* study id */
    {0x00321032, 0x00321033}, /* requesting physician, service */
    {0x00380000, 0x0038FFFF}, /* visit */
    {0x00400006, 0x00400006}, /* scheduled performing physician */
    {0x00401001, 0x00401012}, /* requested procedure id, persons, addresses */
    {0x00402001, 0x00402017}, /* orders: numbers, persons, callbacks */
    {0x0040A027, 0x0040A07C}, /* verifying organization and observers */
    {0x0040A123, 0x0040A123}, /* person name */
    {0x00700084, 0x00700086}, /* content creator */
    {0x00880910, 0x00880912}, /* topic of a storage medium */
    {0x40080000, 0x4008FFFF}, /* interpretation of a study */
};

bool explain_is_identifying(const struct condition_path *path)
{
    for (size_t i = 0; i < path->depth; i++)
        for (size_t j = 0; j < sizeof identifying / sizeof *identifying; j++)
            if (path->tags[i] >= identifying[j].first && path->tags[i] <= identifying[j].last)
                return true;
    return false;
}

const char *explain_kind_text(enum explain_kind kind)
{
    switch (kind) {
    case EXPLAIN_ALL:
        return "all of";
    case EXPLAIN_ANY:
        return "any of";
    case EXPLAIN_NOT:
        return "not";
    case EXPLAIN_SAME:
        return "the same";
    case EXPLAIN_DIFFER:
        return "not the same";
    default:
        return NULL;
    }
}

/* What an explanation is made from. */
struct source {
    const struct condition *condition;
    const struct condition_dictionary *dictionary;
    const struct condition_facts *facts;
    explain_hides *hides;
    const void *hides_context;
    enum condition_verdict *verdicts; /* of each node */
};

static void append_path(const struct source *source, const struct condition_path *path, struct text *out)
{
    const char *keyword = NULL;
    if (path->depth == 1 && source->dictionary)
        keyword = source->dictionary->keyword_of(source->dictionary->context, path->tags[0]);
    if (keyword)
        text_format(out, "#Tag.%s", keyword);
    for (size_t i = 0; i < path->depth && !keyword; i++)
        text_format(out, "%s%04x,%04x", i > 0 ? "/" : "", path->tags[i] >> 16, path->tags[i] & 0xFFFF);
    if (path->vr[0])
        text_format(out, " as %s", path->vr);
}

static const char *transfer_name(enum condition_transfer fact)
{
    static const char *const names[] = {[CONDITION_CALLING_AET] = "callingAET",
                                        [CONDITION_CALLED_AET] = "calledAET",
                                        [CONDITION_SOURCE_ADDRESS] = "sourceAddress",
                                        [CONDITION_TRANSFER_SYNTAX] = "transferSyntax"};
    return names[fact];
}

/* Fills the texts of a value, or only counts them when it is hidden. */
static void take_texts(const struct source *source, const struct operand *operand,
                       struct explain_value *value)
{
    const struct tree *tree = &source->condition->tree;
    struct operand as_text = *operand;
    if (operand->kind == OPERAND_TAG_NUMBER)
        as_text.kind = OPERAND_TEXT; /* shown as it is written */
    size_t length;
    const char *text;
    while ((text = operand_text(tree, &as_text, source->facts, value->total, &length))) {
        if (value->total++ < EXPLAIN_VALUES && !value->hidden) {
            struct text shown = TEXT_EMPTY;
            utf8_append_shown(&shown, text, length, EXPLAIN_SHOWN);
            value->texts[value->text_count++] = text_take(&shown);
        }
        if (!operand_is_many(tree, operand))
            break;
    }
}

/* What the test asks of an operand. */
static enum condition_aspect aspect_of(const struct test *test, const struct operand *operand)
{
    if (test->kind == TEST_PRESENT)
        return CONDITION_PRESENCE;
    return operand->kind == OPERAND_TAG_NUMBER ? CONDITION_NUMBER : CONDITION_TEXT;
}

/* Why there may be more than was shown: asked as the test asks. */
static char *take_doubt(const struct source *source, const struct test *test, const struct operand *operand,
                        size_t total)
{
    const struct tree *tree = &source->condition->tree;
    enum condition_aspect aspect = aspect_of(test, operand);
    double number;
    bool found = aspect == CONDITION_PRESENCE
                     ? source->facts->is_present(source->facts->context, &tree->paths[operand->path])
                 : aspect == CONDITION_NUMBER ? operand_number(tree, operand, source->facts, 0, &number)
                                              : total > 0;
    if (found && (aspect == CONDITION_PRESENCE || !operand_is_many(tree, operand)))
        return NULL;
    return memory_string(operand_doubt(tree, operand, source->facts, aspect));
}

static void explain_operand(const struct source *source, const struct test *test,
                            const struct operand *operand, struct explain_line *line, size_t *room)
{
    if (operand->kind == OPERAND_STRING || operand->kind == OPERAND_NUMBER)
        return;
    line->values = memory_grow(line->values, room, line->value_count + 1, sizeof *line->values);
    struct explain_value *value = &line->values[line->value_count++];
    struct text name = TEXT_EMPTY;
    const struct condition_path *path =
        operand->kind == OPERAND_TRANSFER ? NULL : &source->condition->tree.paths[operand->path];
    if (path)
        append_path(source, path, &name);
    else
        text_append(&name, transfer_name(operand->transfer));
    value->name = text_take(&name);
    value->hidden = path && source->hides(source->hides_context, path);
    take_texts(source, operand, value);
    value->absent = value->total == 0 && !(path && source->facts->is_present(source->facts->context, path));
    value->unknown = take_doubt(source, test, operand, value->total);
    value->hidden = value->hidden && !value->absent;
}

static void explain_test(const struct source *source, const struct test *test, struct explain_line *line)
{
    const struct tree *tree = &source->condition->tree;
    size_t room = 0;
    explain_operand(source, test, &tree->operands[test->left], line, &room);
    if (test->kind == TEST_PRESENT || test->kind == TEST_MATCHES)
        return;
    uint32_t count = test->kind >= TEST_EQUAL ? 1 : test->right_count;
    for (uint32_t i = 0; i < count; i++)
        explain_operand(source, test, &tree->operands[test->right + i], line, &room);
}

static enum condition_verdict opposite(enum condition_verdict verdict)
{
    return (enum condition_verdict)(CONDITION_TRUE - verdict);
}

/* The children of a node have lower indices, so their verdicts are known. */
static enum condition_verdict node_verdict(const struct source *source, const struct node *node)
{
    const struct tree *tree = &source->condition->tree;
    const enum condition_verdict *verdicts = source->verdicts;
    enum condition_verdict verdict = node->kind == NODE_ALL ? CONDITION_TRUE : CONDITION_FALSE;
    switch (node->kind) {
    case NODE_ALL:
    case NODE_ANY:
        for (uint32_t child = node->first_child; child != TREE_NONE; child = tree->nodes[child].sibling)
            if (node->kind == NODE_ALL ? verdicts[child] < verdict : verdicts[child] > verdict)
                verdict = verdicts[child];
        return verdict;
    case NODE_NOT:
        return opposite(verdicts[node->first_child]);
    case NODE_SAME:
    case NODE_DIFFER:
        verdict = program_same(verdicts[node->first_child], verdicts[tree->nodes[node->first_child].sibling]);
        return node->kind == NODE_SAME ? verdict : opposite(verdict);
    case NODE_CONSTANT:
        return node->truth ? CONDITION_TRUE : CONDITION_FALSE;
    case NODE_TEST:
        break;
    }
    return test_judge(tree, &tree->tests[node->test], source->facts);
}

static char *part_of(const char *expression, size_t start, size_t end)
{
    struct text text = TEXT_EMPTY, checked = TEXT_EMPTY;
    char quote = '\0';
    for (size_t i = start; i < end; i++) {
        char c = expression[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? '\0' : c;
        bool blank = (unsigned char)c <= ' ';
        if (!blank || quote)
            text_append_char(&text, blank ? ' ' : c);
        else if (text.length > 0 && text.bytes[text.length - 1] != ' ')
            text_append_char(&text, ' ');
    }
    utf8_append_checked(&checked, text_string(&text), text.length);
    text_release(&text);
    return text_take(&checked);
}

/* Adds the line of a node and, below it, those of its children: as deep as the parser allows. */
static void add_lines(const struct source *source, uint32_t index, unsigned depth,
                      struct explanation *explanation)
{
    static const enum explain_kind kinds[] = {
        [NODE_ALL] = EXPLAIN_ALL,   [NODE_ANY] = EXPLAIN_ANY,       [NODE_NOT] = EXPLAIN_NOT,
        [NODE_SAME] = EXPLAIN_SAME, [NODE_DIFFER] = EXPLAIN_DIFFER, [NODE_CONSTANT] = EXPLAIN_CONSTANT,
        [NODE_TEST] = EXPLAIN_TEST,
    };
    const struct tree *tree = &source->condition->tree;
    const struct node *node = &tree->nodes[index];
    struct explain_line *line = &explanation->lines[explanation->line_count++];
    line->kind = kinds[node->kind];
    line->depth = depth;
    line->verdict = source->verdicts[index];
    line->text = part_of(source->condition->text, node->start, node->end);
    if (node->kind == NODE_TEST)
        explain_test(source, &tree->tests[node->test], line);
    for (uint32_t child = node->first_child; child != TREE_NONE; child = tree->nodes[child].sibling)
        add_lines(source, child, depth + 1, explanation);
}

struct explanation *explain_create_hiding(const struct condition *condition,
                                          const struct condition_dictionary *dictionary,
                                          const struct condition_facts *facts, explain_hides *hides,
                                          const void *context)
{
    const struct tree *tree = &condition->tree;
    struct source source = {condition, dictionary,
                            facts,     hides,
                            context,   memory_new(tree->node_count, sizeof(enum condition_verdict))};
    struct explanation *explanation = memory_new(1, sizeof *explanation);
    for (size_t i = 0; i < tree->node_count; i++)
        source.verdicts[i] = node_verdict(&source, &tree->nodes[i]);
    explanation->verdict = source.verdicts[tree->root];
    explanation->lines = memory_new(tree->node_count, sizeof *explanation->lines);
    add_lines(&source, tree->root, 0, explanation);
    free(source.verdicts);
    return explanation;
}

static bool hides_identifying(const void *context, const struct condition_path *path)
{
    (void)context;
    return explain_is_identifying(path);
}

static bool hides_nothing(const void *context, const struct condition_path *path)
{
    (void)context;
    (void)path;
    return false;
}

struct explanation *explain_create(const struct condition *condition,
                                   const struct condition_dictionary *dictionary,
                                   const struct condition_facts *facts, bool show_identifying)
{
    return explain_create_hiding(condition, dictionary, facts,
                                 show_identifying ? hides_nothing : hides_identifying, NULL);
}

void explain_destroy(struct explanation **explanation)
{
    if (!*explanation)
        return;
    for (size_t i = 0; i < (*explanation)->line_count; i++) {
        struct explain_line *line = &(*explanation)->lines[i];
        for (size_t j = 0; j < line->value_count; j++) {
            free(line->values[j].name);
            free(line->values[j].unknown);
            for (size_t k = 0; k < line->values[j].text_count; k++)
                free(line->values[j].texts[k]);
        }
        free(line->values);
        free(line->text);
    }
    free((*explanation)->lines);
    free(*explanation);
    *explanation = NULL;
}

static void print_value(const struct explain_value *value, struct text *out)
{
    bool has_none = value->absent || (value->text_count == 0 && !value->hidden);
    if (value->unknown && has_none) {
        text_format(out, "%s is not known: %s", value->name, value->unknown);
        return;
    }
    const char *state = value->absent            ? " is absent or empty"
                        : value->hidden          ? " is there, hidden"
                        : value->text_count == 0 ? " is there, without a text"
                                                 : " is ";
    text_format(out, "%s%s", value->name, state);
    for (size_t i = 0; i < value->text_count; i++)
        text_format(out, "%s\"%s\"", i > 0 ? ", " : "", value->texts[i]);
    if (value->text_count > 0 && value->total > value->text_count)
        text_format(out, " and %zu more", value->total - value->text_count);
    if (value->unknown)
        text_format(out, "; whether there are more is not known: %s", value->unknown);
}

void explain_doubt(const struct explanation *explanation, struct text *out)
{
    for (size_t i = 0; i < explanation->line_count; i++) {
        const struct explain_line *line = &explanation->lines[i];
        for (size_t j = 0; j < line->value_count && line->verdict == CONDITION_UNDECIDED; j++) {
            if (!line->values[j].unknown)
                continue;
            text_format(out, "%s is not known: %s", line->values[j].name, line->values[j].unknown);
            return;
        }
    }
    text_append(out, "a search in a text took too many steps");
}

void condition_tell_doubt(const struct condition *condition, const struct condition_dictionary *dictionary,
                          const struct condition_facts *facts, struct text *out)
{
    AUTO(explain_destroy)
    struct explanation *explanation = explain_create(condition, dictionary, facts, false);
    explain_doubt(explanation, out);
}

static const char *verdict_text(enum condition_verdict verdict)
{
    return verdict == CONDITION_TRUE ? "true" : verdict == CONDITION_FALSE ? "false" : "?";
}

void explain_print(const struct explanation *explanation, unsigned indent, struct text *out)
{
    for (size_t i = 0; i < explanation->line_count; i++) {
        const struct explain_line *line = &explanation->lines[i];
        const char *kind = explain_kind_text(line->kind);
        text_format(out, "%*s%-5s %*s%s\n", (int)indent, "", verdict_text(line->verdict),
                    (int)(2 * line->depth), "", kind ? kind : line->text);
        for (size_t j = 0; j < line->value_count; j++) {
            text_format(out, "%*s", (int)(indent + 6 + 2 * line->depth + 4), "");
            print_value(&line->values[j], out);
            text_append_char(out, '\n');
        }
    }
}
