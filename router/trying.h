/* trying - one trial under way, and the two kinds of them. For trials.c and the kinds' own files. */
#ifndef FELUCCA_ROUTER_TRYING_H
#define FELUCCA_ROUTER_TRYING_H

#include "common/base/json.h"
#include "common/reading/judgement.h"
#include "common/wire/bus.h"
#include "common/wire/control.h"
#include "router/judge.h"

#include <stdbool.h>
#include <stdint.h>

struct router;
struct trying;

struct trying_kind {
    /* Whether the request can be tried; else the answer is a refusal. */
    bool (*check)(struct router *router, const struct control_request *request,
                  struct control_answer *answer);
    /* Starts the judge with its conditions: 0, or an error. */
    int (*begin)(struct router *router, struct trying *trying);
    void (*compiled)(struct trying *trying, const struct trial_compiled *list);
    /* Hands headers over, until then (monotonic ms). True: it has no more. */
    bool (*feed)(struct router *router, struct trying *trying, int64_t until);
    void (*judged)(struct router *router, struct trying *trying, const struct judgement *judgement);
    /* The process ended with a header in hand, which another one goes on without. False: there is nothing to go on with. */
    bool (*go_on)(struct trying *trying);
    json_t *(*result)(struct router *router, struct trying *trying); /* a new reference */
    void (*progress)(const struct trying *trying, struct text *sentence);
    void (*release)(struct trying *trying);
};

/* The edited condition against the last series; the conditions in force against a file. */
extern const struct trying_kind trying_series, trying_file;

struct trying {
    struct control_request request;
    struct bus_peer peer;
    const struct trying_kind *kind;
    int64_t began, told; /* monotonic ms; began 0: it waits */
    struct judge *judge;
    size_t conditions;   /* of the judge */
    bool is_compiled;    /* it has said what they are */
    bool is_fed;         /* every header was handed over, or will be no more */
    size_t in_hand;      /* headers that were handed over and have no answer */
    unsigned ends;       /* of processes */
    struct text refusal; /* not empty: it is over */
    bool is_over;        /* there is a result */
    void *state;         /* the kind's */
};

void trying_refuse(struct trying *trying, const char *sentence);
#endif
