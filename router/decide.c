#include "router/decide.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

void decisions_release(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->count; i++)
        free((void *)decisions->list[i].albums);
    free(decisions->list);
    *decisions = (struct decisions){0};
}

static bool class_is_wanted(const struct config_destination *destination, const char *sop_class)
{
    for (size_t i = 0; i < destination->sop_class_count; i++) {
        if (strcmp(destination->sop_classes[i], sop_class) == 0)
            return true;
    }
    return destination->sop_class_count == 0;
}

/* NULL: it takes the instance; else why it does not. */
static const char *objection(const struct config_destination *destination, const char *sop_class,
                             const struct condition_facts *facts)
{
    if (!class_is_wanted(destination, sop_class))
        return "its SOP class is not among the destination's sop_classes";
    if (destination->condition && !condition_holds(destination->condition, facts))
        return "the destination's condition is false";
    return NULL;
}

static void match_albums(const struct config_destination *destination, struct targets *targets,
                         const struct condition_facts *facts, struct jobdb_decision *decision)
{
    int64_t *matches = memory_new(destination->album_count, sizeof *matches);
    for (size_t i = 0; i < destination->album_count; i++) {
        const struct config_album *album = &destination->albums[i];
        const struct target *target = targets_for(targets, destination, album);
        if (!target || (album->condition && !condition_holds(album->condition, facts)))
            continue;
        matches[decision->album_count++] = target->row.album_id;
    }
    decision->albums = matches;
}

void decide(const struct config_node *node, struct targets *targets, const char *sop_class,
            const struct condition_facts *facts, struct decisions *ret_decisions)
{
    struct decisions decisions = {.list = memory_new(node->destination_count, sizeof *decisions.list)};
    for (size_t i = 0; i < node->destination_count; i++) {
        const struct config_destination *destination = &node->destinations[i];
        const struct target *target = targets_for(targets, destination, NULL);
        if (!target)
            continue;
        struct jobdb_decision *decision = &decisions.list[decisions.count++];
        decision->destination_id = target->row.destination_id;
        decision->why = objection(destination, sop_class, facts);
        decision->takes = decision->why == NULL;
        if (decision->takes)
            match_albums(destination, targets, facts, decision);
    }
    *ret_decisions = decisions;
}
