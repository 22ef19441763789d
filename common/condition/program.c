#include "common/condition/program.h"

#include "common/base/memory.h"
#include "common/condition/evaluate.h"

#include <assert.h>
#include <stdlib.h>

static size_t emit(struct program *program, enum program_op op, uint32_t argument)
{
    program->instructions =
        memory_grow(program->instructions, &program->room, program->count + 1, sizeof *program->instructions);
    program->instructions[program->count] = (struct instruction){op, argument};
    return program->count++;
}

static void generate(const struct tree *tree, uint32_t index, struct program *program);

/* Each child but the last is followed by a jump to the end, and each but the first by what joins it to those
 * before; the jumps are chained through their arguments until the end is known. */
static void generate_chain(const struct tree *tree, const struct node *node, struct program *program)
{
    bool all = node->kind == NODE_ALL;
    uint32_t pending = TREE_NONE;
    for (uint32_t child = node->first_child; child != TREE_NONE; child = tree->nodes[child].sibling) {
        generate(tree, child, program);
        if (child != node->first_child)
            emit(program, all ? PROGRAM_ALL : PROGRAM_ANY, 0);
        if (tree->nodes[child].sibling != TREE_NONE)
            pending = (uint32_t)emit(program, all ? PROGRAM_UNLESS_FALSE : PROGRAM_UNLESS_TRUE, pending);
    }
    while (pending != TREE_NONE) {
        uint32_t next = program->instructions[pending].argument;
        program->instructions[pending].argument = (uint32_t)program->count;
        pending = next;
    }
}

/* The parser bounds how deep this goes. */
static void generate(const struct tree *tree, uint32_t index, struct program *program)
{
    const struct node *node = &tree->nodes[index];
    switch (node->kind) {
    case NODE_ALL:
    case NODE_ANY:
        generate_chain(tree, node, program);
        break;
    case NODE_NOT:
        generate(tree, node->first_child, program);
        emit(program, PROGRAM_NOT, 0);
        break;
    case NODE_SAME:
    case NODE_DIFFER:
        generate(tree, node->first_child, program);
        emit(program, PROGRAM_PUSH, 0);
        generate(tree, tree->nodes[node->first_child].sibling, program);
        emit(program, node->kind == NODE_SAME ? PROGRAM_SAME : PROGRAM_DIFFER, 0);
        break;
    case NODE_CONSTANT:
        emit(program, PROGRAM_CONSTANT, node->truth);
        break;
    case NODE_TEST:
        emit(program, PROGRAM_TEST, node->test);
        break;
    }
}

void program_generate(const struct tree *tree, struct program *program)
{
    generate(tree, tree->root, program);
}

void program_release(struct program *program)
{
    free(program->instructions);
    *program = (struct program){.instructions = NULL};
}

static enum condition_verdict opposite(enum condition_verdict verdict)
{
    return (enum condition_verdict)(CONDITION_TRUE - verdict);
}

static enum condition_verdict lesser(enum condition_verdict a, enum condition_verdict b)
{
    return a < b ? a : b;
}

enum condition_verdict program_same(enum condition_verdict a, enum condition_verdict b)
{
    if (a == CONDITION_UNDECIDED || b == CONDITION_UNDECIDED)
        return CONDITION_UNDECIDED;
    return a == b ? CONDITION_TRUE : CONDITION_FALSE;
}

enum condition_verdict program_run(const struct program *program, const struct tree *tree,
                                   const struct condition_facts *facts)
{
    /* A level of parentheses puts aside one verdict of ||, one of && and one of a comparison, at most. */
    enum condition_verdict aside[3 * (CONDITION_DEPTH_MAX + 1)];
    size_t count = 0;
    enum condition_verdict accumulator = CONDITION_FALSE;
    for (size_t i = 0; i < program->count; i++) {
        const struct instruction *instruction = &program->instructions[i];
        switch ((enum program_op)instruction->op) {
        case PROGRAM_TEST:
            accumulator = test_judge(tree, &tree->tests[instruction->argument], facts);
            break;
        case PROGRAM_CONSTANT:
            accumulator = instruction->argument ? CONDITION_TRUE : CONDITION_FALSE;
            break;
        case PROGRAM_NOT:
            accumulator = opposite(accumulator);
            break;
        case PROGRAM_UNLESS_FALSE:
        case PROGRAM_UNLESS_TRUE:
            if (accumulator == (instruction->op == PROGRAM_UNLESS_TRUE ? CONDITION_TRUE : CONDITION_FALSE)) {
                i = instruction->argument - 1;
                break;
            }
            /* fall through */
        case PROGRAM_PUSH:
            assert(count < sizeof aside / sizeof *aside);
            aside[count++] = accumulator;
            break;
        case PROGRAM_ALL:
            accumulator = lesser(aside[--count], accumulator);
            break;
        case PROGRAM_ANY:
            accumulator = opposite(lesser(opposite(aside[--count]), opposite(accumulator)));
            break;
        case PROGRAM_SAME:
            accumulator = program_same(aside[--count], accumulator);
            break;
        case PROGRAM_DIFFER:
            accumulator = opposite(program_same(aside[--count], accumulator));
            break;
        }
    }
    return accumulator;
}
