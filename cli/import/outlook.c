#include "cli/import/outlook.h"

#include "common/base/memory.h"
#include "common/config/fitting.h"

#include <stdlib.h>

struct verdicts {
    int64_t counts[CONDITION_TRUE + 1];
};

struct outlook {
    const struct config_node *node;
    struct verdicts *destinations, *albums; /* albums: of all destinations, one after the other */
};

struct outlook *outlook_create(const struct config_node *node)
{
    struct outlook *outlook = memory_new(1, sizeof *outlook);
    size_t albums = 0;
    for (size_t i = 0; i < node->destination_count; i++)
        albums += node->destinations[i].album_count;
    outlook->node = node;
    outlook->destinations = memory_new(node->destination_count + 1, sizeof *outlook->destinations);
    outlook->albums = memory_new(albums + 1, sizeof *outlook->albums);
    return outlook;
}

void outlook_destroy(struct outlook **outlook)
{
    if (!*outlook)
        return;
    free((*outlook)->destinations);
    free((*outlook)->albums);
    memory_free(outlook);
}

static enum condition_verdict judge(const struct condition *condition, struct header *header)
{
    return condition ? condition_judge(condition, header_facts(header)) : CONDITION_TRUE;
}

void outlook_add(struct outlook *outlook, struct header *header)
{
    struct verdicts *album = outlook->albums;
    for (size_t i = 0; i < outlook->node->destination_count; i++) {
        const struct config_destination *destination = &outlook->node->destinations[i];
        enum condition_verdict takes = CONDITION_FALSE;
        if (fitting_class_is_wanted(destination, header_uid(header, HEADER_SOP_CLASS)))
            takes = judge(destination->condition, header);
        outlook->destinations[i].counts[takes]++;
        for (size_t j = 0; j < destination->album_count; j++, album++) {
            if (takes == CONDITION_TRUE)
                album->counts[judge(destination->albums[j].condition, header)]++;
        }
    }
}

static void append_verdicts(const struct verdicts *verdicts, const char *what, const char *name,
                            const char *does, struct text *out)
{
    text_format(out, "%s %s %s ", what, name, does);
    text_append_count(out, verdicts->counts[CONDITION_TRUE]);
    text_append(out, ", not ");
    text_append_count(out, verdicts->counts[CONDITION_FALSE]);
    if (verdicts->counts[CONDITION_UNDECIDED] > 0) {
        text_append(out, ", and would wait for a person with ");
        text_append_count(out, verdicts->counts[CONDITION_UNDECIDED]);
    }
    text_append_char(out, '\n');
}

void outlook_append(const struct outlook *outlook, struct text *out)
{
    const struct verdicts *album = outlook->albums;
    for (size_t i = 0; i < outlook->node->destination_count; i++) {
        const struct config_destination *destination = &outlook->node->destinations[i];
        append_verdicts(&outlook->destinations[i], "  destination", destination->name, "would take", out);
        for (size_t j = 0; j < destination->album_count; j++, album++)
            append_verdicts(album, "    album", destination->albums[j].name, "would get the series of", out);
    }
}

static json_t *verdicts_json(const struct verdicts *verdicts, const char *what, const char *name,
                             const char *yes, const char *no)
{
    return json_pack("{s:s, s:I, s:I, s:I}", what, name, yes, (json_int_t)verdicts->counts[CONDITION_TRUE],
                     no, (json_int_t)verdicts->counts[CONDITION_FALSE], "undecided",
                     (json_int_t)verdicts->counts[CONDITION_UNDECIDED]);
}

json_t *outlook_json(const struct outlook *outlook)
{
    json_t *destinations = json_array();
    const struct verdicts *album = outlook->albums;
    for (size_t i = 0; i < outlook->node->destination_count; i++) {
        const struct config_destination *destination = &outlook->node->destinations[i];
        json_t *albums = json_array();
        for (size_t j = 0; j < destination->album_count; j++, album++)
            json_array_append_new(
                albums, verdicts_json(album, "album", destination->albums[j].name, "gets", "gets_not"));
        json_t *object =
            verdicts_json(&outlook->destinations[i], "destination", destination->name, "takes", "takes_not");
        json_object_set_new(object, "albums", albums);
        json_array_append_new(destinations, object);
    }
    return destinations;
}
