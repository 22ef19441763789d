/* http_lines - the header lines of a request. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_LINES_H
#define FELUCCA_HTTP_HTTP_LINES_H

#include "common/http/http_transfer.h"

#include <stdbool.h>

/* Adds "Name: value", "Name;" (without a value), or "Name:" (not the one that libcurl has by itself); false: no memory. */
bool http_lines_add(struct http_transfer *transfer, const char *line);

/* Overwrites and releases them. */
void http_lines_release(struct http_transfer *transfer);

#endif
