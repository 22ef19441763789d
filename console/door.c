#include "console/door.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/config/network.h"
#include "common/jobs/show.h"
#include "common/view/surroundings.h"
#include "console/asked.h"
#include "console/assets.h"
#include "console/clerk.h"
#include "console/errands.h"
#include "console/fleet_token.h"
#include "console/gate.h"
#include "console/keeper.h"
#include "console/multipart.h"
#include "console/page.h"
#include "console/render.h"
#include "console/reply.h"

#include <pthread.h>
#include <string.h>

enum { KEPT = 16 };
#define PAGE_OF_FILES "tryfile"

/* An answer that is still new. */
struct kept {
    char *target;   /* NULL: none */
    struct who who; /* whom it was made for */
    int64_t at;     /* monotonic ms */
    unsigned status;
    enum asked_form form;
    char tag[RENDER_TAG_SIZE];
    struct text body;
};

struct door {
    const struct config *config;
    struct gauges *gauges;
    struct render *render;
    struct keeper *keeper;
    struct errands *errands;
    struct jobdb_wal_watch *watch;
    pthread_mutex_t mutex; /* of what follows */
    struct kept kept[KEPT];
    size_t next;
    unsigned age; /* how often all was forgotten */
};

struct door *door_create(const struct config *config, struct gauges *gauges)
{
    struct door *door = memory_new(1, sizeof *door);
    door->config = config;
    door->gauges = gauges;
    door->render = render_create();
    door->keeper = keeper_create();
    door->errands = errands_create();
    door->watch = jobdb_wal_watch_create();
    (void)pthread_mutex_init(&door->mutex, NULL);
    return door;
}

static void forget(struct kept *kept)
{
    memory_free(&kept->target);
    text_release(&kept->body);
}

static void forget_all(struct door *door)
{
    (void)pthread_mutex_lock(&door->mutex);
    for (size_t i = 0; i < KEPT; i++)
        forget(&door->kept[i]);
    door->age++;
    (void)pthread_mutex_unlock(&door->mutex);
}

void door_configure(struct door *door, const struct config *config)
{
    door->config = config;
    forget_all(door);
}

void door_destroy(struct door **door)
{
    if (!*door)
        return;
    door_configure(*door, NULL);
    render_destroy(&(*door)->render);
    keeper_destroy(&(*door)->keeper);
    errands_destroy(&(*door)->errands);
    jobdb_wal_watch_destroy(&(*door)->watch);
    (void)pthread_mutex_destroy(&(*door)->mutex);
    memory_free(door);
}

/* ---- who may come in ---- */

bool door_is_own_host(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "[::1]", "localhost"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) != 0)
            continue;
        const char *port = host + length;
        if (!*port || (*port == ':' && port[1] && strspn(port + 1, "0123456789") == strlen(port + 1)))
            return true;
    }
    return false;
}

int door_read_users(struct door *door, struct text *reason)
{
    return keeper_read_users(door->keeper, door->config, reason);
}

/* A name under which no page of another site can reach us; where people are known these have no session here, and none
 * has the token of the fleet. */
static bool is_called_well(const struct door *door, const struct web_request *request,
                           const struct asked *asked, struct web_answer *answer)
{
    const char *host = web_request_header(request, "Host");
    if (!host || web_request_header_count(request, "Host") != 1)
        reply_refuse(door->render, answer, ASKED_HTML, 400, "The request has no Host, or several.");
    else if (!config_console_knows_people(door->config) && !door_is_own_host(host) &&
             !(asked && fleet_token_is_shown(door->config, request, asked)))
        reply_refuse(
            door->render, answer, ASKED_HTML, 421,
            "Without users the console answers only on its own machine: call it 127.0.0.1, [::1] or localhost.");
    else
        return true;
    return false;
}

static bool is_post(const struct web_request *request)
{
    return strcmp(request->method, "POST") == 0;
}

/* Whether it is read, or written at one of the addresses that take forms. */
static bool is_understood(const struct door *door, const struct web_request *request,
                          const struct asked *asked, struct web_answer *answer)
{
    bool takes_forms =
        asked->form == ASKED_HTML && !asked->item && (gate_is_at(asked->page) || clerk_is_at(asked->page));
    if (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0 ||
        (is_post(request) && takes_forms))
        return true;
    reply_refuse(door->render, answer, ASKED_HTML, 405,
                 takes_forms ? "Only GET, HEAD and POST are understood here."
                             : "Only GET and HEAD are understood here.");
    web_answer_header(answer, "Allow", takes_forms ? "GET, HEAD, POST" : "GET, HEAD");
    return false;
}

/* The form of a page of ours; false: the answer says what is wrong. */
static bool take_form(const struct door *door, const struct web_request *request, const char *page,
                      struct asked *ret_form, struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *type = web_request_header(request, "Content-Type");
    bool has_file = strcmp(page, PAGE_OF_FILES) == 0;
    if (!keeper_is_own_page(request))
        reply_refuse(door->render, answer, ASKED_HTML, 403,
                     "This was sent from another site, or by a program that says not from where (Origin).");
    else if (request->body_is_cut)
        reply_refuse(
            door->render, answer, ASKED_HTML, 413,
            has_file
                ? "The file is larger than 256 KiB. With scripts the page cuts it before its pixel data; "
                  "`felucca condition` takes any file."
                : "The form is larger than 64 KiB.");
    else if (has_file) {
        unsigned status =
            multipart_parse(type ? type : "", request->body, request->body_length, ret_form, &reason);
        if (status == 200)
            return true;
        reply_refuse(door->render, answer, ASKED_HTML, status, text_string(&reason));
    } else if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
        reply_refuse(door->render, answer, ASKED_HTML, 415,
                     "A form is sent as application/x-www-form-urlencoded.");
    else if (asked_parse_form(request->body, request->body_length, ret_form, &reason) != 200)
        reply_refuse(door->render, answer, ASKED_HTML, 400, text_string(&reason));
    else
        return true;
    return false;
}

/* ---- documents ---- */

static const char *sentence_of(int code)
{
    switch (code) {
    case ERR_TOO_LONG:
        return "This takes longer than 2 s, and was ended. Narrow what is asked for.";
    case ERR_ABSENT:
        return "There is no job database yet: the router makes it when it first runs.";
    case ERR_VERSION:
        return "The job database is another version's: start the router and the console of one version.";
    default:
        return "The job database cannot be read; the console's log says why.";
    }
}

/* The answer to keep, or an error's status with its sentence. */
static void make(struct door *door, const struct page *page, const struct asked *asked, struct kept *kept,
                 struct text *reason)
{
    AUTO(surroundings_release) struct surroundings around = {0};
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text trouble = TEXT_EMPTY;
    surroundings_look_beside(door->config, door->watch, &around);
    int code = jobdb_open_reader(door->config->state_dir, &db, &trouble);
    kept->status = code == 0 ? 200 : 503;
    if (code != 0) {
        log_warning("the job database cannot be opened", LOG_S("reason", text_string(&trouble)));
        text_append(reason, sentence_of(code));
        return;
    }
    const struct page_question question = {.config = door->config,
                                           .db = db,
                                           .around = &around,
                                           .asked = asked,
                                           .who = &kept->who,
                                           .errands = door->errands,
                                           .now = clock_wall_ms(),
                                           .status = &kept->status,
                                           .reason = reason};
    jobdb_limit(db, DOOR_PATIENCE_MS);
    jobdb_snapshot_begin(db);
    AUTO(json_release) json_t *document = page->read(&question);
    if (document && jobdb_error_code(db) == 0)
        render_page(door->render, page, &question, kept->target, document, &kept->body, kept->tag);
    if (jobdb_error_code(db) != 0) {
        log_warning("a page cannot be read", LOG_S("page", page->name), LOG_S("reason", jobdb_error(db)));
        kept->status = 503;
        text_clear(reason);
        text_append(reason, sentence_of(jobdb_error_code(db)));
    }
}

static void give_kept(const struct web_request *request, const struct kept *kept, struct web_answer *answer)
{
    reply_give(request, kept->tag, render_type(kept->form), text_string(&kept->body), kept->body.length,
               answer);
}

/* One that was made a moment ago. False: there is none. */
static bool give_again(struct door *door, const struct web_request *request, const struct who *who,
                       struct web_answer *answer)
{
    bool is_given = false;
    (void)pthread_mutex_lock(&door->mutex);
    for (size_t i = 0; i < KEPT && !is_given; i++) {
        const struct kept *kept = &door->kept[i];
        is_given = kept->target && strcmp(kept->target, request->target) == 0 &&
                   kept->who.is_operator == who->is_operator && strcmp(kept->who.token, who->token) == 0 &&
                   strcmp(kept->who.name, who->name) == 0 && clock_monotonic_ms() - kept->at < DOOR_KEPT_MS;
        if (is_given)
            give_kept(request, kept, answer);
    }
    (void)pthread_mutex_unlock(&door->mutex);
    return is_given;
}

static unsigned age_of(struct door *door)
{
    (void)pthread_mutex_lock(&door->mutex);
    unsigned age = door->age;
    (void)pthread_mutex_unlock(&door->mutex);
    return age;
}

/* What was read before something was done is not told again after it. */
static void keep(struct door *door, unsigned age, struct kept *kept)
{
    (void)pthread_mutex_lock(&door->mutex);
    if (door->age == age) {
        struct kept *place = &door->kept[door->next++ % KEPT];
        forget(place);
        *place = *kept;
        *kept = (struct kept){0};
    }
    (void)pthread_mutex_unlock(&door->mutex);
}

static void answer_page(struct door *door, const struct web_request *request, const struct page *page,
                        const struct asked *asked, const struct who *who, struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (give_again(door, request, who, answer))
        return;
    AUTO(forget)
    struct kept kept = {.target = memory_string(request->target), .form = asked->form, .who = *who};
    unsigned age = age_of(door);
    make(door, page, asked, &kept, &reason);
    kept.at = clock_monotonic_ms();
    if (kept.status == 200) {
        give_kept(request, &kept, answer);
        keep(door, age, &kept);
    } else {
        reply_refuse(door->render, answer, asked->form, kept.status, text_string(&reason));
    }
}

static void answer_asset(const struct web_request *request, const char *name, struct web_answer *answer)
{
    const struct asset *asset = assets_find(name);
    char tag[RENDER_TAG_SIZE];
    render_tag(asset->bytes, asset->length, tag);
    reply_give(request, tag, assets_type(name), asset->bytes, asset->length, answer);
}

static void answer_asked(struct door *door, const struct web_request *request, const struct asked *asked,
                         const struct who *who, struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct page *page = page_find(asked->page);
    if (!asked_only(asked, page ? page->parameters : "", &reason))
        reply_refuse(door->render, answer, asked->form, 400, text_string(&reason));
    else if (!page || page->has_item != (asked->item != NULL) || (asked->form == ASKED_CSV && !page->rows))
        reply_refuse(door->render, answer, asked->form, 404, "There is no such page.");
    else
        answer_page(door, request, page, asked, who, answer);
}

/* Style, script and picture are everybody's: the sign-in page has them, too. */
static bool is_asset(const struct asked *asked)
{
    return asked->form == ASKED_HTML && !asked->item && assets_type(asked->page) && asked->count == 0;
}

/* What somebody wants. Where something was begun, and not only asked, what was kept of a page is old then. */
static void answer_form(struct door *door, const char *page, const struct asked *form, const struct who *who,
                        struct web_answer *answer)
{
    const struct clerk clerk = {door->config, door->errands, door->render, form, who};
    if (!keeper_is_own_form(who, asked_get(form, "token"))) {
        reply_refuse(door->render, answer, ASKED_HTML, 403,
                     "This form is not of your session. Load the page again, and do it once more.");
        return;
    }
    clerk_answer(&clerk, page, answer);
    if (answer->status == 303 && strcmp(page, "act") == 0)
        forget_all(door);
}

static void answer_request(struct door *door, const struct web_request *request, const struct asked *asked,
                           struct web_answer *answer)
{
    AUTO(asked_release) struct asked form = {0};
    struct who who;
    const struct gate gate = {door->config, door->keeper, door->render, request, asked, &form, &who};
    if (!is_understood(door, request, asked, answer))
        return;
    if (is_asset(asked)) {
        answer_asset(request, asked->page, answer);
        return;
    }
    if (fleet_token_is_shown(door->config, request, asked))
        who = (struct who){.by = WHO_FLEET};
    else
        keeper_recognize(door->keeper, door->config, request, &who);
    if (is_post(request) && !take_form(door, request, asked->page, &form, answer))
        return;
    if (gate_is_at(asked->page) && !asked->item && asked->form == ASKED_HTML)
        gate_answer(&gate, is_post(request), answer);
    else if (who.by == WHO_NOBODY)
        gate_send_away(&gate, answer);
    else if (is_post(request))
        answer_form(door, asked->page, &form, &who, answer);
    else
        answer_asked(door, request, asked, &who, answer);
}

bool door_person(void *context, const struct web_request *request, unsigned char *ret_person)
{
    const struct door *door = context;
    struct who who;
    keeper_recognize(door->keeper, door->config, request, &who);
    return keeper_write_person(door->keeper, &who, ret_person);
}

bool door_is_shared(void *context, const unsigned char *address)
{
    const struct door *door = context;
    return config_is_trusted_proxy(door->config, address);
}

size_t door_more_bytes(void *context, const struct web_request *request)
{
    const struct door *door = context;
    struct who who;
    if (!is_post(request) || strcmp(request->target, "/" PAGE_OF_FILES) != 0)
        return 0;
    keeper_recognize(door->keeper, door->config, request, &who);
    return who.by == WHO_NOBODY ? 0 : DOOR_FILE_BYTES;
}

void door_answer(void *context, const struct web_request *request, struct web_answer *ret_answer)
{
    struct door *door = context;
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t began = clock_monotonic_ns();
    unsigned status = asked_parse(request->target, &asked, &reason);
    if (is_called_well(door, request, status == 200 ? &asked : NULL, ret_answer)) {
        if (status == 200)
            answer_request(door, request, &asked, ret_answer);
        else
            reply_refuse(door->render, ret_answer, asked.form, status,
                         reason.length > 0 ? text_string(&reason) : "There is no such page.");
    }
    if (door->gauges)
        gauges_answered(door->gauges, ret_answer->status, clock_monotonic_ns() - began);
}
