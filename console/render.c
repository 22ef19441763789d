#include "console/render.h"

#include "common/base/cleanup.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/sha256.h"
#include "common/config/cell.h"
#include "common/view/csv.h"
#include "console/assets.h"
#include "console/dress.h"
#include "console/duty.h"
#include "console/targets.h"
#include "console/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MOST = 16 };

struct render {
    struct template_page *pages[PAGES_MOST]; /* in the order of page_at() */
    struct template_page *error, *sign_in;
};

/* ---- templates ---- */

/* Ours, so that one which is none is a mistake of ours. */
static struct template_page *load(const char *name)
{
    AUTO(text_release) struct text source = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct template_page *page = NULL;
    if (assets_append_template(name, &source, &reason) != 0 ||
        template_create(text_string(&source), &page, &reason) != 0) {
        log_error("a template is wrong", LOG_S("template", name), LOG_S("reason", text_string(&reason)));
        abort();
    }
    return page;
}

struct render *render_create(void)
{
    struct render *render = memory_new(1, sizeof *render);
    for (size_t i = 0; i < PAGES_MOST && page_at(i); i++)
        render->pages[i] = load(page_at(i)->name);
    render->error = load("error");
    render->sign_in = load("signin");
    return render;
}

void render_destroy(struct render **render)
{
    if (!*render)
        return;
    for (size_t i = 0; i < PAGES_MOST; i++)
        template_destroy(&(*render)->pages[i]);
    template_destroy(&(*render)->error);
    template_destroy(&(*render)->sign_in);
    memory_free(render);
}

const char *render_type(enum asked_form form)
{
    static const char *const types[] = {[ASKED_HTML] = "text/html; charset=utf-8",
                                        [ASKED_JSON] = "application/json",
                                        [ASKED_CSV] = "text/csv; charset=utf-8"};
    return types[form];
}

/* ---- what stands around each page ---- */

static json_t *links_of(const char *current)
{
    json_t *links = json_array();
    for (size_t i = 0; page_at(i); i++) {
        const struct page *page = page_at(i);
        AUTO(text_release) struct text link = TEXT_EMPTY;
        bool is_now = strcmp(page->name, "now") == 0;
        if (page->has_item || page->is_aside)
            continue;
        text_format(&link, "/%s", is_now ? "" : page->name);
        (void)json_array_append_new(
            links, json_pack("{s:s, s:s, s:b, s:b}", "link", text_string(&link), "title", page->title,
                             "is_current", current && strcmp(current, page->name) == 0, "is_now", is_now));
    }
    return links;
}

/* The same address in another form. */
static json_t *form_link(const struct page *page, const char *target, const char *ending)
{
    AUTO(text_release) struct text link = TEXT_EMPTY;
    size_t path = strcspn(target, "?");
    if (path <= 1)
        text_format(&link, "/%s", page->name);
    else
        text_append_bytes(&link, target, path);
    text_format(&link, "%s%s", ending, target + path);
    return json_from_text(text_string(&link));
}

static json_t *bar_of(const struct page_question *question, const json_t *document)
{
    json_t *targets = targets_read(question->db, question->config, question->now);
    json_t *duty = json_object_get(document, "needs_person") ? json_incref((json_t *)(uintptr_t)document)
                                                             : duty_read(question, targets);
    json_t *target;
    size_t index;
    int64_t waiting = 0;
    json_array_foreach(targets, index, target)
    {
        if (!json_text_or_null(target, "album"))
            waiting += json_integer_value(json_object_get(target, "queued"));
    }
    size_t needs = json_array_size(json_object_get(duty, "needs_person"));
    json_t *bar = json_pack("{s:I, s:b, s:I}", "needs", (json_int_t)needs, "needs_one", needs == 1,
                            "waiting_now", (json_int_t)waiting);
    json_decref(duty);
    json_decref(targets);
    return bar;
}

/* Whom the page is for; null: there are no users. */
static json_t *who_of(const struct who *who)
{
    if (who->by == WHO_ANYBODY || who->by == WHO_NOBODY)
        return json_null();
    return json_pack("{s:o, s:s, s:b, s:s}", "name", json_from_text(who->name), "role",
                     who->is_operator ? "operator" : "viewer", "may_leave", who->by == WHO_SIGNED_IN, "token",
                     who->token);
}

static bool is_of_studies(const struct page *page)
{
    return page == &page_study || page == &page_found || page == &page_why;
}

/* The page of the bar that it belongs to. */
static const char *current_of(const struct page *page)
{
    if (is_of_studies(page))
        return "studies";
    return page == &page_try || page == &page_tried ? "albums" : page->name;
}

static void surround(const struct page *page, const struct page_question *question, const char *target,
                     json_t *document)
{
    char cell[CONFIG_CELL_SIZE];
    (void)json_object_set_new(document, "cell", json_from_text(config_cell(question->config, cell)));
    (void)json_object_set_new(document, "bar", bar_of(question, document));
    (void)json_object_set_new(document, "links", links_of(current_of(page)));
    (void)json_object_set_new(document, "title", json_string(page->title));
    (void)json_object_set_new(document, "as_json", form_link(page, target, ".json"));
    (void)json_object_set_new(document, "as_csv", page->rows ? form_link(page, target, ".csv") : json_null());
    (void)json_object_set_new(document, "who", who_of(question->who));
    (void)json_object_set_new(document, "form_token", json_string(question->who->token));
    (void)json_object_set_new(document, "may_act", json_boolean(question->who->is_operator));
    (void)json_object_set_new(document, "is_front", json_boolean(page == &page_now));
    (void)json_object_set_new(document, "version", json_string(FELUCCA_VERSION));
}

/* ---- forms ---- */

/* Only what a table's cell can hold. */
static json_t *flat(json_t *row)
{
    json_t *object = json_object(), *value;
    const char *name;
    json_object_foreach(row, name, value)
    {
        if (!json_is_object(value) && !json_is_array(value))
            (void)json_object_set(object, name, value);
    }
    return object;
}

static void append_csv(const struct page *page, const json_t *document, struct text *body)
{
    json_t *row;
    size_t index;
    json_array_foreach(json_object_get(document, page->rows), index, row)
    {
        AUTO(json_release) json_t *cells = flat(row);
        if (index == 0)
            csv_append_heading(cells, body);
        csv_append_row(cells, body);
    }
}

void render_tag(const void *bytes, size_t length, char ret_tag[RENDER_TAG_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    sha256(bytes, length, digest);
    ret_tag[0] = '"';
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(ret_tag + 1 + 2 * i, 3, "%02x", digest[i]);
    ret_tag[17] = '"';
    ret_tag[18] = '\0';
}

static void write_tag(json_t *document, enum asked_form form, char ret_tag[RENDER_TAG_SIZE])
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    json_t *at = json_incref(json_object_get(document, "at"));
    (void)json_object_del(document, "at");
    text_format(&whole, FELUCCA_VERSION " %d ", (int)form);
    json_append(document, &whole);
    (void)json_object_set_new(document, "at", at);
    render_tag(text_string(&whole), whole.length, ret_tag);
}

void render_page(struct render *render, const struct page *page, const struct page_question *question,
                 const char *target, json_t *document, struct text *body, char ret_tag[RENDER_TAG_SIZE])
{
    enum asked_form form = question->asked->form;
    if (form == ASKED_HTML) {
        if (page->shape)
            page->shape(question, document);
        surround(page, question, target, document);
        AUTO(json_release) json_t *at = json_incref(json_object_get(document, "at"));
        (void)json_object_del(document, "at");
        dress(document, question->now);
        write_tag(document, form, ret_tag);
        (void)json_object_set(document, "at", at);
        (void)json_object_set_new(document, "at_time", dress_time(question->now, question->now));
        for (size_t i = 0; i < PAGES_MOST && page_at(i); i++)
            if (page_at(i) == page)
                template_render(render->pages[i], document, body);
        return;
    }
    write_tag(document, form, ret_tag);
    if (form == ASKED_CSV)
        append_csv(page, document, body);
    else
        json_append(document, body);
    if (form == ASKED_JSON)
        text_append_char(body, '\n');
}

void render_sign_in(struct render *render, const struct config *config, json_t *document, struct text *body)
{
    char cell[CONFIG_CELL_SIZE];
    (void)json_object_set_new(document, "cell", json_from_text(config_cell(config, cell)));
    (void)json_object_set_new(document, "version", json_string(FELUCCA_VERSION));
    template_render(render->sign_in, document, body);
}

void render_error(struct render *render, enum asked_form form, unsigned status, const char *sentence,
                  struct text *body)
{
    AUTO(json_release)
    json_t *document = json_pack("{s:i, s:o}", "status", (int)status, "sentence", json_from_text(sentence));
    if (form != ASKED_HTML) {
        json_append(document, body);
        text_append_char(body, '\n');
        return;
    }
    (void)json_object_set_new(document, "links", links_of(NULL));
    (void)json_object_set_new(document, "bar", json_null());
    (void)json_object_set_new(document, "who", json_null());
    (void)json_object_set_new(document, "cell", json_null());
    (void)json_object_set_new(document, "title", json_string("No page"));
    (void)json_object_set_new(document, "version", json_string(FELUCCA_VERSION));
    template_render(render->error, document, body);
}
