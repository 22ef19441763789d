/* parts - what a sender (sender.h) has beside what every worker process has, for its tasks. */
#ifndef FELUCCA_SENDER_PARTS_H
#define FELUCCA_SENDER_PARTS_H

#include "common/login/login.h"
#include "common/spool/spool.h"
#include "common/worker/task.h"
#include "sender/client_certificates.h"
#include "sender/gauges.h"

struct before_mutes;

struct sender {
    struct spool *spool;
    struct sender_gauges *gauges;
    struct before_mutes *mutes; /* before.h */
    struct client_certificates *certificates;
    struct logins *logins;
};

/* Ends a task whose destination the configuration does not name: nobody but its operator can help. */
void sender_finish_unnamed(struct task *task);

#endif
