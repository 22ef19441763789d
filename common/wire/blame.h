/* blame - who is to blame that a job was not stored: the one table that workers, router, tests and documents read.
 *
 * A worker sees one answer; the router knows what else passed. So a worker names whom the answer speaks against,
 * one of the rows below for each item of its RESULT, and the router decides by the columns of that row and by
 * what was stored at the same target (destination or album) meanwhile:
 *
 *     blame_rule(answer->blame)->attempt ...
 *
 * "Others pass" means: another job was stored at the target since this job's previous attempt, or since its
 * request went out. docs/decisions/0016-who-is-blamed.md tells why. Values without state. */
#ifndef FELUCCA_WIRE_BLAME_H
#define FELUCCA_WIRE_BLAME_H

#include "common/base/text.h"

/* What it costs the job, alone in its request or named by the answer, where others pass. */
enum blame_attempt {
    BLAME_FREE,   /* nothing */
    BLAME_COUNTS, /* one of its attempts */
    BLAME_FINAL   /* it fails */
};

/* What becomes of a request of several instances. */
enum blame_together {
    BLAME_KEEPS,       /* nothing: each item is judged for itself */
    BLAME_HALVES,      /* its items go again in halves, until the culprit is alone */
    BLAME_HALVES_LATER /* ... when it ends so for the second time in a row */
};

/* What it says of the target, unless something excuses it. */
enum blame_target {
    BLAME_NOTHING,   /* nothing */
    BLAME_RESTS,     /* after many such requests in a row it rests */
    BLAME_BACKS_OFF, /* it backs off */
    BLAME_BLOCKS     /* it is blocked until somebody acts */
};

/* What excuses the target. */
enum blame_excuse {
    BLAME_MEANWHILE, /* others pass */
    BLAME_OF_OLD,    /* something was stored there since its address and its tokens last changed */
    BLAME_NEVER      /* nothing */
};

/* name, text, attempt, together, target, excuse,
 *     what a worker says it for, what happens when the target is excused, what happens when it is not */
#define BLAME_MAP(X)                                                                                          \
    X(NOBODY, "nobody", FREE, KEEPS, NOTHING, MEANWHILE, "what is done, or was hindered by something else",   \
      "it goes again", "it goes again")                                                                       \
    X(INSTANCE, "instance", FREE, KEEPS, NOTHING, MEANWHILE,                                                  \
      "an answer that names it with a reason that stays (0x0106, 0x0122, 0xA9xx, 0xCxxx …)",                  \
      "it fails at once", "it fails at once")                                                                 \
    X(SUSPECT, "suspect", COUNTS, KEEPS, RESTS, MEANWHILE,                                                    \
      "an answer that names it with a reason that may pass (0x0110, unknown ones)",                           \
      "an attempt counts; it fails when they are used up",                                                    \
      "no attempt counts; it goes ever more rarely, once a day in the end; when ten requests in a row store " \
      "nothing the target rests, longer each time")                                                           \
    X(COLLISION, "collision", COUNTS, KEEPS, RESTS, MEANWHILE,                                                \
      "what KHEOPS says of an instance whose study or series comes in with another request at the same time " \
      "(0x0124 with a good token; alone in its request: 0x0110 without a name)",                              \
      "no attempt counts for two hours, while its series is new there; then, and of others, as a suspect",    \
      "as a suspect")                                                                                         \
    X(GROUP, "group", COUNTS, HALVES, RESTS, MEANWHILE,                                                       \
      "one of the request, without a name: it is not listed, or 400, or a 409 that does not say why",         \
      "the request is halved; alone, as a suspect", "the request is halved for now; alone, as a suspect")     \
    X(CRASH, "crash", COUNTS, HALVES, BACKS_OFF, MEANWHILE,                                                   \
      "one of the request, or the server: 500, 502, an answer that is too long",                              \
      "the request is halved; alone, as a suspect",                                                           \
      "the request is halved for now, and the target backs off")                                              \
    X(SIZE, "size", FINAL, HALVES, BLOCKS, MEANWHILE, "413: the request is too large for the server",         \
      "the request is halved; alone, it fails", "the request is halved; alone, the target is blocked")        \
    X(CUT, "cut", FREE, HALVES_LATER, BACKS_OFF, MEANWHILE,                                                   \
      "an end that tells nothing, before all of the body had gone out (408, 503, 504, a reset, a time-out)",  \
      "the request is halved at the second such end in a row",                                                \
      "the same, for now, and the target backs off")                                                          \
    X(SLOW, "slow", FREE, HALVES_LATER, BACKS_OFF, MEANWHILE,                                                 \
      "such an end after all of the body had gone out: the server may be at work on it still",                \
      "as for cut; and it rests at least as long as the request took, doubling, for an hour at most (or "     \
      "`retry.ceiling` where that is longer)",                                                                \
      "the same, and the target backs off")                                                                   \
    X(FRONT, "front", COUNTS, HALVES, BLOCKS, OF_OLD,                                                         \
      "3xx, 404, 405, 406, 411, 415, 501, and 401 or 403 where the token is called good: something that is "  \
      "not the server, or a wrong address",                                                                   \
      "the request is halved; alone, as a suspect, but what ten requests in a row meet blocks the target",    \
      "the target is blocked, and probes are halved")                                                         \
    X(GONE, "gone", COUNTS, KEEPS, BLOCKS, OF_OLD,                                                            \
      "404 of a share whose tokens are called good: the series is not in the source album",                   \
      "as a suspect, and the album goes on", "the album is blocked when three series are not there")          \
    X(WORKER, "worker", FREE, KEEPS, NOTHING, MEANWHILE,                                                      \
      "what this worker lacks: a token's or a certificate's file, the spool, a fresh configuration, a way "   \
      "there (a name that is not resolved, no route), or an answer of KHEOPS about its token or of a login "  \
      "server, without which nothing may go",                                                                 \
      "another worker gets it",                                                                               \
      "when every worker says so the target is blocked, or backs off where that may pass by itself")          \
    X(TOKEN, "token", FREE, KEEPS, BLOCKS, NEVER,                                                             \
      "a token that is inactive, lacks a permission, or opens the wrong album, as introspection says",        \
      "another worker gets it; when every worker says so the target is blocked; a new token ends that at "    \
      "once",                                                                                                 \
      "the same")                                                                                             \
    X(DESTINATION, "destination", FREE, KEEPS, BACKS_OFF, MEANWHILE,                                          \
      "no connection, no trust (TLS), 429, 0xA7xx: it is down or overloaded",                                 \
      "it goes again, a little later", "the target backs off")

enum blame {
#define X(name, text, attempt, together, target, excuse, says, others, nothing) BLAME_##name,
    BLAME_MAP(X)
#undef X
        BLAMES
};

struct blame_rule {
    const char *text;
    enum blame_attempt attempt;
    enum blame_together together;
    enum blame_target target;
    enum blame_excuse excuse;
    const char *says, *others, *nothing;
};

const struct blame_rule *blame_rule(enum blame blame);
const char *blame_name(enum blame blame);

/* Appends the table as docs/reliability.md has it. */
void blame_reference(struct text *out);

#endif
