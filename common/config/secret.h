/* secret - text with ${env:NAME} and ${file:PATH} in it, resolved by the process that uses it, when it does.
 *
 * A secret is kept as its template; its value exists only in memory that secret_resolve() fills and
 * secret_wipe() clears. A file is read anew each time, so that a token file replaced on disk is seen; its
 * last newline is dropped. Files are bounded to 64 KiB. An empty variable or file is an error, as if it were
 * not there. "$${" in a template means "${" itself. */
#ifndef FELUCCA_CONFIG_SECRET_H
#define FELUCCA_CONFIG_SECRET_H

#include "common/base/text.h"

#include <stdbool.h>

/* Checks the syntax of a template. 0, or ERR_SYNTAX with a sentence appended to ret_reason. */
int secret_check(const char *template, struct text *ret_reason);

/* Appends the resolved text to ret_text. ERR_ABSENT or ERR_DENIED (no such variable or file, not readable) or
 * ERR_SYNTAX, with a sentence that names the variable or file, never the content, appended to ret_reason;
 * ret_text is then as it was. */
int secret_resolve(const char *template, struct text *ret_text, struct text *ret_reason);

/* Whether the template is its own value: nothing in it has to be resolved. */
bool secret_is_literal(const char *template);

/* Whether everybody on this machine can read a file of the template, or its group can change it; the first
 * such file is then appended to ret_path. Files that are not there are nobody's. */
bool secret_is_exposed(const char *template, struct text *ret_path);

/* Appends the template with relative paths in it below folder. 0 or ERR_SYNTAX. */
int secret_anchor(const char *template, const char *folder, struct text *ret_template);

/* Overwrites the bytes, then releases the text. */
void secret_wipe(struct text *text);

#endif
