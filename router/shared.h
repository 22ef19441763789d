/* shared - what all parts of the router share: the one struct that they work on.
 *
 * One thread. A part is a file with a header and, where it needs one, a state of its own that no other part
 * sees. A part changes the database, the crew and the outbox; it says nothing to anybody, and moves no file,
 * before commit() has made the turn's changes durable.
 *
 * A part of the turn (the table in router.c) offers
 *     x_turn()       its work of one turn, bounded;
 *     x_wakes_at()   when it has work although no message comes: milliseconds of the monotonic clock, as in
 *                    `monotonic`. A time that has passed (0): at once. INT64_MAX: never.
 * The router begins a turn every second at the latest. What can wait that long has no x_wakes_at(). */
#ifndef FELUCCA_ROUTER_SHARED_H
#define FELUCCA_ROUTER_SHARED_H

#include "common/base/loop_clock.h"
#include "common/wire/proof.h"

#include <stdbool.h>
#include <stdint.h>

struct router {
    struct service *service;
    const struct config *config; /* the one in force, until the next reload */
    struct spool *spool;
    struct jobdb *db;
    struct bus *hints, *work, *control;
    char proof
        [PROOF_SIZE]; /* what workers show (wire/proof.h); "": the work socket is tcp://, where keys do it */
    int64_t
        resting_again_at; /* monotonic: who lacks what is written again (own_trouble.h); 0: it is written */
    int64_t now;          /* wall clock at the beginning of the turn, in ms */
    int64_t monotonic;    /* monotonic clock at the beginning of the turn, in ms */
    int64_t awake; /* the same, but it stands still while the loop does: for what others' silence means */
    int64_t expires_by; /* what has expired is judged by this: `now` without leaps of that clock (clocks.h) */
    bool recovered;
    int64_t pulse, pulse_at; /* what receivers see of it (pulsing.h); pulse_at: monotonic */

    struct targets *targets;
    struct crew *crew;
    struct outbox *outbox;
    struct counters *counters;

    /* The states of the parts: each is for the file of its name. */
    struct conversation *conversation;
    struct tokens *tokens;
    struct changes *changes;
    struct explains *explains;
    struct trials *trials;
    struct clocks *clocks;
    struct intake *intake;
    struct readers *readers;
    struct headers *headers;
    struct quarantine *quarantine;
    struct janitor *janitor;
    struct dispatch *dispatch;
    struct notices *notices;
    struct posting *posting;
    struct inquiries *inquiries;
    struct commitments *commitments;
    struct reporting *reporting;
    struct gauges *gauges;
    struct asked *asked;

    /* For router.c. */
    int lock_fd;
    struct fence *fence;
    struct loop_clock loop_clock;
};

#endif
