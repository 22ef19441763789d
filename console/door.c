#include "console/door.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/jobs/show.h"
#include "common/view/surroundings.h"
#include "console/asked.h"
#include "console/assets.h"
#include "console/page.h"
#include "console/render.h"

#include <string.h>

enum { KEPT = 16 };

/* An answer that is still new. */
struct kept {
    char *target; /* NULL: none */
    int64_t at;   /* monotonic ms */
    unsigned status;
    enum asked_form form;
    char tag[RENDER_TAG_SIZE];
    struct text body;
};

struct door {
    const struct config *config;
    struct gauges *gauges;
    struct render *render;
    struct kept kept[KEPT];
    size_t next;
};

struct door *door_create(const struct config *config, struct gauges *gauges)
{
    struct door *door = memory_new(1, sizeof *door);
    door->config = config;
    door->gauges = gauges;
    door->render = render_create();
    return door;
}

static void forget(struct kept *kept)
{
    memory_free(&kept->target);
    text_release(&kept->body);
}

void door_configure(struct door *door, const struct config *config)
{
    door->config = config;
    for (size_t i = 0; i < KEPT; i++)
        forget(&door->kept[i]);
}

void door_destroy(struct door **door)
{
    if (!*door)
        return;
    door_configure(*door, NULL);
    render_destroy(&(*door)->render);
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

static void set_headers(struct web_answer *answer, const char *type)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
         "frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        web_answer_header(answer, headers[i][0], headers[i][1]);
    web_answer_header(answer, "Content-Type", type);
}

static void refuse(struct door *door, struct web_answer *answer, enum asked_form form, unsigned status,
                   const char *sentence)
{
    form = form == ASKED_CSV ? ASKED_JSON : form;
    answer->status = status;
    set_headers(answer, render_type(form));
    if (status == 405)
        web_answer_header(answer, "Allow", "GET, HEAD");
    text_clear(&answer->body);
    render_error(door->render, form, status, sentence, &answer->body);
}

/* Whether the request comes in; else it has its answer. */
static bool admit(struct door *door, const struct web_request *request, struct web_answer *answer)
{
    const char *host = web_request_header(request, "Host");
    if (!host || web_request_header_count(request, "Host") != 1)
        refuse(door, answer, ASKED_HTML, 400, "The request has no Host, or several.");
    else if (!door_is_own_host(host))
        refuse(
            door, answer, ASKED_HTML, 421,
            "Without users the console answers only on its own machine: call it 127.0.0.1, [::1] or localhost.");
    else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        refuse(door, answer, ASKED_HTML, 405, "Only GET and HEAD are understood here.");
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
    surroundings_look(door->config, &around); /* before the database is open */
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

/* One that was made a moment ago, or NULL. */
static const struct kept *find_kept(const struct door *door, const char *target)
{
    for (size_t i = 0; i < KEPT; i++) {
        const struct kept *kept = &door->kept[i];
        if (kept->target && strcmp(kept->target, target) == 0 &&
            clock_monotonic_ms() - kept->at < DOOR_KEPT_MS)
            return kept;
    }
    return NULL;
}

/* Nothing but its tag, where the browser has it. */
static void give(const struct web_request *request, const char *tag, const char *type, const char *bytes,
                 size_t length, struct web_answer *answer)
{
    const char *known = web_request_header(request, "If-None-Match");
    bool is_known = known && strcmp(known, tag) == 0;
    answer->status = is_known ? 304 : 200;
    set_headers(answer, type);
    web_answer_header(answer, "ETag", tag);
    if (!is_known)
        text_append_bytes(&answer->body, bytes, length);
}

static void give_kept(const struct web_request *request, const struct kept *kept, struct web_answer *answer)
{
    give(request, kept->tag, render_type(kept->form), text_string(&kept->body), kept->body.length, answer);
}

static void answer_page(struct door *door, const struct web_request *request, const struct page *page,
                        const struct asked *asked, struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct kept *found = find_kept(door, request->target);
    if (found) {
        give_kept(request, found, answer);
        return;
    }
    struct kept *kept = &door->kept[door->next++ % KEPT];
    forget(kept);
    kept->target = memory_string(request->target);
    kept->form = asked->form;
    make(door, page, asked, kept, &reason);
    kept->at = clock_monotonic_ms();
    if (kept->status == 200) {
        give_kept(request, kept, answer);
    } else {
        refuse(door, answer, asked->form, kept->status, text_string(&reason));
        forget(kept);
    }
}

static void answer_asset(const struct web_request *request, const char *name, struct web_answer *answer)
{
    const struct asset *asset = assets_find(name);
    char tag[RENDER_TAG_SIZE];
    render_tag(asset->bytes, asset->length, tag);
    give(request, tag, assets_type(name), asset->bytes, asset->length, answer);
}

static void answer_asked(struct door *door, const struct web_request *request, const struct asked *asked,
                         struct web_answer *answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct page *page = page_find(asked->page);
    bool is_asset = asked->form == ASKED_HTML && !asked->item && assets_type(asked->page);
    if (!asked_only(asked, page ? page->parameters : "", &reason))
        refuse(door, answer, asked->form, 400, text_string(&reason));
    else if (is_asset)
        answer_asset(request, asked->page, answer);
    else if (!page || page->has_item != (asked->item != NULL) || (asked->form == ASKED_CSV && !page->rows))
        refuse(door, answer, asked->form, 404, "There is no such page.");
    else
        answer_page(door, request, page, asked, answer);
}

void door_answer(void *context, const struct web_request *request, struct web_answer *ret_answer)
{
    struct door *door = context;
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t began = clock_monotonic_ns();
    if (admit(door, request, ret_answer)) {
        unsigned status = asked_parse(request->target, &asked, &reason);
        if (status == 200)
            answer_asked(door, request, &asked, ret_answer);
        else
            refuse(door, ret_answer, asked.form, status,
                   reason.length > 0 ? text_string(&reason) : "There is no such page.");
    }
    if (door->gauges)
        gauges_answered(door->gauges, ret_answer->status, clock_monotonic_ns() - began);
}
