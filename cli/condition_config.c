/* condition_config - what a configuration would do with one file, and why. The decision is the router's
 * (router/decide.h): the destination's SOP classes, its condition, and only then the albums'. */
#include "cli/condition_file.h"

#include "common/base/cleanup.h"
#include "common/condition/explain_json.h"
#include "common/base/json.h"
#include "common/config/fitting.h"

#include <string.h>

/* One line about a destination or album, and the explanation of its condition below. */
struct finding {
    enum condition_verdict takes;
    struct text why;
    struct explanation *explanation; /* NULL: no condition was asked */
};

static void finding_release(struct finding *finding)
{
    text_release(&finding->why);
    explain_destroy(&finding->explanation);
}

static struct finding without_condition(enum condition_verdict takes, const char *why)
{
    struct finding finding = {.takes = takes, .why = TEXT_EMPTY};
    text_append(&finding.why, why);
    return finding;
}

static struct finding finding_ask(struct condition_file *file, const struct condition *condition,
                                  const struct condition_options *options)
{
    if (!condition)
        return without_condition(CONDITION_TRUE, "it has no condition");
    struct explanation *explanation = condition_file_explain(file, condition, options);
    struct finding finding = {.takes = explanation->verdict, .why = TEXT_EMPTY, .explanation = explanation};
    text_append(&finding.why, finding.takes == CONDITION_TRUE    ? "its condition holds"
                              : finding.takes == CONDITION_FALSE ? "its condition does not hold"
                                                                 : "its condition cannot be decided: ");
    if (finding.takes == CONDITION_UNDECIDED)
        explain_doubt(explanation, &finding.why);
    return finding;
}

static struct finding ask_destination(struct condition_file *file,
                                      const struct config_destination *destination,
                                      const struct condition_options *options)
{
    if (!fitting_class_is_wanted(destination, header_uid(file->header, HEADER_SOP_CLASS)))
        return without_condition(CONDITION_FALSE, "the SOP class is not among its sop_classes");
    return finding_ask(file, destination->condition, options);
}

/* --- for people --- */

static void append_finding(const struct finding *finding, const char *what, const char *name, const char *yes,
                           const char *no, unsigned indent, struct text *out)
{
    text_format(out, "%*s%s %s: %s: %s\n", (int)indent, "", what, name,
                finding->takes == CONDITION_TRUE    ? yes
                : finding->takes == CONDITION_FALSE ? no
                                                    : "waits for a person",
                text_string(&finding->why));
    if (finding->explanation)
        explain_print(finding->explanation, indent + 2, out);
}

static void append_taken(const struct finding *taken, const struct config_destination *destination,
                         unsigned indent, struct text *out)
{
    append_finding(taken, "destination", destination->name, "takes it", "does not take it", indent, out);
}

static enum condition_verdict append_album(const struct config_album *album, struct condition_file *file,
                                           const struct condition_options *options, unsigned indent,
                                           struct text *out)
{
    AUTO(finding_release) struct finding gets = finding_ask(file, album->condition, options);
    append_finding(&gets, "album", album->name, "gets the series", "does not get it", indent, out);
    return gets.takes;
}

static bool append_destination(struct condition_file *file, const struct config_destination *destination,
                               const struct condition_options *options, struct text *out)
{
    AUTO(finding_release) struct finding taken = ask_destination(file, destination, options);
    append_taken(&taken, destination, 4, out);
    for (size_t i = 0; taken.takes == CONDITION_TRUE && i < destination->album_count; i++)
        (void)append_album(&destination->albums[i], file, options, 6, out);
    return taken.takes == CONDITION_TRUE;
}

enum condition_verdict condition_album_append(const struct config_destination *destination,
                                              const struct config_album *album, struct condition_file *file,
                                              const struct condition_options *options, unsigned indent,
                                              struct text *out)
{
    AUTO(finding_release) struct finding taken = ask_destination(file, destination, options);
    if (taken.takes == CONDITION_TRUE)
        return append_album(album, file, options, indent, out);
    append_taken(&taken, destination, indent, out);
    return taken.takes;
}

/* --- for programs --- */

static json_t *finding_json(const struct finding *finding, const char *what, const char *name,
                            const char *verb)
{
    return json_pack("{s:s, s:o, s:s, s:o}", what, name, verb, explain_json_verdict(finding->takes), "why",
                     text_string(&finding->why), "condition",
                     finding->explanation ? condition_explanation_json(finding->explanation) : json_null());
}

static bool add_destination(struct condition_file *file, const struct config_destination *destination,
                            const struct condition_options *options, json_t *destinations)
{
    AUTO(finding_release) struct finding taken = ask_destination(file, destination, options);
    json_t *object = finding_json(&taken, "destination", destination->name, "takes");
    json_t *albums = json_array();
    for (size_t i = 0; taken.takes == CONDITION_TRUE && i < destination->album_count; i++) {
        AUTO(finding_release)
        struct finding album = finding_ask(file, destination->albums[i].condition, options);
        json_array_append_new(albums, finding_json(&album, "album", destination->albums[i].name, "gets"));
    }
    json_object_set_new(object, "albums", albums);
    json_array_append_new(destinations, object);
    return taken.takes == CONDITION_TRUE;
}

json_t *condition_album_json(const struct config_destination *destination, const struct config_album *album,
                             struct condition_file *file, const struct condition_options *options)
{
    AUTO(finding_release) struct finding taken = ask_destination(file, destination, options);
    if (taken.takes != CONDITION_TRUE)
        return finding_json(&taken, "destination", destination->name, "takes");
    AUTO(finding_release) struct finding gets = finding_ask(file, album->condition, options);
    return finding_json(&gets, "album", album->name, "gets");
}

/* --- nodes --- */

/* Which nodes are shown: the one that was called, or all when the file does not say. */
static bool is_shown(const struct config *config, const struct config_node *node, const char *called_aet)
{
    return !called_aet || !config_find_node(config, called_aet) || strcmp(node->aet, called_aet) == 0;
}

static const char *node_note(const struct config *config, const char *called_aet)
{
    if (!called_aet)
        return ", if it is called (the file does not tell)";
    return config_find_node(config, called_aet) ? "" : ", if it is called (the file names another AE title)";
}

static bool append_node(const struct config_node *node, const char *note, struct condition_file *file,
                        const struct condition_options *options, struct text *out)
{
    bool taken = false;
    text_format(out, "  node %s%s\n", node->aet, note);
    for (size_t i = 0; i < node->destination_count; i++)
        taken = append_destination(file, &node->destinations[i], options, out) || taken;
    return taken;
}

static bool add_node(const struct config_node *node, struct condition_file *file,
                     const struct condition_options *options, json_t *nodes)
{
    bool taken = false;
    json_t *destinations = json_array();
    for (size_t i = 0; i < node->destination_count; i++)
        taken = add_destination(file, &node->destinations[i], options, destinations) || taken;
    json_array_append_new(nodes, json_pack("{s:s, s:o}", "node", node->aet, "destinations", destinations));
    return taken;
}

bool condition_config_append(const struct config *config, struct condition_file *file,
                             const struct condition_options *options, struct text *out)
{
    const char *called = file->transfer.called_aet;
    bool taken = false;
    text_append_char(out, '\n');
    for (size_t i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        if (is_shown(config, node, called))
            taken = append_node(node, node_note(config, called), file, options, out) || taken;
    }
    return taken;
}

bool condition_config_add(const struct config *config, struct condition_file *file,
                          const struct condition_options *options, json_t *object)
{
    const char *called = file->transfer.called_aet;
    bool taken = false;
    json_t *nodes = json_array();
    for (size_t i = 0; i < config->node_count; i++) {
        if (is_shown(config, &config->nodes[i], called))
            taken = add_node(&config->nodes[i], file, options, nodes) || taken;
    }
    json_object_set_new(object, "verdict", json_boolean(taken));
    json_object_set_new(object, "called_aet", json_from_text(called));
    json_object_set_new(object, "nodes", nodes);
    return taken;
}
