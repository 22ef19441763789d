/* condition_config - what a configuration would do with one file, and why. The decision is the router's
 * (router/decide.h): the destination's SOP classes, its condition, and only then the albums'. */
#include "cli/condition_file.h"

#include "common/base/cleanup.h"
#include "common/base/json.h"

#include <stdio.h>
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

static bool class_is_wanted(const struct config_destination *destination, const char *sop_class)
{
    for (size_t i = 0; sop_class && i < destination->sop_class_count; i++)
        if (strcmp(destination->sop_classes[i], sop_class) == 0)
            return true;
    return destination->sop_class_count == 0;
}

static struct finding ask_destination(struct condition_file *file,
                                      const struct config_destination *destination,
                                      const struct condition_options *options)
{
    if (!class_is_wanted(destination, header_uid(file->header, HEADER_SOP_CLASS)))
        return without_condition(CONDITION_FALSE, "the SOP class is not among its sop_classes");
    return finding_ask(file, destination->condition, options);
}

/* --- for people --- */

static void print_finding(const struct finding *finding, const char *what, const char *name, const char *yes,
                          const char *no, unsigned indent)
{
    AUTO(text_release) struct text tree = TEXT_EMPTY;
    printf("%*s%s %s: %s: %s\n", (int)indent, "", what, name,
           finding->takes == CONDITION_TRUE    ? yes
           : finding->takes == CONDITION_FALSE ? no
                                               : "waits for a person",
           text_string(&finding->why));
    if (finding->explanation)
        explain_print(finding->explanation, indent + 2, &tree);
    (void)fputs(text_string(&tree), stdout);
}

static bool print_destination(struct condition_file *file, const struct config_destination *destination,
                              const struct condition_options *options)
{
    AUTO(finding_release) struct finding taken = ask_destination(file, destination, options);
    print_finding(&taken, "destination", destination->name, "takes it", "does not take it", 4);
    for (size_t i = 0; taken.takes == CONDITION_TRUE && i < destination->album_count; i++) {
        AUTO(finding_release)
        struct finding album = finding_ask(file, destination->albums[i].condition, options);
        print_finding(&album, "album", destination->albums[i].name, "gets the series", "does not get it", 6);
    }
    return taken.takes == CONDITION_TRUE;
}

/* --- for programs --- */

static json_t *finding_json(const struct finding *finding, const char *what, const char *name,
                            const char *verb)
{
    return json_pack("{s:s, s:o, s:s, s:o}", what, name, verb, condition_verdict_json(finding->takes), "why",
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

static bool print_node(const struct config_node *node, const char *note, struct condition_file *file,
                       const struct condition_options *options)
{
    bool taken = false;
    printf("  node %s%s\n", node->aet, note);
    for (size_t i = 0; i < node->destination_count; i++)
        taken = print_destination(file, &node->destinations[i], options) || taken;
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

bool condition_config_print(const struct config *config, struct condition_file *file,
                            const struct condition_options *options)
{
    const char *called = file->transfer.called_aet;
    bool taken = false;
    json_t *nodes = options->json ? json_array() : NULL;
    if (!nodes)
        printf("%s\n", file->path);
    for (size_t i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        if (!is_shown(config, node, called))
            continue;
        if (nodes)
            taken = add_node(node, file, options, nodes) || taken;
        else
            taken = print_node(node, node_note(config, called), file, options) || taken;
    }
    if (nodes)
        json_print_line(json_pack("{s:o, s:b, s:o, s:o}", "file", json_from_text(file->path), "verdict",
                                  taken, "called_aet", json_from_text(called), "nodes", nodes));
    return taken;
}
