/* readers_answer - what the readers are asked for, and what they answer. */
#ifndef FELUCCA_ROUTER_READERS_ANSWER_H
#define FELUCCA_ROUTER_READERS_ANSWER_H

#include "common/base/receipt.h"
#include "common/reading/reading.h"

#include <stdbool.h>

enum {
    READERS = 2,        /* processes */
    READERS_DEPTH = 32, /* requests that one of them has at once, so that it need not wait for the loop */
    READERS_STALL_MS = 10 * 1000 /* one that says nothing for so long is replaced */
};

/* Who asks, and takes the answers. */
enum readers_purpose { READERS_INTAKE, READERS_CHANGE, READERS_INQUIRY, READERS_PURPOSES };

struct readers_answer {
    char receipt[RECEIPT_SIZE];
    int code;                /* as header_read(); ERR_SYNTAX, too, when the file is condemned */
    bool is_condemned;       /* its header must not be read again by itself */
    struct reading *reading; /* with code 0 */
    struct text reason;      /* with another code */
};

void readers_answer_release(struct readers_answer *answer);

#endif
