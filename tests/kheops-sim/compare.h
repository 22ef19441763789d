/* compare - asks a KHEOPS every question of answers.txt, and prints where its answers differ.
 *
 * The client mode of kheops-sim. Nothing that it prints holds a token. */
#ifndef FELUCCA_SIM_COMPARE_H
#define FELUCCA_SIM_COMPARE_H

#include "tests/kheops-sim/recorded.h"
#include "tests/kheops-sim/run.h"

/* The exit status: 0 no difference, 1 some, 2 it could not be asked. */
int compare_all(const struct run *run, const struct recorded_table *table);

#endif
