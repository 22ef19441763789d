#include "common/view/surroundings.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/config/proxy.h"
#include "common/spool/oddity.h"
#include "common/spool/overfull.h"
#include "common/spool/resting.h"
#include "common/spool/spool.h"
#include "common/spool/unconfined.h"
#include "common/view/trays_seen.h"

#include <fcntl.h>
#include <string.h>

static void take_rejections(void *context, const struct rejections_kind *kind)
{
    struct surroundings *surroundings = context;
    if (surroundings->rejection_count < SURROUNDINGS_REJECTIONS)
        surroundings->rejections[surroundings->rejection_count++] = *kind;
}

static json_t *oddity_to_json(const struct oddity *oddity)
{
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "at", json_from_time(oddity->at), "times",
                     (json_int_t)oddity->times, "calling", json_from_text(oddity->calling), "called",
                     json_from_text(oddity->called), "address", json_from_text(oddity->address),
                     "sop_instance", json_from_text(oddity->sop_instance), "because",
                     json_from_text(oddity->because));
}

static json_t *oddities_to_json(struct spool *spool, int64_t now)
{
    struct oddity_found found;
    json_t *object = json_object();
    for (int kind = 0; kind < ODDITIES; kind++) {
        if (oddity_find(spool, (enum oddity_kind)kind, now, &found))
            (void)json_object_set_new(object, oddity_name((enum oddity_kind)kind),
                                      oddity_to_json(&found.oddity));
    }
    return object;
}

static void look_at_spool(const struct config *config, struct surroundings *ret_surroundings)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    ret_surroundings->room = (struct spool_room){-1, -1};
    if (spool_open(config->state_dir, &spool) != 0)
        return;
    (void)spool_room(spool, &ret_surroundings->room);
    overfull_read(spool, &ret_surroundings->overfull);
    unconfined_read(spool, &ret_surroundings->unconfined);
    rejections_read(spool, clock_wall_ms(), take_rejections, ret_surroundings);
    oddity_append(spool, clock_wall_ms(), &ret_surroundings->oddities);
    ret_surroundings->oddities_json = oddities_to_json(spool, clock_wall_ms());
}

void surroundings_release(struct surroundings *surroundings)
{
    text_release(&surroundings->overfull);
    text_release(&surroundings->unconfined);
    json_release(&surroundings->resting);
    text_release(&surroundings->oddities);
    json_release(&surroundings->oddities_json);
    text_release(&surroundings->trays);
    json_release(&surroundings->trays_json);
}

static int surroundings_count(void *context, const char *receipt)
{
    (void)receipt;
    ++*(int64_t *)context;
    return 0;
}

int64_t surroundings_incoming(const struct config *config)
{
    AUTO(spool_destroy) struct spool *spool = NULL;
    int64_t files = 0;
    if (spool_open(config->state_dir, &spool) == 0)
        (void)spool_scan(spool, SPOOL_INCOMING, surroundings_count, &files);
    return files;
}

/* The router holds a lock on jobs.db.lock as long as it lives. */
static int look_for_router(const struct config *config)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/jobs.db.lock", config->state_dir);
    AUTO(fd_close) int fd = open(text_string(&path), O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) != 0)
        return -1;
    return lock.l_type != F_UNLCK;
}

static void look_for_owner(const struct config *config, struct surroundings *ret_surroundings)
{
    AUTO(fd_close) int dir = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return;
    ret_surroundings->has_owner = owner_read(dir, &ret_surroundings->owner) == 0;
    ret_surroundings->has_standby = standby_read(dir, clock_wall_ms(), &ret_surroundings->standby) == 0;
}

/* All but the log of the job database. */
static void look_around(const struct config *config, struct surroundings *ret_surroundings)
{
    look_for_owner(config, ret_surroundings);
    look_at_spool(config, ret_surroundings);
    ret_surroundings->router = look_for_router(config);
    ret_surroundings->resting =
        ret_surroundings->router == 0 ? json_array() : resting_read(config->state_dir);
    trays_seen_append(config, clock_wall_ms(), &ret_surroundings->trays);
    ret_surroundings->trays_json = config->tray_count > 0 ? trays_seen_json(config, clock_wall_ms()) : NULL;
}

void surroundings_look(const struct config *config, struct surroundings *ret_surroundings)
{
    look_around(config, ret_surroundings);
    jobdb_wal_look(config->state_dir, &ret_surroundings->wal);
}

void surroundings_look_beside(const struct config *config, struct jobdb_wal_watch *watch,
                              struct surroundings *ret_surroundings)
{
    look_around(config, ret_surroundings);
    jobdb_wal_watch_look(watch, config->state_dir, &ret_surroundings->wal);
}

/* "n1 (host 1f0c)", or the name alone where it is the host's. */
static void append_cell(const char *name, const char *host, struct text *sentence)
{
    text_append(sentence, name);
    if (strcmp(name, host) != 0)
        text_format(sentence, " (host %s)", host);
}

static void append_standby(const struct surroundings *surroundings, struct text *sentence)
{
    const struct standby *standby = &surroundings->standby;
    char since[CLOCK_ISO_SIZE];
    text_append(
        sentence,
        standby->shared
            ? "Two hosts have this state folder, and its locks do not reach between them: the router of "
            : "Standby: the router of ");
    append_cell(standby->name, standby->host, sentence);
    text_format(sentence, " waits since %s and sends nothing.", clock_local(standby->since, since));
    if (!surroundings->has_owner)
        return;
    text_append(sentence, " The folder is that of ");
    append_cell(surroundings->owner.name, surroundings->owner.host, sentence);
    text_format(sentence, " since %s, %s.", clock_local(surroundings->owner.since, since),
                standby->owner_lives == STANDBY_LIVES   ? "which lives"
                : standby->owner_lives == STANDBY_STILL ? "which gives no sign of life"
                                                        : "of which nothing is known yet");
    if (standby->shared)
        text_append(sentence, " Let one host have it.");
}

static void append_router(const struct config *config, struct text *sentence)
{
    text_format(sentence,
                "The router does not run: nothing is sent, and what arrives waits in incoming/ (%lld files). "
                "Start it.",
                (long long)surroundings_incoming(config));
}

static void append_disk(const struct spool_room *room, int64_t least, struct text *sentence)
{
    if (room->bytes < least) {
        text_append(sentence, "The spool's disk has ");
        text_append_size(sentence, room->bytes);
        text_append(sentence, " left, less than receiver.min_free_space (");
        text_append_size(sentence, least);
    } else {
        text_format(sentence, "The spool's file system has inodes for %lld more files (%d must be left",
                    (long long)room->files, SPOOL_FILES_LEAST);
    }
    text_append(sentence, "): the receiver refuses instances (A700) until there is more.");
}

/* "CT01, MR01" */
static void append_overfull(const struct text *titles, struct text *sentence)
{
    for (const char *line = text_string(titles); *line; line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        text_append(sentence, line == text_string(titles) ? "" : ", ");
        text_append(sentence, length == 0 ? "who gives no title" : "");
        text_append_bytes(sentence, line, length);
        line += length;
    }
    text_append(sentence, " may store nothing (A700): what is in quarantine from there is beyond its share "
                          "(quarantine_per_source). Retry or drop it.");
}

static void append_holder(const struct jobdb_wal *wal, struct text *sentence)
{
    text_append(sentence, "jobs.db-wal holds ");
    text_append_size(sentence, wal->bytes);
    text_append(sentence, " and cannot begin anew: ");
    if (wal->holder)
        text_format(sentence, "process %lld (%s)", (long long)wal->holder, wal->program);
    else
        text_append(sentence, "another process");
    text_append(sentence, " keeps a read transaction open. It costs disk space only; end the transaction "
                          "(COMMIT, or .quit in sqlite3) or that process.");
}

/* What stands in the way of which requests of one worker. */
static void append_lack(const json_t *lack, struct text *sentence)
{
    const char *stage = json_text(lack, "stage"), *album = json_text_or_null(lack, "album");
    text_format(
        sentence, "The %s %s cannot %s %s%s%s, others do it: %s. See to it there; felucca check tells more.",
        strcmp(stage, "share") == 0 ? "sharer" : "sender", json_text(lack, "worker"),
        strcmp(stage, "share") == 0   ? "share into"
        : strcmp(stage, "fetch") == 0 ? "have studies looked at again at"
                                      : "send to",
        json_text(lack, "destination"), album ? "/" : "", album ? album : "", json_text(lack, "reason"));
}

static void append_resting(const json_t *list, struct text *sentence)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        text_append(sentence, i > 0 ? "\n" : "");
        append_lack(json_array_get(list, i), sentence);
    }
}

static void append_unconfined(const struct text *because, struct text *sentence)
{
    text_format(
        sentence,
        "The kernel limits the receiver's associations less than it could: %s. Let the machine, or its "
        "container, allow seccomp and Landlock; sandbox: off ends this line.",
        text_string(because));
}

bool surroundings_tell(const struct surroundings *surroundings, const struct config *config,
                       enum surroundings_trouble trouble, struct text *sentence)
{
    int64_t least = config->receiver.min_free_space;
    size_t before = sentence->length;
    bool lasts = surroundings->has_standby &&
                 (surroundings->standby.shared || surroundings->standby.owner_lives == STANDBY_STILL);
    if ((trouble == SURROUNDINGS_STANDBY && surroundings->has_standby) ||
        (trouble == SURROUNDINGS_SHARED && lasts))
        append_standby(surroundings, sentence);
    if (trouble == SURROUNDINGS_ROUTER && surroundings->router == 0)
        append_router(config, sentence);
    if (trouble == SURROUNDINGS_DISK && surroundings->room.bytes >= 0 &&
        !spool_room_suffices(&surroundings->room, least))
        append_disk(&surroundings->room, least, sentence);
    if (trouble == SURROUNDINGS_OVERFULL && surroundings->overfull.length > 0)
        append_overfull(&surroundings->overfull, sentence);
    if (trouble == SURROUNDINGS_WORKER)
        append_resting(surroundings->resting, sentence);
    if (trouble == SURROUNDINGS_READER && surroundings->wal.held)
        append_holder(&surroundings->wal, sentence);
    if (trouble == SURROUNDINGS_UNCONFINED && surroundings->unconfined.length > 0)
        append_unconfined(&surroundings->unconfined, sentence);
    if (trouble == SURROUNDINGS_TRAY)
        text_append(sentence, text_string(&surroundings->trays));
    if (trouble == SURROUNDINGS_PROXY)
        (void)config_proxy_tell_ignored(config, sentence);
    return sentence->length > before;
}

void surroundings_append_troubles(const struct surroundings *surroundings, const struct config *config,
                                  struct text *lines)
{
    for (int trouble = SURROUNDINGS_SHARED + 1; trouble < SURROUNDINGS_TROUBLES; trouble++)
        if (surroundings_tell(surroundings, config, (enum surroundings_trouble)trouble, lines))
            text_append_char(lines, '\n');
    text_append(lines, text_string(&surroundings->oddities));
}

static json_t *titles_to_json(const struct text *titles)
{
    json_t *list = json_array();
    for (const char *line = text_string(titles); *line; line += *line == '\n') {
        size_t length = strcspn(line, "\n");
        (void)json_array_append_new(list, json_stringn(line, length));
        line += length;
    }
    return list;
}

static json_t *rejections_to_json(const struct surroundings *surroundings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < surroundings->rejection_count; i++) {
        const struct rejections_kind *kind = &surroundings->rejections[i];
        (void)json_array_append_new(
            list, json_pack("{s:o, s:I, s:o, s:o}", "reason", json_from_text(kind->reason), "count",
                            (json_int_t)kind->count, "last_at", json_from_time(kind->last_at), "last",
                            json_from_text(kind->sentence)));
    }
    return list;
}

void surroundings_add_json(const struct surroundings *surroundings, json_t *object)
{
    const struct jobdb_wal *wal = &surroundings->wal;
    (void)json_object_set_new(object, "spool_free_bytes", json_integer(surroundings->room.bytes));
    (void)json_object_set_new(object, "spool_free_inodes",
                              surroundings->room.files == INT64_MAX ? json_null()
                                                                    : json_integer(surroundings->room.files));
    (void)json_object_set_new(object, "quarantine_overfull", titles_to_json(&surroundings->overfull));
    (void)json_object_set_new(object, "rejections", rejections_to_json(surroundings));
    (void)json_object_set(object, "workers_resting", surroundings->resting);
    (void)json_object_set_new(object, "oddities",
                              surroundings->oddities_json ? json_incref(surroundings->oddities_json)
                                                          : json_object());
    (void)json_object_set_new(object, "router_running",
                              surroundings->router < 0 ? json_null() : json_boolean(surroundings->router));
    (void)json_object_set_new(
        object, "owner", surroundings->has_owner ? standby_owner_to_json(&surroundings->owner) : json_null());
    (void)json_object_set_new(
        object, "standby", surroundings->has_standby ? standby_to_json(&surroundings->standby) : json_null());
    if (surroundings->trays_json)
        (void)json_object_set(object, "trays", surroundings->trays_json);
    (void)json_object_set_new(object, "wal_bytes", json_integer(wal->bytes));
    (void)json_object_set_new(object, "wal_held", json_boolean(wal->held));
    (void)json_object_set_new(object, "wal_holder", wal->holder ? json_integer(wal->holder) : json_null());
    (void)json_object_set_new(object, "sandbox_refused",
                              surroundings->unconfined.length > 0
                                  ? json_from_text(text_string(&surroundings->unconfined))
                                  : json_null());
}
