#include "tests/bench/goal.h"

#include <stdio.h>

void goal_print(const char *what, double reached, double wanted, bool at_most)
{
    bool good = at_most ? reached < wanted : reached >= wanted;
    (void)printf("  %-52s %8.2f   goal %s %6.2f   %s\n", what, reached, at_most ? "<" : ">=", wanted,
                 good ? "reached" : "MISSED");
    (void)fflush(stdout);
}
