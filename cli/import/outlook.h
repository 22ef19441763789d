/* outlook - what a node would do with files, before anything is done: how many instances each destination would take, and how
 * many would bring their series into each album. */
#ifndef FELUCCA_CLI_IMPORT_OUTLOOK_H
#define FELUCCA_CLI_IMPORT_OUTLOOK_H

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/config/config.h"
#include "common/dicom/header.h"

struct outlook;

/* The node is borrowed while it lives. */
struct outlook *outlook_create(const struct config_node *node);
void outlook_destroy(struct outlook **outlook);

/* Holds one file against all conditions of the node. */
void outlook_add(struct outlook *outlook, struct header *header);

/* A line for each destination and album. */
void outlook_append(const struct outlook *outlook, struct text *out);
/* [{"destination", "takes", "takes_not", "undecided", "albums": [{"album", "gets", "gets_not", "undecided"}]}] */
json_t *outlook_json(const struct outlook *outlook);

#endif
