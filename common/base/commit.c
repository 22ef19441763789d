#include "common/base/commit.h"

/* A program has one of its own, written when it is linked (cmake/commit.cmake); a test has this one. */
extern const char felucca_commit[];
__attribute__((weak)) const char felucca_commit[] = "unknown";

const char *commit_name(void)
{
    return felucca_commit;
}
