/* parts - what a sender is made of, and how its parts call each other. For sender/ only. */
#ifndef FELUCCA_SENDER_PARTS_H
#define FELUCCA_SENDER_PARTS_H

#include "common/http/http.h"
#include "common/service/service.h"
#include "common/spool/spool.h"
#include "common/kheops/token_watch.h"
#include "common/worker/worker.h"
#include "sender/gauges.h"

struct sending;
struct fetching;

struct sender {
    struct service *service;
    const struct config *config; /* the one in force */
    struct spool *spool;
    struct http *http;
    struct worker *worker;
    struct token_watch *tokens;
    struct sender_gauges *gauges;
    struct sending *sendings; /* all in hand */
    struct fetching *fetchings;
};

#endif
