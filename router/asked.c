#include "router/asked.h"

#include "common/base/clock.h"
#include "common/base/fnv.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "common/config/config.h"
#include "common/jobs/conditions.h"
#include "router/shared.h"
#include "router/targets.h"

#include <stdio.h>

enum { PLACES = 16384, DIGEST_SIZE = 17 };

struct asked {
    struct metric *verdicts, *unmatched_age, *unmatched_series;
    uint64_t met[PLACES]; /* of each place the series and target that were there last */
};

struct asked *asked_create(struct metrics *metrics)
{
    static const char *const verdict[] = {"destination", "album", "verdict", NULL};
    static const char *const target[] = {"destination", "album", NULL};
    struct asked *asked = memory_new(1, sizeof *asked);
    asked->verdicts = metrics_add(metrics, METRIC_COUNTER, "condition_verdicts_total",
                                  "Instances taken in, by what the condition said of them.", verdict);
    asked->unmatched_age = metrics_add(
        metrics, METRIC_GAUGE, "condition_unmatched_seconds",
        "For how long a condition has matched none of the series that came; 0: the last one.", target);
    asked->unmatched_series = metrics_add(metrics, METRIC_GAUGE, "condition_unmatched_series",
                                          "Series that came since the condition matched last.", target);
    return asked;
}

void asked_destroy(struct asked **asked)
{
    memory_free(asked);
}

/* A byte that is in no text of UTF-8 parts them. What comes out is stored. */
static uint64_t mix(uint64_t hash, const char *text)
{
    return fnv_byte(fnv_text(hash, text), 0xff);
}

/* Of its condition, and of a destination's sop_classes. False: it has none. */
static bool digest_of(const struct target *target, char digest[DIGEST_SIZE])
{
    const struct config_destination *destination = target->destination;
    uint64_t hash = FNV_START;
    if (!destination)
        return false;
    const struct condition *condition = target->album ? target->album->condition : destination->condition;
    size_t classes = target->album ? 0 : destination->sop_class_count;
    for (size_t i = 0; i < classes; i++)
        hash = mix(hash, destination->sop_classes[i]);
    hash = mix(hash, condition ? condition_text(condition) : "");
    (void)snprintf(digest, DIGEST_SIZE, "%016llx", (unsigned long long)hash);
    return condition || classes > 0;
}

static const char *const verdict_names[] = {
    [JOBDB_SAID_NO] = "no", [JOBDB_SAID_UNDECIDED] = "undecided", [JOBDB_SAID_YES] = "yes"};

static void count(const struct router *router, const struct target *target, enum jobdb_said said, double by)
{
    const char *labels[] = {target->row.destination, target->row.album ? target->row.album : "",
                            verdict_names[said]};
    metric_add(router->asked->verdicts, labels, by);
}

void asked_configure(struct router *router)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        char digest[DIGEST_SIZE];
        bool has = digest_of(target, digest);
        jobdb_condition_in_force(router->db, target->row.destination_id, target->row.album_id,
                                 has ? digest : NULL, clock_wall_ms());
        for (int said = 0; has && said <= JOBDB_SAID_YES; said++)
            count(router, target, (enum jobdb_said)said, 0); /* so that the first increase can be seen */
    }
}

/* Whether the target meets the series for the first time, as far as is known. */
static bool meets(struct asked *asked, uint64_t series, const struct target *target)
{
    uint64_t hash = fnv_number(fnv_number(series, target->row.destination_id), target->row.album_id);
    uint64_t *place = &asked->met[hash % PLACES];
    bool first = *place != hash;
    *place = hash;
    return first;
}

static enum jobdb_said said_of(enum condition_verdict verdict)
{
    if (verdict == CONDITION_UNDECIDED)
        return JOBDB_SAID_UNDECIDED;
    return verdict == CONDITION_TRUE ? JOBDB_SAID_YES : JOBDB_SAID_NO;
}

void asked_note(struct router *router, const struct decisions *decisions, const char *series)
{
    uint64_t hash = mix(FNV_START, series);
    for (size_t i = 0; i < decisions->said_count; i++) {
        const struct decide_said *said = &decisions->said[i];
        const struct target *target = targets_find(router->targets, said->destination_id, said->album_id);
        if (!target)
            continue;
        bool first = meets(router->asked, hash, target);
        jobdb_count_condition(router->db, said->destination_id, said->album_id, said_of(said->verdict), first,
                              router->now);
        count(router, target, said_of(said->verdict), 1);
    }
}

void asked_clear(struct asked *asked)
{
    metric_clear(asked->unmatched_age);
    metric_clear(asked->unmatched_series);
}

void asked_show(struct router *router)
{
    for (size_t i = 0; i < targets_count(router->targets); i++) {
        const struct target *target = targets_at(router->targets, i);
        const char *labels[] = {target->row.destination, target->row.album ? target->row.album : ""};
        struct jobdb_condition condition;
        if (!jobdb_find_condition(router->db, target->row.destination_id, target->row.album_id, router->now,
                                  &condition))
            continue;
        int64_t age = condition.unmatched_since ? router->now - condition.unmatched_since : 0;
        metric_set(router->asked->unmatched_age, labels, age > 0 ? (double)age / 1000 : 0);
        metric_set(router->asked->unmatched_series, labels, (double)condition.unmatched_series);
    }
}
