/* before - what a server has of a work before anything of it goes there from here.
 *
 * A UID that QIDO-RS lists after a request without a good answer may have been there all the time: of another version,
 * sent by somebody else. So before the first request of a study the server is asked whether the study is there; if it
 * is, or will not say, it is asked for the series of what is large, which is sent again at a price. What is found out
 * stands in the batch (absent) and in the result, with which the router keeps it. Where nothing is found out a UID
 * that is there proves nothing, and what got no good answer is sent again.
 *
 * A server that does not answer such a question is not asked another one for a minute: the upload waits for it. */
#ifndef FELUCCA_SENDER_BEFORE_H
#define FELUCCA_SENDER_BEFORE_H

#include "common/kheops/credentials.h"
#include "common/worker/task.h"
#include "sender/batch.h"

#include <stdbool.h>

/* Which destinations were asked in vain lately. */
struct before_mutes;
struct before_mutes *before_mutes_create(void);
void before_mutes_destroy(struct before_mutes **mutes);

/* What has been asked for one task; all zeros at first. */
struct before {
    struct task *task; /* while a question is under way */
    struct batch *batch;
    void (*done)(struct task *task);
    bool study_asked;
    size_t series_asked; /* items of the batch whose series have been looked at */
    const char *series;  /* that the question under way is about; NULL: the study */
};

/* Asks the next question, if one is worth asking, and calls done when it is answered; then the next may be asked.
 * False: there is none. The questions go out with these credentials of destination. */
bool before_ask(struct before *before, struct task *task, struct batch *batch,
                const struct config_destination *destination, const struct credentials *credentials,
                void (*done)(struct task *task));

#endif
