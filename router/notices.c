#include "router/notices.h"

#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/jobs/notice.h"
#include "router/notice.h"
#include "router/shared.h"
#include "router/troubles.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 5 * 1000 };

/* One that is not over. */
struct open_notice {
    int64_t id, began_at;
    char *cause, *destination, *album;
    struct notice notice;
    int64_t found; /* by the look under way; 0: not */
};

struct notices {
    struct open_notice *list;
    size_t count, capacity;
    int64_t look_at; /* monotonic */
};

struct notices *notices_create(void)
{
    return memory_new(1, sizeof(struct notices));
}

static void open_notice_release(struct open_notice *open)
{
    free(open->cause);
    free(open->destination);
    free(open->album);
}

void notices_destroy(struct notices **notices)
{
    if (!*notices)
        return;
    for (size_t i = 0; i < (*notices)->count; i++)
        open_notice_release(&(*notices)->list[i]);
    free((*notices)->list);
    memory_free(notices);
}

static struct open_notice *add_open(struct notices *notices, const struct jobdb_notice *row)
{
    notices->list = memory_grow(notices->list, &notices->capacity, notices->count + 1, sizeof *notices->list);
    struct open_notice *open = &notices->list[notices->count++];
    *open = (struct open_notice){.id = row->id,
                                 .began_at = row->began_at,
                                 .cause = memory_string(row->cause),
                                 .destination = memory_string(row->destination),
                                 .album = memory_string(row->album),
                                 .notice = {row->count, row->told, row->told_at, 0}};
    return open;
}

static void load_notice(void *context, const struct jobdb_notice *row)
{
    struct router *router = context;
    (void)add_open(router->notices, row);
}

void notices_load(struct router *router)
{
    jobdb_each_notice(router->db, load_notice, router);
    notices_configure(router);
}

/* ---- what is told ---- */

static struct jobdb_notice row_of(const struct open_notice *open)
{
    return (struct jobdb_notice){open->id,       open->cause,        open->destination, open->album,
                                 open->began_at, open->notice.count, open->notice.told, open->notice.told_at};
}

static void tell(struct router *router, const struct open_notice *open, enum work_notice_state what,
                 int64_t more)
{
    const struct jobdb_notice row = row_of(open);
    for (size_t i = 0; i < config_notified(router->config); i++)
        jobdb_add_message(router->db, &row, config_notified_name(router->config, i), what, more, router->now);
    log_info("notice", LOG_S("cause", open->cause), LOG_S("state", work_notice_state_name(what)),
             LOG_S("destination", open->destination ? open->destination : "-"),
             LOG_S("album", open->album ? open->album : "-"), LOG_I("count", open->notice.count));
}

/* Who was not told of its beginning does not hear of its end. */
static void introduce(struct router *router, const struct open_notice *open)
{
    const struct jobdb_notice row = row_of(open);
    for (size_t i = 0; i < config_notified(router->config); i++) {
        const char *target = config_notified_name(router->config, i);
        if (!jobdb_is_told(router->db, open->id, target))
            jobdb_add_message(router->db, &row, target, WORK_NOTICE_BEGINS, row.count, router->now);
    }
}

void notices_configure(struct router *router)
{
    for (size_t i = 0; i < router->notices->count; i++) {
        const struct open_notice *open = &router->notices->list[i];
        if (troubles_wanted(router, open->cause, open->destination, open->album))
            introduce(router, open);
    }
}

/* ---- a look ---- */

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct open_notice *find_open(struct notices *notices, const struct trouble *trouble)
{
    for (size_t i = 0; i < notices->count; i++) {
        struct open_notice *open = &notices->list[i];
        if (strcmp(open->cause, occasion_word(trouble->occasion)) == 0 &&
            same_name(open->destination, trouble->destination) && same_name(open->album, trouble->album))
            return open;
    }
    return NULL;
}

static void take_trouble(void *context, const struct trouble *trouble)
{
    struct router *router = context;
    struct open_notice *open = find_open(router->notices, trouble);
    if (open) {
        open->found = trouble->count;
        return;
    }
    struct jobdb_notice row = {.cause = occasion_word(trouble->occasion),
                               .destination = trouble->destination,
                               .album = trouble->album,
                               .began_at = router->now,
                               .count = trouble->count,
                               .told = trouble->count,
                               .told_at = router->now};
    row.id = jobdb_begin_notice(router->db, &row);
    open = add_open(router->notices, &row);
    open->found = trouble->count;
    tell(router, open, WORK_NOTICE_BEGINS, trouble->count);
}

/* False: it is over. */
static bool judge(struct router *router, struct open_notice *open)
{
    if (!troubles_wanted(router, open->cause, open->destination, open->album)) {
        log_info("notice ends, nobody wants to be told of it", LOG_S("cause", open->cause),
                 LOG_S("destination", open->destination ? open->destination : "-"),
                 LOG_S("album", open->album ? open->album : "-"));
        jobdb_end_notice(router->db, open->id, router->now); /* it may not be over: nothing is said */
        return false;
    }
    const struct notice before = open->notice;
    int64_t more = 0;
    enum notice_says says = notice_look(&open->notice, open->found, router->now, router->monotonic, &more);
    if (says == NOTICE_SAYS_OVER) {
        open->notice.count = 0;
        tell(router, open, WORK_NOTICE_OVER, 0);
        jobdb_end_notice(router->db, open->id, router->now);
        return false;
    }
    if (says == NOTICE_SAYS_MORE)
        tell(router, open, WORK_NOTICE_MORE, more);
    const struct jobdb_notice row = row_of(open);
    if (before.count != row.count || before.told != row.told)
        jobdb_save_notice(router->db, &row);
    open->found = 0;
    return true;
}

void notices_turn(struct router *router)
{
    struct notices *notices = router->notices;
    if (router->monotonic < notices->look_at)
        return;
    notices->look_at = router->monotonic + LOOK_MS;
    if (config_notified(router->config) == 0)
        return;
    troubles_find(router, take_trouble, router);
    for (size_t i = 0; i < notices->count;) {
        if (judge(router, &notices->list[i])) {
            i++;
            continue;
        }
        open_notice_release(&notices->list[i]);
        notices->list[i] = notices->list[--notices->count];
    }
}
