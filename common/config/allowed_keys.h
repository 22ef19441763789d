/* allowed_keys - the public keys that may connect to the router's tcp:// endpoints, as a file lists them.
 *
 *     # receivers
 *     Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID  ward-3
 *
 * One key a line, as `felucca keys` prints it, and behind it a name for people, which may be missing. Blank
 * lines and lines that begin with # say nothing. Immutable once loaded. */
#ifndef FELUCCA_CONFIG_ALLOWED_KEYS_H
#define FELUCCA_CONFIG_ALLOWED_KEYS_H

#include "common/base/text.h"

#include <stddef.h>

struct allowed_keys;

/* Reads the file. 0, or ERR_CONFIG with "path:line: sentence" and a line's end appended to errors for each
 * bad line. The content of the file is never shown: it may be a secret key that was pasted wrongly. */
int allowed_keys_load(const char *path, struct allowed_keys **ret_keys, struct text *errors);
void allowed_keys_destroy(struct allowed_keys **keys);

size_t allowed_keys_count(const struct allowed_keys *keys);

/* The name of a key, "" when it has none; NULL: it is not allowed. Borrowed. */
const char *allowed_keys_name(const struct allowed_keys *keys, const char *public_key);

#endif
