#include "router/quarantine.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/jobs/history.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/volume.h"
#include "common/spool/overfull.h"
#include "router/outbox.h"
#include "router/shared.h"

#include <string.h>

enum {
    LOOK_MS = 2 * 1000,
    OLD_A_LOOK = 200,
    SHARE_OF_DISK = 10, /* a tenth, unless quarantine_per_source says how much */
    GONE_LONG_AGO = 1   /* kept until then: not at all, also where a crash comes in between */
};

struct quarantine {
    int64_t look_at;             /* monotonic */
    int64_t cursor;              /* of the search for old files */
    bool looked;                 /* once at least: what is left from a run before is known */
    int64_t share, bytes, files; /* as of the last look at the sources */
    struct text titles;
    size_t overfull;
};

struct quarantine *quarantine_create(void)
{
    return memory_new(1, sizeof(struct quarantine));
}

void quarantine_destroy(struct quarantine **quarantine)
{
    if (!*quarantine)
        return;
    text_release(&(*quarantine)->titles);
    memory_free(quarantine);
}

size_t quarantine_overfull(const struct quarantine *quarantine)
{
    return quarantine->overfull;
}

/* ---- by age ---- */

struct old_file {
    int64_t id;
    char receipt[RECEIPT_SIZE];
};

struct old_files {
    struct router *router;
    struct old_file list[OLD_A_LOOK];
    size_t count;
};

static void add_if_old(void *context, const struct jobdb_quarantined *file)
{
    struct old_files *old = context;
    const struct router *router = old->router;
    if (file->quarantined_at > router->expires_by - router->config->quarantine_retention_ms)
        return;
    struct old_file *one = &old->list[old->count++];
    one->id = file->id;
    memcpy(one->receipt, file->receipt, sizeof one->receipt);
}

static void remove_old(struct router *router)
{
    struct quarantine *quarantine = router->quarantine;
    if (router->config->quarantine_retention_ms == 0)
        return;
    struct old_files old = {.router = router};
    if (jobdb_read_quarantine(router->db, &quarantine->cursor, OLD_A_LOOK, add_if_old, &old) < OLD_A_LOOK)
        quarantine->cursor = 0;
    for (size_t i = 0; i < old.count; i++) {
        const struct jobdb_event event = {.at = router->now,
                                          .kind = "dropped",
                                          .instance_id = old.list[i].id,
                                          .detail = "quarantine_retention is over"};
        if (!jobdb_drop_quarantined(router->db, old.list[i].id, router->now, GONE_LONG_AGO))
            continue;
        outbox_remove(router->outbox, old.list[i].receipt, SPOOL_QUARANTINE, old.list[i].id);
        jobdb_add_event(router->db, &event);
        log_warning("quarantine_retention is over, removing a file", LOG_S("receipt", old.list[i].receipt));
    }
}

/* ---- by source ---- */

static int64_t share_of(struct router *router)
{
    int64_t bytes = router->config->quarantine_per_source;
    if (bytes > 0)
        return bytes;
    return spool_disk_size(router->spool, &bytes) == 0 ? bytes / SHARE_OF_DISK : INT64_MAX;
}

struct sources {
    const struct text *before;
    struct text titles;
    size_t count;
    int64_t share;
};

static bool has_line(const struct text *lines, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text_string(lines); *at; at += strcspn(at, "\n") + 1)
        if (strcspn(at, "\n") == length && strncmp(at, line, length) == 0)
            return true;
    return false;
}

static void add_source(void *context, const char *calling_aet, int64_t files, int64_t bytes)
{
    struct sources *sources = context;
    if (!calling_aet || strchr(calling_aet, '\n'))
        return; /* no title by which it could be refused */
    if (!has_line(sources->before, calling_aet))
        log_warning(
            "a source fills the quarantine beyond its share, refusing it until files of it are retried or dropped",
            LOG_S("calling", calling_aet), LOG_I("files", files), LOG_I("bytes", bytes),
            LOG_I("share", sources->share));
    text_format(&sources->titles, "%s\n", calling_aet);
    sources->count++;
}

static void look_at_sources(struct router *router)
{
    struct quarantine *quarantine = router->quarantine;
    struct jobdb_volume volume = jobdb_spool_volume(router->db, SPOOL_QUARANTINE);
    struct sources sources = {.before = &quarantine->titles, .titles = TEXT_EMPTY, .share = share_of(router)};
    if (quarantine->looked && volume.bytes == quarantine->bytes && volume.files == quarantine->files &&
        sources.share == quarantine->share)
        return;
    if (volume.bytes > sources.share)
        jobdb_each_overfull(router->db, sources.share, add_source, &sources);
    int code = overfull_write(router->spool, &sources.titles);
    if (code != 0)
        log_error("cannot tell the receiver whom to refuse, trying again", LOG_S("error", err_text(code)));
    else if (quarantine->overfull > 0 && sources.count == 0)
        log_info("no source fills the quarantine beyond its share any more");
    text_release(&quarantine->titles);
    quarantine->titles = sources.titles;
    quarantine->overfull = sources.count;
    quarantine->share = sources.share;
    quarantine->bytes = volume.bytes;
    quarantine->files = volume.files;
    quarantine->looked = code == 0;
}

void quarantine_turn(struct router *router)
{
    if (router->monotonic < router->quarantine->look_at)
        return;
    router->quarantine->look_at = router->monotonic + LOOK_MS;
    remove_old(router);
    look_at_sources(router);
}
