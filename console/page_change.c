/* page_change - what an operator wants done: what it would do, how far it is, what came of it. */
#include "common/base/cleanup.h"
#include "console/acts.h"
#include "console/errands.h"
#include "console/page.h"

#include <string.h>

static bool is_in(const json_t *document, const char *phase)
{
    return strcmp(json_text(document, "phase"), phase) == 0;
}

static void append_headline(const json_t *document, struct text *out)
{
    int64_t count = json_integer_value(json_object_get(document, "count"));
    if (is_in(document, "counting"))
        text_append(out, "Counting what this would change");
    else if (is_in(document, "counted") && count == 0)
        text_append(out, "Nothing would change");
    else if (is_in(document, "counted"))
        text_format(out, "%s?", json_text(document, "button"));
    else if (is_in(document, "under way"))
        text_append(out, "The router does it");
    else if (is_in(document, "done"))
        text_append(out, "Done");
    else if (is_in(document, "refused"))
        text_append(out, "The router refused it, and nothing was changed");
    else
        text_append(out, "The router did not answer");
}

static json_t *read_change(const struct page_question *question)
{
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release)
    json_t *errand = question->errands ? errands_read(question->errands, question->asked->item) : NULL;
    if (!errand) {
        text_append(question->reason,
                    "Nothing of this name is known any more; the journal has what was done.");
        *question->status = 404;
        return NULL;
    }
    json_t *document = page_document(question, "change");
    append_headline(errand, &headline);
    (void)json_object_set_new(document, "headline", json_from_text(text_string(&headline)));
    (void)json_object_update_missing(document, errand);
    return document;
}

/* ---- the other ways to do it ---- */

static int64_t number_of(const json_t *document, const char *name)
{
    return json_integer_value(json_object_get(document, name));
}

static const char *yes_of(const json_t *document, const char *name)
{
    return json_is_true(json_object_get(document, name)) ? "yes" : NULL;
}

static void add_option(json_t *options, const char *value, const char *title, bool is_set)
{
    (void)json_array_append_new(
        options, json_pack("{s:s, s:s, s:b}", "value", value, "title", title, "is_set", is_set));
}

/* The destinations whose conditions may be undecided, of the node that the files are for. */
static json_t *destinations_of(const struct config *config, const char *called_aet)
{
    json_t *options = json_array();
    for (size_t n = 0; n < config->node_count; n++) {
        const struct config_node *node = &config->nodes[n];
        if (called_aet && strcmp(node->aet, called_aet) != 0)
            continue;
        for (size_t d = 0; d < node->destination_count; d++)
            if (node->destinations[d].condition)
                add_option(options, node->destinations[d].name, node->destinations[d].name, false);
    }
    return options;
}

/* Files in quarantine can be removed at once; and be sent where it cannot be decided whether they should be, also when it
 * has turned out so. */
static void add_other_files(const struct page_question *question, json_t *document)
{
    struct acts_about about = {.reason = json_text_or_null(document, "reason"),
                               .calling_aet = json_text_or_null(document, "calling_aet"),
                               .called_aet = json_text_or_null(document, "called_aet"),
                               .line = yes_of(document, "line"),
                               .study = json_text_or_null(document, "study")};
    const char *verb = json_text(document, "verb");
    int64_t count = number_of(document, "count");
    bool is_one = about.reason || about.calling_aet || about.study || about.line;
    bool is_left =
        is_in(document, "counted") || (is_in(document, "done") && number_of(document, "changed") < count);
    if (!is_one || count == 0)
        return;
    if (strcmp(verb, "quarantine drop") == 0 && is_in(document, "counted") && !yes_of(document, "now")) {
        about.now = "yes";
        acts_add(document, question->who, verb, "Remove for good instead…", &about);
    } else if (strcmp(verb, "quarantine deliver") == 0 && is_left &&
               !json_text_or_null(document, "destination")) {
        AUTO(json_release) json_t *options = destinations_of(question->config, about.called_aet);
        if (json_array_size(options) > 0)
            acts_add_choice(document, question->who, verb, "Send there all the same…", &about,
                            "Where the condition cannot be decided:", "destination", json_incref(options));
    }
}

static json_t *spans_of(int64_t days)
{
    static const struct {
        const char *value, *title;
        int64_t days;
    } spans[] = {{"1d", "1 day", 1},
                 {"7d", "7 days", 7},
                 {"30d", "30 days", 30},
                 {"90d", "90 days", 90},
                 {"365d", "365 days", 365}};
    json_t *options = json_array();
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        add_option(options, spans[i].value, spans[i].title, spans[i].days == days);
    return options;
}

/* An album's condition can be asked of more, or of less; and where nothing here can tell, KHEOPS can. */
static void add_other_series(const struct page_question *question, json_t *document)
{
    int64_t days = number_of(document, "days");
    AUTO(text_release) struct text since = TEXT_EMPTY;
    text_format(&since, "%lldd", (long long)days);
    struct acts_about about = {.study = json_text_or_null(document, "study"),
                               .destination = json_text_or_null(document, "destination"),
                               .album = json_text_or_null(document, "album"),
                               .since = days > 0 ? text_string(&since) : NULL,
                               .from_kheops = "yes"};
    if (!about.album || !is_in(document, "counted") || yes_of(document, "anyway"))
        return;
    if (number_of(document, "undecided") > 0 && !yes_of(document, "from_kheops"))
        acts_add(document, question->who, "reshare", "Ask KHEOPS about what cannot be told…", &about);
    about.since = NULL;
    about.from_kheops = yes_of(document, "from_kheops");
    if (days > 0)
        acts_add_choice(document, question->who, "reshare", "Count again…", &about, "Received in the last",
                        "since", spans_of(days));
}

static void shape_change(const struct page_question *question, json_t *document)
{
    bool is_counted = is_in(document, "counted");
    int64_t count = number_of(document, "count");
    const char *verb = json_text(document, "verb");
    (void)json_object_set_new(document, "can_go",
                              json_boolean(is_counted && count > 0 && question->who->is_operator));
    (void)json_object_set_new(document, "is_harm",
                              json_boolean(strcmp(verb, "drop") == 0 ||
                                           strcmp(verb, "quarantine drop") == 0 ||
                                           json_is_true(json_object_get(document, "anyway"))));
    add_other_files(question, document);
    if (strcmp(verb, "reshare") == 0)
        add_other_series(question, document);
    (void)json_object_set_new(document, "is_open",
                              json_boolean(is_in(document, "counting") || is_in(document, "under way")));
    (void)json_object_set_new(document, "is_bad",
                              json_boolean(is_in(document, "refused") || is_in(document, "unreachable")));
    (void)json_object_set_new(document, "is_done", json_boolean(is_in(document, "done")));
}

const struct page page_change = {.name = "change",
                                 .title = "Change",
                                 .has_item = true,
                                 .parameters = "",
                                 .read = read_change,
                                 .shape = shape_change};
