/* yaml - one YAML document as plain nodes that know their places.
 *
 * The only user of libyaml. Every scalar is text; what it means is the schema's business. Anchors, aliases,
 * several documents, keys that are no scalars, and documents that are too deep or too large are refused.
 * Lines and columns count from 1, columns in characters. */
#ifndef FELUCCA_CONFIG_YAML_H
#define FELUCCA_CONFIG_YAML_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    CONFIG_YAML_SIZE_MAX = 4 << 20,   /* bytes of a file */
    CONFIG_YAML_DEPTH_MAX = 16,       /* nested lists and mappings */
    CONFIG_YAML_NODES_MAX = 1 << 18,  /* scalars, lists and mappings */
    CONFIG_YAML_TAG_SHOWN_MAX = 1000, /* bytes of a tag that are kept */
};

enum config_yaml_kind { CONFIG_YAML_SCALAR, CONFIG_YAML_LIST, CONFIG_YAML_MAPPING };

struct config_yaml_place {
    int line, column;
};

struct config_yaml_node {
    enum config_yaml_kind kind;
    struct config_yaml_place place;
    char *tag;                       /* as written, "!" alone too; NULL: none */
    char *text;                      /* scalar: never NULL, without NUL bytes */
    bool plain;                      /* scalar: neither quoted nor a block */
    struct config_yaml_node **keys;  /* mapping: scalars, as many as items */
    struct config_yaml_node **items; /* list, mapping */
    size_t count;
};

struct config_yaml;

/* Reads a document; bytes are borrowed until config_yaml_destroy(). 0; or ERR_SYNTAX with the first trouble
 * (the reader cannot go on after it) appended to ret_message. */
int config_yaml_read(const char *bytes, size_t length, struct config_yaml **ret_document,
                     struct config_yaml_place *ret_place, struct text *ret_message);
void config_yaml_destroy(struct config_yaml **document);

/* The outermost node; NULL for an empty document. Borrowed. */
const struct config_yaml_node *config_yaml_root(const struct config_yaml *document);

/* The place in the file of the character at an offset of a scalar's text; in a folded or escaped scalar, as
 * near to it as can be told. */
struct config_yaml_place config_yaml_place_of(const struct config_yaml *document,
                                              const struct config_yaml_node *scalar, size_t offset);

/* Whether a scalar in double quotes holds an escape that makes another character of a backslash and a letter
 * (\P, \b, \N, ...), and where. Those that make white space count inside a literal in single or double quotes
 * only. */
bool config_yaml_has_escape(const struct config_yaml *document, const struct config_yaml_node *scalar,
                            struct config_yaml_place *ret_place);

#endif
