/* dress - what a page's document looks like to people, added to a copy of it for the page's template.
 *
 * Beside each member x of every object there is:
 *
 *     a number       x_n "1,234", x_some (whether it is not 0), and x_size "217 MiB", x_for "3 min" of bytes and seconds
 *     a time         x_time { iso, exact, short }
 *     a UID, receipt x_uid { whole, begin, end, is_cut, link }
 *     a state        x_word { word, tone, mark }
 *     a list         x_some, x_n
 *     null           false for all of these, so that no member of an outer object shines through
 *
 * Nothing is escaped here: the template does that. */
#ifndef FELUCCA_CONSOLE_DRESS_H
#define FELUCCA_CONSOLE_DRESS_H

#include "common/base/json.h"

#include <stdint.h>

/* Changes the document, which is of the time now (wall ms). */
void dress(json_t *document, int64_t now);

/* The same of one time: a new reference. */
json_t *dress_time(int64_t at, int64_t now);
/* "good", and "m-good": how a state looks. Borrowed for ever. */
const char *dress_tone(const char *state);
const char *dress_mark(const char *state);

#endif
