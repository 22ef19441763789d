/* exchange - one HTTP request by the program curl, over TLS too, and all of its answer.
 *
 * The request, its tokens among it, goes through a file that nobody else can read, not through arguments. */
#ifndef FELUCCA_SIM_EXCHANGE_H
#define FELUCCA_SIM_EXCHANGE_H

#include "common/base/text.h"

#include <stdbool.h>

struct exchange_answer {
    int status;
    struct text headers; /* as they came */
    struct text body;
};

void exchange_answer_release(struct exchange_answer *answer);

/* headers: lines "Name: value", each ended by a newline. body NULL: none. folder: a private one, for the files. 0,
 * ERR_NETWORK when no answer came (curl has said why), ERR_IO. */
int exchange_ask(const char *method, const char *url, const char *headers, const struct text *body,
                 const char *folder, struct exchange_answer *ret_answer);

/* The value of a header, any case, appended to ret_value; whether it is there. */
bool exchange_header(const struct exchange_answer *answer, const char *name, struct text *ret_value);

#endif
