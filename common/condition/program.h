/* program - a tree made into a flat array of instructions, and what runs it.
 *
 * An accumulator holds the verdict so far; && and || are jumps over what need not be looked at. Running has
 * no recursion and allocates nothing. */
#ifndef FELUCCA_CONDITION_PROGRAM_H
#define FELUCCA_CONDITION_PROGRAM_H

#include "common/condition/tree.h"

#define PROGRAM_OP_MAP(X) /* name, what it does */                           \
    X(TEST, "accumulator = test number argument")                            \
    X(CONSTANT, "accumulator = argument")                                    \
    X(NOT, "accumulator = !accumulator")                                     \
    X(JUMP_IF_FALSE, "go to instruction argument when accumulator is false") \
    X(JUMP_IF_TRUE, "... when it is true")                                   \
    X(PUSH, "put the accumulator aside")                                     \
    X(SAME, "accumulator = it equals what was put aside last")               \
    X(DIFFER, "accumulator = it does not")

enum program_op {
#define X(name, what) PROGRAM_##name,
    PROGRAM_OP_MAP(X)
#undef X
};

struct instruction {
    uint32_t op, argument;
};

struct program {
    struct instruction *instructions;
    size_t count, room;
};

/* Generates the program of a tree that parser_run() accepted. */
void program_generate(const struct tree *tree, struct program *program);
void program_release(struct program *program);

bool program_run(const struct program *program, const struct tree *tree, const struct condition_facts *facts);

#endif
