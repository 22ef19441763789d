/* errands - what operators have asked of the router, each with how far it is: counted, wanted, under way, done.
 *
 * The router is asked in a thread of the errand's own, so that no reader waits for it. ERRANDS_MOST are kept; what nobody works on goes
 * for a new one: questions first, of these those of the person who has the most, then the oldest. ERRANDS_AT_ONCE are under way, at
 * most half of them questions, of these half trials, and all but two changes; of all that one person has all but two at most, of the
 * questions all but one, and one trial, so that nobody takes everything. A person is a name; without users nobody has one, and all
 * are one who may have whatever there is. A plan of several parts is one errand: its parts are asked one after the other. The
 * functions are any thread's, and wait for none. */
#ifndef FELUCCA_CONSOLE_ERRANDS_H
#define FELUCCA_CONSOLE_ERRANDS_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "console/errand.h"
#include "console/plan.h"

#include <stdbool.h>
#include <stddef.h>

enum { ERRANDS_MOST = 64, ERRANDS_AT_ONCE = 8 };

struct errands;

struct errands *errands_create(void);
/* Waits for what is under way. */
void errands_destroy(struct errands **errands);

/* A new one, of a plan and the configuration of now, whose are both taken over. who: it is of him, and of his token. Writes its name;
 * false: too many are under way. */
bool errands_add(struct errands *errands, struct plan *plan, struct config **config, const struct who *who,
                 char ret_id[ERRAND_ID_SIZE]);

/* Has the router do what was counted. False, with a sentence: there is none, it is another's, or it was counted too long ago. */
bool errands_go(struct errands *errands, const char *id, const char *owner, struct text *reason);

/* The same, of a request that looks for something and changes nothing: it is under way at once. */
bool errands_find(struct errands *errands, struct control_request *request, struct config **config,
                  const struct who *who, char ret_id[ERRAND_ID_SIZE]);
/* How far that is; NULL: there is none. A new reference: { phase, kind, hash, sentence }. */
json_t *errands_read_find(struct errands *errands, const char *id);
/* The same of the request for an explanation: { phase, study, destination, album, sentence, explained }; explained is what
 * router/explain.h writes down, null before it is done. */
json_t *errands_read_why(struct errands *errands, const char *id);

/* The same of a trial: { phase, kind, destination, album, expression, sentence, explained }; explained is what router/trials.h writes
 * down. One that may have asked for what identifies a patient there is for operators and its owner alone. */
json_t *errands_read_trial(struct errands *errands, const char *id, const struct who *who);

/* What docs/console.md tells of a change; what is of one part alone is null where there are several. NULL: there is none. A new
 * reference. */
json_t *errands_read(struct errands *errands, const char *id);

#endif
