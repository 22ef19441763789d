/* http_head - the head of an answer, line by line as it comes. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_HEAD_H
#define FELUCCA_HTTP_HTTP_HEAD_H

#include "common/http/http_transfer.h"

#include <stddef.h>

enum { HTTP_HEAD_MAX = 256 * 1024 };

/* For CURLOPT_HEADERFUNCTION, the transfer as its data. Ends a request whose answer's heads are together longer than
 * HTTP_HEAD_MAX. */
size_t http_head_take(char *line, size_t size, size_t count, void *transfer);

#endif
