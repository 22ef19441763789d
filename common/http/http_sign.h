/* http_sign - AWS Signature Version 4, which libcurl makes. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_SIGN_H
#define FELUCCA_HTTP_HTTP_SIGN_H

#include "common/http/http_transfer.h"

#include <stdbool.h>

/* Behind all other headers. True where nothing is to be signed; false: it could not be done. */
bool http_sign_prepare(struct http_transfer *transfer, const struct http_request *request);

#endif
