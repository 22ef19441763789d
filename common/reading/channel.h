/* channel - the socket between the router and a felucca-header.
 *
 *     router -> helper    struct request, with one descriptor: the file to read, or the questions from now on (as
 *                         questions_write() made them; the helper cannot change that file)
 *     helper -> router    struct answer_head, then what reading_write() made; in the order of the requests
 *
 * For a trial (trial.h) it is the expressions, once, and then files to judge: the answers are trial_append_compiled()'s and
 * judgement_write()'s.
 *
 * Both are programs of one build on one machine, so structs go as they are. The helper trusts the router and ends
 * on what is no request; the router trusts nothing that a helper says. */
#ifndef FELUCCA_READING_CHANNEL_H
#define FELUCCA_READING_CHANNEL_H

#include "common/base/receipt.h"
#include "common/base/text.h"

enum request_kind { REQUEST_QUESTIONS = 1, REQUEST_FILE, REQUEST_TRIAL, REQUEST_JUDGE };

enum { REQUEST_FACT_SIZE = 65 };

struct request {
    uint32_t kind;
    char receipt[RECEIPT_SIZE]; /* of a file: a name without any content */
    uint64_t id;                /* said again in the answer; of questions there is none */
    /* Of a file to judge: what is known of its transfer; "": nothing. */
    char calling_aet[REQUEST_FACT_SIZE], called_aet[REQUEST_FACT_SIZE], source_address[REQUEST_FACT_SIZE],
        transfer_syntax[REQUEST_FACT_SIZE];
};

struct answer_head {
    uint64_t id;
    uint32_t length; /* of what follows */
    uint32_t zero;
};

/* The router's side; the socket does not block. The descriptor stays the caller's. 0; ERR_AGAIN: there is no room now;
 * ERR_NETWORK: nobody listens. */
int channel_ask(int socket, const struct request *request, int fd);

/* The helper's side; the socket blocks. The descriptor is then yours. ERR_NETWORK: the router is gone. ERR_SYNTAX: it
 * is no request. */
int channel_hear(int socket, struct request *ret_request, int *ret_fd);
/* Sends what was appended to out, whose first bytes are an answer_head that is filled here. ERR_NETWORK: the router is
 * gone. */
int channel_answer(int socket, uint64_t id, struct text *out);

#endif
