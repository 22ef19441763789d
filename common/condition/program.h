/* program - a tree made into a flat array of instructions, and what runs it.
 *
 * An accumulator holds the verdict so far, one of three; && and || jump over what need not be looked at.
 * Running has no recursion and allocates nothing. */
#ifndef FELUCCA_CONDITION_PROGRAM_H
#define FELUCCA_CONDITION_PROGRAM_H

#include "common/condition/tree.h"

#define PROGRAM_OP_MAP(X) /* name, what it does */                                               \
    X(TEST, "accumulator = test number argument")                                                \
    X(CONSTANT, "accumulator = argument")                                                        \
    X(NOT, "accumulator = !accumulator")                                                         \
    X(UNLESS_FALSE, "put the accumulator aside, or when it is false go to instruction argument") \
    X(UNLESS_TRUE, "... or when it is true")                                                     \
    X(ALL, "accumulator = the lesser of it and what was put aside last")                         \
    X(ANY, "accumulator = the greater of the two")                                               \
    X(PUSH, "put the accumulator aside")                                                         \
    X(SAME, "accumulator = it equals what was put aside last")                                   \
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

/* Whether two verdicts are the same. */
enum condition_verdict program_same(enum condition_verdict a, enum condition_verdict b);

enum condition_verdict program_run(const struct program *program, const struct tree *tree,
                                   const struct condition_facts *facts);

#endif
