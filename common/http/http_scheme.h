/* http_scheme - whether the server speaks TLS where the URL says http, or none where it says https: one letter that a
 * person has to change, which libcurl and servers tell in words that lead elsewhere. For http*.c only. */
#ifndef FELUCCA_HTTP_HTTP_SCHEME_H
#define FELUCCA_HTTP_HTTP_SCHEME_H

#include "common/http/http_transfer.h"

/* code: a CURLcode; status: of the answer; server: with scheme. True: appends the sentence, and the answer is no answer of the server. */
bool http_scheme_is_wrong(const struct http_transfer *transfer, int code, int status, const char *server,
                          struct text *ret_reason);

#endif
