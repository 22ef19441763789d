#include "router/targets.h"

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/jobs/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALBUM_CONNECTIONS = 8 };

struct targets {
    struct target *list;
    size_t count, capacity;
};

struct targets *targets_create(void)
{
    return memory_new(1, sizeof(struct targets));
}

static void clear_targets(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        jobdb_target_release(&targets->list[i].row);
    targets->count = 0;
}

void targets_destroy(struct targets **targets)
{
    if (!*targets)
        return;
    clear_targets(*targets);
    free((*targets)->list);
    free(*targets);
    *targets = NULL;
}

/* FNV-1a. */
static void note_address(struct jobdb *db, const char *destination, const char *album, const char *url)
{
    uint64_t digest = 0xcbf29ce484222325ULL;
    char address[17];
    for (const char *next = url; *next; next++)
        digest = (digest ^ (unsigned char)*next) * 0x100000001b3ULL;
    (void)snprintf(address, sizeof address, "%016llx", (unsigned long long)digest);
    if (jobdb_note_address(db, destination, album, address))
        log_debug("another address", LOG_S("destination", destination), LOG_S("album", album ? album : "-"));
}

static void register_all(struct jobdb *db, const struct config *config)
{
    jobdb_unconfigure_all(db);
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            jobdb_configure(db, destination->name, NULL, destination->origin);
            note_address(db, destination->name, NULL, destination->stow_url);
            for (size_t a = 0; a < destination->album_count; a++) {
                const struct config_album *album = &destination->albums[a];
                jobdb_configure(db, destination->name, album->name, NULL);
                note_address(db, destination->name, album->name, album->api_url);
            }
        }
    }
}

static void add_target(void *context, struct jobdb_target *row)
{
    struct targets *targets = context;
    targets->list = memory_grow(targets->list, &targets->capacity, targets->count + 1, sizeof *targets->list);
    targets->list[targets->count++] = (struct target){.row = *row};
}

static void bind_configuration(struct target *target, const struct config *config)
{
    const struct config_destination *destination =
        target->row.configured ? config_find_destination(config, target->row.destination) : NULL;
    target->destination = destination;
    target->connections = destination ? destination->connections : 0;
    if (!target->row.album_id || !destination)
        return;
    target->album = config_find_album(destination, target->row.album);
    target->connections = ALBUM_CONNECTIONS;
    if (!target->album)
        target->destination = NULL;
}

static void pass_on_hold(struct targets *targets, const struct target *destination)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = &targets->list[i];
        if (target->row.album_id && target->row.destination_id == destination->row.destination_id)
            target->destination_held = destination->row.held;
    }
}

void targets_hold(struct targets *targets, struct target *target, bool held)
{
    target->row.held = held;
    if (!target->row.album_id)
        pass_on_hold(targets, target);
    targets_wake(targets);
}

void targets_configure(struct targets *targets, struct jobdb *db, const struct config *config)
{
    struct targets before = *targets;
    *targets = (struct targets){0};
    register_all(db, config);
    jobdb_each_target(db, add_target, targets);
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = &targets->list[i];
        bind_configuration(target, config);
        struct target *old = targets_find(&before, target->row.destination_id, target->row.album_id);
        if (old) {
            target->in_flight = old->in_flight;
            target->barred = old->barred;
            memcpy(target->served, old->served, sizeof target->served);
            target->fetching = old->fetching;
            target->fetch_failures = old->fetch_failures;
            target->fruitless = old->fruitless;
            target->missed = old->missed;
        }
        if (!target->row.album_id)
            pass_on_hold(targets, target);
    }
    clear_targets(&before);
    free(before.list);
}

size_t targets_count(const struct targets *targets)
{
    return targets->count;
}

struct target *targets_at(struct targets *targets, size_t index)
{
    return &targets->list[index];
}

struct target *targets_find(struct targets *targets, int64_t destination_id, int64_t album_id)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct jobdb_target *row = &targets->list[i].row;
        if (row->destination_id == destination_id && row->album_id == album_id)
            return &targets->list[i];
    }
    return NULL;
}

struct target *targets_named(struct targets *targets, const char *destination, const char *album)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct jobdb_target *row = &targets->list[i].row;
        if (strcmp(row->destination, destination) != 0 || !row->album != !album)
            continue;
        if (!album || strcmp(row->album, album) == 0)
            return &targets->list[i];
    }
    return NULL;
}

struct target *targets_for(struct targets *targets, const struct config_destination *destination,
                           const struct config_album *album)
{
    for (size_t i = 0; i < targets->count; i++) {
        if (targets->list[i].destination == destination && targets->list[i].album == album)
            return &targets->list[i];
    }
    return NULL;
}

void targets_hurry(struct targets *targets, int64_t latest)
{
    for (size_t i = 0; i < targets->count; i++) {
        struct target *target = &targets->list[i];
        target->look_at = target->fetch_at = target->fetch_until = 0;
        if (target->row.until > latest)
            target->row.until = latest;
    }
}

void targets_wake(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        targets->list[i].look_at = 0;
}
