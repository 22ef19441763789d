#include "router/decide.h"

#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/uid.h"

#include <stdlib.h>
#include <string.h>

enum { UID_SHOWN = 64 };

void decisions_release(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->count; i++)
        free((void *)decisions->list[i].albums);
    free(decisions->list);
    text_release(&decisions->undecided);
    text_release(&decisions->unfit);
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

/* The sentence on a UID that a KHEOPS can never take. */
static void tell_unfit(const char *what, const char *uid, struct text *out)
{
    text_format(out, "its %s \"", what);
    utf8_append_shown(out, uid, strlen(uid), UID_SHOWN);
    text_append(
        out,
        "\" is no object identifier, and KHEOPS takes nothing else; no destination of its node can take it");
}

/* NULL: its server can take it. */
static const char *uid_objection_of(const struct config_destination *destination,
                                    const struct jobdb_instance *instance, struct decisions *decisions)
{
    bool study = uid_is_oid(instance->study);
    if (!destination->kheops || (study && uid_is_oid(instance->series)))
        return NULL;
    if (decisions->unfit.length == 0)
        tell_unfit(study ? "Series Instance UID (0020,000E)" : "Study Instance UID (0020,000D)",
                   study ? instance->series : instance->study, &decisions->unfit);
    return "its study or series UID is no object identifier, and KHEOPS takes nothing else";
}

/* NULL: it takes the instance; else why it does not. */
static const char *objection_of(const struct config_destination *destination,
                                const struct jobdb_instance *instance, const struct condition_facts *facts,
                                struct decisions *decisions)
{
    if (!class_is_wanted(destination, instance->sop_class))
        return "its SOP class is not among the destination's sop_classes";
    if (!condition_is_true(destination->condition, "destination", destination->name, facts, decisions))
        return "the destination's condition is false";
    return uid_objection_of(destination, instance, decisions);
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

void decide(const struct config_node *node, struct targets *targets, const struct jobdb_instance *instance,
            const struct condition_facts *facts, struct decisions *ret_decisions)
{
    struct decisions decisions = {.list = memory_new(node->destination_count, sizeof *decisions.list)};
    bool is_taken = false;
    for (size_t i = 0; i < node->destination_count; i++) {
        const struct config_destination *destination = &node->destinations[i];
        const struct target *target = targets_for(targets, destination, NULL);
        if (!target)
            continue;
        struct jobdb_decision *decision = &decisions.list[decisions.count++];
        decision->destination_id = target->row.destination_id;
        decision->why = objection_of(destination, instance, facts, &decisions);
        decision->takes = decision->why == NULL;
        if (decision->takes)
            match_albums(destination, targets, facts, decision, &decisions);
        is_taken |= decision->takes;
    }
    if (is_taken)
        text_clear(&decisions.unfit);
    *ret_decisions = decisions;
}
