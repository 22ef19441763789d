/* parts - what a sharer is made of, and how its parts call each other. For sharer/ only. */
#ifndef FELUCCA_SHARER_PARTS_H
#define FELUCCA_SHARER_PARTS_H

#include "common/http/http.h"
#include "common/service/service.h"
#include "common/kheops/token_watch.h"
#include "common/worker/worker.h"
#include "sharer/gauges.h"
#include "sharer/misses.h"

struct sharing;

struct sharer {
    struct service *service;
    const struct config *config; /* the one in force */
    struct http *http;
    struct worker *worker;
    struct token_watch *tokens;
    struct sharer_gauges *gauges;
    struct misses *misses;
    struct sharing *sharings; /* all in hand */
};

#endif
