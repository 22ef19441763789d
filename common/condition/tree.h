/* tree - a checked expression as the parser leaves it: what the program is generated from and the
 * explanation walks.
 *
 * Nodes, tests, operands and paths are in arrays and name each other by index; a node's children have lower
 * indices than the node itself, so that one pass in order sees every child before its parent. */
#ifndef FELUCCA_CONDITION_TREE_H
#define FELUCCA_CONDITION_TREE_H

#include "common/condition/terms.h"
#include "common/condition/regex.h"

#define TREE_NONE UINT32_MAX

enum node_kind {
    NODE_ALL,      /* && of its children */
    NODE_ANY,      /* || of its children */
    NODE_NOT,      /* of its one child */
    NODE_SAME,     /* two children with the same verdict */
    NODE_DIFFER,   /* ... with different ones */
    NODE_CONSTANT, /* truth */
    NODE_TEST
};

struct node {
    enum node_kind kind;
    bool truth;
    uint32_t test;        /* NODE_TEST */
    uint32_t first_child; /* TREE_NONE: none */
    uint32_t sibling;     /* the next child of the same parent, or TREE_NONE */
    size_t start, end;    /* where it is in the expression */
};

enum operand_kind {
    OPERAND_STRING,     /* bytes, length */
    OPERAND_TEXT,       /* the text of path */
    OPERAND_TRANSFER,   /* a fact of the transfer */
    OPERAND_NUMBER,     /* number; bytes hold its decimal text */
    OPERAND_TAG_NUMBER, /* the number of path */
};

struct operand {
    enum operand_kind kind;
    uint32_t path;
    enum condition_transfer transfer;
    char *bytes; /* owned by the tree */
    size_t length;
    double number;
};

enum test_kind {
    TEST_PRESENT, /* left */
    /* The value functions: left is the text of a tag, false when it has none. */
    TEST_EQUALS,
    TEST_CONTAINS,
    TEST_BEGINS,
    TEST_ENDS,
    TEST_ONE_OF, /* right is the first of right_count operands */
    /* Comparisons of two texts, or of two numbers when left is one. A tag without text is "" here. */
    TEST_EQUAL,
    TEST_UNEQUAL,
    TEST_LESS,
    TEST_LESS_EQUAL,
    TEST_GREATER,
    TEST_GREATER_EQUAL,
    TEST_MATCHES /* left against regex */
};

struct test {
    enum test_kind kind;
    bool numbers;         /* a comparison of numbers */
    uint32_t left, right; /* operands */
    uint32_t right_count;
    struct regex *regex; /* owned by the tree */
};

struct tree {
    struct node *nodes;
    struct test *tests;
    struct operand *operands;
    struct condition_path *paths; /* each distinct one once */
    size_t node_count, test_count, operand_count, path_count;
    size_t node_room, test_room, operand_room, path_room;
    uint32_t root;
};

void tree_release(struct tree *tree);

/* Each appends one and returns its index. What item owns is the tree's afterwards. */
uint32_t tree_add_node(struct tree *tree, struct node node);
uint32_t tree_add_test(struct tree *tree, struct test test);
uint32_t tree_add_operand(struct tree *tree, struct operand operand);
/* A path that is there already is not added again. */
uint32_t tree_add_path(struct tree *tree, const struct condition_path *path);

/* Whether operand asks for a value inside a sequence, of which there may be many. */
bool operand_is_many(const struct tree *tree, const struct operand *operand);

#endif
