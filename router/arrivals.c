#include "router/arrivals.h"

#include "common/base/receipt.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/spool/file_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 32, QUIET_MS = 5 * 1000, LONGEST_MS = 60 * 1000, REASON_SIZE = 200 };

/* Instances that came together: of one study, or quarantined for one reason; from one caller. */
struct group {
    char study[JOBDB_UID_SIZE], reason[REASON_SIZE]; /* reason: "" where they were taken in */
    char calling_aet[FILE_META_AET_SIZE], called_aet[FILE_META_AET_SIZE];
    char first[RECEIPT_SIZE], last[RECEIPT_SIZE];
    size_t instances, excluded, undecided;
    int64_t bytes, began_ms, last_ms;
};

struct arrivals {
    struct group groups[GROUPS_MAX];
    size_t count;
};

struct arrivals *arrivals_create(void)
{
    return memory_new(1, sizeof(struct arrivals));
}

static void tell_group(const struct group *group)
{
    if (group->reason[0])
        log_warning("quarantined", LOG_S("reason", group->reason), LOG_I("instances", group->instances),
                    LOG_S("study", group->study), LOG_S("calling", group->calling_aet),
                    LOG_S("called", group->called_aet), LOG_S("first_receipt", group->first),
                    LOG_S("last_receipt", group->last));
    else
        log_info("taken in", LOG_S("study", group->study), LOG_I("instances", group->instances),
                 LOG_I("bytes", group->bytes), LOG_I("excluded", group->excluded),
                 LOG_I("undecided", group->undecided), LOG_S("calling", group->calling_aet),
                 LOG_S("called", group->called_aet), LOG_S("first_receipt", group->first),
                 LOG_S("last_receipt", group->last));
}

static void tell_and_forget(struct arrivals *arrivals, size_t index)
{
    tell_group(&arrivals->groups[index]);
    arrivals->groups[index] = arrivals->groups[--arrivals->count];
}

void arrivals_destroy(struct arrivals **arrivals)
{
    while (*arrivals && (*arrivals)->count > 0)
        tell_and_forget(*arrivals, 0);
    free(*arrivals);
    *arrivals = NULL;
}

static void copy_name(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "");
}

static size_t oldest_group(const struct arrivals *arrivals)
{
    size_t found = 0;
    for (size_t i = 1; i < arrivals->count; i++)
        if (arrivals->groups[i].last_ms < arrivals->groups[found].last_ms)
            found = i;
    return found;
}

static struct group *group_of(struct arrivals *arrivals, const struct jobdb_instance *instance,
                              const char *reason, int64_t now_ms)
{
    struct group wanted = {.began_ms = now_ms};
    copy_name(wanted.study, sizeof wanted.study, *reason ? NULL : instance->study);
    copy_name(wanted.reason, sizeof wanted.reason, reason);
    copy_name(wanted.calling_aet, sizeof wanted.calling_aet, instance->calling_aet);
    copy_name(wanted.called_aet, sizeof wanted.called_aet, instance->called_aet);
    for (size_t i = 0; i < arrivals->count; i++) {
        struct group *group = &arrivals->groups[i];
        if (strcmp(group->study, wanted.study) == 0 && strcmp(group->reason, wanted.reason) == 0 &&
            strcmp(group->calling_aet, wanted.calling_aet) == 0 &&
            strcmp(group->called_aet, wanted.called_aet) == 0)
            return group;
    }
    if (arrivals->count == GROUPS_MAX)
        tell_and_forget(arrivals, oldest_group(arrivals));
    struct group *group = &arrivals->groups[arrivals->count++];
    *group = wanted;
    copy_name(group->first, sizeof group->first, instance->receipt);
    return group;
}

static void add_to_group(struct arrivals *arrivals, const struct jobdb_instance *instance, const char *reason,
                         struct arrivals_fate fate, int64_t now_ms)
{
    struct group *group = group_of(arrivals, instance, reason, now_ms);
    copy_name(group->last, sizeof group->last, instance->receipt);
    group->instances++;
    group->excluded += fate.excluded;
    group->undecided += fate.undecided;
    group->bytes += instance->size;
    group->last_ms = now_ms;
}

void arrivals_taken(struct arrivals *arrivals, const struct jobdb_instance *instance,
                    struct arrivals_fate fate, int64_t now_ms)
{
    add_to_group(arrivals, instance, "", fate, now_ms);
}

void arrivals_quarantined(struct arrivals *arrivals, const struct jobdb_instance *instance,
                          const char *reason, int64_t now_ms)
{
    add_to_group(arrivals, instance, reason, (struct arrivals_fate){0}, now_ms);
}

void arrivals_turn(struct arrivals *arrivals, int64_t now_ms)
{
    for (size_t i = arrivals->count; i-- > 0;) {
        const struct group *group = &arrivals->groups[i];
        if (now_ms - group->last_ms >= QUIET_MS || now_ms - group->began_ms >= LONGEST_MS)
            tell_and_forget(arrivals, i);
    }
}
