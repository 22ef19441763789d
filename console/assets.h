/* assets - the files of console/assets, which the build puts into the program: templates, script, and as console.css the parts
 * of console/style. */
#ifndef FELUCCA_CONSOLE_ASSETS_H
#define FELUCCA_CONSOLE_ASSETS_H

#include "common/base/text.h"

#include <stddef.h>

struct asset {
    const char *name; /* "console.css" */
    const char *bytes;
    size_t length;
};

/* Borrowed for ever; NULL: there is none. */
const struct asset *assets_find(const char *name);
/* The media type of what browsers may ask for; NULL: it is not for them. */
const char *assets_type(const char *name);
/* Appends name.mustache with its parts ("{{> time}}" is time.mustache, which may have parts too) in their places. 0;
 * ERR_ABSENT: one of them is not there, which is appended to reason; ERR_RANGE: they hold each other. */
int assets_append_template(const char *name, struct text *out, struct text *reason);

#endif
