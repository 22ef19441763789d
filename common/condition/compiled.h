/* compiled - what a condition is made of, for the files that explain and measure it. */
#ifndef FELUCCA_CONDITION_COMPILED_H
#define FELUCCA_CONDITION_COMPILED_H

#include "common/condition/program.h"

struct condition {
    char *text;
    struct tree tree;
    struct program program;
};

#endif
