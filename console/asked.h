/* asked - what an address asks for: a page, one thing on it, the form of the answer, and parameters.
 *
 *     /studies.csv?state=failed    page "studies", form CSV, state "failed"
 *     /study/1.2.840               page "study", item "1.2.840"
 *
 * RFC 3986: percent-encoding is taken, "+" is a blank in parameters. Nothing of it is ever part of a path in a file
 * system. */
#ifndef FELUCCA_CONSOLE_ASKED_H
#define FELUCCA_CONSOLE_ASKED_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum { ASKED_BYTES = 8192, ASKED_PARAMETERS = 16, ASKED_PICKS = 200 };

enum asked_form { ASKED_HTML, ASKED_JSON, ASKED_CSV };

struct asked {
    char *page; /* "now" of "/"; an asset's name is a page, too: "console.css" */
    char *item; /* NULL: none */
    enum asked_form form;
    struct {
        char *name, *value;
    } parameters[ASKED_PARAMETERS];
    size_t count;
    char **picks; /* of a form alone: what was ticked, each a "pick" */
    size_t pick_count;
};

/* Starts zeroed; release it in any case. 200; 414: longer than ASKED_BYTES; 404: no such path; 400: what is not
 * well-formed, a parameter twice or too many, with a sentence appended to reason. */
unsigned asked_parse(const char *target, struct asked *ret_asked, struct text *reason);
/* The same of a form that was sent (application/x-www-form-urlencoded), in which "pick" may be there ASKED_PICKS times: 200 or 400. A
 * parameter "expression" may have several lines, which end with a newline alone. */
unsigned asked_parse_form(const char *body, size_t length, struct asked *ret_asked, struct text *reason);
/* One more; name and value are then its own. False, and they are wiped: there are too many, or it is there already. */
bool asked_add(struct asked *asked, char *name, char *value, struct text *reason);
/* Wipes them: a form may hold a password. */
void asked_release(struct asked *asked);

/* The value of a parameter, borrowed; NULL: there is none, or it is empty. */
const char *asked_get(const struct asked *asked, const char *name);
/* Whether each parameter is one of these words, with blanks between them; or a sentence is appended. */
bool asked_only(const struct asked *asked, const char *names, struct text *reason);

/* Appends a text so that it can stand in a path or a parameter. */
void asked_append_encoded(const char *value, struct text *out);

#endif
