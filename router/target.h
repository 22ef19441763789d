/* target - a destination or an album, and what the router has learned about it.
 *
 * It knows no clock and no chance: both come in as parameters. A target is
 *
 *     up            everything may go, at most `connections` requests at once;
 *     backing off   after trouble, or when many requests in a row stored nothing: nothing goes until `until`, then
 *                   one probe at a time. Each further failure doubles the wait, up to the ceiling. The first
 *                   success makes it up;
 *     blocked       it refuses our token or our requests as such: nothing goes but one probe at a time, at a
 *                   steady, slow pace. The first success makes it up;
 *
 * and may be held by an operator, or be outside of its window, whatever else is true: then nothing goes, and of a destination no
 * share either.
 *
 * What failed before, since anything was stored, says nothing new: of one job that fails again and again alone the wait
 * stays as short as it was, and whoever comes next is not kept by it.
 *
 * Trouble of one request says nothing about the destination that stored something else meanwhile: the
 * destination stays as it was, and the request's own items wait.
 *
 * A fetch (KHEOPS is asked to look at a study again) is no delivery. It has a wait of its own, one request
 * goes at a time and only while the target is up, and its result says nothing about the target. The same is true of an
 * inquiry (KHEOPS is asked about series for an album), but that it goes whatever state the target is in. */
#ifndef FELUCCA_ROUTER_TARGET_H
#define FELUCCA_ROUTER_TARGET_H

#include "common/config/address.h"
#include "common/config/config.h"
#include "common/jobs/target.h"
#include "common/wire/work.h"

enum target_seen { TARGET_UNSEEN, TARGET_AWAY, TARGET_THERE };

struct target {
    struct jobdb_target row;
    const struct config_destination *destination; /* NULL: the configuration does not name it */
    const struct config_album *album;             /* NULL for a destination */
    char address[ADDRESS_SIZE];                   /* of where its requests go; "": it is not configured */
    bool destination_held;                        /* of an album: an operator holds all of its destination */
    bool closed;                                  /* it is not within its window (windows.h) */
    int64_t hours_from, hours_until;              /* wall ms: since and until when that is so */
    bool barred;                                  /* its tokens open wrong albums: nothing goes (tokens.h) */
    int connections;                              /* most requests at once */
    int in_flight;                                /* requests now */
    int64_t paid_until;           /* monotonic ms: what went out has the width of its rate up to then ... */
    int64_t paid_rate;            /* ... at this rate; at another one nothing is paid yet */
    uint64_t served[WORK_STAGES]; /* when it was last offered a slot: a count, 0 for never */
    uint64_t tried_by;   /* number of the worker that tried last (crew.h): the next probe is the next one's */
    int64_t look_at;     /* wall ms: no job is due before; INT64_MAX until something changes */
    int64_t fetch_at;    /* wall ms: no fetch is due before; INT64_MAX until something changes */
    int64_t fetch_until; /* wall ms: no fetch goes before, after trouble with one */
    int fetching;        /* fetches now; they are not in in_flight, so that no delivery waits for them */
    int64_t fetch_failures; /* in a row */
    int64_t
        inquire_at; /* of an album; wall ms: no inquiry is due before; INT64_MAX until something changes */
    int64_t inquire_until;    /* wall ms: none goes before, after trouble with one */
    int inquiring;            /* inquiries now; they are not in in_flight */
    int64_t inquire_failures; /* in a row */
    int fruitless;            /* requests in a row that stored nothing and say so of it (BLAME_RESTS) */
    int64_t
        walled_job; /* of the last request counted in fruitless that something in front refused; 0: several */
    bool
        lacking; /* it rests, or may, since every worker that was there lacked something for it (own_trouble.h) */
    enum target_seen seen; /* while it backs off: what the last look at its server found (readiness.h) */
    uint64_t seen_by;      /* number of the worker that looks (crew.h): others may have a worse way there */
    int64_t seen_at;       /* of the loop's clock: when it was looked at last */
    int missed;            /* shares in a row whose series was not there, each counted once */
};

struct target_retry {
    int64_t first_ms, ceiling_ms;
};

enum {
    TARGET_BLOCKED_PROBE_MS = 60 * 1000,
    TARGET_WARY_WAITS = 12,
    TARGET_LONGEST_MS = 3600 * 1000,
    TARGET_FRUITLESS = 10, /* requests in a row that store nothing: it rests, or is blocked */
    TARGET_MISSED = 3,     /* series in a row that an album's source does not have: it is blocked */
    TARGET_RARE = 96       /* times the ceiling (a day of quarters of an hour): the longest wait of a job that
                              fails where nothing else passes */
};

struct target_retry target_retry_of(const struct config *config);

/* Appends its name: "destination" or "destination/album". */
void target_append_name(const struct target *target, struct text *out);
/* Its condition in the configuration in force; NULL: it has none, or is not named there any more. */
const struct condition *target_condition(const struct target *target);

/* Where its requests of a stage are counted while they are out. */
int *target_counter(struct target *target, enum work_stage stage);

/* Whether an operator holds it, or the destination that it belongs to. */
bool target_is_held(const struct target *target);
/* Whether nothing goes there because somebody wants it so: it is held, or its window is closed. */
bool target_is_kept(const struct target *target);

/* Whether one more request may go out now. */
bool target_is_open(const struct target *target, int64_t now);

/* Whether it takes requests without limit but that of its connections. */
bool target_is_at_ease(const struct target *target);

/* Whether it is in trouble, was so a moment ago (12 times the first wait), or just stores nothing. Requests that trouble has
 * halved stay halved so long, so that the search for a culprit does not begin anew with each success. */
bool target_is_wary(const struct target *target, const struct target_retry *retry, int64_t now);

/* When time alone may open it, or INT64_MAX. */
int64_t target_opens_at(const struct target *target, int64_t now);

/* Whether a fetch may go now; when time alone may change that, or INT64_MAX. */
bool target_may_fetch(const struct target *target, int64_t now);
int64_t target_fetches_at(const struct target *target);

/* It has stored so many jobs. Returns whether the state changed (to up). */
bool target_succeeded(struct target *target, int64_t jobs, int64_t now);

/* A request ended in trouble. stored_at_start: row.stored when it went out. not_before_ms: the server's
 * Retry-After, 0 when it said nothing. jitter: any random number. Returns whether the state changed. */
bool target_troubled(struct target *target, const struct target_retry *retry, int64_t stored_at_start,
                     int64_t not_before_ms, uint64_t jitter, int64_t now);

/* What a request whose items are not all stored says of its target. */
struct target_lesson {
    enum blame_target says;
    bool
        walls; /* BLAME_RESTS: what many in a row meet is not their own fault, and blocks it: of different jobs, or fresh */
    int64_t job; /* the only one in the request; 0: several */
    bool misses; /* BLAME_BLOCKS: only when TARGET_MISSED in a row say so */
    bool fresh;  /* something in it failed for the first time since anything was stored here */
    int64_t stored_at_start, not_before_ms;
    uint64_t jitter;
};

/* Learns. Returns whether the state changed. */
bool target_learn(struct target *target, const struct target_retry *retry, const struct target_lesson *lesson,
                  int64_t now);

/* Whether something was stored since its address and its tokens last changed. */
bool target_is_proven(const struct target *target);
/* A token of it is another one: what the old one did proves nothing. */
void target_renewed(struct target *target);

/* The longest wait, whatever a server asks for: an hour, or the ceiling where that is longer. */
int64_t target_longest(int64_t ceiling_ms);
/* The longest that one of its jobs rests: that, or TARGET_RARE times the ceiling. */
int64_t target_longest_rest(int64_t ceiling_ms);

/* It refused our token or our request as such. Returns whether the state changed. */
bool target_refused(struct target *target, const struct target_retry *retry, int64_t now);

/* Whether an inquiry may go now; when time alone may change that, or INT64_MAX. */
bool target_may_inquire(const struct target *target, int64_t now);
int64_t target_inquires_at(const struct target *target);

/* An inquiry was answered; it was not, so that the next one waits. */
void target_inquired(struct target *target);
void target_inquiry_failed(struct target *target, const struct target_retry *retry, int64_t not_before_ms,
                           uint64_t jitter, int64_t now);

/* A fetch worked; it did not, so that the next one waits. */
void target_fetched(struct target *target);
void target_fetch_failed(struct target *target, const struct target_retry *retry, int64_t not_before_ms,
                         uint64_t jitter, int64_t now);

/* What blocked it may be gone: it is probed at once. Returns whether that changes anything. */
bool target_probe_now(struct target *target, int64_t now);

/* What it backs off for is over, as it seems: the same, and waits begin anew with the first. */
bool target_end_wait(struct target *target, int64_t now);

/* The wait before try number tries (1, 2, …). It grows from the first wait to the ceiling, and jitter takes
 * up to half of it away. */
int64_t target_delay(const struct target_retry *retry, int64_t tries, uint64_t jitter);

#endif
