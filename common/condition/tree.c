#include "common/condition/tree.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

void tree_release(struct tree *tree)
{
    for (size_t i = 0; i < tree->operand_count; i++)
        free(tree->operands[i].bytes);
    for (size_t i = 0; i < tree->test_count; i++)
        regex_destroy(&tree->tests[i].regex);
    free(tree->nodes);
    free(tree->tests);
    free(tree->operands);
    free(tree->paths);
    *tree = (struct tree){.root = TREE_NONE};
}

uint32_t tree_add_node(struct tree *tree, struct node node)
{
    tree->nodes = memory_grow(tree->nodes, &tree->node_room, tree->node_count + 1, sizeof node);
    tree->nodes[tree->node_count] = node;
    return (uint32_t)tree->node_count++;
}

uint32_t tree_add_test(struct tree *tree, struct test test)
{
    tree->tests = memory_grow(tree->tests, &tree->test_room, tree->test_count + 1, sizeof test);
    tree->tests[tree->test_count] = test;
    return (uint32_t)tree->test_count++;
}

uint32_t tree_add_operand(struct tree *tree, struct operand operand)
{
    tree->operands =
        memory_grow(tree->operands, &tree->operand_room, tree->operand_count + 1, sizeof operand);
    tree->operands[tree->operand_count] = operand;
    return (uint32_t)tree->operand_count++;
}

uint32_t tree_add_path(struct tree *tree, const struct condition_path *path)
{
    for (size_t i = 0; i < tree->path_count; i++)
        if (tree->paths[i].depth == path->depth && strcmp(tree->paths[i].vr, path->vr) == 0 &&
            memcmp(tree->paths[i].tags, path->tags, path->depth * sizeof *path->tags) == 0)
            return (uint32_t)i;
    tree->paths = memory_grow(tree->paths, &tree->path_room, tree->path_count + 1, sizeof *path);
    tree->paths[tree->path_count] = *path;
    return (uint32_t)tree->path_count++;
}

bool operand_is_many(const struct tree *tree, const struct operand *operand)
{
    return (operand->kind == OPERAND_TEXT || operand->kind == OPERAND_TAG_NUMBER) &&
           tree->paths[operand->path].depth > 1;
}
