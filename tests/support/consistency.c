#include "tests/support/consistency.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/jobs/consistency.h"
#include "tests/support/require.h"

struct finding {
    struct text *problems;
    int64_t count;
};

static void add_problem(void *context, enum consistency_problem problem, const char *what)
{
    struct finding *finding = context;
    (void)problem;
    text_format(finding->problems, "%s\n", what);
    finding->count++;
}

int64_t consistency_problems(const char *state_dir, struct text *ret_problems)
{
    static const struct consistency_patience nothing_moves = {0, INT64_MAX};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct finding finding = {ret_problems, 0};
    int code = consistency_check(state_dir, &nothing_moves, add_problem, &finding, &reason);
    require(code == 0 || code == ERR_ABSENT, "%s", text_string(&reason));
    return finding.count;
}
