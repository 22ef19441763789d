#include "router/targets.h"

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/address.h"
#include "common/jobs/target.h"

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

static void note_address(struct jobdb *db, const char *destination, const char *album, const char *address)
{
    if (jobdb_note_address(db, destination, album, address))
        log_debug("another address", LOG_S("destination", destination), LOG_S("album", album ? album : "-"));
}

static void register_all(struct jobdb *db, const struct config *config)
{
    jobdb_unconfigure_all(db);
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            char address[ADDRESS_SIZE];
            address_of_destination(destination, address);
            jobdb_configure(db, destination->name, NULL, destination->origin);
            note_address(db, destination->name, NULL, address);
            for (size_t a = 0; a < destination->album_count; a++) {
                const struct config_album *album = &destination->albums[a];
                jobdb_configure(db, destination->name, album->name, NULL);
                address_of_album(album, address);
                note_address(db, destination->name, album->name, address);
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
    if (destination && !target->row.album_id)
        address_of_destination(destination, target->address);
    if (!target->row.album_id || !destination)
        return;
    target->album = config_find_album(destination, target->row.album);
    target->connections = ALBUM_CONNECTIONS;
    if (target->album)
        address_of_album(target->album, target->address);
    else
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
            target->paid_until = old->paid_until;
            target->paid_rate = old->paid_rate;
            target->closed = old->closed; /* until windows_turn() */
            memcpy(target->served, old->served, sizeof target->served);
            target->fetching = old->fetching;
            target->fetch_failures = old->fetch_failures;
            target->inquiring = old->inquiring;
            target->inquire_failures = old->inquire_failures;
            target->fruitless = old->fruitless;
            target->missed = old->missed;
            target->lacking = old->lacking;
            target->seen = old->seen;
            target->seen_by = old->seen_by;
            target->seen_at = old->seen_at;
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
        target->inquire_at = target->inquire_until = 0;
        if (target->row.until > latest)
            target->row.until = latest;
    }
}

void targets_wake(struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        targets->list[i].look_at = 0;
}
