#include "common/view/lookup.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/view/details.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *lookup_kind_name(enum lookup_kind kind)
{
    static const char *const names[] = {
#define X(name, text) text,
        LOOKUP_KIND_MAP(X)
#undef X
    };
    return names[kind];
}

void lookup_release(struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        memory_free(&lookup->list[i].name);
}

static bool lookup_has(const struct lookup *lookup, enum lookup_kind kind, const char *name)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (lookup->list[i].kind == kind && strcmp(lookup->list[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Every name of a kind that begins so, in order, until there are too many. */
static void lookup_find_kind(struct jobdb *db, enum jobdb_question question, enum lookup_kind kind,
                             const char *prefix, struct lookup *lookup)
{
    AUTO(text_release) struct text from = TEXT_EMPTY;
    AUTO(text_release) struct text below = TEXT_EMPTY;
    text_append(&from, prefix);
    text_format(&below, "%s\x7f", prefix);
    while (lookup->count <= LOOKUP_MOST) {
        char *name = details_ask_name(db, question, text_string(&from), text_string(&below), 0);
        if (!name)
            return;
        text_clear(&from);
        text_format(&from, "%s\x01", name);
        if (lookup_has(lookup, kind, name))
            memory_free(&name);
        else
            lookup->list[lookup->count++] = (struct lookup_found){kind, name};
    }
}

/* A whole name means itself, although it begins others. */
static void prefer_exact(struct lookup *lookup, const char *name)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (strcmp(lookup->list[i].name, name) != 0)
            continue;
        struct lookup_found exact = lookup->list[i];
        lookup->list[i] = lookup->list[0];
        lookup->list[0] = exact;
        for (size_t k = 1; k < lookup->count; k++)
            memory_free(&lookup->list[k].name);
        lookup->count = 1;
    }
}

struct ending {
    struct lookup *lookup;
    enum lookup_kind kind;
};

static void take_ending(void *context, const struct jobdb_field *fields, size_t count)
{
    const struct ending *ending = context;
    struct lookup *lookup = ending->lookup;
    if (count == 1 && fields->text && lookup->count <= LOOKUP_MOST)
        lookup->list[lookup->count++] = (struct lookup_found){ending->kind, memory_string(fields->text)};
}

/* As every UID does: it is meant as a beginning, and nothing else shall be found by it. */
static bool may_begin(const char *name)
{
    return *name >= '0' && *name <= '2' && name[1] == '.';
}

/* Studies first: a series or an instance is looked for only when no study ends so. */
static void find_endings(struct jobdb *db, const char *name, bool only_studies, struct lookup *lookup)
{
    static const struct {
        enum jobdb_question question;
        enum lookup_kind kind;
    } kinds[] = {{JOBDB_ASK_ENDING_STUDIES, LOOKUP_STUDY},
                 {JOBDB_ASK_ENDING_SERIES, LOOKUP_SERIES},
                 {JOBDB_ASK_ENDING_SOP_INSTANCES, LOOKUP_SOP_INSTANCE}};
    size_t count = only_studies ? 1 : sizeof kinds / sizeof *kinds;
    name = string_starts_with(name, "…") ? name + strlen("…") : name + (*name == '~');
    if (strlen(name) < LOOKUP_END || may_begin(name))
        return;
    for (size_t i = 0; i < count && lookup->count == 0; i++) {
        struct ending ending = {lookup, kinds[i].kind};
        (void)jobdb_ask(db, kinds[i].question, name, NULL, LOOKUP_MOST + 1, take_ending, &ending);
    }
}

static void find_all(struct jobdb *db, const char *name, struct lookup *lookup)
{
    lookup_find_kind(db, JOBDB_ASK_NEXT_STUDY, LOOKUP_STUDY, name, lookup);
    lookup_find_kind(db, JOBDB_ASK_NEXT_SERIES, LOOKUP_SERIES, name, lookup);
    lookup_find_kind(db, JOBDB_ASK_NEXT_SERIES_APART, LOOKUP_SERIES, name, lookup);
    lookup_find_kind(db, JOBDB_ASK_NEXT_SERIES_PARKED, LOOKUP_SERIES, name, lookup);
    lookup_find_kind(db, JOBDB_ASK_NEXT_SOP_INSTANCE, LOOKUP_SOP_INSTANCE, name, lookup);
    lookup_find_kind(db, JOBDB_ASK_NEXT_RECEIPT, LOOKUP_RECEIPT, name, lookup);
    prefer_exact(lookup, name);
}

/* "delivery:12", "share:3", "instance:7", as `felucca jobs` and `felucca quarantine` print them. True: it is
 * of that form, whether or not there is one. */
static bool find_job(struct jobdb *db, const char *name, struct lookup *lookup)
{
    static const struct {
        const char *kind;
        enum jobdb_question question;
        enum lookup_kind found;
    } kinds[] = {{"delivery:", JOBDB_ASK_RECEIPT_OF_DELIVERY, LOOKUP_RECEIPT},
                 {"instance:", JOBDB_ASK_RECEIPT_OF_INSTANCE, LOOKUP_RECEIPT},
                 {"share:", JOBDB_ASK_SERIES_OF_SHARE, LOOKUP_SERIES},
                 {"inquiry:", JOBDB_ASK_SERIES_OF_INQUIRY, LOOKUP_SERIES},
                 {"fetch:", JOBDB_ASK_STUDY_OF_FETCH, LOOKUP_STUDY}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!string_starts_with(name, kinds[i].kind))
            continue;
        char *end;
        int64_t id = strtoll(name + strlen(kinds[i].kind), &end, 10);
        char *meant = *end ? NULL : details_ask_name(db, kinds[i].question, NULL, NULL, id);
        if (meant)
            lookup->list[lookup->count++] = (struct lookup_found){kinds[i].found, meant};
        return true;
    }
    return false;
}

void lookup_find(struct jobdb *db, const char *name, struct lookup *lookup)
{
    if (find_job(db, name, lookup))
        return;
    find_all(db, name, lookup);
    if (lookup->count == 0)
        find_endings(db, name, false, lookup);
}

void lookup_find_study(struct jobdb *db, const char *name, struct lookup *lookup)
{
    lookup_find_kind(db, JOBDB_ASK_NEXT_STUDY, LOOKUP_STUDY, name, lookup);
    prefer_exact(lookup, name);
    if (lookup->count == 0)
        find_endings(db, name, true, lookup);
}
