/* width - how much may go to a destination with a rate, over all its senders together.
 *
 * What is handed out has to be paid with the time that it takes at that rate; until then nothing more is. A sender sends no faster
 * either (sender/stow.c), so what goes out at any time is about the rate, and never more over some seconds. By the monotonic
 * clock: no leap gives or takes any. */
#ifndef FELUCCA_ROUTER_WIDTH_H
#define FELUCCA_ROUTER_WIDTH_H

#include "common/jobs/batch.h"
#include "router/target.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    WIDTH_REQUEST_MS = 5000
}; /* a request is no longer than what takes about so long, unless one instance is */

/* For how long a request was paid, until when (monotonic ms), and at which rate. */
struct width_paid {
    int64_t ms, until, rate;
};

/* Whether its deliveries may go now, as far as its rate is concerned. */
bool width_is_there(const struct target *target, int64_t monotonic);
/* When they may; INT64_MAX: they may, or it has no rate. */
int64_t width_opens_at(const struct target *target, int64_t monotonic);

/* Of so many bytes, those that one request may have. */
int64_t width_of_request(const struct target *target, int64_t bytes);

/* The batch goes out. */
struct width_paid width_pay(struct target *target, const struct jobdb_batch *batch, int64_t monotonic);
/* How long so many bytes take at its rate, in ms; without a rate 0. */
int64_t width_time(const struct target *target, int64_t bytes);
/* A request has ended, and what went out of it takes spent_ms: the rest holds up nobody, be it one instance of gigabytes
 * that the server refused at its first byte. Time that is over is not given back: nothing went out in it. */
void width_give_back(struct target *target, const struct width_paid *paid, int64_t spent_ms,
                     int64_t monotonic);

#endif
