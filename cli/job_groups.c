#include "cli/job_groups.h"

#include "common/base/memory.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct job_groups {
    void *tree; /* of the groups, by what their jobs have in common */
    struct job_group **list;
    size_t count, capacity;
};

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_groups(const void *first, const void *second)
{
    const struct job_group *a = first, *b = second;
    const char *const texts[][2] = {{a->study, b->study},
                                    {a->reason, b->reason},
                                    {a->state, b->state},
                                    {a->destination, b->destination},
                                    {a->album, b->album},
                                    {a->kind, b->kind},
                                    {a->calling_aet, b->calling_aet}};
    int order = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && order == 0; i++)
        order = compare_texts(texts[i][0], texts[i][1]);
    return order;
}

static void group_destroy(struct job_group *group)
{
    char *const texts[] = {group->kind,  group->state,       group->destination, group->album,
                           group->study, group->calling_aet, group->reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(group);
}

static struct job_group *group_create(const struct jobdb_job_row *job)
{
    struct job_group *group = memory_new(1, sizeof *group);
    *group = (struct job_group){.kind = memory_string(job->kind),
                                .state = memory_string(job->state),
                                .destination = memory_string(job->destination),
                                .album = memory_string(job->album),
                                .study = memory_string(job->study),
                                .calling_aet = memory_string(job->calling_aet),
                                .reason = memory_string(job->reason)};
    return group;
}

struct job_groups *job_groups_create(void)
{
    return memory_new(1, sizeof(struct job_groups));
}

void job_groups_destroy(struct job_groups **groups)
{
    struct job_groups *all = *groups;
    *groups = NULL;
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++) {
        (void)tdelete(all->list[i], &all->tree, compare_groups);
        group_destroy(all->list[i]);
    }
    free(all->list);
    free(all);
}

void job_groups_add(struct job_groups *groups, const struct jobdb_job_row *job)
{
    struct job_group *group = group_create(job);
    struct job_group **found = tsearch(group, &groups->tree, compare_groups);
    if (!found || *found == group) { /* no memory for the tree: counted apart */
        groups->list =
            memory_grow(groups->list, &groups->capacity, groups->count + 1, sizeof(struct job_group *));
        groups->list[groups->count++] = group;
    } else {
        group_destroy(group);
        group = *found;
    }
    group->count++;
    if (job->received_at > group->latest)
        group->latest = job->received_at;
}

size_t job_groups_count(const struct job_groups *groups)
{
    return groups->count;
}

const struct job_group *job_groups_at(const struct job_groups *groups, size_t which)
{
    return groups->list[which];
}
