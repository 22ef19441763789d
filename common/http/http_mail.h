/* http_mail - a transfer that is mail: what libcurl is told of it, and what a mail server's reply means. For http*.c
 * only. */
#ifndef FELUCCA_HTTP_HTTP_MAIL_H
#define FELUCCA_HTTP_HTTP_MAIL_H

#include "common/http/http_transfer.h"

/* Sets what mail has beside every request. False: it cannot be made. */
bool http_mail_prepare(struct http_transfer *transfer, const struct http_request *request);

/* Fills the answer of a transfer that ended, with its trouble known already; the sentence only where the server
 * refused something. code is a CURLcode. */
void http_mail_answer(struct http_transfer *transfer, int code, struct http_answer *answer);

#endif
