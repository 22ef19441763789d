/* multipart - a form that was sent with a file (RFC 7578, multipart/form-data). */
#ifndef FELUCCA_CONSOLE_MULTIPART_H
#define FELUCCA_CONSOLE_MULTIPART_H

#include "console/asked.h"

enum { MULTIPART_FILE_MAX = 256 << 10, MULTIPART_TEXT_MAX = 256 };

/* type: the Content-Type. Its fields become parameters: of the field "file" the content as base64, of all others the text. What the file
 * is called is not read: names of files name patients. Starts zeroed, release it in any case. 200; 400, 413, 415 with a sentence appended
 * to reason. */
unsigned multipart_parse(const char *type, const char *body, size_t length, struct asked *ret_form,
                         struct text *reason);

#endif
