/* passcode - what a source of the configuration proves itself with: the one secret that a receiver reads. */
#ifndef FELUCCA_CONFIG_PASSCODE_H
#define FELUCCA_CONFIG_PASSCODE_H

#include "common/config/config.h"

/* Appends the passcode of a source that has one, as it is now. 0, or a negative error with a sentence appended to
 * ret_reason that names the variable or file and never its content. */
int passcode_of_source(const struct config_source *source, struct text *ret_passcode,
                       struct text *ret_reason);

/* Whether bytes of a stranger are the passcode, in a time that depends on their length alone. */
bool passcode_equals(const struct text *passcode, const void *bytes, size_t length);

/* Overwrites the bytes, then releases the text. */
void passcode_wipe(struct text *passcode);

#endif
