#include "router/former.h"

#include "router/shared.h"
#include "router/targets.h"

#include <string.h>

/* Both are known, and they differ. */
static bool is_other(const char *said, const char *now)
{
    return said && now && *said && *now && strcmp(said, now) != 0;
}

void former_excuse(struct router *router, struct work_result *result)
{
    const struct target *target = targets_named(router->targets, result->destination, result->album);
    if (!target || result->stage == WORK_FETCH || result->stage == WORK_INQUIRE)
        return;
    bool moved = is_other(result->address, target->address);
    bool elsewhere = moved || is_other(result->opens, target->row.home);
    bool refused_elsewhere = is_other(result->home, target->row.home);
    result->vacant = result->vacant && !elsewhere && !refused_elsewhere;
    for (size_t i = 0; i < result->answer_count; i++) {
        struct work_answer *answer = &result->answers[i];
        bool done = work_answer_is_done(answer);
        answer->absent = answer->absent && !elsewhere && !refused_elsewhere;
        if (done && elsewhere)
            work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_NOBODY, answer->http_status,
                            "done where everything went to before: it goes to the new place, too");
        else if (!done && answer->outcome != WORK_MISSING_OUTCOME &&
                 (moved || (refused_elsewhere && answer->blame == BLAME_TOKEN)))
            work_answer_set(answer, WORK_RETRY_OUTCOME, BLAME_NOBODY, answer->http_status,
                            "it was on its way to where everything went to before");
    }
}
