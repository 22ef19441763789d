/* goal - what was reached, beside what was to be reached. */
#ifndef FELUCCA_BENCH_GOAL_H
#define FELUCCA_BENCH_GOAL_H

#include <stdbool.h>

/* Prints the line, which ends with "reached" or "MISSED". at_most: less than wanted is good. */
void goal_print(const char *what, double reached, double wanted, bool at_most);

#endif
