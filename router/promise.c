#include "router/promise.h"

#include <stddef.h>
#include <string.h>

void promise_add(struct promise_facts *facts, const char *state)
{
    static const struct {
        const char *state;
        size_t count;
    } kinds[] = {{"sent", offsetof(struct promise_facts, sent)},
                 {"failed", offsetof(struct promise_facts, failed)},
                 {"dropped", offsetof(struct promise_facts, dropped)},
                 {"excluded", offsetof(struct promise_facts, excluded)}};
    size_t kind = 0;
    while (kind < sizeof kinds / sizeof *kinds && strcmp(kinds[kind].state, state) != 0)
        kind++;
    if (kind == sizeof kinds / sizeof *kinds)
        facts->open++; /* queued, sending, undecided */
    else
        *(int *)((char *)facts + kinds[kind].count) += 1;
}

enum promise promise_judge(enum config_commitment_when when, const struct promise_facts *facts, bool settled)
{
    if (!facts->known)
        return settled ? PROMISE_UNKNOWN : PROMISE_OPEN;
    if (facts->other_class)
        return PROMISE_OTHER_CLASS;
    if (facts->quarantined)
        return PROMISE_OPEN; /* a person may still have it delivered */
    if (when == CONFIG_RECEIVED && facts->sent + facts->open + facts->failed > 0)
        return PROMISE_COMMITTED;
    if (facts->failed + facts->dropped > 0)
        return PROMISE_FAILED;
    if (facts->open > 0)
        return PROMISE_OPEN;
    return facts->sent > 0 ? PROMISE_COMMITTED : PROMISE_UNKNOWN;
}

bool promise_counts(const struct config_node *node, const char *destination)
{
    if (!node || node->commitment.destination_count == 0)
        return true;
    for (size_t i = 0; i < node->commitment.destination_count; i++)
        if (strcmp(node->commitment.destinations[i], destination) == 0)
            return true;
    return false;
}
