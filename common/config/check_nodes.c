#include "common/base/cleanup.h"
#include "common/base/zone.h"
#include "common/base/memory.h"
#include "common/config/check.h"
#include "common/config/check_auth.h"
#include "common/config/headers.h"
#include "common/config/url.h"

#include <stdlib.h>
#include <string.h>

/* ---- names that may be used once ---- */

/* A name, its key, and what the two belong to. */
struct named {
    const char *name;
    char *const *field;
    const struct config_destination *destination; /* of an album */
    size_t order;
};

struct names {
    struct named *list;
    size_t count, capacity;
};

static void free_names(struct names *names)
{
    free(names->list);
}

static void add_name(struct names *names, char *const *field, const struct config_destination *destination)
{
    if (!*field)
        return;
    names->list = memory_grow(names->list, &names->capacity, names->count + 1, sizeof *names->list);
    names->list[names->count] = (struct named){*field, field, destination, names->count};
    names->count++;
}

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

/* Sorted, so that a file with very many names is checked as fast as one with few. */
static void check_names(struct names *names, struct config_report *report, const char *noun, const char *key,
                        const char *advice)
{
    if (names->count > 1)
        qsort(names->list, names->count, sizeof *names->list, by_name);
    for (size_t i = 1, first = 0; i < names->count; i++) {
        if (strcmp(names->list[i].name, names->list[first].name) != 0) {
            first = i;
            continue;
        }
        AUTO(text_release) struct text where = TEXT_EMPTY;
        if (names->list[i].destination) {
            text_append(&where, "destination ");
            config_report_quote(&where,
                                names->list[i].destination->name ? names->list[i].destination->name : "");
            text_append(&where, ": ");
        }
        text_format(&where, "%s ", noun);
        config_report_quote(&where, names->list[i].name);
        text_format(&where, ": %s", key);
        config_report_error(report, config_report_place(report, names->list[i].field), text_string(&where),
                            "is used twice (line %d has it already); %s",
                            config_report_place(report, names->list[first].field).line, advice);
    }
}

static void check_all_names(const struct config *config, struct config_report *report)
{
    AUTO(free_names) struct names nodes = {0};
    AUTO(free_names) struct names destinations = {0};
    for (size_t n = 0; n < config->node_count; n++) {
        add_name(&nodes, &config->nodes[n].aet, NULL);
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            AUTO(free_names) struct names albums = {0};
            add_name(&destinations, &destination->name, NULL);
            for (size_t a = 0; a < destination->album_count; a++)
                add_name(&albums, &destination->albums[a].name, destination);
            check_names(&albums, report, "album", "name", "give each album of a destination its own name");
        }
    }
    check_names(&nodes, report, "node", "aet",
                "write one node with both lists of destinations, or choose another AE title");
    check_names(&destinations, report, "destination", "name",
                "give each destination of the file its own name");
}

/* ---- one destination ---- */

struct place {
    struct config_report *report;
    const struct config_node *node;
    const struct config_destination *destination;
    const struct config_album *album; /* or NULL */
};

static void append_where(const struct place *place, const char *key, struct text *out)
{
    text_append(out, "node ");
    config_report_quote(out, place->node->aet ? place->node->aet : "");
    text_append(out, ": destination ");
    config_report_quote(out, place->destination->name ? place->destination->name : "");
    if (place->album) {
        text_append(out, ": album ");
        config_report_quote(out, place->album->name ? place->album->name : "");
    }
    text_format(out, ": %s", key);
}

/* field is its place; when it was not written, that is the item's name. */
static struct config_yaml_place find_place(const struct place *place, const void *field)
{
    struct config_yaml_place found;
    if (config_report_find(place->report, field, &found))
        return found;
    return config_report_place(place->report, place->album ? (const void *)&place->album->name
                                                           : (const void *)&place->destination->name);
}

static void complain(const struct place *place, const char *key, const void *field, const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    append_where(place, key, &where);
    config_report_error(place->report, find_place(place, field), text_string(&where), "%s", sentence);
}

static void warn(const struct place *place, const char *key, const void *field, const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    append_where(place, key, &where);
    config_report_warning(place->report, find_place(place, field), text_string(&where), "%s", sentence);
}

static void check_urls(const struct place *place)
{
    const struct config_destination *destination = place->destination;
    if (!destination->stow_url || !destination->kheops)
        return;
    if (strstr(destination->stow_url, "/link/"))
        complain(
            place, "stow_url", &destination->stow_url,
            "is a link with a token in it, and URLs end up in logs; write https://HOST/api/studies and put "
            "the token into headers");
    else if (!destination->api_url)
        complain(place, "stow_url", &destination->stow_url,
                 "does not end in /studies, so KHEOPS's API cannot be told from it; write "
                 "https://HOST/api/studies, or set api_url, or kheops: false for another kind of server");
}

static void check_security(const struct place *place)
{
    const struct config_destination *destination = place->destination;
    const char *token = config_headers_find(destination->headers, destination->header_count, "Authorization");
    if (destination->stow_url && config_url_is_exposed(destination->stow_url) &&
        (token || destination->album_count > 0 || config_auth_shows_secret(&destination->auth)))
        warn(place, "stow_url", &destination->stow_url,
             "http:// shows the token and the images to anybody on the way; use https://");
    if (destination->insecure)
        warn(
            place, "insecure", &destination->insecure,
            "the server's certificate is not verified, so anybody on the way can take its place; set ca_file "
            "instead");
    if (destination->kheops && !token)
        warn(place, "headers", &destination->headers,
             "there is no Authorization header, without which KHEOPS takes nothing; write "
             "\"Authorization: Bearer ${file:...}\", or kheops: false");
    if (destination->ensure_visible && !destination->kheops)
        complain(place, "ensure_visible", &destination->ensure_visible,
                 "is a question to KHEOPS, and there is kheops: false; leave one of them out");
    if (!destination->client_cert && destination->client_key)
        complain(place, "client_key", &destination->client_key, "is set without client_cert; set both");
    if (destination->client_cert && !destination->client_key)
        complain(place, "client_cert", &destination->client_cert, "is set without client_key; set both");
}

static void check_auth(const struct place *place)
{
    const struct config_destination *destination = place->destination;
    AUTO(text_release) struct text where = TEXT_EMPTY;
    append_where(place, "", &where);
    text_cut(&where, where.length - strlen(": "));
    if (destination->kheops && config_auth_shows_secret(&destination->auth))
        complain(
            place, "auth", &destination->auth.type,
            "KHEOPS knows tokens of albums alone; write the token into headers, or kheops: false for another "
            "kind of server");
    else
        config_check_auth(place->report, text_string(&where), &destination->auth, destination->headers,
                          destination->header_count);
}

static void check_album(const struct place *place)
{
    const struct config_album *album = place->album;
    const struct config_destination *destination = place->destination;
    AUTO(memory_free) char *origin = album->api_url ? config_url_origin(album->api_url) : NULL;
    if (origin && destination->origin && !destination->allow_other_origin &&
        strcmp(origin, destination->origin) != 0) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        text_format(&sentence,
                    "is at %s, but the destination at %s; series cannot be shared between two KHEOPS. Write "
                    "the destination's, or allow_other_origin: true there if these are two names of one",
                    origin, destination->origin);
        complain(place, "api_url", &album->api_url, text_string(&sentence));
    }
    if (album->api_url && config_url_is_exposed(album->api_url) && album->destination_token)
        warn(place, "api_url", &album->api_url,
             "http:// shows the tokens to anybody on the way; use https://");
    if (album->source_token && album->destination_token &&
        strcmp(album->source_token, album->destination_token) == 0)
        warn(
            place, "source_token", &album->source_token,
            "is the same as destination_token, but a token opens one album only: this one needs the token of "
            "the album that the destination writes to");
}

static void check_zone(const struct place *place)
{
    const struct config_destination *destination = place->destination;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(zone_close) struct zone *zone = NULL;
    if (!destination->time_zone)
        return;
    config_report_quote(&sentence, destination->time_zone);
    text_append_char(&sentence, ' ');
    if (destination->window_count == 0)
        complain(place, "time_zone", &destination->time_zone,
                 "is that of a window, and there is none; leave it out");
    else if (zone_open(destination->time_zone, &zone, &sentence) != 0)
        complain(place, "time_zone", &destination->time_zone, text_string(&sentence));
}

static void check_destination(struct config_report *report, const struct config_node *node,
                              const struct config_destination *destination)
{
    struct place place = {report, node, destination, NULL};
    check_urls(&place);
    check_security(&place);
    check_auth(&place);
    check_zone(&place);
    if (!destination->kheops && destination->album_count > 0)
        complain(&place, "albums", &destination->albums,
                 "only KHEOPS has albums; leave them out, or write kheops: true");
    for (size_t a = 0; destination->kheops && a < destination->album_count; a++) {
        place.album = &destination->albums[a];
        check_album(&place);
    }
}

/* Somebody who never could show what is asked for. */
static void check_source(const struct config *config, struct config_report *report,
                         const struct config_node *node, const struct config_source *source)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    const struct config_tls *tls = &config->receiver.tls;
    if (!source->certificate || (tls->port != 0 && tls->clients != CONFIG_CLIENTS_NONE))
        return;
    text_append(&where, "node ");
    config_report_quote(&where, node->aet ? node->aet : "");
    text_append(&where, ": source ");
    config_report_quote(&where, source->aet ? source->aet : "");
    text_append(&where, ": certificate");
    config_report_error(report, config_report_place(report, &source->certificate), text_string(&where),
                        "nobody is asked for one; %s",
                        tls->port == 0 ? "set receiver: tls: port, with its certificate and key"
                                       : "write clients: required or asked in receiver: tls");
}

/* Names that promise something of a destination that the node has not. */
static void check_commitment(struct config_report *report, const struct config_node *node)
{
    for (size_t i = 0; i < node->commitment.destination_count; i++) {
        const char *name = node->commitment.destinations[i];
        size_t d = 0;
        while (d < node->destination_count &&
               (!node->destinations[d].name || strcmp(node->destinations[d].name, name) != 0))
            d++;
        if (d < node->destination_count)
            continue;
        AUTO(text_release) struct text where = TEXT_EMPTY;
        text_append(&where, "node ");
        config_report_quote(&where, node->aet ? node->aet : "");
        text_append(&where, ": commitment: destinations");
        config_report_error(report, config_report_place(report, &node->commitment.destinations),
                            text_string(&where), "\"%s\" is no destination of this node; name its own", name);
    }
}

static void check_node(const struct config *config, struct config_report *report,
                       const struct config_node *node)
{
    struct config_yaml_place place;
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_append(&where, "node ");
    config_report_quote(&where, node->aet ? node->aet : "");
    if (node->source_count == 0 && config_report_find(report, &node->sources, &place))
        config_report_error(
            report, place, text_string(&where),
            "sources: an empty list does not say who may send; name them, or leave the key out for any caller");
    if (node->destination_count == 0 && config_report_find(report, &node->destinations, &place))
        config_report_warning(report, place, text_string(&where),
                              "destinations: there is none, so what this node receives goes nowhere");
    for (size_t s = 0; s < node->source_count; s++)
        check_source(config, report, node, &node->sources[s]);
    check_commitment(report, node);
    for (size_t d = 0; d < node->destination_count; d++)
        check_destination(report, node, &node->destinations[d]);
}

/* ---- destinations that meet at one server ---- */

struct meeting {
    const struct config_destination *destination;
    const char *token;
    size_t order;
};

static int by_origin(const void *left, const void *right)
{
    const struct meeting *a = left, *b = right;
    int order = strcmp(a->destination->origin, b->destination->origin);
    return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

static void warn_of_meeting(struct config_report *report, const struct config_destination *first,
                            const struct config_destination *second)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_append(&where, "destination ");
    config_report_quote(&where, second->name);
    config_report_warning(
        report, config_report_place(report, &second->name), text_string(&where),
        "sends to the same server as destination \"%s\" with another token. When both take the same series, "
        "KHEOPS puts it into the album of the first and refuses it to the second (0x0124). Let their "
        "conditions exclude each other, or use one destination and put the series into the other album with "
        "albums",
        first->name);
}

static void check_meetings(const struct config *config, struct config_report *report)
{
    struct meeting *list = NULL;
    size_t count = 0, capacity = 0;
    for (size_t n = 0; n < config->node_count; n++) {
        for (size_t d = 0; d < config->nodes[n].destination_count; d++) {
            const struct config_destination *destination = &config->nodes[n].destinations[d];
            const char *token =
                config_headers_find(destination->headers, destination->header_count, "Authorization");
            if (!destination->kheops || !destination->origin || !destination->name || !token)
                continue;
            list = memory_grow(list, &capacity, count + 1, sizeof *list);
            list[count] = (struct meeting){destination, token, count};
            count++;
        }
    }
    if (count > 1)
        qsort(list, count, sizeof *list, by_origin);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (strcmp(list[i].destination->origin, list[first].destination->origin) != 0)
            first = i;
        else if (strcmp(list[i].token, list[first].token) != 0)
            warn_of_meeting(report, list[first].destination, list[i].destination);
    }
    free(list);
}

void config_check_nodes(const struct config *config, struct config_report *report)
{
    struct config_yaml_place place;
    if (config->node_count == 0 && config_report_find(report, &config->nodes, &place))
        config_report_warning(report, place, "nodes", "there is none, so the receiver takes nothing");
    check_all_names(config, report);
    for (size_t n = 0; n < config->node_count; n++)
        check_node(config, report, &config->nodes[n]);
    check_meetings(config, report);
}
