#include "router/decide.h"

#include "common/base/memory.h"
#include "common/dicom/dictionary.h"

#include <stdlib.h>
#include <string.h>

void decisions_release(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->count; i++)
        free((void *)decisions->list[i].albums);
    free(decisions->list);
    text_release(&decisions->undecided);
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

/* Whether the condition (NULL: always) holds. One that cannot be decided does not, and is told, once. */
static bool condition_is_true(const struct condition *condition, const char *what, const char *name,
                              const struct condition_facts *facts, struct decisions *decisions)
{
    enum condition_verdict verdict = condition ? condition_judge(condition, facts) : CONDITION_TRUE;
    if (verdict == CONDITION_UNDECIDED && decisions->undecided.length == 0) {
        text_format(&decisions->undecided, "the condition of %s %s cannot be decided: ", what, name);
        condition_tell_doubt(condition, dictionary_for_conditions(), facts, &decisions->undecided);
    }
    return verdict == CONDITION_TRUE;
}

/* NULL: it takes the instance; else why it does not. */
static const char *objection_of(const struct config_destination *destination, const char *sop_class,
                                const struct condition_facts *facts, struct decisions *decisions)
{
    if (!class_is_wanted(destination, sop_class))
        return "its SOP class is not among the destination's sop_classes";
    if (!condition_is_true(destination->condition, "destination", destination->name, facts, decisions))
        return "the destination's condition is false";
    return NULL;
}

static void match_albums(const struct config_destination *destination, struct targets *targets,
                         const struct condition_facts *facts, struct jobdb_decision *decision,
                         struct decisions *decisions)
{
    int64_t *matches = memory_new(destination->album_count, sizeof *matches);
    for (size_t i = 0; i < destination->album_count; i++) {
        const struct config_album *album = &destination->albums[i];
        const struct target *target = targets_for(targets, destination, album);
        if (!target || !condition_is_true(album->condition, "album", album->name, facts, decisions))
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
        decision->why = objection_of(destination, sop_class, facts, &decisions);
        decision->takes = decision->why == NULL;
        if (decision->takes)
            match_albums(destination, targets, facts, decision, &decisions);
    }
    *ret_decisions = decisions;
}
