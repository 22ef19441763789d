#include "router/decide.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"
#include "common/config/fitting.h"
#include "common/dicom/dictionary.h"
#include "common/dicom/uid.h"
#include "common/jobs/version.h"

#include <stdlib.h>
#include <string.h>

enum { UID_SHOWN = 64 };

void decisions_release(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->count; i++) {
        free((void *)decisions->list[i].albums);
        free((void *)decisions->list[i].doubts);
    }
    for (size_t i = 0; i < decisions->sentence_count; i++)
        free(decisions->sentences[i]);
    free(decisions->list);
    free(decisions->sentences);
    free(decisions->said);
    text_release(&decisions->unfit);
    *decisions = (struct decisions){0};
}

/* The decisions own it from now on. */
static const char *keep_sentence(struct decisions *decisions, struct text *sentence)
{
    decisions->sentences = memory_grow(decisions->sentences, &decisions->sentence_capacity,
                                       decisions->sentence_count + 1, sizeof *decisions->sentences);
    return decisions->sentences[decisions->sentence_count++] = text_take(sentence);
}

static void note_said(struct decisions *decisions, const struct target *target,
                      enum condition_verdict verdict)
{
    decisions->said = memory_grow(decisions->said, &decisions->said_capacity, decisions->said_count + 1,
                                  sizeof *decisions->said);
    decisions->said[decisions->said_count++] =
        (struct decide_said){target->row.destination_id, target->row.album_id, verdict};
}

/* What the condition (NULL: always) of a destination or album (what) is for the instance. */
static enum condition_verdict judge(const struct condition *condition, const char *what, const char *name,
                                    const struct condition_facts *facts, struct text *ret_doubt)
{
    enum condition_verdict verdict = condition ? condition_judge(condition, facts) : CONDITION_TRUE;
    if (verdict == CONDITION_UNDECIDED) {
        text_format(ret_doubt, "the condition of %s %s cannot be decided: ", what, name);
        condition_tell_doubt(condition, dictionary_for_conditions(), facts, ret_doubt);
    }
    return verdict;
}

enum condition_verdict decide_album(const struct config_album *album, const struct condition_facts *facts,
                                    struct text *ret_doubt)
{
    return judge(album->condition, "album", album->name, facts, ret_doubt);
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
    const char *objection = fitting_uid_objection(destination, instance->study, instance->series);
    bool study = uid_is_oid(instance->study);
    if (!objection)
        return NULL;
    if (decisions->unfit.length == 0)
        tell_unfit(study ? "Series Instance UID (0020,000E)" : "Study Instance UID (0020,000D)",
                   study ? instance->series : instance->study, &decisions->unfit);
    return objection;
}

/* NULL: it takes the instance; else why it does not, or may not. */
static const char *objection_of(const struct target *target, bool anyway,
                                const struct jobdb_instance *instance, const struct condition_facts *facts,
                                struct decisions *decisions, bool *ret_undecided)
{
    const struct config_destination *destination = target->destination;
    AUTO(text_release) struct text doubt = TEXT_EMPTY;
    bool wanted = fitting_class_is_wanted(destination, instance->sop_class);
    enum condition_verdict verdict =
        wanted ? judge(destination->condition, "destination", destination->name, facts, &doubt)
               : CONDITION_FALSE;
    if (destination->condition || destination->sop_class_count > 0)
        note_said(decisions, target, verdict);
    if (!wanted)
        return "its SOP class is not among the destination's sop_classes";
    if (verdict == CONDITION_FALSE)
        return "the destination's condition is false";
    const char *objection = uid_objection_of(destination, instance, decisions);
    *ret_undecided = verdict == CONDITION_UNDECIDED && !anyway && !objection;
    return *ret_undecided ? keep_sentence(decisions, &doubt) : objection;
}

static void match_albums(const struct config_destination *destination, struct targets *targets,
                         const struct condition_facts *facts, struct jobdb_decision *decision,
                         struct decisions *decisions)
{
    int64_t *matches = memory_new(destination->album_count, sizeof *matches);
    struct jobdb_doubt *doubts = memory_new(destination->album_count, sizeof *doubts);
    for (size_t i = 0; i < destination->album_count; i++) {
        const struct config_album *album = &destination->albums[i];
        const struct target *target = targets_for(targets, destination, album);
        AUTO(text_release) struct text doubt = TEXT_EMPTY;
        enum condition_verdict verdict = target ? decide_album(album, facts, &doubt) : CONDITION_FALSE;
        if (target && album->condition)
            note_said(decisions, target, verdict);
        if (verdict == CONDITION_TRUE)
            matches[decision->album_count++] = target->row.album_id;
        if (verdict == CONDITION_UNDECIDED)
            doubts[decision->doubt_count++] =
                (struct jobdb_doubt){target->row.album_id, keep_sentence(decisions, &doubt)};
    }
    decision->albums = matches;
    decision->doubts = doubts;
}

/* Whether it takes the instance, or may. */
static bool decide_one(const struct config_destination *destination, bool anyway, struct targets *targets,
                       const struct jobdb_instance *instance, const struct condition_facts *facts,
                       struct decisions *decisions)
{
    const struct target *target = targets_for(targets, destination, NULL);
    if (!target)
        return false;
    struct jobdb_decision *decision = &decisions->list[decisions->count++];
    decision->destination_id = target->row.destination_id;
    decision->why = objection_of(target, anyway, instance, facts, decisions, &decision->undecided);
    decision->takes = decision->why == NULL;
    if (decision->takes)
        match_albums(destination, targets, facts, decision, decisions);
    return decision->takes || decision->undecided;
}

void decide(const struct config_node *node, const char *anyway, struct targets *targets,
            const struct jobdb_instance *instance, const struct condition_facts *facts,
            struct decisions *ret_decisions)
{
    struct decisions decisions = {.list = memory_new(node->destination_count, sizeof *decisions.list)};
    bool is_taken = false;
    for (size_t i = 0; i < node->destination_count; i++)
        is_taken |=
            decide_one(&node->destinations[i], anyway && strcmp(node->destinations[i].name, anyway) == 0,
                       targets, instance, facts, &decisions);
    if (is_taken)
        text_clear(&decisions.unfit);
    *ret_decisions = decisions;
}

void decide_destination(const struct config_destination *destination, bool anyway, struct targets *targets,
                        const struct jobdb_instance *instance, const struct condition_facts *facts,
                        struct decisions *ret_decisions)
{
    struct decisions decisions = {.list = memory_new(1, sizeof *decisions.list)};
    if (decide_one(destination, anyway, targets, instance, facts, &decisions))
        text_clear(&decisions.unfit);
    *ret_decisions = decisions;
}

static void leave_to_newer(struct decisions *decisions, struct jobdb_decision *decision, const char *receipt)
{
    struct text why = TEXT_EMPTY;
    text_format(&why, "replaced by receipt %s", receipt);
    decision->why = keep_sentence(decisions, &why);
    decision->takes = decision->undecided = false;
    decision->album_count = decision->doubt_count = 0;
}

void decide_versions(struct jobdb *db, const struct jobdb_instance *instance, struct decisions *decisions)
{
    char newer[RECEIPT_SIZE];
    for (size_t i = 0; i < decisions->count; i++) {
        struct jobdb_decision *decision = &decisions->list[i];
        if ((decision->takes || decision->undecided) &&
            jobdb_find_newer(db, instance->sop_instance, instance->receipt, INT64_MAX,
                             decision->destination_id, newer))
            leave_to_newer(decisions, decision, newer);
    }
}
