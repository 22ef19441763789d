#include "router/change_parked.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/intake.h"
#include "common/jobs/quarantine.h"
#include "common/jobs/reshare.h"
#include "router/headers.h"
#include "router/intake.h"
#include "router/outbox.h"
#include "router/refusal.h"
#include "router/shared.h"

#include <stdlib.h>
#include <string.h>

/* Its header is read first, which may take longer than the step: then it is the next step's as well. */
enum { PORTION = 1 };

struct parked {
    int64_t id, quarantined_at;
    char receipt[RECEIPT_SIZE];
    char *reason;
    bool is_meant; /* by what the request says of reason, sender and study */
};

struct file_portion {
    struct jobdb_parked meant;
    struct parked files[PORTION];
    size_t count;
};

static void file_portion_release(struct file_portion *portion)
{
    for (size_t i = 0; i < portion->count; i++)
        free(portion->files[i].reason);
}

static void add_file(void *context, const struct jobdb_quarantined *file)
{
    struct file_portion *portion = context;
    struct parked *parked = &portion->files[portion->count++];
    *parked = (struct parked){.id = file->id,
                              .quarantined_at = file->quarantined_at,
                              .reason = memory_string(file->reason),
                              .is_meant = jobdb_parked_is_meant(&portion->meant, file)};
    memcpy(parked->receipt, file->receipt, sizeof parked->receipt);
}

/* ---- one file ---- */

static void retry_file(struct router *router, struct change *change, const struct parked *file)
{
    AUTO(text_release) struct text detail = TEXT_EMPTY;
    AUTO(text_release) struct text why = TEXT_EMPTY;
    int code = intake_again(router, file->id, file->receipt, &why);
    change->waits = code == ERR_AGAIN;
    if (change->waits)
        return;
    if (code != 0) {
        change_skip(change, "instance:%lld %s", (long long)file->id, text_string(&why));
        return;
    }
    struct jobdb_event event = {.instance_id = jobdb_find_instance(router->db, file->receipt)};
    text_format(&detail, "it was quarantined: %s", file->reason);
    change_event(router, change, &event, text_string(&detail));
    change->row.changed++;
}

/* As it is, whatever was found wrong with it. */
static void deliver_file(struct router *router, struct change *change, const struct parked *file)
{
    AUTO(text_release) struct text why = TEXT_EMPTY;
    AUTO(text_release) struct text detail = TEXT_EMPTY;
    int code = intake_deliver(router, file->id, file->receipt, change->request.destination, &why);
    change->waits = code == ERR_AGAIN;
    if (change->waits)
        return;
    if (code != 0) {
        change_skip(change, "instance:%lld cannot be delivered: %s", (long long)file->id, text_string(&why));
        return;
    }
    struct jobdb_event event = {.instance_id = jobdb_find_instance(router->db, file->receipt)};
    text_format(&detail, "as it is, although it was quarantined: %s", file->reason);
    change_event(router, change, &event, text_string(&detail));
    change->row.changed++;
}

/* Nothing of it stays, nor of when it was taken in before it came into quarantine. */
static void remove_file(struct router *router, const struct change *change, const struct parked *file)
{
    struct jobdb_past past;
    outbox_remove(router->outbox, file->receipt, SPOOL_QUARANTINE, file->id);
    if (jobdb_find_past(router->db, file->id, &past))
        headers_forget(router->headers, past.study, file->receipt);
    log_warning("a file was removed from quarantine for good", LOG_S("receipt", file->receipt),
                LOG_S("by", change->request.user));
}

static void drop_file(struct router *router, struct change *change, const struct parked *file)
{
    /* Kept until long ago: not at all, also where a crash comes in between. */
    int64_t keep_until = change->request.now ? 1 : router->now + router->config->retention_excluded_ms;
    if (!jobdb_drop_quarantined(router->db, file->id, router->now, keep_until))
        return;
    if (change->request.now)
        remove_file(router, change, file);
    else
        outbox_move(router->outbox, file->receipt, SPOOL_QUARANTINE, SPOOL_DROPPED);
    struct jobdb_event event = {.instance_id = file->id};
    change_event(router, change, &event, file->reason);
    change->row.changed++;
}

static void change_file(struct router *router, struct change *change, const struct parked *file)
{
    if (change->request.verb == CONTROL_QUARANTINE_RETRY)
        retry_file(router, change, file);
    else if (change->request.verb == CONTROL_QUARANTINE_DELIVER)
        deliver_file(router, change, file);
    else
        drop_file(router, change, file);
}

/* ---- a portion ---- */

static void change_numbered_file(struct router *router, struct change *change, int64_t id)
{
    AUTO(file_portion_release) struct file_portion portion = {.count = 0};
    int64_t cursor = id - 1;
    if (jobdb_read_quarantine(router->db, &cursor, 1, add_file, &portion) == 1 && portion.files[0].id == id)
        change_file(router, change, &portion.files[0]);
    else
        change_skip(change, "instance:%lld is not in quarantine", (long long)id);
}

/* Files that this very change put into quarantine again are not meant; a time that is still to come was written before
 * the clock was set back. */
static bool file_is_meant(const struct router *router, const struct change *change, const struct parked *file)
{
    bool came_later = file->quarantined_at >= change->row.asked_at && file->quarantined_at <= router->now;
    return change_left(change) > 0 && !came_later && file->is_meant;
}

/* ---- what change.h asks for ---- */

bool change_parked_is_sensible(struct router *router, const struct control_request *request,
                               struct control_answer *answer)
{
    const char *objection = change_objection(request, true);
    (void)router;
    if (objection)
        refuse(answer, objection);
    return objection == NULL;
}

bool change_parked_step(struct router *router, struct change *change)
{
    int64_t *cursor = &change->row.walk.id;
    size_t jobs = change->request.job_count;
    if (jobs > 0) {
        if (*cursor < (int64_t)jobs)
            change_numbered_file(router, change, change->request.jobs[*cursor].id);
        *cursor += !change->waits;
        return *cursor >= (int64_t)jobs;
    }
    AUTO(file_portion_release)
    struct file_portion portion = {.meant = {.reason = change->request.reason,
                                             .calling_aet = change->request.calling_aet,
                                             .called_aet = change->request.called_aet,
                                             .study = change->request.study,
                                             .is_line = change->request.line}};
    int64_t before = *cursor;
    (void)jobdb_read_quarantine(router->db, cursor, PORTION, add_file, &portion);
    for (size_t i = 0; i < portion.count; i++) {
        if (file_is_meant(router, change, &portion.files[i]))
            change_file(router, change, &portion.files[i]);
    }
    if (change->waits)
        *cursor = before;
    return !change->waits && (portion.count < PORTION || change_left(change) <= 0);
}

void change_parked_count(const struct change *change, struct text *out)
{
    change_append_count(change, "file", out);
}
