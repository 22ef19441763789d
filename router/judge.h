/* judge - a felucca-header of its own for one trial: it has the conditions, is handed headers, and ends with the trial.
 *
 * What a condition or a header does to it costs this process alone: those that read for the intake know nothing of it. Nothing here
 * waits. */
#ifndef FELUCCA_ROUTER_JUDGE_H
#define FELUCCA_ROUTER_JUDGE_H

#include "common/reading/channel.h"
#include "common/reading/trial.h"
#include "router/header_process.h"
#include "router/readers.h"
#include "router/targets.h"

enum { JUDGE_DEPTH = 8 /* headers that it has at once */ };

enum judge_word {
    JUDGE_SILENT,
    JUDGE_COMPILED, /* the answer to the conditions */
    JUDGE_JUDGED,   /* the answer to a header */
    JUDGE_ENDED
};

/* What it said. Release it. */
struct judge_said {
    enum judge_word word;
    char *bytes;
    size_t length;
    enum header_end end; /* JUDGE_ENDED: how */
};
void judge_said_release(struct judge_said *said);

struct judge;

/* Starts it and hands the conditions over, and of which attributes it may tell values, as those of the targets ask for them. 0, or an error. */
int judge_create(struct readers *readers, struct targets *targets, const struct trial_expression *expressions,
                 size_t count, struct judge **ret_judge);
void judge_destroy(struct judge **judge);
/* After its end: another process, with the same conditions, which has no header yet. */
int judge_start_again(struct judge *judge, struct readers *readers);

/* Hands over an open file; the descriptor stays the caller's. False: not now. Answers come in their order. */
bool judge_ask(struct judge *judge, const struct request *request, int fd);
/* What it says next. */
struct judge_said judge_listen(struct judge *judge);

/* For the loop's poll; -1: it has ended. */
int judge_socket(const struct judge *judge);
/* What it has used of a processor, in ms. */
int64_t judge_cpu_ms(const struct judge *judge);
bool judge_is_ending(const struct judge *judge);

#endif
